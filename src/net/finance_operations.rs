//! What Finance & Operations answers to the user session, and to reads of entities.
//!
//! Does not know how the token came.

use crate::core::check::{CheckId, CheckResult, Details};
use crate::core::resource::segment;
use crate::core::untrusted::Untrusted;
use crate::net::client::Call;
use crate::net::local::{noted, with_note};
use crate::net::session::{Session, refused};
use futures_util::future::join_all;
use serde_json::Value;

/// The user session: tells the mapped user without any entity privilege. Facts 4.5.
const USER_SESSION: &str = "/api/services/UserSessionService/AifUserSessionService/GetUserSessionInfo";

/// `registration`: whether D365 accepts the token, and for which user.
pub(super) async fn registration(session: &Session<'_>) -> CheckResult {
    let profile = &session.request.profile;
    let reply = match session.ask(CheckId::Registration, USER_SESSION, Call::PostNothing).await {
        Ok(reply) => reply,
        Err(evidence) => return refused("no answer", Details::new(), evidence),
    };
    let mut details = Details::new();
    details.insert("http_status".into(), reply.status.into());
    let json = reply.json().filter(|_| reply.status == 200).unwrap_or_default();
    let text = |name: &str| {
        let text = Untrusted::new(json.get(name)?.as_str()?, session.scrubber).one_line(120);
        Some(text).filter(|text| !text.is_empty())
    };
    let Some(user) = text("UserId") else {
        let summary = match reply.status {
            200 => "the answer is not a user session".to_owned(),
            status @ 300..=399 => format!("the user session was redirected with status {status}"),
            status => format!("the user session was refused with status {status}"),
        };
        return refused(summary, details, session.refusal(&reply));
    };
    let is_user = profile.sign_in.is_user();
    let is_admin = json.get("IsSysAdmin").and_then(Value::as_bool);
    let mut notes = Vec::new();
    if is_admin == Some(true) {
        let what = if is_user { "the signed-in user" } else { "the mapped user" };
        notes.push(format!("{what} {user} is a system administrator: a user with only the roles it needs is safer"));
    }
    for (what, wanted, had) in [
        // A signed-in person is not the user that the app is mapped to.
        ("user", profile.user_id.as_deref().filter(|_| !is_user), Some(user.clone())),
        ("company", profile.company.as_deref(), text("Company")),
    ] {
        if let (Some(wanted), Some(had)) = (wanted, had)
            && !wanted.eq_ignore_ascii_case(&had)
        {
            notes.push(format!("the profile says {what} '{wanted}', Finance & Operations says '{had}'"));
        }
    }
    details.extend(noted(notes));
    for (name, value) in [
        ("user_id", Some(user.as_str().into())),
        ("company", text("Company").map(Value::from)),
        ("is_sys_admin", is_admin.map(Value::from)),
        ("language", text("AXLanguage").map(Value::from)),
        ("locale", text("AOSLocaleName").map(Value::from)),
        ("time_zone", text("UserPreferredTimeZone").map(Value::from)),
    ] {
        details.extend(value.map(|value| (name.to_owned(), value)));
    }
    let company = text("Company").map(|company| format!(", company {company}")).unwrap_or_default();
    let how = if is_user { "D365 knows the user" } else { "registered, acts as user" };
    CheckResult::Passed { summary: format!("{how} {user}{company}"), details }
}

/// `access`: reads one row of each entity, all at once. Only the default company of the user is read: that is what
/// integrations see without asking for more (facts 4.8).
pub(super) async fn access(session: &Session<'_>) -> CheckResult {
    let names = session.entities();
    let reads =
        names.iter().map(|name| async move { session.read(name, &format!("/data/{}?$top=1", segment(name))).await });
    let reads = join_all(reads).await;
    let writes = session.request.guide.writes.as_deref();
    with_note(session.access(reads), writes)
}
