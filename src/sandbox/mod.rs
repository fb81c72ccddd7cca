//! Floor 1: a simulated tenant on loopback, to rehearse a set-up and to test against.
//!
//! It behaves by what it holds (apps, secrets, registrations, users), so that mending what is wrong turns a test green.
//! Knows the protocols' shapes. Does not know this program's profiles or screens.

mod bearer;
mod business_central;
mod companies;
mod entra;
mod finance_operations;
mod graph;
mod jwt;
mod odata;
mod rows;
mod scenarios;
mod sign_ins;
mod tenant;
mod user;

pub use scenarios::Scenario;

use crate::core::check::SignInPrompt;
use crate::core::cloud::is_loopback;
use crate::core::guide::{Guide, Product, SignIn};
use crate::core::question::FieldId;
use crate::core::secret::ClientSecret;
use crate::sandbox::jwt::SigningKey;
use crate::sandbox::scenarios::Task;
use crate::sandbox::tenant::{ADMIN_CLIENT_ID, Person, Tenant};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::Response;
use serde_json::{Map, Value, json};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::net::TcpListener;
use tokio::sync::{SetOnce, oneshot};
use url::form_urlencoded;
use zeroize::Zeroizing;

/// The sign-in host's fixed name.
pub const AUTHORITY: &str = "https://login.sandbox.test";
/// The F&O environment's fixed name.
pub const FINANCE_OPERATIONS: &str = "https://contoso.sandbox.test";
/// The fixed name of Business Central's API.
pub const BUSINESS_CENTRAL: &str = "https://businesscentral.sandbox.test";
/// Microsoft Graph's fixed name.
pub const GRAPH: &str = "https://graph.sandbox.test";
/// An environment's name with a slip in it (scenario `resource-not-found`).
const TYPO: &str = "https://contoso-typo.sandbox.test";

/// What a new profile begins with in a rehearsal: nothing but the simulated hosts can be reached.
pub fn preset(product: Product) -> Vec<(FieldId, &'static str)> {
    let address = match product {
        // Every environment has its own, which is asked for.
        Product::FinanceOperations => None,
        Product::BusinessCentral => Some(BUSINESS_CENTRAL),
        Product::Graph => Some(GRAPH),
    };
    let address = address.map(|url| (FieldId::ResourceUrl, url));
    [(FieldId::AuthorityUrl, AUTHORITY)].into_iter().chain(address).collect()
}

/// Values that the simulated portal shows: to be pasted.
#[derive(Debug, Clone)]
pub enum Offer {
    /// A plain value.
    Value(FieldId, String),
    /// The value of a secret, and its end date.
    Secret(Arc<ClientSecret>, jiff::civil::Date),
    /// A certificate with its key, as PEM.
    Certificate(Arc<Zeroizing<String>>),
}

impl Offer {
    /// The field that it is for.
    pub fn field(&self) -> FieldId {
        match self {
            Offer::Value(field, _) => *field,
            Offer::Secret(..) | Offer::Certificate(_) => FieldId::Secret,
        }
    }
}

/// A running sandbox; stops when dropped.
#[derive(Debug)]
pub struct Sandbox {
    shared: Arc<Shared>,
    /// The server ends when this goes.
    _stop: oneshot::Sender<()>,
}

/// An address of this process for another process, in place of a fixed name.
pub fn for_others(value: &str, port: u16) -> String {
    match value {
        TYPO => format!("http://localhost:{port}"),
        AUTHORITY | FINANCE_OPERATIONS | BUSINESS_CENTRAL | GRAPH => format!("http://127.0.0.1:{port}"),
        other => other.to_owned(),
    }
}

/// What the server and the screen share.
#[derive(Debug)]
struct Shared {
    address: SocketAddr,
    scenario: Scenario,
    /// What the operator took for the secret at the start.
    noted_secret: Option<Offer>,
    tenant: Mutex<Tenant>,
    /// Made beside the start, so that the start takes no time. `None` when it could not be made.
    key: SetOnce<Option<SigningKey>>,
}

