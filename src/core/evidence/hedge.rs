//! Whether a text shows an answer of Entra, or only speaks of one: as past, as possible, as absent, in a test.
//!
//! Looks at the sentence in which a code stands. Does not know what the code means.

use super::layers::{Layer, head, tail};
use super::{said_at, says};
use std::collections::{BTreeMap, BTreeSet};

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
    /// In a list of codes with their meanings.
    Listed,
}

impl Hedge {
    /// Why less can be said of it, in a sentence.
    pub fn words(self) -> &'static str {
        match self {
            Hedge::Past => "The text speaks of this as of something past: see first whether it still happens.",
            Hedge::Conditional => "The text speaks of this as of something that may happen, and shows no such answer.",
            Hedge::Absent => "The text says that this answer did not come.",
            Hedge::Test => "The text looks like the report of a test that passed, and not like an answer.",
            Hedge::Listed => {
                "The text lists codes with their meanings, as documentation does, and shows no such answer."
            }
            Hedge::SucceededLater => "Later in the text a call succeeds: see first whether this still happens.",
        }
    }
}

/// With more codes than these, a text is a log.
const MAX_MENTIONS: usize = 32;
/// So much of a sentence is looked at before and after a code, bytes.
const NEAR: usize = 200;

/// With what a sentence begins that gives a condition.
const CONDITIONS: &[&str] = &["if ", "in case ", "whenever ", "should you ", "when you see ", "when you get "];
/// What is said of a code that is explained, or expected.
const TO_COME: &[&str] = &[
    "will follow",
    "will come",
    "will appear",
    "will happen",
    "would follow",
    "would be",
    "would come",
    "means",
    "mean",
    "stands for",
];
/// What is said before a code that may come, or that somebody only guesses at.
const MAYBE_BEFORE: &[&str] = &[
    "would get",
    "would give",
    "would return",
    "would see",
    "would show",
    "would have",
    "will get",
    "will see",
    "will fail with",
    "if you see",
    "if you get",
    "if it were",
    "if it was",
    "may get",
    "may see",
    "might get",
    "might see",
    "might be",
    "could get",
    "could be",
    "can return",
    "can occur",
    "expect to see",
    "i guess",
    "my guess",
    "i suspect",
    "what does",
    "the difference between",
];
/// What is said before a code that stands in documentation, a search or a rule.
const WRITTEN_BEFORE: &[&str] = &[
    "documentation:",
    "docs:",
    "release notes",
    "changelog",
    "runbook:",
    "faq:",
    "alert rule",
    "count of",
    "0 x",
    "0 ×",
    "fixed a bug",
    "todo",
    "| where",
    "mock",
    "mocked",
    "fixture",
    "stub",
    "fake",
    "closing note",
    "post mortem",
    "postmortem",
    "post-mortem",
];
/// With what a line begins that is a command or a part of a program.
const PROGRAM: &[&str] = &[
    "//",
    "/*",
    "const ",
    "if (",
    "if(",
    "elif ",
    "else if",
    "assert",
    "expect(",
    "grep ",
    "rg ",
    "findstr",
    "select-string",
    "when(",
    "catch ",
    "it(",
    "test(",
    "describe(",
    "raise ",
];
/// The same, where the line has signs of a program as well: people write these words, too.
const PROGRAM_WORDS: &[&str] = &["let ", "var ", "case ", "when "];
const PROGRAM_SIGNS: &[&str] = &[" = ", "=>", "->", "==", "{", "\":", "':"];
/// With what a sentence begins that closes a matter.
const CLOSED: &[&str] = &["resolved", "fixed", "solved", "closed", "mended", "corrected"];
const PAST_BEFORE: &[&str] = &[
    "yesterday",
    "last week",
    "last month",
    "last year",
    "we had",
    "i had",
    "it used to",
    "we used to",
    "i used to",
    "we fixed",
    "i fixed",
    "fixed the",
    "fixed that",
    "we solved",
    "we resolved",
    "got rid of",
    "back then",
    "in the past",
    "months ago",
    "weeks ago",
    "years ago",
    "previously",
    "the old error",
    "before the fix",
    "before the change",
    "before that",
    "at first",
];
const PAST_AFTER: &[&str] = &[
    "now fixed",
    "is fixed",
    "was fixed",
    "been fixed",
    "is resolved",
    "was resolved",
    "been resolved",
    "is solved",
    "was solved",
    "that's solved",
    "that's fixed",
    "that’s fixed",
    "been solved",
    "now solved",
    "is gone",
    "succeeded",
    "works now",
    "works again",
    "corrected",
    "green ever since",
    "green again",
    "no longer",
    "went away",
    "has gone",
];
/// What brings something past up to now.
const STILL: &[&str] = &["since", "until", "now", "today", "again", "still", "worked", "yesterday's"];
/// What turns a text from what was to what is now.
const TURNS: &[&str] = &[
    "error is gone",
    "that is gone",
    "that's gone",
    "now i get",
    "now i see",
    "now we get",
    "now we see",
    "now it says",
    "now it fails with",
    "now the error is",
    "new error",
    "different error now",
    "another error now",
    "jetzt kommt",
    "nun kommt",
    "maintenant j'ai",
    "maintenant on a",
];
/// So far behind something its turn is looked for, bytes.
const MAX_TURN: usize = 2000;
const ABSENT: &[&str] = &[
    "no",
    "not",
    "without",
    "never",
    "not a",
    "not an",
    "not the",
    "no more",
    "instead of",
    "instead of a",
    "instead of an",
    "rather than",
    "rather than a",
    "isn't",
    "should not be",
    "shouldn't be",
    "shouldn't be a",
    "should not be a",
    "kein",
    "keine",
];
const TESTS: &[&str] = &["test", "tests", "unittest*", "should_*"];
/// With what a line begins that sums up a run of tests.
const ALL_PASSED: &[&str] = &["--- pass:", "test run successful", "test result: ok", "all tests passed"];
/// What tells of one that did not.
const NOT_PASSED: &[&str] = &["fail", "failed", "failure", "failures", "errors"];
const PASSED: &[&str] = &["... ok", ": ok", "[ok]", "passed", "pass", "✓", "✔"];
/// What tells that a token came.
const TOKEN_CAME: &[&str] = &[
    "token acquired",
    "acquired token",
    "acquired a token",
    "token received",
    "got a token",
    "got token",
    "expires_in",
];
/// What shows that a line is about a call that a token was for.
const CALLS: &[&str] = &["/data/", "/api/", "/v1.0/", "/v2.0/", "dynamics.com", "microsoft.com"];

