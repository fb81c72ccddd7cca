//! Profiles on disk: one TOML file each, and what is done to it as a whole.
//!
//! Does not know what stands in the file ([`format`]), or how it is written safely ([`files`]).

use crate::core::names::ProfileName;
use crate::core::profile::ProfileDraft;
use crate::core::untrusted::Untrusted;
use crate::store::files::{self, Lock};
use crate::store::paths::Home;
use crate::store::{StoreError, drafts, format, history, migrate};
use std::path::{Path, PathBuf};

const EXTENSION: &str = "toml";
/// How many backups of one profile's older format are kept; none is written over.
pub(super) const MOST_BACKUPS: usize = 20;

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
    let mut found = files::named(&home.profiles(), EXTENSION)?;
    found.sort();
    Ok(found.into_iter().map(|(name, path)| Listed { name: name.clone(), profile: load_from(name, &path) }).collect())
}

/// One profile.
///
/// # Errors
/// When there is none, or its file cannot be read as a profile.
pub fn load(home: &Home, name: &ProfileName) -> Result<Stored, StoreError> {
    let (name, path) = find(home, name)?;
    load_from(name, &path)
}

/// Saves a profile: under the lock, to a temporary file, flushed, then renamed. Says where.
///
/// A file that says so already is not written.
///
/// # Errors
/// When anything on that way fails; the old file is whole then, but for [`StoreError::Unflushed`].
pub fn save(home: &Home, name: &ProfileName, draft: &ProfileDraft, how: Save) -> Result<PathBuf, StoreError> {
    match how {
        Save::New => {
            let lock = files::lock(home)?;
            free(home, name)?;
            let path = home.profile(name);
            write(&path, &format::document(draft).to_string(), &lock)?;
            Ok(path)
        }
        Save::Change => change(home, name, name, |_| Ok(draft.clone())),
    }
}

/// Saves only what was changed between two drafts: what others have changed in the file meanwhile stays. The profile
/// `was` is called `name` from then on.
///
/// # Errors
/// As [`save`] and [`rename`], and when others changed the same values to something else. The profile has its old name and its old values then.
pub fn save_changes(
    home: &Home,
    was: &ProfileName,
    name: &ProfileName,
    before: &ProfileDraft,
    after: &ProfileDraft,
) -> Result<PathBuf, StoreError> {
    change(home, was, name, |now| {
        let fields = before.clashes(after, &now);
        if fields.is_empty() {
            Ok(after.over(before, &now))
        } else {
            Err(StoreError::Changed { name: was.to_string(), fields })
        }
    })
}

/// Renames a profile with its history; works with a damaged file too.
///
/// # Errors
/// When there is no such profile, or one of the new name (other than by letter case).
pub fn rename(home: &Home, old: &ProfileName, new: &ProfileName) -> Result<(), StoreError> {
    let (lock, path) = find_and_lock(home, old)?;
    let moved = go_on(move_to(home, &path, new, &lock))?;
    history::follow(home, old, new, &lock);
    moved
}

/// Copies a profile as it stands in its file, with its values edited; comments and unknown keys go along. Says where.
///
/// # Errors
/// When there is no such profile, one of the new name, its file is damaged or newer, or the copy cannot be written.
pub fn copy(
    home: &Home,
    from: &ProfileName,
    to: &ProfileName,
    edit: impl FnOnce(ProfileDraft) -> ProfileDraft,
) -> Result<PathBuf, StoreError> {
    let (lock, old_path) = find_and_lock(home, from)?;
    free(home, to)?;
    let text = files::read(&old_path)?.ok_or_else(|| not_found(from))?;
    let path = home.profile(to);
    write(&path, &format::change(&old_path, &text, |draft| Ok(edit(draft)))?, &lock)?;
    Ok(path)
}

/// Removes a profile with its history and draft; works with a damaged file too.
///
/// # Errors
/// When there is no such profile, or the file system refuses.
pub fn remove(home: &Home, name: &ProfileName) -> Result<(), StoreError> {
    let (lock, path) = find_and_lock(home, name)?;
    // The profile goes last, so that a failure before it can be tried again.
    let drafts = go_on(drafts::forget(home, name, &lock))?;
    let history = go_on(history::forget(home, name, &lock))?;
    files::remove(&path, &lock).and(history).and(drafts)
}

/// A profile's files as they stood, to be brought back.
#[derive(Debug, Clone)]
pub struct Taken {
    /// Its name.
    pub name: ProfileName,
    text: String,
    history: Option<String>,
    draft: Option<String>,
}

/// Takes note of a profile's files before they are removed.
///
/// # Errors
/// When there is no such profile, or its file cannot be read.
pub fn taken(home: &Home, name: &ProfileName) -> Result<Taken, StoreError> {
    let (name, path) = find(home, name)?;
    let text = files::read(&path)?.ok_or_else(|| not_found(&name))?;
    let history = history::text(home, &name);
    let draft = drafts::text(home, &name);
    Ok(Taken { name, text, history, draft })
}

