//! The operating system's keyring: Secret Service, Windows Credential Manager, macOS Keychain.
//!
//! Every call runs on a thread of its own with a time limit, because a keyring may wait for a prompt that nobody sees.
//! Does not know which profile an entry belongs to.

use super::{Place, SecretTrouble};
use crate::core::secret::ClientSecret;
use keyring_core::api::CredentialStoreApi;
use keyring_core::{Entry, Error};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;
use zeroize::{Zeroize, Zeroizing};

/// The name under which entries are kept.
const SERVICE: &str = "d365-connect";
/// How long the keyring may take (safety rule 3).
const LIMIT: Duration = Duration::from_secs(3);
const OTHERS: &str =
    "unlock or start the keyring, or choose another source: --secret vault, env:VAR, file:PATH or command:WORDS";

/// Looks for an entry that is not there: a service that answers needs no unlocking for that, and nothing is made.
/// Whether it gives back what it takes is tried in [`keep`].
pub fn usable() -> Result<(), SecretTrouble> {
    let nobody = uuid::Uuid::new_v4().simple().to_string();
    within(LIMIT, move || match entry(&nobody)?.get_credential() {
        Ok(_) | Err(Error::NoEntry) => Ok(()),
        Err(error) => Err(told(error)),
    })
}

pub fn keep(name: &str, secret: Arc<ClientSecret>) -> Result<(), SecretTrouble> {
    let name = name.to_owned();
    keep_within(LIMIT, move || entry(&name), secret)
}

fn keep_within(
    limit: Duration,
    entry: impl Fn() -> Result<Entry, String> + Clone + Send + 'static,
    secret: Arc<ClientSecret>,
) -> Result<(), SecretTrouble> {
    let again = entry.clone();
    // An entry that is made after all, by an answer to a prompt that came late or in part, is nobody's.
    let undo = move || {
        let _ = again().map(|entry| entry.delete_credential());
    };
    let make = move || {
        let entry = entry()?;
        #[expect(clippy::disallowed_methods, reason = "what is kept is the value")]
        let value = secret.reveal().as_bytes();
        entry.set_secret(value).map_err(told)?;
        // Some keyrings take a value and cannot give it back.
        let back = entry.get_secret().map(Zeroizing::new).map_err(told);
        if back.as_ref().is_ok_and(|back| back.as_slice() == value) {
            return Ok(());
        }
        let _ = entry.delete_credential();
        back.and(Err("it gave another value back than it was given".into()))
    };
    within_or(limit, make, undo)
}

pub fn forget(name: &str) -> Result<(), SecretTrouble> {
    let name = name.to_owned();
    within(LIMIT, move || match entry(&name)?.delete_credential() {
        Ok(()) | Err(Error::NoEntry) => Ok(()),
        Err(error) => Err(told(error)),
    })
}

pub fn read(name: &str) -> Result<Arc<ClientSecret>, SecretTrouble> {
    let name = name.to_owned();
    let found = within(LIMIT, move || match entry(&name)?.get_secret() {
        Ok(bytes) => Ok(Some(Zeroizing::new(bytes))),
        Err(Error::NoEntry) => Ok(None),
        Err(error) => Err(told(error)),
    })?;
    found.map_or_else(|| Err(no_entry()), |bytes| place().secret(&bytes))
}

/// The keyring works, but the secret is not in it.
pub fn no_entry() -> SecretTrouble {
    let hint = "give the secret again with d365-connect edit NAME --secret stdin";
    Place { hint, ..place() }
        .trouble("it has no secret for this profile: it was removed, or this is another user or machine")
}

fn place() -> Place {
    Place { name: "the keyring".into(), hint: OTHERS }
}

/// Carries a call out beside this thread. One that does not end is left to itself.
fn within<T: Send + 'static>(
    limit: Duration,
    call: impl FnOnce() -> Result<T, String> + Send + 'static,
) -> Result<T, SecretTrouble> {
    within_or(limit, call, || {})
}

