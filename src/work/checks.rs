//! The live test of one profile, with its secret read from where it is kept.
//!
//! Does not know who folds or shows the events.

use crate::assets;
use crate::core::check::{CheckEvent, CheckId, CheckResult, Details, SignInPrompt};
use crate::core::credential::{Credential, Unusable};
use crate::core::evidence::{Evidence, Mark};
use crate::core::profile::{CredentialSource, Profile, ProfileDraft, SecretSource};
use crate::core::secret::ClientSecret;
use crate::core::untrusted::Untrusted;
use crate::net::{self, Client, ClientError, Left, RunRequest};
use crate::store;
use crate::store::secrets::{self, CredentialTrouble, SecretTrouble, Stop};
use crate::work::{Session, WorkError, today};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};

/// Reads a secret from wherever the profile says it is. Dropping the future ends a command that is run for it.
///
/// # Errors
/// When it cannot be read at the moment, which says nothing about the secret.
pub async fn read_secret(session: &Session, source: &SecretSource) -> Result<Arc<ClientSecret>, SecretTrouble> {
    let stop = Stop::default();
    let _given_up = StopWhenDropped(stop.clone());
    let (secrets, wanted) = (session.secrets(), source.clone());
    tokio::task::spawn_blocking(move || secrets.read(&wanted, &stop))
        .await
        .unwrap_or_else(|_| Err(broke_off(source.to_string())))
}

fn broke_off(place: String) -> SecretTrouble {
    let what = Untrusted::plain("the reading broke off");
    SecretTrouble { place, what, hint: "please report this as a fault".into() }
}

/// Reads a credential from wherever the profile says it is. A secret that was typed and not saved yet stands for the one
/// that is kept. Dropping the future ends a command that is run for it.
///
/// # Errors
/// When it cannot be read at the moment, or the certificate cannot be used.
pub async fn credential(
    session: &Session,
    source: &CredentialSource,
    typed: Option<Arc<ClientSecret>>,
) -> Result<Credential, CredentialTrouble> {
    match (typed, source) {
        (None, source) => {
            let stop = Stop::default();
            let _given_up = StopWhenDropped(stop.clone());
            let (secrets, wanted) = (session.secrets(), source.clone());
            let read = tokio::task::spawn_blocking(move || secrets.credential(&wanted, &stop));
            read.await.unwrap_or_else(|_| Err(broke_off(source.to_string()).into()))
        }
        (Some(secret), CredentialSource::Secret(_)) => Ok(Credential::Secret(secret)),
        (Some(password), CredentialSource::Certificate(certificate)) => {
            let path = certificate.path.clone();
            let read = tokio::task::spawn_blocking(move || secrets::certificate(&path, Some(&password)));
            let read = read.await.unwrap_or_else(|_| Err(broke_off(source.to_string()).into()));
            read.map(|read| Credential::Certificate(Arc::new(read)))
        }
    }
}

struct StopWhenDropped(Stop);

impl Drop for StopWhenDropped {
    fn drop(&mut self) {
        self.0.now();
    }
}

/// Who signs in, where a profile signs in as a user.
#[derive(Debug, Clone)]
pub enum Attendance {
    /// A person, who is told what to do by [`CheckEvent::SignIn`], and may tell what they read on a page that does not
    /// lead back here.
    Person(watch::Receiver<String>),
    /// Nobody: such a sign-in cannot be judged. In a rehearsal the simulated user signs in.
    Nobody,
}

