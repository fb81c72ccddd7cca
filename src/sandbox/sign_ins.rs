//! Sign-ins of users on their way: authorization codes, device codes, refresh tokens.
//!
//! Pure state. Does not know how a page looks, or what a token carries.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// How long an authorization code is good (facts 1.8).
const CODE_LASTS: Duration = Duration::from_secs(600);
/// How long a device code is good (facts 1.8).
pub(super) const DEVICE_CODE_LASTS: Duration = Duration::from_secs(900);
/// How often the answer to a device code may be asked for: quicker than Entra's five seconds, for rehearsals.
pub(super) const INTERVAL: Duration = Duration::from_secs(1);
/// Letters of a code that is typed from a screen: none that look alike.
const LETTERS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// All sign-ins on their way.
#[derive(Debug)]
pub(super) struct SignIns {
    pub(super) codes: BTreeMap<String, Code>,
    pub(super) devices: BTreeMap<String, Device>,
    pub(super) refreshes: BTreeMap<String, Refresh>,
    /// How long a new device code is good.
    pub(super) device_code_lasts: Duration,
}

impl Default for SignIns {
    fn default() -> SignIns {
        SignIns {
            codes: BTreeMap::new(),
            devices: BTreeMap::new(),
            refreshes: BTreeMap::new(),
            device_code_lasts: DEVICE_CODE_LASTS,
        }
    }
}

/// What an app asks for in the name of a user.
#[derive(Debug, Clone)]
pub(super) struct Wish {
    pub(super) client_id: Uuid,
    /// The API.
    pub(super) resource: String,
    /// Its permissions by name; empty for all that were consented to (`/.default`).
    pub(super) permissions: Vec<String>,
    /// A refresh token (`offline_access`).
    pub(super) offline: bool,
}

/// An authorization code.
#[derive(Debug)]
pub(super) struct Code {
    pub(super) wish: Wish,
    /// Where it was sent; who redeems it has to name the same.
    pub(super) redirect_uri: String,
    /// PKCE's S256 challenge.
    pub(super) challenge: Option<String>,
    pub(super) made: Instant,
    pub(super) used: bool,
}

impl Code {
    /// Whether its time is over.
    pub(super) fn is_old(&self) -> bool {
        self.made.elapsed() >= CODE_LASTS
    }
}

/// A device code.
#[derive(Debug)]
pub(super) struct Device {
    pub(super) wish: Wish,
    /// What the user types.
    pub(super) user_code: String,
    pub(super) made: Instant,
    pub(super) lasts: Duration,
    /// When it was last asked for.
    pub(super) polled: Option<Instant>,
    pub(super) answer: Option<Answer>,
    pub(super) used: bool,
}

/// What the user said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Approved,
    Denied,
}

impl Device {
    /// Whether its time is over.
    pub(super) fn is_old(&self) -> bool {
        self.made.elapsed() >= self.lasts
    }

    /// Notes a question for the answer, and tells whether it came far too early.
    pub(super) fn poll(&mut self) -> bool {
        let early = self.polled.is_some_and(|last| last.elapsed() < INTERVAL / 2);
        self.polled = Some(Instant::now());
        early
    }
}

/// A refresh token.
#[derive(Debug)]
pub(super) struct Refresh {
    pub(super) wish: Wish,
    /// The app proved itself when it came by it, and has to do so again.
    pub(super) proven: bool,
}

impl SignIns {
    /// User codes that wait for an answer.
    pub(super) fn waiting(&self) -> impl Iterator<Item = &str> {
        let open = |device: &&Device| device.answer.is_none() && !device.is_old();
        self.devices.values().filter(open).map(|device| device.user_code.as_str())
    }

    /// The device code that goes with what a user typed: case, blanks and dashes do not matter.
    pub(super) fn device(&mut self, typed: &str) -> Option<&mut Device> {
        let typed: String = typed.chars().filter(char::is_ascii_alphanumeric).collect();
        self.devices.values_mut().find(|device| device.user_code.eq_ignore_ascii_case(&typed))
    }
}

/// A text that nobody guesses, shaped as Entra's codes and refresh tokens are.
pub(super) fn unguessable() -> String {
    format!("1.{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple())
}

/// A code for a user to type.
pub(super) fn user_code() -> String {
    let bytes = Uuid::new_v4();
    // The bytes before the version's.
    let first = bytes.as_bytes()[..6].iter().chain(&bytes.as_bytes()[9..12]);
    first.map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect()
}
