//! Floor 1: the state of the terminal app and its one `update`, with effects as data.
//!
//! No clock, file, network, channel or terminal in here: keys and answers come in as [`Msg`], wishes go out as
//! [`Effect`]. Does not know how anything is drawn or carried out.

pub mod dialog;
pub mod effect;
pub mod form;
pub mod key;
pub mod keymap;
pub mod msg;
pub mod screens;

use crate::core::check::{CheckEvent, CheckId, CheckRun, Status};
use crate::core::cloud::Clouds;
use crate::core::guide::Guide;
use crate::core::intake::{self, Found, Intake};
use crate::core::names::ProfileName;
use crate::core::profile::ProfileDraft;
use crate::core::question::FieldId;
use crate::core::rules::{Cause, Judge, RuleBook};
use crate::core::secret::looks_like_secret;
use dialog::{Answer, Dialog, NameFor};
use effect::{Effect, OpenFor};
use form::{FieldKey, Form, Purpose};
use jiff::civil::Date;
use key::{Key, Paste};
use keymap::{Binding, Context, Intent};
use msg::{DraftRow, LastVerdict, Msg, Offered, Trouble};
use screens::checks::{Checks, Run};
use screens::diagnosis::{Diagnosis, Part};
use screens::editor::Editor;
use screens::home::{Home, HomeRun, Marked, Round};
use screens::wizard::{Focus, Wizard};
use std::mem;
use std::sync::Arc;
use tui_input::{Input, InputRequest};
use zeroize::Zeroizing;

/// What the app knows from the assets, handed in at the start.
#[derive(Debug, Clone, Copy)]
pub struct Knowledge {
    /// The guides.
    pub guides: &'static [Guide],
    /// The clouds.
    pub clouds: &'static Clouds,
    /// The rules.
    pub rules: &'static RuleBook,
}

/// What to show first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Open {
    /// Home.
    Home,
    /// The wizard, with what was given.
    Wizard {
        /// The name, if one was given.
        name: String,
        /// The values.
        draft: ProfileDraft,
    },
    /// The editor of a profile.
    Editor(ProfileName),
}

/// What is different when everything happens in the sandbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rehearsal {
    /// The scenario's id.
    pub scenario: &'static str,
    /// Values that a new set-up starts with: the simulated sign-in host.
    pub preset: Vec<(FieldId, String)>,
}

/// What Enter leads to on the test screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum After {
    /// The test is started.
    Start,
    /// The test is started anew.
    Again,
    /// To the step that mends the marked finding.
    Fix,
    /// What was tested is saved.
    Save,
    /// Everything is done.
    Home,
    /// Nothing yet: the test runs.
    Wait,
}

/// A screen over home.
#[derive(Debug)]
pub enum Screen {
    /// The wizard.
    Wizard(Box<Wizard>),
    /// The editor.
    Editor(Box<Editor>),
    /// The live test.
    Checks(Box<Checks>),
    /// Diagnosis.
    Diagnosis(Box<Diagnosis>),
}

/// A word to the operator, until the next key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toast {
    /// The word.
    pub text: String,
    /// Whether it tells of something that did not work.
    pub bad: bool,
}

/// What the last drawing found out about sizes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Seen {
    /// How far the scrolling part can be scrolled, in lines.
    pub max_scroll: u16,
    /// How many lines of it are seen.
    pub page: u16,
}

/// The whole state.
#[derive(Debug)]
pub struct App {
    /// What it knows.
    pub know: Knowledge,
    /// Home, under all other screens.
    pub home: Home,
    /// The screens over it, the one that is seen last.
    pub stack: Vec<Screen>,
    /// The question over all.
    pub dialog: Option<Dialog>,
    /// The word at the bottom.
    pub toast: Option<Toast>,
    /// What the last drawing found out.
    pub seen: Seen,
    /// Set when everything happens in the sandbox.
    pub sandbox: Option<Rehearsal>,
    /// Set when the program is to end, with its exit code.
    pub quit: Option<u8>,
    today: Date,
    next_run: u64,
    no_keyring: Option<String>,
}

impl App {
    /// The app at its start, and what it wants first.
    pub fn new(know: Knowledge, today: Date, sandbox: Option<Rehearsal>, open: Open) -> (App, Vec<Effect>) {
        let mut app = App {
            know,
            home: Home::default(),
            stack: Vec::new(),
            dialog: None,
            toast: None,
            seen: Seen::default(),
            sandbox,
            quit: None,
            today,
            next_run: 1,
            no_keyring: None,
        };
        let mut effects = vec![Effect::LoadHome, Effect::ProbeKeyring];
        match open {
            Open::Home => {}
            Open::Wizard { name, draft } => app.open_wizard(&name, &draft, Purpose::New, ""),
            Open::Editor(name) => effects.push(Effect::OpenProfile { name, purpose: OpenFor::Edit }),
        }
        (app, effects)
    }

    /// Whether something moves, so that ticks are wanted.
    pub fn moving(&self) -> bool {
        !self.home.runs.is_empty()
            || self
                .stack
                .iter()
                .any(|screen| matches!(screen, Screen::Checks(checks) if matches!(checks.run, Run::Running { .. })))
    }

    /// Where keys go now.
    pub fn context(&self) -> Context {
        if let Some(dialog) = &self.dialog {
            return dialog.context();
        }
        match self.stack.last() {
            None => Context::Home,
            Some(Screen::Wizard(wizard)) => match wizard.focus {
                Focus::Body => Context::Step,
                Focus::Field(_) => Context::StepField,
            },
            Some(Screen::Editor(_)) => Context::EditorField,
            Some(Screen::Checks(_)) => Context::Checks,
            Some(Screen::Diagnosis(diagnosis)) => match diagnosis.part {
                Part::Text => Context::DiagnosisText,
                Part::Findings => Context::DiagnosisFindings,
            },
        }
    }

