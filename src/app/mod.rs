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

use crate::core::check::{CheckEvent, CheckId, CheckRun};
use crate::core::cloud::Clouds;
use crate::core::guide::Guide;
use crate::core::intake::{self, Found, Intake};
use crate::core::names::ProfileName;
use crate::core::profile::ProfileDraft;
use crate::core::question::FieldId;
use crate::core::rules::{Judge, RuleBook};
use crate::core::secret::looks_like_secret;
use dialog::{Answer, Dialog, NameFor};
use effect::{Effect, OpenFor};
use form::{FieldKey, Form, Purpose};
use jiff::civil::Date;
use key::{Key, Paste};
use keymap::{Context, Intent};
use msg::{LastVerdict, Msg, Offered, Trouble};
use screens::checks::{Checks, Run};
use screens::diagnosis::{Diagnosis, Part};
use screens::editor::Editor;
use screens::home::{Home, HomeRun, Marked};
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
    /// How far the scrolling part can be scrolled.
    pub max_scroll: u16,
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
        if self.dialog.is_some() {
            return Context::Dialog;
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
                Vec::new()
            }
            Msg::ProfileOpened { name, purpose, result } => self.profile_opened(name, purpose, result),
            Msg::Check { run, event } => {
                self.check_event(run, event);
                Vec::new()
            }
            Msg::ChecksEnded { run, result } => self.checks_ended(run, result),
            Msg::Saved { name, result } => self.saved(name, result),
            Msg::DraftKept(result) => {
                match result {
                    Ok(()) => {
                        if let Some(Screen::Wizard(wizard)) =
                            self.stack.iter_mut().rev().find(|s| matches!(s, Screen::Wizard(_)))
                        {
                            wizard.draft_kept = true;
                        }
                    }
                    Err(trouble) => self.trouble(&trouble),
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
        let Some(intent) = keymap::intent(context, key) else { return self.type_key(key) };
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
                    wizard.draft_kept = false;
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
        if let Some(Dialog::Name { input, problem, .. }) = &mut self.dialog {
            // As in the fields of a form (safety rule 6).
            if looks_like_secret(paste.text.trim()) {
                *problem = Some("that looks like a secret's value: it was not taken".into());
                return Vec::new();
            }
            for c in paste.text.trim().chars().filter(|c| !c.is_control()).take(64) {
                input.handle(InputRequest::InsertChar(c));
            }
            return Vec::new();
        }
        if self.dialog.is_some() {
            return Vec::new();
        }
        let clouds = self.know.clouds;
        match self.stack.last_mut() {
            Some(Screen::Diagnosis(diagnosis)) => {
                diagnosis.part = Part::Text;
                diagnosis.add(&paste.text);
                self.judge_text();
            }
            Some(Screen::Wizard(_) | Screen::Editor(_)) => {
                let found = intake::read(&paste.text, clouds);
                let focused = self.focused_field();
                let (own_line, _) = crate::core::question::clean(&paste.text);
                let several = own_line.contains('\n') || found.len() > 1;
                match focused {
                    Some(at) if !several => {
                        let told = self.form_mut().and_then(|form| form.paste(at, paste));
                        if let Some(text) = told {
                            self.warn(text);
                        }
                    }
                    _ if !found.is_empty() => {
                        self.dialog = Some(Dialog::Values {
                            intake: found,
                            title: "Found in what was pasted".into(),
                            said: None,
                        });
                    }
                    Some(at) => {
                        let told = self.form_mut().and_then(|form| form.paste(at, paste));
                        self.warn(told.unwrap_or_else(|| "no known labels in it: taken as it is".into()));
                    }
                    None => {
                        self.warn("nothing was recognised in what was pasted; go into a field with Tab and paste there")
                    }
                }
            }
            Some(Screen::Checks(_)) | None => self.warn("nothing to paste into here"),
        }
        Vec::new()
    }

    /// Whether the open step has fields.
    pub fn has_fields(&self) -> bool {
        matches!(self.stack.last(), Some(Screen::Wizard(wizard)) if !wizard.fields().is_empty())
    }

    /// Whether the seen test screen has something to tell.
    pub fn tested(&self) -> bool {
        matches!(self.stack.last(), Some(Screen::Checks(checks)) if checks.fold().is_some())
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

    fn form(&self) -> Option<&Form> {
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
                mem::take(&mut self.home.runs).into_iter().map(|run| Effect::CancelChecks { run: run.run }).collect()
            }
            (Intent::TestAll, _) => {
                let names: Vec<ProfileName> = self
                    .home
                    .profiles()
                    .iter()
                    .filter(|row| row.problem.is_none())
                    .map(|row| row.name.clone())
                    .collect();
                let mut effects: Vec<Effect> = mem::take(&mut self.home.runs)
                    .into_iter()
                    .map(|run| Effect::CancelChecks { run: run.run })
                    .collect();
                for name in names {
                    let run = self.new_run();
                    self.home.runs.push(HomeRun { run, name: name.clone(), fold: CheckRun::default() });
                    effects.push(Effect::StartSaved { run, name });
                }
                effects
            }
            (Intent::Enter, Some(Marked::Draft(draft))) => {
                self.open_wizard(draft.name.as_str(), &draft.draft, Purpose::New, &draft.step);
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
        let own = match &purpose {
            Purpose::Change(own, _) => Some(own.clone()),
            Purpose::New => None,
        };
        let taken =
            self.home.profiles().iter().map(|row| row.name.clone()).filter(|name| Some(name) != own.as_ref()).collect();
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

    fn profile_opened(
        &mut self,
        name: ProfileName,
        purpose: OpenFor,
        result: Result<ProfileDraft, Trouble>,
    ) -> Vec<Effect> {
        let draft = match result {
            Ok(draft) => draft,
            Err(trouble) => {
                self.trouble(&trouble);
                return Vec::new();
            }
        };
        match purpose {
            OpenFor::Edit => {
                let form = self.make_form(name.as_str(), &draft, Purpose::Change(name.clone(), draft.clone()));
                self.stack.push(Screen::Editor(Box::new(Editor { form, at: 0 })));
                Vec::new()
            }
            OpenFor::Look | OpenFor::Test => {
                let title = name.to_string();
                self.push_checks(Some(name), title, draft, None);
                if purpose == OpenFor::Test { self.start_checks() } else { Vec::new() }
            }
        }
    }

    // ---- wizard and editor ------------------------------------------------------------------------------------

    fn wizard_intent(&mut self, intent: Intent) -> Vec<Effect> {
        let max_scroll = self.seen.max_scroll;
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
            Intent::NextPage => {
                wizard.turn(true);
                return self.keep_draft();
            }
            Intent::PrevPage => {
                wizard.turn(false);
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

    fn keep_draft(&mut self) -> Vec<Effect> {
        let Some(Screen::Wizard(wizard)) = self.stack.last_mut() else { return Vec::new() };
        if wizard.form.purpose != Purpose::New || !wizard.form.dirty() {
            return Vec::new();
        }
        let step = wizard.current().id.clone();
        vec![Effect::KeepDraft { name: wizard.form.profile_name(), draft: wizard.form.draft(), step }]
    }

    /// Goes to the first problem, says it, and tells whether there was one.
    fn show_problem(&mut self, with_name: bool) -> bool {
        let Some(form) = self.form() else { return true };
        let problems = form.problems(with_name);
        let Some((key, text)) = problems.first().cloned() else { return false };
        // The test screen lies over the form: it goes, so that the field can be seen.
        while matches!(self.stack.last(), Some(Screen::Checks(_))) {
            self.stack.pop();
        }
        match self.stack.last_mut() {
            Some(Screen::Wizard(wizard)) => wizard.go_to_field(key),
            Some(Screen::Editor(editor)) => editor.go_to_field(key),
            _ => {}
        }
        let more = if problems.len() > 1 { format!(" (and {} more)", problems.len() - 1) } else { String::new() };
        self.warn(format!("{}: {text}{more}", key.label()));
        true
    }

    fn ask_hosts(&mut self, then: Answer) -> bool {
        let odd = self.form().map(Form::odd_hosts).unwrap_or_default();
        if odd.is_empty() {
            return false;
        }
        let lines = odd.into_iter().map(|(_, text)| text).collect();
        self.dialog = Some(Dialog::ask(
            "Is this host right? The secret and the token will be sent there.",
            lines,
            vec![("No, let me look", Answer::Stay), ("Yes, it is ours", then)],
        ));
        true
    }

    fn test_form(&mut self) -> Vec<Effect> {
        match self.stack.last_mut() {
            Some(Screen::Wizard(wizard)) => wizard.leave_field(),
            Some(Screen::Editor(editor)) => {
                let at = editor.focused();
                editor.form.leave(at);
            }
            _ => {}
        }
        if self.show_problem(false) || self.ask_hosts(Answer::HostsThenTest) {
            return Vec::new();
        }
        let Some(form) = self.form() else { return Vec::new() };
        let saved = match &form.purpose {
            Purpose::Change(name, _) if !form.dirty() => Some(name.clone()),
            _ => None,
        };
        let title = match form.text(FieldKey::Name) {
            "" => "not saved yet".to_owned(),
            name => name.to_owned(),
        };
        let (draft, secret) = (form.draft(), form.typed_secret());
        self.push_checks(saved, title, draft, secret);
        self.start_checks()
    }

    fn save_form(&mut self) -> Vec<Effect> {
        if self.show_problem(true) || self.ask_hosts(Answer::HostsThenSave) {
            return Vec::new();
        }
        let Some(form) = self.form() else { return Vec::new() };
        let Ok(secret) = form.wish() else { return Vec::new() };
        let was = match &form.purpose {
            Purpose::Change(name, saved) => Some((name.clone(), saved.clone())),
            Purpose::New => None,
        };
        let effect = Effect::Save { name: form.profile_name(), was, draft: form.draft(), secret };
        self.say("saving…");
        vec![effect]
    }

    fn saved(&mut self, name: ProfileName, result: Result<(String, ProfileDraft), Trouble>) -> Vec<Effect> {
        let (place, draft) = match result {
            Ok(saved) => saved,
            Err(trouble) => {
                self.trouble(&trouble);
                return Vec::new();
            }
        };
        let mut effects = vec![Effect::LoadHome];
        if let Some(form) = self.form_mut() {
            if form.purpose == Purpose::New {
                effects.push(Effect::ForgetDraft(name.clone()));
            }
            form.put(FieldKey::Of(FieldId::Secret), "");
            form.purpose = Purpose::Change(name.clone(), draft.clone());
            form.mark_kept();
        }
        self.say(format!("saved: {place}"));
        // What was saved is tested, not what was typed.
        while matches!(self.stack.last(), Some(Screen::Checks(_))) {
            effects.extend(self.pop());
        }
        let title = name.to_string();
        self.push_checks(Some(name), title, draft, None);
        effects.extend(self.start_checks());
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
        match self.stack.pop() {
            Some(Screen::Checks(checks)) => match checks.run {
                Run::Running { run, .. } => vec![Effect::CancelChecks { run }],
                _ => Vec::new(),
            },
            _ => Vec::new(),
        }
    }

    fn ask_quit(&mut self, code: u8) -> Vec<Effect> {
        if !self.form().is_some_and(Form::dirty) {
            self.quit = Some(code);
            return Vec::new();
        }
        self.dialog = Some(Dialog::ask(
            "Leave the program?",
            vec!["What was typed and not saved is gone then.".into()],
            vec![("Stay here", Answer::Stay), ("Leave", Answer::QuitDropping)],
        ));
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
        let form = self.form();
        let nothing_new = intake.secret.is_none()
            && intake
                .found
                .iter()
                .all(|found| form.is_some_and(|form| form.text(FieldKey::Of(found.field)) == found.value));
        if nothing_new {
            self.say(said);
        } else {
            self.dialog = Some(Dialog::Values { intake, title: "The sandbox's portal shows".into(), said: Some(said) });
        }
    }

    fn take_values(&mut self, intake: &Intake) {
        let Some(form) = self.form_mut() else { return };
        for found in &intake.found {
            let key = FieldKey::Of(found.field);
            form.put(key, &found.value);
            form.leave(key);
        }
        if let Some(secret) = &intake.secret {
            form.put(FieldKey::Of(FieldId::Secret), secret);
            form.leave(FieldKey::Of(FieldId::Secret));
        }
        let count = intake.len();
        if let Some(Screen::Wizard(wizard)) = self.stack.last_mut() {
            wizard.focus = Focus::Body;
            wizard.draft_kept = false;
        }
        self.say(format!("{count} value{} taken", if count == 1 { "" } else { "s" }));
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
        let ended = self.home.runs.swap_remove(at);
        if let Err(trouble) = result {
            self.trouble(&trouble);
            return Vec::new();
        }
        let verdict = ended.fold.verdict();
        let cause = ended.fold.findings.first().map(|finding| finding.cause);
        if let Some(when) = self.home.now {
            self.home.note(&ended.name, LastVerdict { verdict, when, cause });
        }
        vec![Effect::NoteVerdict { name: ended.name, verdict, cause }, Effect::LoadHome]
    }

    fn checks_intent(&mut self, intent: Intent) -> Vec<Effect> {
        let max_scroll = self.seen.max_scroll;
        let unsaved = self.unsaved();
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
            Intent::Enter => match (&checks.run, checks.finding()) {
                (Run::Idle | Run::Trouble(_), _) => return self.start_checks(),
                (_, Some(finding)) => {
                    let step = finding.fix.step.clone();
                    return self.go_to_fix(&step);
                }
                (Run::Ended { .. }, None) if unsaved => return self.save_form(),
                (Run::Ended { .. }, None) => return self.pop(),
                (Run::Running { .. }, None) => {}
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
            Intent::NextPage => checks.scroll = (checks.scroll + 5).min(max_scroll),
            Intent::PrevPage => checks.scroll = checks.scroll.min(max_scroll).saturating_sub(5),
            _ => {}
        }
        Vec::new()
    }

    /// To the step that mends a finding: in the wizard below, or in one opened over the saved profile.
    fn go_to_fix(&mut self, step: &str) -> Vec<Effect> {
        let Some(Screen::Checks(checks)) = self.stack.last() else { return Vec::new() };
        let (saved, draft, title) = (checks.saved.clone(), checks.draft.clone(), checks.title.clone());
        let below = self.stack.len().checked_sub(2).and_then(|at| self.stack.get(at));
        if let Some(Screen::Wizard(_)) = below {
            let effects = self.pop();
            if let Some(Screen::Wizard(wizard)) = self.stack.last_mut() {
                wizard.go_to(step);
            }
            return effects;
        }
        let purpose = match saved {
            Some(name) => Purpose::Change(name, draft.clone()),
            None => Purpose::New,
        };
        self.open_wizard(&title, &draft, purpose, step);
        Vec::new()
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
        let max_scroll = self.seen.max_scroll;
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
            Intent::NextPage => diagnosis.scroll = (diagnosis.scroll + 5).min(max_scroll),
            Intent::PrevPage => diagnosis.scroll = diagnosis.scroll.min(max_scroll).saturating_sub(5),
            Intent::CopyDetails => {
                let text = diagnosis.findings.get(diagnosis.marked).map(screens::checks::finding_text);
                return text.map(Effect::CopyText).into_iter().collect();
            }
            Intent::Enter => {
                if let Some(finding) = diagnosis.findings.get(diagnosis.marked).cloned() {
                    let guide = self.know.guides[0].id.clone();
                    let guide = finding.fix.guide.unwrap_or(guide);
                    self.open_wizard("", &ProfileDraft::new(&guide), Purpose::New, &finding.fix.step);
                }
            }
            Intent::Back => return self.pop(),
            _ => {}
        }
        Vec::new()
    }

    // ---- questions --------------------------------------------------------------------------------------------

    fn dialog_key(&mut self, mut dialog: Dialog, key: Key) -> Vec<Effect> {
        let intent = keymap::intent(Context::Dialog, key);
        if intent == Some(Intent::Quit) {
            // Ctrl-C in a question takes the question away first; in the help as well.
            return Vec::new();
        }
        if intent == Some(Intent::Back) {
            return Vec::new();
        }
        match &mut dialog {
            Dialog::Help { scroll, .. } => match intent {
                Some(Intent::Up) => *scroll = scroll.saturating_sub(1),
                Some(Intent::Down) => *scroll = (*scroll + 1).min(self.seen.max_scroll),
                _ => return Vec::new(),
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
            Dialog::Values { intake, .. } => {
                if intent == Some(Intent::Enter) {
                    let intake = mem::take(intake);
                    self.take_values(&intake);
                    return Vec::new();
                }
            }
            Dialog::Name { input, problem, purpose, .. } => match key {
                Key::Enter => match input.value().trim().parse::<ProfileName>() {
                    Ok(name) => {
                        return match purpose.clone() {
                            NameFor::Rename(old) => vec![Effect::Rename(old, name)],
                            NameFor::Copy(from) => vec![Effect::Copy(from, name)],
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
                let name = match self.stack.last() {
                    Some(Screen::Wizard(wizard)) if wizard.form.purpose == Purpose::New => {
                        Some(wizard.form.profile_name())
                    }
                    _ => None,
                };
                self.pop();
                name.map(|name| vec![Effect::ForgetDraft(name), Effect::LoadHome]).unwrap_or_default()
            }
            Answer::QuitDropping => {
                self.quit = Some(130);
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
