//! Wizard and editor: what their keys lead to; testing, saving and leaving what a form holds.
//!
//! Does not know the fields; [`crate::app::form`] does.

use crate::app::dialog::{Answer, Dialog};
use crate::app::effect::Effect;
use crate::app::form::{FieldKey, Form, Purpose};
use crate::app::key::Key;
use crate::app::keymap::Intent;
use crate::app::msg::{Offered, Trouble};
use crate::app::screens::checks::Run;
use crate::app::screens::wizard::{Focus, Wizard};
use crate::app::{App, Screen, cancel};
use crate::core::check::Status;
use crate::core::intake::{Found, Intake};
use crate::core::names::ProfileName;
use crate::core::profile::ProfileDraft;
use crate::core::question::FieldId;
use crate::core::untrusted::Untrusted;
use zeroize::Zeroizing;

impl App {
    pub(super) fn wizard_intent(&mut self, intent: Intent) -> Vec<Effect> {
        let (max_scroll, page) = (self.seen.max_scroll, self.seen.page.saturating_sub(1).max(1));
        let hidden = self.seen.page == 0;
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
                    _ => self.next_step(),
                };
            }
            // In a low window the text is out of sight while the cursor is in a field.
            Intent::NextPage if hidden && wizard.focused().is_some() => {
                wizard.leave_field();
                wizard.focus = Focus::Body;
            }
            Intent::NextPage if wizard.scroll < max_scroll => wizard.scroll = (wizard.scroll + page).min(max_scroll),
            Intent::PrevPage if wizard.scroll > 0 => {
                wizard.scroll = wizard.scroll.min(max_scroll).saturating_sub(page);
            }
            Intent::NextPage | Intent::NextStep => return self.next_step(),
            Intent::PrevPage | Intent::PrevStep => {
                wizard.turn(false);
                return self.keep_draft();
            }
            Intent::Reveal | Intent::Undo | Intent::Clear => return self.field_intent(intent),
            Intent::OpenLink => return self.link(false),
            Intent::CopyLink => return self.link(true),
            Intent::CarryOut if self.sandbox.is_some() => {
                let step = wizard.current().id.clone();
                let mut effects = vec![Effect::CarryOut { guide: wizard.guide(), step: step.clone() }];
                effects.extend(self.note_changes([step]));
                return effects;
            }
            Intent::CarryOut => self.warn("only in the sandbox: start with --sandbox to rehearse"),
            Intent::HandOver => self.hand_over_seen(),
            Intent::Test => return self.test_form(),
            Intent::Save => return self.save_form(),
            Intent::Back => return self.leave_form(),
            _ => {}
        }
        Vec::new()
    }

    /// Goes on, unless the field under the cursor is to be looked at first.
    fn next_step(&mut self) -> Vec<Effect> {
        let Some(Screen::Wizard(wizard)) = self.stack.last_mut() else { return Vec::new() };
        if wizard.is_held() {
            return Vec::new();
        }
        wizard.turn(true);
        self.keep_draft()
    }

    pub(super) fn editor_intent(&mut self, intent: Intent) -> Vec<Effect> {
        let Some(Screen::Editor(editor)) = self.stack.last_mut() else { return Vec::new() };
        match intent {
            Intent::NextField => editor.cycle(true),
            Intent::PrevField => editor.cycle(false),
            Intent::Reveal | Intent::Undo | Intent::Clear => return self.field_intent(intent),
            Intent::Test => return self.test_form(),
            Intent::Save => return self.save_form(),
            Intent::Back => return self.leave_form(),
            _ => {}
        }
        Vec::new()
    }

    pub(super) fn field_intent(&mut self, intent: Intent) -> Vec<Effect> {
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
            Intent::Clear => {
                form.key(at, Key::Ctrl('u'));
            }
            _ => {}
        }
        Vec::new()
    }

    /// The page that belongs to what is seen: the step's, or that of the marked finding.
    pub fn url(&self) -> Option<String> {
        match self.stack.last() {
            Some(Screen::Wizard(wizard)) => {
                let draft = wizard.form.draft();
                let own = wizard.fault_here().and_then(|fault| fault.url.clone());
                own.or_else(|| {
                    wizard.current().url(&|name| draft.template_value(name, Some(wizard.guide()), self.know.clouds))
                })
            }
            Some(Screen::Checks(checks)) => checks.url(),
            Some(Screen::Diagnosis(diagnosis)) => {
                diagnosis.findings.get(diagnosis.marked).and_then(|finding| finding.fix.url.clone())
            }
            _ => None,
        }
    }

    pub(super) fn link(&mut self, copy: bool) -> Vec<Effect> {
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
    pub(super) fn keep_draft(&mut self) -> Vec<Effect> {
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
    pub(super) fn show_problem(&mut self, to_save: bool) -> bool {
        let Some(form) = self.form() else { return true };
        let problems = form.problems(to_save);
        let Some((key, text)) = problems.first().cloned() else { return false };
        let more = if problems.len() > 1 { format!(" (and {} more)", problems.len() - 1) } else { String::new() };
        let label = form.label(key).to_owned();
        self.focus_field(key);
        self.warn(format!("{label}: {text}{more}"));
        true
    }

    /// Puts the cursor into a field of the open form. A test screen that lies over it goes.
    pub(super) fn focus_field(&mut self, key: FieldKey) {
        while matches!(self.stack.last(), Some(Screen::Checks(_))) {
            self.stack.pop();
        }
        match self.stack.last_mut() {
            Some(Screen::Wizard(wizard)) => wizard.go_to_field(key),
            Some(Screen::Editor(editor)) => editor.go_to_field(key),
            _ => {}
        }
    }

    pub(super) fn ask_hosts(&mut self, then: Answer) -> bool {
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
    pub(super) fn leave_field(&mut self) {
        match self.stack.last_mut() {
            Some(Screen::Wizard(wizard)) => wizard.leave_field(),
            Some(Screen::Editor(editor)) => editor.leave_field(),
            _ => {}
        }
    }

    pub(super) fn test_form(&mut self) -> Vec<Effect> {
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
        let mut effects = self.note_form_changes();
        effects.extend(self.drop_checks());
        if let Some(Screen::Wizard(wizard)) = self.stack.last_mut() {
            wizard.fault = None;
            wizard.form.refused_secret = false;
        }
        self.push_checks(saved, title, draft, secret);
        effects.extend(self.start_checks());
        effects
    }

    /// Saves what the form holds. A saved profile is not replaced by one that just failed without a question.
    pub(super) fn save_form(&mut self) -> Vec<Effect> {
        if let Some(form) = self.form_mut() {
            form.leaves = false;
        }
        let failed = matches!(self.stack.last(), Some(Screen::Checks(checks))
            if matches!(&checks.run, Run::Ended { fold, stopped: false } if fold.verdict() == Status::Failed));
        let replaces = self.unsaved() && self.form().is_some_and(|form| form.purpose != Purpose::New);
        if failed && replaces {
            self.dialog = Some(Dialog::ask(
                "This test failed. Save it all the same?",
                vec!["It takes the place of what is saved now.".into()],
                vec![("No, not yet", Answer::Stay), ("Yes, save it", Answer::SaveAllTheSame)],
            ));
            return Vec::new();
        }
        self.save_form_now()
    }

    pub(super) fn save_form_now(&mut self) -> Vec<Effect> {
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
                    ("From this program's vault", Answer::IntoVault),
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
        let mut effects = vec![Effect::Save { name, was, draft: form.draft(), secret }];
        effects.extend(self.note_form_changes());
        self.say("saving");
        effects
    }

    pub(super) fn saved(&mut self, name: &ProfileName, result: Result<(String, ProfileDraft), Trouble>) -> Vec<Effect> {
        let (mine, leaves) = match self.form_mut() {
            Some(form) if form.saving.as_ref() == Some(name) => {
                form.saving = None;
                (true, form.leaves)
            }
            _ => (false, false),
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
                Screen::Editor(_) | Screen::Checks(_) | Screen::Diagnosis(_) | Screen::Pair(_) => None,
            });
            effects.extend(drafts.map(Effect::ForgetDraft).collect::<Vec<_>>());
            self.home.follow = Some(name.clone());
            // What was saved is tested, not what was typed: the form has done its work.
            while !self.stack.is_empty() {
                effects.extend(self.pop());
            }
            if !leaves {
                self.push_checks(Some(name.clone()), name.to_string(), draft, None);
                effects.extend(self.start_checks());
            }
        }
        effects.push(Effect::LoadHome);
        effects
    }

    /// The profile was removed or renamed meanwhile: whether it is wanted all the same is asked.
    pub(super) fn save_gone(&mut self, name: &ProfileName, old: &ProfileName) -> Vec<Effect> {
        let Some(form) = self.form_mut().filter(|form| form.saving.as_ref() == Some(name)) else { return Vec::new() };
        form.saving = None;
        self.toast = None;
        self.dialog = Some(Dialog::ask(
            format!("'{old}' is not there any more"),
            vec![
                "Another window or program removed or renamed it meanwhile. Nothing was saved.".into(),
                "A secret that was kept for it is not this one's any more.".into(),
            ],
            vec![("Stay here", Answer::Stay), ("Save it as a new profile", Answer::SaveAnew)],
        ));
        vec![Effect::LoadHome]
    }

    /// What was a change of a profile is a new one from now on, in the wizard, where a draft of it can be kept.
    pub(super) fn save_anew(&mut self) -> Vec<Effect> {
        let effects = self.drop_checks();
        if let Some(form) = self.form_mut() {
            form.purpose = Purpose::New;
            form.not_kept();
        }
        if let Some(Screen::Editor(editor)) = self.stack.pop_if(|screen| matches!(screen, Screen::Editor(_))) {
            self.stack.push(Screen::Wizard(Box::new(Wizard::new(editor.form, ""))));
        }
        effects.into_iter().chain(self.save_form_now()).collect()
    }

    /// Somebody else changed the same values meanwhile: whose are right is asked.
    pub(super) fn save_clashed(&mut self, name: &ProfileName, fields: Vec<FieldId>, now: ProfileDraft) -> Vec<Effect> {
        let Some(form) = self.form_mut().filter(|form| form.saving.as_ref() == Some(name)) else { return Vec::new() };
        form.saving = None;
        let ours = form.draft();
        let shown = |value: &str| match Untrusted::plain(value).one_line(60) {
            none if none.is_empty() => "nothing".to_owned(),
            value => format!("'{value}'"),
        };
        let mut lines: Vec<String> = fields
            .iter()
            .map(|field| match field {
                FieldId::Secret => "Where the secret is: both changed that.".to_owned(),
                field => {
                    let label = form.guide.label(*field);
                    format!("{label}: theirs {}, yours {}.", shown(now.value(*field)), shown(ours.value(*field)))
                }
            })
            .collect();
        lines.push("Nothing was saved. What only they changed is taken over in any case.".into());
        let now = Box::new(now);
        self.dialog = Some(Dialog::ask(
            format!("Somebody else changed '{name}' meanwhile"),
            lines,
            vec![
                ("Stay here", Answer::Stay),
                ("Take theirs, and look at it", Answer::Rebase(now.clone(), fields)),
                ("Save yours over it", Answer::Rebase(now, Vec::new())),
            ],
        ));
        Vec::new()
    }

    pub(super) fn leave_form(&mut self) -> Vec<Effect> {
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
                vec![
                    ("Stay here", Answer::Stay),
                    ("Save and leave", Answer::SaveAndLeave),
                    ("Leave, drop the changes", Answer::LeaveDropping),
                ],
            ),
        });
        Vec::new()
    }

    /// The seen screen goes; a test that it runs is cancelled.
    pub(super) fn pop(&mut self) -> Vec<Effect> {
        self.stack.pop().and_then(|screen| cancel(&screen)).into_iter().collect()
    }

    /// All test screens go.
    pub(super) fn drop_checks(&mut self) -> Vec<Effect> {
        let effects = self.stack.iter().filter_map(cancel).collect();
        self.stack.retain(|screen| !matches!(screen, Screen::Checks(_)));
        effects
    }

    pub(super) fn ask_quit(&mut self, code: u8) -> Vec<Effect> {
        // Asked to a second time while a draft is being kept, it waits no longer.
        let Some(form) = self.form().filter(|form| form.dirty() && self.leaving.is_none()) else {
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

    pub(super) fn carried_out(&mut self, said: String, offers: Vec<Offered>) {
        let mut intake = Intake::default();
        let mut certificate = None;
        let shown = |field, value| Found { field, value, by: "the portal".into(), line: None };
        for offer in offers {
            match offer {
                Offered::Value(field, value) => intake.found.push(shown(field, value)),
                Offered::Certificate(path) => certificate = Some(path),
                Offered::Secret(secret, ends) => {
                    #[expect(
                        clippy::disallowed_methods,
                        reason = "the sandbox's made-up secret goes into the field that it is offered for"
                    )]
                    let value = Zeroizing::new(secret.reveal().to_owned());
                    intake.secret = Some(value);
                    intake.found.push(shown(FieldId::Expires, ends));
                }
            }
        }
        let at_rest = self.dialog.is_none() && self.form().is_some_and(|form| form.saving.is_none());
        let Some(form) = self.form_mut().filter(|_| at_rest) else {
            self.say(said);
            return;
        };
        if let Some(path) = certificate {
            form.put(FieldKey::Of(FieldId::Secret), "");
            form.put(FieldKey::Source, &format!("certificate:{path}"));
            form.leave(FieldKey::Source);
        }
        let nothing_new = intake.secret.is_none()
            && intake.found.iter().all(|found| form.text(FieldKey::Of(found.field)) == found.value);
        if nothing_new {
            if let Some(Screen::Wizard(wizard)) = self.stack.last_mut() {
                wizard.carried_out();
            }
            let next = self.test_key().map(|key| format!(" {key} tests again.")).unwrap_or_default();
            self.say(format!("{said}{next}"));
        } else {
            self.toast = None;
            let title = "The sandbox's portal shows".to_owned();
            self.dialog = Some(Dialog::Values { intake, title, said: Some(said), scroll: 0 });
        }
    }

    pub(super) fn take_values(&mut self, intake: &Intake) {
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
            Some(Screen::Wizard(wizard)) => {
                wizard.to_next_gap();
                wizard.fault.take_if(|fault| !fault.mended);
            }
            Some(Screen::Editor(_) | Screen::Checks(_) | Screen::Diagnosis(_) | Screen::Pair(_)) | None => {}
        }
        let next = self.test_key().map(|key| format!("; {key} tests again")).unwrap_or_default();
        self.say(format!("{count} value{} taken{next}", if count == 1 { "" } else { "s" }));
    }

    /// Which key tests again, where a saved profile is being mended and everything is there.
    pub(super) fn test_key(&self) -> Option<&'static str> {
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
}
