//! The outcome of a test in the formats of other tools: JUnit XML and Prometheus text.
//!
//! Knows their quoting. Does not run anything.

use crate::cli::check::Tested;
use crate::core::check::Status;
use crate::core::expiry;
use jiff::civil::Date;
use std::fmt::Write;

/// One test suite a profile, one test case a check.
pub fn junit(tested: &[Tested]) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
    let seconds = |ms: u64| ms as f64 / 1000.0;
    for Tested { report, .. } in tested {
        let count = |status| report.checks.iter().filter(|line| line.status == status).count();
        let _ = writeln!(
            out,
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{:.3}\" timestamp=\"{}\">",
            xml(&report.profile),
            report.checks.len(),
            count(Status::Failed),
            count(Status::Unknown),
            count(Status::Skipped),
            seconds(report.duration_ms),
            report.started,
        );
        for line in &report.checks {
            let _ = write!(
                out,
                "    <testcase classname=\"{}\" name=\"{}\" time=\"{:.3}\">",
                xml(&report.profile),
                line.id,
                seconds(line.duration_ms)
            );
            let cause = report.by_check.iter().find(|finding| finding.check == Some(line.id));
            // What a person is told: of a finding its title, else the check's own line.
            let summary = xml(cause.map_or(&line.summary, |finding| &finding.title));
            let cause = cause.map_or("unknown", |finding| finding.cause.as_str());
            let _ = match line.status {
                Status::Failed => write!(out, "<failure type=\"{cause}\" message=\"{summary}\"/>"),
                Status::Unknown => write!(out, "<error type=\"{cause}\" message=\"{summary}\"/>"),
                Status::Skipped => write!(out, "<skipped message=\"{summary}\"/>"),
                Status::Warning => write!(out, "<system-out>warning: {summary}</system-out>"),
                Status::Passed => Ok(()),
            };
            out.push_str("</testcase>\n");
        }
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>");
    out
}

fn xml(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\n', " ")
}

/// Gauges for a textfile collector.
pub fn prometheus(tested: &[Tested], today: Date) -> String {
    let mut verdicts = String::new();
    let mut checks = String::new();
    let mut seconds = String::new();
    let mut days = String::new();
    // Names of profiles have no character that needs quoting.
    for Tested { profile, report, .. } in tested {
        let name = &report.profile;
        for status in [Status::Passed, Status::Warning, Status::Failed, Status::Unknown] {
            let is = u8::from(report.verdict == status);
            let _ = writeln!(verdicts, "d365_connect_verdict{{profile=\"{name}\",verdict=\"{status}\"}} {is}");
        }
        for line in report.checks.iter().filter(|line| line.status != Status::Skipped) {
            let ok = u8::from(matches!(line.status, Status::Passed | Status::Warning));
            let _ = writeln!(checks, "d365_connect_check_ok{{profile=\"{name}\",check=\"{}\"}} {ok}", line.id);
        }
        let _ = writeln!(
            seconds,
            "d365_connect_check_duration_seconds{{profile=\"{name}\"}} {:.3}",
            report.duration_ms as f64 / 1000.0
        );
        if let Some(end) = profile.expires {
            let left = expiry::days_left(end, today);
            let _ = writeln!(days, "d365_connect_credential_days_left{{profile=\"{name}\"}} {left}");
        }
    }
    let mut out = String::new();
    for (name, help, lines) in [
        ("d365_connect_verdict", "Verdict of the last test, one of them is 1.", verdicts),
        ("d365_connect_check_ok", "Whether a check passed; a skipped one is left out.", checks),
        ("d365_connect_check_duration_seconds", "How long the test of a profile took.", seconds),
        ("d365_connect_credential_days_left", "Days until the recorded end of the credential.", days),
    ] {
        if !lines.is_empty() {
            let _ = write!(out, "# HELP {name} {help}\n# TYPE {name} gauge\n{lines}");
        }
    }
    out.truncate(out.trim_end().len());
    out
}
