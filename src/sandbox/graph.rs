//! The simulated Microsoft Graph: the organization, its users, groups and apps.
//!
//! Lets in by the permissions in the token (facts 1.3). Knows the protocol; does not know how a token is come by.

use crate::core::guide::Product;
use crate::sandbox::bearer::Bearer;
use crate::sandbox::odata::{Query, QueryFault};
use crate::sandbox::rows::{Row, as_row};
use crate::sandbox::tenant::{
    App, CLIENT_ID, DOMAIN, OBJECT_ID, PERSON, PERSON_NAME, PERSON_OBJECT_ID, TENANT_ID, Tenant, authority_for,
};
use crate::sandbox::{Request, Shared, json_response, with_header};
use axum::http::{StatusCode, header};
use axum::response::Response;
use serde_json::{Value, json};
use uuid::Uuid;

/// Permissions that read all of the directory.
const DIRECTORY: [&str; 2] = ["Directory.Read.All", "Directory.ReadWrite.All"];

/// Answers a request to Graph.
pub(super) async fn answer(sandbox: &Shared, request: &Request) -> Response {
    let bearer = Bearer::of(sandbox, request).await;
    judge(&mut sandbox.tenant(), request, bearer.as_ref())
}

fn judge(tenant: &mut Tenant, request: &Request, bearer: Option<&Bearer>) -> Response {
    let path: Vec<&str> = request.path.iter().map(String::as_str).collect();
    let Some(("v1.0", path)) = path.split_first().map(|(first, rest)| (*first, rest)) else {
        return refused(StatusCode::BAD_REQUEST, "BadRequest", "Invalid version.");
    };
    if path.is_empty() {
        // The service document is for everybody.
        let sets = ["organization", "users", "groups", "applications"];
        let value = sets.map(|set| json!({ "name": set, "kind": "EntitySet", "url": set }));
        return listed(request, "", &value);
    }
    let known = tenant.resource(Product::Graph);
    let Some(bearer) = bearer.filter(|bearer| known.is_some_and(|graph| graph.takes(&bearer.audience))) else {
        return unauthorized(request);
    };
    if !tenant.within_budget() {
        let busy = refused(StatusCode::TOO_MANY_REQUESTS, "TooManyRequests", "Too many requests.");
        return with_header(busy, header::RETRY_AFTER.as_str(), "60");
    }
    if request.method != "GET" {
        return refused(StatusCode::METHOD_NOT_ALLOWED, "Request_BadRequest", "Specified HTTP method is not allowed.");
    }
    let may = |names: &[&str]| {
        names.iter().chain(&DIRECTORY).any(|name| bearer.permissions.iter().any(|permission| permission == name))
    };
    let (set, allowed, rows) = match path {
        ["organization"] => {
            ("organization", may(&["Organization.Read.All", "Organization.ReadWrite.All"]), vec![organization()])
        }
        ["users"] => ("users", may(&["User.Read.All", "User.ReadBasic.All", "User.ReadWrite.All"]), vec![person()]),
        ["groups"] => {
            ("groups", may(&["Group.Read.All", "Group.ReadWrite.All", "GroupMember.Read.All"]), vec![group()])
        }
        ["applications"] | [_] if path[0].starts_with("applications") => {
            let allowed = may(&["Application.Read.All", "Application.ReadWrite.All", "Application.ReadWrite.OwnedBy"]);
            let app = application(tenant.app());
            if allowed && path[0] == format!("applications(appId='{CLIENT_ID}')") {
                return single(request, app);
            }
            if path[0] != "applications" && allowed {
                return refused(StatusCode::NOT_FOUND, "Request_ResourceNotFound", "The resource does not exist.");
            }
            ("applications", allowed, vec![app])
        }
        _ => {
            let text = format!("Resource not found for the segment '{}'.", path[0]);
            return refused(StatusCode::BAD_REQUEST, "BadRequest", &text);
        }
    };
    if !allowed {
        let text = "Insufficient privileges to complete the operation.";
        return refused(StatusCode::FORBIDDEN, "Authorization_RequestDenied", text);
    }
    let rows: Vec<Row> = rows.into_iter().filter_map(as_row).collect();
    match Query::read(request, &rows) {
        Ok(query) => listed(request, set, &query.answer(rows)),
        Err(QueryFault::Unknown(option) | QueryFault::Malformed(option)) => {
            refused(StatusCode::BAD_REQUEST, "BadRequest", &format!("Invalid query option '{option}'."))
        }
    }
}

fn listed(request: &Request, set: &str, value: &[Value]) -> Response {
    let context = format!("{}/v1.0/$metadata{}{set}", request.origin, if set.is_empty() { "" } else { "#" });
    json_response(StatusCode::OK, &json!({ "@odata.context": context, "value": value }))
}

fn single(request: &Request, row: Value) -> Response {
    let Some(row) = as_row(row) else { return unauthorized(request) };
    let rows = vec![row];
    match Query::read(request, &rows) {
        Ok(query) => json_response(StatusCode::OK, &query.answer(rows).pop().unwrap_or_default()),
        Err(_) => refused(StatusCode::BAD_REQUEST, "BadRequest", "Invalid query option."),
    }
}

fn organization() -> Value {
    json!({
        "id": TENANT_ID, "displayName": "Contoso", "countryLetterCode": "US", "tenantType": "AAD",
        "verifiedDomains": [{ "capabilities": "Email, OfficeCommunicationsOnline", "isDefault": true, "isInitial": true,
                              "name": DOMAIN, "type": "Managed" }],
    })
}

fn person() -> Value {
    json!({ "id": PERSON_OBJECT_ID, "displayName": PERSON_NAME, "userPrincipalName": PERSON, "mail": PERSON })
}

fn group() -> Value {
    json!({ "id": "d8e4b1f6-3c07-4a92-b65e-9f2a7c1d0e48", "displayName": "Finance", "securityEnabled": true })
}

/// An app's registration with the ends of its secrets; of their values only the first three characters are shown again
/// (facts 3).
fn application(app: &App) -> Value {
    let secrets: Vec<Value> = app
        .secrets
        .iter()
        .map(|secret| {
            #[expect(clippy::disallowed_methods, reason = "a simulated secret, of which Graph shows the beginning")]
            let hint: String = secret.value.reveal().chars().take(3).collect();
            let ends = format!("{}T00:00:00Z", secret.ends);
            json!({ "keyId": secret.id, "displayName": app.name, "hint": hint, "endDateTime": ends })
        })
        .collect();
    json!({ "id": OBJECT_ID, "appId": CLIENT_ID, "displayName": app.name, "passwordCredentials": secrets,
            "keyCredentials": [] })
}

/// No token, or one that is not for Graph.
fn unauthorized(request: &Request) -> Response {
    let text = "Access token is empty, is not valid, or is for another audience.";
    let response = refused(StatusCode::UNAUTHORIZED, "InvalidAuthenticationToken", text);
    let authority = authority_for(&request.origin);
    let challenge = format!("Bearer realm=\"\", authorization_uri=\"{authority}/common/oauth2/authorize\"");
    with_header(response, header::WWW_AUTHENTICATE.as_str(), &challenge)
}

fn refused(status: StatusCode, code: &str, message: &str) -> Response {
    let date = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S").to_string();
    let inner = json!({ "date": date, "request-id": Uuid::new_v4(), "client-request-id": Uuid::new_v4() });
    json_response(status, &json!({ "error": { "code": code, "message": message, "innerError": inner } }))
}
