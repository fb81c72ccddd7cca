//! What can be wrong in the simulated tenant, and what its administrator does about it, step by step of a guide.
//!
//! A scenario only changes the state at the start, or what the operator noted down. It never changes an answer.

use crate::core::question::FieldId;
use crate::sandbox::tenant::{
    CLIENT_ID, DYNAMICS_ERP, OBJECT_ID, PRINCIPAL_ID, READER, Registration, Secret, TENANT_ID, Tenant, USER_ID, User,
    today,
};
use crate::sandbox::{AUTHORITY, FINANCE_OPERATIONS, Offer, TYPO};
use jiff::ToSpan;
use std::time::Duration;

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
            Scenario::UserDisabled => ("user-disabled", "the D365 user that the app acts as is disabled"),
            Scenario::NoPrivilege => ("no-privilege", "the D365 user that the app acts as may read nothing"),
            Scenario::WrongAudience => ("wrong-audience", "tokens are made out to the generic id of Dynamics ERP"),
            Scenario::Throttled => ("throttled", "D365 has had too many requests and answers 429"),
            Scenario::Maintenance => ("maintenance", "D365 is in maintenance mode"),
            Scenario::LoginPage => ("login-page", "D365 sends API calls to the sign-in page"),
            Scenario::Slow => ("slow", "D365 takes two seconds for every answer"),
            Scenario::Offline => ("offline", "the network is unplugged"),
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
            Scenario::Healthy | Scenario::SecretIdPasted | Scenario::ClientNotFound | Scenario::TenantNotFound => {}
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
                if let Some(user) = tenant.environment.user(USER_ID) {
                    user.enabled = false;
                }
            }
            Scenario::NoPrivilege => {
                if let Some(user) = tenant.environment.user(USER_ID) {
                    user.roles = vec!["SYSTEMUSER".into()];
                }
            }
            Scenario::WrongAudience => {
                for resource in &mut tenant.resources {
                    resource.audience = Some(DYNAMICS_ERP.to_string());
                }
            }
            Scenario::Throttled => tenant.environment.budget = Some(0),
            Scenario::Maintenance => tenant.environment.maintenance = true,
            Scenario::LoginPage => tenant.environment.login_page = true,
            Scenario::Slow => tenant.environment.delay = Duration::from_secs(2),
            Scenario::Offline => tenant.plugged = false,
        }
    }

    /// What the operator of this scenario noted down: the right values, but for the scenario's slip.
    pub(super) fn noted(self, tenant: &mut Tenant) -> Vec<Offer> {
        let slip = match self {
            Scenario::SecretIdPasted => tenant.app().secrets.last().and_then(Secret::mistaken_offer),
            Scenario::ClientNotFound => Some(Offer::Value(FieldId::ClientId, OBJECT_ID.to_string())),
            Scenario::TenantNotFound => {
                Some(Offer::Value(FieldId::TenantId, "5d20c8f7-6b31-4a9e-8e47-f13a0b9c2d68".into()))
            }
            Scenario::ResourceNotFound => Some(Offer::Value(FieldId::ResourceUrl, TYPO.into())),
            _ => None,
        };
        let right = values(tenant).into_iter();
        right.map(|offer| slip.clone().filter(|slip| slip.field() == offer.field()).unwrap_or(offer)).collect()
    }
}

/// Every right value of the operator's app.
pub(super) fn values(tenant: &mut Tenant) -> Vec<Offer> {
    let mut offers = vec![
        Offer::Value(FieldId::TenantId, TENANT_ID.to_string()),
        Offer::Value(FieldId::ClientId, CLIENT_ID.to_string()),
    ];
    offers.extend(tenant.app().secrets.last().map(Secret::offer));
    offers.extend([
        Offer::Value(FieldId::ResourceUrl, FINANCE_OPERATIONS.into()),
        Offer::Value(FieldId::UserId, USER_ID.into()),
        Offer::Value(FieldId::AuthorityUrl, AUTHORITY.into()),
    ]);
    offers
}

/// The administrator does one step of the guide for the operator's app. What is right already stays as it is; only
/// a client secret is made anew each time.
pub(super) fn carry_out(tenant: &mut Tenant, step: &str) -> (String, Vec<Offer>) {
    match step {
        "before-you-start" => {
            name_environment(tenant);
            tenant.environment.login_page = false;
            let told =
                format!("The environment is at {FINANCE_OPERATIONS}; Entra ID and its API know it by that address.");
            (told, vec![Offer::Value(FieldId::ResourceUrl, FINANCE_OPERATIONS.into())])
        }
        "register-app" => {
            let app = tenant.app();
            app.enabled = true;
            app.principal.get_or_insert(PRINCIPAL_ID);
            let told = format!("The app {} is registered, has its enterprise application, and may sign in.", app.name);
            let offers = vec![
                Offer::Value(FieldId::TenantId, TENANT_ID.to_string()),
                Offer::Value(FieldId::ClientId, CLIENT_ID.to_string()),
            ];
            (told, offers)
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
            let app = tenant.app();
            app.consented = true;
            // Consent also makes the enterprise application where it is missing.
            app.principal.get_or_insert(PRINCIPAL_ID);
            tenant.blocked.remove(&CLIENT_ID);
            for resource in &mut tenant.resources {
                resource.assigned.insert(CLIENT_ID);
            }
            let told = "Consent was granted, the app was assigned, and no Conditional Access policy blocks it.";
            (told.into(), Vec::new())
        }
        "values" => {
            name_environment(tenant);
            ("The portals show the right values again.".into(), values(tenant))
        }
        "register-in-d365" => {
            register(tenant);
            let told =
                format!("User {USER_ID} is enabled and has the role for integrations; the app is registered under it.");
            (told, vec![Offer::Value(FieldId::UserId, USER_ID.into())])
        }
        "test" => {
            let environment = &mut tenant.environment;
            environment.maintenance = false;
            environment.budget = None;
            environment.login_page = false;
            environment.delay = Duration::ZERO;
            tenant.plugged = true;
            ("The network is plugged in, and D365 answers without maintenance, limits or delay.".into(), Vec::new())
        }
        _ => ("The administrator has nothing to do in this step.".into(), Vec::new()),
    }
}

/// Entra ID knows the environment by its URL, so tokens are made out to that.
fn name_environment(tenant: &mut Tenant) {
    for resource in &mut tenant.resources {
        resource.audience = None;
    }
}

/// The service user with its role, and the app registered under it.
fn register(tenant: &mut Tenant) {
    let name = tenant.app().name.clone();
    let environment = &mut tenant.environment;
    if environment.user(USER_ID).is_none() {
        environment.users.push(User {
            id: USER_ID.into(),
            name: "OData integration".into(),
            enabled: false,
            roles: Vec::new(),
            company: "USMF".into(),
        });
    }
    if let Some(user) = environment.user(USER_ID) {
        user.enabled = true;
        if !user.roles.iter().any(|role| role == READER) {
            user.roles.push(READER.into());
        }
    }
    environment.registrations.insert(CLIENT_ID, Registration { name, user_id: USER_ID.into() });
}
