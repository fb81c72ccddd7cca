//! The use cases below screen and commands: rehearsals that are mended step by step, and secrets that follow their profiles.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]
#![expect(clippy::print_stdout, reason = "processes started by tests tell what they saw")]

#[path = "support/rehearsal.rs"]
mod rehearsal;

use d365_connect::assets;
use d365_connect::core::check::{CheckId, Status};
use d365_connect::core::names::ProfileName;
use d365_connect::core::profile::{CredentialSource, ProfileDraft, SecretSource};
use d365_connect::core::question::FieldId;
use d365_connect::core::secret::ClientSecret;
use d365_connect::core::since::{Trait, Traits};
use d365_connect::sandbox::{Offer, Scenario};
use d365_connect::store::StoreError;
use d365_connect::store::drafts::Draft;
use d365_connect::store::profiles;
use d365_connect::store::secrets::{Keyring, Stop, Vault};
use d365_connect::work::{self, Options, SaveRequest, SecretChoice, Session, WorkError};
use rehearsal::{session, take_over, test};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use zeroize::Zeroizing;

/// A rehearsal with the ready profile of the first guide alone.
async fn with_one_profile(scenario: Scenario) -> Session {
    let session = session(scenario).await;
    for guide in &assets::guides()[1..] {
        work::remove(&session, &name(&guide.id)).await.unwrap();
    }
    session
}

fn name(text: &str) -> ProfileName {
    text.parse().unwrap()
}

