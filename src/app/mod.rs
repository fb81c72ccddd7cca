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
mod offers;
mod on_checks;
mod on_diagnosis;
mod on_dialog;
mod on_form;
mod on_home;
mod on_pair;
mod on_paper;
mod on_vault;
pub mod paper;
pub mod screens;

use crate::core::cloud::Clouds;
use crate::core::format::Format;
use crate::core::guide::{Guide, Product};
use crate::core::intake::{self, Found};
use crate::core::names::ProfileName;
use crate::core::profile::ProfileDraft;
use crate::core::question::{FieldId, Weight};
use crate::core::rules::RuleBook;
use crate::core::secret::looks_like_secret;
use crate::core::settings::Settings;
use dialog::Dialog;
use effect::{Effect, OpenFor};
use form::{FieldKey, Form, Purpose};
use jiff::civil::Date;
use key::{Key, Paste};
use keymap::{Context, Intent};
use msg::{DraftRow, Msg, Trouble, Vault};
use screens::checks::{Checks, Run};
use screens::diagnosis::{Diagnosis, Part};
use screens::editor::Editor;
use screens::home::{Home, Removed};
use screens::pair::Pair;
use screens::wizard::{Focus, Wizard};
use std::collections::BTreeSet;
use tui_input::InputRequest;
use zeroize::Zeroizing;

/// What the app knows from the assets and the settings, handed in at the start.
#[derive(Debug, Clone, Copy)]
pub struct Knowledge {
    /// The guides.
    pub guides: &'static [Guide],
    /// The clouds.
    pub clouds: &'static Clouds,
    /// The rules.
    pub rules: &'static RuleBook,
    /// The formats of exports.
    pub exports: &'static [Format],
    /// What is settled for all profiles.
    pub settings: Settings,
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
        /// The place of the secret, as it is typed into its field; empty where none was named.
        place: String,
    },
    /// The editor of a profile.
    Editor(ProfileName),
}

/// What is different when everything happens in the sandbox.
#[derive(Debug, Clone)]
pub struct Rehearsal {
    /// The scenario's id.
    pub scenario: &'static str,
    /// Values that a new set-up starts with: the simulated sign-in host.
    pub preset: fn(Product) -> Vec<(FieldId, &'static str)>,
}

/// What was changed in the last minutes, as far as this run of the program knows.
#[derive(Debug, Default)]
struct Changes {
    /// The steps that were carried out.
    steps: BTreeSet<String>,
    /// Counts the changes.
    id: u64,
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
    /// To the page on which a person signs in.
    SignIn,
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
    /// Two profiles side by side.
    Pair(Box<Pair>),
}

/// What was left while its draft is being kept. Should that fail, it is still there.
#[derive(Debug)]
enum Leaving {
    /// The set-up was left.
    Screen(Box<Wizard>),
    /// The program is to be left, with this exit code.
    Program(u8),
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
    /// The questions that it hides, the uppermost last.
    under: Vec<Dialog>,
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
    changes: Changes,
    no_keyring: Option<String>,
    keyring_answers: bool,
    vault: Vault,
    /// What waits for the vault's passphrase.
    waiting: Vec<Effect>,
    /// What waits for a draft to be kept.
    leaving: Option<Leaving>,
}

impl App {
    /// The app at its start, and what it wants first.
    pub fn new(know: Knowledge, today: Date, sandbox: Option<Rehearsal>, open: Open) -> (App, Vec<Effect>) {
        let mut app = App {
            know,
            home: Home::default(),
            stack: Vec::new(),
            dialog: None,
            under: Vec::new(),
            toast: None,
            seen: Seen::default(),
            sandbox,
            quit: None,
            today,
            next_run: 1,
            changes: Changes::default(),
            no_keyring: None,
            keyring_answers: false,
            vault: Vault::default(),
            waiting: Vec::new(),
            leaving: None,
        };
        let mut effects = vec![Effect::LoadHome, Effect::ProbeKeyring, Effect::ProbeVault];
        match open {
            Open::Home => {}
            Open::Wizard { name, draft, place } => {
                app.open_wizard(&name, &draft, Purpose::New, "");
                if let Some(form) = app.form_mut().filter(|_| !place.is_empty()) {
                    form.put(FieldKey::Source, &place);
                }
                app.tell_given(&draft);
            }
            Open::Editor(name) => effects.push(Effect::OpenProfile { name, purpose: OpenFor::Edit }),
        }
        (app, effects)
    }

