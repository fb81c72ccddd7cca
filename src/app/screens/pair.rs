//! Two profiles side by side: what differs. Never holds a secret.

use crate::core::names::ProfileName;
use crate::core::profile::{Differing, ProfileDraft};

/// Two profiles.
#[derive(Debug)]
pub struct Pair {
    /// Their names.
    pub names: [ProfileName; 2],
    /// What differs.
    pub differing: Vec<Differing>,
    /// How many values are the same.
    pub same: usize,
    /// Lines scrolled.
    pub scroll: u16,
}

impl Pair {
    /// Of two profiles.
    pub fn new(names: [ProfileName; 2], [one, other]: &[ProfileDraft; 2]) -> Pair {
        let (differing, same) = one.beside(other);
        Pair { names, differing, same, scroll: 0 }
    }
}
