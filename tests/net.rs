//! The live test against hostile servers on loopback: which check each fault stops, and what evidence it leaves.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test's helpers fail by panicking")]

#[path = "support/server.rs"]
mod server;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use d365_connect::core::check::{CheckEvent, CheckId, CheckResult};
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
use tokio::sync::{Semaphore, mpsc};
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
        attended: false,
        wanted,
        today: TODAY,
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

#[tokio::test]
async fn values_are_judged_before_anything_is_sent() {
    let server = Server::plain(healthy).await;
    let skipped = " authority-(needs inputs) token-(needs inputs) claims-(needs inputs) environment-(needs inputs) registration-(needs inputs) access-(needs inputs) expiry-(needs inputs)";
    let good = || request(&server.origin(), &server.origin());
    for (mark, request) in [
        (
            Mark::SecretUnreadable,
            RunRequest { credential: Err(Unusable::Unread(Untrusted::plain("the keyring is locked"))), ..good() },
        ),
        (Mark::Placeholder, RunRequest { credential: Ok(Credential::Secret(secret("<client secret>"))), ..good() }),
        (Mark::OtherProduct, request(&server.origin(), "https://contoso.crm4.dynamics.com")),
    ] {
        let results = results(&request, &options()).await;
        assert_eq!(outline(&results), format!("inputs!{skipped}"));
        assert!(evidence(&results, CheckId::Inputs)[0].marks.contains(&mark));
    }
    assert_eq!(server.connections(), 0);
    let unread = RunRequest { credential: Err(Unusable::Unread(Untrusted::plain("the keyring is locked"))), ..good() };
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
