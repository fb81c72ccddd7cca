//! Device codes: handing them out, and the page on which a user types one (facts 1.8).
//!
//! Does not know how a program asks for the answer.

use super::pages::{self, escaped, question};
use super::{Refusal, app, enabled, own_tenant, parameters, posted, resources, wish};
use crate::sandbox::sign_ins::{Answer, Device, INTERVAL, unguessable, user_code};
use crate::sandbox::tenant::{PERSON, PERSON_NAME, Tenant, authority_for};
use crate::sandbox::{Request, Shared};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};
use std::time::Instant;

/// Hands out a device code.
pub(super) fn start(tenant: &mut Tenant, request: &Request, name: &str) -> Result<Value, Refusal> {
    let form = posted(request)?;
    own_tenant(name, &form, true)?;
    let client_id = form.needed("client_id")?;
    let scope = form.needed("scope")?;
    let (client_id, app) = app(tenant, client_id, name)?;
    enabled(app, client_id)?;
    let wish = wish(client_id, scope)?;
    resources(tenant, &wish.resource)?;
    let (device_code, user_code) = (unguessable(), user_code());
    let lasts = tenant.sign_ins.device_code_lasts;
    let page = format!("{}/device", authority_for(&request.origin));
    let body = json!({
        "user_code": user_code, "device_code": device_code, "verification_uri": page,
        "expires_in": lasts.as_secs(), "interval": INTERVAL.as_secs(),
        "message": format!(
            "To sign in, use a web browser to open the page {page} and enter the code {user_code} to authenticate."
        ),
    });
    let device = Device { wish, user_code, made: Instant::now(), lasts, polled: None, answer: None, used: false };
    tenant.sign_ins.devices.insert(device_code, device);
    Ok(body)
}

/// The user answers for the device that shows that code.
pub(in crate::sandbox) fn answer_code(tenant: &mut Tenant, typed: &str, approve: bool) -> Result<(), Refusal> {
    let device = waiting(tenant, typed)?;
    device.answer = Some(if approve { Answer::Approved } else { Answer::Denied });
    Ok(())
}

/// The device that waits for an answer.
fn waiting<'a>(tenant: &'a mut Tenant, typed: &str) -> Result<&'a mut Device, Refusal> {
    let device = tenant.sign_ins.device(typed).filter(|device| device.answer.is_none());
    let device = device.ok_or_else(|| Refusal::new(70_018, "The code that was entered does not work. Check it."))?;
    if device.is_old() {
        return Err(Refusal::new(70_019, "The code has expired. Ask the device for a new one."));
    }
    Ok(device)
}

/// The page, at each of its stages: asks for the code, then whether to let the app in, then says what was done.
pub(super) fn page(sandbox: &Shared, request: &Request) -> Response {
    let form = parameters(request);
    let given = |name| form.given(name).or_else(|| request.query(name)).filter(|value| !value.is_empty());
    let Some(typed) = given("user_code") else {
        let body = "<form method=\"post\" action=\"/device\">\n<label>Code: <input name=\"user_code\" \
                    autocomplete=\"off\" autofocus></label>\n<button>Next</button>\n</form>";
        return pages::page(StatusCode::OK, "Enter the code that your device shows", body);
    };
    let mut tenant = sandbox.tenant();
    let outcome = match given("sandbox") {
        Some("approve") => answer_code(&mut tenant, typed, true).map(|()| "You have signed in on your device.".into()),
        Some("deny") => answer_code(&mut tenant, typed, false).map(|()| "You have denied the sign-in.".into()),
        _ => asked(&mut tenant, request, typed),
    };
    match outcome {
        Ok(body) => pages::page(StatusCode::OK, "Sign in on another device", &body),
        Err(refusal) => {
            let body = format!("<p>{}</p>\n<p><a href=\"/device\">Try again</a></p>", escaped(&refusal.words()));
            pages::page(StatusCode::BAD_REQUEST, "That code didn't work", &body)
        }
    }
}

/// Which app asks, for what.
fn asked(tenant: &mut Tenant, request: &Request, typed: &str) -> Result<String, Refusal> {
    let device = waiting(tenant, typed)?;
    let (wish, code) = (device.wish.clone(), device.user_code.clone());
    let name = tenant.apps.get(&wish.client_id).map(|app| app.name.clone()).unwrap_or_default();
    let authority = authority_for(&request.origin);
    Ok(format!(
        "<p>You are <b>{PERSON_NAME}</b> ({PERSON}).</p>\n\
         <p><b>{}</b> ({}) wants to act in your name at <b>{}</b>, on the device that shows {code}.</p>\n{}\n\
         <p>From a terminal: <code>curl '{}'</code> approves, <code>sandbox=deny</code> denies.</p>",
        escaped(&name),
        wish.client_id,
        escaped(&wish.resource),
        question("post", "/device", [("user_code", code.as_str())].into_iter()),
        escaped(&format!("{authority}/device?user_code={code}&sandbox=approve")),
    ))
}
