//! Half-done set-ups: `drafts/NAME.toml`, never with a secret.
//!
//! Does not know what the steps are.

use crate::core::names::ProfileName;
use crate::core::profile::{CredentialSource, ProfileDraft};
use crate::core::secret::looks_like_secret;
use crate::store::files::{self, Lock};
use crate::store::paths::Home;
use crate::store::{StoreError, format};
use std::path::Path;
use std::time::SystemTime;
use toml_edit::{Document, value};

const EXTENSION: &str = "toml";

/// A set-up that was left before its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// The name it will have.
    pub name: ProfileName,
    /// What was typed.
    pub values: ProfileDraft,
    /// The id of the step that was open.
    pub step: String,
}

/// Every draft, the one changed last first. A damaged draft is left out.
///
/// # Errors
/// When the folder cannot be read.
pub fn list(home: &Home) -> Result<Vec<Draft>, StoreError> {
    let mut found: Vec<(SystemTime, Draft)> = files::named(&home.drafts(), EXTENSION)?
        .into_iter()
        .filter_map(|(name, path)| {
            let changed = path.metadata().and_then(|meta| meta.modified()).unwrap_or(SystemTime::UNIX_EPOCH);
            Some((changed, read(name, &path)?))
        })
        .collect();
    found.sort_by(|(left, one), (right, other)| right.cmp(left).then_with(|| one.name.cmp(&other.name)));
    Ok(found.into_iter().map(|(_, draft)| draft).collect())
}

/// Keeps a draft, in place of an older one of the same name.
///
/// Values that look like a secret in the wrong field are left out, and so is a keyring entry: it is made at the end.
///
/// # Errors
/// As saving a profile.
pub fn save(home: &Home, draft: &Draft) -> Result<(), StoreError> {
    let mut values = draft.values.clone();
    values.values.retain(|_, text| !looks_like_secret(text));
    values.source = values.source.and_then(CredentialSource::without_kept);
    let mut doc = format::document(&values);
    doc.insert("step", value(draft.step.as_str()));
    let path = home.draft(&draft.name);
    let lock = files::lock(home)?;
    if let Some((_, old)) = files::find(&home.drafts(), &draft.name, EXTENSION)?.filter(|(_, old)| *old != path) {
        match files::rename(&old, &path, &lock) {
            Err(error) if !error.is_done() => return Err(error),
            // What is written now is flushed with it.
            _ => {}
        }
    }
    files::write(&path, &doc.to_string(), &lock)
}

/// Forgets a draft; one that is not there is no error.
///
/// # Errors
/// When the file system refuses.
pub fn remove(home: &Home, name: &ProfileName) -> Result<(), StoreError> {
    if files::find(&home.drafts(), name, EXTENSION)?.is_none() {
        return Ok(());
    }
    forget(home, name, &files::lock(home)?)
}

/// The draft of that name as its file stands.
pub(super) fn text(home: &Home, name: &ProfileName) -> Option<String> {
    let (_, path) = files::find(&home.drafts(), name, EXTENSION).ok()??;
    files::read(&path).ok()?
}

/// Takes the draft away, in whatever letter case.
pub(super) fn forget(home: &Home, name: &ProfileName, lock: &Lock) -> Result<(), StoreError> {
    while let Some((_, path)) = files::find(&home.drafts(), name, EXTENSION)? {
        files::remove(&path, lock)?;
    }
    Ok(())
}

fn read(name: ProfileName, path: &Path) -> Option<Draft> {
    let text = files::read(path).ok()??;
    let parsed = format::parse(path, &text).ok().filter(|parsed| parsed.newer.is_none())?;
    let doc = Document::parse(text).ok()?;
    let step = doc.get("step").and_then(|step| step.as_str()).unwrap_or_default().to_owned();
    Some(Draft { name, values: parsed.draft, step })
}
