//! Home: the profiles and drafts, with their last verdicts, and which of them are shown in which order.
//!
//! Does not read files itself.

use crate::app::msg::{DraftRow, HomeData, LastVerdict, Row, Trouble};
use crate::core::check::CheckRun;
use crate::core::filter::Filter;
use crate::core::names::ProfileName;
use crate::core::question::FieldId;
use jiff::Timestamp;
use std::collections::BTreeMap;
use tui_input::Input;

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

/// In which order the entries stand.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// By name, drafts last.
    #[default]
    Name,
    /// What ends first comes first; what has no end date, last.
    End,
}

/// A line of the list as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// A tenant, and how many of its entries follow; without a name for those that have none yet.
    Tenant(Option<String>, usize),
    /// The entry at that place: profiles first, then drafts.
    Entry(usize),
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
    /// What an entry must have in its name, target, guide or tenant; several words must all be there.
    pub filter: Input,
    /// Whether letters go into the filter.
    pub filtering: bool,
    /// Whether entries stand below their tenant.
    pub grouped: bool,
    /// In which order the entries stand.
    pub order: Order,
    /// What is shown of all that: settled by [`Home::arrange`].
    pub shown: Vec<Shown>,
    /// Why the list could not be read.
    pub trouble: Option<Trouble>,
    /// Now, for "2 h ago".
    pub now: Option<Timestamp>,
    /// The entry that the mark goes to when the list is read next: what was just saved, renamed or copied.
    pub follow: Option<ProfileName>,
    /// What was removed and can be brought back, the last one last.
    pub removed: Vec<Removed>,
    /// What is being brought back.
    pub returning: Option<Removed>,
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

/// What was removed and can be brought back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Removed {
    /// A profile.
    Profile {
        /// Its name.
        name: ProfileName,
        /// Whether its secret was in the vault, and goes back there.
        in_vault: bool,
    },
    /// A draft.
    Draft(DraftRow),
}

impl Removed {
    /// Its name.
    pub fn name(&self) -> &ProfileName {
        match self {
            Removed::Profile { name, .. } => name,
            Removed::Draft(row) => &row.name,
        }
    }
}

