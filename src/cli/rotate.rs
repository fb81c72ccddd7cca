//! `rotate`: a new credential for a profile, tested while the old one still stands, then switched to.
//!
//! Adds and removes nothing in Entra; it says what is to be done there, and in which order.

use crate::app::screens::checks::Again;
use crate::assets;
use crate::cli::failure::{Failure, code};
use crate::cli::input::{CredentialArgs, CredentialRequest};
use crate::cli::{Context, Done, check, guides, input, new, profile_name, shown};
use crate::core::check::{CheckId, CheckRun, Status};
use crate::core::credential::Credential;
use crate::core::expiry;
use crate::core::guide::Guide;
use crate::core::names::ProfileName;
use crate::core::profile::{CredentialSource, Profile, ProfileDraft, SecretSource, SourceRequest};
use crate::core::question::FieldId;
use crate::core::report::{ExportLine, GuideReport, ProfileReport, RotateReport, SCHEMA, Steps, rfc3339};
use crate::core::rules::{Cause, Wait};
use crate::core::secret::ClientSecret;
use crate::sandbox::Offer;
use crate::store::history::{self, Exported};
use crate::work::{self, Opened, SaveRequest, SecretChoice, Session};
use jiff::Timestamp;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The step of every guide in which a credential is made.
const STEP: &str = "client-secret";

/// Give a profile a new credential.
#[derive(Debug, clap::Args)]
#[command(
    long_about = "Give a profile a new credential: tested first, then switched to; the old one is kept until then.\n\n\
        Make the new secret in Entra beside the old one and leave that in place. The new one is tested against Entra \
        and D365; where Entra may not know it yet, the test is tried again for two minutes. If it is refused, nothing is \
        changed. When it is switched to, the places that got the old one by 'export' are listed: give them the new one \
        before you remove the old one in Entra. In a rehearsal the sandbox's administrator makes the new secret.",
    after_help = "Examples:\n  \
        d365-connect rotate contoso-uat\n  \
        d365-connect rotate contoso-uat --secret env:NEW --expires 2027-05-20\n  \
        d365-connect rotate contoso-uat --secret certificate:new.pem\n  \
        d365-connect rotate --sandbox fno-client-credentials\n\n\
        Exit codes: 0 switched; 1 the new one was refused; 2 wrong use, or an unknown or incomplete profile; \
        3 it could not be tested or kept. But for 0 nothing was changed"
)]
pub struct Args {
    /// The profile
    name: String,
    #[command(flatten)]
    pub credential: CredentialArgs,
    /// When the new secret ends, or none; a certificate tells its own end
    #[arg(long, value_name = "DATE")]
    expires: Option<String>,
    /// Do not try again where Entra may not know it yet
    #[arg(long)]
    no_wait: bool,
}

