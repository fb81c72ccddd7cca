//! Certificates with their keys, in the formats in which they are kept: PEM (PKCS#1, PKCS#8, encrypted or not) and PFX.
//!
//! Does not know where the bytes come from that are read, or what a certificate is used for. What a key passes through here is wiped;
//! only the library that opens a PFX keeps buffers of its own for a moment.

use crate::core::credential::{Certificate, CertificateFault, PrivateKey};
use crate::core::secret::ClientSecret;
use crate::store::paths::Home;
use crate::store::{StoreError, files};
use aws_lc_rs::cipher::{AES_128, AES_256, Algorithm, DecryptionContext, PaddedBlockDecryptingKey, UnboundCipherKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};
use p12_keystore::Pkcs12Archive;
use std::path::PathBuf;
use x509_cert::der::Decode;
use zeroize::Zeroizing;

/// Reads a certificate with its key from a file's bytes.
///
/// # Errors
/// What is wrong with it.
pub fn read(bytes: &[u8], password: Option<&ClientSecret>) -> Result<Certificate, CertificateFault> {
    // Some Windows editors begin a file with a byte order mark.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if bytes.windows(PEM_BEGIN.len()).any(|window| window == PEM_BEGIN.as_bytes()) {
        from_pem(bytes, password)
    } else {
        from_pfx(bytes, password)
    }
}

/// Keeps a certificate with its key in a new file of the home. Says where.
///
/// # Errors
/// When it cannot be written.
pub fn keep(home: &Home, pem: &str) -> Result<PathBuf, StoreError> {
    // The lock makes the home where there is none.
    let _lock = files::lock(home)?;
    let mut number = 1;
    loop {
        let name = if number == 1 { "certificate.pem".to_owned() } else { format!("certificate-{number}.pem") };
        let path = home.root().join(name);
        match files::write_private(&path, pem.as_bytes(), false) {
            Err(StoreError::FileExists { .. }) => number += 1,
            written => return written.map(|()| path),
        }
    }
}

// --- PEM -----------------------------------------------------------------------------------------------------------

const PEM_BEGIN: &str = "-----BEGIN ";

/// One part of a PEM file.
struct Part {
    label: String,
    /// The cipher and its start value, where the part is encrypted as a whole (RFC 1421, as OpenSSL uses it).
    cipher: Option<(String, String)>,
    der: Zeroizing<Vec<u8>>,
}

fn from_pem(bytes: &[u8], password: Option<&ClientSecret>) -> Result<Certificate, CertificateFault> {
    let text = str::from_utf8(bytes).map_err(|_| CertificateFault::Damaged("it is not UTF-8 text"))?;
    let (mut key, mut certificates) = (None, Vec::new());
    for part in parts(text)? {
        match part.label.as_str() {
            "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE" => certificates.push(part.der.to_vec()),
            label if label.ends_with("PRIVATE KEY") && key.is_none() => key = Some(part),
            _ => {}
        }
    }
    let Some(Part { label, cipher, der }) = key else { return Err(CertificateFault::NoKey) };
    let der = match cipher {
        Some((name, start)) => opened(&der, &name, &start, password)?,
        None => der,
    };
    let key = match label.as_str() {
        "RSA PRIVATE KEY" => PrivateKey::Pkcs1(der),
        "PRIVATE KEY" => PrivateKey::Pkcs8(der),
        "EC PRIVATE KEY" => PrivateKey::Elliptic,
        "ENCRYPTED PRIVATE KEY" => {
            let framed = pkcs8::EncryptedPrivateKeyInfoRef::try_from(der.as_slice())
                .map_err(|_| CertificateFault::Damaged("its encrypted key cannot be read"))?;
            #[expect(clippy::disallowed_methods, reason = "opens the key that it is for")]
            let password = password.ok_or(CertificateFault::PasswordMissing)?.reveal();
            // The padding tells a wrong password; a scheme that is not known is told before it is tried.
            let plain = framed.decrypt(password).map_err(|_| CertificateFault::PasswordWrong)?;
            PrivateKey::Pkcs8(Zeroizing::new(plain.as_bytes().to_vec()))
        }
        _ => return Err(CertificateFault::NotRsa),
    };
    let read = Certificate::new(&key, certificates);
    match read {
        // What a wrong password opens by chance is no key.
        Err(CertificateFault::Damaged(_)) if label == "ENCRYPTED PRIVATE KEY" => Err(CertificateFault::PasswordWrong),
        read => read,
    }
}

