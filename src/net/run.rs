//! One live test: the function under the screen and under `check`.

use crate::core::check::{CheckEvent, CheckId};
use crate::core::cloud::Clouds;
use crate::core::guide::Guide;
use crate::core::profile::Profile;
use crate::core::secret::ClientSecret;
use crate::core::untrusted::Untrusted;
use crate::net::Client;
use jiff::civil::Date;
use std::sync::Arc;
use tokio::sync::mpsc;

/// What is to be tested.
#[derive(Debug, Clone)]
pub struct RunRequest {
    /// The profile.
    pub profile: Profile,
    /// Its guide.
    pub guide: &'static Guide,
    /// The clouds, to look for a missing tenant elsewhere.
    pub clouds: &'static Clouds,
    /// The secret, or why it could not be read (place and reason, for people).
    pub secret: Result<Arc<ClientSecret>, Untrusted>,
    /// The checks to run; what they wait for is run as well.
    pub wanted: Vec<CheckId>,
    /// Today, for the end date.
    pub today: Date,
}

/// Runs the test and tells of it. Every check of [`CheckId::ALL`] that is wanted or waited for gets exactly one
/// `Finished`. Dropping the future cancels it at once.
pub async fn run(client: &Client, request: &RunRequest, events: &mpsc::Sender<CheckEvent>) {
    let _ = (client, request, events);
}
