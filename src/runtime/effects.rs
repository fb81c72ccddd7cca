//! Carries out what the screens ask for, beside the loop, and answers with messages.
//!
//! Does not know what is on the screen.

use crate::app::effect::{Effect, SecretWish};
use crate::app::msg::{DraftRow, HomeData, LastVerdict, Msg, Offered, Row, Trouble, Vault, Written};
use crate::app::paper::{Paper, Source};
use crate::assets;
use crate::core::check::CheckId;
use crate::core::credential::Credential;
use crate::core::names::ProfileName;
use crate::core::profile::{CredentialSource, Problem, Profile, ProfileDraft};
use crate::core::secret::ClientSecret;
use crate::core::settings::DefaultStore;
use crate::core::untrusted::Untrusted;
use crate::runtime::desktop;
use crate::sandbox::Offer;
use crate::store::drafts::Draft;
use crate::store::{self, StoreError};
use crate::work::{self, Attendance, MadeCertificate, SaveRequest, SecretChoice, Session, WorkError};
use jiff::Timestamp;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::task::{AbortHandle, JoinHandle};

/// How long a revealed secret is seen.
const REVEALED: Duration = Duration::from_secs(5);
/// How long a change is news: after that, waiting mends nothing any more.
const NEWS: Duration = Duration::from_secs(300);
/// How long the end of the program waits for files that are being written.
const LAST_WRITES: Duration = Duration::from_secs(8);

/// A live test that runs.
struct Running {
    task: AbortHandle,
    /// For what a sign-in page says that does not lead back here.
    page: watch::Sender<String>,
}

/// The hands of the runtime.
pub struct Effects {
    session: Arc<Session>,
    messages: mpsc::Sender<Msg>,
    runs: HashMap<u64, Running>,
    /// Everything that touches files goes through one task, in order: a draft is kept before the list is read again.
    files: mpsc::UnboundedSender<Effect>,
    clerk: JoinHandle<()>,
}

impl Effects {
    /// Ready to work; answers go to `messages`.
    pub fn new(session: Arc<Session>, messages: mpsc::Sender<Msg>) -> Effects {
        let (files, mut jobs) = mpsc::unbounded_channel();
        let clerk = {
            let (session, messages) = (session.clone(), messages.clone());
            tokio::spawn(async move {
                while let Some(job) = jobs.recv().await {
                    if let Some(answer) = file_work(&session, job).await {
                        // At the end of the program nobody listens any more; the file is written all the same.
                        let _ = messages.send(answer).await;
                    }
                }
            })
        };
        Effects { session, messages, runs: HashMap::new(), files, clerk }
    }

