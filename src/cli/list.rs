//! `list`: every profile on a line.
//!
//! Reads no secret and opens no connection.

use crate::cli::{Context, Done, OK, shown};
use crate::core::expiry;
use crate::core::filter::Filter;
use crate::core::report::{CredentialLine, LastLine, ListReport, ProfileLine, SCHEMA, rfc3339};
use crate::core::rules::Cause;
use crate::work::{self, Row};
use clap::ValueEnum;

/// List the profiles.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  d365-connect list\n  d365-connect list --sort expires\n  \
    d365-connect list --filter 'contoso uat' -o json\n\n\
    A damaged file is listed with its problem. Behind the days that are left, '!' stands where the end is near \
    (warning_days in settings.toml, 30 where nothing is said).\n\n\
    Exit codes: 0, or 3 when the folder cannot be read")]
pub struct Args {
    /// Only profiles that have these words in their name, target, guide or tenant
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    filter: String,
    /// The order
    #[arg(long, value_name = "ORDER", default_value = "name")]
    sort: Sort,
}

/// In which order profiles are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Sort {
    /// By name
    Name,
    /// The soonest end first; those without an end date last
    Expires,
}

pub async fn run(args: &Args, context: &Context) -> Done {
    let session = context.session().await?;
    let mut rows = work::rows(&session).await?;
    let filter = Filter::of(&args.filter);
    let is_empty = rows.is_empty();
    rows.retain(|row| fits(row, &filter));
    if args.sort == Sort::Expires {
        let end = |row: &Row| row.credential.expires;
        rows.sort_by_key(|row| (end(row).is_none(), end(row)));
    }
    if context.is_json() {
        let profiles = rows.iter().map(line).collect();
        context.printer.json(&ListReport { schema: SCHEMA, profiles });
        return OK;
    }
    if rows.is_empty() && !is_empty {
        context.printer.say("no profile fits the filter");
        return OK;
    }
    if rows.is_empty() {
        context.printer.say("there is no profile yet; d365-connect new sets one up");
        return OK;
    }
    let mut table = vec![["NAME", "GUIDE", "TARGET", "SECRET", "LAST TEST"].map(str::to_owned).to_vec()];
    let near = session.settings().warning_days;
    table.extend(rows.iter().map(|row| {
        let mark = if row.credential.days_left.is_some_and(|days| (1..=near).contains(&days)) { " !" } else { "" };
        let secret = format!("{}{mark}", secret(row));
        vec![row.name.to_string(), shown(&row.guide_short), shown(&row.target), secret, last(row)]
    }));
    context.printer.out(&context.printer.table(&table));
    for row in &rows {
        if let Some(problem) = &row.problem {
            context.printer.note(&format!("{}: {problem}", row.name));
        }
    }
    OK
}

/// A row as JSON tells it.
pub fn line(row: &Row) -> ProfileLine {
    ProfileLine {
        name: row.name.to_string(),
        guide: row.guide.clone(),
        cloud: row.cloud.clone(),
        tenant_id: row.tenant_id.clone(),
        client_id: row.client_id.clone(),
        resource_url: row.resource_url.clone(),
        credential: CredentialLine {
            kind: row.credential.kind.map(str::to_owned),
            source: row.credential.source.map(str::to_owned),
            expires: row.credential.expires,
            days_left: row.credential.days_left,
        },
        problem: row.problem.clone(),
        last: row.last.as_ref().map(|last| LastLine { verdict: last.verdict, when: rfc3339(last.when) }),
    }
}

/// `keyring, 62 days`.
pub fn secret(row: &Row) -> String {
    match (row.credential.source, row.credential.days_left) {
        (None, _) => "-".into(),
        (Some(source), None) => source.into(),
        (Some(source), Some(days)) => format!("{source}, {}", expiry::days(days)),
    }
}

/// Whether a filter leaves a profile.
pub fn fits(row: &Row, filter: &Filter) -> bool {
    let tenant = row.tenant_id.as_deref().unwrap_or_default();
    filter.fits(&[row.name.as_str(), &row.target, &row.guide_short, tenant])
}

/// `failed 2026-11-21 (secret-expired)`.
pub fn last(row: &Row) -> String {
    row.last.as_ref().map_or("-".into(), |last| {
        // `unknown (unknown)` would say nothing twice.
        let cause = last.cause.filter(|cause| *cause != Cause::Unknown);
        let cause = cause.map(|cause| format!(" ({})", cause.as_str())).unwrap_or_default();
        format!("{} {}{cause}", last.verdict, last.when.strftime("%Y-%m-%d"))
    })
}
