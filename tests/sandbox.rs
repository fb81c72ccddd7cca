//! The simulated tenant over real HTTP: what it refuses and why, what it answers, and that its administrator's steps
//! mend each scenario.
#![expect(clippy::disallowed_methods, reason = "tests look inside to prove what is kept")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use d365_connect::assets;
use d365_connect::core::check::SignInPrompt;
use d365_connect::core::credential::Certificate;
use d365_connect::core::guide::{Guide, Product, SignIn};
use d365_connect::core::question::FieldId;
use d365_connect::core::secret::SecretShape;
use d365_connect::sandbox::{AUTHORITY, BUSINESS_CENTRAL, FINANCE_OPERATIONS, GRAPH, Offer, Sandbox, Scenario};
use d365_connect::store::certificates;
use reqwest::header::HOST;
use reqwest::{Client, Method, Response, StatusCode};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use url::Url;

const SESSION: &str = "/api/services/UserSessionService/AifUserSessionService/GetUserSessionInfo";
const ENTITIES: [&str; 6] =
    ["LegalEntities", "CustomersV3", "VendorsV2", "SalesOrderHeadersV2", "ReleasedProductsV2", "LedgerJournalHeaders"];
const GENERIC: &str = "00000015-0000-0000-c000-000000000000";

/// The guide that these tests follow.
fn guide() -> &'static Guide {
    assets::guide("fno-client-credentials").unwrap()
}

/// Runs a test on the kind of runtime that the program has.
fn run<F: Future<Output = ()>>(test: F) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test);
}

/// PKCE's example pair (RFC 7636, appendix B).
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A statement with these claims, signed as PS256; what `more` has goes into its header.
fn assertion(certificate: &Certificate, more: &Value, claims: &Value) -> String {
    let mut header = json!({ "alg": "PS256", "typ": "JWT", "x5t#S256": certificate.x5t_s256() });
    for (name, value) in more.as_object().unwrap() {
        header[name] = value.clone();
    }
    let encoded = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
    let signed = format!("{}.{}", encoded(&header), encoded(claims));
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(certificate.sign(signed.as_bytes()).unwrap()))
}

/// Another process than the sandbox, with the values that its operator noted.
struct Outside {
    client: Client,
    base: String,
    values: BTreeMap<FieldId, String>,
    guide: &'static Guide,
    way: SignIn,
    /// Used instead of a secret, where the operator has one.
    certificate: Option<Certificate>,
}

impl Outside {
    fn of(sandbox: &Sandbox) -> Outside {
        Outside::with(sandbox, guide(), SignIn::App)
    }

    fn with(sandbox: &Sandbox, guide: &'static Guide, way: SignIn) -> Outside {
        // reqwest is built without a TLS provider of its own; only the first of the tests installs one.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let client = Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let base = format!("http://{}", sandbox.address());
        let mut outside = Outside { client, base, values: BTreeMap::new(), guide, way, certificate: None };
        outside.paste(sandbox.noted(guide));
        outside
    }

    fn paste(&mut self, offers: Vec<Offer>) {
        for offer in offers {
            match &offer {
                Offer::Value(field, value) => self.values.insert(*field, value.clone()),
                Offer::Secret(value, _) => self.values.insert(FieldId::Secret, value.reveal().to_owned()),
                Offer::Certificate(pem) => {
                    self.certificate = Some(certificates::read(pem.as_bytes(), None).unwrap());
                    self.values.insert(FieldId::Secret, "a certificate".into())
                }
            };
        }
    }

    fn value(&self, field: FieldId) -> &str {
        &self.values[&field]
    }

    /// The form of a right token request for the noted values.
    fn form(&self) -> BTreeMap<&'static str, String> {
        BTreeMap::from([
            ("grant_type", "client_credentials".into()),
            ("client_id", self.value(FieldId::ClientId).into()),
            ("client_secret", self.value(FieldId::Secret).into()),
            ("scope", format!("{}/.default", self.value(FieldId::ResourceUrl))),
        ])
    }

    async fn post(&self, path: &str, form: &BTreeMap<&'static str, String>) -> (StatusCode, Value) {
        read(self.client.post(format!("{}{path}", self.base)).form(form).send().await.unwrap()).await
    }

    async fn sign_in(&self, form: &BTreeMap<&'static str, String>) -> (StatusCode, Value) {
        let path = format!("/{}/oauth2/v2.0/token", self.value(FieldId::TenantId));
        let mut form = form.clone();
        if let Some(certificate) = &self.certificate
            && form.remove("client_secret").is_some()
        {
            let now = jiff::Timestamp::now().as_second();
            let claims = json!({ "aud": format!("{}{path}", self.base), "iss": self.value(FieldId::ClientId),
                                 "sub": self.value(FieldId::ClientId), "jti": "1", "nbf": now, "exp": now + 600 });
            form.insert("client_assertion_type", JWT_BEARER.into());
            form.insert("client_assertion", assertion(certificate, &json!({}), &claims));
        }
        self.post(&path, &form).await
    }

    /// A token for the noted values, which must be right.
    async fn token(&self) -> String {
        let (status, body) = self.sign_in(&self.form()).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        body["access_token"].as_str().unwrap().to_owned()
    }

    /// A call to the product by its fixed name, as the in-process client makes it.
    fn call(&self, method: Method, path: &str, token: &str) -> reqwest::RequestBuilder {
        let host = self.value(FieldId::ResourceUrl).trim_start_matches("https://");
        let request = self.client.request(method, format!("{}{path}", self.base)).header(HOST, host);
        if token.is_empty() { request } else { request.bearer_auth(token) }
    }

    async fn session(&self, token: &str) -> Response {
        self.call(Method::POST, SESSION, token).header("Content-Length", "0").send().await.unwrap()
    }

    async fn get(&self, path: &str, token: &str) -> Response {
        self.call(Method::GET, path, token).send().await.unwrap()
    }

    /// The whole chain; `Ok`, or the first thing that went wrong as `token 7000215`, `session 401`, `access 403`.
    async fn chain(&self, sandbox: &Sandbox) -> Result<(), String> {
        let token = self.any_token(sandbox).await?;
        let get = async |place: &str, path: &str| {
            let (status, body) = read(self.get(path, &token).await).await;
            if status == StatusCode::OK { Ok(body) } else { Err(format!("{place} {}", status.as_u16())) }
        };
        match self.guide.product {
            Product::FinanceOperations => {
                let session = self.session(&token).await.status();
                if session != StatusCode::OK {
                    return Err(format!("session {}", session.as_u16()));
                }
                for entity in &self.guide.reads {
                    let body = get("access", &format!("/data/{}?$top=1", entity.name)).await?;
                    assert_eq!(body["value"].as_array().unwrap().len(), 1, "{}", entity.name);
                }
            }
            Product::BusinessCentral => {
                get("environment", "/environments/v1.2").await?;
                let base =
                    format!("/v2.0/{}/{}/api/v2.0", self.value(FieldId::TenantId), self.value(FieldId::Environment));
                let body = get("session", &format!("{base}/companies")).await?;
                let wanted = self.value(FieldId::Company);
                let found =
                    body["value"].as_array().unwrap().iter().find(|row| row["name"] == wanted).ok_or("company")?;
                get("access", &format!("{base}/companies({})/customers?$top=1", found["id"].as_str().unwrap())).await?;
            }
            Product::Graph => {
                let body = get("session", "/v1.0/organization").await?;
                assert_eq!(body["value"][0]["id"], self.value(FieldId::TenantId));
            }
        }
        Ok(())
    }

    /// A token in the way of the set-up; else where it stopped and Entra's code, or its word where it has no code.
    async fn any_token(&self, sandbox: &Sandbox) -> Result<String, String> {
        let told = |place: &str, (status, body): (StatusCode, Value)| {
            let code =
                body["error_codes"].get(0).map_or(body["error"].as_str().unwrap_or("?").to_owned(), Value::to_string);
            if status == StatusCode::OK { Ok(body) } else { Err(format!("{place} {code}")) }
        };
        let tenant = self.value(FieldId::TenantId);
        let client = self.value(FieldId::ClientId).to_owned();
        let scope = format!("{}/.default offline_access", self.value(FieldId::ResourceUrl));
        let token = match self.way {
            SignIn::App => told("token", self.sign_in(&self.form()).await)?,
            SignIn::Loopback => {
                let app = Loopback::start().await;
                let back = app.come_back(sandbox, self.page(&app.redirect_uri(), &scope), sandbox.user_approves());
                let back = back.await.map_err(|said| format!("page {}", code_in(&said)))?;
                assert_eq!(back["state"], "a b&c");
                let code = back.get("code").ok_or_else(|| format!("back {}", code_in(&back["error_description"])))?;
                told("token", self.sign_in(&self.code_form(code, &app.redirect_uri())).await)?
            }
            SignIn::DeviceCode => {
                let form = BTreeMap::from([("client_id", client.clone()), ("scope", scope)]);
                let device = told("device", self.post(&format!("/{tenant}/oauth2/v2.0/devicecode"), &form).await)?;
                let prompt = SignInPrompt::DeviceCode {
                    url: device["verification_uri"].as_str().unwrap().into(),
                    code: device["user_code"].as_str().unwrap().into(),
                    lasts: Duration::from_secs(device["expires_in"].as_u64().unwrap()),
                };
                sandbox.answer(&prompt, sandbox.user_approves()).await.unwrap();
                loop {
                    let got = told("token", self.sign_in(&self.device_form(&device)).await);
                    if !matches!(&got, Err(wrong) if ["token 70016", "token slow_down"].contains(&wrong.as_str())) {
                        break got?;
                    }
                    tokio::time::sleep(Duration::from_millis(600)).await;
                }
            }
        };
        if let Some(refresh) = token["refresh_token"].as_str() {
            told("refresh", self.sign_in(&self.refresh_form(refresh)).await)?;
        }
        assert_eq!(token["refresh_token"].is_string(), self.way.is_user());
        Ok(token["access_token"].as_str().unwrap().to_owned())
    }

    /// The address of the authorization page, by its fixed name.
    fn page(&self, redirect_uri: &str, scope: &str) -> Url {
        let mut url =
            Url::parse(&format!("{AUTHORITY}/{}/oauth2/v2.0/authorize", self.value(FieldId::TenantId))).unwrap();
        url.query_pairs_mut().extend_pairs([
            ("client_id", self.value(FieldId::ClientId)),
            ("response_type", "code"),
            ("response_mode", "query"),
            ("redirect_uri", redirect_uri),
            ("scope", scope),
            ("state", "a b&c"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ]);
        url
    }

    fn code_form(&self, code: &str, redirect_uri: &str) -> BTreeMap<&'static str, String> {
        BTreeMap::from([
            ("grant_type", "authorization_code".into()),
            ("client_id", self.value(FieldId::ClientId).into()),
            ("client_secret", self.value(FieldId::Secret).into()),
            ("code", code.into()),
            ("redirect_uri", redirect_uri.into()),
            ("code_verifier", VERIFIER.into()),
        ])
    }

    fn device_form(&self, device: &Value) -> BTreeMap<&'static str, String> {
        BTreeMap::from([
            ("grant_type", "urn:ietf:params:oauth:grant-type:device_code".into()),
            ("client_id", self.value(FieldId::ClientId).into()),
            ("device_code", device["device_code"].as_str().unwrap().into()),
        ])
    }

    /// With the secret, where the sign-in had it too.
    fn refresh_form(&self, token: &str) -> BTreeMap<&'static str, String> {
        let mut form = BTreeMap::from([
            ("grant_type", "refresh_token".into()),
            ("client_id", self.value(FieldId::ClientId).into()),
            ("refresh_token", token.into()),
        ]);
        if self.way == SignIn::Loopback {
            form.insert("client_secret", self.value(FieldId::Secret).into());
        }
        form
    }
}

