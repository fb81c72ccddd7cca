//! What can be wrong in the simulated tenant, and what its administrator does about it, step by step of a guide.
//!
//! A scenario only changes the state at the start, or what the operator noted down. It never changes an answer.

use crate::core::guide::{Guide, Product, SignIn};
use crate::core::question::FieldId;
use crate::sandbox::companies::{COMPANY, ENVIRONMENT};
use crate::sandbox::sign_ins::DEVICE_CODE_LASTS;
use crate::sandbox::tenant::{
    CLIENT_ID, LOOPBACK, OBJECT_ID, PERSON, PERSON_ID, PERSON_NAME, PRINCIPAL_ID, Person, READER, Registration, Secret,
    TENANT_ID, Tenant, USER_ID, User, today,
};
use crate::sandbox::{AUTHORITY, BUSINESS_CENTRAL, FINANCE_OPERATIONS, GRAPH, Offer, TYPO};
use jiff::ToSpan;
use std::time::Duration;

/// How long a device code is good that nobody enters.
const SHORT: Duration = Duration::from_secs(2);

/// What is wrong in the tenant at the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scenario {
    /// Nothing.
    Healthy,
    /// The operator noted the Secret ID instead of the secret's value.
    SecretIdPasted,
    /// The secret's end date has passed.
    SecretExpired,
    /// The secret ends in nine days.
    SecretExpiring,
    /// The operator noted the app's object id as client id.
    ClientNotFound,
    /// The operator noted another tenant id.
    TenantNotFound,
    /// The operator mistyped the environment URL.
    ResourceNotFound,
    /// The app has no service principal.
    ServicePrincipalMissing,
    /// A Conditional Access policy for workload identities blocks the app.
    PolicyBlocked,
    /// Sign-in is switched off for the app.
    AppDisabled,
    /// D365 does not list the app.
    NotRegistered,
    /// The mapped user is disabled.
    UserDisabled,
    /// The mapped user may read nothing.
    NoPrivilege,
    /// Tokens for the environment carry another audience than its URL.
    WrongAudience,
    /// D365 answers 429.
    Throttled,
    /// D365 is in maintenance mode.
    Maintenance,
    /// D365 sends API calls to the sign-in page.
    LoginPage,
    /// D365 takes two seconds for every answer.
    Slow,
    /// Nothing can be reached.
    Offline,
    /// No application permission is granted to the app.
    RolesMissing,
    /// The granted application permissions do not cover the organization.
    GraphPermissionMissing,
    /// Business Central has no card of the app.
    AppCardMissing,
    /// The state of the app's card is not *Enabled*.
    AppCardDisabled,
    /// The app's card has no permission set.
    PermissionSetMissing,
    /// The operator mistyped the name of the Business Central environment.
    WrongEnvironment,
    /// The operator mistyped the name of the company.
    WrongCompany,
    /// Nobody consented to what the app does in the name of users.
    ConsentMissing,
    /// The app lists no redirect URI of this machine.
    RedirectMismatch,
    /// The user denies the sign-in.
    SignInDenied,
    /// Nobody enters the device code in time.
    CodeExpired,
    /// A Conditional Access policy blocks device codes.
    DeviceCodeBlocked,
    /// The app does not allow public client flows, so it gets no token for a device code.
    PublicClientBlocked,
    /// Refresh tokens are refused as too old.
    RefreshRefused,
    /// The user who signs in is none of D365.
    UserNotInEnvironment,
    /// The operator uses a certificate that nobody uploaded to the app.
    CertificateNotRegistered,
    /// The operator's certificate is expired.
    CertificateExpired,
}

