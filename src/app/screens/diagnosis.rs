//! Diagnosis: a pasted error text, and what it means. Judges as it is typed; nothing leaves this screen.

use crate::core::claims::Row;
use crate::core::evidence::{Evidence, Place};
use crate::core::names::ProfileName;
use crate::core::profile::ProfileDraft;
use crate::core::question::FieldId;
use crate::core::rules::Finding;
use crate::core::untrusted::Untrusted;
use zeroize::Zeroizing;

/// The most characters that are kept of a pasted text.
const MOST: usize = 64 * 1024;

/// Where the cursor is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// In the text.
    Text,
    /// In the findings.
    Findings,
}

/// A text and its findings.
pub struct Diagnosis {
    /// The text, wiped on leaving: a token may be in it.
    pub text: Zeroizing<String>,
    /// What was read in it.
    pub evidence: Evidence,
    /// The text as it is shown: harmless, without tokens and secrets.
    pub shown: Untrusted,
    /// Where in that the evidence stands.
    pub places: Vec<Place>,
    /// The claims of a token in it, beside what the profile needs; the token itself is only in the text.
    pub token: Vec<Row>,
    /// The profile that it is compared with.
    pub profile: Option<(ProfileName, ProfileDraft)>,
    /// The profile is the one that was marked at home: nobody said that the text is about it.
    pub is_assumed: bool,
    /// The text does not say so either: then it is judged without the profile.
    pub is_loose: bool,
    /// The product that the text is of, where that is not the profile's: then it is judged without the profile.
    pub other: Option<&'static str>,
    /// What it means; empty while there is no text.
    pub findings: Vec<Finding>,
    /// Whether something was typed that is not judged yet.
    pub is_behind: bool,
    /// Where the cursor is.
    pub part: Part,
    /// Which finding is marked.
    pub marked: usize,
    /// Lines scrolled in the findings.
    pub scroll: u16,
}

impl Default for Diagnosis {
    fn default() -> Self {
        Diagnosis {
            text: Zeroizing::default(),
            evidence: Evidence::default(),
            shown: Untrusted::default(),
            places: Vec::new(),
            token: Vec::new(),
            profile: None,
            is_assumed: false,
            is_loose: false,
            other: None,
            findings: Vec::new(),
            is_behind: false,
            part: Part::Text,
            marked: 0,
            scroll: 0,
        }
    }
}

impl std::fmt::Debug for Diagnosis {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Diagnosis").field("chars", &self.text.len()).field("findings", &self.findings).finish()
    }
}

impl Diagnosis {
    /// Adds typed or pasted text.
    pub fn add(&mut self, text: &str) {
        let room = MOST.saturating_sub(self.text.chars().count());
        self.text.extend(text.chars().filter(|c| *c == '\n' || !c.is_control()).take(room));
        self.rewind();
    }

    /// Takes the last character away.
    pub fn backspace(&mut self) {
        self.text.pop();
        self.rewind();
    }

    /// Takes everything away, for another text.
    pub fn clear(&mut self) {
        self.text = Zeroizing::default();
        self.part = Part::Text;
        self.rewind();
    }

    fn rewind(&mut self) {
        self.marked = 0;
        self.scroll = 0;
    }

    /// What the text names in place of the profile's values.
    pub fn others(&self) -> Vec<(FieldId, String)> {
        let names = [
            ("other_app", FieldId::ClientId),
            ("other_tenant", FieldId::TenantId),
            ("other_resource", FieldId::ResourceUrl),
        ];
        let other = |(name, field)| Some((field, self.evidence.named.get(name)?.clone()));
        names.into_iter().filter_map(other).collect()
    }

    /// Marks the next finding or the one before.
    pub fn step(&mut self, down: bool) {
        let last = self.findings.len().saturating_sub(1);
        self.marked = if down { (self.marked + 1).min(last) } else { self.marked.saturating_sub(1) };
        self.scroll = 0;
    }
}
