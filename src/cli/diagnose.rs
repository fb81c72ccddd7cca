//! `diagnose`: explain a text that somebody was given instead of an answer, or a whole log.
//!
//! Offline. Reads the text, asks the rules, prints what they say.

use crate::assets;
use crate::cli::failure::{Failure, code};
use crate::cli::{Context, Done, Ended, check, input, profile_name, rows, utf16};
use crate::core::claims::Row;
use crate::core::evidence::Evidence;
use crate::core::log::{self, Found, LogScan};
use crate::core::pasted::{Beside, Known};
use crate::core::profile::Profile;
use crate::core::report::{DiagnoseReport, EvidenceReport, GroupReport, SCHEMA};
use crate::core::rules::Cause;
use crate::store;
use crate::work;
use std::io::{ErrorKind, IsTerminal, Read};
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// What is longer is a log, bytes.
const MAX_TEXT: usize = 256 * 1024;
/// A shorter text is a log where it has so many errors in records of their own.
const MANY: u64 = 3;
/// How often progress is told.
const TELL_EVERY: Duration = Duration::from_millis(200);
/// What a text may name, and the word for it.
const NAMED: [(&str, &str); 11] = [
    ("app", "app"),
    ("tenant", "tenant"),
    ("resource", "resource"),
    ("resource_app", "resource"),
    ("scope", "scope"),
    ("redirect_uri", "redirect uri"),
    ("parameter", "parameter"),
    ("thumbprint", "thumbprint"),
    ("issuer", "issuer"),
    ("subject", "subject"),
    ("entity", "entity"),
];
/// So many groups are printed for people.
const MAX_SHOWN: usize = 20;

/// Explain an error text, a reply, an AADSTS code or a log; offline.
#[derive(Debug, clap::Args)]
#[command(
    long_about = "Explain an error text, a reply, an AADSTS code or a log; offline.\n\n\
        The text is given as words, with --file, or on standard input ('-' or a pipe). A log may have any size: its \
        errors are put together by cause, app and tenant, counted, and the most frequent one is explained. A sign-in log \
        of Entra is read as JSON, or as the CSV that the portal saves. \
        With --profile the links and ids are filled in, and what the text names is compared with the profile. Of a \
        token the claims are listed, beside what the profile needs; it is neither kept nor shown.",
    after_help = "Examples:\n  \
        d365-connect diagnose AADSTS7000215\n  \
        kubectl logs connector | d365-connect diagnose -\n  \
        zcat connector.log.gz | d365-connect diagnose -\n  \
        d365-connect diagnose --file error.json --profile contoso-uat -o json\n\n\
        Exit codes: 0 not an error, 1 a fault was found, 2 nothing to diagnose, 3 unknown; \
        of a log by its first group"
)]
pub struct Args {
    /// The text; '-' for standard input
    text: Vec<String>,
    /// Read the text or log from this file
    #[arg(long, value_name = "PATH", conflicts_with = "text")]
    file: Option<PathBuf>,
    /// Fill links and ids in from this profile, and compare what the text names with it
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
}

impl Args {
    /// Whether the text is read from standard input.
    pub fn reads_stdin(&self) -> bool {
        self.file.is_none() && (self.text.is_empty() || self.text == ["-"])
    }
}

/// What is to be diagnosed.
enum Input {
    /// One text.
    Text(String),
    /// The errors of a log; never empty.
    Log(Found),
}

