//! Reads facts out of any text: an error body, an exception that wraps one, a log line, a bare code.
//!
//! Looks for shapes and labels, in the text as it is and with its escapes taken off. Judges nothing, and does not know
//! which cause a code stands for.

use super::layers::{Layer, Layers, head, tail};
use super::{Evidence, Mark, Origin, compare, is_sign_in, is_sign_in_host, says};
use crate::core::cloud::ends_on_dot;
use crate::core::names::{is_domain, parse_guid};
use crate::core::secret::is_placeholder;
use crate::core::untrusted::{Untrusted, is_deceptive};
use std::collections::BTreeSet;

/// Adds what a text tells to the evidence. Never takes away what is already known.
pub(super) fn read_into(evidence: &mut Evidence, layers: &Layers) {
    for code in codes(layers) {
        if !evidence.codes.contains(&code) {
            evidence.codes.push(code);
        }
    }
    // The text without escapes names things best; what a line break cut in two comes last.
    let all = || layers.plain.iter().rev().chain([&layers.line, &layers.glued]);
    let e = &mut *evidence;
    fill(&mut e.oauth_error, || {
        let known =
            |layer: &Layer| layer.labelled_error().filter(|word| OAUTH_ERRORS.contains(word)).map(str::to_owned);
        let labelled = |layer: &Layer| layer.labelled_error().map(str::to_owned);
        let anywhere = |layer: &Layer| layer.words(&['_']).find(|word| OAUTH_ERRORS.contains(word)).map(str::to_owned);
        all().find_map(known).or_else(|| all().find_map(labelled)).or_else(|| all().find_map(anywhere))
    });
    for layer in all() {
        fill(&mut e.service_code, || layer.service_code());
        fill(&mut e.http_status, || layer.status());
        fill(&mut e.retry_after, || layer.values("retry-after").find_map(|value| value.parse().ok()));
        fill(&mut e.trace_id, || layer.id(&["trace id", "trace_id", "traceid"]));
        fill(&mut e.correlation_id, || layer.id(&["correlation id", "correlation_id", "correlationid"]));
        fill(&mut e.timestamp, || layer.timestamp());
    }
    fill(&mut e.http_status, || all().find_map(Layer::status_in_words));
    for layer in layers.plain.iter().rev().chain([&layers.line]) {
        for (name, value) in layer.names() {
            let unseen: BTreeSet<char> = value.chars().filter(|c| is_deceptive(*c)).collect();
            if !unseen.is_empty() && ["app", "tenant", "resource"].contains(&name) {
                e.marks.insert(Mark::InvisibleNamed);
                let signs: Vec<String> = unseen.iter().map(|c| format!("U+{:04X}", *c as u32)).collect();
                e.named.entry("invisible".into()).or_insert_with(|| head(&signs.join(", "), 60).to_owned());
            }
            e.named.entry(name.to_owned()).or_insert_with(|| named(value));
        }
        layer.marks(e);
    }
    if evidence.origin.is_none() {
        let (origin, host) = layers.plain.iter().rev().find_map(Layer::service).unzip();
        if let Some(host) = host.filter(|host| !host.is_empty()) {
            evidence.named.entry("host".into()).or_insert_with(|| named(host));
        }
        evidence.origin = if evidence.codes.is_empty() { origin } else { Some(Origin::Entra) };
        let other = layers.plain.iter().rev().find_map(Layer::other_host).filter(|_| evidence.origin.is_none());
        if let Some(host) = other {
            evidence.marks.insert(Mark::OtherHost);
            evidence.named.entry("host".into()).or_insert_with(|| named(host));
        }
    }
    compare::names_alone(evidence);
}

/// A named thing as it is kept: harmless, and whole where it is a GUID that a line break cut in two.
fn named(value: &str) -> String {
    let bare: String = value.split_whitespace().collect();
    if parse_guid(&bare).is_some() { bare } else { Untrusted::plain(value).one_line(200) }
}

/// So many different codes of one text are kept: an answer has one or two.
const MAX_CODES: usize = 64;

/// AADSTS codes, in the order of the text; a bare number counts where nothing better is there.
fn codes(layers: &Layers) -> Vec<u32> {
    let mut codes: Vec<u32> = Vec::new();
    for code in layers.plain.iter().flat_map(Layer::codes) {
        if codes.len() < MAX_CODES && !codes.contains(&code) {
            codes.push(code);
        }
    }
    // A line break inside of a code: Microsoft writes a colon and a blank behind each.
    for (code, has_colon) in layers.glued.written_codes() {
        if codes.len() < MAX_CODES && !codes.contains(&code) && (has_colon || codes.is_empty()) {
            let whole = code.to_string();
            codes.retain(|piece| !whole.starts_with(&piece.to_string()));
            codes.push(code);
        }
    }
    if codes.is_empty() {
        codes = layers.plain.iter().rev().flat_map(Layer::bare_codes).take(MAX_CODES).collect();
    }
    codes
}

fn fill<T>(slot: &mut Option<T>, value: impl FnOnce() -> Option<T>) {
    if slot.is_none() {
        *slot = value();
    }
}

/// The value behind a name: behind a closing quote, then a colon or equals sign, then blanks. At most `max` bytes of it.
fn value_in(behind_name: &str, max: usize) -> Option<&str> {
    let bare = behind_name.trim_start_matches(['\\', '"', '\'', ' ']);
    let value = bare.strip_prefix([':', '='])?.trim_start_matches([' ', '\\']);
    let quote = ['"', '\''].into_iter().find(|quote| value.starts_with(*quote));
    let inside = quote.and_then(|quote| value.strip_prefix(quote)).unwrap_or(value);
    let stop = |c: char| match quote {
        Some(quote) => c == quote || c == '\\' || c == '\n',
        None => c.is_whitespace() || matches!(c, '&' | ',' | ';' | '}' | ')' | ']' | '"' | '\'' | '<' | '\\'),
    };
    head(inside, max).split(stop).next()
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
    (429, &["too many requests", "toomanyrequests", "retry-after"]),
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
    "httpstatuscode",
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
    "answers",
    "gives",
    "gave",
    "throws",
    "responds",
    "responds with",
    "answered with",
    "response",
    "received",
    "got",
    "always",
    "bare",
    "empty",
];

