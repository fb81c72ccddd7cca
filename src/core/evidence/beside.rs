//! Finds a call to D365, or to another service, in a text that also holds an answer of Entra.
//!
//! Such a text has two causes. Strict: the address that a token is asked for is named in answers of Entra as well, and is
//! no call.

use super::layers::{Layer, Layers, head};
use super::{Evidence, Origin, read_one, says};

/// The verbs of a call.
const VERBS: [&str; 5] = ["get ", "post ", "put ", "patch ", "delete "];
/// With what the path of a call to a service begins.
const PATHS: [&str; 6] = ["/data/", "/data?", "/api/", "/v1.0/", "/v2.0/", "/admin/"];
/// A call stands in so many bytes.
const LENGTH: usize = 600;
/// In so many lines a call is looked for.
const MAX_LINES: usize = 200;

/// The evidence of the first such call that was refused, and that is wanted.
pub(super) fn call_beside(layer: &Layer, is_wanted: impl Fn(&Evidence) -> bool) -> Option<Evidence> {
    let mut lines = layer.text.lines().take(MAX_LINES).peekable();
    while let Some(line) = lines.next() {
        let next = lines.peek().filter(|next| head(next.trim_start(), 5).eq_ignore_ascii_case("http/"));
        if let Some(found) = call_in(line, next.copied().unwrap_or_default()).filter(|found| is_wanted(found)) {
            return Some(found);
        }
    }
    None
}

/// The call in a line, whose status may stand in the next; beside a code that stands in the line as well, the call in one
/// of its sentences.
fn call_in(line: &str, next: &str) -> Option<Evidence> {
    let lower = line.to_ascii_lowercase();
    let from = match VERBS.iter().filter_map(|verb| lower.find(&format!("{verb}http"))).min() {
        Some(verb) => verb,
        None if !(lower.contains("://") && PATHS.iter().any(|path| lower.contains(path))) => return None,
        None if !lower.contains("aadsts") => 0,
        None => {
            let mut sentences = line.split(". ").filter(|sentence| !sentence.to_ascii_lowercase().contains("aadsts"));
            return sentences.find_map(|sentence| call_in(sentence, ""));
        }
    };
    let call = &line[from..];
    let end = lower[from..].find("aadsts").unwrap_or(call.len());
    let call = format!("{}\n{}", head(&call[..end], LENGTH), head(next, LENGTH));
    let lower = call.to_ascii_lowercase();
    if says(&lower, "token") || lower.contains("://login.") {
        return None;
    }
    let evidence = read_one(&Layers::of(&call));
    let is_service = evidence.origin.is_some_and(|origin| origin != Origin::Entra);
    let was_refused = evidence.http_status.is_some_and(|status| status >= 400);
    (is_service && was_refused && evidence.codes.is_empty()).then_some(evidence)
}

#[cfg(test)]
mod tests {
    use super::super::read_text;
    use super::*;

    #[test]
    fn a_refused_call_beside_a_code() {
        const ENTRA: &str = "AADSTS7000215: Invalid client secret provided.";
        const URL: &str = "https://contoso.operations.dynamics.com";
        for (text, status) in [
            (format!("{ENTRA}\nGET {URL}/data/CustomersV3 returned 403 Forbidden"), Some(403)),
            (format!("{ENTRA} GET {URL}/data/CustomersV3 403 Forbidden"), Some(403)),
            (format!("GET {URL}/data/CustomersV3\nHTTP/1.1 401 Unauthorized\n\n{ENTRA}"), Some(401)),
            (format!("{URL}/api/services/X -> 500 Internal Server Error; then {ENTRA}"), None),
            (format!("{ENTRA}\nGET {URL}/data/CustomersV3 200 OK"), None),
            (format!("token for {URL}\nHTTP/1.1 401 Unauthorized\n{ENTRA}"), None),
            (format!("POST https://login.microsoftonline.com/x/oauth2/token resource={URL}/data/ 401 {ENTRA}"), None),
            (format!("AADSTS500011: The resource principal named {URL}/data/ was not found. HTTP 400"), None),
            (format!("GET {URL}/data/X failed: no token, HTTP 401 {ENTRA}"), None),
            // The environment alone is what was asked for, and no call to it.
            (format!("{ENTRA}\nsign-in for {URL} failed: 400 Bad Request"), None),
            (format!("GET {URL}/data/CustomersV3 403 Forbidden"), None),
            (format!("403 on https://graph.microsoft.com/v1.0/users\nGET {URL}/data/Vendors 404"), Some(404)),
            (format!("We had AADSTS7000215. Now: 403 Forbidden on {URL}/data/VendorsV2"), Some(403)),
            // A code without AADSTS, in the call itself.
            (format!("GET {URL}/data/CustomersV3 403 Forbidden, error 50011"), None),
        ] {
            let beside = read_text(&text).beside;
            assert_eq!(beside.as_ref().and_then(|beside| beside.http_status), status, "{text}");
            assert!(beside.is_none_or(|beside| beside.origin == Some(Origin::FinanceOperations)), "{text}");
        }
    }
}
