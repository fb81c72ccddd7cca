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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::credential::{KeySize, PrivateKey, make};
    use aws_lc_rs::signature::{RSA_PSS_2048_8192_SHA256, UnparsedPublicKey};
    use jiff::civil::date;
    use rustls_pki_types::PrivatePkcs8KeyDer;
    use rustls_pki_types::pem::PemObject;
    use serde_json::Value;
    use x509_cert::der::Decode;

    #[test]
    fn it_says_what_entra_asks_for_and_is_another_one_each_time() {
        let made = make("contoso", KeySize::Bits2048, date(2026, 1, 1), date(2027, 1, 1)).unwrap();
        let key = PrivatePkcs8KeyDer::from_pem_slice(made.pem.as_bytes()).unwrap();
        let key = PrivateKey::Pkcs8(Zeroizing::new(key.secret_pkcs8_der().to_vec()));
        let certificate = Certificate::new(&key, vec![made.der.clone()]).unwrap();
        let public = x509_cert::Certificate::from_der(&made.der).unwrap();
        let public = public.tbs_certificate().subject_public_key_info().subject_public_key.raw_bytes();
        let endpoint = "https://login.test/contoso/oauth2/v2.0/token";
        let mut ids = Vec::new();
        for _ in 0..2 {
            let whole = sign(&certificate, endpoint, "the-app").unwrap();
            let (signed, signature) = whole.rsplit_once('.').unwrap();
            let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
            UnparsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, public).verify(signed.as_bytes(), &signature).unwrap();
            let (header, claims) = signed.split_once('.').unwrap();
            let read = |part| serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
            let (header, claims) = (read(header), read(claims));
            assert_eq!(header, json!({ "alg": "PS256", "typ": "JWT", "x5t#S256": certificate.x5t_s256() }));
            assert_eq!(
                (&claims["aud"], &claims["iss"], &claims["sub"]),
                (&json!(endpoint), &json!("the-app"), &json!("the-app"))
            );
            let second = |name: &str| claims[name].as_i64().unwrap();
            assert_eq!((second("nbf"), second("exp")), (second("iat"), second("iat") + 600));
            ids.push(claims["jti"].as_str().unwrap().parse::<Uuid>().unwrap());
        }
        assert_ne!(ids[0], ids[1]);
    }
}
