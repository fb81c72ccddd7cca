//! The HTTP client: limits, redirects never followed, names of the sandbox mapped to its port, transport faults told apart.
//!
//! Does not know what is asked, or what an answer means.

use crate::core::check::CheckId;
use crate::core::cloud::ends_on_dot;
use crate::core::evidence::{Evidence, Fault, Reply};
use crate::core::secret::AccessToken;
use crate::core::untrusted::Untrusted;
use crate::net::progress::Progress;
use crate::net::tls;
use reqwest::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderMap, LOCATION, RETRY_AFTER, WWW_AUTHENTICATE};
use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use url::Url;

/// The largest body that is read (safety rule 9).
const MAX_BODY: usize = 1024 * 1024;
/// The deepest JSON that is read (safety rule 9).
const MAX_DEPTH: usize = 64;
/// How long connecting may take, TLS included (safety rule 9).
const CONNECT: Duration = Duration::from_secs(5);
/// How long to wait before the second and the third try, when the answer does not say.
const PAUSES: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(1)];
/// The ending of the sandbox's names, reserved for tests by RFC 6761.
const SANDBOX_ENDING: &str = "sandbox.test";

/// How the network may be used.
#[derive(Debug, Clone)]
pub struct NetOptions {
    /// Limit of one exchange; connecting has 5 s of it.
    pub exchange: Duration,
    /// How long one check may wait for a retry in all: 30 s on screen, 5 s headless (safety rule 9).
    pub waiting: Duration,
    /// The in-process sandbox: its names go there, and nothing else is reached. `None` inside means offline.
    pub sandbox: Option<Option<SocketAddr>>,
    /// The way out. Plain http stays on this machine and never takes it, nor does the sandbox.
    pub proxy: Proxy,
}

/// Which proxy stands between here and the services.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proxy {
    /// What the usual variables say (`HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY`), or the system's settings.
    FromEnvironment,
    /// None, whatever the environment says.
    None,
    /// This one.
    At(String),
}

impl Default for NetOptions {
    fn default() -> Self {
        NetOptions {
            exchange: Duration::from_secs(20),
            waiting: Duration::from_secs(5),
            sandbox: None,
            proxy: Proxy::FromEnvironment,
        }
    }
}

/// Why there is no client.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ClientError {
    /// The extra certification authority cannot be used.
    #[error("{0}")]
    Authority(String),
    /// The system's trust store or TLS could not be set up.
    #[error("TLS could not be set up: {0}")]
    Tls(String),
}

/// One HTTP client for one run.
#[derive(Debug, Clone)]
pub struct Client {
    options: NetOptions,
    /// For https.
    secure: reqwest::Client,
    /// For plain http, which is for this machine only: through a proxy a secret would leave it unencrypted.
    local: reqwest::Client,
}

/// One request.
pub(super) struct Ask<'a> {
    /// The check that asks.
    pub check: CheckId,
    /// Where: a whole URL.
    pub url: String,
    /// What.
    pub call: Call<'a>,
    /// The token, for the origin that it was asked for.
    pub bearer: Option<&'a AccessToken>,
}

/// Method and body.
#[derive(Clone, Copy)]
pub(super) enum Call<'a> {
    /// `GET`.
    Get,
    /// `POST` of a form that is encoded already.
    PostForm(&'a str),
    /// `POST` with a body of length 0.
    PostNothing,
}

