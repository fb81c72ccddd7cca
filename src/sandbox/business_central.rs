//! The simulated Business Central API: list of environments, companies, and a few entities of each.
//!
//! Lets in by the token's permissions, the app's card and its permission sets (facts 5). Knows the protocol; does not
//! know how a token is come by.

use crate::core::guide::Product;
use crate::core::names::parse_guid;
use crate::sandbox::bearer::{Bearer, Caller};
use crate::sandbox::companies::{BusinessCentral, entities};
use crate::sandbox::odata::{Query, QueryFault};
use crate::sandbox::rows::Row;
use crate::sandbox::tenant::{DOMAIN, TENANT_ID, Tenant};
use crate::sandbox::{Request, Shared, json_response, typed, with_header};
use axum::http::{StatusCode, header};
use axum::response::Response;
use serde_json::{Value, json};
use uuid::Uuid;

/// Why a call is not let in. Texts as met in the wild (facts 5).
const REJECTED: &str = "The server has rejected the client credentials.";
const NO_PERMISSION: &str = "Web service call failed because user could not be authenticated or authorized.";

/// Answers a request to Business Central.
pub(super) async fn answer(sandbox: &Shared, request: &Request) -> Response {
    let bearer = Bearer::of(sandbox, request).await;
    judge(&mut sandbox.tenant(), request, bearer.as_ref())
}

fn judge(tenant: &mut Tenant, request: &Request, bearer: Option<&Bearer>) -> Response {
    let Some(bearer) = bearer else { return unauthorized(REJECTED) };
    if !tenant.resource(Product::BusinessCentral).is_some_and(|resource| resource.takes(&bearer.audience)) {
        return wrong_audience();
    }
    if !tenant.within_budget() {
        let busy = refused(StatusCode::TOO_MANY_REQUESTS, "Application_TooManyRequests", "Too many requests reached.");
        return with_header(busy, header::RETRY_AFTER.as_str(), "60");
    }
    let held = &tenant.business_central;
    // An app is nobody here without an application permission; a user comes in as themselves.
    if bearer.permissions.is_empty() {
        return unauthorized(NO_PERMISSION);
    }
    let path: Vec<&str> = request.path.iter().map(String::as_str).collect();
    let (environment, rest) = match path.as_slice() {
        ["environments", "v1.2"] => return environments(held, request),
        ["v2.0", environment, "api", "v2.0", rest @ ..] => (*environment, rest),
        ["v2.0", tenant, environment, "api", "v2.0", rest @ ..] if is_here(tenant) => (*environment, rest),
        ["v2.0", ..] => return no_environment(),
        _ => return not_found(),
    };
    if !held.environments.iter().any(|(name, _)| name.eq_ignore_ascii_case(environment)) {
        return no_environment();
    }
    let may_read = match &bearer.caller {
        Caller::App(app) => match held.cards.get(app).filter(|card| card.enabled) {
            Some(card) => card.may_read(),
            None => return unauthorized(REJECTED),
        },
        Caller::User(name) if held.users.contains(name) => true,
        Caller::User(_) => return unauthorized(REJECTED),
    };
    if request.method != "GET" {
        let text = "The method is not allowed here.";
        return refused(StatusCode::METHOD_NOT_ALLOWED, "BadRequest_MethodNotAllowed", text);
    }
    let companies = || held.companies.iter().filter_map(|company| company.row()).collect::<Vec<Row>>();
    let (table, set, rows) = match rest {
        ["companies"] => ("2000000006 Company", "companies", companies()),
        [company] | [company, _] if company.starts_with("companies(") => {
            let Some(found) = company_of(held, company) else {
                let text = "The company could not be found.";
                return refused(StatusCode::NOT_FOUND, "Internal_CompanyNotFound", text);
            };
            let Some(set) = rest.get(1) else {
                let row = companies().into_iter().find(|row| row.get("id") == Some(&json!(found)));
                return json_response(StatusCode::OK, &Value::Object(row.unwrap_or_default()));
            };
            let Some((table, rows)) = entities(set) else { return not_found() };
            (table, *set, rows)
        }
        _ => return not_found(),
    };
    if !may_read {
        let text =
            format!("Sorry, the current permissions prevented the action. (TableData {table} Read: Base Application)");
        return refused(StatusCode::FORBIDDEN, "Internal_ServerError", &text);
    }
    match Query::read(request, &rows) {
        Ok(query) => {
            let context = format!("{}/v2.0/{environment}/api/v2.0/$metadata#{set}", request.origin);
            json_response(StatusCode::OK, &json!({ "@odata.context": context, "value": query.answer(rows) }))
        }
        Err(QueryFault::Unknown(option) | QueryFault::Malformed(option)) => {
            let text = format!("The query option '{option}' is not valid.");
            refused(StatusCode::BAD_REQUEST, "BadRequest", &text)
        }
    }
}

/// Whether the segment names this tenant.
fn is_here(tenant: &str) -> bool {
    tenant.eq_ignore_ascii_case(DOMAIN) || parse_guid(tenant) == Some(TENANT_ID)
}

fn company_of(held: &BusinessCentral, segment: &str) -> Option<Uuid> {
    let id = parse_guid(segment.strip_prefix("companies(")?.strip_suffix(')')?)?;
    held.companies.iter().map(|company| company.id).find(|known| *known == id)
}

fn environments(held: &BusinessCentral, request: &Request) -> Response {
    let row = |(name, kind): &(&str, &str)| {
        json!({ "aadTenantId": TENANT_ID, "applicationFamily": "BusinessCentral", "countryCode": "US", "type": kind,
                "name": name, "webServiceUrl": request.origin,
                "webClientLoginUrl": format!("https://businesscentral.dynamics.com/{TENANT_ID}/{name}") })
    };
    json_response(StatusCode::OK, &json!({ "value": held.environments.iter().map(row).collect::<Vec<_>>() }))
}

fn unauthorized(message: &str) -> Response {
    let response = refused(StatusCode::UNAUTHORIZED, "Authentication_InvalidCredentials", message);
    with_header(response, header::WWW_AUTHENTICATE.as_str(), "Bearer")
}

fn wrong_audience() -> Response {
    let text = "<error xmlns=\"http://docs.oasis-open.org/odata/ns/metadata\"><code>Unauthorized</code>\
                <message>The credentials provided are incorrect</message></error>";
    typed(StatusCode::UNAUTHORIZED, text, "application/xml; charset=utf-8")
}

fn no_environment() -> Response {
    refused(StatusCode::NOT_FOUND, "NoEnvironment", "Environment does not exist.")
}

fn not_found() -> Response {
    refused(StatusCode::NOT_FOUND, "BadRequest_NotFound", "No HTTP resource was found that matches the request.")
}

/// An error in Business Central's shape.
fn refused(status: StatusCode, code: &str, message: &str) -> Response {
    let message = format!("{message}  CorrelationId:  {}.", Uuid::new_v4());
    json_response(status, &json!({ "error": { "code": code, "message": message } }))
}
