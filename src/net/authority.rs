//! Whether a refused token was the fault of the sign-in host, the tenant or the cloud: discovery, asked on failure only.
//!
//! Asks without any credential. Does not know what else may be wrong with a request.

use crate::core::check::{CheckId, CheckResult, Details};
use crate::core::evidence::{Evidence, Mark, Origin, Reply};
use crate::core::resource::ResourceUrl;
use crate::core::secret::Scrubber;
use crate::net::client::{Ask, Call};
use crate::net::{Client, RunRequest};
use futures_util::future::join_all;
use serde_json::Value;

/// Entra's codes that speak of tenant, cloud or authority instead of the app: tenant not found, tenant not well
/// formed, tenant of another cloud, cloud ids, unknown instance. Facts 1.7 and 7.
const TENANT_CODES: [u32; 11] = [90002, 900_023, 90019, 90038, 90051, 900_382, 900_432, 50029, 50049, 50059, 50128];

/// What a refused token leaves open.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Doubt {
    /// Nothing: the sign-in service answered for this tenant.
    Nothing,
    /// It says itself that tenant or cloud are wrong.
    Tenant,
    /// Busy or broken: whether the tenant exists was not told.
    Unsettled,
    /// It does not talk like a sign-in service.
    Service,
}

/// What discovery says.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Discovery {
    Found,
    Absent,
    Foreign,
    Unclear,
}

/// Judges `authority` by a refused token: whether the sign-in host answers and the tenant exists. `Ok` is the
/// evidence for `token`, `Err` the refusal of `authority`.
pub(super) async fn settle(
    client: &Client,
    request: &RunRequest,
    scrubber: &Scrubber,
    reply: &Reply,
    mut evidence: Evidence,
) -> Result<Evidence, CheckResult> {
    let profile = &request.profile;
    let doubt = doubt(reply, &evidence);
    if doubt == Doubt::Nothing {
        return Ok(evidence);
    }
    let here = discover(client, request, &profile.authority, scrubber).await;
    match here {
        Discovery::Found => {
            evidence.marks.insert(Mark::TenantFound);
        }
        Discovery::Absent => {
            evidence.marks.insert(Mark::TenantAbsent);
        }
        // A sign-in host of Microsoft's own is answered for by something on the way.
        Discovery::Foreign if doubt == Doubt::Service => {
            let is_microsofts = profile.authority_is_own;
            evidence.marks.insert(if is_microsofts { Mark::AuthorityMasked } else { Mark::AuthorityForeign });
        }
        Discovery::Foreign | Discovery::Unclear => {}
    }
    if here == Discovery::Found && doubt != Doubt::Tenant {
        return Ok(evidence);
    }
    if profile.authority_is_own && (here == Discovery::Absent || doubt == Doubt::Tenant) {
        evidence = elsewhere(client, request, scrubber, evidence).await;
    }
    let host = profile.authority.host();
    let is_other = [Mark::AuthorityForeign, Mark::AuthorityMasked].iter().any(|mark| evidence.marks.contains(mark));
    let summary = if is_other {
        format!("{host} does not answer as a sign-in service")
    } else if here == Discovery::Absent || doubt == Doubt::Tenant {
        format!("{host} does not know this tenant")
    } else {
        format!("{host} answered with status {}", reply.status)
    };
    evidence.check = Some(CheckId::Authority);
    Err(CheckResult::Refused { summary, details: Details::new(), evidence: vec![evidence] })
}

/// What a refusal leaves open. An OAuth error without a tenant's code comes from a service that knows the tenant.
fn doubt(reply: &Reply, evidence: &Evidence) -> Doubt {
    if speaks_of_tenant(evidence) {
        Doubt::Tenant
    } else if !evidence.codes.is_empty() || says_error(reply) {
        Doubt::Nothing
    } else if reply.status == 429 || reply.status >= 500 {
        Doubt::Unsettled
    } else {
        Doubt::Service
    }
}

/// Whether the answer is an OAuth error itself; a page that only holds such a word is not.
fn says_error(reply: &Reply) -> bool {
    reply.json().is_some_and(|json| json.get("error").is_some_and(Value::is_string))
}

fn speaks_of_tenant(evidence: &Evidence) -> bool {
    evidence.codes.iter().any(|code| TENANT_CODES.contains(code))
}

/// Asks an authority for the tenant's discovery document, once. Facts 1.7.
async fn discover(client: &Client, request: &RunRequest, authority: &ResourceUrl, scrubber: &Scrubber) -> Discovery {
    let ask = Ask {
        check: CheckId::Authority,
        url: authority.join(&format!("/{}/v2.0/.well-known/openid-configuration", request.profile.tenant)),
        call: Call::Get,
        bearer: None,
    };
    let Ok(reply) = client.ask_once(&ask).await else { return Discovery::Unclear };
    let evidence = reply.evidence(CheckId::Authority, Origin::Entra, scrubber);
    let has = |field: &str| reply.json().is_some_and(|json| json.get(field).is_some_and(Value::is_string));
    if reply.status == 200 && has("token_endpoint") && has("issuer") {
        Discovery::Found
    } else if reply.status == 429 || reply.status >= 500 {
        Discovery::Unclear
    } else if speaks_of_tenant(&evidence) || evidence.oauth_error.as_deref() == Some("invalid_tenant") {
        Discovery::Absent
    } else if evidence.oauth_error.is_some() {
        Discovery::Unclear
    } else {
        Discovery::Foreign
    }
}

/// Asks the other clouds' authorities for the same tenant, all at once.
async fn elsewhere(client: &Client, request: &RunRequest, scrubber: &Scrubber, evidence: Evidence) -> Evidence {
    let mut others: Vec<(ResourceUrl, &str)> = Vec::new();
    for cloud in &request.clouds.clouds {
        if let Ok((authority, _)) = ResourceUrl::parse(&cloud.authority)
            && authority != request.profile.authority
            && !others.iter().any(|(known, _)| *known == authority)
        {
            others.push((authority, cloud.id.as_str()));
        }
    }
    let answers = join_all(others.iter().map(|(authority, _)| discover(client, request, authority, scrubber))).await;
    let all_deny = answers.iter().all(|answer| *answer == Discovery::Absent);
    let found = others.iter().zip(answers).find(|(_, answer)| *answer == Discovery::Found);
    match found {
        Some(((authority, cloud), _)) => {
            let mut evidence = evidence.naming("cloud", cloud).naming("cloud_authority", authority.as_str());
            evidence.marks.insert(Mark::TenantElsewhere);
            evidence
        }
        None => {
            let mut evidence = evidence;
            evidence.marks.extend(all_deny.then_some(Mark::OtherCloudsAsked));
            evidence
        }
    }
}
