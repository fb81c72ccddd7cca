//! A profile: what was typed ([`ProfileDraft`]), and what it means ([`Profile`]).
//!
//! Does not know how a profile is written to disk, or where a secret is kept.

use crate::core::cloud::{CloudId, Clouds};
use crate::core::expiry;
use crate::core::guide::{Guide, Product, SignIn};
use crate::core::names::{ClientId, ProfileName, TenantId, parse_guid};
use crate::core::question::{self, Context, FieldId, Note, Weight};
use crate::core::resource::ResourceUrl;
use crate::core::secret::looks_like_secret;
use crate::core::untrusted::Untrusted;
use jiff::civil::Date;
use std::collections::BTreeMap;
use std::fmt;

/// The most characters of a value that a text for people holds.
const MAX_SHOWN: usize = 2000;

/// Where a secret is read from at each use. The secret itself is in no file of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretSource {
    /// The operating system's keyring, under a random entry.
    Keyring {
        /// The entry.
        entry: String,
    },
    /// This program's passphrase-encrypted file, under a random entry.
    Vault {
        /// The entry.
        entry: String,
    },
    /// An environment variable.
    Env {
        /// Its name.
        var: String,
    },
    /// A file.
    File {
        /// Its path.
        path: String,
    },
    /// What a command prints.
    Command {
        /// The command and its words, as a shell would take them.
        words: String,
    },
}

impl SecretSource {
    /// The word for it in files and JSON.
    pub fn kind(&self) -> &'static str {
        match self {
            SecretSource::Keyring { .. } => "keyring",
            SecretSource::Vault { .. } => "vault",
            SecretSource::Env { .. } => "env",
            SecretSource::File { .. } => "file",
            SecretSource::Command { .. } => "command",
        }
    }

    /// Whether it is kept under an entry of ours.
    pub fn is_kept(&self) -> bool {
        matches!(self, SecretSource::Keyring { .. } | SecretSource::Vault { .. })
    }

    /// What is read there, as it may be shown: the variable, the path, the program. None for keyring and vault.
    pub fn reads(&self) -> Option<String> {
        match self {
            SecretSource::Keyring { .. } | SecretSource::Vault { .. } => None,
            SecretSource::Env { var: place } | SecretSource::File { path: place } => Some(place.clone()),
            SecretSource::Command { words } => Some(program(words)),
        }
    }
}

/// The program of a command, without its words: someone may have put a secret among them.
fn program(words: &str) -> String {
    let mut words = words.split_whitespace();
    match words.next() {
        // `NAME=VALUE program` is meant for a shell, and is a mistake here.
        Some(first) if !first.contains('=') => format!("{first}{}", words.next().map_or("", |_| " …")),
        _ => "…".into(),
    }
}

impl fmt::Display for SecretSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // Its entry is made when it is saved.
            SecretSource::Keyring { entry } if entry.is_empty() => f.write_str("what was typed"),
            SecretSource::Keyring { .. } => f.write_str("the keyring"),
            SecretSource::Vault { .. } => f.write_str("the vault"),
            SecretSource::Env { var } => write!(f, "environment variable {var}"),
            SecretSource::File { path } => write!(f, "file {path}"),
            SecretSource::Command { words } => write!(f, "command {}", program(words)),
        }
    }
}

/// Where a credential is read from at each use: one of the two kinds, never both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CredentialSource {
    /// A client secret.
    Secret(SecretSource),
    /// A certificate with its key.
    Certificate(CertificateSource),
}

/// The file of a certificate, and what opens its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateSource {
    /// PEM with the key, or PFX.
    pub path: String,
    /// Where the password of the key is read from; none where the key is not encrypted.
    pub password: Option<SecretSource>,
}

impl CredentialSource {
    /// A certificate that is opened without a password.
    pub fn certificate(path: &str) -> CredentialSource {
        CredentialSource::Certificate(CertificateSource { path: path.into(), password: None })
    }

