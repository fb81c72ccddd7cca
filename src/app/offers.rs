//! The key bar: which keys do something now, and in which words.
//!
//! What they do is said elsewhere; the keys are those of [`crate::app::keymap`].

use crate::app::dialog::{Dialog, NameFor};
use crate::app::form::FieldKey;
use crate::app::key::Key;
use crate::app::keymap::{self, Binding, Context, Intent};
use crate::app::paper::Source;
use crate::app::screens::checks::Run;
use crate::app::screens::home::Marked;
use crate::app::{After, App, Screen, Seen};
use crate::core::check::{SignInPrompt, Status};
use crate::core::question::FieldId;

impl App {
    /// The keys that do something now, for the key bar: key, word, and whether it must be seen in the smallest window.
    /// `seen` is what the drawing at hand found out.
    pub fn bar(&self, seen: Seen) -> Vec<(Key, &'static str, bool)> {
        let context = self.context();
        keymap::bindings(context)
            .iter()
            .filter(|binding| !binding.bar.is_empty() && self.offers(context, binding.intent, seen))
            .map(|binding| {
                let vital = match binding.intent {
                    Intent::Help | Intent::Back | Intent::Quit | Intent::Enter | Intent::New => true,
                    // It is there only for whoever removed something.
                    Intent::BringBack => true,
                    Intent::NextField => matches!(context, Context::Step | Context::DiagnosisText),
                    _ => false,
                };
                (binding.key, self.word(context, binding), vital)
            })
            .filter(|(_, word, _)| !word.is_empty())
            .collect()
    }

