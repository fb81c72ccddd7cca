//! Every guide, with each way to sign in that it offers, against whatever can be wrong in the simulated tenant: each
//! fault leads to its cause, to who mends it and to the step of the guide that turns the test green.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "support/rehearsal.rs"]
mod rehearsal;

use d365_connect::assets;
use d365_connect::core::check::{CheckId, Status};
use d365_connect::core::guide::{Actor, Guide, Product, SignIn};
use d365_connect::core::question::FieldId;
use d365_connect::core::report::ProfileReport;
use d365_connect::core::rules::{Cause, Finding, Owner};
use d365_connect::sandbox::Scenario;
use d365_connect::work::{self, Options, Session};
use futures_util::StreamExt;
use rehearsal::{session, take_over, test};
use std::time::Duration;

/// What a scenario must lead to: how the test comes out, the cause, who mends it, and in which step.
type Expected = (Status, Option<(Cause, Owner, &'static str)>);

fn expected(scenario: Scenario, way: SignIn) -> Expected {
    use Owner::{D365Admin, EntraAdmin, Microsoft, Network, Operator};
    let found = |cause, owner, step| (Status::Failed, Some((cause, owner, step)));
    let unknown = |cause, owner| (Status::Unknown, Some((cause, owner, "test")));
    match scenario {
        // That a sign-in cannot be renewed is told by a note: only an end date is a warning.
        Scenario::Healthy | Scenario::Slow | Scenario::RefreshRefused => (Status::Passed, None),
        Scenario::SecretExpiring => (Status::Warning, Some((Cause::SecretExpired, EntraAdmin, "client-secret"))),
        Scenario::CertificateNotRegistered => found(Cause::CertificateMismatch, EntraAdmin, "client-secret"),
        Scenario::CertificateExpired => found(Cause::CertificateExpired, EntraAdmin, "client-secret"),
        Scenario::SecretIdPasted => found(Cause::SecretWrong, EntraAdmin, "client-secret"),
        Scenario::SecretExpired => found(Cause::SecretExpired, EntraAdmin, "client-secret"),
        Scenario::ClientNotFound => found(Cause::ClientNotFound, EntraAdmin, "register-app"),
        Scenario::TenantNotFound => found(Cause::TenantNotFound, Operator, "values"),
        Scenario::ResourceNotFound => found(Cause::ResourceNotFound, EntraAdmin, "values"),
        // For a person, consent is looked for first; giving it makes the service principal.
        Scenario::ServicePrincipalMissing if way.is_user() => found(Cause::ConsentMissing, EntraAdmin, "permissions"),
        Scenario::ServicePrincipalMissing => found(Cause::ServicePrincipalMissing, EntraAdmin, "register-app"),
        Scenario::PolicyBlocked | Scenario::DeviceCodeBlocked => found(Cause::PolicyBlocked, EntraAdmin, "permissions"),
        Scenario::AppDisabled => found(Cause::AppDisabled, EntraAdmin, "register-app"),
        Scenario::NotRegistered => found(Cause::D365NotRegistered, D365Admin, "register-in-d365"),
        Scenario::UserDisabled | Scenario::UserNotInEnvironment => {
            found(Cause::D365UserUnusable, D365Admin, "register-in-d365")
        }
        Scenario::NoPrivilege => found(Cause::D365PrivilegeMissing, D365Admin, "register-in-d365"),
        Scenario::WrongAudience => found(Cause::TokenAudience, Operator, "values"),
        Scenario::Throttled => unknown(Cause::Throttled, Microsoft),
        Scenario::Maintenance => unknown(Cause::D365Maintenance, D365Admin),
        Scenario::LoginPage => unknown(Cause::NotTheService, Network),
        Scenario::Offline => unknown(Cause::Dns, Network),
        Scenario::RolesMissing | Scenario::GraphPermissionMissing => {
            found(Cause::PermissionMissing, EntraAdmin, "permissions")
        }
        Scenario::AppCardMissing | Scenario::AppCardDisabled => {
            found(Cause::BcAppNotEnabled, D365Admin, "register-in-d365")
        }
        Scenario::PermissionSetMissing => found(Cause::BcPermissionSetMissing, D365Admin, "register-in-d365"),
        Scenario::WrongEnvironment => found(Cause::EnvironmentNotFound, Operator, "values"),
        Scenario::WrongCompany => found(Cause::CompanyNotFound, Operator, "values"),
        Scenario::ConsentMissing => found(Cause::ConsentMissing, EntraAdmin, "permissions"),
        Scenario::RedirectMismatch => found(Cause::RedirectMismatch, Operator, "register-app"),
        Scenario::SignInDenied => found(Cause::UserSignIn, EntraAdmin, "test"),
        Scenario::CodeExpired => found(Cause::SignInExpired, EntraAdmin, "test"),
        Scenario::PublicClientBlocked => found(Cause::PublicClientBlocked, EntraAdmin, "register-app"),
    }
}

/// One row: the ready profile of the guide, in a tenant with that fault, and again after the step was carried out.
async fn walk(scenario: Scenario, guide: &'static Guide, way: SignIn) {
    let row = format!("{} {way} {}", guide.id, scenario.as_str());
    let session = session(scenario).await;
    let mut draft = work::open(&session, &guide.id.parse().unwrap()).await.unwrap().stored.draft;
    draft.set(FieldId::SignIn, way.as_str());
    let run = test(&session, &draft, None).await;
    let first = run.findings.first().map(|finding| (finding.cause, finding.owner, finding.fix.step.as_str()));
    assert_eq!((run.verdict(), first), expected(scenario, way), "{row}: {:?}", run.findings);
    let Some(finding) = run.findings.first() else { return };
    assert!(!finding.title.is_empty() && !finding.fix.text.is_empty(), "{row}");
    assert_eq!(finding.fix.guide.as_deref(), Some(guide.id.as_str()), "{row}");
    if scenario == Scenario::UserNotInEnvironment {
        let who = if guide.product == Product::BusinessCentral { "Business Central" } else { "D365" };
        assert!(finding.title.starts_with(who) && finding.title.contains("person"), "{row}: {}", finding.title);
    }
    // Whoever mends it is the one who carries the step out, where the step is an administrator's.
    let actor = guide.step(&finding.fix.step).unwrap().actor;
    match finding.owner {
        Owner::EntraAdmin => assert!([Actor::EntraAdmin, Actor::Operator].contains(&actor), "{row}"),
        Owner::D365Admin => assert!([Actor::D365Admin, Actor::Operator].contains(&actor), "{row}"),
        _ => assert!(actor == Actor::Operator || finding.cause == Cause::RedirectMismatch, "{row}"),
    }

    let (told, offers) = session.sandbox.as_ref().unwrap().carry_out(guide, &finding.fix.step);
    assert!(!told.is_empty(), "{row}");
    let typed = take_over(&session, &mut draft, offers);
    let mended = test(&session, &draft, typed).await;
    assert_eq!(mended.verdict(), Status::Passed, "{row}, after {}: {:?}", finding.fix.step, mended.findings);
}

/// What a rehearsal opens with shows what the scenario is about, without a value being changed.
#[tokio::test]
async fn ready_profiles_meet_their_scenario() {
    let rows = Scenario::ALL.iter().flat_map(|scenario| assets::guides().iter().map(move |guide| (*scenario, guide)));
    let met = rows.filter(|(scenario, guide)| guide.sign_in.iter().any(|way| scenario.concerns(guide.product, *way)));
    let one = |(scenario, guide): (Scenario, &'static Guide)| async move {
        let row = format!("{} {}", guide.id, scenario.as_str());
        let session = session(scenario).await;
        let draft = work::open(&session, &guide.id.parse().unwrap()).await.unwrap().stored.draft;
        let run = test(&session, &draft, None).await;
        let report = ProfileReport::new("ready", &guide.id, jiff::Timestamp::now(), &run, &[]);
        let findings = report.findings;
        let first = findings.first().map(|finding| (finding.cause, finding.owner, finding.fix.step.as_str()));
        assert_eq!((run.verdict(), first), expected(scenario, draft.sign_in(guide)), "{row}: {findings:?}");
        // A cause is told once, one of Microsoft's side once a lane.
        let lane = |finding: &Finding| finding.check.and_then(CheckId::lane);
        for (at, finding) in findings.iter().enumerate() {
            let busy = finding.owner == Owner::Microsoft;
            let is_other = |known: &Finding| known.cause != finding.cause || busy && lane(known) != lane(finding);
            assert!(findings[..at].iter().all(is_other), "{row}: twice {:?}", finding.cause);
        }
    };
    futures_util::stream::iter(met).for_each_concurrent(4, one).await;
}

async fn walk_all(id: &str) {
    let guide = assets::guide(id).unwrap();
    let rows = guide.sign_in.iter().flat_map(|way| Scenario::ALL.iter().map(move |scenario| (*scenario, *way)));
    let met = rows.filter(|(scenario, way)| scenario.concerns(guide.product, *way));
    // A few at once: some only wait.
    futures_util::stream::iter(met).for_each_concurrent(4, |(scenario, way)| walk(scenario, guide, way)).await;
}

#[tokio::test]
async fn finance_and_operations_with_client_credentials() {
    walk_all("fno-client-credentials").await;
}

#[tokio::test]
async fn finance_and_operations_as_a_person() {
    walk_all("fno-delegated").await;
}

#[tokio::test]
async fn office_365() {
    walk_all("office365").await;
}

#[tokio::test]
async fn business_central() {
    walk_all("business-central").await;
}

#[tokio::test]
async fn c1s_connector() {
    walk_all("c1-fno").await;
}

#[tokio::test]
async fn a_sign_in_that_cannot_be_renewed_is_told() {
    for (scenario, told) in [(Scenario::Healthy, false), (Scenario::RefreshRefused, true)] {
        for way in ["loopback", "device-code"] {
            let seconds = Duration::from_secs;
            let options = Options { home: None, sandbox: Some(scenario), exchange: seconds(20), waiting: seconds(0) };
            let session = Session::open(options).await.unwrap();
            let mut draft = work::open(&session, &"fno-delegated".parse().unwrap()).await.unwrap().stored.draft;
            draft.set(FieldId::SignIn, way);
            let run = test(&session, &draft, None).await;
            let details = &run.done(CheckId::Token).unwrap().details;
            let notes = details.get("notes").map(ToString::to_string).unwrap_or_default();
            assert_eq!(notes.contains("cannot be renewed (AADSTS700082)"), told, "{way}: {notes}");
        }
    }
}