    /// `secret` or `certificate`, as in files and JSON.
    pub fn kind(&self) -> &'static str {
        match self {
            CredentialSource::Secret(_) => "secret",
            CredentialSource::Certificate(_) => "certificate",
        }
    }

    /// The word for the place in files and JSON; a certificate is always a file.
    pub fn place(&self) -> &'static str {
        match self {
            CredentialSource::Secret(source) => source.kind(),
            CredentialSource::Certificate(_) => "file",
        }
    }

    /// Whether reading it runs a command, which may ask its person something.
    pub fn runs_a_command(&self) -> bool {
        let secret = match self {
            CredentialSource::Secret(source) => Some(source),
            CredentialSource::Certificate(certificate) => certificate.password.as_ref(),
        };
        matches!(secret, Some(SecretSource::Command { .. }))
    }

    /// What is read there, as it may be shown.
    pub fn reads(&self) -> Option<String> {
        match self {
            CredentialSource::Secret(source) => source.reads(),
            CredentialSource::Certificate(certificate) => Some(certificate.path.clone()),
        }
    }

    /// The secret behind it, if there is one: the client secret, or the password of the certificate's key.
    pub fn secret(&self) -> Option<&SecretSource> {
        match self {
            CredentialSource::Secret(source) => Some(source),
            CredentialSource::Certificate(certificate) => certificate.password.as_ref(),
        }
    }

    /// Whether that secret is in the vault.
    pub fn in_vault(&self) -> bool {
        matches!(self.secret(), Some(SecretSource::Vault { .. }))
    }

    /// That secret, where it is kept under an entry of ours, which comes and goes with the profile.
    pub fn kept(&self) -> Option<&SecretSource> {
        self.secret().filter(|source| source.is_kept())
    }

    /// The same without what is kept under an entry of ours; nothing, where that is all there was.
    pub fn without_kept(self) -> Option<CredentialSource> {
        match self {
            CredentialSource::Secret(source) => (!source.is_kept()).then_some(CredentialSource::Secret(source)),
            CredentialSource::Certificate(CertificateSource { path, password }) => {
                let password = password.filter(|source| !source.is_kept());
                Some(CredentialSource::Certificate(CertificateSource { path, password }))
            }
        }
    }

    /// The same credential with its secret read from elsewhere.
    #[must_use]
    pub fn with_secret(self, source: SecretSource) -> CredentialSource {
        match self {
            CredentialSource::Secret(_) => CredentialSource::Secret(source),
            CredentialSource::Certificate(certificate) => {
                CredentialSource::Certificate(CertificateSource { password: Some(source), ..certificate })
            }
        }
    }
}

impl From<SecretSource> for CredentialSource {
    fn from(source: SecretSource) -> CredentialSource {
        CredentialSource::Secret(source)
    }
}

impl fmt::Display for CredentialSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CredentialSource::Secret(source) => source.fmt(f),
            CredentialSource::Certificate(CertificateSource { path, password: None }) => {
                write!(f, "certificate {path}")
            }
            CredentialSource::Certificate(CertificateSource { path, password: Some(source) }) => {
                write!(f, "certificate {path}, its password from {source}")
            }
        }
    }
}

/// What `--secret SOURCE` asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceRequest {
    /// Read the value from standard input once, and keep it.
    Stdin,
    /// Ask for the value once, and keep it.
    Prompt,
    /// Keep it in the keyring.
    Keyring,
    /// Keep it in the vault.
    Vault,
    /// Read it from there at each use.
    At(CredentialSource),
}

impl SourceRequest {
    /// Reads a SOURCE.
    ///
    /// # Errors
    /// With a message that names the forms, never the text: it may be a secret given by mistake.
    pub fn parse(text: &str) -> Result<SourceRequest, String> {
        let (kind, rest) = text.split_once(':').unwrap_or((text, ""));
        let at = |source: SecretSource| Ok(SourceRequest::At(source.into()));
        match (kind, rest) {
            ("stdin", "") => Ok(SourceRequest::Stdin),
            ("prompt", "") => Ok(SourceRequest::Prompt),
            ("keyring", "") => Ok(SourceRequest::Keyring),
            ("vault", "") => Ok(SourceRequest::Vault),
            ("env", var) if is_variable(var) => at(SecretSource::Env { var: var.into() }),
            ("env", _) => Err("env: wants the name of an environment variable, as in env:D365_SECRET".into()),
            ("file", path) if !path.is_empty() => at(SecretSource::File { path: path.into() }),
            ("file", _) => Err("file: wants a path, as in file:/run/secrets/d365".into()),
            ("command", words) if !words.trim().is_empty() => at(SecretSource::Command { words: words.into() }),
            ("command", _) => Err("command: wants a command, as in 'command:pass show d365/contoso'".into()),
            ("certificate", path) if !path.is_empty() => Ok(SourceRequest::At(CredentialSource::certificate(path))),
            ("certificate", _) => Err("certificate: wants a path, as in certificate:/etc/d365/contoso.pem".into()),
            _ => Err("a secret's source is stdin, prompt, keyring, vault, env:VAR, file:PATH, command:WORDS or certificate:PATH, never the secret itself".into()),
        }
    }
}

