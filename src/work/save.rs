//! Saving a profile with its secret: the secret first, then the file, and no entry is left behind by a failure.
//!
//! Does not know whether the values are right; whoever saves has asked that.

use crate::core::names::ProfileName;
use crate::core::profile::{ProfileDraft, SecretSource};
use crate::core::secret::ClientSecret;
use crate::store::profiles::{self, Save};
use crate::store::{StoreError, drafts};
use crate::work::checks::beside;
use crate::work::profiles::forget;
use crate::work::{Session, WorkError};
use std::path::PathBuf;
use std::sync::Arc;

/// What becomes of the profile's secret.
#[derive(Debug, Clone)]
pub enum SecretChoice {
    /// It stays where the draft says it is.
    Keep,
    /// It is read from there at each use.
    Source(SecretSource),
    /// This value goes into the keyring, under a new entry.
    Value(Arc<ClientSecret>),
}

/// What is to be saved.
#[derive(Debug, Clone)]
pub struct SaveRequest {
    /// The profile's name.
    pub name: ProfileName,
    /// Its values.
    pub draft: ProfileDraft,
    /// Its secret.
    pub secret: SecretChoice,
    /// The values as they were opened, so that only what differs is written; none makes a new profile.
    pub before: Option<ProfileDraft>,
}

/// What was saved where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    /// The profile's file.
    pub path: PathBuf,
    /// Where the secret is, for people; empty where there is none.
    pub place: String,
    /// The values as saved, with the new entry.
    pub draft: ProfileDraft,
    /// Why an older keyring entry may still be there.
    pub left: Option<String>,
}

/// Saves a profile. After a failure everything is as it was.
///
/// # Errors
/// When the secret cannot be kept (nothing was saved then), or the file cannot be written.
pub async fn save(session: &Session, request: SaveRequest) -> Result<Saved, WorkError> {
    let SaveRequest { name, mut draft, secret, before } = request;
    // Asked before a keyring entry is made; the save below asks once more under its lock.
    let exists = match profiles::load(&session.home, &name) {
        Err(StoreError::NotFound { .. }) => false,
        Err(error @ StoreError::Io { .. }) => return Err(error.into()),
        _ => true,
    };
    match before {
        None if exists => return Err(StoreError::Exists { name: name.to_string() }.into()),
        Some(_) if !exists => return Err(StoreError::NotFound { name: name.to_string() }.into()),
        _ => {}
    }
    let mut kept = None;
    match secret {
        SecretChoice::Keep => {}
        SecretChoice::Source(source) => draft.source = Some(source),
        SecretChoice::Value(value) => {
            let entry = beside("the keyring".into(), &session.keyring, move |keyring| keyring.keep(&value)).await;
            let entry = entry.map_err(WorkError::NotKept)?;
            kept = Some(entry.clone());
            draft.source = Some(SecretSource::Keyring { entry });
        }
    }
    let written = match &before {
        None => profiles::save(&session.home, &name, &draft, Save::New),
        Some(before) => profiles::save_changes(&session.home, &name, before, &draft),
    };
    let path = match written {
        Ok(path) => path,
        Err(error) => {
            if let Some(entry) = kept {
                forget(session, entry).await;
            }
            return Err(error.into());
        }
    };
    let left = match before.and_then(|before| before.source) {
        Some(old @ SecretSource::Keyring { .. }) if draft.source.as_ref() == Some(&old) => None,
        Some(SecretSource::Keyring { entry }) => forget(session, entry).await,
        _ => None,
    };
    // What was half done is done now. A draft that cannot be removed is only offered once more.
    let _ = drafts::remove(&session.home, &name);
    let place = draft.source.as_ref().map(SecretSource::to_string).unwrap_or_default();
    Ok(Saved { path, place, draft, left })
}
