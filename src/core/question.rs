//! Every value a profile holds, declared once: its name in files and flags, its words in the portal, its check.
//!
//! Serves the wizard, the editor, `--set`, `--no-input` and plain prompts alike. Does not ask anybody anything.

use crate::core::cloud::{CloudId, Clouds, HostKind, is_loopback};
use crate::core::expiry;
use crate::core::guide::{Guide, Need, PermissionKind, Product, SignIn};
use crate::core::names::{ClientId, TenantId, parse_guid};
use crate::core::resource::ResourceUrl;
use crate::core::secret::{SecretShape, is_placeholder, looks_like_secret};
use jiff::civil::Date;
use serde::Deserialize;
use std::fmt;
use url::Url;

/// A value of a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
pub enum FieldId {
    /// Which Microsoft cloud.
    #[serde(rename = "cloud")]
    Cloud,
    /// Directory (tenant) ID.
    #[serde(rename = "tenant_id")]
    TenantId,
    /// Application (client) ID.
    #[serde(rename = "client_id")]
    ClientId,
    /// The secret's value; never in a file of ours.
    #[serde(rename = "secret")]
    Secret,
    /// The secret's end date.
    #[serde(rename = "credential.expires")]
    Expires,
    /// How the live test signs in.
    #[serde(rename = "sign_in")]
    SignIn,
    /// The reply address that the product uses when a user signs in.
    #[serde(rename = "redirect_uri")]
    RedirectUri,
    /// The URL of the D365 environment.
    #[serde(rename = "resource_url")]
    ResourceUrl,
    /// The name of a Business Central environment.
    #[serde(rename = "d365.environment")]
    Environment,
    /// The F&O user that the app is mapped to.
    #[serde(rename = "d365.user_id")]
    UserId,
    /// A company: its data is read by default.
    #[serde(rename = "d365.company")]
    Company,
    /// The permissions that were chosen; the token must carry them.
    #[serde(rename = "d365.permissions")]
    Permissions,
    /// Entities to read instead of the guide's own.
    #[serde(rename = "d365.entities")]
    Entities,
    /// Another sign-in host than the cloud's.
    #[serde(rename = "network.authority_url")]
    AuthorityUrl,
    /// Another Graph host than the cloud's.
    #[serde(rename = "network.graph_url")]
    GraphUrl,
    /// An extra certification authority, as PEM file.
    #[serde(rename = "network.ca_certificate")]
    CaCertificate,
}

/// What is to be known about a field.
#[derive(Debug)]
pub struct FieldSpec {
    /// Which field.
    pub id: FieldId,
    /// Its name in profile files and after `--set`.
    pub name: &'static str,
    /// Its name in the portal.
    pub label: &'static str,
    /// Where it is found.
    pub help: &'static str,
    /// How it looks.
    pub example: &'static str,
}

