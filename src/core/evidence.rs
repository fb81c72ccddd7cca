//! What a failed call left behind: the facts that the rules judge by.
//!
//! Read from a reply of ours, or from any text that wraps one. Gathers facts and judges nothing.

mod beside;
mod compare;
mod hedge;
mod hiding;
mod layers;
mod places;
mod reading;
mod sign_in_rows;

pub use self::compare::compare;
pub(in crate::core) use self::compare::host_of;
pub use self::hedge::Hedge;
pub use self::hiding::HIDDEN;
use self::hiding::jwt_len;
pub(in crate::core) use self::layers::head;
use self::layers::{Layers, tail};
pub use self::places::{Kind, Place, places};
pub(in crate::core) use self::reading::origin_of;
use self::reading::read_into;
pub use self::sign_in_rows::Rows;
use crate::core::check::CheckId;
use crate::core::claims::Claims;
use crate::core::cloud::ends_on_dot;
use crate::core::guide::{Guide, Product};
use crate::core::profile::Profile;
use crate::core::secret::Scrubber;
use crate::core::untrusted::Untrusted;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use zeroize::Zeroizing;

/// Whose answer it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// Microsoft Entra ID.
    Entra,
    /// Finance & Operations.
    FinanceOperations,
    /// Business Central.
    BusinessCentral,
    /// Dataverse.
    Dataverse,
    /// Microsoft Graph.
    Graph,
    /// Power Platform administration.
    PowerPlatform,
    /// This program, before or after a call.
    Local,
}

impl Origin {
    /// Whose answers those of a product are.
    pub fn of(product: Product) -> Origin {
        match product {
            Product::FinanceOperations => Origin::FinanceOperations,
            Product::BusinessCentral => Origin::BusinessCentral,
            Product::Graph => Origin::Graph,
        }
    }

    /// Its name for people.
    pub fn name(self) -> &'static str {
        match self {
            Origin::Entra => "Microsoft Entra ID",
            Origin::FinanceOperations => Product::FinanceOperations.name(),
            Origin::BusinessCentral => Product::BusinessCentral.name(),
            Origin::Dataverse => "Dataverse",
            Origin::Graph => Product::Graph.name(),
            Origin::PowerPlatform => "Power Platform administration",
            Origin::Local => "this program",
        }
    }

    /// The product that answers so, where it is one that a guide connects to.
    pub fn product(self) -> Option<Product> {
        match self {
            Origin::FinanceOperations => Some(Product::FinanceOperations),
            Origin::BusinessCentral => Some(Product::BusinessCentral),
            Origin::Graph => Some(Product::Graph),
            Origin::Entra | Origin::Dataverse | Origin::PowerPlatform | Origin::Local => None,
        }
    }
}

/// How a connection failed before an answer came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// The host name did not resolve.
    Dns,
    /// No connection: refused, unreachable, reset.
    Connect,
    /// The certificate's issuer is not trusted here.
    TlsUntrusted,
    /// The certificate is for another host.
    TlsHostname,
    /// The certificate is expired.
    TlsExpired,
    /// The certificate is not valid yet, by this machine's clock.
    TlsNotYetValid,
    /// The certificate was withdrawn by its issuer.
    TlsRevoked,
    /// No common protocol, or not TLS at all.
    TlsProtocol,
    /// The proxy refused, failed, or wants a password.
    Proxy,
    /// No answer in time.
    Timeout,
    /// The answer broke off, was no HTTP, too large or too deep.
    Garbled,
}

impl Fault {
    /// In a few words, after the name of a host.
    pub fn words(self) -> &'static str {
        match self {
            Fault::Dns => "has no address here",
            Fault::Connect => "cannot be reached",
            Fault::TlsUntrusted => "shows a certificate that is not trusted here",
            Fault::TlsHostname => "shows a certificate for another host",
            Fault::TlsExpired => "shows a certificate that is expired",
            Fault::TlsNotYetValid => "shows a certificate that is not valid yet",
            Fault::TlsRevoked => "shows a certificate that was withdrawn",
            Fault::TlsProtocol => "does not agree on a TLS connection",
            Fault::Proxy => "is not reached through the proxy",
            Fault::Timeout => "gave no answer in time",
            Fault::Garbled => "gave an answer that cannot be read",
        }
    }
}

