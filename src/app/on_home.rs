//! Home: what its keys lead to, and how a saved profile is opened.
//!
//! Does not read the list; the runtime does.

use crate::app::dialog::{Answer, Dialog, NameFor};
use crate::app::effect::{Effect, OpenFor};
use crate::app::form::{Form, Purpose};
use crate::app::keymap::Intent;
use crate::app::msg::{DraftRow, Trouble};
use crate::app::screens::diagnosis::Diagnosis;
use crate::app::screens::editor::Editor;
use crate::app::screens::home::{HomeRun, Marked, Order, Removed, Round};
use crate::app::screens::wizard::Wizard;
use crate::app::{App, Screen, others};
use crate::core::check::{CheckRun, Status};
use crate::core::cloud::CloudId;
use crate::core::guide::Guide;
use crate::core::names::ProfileName;
use crate::core::profile::ProfileDraft;
use crate::core::question::FieldId;
use crate::core::secret::looks_like_secret;
use crate::core::settings::DefaultStore;
use std::mem;
use tui_input::{Input, InputRequest};

impl App {
    pub(super) fn home_intent(&mut self, intent: Intent) -> Vec<Effect> {
        if self.home.filtering && self.filter_intent(intent) {
            return Vec::new();
        }
        let marked = self.home.marked();
        if marked.is_none() && self.home.is_filtered() && of_marked(intent) {
            self.warn("nothing fits the filter: Esc shows all again");
            return Vec::new();
        }
        let page = usize::from(self.seen.page.saturating_sub(1).max(1));
        match (intent, marked) {
            (Intent::Filter, _) => {
                self.home.filtering = !self.home.is_empty();
                Vec::new()
            }
            (Intent::Group, _) => {
                self.home.grouped = !self.home.grouped;
                self.home.arrange();
                Vec::new()
            }
            (Intent::Sort, _) => {
                self.home.order = match self.home.order {
                    Order::Name => Order::End,
                    Order::End => Order::Name,
                };
                self.home.arrange();
                self.say(match self.home.order {
                    Order::Name => "by name",
                    Order::End => "the soonest end first",
                });
                Vec::new()
            }
            (Intent::New, _) => self.start_new(),
            (Intent::Diagnose, marked) => {
                let is_assumed = matches!(marked, Some(Marked::Profile(_)));
                self.stack.push(Screen::Diagnosis(Box::new(Diagnosis { is_assumed, ..Diagnosis::default() })));
                match marked {
                    Some(Marked::Profile(row)) => self.diagnose_with(Some(row.name)),
                    _ => Vec::new(),
                }
            }
            (Intent::Export, _) => {
                self.ask_format();
                Vec::new()
            }
            (Intent::HandOver, _) => self.hand_over_marked(),
            (Intent::Up | Intent::Down, _) => {
                self.home.step(intent == Intent::Down, 1);
                Vec::new()
            }
            (Intent::PrevPage | Intent::NextPage, _) => {
                self.home.step(intent == Intent::NextPage, page);
                Vec::new()
            }
            (Intent::Back, _) => {
                let effects = self.stop_round();
                if effects.is_empty() {
                    self.home.clear_filter();
                } else {
                    self.say("stopped");
                }
                effects
            }
            (Intent::TestAll, _) => {
                let (ready, broken): (Vec<_>, Vec<_>) =
                    self.home.seen_profiles().partition(|row| row.problem.is_none());
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
            (Intent::Beside, Some(Marked::Profile(row))) => self.choose_beside(row.name),
            (Intent::Beside, _) => {
                self.warn("go to a profile first: it is compared with another");
                Vec::new()
            }
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
                    format!("Remove '{}'?", row.name),
                    vec!["A secret that is kept for it here goes, too; u brings both back until you leave. The app in Entra and its row in D365 stay as they are.".into()],
                    vec![("Keep it", Answer::Stay), ("Remove it", Answer::Remove(row.name))],
                ));
                Vec::new()
            }
            (Intent::BringBack, _) => self.bring_back(),
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

