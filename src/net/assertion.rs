//! The client assertion: a short-lived statement by which an app proves itself with its certificate (facts 1.5).
//!
//! Does not know where it is sent beyond the audience that it names.

use crate::core::credential::Certificate;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;
use zeroize::Zeroizing;

/// `client_assertion_type` (RFC 7523, 2.2).
pub(super) const KIND: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// Seconds for which one is good: Microsoft recommends five to ten minutes.
const LIFETIME: i64 = 600;

/// A signed assertion for one request. `None` when the system gives no random numbers.
pub(super) fn sign(certificate: &Certificate, audience: &str, client: &str) -> Option<Zeroizing<String>> {
    let now = Timestamp::now().as_second();
    let header = json!({ "alg": "PS256", "typ": "JWT", "x5t#S256": certificate.x5t_s256() });
    let claims = json!({ "aud": audience, "iss": client, "sub": client, "jti": Uuid::new_v4(),
                         "nbf": now, "iat": now, "exp": now + LIFETIME });
    let [header, claims] = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
    let statement = format!("{header}.{claims}");
    let signature = URL_SAFE_NO_PAD.encode(certificate.sign(statement.as_bytes())?);
    Some(Zeroizing::new(format!("{statement}.{signature}")))
}