fn secret(text: &str) -> Arc<ClientSecret> {
    Arc::new(ClientSecret::new(Zeroizing::new(text.to_owned())).unwrap())
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
        let stored = work::open(&session, &name("fno-client-credentials")).await.unwrap().stored;
        let mut draft = stored.draft;
        let run = test(&session, &draft, None).await;
        if let Some(finding) = run.findings.first() {
            let (told, offers) =
                session.sandbox.as_ref().unwrap().carry_out(assets::guide(&draft.guide).unwrap(), &finding.fix.step);
            assert!(!told.is_empty(), "{id}");
            let typed = take_over(&session, &mut draft, offers);
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
    assert_eq!(work::rows(&session).await.unwrap().len(), assets::guides().len());
    assert!(session.is_rehearsal() && root.exists());
    drop(session);
    assert!(!root.exists());
}

#[tokio::test]
async fn a_secret_follows_its_profile_and_leaves_no_entry_behind() {
    let session = with_one_profile(Scenario::Healthy).await;
    let ready = name("fno-client-credentials");
    assert_eq!(entries(&session), 1);

    assert_eq!(work::copy(&session, &ready, &name("copy")).await.unwrap(), None);
    assert_eq!(entries(&session), 2, "a copy has an entry of its own");
    work::copy(&session, &ready, &name("copy")).await.unwrap_err();
    assert_eq!(entries(&session), 2, "a copy that fails leaves none");

    let draft = work::open(&session, &ready).await.unwrap().stored.draft;
    let request = |to: &str, before: Option<ProfileDraft>, choice: SecretChoice| SaveRequest {
        name: name(to),
        was: before.map(|before| (name(to), before)),
        draft: draft.clone(),
        secret: choice,
    };
    let value = || SecretChoice::Value(secret("abc8Q~another"));
    work::save(&session, request("copy", None, value())).await.unwrap_err();
    work::save(&session, request("nope", Some(draft.clone()), value())).await.unwrap_err();
    assert_eq!(entries(&session), 2, "a save that fails leaves none");

    let saved = work::save(&session, request("fno-client-credentials", Some(draft.clone()), value())).await.unwrap();
    assert_eq!((entries(&session), saved.left), (2, None), "the old entry is forgotten");
    let read = work::read_secret(&session, saved.draft.source.as_ref().unwrap().secret().unwrap()).await.unwrap();
    assert!(read.is("abc8Q~another"));

    let elsewhere = SecretChoice::Source(SecretSource::Env { var: "D365_SECRET".into() }.into());
    let before = work::open(&session, &ready).await.unwrap().stored.draft;
    work::save(&session, request("fno-client-credentials", Some(before), elsewhere)).await.unwrap();
    assert_eq!(entries(&session), 1);

    work::rename(&session, &name("copy"), &name("renamed")).await.unwrap();
    assert_eq!(work::remove(&session, &name("renamed")).await.unwrap().left, None);
    assert_eq!(entries(&session), 0);
}

/// With its comments, its history and its secret; the keyring holds nothing of it in between.
#[tokio::test]
async fn what_was_removed_can_be_brought_back_while_the_program_runs() {
    let session = with_one_profile(Scenario::Healthy).await;
    let ready = name("fno-client-credentials");
    assert!(matches!(work::bring_back(&session, &ready).await, Err(WorkError::NothingRemoved)));
    let path = work::open(&session, &ready).await.unwrap().stored.path;
    let text = format!("# by hand\n{}", std::fs::read_to_string(&path).unwrap());
    let text = text.replacen("[credential]", "unknown = 1\n[credential]", 1);
    std::fs::write(&path, &text).unwrap();
    work::note_verdict(&session, &ready, Status::Passed, None, Traits::default()).await;
    assert_eq!(work::remove_for_now(&session, &ready).await.unwrap().left, None);
    assert_eq!((entries(&session), path.exists()), (0, false));
    // Its name was given to another meanwhile: nothing of either is lost.
    let other = ProfileDraft::new("office365");
    profiles::save(&session.home, &ready, &other, profiles::Save::New).unwrap();
    work::bring_back(&session, &ready).await.unwrap_err();
    assert_eq!(entries(&session), 0, "no entry is left by a failure");
    work::remove(&session, &ready).await.unwrap();
    let without = work::bring_back(&session, &ready).await.unwrap();
    assert_eq!((without, entries(&session)), (None, 1));
    let now = std::fs::read_to_string(&path).unwrap();
    let but_entry = |text: &str| text.lines().filter(|line| !line.starts_with("entry")).collect::<Vec<_>>().join("\n");
    assert_eq!(but_entry(&now), but_entry(&text));
    assert!(work::rows(&session).await.unwrap()[0].last.is_some());
    let draft = work::open(&session, &ready).await.unwrap().stored.draft;
    assert_eq!(test(&session, &draft, None).await.verdict(), Status::Passed);
    // A history that cannot be written is no reason to give up profile and secret again.
    let history = session.home.history(&ready);
    work::remove_for_now(&session, &ready).await.unwrap();
    std::fs::create_dir(&history).unwrap();
    assert_eq!(work::bring_back(&session, &ready).await.unwrap(), None);
    assert_eq!((entries(&session), path.exists()), (1, true));
    std::fs::remove_dir(&history).unwrap();
    // Several come back one by one, the last one first, each with a draft of its name.
    profiles::save(&session.home, &name("second"), &other, profiles::Save::New).unwrap();
    let half = Draft { name: name("second"), values: other.clone(), step: "values".into() };
    work::keep_draft(&session, half.clone()).await.unwrap();
    for gone in [&ready, &name("second")] {
        assert!(work::remove_for_now(&session, gone).await.unwrap().remembered);
    }
    for back in [&ready, &name("second")] {
        assert_eq!(work::bring_back(&session, back).await.unwrap(), None);
    }
    assert_eq!(work::drafts(&session).await.unwrap(), [half]);
    assert_eq!(entries(&session), 1);
    // Once only; and a secret that could not be read is told.
    assert!(work::bring_back(&session, &ready).await.is_err());
    let Keyring::Memory(map) = &session.keyring else { panic!("a rehearsal keeps secrets in memory") };
    map.lock().unwrap().clear();
    work::remove_for_now(&session, &ready).await.unwrap();
    assert!(work::bring_back(&session, &ready).await.unwrap().unwrap().contains("keyring"));
    assert_eq!(work::open(&session, &ready).await.unwrap().stored.draft.source, None);
}

#[tokio::test]
async fn a_failed_write_takes_the_new_entry_back() {
    let session = with_one_profile(Scenario::Healthy).await;
    let draft = work::open(&session, &name("fno-client-credentials")).await.unwrap().stored.draft;
    let before = draft.clone();
    // A folder where the lock should be: nothing can be written, whoever runs this.
    let lock = session.home.root().join("lock");
    std::fs::remove_file(&lock).unwrap();
    std::fs::create_dir(&lock).unwrap();
    for (to, before) in [("new", None), ("fno-client-credentials", Some(before))] {
        let mut draft = draft.clone();
        draft.set(FieldId::Company, "DAT");
        let choice = SecretChoice::Value(secret("abc8Q~another"));
        let was = before.map(|before| (name(to), before));
        work::save(&session, SaveRequest { name: name(to), was, draft, secret: choice }).await.unwrap_err();
        assert_eq!(entries(&session), 1, "{to}");
    }
    assert_eq!(
        work::open(&session, &name("fno-client-credentials")).await.unwrap().stored.draft.value(FieldId::Company),
        ""
    );
}

#[tokio::test]
async fn a_copy_without_a_readable_secret_says_so() {
    let session = session(Scenario::Healthy).await;
    let Keyring::Memory(map) = &session.keyring else { panic!("a rehearsal keeps secrets in memory") };
    map.lock().unwrap().clear();
    let without = work::copy(&session, &name("fno-client-credentials"), &name("copy")).await.unwrap();
    assert!(without.unwrap().contains("keyring"));
    assert_eq!(work::open(&session, &name("copy")).await.unwrap().stored.draft.source, None);
}

#[tokio::test]
async fn an_extra_authority_that_cannot_be_used_is_a_check_that_could_not_be_judged() {
    let session = session(Scenario::Healthy).await;
    let mut draft = work::open(&session, &name("fno-client-credentials")).await.unwrap().stored.draft;
    let folder = tempfile::tempdir().unwrap();
    let file = |file: &str, text: &str| {
        let path = folder.path().join(file);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let mut paths = vec![
        ("/nowhere/ca.pem".to_owned(), ""),
        (file("empty.pem", ""), "no certificate"),
        (file("large.pem", &"x".repeat(1024 * 1024 + 1)), "larger than 1 MiB"),
    ];
    #[cfg(unix)]
    {
        let pipe = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        paths.push((pipe.to_str().unwrap().to_owned(), "not a regular file"));
        paths.push((folder.path().to_str().unwrap().to_owned(), "not a regular file"));
    }
    for (path, told) in paths {
        draft.set(FieldId::CaCertificate, &path);
        let run = test(&session, &draft, None).await;
        assert_eq!(run.verdict(), Status::Unknown, "{path}");
        let summary = &run.done(CheckId::Inputs).unwrap().summary;
        assert!(summary.contains(&path) && summary.contains(told), "{summary}");
        assert!(CheckId::ALL.iter().all(|check| run.done(*check).is_some()));
    }
}

/// A session on a home of its own that is kept, with the simulated tenant and a keyring in memory.
async fn session_at(home: &Path) -> Session {
    let options = Options {
        home: Some(home.to_owned()),
        sandbox: Some(Scenario::Healthy),
        exchange: Duration::from_secs(20),
        waiting: Duration::ZERO,
    };
    let mut session = Session::open(options).await.unwrap();
    session.keyring = Keyring::in_memory();
    session
}

/// The lock of a home, as another process would hold it.
fn hold_lock(session: &Session) -> std::fs::File {
    std::fs::create_dir_all(session.home.root()).unwrap();
    let lock = std::fs::File::create(session.home.root().join("lock")).unwrap();
    lock.lock().unwrap();
    lock
}

fn ready(session: &Session) -> SaveRequest {
    let mut draft = ProfileDraft::new("fno-client-credentials");
    for offer in session.sandbox.as_ref().unwrap().noted(assets::guide("fno-client-credentials").unwrap()) {
        if let Offer::Value(field, value) = offer {
            draft.set(field, &value);
        }
    }
    SaveRequest { name: name("one"), was: None, draft, secret: SecretChoice::Value(secret("abc8Q~value")) }
}

#[tokio::test]
async fn waiting_for_another_writer_does_not_stop_the_loop() {
    let folder = tempfile::tempdir().unwrap();
    let session = session_at(folder.path()).await;
    work::save(&session, ready(&session)).await.unwrap();
    let draft = Draft { name: name("half"), values: ready(&session).draft, step: "values".into() };
    // Only the loop can let the other writer go on; were it stopped, each of these would give up after 5 s.
    let let_go = |held: std::fs::File| async move {
        tokio::time::sleep(Duration::from_millis(20)).await;
        drop(held);
    };
    let held = hold_lock(&session);
    tokio::join!(async { work::rename(&session, &name("one"), &name("two")).await.unwrap() }, let_go(held));
    let held = hold_lock(&session);
    tokio::join!(async { work::keep_draft(&session, draft).await.unwrap() }, let_go(held));
    let held = hold_lock(&session);
    tokio::join!(async { work::forget_draft(&session, &name("half")).await.unwrap() }, let_go(held));
    let held = hold_lock(&session);
    tokio::join!(
        async { work::note_verdict(&session, &name("two"), Status::Passed, None, Traits::default()).await },
        let_go(held)
    );
    let held = hold_lock(&session);
    tokio::join!(
        async { assert_eq!(work::copy(&session, &name("two"), &name("three")).await.unwrap(), None) },
        let_go(held)
    );
    let held = hold_lock(&session);
    tokio::join!(async { work::remove(&session, &name("three")).await.unwrap() }, let_go(held));
    assert_eq!(work::drafts(&session).await.unwrap(), []);
    let rows = work::rows(&session).await.unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].last.as_ref().unwrap().verdict, Status::Passed);
    assert_eq!(entries(&session), 1);
}