impl Shared {
    /// The state; hold it shortly, never across an `await`.
    fn tenant(&self) -> MutexGuard<'_, Tenant> {
        self.tenant.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The signing key, once it is made.
    async fn key(&self) -> Option<&SigningKey> {
        self.key.wait().await.as_ref()
    }
}

impl Sandbox {
    /// Starts serving on loopback: on `port`, or on a free one for 0. Needs a tokio runtime.
    ///
    /// # Errors
    /// When the port cannot be had, or the system gives no random numbers.
    pub async fn start(scenario: Scenario, port: u16) -> std::io::Result<Sandbox> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let address = listener.local_addr()?;
        let mut tenant = Tenant::new(address.port())?;
        scenario.befall(&mut tenant);
        let noted_secret = scenario.noted_secret(&mut tenant);
        let shared =
            Arc::new(Shared { address, scenario, noted_secret, tenant: Mutex::new(tenant), key: SetOnce::new() });

        let keeper = Arc::clone(&shared);
        std::thread::Builder::new().name("sandbox-key".into()).spawn(move || {
            // Set only here, so it cannot be set already.
            let _ = keeper.key.set(SigningKey::generate());
        })?;
        let (stop, stopped) = oneshot::channel::<()>();
        let app = Router::new().fallback(serve).with_state(Arc::clone(&shared));
        tokio::spawn(async move {
            let ended = async {
                let _ = stopped.await;
            };
            // An accept that fails is retried by axum; there is nobody to tell an error of the end to.
            let _ = axum::serve(listener, app).with_graceful_shutdown(ended).await;
        });
        Ok(Sandbox { shared, _stop: stop })
    }

    /// What was wrong at the start.
    pub fn scenario(&self) -> Scenario {
        self.shared.scenario
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.shared.address
    }

    /// Whether its network is to be taken for unplugged (scenario `offline`).
    pub fn unplugged(&self) -> bool {
        !self.shared.tenant().plugged
    }

    /// The values for a complete profile, as the operator of this scenario would have noted them down at the start:
    /// with the scenario's fault in them where it is a wrong value, and the way to sign in that meets it where the
    /// guide's first one does not.
    pub fn noted(&self, guide: &Guide) -> Vec<Offer> {
        let mut offers = self.shared.noted(&Task::of(guide));
        let meets = |way: &&SignIn| self.shared.scenario.concerns(guide.product, **way);
        if let Some(way) = guide.sign_in.iter().find(meets).filter(|way| guide.sign_in.first() != Some(*way)) {
            offers.push(Offer::Value(FieldId::SignIn, way.as_str().into()));
        }
        offers
    }

    /// The administrator of the simulated tenant carries a step of the guide out, and says what was done. Mends what
    /// that step mends. What the portal then shows is offered.
    pub fn carry_out(&self, guide: &Guide, step: &str) -> (String, Vec<Offer>) {
        scenarios::carry_out(&mut self.shared.tenant(), &Task::of(guide), step)
    }

    /// The operator asks for an upload of a certificate's public part to the app, and an administrator does it (unless
    /// this scenario is about one who does not).
    pub fn upload(&self, public: &[u8]) {
        let mut tenant = self.shared.tenant();
        if tenant.uploads {
            tenant.upload(public);
        }
    }

    /// Whether the simulated user lets apps in by themselves.
    pub fn user_approves(&self) -> bool {
        self.shared.tenant().person != Person::Denies
    }

    /// The simulated user opens the prompt's page and answers it. Says what was done.
    ///
    /// # Errors
    /// What the page says that stops the sign-in, in Entra's words; or why nobody could be sent back to the app.
    pub async fn answer(&self, prompt: &SignInPrompt, approve: bool) -> Result<String, String> {
        user::answer(&self.shared, prompt, approve).await
    }
}

/// A request, taken apart once.
#[derive(Debug)]
struct Request {
    method: Method,
    /// Decoded segments; empty ones do not count.
    path: Vec<String>,
    query: Vec<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
    /// The origin that the client meant, without a slash at the end.
    origin: String,
}

