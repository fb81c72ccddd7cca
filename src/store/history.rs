//! What the last test of a profile said, what it was like when it last passed, and where it was exported:
//! `history/NAME.json`. Follows renames and removals; never holds a secret.
//!
//! Does not know how a test is made, how its verdict comes about, or what an export looks like.

use crate::core::check::Status;
use crate::core::names::ProfileName;
use crate::core::rules::Cause;
use crate::core::since::Traits;
use crate::store::files::{self, Lock};
use crate::store::paths::Home;
use crate::store::{StoreError, profiles};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::path::Path;

const EXTENSION: &str = "json";

/// The last verdict on a profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Last {
    /// How it stood.
    pub verdict: Status,
    /// When it was tested.
    pub when: Timestamp,
    /// The first finding's cause.
    pub cause: Option<Cause>,
}

/// What a profile was like when its test last passed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passed {
    /// When that was.
    pub when: Timestamp,
    /// What it was like.
    pub traits: Traits,
}

/// An export that was made of a profile: with the next secret, that is where the old one may still be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exported {
    /// The format.
    pub format: String,
    /// The file; none for standard output.
    pub path: Option<String>,
    /// Whether the secret went along.
    pub with_secret: bool,
    /// When.
    pub when: Timestamp,
}

/// So many exports are remembered.
const MAX_EXPORTS: usize = 50;

/// The exports of a profile, the oldest first.
pub fn exports(home: &Home, name: &ProfileName) -> Vec<Exported> {
    noted(home, name, "exports").unwrap_or_default()
}

/// Notes an export, in place of an older one of the same format to the same path.
///
/// # Errors
/// As saving a profile.
pub fn note_export(home: &Home, name: &ProfileName, mut export: Exported) -> Result<(), StoreError> {
    change(home, name, |all| {
        let noted = all.remove("exports").and_then(|value| serde_json::from_value(value).ok());
        let mut noted: Vec<Exported> = noted.unwrap_or_default();
        let is_same = |old: &Exported| (&old.format, &old.path) == (&export.format, &export.path);
        // A file is written over. What went elsewhere is still there, with the secret that was in it.
        let had_secret = export.path.is_none() && noted.iter().any(|old| is_same(old) && old.with_secret);
        noted.retain(|old| !is_same(old));
        export.with_secret |= had_secret;
        noted.push(export);
        noted.drain(..noted.len().saturating_sub(MAX_EXPORTS));
        all.insert("exports".into(), serde_json::to_value(noted).unwrap_or_default());
    })
}

/// The last verdict. `None` when there is none, or its file is damaged: history is a convenience.
pub fn last(home: &Home, name: &ProfileName) -> Option<Last> {
    noted(home, name, "last")
}

/// The last verdicts on all profiles, for a list: the folder is read once, not once a profile.
pub fn every_last(home: &Home) -> HashMap<ProfileName, Last> {
    let mut found = files::named(&home.histories(), EXTENSION).unwrap_or_default();
    // Of two that differ in letter case only, the same one each time.
    found.sort();
    let last = |path: &Path| serde_json::from_value(read(path)?.remove("last")?).ok();
    found.into_iter().filter_map(|(name, path)| Some((name, last(&path)?))).collect()
}

/// What it was like when it last passed. `None` when it never did, or as with [`last`].
pub fn passed(home: &Home, name: &ProfileName) -> Option<Passed> {
    noted(home, name, "passed")
}

/// One thing that is noted on a profile.
fn noted<T: DeserializeOwned>(home: &Home, name: &ProfileName, what: &str) -> Option<T> {
    let (_, path) = files::find(&home.histories(), name, EXTENSION).ok()??;
    serde_json::from_value(read(&path)?.remove(what)?).ok()
}

/// Notes a verdict, and of a test that passed what it was like. A profile that was removed while it was tested gets none.
///
/// # Errors
/// As saving a profile.
pub fn note(home: &Home, name: &ProfileName, last: &Last, traits: Option<Traits>) -> Result<(), StoreError> {
    change(home, name, |all| {
        all.insert("last".into(), serde_json::to_value(last).unwrap_or_default());
        if let Some(traits) = traits {
            let passed = Passed { when: last.when, traits };
            all.insert("passed".into(), serde_json::to_value(passed).unwrap_or_default());
        }
    })
}

/// Changes what is noted on a profile that is there.
fn change(home: &Home, name: &ProfileName, edit: impl FnOnce(&mut Map<String, Value>)) -> Result<(), StoreError> {
    if !profiles::is_there(home, name) {
        return Ok(());
    }
    let lock = files::lock(home)?;
    if !profiles::is_there(home, name) {
        return Ok(());
    }
    let path = files::find(&home.histories(), name, EXTENSION)?.map_or_else(|| home.history(name), |(_, path)| path);
    // What else is noted there stays.
    let mut all = read(&path).unwrap_or_default();
    all.insert("version".into(), 1.into());
    edit(&mut all);
    files::write(&path, &format!("{:#}\n", Value::Object(all)), &lock)
}

/// All that is noted on a profile, as it stands in its file.
pub(super) fn text(home: &Home, name: &ProfileName) -> Option<String> {
    let (_, path) = files::find(&home.histories(), name, EXTENSION).ok()??;
    files::read(&path).ok()?
}

/// Takes the history of a profile away.
pub(super) fn forget(home: &Home, name: &ProfileName, lock: &Lock) -> Result<(), StoreError> {
    while let Some((_, path)) = files::find(&home.histories(), name, EXTENSION)? {
        files::remove(&path, lock)?;
    }
    Ok(())
}

/// Goes with a profile to its new name. What cannot follow is lost: the next test notes it again.
pub(super) fn follow(home: &Home, old: &ProfileName, new: &ProfileName, lock: &Lock) {
    if old != new {
        let _ = forget(home, new, lock);
    }
    if let Ok(Some((_, path))) = files::find(&home.histories(), old, EXTENSION) {
        let _ = files::rename(&path, &home.history(new), lock);
    }
}

fn read(path: &Path) -> Option<Map<String, Value>> {
    serde_json::from_str(&files::read(path).ok()??).ok()
}
