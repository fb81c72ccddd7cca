//! Texts to hand on: what they are made of, their keys, and the question for a file.
//!
//! Does not know how an export is made or a file is written; both are asked for as effects.

use crate::app::dialog::{Answer, Dialog, NameFor};
use crate::app::effect::{Effect, OpenFor};
use crate::app::form::{FieldKey, Purpose};
use crate::app::keymap::Intent;
use crate::app::msg::{Trouble, Written};
use crate::app::paper::{Paper, Source, Steps};
use crate::app::screens::checks::Run;
use crate::app::screens::home::Marked;
use crate::app::{App, Screen, scrolled};
use crate::core::check::Status;
use crate::core::guide::{Actor, Guide, Step};
use crate::core::handoff;
use crate::core::names::ProfileName;
use crate::core::profile::ProfileDraft;
use crate::core::rules::{Cause, Owner};
use tui_input::Input;

/// The people whom steps are handed to.
const ROLES: [Actor; 2] = [Actor::EntraAdmin, Actor::D365Admin];

impl App {
    /// Shows the open steps of a set-up for one person: that one, else whoever has a step open.
    pub(super) fn hand_over(
        &mut self,
        name: String,
        draft: ProfileDraft,
        last: Option<(Status, Option<Cause>)>,
        role: Option<Actor>,
    ) {
        let guide = self.guide(&draft.guide);
        let by_cause = last.and_then(|(_, cause)| cause).and_then(|cause| match cause.owner() {
            Owner::EntraAdmin => Some(Actor::EntraAdmin),
            Owner::D365Admin => Some(Actor::D365Admin),
            // A value of ours may be got from somebody: whose step it is.
            _ => self.know.rules.step_of(cause).and_then(|step| guide.step(step)).map(|step| step.actor),
        });
        let mut steps = Steps { name, draft, last, role: Actor::Operator, all: false };
        let with_open =
            || ROLES.into_iter().find(|role| !self.open_steps(&Steps { role: *role, ..steps.clone() }).is_empty());
        let wanted = role.into_iter().chain(by_cause).find(|role| roles(guide).contains(role));
        steps.role = wanted.or_else(with_open).or(roles(guide).first().copied()).unwrap_or(Actor::EntraAdmin);
        self.dialog = Some(Dialog::Paper(Box::new(self.steps_paper(steps))));
    }

    /// Asks for a saved profile, to hand its open steps over; those of a finding's cause, where one leads here.
    pub(super) fn hand_over_saved(&self, name: ProfileName, cause: Option<Cause>) -> Vec<Effect> {
        vec![Effect::OpenProfile { name, purpose: OpenFor::HandOver(cause) }]
    }

    /// The same for what is marked at home.
    pub(super) fn hand_over_marked(&mut self) -> Vec<Effect> {
        match self.home.marked() {
            Some(Marked::Profile(row)) => return self.hand_over_saved(row.name, None),
            Some(Marked::Draft(row)) => {
                let role = self.guide(&row.draft.guide).step(&row.step).map(|step| step.actor);
                self.hand_over(row.name.to_string(), row.draft, None, role);
            }
            None => self.warn("there is no profile yet: n sets one up"),
        }
        Vec::new()
    }

    /// The same for the step that is open in the wizard, or the finding that is marked on the test screen.
    pub(super) fn hand_over_seen(&mut self) {
        match self.stack.last() {
            Some(Screen::Wizard(wizard)) => {
                let form = &wizard.form;
                let name = match form.text(FieldKey::Name).parse::<ProfileName>() {
                    Ok(name) => name.to_string(),
                    Err(_) => "a new connection".to_owned(),
                };
                let last = match &form.purpose {
                    // What was tested is not what is seen any more.
                    Purpose::Change(..) if form.dirty() => None,
                    Purpose::Change(name, _) => self.last_of(name),
                    Purpose::New => None,
                };
                let (draft, role) = (form.draft(), wizard.current().actor);
                self.hand_over(name, draft, last, Some(role));
            }
            Some(Screen::Checks(checks)) => {
                let cause = checks.finding().map(|finding| finding.cause);
                let last = match &checks.run {
                    Run::Ended { fold, stopped: false } => Some((fold.verdict(), cause)),
                    // What is told then is of the last test.
                    Run::Idle => None,
                    _ => cause.map(|cause| (Status::Failed, Some(cause))),
                };
                let last = last.or_else(|| self.last_of(checks.saved.as_ref()?));
                self.hand_over(checks.title.clone(), checks.draft.clone(), last, None);
            }
            Some(Screen::Editor(_) | Screen::Diagnosis(_) | Screen::Pair(_)) | None => {}
        }
    }

    /// How the last test of a saved profile came out.
    pub(super) fn last_of(&self, name: &ProfileName) -> Option<(Status, Option<Cause>)> {
        let row = self.home.profiles().iter().find(|row| row.name == *name)?;
        row.last.as_ref().map(|last| (last.verdict, last.cause))
    }

