//! Formats in which a profile is handed over: what `assets/exports/*.toml` may say.
//!
//! A format is data: a new one needs no code. Knows no particular format, and not how a value is quoted.

use crate::core::template;
use serde::Deserialize;
use std::collections::BTreeMap;

/// The program that reads an export, as far as its quoting goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reader {
    /// A POSIX shell, and libraries that read such files.
    Sh,
    /// PowerShell.
    PowerShell,
    /// JSON.
    Json,
    /// YAML.
    Yaml,
    /// YAML in which `${{` begins an expression.
    GithubActions,
    /// Terraform's language.
    Hcl,
    /// A person: nothing is quoted.
    Text,
}

/// One format.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Format {
    /// Its id, as `--to` takes it: `k8s-secret`.
    pub id: String,
    /// Its title: `Kubernetes Secret`.
    pub title: String,
    /// What it is, in one line.
    pub about: String,
    /// What such a file is usually called, with a hole for the profile's name.
    pub file: String,
    /// Its place in the list of formats.
    pub place: u8,
    /// Whose quoting holds for every hole that does not name another: `{sh_client_secret}`.
    pub reader: Reader,
    /// The text, with holes. One outside of `[[…]]` that has no value is empty.
    pub template: String,
    /// How each value that the template has no place for is written, guide included, so that an import gives the whole
    /// profile back: holes are `{field}` and `{value}`. They stand at `{rest}`.
    pub rest: String,
    /// The command that gives the reader the secret, where the reader keeps it apart: then it is never in the text.
    #[serde(default)]
    pub secret_by: Option<String>,
    /// What the format asks beyond the profile.
    #[serde(default, rename = "option")]
    pub options: Vec<FormatOption>,
    /// An example, which a test runs.
    pub example: Example,
}

impl Format {
    /// Whether its reader can sign in with a certificate.
    pub fn takes_certificates(&self) -> bool {
        template::holes(&self.template).contains(&"certificate_path")
    }
}

/// A value of the format's own.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FormatOption {
    /// Its name, as `--set` and the template call it.
    pub name: String,
    /// What it is.
    pub about: String,
    /// What it is when nothing is said; may have holes. Empty: it is left out then.
    pub default: String,
    /// What it may be; anything where this is empty.
    #[serde(default)]
    pub one_of: Vec<String>,
}

/// A profile and how it comes out.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// The profile's guide.
    pub guide: String,
    /// Its values, by the names that profile files use.
    pub values: BTreeMap<String, String>,
    /// The export of it, under the name `contoso-uat`, without the secret.
    pub output: String,
}
