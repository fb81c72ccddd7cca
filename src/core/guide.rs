//! Guides: what `assets/guides/*.toml` may say.
//!
//! A guide is data: a new one needs no code. Knows no particular guide.

use crate::core::cloud::HostKind;
use crate::core::names::{TenantId, parse_guid};
use crate::core::question::FieldId;
use crate::core::resource::ResourceUrl;
use crate::core::template;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use uuid::{Uuid, uuid};

/// The product a guide connects to; decides what the live test sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Product {
    /// Dynamics 365 Finance & Operations.
    FinanceOperations,
    /// Dynamics 365 Business Central.
    BusinessCentral,
    /// Microsoft Graph, the API of Office 365.
    Graph,
}

impl Product {
    /// Its name for people.
    pub fn name(self) -> &'static str {
        match self {
            Product::FinanceOperations => "Finance & Operations",
            Product::BusinessCentral => "Business Central",
            Product::Graph => "Microsoft Graph",
        }
    }

    /// Its API, as the portal names it in the list of permissions.
    pub fn api(self) -> &'static str {
        match self {
            Product::FinanceOperations => "Dynamics ERP",
            Product::BusinessCentral => "Dynamics 365 Business Central",
            Product::Graph => "Microsoft Graph",
        }
    }

    /// What its hosts are.
    pub fn host_kind(self) -> HostKind {
        match self {
            Product::FinanceOperations => HostKind::FinanceOperations,
            Product::BusinessCentral => HostKind::BusinessCentral,
            Product::Graph => HostKind::Graph,
        }
    }

    /// Its application id in every tenant, which v2 tokens carry as audience. Facts 2.1, 2.2, 2.4.
    pub fn app_id(self) -> Uuid {
        match self {
            Product::FinanceOperations => uuid!("00000015-0000-0000-c000-000000000000"),
            Product::BusinessCentral => uuid!("996def3d-b36c-4153-8607-a6fd3c01b89f"),
            Product::Graph => uuid!("00000003-0000-0000-c000-000000000000"),
        }
    }

    /// Whether an app that signs in by itself is refused without application permissions in its token. Facts 1.3.
    pub fn wants_roles(self) -> bool {
        match self {
            Product::FinanceOperations => false,
            Product::BusinessCentral | Product::Graph => true,
        }
    }
}

/// How the live test signs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignIn {
    /// As the app itself: client credentials.
    App,
    /// As a user, in a browser on this machine: authorization code with PKCE over a loopback redirect.
    Loopback,
    /// As a user, in a browser anywhere: device code.
    DeviceCode,
}

impl SignIn {
    /// Every way to sign in.
    pub const ALL: [SignIn; 3] = [SignIn::App, SignIn::Loopback, SignIn::DeviceCode];

    /// The name in profile files.
    pub fn as_str(self) -> &'static str {
        match self {
            SignIn::App => "app",
            SignIn::Loopback => "loopback",
            SignIn::DeviceCode => "device-code",
        }
    }

    /// The way of that name.
    pub fn parse(text: &str) -> Option<SignIn> {
        SignIn::ALL.into_iter().find(|way| way.as_str() == text)
    }

    /// Whether a person signs in.
    pub fn is_user(self) -> bool {
        self != SignIn::App
    }
}

impl fmt::Display for SignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Who can carry a step out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Actor {
    /// An administrator of Entra ID.
    EntraAdmin,
    /// A system administrator of the D365 environment.
    D365Admin,
    /// Whoever runs this program.
    Operator,
}

/// A documented set-up, step by step.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Guide {
    /// Its id, as in the contract: `fno-client-credentials`.
    pub id: String,
    /// Its title: `Finance & Operations with client credentials`.
    pub title: String,
    /// A short title for lists: `F&O, client creds`.
    pub short: String,
    /// What it sets up, for whom, in two or three sentences.
    pub summary: String,
    /// Its place in the list of guides; the first is the one for those who choose none.
    pub place: u8,
    /// What it connects to.
    pub product: Product,
    /// How the product signs in; the first is the one for those who choose none.
    pub sign_in: Vec<SignIn>,
    /// Fields without which the live test cannot run, beyond tenant, client id and credential.
    #[serde(default)]
    pub required: Vec<FieldId>,
    /// Fields that may be given.
    #[serde(default)]
    pub optional: Vec<FieldId>,
    /// What the live test reads at the end.
    pub reads: Vec<Entity>,
    /// What the product also writes: told with `access`, never tried.
    pub writes: Option<String>,
    /// Names that other documents use for entities, and the entities' real names.
    #[serde(default)]
    pub renamed: BTreeMap<String, String>,
    /// Which permissions are spoken of, and the truth about each.
    #[serde(default, rename = "permission")]
    pub permissions: Vec<Permission>,
    /// Words for fields that this guide says better than the fields' own.
    #[serde(default)]
    pub words: BTreeMap<FieldId, Words>,
    /// The form into which the values go in the end, as the product that is connected names its fields.
    pub form: Option<TargetForm>,
    /// The steps.
    #[serde(rename = "step")]
    pub steps: Vec<Step>,
}

