//! Questions: their keys, and what an answer leads to.
//!
//! Does not know how a question looks.

use crate::app::dialog::{Answer, Dialog, NameFor};
use crate::app::effect::{Effect, OpenFor};
use crate::app::form::{FieldKey, Purpose, type_hidden};
use crate::app::key::Key;
use crate::app::keymap::{self, Intent};
use crate::app::screens::home::Removed;
use crate::app::{App, Leaving, Screen, scrolled};
use crate::core::names::ProfileName;
use crate::core::profile::ProfileDraft;
use crate::core::secret::looks_like_secret;
use std::mem;
use tui_input::InputRequest;

impl App {
    pub(super) fn dialog_key(&mut self, mut dialog: Dialog, key: Key) -> Vec<Effect> {
        let intent = keymap::intent(dialog.context(), key);
        match intent {
            // Pressed a second time it leaves, keeping what can be kept; over any other question it asks that one.
            Some(Intent::Quit) if dialog.asks_to_quit() => {
                let keeps = matches!(&dialog, Dialog::Ask { answers, .. } if answers.iter().any(|(_, a)| *a == Answer::QuitKeeping));
                return self.answer(if keeps { Answer::QuitKeeping } else { Answer::QuitDropping });
            }
            Some(Intent::Quit) => {
                let effects = self.ask_quit(130);
                // What was typed there is still there for who stays.
                self.under.extend(self.dialog.is_some().then_some(dialog));
                return effects;
            }
            Some(Intent::Back) => {
                match dialog {
                    Dialog::Passphrase(_) => return self.without_vault(),
                    _ if dialog.asks_to_quit() => self.dialog = self.under.pop(),
                    Dialog::Name { purpose: NameFor::File(paper), .. } => self.dialog = Some(Dialog::Paper(paper)),
                    // Back to the name that was typed.
                    Dialog::Ask { answers, .. } => {
                        let other = answers.into_iter().find(|(_, answer)| matches!(answer, Answer::OtherFile(..)));
                        return other.map(|(_, answer)| self.answer(answer)).unwrap_or_default();
                    }
                    _ => {}
                }
                return Vec::new();
            }
            Some(Intent::Repaint) => {
                self.dialog = Some(dialog);
                return vec![Effect::Repaint];
            }
            _ => {}
        }
        if let Dialog::Paper(paper) = dialog {
            return self.paper_key(paper, intent);
        }
        let (max_scroll, page) = (self.seen.max_scroll, self.seen.page.saturating_sub(1).max(1));
        match &mut dialog {
            Dialog::Help { scroll, .. } => match intent {
                Some(intent) => *scroll = scrolled(*scroll, intent, page, max_scroll),
                None => return Vec::new(),
            },
            // Was dealt with above.
            Dialog::Paper(_) => {}
            Dialog::Passphrase(asked) if asked.trying => {}
            Dialog::Passphrase(asked) if key == Key::Enter => {
                let entered = asked.entered();
                self.dialog = Some(dialog);
                return entered.map(Effect::OpenVault).into_iter().collect();
            }
            Dialog::Passphrase(asked) => {
                type_hidden(&mut asked.typed, key);
            }
            Dialog::Ask { answers, marked, .. } => match intent {
                Some(Intent::Up) => *marked = marked.saturating_sub(1),
                Some(Intent::Down) => *marked = (*marked + 1).min(answers.len().saturating_sub(1)),
                Some(Intent::Enter) => {
                    let answer = answers.get(*marked).map(|(_, answer)| answer.clone());
                    return answer.map(|answer| self.answer(answer)).unwrap_or_default();
                }
                _ => {}
            },
            Dialog::Values { intake, said, scroll, .. } => match intent {
                Some(Intent::Enter) => {
                    let intake = mem::take(intake);
                    if let (Some(_), Some(Screen::Wizard(wizard))) = (said, self.stack.last_mut()) {
                        wizard.carried_out();
                    }
                    self.take_values(&intake);
                    return Vec::new();
                }
                Some(intent) => *scroll = scrolled(*scroll, intent, page, max_scroll),
                None => {}
            },
            Dialog::Name { input, problem, purpose, .. } => match key {
                Key::Enter if matches!(purpose, NameFor::File(_)) => {
                    let path = input.value().trim().to_owned();
                    if path.is_empty() {
                        *problem = Some("name a file".into());
                    } else if looks_like_secret(&path) {
                        *problem = Some("that looks like a secret's value: it is no name for a file".into());
                    } else if let NameFor::File(paper) = purpose {
                        return vec![Effect::WriteFile { path, paper: paper.clone(), over: false }];
                    }
                }
                Key::Enter => match input.value().trim().parse::<ProfileName>() {
                    Ok(name) if self.home.has(&name) && !purpose.is_for(&name) => {
                        *problem = Some("there is a profile of that name already".into());
                    }
                    Ok(name) => {
                        return match purpose.clone() {
                            NameFor::Rename(old) if old.as_str() == name.as_str() => Vec::new(),
                            NameFor::Rename(old) => {
                                self.home.follow = Some(name.clone());
                                vec![Effect::Rename(old, name)]
                            }
                            NameFor::Copy(from) => {
                                self.home.follow = Some(name.clone());
                                vec![Effect::Copy(from, name)]
                            }
                            NameFor::File(_) => Vec::new(),
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

    pub(super) fn answer(&mut self, answer: Answer) -> Vec<Effect> {
        match answer {
            Answer::Stay => {
                self.dialog = self.under.pop();
                Vec::new()
            }
            Answer::LeaveKeeping => {
                let effects = self.keep_draft();
                if let Some(Screen::Wizard(wizard)) = self.stack.pop().filter(|_| !effects.is_empty()) {
                    self.leaving = Some(Leaving::Screen(wizard));
                }
                effects
            }
            Answer::SaveAndLeave => {
                if let Some(form) = self.form_mut() {
                    form.leaves = true;
                }
                self.save_form_now()
            }
            Answer::LeaveDropping => {
                let draft = match self.stack.last() {
                    Some(Screen::Wizard(wizard)) => wizard.draft.clone(),
                    _ => None,
                };
                self.pop();
                draft.map(|name| vec![Effect::ForgetDraft(name), Effect::LoadHome]).unwrap_or_default()
            }
            Answer::QuitKeeping => {
                // A test may lie over the wizard.
                let mut effects = self.drop_checks();
                let kept = self.keep_draft();
                match kept.is_empty() {
                    true => self.quit = Some(130),
                    false => self.leaving = Some(Leaving::Program(130)),
                }
                effects.extend(kept);
                effects
            }
            Answer::QuitDropping => {
                self.quit = Some(130);
                Vec::new()
            }
            Answer::IntoVault => {
                if let Some(form) = self.form_mut() {
                    form.put(FieldKey::Source, "vault");
                }
                self.save_form_now()
            }
            Answer::SourceFrom(start) => {
                if let Some(form) = self.form_mut() {
                    form.put(FieldKey::Source, start);
                }
                self.focus_field(FieldKey::Source);
                Vec::new()
            }
            Answer::Export(name, format) => vec![Effect::MakeExport { name, format }],
            Answer::OtherFile(path, paper) => {
                self.ask_file(path, None, paper);
                Vec::new()
            }
            Answer::WriteOver(path, paper) => vec![Effect::WriteFile { path, paper, over: true }],
            Answer::Remove(name) => vec![Effect::Remove(name)],
            Answer::Forget(name) => {
                if let Some(row) = self.home.drafts.iter().find(|row| row.name == name) {
                    self.home.removed.push(Removed::Draft(row.clone()));
                    self.say(format!("the draft '{name}' is forgotten; u brings it back"));
                }
                vec![Effect::ForgetDraft(name), Effect::LoadHome]
            }
            Answer::RemoveLocked(name) => vec![Effect::RemoveLocked(name)],
            Answer::SaveAnew => self.save_anew(),
            Answer::HostsThenTest => {
                if let Some(form) = self.form_mut() {
                    form.confirm_hosts();
                }
                self.test_form()
            }
            Answer::SaveAllTheSame => self.save_form_now(),
            Answer::Rebase(now, theirs) => {
                if let Some(form) = self.form_mut() {
                    form.rebase(*now, &theirs);
                }
                match self.stack.last() {
                    _ if theirs.is_empty() => self.save_form_now(),
                    // With theirs there is something to be looked at first: the form, which a test may cover.
                    Some(Screen::Checks(_)) => self.pop(),
                    _ => Vec::new(),
                }
            }
            Answer::HostsThenSave => {
                if let Some(form) = self.form_mut() {
                    form.confirm_hosts();
                }
                self.save_form_now()
            }
            Answer::MendIn(guide) => {
                self.mend_in(&guide);
                Vec::new()
            }
            Answer::MendProfile(name) => vec![Effect::OpenProfile { name, purpose: OpenFor::Mend }],
            Answer::DiagnoseWith(name) => {
                if let Some(Screen::Diagnosis(diagnosis)) = self.stack.last_mut() {
                    diagnosis.is_assumed = false;
                }
                self.diagnose_with(name)
            }
            Answer::Beside(names) => vec![Effect::OpenPair(names)],
            Answer::Guide(id) => {
                self.open_wizard("", &ProfileDraft::new(&id), Purpose::New, "");
                Vec::new()
            }
        }
    }
}