/// Brings a removed profile back as it stood, with the place of its secret edited. Its history and draft come back where
/// they can be written: they are a convenience, and no reason to give the profile up again.
///
/// # Errors
/// When there is a profile of its name by now, or it cannot be written.
pub fn bring_back(
    home: &Home,
    taken: &Taken,
    edit: impl FnOnce(ProfileDraft) -> ProfileDraft,
) -> Result<(), StoreError> {
    let lock = files::lock(home)?;
    free(home, &taken.name)?;
    let path = home.profile(&taken.name);
    let written = go_on(write(&path, &format::change(&path, &taken.text, |draft| Ok(edit(draft)))?, &lock))?;
    let beside = [(home.history(&taken.name), &taken.history), (home.draft(&taken.name), &taken.draft)];
    for (path, text) in beside {
        if let Some(text) = text
            && let Err(error) = files::write(&path, text, &lock)
        {
            tracing::warn!(profile = %taken.name, %error, "not all of it came back");
        }
    }
    written
}

/// Reads, changes, renames and writes a profile under one lock.
fn change(
    home: &Home,
    was: &ProfileName,
    name: &ProfileName,
    edit: impl FnOnce(ProfileDraft) -> Result<ProfileDraft, StoreError>,
) -> Result<PathBuf, StoreError> {
    let (lock, old_path) = find_and_lock(home, was)?;
    let old = files::read(&old_path)?.ok_or_else(|| not_found(was))?;
    let new = format::change(&old_path, &old, edit)?;
    let write_to = |path: &Path| {
        if new == old {
            return Ok(());
        }
        let backed_up = match migrate::older(&old) {
            Some(version) => go_on(back_up(path, version, &old))?,
            None => Ok(()),
        };
        write(path, &new, &lock).and(backed_up)
    };
    if was.as_str() == name.as_str() {
        return write_to(&old_path).map(|()| old_path);
    }
    // Renamed first: unlike a write, that can be taken back on a full disk.
    let path = home.profile(name);
    let moved = go_on(move_to(home, &old_path, name, &lock))?;
    let written = match go_on(write_to(&path)) {
        Ok(written) => written,
        Err(error) => {
            return Err(match go_on(files::rename(&path, &old_path, &lock)) {
                Ok(_) => error,
                Err(_) => {
                    let what = format!("renamed, but its values are the old ones: {error}");
                    StoreError::Io { path, what: Untrusted::plain(&what) }
                }
            });
        }
    };
    history::follow(home, was, name, &lock);
    moved.and(written).map(|()| path)
}

/// Renames the file of a profile.
fn move_to(home: &Home, path: &Path, name: &ProfileName, lock: &Lock) -> Result<(), StoreError> {
    if files::find(&home.profiles(), name, EXTENSION)?.is_some_and(|(_, there)| there != path) {
        return Err(StoreError::Exists { name: name.to_string() });
    }
    files::rename(path, &home.profile(name), lock)
}

/// What was done without the disk's confirmation is gone on with; that is told at the end.
fn go_on(result: Result<(), StoreError>) -> Result<Result<(), StoreError>, StoreError> {
    match result {
        Err(error) if !error.is_done() => Err(error),
        done => Ok(done),
    }
}

/// Refuses a name that a profile has.
fn free(home: &Home, name: &ProfileName) -> Result<(), StoreError> {
    match files::find(&home.profiles(), name, EXTENSION)? {
        Some(_) => Err(StoreError::Exists { name: name.to_string() }),
        None => Ok(()),
    }
}

fn write(path: &Path, text: &str, lock: &Lock) -> Result<(), StoreError> {
    // What could not be read again is not written: a value with a line end inside, for one.
    format::parse(path, text)?;
    files::write(path, text, lock)
}

/// Keeps a text in an older format beside its file, as `NAME.toml.v0.bak` or, where something else has that name,
/// `NAME.toml.v0.2.bak`.
fn back_up(path: &Path, version: i64, text: &str) -> Result<(), StoreError> {
    let mut refused = StoreError::FileExists { path: path.to_owned() };
    for number in 1..=MOST_BACKUPS {
        let mut backup = path.as_os_str().to_owned();
        backup.push(format!(".v{version}"));
        if number > 1 {
            backup.push(format!(".{number}"));
        }
        backup.push(".bak");
        match files::write_private(Path::new(&backup), text.as_bytes(), false) {
            // From a save that failed after it.
            Err(StoreError::FileExists { path }) if files::read(&path).is_ok_and(|t| t.as_deref() == Some(text)) => {
                return Ok(());
            }
            Err(error @ StoreError::FileExists { .. }) => refused = error,
            done => return done,
        }
    }
    Err(refused)
}

/// Whether there is such a profile.
pub fn is_there(home: &Home, name: &ProfileName) -> bool {
    find(home, name).is_ok()
}

fn not_found(name: &ProfileName) -> StoreError {
    StoreError::NotFound { name: name.to_string() }
}

fn find(home: &Home, name: &ProfileName) -> Result<(ProfileName, PathBuf), StoreError> {
    files::find(&home.profiles(), name, EXTENSION)?.ok_or_else(|| not_found(name))
}

/// Looks before locking too: a name that is not there makes no home.
fn find_and_lock(home: &Home, name: &ProfileName) -> Result<(Lock, PathBuf), StoreError> {
    find(home, name)?;
    let lock = files::lock(home)?;
    Ok((lock, find(home, name)?.1))
}

fn load_from(name: ProfileName, path: &Path) -> Result<Stored, StoreError> {
    let text = files::read(path)?.ok_or_else(|| not_found(&name))?;
    let parsed = format::parse(path, &text)?;
    Ok(Stored { name, draft: parsed.draft, path: path.to_owned(), newer: parsed.newer.is_some() })
}