    /// One step of the machine.
    pub fn update(&mut self, msg: Msg) -> Vec<Effect> {
        match msg {
            Msg::Key(key) => {
                self.toast = None;
                self.key(key)
            }
            Msg::Paste(paste) => {
                self.toast = None;
                self.paste(&paste)
            }
            Msg::Tick => {
                if !self.home.runs.is_empty() {
                    self.home.round.ticks += 1;
                }
                for screen in &mut self.stack {
                    if let Screen::Checks(checks) = screen
                        && let Run::Running { ticks, .. } = &mut checks.run
                    {
                        *ticks += 1;
                    }
                }
                Vec::new()
            }
            Msg::HomeLoaded(result) => {
                self.home.load(result);
                let (taken, drafts) = (self.home.names(), &self.home.drafts);
                for screen in &mut self.stack {
                    match screen {
                        Screen::Wizard(wizard) => {
                            wizard.form.set_taken(others(&taken, drafts, &wizard.form.purpose, wizard.draft.as_ref()));
                        }
                        Screen::Editor(editor) => {
                            editor.form.set_taken(others(&taken, drafts, &editor.form.purpose, None));
                        }
                        Screen::Checks(_) | Screen::Diagnosis(_) => {}
                    }
                }
                Vec::new()
            }
            Msg::ProfileOpened { name, purpose, result } => self.profile_opened(name, purpose, result),
            Msg::Check { run, event } => {
                self.check_event(run, event);
                Vec::new()
            }
            Msg::ChecksEnded { run, result } => self.checks_ended(run, result),
            Msg::Saved { name, result } => self.saved(&name, result),
            Msg::DraftKept(result) => {
                if let Err(trouble) = result {
                    if let Some(form) = self.form_mut() {
                        form.not_kept();
                    }
                    self.trouble(&trouble);
                }
                vec![Effect::LoadHome]
            }
            Msg::Changed(result) => {
                match result {
                    Ok(text) => self.say(text),
                    Err(trouble) => self.trouble(&trouble),
                }
                vec![Effect::LoadHome]
            }
            Msg::Told(result) => {
                match result {
                    Ok(text) => self.say(text),
                    Err(text) => self.toast = Some(Toast { text, bad: true }),
                }
                Vec::new()
            }
            Msg::KeyringProbed(result) => {
                self.no_keyring = result.err().map(|trouble| trouble.what);
                for screen in &mut self.stack {
                    match screen {
                        Screen::Wizard(wizard) => wizard.form.no_keyring.clone_from(&self.no_keyring),
                        Screen::Editor(editor) => editor.form.no_keyring.clone_from(&self.no_keyring),
                        Screen::Checks(_) | Screen::Diagnosis(_) => {}
                    }
                }
                Vec::new()
            }
            Msg::CarriedOut { said, offers } => {
                self.carried_out(said, offers);
                Vec::new()
            }
            Msg::HideSecret => {
                if let Some(form) = self.form_mut() {
                    form.revealed = false;
                }
                Vec::new()
            }
        }
    }

    fn say(&mut self, text: impl Into<String>) {
        self.toast = Some(Toast { text: text.into(), bad: false });
    }

    fn warn(&mut self, text: impl Into<String>) {
        self.toast = Some(Toast { text: text.into(), bad: true });
    }

    fn trouble(&mut self, trouble: &Trouble) {
        let hint = trouble.hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default();
        self.warn(format!("{}{hint}", trouble.what));
    }

    // ---- keys -------------------------------------------------------------------------------------------------

    fn key(&mut self, key: Key) -> Vec<Effect> {
        if let Some(dialog) = self.dialog.take() {
            return self.dialog_key(dialog, key);
        }
        let context = self.context();
        let intent = keymap::intent(context, key);
        let saving = self.form().is_some_and(|form| form.saving.is_some());
        if saving && !matches!(intent, Some(Intent::Quit | Intent::Repaint | Intent::Suspend)) {
            self.say("being saved, a moment");
            return Vec::new();
        }
        let Some(intent) = intent else { return self.type_key(key) };
        match intent {
            Intent::Quit => self.ask_quit(if key == Key::Ctrl('c') { 130 } else { 0 }),
            Intent::Repaint => vec![Effect::Repaint],
            Intent::Suspend => vec![Effect::Suspend],
            Intent::Help => {
                self.dialog = Some(Dialog::Help { context, scroll: 0 });
                Vec::new()
            }
            intent => match self.stack.last() {
                None => self.home_intent(intent),
                Some(Screen::Wizard(_)) => self.wizard_intent(intent),
                Some(Screen::Editor(_)) => self.editor_intent(intent),
                Some(Screen::Checks(_)) => self.checks_intent(intent),
                Some(Screen::Diagnosis(_)) => self.diagnosis_intent(intent),
            },
        }
    }

    fn type_key(&mut self, key: Key) -> Vec<Effect> {
        match self.stack.last_mut() {
            Some(Screen::Wizard(wizard)) => {
                if let Some(at) = wizard.focused() {
                    wizard.form.key(at, key);
                }
            }
            Some(Screen::Editor(editor)) => {
                let at = editor.focused();
                editor.form.key(at, key);
            }
            Some(Screen::Diagnosis(diagnosis)) if diagnosis.part == Part::Text => {
                match key {
                    Key::Char(c) => diagnosis.add(c.encode_utf8(&mut [0; 4])),
                    Key::Enter => diagnosis.add("\n"),
                    Key::Backspace => diagnosis.backspace(),
                    _ => {}
                }
                self.judge_text();
            }
            _ => {}
        }
        Vec::new()
    }

    fn paste(&mut self, paste: &Paste) -> Vec<Effect> {
        match &mut self.dialog {
            Some(Dialog::Name { input, problem, .. }) => {
                // As in the fields of a form (safety rule 6).
                if looks_like_secret(paste.text.trim()) {
                    *problem = Some("that looks like a secret's value: it was not taken".into());
                    return Vec::new();
                }
                for c in paste.text.trim().chars().filter(|c| !c.is_control()).take(64) {
                    input.handle(InputRequest::InsertChar(c));
                }
                *problem = None;
                return Vec::new();
            }
            Some(_) => return Vec::new(),
            None => {}
        }
        match self.stack.last_mut() {
            Some(Screen::Diagnosis(diagnosis)) => {
                diagnosis.part = Part::Text;
                diagnosis.add(&paste.text);
                self.judge_text();
            }
            Some(Screen::Wizard(_) | Screen::Editor(_)) => self.paste_values(paste),
            Some(Screen::Checks(_)) | None => self.warn("nothing to paste into here"),
        }
        Vec::new()
    }

