//! Pasted text in, recognised values out: a portal page, JSON of `az`, environment variables, several lines at once.
//!
//! Recognises by label, and by shape where the shape leaves no doubt. Keeps nothing: what was found is shown and
//! confirmed before anybody uses it.

use crate::core::cloud::{Clouds, HostKind};
use crate::core::names::parse_guid;
use crate::core::question::{FieldId, clean};
use crate::core::resource::ResourceUrl;
use crate::core::secret::looks_like_secret;
use zeroize::Zeroizing;

/// One recognised value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The field it is for.
    pub field: FieldId,
    /// The value.
    pub value: String,
    /// What told so: `"appId"`, `Directory (tenant) ID`, `the host`.
    pub by: String,
}

/// What a paste holds.
#[derive(Default)]
pub struct Intake {
    /// Plain values, each field once.
    pub found: Vec<Found>,
    /// The secret's value, if one was there.
    pub secret: Option<Zeroizing<String>>,
    /// Nothing had a label that is known: the shape alone told what it is.
    pub by_shape: bool,
    /// Things that were seen and left alone, for people: `Object ID (not needed)`.
    pub left: Vec<String>,
}

impl Intake {
    /// How many values were recognised.
    pub fn len(&self) -> usize {
        self.found.len() + usize::from(self.secret.is_some())
    }

    /// Whether nothing was recognised.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl std::fmt::Debug for Intake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Intake").field("found", &self.found.len()).field("secret", &self.secret.is_some()).finish()
    }
}

/// What a label stands for.
enum Label {
    Field(FieldId),
    Secret,
    /// Known, and not needed.
    NotNeeded(&'static str),
}

/// Labels as the portal, `az` and common environment files write them; compared by their letters and digits alone.
fn label(text: &str) -> Option<Label> {
    let folded: String = text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    Some(match folded.as_str() {
        "applicationclientid"
        | "applicationid"
        | "clientid"
        | "appid"
        | "azureclientid"
        | "azclientid"
        | "batondynamicsclientid"
        | "d365clientid"
        | "dynamicsclientid" => Label::Field(FieldId::ClientId),
        "directorytenantid" | "directoryid" | "tenantid" | "tenant" | "azuretenantid" | "aztenantid"
        | "batontenantid" | "d365tenantid" => Label::Field(FieldId::TenantId),
        "resourceurl"
        | "environmenturl"
        | "financeandoperationsurl"
        | "d365url"
        | "resource"
        | "batonenvironmenturl"
        | "instanceurl"
        | "environment"
        | "url" => Label::Field(FieldId::ResourceUrl),
        "clientsecret"
        | "secret"
        | "secretvalue"
        | "clientsecretvalue"
        | "value"
        | "password"
        | "azureclientsecret"
        | "azclientsecret"
        | "d365clientsecret"
        | "batondynamicsclientsecret" => Label::Secret,
        "expires" | "expiry" | "enddate" | "enddatetime" => Label::Field(FieldId::Expires),
        "userid" => Label::Field(FieldId::UserId),
        "objectid" => Label::NotNeeded("Object ID (not needed)"),
        "secretid" | "keyid" => Label::NotNeeded("Secret ID (the Value is needed)"),
        "batonclientid" | "batonclientsecret" => Label::NotNeeded("C1's own client id or secret (not Dynamics')"),
        _ => return None,
    })
}

/// Reads every value that a text holds.
pub fn read(text: &str, clouds: &Clouds) -> Intake {
    let mut intake = Intake::default();
    for (name, value) in pairs(text) {
        take(&mut intake, &name, &value);
    }
    if intake.is_empty() {
        intake.by_shape = true;
        by_shape(&mut intake, text, clouds);
    }
    intake
}

fn take(intake: &mut Intake, name: &str, value: &str) {
    let (value, _) = clean(value);
    if value.is_empty() {
        return;
    }
    match label(name) {
        Some(Label::Secret) if parse_guid(&value).is_some() => {
            intake.left.push("Secret ID (the Value is needed)".into());
        }
        Some(Label::Secret) => intake.secret = Some(Zeroizing::new(value)),
        Some(Label::NotNeeded(what)) => intake.left.push(what.into()),
        Some(Label::Field(field)) if looks_like_secret(&value) => {
            intake.left.push(format!("{}: it looks like a secret's value", field.spec().label));
        }
        Some(Label::Field(field)) => {
            // A label may be followed by something that is not its value; the field's own form decides.
            let fits = match field {
                FieldId::ClientId => parse_guid(&value).is_some(),
                FieldId::TenantId => value.parse::<crate::core::names::TenantId>().is_ok(),
                FieldId::ResourceUrl => value.contains('.') && ResourceUrl::parse(&value).is_ok(),
                FieldId::Expires => crate::core::expiry::parse_date(&value).is_some(),
                _ => true,
            };
            if fits && !intake.found.iter().any(|found| found.field == field) {
                intake.found.push(Found { field, value, by: name.trim().to_owned() });
            }
        }
        None => {}
    }
}

/// Name and value pairs of JSON, `NAME=value`, `Name: value`, and of labels with the value on the next line.
fn pairs(text: &str) -> Vec<(String, String)> {
    if let Ok(json) = serde_json::from_str::<serde_json::Value>(text.trim()) {
        let mut all = Vec::new();
        flatten(&json, &mut all);
        return all;
    }
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let mut all = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let line = line.trim_start_matches(['-', '*', '•', ' ']);
        let line = ["export ", "set ", "$env:", "SET "]
            .iter()
            .fold(line, |line, word| line.strip_prefix(word).unwrap_or(line));
        let split = line.split_once('=').or_else(|| line.split_once(": ")).or_else(|| line.split_once('\t'));
        match split {
            Some((name, value)) if label(name.trim_matches('"')).is_some() => {
                all.push((name.trim_matches('"').to_owned(), value.to_owned()));
            }
            _ if label(line.trim_end_matches(':')).is_some() => {
                if let Some(next) = lines.get(at + 1) {
                    all.push((line.trim_end_matches([':', ' ']).to_owned(), (*next).to_owned()));
                }
            }
            _ => {}
        }
    }
    all
}

