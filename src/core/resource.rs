//! The resource URL: the origin of the API that a token is asked for.
//!
//! Finance & Operations accepts a token only when its audience is the environment URL in lower case, without
//! path and without a trailing slash (facts 4.2), so that is the only form this type can hold.
//! Does not know whether the host exists.

use crate::core::cloud;
use crate::core::names::NameError;
use std::fmt;
use url::{Host, Url};

/// An `https` origin, or an `http` one on this machine: lower case, no path, no slash at the end.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ResourceUrl {
    text: String,
    host: String,
    /// `None` where the scheme's own port is used.
    port: Option<u16>,
    https: bool,
}

/// Something that was taken off a pasted URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cleaned {
    /// A path.
    Path,
    /// A query.
    Query,
    /// The default port, `:443`.
    Port,
    /// A slash at the end.
    Slash,
    /// Capital letters.
    Capitals,
    /// `https://` was missing.
    Scheme,
    /// The `.mcas.ms` suffix of a Defender for Cloud Apps session (facts 1.9).
    CloudAppSecurity,
    /// `/.default`, which belongs to a scope.
    Scope,
    /// The host was written with signs of its own: a dot at the end, percent signs, other letters for a name.
    Host,
}

impl fmt::Display for Cleaned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Cleaned::Path => "the path was taken off",
            Cleaned::Query => "the query was taken off",
            Cleaned::Port => "':443' was taken off",
            Cleaned::Slash => "the slash at the end was taken off",
            Cleaned::Capitals => "capitals were made small",
            Cleaned::Scheme => "'https://' was put in front",
            Cleaned::CloudAppSecurity => {
                "'.mcas.ms' was taken off: it belongs to a browser session, not to the environment"
            }
            Cleaned::Host => "the host was put into its plain form",
            Cleaned::Scope => "'/.default' was taken off: it belongs to the scope",
        })
    }
}

impl ResourceUrl {
    /// Reads a pasted URL. What had to be stripped is told, never refused.
    ///
    /// # Errors
    /// When it cannot be an origin that a token may be sent to: no host, another scheme than `https` (or `http` on
    /// loopback), user info, a backslash, a host that mixes scripts.
    pub fn parse(pasted: &str) -> Result<(ResourceUrl, Vec<Cleaned>), NameError> {
        const EXAMPLE: &str = "paste the environment's address, such as https://contoso.operations.dynamics.com";
        let wrong = |message: &str| NameError::new(message, EXAMPLE);
        let text = pasted.trim();
        if text.is_empty() {
            return Err(wrong("a URL is needed"));
        }
        if text.contains('\\') {
            return Err(wrong("a URL has no backslash"));
        }
        if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(wrong("a URL has no blanks inside"));
        }
        let mut cleaned = Vec::new();
        let lower = text.to_ascii_lowercase();
        if lower.split('?').next().is_some_and(|front| front.matches("://").count() > 1) {
            return Err(wrong("'://' stands twice in this URL"));
        }
        let with_scheme = if lower.contains("://") {
            text.to_owned()
        } else {
            cleaned.push(Cleaned::Scheme);
            format!("https://{text}")
        };
        let authority = authority_part(&with_scheme);
        let url = Url::parse(&with_scheme).map_err(|error| NameError::new(format!("not a URL: {error}"), EXAMPLE))?;
        if !url.username().is_empty() || url.password().is_some() || authority.contains('@') {
            return Err(wrong("a user name or password does not belong into this URL"));
        }
        let mut host = match url.host() {
            Some(Host::Domain(name)) => name.trim_end_matches('.').to_owned(),
            // A browser reads `1` as 0.0.0.1; nobody means that.
            Some(Host::Ipv4(ip)) if !authority.starts_with(&ip.to_string()) => {
                return Err(wrong("a number is no host"));
            }
            Some(Host::Ipv4(ip)) => ip.to_string(),
            Some(Host::Ipv6(ip)) => format!("[{ip}]"),
            None => return Err(wrong("this URL has no host")),
        };
        if url.fragment().is_some() {
            return Err(wrong("what follows '#' does not belong into this URL"));
        }
        if mixes_scripts(authority) {
            return Err(wrong("the host name mixes letters of different alphabets"));
        }
        if !authority.to_ascii_lowercase().starts_with(host.as_str())
            || authority.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches(':').ends_with('.')
        {
            cleaned.push(Cleaned::Host);
        }
        if let Some(real) = host.strip_suffix(".mcas.ms") {
            host = real.to_owned();
            cleaned.push(Cleaned::CloudAppSecurity);
        }
        let https = match url.scheme() {
            "https" => true,
            "http" if cloud::is_loopback(&host) => false,
            "http" => return Err(wrong("plain http is for this machine only; use https")),
            _ => return Err(wrong("the URL must start with https://")),
        };
        if !cloud::is_loopback(&host) && !host.contains('.') {
            return Err(wrong("the host has no domain"));
        }
        if !host.starts_with('[') && !host.split('.').all(is_label) {
            return Err(wrong("the host name has a part that no host name can have"));
        }
        if with_scheme.split('/').nth(2).is_some_and(|front| front.chars().any(|c| c.is_ascii_uppercase())) {
            cleaned.push(Cleaned::Capitals);
        }
        if https && authority.ends_with(":443") {
            cleaned.push(Cleaned::Port);
        }
        if url.query().is_some() {
            cleaned.push(Cleaned::Query);
        }
        match url.path().trim_end_matches('/') {
            // The one slash in front of a query is no slash at the end.
            "" if url.path().len() > 1 || with_scheme.ends_with('/') && url.query().is_none() => {
                cleaned.push(Cleaned::Slash);
            }
            "" => {}
            "/.default" => cleaned.push(Cleaned::Scope),
            _ => cleaned.push(Cleaned::Path),
        }
        let port = url.port();
        let scheme = if https { "https" } else { "http" };
        let text = match port {
            Some(port) => format!("{scheme}://{host}:{port}"),
            None => format!("{scheme}://{host}"),
        };
        Ok((ResourceUrl { text, host, port, https }, cleaned))
    }

    /// The origin, without a slash at the end.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The host, lower case; an IPv6 address in brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Whether it is this machine.
    pub fn is_loopback(&self) -> bool {
        cloud::is_loopback(&self.host)
    }

    /// The v2 scope for client credentials: the origin, one slash, `.default` (facts 4.2).
    pub fn scope(&self) -> String {
        format!("{}/.default", self.text)
    }

    /// The origin followed by a path that starts with a slash.
    pub fn join(&self, path: &str) -> String {
        debug_assert!(path.starts_with('/'));
        format!("{}{path}", self.text)
    }
}