/// Whether a text can name an environment variable.
pub fn is_variable(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(|c: char| c.is_ascii_digit())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// What was typed, read from a file, or given by flags; may be incomplete or wrong.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProfileDraft {
    /// The guide's id.
    pub guide: String,
    /// The values as typed; never the secret.
    pub values: BTreeMap<FieldId, String>,
    /// Where the credential is read from.
    pub source: Option<CredentialSource>,
    /// The credential is of a kind or source that this version cannot use.
    pub foreign_credential: Option<String>,
}

/// Something that keeps a draft from being a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The field.
    pub field: FieldId,
    /// What is wrong with it.
    pub text: String,
}

/// A value in which two profiles differ; empty where a profile has none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Differing {
    /// What it is called.
    pub label: &'static str,
    /// The one's and the other's.
    pub values: [String; 2],
}

impl ProfileDraft {
    /// What differs between two profiles, and how many values are the same. Where a secret is read from is compared; the
    /// secret never.
    pub fn beside(&self, other: &ProfileDraft) -> (Vec<Differing>, usize) {
        let source = |draft: &ProfileDraft| draft.source.as_ref().map(ToString::to_string).unwrap_or_default();
        let mut all = vec![("Guide", [self.guide.clone(), other.guide.clone()])];
        let fields = FieldId::ALL.into_iter().filter(|field| *field != FieldId::Secret);
        all.extend(
            fields.map(|field| (field.spec().label, [self.value(field).to_owned(), other.value(field).to_owned()])),
        );
        all.push(("Secret read from", [source(self), source(other)]));
        all.retain(|(_, [one, other])| !one.is_empty() || !other.is_empty());
        let count = all.len();
        let differing: Vec<Differing> = all
            .into_iter()
            .filter(|(_, [one, other])| !one.eq_ignore_ascii_case(other))
            .map(|(label, values)| Differing { label, values })
            .collect();
        let same = count - differing.len();
        (differing, same)
    }

    /// A draft for a guide, with nothing filled in.
    pub fn new(guide: &str) -> ProfileDraft {
        ProfileDraft { guide: guide.into(), ..ProfileDraft::default() }
    }

    /// A value as typed; empty when there is none.
    pub fn value(&self, field: FieldId) -> &str {
        self.values.get(&field).map_or("", String::as_str)
    }

    /// The same; none where nothing was given.
    pub fn given(&self, field: FieldId) -> Option<&str> {
        Some(self.value(field)).filter(|value| !value.is_empty())
    }

    /// The same, but for what is shaped like a secret: one in the wrong field must not get into a link or an export.
    pub fn harmless(&self, field: FieldId) -> Option<&str> {
        self.given(field).filter(|value| !looks_like_secret(value))
    }

    /// The values that differ from these in both, and there from each other: two people changed the same thing.
    pub fn clashes(&self, ours: &ProfileDraft, theirs: &ProfileDraft) -> Vec<FieldId> {
        let three = |field| (self.value(field), ours.value(field), theirs.value(field));
        let both = |field: &FieldId| matches!(three(*field), (was, ours, theirs) if was != ours && was != theirs && ours != theirs);
        let source = self.source != ours.source && self.source != theirs.source && ours.source != theirs.source;
        FieldId::ALL.into_iter().filter(both).chain(source.then_some(FieldId::Secret)).collect()
    }

    /// These values as they are when others changed them meanwhile: theirs, but for what was changed here since `was`.
    #[must_use]
    pub fn over(&self, was: &ProfileDraft, theirs: &ProfileDraft) -> ProfileDraft {
        let mut all = theirs.clone();
        for field in FieldId::ALL.into_iter().filter(|field| was.value(*field) != self.value(*field)) {
            all.set(field, self.value(field));
        }
        if was.source != self.source {
            all.source.clone_from(&self.source);
        }
        if was.guide != self.guide {
            all.guide.clone_from(&self.guide);
        }
        all
    }

