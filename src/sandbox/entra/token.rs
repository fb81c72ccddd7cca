//! Tokens for each grant: client credentials, authorization code, device code, refresh token.
//!
//! Does not know the pages on which users answer.

use super::{BLOCKED, Form, Refusal, Version};
use super::{app, assertion, consented, enabled, out_of_order, own_tenant, posted, resources, unblocked, wish};
use crate::sandbox::sign_ins::{Answer, Refresh, Wish, unguessable};
use crate::sandbox::tenant::{App, PERSON, PERSON_NAME, PERSON_OBJECT_ID, Secret, TENANT_ID, Tenant, today};
use crate::sandbox::{Request, Shared, json_response};
use aws_lc_rs::digest;
use axum::http::StatusCode;
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use uuid::Uuid;

/// Seconds for which a token is valid from now on (facts 1.1).
const LIFETIME: i64 = 3599;
/// The grant with a device code (RFC 8628).
const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// What a token may be made from.
struct Grant {
    client_id: Uuid,
    subject: Subject,
    asked: String,
    audience: String,
    proof: Proof,
    refresh_token: Option<String>,
}

/// By what the app proved itself.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Proof {
    Nothing,
    Secret,
    Certificate,
}

/// For whom a token speaks, and what it lets do.
enum Subject {
    App { principal: Uuid, roles: BTreeSet<&'static str> },
    User { scopes: BTreeSet<&'static str> },
}

/// Answers a request for a token.
pub(super) async fn answer(sandbox: &Shared, request: &Request, tenant: &str, version: Version) -> Response {
    let grant = match judge(&mut sandbox.tenant(), request, tenant, version) {
        Ok(grant) => grant,
        Err(refusal) => return refusal.response(request),
    };
    let now = jiff::Timestamp::now().as_second();
    // Entra dates tokens five minutes back, for clocks that are late.
    let (start, end) = (now - 300, now + LIFETIME);
    let Some(token) = sandbox.key().await.and_then(|key| key.sign(&grant.claims(start, end))) else {
        return out_of_order();
    };
    let mut body = match version {
        Version::V2 => json!({ "token_type": "Bearer", "expires_in": LIFETIME, "ext_expires_in": LIFETIME,
                               "access_token": token }),
        // v1 sends numbers as strings (facts 1.1).
        Version::V1 => json!({ "token_type": "Bearer", "expires_in": LIFETIME.to_string(),
                               "ext_expires_in": LIFETIME.to_string(), "expires_on": end.to_string(),
                               "not_before": start.to_string(), "resource": grant.asked, "access_token": token }),
    };
    if let Subject::User { scopes } = &grant.subject {
        let scopes: Vec<String> = scopes.iter().map(|scope| format!("{}/{scope}", grant.asked)).collect();
        body["scope"] = scopes.join(" ").into();
    }
    if let Some(token) = grant.refresh_token {
        body["refresh_token"] = token.into();
    }
    json_response(StatusCode::OK, &body)
}

impl Grant {
    /// The claims, in the format of v1, which all of these APIs have (facts 1.4).
    fn claims(&self, start: i64, end: i64) -> Value {
        let issuer = format!("https://sts.windows.net/{TENANT_ID}/");
        let mut claims = json!({
            "aud": self.audience, "iss": issuer, "iat": start, "nbf": start, "exp": end,
            "appid": self.client_id, "appidacr": match self.proof { Proof::Nothing => "0", Proof::Secret => "1", Proof::Certificate => "2" }, "idp": issuer, "tid": TENANT_ID,
            "uti": Uuid::new_v4().simple().to_string(), "ver": "1.0",
        });
        match &self.subject {
            Subject::App { principal, roles } => {
                claims["idtyp"] = "app".into();
                claims["oid"] = json!(principal);
                claims["sub"] = json!(principal);
                if !roles.is_empty() {
                    claims["roles"] = json!(roles);
                }
            }
            Subject::User { scopes } => {
                claims["oid"] = json!(PERSON_OBJECT_ID);
                claims["sub"] = json!(PERSON_OBJECT_ID);
                claims["name"] = PERSON_NAME.into();
                claims["upn"] = PERSON.into();
                claims["unique_name"] = PERSON.into();
                claims["scp"] = scopes.iter().copied().collect::<Vec<_>>().join(" ").into();
            }
        }
        claims
    }
}

/// Entra's order: tenant, shape of the request, app, service principal, enabled, secret, resource, policy.
fn judge(tenant: &mut Tenant, request: &Request, name: &str, version: Version) -> Result<Grant, Refusal> {
    let form = posted(request)?;
    let kind = form.given("grant_type").unwrap_or_default();
    let by_user = version == Version::V2 && ["authorization_code", "refresh_token", DEVICE_CODE].contains(&kind);
    own_tenant(name, &form, by_user)?;
    form.needed("grant_type")?;
    match kind {
        "client_credentials" => by_app(tenant, &form, name, version),
        "authorization_code" if by_user => by_code(tenant, &form, name),
        "refresh_token" if by_user => by_refresh(tenant, &form, name),
        DEVICE_CODE if by_user => by_device(tenant, &form, name),
        _ => Err(Refusal::new(70_003, format!("The app requested an unsupported grant type '{kind}'."))),
    }
}

/// Client credentials.
fn by_app(tenant: &Tenant, form: &Form, name: &str, version: Version) -> Result<Grant, Refusal> {
    let client_id = form.needed("client_id")?;
    let asked = match version {
        Version::V1 => form.needed("resource")?,
        Version::V2 if form.given("resource").is_some() => {
            return Err(Refusal::new(901_002, "The 'resource' request parameter is not supported."));
        }
        Version::V2 => resource_of(form.needed("scope")?)?,
    };
    let (client_id, app) = app(tenant, client_id, name)?;
    let Some(principal) = app.principal else {
        let text =
            format!("The client application {client_id} is missing service principal in the tenant {TENANT_ID}.");
        return Err(Refusal::new(7_000_229, text));
    };
    enabled(app, client_id)?;
    let proof = proven(app, client_id, form)?;

    let resources = resources(tenant, asked)?;
    if let Some(resource) =
        resources.iter().find(|resource| resource.assignment_required && !resource.assigned.contains(&client_id))
    {
        let text = format!(
            "Application '{client_id}'({}) is not assigned to a role for the application '{}'.",
            app.name,
            resource.product.app_id()
        );
        return Err(Refusal::new(501_051, text));
    }
    unblocked(tenant, client_id)?;
    let roles = resources.iter().filter_map(|resource| resource.roles.get(&client_id)).flatten().copied().collect();
    Ok(Grant {
        client_id,
        subject: Subject::App { principal, roles },
        asked: asked.to_owned(),
        audience: audience(tenant, asked),
        proof,
        refresh_token: None,
    })
}

/// What the token for a resource carries as audience: what was asked for, unless it is set otherwise (facts 1.4).
fn audience(tenant: &Tenant, asked: &str) -> String {
    let set = tenant.resources(asked).into_iter().find_map(|resource| resource.audience.clone());
    set.unwrap_or_else(|| asked.to_owned())
}

/// Authorization code with the app's secret, and PKCE's verifier where a challenge was sent.
fn by_code(tenant: &mut Tenant, form: &Form, name: &str) -> Result<Grant, Refusal> {
    let (client_id, app) = app(tenant, form.needed("client_id")?, name)?;
    let (code, redirect_uri) = (form.needed("code")?, form.needed("redirect_uri")?);
    enabled(app, client_id)?;
    let proof = proven(app, client_id, form)?;
    let Some(code) = tenant.sign_ins.codes.get_mut(code).filter(|code| code.wish.client_id == client_id) else {
        return Err(Refusal::new(70_000, "The provided value for the 'code' parameter is not valid."));
    };
    if code.used {
        return Err(redeemed());
    }
    if code.is_old() {
        let text = "The provided authorization code has expired. Send a new interactive authorization request.";
        return Err(Refusal::new(70_008, text));
    }
    if code.redirect_uri != redirect_uri {
        let text = format!(
            "The reply address '{redirect_uri}' does not match the reply address '{}' provided when requesting \
             Authorization code.",
            code.redirect_uri
        );
        return Err(Refusal::new(500_112, text));
    }
    if let Some(challenge) = &code.challenge {
        let Some(verifier) = form.given("code_verifier") else {
            return Err(Refusal::new(50_148, "The code_verifier is missing that goes with the code_challenge."));
        };
        let hash = digest::digest(&digest::SHA256, verifier.as_bytes());
        if URL_SAFE_NO_PAD.encode(hash) != *challenge {
            let text = "The Code_Verifier does not match the code_challenge supplied in the authorization request.";
            return Err(Refusal::new(501_481, text));
        }
    }
    let wish = code.wish.clone();
    let grant = for_user(tenant, wish, proof)?;
    if let Some(code) = form.given("code").and_then(|code| tenant.sign_ins.codes.get_mut(code)) {
        code.used = true;
    }
    Ok(grant)
}

fn redeemed() -> Refusal {
    Refusal::new(54_005, "OAuth2 Authorization code was already redeemed, please retry with a new valid code.")
}

/// Refresh token; one for another API is also to be had for it.
fn by_refresh(tenant: &mut Tenant, form: &Form, name: &str) -> Result<Grant, Refusal> {
    let (client_id, app) = app(tenant, form.needed("client_id")?, name)?;
    let token = form.needed("refresh_token")?;
    enabled(app, client_id)?;
    let known = tenant.sign_ins.refreshes.get(token).filter(|refresh| refresh.wish.client_id == client_id);
    let proof = if known.is_some_and(|refresh| refresh.proven) {
        proven(app, client_id, form)?
    } else {
        known_somehow(app, client_id, form)?
    };
    let Some(refresh) = known else {
        return Err(Refusal::new(70_000, "The provided value for the input parameter 'refresh_token' is not valid."));
    };
    if tenant.refresh_refused {
        let text = "The refresh token has expired due to inactivity. The token was inactive for 90.00:00:00.";
        return Err(Refusal::new(700_082, text));
    }
    let wish = match form.given("scope") {
        Some(scope) => Wish { offline: true, ..wish(client_id, scope)? },
        None => refresh.wish.clone(),
    };
    for_user(tenant, wish, proof)
}

/// Device code, once the user has answered.
fn by_device(tenant: &mut Tenant, form: &Form, name: &str) -> Result<Grant, Refusal> {
    let (client_id, app) = app(tenant, form.needed("client_id")?, name)?;
    let code = form.needed("device_code")?;
    enabled(app, client_id)?;
    let proof = known_somehow(app, client_id, form)?;
    let Some(device) = tenant.sign_ins.devices.get_mut(code).filter(|device| device.wish.client_id == client_id) else {
        return Err(Refusal::new(70_018, "The device code is not known."));
    };
    if device.used {
        return Err(redeemed());
    }
    if device.is_old() {
        return Err(Refusal::new(70_019, "The device code has expired. Ask for a new one."));
    }
    if device.poll() {
        return Err(Refusal::without_code("slow_down", "The device code is asked for too often."));
    }
    match device.answer {
        None => {
            let text = "OAuth 2.0 device flow error. Authorization is pending. Continue polling.";
            return Err(Refusal::new(70_016, text));
        }
        Some(Answer::Denied) => {
            let text = "The user declined the sign-in that the device asked for.";
            return Err(Refusal::without_code("authorization_declined", text));
        }
        Some(Answer::Approved) => {}
    }
    let wish = device.wish.clone();
    if tenant.device_code_blocked {
        return Err(Refusal::new(53_003, BLOCKED));
    }
    let grant = for_user(tenant, wish, proof)?;
    if let Some(device) = tenant.sign_ins.devices.get_mut(code) {
        device.used = true;
    }
    Ok(grant)
}

/// A token in the name of the user, and a refresh token if one is wished for.
fn for_user(tenant: &mut Tenant, wish: Wish, proof: Proof) -> Result<Grant, Refusal> {
    let scopes = consented(tenant, &wish)?;
    unblocked(tenant, wish.client_id)?;
    let audience = audience(tenant, &wish.resource);
    let (client_id, asked) = (wish.client_id, wish.resource.clone());
    let refresh_token = wish.offline.then(|| {
        let token = unguessable();
        tenant.sign_ins.refreshes.insert(token.clone(), Refresh { wish, proven: proof != Proof::Nothing });
        token
    });
    Ok(Grant { client_id, subject: Subject::User { scopes }, asked, audience, proof, refresh_token })
}

/// A public client needs no secret; if it sends one, that has to be right.
fn known_somehow(app: &App, client_id: Uuid, form: &Form) -> Result<Proof, Refusal> {
    let sent = form.given("client_secret").is_some() || form.given("client_assertion").is_some();
    if sent || !app.public_flows { proven(app, client_id, form) } else { Ok(Proof::Nothing) }
}

/// The credential is one that the app has, and still valid.
fn proven(app: &App, client_id: Uuid, form: &Form) -> Result<Proof, Refusal> {
    match (form.given("client_secret"), form.given("client_assertion")) {
        (Some(secret), _) => by_secret(app, client_id, secret).map(|()| Proof::Secret),
        (None, Some(statement)) if form.given("client_assertion_type") == Some(assertion::KIND) => {
            assertion::judge(app, client_id, statement, &form.endpoint).map(|()| Proof::Certificate)
        }
        _ => Err(Refusal::new(
            7_000_218,
            "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
        )),
    }
}

/// The secret is one that the app has, and still valid.
fn by_secret(app: &App, client_id: Uuid, secret: &str) -> Result<(), Refusal> {
    let held = app.secrets.iter().find(|held| held.is(secret));
    // One that another run made is as good as the first of this one.
    match held.or_else(|| app.secrets.first().filter(|_| Secret::is_of_a_sandbox(secret))) {
        Some(held) if today() < held.ends => Ok(()),
        Some(_) => {
            let text = format!(
                "The provided client secret keys for app '{client_id}' are expired. Create new keys for the app."
            );
            Err(Refusal::new(7_000_222, text))
        }
        None => Err(Refusal::new(
            7_000_215,
            format!(
                "Invalid client secret provided. Ensure that the request sends the client secret value, not the client \
                 secret ID, for a secret added to app '{client_id}'."
            ),
        )),
    }
}

/// `X/.default` is the v2 way to ask for `X`; of two slashes one stays with the resource (facts 1.1).
fn resource_of(scope: &str) -> Result<&str, Refusal> {
    if scope.contains(char::is_whitespace) {
        let text = format!(
            "The provided request must include one resource in the input parameter 'scope'. The scope {scope} is not valid."
        );
        return Err(Refusal::new(70_011, text));
    }
    scope.strip_suffix("/.default").filter(|resource| !resource.is_empty()).ok_or_else(|| {
        let text = format!(
            "The provided value for scope {scope} is not valid. Client credential flows must have a scope value with \
             /.default suffixed to the resource identifier (application ID URI)."
        );
        Refusal::new(1_002_012, text)
    })
}