    /// Says which values that were given along cannot be used, and why; their fields say so from then on.
    fn tell_given(&mut self, given: &ProfileDraft) {
        let Some(form) = self.form_mut() else { return };
        let mut told = Vec::new();
        for field in given.values.keys().filter(|field| !given.value(**field).is_empty()) {
            let key = FieldKey::Of(*field);
            if let Some(note) = form.notes(key).into_iter().find(|note| note.weight == Weight::Problem) {
                form.leave(key);
                told.push(format!("{}: {}", form.label(key), note.text));
            }
        }
        if !told.is_empty() {
            self.warn(format!("cannot be used as given: {}", told.join("; ")));
        }
    }

    /// Whether home is seen before it is known what is on it.
    pub fn is_loading(&self) -> bool {
        self.stack.is_empty() && self.home.rows.is_none() && self.home.trouble.is_none()
    }

    /// Whether something moves, so that ticks are wanted.
    pub fn moving(&self) -> bool {
        !self.home.runs.is_empty()
            || self
                .stack
                .iter()
                .any(|screen| matches!(screen, Screen::Checks(checks) if matches!(checks.run, Run::Running { .. })))
    }

    /// Whether the seen test counts down to its next try, so that a message a second is wanted.
    pub fn counting(&self) -> bool {
        matches!(self.stack.last(), Some(Screen::Checks(checks)) if checks.counts())
    }

    /// Where keys go now.
    pub fn context(&self) -> Context {
        if let Some(dialog) = &self.dialog {
            return dialog.context();
        }
        match self.stack.last() {
            None if self.home.filtering => Context::Filter,
            None => Context::Home,
            Some(Screen::Wizard(wizard)) => match wizard.focus {
                Focus::Body => Context::Step,
                Focus::Field(_) => Context::StepField,
            },
            Some(Screen::Editor(_)) => Context::EditorField,
            Some(Screen::Checks(_)) => Context::Checks,
            Some(Screen::Pair(_)) => Context::Pair,
            Some(Screen::Diagnosis(diagnosis)) => match diagnosis.part {
                Part::Text => Context::DiagnosisText,
                Part::Findings => Context::DiagnosisFindings,
            },
        }
    }

    /// One step of the machine.
    pub fn update(&mut self, msg: Msg) -> Vec<Effect> {
        // What took the vault may have found that its passphrase is another one by now: then it is asked for again.
        let took_vault = self.vault == Vault::Open
            && matches!(
                msg,
                Msg::ChecksEnded { .. }
                    | Msg::Saved { result: Err(_), .. }
                    | Msg::Changed(_)
                    | Msg::BroughtBack(Err(_))
            );
        let was_away = !self.stack.is_empty();
        let mut wanted = self.react(msg);
        wanted.extend(took_vault.then_some(Effect::ProbeVault));
        // Back at home: another program may have changed something meanwhile.
        let is_back = was_away && self.stack.is_empty() && self.quit.is_none();
        if is_back && !wanted.iter().any(|effect| matches!(effect, Effect::LoadHome)) {
            wanted.push(Effect::LoadHome);
        }
        self.tell_form();
        wanted.extend(self.try_source());
        self.vault_first(wanted)
    }