/// Better words for a field, where a guide has them.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// Its label.
    pub label: Option<String>,
    /// Where it is found.
    pub help: Option<String>,
    /// How it looks.
    pub example: Option<String>,
}

/// The form of the product that is connected: what it calls our values.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetForm {
    /// What the form is called there: `Subscription settings in iPaaS.com`.
    pub title: String,
    /// Its fields, in its order.
    #[serde(rename = "field")]
    pub fields: Vec<TargetField>,
}

/// One field of such a form.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetField {
    /// Its name there: `API key`.
    pub name: String,
    /// What goes into it, with holes: `{client_id}`. Empty where it is none of our values.
    #[serde(default)]
    pub value: String,
    /// What is to be known about it.
    #[serde(default)]
    pub about: String,
}

/// An entity that the live test reads one row of.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entity {
    /// Its set name; letter case matters.
    pub name: String,
    /// What it holds.
    pub what: String,
    /// Of all entities with the same word here one that can be read is enough.
    #[serde(default)]
    pub either: Option<String>,
}

/// A permission on an API, and whether it matters.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Permission {
    /// Its value: `Odata.FullAccess`.
    pub name: String,
    /// The API it belongs to, as the portal names it.
    pub api: String,
    /// Delegated or application.
    pub kind: PermissionKind,
    /// The truth about it.
    pub need: Need,
    /// Why.
    pub why: String,
    /// What takes its place where it is retired, as the portal names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub now: Option<String>,
}

impl Permission {
    /// What it is, in a line: its kind, its API, whether it matters, and what takes its place.
    pub fn heading(&self) -> String {
        let now = self.now.as_ref().map(|now| format!("; now {now} of Microsoft Graph")).unwrap_or_default();
        format!("{}, {}: {}{now}", self.kind.label(), self.api, self.need.label())
    }
}

/// The two kinds of permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PermissionKind {
    /// Acts for a signed-in user.
    Delegated,
    /// Acts as the app itself.
    Application,
}

impl PermissionKind {
    /// For people.
    pub fn label(self) -> &'static str {
        match self {
            PermissionKind::Delegated => "delegated",
            PermissionKind::Application => "application",
        }
    }
}

/// Whether a permission matters for this guide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Need {
    /// Without it the connection does not work.
    Needed,
    /// This vendor asks for it; the connection works without.
    AskedFor,
    /// No effect on this sign-in; it does no harm.
    Harmless,
    /// Of an API that is switched off: not to be added any more.
    Retired,
}

impl Need {
    /// For people.
    pub fn label(self) -> &'static str {
        match self {
            Need::Needed => "needed",
            Need::AskedFor => "asked for by vendors",
            Need::Harmless => "harmless, not needed",
            Need::Retired => "retired, no effect",
        }
    }
}

/// Something of the guide that a step shows in full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Listing {
    /// The permissions, and the truth about each.
    Permissions,
    /// The form of the product that is connected.
    Form,
}

/// One step of a guide.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Its id, as findings name it: `client-secret`.
    pub id: String,
    /// Its title: `Create a client secret`.
    pub title: String,
    /// A short title for the list of steps.
    pub short: String,
    /// Who can do it.
    pub actor: Actor,
    /// The role, in the portal's words: `Application Administrator (Entra)`.
    pub who: String,
    /// Where, as a trail: `App registrations › {app} › Certificates & secrets`.
    #[serde(rename = "where")]
    pub place: String,
    /// Deep links, best first: the first whose holes can all be filled is offered.
    #[serde(default)]
    pub links: Vec<String>,
    /// What to do, in order.
    #[serde(default)]
    pub actions: Vec<String>,
    /// What it collects.
    #[serde(default)]
    pub collects: Vec<FieldId>,
    /// What of the guide's own is shown with it.
    #[serde(default)]
    pub lists: Vec<Listing>,
    /// What to watch for; where a vendor's page is out of date, it says so.
    #[serde(default)]
    pub watch: Vec<String>,
    /// How to know that it is done.
    pub done: String,
    /// The connection works without it: nobody is asked to do it, unless a test says so.
    #[serde(default)]
    pub optional: bool,
}

