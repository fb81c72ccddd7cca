//! The tenant's sign-in service: discovery and keys here, tokens and sign-in pages in the modules below.
//!
//! Judges in Entra's order and refuses in Entra's shapes (facts 1.1 to 1.8, 7); the texts are our own, close to the
//! gist of the real ones. Does not know what a token is used for.

mod assertion;
mod authorize;
mod device;
mod pages;
mod token;

pub(super) use authorize::{Landing, land};
pub(super) use device::answer_code;

use crate::core::names::{is_domain, parse_guid};
use crate::sandbox::sign_ins::Wish;
use crate::sandbox::tenant::{App, DOMAIN, Resource, TENANT_ID, Tenant, authority_for};
use crate::sandbox::{Request, Shared, json_response};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashMap};
use url::form_urlencoded;
use uuid::Uuid;
use zeroize::Zeroizing;

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
        [tenant, "oauth2", "token"] => return token::answer(sandbox, request, tenant, Version::V1).await,
        [tenant, "oauth2", "v2.0", "token"] => return token::answer(sandbox, request, tenant, Version::V2).await,
        [tenant, "oauth2", "v2.0", "authorize"] => return authorize::answer(sandbox, request, tenant),
        [tenant, "oauth2", "v2.0", "devicecode"] => device::start(&mut sandbox.tenant(), request, tenant),
        ["device"] => return device::page(sandbox, request),
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

/// A refusal, mostly with an AADSTS code.
#[derive(Debug)]
pub(super) struct Refusal {
    code: Option<u32>,
    /// The OAuth word for it.
    error: &'static str,
    text: String,
}

impl Refusal {
    fn new(code: u32, text: impl Into<String>) -> Refusal {
        let error = match code {
            7_000_215 | 7_000_218 | 7_000_222 | 7_000_229 | 50_013 | 50_027 | 50_048 | 700_024 | 700_025 | 700_027 => {
                "invalid_client"
            }
            700_016 | 7_000_112 => "unauthorized_client",
            70_003 => "unsupported_grant_type",
            28_000 | 70_011 | 1_002_012 => "invalid_scope",
            500_011 => "invalid_resource",
            54_005 | 65_001 | 70_000 | 70_008 | 50_148 | 500_112 | 501_051 | 501_481 | 700_082 => "invalid_grant",
            53_003 | 65_004 => "access_denied",
            90_094 => "consent_required",
            70_016 => "authorization_pending",
            70_018 => "bad_verification_code",
            70_019 => "expired_token",
            50_049 => "invalid_instance",
            _ => "invalid_request",
        };
        Refusal { code: Some(code), error, text: text.into() }
    }

    /// One that has a word and no code that we know of.
    fn without_code(error: &'static str, text: &str) -> Refusal {
        Refusal { code: None, error, text: text.into() }
    }

    /// The parameter is missing.
    fn missing(name: &str) -> Refusal {
        Refusal::new(900_144, format!("The request body must contain the following parameter: '{name}'."))
    }

    /// What Entra says: the code, the text, and what its support wants to know.
    fn words(&self) -> String {
        self.described(Uuid::new_v4(), Uuid::new_v4(), &timestamp())
    }

    fn described(&self, trace: Uuid, correlation: Uuid, timestamp: &str) -> String {
        let code = self.code.map(|code| format!("AADSTS{code}: ")).unwrap_or_default();
        format!("{code}{} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {timestamp}", self.text)
    }

    fn response(&self, request: &Request) -> Response {
        let status = match (self.code, self.error) {
            (Some(900_561), _) => StatusCode::METHOD_NOT_ALLOWED,
            (_, "invalid_client") => StatusCode::UNAUTHORIZED,
            _ => StatusCode::BAD_REQUEST,
        };
        let (trace, correlation, timestamp) = (Uuid::new_v4(), Uuid::new_v4(), timestamp());
        let mut body = json!({
            "error": self.error,
            "error_description": self.described(trace, correlation, &timestamp),
            "error_codes": self.code.as_slice(),
            "timestamp": timestamp,
            "trace_id": trace,
            "correlation_id": correlation,
        });
        if let Some(code) = self.code {
            body["error_uri"] = format!("{}/error?code={code}", authority_for(&request.origin)).into();
        }
        let mut response = json_response(status, &body);
        if let Ok(value) = HeaderValue::try_from(trace.to_string()) {
            response.headers_mut().insert("x-ms-request-id", value);
        }
        response
    }
}

fn timestamp() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%d %H:%M:%SZ").to_string()
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

/// The tenant in the path; an app of one tenant is not to be had from a name for any.
fn own_tenant(name: &str, form: &Form, by_user: bool) -> Result<(), Refusal> {
    if !is_common(name) {
        return known_tenant(name);
    }
    if by_user || name.eq_ignore_ascii_case("organizations") {
        let app = form.given("client_id").unwrap_or_default();
        let text = format!(
            "Application '{app}' is not configured as a multi-tenant application; use the tenant's own endpoint."
        );
        return Err(Refusal::new(50_194, text));
    }
    Err(Refusal::new(9_001_023, "The grant type is not supported over the /common or /consumers endpoints."))
}