/// An app on this machine that waits for a browser to come back.
struct Loopback(TcpListener);

impl Loopback {
    async fn start() -> Loopback {
        Loopback(TcpListener::bind("127.0.0.1:0").await.unwrap())
    }

    fn redirect_uri(&self) -> String {
        format!("http://localhost:{}", self.0.local_addr().unwrap().port())
    }

    /// The simulated user opens the page; what comes back with them. `Err` is what the page says that stops them.
    async fn come_back(&self, sandbox: &Sandbox, page: Url, approve: bool) -> Result<BTreeMap<String, String>, String> {
        let prompt = SignInPrompt::Browser { url: page.into(), lasts: Duration::from_secs(120) };
        let heard = async {
            let (mut stream, _) = self.0.accept().await.unwrap();
            let mut head = [0; 8192];
            let length = stream.read(&mut head).await.unwrap();
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await.unwrap();
            let head = String::from_utf8(head[..length].to_vec()).unwrap();
            let target = head.strip_prefix("GET ").unwrap().split(' ').next().unwrap().to_owned();
            let url = Url::parse("http://localhost").unwrap().join(&target).unwrap();
            url.query_pairs().into_owned().collect()
        };
        // The user who is stuck on a page does not come back.
        let answered = sandbox.answer(&prompt, approve);
        tokio::pin!(heard, answered);
        tokio::select! {
            said = &mut answered => said.and(Ok(BTreeMap::new())),
            back = &mut heard => answered.await.map(|_| back),
        }
    }
}

/// The code in a text of Entra's.
fn code_in(text: &str) -> &str {
    text.split_once("AADSTS").map_or(text, |(_, rest)| rest.split(':').next().unwrap())
}

async fn read(response: Response) -> (StatusCode, Value) {
    let status = response.status();
    let body = response.bytes().await.unwrap();
    (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
}

fn part(token: &str, at: usize) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(at).unwrap()).unwrap()).unwrap()
}

/// Every guide with each of its sign-ins.
fn set_ups() -> Vec<(&'static Guide, SignIn)> {
    assets::guides().iter().flat_map(|guide| guide.sign_in.iter().map(move |way| (guide, *way))).collect()
}