    /// Sets a value, cleaned of what copying leaves around it; an empty one is taken out.
    pub fn set(&mut self, field: FieldId, text: &str) {
        let (value, _) = question::clean(text);
        // A URL is kept as it will be used, so that what is shown, saved and sent is the same.
        let value = match field {
            FieldId::Entities | FieldId::Permissions => question::list(&value).collect::<Vec<_>>().join(", "),
            FieldId::ResourceUrl | FieldId::AuthorityUrl | FieldId::GraphUrl => {
                ResourceUrl::parse(&value).map_or(value, |(url, _)| url.as_str().to_owned())
            }
            // As it is copied from here into a form of another program.
            FieldId::ClientId | FieldId::TenantId if parse_guid(&value).is_some() => {
                value.trim_matches(['{', '}']).to_owned()
            }
            FieldId::Expires if value.eq_ignore_ascii_case("none") => String::new(),
            FieldId::Expires => expiry::parse_date(&value).map_or(value, |date| date.to_string()),
            _ => value,
        };
        if value.is_empty() {
            self.values.remove(&field);
        } else {
            self.values.insert(field, value);
        }
    }

    /// The notes on one value.
    pub fn notes(&self, field: FieldId, guide: &Guide, clouds: &Clouds, today: Date) -> Vec<Note> {
        let other = |field: FieldId| self.value(field).to_owned();
        question::examine(field, self.value(field), &Context { guide, clouds, other: &other, today })
    }

    /// The cloud; `global` where none is given.
    pub fn cloud(&self) -> CloudId {
        CloudId::parse(self.value(FieldId::Cloud)).unwrap_or(CloudId::Global)
    }

    /// How the live test signs in: as chosen, else the guide's first way.
    pub fn sign_in(&self, guide: &Guide) -> SignIn {
        let chosen = SignIn::parse(self.value(FieldId::SignIn));
        chosen.or(guide.sign_in.first().copied()).unwrap_or(SignIn::App)
    }

    /// The origin of the API: as given, else the cloud's own, where the product has one for all tenants.
    pub fn resource(&self, product: Product, clouds: &Clouds) -> Option<ResourceUrl> {
        let parse = |text: &str| ResourceUrl::parse(text).ok().map(|(url, _)| url);
        if let Some(given) = self.given(FieldId::ResourceUrl) {
            return parse(given);
        }
        let cloud = clouds.get(self.cloud());
        match product {
            Product::FinanceOperations => None,
            Product::BusinessCentral => parse(cloud?.business_central.as_deref()?),
            Product::Graph => self.graph(clouds),
        }
    }

    /// The origin of Microsoft Graph.
    pub fn graph(&self, clouds: &Clouds) -> Option<ResourceUrl> {
        let own = clouds.get(self.cloud()).map(|cloud| cloud.graph.as_str());
        ResourceUrl::parse(self.given(FieldId::GraphUrl).or(own)?).ok().map(|(url, _)| url)
    }

    /// The sign-in origin.
    pub fn authority(&self, clouds: &Clouds) -> Option<ResourceUrl> {
        let own = clouds.get(self.cloud()).map(|cloud| cloud.authority.as_str());
        ResourceUrl::parse(self.given(FieldId::AuthorityUrl).or(own)?).ok().map(|(url, _)| url)
    }

    /// A value by its name in templates, made harmless. What the guide's product has of its own accord is filled in where the guide is
    /// known.
    pub fn template_value(&self, name: &str, guide: Option<&Guide>, clouds: &Clouds) -> Option<String> {
        // These texts are read and sent on by people (safety rule 7).
        let given = |field| self.harmless(field).map(|value| Untrusted::plain(value).one_line(MAX_SHOWN));
        let resource = || guide.and_then(|guide| self.resource(guide.product, clouds));
        match name {
            "client_id" => given(FieldId::ClientId),
            "tenant_id" => given(FieldId::TenantId),
            "resource_url" => given(FieldId::ResourceUrl).or_else(|| resource().map(|url| url.to_string())),
            "user_id" => given(FieldId::UserId),
            "environment" => given(FieldId::Environment),
            "company" => given(FieldId::Company),
            "permissions" => given(FieldId::Permissions),
            "redirect_uri" => given(FieldId::RedirectUri),
            "sign_in" => given(FieldId::SignIn),
            "expires" => given(FieldId::Expires),
            "scope" => resource().map(|url| url.scope()),
            "authority" => self.authority(clouds).map(|url| url.to_string()),
            "graph" => self.graph(clouds).map(|url| url.to_string()),
            "token_url" | "authorize_url" => {
                let end = name.trim_end_matches("_url");
                let tenant = given(FieldId::TenantId)?;
                Some(self.authority(clouds)?.join(&format!("/{tenant}/oauth2/v2.0/{end}")))
            }
            "portal" => {
                let cloud = clouds.get(self.cloud()).or_else(|| clouds.get(CloudId::Global));
                cloud.map(|cloud| cloud.portal.clone())
            }
            _ => None,
        }
    }

