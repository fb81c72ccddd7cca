//! Profiles as a whole: list, open, rename, copy, remove. All of it works offline and with broken credentials.
//!
//! Does not know how a profile is changed; that is `save`.

use crate::assets;
use crate::core::expiry;
use crate::core::guide::Guide;
use crate::core::names::ProfileName;
use crate::core::profile::{CredentialSource, Problem, Profile, ProfileDraft, SecretSource};
use crate::core::question::FieldId;
use crate::core::secret::ClientSecret;
use crate::core::untrusted::Untrusted;
use crate::store::StoreError;
use crate::store::history::{self, Last};
use crate::store::profiles::{self, Listed, Stored, Taken};
use crate::store::secrets::Stop;
use crate::work::session::Stores;
use crate::work::{Session, WorkError, today};
use jiff::civil::Date;
use std::sync::{Arc, PoisonError};

/// What is known about a profile's credential without reading it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Credential {
    /// `secret` or `certificate`; none when no credential is set or this version cannot use it.
    pub kind: Option<&'static str>,
    /// `keyring`, `vault`, `env`, `file` or `command`; of a certificate `file`.
    pub source: Option<&'static str>,
    /// Whether it takes the vault: its secret, or its certificate's password, is in there.
    pub in_vault: bool,
    /// The recorded end date.
    pub expires: Option<Date>,
    /// Whole days from today until then; negative when it has passed.
    pub days_left: Option<i64>,
}

/// One line of the list.
#[derive(Debug, Clone)]
pub struct Row {
    /// The profile's name.
    pub name: ProfileName,
    /// The guide's id.
    pub guide: Option<String>,
    /// The guide's short title; its id where this version does not have it.
    pub guide_short: String,
    /// What it connects to, for people.
    pub target: String,
    /// The cloud.
    pub cloud: Option<String>,
    /// The tenant, as it stands in the file.
    pub tenant_id: Option<String>,
    /// The app, as it stands in the file.
    pub client_id: Option<String>,
    /// The environment, as it stands in the file.
    pub resource_url: Option<String>,
    /// The credential.
    pub credential: Credential,
    /// Why the file could not be read, or what is missing or wrong in it.
    pub problem: Option<String>,
    /// The last test.
    pub last: Option<Last>,
}

/// Every profile, by name; a damaged file is a row with its problem.
///
/// # Errors
/// When the folder cannot be read.
pub async fn rows(session: &Session) -> Result<Vec<Row>, WorkError> {
    session
        .beside(|stores| {
            let listed = profiles::list(&stores.home)?;
            let mut last = history::every_last(&stores.home);
            Ok(listed
                .into_iter()
                .map(|one| {
                    let last = last.remove(&one.name);
                    row(one, last)
                })
                .collect())
        })
        .await
}

/// The line of one profile.
pub fn row(listed: Listed, last: Option<Last>) -> Row {
    match listed.profile {
        Err(error) => Row {
            name: listed.name,
            guide: None,
            guide_short: String::new(),
            target: String::new(),
            cloud: None,
            tenant_id: None,
            client_id: None,
            resource_url: None,
            credential: Credential::default(),
            problem: Some(error.to_string()),
            last,
        },
        Ok(stored) => {
            let draft = &stored.draft;
            let guide = assets::guide(&draft.guide);
            let given = |field| draft.given(field).map(str::to_owned);
            let own = || guide.and_then(|guide| draft.resource(guide.product, assets::clouds()));
            let resource_url = given(FieldId::ResourceUrl).or_else(|| own().map(|url| url.to_string()));
            // Where all tenants share one address, the environment tells more.
            let target = match [given(FieldId::Environment), given(FieldId::Company)] {
                [Some(environment), company] => {
                    [Some(environment), company].into_iter().flatten().collect::<Vec<_>>().join(" · ")
                }
                [None, _] => resource_url.as_deref().unwrap_or_default().trim_start_matches("https://").to_owned(),
            };
            Row {
                guide: Some(draft.guide.clone()),
                guide_short: guide.map_or_else(|| draft.guide.clone(), |guide| guide.short.clone()),
                target,
                cloud: Some(given(FieldId::Cloud).unwrap_or_else(|| draft.cloud().to_string())),
                tenant_id: given(FieldId::TenantId),
                client_id: given(FieldId::ClientId),
                resource_url,
                credential: credential(draft),
                problem: problem(&stored, guide),
                last,
                name: stored.name,
            }
        }
    }
}

