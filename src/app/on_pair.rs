//! Two profiles side by side: how the second is chosen, and what the keys lead to.
//!
//! Does not compare; profiles do.

use crate::app::dialog::{Answer, Dialog};
use crate::app::effect::Effect;
use crate::app::keymap::Intent;
use crate::app::msg::Trouble;
use crate::app::screens::pair::Pair;
use crate::app::{App, Screen, scrolled};
use crate::core::names::ProfileName;
use crate::core::profile::ProfileDraft;

impl App {
    /// Asks beside which other profile this one is to stand, where there are several.
    pub(super) fn choose_beside(&mut self, name: ProfileName) -> Vec<Effect> {
        let others: Vec<ProfileName> = self.home.names().into_iter().filter(|other| *other != name).collect();
        match &others[..] {
            [] => {
                self.warn("there is no second profile to compare it with");
                Vec::new()
            }
            [only] => vec![Effect::OpenPair([name, only.clone()])],
            many => {
                let answers =
                    many.iter().map(|other| (other.as_str(), Answer::Beside([name.clone(), other.clone()]))).collect();
                self.dialog = Some(Dialog::ask(format!("Compare '{name}' with which profile?"), Vec::new(), answers));
                Vec::new()
            }
        }
    }

    pub(super) fn pair_opened(
        &mut self,
        names: [ProfileName; 2],
        result: Result<[ProfileDraft; 2], Trouble>,
    ) -> Vec<Effect> {
        // Asked for from home; by now another screen may be open.
        if !self.stack.is_empty() || self.dialog.is_some() {
            return Vec::new();
        }
        match result {
            Ok(drafts) => self.stack.push(Screen::Pair(Box::new(Pair::new(names, &drafts)))),
            Err(trouble) => {
                self.trouble(&trouble);
                return vec![Effect::LoadHome];
            }
        }
        Vec::new()
    }

    pub(super) fn pair_intent(&mut self, intent: Intent) -> Vec<Effect> {
        let (max_scroll, page) = (self.seen.max_scroll, self.seen.page.saturating_sub(1).max(1));
        let Some(Screen::Pair(pair)) = self.stack.last_mut() else { return Vec::new() };
        if intent == Intent::Back {
            return self.pop();
        }
        pair.scroll = scrolled(pair.scroll, intent, page, max_scroll);
        Vec::new()
    }
}