/// The codes that a text only speaks of, at each place where they stand.
pub(super) fn hedged(layer: &Layer) -> BTreeMap<u32, Hedge> {
    let mentions: Vec<(usize, u32)> = layer.mentions().take(MAX_MENTIONS + 1).collect();
    let Some((last, _)) = mentions.last().copied().filter(|_| mentions.len() <= MAX_MENTIONS) else {
        return BTreeMap::new();
    };
    let later = if all_passed(&layer.lower) {
        Some(Hedge::Test)
    } else {
        succeeds_after(layer, last).then_some(Hedge::SucceededLater)
    };
    let mut hedges: BTreeMap<u32, Option<Hedge>> = BTreeMap::new();
    for (at, code) in mentions {
        let hedge = hedge_at(&layer.lower, at).or(later);
        let all = hedges.entry(code).or_insert(hedge);
        // Shown once as an answer, it is one.
        *all = all.and(hedge);
    }
    hedges.into_iter().filter_map(|(code, hedge)| Some((code, hedge?))).collect()
}

/// Whether a text is the report of tests that all passed.
fn all_passed(text: &str) -> bool {
    let sums_up = |line: &str| {
        let count = line.trim_matches(['=', ' ']);
        let count = count.strip_prefix("tests:").unwrap_or(count).trim_start();
        let counts = count.trim_start_matches(|c: char| c.is_ascii_digit()).starts_with(" passed");
        (counts || ALL_PASSED.iter().any(|sign| line.starts_with(sign))) && !line.contains("aadsts")
    };
    let rest = || text.replace("0 failed", "").replace("0 failures", "");
    text.lines().any(|line| sums_up(line.trim())) && !NOT_PASSED.iter().any(|word| says(&rest(), word))
}

