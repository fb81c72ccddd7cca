//! The live test: started, folded event by event, and left for the step that mends a finding.
//!
//! Does not run anything.

use crate::app::effect::{Effect, OpenFor};
use crate::app::form::Purpose;
use crate::app::keymap::Intent;
use crate::app::msg::{LastVerdict, Trouble};
use crate::app::screens::checks::{Again, Checks, Run};
use crate::app::screens::home::Round;
use crate::app::screens::wizard::Wizard;
use crate::app::{After, App, Screen};
use crate::core::check::{CheckEvent, CheckId, CheckRun, SignInPrompt, Status};
use crate::core::names::ProfileName;
use crate::core::pasted::Known;
use crate::core::profile::ProfileDraft;
use crate::core::rules::{Cause, Finding, Judge};
use crate::core::since::Traits;
use crate::core::template::with_profile;
use std::mem;
use std::sync::Arc;

/// The step that makes a secret (contract, section 3).
const CLIENT_SECRET: &str = "client-secret";

impl App {
    pub(super) fn push_checks(
        &mut self,
        saved: Option<ProfileName>,
        title: String,
        draft: ProfileDraft,
        secret: Option<Arc<crate::core::secret::ClientSecret>>,
    ) {
        let guide = self.guide(&draft.guide);
        let last = saved.as_ref().and_then(|name| self.last_finding(name, &draft));
        self.stack.push(Screen::Checks(Box::new(Checks {
            saved,
            title,
            guide,
            draft,
            secret,
            run: Run::Idle,
            last,
            again: None,
            gave_up: false,
            since: None,
            marked: 0,
            detail: None,
            scroll: 0,
        })));
    }

    /// What the last test of a saved profile found first, where it did not pass. History holds no more of it than that.
    fn last_finding(&self, name: &ProfileName, draft: &ProfileDraft) -> Option<Finding> {
        let (verdict, cause) = self.last_of(name)?;
        let cause = cause.filter(|_| matches!(verdict, Status::Failed | Status::Unknown))?;
        let guide = self.guide(&draft.guide);
        let saved = self.sandbox.is_none().then(|| name.to_string());
        let values = with_profile(saved, |hole| draft.template_value(hole, Some(guide), self.know.clouds));
        Some(Judge { book: self.know.rules, guide: Some(guide), values: &values }.of_cause(cause))
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
        checks.gave_up = false;
        checks.since = None;
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
        let (rules, clouds, is_rehearsal) = (self.know.rules, self.know.clouds, self.sandbox.is_some());
        for screen in &mut self.stack {
            if let Screen::Checks(checks) = screen
                && let Run::Running { run: mine, fold, .. } = &mut checks.run
                && *mine == run
            {
                let draft = &checks.draft;
                // In a rehearsal the commands that texts name would find another home.
                let saved = checks.saved.as_ref().filter(|_| !is_rehearsal);
                let values = with_profile(saved.map(ToString::to_string), |hole| {
                    draft.template_value(hole, Some(checks.guide), clouds)
                });
                let asked = fold.asks().is_some();
                fold.apply(event, &Judge { book: rules, guide: Some(checks.guide), values: &values });
                // A prompt that comes, or goes, takes the place of what was read, and so does what came of it.
                if fold.asks().is_some() != asked {
                    checks.detail = None;
                    checks.scroll = 0;
                }
                return;
            }
        }
        if let Some(mine) = self.home.runs.iter_mut().find(|mine| mine.run == run) {
            mine.fold.apply(event, &Judge { book: rules, guide: None, values: &|_| None });
        }
    }