    /// The word for a key where it depends on what is there.
    fn word(&self, context: Context, binding: &Binding) -> &'static str {
        match (context, binding.intent) {
            (Context::Home, Intent::Enter) if matches!(self.home.marked(), Some(Marked::Draft(_))) => "go on",
            (Context::Home, Intent::Remove) if matches!(self.home.marked(), Some(Marked::Draft(_))) => "forget",
            (Context::Filter, Intent::Enter) if matches!(self.home.marked(), Some(Marked::Draft(_))) => "go on",
            (Context::Home, Intent::Back) if self.home.runs.is_empty() => "show all",
            (Context::Checks, Intent::Enter) => match self.after_checks() {
                After::Start => "start the test",
                After::Again => "test again",
                After::Fix => "go to the step",
                After::Save => "save",
                After::Home => "done",
                After::SignIn => "sign in",
                After::Wait => "",
            },
            (Context::Checks, Intent::Details) if self.details_seen() => "findings",
            (Context::Checks, Intent::Back) if self.details_seen() => "back",
            (Context::Checks, Intent::Back) if self.moving_here() || self.counting() => "stop",
            (Context::Checks, Intent::OpenLink) if self.after_checks() == After::SignIn => "open the page",
            (Context::Checks, Intent::CopyDetails) if self.after_checks() == After::SignIn => "copy the code",
            (Context::Naming, Intent::Enter)
                if matches!(&self.dialog, Some(Dialog::Name { purpose: NameFor::File(_), .. })) =>
            {
                "write it"
            }
            (Context::Naming, Intent::Enter) if matches!(&self.dialog, Some(Dialog::Passphrase(_))) => "go on",
            (Context::Paper, Intent::All) => match &self.dialog {
                Some(Dialog::Paper(paper)) if matches!(&paper.of, Source::Steps(steps) if steps.all) => {
                    "only open ones"
                }
                _ => binding.bar,
            },
            (Context::Step | Context::StepField, Intent::Enter) => match self.stack.last() {
                Some(Screen::Wizard(wizard)) if wizard.at_end() && wizard.on_last_field() => {
                    if wizard.form.problems(false).is_empty() { "test" } else { "fill in" }
                }
                _ => binding.bar,
            },
            _ => binding.bar,
        }
    }

    /// Whether a key of that intent leads anywhere now.
    fn offers(&self, context: Context, intent: Intent, seen: Seen) -> bool {
        let form = self.form();
        match (context, intent) {
            (Context::Home, Intent::BringBack) => !self.home.removed.is_empty(),
            (Context::Home | Context::Filter, Intent::Enter | Intent::Remove | Intent::HandOver) => {
                self.home.marked().is_some()
            }
            (Context::Home, Intent::Test | Intent::Edit | Intent::Rename | Intent::Copy | Intent::Export) => {
                matches!(self.home.marked(), Some(Marked::Profile(_)))
            }
            (Context::Home, Intent::Beside) => {
                self.home.profiles().len() > 1 && matches!(self.home.marked(), Some(Marked::Profile(_)))
            }
            (Context::Home, Intent::TestAll) => self.home.seen_profiles().any(|row| row.problem.is_none()),
            (Context::Home, Intent::Filter) => !self.home.is_empty(),
            (Context::Home, Intent::Back) => !self.home.runs.is_empty() || self.home.is_filtered(),
            (Context::Checks, Intent::CarryOut) => self.sandbox.is_some() && self.after_checks() == After::SignIn,
            (_, Intent::CarryOut) => self.sandbox.is_some(),
            // In a rehearsal there is no page; the simulated user takes its place.
            (Context::Checks, Intent::OpenLink | Intent::Enter | Intent::CopyLink)
                if self.sandbox.is_some() && self.after_checks() == After::SignIn =>
            {
                false
            }
            (_, Intent::OpenLink | Intent::CopyLink) => self.url().is_some(),
            (_, Intent::Reveal) => self.focused_field() == Some(FieldKey::Of(FieldId::Secret)),
            (Context::Step | Context::StepField | Context::EditorField, Intent::Test) => {
                form.is_some_and(|form| form.problems(false).is_empty())
            }
            (Context::Step | Context::StepField | Context::EditorField, Intent::Save) => {
                self.unsaved() && form.is_some_and(|form| form.problems(true).is_empty())
            }
            (Context::StepField | Context::EditorField, Intent::Undo) => {
                self.focused_field().is_some_and(|key| form.is_some_and(|form| form.changed(key)))
            }
            (Context::Step | Context::StepField, _) => match (self.stack.last(), intent) {
                (Some(Screen::Wizard(wizard)), Intent::NextField | Intent::PrevField) => !wizard.fields().is_empty(),
                (Some(Screen::Wizard(wizard)), Intent::NextPage) => wizard.scroll < seen.max_scroll,
                (Some(Screen::Wizard(wizard)), Intent::PrevPage) => wizard.step > 0 && wizard.scroll == 0,
                _ => true,
            },
            (Context::Checks, Intent::Details) => {
                matches!(self.stack.last(), Some(Screen::Checks(checks)) if checks.fold().is_some())
            }
            (Context::Checks, Intent::KeepTrying) => {
                matches!(self.stack.last(), Some(Screen::Checks(checks)) if !checks.counts() && checks.passing(self.know.rules).is_some())
            }
            (Context::Checks, Intent::Test) => matches!(self.after_checks(), After::Fix | After::Save | After::Home),
            // A test that works is saved with Enter; what failed may be saved all the same.
            (Context::Checks, Intent::Save) => self.unsaved() && self.after_checks() != After::Save,
            (Context::Checks, Intent::CopyDetails) if self.after_checks() == After::SignIn => {
                self.sandbox.is_none() && matches!(self.asked(), Some((_, SignInPrompt::DeviceCode { .. })))
            }
            (Context::Checks, Intent::CopyDetails) => {
                matches!(self.stack.last(), Some(Screen::Checks(checks)) if checks.fold().is_some())
            }
            (Context::DiagnosisFindings, Intent::HandOver) => {
                matches!(self.stack.last(), Some(Screen::Diagnosis(diagnosis)) if diagnosis.profile.is_some() && diagnosis.other.is_none() && !diagnosis.is_loose)
            }
            (_, Intent::ChooseProfile) => !self.home.profiles().is_empty(),
            (Context::DiagnosisText, Intent::NextField) => {
                matches!(self.stack.last(), Some(Screen::Diagnosis(diagnosis)) if !diagnosis.findings.is_empty())
            }
            (Context::DiagnosisText, Intent::Undo) => {
                matches!(self.stack.last(), Some(Screen::Diagnosis(diagnosis)) if !diagnosis.text.is_empty())
            }
            (Context::Paper, Intent::NextField) => {
                matches!(&self.dialog, Some(Dialog::Paper(paper)) if self.has_other_role(paper))
            }
            (Context::Paper, Intent::All) => {
                matches!(&self.dialog, Some(Dialog::Paper(paper)) if matches!(paper.of, Source::Steps(_)))
            }
            (Context::Help | Context::Values | Context::Paper | Context::Pair, Intent::Down) => seen.max_scroll > 0,
            _ => true,
        }
    }

    /// What Enter does on the test screen.
    pub(super) fn after_checks(&self) -> After {
        let Some(Screen::Checks(checks)) = self.stack.last() else { return After::Wait };
        match &checks.run {
            Run::Idle if checks.finding().is_some() => After::Fix,
            Run::Idle => After::Start,
            Run::Running { fold, .. } if fold.asks().is_some() => After::SignIn,
            Run::Trouble(_) => After::Again,
            // A warning is to be planned for; what works is saved first.
            Run::Ended { fold, stopped: false } if fold.verdict() == Status::Warning && self.unsaved() => After::Save,
            _ if checks.finding().is_some() => After::Fix,
            Run::Running { .. } => After::Wait,
            Run::Ended { stopped: true, .. } => After::Again,
            Run::Ended { fold, .. } if fold.verdict() > Status::Warning => After::Again,
            Run::Ended { .. } if self.unsaved() => After::Save,
            Run::Ended { .. } => After::Home,
        }
    }

    /// The test that is seen, and what it asks a person to do.
    pub(super) fn asked(&self) -> Option<(u64, SignInPrompt)> {
        let Some(Screen::Checks(checks)) = self.stack.last() else { return None };
        match &checks.run {
            Run::Running { run, fold, .. } => fold.asks().map(|(prompt, _)| (*run, prompt)),
            Run::Idle | Run::Ended { .. } | Run::Trouble(_) => None,
        }
    }

    /// Whether the seen test shows the details of a check.
    fn details_seen(&self) -> bool {
        matches!(self.stack.last(), Some(Screen::Checks(checks)) if checks.detail.is_some())
    }

    /// Whether the seen screen runs a test.
    fn moving_here(&self) -> bool {
        matches!(self.stack.last(), Some(Screen::Checks(checks)) if matches!(checks.run, Run::Running { .. }))
    }
}
