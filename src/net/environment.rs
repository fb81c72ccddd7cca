//! `environment`: whether the API's address answers at all, asked without a token beside the request for one.
//!
//! Opens the connection that the probes use afterwards. Does not know whether the app may use the API.

use crate::core::check::{CheckId, CheckResult, Details};
use crate::core::cloud::HostKind;
use crate::core::evidence::{Fault, Reply, is_sign_in};
use crate::core::guide::Product;
use crate::core::secret::Scrubber;
use crate::core::untrusted::Untrusted;
use crate::net::client::{Ask, Call};
use crate::net::progress::Progress;
use crate::net::session::{origin, refused};
use crate::net::{Client, RunRequest, business_central, graph};
use serde_json::json;
use url::Url;

/// Words that the products' own pages, Microsoft's error pages or its sign-in hold. A page with status 200 and none of
/// them is somebody else's: a captive portal, a proxy, a parked domain (safety rule 13).
const FAMILIAR: [&str; 7] = [
    "dynamics",
    "microsoft",
    "finance and operations",
    "finance & operations",
    "finance &amp; operations",
    "axsf",
    "wsfed",
];

/// Asks without a token. What is answered differs by set-up and is documented nowhere (facts 4.6), so only what is
/// certainly somebody else's is refused.
pub(super) async fn environment(
    client: &Client,
    request: &RunRequest,
    scrubber: &Scrubber,
    progress: &Progress<'_>,
) -> CheckResult {
    let resource = &request.profile.resource;
    let (host, product) = (resource.host(), request.profile.product);
    let path = match product {
        Product::FinanceOperations => "/",
        Product::BusinessCentral => business_central::ENVIRONMENTS,
        Product::Graph => graph::ROOT,
    };
    let ask = Ask { check: CheckId::Environment, url: resource.join(path), call: Call::Get, bearer: None };
    let reply = match client.ask(&ask, progress).await {
        Ok(reply) => reply,
        Err(evidence) => {
            let summary = format!("{host} {}", evidence.fault.map_or("gave no answer", Fault::words));
            return refused(summary, Details::new(), evidence);
        }
    };
    let mut details = Details::new();
    details.insert("http_status".into(), reply.status.into());
    let challenge = challenged(&reply).map(|address| Untrusted::new(address, scrubber).one_line(200));
    details.extend(challenge.map(|address| ("challenge_authority".to_owned(), address.into())));
    let wrong = |summary: String, details| {
        refused(summary, details, reply.evidence(CheckId::Environment, origin(product), scrubber))
    };
    if reply.status == 429 || reply.status >= 500 {
        return wrong(format!("{host} answered with status {}", reply.status), details);
    }
    if reply.is_redirect() && leads_away(&reply, request) {
        return wrong(format!("{host} leads to another host"), details);
    }
    if reply.status == 200 && reply.is_html() && !is_familiar(&reply) {
        return wrong(format!("{host} shows a page that is not {}", product.name()), details);
    }
    if reply.status == 404 {
        let note = "a 404 here proves little: the host answers, but it may be another service";
        details.insert("notes".into(), json!([note]));
    }
    CheckResult::Passed { summary: format!("{host} answers, with status {}", reply.status), details }
}

/// Whether a redirect leads to another host that is no sign-in page.
fn leads_away(reply: &Reply, request: &RunRequest) -> bool {
    let resource = &request.profile.resource;
    let target = reply.location.as_deref().unwrap_or_default();
    let Some(target) = Url::parse(resource.as_str()).ok().and_then(|base| base.join(target).ok()) else { return false };
    let host = target.host_str().unwrap_or_default();
    let ours = [resource, &request.profile.authority].map(|url| Url::parse(url.as_str()).map(|url| url.origin()));
    !ours.contains(&Ok(target.origin()))
        && request.clouds.kind(host) != HostKind::SignIn
        && !is_sign_in(target.as_str())
}

fn is_familiar(reply: &Reply) -> bool {
    let page = String::from_utf8_lossy(&reply.body).to_lowercase();
    FAMILIAR.iter().any(|word| page.contains(word))
}

/// The sign-in address in a challenge. Dataverse and Graph send one; whether Finance & Operations does is not documented.
fn challenged(reply: &Reply) -> Option<&str> {
    let (_, rest) = reply.challenge.as_deref()?.split_once("authorization_uri=")?;
    rest.trim_start_matches('"').split(['"', ',', ' ']).next()
}
