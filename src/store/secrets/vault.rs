//! `vault.age`: secrets in one file of the home, encrypted with a passphrase in the age format, so that its owner can
//! open it with `age -d` as well.
//!
//! The passphrase is asked for once a run and held here until its end. Does not know how it is asked for.

use super::{Place, SecretTrouble, opened};
use crate::core::secret::ClientSecret;
use crate::store::paths::Home;
use crate::store::{StoreError, files};
use age::scrypt::{Identity, Recipient};
use age::secrecy::SecretString;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use zeroize::Zeroizing;

/// How hard a passphrase is to try: the logarithm of scrypt's N. The age tool opens up to 22.
const WORK: u8 = 17;
const MOST_WORK: u8 = 22;
const HINT: &str = "name the passphrase's source with --vault-passphrase SOURCE, or run it in a terminal, which asks";
const WRONG: &str =
    "give the right passphrase: with --vault-passphrase SOURCE, or where it is asked for at the next try";
const GONE: &str = "put the file back, or give the secret again with d365-connect edit NAME --secret vault";

/// What stands in the file once it is open.
type Entries = BTreeMap<String, Arc<ClientSecret>>;

/// The vault of a home.
#[derive(Debug, Clone)]
pub struct Vault {
    home: Home,
    held: Arc<Mutex<Held>>,
}

#[derive(Debug, Default)]
struct Held {
    passphrase: Option<Arc<ClientSecret>>,
    /// It did not open the file when it was last tried.
    refused: bool,
    /// The file as it was opened last, so that it is not opened again for each secret.
    open: Option<(Vec<u8>, Entries)>,
}

#[derive(Deserialize)]
struct Plain {
    version: u32,
    secrets: BTreeMap<String, String>,
}

#[derive(Serialize)]
struct Written<'a> {
    version: u32,
    secrets: BTreeMap<&'a str, &'a str>,
}

impl Vault {
    /// The vault of that home, locked.
    pub fn of(home: &Home) -> Vault {
        Vault { home: home.clone(), held: Arc::default() }
    }

    /// Its file.
    pub fn path(&self) -> PathBuf {
        self.home.vault()
    }

    /// Whether there is one.
    pub fn exists(&self) -> bool {
        std::fs::symlink_metadata(self.path()).is_ok()
    }

    /// Whether a passphrase is at hand.
    pub fn has_passphrase(&self) -> bool {
        opened(&self.held).passphrase.is_some()
    }

    /// Whether the passphrase at hand did not open the vault when it was last tried: another program may have changed it.
    pub fn is_refused(&self) -> bool {
        opened(&self.held).refused
    }

    /// Takes the passphrase for this run.
    pub fn unlock(&self, passphrase: Arc<ClientSecret>) {
        *opened(&self.held) = Held { passphrase: Some(passphrase), ..Held::default() };
    }

    /// Takes the passphrase for this run, if it opens the vault or there is none yet. `false` when it does not open it.
    ///
    /// # Errors
    /// When the file cannot be read, or is damaged: nothing is said about the passphrase then.
    pub fn try_unlock(&self, passphrase: Arc<ClientSecret>) -> Result<bool, SecretTrouble> {
        let sealed = files::read_bytes(&self.path()).map_err(|error| file_trouble(&error))?;
        let open = match sealed {
            None => None,
            Some(sealed) => match decrypted(&sealed, &passphrase)? {
                None => return Ok(false),
                Some(entries) => Some((sealed.to_vec(), entries)),
            },
        };
        *opened(&self.held) = Held { passphrase: Some(passphrase), open, refused: false };
        Ok(true)
    }