    fn react(&mut self, msg: Msg) -> Vec<Effect> {
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
            Msg::Second => self.second(),
            Msg::ChangesAged(id) => {
                if self.changes.id == id {
                    self.changes.steps.clear();
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
                        Screen::Checks(_) | Screen::Diagnosis(_) | Screen::Pair(_) => {}
                    }
                }
                Vec::new()
            }
            Msg::ProfileOpened { name, purpose, result } => self.profile_opened(name, purpose, result),
            Msg::PairOpened { names, result } => self.pair_opened(names, result),
            Msg::Check { run, event } => {
                self.check_event(run, event);
                Vec::new()
            }
            Msg::ChecksEnded { run, result } => self.checks_ended(run, result),
            Msg::SincePassed { name, since } => {
                for screen in &mut self.stack {
                    if let Screen::Checks(checks) = screen
                        && checks.saved.as_ref() == Some(&name)
                        && matches!(checks.run, Run::Ended { .. })
                    {
                        checks.since = Some(since.clone());
                    }
                }
                Vec::new()
            }
            Msg::Saved { name, result } => self.saved(&name, result),
            Msg::SaveGone { name, old } => self.save_gone(&name, &old),
            Msg::SaveClashed { name, fields, now } => self.save_clashed(&name, fields, *now),
            Msg::DraftKept(result) => {
                if let Some(Removed::Draft(row)) = &self.home.returning {
                    let back = format!("the draft '{}' is back", row.name);
                    self.returned(result.is_ok());
                    return self.update(Msg::Changed(result.map(|()| back)));
                }
                let leaving = self.leaving.take();
                let effects = vec![Effect::LoadHome];
                match (result, leaving) {
                    (Ok(()), Some(Leaving::Program(code))) => self.quit = Some(code),
                    (Ok(()), _) => {}
                    // Nothing that was typed is gone.
                    (Err(trouble), leaving) => {
                        if let Some(Leaving::Screen(wizard)) = leaving {
                            self.stack.push(Screen::Wizard(wizard));
                        }
                        if let Some(form) = self.form_mut() {
                            form.not_kept();
                        }
                        self.trouble(&Trouble { what: format!("the draft was not kept: {}", trouble.what), ..trouble });
                    }
                }
                effects
            }
            Msg::Removed { name, result } => {
                match result {
                    Ok((text, true)) => {
                        let in_vault = self.home.profiles().iter().any(|row| row.name == name && row.in_vault);
                        self.home.removed.push(Removed::Profile { name, in_vault });
                        self.say(format!("{text}; u brings it back"));
                    }
                    Ok((text, false)) => self.say(format!("{text}; it could not be read, so u does not bring it back")),
                    Err(trouble) => self.trouble(&trouble),
                }
                vec![Effect::LoadHome]
            }
            Msg::BroughtBack(result) => {
                self.returned(result.is_ok());
                self.update(Msg::Changed(result))
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
            Msg::ExportMade { name, format, result } => self.export_made(name, &format, result),
            Msg::FileWritten { path, paper, result } => {
                self.file_written(path, paper, result);
                Vec::new()
            }
            Msg::KeyringProbed(result) => {
                self.keyring_answers = result.is_ok();
                self.no_keyring = result.err().map(|trouble| trouble.what);
                if self.no_keyring.is_some()
                    && let Some(form) = self.form_mut()
                {
                    form.default_to_vault();
                }
                Vec::new()
            }
            Msg::SourceTried { source, result } => {
                if let Some(form) = self.form_mut()
                    && form.tried.as_ref().is_some_and(|(tried, _)| *tried == source)
                {
                    form.tried = Some((source, Some(result)));
                }
                Vec::new()
            }
            Msg::VaultSeen(vault) => {
                self.vault = vault;
                Vec::new()
            }
            Msg::VaultOpened(result) => self.vault_opened(result),
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

    /// The open form knows how the places stand in which a secret can be kept.
    fn tell_form(&mut self) {
        let (no_keyring, answers, vault) = (self.no_keyring.clone(), self.keyring_answers, self.vault);
        if let Some(form) = self.form_mut() {
            (form.no_keyring, form.keyring_answers, form.vault) = (no_keyring, answers, vault);
        }
    }

    /// Whether the credential can be read is looked at when another place is named, and the cursor has left it.
    fn try_source(&mut self) -> Option<Effect> {
        let typing = self.focused_field() == Some(FieldKey::Source);
        let form = self.form_mut().filter(|_| !typing)?;
        let source = form.readable_source()?;
        if form.tried.as_ref().is_some_and(|(tried, _)| *tried == source) {
            return None;
        }
        form.tried = Some((source.clone(), None));
        Some(Effect::TrySource(source))
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
        if matches!(self.leaving, Some(Leaving::Program(_)))
            && !matches!(intent, Some(Intent::Quit | Intent::Repaint | Intent::Suspend))
        {
            return Vec::new();
        }
        let Some(intent) = intent else { return self.type_key(key) };
        self.judge_typed();
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
                Some(Screen::Pair(_)) => self.pair_intent(intent),
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
                diagnosis.is_behind = true;
            }
            None if self.home.filtering => {
                if let Some(request) = form::request(key) {
                    self.home.filter.handle(request);
                    self.home.arrange();
                }
            }
            _ => {}
        }
        Vec::new()
    }

