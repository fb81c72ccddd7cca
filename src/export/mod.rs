//! Floor 1: a profile as text in the format of whoever uses it.
//!
//! Knows how a value is quoted for each reader. What the formats look like is in `assets/exports/`; the way back is
//! `core::intake`, which reads them all.

mod quote;

pub use quote::quote;

use crate::core::cloud::Clouds;
use crate::core::format::{Format, Reader};
use crate::core::guide::{Guide, Product};
use crate::core::names::ProfileName;
use crate::core::profile::{CertificateSource, CredentialSource, ProfileDraft};
use crate::core::question::{self, FieldId};
use crate::core::resource::segment;
use crate::core::secret::ClientSecret;
use crate::core::template;
use std::collections::BTreeMap;
use zeroize::Zeroizing;

/// What stands where the secret goes; an import knows it for a placeholder.
pub const PLACEHOLDER: &str = "REPLACE_WITH_CLIENT_SECRET";

/// The same for the password of a certificate's key, which is never handed over.
pub const PASSWORD_PLACEHOLDER: &str = "REPLACE_WITH_CERTIFICATE_PASSWORD";

/// What is handed over.
#[derive(Debug)]
pub struct Handover<'a> {
    /// In which format.
    pub format: &'a Format,
    /// The profile's name.
    pub name: &'a ProfileName,
    /// Its values; may be incomplete.
    pub draft: &'a ProfileDraft,
    /// Its guide.
    pub guide: &'a Guide,
    /// The clouds.
    pub clouds: &'a Clouds,
    /// The secret, where it was asked for by name.
    pub secret: Option<&'a ClientSecret>,
    /// The format's own values that were given.
    pub options: &'a BTreeMap<String, String>,
}

/// The text of an export, wiped on drop. The secret is in it only where it was handed in.
pub fn render(handover: &Handover<'_>) -> Zeroizing<String> {
    let template = &handover.format.template;
    let value = |hole: &str| handover.value(hole);
    let size: usize = template::holes(template).into_iter().filter_map(value).map(|value| value.len()).sum();
    // Reserved once, so that growing leaves no copies of the secret behind.
    let mut out = Zeroizing::new(String::with_capacity(template.len() + size + 64));
    let or_empty = |hole: &str| Some(handover.value(hole).unwrap_or_else(|| handover.quoted(hole, "")));
    for (optional, part) in template::parts(template) {
        if !optional || template::has_all(part, &value) {
            // Every hole has a value here.
            let _ = template::fill_part(&mut out, part, &or_empty);
        }
    }
    out
}

/// The name of a field in templates: what stands behind the dot.
fn hole_of(field: FieldId) -> &'static str {
    field.name().rsplit('.').next().unwrap_or_default()
}

