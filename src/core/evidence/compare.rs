//! Compares the things that a text names with what they should be: by their form, and with a profile.
//!
//! Adds facts, judges nothing: which cause a difference stands for is said by the rules.

use super::reading::origin_of;
use super::{Evidence, Mark};
use crate::core::names::parse_guid;
use crate::core::profile::ProfileDraft;
use crate::core::question::FieldId;
use crate::core::resource::{Cleaned, ResourceUrl};
use crate::core::secret::is_placeholder;

/// What the names tell by themselves.
pub(super) fn names_alone(evidence: &mut Evidence) {
    let name = |name: &str| evidence.named.get(name).map(String::as_str).unwrap_or_default();
    let (app, tenant, resource) = (name("app"), name("tenant"), name("resource"));
    let is_uneven = match ResourceUrl::parse(resource) {
        Ok((url, cleaned)) => url.as_str() != resource && cleaned != [Cleaned::Scheme],
        Err(_) => ["https://", "http%"].iter().any(|sign| resource.to_ascii_lowercase().contains(sign)),
    };
    let found = [
        (Mark::PlaceholderNamed, [app, tenant, resource].into_iter().any(is_unfilled)),
        (Mark::TenantIsHost, host_of(tenant).is_some_and(|host| origin_of(&host).is_some())),
        (Mark::TenantIsPath, ["oauth2", "token", "authorize", "v2.0", ".well-known"].contains(&tenant)),
        (Mark::AppIsName, !app.is_empty() && parse_guid(app).is_none()),
        (Mark::ResourceIsUneven, is_uneven),
    ];
    let marks: Vec<Mark> = found.into_iter().filter(|(_, holds)| *holds).map(|(mark, _)| mark).collect();
    evidence.marks.extend(marks);
}

/// Whether a value in a request is a placeholder, or a variable that nobody put its value in for.
fn is_unfilled(value: &str) -> bool {
    let is_name = |name: &str| {
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b' ' | b'.'))
    };
    let between = |open: char, close: char| value.strip_prefix(open).and_then(|rest| rest.strip_suffix(close));
    let braced = between('{', '}').or(between('%', '%')).or(value.strip_prefix('$'));
    is_placeholder(value) || braced.is_some_and(|name| is_name(name) && parse_guid(value).is_none())
}

/// What the names tell beside a profile. A profile's value that is not given is not compared.
pub fn compare(evidence: &mut Evidence, profile: &ProfileDraft) {
    let value = |field| profile.value(field).to_ascii_lowercase();
    let (client, own_tenant, own_url) =
        (value(FieldId::ClientId), value(FieldId::TenantId), value(FieldId::ResourceUrl));
    let name = |name: &str| evidence.named.get(name).cloned().unwrap_or_default();
    let (app, tenant, resource) = (name("app"), name("tenant"), name("resource"));
    let same = |one: &str, other: &str| parse_guid(one).is_some() && parse_guid(one) == parse_guid(other);
    let differ = |one: &str, other: &str| {
        parse_guid(one).is_some() && parse_guid(other).is_some() && parse_guid(one) != parse_guid(other)
    };
    let own_host = host_of(&own_url);
    let mut others = Vec::new();
    if same(&tenant, &client) {
        evidence.marks.insert(Mark::TenantIsClient);
    } else if own_host.is_some() && host_of(&tenant) == own_host {
        evidence.marks.insert(Mark::TenantIsHost);
    } else if differ(&tenant, &own_tenant) {
        others.push(("other_tenant", tenant));
    }
    if same(&app, &own_tenant) {
        evidence.marks.insert(Mark::AppIsTenant);
    } else if differ(&app, &client) {
        others.push(("other_app", app));
    }
    let (asked, own_redirect) = (name("redirect_uri"), profile.value(FieldId::RedirectUri));
    if !asked.is_empty() && !own_redirect.is_empty() && asked != own_redirect {
        others.push(("own_redirect", own_redirect.to_owned()));
    }
    if own_host.is_some() && host_of(&resource).is_some_and(|host| Some(host) != own_host) {
        others.push(("other_resource", resource));
    }
    evidence.named.extend(others.into_iter().map(|(name, value)| (name.to_owned(), value)));
}

/// The host of an address that is written with or without `https://`.
pub(in crate::core) fn host_of(text: &str) -> Option<String> {
    ResourceUrl::parse(text).ok().map(|(url, _)| url.host().to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::read_text;
    use super::*;

    #[test]
    fn what_nobody_filled_in_is_seen() {
        for unfilled in ["{client-id}", "%CLIENT_ID%", "$CLIENT_ID", "{app.id}", "{your app}", "CHANGE_ME", "<client>"]
        {
            assert!(is_unfilled(unfilled), "{unfilled}");
        }
        let id = "66666666-7777-4888-9999-aaaaaaaaaaaa";
        for given in ["", "{}", "%%", "$", "{a/b}", "$(x)", "contoso.com", id, &format!("{{{id}}}")] {
            assert!(!is_unfilled(given), "{given}");
        }
    }

    #[test]
    fn names_are_seen_by_their_form() {
        const URL: &str = "https://contoso.operations.dynamics.com";
        let resource = |named: &str| format!("AADSTS500011: The resource principal named {named} was not found");
        let app = |named: &str| format!("AADSTS700016: Application with identifier '{named}' was not found");
        for (text, mark, holds) in [
            (resource(URL), Mark::ResourceIsUneven, false),
            (resource("contoso.operations.dynamics.com"), Mark::ResourceIsUneven, false),
            (resource(&format!("{URL}/")), Mark::ResourceIsUneven, true),
            (resource("https://Contoso.operations.dynamics.com"), Mark::ResourceIsUneven, true),
            (resource(&format!("https://{URL}")), Mark::ResourceIsUneven, true),
            (app("my app"), Mark::AppIsName, true),
            (app("66666666-7777-4888-9999-aaaaaaaaaaaa"), Mark::AppIsName, false),
            (resource(URL), Mark::AppIsName, false),
        ] {
            assert_eq!(read_text(&text).marks.contains(&mark), holds, "{mark:?}: {text}");
        }
    }

    /// Which address a request asked to return to is compared where both are known.
    #[test]
    fn redirect_addresses_are_compared() {
        let asked = "AADSTS50011: The redirect URI 'https://app.test/back' specified in the request does not match";
        let silent = "AADSTS50011: The redirect URI specified in the request does not match";
        for (text, own, told) in [
            (asked, "https://app.test/other", Some("https://app.test/other")),
            (asked, "https://app.test/back", None),
            (asked, "", None),
            (silent, "https://app.test/other", None),
        ] {
            let mut draft = ProfileDraft::new("oauth-client");
            draft.set(FieldId::RedirectUri, own);
            let mut evidence = read_text(text);
            compare(&mut evidence, &draft);
            assert_eq!(evidence.named.get("own_redirect").map(String::as_str), told, "{own}: {text}");
        }
    }
}
