//! Safe reading and writing of small files, and the lock that writers share (safety rules 8, 15, 16, 18).
//!
//! Does not know what stands in the files.

use crate::core::names::ProfileName;
use crate::core::untrusted::Untrusted;
use crate::store::StoreError;
use crate::store::paths::Home;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// The largest file that is read, in bytes.
pub const MAX_FILE: u64 = 1024 * 1024;
/// How long a writer waits for another one.
const LOCK_LIMIT: Duration = Duration::from_secs(5);
const TEMP_PREFIX: &str = ".d365-connect-";
const TEMP_SUFFIX: &str = ".tmp";

/// The lock, held until dropped: the kernel lets go of it when the process ends, however it ends.
pub struct Lock(#[expect(dead_code, reason = "held, not used")] File);

/// What the system said about a path.
pub fn trouble(path: &Path, error: &io::Error) -> StoreError {
    StoreError::Io { path: path.to_owned(), what: Untrusted::plain(&error.to_string()) }
}

/// A file that is not what it should be.
pub fn damaged(path: &Path, what: impl Into<String>) -> StoreError {
    StoreError::Damaged { path: path.to_owned(), what: what.into() }
}

/// A result of the file system, with the path it is about.
pub fn at<T>(path: &Path, result: io::Result<T>) -> Result<T, StoreError> {
    result.map_err(|error| trouble(path, &error))
}

/// The same, where a missing file is no error.
pub fn at_if_there<T>(path: &Path, result: io::Result<T>) -> Result<Option<T>, StoreError> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        other => at(path, other).map(Some),
    }
}

/// Reads a regular file of at most [`MAX_FILE`]; never hangs on a pipe or device. What was read is wiped on drop.
///
/// # Errors
/// When it is not there, not a regular file, too large, or the system refuses.
pub fn read_whole(path: &Path) -> Result<Zeroizing<Vec<u8>>, StoreError> {
    let file = open_regular(path)?;
    let most = MAX_FILE + 1;
    // The capacity is reserved once, so that growing leaves no copies of a secret behind.
    let size = usize::try_from(at(path, file.metadata())?.len().min(most)).unwrap_or_default();
    let mut bytes = Zeroizing::new(Vec::with_capacity(size + 1));
    at(path, file.take(most).read_to_end(&mut bytes))?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(damaged(path, "larger than 1 MiB"));
    }
    Ok(bytes)
}

/// Opens a regular file to read it; never hangs on a pipe or device.
///
/// # Errors
/// When it is not there, not a regular file, or the system refuses.
pub fn open_regular(path: &Path) -> Result<File, StoreError> {
    let mut options = OpenOptions::new();
    options.read(true);
    never_wait(&mut options);
    let file = at(path, options.open(path))?;
    if !at(path, file.metadata())?.is_file() {
        return Err(damaged(path, "not a regular file"));
    }
    Ok(file)
}

/// Reads a file of ours. `None` when it is not there.
///
/// # Errors
/// As [`read_whole`]; also for a link to nothing or to another user's file.
pub fn read_bytes(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
    match at_if_there(path, fs::symlink_metadata(path))? {
        None => Ok(None),
        Some(meta) if meta.is_symlink() => read_whole(&resolve(path)?).map(Some),
        Some(_) => read_whole(path).map(Some),
    }
}

/// Reads a text file of ours. `None` when it is not there.
///
/// # Errors
/// As [`read_whole`]; also for a link to nothing or to another user's file, and for a text that is not UTF-8.
pub fn read(path: &Path) -> Result<Option<String>, StoreError> {
    let Some(bytes) = read_bytes(path)? else { return Ok(None) };
    match str::from_utf8(&bytes) {
        Ok(text) => Ok(Some(text.to_owned())),
        Err(error) => {
            let line = line_of(&bytes, error.valid_up_to());
            Err(damaged(path, format!("line {line}: not UTF-8 text (byte {})", error.valid_up_to() + 1)))
        }
    }
}

/// The line on which a byte stands, from 1.
pub fn line_of(text: &[u8], byte: usize) -> usize {
    text.iter().take(byte).filter(|b| **b == b'\n').count() + 1
}

