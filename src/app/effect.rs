//! What the screens ask for, as data. The runtime carries it out and answers with a message.

use crate::core::check::{CheckId, SignInPrompt, Status};
use crate::core::guide::Guide;
use crate::core::names::ProfileName;
use crate::core::profile::{CredentialSource, ProfileDraft};
use crate::core::rules::Cause;
use crate::core::secret::ClientSecret;
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
    /// Open a page in the browser.
    OpenLink(String),
    /// Send a text to the terminal's clipboard.
    CopyText(String),
    /// Find out whether a keyring can be used.
    ProbeKeyring,
    /// Have the sandbox's administrator carry a step out.
    CarryOut {
        /// The guide that is being followed.
        guide: &'static Guide,
        /// The step's id.
        step: String,
    },
    /// Have the sandbox's simulated user answer a sign-in.
    AnswerSignIn(SignInPrompt),
    /// Send [`crate::app::msg::Msg::HideSecret`] in a few seconds.
    HideSecretSoon,
    /// Draw everything anew.
    Repaint,
    /// Stop the program until the shell continues it.
    Suspend,
}
