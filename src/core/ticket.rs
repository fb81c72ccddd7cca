//! The support report: one Markdown text about one test, fit for a ticket.
//!
//! Writes fields that are named here, and no others. Does not know where the report goes; whoever writes it searches it
//! for the secret first.

use crate::core::check::{CheckId, CheckResult, Lane, reason_in_words};
use crate::core::evidence::Evidence;
use crate::core::names::parse_guid;
use crate::core::report::{CheckLine, ProfileReport};
use crate::core::rules::Finding;
use crate::core::untrusted::Untrusted;
use serde_json::Value;
use std::fmt::Write;

/// What the report is made of.
pub struct Ticket<'a> {
    /// The program and its version.
    pub program: &'a str,
    /// The operating system and processor.
    pub platform: &'a str,
    /// The guide's title.
    pub guide: &'a str,
    /// The simulated tenant answered.
    pub is_simulated: bool,
    /// Values of the profile for people: name and value.
    pub values: Vec<(&'a str, String)>,
    /// Hosts and domains that tell whose environment it is.
    pub hosts: Vec<String>,
    /// How the test came out.
    pub report: &'a ProfileReport,
    /// What was answered where something did not pass.
    pub answers: Vec<Answer>,
    /// Ids and hosts are written whole.
    pub full_ids: bool,
}

/// The facts of one answer that did not pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    check: CheckId,
    http_status: Option<u16>,
    errors: Vec<String>,
    trace_id: Option<String>,
    correlation_id: Option<String>,
    timestamp: Option<String>,
}

impl Answer {
    /// The answers in the result of a check; those that tell nothing are left out.
    pub fn of(check: CheckId, result: &CheckResult) -> Vec<Answer> {
        let evidence = match result {
            CheckResult::Refused { evidence, .. } | CheckResult::Warning { evidence, .. } => evidence.as_slice(),
            CheckResult::Passed { .. } | CheckResult::Skipped { .. } => &[],
        };
        evidence.iter().filter_map(|evidence| Answer::new(check, evidence)).collect()
    }

    fn new(check: CheckId, evidence: &Evidence) -> Option<Answer> {
        let codes = evidence.codes.iter().map(|code| format!("AADSTS{code}"));
        let names = [&evidence.oauth_error, &evidence.service_code].into_iter().flatten().cloned();
        let answer = Answer {
            check,
            http_status: evidence.http_status,
            errors: names.chain(codes).collect(),
            trace_id: evidence.trace_id.clone(),
            correlation_id: evidence.correlation_id.clone(),
            timestamp: evidence.timestamp.clone(),
        };
        let is_empty = answer.http_status.is_none() && answer.errors.is_empty() && answer.trace_id.is_none();
        (!is_empty).then_some(answer)
    }
}

