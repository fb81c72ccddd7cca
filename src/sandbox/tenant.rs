//! What the simulated tenant holds: apps, resources, policies, a user, and one Finance & Operations environment.
//!
//! Pure state with the questions asked of it. Does not know HTTP, nor what a scenario is.

use crate::core::credential::{self, KeySize};
use crate::core::guide::Product;
use crate::core::secret::ClientSecret;
use crate::sandbox::companies::BusinessCentral;
use crate::sandbox::rows::{self, Row};
use crate::sandbox::sign_ins::SignIns;
use crate::sandbox::{AUTHORITY, BUSINESS_CENTRAL, FINANCE_OPERATIONS, GRAPH, Offer};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use jiff::ToSpan;
use jiff::civil::Date;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use uuid::{Uuid, uuid};
use zeroize::Zeroizing;

/// The tenant's id.
pub(super) const TENANT_ID: Uuid = uuid!("b1d6c3a2-4f0e-4c57-9a8b-2e7d5f6a1c34");
/// The tenant's first domain.
pub(super) const DOMAIN: &str = "contoso.onmicrosoft.com";
/// The client id of the app that the operator sets up.
pub(super) const CLIENT_ID: Uuid = uuid!("7c9e6d21-58b4-4d0f-8e63-1a2b9c4d5e6f");
/// The object id of its registration, which is not its client id.
pub(super) const OBJECT_ID: Uuid = uuid!("2f8a1b47-93cd-4e5a-b7f0-6c1d8e9a3b52");
/// The object id of its service principal: `oid` in tokens.
pub(super) const PRINCIPAL_ID: Uuid = uuid!("94d07e5b-1c2a-4b83-a6ef-0d3c7b5e8f19");
/// The client id of another app, which is registered in D365 under the administrator.
pub(super) const ADMIN_CLIENT_ID: Uuid = uuid!("c35f9a08-7d61-4e2b-9f14-8b0a6d2c4e73");
/// The F&O user that the app is mapped to.
pub(super) const USER_ID: &str = "svc-odata";
/// The F&O user of the person who signs in.
pub(super) const PERSON_ID: &str = "anna.berg";
/// The person's name to sign in with.
pub(super) const PERSON: &str = "anna.berg@contoso.onmicrosoft.com";
/// The person's name.
pub(super) const PERSON_NAME: &str = "Anna Berg";
/// The person's object id.
pub(super) const PERSON_OBJECT_ID: Uuid = uuid!("6b0f2d94-e317-4c58-a2d6-81f4c97e0b35");
/// The redirect URI of programs on the user's own machine.
pub(super) const LOOPBACK: &str = "http://localhost";
/// The role that sees everything.
const SYSTEM_ADMINISTRATOR: &str = "-SYSADMIN-";
/// The role made for integrations: reads all but the list of apps.
pub(super) const READER: &str = "ODATAREADER";

/// Today, here.
pub(super) fn today() -> Date {
    jiff::Zoned::now().date()
}

/// A tenant of Entra ID, and the D365 environment that belongs to it.
#[derive(Debug)]
pub(super) struct Tenant {
    /// App registrations by client id.
    pub(super) apps: BTreeMap<Uuid, App>,
    /// APIs that tokens can be had for.
    pub(super) resources: Vec<Resource>,
    /// Client ids that a Conditional Access policy for workload identities blocks.
    pub(super) blocked: BTreeSet<Uuid>,
    /// The Finance & Operations environment.
    pub(super) environment: Environment,
    /// Business Central.
    pub(super) business_central: BusinessCentral,
    /// Sign-ins of users on their way.
    pub(super) sign_ins: SignIns,
    /// What the person in front of a sign-in page does.
    pub(super) person: Person,
    /// A Conditional Access policy blocks sign-ins with a device code.
    pub(super) device_code_blocked: bool,
    /// Refresh tokens are refused as too old.
    pub(super) refresh_refused: bool,
    /// Requests to the products that are still answered before 429; `None` is no limit.
    pub(super) budget: Option<u32>,
    /// How long every answer of a product takes.
    pub(super) delay: Duration,
    /// Whether anything here can be reached at all.
    pub(super) plugged: bool,
    /// The certificate with its key that the operator uses instead of a secret, as PEM.
    pub(super) certificate: Option<Arc<Zeroizing<String>>>,
    /// An administrator uploads what the operator makes.
    pub(super) uploads: bool,
}

