//! The live test of one profile, with its secret read from where it is kept.
//!
//! Does not know who folds or shows the events.

use crate::assets;
use crate::core::check::{CheckEvent, CheckId, CheckResult, CheckRun, Details};
use crate::core::evidence::Evidence;
use crate::core::names::ProfileName;
use crate::core::profile::{Profile, ProfileDraft, SecretSource};
use crate::core::secret::ClientSecret;
use crate::core::untrusted::Untrusted;
use crate::net::{self, Client, RunRequest};
use crate::store::history::{self, Last};
use crate::store::secrets::{Keyring, SecretTrouble};
use crate::work::{Session, WorkError, today};
use jiff::Timestamp;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// Runs a blocking call beside the loop.
pub(super) async fn beside<T: Send + 'static>(
    place: String,
    keyring: &Keyring,
    call: impl FnOnce(&Keyring) -> Result<T, SecretTrouble> + Send + 'static,
) -> Result<T, SecretTrouble> {
    let keyring = keyring.clone();
    match tokio::task::spawn_blocking(move || call(&keyring)).await {
        Ok(result) => result,
        Err(error) => Err(SecretTrouble { place, what: Untrusted::plain(&error.to_string()), hint: String::new() }),
    }
}

/// Reads a secret from wherever the profile says it is.
///
/// # Errors
/// When it cannot be read at the moment, which says nothing about the secret.
pub async fn read_secret(session: &Session, source: &SecretSource) -> Result<Arc<ClientSecret>, SecretTrouble> {
    let wanted = source.clone();
    beside(source.to_string(), &session.keyring, move |keyring| keyring.read(&wanted)).await
}

/// Tests a profile and tells of it: every wanted check gets exactly one `Finished`. A secret that was typed and not
/// saved yet is handed in; else it is read from its source. Dropping the future cancels the test.
///
/// # Errors
/// When the profile's guide is not of this version.
pub async fn check(
    session: &Session,
    profile: &Profile,
    secret: Option<Arc<ClientSecret>>,
    wanted: &[CheckId],
    events: mpsc::Sender<CheckEvent>,
) -> Result<(), WorkError> {
    let guide = assets::guide(&profile.guide).ok_or_else(|| WorkError::NoGuide {
        name: profile.name.to_string(),
        guide: Untrusted::plain(&profile.guide),
    })?;
    let secret = match secret {
        Some(secret) => Ok(secret),
        None => read_secret(session, &profile.source).await.map_err(|trouble| Untrusted::plain(&trouble.to_string())),
    };
    match Client::new(&session.network(), profile.ca_certificate.as_deref()) {
        Ok(client) => {
            let request = RunRequest {
                profile: profile.clone(),
                guide,
                clouds: assets::clouds(),
                secret,
                wanted: wanted.to_vec(),
                today: today(),
            };
            net::run(&client, &request, &events).await;
        }
        Err(error) => no_client(&error.to_string(), wanted, &events).await,
    }
    Ok(())
}

/// Without a client nothing can be judged: told by the first check, and the others wait for it.
async fn no_client(what: &str, wanted: &[CheckId], events: &mpsc::Sender<CheckEvent>) {
    let mut all: Vec<CheckId> = wanted.iter().flat_map(|check| check.with_needs()).collect();
    all.sort();
    all.dedup();
    for check in all {
        let result = if check == CheckId::Inputs {
            let mut evidence = Evidence::local(check, []);
            evidence.text = Untrusted::plain(what);
            CheckResult::Refused {
                summary: evidence.text.one_line(200),
                details: Details::new(),
                evidence: vec![evidence],
            }
        } else {
            CheckResult::Skipped { reason: "needs inputs".into() }
        };
        // Nobody listens any more when the test was cancelled.
        let _ = events.send(CheckEvent::Finished { check, at: Duration::ZERO, result }).await;
    }
}

/// The values that fill the texts of findings and steps, for [`crate::core::rules::Judge`].
pub fn judge_values(draft: &ProfileDraft) -> impl Fn(&str) -> Option<String> + '_ {
    |name| draft.template_value(name, assets::clouds())
}

/// Notes how a whole test came out. Only a convenience: a home that cannot be written to is no reason to fail.
pub fn note_verdict(session: &Session, name: &ProfileName, run: &CheckRun) {
    let last = Last {
        verdict: run.verdict(),
        when: Timestamp::now(),
        cause: run.findings.first().map(|finding| finding.cause),
    };
    if let Err(error) = history::note(&session.home, name, &last) {
        tracing::warn!(profile = %name, %error, "the verdict was not noted");
    }
}
