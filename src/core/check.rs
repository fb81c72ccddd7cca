//! The live test as data: which checks there are, what waits for what, and the fold of events into lanes and verdicts.
//!
//! Does not know how a check is carried out.

use crate::core::evidence::Evidence;
use crate::core::rules::{Finding, Judge};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::fmt;
use std::time::Duration;

/// One check of the live test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CheckId {
    /// Every value is well formed and they fit together; offline.
    Inputs,
    /// The sign-in host answers and the tenant exists.
    Authority,
    /// A token came.
    Token,
    /// Nothing in the token makes a refusal certain.
    Claims,
    /// The resource URL answers as the product it should be.
    Environment,
    /// D365 accepts this app.
    Registration,
    /// The guide's entities can be read.
    Access,
    /// The credential has more than 30 days left.
    Expiry,
}

/// Which half of the connection a check belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lane {
    /// Microsoft Entra ID.
    Entra,
    /// Dynamics 365.
    D365,
}

impl CheckId {
    /// All checks, in the order in which they are shown.
    pub const ALL: [CheckId; 8] = [
        CheckId::Inputs,
        CheckId::Authority,
        CheckId::Token,
        CheckId::Claims,
        CheckId::Environment,
        CheckId::Registration,
        CheckId::Access,
        CheckId::Expiry,
    ];

    /// The name in JSON and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            CheckId::Inputs => "inputs",
            CheckId::Authority => "authority",
            CheckId::Token => "token",
            CheckId::Claims => "claims",
            CheckId::Environment => "environment",
            CheckId::Registration => "registration",
            CheckId::Access => "access",
            CheckId::Expiry => "expiry",
        }
    }

    /// The name on screens.
    pub fn title(self) -> &'static str {
        match self {
            CheckId::Inputs => "values",
            CheckId::Authority => "sign-in host",
            CheckId::Token => "token",
            CheckId::Claims => "claims fit",
            CheckId::Environment => "environment",
            CheckId::Registration => "registration",
            CheckId::Access => "access",
            CheckId::Expiry => "end date",
        }
    }

    /// The check of that name.
    pub fn parse(text: &str) -> Option<CheckId> {
        CheckId::ALL.into_iter().find(|check| check.as_str() == text)
    }

    /// The lane it belongs to.
    pub fn lane(self) -> Option<Lane> {
        match self {
            CheckId::Authority | CheckId::Token | CheckId::Claims => Some(Lane::Entra),
            CheckId::Environment | CheckId::Registration | CheckId::Access => Some(Lane::D365),
            CheckId::Inputs | CheckId::Expiry => None,
        }
    }

    /// What it waits for: directly, not through others. The token also waits for the authority, which is judged from its answer.
    pub fn needs(self) -> &'static [CheckId] {
        match self {
            CheckId::Inputs => &[],
            CheckId::Authority | CheckId::Environment | CheckId::Expiry => &[CheckId::Inputs],
            CheckId::Token => &[CheckId::Inputs, CheckId::Authority],
            CheckId::Claims => &[CheckId::Token],
            CheckId::Registration => &[CheckId::Token, CheckId::Environment],
            CheckId::Access => &[CheckId::Registration],
        }
    }

    /// It and all that it waits for, in order.
    pub fn with_needs(self) -> Vec<CheckId> {
        let mut wanted = vec![self];
        let mut at = 0;
        while at < wanted.len() {
            for need in wanted[at].needs() {
                if !wanted.contains(need) {
                    wanted.push(*need);
                }
            }
            at += 1;
        }
        wanted.sort();
        wanted
    }
}

impl fmt::Display for CheckId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How a check, lane or profile stands. The order is the order of folding: the worst wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// It did not run, because what it needs is not there.
    Skipped,
    /// All right.
    Passed,
    /// All right for now; only `expiry` warns.
    Warning,
    /// Could not be judged: says nothing about the values.
    Unknown,
    /// A changed value, grant or registration mends it.
    Failed,
}

