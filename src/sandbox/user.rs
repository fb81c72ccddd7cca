//! The simulated user: opens the page of a sign-in prompt, answers it, and follows the way back to the app.
//!
//! Stands in for a browser and the person before it. Does not judge a request.

use crate::core::check::SignInPrompt;
use crate::core::cloud::is_loopback;
use crate::sandbox::entra::{Landing, answer_code, land};
use crate::sandbox::tenant::Person;
use crate::sandbox::{AUTHORITY, Request, Shared};
use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, Method, header};
use std::net::Ipv4Addr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use url::Url;

/// How long the app may take to answer the browser that comes back.
const PATIENCE: Duration = Duration::from_secs(10);

/// Answers a prompt, and says what was done; or what the page says, or why the way back led nowhere.
pub(super) async fn answer(shared: &Shared, prompt: &SignInPrompt, approve: bool) -> Result<String, String> {
    if !shared.tenant().plugged {
        return Err("the network is unplugged".into());
    }
    let done = if approve { "signed in and approved" } else { "denied" };
    match prompt {
        SignInPrompt::DeviceCode { .. } if shared.tenant().person == Person::Away => {
            Ok("Nobody is there who enters the code.".into())
        }
        SignInPrompt::DeviceCode { code, .. } => {
            answer_code(&mut shared.tenant(), code, approve).map_err(|refusal| refusal.told())?;
            Ok(format!("The user entered the code and {done}."))
        }
        SignInPrompt::Browser { url, .. } => {
            let landing = {
                let (request, name) = opened(shared, url)?;
                land(&mut shared.tenant(), &request, &name, approve)
            };
            match landing {
                Landing::Stuck(refusal) => Err(refusal.told()),
                Landing::Back(back) => {
                    let failed = back.query_pairs().find(|(name, _)| name == "error_description");
                    let told = match failed {
                        Some((_, text)) if approve => format!("The user {done}, but Entra ID says: {text}"),
                        _ => format!("The user {done} in the browser."),
                    };
                    visit(&back).await.map(|()| told)
                }
            }
        }
    }
}

/// The request that a browser makes of this page, and the tenant in it.
fn opened(shared: &Shared, url: &str) -> Result<(Request, String), String> {
    let url = Url::parse(url).map_err(|error| format!("the sign-in page has no address: {error}"))?;
    let own = format!("http://{}", shared.address);
    let origin = url.origin().ascii_serialization();
    if origin != AUTHORITY && origin != own {
        return Err(format!("{origin} is no sign-in host of the sandbox"));
    }
    let host = origin.split_once("://").map_or("", |(_, host)| host);
    let headers = HeaderValue::from_str(host).map(|host| HeaderMap::from_iter([(header::HOST, host)]));
    let target = url[url::Position::BeforePath..url::Position::AfterQuery].parse();
    let (Ok(headers), Ok(target)) = (headers, target) else { return Err("the sign-in page has no address".into()) };
    let request = Request::new(Method::GET, &target, headers, Bytes::new());
    match request.path.as_slice() {
        [name, oauth, version, page] if [oauth, version, page] == ["oauth2", "v2.0", "authorize"] => {
            let name = name.clone();
            Ok((request, name))
        }
        _ => Err("that is no authorization page".into()),
    }
}

/// Goes back to the app, which listens on this machine: nothing else is reached.
async fn visit(back: &Url) -> Result<(), String> {
    let host = back.host_str().unwrap_or_default();
    let (true, Some(port)) = (back.scheme() == "http" && is_loopback(host), back.port_or_known_default()) else {
        return Err(format!("the browser was sent to {host}, where a rehearsal does not go"));
    };
    let target = &back[url::Position::BeforePath..url::Position::AfterQuery];
    let request = format!("GET {target} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n");
    let exchange = async {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
        stream.write_all(request.as_bytes()).await?;
        let mut first = [0; 1024];
        // Whatever the page says: that it answers is enough.
        stream.read(&mut first).await
    };
    match tokio::time::timeout(PATIENCE, exchange).await {
        Ok(Ok(1..)) => Ok(()),
        Ok(Ok(_)) => Err(format!("nothing came from the app at {host}:{port}")),
        Ok(Err(error)) => Err(format!("the browser could not go back to {host}:{port}: {error}")),
        Err(_) => Err(format!("the app at {host}:{port} did not answer the browser")),
    }
}
