//! The identifiers of a connection: parsed once, then trusted.
//!
//! Knows how each identifier is written. Does not know whether it exists anywhere.

use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

/// Why a text is not the identifier it should be. The message is for people, the hint says what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct NameError {
    /// What is wrong, without the value itself.
    pub message: String,
    /// What to do about it.
    pub hint: String,
}

impl NameError {
    /// An error with its hint.
    pub fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        NameError { message: message.into(), hint: hint.into() }
    }
}

/// The Application (client) ID of an app registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClientId(Uuid);

impl ClientId {
    /// The id as a GUID.
    pub fn uuid(self) -> Uuid {
        self.0
    }
}

impl FromStr for ClientId {
    type Err = NameError;
    fn from_str(text: &str) -> Result<Self, NameError> {
        parse_guid(text).filter(|id| !id.is_nil()).map(ClientId).ok_or_else(|| {
            NameError::new(
                "a client id is a GUID such as 66666666-7777-4888-9999-aaaaaaaaaaaa",
                "copy Application (client) ID from the app's Overview page",
            )
        })
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The Directory (tenant) ID: a GUID, or one of the tenant's verified domains.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TenantId {
    /// The tenant's GUID.
    Guid(Uuid),
    /// A verified domain, lower-cased.
    Domain(String),
}

impl TenantId {
    /// The GUID, where that is how the tenant was given.
    pub fn guid(&self) -> Option<Uuid> {
        match self {
            TenantId::Guid(id) => Some(*id),
            TenantId::Domain(_) => None,
        }
    }
}

impl FromStr for TenantId {
    type Err = NameError;
    fn from_str(text: &str) -> Result<Self, NameError> {
        if let Some(id) = parse_guid(text) {
            if id.is_nil() {
                return Err(NameError::new(
                    "the all-zero GUID is a placeholder",
                    "copy Directory (tenant) ID from the app's Overview page",
                ));
            }
            return Ok(TenantId::Guid(id));
        }
        let lower = text.to_ascii_lowercase();
        // Client credentials need one tenant: Entra answers AADSTS9001023 on these (facts 1.1).
        if ["common", "organizations", "consumers"].contains(&lower.as_str()) {
            return Err(NameError::new(
                format!("'{lower}' stands for any tenant; an app signs in to exactly one"),
                "copy Directory (tenant) ID from the app's Overview page",
            ));
        }
        if is_domain(&lower) {
            return Ok(TenantId::Domain(lower));
        }
        Err(NameError::new(
            "a tenant is a GUID, or a domain such as contoso.onmicrosoft.com",
            "copy Directory (tenant) ID from the app's Overview page",
        ))
    }
}

impl fmt::Display for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TenantId::Guid(id) => id.fmt(f),
            TenantId::Domain(name) => f.write_str(name),
        }
    }
}

/// A GUID in its hyphenated form, in any letter case, with or without braces.
pub fn parse_guid(text: &str) -> Option<Uuid> {
    let inner = text.strip_prefix('{').and_then(|t| t.strip_suffix('}')).unwrap_or(text);
    if inner.len() != 36 || !inner.is_ascii() {
        return None;
    }
    Uuid::try_parse(inner).ok()
}

/// Whether a lower-cased text can be a DNS name with at least two labels.
pub fn is_domain(text: &str) -> bool {
    let labels: Vec<&str> = text.split('.').collect();
    text.len() <= 253
        && labels.len() >= 2
        && labels.iter().all(|label| {
            !label.is_empty()
                && label.len() <= 63
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        })
        && labels.last().is_some_and(|last| last.bytes().any(|b| b.is_ascii_alphabetic()))
}

/// The name of a profile: also its file name, so it is never a path.
///
/// Letters, digits, `.`, `_`, `-`; 1 to 64 characters; no Windows device name; compared without case.
#[derive(Debug, Clone)]
pub struct ProfileName(String);

impl ProfileName {
    /// The name as typed.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A stand-in where there is no name yet.
    pub fn unnamed() -> ProfileName {
        ProfileName("unnamed".into())
    }

    fn folded(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

impl FromStr for ProfileName {
    type Err = NameError;
    fn from_str(text: &str) -> Result<Self, NameError> {
        const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];
        let wrong = |message: &str| {
            Err(NameError::new(message, "use letters, digits, '.', '_' and '-', 1 to 64 characters: contoso-uat"))
        };
        if text.is_empty() || text.len() > 64 {
            return wrong("a profile name has 1 to 64 characters");
        }
        if !text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-')) {
            return wrong("a profile name has only letters, digits, '.', '_' and '-'");
        }
        if text.starts_with(['.', '-']) || text.ends_with('.') {
            return wrong("a profile name does not start with '.' or '-', nor end with '.'");
        }
        let stem = text.split('.').next().unwrap_or_default().to_ascii_lowercase();
        let numbered = stem.len() == 4
            && (stem.starts_with("com") || stem.starts_with("lpt"))
            && stem.as_bytes()[3].is_ascii_digit();
        if DEVICES.contains(&stem.as_str()) || numbered {
            return wrong("that name belongs to a device on Windows");
        }
        Ok(ProfileName(text.to_owned()))
    }
}

impl fmt::Display for ProfileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl PartialEq for ProfileName {
    fn eq(&self, other: &Self) -> bool {
        self.folded() == other.folded()
    }
}
impl Eq for ProfileName {}
impl PartialOrd for ProfileName {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for ProfileName {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.folded().cmp(&other.folded())
    }
}
impl std::hash::Hash for ProfileName {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.folded().hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn client_ids() {
        for good in ["66666666-7777-4888-9999-aaaaaaaaaaaa", "{66666666-7777-4888-9999-AAAAAAAAAAAA}"] {
            assert_eq!(good.parse::<ClientId>().unwrap().to_string(), "66666666-7777-4888-9999-aaaaaaaaaaaa");
        }
        for bad in ["", "contoso", "00000000-0000-0000-0000-000000000000", "66666666777748889999aaaaaaaaaaaa", "6666"] {
            assert!(bad.parse::<ClientId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn tenants() {
        for (text, shown) in [
            ("11111111-2222-4333-8444-555555555555", "11111111-2222-4333-8444-555555555555"),
            ("Contoso.OnMicrosoft.com", "contoso.onmicrosoft.com"),
            ("contoso.de", "contoso.de"),
        ] {
            assert_eq!(text.parse::<TenantId>().unwrap().to_string(), shown);
        }
        for bad in
            ["", "common", "Organizations", "contoso", "con toso.com", "-a.com", "a..com", "1.2.3.4", "https://x.com"]
        {
            assert!(bad.parse::<TenantId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn profile_names() {
        for good in ["a", "contoso-uat", "Contoso.UAT_2", "console", "com10", &"a".repeat(64)] {
            assert!(good.parse::<ProfileName>().is_ok(), "{good}");
        }
        for bad in ["", ".", "..", "a/b", "a b", "CON", "nul.txt", "com1", "LPT9.x", "a.", "-a", "ä", &"a".repeat(65)]
        {
            assert!(bad.parse::<ProfileName>().is_err(), "{bad}");
        }
        assert_eq!(ProfileName::unnamed().as_str().parse::<ProfileName>().unwrap(), ProfileName::unnamed());
        assert_eq!("Contoso".parse::<ProfileName>().unwrap(), "contoso".parse::<ProfileName>().unwrap());
    }
}
