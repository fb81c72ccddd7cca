//! The authorization page: a user lets an app in, or does not, and is sent back to it (facts 1.8).
//!
//! Does not know what the code is redeemed for.

use super::pages::{escaped, page, question};
use super::{Form, Refusal, app, consented, enabled, own_tenant, resources, wish};
use crate::sandbox::sign_ins::{Code, Wish, unguessable};
use crate::sandbox::tenant::{App, PERSON, PERSON_NAME, Tenant, authority_for};
use crate::sandbox::{Request, Shared, empty_response, with_header};
use axum::http::{StatusCode, header};
use axum::response::Response;
use std::time::Instant;
use url::{Url, form_urlencoded};
use uuid::Uuid;
use zeroize::Zeroizing;

/// Where the user comes to with an answer.
#[derive(Debug)]
pub(in crate::sandbox) enum Landing {
    /// Back at the app, with a code or an error.
    Back(Url),
    /// On a page of Entra's that says what is wrong. The app hears nothing of it.
    Stuck(Refusal),
}

/// A request that may be shown to a user.
struct Asked {
    /// To where the answer goes, with `state` on it.
    back: Url,
    /// As it was asked for, to the letter.
    redirect_uri: String,
    challenge: Option<String>,
    wish: Wish,
    app_name: String,
}

/// The page, or the answer where the request brings one along.
pub(super) fn answer(sandbox: &Shared, request: &Request, name: &str) -> Response {
    let approve = match request.query("sandbox") {
        Some("approve") => true,
        Some("deny") => false,
        _ => match judge(&sandbox.tenant(), request, name) {
            Ok(asked) => return shown(request, &asked),
            Err(landing) => return landing.response(),
        },
    };
    land(&mut sandbox.tenant(), request, name, approve).response()
}

/// The user answers.
pub(in crate::sandbox) fn land(tenant: &mut Tenant, request: &Request, name: &str, approve: bool) -> Landing {
    let asked = match judge(tenant, request, name) {
        Ok(asked) => asked,
        Err(landing) => return landing,
    };
    if !approve {
        return Landing::error(asked.back, &Refusal::new(65_004, "User declined to consent to access the app."));
    }
    if consented(tenant, &asked.wish).is_err() {
        let text = format!(
            "{} needs permission to access resources in your organization that only an administrator can grant.",
            asked.app_name
        );
        return Landing::error(asked.back, &Refusal::new(90_094, text));
    }
    let code = unguessable();
    let mut back = asked.back;
    back.query_pairs_mut().append_pair("code", &code).append_pair("session_state", &Uuid::new_v4().to_string());
    let made = Code {
        wish: asked.wish,
        redirect_uri: asked.redirect_uri,
        challenge: asked.challenge,
        made: Instant::now(),
        used: false,
    };
    tenant.sign_ins.codes.insert(code, made);
    Landing::Back(back)
}

impl Landing {
    fn error(mut back: Url, refusal: &Refusal) -> Landing {
        back.query_pairs_mut().append_pair("error", refusal.error).append_pair("error_description", &refusal.words());
        Landing::Back(back)
    }

    fn response(self) -> Response {
        match self {
            Landing::Back(back) => {
                with_header(empty_response(StatusCode::FOUND), header::LOCATION.as_str(), back.as_str())
            }
            Landing::Stuck(refusal) => {
                let body = format!("<p>{}</p>", escaped(&refusal.words()));
                page(StatusCode::BAD_REQUEST, "Sorry, but we're having trouble signing you in.", &body)
            }
        }
    }
}

impl Refusal {
    /// The words of the page, for people.
    pub(in crate::sandbox) fn told(&self) -> String {
        self.words()
    }
}

/// Until app and redirect URI are known to belong together nothing is sent there; all other faults are.
fn judge(tenant: &Tenant, request: &Request, name: &str) -> Result<Asked, Landing> {
    let fields = request.query.iter().map(|(name, value)| (name.clone(), Zeroizing::new(value.clone()))).collect();
    let form = Form { fields, endpoint: String::new() };
    let (client_id, app, redirect_uri) = known(tenant, &form, name).map_err(Landing::Stuck)?;
    let Ok(mut back) = Url::parse(redirect_uri) else {
        return Err(Landing::Stuck(unregistered(redirect_uri, client_id)));
    };
    if let Some(state) = form.given("state") {
        back.query_pairs_mut().append_pair("state", state);
    }
    let wished = enabled(app, client_id).and_then(|()| well_formed(tenant, &form, client_id, &back));
    match wished {
        Ok((wish, challenge)) => {
            Ok(Asked { back, redirect_uri: redirect_uri.to_owned(), challenge, wish, app_name: app.name.clone() })
        }
        Err(refusal) => Err(Landing::error(back, &refusal)),
    }
}