    /// Begins one effect. Those of the terminal itself ([`Effect::CopyText`], [`Effect::Repaint`],
    /// [`Effect::Suspend`]) are the loop's.
    pub fn perform(&mut self, effect: Effect) {
        let session = self.session.clone();
        match effect {
            Effect::StartChecks { run, name, draft, secret, wanted } => {
                let what = async move { ready(name, &draft).map(|profile| (profile, secret, wanted)) };
                self.start(run, true, what);
            }
            // On the list there is no place to ask a person.
            Effect::StartSaved { run, name } => self.start(run, false, async move {
                let opened = work::open(&session, &name).await.map_err(|error| trouble(&error))?;
                let profile = opened.profile.map_err(|problems| incomplete(&problems))?;
                Ok((profile, None, CheckId::ALL.to_vec()))
            }),
            Effect::CancelChecks { run } => {
                if let Some(running) = self.runs.remove(&run) {
                    running.task.abort();
                }
            }
            Effect::OpenLink(url) if session.sandbox.is_some() => {
                self.answer(async move { Msg::Told(Ok(format!("not opened in a rehearsal; it would be {url}"))) });
            }
            Effect::OpenLink(url) => self.answer(async move {
                let told = desktop::open_link(&url).await;
                Msg::Told(told.map(|()| "opened in the browser".into()).map_err(|why| format!("{why} ({url})")))
            }),
            Effect::ProbeKeyring => self.answer(async move {
                let keyring = session.keyring.clone();
                let usable = tokio::task::spawn_blocking(move || keyring.usable()).await;
                Msg::KeyringProbed(match usable {
                    Ok(result) => {
                        result.map_err(|error| Trouble { what: error.what.one_line(120), hint: Some(error.hint) })
                    }
                    Err(_) => Err(Trouble { what: "it did not answer".into(), hint: None }),
                })
            }),
            Effect::TrySource(source) => self.answer(async move {
                let read = work::credential(&session, &source, None).await;
                let result = match read {
                    Ok(Credential::Secret(_)) => Ok("it can be read now".to_owned()),
                    Ok(Credential::Certificate(own)) => {
                        Ok(format!("it can be read now, thumbprint {}, until {}", own.thumbprint(), own.end_date()))
                    }
                    Err(trouble) => Err(Untrusted::plain(&trouble.to_string()).one_line(200)),
                };
                Msg::SourceTried { source, result }
            }),
            Effect::ProbeVault => self.answer(async move {
                let is_open = session.vault.has_passphrase() && !session.vault.is_refused();
                Msg::VaultSeen(match (is_open, session.vault.exists()) {
                    (true, _) => Vault::Open,
                    (false, true) => Vault::Locked,
                    (false, false) => Vault::Absent,
                })
            }),
            Effect::OpenVault(passphrase) => self.answer(async move {
                Msg::VaultOpened(match work::open_vault(&session, passphrase).await {
                    Ok(true) => Ok(()),
                    Ok(false) => {
                        Err(Trouble { what: "this passphrase does not open it: try again".into(), hint: None })
                    }
                    Err(error) => Err(trouble(&error)),
                })
            }),
            Effect::CarryOut { guide, step } => self.answer(async move {
                let (said, offers) = match &session.sandbox {
                    Some(sandbox) => sandbox.carry_out(guide, &step),
                    None => ("there is no sandbox here".into(), Vec::new()),
                };
                let mut shown = Vec::new();
                for offer in offers {
                    shown.push(match offer {
                        Offer::Value(field, value) => Offered::Value(field, value),
                        Offer::Secret(secret, end) => Offered::Secret(secret, end.to_string()),
                        // A file is nothing to paste.
                        Offer::Certificate(pem) => match work::take_certificate(&session, pem).await {
                            Ok(path) => Offered::Certificate(path),
                            Err(error) => return Msg::Told(Err(error.to_string())),
                        },
                    });
                }
                Msg::CarriedOut { said, offers: shown }
            }),
            Effect::AnswerSignIn { run, prompt } => {
                let page = self.runs.get(&run).map(|running| running.page.clone());
                self.answer(async move {
                    let told = work::answer_sign_in(&session, &prompt).await;
                    if let (Err(why), Some(page)) = (&told, page) {
                        page.send_replace(why.clone());
                    }
                    Msg::Told(told)
                });
            }
            Effect::TellPage { run, text } => {
                if let Some(running) = self.runs.get(&run) {
                    running.page.send_replace(text);
                }
            }
            Effect::HideSecretSoon => self.answer(async {
                tokio::time::sleep(REVEALED).await;
                Msg::HideSecret
            }),
            Effect::AgeChangesSoon(id) => self.answer(async move {
                tokio::time::sleep(NEWS).await;
                Msg::ChangesAged(id)
            }),
            job @ (Effect::LoadHome
            | Effect::OpenProfile { .. }
            | Effect::OpenPair(_)
            | Effect::NoteVerdict { .. }
            | Effect::Save { .. }
            | Effect::KeepDraft { .. }
            | Effect::ForgetDraft(_)
            | Effect::Rename(..)
            | Effect::Copy(..)
            | Effect::Remove(_)
            | Effect::RemoveLocked(_)
            | Effect::BringBack { .. }
            | Effect::MakeExport { .. }
            | Effect::NoteExport { .. }
            | Effect::WriteFile { .. }) => {
                // The clerk lives as long as this does.
                let _ = self.files.send(job);
            }
            Effect::CopyText(_) | Effect::Repaint | Effect::Suspend => {}
        }
    }