impl Guide {
    /// The step of that id.
    pub fn step(&self, id: &str) -> Option<&Step> {
        self.steps.iter().find(|step| step.id == id)
    }

    /// Where a step stands.
    pub fn position(&self, id: &str) -> Option<usize> {
        self.steps.iter().position(|step| step.id == id)
    }

    /// Whether a profile of this guide may hold that field.
    pub fn takes(&self, field: FieldId) -> bool {
        self.needs().contains(&field) || self.optional.contains(&field)
    }

    /// The field's label in the words of this guide.
    pub fn label(&self, field: FieldId) -> &str {
        self.words.get(&field).and_then(|words| words.label.as_deref()).unwrap_or(field.spec().label)
    }

    /// Where the field is found, in the words of this guide.
    pub fn help(&self, field: FieldId) -> &str {
        self.words.get(&field).and_then(|words| words.help.as_deref()).unwrap_or(field.spec().help)
    }

    /// How the field looks, in the words of this guide.
    pub fn example(&self, field: FieldId) -> &str {
        let usual = match field {
            FieldId::SignIn => self.sign_in.first().map_or(field.spec().example, |way| way.as_str()),
            field => field.spec().example,
        };
        self.words.get(&field).and_then(|words| words.example.as_deref()).unwrap_or(usual)
    }

    /// Every field that a profile of this guide needs, the credential included.
    pub fn needs(&self) -> Vec<FieldId> {
        let mut fields = vec![FieldId::TenantId, FieldId::ClientId, FieldId::Secret];
        fields.extend(self.required.iter().copied());
        fields
    }
}

impl Step {
    /// The deep link that these values can fill best.
    pub fn url(&self, value: &dyn Fn(&str) -> Option<String>) -> Option<String> {
        self.links.iter().find_map(|link| fill_link(link, value))
    }
}

/// A link with its holes filled. An id or address that is not well formed leads nowhere: none then.
pub fn fill_link(link: &str, value: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    template::fill(link, &|name| {
        value(name).filter(|value| match name {
            "client_id" => parse_guid(value).is_some(),
            "tenant_id" => value.parse::<TenantId>().is_ok(),
            "resource_url" => ResourceUrl::parse(value).is_ok(),
            _ => true,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_leads_somewhere_only_with_values_that_are_well_formed() {
        let (app, tenant, erp) = (
            "https://x.test/app/{client_id}",
            "https://x.test/{tenant_id}/apps",
            "{resource_url}/?mi=SysAADClientTable",
        );
        for (link, hole, value, filled) in [
            (app, "client_id", "66666666-7777-4888-9999-aaaaaaaaaaaa", true),
            (app, "client_id", "contoso-app", false),
            (tenant, "tenant_id", "11111111-2222-4333-8444-555555555555", true),
            (tenant, "tenant_id", "contoso.com", true),
            (tenant, "tenant_id", "common", false),
            (tenant, "tenant_id", "Contoso Ltd", false),
            (erp, "resource_url", "https://contoso.operations.dynamics.com", true),
            (erp, "resource_url", "https://contoso", false),
            (erp, "resource_url", "ftp://contoso.operations.dynamics.com", false),
            ("https://x.test/{environment}", "environment", "Production", true),
        ] {
            let url = fill_link(link, &|name| (name == hole).then(|| value.to_owned()));
            assert_eq!(url, filled.then(|| link.replace(&format!("{{{hole}}}"), value)), "{link} with {value}");
        }
    }

    #[test]
    fn a_permission_is_told_with_the_truth_about_it() {
        let guide: Guide = toml::from_str(include_str!("../../assets/guides/office365.toml")).unwrap();
        for (name, need, heading) in [
            ("Organization.Read.All", Need::Needed, "application, Microsoft Graph: needed"),
            ("User.Read.All", Need::AskedFor, "application, Microsoft Graph: asked for by vendors"),
            ("User.Read", Need::Harmless, "delegated, Microsoft Graph: harmless, not needed"),
            (
                "Device.ReadWrite.All",
                Need::Retired,
                "application, Azure Active Directory Graph: retired, no effect; now Device.ReadWrite.All of Microsoft Graph",
            ),
        ] {
            let permission = guide.permissions.iter().find(|known| known.name == name && known.need == need).unwrap();
            assert_eq!(permission.heading(), heading);
        }
    }

    #[test]
    fn a_way_to_sign_in_is_shown_as_it_is_written() {
        for way in SignIn::ALL {
            assert_eq!(SignIn::parse(&way.to_string()), Some(way));
        }
    }
}