/// A fact that is not a code, status or text: what was seen around the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mark {
    /// The body is an HTML page, and names no code of Entra.
    Html,
    /// The page, or the redirect, is a sign-in page, and names no code of Entra.
    LoginPage,
    /// The page or text speaks of maintenance.
    Maintenance,
    /// The body is empty.
    EmptyBody,
    /// The body should have been JSON of a known shape and is not.
    Unreadable,
    /// A redirect that was not followed.
    Redirect,
    /// The token's audience is not the resource URL.
    AudienceDiffers,
    /// The token's audience is of another product than the profile's.
    AudienceElsewhere,
    /// The token's audience is Finance & Operations' application id, which only environments of one's own machines take
    /// (facts 4.2).
    AudienceIsAppId,
    /// The token's tenant is not the profile's.
    TenantDiffers,
    /// The token's issuer is of another tenant than the token itself.
    IssuerDiffers,
    /// The token has no `oid`: the app has no service principal in the tenant (facts 1.4).
    ObjectIdMissing,
    /// The token carries no permission at all, and its product wants one (facts 1.3).
    RolesMissing,
    /// The token lacks a permission that was chosen for this connection.
    RoleMissing,
    /// A person signed in, or was asked to: the token acts for a user.
    UserSignIn,
    /// The sign-in was by device code.
    DeviceCode,
    /// The browser was to come back to the product's own reply address, which is on this machine.
    OwnRedirect,
    /// This machine could not be listened on for the browser to come back.
    NoListener,
    /// The file with an extra certification authority cannot be used.
    AuthorityUnusable,
    /// The list of environments does not hold the one that is wanted.
    EnvironmentAbsent,
    /// The list of companies does not hold the one that is wanted.
    CompanyAbsent,
    /// The text says that a company does not exist.
    CompanySaidAbsent,
    /// The address asks for one record of an entity, by its key.
    RecordAsked,
    /// An address in the text still has a placeholder in a place that decides where it leads.
    AddressUnfilled,
    /// The text shows an address of Finance & Operations as a token's audience or resource, with capitals or a slash at
    /// its end.
    AudienceUneven,
    /// Every code in the text stands in the report of a test that passed.
    TestsPassed,
    /// The text is of a Business Central or NAV server of one's own.
    BcOnPremises,
    /// The text names a service of one of Microsoft's clouds and the sign-in host of another.
    CloudsDiffer,
    /// The `Authorization` header holds a token without the word `Bearer`.
    BearerMissing,
    /// The page is that of a filter between here and the service.
    FilterPage,
    /// Codes stand in a list with their meanings, as in documentation.
    CodesListed,
    /// A later call in the text succeeds.
    SucceededAfter,
    /// A device code is wanted from a host that is none of Microsoft's sign-in hosts (safety rule 14).
    DeviceCodeElsewhere,
    /// Nobody was there to sign in, or nobody did in time.
    NobodySignedIn,
    /// The token is expired or not yet valid by this machine's clock.
    ClockDiffers,
    /// A pasted token has run out by this machine's clock; it may have been right when it was used.
    TokenOver,
    /// The secret is a GUID.
    SecretIsGuid,
    /// A value is a placeholder that was never filled in.
    Placeholder,
    /// The place where the secret is kept could not be read: says nothing about the secret.
    SecretUnreadable,
    /// The credential is a certificate.
    Certificate,
    /// The password does not open the certificate's key, or is missing.
    PasswordWrong,
    /// The certificate does not belong to its key.
    KeyDiffers,
    /// The certificate's key is not RSA.
    KeyNotRsa,
    /// The certificate's key is too short.
    KeyTooShort,
    /// The certificate is not valid yet, by this machine's clock.
    CertificateEarly,
    /// The text holds an access token whose claims could be read.
    TokenSeen,
    /// The recorded end date is near.
    EndDateNear,
    /// The recorded end date has passed.
    EndDatePassed,
    /// The resource URL is of another product.
    OtherProduct,
    /// The discovery document of this tenant was found at this authority.
    TenantFound,
    /// Discovery says that there is no such tenant at this authority.
    TenantAbsent,
    /// Every other cloud's authority was asked for the tenant.
    OtherCloudsAsked,
    /// The tenant was found at another cloud's authority.
    TenantElsewhere,
    /// Not a sign-in service of Entra: discovery gave something else.
    AuthorityForeign,
    /// The same, where the host is the cloud's own: something on the way answers for it.
    AuthorityMasked,
    /// The user session was accepted, so the app is registered and its user may sign in.
    SessionAccepted,
    /// The text shows the P3P header, which the front end of F&O sends with every refusal and which means nothing
    /// (facts 4.6).
    P3p,
    /// The app, tenant or resource named is a placeholder that was never filled in.
    PlaceholderNamed,
    /// The app, tenant or resource named holds characters that cannot be seen.
    InvisibleNamed,
    /// The text shows the address of a host that is none of the services known here.
    OtherHost,
    /// The tenant named is the host of an environment or of another service.
    TenantIsHost,
    /// The tenant named is a part of the sign-in address, such as `oauth2`: the tenant was left out of it.
    TenantIsPath,
    /// The app named is no GUID.
    AppIsName,
    /// The resource named has a path, a slash at its end, capitals, or `https://` twice.
    ResourceIsUneven,
    /// The tenant named is the profile's client id.
    TenantIsClient,
    /// The app named is the profile's tenant id.
    AppIsTenant,
}

