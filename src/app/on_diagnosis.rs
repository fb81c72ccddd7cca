//! Diagnosis: what its keys lead to.
//!
//! Judging is for the rules.

use crate::app::effect::{Effect, OpenFor};
use crate::app::form::Purpose;
use crate::app::keymap::Intent;
use crate::app::screens::checks::finding_text;
use crate::app::screens::diagnosis::Part;
use crate::app::screens::home::Marked;
use crate::app::{App, Screen};
use crate::core::profile::ProfileDraft;
use crate::core::rules::Judge;

impl App {
    pub(super) fn judge_text(&mut self) {
        let know = self.know;
        let Some(Screen::Diagnosis(diagnosis)) = self.stack.last_mut() else { return };
        diagnosis.findings = if diagnosis.text.trim().is_empty() {
            Vec::new()
        } else {
            let values = |_: &str| None;
            Judge { book: know.rules, guide: know.guides.first(), values: &values }.findings(&diagnosis.evidence)
        };
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
            Intent::CopyDetails => {
                let text = diagnosis.findings.get(diagnosis.marked).map(finding_text);
                return text.map(Effect::CopyText).into_iter().collect();
            }
            Intent::Enter => {
                if let Some(finding) = diagnosis.findings.get(diagnosis.marked).cloned() {
                    // The profile that is marked at home is the one that is mended; without any, the guide is read.
                    if let Some(Marked::Profile(row)) = self.home.marked() {
                        return vec![Effect::OpenProfile { name: row.name, purpose: OpenFor::Mend }];
                    }
                    let guide = self.know.guides[0].id.clone();
                    let guide = finding.fix.guide.clone().unwrap_or(guide);
                    self.open_wizard("", &ProfileDraft::new(&guide), Purpose::New, &finding.fix.step);
                    if let Some(Screen::Wizard(wizard)) = self.stack.last_mut() {
                        wizard.passed.fill(false);
                        wizard.mend(&finding);
                    }
                }
            }
            Intent::Back => return self.pop(),
            _ => {}
        }
        Vec::new()
    }
}
