//! Floor 2: the use cases that the screen and the commands share: open a profile, test it, save it, start the sandbox.
//!
//! Joins the floors below. Does not know how anything is shown or asked.

mod checks;
mod error;
mod profiles;
mod save;
mod session;

pub use checks::{check, judge_values, note_verdict, read_secret};
pub use error::{Class, WorkError};
pub use profiles::{Credential, Opened, Removed, Row, copy, open, remove, rename, row, rows};
pub use save::{SaveRequest, Saved, SecretChoice, save};
pub use session::{Options, Session};

use crate::core::names::ProfileName;
use crate::core::profile::ProfileDraft;
use jiff::civil::Date;

/// Where the screen starts: what the command line asked to be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Open {
    /// The profiles.
    Home,
    /// The wizard, with what was given.
    Wizard {
        /// The guide's id, when one was chosen.
        guide: Option<String>,
        /// The name, when one was given.
        name: Option<ProfileName>,
        /// The values that were given.
        draft: ProfileDraft,
    },
    /// The editor on a profile.
    Editor {
        /// Which.
        name: ProfileName,
    },
}

/// Today, where this machine is.
pub fn today() -> Date {
    jiff::Zoned::now().date()
}
