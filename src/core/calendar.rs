//! Calendar files: whole days with alarms before them, written as RFC 5545 wants them.
//!
//! Does not know what the days are, or what today is.

use jiff::Timestamp;
use jiff::civil::Date;

/// The longest line, in bytes without its end (RFC 5545, 3.1).
const MOST: usize = 75;

/// A day in a calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The same each time, so that a calendar puts the event in place of the older one.
    pub uid: String,
    /// The day.
    pub day: Date,
    /// Its title.
    pub summary: String,
    /// What there is to know about it.
    pub description: String,
}

/// A calendar of these events, each with an alarm so many days before it. `made` is now.
pub fn calendar(events: &[Event], days_before: &[u16], made: Timestamp) -> String {
    let mut out = String::new();
    let mut line = |text: &str| fold(text, &mut out);
    line("BEGIN:VCALENDAR");
    line("VERSION:2.0");
    line(concat!("PRODID:-//d365-connect//d365-connect ", env!("CARGO_PKG_VERSION"), "//EN"));
    line("CALSCALE:GREGORIAN");
    for event in events {
        let summary = escaped(&event.summary);
        line("BEGIN:VEVENT");
        line(&format!("UID:{}", escaped(&event.uid)));
        line(&format!("DTSTAMP:{}", made.strftime("%Y%m%dT%H%M%SZ")));
        line(&format!("DTSTART;VALUE=DATE:{}", event.day.strftime("%Y%m%d")));
        line(&format!("SUMMARY:{summary}"));
        line(&format!("DESCRIPTION:{}", escaped(&event.description)));
        // It takes nobody's time.
        line("TRANSP:TRANSPARENT");
        for days in days_before {
            line("BEGIN:VALARM");
            line("ACTION:DISPLAY");
            line(&format!("DESCRIPTION:{summary}"));
            line(&format!("TRIGGER:-P{days}D"));
            line("END:VALARM");
        }
        line("END:VEVENT");
    }
    line("END:VCALENDAR");
    out
}

/// A text as a value (RFC 5545, 3.3.11). Control characters have no place in it.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | ';' | ',' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

/// A line with its end. A long one goes on in lines that begin with a blank; no character is cut in two.
fn fold(text: &str, out: &mut String) {
    let mut used = 0;
    for c in text.chars() {
        if used + c.len_utf8() > MOST {
            out.push_str("\r\n ");
            used = 1;
        }
        out.push(c);
        used += c.len_utf8();
    }
    out.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_calendar() {
        let event = Event {
            uid: "one@d365-connect".into(),
            day: Date::constant(2027, 5, 20),
            summary: "a, b; c\\d".into(),
            description: "first\nsecond\r\t\u{7f}".into(),
        };
        let made = "2026-11-21T10:00:00.5Z".parse().unwrap();
        let text = calendar(&[event], &[30, 1], made);
        let lines: Vec<&str> = text.split_terminator("\r\n").filter(|line| !line.starts_with("PRODID")).collect();
        assert_eq!(
            lines,
            [
                "BEGIN:VCALENDAR",
                "VERSION:2.0",
                "CALSCALE:GREGORIAN",
                "BEGIN:VEVENT",
                "UID:one@d365-connect",
                "DTSTAMP:20261121T100000Z",
                "DTSTART;VALUE=DATE:20270520",
                "SUMMARY:a\\, b\\; c\\\\d",
                "DESCRIPTION:first\\nsecond",
                "TRANSP:TRANSPARENT",
                "BEGIN:VALARM",
                "ACTION:DISPLAY",
                "DESCRIPTION:a\\, b\\; c\\\\d",
                "TRIGGER:-P30D",
                "END:VALARM",
                "BEGIN:VALARM",
                "ACTION:DISPLAY",
                "DESCRIPTION:a\\, b\\; c\\\\d",
                "TRIGGER:-P1D",
                "END:VALARM",
                "END:VEVENT",
                "END:VCALENDAR",
            ]
        );
    }

    #[test]
    fn long_lines_are_folded_between_characters() {
        for text in ["x".repeat(75), "x".repeat(76), "ä漢🙂".repeat(40), format!("{}漢", "x".repeat(74))] {
            let mut out = String::new();
            fold(&text, &mut out);
            assert!(out.split("\r\n").all(|line| line.len() <= MOST), "{out}");
            assert_eq!(out.replace("\r\n ", ""), format!("{text}\r\n"));
        }
        let mut whole = String::new();
        fold(&"x".repeat(75), &mut whole);
        assert_eq!(whole.len(), 77, "what fits is not folded");
    }
}