/// What stands before a number that is an AADSTS code without saying so.
const CODE_CUES: &[&str] = &[
    "error",
    "errors",
    "err",
    "errorcode",
    "error_code",
    "code",
    "resulttype",
    "result type",
    "errornumber",
    "invalid_client",
    "invalid_grant",
    "invalid_request",
    "unauthorized_client",
];

/// Whole sentences of frameworks that stand for a status.
const SENTENCES: &[(&str, u16)] = &[
    ("the http request is unauthorized with client authentication scheme", 401),
    ("the http request was forbidden with client authentication scheme", 403),
    // Headers that come with these alone.
    ("www-authenticate: bearer authorization_uri", 401),
    ("proxy-authenticate:", 407),
    ("exception: unauthorized", 401),
    ("exception: forbidden", 403),
    ("\"exceptionmessage\":\"unauthorized", 401),
    ("\"exceptionmessage\":\"forbidden", 403),
    ("failed with unauthorized", 401),
    ("fails with unauthorized", 401),
    ("status code unauthorized", 401),
    ("status code forbidden", 403),
    ("http:unauthorized", 401),
    ("http:forbidden", 403),
    ("authorization has been denied for this request", 401),
    ("access is denied due to invalid credentials", 401),
    (">forbidden</faultstring>", 403),
    (">unauthorized</faultstring>", 401),
];

/// OAuth and OpenID errors that are known by name wherever they stand.
pub(super) const OAUTH_ERRORS: &[&str] = &[
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
    "insufficient_scope",
    "server_error",
];

/// Beginnings of service error codes that are known wherever they stand (facts, section 5).
const SERVICE_FAMILIES: &[&str] = &["badrequest_", "authentication_", "authorization_", "internal_", "application_"];

/// What known texts of Entra and OData say before they name a thing.
const NAMING: &[(&str, &str)] = &[
    ("resource principal named ", "resource"),
    ("needs access to a service (", "resource"),
    ("resource value from request: ", "resource"),
    ("service principal for resource ", "resource"),
    ("the application named ", "resource"),
    ("in the tenant named ", "tenant"),
    ("in the directory ", "tenant"),
    ("does not exist in tenant ", "tenant"),
    ("in the tenant ", "tenant"),
    ("specified tenant identifier ", "tenant"),
    ("aadsts90002: tenant ", "tenant"),
    ("no service namespace named ", "tenant"),
    ("application with identifier ", "app"),
    ("use the application with id ", "app"),
    ("secret added to app ", "app"),
    ("secret keys for app ", "app"),
    ("the client application ", "app"),
    ("client app id: ", "app"),
    ("aadsts7000112: application ", "app"),
    ("aadsts501051: application ", "app"),
    ("aadsts50194: application ", "app"),
    ("aadsts700038: ", "app"),
    ("requested tenant identifier ", "tenant"),
    ("configured for the application ", "app"),
    ("not assigned to a role for the application ", "resource_app"),
    ("has configured the application ", "resource_app"),
    ("value for scope ", "scope"),
    ("input parameter scope ", "scope"),
    ("is not valid. the scope ", "scope"),
    ("redirect uri ", "redirect_uri"),
    ("reply url ", "redirect_uri"),
    ("reply address ", "redirect_uri"),
    ("audience validation failed. audiences: ", "audience"),
    ("presented assertion issuer ", "issuer"),
    ("assertion issuer: ", "issuer"),
    ("presented assertion audience ", "audience"),
    ("assertion audience: ", "audience"),
    ("following parameter: ", "parameter"),
    ("presented assertion subject ", "subject"),
    ("assertion subject: ", "subject"),
    ("thumbprint of key used by client: ", "thumbprint"),
    ("not found for the segment ", "entity"),
];

/// The status of which a text is the name: `Unauthorized`.
fn status_of(word: &str) -> Option<u16> {
    let word = word.trim().to_ascii_lowercase();
    STATUSES.iter().find(|(status, words)| *status >= 400 && words.contains(&word.as_str())).map(|(status, _)| *status)
}

/// The runs of digits of a text, with their places.
pub(super) fn numbers(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        at += text[at..].find(|c: char| c.is_ascii_digit())?;
        let from = at;
        at += text[at..].bytes().take_while(u8::is_ascii_digit).count();
        Some((from, &text[from..at]))
    })
}

/// What may stand between `AADSTS` and its number.
const CODE_GAPS: [char; 5] = [' ', '-', '_', ':', '#'];

/// The code with which a text begins. The shortest documented one has five digits.
fn code_at(text: &str, most: usize) -> Option<u32> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    (5..=most).contains(&digits).then(|| text[..digits].parse().ok()).flatten()
}

/// Whether a text can be a tenant's id or domain; a line break may have cut it in two.
fn is_tenant(text: &str) -> bool {
    let bare: String = text.split_whitespace().collect();
    parse_guid(&bare).is_some() || is_domain(&bare.to_ascii_lowercase())
}

/// The verbs of HTTP.
const VERBS: [&str; 7] = ["get", "post", "put", "patch", "delete", "head", "options"];

/// What stands on the last line of a text, at most 400 bytes.
fn head_of_line(text: &str) -> &str {
    tail(text, 400).rsplit('\n').next().unwrap_or_default()
}

/// Whether a text ends with a call: `GET /data/CustomersV3 `.
fn is_after_call(text: &str) -> bool {
    let mut words = tail(text, 400).split_whitespace().rev();
    let address = words.next().unwrap_or_default().trim_start_matches(['.', '…']);
    let verb = words.next().unwrap_or_default().trim_start_matches(['"', '\'', '[']);
    text.ends_with([' ', '\n']) && (address.starts_with('/') || address.contains("://")) && VERBS.contains(&verb)
}

