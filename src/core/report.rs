//! The serialisable twins: what every `-o json` prints, field by field as scripts rely on it.
//!
//! Knows the shapes. Does not know where the values come from.

use crate::core::check::{CheckId, CheckRun, Details, Lane, Status};
use crate::core::evidence::Evidence;
use crate::core::guide::{Actor, Guide, Listing, Permission, TargetField};
use crate::core::log::Group;
use crate::core::question::FieldId;
use crate::core::rules::{Cause, Confidence, Finding, Owner};
use crate::core::since::Since;
use crate::core::template::fill_or_name;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

/// The version of all shapes here.
pub const SCHEMA: u32 = 1;

/// A moment as RFC 3339 in UTC, to the second.
pub fn rfc3339(when: Timestamp) -> String {
    when.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// What `check -o json` prints.
#[derive(Debug, Serialize)]
pub struct CheckReport {
    /// [`SCHEMA`].
    pub schema: u32,
    /// One a profile, in the order in which they were asked for.
    pub profiles: Vec<ProfileReport>,
}

/// `rotate`.
#[derive(Debug, Serialize)]
pub struct RotateReport {
    /// The version of this shape.
    pub schema: u32,
    /// Whether the profile uses the new credential now; if not, nothing was changed.
    pub switched: bool,
    /// The recorded end of the new credential.
    pub expires: Option<String>,
    /// Where the old secret was handed over to, the oldest first; empty when it was not switched.
    pub exports: Vec<ExportLine>,
    /// How the new credential was tested.
    pub test: ProfileReport,
}

/// A place that got a profile's values.
#[derive(Debug, Serialize)]
pub struct ExportLine {
    /// The export's format.
    pub format: String,
    /// The file; none for standard output.
    pub path: Option<String>,
    /// When.
    pub when: String,
}

/// How one profile was tested.
#[derive(Debug, Serialize)]
pub struct ProfileReport {
    /// Its name.
    pub profile: String,
    /// Its guide.
    pub guide: String,
    /// The verdict over the checks below.
    pub verdict: Status,
    /// The two halves.
    pub lanes: Lanes,
    /// When the test began.
    pub started: String,
    /// How long it took, milliseconds.
    pub duration_ms: u64,
    /// The checks, in the order of [`CheckId::ALL`].
    pub checks: Vec<CheckLine>,
    /// What was found, the cause first; each cause once, one of Microsoft's side once a lane.
    pub findings: Vec<Finding>,
    /// The same for formats that tell each check by itself: a cause behind two failed checks stands here for both.
    #[serde(skip)]
    pub by_check: Vec<Finding>,
}

impl ProfileReport {
    /// A lane's verdict in words: one that passed as far as it was tested is not all right.
    pub fn lane_in_words(&self, lane: Lane) -> String {
        let status = if lane == Lane::Entra { self.lanes.entra } else { self.lanes.d365 };
        let is_cut = self.checks.iter().any(|line| line.id.lane() == Some(lane) && line.status == Status::Skipped);
        let is_good = matches!(status, Status::Passed | Status::Warning);
        if is_cut && is_good { format!("{status} as far as it was tested") } else { status.to_string() }
    }
}

/// The lanes' verdicts.
#[derive(Debug, Serialize)]
pub struct Lanes {
    /// Microsoft Entra ID.
    pub entra: Status,
    /// Dynamics 365.
    pub d365: Status,
}

/// One check.
#[derive(Debug, Serialize)]
pub struct CheckLine {
    /// Which.
    pub id: CheckId,
    /// How it stands.
    pub status: Status,
    /// One line.
    pub summary: String,
    /// How long it took, milliseconds.
    pub duration_ms: u64,
    /// More, by check.
    pub details: Details,
}

impl ProfileReport {
    /// The report of an ended run. With `only`, just those checks are listed and judged, and whatever kept one of them
    /// from running: a failure never hides behind a check that was skipped because of it.
    pub fn new(profile: &str, guide: &str, started: Timestamp, run: &CheckRun, only: &[CheckId]) -> ProfileReport {
        let asked = |check: CheckId| {
            let in_the_way =
                || run.done(check).is_some_and(|done| matches!(done.status, Status::Failed | Status::Unknown));
            only.is_empty() || only.contains(&check) || in_the_way()
        };
        let checks: Vec<CheckLine> = CheckId::ALL
            .into_iter()
            .filter_map(|id| run.done(id).map(|done| (id, done)))
            .filter(|(id, _)| asked(*id))
            .map(|(id, done)| CheckLine {
                id,
                status: done.status,
                summary: done.summary.clone(),
                duration_ms: millis(done.took),
                details: done.details.clone(),
            })
            .collect();
        let lane = |lane| {
            let of_lane = checks.iter().filter(|line| line.id.lane() == Some(lane));
            of_lane.map(|line| line.status).max().unwrap_or(Status::Skipped)
        };
        ProfileReport {
            profile: profile.to_owned(),
            guide: guide.to_owned(),
            verdict: run.verdict_over(asked),
            lanes: Lanes { entra: lane(Lane::Entra), d365: lane(Lane::D365) },
            started: rfc3339(started),
            duration_ms: millis(run.elapsed),
            checks,
            findings: run.findings.clone(),
            by_check: run.findings_by_check(),
        }
    }

    /// Adds what is different since it last passed to the details of the check that failed first.
    pub fn tell_since(&mut self, since: &Since) {
        let check = self.findings.first().and_then(|finding| finding.check);
        if let Some(line) = self.checks.iter_mut().find(|line| Some(line.id) == check) {
            line.details.insert("last_passed".into(), rfc3339(since.passed).into());
            let differences = serde_json::to_value(&since.differences).unwrap_or_default();
            line.details.insert("changed_since".into(), differences);
        }
    }
}

fn millis(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// What `list -o json` prints.
#[derive(Debug, Serialize)]
pub struct ListReport {
    /// [`SCHEMA`].
    pub schema: u32,
    /// Every profile, by name.
    pub profiles: Vec<ProfileLine>,
}

/// A profile in the list.
#[derive(Debug, Serialize)]
pub struct ProfileLine {
    /// Its name.
    pub name: String,
    /// Its guide; null where the file could not be read.
    pub guide: Option<String>,
    /// Its cloud.
    pub cloud: Option<String>,
    /// Its tenant.
    pub tenant_id: Option<String>,
    /// Its app.
    pub client_id: Option<String>,
    /// The origin of its API: as given, or the cloud's own.
    pub resource_url: Option<String>,
    /// Its credential.
    pub credential: CredentialLine,
    /// Why the file could not be read, or what is missing in it.
    pub problem: Option<String>,
    /// The last test.
    pub last: Option<LastLine>,
}

/// A credential, without its value.
#[derive(Debug, Serialize)]
pub struct CredentialLine {
    /// `secret`.
    pub kind: Option<String>,
    /// `keyring`, `env`, `file` or `command`.
    pub source: Option<String>,
    /// Its end date.
    pub expires: Option<Date>,
    /// Days from today until then.
    pub days_left: Option<i64>,
}

/// The last test of a profile.
#[derive(Debug, Serialize)]
pub struct LastLine {
    /// How it stood.
    pub verdict: Status,
    /// When.
    pub when: String,
}

/// What `new`, `edit`, `import`, `rename`, `copy` and `remove` print with `-o json`.
#[derive(Debug, Serialize)]
pub struct ChangeReport<'a> {
    /// [`SCHEMA`].
    pub schema: u32,
    /// `saved`, `renamed`, `copied`, `removed`, or `nothing` after a no.
    pub done: &'static str,
    /// The profile, by the name that it has now.
    pub profile: &'a str,
    /// The one that it was made of.
    pub from: Option<&'a str>,
    /// What is not as it should be all the same.
    pub note: Option<&'a str>,
}

/// What `vault -o json` prints.
#[derive(Debug, Serialize)]
pub struct VaultReport {
    /// [`SCHEMA`].
    pub schema: u32,
    /// Its file.
    pub path: String,
    /// How many secrets it holds.
    pub secrets: usize,
    /// Whether it has another passphrase now.
    pub changed: bool,
}

/// What `show -o json` prints: a profile of the list with all its fields.
#[derive(Debug, Serialize)]
pub struct ShowReport {
    /// [`SCHEMA`].
    pub schema: u32,
    /// As in the list.
    #[serde(flatten)]
    pub line: ProfileLine,
    /// Its file.
    pub path: String,
    /// What the secret is read from: the variable, file or command by name; null for the keyring.
    pub reads: Option<String>,
    /// How the live test signs in; null for the guide's own way.
    pub sign_in: Option<String>,
    /// The reply address of the product.
    pub redirect_uri: Option<String>,
    /// What the guide collects for its product.
    pub d365: D365Fields,
    /// Where the network differs from the cloud's own.
    pub network: NetworkFields,
}

/// The `[d365]` table of a profile.
#[derive(Debug, Serialize)]
pub struct D365Fields {
    /// The Business Central environment.
    pub environment: Option<String>,
    /// The mapped user.
    pub user_id: Option<String>,
    /// The company.
    pub company: Option<String>,
    /// The chosen permissions.
    pub permissions: Vec<String>,
    /// Entities to read instead of the guide's own.
    pub entities: Vec<String>,
}

/// The `[network]` table of a profile.
#[derive(Debug, Serialize)]
pub struct NetworkFields {
    /// Another sign-in host.
    pub authority_url: Option<String>,
    /// Another Graph host.
    pub graph_url: Option<String>,
    /// An extra certification authority.
    pub ca_certificate: Option<String>,
}

/// What `diagnose -o json` prints.
#[derive(Debug, Serialize)]
pub struct DiagnoseReport {
    /// [`SCHEMA`].
    pub schema: u32,
    /// What was read out of the text.
    pub evidence: EvidenceReport,
    /// What it means, most likely first; never empty.
    pub findings: Vec<Finding>,
    /// Of a log: its errors, put together. What stands above is of the first of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub groups: Option<Vec<GroupReport>>,
}

/// Errors of a log with one cause, app and tenant.
#[derive(Debug, Serialize)]
pub struct GroupReport {
    /// The cause.
    pub cause: Cause,
    /// How sure.
    pub confidence: Confidence,
    /// Who mends it.
    pub owner: Owner,
    /// AADSTS codes.
    pub codes: Vec<u32>,
    /// The app that the errors name.
    pub app: Option<String>,
    /// The tenant that the errors name.
    pub tenant: Option<String>,
    /// How many there are.
    pub count: u64,
    /// The earliest time; without a zone where the log names none.
    pub first: Option<String>,
    /// The latest time.
    pub last: Option<String>,
    /// What it means, in one short sentence.
    pub title: String,
    /// One of them, cut.
    pub sample: String,
}

impl GroupReport {
    /// The report of a group; none where no finding was made of it.
    pub fn new(group: &Group) -> Option<GroupReport> {
        let top = group.findings.first()?;
        let named = |name| group.named(name).map(str::to_owned);
        Some(GroupReport {
            cause: top.cause,
            confidence: top.confidence,
            owner: top.owner,
            codes: group.codes.clone(),
            app: named("app"),
            tenant: named("tenant"),
            count: group.count,
            first: group.times.map(|(first, _)| first.to_string()),
            last: group.times.map(|(_, last)| last.to_string()),
            title: top.title.clone(),
            sample: group.sample(),
        })
    }
}

/// What was read out of a text.
#[derive(Debug, Serialize)]
pub struct EvidenceReport {
    /// AADSTS codes.
    pub codes: Vec<u32>,
    /// The OAuth `error`.
    pub oauth_error: Option<String>,
    /// HTTP status.
    pub http_status: Option<u16>,
    /// Entra's trace id.
    pub trace_id: Option<String>,
    /// Entra's correlation id.
    pub correlation_id: Option<String>,
    /// When Entra answered, in its own words.
    pub timestamp: Option<String>,
}

impl From<&Evidence> for EvidenceReport {
    fn from(evidence: &Evidence) -> EvidenceReport {
        EvidenceReport {
            codes: evidence.codes.clone(),
            oauth_error: evidence.oauth_error.clone(),
            http_status: evidence.http_status,
            trace_id: evidence.trace_id.clone(),
            correlation_id: evidence.correlation_id.clone(),
            timestamp: evidence.timestamp.clone(),
        }
    }
}

/// What `guides -o json` prints.
#[derive(Debug, Serialize)]
pub struct GuidesReport {
    /// [`SCHEMA`].
    pub schema: u32,
    /// Every guide; the one that was asked for with its steps.
    pub guides: Vec<GuideReport>,
}

/// A guide.
#[derive(Debug, Serialize)]
pub struct GuideReport {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// What it sets up.
    pub summary: String,
    /// Fields without which a profile is not complete.
    pub required: Vec<&'static str>,
    /// Fields that may be given.
    pub optional: Vec<&'static str>,
    /// The steps' ids in the list; everything about them where one guide was asked for.
    pub steps: Steps,
    /// The truth about each permission; null in the list.
    pub permissions: Option<Vec<Permission>>,
    /// What the product that is connected calls the values; null in the list.
    pub form: Option<FormReport>,
}

/// The form of the product that is connected, with its holes filled in.
#[derive(Debug, Serialize)]
pub struct FormReport {
    /// What it is called there.
    pub title: String,
    /// Its fields, in its order.
    pub fields: Vec<FormFieldReport>,
}

/// One field of such a form.
#[derive(Debug, Serialize)]
pub struct FormFieldReport {
    /// Its name there.
    pub name: String,
    /// What goes into it; empty where it is none of our values.
    pub value: String,
    /// What is to be known about it.
    pub about: String,
}

/// Steps, by name or in full.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Steps {
    /// Their ids.
    Ids(Vec<String>),
    /// Everything.
    Full(Vec<StepReport>),
}

