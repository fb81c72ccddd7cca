//! Secret sources: the keyring, environment variables, files and commands.
//!
//! Blocking; the keyring answers within 3 s or counts as unreadable. "Cannot be read" is never "is wrong".
//! Does not know whether a secret is right, or which profile it belongs to.

mod command;
mod env;
mod file;
mod keyring;
mod vault;

pub use command::Stop;
pub use vault::Vault;

use crate::core::credential::{Certificate, CertificateFault, Credential, Unusable};
use crate::core::profile::{CertificateSource, CredentialSource, SecretSource};
use crate::core::secret::ClientSecret;
use crate::core::untrusted::Untrusted;
use crate::store::certificates;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use zeroize::Zeroizing;

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

/// Why there is no credential to work with.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CredentialTrouble {
    /// It could not be read. Says nothing about the credential itself.
    #[error(transparent)]
    Unread(#[from] SecretTrouble),
    /// The certificate's file was read, and cannot be used.
    #[error("certificate {path}: {fault}")]
    Unfit {
        /// The file.
        path: Untrusted,
        /// What is wrong with it.
        fault: CertificateFault,
    },
}

impl CredentialTrouble {
    /// What to do about it.
    pub fn hint(&self) -> &str {
        match self {
            CredentialTrouble::Unread(trouble) => &trouble.hint,
            CredentialTrouble::Unfit { fault, .. } => match fault {
                CertificateFault::PasswordMissing => {
                    "give its password, or say where it is: --certificate-password SOURCE"
                }
                CertificateFault::PasswordWrong => "give the password again: --certificate-password SOURCE",
                CertificateFault::NoKey => {
                    "a certificate by itself is only its public part: name the file that holds its private key as well, \
                     PEM or PFX"
                }
                CertificateFault::NoCertificate => {
                    "put the certificate that was made for this key into the same file, PEM or PFX"
                }
                CertificateFault::Mismatch => {
                    "put the key and the certificate that was made for it into one file; --make-certificate PATH makes a \
                     new pair"
                }
                CertificateFault::NotRsa | CertificateFault::TooShort => {
                    "Entra wants an RSA key, of 2048 bits at least; --make-certificate PATH makes one"
                }
                CertificateFault::Damaged(_) => {
                    "a PEM or PFX file with an RSA key and its certificate is wanted; --make-certificate PATH makes one"
                }
            },
        }
    }
}

impl From<CredentialTrouble> for Unusable {
    fn from(trouble: CredentialTrouble) -> Unusable {
        let hint = trouble.hint().to_owned();
        match trouble {
            CredentialTrouble::Unread(trouble) => {
                Unusable::Unread { why: Untrusted::plain(&trouble.to_string()), hint }
            }
            CredentialTrouble::Unfit { fault, .. } => Unusable::Unfit { fault, hint },
        }
    }
}

/// Where secrets with an entry are kept.
#[derive(Debug, Clone, Default)]
pub enum Keyring {
    /// The operating system's.
    #[default]
    System,
    /// This process's memory: for the sandbox, which leaves nothing behind, and for tests.
    Memory(Arc<Mutex<HashMap<String, Arc<ClientSecret>>>>),
}

impl Keyring {
    /// A keyring in memory.
    pub fn in_memory() -> Keyring {
        Keyring::Memory(Arc::default())
    }

    /// Whether a keyring answers here. Asks nobody to unlock it and makes nothing in it: [`Keyring::keep`] finds out the rest.
    ///
    /// # Errors
    /// Why not.
    pub fn usable(&self) -> Result<(), SecretTrouble> {
        match self {
            Keyring::System => keyring::usable(),
            Keyring::Memory(_) => Ok(()),
        }
    }

    /// Keeps a secret under a new random entry, and names the entry. It has been read back then.
    ///
    /// # Errors
    /// When the keyring refuses or does not answer; there is no entry then, also not later.
    pub fn keep(&self, secret: &Arc<ClientSecret>) -> Result<String, SecretTrouble> {
        let entry = uuid::Uuid::new_v4().simple().to_string();
        match self {
            Keyring::System => keyring::keep(&entry, Arc::clone(secret))?,
            Keyring::Memory(map) => drop(opened(map).insert(entry.clone(), Arc::clone(secret))),
        }
        Ok(entry)
    }

    /// Takes an entry away; one that is not there is no error.
    ///
    /// # Errors
    /// When the keyring refuses or does not answer.
    pub fn forget(&self, entry: &str) -> Result<(), SecretTrouble> {
        match self {
            Keyring::System => keyring::forget(entry),
            Keyring::Memory(map) => {
                opened(map).remove(entry);
                Ok(())
            }
        }
    }

    /// Reads a secret from wherever the profile says it is. A command that it runs can be ended through `stop`.
    ///
    /// # Errors
    /// When it cannot be read at the moment.
    pub fn read(&self, source: &SecretSource, stop: &Stop) -> Result<Arc<ClientSecret>, SecretTrouble> {
        match (source, self) {
            (SecretSource::Keyring { entry }, Keyring::System) => keyring::read(entry),
            (SecretSource::Keyring { entry }, Keyring::Memory(map)) => {
                opened(map).get(entry).map(Arc::clone).ok_or_else(keyring::no_entry)
            }
            (SecretSource::Vault { .. }, _) => {
                Err(Place::new("the", "vault", "this is a fault of the program")
                    .trouble("it is not asked for its secrets"))
            }
            (SecretSource::Env { var }, _) => env::read(var),
            (SecretSource::File { path }, _) => file::read(path),
            (SecretSource::Command { words }, _) => command::read(words, stop),
        }
    }
}

