//! What the screens ask for, as data. The runtime carries it out and answers with a message.

use crate::app::paper::Paper;
use crate::core::check::{CheckId, SignInPrompt, Status};
use crate::core::guide::Guide;
use crate::core::names::ProfileName;
use crate::core::profile::{CredentialSource, ProfileDraft};
use crate::core::rules::Cause;
use crate::core::secret::ClientSecret;
use crate::core::since::Traits;
use std::sync::Arc;

/// What is to become of a profile's secret when it is saved.
#[derive(Debug, Clone)]
pub enum SecretWish {
    /// Stays as it is.
    Keep,
    /// Is read from there.
    Source(CredentialSource),
    /// Is kept in the keyring.
    Value(Arc<ClientSecret>),
    /// This value goes into the vault.
    InVault(Arc<ClientSecret>),
    /// A key and a certificate are made in that file.
    Make(String),
    /// The certificate of that file; the password of its key goes into the keyring.
    Certificate(String, Arc<ClientSecret>),
}

/// For what a profile is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenFor {
    /// To be tested.
    Test,
    /// To be looked at, with the test one key away.
    Look,
    /// To be edited.
    Edit,
    /// To be mended at the step of the marked finding of the diagnosis.
    Mend,
    /// To be compared with the text of the diagnosis.
    Diagnose,
    /// To hand its open steps over; those of the cause of a finding, where one led there.
    HandOver(Option<Cause>),
}

/// Something that the runtime does.
#[derive(Debug)]
pub enum Effect {
    /// Read the list of profiles and drafts.
    LoadHome,
    /// Read one profile.
    OpenProfile {
        /// Which.
        name: ProfileName,
        /// For what.
        purpose: OpenFor,
    },
    /// Read two profiles, to show them side by side.
    OpenPair([ProfileName; 2]),
    /// Start a live test.
    StartChecks {
        /// The id under which its events come back.
        run: u64,
        /// The name under which the profile is saved, if it is.
        name: Option<ProfileName>,
        /// The values.
        draft: ProfileDraft,
        /// The secret, where it was typed and not saved yet.
        secret: Option<Arc<ClientSecret>>,
        /// The checks.
        wanted: Vec<CheckId>,
    },
    /// Start a live test of a profile as it is saved.
    StartSaved {
        /// The id under which its events come back.
        run: u64,
        /// Which profile.
        name: ProfileName,
    },
    /// End a live test at once.
    CancelChecks {
        /// Its id.
        run: u64,
    },
    /// Note the verdict on a saved profile.
    NoteVerdict {
        /// Which profile.
        name: ProfileName,
        /// The verdict.
        verdict: Status,
        /// The first finding.
        cause: Option<Cause>,
        /// What the test saw, to be compared with when it last passed.
        seen: Traits,
    },
    /// Save a profile.
    Save {
        /// The name it is saved under.
        name: ProfileName,
        /// The name and values it had, when a saved profile is changed: only what differs is written.
        was: Option<(ProfileName, ProfileDraft)>,
        /// The values.
        draft: ProfileDraft,
        /// The secret.
        secret: SecretWish,
    },
    /// Keep a half-done set-up.
    KeepDraft {
        /// The name it will have.
        name: ProfileName,
        /// What was typed; never the secret.
        draft: ProfileDraft,
        /// The open step.
        step: String,
    },
    /// Forget a half-done set-up.
    ForgetDraft(ProfileName),
    /// Rename a profile.
    Rename(ProfileName, ProfileName),
    /// Copy a profile.
    Copy(ProfileName, ProfileName),
    /// Remove a profile.
    Remove(ProfileName),
    /// Remove a profile, and leave its secret in the vault, which stays locked.
    RemoveLocked(ProfileName),
    /// Bring a removed profile back.
    BringBack {
        /// Its name.
        name: ProfileName,
        /// Whether its secret goes back into the vault.
        in_vault: bool,
    },
    /// Open a page in the browser.
    OpenLink(String),
    /// Send a text to the terminal's clipboard.
    CopyText(String),
    /// Make an export, without the secret, to be looked at.
    MakeExport {
        /// The profile.
        name: ProfileName,
        /// The format's id.
        format: String,
    },
    /// Note that an export went elsewhere than to a file.
    NoteExport {
        /// The profile.
        name: ProfileName,
        /// The format's id.
        format: String,
    },
    /// Write a text to a file, for its owner alone.
    WriteFile {
        /// The file, as typed.
        path: String,
        /// The text.
        paper: Box<Paper>,
        /// Whether a file that is there is written over.
        over: bool,
    },
    /// Find out whether a keyring can be used.
    ProbeKeyring,
    /// Find out whether a credential can be read from there now.
    TrySource(CredentialSource),
    /// Find out how the vault stands.
    ProbeVault,
    /// Open the vault with this passphrase, or take it for one that is to be made.
    OpenVault(Arc<ClientSecret>),
    /// Have the sandbox's administrator carry a step out.
    CarryOut {
        /// The guide that is being followed.
        guide: &'static Guide,
        /// The step's id.
        step: String,
    },
    /// Have the sandbox's simulated user answer a sign-in of a live test.
    AnswerSignIn {
        /// The test's id.
        run: u64,
        /// What they are asked.
        prompt: SignInPrompt,
    },
    /// Tell a live test what a sign-in page says that does not lead back here.
    TellPage {
        /// The test's id.
        run: u64,
        /// The page's text.
        text: String,
    },
    /// Send [`crate::app::msg::Msg::HideSecret`] in a few seconds.
    HideSecretSoon,
    /// Send [`crate::app::msg::Msg::ChangesAged`] with that id when what was changed now is no news any more.
    AgeChangesSoon(u64),
    /// Draw everything anew.
    Repaint,
    /// Stop the program until the shell continues it.
    Suspend,
}
