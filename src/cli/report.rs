//! `report`: tests a profile and writes what came out as one Markdown file, fit for a ticket.
//!
//! Runs what `check` runs. What may be told is decided by `core::ticket`.

use crate::assets;
use crate::cli::failure::Failure;
use crate::cli::{Context, Done, OK, check, profile_name, shown};
use crate::core::check::{CheckEvent, CheckId};
use crate::core::expiry;
use crate::core::profile::ProfileDraft;
use crate::core::question::FieldId;
use crate::core::report::ProfileReport;
use crate::core::resource::ResourceUrl;
use crate::core::ticket::{Answer, Ticket};
use crate::work;
use std::path::PathBuf;

/// Test a profile and write a report for a ticket.
#[derive(Debug, clap::Args)]
#[command(
    long_about = "Test a profile and write a report for a ticket, as Markdown.\n\n\
        It holds the checks with their times, the findings, Microsoft's trace and correlation ids, and the versions of \
        this program and platform. Ids and hosts are shortened. The secret and the token are never in it: it is \
        searched for them before it is written.",
    after_help = "Examples:\n  \
        d365-connect report contoso-uat --out report.md\n  \
        d365-connect report contoso-uat --full-ids | less\n\n\
        Exit codes: 0 the report was written, whatever it says; 2 an unknown or incomplete profile, or the file is there \
        already; 3 it could not be written"
)]
pub struct Args {
    /// The profile
    name: String,
    /// Write it to this file, readable by you alone, instead of standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Replace the file if it is there
    #[arg(long, requires = "out")]
    force: bool,
    /// Write ids and hosts whole
    #[arg(long)]
    full_ids: bool,
}

pub async fn run(args: &Args, context: &Context) -> Done {
    if let Some(path) = args.out.as_ref().filter(|path| !args.force && path.symlink_metadata().is_ok()) {
        let path = shown(&path.display().to_string());
        return Err(Failure::usage(
            format!("{path} is there already"),
            "name another file, or replace it with --force",
        ));
    }
    let session = context.session().await?;
    let opened = work::open(&session, &profile_name(&args.name)?).await?;
    let draft = opened.stored.draft;
    let profile = opened.profile.map_err(|problems| check::incomplete(&opened.stored.name, problems, opened.guide))?;
    context.unlock_for(&session, &draft.source).await?;

    let started = jiff::Timestamp::now();
    let mut answers = Vec::new();
    context.printer.progress("testing");
    let mut ask = check::asking(context, &profile.name);
    let watch = |event: &CheckEvent| {
        ask(event);
        if let CheckEvent::Finished { check, result, .. } = event {
            answers.extend(Answer::of(*check, result));
        }
    };
    let attendance = check::attendance(context, &session);
    let (run, left) = check::one(&session, &profile, &draft, None, &CheckId::ALL, attendance, watch).await;
    context.printer.progress("");
    let _ = check::note(&session, &profile.name, &run).await;

    let report = ProfileReport::new(profile.name.as_str(), &profile.guide, started, &run, &[]);
    let ticket = Ticket {
        program: concat!("d365-connect ", env!("CARGO_PKG_VERSION")),
        platform: &format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        guide: assets::guide(&profile.guide).map_or("", |guide| &guide.title),
        is_simulated: session.sandbox.is_some(),
        values: values(&draft),
        hosts: hosts(&draft),
        report: &report,
        answers,
        full_ids: args.full_ids,
    };
    let text = ticket.markdown();
    // Nothing of them should be in it. This is the last look.
    if left.known.finds(&text) {
        return Err(Failure::here(
            "the report was not written: the secret or the token would be in it",
            "is the secret also the value of another field, or a part of one?",
        ));
    }
    match &args.out {
        None => context.printer.document(&text),
        Some(path) => {
            work::write_out(&session, path, text.as_bytes(), args.force).await.map_err(Failure::not_written)?;
            context.printer.say(&format!("wrote {}", shown(&path.display().to_string())));
        }
    }
    OK
}

/// What is told of the profile.
fn values(draft: &ProfileDraft) -> Vec<(&'static str, String)> {
    let given = |field| draft.given(field).map(str::to_owned);
    let end =
        expiry::parse_date(draft.value(FieldId::Expires)).map(|end| match expiry::days_left(end, work::today()) {
            left @ 1.. => format!("{} left, until {end}", expiry::days(left)),
            _ => format!("its recorded end date was {end}"),
        });
    [
        ("Cloud", Some(draft.cloud().to_string())),
        ("Tenant", given(FieldId::TenantId)),
        ("App", given(FieldId::ClientId)),
        ("Environment", given(FieldId::ResourceUrl).map(|url| url.trim_start_matches("https://").to_owned())),
        ("Credential", end),
    ]
    .into_iter()
    .filter_map(|(name, value)| value.map(|value| (name, value)))
    .collect()
}

/// Names that tell whose environment it is.
fn hosts(draft: &ProfileDraft) -> Vec<String> {
    let host = ResourceUrl::parse(draft.value(FieldId::ResourceUrl)).ok().map(|(url, _)| url.host().to_owned());
    let tenant = Some(draft.value(FieldId::TenantId)).filter(|tenant| tenant.contains('.')).map(str::to_owned);
    host.into_iter().chain(tenant).collect()
}
