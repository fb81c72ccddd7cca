//! `diagnose`: explain a text that somebody was given instead of an answer.
//!
//! Offline. Reads the text, asks the rules, prints what they say.

use crate::assets;
use crate::cli::failure::{Failure, code};
use crate::cli::{Context, Done, Ended, check, input, profile_name};
use crate::core::evidence::{self, Evidence, Mark, Origin};
use crate::core::guide::Product;
use crate::core::profile::ProfileDraft;
use crate::core::report::{DiagnoseReport, EvidenceReport, SCHEMA};
use crate::core::rules::{Cause, Judge};
use crate::store;
use crate::work;
use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};

/// The longest text that is read, bytes.
const MAX_TEXT: u64 = 1024 * 1024;

/// Explain an error text, a reply or an AADSTS code; offline.
#[derive(Debug, clap::Args)]
#[command(
    long_about = "Explain an error text, a reply or an AADSTS code; offline.\n\n\
        The text is given as words, with --file, or on standard input ('-' or a pipe); the first MiB of it is read.\n\
        With --profile the links and ids are filled in, and what the text names is compared with the profile.",
    after_help = "Examples:\n  \
        d365-connect diagnose AADSTS7000215\n  \
        kubectl logs connector | d365-connect diagnose -\n  \
        d365-connect diagnose --file error.json --profile contoso-uat -o json\n\n\
        Exit codes: 0 not an error, 1 a fault was found, 2 nothing to diagnose, 3 unknown"
)]
pub struct Args {
    /// The text; '-' for standard input
    text: Vec<String>,
    /// Read the text from this file
    #[arg(long, value_name = "PATH", conflicts_with = "text")]
    file: Option<PathBuf>,
    /// Fill links and ids in from this profile, and compare what the text names with it
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
}

pub async fn run(args: Args, context: &Context) -> Done {
    let text = text(args.text, args.file).await?;
    if text.trim().is_empty() {
        return Err(Failure::usage("there is no text to diagnose", "d365-connect diagnose AADSTS7000215"));
    }
    let mut evidence = evidence::read_text(&text);
    let opened = match args.profile {
        Some(name) => Some(work::open(&context.session().await?, &profile_name(&name)?).await?),
        None => None,
    };
    if let Some(claims) = evidence::token_in(&text) {
        let profile = opened.as_ref().and_then(|opened| opened.profile.as_ref().ok());
        let now = jiff::Timestamp::now().as_second();
        evidence.marks.insert(Mark::TokenSeen);
        evidence.marks.extend(profile.map(|profile| claims.refusals(profile, now)).unwrap_or_default());
        for (name, value) in [("audience", &claims.audience), ("tenant_found", &claims.tenant), ("app", &claims.app)] {
            evidence = evidence.naming(name, value.as_deref().unwrap_or_default());
        }
    }
    let draft = opened.map(|opened| opened.stored.draft);
    if let Some(draft) = &draft {
        evidence::compare(&mut evidence, draft);
    }
    let guide = match &draft {
        Some(draft) => assets::guide(&draft.guide),
        None => fitting(&evidence),
    };
    // Without a profile nothing is filled in, not even the worldwide portal.
    let empty = ProfileDraft::default();
    let values = work::judge_values(draft.as_ref().unwrap_or(&empty));
    let findings = Judge { book: assets::rules(), guide, values: &values }.findings(&evidence);
    let top = findings.first().map_or(Cause::Unknown, |finding| finding.cause);
    if context.is_json() {
        context.printer.json(&DiagnoseReport { schema: SCHEMA, evidence: EvidenceReport::from(&evidence), findings });
    } else {
        for line in facts(&evidence) {
            context.printer.out(&line);
        }
        for finding in &findings {
            check::finding(context, finding);
        }
    }
    Ok(Ended::Exit(match top {
        Cause::NotAnError => code::OK,
        Cause::Unknown => code::HERE,
        _ => code::FAULT,
    }))
}

/// The guide of the product that answered, where the text tells it.
fn fitting(evidence: &Evidence) -> Option<&'static crate::core::guide::Guide> {
    let product = match evidence.origin? {
        Origin::FinanceOperations => Product::FinanceOperations,
        Origin::Entra
        | Origin::BusinessCentral
        | Origin::Dataverse
        | Origin::Graph
        | Origin::PowerPlatform
        | Origin::Local => return None,
    };
    assets::guides().iter().find(|guide| guide.product == product)
}

/// What was read out of the text, for people.
fn facts(evidence: &Evidence) -> Vec<String> {
    let codes: Vec<String> = evidence.codes.iter().map(|code| format!("AADSTS{code}")).collect();
    let line = |name: &str, value: Option<String>| value.filter(|v| !v.is_empty()).map(|v| format!("{name}: {v}"));
    [
        line("codes", Some(codes.join(", "))),
        line("oauth error", evidence.oauth_error.clone()),
        line("http status", evidence.http_status.map(|status| status.to_string())),
        line("trace id", evidence.trace_id.clone()),
        line("correlation id", evidence.correlation_id.clone()),
        line("timestamp", evidence.timestamp.clone()),
    ]
    .into_iter()
    .flatten()
    .map(|text| super::shown(&text))
    .collect()
}

async fn text(words: Vec<String>, file: Option<PathBuf>) -> Result<String, Failure> {
    if let Some(path) = file {
        return input::beside(move || Ok(from_file(&path))).await?;
    }
    if !words.is_empty() && words != ["-"] {
        return Ok(words.join(" "));
    }
    if std::io::stdin().is_terminal() && words.is_empty() {
        return Err(Failure::usage(
            "there is no text to diagnose",
            "give it as words, with --file PATH, or on standard input",
        ));
    }
    input::beside(|| cut(std::io::stdin().lock())).await
}

fn from_file(path: &Path) -> Result<String, Failure> {
    let bytes = store::read_start(path, MAX_TEXT)
        .map_err(|error| Failure::here(error.to_string(), "--file wants a regular file"))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The first MiB, whatever its encoding.
fn cut(source: impl Read) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    source.take(MAX_TEXT).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
