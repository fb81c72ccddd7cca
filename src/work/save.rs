//! Saving a profile with its secret: the secret first, then the file, and no entry is left behind by a failure.
//!
//! Does not know whether the values are right; whoever saves has asked that.

use crate::core::credential::Credential;
use crate::core::names::ProfileName;
use crate::core::profile::{CertificateSource, CredentialSource, ProfileDraft, SecretSource};
use crate::core::question::FieldId;
use crate::core::secret::ClientSecret;
use crate::store;
use crate::store::profiles::{self, Save};
use crate::store::secrets::{self, CredentialTrouble, SecretTrouble, Stop};
use crate::store::{StoreError, drafts};
use crate::work::session::Stores;
use crate::work::{Session, WorkError};
use std::path::PathBuf;
use std::sync::Arc;

/// What becomes of the profile's secret.
#[derive(Debug, Clone)]
pub enum SecretChoice {
    /// It stays where the draft says it is.
    Keep,
    /// It is read from there at each use.
    Source(CredentialSource),
    /// This value goes into the keyring, or where there is none into the vault, under a new entry.
    Value(Arc<ClientSecret>),
    /// This value goes into the vault, under a new entry.
    InVault(Arc<ClientSecret>),
    /// The certificate of that file; its password is kept as a value is, under a new entry.
    Certificate {
        /// The file.
        path: String,
        /// What opens it.
        password: Arc<ClientSecret>,
        /// Whether the password goes into the vault, where there is a keyring, too.
        in_vault: bool,
    },
}

impl SecretChoice {
    /// What was typed and is kept nowhere yet: the secret, or the password of a certificate's key.
    pub fn typed(&self) -> Option<Arc<ClientSecret>> {
        match self {
            SecretChoice::Value(secret)
            | SecretChoice::InVault(secret)
            | SecretChoice::Certificate { password: secret, .. } => Some(Arc::clone(secret)),
            SecretChoice::Keep | SecretChoice::Source(_) => None,
        }
    }
}

/// A source with its path as it holds in every folder: the next run may be in another one.
pub fn absolute(source: CredentialSource) -> CredentialSource {
    match source {
        CredentialSource::Secret(SecretSource::File { path }) => {
            SecretSource::File { path: store::absolute(&path) }.into()
        }
        CredentialSource::Certificate(CertificateSource { path, password }) => {
            CredentialSource::Certificate(CertificateSource { path: store::absolute(&path), password })
        }
        other @ CredentialSource::Secret(_) => other,
    }
}

/// What is to be saved.
#[derive(Debug, Clone)]
pub struct SaveRequest {
    /// The profile's name from now on.
    pub name: ProfileName,
    /// Its name until now and its values as they were opened, so that only what differs is written; none makes a new
    /// profile.
    pub was: Option<(ProfileName, ProfileDraft)>,
    /// Its values.
    pub draft: ProfileDraft,
    /// Its secret.
    pub secret: SecretChoice,
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
    /// What is not as it should be all the same: an older keyring entry that is still there, a disk that did not confirm.
    pub left: Option<String>,
    /// What somebody else changed in the file meanwhile; it was taken over.
    pub theirs: Vec<FieldId>,
}

impl Saved {
    /// That somebody else changed the profile meanwhile, and what of it was taken over.
    pub fn merged(&self) -> Option<String> {
        let names: Vec<&str> = self.theirs.iter().map(|field| field.name()).collect();
        (!names.is_empty()).then(|| {
            format!("somebody else changed this profile meanwhile; what they changed is in it: {}", names.join(", "))
        })
    }
}

/// Saves a profile. After a failure everything is as it was, the name included. A save that was begun goes on to its end,
/// also when nobody waits for it any more.
///
/// # Errors
/// When the secret cannot be kept (nothing was saved then), or the file cannot be written.
pub async fn save(session: &Session, request: SaveRequest) -> Result<Saved, WorkError> {
    session.beside(move |stores| save_in(stores, request)).await
}

/// Whether a certificate that is named can be used; where it or its password cannot be read now, nobody knows.
fn certificate_fits(stores: &Stores, certificate: &CertificateSource) -> Result<(), WorkError> {
    let CertificateSource { path, password } = certificate;
    let password = match password.as_ref().map(|source| stores.secrets.read(source, &Stop::default())) {
        None => None,
        Some(Ok(password)) => Some(password),
        Some(Err(_)) => return Ok(()),
    };
    match secrets::certificate(path, password.as_deref()) {
        Err(trouble @ CredentialTrouble::Unfit { .. }) => Err(WorkError::Certificate(trouble)),
        _ => Ok(()),
    }
}

