//! Diagnosis: what its keys lead to, and the comparing with a profile.
//!
//! Judging is for the rules.

use crate::app::dialog::{Answer, Dialog};
use crate::app::effect::{Effect, OpenFor};
use crate::app::form::Purpose;
use crate::app::keymap::Intent;
use crate::app::screens::checks::finding_text;
use crate::app::screens::diagnosis::Part;
use crate::app::{App, Screen};
use crate::core::evidence;
use crate::core::names::ProfileName;
use crate::core::pasted::{self, Beside, Known, Reading};
use crate::core::profile::ProfileDraft;
use crate::core::rules::Finding;

impl App {
    /// Judges what was typed since the last frame. Each judging reads the whole text, and keys come in bursts: a terminal
    /// without bracketed paste sends a pasted text key by key.
    pub fn judge_typed(&mut self) {
        if matches!(self.stack.last(), Some(Screen::Diagnosis(diagnosis)) if diagnosis.is_behind) {
            self.judge_text();
        }
    }

    /// Reads the text anew, beside the chosen profile, and judges it.
    pub(super) fn judge_text(&mut self) {
        let know = self.know;
        let now = self.home.now.map_or(0, |now| now.as_second());
        let Some(Screen::Diagnosis(diagnosis)) = self.stack.last_mut() else { return };
        let chosen = diagnosis.profile.as_ref();
        let guide = chosen.and_then(|(_, draft)| know.guides.iter().find(|guide| guide.id == draft.guide));
        let profile = chosen.zip(guide).and_then(|((name, draft), guide)| draft.check(name, guide, know.clouds).ok());
        let beside = chosen.map(|(_, draft)| Beside { draft, profile: profile.as_ref() });
        let known = Known { book: know.rules, guides: know.guides, clouds: know.clouds };
        let is_empty = diagnosis.text.trim().is_empty();
        let usual = know.guides.first();
        let read = |beside| if is_empty { Reading::default() } else { known.read(&diagnosis.text, beside, usual, now) };
        let mut reading = read(beside);
        // What shows no tie to a profile that was only marked tells nothing about that profile's app or secret.
        let is_tied = |draft: &ProfileDraft| {
            reading.other.is_some() || reading.token.is_some() || pasted::names_ids(&reading.evidence, draft)
        };
        let is_loose = !is_empty && diagnosis.is_assumed && chosen.is_some_and(|(_, draft)| !is_tied(draft));
        if is_loose {
            reading = read(None);
        }
        diagnosis.is_loose = is_loose;
        diagnosis.is_behind = false;
        diagnosis.token = reading.token.unwrap_or_default();
        diagnosis.shown = evidence::shown(&diagnosis.text);
        diagnosis.places = evidence::places(diagnosis.shown.as_str(), &reading.evidence);
        diagnosis.evidence = reading.evidence;
        diagnosis.findings = reading.findings;
        diagnosis.other = reading.other;
    }

    pub(super) fn diagnosis_intent(&mut self, intent: Intent) -> Vec<Effect> {
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
            Intent::OpenLink => return self.link(false),
            Intent::CopyLink => return self.link(true),
            Intent::CopyDetails => {
                let text = diagnosis.findings.get(diagnosis.marked).map(finding_text);
                return text.map(Effect::CopyText).into_iter().collect();
            }
            Intent::HandOver => {
                let cause = diagnosis.findings.get(diagnosis.marked).map(|finding| finding.cause);
                return match diagnosis.profile.clone() {
                    Some(_) if diagnosis.other.is_some() => {
                        self.warn("the text is of another product than the profile: choose another one, with p");
                        Vec::new()
                    }
                    Some((name, _)) if diagnosis.is_loose => {
                        self.warn(format!("the text names no id of {name}: say with p which profile it is about"));
                        Vec::new()
                    }
                    Some((name, _)) => self.hand_over_saved(name, cause),
                    None => {
                        self.warn("choose a profile first, with p: its steps are handed over");
                        Vec::new()
                    }
                };
            }
            Intent::ChooseProfile => self.choose_profile(),
            Intent::Enter => return self.go_from_text(),
            Intent::Back => return self.pop(),
            _ => {}
        }
        Vec::new()
    }

    /// Compares the text with a profile, once it is read, or with none.
    pub(super) fn diagnose_with(&mut self, name: Option<ProfileName>) -> Vec<Effect> {
        if let Some(name) = name {
            return vec![Effect::OpenProfile { name, purpose: OpenFor::Diagnose }];
        }
        if let Some(Screen::Diagnosis(diagnosis)) = self.stack.last_mut() {
            diagnosis.profile = None;
        }
        self.judge_text();
        Vec::new()
    }

    fn choose_profile(&mut self) {
        let names = self.home.names();
        if names.is_empty() {
            self.warn("there is no profile yet");
            return;
        }
        let mut answers = vec![("None", Answer::DiagnoseWith(None))];
        answers.extend(names.iter().map(|name| (name.as_str(), Answer::DiagnoseWith(Some(name.clone())))));
        self.dialog = Some(Dialog::ask("Compare the text with which profile?", Vec::new(), answers));
    }

    /// The finding that is marked.
    fn text_finding(&self) -> Option<Finding> {
        match self.stack.last() {
            Some(Screen::Diagnosis(diagnosis)) => diagnosis.findings.get(diagnosis.marked).cloned(),
            _ => None,
        }
    }

    /// To the step that mends the marked finding: in the chosen profile, else in the guide that is asked for.
    fn go_from_text(&mut self) -> Vec<Effect> {
        let Some(Screen::Diagnosis(diagnosis)) = self.stack.last() else { return Vec::new() };
        if diagnosis.findings.is_empty() {
            return Vec::new();
        }
        let own = diagnosis.profile.as_ref().filter(|_| diagnosis.other.is_none()).map(|(name, _)| name.clone());
        match (own, self.know.guides) {
            (Some(name), _) if !diagnosis.is_loose => {
                return vec![Effect::OpenProfile { name, purpose: OpenFor::Mend }];
            }
            (None, [only]) => self.mend_in(&only.id),
            (own, many) => {
                let own = own.map(|name| (format!("The profile {name}"), Answer::MendProfile(name)));
                let own = own.iter().map(|(label, answer)| (label.as_str(), answer.clone()));
                let new = many.iter().map(|guide| (guide.title.as_str(), Answer::MendIn(guide.id.clone())));
                let answers = own.chain(new).collect();
                self.dialog = Some(Dialog::ask("Which connection is it about?", Vec::new(), answers));
            }
        }
        Vec::new()
    }

    /// Opens a guide at the step that mends the marked finding.
    pub(super) fn mend_in(&mut self, guide: &str) {
        let Some(finding) = self.text_finding() else { return };
        self.open_wizard("", &ProfileDraft::new(guide), Purpose::New, &finding.fix.step);
        if let Some(Screen::Wizard(wizard)) = self.stack.last_mut() {
            wizard.passed.fill(false);
            wizard.mend(&finding);
        }
    }
}
