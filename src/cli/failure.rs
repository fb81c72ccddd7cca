//! Why a command ends early: lines for people, and an exit code for scripts.
//!
//! Does not print anything.

use crate::core::guide::Guide;
use crate::core::names::NameError;
use crate::core::profile::Problem;
use crate::core::question::FieldId;
use crate::store::StoreError;
use crate::work::{Class, WorkError};

/// Exit codes. The contract with scripts.
pub mod code {
    /// All right.
    pub const OK: u8 = 0;
    /// A check failed, or a diagnosis found a fault.
    pub const FAULT: u8 = 1;
    /// Wrong use or bad input; nothing was changed.
    pub const USAGE: u8 = 2;
    /// Could not be done here.
    pub const HERE: u8 = 3;
    /// Interrupted.
    pub const INTERRUPTED: u8 = 130;
}

/// One thing that is wrong.
#[derive(Debug)]
pub struct Trouble {
    /// What.
    pub error: String,
    /// Why, where that is known.
    pub cause: Option<String>,
    /// What to do, where that is known.
    pub hint: Option<String>,
}

/// The end of a command that could not do its work. Everything that is wrong is told at once.
#[derive(Debug)]
pub struct Failure {
    /// The exit code.
    pub code: u8,
    /// What is wrong; empty when it was said already.
    pub troubles: Vec<Trouble>,
}

impl Failure {
    /// Wrong use or bad input.
    pub fn usage(error: impl Into<String>, hint: impl Into<String>) -> Failure {
        Failure::one(code::USAGE, error.into(), Some(hint.into()))
    }

    /// Could not be done here.
    pub fn here(error: impl Into<String>, hint: impl Into<String>) -> Failure {
        Failure::one(code::HERE, error.into(), Some(hint.into()))
    }

    /// Ctrl-C, or Ctrl-D at a question.
    pub fn interrupted() -> Failure {
        Failure::stopped(code::INTERRUPTED)
    }

    /// A signal, by its exit code.
    pub fn stopped(code: u8) -> Failure {
        Failure { code, troubles: Vec::new() }
    }

    /// A file that was named with `--out`.
    pub fn not_written(error: WorkError) -> Failure {
        match error {
            WorkError::Store(StoreError::Io { .. } | StoreError::Damaged { .. }) => {
                Failure::here(error.to_string(), "name another file with --out, in a folder that is there and yours")
            }
            WorkError::Store(StoreError::FileExists { .. }) => {
                Failure::usage(error.to_string(), "name another file, or write over it with --force")
            }
            other => other.into(),
        }
    }

    fn one(code: u8, error: String, hint: Option<String>) -> Failure {
        Failure { code, troubles: vec![Trouble { error, cause: None, hint }] }
    }

    /// Missing and wrong values, each with its field and its flag.
    pub fn problems(problems: &[Problem], guide: &Guide) -> Failure {
        let troubles = problems.iter().map(|problem| match problem.text.as_str() {
            "missing" => Trouble {
                error: format!("{} is missing", problem.field),
                cause: None,
                hint: Some(missing_hint(problem.field, guide)),
            },
            text => Trouble {
                error: format!("{}: {text}", problem.field),
                cause: None,
                hint: Some(format!("{} for example {}", flag(problem.field), guide.example(problem.field))),
            },
        });
        Failure { code: code::USAGE, troubles: troubles.collect() }
    }
}

/// How a credential is given, in words that can stand in a hint.
pub const SECRET_SOURCE: &str = "--secret SOURCE, where SOURCE is stdin, prompt, keyring, vault, env:VAR, file:PATH, \
                                 'command:WORDS' or certificate:PATH";

/// How a field is given, in words that can stand in a hint.
fn flag(field: FieldId) -> String {
    match field {
        FieldId::Secret => "--secret SOURCE,".into(),
        _ => format!("--set {}=VALUE,", field.name()),
    }
}

/// What to do about a missing value.
pub fn missing_hint(field: FieldId, guide: &Guide) -> String {
    match field {
        // The test with a code may do without.
        FieldId::Secret if guide.sign_in.iter().any(|way| way.is_user()) => {
            format!("{SECRET_SOURCE}; the product needs it, however the test signs in")
        }
        FieldId::Secret => SECRET_SOURCE.into(),
        _ => format!("--set {}=…, {}", field.name(), guide.help(field)),
    }
}

impl From<WorkError> for Failure {
    fn from(error: WorkError) -> Failure {
        let code = match error.class() {
            Class::Usage => code::USAGE,
            Class::Here => code::HERE,
        };
        Failure::one(code, error.to_string(), error.hint())
    }
}

impl From<NameError> for Failure {
    fn from(error: NameError) -> Failure {
        Failure::usage(error.message, error.hint)
    }
}
