//! Tokens for a signed-in user: authorization code with PKCE over a loopback redirect, and device code.
//!
//! The person signs in at the sign-in host's own pages; this program only sees the code or token (safety rule 14). Does
//! not know who shows the page or the code. A refresh token is tried once and dropped.

use crate::core::check::{CheckId, SignInPrompt};
use crate::core::cloud::HostKind;
use crate::core::credential::Credential;
use crate::core::evidence::{self, Evidence, Fault, Mark, Origin, Reply};
use crate::core::profile::Profile;
use crate::core::resource::ResourceUrl;
use crate::core::secret::Scrubber;
use crate::core::untrusted::Untrusted;
use crate::net::client::{Ask, Call};
use crate::net::progress::Progress;
use crate::net::redirect::{self, Brought};
use crate::net::token::{self, Answer, Tokens, form, refusal, take};
use crate::net::{Client, RunRequest};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use std::io;
use std::time::Duration;
use url::form_urlencoded::Serializer;
use zeroize::Zeroizing;

/// How long a browser is waited for (safety rule 14).
const BROWSER: Duration = Duration::from_secs(120);
/// The longest that a device code is waited for, whatever its issuer says. Facts 1.8: 900 s is usual.
const LONGEST: u64 = 900;
/// The longest pause between two polls.
const SLOWEST: Duration = Duration::from_secs(60);
/// Seconds between polls, where the issuer does not say (RFC 8628, 3.2).
const INTERVAL: u64 = 5;
/// What is waited for beyond the end of a code, so that the issuer's own word for it comes first.
const GRACE: Duration = Duration::from_secs(2);
const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// What a sign-in works with.
pub(super) struct Signing<'a> {
    pub client: &'a Client,
    pub request: &'a RunRequest,
    pub credential: &'a Credential,
    pub scrubber: &'a Scrubber,
    pub progress: &'a Progress<'a>,
}

