//! Rehearsals without a screen: a session on the simulated tenant, the live test of a draft, and what the tenant's
//! administrator gives.

use d365_connect::assets;
use d365_connect::core::check::{CheckId, CheckRun};
use d365_connect::core::profile::{CredentialSource, ProfileDraft};
use d365_connect::core::question::FieldId;
use d365_connect::core::rules::Judge;
use d365_connect::core::secret::ClientSecret;
use d365_connect::sandbox::{Offer, Scenario};
use d365_connect::work::{self, Attendance, Options, Session};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

pub async fn session(scenario: Scenario) -> Session {
    let seconds = Duration::from_secs;
    let options = Options { home: None, sandbox: Some(scenario), exchange: seconds(20), waiting: seconds(0) };
    Session::open(options).await.unwrap()
}

/// Tests a draft with a secret that is not saved yet, as the wizard does.
pub async fn test(session: &Session, draft: &ProfileDraft, secret: Option<Arc<ClientSecret>>) -> CheckRun {
    let guide = assets::guide(&draft.guide).unwrap();
    let profile = draft.check(&"draft".parse().unwrap(), guide, assets::clouds()).unwrap();
    let (sender, mut events) = mpsc::channel(4);
    let folded = async {
        let mut run = CheckRun::default();
        let values = work::judge_values(draft);
        while let Some(event) = events.recv().await {
            run.apply(event, &Judge { book: assets::rules(), guide: Some(guide), values: &values });
        }
        run
    };
    let (told, run) =
        tokio::join!(work::check(session, &profile, secret, &CheckId::ALL, Attendance::Nobody, sender), folded);
    told.unwrap();
    run
}

/// Takes over what a step that was carried out gives; a secret comes back, as if it had been typed.
pub fn take_over(session: &Session, draft: &mut ProfileDraft, offers: Vec<Offer>) -> Option<Arc<ClientSecret>> {
    let mut typed = None;
    for offer in offers {
        match offer {
            Offer::Value(field, value) => draft.set(field, &value),
            Offer::Secret(value, end) => {
                typed = Some(value);
                draft.set(FieldId::Expires, &end.to_string());
            }
            Offer::Certificate(pem) => {
                let path = session.home.root().join("new.pem");
                std::fs::write(&path, pem.as_bytes()).unwrap();
                draft.source = Some(CredentialSource::certificate(path.to_str().unwrap()));
            }
        }
    }
    typed
}