impl Ticket<'_> {
    /// The text. Ends with a line end.
    pub fn markdown(&self) -> String {
        let report = self.report;
        let mut out = format!("# Connection test of {}\n\n", self.text(&report.profile));
        let mut head = vec![
            ("Result", report.verdict.to_string()),
            ("Entra", report.lane_in_words(Lane::Entra)),
            ("D365", report.lane_in_words(Lane::D365)),
            ("Tested", format!("{}, took {}", report.started, seconds(report.duration_ms))),
            ("Set-up", format!("{} ({})", self.guide, report.guide)),
        ];
        head.extend(self.values.iter().map(|(name, value)| (*name, value.clone())));
        head.push(("Program", format!("{}, {}", self.program, self.platform)));
        if self.is_simulated {
            head.push(("Rehearsal", "the simulated tenant answered, not Microsoft".into()));
        }
        let head: Vec<[String; 2]> = head.iter().map(|(name, value)| [(*name).to_owned(), self.text(value)]).collect();
        table(&mut out, ["", ""], &head);

        out.push_str("\n## Checks\n\n");
        let lines = report.checks.iter().map(|line| {
            let facts = [reason_in_words(&line.summary)].into_iter().chain(facts(line)).filter(|fact| !fact.is_empty());
            let facts: Vec<String> = facts.map(|fact| self.text(&fact)).collect();
            [line.id.to_string(), line.status.to_string(), seconds(line.duration_ms), facts.join("; ")]
        });
        table(&mut out, ["Check", "Result", "Time", "What it says"], &lines.collect::<Vec<_>>());

        if !self.answers.is_empty() {
            out.push_str("\n## Answers\n\n");
            // Trace and correlation ids are written whole: Microsoft's support finds the request by them.
            let whole = |text: &Option<String>| text.as_deref().map(escaped).unwrap_or_default();
            let lines = self.answers.iter().map(|answer| {
                [
                    answer.check.to_string(),
                    answer.http_status.map(|status| status.to_string()).unwrap_or_default(),
                    self.text(&answer.errors.join(", ")),
                    whole(&answer.trace_id),
                    whole(&answer.correlation_id),
                    whole(&answer.timestamp),
                ]
            });
            let head = ["Check", "Status", "Error", "Trace id", "Correlation id", "Timestamp"];
            table(&mut out, head, &lines.collect::<Vec<_>>());
        }

        out.push_str("\n## Findings\n");
        if report.findings.is_empty() {
            out.push_str("\nNone.\n");
        }
        for finding in &report.findings {
            self.finding(&mut out, finding);
        }
        if !self.full_ids {
            out.push_str("\nIds and hosts are shortened, but for trace and correlation ids.\n");
        }
        out
    }

    fn finding(&self, out: &mut String, finding: &Finding) {
        let fix = &finding.fix;
        let check = finding.check.map(|check| format!(", check {check}")).unwrap_or_default();
        let _ = write!(out, "\n### {}\n\n", self.text(&finding.title));
        let _ = writeln!(
            out,
            "{}, {} ({}){check}\n",
            finding.confidence.as_str(),
            finding.for_whom(),
            finding.cause.as_str()
        );
        let _ = writeln!(out, "{}\n", self.text(&finding.explanation));
        let _ = writeln!(out, "- Mend: {}", self.text(&fix.text));
        let guide = fix.guide.as_ref().map(|guide| format!(" of {guide}")).unwrap_or_default();
        let _ = writeln!(out, "- Step: {}", self.text(&format!("{}{guide}", fix.step)));
        // A link with a shortened id leads nowhere.
        if let Some(url) = fix.url.as_ref().filter(|url| self.shortened(url) == **url) {
            let _ = writeln!(out, "- Link: <{url}>");
        }
    }

    /// A text on one line, with ids shortened, that is neither a link nor Markdown.
    fn text(&self, text: &str) -> String {
        escaped(&self.shortened(text))
    }

    fn shortened(&self, text: &str) -> String {
        if self.full_ids {
            return text.to_owned();
        }
        let mut out = text.to_owned();
        for host in self.hosts.iter().filter(|host| !host.is_empty()) {
            let first: String = host.chars().take(3).collect();
            let rest = host.split_once('.').map(|(_, rest)| format!(".{rest}")).unwrap_or_default();
            out = replaced(&out, host, &format!("{first}…{rest}"));
        }
        let mut short = String::with_capacity(out.len());
        let mut rest = out.as_str();
        while let Some(c) = rest.chars().next() {
            // What begins with zeros is an app of Microsoft's own, the same everywhere (facts 2).
            match rest.get(..36).filter(|id| parse_guid(id).is_some() && !id.starts_with("0000")) {
                Some(id) => {
                    short.push_str(&id[..8]);
                    short.push('…');
                    rest = &rest[36..];
                }
                None => {
                    short.push(c);
                    rest = &rest[c.len_utf8()..];
                }
            }
        }
        short
    }
}

/// The details of a check that may be told.
fn facts(line: &CheckLine) -> Vec<String> {
    let mut facts = Vec::new();
    for (name, says) in [("http_status", "status"), ("expires_in", "seconds until it expires"), ("roles", "roles")] {
        match line.details.get(name) {
            Some(Value::Number(number)) => facts.push(format!("{says}: {number}")),
            Some(Value::Array(all)) if !all.is_empty() => {
                let all: Vec<&str> = all.iter().filter_map(Value::as_str).collect();
                facts.push(format!("{says}: {}", all.join(", ")));
            }
            _ => {}
        }
    }
    let all = |name: &str| line.details.get(name).and_then(Value::as_array).into_iter().flatten();
    for entity in all("entities") {
        let text = |name: &str| entity.get(name).and_then(Value::as_str).unwrap_or("?");
        facts.push(format!("{} {}", text("name"), text("status")));
    }
    facts.extend(all("notes").filter_map(Value::as_str).map(|note| format!("note: {note}")));
    facts
}

