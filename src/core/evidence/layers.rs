//! A text in all its wrappings: as it is, with each layer of escapes taken off, and with its line breaks undone.
//!
//! Bounded and linear whatever it is given. Does not know what the text says.

use super::hiding::{HIDDEN, without_tokens};
use crate::core::untrusted::is_deceptive;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The most bytes of a text that are read.
pub(super) const MAX_SCAN: usize = 256 * 1024;
/// The most wrappings that are taken off.
const MAX_LAYERS: usize = 8;

/// A text, and the same in small letters at the same offsets.
pub(super) struct Layer {
    pub(super) text: String,
    pub(super) lower: String,
}

impl Layer {
    pub(super) fn new(text: String) -> Layer {
        Layer { lower: text.to_ascii_lowercase(), text }
    }
}

/// A text in all its wrappings, without tokens and secrets.
pub(super) struct Layers {
    /// As it is, then with one wrapping less each.
    pub(super) plain: Vec<Layer>,
    /// The innermost on one line.
    pub(super) line: Layer,
    /// The innermost with its line breaks taken out: what was broken inside of a word is whole again.
    pub(super) glued: Layer,
}

impl Layers {
    /// Reads a text. Of a long one the start and the end: the error of a log stands at its end as often.
    pub(super) fn of(text: &str) -> Layers {
        let text = if text.len() <= MAX_SCAN {
            without_tokens(text)
        } else {
            without_tokens(&format!("{}\n{}", head(text, MAX_SCAN / 2), tail(text, MAX_SCAN / 2)))
        };
        let mut plain = vec![Layer::new(text)];
        while plain.len() < MAX_LAYERS
            && let Some(next) = unwrapped(&plain[plain.len() - 1])
        {
            // What was hidden by an escape is hidden now.
            plain.push(Layer::new(without_tokens(&next)));
        }
        let inner = &plain[plain.len() - 1].text;
        let (line, glued) = (Layer::new(joined(inner, " ")), Layer::new(joined(inner, "")));
        Layers { plain, line, glued }
    }

    /// The text as it may be kept: where only an inner layer shows that something is a secret, that one.
    pub(super) fn kept(&self) -> &str {
        let count = |layer: &Layer| layer.text.matches(HIDDEN).count();
        let (outer, inner) = (&self.plain[0], &self.plain[self.plain.len() - 1]);
        if count(inner) > count(outer) { &inner.text } else { &outer.text }
    }

    /// Everything that was said, in small letters, each line break with the indentation around it as one blank.
    pub(super) fn said(&self) -> String {
        let outer = joined(&self.plain[0].lower, " ");
        if outer == self.line.lower { outer } else { format!("{outer}\n{}", self.line.lower) }
    }
}

/// The text with its outermost wrapping taken off; none when it has none.
fn unwrapped(layer: &Layer) -> Option<String> {
    let Layer { text, lower } = layer;
    let has = |signs: &[&str]| signs.iter().any(|sign| lower.contains(sign));
    let next = if has(&["\0", "\u{1b}["]) {
        // A file in UTF-16 that was read as bytes; colours of a terminal.
        without_colours(&text.replace('\0', ""))
    } else if has(&["%22", "%20", "%3a", "%7b", "%27", "%25", "%3d", "%26"]) {
        percent_decoded(text)
    } else if has(&["&quot;", "&#39;", "&#x27;", "&#34;", "&apos;", "&lt;", "&amp;"]) {
        let pairs = [
            ("&quot;", "\""),
            ("&#34;", "\""),
            ("&#39;", "'"),
            ("&#x27;", "'"),
            ("&apos;", "'"),
            ("&nbsp;", " "),
            ("&lt;", "<"),
            ("&gt;", ">"),
            ("&amp;", "&"),
        ];
        pairs.iter().fold(text.clone(), |text, (entity, sign)| text.replace(entity, sign))
    } else if has(&["\\\"", "\\r", "\\n", "\\u00", "\\u20", "\\uff", "\\/"]) {
        unescaped(text)
    } else if let Some(decoded) = base64_decoded(text).or_else(|| with_json_decoded(text)) {
        decoded
    } else if let Some(read) = misread_code(layer) {
        read
    } else if !text.is_ascii() {
        text.chars().filter_map(plain_char).collect()
    } else {
        return None;
    };
    (next != *text).then_some(next)
}

