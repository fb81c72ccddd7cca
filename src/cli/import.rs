//! `import`: take values in from a file or a paste, whatever its notation.
//!
//! `core::intake` reads it. What was recognised is shown and confirmed before anything is kept.

use crate::assets;
use crate::cli::failure::{Failure, Trouble, code};
use crate::cli::{Context, Done, OK, input, new, profile_name, shown};
use crate::core::guide::Guide;
use crate::core::intake::{self, Found, Intake};
use crate::core::names::ProfileName;
use crate::core::profile::{ProfileDraft, SourceRequest};
use crate::core::question::{FieldId, examine_secret};
use crate::core::resource::ResourceUrl;
use crate::core::secret::ClientSecret;
use crate::core::settings::DefaultStore;
use crate::store::{self, StoreError};
use crate::work::{self, SaveRequest, SecretChoice, Session, WorkError};
use std::io::{IsTerminal, Read};
use std::path::PathBuf;
use std::sync::Arc;
use zeroize::Zeroizing;

/// The longest text that is read, bytes.
const MAX_TEXT: u64 = 1024 * 1024;

const READS: &str = "the portal's Overview page, az -o json, .env, appsettings, Postman, Kubernetes, PowerShell, BATON_ \
    variables, Terraform, connection strings and exports of this program can be read";

/// Take values in from a file or a paste.
#[derive(Debug, clap::Args)]
#[command(
    long_about = "Take values in from a file or a paste, whatever its notation: what the portal's Overview page copies, 'az ... -o \
        json', .env, appsettings, Postman environments, Kubernetes Secrets, PowerShell lines, BATON_ variables, Terraform, \
        connection strings, and this program's own exports.\n\n\
        What was recognised is shown and confirmed before anything is kept; with --no-input, or without a terminal, that \
        counts as confirmed. Missing values are allowed. A secret goes into the keyring or, where there is none, into the \
        vault; where neither can be used it is dropped, and that is said.",
    after_help = "Examples:\n  \
        d365-connect import .env --name contoso-uat\n  \
        kubectl get secret d365 -o yaml | d365-connect import -\n\n\
        Exit codes: 0 kept, or not confirmed, 2 nothing was recognised, a value is wrong or the name is taken, 3 a file could \
        not be read or written"
)]
pub struct Args {
    /// The file; '-' or a pipe for standard input
    file: Option<PathBuf>,
    /// The profile's name; made from the environment's address where none is given
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// The guide to follow, where the values do not tell it
    #[arg(long, value_name = "ID")]
    guide: Option<String>,
    /// Where the secret comes from, instead of the text; keyring and vault: where that of the text is kept
    #[arg(long, value_name = "SOURCE")]
    secret: Option<String>,
}

impl Args {
    /// Whether the values, or the secret, are read from standard input.
    pub fn reads_stdin(&self, asks: bool) -> bool {
        let is_piped = self.file.as_ref().is_none_or(|file| file.as_os_str() == "-");
        is_piped || self.secret.as_deref().is_some_and(|source| input::reads_stdin(source, asks))
    }
}