/// Takes the lock of a home, which is made when it is not there.
///
/// # Errors
/// [`StoreError::Locked`] when another process keeps it for 5 s.
pub fn lock(home: &Home) -> Result<Lock, StoreError> {
    lock_within(home, LOCK_LIMIT)
}

fn lock_within(home: &Home, limit: Duration) -> Result<Lock, StoreError> {
    make_folder(home.root())?;
    let path = home.root().join("lock");
    // It is written over, so it leads nowhere else.
    if at_if_there(&path, fs::symlink_metadata(&path))?.is_some_and(|meta| meta.is_symlink()) {
        return Err(damaged(&path, "a link, where the lock of this folder should be"));
    }
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    never_wait_or_follow(&mut options);
    private(&mut options);
    let mut file = at(&path, options.open(&path))?;
    if !at(&path, file.metadata())?.is_file() {
        return Err(damaged(&path, "not a regular file"));
    }
    let start = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => break,
            Err(TryLockError::Error(error)) => return Err(trouble(&path, &error)),
            Err(TryLockError::WouldBlock) if start.elapsed() < limit => {
                std::thread::sleep(Duration::from_millis(5));
            }
            Err(TryLockError::WouldBlock) => {
                // On Windows a locked file cannot be read either: then the holder stays unknown.
                let mut pid = String::new();
                let _ = file.take(16).read_to_string(&mut pid);
                return Err(StoreError::Locked { holder: pid.trim().parse().ok() });
            }
        }
    }
    // Only for the message to another. On a full disk the file stays empty: renaming and removing must work all the same.
    let _ = file.set_len(0).and_then(|()| file.rewind()).and_then(|()| writeln!(file, "{}", std::process::id()));
    for folder in [home.root().to_owned(), home.profiles(), home.drafts(), home.histories()] {
        sweep(&folder);
    }
    Ok(Lock(file))
}

/// Replaces a file as a whole: temporary file beside it, flushed, renamed over it, folder flushed.
///
/// A link is followed, and what it leads to is replaced. After an error the old file is whole and nothing is left behind,
/// but for [`StoreError::Unflushed`]: then the new file is there.
///
/// # Errors
/// When any step fails.
pub fn write(path: &Path, text: &str, lock: &Lock) -> Result<(), StoreError> {
    write_bytes(path, text.as_bytes(), lock)
}

/// The same for bytes.
///
/// # Errors
/// When any step fails.
pub fn write_bytes(path: &Path, bytes: &[u8], _lock: &Lock) -> Result<(), StoreError> {
    let target = match at_if_there(path, fs::symlink_metadata(path))? {
        Some(meta) if meta.is_symlink() => resolve(path)?,
        Some(meta) if !meta.is_file() => return Err(damaged(path, "not a regular file")),
        _ => path.to_owned(),
    };
    let folder = folder_of(&target);
    make_folder(folder)?;
    if target != path {
        sweep(folder);
    }
    let mut temp = temporary(folder)?;
    at(&target, temp.write_all(bytes).and_then(|()| temp.as_file().sync_all()))?;
    at(&target, temp.persist(&target).map_err(|error| error.error))?;
    flush(&target)
}

/// Writes a file that somebody asked for by its path: for its owner alone, as a whole or not at all. What is there
/// already is replaced only with `over`; of a link, the link.
///
/// # Errors
/// [`StoreError::FileExists`] when something is there and may not be replaced; else when any step fails.
pub fn write_private(path: &Path, bytes: &[u8], over: bool) -> Result<(), StoreError> {
    write_asked(path, bytes, over, temporary)
}

/// The same for what everybody may read, as far as the umask lets them.
///
/// # Errors
/// As [`write_private`].
pub fn write_public(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    write_asked(path, bytes, false, |folder| {
        let mut named = naming();
        #[cfg(unix)]
        named.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644));
        made(folder, named.tempfile_in(folder))
    })
}