/// Whether a text lists codes as documentation does: three or more, each at the beginning of a row of a table or list,
/// and nothing that only an answer has.
pub(super) fn is_list(layer: &Layer) -> bool {
    const OF_AN_ANSWER: [&str; 5] = ["trace id", "correlation id", "timestamp", "error_description", "exception"];
    if OF_AN_ANSWER.iter().any(|sign| layer.lower.contains(sign)) {
        return false;
    }
    let heads_row = |line: &&str| {
        let line = line.trim_start();
        let code = line.trim_start_matches(['|', '-', '*', '•', ' ', '`', '\t']);
        // A row of a table that was copied out of a page has tabs between its cells.
        let is_row = code.len() < line.len() || listed_code(code).is_some_and(|(_, rest)| rest.starts_with('\t'));
        is_row && code.starts_with("aadsts")
    };
    // Entra's own sentences stand behind a colon: rows of those are answers that somebody collected.
    let is_answer = |line: &str| {
        let code = line.trim_start_matches(['-', '*', '•', ' ', '`', '\t']);
        code.trim_start_matches(|c: char| c.is_ascii_alphanumeric()).starts_with(": ")
    };
    let rows: Vec<&str> = layer.lower.lines().filter(heads_row).take(MAX_MENTIONS).collect();
    let codes: BTreeSet<&str> = rows.iter().filter_map(|line| Some(listed_code(line)?.0)).collect();
    codes.len() >= 3 && !rows.iter().any(|line| is_answer(line))
}

/// The number of the code with which a row begins, and what follows it.
fn listed_code(row: &str) -> Option<(&str, &str)> {
    let code = row.trim_start_matches(|c: char| !c.is_ascii_alphanumeric()).strip_prefix("aadsts")?;
    code.split_at_checked(code.bytes().take_while(u8::is_ascii_digit).count())
}

/// How a text speaks of what stands at these places, where it speaks so at each of them; nothing of a log.
pub(super) fn hedge_of(text: &str, places: impl Iterator<Item = usize>) -> Option<Hedge> {
    let places: Vec<usize> = places.take(MAX_MENTIONS + 1).collect();
    let mut hedges = places.iter().map(|at| hedge_at(text, *at));
    let first = hedges.next()??;
    (places.len() <= MAX_MENTIONS && hedges.all(|hedge| hedge.is_some())).then_some(first)
}

/// How the sentence speaks of the code that stands here.
fn hedge_at<'t>(text: &'t str, at: usize) -> Option<Hedge> {
    let (front, rest) = text.split_at(at);
    let front = front.rsplit('\n').next().unwrap_or_default();
    let last = |text: &'t str, signs: &[&str]| {
        signs.iter().filter_map(|sign| Some(text.rsplit_once(sign)?.1)).min_by_key(|part| part.len())
    };
    let before = tail(front, NEAR);
    let before = last(before, &[". ", "! ", "; "]).unwrap_or(before);
    let rest = head(rest, NEAR).lines().next().unwrap_or_default();
    let after = rest.split(". ").next().unwrap_or_default();
    let any = |text: &str, phrases: &[&str]| phrases.iter().any(|phrase| says(text, phrase));
    let start = before.trim_start_matches(|c: char| !c.is_alphabetic());
    // Microsoft's own sentence begins with a colon behind the code, and has conditions of its own.
    let is_own = after.trim_start_matches(|c: char| c.is_ascii_alphanumeric()).starts_with(':');
    let said_after = |phrases| !is_own && any(after, phrases);
    // Behind Microsoft's own words as well: `AADSTS7000215: Invalid. (fixed at nine)`
    let remark = last(rest, &["(", "->", "=>", "→"]).unwrap_or_default();
    let is_remarked_over = || any(remark, CLOSED) && !any(remark, &["not", "until", "must", "should", "to be"]);
    let is_closed = || {
        let rest = CLOSED.iter().find_map(|word| start.strip_prefix(word));
        rest.is_some_and(|rest| rest.trim_start().starts_with([':', '-', ']', ')', '–']))
    };
    let ends = |word: &&str| {
        before.trim_end().strip_suffix(*word).is_some_and(|front| front.is_empty() || front.ends_with(' '))
    };
    let is_test = || {
        let whole = text[at - front.len()..at + rest.len()].trim();
        // What is remarked behind the outcome.
        let whole = whole.split_once(" # ").map_or(whole, |(outcome, _)| outcome).trim_end();
        // How long it took.
        let whole = whole.strip_suffix(')').and_then(|text| Some(text.rsplit_once(" (")?.0)).unwrap_or(whole);
        any(whole, TESTS)
            && (whole.ends_with("... ok") || !any(whole, &["fail", "failed", "failure"]))
            && PASSED.iter().any(|sign| whole.ends_with(sign) || whole.starts_with(sign))
    };
    let begins = |words: &[&str]| words.iter().any(|word| front.trim_start().starts_with(word));
    let is_condition = start.trim() == "when"
        || CONDITIONS.iter().any(|words| start.starts_with(words))
        || any(before, MAYBE_BEFORE) && !any(before, STILL)
        || any(before, WRITTEN_BEFORE)
        || begins(PROGRAM)
        || (begins(PROGRAM_WORDS) && PROGRAM_SIGNS.iter().any(|sign| front.contains(sign) || rest.contains(sign)));
    if is_test() {
        Some(Hedge::Test)
    } else if is_condition || said_after(TO_COME) {
        Some(Hedge::Conditional)
    } else if is_closed()
        || (said_after(PAST_AFTER) && !says(after, "until"))
        || (any(before, PAST_BEFORE) && !any(before, STILL))
        || is_remarked_over()
        || is_before_turn(&text[at..])
    {
        Some(Hedge::Past)
    } else if ABSENT.iter().any(ends) {
        Some(Hedge::Absent)
    } else {
        None
    }
}

