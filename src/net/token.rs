//! The token endpoint (v2): the token by client credentials, what comes back, and a look at a token's claims.
//!
//! Does not know why a refusal came: that is for [`super::authority`] and the rules.

use crate::core::check::{CheckId, CheckResult, Details};
use crate::core::claims::Claims;
use crate::core::credential::Credential;
use crate::core::evidence::{Evidence, Mark, Origin, Reply};
use crate::core::guide::Guide;
use crate::core::permissions::{self, Standing};
use crate::core::profile::Profile;
use crate::core::secret::{AccessToken, Scrubber, SecretShape};
use crate::core::untrusted::Untrusted;
use crate::net::client::{Ask, Call};
use crate::net::local::noted;
use crate::net::progress::Progress;
use crate::net::{Client, assertion};
use serde_json::Value;
use zeroize::{Zeroize, Zeroizing};

/// How the request for a token ended.
pub(super) enum Answer {
    /// A usable token came.
    Granted(AccessToken, Details),
    /// Something else came.
    Refused(Reply, Evidence),
    /// The person's browser, or the person, brought a refusal back: the sign-in service answered.
    Denied(Evidence),
    /// Nothing came.
    Unreachable(Evidence),
}

/// What a token endpoint gave.
pub(super) struct Tokens {
    pub access: AccessToken,
    pub details: Details,
    /// For a new access token without the person; never stored.
    pub refresh: Option<Zeroizing<String>>,
}

/// Asks for a token for the profile's resource by client credentials. Facts 1.1.
pub(super) async fn request(
    client: &Client,
    profile: &Profile,
    credential: &Credential,
    scrubber: &Scrubber,
    progress: &Progress<'_>,
) -> Answer {
    let fields = [("grant_type", "client_credentials"), ("scope", &profile.resource.scope())];
    let form = form(profile, Some(credential), &fields);
    let mut reply = match client.ask(&ask(profile, &form), progress).await {
        Ok(reply) => reply,
        Err(evidence) => return Answer::Unreachable(evidence),
    };
    if let Some(tokens) = take(&mut reply) {
        return Answer::Granted(tokens.access, tokens.details);
    }
    let mut evidence = refusal(&reply, scrubber);
    match credential {
        Credential::Secret(secret) if secret.shape() == SecretShape::SecretId => {
            evidence.marks.insert(Mark::SecretIsGuid);
        }
        Credential::Secret(_) => {}
        // The one that was used, whether or not the answer names it.
        Credential::Certificate(certificate) => evidence = evidence.naming("thumbprint", &certificate.thumbprint()),
    }
    Answer::Refused(reply, evidence)
}

/// The profile's token endpoint: also the audience of a client assertion.
fn endpoint(profile: &Profile) -> String {
    profile.authority.join(&format!("/{}/oauth2/v2.0/token", profile.tenant))
}

/// A request to the profile's token endpoint.
pub(super) fn ask<'a>(profile: &Profile, form: &'a str) -> Ask<'a> {
    Ask { check: CheckId::Token, url: endpoint(profile), call: Call::PostForm(form), bearer: None }
}

/// The tokens in an answer, whose body is wiped. Of a token that cannot be used only the names of its fields are kept.
pub(super) fn take(reply: &mut Reply) -> Option<Tokens> {
    if let Some(tokens) = usable(reply) {
        reply.body.zeroize();
        return Some(tokens);
    }
    if let Some(Value::Object(fields)) = reply.json()
        && ["access_token", "refresh_token", "id_token"].iter().any(|name| fields.contains_key(*name))
    {
        reply.body.zeroize();
        reply.body = format!("JSON with {}", fields.keys().cloned().collect::<Vec<_>>().join(", ")).into_bytes();
    }
    None
}

/// The evidence in an answer that holds no usable token.
pub(super) fn refusal(reply: &Reply, scrubber: &Scrubber) -> Evidence {
    let mut evidence = reply.evidence(CheckId::Token, Origin::Entra, scrubber);
    if reply.status == 200 {
        evidence.marks.insert(Mark::Unreadable);
    }
    evidence
}

/// A form's body, encoded, with the client's id and what proves it. Reserved once, so that no copy of a secret is left
/// behind by growing.
pub(super) fn form(profile: &Profile, credential: Option<&Credential>, more: &[(&str, &str)]) -> Zeroizing<String> {
    let client = profile.client.to_string();
    let mut fields = vec![("client_id", client.as_str())];
    fields.extend(more);
    let assertion;
    match credential {
        #[expect(clippy::disallowed_methods, reason = "sent to the sign-in host of the profile")]
        Some(Credential::Secret(secret)) => fields.push(("client_secret", secret.reveal())),
        Some(Credential::Certificate(certificate)) => {
            // Without random numbers there is no signature, and the sign-in host says that it is missing.
            assertion = assertion::sign(certificate, &endpoint(profile), &client).unwrap_or_default();
            fields.push(("client_assertion_type", assertion::KIND));
            fields.push(("client_assertion", &assertion));
        }
        None => {}
    }
    // A byte takes three characters at most: %XX.
    let room = fields.iter().map(|(name, value)| name.len() + 3 * value.len() + 2).sum();
    let mut body = Zeroizing::new(String::with_capacity(room));
    let target: &mut String = &mut body;
    url::form_urlencoded::Serializer::new(target).extend_pairs(fields);
    body
}

