//! The token by client credentials (v2), and a look at its claims.
//!
//! Does not know why a refusal came: that is for [`super::authority`] and the rules.

use crate::core::check::{CheckId, CheckResult, Details};
use crate::core::claims::Claims;
use crate::core::evidence::{Evidence, Mark, Origin, Reply};
use crate::core::profile::Profile;
use crate::core::secret::{AccessToken, ClientSecret, Scrubber, SecretShape};
use crate::core::untrusted::Untrusted;
use crate::net::Client;
use crate::net::client::{Ask, Call};
use crate::net::local::noted;
use crate::net::progress::Progress;
use serde_json::Value;
use zeroize::{Zeroize, Zeroizing};

/// How the request for a token ended.
pub(super) enum Answer {
    /// A usable token came.
    Granted(AccessToken, Details),
    /// Something else came.
    Refused(Reply, Evidence),
    /// Nothing came.
    Unreachable(Evidence),
}

/// Asks for a token for the profile's resource. Facts 1.1.
pub(super) async fn request(
    client: &Client,
    profile: &Profile,
    secret: &ClientSecret,
    scrubber: &Scrubber,
    progress: &Progress<'_>,
) -> Answer {
    let form = form(profile, secret);
    let ask = Ask {
        check: CheckId::Token,
        url: profile.authority.join(&format!("/{}/oauth2/v2.0/token", profile.tenant)),
        call: Call::PostForm(&form),
        bearer: None,
    };
    let mut reply = match client.ask(&ask, progress).await {
        Ok(reply) => reply,
        Err(evidence) => return Answer::Unreachable(evidence),
    };
    if let Some((token, details)) = usable(&reply) {
        reply.body.zeroize();
        client.know(scrubber.and_token(&token));
        return Answer::Granted(token, details);
    }
    // A token that cannot be used is still one: of such an answer only the names of its fields are kept.
    if let Some(Value::Object(fields)) = reply.json()
        && fields.contains_key("access_token")
    {
        reply.body.zeroize();
        reply.body = format!("JSON with {}", fields.keys().cloned().collect::<Vec<_>>().join(", ")).into_bytes();
    }
    let mut evidence = reply.evidence(CheckId::Token, Origin::Entra, scrubber);
    if reply.status == 200 {
        evidence.marks.insert(Mark::Unreadable);
    }
    if secret.shape() == SecretShape::SecretId {
        evidence.marks.insert(Mark::SecretIsGuid);
    }
    Answer::Refused(reply, evidence)
}

/// The form's body, encoded. Reserved once, so that no copy of the secret is left behind by growing.
fn form(profile: &Profile, secret: &ClientSecret) -> Zeroizing<String> {
    #[expect(clippy::disallowed_methods, reason = "sent to the sign-in host of the profile")]
    let secret = secret.reveal();
    let client = profile.client.to_string();
    let scope = profile.resource.scope();
    let fields =
        [("grant_type", "client_credentials"), ("client_id", &client), ("client_secret", secret), ("scope", &scope)];
    // A byte takes three characters at most: %XX.
    let room = fields.iter().map(|(name, value)| name.len() + 3 * value.len() + 2).sum();
    let mut body = Zeroizing::new(String::with_capacity(room));
    let target: &mut String = &mut body;
    url::form_urlencoded::Serializer::new(target).extend_pairs(fields);
    body
}

/// The token in an answer, and what may be told of it: 200, JSON, a token that fits into a header, of type Bearer or
/// none. v1 sends numbers as strings (facts 1.1).
fn usable(reply: &Reply) -> Option<(AccessToken, Details)> {
    let Value::Object(mut fields) = reply.json().filter(|_| reply.status == 200)? else { return None };
    let Value::String(token) = fields.remove("access_token")? else { return None };
    let token = AccessToken::new(Zeroizing::new(token))?;
    let bearer = match fields.get("token_type") {
        None => true,
        Some(kind) => kind.as_str().is_some_and(|kind| kind.eq_ignore_ascii_case("bearer")),
    };
    let mut details = Details::new();
    let seconds = fields.get("expires_in").and_then(|value| value.as_u64().or_else(|| value.as_str()?.parse().ok()));
    details.extend(seconds.map(|seconds| ("expires_in".to_owned(), seconds.into())));
    bearer.then_some((token, details))
}

/// Looks at the claims. The marks go along with what the service says later; they never stop the service from being
/// asked (safety rule 11). `now` in seconds since 1970.
pub(super) fn claims(profile: &Profile, token: &AccessToken, now: i64) -> (CheckResult, Vec<Mark>) {
    #[expect(clippy::disallowed_methods, reason = "only its claims are read")]
    let claims = Claims::read(token.reveal());
    let Some(claims) = claims else {
        return (CheckResult::Skipped { reason: "the token is opaque".into() }, Vec::new());
    };
    let mut notes = Vec::new();
    if claims.roles.is_empty() {
        notes.push("the token carries no roles; Finance & Operations does not ask for any".to_owned());
    }
    let mut details = noted(notes);
    let harmless = |text: &str| Untrusted::plain(text).one_line(200);
    let time = claims.expires.and_then(|end| jiff::Timestamp::from_second(end).ok());
    for (name, value) in [
        ("aud", claims.audience.clone()),
        ("tid", claims.tenant.clone()),
        ("oid", claims.object_id.clone()),
        ("appid", claims.app.clone()),
        ("exp", time.map(|time| time.to_string())),
    ] {
        details.extend(value.map(|value| (name.to_owned(), harmless(&value).into())));
    }
    details.insert("roles".into(), claims.roles.iter().map(|role| harmless(role)).collect());
    let marks = claims.refusals(profile, now);
    let result = if marks.is_empty() {
        CheckResult::Passed { summary: "audience, tenant and times fit".into(), details }
    } else {
        let evidence = Evidence::local(CheckId::Claims, marks.iter().copied())
            .naming("audience", claims.audience.as_deref().unwrap_or_default())
            .naming("tenant_found", claims.tenant.as_deref().unwrap_or_default());
        let summary = "Finance & Operations will refuse this token".into();
        CheckResult::Refused { summary, details, evidence: vec![evidence] }
    };
    (result, marks)
}