/// A text that is base64 as a whole, decoded; none where no text comes out.
fn base64_decoded(text: &str) -> Option<String> {
    let bare = text.trim();
    let is_base64 =
        bare.len() >= 60 && bare.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'='));
    let bytes = is_base64.then(|| STANDARD.decode(bare).ok()).flatten()?;
    String::from_utf8(bytes).ok().filter(|text| !text.contains(|c: char| c.is_control() && !c.is_whitespace()))
}

/// A text with the first word that is JSON in base64, and no token, decoded; none where there is none.
fn with_json_decoded(text: &str) -> Option<String> {
    text.match_indices("eyJ").take(16).find_map(|(at, _)| {
        let signs = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '='));
        let end = at + text[at..].find(signs).unwrap_or(text.len() - at);
        let is_alone = !text[..at].ends_with(['.', '-', '_']) && !text[end..].starts_with(['.', '-', '_']);
        let decoded = base64_decoded(&text[at..end]).filter(|_| is_alone)?;
        Some(format!("{}{decoded}{}", &text[..at], &text[end..]))
    })
}

/// A text with the letters made digits that were read for digits in a code, as from a picture: `AADSTS7OOO215`.
fn misread_code(layer: &Layer) -> Option<String> {
    let mut text = layer.text.clone();
    for (at, sign) in layer.lower.match_indices("aadsts") {
        let from = at + sign.len() + usize::from(layer.lower[at + sign.len()..].starts_with(' '));
        let belongs = |c: char| c.is_ascii_digit() || matches!(c, 'o' | 'l' | 'i');
        let run = layer.lower[from..].find(|c| !belongs(c)).unwrap_or(layer.lower.len() - from);
        let digits = layer.lower[from..from + run].bytes().filter(u8::is_ascii_digit).count();
        // Letters that belong to a word are none of the code's.
        let is_whole = !layer.lower[from + run..].starts_with(|c: char| c.is_ascii_alphanumeric());
        if is_whole && (5..=8).contains(&run) && digits >= 3 && digits < run {
            let read = layer.lower[from..from + run].replace('o', "0").replace(['l', 'i'], "1");
            text.replace_range(from..from + run, &read);
        }
    }
    (text != layer.text).then_some(text)
}

/// A character as it is read: none for one that cannot be seen, and that of ASCII for its wide form.
fn plain_char(c: char) -> Option<char> {
    match c {
        '\u{2028}' | '\u{2029}' => Some('\n'),
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0),
        c => (!is_deceptive(c)).then_some(c),
    }
}

/// A text without the escape sequences that colour it.
fn without_colours(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("\u{1b}[") {
        out.push_str(&rest[..at]);
        let after = rest[at + 2..].trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, ';' | '?'));
        let mut chars = after.chars();
        rest = match chars.next() {
            Some(c) if c.is_ascii_alphabetic() => chars.as_str(),
            _ => after,
        };
    }
    out.push_str(rest);
    out
}