/// Whether a text in small letters says this: as whole words, or as the beginning of a word where a `*` ends it. Without
/// that, `enotfound` would be found in `ResourceNotFound`.
pub fn says(text: &str, phrase: &str) -> bool {
    said_at(text, phrase).next().is_some()
}

/// Where a text in small letters says this, see [`says`].
fn said_at<'t>(text: &'t str, phrase: &'t str) -> impl Iterator<Item = usize> + use<'t> {
    let (phrase, is_beginning) = phrase.strip_suffix('*').map_or((phrase, false), |phrase| (phrase, true));
    let goes_on = |before: &str, after: &str| {
        before.ends_with(|c: char| c.is_ascii_alphanumeric()) && after.starts_with(|c: char| c.is_ascii_alphanumeric())
    };
    text.match_indices(phrase).map(|(at, _)| at).filter(move |at| {
        let (before, after) = (&text[..*at], &text[at + phrase.len()..]);
        !goes_on(before, phrase) && (is_beginning || !goes_on(phrase, after))
    })
}

/// Everything that a text said, for the rules to search in: small letters, without tokens. Never shown.
#[derive(Clone, Default)]
pub struct Said {
    /// On one line.
    line: String,
    /// As it stands, for what is said around a phrase.
    whole: String,
}

impl Said {
    fn of(layers: &Layers) -> Said {
        Said { line: layers.said(), whole: layers.plain.last().map(|inner| inner.lower.clone()).unwrap_or_default() }
    }

    /// Whether this was said, see [`says`].
    pub fn has(&self, phrase: &str) -> bool {
        says(&self.line, phrase)
    }

    /// Where this was said for the last time, as [`Evidence::answered_at`] counts.
    pub fn last(&self, phrase: &str) -> Option<usize> {
        let line = self.line.rsplit('\n').next().unwrap_or_default();
        said_at(line, phrase).last()
    }

    /// Whether this was said, for the last time, of a service that is not named after that line: no later answer is its.
    pub fn is_of_unanswered_host(&self, phrase: &str) -> bool {
        let Some(at) = said_at(&self.whole, phrase).last() else { return false };
        let from = self.whole[..at].rfind('\n').map_or(0, |end| end + 1);
        let to = self.whole[at..].find('\n').map_or(self.whole.len(), |end| at + end);
        let words = self.whole[from..to].split(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '.'));
        let mut hosts =
            words.map(|word| word.trim_matches(['-', '.'])).filter(|word| origin_of(word).is_some()).peekable();
        hosts.peek().is_some() && hosts.all(|host| !self.whole[to..].contains(host))
    }

    /// How the text speaks of this, where it speaks so at each place.
    pub fn hedge(&self, phrase: &str) -> Option<Hedge> {
        hedge::hedge_of(&self.whole, said_at(&self.whole, phrase))
    }
}