impl Request {
    fn new(method: Method, uri: &Uri, headers: HeaderMap, body: Bytes) -> Request {
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
        let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
        // The sandbox's own names are https for the client, whichever way it comes here.
        let origin = if is_loopback(name) { format!("http://{host}") } else { format!("https://{name}") };
        let query = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
        let path = uri.path().split('/').filter(|part| !part.is_empty()).map(percent_decoded).collect();
        // HTTP answers HEAD as GET, without the body.
        let method = if method == Method::HEAD { Method::GET } else { method };
        Request { method, path, query, headers, body, origin }
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(had, _)| had == name).map(|(_, value)| value.as_str())
    }

    /// How many rows the client wants in a page.
    fn page_size(&self) -> Option<usize> {
        let preferences = self.header("prefer")?.split(',').map(str::trim);
        preferences.filter_map(|one| one.strip_prefix("odata.maxpagesize=")).next()?.parse().ok()
    }
}

/// Form-decoding but for `+`, which is itself in a path.
fn percent_decoded(part: &str) -> String {
    let form = format!("={}", part.replace('+', "%2B").replace('&', "%26"));
    form_urlencoded::parse(form.as_bytes()).next().map_or_else(String::new, |(_, value)| value.into_owned())
}

/// What a request is for.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Service {
    Entra,
    Product(Product),
}

impl Request {
    /// The fixed names tell services apart; on loopback, where all share one address, the path does.
    fn service(&self) -> Service {
        match (self.origin.as_str(), self.path.first().map(String::as_str)) {
            (AUTHORITY, _) => Service::Entra,
            (FINANCE_OPERATIONS, _) => Service::Product(Product::FinanceOperations),
            (BUSINESS_CENTRAL, _) | (_, Some("v2.0" | "environments")) => Service::Product(Product::BusinessCentral),
            (GRAPH, _) | (_, Some("v1.0")) => Service::Product(Product::Graph),
            (_, None | Some("data" | "api")) => Service::Product(Product::FinanceOperations),
            _ => Service::Entra,
        }
    }
}

/// Answers a request.
async fn serve(
    State(shared): State<Arc<Shared>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let request = Request::new(method, &uri, headers, body);
    if request.path.first().is_some_and(|first| first == "sandbox") {
        return control(&shared, &request);
    }
    if !shared.tenant().plugged {
        // Out of an unplugged cable no answer comes; the client's time limit ends this.
        return std::future::pending().await;
    }
    let service = request.service();
    let response = match service {
        Service::Entra => entra::answer(&shared, &request).await,
        Service::Product(Product::FinanceOperations) => finance_operations::answer(&shared, &request).await,
        Service::Product(Product::BusinessCentral) => business_central::answer(&shared, &request).await,
        Service::Product(Product::Graph) => graph::answer(&shared, &request).await,
    };
    let delay = shared.tenant().delay;
    if service != Service::Entra && !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    response
}

/// For other processes: what the portal shows, the administrator's steps, and sign-ins that wait for a user.
fn control(shared: &Shared, request: &Request) -> Response {
    let path: Vec<&str> = request.path.iter().map(String::as_str).collect();
    let product = request.query("product").unwrap_or("finance-operations");
    let Ok(product) = serde_json::from_value(product.into()) else {
        return json_response(StatusCode::BAD_REQUEST, &json!({ "error": "no_such_product" }));
    };
    let task = Task::any(product);
    match (request.method.as_str(), path.as_slice()) {
        ("GET", ["sandbox"]) => {
            let noted = shared.noted(&task);
            let mut tenant = shared.tenant();
            let values = scenarios::values(&mut tenant, &task);
            let administrator = tenant
                .apps
                .get(&ADMIN_CLIENT_ID)
                .and_then(|app| app.secrets.last())
                .map(|secret| json!({ "client_id": ADMIN_CLIENT_ID, "secret": made_up(&secret.value) }));
            let sign_ins: Vec<&str> = tenant.sign_ins.waiting().collect();
            json_response(
                StatusCode::OK,
                &json!({
                    "scenario": shared.scenario.as_str(), "about": shared.scenario.about(),
                    "noted": shared.shown(&noted), "values": shared.shown(&values), "administrator": administrator,
                    "user_codes": sign_ins,
                }),
            )
        }
        ("POST", ["sandbox", "steps", step]) => {
            let (told, offers) = scenarios::carry_out(&mut shared.tenant(), &task, step);
            json_response(StatusCode::OK, &json!({ "done": told, "values": shared.shown(&offers) }))
        }
        _ => json_response(StatusCode::NOT_FOUND, &json!({ "error": "not_found" })),
    }
}