fn write_asked(
    path: &Path,
    bytes: &[u8],
    over: bool,
    temporary: impl FnOnce(&Path) -> Result<tempfile::NamedTempFile, StoreError>,
) -> Result<(), StoreError> {
    let there = at_if_there(path, fs::symlink_metadata(path))?;
    if there.as_ref().is_some_and(|meta| !meta.is_file() && !meta.is_symlink()) {
        return Err(StoreError::Io { path: path.to_owned(), what: Untrusted::plain("not a regular file") });
    }
    if there.is_some() && !over {
        return Err(StoreError::FileExists { path: path.to_owned() });
    }
    let folder = folder_of(path);
    let mut temp = temporary(folder)?;
    at(path, temp.write_all(bytes).and_then(|()| temp.as_file().sync_all()))?;
    let named = if over { temp.persist(path) } else { temp.persist_noclobber(path) };
    match named {
        // Made by another meanwhile.
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {
            Err(StoreError::FileExists { path: path.to_owned() })
        }
        named => at(path, named.map(drop).map_err(|error| error.error)).and_then(|()| flush(path)),
    }
}

/// A file to be renamed: created exclusively, 0600 on Unix, and removed again unless it gets its name.
fn temporary(folder: &Path) -> Result<tempfile::NamedTempFile, StoreError> {
    made(folder, naming().tempfile_in(folder))
}

fn naming() -> tempfile::Builder<'static, 'static> {
    let mut named = tempfile::Builder::new();
    named.prefix(TEMP_PREFIX).suffix(TEMP_SUFFIX);
    named
}

fn made(folder: &Path, temp: io::Result<tempfile::NamedTempFile>) -> Result<tempfile::NamedTempFile, StoreError> {
    at(folder, fs::metadata(folder))?;
    // Its trouble is told with a name that nobody knows.
    at(folder, temp.map_err(|error| error.kind().into()))
}

/// A path as somebody typed it: `~/` stands for the home directory.
pub fn expanded(path: &str) -> PathBuf {
    match (path.strip_prefix("~/"), std::env::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(path),
    }
}

/// A path as somebody typed it, as it holds in every folder; as typed where that cannot be told.
pub fn absolute(path: &str) -> String {
    let whole = std::path::absolute(expanded(path)).ok().and_then(|whole| whole.into_os_string().into_string().ok());
    whole.unwrap_or_else(|| path.to_owned())
}

/// Renames a file within its folder, and flushes the folder.
///
/// # Errors
/// When the system refuses; [`StoreError::Unflushed`] where only the flush failed.
pub fn rename(from: &Path, to: &Path, _lock: &Lock) -> Result<(), StoreError> {
    at(from, fs::rename(from, to))?;
    flush(to)
}

/// Removes a file (of a link: the link), and flushes the folder. One that is not there is no error.
///
/// # Errors
/// When the system refuses; [`StoreError::Unflushed`] where only the flush failed.
pub fn remove(path: &Path, _lock: &Lock) -> Result<(), StoreError> {
    match at_if_there(path, fs::remove_file(path))? {
        Some(()) => flush(path),
        None => Ok(()),
    }
}

/// The files in a folder that bear the name of a profile and that extension, in no order.
///
/// # Errors
/// When the folder is there and cannot be read.
pub fn named(folder: &Path, extension: &str) -> Result<Vec<(ProfileName, PathBuf)>, StoreError> {
    let Some(entries) = at_if_there(folder, fs::read_dir(folder))? else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for entry in entries {
        let path = at(folder, entry)?.path();
        let fits = path.extension().is_some_and(|e| e.eq_ignore_ascii_case(extension));
        let name = path.file_stem().and_then(|stem| stem.to_str()).and_then(|stem| stem.parse().ok());
        found.extend(name.filter(|_| fits).map(|name| (name, path)));
    }
    Ok(found)
}

/// The file of that name in any letter case; where there are two, the one spelled exactly so.
///
/// # Errors
/// As [`named`].
pub fn find(folder: &Path, name: &ProfileName, extension: &str) -> Result<Option<(ProfileName, PathBuf)>, StoreError> {
    let mut all = named(folder, extension)?;
    all.retain(|(found, _)| found == name);
    all.sort_by_key(|(found, path)| (found.as_str() != name.as_str(), path.clone()));
    Ok(all.into_iter().next())
}

