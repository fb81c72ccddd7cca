//! An independent OAuth client gets its tokens from the simulated tenant: every grant, over real HTTP.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use d365_connect::core::question::FieldId;
use d365_connect::sandbox::{Sandbox, Scenario};
use oauth2::basic::{BasicClient, BasicErrorResponseType};
use oauth2::{
    AsyncHttpClient, AuthType, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, DeviceAuthorizationUrl,
    EndpointNotSet, EndpointSet, HttpRequest, HttpResponse, PkceCodeChallenge, RedirectUrl, RefreshToken,
    RequestTokenError, Scope, StandardDeviceAuthorizationResponse, TokenResponse, TokenUrl,
};
use std::pin::Pin;
use std::time::Duration;

const REDIRECT_URI: &str = "http://localhost:4321/";

/// The library's HTTP, over the same reqwest that the program has.
struct Http(reqwest::Client);

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = reqwest::Error;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, reqwest::Error>> + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let answer = self.0.execute(request.try_into()?).await?;
            let mut response = HttpResponse::new(Vec::new());
            *response.status_mut() = answer.status();
            *response.headers_mut() = answer.headers().clone();
            *response.body_mut() = answer.bytes().await?.to_vec();
            Ok(response)
        })
    }
}

type Client = BasicClient<EndpointSet, EndpointSet, EndpointNotSet, EndpointNotSet, EndpointSet>;

/// A sandbox, a client of it without its secret, that secret, and the scope to ask for.
async fn start(scenario: Scenario) -> (Sandbox, Http, Client, ClientSecret, Scope) {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let sandbox = Sandbox::start(scenario, 0).await.unwrap();
    let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let base = format!("http://{}", sandbox.address());
    let url = format!("{base}/sandbox");
    let state: serde_json::Value = http.get(url).send().await.unwrap().json().await.unwrap();
    let value = |field: FieldId| state["values"][field.name()].as_str().unwrap().to_owned();
    let endpoint = |name: &str| format!("{base}/{}/oauth2/v2.0/{name}", value(FieldId::TenantId));
    let client = BasicClient::new(ClientId::new(value(FieldId::ClientId)))
        .set_auth_uri(AuthUrl::new(endpoint("authorize")).unwrap())
        .set_token_uri(TokenUrl::new(endpoint("token")).unwrap())
        .set_device_authorization_url(DeviceAuthorizationUrl::new(endpoint("devicecode")).unwrap())
        .set_redirect_uri(RedirectUrl::new(REDIRECT_URI.into()).unwrap())
        .set_auth_type(AuthType::RequestBody);
    let secret = ClientSecret::new(value(FieldId::Secret));
    (sandbox, Http(http), client, secret, Scope::new(format!("{base}/.default")))
}

#[tokio::test]
async fn client_credentials() {
    let (_sandbox, http, client, secret, scope) = start(Scenario::Healthy).await;
    for way in [AuthType::RequestBody, AuthType::BasicAuth] {
        let client = client.clone().set_client_secret(secret.clone()).set_auth_type(way);
        let token = client.exchange_client_credentials().add_scope(scope.clone()).request_async(&http).await.unwrap();
        assert_eq!(token.access_token().secret().split('.').count(), 3);
        assert_eq!(token.expires_in(), Some(Duration::from_secs(3599)));
        assert!(token.refresh_token().is_none());
    }
    let wrong = client.set_client_secret(ClientSecret::new("wrong".into()));
    let error = wrong.exchange_client_credentials().add_scope(scope).request_async(&http).await.unwrap_err();
    let RequestTokenError::ServerResponse(said) = error else { panic!("{error}") };
    assert_eq!(*said.error(), BasicErrorResponseType::InvalidClient);
    assert!(said.error_description().unwrap().starts_with("AADSTS7000215: "));
}

#[tokio::test]
async fn authorization_code_with_pkce_and_refresh() {
    let (_sandbox, http, client, secret, scope) = start(Scenario::Healthy).await;
    let client = client.set_client_secret(secret);
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let request = client.authorize_url(CsrfToken::new_random).set_pkce_challenge(challenge);
    let (mut page, state) = request.add_scope(scope).add_scope(Scope::new("offline_access".into())).url();
    // What the user does in the browser.
    page.query_pairs_mut().append_pair("sandbox", "approve");
    let answer = http.0.get(page).send().await.unwrap();
    assert_eq!(answer.status(), 302);
    let back = url::Url::parse(answer.headers()["location"].to_str().unwrap()).unwrap();
    let given = |name: &str| back.query_pairs().find(|(had, _)| had == name).unwrap().1.into_owned();
    assert!(back.as_str().starts_with(REDIRECT_URI));
    assert_eq!(&given("state"), state.secret());

    let code = AuthorizationCode::new(given("code"));
    let token = client.exchange_code(code).set_pkce_verifier(verifier).request_async(&http).await.unwrap();
    assert!(token.scopes().unwrap().iter().any(|scope| scope.ends_with("/Odata.FullAccess")));
    let again = client.exchange_refresh_token(token.refresh_token().unwrap()).request_async(&http).await.unwrap();
    assert_ne!(again.access_token().secret(), token.access_token().secret());
    let unknown = RefreshToken::new("1.unknown".into());
    let error = client.exchange_refresh_token(&unknown).request_async(&http).await.unwrap_err();
    let RequestTokenError::ServerResponse(said) = error else { panic!("{error}") };
    assert_eq!(*said.error(), BasicErrorResponseType::InvalidGrant);
}

#[tokio::test]
async fn device_code() {
    for (answer, refused) in [("approve", None), ("deny", Some("authorization_declined"))] {
        let (sandbox, http, client, _, scope) = start(Scenario::Healthy).await;
        let device: StandardDeviceAuthorizationResponse =
            client.exchange_device_code().add_scope(scope).request_async(&http).await.unwrap();
        assert_eq!((device.expires_in(), device.interval()), (Duration::from_secs(900), Duration::from_secs(1)));
        let user = format!(
            "{}?user_code={}&sandbox={answer}",
            device.verification_uri().as_str(),
            device.user_code().secret()
        );
        let waiting = client.exchange_device_access_token(&device);
        let (token, page) =
            tokio::join!(waiting.request_async(&http, tokio::time::sleep, None), http.0.get(user).send());
        assert_eq!(page.unwrap().status(), 200);
        match (token, refused) {
            (Ok(token), None) => assert_eq!(token.access_token().secret().split('.').count(), 3),
            (Err(RequestTokenError::ServerResponse(said)), Some(word)) => assert_eq!(said.error().to_string(), word),
            other => panic!("{other:?}"),
        }
        drop(sandbox);
    }
}

#[tokio::test]
async fn a_code_that_nobody_enters_expires() {
    let (_sandbox, http, client, _, scope) = start(Scenario::CodeExpired).await;
    let device: StandardDeviceAuthorizationResponse =
        client.exchange_device_code().add_scope(scope).request_async(&http).await.unwrap();
    let error = client.exchange_device_access_token(&device).request_async(&http, tokio::time::sleep, None).await;
    let RequestTokenError::ServerResponse(said) = error.unwrap_err() else { panic!("no answer") };
    assert_eq!(said.error().to_string(), "expired_token");
}
