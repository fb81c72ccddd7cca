//! The use cases below screen and commands: rehearsals that are mended step by step, and secrets that follow their profiles.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

use d365_connect::assets;
use d365_connect::core::check::{CheckId, CheckRun, Status};
use d365_connect::core::names::ProfileName;
use d365_connect::core::profile::{ProfileDraft, SecretSource};
use d365_connect::core::question::FieldId;
use d365_connect::core::rules::Judge;
use d365_connect::core::secret::ClientSecret;
use d365_connect::sandbox::{Offer, Scenario};
use d365_connect::store::secrets::Keyring;
use d365_connect::work::{self, Options, SaveRequest, SecretChoice, Session};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use zeroize::Zeroizing;

async fn session(scenario: Scenario) -> Session {
    let seconds = Duration::from_secs;
    let options = Options { home: None, sandbox: Some(scenario), exchange: seconds(20), waiting: seconds(0) };
    Session::open(options).await.unwrap()
}

fn name(text: &str) -> ProfileName {
    text.parse().unwrap()
}

fn secret(text: &str) -> Arc<ClientSecret> {
    Arc::new(ClientSecret::new(Zeroizing::new(text.to_owned())).unwrap())
}

/// Tests a draft with a secret that is not saved yet, as the wizard does.
async fn test(session: &Session, draft: &ProfileDraft, secret: Option<Arc<ClientSecret>>) -> CheckRun {
    let guide = assets::guide(&draft.guide).unwrap();
    let profile = draft.check(&name("draft"), guide, assets::clouds()).unwrap();
    let (sender, mut events) = mpsc::channel(4);
    let folded = async {
        let mut run = CheckRun::default();
        let values = work::judge_values(draft);
        while let Some(event) = events.recv().await {
            run.apply(event, &Judge { book: assets::rules(), guide: Some(guide), values: &values });
        }
        run
    };
    let (told, run) = tokio::join!(work::check(session, &profile, secret, &CheckId::ALL, sender), folded);
    told.unwrap();
    run
}

/// What the keyring of a rehearsal holds.
fn entries(session: &Session) -> usize {
    let Keyring::Memory(map) = &session.keyring else { panic!("a rehearsal keeps secrets in memory") };
    map.lock().unwrap().len()
}

#[tokio::test]
async fn every_scenario_turns_green_by_the_step_that_its_finding_names() {
    for scenario in Scenario::ALL {
        let id = scenario.as_str();
        let session = session(*scenario).await;
        let stored = work::open(&session, &name("fno-client-credentials")).unwrap().stored;
        let mut draft = stored.draft;
        let run = test(&session, &draft, None).await;
        if let Some(finding) = run.findings.first() {
            let (told, offers) = session.sandbox.as_ref().unwrap().carry_out(&finding.fix.step);
            assert!(!told.is_empty(), "{id}");
            let mut typed = None;
            for offer in offers {
                match offer {
                    Offer::Value(field, value) => draft.set(field, &value),
                    Offer::Secret(value, end) => {
                        typed = Some(value);
                        draft.set(FieldId::Expires, &end.to_string());
                    }
                }
            }
            let mended = test(&session, &draft, typed).await;
            assert_eq!(mended.verdict(), Status::Passed, "{id}, {}: {:?}", finding.fix.step, mended.findings);
        } else {
            assert!(matches!(run.verdict(), Status::Passed | Status::Warning), "{id}: {:?}", run.verdict());
        }
    }
}

#[tokio::test]
async fn the_home_of_a_rehearsal_goes_with_it() {
    let session = session(Scenario::Healthy).await;
    let root = session.home.root().to_owned();
    assert_eq!(work::rows(&session).unwrap().len(), assets::guides().len());
    assert!(session.is_rehearsal() && root.exists());
    drop(session);
    assert!(!root.exists());
}

