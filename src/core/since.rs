//! What a connection was like when it last passed, so that a later failure can be told by what is another thing now.
//!
//! Holds only what may be known: never the secret, never a token. Does not know where it is kept.

use crate::core::check::{CheckId, CheckRun};
use crate::core::profile::ProfileDraft;
use crate::core::question::FieldId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// One thing about a connection that can be compared over time, in the order in which differences are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trait {
    /// The profile's tenant.
    Tenant,
    /// The profile's app.
    App,
    /// The profile's address of the API.
    Resource,
    /// The profile's environment, where its product has several at one address.
    Environment,
    /// The recorded end of the credential.
    Expires,
    /// Where the secret is read from.
    Source,
    /// The token's audience.
    Audience,
    /// The token's tenant.
    TokenTenant,
    /// The object that the app is in the tenant.
    Object,
    /// The token's permissions.
    Permissions,
    /// The profile's cloud.
    Cloud,
    /// The profile's own sign-in host.
    Authority,
    /// How the test signs in.
    SignIn,
    /// The entities that are read.
    Entities,
    /// The permissions that the profile chose.
    Chosen,
    /// The company that the profile names.
    NamedCompany,
    /// The mapped user that the profile names.
    NamedUser,
    /// The user that D365 takes the app for.
    User,
    /// That user's company.
    Company,
    /// The key with which Microsoft signs.
    KeyId,
}

impl Trait {
    /// For people.
    pub fn label(self) -> &'static str {
        match self {
            Trait::Tenant => "the tenant",
            Trait::App => "the app",
            Trait::Resource => "the address of the API",
            Trait::Environment => "the environment",
            Trait::Expires => "the recorded end of the credential",
            Trait::Source => "where the credential is read from",
            Trait::Audience => "the audience of the token",
            Trait::TokenTenant => "the tenant of the token",
            Trait::Object => "the app's own object in the tenant",
            Trait::Permissions => "the permissions in the token",
            Trait::Cloud => "the cloud",
            Trait::Authority => "the sign-in host",
            Trait::SignIn => "the way to sign in",
            Trait::Entities => "the entities that are read",
            Trait::Chosen => "the chosen permissions",
            Trait::NamedCompany => "the company in the profile",
            Trait::NamedUser => "the user in the profile",
            Trait::User => "the user in D365",
            Trait::Company => "the company in D365",
            Trait::KeyId => "Microsoft's signing key, which changes by itself",
        }
    }
}

/// What is known of a connection; what is not known is not in it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Traits(BTreeMap<Trait, String>);

/// Something that is another thing than before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// What.
    pub what: Trait,
    /// What it was.
    pub was: String,
    /// What it is.
    pub now: String,
}

/// What is different since a connection last passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Since {
    /// When it last passed.
    pub passed: Timestamp,
    /// What is another thing now; empty when nothing is that can be known.
    pub differences: Vec<Difference>,
}

impl Since {
    /// In words, the first line with the day.
    pub fn lines(&self) -> Vec<String> {
        let day = self.passed.strftime("%Y-%m-%d");
        if self.differences.is_empty() {
            return vec![format!(
                "All that is compared is as it was when it last passed, on {day}. The secret itself is not compared."
            )];
        }
        let mut lines = vec![format!("Different since it last passed, on {day}:")];
        lines.extend(
            self.differences.iter().map(|one| format!("{}: was {}, is {}", one.what.label(), one.was, one.now)),
        );
        lines
    }
}

impl Traits {
    /// What a profile says.
    pub fn of_profile(draft: &ProfileDraft) -> Traits {
        let values = [
            (Trait::Tenant, FieldId::TenantId),
            (Trait::App, FieldId::ClientId),
            (Trait::Resource, FieldId::ResourceUrl),
            (Trait::Environment, FieldId::Environment),
            (Trait::Expires, FieldId::Expires),
        ];
        let mut all = Traits::default();
        values.into_iter().for_each(|(what, field)| all.put(what, draft.value(field)));
        // Here nothing is a value as well: what was taken out since is another thing.
        let or_own = [
            (Trait::Authority, FieldId::AuthorityUrl, "the cloud's own"),
            (Trait::SignIn, FieldId::SignIn, "the guide's own"),
            (Trait::Entities, FieldId::Entities, "the guide's own"),
            (Trait::Chosen, FieldId::Permissions, "none"),
            (Trait::NamedCompany, FieldId::Company, "none"),
            (Trait::NamedUser, FieldId::UserId, "none"),
        ];
        or_own.into_iter().for_each(|(what, field, own)| all.put(what, draft.given(field).unwrap_or(own)));
        all.put(Trait::Cloud, draft.cloud().as_str());
        if let Some(source) = &draft.source {
            all.put(Trait::Source, &source.to_string());
        }
        all
    }

    /// What a test saw.
    pub fn of_run(run: &CheckRun) -> Traits {
        let mut all = Traits::default();
        for (check, name, what) in [
            (CheckId::Claims, "aud", Trait::Audience),
            (CheckId::Claims, "tid", Trait::TokenTenant),
            (CheckId::Claims, "oid", Trait::Object),
            (CheckId::Claims, "kid", Trait::KeyId),
            (CheckId::Claims, "roles", Trait::Permissions),
            (CheckId::Claims, "scopes", Trait::Permissions),
            (CheckId::Registration, "user_id", Trait::User),
            (CheckId::Registration, "company", Trait::Company),
            (CheckId::Registration, "organization", Trait::Company),
        ] {
            match run.done(check).and_then(|done| done.details.get(name)) {
                Some(Value::String(text)) => all.put(what, text),
                // None at all is a value, too: the loss of every permission is a difference.
                Some(Value::Array(list)) if list.is_empty() => {
                    all.0.entry(what).or_insert_with(|| "none".into());
                }
                Some(Value::Array(list)) => {
                    let mut names: Vec<&str> = list.iter().filter_map(Value::as_str).collect();
                    names.sort_unstable();
                    all.put(what, &names.join(", "));
                }
                _ => {}
            }
        }
        all
    }

