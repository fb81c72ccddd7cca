//! Floor 1: files and secret stores. Plain blocking calls; whoever must not wait runs them beside its loop.
//!
//! Knows how profiles, drafts and history are kept safely. Does not know what a profile means or how it is tested.

pub mod certificates;
pub mod drafts;
mod files;
mod format;
pub mod history;
mod migrate;
pub mod paths;
pub mod profiles;
pub mod secrets;
pub mod settings;

pub use files::{absolute, expanded, open_regular, read_whole, write_private, write_public};

use crate::core::question::FieldId;
use crate::core::untrusted::Untrusted;
use std::path::PathBuf;

/// What can go wrong with files. Every error names the path and says what to do.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// There is no such profile.
    #[error("there is no profile '{name}'")]
    NotFound {
        /// The name that was asked for.
        name: String,
    },
    /// There is one of that name already.
    #[error("there is a profile '{name}' already")]
    Exists {
        /// The name.
        name: String,
    },
    /// Somebody else changed the same values in the file meanwhile, to others.
    #[error("profile '{name}' was changed meanwhile, in the same values: {}", names(fields))]
    Changed {
        /// The profile.
        name: String,
        /// The values that both changed.
        fields: Vec<FieldId>,
    },
    /// There is a file of that path already.
    #[error("{}: there is a file already", path.display())]
    FileExists {
        /// The file.
        path: PathBuf,
    },
    /// The file is not a profile: damaged, too large, no regular file.
    #[error("{}: {what}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong, with the line where that is known; never the line's text.
        what: String,
    },
    /// The settings cannot be used as they stand.
    #[error("{}: {what}", path.display())]
    Settings {
        /// The file.
        path: PathBuf,
        /// What is wrong, with the line where that is known.
        what: String,
    },
    /// The file was written by a newer version of this program.
    #[error("{}: written by a newer version of this program (format {version})", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format.
        version: i64,
    },
    /// Another process holds the lock.
    #[error("another d365-connect is writing here{}", holder.map(|pid| format!(" (process {pid})")).unwrap_or_default())]
    Locked {
        /// Its process id, where known.
        holder: Option<u32>,
    },
    /// The file system refused.
    #[error("{}: {what}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        what: Untrusted,
    },
    /// It was done, but the file system did not confirm that it lasts.
    #[error("{}: done, but the disk did not confirm it ({what}): it may be lost should the machine stop now", path.display())]
    Unflushed {
        /// The file.
        path: PathBuf,
        /// What the system said.
        what: Untrusted,
    },
}

fn names(fields: &[FieldId]) -> String {
    fields.iter().map(|field| field.name()).collect::<Vec<_>>().join(", ")
}

impl StoreError {
    /// Whether what was asked for was done all the same.
    pub fn is_done(&self) -> bool {
        matches!(self, StoreError::Unflushed { .. })
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            StoreError::NotFound { .. } => Some("d365-connect list shows the profiles"),
            StoreError::Exists { .. } => Some("choose another name, or change it with d365-connect edit"),
            StoreError::Changed { .. } => Some("look at it again and change it once more; nothing was saved"),
            StoreError::FileExists { .. } => Some("choose another path, or take that file away first"),
            StoreError::Damaged { .. } => Some("mend the file in an editor, or remove the profile and set it up again"),
            StoreError::Settings { .. } => Some("mend the file in an editor; without it everything has its default"),
            StoreError::Newer { .. } => Some("use the newer version to change it"),
            StoreError::Locked { .. } => Some("wait until it has finished, then try again"),
            StoreError::Io { .. } => {
                Some("is the folder there, and may you read and write in it? --home DIR names another home")
            }
            StoreError::Unflushed { .. } => None,
        }
    }
}