impl Signing<'_> {
    fn profile(&self) -> &Profile {
        &self.request.profile
    }

    /// What the token is asked for: the resource, and leave to renew it.
    fn scope(&self) -> String {
        format!("{} offline_access", self.profile().resource.scope())
    }

    /// Signs a user in by the browser of this machine.
    pub async fn loopback(&self) -> Answer {
        if let Err(answer) = self.tenant_answers().await {
            return answer;
        }
        let (Some(state), Some(verifier)) = (random(), random()) else { return self.broken("no random numbers") };
        let listener = match redirect::Listener::open(self.profile().redirect_uri.as_deref()).await {
            Ok(listener) => listener,
            Err(error) => return self.no_listener(&error),
        };
        let mut marks = vec![Mark::UserSignIn];
        marks.extend(listener.is_own().then_some(Mark::OwnRedirect));
        let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()));
        let query = Serializer::new(String::new())
            .extend_pairs([
                ("client_id", self.profile().client.to_string().as_str()),
                ("response_type", "code"),
                ("response_mode", "query"),
                ("redirect_uri", listener.uri()),
                ("scope", &self.scope()),
                ("state", &state),
                ("code_challenge", &challenge),
                ("code_challenge_method", "S256"),
            ])
            .finish();
        let url = self.profile().authority.join(&format!("/{}/oauth2/v2.0/authorize?{query}", self.profile().tenant));
        self.progress.sign_in(CheckId::Token, SignInPrompt::Browser { url, lasts: BROWSER }).await;
        let redirect_uri = listener.uri().to_owned();
        let brought = tokio::select! {
            brought = tokio::time::timeout(BROWSER, listener.wait(&state)) => brought,
            text = self.page() => Ok(Brought::Refusal(text)),
        };
        let code = match brought {
            Err(_) => return Answer::Denied(self.nobody("nobody signed in within two minutes")),
            Ok(Brought::Code(code)) => code,
            Ok(Brought::Refusal(text)) => {
                let evidence = self.told(&text, &marks);
                return Answer::Denied(evidence.naming("redirect_uri", &redirect_uri));
            }
        };
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", &redirect_uri),
            ("code_verifier", &verifier),
            ("scope", &self.scope()),
        ];
        let form = form(self.profile(), Some(self.credential), &fields);
        // A code is good once (RFC 6749, 4.1.2): asking again would hide why the first time failed.
        match self.client.ask_once(&token::ask(self.profile(), &form)).await {
            Err(evidence) => Answer::Unreachable(evidence),
            Ok(reply) => self.answered(reply, &[Mark::UserSignIn], Some(self.credential)).await,
        }
    }

    /// Signs a user in by a code that is typed into a browser anywhere. Facts 1.8: the documented request holds no
    /// secret, so the app must allow public client flows.
    pub async fn device_code(&self) -> Answer {
        let marks = [Mark::UserSignIn, Mark::DeviceCode];
        let form = form(self.profile(), None, &[("scope", &self.scope())]);
        let ask = Ask {
            check: CheckId::Token,
            url: self.profile().authority.join(&format!("/{}/oauth2/v2.0/devicecode", self.profile().tenant)),
            call: Call::PostForm(&form),
            bearer: None,
        };
        let reply = match self.client.ask(&ask, self.progress).await {
            Ok(reply) => reply,
            Err(evidence) => return Answer::Unreachable(evidence),
        };
        let Some(issued) = Issued::read(&reply, self.request) else {
            let mut evidence = refusal(&reply, self.scrubber);
            evidence.marks.extend(marks);
            return Answer::Refused(reply, evidence);
        };
        let (url, code) = (issued.page, issued.user_code);
        self.progress.sign_in(CheckId::Token, SignInPrompt::DeviceCode { url, code, lasts: issued.lasts }).await;
        tokio::select! {
            answer = self.poll(&issued.device_code, issued.interval, &marks) => answer,
            text = self.page() => Answer::Denied(self.told(&text, &marks)),
            () = tokio::time::sleep(issued.lasts + GRACE) => {
                Answer::Denied(self.nobody("nobody signed in before the code ended"))
            }
        }
    }

    /// What the person reads on a page that does not lead back here.
    async fn page(&self) -> String {
        if let Some(mut page) = self.request.page.clone()
            && let Ok(text) = page.wait_for(|text| !text.is_empty()).await
        {
            return text.clone();
        }
        std::future::pending().await
    }

    /// The evidence in what the sign-in service told the person's browser, or the person.
    fn told(&self, text: &str, marks: &[Mark]) -> Evidence {
        let mut evidence = evidence::read_text(&self.scrubber.scrub(text));
        evidence.check = Some(CheckId::Token);
        evidence.origin = Some(Origin::Entra);
        evidence.marks.extend(marks);
        evidence
    }

    /// Asks for the token until the person has signed in, or has not.
    async fn poll(&self, device_code: &str, interval: Duration, marks: &[Mark]) -> Answer {
        let fields = [("grant_type", DEVICE_GRANT), ("device_code", device_code)];
        let form = form(self.profile(), None, &fields);
        let ask = token::ask(self.profile(), &form);
        let mut pace = Pace { interval, pause: interval };
        loop {
            tokio::time::sleep(pace.pause).await;
            // A connection that breaks meanwhile says nothing about the sign-in; the time limit ends this.
            let reply = match self.client.ask_once(&ask).await {
                Ok(reply) => reply,
                Err(evidence) if matches!(evidence.fault, Some(Fault::Connect | Fault::Timeout)) => {
                    pace.back_off();
                    continue;
                }
                Err(evidence) => return Answer::Unreachable(evidence),
            };
            let error = reply.json().and_then(|json| Some(json.get("error")?.as_str()?.to_owned()));
            if !pace.goes_on(error.as_deref(), reply.status) {
                return self.answered(reply, marks, None).await;
            }
        }
    }

    /// What a token endpoint gave a signed-in user. A refresh token is tried at once: the product lives on it.
    async fn answered(&self, mut reply: Reply, marks: &[Mark], credential: Option<&Credential>) -> Answer {
        let Some(Tokens { access, mut details, refresh }) = take(&mut reply) else {
            let mut evidence = refusal(&reply, self.scrubber);
            evidence.marks.extend(marks);
            return Answer::Refused(reply, evidence);
        };
        let (renewal, why) = match refresh {
            None => ("refused", Some("the sign-in gives no refresh token, so it ends with this token".to_owned())),
            Some(refresh) => self.renew(&refresh, credential).await,
        };
        details.insert("renewal".into(), renewal.into());
        details.extend(why.map(|why| ("notes".to_owned(), vec![why].into())));
        Answer::Granted(access, details)
    }

    /// Whether a new token can be had without the person: in a word, and why not.
    async fn renew(&self, refresh: &str, credential: Option<&Credential>) -> (&'static str, Option<String>) {
        let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh), ("scope", &self.scope())];
        let form = form(self.profile(), credential, &fields);
        let not_told = || ("unknown", Some("whether the sign-in can be renewed was not told".to_owned()));
        let Ok(mut reply) = self.client.ask_once(&token::ask(self.profile(), &form)).await else { return not_told() };
        if take(&mut reply).is_some() {
            return ("works", None);
        }
        if reply.status == 429 || reply.status >= 500 {
            return not_told();
        }
        let evidence = refusal(&reply, self.scrubber);
        let code = evidence.codes.first().map(|code| format!(" (AADSTS{code})")).unwrap_or_default();
        let why = format!(
            "the sign-in works now, but cannot be renewed{code}: the product will have to ask its user again within the hour"
        );
        ("refused", Some(why))
    }

    /// Whether the sign-in host answers for the tenant, before a person is bothered. Facts 1.7.
    async fn tenant_answers(&self) -> Result<(), Answer> {
        let ask = Ask {
            check: CheckId::Token,
            url: self
                .profile()
                .authority
                .join(&format!("/{}/v2.0/.well-known/openid-configuration", self.profile().tenant)),
            call: Call::Get,
            bearer: None,
        };
        let reply = self.client.ask(&ask, self.progress).await.map_err(Answer::Unreachable)?;
        let has = |field: &str| reply.json().is_some_and(|json| json.get(field).is_some_and(Value::is_string));
        if reply.status == 200 && has("authorization_endpoint") {
            return Ok(());
        }
        let mut evidence = refusal(&reply, self.scrubber);
        evidence.marks.insert(Mark::UserSignIn);
        Err(Answer::Refused(reply, evidence))
    }

    /// Nobody was there: says nothing about the values.
    pub fn nobody(&self, what: &str) -> Evidence {
        let mut evidence = Evidence::local(CheckId::Token, [Mark::NobodySignedIn, Mark::UserSignIn]);
        evidence.text = Untrusted::plain(what);
        evidence
    }

    /// No browser can come back to this machine.
    fn no_listener(&self, error: &io::Error) -> Answer {
        let evidence = Evidence::local(CheckId::Token, [Mark::UserSignIn, Mark::NoListener]);
        Answer::Denied(evidence.naming("reason", &error.to_string()))
    }

    /// This machine could not do its part.
    fn broken(&self, what: &str) -> Answer {
        Answer::Denied(Evidence::saying(CheckId::Token, what, Some(Mark::UserSignIn)))
    }
}

