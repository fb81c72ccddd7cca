//! What an app proves itself with: a secret, or a certificate and its key. Parsed once, then trusted.
//!
//! Does not know where it was read from, in which file format, or how it is sent.

use crate::core::evidence::Mark;
use crate::core::secret::{ClientSecret, Scrubber};
use crate::core::untrusted::Untrusted;
use aws_lc_rs::digest::{Algorithm, SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{KeyPair, RSA_PSS_SHA256, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::Timestamp;
use jiff::civil::Date;
use std::fmt;
use std::sync::Arc;
use x509_cert::der::Decode;
use x509_cert::der::asn1::ObjectIdentifier;
use zeroize::{Zeroize, Zeroizing};

/// rsaEncryption (RFC 8017): the only kind of key whose assertions Entra takes (facts 1.5).
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

/// What an app proves itself with: one of the two.
#[derive(Debug, Clone)]
pub enum Credential {
    /// A client secret.
    Secret(Arc<ClientSecret>),
    /// A certificate with its key.
    Certificate(Arc<Certificate>),
}

impl Credential {
    /// Finds it in foreign text. A key is never sent, so there is nothing of a certificate to find.
    pub fn scrubber(&self) -> Scrubber {
        match self {
            Credential::Secret(secret) => Scrubber::for_secret(secret),
            Credential::Certificate(_) => Scrubber::default(),
        }
    }
}

/// Why there is no credential to work with.
#[derive(Debug, Clone)]
pub enum Unusable {
    /// The place where it is kept did not give it out. Says nothing about the credential.
    Unread {
        /// Place and reason, for people.
        why: Untrusted,
        /// What to do.
        hint: String,
    },
    /// The certificate's file was read, and cannot be used.
    Unfit {
        /// What is wrong with it.
        fault: CertificateFault,
        /// What to do.
        hint: String,
    },
}

/// Why a certificate cannot be used. The messages name no path, and nothing of a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificateFault {
    /// The password does not open the key.
    #[error("the password does not open it")]
    PasswordWrong,
    /// The key, or the whole file, is encrypted, and no password is named.
    #[error("it is opened by a password, and none is named")]
    PasswordMissing,
    /// A certificate without a key.
    #[error("there is no private key in it")]
    NoKey,
    /// A key without a certificate.
    #[error("there is no certificate in it")]
    NoCertificate,
    /// No certificate in it belongs to the key.
    #[error("its key and its certificate do not belong together")]
    Mismatch,
    /// An elliptic or other key.
    #[error("its key is not an RSA key")]
    NotRsa,
    /// An RSA key below 2,048 bits, the least that the signing library takes.
    #[error("its RSA key is shorter than 2048 bits")]
    TooShort,
    /// Neither PEM nor PFX, or broken.
    #[error("{0}")]
    Damaged(&'static str),
}

impl CertificateFault {
    /// How the rules know it.
    pub fn mark(&self) -> Mark {
        match self {
            CertificateFault::PasswordWrong | CertificateFault::PasswordMissing => Mark::PasswordWrong,
            CertificateFault::Mismatch => Mark::KeyDiffers,
            CertificateFault::NotRsa => Mark::KeyNotRsa,
            CertificateFault::TooShort => Mark::KeyTooShort,
            CertificateFault::NoKey | CertificateFault::NoCertificate | CertificateFault::Damaged(_) => {
                Mark::SecretUnreadable
            }
        }
    }
}

/// Whether a file is, by its name, of the kind that one password opens as a whole.
pub fn is_pfx(path: &str) -> bool {
    let path = path.trim().to_ascii_lowercase();
    path.ends_with(".pfx") || path.ends_with(".p12")
}

/// A private key as a file holds it; wiped on drop.
pub enum PrivateKey {
    /// An RSA key by itself (PKCS#1).
    Pkcs1(Zeroizing<Vec<u8>>),
    /// Any key (PKCS#8).
    Pkcs8(Zeroizing<Vec<u8>>),
    /// An elliptic key by itself (SEC1).
    Elliptic,
}

/// A certificate and the RSA key that belongs to it. The key is wiped on drop (by the library that holds it), and never
/// shown: `Debug` prints the thumbprint.
pub struct Certificate {
    pair: RsaKeyPair,
    der: Vec<u8>,
    begins: Timestamp,
    ends: Timestamp,
}

impl Certificate {
    /// Puts a key and its certificate together. Of several certificates (a chain) the one of the key is taken; of several
    /// of the key, which was renewed then, the one that ends last.
    ///
    /// # Errors
    /// When they do not belong together, or Entra takes no such key.
    pub fn new(key: &PrivateKey, certificates: Vec<Vec<u8>>) -> Result<Certificate, CertificateFault> {
        let pair = pair(key)?;
        if certificates.is_empty() {
            return Err(CertificateFault::NoCertificate);
        }
        let mut read = 0;
        let mut own: Option<(Vec<u8>, Timestamp, Timestamp)> = None;
        for der in certificates {
            let Ok(certificate) = x509_cert::Certificate::from_der(&der) else { continue };
            read += 1;
            let signed = certificate.tbs_certificate();
            if signed.subject_public_key_info().subject_public_key.raw_bytes() == pair.public_key().as_ref() {
                let time = |time: x509_cert::time::Time| {
                    let seconds = i64::try_from(time.to_unix_duration().as_secs()).ok();
                    seconds.and_then(|seconds| Timestamp::from_second(seconds).ok())
                };
                let begins = time(signed.validity().not_before).unwrap_or(Timestamp::MIN);
                let ends = time(signed.validity().not_after).unwrap_or(Timestamp::MAX);
                if own.as_ref().is_none_or(|(_, _, last)| ends > *last) {
                    own = Some((der, begins, ends));
                }
            }
        }
        match own {
            Some((der, begins, ends)) => Ok(Certificate { pair, der, begins, ends }),
            None if read == 0 => Err(CertificateFault::Damaged("its certificate cannot be read")),
            None => Err(CertificateFault::Mismatch),
        }
    }

    /// From when on it is valid.
    pub fn begins(&self) -> Timestamp {
        self.begins
    }

    /// Until when it is valid.
    pub fn ends(&self) -> Timestamp {
        self.ends
    }

    /// The last day on which it is valid, by universal time as the portal shows it.
    pub fn end_date(&self) -> Date {
        self.ends.to_zoned(jiff::tz::TimeZone::UTC).date()
    }

    /// The certificate itself, without its key.
    pub fn public(&self) -> &[u8] {
        &self.der
    }

    /// The thumbprint that the portal shows: SHA-1, capital hex digits.
    pub fn thumbprint(&self) -> String {
        hex(&SHA1_FOR_LEGACY_USE_ONLY, &self.der)
    }

    /// The SHA-256 thumbprint, capital hex digits.
    pub fn thumbprint_sha256(&self) -> String {
        hex(&SHA256, &self.der)
    }

    /// The SHA-256 thumbprint as `x5t#S256` has it (facts 1.5).
    pub fn x5t_s256(&self) -> String {
        URL_SAFE_NO_PAD.encode(digest(&SHA256, &self.der))
    }

    /// Signs a message as PS256. `None` when the system gives no random numbers.
    pub fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair.sign(&RSA_PSS_SHA256, &SystemRandom::new(), message, &mut signature).ok()?;
        Some(signature)
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({}, until {})", self.thumbprint(), self.ends)
    }
}

/// A certificate that was just made, as PEM with its key in front.
pub struct Made {
    /// Key and certificate; wiped on drop.
    pub pem: Zeroizing<String>,
    /// The certificate alone, as PEM: what is uploaded.
    pub public: String,
    /// The same, as DER.
    pub der: Vec<u8>,
}

/// Makes a key and a certificate for it that it signs itself: valid from the start of one day to the start of another, by
/// universal time. `None` when the system gives no random numbers, or the days are out of reach. Takes some tenths of a
/// second.
pub fn make(name: &str, size: KeySize, begins: Date, ends: Date) -> Option<Made> {
    let day = |date: Date| {
        let (month, day) = (u8::try_from(date.month()).ok()?, u8::try_from(date.day()).ok()?);
        Some(rcgen::date_time_ymd(i32::from(date.year()), month, day))
    };
    let size = match size {
        KeySize::Bits2048 => rcgen::RsaKeySize::_2048,
        KeySize::Bits3072 => rcgen::RsaKeySize::_3072,
    };
    let mut pair = rcgen::KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, size).ok()?;
    let mut about = rcgen::CertificateParams::default();
    about.distinguished_name = rcgen::DistinguishedName::new();
    about.distinguished_name.push(rcgen::DnType::CommonName, name);
    about.not_before = day(begins)?;
    about.not_after = day(ends)?;
    about.key_usages = vec![rcgen::KeyUsagePurpose::DigitalSignature];
    let certificate = about.self_signed(&pair);
    let key = Zeroizing::new(pair.serialize_der());
    pair.zeroize();
    let certificate = certificate.ok()?;
    let (public, der) = (certificate.pem(), certificate.der().to_vec());
    let key = Zeroizing::new(STANDARD.encode(key.as_slice()));
    // Reserved once, so that growing leaves no copy of the key behind.
    let mut pem = Zeroizing::new(String::with_capacity(2 * key.len() + public.len()));
    pem.push_str("-----BEGIN PRIVATE KEY-----\n");
    let mut rest = key.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        pem.push_str(line);
        pem.push('\n');
        rest = after;
    }
    pem.push_str("-----END PRIVATE KEY-----\n");
    pem.push_str(&public);
    Some(Made { pem, public, der })
}

