//! Everything that reaches the state machine.

use crate::app::effect::OpenFor;
use crate::app::key::{Key, Paste};
use crate::app::paper::Paper;
use crate::core::check::{CheckEvent, Status};
use crate::core::names::ProfileName;
use crate::core::profile::{CredentialSource, ProfileDraft};
use crate::core::question::FieldId;
use crate::core::rules::Cause;
use crate::core::secret::ClientSecret;
use crate::core::since::Since;
use jiff::Timestamp;
use std::sync::Arc;

/// A trouble in words: what failed, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// What failed, harmless.
    pub what: String,
    /// What to do.
    pub hint: Option<String>,
}

/// A profile in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its name.
    pub name: ProfileName,
    /// Its guide's short title.
    pub guide: String,
    /// What it connects to.
    pub target: String,
    /// Its tenant, where one is given.
    pub tenant: Option<String>,
    /// Its secret, or the password of its certificate, is in the vault.
    pub in_vault: bool,
    /// Days until its secret ends, where recorded.
    pub days_left: Option<i64>,
    /// Why its file cannot be used.
    pub problem: Option<String>,
    /// The last verdict.
    pub last: Option<LastVerdict>,
}

/// What the last test said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastVerdict {
    /// How it stood.
    pub verdict: Status,
    /// When.
    pub when: Timestamp,
    /// The first finding.
    pub cause: Option<Cause>,
}

/// A half-done set-up in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftRow {
    /// The name it will have.
    pub name: ProfileName,
    /// What was typed.
    pub draft: ProfileDraft,
    /// The step that was open.
    pub step: String,
}

/// What home shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HomeData {
    /// The profiles.
    pub rows: Vec<Row>,
    /// The drafts.
    pub drafts: Vec<DraftRow>,
    /// Now, for "2 h ago".
    pub now: Timestamp,
    /// Why there are no drafts, where they could not be read.
    pub trouble: Option<Trouble>,
}

/// A value that the sandbox's portal shows.
#[derive(Debug, Clone)]
pub enum Offered {
    /// A plain value.
    Value(FieldId, String),
    /// A secret's value and its end date.
    Secret(Arc<ClientSecret>, String),
    /// A certificate with its key: the file it was put into.
    Certificate(String),
}

/// What became of a text that was to be written to a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written {
    /// It stands in that file.
    Done(String),
    /// It was not written: there is a file of that name.
    ThereAlready,
    /// It could not be written.
    Failed(Trouble),
}

/// How the vault stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Vault {
    /// There is none.
    #[default]
    Absent,
    /// There is one; its passphrase was not given yet.
    Locked,
    /// Its passphrase is at hand.
    Open,
}

/// A message.
#[derive(Debug)]
pub enum Msg {
    /// A key was pressed.
    Key(Key),
    /// A text was pasted.
    Paste(Paste),
    /// A tenth of a second has passed; sent only while something moves.
    Tick,
    /// A second has passed; sent only while a test counts down to its next try.
    Second,
    /// What was changed up to that id was changed minutes ago.
    ChangesAged(u64),
    /// The list was read.
    HomeLoaded(Result<HomeData, Trouble>),
    /// A profile was read.
    ProfileOpened {
        /// Which.
        name: ProfileName,
        /// For what it was asked.
        purpose: OpenFor,
        /// Its values.
        result: Result<ProfileDraft, Trouble>,
    },
    /// Two profiles were read.
    PairOpened {
        /// Which.
        names: [ProfileName; 2],
        /// Their values.
        result: Result<[ProfileDraft; 2], Trouble>,
    },
    /// A running test told something.
    Check {
        /// Which run.
        run: u64,
        /// What.
        event: CheckEvent,
    },
    /// A test came to its end, or could not begin.
    ChecksEnded {
        /// Which run.
        run: u64,
        /// Trouble that kept it from beginning.
        result: Result<(), Trouble>,
    },
    /// A test failed that passed before: what is different since.
    SincePassed {
        /// Of which profile.
        name: ProfileName,
        /// What.
        since: Since,
    },
    /// A profile was saved: where, and where its secret is; and the values as they now are on disk.
    Saved {
        /// Under which name.
        name: ProfileName,
        /// Where, in words.
        result: Result<(String, ProfileDraft), Trouble>,
    },
    /// A profile was not saved, because somebody else changed the same values of it meanwhile.
    SaveClashed {
        /// Under which name it was to be saved.
        name: ProfileName,
        /// Which values.
        fields: Vec<FieldId>,
        /// The profile as it is now.
        now: Box<ProfileDraft>,
    },
    /// A profile was not saved, because it is not there any more.
    SaveGone {
        /// Under which name it was to be saved.
        name: ProfileName,
        /// The name it had.
        old: ProfileName,
    },
    /// A draft was kept.
    DraftKept(Result<(), Trouble>),
    /// A profile was removed, or not: what was done, in words.
    Removed {
        /// Which.
        name: ProfileName,
        /// What became of it, and whether it can be brought back.
        result: Result<(String, bool), Trouble>,
    },
    /// A removed profile was brought back, or not: what was done, in words.
    BroughtBack(Result<String, Trouble>),
    /// A profile was renamed or copied: what was done, in words.
    Changed(Result<String, Trouble>),
    /// A link or text was sent on, or not: in words.
    Told(Result<String, String>),
    /// An export was made.
    ExportMade {
        /// The profile.
        name: ProfileName,
        /// The format's id.
        format: String,
        /// Its text, without the secret.
        result: Result<String, Trouble>,
    },
    /// A text was written to a file, or not.
    FileWritten {
        /// The file, as typed.
        path: String,
        /// The text.
        paper: Box<Paper>,
        /// What became of it.
        result: Written,
    },
    /// Whether a keyring can be used.
    KeyringProbed(Result<(), Trouble>),
    /// Whether a credential can be read from there now: what it is, or why not.
    SourceTried {
        /// From where.
        source: CredentialSource,
        /// In words.
        result: Result<String, String>,
    },
    /// How the vault stands.
    VaultSeen(Vault),
    /// Whether a passphrase opens the vault.
    VaultOpened(Result<(), Trouble>),
    /// The sandbox's administrator has carried a step out.
    CarriedOut {
        /// What was done.
        said: String,
        /// What the portal shows now.
        offers: Vec<Offered>,
    },
    /// A revealed secret is hidden again.
    HideSecret,
}
