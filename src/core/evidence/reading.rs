//! Reads facts out of any text: an error body, an exception that wraps one, a log line, a bare code.
//!
//! Looks for shapes and labels, in the text as it is and with its escapes taken off. Judges nothing, and does not know
//! which cause a code stands for.

use super::{Evidence, Mark, Origin, is_sign_in};
use crate::core::names::parse_guid;
use crate::core::secret::looks_like_secret;
use crate::core::untrusted::Untrusted;

/// The most bytes of a text that are read.
pub(super) const MAX_SCAN: usize = 256 * 1024;
/// What stands where a token or secret was.
pub const HIDDEN: &str = "[token]";

/// Adds what a text tells to the evidence. Never takes away what is already known.
pub(super) fn read_into(evidence: &mut Evidence, text: &str) {
    let text = head(text, MAX_SCAN);
    let layers = layers(text);
    for layer in &layers {
        for code in layer.codes() {
            if !evidence.codes.contains(&code) {
                evidence.codes.push(code);
            }
        }
    }
    // The text without escapes names things best.
    for layer in layers.iter().rev() {
        let e = &mut *evidence;
        fill(&mut e.oauth_error, || layer.oauth_error());
        fill(&mut e.service_code, || layer.service_code());
        fill(&mut e.http_status, || layer.status());
        fill(&mut e.retry_after, || layer.values("retry-after").find_map(|value| value.parse().ok()));
        fill(&mut e.trace_id, || layer.id(&["trace id", "trace_id", "traceid"]));
        fill(&mut e.correlation_id, || layer.id(&["correlation id", "correlation_id", "correlationid"]));
        fill(&mut e.timestamp, || layer.timestamp());
        for (name, value) in layer.names() {
            e.named.entry(name.to_owned()).or_insert_with(|| Untrusted::plain(value).one_line(200));
        }
        layer.marks(e);
    }
    if evidence.origin.is_none() {
        let (origin, host) = layers.iter().rev().find_map(Layer::service).unzip();
        if let Some(host) = host {
            evidence.named.entry("host".into()).or_insert_with(|| Untrusted::plain(host).one_line(200));
        }
        evidence.origin = if evidence.codes.is_empty() { origin } else { Some(Origin::Entra) };
    }
}

