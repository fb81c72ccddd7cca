//! The simulated tenant over real HTTP: what it refuses and why, what it answers, and that its administrator's steps
//! mend each scenario.
#![expect(clippy::disallowed_methods, reason = "tests look inside to prove what is kept")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use d365_connect::assets;
use d365_connect::core::guide::Guide;
use d365_connect::core::question::FieldId;
use d365_connect::core::secret::SecretShape;
use d365_connect::sandbox::{AUTHORITY, FINANCE_OPERATIONS, Offer, Sandbox, Scenario};
use reqwest::header::HOST;
use reqwest::{Client, Method, Response, StatusCode};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

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

/// Another process than the sandbox, with the values that its operator noted.
struct Outside {
    client: Client,
    base: String,
    values: BTreeMap<FieldId, String>,
}

impl Outside {
    fn of(sandbox: &Sandbox) -> Outside {
        // reqwest is built without a TLS provider of its own; only the first of the tests installs one.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let client = Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let mut outside = Outside { client, base: format!("http://{}", sandbox.address()), values: BTreeMap::new() };
        outside.paste(sandbox.noted(guide()));
        outside
    }

    fn paste(&mut self, offers: Vec<Offer>) {
        for offer in offers {
            match &offer {
                Offer::Value(field, value) => self.values.insert(*field, value.clone()),
                Offer::Secret(value, _) => self.values.insert(FieldId::Secret, value.reveal().to_owned()),
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
        self.post(&format!("/{}/oauth2/v2.0/token", self.value(FieldId::TenantId)), form).await
    }

    /// A token for the noted values, which must be right.
    async fn token(&self) -> String {
        let (status, body) = self.sign_in(&self.form()).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        body["access_token"].as_str().unwrap().to_owned()
    }

    /// A call to the environment by its fixed name, as the in-process client makes it.
    fn call(&self, method: Method, path: &str, token: &str) -> reqwest::RequestBuilder {
        let request = self.client.request(method, format!("{}{path}", self.base)).header(HOST, "contoso.sandbox.test");
        if token.is_empty() { request } else { request.bearer_auth(token) }
    }

    async fn session(&self, token: &str) -> Response {
        self.call(Method::POST, SESSION, token).header("Content-Length", "0").send().await.unwrap()
    }

    async fn get(&self, path: &str, token: &str) -> Response {
        self.call(Method::GET, path, token).send().await.unwrap()
    }

    /// The whole chain; `Ok`, or the first thing that went wrong as `token 7000215`, `session 401`, `access 403`.
    async fn chain(&self) -> Result<(), String> {
        let (status, body) = self.sign_in(&self.form()).await;
        if status != StatusCode::OK {
            return Err(format!("token {}", body["error_codes"][0]));
        }
        let token = body["access_token"].as_str().unwrap();
        let session = self.session(token).await.status();
        if session != StatusCode::OK {
            return Err(format!("session {}", session.as_u16()));
        }
        for entity in ENTITIES {
            let (status, body) = read(self.get(&format!("/data/{entity}?$top=1"), token).await).await;
            if status != StatusCode::OK {
                return Err(format!("access {}", status.as_u16()));
            }
            assert_eq!(body["value"].as_array().unwrap().len(), 1, "{entity}");
        }
        Ok(())
    }
}

async fn read(response: Response) -> (StatusCode, Value) {
    let status = response.status();
    let body = response.bytes().await.unwrap();
    (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
}

fn part(token: &str, at: usize) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(at).unwrap()).unwrap()).unwrap()
}

#[test]
fn every_scenario_fails_as_it_should_and_is_mended_by_its_step() {
    // Scenario, what goes wrong first ("" is nothing), the step that mends it.
    let table = [
        ("healthy", "", "test"),
        ("secret-id-pasted", "token 7000215", "values"),
        ("secret-expired", "token 7000222", "client-secret"),
        ("secret-expiring", "", "client-secret"),
        ("client-not-found", "token 700016", "values"),
        ("tenant-not-found", "token 90002", "register-app"),
        ("resource-not-found", "token 500011", "before-you-start"),
        ("service-principal-missing", "token 7000229", "register-app"),
        ("policy-blocked", "token 53003", "permissions"),
        ("app-disabled", "token 7000112", "register-app"),
        ("not-registered", "session 401", "register-in-d365"),
        ("user-disabled", "session 403", "register-in-d365"),
        ("no-privilege", "access 403", "register-in-d365"),
        ("wrong-audience", "session 401", "before-you-start"),
        ("throttled", "session 429", "test"),
        ("maintenance", "session 503", "test"),
        ("login-page", "session 302", "before-you-start"),
        ("slow", "late", "test"),
        ("offline", "silent", "test"),
    ];
    let ids: Vec<&str> = Scenario::ALL.iter().map(|scenario| scenario.as_str()).collect();
    assert_eq!(ids, table.map(|(id, ..)| id));
    // Steps that mend as well.
    let also = [
        ("secret-id-pasted", "token 7000215", "client-secret"),
        ("client-not-found", "token 700016", "register-app"),
        ("tenant-not-found", "token 90002", "values"),
        ("resource-not-found", "token 500011", "values"),
        ("service-principal-missing", "token 7000229", "permissions"),
        ("wrong-audience", "session 401", "values"),
        ("login-page", "session 302", "test"),
    ];
    run(async {
        for (id, wrong, step) in table.into_iter().chain(also) {
            let sandbox = Sandbox::start(Scenario::parse(id).unwrap(), 0).await.unwrap();
            let mut outside = Outside::of(&sandbox);
            assert_eq!(sandbox.unplugged(), id == "offline");
            match wrong {
                // Never an answer, and one after two seconds: both are beyond this limit.
                "late" | "silent" => {
                    let (place, host) =
                        if wrong == "late" { (SESSION, "contoso") } else { ("/x/oauth2/token", "login") };
                    let request = outside.client.post(format!("{}{place}", outside.base));
                    let request = request.header(HOST, format!("{host}.sandbox.test")).header("Content-Length", "0");
                    let error = request.timeout(Duration::from_millis(100)).send().await.unwrap_err();
                    assert!(error.is_timeout(), "{id}: {error}");
                }
                "" => assert_eq!(outside.chain().await, Ok(()), "{id}"),
                _ => assert_eq!(outside.chain().await, Err(wrong.to_owned()), "{id}"),
            }
            let (told, offers) = sandbox.carry_out(guide(), step);
            assert!(told.ends_with('.'), "{id}: {told}");
            outside.paste(offers);
            assert!(!sandbox.unplugged());
            assert_eq!(outside.chain().await, Ok(()), "{id} after {step}");
        }
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
            assert_eq!(outside.chain().await, Err(wrong.to_owned()), "{}", scenario.as_str());
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
        assert_eq!(outside.chain().await, Ok(()));
        // The older secret is still held.
        outside.values.insert(FieldId::Secret, before);
        assert_eq!(outside.chain().await, Ok(()));
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
            (&[("client_secret", ""), ("client_assertion", "e30.e30.e30")], tenant, 700_027, "invalid_client", 401),
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
            ("/data/SecurityUserRoleAssociations", 200, 3),
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
        assert_eq!(outside.chain().await, Ok(()));
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
        assert_eq!(outside.chain().await, Err("session 403".into()));
        assert_eq!(send(&outside, Method::PATCH, user, json!({ "Enabled": true }), &admin).await, 204);
        outside.paste(sandbox.carry_out(guide(), "register-in-d365").1);
        assert_eq!(outside.chain().await, Ok(()));
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