impl fmt::Debug for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.line.len())
    }
}

/// The facts of one failure, or of one pasted text.
#[derive(Debug, Clone, Default)]
pub struct Evidence {
    /// The check in which it happened.
    pub check: Option<CheckId>,
    /// Whose answer it was.
    pub origin: Option<Origin>,
    /// AADSTS codes, in the order of the text, without repetition.
    pub codes: Vec<u32>,
    /// Those of them that the text only speaks of.
    pub hedged: BTreeMap<u32, Hedge>,
    /// How the text speaks of the HTTP status, where it only speaks of it.
    pub status_hedge: Option<Hedge>,
    /// An answer of another service that stands in the same text as one of Entra.
    pub beside: Option<Box<Evidence>>,
    /// The OAuth `error`.
    pub oauth_error: Option<String>,
    /// The `code` of an OData, Graph or Business Central error.
    pub service_code: Option<String>,
    /// HTTP status.
    pub http_status: Option<u16>,
    /// Where in the text, on one line, the last answer stands: what is said after it happened after it.
    pub answered_at: Option<usize>,
    /// `Retry-After`, seconds.
    pub retry_after: Option<u64>,
    /// Entra's trace id.
    pub trace_id: Option<String>,
    /// Entra's correlation id.
    pub correlation_id: Option<String>,
    /// When Entra answered, in its own words.
    pub timestamp: Option<String>,
    /// How the connection failed.
    pub fault: Option<Fault>,
    /// Facts around the answer.
    pub marks: BTreeSet<Mark>,
    /// Things that the answer names: `resource`, `tenant`, `app`, `entity`, `host`, `redirect_to`, `store`…
    /// and what of it is not the profile's: `other_app`, `other_tenant`, `other_resource`; `own_redirect` is.
    pub named: BTreeMap<String, String>,
    /// What was said, harmless and cut.
    pub text: Untrusted,
    /// The whole of what was said.
    pub said: Said,
}

impl Evidence {
    /// Evidence of this program itself: something about the values.
    pub fn local(check: CheckId, marks: impl IntoIterator<Item = Mark>) -> Evidence {
        Evidence {
            check: Some(check),
            origin: Some(Origin::Local),
            marks: marks.into_iter().collect(),
            ..Evidence::default()
        }
    }

    /// The guide of the product that answered, or that Entra was asked for, where the evidence tells it: the first of
    /// that product.
    pub fn guide<'g>(&self, guides: &'g [Guide]) -> Option<&'g Guide> {
        let wanted = || origin_of(&host_of(self.named.get("resource")?)?);
        let origin = match self.origin {
            None | Some(Origin::Entra) => wanted()?,
            Some(origin) => origin,
        };
        let product = origin.product()?;
        guides.iter().find(|guide| guide.product == product)
    }

    /// What this program saw by itself, in words, which findings may give as the reason.
    pub fn saying(check: CheckId, what: &str, mark: Option<Mark>) -> Evidence {
        let text = Untrusted::plain(what);
        Evidence { text, ..Evidence::local(check, mark) }.naming("reason", what)
    }

    /// Names a thing, unless it is empty. Foreign values are made harmless.
    #[must_use]
    pub fn naming(mut self, name: &str, value: &str) -> Evidence {
        if !value.is_empty() {
            self.named.insert(name.to_owned(), Untrusted::plain(value).one_line(200));
        }
        self
    }
}

/// An answer as it came, before anything is made of it. It may hold a token: `Debug` tells its status and length alone.
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// `Content-Type`, lower case.
    pub content_type: String,
    /// `Location` of a redirect that was not followed.
    pub location: Option<String>,
    /// `Retry-After` in seconds; a date was turned into seconds by the network floor.
    pub retry_after: Option<u64>,
    /// `WWW-Authenticate`.
    pub challenge: Option<String>,
    /// The body, at most 1 MiB.
    pub body: Vec<u8>,
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reply({}, {} bytes)", self.status, self.body.len())
    }
}