/// The token in an answer, and what may be told of it: 200, JSON, a token that fits into a header, of type Bearer or
/// none. v1 sends numbers as strings (facts 1.1).
fn usable(reply: &Reply) -> Option<Tokens> {
    let Value::Object(mut fields) = reply.json().filter(|_| reply.status == 200)? else { return None };
    let mut wiped = |name: &str| match fields.remove(name)? {
        Value::String(token) => Some(Zeroizing::new(token)),
        _ => None,
    };
    let (token, refresh, _) = (wiped("access_token")?, wiped("refresh_token"), wiped("id_token"));
    let access = AccessToken::new(token)?;
    let bearer = match fields.get("token_type") {
        None => true,
        Some(kind) => kind.as_str().is_some_and(|kind| kind.eq_ignore_ascii_case("bearer")),
    };
    let mut details = Details::new();
    let seconds = fields.get("expires_in").and_then(|value| value.as_u64().or_else(|| value.as_str()?.parse().ok()));
    details.extend(seconds.map(|seconds| ("expires_in".to_owned(), seconds.into())));
    bearer.then_some(Tokens { access, details, refresh })
}

/// Looks at the claims. The marks go along with what the service says later; they never stop the service from being
/// asked (safety rule 11). `now` in seconds since 1970.
pub(super) fn claims(
    guide: &Guide,
    profile: &Profile,
    token: &AccessToken,
    scrubber: &Scrubber,
    now: i64,
) -> (CheckResult, Vec<Mark>) {
    #[expect(clippy::disallowed_methods, reason = "only its claims are read")]
    let claims = Claims::read(token.reveal());
    let Some(claims) = claims.map(|claims| claims.scrubbed(scrubber)) else {
        return (CheckResult::Skipped { reason: "the token is opaque".into() }, Vec::new());
    };
    let mut notes = Vec::new();
    if !profile.sign_in.is_user() && claims.roles.is_empty() && !profile.product.wants_roles() {
        notes.push(format!("the token carries no roles; {} does not ask for any", profile.product.name()));
    }
    let table = permissions::table(guide, profile, &claims);
    let more = table.iter().filter(|line| line.standing == Standing::More).map(|line| line.name.as_str());
    let more = more.collect::<Vec<_>>().join(", ");
    if !more.is_empty() {
        notes.push(format!(
            "the token carries more than this connection needs: {}",
            Untrusted::plain(&more).one_line(200)
        ));
    }
    let mut details = noted(notes);
    details.insert("permissions".into(), serde_json::to_value(&table).unwrap_or_default());
    let harmless = |text: &str| Untrusted::plain(text).one_line(200);
    let time = claims.expires.and_then(|end| jiff::Timestamp::from_second(end).ok());
    for (name, value) in [
        ("aud", claims.audience.clone()),
        ("tid", claims.tenant.clone()),
        ("oid", claims.object_id.clone()),
        ("appid", claims.app.clone()),
        ("user", claims.user.clone()),
        ("kid", claims.key_id.clone()),
        ("exp", time.map(|time| time.to_string())),
    ] {
        details.extend(value.map(|value| (name.to_owned(), harmless(&value).into())));
    }
    details.insert("roles".into(), claims.roles.iter().map(|role| harmless(role)).collect());
    if profile.sign_in.is_user() {
        details.insert("scopes".into(), claims.scopes.iter().map(|scope| harmless(scope)).collect());
    }
    let marks = claims.refusals(profile, now);
    let result = if marks.is_empty() {
        // Without a permission that the guide needs the service may still let the app in: it has the last word.
        let fit = profile.product.wants_roles() && table.iter().all(|line| line.standing != Standing::Missing);
        let what = if fit { ", tenant, times and permissions fit" } else { ", tenant and times fit" };
        CheckResult::Passed { summary: format!("audience{what}"), details }
    } else {
        let evidence = Evidence::local(CheckId::Claims, marks.iter().copied())
            .naming("audience", claims.audience.as_deref().unwrap_or_default())
            .naming("tenant_found", claims.tenant.as_deref().unwrap_or_default())
            .naming("missing", &claims.lacking(profile).join(", "));
        let summary = if marks == [Mark::RoleMissing] {
            "the token lacks a permission that was chosen".into()
        } else {
            format!("{} will refuse this token", profile.product.name())
        };
        CheckResult::Refused { summary, details, evidence: vec![evidence] }
    };
    (result, marks)
}
