//! Client assertions: whether an app's certificate signed one, for this endpoint, and when (facts 1.5).
//!
//! Does not know what the token is for.

use super::Refusal;
use crate::sandbox::tenant::App;
use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use aws_lc_rs::signature::{
    RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, UnparsedPublicKey, VerificationAlgorithm,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use uuid::Uuid;
use x509_cert::Certificate;
use x509_cert::der::Decode;

/// `client_assertion_type` (RFC 7523, 2.2).
pub(super) const KIND: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// Seconds by which clocks may differ.
const SKEW: i64 = 300;

/// Judges an assertion in Entra's order: its shape, the certificate, the signature, issuer and subject, audience, time.
pub(super) fn judge(app: &App, client_id: Uuid, assertion: &str, endpoint: &str) -> Result<(), Refusal> {
    let now = jiff::Timestamp::now().as_second();
    let malformed = || Refusal::new(50_027, "JWT token is invalid or malformed.");
    let (signed, signature) = assertion.rsplit_once('.').ok_or_else(malformed)?;
    let (header, claims) = signed.split_once('.').ok_or_else(malformed)?;
    let bytes = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| malformed());
    let read = |part: &str| serde_json::from_slice::<Value>(&bytes(part)?).map_err(|_| malformed());
    let (header, claims, signature) = (read(header)?, read(claims)?, bytes(signature)?);
    // RS256 with the SHA-1 thumbprint is the older form, and still taken.
    let (algorithm, thumbprint): (&dyn VerificationAlgorithm, _) = match header["alg"].as_str() {
        Some("PS256") => (&RSA_PSS_2048_8192_SHA256, "x5t#S256"),
        Some("RS256") => (&RSA_PKCS1_2048_8192_SHA256, "x5t"),
        _ => return Err(malformed()),
    };
    let named = header[thumbprint].as_str().ok_or_else(malformed)?;
    let sha1 = |der: &[u8]| digest(&SHA1_FOR_LEGACY_USE_ONLY, der);
    let of = |der: &[u8]| URL_SAFE_NO_PAD.encode(if thumbprint == "x5t" { sha1(der) } else { digest(&SHA256, der) });
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02X}")).collect::<String>();
    let invalid = |reason: &str, thumbprint: &str| {
        let text = format!(
            "Client assertion contains an invalid signature. [Reason - {reason}, Thumbprint of key used by client: \
             '{thumbprint}', Please visit the Azure Portal, Graph Explorer or directly use MS Graph to see configured \
             keys for app Id '{client_id}'.]"
        );
        Refusal::new(700_027, text)
    };
    let Some(held) = app.certificates.iter().find(|der| of(der) == named) else {
        return Err(invalid("The key was not found.", &hex(&bytes(named)?)));
    };
    let thumbprint = hex(sha1(held).as_ref());
    let certificate = Certificate::from_der(held).map_err(|_| malformed())?;
    let about = certificate.tbs_certificate();
    let ends = about.validity().not_after.to_unix_duration().as_secs();
    if ends <= now.unsigned_abs() {
        return Err(invalid("The key used is expired.", &thumbprint));
    }
    let key = about.subject_public_key_info().subject_public_key.raw_bytes();
    if UnparsedPublicKey::new(algorithm, key).verify(signed.as_bytes(), &signature).is_err() {
        return Err(invalid("The key was found, but use of the key to verify the signature failed.", &thumbprint));
    }
    let id = client_id.to_string();
    let says = |name: &str, value: &str| claims[name].as_str().is_some_and(|said| said.eq_ignore_ascii_case(value));
    if !says("iss", &id) || !says("sub", &id) {
        return Err(Refusal::new(50_048, "Subject mismatches Issuer claim in the client assertion."));
    }
    if claims["aud"] != endpoint {
        let text = "The audience of the client assertion is not the token endpoint that it was sent to.";
        return Err(Refusal::new(50_013, text));
    }
    if claims["jti"].as_str().is_none_or(str::is_empty) {
        return Err(malformed());
    }
    let second = |name: &str| claims[name].as_i64().ok_or_else(malformed);
    let (begins, ends) = (second("nbf")?, second("exp")?);
    if now + SKEW < begins || ends.saturating_add(SKEW) < now {
        let text = format!(
            "Client assertion is not within its valid time range. Current time: {now}, valid from {begins} to {ends}."
        );
        return Err(Refusal::new(700_024, text));
    }
    Ok(())
}
