//! The live test against hostile servers on loopback: which check each fault stops, and what evidence it leaves.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test's helpers fail by panicking")]

#[path = "support/server.rs"]
mod server;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use d365_connect::core::check::{CheckEvent, CheckId, CheckResult, SignInPrompt};
use d365_connect::core::cloud::{CloudId, Clouds};
use d365_connect::core::credential::{Credential, Unusable};
use d365_connect::core::evidence::{Evidence, Fault, Mark};
use d365_connect::core::guide::{Guide, Product, SignIn};
use d365_connect::core::profile::{Profile, SecretSource};
use d365_connect::core::resource::ResourceUrl;
use d365_connect::core::secret::ClientSecret;
use d365_connect::core::untrusted::Untrusted;
use d365_connect::net::{Client, ClientError, NetOptions, Proxy, RunRequest, run};
use jiff::civil::Date;
use serde_json::{Value, json};
use server::{Answer, Ca, Front, Seen, Server};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, mpsc, watch};
use zeroize::Zeroizing;

const TENANT: &str = "11111111-2222-4333-8444-555555555555";
const CLIENT: &str = "66666666-7777-4888-9999-aaaaaaaaaaaa";
const SECRET: &str = "q1W8Q~canary.0123456789_abcdefghijklmnop";
const TOKEN_PATH: &str = "/oauth2/v2.0/token";
const SESSION_PATH: &str = "GetUserSessionInfo";
const TODAY: Date = Date::constant(2026, 11, 21);
/// Far more than any of these tests needs: a hang becomes a failure.
const HANG: Duration = Duration::from_secs(60);

/// Entra and Finance & Operations in one, all well.
fn healthy(seen: &Seen) -> Answer {
    let path = seen.path.split('?').next().unwrap();
    if path.ends_with(TOKEN_PATH) {
        // The audience is what was asked for, so that any origin gets a token that fits.
        let form: BTreeMap<String, String> = url::form_urlencoded::parse(seen.body.as_bytes()).into_owned().collect();
        let audience = form["scope"].strip_suffix("/.default").unwrap();
        Answer::json(
            200,
            &json!({ "token_type": "Bearer", "expires_in": 3599, "access_token": jwt(&claims(audience)) }),
        )
    } else if path.ends_with("/.well-known/openid-configuration") {
        discovered()
    } else if path.ends_with(SESSION_PATH) {
        Answer::json(200, &session())
    } else if path.starts_with("/data/") {
        Answer::json(200, &json!({ "value": [{ "dataAreaId": "usmf" }] }))
    } else {
        Answer::with(302, "Location: https://login.microsoftonline.com/x/wsfed?wtrealm=spn\r\n", "")
    }
}

fn discovered() -> Answer {
    Answer::json(200, &json!({ "token_endpoint": "https://login.test/t", "issuer": "https://login.test/i" }))
}

fn session() -> Value {
    json!({ "UserId": "svc-odata", "IsSysAdmin": false, "Company": "USMF", "AXLanguage": "en-us" })
}

fn entra_error(status: u16, error: &str, code: u32) -> Answer {
    let text = format!("AADSTS{code}: no. Trace ID: t Correlation ID: c Timestamp: 2026-11-21 10:00:00Z");
    Answer::json(status, &json!({ "error": error, "error_description": text, "error_codes": [code] }))
}

fn claims(audience: &str) -> Value {
    json!({ "aud": audience, "tid": TENANT, "oid": "o", "appid": CLIENT, "exp": 4_000_000_000_i64 })
}

fn jwt(payload: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.c2ln", part(&json!({ "alg": "RS256" })), part(payload))
}

fn guide() -> &'static Guide {
    let text = r#"
        id = "g"
        title = ""
        short = ""
        summary = ""
        place = 1
        product = "finance-operations"
sign_in = ["app"]
        reads = [{ name = "LegalEntities", what = "" }, { name = "CustomersV3", what = "" }]
        step = []
    "#;
    Box::leak(Box::new(toml::from_str(text).unwrap()))
}

fn clouds(more: &str) -> &'static Clouds {
    let text = format!(
        r#"
        cloud = [{more}]
        host = [
            {{ ending = "crm4.dynamics.com", kind = "dataverse" }},
            {{ ending = "sandbox.test", kind = "sandbox" }},
            {{ ending = "login.microsoftonline.com", kind = "sign-in" }},
        ]"#
    );
    Box::leak(Box::new(toml::from_str(&text).unwrap()))
}

fn secret(text: &str) -> Arc<ClientSecret> {
    Arc::new(ClientSecret::new(Zeroizing::new(text.to_owned())).unwrap())
}

fn origin(text: &str) -> ResourceUrl {
    ResourceUrl::parse(text).unwrap().0
}

/// A request for everything, to a sign-in host and an environment.
fn request(authority: &str, resource: &str) -> RunRequest {
    let profile = Profile {
        name: "test".parse().unwrap(),
        guide: "g".into(),
        product: Product::FinanceOperations,
        sign_in: SignIn::App,
        cloud: CloudId::Custom,
        tenant: TENANT.parse().unwrap(),
        client: CLIENT.parse().unwrap(),
        resource: origin(resource),
        source: SecretSource::Env { var: "D365_SECRET".into() }.into(),
        expires: Some(Date::constant(2027, 5, 20)),
        user_id: None,
        environment: None,
        company: None,
        permissions: Vec::new(),
        redirect_uri: None,
        entities: Vec::new(),
        authority: origin(authority),
        authority_is_own: false,
        ca_certificate: None,
    };
    let wanted = CheckId::ALL.to_vec();
    RunRequest {
        profile,
        guide: guide(),
        clouds: clouds(""),
        credential: Ok(Credential::Secret(secret(SECRET))),
        page: None,
        wanted,
        today: TODAY,
        warning_days: 30,
    }
}

/// No retries that take time, and no proxy of the machine that the tests run on.
fn options() -> NetOptions {
    NetOptions { waiting: Duration::ZERO, proxy: Proxy::None, ..NetOptions::default() }
}

/// Runs it, and proves that every check of the plan is told exactly once.
async fn events(request: &RunRequest, options: &NetOptions) -> Vec<CheckEvent> {
    let authority = request.profile.ca_certificate.as_ref().map(|path| std::fs::read(path).unwrap());
    let client = Client::new(options, authority.as_deref()).unwrap();
    let (tell, mut told) = mpsc::channel(4);
    let mut all = Vec::new();
    tokio::time::timeout(HANG, async {
        tokio::join!(
            async {
                let tell = tell; // dropped at the end, which ends the other side
                run(&client, request, &tell).await;
            },
            async {
                while let Some(event) = told.recv().await {
                    all.push(event);
                }
            }
        )
    })
    .await
    .expect("the run ends");
    let mut finished: Vec<CheckId> = all
        .iter()
        .filter_map(|event| if let CheckEvent::Finished { check, .. } = event { Some(*check) } else { None })
        .collect();
    let mut plan: Vec<CheckId> = request.wanted.iter().flat_map(|check| check.with_needs()).collect();
    plan.sort();
    plan.dedup();
    finished.sort();
    assert_eq!(finished, plan, "each check of the plan ends once");
    all
}

async fn results(request: &RunRequest, options: &NetOptions) -> BTreeMap<CheckId, CheckResult> {
    fold(events(request, options).await)
}

fn fold(events: Vec<CheckEvent>) -> BTreeMap<CheckId, CheckResult> {
    events
        .into_iter()
        .filter_map(|event| match event {
            CheckEvent::Finished { check, result, .. } => Some((check, result)),
            _ => None,
        })
        .collect()
}

async fn check(server: &Server) -> BTreeMap<CheckId, CheckResult> {
    results(&request(&server.origin(), &server.origin()), &options()).await
}

/// `inputs+ authority! token-(needs authority) …`: how each check came out.
fn outline(results: &BTreeMap<CheckId, CheckResult>) -> String {
    let one = |(check, result): (&CheckId, &CheckResult)| match result {
        CheckResult::Passed { .. } => format!("{check}+"),
        CheckResult::Warning { .. } => format!("{check}~"),
        CheckResult::Refused { .. } => format!("{check}!"),
        CheckResult::Skipped { reason } => format!("{check}-({reason})"),
    };
    results.iter().map(one).collect::<Vec<_>>().join(" ")
}

#[track_caller]
fn evidence(results: &BTreeMap<CheckId, CheckResult>, check: CheckId) -> &[Evidence] {
    match &results[&check] {
        CheckResult::Refused { evidence, .. } => evidence,
        other => panic!("{check} was not refused: {other:?}"),
    }
}

#[track_caller]
fn details(results: &BTreeMap<CheckId, CheckResult>, check: CheckId) -> Value {
    match &results[&check] {
        CheckResult::Passed { details, .. }
        | CheckResult::Warning { details, .. }
        | CheckResult::Refused { details, .. } => Value::Object(details.clone()),
        CheckResult::Skipped { reason } => panic!("{check} was skipped: {reason}"),
    }
}

fn refused(results: &BTreeMap<CheckId, CheckResult>) -> Vec<CheckId> {
    let is_refused = |result: &CheckResult| matches!(result, CheckResult::Refused { .. });
    results.iter().filter(|(_, result)| is_refused(result)).map(|(check, _)| *check).collect()
}

#[tokio::test]
async fn all_is_well() {
    let server = Server::plain(healthy).await;
    let results = check(&server).await;
    assert_eq!(outline(&results), "inputs+ authority+ token+ claims+ environment+ registration+ access+ expiry+");
    let registration = details(&results, CheckId::Registration);
    assert_eq!((&registration["user_id"], &registration["company"]), (&json!("svc-odata"), &json!("USMF")));
    assert_eq!(registration.get("notes"), None);
    assert_eq!(
        details(&results, CheckId::Access)["entities"],
        json!([
            { "name": "LegalEntities", "status": "passed", "http_status": 200, "rows": 1 },
            { "name": "CustomersV3", "status": "passed", "http_status": 200, "rows": 1 },
        ])
    );
    assert_eq!(details(&results, CheckId::Claims)["exp"], "2096-10-02T07:06:40Z");

    // What was sent, to the letter where it matters.
    let token = &server.asked(TOKEN_PATH)[0];
    assert_eq!((token.method.as_str(), token.path.as_str()), ("POST", &*format!("/{TENANT}{TOKEN_PATH}")));
    assert_eq!(token.header("content-type"), Some("application/x-www-form-urlencoded"));
    assert_eq!(token.header("user-agent"), Some(concat!("d365-connect/", env!("CARGO_PKG_VERSION"))));
    assert_eq!(token.header("accept"), Some("application/json"));
    assert_eq!(token.header("accept-encoding"), None);
    let session = &server.asked(SESSION_PATH)[0];
    assert_eq!((session.method.as_str(), session.header("content-length")), ("POST", Some("0")));
    let paths: Vec<String> = server.asked("/data/").into_iter().map(|seen| seen.path).collect();
    assert!(paths.contains(&"/data/LegalEntities?$top=1".to_owned()), "{paths:?}");
    // The token goes with these three, and with nothing else; discovery is not asked when a token comes.
    let with_token = server.seen().iter().filter(|seen| seen.header("authorization").is_some()).count();
    assert_eq!((with_token, server.seen().len()), (3, 5));
}