pub async fn run(args: Args, context: &Context) -> Done {
    let input = input(args.text, args.file, context).await?;
    let opened = match args.profile {
        Some(name) => {
            let session = context.session().await?;
            Some(work::open(&session, &profile_name(&name)?).await?)
        }
        None => None,
    };
    let profile = opened.as_ref().and_then(|opened| opened.profile.as_ref().ok());
    let beside = opened.as_ref().map(|opened| Beside { draft: &opened.stored.draft, profile });
    let known = Known { book: assets::rules(), guides: assets::guides(), clouds: assets::clouds() };
    // The profile with which the token is compared.
    let mut compared = profile;
    let mut token = None;
    let (evidence, findings, groups) = match input {
        Input::Text(text) => {
            let now = jiff::Timestamp::now().as_second();
            let reading = known.read(&text, beside, None, now);
            token = reading.token;
            if let (Some(opened), Some(other)) = (&opened, reading.other) {
                let name = &opened.stored.name;
                let note =
                    format!("the text is of {other}, and profile '{name}' is not: it is judged without the profile");
                context.printer.note(&note);
                compared = None;
            } else if let (Some(_), Some(opened), None) = (&token, &opened, profile) {
                let name = &opened.stored.name;
                context
                    .printer
                    .note(&format!("profile '{name}' is not complete, so the token is not compared with it"));
            }
            (reading.evidence, reading.findings, None)
        }
        Input::Log(found) => {
            told(context, &found);
            if let (Some(opened), Some(beside)) = (&opened, beside)
                && found.kinds.iter().any(|kind| known.other_product(&kind.evidence, beside).is_some())
            {
                let name = &opened.stored.name;
                let note = format!("errors of other products than that of profile '{name}' are judged without it");
                context.printer.note(&note);
            }
            let groups = log::groups(found.kinds, |evidence| known.judge(evidence, beside));
            let reports: Vec<GroupReport> = groups.iter().filter_map(GroupReport::new).collect();
            let (evidence, findings) =
                groups.into_iter().next().map(|top| (top.evidence, top.findings)).unwrap_or_default();
            (evidence, findings, Some(reports))
        }
    };
    let cause = findings.first().map_or(Cause::Unknown, |finding| finding.cause);
    if context.is_json() {
        let evidence = EvidenceReport::from(&evidence);
        context.printer.json(&DiagnoseReport { schema: SCHEMA, evidence, findings, groups });
    } else {
        for (number, report) in groups.iter().flatten().take(MAX_SHOWN).enumerate() {
            group(context, number + 1, report);
        }
        if let Some(more) =
            groups.as_ref().map(|groups| groups.len().saturating_sub(MAX_SHOWN)).filter(|more| *more > 0)
        {
            context.printer.note(&format!("{more} more kinds of errors; -o json lists them all"));
        }
        for line in facts(&evidence) {
            context.printer.out(&line);
        }
        if let Some(rows) = &token {
            table(context, rows, compared);
        }
        for finding in &findings {
            check::finding(context, finding);
        }
    }
    Ok(Ended::Exit(match cause {
        Cause::NotAnError => code::OK,
        Cause::Unknown => code::HERE,
        _ => code::FAULT,
    }))
}

/// The claims of the token that stands in the text, beside what the profile needs.
fn table(context: &Context, rows: &[Row], profile: Option<&Profile>) {
    let printer = &context.printer;
    let beside = profile.map(|profile| format!(" beside what profile '{}' needs", profile.name));
    printer.out(&printer.bold(&format!("The token's claims{}", beside.unwrap_or_default())));
    let cells = |row: &Row| {
        let word = match row.fits {
            Some(true) => "fits",
            Some(false) => "DIFFERS",
            None => "",
        };
        let needed = if row.needed.is_empty() { String::new() } else { format!("needed: {}", row.needed) };
        let cells = [row.claim, word, row.found.as_str(), needed.as_str()];
        cells.map(super::shown).to_vec()
    };
    let cells: Vec<Vec<String>> = rows.iter().map(cells).collect();
    for line in printer.table(&cells).lines() {
        printer.out(&format!("  {line}"));
    }
}

/// Says what was read of a log.
fn told(context: &Context, found: &Found) {
    let (errors, size) = (found.errors, size(found.bytes));
    context.printer.say(&format!("{errors} error{} in {size}", if errors == 1 { "" } else { "s" }));
    if found.left_out > 0 {
        context.printer.note(&format!("{} of them are of many rare kinds, and are left out", found.left_out));
    }
}

/// A group of a log for people.
fn group(context: &Context, number: usize, report: &GroupReport) {
    let printer = &context.printer;
    printer.out(&printer.bold(&printer.wrap(&report.title, &format!("{number}. {} × ", report.count), 4)));
    let GroupReport { confidence, owner, cause, .. } = report;
    printer.out(&format!("    {}, {} ({})", confidence.as_str(), owner.for_whom(), cause.as_str()));
    let codes: Vec<String> = report.codes.iter().map(|code| format!("AADSTS{code}")).collect();
    let times = match (&report.first, &report.last) {
        (Some(first), Some(last)) if first == last => Some(first.clone()),
        (Some(first), Some(last)) => Some(format!("{first} to {last}")),
        _ => None,
    };
    let codes = Some(codes.join(", ")).filter(|codes| !codes.is_empty());
    for (name, value) in [("codes", &codes), ("app", &report.app), ("tenant", &report.tenant), ("when", &times)] {
        if let Some(value) = value {
            printer.out(&format!("    {name}: {}", super::shown(value)));
        }
    }
    printer.out(&printer.wrap(&report.sample, "    text: ", 10));
    printer.out("");
}