pub async fn run(args: &Args, context: &Context) -> Done {
    if args.expires.as_deref().is_some_and(|end| !is_end(end)) {
        return Err(Failure::usage("the end date is no date", "--expires 2027-05-20"));
    }
    let session = context.session().await?;
    let opened = work::open(&session, &profile_name(&args.name)?).await?;
    let (name, guide, before) = (&opened.stored.name, opened.guide, &opened.stored.draft);
    if let Err(problems) = &opened.profile
        && problems.iter().any(|problem| !matches!(problem.field, FieldId::Secret | FieldId::Expires))
    {
        return Err(check::incomplete(name, problems.clone(), guide));
    }
    context.unlock_for(&session, &before.source).await?;
    let (choice, end) = new_credential(args, context, &session, &opened).await?;
    refuse_the_same(&session, before, &choice).await?;

    // The file of a new certificate is there also when it is refused.
    let made = match &choice {
        SecretChoice::Source(CredentialSource::Certificate(new)) => Some(new.path.clone()),
        _ => None,
    };
    let mut draft = before.clone();
    draft.foreign_credential = None;
    draft.source = Some(new::pending(&choice));
    draft.set(FieldId::Expires, &end);
    let mut problems = draft.check(name, guide, assets::clouds()).err().unwrap_or_default();
    problems.extend(input::mixed_up(&choice, &draft));
    let profile = match draft.check(name, guide, assets::clouds()) {
        Ok(profile) if problems.is_empty() => profile,
        _ => return Err(Failure::problems(&problems, guide)),
    };

    let started = Timestamp::now();
    let run = tried(args, context, &session, &profile, &draft, choice.typed()).await;
    let report = ProfileReport::new(name.as_str(), &profile.guide, started, &run, &[]);
    let tested = check::Tested { profile, report, since: None };
    if !context.is_json() {
        check::human(context, &tested);
    }
    let switched = accepts(&run);
    let mut result = RotateReport { schema: SCHEMA, switched, expires: None, exports: Vec::new(), test: tested.report };
    if switched {
        let was = Some((name.clone(), before.clone()));
        let saved = work::save(&session, SaveRequest { name: name.clone(), was, draft, secret: choice }).await?;
        check::note(&session, name, &run).await;
        context.told(&session, &saved);
        if saved.draft.given(FieldId::Expires).is_none() {
            context.printer.note("the end date of the new credential is not recorded");
            context.printer.hint(&format!("d365-connect edit {name} --set credential.expires=2027-05-20"));
        }
        result.expires = saved.draft.given(FieldId::Expires).map(str::to_owned);
        let all = history::exports(&session.home, name);
        result.exports = all.into_iter().filter(|export| export.with_secret).map(line).collect();
    }
    let code = match run.verdict() {
        _ if switched => code::OK,
        Status::Failed => code::FAULT,
        _ => code::HERE,
    };
    if context.is_json() {
        context.printer.json(&result);
    } else if switched {
        what_is_left(context, name, guide, before, &result);
    } else {
        context.printer.say(&format!("nothing was changed: {name} keeps the credential that it has"));
        if let Some(made) = made {
            context.printer.hint(&format!(
                "when {made} is uploaded: d365-connect rotate {name} --secret 'certificate:{made}'",
                made = shown(&made)
            ));
        }
    }
    Ok(super::Ended::Exit(code))
}

fn line(export: Exported) -> ExportLine {
    ExportLine { format: export.format, path: export.path, when: rfc3339(export.when) }
}

