//! Half-done set-ups and last verdicts: what the screens keep without being asked to.
//!
//! Does not know what the steps are, or how a verdict comes about.

use crate::core::check::Status;
use crate::core::names::ProfileName;
use crate::core::profile::ProfileDraft;
use crate::core::question::FieldId;
use crate::core::rules::Cause;
use crate::core::since::{Since, Traits};
use crate::sandbox::AUTHORITY;
use crate::store::drafts::{self, Draft};
use crate::store::history::{self, Last};
use crate::store::profiles;
use crate::work::{Session, WorkError};
use jiff::Timestamp;

/// Every half-done set-up, the one changed last first.
///
/// # Errors
/// When the folder cannot be read.
pub async fn drafts(session: &Session) -> Result<Vec<Draft>, WorkError> {
    session.beside(|stores| Ok(drafts::list(&stores.home)?)).await
}

/// Keeps a half-done set-up, in place of an older one of the same name.
///
/// # Errors
/// As saving a profile.
pub async fn keep_draft(session: &Session, draft: Draft) -> Result<(), WorkError> {
    session.beside(move |stores| Ok(drafts::save(&stores.home, &draft)?)).await
}

/// Forgets a half-done set-up; one that is not there is no error.
///
/// # Errors
/// When the file system refuses.
pub async fn forget_draft(session: &Session, name: &ProfileName) -> Result<(), WorkError> {
    let name = name.clone();
    session.beside(move |stores| Ok(drafts::remove(&stores.home, &name)?)).await
}

/// Notes how a whole test came out, and the first finding's cause. Only a convenience: a home that cannot be written to is
/// no reason to fail.
///
/// What the simulated tenant said says nothing about a profile of the real one, so that is not noted.
///
/// Of a test that passed is noted what it was like, `seen` by the test and said by the profile; of one that failed comes
/// back what is different since the last that passed.
pub async fn note_verdict(
    session: &Session,
    name: &ProfileName,
    verdict: Status,
    cause: Option<Cause>,
    seen: Traits,
) -> Option<Since> {
    let last = Last { verdict, when: Timestamp::now(), cause };
    let simulated = session.sandbox.is_some();
    let profile = name.clone();
    let noted = session.beside(move |stores| {
        let stored = profiles::load(&stores.home, &profile).ok();
        let is_of_sandbox = |draft: &ProfileDraft| draft.value(FieldId::AuthorityUrl) == AUTHORITY;
        if simulated && !stored.as_ref().is_some_and(|stored| is_of_sandbox(&stored.draft)) {
            return Ok(None);
        }
        let now = stored.map(|stored| Traits::of_profile(&stored.draft)).unwrap_or_default().and(seen);
        let has_passed = matches!(verdict, Status::Passed | Status::Warning);
        let since = history::passed(&stores.home, &profile).filter(|_| verdict == Status::Failed);
        let since = since.map(|was| Since { passed: was.when, differences: was.traits.differences(&now) });
        history::note(&stores.home, &profile, &last, has_passed.then_some(now))?;
        Ok(since)
    });
    noted.await.unwrap_or_else(|error| {
        tracing::warn!(profile = %name, %error, "the verdict was not noted");
        None
    })
}