pub async fn run(args: Args, context: &Context) -> Done {
    let name = args.name.as_deref().map(profile_name).transpose()?;
    let guide = args.guide.as_deref().map(new::guide).transpose()?;
    let request = args.secret.as_deref().map(input::source).transpose()?;
    let file = args.file.filter(|file| file.as_os_str() != "-");
    if file.is_none() && request == Some(SourceRequest::Stdin) {
        return Err(Failure::usage(
            "standard input is read for the values already",
            "name the file to import, or another SOURCE",
        ));
    }
    let session = context.session().await?;
    if let Some(name) = &name {
        taken(&session, name).await?;
    }
    let text = text(file).await?;
    let mut intake = intake::read(&text, assets::clouds());
    drop(text);
    if intake.is_empty() {
        let left = intake.left.iter().map(|left| shown(left)).collect::<Vec<_>>().join("; ");
        return Err(Failure {
            code: code::USAGE,
            troubles: vec![Trouble {
                error: "nothing was recognised in it".into(),
                cause: Some(left).filter(|left| !left.is_empty()).map(|left| format!("left alone: {left}")),
                hint: Some(match intake.by_shape && !intake.left.is_empty() {
                    true => "write before each what it is, as in 'tenant_id: VALUE' or 'client_id: VALUE'".into(),
                    false => READS.into(),
                }),
            }],
        });
    }
    let follows = guide.or_else(|| intake.guide.as_deref().and_then(assets::guide)).or(assets::guides().first());
    let Some(guide) = follows else {
        return Err(Failure::here("this build has no guides", "use a released build"));
    };
    let (mut draft, unused) = intake.draft(guide, assets::clouds());
    let pasted = intake.secret.take();
    let name = match name {
        Some(name) => name,
        None => free_name(&session, &draft, guide).await?,
    };
    tell(context, &intake, pasted.as_ref().map(|secret| secret.chars().count()), &unused);
    context.printer.say(&format!("guide: {} ({})", guide.id, guide.title));
    // A text that names no cloud is of the global one, whatever new profiles begin with.
    if session.sandbox.is_some() {
        session.begin(&mut draft);
    }
    // As they stood there, so that what is taken off is told.
    let used = intake.found.iter().filter(|found| !draft.value(found.field).is_empty());
    let given: Vec<(FieldId, String)> = used.map(|found| (found.field, found.value.clone())).collect();
    input::tell_notes(context, &given, &draft, guide);
    let pasted = pasted.and_then(|value| usable(context, value));
    let is_pasted = pasted.is_some() && matches!(request, None | Some(SourceRequest::Keyring | SourceRequest::Vault));
    let choice = match (request, pasted) {
        (None, Some(value)) if session.settings().default_store == DefaultStore::Vault => SecretChoice::InVault(value),
        (None | Some(SourceRequest::Keyring), Some(value)) => SecretChoice::Value(value),
        (Some(SourceRequest::Vault), Some(value)) => SecretChoice::InVault(value),
        (Some(request), pasted) => {
            if pasted.is_some() {
                context.printer.note("the secret in the text is not kept: --secret says where it comes from");
            }
            input::secret(context, &session, request).await?
        }
        (None, None) => SecretChoice::Keep,
    };
    wrong(&draft, &name, guide, &choice)?;
    if context.is_interactive() && !input::confirm(context, &format!("Keep this as profile '{name}'?")).await? {
        context.printer.say("nothing was kept");
        context.done("nothing", &name, None, None);
        return OK;
    }
    match choice {
        SecretChoice::InVault(_) => context.unlock(&session).await?,
        SecretChoice::Value(_) => input::offer_vault(context, &session).await?,
        _ => {}
    }
    keep(context, &session, name, draft, choice, is_pasted).await
}

/// Saves it. A secret of the text that cannot be kept is dropped, and the rest is kept.
async fn keep(
    context: &Context,
    session: &Session,
    name: ProfileName,
    draft: ProfileDraft,
    choice: SecretChoice,
    is_pasted: bool,
) -> Done {
    let request = SaveRequest { name: name.clone(), was: None, draft, secret: choice };
    let saved = match work::save(session, request.clone()).await {
        Err(WorkError::NotKept(trouble)) if is_pasted => {
            context.printer.note(&format!("the secret was dropped, it cannot be kept here: {trouble}"));
            work::save(session, SaveRequest { secret: SecretChoice::Keep, ..request }).await?
        }
        saved => saved?,
    };
    context.saved(session, &name, &saved);
    let opened = work::open(session, &name).await?;
    let missing: Vec<FieldId> = opened.profile.err().unwrap_or_default().iter().map(|problem| problem.field).collect();
    if !missing.is_empty() && !session.is_rehearsal() {
        let names: Vec<&str> = missing.iter().map(|field| field.name()).collect();
        context.printer.note(&format!("still missing: {}", names.join(", ")));
        let flag = if missing == [FieldId::Secret] { "--secret SOURCE" } else { "--set FIELD=VALUE" };
        context.printer.hint(&format!("d365-connect edit {name} {flag}"));
    }
    OK
}

/// Values that cannot work; what is missing is no reason to refuse.
fn wrong(draft: &ProfileDraft, name: &ProfileName, guide: &Guide, choice: &SecretChoice) -> Result<(), Failure> {
    let mut problems = draft.check(name, guide, assets::clouds()).err().unwrap_or_default();
    problems.retain(|problem| !draft.value(problem.field).is_empty());
    problems.extend(input::mixed_up(choice, draft));
    if problems.is_empty() { Ok(()) } else { Err(Failure::problems(&problems, guide)) }
}

/// What was recognised, from where, and what was left alone. The secret by its length only.
fn tell(context: &Context, intake: &Intake, secret: Option<usize>, unused: &[FieldId]) {
    let place = |found: &Found| {
        let line = found.line.map(|line| format!(", line {line}")).unwrap_or_default();
        format!("{}{line}", shown(&found.by))
    };
    let mut rows: Vec<(FieldId, String, String)> =
        intake.found.iter().map(|found| (found.field, shown(&found.value), place(found))).collect();
    rows.extend(secret.map(|count| {
        let signs = if count == 1 { "character" } else { "characters" };
        (FieldId::Secret, format!("a secret, {count} {signs}"), shown(&intake.secret_by))
    }));
    rows.sort_by_key(|(field, ..)| *field);
    let rows: Vec<Vec<String>> = rows
        .into_iter()
        .map(|(field, value, place)| vec![format!("  {field}"), value, format!("from {place}")])
        .collect();
    context.printer.say("recognised:");
    context.printer.say(&context.printer.table(&rows));
    for left in &intake.left {
        context.printer.say(&format!("left alone: {}", shown(left)));
    }
    for field in unused {
        context.printer.say(&format!("left alone: {field} (this guide has no use for it)"));
    }
}