impl Reply {
    /// The body as JSON, when it is.
    pub fn json(&self) -> Option<serde_json::Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// Whether the body is an HTML page, by its type or its first bytes.
    pub fn is_html(&self) -> bool {
        let head = String::from_utf8_lossy(&self.body[..self.body.len().min(512)]).trim_start().to_ascii_lowercase();
        self.content_type.contains("html") || head.starts_with("<!doctype html") || head.starts_with("<html")
    }

    /// Whether the status is a redirect.
    pub fn is_redirect(&self) -> bool {
        (300..400).contains(&self.status) && self.status != 304
    }

    /// The evidence in this reply. Codes, ids and texts are read from the body in whatever form it wraps them.
    pub fn evidence(&self, check: CheckId, origin: Origin, scrubber: &Scrubber) -> Evidence {
        let body = Layers::of(&scrubber.scrub(&String::from_utf8_lossy(&self.body)));
        let mut evidence = Evidence {
            check: Some(check),
            origin: Some(origin),
            http_status: Some(self.status),
            retry_after: self.retry_after,
            ..Evidence::default()
        };
        if body.kept().trim().is_empty() {
            evidence.marks.insert(Mark::EmptyBody);
        } else {
            read_into(&mut evidence, &body);
        }
        if self.is_html() && evidence.codes.is_empty() {
            evidence.marks.insert(Mark::Html);
        }
        if self.is_redirect() {
            evidence.marks.insert(Mark::Redirect);
            if let Some(target) = &self.location {
                let target = scrubber.scrub(target);
                if is_sign_in(&target) {
                    evidence.marks.insert(Mark::LoginPage);
                }
                let shown = target.split(['?', '#']).next().unwrap_or_default();
                evidence = evidence.naming("redirect_to", shown);
            }
        }
        let mut shown = body.kept().to_owned();
        evidence.said = Said::of(&body);
        if let Some(challenge) = &self.challenge {
            let challenge = Layers::of(&scrubber.scrub(challenge));
            read_into(&mut evidence, &challenge);
            shown = format!("{shown}\n{}", challenge.kept());
            evidence.said.line = format!("{}\n{}", evidence.said.line, challenge.said());
        }
        evidence.text = Untrusted::new(shown.trim(), scrubber);
        evidence
    }
}

/// Whether a host is one at which Entra signs in (facts 1.9).
fn is_sign_in_host(host: &str) -> bool {
    const HOSTS: [&str; 13] = [
        "microsoftonline.com",
        "microsoftonline.us",
        "microsoftonline.cn",
        "microsoftonline.de",
        "login.microsoft.com",
        "login.windows.net",
        "sts.windows.net",
        "login.chinacloudapi.cn",
        "login.usgovcloudapi.net",
        "login.sovcloud-identity.fr",
        "login.sovcloud-identity.de",
        "login.sovcloud-identity.sg",
        "login.sandbox.test",
    ];
    HOSTS.iter().any(|known| ends_on_dot(host, known))
}

/// Whether an address is a sign-in page of Microsoft's or of an organization's own federation service: by its host, or
/// by a path that only those have. A page called `/login` on any other host is somebody else's portal.
pub fn is_sign_in(address: &str) -> bool {
    const PATHS: [&str; 5] = ["/wsfed", "/oauth2/authorize", "/oauth2/v2.0/authorize", "/adfs/ls", "/saml2"];
    let lower = address.to_ascii_lowercase();
    let (host, path) = match lower.split_once("://") {
        Some((_, rest)) => rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len())),
        None => ("", lower.as_str()),
    };
    let host = host.split(':').next().unwrap_or_default();
    let path = path.split(['?', '#']).next().unwrap_or_default();
    is_sign_in_host(host) || PATHS.iter().any(|known| path.contains(known))
}

/// The longest token whose claims are read, bytes.
const MAX_TOKEN: usize = 64 * 1024;