/// Gets the new credential, and its end where that is known: from the flags, from the simulated administrator, or by asking.
async fn new_credential(
    args: &Args,
    context: &Context,
    session: &Session,
    opened: &Opened,
) -> Result<(SecretChoice, String), Failure> {
    let (name, guide, before) = (&opened.stored.name, opened.guide, &opened.stored.draft);
    let mut end = args.expires.clone().unwrap_or_default();
    if args.credential.makes() && !context.is_interactive() && session.sandbox.is_none() {
        return Err(Failure::usage(
            "a certificate that is made now has to be uploaded before it can be tested",
            "run this in a terminal, or upload one and use --secret certificate:PATH",
        ));
    }
    let is_certificate = matches!(before.source, Some(CredentialSource::Certificate(_)));
    let asks = is_certificate && session.sandbox.is_none() && context.is_interactive();
    let choice = if !args.credential.is_empty() || asks {
        let request = if args.credential.is_empty() {
            beside_the_old_one(context, "certificate");
            ask_certificate(context).await?
        } else {
            args.credential.request()?
        };
        // What the profile has now is not asked for, so that nothing is moved where something new is wanted.
        let choice = request.choice(context, session, None).await?;
        let choice = choice.ok_or_else(|| missing(name, is_certificate))?;
        request.make(context, session, name).await?;
        if request.makes() && session.sandbox.is_none() {
            context.printer.say("Enter when it is uploaded:");
            input::line().await?;
        }
        choice
    } else if let Some(sandbox) = &session.sandbox {
        let (said, offers) = sandbox.carry_out(guide, STEP);
        context.printer.say(&said);
        match offers.into_iter().next() {
            Some(Offer::Secret(value, ends)) => {
                if end.is_empty() {
                    end = ends.to_string();
                }
                SecretChoice::Value(value)
            }
            Some(Offer::Certificate(pem)) => {
                let path = work::take_certificate(session, pem).await?;
                SecretChoice::Source(CredentialSource::certificate(&path))
            }
            Some(Offer::Value(..)) | None => return Err(missing(name, is_certificate)),
        }
    } else if !context.is_interactive() {
        return Err(missing(name, is_certificate));
    } else {
        tell_step(context, guide, before);
        // It goes to where the old one is.
        let in_vault =
            matches!(before.source.as_ref().and_then(CredentialSource::secret), Some(SecretSource::Vault { .. }));
        let place = if in_vault { SourceRequest::Vault } else { SourceRequest::Prompt };
        input::secret(context, session, place).await?
    };
    if end.is_empty() && matches!(choice, SecretChoice::Value(_) | SecretChoice::InVault(_)) && context.is_interactive()
    {
        // A slip does not cost the secret that was just typed.
        loop {
            context.printer.say("Its end date, as 2027-05-20 (Enter: not recorded):");
            end = input::line().await?.trim().to_owned();
            if end.is_empty() || is_end(&end) {
                break;
            }
            context.printer.note("a date is written year-month-day");
        }
    }
    input::tell_notes(context, &[(FieldId::Expires, end.clone())], before, guide);
    Ok((choice, end))
}

/// Whether that says when a credential ends, or that this is not to be recorded.
fn is_end(text: &str) -> bool {
    text.eq_ignore_ascii_case("none") || expiry::parse_date(text).is_some()
}

fn missing(name: &ProfileName, is_certificate: bool) -> Failure {
    let hint = if is_certificate {
        "this profile signs in with a certificate: --secret certificate:PATH, or --make-certificate PATH in a terminal"
    } else {
        "--secret SOURCE: stdin, env:VAR, file:PATH, 'command:WORDS' or certificate:PATH"
    };
    Failure::usage(format!("where the new credential of '{name}' comes from is missing"), hint)
}

/// Where a new certificate comes from: it is made now, or there already.
async fn ask_certificate(context: &Context) -> Result<CredentialRequest, Failure> {
    context.printer.say("In which file is a new key with its certificate to be made? (Enter: one is there already):");
    let path = input::line().await?;
    if !path.trim().is_empty() {
        return Ok(CredentialRequest::making(path.trim()));
    }
    context.printer.say("The file of the new certificate, PEM with its key or PFX:");
    CredentialRequest::certificate(input::line().await?.trim())
}

/// The step in which the new secret is made, and what is different in it now.
fn tell_step(context: &Context, guide: &Guide, draft: &ProfileDraft) {
    let report = GuideReport::full(guide, &work::judge_values(draft));
    if let Steps::Full(steps) = &report.steps
        && let Some(at) = guide.position(STEP)
    {
        guides::step(context, Some(guide), at + 1, &steps[at]);
    }
    beside_the_old_one(context, "secret");
}

fn beside_the_old_one(context: &Context, kind: &str) {
    context.printer.say(&format!(
        "Add the new {kind} beside the old one, and leave the old one until everything uses the new one."
    ));
}

