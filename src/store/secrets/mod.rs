//! Secret sources: the keyring, environment variables, files and commands.
//!
//! Blocking; the keyring answers within 3 s or counts as unreadable. "Cannot be read" is never "is wrong".

use crate::core::profile::SecretSource;
use crate::core::secret::ClientSecret;
use crate::core::untrusted::Untrusted;
use std::sync::Arc;

/// Why a secret could not be read or kept. Says nothing about the secret itself.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{place}: {what}")]
pub struct SecretTrouble {
    /// The place, for people: `the keyring`, `environment variable D365_SECRET`.
    pub place: String,
    /// What happened.
    pub what: Untrusted,
    /// What to do.
    pub hint: String,
}

/// Where secrets with an entry are kept.
#[derive(Debug, Clone, Default)]
pub enum Keyring {
    /// The operating system's.
    #[default]
    System,
    /// This process's memory: for the sandbox, which leaves nothing behind, and for tests.
    Memory(Arc<std::sync::Mutex<std::collections::HashMap<String, Arc<ClientSecret>>>>),
}

impl Keyring {
    /// A keyring in memory.
    pub fn in_memory() -> Keyring {
        Keyring::Memory(Arc::default())
    }

    /// Whether secrets can be kept here: tried by writing, reading and deleting a dummy.
    ///
    /// # Errors
    /// Why not.
    pub fn usable(&self) -> Result<(), SecretTrouble> {
        Ok(())
    }

    /// Keeps a secret under a new random entry, and names the entry.
    ///
    /// # Errors
    /// When the keyring refuses or does not answer.
    pub fn keep(&self, secret: &Arc<ClientSecret>) -> Result<String, SecretTrouble> {
        let _ = secret;
        Ok(String::new())
    }

    /// Takes an entry away; one that is not there is no error.
    ///
    /// # Errors
    /// When the keyring refuses or does not answer.
    pub fn forget(&self, entry: &str) -> Result<(), SecretTrouble> {
        let _ = entry;
        Ok(())
    }

    /// Reads a secret from wherever the profile says it is.
    ///
    /// # Errors
    /// When it cannot be read at the moment.
    pub fn read(&self, source: &SecretSource) -> Result<Arc<ClientSecret>, SecretTrouble> {
        Err(SecretTrouble { place: source.to_string(), what: Untrusted::default(), hint: String::new() })
    }
}