/// How fast a device code is polled for.
struct Pace {
    /// What the issuer wants between two polls.
    interval: Duration,
    /// What is waited for before the next.
    pause: Duration,
}

impl Pace {
    /// Whether this answer says to ask again. From a `slow_down` on all polls are slower (RFC 8628, 3.5).
    fn goes_on(&mut self, error: Option<&str>, status: u16) -> bool {
        match error {
            Some("authorization_pending") => self.pause = self.interval,
            Some("slow_down") => {
                self.interval = (self.interval + Duration::from_secs(INTERVAL)).min(SLOWEST);
                self.pause = self.interval;
            }
            _ if status == 429 || status >= 500 => self.back_off(),
            _ => return false,
        }
        true
    }

    /// Something is busy or broken: longer from time to time.
    fn back_off(&mut self) {
        self.pause = (self.pause * 2).min(SLOWEST);
    }
}

/// A code that was issued for a device.
struct Issued {
    page: String,
    user_code: String,
    device_code: Zeroizing<String>,
    lasts: Duration,
    interval: Duration,
}

impl Issued {
    /// `None` unless everything is there, and the page is one of Microsoft's (safety rule 14).
    fn read(reply: &Reply, request: &RunRequest) -> Option<Issued> {
        let json = reply.json().filter(|_| reply.status == 200)?;
        let text = |name: &str| json.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let number =
            |name: &str| json.get(name).and_then(|value| value.as_u64().or_else(|| value.as_str()?.parse().ok()));
        let (user_code, device_code) = (text("user_code")?, text("device_code")?);
        let is_plain = user_code.len() <= 32 && user_code.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        let page = text("verification_uri").or_else(|| text("verification_url"))?;
        let lasts = Duration::from_secs(number("expires_in").unwrap_or(LONGEST).clamp(1, LONGEST));
        let interval =
            Duration::from_secs(number("interval").unwrap_or(INTERVAL)).clamp(Duration::from_secs(1), SLOWEST);
        (is_plain && is_sign_in_page(page, request)).then(|| Issued {
            page: page.to_owned(),
            user_code: user_code.to_owned(),
            device_code: Zeroizing::new(device_code.to_owned()),
            lasts,
            interval,
        })
    }
}

/// Whether a page is on a sign-in host of Microsoft's, or on the profile's own host where that is this machine or the
/// sandbox.
fn is_sign_in_page(page: &str, request: &RunRequest) -> bool {
    if page.len() > 200 || !page.bytes().all(|b| b.is_ascii_graphic()) {
        return false;
    }
    let Ok((url, _)) = ResourceUrl::parse(page) else { return false };
    match request.clouds.kind(url.host()) {
        HostKind::SignIn => true,
        HostKind::Sandbox | HostKind::Loopback => url == request.profile.authority,
        _ => request.clouds.device_pages.iter().any(|host| host == url.host()),
    }
}

/// 256 random bits as text: 43 characters, as RFC 7636 wants at least.
fn random() -> Option<Zeroizing<String>> {
    let mut bytes = Zeroizing::new([0u8; 32]);
    SystemRandom::new().fill(bytes.as_mut()).ok()?;
    Some(Zeroizing::new(URL_SAFE_NO_PAD.encode(bytes.as_slice())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn polls_stay_slower_once_they_were_too_fast() {
        let seconds = Duration::from_secs;
        let mut pace = Pace { interval: seconds(5), pause: seconds(5) };
        for (error, status, wanted) in [
            (Some("authorization_pending"), 400, 5),
            (Some("slow_down"), 400, 10),
            (Some("authorization_pending"), 400, 10),
            (None, 503, 20),
            (None, 429, 40),
            (None, 500, 60),
            (Some("authorization_pending"), 400, 10),
            (Some("slow_down"), 400, 15),
        ] {
            assert!(pace.goes_on(error, status));
            assert_eq!(pace.pause, seconds(wanted), "{error:?} {status}");
        }
        for (error, status) in [(Some("expired_token"), 400), (None, 200), (None, 302)] {
            assert!(!pace.goes_on(error, status), "{error:?} {status}");
        }
    }
}