    /// Checks everything offline. All problems are told at once.
    ///
    /// # Errors
    /// With every value that is missing or cannot work.
    pub fn check(&self, name: &ProfileName, guide: &Guide, clouds: &Clouds) -> Result<Profile, Vec<Problem>> {
        let mut problems = Vec::new();
        for field in guide.needs() {
            let missing = match field {
                FieldId::Secret => self.source.is_none(),
                _ => self.value(field).is_empty(),
            };
            if missing {
                let text = match (&self.foreign_credential, field) {
                    (Some(foreign), FieldId::Secret) => format!("this version cannot use a credential of {foreign}"),
                    _ => "missing".into(),
                };
                problems.push(Problem { field, text });
            }
        }
        // The day does not matter: a date in the past is a hint, not a problem.
        let any_day = Date::constant(2000, 1, 1);
        for field in self.values.keys() {
            let notes = self.notes(*field, guide, clouds, any_day);
            if let Some(note) = notes.into_iter().find(|note| note.weight == Weight::Problem) {
                problems.push(Problem { field: *field, text: note.text });
            }
        }
        if self.cloud() == CloudId::Custom && self.value(FieldId::AuthorityUrl).is_empty() {
            problems.push(Problem { field: FieldId::AuthorityUrl, text: "cloud 'custom' needs it".into() });
        }
        let resource = self.resource(guide.product, clouds);
        if resource.is_none() && self.value(FieldId::ResourceUrl).is_empty() && !problems.iter().any(is_resource) {
            let text = format!("{} is not known to have an address in cloud '{}'", guide.product.name(), self.cloud());
            problems.push(Problem { field: FieldId::ResourceUrl, text });
        }
        let parsed = || -> Option<Profile> {
            let text = |field| Some(self.value(field).to_owned()).filter(|value| !value.is_empty());
            let list = |field| question::list(self.value(field)).map(str::to_owned).collect();
            Some(Profile {
                name: name.clone(),
                guide: guide.id.clone(),
                product: guide.product,
                sign_in: self.sign_in(guide),
                cloud: self.cloud(),
                tenant: self.value(FieldId::TenantId).parse().ok()?,
                client: self.value(FieldId::ClientId).parse().ok()?,
                resource: resource.clone()?,
                source: self.source.clone()?,
                expires: expiry::parse_date(self.value(FieldId::Expires)),
                user_id: text(FieldId::UserId),
                environment: text(FieldId::Environment),
                company: text(FieldId::Company),
                permissions: list(FieldId::Permissions),
                entities: list(FieldId::Entities),
                redirect_uri: text(FieldId::RedirectUri),
                authority: self.authority(clouds)?,
                authority_is_own: self.value(FieldId::AuthorityUrl).is_empty(),
                ca_certificate: text(FieldId::CaCertificate),
            })
        };
        match parsed() {
            Some(profile) if problems.is_empty() => Ok(profile),
            _ => {
                problems.sort_by_key(|problem| problem.field);
                problems.dedup();
                Err(problems)
            }
        }
    }
}

fn is_resource(problem: &Problem) -> bool {
    problem.field == FieldId::ResourceUrl
}