    fn answer(&self, work: impl Future<Output = Msg> + Send + 'static) {
        let messages = self.messages.clone();
        tokio::spawn(async move {
            let _ = messages.send(work.await).await;
        });
    }

    fn start(
        &mut self,
        run: u64,
        attended: bool,
        what: impl Future<Output = Result<(Profile, Option<Arc<ClientSecret>>, Vec<CheckId>), Trouble>> + Send + 'static,
    ) {
        let (session, messages) = (self.session.clone(), self.messages.clone());
        let (page, told) = watch::channel(String::new());
        let attendance = if attended { Attendance::Person(told) } else { Attendance::Nobody };
        let task = tokio::spawn(async move {
            let result = match what.await {
                Err(trouble) => Err(trouble),
                Ok((profile, secret, wanted)) => {
                    let (events, mut told) = mpsc::channel(32);
                    let tell = async {
                        while let Some(event) = told.recv().await {
                            if messages.send(Msg::Check { run, event }).await.is_err() {
                                break;
                            }
                        }
                    };
                    let (result, ()) =
                        tokio::join!(work::check(&session, &profile, secret, &wanted, attendance, events), tell);
                    result.map(drop).map_err(|error| trouble(&error))
                }
            };
            let _ = messages.send(Msg::ChecksEnded { run, result }).await;
        });
        self.runs.retain(|_, running| !running.task.is_finished());
        self.runs.insert(run, Running { task: task.abort_handle(), page });
    }

    /// Ends running tests, and waits for files that are being written.
    pub async fn finish(self) {
        self.runs.values().for_each(|running| running.task.abort());
        drop(self.files);
        let _ = tokio::time::timeout(LAST_WRITES, self.clerk).await;
    }
}

fn trouble(error: &WorkError) -> Trouble {
    let hint = match error {
        // It was in the list: a command that shows the list would not help.
        WorkError::Store(StoreError::NotFound { .. }) => Some("another program removed or renamed it".to_owned()),
        error => error.hint(),
    };
    Trouble { what: error.to_string(), hint }
}

/// The same, with what did not come about in front.
fn not_done(what: &str, error: &WorkError) -> Trouble {
    let trouble = trouble(error);
    match error {
        WorkError::Store(store) if store.is_done() => trouble,
        _ => Trouble { what: format!("{what}: {}", trouble.what), ..trouble },
    }
}

/// A draft that is complete and well formed.
fn ready(name: Option<ProfileName>, draft: &ProfileDraft) -> Result<Profile, Trouble> {
    let Some(guide) = assets::guide(&draft.guide) else {
        return Err(unfit("this version does not have the profile's guide".into()));
    };
    let name = name.unwrap_or_else(ProfileName::unnamed);
    draft.check(&name, guide, assets::clouds()).map_err(|problems| incomplete(&problems))
}

fn incomplete(problems: &[Problem]) -> Trouble {
    let all: Vec<String> = problems.iter().map(|problem| format!("{}: {}", problem.field, problem.text)).collect();
    unfit(all.join("; "))
}

fn unfit(what: String) -> Trouble {
    Trouble { what, hint: Some("edit the profile and fill it in".into()) }
}