/// A secret of the simulated tenant, which opens nothing, for other processes.
#[expect(clippy::disallowed_methods, reason = "made up at the start, worth nothing outside of this process")]
fn made_up(secret: &ClientSecret) -> &str {
    secret.reveal()
}

impl Shared {
    /// What the operator noted down for a task at the start.
    fn noted(&self, task: &Task) -> Vec<Offer> {
        self.scenario.noted(task, self.noted_secret.clone())
    }

    /// Offers as JSON by field name, with addresses that any process on this machine can use.
    fn shown(&self, offers: &[Offer]) -> Value {
        let mut all = Map::new();
        for offer in offers {
            match offer {
                Offer::Value(field, value) => {
                    all.insert(field.name().into(), for_others(value, self.address.port()).into());
                }
                Offer::Secret(value, ends) => {
                    all.insert(FieldId::Secret.name().into(), made_up(value).into());
                    all.insert(FieldId::Expires.name().into(), ends.to_string().into());
                }
                Offer::Certificate(pem) => {
                    all.insert("certificate".into(), pem.as_str().into());
                }
            }
        }
        Value::Object(all)
    }
}

fn json_response(status: StatusCode, body: &Value) -> Response {
    typed(status, body.to_string(), "application/json; charset=utf-8")
}

fn html_response(status: StatusCode, html: impl Into<Body>) -> Response {
    typed(status, html, "text/html; charset=utf-8")
}

fn typed(status: StatusCode, body: impl Into<Body>, kind: &'static str) -> Response {
    let mut response = empty_response(status);
    *response.body_mut() = body.into();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store, no-cache"));
    response
}