const SPECS: [FieldSpec; 16] = [
    FieldSpec {
        id: FieldId::Cloud,
        name: "cloud",
        label: "Cloud",
        help: "global for most, GCC included; us-gov is GCC High, us-dod is DoD, china is 21Vianet",
        example: "global",
    },
    FieldSpec {
        id: FieldId::TenantId,
        name: "tenant_id",
        label: "Directory (tenant) ID",
        help: "on the app's Overview page; a verified domain works too",
        example: "11111111-2222-4333-8444-555555555555",
    },
    FieldSpec {
        id: FieldId::ClientId,
        name: "client_id",
        label: "Application (client) ID",
        help: "on the app's Overview page; not the Object ID beside it",
        example: "66666666-7777-4888-9999-aaaaaaaaaaaa",
    },
    FieldSpec {
        id: FieldId::Secret,
        name: "secret",
        label: "Client secret (Value)",
        help: "the Value column under Certificates & secrets, shown once; not the Secret ID",
        example: "stdin",
    },
    FieldSpec {
        id: FieldId::Expires,
        name: "credential.expires",
        label: "Secret expires",
        help: "the Expires column under Certificates & secrets, as year-month-day; none where it is not to be recorded",
        example: "2027-05-20",
    },
    FieldSpec {
        id: FieldId::SignIn,
        name: "sign_in",
        label: "Sign-in for the test",
        help: "app, loopback (a browser on this machine) or device-code (a browser anywhere)",
        example: "loopback",
    },
    FieldSpec {
        id: FieldId::RedirectUri,
        name: "redirect_uri",
        label: "Product's redirect URI",
        help: "the address to which the product has users sent back; on the app's Authentication page",
        example: "https://example.com/oauth",
    },
    FieldSpec {
        id: FieldId::ResourceUrl,
        name: "resource_url",
        label: "Finance & Operations URL",
        help: "the address of Finance & Operations in the browser, without what follows the host",
        example: "https://contoso.operations.dynamics.com",
    },
    FieldSpec {
        id: FieldId::Environment,
        name: "d365.environment",
        label: "Environment",
        help: "its name in the Business Central admin center, under Environments",
        example: "Production",
    },
    FieldSpec {
        id: FieldId::UserId,
        name: "d365.user_id",
        label: "Mapped user (User ID)",
        help: "the User ID column of System administration › Setup › Microsoft Entra ID applications",
        example: "svc-odata",
    },
    FieldSpec {
        id: FieldId::Company,
        name: "d365.company",
        label: "Company",
        help: "the legal entity whose data is read by default, four characters at most",
        example: "USMF",
    },
    FieldSpec {
        id: FieldId::Permissions,
        name: "d365.permissions",
        label: "Chosen permissions",
        help: "the permissions that the token must carry, comma-separated, as the portal names them",
        example: "User.Read.All, Calendars.ReadWrite",
    },
    FieldSpec {
        id: FieldId::Entities,
        name: "d365.entities",
        label: "Entities to read",
        help: "read instead of the guide's own, comma-separated; letter case matters",
        example: "CustomersV3, VendorsV2",
    },
    FieldSpec {
        id: FieldId::AuthorityUrl,
        name: "network.authority_url",
        label: "Sign-in host",
        help: "only where it differs from the cloud's own",
        example: "https://login.microsoftonline.com",
    },
    FieldSpec {
        id: FieldId::GraphUrl,
        name: "network.graph_url",
        label: "Graph host",
        help: "only where it differs from the cloud's own",
        example: "https://graph.microsoft.com",
    },
    FieldSpec {
        id: FieldId::CaCertificate,
        name: "network.ca_certificate",
        label: "Extra CA certificate",
        help: "a PEM file, for networks whose proxy opens TLS",
        example: "/etc/ssl/corporate-ca.pem",
    },
];

impl FieldId {
    /// Every field, in the order in which it is shown.
    pub const ALL: [FieldId; 16] = {
        let mut all = [FieldId::Cloud; 16];
        let mut at = 0;
        while at < 16 {
            all[at] = SPECS[at].id;
            at += 1;
        }
        all
    };

    /// What is to be known about it.
    pub fn spec(self) -> &'static FieldSpec {
        // The table is in the order of the enum; a test proves it.
        &SPECS[self as usize]
    }

    /// Its name in profile files and after `--set`.
    pub fn name(self) -> &'static str {
        self.spec().name
    }

    /// The field of that name.
    pub fn parse(name: &str) -> Option<FieldId> {
        SPECS.iter().find(|spec| spec.name == name).map(|spec| spec.id)
    }
}

impl fmt::Display for FieldId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How a note about a value weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// All right, and why.
    Good,
    /// Something was taken off or put right.
    Told,
    /// Looks wrong, but may be right: never blocks.
    Hint,
    /// A host that nobody could know to be right: shown in full, wants a yes on screen.
    Odd,
    /// Cannot work.
    Problem,
}

/// A remark about a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// How it weighs.
    pub weight: Weight,
    /// The remark, without the value itself where that might be a secret.
    pub text: String,
}

impl Note {
    /// A note of that weight.
    pub fn new(weight: Weight, text: impl Into<String>) -> Note {
        Note { weight, text: text.into() }
    }
}