/// What the person in front of a sign-in page does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Person {
    Approves,
    Denies,
    /// Has no time to enter a code.
    Away,
}

/// An app registration with its enterprise application.
#[derive(Debug)]
pub(super) struct App {
    pub(super) name: String,
    /// Sign-in enabled, as Enterprise applications has it.
    pub(super) enabled: bool,
    /// Object id of the service principal, if there is one.
    pub(super) principal: Option<Uuid>,
    pub(super) secrets: Vec<Secret>,
    /// Public parts of certificates that were uploaded.
    pub(super) certificates: Vec<Vec<u8>>,
    /// Redirect URIs of the platform *Web*: whoever comes back to one has to prove itself with a secret (facts 1.8).
    pub(super) redirects: BTreeSet<String>,
    /// *Allow public client flows*: it may ask for a device code without a secret (facts 1.8).
    pub(super) public_flows: bool,
}

/// A client secret.
#[derive(Debug)]
pub(super) struct Secret {
    /// The Secret ID, which people paste instead of the value.
    pub(super) id: Uuid,
    pub(super) value: Arc<ClientSecret>,
    /// The first day on which it is refused.
    pub(super) ends: Date,
}

/// An API that tokens are for.
#[derive(Debug)]
pub(super) struct Resource {
    pub(super) product: Product,
    /// Identifier URIs, without a slash at the end.
    pub(super) identifiers: Vec<String>,
    /// What its tokens carry as `aud`, where that is not what was asked for.
    pub(super) audience: Option<String>,
    /// Only assigned apps get a token.
    pub(super) assignment_required: bool,
    pub(super) assigned: BTreeSet<Uuid>,
    /// Application permissions that an administrator granted, by client id. Tokens for F&O come without (facts 1.3).
    pub(super) roles: BTreeMap<Uuid, BTreeSet<&'static str>>,
    /// Delegated permissions that an administrator granted for everybody, by client id.
    pub(super) scopes: BTreeMap<Uuid, BTreeSet<&'static str>>,
}

/// A Finance & Operations environment.
#[derive(Debug)]
pub(super) struct Environment {
    /// Its names; a token's `aud` must be one of them to the letter.
    pub(super) urls: Vec<String>,
    /// *Microsoft Entra ID applications*: who an app acts as.
    pub(super) registrations: BTreeMap<Uuid, Registration>,
    pub(super) users: Vec<User>,
    pub(super) roles: Vec<Role>,
    /// Business data by entity set.
    tables: BTreeMap<&'static str, Vec<Row>>,
    pub(super) maintenance: bool,
    /// API calls are sent to the sign-in page.
    pub(super) login_page: bool,
}

/// One line of *Microsoft Entra ID applications*.
#[derive(Debug)]
pub(super) struct Registration {
    pub(super) name: String,
    pub(super) user_id: String,
}

/// An F&O user.
#[derive(Debug, Clone)]
pub(super) struct User {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) enabled: bool,
    /// Its roles, by id.
    pub(super) roles: Vec<String>,
    /// Its default company.
    pub(super) company: String,
}

/// A security role and the entity sets that it may read.
#[derive(Debug)]
pub(super) struct Role {
    pub(super) id: &'static str,
    pub(super) name: &'static str,
    pub(super) reads: BTreeSet<&'static str>,
}

impl Tenant {
    /// A tenant in which all is well, reachable on that port of loopback.
    ///
    /// # Errors
    /// When the system gives no random numbers for the secrets.
    pub(super) fn new(port: u16) -> io::Result<Tenant> {
        let mut apps = BTreeMap::from([(CLIENT_ID, App::named("contoso-odata", PRINCIPAL_ID))]);
        apps.insert(ADMIN_CLIENT_ID, App::named("contoso-admin-tools", uuid!("0e61b7d4-a95c-4f38-8d02-5c7f3e1a9b46")));
        for app in apps.values_mut() {
            app.secrets.push(Secret::random()?);
        }
        let loopback = [format!("http://127.0.0.1:{port}"), format!("http://localhost:{port}")];
        let resource = |product, url: &str| Resource {
            product,
            identifiers: [url].into_iter().chain(loopback.iter().map(String::as_str)).map(str::to_owned).collect(),
            audience: None,
            assignment_required: false,
            assigned: BTreeSet::new(),
            roles: BTreeMap::new(),
            scopes: BTreeMap::new(),
        };
        let resources = vec![
            resource(Product::FinanceOperations, FINANCE_OPERATIONS),
            resource(Product::BusinessCentral, BUSINESS_CENTRAL),
            resource(Product::Graph, GRAPH),
        ];
        let mut tenant = Tenant {
            apps,
            environment: Environment::new(resources[0].identifiers.clone()),
            resources,
            blocked: BTreeSet::new(),
            business_central: BusinessCentral::new(),
            sign_ins: SignIns::default(),
            person: Person::Approves,
            device_code_blocked: false,
            refresh_refused: false,
            budget: None,
            delay: Duration::ZERO,
            plugged: true,
            certificate: None,
            uploads: true,
        };
        tenant.grant();
        Ok(tenant)
    }