#[tokio::test]
async fn a_save_that_nobody_waits_for_any_more_is_done_as_a_whole() {
    let folder = tempfile::tempdir().unwrap();
    let session = session_at(folder.path()).await;
    let (home, keyring) = (session.home.clone(), session.keyring.clone());
    let request = ready(&session);
    let held = hold_lock(&session);
    let given_up = tokio::time::timeout(Duration::from_millis(30), work::save(&session, request)).await;
    assert!(given_up.is_err());
    assert!(!home.profile(&name("one")).exists());
    drop(held);
    // The process could end right after this.
    drop(session);
    let stored = profiles::load(&home, &name("one")).unwrap();
    assert!(keyring.read(stored.draft.source.unwrap().secret().unwrap(), &Stop::default()).unwrap().is("abc8Q~value"));
}

#[tokio::test]
async fn a_save_under_another_name_that_fails_leaves_the_name_too() {
    let session = with_one_profile(Scenario::Healthy).await;
    let old = name("fno-client-credentials");
    let before = work::open(&session, &old).await.unwrap().stored.draft;
    let request = |to: &str, company: &str| {
        let mut draft = before.clone();
        // Put in past the cleaning that all typed values get.
        draft.values.insert(FieldId::Company, company.into());
        let secret = SecretChoice::Value(secret("abc8Q~another"));
        SaveRequest { name: name(to), was: Some((old.clone(), before.clone())), draft, secret }
    };
    work::save(&session, request("new", "a line\nend")).await.unwrap_err();
    assert_eq!(work::open(&session, &old).await.unwrap().stored.draft, before);
    assert!(work::open(&session, &name("new")).await.is_err());
    assert_eq!(entries(&session), 1);

    work::copy(&session, &old, &name("taken")).await.unwrap();
    work::save(&session, request("taken", "DAT")).await.unwrap_err();
    assert_eq!((entries(&session), work::rows(&session).await.unwrap().len()), (2, 2));

    let saved = work::save(&session, request("new", "DAT")).await.unwrap();
    assert_eq!((entries(&session), saved.left), (2, None));
    assert_eq!(saved.path, session.home.profile(&name("new")));
    assert_eq!(work::open(&session, &name("new")).await.unwrap().stored.draft, saved.draft);
    assert!(work::open(&session, &old).await.is_err());
}