/// A credential that the profile has already is no new one, wherever it comes from. What cannot be read is not compared.
async fn refuse_the_same(session: &Session, before: &ProfileDraft, choice: &SecretChoice) -> Result<(), Failure> {
    let Some(old) = &before.source else { return Ok(()) };
    let new = match choice {
        SecretChoice::Keep => return Ok(()),
        SecretChoice::Source(new) if new == old => None,
        SecretChoice::Source(new) => Some(work::credential(session, new, None).await),
        SecretChoice::Value(value) | SecretChoice::InVault(value) => Some(Ok(Credential::Secret(Arc::clone(value)))),
        SecretChoice::Certificate { path, password, .. } => {
            let bare = CredentialSource::certificate(path);
            Some(work::credential(session, &bare, Some(Arc::clone(password))).await)
        }
    };
    let is_same = match new {
        None => true,
        Some(new) => match (new, work::credential(session, old, None).await) {
            (Ok(Credential::Secret(new)), Ok(Credential::Secret(old))) => new.is_same(&old),
            (Ok(Credential::Certificate(new)), Ok(Credential::Certificate(old))) => new.public() == old.public(),
            _ => false,
        },
    };
    if is_same {
        Err(Failure::usage(
            "the new credential is the one that the profile has already: nothing was changed",
            "make a new one in Entra; 'd365-connect check' tests the one that is there",
        ))
    } else {
        Ok(())
    }
}

/// The test of the new credential, tried again while Entra may not know it yet.
async fn tried(
    args: &Args,
    context: &Context,
    session: &Session,
    profile: &Profile,
    draft: &ProfileDraft,
    typed: Option<Arc<ClientSecret>>,
) -> CheckRun {
    let mut again = Again::default();
    loop {
        context.printer.progress("testing the new credential");
        let began = Instant::now();
        let attendance = check::attendance(context, session);
        let watch = check::asking(context, &profile.name);
        let (run, _) = check::one(session, profile, draft, typed.clone(), &CheckId::ALL, attendance, watch).await;
        context.printer.progress("");
        let Some(next) = again.after(began.elapsed()).filter(|_| !args.no_wait) else { return run };
        let Some(wait) = not_yet(&run, profile) else { return run };
        if again == Again::default() {
            context.printer.note(&format!("{} It is tried again for up to two minutes; Ctrl-C stops.", wait.text));
        }
        for second in (1..=next.pause).rev() {
            context.printer.progress(&format!("not accepted yet; tried again in {second} s"));
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        again = Again { left: next.left - next.pause, ..next };
    }
}

/// What is known about waiting, where a new credential is refused in a way that may pass. A user would have to sign in
/// for each try.
fn not_yet(run: &CheckRun, profile: &Profile) -> Option<&'static Wait> {
    let finding = run.findings.first().filter(|_| !profile.sign_in.is_user())?;
    assets::rules().wait(finding).filter(|wait| wait.steps.iter().any(|step| step == STEP))
}

/// Whether the credential is good, whatever else is wrong: Entra gave a token for it, and the resource does not ask for a
/// stronger one.
fn accepts(run: &CheckRun) -> bool {
    run.done(CheckId::Token).is_some_and(|done| done.status == Status::Passed)
        && !run.findings.iter().any(|finding| finding.cause == Cause::CredentialTooWeak)
}

/// What is still to be done by hand.
fn what_is_left(context: &Context, name: &ProfileName, guide: &Guide, before: &ProfileDraft, result: &RotateReport) {
    let printer = &context.printer;
    if result.test.verdict > Status::Warning {
        printer.note("the new credential is accepted; what failed beside it is not its fault");
    }
    if !result.exports.is_empty() {
        printer.out("The old secret was handed over to these places. Give them the new one:");
        for export in &result.exports {
            let to = export.path.as_deref().map_or("standard output".to_owned(), shown);
            printer.out(&format!("  {} to {to}, {}", export.format, export.when));
            let out =
                export.path.as_deref().map(|path| format!(" --force --out '{}'", shown(path))).unwrap_or_default();
            printer.out(&format!("    d365-connect export {name} --to {} --include-secret{out}", export.format));
        }
    }
    printer.out("When everything that uses the app has the new credential, remove the old one in Entra.");
    let values = work::judge_values(before);
    if let Some(url) = guide.step(STEP).and_then(|step| step.url(&values)) {
        printer.out(&format!("  {url}"));
    }
}