impl Scenario {
    /// Every scenario.
    pub const ALL: &[Scenario] = &[
        Scenario::Healthy,
        Scenario::SecretIdPasted,
        Scenario::SecretExpired,
        Scenario::SecretExpiring,
        Scenario::ClientNotFound,
        Scenario::TenantNotFound,
        Scenario::ResourceNotFound,
        Scenario::ServicePrincipalMissing,
        Scenario::PolicyBlocked,
        Scenario::AppDisabled,
        Scenario::NotRegistered,
        Scenario::UserDisabled,
        Scenario::NoPrivilege,
        Scenario::WrongAudience,
        Scenario::Throttled,
        Scenario::Maintenance,
        Scenario::LoginPage,
        Scenario::Slow,
        Scenario::Offline,
        Scenario::RolesMissing,
        Scenario::GraphPermissionMissing,
        Scenario::AppCardMissing,
        Scenario::AppCardDisabled,
        Scenario::PermissionSetMissing,
        Scenario::WrongEnvironment,
        Scenario::WrongCompany,
        Scenario::ConsentMissing,
        Scenario::RedirectMismatch,
        Scenario::SignInDenied,
        Scenario::CodeExpired,
        Scenario::DeviceCodeBlocked,
        Scenario::PublicClientBlocked,
        Scenario::RefreshRefused,
        Scenario::UserNotInEnvironment,
        Scenario::CertificateNotRegistered,
        Scenario::CertificateExpired,
    ];