#[tokio::test]
async fn a_copy_has_what_this_version_does_not_know() {
    let session = with_one_profile(Scenario::Healthy).await;
    let ready = name("fno-client-credentials");
    let path = session.home.profile(&ready);
    let text = format!("# mine\n{}\n[other]\nkey = 1\n", std::fs::read_to_string(&path).unwrap());
    std::fs::write(&path, &text).unwrap();
    work::copy(&session, &ready, &name("copy")).await.unwrap();
    let entry = |source: Option<CredentialSource>| match source {
        Some(CredentialSource::Secret(SecretSource::Keyring { entry })) => entry,
        other => panic!("{other:?}"),
    };
    let old = entry(work::open(&session, &ready).await.unwrap().stored.draft.source);
    let new = entry(work::open(&session, &name("copy")).await.unwrap().stored.draft.source);
    assert_ne!(old, new);
    assert_eq!(std::fs::read_to_string(session.home.profile(&name("copy"))).unwrap(), text.replace(&old, &new));

    std::fs::write(&path, text.replace("version = 1", "version = 2")).unwrap();
    let error = work::copy(&session, &ready, &name("newer")).await.unwrap_err();
    assert!(matches!(error, WorkError::Store(StoreError::Newer { .. })), "{error}");
    assert_eq!((entries(&session), work::rows(&session).await.unwrap().len()), (2, 2));
}