/// The parts of a PEM file; what stands between them is left alone, as OpenSSL does.
fn parts(text: &str) -> Result<Vec<Part>, CertificateFault> {
    let broken = || CertificateFault::Damaged("a part of the PEM file is broken");
    let mut parts = Vec::new();
    let mut lines = text.lines().map(str::trim);
    while let Some(line) = lines.next() {
        let Some(label) = line.strip_prefix(PEM_BEGIN).and_then(|rest| rest.strip_suffix("-----")) else { continue };
        let end = format!("-----END {label}-----");
        let mut cipher = None;
        // Reserved once, so that growing leaves no copies of a key behind.
        let mut body = Zeroizing::new(String::with_capacity(text.len()));
        loop {
            let line = lines.next().ok_or_else(broken)?;
            if line == end {
                break;
            }
            match line.split_once(':') {
                Some(("DEK-Info", info)) => {
                    let (name, start) = info.trim().split_once(',').ok_or_else(broken)?;
                    cipher = Some((name.to_owned(), start.to_owned()));
                }
                Some(_) => {}
                None => body.push_str(line),
            }
        }
        let mut der = Zeroizing::new(Vec::with_capacity(body.len()));
        STANDARD.decode_vec(body.as_str(), &mut der).map_err(|_| broken())?;
        parts.push(Part { label: label.to_owned(), cipher, der });
    }
    Ok(parts)
}

/// Opens a part that OpenSSL encrypted as a whole: `openssl rsa -aes256`, and `genrsa -aes256` of older versions.
fn opened(
    sealed: &[u8],
    cipher: &str,
    start: &str,
    password: Option<&ClientSecret>,
) -> Result<Zeroizing<Vec<u8>>, CertificateFault> {
    let (algorithm, length): (&Algorithm, usize) = match cipher {
        "AES-128-CBC" => (&AES_128, 16),
        "AES-256-CBC" => (&AES_256, 32),
        _ => return Err(CertificateFault::Damaged(OLD_CIPHER)),
    };
    let broken = || CertificateFault::Damaged("its encrypted key cannot be read");
    let byte = |at: usize| start.get(2 * at..2 * at + 2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
    let start: Vec<u8> = (0..16).map(byte).collect::<Option<_>>().ok_or_else(broken)?;
    let start: [u8; 16] = start.try_into().map_err(|_| broken())?;
    #[expect(clippy::disallowed_methods, reason = "opens the key that it is for")]
    let password = password.ok_or(CertificateFault::PasswordMissing)?.reveal().as_bytes();
    // OpenSSL's EVP_BytesToKey with MD5 and one round.
    let mut key = Zeroizing::new(Vec::with_capacity(48));
    while key.len() < length {
        let before = key.len().saturating_sub(16);
        let last = if key.is_empty() { &[][..] } else { &key[before..] };
        let next = Md5::new().chain_update(last).chain_update(password).chain_update(&start[..8]).finalize();
        key.extend_from_slice(&next);
    }
    let mut plain = Zeroizing::new(sealed.to_vec());
    let wrong = |_| CertificateFault::PasswordWrong;
    let key = UnboundCipherKey::new(algorithm, &key[..length]).map_err(wrong)?;
    let opener = PaddedBlockDecryptingKey::cbc_pkcs7(key).map_err(wrong)?;
    let length = opener.decrypt(&mut plain, DecryptionContext::Iv128(start.into())).map_err(wrong)?.len();
    plain.truncate(length);
    // What a wrong password opens by chance is no ASN.1.
    if plain.first() == Some(&0x30) { Ok(plain) } else { Err(CertificateFault::PasswordWrong) }
}

const OLD_CIPHER: &str =
    "its key is encrypted in an old way; openssl pkcs8 -topk8 -in OLD -out NEW writes it in today's";

// --- PFX -----------------------------------------------------------------------------------------------------------

fn from_pfx(bytes: &[u8], password: Option<&ClientSecret>) -> Result<Certificate, CertificateFault> {
    #[expect(clippy::disallowed_methods, reason = "opens the key that it is for")]
    let given = password.map_or("", ClientSecret::reveal);
    let archive = Pkcs12Archive::from_pkcs12(bytes, given).map_err(|error| match error {
        // A file without a password is opened by an empty one.
        p12_keystore::error::Error::MacError(_) if password.is_none() => CertificateFault::PasswordMissing,
        p12_keystore::error::Error::MacError(_) => CertificateFault::PasswordWrong,
        _ if x509_cert::Certificate::from_der(bytes).is_ok() => CertificateFault::NoKey,
        _ => CertificateFault::Damaged("it is neither PEM nor PFX, or it is broken"),
    })?;
    let certificates = archive.certs.iter().map(|bag| bag.cert.as_der().to_vec()).collect();
    let Some(bag) = archive.keys.first() else { return Err(CertificateFault::NoKey) };
    Certificate::new(&PrivateKey::Pkcs8(Zeroizing::new(bag.key.as_der().to_vec())), certificates)
}