/// A pasted secret, if it can be one.
fn usable(context: &Context, value: Zeroizing<String>) -> Option<Arc<ClientSecret>> {
    match ClientSecret::new(value) {
        Ok(secret) => {
            input::tell(context, FieldId::Secret, &examine_secret(secret.shape(), None));
            Some(Arc::new(secret))
        }
        Err(error) => {
            context.printer.note(&format!("the secret was dropped: {error}"));
            None
        }
    }
}

/// Refuses a name that a profile has, a damaged one too.
async fn taken(session: &Session, name: &ProfileName) -> Result<(), Failure> {
    if work::rows(session).await?.iter().any(|row| row.name == *name) {
        return Err(WorkError::from(StoreError::Exists { name: name.to_string() }).into());
    }
    Ok(())
}

/// A name that is free, after the environment.
async fn free_name(session: &Session, draft: &ProfileDraft, guide: &Guide) -> Result<ProfileName, Failure> {
    let host = ResourceUrl::parse(draft.value(FieldId::ResourceUrl)).ok();
    let label = host.as_ref().filter(|(url, _)| !url.is_loopback()).and_then(|(url, _)| url.host().split('.').next());
    let from = [label.unwrap_or_default(), draft.value(FieldId::Environment), guide.id.as_str()];
    let fit = |text: &str| {
        let kept: String = text.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).take(50).collect();
        kept.trim_matches('-').to_ascii_lowercase().parse::<ProfileName>().ok()
    };
    let base = from.into_iter().find_map(fit).unwrap_or_else(ProfileName::unnamed);
    let rows = work::rows(session).await?;
    let numbered = (2..).filter_map(|number: u32| format!("{base}-{number}").parse().ok());
    let mut names = std::iter::once(base.clone()).chain(numbered);
    Ok(names.find(|name| rows.iter().all(|row| row.name != *name)).unwrap_or(base))
}

async fn text(file: Option<PathBuf>) -> Result<Zeroizing<String>, Failure> {
    let bytes = match file {
        Some(path) => input::beside(move || Ok(store::read_whole(&path))).await?.map_err(|error| match error {
            // Without the path: a secret may have been given in its place.
            StoreError::Damaged { what, .. } => {
                Failure::usage(format!("the file is {what}"), "a regular file of at most 1 MiB is wanted")
            }
            StoreError::Io { what, .. } => Failure::here(
                format!("the file cannot be read: {what}"),
                "name a file that can be read, or '-' for standard input",
            ),
            error => WorkError::from(error).into(),
        })?,
        None if std::io::stdin().is_terminal() => {
            return Err(Failure::usage(
                "there is nothing to import",
                "name a file, or pipe the text in: what is typed at a terminal stays on its screen",
            ));
        }
        None => {
            input::beside(|| {
                // Never grown, so that no copy of a secret stays behind.
                let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_TEXT as usize + 2));
                std::io::stdin().lock().take(MAX_TEXT + 1).read_to_end(&mut bytes).map(|_| bytes)
            })
            .await?
        }
    };
    if bytes.len() as u64 > MAX_TEXT {
        return Err(Failure::usage("the text is larger than 1 MiB", "give the part with the values"));
    }
    Ok(decoded(&bytes))
}

/// What Windows-1252 has where Latin-1 has nothing.
const WINDOWS: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}', '‘', '’',
    '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// UTF-8, UTF-16 as PowerShell writes it, or else Windows-1252.
fn decoded(bytes: &[u8]) -> Zeroizing<String> {
    let pairs = |unit: fn([u8; 2]) -> u16| {
        let units = bytes.chunks_exact(2).map(move |pair| unit([pair[0], pair[1]]));
        let mut text = Zeroizing::new(String::with_capacity(3 * bytes.len()));
        let read = char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER));
        text.extend(read.filter(|c| *c != '\u{feff}'));
        text
    };
    match bytes {
        // With its mark, or with what begins a text in it.
        [0xff, 0xfe, ..] | [1..=255, 0, 1..=255, 0, ..] => return pairs(u16::from_le_bytes),
        [0xfe, 0xff, ..] | [0, 1..=255, 0, 1..=255, ..] => return pairs(u16::from_be_bytes),
        _ => {}
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if let Ok(text) = str::from_utf8(bytes) {
        return Zeroizing::new(text.to_owned());
    }
    let mut text = Zeroizing::new(String::with_capacity(3 * bytes.len()));
    text.extend(bytes.iter().map(|byte| match byte {
        0x80..=0x9f => WINDOWS[usize::from(byte - 0x80)],
        byte => char::from(*byte),
    }));
    text
}