#[tokio::test]
async fn what_the_simulated_tenant_says_is_noted_for_its_own_profiles_only() {
    let folder = tempfile::tempdir().unwrap();
    let session = session_at(folder.path()).await;
    let simulated = ready(&session);
    let mut real = SaveRequest { name: name("real"), ..simulated.clone() };
    real.draft.set(FieldId::AuthorityUrl, "");
    let mut other = SaveRequest { name: name("other"), ..simulated.clone() };
    other.draft.set(FieldId::AuthorityUrl, "https://login.microsoftonline.us");
    for request in [simulated, real, other] {
        let name = request.name.clone();
        work::save(&session, request).await.unwrap();
        work::note_verdict(&session, &name, Status::Passed, None, Traits::default()).await;
    }
    let noted: Vec<(String, bool)> =
        work::rows(&session).await.unwrap().iter().map(|row| (row.name.to_string(), row.last.is_some())).collect();
    assert_eq!(noted, [("one".to_owned(), true), ("other".to_owned(), false), ("real".to_owned(), false)]);
}

#[tokio::test]
async fn a_failure_is_told_by_what_is_different_since_it_last_passed() {
    let folder = tempfile::tempdir().unwrap();
    let session = session_at(folder.path()).await;
    let mut request = ready(&session);
    let name = request.name.clone();
    work::save(&session, request.clone()).await.unwrap();
    let draft = work::open(&session, &name).await.unwrap().stored.draft;
    let guide = assets::guide(&draft.guide).unwrap();
    let offers = session.sandbox.as_ref().unwrap().noted(guide);
    let secret = offers.into_iter().find_map(|offer| match offer {
        Offer::Secret(secret, _) => Some(secret),
        Offer::Value(..) | Offer::Certificate(_) => None,
    });
    let secret = secret.unwrap();
    let run = test(&session, &draft, Some(secret.clone())).await;
    let seen = Traits::of_run(&run);
    assert_eq!(run.verdict(), Status::Passed);
    let note = |verdict, seen| work::note_verdict(&session, &name, verdict, None, seen);
    assert_eq!(note(Status::Failed, seen.clone()).await, None, "it never passed");
    assert_eq!(note(Status::Passed, seen.clone()).await, None);
    assert_eq!(note(Status::Failed, seen.clone()).await.unwrap().differences, []);
    assert_eq!(note(Status::Unknown, seen.clone()).await, None);
    request.was = Some((name.clone(), draft));
    request.draft.set(FieldId::TenantId, "other.example");
    request.secret = SecretChoice::Keep;
    work::save(&session, request).await.unwrap();
    let since = note(Status::Failed, Traits::default()).await.unwrap();
    assert_eq!(since.differences.iter().map(|one| one.what).collect::<Vec<_>>(), [Trait::Tenant]);
    let text = std::fs::read_to_string(session.home.history(&name)).unwrap();
    assert!(text.contains("user") && text.contains("key-id"), "{text}");
    assert!(!d365_connect::core::secret::Scrubber::for_secret(&secret).finds(&text) && !text.contains("eyJ"));
}

#[cfg(unix)]
#[tokio::test]
async fn a_secret_command_ends_with_whoever_waits_for_it() {
    use std::io::{BufRead, BufReader, Read};
    let session = session(Scenario::Healthy).await;
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let words = format!("sh -c '(echo begun; sleep 5; echo alive) > {} & wait'", pipe.display());
    let (told, begun) = tokio::sync::oneshot::channel();
    let watching = std::thread::spawn(move || {
        let mut pipe = BufReader::new(std::fs::File::open(pipe).unwrap());
        let mut text = String::new();
        pipe.read_line(&mut text).unwrap();
        told.send(()).unwrap();
        // The pipe ends when its last writer does.
        pipe.read_to_string(&mut text).unwrap();
        text
    });
    let source = SecretSource::Command { words };
    tokio::select! {
        read = work::read_secret(&session, &source) => panic!("{read:?}"),
        _ = begun => {}
    }
    assert_eq!(watching.join().unwrap(), "begun\n");
}

/// The profile is a link into a folder that can be written to, and not be read: so it cannot be flushed.
#[cfg(unix)]
#[test]
fn a_save_that_was_not_confirmed_by_the_disk_keeps_both_entries() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
    use std::os::unix::process::CommandExt;
    let folder = tempfile::tempdir().unwrap();
    let this = std::env::current_exe().unwrap();
    let program = folder.path().join("test");
    if std::fs::hard_link(&this, &program).is_err() {
        std::fs::copy(&this, &program).unwrap();
    }
    let dotfiles = folder.path().join("dotfiles");
    std::fs::create_dir(&dotfiles).unwrap();
    let mut child = std::process::Command::new(program);
    child.args(["child_saves_unconfirmed", "--exact", "--ignored", "--nocapture", "--test-threads=1"]);
    child.env("WORK_TEST_FOLDER", &dotfiles).env("TMPDIR", folder.path());
    // Nothing is forbidden to root.
    if std::fs::metadata(&dotfiles).unwrap().uid() == 0 {
        child.uid(65534).gid(65534);
        for path in [folder.path(), &dotfiles] {
            chown(path, Some(65534), Some(65534)).unwrap();
        }
    }
    std::fs::set_permissions(&dotfiles, PermissionsExt::from_mode(0o300)).unwrap();
    let output = child.output().unwrap();
    let told = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && told.contains("saved and told"), "{told}");
}

