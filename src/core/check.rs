//! The live test as data: which checks there are, what waits for what, and the fold of events into lanes and verdicts.
//!
//! Does not know how a check is carried out.

use crate::core::evidence::Evidence;
use crate::core::rules::{Cause, Finding, Judge, Owner};
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

/// Why a check was skipped, in the words of the screens: `needs sign-in host` for `needs authority`.
pub fn reason_in_words(reason: &str) -> String {
    match reason.strip_prefix("needs ").and_then(CheckId::parse) {
        Some(check) => format!("needs {}", check.title()),
        None => reason.to_owned(),
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
        /// What it warns of.
        evidence: Vec<Evidence>,
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

/// What a person has to do so that a test can go on. Facts 1.8.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignInPrompt {
    /// Open this page in a browser on this machine, and sign in.
    Browser {
        /// The page at the sign-in host.
        url: String,
        /// How long the answer is waited for.
        lasts: Duration,
    },
    /// Open this page in any browser, type the code, and sign in.
    DeviceCode {
        /// The page at the sign-in host.
        url: String,
        /// The code.
        code: String,
        /// How long the code is good.
        lasts: Duration,
    },
}

impl SignInPrompt {
    /// The page to open.
    pub fn url(&self) -> &str {
        match self {
            SignInPrompt::Browser { url, .. } | SignInPrompt::DeviceCode { url, .. } => url,
        }
    }

    /// How long it can be answered.
    pub fn lasts(&self) -> Duration {
        match self {
            SignInPrompt::Browser { lasts, .. } | SignInPrompt::DeviceCode { lasts, .. } => *lasts,
        }
    }
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
    /// A check waits for a person to sign in.
    SignIn {
        /// Which.
        check: CheckId,
        /// Since when.
        at: Duration,
        /// What the person has to do.
        prompt: SignInPrompt,
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
    /// What a person has to do, and since when that is waited for.
    pub asks: Option<(SignInPrompt, Duration)>,
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
    /// Every finding, with how the evidence stands that it is from.
    judged: Vec<(Status, Finding)>,
    /// What was found so far, the cause first, each cause once.
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
            CheckEvent::SignIn { check, at, prompt } => {
                self.elapsed = self.elapsed.max(at);
                self.states.entry(check).or_default().asks = Some((prompt, at));
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
                state.asks = None;
                let (status, summary, details) = match result {
                    CheckResult::Passed { summary, details } => (Status::Passed, summary, details),
                    CheckResult::Warning { summary, details, evidence } => {
                        let findings = evidence.iter().flat_map(|one| judge.findings(one));
                        self.judged.extend(findings.map(|finding| (Status::Warning, finding)));
                        self.rank();
                        (Status::Warning, summary, details)
                    }
                    CheckResult::Skipped { reason } => (Status::Skipped, reason, Details::new()),
                    CheckResult::Refused { summary, mut details, evidence } => {
                        let mut worst = Status::Unknown;
                        let alike = alike(&evidence, judge);
                        for (one, alike) in evidence.iter().zip(alike) {
                            let (status, findings) = judge.judge(&alike);
                            worst = worst.max(status);
                            self.judged.extend(findings.into_iter().map(|finding| (status, finding)));
                            if let Some(entity) = one.named.get("entity") {
                                stand(&mut details, entity, status);
                            }
                        }
                        self.rank();
                        (worst, summary, details)
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

    /// What a person has to do now, and since when that is waited for.
    pub fn asks(&self) -> Option<(SignInPrompt, Duration)> {
        self.states.values().find_map(|state| state.asks.clone())
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

    /// The verdict over all checks. A run in which nothing could be judged is `Unknown`.
    pub fn verdict(&self) -> Status {
        self.verdict_over(|_| true)
    }

    /// The verdict over some checks. When all of them were skipped, it is `Passed` if nothing else stood in the way (no
    /// end date is recorded, a token is opaque), else `Unknown`.
    pub fn verdict_over(&self, wanted: impl Fn(CheckId) -> bool) -> Status {
        match (self.worst(wanted), self.worst(|_| true)) {
            (Status::Skipped, Status::Passed | Status::Warning) => Status::Passed,
            (Status::Skipped, _) => Status::Unknown,
            (status, _) => status,
        }
    }

    /// Ranks findings: what is failed before what could not be judged, then the surest, then the earliest check. A cause
    /// is told once, one of Microsoft's side once a lane.
    fn rank(&mut self) {
        self.judged.sort_by_key(|(status, finding)| {
            (std::cmp::Reverse(*status), std::cmp::Reverse(finding.confidence), finding.check)
        });
        self.findings.clear();
        for (_, finding) in &self.judged {
            if !is_told(&self.findings, finding) {
                self.findings.push(finding.clone());
            }
        }
        for finding in &mut self.findings {
            let same = |other: &Finding| other.cause == finding.cause && lane(other) != lane(finding);
            let other = self.judged.iter().map(|(_, other)| other).find(|other| same(other));
            if let Some(check) = other.and_then(|other| other.check).filter(|_| finding.owner == Owner::Network) {
                let also = format!(
                    " The check '{}' meets the same: most likely it is one fault, of this machine or its network.",
                    check.title()
                );
                finding.explanation.push_str(&also);
            }
        }
    }

    /// The findings check by check: a cause that stands behind two failed checks is told for both.
    pub fn findings_by_check(&self) -> Vec<Finding> {
        let mut all: Vec<Finding> = Vec::new();
        for (_, finding) in &self.judged {
            if !all.iter().any(|known| (known.cause, known.check) == (finding.cause, finding.check)) {
                all.push(finding.clone());
            }
        }
        all
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

fn lane(finding: &Finding) -> Option<Lane> {
    finding.check.and_then(CheckId::lane)
}

/// Whether a finding says nothing new to people beside what they were told: its cause is known. Microsoft's side is told
/// once a lane, because either service may be busy, each for itself. That an environment is not there is no news where no
/// name at all resolves.
fn is_told(told: &[Finding], finding: &Finding) -> bool {
    told.iter().any(|known| {
        let elsewhere = lane(known) != lane(finding);
        let is_busy = finding.owner == Owner::Microsoft;
        let no_names = known.cause == Cause::Dns && finding.cause == Cause::EnvironmentNotFound;
        known.cause == finding.cause && !(is_busy && elsewhere) || no_names && elsewhere
    })
}

/// The same evidence, each naming all entities that were refused for the same reason: a cause is told once, and whoever
/// mends it is to know of all.
fn alike(evidence: &[Evidence], judge: &Judge<'_>) -> Vec<Evidence> {
    let cause = |one: &Evidence| judge.findings(one).first().map(|finding| finding.cause);
    let mut alike = evidence.to_vec();
    // One by itself is alike to none.
    if evidence.len() > 1 {
        let named: Vec<_> = evidence.iter().map(|one| one.named.get("entity").map(|name| (cause(one), name))).collect();
        for (one, own) in alike.iter_mut().zip(&named) {
            let Some((own, _)) = own else { continue };
            let same = named.iter().flatten().filter(|(cause, _)| cause == own).map(|(_, name)| name.as_str());
            *one = one.clone().naming("entity", &same.collect::<Vec<_>>().join(", "));
        }
    }
    alike
}

/// Writes into the details how an entity stands.
fn stand(details: &mut Details, entity: &str, status: Status) {
    let all = details.get_mut("entities").and_then(Value::as_array_mut).into_iter().flatten();
    for one in all.filter(|one| one.get("name").and_then(Value::as_str) == Some(entity)) {
        if let Some(slot) = one.get_mut("status") {
            *slot = status.as_str().into();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::evidence::{Fault, Mark};
    use crate::core::rules::RuleBook;
    use serde_json::json;

    /// A run in which `access` met a refusal and a busy service.
    fn access_run() -> CheckRun {
        let book: RuleBook = toml::from_str(
            "rule = [
                { cause = 'throttled', confidence = 'certain', when = { status = [429] } },
                { cause = 'd365-privilege-missing', confidence = 'likely', when = { status = [403] } },
            ]",
        )
        .unwrap();
        let evidence = |entity: &str, status| {
            let one =
                Evidence { http_status: Some(status), ..Evidence::local(CheckId::Access, [Mark::SessionAccepted]) };
            one.naming("entity", entity)
        };
        let mut details = Details::new();
        let entity = |name: &str, status: &str| json!({ "name": name, "status": status });
        details
            .insert("entities".into(), json!([entity("A", "unknown"), entity("B", "passed"), entity("C", "unknown")]));
        let mut run = CheckRun::default();
        let judge = Judge { book: &book, guide: None, values: &|_| None };
        run.apply(CheckEvent::Started { check: CheckId::Access, at: Duration::from_millis(5) }, &judge);
        let result = CheckResult::Refused {
            summary: String::new(),
            details,
            evidence: vec![evidence("C", 429), evidence("A", 403)],
        };
        run.apply(CheckEvent::Finished { check: CheckId::Access, at: Duration::from_millis(25), result }, &judge);
        run
    }

    #[test]
    fn each_entity_stands_by_its_own_evidence() {
        let run = access_run();
        let done = run.done(CheckId::Access).unwrap();
        assert_eq!((done.status, done.took), (Status::Failed, Duration::from_millis(20)));
        let stands: Vec<&str> =
            done.details["entities"].as_array().unwrap().iter().map(|one| one["status"].as_str().unwrap()).collect();
        assert_eq!(stands, ["failed", "passed", "unknown"]);
    }

    #[test]
    fn what_is_failed_is_told_before_what_could_not_be_judged() {
        let causes: Vec<Cause> = access_run().findings.iter().map(|finding| finding.cause).collect();
        assert_eq!(causes, [Cause::D365PrivilegeMissing, Cause::Throttled]);
    }

    #[test]
    fn what_keeps_both_hosts_away_is_told_once() {
        let book: RuleBook = toml::from_str(
            "rule = [
                { cause = 'dns', confidence = 'likely', when = { fault = ['dns'] } },
                { cause = 'environment-not-found', confidence = 'possible', when = { fault = ['dns'], check = ['environment'] } },
                { cause = 'throttled', confidence = 'certain', when = { status = [429] } },
            ]",
        )
        .unwrap();
        let judge = Judge { book: &book, guide: None, values: &|_| None };
        let told = |checks: &[CheckId], fault: Option<Fault>, http_status: Option<u16>| {
            let mut run = CheckRun::default();
            for check in checks.iter().copied() {
                let evidence = vec![Evidence { check: Some(check), fault, http_status, ..Evidence::default() }];
                let result = CheckResult::Refused { summary: String::new(), details: Details::new(), evidence };
                run.apply(CheckEvent::Finished { check, at: Duration::ZERO, result }, &judge);
            }
            run
        };
        let causes = |run: &CheckRun| run.findings.iter().map(|finding| finding.cause).collect::<Vec<_>>();
        let (both, dns) = ([CheckId::Authority, CheckId::Environment], Some(Fault::Dns));
        let run = told(&both, dns, None);
        assert_eq!(causes(&run), [Cause::Dns]);
        assert!(run.findings[0].explanation.contains("'environment' meets the same"), "{:?}", run.findings[0]);
        assert_eq!(run.findings_by_check().len(), 3, "each check keeps its own");
        let run = told(&both[1..], dns, None);
        assert_eq!(causes(&run), [Cause::Dns, Cause::EnvironmentNotFound]);
        assert!(!run.findings[0].explanation.contains("meets the same"));
        let run = told(&both, None, Some(429));
        assert_eq!(causes(&run), [Cause::Throttled, Cause::Throttled], "either service may be busy");
    }

    #[test]
    fn the_worst_wins_and_skipped_does_not_count() {
        let mut run = CheckRun::default();
        let judge = Judge { book: &RuleBook::default(), guide: None, values: &|_| None };
        assert_eq!(run.verdict(), Status::Unknown);
        let finished = |check, result| CheckEvent::Finished { check, at: Duration::ZERO, result };
        run.apply(finished(CheckId::Expiry, CheckResult::Skipped { reason: String::new() }), &judge);
        assert_eq!(run.verdict(), Status::Unknown);
        run.apply(
            finished(CheckId::Inputs, CheckResult::Passed { summary: String::new(), details: Details::new() }),
            &judge,
        );
        assert_eq!(run.verdict(), Status::Passed);
        let evidence = vec![Evidence::local(CheckId::Expiry, [Mark::EndDateNear])];
        let warning = CheckResult::Warning { summary: String::new(), details: Details::new(), evidence };
        run.apply(finished(CheckId::Expiry, warning), &judge);
        assert_eq!(run.verdict(), Status::Warning);
        assert_eq!(run.verdict_over(|check| check == CheckId::Inputs), Status::Passed);
    }

    #[test]
    fn what_a_check_waits_for() {
        for (check, needs) in [
            (CheckId::Inputs, "inputs"),
            (CheckId::Expiry, "inputs expiry"),
            (CheckId::Access, "inputs authority token environment registration access"),
        ] {
            let names: Vec<&str> = check.with_needs().into_iter().map(CheckId::as_str).collect();
            assert_eq!(names.join(" "), needs);
        }
    }

    #[test]
    fn the_check_that_runs_and_has_got_furthest_is_the_current_one() {
        let judge = Judge { book: &RuleBook::default(), guide: None, values: &|_| None };
        let mut run = CheckRun::default();
        let started = |check| CheckEvent::Started { check, at: Duration::ZERO };
        let passed = |check| {
            let result = CheckResult::Passed { summary: String::new(), details: Details::new() };
            CheckEvent::Finished { check, at: Duration::ZERO, result }
        };
        let (authority, environment) = (CheckId::Authority, CheckId::Environment);
        assert_eq!(run.current(), None);
        for (event, current) in [
            (started(authority), Some(authority)),
            (started(environment), Some(environment)),
            // Both hosts are asked at once, and the sign-in host may be the slower one.
            (passed(environment), Some(authority)),
            (passed(authority), None),
        ] {
            run.apply(event, &judge);
            assert_eq!(run.current(), current);
        }
    }

    #[test]
    fn two_hosts_that_fail_each_in_its_own_way_are_two_findings() {
        let book: RuleBook = toml::from_str(
            "rule = [
                { cause = 'dns', confidence = 'likely', when = { fault = ['dns'] } },
                { cause = 'environment-not-found', confidence = 'possible', when = { fault = ['dns'], check = ['environment'] } },
                { cause = 'tls-untrusted', confidence = 'likely', when = { fault = ['tls-untrusted'] } },
            ]",
        )
        .unwrap();
        let judge = Judge { book: &book, guide: None, values: &|_| None };
        let (dns, tls) = (Fault::Dns, Fault::TlsUntrusted);
        for (authority, environment, causes) in [
            (dns, tls, &[Cause::Dns, Cause::TlsUntrusted][..]),
            (tls, dns, &[Cause::TlsUntrusted, Cause::Dns, Cause::EnvironmentNotFound]),
        ] {
            let mut run = CheckRun::default();
            for (check, fault) in [(CheckId::Authority, authority), (CheckId::Environment, environment)] {
                let evidence = vec![Evidence { check: Some(check), fault: Some(fault), ..Evidence::default() }];
                let result = CheckResult::Refused { summary: String::new(), details: Details::new(), evidence };
                run.apply(CheckEvent::Finished { check, at: Duration::ZERO, result }, &judge);
            }
            assert_eq!(run.findings.iter().map(|finding| finding.cause).collect::<Vec<_>>(), causes);
            let is_one = |finding: &Finding| finding.explanation.contains("meets the same");
            assert!(!run.findings.iter().any(is_one), "{:?}", run.findings);
        }
    }

    #[test]
    fn a_finding_names_all_entities_that_were_refused_for_its_reason() {
        let book: RuleBook = toml::from_str(
            "rule = [
                { cause = 'd365-privilege-missing', confidence = 'likely', explanation = 'No right to read {entity}.', when = { status = [403] } },
                { cause = 'entity-not-found', confidence = 'likely', explanation = 'There is no {entity}.', when = { status = [404] } },
            ]",
        )
        .unwrap();
        let judge = Judge { book: &book, guide: None, values: &|_| None };
        let refused = |(entity, status): &(&str, u16)| {
            Evidence { check: Some(CheckId::Access), http_status: Some(*status), ..Evidence::default() }
                .naming("entity", entity)
        };
        let told = |all: &[(&str, u16)]| -> Vec<String> {
            let evidence = all.iter().map(refused).collect();
            let result = CheckResult::Refused { summary: String::new(), details: Details::new(), evidence };
            let mut run = CheckRun::default();
            run.apply(CheckEvent::Finished { check: CheckId::Access, at: Duration::ZERO, result }, &judge);
            run.findings.into_iter().map(|finding| finding.explanation).collect()
        };
        assert_eq!(told(&[("CustomersV3", 403)]), ["No right to read CustomersV3."]);
        assert_eq!(
            told(&[("CustomersV3", 403), ("Companys", 404), ("VendorsV2", 403)]),
            ["No right to read CustomersV3, VendorsV2.", "There is no Companys."]
        );
    }
}