/// The claims of a token that stands in a text, also over several lines. The token itself is not kept.
pub fn token_in(text: &str) -> Option<Claims> {
    let mut rest = text;
    while let Some(at) = rest.find("eyJ") {
        let len = jwt_len(&rest[at..]);
        if len <= MAX_TOKEN {
            let whole = Zeroizing::new(
                rest[at..at + len]
                    .chars()
                    .filter(|c| !c.is_whitespace() && !matches!(c, '>' | '|'))
                    .collect::<String>(),
            );
            if let Some(claims) = Claims::read(&whole) {
                return Some(claims);
            }
        }
        rest = &rest[at + len..];
    }
    decoded_in(text)
}

/// The claims of a token that somebody has decoded: a JSON object with an audience and the time or issuer of a token.
fn decoded_in(text: &str) -> Option<Claims> {
    let at = text.find("\"aud\"")?;
    let from = tail(&text[..at], MAX_TOKEN).rfind('{')? + at - tail(&text[..at], MAX_TOKEN).len();
    let mut values = serde_json::Deserializer::from_str(head(&text[from..], MAX_TOKEN)).into_iter();
    let Some(Ok(serde_json::Value::Object(all))) = values.next() else { return None };
    (all.contains_key("iss") || all.contains_key("exp")).then(|| Claims::of(&all))
}

/// Reads a text as [`read_text`] does, and a token in it beside the profile that it is for, where there is one. `now` in
/// seconds since 1970.
pub fn read_pasted(text: &str, profile: Option<&Profile>, now: i64) -> (Evidence, Option<Claims>) {
    with_token(read_text(text), text, profile, now)
}

/// What was read in a text, and in a token in it. As [`read_pasted`].
pub(in crate::core) fn with_token(
    mut evidence: Evidence,
    text: &str,
    profile: Option<&Profile>,
    now: i64,
) -> (Evidence, Option<Claims>) {
    let claims = token_in(text);
    if let Some(claims) = &claims {
        evidence.marks.insert(Mark::TokenSeen);
        evidence.marks.extend(claims.refusals_of_pasted(profile, now));
        if profile.is_none() {
            evidence.marks.extend(claims.differs_from_call(&evidence));
        }
        if let Some(profile) = profile {
            evidence = evidence.naming("missing", &claims.lacking(profile).join(", "));
        }
        let ended = claims.expires.filter(|_| claims.is_over(now));
        let ended = ended.and_then(|end| jiff::Timestamp::from_second(end).ok()).map(|end| end.to_string());
        let product = claims.product().map(|product| product.name().to_owned());
        for (name, value) in [
            ("audience", &claims.audience),
            ("audience_product", &product),
            ("tenant_found", &claims.tenant),
            ("token_issuer", &claims.issuer),
            ("app", &claims.app),
            ("ended", &ended),
        ] {
            evidence = evidence.naming(name, value.as_deref().unwrap_or_default());
        }
    }
    (evidence, claims)
}

/// The whole text as it may be shown to the person who pasted it: harmless, without tokens and secrets.
pub fn shown(text: &str) -> Untrusted {
    Untrusted::whole(Layers::of(text).kept())
}

