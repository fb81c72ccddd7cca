//! Tells of a run while it goes on.
//!
//! Does not know who listens, or what a check does.

use crate::core::check::{CheckEvent, CheckId, CheckResult, SignInPrompt};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// The way out for events. Checks that nobody asked for are carried out where others need them, but not told.
pub(super) struct Progress<'a> {
    events: &'a mpsc::Sender<CheckEvent>,
    plan: BTreeSet<CheckId>,
    start: Instant,
}

impl<'a> Progress<'a> {
    /// The clock starts now.
    pub fn new(events: &'a mpsc::Sender<CheckEvent>, plan: BTreeSet<CheckId>) -> Progress<'a> {
        Progress { events, plan, start: Instant::now() }
    }

    /// Whether this check is part of the run.
    pub fn wants(&self, check: CheckId) -> bool {
        self.plan.contains(&check)
    }

    /// A check began.
    pub async fn started(&self, check: CheckId) {
        self.tell(check, CheckEvent::Started { check, at: self.start.elapsed() }).await;
    }

    /// A check waits for a person to sign in.
    pub async fn sign_in(&self, check: CheckId, prompt: SignInPrompt) {
        self.tell(check, CheckEvent::SignIn { check, at: self.start.elapsed(), prompt }).await;
    }

    /// A check waits before it asks again.
    pub async fn waiting(&self, check: CheckId, reason: String, wait: Duration) {
        self.tell(check, CheckEvent::Waiting { check, reason, wait }).await;
    }

    /// A check came to its end.
    pub async fn finished(&self, check: CheckId, result: CheckResult) {
        self.tell(check, CheckEvent::Finished { check, at: self.start.elapsed(), result }).await;
    }

    /// These checks cannot run.
    pub async fn skipped(&self, checks: &[CheckId], reason: &str) {
        for check in checks {
            self.finished(*check, CheckResult::Skipped { reason: reason.into() }).await;
        }
    }

    async fn tell(&self, check: CheckId, event: CheckEvent) {
        if self.wants(check) {
            // Nobody listens any more: the run is about to be dropped, there is nobody to tell it to.
            let _ = self.events.send(event).await;
        }
    }
}
