//! The knowledge of the program, embedded: guides, rules, clouds and export formats from `assets/`, parsed on first use.
//!
//! Knows where the files are. What they say is the business of `core`; `tests/assets.rs` checks it.

use crate::core::cloud::Clouds;
use crate::core::format::Format;
use crate::core::guide::Guide;
use crate::core::rules::RuleBook;
use std::sync::LazyLock;

// `GUIDES`, `RULES`, `EXPORTS`: the text of every file in that folder of `assets`, gathered by `build.rs`.
include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// Every guide, in the order in which they are offered.
pub fn guides() -> &'static [Guide] {
    static ALL: LazyLock<Vec<Guide>> = LazyLock::new(|| {
        let mut all: Vec<Guide> = GUIDES.iter().map(|text| parse(text)).collect();
        all.sort_by_key(|guide| guide.place);
        all
    });
    &ALL
}

/// The guide of that id.
pub fn guide(id: &str) -> Option<&'static Guide> {
    guides().iter().find(|guide| guide.id == id)
}

/// Every format of export, in the order in which they are listed.
pub fn exports() -> &'static [Format] {
    static ALL: LazyLock<Vec<Format>> = LazyLock::new(|| {
        let mut all: Vec<Format> = EXPORTS.iter().map(|text| parse(text)).collect();
        all.sort_by_key(|format| format.place);
        all
    });
    &ALL
}

/// The format of that id.
pub fn export(id: &str) -> Option<&'static Format> {
    exports().iter().find(|format| format.id == id)
}

/// The clouds and their hosts.
pub fn clouds() -> &'static Clouds {
    static ALL: LazyLock<Clouds> = LazyLock::new(|| parse(include_str!("../assets/clouds.toml")));
    &ALL
}

/// The rule book: all files of `assets/rules/` in one.
pub fn rules() -> &'static RuleBook {
    static ALL: LazyLock<RuleBook> = LazyLock::new(|| {
        let mut book = RuleBook::default();
        for text in RULES {
            let part: RuleBook = parse(text);
            book.causes.extend(part.causes);
            book.rules.extend(part.rules);
            book.codes.extend(part.codes);
            book.sentences.extend(part.sentences);
            book.waits.extend(part.waits);
            book.told = book.told.or(part.told);
        }
        book
    });
    &ALL
}

#[expect(clippy::expect_used, reason = "the text is embedded and a test parses every file")]
fn parse<T: serde::de::DeserializeOwned>(text: &str) -> T {
    toml::from_str(text).expect("an embedded asset is well formed")
}
