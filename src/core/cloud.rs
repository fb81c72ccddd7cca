//! Microsoft's clouds: which sign-in host, Graph host and portal belong to each, and whose host a name is.
//!
//! Knows only what `assets/clouds.toml` says, which is handed in. Does not resolve or contact any host.

use serde::Deserialize;
use std::fmt;

/// Which of Microsoft's clouds a profile lives in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CloudId {
    /// The worldwide cloud, GCC included.
    Global,
    /// US Government L4, GCC High.
    UsGov,
    /// US Government L5, DoD.
    UsDod,
    /// China, run by 21Vianet.
    China,
    /// Addresses given by the profile itself.
    Custom,
}

impl CloudId {
    /// Every cloud, in the order in which they are offered.
    pub const ALL: [CloudId; 5] = [CloudId::Global, CloudId::UsGov, CloudId::UsDod, CloudId::China, CloudId::Custom];

    /// The name in profile files.
    pub fn as_str(self) -> &'static str {
        match self {
            CloudId::Global => "global",
            CloudId::UsGov => "us-gov",
            CloudId::UsDod => "us-dod",
            CloudId::China => "china",
            CloudId::Custom => "custom",
        }
    }

    /// The cloud of that name.
    pub fn parse(text: &str) -> Option<CloudId> {
        CloudId::ALL.into_iter().find(|cloud| cloud.as_str() == text)
    }
}

impl fmt::Display for CloudId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One cloud's addresses.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cloud {
    /// Its id.
    pub id: CloudId,
    /// Its name for people.
    pub name: String,
    /// The sign-in origin, `https://…` without a slash. Facts 1.9.
    pub authority: String,
    /// Other hosts of the same sign-in service.
    #[serde(default)]
    pub authority_aliases: Vec<String>,
    /// Microsoft Graph's origin.
    pub graph: String,
    /// The origin of Business Central's API, where the cloud is known to have one.
    pub business_central: Option<String>,
    /// The origin of the portal in which apps are registered.
    pub portal: String,
}

/// What a host ending says.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HostRule {
    /// The ending, matched exactly on a dot: `operations.dynamics.com`.
    pub ending: String,
    /// Whose host it is.
    pub kind: HostKind,
    /// The cloud whose sign-in serves it, where that is known.
    pub cloud: Option<CloudId>,
    /// What to tell about it.
    #[serde(default)]
    pub note: Option<String>,
}

/// Whose host a name is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HostKind {
    /// Finance & Operations, sandboxes and development machines included.
    FinanceOperations,
    /// Dataverse, which many mistake for F&O (facts 4.10).
    Dataverse,
    /// Business Central.
    BusinessCentral,
    /// Business Central's pages in the browser, which its API is not among.
    BusinessCentralClient,
    /// Microsoft Graph.
    Graph,
    /// A sign-in host.
    SignIn,
    /// A portal: the Azure portal, the Power Platform admin center, Lifecycle Services.
    Portal,
    /// The retired Azure AD Graph.
    RetiredGraph,
    /// The built-in sandbox tenant.
    Sandbox,
    /// This machine.
    Loopback,
    /// None of the above.
    Odd,
}

impl HostKind {
    /// Whose host it is, for people.
    pub fn name(self) -> &'static str {
        match self {
            HostKind::FinanceOperations => "Finance & Operations",
            HostKind::Dataverse => "Dataverse",
            HostKind::BusinessCentral | HostKind::BusinessCentralClient => "Business Central",
            HostKind::Graph => "Microsoft Graph",
            HostKind::SignIn => "Microsoft Entra ID sign-in",
            HostKind::Portal => "a Microsoft portal",
            HostKind::RetiredGraph => "Azure AD Graph, which is retired",
            HostKind::Sandbox => "the sandbox",
            HostKind::Loopback => "this machine",
            HostKind::Odd => "somebody unknown",
        }
    }
}

/// All of `assets/clouds.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clouds {
    /// The clouds.
    #[serde(rename = "cloud")]
    pub clouds: Vec<Cloud>,
    /// Hosts besides the sign-in hosts on which Microsoft has people type a device code.
    #[serde(default)]
    pub device_pages: Vec<String>,
    /// The host endings; the longest that fits wins.
    #[serde(rename = "host")]
    pub hosts: Vec<HostRule>,
}

impl Clouds {
    /// The addresses of a cloud; `None` for [`CloudId::Custom`].
    pub fn get(&self, id: CloudId) -> Option<&Cloud> {
        self.clouds.iter().find(|cloud| cloud.id == id)
    }

    /// The rule of the longest ending that fits this lower-cased host.
    pub fn rule(&self, host: &str) -> Option<&HostRule> {
        self.hosts.iter().filter(|rule| ends_on_dot(host, &rule.ending)).max_by_key(|rule| rule.ending.len())
    }

    /// Whose host this lower-cased name is.
    pub fn kind(&self, host: &str) -> HostKind {
        if is_loopback(host) {
            return HostKind::Loopback;
        }
        self.rule(host).map_or(HostKind::Odd, |rule| rule.kind)
    }
}

/// Whether `host` is `ending` or ends with a dot and `ending`.
pub fn ends_on_dot(host: &str, ending: &str) -> bool {
    host == ending || host.strip_suffix(ending).is_some_and(|front| front.ends_with('.'))
}

/// Whether a host is this machine: `localhost`, `127.0.0.0/8` or `::1`, with or without brackets.
pub fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare == "localhost" || bare.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_match_on_a_dot() {
        assert!(ends_on_dot("contoso.operations.dynamics.com", "operations.dynamics.com"));
        assert!(ends_on_dot("operations.dynamics.com", "operations.dynamics.com"));
        assert!(!ends_on_dot("contoso-operations.dynamics.com", "operations.dynamics.com"));
        assert!(!ends_on_dot("contoso.operations.dynamics.com.evil.test", "operations.dynamics.com"));
    }

    #[test]
    fn loopback_hosts() {
        for yes in ["localhost", "127.0.0.1", "127.9.9.9", "[::1]", "::1"] {
            assert!(is_loopback(yes), "{yes}");
        }
        for no in ["localhost.evil.test", "128.0.0.1", "127.0.0.1.evil.test", "0.0.0.0"] {
            assert!(!is_loopback(no), "{no}");
        }
    }
}