    /// Brings back what was removed last and is not back yet. What cannot come back is passed over.
    fn bring_back(&mut self) -> Vec<Effect> {
        // One after the other: the answer is waited for.
        if self.home.returning.is_some() {
            return Vec::new();
        }
        let Some(removed) = self.home.removed.pop() else {
            self.warn("nothing was removed since the program was started");
            return Vec::new();
        };
        let name = removed.name().clone();
        let is_draft = matches!(removed, Removed::Draft(_));
        if self.home.has(&name) || is_draft && self.home.has_draft(&name) {
            let next = if self.home.removed.is_empty() { "" } else { "; u brings back what was removed before it" };
            self.warn(format!("'{name}' cannot come back: there is one of that name by now{next}"));
            self.home.removed.insert(0, removed);
            return Vec::new();
        }
        let effect = match &removed {
            Removed::Profile { name, in_vault } => Effect::BringBack { name: name.clone(), in_vault: *in_vault },
            Removed::Draft(row) => {
                let DraftRow { name, draft, step } = row.clone();
                Effect::KeepDraft { name, draft, step }
            }
        };
        self.home.returning = Some(removed);
        vec![effect]
    }

    /// It is back, or after a failure it can be tried again.
    pub(super) fn returned(&mut self, is_back: bool) {
        match self.home.returning.take() {
            Some(removed) if is_back => self.home.follow = Some(removed.name().clone()),
            Some(removed) => self.home.removed.push(removed),
            None => {}
        }
    }

    /// What a key does to the filter while it is typed; says whether it does nothing else.
    fn filter_intent(&mut self, intent: Intent) -> bool {
        match intent {
            Intent::Back => self.home.clear_filter(),
            // A secret that was typed by mistake does not stay (safety rule 6).
            Intent::NextField | Intent::Enter if looks_like_secret(self.home.filter.value().trim()) => {
                self.home.clear_filter();
                self.warn("that looks like a secret's value: it was taken out of the filter");
            }
            Intent::NextField => self.home.filtering = false,
            Intent::Enter => {
                self.home.filtering = false;
                return false;
            }
            _ => return false,
        }
        true
    }

    /// A paste narrows the list by its first line.
    pub(super) fn paste_filter(&mut self, text: &str) {
        let line = text.trim().lines().next().unwrap_or_default();
        if looks_like_secret(line) {
            self.warn("that looks like a secret's value: it was not taken");
            return;
        }
        for c in line.chars().filter(|c| !c.is_control()).take(200) {
            self.home.filter.handle(InputRequest::InsertChar(c));
        }
        self.home.arrange();
    }

    pub(super) fn open_saved(&mut self, name: ProfileName, purpose: OpenFor) -> Vec<Effect> {
        vec![Effect::OpenProfile { name, purpose }]
    }

    /// Ends the tests that run from home.
    pub(super) fn stop_round(&mut self) -> Vec<Effect> {
        self.home.round = Round::default();
        mem::take(&mut self.home.runs).into_iter().map(|run| Effect::CancelChecks { run: run.run }).collect()
    }

    pub(super) fn resume(&mut self, row: &DraftRow) {
        let shown = if row.name.as_str().starts_with("unnamed") { "" } else { row.name.as_str() };
        self.open_wizard(shown, &row.draft, Purpose::New, &row.step);
        if let Some(Screen::Wizard(wizard)) = self.stack.last_mut() {
            wizard.form.set_taken(others(&self.home.names(), &self.home.drafts, &Purpose::New, Some(&row.name)));
            wizard.draft = Some(row.name.clone());
        }
    }

    pub(super) fn start_new(&mut self) -> Vec<Effect> {
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

    pub(super) fn guide(&self, id: &str) -> &'static Guide {
        self.know.guides.iter().find(|guide| guide.id == id).unwrap_or(&self.know.guides[0])
    }

    pub(super) fn make_form(&self, name: &str, draft: &ProfileDraft, purpose: Purpose) -> Form {
        let taken = others(&self.home.names(), &self.home.drafts, &purpose, None);
        let mut form = Form::new(self.guide(&draft.guide), self.know.clouds, self.today, name, draft, purpose, taken);
        form.prefers_vault = self.know.settings.default_store == DefaultStore::Vault;
        if draft.source.is_none() && (form.prefers_vault || self.no_keyring.is_some()) {
            form.default_to_vault();
        }
        form
    }