impl Client {
    /// A client; `extra_authority` is what stands in a PEM file.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(options: &NetOptions, extra_authority: Option<&[u8]>) -> Result<Client, ClientError> {
        let tls = tls::config(extra_authority)?;
        let build = |proxy: &Proxy| {
            let mut builder = reqwest::Client::builder()
                .tls_backend_preconfigured(tls.clone())
                .redirect(reqwest::redirect::Policy::none())
                .connect_timeout(CONNECT.min(options.exchange))
                .timeout(options.exchange)
                .user_agent(concat!("d365-connect/", env!("CARGO_PKG_VERSION")));
            match proxy {
                Proxy::FromEnvironment => {}
                Proxy::None => builder = builder.no_proxy(),
                Proxy::At(url) => builder = builder.proxy(reqwest::Proxy::all(url)?),
            }
            builder.build()
        };
        let wrong = |error: reqwest::Error| ClientError::Tls(said(&error));
        Ok(Client {
            options: options.clone(),
            secure: build(&options.proxy).map_err(wrong)?,
            local: build(&Proxy::None).map_err(wrong)?,
        })
    }

    /// Asks, and asks again within the limits: at most three times, on 429, 5xx and connect faults only. A
    /// `Retry-After` beyond what may still be waited is reported at once.
    ///
    /// # Errors
    /// With the evidence, when no answer came.
    pub(super) async fn ask(&self, ask: &Ask<'_>, progress: &Progress<'_>) -> Result<Reply, Evidence> {
        let mut left = self.options.waiting;
        for pause in PAUSES {
            let outcome = self.ask_once(ask).await;
            let (reason, wait) = match &outcome {
                Ok(reply) if reply.status == 429 || (500..600).contains(&reply.status) => {
                    (format!("status {}", reply.status), reply.retry_after.map_or(pause, Duration::from_secs))
                }
                Err(evidence) if evidence.fault == Some(Fault::Connect) => ("no connection".into(), pause),
                _ => return outcome,
            };
            if wait > left {
                return outcome;
            }
            left -= wait;
            progress.waiting(ask.check, reason, wait).await;
            tokio::time::sleep(wait).await;
        }
        self.ask_once(ask).await
    }

    /// Asks once.
    ///
    /// # Errors
    /// With the evidence, when no answer came.
    pub(super) async fn ask_once(&self, ask: &Ask<'_>) -> Result<Reply, Evidence> {
        let wanted = Url::parse(&ask.url);
        let host = wanted.as_ref().ok().and_then(Url::host_str).unwrap_or_default().to_owned();
        let fault = |fault, text: &str| {
            let evidence = Evidence { check: Some(ask.check), fault: Some(fault), ..Evidence::default() };
            Evidence { text: Untrusted::plain(text), ..evidence.naming("host", &host) }
        };
        let wanted = wanted.map_err(|error| fault(Fault::Dns, &error.to_string()))?;
        let (url, name) = self.locate(&wanted).map_err(|text| fault(Fault::Dns, text))?;
        let client = if url.scheme() == "https" { &self.secure } else { &self.local };
        let mut request = match ask.call {
            Call::Get => client.get(url),
            Call::PostForm(form) => {
                client.post(url).header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(form.to_owned())
            }
            Call::PostNothing => client.post(url).header(CONTENT_LENGTH, 0).body(""),
        }
        .header(ACCEPT, "application/json");
        if let Some(name) = name {
            request = request.header(HOST, name);
        }
        if let Some(token) = ask.bearer {
            #[expect(clippy::disallowed_methods, reason = "sent to the service it was asked for; marked sensitive")]
            let token = token.reveal();
            request = request.bearer_auth(token);
        }
        let mut response = request.send().await.map_err(|error| fault(fault_of(&error), &said(&error)))?;
        let mut reply = head(response.status().as_u16(), response.headers());
        loop {
            match response.chunk().await {
                Ok(None) => break,
                Ok(Some(chunk)) if reply.body.len() + chunk.len() > MAX_BODY => {
                    return Err(fault(Fault::Garbled, "the answer is larger than 1 MiB"));
                }
                Ok(Some(chunk)) => reply.body.extend_from_slice(&chunk),
                Err(error) if error.is_timeout() => {
                    return Err(fault(Fault::Timeout, "the answer did not end in time"));
                }
                Err(error) => return Err(fault(Fault::Garbled, &said(&error))),
            }
        }
        if is_too_deep(&reply.body) {
            return Err(fault(Fault::Garbled, "the answer is JSON nested deeper than 64 levels"));
        }
        Ok(reply)
    }

    /// Where a URL really leads, and the name that goes into `Host`, where that differs.
    fn locate(&self, url: &Url) -> Result<(Url, Option<String>), &'static str> {
        let Some(sandbox) = self.options.sandbox else { return Ok((url.clone(), None)) };
        let address = sandbox.ok_or("the sandbox plays a machine without network")?;
        let host = url.host_str().unwrap_or_default();
        if url.scheme() == "https" && ends_on_dot(host, SANDBOX_ENDING) {
            let mut there = url.clone();
            let moved = there.set_scheme("http").is_ok()
                && there.set_ip_host(address.ip()).is_ok()
                && there.set_port(Some(address.port())).is_ok();
            return if moved { Ok((there, Some(host.to_owned()))) } else { Err("this URL has no host") };
        }
        let loopback = host.trim_start_matches('[').trim_end_matches(']') == address.ip().to_string();
        if url.scheme() == "http" && loopback && url.port_or_known_default() == Some(address.port()) {
            return Ok((url.clone(), None));
        }
        Err("with --sandbox nothing outside this machine is reached")
    }
}

/// A reply without its body.
fn head(status: u16, headers: &HeaderMap) -> Reply {
    let text = |name| -> Option<String> {
        let all: Vec<_> = headers.get_all(name).iter().map(|v| String::from_utf8_lossy(v.as_bytes())).collect();
        (!all.is_empty()).then(|| all.join(", "))
    };
    Reply {
        status,
        content_type: text(CONTENT_TYPE).unwrap_or_default().to_ascii_lowercase(),
        location: text(LOCATION),
        retry_after: text(RETRY_AFTER).and_then(|value| seconds(&value, jiff::Timestamp::now())),
        challenge: text(WWW_AUTHENTICATE),
        body: Vec::new(),
    }
}

