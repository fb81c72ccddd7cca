//! `check`: the live test of one, several or all profiles.
//!
//! Runs what the screen runs, folds the same events, and prints the outcome.

use crate::assets;
use crate::cli::args::Output;
use crate::cli::failure::{Failure, Trouble, code, missing_hint};
use crate::cli::{Context, Done, Ended, formats, profile_name, shown};
use crate::core::check::{CheckEvent, CheckId, CheckRun, Lane, SignInPrompt, Status, reason_in_words};
use crate::core::guide::Guide;
use crate::core::names::ProfileName;
use crate::core::permissions;
use crate::core::profile::{Problem, Profile, ProfileDraft};
use crate::core::report::{CheckReport, ProfileReport, SCHEMA};
use crate::core::rules::{Finding, Judge};
use crate::core::secret::ClientSecret;
use crate::core::since::{Since, Traits};
use crate::core::template::with_profile;
use crate::net::Left;
use crate::store::profiles;
use crate::work::{self, Attendance, Opened, Session};
use jiff::Timestamp;
use std::io::IsTerminal;
use std::sync::Arc;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinSet;

/// How many profiles are tested at the same time.
const AT_ONCE: usize = 8;

/// Test profiles against Entra and D365.
#[derive(Debug, clap::Args)]
#[command(
    long_about = "Test profiles against Entra and D365.\n\n\
        Without a name the only profile is tested, in a rehearsal every one. Checks: inputs, authority, token, claims, environment, \
        registration, access, expiry. A check whose prerequisite failed is skipped, so only the cause fails.",
    after_help = "With --only the named checks are run, and what they wait for. \
        Just those named are listed and judged, with whatever kept one of them from running.\n\n\
        Examples:\n  \
        d365-connect check contoso-uat\n  \
        d365-connect check --all -o json\n  \
        d365-connect check contoso-uat --only token\n\n\
        Exit codes: 0 passed, warnings included; 1 a profile failed, or warned with --strict; \
        2 an unknown or incomplete profile (with --all the others are tested, and a failed one ends with 1); \
        3 none failed, but one could not be judged"
)]
pub struct Args {
    /// The profiles
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// Every profile, several at a time
    #[arg(long, conflicts_with = "names")]
    all: bool,
    /// Run this check and what it waits for; may be given several times, or with commas between them
    #[arg(long, value_name = "CHECK", value_delimiter = ',')]
    only: Vec<String>,
    /// A warning fails too
    #[arg(long)]
    strict: bool,
}

/// A profile that was tested.
pub struct Tested {
    /// The profile.
    pub profile: Profile,
    /// How it came out.
    pub report: ProfileReport,
    /// What is different since it last passed, where it failed.
    pub since: Option<Since>,
}

pub async fn run(args: &Args, context: &Context) -> Done {
    let only = only(&args.only)?;
    let session = context.session().await?;
    let (ready, left_out) = choose(args, &session).await?;
    context.printer.failure(&left_out);
    let tested = test(context, &session, ready, &only).await?;
    let any = |status| tested.iter().any(|one| one.report.verdict == status);
    let code = if any(Status::Failed) || (args.strict && any(Status::Warning)) {
        code::FAULT
    } else if left_out.code != code::OK {
        left_out.code
    } else if any(Status::Unknown) {
        code::HERE
    } else {
        code::OK
    };
    match context.global.output {
        Output::Human => tested.iter().for_each(|one| human(context, one)),
        Output::Json => {
            let profiles = tested.into_iter().map(|one| one.report).collect();
            context.printer.json(&CheckReport { schema: SCHEMA, profiles });
        }
        Output::Junit => context.printer.bytes(format!("{}\n", formats::junit(&tested)).as_bytes()),
        Output::Prometheus => {
            context.printer.bytes(format!("{}\n", formats::prometheus(&tested, work::today())).as_bytes());
        }
    }
    Ok(Ended::Exit(code))
}