/// Reads evidence out of any text: an exception, a log line, an error body, a bare code. Tokens and secrets in it are
/// not kept.
pub fn read_text(text: &str) -> Evidence {
    let layers = Layers::of(sign_in_rows::rewritten(text).as_deref().unwrap_or(text));
    let mut evidence = read_one(&layers);
    if let (Some(inner), Some(status)) = (layers.plain.last(), evidence.http_status) {
        let hedge = |status| hedge::hedge_of(&inner.lower, inner.places_of_status(status));
        evidence.status_hedge = hedge(status);
        // What is over does not hide what is there now.
        let mut others = inner.statuses().map(|(_, status)| status).filter(|other| *other >= 400 && *other != status);
        if let (Some(Hedge::Past), Some(now)) = (evidence.status_hedge, others.find(|other| hedge(*other).is_none())) {
            evidence.http_status = Some(now);
            evidence.status_hedge = None;
        }
        let status = evidence.http_status.unwrap_or(status);
        let last = inner.places_of_status(status).last();
        let is_of_now = status == 429 || status >= 500;
        if is_of_now && last.is_some_and(|at| hedge::succeeds_after(inner, at)) {
            evidence.marks.insert(Mark::SucceededAfter);
            evidence.status_hedge.get_or_insert(Hedge::SucceededLater);
        }
    }
    if let (Some(inner), false) = (layers.plain.last(), evidence.codes.is_empty()) {
        evidence.hedged = hedge::hedged(inner);
        if hedge::is_list(inner) {
            evidence.marks.insert(Mark::CodesListed);
            evidence.hedged.extend(evidence.codes.iter().map(|code| (*code, Hedge::Listed)));
        }
        if evidence.codes.iter().all(|code| evidence.hedged.get(code) == Some(&Hedge::Test)) {
            evidence.marks.insert(Mark::TestsPassed);
        }
        evidence.beside = beside::call_beside(inner, |_| true).map(Box::new);
    } else if let (Some(inner), Some(origin)) = (layers.plain.last(), evidence.origin) {
        evidence.beside = beside::call_beside(inner, |call| call.origin != Some(origin)).map(Box::new);
    }
    evidence
}

