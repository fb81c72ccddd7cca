//! Home: the profiles and drafts, with their last verdicts. Does not read files itself.

use crate::app::msg::{DraftRow, HomeData, LastVerdict, Row, Trouble};
use crate::core::check::CheckRun;
use crate::core::names::ProfileName;
use jiff::Timestamp;

/// A test of a saved profile that runs from home.
#[derive(Debug)]
pub struct HomeRun {
    /// Its id.
    pub run: u64,
    /// Which profile.
    pub name: ProfileName,
    /// What it told so far.
    pub fold: CheckRun,
}

/// How far the test of all profiles is.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Round {
    /// How many are tested.
    pub total: usize,
    /// How many of those that ended did not pass.
    pub bad: usize,
    /// Tenths of a second since it began.
    pub ticks: u32,
}

/// The list.
#[derive(Debug, Default)]
pub struct Home {
    /// The profiles; `None` until they are read.
    pub rows: Option<Vec<Row>>,
    /// The half-done set-ups.
    pub drafts: Vec<DraftRow>,
    /// Which entry is marked: profiles first, then drafts.
    pub marked: usize,
    /// Why the list could not be read.
    pub trouble: Option<Trouble>,
    /// Now, for "2 h ago".
    pub now: Option<Timestamp>,
    /// The entry that the mark goes to when the list is read next: what was just saved, renamed or copied.
    pub follow: Option<ProfileName>,
    /// What was removed last and can be brought back.
    pub removed: Option<ProfileName>,
    /// Tests that run.
    pub runs: Vec<HomeRun>,
    /// What they are part of.
    pub round: Round,
}

/// What is marked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Marked {
    /// A profile.
    Profile(Row),
    /// A draft.
    Draft(DraftRow),
}

impl Home {
    /// The profiles; empty until they are read.
    pub fn profiles(&self) -> &[Row] {
        self.rows.as_deref().unwrap_or_default()
    }

    /// The names of all profiles.
    pub fn names(&self) -> Vec<ProfileName> {
        self.profiles().iter().map(|row| row.name.clone()).collect()
    }

    /// Whether a profile has that name.
    pub fn has(&self, name: &ProfileName) -> bool {
        self.profiles().iter().any(|row| row.name == *name)
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.profiles().len() + self.drafts.len()
    }

    /// Whether there is nothing yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The entry that is marked.
    pub fn marked(&self) -> Option<Marked> {
        let rows = self.profiles();
        match rows.get(self.marked) {
            Some(row) => Some(Marked::Profile(row.clone())),
            None => self.drafts.get(self.marked - rows.len()).cloned().map(Marked::Draft),
        }
    }

    /// Moves the mark.
    pub fn step(&mut self, down: bool) {
        let last = self.len().saturating_sub(1);
        self.marked = if down { (self.marked + 1).min(last) } else { self.marked.saturating_sub(1) };
    }

    /// Takes a freshly read list; the mark stays on its entry.
    pub fn load(&mut self, result: Result<HomeData, Trouble>) {
        let name = self.follow.take().or_else(|| match self.marked() {
            Some(Marked::Profile(row)) => Some(row.name),
            Some(Marked::Draft(row)) => Some(row.name),
            None => None,
        });
        match result {
            Ok(mut data) => {
                data.rows.sort_by_cached_key(|row| row.name.as_str().to_lowercase());
                self.now = Some(data.now);
                self.drafts = data.drafts;
                self.rows = Some(data.rows);
                self.trouble = None;
            }
            Err(trouble) => self.trouble = Some(trouble),
        }
        let names = self.profiles().iter().map(|row| &row.name).chain(self.drafts.iter().map(|row| &row.name));
        let at = names.into_iter().position(|other| Some(other) == name.as_ref());
        self.marked = at.unwrap_or(self.marked).min(self.len().saturating_sub(1));
    }

    /// Notes a verdict in the list.
    pub fn note(&mut self, name: &ProfileName, last: LastVerdict) {
        if let Some(row) = self.rows.iter_mut().flatten().find(|row| row.name == *name) {
            row.last = Some(last);
        }
    }

    /// How many profiles need attention: a problem, a failed or unknown verdict, or an end that is near.
    pub fn need_attention(&self) -> usize {
        use crate::core::check::Status::{Failed, Unknown};
        self.profiles()
            .iter()
            .filter(|row| {
                row.problem.is_some()
                    || row.days_left.is_some_and(|days| days <= crate::core::expiry::WARNING_DAYS)
                    || row.last.as_ref().is_some_and(|last| matches!(last.verdict, Failed | Unknown))
            })
            .count()
    }
}