#[tokio::test]
async fn a_secret_follows_its_profile_and_leaves_no_entry_behind() {
    let session = session(Scenario::Healthy).await;
    let ready = name("fno-client-credentials");
    assert_eq!(entries(&session), 1);

    assert_eq!(work::copy(&session, &ready, &name("copy")).await.unwrap(), None);
    assert_eq!(entries(&session), 2, "a copy has an entry of its own");
    work::copy(&session, &ready, &name("copy")).await.unwrap_err();
    assert_eq!(entries(&session), 2, "a copy that fails leaves none");

    let draft = work::open(&session, &ready).unwrap().stored.draft;
    let request = |to: &str, before: Option<ProfileDraft>, choice: SecretChoice| SaveRequest {
        name: name(to),
        draft: draft.clone(),
        secret: choice,
        before,
    };
    let value = || SecretChoice::Value(secret("abc8Q~another"));
    work::save(&session, request("copy", None, value())).await.unwrap_err();
    work::save(&session, request("nope", Some(draft.clone()), value())).await.unwrap_err();
    assert_eq!(entries(&session), 2, "a save that fails leaves none");

    let saved = work::save(&session, request("fno-client-credentials", Some(draft.clone()), value())).await.unwrap();
    assert_eq!((entries(&session), saved.left), (2, None), "the old entry is forgotten");
    let read = work::read_secret(&session, saved.draft.source.as_ref().unwrap()).await.unwrap();
    assert!(read.is("abc8Q~another"));

    let elsewhere = SecretChoice::Source(SecretSource::Env { var: "D365_SECRET".into() });
    let before = work::open(&session, &ready).unwrap().stored.draft;
    work::save(&session, request("fno-client-credentials", Some(before), elsewhere)).await.unwrap();
    assert_eq!(entries(&session), 1);

    work::rename(&session, &name("copy"), &name("renamed")).unwrap();
    assert_eq!(work::remove(&session, &name("renamed")).await.unwrap().left, None);
    assert_eq!(entries(&session), 0);
}

#[tokio::test]
async fn a_failed_write_takes_the_new_entry_back() {
    let session = session(Scenario::Healthy).await;
    let draft = work::open(&session, &name("fno-client-credentials")).unwrap().stored.draft;
    let before = draft.clone();
    // A folder where the lock should be: nothing can be written, whoever runs this.
    let lock = session.home.root().join("lock");
    std::fs::remove_file(&lock).unwrap();
    std::fs::create_dir(&lock).unwrap();
    for (to, before) in [("new", None), ("fno-client-credentials", Some(before))] {
        let mut draft = draft.clone();
        draft.set(FieldId::Company, "DAT");
        let choice = SecretChoice::Value(secret("abc8Q~another"));
        work::save(&session, SaveRequest { name: name(to), draft, secret: choice, before }).await.unwrap_err();
        assert_eq!(entries(&session), 1, "{to}");
    }
    assert_eq!(work::open(&session, &name("fno-client-credentials")).unwrap().stored.draft.value(FieldId::Company), "");
}

#[tokio::test]
async fn a_copy_without_a_readable_secret_says_so() {
    let session = session(Scenario::Healthy).await;
    let Keyring::Memory(map) = &session.keyring else { panic!("a rehearsal keeps secrets in memory") };
    map.lock().unwrap().clear();
    let without = work::copy(&session, &name("fno-client-credentials"), &name("copy")).await.unwrap();
    assert!(without.unwrap().contains("keyring"));
    assert_eq!(work::open(&session, &name("copy")).unwrap().stored.draft.source, None);
}

#[tokio::test]
async fn an_extra_authority_that_cannot_be_read_is_a_check_that_could_not_be_judged() {
    let session = session(Scenario::Healthy).await;
    let mut draft = work::open(&session, &name("fno-client-credentials")).unwrap().stored.draft;
    draft.set(FieldId::CaCertificate, "/nowhere/ca.pem");
    let run = test(&session, &draft, None).await;
    assert_eq!(run.verdict(), Status::Unknown);
    assert!(run.done(CheckId::Inputs).unwrap().summary.contains("/nowhere/ca.pem"));
    assert!(CheckId::ALL.iter().all(|check| run.done(*check).is_some()));
}