fn known<'a>(tenant: &'a Tenant, form: &'a Form, name: &str) -> Result<(Uuid, &'a App, &'a str), Refusal> {
    own_tenant(name, form, true)?;
    let (client_id, app) = app(tenant, form.needed("client_id")?, name)?;
    let redirect_uri = form.needed("redirect_uri")?;
    if app.redirects.iter().any(|registered| is_same(registered, redirect_uri)) {
        return Ok((client_id, app, redirect_uri));
    }
    Err(unregistered(redirect_uri, client_id))
}

fn unregistered(redirect_uri: &str, client_id: Uuid) -> Refusal {
    let text = format!(
        "The redirect URI '{redirect_uri}' specified in the request does not match the redirect URIs configured for the \
         application '{client_id}'. Make sure the redirect URI sent in the request matches one added to the \
         application in the Azure portal."
    );
    Refusal::new(50_011, text)
}

/// Of `http://localhost` the port does not matter, of others every letter does (facts 1.8).
fn is_same(registered: &str, asked: &str) -> bool {
    let local = |text: &str| {
        let mut url =
            Url::parse(text).ok().filter(|url| url.scheme() == "http" && url.host_str() == Some("localhost"))?;
        url.set_port(None).ok()?;
        Some(url)
    };
    registered == asked || local(registered).is_some_and(|url| local(asked) == Some(url))
}

/// What is asked for, and PKCE's challenge, which a program on the user's machine has to send.
fn well_formed(tenant: &Tenant, form: &Form, client_id: Uuid, back: &Url) -> Result<(Wish, Option<String>), Refusal> {
    match form.needed("response_type")? {
        "code" => {}
        other => {
            let text = format!("The response type '{other}' is not enabled for the app.");
            return Err(Refusal { error: "unsupported_response_type", ..Refusal::new(700_054, text) });
        }
    }
    if form.given("response_mode").is_some_and(|mode| mode != "query") {
        return Err(Refusal::new(90_010, "Of the response modes only 'query' is known here."));
    }
    let challenge = form.given("code_challenge");
    match (challenge, form.given("code_challenge_method")) {
        (None, None) if back.host_str() != Some("localhost") => {}
        (Some(challenge), Some("S256")) if challenge.len() == 43 => {}
        (Some(_), Some("S256")) => {
            return Err(Refusal::new(50_147, "The size of the Code_Challenge parameter is not valid."));
        }
        _ => return Err(Refusal::new(50_147, "PKCE with a code_challenge and the method S256 is needed here.")),
    }
    let wish = wish(client_id, form.needed("scope")?)?;
    resources(tenant, &wish.resource)?;
    Ok((wish, challenge.map(str::to_owned)))
}

/// The page on which the user is asked.
fn shown(request: &Request, asked: &Asked) -> Response {
    let authority = authority_for(&request.origin);
    let path = request.path.join("/");
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(&request.query).finish();
    let wanted = match asked.wish.permissions.as_slice() {
        [] => "all that was consented to".to_owned(),
        some => some.join(", "),
    };
    let body = format!(
        "<p>You are <b>{PERSON_NAME}</b> ({PERSON}).</p>\n\
         <p><b>{}</b> ({}) wants to act in your name at <b>{}</b>: {}.</p>\n\
         <p>The answer goes to <code>{}</code>.</p>\n{}\n\
         <p>From a terminal: <code>curl -L '{}'</code> approves, <code>sandbox=deny</code> denies.</p>",
        escaped(&asked.app_name),
        asked.wish.client_id,
        escaped(&asked.wish.resource),
        escaped(&wanted),
        escaped(&asked.redirect_uri),
        question("get", &format!("/{path}"), request.query.iter().map(|(name, value)| (name.as_str(), value.as_str()))),
        escaped(&format!("{authority}/{path}?{query}&sandbox=approve")),
    );
    page(StatusCode::OK, "Sign in", &body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::tenant::LOOPBACK;

    #[test]
    fn redirect_uris_are_compared_as_entra_does() {
        for (registered, asked, same) in [
            (LOOPBACK, "http://localhost:53412", true),
            (LOOPBACK, "http://localhost:53412/", true),
            (LOOPBACK, "http://localhost", true),
            (LOOPBACK, "http://localhost:53412/callback", false),
            ("http://localhost/callback", "http://localhost:1/callback", true),
            (LOOPBACK, "https://localhost:53412", false),
            (LOOPBACK, "http://127.0.0.1:53412", false),
            (LOOPBACK, "http://localhost.example.com:53412", false),
            (LOOPBACK, "http://localhost:53412@example.com", false),
            (LOOPBACK, "http://user@localhost:53412", false),
            (LOOPBACK, "http://localhost:53412/?a=b", false),
            ("https://example.com/oauth", "https://example.com/oauth", true),
            ("https://example.com/oauth", "https://example.com/oauth/", false),
            ("https://example.com/oauth", "https://example.com:8443/oauth", false),
            ("https://example.com/oauth", "https://Example.com/oauth", false),
        ] {
            assert_eq!(is_same(registered, asked), same, "{registered} {asked}");
        }
    }
}