/// Whether a text goes on to say that what it began with is over, and to tell what comes instead.
fn is_before_turn(text: &str) -> bool {
    let text = head(text, MAX_TURN);
    let turn = TURNS.iter().filter_map(|turn| said_at(text, turn).next().map(|at| at + turn.len())).min();
    turn.is_some_and(|at| Layer::new(text[at..].to_owned()).last_answer().is_some())
}

/// Where the last answer stands: a refusal, or that a token came.
pub(super) fn last_answer(layer: &Layer) -> Option<usize> {
    layer.last_answer().max(TOKEN_CAME.iter().filter_map(|phrase| layer.lower.rfind(phrase)).max())
}

/// Whether a token comes or a call succeeds on a line after this place, and none fails after it.
pub(super) fn succeeds_after(layer: &Layer, at: usize) -> bool {
    let Some(line) = layer.lower[at..].find('\n').map(|end| at + end) else { return false };
    let mut succeeds = false;
    for line in head(&layer.text[line..], 4096).lines() {
        let line = Layer::new(line.to_owned());
        let any = |phrases: &[&str]| phrases.iter().any(|phrase| line.lower.contains(phrase));
        match line.status() {
            Some(400..) => return false,
            Some(200..300) if any(CALLS) => succeeds = true,
            _ => succeeds |= any(TOKEN_CAME),
        }
    }
    succeeds
}

#[cfg(test)]
mod tests {
    use super::super::read_text;
    use super::Hedge::{Absent, Conditional, Listed, Past, SucceededLater, Test};
    use super::MAX_MENTIONS;