    /// How many secrets are in it.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn count(&self) -> Result<usize, SecretTrouble> {
        self.entries().map(|entries| entries.len())
    }

    /// The secret of that entry.
    ///
    /// # Errors
    /// When the vault cannot be opened, or has no such entry.
    pub fn read(&self, entry: &str) -> Result<Arc<ClientSecret>, SecretTrouble> {
        let hint = "give the secret again with d365-connect edit NAME --secret vault";
        let missing = || Place { name: "the vault".into(), hint }.trouble("it has no secret for this profile");
        if !self.exists() {
            let what = format!("there is no file {}", self.path().display());
            return Err(Place { name: "the vault".into(), hint: GONE }.trouble(&what));
        }
        self.entries()?.get(entry).map(Arc::clone).ok_or_else(missing)
    }

    /// Keeps a secret under a new random entry, and names the entry. Makes the vault where there is none.
    ///
    /// # Errors
    /// When it cannot be opened or written; everything in it is as it was then.
    pub fn keep(&self, secret: &Arc<ClientSecret>) -> Result<String, SecretTrouble> {
        let entry = uuid::Uuid::new_v4().simple().to_string();
        self.change(None, |entries| drop(entries.insert(entry.clone(), Arc::clone(secret))))?;
        Ok(entry)
    }

    /// Takes an entry away; one that is not there is no error.
    ///
    /// # Errors
    /// As [`Vault::keep`].
    pub fn forget(&self, entry: &str) -> Result<(), SecretTrouble> {
        if !self.exists() || !self.entries()?.contains_key(entry) {
            return Ok(());
        }
        self.change(None, |entries| drop(entries.remove(entry)))
    }

    /// Encrypts it with another passphrase from now on.
    ///
    /// # Errors
    /// As [`Vault::keep`]; the old passphrase stays then.
    pub fn change_passphrase(&self, new: Arc<ClientSecret>) -> Result<(), SecretTrouble> {
        self.change(Some(&new), |_| ())?;
        self.unlock(new);
        Ok(())
    }

    /// Edits what is in it, and encrypts that with the new passphrase, if there is one.
    fn change(&self, new: Option<&ClientSecret>, edit: impl Fn(&mut Entries)) -> Result<(), SecretTrouble> {
        loop {
            let (before, mut entries) = self.open()?;
            edit(&mut entries);
            let passphrase = self.passphrase()?;
            let sealed = sealed(&entries, new.unwrap_or(&passphrase))?;
            // Taken late: encrypting takes long on purpose, and other writers need not wait for it.
            let lock = files::lock(&self.home).map_err(|error| file_trouble(&error))?;
            if self.sealed()? != before {
                // Somebody else has come between, and has got on.
                continue;
            }
            return match files::write_bytes(&self.path(), &sealed, &lock) {
                // It is there; whether it lasts the profile's own save will tell.
                Err(error) if !error.is_done() => Err(file_trouble(&error)),
                _ => Ok(()),
            };
        }
    }

    /// The file as it stands; none where there is none.
    fn sealed(&self) -> Result<Option<Vec<u8>>, SecretTrouble> {
        let sealed = files::read_bytes(&self.path()).map_err(|error| file_trouble(&error))?;
        Ok(sealed.map(|sealed| sealed.to_vec()))
    }

    fn passphrase(&self) -> Result<Arc<ClientSecret>, SecretTrouble> {
        opened(&self.held).passphrase.clone().ok_or_else(|| self.locked())
    }

    fn entries(&self) -> Result<Entries, SecretTrouble> {
        self.open().map(|(_, entries)| entries)
    }

    /// The file, and what is in it; nothing where there is none.
    fn open(&self) -> Result<(Option<Vec<u8>>, Entries), SecretTrouble> {
        // Held to the end, so that the costly work is done once, also where several wait for it.
        let mut held = opened(&self.held);
        let passphrase = held.passphrase.clone().ok_or_else(|| self.locked())?;
        let Some(sealed) = self.sealed()? else { return Ok((None, Entries::new())) };
        if let Some((known, entries)) = &held.open
            && *known == sealed
        {
            return Ok((Some(sealed), entries.clone()));
        }
        let wrong = || Place { hint: WRONG, ..place() }.trouble("the passphrase does not open it");
        let entries = decrypted(&sealed, &passphrase)?;
        held.refused = entries.is_none();
        let entries = entries.ok_or_else(wrong)?;
        held.open = Some((sealed.clone(), entries.clone()));
        Ok((Some(sealed), entries))
    }

    fn locked(&self) -> SecretTrouble {
        place().trouble(if self.exists() {
            "it is locked, and no passphrase is at hand"
        } else {
            "there is none yet, and no passphrase to make it with is at hand"
        })
    }
}

/// These entries as the file holds them.
fn sealed(entries: &Entries, passphrase: &ClientSecret) -> Result<Vec<u8>, SecretTrouble> {
    #[expect(clippy::disallowed_methods, reason = "what is kept is the value")]
    let secrets: BTreeMap<&str, &str> =
        entries.iter().map(|(entry, secret)| (entry.as_str(), secret.reveal())).collect();
    // Reserved once, so that growing leaves no copies behind: a byte takes six in JSON at most.
    let room = secrets.iter().map(|(entry, text)| entry.len() + 6 * text.len() + 8).sum::<usize>() + 64;
    let mut plain = Zeroizing::new(Vec::with_capacity(room));
    let cannot = || place().trouble("it cannot be encrypted");
    serde_json::to_writer(&mut *plain, &Written { version: 1, secrets }).map_err(|_| cannot())?;
    let mut recipient = Recipient::new(exposed(passphrase));
    recipient.set_work_factor(WORK);
    age::encrypt(&recipient, &plain).map_err(|_| cannot())
}

#[expect(clippy::disallowed_methods, reason = "what opens the vault")]
fn exposed(passphrase: &ClientSecret) -> SecretString {
    SecretString::from(passphrase.reveal())
}

/// What is in a sealed file; none when the passphrase does not open it.
fn decrypted(sealed: &[u8], passphrase: &ClientSecret) -> Result<Option<Entries>, SecretTrouble> {
    let mut identity = Identity::new(exposed(passphrase));
    identity.set_max_work_factor(MOST_WORK);
    let plain = match age::decrypt(&identity, sealed) {
        Ok(plain) => Zeroizing::new(plain),
        Err(
            age::DecryptError::DecryptionFailed
            | age::DecryptError::KeyDecryptionFailed
            | age::DecryptError::NoMatchingKeys,
        ) => return Ok(None),
        Err(_) => return Err(place().trouble("it is damaged, or not encrypted with a passphrase")),
    };
    let damaged = || place().trouble("what is in it was not written by this version of the program");
    let read: Plain = serde_json::from_slice(&plain).map_err(|_| damaged())?;
    if read.version != 1 {
        return Err(damaged());
    }
    let secret = |text: String| ClientSecret::new(Zeroizing::new(text)).map(Arc::new).map_err(|_| damaged());
    let entries = read.secrets.into_iter().map(|(entry, text)| Ok((entry, secret(text)?)));
    entries.collect::<Result<_, _>>().map(Some)
}

fn place() -> Place {
    Place { name: "the vault".into(), hint: HINT }
}

fn file_trouble(error: &StoreError) -> SecretTrouble {
    place().trouble(&error.to_string())
}
