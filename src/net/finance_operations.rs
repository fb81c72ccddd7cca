//! What Finance & Operations answers: without a token, to the user session, and to reads of entities.
//!
//! Does not know how the token came.

use crate::core::check::{CheckId, CheckResult, Details};
use crate::core::cloud::HostKind;
use crate::core::evidence::{Evidence, Fault, Mark, Origin, Reply, is_sign_in};
use crate::core::secret::{AccessToken, Scrubber};
use crate::core::untrusted::Untrusted;
use crate::net::client::{Ask, Call};
use crate::net::local::noted;
use crate::net::progress::Progress;
use crate::net::{Client, RunRequest};
use futures_util::future::join_all;
use serde_json::{Value, json};
use url::Url;
use url::form_urlencoded::byte_serialize;

/// The user session: tells the mapped user without any entity privilege. Facts 4.5.
const USER_SESSION: &str = "/api/services/UserSessionService/AifUserSessionService/GetUserSessionInfo";

/// Words that the product's own pages, Microsoft's error pages or its sign-in hold. A page with status 200 and none of
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

/// `environment`: whether the resource answers at all, asked without a token. What it answers differs by set-up and is
/// documented nowhere (facts 4.6), so only what is certainly somebody else's is refused.
pub(super) async fn environment(
    client: &Client,
    request: &RunRequest,
    scrubber: &Scrubber,
    progress: &Progress<'_>,
) -> CheckResult {
    let resource = &request.profile.resource;
    let host = resource.host();
    let ask = Ask { check: CheckId::Environment, url: resource.join("/"), call: Call::Get, bearer: None };
    let reply = match client.ask(&ask, progress).await {
        Ok(reply) => reply,
        Err(evidence) => {
            let summary = format!("{host} {}", evidence.fault.map_or("gave no answer", Fault::words));
            return CheckResult::Refused { summary, details: Details::new(), evidence: vec![evidence] };
        }
    };
    let mut details = Details::new();
    details.insert("http_status".into(), reply.status.into());
    let challenge = challenged(&reply).map(|address| Untrusted::new(address, scrubber).one_line(200));
    details.extend(challenge.map(|address| ("challenge_authority".to_owned(), address.into())));
    let refused = |summary: String, details| CheckResult::Refused {
        summary,
        details,
        evidence: vec![reply.evidence(CheckId::Environment, Origin::FinanceOperations, scrubber)],
    };
    if reply.status == 429 || reply.status >= 500 {
        return refused(format!("{host} answered with status {}", reply.status), details);
    }
    if reply.is_redirect() && leads_away(&reply, request) {
        return refused(format!("{host} leads to another host"), details);
    }
    if reply.status == 200 && reply.is_html() && !is_familiar(&reply) {
        return refused(format!("{host} shows a page that is not Finance & Operations"), details);
    }
    if reply.status == 404 {
        let note = "a 404 at the root proves little: the host answers, but it may be another service";
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

/// The sign-in address in a challenge. Dataverse sends one; whether Finance & Operations does is not documented.
fn challenged(reply: &Reply) -> Option<&str> {
    let (_, rest) = reply.challenge.as_deref()?.split_once("authorization_uri=")?;
    rest.trim_start_matches('"').split(['"', ',', ' ']).next()
}

/// A run's access to the environment, with a token.
pub(super) struct Session<'a> {
    pub client: &'a Client,
    pub request: &'a RunRequest,
    pub progress: &'a Progress<'a>,
    pub token: &'a AccessToken,
    /// Knows the secret and the token.
    pub scrubber: Scrubber,
    /// What the claims foretell.
    pub marks: Vec<Mark>,
}

impl Session<'_> {
    /// `registration`: whether the app is registered and mapped to a user who may sign in.
    pub async fn registration(&self) -> CheckResult {
        let profile = &self.request.profile;
        let reply = match self.ask(CheckId::Registration, USER_SESSION, Call::PostNothing).await {
            Ok(reply) => reply,
            Err(evidence) => return refused("no answer", Details::new(), evidence),
        };
        let mut details = Details::new();
        details.insert("http_status".into(), reply.status.into());
        let json = reply.json().filter(|_| reply.status == 200).unwrap_or_default();
        let text = |name: &str| {
            let text = Untrusted::new(json.get(name)?.as_str()?, &self.scrubber).one_line(120);
            Some(text).filter(|text| !text.is_empty())
        };
        let Some(user) = text("UserId") else {
            let mut evidence = self.evidence(CheckId::Registration, &reply);
            evidence.marks.extend(self.marks.iter().copied());
            let summary = match reply.status {
                200 => "the answer is not a user session".into(),
                status => format!("the user session was refused with status {status}"),
            };
            return refused(&summary, details, evidence);
        };
        let is_admin = json.get("IsSysAdmin").and_then(Value::as_bool);
        let mut notes = Vec::new();
        if is_admin == Some(true) {
            notes.push(format!(
                "the mapped user {user} is a system administrator: a user with only the roles it needs is safer"
            ));
        }
        for (what, wanted, had) in [
            ("user", profile.user_id.as_deref(), Some(user.clone())),
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
        CheckResult::Passed { summary: format!("registered, acts as user {user}{company}"), details }
    }

    /// `access`: reads one row of each entity, all at once. Only the default company of the mapped user is read: that
    /// is what its integrations see without asking for more (facts 4.8).
    pub async fn access(&self) -> CheckResult {
        let profile = &self.request.profile;
        let names: Vec<&str> = if profile.entities.is_empty() {
            self.request.guide.reads.iter().map(|entity| entity.name.as_str()).collect()
        } else {
            profile.entities.iter().map(String::as_str).collect()
        };
        let answers = join_all(names.iter().map(|name| self.read(name))).await;
        let (mut entities, mut evidence) = (Vec::new(), Vec::new());
        for (name, (http_status, answer)) in names.iter().zip(answers) {
            // How a refused one stands is judged with its evidence.
            let (status, rows) = match answer {
                Ok(rows) => ("passed", Some(rows)),
                Err(one) => {
                    evidence.push(one);
                    ("unknown", None)
                }
            };
            entities.push(json!({ "name": name, "status": status, "http_status": http_status, "rows": rows }));
        }
        let summary = format!("{} of {} entities can be read", names.len() - evidence.len(), names.len());
        let mut details = Details::new();
        details.insert("entities".into(), entities.into());
        if evidence.is_empty() {
            CheckResult::Passed { summary, details }
        } else {
            CheckResult::Refused { summary, details, evidence }
        }
    }

    /// Reads one row: the status, and how many rows came, or why not.
    async fn read(&self, name: &str) -> (Option<u16>, Result<usize, Evidence>) {
        let path = format!("/data/{}?$top=1", byte_serialize(name.as_bytes()).collect::<String>());
        let (status, mut evidence) = match self.ask(CheckId::Access, &path, Call::Get).await {
            Ok(reply) => {
                let rows = reply.json().filter(|_| reply.status == 200);
                if let Some(rows) = rows.as_ref().and_then(|json| json.get("value")).and_then(Value::as_array) {
                    return (Some(reply.status), Ok(rows.len()));
                }
                (Some(reply.status), self.evidence(CheckId::Access, &reply))
            }
            Err(evidence) => (None, evidence),
        };
        evidence.marks.insert(Mark::SessionAccepted);
        (status, Err(evidence.naming("entity", name)))
    }

    async fn ask(&self, check: CheckId, path: &str, call: Call<'_>) -> Result<Reply, Evidence> {
        let ask = Ask { check, url: self.request.profile.resource.join(path), call, bearer: Some(self.token) };
        self.client.ask(&ask, self.progress).await
    }

    /// The evidence of an answer that is no pass. With status 200 it is not the service's at all.
    fn evidence(&self, check: CheckId, reply: &Reply) -> Evidence {
        let mut evidence = reply.evidence(check, Origin::FinanceOperations, &self.scrubber);
        if reply.status == 200 {
            evidence.marks.insert(Mark::Unreadable);
        }
        evidence
    }
}

fn refused(summary: &str, details: Details, evidence: Evidence) -> CheckResult {
    CheckResult::Refused { summary: summary.into(), details, evidence: vec![evidence] }
}