fn credential(draft: &ProfileDraft) -> Credential {
    let expires = expiry::parse_date(draft.value(FieldId::Expires));
    Credential {
        kind: draft.source.as_ref().map(CredentialSource::kind),
        source: draft.source.as_ref().map(CredentialSource::place),
        in_vault: draft.source.as_ref().is_some_and(CredentialSource::in_vault),
        expires,
        days_left: expires.map(|end| expiry::days_left(end, today())),
    }
}

/// What keeps a readable profile from being used.
fn problem(stored: &Stored, guide: Option<&Guide>) -> Option<String> {
    let Some(guide) = guide else {
        return Some(format!("this version has no guide '{}'", Untrusted::plain(&stored.draft.guide).one_line(64)));
    };
    let problems = stored.draft.check(&stored.name, guide, assets::clouds()).err()?;
    let (missing, wrong): (Vec<&Problem>, Vec<&Problem>) = problems.iter().partition(|p| p.text == "missing");
    let mut parts = Vec::new();
    if !missing.is_empty() {
        let names: Vec<&str> = missing.iter().map(|problem| problem.field.name()).collect();
        parts.push(format!("missing: {}", names.join(", ")));
    }
    parts.extend(wrong.iter().map(|problem| format!("{}: {}", problem.field, problem.text)));
    Some(parts.join("; "))
}

/// A profile, its guide, and whether it is complete.
#[derive(Debug, Clone)]
pub struct Opened {
    /// As it was read.
    pub stored: Stored,
    /// Its guide.
    pub guide: &'static Guide,
    /// Ready for use, or what is missing or wrong.
    pub profile: Result<Profile, Vec<Problem>>,
}

/// Opens one profile.
///
/// # Errors
/// When there is none, its file is damaged, or its guide is not of this version.
pub async fn open(session: &Session, name: &ProfileName) -> Result<Opened, WorkError> {
    let name = name.clone();
    let stored = session.beside(move |stores| Ok(profiles::load(&stores.home, &name)?)).await?;
    let guide = assets::guide(&stored.draft.guide).ok_or_else(|| WorkError::NoGuide {
        name: stored.name.to_string(),
        guide: Untrusted::plain(&stored.draft.guide),
    })?;
    let profile = stored.draft.check(&stored.name, guide, assets::clouds());
    Ok(Opened { stored, guide, profile })
}

/// Renames a profile with its history; the keyring entry stays its own.
///
/// # Errors
/// When there is no such profile, or one of the new name.
pub async fn rename(session: &Session, old: &ProfileName, new: &ProfileName) -> Result<(), WorkError> {
    let (old, new) = (old.clone(), new.clone());
    session.beside(move |stores| Ok(profiles::rename(&stores.home, &old, &new)?)).await
}

/// Copies a profile as it stands in its file. A secret in the keyring gets an entry of its own; where it cannot be read,
/// the copy has no secret and the reason is returned.
///
/// # Errors
/// When there is no such profile, one of the new name, or the copy cannot be saved.
pub async fn copy(session: &Session, from: &ProfileName, to: &ProfileName) -> Result<Option<String>, WorkError> {
    let (from, to) = (from.clone(), to.clone());
    session.beside(move |stores| copy_in(stores, &from, &to)).await
}

fn copy_in(stores: &Stores, from: &ProfileName, to: &ProfileName) -> Result<Option<String>, WorkError> {
    let source = profiles::load(&stores.home, from)?.draft.source;
    // Asked before a keyring entry is made; the copying below asks once more under its lock.
    if !matches!(profiles::load(&stores.home, to), Err(StoreError::NotFound { .. })) {
        return Err(StoreError::Exists { name: to.to_string() }.into());
    }
    let mut without = None;
    let mut kept = None;
    if let Some(source) = source.as_ref().and_then(CredentialSource::kept) {
        let secrets = &stores.secrets;
        let copied = secrets.read(source, &Stop::default()).and_then(|secret| secrets.keep_as(source, &secret));
        match copied {
            Ok(source) => kept = Some(source),
            Err(trouble) => without = Some(trouble.to_string()),
        }
    }
    let mut entry = kept.clone();
    let copied = profiles::copy(&stores.home, from, to, |mut draft| {
        // Two profiles never share an entry.
        if draft.source.as_ref().and_then(CredentialSource::kept).is_some() {
            if draft.source != source {
                without = Some("it was changed at the same time".to_owned());
            } else if let Some(entry) = entry.take() {
                draft.source = draft.source.map(|source| source.with_secret(entry));
                return draft;
            }
            draft.source = draft.source.and_then(CredentialSource::without_kept);
        }
        draft
    });
    let is_saved = copied.as_ref().map_or_else(StoreError::is_done, |_| true);
    if let Some(unused) = kept.filter(|_| !is_saved || entry.is_some()) {
        stores.forget(&unused);
    }
    copied?;
    Ok(without)
}