    /// Its id.
    pub fn as_str(self) -> &'static str {
        self.words().0
    }

    /// The scenario of that id.
    pub fn parse(id: &str) -> Option<Scenario> {
        Scenario::ALL.iter().copied().find(|scenario| scenario.as_str() == id)
    }

    /// What it is about, in one line.
    pub fn about(self) -> &'static str {
        self.words().1
    }

    fn words(self) -> (&'static str, &'static str) {
        match self {
            Scenario::Healthy => ("healthy", "everything is set up and works"),
            Scenario::SecretIdPasted => ("secret-id-pasted", "the Secret ID was noted instead of the secret's value"),
            Scenario::SecretExpired => ("secret-expired", "the client secret ended three days ago"),
            Scenario::SecretExpiring => ("secret-expiring", "the client secret works and ends in nine days"),
            Scenario::ClientNotFound => ("client-not-found", "the app's object id was noted as client id"),
            Scenario::TenantNotFound => ("tenant-not-found", "the noted tenant id is of no tenant"),
            Scenario::ResourceNotFound => ("resource-not-found", "the noted environment URL has a typo"),
            Scenario::ServicePrincipalMissing => {
                ("service-principal-missing", "the app was registered without a service principal")
            }
            Scenario::PolicyBlocked => ("policy-blocked", "a Conditional Access policy blocks the app"),
            Scenario::AppDisabled => ("app-disabled", "sign-in is switched off for the app"),
            Scenario::NotRegistered => ("not-registered", "D365 does not list the app"),
            Scenario::UserDisabled => ("user-disabled", "the D365 user is disabled"),
            Scenario::NoPrivilege => ("no-privilege", "the D365 user may read nothing"),
            Scenario::WrongAudience => ("wrong-audience", "tokens are made out to the generic id of Dynamics ERP"),
            Scenario::Throttled => ("throttled", "D365 has had too many requests and answers 429"),
            Scenario::Maintenance => ("maintenance", "D365 is in maintenance mode"),
            Scenario::LoginPage => ("login-page", "D365 sends API calls to the sign-in page"),
            Scenario::Slow => ("slow", "D365 takes two seconds for every answer"),
            Scenario::Offline => ("offline", "the network is unplugged"),
            Scenario::RolesMissing => ("roles-missing", "no application permission is granted to the app"),
            Scenario::GraphPermissionMissing => {
                ("graph-permission-missing", "the granted permissions do not cover the organization")
            }
            Scenario::AppCardMissing => ("app-card-missing", "Business Central has no card of the app"),
            Scenario::AppCardDisabled => ("app-card-disabled", "the app's card in Business Central is not enabled"),
            Scenario::PermissionSetMissing => {
                ("permission-set-missing", "the app's card in Business Central has no permission set")
            }
            Scenario::WrongEnvironment => ("wrong-environment", "the noted environment name has a typo"),
            Scenario::WrongCompany => ("wrong-company", "the noted company name has a typo"),
            Scenario::ConsentMissing => ("consent-missing", "nobody consented to what the app does for users"),
            Scenario::RedirectMismatch => {
                ("redirect-mismatch", "the app does not list http://localhost as redirect URI")
            }
            Scenario::SignInDenied => ("sign-in-denied", "the user denies the sign-in"),
            Scenario::CodeExpired => ("code-expired", "nobody enters the device code in time"),
            Scenario::DeviceCodeBlocked => {
                ("device-code-blocked", "a Conditional Access policy blocks sign-ins with a device code")
            }
            Scenario::PublicClientBlocked => ("public-client-blocked", "the app does not allow public client flows"),
            Scenario::RefreshRefused => ("refresh-refused", "refresh tokens are refused as too old"),
            Scenario::UserNotInEnvironment => ("user-not-in-environment", "the user who signs in is none of D365"),
            Scenario::CertificateNotRegistered => {
                ("certificate-not-registered", "a certificate is used that nobody uploaded to the app")
            }
            Scenario::CertificateExpired => ("certificate-expired", "the certificate ended three days ago"),
        }
    }

    /// Whether a set-up for that product with that sign-in meets it. In all others all is well.
    pub fn concerns(self, product: Product, sign_in: SignIn) -> bool {
        let finance_operations = product == Product::FinanceOperations;
        let business_central = product == Product::BusinessCentral;
        match self {
            Scenario::Healthy
            | Scenario::SecretExpiring
            | Scenario::ClientNotFound
            | Scenario::TenantNotFound
            | Scenario::ServicePrincipalMissing
            | Scenario::PolicyBlocked
            | Scenario::AppDisabled
            | Scenario::Throttled
            | Scenario::Slow
            | Scenario::Offline => true,
            // A device code needs no secret.
            Scenario::SecretIdPasted
            | Scenario::SecretExpired
            | Scenario::CertificateNotRegistered
            | Scenario::CertificateExpired => sign_in != SignIn::DeviceCode,
            Scenario::ResourceNotFound
            | Scenario::UserDisabled
            | Scenario::NoPrivilege
            | Scenario::WrongAudience
            | Scenario::Maintenance
            | Scenario::LoginPage => finance_operations,
            Scenario::NotRegistered => finance_operations && sign_in == SignIn::App,
            Scenario::RolesMissing => product.wants_roles() && sign_in == SignIn::App,
            Scenario::GraphPermissionMissing => product == Product::Graph && sign_in == SignIn::App,
            Scenario::AppCardMissing | Scenario::AppCardDisabled | Scenario::PermissionSetMissing => {
                business_central && sign_in == SignIn::App
            }
            Scenario::WrongEnvironment | Scenario::WrongCompany => business_central,
            Scenario::ConsentMissing | Scenario::SignInDenied | Scenario::RefreshRefused => sign_in.is_user(),
            Scenario::RedirectMismatch => sign_in == SignIn::Loopback,
            Scenario::CodeExpired | Scenario::DeviceCodeBlocked | Scenario::PublicClientBlocked => {
                sign_in == SignIn::DeviceCode
            }
            Scenario::UserNotInEnvironment => (finance_operations || business_central) && sign_in.is_user(),
        }
    }

    /// Puts what is wrong into a healthy tenant. Nothing, where the fault is in what was noted.
    pub(super) fn befall(self, tenant: &mut Tenant) {
        let end = |tenant: &mut Tenant, days: i64| {
            for secret in &mut tenant.app().secrets {
                secret.ends = today().saturating_add(days.days());
            }
        };
        match self {
            Scenario::Healthy
            | Scenario::SecretIdPasted
            | Scenario::ClientNotFound
            | Scenario::TenantNotFound
            | Scenario::WrongEnvironment
            | Scenario::WrongCompany => {}
            Scenario::CertificateNotRegistered => {
                tenant.uploads = false;
                tenant.make_certificate(180);
            }
            Scenario::CertificateExpired => {
                if let Some(public) = tenant.make_certificate(-3) {
                    tenant.upload(&public);
                }
            }
            // Other processes are given that address in place of the typo: it leads here and is known to nobody.
            Scenario::ResourceNotFound => {
                for resource in &mut tenant.resources {
                    resource.identifiers.retain(|url| !url.contains("localhost"));
                }
            }
            Scenario::SecretExpired => end(tenant, -3),
            Scenario::SecretExpiring => end(tenant, 9),
            Scenario::ServicePrincipalMissing => tenant.app().principal = None,
            Scenario::PolicyBlocked => {
                tenant.blocked.insert(CLIENT_ID);
            }
            Scenario::AppDisabled => tenant.app().enabled = false,
            Scenario::NotRegistered => {
                tenant.environment.registrations.remove(&CLIENT_ID);
            }
            Scenario::UserDisabled => {
                for user in acting(tenant) {
                    user.enabled = false;
                }
            }
            Scenario::NoPrivilege => {
                for user in acting(tenant) {
                    user.roles = vec!["SYSTEMUSER".into()];
                }
            }
            Scenario::WrongAudience => {
                if let Some(resource) = tenant.resource(Product::FinanceOperations) {
                    resource.audience = Some(Product::FinanceOperations.app_id().to_string());
                }
            }
            Scenario::Throttled => tenant.budget = Some(0),
            Scenario::Maintenance => tenant.environment.maintenance = true,
            Scenario::LoginPage => tenant.environment.login_page = true,
            Scenario::Slow => tenant.delay = Duration::from_secs(2),
            Scenario::Offline => tenant.plugged = false,
            Scenario::RolesMissing => {
                for resource in &mut tenant.resources {
                    resource.roles.clear();
                }
            }
            Scenario::GraphPermissionMissing => {
                if let Some(graph) = tenant.resource(Product::Graph) {
                    graph.roles.entry(CLIENT_ID).or_default().retain(|role| *role == "User.Read.All");
                }
            }
            Scenario::AppCardMissing => tenant.business_central.cards.clear(),
            Scenario::AppCardDisabled => {
                for card in tenant.business_central.cards.values_mut() {
                    card.enabled = false;
                }
            }
            Scenario::PermissionSetMissing => {
                for card in tenant.business_central.cards.values_mut() {
                    card.permission_sets.clear();
                }
            }
            Scenario::ConsentMissing => {
                for resource in &mut tenant.resources {
                    resource.scopes.clear();
                }
            }
            Scenario::RedirectMismatch => tenant.app().redirects.clear(),
            Scenario::SignInDenied => tenant.person = Person::Denies,
            Scenario::CodeExpired => {
                tenant.person = Person::Away;
                tenant.sign_ins.device_code_lasts = SHORT;
            }
            Scenario::DeviceCodeBlocked => tenant.device_code_blocked = true,
            Scenario::PublicClientBlocked => tenant.app().public_flows = false,
            Scenario::RefreshRefused => tenant.refresh_refused = true,
            Scenario::UserNotInEnvironment => {
                tenant.environment.users.retain(|user| user.id != PERSON_ID);
                tenant.business_central.users.clear();
            }
        }
    }

    /// What the operator of this scenario took for the secret.
    pub(super) fn noted_secret(self, tenant: &mut Tenant) -> Option<Offer> {
        if let Some(offer) = tenant.certificate_offer() {
            return Some(offer);
        }
        let secret = tenant.app().secrets.last()?;
        if self == Scenario::SecretIdPasted { secret.mistaken_offer() } else { Some(secret.offer()) }
    }

    /// What the operator of this scenario noted down: the right values, but for the scenario's slip.
    pub(super) fn noted(self, task: &Task, secret: Option<Offer>) -> Vec<Offer> {
        let slip = match self {
            Scenario::ClientNotFound => Some((FieldId::ClientId, OBJECT_ID.to_string())),
            Scenario::TenantNotFound => Some((FieldId::TenantId, "5d20c8f7-6b31-4a9e-8e47-f13a0b9c2d68".to_owned())),
            Scenario::ResourceNotFound if task.product == Product::FinanceOperations => {
                Some((FieldId::ResourceUrl, TYPO.to_owned()))
            }
            Scenario::WrongEnvironment => Some((FieldId::Environment, "Porduction".to_owned())),
            Scenario::WrongCompany => Some((FieldId::Company, "CORNUS".to_owned())),
            _ => None,
        };
        let mut offers = task.values(secret);
        if let Some((slipped, wrong)) = slip {
            for offer in &mut offers {
                if let Offer::Value(field, value) = offer
                    && *field == slipped
                {
                    value.clone_from(&wrong);
                }
            }
        }
        offers
    }
}

