//! The operating system's keyring: Secret Service, Windows Credential Manager, macOS Keychain.
//!
//! Every call runs on a thread of its own with a time limit, because a keyring may wait for a prompt that nobody sees.
//! Does not know which profile an entry belongs to.

use super::{Place, SecretTrouble};
use crate::core::secret::ClientSecret;
use keyring_core::api::CredentialStoreApi;
use keyring_core::{Entry, Error};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;
use zeroize::{Zeroize, Zeroizing};

/// The name under which entries are kept.
const SERVICE: &str = "d365-connect";
/// How long the keyring may take (safety rule 3).
const LIMIT: Duration = Duration::from_secs(3);
const OTHERS: &str =
    "unlock or start the keyring, or choose another source: --secret env:VAR, file:PATH or command:WORDS";

pub fn usable() -> Result<(), SecretTrouble> {
    within(LIMIT, || {
        let dummy = uuid::Uuid::new_v4().simple().to_string();
        let entry = entry(&dummy)?;
        entry.set_secret(dummy.as_bytes()).map_err(told)?;
        let back = entry.get_secret().map_err(told);
        entry.delete_credential().map_err(told)?;
        // Some keyrings take a value and cannot give it back.
        if back?.as_slice() == dummy.as_bytes() {
            Ok(())
        } else {
            Err("it gave another value back than it was given".into())
        }
    })
}

pub fn keep(name: &str, secret: Arc<ClientSecret>) -> Result<(), SecretTrouble> {
    let name = name.to_owned();
    within(LIMIT, move || entry(&name)?.set_secret(secret.reveal().as_bytes()).map_err(told))
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
    let (send, receive) = channel();
    let work = move || {
        // Nobody listens any more after the limit.
        let _ = send.send(call());
    };
    let started = std::thread::Builder::new().name("keyring".into()).spawn(work);
    started.map_err(|error| place().trouble(&error.to_string()))?;
    match receive.recv_timeout(limit) {
        Ok(result) => result.map_err(|what| place().trouble(&what)),
        Err(RecvTimeoutError::Timeout) => {
            let what = format!("no answer within {} s; it may be waiting to be unlocked", limit.as_secs());
            Err(place().trouble(&what))
        }
        Err(RecvTimeoutError::Disconnected) => Err(place().trouble("the call broke off")),
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