/// What goes wrong first ("" is nothing), and the steps that mend it.
fn fault(scenario: Scenario, product: Product, way: SignIn) -> (&'static str, &'static [&'static str]) {
    let by_way = |app, loopback, device| match way {
        SignIn::App => app,
        SignIn::Loopback => loopback,
        SignIn::DeviceCode => device,
    };
    let by_product = |finance_operations, business_central, graph| match product {
        Product::FinanceOperations => finance_operations,
        Product::BusinessCentral => business_central,
        Product::Graph => graph,
    };
    match scenario {
        Scenario::Healthy => ("", &["test"]),
        Scenario::SecretIdPasted => ("token 7000215", &["values", "client-secret"]),
        Scenario::SecretExpired => ("token 7000222", &["client-secret"]),
        Scenario::SecretExpiring => ("", &["client-secret"]),
        Scenario::ClientNotFound => {
            (by_way("token 700016", "page 700016", "device 700016"), &["values", "register-app"])
        }
        Scenario::TenantNotFound => (by_way("token 90002", "page 90002", "device 90002"), &["values", "register-app"]),
        Scenario::ResourceNotFound => {
            (by_way("token 500011", "back 500011", "device 500011"), &["values", "before-you-start"])
        }
        Scenario::ServicePrincipalMissing => {
            (by_way("token 7000229", "back 90094", "token 65001"), &["register-app", "permissions"])
        }
        Scenario::PolicyBlocked => ("token 53003", &["permissions"]),
        Scenario::AppDisabled => (by_way("token 7000112", "back 7000112", "device 7000112"), &["register-app"]),
        Scenario::NotRegistered => ("session 401", &["register-in-d365"]),
        Scenario::UserDisabled => ("session 403", &["register-in-d365"]),
        Scenario::NoPrivilege => ("access 403", &["register-in-d365"]),
        Scenario::WrongAudience => ("session 401", &["values", "before-you-start"]),
        Scenario::Throttled => (by_product("session 429", "environment 429", "session 429"), &["test"]),
        Scenario::Maintenance => ("session 503", &["test"]),
        Scenario::LoginPage => ("session 302", &["before-you-start", "test"]),
        Scenario::Slow => ("late", &["test"]),
        Scenario::Offline => ("silent", &["test"]),
        Scenario::RolesMissing => (by_product("", "environment 401", "session 403"), &["permissions"]),
        Scenario::GraphPermissionMissing => ("session 403", &["permissions"]),
        Scenario::AppCardMissing | Scenario::AppCardDisabled => ("session 401", &["register-in-d365"]),
        Scenario::PermissionSetMissing => ("session 403", &["register-in-d365"]),
        Scenario::WrongEnvironment => ("session 404", &["values", "before-you-start"]),
        Scenario::WrongCompany => ("company", &["values", "before-you-start"]),
        Scenario::ConsentMissing => (by_way("", "back 90094", "token 65001"), &["permissions"]),
        Scenario::RedirectMismatch => ("page 50011", &["register-app", "authentication"]),
        Scenario::SignInDenied => (by_way("", "back 65004", "token authorization_declined"), &["test"]),
        Scenario::CodeExpired => ("token 70019", &["test"]),
        Scenario::DeviceCodeBlocked => ("token 53003", &["permissions"]),
        Scenario::PublicClientBlocked => ("token 7000218", &["register-app", "authentication"]),
        Scenario::RefreshRefused => ("refresh 700082", &["test"]),
        Scenario::UserNotInEnvironment => ("session 401", &["register-in-d365"]),
        Scenario::CertificateNotRegistered | Scenario::CertificateExpired => ("token 700027", &["client-secret"]),
    }
}

#[test]
fn every_scenario_fails_as_it_should_and_is_mended_by_its_step() {
    run(async {
        for scenario in Scenario::ALL {
            let mut seen = Vec::new();
            for (guide, way) in set_ups().into_iter().filter(|(guide, way)| scenario.concerns(guide.product, *way)) {
                // One guide is enough for each kind of set-up, but all are right in the end.
                if *scenario != Scenario::Healthy && seen.contains(&(guide.product, way)) {
                    continue;
                }
                seen.push((guide.product, way));
                let (wrong, steps) = fault(*scenario, guide.product, way);
                for step in steps {
                    let what = format!("{} in {} by {way}: {step}", scenario.as_str(), guide.id);
                    let sandbox = Sandbox::start(*scenario, 0).await.unwrap();
                    let mut outside = Outside::with(&sandbox, guide, way);
                    assert_eq!(sandbox.unplugged(), wrong == "silent");
                    match wrong {
                        // Never an answer, and one after two seconds: both are beyond this limit.
                        "late" | "silent" => {
                            let host = if wrong == "late" { outside.value(FieldId::ResourceUrl) } else { AUTHORITY };
                            let request =
                                outside.client.get(&outside.base).header(HOST, host.trim_start_matches("https://"));
                            let error = request.timeout(Duration::from_millis(100)).send().await.unwrap_err();
                            assert!(error.is_timeout(), "{what}: {error}");
                        }
                        "" => assert_eq!(outside.chain(&sandbox).await, Ok(()), "{what}"),
                        _ => assert_eq!(outside.chain(&sandbox).await, Err(wrong.to_owned()), "{what}"),
                    }
                    let (told, offers) = sandbox.carry_out(guide, step);
                    assert!(told.ends_with('.'), "{what}: {told}");
                    outside.paste(offers);
                    assert!(!sandbox.unplugged());
                    assert_eq!(outside.chain(&sandbox).await, Ok(()), "{what}");
                }
            }
        }
    });
}

#[test]
fn a_scenario_leaves_all_that_it_does_not_concern_healthy() {
    run(async {
        for scenario in Scenario::ALL {
            let sandbox = Sandbox::start(*scenario, 0).await.unwrap();
            for (guide, way) in set_ups().into_iter().filter(|(guide, way)| !scenario.concerns(guide.product, *way)) {
                let what = format!("{} in {} by {way}", scenario.as_str(), guide.id);
                assert_eq!(Outside::with(&sandbox, guide, way).chain(&sandbox).await, Ok(()), "{what}");
            }
        }
    });
}

#[test]
fn an_assertion_is_taken_when_everything_in_it_is_right() {
    run(async {
        let sandbox = Sandbox::start(Scenario::CertificateExpired, 0).await.unwrap();
        let mut outside = Outside::of(&sandbox);
        let old = outside.certificate.take().unwrap();
        outside.paste(sandbox.carry_out(guide(), "client-secret").1);
        let certificate = outside.certificate.take().unwrap();
        let client = outside.value(FieldId::ClientId).to_owned();
        let endpoint = format!("{}/{}/oauth2/v2.0/token", outside.base, outside.value(FieldId::TenantId));
        let now = jiff::Timestamp::now().as_second();
        let right = json!({ "aud": endpoint, "iss": client, "sub": client, "jti": "1", "nbf": now, "exp": now + 600 });
        let wrong = |name: &str, value: Value| {
            let mut claims = right.clone();
            claims[name] = value;
            claims
        };
        let with = async |statement: String, kind: &str| {
            let mut form = outside.form();
            form.remove("client_secret");
            form.insert("client_assertion_type", kind.into());
            form.insert("client_assertion", statement);
            let (status, body) = outside.sign_in(&form).await;
            let token = body["access_token"].as_str().map(|token| part(token, 1));
            assert_eq!(status == StatusCode::OK, token.is_some());
            (body["error_codes"][0].as_u64().unwrap_or_default(), body.to_string(), token)
        };
        let good = assertion(&certificate, &json!({}), &right);
        let (code, _, token) = with(good.clone(), JWT_BEARER).await;
        assert_eq!((code, &token.unwrap()["appidacr"]), (0, &json!("2")));
        let other = assertion(&old, &json!({ "x5t#S256": certificate.x5t_s256() }), &right);
        for (what, code, statement) in [
            (
                "another audience",
                50013,
                assertion(&certificate, &json!({}), &wrong("aud", json!(format!("{endpoint}/")))),
            ),
            ("another issuer", 50048, assertion(&certificate, &json!({}), &wrong("iss", json!("x")))),
            ("another subject", 50048, assertion(&certificate, &json!({}), &wrong("sub", Value::Null))),
            ("no jti", 50027, assertion(&certificate, &json!({}), &wrong("jti", Value::Null))),
            ("too late", 700_024, assertion(&certificate, &json!({}), &wrong("exp", json!(now - 400)))),
            ("too early", 700_024, assertion(&certificate, &json!({}), &wrong("nbf", json!(now + 400)))),
            ("over for ever", 700_024, assertion(&certificate, &json!({}), &wrong("exp", json!(i64::MIN)))),
            ("never begun", 700_024, assertion(&certificate, &json!({}), &wrong("nbf", json!(i64::MAX)))),
            ("unsigned", 50027, assertion(&certificate, &json!({ "alg": "none" }), &right)),
            ("another key", 700_027, other),
            ("an unknown certificate", 700_027, assertion(&certificate, &json!({ "x5t#S256": "AAAA" }), &right)),
            ("the old certificate", 700_027, assertion(&old, &json!({}), &right)),
            ("no statement", 50027, "x".into()),
        ] {
            assert_eq!(with(statement, JWT_BEARER).await.0, code, "{what}");
        }
        let endless = assertion(&certificate, &json!({}), &wrong("exp", json!(i64::MAX)));
        assert_eq!(with(endless, JWT_BEARER).await.0, 0, "an end that no clock reaches");
        assert_eq!(with(good, "jwt").await.0, 7_000_218);
        let (_, told, _) = with(assertion(&old, &json!({}), &right), JWT_BEARER).await;
        assert!(told.contains("The key used is expired") && told.contains(&old.thumbprint()), "{told}");
    });
}

#[test]
fn the_wrong_step_mends_nothing() {
    run(async {
        for (scenario, step, wrong) in [
            (Scenario::SecretExpired, "register-in-d365", "token 7000222"),
            (Scenario::NotRegistered, "client-secret", "session 401"),
            (Scenario::NoPrivilege, "permissions", "access 403"),
            (Scenario::PolicyBlocked, "no-such-step", "token 53003"),
        ] {
            let sandbox = Sandbox::start(scenario, 0).await.unwrap();
            let mut outside = Outside::of(&sandbox);
            outside.paste(sandbox.carry_out(guide(), step).1);
            assert_eq!(outside.chain(&sandbox).await, Err(wrong.to_owned()), "{}", scenario.as_str());
        }
    });
}

#[test]
fn a_healthy_tenant_is_walked_through_from_nothing() {
    run(async {
        let sandbox = Sandbox::start(Scenario::Healthy, 0).await.unwrap();
        let mut outside = Outside::of(&sandbox);
        let before = outside.value(FieldId::Secret).to_owned();
        outside.values.clear();
        for step in ["before-you-start", "register-app", "client-secret", "permissions", "register-in-d365", "test"] {
            outside.paste(sandbox.carry_out(guide(), step).1);
        }
        assert_ne!(outside.value(FieldId::Secret), before);
        assert_eq!(outside.value(FieldId::UserId), "svc-odata");
        assert_eq!(outside.chain(&sandbox).await, Ok(()));
        // The older secret is still held.
        outside.values.insert(FieldId::Secret, before);
        assert_eq!(outside.chain(&sandbox).await, Ok(()));
    });
}

#[test]
fn secrets_are_random_and_look_like_entras() {
    run(async {
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..3 {
            let sandbox = Sandbox::start(Scenario::Healthy, 0).await.unwrap();
            for offer in sandbox.noted(guide()).into_iter().chain(sandbox.carry_out(guide(), "client-secret").1) {
                let Offer::Secret(secret, ends) = offer else { continue };
                assert_eq!(secret.shape(), SecretShape::Usual);
                assert_eq!((secret.reveal().len(), &secret.reveal()[3..6]), (40, "8Q~"));
                assert_eq!((ends - jiff::Zoned::now().date()).get_days(), 180);
                assert!(seen.insert(secret.reveal().to_owned()));
            }
        }
        assert_eq!(seen.len(), 6);
    });
}

#[test]
fn token_refusals() {
    run(async {
        let sandbox = Sandbox::start(Scenario::Healthy, 0).await.unwrap();
        let outside = Outside::of(&sandbox);
        let tenant = outside.value(FieldId::TenantId);
        // Changes to a right v2 form ("" takes a parameter away), tenant, code, OAuth error, status.
        type Case<'a> = (&'a [(&'static str, &'a str)], &'a str, u64, &'a str, u16);
        let table: [Case<'_>; 25] = [
            (&[("grant_type", "")], tenant, 900_144, "invalid_request", 400),
            (&[("grant_type", "password")], tenant, 70_003, "unsupported_grant_type", 400),
            (&[("client_id", "")], tenant, 900_144, "invalid_request", 400),
            (&[("scope", "")], tenant, 900_144, "invalid_request", 400),
            (&[("scope", FINANCE_OPERATIONS)], tenant, 1_002_012, "invalid_scope", 400),
            (&[("scope", "/.default")], tenant, 1_002_012, "invalid_scope", 400),
            (&[("scope", "openid https://contoso.sandbox.test/.default")], tenant, 70_011, "invalid_scope", 400),
            (&[("resource", FINANCE_OPERATIONS)], tenant, 901_002, "invalid_request", 400),
            (&[("client_id", "2f8a1b47-93cd-4e5a-b7f0-6c1d8e9a3b52")], tenant, 700_016, "unauthorized_client", 400),
            (&[("client_id", "contoso-odata")], tenant, 700_016, "unauthorized_client", 400),
            (&[("client_secret", "")], tenant, 7_000_218, "invalid_client", 401),
            (&[("client_secret", ""), ("client_assertion", "e30.e30.e30")], tenant, 7_000_218, "invalid_client", 401),
            (&[("client_secret", "wrong")], tenant, 7_000_215, "invalid_client", 401),
            (&[("client_secret", tenant)], tenant, 7_000_215, "invalid_client", 401),
            (&[("scope", "https://typo.sandbox.test/.default")], tenant, 500_011, "invalid_resource", 400),
            (&[("scope", "https://contoso.sandbox.test/data/.default")], tenant, 500_011, "invalid_resource", 400),
            (&[("scope", "https://contoso.sandbox.test///.default")], tenant, 500_011, "invalid_resource", 400),
            (&[], "common", 9_001_023, "invalid_request", 400),
            (&[], "consumers", 9_001_023, "invalid_request", 400),
            (&[], "organizations", 50_194, "invalid_request", 400),
            (&[], "contoso", 900_023, "invalid_request", 400),
            (&[], "%22Contoso%20Ltd%22", 900_023, "invalid_request", 400),
            (&[], "fabrikam.onmicrosoft.com", 90_002, "invalid_request", 400),
            (&[], "00000000-0000-0000-0000-000000000000", 90_002, "invalid_request", 400),
            // The first fault in Entra's order is the one that is told.
            (&[("client_secret", "wrong"), ("client_id", "x")], "fabrikam.com", 90_002, "invalid_request", 400),
        ];
        for (changes, tenant, code, error, status) in table {
            let mut form = outside.form();
            for (name, value) in changes {
                form.remove(name);
                if !value.is_empty() {
                    form.insert(name, (*value).to_owned());
                }
            }
            let (got, body) = outside.post(&format!("/{tenant}/oauth2/v2.0/token"), &form).await;
            let what = format!("{changes:?} at {tenant}: {body}");
            assert_eq!(
                (got.as_u16(), &body["error"], &body["error_codes"]),
                (status, &json!(error), &json!([code])),
                "{what}"
            );
            let text = body["error_description"].as_str().unwrap();
            assert!(text.starts_with(&format!("AADSTS{code}: ")), "{what}");
            for (label, field) in
                [("Trace ID", "trace_id"), ("Correlation ID", "correlation_id"), ("Timestamp", "timestamp")]
            {
                assert!(text.contains(&format!(" {label}: {}", body[field].as_str().unwrap())), "{what}");
            }
            assert_eq!(body["error_uri"], format!("{}/error?code={code}", outside.base), "{what}");
            assert!(!body.to_string().contains(outside.value(FieldId::Secret)), "{what}");
        }
        let (_, body) = outside
            .sign_in(&{
                let mut form = outside.form();
                form.remove("scope");
                form
            })
            .await;
        assert!(body["error_description"].as_str().unwrap().contains("'scope'"), "{body}");
    });
}

