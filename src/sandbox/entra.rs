//! The tenant's sign-in service: discovery, keys, and tokens for client credentials.
//!
//! Judges in Entra's order and refuses in Entra's shapes (facts 1.1 to 1.7, 7); the texts are our own, close to the
//! gist of the real ones. Does not know what a token is used for.

use crate::core::names::{is_domain, parse_guid};
use crate::sandbox::tenant::{App, DOMAIN, TENANT_ID, Tenant, authority_for, today};
use crate::sandbox::{Request, Shared, json_response};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::collections::HashMap;
use url::form_urlencoded;
use uuid::Uuid;
use zeroize::Zeroizing;

/// Seconds for which a token is valid from now on (facts 1.1).
const LIFETIME: i64 = 3599;

/// The two generations of the endpoints. The token's own format is the resource's matter.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Version {
    V1,
    V2,
}

/// Answers a request to the sign-in host.
pub(super) async fn answer(sandbox: &Shared, request: &Request) -> Response {
    let path: Vec<&str> = request.path.iter().map(String::as_str).collect();
    let outcome = match path.as_slice() {
        ["common", "discovery", "instance"] => instance(request),
        [tenant, ".well-known", "openid-configuration"] => discovery(request, tenant, Version::V1),
        [tenant, "v2.0", ".well-known", "openid-configuration"] => discovery(request, tenant, Version::V2),
        [tenant, "discovery", "keys"] | [tenant, "discovery", "v2.0", "keys"] => match known_tenant(tenant) {
            Ok(()) => {
                let Some(jwk) = sandbox.key().await.and_then(|key| key.jwk()) else { return out_of_order() };
                Ok(json!({ "keys": [jwk] }))
            }
            Err(refusal) => Err(refusal),
        },
        [tenant, "oauth2", "token"] => return token(sandbox, request, tenant, Version::V1).await,
        [tenant, "oauth2", "v2.0", "token"] => return token(sandbox, request, tenant, Version::V2).await,
        _ => return json_response(StatusCode::NOT_FOUND, &json!({ "error": "not_found" })),
    };
    match outcome {
        Ok(body) => json_response(StatusCode::OK, &body),
        Err(refusal) => refusal.response(request),
    }
}

/// What is not the client's fault: no signing key could be made.
fn out_of_order() -> Response {
    json_response(StatusCode::INTERNAL_SERVER_ERROR, &json!({ "error": "server_error" }))
}

/// A refusal with its AADSTS code.
struct Refusal {
    code: u32,
    text: String,
}

impl Refusal {
    fn new(code: u32, text: impl Into<String>) -> Refusal {
        Refusal { code, text: text.into() }
    }

    /// The OAuth word for it.
    fn error(&self) -> &'static str {
        match self.code {
            7_000_215 | 7_000_218 | 7_000_222 | 7_000_229 | 700_027 => "invalid_client",
            700_016 | 7_000_112 => "unauthorized_client",
            70_003 => "unsupported_grant_type",
            70_011 | 1_002_012 => "invalid_scope",
            500_011 => "invalid_resource",
            501_051 => "invalid_grant",
            53_003 => "access_denied",
            50_049 => "invalid_instance",
            _ => "invalid_request",
        }
    }

    fn response(&self, request: &Request) -> Response {
        let error = self.error();
        let status = match (self.code, error) {
            (900_561, _) => StatusCode::METHOD_NOT_ALLOWED,
            (_, "invalid_client") => StatusCode::UNAUTHORIZED,
            _ => StatusCode::BAD_REQUEST,
        };
        let (code, trace, correlation) = (self.code, Uuid::new_v4(), Uuid::new_v4());
        let timestamp = jiff::Timestamp::now().strftime("%Y-%m-%d %H:%M:%SZ").to_string();
        let body = json!({
            "error": error,
            "error_description": format!(
                "AADSTS{code}: {} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {timestamp}", self.text
            ),
            "error_codes": [code],
            "timestamp": timestamp,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": format!("{}/error?code={code}", authority_for(&request.origin)),
        });
        let mut response = json_response(status, &body);
        if let Ok(value) = HeaderValue::try_from(trace.to_string()) {
            response.headers_mut().insert("x-ms-request-id", value);
        }
        response
    }
}

fn known_tenant(name: &str) -> Result<(), Refusal> {
    match parse_guid(name) {
        Some(id) if id == TENANT_ID => Ok(()),
        Some(id) if id.is_nil() => Err(Refusal::new(
            90_002,
            format!("Tenant '{name}' not found. A tenant identifier may not be an empty GUID."),
        )),
        None if name.eq_ignore_ascii_case(DOMAIN) => Ok(()),
        None if !is_domain(&name.to_ascii_lowercase()) => Err(Refusal::new(
            900_023,
            format!("Specified tenant identifier '{name}' is neither a valid DNS name, nor a valid external domain."),
        )),
        _ => Err(Refusal::new(
            90_002,
            format!(
                "Tenant '{name}' not found. Check that the tenant ID is right, that you sign in to the right cloud, and \
                 that the tenant has active subscriptions."
            ),
        )),
    }
}