impl Status {
    /// The name in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Skipped => "skipped",
            Status::Passed => "passed",
            Status::Warning => "warning",
            Status::Unknown => "unknown",
            Status::Failed => "failed",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a check adds to its verdict, for `details`.
pub type Details = Map<String, Value>;

/// How a check came out, before the rules have judged a failure.
#[derive(Debug, Clone)]
pub enum CheckResult {
    /// It passed.
    Passed {
        /// One line.
        summary: String,
        /// More, for `details`.
        details: Details,
    },
    /// It passed for now.
    Warning {
        /// One line.
        summary: String,
        /// More, for `details`.
        details: Details,
    },
    /// It did not pass. The rules say whether that is `failed` or `unknown`, and why.
    Refused {
        /// One line.
        summary: String,
        /// More, for `details`.
        details: Details,
        /// The facts, one for each thing that went wrong (each entity has its own), worst first.
        evidence: Vec<Evidence>,
    },
    /// It did not run.
    Skipped {
        /// Why: `needs token`.
        reason: String,
    },
}

/// What a running test tells, in order. Times count from the start of the run.
#[derive(Debug, Clone)]
pub enum CheckEvent {
    /// A check began.
    Started {
        /// Which.
        check: CheckId,
        /// When.
        at: Duration,
    },
    /// A check waits before it asks again.
    Waiting {
        /// Which.
        check: CheckId,
        /// For what.
        reason: String,
        /// How long.
        wait: Duration,
    },
    /// A check came to its end.
    Finished {
        /// Which.
        check: CheckId,
        /// When.
        at: Duration,
        /// How.
        result: CheckResult,
    },
}

/// One check in a run.
#[derive(Debug, Clone, Default)]
pub struct CheckState {
    /// When it started, if it did.
    pub started: Option<Duration>,
    /// What it is waiting for, if anything.
    pub waiting: Option<String>,
    /// How it ended, if it did.
    pub done: Option<CheckDone>,
}

/// How a check ended.
#[derive(Debug, Clone)]
pub struct CheckDone {
    /// Its verdict.
    pub status: Status,
    /// One line.
    pub summary: String,
    /// More.
    pub details: Details,
    /// How long it took.
    pub took: Duration,
}

/// The fold of all events of one run: what is shown while it runs, and what is reported at its end.
#[derive(Debug, Clone, Default)]
pub struct CheckRun {
    states: std::collections::BTreeMap<CheckId, CheckState>,
    /// What was found so far, the cause first.
    pub findings: Vec<Finding>,
    /// How long the run has taken, as far as events tell.
    pub elapsed: Duration,
}

impl CheckRun {
    /// Folds one event in. A failure is judged here.
    pub fn apply(&mut self, event: CheckEvent, judge: &Judge<'_>) {
        match event {
            CheckEvent::Started { check, at } => {
                self.elapsed = self.elapsed.max(at);
                self.states.entry(check).or_default().started = Some(at);
            }
            CheckEvent::Waiting { check, reason, wait } => {
                let text = format!("{reason}, again in {} s", wait.as_secs().max(1));
                self.states.entry(check).or_default().waiting = Some(text);
            }
            CheckEvent::Finished { check, at, result } => {
                self.elapsed = self.elapsed.max(at);
                let state = self.states.entry(check).or_default();
                let took = state.started.map_or(Duration::ZERO, |start| at.saturating_sub(start));
                state.waiting = None;
                let (status, summary, details) = match result {
                    CheckResult::Passed { summary, details } => (Status::Passed, summary, details),
                    CheckResult::Warning { summary, details } => (Status::Warning, summary, details),
                    CheckResult::Skipped { reason } => (Status::Skipped, reason, Details::new()),
                    CheckResult::Refused { summary, details, evidence } => {
                        let (status, findings) = judge.judge(&evidence);
                        self.findings.extend(findings);
                        rank(&mut self.findings);
                        (status, summary, details)
                    }
                };
                self.states.entry(check).or_default().done = Some(CheckDone { status, summary, details, took });
            }
        }
    }

    /// One check's state; a check of which nothing was heard is the default.
    pub fn state(&self, check: CheckId) -> CheckState {
        self.states.get(&check).cloned().unwrap_or_default()
    }

    /// The check that runs and has got furthest, if any runs.
    pub fn current(&self) -> Option<CheckId> {
        let running = |state: &CheckState| state.started.is_some() && state.done.is_none();
        self.states.iter().rev().find(|(_, state)| running(state)).map(|(check, _)| *check)
    }

    /// How a check ended, if it did.
    pub fn done(&self, check: CheckId) -> Option<&CheckDone> {
        self.states.get(&check).and_then(|state| state.done.as_ref())
    }

    /// How a lane stands: the worst of its checks; `Skipped` when none ran.
    pub fn lane(&self, lane: Lane) -> Status {
        self.worst(|check| check.lane() == Some(lane))
    }

    /// The verdict over all checks. A run in which nothing could be judged is `Unknown`.
    pub fn verdict(&self) -> Status {
        self.verdict_over(|_| true)
    }

    /// The verdict over some checks.
    pub fn verdict_over(&self, wanted: impl Fn(CheckId) -> bool) -> Status {
        match self.worst(wanted) {
            Status::Skipped => Status::Unknown,
            status => status,
        }
    }

    fn worst(&self, wanted: impl Fn(CheckId) -> bool) -> Status {
        self.states
            .iter()
            .filter(|(check, _)| wanted(**check))
            .filter_map(|(_, state)| state.done.as_ref().map(|done| done.status))
            .max()
            .unwrap_or(Status::Skipped)
    }
}

/// Ranks findings: by check (the first failed check is the cause), then by confidence; a cause is told once.
fn rank(findings: &mut Vec<Finding>) {
    findings.sort_by_key(|finding| (std::cmp::Reverse(finding.confidence), finding.check));
    let mut seen = Vec::new();
    findings.retain(|finding| {
        let new = !seen.contains(&finding.cause);
        seen.push(finding.cause);
        new
    });
}