    fn put(&mut self, what: Trait, value: &str) {
        if !value.is_empty() {
            self.0.insert(what, value.to_owned());
        }
    }

    /// These and those.
    #[must_use]
    pub fn and(mut self, more: Traits) -> Traits {
        self.0.extend(more.0);
        self
    }

    /// What is another thing now. What is not known now or was not then is not told.
    pub fn differences(&self, now: &Traits) -> Vec<Difference> {
        let both = self.0.iter().filter_map(|(what, was)| now.0.get(what).map(|now| (*what, was, now)));
        both.filter(|(_, was, now)| !was.eq_ignore_ascii_case(now))
            .map(|(what, was, now)| Difference { what, was: was.clone(), now: now.clone() })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::check::{CheckEvent, CheckResult, Details};
    use crate::core::rules::{Judge, RuleBook};
    use serde_json::json;
    use std::time::Duration;

    fn run(roles: &[&str], user: Option<&str>) -> CheckRun {
        let mut run = CheckRun::default();
        let judge = Judge { book: &RuleBook::default(), guide: None, values: &|_| None };
        let mut claims = Details::new();
        claims.insert("aud".into(), json!("https://contoso.test"));
        claims.insert("roles".into(), json!(roles));
        let mut registration = Details::new();
        registration.extend(user.map(|user| ("user_id".to_owned(), json!(user))));
        for (check, details) in [(CheckId::Claims, claims), (CheckId::Registration, registration)] {
            let result = CheckResult::Passed { summary: String::new(), details };
            run.apply(CheckEvent::Finished { check, at: Duration::ZERO, result }, &judge);
        }
        run
    }

    #[test]
    fn what_is_known_on_both_sides_is_compared() {
        let was = Traits::of_run(&run(&["b", "a"], Some("odata")));
        assert_eq!(was.differences(&Traits::of_run(&run(&["a", "b"], Some("ODATA")))), []);
        let now = was.differences(&Traits::of_run(&run(&["a"], None)));
        let [lost] = &now[..] else { panic!("{now:?}") };
        assert_eq!((lost.what, lost.was.as_str(), lost.now.as_str()), (Trait::Permissions, "a, b", "a"));
        let all_lost = was.differences(&Traits::of_run(&run(&[], Some("odata"))));
        assert_eq!(
            all_lost.iter().map(|one| (one.what, one.now.as_str())).collect::<Vec<_>>(),
            [(Trait::Permissions, "none")]
        );
        let other = was.differences(&Traits::of_run(&run(&["a", "b"], Some("admin"))));
        assert_eq!(other.iter().map(|one| one.what).collect::<Vec<_>>(), [Trait::User]);
    }

    #[test]
    fn a_profile_of_another_tenant_is_told_in_words() {
        let mut draft = ProfileDraft::new("x");
        draft.set(FieldId::TenantId, "old.example");
        let was = Traits::of_profile(&draft).and(Traits::of_run(&run(&[], None)));
        draft.set(FieldId::TenantId, "new.example");
        let since =
            |now: &Traits| Since { passed: "2026-11-20T09:00:00Z".parse().unwrap(), differences: was.differences(now) };
        let lines = since(&Traits::of_profile(&draft)).lines();
        assert_eq!(lines.len(), 2);
        assert!(lines[0].contains("2026-11-20"), "{lines:?}");
        assert!(lines[1].contains("old.example") && lines[1].contains("new.example"), "{lines:?}");
        let same = since(&was).lines();
        assert!(same.len() == 1 && same[0].contains("secret itself is not compared"), "{same:?}");
    }

    #[test]
    fn every_value_of_a_profile_is_compared() {
        for (field, value) in [
            (FieldId::Cloud, "us-gov"),
            (FieldId::AuthorityUrl, "https://login.example.com"),
            (FieldId::SignIn, "device-code"),
            (FieldId::Entities, "CustomersV3"),
            (FieldId::Permissions, "User.Read.All"),
            (FieldId::Company, "USMF"),
            (FieldId::UserId, "svc-odata"),
        ] {
            let was = Traits::of_profile(&ProfileDraft::new("x"));
            let mut draft = ProfileDraft::new("x");
            draft.set(field, value);
            let now = Traits::of_profile(&draft);
            let told = was.differences(&now);
            assert_eq!(told.len(), 1, "{field}: {told:?}");
            assert_eq!(told[0].now, value);
            assert_eq!(now.differences(&was).len(), 1, "{field} was taken out");
        }
        // What an older version noted is read, and what it did not know is not told.
        let old: Traits = serde_json::from_str("{\"tenant\":\"old.example\",\"app\":\"x\"}").unwrap();
        assert_eq!(old.differences(&Traits::of_profile(&ProfileDraft::new("x"))), []);
    }

    #[test]
    fn traits_are_read_as_they_were_written() {
        let traits = Traits::of_run(&run(&["a"], Some("odata")));
        let text = serde_json::to_string(&traits).unwrap();
        assert_eq!(serde_json::from_str::<Traits>(&text).unwrap(), traits);
    }
}