/// Whether a text ends with a call and an arrow: `GET /data/CustomersV3 -> `.
fn is_after_arrow(text: &str) -> bool {
    let text = text.trim_end_matches(' ');
    ["->", "=>", "→"].iter().filter_map(|arrow| text.strip_suffix(arrow)).any(|call| {
        let line = head_of_line(call).trim();
        let last = line.rsplit(' ').next().unwrap_or_default();
        line.is_empty() || last.starts_with('/') || VERBS.iter().any(|verb| says(line, verb))
    })
}

/// Whether a text ends with one of these as whole words.
fn ends_with_word(text: &str, words: &[&str]) -> bool {
    words
        .iter()
        .any(|word| text.strip_suffix(word).is_some_and(|front| !front.ends_with(|c: char| c.is_ascii_alphanumeric())))
}

impl Layer {
    /// The values that stand behind a name: `"name": "value"`, `name=value`, `Name: value`.
    fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.lower.match_indices(name).filter_map(move |(at, _)| {
            let whole = !self.lower[..at].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-');
            value_in(&self.text[at + name.len()..], 400).filter(|_| whole)
        })
    }

    /// The words: runs of letters, digits and these signs.
    fn words<'a>(&'a self, signs: &'a [char]) -> impl Iterator<Item = &'a str> {
        self.lower.split(move |c: char| !c.is_ascii_alphanumeric() && !signs.contains(&c))
    }

    /// AADSTS codes that are written as such, in the order of the text.
    fn codes(&self) -> Vec<u32> {
        let mut codes: Vec<u32> = self.written_codes().map(|(code, _)| code).collect();
        for (at, sign) in self.lower.match_indices("error_codes") {
            let rest = head(&self.lower[at + sign.len()..], 200).trim_start_matches(['"', '\\', ' ', ':', '=', '[']);
            let list = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c.is_whitespace() || c == ',');
            let list = match &rest[..rest.len() - list.len()] {
                // Cut off: the last number may be half of one.
                cut if list.is_empty() => cut.trim_end().trim_end_matches(|c: char| c.is_ascii_digit()),
                whole => whole,
            };
            codes.extend(list.split(|c: char| !c.is_ascii_digit()).filter_map(|digits| code_at(digits, 8)));
        }
        for (at, sign) in self.lower.match_indices("/error?code=") {
            codes.extend(code_at(&self.lower[at + sign.len()..], 8));
        }
        codes
    }

    /// The codes that stand behind `AADSTS`, with their places.
    pub(super) fn mentions(&self) -> impl Iterator<Item = (usize, u32)> {
        self.lower.match_indices("aadsts").filter_map(|(at, sign)| {
            let rest = self.lower[at + sign.len()..].trim_start_matches(CODE_GAPS);
            code_at(rest, 8).map(|code| (at, code))
        })
    }

    /// The codes that stand behind `AADSTS`, and whether a colon and a blank follow.
    fn written_codes(&self) -> impl Iterator<Item = (u32, bool)> {
        self.lower.match_indices("aadsts").filter_map(|(at, sign)| {
            let rest = self.lower[at + sign.len()..].trim_start_matches(CODE_GAPS);
            let after = rest.trim_start_matches(|c: char| c.is_ascii_digit());
            // An answer that is cut off inside of a code tells none.
            let is_cut = after.trim_start().is_empty() && self.lower.contains("error_description");
            let has_colon = after.strip_prefix(':').is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_digit()));
            code_at(rest, 8).filter(|_| !is_cut).map(|code| (code, has_colon))
        })
    }

    /// Codes without `AADSTS`: a number that is the whole text, or that says so by the word before it.
    fn bare_codes(&self) -> Vec<u32> {
        let whole = self.lower.trim().trim_matches(['"', '\'', '`', '.']);
        if whole.bytes().all(|b| b.is_ascii_digit()) {
            return code_at(whole, 8).into_iter().collect();
        }
        let mut codes = Vec::new();
        for (at, digits) in numbers(&self.lower) {
            let (before, after) = (&self.lower[..at], &self.lower[at + digits.len()..]);
            let is_part = before.ends_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '/'))
                || after.starts_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '%'))
                || after.strip_prefix(['.', ',']).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
            if is_part || !(5..=7).contains(&digits.len()) {
                continue;
            }
            let signs = [' ', ':', '=', '"', '\'', '(', '[', '\\', '#', '>', '-', '\t', '\r', '\n'];
            let cue = tail(before, 40).trim_end_matches(signs);
            // Small numbers are errors of sockets, databases and Windows.
            codes.extend(code_at(digits, 7).filter(|code| *code >= 50_000 && ends_with_word(cue, CODE_CUES)));
        }
        codes
    }

    /// The value of the OAuth `error`; none that was cut off.
    fn labelled_error(&self) -> Option<&str> {
        self.values("error").find(|value| {
            (6..=40).contains(&value.len())
                && value.contains('_')
                && value.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
                && !OAUTH_ERRORS.iter().any(|known| known.len() > value.len() && known.starts_with(value))
        })
    }

    /// The code of an OData, Graph, Business Central, Dataverse or token-validation error.
    fn service_code(&self) -> Option<String> {
        let is_name = |value: &&str| {
            (4..=80).contains(&value.len())
                && value.starts_with(|c: char| c.is_ascii_alphabetic())
                && value.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'))
        };
        // Only as JSON: elsewhere "code" may be followed by anything.
        let json = || {
            self.lower.match_indices("\"code\"").find_map(|(at, name)| {
                // Words that only repeat the status are wrapping.
                value_in(&self.text[at + name.len()..], 100).filter(is_name).filter(|code| status_of(code).is_none())
            })
        };
        // Dataverse writes numbers: 0x80072560, and the same in decimals, -2147015328.
        let number = || {
            let hex = self.words(&[]).find(|word| {
                word.len() == 10 && word.starts_with("0x8") && word[2..].bytes().all(|b| b.is_ascii_hexdigit())
            });
            let decimal = || {
                self.lower.match_indices("-214").find_map(|(at, _)| {
                    let digits = self.lower[at + 1..].bytes().take_while(u8::is_ascii_digit).count();
                    self.lower[at..=at + digits].parse::<i32>().ok().filter(|_| digits == 10)
                })
            };
            hex.map(str::to_owned).or_else(|| decimal().map(|code| format!("0x{code:08x}")))
        };
        let validation = || {
            self.words(&[]).find(|word| {
                word.len() == 8 && word.starts_with("idx") && word[3..].bytes().all(|b| b.is_ascii_digit())
            })
        };
        let family = || {
            SERVICE_FAMILIES.iter().find_map(|family| {
                // As Microsoft writes it: a word of its own, with a capital behind the line.
                let is_code = |at: &usize| {
                    !self.lower[..*at].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
                        && self.text[at + family.len()..].starts_with(|c: char| c.is_ascii_uppercase())
                };
                let at = self.lower.match_indices(family).map(|(at, _)| at).find(is_code)?;
                let end = self.text[at..].find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
                Some(&self.text[at..end.map_or(self.text.len(), |end| at + end)]).filter(is_name)
            })
        };
        number()
            .or_else(|| validation().map(str::to_ascii_uppercase))
            .or_else(|| json().or_else(family).map(str::to_owned))
    }

    /// The HTTP status: a number that says so by what stands around it. Errors before successes and redirects; what a
    /// gateway reports of the service behind it before its own.
    pub(super) fn status(&self) -> Option<u16> {
        let inner = self.lower.find("innererror").or_else(|| self.lower.find("inner exception")).unwrap_or(0);
        let all: Vec<(usize, u16)> = self.statuses().collect();
        let is_error = |(_, status): &&(usize, u16)| *status >= 400;
        let found = all.iter().find(|found| is_error(found) && found.0 >= inner);
        found.or_else(|| all.iter().find(is_error)).or(all.first()).map(|(_, status)| *status)
    }

    /// The numbers that are statuses, with their places.
    pub(super) fn statuses(&self) -> impl Iterator<Item = (usize, u16)> {
        numbers(&self.lower)
            .filter(|(at, digits)| digits.len() == 3 && self.is_status(*at))
            .filter_map(|(at, digits)| Some((at, digits.parse().ok()?)))
    }

    /// Where this status stands.
    pub(super) fn places_of_status(&self, status: u16) -> impl Iterator<Item = usize> {
        self.statuses().filter(move |(_, found)| *found == status).map(|(at, _)| at)
    }

    /// Where the last answer stands: a code of Entra or an HTTP status.
    pub(super) fn last_answer(&self) -> Option<usize> {
        let code = self.mentions().map(|(at, _)| at).last();
        code.max(self.statuses().map(|(at, _)| at).last())
    }

    /// The HTTP status where only words tell it.
    fn status_in_words(&self) -> Option<u16> {
        let labels =
            ["statuscode", "status code", "status_code", "http status", "httpstatus", "status", "response", "code"];
        let labelled = labels.iter().find_map(|label| self.values(label).find_map(status_of));
        // WCF and ASP.NET in whole sentences.
        let sentence =
            || SENTENCES.iter().find(|(sentence, _)| self.lower.contains(sentence)).map(|(_, status)| *status);
        labelled.or_else(sentence)
    }

    /// Whether the number at this place is a status, by what stands around it.
    pub(super) fn is_status(&self, at: usize) -> bool {
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
        let phrase = after.trim_start_matches([' ', ':', '-', '(', ')', ']', '"', '\'', ',']);
        // What a program ends with: `exit code 503`, `exited with status 503`.
        let is_exit = || ["exit", "exited", "exitcode", "exit_code"].iter().any(|word| says(tail(cue, 24), word));
        // What a program expected is not what came.
        if ends_with_word(cue, &["expected", "expected status", "expected status code", "expected http status"]) {
            return false;
        }
        // Nor is what a proxy answers to a program that asks it for a way through the service's answer.
        let tunnel = ["connect tunnel failed", "tunnel connection failed", "tunneling failed"];
        let is_tunnel =
            || tunnel.iter().any(|words| tail(before, 60).contains(words)) || after.starts_with(" from proxy");
        if number != "407" && is_tunnel() {
            return false;
        }
        (before.ends_with('(') && after.starts_with(')'))
            || phrases.iter().any(|words| phrase.starts_with(words))
            || (ends_with_word(cue, STATUS_CUES) && !is_exit())
            || is_after_call(before)
            || after.trim_start_matches(' ').starts_with("{\"")
            || [
                "on http",
                "from http",
                "from get",
                "from post",
                "on get",
                "on post",
                "get http",
                "post http",
                "put http",
                "patch http",
                "delete http",
            ]
            .iter()
            .any(|words| phrase.starts_with(words))
            || (is_after_arrow(before)
                && (after.trim_start_matches(' ').chars().next().is_none_or(|c| "\r\n(,;|".contains(c))
                    || after.trim() == "."
                    || after.trim_start_matches(' ').starts_with(". ")))
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
            let opening = rest.chars().next().filter(|c| matches!(c, '\'' | '"' | '‘' | '“'));
            let quote = opening.map(|c| match c {
                '‘' => '’',
                '“' => '”',
                straight => straight,
            });
            let value = match quote {
                // Cut off inside of the quotes: half of a name is none.
                Some(quote) => rest[opening.map_or(0, char::len_utf8)..]
                    .split_once(quote)
                    .map(|(value, _)| value)
                    .unwrap_or_default(),
                None => {
                    let ends = [". ", " was ", " is ", " to ", ", ", "(", "\r", "\n", "\""];
                    let end = ends.iter().filter_map(|end| rest.find(end)).min();
                    rest[..end.unwrap_or(rest.len())].trim_end_matches('.')
                }
            };
            let fits = match *name {
                "redirect_uri" => value.contains(':'),
                // Microsoft's libraries put a note there instead of what is personal.
                "audience" => !value.starts_with('['),
                // Without quotes, and not announced as a name, any word of a sentence may follow.
                "tenant" if quote.is_none() && !marker.ends_with("named ") => is_tenant(value),
                "app" if quote.is_none() && value.contains(' ') => false,
                _ => value.contains(char::is_alphanumeric),
            };
            if fits {
                names.push((*name, value));
            }
        }
        // The request itself, where it is shown: the address of the sign-in and its parameters.
        for host in
            ["login.microsoftonline.com/", "login.microsoftonline.us/", "login.windows.net/", "microsoftonline.cn/"]
        {
            let rest = self.lower.find(host).map(|at| head(&self.text[at + host.len()..], 200)).unwrap_or_default();
            let tenant = rest.split(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '.')).next();
            let tenant = tenant.map(|tenant| tenant.trim_end_matches('.')).unwrap_or_default();
            if is_tenant(tenant) {
                names.push(("tenant", tenant));
            }
        }
        for (label, name) in [
            ("client_id", "app"),
            // As logs of Entra write them.
            ("appid", "app"),
            ("tenantid", "tenant"),
            ("resource", "resource"),
            ("scope", "scope"),
            ("redirect_uri", "redirect_uri"),
        ] {
            let is_id = name == "app" || name == "tenant";
            let fits = |value: &&str| if is_id { parse_guid(value).is_some() } else { value.contains("://") };
            names.extend(self.values(label).find(fits).map(|value| (name, value)));
        }
        if let Some(at) = self.lower.find("/data/").filter(|at| !self.lower[..*at].ends_with("/api")) {
            let rest = &self.text[at + 6..];
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
            if (1..=100).contains(&end) {
                names.push(("entity", &rest[..end]));
            }
        }
        // What a challenge asks a token for.
        names.extend(self.values("resource_id").find(|value| !value.is_empty()).map(|value| ("wanted", value)));
        for label in ["suberror", "error_subcode"] {
            names.extend(self.values(label).find(|value| !value.is_empty()).map(|value| ("suberror", value)));
        }
        names
    }

    /// Marks that the text itself shows.
    fn marks(&self, evidence: &mut Evidence) {
        let has = |signs: &[&str]| signs.iter().any(|sign| says(&self.lower, sign));
        if evidence.codes.is_empty() && has(&["<!doctype html", "<html", "<h1", "<title"]) {
            evidence.marks.insert(Mark::Html);
            let signs = [
                "login.microsoftonline*",
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
        // A page of a filter in between: its status is none of the service's, but for that of a proxy.
        if evidence.check.is_none() && evidence.marks.contains(&Mark::Html) && has(&FILTERS) {
            evidence.marks.insert(Mark::FilterPage);
            evidence.http_status = evidence.http_status.filter(|status| *status == 407);
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
            "wartungsmodus",
            "mode maintenance",
            "modo de mantenimiento",
            "メンテナンス中",
        ]) {
            evidence.marks.insert(Mark::Maintenance);
        }
        self.marks_of_service(evidence);
        if has(&["no p3p policy defined"]) {
            evidence.marks.insert(Mark::P3p);
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

    /// Marks that tell of what was called, and how.
    fn marks_of_service(&self, evidence: &mut Evidence) {
        let contains = |signs: &[&str]| signs.iter().any(|sign| self.lower.contains(sign));
        let is_said_absent = |name: &str| {
            self.lower.match_indices(name).any(|(at, _)| {
                let rest = head(&self.lower[at + name.len()..], 80).split(". ").next().unwrap_or_default();
                ABSENT.iter().any(|words| rest.contains(words))
            })
        };
        // `CustomersV3(dataAreaId='usmf',…)`, and not a function.
        let asks_record = || {
            self.lower.match_indices("/data/").any(|(at, sign)| {
                let rest = &self.lower[at + sign.len()..];
                let name = rest.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
                name > 0 && rest[name..].starts_with('(') && head(&rest[name..], 200).contains('=')
            })
        };
        let is_page = evidence.marks.contains(&Mark::Html);
        let hosts = || self.words(&['.', '-']).map(|word| word.trim_matches(['.', '-'])).filter(|w| w.contains('.'));
        let is_unfilled = || {
            self.lower.match_indices("://").any(|(at, sign)| {
                let address = head(&self.lower[at + sign.len()..], 300);
                let address = address.split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '?')).next();
                let mut parts = address.unwrap_or_default().split('/');
                let host = parts.next().unwrap_or_default();
                let opens = |part: &str| {
                    [('<', '>'), ('{', '}')].iter().any(|(open, close)| {
                        let Some((before, rest)) = part.split_once(*open) else { return false };
                        let name = rest.split_once(*close).map_or("", |(name, _)| name);
                        let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic())
                            && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b' '));
                        // Not the tag of a page around the address.
                        let is_tag = *open == '<' && (is_page || TAGS.contains(&name));
                        is_name && !is_tag && (before.is_empty() || before.ends_with(['.', '-']))
                    })
                };
                // In the path only where tenant and environment stand.
                let has_them = matches!(origin_of(host), Some(Origin::Entra | Origin::BusinessCentral));
                opens(host) || (has_them && parts.take(3).any(opens))
            }) || hosts().any(|host| is_placeholder(host) && origin_of(host).is_some())
        };
        // F&O's own address as it is written where a token is asked for or shown: it takes the bare one in small letters.
        let is_uneven = || {
            ["aud", "audience", "resource", "aadresourceid", "resourceid"].iter().any(|label| {
                self.lower.match_indices(label).any(|(at, _)| {
                    let rest = head(&self.text[at + label.len()..], 200);
                    let Some((_, address)) = rest.split_once("https://").filter(|(gap, _)| gap.len() <= 8) else {
                        return false;
                    };
                    let end = address.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '.' | '/'));
                    let address = address[..end.unwrap_or(address.len())].trim_end_matches('.');
                    let host = address.strip_suffix('/').unwrap_or(address);
                    let lower = host.to_ascii_lowercase();
                    origin_of(&lower) == Some(Origin::FinanceOperations) && address != lower
                })
            })
        };
        let is_global = ["login.microsoftonline.com", "login.windows.net"];
        let is_elsewhere =
            [".dynamics.cn", "high.microsoftdynamics.us", ".crm.microsoftdynamics.us", "appsplatform.us"];
        let found = [
            (Mark::CompanySaidAbsent, ["company", "legal entity", "unternehmen"].into_iter().any(is_said_absent)),
            (Mark::RecordAsked, asks_record()),
            (Mark::AddressUnfilled, is_unfilled()),
            (Mark::AudienceUneven, is_uneven()),
            (Mark::BcOnPremises, contains(&ON_PREMISES) && !contains(&["businesscentral.dynamics.com"])),
            (Mark::CloudsDiffer, contains(&is_global) && contains(&is_elsewhere)),
            (Mark::BearerMissing, contains(&BARE_TOKENS)),
        ];
        evidence.marks.extend(found.into_iter().filter(|(_, holds)| *holds).map(|(mark, _)| mark));
    }

    /// The host of the first address, where it is none of a service known here. D365 under a name of its own is known
    /// by its paths.
    fn other_host(&self) -> Option<&str> {
        let mut hosts = self.lower.match_indices("://").filter_map(|(at, sign)| {
            let rest = &self.lower[at + sign.len()..];
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '.'));
            let (host, path) = rest.split_at(end.unwrap_or(rest.len()));
            let is_d365 =
                ["/data", "/api/data", "/api/services", "/namespaces/axsf"].iter().any(|own| path.starts_with(own));
            // GitHub's own service is called as any other; its pages are only mentioned.
            let is_mentioned = |known: &&str| match *known {
                "github.com" => host == "github.com" && !head(path, 200).contains(".git/"),
                known => ends_on_dot(host, known),
            };
            // A program on this machine that is called, and not the place to which a sign-in comes back.
            let is_called = host == "localhost"
                && path.find('/').is_some()
                && VERBS.iter().any(|verb| says(head_of_line(&self.lower[..at]), verb));
            let is_other = host.contains('.') && !is_d365 && !MENTIONED.iter().any(is_mentioned);
            (is_called || is_other).then_some(host)
        });
        hosts.next()
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
        let is_dataverse = sign(&["microsoft.powerplatform.dataverse", "microsoft.xrm.tooling"]);
        found(|origin| origin != Origin::Entra)
            // The P3P header is a fingerprint of the F&O front end (facts 4.6).
            .or_else(|| {
                sign(&[
                    "no p3p policy defined",
                    "usersessionservice",
                    "getusersessioninfo",
                    "api/connector/",
                    "microsoft.dynamics.ax.",
                    "microsoft.dynamics.platform.integration",
                    "microsoft-dynamics-ax-",
                ])
                .then_some((Origin::FinanceOperations, ""))
            })
            .or_else(|| is_dataverse.then_some((Origin::Dataverse, "")))
            .or_else(|| found(|origin| origin == Origin::Entra))
    }
}