/// The same; a call that ends after it was given up is undone, as it was told that nothing was done.
fn within_or<T: Send + 'static>(
    limit: Duration,
    call: impl FnOnce() -> Result<T, String> + Send + 'static,
    undo: impl FnOnce() + Send + 'static,
) -> Result<T, SecretTrouble> {
    let (send, receive) = channel();
    // Whoever sets it first decides: the call ended in time, or it was given up.
    let decided = Arc::new(AtomicBool::new(false));
    let in_thread = Arc::clone(&decided);
    let work = move || {
        let result = call();
        if in_thread.swap(true, Ordering::SeqCst) {
            undo();
        } else {
            // Somebody waits for it.
            let _ = send.send(result);
        }
    };
    let started = std::thread::Builder::new().name("keyring".into()).spawn(work);
    started.map_err(|error| place().trouble(&error.to_string()))?;
    let ended = match receive.recv_timeout(limit) {
        Err(RecvTimeoutError::Timeout) if !decided.swap(true, Ordering::SeqCst) => {
            let what = format!("no answer within {} s; it may be waiting to be unlocked", limit.as_secs());
            return Err(place().trouble(&what));
        }
        // It ends at this very moment.
        Err(RecvTimeoutError::Timeout) => receive.recv().ok(),
        other => other.ok(),
    };
    match ended {
        Some(result) => result.map_err(|what| place().trouble(&what)),
        None => Err(place().trouble("the call broke off")),
    }
}

fn entry(name: &str) -> Result<Entry, String> {
    system()?.build(SERVICE, name, None).map_err(told)
}

#[cfg(target_os = "linux")]
fn system() -> Result<Arc<dbus_secret_service_keyring_store::Store>, String> {
    // Without a bus the library would try to start one.
    let named = std::env::var_os("DBUS_SESSION_BUS_ADDRESS").is_some_and(|address| !address.is_empty());
    let usual =
        || std::env::var_os("XDG_RUNTIME_DIR").is_some_and(|folder| std::path::Path::new(&folder).join("bus").exists());
    if !named && !usual() {
        return Err("there is no session bus, so no keyring service can be reached".into());
    }
    dbus_secret_service_keyring_store::Store::new().map_err(told)
}

#[cfg(target_os = "macos")]
fn system() -> Result<Arc<apple_native_keyring_store::keychain::Store>, String> {
    apple_native_keyring_store::keychain::Store::new().map_err(told)
}

#[cfg(windows)]
fn system() -> Result<Arc<windows_native_keyring_store::Store>, String> {
    windows_native_keyring_store::Store::new().map_err(told)
}

#[cfg(not(any(target_os = "linux", target_os = "macos", windows)))]
fn system() -> Result<Arc<keyring_core::mock::Store>, String> {
    Err("this system has no keyring that this program knows".into())
}

/// What a keyring said, in plain words. Two of the errors hold the secret: those bytes are wiped, never shown.
fn told(error: Error) -> String {
    match error {
        Error::NoStorageAccess(why) => format!("it is locked, or access was denied: {why}"),
        Error::PlatformFailure(why) if no_service(&why.to_string()) => format!("no keyring service runs here: {why}"),
        Error::PlatformFailure(why) => format!("it failed: {why}"),
        Error::NoEntry => "it has no such entry".into(),
        Error::BadEncoding(mut bytes) | Error::BadDataFormat(mut bytes, _) => {
            bytes.zeroize();
            "what it holds is not UTF-8 text".into()
        }
        Error::TooLong(_, limit) => format!("the secret is longer than it takes ({limit})"),
        Error::Ambiguous(_) => "it has several secrets under this entry".into(),
        other => format!("it refused: {other}"),
    }
}