/// The F&O users as whom the operator's app acts: its own, and the one who signs in.
fn acting(tenant: &mut Tenant) -> impl Iterator<Item = &mut User> {
    tenant.environment.users.iter_mut().filter(|user| [USER_ID, PERSON_ID].contains(&user.id.as_str()))
}

/// What an administrator's work is for.
#[derive(Debug)]
pub(super) struct Task {
    /// The product that is set up.
    pub(super) product: Product,
    /// Where the connected product has its users sent back.
    redirect_uri: Option<String>,
    /// The fields that the set-up has; `None` for all.
    fields: Option<Vec<FieldId>>,
}

impl Task {
    /// To follow a guide.
    pub(super) fn of(guide: &Guide) -> Task {
        let fields = guide.needs().into_iter().chain(guide.optional.iter().copied()).collect();
        let redirect_uri = guide.takes(FieldId::RedirectUri).then(|| guide.example(FieldId::RedirectUri).to_owned());
        Task { product: guide.product, redirect_uri, fields: Some(fields) }
    }

    /// To set up a product for another process, which takes what it needs.
    pub(super) fn any(product: Product) -> Task {
        Task { product, redirect_uri: None, fields: None }
    }

    /// Every right value.
    fn values(&self, secret: Option<Offer>) -> Vec<Offer> {
        let fixed = |field, value: &str| Offer::Value(field, value.to_owned());
        let mut offers = vec![
            Offer::Value(FieldId::TenantId, TENANT_ID.to_string()),
            Offer::Value(FieldId::ClientId, CLIENT_ID.to_string()),
        ];
        offers.extend(secret);
        match self.product {
            Product::FinanceOperations => {
                offers.push(fixed(FieldId::ResourceUrl, FINANCE_OPERATIONS));
                offers.push(fixed(FieldId::UserId, if self.redirect_uri.is_some() { PERSON_ID } else { USER_ID }));
            }
            Product::BusinessCentral => {
                offers.push(fixed(FieldId::ResourceUrl, BUSINESS_CENTRAL));
                offers.push(fixed(FieldId::Environment, ENVIRONMENT));
                offers.push(fixed(FieldId::Company, COMPANY));
            }
            Product::Graph => offers.push(fixed(FieldId::ResourceUrl, GRAPH)),
        }
        offers.extend(self.redirect_uri.iter().map(|uri| fixed(FieldId::RedirectUri, uri)));
        offers.push(fixed(FieldId::AuthorityUrl, AUTHORITY));
        offers.retain(|offer| self.fields.as_ref().is_none_or(|fields| fields.contains(&offer.field())));
        offers
    }

