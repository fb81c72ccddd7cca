//! Where things are kept: the home and the folders in it.
//!
//! Does not know whether they are there.

use crate::core::names::ProfileName;
use std::path::{Path, PathBuf};

/// The program's home.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home(PathBuf);

impl Home {
    /// A home at that folder; made when first written to, 0700.
    pub fn at(root: impl Into<PathBuf>) -> Home {
        Home(root.into())
    }

    /// The platform's configuration folder for this program. `None` without a home directory.
    pub fn of_platform() -> Option<Home> {
        directories::ProjectDirs::from("", "", "d365-connect").map(|dirs| Home(dirs.config_dir().to_owned()))
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.0
    }

    /// `profiles/`.
    pub fn profiles(&self) -> PathBuf {
        self.0.join("profiles")
    }

    /// `profiles/NAME.toml`.
    pub fn profile(&self, name: &ProfileName) -> PathBuf {
        self.profiles().join(format!("{name}.toml"))
    }

    /// `settings.toml`.
    pub fn settings(&self) -> PathBuf {
        self.0.join("settings.toml")
    }

    /// `vault.age`.
    pub fn vault(&self) -> PathBuf {
        self.0.join("vault.age")
    }

    /// `drafts/`.
    pub fn drafts(&self) -> PathBuf {
        self.0.join("drafts")
    }

    /// `drafts/NAME.toml`.
    pub fn draft(&self, name: &ProfileName) -> PathBuf {
        self.drafts().join(format!("{name}.toml"))
    }

    /// `history/`.
    pub fn histories(&self) -> PathBuf {
        self.0.join("history")
    }

    /// `history/NAME.json`.
    pub fn history(&self, name: &ProfileName) -> PathBuf {
        self.histories().join(format!("{name}.json"))
    }
}