/// An entry of the list.
#[derive(Debug, Clone, Copy)]
pub enum Entry<'a> {
    /// A profile.
    Profile(&'a Row),
    /// A draft.
    Draft(&'a DraftRow),
}

impl<'a> Entry<'a> {
    /// Its tenant, where it has one.
    fn tenant(self) -> Option<&'a str> {
        match self {
            Entry::Profile(row) => row.tenant.as_deref(),
            Entry::Draft(row) => row.draft.given(FieldId::TenantId),
        }
    }

    /// Whether the filter leaves it.
    fn fits(self, filter: &Filter) -> bool {
        let tenant = self.tenant().unwrap_or_default();
        match self {
            Entry::Profile(row) => filter.fits(&[row.name.as_str(), &row.target, &row.guide, tenant]),
            Entry::Draft(row) => {
                filter.fits(&[row.name.as_str(), row.draft.value(FieldId::ResourceUrl), "draft", tenant])
            }
        }
    }
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

    /// Whether a draft has that name.
    pub fn has_draft(&self, name: &ProfileName) -> bool {
        self.drafts.iter().any(|row| row.name == *name)
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.profiles().len() + self.drafts.len()
    }

    /// Whether there is nothing yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether only a part of the entries is shown.
    pub fn is_filtered(&self) -> bool {
        !Filter::of(self.filter.value()).is_empty()
    }

    /// The entry at a place.
    pub fn entry(&self, at: usize) -> Option<Entry<'_>> {
        let rows = self.profiles();
        match rows.get(at) {
            Some(row) => Some(Entry::Profile(row)),
            None => self.drafts.get(at - rows.len()).map(Entry::Draft),
        }
    }

    /// The places of the entries that are shown, from the top down.
    fn seen(&self) -> impl Iterator<Item = usize> {
        self.shown.iter().filter_map(|line| match line {
            Shown::Tenant(..) => None,
            Shown::Entry(at) => Some(*at),
        })
    }

    /// The profiles that are shown.
    pub fn seen_profiles(&self) -> impl Iterator<Item = &Row> {
        self.seen().filter_map(|at| self.profiles().get(at))
    }

    /// The entry that is marked; none where the filter leaves nothing.
    pub fn marked(&self) -> Option<Marked> {
        if self.shown.is_empty() {
            return None;
        }
        self.entry(self.marked).map(|entry| match entry {
            Entry::Profile(row) => Marked::Profile(row.clone()),
            Entry::Draft(row) => Marked::Draft(row.clone()),
        })
    }

    /// Moves the mark by so many entries.
    pub fn step(&mut self, down: bool, by: usize) {
        let seen: Vec<usize> = self.seen().collect();
        let at = seen.iter().position(|at| *at == self.marked).unwrap_or(0);
        let to = if down { (at + by).min(seen.len().saturating_sub(1)) } else { at.saturating_sub(by) };
        if let Some(marked) = seen.get(to) {
            self.marked = *marked;
        }
    }

    /// Settles what is shown, after anything of it has changed. The mark stays on its entry, or goes to the first one.
    pub fn arrange(&mut self) {
        let filter = Filter::of(self.filter.value());
        let all = (0..self.len()).filter_map(|at| Some((at, self.entry(at)?)));
        let mut seen: Vec<(usize, Entry<'_>)> = all.filter(|(_, entry)| entry.fits(&filter)).collect();
        if self.order == Order::End {
            let end = |entry: Entry<'_>| match entry {
                Entry::Profile(row) => row.days_left,
                Entry::Draft(_) => None,
            };
            seen.sort_by_key(|(_, entry)| (end(*entry).is_none(), end(*entry)));
        }
        let mut shown = Vec::with_capacity(seen.len());
        if self.grouped {
            let mut groups: BTreeMap<(bool, String), Vec<usize>> = BTreeMap::new();
            for (at, entry) in seen {
                let tenant = entry.tenant().map(str::to_lowercase);
                groups.entry((tenant.is_none(), tenant.unwrap_or_default())).or_default().push(at);
            }
            for ((_, tenant), entries) in groups {
                shown.push(Shown::Tenant(Some(tenant).filter(|tenant| !tenant.is_empty()), entries.len()));
                shown.extend(entries.into_iter().map(Shown::Entry));
            }
        } else {
            shown.extend(seen.into_iter().map(|(at, _)| Shown::Entry(at)));
        }
        self.shown = shown;
        if !self.seen().any(|at| at == self.marked) {
            let first = self.seen().next();
            self.marked = first.unwrap_or(0);
        }
    }

    /// Shows everything again.
    pub fn clear_filter(&mut self) {
        self.filtering = false;
        self.filter = Input::default();
        self.arrange();
    }

    /// Takes a freshly read list; the mark stays on its entry.
    pub fn load(&mut self, result: Result<HomeData, Trouble>) {
        let follow = self.follow.take();
        let name = follow.clone().or_else(|| match self.entry(self.marked) {
            Some(Entry::Profile(row)) => Some(row.name.clone()),
            Some(Entry::Draft(row)) => Some(row.name.clone()),
            None => None,
        });
        match result {
            Ok(mut data) => {
                data.rows.sort_by_cached_key(|row| row.name.as_str().to_lowercase());
                self.now = Some(data.now);
                self.drafts = data.drafts;
                self.rows = Some(data.rows);
                self.trouble = data.trouble;
            }
            Err(trouble) => self.trouble = Some(trouble),
        }
        let names = self.profiles().iter().map(|row| &row.name).chain(self.drafts.iter().map(|row| &row.name));
        let at = names.into_iter().position(|other| Some(other) == name.as_ref());
        let wanted = at.unwrap_or(self.marked).min(self.len().saturating_sub(1));
        self.marked = wanted;
        self.arrange();
        // What was just saved is to be seen.
        if follow.is_some() && at.is_some() && self.marked != wanted {
            self.marked = wanted;
            self.clear_filter();
        }
    }

    /// Notes a verdict in the list.
    pub fn note(&mut self, name: &ProfileName, last: LastVerdict) {
        if let Some(row) = self.rows.iter_mut().flatten().find(|row| row.name == *name) {
            row.last = Some(last);
        }
    }

    /// How many profiles need attention: a problem, a failed or unknown verdict, or an end that is near.
    pub fn need_attention(&self, warning_days: i64) -> usize {
        use crate::core::check::Status::{Failed, Unknown};
        self.profiles()
            .iter()
            .filter(|row| {
                row.problem.is_some()
                    || row.days_left.is_some_and(|days| days <= warning_days)
                    || row.last.as_ref().is_some_and(|last| matches!(last.verdict, Failed | Unknown))
            })
            .count()
    }
}
