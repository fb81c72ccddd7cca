//! The key that signs the simulated tenant's tokens, and signed tokens (JWT with RS256).
//!
//! Knows signatures. Does not know what the claims mean.

use aws_lc_rs::digest;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// An RSA key with its id.
#[derive(Debug)]
pub(super) struct SigningKey {
    pair: RsaKeyPair,
    id: String,
}

impl SigningKey {
    /// A new RSA-2048 key; takes some tenths of a second. `None` when the system gives no random numbers.
    pub(super) fn generate() -> Option<SigningKey> {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).ok()?;
        let thumbprint = digest::digest(&digest::SHA256, pair.public_key().as_ref());
        let id = URL_SAFE_NO_PAD.encode(&thumbprint.as_ref()[..20]);
        Some(SigningKey { pair, id })
    }

    /// The claims as a signed token.
    pub(super) fn sign(&self, claims: &Value) -> Option<String> {
        let header = json!({ "typ": "JWT", "alg": "RS256", "kid": self.id });
        let signed =
            format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims.to_string()));
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature).ok()?;
        Some(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    /// The claims of a token that this key signed, in the one algorithm that it signs with.
    pub(super) fn verify(&self, token: &str) -> Option<Value> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, payload) = signed.split_once('.')?;
        let read = |part: &str| serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(part).ok()?).ok();
        if read(header)?["alg"] != "RS256" {
            return None;
        }
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, self.pair.public_key().as_ref())
            .verify(signed.as_bytes(), &signature)
            .ok()?;
        read(payload)
    }

    /// The public half as a JSON Web Key.
    pub(super) fn jwk(&self) -> Option<Value> {
        // RSAPublicKey of a 2048-bit key: SEQUENCE and INTEGER heads with a zero byte (9), modulus (256), INTEGER
        // head (2), exponent.
        let der = self.pair.public_key().as_ref();
        let (modulus, exponent) = (der.get(9..265)?, der.get(267..)?);
        Some(json!({ "kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.id,
                     "n": URL_SAFE_NO_PAD.encode(modulus), "e": URL_SAFE_NO_PAD.encode(exponent) }))
    }
}
