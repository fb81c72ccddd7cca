//! What Microsoft Graph answers: to the organization, to reads of other entities, and when the app's secret ends.
//!
//! Does not know how the token came.

use crate::core::check::{CheckId, CheckResult, Details};
use crate::core::claims::Claims;
use crate::core::expiry;
use crate::core::names::parse_guid;
use crate::core::resource::segment;
use crate::core::secret::{AccessToken, ClientSecret};
use crate::core::untrusted::Untrusted;
use crate::net::client::{Ask, Call};
use crate::net::local::{noted, with_note};
use crate::net::progress::Progress;
use crate::net::session::{Read, Session, refused, rows};
use crate::net::{Client, RunRequest};
use futures_util::future::join_all;
use jiff::civil::Date;

/// The service document, which answers without a token.
pub(super) const ROOT: &str = "/v1.0/";
/// The entity that tells the tenant.
const ORGANIZATION: &str = "organization";

/// `registration`: whether Graph accepts the token and tells the organization. `access` may read the same once more, so
/// its rows are handed on.
pub(super) async fn registration(session: &Session<'_>) -> (CheckResult, Option<usize>) {
    let reply = match session.ask(CheckId::Registration, "/v1.0/organization", Call::Get).await {
        Ok(reply) => reply,
        Err(evidence) => return (refused("no answer", Details::new(), evidence), None),
    };
    let mut details = Details::new();
    details.insert("http_status".into(), reply.status.into());
    let Some(all) = rows(&reply) else {
        let summary = match reply.status {
            200 => "the answer is no organization".to_owned(),
            status @ 300..=399 => format!("the organization was redirected with status {status}"),
            status => format!("the organization was refused with status {status}"),
        };
        return (refused(summary, details, session.refusal(&reply)), None);
    };
    let said = |name: &str| {
        let text = all.first()?.get(name)?.as_str()?;
        Some(Untrusted::new(text, session.scrubber).one_line(120)).filter(|text| !text.is_empty())
    };
    let (name, id) = (said("displayName"), said("id"));
    let other = match (session.request.profile.tenant.guid(), id.as_deref().and_then(parse_guid)) {
        (Some(wanted), Some(had)) if wanted != had => Some(had),
        _ => None,
    };
    details.extend(noted(other.map(|had| format!("this is the organization of tenant {had}")).into_iter().collect()));
    for (field, value) in [("organization", &name), ("tenant_id", &id)] {
        details.extend(value.as_ref().map(|value| (field.to_owned(), value.as_str().into())));
    }
    let summary =
        name.map_or("Graph accepts the token".to_owned(), |name| format!("Graph accepts the token, for {name}"));
    (CheckResult::Passed { summary, details }, Some(all.len()))
}

/// `access`: reads one row of each entity, all at once.
pub(super) async fn access(session: &Session<'_>, organization: Option<usize>) -> CheckResult {
    let names = session.entities();
    let reads = names.iter().map(|name| async move {
        match (*name, organization) {
            (ORGANIZATION, Some(rows)) => Read { name: ORGANIZATION.into(), http_status: Some(200), outcome: Ok(rows) },
            (name, _) => {
                let path = format!("{ROOT}{}?$top=1", segment(name));
                session.read(name, &path).await
            }
        }
    });
    let reads = join_all(reads).await;
    with_note(session.access(reads), session.request.guide.writes.as_deref())
}

/// Both at their place in a run.
pub(super) async fn probe(session: &Session<'_>) {
    let progress = session.progress;
    progress.started(CheckId::Registration).await;
    let (result, organization) = registration(session).await;
    let stands = matches!(result, CheckResult::Passed { .. });
    progress.finished(CheckId::Registration, result).await;
    if !stands {
        progress.skipped(&[CheckId::Access], "needs registration").await;
    } else if progress.wants(CheckId::Access) {
        progress.started(CheckId::Access).await;
        progress.finished(CheckId::Access, access(session, organization).await).await;
    }
}

/// Application permissions that let an app read its own registration. Facts 1.3 and 3.
const READS_ITSELF: [&str; 3] = ["Application.Read.All", "Application.ReadWrite.All", "Application.ReadWrite.OwnedBy"];

/// When the secret ends, as Graph tells it to an app whose token lets it ask. None where it may not, where that cannot be
/// told, or where several secrets begin alike and end on different days.
pub(super) async fn end_of(
    client: &Client,
    request: &RunRequest,
    secret: &ClientSecret,
    token: &AccessToken,
    progress: &Progress<'_>,
) -> Option<Date> {
    #[expect(clippy::disallowed_methods, reason = "only its claims are read")]
    let claims = Claims::read(token.reveal())?;
    if !claims.roles.iter().any(|role| READS_ITSELF.contains(&role.as_str())) {
        return None;
    }
    let profile = &request.profile;
    let path = format!("/v1.0/applications(appId='{}')?$select=passwordCredentials", profile.client);
    let ask = Ask { check: CheckId::Expiry, url: profile.resource.join(&path), call: Call::Get, bearer: Some(token) };
    let reply = client.ask(&ask, progress).await.ok()?;
    let told = reply.json().filter(|_| reply.status == 200)?;
    let mut ends = told.get("passwordCredentials")?.as_array()?.iter().filter_map(|one| {
        let text = |name: &str| one.get(name)?.as_str();
        text("hint").filter(|hint| secret.has_hint(hint))?;
        text("endDateTime").and_then(expiry::parse_date)
    });
    let first = ends.next()?;
    ends.all(|end| end == first).then_some(first)
}
