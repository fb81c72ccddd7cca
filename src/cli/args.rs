//! The command line as it is typed: commands, flags, help.
//!
//! Does not know what a command does.

use crate::cli::{
    check, completions, copy, diagnose, edit, export, guides, handoff, import, list, man, new, remind, remove, rename,
    report, rotate, sandbox, show, token, vault,
};
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::ffi::OsString;
use std::path::PathBuf;

/// Set up, test and repair API connections to Microsoft Dynamics 365.
#[derive(Debug, Parser)]
#[command(
    name = "d365-connect",
    version,
    about = "Set up, test and repair API connections to Microsoft Dynamics 365",
    long_about = "Set up, test and repair API connections to Microsoft Dynamics 365.\n\n\
        Without a command the terminal app opens: profiles, a guided set-up, the live test and its diagnosis. \
        Every command works without a terminal too.\n\n\
        Settings for all profiles are read from settings.toml in the home, if you write one. Each line may be left out; \
        these are the defaults:\n\n  \
        default_store = \"keyring\"   where typed secrets are kept: keyring or vault\n  \
        cloud = \"global\"            global, us-gov, us-dod, china or custom\n  \
        warning_days = 30           days before its end when a credential is warned of\n  \
        theme = \"auto\"              colours of the screens: auto, dark, light or none\n\n\
        What this version does not know in it is told and left aside; with a wrong value commands end with exit code 3.",
    after_help = "Examples:\n  \
        d365-connect                         the terminal app\n  \
        d365-connect --sandbox               rehearse with a simulated tenant\n  \
        d365-connect check --all -o json     test every profile\n\n\
        Exit codes: 0 all right, 1 a check failed or a fault was found, 2 wrong use or bad input, \
        3 could not be done here, 130 interrupted"
)]
pub struct Cli {
    /// Flags that every command takes.
    #[command(flatten)]
    pub global: Global,
    /// What to do; the terminal app when nothing is said.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Flags that every command takes.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// Keep profiles in this folder
    #[arg(long, global = true, env = "D365_CONNECT_HOME", value_name = "DIR")]
    pub home: Option<OsString>,
    /// Never ask; a missing value ends with exit 2 and names its flag
    #[arg(long, global = true)]
    pub no_input: bool,
    /// Use the simulated tenant in this process and reach nothing else; with a throw-away home of ready profiles,
    /// unless --home is given ('d365-connect sandbox --list' shows the scenarios)
    #[arg(long, global = true, value_name = "SCENARIO", num_args = 0..=1, require_equals = true, default_missing_value = "healthy")]
    pub sandbox: Option<String>,
    /// How data is written; junit and prometheus are for 'check'
    #[arg(short, long, global = true, value_name = "FORMAT", default_value = "human")]
    pub output: Output,
    /// When to use colours
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: Color,
    /// Plain signs only; also where the locale is not UTF-8
    #[arg(long, global = true)]
    pub ascii: bool,
    /// Ask by plain lines and numbered choices instead of screens
    #[arg(long, global = true, env = "ACCESSIBLE", value_parser = clap::builder::FalseyValueParser::new())]
    pub accessible: bool,
    /// Write a log to this file; never a value of yours
    #[arg(long, global = true, value_name = "FILE")]
    pub log: Option<PathBuf>,
    /// How much is logged
    #[arg(long, global = true, value_name = "LEVEL", default_value = "info", requires = "log")]
    pub log_level: Level,
    /// Where the passphrase of the vault comes from: env:VAR, file:PATH, command:WORDS, prompt, or stdin where nothing
    /// else is read from there
    #[arg(long, global = true, value_name = "SOURCE")]
    pub vault_passphrase: Option<String>,
    /// Limit of one exchange with a server
    #[arg(long, global = true, value_name = "SECONDS", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub timeout: u64,
}

/// How data is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// For people
    Human,
    /// One JSON object
    Json,
    /// JUnit XML, one suite a profile
    Junit,
    /// Prometheus text format
    Prometheus,
}

/// When colours are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// How much is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Level {
    /// Errors
    Error,
    /// Warnings too
    Warn,
    /// What was done
    Info,
    /// Each check
    Debug,
    /// Everything
    Trace,
}

/// The commands. What each does is said where its flags are: a line here would take the place of the long help there.
#[derive(Debug, Subcommand)]
pub enum Command {
    New(new::Args),
    Edit(edit::Args),
    List(list::Args),
    Show(show::Args),
    Rename(rename::Args),
    Copy(copy::Args),
    Remove(remove::Args),
    Check(check::Args),
    Diagnose(diagnose::Args),
    Rotate(rotate::Args),
    Token(token::Args),
    Report(report::Args),
    Export(export::Args),
    Import(import::Args),
    Guides(guides::Args),
    Handoff(handoff::Args),
    Remind(remind::Args),
    Sandbox(sandbox::Args),
    Vault(vault::Args),
    Completions(completions::Args),
    Man(man::Args),
}

/// What a wrong command line says, without echoing what may be a secret in the wrong place.
pub fn tell(mut error: clap::Error) -> clap::Error {
    use clap::error::{ContextKind, ContextValue};
    for kind in [ContextKind::InvalidArg, ContextKind::InvalidValue, ContextKind::InvalidSubcommand] {
        let Some(ContextValue::String(text)) = error.get(kind) else { continue };
        let is_word = text.len() <= 16 && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
        // What clap names of ours: `<NAME>`, `--set <FIELD=VALUE>`.
        let flag = text.split([' ', '=']).next().unwrap_or_default();
        let is_flag = flag.len() <= 24 && flag.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
        let is_ours = kind == ContextKind::InvalidArg && (text.starts_with(['<', '[']) || is_flag);
        if !is_word && !is_ours {
            error.insert(kind, ContextValue::String("…".into()));
            // The advice names it once more.
            error.remove(ContextKind::Suggested);
        }
    }
    error
}
