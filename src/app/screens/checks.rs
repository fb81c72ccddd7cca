//! The live test: two lanes, the bars of time, and what was found. Folds what a run tells; does not run anything.

use crate::app::msg::Trouble;
use crate::core::check::{CheckId, CheckRun, SignInPrompt};
use crate::core::guide::Guide;
use crate::core::names::ProfileName;
use crate::core::profile::ProfileDraft;
use crate::core::rules::Finding;
use crate::core::secret::ClientSecret;
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

/// Where a test stands.
#[derive(Debug)]
pub enum Run {
    /// Not started.
    Idle,
    /// It runs.
    Running {
        /// Its id; events of other runs are dropped.
        run: u64,
        /// What it told so far.
        fold: CheckRun,
        /// Tenths of a second since it began.
        ticks: u32,
    },
    /// It ended.
    Ended {
        /// What it told.
        fold: CheckRun,
        /// It was stopped before its end.
        stopped: bool,
    },
    /// It could not begin.
    Trouble(Trouble),
}

/// The test of one profile.
#[derive(Debug)]
pub struct Checks {
    /// The name under which exactly this is saved, if it is.
    pub saved: Option<ProfileName>,
    /// The name for people.
    pub title: String,
    /// The guide.
    pub guide: &'static Guide,
    /// What is tested.
    pub draft: ProfileDraft,
    /// The secret, where it was typed and not saved.
    pub secret: Option<Arc<ClientSecret>>,
    /// Where the test stands.
    pub run: Run,
    /// Which finding is marked.
    pub marked: usize,
    /// Lines scrolled in the findings.
    pub scroll: u16,
}

impl Checks {
    /// What the run told so far.
    pub fn fold(&self) -> Option<&CheckRun> {
        match &self.run {
            Run::Running { fold, .. } | Run::Ended { fold, .. } => Some(fold),
            Run::Idle | Run::Trouble(_) => None,
        }
    }

    /// The finding that is marked.
    pub fn finding(&self) -> Option<&Finding> {
        self.fold().and_then(|fold| fold.findings.get(self.marked))
    }

    /// What a person has to do now so that the test goes on, and when that was asked.
    pub fn asks(&self) -> Option<(SignInPrompt, Duration)> {
        match &self.run {
            Run::Running { fold, .. } => fold.asks(),
            Run::Idle | Run::Ended { .. } | Run::Trouble(_) => None,
        }
    }

    /// The page to open: that of a sign-in which is waited for, else the one that mends the marked finding.
    pub fn url(&self) -> Option<String> {
        if let Some((prompt, _)) = self.asks() {
            return Some(prompt.url().to_owned());
        }
        self.finding().and_then(|finding| finding.fix.url.clone())
    }

    /// Marks the next finding or the one before.
    pub fn step(&mut self, down: bool) {
        let last = self.fold().map_or(0, |fold| fold.findings.len().saturating_sub(1));
        self.marked = if down { (self.marked + 1).min(last) } else { self.marked.saturating_sub(1) };
        self.scroll = 0;
    }

    /// The whole test as text, for a ticket. Holds no secret: details never do.
    pub fn details(&self) -> String {
        let mut text = format!("{} ({})\n", self.title, self.guide.title);
        let Some(fold) = self.fold() else { return text };
        for check in CheckId::ALL {
            if let Some(done) = fold.done(check) {
                let _ = writeln!(text, "{check}: {} - {} ({} ms)", done.status, done.summary, done.took.as_millis());
            }
        }
        for finding in &fold.findings {
            let _ = writeln!(text, "\n{}", finding_text(finding));
        }
        text
    }
}

/// A finding as text.
pub fn finding_text(finding: &Finding) -> String {
    let mut text = format!(
        "{} ({}, {}, {})\n{}\n{}\n",
        finding.title,
        finding.cause.as_str(),
        finding.confidence.as_str(),
        finding.owner.for_whom(),
        finding.explanation,
        finding.fix.text
    );
    if let Some(url) = &finding.fix.url {
        text.push_str(url);
        text.push('\n');
    }
    text
}
