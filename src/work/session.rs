//! One run of the program: its home, its keyring, how it may use the network, and the sandbox if there is one.
//!
//! Does not know what is done with them.

use crate::assets;
use crate::core::cloud::CloudId;
use crate::core::names::ProfileName;
use crate::core::profile::{CredentialSource, ProfileDraft, SecretSource};
use crate::core::question::FieldId;
use crate::core::settings::Settings;
use crate::core::untrusted::Untrusted;
use crate::net::NetOptions;
use crate::sandbox::{self, Offer, Sandbox, Scenario};
use crate::store::paths::Home;
use crate::store::profiles::{self, Save};
use crate::store::secrets::{Keyring, Secrets, Vault};
use crate::store::settings::{self, Found};
use crate::store::{StoreError, write_private};
use crate::work::WorkError;
use crate::work::profiles::Removal;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long the end of a session waits for work that was begun: another writer's lock, then a keyring, and some more.
const LAST_WORK: Duration = Duration::from_secs(10);

/// What a session is opened with.
#[derive(Debug, Clone)]
pub struct Options {
    /// The home, where it is not the platform's.
    pub home: Option<PathBuf>,
    /// Start the simulated tenant, and reach nothing else.
    pub sandbox: Option<Scenario>,
    /// Limit of one exchange with a server.
    pub exchange: Duration,
    /// How long one check may wait for retries in all.
    pub waiting: Duration,
}

/// What work beside the loop takes along.
pub(super) struct Stores {
    /// Where things are kept.
    pub home: Home,
    /// Where secrets are kept.
    pub secrets: Secrets,
    _busy: Arc<()>,
}

impl Stores {
    /// Takes away what is kept under an entry of ours; says why where that fails.
    pub fn forget(&self, source: &SecretSource) -> Option<String> {
        let gone = self.secrets.forget(source);
        gone.err().map(|trouble| format!("its {} entry is left: {trouble}", source.kind()))
    }
}

/// What every use case works with.
#[derive(Debug)]
pub struct Session {
    /// Where things are kept.
    pub home: Home,
    /// What is settled for all profiles, or why that could not be read: then everything has its default.
    pub settings: Result<Found, StoreError>,
    /// Where secrets are kept.
    pub keyring: Keyring,
    /// Where they are kept where there is no keyring.
    pub vault: Vault,
    /// Limits of the network; whether it leads to the sandbox is asked at each test.
    pub net: NetOptions,
    /// The simulated tenant, when it runs in this process.
    pub sandbox: Option<Arc<Sandbox>>,
    /// The profiles that were removed, the last one last, to be brought back.
    pub(super) removals: Arc<Mutex<Vec<Removal>>>,
    /// Everything that is at work beside the loop holds one more.
    busy: Arc<()>,
    /// Held so that the home of a rehearsal goes when the session does.
    throwaway: Option<TempDir>,
}

impl Session {
    /// Opens a session. With a sandbox and no home given, the home is a throw-away folder with one ready profile a
    /// guide, and secrets stay in memory.
    ///
    /// # Errors
    /// When there is no home, or the sandbox cannot start.
    pub async fn open(options: Options) -> Result<Session, WorkError> {
        let net = NetOptions { exchange: options.exchange, waiting: options.waiting, ..NetOptions::default() };
        let Some(scenario) = options.sandbox else {
            let home = options.home.map(Home::at).or_else(Home::of_platform).ok_or(WorkError::NoHome)?;
            return Ok(Session::at(home, net, None));
        };
        let trouble = |error: std::io::Error| WorkError::Sandbox(Untrusted::plain(&error.to_string()));
        let sandbox = Sandbox::start(scenario, 0).await.map_err(trouble)?;
        let sandbox = Some(Arc::new(sandbox));
        if let Some(home) = options.home {
            return Ok(Session::at(Home::at(home), net, sandbox));
        }
        let folder = tempfile::Builder::new().prefix("d365-connect-sandbox-").tempdir().map_err(|error| {
            StoreError::Io { path: std::env::temp_dir(), what: Untrusted::plain(&error.to_string()) }
        })?;
        let mut session = Session::at(Home::at(folder.path()), net, sandbox);
        session.keyring = Keyring::in_memory();
        session.throwaway = Some(folder);
        session.fill().await?;
        Ok(session)
    }