    fn open_steps(&self, steps: &Steps) -> Vec<&'static Step> {
        let guide = self.guide(&steps.draft.guide);
        if steps.all {
            return guide.steps.iter().filter(|step| step.actor == steps.role).collect();
        }
        let step_of = |cause| self.know.rules.step_of(cause).unwrap_or_default().to_owned();
        handoff::open_steps(guide, steps.role, &steps.draft, steps.last, step_of)
    }

    fn steps_paper(&self, steps: Steps) -> Paper {
        let guide = self.guide(&steps.draft.guide);
        let values = |name: &str| steps.draft.template_value(name, Some(guide), self.know.clouds);
        let text = handoff::markdown(guide, steps.role, &steps.name, &values, &self.open_steps(&steps));
        let title = format!("Hand over to {}", handoff::whom(steps.role));
        let who = if steps.role == Actor::D365Admin { "d365-admin" } else { "entra-admin" };
        let file = format!("{}-{who}.md", steps.name.replace(' ', "-"));
        Paper { title, text, file, scroll: 0, of: Source::Steps(steps) }
    }

    /// Asks in which format the profile that is marked at home is to be exported.
    pub(super) fn ask_format(&mut self) {
        match self.home.marked() {
            Some(Marked::Profile(row)) => {
                let labels =
                    self.know.exports.iter().map(|format| (format!("{} ({})", format.title, format.id), format));
                let answers =
                    labels.map(|(label, format)| (label, Answer::Export(row.name.clone(), format.id.clone())));
                self.dialog = Some(Dialog::Ask {
                    title: format!("Export '{}' as what?", row.name),
                    lines: Vec::new(),
                    answers: answers.collect(),
                    marked: 0,
                });
            }
            Some(Marked::Draft(_)) => self.warn("a draft is not saved yet: enter goes on with it"),
            None => self.warn("there is no profile yet: n sets one up"),
        }
    }

    /// An export was made: it is shown, if home is still what is seen.
    pub(super) fn export_made(
        &mut self,
        name: ProfileName,
        format: &str,
        result: Result<String, Trouble>,
    ) -> Vec<Effect> {
        let Some(format) = self.know.exports.iter().find(|known| known.id == format) else { return Vec::new() };
        match result {
            Err(trouble) => {
                self.trouble(&trouble);
                return vec![Effect::LoadHome];
            }
            Ok(text) if self.dialog.is_none() && self.stack.is_empty() => {
                let title = format!("{}, {}", name, format.title);
                let file = format.file.replace("{name}", name.as_str());
                let of = Source::Export { name, format: format.id.clone() };
                self.dialog = Some(Dialog::Paper(Box::new(Paper { title, text, file, scroll: 0, of })));
            }
            Ok(_) => {}
        }
        Vec::new()
    }

    /// A key over a text to hand on. It stays open but for Esc and the question for a file.
    pub(super) fn paper_key(&mut self, mut paper: Box<Paper>, intent: Option<Intent>) -> Vec<Effect> {
        let (max_scroll, page) = (self.seen.max_scroll, self.seen.page.saturating_sub(1).max(1));
        let mut effects = Vec::new();
        match (intent, &mut paper.of) {
            (Some(Intent::CopyDetails), of) => {
                if let Source::Export { name, format } = of {
                    effects.push(Effect::NoteExport { name: name.clone(), format: format.clone() });
                }
                effects.push(Effect::CopyText(paper.text.clone()));
            }
            (Some(Intent::Save), _) => {
                let file = paper.file.clone();
                self.ask_file(file, None, paper);
                return effects;
            }
            (Some(Intent::NextField), Source::Steps(steps)) => {
                let roles = roles(self.guide(&steps.draft.guide));
                let next = roles.into_iter().find(|role| *role != steps.role).unwrap_or(steps.role);
                *paper = self.steps_paper(Steps { role: next, ..steps.clone() });
            }
            (Some(Intent::All), Source::Steps(steps)) => {
                *paper = self.steps_paper(Steps { all: !steps.all, ..steps.clone() });
            }
            (Some(intent), _) => paper.scroll = scrolled(paper.scroll.min(max_scroll), intent, page, max_scroll),
            (None, _) => {}
        }
        self.dialog = Some(Dialog::Paper(paper));
        effects
    }

    /// Whether the person of a text to hand on can be another one.
    pub(super) fn has_other_role(&self, paper: &Paper) -> bool {
        matches!(&paper.of, Source::Steps(steps) if roles(self.guide(&steps.draft.guide)).len() > 1)
    }

    /// Asks for the file that a text is written to.
    pub(super) fn ask_file(&mut self, path: String, problem: Option<String>, paper: Box<Paper>) {
        let title = "Write it to which file?".to_owned();
        self.dialog = Some(Dialog::Name { title, input: Input::new(path), problem, purpose: NameFor::File(paper) });
    }

    /// A text was written to a file, or not: then what was typed is still there.
    pub(super) fn file_written(&mut self, path: String, paper: Box<Paper>, result: Written) {
        let free = self.dialog.is_none();
        match result {
            Written::Done(place) => self.say(format!("written to {place}, for you alone")),
            Written::ThereAlready if free => {
                self.dialog = Some(Dialog::ask(
                    "There is a file of that name. Write over it?",
                    vec![path.clone()],
                    vec![
                        ("No, take another name", Answer::OtherFile(path.clone(), paper.clone())),
                        ("Yes, write over it", Answer::WriteOver(path, paper)),
                    ],
                ));
            }
            Written::Failed(trouble) if free => self.ask_file(path, Some(trouble.what), paper),
            Written::ThereAlready => self.warn("it was not written: there is a file of that name"),
            Written::Failed(trouble) => self.trouble(&trouble),
        }
    }
}

/// Who has steps in a guide, beside the operator.
fn roles(guide: &Guide) -> Vec<Actor> {
    ROLES.into_iter().filter(|role| guide.steps.iter().any(|step| step.actor == *role)).collect()
}