    /// A bare value goes into the field under the cursor; one with a label, or several, are shown and confirmed.
    fn paste_values(&mut self, paste: &Paste) {
        if self.form().is_some_and(|form| form.saving.is_some()) {
            self.say("being saved, a moment");
            return;
        }
        let found = intake::read(&paste.text, self.know.clouds);
        let found_by_shape = found.by_shape;
        let focused = self.focused_field();
        let bare = found.len() <= 1 && {
            let (text, _) = crate::core::question::clean(&paste.text);
            let here = |found: &Found| {
                focused == Some(FieldKey::Of(found.field)) && !(found_by_shape && text.contains(char::is_whitespace))
            };
            found.found.iter().all(|found| found.value == text || here(found))
                && found.secret.as_ref().is_none_or(|secret| **secret == text)
        };
        match focused {
            _ if !found.is_empty() && (!bare || focused.is_none()) => {
                let title = "Found in what was pasted".to_owned();
                self.dialog = Some(Dialog::Values { intake: found, title, said: None, scroll: 0 });
            }
            Some(at) => {
                let labelled = found.found.first().filter(|_| !found_by_shape);
                let told = match (self.form_mut(), labelled) {
                    // The field's own value, without the label around it.
                    (Some(form), Some(own)) => {
                        form.put(at, &own.value);
                        None
                    }
                    (Some(form), None) => form.paste(at, paste),
                    (None, _) => None,
                };
                if let Some(text) = told {
                    self.warn(text);
                }
            }
            None => self.warn("nothing was recognised in what was pasted; go into a field with Tab and paste there"),
        }
    }

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
            (Context::Checks, Intent::Enter) => match self.after_checks() {
                After::Start => "start the test",
                After::Again => "test again",
                After::Fix => "go to the step",
                After::Save => "save",
                After::Home => "done",
                After::Wait => "",
            },
            (Context::Checks, Intent::Back) if self.moving_here() => "stop",
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
            (Context::Home, Intent::Enter | Intent::Remove) => self.home.marked().is_some(),
            (Context::Home, Intent::Test | Intent::Edit | Intent::Rename | Intent::Copy) => {
                matches!(self.home.marked(), Some(Marked::Profile(_)))
            }
            (Context::Home, Intent::TestAll) => self.home.profiles().iter().any(|row| row.problem.is_none()),
            (Context::Home, Intent::Back) => !self.home.runs.is_empty(),
            (_, Intent::CarryOut) => self.sandbox.is_some(),
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
            (Context::Checks, Intent::Test) => matches!(self.after_checks(), After::Fix | After::Save | After::Home),
            // A test that works is saved with Enter; what failed may be saved all the same.
            (Context::Checks, Intent::Save) => self.unsaved() && self.after_checks() != After::Save,
            (Context::Checks, Intent::CopyDetails) => {
                matches!(self.stack.last(), Some(Screen::Checks(checks)) if checks.fold().is_some())
            }
            (Context::DiagnosisText, Intent::NextField) => {
                matches!(self.stack.last(), Some(Screen::Diagnosis(diagnosis)) if !diagnosis.findings.is_empty())
            }
            (Context::DiagnosisText, Intent::Undo) => {
                matches!(self.stack.last(), Some(Screen::Diagnosis(diagnosis)) if !diagnosis.text.is_empty())
            }
            (Context::Help | Context::Values, Intent::Down) => seen.max_scroll > 0,
            _ => true,
        }
    }

    /// What Enter does on the test screen.
    fn after_checks(&self) -> After {
        let Some(Screen::Checks(checks)) = self.stack.last() else { return After::Wait };
        match &checks.run {
            Run::Idle => After::Start,
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

    /// Whether the seen screen runs a test.
    fn moving_here(&self) -> bool {
        matches!(self.stack.last(), Some(Screen::Checks(checks)) if matches!(checks.run, Run::Running { .. }))
    }

    /// The field under the cursor, on a screen that has fields.
    pub fn focused_field(&self) -> Option<FieldKey> {
        match self.stack.last() {
            Some(Screen::Wizard(wizard)) => wizard.focused(),
            Some(Screen::Editor(editor)) => Some(editor.focused()),
            _ => None,
        }
    }

    /// The form that is open, under the test screen too.
    fn form_mut(&mut self) -> Option<&mut Form> {
        self.stack.iter_mut().rev().find_map(|screen| match screen {
            Screen::Wizard(wizard) => Some(&mut wizard.form),
            Screen::Editor(editor) => Some(&mut editor.form),
            Screen::Checks(_) | Screen::Diagnosis(_) => None,
        })
    }

    /// The form that is open, under the test screen too.
    pub fn form(&self) -> Option<&Form> {
        self.stack.iter().rev().find_map(|screen| match screen {
            Screen::Wizard(wizard) => Some(&wizard.form),
            Screen::Editor(editor) => Some(&editor.form),
            Screen::Checks(_) | Screen::Diagnosis(_) => None,
        })
    }

    /// Whether what the form on the stack holds is unsaved: the test screen then offers to save it.
    pub fn unsaved(&self) -> bool {
        self.form().is_some_and(|form| form.purpose == Purpose::New || form.dirty())
    }

    // ---- home -------------------------------------------------------------------------------------------------

    fn home_intent(&mut self, intent: Intent) -> Vec<Effect> {
        let marked = self.home.marked();
        match (intent, marked) {
            (Intent::New, _) => self.start_new(),
            (Intent::Diagnose, _) => {
                self.stack.push(Screen::Diagnosis(Box::default()));
                Vec::new()
            }
            (Intent::Up, _) => {
                self.home.step(false);
                Vec::new()
            }
            (Intent::Down, _) => {
                self.home.step(true);
                Vec::new()
            }
            (Intent::Back, _) => {
                let effects = self.stop_round();
                if !effects.is_empty() {
                    self.say("stopped");
                }
                effects
            }
            (Intent::TestAll, _) => {
                let (ready, broken): (Vec<_>, Vec<_>) =
                    self.home.profiles().iter().partition(|row| row.problem.is_none());
                let names: Vec<ProfileName> = ready.into_iter().map(|row| row.name.clone()).collect();
                match (names.len(), broken.len()) {
                    (0, _) => self.warn("there is no complete profile to test"),
                    (_, 0) => {}
                    (_, left) => self.say(format!("{left} incomplete left out")),
                }
                let mut effects = self.stop_round();
                self.home.round.total = names.len();
                for name in names {
                    let run = self.new_run();
                    self.home.runs.push(HomeRun { run, name: name.clone(), fold: CheckRun::default() });
                    effects.push(Effect::StartSaved { run, name });
                }
                effects
            }
            (Intent::Enter, Some(Marked::Draft(draft))) => {
                self.resume(&draft);
                Vec::new()
            }
            (Intent::Remove, Some(Marked::Draft(draft))) => {
                self.dialog = Some(Dialog::ask(
                    format!("Forget the draft '{}'?", draft.name),
                    vec!["Nothing was saved under this name yet.".into()],
                    vec![("Keep it", Answer::Stay), ("Forget it", Answer::Forget(draft.name))],
                ));
                Vec::new()
            }
            (Intent::Enter, Some(Marked::Profile(row))) => self.open_saved(row.name, OpenFor::Look),
            (Intent::Test, Some(Marked::Profile(row))) => self.open_saved(row.name, OpenFor::Test),
            (Intent::Edit, Some(Marked::Profile(row))) => self.open_saved(row.name, OpenFor::Edit),
            (Intent::Test | Intent::Edit | Intent::Rename | Intent::Copy, Some(Marked::Draft(_))) => {
                self.warn("this is a draft: Enter goes on with it");
                Vec::new()
            }
            (Intent::Enter | Intent::Test | Intent::Edit | Intent::Rename | Intent::Copy | Intent::Remove, None) => {
                self.warn("there is no profile yet: n sets one up");
                Vec::new()
            }
            (Intent::Remove, Some(Marked::Profile(row))) => {
                self.dialog = Some(Dialog::ask(
                    format!("Remove the profile '{}'?", row.name),
                    vec!["Its secret is taken out of the keyring. The app in Entra and its row in D365 stay as they are.".into()],
                    vec![("Keep it", Answer::Stay), ("Remove it", Answer::Remove(row.name))],
                ));
                Vec::new()
            }
            (Intent::Rename, Some(Marked::Profile(row))) => {
                let input = Input::new(row.name.as_str().to_owned());
                self.dialog = Some(Dialog::Name {
                    title: format!("New name for '{}'", row.name),
                    input,
                    problem: None,
                    purpose: NameFor::Rename(row.name),
                });
                Vec::new()
            }
            (Intent::Copy, Some(Marked::Profile(row))) => {
                let input = Input::new(format!("{}-copy", row.name));
                self.dialog = Some(Dialog::Name {
                    title: format!("Name for the copy of '{}'", row.name),
                    input,
                    problem: None,
                    purpose: NameFor::Copy(row.name),
                });
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    fn open_saved(&mut self, name: ProfileName, purpose: OpenFor) -> Vec<Effect> {
        vec![Effect::OpenProfile { name, purpose }]
    }

    /// Ends the tests that run from home.
    fn stop_round(&mut self) -> Vec<Effect> {
        self.home.round = Round::default();
        mem::take(&mut self.home.runs).into_iter().map(|run| Effect::CancelChecks { run: run.run }).collect()
    }

    fn resume(&mut self, row: &DraftRow) {
        let shown = if row.name.as_str().starts_with("unnamed") { "" } else { row.name.as_str() };
        self.open_wizard(shown, &row.draft, Purpose::New, &row.step);
        if let Some(Screen::Wizard(wizard)) = self.stack.last_mut() {
            wizard.form.set_taken(others(&self.home.names(), &self.home.drafts, &Purpose::New, Some(&row.name)));
            wizard.draft = Some(row.name.clone());
        }
    }

    fn start_new(&mut self) -> Vec<Effect> {
        match self.know.guides {
            [only] => self.open_wizard("", &ProfileDraft::new(&only.id), Purpose::New, ""),
            many => {
                let answers =
                    many.iter().map(|guide| (guide.title.as_str(), Answer::Guide(guide.id.clone()))).collect();
                self.dialog = Some(Dialog::ask("What do you want to connect to?", Vec::new(), answers));
            }
        }
        Vec::new()
    }

    fn guide(&self, id: &str) -> &'static Guide {
        self.know.guides.iter().find(|guide| guide.id == id).unwrap_or(&self.know.guides[0])
    }

    fn make_form(&self, name: &str, draft: &ProfileDraft, purpose: Purpose) -> Form {
        let taken = others(&self.home.names(), &self.home.drafts, &purpose, None);
        let mut form = Form::new(self.guide(&draft.guide), self.know.clouds, self.today, name, draft, purpose, taken);
        form.no_keyring.clone_from(&self.no_keyring);
        form
    }

    fn open_wizard(&mut self, name: &str, draft: &ProfileDraft, purpose: Purpose, step: &str) {
        let mut draft = draft.clone();
        if let (Purpose::New, Some(rehearsal)) = (&purpose, &self.sandbox) {
            for (field, value) in
                rehearsal.preset.iter().filter(|(field, _)| draft.value(*field).is_empty()).collect::<Vec<_>>()
            {
                draft.set(*field, value);
            }
        }
        let form = self.make_form(name, &draft, purpose);
        self.stack.push(Screen::Wizard(Box::new(Wizard::new(form, step))));
    }

    /// Opens the wizard over a saved profile whose values cannot be tested, at the first that is missing or wrong.
    fn complete(&mut self, name: &ProfileName, draft: &ProfileDraft) -> bool {
        let Err(problems) = draft.check(name, self.guide(&draft.guide), self.know.clouds) else { return false };
        self.open_wizard(name.as_str(), draft, Purpose::Change(name.clone(), draft.clone()), "");
        if !self.show_problem(false)
            && let Some(problem) = problems.first()
        {
            self.warn(format!("{}: {}", problem.field.spec().label, problem.text));
        }
        true
    }

    fn profile_opened(
        &mut self,
        name: ProfileName,
        purpose: OpenFor,
        result: Result<ProfileDraft, Trouble>,
    ) -> Vec<Effect> {
        // Asked for from home, or to edit what the test screen shows; by now another screen may be open.
        let still_wanted = match (self.stack.as_slice(), purpose) {
            ([], _) => true,
            ([Screen::Checks(checks)], OpenFor::Edit) => checks.saved.as_ref() == Some(&name),
            _ => false,
        };
        if !still_wanted || self.dialog.is_some() {
            return Vec::new();
        }
        let draft = match result {
            Ok(draft) => draft,
            Err(trouble) => {
                self.trouble(&trouble);
                return Vec::new();
            }
        };
        if !self.know.guides.iter().any(|guide| guide.id == draft.guide) {
            self.warn("this version does not have the guide of this profile");
            return Vec::new();
        }
        match purpose {
            OpenFor::Edit => {
                let form = self.make_form(name.as_str(), &draft, Purpose::Change(name.clone(), draft.clone()));
                self.stack.push(Screen::Editor(Box::new(Editor { form, at: 0 })));
                Vec::new()
            }
            OpenFor::Look | OpenFor::Test if self.complete(&name, &draft) => Vec::new(),
            OpenFor::Look | OpenFor::Test => {
                let title = name.to_string();
                self.push_checks(Some(name), title, draft, None);
                if purpose == OpenFor::Test { self.start_checks() } else { Vec::new() }
            }
        }
    }

    // ---- wizard and editor ------------------------------------------------------------------------------------

    fn wizard_intent(&mut self, intent: Intent) -> Vec<Effect> {
        let (max_scroll, page) = (self.seen.max_scroll, self.seen.page.saturating_sub(1).max(1));
        let Some(Screen::Wizard(wizard)) = self.stack.last_mut() else { return Vec::new() };
        match intent {
            Intent::NextField => wizard.cycle(true),
            Intent::PrevField => wizard.cycle(false),
            Intent::Up => wizard.scroll = wizard.scroll.min(max_scroll).saturating_sub(1),
            Intent::Down => wizard.scroll = (wizard.scroll + 1).min(max_scroll),
            Intent::Enter => {
                let fields = wizard.fields().len();
                return match wizard.focus {
                    Focus::Field(at) if at + 1 < fields => {
                        wizard.cycle(true);
                        Vec::new()
                    }
                    _ if wizard.at_end() => self.test_form(),
                    _ => {
                        wizard.turn(true);
                        self.keep_draft()
                    }
                };
            }
            Intent::NextPage if wizard.scroll < max_scroll => wizard.scroll = (wizard.scroll + page).min(max_scroll),
            Intent::PrevPage if wizard.scroll > 0 => {
                wizard.scroll = wizard.scroll.min(max_scroll).saturating_sub(page);
            }
            Intent::NextPage | Intent::NextStep => {
                wizard.turn(true);
                return self.keep_draft();
            }
            Intent::PrevPage | Intent::PrevStep => {
                wizard.turn(false);
                return self.keep_draft();
            }
            Intent::Reveal | Intent::Undo => return self.field_intent(intent),
            Intent::OpenLink => return self.link(false),
            Intent::CopyLink => return self.link(true),
            Intent::CarryOut if self.sandbox.is_some() => {
                let step = wizard.current().id.clone();
                return vec![Effect::CarryOut(step)];
            }
            Intent::CarryOut => self.warn("only in the sandbox: start with --sandbox to rehearse"),
            Intent::Test => return self.test_form(),
            Intent::Save => return self.save_form(),
            Intent::Back => return self.leave_form(),
            _ => {}
        }
        Vec::new()
    }

    fn editor_intent(&mut self, intent: Intent) -> Vec<Effect> {
        let Some(Screen::Editor(editor)) = self.stack.last_mut() else { return Vec::new() };
        match intent {
            Intent::NextField => editor.cycle(true),
            Intent::PrevField => editor.cycle(false),
            Intent::Reveal | Intent::Undo => return self.field_intent(intent),
            Intent::Test => return self.test_form(),
            Intent::Save => return self.save_form(),
            Intent::Back => return self.leave_form(),
            _ => {}
        }
        Vec::new()
    }

    fn field_intent(&mut self, intent: Intent) -> Vec<Effect> {
        let Some(at) = self.focused_field() else { return Vec::new() };
        let Some(form) = self.form_mut() else { return Vec::new() };
        match intent {
            Intent::Reveal if at == FieldKey::Of(FieldId::Secret) => {
                form.revealed = !form.revealed;
                if form.revealed {
                    return vec![Effect::HideSecretSoon];
                }
            }
            Intent::Undo => form.undo(at),
            _ => {}
        }
        Vec::new()
    }

    /// The page that belongs to what is seen: the step's, or that of the marked finding.
    pub fn url(&self) -> Option<String> {
        match self.stack.last() {
            Some(Screen::Wizard(wizard)) => {
                let draft = wizard.form.draft();
                wizard.current().url(&|name| draft.template_value(name, self.know.clouds))
            }
            Some(Screen::Checks(checks)) => checks.url(),
            _ => None,
        }
    }

    fn link(&mut self, copy: bool) -> Vec<Effect> {
        match self.url() {
            Some(url) if copy => vec![Effect::CopyText(url)],
            Some(url) => vec![Effect::OpenLink(url)],
            None => {
                self.warn("there is no link here yet");
                Vec::new()
            }
        }
    }

    /// Keeps a draft of the new set-up that is seen, where anything is not kept yet.
    fn keep_draft(&mut self) -> Vec<Effect> {
        let Some(Screen::Wizard(wizard)) = self.stack.last_mut() else { return Vec::new() };
        if wizard.form.purpose != Purpose::New || !(wizard.form.dirty() || wizard.draft.is_some()) {
            return Vec::new();
        }
        let name = wizard.form.profile_name();
        wizard.form.mark_kept();
        let step = wizard.current().id.clone();
        let keep = Effect::KeepDraft { name: name.clone(), draft: wizard.form.draft(), step };
        // Under its new name only: the draft follows the name that was typed since.
        match wizard.draft.replace(name.clone()).filter(|old| *old != name) {
            Some(old) => vec![keep, Effect::ForgetDraft(old)],
            None => vec![keep],
        }
    }

    /// Goes to the first problem, says it, and tells whether there was one.
    fn show_problem(&mut self, to_save: bool) -> bool {
        let Some(form) = self.form() else { return true };
        let problems = form.problems(to_save);
        let Some((key, text)) = problems.first().cloned() else { return false };
        self.focus_field(key);
        let more = if problems.len() > 1 { format!(" (and {} more)", problems.len() - 1) } else { String::new() };
        self.warn(format!("{}: {text}{more}", key.label()));
        true
    }

    /// Puts the cursor into a field of the open form. A test screen that lies over it goes.
    fn focus_field(&mut self, key: FieldKey) {
        while matches!(self.stack.last(), Some(Screen::Checks(_))) {
            self.stack.pop();
        }
        match self.stack.last_mut() {
            Some(Screen::Wizard(wizard)) => wizard.go_to_field(key),
            Some(Screen::Editor(editor)) => editor.go_to_field(key),
            _ => {}
        }
    }

    fn ask_hosts(&mut self, then: Answer) -> bool {
        let odd = self.form().map(Form::odd_hosts).unwrap_or_default();
        if odd.is_empty() {
            return false;
        }
        let mut lines = vec!["Secret and token will go there.".to_owned()];
        lines.extend(odd.into_iter().map(|(_, text)| text));
        self.dialog = Some(Dialog::ask(
            "Is this host right?",
            lines,
            vec![("No, let me look", Answer::Stay), ("Yes, it is ours", then)],
        ));
        true
    }

    /// The cursor leaves its field, so that what was typed there is put into its final form.
    fn leave_field(&mut self) {
        match self.stack.last_mut() {
            Some(Screen::Wizard(wizard)) => wizard.leave_field(),
            Some(Screen::Editor(editor)) => editor.leave_field(),
            _ => {}
        }
    }

    fn test_form(&mut self) -> Vec<Effect> {
        self.leave_field();
        if self.show_problem(false) || self.ask_hosts(Answer::HostsThenTest) {
            return Vec::new();
        }
        let Some(form) = self.form() else { return Vec::new() };
        let saved = match &form.purpose {
            Purpose::Change(name, _) if !form.dirty() => Some(name.clone()),
            _ => None,
        };
        let title = match form.text(FieldKey::Name).parse::<ProfileName>() {
            Ok(name) => name.to_string(),
            Err(_) => "not saved yet".to_owned(),
        };
        let (draft, secret) = (form.draft(), form.typed_secret());
        // An older test below has had its say.
        let mut effects = self.drop_checks();
        if let Some(Screen::Wizard(wizard)) = self.stack.last_mut() {
            wizard.fault = None;
            wizard.form.refused_secret = false;
        }
        self.push_checks(saved, title, draft, secret);
        effects.extend(self.start_checks());
        effects
    }

    fn save_form(&mut self) -> Vec<Effect> {
        self.leave_field();
        if !self.unsaved() {
            self.say("nothing was changed: it is saved already");
            return Vec::new();
        }
        if self.form().is_some_and(Form::homeless_secret) {
            let why = self.no_keyring.clone().unwrap_or_default();
            self.dialog = Some(Dialog::ask(
                "Where is the secret to be read from?",
                vec![
                    format!("There is no keyring to keep it in: {why}."),
                    "What you typed stays here until you leave, and the test uses it.".into(),
                ],
                vec![
                    ("Stay here", Answer::Stay),
                    ("From an environment variable", Answer::SourceFrom("env:")),
                    ("From a file", Answer::SourceFrom("file:")),
                    ("From what a command prints", Answer::SourceFrom("command:")),
                ],
            ));
            return Vec::new();
        }
        if self.show_problem(true) || self.ask_hosts(Answer::HostsThenSave) {
            return Vec::new();
        }
        let Some(form) = self.form_mut() else { return Vec::new() };
        let Ok(secret) = form.wish() else { return Vec::new() };
        let was = match &form.purpose {
            Purpose::Change(name, saved) => Some((name.clone(), saved.clone())),
            Purpose::New => None,
        };
        let name = form.profile_name();
        form.saving = Some(name.clone());
        let effect = Effect::Save { name, was, draft: form.draft(), secret };
        self.say("saving");
        vec![effect]
    }

    fn saved(&mut self, name: &ProfileName, result: Result<(String, ProfileDraft), Trouble>) -> Vec<Effect> {
        let mine = match self.form_mut() {
            Some(form) if form.saving.as_ref() == Some(name) => {
                form.saving = None;
                true
            }
            _ => false,
        };
        let (place, draft) = match result {
            Ok(saved) => saved,
            Err(trouble) => {
                self.trouble(&trouble);
                return Vec::new();
            }
        };
        let mut effects = Vec::new();
        self.say(format!("saved: {place}"));
        if mine {
            let drafts = self.stack.iter().filter_map(|screen| match screen {
                Screen::Wizard(wizard) => wizard.draft.clone(),
                Screen::Editor(_) | Screen::Checks(_) | Screen::Diagnosis(_) => None,
            });
            effects.extend(drafts.map(Effect::ForgetDraft).collect::<Vec<_>>());
            self.home.follow = Some(name.clone());
            // What was saved is tested, not what was typed: the form has done its work.
            while !self.stack.is_empty() {
                effects.extend(self.pop());
            }
            self.push_checks(Some(name.clone()), name.to_string(), draft, None);
            effects.extend(self.start_checks());
        }
        effects.push(Effect::LoadHome);
        effects
    }

    fn leave_form(&mut self) -> Vec<Effect> {
        let Some(form) = self.form() else { return self.pop() };
        if !form.dirty() {
            return self.pop();
        }
        self.dialog = Some(match form.purpose {
            Purpose::New => Dialog::ask(
                "Leave this set-up?",
                vec!["A draft keeps everything but the secret.".into()],
                vec![
                    ("Stay here", Answer::Stay),
                    ("Keep a draft and leave", Answer::LeaveKeeping),
                    ("Throw it away", Answer::LeaveDropping),
                ],
            ),
            Purpose::Change(..) => Dialog::ask(
                "Leave without saving?",
                vec!["What was changed here is not saved.".into()],
                vec![("Stay here", Answer::Stay), ("Leave, drop the changes", Answer::LeaveDropping)],
            ),
        });
        Vec::new()
    }

    /// The seen screen goes; a test that it runs is cancelled.
    fn pop(&mut self) -> Vec<Effect> {
        self.stack.pop().and_then(|screen| cancel(&screen)).into_iter().collect()
    }

    /// All test screens go.
    fn drop_checks(&mut self) -> Vec<Effect> {
        let effects = self.stack.iter().filter_map(cancel).collect();
        self.stack.retain(|screen| !matches!(screen, Screen::Checks(_)));
        effects
    }

    fn ask_quit(&mut self, code: u8) -> Vec<Effect> {
        let Some(form) = self.form().filter(|form| form.dirty()) else {
            self.quit = Some(code);
            return Vec::new();
        };
        let mut answers = vec![("Stay here", Answer::Stay)];
        let line = match form.purpose {
            Purpose::New => {
                answers.push(("Keep a draft and leave", Answer::QuitKeeping));
                "A draft keeps everything but the secret."
            }
            Purpose::Change(..) => "What was changed and not saved is gone then.",
        };
        answers.push(("Leave, drop what was typed", Answer::QuitDropping));
        self.dialog = Some(Dialog::ask("Leave the program?", vec![line.into()], answers));
        Vec::new()
    }

    fn carried_out(&mut self, said: String, offers: Vec<Offered>) {
        let mut intake = Intake::default();
        for offer in offers {
            match offer {
                Offered::Value(field, value) => intake.found.push(Found { field, value, by: "the portal".into() }),
                Offered::Secret(secret, ends) => {
                    #[expect(
                        clippy::disallowed_methods,
                        reason = "the sandbox's made-up secret goes into the field that it is offered for"
                    )]
                    let value = Zeroizing::new(secret.reveal().to_owned());
                    intake.secret = Some(value);
                    intake.found.push(Found { field: FieldId::Expires, value: ends, by: "the portal".into() });
                }
            }
        }
        let Some(form) = self.form().filter(|_| self.dialog.is_none()) else {
            self.say(said);
            return;
        };
        let nothing_new = intake.secret.is_none()
            && intake.found.iter().all(|found| form.text(FieldKey::Of(found.field)) == found.value);
        if nothing_new {
            let next = self.test_key().map(|key| format!(" {key} tests again.")).unwrap_or_default();
            self.say(format!("{said}{next}"));
        } else {
            self.toast = None;
            let title = "The sandbox's portal shows".to_owned();
            self.dialog = Some(Dialog::Values { intake, title, said: Some(said), scroll: 0 });
        }
    }

    fn take_values(&mut self, intake: &Intake) {
        let Some(form) = self.form_mut() else { return };
        for found in &intake.found {
            form.put(FieldKey::Of(found.field), &found.value);
        }
        if let Some(secret) = &intake.secret {
            form.put(FieldKey::Of(FieldId::Secret), secret);
        }
        // Looked at together: a value is judged beside the others.
        for found in &intake.found {
            form.leave(FieldKey::Of(found.field));
        }
        if intake.secret.is_some() {
            form.leave(FieldKey::Of(FieldId::Secret));
        }
        let count = intake.len();
        match self.stack.last_mut() {
            Some(Screen::Wizard(wizard)) => wizard.to_next_gap(),
            Some(Screen::Editor(_) | Screen::Checks(_) | Screen::Diagnosis(_)) | None => {}
        }
        let next = self.test_key().map(|key| format!("; {key} tests again")).unwrap_or_default();
        self.say(format!("{count} value{} taken{next}", if count == 1 { "" } else { "s" }));
    }

    /// Which key tests again, where a saved profile is being mended and everything is there.
    fn test_key(&self) -> Option<&'static str> {
        match (self.stack.last(), self.form()) {
            (Some(Screen::Wizard(wizard)), Some(form))
                if form.purpose != Purpose::New && form.problems(false).is_empty() =>
            {
                match wizard.focus {
                    Focus::Body => Some("t"),
                    Focus::Field(_) => Some("ctrl-t"),
                }
            }
            _ => None,
        }
    }

    // ---- the live test ----------------------------------------------------------------------------------------

    fn push_checks(
        &mut self,
        saved: Option<ProfileName>,
        title: String,
        draft: ProfileDraft,
        secret: Option<Arc<crate::core::secret::ClientSecret>>,
    ) {
        let guide = self.guide(&draft.guide);
        self.stack.push(Screen::Checks(Box::new(Checks {
            saved,
            title,
            guide,
            draft,
            secret,
            run: Run::Idle,
            marked: 0,
            scroll: 0,
        })));
    }

    fn new_run(&mut self) -> u64 {
        self.next_run += 1;
        self.next_run
    }

    /// Starts the test of the seen test screen anew.
    fn start_checks(&mut self) -> Vec<Effect> {
        let run = self.new_run();
        let Some(Screen::Checks(checks)) = self.stack.last_mut() else { return Vec::new() };
        let mut effects = Vec::new();
        if let Run::Running { run, .. } = checks.run {
            effects.push(Effect::CancelChecks { run });
        }
        checks.run = Run::Running { run, fold: CheckRun::default(), ticks: 0 };
        checks.marked = 0;
        checks.scroll = 0;
        effects.push(Effect::StartChecks {
            run,
            name: checks.saved.clone(),
            draft: checks.draft.clone(),
            secret: checks.secret.clone(),
            wanted: CheckId::ALL.to_vec(),
        });
        effects
    }

    fn check_event(&mut self, run: u64, event: CheckEvent) {
        let (rules, clouds) = (self.know.rules, self.know.clouds);
        for screen in &mut self.stack {
            if let Screen::Checks(checks) = screen
                && let Run::Running { run: mine, fold, .. } = &mut checks.run
                && *mine == run
            {
                let draft = &checks.draft;
                let values = |name: &str| draft.template_value(name, clouds);
                fold.apply(event, &Judge { book: rules, guide: Some(checks.guide), values: &values });
                return;
            }
        }
        if let Some(mine) = self.home.runs.iter_mut().find(|mine| mine.run == run) {
            mine.fold.apply(event, &Judge { book: rules, guide: None, values: &|_| None });
        }
    }

    fn checks_ended(&mut self, run: u64, result: Result<(), Trouble>) -> Vec<Effect> {
        for screen in &mut self.stack {
            if let Screen::Checks(checks) = screen
                && let Run::Running { run: mine, fold, .. } = &mut checks.run
                && *mine == run
            {
                let fold = mem::take(fold);
                let verdict = fold.verdict();
                let cause = fold.findings.first().map(|finding| finding.cause);
                checks.run = match result {
                    Ok(()) => Run::Ended { fold, stopped: false },
                    Err(trouble) => Run::Trouble(trouble),
                };
                let noted = match &checks.run {
                    Run::Ended { .. } => checks.saved.clone(),
                    _ => None,
                };
                return match noted {
                    Some(name) => vec![Effect::NoteVerdict { name, verdict, cause }, Effect::LoadHome],
                    None => Vec::new(),
                };
            }
        }
        let Some(at) = self.home.runs.iter().position(|mine| mine.run == run) else { return Vec::new() };
        let ended = self.home.runs.remove(at);
        let verdict = match &result {
            Ok(()) => ended.fold.verdict(),
            Err(_) => Status::Unknown,
        };
        if verdict > Status::Warning {
            self.home.round.bad += 1;
        }
        if self.home.runs.is_empty() {
            let Round { total, bad, .. } = mem::take(&mut self.home.round);
            match bad {
                0 => self.say(format!("{total} tested, all of them work")),
                bad => self.warn(format!("{total} tested: {} work, {bad} did not pass", total - bad)),
            }
        }
        if let Err(trouble) = result {
            self.trouble(&trouble);
            return Vec::new();
        }
        let cause = ended.fold.findings.first().map(|finding| finding.cause);
        if let Some(when) = self.home.now {
            self.home.note(&ended.name, LastVerdict { verdict, when, cause });
        }
        vec![Effect::NoteVerdict { name: ended.name, verdict, cause }, Effect::LoadHome]
    }

    fn checks_intent(&mut self, intent: Intent) -> Vec<Effect> {
        let max_scroll = self.seen.max_scroll;
        let page = self.seen.page.saturating_sub(1).max(1);
        let (after, unsaved) = (self.after_checks(), self.unsaved());
        let Some(Screen::Checks(checks)) = self.stack.last_mut() else { return Vec::new() };
        match intent {
            Intent::Back => {
                // Esc stops a running test at once; the screen stays, to see how far it came.
                if let Run::Running { run, fold, .. } = &mut checks.run {
                    let (run, fold) = (*run, mem::take(fold));
                    checks.run = Run::Ended { fold, stopped: true };
                    return vec![Effect::CancelChecks { run }];
                }
                return self.pop();
            }
            Intent::Test => return self.start_checks(),
            Intent::Enter => match after {
                After::Start | After::Again => return self.start_checks(),
                After::Fix => return self.go_to_fix(),
                After::Save => return self.save_form(),
                After::Home => self.stack.clear(),
                After::Wait => {}
            },
            Intent::OpenLink => return self.link(false),
            Intent::CopyLink => return self.link(true),
            Intent::CopyDetails => return vec![Effect::CopyText(checks.details())],
            Intent::Save if unsaved => return self.save_form(),
            Intent::Save => self.say("this is saved already"),
            Intent::Edit => {
                return match checks.saved.clone() {
                    Some(name) if self.form().is_none() => vec![Effect::OpenProfile { name, purpose: OpenFor::Edit }],
                    // The form lies under this screen.
                    _ => self.pop(),
                };
            }
            Intent::Up => checks.step(false),
            Intent::Down => checks.step(true),
            Intent::NextPage => checks.scroll = (checks.scroll + page).min(max_scroll),
            Intent::PrevPage => checks.scroll = checks.scroll.min(max_scroll).saturating_sub(page),
            _ => {}
        }
        Vec::new()
    }

    /// To the step that mends the marked finding: in the wizard below, or in one made of the editor below, or in one
    /// opened over the saved profile.
    fn go_to_fix(&mut self) -> Vec<Effect> {
        let Some(Screen::Checks(checks)) = self.stack.last() else { return Vec::new() };
        let Some(finding) = checks.finding().cloned() else { return Vec::new() };
        let (saved, draft, title) = (checks.saved.clone(), checks.draft.clone(), checks.title.clone());
        let step = &finding.fix.step;
        let mut effects = Vec::new();
        match self.stack.len().checked_sub(2).map(|below| &self.stack[below]) {
            Some(Screen::Wizard(_)) => effects = self.pop(),
            Some(Screen::Editor(_)) => {
                effects = self.pop();
                if let Some(Screen::Editor(editor)) = self.stack.pop() {
                    self.stack.push(Screen::Wizard(Box::new(Wizard::new(editor.form, step))));
                }
            }
            _ => {
                let purpose = saved.map_or(Purpose::New, |name| Purpose::Change(name, draft.clone()));
                self.open_wizard(&title, &draft, purpose, step);
            }
        }
        if let Some(Screen::Wizard(wizard)) = self.stack.last_mut() {
            wizard.mend(step, &finding.title, field_of(finding.cause));
        }
        effects
    }

    // ---- diagnosis --------------------------------------------------------------------------------------------

    fn judge_text(&mut self) {
        let know = self.know;
        let Some(Screen::Diagnosis(diagnosis)) = self.stack.last_mut() else { return };
        diagnosis.findings = if diagnosis.text.trim().is_empty() {
            Vec::new()
        } else {
            let values = |_: &str| None;
            Judge { book: know.rules, guide: know.guides.first(), values: &values }.findings(&diagnosis.evidence)
        };
    }

    fn diagnosis_intent(&mut self, intent: Intent) -> Vec<Effect> {
        let (max_scroll, page) = (self.seen.max_scroll, self.seen.page.saturating_sub(1).max(1));
        let Some(Screen::Diagnosis(diagnosis)) = self.stack.last_mut() else { return Vec::new() };
        match intent {
            Intent::NextField | Intent::PrevField => {
                diagnosis.part = match diagnosis.part {
                    Part::Text if !diagnosis.findings.is_empty() => Part::Findings,
                    _ => Part::Text,
                };
            }
            Intent::Undo => {
                diagnosis.clear();
                self.judge_text();
            }
            Intent::Up => diagnosis.step(false),
            Intent::Down => diagnosis.step(true),
            Intent::NextPage => diagnosis.scroll = (diagnosis.scroll + page).min(max_scroll),
            Intent::PrevPage => diagnosis.scroll = diagnosis.scroll.min(max_scroll).saturating_sub(page),
            Intent::CopyDetails => {
                let text = diagnosis.findings.get(diagnosis.marked).map(screens::checks::finding_text);
                return text.map(Effect::CopyText).into_iter().collect();
            }
            Intent::Enter => {
                if let Some(finding) = diagnosis.findings.get(diagnosis.marked).cloned() {
                    let guide = self.know.guides[0].id.clone();
                    let guide = finding.fix.guide.unwrap_or(guide);
                    self.open_wizard("", &ProfileDraft::new(&guide), Purpose::New, &finding.fix.step);
                    if let Some(Screen::Wizard(wizard)) = self.stack.last_mut() {
                        wizard.mend(&finding.fix.step, &finding.title, field_of(finding.cause));
                    }
                }
            }
            Intent::Back => return self.pop(),
            _ => {}
        }
        Vec::new()
    }

    // ---- questions --------------------------------------------------------------------------------------------

    fn dialog_key(&mut self, mut dialog: Dialog, key: Key) -> Vec<Effect> {
        let intent = keymap::intent(dialog.context(), key);
        match intent {
            // Pressed a second time it leaves; over any other question it asks that one.
            Some(Intent::Quit) if dialog.asks_to_quit() => {
                self.quit = Some(130);
                return Vec::new();
            }
            Some(Intent::Quit) => return self.ask_quit(130),
            Some(Intent::Back) => return Vec::new(),
            Some(Intent::Repaint) => {
                self.dialog = Some(dialog);
                return vec![Effect::Repaint];
            }
            _ => {}
        }
        let (max_scroll, page) = (self.seen.max_scroll, self.seen.page.saturating_sub(1).max(1));
        match &mut dialog {
            Dialog::Help { scroll, .. } => match intent {
                Some(intent) => *scroll = scrolled(*scroll, intent, page, max_scroll),
                None => return Vec::new(),
            },
            Dialog::Ask { answers, marked, .. } => match intent {
                Some(Intent::Up) => *marked = marked.saturating_sub(1),
                Some(Intent::Down) => *marked = (*marked + 1).min(answers.len().saturating_sub(1)),
                Some(Intent::Enter) => {
                    let answer = answers.get(*marked).map(|(_, answer)| answer.clone());
                    return answer.map(|answer| self.answer(answer)).unwrap_or_default();
                }
                _ => {}
            },
            Dialog::Values { intake, scroll, .. } => match intent {
                Some(Intent::Enter) => {
                    let intake = mem::take(intake);
                    self.take_values(&intake);
                    return Vec::new();
                }
                Some(intent) => *scroll = scrolled(*scroll, intent, page, max_scroll),
                None => {}
            },
            Dialog::Name { input, problem, purpose, .. } => match key {
                Key::Enter => match input.value().trim().parse::<ProfileName>() {
                    Ok(name) if self.home.has(&name) && !purpose.is_for(&name) => {
                        *problem = Some("there is a profile of that name already".into());
                    }
                    Ok(name) => {
                        return match purpose.clone() {
                            NameFor::Rename(old) if old.as_str() == name.as_str() => Vec::new(),
                            NameFor::Rename(old) => {
                                self.home.follow = Some(name.clone());
                                vec![Effect::Rename(old, name)]
                            }
                            NameFor::Copy(from) => {
                                self.home.follow = Some(name.clone());
                                vec![Effect::Copy(from, name)]
                            }
                        };
                    }
                    Err(error) => *problem = Some(error.message),
                },
                Key::Char(c) => {
                    input.handle(InputRequest::InsertChar(c));
                    *problem = None;
                }
                Key::Backspace => {
                    input.handle(InputRequest::DeletePrevChar);
                }
                Key::Delete => {
                    input.handle(InputRequest::DeleteNextChar);
                }
                Key::Left => {
                    input.handle(InputRequest::GoToPrevChar);
                }
                Key::Right => {
                    input.handle(InputRequest::GoToNextChar);
                }
                Key::Home => {
                    input.handle(InputRequest::GoToStart);
                }
                Key::End => {
                    input.handle(InputRequest::GoToEnd);
                }
                Key::Ctrl('u') => {
                    input.handle(InputRequest::DeleteLine);
                }
                _ => {}
            },
        }
        self.dialog = Some(dialog);
        Vec::new()
    }

    fn answer(&mut self, answer: Answer) -> Vec<Effect> {
        match answer {
            Answer::Stay => Vec::new(),
            Answer::LeaveKeeping => {
                let effects = self.keep_draft();
                self.pop();
                effects
            }
            Answer::LeaveDropping => {
                let draft = match self.stack.last() {
                    Some(Screen::Wizard(wizard)) => wizard.draft.clone(),
                    _ => None,
                };
                self.pop();
                draft.map(|name| vec![Effect::ForgetDraft(name), Effect::LoadHome]).unwrap_or_default()
            }
            Answer::QuitKeeping => {
                // A test may lie over the wizard.
                let mut effects = self.drop_checks();
                effects.extend(self.keep_draft());
                self.quit = Some(130);
                effects
            }
            Answer::QuitDropping => {
                self.quit = Some(130);
                Vec::new()
            }
            Answer::SourceFrom(start) => {
                if let Some(form) = self.form_mut() {
                    form.put(FieldKey::Source, start);
                }
                self.focus_field(FieldKey::Source);
                Vec::new()
            }
            Answer::Remove(name) => vec![Effect::Remove(name)],
            Answer::Forget(name) => vec![Effect::ForgetDraft(name), Effect::LoadHome],
            Answer::HostsThenTest => {
                if let Some(form) = self.form_mut() {
                    form.confirm_hosts();
                }
                self.test_form()
            }
            Answer::HostsThenSave => {
                if let Some(form) = self.form_mut() {
                    form.confirm_hosts();
                }
                self.save_form()
            }
            Answer::Guide(id) => {
                self.open_wizard("", &ProfileDraft::new(&id), Purpose::New, "");
                Vec::new()
            }
        }
    }
}

