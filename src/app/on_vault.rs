//! The vault's passphrase: asked for once a run, when something that is wanted first takes it.
//!
//! What is wanted waits here meanwhile. Does not open the vault; the runtime does.

use crate::app::App;
use crate::app::dialog::{Answer, Dialog, Passphrase};
use crate::app::effect::{Effect, SecretWish};
use crate::app::msg::{Trouble, Vault};
use crate::core::names::ProfileName;
use crate::core::profile::{CredentialSource, ProfileDraft};
use crate::core::settings::DefaultStore;
use std::mem;

impl App {
    /// What can be done at once; for the rest the passphrase is asked for.
    pub(super) fn vault_first(&mut self, wanted: Vec<Effect>) -> Vec<Effect> {
        if self.vault == Vault::Open {
            return wanted;
        }
        let (wait, now): (Vec<Effect>, Vec<Effect>) = wanted.into_iter().partition(|effect| self.takes_vault(effect));
        if !wait.is_empty() {
            self.waiting.extend(wait);
            if self.passphrase().is_none() {
                let asked = Passphrase { new: self.vault == Vault::Absent, ..Passphrase::default() };
                self.under.extend(self.dialog.replace(Dialog::Passphrase(asked)));
            }
        }
        now
    }

    /// Whether something cannot be done without the passphrase. Nothing can be read from a vault that is not there, which
    /// is told where it is tried.
    fn takes_vault(&self, effect: &Effect) -> bool {
        let is_there = self.vault != Vault::Absent;
        let named =
            |name: &ProfileName| is_there && self.home.profiles().iter().any(|row| row.name == *name && row.in_vault);
        let in_vault = |draft: &ProfileDraft| draft.source.as_ref().is_some_and(CredentialSource::in_vault);
        match effect {
            Effect::StartChecks { draft, secret, .. } => is_there && secret.is_none() && in_vault(draft),
            Effect::BringBack { in_vault, .. } => is_there && *in_vault,
            Effect::StartSaved { name, .. } | Effect::Copy(name, _) | Effect::Remove(name) => named(name),
            Effect::Save { secret, was, .. } => match secret {
                SecretWish::Keep => false,
                SecretWish::InVault(_) => true,
                SecretWish::Value(_) | SecretWish::Certificate(..) if self.no_keyring.is_some() => true,
                SecretWish::Certificate(..) if self.know.settings.default_store == DefaultStore::Vault => true,
                // The old one is taken out.
                SecretWish::Value(_) | SecretWish::Certificate(..) | SecretWish::Source(_) | SecretWish::Make(_) => {
                    is_there && was.as_ref().is_some_and(|(_, was)| in_vault(was))
                }
            },
            _ => false,
        }
    }

    /// The question for the passphrase, where it is asked, also under another one.
    fn passphrase(&mut self) -> Option<&mut Passphrase> {
        self.dialog.iter_mut().chain(&mut self.under).find_map(|dialog| match dialog {
            Dialog::Passphrase(asked) => Some(asked),
            _ => None,
        })
    }

    /// The passphrase was tried.
    pub(super) fn vault_opened(&mut self, result: Result<(), Trouble>) -> Vec<Effect> {
        match result {
            Ok(()) => {
                self.vault = Vault::Open;
                self.under.retain(|dialog| !matches!(dialog, Dialog::Passphrase(_)));
                if matches!(self.dialog, Some(Dialog::Passphrase(_))) {
                    self.dialog = self.under.pop();
                }
                mem::take(&mut self.waiting)
            }
            Err(trouble) => {
                if let Some(asked) = self.passphrase() {
                    asked.trying = false;
                    asked.problem = Some(trouble.what);
                }
                Vec::new()
            }
        }
    }

    /// The passphrase is not given: what waited for it is not done.
    pub(super) fn without_vault(&mut self) -> Vec<Effect> {
        self.dialog = self.under.pop();
        let mut effects = Vec::new();
        for effect in mem::take(&mut self.waiting) {
            match effect {
                Effect::StartChecks { run, .. } | Effect::StartSaved { run, .. } => {
                    let what = "the vault stays locked: its passphrase was not given".to_owned();
                    effects.extend(self.checks_ended(run, Err(Trouble { what, hint: None })));
                }
                Effect::Save { .. } => {
                    if let Some(form) = self.form_mut() {
                        form.saving = None;
                    }
                    self.warn("not saved: the vault wants a passphrase");
                }
                Effect::Remove(name) => {
                    self.dialog = Some(Dialog::ask(
                        format!("Remove '{name}' without opening the vault?"),
                        vec![
                            "Its secret stays in the vault then, encrypted as it is, and nothing uses it any more."
                                .into(),
                        ],
                        vec![
                            ("Keep the profile", Answer::Stay),
                            ("Remove it, and leave its secret in the vault", Answer::RemoveLocked(name)),
                        ],
                    ));
                }
                _ => self.warn("nothing was changed: the vault stays locked"),
            }
        }
        effects
    }
}
