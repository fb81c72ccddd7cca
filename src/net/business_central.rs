//! What Business Central answers: which environments there are, whether the app is admitted, which companies it sees.
//!
//! The app's card cannot be read from outside: whether it is there and enabled is inferred from the answer to
//! `companies` (facts 5). Does not know how the token came.

use crate::core::check::{CheckId, CheckResult, Details};
use crate::core::evidence::{Evidence, Mark, Origin, Reply};
use crate::core::resource::segment;
use crate::core::untrusted::Untrusted;
use crate::net::client::Call;
use crate::net::local::{noted, with_note};
use crate::net::session::{Read, Session, refused, rows};
use futures_util::future::join_all;
use serde_json::Value;

/// The list of environments. Facts 5.
pub(super) const ENVIRONMENTS: &str = "/environments/v1.2";
/// The entity that every token with access can read.
const COMPANIES: &str = "companies";

/// `environment`, `registration` and `access`, of which the last two wait for what the first two answers say together.
pub(super) async fn probe(session: &Session<'_>, reached: CheckResult) {
    let progress = session.progress;
    if !progress.wants(CheckId::Registration) {
        let list = session.ask(CheckId::Environment, ENVIRONMENTS, Call::Get).await;
        progress.finished(CheckId::Environment, environment(session, reached, list.as_ref().ok(), None)).await;
        return;
    }
    progress.started(CheckId::Registration).await;
    let path = format!("{}/{COMPANIES}", api(session));
    let (list, companies) = tokio::join!(
        session.ask(CheckId::Environment, ENVIRONMENTS, Call::Get),
        session.ask(CheckId::Registration, &path, Call::Get),
    );
    let environment = environment(session, reached, list.as_ref().ok(), companies.as_ref().ok());
    let stands = matches!(environment, CheckResult::Passed { .. });
    progress.finished(CheckId::Environment, environment).await;
    if !stands {
        progress.skipped(&[CheckId::Registration], "needs environment").await;
        progress.skipped(&[CheckId::Access], "needs registration").await;
        return;
    }
    let all = companies.as_ref().ok().and_then(rows);
    progress.finished(CheckId::Registration, registration(session, companies, all.as_deref())).await;
    match all {
        Some(all) if progress.wants(CheckId::Access) => {
            progress.started(CheckId::Access).await;
            progress.finished(CheckId::Access, access(session, &all).await).await;
        }
        Some(_) => {}
        None => progress.skipped(&[CheckId::Access], "needs registration").await,
    }
}

/// Where the API of the profile's environment is. The tenant's segment is optional, the environment's is not (facts 5).
fn api(session: &Session<'_>) -> String {
    let profile = &session.request.profile;
    let environment = profile.environment.as_deref().unwrap_or_default();
    format!("/v2.0/{}/{}/api/v2.0", profile.tenant, segment(environment))
}

/// Whether the environment is there: by the list of environments, else by what its companies answer.
fn environment(
    session: &Session<'_>,
    reached: CheckResult,
    list: Option<&Reply>,
    companies: Option<&Reply>,
) -> CheckResult {
    let CheckResult::Passed { mut details, .. } = reached else { return reached };
    let wanted = session.request.profile.environment.as_deref().unwrap_or_default();
    let listed =
        list.and_then(rows).map(|all| all.iter().filter_map(|one| said(session, one, "name")).collect::<Vec<String>>());
    if let Some(names) = listed.filter(|names| !names.is_empty()) {
        let found = names.iter().find(|name| name.eq_ignore_ascii_case(wanted)).cloned();
        let all = names.join(", ");
        details.insert("environments".into(), names.into());
        return match found {
            Some(name) => CheckResult::Passed { summary: format!("environment {name} is there"), details },
            None => {
                let evidence = Evidence { check: Some(CheckId::Environment), ..list_lacks(Mark::EnvironmentAbsent) };
                let evidence = evidence.naming("environment", wanted).naming("there_are", &all);
                refused(format!("there is no environment {wanted}"), details, evidence)
            }
        };
    }
    // The list may be closed to this app: then the environment speaks for itself.
    let no_environment = |reply: &&Reply| {
        let evidence = session.evidence(CheckId::Environment, reply);
        reply.status == 404 && evidence.service_code.as_deref() == Some("NoEnvironment")
    };
    if let Some(reply) = companies.filter(no_environment) {
        let evidence = session.evidence(CheckId::Environment, reply).naming("environment", wanted);
        return refused(format!("there is no environment {wanted}"), details, evidence);
    }
    if companies.is_some_and(|reply| reply.status == 200) {
        return CheckResult::Passed { summary: format!("environment {wanted} answers"), details };
    }
    let summary = "the API answers; whether the environment is there was not told".to_owned();
    let note = "the list of environments cannot be read with this token, so the environment's name is not confirmed";
    with_note(CheckResult::Passed { summary, details }, Some(note))
}