impl Handover<'_> {
    /// What goes into a hole, quoted. None where the profile has no such value.
    fn value(&self, hole: &str) -> Option<Zeroizing<String>> {
        match bare(hole) {
            // Whole lines, quoted already.
            "rest" => Some(Zeroizing::new(self.rest())),
            // Nothing but a reason for the text around it.
            "as_user" => self.draft.sign_in(self.guide).is_user().then(Zeroizing::default),
            // A profile that signs in with a certificate has no secret, and the other way round.
            "client_secret" => self.certificate().is_none().then(|| self.secret(hole)),
            "as_secret" => self.certificate().is_none().then(Zeroizing::default),
            "as_certificate" => self.certificate().map(|_| Zeroizing::default()),
            "certificate_path" => self.certificate().map(|certificate| self.quoted(hole, &certificate.path)),
            "as_password" => self.certificate()?.password.as_ref().map(|_| Zeroizing::default()),
            "certificate_password" => {
                self.certificate()?.password.as_ref().map(|_| self.quoted(hole, PASSWORD_PLACEHOLDER))
            }
            name => self.plain(name).map(|value| self.quoted(hole, &value)),
        }
    }

    fn certificate(&self) -> Option<&CertificateSource> {
        match self.draft.source.as_ref()? {
            CredentialSource::Certificate(certificate) => Some(certificate),
            CredentialSource::Secret(_) => None,
        }
    }

    fn quoted(&self, hole: &str, value: &str) -> Zeroizing<String> {
        quote(reader_of(hole).unwrap_or(self.format.reader), value)
    }

    #[expect(clippy::disallowed_methods, reason = "the export is where the secret was asked for by name")]
    fn secret(&self, hole: &str) -> Zeroizing<String> {
        self.quoted(hole, self.secret.map_or(PLACEHOLDER, ClientSecret::reveal))
    }

    /// A value as it is; never a secret.
    fn plain(&self, name: &str) -> Option<String> {
        let derived = |name: &str| self.draft.template_value(name, Some(self.guide), self.clouds);
        match name {
            "name" => Some(self.name.to_string()),
            "slug" => Some(slug(self.name.as_str())),
            "guide" => Some(self.guide.id.clone()),
            "instance" => derived("authority").map(|url| format!("{url}/")),
            "call_url" => self.call_url(),
            // As given, or the product's own.
            "resource_url" | "scope" | "authority" | "token_url" => derived(name),
            _ => FieldId::ALL
                .into_iter()
                .find(|field| hole_of(*field) == name)
                .and_then(|field| self.draft.harmless(field).map(str::to_owned))
                .or_else(|| self.option(name)),
        }
    }

    fn option(&self, name: &str) -> Option<String> {
        let option = self.format.options.iter().find(|option| option.name == name)?;
        let given = self.options.get(name).cloned();
        given.or_else(|| template::fill(&option.default, &|hole| self.plain(hole))).filter(|value| !value.is_empty())
    }

    /// The guide, and every value that the template has no place for.
    fn rest(&self) -> String {
        let placed: Vec<&str> = template::holes(&self.format.template).into_iter().map(bare).collect();
        let others = FieldId::ALL.into_iter().filter(|field| !placed.contains(&hole_of(*field)));
        let values = others.filter_map(|field| Some((field.name(), self.draft.harmless(field)?.to_owned())));
        let guide = Some(("guide", self.guide.id.clone())).filter(|_| !placed.contains(&"guide"));
        let line = |(name, value): (&str, String)| {
            let hole = |hole: &str| match bare(hole) {
                "field" => Some(self.quoted(hole, name)),
                "value" => Some(self.quoted(hole, &value)),
                _ => None,
            };
            let mut line = String::new();
            // The two holes are all that a rest may have; a test of the assets proves it.
            let _ = template::fill_part(&mut line, &self.format.rest, &hole);
            line
        };
        guide.into_iter().chain(values).map(line).collect()
    }

    /// One read of the API, as the live test does it.
    fn call_url(&self) -> Option<String> {
        let resource = self.draft.resource(self.guide.product, self.clouds)?;
        let path = match self.guide.product {
            Product::FinanceOperations => {
                let given = question::list(self.draft.value(FieldId::Entities)).next();
                let entity = given.or_else(|| self.guide.reads.first().map(|entity| entity.name.as_str()))?;
                format!("/data/{}?$top=1", segment(entity))
            }
            Product::BusinessCentral => {
                let tenant = self.draft.harmless(FieldId::TenantId)?;
                let environment = self.draft.harmless(FieldId::Environment)?;
                format!("/v2.0/{}/{}/api/v2.0/companies", segment(tenant), segment(environment))
            }
            Product::Graph => "/v1.0/organization".to_owned(),
        };
        Some(resource.join(&path))
    }
}

/// A hole's name without the quoting that it asks for.
fn bare(hole: &str) -> &str {
    ["sh_", "json_", "text_"].into_iter().find_map(|prefix| hole.strip_prefix(prefix)).unwrap_or(hole)
}

/// The quoting that a hole asks for by its name.
fn reader_of(hole: &str) -> Option<Reader> {
    [("sh_", Reader::Sh), ("json_", Reader::Json), ("text_", Reader::Text)]
        .into_iter()
        .find(|(prefix, _)| hole.starts_with(prefix))
        .map(|(_, reader)| reader)
}

/// A name as Kubernetes takes it: small letters, digits and hyphens.
fn slug(name: &str) -> String {
    let small = name.to_ascii_lowercase().replace(|c: char| !c.is_ascii_alphanumeric(), "-");
    let short: String = small.trim_matches('-').chars().take(63).collect();
    let slug = short.trim_end_matches('-');
    if slug.is_empty() { "d365".to_owned() } else { slug.to_owned() }
}
