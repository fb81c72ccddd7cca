//! `remind`: the end dates of credentials as a calendar file.
//!
//! Reads no secret and opens no connection; how such a file is written is the business of `core::calendar`.

use crate::cli::failure::Failure;
use crate::cli::{Context, Done, OK, profile_name, shown};
use crate::core::calendar::{self, Event};
use crate::core::names::{ClientId, ProfileName, TenantId};
use crate::core::secret::looks_like_secret;
use crate::store::StoreError;
use crate::work::{self, Row, WorkError};
use jiff::Timestamp;
use jiff::civil::Date;
use std::path::PathBuf;

/// Write the end dates of credentials as a calendar file.
#[derive(Debug, clap::Args)]
#[command(
    long_about = "Write the end dates of credentials as a calendar file (iCalendar, .ics) that Outlook and other calendars \
        read: one whole day a profile, with alarms before it. There is never a secret in it.\n\n\
        A profile has the same event each time: when its credential was renewed, write the file again and open it, and \
        the event moves to the new day.",
    after_help = "Examples:\n  \
        d365-connect remind contoso-uat --out contoso-uat.ics\n  \
        d365-connect remind --all --days 60,14 --out ends.ics\n\n\
        Exit codes: 0, 2 there is no such profile, none has an end date, or a file already, 3 the file could not be written"
)]
pub struct Args {
    /// The profiles
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// Every profile
    #[arg(long, conflicts_with = "names")]
    all: bool,
    /// Days before the end on which the calendar reminds
    #[arg(long, value_name = "DAYS", value_delimiter = ',', default_value = "30,7,1", value_parser = clap::value_parser!(u16).range(0..=3650))]
    days: Vec<u16>,
    /// Write to this file instead of standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Write over a file that is there
    #[arg(long, requires = "out")]
    force: bool,
}

pub async fn run(args: &Args, context: &Context) -> Done {
    if args.names.is_empty() && !args.all {
        return Err(Failure::usage("which profile?", "d365-connect remind NAME, or d365-connect remind --all"));
    }
    let session = context.session().await?;
    let mut rows = work::rows(&session).await?;
    if !args.all {
        let names = args.names.iter().map(|name| profile_name(name)).collect::<Result<Vec<ProfileName>, Failure>>()?;
        if let Some(missing) = names.iter().find(|name| rows.iter().all(|row| row.name != **name)) {
            return Err(WorkError::from(StoreError::NotFound { name: missing.to_string() }).into());
        }
        rows.retain(|row| names.contains(&row.name));
    }
    let mut events = Vec::new();
    for row in &rows {
        match row.credential.expires {
            Some(end) => events.push(event(row, end)),
            None => context.printer.note(&format!("{}: no end date is recorded, so it is left out", row.name)),
        }
    }
    if events.is_empty() {
        return Err(Failure::usage(
            "there is no end date to remind of",
            "d365-connect edit NAME --set credential.expires=2027-05-20",
        ));
    }
    let mut days = args.days.clone();
    days.sort_unstable_by(|one, other| other.cmp(one));
    days.dedup();
    let text = calendar::calendar(&events, &days, Timestamp::now());
    match &args.out {
        Some(path) => {
            work::write_out(&session, path, text.as_bytes(), args.force).await.map_err(Failure::not_written)?;
            context.printer.say(&format!("written to {}", shown(&path.display().to_string())));
        }
        None => context.printer.bytes(text.as_bytes()),
    }
    OK
}

/// The end of a profile's credential. What stands in a wrong field may be a secret, and does not go along.
fn event(row: &Row, end: Date) -> Event {
    let name = &row.name;
    let kind = if row.credential.kind == Some("certificate") { "certificate" } else { "client secret" };
    let app = row.client_id.as_ref().and_then(|id| id.parse::<ClientId>().ok());
    let tenant = row.tenant_id.as_ref().and_then(|id| id.parse::<TenantId>().ok());
    let target = Some(&row.target).filter(|target| !target.is_empty() && !looks_like_secret(target));
    let mut lines = vec![format!("From this day on the connection '{name}' does not work any more.")];
    lines.push(format!("Renew it before: make a new {kind} beside the old one, then d365-connect rotate {name}"));
    lines.push(String::new());
    lines.push(format!("Guide: {}", shown(&row.guide_short)));
    lines.extend(target.map(|target| format!("Target: {}", shown(target))));
    lines.extend(app.map(|id| format!("Application (client) ID: {id}")));
    lines.extend(tenant.map(|id| format!("Directory (tenant) ID: {id}")));
    let app = app.map(|id| format!("{id}.")).unwrap_or_default();
    Event {
        uid: format!("{app}{}.expires@d365-connect", name.as_str().to_ascii_lowercase()),
        day: end,
        summary: format!("The {kind} of '{name}' ends"),
        description: lines.join("\n"),
    }
}
