//! Whether a text shows an answer of Entra, or only speaks of one: as past, as possible, as absent, in a test.
//!
//! Looks at the sentence in which a code stands. Does not know what the code means.

use super::layers::{Layer, head, tail};
use super::says;
use std::collections::BTreeMap;

/// How a text speaks of a code that it does not show as an answer of now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hedge {
    /// As of something past or mended.
    Past,
    /// As of something that may come, or in an explanation.
    Conditional,
    /// As of something that is not there.
    Absent,
    /// In the report of a test that passed.
    Test,
    /// A success stands after it.
    SucceededLater,
}

impl Hedge {
    /// Why less can be said of it, in a sentence.
    pub fn words(self) -> &'static str {
        match self {
            Hedge::Past => "The text speaks of this as of something past: see first whether it still happens.",
            Hedge::Conditional => "The text speaks of this as of something that may happen, and shows no such answer.",
            Hedge::Absent => "The text says that this answer did not come.",
            Hedge::Test => "The text looks like the report of a test that passed, and not like an answer.",
            Hedge::SucceededLater => "Later in the text a call succeeds: see first whether this still happens.",
        }
    }
}

/// With more codes than these, a text is a log.
const MAX_MENTIONS: usize = 32;
/// So much of a sentence is looked at before and after a code, bytes.
const NEAR: usize = 200;

const CONDITIONS: &[&str] =
    &["if", "in case", "whenever", "should you", "when you see", "when you get", "when it returns"];
const TO_COME: &[&str] =
    &["will follow", "will come", "will appear", "will happen", "would follow", "means", "stands for"];
const PAST_BEFORE: &[&str] = &[
    "resolved",
    "fixed",
    "solved",
    "yesterday",
    "last week",
    "last month",
    "previously",
    "used to",
    "we had",
    "i had",
];
const PAST_AFTER: &[&str] = &[
    "now fixed",
    "is fixed",
    "was fixed",
    "been fixed",
    "resolved",
    "is solved",
    "was solved",
    "is gone",
    "no longer",
];
/// What makes something past go on.
const STILL: &[&str] = &["since", "not fixed", "not resolved", "not solved", "again", "still", "again today"];
const ABSENT: &[&str] = &["no", "not", "without", "never"];
const SUCCESSES: &[&str] = &[
    "token acquired",
    "acquired token",
    "acquired a token",
    "token received",
    "token refreshed",
    "got a token",
    "got token",
    "access_token",
];

/// The codes that a text only speaks of, at each place where they stand.
pub(super) fn hedged(layer: &Layer) -> BTreeMap<u32, Hedge> {
    let mentions: Vec<(usize, u32)> = layer.mentions().take(MAX_MENTIONS + 1).collect();
    let Some((last, _)) = mentions.last().copied().filter(|_| mentions.len() <= MAX_MENTIONS) else {
        return BTreeMap::new();
    };
    let later = succeeds_after(layer, last).then_some(Hedge::SucceededLater);
    let mut hedges: BTreeMap<u32, Option<Hedge>> = BTreeMap::new();
    for (at, code) in mentions {
        let hedge = hedge_at(&layer.lower, at).or(later);
        let all = hedges.entry(code).or_insert(hedge);
        // Shown once as an answer, it is one.
        *all = all.and(hedge);
    }
    hedges.into_iter().filter_map(|(code, hedge)| Some((code, hedge?))).collect()
}

/// How the sentence speaks of the code that stands here.
fn hedge_at(text: &str, at: usize) -> Option<Hedge> {
    let line = text[..at].rfind('\n').map_or(0, |end| end + 1);
    let before = tail(&text[line..at], NEAR);
    let before =
        [". ", "! ", "; "].iter().filter_map(|end| before.rfind(end)).max().map_or(before, |end| &before[end + 2..]);
    let rest = head(&text[at..], NEAR);
    let rest = rest.lines().next().unwrap_or_default();
    let after = rest.split(". ").next().unwrap_or_default();
    let any = |text: &str, phrases: &[&str]| phrases.iter().any(|phrase| says(text, phrase));
    let start = before.trim_start_matches(|c: char| !c.is_alphabetic());
    let is_open = any(before, STILL) || any(after, STILL);
    let ends = |word: &&str| {
        before.trim_end().strip_suffix(*word).is_some_and(|front| front.is_empty() || front.ends_with(' '))
    };
    let is_test = || {
        let whole = &text[line..at + rest.len()];
        any(whole, &["test", "tests"]) && ["ok", "passed", "pass"].iter().any(|end| whole.trim_end().ends_with(end))
    };
    // Microsoft's own sentence begins with a colon behind the code, and has conditions of its own.
    let own = after.trim_start_matches(|c: char| c.is_ascii_alphanumeric()).starts_with(':');
    if CONDITIONS.iter().any(|word| start.starts_with(word) && says(start, word)) || (!own && any(after, TO_COME)) {
        Some(Hedge::Conditional)
    } else if !is_open && (any(before, PAST_BEFORE) || any(after, PAST_AFTER)) {
        Some(Hedge::Past)
    } else if is_test() {
        Some(Hedge::Test)
    } else if ABSENT.iter().any(ends) {
        Some(Hedge::Absent)
    } else {
        None
    }
}

/// Whether a call succeeds on a line after this place, and none fails after it.
fn succeeds_after(layer: &Layer, at: usize) -> bool {
    let Some(line) = layer.lower[at..].find('\n').map(|end| at + end) else { return false };
    let rest = Layer::new(head(&layer.text[line..], 4096).to_owned());
    let said = SUCCESSES.iter().any(|phrase| says(&rest.lower, phrase));
    rest.status().map_or(said, |status| (200..300).contains(&status))
}
