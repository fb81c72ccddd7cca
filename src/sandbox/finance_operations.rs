//! The simulated Finance & Operations environment: user session, OData, throttling, maintenance, sign-in redirect.
//!
//! Really validates tokens (facts 4.2, 4.5, 4.6). Knows the protocol; does not know how a token is come by.

use crate::core::guide::Product;
use crate::core::names::parse_guid;
use crate::sandbox::bearer::{Bearer, Caller};
use crate::sandbox::odata::{self, Condition, Query, QueryFault};
use crate::sandbox::rows::Row;
use crate::sandbox::tenant::{Environment, Registration, SETS, TENANT_ID, Tenant, User, authority_for};
use crate::sandbox::{Request, Shared, empty_response, html_response, json_response, with_header};
use axum::http::{Method, StatusCode, header};
use axum::response::Response;
use serde_json::{Map, Value, json};

/// Rows of one page, at most (facts 4.8).
const PAGE: usize = 10_000;
/// `Retry-After` of a throttled environment, seconds.
const RETRY_AFTER: &str = "60";

/// Answers a request to the environment.
pub(super) async fn answer(sandbox: &Shared, request: &Request) -> Response {
    let bearer = Bearer::of(sandbox, request).await;
    judge(&mut sandbox.tenant(), request, bearer)
}

fn judge(tenant: &mut Tenant, request: &Request, bearer: Option<Bearer>) -> Response {
    if tenant.environment.maintenance {
        return html_response(
            StatusCode::SERVICE_UNAVAILABLE,
            "<!DOCTYPE html><html><head><title>Maintenance</title></head><body><h1>The environment is in maintenance \
             mode</h1><p>It is not available until the maintenance has ended.</p></body></html>",
        );
    }
    if request.path.is_empty() || tenant.environment.login_page {
        return sign_in(request);
    }
    if !tenant.within_budget() {
        return throttled();
    }
    let environment = &mut tenant.environment;
    // The front end wants to know the length of a body, also of none.
    let measured = ["content-length", "transfer-encoding"].iter().any(|name| request.header(name).is_some());
    if request.method == Method::POST && !measured {
        return empty(StatusCode::LENGTH_REQUIRED);
    }
    let user = match caller(environment, bearer) {
        Ok(user) => user,
        Err(status) => return empty(status),
    };
    let path: Vec<&str> = request.path.iter().map(String::as_str).collect();
    match (request.method.as_str(), path.as_slice()) {
        ("POST", ["api", "services", "UserSessionService", "AifUserSessionService", "GetUserSessionInfo"]) => {
            session(&user)
        }
        (_, ["api", "services", "UserSessionService", "AifUserSessionService", "GetUserSessionInfo"]) => {
            empty(StatusCode::METHOD_NOT_ALLOWED)
        }
        ("GET", ["api", "services"]) => {
            json_response(StatusCode::OK, &json!({ "ServiceGroups": [{ "Name": "UserSessionService" }] }))
        }
        ("GET", ["data"]) => {
            let sets: Vec<Value> =
                SETS.iter().map(|(set, _)| json!({ "name": set, "kind": "EntitySet", "url": set })).collect();
            let context = format!("{}/data/$metadata", request.origin);
            json_response(StatusCode::OK, &json!({ "@odata.context": context, "value": sets }))
        }
        (method, ["data", segment]) => entity(environment, &user, request, method, segment),
        _ => empty(StatusCode::NOT_FOUND),
    }
}

/// The user who signed in, or whom the token's app acts as; else the status of the refusal (facts 4.6).
fn caller(environment: &mut Environment, bearer: Option<Bearer>) -> Result<User, StatusCode> {
    let caller = bearer.and_then(|bearer| accepted(environment, bearer)).ok_or(StatusCode::UNAUTHORIZED)?;
    let user = match caller {
        Caller::App(app) => {
            let user_id = environment.registrations.get(&app).ok_or(StatusCode::UNAUTHORIZED)?.user_id.clone();
            environment.user(&user_id)
        }
        Caller::User(name) => {
            let user = environment.users.iter_mut().find(|user| user.alias().eq_ignore_ascii_case(&name));
            Some(user.ok_or(StatusCode::UNAUTHORIZED)?)
        }
    };
    user.filter(|user| user.enabled).cloned().ok_or(StatusCode::FORBIDDEN)
}

/// For whom a token speaks that is made out to this environment by its URL, to the letter (facts 4.2).
fn accepted(environment: &Environment, bearer: Bearer) -> Option<Caller> {
    environment.urls.contains(&bearer.audience).then_some(bearer.caller)
}