/// What a field's check may look at besides the value.
pub struct Context<'a> {
    /// The guide that is being followed.
    pub guide: &'a Guide,
    /// The clouds.
    pub clouds: &'a Clouds,
    /// The other values as they stand.
    pub other: &'a dyn Fn(FieldId) -> String,
    /// Today, for end dates.
    pub today: Date,
}

/// A value with what copying leaves around it taken off: blanks, quotes, smart quotes, invisible characters.
pub fn clean(text: &str) -> (String, bool) {
    let unwanted = |c: char| {
        c.is_whitespace()
            || c.is_control()
            || matches!(c, '"' | '\'' | '`' | '\u{2018}'..='\u{201f}' | '\u{ab}' | '\u{bb}' | '\u{200b}'..='\u{200f}' | '\u{feff}' | '\u{2060}')
    };
    let bare = text.trim_matches(unwanted).trim_end_matches([',', ';']).trim_matches(unwanted);
    let bare = with_own_quotes(text, bare);
    (bare.to_owned(), bare.len() != text.len())
}

/// A part of a text, with those quotes beside it that belong to quotes inside: `CRONUS "DE"`.
fn with_own_quotes<'t>(text: &'t str, bare: &str) -> &'t str {
    let start = text.find(bare).unwrap_or_default();
    let end = start + bare.len();
    let (before, after) = (&text[..start], &text[end..]);
    let is_apart = |c: Option<char>| c.is_some_and(|c| c.is_whitespace() || "()[],;.".contains(c));
    for (open, close) in [('"', '"'), ('\u{201c}', '\u{201d}'), ('\'', '\'')] {
        let Some((at, first)) = bare.char_indices().find(|(_, c)| *c == open || *c == close) else { continue };
        let ahead = is_apart(bare[..at].chars().next_back());
        let behind = is_apart(bare[at + first.len_utf8()..].chars().next());
        let is_odd = bare.chars().filter(|c| *c == open || *c == close).count() % 2 == 1;
        // Where the first inside opens, the last one closes; where it closes, one before it has opened.
        let (opens, closes) = (before.rfind(open), after.find(close).map(|at| end + at + close.len_utf8()));
        match (opens, closes) {
            (_, Some(closes)) if is_odd && ahead && !behind => return &text[start..closes],
            (Some(opens), _) if is_odd && behind && !ahead => return &text[opens..end],
            (Some(opens), Some(closes)) if !is_odd && behind && !ahead => return &text[opens..closes],
            _ => {}
        }
    }
    &text[start..end]
}

/// Looks at a plain value: what is wrong with it, what looks odd, what was put right. The worst comes first.
///
/// An empty value has no notes: whether it may be missing is asked elsewhere. Secrets are looked at by [`examine_secret`].
pub fn examine(field: FieldId, text: &str, context: &Context<'_>) -> Vec<Note> {
    let (value, trimmed) = clean(text);
    if value.is_empty() {
        return Vec::new();
    }
    let mut notes = Vec::new();
    if trimmed {
        notes.push(Note::new(Weight::Told, "blanks or quotes around it are not used"));
    }
    if is_placeholder(&value) {
        notes.push(Note::new(Weight::Problem, format!("this is a placeholder; {}", field.spec().help)));
    } else if looks_like_secret(&value) {
        // Told without the value: it may be a real secret in the wrong place.
        notes.push(Note::new(Weight::Problem, "this looks like a secret's value: it belongs into the secret field"));
    } else {
        match field {
            FieldId::Cloud => cloud(&value, &mut notes),
            FieldId::TenantId => tenant(&value, context, &mut notes),
            FieldId::ClientId => client(&value, context, &mut notes),
            FieldId::Expires => expires(&value, context.today, &mut notes),
            FieldId::SignIn => sign_in(&value, context, &mut notes),
            FieldId::RedirectUri => redirect_uri(&value, &mut notes),
            FieldId::Environment => environment(&value, &mut notes),
            FieldId::Permissions => permissions(&value, context, &mut notes),
            FieldId::ResourceUrl => resource(&value, context, &mut notes),
            FieldId::UserId => user(&value, &mut notes),
            FieldId::Company => company(&value, context, &mut notes),
            FieldId::Entities => entities(&value, context, &mut notes),
            FieldId::AuthorityUrl => host_of(&value, HostKind::SignIn, context, &mut notes),
            FieldId::GraphUrl => host_of(&value, HostKind::Graph, context, &mut notes),
            FieldId::CaCertificate | FieldId::Secret => {}
        }
    }
    notes.sort_by_key(|note| std::cmp::Reverse(note.weight));
    notes
}