/// Replaces a host, in any letter case.
fn replaced(text: &str, host: &str, with: &str) -> String {
    // In small letters only ASCII is changed, so that offsets stay.
    let (lower, host) = (text.to_ascii_lowercase(), host.to_ascii_lowercase());
    let mut out = String::new();
    let mut done = 0;
    for (at, found) in lower.match_indices(&host) {
        out.push_str(&text[done..at]);
        out.push_str(with);
        done = at + found.len();
    }
    out + &text[done..]
}

fn seconds(ms: u64) -> String {
    if ms < 1000 { format!("{ms} ms") } else { format!("{:.1} s", ms as f64 / 1000.0) }
}

/// A text on one line that Markdown takes for a text: nothing in it marks, links, mentions or opens a tag.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    let line = Untrusted::plain(text).one_line(1000);
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        let marks = matches!(c, '\\' | '`' | '*' | '[' | ']' | '<' | '>' | '|' | '#' | '!' | '~' | '@');
        // An entity has no blank behind its sign.
        if marks || (c == '&' && chars.peek().is_some_and(|next| *next != ' ')) {
            out.push('\\');
        }
        out.push(c);
    }
    out.replace("://", ":\\//").replace("www.", "www\\.")
}

fn table<const N: usize>(out: &mut String, head: [&str; N], rows: &[[String; N]]) {
    let mut line = |cells: &[&str]| {
        let _ = writeln!(out, "| {} |", cells.join(" | "));
    };
    line(&head);
    line(&["---"; N]);
    for row in rows {
        line(&row.each_ref().map(String::as_str));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::check::{CheckEvent, CheckRun, Details};
    use crate::core::evidence::read_text;
    use crate::core::rules::{Judge, RuleBook};
    use serde_json::json;
    use std::time::Duration;

    const TENANT: &str = "11111111-2222-4333-8444-555555555555";
    const TRACE: &str = "19072c09-bf6c-4c36-b128-b12280421700";

    /// A run whose token was refused with these words, and whose claims have details that may not be told.
    fn markdown(said: &str, full_ids: bool) -> String {
        let evidence =
            read_text(&format!("{said} Trace ID: {TRACE} Correlation ID: {TRACE} Timestamp: 2026-11-21 10:00:00Z"));
        let details = |value: Value| value.as_object().cloned().unwrap_or_default();
        let refused = CheckResult::Refused {
            summary: format!("refused by CONTOSO.example.test for {TENANT}"),
            details: details(json!({ "http_status": 401, "oid": "hidden-oid", "notes": ["a | note"] })),
            evidence: vec![evidence],
        };
        let passed = CheckResult::Passed {
            summary: "fits".into(),
            details: details(
                json!({ "aud": "hidden-aud", "roles": ["Role.A"], "entities": [{ "name": "Customers", "status": "passed", "rows": "hidden-rows" }] }),
            ),
        };
        let mut run = CheckRun::default();
        let book = RuleBook::default();
        let judge = Judge { book: &book, guide: None, values: &|_| None };
        let answers = [Answer::of(CheckId::Token, &refused), Answer::of(CheckId::Claims, &passed)].concat();
        for (check, result) in [(CheckId::Token, refused), (CheckId::Claims, passed)] {
            run.apply(CheckEvent::Started { check, at: Duration::ZERO }, &judge);
            run.apply(CheckEvent::Finished { check, at: Duration::from_millis(1234), result }, &judge);
        }
        let mut report = ProfileReport::new("contoso", "guide", jiff::Timestamp::UNIX_EPOCH, &run, &[]);
        report.findings[0].title = "Title".into();
        report.findings[0].fix.url = Some(format!("https://portal.azure.com/{TENANT}"));
        let ticket = Ticket {
            program: "d365-connect 1.0",
            platform: "linux x86_64",
            guide: "A guide",
            is_simulated: false,
            values: vec![("Tenant", TENANT.into()), ("Environment", "contoso.example.test".into())],
            hosts: vec!["contoso.example.test".into()],
            report: &report,
            answers,
            full_ids,
        };
        ticket.markdown()
    }

    #[test]
    fn what_is_told_and_what_is_not() {
        let text = markdown("AADSTS7000215: {\"error\":\"invalid_client\"}", false);
        for says in [
            "| Tenant | 11111111… |",
            "| Environment | con….example.test |",
            "| Program | d365-connect 1.0, linux x86\\_64 |",
            "| token | unknown | 1.2 s | refused by con….example.test for 11111111…; status: 401; note: a \\| note |",
            "| claims | passed | 1.2 s | fits; roles: Role.A; Customers passed |",
            "AADSTS7000215",
            "### Title",
            "shortened",
        ] {
            assert!(text.contains(&says.replace("\\_", "_")), "{says}: {text}");
        }
        assert!(text.contains(&format!("| {TRACE} | {TRACE} | 2026-11-21 10:00:00Z |")), "{text}");
        for hidden in ["hidden", TENANT, "portal.azure.com", "Invalid"] {
            assert!(!text.contains(hidden), "{hidden}: {text}");
        }
        let full = markdown("AADSTS7000215", true);
        for says in [TENANT, "contoso.example.test", "portal.azure.com"] {
            assert!(full.contains(says), "{says}: {full}");
        }
        assert!(!full.contains("hidden") && !full.contains("shortened"), "{full}");
    }

    #[test]
    fn foreign_text_stays_text() {
        for (foreign, written) in [
            ("a | b", "a \\| b"),
            ("F & O &#64;all &lt;", "F & O \\&\\#64;all \\&lt;"),
            ("<img src=x>", "\\<img src=x\\>"),
            ("[x](https://evil.test)", "\\[x\\](https:\\//evil.test)"),
            ("`code` *bold* @all #1 !", "\\`code\\` \\*bold\\* \\@all \\#1 \\!"),
            ("one\n# two\n\n- three", "one \\# two - three"),
            ("\x1b[2J\u{202e}", "␛\\[2J\\<U+202E\\>"),
        ] {
            assert_eq!(escaped(foreign), written);
        }
        let text = markdown("error: \"evil_|_table\" | x", false);
        assert!(text.lines().filter(|line| line.starts_with('|')).all(|line| !line.contains(" x ")), "{text}");
    }

    #[test]
    fn nothing_to_tell_is_no_answer() {
        let local = CheckResult::Refused {
            summary: String::new(),
            details: Details::new(),
            evidence: vec![Evidence::local(CheckId::Inputs, [])],
        };
        assert_eq!(Answer::of(CheckId::Inputs, &local), []);
    }

    proptest::proptest! {
        #[test]
        fn no_foreign_text_opens_anything(text in "(\\PC|[\\\\`*<>|#!~@&]|\\[|\\]|\n|://|www\\.|&amp;|contoso.example.test|11111111-2222-4333-8444-555555555555){0,40}") {
            use proptest::prop_assert;
            let written = escaped(&text);
            prop_assert!(!written.chars().any(char::is_control) && !written.contains("://"), "{}", written);
            let mut is_escaped = false;
            for c in written.chars() {
                prop_assert!(is_escaped || !"`*[]<>|#!~@".contains(c), "{}", written);
                is_escaped = c == '\\' && !is_escaped;
            }
            let shown = markdown(&text, false);
            prop_assert!(!shown.contains(TENANT) && !shown.contains("contoso.example.test"), "{}", shown);
        }
    }

    #[test]
    fn facts_are_told_where_there_are_some_and_times_as_people_say_them() {
        let line = |details: Value| CheckLine {
            id: CheckId::Claims,
            status: crate::core::check::Status::Passed,
            summary: String::new(),
            duration_ms: 0,
            details: details.as_object().cloned().unwrap_or_default(),
        };
        for (details, told) in [
            (json!({ "roles": [] }), &[][..]),
            (json!({ "roles": ["User.Read.All", "Mail.Read"] }), &["roles: User.Read.All, Mail.Read"]),
            (json!({ "http_status": null, "expires_in": 3599 }), &["seconds until it expires: 3599"]),
            (json!({ "entities": [{ "name": "CustomersV3" }], "notes": [] }), &["CustomersV3 ?"]),
        ] {
            assert_eq!(facts(&line(details.clone())), told, "{details}");
        }
        for (ms, told) in [(0, "0 ms"), (999, "999 ms"), (1000, "1.0 s"), (61_250, "61.2 s")] {
            assert_eq!(seconds(ms), told);
        }
    }
}