/// Reads `Retry-After`: seconds, or a date.
fn seconds(value: &str, now: jiff::Timestamp) -> Option<u64> {
    let value = value.trim();
    if let Ok(seconds) = value.parse() {
        return Some(seconds);
    }
    let until = jiff::fmt::rfc2822::parse(value).ok()?.timestamp();
    // A date that has passed means now.
    Some(u64::try_from(until.as_second() - now.as_second()).unwrap_or(0))
}

/// Whether a body is JSON with more than [`MAX_DEPTH`] levels. Counts brackets outside strings.
fn is_too_deep(body: &[u8]) -> bool {
    if !matches!(body.trim_ascii_start().first(), Some(b'{' | b'[')) {
        return false;
    }
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in body {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => depth += 1,
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            return true;
        }
    }
    false
}

/// Which fault an error is, before an answer came.
fn fault_of(error: &reqwest::Error) -> Fault {
    let chain = chain(error);
    let says = |start: &str| chain.iter().any(|cause| cause.to_string().starts_with(start));
    let tls = chain.iter().find_map(|cause| cause.downcast_ref::<rustls::Error>());
    let broke = |kind| chain.iter().any(|cause| cause.downcast_ref::<io::Error>().is_some_and(|io| io.kind() == kind));
    // hyper and hyper-util keep some types to themselves, so those are known by their words. The proxy's own trouble
    // comes first: what is inside it is about the proxy, not about the service.
    if says("tunnel error") || says("SOCKS error") {
        Fault::Proxy
    } else if error.is_timeout() {
        Fault::Timeout
    } else if error.is_dns() || says("invalid dns name") {
        Fault::Dns
    } else if let Some(tls) = tls {
        tls::fault(tls)
    } else if error.is_connect() && broke(io::ErrorKind::UnexpectedEof) {
        Fault::TlsProtocol // hung up in the middle of the handshake
    } else if error.is_connect()
        || broke(io::ErrorKind::ConnectionReset)
        || broke(io::ErrorKind::BrokenPipe)
        || says("connection closed before message completed")
    {
        Fault::Connect
    } else {
        Fault::Garbled
    }
}

/// The messages of an error and its causes, without reqwest's own, which only names the URL.
fn said(error: &reqwest::Error) -> String {
    let mut parts: Vec<String> = Vec::new();
    for cause in chain(error).into_iter().skip(1) {
        let text = cause.to_string();
        if !parts.iter().any(|part| part.contains(&text)) {
            parts.push(text);
        }
    }
    if parts.is_empty() { error.to_string() } else { parts.join(": ") }
}

/// An error and all its causes. `io::Error` does not give its inner error as a source, so it is asked for it.
fn chain<'a>(error: &'a (dyn Error + 'static)) -> Vec<&'a (dyn Error + 'static)> {
    let mut all = vec![error];
    let mut last = error;
    loop {
        let inner = last.downcast_ref::<io::Error>().and_then(|io| io.get_ref()).map(|inner| inner as &dyn Error);
        match inner.or_else(|| last.source()) {
            Some(cause) => {
                all.push(cause);
                last = cause;
            }
            None => return all,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now: jiff::Timestamp = "2026-11-21T10:00:00Z".parse().unwrap();
        for (value, wanted) in [
            ("7", Some(7)),
            (" 120 ", Some(120)),
            ("Sat, 21 Nov 2026 10:00:30 GMT", Some(30)),
            ("Sat, 21 Nov 2026 09:00:00 GMT", Some(0)),
            ("soon", None),
            ("-5", None),
        ] {
            assert_eq!(seconds(value, now), wanted, "{value}");
        }
    }

    #[tokio::test]
    async fn a_name_that_does_not_resolve() {
        // A label of 64 letters: the resolver says no without asking a name server.
        let url = format!("http://{}.test/", "a".repeat(64));
        let options = NetOptions { proxy: Proxy::None, ..NetOptions::default() };
        let ask = Ask { check: CheckId::Environment, url, call: Call::Get, bearer: None };
        let evidence = Client::new(&options, None).unwrap().ask_once(&ask).await.unwrap_err();
        assert_eq!(evidence.fault, Some(Fault::Dns), "{evidence:?}");
    }

    #[test]
    fn depth_counts_brackets_outside_strings() {
        let nested = |levels: usize| format!("{}1{}", "[".repeat(levels), "]".repeat(levels)).into_bytes();
        assert!(!is_too_deep(&nested(MAX_DEPTH)));
        assert!(is_too_deep(&nested(MAX_DEPTH + 1)));
        assert!(!is_too_deep(format!("{{\"a\":\"\\\"{}\"}}", "[".repeat(99)).as_bytes()));
        assert!(!is_too_deep("(".repeat(99).as_bytes()));
    }
}
