//! Where in a kept text the things stand that were recognised in it, for a screen that shows both.
//!
//! Recognises nothing anew but shapes that speak for themselves: GUIDs and known hosts.

use super::layers::Layer;
use super::reading::{numbers, origin_of};
use super::{Evidence, HIDDEN};
use crate::core::names::parse_guid;
use std::cmp::Reverse;

/// What stands at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An AADSTS code.
    Code,
    /// The HTTP status.
    Status,
    /// An OAuth error, or the code of a service's error.
    Error,
    /// A GUID.
    Id,
    /// A known host.
    Host,
    /// Something that the text names: an app, a tenant, a resource, an entity.
    Name,
    /// A token or secret that was taken out.
    Hidden,
}

/// A place in a text, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Where it begins.
    pub from: usize,
    /// Where it ends.
    pub to: usize,
    /// What stands there.
    pub kind: Kind,
}

/// The places in a text of what was recognised in it, in its order; none overlaps another.
pub fn places(text: &str, evidence: &Evidence) -> Vec<Place> {
    let layer = Layer::new(text.to_owned());
    let lower = layer.lower.as_str();
    let mut found = Vec::new();
    let mut add = |from: usize, to: usize, kind| found.push(Place { from, to, kind });
    for (at, digits) in numbers(lower) {
        let end = at + digits.len();
        if digits.parse().is_ok_and(|code: u32| evidence.codes.contains(&code)) {
            let front = lower[..at].trim_end_matches([' ', '-', '_', ':', '#']);
            add(if front.ends_with("aadsts") { front.len() - 6 } else { at }, end, Kind::Code);
        } else if digits.len() == 3 && digits.parse().ok() == evidence.http_status && layer.is_status(at) {
            add(at, end, Kind::Status);
        }
    }
    for word in [&evidence.oauth_error, &evidence.service_code].into_iter().flatten() {
        whole(lower, word).for_each(|(from, to)| add(from, to, Kind::Error));
    }
    lower.match_indices(HIDDEN).for_each(|(at, hidden)| add(at, at + hidden.len(), Kind::Hidden));
    let mut at = 0;
    for word in lower.split(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '.')) {
        let bare = word.trim_matches(['-', '.']);
        let from = at + (word.len() - word.trim_start_matches(['-', '.']).len());
        if parse_guid(bare).is_some() {
            add(from, from + bare.len(), Kind::Id);
        } else if bare.contains('.') && origin_of(bare).is_some() {
            add(from, from + bare.len(), Kind::Host);
        }
        // The sign behind the word may have more than one byte.
        at += word.len();
        at += lower[at..].chars().next().map_or(0, char::len_utf8);
    }
    for value in evidence.named.values().filter(|value| value.len() >= 4) {
        whole(lower, value).for_each(|(from, to)| add(from, to, Kind::Name));
    }
    // What is two things is shown once, as the longer or the first of what begins there.
    found.sort_by_key(|place| (place.from, Reverse(place.to)));
    let mut end = 0;
    found.retain(|place| {
        let is_free = place.from >= end && place.from < place.to;
        if is_free {
            end = place.to;
        }
        is_free
    });
    found
}

/// Where a value stands in a text of small letters, not as a part of a longer word.
fn whole<'a>(lower: &'a str, value: &str) -> impl Iterator<Item = (usize, usize)> + use<'a> {
    let value = value.to_ascii_lowercase();
    let in_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let places: Vec<usize> = lower.match_indices(value.as_str()).map(|(at, _)| at).collect();
    let len = value.len();
    places
        .into_iter()
        .map(move |at| (at, at + len))
        .filter(move |(from, to)| !lower[..*from].ends_with(in_word) && !lower[*to..].starts_with(in_word))
}

#[cfg(test)]
mod tests {
    use super::super::read_text;
    use super::*;

    /// The pieces of the text, with what they are.
    fn pieces(text: &str) -> Vec<(String, Kind)> {
        let evidence = read_text(text);
        let piece = |place: Place| (evidence.text.as_str()[place.from..place.to].to_owned(), place.kind);
        places(evidence.text.as_str(), &evidence).into_iter().map(piece).collect()
    }

    #[test]
    fn what_is_recognised_is_found_again() {
        const GUID: &str = "19072c09-bf6c-4c36-b128-b12280421700";
        for (text, wanted) in [
            ("AADSTS7000215: Invalid", vec![("AADSTS7000215", Kind::Code)]),
            ("code aadsts 90002!", vec![("aadsts 90002", Kind::Code)]),
            ("7000215", vec![("7000215", Kind::Code)]),
            ("HTTP/1.1 401 Unauthorized, line 401", vec![("401", Kind::Status)]),
            ("{\"error\":\"invalid_client\"}", vec![("invalid_client", Kind::Error)]),
            ("The resource principal named contoso-api was not found", vec![("contoso-api", Kind::Name)]),
            (&format!("ü Trace ID: {GUID}."), vec![(GUID, Kind::Id)]),
            (
                "GET https://contoso.operations.dynamics.com/data/CustomersV3 403 Forbidden",
                vec![
                    ("contoso.operations.dynamics.com", Kind::Host),
                    ("CustomersV3", Kind::Name),
                    ("403", Kind::Status),
                ],
            ),
            ("client_secret=hunter2hunter2&x=1", vec![(HIDDEN, Kind::Hidden)]),
            // Of two statuses the one that counts, of what is named only the whole word.
            ("HTTP/1.1 401 Unauthorized, then HTTP/1.1 403 Forbidden", vec![("401", Kind::Status)]),
            (
                "{\"error\":\"invalid_client\",\"error_uri\":\"https://docs.test/invalid_client_secret\"}",
                vec![("invalid_client", Kind::Error), ("docs.test", Kind::Name)],
            ),
            ("see ...contoso.operations.dynamics.com", vec![("contoso.operations.dynamics.com", Kind::Host)]),
            (&format!("--{GUID}--"), vec![(GUID, Kind::Id)]),
            ("{\"error\":\"\",\"code\":\"\"}", vec![]),
            ("all is well", vec![]),
        ] {
            let wanted: Vec<(String, Kind)> = wanted.into_iter().map(|(p, kind)| (p.to_owned(), kind)).collect();
            assert_eq!(pieces(text), wanted, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn places_are_in_order_and_inside(text in "(AADSTS[0-9]{4,8}|ü| |[a-z.:/\"]{1,9}|401|eyJ|error=invalid_client|漢|graph.microsoft.com){0,40}") {
            let evidence = read_text(&text);
            let kept = evidence.text.as_str();
            let mut end = 0;
            for place in places(kept, &evidence) {
                proptest::prop_assert!(place.from >= end && place.to > place.from);
                proptest::prop_assert!(kept.get(place.from..place.to).is_some());
                end = place.to;
            }
        }
    }
}
