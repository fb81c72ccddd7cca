//! What can go wrong in a use case, how it weighs, and what to do about it.
//!
//! Does not know exit codes' meaning to scripts beyond their class, nor how a message is laid out.

use crate::core::untrusted::Untrusted;
use crate::store::StoreError;
use crate::store::secrets::{CredentialTrouble, SecretTrouble};

/// Whose fault it is, as far as scripts care.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Wrong use or bad input: nothing was changed.
    Usage,
    /// It could not be done here: file, keyring or port trouble.
    Here,
}

/// Why a use case did not come to its end.
#[derive(Debug, Clone, thiserror::Error)]
pub enum WorkError {
    /// A file.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A secret could not be read.
    #[error("the secret cannot be read: {0}")]
    Secret(#[from] SecretTrouble),
    /// The passphrase of the vault could not be read.
    #[error("the passphrase of the vault cannot be read: {0}")]
    Passphrase(SecretTrouble),
    /// The vault could not be opened or written as a whole.
    #[error("{0}")]
    Vault(SecretTrouble),
    /// The secret could not be kept, so nothing was saved.
    #[error("the secret cannot be kept, so nothing was saved: {0}")]
    NotKept(SecretTrouble),
    /// The certificate that was named cannot be used, so nothing was saved.
    #[error("the certificate cannot be used, so nothing was saved: {0}")]
    Certificate(CredentialTrouble),
    /// The profile follows a guide that this version does not have.
    #[error("profile '{name}' follows guide '{guide}', which this version does not have")]
    NoGuide {
        /// The profile.
        name: String,
        /// The guide.
        guide: Untrusted,
    },
    /// The platform names no folder for configuration.
    #[error("no folder to keep profiles in: this user has no home directory")]
    NoHome,
    /// The sandbox did not start.
    #[error("the sandbox could not be started: {0}")]
    Sandbox(Untrusted),
    /// There is nothing to bring back.
    #[error("no profile was removed while this program runs")]
    NothingRemoved,
    /// A fault of this program.
    #[error("the work broke off")]
    BrokeOff,
}

impl WorkError {
    /// How it weighs.
    pub fn class(&self) -> Class {
        match self {
            WorkError::Store(
                StoreError::NotFound { .. } | StoreError::Exists { .. } | StoreError::FileExists { .. },
            )
            | WorkError::NothingRemoved
            | WorkError::Certificate(_) => Class::Usage,
            WorkError::Store(
                StoreError::Damaged { .. }
                | StoreError::Settings { .. }
                | StoreError::Newer { .. }
                | StoreError::Locked { .. }
                | StoreError::Changed { .. }
                | StoreError::Io { .. }
                | StoreError::Unflushed { .. },
            )
            | WorkError::Secret(_)
            | WorkError::Vault(_)
            | WorkError::Passphrase(_)
            | WorkError::NotKept(_)
            | WorkError::NoGuide { .. }
            | WorkError::NoHome
            | WorkError::Sandbox(_)
            | WorkError::BrokeOff => Class::Here,
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            WorkError::Store(error) => error.hint().map(str::to_owned),
            WorkError::Secret(trouble) | WorkError::Vault(trouble) | WorkError::Passphrase(trouble) => {
                Some(trouble.hint.clone()).filter(|hint| !hint.is_empty())
            }
            WorkError::Certificate(trouble) => Some(trouble.hint().to_owned()),
            WorkError::NotKept(trouble) if trouble.place == "the vault" => Some(trouble.hint.clone()),
            WorkError::NotKept(_) => Some(
                "let it be read from elsewhere: --secret env:VAR, file:PATH or 'command:WORDS'; or have the vault keep it: \
                 --vault-passphrase SOURCE"
                    .into(),
            ),
            WorkError::NoGuide { .. } => {
                Some("d365-connect guides lists the guides; a newer version may have more".into())
            }
            WorkError::NoHome => Some("name a folder with --home DIR or D365_CONNECT_HOME".into()),
            WorkError::NothingRemoved => None,
            WorkError::BrokeOff => Some("please report this as a fault".into()),
            WorkError::Sandbox(_) => Some("is loopback (127.0.0.1) available, and the port free?".into()),
        }
    }
}