/// Whether the session bus says that nobody keeps secrets, or there is no bus.
fn no_service(why: &str) -> bool {
    ["provider", "org.freedesktop.secrets", "Failed to connect"].iter().any(|sign| why.contains(sign))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_that_does_not_end_is_left() {
        let (hold, held) = channel::<()>();
        let error =
            within(Duration::from_millis(20), move || held.recv().map_err(|error| error.to_string())).unwrap_err();
        assert!(error.to_string().contains("no answer within") && error.hint.contains("env:VAR"), "{error}");
        drop(hold);
        assert_eq!(within(LIMIT, || Ok(7)).unwrap(), 7);
        assert_eq!(within::<()>(LIMIT, || Err("why".into())).unwrap_err().to_string(), "the keyring: why");
        assert!(within::<()>(LIMIT, || panic!("canary")).unwrap_err().to_string().contains("broke off"));
    }

    fn secret(text: &str) -> Arc<ClientSecret> {
        Arc::new(ClientSecret::new(Zeroizing::new(text.to_owned())).unwrap())
    }

    #[test]
    fn what_is_kept_can_be_read_or_is_not_there() {
        let store = keyring_core::mock::Store::new().unwrap();
        let entry = store.build(SERVICE, "one", None).unwrap();
        let build = {
            let store = Arc::clone(&store);
            move || store.build(SERVICE, "one", None).map_err(told)
        };
        keep_within(LIMIT, build, secret("canary")).unwrap();
        assert_eq!(entry.get_secret().unwrap(), b"canary");

        // The second call for the entry is that for reading it back; by then it cannot be read.
        let forgetful = move || {
            let entry = store.build(SERVICE, "two", None).map_err(told)?;
            Ok(Entry::new_with_credential(Arc::new(Forgetful(entry))))
        };
        let error = keep_within(LIMIT, forgetful.clone(), secret("canary")).unwrap_err();
        assert!(error.to_string().contains("another value"), "{error}");
        assert!(matches!(forgetful().unwrap().get_credential(), Err(Error::NoEntry)));
    }

    /// Gives back something else.
    #[derive(Debug)]
    struct Forgetful(Entry);

    impl keyring_core::api::CredentialApi for Forgetful {
        fn set_secret(&self, secret: &[u8]) -> keyring_core::Result<()> {
            self.0.set_secret(secret)
        }
        fn get_secret(&self) -> keyring_core::Result<Vec<u8>> {
            self.0.get_secret().map(|_| b"something".to_vec())
        }
        fn delete_credential(&self) -> keyring_core::Result<()> {
            self.0.delete_credential()
        }
        fn get_credential(&self) -> keyring_core::Result<Option<Arc<keyring_core::Credential>>> {
            self.0.get_secret().map(|_| None)
        }
        fn get_specifiers(&self) -> Option<(String, String)> {
            None
        }
        fn as_any(&self) -> &dyn std::any::Any {
            self
        }
    }

    #[test]
    fn an_entry_that_is_made_too_late_is_taken_away_again() {
        let store = keyring_core::mock::Store::new().unwrap();
        let entry = store.build(SERVICE, "late", None).unwrap();
        // Somebody answers the prompt only after the limit.
        let (answer, prompt) = channel::<()>();
        let prompt = Arc::new(std::sync::Mutex::new(prompt));
        let (thread_lives, thread_ended) = channel::<()>();
        let unlocked = move || {
            let _until_the_end = &thread_lives;
            let _ = prompt.lock().unwrap().recv();
            store.build(SERVICE, "late", None).map_err(told)
        };
        let error = keep_within(Duration::from_millis(20), unlocked, secret("canary")).unwrap_err();
        assert!(error.to_string().contains("no answer"), "{error}");
        // Once for making it, once for taking it away.
        answer.send(()).unwrap();
        let _ = answer.send(());
        assert!(thread_ended.recv().is_err());
        assert!(matches!(entry.get_secret(), Err(Error::NoEntry)), "it is still there");
    }

    #[test]
    fn errors_are_told_apart_and_show_no_secret() {
        let why = |text: &str| -> Box<dyn std::error::Error + Send + Sync> { text.into() };
        for (error, told_as) in [
            (Error::NoStorageAccess(why("object locked")), "locked"),
            (Error::PlatformFailure(why("No DBus session or Secret Service provider found")), "no keyring service"),
            (Error::PlatformFailure(why("DBus error: Failed to connect to socket /x")), "no keyring service"),
            (Error::PlatformFailure(why("DBus error: Message too long")), "it failed"),
            (Error::BadEncoding(b"canary".to_vec()), "not UTF-8"),
            (Error::BadDataFormat(b"canary".to_vec(), why("broken")), "not UTF-8"),
            (Error::TooLong("password".into(), 2560), "2560"),
            (Error::Ambiguous(Vec::new()), "several"),
            (Error::NoDefaultStore, "refused"),
        ] {
            let text = told(error);
            assert!(text.contains(told_as) && !text.contains("canary"), "{text}");
        }
    }
}
