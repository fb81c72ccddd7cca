//! The live test: started, folded event by event, and left for the step that mends a finding.
//!
//! Does not run anything.

use crate::app::effect::{Effect, OpenFor};
use crate::app::form::Purpose;
use crate::app::keymap::Intent;
use crate::app::msg::{LastVerdict, Trouble};
use crate::app::screens::checks::{Checks, Run};
use crate::app::screens::home::Round;
use crate::app::screens::wizard::Wizard;
use crate::app::{After, App, Screen};
use crate::core::check::{CheckEvent, CheckId, CheckRun, SignInPrompt, Status};
use crate::core::names::ProfileName;
use crate::core::profile::ProfileDraft;
use crate::core::rules::Judge;
use std::mem;
use std::sync::Arc;

impl App {
    pub(super) fn push_checks(
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

    pub(super) fn new_run(&mut self) -> u64 {
        self.next_run += 1;
        self.next_run
    }

    /// Starts the test of the seen test screen anew.
    pub(super) fn start_checks(&mut self) -> Vec<Effect> {
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

    pub(super) fn check_event(&mut self, run: u64, event: CheckEvent) {
        let (rules, clouds) = (self.know.rules, self.know.clouds);
        for screen in &mut self.stack {
            if let Screen::Checks(checks) = screen
                && let Run::Running { run: mine, fold, .. } = &mut checks.run
                && *mine == run
            {
                let draft = &checks.draft;
                let values = |name: &str| draft.template_value(name, Some(checks.guide), clouds);
                fold.apply(event, &Judge { book: rules, guide: Some(checks.guide), values: &values });
                return;
            }
        }
        if let Some(mine) = self.home.runs.iter_mut().find(|mine| mine.run == run) {
            mine.fold.apply(event, &Judge { book: rules, guide: None, values: &|_| None });
        }
    }

    pub(super) fn checks_ended(&mut self, run: u64, result: Result<(), Trouble>) -> Vec<Effect> {
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

    pub(super) fn checks_intent(&mut self, intent: Intent) -> Vec<Effect> {
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
                After::SignIn => return self.sign_in(),
                After::Wait => {}
            },
            Intent::OpenLink if after == After::SignIn => return self.sign_in(),
            Intent::CarryOut if after == After::SignIn && self.sandbox.is_some() => return self.sign_in(),
            Intent::OpenLink => return self.link(false),
            Intent::CopyLink => return self.link(true),
            Intent::CopyDetails if after == After::SignIn => {
                return match self.asked() {
                    Some((_, SignInPrompt::DeviceCode { code, .. })) => vec![Effect::CopyText(code)],
                    _ => self.link(true),
                };
            }
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

    /// To the page on which a person signs in; in a rehearsal the simulated user does.
    fn sign_in(&mut self) -> Vec<Effect> {
        match self.asked() {
            Some((run, prompt)) if self.sandbox.is_some() => vec![Effect::AnswerSignIn { run, prompt }],
            Some((_, prompt)) => vec![Effect::OpenLink(prompt.url().to_owned())],
            None => Vec::new(),
        }
    }

    /// What was pasted while a person is to sign in is what their page says: it ends the wait, and is judged.
    pub(super) fn paste_page(&mut self, text: &str) -> Vec<Effect> {
        match self.asked() {
            Some((run, _)) if !text.trim().is_empty() => return vec![Effect::TellPage { run, text: text.to_owned() }],
            _ => self.warn("nothing to paste into here"),
        }
        Vec::new()
    }

    /// To the step that mends the marked finding: in the wizard below, or in one made of the editor below, or in one
    /// opened over the saved profile.
    pub(super) fn go_to_fix(&mut self) -> Vec<Effect> {
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
            wizard.mend(&finding);
        }
        effects
    }
}