fn flatten(json: &serde_json::Value, all: &mut Vec<(String, String)>) {
    match json {
        serde_json::Value::Object(map) => {
            // Postman writes {"key": "client_id", "value": "…"}.
            if let (Some(key), Some(value)) =
                (map.get("key").and_then(|k| k.as_str()), map.get("value").and_then(|v| v.as_str()))
            {
                all.push((key.to_owned(), value.to_owned()));
                return;
            }
            for (name, value) in map {
                match value {
                    serde_json::Value::String(text) => all.push((name.clone(), text.clone())),
                    other => flatten(other, all),
                }
            }
        }
        serde_json::Value::Array(items) => items.iter().for_each(|item| flatten(item, all)),
        _ => {}
    }
}

/// Without labels only what cannot be anything else is taken: a host of a known product, a text shaped like a secret.
/// GUIDs are not: client, tenant, object and secret ids look alike.
fn by_shape(intake: &mut Intake, text: &str, clouds: &Clouds) {
    for word in text.split_whitespace() {
        let (word, _) = clean(word);
        if looks_like_secret(&word) {
            intake.secret = Some(Zeroizing::new(word));
        } else if let Ok((url, _)) = ResourceUrl::parse(&word)
            && matches!(clouds.kind(url.host()), HostKind::FinanceOperations | HostKind::Sandbox)
            && intake.found.is_empty()
        {
            intake.found.push(Found { field: FieldId::ResourceUrl, value: url.as_str().into(), by: "the host".into() });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLIENT: &str = "66666666-7777-4888-9999-aaaaaaaaaaaa";
    const TENANT: &str = "11111111-2222-4333-8444-555555555555";
    const URL: &str = "https://contoso.operations.dynamics.com";

    fn clouds() -> Clouds {
        toml::from_str("cloud = []\n[[host]]\nending = 'operations.dynamics.com'\nkind = 'finance-operations'").unwrap()
    }

    #[test]
    fn pastes() {
        let secret = "aBc8Q~d3f4hIjKlMnOpQrStUvWxYz.0123456789_";
        let table = [
            // The portal's Overview page, label and value on one line or on two.
            (
                format!(
                    "Display name\nODataIntegration\nApplication (client) ID\n{CLIENT}\nObject ID\n{URL}\nDirectory (tenant) ID\n{TENANT}"
                ),
                2,
                false,
            ),
            (format!("Application (client) ID : {CLIENT}\r\nDirectory (tenant) ID : {TENANT}"), 2, false),
            (format!("Application (client) ID:\t{CLIENT}"), 1, false),
            // az ad sp create-for-rbac
            (
                format!(
                    "{{\"appId\": \"{CLIENT}\", \"displayName\": \"x\", \"password\": \"{secret}\", \"tenant\": \"{TENANT}\"}}"
                ),
                2,
                true,
            ),
            // dotenv, sh, PowerShell
            (
                format!(
                    "AZURE_TENANT_ID={TENANT}\nexport AZURE_CLIENT_ID=\"{CLIENT}\"\nAZURE_CLIENT_SECRET='{secret}'\nD365_URL={URL}"
                ),
                3,
                true,
            ),
            (format!("$env:AZURE_CLIENT_ID = \"{CLIENT}\""), 1, false),
            // Postman
            (
                format!(
                    "{{\"values\":[{{\"key\":\"client_id\",\"value\":\"{CLIENT}\"}},{{\"key\":\"client_secret\",\"value\":\"{secret}\"}}]}}"
                ),
                1,
                true,
            ),
            // Two pairs in a C1 set: only Dynamics' own are taken.
            (
                format!(
                    "BATON_CLIENT_ID: other\nBATON_DYNAMICS_CLIENT_ID: {CLIENT}\nBATON_TENANT_ID: {TENANT}\nBATON_ENVIRONMENT_URL: {URL}"
                ),
                3,
                false,
            ),
            // By shape.
            (format!("see {URL}/?mi=SysAADClientTable please"), 1, false),
            (secret.to_owned(), 0, true),
            // Nothing that could be told for sure.
            (CLIENT.to_owned(), 0, false),
            (
                "Secret ID\n3f2b7c1e-4d5a-4b6c-8d7e-9f0a1b2c3d4e\nValue\n3f2b7c1e-4d5a-4b6c-8d7e-9f0a1b2c3d4e"
                    .to_owned(),
                0,
                false,
            ),
            ("Tenant ID: see the wiki".to_owned(), 0, false),
            ("".to_owned(), 0, false),
        ];
        for (text, values, has_secret) in table {
            let intake = read(&text, &clouds());
            assert_eq!((intake.found.len(), intake.secret.is_some()), (values, has_secret), "{text}");
            for found in &intake.found {
                let wanted = match found.field {
                    FieldId::ClientId => CLIENT,
                    FieldId::TenantId => TENANT,
                    _ => URL,
                };
                assert_eq!(found.value, wanted, "{text}");
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text(text in "\\PC{0,400}") {
            let _ = read(&text, &clouds());
        }
    }
}
