//! Foreign text: what a server, a file, the keyring or the system said, and the one way it may reach a screen.
//!
//! Does not know where the text came from or what it means.

use crate::core::secret::Scrubber;
use std::fmt;

/// The most characters that are kept (safety rule 7).
pub const MAX_CHARS: usize = 2000;
/// The most lines that are kept (safety rule 7).
pub const MAX_LINES: usize = 20;

/// Text from outside, already scrubbed of known secrets, made harmless and cut.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Untrusted(String);

impl Untrusted {
    /// Scrubs, makes control characters visible, and cuts.
    pub fn new(text: &str, scrubber: &Scrubber) -> Untrusted {
        // Cut generously first, so that a megabyte is not scrubbed to show 2,000 characters of it.
        let head: String = text.chars().take(MAX_CHARS * 8).collect();
        Untrusted(harmless(&scrubber.scrub(&head), MAX_CHARS, MAX_LINES))
    }

    /// The whole of a text that the operator pasted and gets shown again: harmless, and as long as it was.
    pub fn whole(text: &str) -> Untrusted {
        Untrusted(harmless(text, usize::MAX, usize::MAX))
    }

    /// Text in which no secret of ours can be, such as an operating-system error about a path.
    pub fn plain(text: &str) -> Untrusted {
        Untrusted::new(text, &Scrubber::default())
    }

    /// The harmless text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The harmless text on one line, at most `max` characters.
    pub fn one_line(&self, max: usize) -> String {
        let line = self.0.split_whitespace().collect::<Vec<_>>().join(" ");
        if line.chars().count() <= max {
            return line;
        }
        line.chars().take(max.saturating_sub(1)).chain(['…']).collect()
    }
}

impl fmt::Display for Untrusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn harmless(text: &str, max_chars: usize, max_lines: usize) -> String {
    let mut out = String::new();
    let (mut lines, mut shown) = (1, 0);
    for c in text.replace("\r\n", "\n").chars() {
        // `<U+202E>` takes the room of eight.
        shown += if is_deceptive(c) { 8 } else { 1 };
        if shown > max_chars || (c == '\n' && lines == max_lines) {
            out.push('…');
            break;
        }
        match c {
            '\n' => {
                lines += 1;
                out.push(c);
            }
            '\t' => out.push(' '),
            // Control pictures: the sign for the character instead of its effect.
            '\0'..='\u{1f}' => out.push(char::from_u32(0x2400 + c as u32).unwrap_or('\u{fffd}')),
            '\u{7f}' => out.push('\u{2421}'),
            _ if is_deceptive(c) => out.push_str(&format!("<U+{:04X}>", c as u32)),
            _ => out.push(c),
        }
    }
    out
}

/// C1 controls, bidirectional marks, zero-width characters, line separators and tags: invisible, but not without effect.
pub(in crate::core) fn is_deceptive(c: char) -> bool {
    matches!(c,
        '\u{80}'..='\u{9f}' | '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn controls_become_visible() {
        for (raw, shown) in [
            ("a\u{1b}[31mred", "a␛[31mred"),
            ("a\u{7}b\u{0}", "a␇b␀"),
            ("x\u{9b}2J", "x<U+009B>2J"),
            ("a\u{202e}b\u{200b}c\u{2028}d", "a<U+202E>b<U+200B>c<U+2028>d"),
            ("tab\there", "tab here"),
            ("one\r\ntwo", "one\ntwo"),
            ("\rover", "␍over"),
            ("umlaut ä 漢 😀", "umlaut ä 漢 😀"),
        ] {
            assert_eq!(Untrusted::plain(raw).as_str(), shown);
        }
    }

    #[test]
    fn long_text_is_cut() {
        assert_eq!(Untrusted::plain(&"a".repeat(5000)).as_str().chars().count(), MAX_CHARS + 1);
        assert_eq!(Untrusted::plain(&"\u{202e}".repeat(5000)).as_str().chars().count(), MAX_CHARS + 1);
        let lines = |count: usize| (1..=count).map(|number| format!("line {number}")).collect::<Vec<_>>().join("\n");
        assert_eq!(Untrusted::plain(&lines(MAX_LINES)).as_str(), lines(MAX_LINES));
        assert_eq!(Untrusted::plain(&lines(100)).as_str(), lines(MAX_LINES) + "…");
        assert_eq!(Untrusted::plain("a  b\nc").one_line(10), "a b c");
        assert_eq!(Untrusted::plain("abcdef").one_line(4), "abc…");
    }

    proptest::proptest! {
        #[test]
        fn nothing_gets_through(text in "\\PC*|[\\x00-\\x{ffff}]*") {
            for shown in [Untrusted::plain(&text), Untrusted::whole(&text)] {
                proptest::prop_assert!(shown.as_str().chars().all(|c| c == '\n' || (!c.is_control() && !is_deceptive(c))));
            }
        }
    }
}