fn only(given: &[String]) -> Result<Vec<CheckId>, Failure> {
    let check = |name: &String| {
        CheckId::parse(name).ok_or_else(|| {
            Failure::usage(
                "there is no check of that name",
                format!("the checks are {}", CheckId::ALL.map(CheckId::as_str).join(", ")),
            )
        })
    };
    given.iter().map(check).collect()
}

/// The profiles to test, and with `--all` those that cannot be.
async fn choose(args: &Args, session: &Session) -> Result<(Vec<(Profile, ProfileDraft)>, Failure), Failure> {
    let names: Vec<ProfileName> = if args.names.is_empty() {
        let all: Vec<ProfileName> = work::rows(session).await?.into_iter().map(|row| row.name).collect();
        match all.len() {
            0 => return Err(nothing_to_test(session)),
            2.. if !args.all && !session.is_rehearsal() => {
                return Err(Failure::usage("which profile?", "d365-connect check NAME, or d365-connect check --all"));
            }
            _ => all,
        }
    } else {
        let mut names = Vec::new();
        for text in &args.names {
            let name = profile_name(text)?;
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    };
    let mut ready = Vec::new();
    let mut left_out = Failure { code: code::OK, troubles: Vec::new() };
    for name in names {
        match work::open(session, &name).await {
            Ok(Opened { profile: Ok(profile), stored, .. }) => ready.push((profile, stored.draft)),
            Ok(Opened { profile: Err(problems), guide, .. }) => {
                left_out.code = code::USAGE;
                left_out.troubles.extend(incomplete(&name, problems, guide).troubles);
            }
            Err(error) => {
                let failure = Failure::from(error);
                // Of several reasons the one that the caller can mend at the command line wins.
                left_out.code = if left_out.code == code::USAGE { code::USAGE } else { failure.code };
                left_out.troubles.extend(failure.troubles);
            }
        }
    }
    // Profiles that were named are tested together or not at all.
    if !args.all && left_out.code != code::OK { Err(left_out) } else { Ok((ready, left_out)) }
}

/// What an incomplete profile lacks.
pub fn incomplete(name: &ProfileName, problems: Vec<Problem>, guide: &Guide) -> Failure {
    let troubles = problems.into_iter().map(|problem| Trouble {
        error: format!("profile '{name}' is not complete: {}: {}", problem.field, problem.text),
        cause: None,
        hint: Some(format!("d365-connect edit {name} {}", missing_hint(problem.field, guide))),
    });
    Failure { code: code::USAGE, troubles: troubles.collect() }
}

fn nothing_to_test(session: &Session) -> Failure {
    let hint = if session.sandbox.is_some() {
        "a home that is given (--home or D365_CONNECT_HOME) is used as it is; without one the sandbox brings ready profiles"
    } else {
        "d365-connect new sets one up; d365-connect check --sandbox rehearses"
    };
    Failure::usage("there is no profile to test", hint)
}

/// Tests all of them, some at a time, and keeps their order.
async fn test(
    context: &Context,
    session: &Arc<Session>,
    ready: Vec<(Profile, ProfileDraft)>,
    only: &[CheckId],
) -> Result<Vec<Tested>, Failure> {
    // Where the vault stays locked, what needs it cannot be judged; the others are tested all the same.
    context.unlock_if_possible(session, ready.iter().map(|(profile, _)| &profile.source)).await?;
    let wanted = if only.is_empty() { CheckId::ALL.to_vec() } else { only.to_vec() };
    let limit = Arc::new(Semaphore::new(AT_ONCE));
    let total = ready.len();
    let mut running = JoinSet::new();
    let attendance = attendance(context, session);
    let (asked, mut prompts) = mpsc::unbounded_channel();
    for (place, (profile, draft)) in ready.into_iter().enumerate() {
        let (session, limit, wanted, only) = (session.clone(), limit.clone(), wanted.clone(), only.to_vec());
        let (asked, attendance) = (asked.clone(), attendance.clone());
        running.spawn(async move {
            // The semaphore is never closed, so there is always a permit in the end.
            let _permit = limit.acquire_owned().await;
            let started = Timestamp::now();
            // The receiver lives as long as the tests run.
            let watch = |event: &CheckEvent| {
                if let CheckEvent::SignIn { prompt, .. } = event {
                    drop(asked.send((profile.name.clone(), prompt.clone())));
                }
            };
            let (run, _) = one(&session, &profile, &draft, None, &wanted, attendance, watch).await;
            let mut report = ProfileReport::new(profile.name.as_str(), &profile.guide, started, &run, &only);
            tracing::info!(profile = %profile.name, verdict = %report.verdict, ms = report.duration_ms, "tested");
            let since = if only.is_empty() { note(&session, &profile.name, &run).await } else { None };
            if let Some(since) = &since {
                report.tell_since(since);
            }
            (place, Tested { profile, report, since })
        });
    }
    let mut tested = Vec::new();
    context.printer.progress(&format!("testing, 0 of {total} done"));
    loop {
        let ended = tokio::select! {
            Some((name, prompt)) = prompts.recv() => {
                context.printer.progress("");
                ask_to_sign_in(context, &name, &prompt);
                continue;
            }
            ended = running.join_next() => ended,
        };
        let Some(ended) = ended else { break };
        let broken = |error| Failure::here(format!("a test broke off: {error}"), "please report this as a fault");
        tested.push(ended.map_err(broken)?);
        context.printer.progress(&format!("testing, {} of {total} done", tested.len()));
    }
    context.printer.progress("");
    tested.sort_by_key(|(place, _)| *place);
    Ok(tested.into_iter().map(|(_, one)| one).collect())
}

/// Who signs in: in a rehearsal the simulated user does. What to do is told on standard error: where that is no terminal,
/// nobody reads it.
pub fn attendance(context: &Context, session: &Session) -> Attendance {
    match context.global.no_input || session.sandbox.is_some() || !std::io::stderr().is_terminal() {
        true => Attendance::Nobody,
        // Nobody types while the test runs.
        false => Attendance::Person(watch::channel(String::new()).1),
    }
}

/// Notes how a whole test came out; of one that failed comes back what is different since it last passed.
pub async fn note(session: &Session, name: &ProfileName, run: &CheckRun) -> Option<Since> {
    let cause = run.findings.first().map(|finding| finding.cause);
    work::note_verdict(session, name, run.verdict(), cause, Traits::of_run(run)).await
}

/// Tests one profile and folds what it tells, with a secret that was typed and is not kept yet; `watch` sees each event first.
pub async fn one(
    session: &Session,
    profile: &Profile,
    draft: &ProfileDraft,
    secret: Option<Arc<ClientSecret>>,
    wanted: &[CheckId],
    attendance: Attendance,
    mut watch: impl FnMut(&CheckEvent),
) -> (CheckRun, Left) {
    let (sender, mut events) = mpsc::channel(16);
    // Only what is saved can be named in a command.
    let is_saved = secret.is_none() && profiles::is_there(&session.home, &profile.name);
    let folding = async {
        let values = with_profile(is_saved.then(|| profile.name.to_string()), work::judge_values(draft));
        let mut run = CheckRun::default();
        while let Some(event) = events.recv().await {
            watch(&event);
            if let CheckEvent::Finished { check, at, .. } = &event {
                tracing::debug!(profile = %profile.name, %check, ms = at.as_millis(), "check ended");
            }
            run.apply(event, &Judge { book: assets::rules(), guide: assets::guide(&profile.guide), values: &values });
        }
        run
    };
    let (told, run) = tokio::join!(work::check(session, profile, secret, wanted, attendance, sender), folding);
    let left = told.unwrap_or_else(|error| {
        // Its guide is known, or it would not have been opened.
        tracing::error!(%error, "not tested");
        Left::default()
    });
    (run, left)
}

/// Watches a test, and asks whoever is there to sign in.
pub fn asking<'a>(context: &'a Context, name: &'a ProfileName) -> impl FnMut(&CheckEvent) + 'a {
    move |event| {
        if let CheckEvent::SignIn { prompt, .. } = event {
            ask_to_sign_in(context, name, prompt);
        }
    }
}

/// Tells a person what to do, on standard error: the data goes elsewhere.
fn ask_to_sign_in(context: &Context, name: &ProfileName, prompt: &SignInPrompt) {
    let printer = &context.printer;
    let seconds = prompt.lasts().as_secs();
    match prompt {
        SignInPrompt::Browser { url, .. } => {
            printer.say(&format!(
                "{name}: to test as its user, open this page in a browser on this machine and sign in ({seconds} s):"
            ));
            // Whole, however long: cut it opens nothing. It is made here, of checked values.
            printer.say(&format!("  {url}"));
        }
        SignInPrompt::DeviceCode { url, code, .. } => {
            printer.say(&format!(
                "{name}: to test as its user, open this page in any browser, type the code, and sign in ({seconds} s):"
            ));
            printer.say(&format!("  {}   code: {}", shown(url), shown(code)));
        }
    }
    printer.say("  The token is used for this test alone and then dropped. Ctrl-C stops.");
    printer.say(
        "  If the page shows an error and nothing happens here: Ctrl-C, then d365-connect diagnose explains its text.",
    );
}

/// One profile for people: the two lanes, what was found, who mends it and where.
pub fn human(context: &Context, tested: &Tested) {
    let (printer, report) = (&context.printer, &tested.report);
    let seconds = report.duration_ms as f64 / 1000.0;
    printer.out(&format!("{}  {}  {seconds:.1} s", printer.bold(&report.profile), printer.status(report.verdict)));
    for (title, lane) in [("Profile", None), ("Entra", Some(Lane::Entra)), ("D365", Some(Lane::D365))] {
        let lines: Vec<_> = report.checks.iter().filter(|line| line.id.lane() == lane).collect();
        if lines.is_empty() {
            continue;
        }
        let verdict = lane.map(|lane| format!(": {}", report.lane_in_words(lane))).unwrap_or_default();
        printer.out(&format!("  {title}{verdict}"));
        for line in lines {
            let head = format!("    {}  {}", printer.status(line.status), line.id.title());
            printer.out(&format!(
                "{head}{}",
                if line.summary.is_empty() { String::new() } else { format!(": {}", reason_in_words(&line.summary)) }
            ));
            for permission in permissions::Line::of(&line.details).into_iter().filter(permissions::Line::is_told) {
                printer.out(&printer.wrap(&shown(&permission.text()), "      permission: ", 18));
            }
            for note in line.details.get("notes").and_then(|notes| notes.as_array()).into_iter().flatten() {
                if let Some(note) = note.as_str() {
                    printer.out(&printer.wrap(note, "      note: ", 12));
                }
            }
        }
    }
    for one in &report.findings {
        finding(context, one);
    }
    for (at, line) in tested.since.iter().flat_map(Since::lines).enumerate() {
        if at == 0 {
            printer.out("");
        }
        printer.out(&printer.wrap(&shown(&line), if at == 0 { "  " } else { "    " }, 4));
    }
    printer.out("");
}

/// A finding for people.
pub fn finding(context: &Context, finding: &Finding) {
    let printer = &context.printer;
    printer.out("");
    printer.out(&printer.bold(&printer.wrap(&finding.title, "  ", 2)));
    printer.out(&format!("  {}, {} ({})", finding.confidence.as_str(), finding.for_whom(), finding.cause.as_str()));
    if !finding.explanation.is_empty() {
        printer.out(&printer.wrap(&finding.explanation, "  ", 2));
    }
    let fix = &finding.fix;
    if !fix.text.is_empty() {
        printer.out(&printer.wrap(&fix.text, "  mend:  ", 9));
    }
    let guide = fix.guide.as_deref().map(|guide| format!(" (d365-connect guides {guide})")).unwrap_or_default();
    printer.out(&format!("  step:  {}{guide}", fix.step));
    if let Some(url) = &fix.url {
        printer.out(&format!("  link:  {url}"));
    }
}