#[test]
fn token_requests_of_other_shapes() {
    run(async {
        let sandbox = Sandbox::start(Scenario::Healthy, 0).await.unwrap();
        let outside = Outside::of(&sandbox);
        let url = format!("{}/contoso.onmicrosoft.com/oauth2", outside.base);
        let form = outside.form();

        let (status, body) =
            read(outside.client.post(format!("{url}/v2.0/token")).json(&form).send().await.unwrap()).await;
        assert_eq!((status.as_u16(), &body["error_codes"]), (400, &json!([900_144])));
        assert!(body["error_description"].as_str().unwrap().contains("'grant_type'"));

        let (status, body) = read(outside.client.get(format!("{url}/v2.0/token")).send().await.unwrap()).await;
        assert_eq!((status.as_u16(), &body["error_codes"]), (405, &json!([900_561])));

        // HTTP Basic instead of the body, each part encoded; the domain instead of the tenant's id.
        let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let pair = format!("{}:{}", encode(&form["client_id"]), encode(&form["client_secret"]));
        let rest: BTreeMap<_, _> = form.iter().filter(|(name, _)| !name.starts_with("client_")).collect();
        let request = outside.client.post(format!("{url}/v2.0/token")).form(&rest);
        let (status, body) =
            read(request.header("Authorization", format!("Basic {}", STANDARD.encode(pair))).send().await.unwrap())
                .await;
        assert_eq!((status, &body["expires_in"]), (StatusCode::OK, &json!(3599)), "{body}");

        // v1: `resource` instead of `scope`, numbers as strings.
        let mut form = form;
        form.remove("scope");
        let (_, body) = outside.post("/contoso.onmicrosoft.com/oauth2/token", &form).await;
        assert_eq!(body["error_codes"], json!([900_144]));
        form.insert("resource", FINANCE_OPERATIONS.into());
        let (status, body) = outside.post("/contoso.onmicrosoft.com/oauth2/token", &form).await;
        assert_eq!(
            (status, &body["expires_in"], &body["resource"]),
            (StatusCode::OK, &json!("3599"), &json!(FINANCE_OPERATIONS))
        );
        assert!(body["expires_on"].as_str().unwrap().parse::<i64>().unwrap() > jiff::Timestamp::now().as_second());
        assert_eq!(outside.session(body["access_token"].as_str().unwrap()).await.status(), StatusCode::OK);
    });
}

#[test]
fn discovery() {
    run(async {
        let sandbox = Sandbox::start(Scenario::Healthy, 0).await.unwrap();
        let outside = Outside::of(&sandbox);
        let tenant = outside.value(FieldId::TenantId);
        let get = async |path: &str, host: &str| {
            read(outside.client.get(format!("{}{path}", outside.base)).header(HOST, host).send().await.unwrap()).await
        };
        let own = outside.base.trim_start_matches("http://");
        for (name, host, base) in [
            ("contoso.onmicrosoft.com", own, outside.base.as_str()),
            (tenant, own, outside.base.as_str()),
            (tenant, "login.sandbox.test", AUTHORITY),
        ] {
            let (status, v2) = get(&format!("/{name}/v2.0/.well-known/openid-configuration"), host).await;
            assert_eq!(status, StatusCode::OK);
            assert_eq!(v2["issuer"], format!("{base}/{tenant}/v2.0"));
            assert_eq!(v2["token_endpoint"], format!("{base}/{name}/oauth2/v2.0/token"));
            assert_eq!(v2["jwks_uri"], format!("{base}/{name}/discovery/v2.0/keys"));
            let (_, v1) = get(&format!("/{name}/.well-known/openid-configuration"), host).await;
            assert_eq!(v1["issuer"], format!("https://sts.windows.net/{tenant}/"));
            assert_eq!(v1["token_endpoint"], format!("{base}/{name}/oauth2/token"));
        }
        for (name, code) in
            [("fabrikam.com", 90_002), ("11111111-2222-4333-8444-555555555555", 90_002), ("contoso", 900_023)]
        {
            let (status, body) = get(&format!("/{name}/v2.0/.well-known/openid-configuration"), own).await;
            assert_eq!((status.as_u16(), &body["error_codes"]), (400, &json!([code])), "{name}");
            assert!(body["error_description"].as_str().unwrap().contains(&format!("'{name}'")), "{body}");
        }
        let ask = |host: &str| {
            format!(
                "/common/discovery/instance?api-version=1.1&authorization_endpoint=https://{host}/common/oauth2/v2.0/authorize"
            )
        };
        let (status, body) = get(&ask("login.sandbox.test"), "login.sandbox.test").await;
        assert_eq!((status, &body["metadata"][0]["preferred_network"]), (StatusCode::OK, &json!("login.sandbox.test")));
        let (status, body) = get(&ask("login.example.test"), "login.sandbox.test").await;
        assert_eq!(
            (status.as_u16(), &body["error"], &body["error_codes"]),
            (400, &json!("invalid_instance"), &json!([50_049]))
        );
    });
}

#[test]
fn tokens_are_signed_and_carry_what_they_should() {
    run(async {
        let sandbox = Sandbox::start(Scenario::Healthy, 0).await.unwrap();
        let outside = Outside::of(&sandbox);
        let token = outside.token().await;
        let (header, claims) = (part(&token, 0), part(&token, 1));
        let tenant = outside.value(FieldId::TenantId);

        let (_, keys) =
            read(outside.client.get(format!("{}/{tenant}/discovery/v2.0/keys", outside.base)).send().await.unwrap())
                .await;
        let key = &keys["keys"][0];
        assert_eq!((&header["alg"], &header["kid"]), (&json!("RS256"), &key["kid"]));
        let number = |name: &str| URL_SAFE_NO_PAD.decode(key[name].as_str().unwrap()).unwrap();
        let public = RsaPublicKeyComponents { n: number("n"), e: number("e") };
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        public.verify(&RSA_PKCS1_2048_8192_SHA256, signed.as_bytes(), &signature).unwrap();
        assert!(public.verify(&RSA_PKCS1_2048_8192_SHA256, &signed.as_bytes()[1..], &signature).is_err());

        for (claim, wanted) in [
            ("aud", json!(FINANCE_OPERATIONS)),
            ("iss", json!(format!("https://sts.windows.net/{tenant}/"))),
            ("tid", json!(tenant)),
            ("appid", json!(outside.value(FieldId::ClientId))),
            ("appidacr", json!("1")),
            ("idtyp", json!("app")),
            ("ver", json!("1.0")),
            ("sub", claims["oid"].clone()),
            ("roles", Value::Null),
        ] {
            assert_eq!(claims[claim], wanted, "{claim}");
        }
        assert!(claims["oid"].is_string() && claims["oid"] != claims["appid"]);
        let now = jiff::Timestamp::now().as_second();
        let time = |name: &str| claims[name].as_i64().unwrap();
        assert!(time("nbf") == time("iat") && time("iat") < now && now + 3000 < time("exp"));

        // The audience is what was asked for, slash, case and generic id included; F&O takes only its own URL.
        for (scope, audience, status) in [
            (format!("{FINANCE_OPERATIONS}//.default"), format!("{FINANCE_OPERATIONS}/"), 401),
            ("https://Contoso.sandbox.test/.default".into(), "https://Contoso.sandbox.test".into(), 401),
            (format!("{GENERIC}/.default"), GENERIC.into(), 401),
            (format!("{}/.default", outside.base), outside.base.clone(), 200),
            (
                format!("http://localhost:{}/.default", sandbox.address().port()),
                format!("http://localhost:{}", sandbox.address().port()),
                200,
            ),
        ] {
            let mut form = outside.form();
            form.insert("scope", scope);
            let (_, body) = outside.sign_in(&form).await;
            let token = body["access_token"].as_str().unwrap();
            assert_eq!(part(token, 1)["aud"], json!(audience));
            assert_eq!(outside.session(token).await.status().as_u16(), status, "{audience}");
        }
    });
}