/// What pages of filters and proxies say.
const FILTERS: [&str; 22] = [
    "zscaler",
    "fortiguard",
    "fortinet",
    "blue coat",
    "bluecoat",
    "forcepoint",
    "netskope",
    "squid",
    "cisco umbrella",
    "web filter",
    "url filtering",
    "cloudflare",
    "web gateway",
    "policy_denied",
    "system policy has denied",
    "content filter",
    "sonicwall",
    "watchguard",
    "barracuda",
    "sophos",
    "blocked by your organization",
    "access to this site is blocked",
];

/// What is said of a company that is not there.
const ABSENT: [&str; 4] = [" does not exist", " doesn't exist", " existiert nicht", " ist nicht vorhanden"];

/// Signs of a Business Central or NAV server of one's own: its usual ports and paths.
const ON_PREMISES: [&str; 5] = [":7047/", ":7048/", "dynamicsnav", "dynamics nav", "microsoftdynamicsnavserver"];

/// An `Authorization` header with a token and no word before it; the token is hidden by now.
const BARE_TOKENS: [&str; 6] = [
    "authorization: [token]",
    "authorization: \"[token]",
    "\"authorization\": \"[token]",
    "\"authorization\":\"[token]",
    "\"authorization\": token}",
    "'authorization': token}",
];

