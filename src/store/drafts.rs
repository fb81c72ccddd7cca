//! Half-done set-ups: `drafts/NAME.toml`, never with a secret.

use crate::core::names::ProfileName;
use crate::core::profile::ProfileDraft;
use crate::store::StoreError;
use crate::store::paths::Home;

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
    let _ = home;
    Ok(Vec::new())
}

/// Keeps a draft, in place of an older one of the same name.
///
/// # Errors
/// As saving a profile.
pub fn save(home: &Home, draft: &Draft) -> Result<(), StoreError> {
    let _ = (home, draft);
    Ok(())
}

/// Forgets a draft; one that is not there is no error.
///
/// # Errors
/// When the file system refuses.
pub fn remove(home: &Home, name: &ProfileName) -> Result<(), StoreError> {
    let _ = (home, name);
    Ok(())
}
