//! Drives the state machine by keys and messages, without terminal, network or disk.

use d365_connect::app::effect::Effect;
use d365_connect::app::key::{Key, Paste};
use d365_connect::app::msg::{HomeData, Msg, Row};
use d365_connect::app::{App, Knowledge, Open, Rehearsal};
use d365_connect::assets;
use d365_connect::core::check::{CheckEvent, CheckId, CheckResult, Details};
use d365_connect::core::evidence::Evidence;
use d365_connect::core::guide::Guide;
use d365_connect::core::profile::{CredentialSource, ProfileDraft, SecretSource};
use d365_connect::core::question::FieldId;
use d365_connect::core::settings::Settings;
use jiff::Timestamp;
use jiff::civil::Date;
use std::time::Duration;
use zeroize::Zeroizing;

pub const GUIDE: &str = "fno-client-credentials";
pub const TENANT: &str = "b1d6c3a2-4f0e-4c57-9a8b-2e7d5f6a1c34";
pub const CLIENT: &str = "7c9e6d21-58b4-4d0f-8e63-1a2b9c4d5e6f";
pub const URL: &str = "https://contoso.operations.dynamics.com";
/// Shaped like a secret of today. It is none.
pub const SECRET: &str = "cAn8Q~aryVaLuEthatMustNotBeSeen.12345678";

/// The day and the moment of all tests.
pub fn today() -> Date {
    Date::constant(2026, 11, 21)
}

pub fn now() -> Timestamp {
    "2026-11-21T10:00:00Z".parse().unwrap()
}

/// The app, and the effects it has asked for since they were last looked at.
pub struct Bench {
    pub app: App,
    pub effects: Vec<Effect>,
    /// The change that becomes old next: asked for with much, and looked at in its own test.
    pub aging: Option<u64>,
    /// The credential that was looked at last: with every other place of it, and in its own test.
    pub trying: Option<CredentialSource>,
}

impl Bench {
    /// At home, with these profiles. Only the first guide is known, so that a set-up begins without a question.
    pub fn home(rows: Vec<Row>) -> Bench {
        Bench::knowing(&assets::guides()[..1], rows)
    }

    /// At home, with these guides and profiles.
    pub fn knowing(guides: &'static [Guide], rows: Vec<Row>) -> Bench {
        let know = Knowledge {
            guides,
            clouds: assets::clouds(),
            rules: assets::rules(),
            exports: assets::exports(),
            settings: Settings::default(),
        };
        let (app, effects) = App::new(know, today(), None, Open::Home);
        let mut bench = Bench { app, effects, aging: None, trying: None };
        bench.tell(Msg::HomeLoaded(Ok(HomeData { rows, drafts: Vec::new(), now: now(), trouble: None })));
        bench
    }

    /// The same in the sandbox.
    pub fn rehearsing(mut self) -> Bench {
        self.app.sandbox = Some(Rehearsal { scenario: "healthy", preset: |_| Vec::new() });
        self
    }

    pub fn tell(&mut self, msg: Msg) -> &mut Bench {
        for effect in self.app.update(msg) {
            match effect {
                Effect::AgeChangesSoon(id) => self.aging = Some(id),
                Effect::TrySource(source) => self.trying = Some(source),
                effect => self.effects.push(effect),
            }
        }
        self
    }

    /// Types a text; `<enter>`, `<c-s>` and the like are keys.
    pub fn keys(&mut self, text: &str) -> &mut Bench {
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            let (key, after) = match rest.strip_prefix('<').and_then(|rest| rest.split_once('>')) {
                Some((name, after)) => (named(name), after),
                None => (Key::Char(c), &rest[c.len_utf8()..]),
            };
            self.tell(Msg::Key(key));
            rest = after;
        }
        // As before each frame.
        self.app.judge_typed();
        self
    }

    pub fn paste(&mut self, text: &str) -> &mut Bench {
        let text = Zeroizing::new(text.to_owned());
        self.tell(Msg::Paste(Paste { text, dropped_controls: false, cut: false }))
    }

    /// The effects since the last look.
    pub fn take(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    /// The run that was started last.
    pub fn run(&mut self) -> u64 {
        let started = self.take().into_iter().rev().find_map(|effect| match effect {
            Effect::StartChecks { run, .. } | Effect::StartSaved { run, .. } => Some(run),
            _ => None,
        });
        started.expect("a test was started")
    }

    /// Everything passes in a run, but what fails with this evidence.
    pub fn run_ends(&mut self, run: u64, failure: Option<&Evidence>) -> &mut Bench {
        let failed = failure.and_then(|evidence| evidence.check);
        for check in CheckId::ALL {
            let (at, details) = (Duration::from_millis(40), Details::new());
            let result = match (failure, failed) {
                (Some(evidence), Some(failed)) if failed == check => {
                    CheckResult::Refused { summary: "refused".into(), details, evidence: vec![(*evidence).clone()] }
                }
                (_, Some(failed)) if check.with_needs().contains(&failed) => {
                    CheckResult::Skipped { reason: format!("needs {failed}") }
                }
                _ => CheckResult::Passed { summary: "all right".into(), details },
            };
            self.tell(Msg::Check { run, event: CheckEvent::Started { check, at: Duration::from_millis(10) } });
            self.tell(Msg::Check { run, event: CheckEvent::Finished { check, at, result } });
        }
        self.tell(Msg::ChecksEnded { run, result: Ok(()) })
    }
}

fn named(name: &str) -> Key {
    match name {
        "enter" => Key::Enter,
        "tab" => Key::Tab,
        "backtab" => Key::BackTab,
        "esc" => Key::Esc,
        "up" => Key::Up,
        "down" => Key::Down,
        "left" => Key::Left,
        "right" => Key::Right,
        "pgup" => Key::PageUp,
        "pgdn" => Key::PageDown,
        "back" => Key::Backspace,
        "delete" => Key::Delete,
        "home" => Key::Home,
        "end" => Key::End,
        "lt" => Key::Char('<'),
        other => match other.strip_prefix("c-").and_then(|rest| rest.chars().next()) {
            Some(c) => Key::Ctrl(c),
            None => panic!("no such key: <{other}>"),
        },
    }
}

/// A complete profile.
pub fn draft() -> ProfileDraft {
    let mut draft = ProfileDraft::new(GUIDE);
    draft.set(FieldId::TenantId, TENANT);
    draft.set(FieldId::ClientId, CLIENT);
    draft.set(FieldId::ResourceUrl, URL);
    draft.set(FieldId::Expires, "2027-05-20");
    draft.source = Some(SecretSource::Keyring { entry: "0001".into() }.into());
    draft
}

/// A line of the list.
pub fn row(name: &str) -> Row {
    Row {
        name: name.parse().unwrap(),
        guide: "F&O, client creds".into(),
        target: "contoso.operations.dynamics.com".into(),
        tenant: Some(TENANT.into()),
        in_vault: false,
        days_left: Some(180),
        problem: None,
        last: None,
    }
}
