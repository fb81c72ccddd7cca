//! Floor 1: a simulated tenant on loopback, to rehearse a set-up and to test against.
//!
//! It behaves by what it holds (apps, secrets, registrations, users), so that mending what is wrong turns a test green.
//! Knows the protocols' shapes. Does not know this program's profiles or screens.

use crate::core::question::FieldId;
use crate::core::secret::ClientSecret;
use std::net::SocketAddr;
use std::sync::Arc;

/// The sign-in host's fixed name.
pub const AUTHORITY: &str = "https://login.sandbox.test";
/// The F&O environment's fixed name.
pub const FINANCE_OPERATIONS: &str = "https://contoso.sandbox.test";

/// What is wrong in the tenant at the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scenario {
    /// Nothing.
    Healthy,
}

impl Scenario {
    /// Every scenario.
    pub const ALL: &[Scenario] = &[Scenario::Healthy];

    /// Its id.
    pub fn as_str(self) -> &'static str {
        "healthy"
    }

    /// The scenario of that id.
    pub fn parse(id: &str) -> Option<Scenario> {
        Scenario::ALL.iter().copied().find(|scenario| scenario.as_str() == id)
    }

    /// What it is about, in one line.
    pub fn about(self) -> &'static str {
        "everything is set up and works"
    }
}

/// Values that the simulated portal shows: to be pasted.
#[derive(Debug, Clone)]
pub enum Offer {
    /// A plain value.
    Value(FieldId, String),
    /// The value of a secret, and its end date.
    Secret(Arc<ClientSecret>, jiff::civil::Date),
}

/// A running sandbox; stops when dropped.
#[derive(Debug)]
pub struct Sandbox {
    address: SocketAddr,
}

impl Sandbox {
    /// Starts serving on loopback: on `port`, or on a free one.
    ///
    /// # Errors
    /// When the port cannot be had.
    pub async fn start(scenario: Scenario, port: u16) -> std::io::Result<Sandbox> {
        let _ = (scenario, port);
        Ok(Sandbox { address: SocketAddr::from(([127, 0, 0, 1], 0)) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Whether its network is to be taken for unplugged (scenario `offline`).
    pub fn unplugged(&self) -> bool {
        false
    }

    /// The values for a complete profile, as the operator of this scenario would have noted them down: with the
    /// scenario's fault in them where it is a wrong value.
    pub fn noted(&self) -> Vec<Offer> {
        Vec::new()
    }

    /// The administrator of the simulated tenant carries a step of the guide out, and says what was done. Mends what
    /// that step mends. What the portal then shows is offered.
    pub fn carry_out(&self, step: &str) -> (String, Vec<Offer>) {
        let _ = step;
        (String::new(), Vec::new())
    }
}