/// The text without access tokens and values of secrets: neither may be kept (safety rule 1).
pub(super) fn without_tokens(text: &str) -> String {
    let text = replace_runs(
        text,
        |b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~'),
        |run| {
            // A JWT begins with `{"` in base64url; percent forms and quotes may stand before it.
            if let Some(at) = run.find("eyJ").filter(|at| run.len() - at >= 30 && run[*at..].contains('.')) {
                return Some(format!("{}{HIDDEN}", &run[..at]));
            }
            let bare = run.trim_end_matches('.');
            looks_like_secret(bare).then(|| format!("{HIDDEN}{}", &run[bare.len()..]))
        },
    );
    let lower = text.to_ascii_lowercase();
    let names = ["access_token", "refresh_token", "id_token", "client_secret", "clientsecret", "assertion", "password"];
    let mut ends: Vec<(usize, bool)> =
        names.iter().flat_map(|name| lower.match_indices(name).map(|(at, _)| (at + name.len(), false))).collect();
    for scheme in ["bearer ", "basic "] {
        ends.extend(lower.match_indices(scheme).map(|(at, _)| (at + scheme.len(), true)));
    }
    ends.sort_unstable();
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for (end, is_scheme) in ends {
        // A name inside a value that is already hidden is not looked at again: this keeps the scan linear.
        let value = if end < done {
            None
        } else if is_scheme {
            credentials_at(&text, end)
        } else {
            secret_at(&text, end)
        };
        if let Some((from, to)) = value.filter(|(from, to)| from < to && &text[*from..*to] != HIDDEN) {
            out.push_str(&text[done..from]);
            out.push_str(HIDDEN);
            done = to;
        }
    }
    out.push_str(&text[done..]);
    out
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

fn fill<T>(slot: &mut Option<T>, value: impl FnOnce() -> Option<T>) {
    if slot.is_none() {
        *slot = value();
    }
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
fn tail(text: &str, max: usize) -> &str {
    let mut start = text.len().saturating_sub(max);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    &text[start..]
}

/// A text, and the same in small letters at the same offsets.
struct Layer {
    text: String,
    lower: String,
}

/// A text as it may be kept: where only an inner layer shows that something is a secret, that layer is kept instead.
pub(super) fn kept(text: &str) -> String {
    // The error of a long log stands at its end as often as at its start.
    let text = if text.len() <= MAX_SCAN {
        without_tokens(text)
    } else {
        without_tokens(&format!("{}\n{}", head(text, MAX_SCAN / 2), tail(text, MAX_SCAN / 2)))
    };
    let layers = layers(&text);
    let count = |text: &str| text.matches(HIDDEN).count();
    match layers.last() {
        Some(inner) if count(&inner.text) > count(&text) => inner.text.clone(),
        _ => text,
    }
}

/// The text as it is, and with each layer of percent signs, HTML entities or backslashes taken off.
fn layers(text: &str) -> Vec<Layer> {
    let layer = |text: String| Layer { lower: text.to_ascii_lowercase(), text };
    let mut all = vec![layer(text.to_owned())];
    for _ in 0..4 {
        let Layer { text, lower } = &all[all.len() - 1];
        let has = |signs: &[&str]| signs.iter().any(|sign| lower.contains(sign));
        let next = if has(&["%22", "%20", "%3a", "%7b", "%27"]) {
            percent_decoded(text)
        } else if has(&["&quot;", "&#39;", "&#x27;", "&lt;"]) {
            let pairs =
                [("&quot;", "\""), ("&#39;", "'"), ("&#x27;", "'"), ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")];
            pairs.iter().fold(text.clone(), |text, (entity, sign)| text.replace(entity, sign))
        } else if has(&["\\\"", "\\r", "\\n", "\\u00"]) {
            unescaped(text)
        } else {
            break;
        };
        if next == *text {
            break;
        }
        // What was hidden by an escape is hidden now.
        all.push(layer(without_tokens(&next)));
    }
    all
}

fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    // A plus is a blank only where no blank was left.
    let form = !text.contains(' ');
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = (bytes[at] == b'%')
            .then(|| text.get(at + 1..at + 3).and_then(|digits| u8::from_str_radix(digits, 16).ok()))
            .flatten();
        out.push(match (hex, bytes[at]) {
            (Some(byte), _) => byte,
            (None, b'+') if form => b' ',
            (None, byte) => byte,
        });
        at += if hex.is_some() { 3 } else { 1 };
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

/// Where the value stands that follows a name: behind a closing quote, then a colon or equals sign, then blanks. At
/// most `max` bytes of it.
fn value_at(text: &str, after_name: usize, max: usize) -> Option<(usize, usize)> {
    let rest = &text[after_name..];
    let bare = rest.trim_start_matches(['\\', '"', '\'', ' ']);
    let bare = bare.strip_prefix([':', '='])?;
    let value = bare.trim_start_matches([' ', '\\']);
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
    let inside = &value[quote.map_or(0, char::len_utf8)..];
    let from = text.len() - inside.len();
    let inside = head(inside, max);
    let stop = |c: char| match quote {
        Some(quote) => c == quote || c == '\\' || c == '\n',
        None => c.is_whitespace() || matches!(c, '&' | ',' | ';' | '}' | ')' | ']' | '"' | '\'' | '<' | '\\'),
    };
    Some((from, from + inside.find(stop).unwrap_or(inside.len())))
}

const STATUSES: &[(u16, &[&str])] = &[
    (200, &["ok"]),
    (201, &["created"]),
    (202, &["accepted"]),
    (204, &["no content"]),
    (301, &["moved"]),
    (302, &["found", "redirect", "moved"]),
    (303, &["see other"]),
    (307, &["temporary redirect"]),
    (308, &["permanent redirect"]),
    (400, &["bad request", "badrequest"]),
    (401, &["unauthorized", "unauthorised"]),
    (403, &["forbidden"]),
    (404, &["not found", "notfound"]),
    (405, &["method not allowed"]),
    (407, &["proxy authentication"]),
    (408, &["request timeout", "request time-out"]),
    (411, &["length required"]),
    (415, &["unsupported media"]),
    (429, &["too many requests", "toomanyrequests"]),
    (500, &["internal server error", "internalservererror"]),
    (501, &["not implemented"]),
    (502, &["bad gateway", "badgateway"]),
    (503, &["service unavailable", "serviceunavailable", "server unavailable"]),
    (504, &["gateway timeout", "gateway time-out", "gatewaytimeout"]),
];

/// What stands before a number that is a status.
const STATUS_CUES: &[&str] = &[
    "http",
    "http/1.0",
    "http/1.1",
    "http/2",
    "http/2.0",
    "http/3",
    "status",
    "statuscode",
    "status code",
    "status_code",
    "status-code",
    "success",
    "error",
    "errorcode",
    "error code",
    "code",
    "returned",
    "returns",
    "responded with",
    "failed with",
    "answered",
    "answered with",
    "response",
    "received",
    "got",
];

/// OAuth and OpenID errors that are known by name wherever they stand.
const OAUTH_ERRORS: &[&str] = &[
    "invalid_client",
    "invalid_grant",
    "unauthorized_client",
    "invalid_request",
    "invalid_resource",
    "invalid_scope",
    "invalid_instance",
    "invalid_tenant",
    "invalid_token",
    "interaction_required",
    "consent_required",
    "login_required",
    "temporarily_unavailable",
    "unsupported_grant_type",
    "unsupported_response_type",
    "authorization_pending",
    "authorization_declined",
    "expired_token",
    "bad_verification_code",
    "slow_down",
    "access_denied",
    "permission_denied",
    "insufficient_claims",
    "server_error",
];

/// Beginnings of service error codes that are known wherever they stand (facts, section 5).
const SERVICE_FAMILIES: &[&str] = &["badrequest_", "authentication_", "authorization_", "internal_", "application_"];

/// What known texts of Entra and OData say before they name a thing.
const NAMING: &[(&str, &str)] = &[
    ("resource principal named ", "resource"),
    ("resource value from request: ", "resource"),
    ("in the tenant named ", "tenant"),
    ("in the directory ", "tenant"),
    ("in the tenant ", "tenant"),
    ("specified tenant identifier ", "tenant"),
    ("aadsts90002: tenant ", "tenant"),
    ("application with identifier ", "app"),
    ("use the application with id ", "app"),
    ("secret added to app ", "app"),
    ("secret keys for app ", "app"),
    ("the client application ", "app"),
    ("client app id: ", "app"),
    ("value for scope ", "scope"),
    ("input parameter scope ", "scope"),
    ("redirect uri ", "redirect_uri"),
    ("following parameter: ", "parameter"),
    ("presented assertion subject ", "subject"),
    ("thumbprint of key used by client: ", "thumbprint"),
    ("not found for the segment ", "entity"),
];

impl Layer {
    /// The values that stand behind a name: `"name": "value"`, `name=value`, `Name: value`.
    fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.lower.match_indices(name).filter_map(move |(at, _)| {
            let whole = !self.lower[..at].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-');
            let (from, to) = whole.then(|| value_at(&self.text, at + name.len(), 400)).flatten()?;
            Some(&self.text[from..to])
        })
    }

    /// The words: runs of letters, digits and these signs.
    fn words<'a>(&'a self, signs: &'a [char]) -> impl Iterator<Item = &'a str> {
        self.lower.split(move |c: char| !c.is_ascii_alphanumeric() && !signs.contains(&c))
    }

    /// AADSTS codes, in the order of the text.
    fn codes(&self) -> Vec<u32> {
        let number = |text: &str| -> Option<u32> {
            let digits = text.bytes().take_while(u8::is_ascii_digit).count();
            // The shortest documented code has five digits.
            (5..=8).contains(&digits).then(|| text[..digits].parse().ok()).flatten()
        };
        let mut codes = Vec::new();
        let bare = self.lower.trim().trim_matches(['"', '\'', '`']);
        if bare.bytes().all(|b| b.is_ascii_digit()) {
            codes.extend(number(bare));
        }
        for (at, sign) in self.lower.match_indices("aadsts") {
            codes.extend(number(self.lower[at + sign.len()..].trim_start_matches([' ', '-', '_', ':'])));
        }
        for (at, sign) in self.lower.match_indices("error_codes") {
            let list = head(&self.lower[at + sign.len()..], 200);
            if let Some((list, _)) = list.split_once(']') {
                codes.extend(list.split(|c: char| !c.is_ascii_digit()).filter_map(number));
            }
        }
        for (at, sign) in self.lower.match_indices("/error?code=") {
            codes.extend(number(&self.lower[at + sign.len()..]));
        }
        codes
    }

    /// The OAuth `error`: by its name, else a well-known word.
    fn oauth_error(&self) -> Option<String> {
        let is_error = |value: &&str| {
            (6..=40).contains(&value.len())
                && value.contains('_')
                && value.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
        };
        let known = || self.words(&['_']).find(|word| OAUTH_ERRORS.contains(word));
        self.values("error").find(is_error).or_else(known).map(str::to_owned)
    }

    /// The code of an OData, Graph, Business Central, Dataverse or token-validation error.
    fn service_code(&self) -> Option<String> {
        let is_code = |value: &&str| {
            (4..=80).contains(&value.len())
                && value.starts_with(|c: char| c.is_ascii_alphabetic())
                && value.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'))
        };
        // Only as JSON: elsewhere "code" may be followed by anything.
        let json = || {
            self.lower.match_indices("\"code\"").find_map(|(at, name)| {
                let (from, to) = value_at(&self.text, at + name.len() - 1, 100)?;
                Some(&self.text[from..to]).filter(is_code)
            })
        };
        // Dataverse writes numbers: 0x80072560.
        let number = || {
            self.words(&[]).find(|word| {
                word.len() == 10 && word.starts_with("0x8") && word[2..].bytes().all(|b| b.is_ascii_hexdigit())
            })
        };
        let validation = || {
            self.words(&[]).find(|word| {
                word.len() == 8 && word.starts_with("idx") && word[3..].bytes().all(|b| b.is_ascii_digit())
            })
        };
        let family = || {
            SERVICE_FAMILIES.iter().find_map(|family| {
                let at = self.lower.find(family)?;
                let end = self.text[at..].find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
                Some(&self.text[at..end.map_or(self.text.len(), |end| at + end)]).filter(is_code)
            })
        };
        number()
            .map(str::to_owned)
            .or_else(|| validation().map(str::to_ascii_uppercase))
            .or_else(|| json().or_else(family).map(str::to_owned))
    }

    /// The HTTP status: a number that says so by what stands around it. Errors before successes and redirects.
    fn status(&self) -> Option<u16> {
        let bytes = self.lower.as_bytes();
        let mut found: Option<u16> = None;
        let mut at = 0;
        while at < bytes.len() {
            let run = bytes[at..].iter().take_while(|b| b.is_ascii_digit()).count();
            if run == 3 && self.is_status(at) {
                let status = self.lower[at..at + 3].parse().ok();
                if status.is_some_and(|status| status >= 400) {
                    return status;
                }
                found = found.or(status);
            }
            at += run.max(1);
        }
        found.or_else(|| {
            let word = self.values("statuscode").next()?.to_ascii_lowercase();
            STATUSES.iter().find(|(_, words)| words.contains(&word.as_str())).map(|(status, _)| *status)
        })
    }

    fn is_status(&self, at: usize) -> bool {
        let (before, number, after) = (&self.lower[..at], &self.lower[at..at + 3], &self.lower[at + 3..]);
        let Some((_, phrases)) = STATUSES.iter().find(|(status, _)| number.parse() == Ok(*status)) else {
            return false;
        };
        if before.ends_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | ',' | '-' | '_'))
            || after.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        {
            return false;
        }
        let cue = tail(before, 40).trim_end_matches([' ', ':', '=', '"', '\'', '(', '[', '\\', '#']);
        let phrase = after.trim_start_matches([' ', ':', '-', '(', ')', '"', '\'', ',']);
        (before.ends_with('(') && after.starts_with(')'))
            || phrases.iter().any(|words| phrase.starts_with(words))
            || STATUS_CUES.iter().any(|word| {
                cue.strip_suffix(word).is_some_and(|front| !front.ends_with(|c: char| c.is_ascii_alphanumeric()))
            })
    }

    /// The GUID behind one of these labels.
    fn id(&self, labels: &[&str]) -> Option<String> {
        labels.iter().flat_map(|label| self.lower.match_indices(*label)).find_map(|(at, label)| {
            let rest = self.text[at + label.len()..].trim_start_matches([' ', ':', '=', '"', '\'', '\\']);
            let id = rest.get(..36)?;
            parse_guid(id).map(|_| id.to_owned())
        })
    }

    /// When Entra answered, in its own words: `2026-11-21 10:00:00Z`.
    fn timestamp(&self) -> Option<String> {
        self.lower.match_indices("timestamp").find_map(|(at, label)| {
            let rest = self.text[at + label.len()..].trim_start_matches([' ', ':', '=', '"', '\'', '\\']);
            let part = rest.find(|c: char| !c.is_ascii_digit() && !matches!(c, '-' | ':' | '.' | ' ' | 'T'));
            let part = &rest[..part.unwrap_or(rest.len())];
            let zone = if rest[part.len()..].starts_with('Z') { "Z" } else { "" };
            let text = format!("{}{zone}", part.trim_end());
            ((10..=40).contains(&text.len()) && text.contains('-')).then_some(text)
        })
    }

    /// Things that known texts name.
    fn names(&self) -> Vec<(&'static str, &str)> {
        let mut names = Vec::new();
        for (marker, name) in NAMING {
            let Some(at) = self.lower.find(marker) else { continue };
            let rest = head(&self.text[at + marker.len()..], 400);
            let quote = rest.chars().next().filter(|c| matches!(c, '\'' | '"'));
            let value = match quote {
                Some(quote) => rest[1..].split(quote).next().unwrap_or_default(),
                None => {
                    let ends = [". ", " was ", " is ", " to ", ", ", "(", "\r", "\n", "\""];
                    let end = ends.iter().filter_map(|end| rest.find(end)).min();
                    rest[..end.unwrap_or(rest.len())].trim_end_matches('.')
                }
            };
            if !value.trim().is_empty() {
                names.push((*name, value));
            }
        }
        if let Some(at) = self.lower.find("/data/") {
            let rest = &self.text[at + 6..];
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
            if (1..=100).contains(&end) {
                names.push(("entity", &rest[..end]));
            }
        }
        if let Some(value) = self.values("suberror").find(|value| !value.is_empty()) {
            names.push(("suberror", value));
        }
        names
    }

    /// Marks that the text itself shows.
    fn marks(&self, evidence: &mut Evidence) {
        let has = |signs: &[&str]| signs.iter().any(|sign| self.lower.contains(sign));
        if has(&["<!doctype html", "<html"]) {
            evidence.marks.insert(Mark::Html);
            let signs = [
                "login.microsoftonline",
                "loginfmt",
                "/adfs/ls",
                "wsfed",
                "type=\"password\"",
                "type='password'",
                "sign in",
                "sign-in",
                "log in",
            ];
            if has(&signs) {
                evidence.marks.insert(Mark::LoginPage);
            }
        }
        if has(&[
            "maintenance mode",
            "in maintenance",
            "under maintenance",
            "for maintenance",
            "scheduled maintenance",
            "planned maintenance",
            "maintenance window",
            "being serviced",
        ]) {
            evidence.marks.insert(Mark::Maintenance);
        }
        let moved = evidence.http_status.is_none_or(|status| (300..400).contains(&status));
        if let Some(target) = self.values("location").find(|value| value.starts_with("http")).filter(|_| moved) {
            evidence.marks.insert(Mark::Redirect);
            if is_sign_in(target) {
                evidence.marks.insert(Mark::LoginPage);
            }
            let shown = target.split(['?', '#']).next().unwrap_or_default();
            evidence.named.entry("redirect_to".into()).or_insert_with(|| Untrusted::plain(shown).one_line(200));
        }
    }

    /// Whose answer it is by the hosts and paths it names; a sign-in host only where no service is named.
    fn service(&self) -> Option<(Origin, &str)> {
        let hosts = || self.words(&['.', '-']).map(|word| word.trim_matches(['.', '-'])).filter(|w| w.contains('.'));
        let found = |wanted: fn(Origin) -> bool| {
            hosts().find_map(|host| origin_of(host).filter(|origin| wanted(*origin)).map(|origin| (origin, host)))
        };
        let sign = |signs: &[&str]| signs.iter().any(|sign| self.lower.contains(sign));
        if sign(&["businessappplatform"]) {
            return Some((Origin::PowerPlatform, ""));
        }
        found(|origin| origin != Origin::Entra)
            // The P3P header is a fingerprint of the F&O front end (facts 4.6).
            .or_else(|| {
                sign(&["no p3p policy defined", "usersessionservice", "/api/connector/"])
                    .then_some((Origin::FinanceOperations, ""))
            })
            .or_else(|| found(|origin| origin == Origin::Entra))
    }
}