fn empty_response(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

fn with_header(mut response: Response, name: &'static str, value: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::tenant::{CLIENT_ID, DOMAIN, Secret, USER_ID, today};
    use jiff::ToSpan;
    use uuid::Uuid;
    use zeroize::Zeroizing;

    fn client() -> reqwest::Client {
        // reqwest is built without a TLS provider of its own; only the first of the tests installs one.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        reqwest::Client::builder().no_proxy().build().unwrap()
    }

    fn hold(sandbox: &Sandbox, value: &str, days: i64) {
        let value = Arc::new(ClientSecret::new(Zeroizing::new(value.to_owned())).unwrap());
        let secret = Secret { id: Uuid::new_v4(), value, ends: today() + days.days() };
        sandbox.shared.tenant().app().secrets.push(secret);
    }

    /// The body of a token request with this secret.
    async fn sign_in(sandbox: &Sandbox, client: &reqwest::Client, secret: &str) -> Value {
        let id = CLIENT_ID.to_string();
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", id.as_str()),
            ("client_secret", secret),
            ("scope", "https://contoso.sandbox.test/.default"),
        ];
        let url = format!("http://{}/{DOMAIN}/oauth2/v2.0/token", sandbox.address());
        let body = client.post(url).form(&form).send().await.unwrap().bytes().await.unwrap();
        serde_json::from_slice(&body).unwrap()
    }

    #[tokio::test]
    async fn any_secret_that_is_held_is_accepted() {
        let sandbox = Sandbox::start(Scenario::Healthy, 0).await.unwrap();
        let client = client();
        let printable: String = (' '..='~').collect();
        for secret in [printable.as_str(), "%", "%41", "a+b c&d=e%2B", "\"'`$!\\", "\u{e9}\u{6f22}\u{1f511}", "+"] {
            assert_eq!(sign_in(&sandbox, &client, secret).await["error_codes"], json!([7_000_215]), "{secret}");
            hold(&sandbox, secret, 1);
            assert!(sign_in(&sandbox, &client, secret).await["access_token"].is_string(), "{secret}");
        }
        // `%41` was held, `A` was not.
        assert_eq!(sign_in(&sandbox, &client, "A").await["error_codes"], json!([7_000_215]));
    }

    #[tokio::test]
    async fn a_secret_is_refused_from_its_end_date_on() {
        let sandbox = Sandbox::start(Scenario::Healthy, 0).await.unwrap();
        let client = client();
        for (days, code) in [(-1, json!([7_000_222])), (0, json!([7_000_222])), (1, Value::Null)] {
            hold(&sandbox, &format!("secret {days}"), days);
            assert_eq!(sign_in(&sandbox, &client, &format!("secret {days}")).await["error_codes"], code, "{days}");
        }
    }

    #[tokio::test]
    async fn an_assignment_that_is_required_is_given_with_the_permissions() {
        let sandbox = Sandbox::start(Scenario::Healthy, 0).await.unwrap();
        let client = client();
        hold(&sandbox, "known", 1);
        for resource in &mut sandbox.shared.tenant().resources {
            resource.assignment_required = true;
        }
        assert_eq!(sign_in(&sandbox, &client, "known").await["error_codes"], json!([501_051]));
        let task = Task::any(Product::FinanceOperations);
        scenarios::carry_out(&mut sandbox.shared.tenant(), &task, "permissions");
        assert!(sign_in(&sandbox, &client, "known").await["access_token"].is_string());
    }

    #[tokio::test]
    async fn requests_are_counted_against_the_budget() {
        let sandbox = Sandbox::start(Scenario::Healthy, 0).await.unwrap();
        let client = client();
        sandbox.shared.tenant().budget = Some(2);
        for status in [401, 401, 429, 429] {
            let got = client.get(format!("http://{}/data", sandbox.address())).send().await.unwrap();
            assert_eq!(got.status().as_u16(), status);
        }
    }

    #[tokio::test]
    async fn registering_makes_a_user_that_is_not_there() {
        let sandbox = Sandbox::start(Scenario::NotRegistered, 0).await.unwrap();
        sandbox.shared.tenant().environment.users.retain(|user| user.id != USER_ID);
        for _ in 0..2 {
            let task = Task::any(Product::FinanceOperations);
            scenarios::carry_out(&mut sandbox.shared.tenant(), &task, "register-in-d365");
        }
        let mut tenant = sandbox.shared.tenant();
        let user = tenant.environment.user(USER_ID).cloned().unwrap();
        assert!(user.enabled && tenant.environment.may_read(&user, "CustomersV3"));
        assert!(!tenant.environment.may_read(&user, "SysAADClients"));
        assert_eq!(tenant.environment.users.iter().filter(|user| user.id == USER_ID).count(), 1);
    }

    #[test]
    fn requests_are_taken_apart() {
        for (host, uri, origin, path) in [
            ("login.sandbox.test", "/a%20b/c+d/", "https://login.sandbox.test", vec!["a b", "c+d"]),
            ("contoso.sandbox.test:80", "//x?y=1", "https://contoso.sandbox.test", vec!["x"]),
            ("127.0.0.1:8080", "/U(K=%27a%26b%27)", "http://127.0.0.1:8080", vec!["U(K='a&b')"]),
            ("localhost:1", "/", "http://localhost:1", vec![]),
        ] {
            let headers = HeaderMap::from_iter([(header::HOST, HeaderValue::from_static(host))]);
            let request = Request::new(Method::HEAD, &uri.parse().unwrap(), headers, Bytes::new());
            assert_eq!(
                (request.origin.as_str(), request.path),
                (origin, path.iter().map(ToString::to_string).collect())
            );
            assert_eq!(request.method, Method::GET);
        }
    }
}
