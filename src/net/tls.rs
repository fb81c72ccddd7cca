//! TLS as the system trusts it, with extra certification authorities.
//!
//! Trust cannot be switched off (safety rule 10). Does not know which host is spoken to, or where authorities come from.

use crate::core::evidence::Fault;
use crate::net::ClientError;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::{CertificateError, DigitallySignedStruct, SignatureScheme};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use rustls_platform_verifier::Verifier;
use std::sync::{Arc, OnceLock};

/// The TLS set-up of a client.
///
/// # Errors
/// When the extra authority cannot be used, or TLS itself cannot be set up.
pub(super) fn config(extra_authority: Option<&[u8]>) -> Result<rustls::ClientConfig, ClientError> {
    let extra = extra_authority.map_or(Ok(Vec::new()), authorities)?;
    let provider = Arc::new(aws_lc_rs::default_provider());
    let trust = TrustOnFirstUse { provider: provider.clone(), extra, system: OnceLock::new() };
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| ClientError::Tls(error.to_string()))?
        .dangerous() // rustls's word for any verifier of one's own; this one asks the platform's
        .with_custom_certificate_verifier(Arc::new(trust))
        .with_no_client_auth();
    Ok(config)
}

/// Which of the TLS faults an error is.
pub(super) fn fault(error: &rustls::Error) -> Fault {
    use CertificateError as C;
    match error {
        rustls::Error::InvalidCertificate(why) => match why {
            C::Expired | C::ExpiredContext { .. } => Fault::TlsExpired,
            C::NotValidYet | C::NotValidYetContext { .. } => Fault::TlsNotYetValid,
            C::Revoked => Fault::TlsRevoked,
            C::NotValidForName | C::NotValidForNameContext { .. } => Fault::TlsHostname,
            _ => Fault::TlsUntrusted,
        },
        // What the platform's verifier says when there is no trust store at all.
        rustls::Error::General(_) => Fault::TlsUntrusted,
        _ => Fault::TlsProtocol,
    }
}

fn authorities(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, ClientError> {
    let found: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(|error| ClientError::Authority(format!("not a PEM file: {error}")))?;
    if found.is_empty() {
        let what = "no certificate in it; a PEM file has -----BEGIN CERTIFICATE-----";
        return Err(ClientError::Authority(what.into()));
    }
    let mut roots = rustls::RootCertStore::empty();
    for certificate in &found {
        roots
            .add(certificate.clone())
            .map_err(|error| ClientError::Authority(format!("a certificate cannot be used: {error}")))?;
    }
    Ok(found)
}

/// The platform's verifier, made at the first handshake: reading all roots of the system costs milliseconds that a
/// run over plain loopback need not spend.
#[derive(Debug)]
struct TrustOnFirstUse {
    provider: Arc<CryptoProvider>,
    extra: Vec<CertificateDer<'static>>,
    system: OnceLock<Result<Verifier, rustls::Error>>,
}

impl ServerCertVerifier for TrustOnFirstUse {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        self.system
            .get_or_init(|| Verifier::new_with_extra_roots(self.extra.iter().cloned(), self.provider.clone()))
            .as_ref()
            .map_err(Clone::clone)?
            .verify_server_cert(certificate, chain, name, ocsp, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