/// What a removal leaves behind, if anything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Removed {
    /// Why a keyring entry may still be there, or the file may come back.
    pub left: Option<String>,
    /// Whether [`bring_back`] can bring it back.
    pub remembered: bool,
}

/// Removes a profile with its history, draft and keyring entry. A damaged file does not hinder it.
///
/// # Errors
/// When there is no such profile, or the file system refuses.
pub async fn remove(session: &Session, name: &ProfileName) -> Result<Removed, WorkError> {
    let name = name.clone();
    session.beside(move |stores| remove_in(stores, &name)).await
}

/// A removed profile, kept in memory so that it can be brought back.
#[derive(Debug)]
pub(super) struct Removal {
    files: Taken,
    /// The secret that was kept for it, and where; or why it cannot be had again.
    secret: Option<Result<(SecretSource, Arc<ClientSecret>), String>>,
}

/// Removes a profile, and remembers it for [`bring_back`] while the session lasts.
///
/// # Errors
/// As [`remove`].
pub async fn remove_for_now(session: &Session, name: &ProfileName) -> Result<Removed, WorkError> {
    let (name, removals) = (name.clone(), Arc::clone(&session.removals));
    session
        .beside(move |stores| {
            // One that cannot be read cannot be brought back, and goes all the same.
            let files = profiles::taken(&stores.home, &name).ok();
            let source = profiles::load(&stores.home, &name).ok().and_then(|stored| stored.draft.source);
            let kept = source.as_ref().and_then(CredentialSource::kept);
            let secret = kept.map(|kept| match stores.secrets.read(kept, &Stop::default()) {
                Ok(secret) => Ok((kept.clone(), secret)),
                Err(trouble) => Err(trouble.to_string()),
            });
            let removed = remove_in(stores, &name)?;
            let remembered = files.is_some();
            // What is left there can be read again from there.
            let secret = secret.filter(|secret| secret.is_ok() || removed.left.is_none());
            let removal = files.map(|files| Removal { files, secret });
            removals.lock().unwrap_or_else(PoisonError::into_inner).extend(removal);
            Ok(Removed { remembered, ..removed })
        })
        .await
}

/// Brings a removed profile back, its secret under a new entry. Says why it has no secret where that could not be had.
///
/// # Errors
/// When none of that name was removed in this session, there is one by now, or it cannot be kept.
pub async fn bring_back(session: &Session, name: &ProfileName) -> Result<Option<String>, WorkError> {
    let (name, removals) = (name.clone(), Arc::clone(&session.removals));
    session
        .beside(move |stores| {
            let mut removals = removals.lock().unwrap_or_else(PoisonError::into_inner);
            let at =
                removals.iter().rposition(|removal| removal.files.name == name).ok_or(WorkError::NothingRemoved)?;
            let Removal { files, secret } = &removals[at];
            let (kept, without) = match secret {
                None => (None, None),
                Some(Ok((place, secret))) => {
                    (Some(stores.secrets.keep_as(place, secret).map_err(WorkError::NotKept)?), None)
                }
                Some(Err(why)) => (None, Some(why.clone())),
            };
            let brought = profiles::bring_back(&stores.home, files, |mut draft| {
                draft.source = match kept.clone() {
                    Some(kept) => draft.source.map(|source| source.with_secret(kept)),
                    None if secret.is_some() => draft.source.and_then(CredentialSource::without_kept),
                    None => draft.source,
                };
                draft
            });
            match brought {
                Err(error) if !error.is_done() => {
                    kept.and_then(|kept| stores.forget(&kept));
                    return Err(error.into());
                }
                _ => {}
            }
            removals.remove(at);
            Ok(without)
        })
        .await
}

fn remove_in(stores: &Stores, name: &ProfileName) -> Result<Removed, WorkError> {
    let stored = profiles::load(&stores.home, name);
    let unflushed = match profiles::remove(&stores.home, name) {
        Ok(()) => None,
        Err(error) if error.is_done() => Some(error.to_string()),
        Err(error) => return Err(error.into()),
    };
    let left = match stored {
        Ok(stored) => {
            stored.draft.source.as_ref().and_then(CredentialSource::kept).and_then(|kept| stores.forget(kept))
        }
        Err(StoreError::NotFound { .. }) => None,
        Err(_) => Some("its file could not be read, so a keyring entry of it may be left".to_owned()),
    };
    Ok(Removed { left: left.or(unflushed), remembered: false })
}
