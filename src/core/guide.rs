//! Guides: what `assets/guides/*.toml` may say.
//!
//! A guide is data: a new one needs no code. Knows no particular guide.

use crate::core::question::FieldId;
use crate::core::template;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The product a guide connects to; decides what the live test sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Product {
    /// Dynamics 365 Finance & Operations.
    FinanceOperations,
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
    /// Fields without which the live test cannot run, beyond tenant, client id and credential.
    #[serde(default)]
    pub required: Vec<FieldId>,
    /// Fields that may be given.
    #[serde(default)]
    pub optional: Vec<FieldId>,
    /// What the live test reads at the end.
    pub reads: Vec<Entity>,
    /// Names that other documents use for entities, and the entities' real names.
    #[serde(default)]
    pub renamed: BTreeMap<String, String>,
    /// Which permissions are spoken of, and the truth about each.
    #[serde(default, rename = "permission")]
    pub permissions: Vec<Permission>,
    /// The steps.
    #[serde(rename = "step")]
    pub steps: Vec<Step>,
}

/// An entity that the live test reads one row of.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entity {
    /// Its set name; letter case matters.
    pub name: String,
    /// What it holds.
    pub what: String,
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
}

impl Need {
    /// For people.
    pub fn label(self) -> &'static str {
        match self {
            Need::Needed => "needed",
            Need::AskedFor => "asked for by vendors",
            Need::Harmless => "harmless, not needed",
        }
    }
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
    /// What to watch for; where a vendor's page is out of date, it says so.
    #[serde(default)]
    pub watch: Vec<String>,
    /// How to know that it is done.
    pub done: String,
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
        self.links.iter().find_map(|link| template::fill(link, value))
    }
}