/// One job on files.
async fn file_work(session: &Session, job: Effect) -> Option<Msg> {
    match job {
        Effect::LoadHome => Some(Msg::HomeLoaded(load_home(session).await)),
        Effect::OpenProfile { name, purpose } => {
            let opened = work::open(session, &name).await;
            let result = opened.map(|opened| opened.stored.draft).map_err(|error| trouble(&error));
            Some(Msg::ProfileOpened { name, purpose, result })
        }
        Effect::OpenPair(names) => {
            let result = pair(session, &names).await.map_err(|error| trouble(&error));
            Some(Msg::PairOpened { names, result })
        }
        Effect::NoteVerdict { name, verdict, cause, seen } => {
            let since = work::note_verdict(session, &name, verdict, cause, seen).await;
            since.map(|since| Msg::SincePassed { name, since })
        }
        Effect::Save { name, was, draft, secret } => {
            let old = was.as_ref().map(|(old, _)| old.clone());
            let result = save(session, &name, was, draft, secret).await;
            if let (Err(WorkError::Store(StoreError::NotFound { .. })), Some(old)) = (&result, &old) {
                return Some(Msg::SaveGone { name, old: old.clone() });
            }
            if let (Err(WorkError::Store(StoreError::Changed { fields, .. })), Some(old)) = (&result, old)
                && let Ok(opened) = work::open(session, &old).await
            {
                return Some(Msg::SaveClashed { name, fields: fields.clone(), now: Box::new(opened.stored.draft) });
            }
            Some(Msg::Saved { name, result: result.map_err(|error| trouble(&error)) })
        }
        Effect::KeepDraft { name, draft, step } => {
            let kept = work::keep_draft(session, Draft { name, values: draft, step }).await;
            Some(Msg::DraftKept(kept.map_err(|error| trouble(&error))))
        }
        Effect::ForgetDraft(name) => {
            work::forget_draft(session, &name).await.err().map(|error| Msg::Changed(Err(trouble(&error))))
        }
        Effect::Rename(old, new) => {
            let done = work::rename(session, &old, &new).await;
            let done = done.map(|()| format!("'{old}' is now '{new}'"));
            Some(Msg::Changed(done.map_err(|error| not_done("not renamed", &error))))
        }
        Effect::Copy(from, to) => {
            let done = work::copy(session, &from, &to).await;
            let done = done.map(|without| match without {
                None => format!("'{from}' was copied to '{to}'"),
                Some(why) => format!("'{to}' was made without a secret: {why}"),
            });
            Some(Msg::Changed(done.map_err(|error| not_done("not copied", &error))))
        }
        Effect::Remove(name) | Effect::RemoveLocked(name) => {
            let done = work::remove_for_now(session, &name).await;
            let result = done.map_err(|error| trouble(&error)).map(|removed| {
                let left = removed.left.map(|why| format!("; {why}")).unwrap_or_default();
                (format!("'{name}' was removed{left}"), removed.remembered)
            });
            Some(Msg::Removed { name, result })
        }
        Effect::BringBack { name, .. } => {
            let done = work::bring_back(session, &name).await.map_err(|error| trouble(&error));
            Some(Msg::BroughtBack(done.map(|without| match without {
                None => format!("'{name}' is back"),
                Some(why) => format!("'{name}' is back without its secret: {why}"),
            })))
        }
        Effect::MakeExport { name, format } => {
            let opened = work::open(session, &name).await.map_err(|error| trouble(&error));
            let result = opened.and_then(|opened| match assets::export(&format) {
                Some(format) => Ok(work::preview(&opened, format)),
                None => Err(Trouble { what: "there is no export format of that name".into(), hint: None }),
            });
            Some(Msg::ExportMade { name, format, result })
        }
        Effect::NoteExport { name, format } => {
            work::note_export(session, &name, &format, None, false).await;
            None
        }
        Effect::WriteFile { path, paper, over } => {
            let result = write_file(session, &path, &paper, over).await;
            Some(Msg::FileWritten { path, paper, result })
        }
        // These are not for files.
        Effect::StartChecks { .. }
        | Effect::StartSaved { .. }
        | Effect::CancelChecks { .. }
        | Effect::OpenLink(..)
        | Effect::CopyText(..)
        | Effect::ProbeKeyring
        | Effect::TrySource(..)
        | Effect::ProbeVault
        | Effect::OpenVault(..)
        | Effect::CarryOut { .. }
        | Effect::AnswerSignIn { .. }
        | Effect::TellPage { .. }
        | Effect::HideSecretSoon
        | Effect::AgeChangesSoon(..)
        | Effect::Repaint
        | Effect::Suspend => None,
    }
}

async fn pair(session: &Session, [one, other]: &[ProfileName; 2]) -> Result<[ProfileDraft; 2], WorkError> {
    Ok([work::open(session, one).await?.stored.draft, work::open(session, other).await?.stored.draft])
}