    pub(super) fn open_wizard(&mut self, name: &str, draft: &ProfileDraft, purpose: Purpose, step: &str) {
        let mut draft = draft.clone();
        if purpose == Purpose::New {
            let preset = match &self.sandbox {
                Some(rehearsal) => (rehearsal.preset)(self.guide(&draft.guide).product),
                // Where nothing is said it is the global one already.
                None if self.know.settings.cloud == CloudId::Global => Vec::new(),
                None => vec![(FieldId::Cloud, self.know.settings.cloud.as_str())],
            };
            for (field, value) in preset {
                if draft.value(field).is_empty() {
                    draft.set(field, value);
                }
            }
        }
        let form = self.make_form(name, &draft, purpose);
        self.stack.push(Screen::Wizard(Box::new(Wizard::new(form, step))));
    }

    /// Opens the wizard over a saved profile whose values cannot be tested, at the first that is missing or wrong.
    pub(super) fn complete(&mut self, name: &ProfileName, draft: &ProfileDraft) -> bool {
        let Err(problems) = draft.check(name, self.guide(&draft.guide), self.know.clouds) else { return false };
        self.open_wizard(name.as_str(), draft, Purpose::Change(name.clone(), draft.clone()), "");
        if !self.show_problem(false)
            && let Some(problem) = problems.first()
        {
            self.warn(format!("{}: {}", problem.field.spec().label, problem.text));
        }
        true
    }

    pub(super) fn profile_opened(
        &mut self,
        name: ProfileName,
        purpose: OpenFor,
        result: Result<ProfileDraft, Trouble>,
    ) -> Vec<Effect> {
        // Asked for from home, or to edit what the test screen shows; by now another screen may be open.
        let still_wanted = match (self.stack.as_slice(), purpose) {
            ([], purpose) => !matches!(purpose, OpenFor::Mend | OpenFor::Diagnose),
            ([Screen::Checks(checks)], OpenFor::Edit) => checks.saved.as_ref() == Some(&name),
            ([Screen::Diagnosis(_)], OpenFor::Mend | OpenFor::Diagnose | OpenFor::HandOver(_)) => true,
            _ => false,
        };
        if !still_wanted || self.dialog.is_some() {
            return Vec::new();
        }
        let draft = match result {
            Ok(draft) => draft,
            // It may be gone: the list is looked at again.
            Err(trouble) => {
                self.trouble(&trouble);
                return vec![Effect::LoadHome];
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
            OpenFor::HandOver(cause) => {
                let last = cause.map(|cause| (Status::Failed, Some(cause))).or_else(|| self.last_of(&name));
                self.hand_over(name.to_string(), draft, last, None);
                Vec::new()
            }
            OpenFor::Mend => {
                let found = match self.stack.last() {
                    Some(Screen::Diagnosis(diagnosis)) => {
                        diagnosis.findings.get(diagnosis.marked).cloned().zip(Some(diagnosis.others()))
                    }
                    _ => None,
                };
                if let Some((finding, others)) = found {
                    let saved = Purpose::Change(name.clone(), draft.clone());
                    self.open_wizard(name.as_str(), &draft, saved, &finding.fix.step);
                    if let Some(Screen::Wizard(wizard)) = self.stack.last_mut() {
                        wizard.form.others = others;
                        wizard.mend(&finding);
                    }
                }
                Vec::new()
            }
            OpenFor::Diagnose => {
                if let Some(Screen::Diagnosis(diagnosis)) = self.stack.last_mut() {
                    diagnosis.profile = Some((name, draft));
                }
                self.judge_text();
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
}

/// Whether an intent is for the marked entry.
fn of_marked(intent: Intent) -> bool {
    matches!(
        intent,
        Intent::Enter
            | Intent::Test
            | Intent::Edit
            | Intent::Rename
            | Intent::Copy
            | Intent::Remove
            | Intent::Export
            | Intent::HandOver
            | Intent::Beside
    )
}