/// Every place that secrets are kept in or read from.
#[derive(Debug, Clone)]
pub struct Secrets {
    /// The keyring.
    pub keyring: Keyring,
    /// The vault.
    pub vault: Vault,
}

impl Secrets {
    /// Reads a secret from wherever the profile says it is. A command that it runs can be ended through `stop`.
    ///
    /// # Errors
    /// When it cannot be read at the moment.
    pub fn read(&self, source: &SecretSource, stop: &Stop) -> Result<Arc<ClientSecret>, SecretTrouble> {
        match source {
            SecretSource::Vault { entry } => self.vault.read(entry),
            other => self.keyring.read(other, stop),
        }
    }

    /// Reads a credential from wherever the profile says it is.
    ///
    /// # Errors
    /// When it cannot be read at the moment, or the certificate cannot be used.
    pub fn credential(&self, source: &CredentialSource, stop: &Stop) -> Result<Credential, CredentialTrouble> {
        match source {
            CredentialSource::Secret(source) => Ok(Credential::Secret(self.read(source, stop)?)),
            CredentialSource::Certificate(CertificateSource { path, password }) => {
                let password = password.as_ref().map(|source| self.read(source, stop)).transpose()?;
                certificate(path, password.as_deref()).map(|read| Credential::Certificate(Arc::new(read)))
            }
        }
    }

    /// Keeps a secret in the keyring; where that cannot be used and the vault has its passphrase, in the vault. Says where.
    ///
    /// # Errors
    /// When neither can be used: why the keyring cannot.
    pub fn keep(&self, secret: &Arc<ClientSecret>) -> Result<SecretSource, SecretTrouble> {
        match self.keyring.keep(secret) {
            Ok(entry) => Ok(SecretSource::Keyring { entry }),
            Err(_) if self.vault.has_passphrase() => self.keep_in_vault(secret),
            Err(trouble) => Err(trouble),
        }
    }

    /// Keeps a secret in the vault.
    ///
    /// # Errors
    /// When it cannot be opened or written.
    pub fn keep_in_vault(&self, secret: &Arc<ClientSecret>) -> Result<SecretSource, SecretTrouble> {
        self.vault.keep(secret).map(|entry| SecretSource::Vault { entry })
    }

    /// Keeps a secret where that other one of ours is.
    ///
    /// # Errors
    /// As [`Secrets::keep`] and [`Secrets::keep_in_vault`].
    pub fn keep_as(&self, other: &SecretSource, secret: &Arc<ClientSecret>) -> Result<SecretSource, SecretTrouble> {
        match other {
            SecretSource::Vault { .. } => self.keep_in_vault(secret),
            _ => self.keep(secret),
        }
    }

    /// Takes away what is kept under an entry of ours; of other sources nothing.
    ///
    /// # Errors
    /// When the place refuses or does not answer.
    pub fn forget(&self, source: &SecretSource) -> Result<(), SecretTrouble> {
        match source {
            SecretSource::Keyring { entry } => self.keyring.forget(entry),
            SecretSource::Vault { entry } => self.vault.forget(entry),
            SecretSource::Env { .. } | SecretSource::File { .. } | SecretSource::Command { .. } => Ok(()),
        }
    }
}

/// Reads a certificate with its key from a file.
///
/// # Errors
/// When the file cannot be read, or the certificate cannot be used.
pub fn certificate(path: &str, password: Option<&ClientSecret>) -> Result<Certificate, CredentialTrouble> {
    let place = Place::new("certificate", path, "a PEM or PFX file with the key is wanted, readable for you alone");
    let bytes = file::bytes(path, &place)?;
    certificates::read(&bytes, password)
        .map_err(|fault| CredentialTrouble::Unfit { path: Untrusted::plain(path), fault })
}

/// A map that a panicking thread held is still a map.
fn opened<T>(map: &Mutex<T>) -> MutexGuard<'_, T> {
    map.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A place that a secret is read from, and what helps when that fails.
struct Place {
    name: String,
    hint: &'static str,
}

impl Place {
    fn new(source: &str, name: &str, hint: &'static str) -> Place {
        Place { name: Untrusted::plain(&format!("{source} {name}")).one_line(200), hint }
    }

    fn trouble(&self, what: &str) -> SecretTrouble {
        SecretTrouble { place: self.name.clone(), what: Untrusted::plain(what), hint: self.hint.into() }
    }

    /// Takes what was read for a secret; one line end at its end is not part of it.
    fn secret(&self, bytes: &Zeroizing<Vec<u8>>) -> Result<Arc<ClientSecret>, SecretTrouble> {
        let text = str::from_utf8(bytes).map_err(|_| self.trouble("what it holds is not UTF-8 text"))?;
        ClientSecret::new(Zeroizing::new(text.to_owned()))
            .map(Arc::new)
            .map_err(|error| self.trouble(&error.to_string()))
    }
}