/// The app of that client id.
fn app<'a>(tenant: &'a Tenant, client_id: &str, name: &str) -> Result<(Uuid, &'a App), Refusal> {
    parse_guid(client_id).and_then(|id| Some((id, tenant.apps.get(&id)?))).ok_or_else(|| {
        let directory = parse_guid(name).map_or_else(|| DOMAIN.to_owned(), |id| id.to_string());
        let text = format!(
            "Application with identifier '{client_id}' was not found in the directory '{directory}'. It is not \
             installed in the tenant, or the request went to the wrong tenant."
        );
        Refusal::new(700_016, text)
    })
}

/// Sign-in is switched on for the app.
fn enabled(app: &App, client_id: Uuid) -> Result<(), Refusal> {
    if app.enabled {
        return Ok(());
    }
    Err(Refusal::new(7_000_112, format!("Application '{client_id}'({}) is disabled.", app.name)))
}

/// The APIs of that name, at least one.
fn resources<'a>(tenant: &'a Tenant, asked: &str) -> Result<Vec<&'a Resource>, Refusal> {
    let found = tenant.resources(asked);
    if found.is_empty() {
        let text = format!(
            "The resource principal named {asked} was not found in the tenant named {TENANT_ID}. It is not installed \
             there, or the request went to the wrong tenant."
        );
        return Err(Refusal::new(500_011, text));
    }
    Ok(found)
}

/// What an app may do in the name of a user: all delegated permissions that were consented to, if what it asks for is
/// among them.
fn consented(tenant: &Tenant, wish: &Wish) -> Result<BTreeSet<&'static str>, Refusal> {
    let has_principal = tenant.apps.get(&wish.client_id).is_some_and(|app| app.principal.is_some());
    let mut granted = BTreeSet::new();
    for resource in resources(tenant, &wish.resource)? {
        granted.extend(resource.scopes.get(&wish.client_id).into_iter().flatten().copied());
    }
    let all = wish.permissions.iter().all(|name| granted.contains(name.as_str()));
    if granted.is_empty() || !all || !has_principal {
        let text = format!(
            "The user or administrator has not consented to use the application with ID '{}'. Send an interactive \
             authorization request for this user and resource.",
            wish.client_id
        );
        return Err(Refusal::new(65_001, text));
    }
    Ok(granted)
}

/// No Conditional Access policy blocks the app.
fn unblocked(tenant: &Tenant, client_id: Uuid) -> Result<(), Refusal> {
    if tenant.blocked.contains(&client_id) {
        return Err(Refusal::new(53_003, BLOCKED));
    }
    Ok(())
}

const BLOCKED: &str =
    "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.";

/// What an app asks for in the name of a user: permissions of one API, beside those that are of no API.
fn wish(client_id: Uuid, scope: &str) -> Result<Wish, Refusal> {
    /// Permissions without an address are Graph's.
    const GRAPH_ID: &str = "00000003-0000-0000-c000-000000000000";
    let mut wish = Wish { client_id, resource: String::new(), permissions: Vec::new(), offline: false };
    for one in scope.split_whitespace() {
        let (resource, permission) = match one {
            "openid" | "profile" | "email" => continue,
            "offline_access" => {
                wish.offline = true;
                continue;
            }
            // Of two slashes one stays with the resource (facts 1.1).
            _ => one.rsplit_once('/').unwrap_or((GRAPH_ID, one)),
        };
        if resource.is_empty() || permission.is_empty() {
            return Err(Refusal::new(
                70_011,
                format!(
                    "The provided value for the input parameter 'scope' is not valid. The scope {one} is not valid."
                ),
            ));
        }
        if !wish.resource.is_empty() && wish.resource != resource {
            let text = format!(
                "The provided value for the input parameter scope is not valid because it contains more than one resource. Scope {scope} is not valid."
            );
            return Err(Refusal::new(28_000, text));
        }
        wish.resource = resource.to_owned();
        if permission != ".default" {
            wish.permissions.push(permission.to_owned());
        }
    }
    if wish.resource.is_empty() {
        wish.resource = GRAPH_ID.to_owned();
    }
    Ok(wish)
}

/// A request's parameters, wiped after use: one of them is a secret.
#[derive(Default)]
struct Form {
    fields: HashMap<String, Zeroizing<String>>,
    /// Where it was sent: what a client assertion must be made out to.
    endpoint: String,
}

impl Form {
    fn given(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(|value| value.as_str()).filter(|value| !value.is_empty())
    }

    fn needed(&self, name: &str) -> Result<&str, Refusal> {
        self.given(name).ok_or_else(|| Refusal::missing(name))
    }
}

/// Refuses anything but POST.
fn posted(request: &Request) -> Result<Form, Refusal> {
    if request.method != Method::POST {
        let text = format!("The endpoint only accepts POST requests. Received a {} request.", request.method);
        return Err(Refusal::new(900_561, text));
    }
    Ok(parameters(request))
}

/// The form body, and HTTP Basic for client id and secret. Nothing is read from a body of another kind.
fn parameters(request: &Request) -> Form {
    let kind = request.header("content-type").unwrap_or_default().to_ascii_lowercase();
    let mut form = HashMap::new();
    if kind.starts_with("application/x-www-form-urlencoded") {
        let pairs = form_urlencoded::parse(&request.body);
        form.extend(pairs.map(|(name, value)| (name.into_owned(), Zeroizing::new(value.into_owned()))));
    }
    if let Some((id, secret)) = basic(request) {
        form.entry("client_id".into()).or_insert(id);
        form.entry("client_secret".into()).or_insert(secret);
    }
    Form { fields: form, endpoint: format!("{}/{}", request.origin, request.path.join("/")) }
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