/// Evidence of this program's own, from a list that was read.
fn list_lacks(mark: Mark) -> Evidence {
    Evidence { origin: Some(Origin::BusinessCentral), marks: [mark].into(), ..Evidence::default() }
}

/// A text in a row, harmless.
fn said(session: &Session<'_>, row: &Value, name: &str) -> Option<String> {
    Some(Untrusted::new(row.get(name)?.as_str()?, session.scrubber).one_line(120)).filter(|text| !text.is_empty())
}

/// Whether Business Central admits the app, or knows the user.
fn registration(session: &Session<'_>, companies: Result<Reply, Evidence>, all: Option<&[Value]>) -> CheckResult {
    let mut details = Details::new();
    let reply = match companies {
        Ok(reply) => reply,
        Err(evidence) => return refused("no answer", details, evidence),
    };
    details.insert("http_status".into(), reply.status.into());
    let Some(all) = all else {
        let summary = match reply.status {
            200 => "the answer is no list of companies".to_owned(),
            status @ 300..=399 => format!("the list of companies was redirected with status {status}"),
            status => format!("the list of companies was refused with status {status}"),
        };
        return refused(summary, details, session.refusal(&reply));
    };
    let names: Vec<String> = all.iter().filter_map(|one| said(session, one, "name")).collect();
    let who = if session.request.profile.sign_in.is_user() { "the user" } else { "the app" };
    let summary = match all.len() {
        1 => format!("Business Central admits {who}, 1 company is seen"),
        count => format!("Business Central admits {who}, {count} companies are seen"),
    };
    let notes = if all.is_empty() { vec![format!("{who} sees no company in this environment")] } else { Vec::new() };
    details.extend(noted(notes));
    details.insert("companies".into(), names.into());
    CheckResult::Passed { summary, details }
}

/// `access`: the company by name, and one row of each further entity in it.
async fn access(session: &Session<'_>, all: &[Value]) -> CheckResult {
    let has = |row: &Value, field: &str, text: &str| {
        row.get(field).and_then(Value::as_str).is_some_and(|had| had.eq_ignore_ascii_case(text))
    };
    let wanted = session.request.profile.company.as_deref();
    let company = match wanted {
        Some(name) => all.iter().find(|row| ["name", "displayName", "id"].iter().any(|field| has(row, field, name))),
        None => all.first(),
    };
    let names = session.entities();
    let id = company.and_then(|row| row.get("id")).and_then(Value::as_str).filter(|id| is_plain(id));
    let reads = names.iter().map(|name| async move {
        match (*name, id) {
            (COMPANIES, _) => Read { name: COMPANIES.into(), http_status: Some(200), outcome: Ok(all.len()) },
            (name, Some(id)) => {
                let path = format!("{}/{COMPANIES}({id})/{}?$top=1", api(session), segment(name));
                session.read(name, &path).await
            }
            // Without a company nothing in it can be asked for.
            (name, None) => {
                let evidence = Evidence { check: Some(CheckId::Access), ..list_lacks(Mark::CompanyAbsent) };
                Read { name: name.into(), http_status: None, outcome: Err(evidence) }
            }
        }
    });
    let reads = join_all(reads).await;
    if let (Some(name), None) = (wanted, company) {
        let there: Vec<String> = all.iter().filter_map(|one| said(session, one, "name")).collect();
        let evidence = Evidence { check: Some(CheckId::Access), ..list_lacks(Mark::CompanyAbsent) };
        let evidence = evidence.naming("company", name).naming("there_are", &there.join(", "));
        let (CheckResult::Passed { details, .. } | CheckResult::Refused { details, .. }) = session.access(reads) else {
            return refused(format!("there is no company {name}"), Details::new(), evidence);
        };
        return refused(format!("there is no company {name}"), details, evidence);
    }
    let writes = session.request.guide.writes.as_deref();
    match (session.access(reads), wanted) {
        (CheckResult::Passed { summary, details }, Some(name)) => {
            with_note(CheckResult::Passed { summary: format!("company {name}; {summary}"), details }, writes)
        }
        (result, _) => with_note(result, writes),
    }
}

/// Whether an id from an answer may go into a path: a GUID is all it should be.
fn is_plain(id: &str) -> bool {
    !id.is_empty() && id.len() <= 64 && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_as_parts_of_a_path() {
        assert!(is_plain("11111111-2222-4333-8444-555555555555") && !is_plain("a)/x(") && !is_plain(""));
    }
}
