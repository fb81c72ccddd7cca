//! The samples and pastes of this project as they never come: characters of every width put in, pieces cut out, doubled
//! and glued together. Whatever is made of them is read to the end, by the diagnosis, the log and the import.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use d365_connect::assets;
use d365_connect::core::evidence::{places, read_pasted, shown};
use d365_connect::core::intake;
use d365_connect::core::log::LogScan;
use d365_connect::core::question::{self, Context, FieldId};
use d365_connect::core::rules::Judge;
use jiff::civil::Date;
use proptest::prelude::*;
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::LazyLock;
use url::form_urlencoded;

/// Every text that this project knows how to read.
static TEXTS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut all: Vec<_> = ["samples", "pastes"]
        .iter()
        .flat_map(|folder| std::fs::read_dir(format!("{}/tests/{folder}", env!("CARGO_MANIFEST_DIR"))).unwrap())
        .map(|entry| String::from_utf8_lossy(&std::fs::read(entry.unwrap().path()).unwrap()).into_owned())
        .collect();
    all.sort();
    all
});

/// Characters whose width in bytes is easily got wrong: two to four bytes long, or of another length in lower case.
const SIGNS: [&str; 16] = [
    "é",
    "ß",
    "İ",
    "ẞ",
    "\u{212a}",
    "漢",
    "ௐ",
    "𞤀",
    "🙂",
    "\u{301}",
    "\u{200b}",
    "\u{a0}",
    "\u{feff}",
    "’",
    "…",
    "\u{1b}[31m",
];

/// Words that the readers look for, and the signs around which they cut.
const WORDS: [&str; 45] = [
    "AADSTS",
    "AADSTS7000215",
    "aadsts\n50126",
    "error",
    "\"error\":",
    "error_description=",
    "Bearer ",
    "eyJ0.e30.x",
    "HTTP ",
    "401",
    "%25",
    "%2",
    "%E6%BC",
    "\\u00",
    "\\u12",
    "\\n",
    "\\\"",
    "&#",
    "&#x6f22;",
    "&amp;",
    "<html>",
    "</td>",
    "\r\n",
    "\n",
    "\t",
    "'",
    "\"",
    "{",
    "}",
    "[",
    "]",
    ":",
    "=",
    "| ",
    "> ",
    "- ",
    "//",
    "client_secret=",
    "WWW-Authenticate: ",
    "2026-11-21T10:00:00Z",
    "@{",
    "x = @{",
    "://",
    "<td>",
    "tenant: x, ",
];

/// What is done to a whole text on its way: by a shell, a program, a mail, a window that is too narrow.
const WAYS: [fn(&str) -> String; 9] = [
    str::to_uppercase,
    str::to_lowercase,
    |text| Value::from(text).to_string(),
    |text| form_urlencoded::byte_serialize(text.as_bytes()).collect(),
    |text| text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;"),
    |text| STANDARD.encode(text),
    |text| text.chars().flat_map(|c| [c, '\0']).collect(),
    |text| text.lines().map(|line| format!("> {line}\n")).collect(),
    |text| {
        text.chars().enumerate().flat_map(|(at, c)| (at % 70 == 69).then_some('\n').into_iter().chain([c])).collect()
    },
];