/// How long a key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeySize {
    /// The shortest that Entra takes.
    Bits2048,
    /// What this program makes for real use.
    Bits3072,
}

fn hex(algorithm: &'static Algorithm, bytes: &[u8]) -> String {
    digest(algorithm, bytes).as_ref().iter().map(|byte| format!("{byte:02X}")).collect()
}

/// The key for signing.
fn pair(key: &PrivateKey) -> Result<RsaKeyPair, CertificateFault> {
    let read = match key {
        PrivateKey::Elliptic => return Err(CertificateFault::NotRsa),
        PrivateKey::Pkcs1(der) => RsaKeyPair::from_der(der),
        PrivateKey::Pkcs8(der) => {
            if algorithm(der).is_some_and(|kind| kind != RSA) {
                return Err(CertificateFault::NotRsa);
            }
            RsaKeyPair::from_pkcs8(der)
        }
    };
    read.map_err(|rejected| match rejected.to_string().as_str() {
        "TooSmall" => CertificateFault::TooShort,
        _ => CertificateFault::Damaged("its key cannot be read"),
    })
}

/// The kind of a key: the object identifier in its PKCS#8 frame.
fn algorithm(der: &[u8]) -> Option<ObjectIdentifier> {
    pkcs8::PrivateKeyInfoRef::try_from(der).ok().map(|info| info.algorithm.oid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_that_was_made_is_read_with_its_days_and_shown_without_its_key() {
        let day = |year| Date::constant(year, 5, 20);
        let made = make("contoso-odata", KeySize::Bits2048, day(2026), day(2027)).unwrap();
        let body: String = made.pem.lines().skip(1).take_while(|line| !line.starts_with('-')).collect();
        let key = PrivateKey::Pkcs8(Zeroizing::new(STANDARD.decode(&body).unwrap()));
        let certificate = Certificate::new(&key, vec![made.der.clone()]).unwrap();
        assert_eq!(certificate.begins().to_string(), "2026-05-20T00:00:00Z");
        assert_eq!(
            (certificate.ends().to_string().as_str(), certificate.end_date()),
            ("2027-05-20T00:00:00Z", day(2027))
        );
        let shown = format!("{certificate:?}");
        assert_eq!(shown, format!("Certificate({}, until 2027-05-20T00:00:00Z)", certificate.thumbprint()));
        assert_eq!(Certificate::new(&key, Vec::new()).unwrap_err(), CertificateFault::NoCertificate);
        // Only an RSA key signs what Entra takes.
        let elliptic = rcgen::KeyPair::generate().unwrap();
        let key = PrivateKey::Pkcs8(Zeroizing::new(elliptic.serialize_der()));
        assert_eq!(Certificate::new(&key, vec![made.der]).unwrap_err(), CertificateFault::NotRsa);
    }
}