    /// An administrator grants the operator's app what it asks for, on every API.
    pub(super) fn grant(&mut self) {
        for resource in &mut self.resources {
            let (roles, scopes): (&[_], &[_]) = match resource.product {
                Product::FinanceOperations => (&[], &["AX.FullAccess", "CustomService.FullAccess", "Odata.FullAccess"]),
                Product::BusinessCentral => (
                    &["API.ReadWrite.All", "Automation.ReadWrite.All"],
                    &["Financials.ReadWrite.All", "user_impersonation"],
                ),
                Product::Graph => {
                    (&["Organization.Read.All", "User.Read.All"], &["Organization.Read.All", "User.Read"])
                }
            };
            resource.roles.insert(CLIENT_ID, roles.iter().copied().collect());
            resource.scopes.insert(CLIENT_ID, scopes.iter().copied().collect());
        }
    }

    /// The operator's app.
    pub(super) fn app(&mut self) -> &mut App {
        self.apps.entry(CLIENT_ID).or_insert_with(|| App::named("contoso-odata", PRINCIPAL_ID))
    }

    /// The operator makes a certificate and a key, valid for so many days from today on, and uses it. The public part is
    /// returned. None when the system gives no random numbers.
    pub(super) fn make_certificate(&mut self, days: i64) -> Option<Vec<u8>> {
        let ends = today().saturating_add(days.days());
        let made = credential::make("contoso-odata", KeySize::Bits2048, ends.saturating_sub(180.days()), ends)?;
        self.certificate = Some(Arc::new(made.pem));
        Some(made.der)
    }

    /// The certificate with its key, as the operator has it.
    pub(super) fn certificate_offer(&self) -> Option<Offer> {
        self.certificate.clone().map(Offer::Certificate)
    }

    /// The public part of a certificate is uploaded to the operator's app.
    pub(super) fn upload(&mut self, der: &[u8]) {
        let held = &mut self.app().certificates;
        if !held.iter().any(|one| one == der) {
            held.push(der.to_vec());
        }
    }

    /// The APIs that go by that name: one, but on loopback all of them share an address. Letter case and one slash at
    /// the end do not matter here, but they are what the token then carries (facts 1.1).
    pub(super) fn resources(&self, asked: &str) -> Vec<&Resource> {
        let bare = asked.strip_suffix('/').unwrap_or(asked);
        let named = |resource: &&Resource| {
            resource.identifiers.iter().any(|name| name.eq_ignore_ascii_case(bare))
                || Uuid::try_parse(bare).is_ok_and(|id| id == resource.product.app_id())
        };
        self.resources.iter().filter(named).collect()
    }

    /// The API of a product.
    pub(super) fn resource(&mut self, product: Product) -> Option<&mut Resource> {
        self.resources.iter_mut().find(|resource| resource.product == product)
    }

    /// Whether a request to a product is still within its limit; counts it.
    pub(super) fn within_budget(&mut self) -> bool {
        match self.budget.map(|left| left.checked_sub(1)) {
            None => true,
            Some(None) => false,
            Some(left) => {
                self.budget = left;
                true
            }
        }
    }
}

impl Resource {
    /// Whether a product takes tokens with this audience: one of its names, or its app id (facts 1.4).
    pub(super) fn takes(&self, audience: &str) -> bool {
        self.identifiers.iter().any(|name| name == audience) || audience == self.product.app_id().to_string()
    }
}

