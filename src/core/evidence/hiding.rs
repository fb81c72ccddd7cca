//! Takes access tokens and values of secrets out of a text, before anything of it is kept (safety rule 1).
//!
//! Knows their shapes and the names that stand before them. Rather too much is hidden than too little.

use crate::core::secret::looks_like_secret;

/// What stands where a token or secret was.
pub const HIDDEN: &str = "[token]";

/// Names whose value is a secret.
const NAMES: [&str; 15] = [
    "access_token",
    "accesstoken",
    "refresh_token",
    "id_token",
    "client_secret",
    "clientsecret",
    "assertion",
    "password",
    "passwd",
    "device_code",
    "code_verifier",
    "samlresponse",
    "subscription-key",
    "accountkey",
    "sharedaccesskey",
];

/// The text without access tokens and values of secrets.
pub(super) fn without_tokens(text: &str) -> String {
    let text = without_jwts(text);
    let text = replace_runs(
        &text,
        |b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~'),
        |run| {
            let bare = run.trim_end_matches('.');
            looks_like_secret(bare).then(|| format!("{HIDDEN}{}", &run[bare.len()..]))
        },
    );
    let lower = text.to_ascii_lowercase();
    let after = |names: &[&str], find: fn(&str, usize) -> Option<(usize, usize)>| {
        let ends = names.iter().flat_map(|name| lower.match_indices(name).map(|(at, _)| at + name.len()));
        ends.map(|end| (end, find)).collect::<Vec<_>>()
    };
    let mut ends = after(&NAMES, secret_at);
    ends.extend(after(&["bearer ", "basic "], credentials_at));
    ends.extend(after(&["?code=", "&code=", "#code="], code_at));
    ends.extend(after(&["cookie"], line_at));
    ends.sort_unstable_by_key(|(end, _)| *end);
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for (end, find) in ends {
        // A name inside a value that is already hidden is not looked at again: this keeps the scan linear.
        let value = if end < done { None } else { find(&text, end) };
        if let Some((from, to)) = value.filter(|(from, to)| from < to && &text[*from..*to] != HIDDEN) {
            out.push_str(&text[done..from]);
            out.push_str(HIDDEN);
            done = to;
        }
    }
    out.push_str(&text[done..]);
    out
}

/// The text without what begins as a JWT does: with `{"` in base64url.
fn without_jwts(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("eyJ") {
        let end = at + jwt_len(&rest[at..]);
        let is_jwt = end - at >= 30 && rest[at..end].contains('.');
        out.push_str(if is_jwt { &rest[..at] } else { &rest[..end] });
        out.push_str(if is_jwt { HIDDEN } else { "" });
        rest = &rest[end..];
    }
    out.push_str(rest);
    out
}

/// How long the token is with which a text begins, over line breaks that a terminal or an e-mail put into it.
pub(super) fn jwt_len(text: &str) -> usize {
    let run = |text: &str| {
        text.bytes().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~' | b'=')).count()
    };
    let mut len = run(text);
    let mut line = len;
    while line >= 40 {
        let rest = &text[len..];
        let bare = rest.trim_start_matches(['\r', '\n', ' ', '\t', '>', '|']);
        let gap = rest.len() - bare.len();
        line = run(bare);
        // Only a line that holds nothing else goes on with it.
        let alone =
            bare[line..].chars().next().is_none_or(|c| matches!(c, '\r' | '\n' | '"' | '\'' | '<' | '\\' | ','));
        if line == 0 || !alone || !rest[..gap].contains('\n') {
            break;
        }
        len += gap + line;
    }
    len
}

/// Where a code stands that can be exchanged for a token: the value of a redirect's `code`, which is long.
fn code_at(text: &str, from: usize) -> Option<(usize, usize)> {
    let run = text[from..].bytes().take_while(|b| b.is_ascii_alphanumeric() || b"-_.~*!%".contains(b)).count();
    (run >= 24).then_some((from, from + run))
}

/// The rest of a header's line; what is quoted, where the header stands in JSON.
fn line_at(text: &str, from: usize) -> Option<(usize, usize)> {
    let Some(value) = text[from..].strip_prefix(':') else { return secret_at(text, from) };
    let from = text.len() - value.len();
    Some((from, from + value.find(['\n', '\r']).unwrap_or(value.len())))
}

/// Where the credentials stand that follow `Bearer` or `Basic`. Parameters of a challenge (`Bearer realm=`) and words of a
/// sentence are none: they are short, or all of small letters.
fn credentials_at(text: &str, from: usize) -> Option<(usize, usize)> {
    let rest = &text[from..];
    let length = |signs: &[u8]| rest.bytes().take_while(|b| b.is_ascii_alphanumeric() || signs.contains(b)).count();
    let (first, whole) = (length(b"-._~+/"), length(b"-._~+/="));
    let run = &rest.as_bytes()[..first];
    let mixed = run.iter().any(u8::is_ascii_digit) || run.iter().skip(1).any(u8::is_ascii_uppercase);
    (first >= 20 || (first >= 8 && mixed)).then_some((from, from + whole))
}

/// Where the value of a secret stands that follows its name. Rather too much is hidden than too little.
fn secret_at(text: &str, after_name: usize) -> Option<(usize, usize)> {
    let rest = &text[after_name..];
    let bare = rest.trim_start_matches(['\\', '"', '\'', ' ']);
    let bare = bare.strip_prefix([':', '=', '>'])?;
    let value = bare.trim_start_matches(' ');
    let unescaped = value.trim_start_matches('\\');
    let is_escaped = unescaped.len() < value.len();
    let quote = unescaped.chars().next().filter(|c| matches!(c, '"' | '\''));
    let Some(quote) = quote else {
        let end = value.find(|c: char| c.is_whitespace() || matches!(c, '&' | '"' | '<')).unwrap_or(value.len());
        let from = text.len() - value.len();
        return Some((from, from + end));
    };
    let inside = &unescaped[quote.len_utf8()..];
    let from = text.len() - inside.len();
    let mut skip = false;
    for (at, c) in inside.char_indices() {
        let ends = match c {
            '\n' => true,
            // An escaped opening quote is closed by an escaped one, a plain one by a plain one.
            '\\' if is_escaped => inside[at..].trim_start_matches('\\').starts_with(quote),
            c => c == quote && !skip,
        };
        if ends {
            return Some((from, from + at));
        }
        skip = c == '\\' && !skip;
    }
    Some((from, text.len()))
}

/// Replaces runs of such bytes (ASCII) where `with` says by what.
fn replace_runs(text: &str, belongs: impl Fn(u8) -> bool, with: impl Fn(&str) -> Option<String>) -> String {
    let bytes = text.as_bytes();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < bytes.len() {
        let run = bytes[at..].iter().take_while(|b| belongs(**b)).count();
        let rest = bytes[at + run..].iter().take_while(|b| !belongs(**b)).count();
        let word = &text[at..at + run];
        match with(word) {
            Some(other) => out.push_str(&other),
            None => out.push_str(word),
        }
        out.push_str(&text[at + run..at + run + rest]);
        at += run + rest;
    }
    out
}