impl fmt::Display for ResourceUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A part of a host name between dots, as DNS has them (RFC 1123); some machines have an underline in their names.
fn is_label(part: &str) -> bool {
    !part.is_empty()
        && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
        && !part.starts_with('-')
        && !part.ends_with('-')
}

/// What stands between `://` and the next slash, question mark or hash.
fn authority_part(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or_default()
}

/// Whether a host mixes ASCII letters with letters of another alphabet inside one label.
fn mixes_scripts(authority: &str) -> bool {
    authority.split('.').any(|label| {
        label.chars().any(|c| c.is_ascii_alphabetic()) && label.chars().any(|c| c.is_alphabetic() && !is_latin(c))
    })
}

fn is_latin(c: char) -> bool {
    matches!(c, '\u{0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}')
}

/// A text as one segment of a path.
pub fn segment(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pasted_urls() {
        use Cleaned::{Capitals, CloudAppSecurity, Host, Path, Port, Query, Scheme, Scope, Slash};
        let table: &[(&str, &str, &[Cleaned])] = &[
            ("https://contoso.operations.dynamics.com", "https://contoso.operations.dynamics.com", &[]),
            ("https://contoso.operations.dynamics.com/", "https://contoso.operations.dynamics.com", &[Slash]),
            (
                "https://Contoso.operations.dynamics.com:443/",
                "https://contoso.operations.dynamics.com",
                &[Capitals, Port, Slash],
            ),
            (
                "https://contoso.operations.dynamics.com/?cmp=DAT&mi=SysAADClientTable",
                "https://contoso.operations.dynamics.com",
                &[Query],
            ),
            (
                "https://contoso.operations.dynamics.com/?back=https://x.test/",
                "https://contoso.operations.dynamics.com",
                &[Query],
            ),
            ("contoso.operations.dynamics.com/data/", "https://contoso.operations.dynamics.com", &[Scheme, Path]),
            ("https://contoso.operations.dynamics.com/.default", "https://contoso.operations.dynamics.com", &[Scope]),
            (
                "https://contoso.operations.dynamics.com.mcas.ms",
                "https://contoso.operations.dynamics.com",
                &[CloudAppSecurity],
            ),
            ("https://contoso.operations.dynamics.com//", "https://contoso.operations.dynamics.com", &[Slash]),
            ("https://contoso.operations.dynamics.com.", "https://contoso.operations.dynamics.com", &[Host]),
            ("https://contoso%2eoperations.dynamics.com", "https://contoso.operations.dynamics.com", &[Host]),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080", &[]),
            ("http://localhost:1/", "http://localhost:1", &[Slash]),
            ("http://[::1]:7", "http://[::1]:7", &[]),
            ("https://127.0.0.1:8443", "https://127.0.0.1:8443", &[]),
            // A query whose end looks like a slash at the end, and one behind a slash that is one.
            ("https://contoso.operations.dynamics.com?back=/", "https://contoso.operations.dynamics.com", &[Query]),
            (
                "https://contoso.operations.dynamics.com//?cmp=DAT",
                "https://contoso.operations.dynamics.com",
                &[Query, Slash],
            ),
        ];
        for (pasted, origin, cleaned) in table {
            let (url, told) = ResourceUrl::parse(pasted).unwrap_or_else(|e| panic!("{pasted}: {e}"));
            assert_eq!(url.as_str(), *origin, "{pasted}");
            assert_eq!(&told, cleaned, "{pasted}");
        }
    }

    #[test]
    fn names_as_segments_of_a_path() {
        for (name, path) in [
            ("Production", "Production"),
            ("My Sandbox", "My%20Sandbox"),
            ("a/b?c#d%", "a%2Fb%3Fc%23d%25"),
            ("a+b", "a%2Bb"),
        ] {
            assert_eq!(segment(name), path);
        }
    }

    #[test]
    fn refused_urls() {
        for bad in [
            "",
            "https://",
            "http://contoso.operations.dynamics.com",
            "ftp://contoso.operations.dynamics.com",
            "https://user@contoso.operations.dynamics.com",
            "https://user:pw@contoso.operations.dynamics.com",
            "https://contoso.operations.dynamics.com\\@evil.test",
            "https://https://contoso.operations.dynamics.com",
            "https://con toso.operations.dynamics.com",
            "https://contoso",
            "1",
            "https://127.1",
            "https://0x7f000001",
            "https://con~toso.operations.dynamics.com",
            "https://-contoso.operations.dynamics.com",
            "https://contoso-.operations.dynamics.com",
            "https://contoso..operations.dynamics.com",
            "https://contoso.operations.dynamics.com%00",
            "https://contoso.operations.dynamics.com/#frag",
            "https://cont\u{43e}so.operations.dynamics.com",
            "http://127.0.0.1.evil.test",
        ] {
            assert!(ResourceUrl::parse(bad).is_err(), "{bad}");
        }
    }

    /// Whoever reads it sees what to mend.
    #[test]
    fn why_a_url_is_refused() {
        const LOGIN: &str = "a user name or password does not belong into this URL";
        for (bad, why) in [
            ("http://contoso.operations.dynamics.com", "plain http is for this machine only; use https"),
            ("ftp://contoso.operations.dynamics.com", "the URL must start with https://"),
            ("https://svc@contoso.operations.dynamics.com", LOGIN),
            ("https://svc:pw@contoso.operations.dynamics.com", LOGIN),
            ("https://:pw@contoso.operations.dynamics.com", LOGIN),
            ("https://@contoso.operations.dynamics.com", LOGIN),
            // Browsers read these as the ones above.
            ("https:///svc@contoso.operations.dynamics.com", LOGIN),
            ("https:///:pw@contoso.operations.dynamics.com", LOGIN),
            ("https://contoso .operations.dynamics.com", "a URL has no blanks inside"),
            ("https://contoso\t.operations.dynamics.com", "a URL has no blanks inside"),
            ("https://contoso\u{7}.operations.dynamics.com", "a URL has no blanks inside"),
            ("https://contoso\u{a0}.operations.dynamics.com", "a URL has no blanks inside"),
        ] {
            assert_eq!(ResourceUrl::parse(bad).unwrap_err().message, why, "{bad:?}");
        }
    }

    #[test]
    fn whether_an_origin_is_this_machine() {
        for (url, is_here) in [
            ("http://localhost:8080", true),
            ("https://127.0.0.1:8443", true),
            ("http://[::1]:7", true),
            ("https://localhost.contoso.com", false),
            ("https://contoso.operations.dynamics.com", false),
        ] {
            assert_eq!(ResourceUrl::parse(url).unwrap().0.is_loopback(), is_here, "{url}");
        }
    }

    #[test]
    fn one_slash_in_the_scope() {
        let (url, _) = ResourceUrl::parse("https://contoso.operations.dynamics.com//").unwrap();
        assert_eq!(url.scope(), "https://contoso.operations.dynamics.com/.default");
        assert_eq!(url.join("/data"), "https://contoso.operations.dynamics.com/data");
    }
}