fn discovery(request: &Request, tenant: &str, version: Version) -> Result<Value, Refusal> {
    let any = is_common(tenant);
    if !any {
        known_tenant(tenant)?;
    }
    let base = format!("{}/{tenant}", authority_for(&request.origin));
    let id = if any { "{tenantid}".to_owned() } else { TENANT_ID.to_string() };
    let (path, issuer) = match version {
        Version::V1 => ("oauth2", format!("https://sts.windows.net/{id}/")),
        Version::V2 => ("oauth2/v2.0", format!("{}/{id}/v2.0", authority_for(&request.origin))),
    };
    Ok(json!({
        "token_endpoint": format!("{base}/{path}/token"),
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "jwks_uri": format!("{base}/discovery/v2.0/keys"),
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": issuer,
        "authorization_endpoint": format!("{base}/{path}/authorize"),
        "device_authorization_endpoint": format!("{base}/{path}/devicecode"),
        "end_session_endpoint": format!("{base}/{path}/logout"),
        "tenant_region_scope": "EU",
        "cloud_instance_name": "microsoftonline.com",
        "cloud_graph_host_name": "graph.windows.net",
        "msgraph_host": "graph.microsoft.com",
    }))
}

/// Whether the name stands for any tenant.
fn is_common(tenant: &str) -> bool {
    ["common", "organizations", "consumers"].iter().any(|name| tenant.eq_ignore_ascii_case(name))
}

/// Instance discovery: is this a sign-in host of a cloud?
fn instance(request: &Request) -> Result<Value, Refusal> {
    let asked = request.query("authorization_endpoint").unwrap_or_default();
    let asked = url::Url::parse(asked).map_err(|_| Refusal::new(50_050, "The discovery request is malformed."))?;
    let own = authority_for(&request.origin);
    if asked.origin() != url::Url::parse(own).map_or(asked.origin(), |own| own.origin()) {
        return Err(Refusal::new(
            50_049,
            format!("Unknown or invalid instance '{}'.", asked.host_str().unwrap_or_default()),
        ));
    }
    let host = own.split_once("://").map_or(own, |(_, host)| host);
    Ok(json!({
        "tenant_discovery_endpoint": format!("{own}/{TENANT_ID}/v2.0/.well-known/openid-configuration"),
        "api-version": "1.1",
        "metadata": [{ "preferred_network": host, "preferred_cache": host, "aliases": [host] }],
    }))
}

async fn token(sandbox: &Shared, request: &Request, tenant: &str, version: Version) -> Response {
    let grant = match judge(&sandbox.tenant(), request, tenant, version) {
        Ok(grant) => grant,
        Err(refusal) => return refusal.response(request),
    };
    let now = jiff::Timestamp::now().as_second();
    // Entra dates tokens five minutes back, for clocks that are late.
    let (start, end) = (now - 300, now + LIFETIME);
    let claims = json!({
        "aud": grant.audience, "iss": format!("https://sts.windows.net/{TENANT_ID}/"),
        "iat": start, "nbf": start, "exp": end,
        "appid": grant.client_id, "appidacr": "1", "idp": format!("https://sts.windows.net/{TENANT_ID}/"),
        "idtyp": "app", "oid": grant.principal, "sub": grant.principal, "tid": TENANT_ID,
        "uti": Uuid::new_v4().simple().to_string(), "ver": "1.0",
    });
    let Some(token) = sandbox.key().await.and_then(|key| key.sign(&claims)) else { return out_of_order() };
    let body = match version {
        Version::V2 => json!({ "token_type": "Bearer", "expires_in": LIFETIME, "ext_expires_in": LIFETIME,
                               "access_token": token }),
        // v1 sends numbers as strings (facts 1.1).
        Version::V1 => json!({ "token_type": "Bearer", "expires_in": LIFETIME.to_string(),
                               "ext_expires_in": LIFETIME.to_string(), "expires_on": end.to_string(),
                               "not_before": start.to_string(), "resource": grant.asked, "access_token": token }),
    };
    json_response(StatusCode::OK, &body)
}

/// What a token may be made from.
struct Grant {
    client_id: Uuid,
    principal: Uuid,
    asked: String,
    audience: String,
}

/// The form's parameters, wiped after use: one of them is a secret.
type Form = HashMap<String, Zeroizing<String>>;