/// Looks at a secret by its shape alone.
pub fn examine_secret(shape: SecretShape, same_as: Option<FieldId>) -> Vec<Note> {
    let note = |weight, text: &str| vec![Note::new(weight, text)];
    if let Some(field) = same_as {
        return vec![Note::new(Weight::Problem, format!("this is the value of {}", field.spec().label))];
    }
    match shape {
        SecretShape::Empty => Vec::new(),
        SecretShape::SecretId => note(
            Weight::Hint,
            "this is shaped like the secret's ID, not its value: copy the Value column, shown only right after the secret is made",
        ),
        SecretShape::Quoted => note(Weight::Hint, "quotes stand around it: were they copied with it?"),
        SecretShape::Padded => {
            note(Weight::Hint, "a blank stands at its start or its end, and is used with it: is that right?")
        }
        SecretShape::Trimmed => note(Weight::Told, "blanks around it are not used"),
        SecretShape::Placeholder => note(Weight::Hint, "this looks like a placeholder"),
        SecretShape::Masked => note(
            Weight::Hint,
            "this is the masked form that the portal shows later; the full value is shown only once: make a new secret",
        ),
        SecretShape::Usual => note(Weight::Good, "looks like a secret value"),
        SecretShape::Short => {
            note(Weight::Hint, "unusually short: the values that Entra makes have about 40 characters")
        }
        SecretShape::Other => note(Weight::Good, "received"),
    }
}

fn cloud(value: &str, notes: &mut Vec<Note>) {
    if CloudId::parse(value).is_none() {
        let names = CloudId::ALL.map(CloudId::as_str).join(", ");
        notes.push(Note::new(Weight::Problem, format!("a cloud is one of {names}")));
    }
}

fn tenant(value: &str, context: &Context<'_>, notes: &mut Vec<Note>) {
    let lower = value.to_ascii_lowercase();
    if lower.contains('/') {
        let inside = lower.split(['/', '?']).find(|part| parse_guid(part).is_some());
        let more = if inside.is_some() { ": the tenant is the GUID inside it" } else { "" };
        notes.push(Note::new(Weight::Problem, format!("this is a URL, not a tenant{more}")));
        return;
    }
    match value.parse::<TenantId>() {
        Err(error) => notes.push(Note::new(Weight::Problem, error.message)),
        Ok(TenantId::Guid(id)) => {
            if (context.other)(FieldId::ClientId).parse::<ClientId>().is_ok_and(|client| client.uuid() == id) {
                notes.push(Note::new(
                    Weight::Problem,
                    "this is the same as the client id; they are two values on the Overview page",
                ));
            } else {
                notes.push(Note::new(Weight::Good, "a GUID"));
            }
        }
        Ok(TenantId::Domain(name)) => match context.clouds.kind(&name) {
            HostKind::Odd | HostKind::Loopback | HostKind::Sandbox => {
                notes.push(Note::new(Weight::Good, "a domain; the GUID from the Overview page is the safer form"));
            }
            _ => notes.push(Note::new(
                Weight::Problem,
                "this is the host of a Microsoft service, not a tenant: it belongs into the URL field",
            )),
        },
    }
}