/// Where a link leads: a regular file of the same user.
fn resolve(path: &Path) -> Result<PathBuf, StoreError> {
    let Some(target) = at_if_there(path, fs::canonicalize(path))? else {
        return Err(damaged(path, "a link to a file that is not there"));
    };
    let meta = at(path, fs::metadata(&target))?;
    if !meta.is_file() {
        return Err(damaged(path, "a link to something that is not a regular file"));
    }
    if !is_own(&meta) {
        return Err(damaged(path, "a link to a file of another user"));
    }
    Ok(target)
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Takes away what writers that were killed have left. Only called under the lock, when no writer can be at work.
fn sweep(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let ours = name.to_str().is_some_and(|name| name.starts_with(TEMP_PREFIX) && name.ends_with(TEMP_SUFFIX));
        if ours {
            // What cannot be removed does no harm.
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Makes a folder and what is missing above it, 0700; one that is there stays as it is.
fn make_folder(folder: &Path) -> Result<(), StoreError> {
    if folder.is_dir() {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    at(folder, builder.create(folder))?;
    let above = folder_of(folder);
    at(above, sync_folder(above))
}

/// Makes what was done to a file lasting.
fn flush(path: &Path) -> Result<(), StoreError> {
    sync_folder(folder_of(path))
        .map_err(|error| StoreError::Unflushed { path: path.to_owned(), what: Untrusted::plain(&error.to_string()) })
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    match File::open(folder).and_then(|open| open.sync_all()) {
        // Some network file systems cannot flush a folder, and say so in this way.
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
        other => other,
    }
}

/// Windows has no such call: a rename is in the journal.
#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

/// Opening must not wait for the other end of a pipe, nor make a terminal ours.
fn never_wait(options: &mut OpenOptions) {
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        let flags = (OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC).bits();
        std::os::unix::fs::OpenOptionsExt::custom_flags(options, flags.cast_signed());
    }
    #[cfg(not(unix))]
    let _ = options;
}

/// The same; a link that was put there a moment ago is not followed either.
fn never_wait_or_follow(options: &mut OpenOptions) {
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        let flags = (OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC | OFlags::NOFOLLOW).bits();
        std::os::unix::fs::OpenOptionsExt::custom_flags(options, flags.cast_signed());
    }
    #[cfg(not(unix))]
    let _ = options;
}

/// What is created is for its owner alone.
fn private(options: &mut OpenOptions) {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    #[cfg(not(unix))]
    let _ = options;
}

#[cfg(unix)]
fn is_own(meta: &fs::Metadata) -> bool {
    std::os::unix::fs::MetadataExt::uid(meta) == rustix::process::geteuid().as_raw()
}

/// On Windows the rights of the file decide.
#[cfg(not(unix))]
fn is_own(_meta: &fs::Metadata) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_held_by_another_is_told_with_its_holder() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        let held = lock_within(&home, Duration::ZERO).unwrap();
        let error = lock_within(&home, Duration::from_millis(20)).map(drop).unwrap_err();
        let holder = cfg!(unix).then(std::process::id);
        assert!(matches!(error, StoreError::Locked { holder: told } if told == holder), "{error}");
        drop(held);
        // What a longer number left in the file is gone.
        fs::write(home.root().join("lock"), "1234567890123456\n").unwrap();
        // Waits as a writer does: a child that another test just forked has the lock until it runs its own program.
        let held = lock(&home).unwrap();
        drop(held);
        assert_eq!(fs::read_to_string(home.root().join("lock")).unwrap(), format!("{}\n", std::process::id()));
    }

    #[test]
    fn a_writer_waits_for_the_one_before() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        let held = lock(&home).unwrap();
        std::thread::scope(|scope| {
            let second = scope.spawn(|| lock(&home).is_ok());
            std::thread::sleep(Duration::from_millis(30));
            assert!(!second.is_finished());
            drop(held);
            assert!(second.join().unwrap());
        });
    }

    #[cfg(unix)]
    #[test]
    fn a_lock_that_is_no_file_does_not_hang() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("lock");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        assert!(lock(&Home::at(folder.path())).is_err());
    }
}