impl App {
    fn named(name: &str, principal: Uuid) -> App {
        App {
            name: name.into(),
            enabled: true,
            principal: Some(principal),
            secrets: Vec::new(),
            certificates: Vec::new(),
            redirects: BTreeSet::from([LOOPBACK.to_owned()]),
            public_flows: true,
        }
    }
}

impl Secret {
    /// A new secret for 180 days, shaped like Entra's: three characters, `8Q~`, and 34 more (facts 7).
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub(super) fn random() -> io::Result<Secret> {
        const PLAIN: usize = 62;
        const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789~_.-";
        let mut bytes = Zeroizing::new([0u8; 64]);
        SystemRandom::new().fill(bytes.as_mut()).map_err(|_| io::Error::other("no random numbers"))?;
        // Some characters come a little more often than others: no matter, it guards nothing real.
        let pick = |from: &[u8], byte: &u8| char::from(from[usize::from(*byte) % from.len()]);
        let mut value = Zeroizing::new(String::with_capacity(40));
        value.extend(bytes[..3].iter().map(|byte| pick(&ALPHABET[..PLAIN], byte)));
        value.push_str("8Q~");
        value.extend(bytes[3..37 - TAG].iter().map(|byte| pick(ALPHABET, byte)));
        let tag = tag(&value);
        value.push_str(&tag);
        let value = ClientSecret::new(value).map_err(io::Error::other)?;
        Ok(Secret { id: Uuid::new_v4(), value: Arc::new(value), ends: today().saturating_add(180.days()) })
    }

    /// As the portal shows it once.
    pub(super) fn offer(&self) -> Offer {
        Offer::Secret(Arc::clone(&self.value), self.ends)
    }

    /// As someone notes it who takes the Secret ID for the value.
    pub(super) fn mistaken_offer(&self) -> Option<Offer> {
        let id = ClientSecret::new(Zeroizing::new(self.id.to_string())).ok()?;
        Some(Offer::Secret(Arc::new(id), self.ends))
    }

    /// Whether a sandbox made this value, in this run or in another: a home that is kept outlives the run that filled it.
    pub(super) fn is_of_a_sandbox(value: &str) -> bool {
        let parts = value.len().checked_sub(TAG).and_then(|at| value.split_at_checked(at));
        parts.is_some_and(|(head, end)| head.contains("8Q~") && tag(head) == end)
    }

    /// Whether this is its value.
    #[expect(clippy::disallowed_methods, reason = "a simulated Entra compares what was sent")]
    pub(super) fn is(&self, value: &str) -> bool {
        self.value.reveal() == value
    }
}

/// How many characters at the end of a secret follow from those before.
const TAG: usize = 8;

fn tag(head: &str) -> String {
    let seed = Zeroizing::new(format!("simulated {head}"));
    digest(&SHA256, seed.as_bytes()).as_ref().iter().take(TAG / 2).map(|byte| format!("{byte:02x}")).collect()
}

impl Environment {
    fn new(urls: Vec<String>) -> Environment {
        let tables = rows::business();
        let registration = |name: &str, user: &str| Registration { name: name.into(), user_id: user.into() };
        let reads = ["SystemUsers", "SecurityRoles", "SecurityUserRoles", "SecurityUserRoleAssociations"];
        let role = |id, name, reads| Role { id, name, reads };
        Environment {
            urls,
            registrations: BTreeMap::from([
                (CLIENT_ID, registration("contoso-odata", USER_ID)),
                (ADMIN_CLIENT_ID, registration("contoso-admin-tools", "Admin")),
            ]),
            users: vec![
                User::new("Admin", "Administrator", &[SYSTEM_ADMINISTRATOR]),
                User::new(PERSON_ID, PERSON_NAME, &["LEDGERACCOUNTANT", READER]),
                User::new(USER_ID, "OData integration", &[READER]),
            ],
            roles: vec![
                role(SYSTEM_ADMINISTRATOR, "System administrator", SETS.iter().map(|(set, _)| *set).collect()),
                role("SYSTEMUSER", "System user", BTreeSet::new()),
                role("LEDGERACCOUNTANT", "Accountant", BTreeSet::from(["LegalEntities", "LedgerJournalHeaders"])),
                role(READER, "OData integration reader", tables.keys().copied().chain(reads).collect()),
            ],
            tables,
            maintenance: false,
            login_page: false,
        }
    }