fn client(value: &str, context: &Context<'_>, notes: &mut Vec<Note>) {
    match value.parse::<ClientId>() {
        Err(error) => notes.push(Note::new(Weight::Problem, error.message)),
        Ok(id) => {
            if (context.other)(FieldId::TenantId)
                .parse::<TenantId>()
                .is_ok_and(|tenant| tenant.guid() == Some(id.uuid()))
            {
                notes.push(Note::new(
                    Weight::Problem,
                    "this is the same as the tenant id; they are two values on the Overview page",
                ));
            } else if let Some(owner) = first_party(&id.to_string()) {
                notes.push(Note::new(
                    Weight::Hint,
                    format!("this id belongs to Microsoft's own '{owner}', not to an app of yours"),
                ));
            } else {
                notes.push(Note::new(
                    Weight::Good,
                    "a GUID; Object ID and Secret ID look the same, so compare the label",
                ));
            }
        }
    }
}

/// Microsoft's own applications whose ids are mistaken for the app's (facts, section 2).
fn first_party(id: &str) -> Option<&'static str> {
    match id {
        "00000015-0000-0000-c000-000000000000" => Some("Microsoft Dynamics ERP"),
        "00000007-0000-0000-c000-000000000000" => Some("Dataverse"),
        "00000003-0000-0000-c000-000000000000" => Some("Microsoft Graph"),
        "00000002-0000-0000-c000-000000000000" => Some("Azure AD Graph"),
        "996def3d-b36c-4153-8607-a6fd3c01b89f" => Some("Business Central"),
        "04b07795-8ddb-461a-bbee-02f9e1bf7b46" => Some("Azure CLI"),
        "14d82eec-204b-4c2f-b7e8-296a70dab67e" => Some("Microsoft Graph Command Line Tools"),
        "de8bc8b5-d9f9-48b1-a8ad-b748da725064" => Some("Graph Explorer"),
        "913c6de4-2a4a-4a61-a9ce-945d2b2ce2e0" => Some("Dynamics Lifecycle Services"),
        "1950a258-227b-4e31-a9cf-717495945fc2" => Some("Azure PowerShell"),
        "51f81489-12ee-4a9e-aaae-a2591f45987d" => Some("Dynamics 365 Example Client App"),
        _ => None,
    }
}

fn expires(value: &str, today: Date, notes: &mut Vec<Note>) {
    if value.eq_ignore_ascii_case("none") {
        notes.push(Note::new(Weight::Told, "no end date is recorded: nobody is warned before it"));
        return;
    }
    let Some(date) = expiry::parse_date(value) else {
        notes.push(Note::new(Weight::Problem, "a date is written year-month-day: 2027-05-20"));
        return;
    };
    let days = expiry::days_left(date, today);
    notes.push(match days {
        ..=-1 => Note::new(Weight::Hint, "this day has passed: the credential no longer works"),
        0 => Note::new(Weight::Hint, "this is today: the credential ends in the course of the day, or has ended"),
        1..=30 => Note::new(Weight::Hint, format!("{} left: plan the next credential now", expiry::days(days))),
        // The portal's maximum is 24 months (facts, section 3).
        732.. => {
            Note::new(Weight::Hint, "a secret lives 24 months at most; old ones marked 'Never' are reported as expired")
        }
        _ => Note::new(Weight::Good, expiry::days(days)),
    });
}