/// One change to a text.
#[derive(Debug, Clone)]
enum Change {
    Put(&'static str),
    Cut(usize),
    Twice(usize),
    Send(fn(&str) -> String),
    Swap(&'static str),
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        4 => prop::sample::select(&SIGNS[..]).prop_map(Change::Put),
        4 => prop::sample::select(&WORDS[..]).prop_map(Change::Put),
        2 => (1_usize..40).prop_map(Change::Cut),
        1 => (1_usize..200).prop_map(Change::Twice),
        2 => prop::sample::select(&WAYS[..]).prop_map(Change::Send),
        3 => prop::sample::select(&SIGNS[..]).prop_map(Change::Swap),
    ]
}

/// The place in thousandths of a text, at a character.
fn place_in(text: &str, place: usize) -> usize {
    (0..=text.len() * place / 1000).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default()
}

/// The end of so many characters from `from` on.
fn end(text: &str, from: usize, chars: usize) -> usize {
    text[from..].char_indices().nth(chars).map_or(text.len(), |(at, _)| from + at)
}

/// A text with the changes made, each at its place in thousandths of the text.
fn damaged(text: &str, changes: &[(usize, Change)]) -> String {
    changes.iter().fold(text.to_owned(), |mut text, (place, change)| {
        let at = place_in(&text, *place);
        match change {
            Change::Put(piece) => text.insert_str(at, piece),
            Change::Cut(chars) => text.replace_range(at..end(&text, at, *chars), ""),
            Change::Twice(chars) => {
                let piece = text[at..end(&text, at, *chars)].to_owned();
                text.insert_str(at, &piece);
            }
            Change::Send(way) => text = way(&text),
            Change::Swap(piece) => text.replace_range(at..end(&text, at, 1), piece),
        }
        text
    })
}

/// A text made of the samples, damaged; or of nothing but the words and signs.
fn texts() -> impl Strategy<Value = String> {
    let changes = || prop::collection::vec((0_usize..=1000, change()), 0..12);
    let pieces = prop_oneof![prop::sample::select(&SIGNS[..]), prop::sample::select(&WORDS[..]), Just(" "), Just("x")];
    let sample = (0..TEXTS.len(), changes()).prop_map(|(one, changes)| damaged(&TEXTS[one], &changes));
    let glued = (0..TEXTS.len(), 0..TEXTS.len(), 0_usize..=1000, changes()).prop_map(|(one, two, place, changes)| {
        let (one, two) = (&TEXTS[one], &TEXTS[two]);
        damaged(&format!("{}{}", &one[..place_in(one, place)], &two[place_in(two, place)..]), &changes)
    });
    prop_oneof![
        3 => sample,
        2 => glued,
        2 => prop::collection::vec(pieces, 0..40).prop_map(|pieces| pieces.concat()),
    ]
}

/// A log of which the reader is given so many bytes at a time.
fn scanned(text: &str, size: usize) -> (u64, u64) {
    let mut scan = LogScan::default();
    for piece in text.as_bytes().chunks(size) {
        let mut piece = piece;
        while !piece.is_empty() {
            let space = scan.space();
            let count = space.len().min(piece.len());
            space[..count].copy_from_slice(&piece[..count]);
            scan.filled(count);
            piece = &piece[count..];
        }
    }
    let found = scan.finish();
    (found.errors, found.kinds.iter().map(|kind| kind.count).sum::<u64>() + found.left_out)
}

proptest! {
    #[test]
    fn damaged_texts_are_read(text in texts(), size in 1_usize..5000) {
        let (evidence, claims) = read_pasted(&text, None, 1_795_428_000);
        let found = Judge { book: assets::rules(), guide: None, values: &|_| None }.findings(&evidence);
        prop_assert!(!found.is_empty());
        let rows = claims.map(|claims| claims.rows(None, 0)).unwrap_or_default();
        let told = [evidence.text.as_str()].into_iter().chain(evidence.named.values().map(String::as_str));
        let told = told.chain(found.iter().flat_map(|one| [&*one.title, &one.explanation, &one.fix.text]));
        for text in told.chain(rows.iter().map(|row| row.found.as_str())) {
            prop_assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{:?}", text);
        }
        // On the screen stands the whole of it.
        for kept in [evidence.text.as_str(), shown(&text).as_str()] {
            let mut end = 0;
            for place in places(kept, &evidence) {
                prop_assert!(place.from >= end && kept.get(place.from..place.to).is_some_and(|text| !text.is_empty()));
                end = place.to;
            }
        }

        let intake = intake::read(&text, assets::clouds());
        let fields: BTreeSet<_> = intake.found.iter().map(|found| found.field).collect();
        prop_assert_eq!(fields.len(), intake.found.len());

        let other = |field| intake.value(field).unwrap_or_default().to_owned();
        for guide in assets::guides() {
            let context = Context { guide, clouds: assets::clouds(), other: &other, today: Date::constant(2026, 11, 21) };
            for field in FieldId::ALL {
                let value = intake.value(field).unwrap_or(&text);
                let notes = question::examine(field, value, &context);
                prop_assert!(notes.is_sorted_by(|one, other| one.weight >= other.weight), "{field}: {notes:?}");
            }
        }
        prop_assert!(text.contains(&question::clean(&text).0));

        let (errors, counted) = scanned(&text, size);
        prop_assert_eq!(errors, counted);
        prop_assert_eq!(errors, scanned(&text, 65_536).0);
    }
}

#[test]
fn one_word_again_and_again_is_read() {
    for word in WORDS.into_iter().chain(SIGNS) {
        let text = word.repeat(16_384 / word.len());
        read_pasted(&text, None, 1_795_428_000);
        intake::read(&text, assets::clouds());
        scanned(&text, text.len());
    }
}