fn save_in(stores: &Stores, request: SaveRequest) -> Result<Saved, WorkError> {
    let SaveRequest { name, was, mut draft, secret } = request;
    let chosen = !matches!(secret, SecretChoice::Keep);
    // Asked before a keyring entry is made; the save below asks once more under its lock.
    let is_there = |name| match profiles::load(&stores.home, name) {
        Err(StoreError::NotFound { .. }) => Ok(false),
        Err(error @ StoreError::Io { .. }) => Err(error),
        _ => Ok(true),
    };
    match &was {
        Some((was, _)) if !is_there(was)? => return Err(StoreError::NotFound { name: was.to_string() }.into()),
        Some((was, _)) if *was == name => {}
        _ if is_there(&name)? => return Err(StoreError::Exists { name: name.to_string() }.into()),
        _ => {}
    }
    let mut kept = None;
    let mut note = |source: Result<SecretSource, SecretTrouble>| {
        let source = source.map_err(WorkError::NotKept)?;
        kept = Some(source.clone());
        Ok::<_, WorkError>(source)
    };
    match secret {
        SecretChoice::Keep => {}
        SecretChoice::Source(source) => {
            if let CredentialSource::Certificate(certificate) = &source {
                certificate_fits(stores, certificate)?;
            }
            draft.source = Some(source);
        }
        SecretChoice::Value(value) => draft.source = Some(note(stores.secrets.keep(&value))?.into()),
        SecretChoice::InVault(value) => draft.source = Some(note(stores.secrets.keep_in_vault(&value))?.into()),
        SecretChoice::Certificate { path, password, in_vault } => {
            secrets::certificate(&path, Some(&password)).map_err(WorkError::Certificate)?;
            let kept = if in_vault { stores.secrets.keep_in_vault(&password) } else { stores.secrets.keep(&password) };
            let password = Some(note(kept)?);
            draft.source = Some(CredentialSource::Certificate(CertificateSource { path, password }));
        }
    }
    // A certificate tells its own end, whatever was typed. It is not read where neither it nor its end was touched.
    let newly = was.as_ref().is_none_or(|(_, before)| before.source != draft.source);
    let end_of_the_old = was.as_ref().map(|(_, before)| before.value(FieldId::Expires).to_owned());
    let is_end_old = end_of_the_old.as_deref() == Some(draft.value(FieldId::Expires));
    let looks = newly || chosen || !is_end_old;
    if let Some(source @ CredentialSource::Certificate(_)) = draft.source.as_ref().filter(|_| looks) {
        match stores.secrets.credential(source, &Stop::default()) {
            Ok(Credential::Certificate(read)) => draft.set(FieldId::Expires, &read.end_date().to_string()),
            _ if newly && is_end_old => draft.set(FieldId::Expires, ""),
            _ => {}
        }
    }
    let written = match &was {
        None => profiles::save(&stores.home, &name, &draft, Save::New),
        Some((was, before)) => profiles::save_changes(&stores.home, was, &name, before, &draft),
    };
    let (path, unflushed) = match written {
        Ok(path) => (path, None),
        Err(StoreError::Unflushed { path, what }) => {
            let told = StoreError::Unflushed { path: path.clone(), what }.to_string();
            (path, Some(told))
        }
        Err(error) => {
            if let Some(source) = kept {
                stores.forget(&source);
            }
            return Err(error.into());
        }
    };
    // Others may have changed the file meanwhile: what stands there now is what was saved.
    let ours = draft;
    let draft = match profiles::load(&stores.home, &name) {
        Ok(stored) if was.is_some() => stored.draft,
        _ => ours.clone(),
    };
    let theirs = FieldId::ALL.into_iter().filter(|field| match field {
        FieldId::Secret => draft.source != ours.source,
        field => draft.value(*field) != ours.value(*field),
    });
    let theirs = theirs.collect();
    let left = match was.and_then(|(_, before)| before.source) {
        // Should the machine stop now, the old file may come back: it needs its entry.
        _ if unflushed.is_some() => unflushed,
        Some(old) if draft.source.as_ref().and_then(CredentialSource::kept) != old.kept() => {
            old.kept().and_then(|source| stores.forget(source))
        }
        _ => None,
    };
    // What was half done is done now. A draft that cannot be removed is only offered once more.
    let _ = drafts::remove(&stores.home, &name);
    let place = draft.source.as_ref().map(CredentialSource::to_string).unwrap_or_default();
    Ok(Saved { path, place, draft, left, theirs })
}