fn resource(value: &str, context: &Context<'_>, notes: &mut Vec<Note>) {
    let url = match ResourceUrl::parse(value) {
        Err(error) => {
            notes.push(Note::new(Weight::Problem, error.message));
            return;
        }
        Ok((url, cleaned)) => {
            notes.extend(cleaned.iter().map(|what| Note::new(Weight::Told, format!("{what}: {url}"))));
            url
        }
    };
    let product = context.guide.product;
    let (weight, text) = match context.clouds.kind(url.host()) {
        kind if kind == product.host_kind() => (Weight::Good, format!("a {} host", product.name())),
        HostKind::Sandbox => (Weight::Good, format!("a {} host", product.name())),
        HostKind::Loopback => (Weight::Good, "this machine".to_owned()),
        HostKind::Dataverse if product == Product::FinanceOperations => (
            Weight::Hint,
            "this is the Dataverse address (Environment URL); the one needed is the Finance and Operations URL beside it in the Power Platform admin center".to_owned(),
        ),
        HostKind::BusinessCentralClient if product == Product::BusinessCentral => (
            Weight::Problem,
            format!(
                "this is Business Central's address in the browser, not that of its API, which is {}",
                context.guide.example(FieldId::ResourceUrl)
            ),
        ),
        HostKind::RetiredGraph => {
            (Weight::Hint, "this is Azure AD Graph, which is retired: Microsoft Graph takes its place".to_owned())
        }
        kind @ (HostKind::FinanceOperations
        | HostKind::Dataverse
        | HostKind::BusinessCentral
        | HostKind::BusinessCentralClient
        | HostKind::Graph) => {
            (Weight::Hint, format!("this is an address of {}, not of {}", kind.name(), product.name()))
        }
        HostKind::SignIn => (Weight::Hint, "this is a sign-in host, not the API".to_owned()),
        HostKind::Portal => (Weight::Hint, "this is a portal's address, not the API's".to_owned()),
        HostKind::Odd => (
            Weight::Odd,
            format!("{} is not a host name that Microsoft uses for {}; is it yours?", url.host(), product.name()),
        ),
    };
    notes.push(Note::new(weight, text));
    if let Some(rule) = context.clouds.rule(url.host()) {
        let chosen = CloudId::parse((context.other)(FieldId::Cloud).as_str()).unwrap_or(CloudId::Global);
        if let Some(cloud) = rule.cloud.filter(|cloud| *cloud != chosen && chosen != CloudId::Custom) {
            notes.push(Note::new(
                Weight::Hint,
                format!("this host belongs to cloud '{cloud}', the profile says '{chosen}'"),
            ));
        }
        notes.extend(rule.note.iter().map(|note| Note::new(Weight::Hint, note.clone())));
    }
}

fn host_of(value: &str, kind: HostKind, context: &Context<'_>, notes: &mut Vec<Note>) {
    match ResourceUrl::parse(value) {
        Err(error) => notes.push(Note::new(Weight::Problem, error.message)),
        Ok((url, cleaned)) => {
            notes.extend(cleaned.iter().map(|what| Note::new(Weight::Told, format!("{what}: {url}"))));
            let found = context.clouds.kind(url.host());
            if found == kind || matches!(found, HostKind::Sandbox | HostKind::Loopback) {
                notes.push(Note::new(Weight::Good, "known"));
            } else {
                notes.push(Note::new(
                    Weight::Odd,
                    format!("{} is not one of Microsoft's hosts for this; is it yours?", url.host()),
                ));
            }
        }
    }
}

fn user(value: &str, notes: &mut Vec<Note>) {
    if value.contains('@') {
        notes.push(Note::new(Weight::Hint, "the User ID column is meant, not the e-mail"));
    } else if value.eq_ignore_ascii_case("admin") {
        notes.push(Note::new(
            Weight::Hint,
            "works, but gives the app every right, and breaks when that user changes: a user of its own with few roles is better",
        ));
    }
}

fn company(value: &str, context: &Context<'_>, notes: &mut Vec<Note>) {
    match context.guide.product {
        Product::FinanceOperations if value.chars().count() > 4 => {
            notes.push(Note::new(Weight::Hint, "a legal entity's id has four characters at most"));
        }
        Product::FinanceOperations | Product::BusinessCentral | Product::Graph => {}
    }
}

fn sign_in(value: &str, context: &Context<'_>, notes: &mut Vec<Note>) {
    let ways = &context.guide.sign_in;
    match SignIn::parse(value) {
        Some(way) if ways.contains(&way) => notes.push(Note::new(
            Weight::Good,
            match way {
                SignIn::App => "the app signs in by itself",
                SignIn::Loopback => "a user signs in, in a browser on this machine",
                SignIn::DeviceCode => "a user signs in with a code, in a browser anywhere",
            },
        )),
        _ => {
            let names: Vec<&str> = ways.iter().map(|way| way.as_str()).collect();
            notes.push(Note::new(Weight::Problem, format!("with this guide it is {}", names.join(" or "))));
        }
    }
}