/// Has the sandbox's simulated user answer a sign-in; says what was done, or what the page says that stops them.
///
/// # Errors
/// In words, when there is no sandbox, or its sign-in host refuses.
pub async fn answer_sign_in(session: &Session, prompt: &SignInPrompt) -> Result<String, String> {
    match &session.sandbox {
        Some(sandbox) => sandbox.answer(prompt, sandbox.user_approves()).await,
        None => Err("there is no sandbox here".into()),
    }
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
    attendance: Attendance,
    events: mpsc::Sender<CheckEvent>,
) -> Result<Left, WorkError> {
    let guide = assets::guide(&profile.guide).ok_or_else(|| WorkError::NoGuide {
        name: profile.name.to_string(),
        guide: Untrusted::plain(&profile.guide),
    })?;
    let credential = credential(session, &profile.source, secret).await.map_err(Unusable::from);
    let known = credential.as_ref().map(Credential::scrubber).unwrap_or_default();
    // In a rehearsal an administrator uploads what the operator has made.
    if let (Some(sandbox), Ok(Credential::Certificate(certificate))) = (&session.sandbox, &credential) {
        sandbox.upload(certificate.public());
    }
    match client(session, profile.ca_certificate.as_deref()).await {
        Ok(client) => {
            let request = |page| RunRequest {
                profile: profile.clone(),
                guide,
                clouds: assets::clouds(),
                credential,
                page,
                wanted: wanted.to_vec(),
                today: today(),
                warning_days: session.settings().warning_days,
            };
            Ok(match attendance {
                Attendance::Nobody if session.sandbox.is_some() => {
                    let (tell, page) = watch::channel(String::new());
                    rehearsed(session, &client, &request(Some(page)), &tell, &events).await
                }
                Attendance::Nobody => net::run(&client, &request(None), &events).await,
                Attendance::Person(page) => net::run(&client, &request(Some(page)), &events).await,
            })
        }
        Err(evidence) => {
            no_client(&evidence, wanted, &events).await;
            Ok(Left { known, token: None })
        }
    }
}

/// A test in which the simulated user answers whatever a person would be asked.
async fn rehearsed(
    session: &Session,
    client: &Client,
    request: &RunRequest,
    tell: &watch::Sender<String>,
    events: &mpsc::Sender<CheckEvent>,
) -> Left {
    let (sender, mut told) = mpsc::channel(16);
    let run = async move { net::run(client, request, &sender).await };
    let answer = async {
        while let Some(event) = told.recv().await {
            match event {
                CheckEvent::SignIn { prompt, .. } => {
                    if let Err(why) = answer_sign_in(session, &prompt).await {
                        tell.send_replace(why);
                    }
                }
                // Nobody listens any more when the test was cancelled.
                event => drop(events.send(event).await),
            }
        }
    };
    tokio::join!(run, answer).0
}

/// A client, with the extra certification authority of that file; else why there is none.
async fn client(session: &Session, authority: Option<&str>) -> Result<Client, Evidence> {
    let told = |what: &str, mark| Evidence::saying(CheckId::Inputs, what, mark);
    let broken = |error: ClientError| told(&error.to_string(), None);
    let Some(path) = authority else { return Client::new(&session.network(), None).map_err(broken) };
    let file = store::expanded(path);
    let unusable = |what: &str| told(what, Some(Mark::AuthorityUnusable));
    let pem = session.beside(move |_| Ok(store::read_whole(&file)?)).await;
    let pem = pem.map_err(|error| unusable(&error.to_string()))?;
    Client::new(&session.network(), Some(&pem)).map_err(|error| match error {
        ClientError::Authority(what) => unusable(&format!("{path}: {what}")),
        ClientError::Tls(_) => broken(error),
    })
}

/// Without a client nothing can be judged: told by the first check, and the others wait for it.
async fn no_client(evidence: &Evidence, wanted: &[CheckId], events: &mpsc::Sender<CheckEvent>) {
    let mut all: Vec<CheckId> = wanted.iter().flat_map(|check| check.with_needs()).collect();
    all.sort();
    all.dedup();
    for check in all {
        let result = if check == CheckId::Inputs {
            CheckResult::Refused {
                summary: evidence.text.one_line(200),
                details: Details::new(),
                evidence: vec![evidence.clone()],
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
    |name| draft.template_value(name, assets::guide(&draft.guide), assets::clouds())
}