#[test]
fn forged_tokens_are_refused() {
    run(async {
        let sandbox = Sandbox::start(Scenario::Healthy, 0).await.unwrap();
        let outside = Outside::of(&sandbox);
        let token = outside.token().await;
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let (header, _) = signed.split_once('.').unwrap();
        let mut claims = part(&token, 1);
        claims["exp"] = json!(9_999_999_999_u64);
        let unsigned = URL_SAFE_NO_PAD.encode(r#"{"typ":"JWT","alg":"none"}"#);
        for forged in [
            String::new(),
            "x".into(),
            "e30.e30.e30".into(),
            signed.to_owned(),
            format!("{header}.{}.{signature}", URL_SAFE_NO_PAD.encode(claims.to_string())),
            format!("{unsigned}.{}.", URL_SAFE_NO_PAD.encode(claims.to_string())),
        ] {
            for response in [outside.session(&forged).await, outside.get("/data/LegalEntities", &forged).await] {
                assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{forged}");
                assert!(response.headers()["p3p"].to_str().unwrap().contains("No P3P policy defined"));
                assert!(response.bytes().await.unwrap().is_empty());
            }
        }
        assert_eq!(outside.session(&token).await.status(), StatusCode::OK);
    });
}

#[test]
fn a_token_of_another_start_is_refused() {
    run(async {
        let sandbox = Sandbox::start(Scenario::Healthy, 0).await.unwrap();
        let other = Sandbox::start(Scenario::Healthy, 0).await.unwrap();
        let token = Outside::of(&other).token().await;
        assert_eq!(Outside::of(&sandbox).session(&token).await.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(Outside::of(&other).session(&token).await.status(), StatusCode::OK);
    });
}

#[test]
fn the_session_tells_user_and_company() {
    run(async {
        let sandbox = Sandbox::start(Scenario::Healthy, 0).await.unwrap();
        let outside = Outside::of(&sandbox);
        let token = outside.token().await;
        let (status, body) = read(outside.session(&token).await).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(
            (&body["UserId"], &body["IsSysAdmin"], &body["Company"]),
            (&json!("svc-odata"), &json!(false), &json!("USMF"))
        );
        for field in [
            "CompanyTimeZone",
            "AXLanguage",
            "AOSLocaleName",
            "CurrencyInfo",
            "UserPreferredTimeZone",
            "UserPreferredCalendar",
        ] {
            assert!(!body[field].is_null(), "{field}");
        }
        assert_eq!(outside.get(SESSION, &token).await.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(outside.get("/api/services", &token).await.status(), StatusCode::OK);
        assert_eq!(outside.get("/api/services", "").await.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(outside.get("/api/nothing", &token).await.status(), StatusCode::NOT_FOUND);
    });
}

#[test]
fn a_post_without_a_length_is_not_taken() {
    run(async {
        let sandbox = Sandbox::start(Scenario::Healthy, 0).await.unwrap();
        let mut stream = tokio::net::TcpStream::connect(sandbox.address()).await.unwrap();
        let request = format!("POST {SESSION} HTTP/1.1\r\nHost: contoso.sandbox.test\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 411 "), "{answer}");
    });
}

#[test]
fn a_browser_is_sent_to_the_sign_in_page() {
    run(async {
        let sandbox = Sandbox::start(Scenario::Healthy, 0).await.unwrap();
        let outside = Outside::of(&sandbox);
        let tenant = outside.value(FieldId::TenantId);
        for (host, authority) in [("contoso.sandbox.test", AUTHORITY), (&outside.base[7..], outside.base.as_str())] {
            let response = outside.client.get(format!("{}/", outside.base)).header(HOST, host).send().await.unwrap();
            assert_eq!(response.status(), StatusCode::FOUND);
            let target = response.headers()["location"].to_str().unwrap();
            assert!(target.starts_with(&format!("{authority}/{tenant}/wsfed?wtrealm=spn:{GENERIC}")), "{target}");
        }
    });
}

#[test]
fn entities_are_read_with_odata() {
    run(async {
        let sandbox = Sandbox::start(Scenario::Healthy, 0).await.unwrap();
        let outside = Outside::of(&sandbox);
        let token = outside.token().await;
        // Path, status, and how many rows come.
        for (path, status, rows) in [
            ("/data/CustomersV3", 200, 3),
            ("/data/CustomersV3?$top=1", 200, 1),
            ("/data/CustomersV3?$top=0", 200, 0),
            ("/data/CustomersV3?cross-company=true", 200, 5),
            ("/data/CustomersV3?cross-company=true&$top=4", 200, 4),
            ("/data/CustomersV3?cross-company=true&$filter=dataAreaId eq 'DEMF'", 200, 2),
            ("/data/CustomersV3?$filter=dataAreaId eq 'demf'", 200, 0),
            ("/data/CustomersV3?$filter=CustomerGroupId eq '30' and CustomerAccount eq 'US-002'", 200, 1),
            ("/data/CustomersV3?cross-company=true&$filter=OrganizationName eq 'O''Brien %26 S%C3%B6hne'", 200, 1),
            ("/data/LedgerJournalHeaders?$filter=IsPosted eq Microsoft.Dynamics.DataEntities.NoYes'No'", 200, 1),
            ("/data/SystemUsers?$filter=Enabled eq true", 200, 3),
            ("/data/SecurityRoles", 200, 4),
            ("/data/SecurityUserRoles?$filter=UserId eq 'svc-odata'", 200, 1),
            ("/data/SecurityUserRoleAssociations", 200, 4),
            ("/data/LegalEntities", 200, 2),
            ("/data/CustomersV3?$top=x", 400, 0),
            ("/data/CustomersV3?$top=-1", 400, 0),
            ("/data/CustomersV3?$filter=Nothing eq 'x'", 400, 0),
            ("/data/CustomersV3?$filter=CustomerAccount like 'US'", 400, 0),
            ("/data/CustomersV3?$select=Nothing", 400, 0),
            ("/data/CustomersV3?$orderby=CustomerAccount", 501, 0),
            ("/data/customersv3", 404, 0),
            ("/data/Customers", 404, 0),
            ("/data/$metadata", 404, 0),
            ("/data/SystemUsers(UserID='nobody')", 404, 0),
            ("/data/SystemUsers(Name='Admin')", 400, 0),
            // Only an administrator reads the list of apps.
            ("/data/SysAADClients", 403, 0),
        ] {
            let (got, body) = read(outside.get(path, &token).await).await;
            assert_eq!(got.as_u16(), status, "{path}: {body}");
            if status == 200 {
                assert_eq!(body["value"].as_array().unwrap().len(), rows, "{path}: {body}");
            } else {
                assert!(body["error"]["innererror"]["message"].is_string(), "{path}: {body}");
            }
            assert_eq!(outside.get(path, "").await.status(), StatusCode::UNAUTHORIZED, "{path}");
        }

        let (_, body) =
            read(outside.get("/data/CustomersV3?$top=1&$count=true&$select=CustomerAccount", &token).await).await;
        assert_eq!(
            body,
            json!({ "@odata.context": "https://contoso.sandbox.test/data/$metadata#CustomersV3", "@odata.count": 3,
                    "value": [{ "CustomerAccount": "US-001" }] })
        );
        let (_, body) = read(outside.get("/data/SystemUsers(UserID='svc-odata')", &token).await).await;
        assert_eq!((&body["UserID"], &body["Enabled"]), (&json!("svc-odata"), &json!(true)));
        let (_, body) = read(outside.get("/data", &token).await).await;
        let sets: Vec<&str> =
            body["value"].as_array().unwrap().iter().map(|set| set["name"].as_str().unwrap()).collect();
        assert!(ENTITIES.iter().all(|entity| sets.contains(entity)), "{sets:?}");
    });
}

#[test]
fn pages_lead_to_the_next() {
    run(async {
        let sandbox = Sandbox::start(Scenario::Healthy, 0).await.unwrap();
        let outside = Outside::of(&sandbox);
        let token = outside.token().await;
        for (query, pages) in
            [("cross-company=true", vec![2, 2, 1]), ("cross-company=true&$top=3", vec![2, 1]), ("$top=2", vec![2])]
        {
            let mut path = format!("/data/CustomersV3?{query}");
            let (mut got, mut accounts) = (Vec::new(), std::collections::BTreeSet::new());
            loop {
                let request = outside.call(Method::GET, &path, &token).header("Prefer", "odata.maxpagesize=2");
                let (_, body) = read(request.send().await.unwrap()).await;
                let rows = body["value"].as_array().unwrap();
                got.push(rows.len());
                accounts.extend(rows.iter().map(|row| row["CustomerAccount"].as_str().unwrap().to_owned()));
                let Some(next) = body["@odata.nextLink"].as_str() else { break };
                path = next.strip_prefix(FINANCE_OPERATIONS).unwrap().to_owned();
            }
            assert_eq!((accounts.len(), got), (pages.iter().sum::<usize>(), pages), "{query}");
        }
    });
}

#[test]
fn an_administrators_app_registers_apps_and_switches_users() {
    run(async {
        let sandbox = Sandbox::start(Scenario::NotRegistered, 0).await.unwrap();
        let mut outside = Outside::of(&sandbox);
        let app = outside.value(FieldId::ClientId).to_owned();
        let (_, control) = read(outside.client.get(format!("{}/sandbox", outside.base)).send().await.unwrap()).await;
        let mut admin = outside.form();
        admin.insert("client_id", control["administrator"]["client_id"].as_str().unwrap().into());
        admin.insert("client_secret", control["administrator"]["secret"].as_str().unwrap().into());
        let (_, body) = outside.sign_in(&admin).await;
        let admin = body["access_token"].as_str().unwrap().to_owned();
        assert_eq!(read(outside.session(&admin).await).await.1["IsSysAdmin"], json!(true));

        let find = format!("/data/SysAADClients?$filter=AADClientId eq '{app}'");
        let (_, body) = read(outside.get(&find, &admin).await).await;
        assert_eq!(body["value"], json!([]));
        let send = async |outside: &Outside, method: Method, path: &str, body: Value, token: &str| {
            read(outside.call(method, path, token).json(&body).send().await.unwrap()).await.0.as_u16()
        };
        let line = |user: &str| json!({ "AADClientId": app, "UserId": user, "Name": "by API" });
        for (body, status) in [
            (line("nobody"), 400),
            (json!({ "UserId": "svc-odata" }), 400),
            (json!([]), 400),
            (line("SVC-ODATA"), 201),
            (line("svc-odata"), 400),
        ] {
            assert_eq!(
                send(&outside, Method::POST, "/data/SysAADClients", body.clone(), &admin).await,
                status,
                "{body}"
            );
        }
        assert_eq!(outside.chain(&sandbox).await, Ok(()));
        let (_, body) = read(outside.get(&find, &admin).await).await;
        assert_eq!(body["value"], json!([{ "AADClientId": app, "Name": "by API", "UserId": "svc-odata" }]));

        let user = "/data/SystemUsers(UserID='svc-odata')";
        let own = outside.token().await;
        assert_eq!(send(&outside, Method::PATCH, user, json!({ "Enabled": false }), &own).await, 403);
        assert_eq!(send(&outside, Method::POST, "/data/SysAADClients", line("Admin"), &own).await, 403);
        assert_eq!(send(&outside, Method::PATCH, user, json!({ "Enabled": "no" }), &admin).await, 400);
        assert_eq!(
            send(&outside, Method::PATCH, "/data/SystemUsers('nobody')", json!({ "Enabled": true }), &admin).await,
            404
        );
        assert_eq!(send(&outside, Method::DELETE, user, json!({}), &admin).await, 405);
        assert_eq!(send(&outside, Method::PATCH, user, json!({ "Enabled": false }), &admin).await, 204);
        assert_eq!(outside.chain(&sandbox).await, Err("session 403".into()));
        assert_eq!(send(&outside, Method::PATCH, user, json!({ "Enabled": true }), &admin).await, 204);
        outside.paste(sandbox.carry_out(guide(), "register-in-d365").1);
        assert_eq!(outside.chain(&sandbox).await, Ok(()));
    });
}

#[test]
fn faults_of_the_environment_have_their_marks() {
    run(async {
        for (scenario, status) in [
            (Scenario::Throttled, 429),
            (Scenario::Maintenance, 503),
            (Scenario::LoginPage, 302),
            (Scenario::NotRegistered, 401),
        ] {
            let sandbox = Sandbox::start(scenario, 0).await.unwrap();
            let outside = Outside::of(&sandbox);
            let token = outside.token().await;
            let response = outside.get("/data/LegalEntities?$top=1", &token).await;
            assert_eq!(response.status().as_u16(), status);
            let header = |name: &str| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
            match scenario {
                Scenario::Throttled => assert_eq!(header("retry-after").as_deref(), Some("60")),
                Scenario::LoginPage => assert!(header("location").unwrap().contains("/wsfed?")),
                Scenario::NotRegistered => assert!(header("p3p").is_some()),
                _ => {
                    assert!(header("content-type").unwrap().starts_with("text/html"));
                    assert!(response.text().await.unwrap().contains("maintenance"));
                }
            }
            // The browser's way in stays open but for maintenance.
            let root = outside.get("/", "").await.status().as_u16();
            assert_eq!(root, if scenario == Scenario::Maintenance { 503 } else { 302 });
        }
    });
}

#[test]
fn other_processes_get_the_values_and_carry_steps_out() {
    run(async {
        let sandbox = Sandbox::start(Scenario::SecretIdPasted, 0).await.unwrap();
        let mut outside = Outside::of(&sandbox);
        let (_, body) = read(outside.client.get(format!("{}/sandbox", outside.base)).send().await.unwrap()).await;
        assert_eq!(body["scenario"], json!("secret-id-pasted"));
        assert_eq!(body["noted"]["secret"], json!(outside.value(FieldId::Secret)));
        for (name, value) in body["values"].as_object().unwrap() {
            if let Some(field) = FieldId::parse(name) {
                outside.values.insert(field, value.as_str().unwrap().to_owned());
            }
        }
        assert_eq!(outside.value(FieldId::ResourceUrl), outside.base);
        assert_eq!(outside.value(FieldId::AuthorityUrl), outside.base);
        // All of it without the fixed names.
        let token = outside.token().await;
        let request = outside.client.post(format!("{}{SESSION}", outside.base)).header("Content-Length", "0");
        assert_eq!(request.bearer_auth(token).send().await.unwrap().status(), StatusCode::OK);

        let step = outside.client.post(format!("{}/sandbox/steps/client-secret", outside.base)).send().await.unwrap();
        let (status, body) = read(step).await;
        assert_eq!(status, StatusCode::OK);
        assert!(body["done"].as_str().unwrap().contains("secret"));
        let secret = body["values"]["secret"].as_str().unwrap();
        assert_ne!(secret, outside.value(FieldId::Secret));
        assert_eq!(body["values"]["credential.expires"].as_str().unwrap().len(), 10);
        outside.values.insert(FieldId::Secret, secret.to_owned());
        outside.token().await;
        assert_eq!(outside.get("/sandbox/steps", "").await.status(), StatusCode::NOT_FOUND);
    });
}

/// What the user brings back from the page, in a healthy tenant.
async fn code_for(outside: &Outside, sandbox: &Sandbox, scope: &str) -> (String, String) {
    let app = Loopback::start().await;
    let back = app.come_back(sandbox, outside.page(&app.redirect_uri(), scope), true).await.unwrap();
    (back["code"].clone(), app.redirect_uri())
}

#[test]
fn tokens_of_users_carry_what_they_should() {
    run(async {
        let sandbox = Sandbox::start(Scenario::Healthy, 0).await.unwrap();
        let outside = Outside::with(&sandbox, assets::guide("fno-delegated").unwrap(), SignIn::Loopback);
        // Scope, audience, permissions, whether a refresh token comes.
        for (scope, audience, permissions, refresh) in [
            (
                "https://contoso.sandbox.test/.default",
                FINANCE_OPERATIONS,
                "AX.FullAccess CustomService.FullAccess Odata.FullAccess",
                false,
            ),
            (
                "openid profile offline_access https://contoso.sandbox.test/Odata.FullAccess",
                FINANCE_OPERATIONS,
                "AX.FullAccess CustomService.FullAccess Odata.FullAccess",
                true,
            ),
            (
                "https://businesscentral.sandbox.test/user_impersonation",
                BUSINESS_CENTRAL,
                "Financials.ReadWrite.All user_impersonation",
                false,
            ),
            ("https://graph.sandbox.test/User.Read offline_access", GRAPH, "Organization.Read.All User.Read", true),
            ("User.Read", "00000003-0000-0000-c000-000000000000", "Organization.Read.All User.Read", false),
        ] {
            let (code, redirect_uri) = code_for(&outside, &sandbox, scope).await;
            let (status, body) = outside.sign_in(&outside.code_form(&code, &redirect_uri)).await;
            assert_eq!(status, StatusCode::OK, "{scope}: {body}");
            let claims = part(body["access_token"].as_str().unwrap(), 1);
            for (claim, wanted) in [
                ("aud", json!(audience)),
                ("scp", json!(permissions)),
                ("upn", json!("anna.berg@contoso.onmicrosoft.com")),
                ("name", json!("Anna Berg")),
                ("appid", json!(outside.value(FieldId::ClientId))),
                ("appidacr", json!("1")),
                ("tid", json!(outside.value(FieldId::TenantId))),
                ("roles", Value::Null),
                ("idtyp", Value::Null),
            ] {
                assert_eq!(claims[claim], wanted, "{scope}: {claim}");
            }
            assert_eq!(body["refresh_token"].is_string(), refresh, "{scope}");
            let first = format!("{audience}/{}", permissions.split(' ').next().unwrap());
            assert!(body["scope"].as_str().unwrap().starts_with(&first), "{scope}: {body}");
        }
    });
}

#[test]
fn refusals_of_the_authorization_page() {
    run(async {
        let sandbox = Sandbox::start(Scenario::Healthy, 0).await.unwrap();
        let outside = Outside::with(&sandbox, assets::guide("business-central").unwrap(), SignIn::Loopback);
        let scope = format!("{BUSINESS_CENTRAL}/.default");
        // What is changed ("" takes it away), and the code: on the page, or sent back to the app.
        for (name, value, wanted) in [
            ("client_id", "2f8a1b47-93cd-4e5a-b7f0-6c1d8e9a3b52", "page 700016"),
            ("client_id", "", "page 900144"),
            ("redirect_uri", "", "page 900144"),
            ("redirect_uri", "http://localhost:1/callback", "page 50011"),
            ("redirect_uri", "http://127.0.0.1:1", "page 50011"),
            ("redirect_uri", "https://example.com/oauth", "page 50011"),
            ("redirect_uri", "no address", "page 50011"),
            ("response_type", "token", "back 700054"),
            ("response_type", "", "back 900144"),
            ("response_mode", "fragment", "back 90010"),
            ("code_challenge", "", "back 50147"),
            ("code_challenge", "short", "back 50147"),
            ("code_challenge_method", "plain", "back 50147"),
            ("code_challenge_method", "", "back 50147"),
            ("scope", "", "back 900144"),
            ("scope", "https://typo.sandbox.test/.default", "back 500011"),
            ("scope", "/.default", "back 70011"),
            ("scope", "https://contoso.sandbox.test/.default https://graph.sandbox.test/.default", "back 28000"),
            ("scope", "https://businesscentral.sandbox.test/Everything.All", "back 90094"),
            ("state", "", "back -"),
        ] {
            let app = Loopback::start().await;
            let right = outside.page(&app.redirect_uri(), &scope);
            let mut page = right.clone();
            let pairs = right.query_pairs().filter(|(had, _)| had != name);
            page.query_pairs_mut().clear().extend_pairs(pairs);
            if !value.is_empty() {
                page.query_pairs_mut().append_pair(name, value);
            }
            let got = match app.come_back(&sandbox, page, true).await {
                Err(said) => format!("page {}", code_in(&said)),
                Ok(back) => {
                    assert_eq!(back.get("state").map(String::as_str), (name != "state").then_some("a b&c"), "{name}");
                    assert_eq!(back.contains_key("code"), !back.contains_key("error"), "{back:?}");
                    format!("back {}", back.get("error_description").map_or("-", |text| code_in(text)))
                }
            };
            assert_eq!(got, wanted, "{name}={value}");
        }
        for (tenant, code) in [("fabrikam.com", "90002"), ("common", "50194"), ("contoso", "900023")] {
            let app = Loopback::start().await;
            let page =
                outside.page(&app.redirect_uri(), &scope).as_str().replace(outside.value(FieldId::TenantId), tenant);
            let said = app.come_back(&sandbox, Url::parse(&page).unwrap(), true).await.unwrap_err();
            assert_eq!(code_in(&said), code, "{tenant}");
        }
        // Denied: an error, and no code.
        let app = Loopback::start().await;
        let back = app.come_back(&sandbox, outside.page(&app.redirect_uri(), &scope), false).await.unwrap();
        assert_eq!((back["error"].as_str(), back.contains_key("code")), ("access_denied", false));
        // The simulated user goes to no other host.
        for page in [
            "https://login.microsoftonline.com/x/oauth2/v2.0/authorize",
            "http://127.0.0.1:1/x/oauth2/v2.0/authorize",
            "x",
        ] {
            let prompt = SignInPrompt::Browser { url: page.into(), lasts: Duration::ZERO };
            sandbox.answer(&prompt, true).await.unwrap_err();
        }
    });
}

#[test]
fn refusals_of_users_grants() {
    run(async {
        let sandbox = Sandbox::start(Scenario::Healthy, 0).await.unwrap();
        let outside = Outside::with(&sandbox, assets::guide("fno-delegated").unwrap(), SignIn::Loopback);
        let scope = format!("{FINANCE_OPERATIONS}/.default offline_access");
        let refused = async |form: &BTreeMap<&'static str, String>, changes: &[(&'static str, &str)]| {
            let mut form = form.clone();
            for (name, value) in changes {
                form.remove(name);
                if !value.is_empty() {
                    form.insert(name, (*value).to_owned());
                }
            }
            let (status, body) = outside.sign_in(&form).await;
            assert_ne!(status, StatusCode::OK, "{changes:?}");
            (body["error"].as_str().unwrap().to_owned(), body["error_codes"][0].as_u64().unwrap_or_default())
        };
        let (code, redirect_uri) = code_for(&outside, &sandbox, &scope).await;
        let form = outside.code_form(&code, &redirect_uri);
        let other = "c35f9a08-7d61-4e2b-9f14-8b0a6d2c4e73";
        for (changes, error, number) in [
            (&[("code", "")][..], "invalid_request", 900_144),
            (&[("code", "1.wrong")], "invalid_grant", 70_000),
            (&[("redirect_uri", "")], "invalid_request", 900_144),
            (&[("redirect_uri", "http://localhost:1")], "invalid_grant", 500_112),
            (&[("client_secret", "")], "invalid_client", 7_000_218),
            (&[("client_secret", "wrong")], "invalid_client", 7_000_215),
            (&[("client_id", other), ("client_secret", "wrong")], "invalid_client", 7_000_215),
            (&[("code_verifier", "")], "invalid_grant", 50_148),
            (&[("code_verifier", CHALLENGE)], "invalid_grant", 501_481),
        ] {
            assert_eq!(refused(&form, changes).await, (error.to_owned(), number), "{changes:?}");
        }
        // The right one is good once; none of the refused attempts has used it up.
        let (_, token) = outside.sign_in(&form).await;
        let refresh = outside.refresh_form(token["refresh_token"].as_str().unwrap());
        assert_eq!(refused(&form, &[]).await, ("invalid_grant".into(), 54_005));
        for (changes, error, number) in [
            (&[("refresh_token", "1.wrong")][..], "invalid_grant", 70_000),
            (&[("refresh_token", "")], "invalid_request", 900_144),
            (&[("client_secret", "")], "invalid_client", 7_000_218),
            (&[("client_secret", "wrong")], "invalid_client", 7_000_215),
        ] {
            assert_eq!(refused(&refresh, changes).await, (error.to_owned(), number), "{changes:?}");
        }
        // Another API than at first.
        let mut elsewhere = refresh.clone();
        elsewhere.insert("scope", format!("{GRAPH}/.default"));
        let (_, body) = outside.sign_in(&elsewhere).await;
        assert_eq!(part(body["access_token"].as_str().unwrap(), 1)["aud"], GRAPH);

        // v1 has none of these grants.
        let (_, body) = outside.post("/contoso.onmicrosoft.com/oauth2/token", &form).await;
        assert_eq!(body["error_codes"], json!([70_003]));
    });
}

#[test]
fn a_device_code_is_waited_for() {
    run(async {
        let sandbox = Sandbox::start(Scenario::Healthy, 0).await.unwrap();
        let outside = Outside::with(&sandbox, assets::guide("fno-delegated").unwrap(), SignIn::DeviceCode);
        let path = format!("/{}/oauth2/v2.0/devicecode", outside.value(FieldId::TenantId));
        let right = BTreeMap::from([
            ("client_id", outside.value(FieldId::ClientId).to_owned()),
            ("scope", format!("{FINANCE_OPERATIONS}/.default")),
        ]);
        for (name, value, code) in [
            ("client_id", "", 900_144),
            ("scope", "", 900_144),
            ("client_id", "x", 700_016),
            ("scope", "https://typo.sandbox.test/.default", 500_011),
        ] {
            let mut form = right.clone();
            form.insert(name, value.to_owned());
            assert_eq!(outside.post(&path, &form).await.1["error_codes"], json!([code]), "{name}={value}");
        }
        let (_, device) = outside.post(&path, &right).await;
        let user_code = device["user_code"].as_str().unwrap();
        assert_eq!((&device["expires_in"], &device["interval"]), (&json!(900), &json!(1)));
        assert_eq!(device["verification_uri"], format!("{}/device", outside.base));
        assert!(device["message"].as_str().unwrap().contains(user_code));
        assert_eq!(user_code.len(), 9);

        let poll = async |form: &BTreeMap<&'static str, String>| {
            let (_, body) = outside.sign_in(form).await;
            body["error"].as_str().unwrap_or("none").to_owned()
        };
        let form = outside.device_form(&device);
        let mut wrong = form.clone();
        wrong.insert("device_code", "1.wrong".into());
        assert_eq!(poll(&wrong).await, "bad_verification_code");
        assert_eq!(poll(&form).await, "authorization_pending");
        // Sooner or later one comes too early; a slow machine may need several.
        let mut told = String::new();
        for _ in 0..50 {
            told = poll(&form).await;
            if told == "slow_down" {
                break;
            }
        }
        assert_eq!(told, "slow_down");

        // The page in a browser, or from a terminal: case and dashes do not matter, a wrong code is told.
        let get = async |query: &str| {
            let page = outside.client.get(format!("{}/device?{query}", outside.base)).send().await.unwrap();
            (page.status().as_u16(), page.text().await.unwrap())
        };
        assert!(get("").await.1.contains("name=\"user_code\""));
        let (status, page) = get("user_code=AAAAAAAAA&sandbox=approve").await;
        assert!(status == 400 && page.contains("AADSTS70018"), "{page}");
        let typed = format!("{}-{}", user_code[..4].to_lowercase(), &user_code[4..]);
        let (status, page) = get(&format!("user_code={typed}")).await;
        assert!(status == 200 && page.contains("contoso-odata") && page.contains("sandbox=approve"), "{page}");
        let answer = [("user_code", typed.as_str()), ("sandbox", "approve")];
        let page = outside.client.post(format!("{}/device", outside.base)).form(&answer).send().await.unwrap();
        assert_eq!(page.status(), StatusCode::OK);
        assert_eq!(get(&format!("user_code={typed}&sandbox=deny")).await.0, 400, "it is answered already");
        loop {
            match poll(&form).await.as_str() {
                "slow_down" => tokio::time::sleep(Duration::from_millis(600)).await,
                other => break assert_eq!(other, "none"),
            }
        }
        tokio::time::sleep(Duration::from_millis(600)).await;
        assert_eq!(outside.sign_in(&form).await.1["error_codes"], json!([54_005]));
    });
}