/// The rules of Entra's reply addresses. Facts 1.8.
fn redirect_uri(value: &str, notes: &mut Vec<Note>) {
    let Ok(url) = Url::parse(value) else {
        notes.push(Note::new(Weight::Problem, "a redirect URI is a whole address: https://example.com/oauth"));
        return;
    };
    let is_local = url.host_str().is_some_and(is_loopback);
    let (weight, text) = if url.cannot_be_a_base() || url.host_str().is_none_or(str::is_empty) {
        (Weight::Problem, "a redirect URI has a host: https://example.com/oauth")
    } else if url.fragment().is_some() || value.contains('*') {
        (Weight::Problem, "a redirect URI holds neither '#' nor '*'")
    } else if !url.username().is_empty() || url.password().is_some() {
        (Weight::Problem, "a user name or password does not belong into a redirect URI")
    } else if url.scheme() == "http" && !is_local {
        (Weight::Problem, "http is for this machine only; use https")
    } else if url.host_str() == Some("[::1]") {
        (Weight::Hint, "Entra does not support [::1]; use http://localhost")
    } else if url.host_str() == Some("127.0.0.1") {
        (Weight::Hint, "the portal takes http://127.0.0.1 in the manifest only; http://localhost is simpler")
    } else if is_local {
        (Weight::Good, "this machine; the test listens there, and Entra does not compare the port")
    } else {
        (Weight::Good, "must stand letter by letter on the app's Authentication page")
    };
    notes.push(Note::new(weight, text));
}

fn environment(value: &str, notes: &mut Vec<Note>) {
    if value.contains('/') {
        notes.push(Note::new(Weight::Problem, "the environment's name is wanted, not its address"));
    } else if value.chars().any(char::is_control) || value.chars().count() > 64 {
        notes.push(Note::new(Weight::Problem, "this cannot be the name of an environment"));
    }
}

/// What the guide knows about the chosen permissions.
fn permissions(value: &str, context: &Context<'_>, notes: &mut Vec<Note>) {
    let guide = context.guide;
    let way = SignIn::parse(&(context.other)(FieldId::SignIn)).or(guide.sign_in.first().copied());
    let is_user = way.is_some_and(SignIn::is_user);
    let kind = if is_user { PermissionKind::Delegated } else { PermissionKind::Application };
    for name in list(value) {
        let wrong = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'));
        if name.contains(wrong) {
            notes.push(Note::new(Weight::Problem, "permissions have no blanks inside, and commas between them"));
            continue;
        }
        let named = || guide.permissions.iter().filter(|known| known.name.eq_ignore_ascii_case(name));
        if let Some(known) = named().find(|known| known.name != name) {
            notes.push(Note::new(Weight::Hint, format!("letter case matters: {}", known.name)));
        } else if named().next().is_none() {
            notes.push(Note::new(Weight::Hint, format!("'{name}' is not a permission that this guide knows")));
        } else if let Some(retired) = named().find(|known| known.need == Need::Retired) {
            let now = retired.now.as_deref().filter(|now| *now != name);
            let now = now.map(|now| format!("; now: {now}")).unwrap_or_default();
            notes.push(Note::new(
                Weight::Hint,
                format!("'{name}' of {} is retired: add the one of Microsoft Graph{now}", retired.api),
            ));
        } else if let Some(other) = named().find(|known| known.api != guide.product.api()) {
            notes.push(Note::new(
                Weight::Hint,
                format!("'{name}' belongs to {}: a token for {} never carries it", other.api, guide.product.name()),
            ));
        } else if !named().any(|known| known.kind == kind) {
            let who = if is_user { "a person who signs in" } else { "an app that signs in by itself" };
            notes.push(Note::new(Weight::Hint, format!("'{name}' is not for {who}: the token will not carry it")));
        }
    }
}

fn entities(value: &str, context: &Context<'_>, notes: &mut Vec<Note>) {
    for name in list(value) {
        if !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            notes.push(Note::new(
                Weight::Problem,
                "entity names have only letters, digits and '_', with commas between them",
            ));
        } else if let Some(now) = context.guide.renamed.get(name) {
            notes.push(Note::new(Weight::Hint, format!("'{name}' is a table's name; the entity is '{now}'")));
        }
    }
}