    fn at(home: Home, net: NetOptions, sandbox: Option<Arc<Sandbox>>) -> Session {
        let (vault, settings) = (Vault::of(&home), settings::read(&home));
        let keyring = Keyring::default();
        let (removals, busy) = (Arc::default(), Arc::default());
        Session { home, settings, keyring, vault, net, sandbox, removals, busy, throwaway: None }
    }

    /// What is settled for all profiles.
    pub fn settings(&self) -> Settings {
        self.settings.as_ref().map(|found| found.settings).unwrap_or_default()
    }

    /// What is to be told about the settings: why they cannot be used, or what was left aside in them.
    pub fn about_settings(&self) -> Option<String> {
        match &self.settings {
            Err(error) => Some(format!("{error}. Until it is mended everything has its default")),
            Ok(found) => Some(found.aside.join(". ")).filter(|told| !told.is_empty()),
        }
    }

    /// Fills in what a new profile begins with, where nothing was given. A rehearsal signs in at the simulated tenant:
    /// nothing else can be reached.
    pub fn begin(&self, draft: &mut ProfileDraft) {
        let cloud = self.settings().cloud;
        if self.sandbox.is_some() {
            let product = assets::guide(&draft.guide).map(|guide| guide.product);
            for (field, value) in product.map(sandbox::preset).unwrap_or_default() {
                if draft.value(field).is_empty() {
                    draft.set(field, value);
                }
            }
        } else if cloud != CloudId::Global && draft.value(FieldId::Cloud).is_empty() {
            draft.set(FieldId::Cloud, cloud.as_str());
        }
    }

    /// Every place that secrets are kept in or read from.
    pub(super) fn secrets(&self) -> Secrets {
        Secrets { keyring: self.keyring.clone(), vault: self.vault.clone() }
    }

    /// Runs work on files and the keyring beside the loop. Once begun it goes on to its end, also when nobody waits for it
    /// any more, so that nothing is left half done; the end of the session waits for it.
    pub(super) async fn beside<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Stores) -> Result<T, WorkError> + Send + 'static,
    ) -> Result<T, WorkError> {
        let stores = Stores { home: self.home.clone(), secrets: self.secrets(), _busy: Arc::clone(&self.busy) };
        tokio::task::spawn_blocking(move || work(&stores)).await.unwrap_or(Err(WorkError::BrokeOff))
    }

    /// How the network may be used now: a sandbox can be plugged in while the session lasts.
    pub(super) fn network(&self) -> NetOptions {
        let sandbox = self.sandbox.as_ref().map(|sandbox| (!sandbox.unplugged()).then(|| sandbox.address()));
        NetOptions { sandbox, ..self.net.clone() }
    }

    /// Whether the home goes when the session does.
    pub fn is_rehearsal(&self) -> bool {
        self.throwaway.is_some()
    }

    /// One ready profile a guide, with the values that the scenario's operator noted down.
    async fn fill(&self) -> Result<(), WorkError> {
        let Some(sandbox) = self.sandbox.clone() else { return Ok(()) };
        self.beside(move |stores| {
            for guide in assets::guides() {
                let Ok(name) = guide.id.parse::<ProfileName>() else { continue };
                let mut draft = ProfileDraft::new(&guide.id);
                for offer in sandbox.noted(guide) {
                    match offer {
                        Offer::Value(field, value) => draft.set(field, &value),
                        Offer::Secret(secret, end) => {
                            let kept = stores.secrets.keep(&secret).map_err(WorkError::NotKept)?;
                            draft.source = Some(kept.into());
                            draft.set(FieldId::Expires, &end.to_string());
                        }
                        Offer::Certificate(pem) => {
                            let path = stores.home.root().join("certificate.pem");
                            write_private(&path, pem.as_bytes(), true)?;
                            draft.source = Some(CredentialSource::certificate(&path.to_string_lossy()));
                        }
                    }
                }
                profiles::save(&stores.home, &name, &draft, Save::New)?;
            }
            Ok(())
        })
        .await
    }
}

impl Drop for Session {
    /// Waits for what is still at work: the process may end right after, and the home of a rehearsal goes.
    fn drop(&mut self) {
        let begun = Instant::now();
        while Arc::strong_count(&self.busy) > 1 && begun.elapsed() < LAST_WORK {
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}