/// A number of bytes for people.
fn size(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{} kB", bytes.div_ceil(1000)),
        1_000_000..1_000_000_000 => format!("{} MB", bytes / 1_000_000),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

/// What was read out of the text, for people.
fn facts(evidence: &Evidence) -> Vec<String> {
    let codes: Vec<String> = evidence.codes.iter().map(|code| format!("AADSTS{code}")).collect();
    let line = |name: &str, value: Option<String>| value.filter(|v| !v.is_empty()).map(|v| format!("{name}: {v}"));
    let means = |code: &u32| assets::rules().meaning(*code).map(|meaning| format!("  AADSTS{code}: {meaning}"));
    let codes = line("codes", Some(codes.join(", "))).into_iter().chain(evidence.codes.iter().filter_map(means));
    let others = [
        line("oauth error", evidence.oauth_error.clone()),
        line("http status", evidence.http_status.map(|status| status.to_string())),
        line("trace id", evidence.trace_id.clone()),
        line("correlation id", evidence.correlation_id.clone()),
        line("timestamp", evidence.timestamp.clone()),
    ];
    let named = NAMED.iter().filter_map(|(name, words)| line(words, evidence.named.get(*name).cloned()));
    codes.chain(others.into_iter().flatten().chain(named).map(|text| super::shown(&text))).collect()
}

async fn input(words: Vec<String>, file: Option<PathBuf>, context: &Context) -> Result<Input, Failure> {
    let input = if let Some(path) = file {
        let file = store::open_regular(&path)
            .map_err(|error| Failure::here(error.to_string(), "--file wants a regular file"))?;
        from(file, context).await?
    } else if !words.is_empty() && words != ["-"] {
        Input::Text(words.join(" "))
    } else if std::io::stdin().is_terminal() && words.is_empty() {
        return Err(Failure::usage(
            "there is no text to diagnose",
            "give it as words, with --file PATH, or on standard input",
        ));
    } else {
        from(std::io::stdin(), context).await?
    };
    match input {
        Input::Text(text) if text.trim().is_empty() => {
            Err(Failure::usage("there is no text to diagnose", "d365-connect diagnose AADSTS7000215"))
        }
        input => Ok(input),
    }
}

/// How far the reading of a log has got.
#[derive(Default)]
struct Progress {
    bytes: AtomicU64,
    errors: AtomicU64,
}

/// Reads a source to its end, and tells how far that is.
async fn from(source: impl Read + Send + 'static, context: &Context) -> Result<Input, Failure> {
    let progress = Arc::new(Progress::default());
    let telling = Arc::clone(&progress);
    let mut reading = pin!(input::beside(move || scan(source, &telling)));
    let mut is_told = false;
    loop {
        tokio::select! {
            read = &mut reading => {
                if is_told {
                    context.printer.progress("");
                }
                return read;
            }
            () = tokio::time::sleep(TELL_EVERY) => {
                let bytes = progress.bytes.load(Ordering::Relaxed);
                let errors = progress.errors.load(Ordering::Relaxed);
                context.printer.progress(&format!("reading, {} so far, {errors} errors", size(bytes)));
                is_told = true;
            }
        }
    }
}

fn scan(source: impl Read, progress: &Progress) -> std::io::Result<Input> {
    let mut source = rows::AsJson::new(utf16::Plain::new(source)?)?;
    let mut log = LogScan::default();
    let mut start = Vec::new();
    loop {
        let space = log.space();
        let count = match source.read(space) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        start.extend_from_slice(&space[..count.min(MAX_TEXT - start.len())]);
        log.filled(count);
        progress.bytes.fetch_add(count as u64, Ordering::Relaxed);
        progress.errors.store(log.errors(), Ordering::Relaxed);
    }
    let found = log.finish();
    let is_long = found.bytes > MAX_TEXT as u64;
    if found.errors > 0 && (is_long || found.records >= MANY) {
        return Ok(Input::Log(found));
    }
    Ok(Input::Text(String::from_utf8_lossy(&start).into_owned()))
}