#[test]
fn the_page_asks_the_user_and_runs_no_scripts() {
    run(async {
        let sandbox = Sandbox::start(Scenario::Healthy, 0).await.unwrap();
        let outside = Outside::with(&sandbox, assets::guide("fno-delegated").unwrap(), SignIn::Loopback);
        let mut page = outside.page("http://localhost:4321", &format!("{FINANCE_OPERATIONS}/Odata.FullAccess"));
        page.query_pairs_mut().append_pair("login_hint", "\"><script>alert('x')</script>");
        let target = page[url::Position::BeforePath..].to_owned();
        let get = async |target: &str| outside.client.get(format!("{}{target}", outside.base)).send().await.unwrap();
        let response = get(&target).await;
        assert_eq!(response.status(), StatusCode::OK);
        let html = response.text().await.unwrap();
        for wanted in [
            "contoso-odata",
            FINANCE_OPERATIONS,
            "Odata.FullAccess",
            "Sign in and approve",
            "Deny",
            "sandbox=approve",
            "curl -L",
            "http://localhost:4321",
        ] {
            assert!(html.contains(wanted), "{wanted}: {html}");
        }
        assert!(!html.contains("<script"), "{html}");
        for (answer, wanted) in [("approve", "code=1."), ("deny", "error=access_denied")] {
            let response = get(&format!("{target}&sandbox={answer}")).await;
            assert_eq!(response.status(), StatusCode::FOUND);
            let location = response.headers()["location"].to_str().unwrap();
            assert!(
                location.starts_with("http://localhost:4321/?state=a+b%26c") && location.contains(wanted),
                "{location}"
            );
        }
        // Nobody is sent to an address that the app does not list.
        let elsewhere = target.replace("localhost%3A4321", "example.com");
        let response = get(&format!("{elsewhere}&sandbox=approve")).await;
        assert!(response.status() == StatusCode::BAD_REQUEST && response.headers().get("location").is_none());
        assert!(response.text().await.unwrap().contains("AADSTS50011"));
    });
}