    #[test]
    fn what_is_only_spoken_of() {
        for (text, hedge) in [
            ("Resolved: yesterday we had AADSTS7000215, now fixed.", Some(Past)),
            ("[RESOLVED] AADSTS7000215 in uat", Some(Past)),
            ("AADSTS7000215 is fixed", Some(Past)),
            ("The request with AADSTS7000215 succeeded later", Some(Past)),
            ("Last week we had AADSTS7000215 for an hour", Some(Past)),
            ("When AADSTS7000215 comes, renew the secret", Some(Conditional)),
            ("What does AADSTS7000215 mean?", Some(Conditional)),
            ("- If it returns AADSTS7000215, check the secret.", Some(Conditional)),
            ("AADSTS7000215 means that the secret is wrong", Some(Conditional)),
            ("The secret ends soon. AADSTS7000215 will follow.", Some(Conditional)),
            ("With a wrong value you would get AADSTS7000215", Some(Conditional)),
            ("Note: if you see AADSTS7000215, renew it", Some(Conditional)),
            ("We used to see AADSTS7000215 every month", Some(Past)),
            ("We fixed the AADSTS7000215 and then moved on", Some(Past)),
            ("Before the fix: AADSTS7000215", Some(Past)),
            ("Ticket says AADSTS7000215 but that's solved. Go on", Some(Past)),
            ("It should not be AADSTS7000215", Some(Absent)),
            ("a 401 rather than AADSTS7000215", Some(Absent)),
            ("No AADSTS7000215 in the log", Some(Absent)),
            ("test token::AADSTS7000215 ... ok", Some(Test)),
            ("✓ tests that AADSTS7000215 is read", Some(Test)),
            ("WARN AADSTS7000215: Invalid. retrying\nINFO token acquired", Some(SucceededLater)),
            ("AADSTS7000215: Invalid.\nGET /data/CustomersV3 200 OK", Some(SucceededLater)),
            ("grep -c AADSTS7000215 app.log", Some(Conditional)),
            ("// TODO handle AADSTS7000215", Some(Conditional)),
            ("if (code === 'AADSTS7000215') {", Some(Conditional)),
            ("Release notes: no longer shows AADSTS7000215", Some(Conditional)),
            ("Alert rule: AADSTS7000215 > 0", Some(Conditional)),
            ("0 x AADSTS7000215 in the last day", Some(Conditional)),
            ("UnitTest Maps_AADSTS7000215 passed (12 ms)", Some(Test)),
            ("| AADSTS7000215 | Invalid |\n| AADSTS50011 | x |\n| AADSTS50076 | y |", Some(Listed)),
            ("08:10 AADSTS7000215 bad value -> copied again, corrected 08:25\n08:31 AADSTS53003: Blocked.", Some(Past)),
            ("> AADSTS7000215: Invalid\nWe set the value, that error is gone. Now I get HTTP 403", Some(Past)),
            ("test_secret PASSED   # fixture raises \"AADSTS7000215: Invalid\"", Some(Test)),
            ("AADSTS7000215: Invalid client secret provided. (wrong value, fixed 09:20)", Some(Past)),
            ("--- PASS: TestExpired (0.00s)\n    auth_test.go:31: got AADSTS7000215\nok", Some(Test)),
            ("✓ maps AADSTS7000215 (3 ms)\nTests: 2 passed, 2 total", Some(Test)),
            ("it('handles AADSTS7000215', () => {", Some(Conditional)),
            ("The mocked answer is AADSTS7000215", Some(Conditional)),
            ("let code = \"AADSTS7000215\";", Some(Conditional)),
            ("The log was looked through.\nNo AADSTS7000215 in it", Some(Absent)),
            // Shown as an answer of now.
            ("AADSTS7000215: Invalid. Is this a new error?", None),
            ("AADSTS7000215: Invalid. (to be fixed by us)", None),
            ("1 failed, 3 passed: AADSTS7000215: Invalid", None),
            ("12 passed, 0 failed on uat. In prod AADSTS7000215: Invalid", None),
            ("Build 1234 passed, the release ends with AADSTS7000215: Invalid", None),
            ("yesterday HTTP 401, now we get AADSTS7000215: Invalid", None),
            ("AADSTS7000215: Invalid client secret provided.", None),
            ("Since yesterday we have AADSTS7000215", None),
            ("It worked yesterday, today we get AADSTS7000215", None),
            ("We had a change, now AADSTS7000215", None),
            ("Not resolved: AADSTS7000215", None),
            ("yesterday's backup failed: AADSTS7000215: Invalid", None),
            ("Test suite FAILED: AADSTS7000215: Invalid. 3 passed", None),
            ("Host resolved, then AADSTS7000215", None),
            ("AADSTS7000215 is still not fixed", None),
            ("AADSTS7000215 comes until the secret is fixed", None),
            ("If-None-Match: * AADSTS7000215: Invalid", None),
            ("Check the app. If it exists, ask. Original exception: AADSTS7000215: Invalid", None),
            ("AADSTS7000215: A key that is no longer valid. If it was renewed, wait.", None),
            ("Test connection failed: AADSTS7000215. Press OK", None),
            ("Test passed to the app failed: AADSTS7000215", None),
            ("AADSTS7000215: Invalid\nGET /health 200 OK", None),
            ("AADSTS7000215: Invalid\ntoken acquired\nGET /data/X HTTP 401", None),
            ("AADSTS7000215 (HTTP 401), a different error now", None),
            // What was found in a log, without a word on what it means.
            ("AADSTS7000215\nAADSTS50011\nAADSTS50076", None),
            // Once as an answer is enough.
            ("If it returns AADSTS7000215, check.\nAADSTS7000215: Invalid client secret provided.", None),
        ] {
            assert_eq!(read_text(text).hedged.get(&7_000_215).copied(), hedge, "{text}");
        }
    }

    /// However often it is explained before.
    #[test]
    fn an_answer_at_the_end_of_many_words_is_one() {
        let text = format!(
            "{}AADSTS7000215: Invalid client secret provided.",
            "If it returns AADSTS7000215, renew it.\n".repeat(MAX_MENTIONS)
        );
        assert_eq!(read_text(&text).hedged.get(&7_000_215), None);
        let text =
            format!("{}HTTP/1.1 401 Unauthorized", "If it returns HTTP 401, renew it.\n".repeat(MAX_MENTIONS + 1));
        assert_eq!(read_text(&text).status_hedge, None);
    }
}