fn session(user: &User) -> Response {
    json_response(
        StatusCode::OK,
        &json!({
            "$id": "1", "AOSLocaleName": "en-US", "AXLanguage": "en-us", "Company": user.company,
            "CompanyTimeZone": 58, "CurrencyInfo": { "$id": "2", "CurrencyCode": "USD" },
            "IsSysAdmin": Environment::is_administrator(user), "UserId": user.id,
            "UserPreferredCalendar": 0, "UserPreferredTimeZone": 58,
        }),
    )
}

fn entity(environment: &mut Environment, user: &User, request: &Request, method: &str, segment: &str) -> Response {
    let known = odata::segment(segment)
        .and_then(|(set, key)| SETS.iter().find(|(name, _)| *name == set).map(|(name, fields)| (*name, *fields, key)));
    let Some((set, fields, key)) = known else {
        let text = format!("Resource not found for the segment '{segment}'.");
        return refused(StatusCode::NOT_FOUND, &text);
    };
    let writes = method != "GET";
    // Registrations and users are changed by system administrators only (facts 4.4).
    let allowed = if writes { Environment::is_administrator(user) } else { environment.may_read(user, set) };
    if !allowed {
        let text = format!("User '{}' is not authorized for the entity '{set}'.", user.id);
        return refused(StatusCode::FORBIDDEN, &text);
    }
    let key = match key.map(|key| named(key, fields)) {
        Some(None) => return refused(StatusCode::BAD_REQUEST, "The key does not fit the entity."),
        Some(key) => key,
        None => None,
    };
    match (method, set, key) {
        ("GET", _, Some(key)) => match rows(environment, set, user, true, &key).into_iter().next() {
            Some(mut row) => {
                let context = format!("{}/data/$metadata#{set}/$entity", request.origin);
                row.shift_insert(0, "@odata.context".into(), context.into());
                json_response(StatusCode::OK, &Value::Object(row))
            }
            None => refused(StatusCode::NOT_FOUND, "No row has this key."),
        },
        ("GET", _, None) => read(environment, user, request, set),
        ("POST", "SysAADClients", None) => register(environment, request),
        ("PATCH", "SystemUsers", Some(key)) => change_user(environment, request, &key),
        _ => refused(StatusCode::METHOD_NOT_ALLOWED, "The entity does not allow this."),
    }
}

/// The key's values under their names: all of them, or the only one without a name.
fn named(mut key: Vec<Condition>, fields: &[&str]) -> Option<Vec<Condition>> {
    if let ([only], [field]) = (key.as_mut_slice(), fields)
        && only.field.is_empty()
    {
        only.field = (*field).to_owned();
    }
    let fits = key.len() == fields.len() && fields.iter().all(|field| key.iter().any(|part| part.field == *field));
    fits.then_some(key)
}

/// The rows that the conditions leave, of the user's company unless all are wanted (facts 4.8).
fn rows(environment: &Environment, set: &str, user: &User, all: bool, conditions: &[Condition]) -> Vec<Row> {
    let mut rows = environment.rows(set);
    rows.retain(|row| {
        let here =
            row.get("dataAreaId").and_then(Value::as_str).is_none_or(|id| id.eq_ignore_ascii_case(&user.company));
        (all || here) && conditions.iter().all(|condition| condition.holds(row))
    });
    rows
}

/// One page of an entity set.
fn read(environment: &Environment, user: &User, request: &Request, set: &str) -> Response {
    let query = match Query::read(request, &environment.rows(set)) {
        Ok(query) => query,
        Err(QueryFault::Unknown(option)) => {
            return refused(StatusCode::NOT_IMPLEMENTED, &format!("The query option '{option}' is not supported."));
        }
        Err(QueryFault::Malformed(option)) => {
            return refused(StatusCode::BAD_REQUEST, &format!("The query option '{option}' is not valid."));
        }
    };
    let everywhere = request.query("cross-company").is_some_and(|value| value.eq_ignore_ascii_case("true"));
    let found = rows(environment, set, user, everywhere, &query.conditions);
    let wanted = found.len().saturating_sub(query.skip).min(query.top.unwrap_or(usize::MAX));
    let page = wanted.min(request.page_size().unwrap_or(PAGE).clamp(1, PAGE));

    let mut body = Map::new();
    body.insert("@odata.context".into(), format!("{}/data/$metadata#{set}", request.origin).into());
    if query.count {
        body.insert("@odata.count".into(), found.len().into());
    }
    let value = found.into_iter().skip(query.skip).take(page).map(|row| query.selected(row));
    body.insert("value".into(), value.collect());
    if page < wanted {
        let link = next_link(request, set, query.skip + page, query.top.map(|top| top - page));
        body.insert("@odata.nextLink".into(), link.into());
    }
    json_response(StatusCode::OK, &Value::Object(body))
}

/// The same question for the rows after these.
fn next_link(request: &Request, set: &str, skip: usize, top: Option<usize>) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(request.query.iter().filter(|(name, _)| name != "$top" && name != "$skiptoken"));
    if let Some(top) = top {
        query.append_pair("$top", &top.to_string());
    }
    query.append_pair("$skiptoken", &skip.to_string());
    format!("{}/data/{set}?{}", request.origin, query.finish())
}