#[test]
fn graph_lets_in_by_permissions() {
    run(async {
        let sandbox = Sandbox::start(Scenario::Healthy, 0).await.unwrap();
        let outside = Outside::with(&sandbox, assets::guide("office365").unwrap(), SignIn::App);
        let token = outside.token().await;
        assert_eq!(part(&token, 1)["roles"], json!(["Organization.Read.All", "User.Read.All"]));
        for (path, status, code) in [
            ("/v1.0/organization", 200, ""),
            ("/v1.0/organization?$select=id,displayName&$top=1", 200, ""),
            ("/v1.0/users?$top=1", 200, ""),
            ("/v1.0/groups", 403, "Authorization_RequestDenied"),
            ("/v1.0/applications", 403, "Authorization_RequestDenied"),
            ("/v1.0/organization?$orderby=id", 400, "BadRequest"),
            ("/v1.0/nothing", 400, "BadRequest"),
            ("/organization", 400, "BadRequest"),
        ] {
            let (got, body) = read(outside.get(path, &token).await).await;
            assert_eq!(got.as_u16(), status, "{path}: {body}");
            assert_eq!(body["error"]["code"].as_str().unwrap_or_default(), code, "{path}: {body}");
        }
        let (_, body) = read(outside.get("/v1.0/organization?$select=id,displayName", &token).await).await;
        assert_eq!(body["value"], json!([{ "id": outside.value(FieldId::TenantId), "displayName": "Contoso" }]));
        // Without a token, and with one for another API.
        assert_eq!(outside.get("/v1.0/", "").await.status(), StatusCode::OK);
        let elsewhere = Outside::of(&sandbox).token().await;
        for token in ["", "x", &elsewhere] {
            let response = outside.get("/v1.0/organization", token).await;
            let challenge = response.headers()["www-authenticate"].to_str().unwrap().to_owned();
            assert!(
                challenge.contains(&format!("authorization_uri=\"{AUTHORITY}/common/oauth2/authorize\"")),
                "{challenge}"
            );
            let (status, body) = read(response).await;
            assert_eq!((status.as_u16(), &body["error"]["code"]), (401, &json!("InvalidAuthenticationToken")));
            assert!(body["error"]["innerError"]["request-id"].is_string());
        }
    });
}