/// A complete, well-formed profile: everything that the live test needs, but the secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// Its name.
    pub name: ProfileName,
    /// The guide's id.
    pub guide: String,
    /// What it connects to.
    pub product: Product,
    /// How the live test signs in.
    pub sign_in: SignIn,
    /// Its cloud.
    pub cloud: CloudId,
    /// The tenant.
    pub tenant: TenantId,
    /// The app.
    pub client: ClientId,
    /// What tokens are asked for.
    pub resource: ResourceUrl,
    /// Where the credential is read from.
    pub source: CredentialSource,
    /// When the credential ends, if that is recorded.
    pub expires: Option<Date>,
    /// The mapped user, if recorded.
    pub user_id: Option<String>,
    /// The Business Central environment, if recorded.
    pub environment: Option<String>,
    /// The company, if recorded.
    pub company: Option<String>,
    /// The chosen permissions, which the token must carry; empty where none were chosen.
    pub permissions: Vec<String>,
    /// Entities to read instead of the guide's own; empty for the guide's own.
    pub entities: Vec<String>,
    /// The product's own reply address, if recorded.
    pub redirect_uri: Option<String>,
    /// The sign-in origin.
    pub authority: ResourceUrl,
    /// Whether that is the cloud's own, so that other clouds may be asked after a missing tenant.
    pub authority_is_own: bool,
    /// An extra certification authority, a path.
    pub ca_certificate: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_command_only_the_program_is_shown() {
        for (words, shown) in [
            ("pass show d365/canary", "command pass …"),
            ("/usr/bin/pass", "command /usr/bin/pass"),
            (" sh -c 'echo canary'", "command sh …"),
            ("PASS=canary get", "command …"),
            ("", "command …"),
        ] {
            assert_eq!(SecretSource::Command { words: words.into() }.to_string(), shown);
        }
    }

    fn guide(text: &str) -> Guide {
        toml::from_str(text).unwrap()
    }

    fn clouds() -> Clouds {
        toml::from_str(include_str!("../../assets/clouds.toml")).unwrap()
    }

    const CENTRAL: &str = include_str!("../../assets/guides/business-central.toml");
    const ERP: &str = include_str!("../../assets/guides/fno-client-credentials.toml");

    #[test]
    fn sources_are_read_and_what_is_none_is_answered_with_its_form() {
        let at = |source: SecretSource| SourceRequest::At(source.into());
        for (text, request) in [
            ("stdin", SourceRequest::Stdin),
            ("prompt", SourceRequest::Prompt),
            ("keyring", SourceRequest::Keyring),
            ("vault", SourceRequest::Vault),
            ("env:D365_SECRET", at(SecretSource::Env { var: "D365_SECRET".into() })),
            ("env:_secret2", at(SecretSource::Env { var: "_secret2".into() })),
            ("file:C:\\d365\\secret", at(SecretSource::File { path: "C:\\d365\\secret".into() })),
            ("command:pass show d365", at(SecretSource::Command { words: "pass show d365".into() })),
            ("certificate:contoso.pem", SourceRequest::At(CredentialSource::certificate("contoso.pem"))),
        ] {
            assert_eq!(SourceRequest::parse(text), Ok(request), "{text}");
        }
        for (text, form) in [
            ("env:", "as in env:D365_SECRET"),
            ("env:2ND_SECRET", "as in env:D365_SECRET"),
            ("env:D365-SECRET", "as in env:D365_SECRET"),
            ("env:$D365_SECRET", "as in env:D365_SECRET"),
            ("file:", "as in file:/"),
            ("command:", "as in 'command:"),
            ("command:  ", "as in 'command:"),
            ("certificate:", "as in certificate:/"),
            ("prompt:now", "never the secret itself"),
            ("aBc8Q~canary", "never the secret itself"),
            ("aBc8Q:canary", "never the secret itself"),
        ] {
            let told = SourceRequest::parse(text).unwrap_err();
            assert!(told.contains(form) && !told.contains("canary"), "{text}: {told}");
        }
    }

    /// What is kept under an entry of ours goes with its profile; all else stays where a person has put it.
    #[test]
    fn what_is_known_of_a_place_without_reading_it() {
        let entry = || "a1b2".to_owned();
        let env = SecretSource::Env { var: "D365".into() };
        let command = SecretSource::Command { words: "pass show d365".into() };
        let pem = |password: Option<SecretSource>| {
            CredentialSource::Certificate(CertificateSource { path: "contoso.pem".into(), password })
        };
        let (keyring, vault) = (SecretSource::Keyring { entry: entry() }, SecretSource::Vault { entry: entry() });
        for (source, runs_a_command, in_vault, rest, shown) in [
            (CredentialSource::from(keyring.clone()), false, false, None, "the keyring"),
            (SecretSource::Keyring { entry: String::new() }.into(), false, false, None, "what was typed"),
            (vault.clone().into(), false, true, None, "the vault"),
            (env.clone().into(), false, false, Some(env.into()), "environment variable D365"),
            (command.clone().into(), true, false, Some(command.clone().into()), "command pass …"),
            (pem(None), false, false, Some(pem(None)), "certificate contoso.pem"),
            (pem(Some(vault)), false, true, Some(pem(None)), "certificate contoso.pem, its password from the vault"),
            (
                pem(Some(keyring)),
                false,
                false,
                Some(pem(None)),
                "certificate contoso.pem, its password from the keyring",
            ),
            (
                pem(Some(command.clone())),
                true,
                false,
                Some(pem(Some(command))),
                "certificate contoso.pem, its password from command pass …",
            ),
        ] {
            assert_eq!((source.runs_a_command(), source.in_vault()), (runs_a_command, in_vault), "{source}");
            assert_eq!(source.to_string(), shown);
            assert_eq!(source.without_kept(), rest);
        }
    }

    #[test]
    fn what_was_changed_here_goes_over_what_others_changed() {
        let draft = |guide: &str, company: &str, user: &str| {
            let mut draft = ProfileDraft::new(guide);
            draft.set(FieldId::Company, company);
            draft.set(FieldId::UserId, user);
            draft
        };
        let was = draft("c1-fno", "USMF", "svc");
        for (ours, theirs, all) in [
            (("c1-fno", "DAT", "svc"), ("c1-fno", "USMF", "odata"), ("c1-fno", "DAT", "odata")),
            (("c1-fno", "DAT", "svc"), ("fno-delegated", "USMF", "svc"), ("fno-delegated", "DAT", "svc")),
            (("fno-delegated", "USMF", "svc"), ("c1-fno", "USMF", "odata"), ("fno-delegated", "USMF", "odata")),
        ] {
            let of = |(guide, company, user)| draft(guide, company, user);
            assert_eq!(of(ours).over(&was, &of(theirs)), of(all), "{ours:?} over {theirs:?}");
        }
    }

    #[test]
    fn two_people_clash_where_both_changed_the_same_to_something_else() {
        let draft = |company: &str, user: &str, var: &str| {
            let mut draft = ProfileDraft::new("c1-fno");
            draft.set(FieldId::Company, company);
            draft.set(FieldId::UserId, user);
            draft.source = Some(SecretSource::Env { var: var.into() }.into());
            draft
        };
        let was = draft("USMF", "svc", "A");
        for (ours, theirs, clashes) in [
            (("DAT", "svc", "A"), ("DEMF", "svc", "A"), &[FieldId::Company][..]),
            (("DAT", "svc", "A"), ("DAT", "svc", "A"), &[]),
            (("DAT", "svc", "A"), ("USMF", "odata", "A"), &[]),
            (("USMF", "svc", "A"), ("DEMF", "odata", "B"), &[]),
            (("DAT", "x", "B"), ("USMF", "svc", "A"), &[]),
            (("USMF", "svc", "B"), ("USMF", "svc", "B"), &[]),
            (("USMF", "svc", "B"), ("USMF", "svc", "C"), &[FieldId::Secret]),
        ] {
            let of = |(company, user, var)| draft(company, user, var);
            assert_eq!(was.clashes(&of(ours), &of(theirs)), clashes, "{ours:?} and {theirs:?}");
        }
    }

    #[test]
    fn lists_and_addresses_are_kept_in_one_form() {
        let mut draft = ProfileDraft::new("office365");
        for (field, typed, kept) in [
            (
                FieldId::Permissions,
                " User.Read.All,Mail.Read ,, Sites.Read.All",
                "User.Read.All, Mail.Read, Sites.Read.All",
            ),
            (FieldId::Entities, "CustomersV3 ,VendorsV2,", "CustomersV3, VendorsV2"),
            (FieldId::ResourceUrl, "Contoso.operations.dynamics.com/data", "https://contoso.operations.dynamics.com"),
            (FieldId::GraphUrl, "no address", "no address"),
        ] {
            draft.set(field, typed);
            assert_eq!(draft.value(field), kept, "{typed}");
        }
    }

    /// Where a cloud has no address for a product, that is told, once and beside nothing else about the address.
    #[test]
    fn a_product_without_an_address_in_its_cloud_is_told() {
        let mut draft = ProfileDraft::new("business-central");
        draft.set(FieldId::Cloud, "us-gov");
        let Err(problems) = draft.check(&"x".parse().unwrap(), &guide(CENTRAL), &clouds()) else { panic!() };
        let of_address = |problems: &[Problem]| -> Vec<String> {
            problems.iter().filter(|problem| is_resource(problem)).map(|problem| problem.text.clone()).collect()
        };
        let told = "Business Central is not known to have an address in cloud 'us-gov'";
        assert_eq!(of_address(&problems), [told]);
        let mut draft = ProfileDraft::new("fno-client-credentials");
        draft.set(FieldId::Cloud, "us-gov");
        let Err(problems) = draft.check(&"x".parse().unwrap(), &guide(ERP), &clouds()) else { panic!() };
        assert_eq!(of_address(&problems).len(), 1);
    }

    #[test]
    fn an_end_date_is_kept_in_one_form() {
        for (typed, kept) in [
            ("2027-05-20", "2027-05-20"),
            ("5/20/2027", "2027-05-20"),
            ("20.5.2027 ", "2027-05-20"),
            ("None", ""),
            ("none", ""),
            // Which is the month cannot be known: the question says so.
            ("5/6/2027", "5/6/2027"),
        ] {
            let mut draft = ProfileDraft::new("c1-fno");
            draft.set(FieldId::Expires, "2026-01-01");
            draft.set(FieldId::Expires, typed);
            assert_eq!(draft.value(FieldId::Expires), kept, "{typed}");
        }
    }

    #[test]
    fn templates_get_values_as_given_and_the_clouds_own() {
        let mut draft = ProfileDraft::new("business-central");
        for (field, value) in [
            (FieldId::TenantId, "contoso.com"),
            (FieldId::SignIn, "device-code"),
            (FieldId::Expires, "5/20/2027"),
            (FieldId::Environment, "Production"),
        ] {
            draft.set(field, value);
        }
        let (guide, clouds) = (guide(CENTRAL), clouds());
        for (name, value) in [
            ("tenant_id", Some("contoso.com")),
            ("sign_in", Some("device-code")),
            ("expires", Some("2027-05-20")),
            ("environment", Some("Production")),
            ("company", None),
            ("graph", Some("https://graph.microsoft.com")),
            ("authority", Some("https://login.microsoftonline.com")),
            ("resource_url", Some("https://api.businesscentral.dynamics.com")),
            ("scope", Some("https://api.businesscentral.dynamics.com/.default")),
            ("token_url", Some("https://login.microsoftonline.com/contoso.com/oauth2/v2.0/token")),
            ("authorize_url", Some("https://login.microsoftonline.com/contoso.com/oauth2/v2.0/authorize")),
            ("secret", None),
        ] {
            assert_eq!(draft.template_value(name, Some(&guide), &clouds).as_deref(), value, "{name}");
        }
    }

    #[test]
    fn all_that_keeps_a_draft_from_being_a_profile_is_told_at_once() {
        let problems = |draft: &ProfileDraft, guide_text: &str| -> Vec<(FieldId, String)> {
            let told = draft.check(&ProfileName::unnamed(), &guide(guide_text), &clouds()).unwrap_err();
            told.into_iter().map(|problem| (problem.field, problem.text)).collect()
        };
        // In this cloud the product has no address that is known; the tenant and the app are missing as well.
        let mut draft = ProfileDraft::new("business-central");
        draft.set(FieldId::Cloud, "china");
        draft.source = Some(SecretSource::Env { var: "D365".into() }.into());
        let told = problems(&draft, CENTRAL);
        let missing = |field| (field, "missing".to_owned());
        for one in [
            missing(FieldId::TenantId),
            missing(FieldId::ClientId),
            (FieldId::ResourceUrl, "Business Central is not known to have an address in cloud 'china'".to_owned()),
        ] {
            assert!(told.contains(&one), "{one:?}: {told:?}");
        }
        // What is missing anyway is told once.
        let mut draft = ProfileDraft::new("fno-client-credentials");
        draft.foreign_credential = Some("kind 'federated'".into());
        let told = problems(&draft, ERP);
        assert_eq!(told.iter().filter(|(field, _)| *field == FieldId::ResourceUrl).count(), 1, "{told:?}");
        let foreign = (FieldId::Secret, "this version cannot use a credential of kind 'federated'".to_owned());
        assert!(told.contains(&foreign), "{told:?}");
    }
}
