//! A text to hand on: the open steps of one person, or an export. Shown before it is copied or written to a file.
//!
//! Does not know how either is made. Never holds a secret.

use crate::core::check::Status;
use crate::core::guide::Actor;
use crate::core::names::ProfileName;
use crate::core::profile::ProfileDraft;
use crate::core::rules::Cause;

/// A text to hand on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paper {
    /// What it is.
    pub title: String,
    /// The text.
    pub text: String,
    /// What such a file is usually called.
    pub file: String,
    /// Lines scrolled.
    pub scroll: u16,
    /// What it was made of.
    pub of: Source,
}

/// What a text to hand on was made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A profile, in a format.
    Export {
        /// The profile.
        name: ProfileName,
        /// The format's id.
        format: String,
    },
    /// The steps of a guide for one person.
    Steps(Steps),
}

/// The steps of a guide for one person, by the values that are there and the last test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Steps {
    /// The name of the set-up, for people.
    pub name: String,
    /// Its values.
    pub draft: ProfileDraft,
    /// How the last test came out, and the cause that is looked at.
    pub last: Option<(Status, Option<Cause>)>,
    /// For whom.
    pub role: Actor,
    /// Every step of that person, done or not.
    pub all: bool,
}