#[test]
fn business_central_lets_in_by_card_and_permissions() {
    run(async {
        let sandbox = Sandbox::start(Scenario::Healthy, 0).await.unwrap();
        let outside = Outside::with(&sandbox, assets::guide("business-central").unwrap(), SignIn::App);
        let token = outside.token().await;
        let tenant = outside.value(FieldId::TenantId);
        let (_, body) = read(outside.get("/v2.0/Production/api/v2.0/companies", &token).await).await;
        let ids: Vec<&str> = body["value"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap()).collect();
        assert_eq!((ids.len(), &body["value"][0]["name"]), (2, &json!("CRONUS")));
        for field in ["systemVersion", "displayName", "businessProfileId"] {
            assert!(body["value"][0][field].is_string(), "{field}");
        }
        let company = format!("companies({})", ids[0]);
        for (path, status, code) in [
            (format!("/v2.0/{tenant}/Production/api/v2.0/companies"), 200, ""),
            ("/v2.0/contoso.onmicrosoft.com/sandbox/api/v2.0/companies".into(), 200, ""),
            (format!("/v2.0/Production/api/v2.0/{company}"), 200, ""),
            (format!("/v2.0/Production/api/v2.0/{company}/customers?$top=1"), 200, ""),
            (format!("/v2.0/Production/api/v2.0/{company}/items?$top=1"), 200, ""),
            (format!("/v2.0/Production/api/v2.0/{company}/vendors?$top=1"), 200, ""),
            ("/v2.0/Production/api/v2.0/companies?$filter=name eq 'CRONUS'".into(), 200, ""),
            (format!("/v2.0/Production/api/v2.0/{company}/nothing"), 404, "BadRequest_NotFound"),
            (format!("/v2.0/Production/api/v2.0/companies({tenant})/customers"), 404, "Internal_CompanyNotFound"),
            ("/v2.0/Production/api/v2.0/companies(x)".into(), 404, "Internal_CompanyNotFound"),
            ("/v2.0/Test/api/v2.0/companies".into(), 404, "NoEnvironment"),
            ("/v2.0/fabrikam.com/Production/api/v2.0/companies".into(), 404, "NoEnvironment"),
            ("/environments/v2.0".into(), 404, "BadRequest_NotFound"),
        ] {
            let (got, body) = read(outside.get(&path, &token).await).await;
            assert_eq!(got.as_u16(), status, "{path}: {body}");
            assert_eq!(body["error"]["code"].as_str().unwrap_or_default(), code, "{path}: {body}");
            if path.contains("$top") || path.contains("$filter") {
                assert_eq!(body["value"].as_array().unwrap().len(), 1, "{path}");
            }
        }
        let (_, body) = read(outside.get("/environments/v1.2", &token).await).await;
        let names: Vec<&Value> = body["value"].as_array().unwrap().iter().map(|one| &one["name"]).collect();
        assert_eq!(names, ["Production", "Sandbox"]);
        assert_eq!(body["value"][0]["applicationFamily"], "BusinessCentral");

        // A token for another API: XML, as people meet it. None at all: JSON.
        let elsewhere = Outside::of(&sandbox).token().await;
        let response = outside.get("/v2.0/Production/api/v2.0/companies", &elsewhere).await;
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        assert!(response.headers()["content-type"].to_str().unwrap().starts_with("application/xml"));
        assert!(response.text().await.unwrap().contains("<message>The credentials provided are incorrect</message>"));
        let (status, body) = read(outside.get("/environments/v1.2", "").await).await;
        assert_eq!((status.as_u16(), &body["error"]["code"]), (401, &json!("Authentication_InvalidCredentials")));

        // Why an app is not let in is told as Business Central tells it.
        for (scenario, status, text) in [
            (Scenario::RolesMissing, 401, "user could not be authenticated or authorized"),
            (Scenario::AppCardMissing, 401, "The server has rejected the client credentials."),
            (Scenario::AppCardDisabled, 401, "The server has rejected the client credentials."),
            (Scenario::PermissionSetMissing, 403, "Sorry, the current permissions prevented the action. (TableData "),
        ] {
            let sandbox = Sandbox::start(scenario, 0).await.unwrap();
            let outside = Outside::with(&sandbox, assets::guide("business-central").unwrap(), SignIn::App);
            let token = outside.token().await;
            let (got, body) = read(outside.get("/v2.0/Production/api/v2.0/companies", &token).await).await;
            assert_eq!(got.as_u16(), status);
            assert!(body["error"]["message"].as_str().unwrap().contains(text), "{body}");
        }
    });
}

#[test]
fn other_processes_reach_every_product_at_one_address() {
    run(async {
        let sandbox = Sandbox::start(Scenario::Healthy, 0).await.unwrap();
        let mut outside = Outside::of(&sandbox);
        outside.values.insert(FieldId::ResourceUrl, outside.base.clone());
        let token = outside.token().await;
        // One address is that of all, so its tokens carry what was granted on any.
        assert_eq!(
            part(&token, 1)["roles"],
            json!(["API.ReadWrite.All", "Automation.ReadWrite.All", "Organization.Read.All", "User.Read.All"])
        );
        for path in
            ["/data/LegalEntities", "/environments/v1.2", "/v2.0/Production/api/v2.0/companies", "/v1.0/organization"]
        {
            let response =
                outside.client.get(format!("{}{path}", outside.base)).bearer_auth(&token).send().await.unwrap();
            assert_eq!(response.status(), StatusCode::OK, "{path}");
        }
        for (product, field, value) in [
            ("business-central", "d365.environment", "Production"),
            ("business-central", "d365.company", "CRONUS"),
            ("graph", "resource_url", outside.base.as_str()),
            ("finance-operations", "d365.user_id", "svc-odata"),
        ] {
            let url = format!("{}/sandbox?product={product}", outside.base);
            let (_, body) = read(outside.client.get(url).send().await.unwrap()).await;
            assert_eq!(body["values"][field], value, "{product}: {body}");
        }
        let url = format!("{}/sandbox/steps/register-in-d365?product=business-central", outside.base);
        let (_, body) = read(outside.client.post(url).send().await.unwrap()).await;
        assert!(body["done"].as_str().unwrap().contains("card"), "{body}");
        let url = format!("{}/sandbox?product=x", outside.base);
        assert_eq!(outside.client.get(url).send().await.unwrap().status(), StatusCode::BAD_REQUEST);
    });
}

#[test]
fn it_stops_when_dropped_and_the_port_is_free_again() {
    run(async {
        let sandbox = Sandbox::start(Scenario::Healthy, 0).await.unwrap();
        let outside = Outside::of(&sandbox);
        outside.token().await;
        let port = sandbox.address().port();
        assert!(Sandbox::start(Scenario::Healthy, port).await.is_err(), "the port is taken");
        drop(sandbox);
        // The server's task has to be scheduled once before it is gone.
        let mut gone = false;
        for _ in 0..100 {
            gone = outside.client.get(format!("{}/", outside.base)).send().await.is_err();
            if gone {
                break;
            }
        }
        assert!(gone);
        let again = Sandbox::start(Scenario::Healthy, port).await.unwrap();
        assert_eq!(again.address().port(), port);
    });
}

#[test]
fn each_guide_is_offered_what_it_takes() {
    run(async {
        let sandbox = Sandbox::start(Scenario::Healthy, 0).await.unwrap();
        for guide in assets::guides() {
            let noted: Vec<FieldId> = sandbox.noted(guide).iter().map(Offer::field).collect();
            for field in guide.needs() {
                assert!(noted.contains(&field), "{}: {field}", guide.id);
            }
            assert!(noted.iter().all(|field| guide.takes(*field)), "{}: {noted:?}", guide.id);
            // Walked from nothing, the steps offer all of them too.
            let walked: Vec<FieldId> = guide
                .steps
                .iter()
                .flat_map(|step| sandbox.carry_out(guide, &step.id).1)
                .map(|offer| offer.field())
                .collect();
            assert!(guide.needs().iter().all(|field| walked.contains(field)), "{}: {walked:?}", guide.id);
        }
    });
}