/// What ends the test that a screen runs.
fn cancel(screen: &Screen) -> Option<Effect> {
    match screen {
        Screen::Checks(checks) => match checks.run {
            Run::Running { run, .. } => Some(Effect::CancelChecks { run }),
            Run::Idle | Run::Ended { .. } | Run::Trouble(_) => None,
        },
        Screen::Wizard(_) | Screen::Editor(_) | Screen::Diagnosis(_) => None,
    }
}

/// Where a page stands after a key that scrolls it.
fn scrolled(at: u16, intent: Intent, page: u16, most: u16) -> u16 {
    match intent {
        Intent::Up => at.saturating_sub(1),
        Intent::Down => (at + 1).min(most),
        Intent::PrevPage => at.saturating_sub(page),
        Intent::NextPage => (at + page).min(most),
        _ => at,
    }
}

/// The names that a form may not take: those of other profiles, and of drafts other than its own.
fn others(
    profiles: &[ProfileName],
    drafts: &[DraftRow],
    purpose: &Purpose,
    own_draft: Option<&ProfileName>,
) -> Vec<ProfileName> {
    let own = match purpose {
        Purpose::Change(own, _) => Some(own),
        Purpose::New => own_draft,
    };
    let drafts = drafts.iter().map(|row| &row.name);
    profiles.iter().chain(drafts).filter(|name| Some(*name) != own).cloned().collect()
}

/// The field whose value is wrong when that is the cause.
fn field_of(cause: Cause) -> Option<FieldId> {
    match cause {
        Cause::SecretWrong | Cause::SecretExpired | Cause::SecretMissing => Some(FieldId::Secret),
        Cause::ClientNotFound => Some(FieldId::ClientId),
        Cause::TenantNotFound | Cause::TokenTenant => Some(FieldId::TenantId),
        Cause::EnvironmentNotFound | Cause::ResourceNotFound | Cause::TokenAudience => Some(FieldId::ResourceUrl),
        Cause::WrongCloud => Some(FieldId::Cloud),
        Cause::EntityNotFound => Some(FieldId::Entities),
        Cause::CompanyNotFound => Some(FieldId::Company),
        _ => None,
    }
}