/// Entra's order: tenant, shape of the request, app, service principal, enabled, secret, resource, policy.
fn judge(tenant: &Tenant, request: &Request, name: &str, version: Version) -> Result<Grant, Refusal> {
    if request.method != Method::POST {
        let text = format!("The endpoint only accepts POST requests. Received a {} request.", request.method);
        return Err(Refusal::new(900_561, text));
    }
    let form = parameters(request);
    let given = |name: &str| form.get(name).map(|value| value.as_str()).filter(|value| !value.is_empty());
    let needed = |name: &str| {
        given(name).ok_or_else(|| {
            Refusal::new(900_144, format!("The request body must contain the following parameter: '{name}'."))
        })
    };
    if is_common(name) {
        return Err(if name.eq_ignore_ascii_case("organizations") {
            let app = given("client_id").unwrap_or_default();
            let text = format!(
                "Application '{app}' is not configured as a multi-tenant application; use the tenant's own endpoint."
            );
            Refusal::new(50_194, text)
        } else {
            Refusal::new(9_001_023, "The grant type is not supported over the /common or /consumers endpoints.")
        });
    }
    known_tenant(name)?;
    let grant = needed("grant_type")?;
    if grant != "client_credentials" {
        return Err(Refusal::new(70_003, format!("The app requested an unsupported grant type '{grant}'.")));
    }
    let client_id = needed("client_id")?;
    let asked = match version {
        Version::V1 => needed("resource")?,
        Version::V2 if given("resource").is_some() => {
            return Err(Refusal::new(901_002, "The 'resource' request parameter is not supported."));
        }
        Version::V2 => resource_of(needed("scope")?)?,
    };

    let found = parse_guid(client_id).and_then(|id| Some((id, tenant.apps.get(&id)?)));
    let Some((client_id, app)) = found else {
        let text = format!(
            "Application with identifier '{client_id}' was not found in the directory '{}'. It is not installed in the \
             tenant, or the request went to the wrong tenant.",
            parse_guid(name).map_or_else(|| DOMAIN.to_owned(), |id| id.to_string())
        );
        return Err(Refusal::new(700_016, text));
    };
    let Some(principal) = app.principal else {
        let text =
            format!("The client application {client_id} is missing service principal in the tenant {TENANT_ID}.");
        return Err(Refusal::new(7_000_229, text));
    };
    if !app.enabled {
        return Err(Refusal::new(7_000_112, format!("Application '{client_id}'({}) is disabled.", app.name)));
    }
    proven(app, client_id, given("client_secret"), given("client_assertion"))?;

    let Some(resource) = tenant.resource(asked) else {
        let text = format!(
            "The resource principal named {asked} was not found in the tenant named {TENANT_ID}. It is not installed \
             there, or the request went to the wrong tenant."
        );
        return Err(Refusal::new(500_011, text));
    };
    if resource.assignment_required && !resource.assigned.contains(&client_id) {
        let text = format!(
            "Application '{client_id}'({}) is not assigned to a role for the application '{}'.",
            app.name, resource.app_id
        );
        return Err(Refusal::new(501_051, text));
    }
    if tenant.blocked.contains(&client_id) {
        let text =
            "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.";
        return Err(Refusal::new(53_003, text));
    }
    let audience = resource.audience.clone().unwrap_or_else(|| asked.to_owned());
    Ok(Grant { client_id, principal, asked: asked.to_owned(), audience })
}

/// The credential is one that the app has, and still valid.
fn proven(app: &App, client_id: Uuid, secret: Option<&str>, assertion: Option<&str>) -> Result<(), Refusal> {
    let Some(secret) = secret else {
        return Err(match assertion {
            Some(_) => Refusal::new(
                700_027,
                format!(
                    "The certificate used to sign the client assertion is not registered on application '{client_id}'."
                ),
            ),
            None => Refusal::new(
                7_000_218,
                "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
            ),
        });
    };
    match app.secrets.iter().find(|held| held.is(secret)) {
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

/// The form body, and HTTP Basic for client id and secret. Nothing is read from a body of another kind.
fn parameters(request: &Request) -> Form {
    let kind = request.header("content-type").unwrap_or_default().to_ascii_lowercase();
    let mut form = Form::new();
    if kind.starts_with("application/x-www-form-urlencoded") {
        let pairs = form_urlencoded::parse(&request.body);
        form.extend(pairs.map(|(name, value)| (name.into_owned(), Zeroizing::new(value.into_owned()))));
    }
    if let Some((id, secret)) = basic(request) {
        form.entry("client_id".into()).or_insert(id);
        form.entry("client_secret".into()).or_insert(secret);
    }
    form
}

/// Client id and secret from the `Authorization` header, each form-encoded inside (RFC 6749, 2.3.1).
fn basic(request: &Request) -> Option<(Zeroizing<String>, Zeroizing<String>)> {
    let (scheme, encoded) = request.header("authorization")?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = Zeroizing::new(String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?);
    let (id, secret) = decoded.split_once(':')?;
    let decode = |part: &str| {
        let form = Zeroizing::new(format!("={}", part.replace('&', "%26")));
        let (_, value) = form_urlencoded::parse(form.as_bytes()).next()?;
        Some(Zeroizing::new(value.into_owned()))
    };
    Some((decode(id)?, decode(secret)?))
}