/// The parts of a comma-separated list.
pub fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_enum() {
        for field in FieldId::ALL {
            assert_eq!(field.spec().id, field);
            assert_eq!(FieldId::parse(&field.to_string()), Some(field));
        }
    }

    #[test]
    fn cleaning() {
        for (raw, bare) in [
            ("  abc \n", "abc"),
            ("\"abc\"", "abc"),
            ("\u{201c}abc\u{201d},", "abc"),
            ("\u{feff}abc\u{200b}", "abc"),
            ("abc", "abc"),
            ("CRONUS \"DE\"", "CRONUS \"DE\""),
            ("\"CRONUS \"DE\"\",", "CRONUS \"DE\""),
            (" \"DE\" CRONUS", "\"DE\" CRONUS"),
            ("\"one\" and \"two\"", "\"one\" and \"two\""),
            ("Contoso (\"DE\")", "Contoso (\"DE\")"),
            ("'O'Brien'", "O'Brien"),
            ("5\" pipes\"", "5\" pipes"),
            ("'O'Brien's'", "O'Brien's"),
            // A word processor's, a blank before the last one, and quotes in the middle of a quoted name.
            ("CRONUS \u{201c}DE\u{201d}", "CRONUS \u{201c}DE\u{201d}"),
            ("CRONUS \"DE \"", "CRONUS \"DE \""),
            ("\"CRONUS \"DE\" AG\"", "CRONUS \"DE\" AG"),
        ] {
            assert_eq!(clean(raw), (bare.to_owned(), raw != bare), "{raw:?}");
            assert_eq!(clean(bare).0, bare, "twice is once: {raw:?}");
        }
    }

    #[test]
    fn ids_of_microsofts_own_apps_are_told() {
        // Facts, section 2.
        for (id, name) in [
            ("00000015-0000-0000-c000-000000000000", "Microsoft Dynamics ERP"),
            ("00000007-0000-0000-c000-000000000000", "Dataverse"),
            ("00000003-0000-0000-c000-000000000000", "Microsoft Graph"),
            ("00000002-0000-0000-c000-000000000000", "Azure AD Graph"),
            ("996def3d-b36c-4153-8607-a6fd3c01b89f", "Business Central"),
            ("04b07795-8ddb-461a-bbee-02f9e1bf7b46", "Azure CLI"),
            ("14d82eec-204b-4c2f-b7e8-296a70dab67e", "Microsoft Graph Command Line Tools"),
            ("de8bc8b5-d9f9-48b1-a8ad-b748da725064", "Graph Explorer"),
            ("913c6de4-2a4a-4a61-a9ce-945d2b2ce2e0", "Dynamics Lifecycle Services"),
            ("1950a258-227b-4e31-a9cf-717495945fc2", "Azure PowerShell"),
            ("51f81489-12ee-4a9e-aaae-a2591f45987d", "Dynamics 365 Example Client App"),
        ] {
            assert_eq!(first_party(id), Some(name));
        }
        assert_eq!(first_party("66666666-7777-4888-9999-aaaaaaaaaaaa"), None);
    }

    #[test]
    fn an_end_date_is_weighed_by_the_days_that_are_left() {
        let today = Date::constant(2026, 11, 21);
        for (end, weight) in [
            ("2026-11-20", Weight::Hint),
            ("2026-11-21", Weight::Hint),
            ("2026-11-22", Weight::Hint),
            ("2026-12-21", Weight::Hint),
            ("2026-12-22", Weight::Good),
            ("2028-11-21", Weight::Good),
            ("2028-11-22", Weight::Hint),
            ("soon", Weight::Problem),
        ] {
            let mut notes = Vec::new();
            expires(end, today, &mut notes);
            assert_eq!(notes.iter().map(|note| note.weight).collect::<Vec<_>>(), [weight], "{end}");
        }
    }
}