/// Writes a text that somebody asked for by naming the file.
async fn write_file(session: &Session, path: &str, paper: &Paper, over: bool) -> Written {
    let path = store::expanded(path);
    match work::write_out(session, &path, paper.text.as_bytes(), over).await {
        Ok(()) => {
            if let Source::Export { name, format } = &paper.of {
                work::note_export(session, name, format, Some(&path), false).await;
            }
            Written::Done(std::path::absolute(&path).unwrap_or(path).display().to_string())
        }
        Err(WorkError::Store(StoreError::FileExists { .. })) => Written::ThereAlready,
        Err(error) => Written::Failed(trouble(&error)),
    }
}

async fn load_home(session: &Session) -> Result<HomeData, Trouble> {
    let rows = work::rows(session).await.map_err(|error| trouble(&error))?;
    let rows = rows
        .into_iter()
        .map(|row| Row {
            name: row.name,
            guide: row.guide_short,
            target: row.target,
            tenant: row.tenant_id,
            in_vault: row.credential.in_vault,
            days_left: row.credential.days_left,
            problem: row.problem,
            last: row.last.map(|last| LastVerdict { verdict: last.verdict, when: last.when, cause: last.cause }),
        })
        .collect();
    // The profiles are there without them, too.
    let (drafts, trouble) = match work::drafts(session).await {
        Ok(drafts) => (drafts, None),
        Err(error) => (Vec::new(), Some(trouble(&error))),
    };
    let drafts =
        drafts.into_iter().map(|draft| DraftRow { name: draft.name, draft: draft.values, step: draft.step }).collect();
    Ok(HomeData { rows, drafts, now: Timestamp::now(), trouble })
}

async fn save(
    session: &Session,
    name: &ProfileName,
    was: Option<(ProfileName, ProfileDraft)>,
    draft: ProfileDraft,
    secret: SecretWish,
) -> Result<(String, ProfileDraft), WorkError> {
    let mut made = None;
    let secret = match secret {
        SecretWish::Make(path) => {
            let path = store::absolute(&path);
            made = Some(work::make_certificate(session, Path::new(&path), name).await?);
            SecretChoice::Source(CredentialSource::certificate(&path))
        }
        SecretWish::Keep => SecretChoice::Keep,
        // What stands in the file already is left as somebody wrote it.
        SecretWish::Source(source) if was.as_ref().is_some_and(|(_, was)| was.source.as_ref() == Some(&source)) => {
            SecretChoice::Source(source)
        }
        SecretWish::Source(source) => SecretChoice::Source(work::absolute(source)),
        SecretWish::Value(value) => SecretChoice::Value(value),
        SecretWish::InVault(value) => SecretChoice::InVault(value),
        SecretWish::Certificate(path, password) => {
            let in_vault = session.settings().default_store == DefaultStore::Vault;
            SecretChoice::Certificate { path: store::absolute(&path), password, in_vault }
        }
    };
    let request = SaveRequest { name: name.clone(), was, draft, secret };
    let saved = work::save(session, request).await.inspect_err(|_| made.iter().for_each(MadeCertificate::discard))?;
    let left = saved.left.as_ref().map(|why| format!("; {why}")).unwrap_or_default();
    // What is to be known or done stands in front: the end of a long line may not be seen.
    let merged = saved.merged().map(|what| format!("{what}; ")).unwrap_or_default();
    let kept = match saved.draft.source {
        Some(CredentialSource::Certificate(_)) => format!("with {}", saved.place),
        Some(CredentialSource::Secret(_)) | None => format!("the secret in {}", saved.place),
    };
    // The path of a home that is thrown away is of no use to anybody.
    let place = match session.is_rehearsal() {
        true => "in this rehearsal, until you leave".to_owned(),
        false => format!("{}, {kept}", saved.path.display()),
    };
    let made =
        made.map(|made| format!("upload {} to the app (thumbprint {}); ", made.public.display(), made.thumbprint));
    let made = made.unwrap_or_default();
    Ok((format!("{made}{merged}{place}{left}"), saved.draft))
}
