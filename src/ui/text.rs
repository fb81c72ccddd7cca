//! Text in cells: wrapping and cutting by the width that a terminal gives each character.

use crate::core::secret::looks_like_secret;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Cells that a text takes.
pub fn width(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// Wraps at blanks to at most `max` cells a line; a longer word is broken. Line ends in the text are kept.
pub fn wrap(text: &str, max: usize) -> Vec<String> {
    let max = max.max(1);
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        let mut line = String::new();
        for word in paragraph.split(' ') {
            let gap = usize::from(!line.is_empty());
            if width(&line) + gap + width(word) <= max {
                if gap == 1 {
                    line.push(' ');
                }
                line.push_str(word);
                continue;
            }
            if !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            for part in word.graphemes(true) {
                if width(&line) + width(part) > max {
                    lines.push(std::mem::take(&mut line));
                }
                line.push_str(part);
            }
        }
        lines.push(line);
    }
    lines
}

/// At most `max` cells, with `…` (or `~`) where something was cut.
pub fn cut(text: &str, max: usize, ascii: bool) -> String {
    if width(text) <= max {
        return text.to_owned();
    }
    let mut out = String::new();
    for part in text.graphemes(true) {
        if width(&out) + width(part) + 1 > max {
            break;
        }
        out.push_str(part);
    }
    out.push(if ascii { '~' } else { '…' });
    out
}

/// The text with `mask` in place of every word that looks like a client secret.
pub fn without_secrets(text: &str, mask: &str) -> String {
    let in_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '~' | '_' | '.' | '-');
    let mut out = String::new();
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|c| !in_word(c)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        out.push_str(if looks_like_secret(word) { mask } else { word });
        let (gap, after) = after.split_at(after.find(in_word).unwrap_or(after.len()));
        out.push_str(gap);
        rest = after;
    }
    out
}

/// The text followed by blanks up to `max` cells, or cut to them.
pub fn fit(text: &str, max: usize, ascii: bool) -> String {
    let mut out = cut(text, max, ascii);
    out.extend(std::iter::repeat_n(' ', max.saturating_sub(width(&out))));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrapping() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(wrap("漢字漢字", 5), ["漢字", "漢字"]);
        assert_eq!(wrap("a\nb", 9), ["a", "b"]);
        assert_eq!(wrap("", 9), [""]);
        assert_eq!(wrap("x y", 0), ["x", "y"]);
    }

    #[test]
    fn masking() {
        let secret = "aBc8Q~d3f4hIjKlMnOpQrStUvWxYz.0123456789";
        assert_eq!(without_secrets(&format!("x={secret}&y\n\"{secret}\" 漢"), "***"), "x=***&y\n\"***\" 漢");
        assert_eq!(without_secrets("", "***"), "");
    }

    #[test]
    fn cutting() {
        assert_eq!(cut("abcdef", 4, false), "abc…");
        assert_eq!(cut("漢字漢字", 5, true), "漢字~");
        assert_eq!(cut("abc", 3, false), "abc");
        assert_eq!(fit("ab", 4, false), "ab  ");
    }

    proptest::proptest! {
        /// Wide signs, signs that take no cell, and signs made of several.
        #[test]
        fn no_line_is_wider_than_its_room(
            text in "([a-z]{1,9}| |\n|漢|ü|u\u{308}|🙂|👩\u{200d}👩\u{200d}👧|🇩🇪|\u{200b}|❤\u{fe0f}|لا|\\PC){0,60}",
            room in 0_usize..30,
        ) {
            use proptest::{prop_assert, prop_assert_eq};
            let lines = wrap(&text, room);
            for line in &lines {
                prop_assert!(width(line) <= room.max(1) || line.graphemes(true).count() == 1, "{:?}", line);
            }
            let without_gaps = |text: &str| text.replace([' ', '\n'], "");
            prop_assert_eq!(without_gaps(&lines.concat()), without_gaps(&text));
            prop_assert!(width(&cut(&text, room, false)) <= room.max(1));
            prop_assert!(room == 0 || width(&fit(&text, room, true)) == room);
            prop_assert_eq!(without_secrets(&text, "*"), text);
        }
    }
}