/// Whose host a name is, by the parts that tell products apart (facts 1.9).
fn origin_of(host: &str) -> Option<Origin> {
    let ends = |ending: &str| crate::core::cloud::ends_on_dot(host, ending);
    let dynamics = ends("dynamics.com") || ends("microsoftdynamics.us") || ends("dynamics.cn");
    if host.starts_with("login.") || host == "sts.windows.net" {
        Some(Origin::Entra)
    } else if host.contains("graph.microsoft.")
        || ends("microsoftgraph.chinacloudapi.cn")
        || host == "graph.windows.net"
    {
        Some(Origin::Graph)
    } else if ends("businesscentral.dynamics.com") || ends("financials.dynamics.com") {
        Some(Origin::BusinessCentral)
    } else if host == "api.bap.microsoft.com" || host == "api.powerplatform.com" {
        Some(Origin::PowerPlatform)
    } else if dynamics
        && (host.split('.').any(|label| label == "operations")
            || ["cloudax.dynamics.com", "axcloud.dynamics.com", "cloud.onebox.dynamics.com"].iter().any(|e| ends(e)))
    {
        Some(Origin::FinanceOperations)
    } else if (dynamics || ends("appsplatform.us"))
        && host
            .split('.')
            .any(|label| label.strip_prefix("crm").is_some_and(|number| number.bytes().all(|b| b.is_ascii_digit())))
    {
        Some(Origin::Dataverse)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Reply, read_text};
    use super::*;
    use crate::core::check::CheckId;
    use crate::core::secret::Scrubber;

    const GUID: &str = "19072c09-bf6c-4c36-b128-b12280421700";

    fn entra_json() -> String {
        format!(
            "{{\"error\":\"invalid_client\",\"error_description\":\"AADSTS7000215: Invalid client secret provided. Ensure the secret being \
             sent in the request is the client secret value, not the client secret ID, for a secret added to app 'my-app'.\\r\\nTrace ID: {GUID}\
             \\r\\nCorrelation ID: {GUID}\\r\\nTimestamp: 2026-11-21 10:00:00Z\",\"error_codes\":[7000215],\"timestamp\":\"2026-11-21 10:00:00Z\",\
             \"trace_id\":\"{GUID}\",\"correlation_id\":\"{GUID}\"}}"
        )
    }

    #[test]
    fn one_error_in_every_wrapping() {
        let json = entra_json();
        let once = serde_json::to_string(&json).unwrap();
        let twice = serde_json::to_string(&once).unwrap();
        let percent: String = url::form_urlencoded::byte_serialize(json.as_bytes()).collect();
        let html = json.replace('"', "&quot;");
        for text in [
            json.clone(),
            format!("System.Exception: token failed: {json} at Foo.Bar() in C:\\build\\src\\x.cs:line 401"),
            once,
            twice,
            percent,
            html,
        ] {
            let e = read_text(&text);
            assert_eq!(e.codes, [7000215], "{text}");
            assert_eq!(e.oauth_error.as_deref(), Some("invalid_client"), "{text}");
            assert_eq!(e.trace_id.as_deref(), Some(GUID), "{text}");
            assert_eq!(e.correlation_id.as_deref(), Some(GUID), "{text}");
            assert_eq!(e.timestamp.as_deref(), Some("2026-11-21 10:00:00Z"), "{text}");
            assert_eq!(e.named.get("app").map(String::as_str), Some("my-app"), "{text}");
            assert_eq!(e.origin, Some(Origin::Entra), "{text}");
            assert_eq!(e.http_status, None, "{text}");
        }
    }

    #[test]
    fn codes() {
        for (text, codes) in [
            ("7000215", &[7000215][..]),
            (" AADSTS7000215 ", &[7000215]),
            ("aadsts50011: The redirect URI", &[50011]),
            ("AADSTS 90002", &[90002]),
            ("AADSTS70002: Error. AADSTS50012: Invalid. AADSTS70002 again", &[70002, 50012]),
            ("{\"error_codes\":[70002, 50012]}", &[70002, 50012]),
            ("https://login.microsoftonline.com/error?code=700016", &[700016]),
            ("401", &[]),
            ("1234567 rows read", &[]),
            ("AADSTS", &[]),
            ("AADSTS123456789012", &[]),
        ] {
            assert_eq!(read_text(text).codes, codes, "{text}");
        }
    }

    #[test]
    fn statuses() {
        for (text, status) in [
            ("HTTP/1.1 401 Unauthorized", Some(401)),
            ("HTTP 403", Some(403)),
            ("401 Unauthorized", Some(401)),
            ("The remote server returned an error: (401) Unauthorized.", Some(401)),
            ("StatusCode: 401, ReasonPhrase: 'Unauthorized'", Some(401)),
            ("StatusCode: Forbidden", Some(403)),
            ("Response status code does not indicate success: 429 (Too Many Requests).", Some(429)),
            ("{\"status\":503}", Some(503)),
            ("Request failed with status code 404", Some(404)),
            ("curl: (22) The requested URL returned error: 401", Some(401)),
            ("HTTP/1.1 302 Found, then HTTP/1.1 401", Some(401)),
            ("HTTP/2 200", Some(200)),
            ("401", None),
            ("line 401", None),
            ("404 customers were read", None),
            ("port 443, code 4011", None),
            ("version 1.401", None),
        ] {
            assert_eq!(read_text(text).http_status, status, "{text}");
        }
    }

    #[test]
    fn origins() {
        for (text, origin) in [
            ("GET https://contoso.operations.dynamics.com/data/CustomersV3", Some(Origin::FinanceOperations)),
            ("contoso.sandbox.operations.eu.dynamics.com", Some(Origin::FinanceOperations)),
            ("https://contoso.operations.high.microsoftdynamics.us", Some(Origin::FinanceOperations)),
            ("https://usnconeboxax1aos.cloud.onebox.dynamics.com", Some(Origin::FinanceOperations)),
            (
                "P3P: CP=\"No P3P policy defined. Read the Microsoft privacy statement\"",
                Some(Origin::FinanceOperations),
            ),
            ("https://contoso.crm4.dynamics.com/api/data/v9.2", Some(Origin::Dataverse)),
            ("https://api.businesscentral.dynamics.com/v2.0/", Some(Origin::BusinessCentral)),
            ("https://graph.microsoft.com/v1.0/organization", Some(Origin::Graph)),
            ("https://login.microsoftonline.com/common", Some(Origin::Entra)),
            ("providers/Microsoft.BusinessAppPlatform/scopes", Some(Origin::PowerPlatform)),
            (
                "Bearer authorization_uri=https://login.microsoftonline.com/x, resource_id=https://org.crm.dynamics.com/",
                Some(Origin::Dataverse),
            ),
            (
                "AADSTS500011: The resource principal named https://contoso.operations.dynamics.com was not found",
                Some(Origin::Entra),
            ),
            ("nothing to see", None),
        ] {
            assert_eq!(read_text(text).origin, origin, "{text}");
        }
    }

    #[test]
    fn names() {
        for (text, name, value) in [
            ("Application with identifier 'abc' was not found in the directory 'Contoso Ltd'.", "app", "abc"),
            (
                "Application with identifier 'abc' was not found in the directory 'Contoso Ltd'.",
                "tenant",
                "Contoso Ltd",
            ),
            ("AADSTS90002: Tenant 'nope.test' not found.", "tenant", "nope.test"),
            (
                "AADSTS500011: The resource principal named https://x.test was not found in the tenant named Contoso Ltd. This can",
                "resource",
                "https://x.test",
            ),
            (
                "AADSTS500011: The resource principal named https://x.test was not found in the tenant named Contoso Ltd. This can",
                "tenant",
                "Contoso Ltd",
            ),
            (
                "AADSTS7000229: The client application abc is missing service principal in the tenant def. See",
                "app",
                "abc",
            ),
            (
                "AADSTS900144: The request body must contain the following parameter: 'grant_type'.",
                "parameter",
                "grant_type",
            ),
            ("Resource not found for the segment 'Customers'.", "entity", "Customers"),
            ("GET https://x.operations.dynamics.com/data/VendVendors?$top=1", "entity", "VendVendors"),
        ] {
            assert_eq!(read_text(text).named.get(name).map(String::as_str), Some(value), "{text}");
        }
    }

    #[test]
    fn service_codes() {
        for (text, code) in [
            (
                "{\"error\":{\"code\":\"Authorization_RequestDenied\",\"message\":\"no\"}}",
                Some("Authorization_RequestDenied"),
            ),
            ("{\"error\":{\"code\":\"0x80072560\",\"message\":\"The user is not a member\"}}", Some("0x80072560")),
            ("{\"code\":\"environmentNotFound\",\"message\":\"x\"}", Some("environmentNotFound")),
            ("Error Authentication_InvalidCredentials: The server", Some("Authentication_InvalidCredentials")),
            ("Microsoft.IdentityModel: IDX10214: Audience validation failed", Some("IDX10214")),
            ("{\"error\":\"invalid_client\"}", None),
        ] {
            assert_eq!(read_text(text).service_code.as_deref(), code, "{text}");
        }
    }

    #[test]
    fn pages_and_redirects() {
        let page = read_text("<!DOCTYPE html><html><title>Sign in to your account</title>");
        assert!(page.marks.contains(&Mark::Html) && page.marks.contains(&Mark::LoginPage));
        let moved =
            read_text("HTTP/1.1 302 Found\r\nLocation: https://login.microsoftonline.com/x/wsfed?wtrealm=spn\r\n");
        assert!(moved.marks.contains(&Mark::Redirect) && moved.marks.contains(&Mark::LoginPage));
        assert_eq!(moved.named["redirect_to"], "https://login.microsoftonline.com/x/wsfed");
        assert!(read_text("<html>Down for scheduled maintenance</html>").marks.contains(&Mark::Maintenance));
    }

    #[test]
    fn tokens_and_secrets_are_not_kept() {
        let jwt = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJodHRwczovL2NvbnRvc28ifQ.c2lnbmF0dXJl";
        let secret = "abc8Q~defghijklmnopqrstuvwxyz0123456789.";
        for text in [
            format!("Authorization: Bearer {jwt}"),
            "curl -H 'authorization: bearer opaque+c2lnbmF0dXJl/0123'".to_owned(),
            "Authorization: Basic dXNlcjpjMmxuYm1GMGRYSmw=c2lnbmF0dXJl".to_owned(),
            format!("{{\"access_token\":\"{jwt}\",\"token_type\":\"Bearer\"}}"),
            format!("%22access_token%22%3A%22{jwt}%22"),
            "{\"access_token\":\"opaque-c2lnbmF0dXJl\"}".to_owned(),
            "{\\\"access_token\\\":\\\"opaque-c2lnbmF0dXJl\\\"}".to_owned(),
            format!("curl -d client_secret={secret} https://login"),
            format!("my secret {secret} fails"),
            "client_secret=c2lnbmF0dXJl&grant_type=client_credentials".to_owned(),
        ] {
            let kept = read_text(&text);
            let kept = format!("{kept:?}");
            assert!(!kept.contains("c2lnbmF0dXJl") && !kept.contains("efghijkl"), "{text} -> {kept}");
            assert!(kept.contains(HIDDEN), "{text} -> {kept}");
        }
        let message = "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.";
        assert_eq!(read_text(message).text.as_str(), message);
        let challenge = "Bearer authorization_uri=\"https://login.windows.net/common\", error=\"invalid_token\"";
        assert_eq!(read_text(challenge).text.as_str(), challenge);
    }

    #[test]
    fn replies() {
        let reply = |status, body: &str, challenge: Option<&str>| Reply {
            status,
            content_type: String::new(),
            location: None,
            retry_after: None,
            challenge: challenge.map(str::to_owned),
            body: body.as_bytes().to_vec(),
        };
        let read =
            |reply: &Reply| reply.evidence(CheckId::Registration, Origin::FinanceOperations, &Scrubber::default());
        let empty =
            read(&reply(401, "", Some("Bearer error=\"invalid_token\", error_description=\"IDX10214: Audience\"")));
        assert!(empty.marks.contains(&Mark::EmptyBody));
        assert_eq!((empty.http_status, empty.origin), (Some(401), Some(Origin::FinanceOperations)));
        assert_eq!(empty.oauth_error.as_deref(), Some("invalid_token"));
        assert_eq!(empty.service_code.as_deref(), Some("IDX10214"));
        assert!(empty.text.as_str().starts_with("Bearer error"));
        // The status of the reply stands, whatever its body speaks of.
        let page = read(&reply(503, "<html>HTTP 200 OK, in maintenance</html>", None));
        assert_eq!(page.http_status, Some(503));
        assert!(page.marks.contains(&Mark::Html) && page.marks.contains(&Mark::Maintenance));
        let echo = read(&reply(400, "client_secret=c2lnbmF0dXJl", None));
        assert_eq!(echo.text.as_str(), "client_secret=[token]");
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read(text in "(\\PC|[\\x00-\\x{ffff}]|AADSTS|\"error\":|\\\\u00|%2|error_codes|eyJ|Location: |'|401)*") {
            let evidence = read_text(&text);
            proptest::prop_assert!(evidence.codes.iter().all(|code| *code < 100_000_000));
        }
    }

    #[test]
    fn long_text_ends() {
        // Every scan is linear: the worst inputs for each are read to the cap and no further.
        for part in [
            "aadsts",
            "\\",
            "\"code\"",
            "location:",
            "%22",
            "eyJ",
            "client_secret=",
            "error:",
            "password:",
            "401 ",
            "'",
        ] {
            let text = part.repeat(2 * MAX_SCAN / part.len());
            assert!(read_text(&text).codes.is_empty(), "{part}");
        }
    }
}
