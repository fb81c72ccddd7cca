//! The live test: two lanes, the bars of time, and what was found. Folds what a run tells; does not run anything.

use crate::app::msg::Trouble;
use crate::core::check::{CheckId, CheckRun, SignInPrompt, Status};
use crate::core::guide::Guide;
use crate::core::names::ProfileName;
use crate::core::profile::ProfileDraft;
use crate::core::rules::{Finding, RuleBook, Wait};
use crate::core::secret::ClientSecret;
use crate::core::since::Since;
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

/// Seconds from one try to the next.
const PAUSE: u32 = 10;
/// Seconds for which a test is tried again by itself.
const PATIENCE: u32 = 120;

/// A test that is tried again by itself, because its failure may pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Again {
    /// Seconds until the next try.
    pub pause: u32,
    /// Seconds that are left for trying.
    pub left: u32,
}

impl Default for Again {
    /// From the beginning.
    fn default() -> Again {
        Again { pause: PAUSE, left: PATIENCE }
    }
}

impl Again {
    /// The pause after a try that took so long; none when there was patience enough.
    pub fn after(&self, took: Duration) -> Option<Again> {
        let took = u32::try_from(took.as_secs()).unwrap_or(u32::MAX);
        let left = self.left.saturating_sub(took);
        (left > 0).then(|| Again { pause: PAUSE.min(left), left })
    }
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
    /// What the last test of the profile found, where it did not pass: told until it is tested anew.
    pub last: Option<Finding>,
    /// Set while it is tried again by itself.
    pub again: Option<Again>,
    /// It was tried again for as long as waiting helps.
    pub gave_up: bool,
    /// What is different since it last passed.
    pub since: Option<Since>,
    /// Which finding is marked.
    pub marked: usize,
    /// The check whose details are seen, in place of the findings.
    pub detail: Option<CheckId>,
    /// Lines scrolled in the findings or details.
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

    /// The finding that is marked; before a test, that of the last one.
    pub fn finding(&self) -> Option<&Finding> {
        match &self.run {
            Run::Idle => self.last.as_ref(),
            Run::Running { fold, .. } | Run::Ended { fold, .. } => fold.findings.get(self.marked),
            Run::Trouble(_) => None,
        }
    }

    /// What is known about waiting, where the failure may pass by itself.
    pub fn passing<'a>(&self, rules: &'a RuleBook) -> Option<&'a Wait> {
        match &self.run {
            // A user would have to sign in for each try.
            _ if self.draft.sign_in(self.guide).is_user() => None,
            Run::Ended { fold, stopped: false } if fold.verdict() == Status::Failed => {
                fold.findings.first().and_then(|finding| rules.wait(finding))
            }
            _ => None,
        }
    }

    /// Whether it counts down to its next try.
    pub fn counts(&self) -> bool {
        self.again.is_some() && matches!(self.run, Run::Ended { .. })
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

    /// Shows the details of the check that the marked finding is of, or hides them.
    pub fn toggle_details(&mut self) {
        self.detail = match self.detail {
            Some(_) => None,
            None => Some(self.finding().and_then(|finding| finding.check).unwrap_or(CheckId::Inputs)),
        };
        self.scroll = 0;
    }

    /// Marks the next finding or the one before; where details are seen, chooses the next check.
    pub fn step(&mut self, down: bool) {
        if let Some(check) = self.detail {
            let at = CheckId::ALL.iter().position(|other| *other == check).unwrap_or(0);
            let at = if down { (at + 1).min(CheckId::ALL.len() - 1) } else { at.saturating_sub(1) };
            self.detail = Some(CheckId::ALL[at]);
            self.scroll = 0;
            return;
        }
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
        for line in self.since.iter().flat_map(Since::lines) {
            let _ = writeln!(text, "{line}");
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
        finding.for_whom(),
        finding.explanation,
        finding.fix.text
    );
    if let Some(url) = &finding.fix.url {
        text.push_str(url);
        text.push('\n');
    }
    text
}