    /// The user of that id; F&O compares without case.
    pub(super) fn user(&mut self, id: &str) -> Option<&mut User> {
        self.users.iter_mut().find(|user| user.id.eq_ignore_ascii_case(id))
    }

    /// Whether a user has all rights.
    pub(super) fn is_administrator(user: &User) -> bool {
        user.roles.iter().any(|role| role == SYSTEM_ADMINISTRATOR)
    }

    /// Whether a role of the user lets it read an entity set.
    pub(super) fn may_read(&self, user: &User, set: &str) -> bool {
        self.roles.iter().any(|role| user.roles.iter().any(|id| id == role.id) && role.reads.contains(set))
    }

    /// All rows of an entity set; the administrative sets are what this environment holds.
    pub(super) fn rows(&self, set: &str) -> Vec<Row> {
        let rows: Vec<Value> = match set {
            "SysAADClients" => self.registrations.iter().map(|(id, line)| line.row(*id)).collect(),
            "SystemUsers" => self.users.iter().map(User::row).collect(),
            "SecurityRoles" => self.roles.iter().map(Role::row).collect(),
            "SecurityUserRoles" | "SecurityUserRoleAssociations" => self.users.iter().flat_map(|user| {
                self.roles.iter().filter(|role| user.roles.iter().any(|id| id == role.id)).map(|role| {
                    json!({ "UserId": user.id, "SecurityRoleIdentifier": role.id, "SecurityRoleName": role.name,
                            "AssignmentStatus": "Enabled", "AssignmentMode": "Manual", "UserLicenseType": "Operations" })
                })
            }).collect(),
            _ => return self.tables.get(set).cloned().unwrap_or_default(),
        };
        rows.into_iter().filter_map(rows::as_row).collect()
    }
}

/// Every entity set and its key, in the order of the service document.
pub(super) const SETS: &[(&str, &[&str])] = &[
    ("CustomersV3", &["dataAreaId", "CustomerAccount"]),
    ("LedgerJournalHeaders", &["dataAreaId", "JournalBatchNumber"]),
    ("LegalEntities", &["LegalEntityId"]),
    ("ReleasedProductsV2", &["dataAreaId", "ItemNumber"]),
    ("SalesOrderHeadersV2", &["dataAreaId", "SalesOrderNumber"]),
    ("SecurityRoles", &["SecurityRoleIdentifier"]),
    ("SecurityUserRoleAssociations", &["UserId", "SecurityRoleIdentifier"]),
    ("SecurityUserRoles", &["UserId", "SecurityRoleIdentifier"]),
    ("SysAADClients", &["AADClientId"]),
    ("SystemUsers", &["UserID"]),
    ("VendorsV2", &["dataAreaId", "VendorAccountNumber"]),
];

impl Registration {
    /// As `SysAADClients` shows it (facts 4.4).
    pub(super) fn row(&self, client_id: Uuid) -> Value {
        json!({ "AADClientId": client_id, "Name": self.name, "UserId": self.user_id })
    }
}

impl User {
    /// An enabled user.
    pub(super) fn new(id: &str, name: &str, roles: &[&str]) -> User {
        User {
            id: id.into(),
            name: name.into(),
            enabled: true,
            roles: roles.iter().map(ToString::to_string).collect(),
            company: "USMF".into(),
        }
    }

    /// The name to sign in with.
    pub(super) fn alias(&self) -> String {
        format!("{}@{DOMAIN}", self.id.to_ascii_lowercase())
    }

    /// As `SystemUsers` shows it (facts 4.8).
    fn row(&self) -> Value {
        let alias = self.alias();
        json!({ "UserID": self.id, "UserName": self.name, "Alias": alias, "Email": alias, "Company": self.company,
                "Enabled": self.enabled, "NetworkDomain": "https://sts.windows.net/", "UserInfo_language": "en-us",
                "Helplanguage": "en-us", "AccountType": "ClaimsUser" })
    }
}

impl Role {
    fn row(&self) -> Value {
        json!({ "SecurityRoleIdentifier": self.id, "SecurityRoleName": self.name, "UserLicenseType": "Operations" })
    }
}

/// The sign-in host that belongs to an origin: on loopback the same server, else the fixed name.
pub(super) fn authority_for(origin: &str) -> &str {
    if origin.starts_with("http://") { origin } else { AUTHORITY }
}
