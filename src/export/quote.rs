//! Values as the reader of a format wants them, so that each comes out as it went in.
//!
//! Values have no control characters inside; where one turns up all the same it is escaped or left as it is, never made
//! the end of a value.

use crate::core::format::Reader;
use zeroize::Zeroizing;

/// A value for that reader. The text is wiped on drop: it may be the secret.
pub fn quote(reader: Reader, value: &str) -> Zeroizing<String> {
    // No form takes more than six bytes for one; GitHub's takes ten for three.
    let mut out = Zeroizing::new(String::with_capacity(6 * value.len() + 2));
    match reader {
        Reader::Text => out.push_str(value),
        Reader::Sh => sh(&mut out, value),
        Reader::PowerShell => {
            out.push('\'');
            for c in value.chars() {
                out.push(c);
                // PowerShell takes the typographic ones for quotes, too.
                if matches!(c, '\'' | '\u{2018}'..='\u{201b}') {
                    out.push(c);
                }
            }
            out.push('\'');
        }
        Reader::Json | Reader::Yaml | Reader::GithubActions | Reader::Hcl => {
            out.push('"');
            let mut before = "";
            let mut rest = value;
            while let Some(c) = rest.chars().next() {
                // An expression whose value is the text that would begin one.
                if let (Reader::GithubActions, Some(after)) = (reader, rest.strip_prefix("${{")) {
                    out.push_str("${{ '${{' }}");
                    rest = after;
                    continue;
                }
                match reader {
                    Reader::Hcl if c == '{' && matches!(before, "$" | "%") => {
                        out.push_str(before);
                        out.push(c);
                    }
                    _ => json_char(&mut out, c),
                }
                (before, rest) = rest.split_at(c.len_utf8());
            }
            out.push('"');
        }
    }
    out
}

/// Bare where every shell takes it so; else in single quotes, within which nothing is special but their end.
fn sh(out: &mut String, value: &str) {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._/:@+".contains(&b);
    if !value.is_empty() && value.bytes().all(plain) {
        out.push_str(value);
        return;
    }
    out.push('\'');
    let mut rest = value;
    while let Some(c) = rest.chars().next() {
        let slashes = rest.len() - rest.trim_start_matches('\\').len();
        let (part, after) = rest.split_at(slashes.max(c.len_utf8()));
        if slashes > 0 && (after.is_empty() || after.starts_with('\'')) {
            // Libraries that read such files take a backslash before the closing quote for an escape; shells do not.
            out.push_str("'\"");
            out.push_str(part);
            out.push_str(part);
            out.push_str("\"'");
        } else if c == '\'' {
            out.push_str("'\\''");
        } else {
            out.push_str(part);
        }
        rest = after;
    }
    out.push('\'');
}

/// A character within double quotes: YAML, JSON and Terraform read these escapes alike.
fn json_char(out: &mut String, c: char) {
    match c {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        // Line ends to some of them, or not to be seen.
        '\u{2028}' | '\u{2029}' | '\u{feff}' => escape(out, c),
        c if c.is_control() => escape(out, c),
        c => out.push(c),
    }
}

fn escape(out: &mut String, c: char) {
    out.push_str("\\u");
    for shift in [12, 8, 4, 0] {
        let digit = (u32::from(c) >> shift) & 0xf;
        out.push(char::from_digit(digit, 16).unwrap_or('0'));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reader_in_its_way() {
        for (reader, value, quoted) in [
            (Reader::Sh, "https://a.b/c", "https://a.b/c"),
            (Reader::Sh, "", "''"),
            (Reader::Sh, "a b", "'a b'"),
            (Reader::Sh, "~x", "'~x'"),
            (Reader::Sh, "it's $HOME", "'it'\\''s $HOME'"),
            (Reader::Sh, "a\\b \\' \\\\", "'a\\b '\"\\\\\"''\\'' '\"\\\\\\\\\"''"),
            (Reader::PowerShell, "it's ‘so’ $x", "'it''s ‘‘so’’ $x'"),
            (Reader::Json, "a\"b\\c\u{1}\u{2028}é", "\"a\\\"b\\\\c\\u0001\\u2028é\""),
            (Reader::Yaml, "yes", "\"yes\""),
            (Reader::GithubActions, "a ${{ b }}", "\"a ${{ '${{' }} b }}\""),
            (Reader::Hcl, "${a} %{b} $${c} $x {y}", "\"$${a} %%{b} $$${c} $x {y}\""),
            (Reader::Text, "a 'b' ", "a 'b' "),
        ] {
            assert_eq!(*quote(reader, value), quoted, "{reader:?}");
        }
    }
}