    pub(super) fn checks_ended(&mut self, run: u64, result: Result<(), Trouble>) -> Vec<Effect> {
        if let Some(Screen::Checks(checks)) = self.stack.last()
            && let Run::Running { run: mine, fold, .. } = &checks.run
            && *mine == run
        {
            let works = result.is_ok() && fold.verdict() <= Status::Warning;
            if let Some(form) = self.form_mut() {
                form.tested = works;
            }
        }
        let (rules, changes) = (self.know.rules, &self.changes);
        for screen in &mut self.stack {
            if let Screen::Checks(checks) = screen
                && let Run::Running { run: mine, fold, .. } = &mut checks.run
                && *mine == run
            {
                let fold = mem::take(fold);
                let verdict = fold.verdict();
                let cause = fold.findings.first().map(|finding| finding.cause);
                let seen = Traits::of_run(&fold);
                checks.run = match result {
                    Ok(()) => Run::Ended { fold, stopped: false },
                    Err(trouble) => Run::Trouble(trouble),
                };
                let wait = checks.passing(rules);
                let is_news = wait.is_some_and(|wait| wait.steps.iter().any(|step| changes.steps.contains(step)));
                let tried = checks.again.take();
                checks.again = match (&tried, wait, checks.fold()) {
                    (Some(again), Some(_), Some(fold)) => again.after(fold.elapsed),
                    (None, Some(_), _) if is_news => Some(Again::default()),
                    _ => None,
                };
                checks.gave_up = tried.is_some() && wait.is_some() && checks.again.is_none();
                let noted = match &checks.run {
                    Run::Ended { .. } => checks.saved.clone(),
                    _ => None,
                };
                return match noted {
                    Some(name) => vec![Effect::NoteVerdict { name, verdict, cause, seen }, Effect::LoadHome],
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
            return vec![Effect::LoadHome];
        }
        let cause = ended.fold.findings.first().map(|finding| finding.cause);
        if let Some(when) = self.home.now {
            self.home.note(&ended.name, LastVerdict { verdict, when, cause });
        }
        let seen = Traits::of_run(&ended.fold);
        vec![Effect::NoteVerdict { name: ended.name, verdict, cause, seen }, Effect::LoadHome]
    }

    pub(super) fn checks_intent(&mut self, intent: Intent) -> Vec<Effect> {
        let max_scroll = self.seen.max_scroll;
        let page = self.seen.page.saturating_sub(1).max(1);
        let (after, unsaved, rules) = (self.after_checks(), self.unsaved(), self.know.rules);
        let Some(Screen::Checks(checks)) = self.stack.last_mut() else { return Vec::new() };
        match intent {
            Intent::Back => {
                // Esc stops a running test at once; the screen stays, to see how far it came.
                if checks.detail.is_some() {
                    checks.toggle_details();
                    return Vec::new();
                }
                if checks.counts() {
                    checks.again = None;
                    self.say("stopped trying");
                    return Vec::new();
                }
                checks.again = None;
                if let Run::Running { run, fold, .. } = &mut checks.run {
                    let (run, fold) = (*run, mem::take(fold));
                    checks.run = Run::Ended { fold, stopped: true };
                    return vec![Effect::CancelChecks { run }];
                }
                return self.pop();
            }
            Intent::HandOver => self.hand_over_seen(),
            Intent::Test => return self.start_checks(),
            Intent::Details if checks.fold().is_some() => checks.toggle_details(),
            Intent::KeepTrying if checks.passing(rules).is_some() => {
                checks.again = Some(Again::default());
                return self.start_checks();
            }
            Intent::KeepTrying => self.say("this does not pass by waiting"),
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
                checks.again = None;
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

    /// A second of the countdown; at its end the test is tried again.
    pub(super) fn second(&mut self) -> Vec<Effect> {
        let Some(Screen::Checks(checks)) = self.stack.last_mut() else { return Vec::new() };
        if !checks.counts() {
            return Vec::new();
        }
        if let Some(again) = &mut checks.again {
            again.pause = again.pause.saturating_sub(1);
            again.left = again.left.saturating_sub(1);
            if again.pause == 0 {
                return self.start_checks();
            }
        }
        Vec::new()
    }

    /// Notes the steps that were carried out: a failure that comes with them may be a "not yet".
    pub(super) fn note_changes(&mut self, steps: impl IntoIterator<Item = String>) -> Vec<Effect> {
        let steps: Vec<String> = steps.into_iter().collect();
        if steps.is_empty() {
            return Vec::new();
        }
        self.changes.steps.extend(steps);
        self.changes.id += 1;
        vec![Effect::AgeChangesSoon(self.changes.id)]
    }

    /// Notes what the open form says was done: a secret that was typed, the step that was to be mended, and, in a new
    /// set-up, the steps that were gone through.
    pub(super) fn note_form_changes(&mut self) -> Vec<Effect> {
        let mut steps = Vec::new();
        let has_secret = self.form().is_some_and(|form| form.typed_secret().is_some());
        steps.extend(has_secret.then(|| CLIENT_SECRET.to_owned()));
        for screen in &self.stack {
            let Screen::Wizard(wizard) = screen else { continue };
            let all = &wizard.guide().steps;
            steps.extend(wizard.fault.as_ref().and_then(|fault| all.get(fault.step)).map(|step| step.id.clone()));
            if wizard.form.purpose == Purpose::New {
                let gone = all.iter().zip(&wizard.passed).filter(|(_, passed)| **passed);
                // Without a new secret nothing says that the secret is new.
                steps.extend(gone.map(|(step, _)| step.id.clone()).filter(|id| id != CLIENT_SECRET));
            }
        }
        self.note_changes(steps)
    }

    /// To the page on which a person signs in; in a rehearsal the simulated user does.
    fn sign_in(&mut self) -> Vec<Effect> {
        match self.asked() {
            Some((run, prompt)) if self.sandbox.is_some() => vec![Effect::AnswerSignIn { run, prompt }],
            Some((_, prompt)) => vec![Effect::OpenLink(prompt.url().to_owned())],
            None => Vec::new(),
        }
    }

    /// What was pasted while a person is to sign in may be what their page says: then it ends the wait, and is judged. A
    /// text that says nothing of a sign-in ends nothing.
    pub(super) fn paste_page(&mut self, text: &str) -> Vec<Effect> {
        let Some((run, _)) = self.asked() else {
            self.warn("nothing to paste into here");
            return Vec::new();
        };
        let known = Known { book: self.know.rules, guides: self.know.guides, clouds: self.know.clouds };
        let now = self.home.now.map_or(0, |now| now.as_second());
        let findings = known.read(text, None, None, now).findings;
        if findings.iter().any(|finding| !matches!(finding.cause, Cause::Unknown | Cause::NotAnError)) {
            return vec![Effect::TellPage { run, text: text.to_owned() }];
        }
        self.warn("this text says nothing about why the sign-in fails, so it is still waited for: paste the page's whole text, with its AADSTS code");
        Vec::new()
    }

    /// To the step that mends the marked finding: in the wizard below, or in one made of the editor below, or in one
    /// opened over the saved profile.
    pub(super) fn go_to_fix(&mut self) -> Vec<Effect> {
        let Some(Screen::Checks(checks)) = self.stack.last_mut() else { return Vec::new() };
        let Some(finding) = checks.finding().cloned() else { return Vec::new() };
        checks.again = None;
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
