//! Handing over: exports of a profile, and the steps that are still open for a person.
//!
//! Joins formats, guides, rules, secrets and history. Does not know who asks, or how it is shown.

use crate::assets;
use crate::core::format::Format;
use crate::core::guide::{Actor, Step};
use crate::core::handoff;
use crate::core::names::ProfileName;
use crate::core::rules::Cause;
use crate::core::secret::ClientSecret;
use crate::export::{self, Handover};
use crate::store::history::{self, Exported};
use crate::store::write_private;
use crate::work::{Opened, Session, WorkError};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::path::Path;
use zeroize::Zeroizing;

/// What is to be exported, and where to.
#[derive(Debug)]
pub struct Export<'a> {
    /// The profile.
    pub opened: &'a Opened,
    /// In which format.
    pub format: &'a Format,
    /// The secret, where it is to go along.
    pub secret: Option<&'a ClientSecret>,
    /// The format's own values that were given.
    pub options: &'a BTreeMap<String, String>,
    /// The file; none where the text is printed.
    pub path: Option<&'a Path>,
    /// Whether a file that is there is written over.
    pub over: bool,
}

/// The text of an export; written to its file where it has one, and noted in the history.
///
/// # Errors
/// When there is a file already, or it cannot be written. What cannot be noted is logged only.
pub async fn export(session: &Session, request: Export<'_>) -> Result<Zeroizing<String>, WorkError> {
    let Export { opened, format, secret, options, path, over } = request;
    let text = rendered(opened, format, secret, options);
    if let Some(path) = path {
        write_out(session, path, text.as_bytes(), over).await?;
    }
    note_export(session, &opened.stored.name, &format.id, path, secret.is_some()).await;
    Ok(text)
}

/// The text of an export without the secret, to be looked at.
pub fn preview(opened: &Opened, format: &Format) -> String {
    rendered(opened, format, None, &BTreeMap::new()).to_string()
}

fn rendered(
    opened: &Opened,
    format: &Format,
    secret: Option<&ClientSecret>,
    options: &BTreeMap<String, String>,
) -> Zeroizing<String> {
    export::render(&Handover {
        format,
        name: &opened.stored.name,
        draft: &opened.stored.draft,
        guide: opened.guide,
        clouds: assets::clouds(),
        secret,
        options,
    })
}

/// Notes where a profile was exported. What cannot be noted is logged only.
pub async fn note_export(session: &Session, name: &ProfileName, format: &str, path: Option<&Path>, with_secret: bool) {
    let noted = Exported {
        format: format.to_owned(),
        path: path.map(|path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).display().to_string()),
        with_secret,
        when: Timestamp::now(),
    };
    let owned = name.clone();
    if let Err(error) = session.beside(move |stores| Ok(history::note_export(&stores.home, &owned, noted)?)).await {
        tracing::warn!(profile = %name, %error, "the export was not noted");
    }
}

/// Writes a file that somebody asked for, for its owner alone.
///
/// # Errors
/// When there is one already and it is not to be written over, or the system refuses.
pub async fn write_out(session: &Session, path: &Path, bytes: &[u8], over: bool) -> Result<(), WorkError> {
    let (path, bytes) = (path.to_owned(), Zeroizing::new(bytes.to_vec()));
    session.beside(move |_| Ok(write_private(&path, &bytes, over)?)).await
}

/// The steps of a profile's guide that are still open for a role, by its values and its last test.
pub fn open_steps(session: &Session, opened: &Opened, role: Actor) -> Vec<&'static Step> {
    let last = history::last(&session.home, &opened.stored.name).map(|last| (last.verdict, last.cause));
    let step_of = |cause: Cause| assets::rules().step_of(cause).unwrap_or_default().to_owned();
    handoff::open_steps(opened.guide, role, &opened.stored.draft, last, step_of)
}