/// A step of a guide, with its holes filled in.
#[derive(Debug, Serialize)]
pub struct StepReport {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// `entra-admin`, `d365-admin` or `operator`.
    pub actor: Actor,
    /// The role, in the portal's words.
    pub who: String,
    /// Where.
    #[serde(rename = "where")]
    pub place: String,
    /// The page on which it is done.
    pub url: Option<String>,
    /// What to do.
    pub actions: Vec<String>,
    /// What it collects.
    pub collects: Vec<&'static str>,
    /// What of the guide's own belongs to it: `permissions`, `form`.
    pub lists: Vec<Listing>,
    /// What to watch for.
    pub watch: Vec<String>,
    /// How to know that it is done.
    pub done: String,
}

impl GuideReport {
    /// A guide in the list.
    pub fn brief(guide: &Guide) -> GuideReport {
        GuideReport {
            id: guide.id.clone(),
            title: guide.title.clone(),
            summary: guide.summary.clone(),
            required: names(&guide.needs()),
            optional: names(&guide.optional),
            steps: Steps::Ids(guide.steps.iter().map(|step| step.id.clone()).collect()),
            permissions: None,
            form: None,
        }
    }

    /// A whole guide, filled in with these values.
    pub fn full(guide: &Guide, value: &dyn Fn(&str) -> Option<String>) -> GuideReport {
        let filled = |texts: &[String]| texts.iter().map(|text| fill_or_name(text, value)).collect();
        let steps = guide.steps.iter().map(|step| StepReport {
            id: step.id.clone(),
            title: step.title.clone(),
            actor: step.actor,
            who: step.who.clone(),
            place: fill_or_name(&step.place, value),
            url: step.url(value),
            actions: filled(&step.actions),
            collects: names(&step.collects),
            lists: step.lists.clone(),
            watch: filled(&step.watch),
            done: fill_or_name(&step.done, value),
        });
        GuideReport {
            steps: Steps::Full(steps.collect()),
            permissions: Some(guide.permissions.clone()),
            form: guide.form.as_ref().map(|form| FormReport {
                title: form.title.clone(),
                fields: form.fields.iter().map(|field| field_report(field, value)).collect(),
            }),
            ..GuideReport::brief(guide)
        }
    }
}