/// The evidence of a text that is taken for one answer.
fn read_one(layers: &Layers) -> Evidence {
    let mut evidence = Evidence { answered_at: hedge::last_answer(&layers.line), ..Evidence::default() };
    read_into(&mut evidence, layers);
    evidence.text = Untrusted::plain(layers.kept());
    evidence.said = Said::of(layers);
    evidence
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    #[test]
    fn every_fault_has_words_of_its_own() {
        use Fault::*;
        let all = [
            Dns,
            Connect,
            TlsUntrusted,
            TlsHostname,
            TlsExpired,
            TlsNotYetValid,
            TlsRevoked,
            TlsProtocol,
            Proxy,
            Timeout,
            Garbled,
        ];
        let words: BTreeSet<&str> = all.into_iter().map(Fault::words).collect();
        assert_eq!(words.len(), all.len());
        assert_eq!(format!("login.contoso.test {}", Dns.words()), "login.contoso.test has no address here");
    }

    /// A page that names a code of Entra is an answer of Entra, whatever frames it.
    #[test]
    fn an_answer_is_a_page_only_where_it_is_html_without_a_code() {
        for (content_type, body, is_page) in [
            ("text/html; charset=utf-8", "<html><body>Please sign in</body></html>", true),
            ("", "\n<!DOCTYPE html><title>Maintenance</title>", true),
            ("text/html", "<html><body>AADSTS50011: The redirect URI does not match.</body></html>", false),
            ("application/json", "{\"error\":{\"code\":\"0x80072560\",\"message\":\"No member.\"}}", false),
            ("application/json", "{\"error\":\"invalid_client\",\"error_codes\":[7000215]}", false),
        ] {
            let reply = Reply {
                status: 401,
                content_type: content_type.into(),
                location: None,
                retry_after: None,
                challenge: None,
                body: body.as_bytes().to_vec(),
            };
            let evidence = reply.evidence(CheckId::Registration, Origin::FinanceOperations, &Scrubber::default());
            assert_eq!(evidence.marks.contains(&Mark::Html), is_page, "{body}");
        }
    }

    #[test]
    fn sign_in_pages_are_known_by_their_host_or_their_path() {
        for (address, is_page) in [
            ("https://login.microsoftonline.com/common/reprocess?ctx=1", true),
            ("https://login.microsoftonline.us:443/", true),
            ("https://Login.Windows.net", true),
            ("https://sts.contoso.com/adfs/ls/?wa=wsignin1.0", true),
            ("https://idp.contoso.com/oauth2/v2.0/authorize?client_id=1", true),
            ("/wsfed?wa=wsignin1.0", true),
            ("https://login.microsoftonline.com.contoso.test/common/login", false),
            ("https://portal.contoso.com/login?next=/adfs/ls/", false),
            ("https://contoso.operations.dynamics.com/?cmp=DAT", false),
            ("/login", false),
        ] {
            assert_eq!(is_sign_in(address), is_page, "{address}");
        }
    }

    #[test]
    fn a_token_is_read_over_the_lines_of_a_mail() {
        let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let token = format!(
            "{}.{}.{}",
            part("{\"typ\":\"JWT\",\"alg\":\"RS256\",\"kid\":\"key-1\"}"),
            part(
                "{\"aud\":\"https://contoso.operations.dynamics.com\",\"tid\":\"11111111-2222-4333-8444-555555555555\"}"
            ),
            part("a signature of some length, which is not looked at here")
        );
        for gap in ["", "\n", "\r\n", "\r\n> ", "\n>> ", "\n| "] {
            let lines: Vec<&str> = token.as_bytes().chunks(72).map(|line| std::str::from_utf8(line).unwrap()).collect();
            let text = format!("> this is what we get:{gap}\n{}\n> regards", lines.join(gap));
            let claims = token_in(&text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(claims.audience.as_deref(), Some("https://contoso.operations.dynamics.com"), "{text}");
        }
    }

    /// A service that was busy and then answers is all right again; one that refuses does not change its mind by itself.
    #[test]
    fn a_call_that_succeeds_after_a_busy_service_is_heard() {
        const CALL: &str = "GET https://contoso.operations.dynamics.com/data/CustomersV3";
        for (first, then, is_over) in [
            (429, 200, true),
            (500, 200, true),
            (503, 200, true),
            (401, 200, false),
            (403, 200, false),
            (503, 401, false),
        ] {
            let evidence = read_text(&format!("10:01 {CALL} -> {first}\n10:02 {CALL} -> {then}\n"));
            assert_eq!(evidence.marks.contains(&Mark::SucceededAfter), is_over, "{first}, then {then}");
        }
    }

    #[test]
    fn of_two_statuses_the_refusal_of_now_counts_and_no_success_takes_the_place_of_one() {
        for (text, status, hedge) in [
            ("Last week we had HTTP 403. Today it is HTTP 401", 401, None),
            ("Last week we had HTTP 403. HTTP 200 is what a user gets", 403, Some(Hedge::Past)),
            ("Last week we had HTTP 403", 403, Some(Hedge::Past)),
        ] {
            let evidence = read_text(text);
            assert_eq!((evidence.http_status, evidence.status_hedge), (Some(status), hedge), "{text}");
        }
    }

    #[test]
    fn what_broke_before_an_answer_is_told_from_what_broke_after_it() {
        for (text, is_after) in [
            ("token request: HTTP 200 OK\nnext call: read ECONNRESET", true),
            ("token request: read ECONNRESET\nagain: HTTP 200 OK", false),
            ("read ECONNRESET\nHTTP 200 OK\nread ECONNRESET", true),
        ] {
            let evidence = read_text(text);
            let broke = evidence.said.last("econnreset");
            assert!(broke.is_some() && evidence.answered_at.is_some(), "{text}");
            assert_eq!(broke > evidence.answered_at, is_after, "{text}");
            assert_eq!(evidence.said.last("enotfound"), None);
            // A log of this program tells how much was said, and not what.
            assert_eq!(format!("{:?}", evidence.said), format!("{} bytes", text.len()));
        }
    }

    #[test]
    fn a_host_that_is_named_no_more_after_its_line_did_not_answer_later() {
        const BROKE: &str = "getaddrinfo ENOTFOUND contoso.operations.dynamics.com";
        for (text, is_unanswered) in [
            (BROKE.to_owned(), true),
            (format!("\n{BROKE}"), true),
            (format!("der Aufruf schlägt fehl …\n{BROKE}\nlogin.microsoftonline.com: HTTP 200"), true),
            (format!("{BROKE}\nGET https://contoso.operations.dynamics.com/data: HTTP 200"), false),
            ("getaddrinfo ENOTFOUND\nHTTP 200".into(), false),
        ] {
            assert_eq!(read_text(&text).said.is_of_unanswered_host("enotfound"), is_unanswered, "{text}");
        }
    }
}
