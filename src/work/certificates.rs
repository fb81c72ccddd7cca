//! Making a key with its certificate, for an app that is to prove itself by one.
//!
//! Does not know who asks, or where the public part is uploaded.

use crate::core::credential::{self, KeySize};
use crate::core::names::ProfileName;
use crate::store::{certificates, write_private, write_public};
use crate::work::{Session, WorkError};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use zeroize::Zeroizing;

/// What was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MadeCertificate {
    /// The file with the key and its certificate.
    pub key: PathBuf,
    /// The file to be uploaded: the certificate without its key.
    pub public: PathBuf,
    /// SHA-1, as the portal shows it.
    pub thumbprint: String,
    /// SHA-256.
    pub thumbprint_sha256: String,
    /// The last day.
    pub ends: Date,
}

impl MadeCertificate {
    /// Takes both files away again: the save that they were made for did not come about, and the next try makes its own.
    /// What cannot be taken away is in nobody's way but the next try's, which says so.
    pub fn discard(&self) {
        let _ = std::fs::remove_file(&self.key);
        let _ = std::fs::remove_file(&self.public);
    }
}

/// Makes an RSA key of 3072 bits and a certificate of that name for twelve months. The key is written into one file with
/// its certificate, for its owner alone; the certificate by itself into another one beside it.
///
/// # Errors
/// When one of the files is there already, or cannot be written.
pub async fn make_certificate(
    session: &Session,
    path: &Path,
    name: &ProfileName,
) -> Result<MadeCertificate, WorkError> {
    let (path, name) = (path.to_owned(), name.to_string());
    session
        .beside(move |_| {
            // By universal time, so that it is valid at once wherever it is looked at.
            let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
            let ends = today.saturating_add(12.months());
            let made = credential::make(&name, KeySize::Bits3072, today, ends).ok_or(WorkError::BrokeOff)?;
            let read = certificates::read(made.pem.as_bytes(), None).map_err(|_| WorkError::BrokeOff)?;
            let public = public_path(&path);
            // The public part first: without the key it is of no use, and a key without it would be in the way.
            write_public(&public, made.public.as_bytes())?;
            if let Err(error) = write_private(&path, made.pem.as_bytes(), false) {
                // It was made a moment ago, by this.
                let _ = std::fs::remove_file(&public);
                return Err(error.into());
            }
            Ok(MadeCertificate {
                key: path,
                public,
                thumbprint: read.thumbprint(),
                thumbprint_sha256: read.thumbprint_sha256(),
                ends: read.end_date(),
            })
        })
        .await
}

/// Puts a certificate that the sandbox's administrator has made into a file of its own in the home. Says where.
///
/// # Errors
/// When it cannot be written.
pub async fn take_certificate(session: &Session, pem: Arc<Zeroizing<String>>) -> Result<String, WorkError> {
    session.beside(move |stores| Ok(certificates::keep(&stores.home, &pem)?.to_string_lossy().into_owned())).await
}

/// `contoso.cer` beside `contoso.pem`.
fn public_path(path: &Path) -> PathBuf {
    let public = path.with_extension("cer");
    if public == path { path.with_extension("public.cer") } else { public }
}