    /// The right values of these fields.
    fn some(&self, fields: &[FieldId]) -> Vec<Offer> {
        let mut offers = self.values(None);
        offers.retain(|offer| fields.contains(&offer.field()));
        offers
    }
}

/// Every right value of the operator's app.
pub(super) fn values(tenant: &mut Tenant, task: &Task) -> Vec<Offer> {
    let credential = tenant.certificate_offer().or_else(|| tenant.app().secrets.last().map(Secret::offer));
    task.values(credential)
}

/// The administrator does one step of the guide for the operator's app. What is right already stays as it is; only
/// a client secret is made anew each time.
pub(super) fn carry_out(tenant: &mut Tenant, task: &Task, step: &str) -> (String, Vec<Offer>) {
    match step {
        "before-you-start" => {
            name_environment(tenant);
            tenant.environment.login_page = false;
            let told = match task.product {
                Product::FinanceOperations => {
                    format!("The environment is at {FINANCE_OPERATIONS}; Entra ID and its API know it by that address.")
                }
                Product::BusinessCentral => {
                    format!("Business Central has the environment {ENVIRONMENT} with the company {COMPANY}.")
                }
                Product::Graph => format!("Microsoft Graph is at {GRAPH}."),
            };
            (told, task.some(&[FieldId::ResourceUrl, FieldId::Environment, FieldId::Company]))
        }
        "register-app" => {
            authenticate(tenant, task);
            let app = tenant.app();
            app.enabled = true;
            app.principal.get_or_insert(PRINCIPAL_ID);
            let told = format!("The app {} is registered, has its enterprise application, and may sign in.", app.name);
            (told, task.some(&[FieldId::TenantId, FieldId::ClientId, FieldId::RedirectUri]))
        }
        "authentication" => {
            authenticate(tenant, task);
            let told = format!("The app lists its redirect URIs and {LOOPBACK}, and allows public client flows.");
            (told, task.some(&[FieldId::RedirectUri]))
        }
        "client-secret" if tenant.certificate.is_some() => {
            tenant.uploads = true;
            match tenant.make_certificate(180) {
                Some(public) => {
                    tenant.upload(&public);
                    let told = "A new certificate was made, and its public part uploaded to the app.";
                    (told.into(), tenant.certificate_offer().into_iter().collect())
                }
                None => ("No certificate could be made.".into(), Vec::new()),
            }
        }
        "client-secret" => match Secret::random() {
            Ok(secret) => {
                let (told, offer) =
                    (format!("A new client secret was made; it ends on {}.", secret.ends), secret.offer());
                tenant.app().secrets.push(secret);
                (told, vec![offer])
            }
            Err(error) => (format!("No client secret could be made: {error}."), Vec::new()),
        },
        "permissions" => {
            tenant.grant();
            // Consent also makes the enterprise application where it is missing.
            tenant.app().principal.get_or_insert(PRINCIPAL_ID);
            tenant.blocked.remove(&CLIENT_ID);
            tenant.device_code_blocked = false;
            for resource in &mut tenant.resources {
                resource.assigned.insert(CLIENT_ID);
            }
            let told = "Consent was granted, the app was assigned, and no Conditional Access policy blocks it.";
            (told.into(), Vec::new())
        }
        "values" => {
            name_environment(tenant);
            ("The portals show the right values again.".into(), values(tenant, task))
        }
        "register-in-d365" => {
            register(tenant);
            tenant.business_central.register();
            let told = match task.product {
                Product::FinanceOperations => format!(
                    "User {USER_ID} is enabled and has the role for integrations; the app is registered under it. \
                     {PERSON_NAME} ({PERSON}) may come in too."
                ),
                Product::BusinessCentral => format!(
                    "The app's card is in Business Central, its State is Enabled, and it has a permission set. \
                     {PERSON_NAME} ({PERSON}) may come in too."
                ),
                Product::Graph => "Microsoft Graph has no list of apps of its own: nothing is to be done.".into(),
            };
            (told, task.some(&[FieldId::UserId]))
        }
        "test" => {
            tenant.environment.maintenance = false;
            tenant.environment.login_page = false;
            tenant.budget = None;
            tenant.delay = Duration::ZERO;
            tenant.plugged = true;
            tenant.person = Person::Approves;
            tenant.sign_ins.device_code_lasts = DEVICE_CODE_LASTS;
            tenant.refresh_refused = false;
            let told = "The network is plugged in, D365 answers without maintenance, limits or delay, and the user \
                        signs in when asked.";
            (told.into(), Vec::new())
        }
        _ => ("The administrator has nothing to do in this step.".into(), Vec::new()),
    }
}

/// The app's page *Authentication*: redirect URIs, and *Allow public client flows*.
fn authenticate(tenant: &mut Tenant, task: &Task) {
    let app = tenant.app();
    app.redirects.insert(LOOPBACK.into());
    app.redirects.extend(task.redirect_uri.clone());
    app.public_flows = true;
}

/// Entra ID knows the environment by its URL, so tokens are made out to that.
fn name_environment(tenant: &mut Tenant) {
    for resource in &mut tenant.resources {
        resource.audience = None;
    }
}

/// The service user and the one who signs in, with the role for integrations, and the app registered under the first.
fn register(tenant: &mut Tenant) {
    let name = tenant.app().name.clone();
    let environment = &mut tenant.environment;
    for (id, called) in [(USER_ID, "OData integration"), (PERSON_ID, PERSON_NAME)] {
        if environment.user(id).is_none() {
            environment.users.push(User::new(id, called, &[]));
        }
        if let Some(user) = environment.user(id) {
            user.enabled = true;
            if !user.roles.iter().any(|role| role == READER) {
                user.roles.push(READER.into());
            }
        }
    }
    environment.registrations.insert(CLIENT_ID, Registration { name, user_id: USER_ID.into() });
}