/// Tags of pages and messages that stand behind an address.
const TAGS: [&str; 14] = ["br", "p", "td", "tr", "th", "li", "a", "b", "i", "div", "span", "pre", "code", "message"];

/// Hosts that a text names without having called them.
const MENTIONED: [&str; 8] =
    ["microsoft.com", "aka.ms", "github.com", "w3.org", "xmlsoap.org", "oasis-open.org", "curl.se", "localhost"];

/// Whose host a name is, by the parts that tell products apart (facts 1.9).
pub(in crate::core) fn origin_of(host: &str) -> Option<Origin> {
    let ends = |ending: &str| ends_on_dot(host, ending);
    let dynamics = ends("dynamics.com") || ends("microsoftdynamics.us") || ends("dynamics.cn");
    // Also one that was mistyped.
    if is_sign_in_host(host) || (host.starts_with("login.") && host.contains("microsoft")) {
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
    use super::super::hiding::HIDDEN;
    use super::super::layers::MAX_SCAN;
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
            ("Sign-in error code\n700016", &[700016]),
            ("no token: invalid_client - 7000215", &[7000215]),
            ("AADSTS123456789012", &[]),
            ("AADSTS\u{200b}7000215: Invalid", &[7000215]),
            ("AAD\u{ad}STS70\u{2060}00215", &[7000215]),
            ("\\u200bAADSTS\\u200b7000215", &[7000215]),
            ("ＡＡＤＳＴＳ７０００２１５", &[7000215]),
            ("AADSTS7OOO2l5: Invalid", &[7000215]),
            ("AADSTS 7OOO215", &[7000215]),
            // Digits that are a part of something else.
            ("See error-700016.log", &[]),
            ("request error 7000161c-2b3d-4c5e", &[]),
            (
                "body: eyJlcnJvciI6ImludmFsaWRfY2xpZW50IiwiZXJyb3JfZGVzY3JpcHRpb24iOiJBQURTVFM3MDAwMjE1OiBJbnZhbGlkIn0= end",
                &[7000215],
            ),
            ("QUFEU1RTNzAwMDIxNTogSW52YWxpZCBjbGllbnQgc2VjcmV0IHByb3ZpZGVkLiBFbnN1cmU=", &[7000215]),
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
            ("GET /data/CustomersV3 -> 403", Some(403)),
            ("POST https://x.test/api => 503\nnext line", Some(503)),
            ("PATCH /data/CustomersV3 → 404 ", Some(404)),
            ("attempt 1 GET /data/Companies 429 after 3 s", Some(429)),
            ("read /data/Companies 404 times", None),
            ("GET /data/Companies\n403", Some(403)),
            ("POST .../GetUserSessionInfo\n200 {}\nGET .../data/Companies\n403 ", Some(403)),
            ("HttpStatusCode = 401", Some(401)),
            ("Now: 404 {\"error\":{}}", Some(404)),
            ("the call\n→ 401", Some(401)),
            ("the call answers 401, empty", Some(401)),
            ("job B: 404 on https://x.test/data", Some(404)),
            ("curl: (56) CONNECT tunnel failed, response 403", None),
            ("GET /data/CustomersV3 -> 401 (was 200 yesterday)", Some(401)),
            ("/data/Companies -> 403, why?", Some(403)),
            ("rows 401 -> 403", None),
            ("get 401 -> 403 rows", None),
            ("the process ended with exit code 503", None),
            ("exited with 503", None),
            ("exit status: 401", None),
            ("exited with 503 Service Unavailable", Some(503)),
            ("[401] Unauthorized", Some(401)),
            ("Expected status code: 200, actual status code: Unauthorized", Some(401)),
            ("please get all 404 records again", None),
            ("Customers (404 records) were read", None),
            ("order PO-404 not found", None),
            ("response 200ms", None),
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
            ("https://crm.contoso.test/api/accounts", None),
            ("https://trials.dynamics.com/", None),
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
            (
                "AADSTS50011: The redirect URI 'https://app.test/back' specified in the request does not match",
                "redirect_uri",
                "https://app.test/back",
            ),
            ("IDX10214: Audience validation failed. Audiences: 'https://x.test'", "audience", "https://x.test"),
            (
                "Bearer authorization_uri=https://login.microsoftonline.com/common, resource_id=https://org.crm4.dynamics.com/",
                "wanted",
                "https://org.crm4.dynamics.com/",
            ),
            // A name is a whole one.
            (
                "{\"previous_client_id\":\"19072c09-bf6c-4c36-b128-b12280421700\",\"client_id\":\"66666666-7777-4888-9999-aaaaaaaaaaaa\"}",
                "app",
                "66666666-7777-4888-9999-aaaaaaaaaaaa",
            ),
        ] {
            assert_eq!(read_text(text).named.get(name).map(String::as_str), Some(value), "{text}");
        }
    }

    #[test]
    fn half_a_name_is_none() {
        for (text, name, value) in [
            ("Application with identifier 'a1b2c3d4-00", "app", None),
            ("AADSTS50194: Application is not configured as a multi-tenant application.", "app", None),
            ("Application with identifier ‘abc’ was not found in the directory ‘contoso.test’.", "app", Some("abc")),
            ("│ secret keys for app │\n│ 'abc' are expired. │", "app", Some("abc")),
            ("https://contoso.crm4.dynamics.com/api/data/v9.2/accounts", "entity", None),
            ("AADSTS50011: The redirect URI specified in the request does not match", "redirect_uri", None),
            (
                "IDX10214: Audience validation failed. Audiences: '[PII of type 'System.String' is hidden.]'",
                "audience",
                None,
            ),
        ] {
            assert_eq!(read_text(text).named.get(name).map(String::as_str), value, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_seen_is_named() {
        let e = read_text("AADSTS90002: Tenant '\u{200b}contoso.test\u{202e}' not found.");
        assert!(e.marks.contains(&Mark::InvisibleNamed) && !e.marks.contains(&Mark::PlaceholderNamed));
        assert_eq!((e.named["tenant"].as_str(), e.named["invisible"].as_str()), ("contoso.test", "U+200B, U+202E"));
        // Elsewhere in the text it does not matter.
        assert!(
            !read_text("\u{feff}AADSTS90002: Tenant 'contoso.test' not found.").marks.contains(&Mark::InvisibleNamed)
        );
    }

    #[test]
    fn hosts_of_others() {
        for (text, host) in [
            ("HTTP 401 https://api.shop.test/orders", Some("api.shop.test")),
            ("HTTP 401 https://api.github.com/user", Some("api.github.com")),
            ("HTTP 401, see https://github.com/contoso/x and https://aka.ms/y", None),
            ("HTTP 401 https://contoso.operations.dynamics.com/data", None),
            ("HTTP 401 https://ax.contoso.test/namespaces/AXSF/data/CustomersV3", None),
            ("HTTP 401 https://d365.contoso.test/data/CustomersV3", None),
            ("HTTP 401 http://localhost:8080/x", None),
        ] {
            let e = read_text(text);
            assert_eq!(e.marks.contains(&Mark::OtherHost), host.is_some(), "{text}");
            assert!(host.is_none_or(|host| e.named["host"] == host), "{text}");
        }
    }

    #[test]
    fn words_have_boundaries() {
        for (text, phrase, said) in [
            ("getaddrinfo enotfound x.test", "enotfound", true),
            ("request_resourcenotfound", "enotfound", false),
            ("code: 'econnreset'", "econnreset", true),
            ("econnresets", "econnreset", false),
            ("idx10223: lifetime", "idx10*", true),
            ("idx10223: lifetime", "idx10", false),
            ("xidx10223", "idx10*", false),
            ("resourcenotfound and enotfound", "enotfound", true),
        ] {
            assert_eq!(says(text, phrase), said, "{phrase} in {text}");
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
            ("{\"error\":{\"code\":\"\",\"message\":\"An error has occurred.\"}}", None),
            ("{\"error\":{\"code\":\"500121\",\"message\":\"no\"}}", None),
            ("The variable AZURE_APPLICATION_ID is not set", None),
            ("Bearer authorization_uri=\"https://x.test\", client_authentication_method=none", None),
        ] {
            assert_eq!(read_text(text).service_code.as_deref(), code, "{text}");
        }
    }

    /// The label says which error it is, and a word that was cut off is none.
    #[test]
    fn oauth_errors() {
        for (text, error) in [
            ("{\"error\":\"invalid_client\",\"error_description\":\"x\"}", Some("invalid_client")),
            ("Unlike invalid_request before: {\"error\":\"unauthorized_client\"}", Some("unauthorized_client")),
            ("error=access_denied&error_description=x", Some("access_denied")),
            ("no token: invalid_grant", Some("invalid_grant")),
            // One that nobody knows yet.
            ("{\"error\":\"binding_missing\"}", Some("binding_missing")),
            ("{\"error\":\"invalid_cli", None),
            ("{\"error\":\"forbidden\"}", None),
            ("{\"error\":\"Internal_ServerError\"}", None),
        ] {
            assert_eq!(read_text(text).oauth_error.as_deref(), error, "{text}");
        }
    }

    #[test]
    fn times() {
        for (text, time) in [
            ("Timestamp: 2026-11-21 10:00:00Z", Some("2026-11-21 10:00:00Z")),
            ("\"timestamp\":\"2026-11-21 10:00:00Z\"", Some("2026-11-21 10:00:00Z")),
            ("timestamp=1795255200", None),
        ] {
            assert_eq!(read_text(text).timestamp.as_deref(), time, "{text}");
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

    /// What a text shows of the call and the answer, and what only looks like it.
    #[test]
    fn marks() {
        const ENTRA: &str = "https://login.microsoftonline.com";
        const URL: &str = "https://contoso.operations.dynamics.com";
        for (text, mark, shows) in [
            ("<html><title>Zscaler</title>HTTP 403 Access to this site is blocked</html>", Mark::FilterPage, true),
            ("<html><title>401 - Unauthorized</title>Server Error</html>", Mark::FilterPage, false),
            ("HTTP/1.1 403 Forbidden. We have Zscaler here.", Mark::FilterPage, false),
            ("Content-Location: https://contoso.operations.dynamics.com/data", Mark::Redirect, false),
            (
                &format!("GET {URL}/data/CustomersV3(dataAreaId='usmf',CustomerAccount='1') 404"),
                Mark::RecordAsked,
                true,
            ),
            (&format!("GET {URL}/data/CustomersV3?$filter=dataAreaId eq 'usmf' 404"), Mark::RecordAsked, false),
            (&format!("POST {URL}/data/GetCompanies() 404"), Mark::RecordAsked, false),
            (&format!("GET {URL}/data/(dataAreaId='usmf') 404"), Mark::RecordAsked, false),
            (&format!("{ENTRA}/<tenant-id>/oauth2/v2.0/token"), Mark::AddressUnfilled, true),
            (&format!("{ENTRA}/{{tenant}}/oauth2/v2.0/token"), Mark::AddressUnfilled, true),
            ("https://{environment}.operations.dynamics.com/data", Mark::AddressUnfilled, true),
            ("https://contoso-<uat>.sandbox.operations.dynamics.com/data", Mark::AddressUnfilled, true),
            // Not a part of the address, or no name.
            (&format!("Sign in: {ENTRA}/<br>Tenant: contoso.test"), Mark::AddressUnfilled, false),
            (&format!("{ENTRA}/contoso.test/token failed. Request-{{requestId}}"), Mark::AddressUnfilled, false),
            (&format!("POST {ENTRA}/{{\"error\":\"invalid_request\"}}"), Mark::AddressUnfilled, false),
        ] {
            assert_eq!(read_text(text).marks.contains(&mark), shows, "{mark:?}: {text}");
        }
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
        assert_eq!(format!("{:?}", reply(200, "canary", Some("canary"))), "Reply(200, 6 bytes)");
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read(text in "(\\PC|[\\x00-\\x{ffff}]|AADSTS|\"error\":|\\\\u00|%2|error_codes|eyJ|Location: |'|401)*") {
            let evidence = read_text(&text);
            proptest::prop_assert!(evidence.codes.iter().all(|code| *code < 100_000_000));
        }
    }

    #[test]
    fn a_text_has_few_codes() {
        // Each is another one, and some are put together over a line break: what is kept of them is bounded.
        for form in ["AADSTS5{}: x ", "AADSTS5\n{}: x ", "error 5{} ", "{\"error_codes\":[5{}]} "] {
            let text: String = (10_000..20_000).map(|number| form.replace("{}", &number.to_string())).collect();
            let codes = read_text(&text).codes;
            assert!((2..=MAX_CODES).contains(&codes.len()), "{form}: {}", codes.len());
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
            "://",
            "://a:b",
            "code=",
            "sig",
        ] {
            let text = part.repeat(2 * MAX_SCAN / part.len());
            assert!(read_text(&text).codes.is_empty(), "{part}");
        }
        let text = format!("secret: \\\"{}", "\\".repeat(2 * MAX_SCAN));
        assert!(read_text(&text).codes.is_empty());
    }
}