fn field_report(field: &TargetField, value: &dyn Fn(&str) -> Option<String>) -> FormFieldReport {
    let value = fill_or_name(&field.value, value);
    FormFieldReport { name: field.name.clone(), value, about: field.about.clone() }
}

fn names(fields: &[FieldId]) -> Vec<&'static str> {
    fields.iter().map(|field| field.name()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::check::{CheckEvent, CheckResult};
    use crate::core::evidence::Evidence;
    use crate::core::rules::{Judge, RuleBook};
    use crate::core::since::Traits;
    use std::time::Duration;

    /// The report of a test in which these checks came out so.
    fn report(checks: &[(CheckId, Status)]) -> ProfileReport {
        let book: RuleBook = toml::from_str(
            "rule = [{ cause = 'd365-not-registered', confidence = 'likely', when = { status = [401] } }]",
        )
        .unwrap();
        let judge = Judge { book: &book, guide: None, values: &|_| None };
        let mut run = CheckRun::default();
        for (check, status) in checks.iter().copied() {
            let (summary, details) = (String::new(), Details::new());
            let evidence = |http_status| vec![Evidence { check: Some(check), http_status, ..Evidence::default() }];
            let result = match status {
                Status::Skipped => CheckResult::Skipped { reason: String::new() },
                Status::Passed => CheckResult::Passed { summary, details },
                Status::Warning => CheckResult::Warning { summary, details, evidence: evidence(None) },
                Status::Unknown => CheckResult::Refused { summary, details, evidence: evidence(None) },
                Status::Failed => CheckResult::Refused { summary, details, evidence: evidence(Some(401)) },
            };
            run.apply(CheckEvent::Finished { check, at: Duration::ZERO, result }, &judge);
        }
        ProfileReport::new("contoso", "guide", Timestamp::UNIX_EPOCH, &run, &[])
    }

    #[test]
    fn a_lane_that_was_not_tested_to_its_end_is_not_called_all_right() {
        use CheckId::{Access, Authority, Claims, Environment, Expiry, Registration, Token};
        use Status::{Failed, Passed, Skipped};
        for (checks, entra, d365) in [
            (&[(Token, Passed), (Claims, Passed), (Access, Passed)][..], "passed", "passed"),
            (&[(Token, Passed), (Claims, Skipped), (Access, Passed)], "passed as far as it was tested", "passed"),
            (&[(Authority, Passed), (Token, Failed), (Claims, Skipped)], "failed", "skipped"),
            (
                &[(Token, Failed), (Environment, Passed), (Registration, Skipped), (Access, Skipped)],
                "failed",
                "passed as far as it was tested",
            ),
            // Without an end date the halves of the connection are all there.
            (&[(Token, Passed), (Access, Passed), (Expiry, Skipped)], "passed", "passed"),
            (&[(Token, Passed), (Access, Status::Unknown), (Registration, Skipped)], "passed", "unknown"),
        ] {
            let report = report(checks);
            let told = (report.lane_in_words(Lane::Entra), report.lane_in_words(Lane::D365));
            assert_eq!(told, (entra.to_owned(), d365.to_owned()), "{checks:?}");
        }
    }

    #[test]
    fn what_is_different_since_it_last_passed_stands_at_the_check_that_failed() {
        let mut report = report(&[
            (CheckId::Token, Status::Passed),
            (CheckId::Environment, Status::Passed),
            (CheckId::Registration, Status::Failed),
        ]);
        let none = Traits::default();
        let passed = "2026-11-20T09:00:00Z".parse().unwrap();
        report.tell_since(&Since { passed, differences: none.differences(&none) });
        let told: Vec<CheckId> = report
            .checks
            .iter()
            .filter(|line| line.details.contains_key("changed_since"))
            .map(|line| line.id)
            .collect();
        assert_eq!(told, [CheckId::Registration]);
        assert_eq!(report.checks[2].details["last_passed"], "2026-11-20T09:00:00Z");
    }

    #[test]
    fn a_guide_names_the_values_that_it_wants_and_takes() {
        let guide: Guide = toml::from_str(include_str!("../../assets/guides/fno-delegated.toml")).unwrap();
        let report = GuideReport::brief(&guide);
        assert_eq!(report.required, ["tenant_id", "client_id", "secret", "resource_url"]);
        assert!(report.optional.contains(&"credential.expires"), "{:?}", report.optional);
        let Steps::Full(steps) = GuideReport::full(&guide, &|_| None).steps else { unreachable!() };
        assert!(steps.iter().any(|step| step.collects == ["secret", "credential.expires"]));
    }
}