/// A new line in *Microsoft Entra ID applications*.
fn register(environment: &mut Environment, request: &Request) -> Response {
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let text = |name: &str| body[name].as_str().unwrap_or_default();
    let Some(client_id) = parse_guid(text("AADClientId")) else {
        return refused(StatusCode::BAD_REQUEST, "Field 'Client Id' must be filled in with a GUID.");
    };
    let Some(user_id) = environment.user(text("UserId")).map(|user| user.id.clone()) else {
        let text =
            format!("The value '{}' in field 'User ID' is not found in the related table 'Users'.", text("UserId"));
        return refused(StatusCode::BAD_REQUEST, &text);
    };
    if environment.registrations.contains_key(&client_id) {
        return refused(
            StatusCode::BAD_REQUEST,
            "Cannot create a record in Microsoft Entra ID applications: it already exists.",
        );
    }
    let line = Registration { name: text("Name").to_owned(), user_id };
    let row = line.row(client_id);
    environment.registrations.insert(client_id, line);
    json_response(StatusCode::CREATED, &row)
}

/// `Enabled` of a user.
fn change_user(environment: &mut Environment, request: &Request, key: &[Condition]) -> Response {
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let id = key.first().and_then(|part| part.value.as_str()).unwrap_or_default();
    match (environment.user(id), body["Enabled"].as_bool()) {
        (None, _) => refused(StatusCode::NOT_FOUND, "No row has this key."),
        (Some(_), None) => refused(StatusCode::BAD_REQUEST, "Only 'Enabled' can be changed here."),
        (Some(user), Some(enabled)) => {
            user.enabled = enabled;
            empty(StatusCode::NO_CONTENT)
        }
    }
}

/// The redirect of a browser to the sign-in page.
fn sign_in(request: &Request) -> Response {
    let target = format!(
        "{}/{TENANT_ID}/wsfed?wtrealm=spn:{}&wctx=rm%3D0&wreply={}%2F",
        authority_for(&request.origin),
        Product::FinanceOperations.app_id(),
        request.origin
    );
    with_header(empty(StatusCode::FOUND), header::LOCATION.as_str(), &target)
}

fn throttled() -> Response {
    with_header(empty(StatusCode::TOO_MANY_REQUESTS), header::RETRY_AFTER.as_str(), RETRY_AFTER)
}

/// An error in OData's shape.
fn refused(status: StatusCode, message: &str) -> Response {
    let inner = json!({ "message": message, "type": "System.Web.Http.HttpResponseException", "stacktrace": "" });
    json_response(status, &json!({ "error": { "code": "", "message": "An error has occurred.", "innererror": inner } }))
}

/// No body; a refused token gets the header by which the front end is known (facts 4.6).
fn empty(status: StatusCode) -> Response {
    let response = empty_response(status);
    if status == StatusCode::UNAUTHORIZED {
        return with_header(response, "p3p", "CP=\"No P3P policy defined.\"");
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::FINANCE_OPERATIONS;
    use crate::sandbox::bearer::CLOCK;
    use crate::sandbox::tenant::{CLIENT_ID, PERSON, PRINCIPAL_ID};

    #[test]
    fn claims_that_are_accepted() {
        let environment = Tenant::new(1).unwrap().environment;
        let now = jiff::Timestamp::now().as_second();
        let right = json!({ "aud": FINANCE_OPERATIONS, "tid": TENANT_ID, "oid": PRINCIPAL_ID, "appid": CLIENT_ID,
                            "nbf": now - 300, "exp": now + 3600 });
        let accepted = |claims: &Value| Bearer::read(claims).and_then(|bearer| accepted(&environment, bearer));
        assert_eq!(accepted(&right), Some(Caller::App(CLIENT_ID)));
        let mut of_user = right.clone();
        of_user["upn"] = json!(PERSON);
        of_user["scp"] = json!("AX.FullAccess");
        assert_eq!(accepted(&of_user), Some(Caller::User(PERSON.into())));
        for (claim, value) in [
            ("aud", json!("https://contoso.sandbox.test/")),
            ("aud", json!("https://Contoso.sandbox.test")),
            ("aud", json!(Product::FinanceOperations.app_id())),
            ("aud", json!("http://127.0.0.1:2")),
            ("tid", json!("11111111-2222-4333-8444-555555555555")),
            ("oid", Value::Null),
            ("appid", json!("contoso-odata")),
            ("exp", json!(now - CLOCK - 1)),
            ("nbf", json!(now + CLOCK + 60)),
            ("exp", Value::Null),
        ] {
            let mut claims = right.clone();
            claims[claim] = value;
            assert_eq!(accepted(&claims), None, "{claim}: {claims}");
        }
    }
}