#[cfg(unix)]
#[tokio::test]
#[ignore = "run by another test, as a process of its own"]
async fn child_saves_unconfirmed() {
    let Some(dotfiles) = std::env::var_os("WORK_TEST_FOLDER").map(std::path::PathBuf::from) else { return };
    let session = with_one_profile(Scenario::Healthy).await;
    let ready = name("fno-client-credentials");
    let (path, target) = (session.home.profile(&ready), dotfiles.join("profile.toml"));
    std::fs::rename(&path, &target).unwrap();
    std::os::unix::fs::symlink(&target, &path).unwrap();
    let before = work::open(&session, &ready).await.unwrap().stored.draft;
    let was = Some((ready.clone(), before.clone()));
    let choice = SecretChoice::Value(secret("abc8Q~another"));
    let request = SaveRequest { name: ready.clone(), was, draft: before.clone(), secret: choice };
    let saved = work::save(&session, request).await.unwrap();
    assert!(saved.left.unwrap().contains("the disk did not confirm it"));
    // The file names the new entry; should the old file come back, its entry is there, too.
    assert_eq!(work::open(&session, &ready).await.unwrap().stored.draft, saved.draft);
    assert_eq!(entries(&session), 2);
    for source in [before.source, saved.draft.source] {
        work::read_secret(&session, source.unwrap().secret().unwrap()).await.unwrap();
    }
    println!("saved and told");
}

/// Others may change the file while somebody types: what they changed is in it, and is told by name.
#[tokio::test]
async fn a_save_tells_what_others_changed_meanwhile() {
    let session = with_one_profile(Scenario::Healthy).await;
    let name = name("fno-client-credentials");
    let before = work::open(&session, &name).await.unwrap().stored.draft;
    let save = async |field, value: &str| {
        let mut draft = before.clone();
        draft.set(field, value);
        let was = Some((name.clone(), before.clone()));
        work::save(&session, SaveRequest { name: name.clone(), was, draft, secret: SecretChoice::Keep }).await.unwrap()
    };
    assert_eq!(save(FieldId::Company, "DAT").await.merged(), None);
    let saved = save(FieldId::UserId, "svc-other").await;
    assert!(saved.merged().unwrap().contains("d365.company"), "{:?}", saved.merged());
    // What is tested next is what stands in the file.
    assert_eq!((saved.draft.value(FieldId::Company), saved.draft.value(FieldId::UserId)), ("DAT", "svc-other"));
}

/// What comes back goes where it was; what was left in a locked vault is still there.
#[tokio::test]
async fn a_profile_of_the_vault_is_removed_and_brought_back() {
    let session = with_one_profile(Scenario::Healthy).await;
    let ready = name("fno-client-credentials");
    let draft = work::open(&session, &ready).await.unwrap().stored.draft;
    session.vault.unlock(secret("some words"));
    let was = Some((ready.clone(), draft.clone()));
    let choice = SecretChoice::InVault(secret("abc8Q~in the vault"));
    work::save(&session, SaveRequest { name: ready.clone(), was, draft, secret: choice }).await.unwrap();
    let source = async |session: &Session| work::open(session, &ready).await.unwrap().stored.draft.source.unwrap();
    let before = source(&session).await;
    assert_eq!(work::remove_for_now(&session, &ready).await.unwrap().left, None);
    assert_eq!(work::vault_count(&session).await.unwrap(), 0);
    assert_eq!(work::bring_back(&session, &ready).await.unwrap(), None);
    assert_eq!((work::vault_count(&session).await.unwrap(), entries(&session)), (1, 0));
    let again = source(&session).await;
    assert!(again.in_vault() && again != before);
    // Another run, in which nobody opens the vault.
    let mut locked = session;
    locked.vault = Vault::of(&locked.home);
    let left = work::remove_for_now(&locked, &ready).await.unwrap().left.unwrap();
    assert!(left.contains("vault entry is left"), "{left}");
    assert_eq!(work::bring_back(&locked, &ready).await.unwrap(), None);
    assert_eq!(source(&locked).await, again);
}
