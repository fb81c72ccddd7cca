//! The vault as a whole: whether it opens, and another passphrase for it.
//!
//! Does not know how a passphrase is asked for.

use crate::core::secret::ClientSecret;
use crate::work::{Session, WorkError};
use std::sync::Arc;

/// How many secrets are in the vault.
///
/// # Errors
/// When it cannot be opened.
pub async fn vault_count(session: &Session) -> Result<usize, WorkError> {
    session.beside(|stores| stores.secrets.vault.count().map_err(WorkError::Vault)).await
}

/// Takes the passphrase for this run, if it opens the vault or there is none yet. `false` when it does not open it.
///
/// # Errors
/// When the file cannot be read, or is damaged.
pub async fn open_vault(session: &Session, passphrase: Arc<ClientSecret>) -> Result<bool, WorkError> {
    session.beside(move |stores| stores.secrets.vault.try_unlock(passphrase).map_err(WorkError::Vault)).await
}

/// Gives the vault another passphrase.
///
/// # Errors
/// When it cannot be opened or written; the old passphrase stays then.
pub async fn change_passphrase(session: &Session, new: Arc<ClientSecret>) -> Result<(), WorkError> {
    session.beside(move |stores| stores.secrets.vault.change_passphrase(new).map_err(WorkError::Vault)).await
}