/// A text with its percent signs taken off once. In a word that has any, a plus is a blank.
fn percent_decoded(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    for word in text.split_inclusive(char::is_whitespace) {
        let bytes = word.as_bytes();
        let is_form = word.contains('%');
        let mut at = 0;
        while at < bytes.len() {
            let hex = (bytes[at] == b'%')
                .then(|| word.get(at + 1..at + 3).and_then(|digits| u8::from_str_radix(digits, 16).ok()))
                .flatten();
            out.push(match (hex, bytes[at]) {
                (Some(byte), _) => byte,
                (None, b'+') if is_form => b' ',
                (None, byte) => byte,
            });
            at += if hex.is_some() { 3 } else { 1 };
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// A text with the escapes of a JSON string taken off once.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let mut after = rest[at + 1..].chars();
        match after.next() {
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some('t') => out.push('\t'),
            Some('u') => {
                let code = after.as_str().get(..4).and_then(|hex| u32::from_str_radix(hex, 16).ok());
                match code.and_then(char::from_u32) {
                    Some(c) => {
                        out.push(c);
                        after = after.as_str()[4..].chars();
                    }
                    None => out.push_str("\\u"),
                }
            }
            Some(c) => out.push(c),
            None => out.push('\\'),
        }
        rest = after.as_str();
    }
    out.push_str(rest);
    out
}

/// The lines in one, with `with` between: without the indentation, and the marks of a quotation, of each.
fn joined(text: &str, with: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.lines() {
        let line = line.trim_end_matches('\r').trim_start_matches([' ', '\t', '>', '|', '│']);
        // The frame of a box.
        let line = line.strip_suffix('│').map_or(line, str::trim_end);
        if !out.is_empty() {
            out.push_str(with);
        }
        out.push_str(if with.is_empty() { line } else { line.trim_end() });
    }
    out
}

/// The first `max` bytes, cut at a character.
pub(in crate::core) fn head(text: &str, max: usize) -> &str {
    let mut end = text.len().min(max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// The last `max` bytes, cut at a character.
pub(super) fn tail(text: &str, max: usize) -> &str {
    let mut start = text.len().saturating_sub(max);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    &text[start..]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base64(text: &str) -> String {
        STANDARD.encode(text)
    }

    /// The innermost layer, or that there is only one.
    fn inner(text: &str) -> Option<String> {
        let Layers { mut plain, .. } = Layers::of(text);
        if plain.len() > 1 { plain.pop().map(|layer| layer.text) } else { None }
    }

    #[test]
    fn wrappings_are_taken_off() {
        let body = "{\n  \"error\": \"invalid_client\",\n  \"error_description\": \"AADSTS7000215: Invalid\"\n}";
        let line = "{\"error\":\"invalid_client\",\"code\":\"AADSTS7000215: Invalid\"}";
        for (text, wanted) in [
            (base64(body), body),
            (
                format!("answer {};", base64(line)),
                "answer {\"error\":\"invalid_client\",\"code\":\"AADSTS7000215: Invalid\"};",
            ),
            // A plus is a blank where percent signs are, and stays in the time before them.
            (
                "2026-11-21T10:00:00+01:00 error_description=AADSTS7000215%3A+Invalid+client".to_owned(),
                "2026-11-21T10:00:00+01:00 error_description=AADSTS7000215: Invalid client",
            ),
            // A colour that breaks off at the end of its line.
            ("\u{1b}[31mAADSTS7000215\u{1b}[0\n401".to_owned(), "AADSTS7000215\n401"),
            ("AADSTS7OOO215: Invalid".to_owned(), "AADSTS7000215: Invalid"),
            ("AADSTS 5O0l1, once more".to_owned(), "AADSTS 50011, once more"),
        ] {
            assert_eq!(inner(&text).as_deref(), Some(wanted), "{text}");
        }
    }

    #[test]
    fn what_is_not_wrapped_stays() {
        let claims = base64("{\"aud\":\"https://contoso.operations.dynamics.com\",\"idtyp\":\"app\"}");
        for text in [
            // Words of the code's letters beside a code, and behind its sign.
            "AADSTS50011invalid reply address".to_owned(),
            "the AADSTS lookup, AADSTS login and AADSTS oil".to_owned(),
            // Too short to be more than a word, and no text.
            base64("tenant"),
            STANDARD.encode([1_u8, 2, 3].repeat(20)),
            // The middle of a token, whose beginning or end stands elsewhere.
            format!("claims .{claims}"),
            format!("claims {claims}."),
        ] {
            assert_eq!(inner(&text), None, "{text}");
        }
    }

    #[test]
    fn no_more_wrappings_are_taken_off_than_may_be() {
        let plain = |times: usize| Layers::of(&format!("no%{}20access", "25".repeat(times))).plain.len();
        assert_eq!((plain(0), plain(MAX_LAYERS - 2), plain(40)), (2, MAX_LAYERS, MAX_LAYERS));
    }

    #[test]
    fn everything_is_said_once() {
        for (text, said) in [
            ("Invalid Client\r\n\t secret", "invalid client secret"),
            ("Not%20registered", "not%20registered\nnot registered"),
        ] {
            assert_eq!(Layers::of(text).said(), said);
        }
    }

    #[test]
    fn a_cut_is_between_characters() {
        for (text, max, first, last) in
            [("aé漢", 9, "aé漢", "aé漢"), ("aé漢", 2, "a", ""), ("漢éa", 2, "", "a"), ("漢é", 4, "漢", "é")]
        {
            assert_eq!((head(text, max), tail(text, max)), (first, last), "{text} {max}");
        }
    }
}
