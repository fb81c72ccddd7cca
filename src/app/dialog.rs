//! Questions over a screen: they take every key until they are answered.

use crate::app::keymap::Context;
use crate::app::paper::Paper;
use crate::core::intake::Intake;
use crate::core::names::ProfileName;
use crate::core::profile::ProfileDraft;
use crate::core::question::FieldId;
use crate::core::secret::{ClientSecret, SHORT_PASSPHRASE, SecretBuffer};
use std::sync::Arc;
use tui_input::Input;

/// What an answer leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Nothing: the question goes.
    Stay,
    /// Leave the screen, keeping a draft.
    LeaveKeeping,
    /// Save what was changed, and leave the screen.
    SaveAndLeave,
    /// Leave the screen; what was typed is gone.
    LeaveDropping,
    /// Leave the program, keeping a draft.
    QuitKeeping,
    /// Leave the program.
    QuitDropping,
    /// Remove that profile.
    Remove(ProfileName),
    /// Remove that profile without opening the vault.
    RemoveLocked(ProfileName),
    /// The profile is not there any more: make it anew.
    SaveAnew,
    /// Forget that draft.
    Forget(ProfileName),
    /// The odd hosts are right: go on with the test.
    HostsThenTest,
    /// The odd hosts are right: go on with saving.
    HostsThenSave,
    /// The test failed; what was tested is saved all the same.
    SaveAllTheSame,
    /// Somebody else changed the profile to this: of what both changed, theirs is taken for these fields.
    Rebase(Box<ProfileDraft>, Vec<FieldId>),
    /// Start the guide of that id.
    Guide(String),
    /// Go to the step of the marked finding in the guide of that id.
    MendIn(String),
    /// Go to the step of the marked finding in that profile.
    MendProfile(ProfileName),
    /// Show these two profiles side by side.
    Beside([ProfileName; 2]),
    /// Compare the text of the diagnosis with that profile, or with none.
    DiagnoseWith(Option<ProfileName>),
    /// The vault takes the secret: go on with saving.
    IntoVault,
    /// The secret is read from elsewhere: put this start of a source into its field.
    SourceFrom(&'static str),
    /// Export that profile in the format of that id.
    Export(ProfileName, String),
    /// Write the text to another file than that one.
    OtherFile(String, Box<Paper>),
    /// Write the text over that file.
    WriteOver(String, Box<Paper>),
}

/// What a typed name is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NameFor {
    /// A new name for that profile.
    Rename(ProfileName),
    /// A name for a copy of that profile.
    Copy(ProfileName),
    /// The file that a text is written to.
    File(Box<Paper>),
}

impl NameFor {
    /// The most characters that it may have.
    pub fn most(&self) -> usize {
        match self {
            NameFor::Rename(_) | NameFor::Copy(_) => 64,
            NameFor::File(_) => 1024,
        }
    }

    /// Whether it is the profile itself that has this name: another spelling of its own name can be typed.
    pub fn is_for(&self, name: &ProfileName) -> bool {
        matches!(self, NameFor::Rename(old) if old == name)
    }
}

/// A question, or the help.
#[derive(Debug)]
pub enum Dialog {
    /// One of several answers.
    Ask {
        /// The question.
        title: String,
        /// More about it.
        lines: Vec<String>,
        /// The answers; the first is the safe one.
        answers: Vec<(String, Answer)>,
        /// Which is marked.
        marked: usize,
    },
    /// A name to be typed.
    Name {
        /// The question.
        title: String,
        /// What is typed.
        input: Input,
        /// What is wrong with it.
        problem: Option<String>,
        /// What it is for.
        purpose: NameFor,
    },
    /// Values that were recognised in a paste, to be confirmed.
    Values {
        /// The values.
        intake: Intake,
        /// Who showed them: the paste, or the sandbox's portal.
        title: String,
        /// More about it.
        said: Option<String>,
        /// Lines scrolled.
        scroll: u16,
    },
    /// The passphrase of the vault.
    Passphrase(Passphrase),
    /// A text to hand on.
    Paper(Box<Paper>),
    /// The keys of a context.
    Help {
        /// Of which.
        context: Context,
        /// Lines scrolled.
        scroll: u16,
    },
}

/// The passphrase of the vault while it is typed; hidden, as a secret is.
#[derive(Debug, Default)]
pub struct Passphrase {
    /// What is typed.
    pub typed: SecretBuffer,
    /// Whether it is for a vault that is to be made: such a one is typed twice.
    pub new: bool,
    /// What was typed the first time.
    pub first: Option<Arc<ClientSecret>>,
    /// It is being tried.
    pub trying: bool,
    /// What is wrong with it.
    pub problem: Option<String>,
}

impl Passphrase {
    /// The question.
    pub fn title(&self) -> &'static str {
        match (self.new, &self.first) {
            (false, _) => "Passphrase of the vault",
            (true, None) => "New passphrase for the vault",
            (true, Some(_)) => "The same passphrase again",
        }
    }

    /// What was typed is done: the passphrase, once it is known to be what was meant.
    pub fn entered(&mut self) -> Option<Arc<ClientSecret>> {
        let typed = self.typed.passphrase();
        self.problem = typed.is_err().then(|| "type a passphrase".to_owned());
        let typed = typed.ok()?;
        if self.new && self.first.is_none() && typed.is_short() {
            self.problem = Some(SHORT_PASSPHRASE.into());
            self.typed.clear();
            return None;
        }
        let done = match self.first.take() {
            None if self.new => {
                self.first = Some(typed);
                None
            }
            Some(first) if !first.is(self.typed.reveal()) => {
                self.problem = Some("the two are not the same: type it anew".into());
                None
            }
            _ => Some(typed),
        };
        self.typed.clear();
        self.trying = done.is_some();
        done
    }
}

impl Dialog {
    /// A question with answers.
    pub fn ask(title: impl Into<String>, lines: Vec<String>, answers: Vec<(&str, Answer)>) -> Dialog {
        let answers = answers.into_iter().map(|(label, answer)| (label.to_owned(), answer)).collect();
        Dialog::Ask { title: title.into(), lines, answers, marked: 0 }
    }

    /// Where keys go while it is open.
    pub fn context(&self) -> Context {
        match self {
            Dialog::Ask { .. } => Context::Ask,
            Dialog::Name { .. } | Dialog::Passphrase(_) => Context::Naming,
            Dialog::Values { .. } => Context::Values,
            Dialog::Paper(_) => Context::Paper,
            Dialog::Help { .. } => Context::Help,
        }
    }

    /// Whether it asks if the program is to be left.
    pub fn asks_to_quit(&self) -> bool {
        matches!(self, Dialog::Ask { answers, .. } if answers.iter().any(|(_, answer)| *answer == Answer::QuitDropping))
    }
}