    fn paste(&mut self, paste: &Paste) -> Vec<Effect> {
        match &mut self.dialog {
            Some(Dialog::Name { input, problem, purpose, .. }) => {
                // As in the fields of a form (safety rule 6).
                if looks_like_secret(paste.text.trim()) {
                    *problem = Some("that looks like a secret's value: it was not taken".into());
                    return Vec::new();
                }
                for c in paste.text.trim().chars().filter(|c| !c.is_control()).take(purpose.most()) {
                    input.handle(InputRequest::InsertChar(c));
                }
                *problem = None;
                return Vec::new();
            }
            Some(Dialog::Passphrase(asked)) if !asked.trying => {
                for c in paste.text.trim_matches('\n').chars() {
                    asked.typed.insert(c);
                }
                return Vec::new();
            }
            Some(_) => return Vec::new(),
            None => {}
        }
        match self.stack.last_mut() {
            Some(Screen::Diagnosis(diagnosis)) => {
                let is_more = !diagnosis.text.trim().is_empty();
                // What is pasted beside a text that was read is another one.
                if is_more && diagnosis.part == Part::Findings && !diagnosis.text.ends_with('\n') {
                    diagnosis.add("\n");
                }
                // Tabs between words keep them apart.
                diagnosis.add(&Zeroizing::new(paste.text.replace('\t', " ")));
                self.judge_text();
                // What was pasted is read, and not typed on: the keys are for what it means.
                if let Some(Screen::Diagnosis(diagnosis)) = self.stack.last_mut()
                    && !diagnosis.findings.is_empty()
                {
                    diagnosis.part = Part::Findings;
                    if is_more {
                        self.say("added to the text before it: n takes all of it away, for another one");
                    }
                }
            }
            Some(Screen::Wizard(_) | Screen::Editor(_)) => self.paste_values(paste),
            Some(Screen::Checks(_)) => return self.paste_page(&paste.text),
            None if self.home.filtering => self.paste_filter(&paste.text),
            Some(Screen::Pair(_)) => self.warn("nothing to paste into here"),
            None => {
                self.warn("press n first to set up a connection with what you paste, or d to explain an error text");
            }
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
            _ if found.is_empty() && !found.left.is_empty() => {
                self.warn(format!("nothing was taken. {}", found.left.join(". ")));
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
            Screen::Checks(_) | Screen::Diagnosis(_) | Screen::Pair(_) => None,
        })
    }

    /// The form that is open, under the test screen too.
    pub fn form(&self) -> Option<&Form> {
        self.stack.iter().rev().find_map(|screen| match screen {
            Screen::Wizard(wizard) => Some(&wizard.form),
            Screen::Editor(editor) => Some(&editor.form),
            Screen::Checks(_) | Screen::Diagnosis(_) | Screen::Pair(_) => None,
        })
    }

    /// Whether what the form on the stack holds is unsaved: the test screen then offers to save it.
    pub fn unsaved(&self) -> bool {
        self.form().is_some_and(|form| form.purpose == Purpose::New || form.dirty())
    }
}

/// What ends the test that a screen runs.
fn cancel(screen: &Screen) -> Option<Effect> {
    match screen {
        Screen::Checks(checks) => match checks.run {
            Run::Running { run, .. } => Some(Effect::CancelChecks { run }),
            Run::Idle | Run::Ended { .. } | Run::Trouble(_) => None,
        },
        Screen::Wizard(_) | Screen::Editor(_) | Screen::Diagnosis(_) | Screen::Pair(_) => None,
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