#[tokio::test]
async fn only_what_is_wanted_is_asked_and_told() {
    for (wanted, outlined, paths) in [
        (CheckId::Inputs, "inputs+", vec![]),
        (CheckId::Expiry, "inputs+ expiry+", vec![]),
        (CheckId::Environment, "inputs+ environment+", vec!["/"]),
        (CheckId::Authority, "inputs+ authority+", vec![TOKEN_PATH]),
        (CheckId::Claims, "inputs+ authority+ token+ claims+", vec![TOKEN_PATH]),
        (
            CheckId::Registration,
            "inputs+ authority+ token+ environment+ registration+",
            vec!["/", TOKEN_PATH, SESSION_PATH],
        ),
    ] {
        let server = Server::plain(healthy).await;
        let mut request = request(&server.origin(), &server.origin());
        request.wanted = vec![wanted];
        assert_eq!(outline(&results(&request, &options()).await), outlined);
        let seen = server.seen();
        assert_eq!(seen.len(), paths.len(), "{wanted}: {seen:?}");
        assert!(paths.iter().all(|path| seen.iter().any(|seen| seen.path.ends_with(path))), "{wanted}: {seen:?}");
    }
}

/// What one odd answer does: at this path, to which check, with which fault or status and marks.
type Row = (&'static str, &'static str, fn() -> Answer, CheckId, Option<Fault>, Option<u16>, &'static [Mark]);

#[tokio::test]
async fn each_odd_answer_stops_one_check() {
    use CheckId::{Access, Authority, Environment, Registration, Token};
    use Fault::{Connect, Garbled};
    const LOGIN: &str = "<html><form action=/x><input type=\"password\"></form></html>";
    const PORTAL: &str = "<!doctype html><html>Welcome to the hotel. Accept the terms to go online.</html>";
    let rows: Vec<Row> = vec![
        // The sign-in host. Where discovery is healthy, the authority stands.
        ("id as secret", TOKEN_PATH, || entra_error(401, "invalid_client", 7_000_215), Token, None, Some(401), &[]),
        (
            "error without code",
            TOKEN_PATH,
            || Answer::json(400, &json!({"error": "invalid_client"})),
            Token,
            None,
            Some(400),
            &[],
        ),
        (
            "tenant unknown",
            TOKEN_PATH,
            || entra_error(400, "invalid_request", 90002),
            Authority,
            None,
            Some(400),
            &[Mark::TenantFound],
        ),
        (
            "no token in 200",
            TOKEN_PATH,
            || Answer::json(200, &json!({"a": 1})),
            Token,
            None,
            Some(200),
            &[Mark::Unreadable, Mark::TenantFound],
        ),
        (
            "page instead of token",
            TOKEN_PATH,
            || Answer::html(200, PORTAL),
            Token,
            None,
            Some(200),
            &[Mark::Unreadable, Mark::Html],
        ),
        (
            "token of another type",
            TOKEN_PATH,
            || Answer::json(200, &json!({"token_type": "pop", "access_token": "a.b.c"})),
            Token,
            None,
            Some(200),
            &[Mark::Unreadable],
        ),
        (
            "token with a line end",
            TOKEN_PATH,
            || Answer::json(200, &json!({"access_token": "a\r\nX: y"})),
            Token,
            None,
            Some(200),
            &[Mark::Unreadable],
        ),
        (
            "empty token",
            TOKEN_PATH,
            || Answer::json(200, &json!({"access_token": ""})),
            Token,
            None,
            Some(200),
            &[Mark::Unreadable],
        ),
        (
            "sign-in throttled",
            TOKEN_PATH,
            || Answer::with(429, "Retry-After: 9\r\n", ""),
            Token,
            None,
            Some(429),
            &[Mark::TenantFound],
        ),
        (
            "sign-in down",
            TOKEN_PATH,
            || Answer::html(503, "down"),
            Token,
            None,
            Some(503),
            &[Mark::Html, Mark::TenantFound],
        ),
        (
            "redirected",
            TOKEN_PATH,
            || Answer::with(307, "Location: https://elsewhere.test/\r\n", ""),
            Token,
            None,
            Some(307),
            &[Mark::Redirect],
        ),
        ("no HTTP", TOKEN_PATH, || Answer::raw(b"SSH-2.0-OpenSSH_9.2\r\n"), Authority, Some(Garbled), None, &[]),
        ("hangs up", TOKEN_PATH, || Answer::raw(b""), Authority, Some(Connect), None, &[]),
        // The environment.
        (
            "cut in the middle",
            "/",
            || Answer::raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc"),
            Environment,
            Some(Garbled),
            None,
            &[],
        ),
        ("two MiB", "/", || Answer::with(200, "", &"a".repeat(2 * 1024 * 1024)), Environment, Some(Garbled), None, &[]),
        (
            "two MiB in chunks",
            "/",
            || {
                Answer::raw(
                    format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n200000\r\n{}", "a".repeat(2 << 20))
                        .as_bytes(),
                )
            },
            Environment,
            Some(Garbled),
            None,
            &[],
        ),
        (
            "deep JSON",
            "/",
            || Answer::with(200, "", &format!("{}{}", "[".repeat(65), "]".repeat(65))),
            Environment,
            Some(Garbled),
            None,
            &[],
        ),
        ("deep JSON, open", "/", || Answer::with(200, "", &"[".repeat(1 << 20)), Environment, Some(Garbled), None, &[]),
        (
            "moved",
            "/",
            || Answer::with(301, "Location: https://parked.example/\r\n", ""),
            Environment,
            None,
            Some(301),
            &[Mark::Redirect],
        ),
        ("captive portal", "/", || Answer::html(200, PORTAL), Environment, None, Some(200), &[Mark::Html]),
        ("environment down", "/", || Answer::with(502, "", ""), Environment, None, Some(502), &[Mark::EmptyBody]),
        ("environment throttled", "/", || Answer::with(429, "", ""), Environment, None, Some(429), &[]),
        // The user session.
        (
            "not registered",
            SESSION_PATH,
            || Answer::with(401, "", ""),
            Registration,
            None,
            Some(401),
            &[Mark::EmptyBody],
        ),
        ("user disabled", SESSION_PATH, || Answer::with(403, "", ""), Registration, None, Some(403), &[]),
        (
            "sent to sign in",
            SESSION_PATH,
            || Answer::with(302, "Location: https://login.microsoftonline.com/x/wsfed\r\n", ""),
            Registration,
            None,
            Some(302),
            &[Mark::Redirect, Mark::LoginPage],
        ),
        (
            "login page",
            SESSION_PATH,
            || Answer::html(200, LOGIN),
            Registration,
            None,
            Some(200),
            &[Mark::Unreadable, Mark::Html, Mark::LoginPage],
        ),
        (
            "another's page",
            SESSION_PATH,
            || Answer::html(200, PORTAL),
            Registration,
            None,
            Some(200),
            &[Mark::Unreadable, Mark::Html],
        ),
        (
            "another's JSON",
            SESSION_PATH,
            || Answer::json(200, &json!({"ok": true})),
            Registration,
            None,
            Some(200),
            &[Mark::Unreadable],
        ),
        ("session down", SESSION_PATH, || Answer::with(500, "", ""), Registration, None, Some(500), &[]),
        ("hangs up early", SESSION_PATH, || Answer::raw(b"HTTP/1.1 2"), Registration, Some(Connect), None, &[]),
        // The entities.
        (
            "no privilege",
            "/data/CustomersV3",
            || Answer::with(403, "", ""),
            Access,
            None,
            Some(403),
            &[Mark::SessionAccepted],
        ),
        (
            "no such entity",
            "/data/CustomersV3",
            || Answer::json(404, &json!({"error": {"code": "", "message": "No HTTP resource"}})),
            Access,
            None,
            Some(404),
            &[Mark::SessionAccepted],
        ),
        (
            "entity as login page",
            "/data/CustomersV3",
            || Answer::html(200, LOGIN),
            Access,
            None,
            Some(200),
            &[Mark::SessionAccepted, Mark::LoginPage, Mark::Unreadable],
        ),
        (
            "entity without rows",
            "/data/CustomersV3",
            || Answer::json(200, &json!({"value": 3})),
            Access,
            None,
            Some(200),
            &[Mark::Unreadable],
        ),
    ];
    for (name, path, answer, stopped, fault, status, marks) in rows {
        let server = Server::plain(move |seen| {
            let here = seen.path.split('?').next().unwrap();
            if here == path || (path != "/" && here.ends_with(path)) { answer() } else { healthy(seen) }
        })
        .await;
        let results = check(&server).await;
        assert_eq!(refused(&results), [stopped], "{name}: {}", outline(&results));
        let evidence = &evidence(&results, stopped)[0];
        assert_eq!((evidence.fault, evidence.http_status), (fault, status), "{name}: {evidence:?}");
        assert_eq!(evidence.check, Some(stopped), "{name}");
        for mark in marks {
            assert!(evidence.marks.contains(mark), "{name}: {mark:?} is not in {:?}", evidence.marks);
        }
    }
}

#[tokio::test]
async fn what_waits_for_a_failed_check_says_so() {
    for (path, outlined) in [
        (
            TOKEN_PATH,
            "inputs+ authority+ token! claims-(needs token) environment+ registration-(needs token) access-(needs registration) expiry+",
        ),
        (
            "/",
            "inputs+ authority+ token+ claims+ environment! registration-(needs environment) access-(needs registration) expiry+",
        ),
        (
            SESSION_PATH,
            "inputs+ authority+ token+ claims+ environment+ registration! access-(needs registration) expiry+",
        ),
    ] {
        let server = Server::plain(move |seen| match seen.path.ends_with(path) {
            true => Answer::json(if path == "/" { 500 } else { 401 }, &json!({ "error": "invalid_client" })),
            false => healthy(seen),
        })
        .await;
        assert_eq!(outline(&check(&server).await), outlined);
    }
    let server = Server::plain(healthy).await;
    let mut request = request("http://127.0.0.1:1", &server.origin());
    request.profile.authority = origin("http://127.0.0.1:1");
    assert_eq!(
        outline(&results(&request, &options()).await),
        "inputs+ authority! token-(needs authority) claims-(needs token) environment+ registration-(needs token) access-(needs registration) expiry+"
    );
}

#[tokio::test]
async fn an_environment_that_answers_stands() {
    for (name, answer) in [
        (
            "unauthorized",
            Answer::with(
                401,
                "WWW-Authenticate: Bearer authorization_uri=\"https://login.test/t/oauth2/authorize\", resource_id=x\r\n",
                "",
            ),
        ),
        ("forbidden", Answer::with(403, "", "")),
        ("not found", Answer::html(404, "nothing")),
        ("bad request", Answer::with(400, "", "")),
        ("wrong method", Answer::with(405, "", "")),
        ("own page", Answer::html(200, "<html>Finance and Operations</html>")),
        ("no page", Answer::with(200, "", "ok")),
        ("same host", Answer::with(302, "Location: /namespaces/AXSF/\r\n", "")),
    ] {
        let bytes = answer.bytes.clone();
        let server = Server::plain(move |seen| {
            if seen.path == "/" { Answer { bytes: bytes.clone(), ..Answer::default() } } else { healthy(seen) }
        })
        .await;
        let results = check(&server).await;
        assert_eq!(refused(&results), [], "{name}");
        let details = details(&results, CheckId::Environment);
        assert!(details["http_status"].is_u64());
        assert_eq!(details.get("notes").is_some(), name == "not found");
        if name == "unauthorized" {
            assert_eq!(details["challenge_authority"], "https://login.test/t/oauth2/authorize");
        }
    }
}

#[tokio::test]
async fn discovery_tells_tenant_authority_and_cloud_apart() {
    let unknown = || entra_error(400, "invalid_request", 90002);
    let tenant_at = |token: fn() -> Answer, discovery: fn() -> Answer| {
        Server::plain(move |seen: &Seen| {
            if seen.path.ends_with(TOKEN_PATH) {
                token()
            } else if seen.path.contains("well-known") {
                discovery()
            } else {
                healthy(seen)
            }
        })
    };
    type Case = (&'static str, fn() -> Answer, fn() -> Answer, Option<Mark>, usize);
    let cases: [Case; 6] = [
        (
            "absent",
            || entra_error(400, "invalid_request", 90002),
            || entra_error(400, "invalid_tenant", 90002),
            Some(Mark::TenantAbsent),
            1,
        ),
        ("foreign", || Answer::html(404, "nginx"), || Answer::html(404, "nginx"), Some(Mark::AuthorityForeign), 1),
        ("portal", || Answer::html(200, "hotel"), || Answer::html(200, "hotel"), Some(Mark::AuthorityForeign), 1),
        // A service that is down shows the same page for everything: that does not make it another service.
        ("down", || Answer::html(503, "down"), || Answer::html(503, "down"), None, 1),
        ("busy, no discovery", || Answer::with(429, "", ""), || Answer::html(404, "no"), None, 1),
        (
            "tenant's code, no discovery",
            || entra_error(400, "invalid_request", 900_023),
            || Answer::html(404, "no"),
            None,
            1,
        ),
    ];
    for (name, token, discovery, mark, asked) in cases {
        let server = tenant_at(token, discovery).await;
        let results = check(&server).await;
        assert_eq!(refused(&results), [CheckId::Authority], "{name}");
        let evidence = &evidence(&results, CheckId::Authority)[0];
        let found: Vec<Mark> = [Mark::TenantFound, Mark::TenantAbsent, Mark::AuthorityForeign]
            .into_iter()
            .filter(|mark| evidence.marks.contains(mark))
            .collect();
        assert_eq!(found, Vec::from_iter(mark), "{name}");
        assert_eq!(server.asked("well-known").len(), asked, "{name}");
    }
    // No doubt, no question.
    let server = tenant_at(|| entra_error(401, "invalid_client", 7_000_215), || Answer::html(404, "nginx")).await;
    assert_eq!(refused(&check(&server).await), [CheckId::Token]);
    assert_eq!(server.asked("well-known").len(), 0);

    // Another cloud has it: asked without credentials, and only when the authority is the cloud's own.
    let elsewhere = Server::plain(|_| discovered()).await;
    let other = format!(
        r#"{{ id = "us-gov", name = "US", authority = "{0}", graph = "", portal = "" }},
           {{ id = "us-dod", name = "DoD", authority = "{0}", graph = "", portal = "" }}"#,
        elsewhere.origin()
    );
    let here = Server::plain(move |seen| if seen.path == "/" { healthy(seen) } else { unknown() }).await;
    let mut request = request(&here.origin(), &here.origin());
    request.clouds = clouds(&other);
    for own in [false, true] {
        request.profile.authority_is_own = own;
        let results = results(&request, &options()).await;
        let evidence = &evidence(&results, CheckId::Authority)[0];
        assert!(evidence.marks.contains(&Mark::TenantAbsent));
        assert_eq!(evidence.marks.contains(&Mark::TenantElsewhere), own);
        assert_eq!(evidence.named.get("cloud").map(String::as_str), own.then_some("us-gov"));
    }
    let seen = elsewhere.seen();
    assert_eq!(seen.len(), 1, "one question to one authority: {seen:?}");
    assert!(seen[0].body.is_empty() && seen[0].header("authorization").is_none());
}

#[tokio::test]
async fn a_secret_arrives_unharmed() {
    let printable: String = (' '..='~').collect();
    for text in [printable.as_str(), "%41+&=;\"'`", "a b%20c+d", "ümläut~漢", "=&client_id=x&", "%", "\\u0041"] {
        let server = Server::plain(healthy).await;
        let mut request = request(&server.origin(), &server.origin());
        request.credential = Ok(Credential::Secret(secret(text)));
        assert_eq!(refused(&results(&request, &options()).await), [], "{text}");
        let mut form: Vec<(String, String)> =
            url::form_urlencoded::parse(server.asked(TOKEN_PATH)[0].body.as_bytes()).into_owned().collect();
        form.sort();
        let wanted = [
            ("client_id", CLIENT),
            ("client_secret", text),
            ("grant_type", "client_credentials"),
            ("scope", &format!("{}/.default", server.origin())),
        ];
        assert_eq!(form, wanted.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let thief = Server::plain(healthy).await;
    for path in [TOKEN_PATH, "/", SESSION_PATH, "/data/CustomersV3"] {
        let target = thief.origin();
        for status in [301, 302, 303, 307, 308] {
            let there = format!("Location: {target}{path}\r\n");
            let server = Server::plain(move |seen| match seen.path.split('?').next().unwrap().ends_with(path) {
                true => Answer::with(status, &there, ""),
                false => healthy(seen),
            })
            .await;
            let results = results(&request(&server.origin(), &server.origin()), &options()).await;
            // Another port of the same host: the environment's root may lead there.
            if path != "/" {
                let check = refused(&results)[0];
                assert!(evidence(&results, check)[0].marks.contains(&Mark::Redirect), "{path} {status}");
            }
        }
    }
    assert_eq!(thief.connections(), 0);
}

#[tokio::test]
async fn no_echo_of_a_secret_or_token_is_told() {
    let odd_secret = "a%b+c&d \"e\" canary~0123456789";
    // Every answer repeats all that it was sent.
    let echo = |status: u16| {
        move |seen: &Seen| {
            let token = seen.header("authorization").unwrap_or_default().to_owned();
            let form: BTreeMap<String, String> =
                url::form_urlencoded::parse(seen.body.as_bytes()).into_owned().collect();
            let secret = form.get("client_secret").cloned().unwrap_or_default();
            let said = json!({ "error": "invalid_client", "UserId": token, "secret": secret, "raw": seen.body });
            match (status, seen.path.ends_with(TOKEN_PATH)) {
                (400, true) => Answer::json(400, &said),
                (_, true) => healthy(seen),
                (_, false) if seen.path.ends_with(SESSION_PATH) => Answer::json(status, &said),
                (_, false) => Answer::with(status, &format!("WWW-Authenticate: Bearer {token}\r\n"), &said.to_string()),
            }
        }
    };
    for status in [200, 400, 401, 403, 500] {
        let server = Server::plain(echo(status)).await;
        let mut request = request(&server.origin(), &server.origin());
        request.credential = Ok(Credential::Secret(secret(odd_secret)));
        let told = format!("{:?}", events(&request, &options()).await);
        let token = jwt(&claims(&server.origin()));
        let form: String = url::form_urlencoded::byte_serialize(odd_secret.as_bytes()).collect();
        for needle in [odd_secret, &form, &token, "canary"] {
            assert!(!told.contains(needle), "{status}: {needle} in {told}");
        }
    }
    // Nor out of a token's claims.
    for claim in ["aud", "tid", "oid", "appid", "roles", "scp", "upn", "iss", "appidacr", "kid"] {
        let server = Server::plain(move |seen| {
            if !seen.path.ends_with(TOKEN_PATH) {
                return healthy(seen);
            }
            let form: BTreeMap<String, String> =
                url::form_urlencoded::parse(seen.body.as_bytes()).into_owned().collect();
            let mut payload = claims("https://contoso.test");
            payload[claim] = match claim {
                "roles" => json!([form["client_secret"]]),
                _ => json!(form["client_secret"]),
            };
            Answer::json(200, &json!({ "access_token": jwt(&payload) }))
        })
        .await;
        let mut request = request(&server.origin(), &server.origin());
        request.credential = Ok(Credential::Secret(secret(odd_secret)));
        let told = format!("{:?}", events(&request, &options()).await);
        assert!(!told.contains("canary"), "{claim}: {told}");
    }
    // A token that cannot be used is not told either.
    let server = Server::plain(|seen| match seen.path.ends_with(TOKEN_PATH) {
        true => Answer::json(200, &json!({ "token_type": "mac", "access_token": "canary.canary.canary" })),
        false => healthy(seen),
    })
    .await;
    let told = format!("{:?}", events(&request(&server.origin(), &server.origin()), &options()).await);
    assert!(!told.contains("canary") && told.contains("access_token"), "{told}");
}

#[tokio::test]
async fn token_and_environment_are_asked_at_once() {
    let gate = Arc::new(Semaphore::new(0));
    let opened = gate.clone();
    let entra = Server::plain(move |seen| healthy(seen).behind(&gate)).await;
    let d365 = Server::plain(move |seen| {
        // The token is held back until the environment has been asked.
        if seen.path == "/" {
            opened.add_permits(1);
        }
        healthy(seen)
    })
    .await;
    let mut request = request(&entra.origin(), &d365.origin());
    request.wanted = vec![CheckId::Registration];
    assert_eq!(refused(&results(&request, &options()).await), []);
    // And the connection opened by it carries the user session.
    assert_eq!(d365.connections(), 1);
}

#[tokio::test]
async fn registration_and_entities_are_asked_at_once() {
    for status in [200, 401] {
        let gate = Arc::new(Semaphore::new(0));
        let server = Server::plain(move |seen| {
            if seen.path.starts_with("/data/") {
                gate.add_permits(1);
            }
            match seen.path.ends_with(SESSION_PATH) {
                true if status == 200 => healthy(seen).behind(&gate),
                true => Answer::with(status, "", "").behind(&gate),
                false => healthy(seen),
            }
        })
        .await;
        let results = check(&server).await;
        match status {
            200 => assert_eq!(refused(&results), []),
            // What was read meanwhile is dropped.
            _ => assert!(outline(&results).contains("registration! access-(needs registration)")),
        }
    }
}

#[tokio::test]
async fn a_failed_registration_does_not_wait_for_the_entities() {
    let gate = Arc::new(Semaphore::new(0)); // never opens
    let server = Server::plain(move |seen| match seen.path.starts_with("/data/") {
        true => healthy(seen).behind(&gate),
        false if seen.path.ends_with(SESSION_PATH) => Answer::with(401, "", ""),
        false => healthy(seen),
    })
    .await;
    assert_eq!(refused(&check(&server).await), [CheckId::Registration]);
}

#[tokio::test]
async fn dropping_a_run_cancels_it() {
    let gate = Arc::new(Semaphore::new(0)); // never opens
    let server = Server::plain(move |seen| healthy(seen).behind(&gate)).await;
    let client = Client::new(&options(), None).unwrap();
    let request = request(&server.origin(), &server.origin());
    let (tell, mut told) = mpsc::channel(64);
    tokio::select! {
        _ = run(&client, &request, &tell) => panic!("the answers are held back"),
        () = async {
            while server.seen().len() < 2 {
                tokio::task::yield_now().await;
            }
        } => {}
    }
    drop(tell);
    while let Some(event) = told.recv().await {
        assert!(!matches!(event, CheckEvent::Finished { check: CheckId::Token | CheckId::Environment, .. }));
    }
    tokio::time::timeout(HANG, server.hung_up()).await.expect("the connection is closed");
}

#[tokio::test]
async fn what_a_sign_in_page_says_ends_the_wait_and_is_judged() {
    let server = Server::plain(|seen| match seen.path.ends_with("/.well-known/openid-configuration") {
        true => Answer::json(200, &json!({ "authorization_endpoint": "https://login.test/a" })),
        false => healthy(seen),
    })
    .await;
    let (says, page) = watch::channel(String::new());
    let mut request = request(&server.origin(), &server.origin());
    request.profile.sign_in = SignIn::Loopback;
    request.page = Some(page);
    let client = Client::new(&options(), None).unwrap();
    let (tell, mut told) = mpsc::channel(4);
    let person = async {
        let mut ended = None;
        while let Some(event) = told.recv().await {
            match event {
                CheckEvent::SignIn { prompt, .. } => {
                    assert!(prompt.url().starts_with(&server.origin()), "{}", prompt.url());
                    says.send_replace(format!("AADSTS50011: The redirect URI does not match. {SECRET}"));
                }
                CheckEvent::Finished { check: CheckId::Token, result, .. } => ended = Some(result),
                _ => {}
            }
        }
        ended
    };
    let run = async {
        let tell = tell; // dropped at the end, which ends the other side
        run(&client, &request, &tell).await
    };
    let (_, ended) = tokio::time::timeout(HANG, async { tokio::join!(run, person) }).await.expect("the wait ends");
    let Some(CheckResult::Refused { evidence, .. }) = ended else { panic!("{ended:?}") };
    assert_eq!(evidence[0].codes, [50011]);
    assert!(evidence[0].marks.contains(&Mark::UserSignIn));
    assert!(!format!("{evidence:?}").contains(SECRET), "{evidence:?}");
}

#[tokio::test]
async fn transport_faults() {
    let closed = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let reset = Server::start(Front::Reset, healthy).await;
    let silent = Server::plain(|seen| healthy(seen).behind(&Arc::new(Semaphore::new(0)))).await;
    let dripping = Server::plain(|_| Answer {
        bytes: b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n".to_vec(),
        drip: Some(b'a'),
        ..Answer::default()
    })
    .await;
    let slow_head =
        Server::plain(|_| Answer { bytes: b"HTTP/1.1 200 OK\r\nX: ".to_vec(), drip: Some(b'a'), ..Answer::default() })
            .await;
    let plain = Server::start(Front::Says(b"HTTP/1.1 400 Bad Request\r\n\r\n"), healthy).await;
    let mute = Server::start(Front::Says(b""), healthy).await;
    let alert = Server::start(Front::Says(&[21, 3, 3, 0, 2, 2, 40]), healthy).await; // handshake_failure
    // A label of 64 letters resolves nowhere, and no name server need be asked to know it.
    let nowhere = format!("https://{}.test", "a".repeat(64));
    for (name, origin, fault, host) in [
        ("closed port", closed, Fault::Connect, "127.0.0.1"),
        ("reset", reset.origin(), Fault::Connect, "127.0.0.1"),
        ("no answer", silent.origin(), Fault::Timeout, "127.0.0.1"),
        ("slow body", dripping.origin(), Fault::Timeout, "127.0.0.1"),
        ("slow head", slow_head.origin(), Fault::Timeout, "127.0.0.1"),
        ("no such host", nowhere.clone(), Fault::Dns, nowhere.trim_start_matches("https://")),
        ("http, not https", plain.origin().replace("http:", "https:"), Fault::TlsProtocol, "127.0.0.1"),
        ("no handshake", mute.origin().replace("http:", "https:"), Fault::TlsProtocol, "127.0.0.1"),
        ("alert", alert.origin().replace("http:", "https:"), Fault::TlsProtocol, "127.0.0.1"),
    ] {
        let mut options = options();
        options.exchange = Duration::from_millis(400);
        let results = results(&request(&origin, &origin), &options).await;
        assert_eq!(refused(&results), [CheckId::Authority, CheckId::Environment], "{name}");
        for check in [CheckId::Authority, CheckId::Environment] {
            let evidence = &evidence(&results, check)[0];
            assert_eq!((evidence.fault, evidence.check), (Some(fault), Some(check)), "{name}: {evidence:?}");
            assert_eq!(evidence.named["host"], host);
            assert!(!evidence.text.as_str().is_empty(), "{name}");
        }
    }
}

#[tokio::test]
async fn tls_faults() {
    let home = tempfile::tempdir().unwrap();
    let ca = Ca::new();
    let ca_file = home.path().join("ca.pem");
    std::fs::write(&ca_file, &ca.pem).unwrap();
    let ca_file = ca_file.to_str().unwrap();
    for (name, acceptor, trusted, fault) in [
        ("extra authority", ca.acceptor("localhost", 2090), Some(ca_file), None),
        ("untrusted", ca.acceptor("localhost", 2090), None, Some(Fault::TlsUntrusted)),
        ("wrong host", ca.acceptor("other.test", 2090), Some(ca_file), Some(Fault::TlsHostname)),
        ("expired", ca.acceptor("localhost", 2021), Some(ca_file), Some(Fault::TlsExpired)),
    ] {
        let server = Server::start(Front::Tls(acceptor), healthy).await;
        let origin = format!("https://localhost:{}", server.port);
        let mut request = request(&origin, &origin);
        request.profile.ca_certificate = trusted.map(str::to_owned);
        let results = results(&request, &options()).await;
        match fault {
            None => assert_eq!(refused(&results), [], "{name}"),
            Some(_) => {
                assert_eq!(refused(&results), [CheckId::Authority, CheckId::Environment], "{name}");
                assert_eq!(evidence(&results, CheckId::Authority)[0].fault, fault, "{name}");
                assert_eq!(server.seen().len(), 0, "{name}: nothing is sent before trust");
            }
        }
    }
}

#[tokio::test]
async fn extra_authorities_that_cannot_be_used() {
    for (text, wanted) in [
        ("", "no certificate"),
        ("hello", "no certificate"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "cannot be used"),
    ] {
        match Client::new(&options(), Some(text.as_bytes())) {
            Err(ClientError::Authority(what)) => assert!(what.contains(wanted), "{text}: {what}"),
            other => panic!("{text}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn the_proxy_s_trouble_is_told_from_the_service_s() {
    let ca = Ca::new();
    let closed = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let wants_password = Server::plain(|_| Answer::with(407, "Proxy-Authenticate: Basic\r\n", "")).await;
    let refuses = Server::plain(|_| Answer::with(403, "", "not that host")).await;
    let cannot = Server::plain(|_| Answer::with(502, "", "")).await;
    let hangs_up = Server::plain(|_| Answer::raw(b"")).await;
    let reset = Server::start(Front::Reset, healthy).await;
    let untrusted = Server::start(Front::Tunnel(ca.acceptor("login.example.test", 2090)), healthy).await;
    for (name, proxy, fault) in [
        ("closed", closed.clone(), Fault::Proxy),
        ("socks, closed", closed.replace("http:", "socks5h:"), Fault::Proxy),
        ("unknown", format!("http://{}.test:8080", "a".repeat(64)), Fault::Proxy),
        ("wants a password", wants_password.origin(), Fault::Proxy),
        ("refuses", refuses.origin(), Fault::Proxy),
        ("cannot reach", cannot.origin(), Fault::Proxy),
        ("hangs up", hangs_up.origin(), Fault::Proxy),
        ("resets", reset.origin(), Fault::Proxy),
        ("inspects", untrusted.origin(), Fault::TlsUntrusted),
    ] {
        let options = NetOptions { proxy: Proxy::At(proxy), ..options() };
        let request = request("https://login.example.test", "https://contoso.example.test");
        let results = results(&request, &options).await;
        let evidence = &evidence(&results, CheckId::Authority)[0];
        assert_eq!(evidence.fault, Some(fault), "{name}: {evidence:?}");
        assert_eq!(evidence.named["host"], "login.example.test");
    }
    assert_eq!(untrusted.asked("login.example.test:443")[0].method, "CONNECT");

    // Plain http is for this machine only, and stays on it.
    let (server, proxy) = (Server::plain(healthy).await, Server::plain(healthy).await);
    let options = NetOptions { proxy: Proxy::At(proxy.origin()), ..options() };
    assert_eq!(refused(&results(&request(&server.origin(), &server.origin()), &options).await), []);
    assert_eq!(proxy.connections(), 0);
}

#[tokio::test]
async fn a_tunnel_carries_the_whole_test() {
    let home = tempfile::tempdir().unwrap();
    let ca = Ca::new();
    let file = home.path().join("ca.pem");
    std::fs::write(&file, &ca.pem).unwrap();
    let proxy = Server::start(Front::Tunnel(ca.acceptor("contoso.example.test", 2090)), healthy).await;
    let mut request = request("https://contoso.example.test", "https://contoso.example.test");
    request.profile.ca_certificate = Some(file.to_str().unwrap().into());
    let options = NetOptions { proxy: Proxy::At(proxy.origin()), ..options() };
    assert_eq!(refused(&results(&request, &options).await), []);
    let connects = proxy.asked("contoso.example.test:443");
    assert!(connects.iter().all(|seen| seen.method == "CONNECT" && seen.header("authorization").is_none()));
}

#[tokio::test]
async fn what_passes_by_itself_is_asked_again_within_limits() {
    let patient = NetOptions { waiting: Duration::from_secs(5), ..options() };
    // (headers, status, tries, waits): the retries that Retry-After allows are made at once here.
    for (headers, status, tries) in [
        ("Retry-After: 0\r\n", 503, 3),
        ("Retry-After: 0\r\n", 500, 3),
        ("Retry-After: 0\r\n", 429, 3),
        ("Retry-After: Wed, 21 Oct 2015 07:28:00 GMT\r\n", 503, 3),
        ("Retry-After: 3600\r\n", 429, 1),
        ("Retry-After: Thu, 01 Jan 2099 00:00:00 GMT\r\n", 503, 1),
        ("Retry-After: 0\r\n", 400, 1),
        ("Retry-After: 0\r\n", 401, 1),
        ("Retry-After: 0\r\n", 403, 1),
        ("Retry-After: 0\r\n", 404, 1),
        ("Retry-After: 0\r\nLocation: /\r\n", 302, 1),
    ] {
        let server = Server::plain(move |seen| match seen.path.ends_with(SESSION_PATH) {
            true => Answer::with(status, headers, ""),
            false => healthy(seen),
        })
        .await;
        let all = events(&request(&server.origin(), &server.origin()), &patient).await;
        let waits = all
            .iter()
            .filter(|event| matches!(event, CheckEvent::Waiting { check: CheckId::Registration, .. }))
            .count();
        assert_eq!(server.asked(SESSION_PATH).len(), tries, "{status} {headers}");
        assert_eq!(waits, tries - 1, "{status} {headers}");
        let results = fold(all);
        let evidence = &evidence(&results, CheckId::Registration)[0];
        assert_eq!(evidence.http_status, Some(status));
        assert_eq!(evidence.retry_after == Some(3600), headers.contains("3600"));
    }
    // A connection that breaks is tried three times as well, and the waiting is told.
    let reset = Server::start(Front::Reset, healthy).await;
    let mut broken = request(&reset.origin(), &reset.origin());
    broken.wanted = vec![CheckId::Environment];
    let all = events(&broken, &patient).await;
    assert_eq!(reset.connections(), 3);
    let waits: Vec<Duration> = all
        .iter()
        .filter_map(|event| if let CheckEvent::Waiting { wait, .. } = event { Some(*wait) } else { None })
        .collect();
    assert_eq!(waits, [Duration::from_millis(500), Duration::from_secs(1)]);
    // And what comes right passes.
    let tries = std::sync::atomic::AtomicUsize::new(0);
    let server = Server::plain(move |seen| {
        let busy = seen.path.ends_with(TOKEN_PATH) && tries.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 0;
        if busy { Answer::with(503, "Retry-After: 0\r\n", "") } else { healthy(seen) }
    })
    .await;
    assert_eq!(refused(&results(&request(&server.origin(), &server.origin()), &patient).await), []);
}

#[tokio::test]
async fn tokens_in_every_shape_that_entra_uses() {
    type Shape = (&'static str, fn(&str) -> Value, &'static str);
    let shapes: [Shape; 5] = [
        (
            "numbers as strings",
            |aud| json!({"token_type": "bearer", "expires_in": "3599", "access_token": jwt(&claims(aud))}),
            "claims+",
        ),
        ("no type", |aud| json!({"expires_in": 3599, "access_token": jwt(&claims(aud))}), "claims+"),
        ("opaque", |_| json!({"token_type": "BEARER", "access_token": "opaque-token"}), "claims-(the token is opaque)"),
        ("three parts, no JSON", |_| json!({"access_token": "a.b.c"}), "claims-(the token is opaque)"),
        ("wrong audience", |_| json!({"access_token": jwt(&claims("https://other.test/"))}), "claims!"),
    ];
    for (name, shape, claims) in shapes {
        let server = Server::plain(move |seen| match seen.path.ends_with(TOKEN_PATH) {
            true => {
                let origin = format!("http://{}", seen.header("host").unwrap());
                Answer::json(200, &shape(&origin))
            }
            false => healthy(seen),
        })
        .await;
        let results = check(&server).await;
        // Claims explain; they do not keep the service from being asked.
        let wanted = format!("inputs+ authority+ token+ {claims} environment+ registration+ access+ expiry+");
        assert_eq!(outline(&results), wanted, "{name}");
    }
}

#[tokio::test]
async fn claims_go_along_with_a_refused_registration() {
    let server = Server::plain(|seen| {
        if seen.path.ends_with(TOKEN_PATH) {
            let payload = json!({ "aud": "00000015-0000-0000-c000-000000000000", "tid": CLIENT, "exp": 1_000 });
            Answer::json(200, &json!({ "access_token": jwt(&payload) }))
        } else if seen.path.ends_with(SESSION_PATH) {
            Answer::with(401, "", "")
        } else {
            healthy(seen)
        }
    })
    .await;
    let results = check(&server).await;
    let all = [Mark::AudienceDiffers, Mark::TenantDiffers, Mark::ObjectIdMissing, Mark::ClockDiffers];
    for check in [CheckId::Claims, CheckId::Registration] {
        let evidence = &evidence(&results, check)[0];
        assert!(all.iter().all(|mark| evidence.marks.contains(mark)), "{check}: {:?}", evidence.marks);
    }
    let named = &evidence(&results, CheckId::Claims)[0].named;
    assert_eq!((&*named["audience"], &*named["tenant_found"]), ("00000015-0000-0000-c000-000000000000", CLIENT));
}

#[tokio::test]
async fn advice_is_noted_and_changes_nothing() {
    let server = Server::plain(|seen| match seen.path.ends_with(SESSION_PATH) {
        true => Answer::json(200, &json!({ "UserId": "Admin", "IsSysAdmin": true, "Company": "DAT" })),
        false => healthy(seen),
    })
    .await;
    let mut request = request(&server.origin(), &server.origin());
    request.profile.user_id = Some("svc-odata".into());
    request.profile.company = Some("USMF".into());
    request.profile.entities = vec!["Odd Name".into()];
    let results = results(&request, &options()).await;
    assert_eq!(refused(&results), []);
    let notes = details(&results, CheckId::Registration)["notes"].to_string();
    for part in ["administrator", "svc-odata", "USMF", "DAT"] {
        assert!(notes.contains(part), "{part} in {notes}");
    }
    // The profile's own entities are read instead of the guide's.
    assert_eq!(details(&results, CheckId::Access)["entities"][0]["name"], "Odd Name");
    assert_eq!(server.asked("/data/").len(), 1);
}

#[tokio::test]
async fn each_entity_has_its_own_verdict() {
    let server = Server::plain(|seen| match seen.path.starts_with("/data/LegalEntities") {
        true => Answer::with(403, "", ""),
        false => healthy(seen),
    })
    .await;
    let results = check(&server).await;
    assert_eq!(
        details(&results, CheckId::Access)["entities"],
        json!([
            { "name": "LegalEntities", "status": "unknown", "http_status": 403, "rows": null },
            { "name": "CustomersV3", "status": "passed", "http_status": 200, "rows": 1 },
        ])
    );
    let evidence = evidence(&results, CheckId::Access);
    assert_eq!((evidence.len(), evidence[0].named["entity"].as_str()), (1, "LegalEntities"));
    let CheckResult::Refused { summary, .. } = &results[&CheckId::Access] else { panic!() };
    assert_eq!(summary, "1 of 2 entities can be read");
}

fn locked_keyring() -> Unusable {
    Unusable::Unread { why: Untrusted::plain("the keyring is locked"), hint: "unlock it".into() }
}

#[tokio::test]
async fn values_are_judged_before_anything_is_sent() {
    let server = Server::plain(healthy).await;
    let skipped = " authority-(needs inputs) token-(needs inputs) claims-(needs inputs) environment-(needs inputs) registration-(needs inputs) access-(needs inputs) expiry-(needs inputs)";
    let good = || request(&server.origin(), &server.origin());
    for (mark, request) in [
        (Mark::SecretUnreadable, RunRequest { credential: Err(locked_keyring()), ..good() }),
        (Mark::Placeholder, RunRequest { credential: Ok(Credential::Secret(secret("<client secret>"))), ..good() }),
        (Mark::OtherProduct, request(&server.origin(), "https://contoso.crm4.dynamics.com")),
    ] {
        let results = results(&request, &options()).await;
        assert_eq!(outline(&results), format!("inputs!{skipped}"));
        assert!(evidence(&results, CheckId::Inputs)[0].marks.contains(&mark));
    }
    assert_eq!(server.connections(), 0);
    let unread = RunRequest { credential: Err(locked_keyring()), ..good() };
    let results = results(&unread, &options()).await;
    let evidence = &evidence(&results, CheckId::Inputs)[0];
    assert_eq!(evidence.named["store"], "environment variable D365_SECRET");
    assert_eq!(evidence.text.as_str(), "the keyring is locked");
}

#[tokio::test]
async fn a_secret_shaped_like_its_id_is_tried_and_then_told() {
    let server = Server::plain(|seen| match seen.path.ends_with(TOKEN_PATH) {
        true => entra_error(401, "invalid_client", 7_000_215),
        false => healthy(seen),
    })
    .await;
    let mut request = request(&server.origin(), &server.origin());
    request.credential = Ok(Credential::Secret(secret("3f2b7c1e-4d5a-4b6c-8d7e-9f0a1b2c3d4e")));
    let results = results(&request, &options()).await;
    assert!(details(&results, CheckId::Inputs)["notes"].to_string().contains("ID"));
    assert!(evidence(&results, CheckId::Token)[0].marks.contains(&Mark::SecretIsGuid));
}

#[tokio::test]
async fn end_dates() {
    let server = Server::plain(healthy).await;
    for (expires, outlined) in [
        (None, "expiry-(no end date is recorded)"),
        (Some(Date::constant(2026, 12, 22)), "expiry+"),
        (Some(Date::constant(2026, 12, 21)), "expiry~"),
        (Some(Date::constant(2026, 11, 22)), "expiry~"),
        (Some(Date::constant(2026, 11, 21)), "expiry!"),
        (Some(Date::constant(2020, 1, 1)), "expiry!"),
    ] {
        let mut request = request(&server.origin(), &server.origin());
        request.wanted = vec![CheckId::Expiry];
        request.profile.expires = expires;
        let results = results(&request, &options()).await;
        assert_eq!(outline(&results), format!("inputs+ {outlined}"), "{expires:?}");
        if outlined == "expiry!" {
            assert!(evidence(&results, CheckId::Expiry)[0].marks.contains(&Mark::EndDatePassed));
        }
    }
}

#[tokio::test]
async fn the_sandbox_s_names_lead_to_its_port_and_nothing_else_is_reached() {
    let server = Server::plain(healthy).await;
    let address = ([127, 0, 0, 1], server.port).into();
    let sandbox = NetOptions { sandbox: Some(Some(address)), ..options() };
    let names = request("https://login.sandbox.test", "https://contoso.sandbox.test");
    assert_eq!(refused(&results(&names, &sandbox).await), []);
    assert_eq!(server.asked(TOKEN_PATH)[0].header("host"), Some("login.sandbox.test"));
    assert!(server.asked("/data/").iter().all(|seen| seen.header("host") == Some("contoso.sandbox.test")));
    assert_eq!(refused(&results(&request(&server.origin(), &server.origin()), &sandbox).await), []);

    let other = Server::plain(healthy).await;
    let before = server.connections();
    let unplugged = NetOptions { sandbox: Some(None), ..options() };
    for (options, origin) in [
        (&sandbox, "https://contoso.operations.dynamics.com".to_owned()),
        (&sandbox, "https://sandbox.test.example.test".to_owned()),
        (&sandbox, other.origin()),
        (&unplugged, "https://contoso.sandbox.test".to_owned()),
        (&unplugged, server.origin()),
    ] {
        let results = results(&request(&origin, &origin), options).await;
        for check in [CheckId::Authority, CheckId::Environment] {
            assert_eq!(evidence(&results, check)[0].fault, Some(Fault::Dns), "{origin}");
        }
    }
    assert_eq!((other.connections(), server.connections()), (0, before));
}

// ---- a person signs in --------------------------------------------------------------------------------------------

/// Entra for a person who signs in, and Finance & Operations, all well: the tokens are for this server.
fn for_a_person(seen: &Seen) -> Answer {
    let path = seen.path.split('?').next().unwrap();
    if path.ends_with("/.well-known/openid-configuration") {
        Answer::json(200, &json!({ "authorization_endpoint": "https://login.test/a" }))
    } else if path.ends_with("/devicecode") {
        let page = format!("http://{}", seen.header("host").unwrap());
        Answer::json(200, &device(&page))
    } else if path.ends_with(TOKEN_PATH) {
        let token = jwt(&claims(&format!("http://{}", seen.header("host").unwrap())));
        let body =
            json!({ "token_type": "Bearer", "expires_in": 3599, "access_token": token, "refresh_token": "canary" });
        Answer::json(200, &body)
    } else {
        healthy(seen)
    }
}

/// What a device code's issuer says, with that page.
fn device(page: &str) -> Value {
    json!({ "user_code": "ABCD-1234", "device_code": "canary", "verification_uri": page, "expires_in": 900, "interval": 1 })
}

fn as_a_person(server: &Server, way: SignIn) -> RunRequest {
    let mut request = request(&server.origin(), &server.origin());
    request.profile.sign_in = way;
    request.page = Some(watch::channel(String::new()).1);
    request
}

/// A run in which a person does this at the prompt; the prompts, and how the checks came out.
async fn signed<Acts: Future<Output = ()> + Send + 'static>(
    request: &RunRequest,
    person: impl Fn(SignInPrompt) -> Acts,
) -> (Vec<SignInPrompt>, BTreeMap<CheckId, CheckResult>) {
    let client = Client::new(&options(), None).unwrap();
    let (tell, mut told) = mpsc::channel(4);
    let (mut prompts, mut all) = (Vec::new(), Vec::new());
    let watched = async {
        while let Some(event) = told.recv().await {
            if let CheckEvent::SignIn { prompt, .. } = &event {
                tokio::spawn(person(prompt.clone()));
                prompts.push(prompt.clone());
            }
            all.push(event);
        }
    };
    let run = async {
        let tell = tell; // dropped at the end, which ends the other side
        run(&client, request, &tell).await
    };
    tokio::time::timeout(HANG, async { tokio::join!(run, watched) }).await.expect("the run ends");
    let told = format!("{all:?}");
    assert!(!told.contains("canary"), "a code, a token or a secret is told: {told}");
    (prompts, fold(all))
}

/// Where the browser is sent back to, and what else the page was asked with.
fn asked_with(prompt: &SignInPrompt) -> BTreeMap<String, String> {
    url::Url::parse(prompt.url()).unwrap().query_pairs().into_owned().collect()
}

/// Says these bytes to the listener behind a redirect URI, and returns its answer.
async fn call(redirect_uri: &str, bytes: &[u8]) -> String {
    let port = url::Url::parse(redirect_uri).unwrap().port().unwrap();
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)).await else { return "gone".into() };
    // It may hang up before all is said.
    let _ = stream.write_all(bytes).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

/// The form of each request to the token endpoint.
fn forms(server: &Server) -> Vec<BTreeMap<String, String>> {
    let asked = server.asked(TOKEN_PATH);
    asked.iter().map(|seen| url::form_urlencoded::parse(seen.body.as_bytes()).into_owned().collect()).collect()
}

#[tokio::test]
async fn the_code_that_comes_back_is_exchanged_once_with_its_proof() {
    let server = Server::plain(for_a_person).await;
    let request = as_a_person(&server, SignIn::Loopback);
    let (prompts, results) = signed(&request, |prompt| async move {
        let asked = asked_with(&prompt);
        let (uri, state) = (&asked["redirect_uri"], &asked["state"]);
        // What must not count comes first: all of it is turned away, and the sign-in goes on.
        let get = |target: String| format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n").into_bytes();
        for (strange, answer) in [
            (get("/favicon.ico".into()), "HTTP/1.1 404"),
            (get(format!("/elsewhere?code=wrong&state={state}")), "HTTP/1.1 404"),
            (get(format!("http://example.com/?code=wrong&state={state}")), ""),
            (format!("POST /?code=wrong&state={state} HTTP/1.1\r\nContent-Length: 0\r\n\r\n").into_bytes(), ""),
            (get(format!("/?code={}&state={state}", "a".repeat(64 * 1024))), ""),
            (b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n".to_vec(), ""),
            (vec![b'\n'; 40_000], ""),
        ] {
            let said = call(uri, &strange).await;
            assert!(said.starts_with(answer) && (!answer.is_empty() || said.is_empty()), "{said}");
        }
        let first = call(uri, &get(format!("/?code=first&state={state}"))).await;
        assert!(first.starts_with("HTTP/1.1 200") && !first.contains("first"), "{first}");
        // Whoever comes second finds nobody.
        call(uri, &get(format!("/?code=second&state={state}"))).await;
    })
    .await;
    assert_eq!(refused(&results), []);
    let [prompt] = &prompts[..] else { panic!("{prompts:?}") };
    let asked = asked_with(prompt);
    assert_eq!((asked["response_type"].as_str(), asked["code_challenge_method"].as_str()), ("code", "S256"));
    assert!(asked["state"].len() >= 43 && !prompt.url().contains(SECRET));
    let forms = forms(&server);
    let exchanges: Vec<_> = forms.iter().filter(|form| form["grant_type"] == "authorization_code").collect();
    let [exchange] = &exchanges[..] else { panic!("{forms:?}") };
    assert_eq!((exchange["code"].as_str(), &exchange["redirect_uri"]), ("first", &asked["redirect_uri"]));
    let proof = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, exchange["code_verifier"].as_bytes());
    assert_eq!(URL_SAFE_NO_PAD.encode(proof), asked["code_challenge"]);
}

/// A code is good once: where its exchange fails, it is not tried again, whatever the server asks for.
#[tokio::test]
async fn a_code_is_exchanged_once_also_where_the_server_is_busy() {
    for status in [429, 500, 503] {
        let server = Server::plain(move |seen: &Seen| {
            if seen.path.ends_with(TOKEN_PATH) {
                return Answer::with(status, "Retry-After: 0\r\n", "");
            }
            for_a_person(seen)
        })
        .await;
        let (_, results) = signed(&as_a_person(&server, SignIn::Loopback), |prompt| async move {
            let asked = asked_with(&prompt);
            call(
                &asked["redirect_uri"],
                format!("GET /?code=once&state={} HTTP/1.1\r\n\r\n", asked["state"]).as_bytes(),
            )
            .await;
        })
        .await;
        assert_ne!(refused(&results), [], "{status}");
        assert_eq!(forms(&server).len(), 1, "{status}");
    }
}

#[tokio::test]
async fn an_answer_that_is_not_ours_ends_nothing_and_nothing_is_exchanged() {
    const NO: &str = "error=access_denied&error_description=AADSTS65004%3A+no&state=STATE";
    for (queries, codes) in [
        (&["code=stolen&state=wrong", NO][..], &[65004][..]),
        (&["code=stolen", "code=stolen&state=", NO], &[65004]),
        (&["error=stolen&state=wrong", NO], &[65004]),
        (&["code=stolen&error=access_denied&error_description=AADSTS65004%3A+no&state=STATE"], &[65004]),
        (&["error=x&error_description=%1b%5b31m%e2%80%ae%00x&state=STATE"], &[]),
    ] {
        let server = Server::plain(for_a_person).await;
        let (_, results) = signed(&as_a_person(&server, SignIn::Loopback), |prompt| async move {
            let asked = asked_with(&prompt);
            for query in queries {
                let query = query.replace("STATE", &asked["state"]);
                call(&asked["redirect_uri"], format!("GET /?{query} HTTP/1.1\r\n\r\n").as_bytes()).await;
            }
        })
        .await;
        let told = &evidence(&results, CheckId::Token)[0];
        assert_eq!(told.codes, codes, "{queries:?}");
        assert!(told.marks.contains(&Mark::UserSignIn), "{queries:?}");
        assert!(!told.text.as_str().contains(['\x1b', '\0', '\u{202e}']) && !told.text.as_str().contains("stolen"));
        assert_eq!(server.asked(TOKEN_PATH).len(), 0, "{queries:?}: nothing is exchanged");
        assert_eq!(server.asked("/data/").len(), 0, "{queries:?}: and nothing read");
    }
}

#[tokio::test]
async fn a_device_code_is_shown_for_pages_of_the_sign_in_host_alone() {
    let own = |seen: &Seen| format!("http://{}", seen.header("host").unwrap());
    let long = format!("https://login.microsoftonline.com/{}", "a".repeat(300));
    for (page, shown) in [
        ("OWN", true),
        ("OWN/device", true),
        ("https://login.microsoftonline.com/device", true),
        ("http://login.microsoftonline.com/device", false),
        ("http://127.0.0.1:1/device", false),
        ("https://evil.example/device", false),
        ("https://login.microsoftonline.com.evil.example/device", false),
        ("https://login.microsoftonline.com@evil.example/device", false),
        ("https://evil.example/login.microsoftonline.com", false),
        ("https://login.micros\u{f6}ftonline.com/device", false),
        ("https://login.microsoftonline.com/device\nhttps://evil.example", false),
        ("https://login.microsoftonline.com/\u{202e}ecived", false),
        ("javascript:alert(1)", false),
        ("file:///etc/passwd", false),
        (&long, false),
        ("", false),
    ] {
        let said = page.to_owned();
        let server = Server::plain(move |seen| match seen.path.ends_with("/devicecode") {
            true => Answer::json(200, &device(&said.replace("OWN", &own(seen)))),
            false => for_a_person(seen),
        })
        .await;
        let (prompts, results) = signed(&as_a_person(&server, SignIn::DeviceCode), |_| async {}).await;
        assert_eq!(prompts.len(), usize::from(shown), "{page}");
        assert_eq!(refused(&results).is_empty(), shown, "{page}: {}", outline(&results));
        assert_eq!(server.asked(TOKEN_PATH).is_empty(), !shown, "{page}: nothing is polled for");
        // The documented request holds no secret (facts 1.8).
        assert!(server.seen().iter().all(|seen| !seen.body.contains("client_secret")), "{page}");
    }
}

#[tokio::test]
async fn an_answer_that_is_no_device_code_ends_the_sign_in() {
    let without = |field: &str| {
        let mut body = device("https://login.microsoftonline.com/device");
        body.as_object_mut().unwrap().remove(field);
        Answer::json(200, &body)
    };
    let with = |field: &str, value: Value| {
        let mut body = device("https://login.microsoftonline.com/device");
        body[field] = value;
        Answer::json(200, &body)
    };
    for (name, answer) in [
        ("a page", Answer::html(200, "<html>Welcome</html>")),
        ("a list", Answer::json(200, &json!([]))),
        ("nothing", Answer::with(200, "", "")),
        ("half", Answer::with(200, "Content-Type: application/json\r\n", "{\"user_code\":")),
        ("no user code", without("user_code")),
        ("no device code", without("device_code")),
        ("no page", without("verification_uri")),
        ("a code with colours", with("user_code", json!("\u{1b}[31mABCD"))),
        ("a code that is a sentence", with("user_code", json!("call +1 555 0100 now"))),
        ("a long code", with("user_code", json!("A".repeat(100)))),
        ("a number", with("user_code", json!(12345))),
        ("a refusal", entra_error(400, "invalid_client", 7_000_218)),
    ] {
        let bytes = answer.bytes;
        let server = Server::plain(move |seen| match seen.path.ends_with("/devicecode") {
            true => Answer { bytes: bytes.clone(), ..Answer::default() },
            false => for_a_person(seen),
        })
        .await;
        let (prompts, results) = signed(&as_a_person(&server, SignIn::DeviceCode), |_| async {}).await;
        assert_eq!(prompts, [], "{name}");
        assert_eq!(refused(&results).len(), 1, "{name}: {}", outline(&results));
        assert_eq!(server.asked(TOKEN_PATH).len(), 0, "{name}");
    }
}

/// A run by device code in which the token endpoint gives these answers, one a poll, then tokens.
async fn polled(answers: Vec<Answer>) -> (usize, BTreeMap<CheckId, CheckResult>) {
    let answers = std::sync::Mutex::new(answers.into_iter());
    let server = Server::plain(move |seen| match seen.path.ends_with(TOKEN_PATH) {
        true => answers.lock().unwrap().next().unwrap_or_else(|| for_a_person(seen)),
        false => for_a_person(seen),
    })
    .await;
    let (_, results) = signed(&as_a_person(&server, SignIn::DeviceCode), |_| async {}).await;
    let polls = forms(&server).iter().filter(|form| form["grant_type"].contains("device_code")).count();
    (polls, results)
}

#[tokio::test]
async fn a_device_code_is_polled_for_until_there_is_an_answer() {
    let pending = || Answer::json(400, &json!({ "error": "authorization_pending" }));
    let said = |error: &str| Answer::json(400, &json!({ "error": error }));
    let thief = Server::plain(healthy).await;
    let elsewhere = format!("Location: {}/token\r\n", thief.origin());
    // All at once: most of it is waiting.
    let ((waits, slowed), (busy, later), (_, expired), (_, declined), (_, garbage), (_, empty), (_, sent_on)) = tokio::join!(
        polled(vec![pending(), said("slow_down")]),
        polled(vec![Answer::json(503, &json!({}))]),
        polled(vec![pending(), said("expired_token")]),
        polled(vec![said("authorization_declined")]),
        polled(vec![Answer::html(200, "<html>Welcome</html>")]),
        polled(vec![Answer::json(200, &json!({ "access_token": "", "refresh_token": "canary" }))]),
        polled(vec![Answer::with(302, &elsewhere, "")]),
    );
    assert_eq!((waits, refused(&slowed)), (3, vec![]));
    assert_eq!((busy, refused(&later)), (2, vec![]));
    for (name, results, error) in
        [("expired", &expired, "expired_token"), ("declined", &declined, "authorization_declined")]
    {
        let told = &evidence(results, CheckId::Token)[0];
        assert_eq!(told.oauth_error.as_deref(), Some(error), "{name}");
        assert!(told.marks.contains(&Mark::DeviceCode), "{name}");
    }
    for (name, results, mark) in [
        ("garbage", &garbage, Mark::Unreadable),
        ("empty", &empty, Mark::Unreadable),
        ("sent on", &sent_on, Mark::Redirect),
    ] {
        let [stopped] = refused(results)[..] else { panic!("{name}: {}", outline(results)) };
        assert!(evidence(results, stopped)[0].marks.contains(&mark), "{name}");
    }
    assert_eq!(thief.connections(), 0);
}

#[tokio::test]
async fn a_renewal_that_was_not_told_is_no_refusal() {
    for (answer, renewal, told) in [
        (None, "works", None),
        (Some(entra_error(400, "invalid_grant", 700_082)), "refused", Some("AADSTS700082")),
        (Some(Answer::json(503, &json!({}))), "unknown", Some("was not told")),
        (Some(Answer::json(429, &json!({}))), "unknown", Some("was not told")),
    ] {
        let bytes = answer.map(|answer| answer.bytes);
        let server = Server::plain(move |seen| match &bytes {
            Some(bytes) if seen.body.contains("grant_type=refresh_token") => {
                Answer { bytes: bytes.clone(), ..Answer::default() }
            }
            _ => for_a_person(seen),
        })
        .await;
        let (_, results) = signed(&as_a_person(&server, SignIn::DeviceCode), |_| async {}).await;
        let CheckResult::Passed { details, .. } = &results[&CheckId::Token] else { panic!("{}", outline(&results)) };
        assert_eq!(details["renewal"], renewal);
        let note = details.get("notes").map(|notes| notes[0].as_str().unwrap());
        assert_eq!(note.is_some(), told.is_some(), "{note:?}");
        assert!(told.is_none_or(|told| note.unwrap().contains(told)), "{note:?}");
    }
}

#[tokio::test]
async fn a_device_code_that_nobody_enters_ends() {
    let server = Server::plain(|seen| match seen.path.split('?').next().unwrap() {
        path if path.ends_with("/devicecode") => {
            let mut body = device(&format!("http://{}", seen.header("host").unwrap()));
            body["expires_in"] = 1.into();
            Answer::json(200, &body)
        }
        path if path.ends_with(TOKEN_PATH) => Answer::json(400, &json!({ "error": "authorization_pending" })),
        _ => for_a_person(seen),
    })
    .await;
    let (_, results) = signed(&as_a_person(&server, SignIn::DeviceCode), |_| async {}).await;
    assert!(evidence(&results, CheckId::Token)[0].marks.contains(&Mark::NobodySignedIn));
}

// ---- Business Central and Graph ---------------------------------------------------------------------------------------

/// Entra and a product in one, all well.
fn healthy_for(product: Product, seen: &Seen) -> Answer {
    let path = seen.path.split('?').next().unwrap();
    let id = "0f5e2d1c-7b6a-4c3d-9e8f-a1b2c3d4e5f6";
    if path.ends_with(TOKEN_PATH) {
        let mut claims = claims(&format!("http://{}", seen.header("host").unwrap()));
        claims["roles"] = json!(["API.ReadWrite.All", "Organization.Read.All"]);
        return Answer::json(200, &json!({ "token_type": "Bearer", "access_token": jwt(&claims) }));
    }
    match (product, path) {
        (_, "/environments/v1.2" | "/v1.0/") if seen.header("authorization").is_none() => Answer::with(401, "", ""),
        (_, "/environments/v1.2") => Answer::json(200, &json!({ "value": [{ "name": "Production" }] })),
        (_, path) if path.ends_with("/companies") => {
            Answer::json(200, &json!({ "value": [{ "id": id, "name": "CRONUS", "displayName": "CRONUS" }] }))
        }
        (_, "/v1.0/organization") => {
            Answer::json(200, &json!({ "value": [{ "id": TENANT, "displayName": "Contoso" }] }))
        }
        (Product::BusinessCentral | Product::Graph, path) if path.ends_with("/customers") || path == "/v1.0/users" => {
            Answer::json(200, &json!({ "value": [{}] }))
        }
        _ => healthy(seen),
    }
}

/// A run against a product that gives this answer to what ends in that path and carries a token.
async fn with_answer(
    product: Product,
    ending: &'static str,
    answer: &Answer,
) -> (Server, BTreeMap<CheckId, CheckResult>) {
    let bytes = answer.bytes.clone();
    let server = Server::plain(move |seen| {
        let path = seen.path.split('?').next().unwrap();
        match path.ends_with(ending) && seen.header("authorization").is_some() {
            true => Answer { bytes: bytes.clone(), ..Answer::default() },
            false => healthy_for(product, seen),
        }
    })
    .await;
    let mut request = request(&server.origin(), &server.origin());
    request.profile.product = product;
    request.profile.environment = Some("Production".into());
    request.profile.company = (product == Product::BusinessCentral).then(|| "CRONUS".into());
    request.profile.entities = match product {
        Product::BusinessCentral => vec!["customers".into()],
        Product::Graph => vec!["users".into()],
        Product::FinanceOperations => Vec::new(),
    };
    let results = results(&request, &options()).await;
    (server, results)
}

#[tokio::test]
async fn odd_answers_of_business_central_and_graph() {
    use CheckId::{Access, Environment, Registration};
    let thief = Server::plain(healthy).await;
    let away = format!("Location: {}/v2.0\r\n", thief.origin());
    let error = |status: u16, code: &str| {
        Answer::json(status, &json!({ "error": { "code": code, "message": "no. Bearer canary" } }))
    };
    let list = |rows: Value| Answer::json(200, &json!({ "value": rows }));
    let (bc, graph) = (Product::BusinessCentral, Product::Graph);
    let odd = || {
        vec![
            ("a page", Answer::html(200, "<html>Sign in</html>")),
            ("no list", list(json!({ "name": "Production" }))),
            ("a bare list", Answer::json(200, &json!([]))),
            ("half", Answer::with(200, "Content-Type: application/json\r\n", "{\"value\":[")),
            ("401", error(401, "Authentication_InvalidCredentials")),
            ("401, empty", Answer::with(401, "", "")),
            ("403", error(403, "Authorization_RequestDenied")),
            ("404", error(404, "BadRequest_NotFound")),
            ("500", error(500, "Internal_ServerError")),
            ("elsewhere", Answer::with(302, &away, "")),
            ("elsewhere, as POST", Answer::with(307, &away, "")),
        ]
    };
    for (product, ending, stopped) in [
        (bc, "/companies", Registration),
        (bc, "/customers", Access),
        (graph, "/v1.0/organization", Registration),
        (graph, "/v1.0/users", Access),
    ] {
        for (name, answer) in odd() {
            let (_server, results) = with_answer(product, ending, &answer).await;
            assert_eq!(refused(&results), [stopped], "{ending}, {name}: {}", outline(&results));
            let told = &evidence(&results, stopped)[0];
            assert_eq!(told.marks.contains(&Mark::Redirect), name.starts_with("elsewhere"), "{ending}, {name}");
            assert_eq!(told.marks.contains(&Mark::Unreadable), told.http_status == Some(200), "{ending}, {name}");
        }
    }
    // A list of environments that cannot be read proves nothing: what the environment's companies answer does.
    for (name, answer) in odd() {
        let (_server, results) = with_answer(bc, "/environments/v1.2", &answer).await;
        assert_eq!(refused(&results), [], "{name}: {}", outline(&results));
    }
    for (ending, answer, stopped) in [
        ("/environments/v1.2", list(json!([{ "name": "Sandbox" }, { "name": 5 }, "Production"])), Environment),
        ("/companies", error(404, "NoEnvironment"), Registration),
        ("/companies", list(json!([{ "id": "0f5e2d1c-7b6a-4c3d-9e8f-a1b2c3d4e5f6", "name": "OTHER" }])), Access),
        ("/companies", list(json!([])), Access),
        ("/companies", list(json!(["CRONUS", 1, null])), Access),
    ] {
        let (_server, results) = with_answer(bc, ending, &answer).await;
        assert_eq!(refused(&results), [stopped], "{ending}: {}", outline(&results));
    }
    // An id that is a path of its own is asked for nowhere.
    for id in ["../../admin", "x)/customers?", "http://example.com/", "%2e%2e"] {
        let (server, results) = with_answer(bc, "/companies", &list(json!([{ "id": id, "name": "CRONUS" }]))).await;
        assert_eq!(refused(&results), [Access], "{id}: {}", outline(&results));
        assert_eq!(server.asked("/companies(").len() + server.asked("admin").len(), 0, "{id}");
    }
    assert_eq!(thief.connections(), 0);
}

#[tokio::test]
async fn what_business_central_and_graph_say_is_made_harmless() {
    let name = "CRO\u{1b}[31mNUS\u{202e}\n\u{0}";
    let rows = json!([{ "id": TENANT, "name": name, "displayName": name }]);
    for (product, ending) in [
        (Product::BusinessCentral, "/companies"),
        (Product::BusinessCentral, "/environments/v1.2"),
        (Product::Graph, "/v1.0/organization"),
    ] {
        let (_server, results) = with_answer(product, ending, &Answer::json(200, &json!({ "value": rows }))).await;
        let told: Vec<String> = results
            .values()
            .map(|result| match result {
                CheckResult::Passed { summary, details } | CheckResult::Refused { summary, details, .. } => {
                    format!("{summary} {}", Value::Object(details.clone()))
                }
                other => format!("{other:?}"),
            })
            .collect();
        let told = told.join("\n");
        assert!(told.contains("CRO"), "{ending}: {told}");
        // JSON would write them as escapes.
        for bad in ["\u{1b}", "\\u001b", "\u{202e}", "\\u202e", "\\u0000"] {
            assert!(!told.contains(bad), "{ending}: {told}");
        }
    }
}

/// A run for Graph whose token has these roles, against an app with these secrets: the verdict on the end, and whether
/// the app was asked for.
async fn end_told(roles: Value, secrets: Value, recorded: Option<Date>, days: i64) -> (CheckResult, bool) {
    let server = Server::plain(move |seen| {
        let path = seen.path.split('?').next().unwrap();
        if path.ends_with(TOKEN_PATH) {
            let mut claims = claims(&format!("http://{}", seen.header("host").unwrap()));
            claims["roles"] = roles.clone();
            return Answer::json(200, &json!({ "token_type": "Bearer", "access_token": jwt(&claims) }));
        }
        match path.starts_with("/v1.0/applications") {
            true if secrets.is_null() => {
                Answer::json(403, &json!({ "error": { "code": "Authorization_RequestDenied" } }))
            }
            true => Answer::json(200, &json!({ "passwordCredentials": secrets })),
            false => healthy_for(Product::Graph, seen),
        }
    })
    .await;
    let mut request = request(&server.origin(), &server.origin());
    request.profile.product = Product::Graph;
    request.profile.entities = vec!["users".into()];
    (request.profile.expires, request.warning_days) = (recorded, days);
    let mut results = results(&request, &options()).await;
    let asked =
        server.asked(&format!("/v1.0/applications(appId='{}')?$select=passwordCredentials", request.profile.client));
    (results.remove(&CheckId::Expiry).unwrap(), !asked.is_empty())
}

#[tokio::test]
async fn the_end_that_graph_tells_stands_beside_the_recorded_one() {
    let may = json!(["Organization.Read.All", "Application.Read.All"]);
    let recorded = TODAY.checked_add(jiff::ToSpan::days(100)).unwrap();
    let hint: String = SECRET.chars().take(3).collect();
    let one = |hint: &str, days: i64| {
        let end = TODAY.checked_add(jiff::ToSpan::days(days)).unwrap();
        json!({ "keyId": TENANT, "hint": hint, "endDateTime": format!("{end}T11:22:33.1234567Z") })
    };
    let notes = |result: &CheckResult| match result {
        CheckResult::Passed { details, .. } | CheckResult::Warning { details, .. } => {
            details.get("notes").map(|notes| notes[0].as_str().unwrap().to_owned()).unwrap_or_default()
        }
        CheckResult::Skipped { reason } => reason.clone(),
        other => panic!("{other:?}"),
    };
    for (name, roles, secrets, recorded, asked, says) in [
        (
            "another day",
            &may,
            json!([one("zzz", 3), one(&hint, 40), one("", 1)]),
            Some(recorded),
            true,
            "in Entra this secret ends on",
        ),
        (
            "none recorded",
            &may,
            json!([one(&hint, 40)]),
            None,
            true,
            "no end date is recorded; in Entra this secret ends on",
        ),
        ("the same day", &may, json!([one(&hint, 100)]), Some(recorded), true, ""),
        ("the day of another place", &may, json!([one(&hint, 101)]), Some(recorded), true, ""),
        ("two that begin alike", &may, json!([one(&hint, 40), one(&hint, 400)]), Some(recorded), true, ""),
        (
            "two that end alike",
            &may,
            json!([one(&hint, 40), one(&hint, 40)]),
            Some(recorded),
            true,
            "in Entra this secret ends on",
        ),
        ("none that fits", &may, json!([one("zzz", 40)]), Some(recorded), true, ""),
        ("a hint that is too long", &may, json!([one(SECRET, 40)]), Some(recorded), true, ""),
        (
            "no hint, no end",
            &may,
            json!([{ "hint": hint }, { "endDateTime": "2027-01-01" }, 5, null]),
            Some(recorded),
            true,
            "",
        ),
        ("no list", &may, json!("all of them"), None, true, "no end date is recorded"),
        ("not allowed after all", &may, Value::Null, Some(recorded), true, ""),
        ("without the right", &json!(["Organization.Read.All"]), json!([one(&hint, 40)]), Some(recorded), false, ""),
        (
            "of its own apps",
            &json!(["Application.ReadWrite.OwnedBy"]),
            json!([one(&hint, 40)]),
            Some(recorded),
            true,
            "in Entra",
        ),
    ] {
        let (result, was_asked) = end_told(roles.clone(), secrets, recorded, 30).await;
        assert_eq!(was_asked, asked, "{name}");
        let told = notes(&result);
        assert!(told.starts_with(says) && (told.is_empty() == says.is_empty()), "{name}: {told:?}");
        assert!(!told.contains(&hint) && !told.contains(SECRET), "{name}: {told}");
        // It changes no verdict.
        assert_eq!(matches!(result, CheckResult::Passed { .. }), recorded.is_some(), "{name}: {result:?}");
    }
    let (result, _) = end_told(may, json!([one(&hint, 1)]), Some(recorded), 200).await;
    assert!(
        matches!(&result, CheckResult::Warning { .. }) && notes(&result).contains("credential.expires="),
        "{result:?}"
    );
}
