//! Keys and answers in, effects and places out: the screens' behaviour without a screen.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "test code")]

#[path = "support/app.rs"]
mod support;

use d365_connect::app::dialog::Dialog;
use d365_connect::app::effect::{Effect, OpenFor, SecretWish};
use d365_connect::app::form::{FieldKey, Purpose};
use d365_connect::app::key::Key;
use d365_connect::app::msg::{DraftRow, HomeData, LastVerdict, Msg, Offered, Row, Trouble, Vault, Written};
use d365_connect::app::paper::Paper;
use d365_connect::app::screens::checks::{Checks, Run};
use d365_connect::app::screens::diagnosis::{Diagnosis, Part};
use d365_connect::app::screens::home::{Entry, Shown};
use d365_connect::app::screens::wizard::{Standing, Wizard};
use d365_connect::app::{App, Knowledge, Open, Screen, Seen};
use d365_connect::assets;
use d365_connect::core::check::{CheckEvent, CheckId, CheckResult, Details, SignInPrompt, Status};
use d365_connect::core::cloud::CloudId;
use d365_connect::core::evidence::{Evidence, Mark, Origin, read_text};
use d365_connect::core::profile::{CredentialSource, ProfileDraft, SecretSource};
use d365_connect::core::question::{FieldId, Weight};
use d365_connect::core::rules::{Cause, Judge};
use d365_connect::core::secret::ClientSecret;
use d365_connect::core::settings::{DefaultStore, Settings};
use d365_connect::core::since::{Since, Traits};
use std::sync::Arc;
use std::time::Duration;
use support::{Bench, CLIENT, GUIDE, SECRET, TENANT, URL, draft, now, row, today};
use zeroize::Zeroizing;

const SECRET_FIELD: FieldKey = FieldKey::Of(FieldId::Secret);

/// What these tests look at.
trait Look {
    /// The names of the effects since the last look.
    fn asked(&mut self) -> String;
    fn wizard(&self) -> &Wizard;
    /// Where the cursor is: the step's id and the field.
    fn place(&self) -> (&str, Option<FieldKey>);
}

impl Look for Bench {
    fn asked(&mut self) -> String {
        let name = |effect: &Effect| {
            let text = format!("{effect:?}");
            text.split([' ', '(', '{']).next().unwrap_or_default().to_owned()
        };
        self.take().iter().map(name).collect::<Vec<_>>().join(" ")
    }

    fn wizard(&self) -> &Wizard {
        match self.app.stack.last() {
            Some(Screen::Wizard(wizard)) => wizard,
            other => panic!("not the wizard: {other:?}"),
        }
    }

    fn place(&self) -> (&str, Option<FieldKey>) {
        (&self.wizard().current().id, self.wizard().focused())
    }
}

/// What a paste of everything looks like.
fn everything() -> String {
    format!("AZURE_TENANT_ID={TENANT}\nAZURE_CLIENT_ID={CLIENT}\nAZURE_CLIENT_SECRET={SECRET}\nD365_URL={URL}\n")
}

/// The wizard, with every value pasted and taken.
fn filled() -> Bench {
    let mut bench = Bench::home(Vec::new());
    bench.keys("n").paste(&everything()).keys("<enter>");
    bench.take();
    bench
}

/// A saved profile, opened from home for that purpose.
fn opened(purpose: OpenFor, draft: ProfileDraft) -> Bench {
    let mut bench = Bench::home(vec![row("contoso")]);
    bench.take();
    match purpose {
        OpenFor::Test => bench.keys("t"),
        OpenFor::Look => bench.keys("<enter>"),
        OpenFor::Edit => bench.keys("e"),
        OpenFor::Diagnose => bench.keys("d"),
        OpenFor::HandOver(_) => bench.keys("h"),
        OpenFor::Mend => {
            bench.keys("d");
            assert_eq!(bench.asked(), "OpenProfile");
            let name = "contoso".parse().unwrap();
            bench.tell(Msg::ProfileOpened { name, purpose: OpenFor::Diagnose, result: Ok(draft.clone()) });
            bench.paste(&format!("AADSTS7000222: The provided client secret keys for app '{CLIENT}' are expired."));
            bench.keys("<enter>")
        }
    };
    assert_eq!(bench.asked(), "OpenProfile");
    let name = "contoso".parse().unwrap();
    bench.tell(Msg::ProfileOpened { name, purpose, result: Ok(draft) });
    bench
}

fn checks(bench: &Bench) -> &Checks {
    match bench.app.stack.last() {
        Some(Screen::Checks(checks)) => checks,
        other => panic!("not the test: {other:?}"),
    }
}

fn toast(bench: &Bench) -> &str {
    bench.app.toast.as_ref().map_or("", |toast| &toast.text)
}

fn title(bench: &Bench) -> &str {
    match &bench.app.dialog {
        Some(Dialog::Ask { title, .. } | Dialog::Name { title, .. } | Dialog::Values { title, .. }) => title,
        Some(Dialog::Passphrase(asked)) => asked.title(),
        Some(Dialog::Paper(paper)) => &paper.title,
        Some(Dialog::Help { .. }) => "help",
        None => "",
    }
}

fn paper(bench: &Bench) -> &Paper {
    match &bench.app.dialog {
        Some(Dialog::Paper(paper)) => paper,
        other => panic!("not a text to hand on: {other:?}"),
    }
}

fn trouble(what: &str) -> Trouble {
    Trouble { what: what.into(), hint: None }
}

/// A refusal that the rules know.
fn failure(check: CheckId, text: &str) -> Evidence {
    let origin = if check == CheckId::Registration { Origin::FinanceOperations } else { Origin::Entra };
    let status = if check == CheckId::Registration { 401 } else { 400 };
    Evidence { check: Some(check), origin: Some(origin), http_status: Some(status), ..read_text(text) }
}

fn draft_row(name: &str, step: &str) -> DraftRow {
    let mut values = ProfileDraft::new(GUIDE);
    values.set(FieldId::ResourceUrl, URL);
    DraftRow { name: name.parse().unwrap(), draft: values, step: step.into() }
}

fn with_drafts(drafts: Vec<DraftRow>) -> Bench {
    let mut bench = Bench::home(Vec::new());
    bench.tell(Msg::HomeLoaded(Ok(HomeData { rows: Vec::new(), drafts, now: now(), trouble: None })));
    bench.take();
    bench
}

#[test]
fn a_new_set_up_from_empty_to_saved_and_tested_as_saved() {
    let mut bench = Bench::home(Vec::new());
    assert_eq!(bench.asked(), "LoadHome ProbeKeyring ProbeVault");
    bench.keys("n");
    assert_eq!(bench.place(), ("before-you-start", Some(FieldKey::Of(FieldId::ResourceUrl))));
    // What follows the host is taken off, and the host's first label becomes the name.
    bench.paste("https://Contoso.operations.dynamics.com/?cmp=USMF").keys("<enter>");
    assert_eq!(bench.wizard().form.text(FieldKey::Of(FieldId::ResourceUrl)), URL);
    assert_eq!(bench.wizard().form.text(FieldKey::Name), "contoso");
    assert_eq!(bench.asked(), "", "nothing is kept before the step is left");
    bench.keys("<enter>");
    assert_eq!(bench.asked(), "KeepDraft");
    assert_eq!(bench.place(), ("register-app", Some(FieldKey::Of(FieldId::ClientId))));
    bench.paste(CLIENT).keys("<enter>").paste(TENANT).keys("<enter>");
    assert_eq!(bench.place(), ("client-secret", Some(SECRET_FIELD)));
    bench.paste(SECRET).keys("<enter><enter>2027-05-20<enter>");
    assert_eq!(bench.place(), ("permissions", None));
    bench.keys("<enter>");
    assert_eq!(bench.place(), ("values", None), "all is there: nothing to ask");
    bench.keys("<right><right>");
    assert_eq!(bench.place().0, "test");
    let standing = |bench: &Bench| (0..7).map(|step| bench.wizard().standing(step)).collect::<Vec<_>>();
    use Standing::{Holds, Open as Not, Seen as Gone};
    assert_eq!(
        standing(&bench),
        [Holds, Holds, Holds, Gone, Holds, Gone, Not],
        "nothing tells of what is done elsewhere"
    );
    bench.take();

    bench.keys("<enter>");
    let effects = bench.take();
    let [Effect::StartChecks { run, name: None, draft: tested, secret: Some(secret), wanted }] = &effects[..] else {
        panic!("{effects:?}")
    };
    assert!(secret.is(SECRET));
    assert_eq!((tested.value(FieldId::TenantId), wanted.len()), (TENANT, 8));
    let run = *run;
    bench.run_ends(run, None);
    assert_eq!(bench.asked(), "", "nothing is noted about what is not saved");

    bench.keys("<enter>");
    let effects = bench.take();
    let [Effect::Save { name, was: None, draft: saved, secret: SecretWish::Value(value) }] = &effects[..] else {
        panic!("{effects:?}")
    };
    assert_eq!(name.as_str(), "contoso");
    assert!(value.is(SECRET));
    assert_eq!(saved.value(FieldId::Expires), "2027-05-20");

    let name = name.clone();
    bench.tell(Msg::Saved { name: name.clone(), result: Ok(("there, the secret in the keyring".into(), draft())) });
    assert!(toast(&bench).contains("the secret in the keyring"));
    let effects = bench.take();
    let [
        Effect::ForgetDraft(forgotten),
        Effect::StartChecks { run, name: Some(tested), secret: None, .. },
        Effect::LoadHome,
    ] = &effects[..]
    else {
        panic!("{effects:?}")
    };
    assert_eq!((forgotten, tested), (&name, &name));
    let run = *run;
    bench.run_ends(run, None);
    assert_eq!(bench.asked(), "NoteVerdict LoadHome");
    bench.tell(Msg::HomeLoaded(Ok(HomeData {
        rows: vec![row("aaa"), row("contoso")],
        drafts: Vec::new(),
        now: now(),
        trouble: None,
    })));
    bench.keys("<enter>");
    assert!(bench.app.stack.is_empty(), "done: home again");
    assert_eq!(bench.app.home.marked, 1, "the mark is on what was saved");
}

#[test]
fn what_is_missing_or_wrong_gets_the_cursor_also_backwards() {
    let table: [(FieldId, &str, &str); 8] = [
        (FieldId::ResourceUrl, "", "before-you-start"),
        (FieldId::ResourceUrl, "ftp://contoso.operations.dynamics.com", "before-you-start"),
        (FieldId::ClientId, "", "register-app"),
        (FieldId::ClientId, TENANT, "register-app"),
        (FieldId::TenantId, "not a tenant", "register-app"),
        (FieldId::Expires, "next spring", "client-secret"),
        (FieldId::Cloud, "mars", "values"),
        (FieldId::Entities, "Customers V3", "values"),
    ];
    for (field, value, step) in table {
        for keys in ["<c-t>", "<c-s>"] {
            let mut bench = filled();
            bench.keys("<right><right><right><right><right><right>");
            assert_eq!(bench.place().0, "test");
            bench.take();
            match bench.app.stack.last_mut() {
                Some(Screen::Wizard(wizard)) => wizard.form.put(FieldKey::Of(field), value),
                _ => unreachable!("the wizard is open"),
            }
            bench.keys(keys);
            assert_eq!(bench.asked(), "", "{field}={value}");
            assert_eq!(bench.place(), (step, Some(FieldKey::Of(field))), "{field}={value}");
            assert!(toast(&bench).starts_with(field.spec().label), "{field}: {}", toast(&bench));
        }
    }
    // A name is needed to save, not to test.
    let mut bench = filled();
    bench.keys("<tab><tab><c-u>a/b<c-t>");
    assert_eq!(bench.asked(), "StartChecks");
    bench.keys("<esc>s");
    assert_eq!(bench.place(), ("before-you-start", Some(FieldKey::Name)));
    assert!(toast(&bench).starts_with("Profile name: "), "{}", toast(&bench));
}

#[test]
fn a_draft_is_kept_at_each_step_follows_its_name_and_is_resumed() {
    let mut bench = Bench::home(Vec::new());
    bench.keys("n<enter>");
    bench.take();
    bench.keys("first<enter>");
    let effects = bench.take();
    let [Effect::KeepDraft { name, draft: kept, step }] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!((name.as_str(), step.as_str()), ("first", "register-app"));
    assert!(kept.source.is_none());
    bench.tell(Msg::DraftKept(Ok(())));
    bench.take();
    // Backwards too; and under its new name alone.
    bench.keys("<pgup><tab><c-u>second<enter>");
    let effects = bench.take();
    let names: Vec<String> = effects
        .iter()
        .map(|effect| match effect {
            Effect::KeepDraft { name, .. } => format!("keep {name}"),
            Effect::ForgetDraft(name) => format!("forget {name}"),
            other => format!("{other:?}"),
        })
        .collect();
    assert_eq!(names, ["keep first", "keep second", "forget first"]);
    // All is kept: leaving needs no question.
    bench.keys("<esc>");
    assert!(bench.app.dialog.is_none() && bench.app.stack.is_empty());

    // A draft that could not be kept is not called kept.
    bench.keys("n<tab>third<enter>");
    bench.tell(Msg::DraftKept(Err(trouble("the disk is full"))));
    assert_eq!(toast(&bench), "the draft was not kept: the disk is full");
    bench.keys("<esc>");
    assert_eq!(title(&bench), "Leave this set-up?");

    let mut bench = with_drafts(vec![draft_row("contoso", "client-secret")]);
    bench.keys("<enter>");
    assert_eq!(bench.place(), ("client-secret", Some(SECRET_FIELD)));
    assert_eq!(bench.wizard().standing(0), Standing::Holds);
    assert_eq!(bench.wizard().form.text(FieldKey::Name), "contoso");
    bench.keys("<esc>");
    assert!(bench.app.stack.is_empty(), "nothing was typed");
    // Another set-up for the same host does not overwrite the draft.
    bench.keys("n").paste(URL).keys("<enter><enter>");
    let effects = bench.take();
    let Some(Effect::KeepDraft { name, .. }) = effects.last() else { panic!("{effects:?}") };
    assert_eq!(name.as_str(), "contoso-2");
    // Drafts without a name do not overwrite each other either.
    let mut bench = with_drafts(vec![draft_row("unnamed", "before-you-start")]);
    bench.keys("n<enter><enter>").paste(CLIENT).keys("<enter><enter>");
    let effects = bench.take();
    let Some(Effect::KeepDraft { name, .. }) = effects.last() else { panic!("{effects:?}") };
    assert_eq!(name.as_str(), "unnamed-2");
    // A typed name does not take another draft's place.
    let mut bench = with_drafts(vec![draft_row("old", "values")]);
    bench.keys("n<tab>old<enter><enter>");
    let effects = bench.take();
    let Some(Effect::KeepDraft { name, .. }) = effects.last() else { panic!("{effects:?}") };
    assert_eq!(name.as_str(), "unnamed");
    let mut bench = with_drafts(vec![draft_row("old", "values")]);
    bench.keys("D<down><enter>");
    assert_eq!(bench.asked(), "ForgetDraft LoadHome");
    bench.keys("t");
    assert!(toast(&bench).contains("draft"));
}

#[test]
fn leaving_asks_only_when_something_would_be_lost() {
    // Keys after Esc, effects, whether the screen is left.
    let table = [
        ("<enter>", "", false),
        ("<esc>", "", false),
        ("<down><enter>", "KeepDraft LoadHome", true),
        ("<down><down><enter>", "LoadHome", true),
        ("<down><down><down><enter>", "LoadHome", true),
    ];
    for (keys, asked, left) in table {
        let mut bench = Bench::home(Vec::new());
        bench.keys("nabc");
        bench.take();
        bench.keys("<esc>");
        assert_eq!(title(&bench), "Leave this set-up?");
        bench.keys(keys);
        assert_eq!(bench.asked(), asked, "{keys}");
        assert_eq!(bench.app.stack.is_empty(), left, "{keys}");
        if !left {
            assert_eq!(bench.wizard().form.text(FieldKey::Of(FieldId::ResourceUrl)), "abc");
        }
    }
    // A kept draft that is thrown away goes from the disk as well.
    let mut bench = with_drafts(vec![draft_row("contoso", "client-secret")]);
    bench.keys("<enter>xyz<esc><down><down><enter>");
    assert_eq!(bench.asked(), "ForgetDraft LoadHome");
    // Nothing typed, no question.
    let mut bench = Bench::home(Vec::new());
    bench.keys("n<esc>");
    assert!(bench.app.stack.is_empty());
    // A secret is never part of a draft, so it is asked for although the rest is kept.
    let mut bench = filled();
    bench.keys("<enter>");
    bench.tell(Msg::DraftKept(Ok(()))).keys("<esc>");
    assert_eq!(title(&bench), "Leave this set-up?");
    // The editor has no drafts.
    let mut bench = opened(OpenFor::Edit, draft());
    bench.keys("-x<esc>");
    assert_eq!(title(&bench), "Leave without saving?");
    bench.keys("<down><down><enter>");
    assert!(bench.app.stack.is_empty());
}

#[test]
fn ctrl_c_asks_when_something_would_be_lost_and_leaves_when_pressed_twice() {
    let table: [(&str, &str, Option<u8>); 9] = [
        ("q", "", Some(0)),
        ("<c-c>", "", Some(130)),
        ("n<c-c>", "", Some(130)),
        ("nabc<c-c>", "", None),
        ("nabc<c-c><enter>", "", None),
        ("nabc<c-c><esc>", "", None),
        ("nabc<c-c><c-c>", "KeepDraft", Some(130)),
        ("nabc<c-c><down><enter>", "KeepDraft", Some(130)),
        ("nabc<c-c><down><down><enter>", "", Some(130)),
    ];
    for (keys, asked, quit) in table {
        let mut bench = Bench::home(Vec::new());
        bench.take();
        bench.keys(keys);
        assert_eq!(bench.asked(), asked, "{keys}");
        if asked == "KeepDraft" {
            assert_eq!(bench.app.quit, None, "{keys}");
            bench.tell(Msg::DraftKept(Ok(())));
        }
        assert_eq!(bench.app.quit, quit, "{keys}");
    }
    // What cannot be kept is not left behind; a further ctrl-c waits for nothing.
    for leave in ["nabc<c-c><c-c>", "nabc<esc><down><enter>"] {
        let mut bench = Bench::home(Vec::new());
        bench.keys(leave);
        bench.tell(Msg::DraftKept(Err(trouble("drafts: not a folder"))));
        assert_eq!(bench.app.quit, None);
        assert!(toast(&bench).contains("not a folder"));
        assert_eq!(bench.wizard().form.text(FieldKey::Of(FieldId::ResourceUrl)), "abc");
        assert!(bench.wizard().form.dirty());
    }
    let mut bench = Bench::home(Vec::new());
    bench.keys("nabc<c-c><c-c><c-c>");
    assert_eq!(bench.app.quit, Some(130));
    // Also out of any other question and out of the help.
    for keys in ["nabc<esc><c-c><c-c>", "nabc<c-g><c-c><c-c>", "?<c-c>", "nabc<c-t><c-c><c-c>"] {
        let mut bench = Bench::home(Vec::new());
        bench.keys(keys).tell(Msg::DraftKept(Ok(())));
        assert_eq!(bench.app.quit, Some(130), "{keys}");
    }
    let mut bench = Bench::home(Vec::new());
    bench.keys("nabc<esc><c-c>");
    assert_eq!((bench.app.quit, title(&bench)), (None, "Leave the program?"));
    // Over a test of what is not saved.
    let mut bench = filled();
    bench.keys("t<c-c>");
    assert_eq!((bench.app.quit, title(&bench)), (None, "Leave the program?"));
    bench.keys("<down><enter>");
    assert!(bench.asked().ends_with("KeepDraft"), "the draft is kept from under the test");
}

#[test]
fn answers_of_another_run_are_dropped_and_esc_cancels_at_once() {
    let mut bench = filled();
    bench.keys("t");
    let run = bench.run();
    let event = |check| CheckEvent::Started { check, at: Duration::ZERO };
    bench.tell(Msg::Check { run: run + 1, event: event(CheckId::Token) });
    assert!(checks(&bench).fold().unwrap().state(CheckId::Token).started.is_none());
    bench.tell(Msg::Check { run, event: event(CheckId::Token) });
    assert!(checks(&bench).fold().unwrap().state(CheckId::Token).started.is_some());
    bench.tell(Msg::ChecksEnded { run: run + 1, result: Ok(()) });
    assert!(matches!(checks(&bench).run, Run::Running { .. }));

    bench.keys("<esc>");
    let effects = bench.take();
    assert!(matches!(effects[..], [Effect::CancelChecks { run: cancelled }] if cancelled == run), "{effects:?}");
    assert!(matches!(checks(&bench).run, Run::Ended { stopped: true, .. }), "how far it came stays to be seen");
    // What the cancelled run still tells changes nothing.
    bench.run_ends(run, None);
    assert_eq!(bench.asked(), "");
    assert!(checks(&bench).fold().unwrap().done(CheckId::Access).is_none());
    bench.keys("<enter>");
    assert_eq!(bench.asked(), "StartChecks", "Enter starts it anew");
    bench.keys("r");
    assert_eq!(bench.asked(), "CancelChecks StartChecks");
    bench.keys("<esc><esc>");
    assert_eq!(bench.wizard().form.secret_chars(), SECRET.len());
}

#[test]
fn what_a_sign_in_page_says_is_pasted_while_the_test_waits_for_it() {
    let mut bench = filled();
    bench.keys("t");
    let run = bench.run();
    bench.take();
    bench.paste("AADSTS50011: x");
    assert!(toast(&bench).contains("nothing to paste"), "nobody is asked to sign in");
    let prompt = SignInPrompt::Browser { url: "https://login.microsoftonline.com/x".into(), lasts: Duration::MAX };
    bench.tell(Msg::Check { run, event: CheckEvent::SignIn { check: CheckId::Token, at: Duration::ZERO, prompt } });
    // What says nothing of a sign-in does not end the wait.
    for stray in [" \n", "contoso", URL, CLIENT, "http://localhost:4321/?code=1.abc&state=xyz", "Signed in."] {
        bench.paste(stray);
        assert_eq!(bench.asked(), "", "{stray}");
        assert!(toast(&bench).contains("still waited for"), "{stray}: {}", toast(&bench));
    }
    // The page to sign in at, and what came of it, come before details.
    bench.keys("i");
    assert!(checks(&bench).detail.is_some());
    bench.paste("AADSTS50011: x");
    let evidence = vec![Evidence { check: Some(CheckId::Token), ..read_text("AADSTS50011: x") }];
    let result = CheckResult::Refused { summary: "refused".into(), details: Details::new(), evidence };
    bench.tell(Msg::Check { run, event: CheckEvent::Finished { check: CheckId::Token, at: Duration::ZERO, result } });
    assert!(checks(&bench).detail.is_none(), "the finding is seen");
    let effects = bench.take();
    bench.keys("ir");
    let again = bench.run();
    assert!(checks(&bench).detail.is_some());
    let prompt = SignInPrompt::Browser { url: "https://login.microsoftonline.com/x".into(), lasts: Duration::MAX };
    bench.tell(Msg::Check {
        run: again,
        event: CheckEvent::SignIn { check: CheckId::Token, at: Duration::ZERO, prompt },
    });
    assert!(checks(&bench).detail.is_none(), "the prompt is seen");
    assert!(
        matches!(&effects[..], [Effect::TellPage { run: told, text }] if *told == run && text == "AADSTS50011: x"),
        "{effects:?}"
    );
}

#[test]
fn a_profile_that_opens_late_does_not_lie_over_another_screen() {
    let mut bench = Bench::home(vec![row("contoso")]);
    bench.keys("en");
    let name: d365_connect::core::names::ProfileName = "contoso".parse().unwrap();
    bench.tell(Msg::ProfileOpened { name: name.clone(), purpose: OpenFor::Edit, result: Ok(draft()) });
    assert_eq!(bench.place().0, "before-you-start");
    let mut bench = Bench::home(vec![row("contoso")]);
    bench.keys("tt");
    bench.tell(Msg::ProfileOpened { name: name.clone(), purpose: OpenFor::Test, result: Ok(draft()) });
    bench.tell(Msg::ProfileOpened { name: name.clone(), purpose: OpenFor::Test, result: Ok(draft()) });
    assert_eq!(bench.app.stack.len(), 1);
    let mut bench = Bench::home(vec![row("contoso")]);
    bench.tell(Msg::ProfileOpened { name, purpose: OpenFor::Test, result: Err(trouble("line 3 is damaged")) });
    assert_eq!(toast(&bench), "line 3 is damaged");
    assert!(bench.app.stack.is_empty());
}

/// What only they changed is taken over; of what both changed, the operator says whose is right.
#[test]
fn a_profile_that_others_changed_meanwhile_is_asked_about() {
    let company = FieldKey::Of(FieldId::Company);
    let theirs = |company: &str| {
        let mut now = draft();
        now.set(FieldId::UserId, "theirs");
        now.set(FieldId::Company, company);
        Box::new(now)
    };
    for (answer, effect, wanted) in
        [("<enter>", "", "USMF"), ("<down><enter>", "", "DEMF"), ("<down><down><enter>", "Save", "USMF")]
    {
        let mut bench = opened(OpenFor::Edit, draft());
        let Some(Screen::Editor(editor)) = bench.app.stack.last_mut() else { panic!("the editor") };
        editor.form.put(company, "USMF");
        bench.take();
        bench.keys("<c-s>");
        assert_eq!(bench.asked(), "Save");
        bench.take();
        let name = "contoso".parse().unwrap();
        bench.tell(Msg::SaveClashed { name, fields: vec![FieldId::Company], now: theirs("DEMF") });
        assert_eq!(title(&bench), "Somebody else changed 'contoso' meanwhile");
        let Some(Dialog::Ask { lines, .. }) = &bench.app.dialog else { panic!("a question") };
        assert!(lines[0].contains("'DEMF'") && lines[0].contains("'USMF'"), "{lines:?}");
        bench.keys(answer);
        assert_eq!(bench.asked(), effect, "{answer}");
        let Some(Screen::Editor(editor)) = bench.app.stack.last() else { panic!("the editor") };
        assert_eq!(editor.form.text(company), wanted, "{answer}");
        let stays = answer == "<enter>";
        assert_eq!(editor.form.text(FieldKey::Of(FieldId::UserId)) == "theirs", !stays, "{answer}");
        // Saved once more, it is compared with what they saved.
        let mut bench = bench;
        let effects = bench.take();
        if let Some(Effect::Save { was: Some((_, before)), draft, .. }) = effects.first() {
            assert_eq!((before.value(FieldId::Company), draft.value(FieldId::Company)), ("DEMF", "USMF"));
            assert_eq!(draft.value(FieldId::UserId), "theirs");
        }
    }
}

#[test]
fn a_failed_save_keeps_everything_the_secret_included() {
    let mut bench = filled();
    bench.keys("<c-s>");
    assert_eq!(bench.asked(), "Save");
    // Nothing is typed while it is being saved, and it is not saved twice.
    bench.keys("<c-s><tab>zzz<esc>");
    bench.paste("zzz");
    assert_eq!(bench.asked(), "");
    assert_eq!(bench.wizard().form.text(FieldKey::Of(FieldId::ResourceUrl)), URL);
    let hint = Some("free some space".to_owned());
    let result = Err(Trouble { what: "the disk is full".into(), hint });
    bench.tell(Msg::Saved { name: "contoso".parse().unwrap(), result });
    assert_eq!(toast(&bench), "the disk is full (free some space)");
    assert!(bench.wizard().form.typed_secret().unwrap().is(SECRET));
    assert!(bench.wizard().form.dirty());
    bench.keys("<c-s>");
    let effects = bench.take();
    assert!(matches!(&effects[..], [Effect::Save { secret: SecretWish::Value(value), .. }] if value.is(SECRET)));
    // An answer about something else does not touch the form.
    bench.tell(Msg::Saved { name: "other".parse().unwrap(), result: Ok(("there".into(), draft())) });
    assert!(bench.wizard().form.typed_secret().is_some());
    assert_eq!(bench.asked(), "LoadHome");
}

#[test]
fn an_odd_host_is_asked_about_once() {
    let odd = "https://d365.contoso.example";
    let mut bench = Bench::home(Vec::new());
    bench.keys("n").paste(&everything().replace(URL, odd)).keys("<enter>");
    bench.take();
    bench.keys("t");
    assert!(title(&bench).starts_with("Is this host right?"));
    assert_eq!(bench.asked(), "");
    bench.keys("<enter>");
    assert_eq!(bench.asked(), "", "the safe answer is the marked one");
    bench.keys("t<down><enter>");
    assert_eq!(bench.asked(), "StartChecks");
    bench.keys("<esc><esc>");
    bench.take();
    bench.keys("t");
    assert_eq!(bench.asked(), "StartChecks", "once is enough");
    bench.keys("<esc><esc>");
    bench.take();
    bench.keys("<c-s>");
    assert_eq!(bench.asked(), "Save");
    // Another odd host is another question; a saved one is known.
    let mut bench = Bench::home(Vec::new());
    bench.keys("n").paste(&everything().replace(URL, "https://d365.fabrikam.example")).keys("<enter><c-s>");
    assert!(title(&bench).starts_with("Is this host right?"));
    bench.take();
    bench.keys("<down><enter>");
    assert_eq!(bench.asked(), "Save");
    let mut saved = draft();
    saved.set(FieldId::ResourceUrl, odd);
    let mut bench = opened(OpenFor::Edit, saved);
    bench.keys("<c-t>");
    assert_eq!(bench.asked(), "StartChecks");
}

#[test]
fn pastes() {
    let label = |field: FieldId| FieldKey::Of(field);
    // Where the cursor is, what is pasted, the question, and what is in the field then.
    let table = [
        (FieldId::ClientId, format!(" {CLIENT}\n"), "", CLIENT),
        (FieldId::ClientId, format!("Application (client) ID: {CLIENT}"), "", CLIENT),
        (FieldId::TenantId, format!("Application (client) ID: {CLIENT}"), "Found in what was pasted", ""),
        (FieldId::ClientId, everything(), "Found in what was pasted", ""),
        (FieldId::ClientId, "no labels\nat all".to_owned(), "", "no labelsat all"),
        (FieldId::TenantId, format!("AZURE_CLIENT_SECRET={SECRET}"), "Found in what was pasted", ""),
        (FieldId::TenantId, URL.to_owned(), "", URL),
    ];
    for (field, text, asked, value) in table {
        let mut bench = Bench::home(Vec::new());
        bench.keys("n<enter><enter>");
        if field == FieldId::TenantId {
            bench.keys("<tab>");
        }
        assert_eq!(bench.place(), ("register-app", Some(label(field))));
        bench.paste(&text);
        assert_eq!(title(&bench), asked, "{text}");
        assert_eq!(bench.wizard().form.text(label(field)), value, "{text}");
    }
    // A table keeps its tabs; in a field they are blanks.
    let mut bench = Bench::home(Vec::new());
    bench
        .keys("n<enter><enter>")
        .paste(&format!("Description\tExpires\tValue\tSecret ID\nodata\t5/20/2027\t{SECRET}\tx"));
    assert_eq!(title(&bench), "Found in what was pasted");
    bench.keys("<enter>");
    assert!(bench.wizard().form.typed_secret().unwrap().is(SECRET));
    bench.keys("<c-u>").paste("a\tb");
    assert_eq!((bench.wizard().form.text(label(FieldId::ClientId)), toast(&bench)), ("a b", "tabs became blanks"));
    // In the text of a step there is no field to paste into.
    let mut bench = Bench::home(Vec::new());
    bench.keys("n<backtab>").paste("hello");
    assert!(toast(&bench).contains("nothing was recognised"));
    // Nothing is taken before the yes, and Esc is none; Enter takes all, the secret too.
    for key in ["", "x", "<down>", "<esc>"] {
        if key != "<esc>" {
            bench.app.dialog = None;
            bench.paste(&everything());
        }
        bench.keys(key);
        assert_eq!(bench.wizard().form.text(label(FieldId::TenantId)), "");
        assert!(bench.wizard().form.typed_secret().is_none());
    }
    bench.paste(&everything()).keys("<enter>");
    for (field, value) in [(FieldId::TenantId, TENANT), (FieldId::ClientId, CLIENT), (FieldId::ResourceUrl, URL)] {
        assert_eq!(bench.wizard().form.text(label(field)), value);
    }
    assert!(bench.wizard().form.typed_secret().unwrap().is(SECRET));
    assert_eq!(toast(&bench), "4 values taken");
    assert_eq!(bench.place(), ("before-you-start", None), "the name was suggested: nothing is left to ask here");
    // At home and on the test screen nothing is taken.
    let mut bench = Bench::home(Vec::new());
    bench.paste(SECRET);
    assert!(toast(&bench).contains("n first"), "{}", toast(&bench));
}

#[test]
fn a_secret_in_another_field_is_refused_or_told() {
    for field in [FieldKey::Of(FieldId::ResourceUrl), FieldKey::Name] {
        let mut bench = Bench::home(Vec::new());
        bench.keys(if field == FieldKey::Name { "n<tab>" } else { "n" });
        for text in [SECRET.to_owned(), format!("\"{SECRET}\"\n")] {
            bench.paste(&text);
            assert!(toast(&bench).contains("was not taken"), "{}", toast(&bench));
            assert_eq!(bench.wizard().form.text(field), "");
        }
        bench.keys(SECRET);
        let note = &bench.wizard().form.notes(field)[0];
        assert_eq!(note.weight, Weight::Problem);
        assert!(note.text.contains("secret's value"), "{}", note.text);
    }
    // The source of a secret is not the secret.
    let mut bench = filled();
    bench.keys("<right><right>");
    bench.keys("<tab><tab><c-u>").paste(SECRET);
    assert_eq!(bench.place(), ("client-secret", Some(FieldKey::Source)));
    assert_eq!(bench.wizard().form.text(FieldKey::Source), "");
    // The Secret ID in the secret field is told, and does not block.
    let mut bench = filled();
    bench.keys("<right><right><tab><c-u>").paste("3f2b7c1e-4d5a-4b6c-8d7e-9f0a1b2c3d4e");
    let notes = bench.wizard().form.notes(SECRET_FIELD);
    assert!(notes[0].weight == Weight::Hint && notes[0].text.contains("secret's ID"), "{notes:?}");
    bench.take();
    bench.keys("<c-t>");
    assert_eq!(bench.asked(), "StartChecks");
}

#[test]
fn the_editor_marks_what_was_changed_and_takes_it_back() {
    let mut bench = opened(OpenFor::Edit, draft());
    let changed = |bench: &Bench| -> Vec<FieldKey> {
        let Some(Screen::Editor(editor)) = bench.app.stack.last() else { panic!("the editor") };
        editor.form.fields.iter().map(|field| field.key).filter(|key| editor.form.changed(*key)).collect()
    };
    assert_eq!(changed(&bench), []);
    bench.keys("-2<down>x");
    assert_eq!(changed(&bench), [FieldKey::Name, FieldKey::Of(FieldId::ResourceUrl)]);
    bench.keys("<c-x>");
    assert_eq!(changed(&bench), [FieldKey::Name]);
    bench.take();
    bench.keys("<c-s>");
    let effects = bench.take();
    let [Effect::Save { name, was: Some((was, before)), secret: SecretWish::Keep, .. }] = &effects[..] else {
        panic!("{effects:?}")
    };
    assert_eq!((name.as_str(), was.as_str(), before), ("contoso-2", "contoso", &draft()));
    // Nothing changed, nothing to save.
    let mut bench = opened(OpenFor::Edit, draft());
    bench.keys("<c-s>");
    assert_eq!(bench.asked(), "");
    assert!(toast(&bench).contains("nothing was changed"));
    bench.keys("<c-t>");
    let effects = bench.take();
    assert!(matches!(&effects[..], [Effect::StartChecks { name: Some(_), secret: None, .. }]), "{effects:?}");
    // The saved name is not taken by itself; another's is.
    let mut bench = Bench::home(vec![row("contoso"), row("fabrikam")]);
    bench.keys("e");
    let name = "contoso".parse().unwrap();
    bench.tell(Msg::ProfileOpened { name, purpose: OpenFor::Edit, result: Ok(draft()) });
    bench.keys("<c-u>fabrikam<c-s>");
    bench.take();
    assert!(toast(&bench).contains("taken"), "{}", toast(&bench));
    assert_eq!(bench.asked(), "");
}

#[test]
fn rename_copy_and_remove() {
    // Keys at home, the question, its answer, and the effects.
    let table = [
        ("r", "New name for 'contoso'", "-uat<enter>", "Rename"),
        ("r", "New name for 'contoso'", "<enter>", ""),
        ("r", "New name for 'contoso'", "<c-u>CONTOSO<enter>", "Rename"),
        ("r", "New name for 'contoso'", "<esc>", ""),
        ("c", "Name for the copy of 'contoso'", "<enter>", "Copy"),
        ("D", "Remove 'contoso'?", "<enter>", ""),
        ("D", "Remove 'contoso'?", "<down><enter>", "Remove"),
        ("D", "Remove 'contoso'?", "<esc>", ""),
    ];
    for (keys, question, answer, asked) in table {
        let mut bench = Bench::home(vec![row("contoso"), row("fabrikam")]);
        bench.take();
        bench.keys(keys);
        assert_eq!(title(&bench), question);
        bench.keys(answer);
        assert_eq!(bench.asked(), asked, "{keys}{answer}");
        assert_eq!(title(&bench), "", "{keys}{answer}");
    }
    // A name that cannot be is told in the question, and nothing typed is lost.
    for (typed, problem) in [("fabrikam", "already"), ("CON", "name"), ("a/b", "name"), ("", "name")] {
        let mut bench = Bench::home(vec![row("contoso"), row("fabrikam")]);
        bench.take();
        bench.keys(&format!("c<c-u>{typed}<enter>"));
        let Some(Dialog::Name { problem: Some(told), input, .. }) = &bench.app.dialog else { panic!("{typed}") };
        assert!(told.contains(problem), "{typed}: {told}");
        assert_eq!(input.value(), typed);
        assert_eq!(bench.asked(), "");
    }
    // What was removed can be brought back, and tried again where that fails.
    let mut bench = Bench::home(vec![row("fabrikam")]);
    bench.take();
    bench.keys("u");
    assert!(toast(&bench).starts_with("nothing was removed"), "{}", toast(&bench));
    assert_eq!(bench.asked(), "");
    let result = Ok(("'damaged' was removed".into(), false));
    bench.tell(Msg::Removed { name: "damaged".parse().unwrap(), result });
    assert!(toast(&bench).contains("u does not bring it back"), "{}", toast(&bench));
    for name in ["first", "fabrikam", "contoso"] {
        let result = Ok((format!("'{name}' was removed"), true));
        bench.tell(Msg::Removed { name: name.parse().unwrap(), result });
        assert!(toast(&bench).contains("u brings it back"), "{}", toast(&bench));
    }
    for (result, again) in [
        (Err(trouble("the disk is full")), "contoso"),
        (Ok("back".into()), "contoso"),
        // 'fabrikam' is there by now, and passed over.
        (Ok("back".into()), "first"),
    ] {
        bench.take();
        // Pressed again while the answer is waited for it does nothing.
        bench.keys("uu");
        let effects = bench.take();
        let [Effect::BringBack { name, .. }] = &effects[..] else { panic!("{again}: {effects:?} {}", toast(&bench)) };
        assert_eq!(name.as_str(), again);
        bench.tell(Msg::BroughtBack(result));
        if again == "contoso" && bench.app.home.removed.len() == 2 {
            bench.keys("u");
            assert!(toast(&bench).contains("'fabrikam' cannot come back"), "{}", toast(&bench));
        }
    }
    bench.take();
    bench.keys("u");
    assert_eq!(bench.asked(), "", "only what cannot come back is left");
    // A draft comes back as it was; over another one of its name it does not.
    let mut bench = Bench::home(vec![row("contoso")]);
    let list = |drafts: Vec<DraftRow>| {
        Msg::HomeLoaded(Ok(HomeData { rows: vec![row("contoso")], drafts, now: now(), trouble: None }))
    };
    let half = DraftRow { name: "half".parse().unwrap(), draft: draft(), step: "values".into() };
    bench.tell(list(vec![half.clone()])).take();
    bench.keys("<down>D<down><enter>");
    assert_eq!(bench.asked(), "ForgetDraft LoadHome");
    assert!(toast(&bench).contains("u brings it back"), "{}", toast(&bench));
    bench.keys("u");
    assert_eq!(bench.asked(), "", "{}", toast(&bench));
    bench.tell(list(Vec::new())).keys("u");
    let effects = bench.take();
    assert!(
        matches!(&effects[..], [Effect::KeepDraft { name, draft, step }] if (name, draft, step) == (&half.name, &half.draft, &half.step)),
        "{effects:?}"
    );
    // Where that fails it is not lost.
    bench.tell(Msg::DraftKept(Err(trouble("the disk is full"))));
    assert_eq!((toast(&bench), bench.app.home.removed.len()), ("the disk is full", 1));
    bench.keys("u").tell(Msg::DraftKept(Ok(())));
    assert_eq!((toast(&bench), bench.app.home.removed.len()), ("the draft 'half' is back", 0));
    // What is not there any more is told, and the list is read again.
    let gone = || Err(trouble("there is no profile 'contoso'"));
    let name = || "contoso".parse::<d365_connect::core::names::ProfileName>().unwrap();
    for msg in [
        Msg::ProfileOpened { name: name(), purpose: OpenFor::Look, result: gone().map(|(): ()| draft()) },
        Msg::ExportMade { name: name(), format: "env".into(), result: gone().map(|(): ()| String::new()) },
        Msg::PairOpened { names: [name(), name()], result: gone().map(|(): ()| [draft(), draft()]) },
    ] {
        let mut bench = Bench::home(vec![row("contoso")]);
        bench.take();
        bench.tell(msg);
        assert_eq!(bench.asked(), "LoadHome");
        assert_eq!(toast(&bench), "there is no profile 'contoso'");
    }
    let mut bench = Bench::home(vec![row("contoso")]);
    bench.tell(Msg::Changed(Err(trouble("another program holds the lock"))));
    assert_eq!(toast(&bench), "another program holds the lock");
    // Keys that need a profile say so when there is none.
    let mut bench = Bench::home(Vec::new());
    bench.take();
    for key in ["t", "e", "r", "c", "D", "x", "h", "<enter>"] {
        bench.keys(key);
        assert!(toast(&bench).contains("n sets one up"), "{key}");
    }
    assert_eq!(bench.asked(), "");
}

/// The open steps of a person, from wherever they are asked for.
#[test]
fn steps_are_handed_over() {
    let (entra, d365) = ("Hand over to a Microsoft Entra administrator", "Hand over to a Dynamics 365 administrator");
    // In the wizard: those of the step's person; in a field, where letters are typed, with its other key.
    let mut bench = filled();
    for (keys, told) in [
        // At a step of one's own: to whoever has something to do. In Entra all is noted by now.
        ("h", d365),
        ("<right>h", entra),
        ("<right><right><right><right>h", d365),
        ("<left><left><left><tab><c-p>", entra),
    ] {
        bench.keys(keys);
        assert_eq!(title(&bench), told, "{keys}");
        let names = if told == entra { "Nothing is open" } else { CLIENT };
        assert!(paper(&bench).text.contains(names), "{}", paper(&bench).text);
        assert!(!paper(&bench).text.contains(&SECRET[..12]));
        bench.keys("<esc>");
        assert_eq!(title(&bench), "");
    }
    // What the values show as done is not open; 'a' shows it all the same, and the tab key the other person's.
    bench.keys("<backtab>h");
    assert!(!paper(&bench).text.contains("Create a client secret"), "{}", paper(&bench).text);
    bench.keys("a");
    assert!(paper(&bench).text.contains("Create a client secret"));
    bench.keys("a");
    assert!(!paper(&bench).text.contains("Create a client secret"));
    bench.keys("<tab>");
    assert_eq!((title(&bench), paper(&bench).file.ends_with("-d365-admin.md")), (d365, true));
    bench.take();
    bench.keys("c");
    let effects = bench.take();
    let [Effect::CopyText(text)] = &effects[..] else { panic!("{effects:?}") };
    assert!(text.starts_with("# ") && *text == paper(&bench).text, "{text}");

    // On a finding: for whoever mends it, and nothing of what was found right.
    for (failed, what, role, in_it, not) in [
        (CheckId::Registration, "", d365, "Register the app in D365", "Create a client secret"),
        (
            CheckId::Token,
            "AADSTS7000215: Invalid client secret provided.",
            entra,
            "Create a client secret",
            "Register the app",
        ),
    ] {
        let mut bench = opened(OpenFor::Test, draft());
        let run = bench.run();
        let mut evidence = failure(failed, what);
        if what.is_empty() {
            (evidence.origin, evidence.http_status) = (Some(Origin::FinanceOperations), Some(401));
        }
        bench.run_ends(run, Some(&evidence)).keys("h");
        assert_eq!(title(&bench), role);
        let text = &paper(&bench).text;
        assert!(text.contains(in_it) && !text.contains(not), "{text}");
    }

    // At home: of the profile, by its last test; of a draft at once.
    let mut bench = opened(OpenFor::HandOver(None), draft());
    assert_eq!(title(&bench), d365, "in Entra nothing is open");
    bench.keys("<esc>").take();
    let mut tested = row("contoso");
    let (verdict, cause) = (Status::Failed, Some(Cause::D365NotRegistered));
    tested.last = Some(LastVerdict { verdict, when: now(), cause });
    bench.tell(Msg::HomeLoaded(Ok(HomeData { rows: vec![tested], drafts: Vec::new(), now: now(), trouble: None })));
    bench.keys("h");
    let (name, purpose) = ("contoso".parse().unwrap(), OpenFor::HandOver(None));
    bench.tell(Msg::ProfileOpened { name, purpose, result: Ok(draft()) });
    assert_eq!(title(&bench), d365);
    bench.keys("<tab>");
    assert!(paper(&bench).text.contains("Nothing is open"), "{}", paper(&bench).text);
    let mut bench = with_drafts(vec![draft_row("half-done", "client-secret")]);
    bench.take();
    bench.keys("h");
    assert_eq!((bench.asked().as_str(), title(&bench)), ("", entra));
}

#[test]
fn a_profile_is_exported() {
    let made = |bench: &mut Bench, result| {
        let name = "contoso".parse().unwrap();
        bench.tell(Msg::ExportMade { name, format: "json".into(), result });
    };
    let mut bench = Bench::home(vec![row("contoso")]);
    bench.take();
    bench.keys("x");
    assert_eq!(title(&bench), "Export 'contoso' as what?");
    bench.keys("<down><enter>");
    let effects = bench.take();
    assert!(matches!(&effects[..], [Effect::MakeExport { format, .. }] if format == "json"), "{effects:?}");
    made(&mut bench, Err(trouble("line 3 is damaged")));
    assert_eq!((title(&bench), toast(&bench)), ("", "line 3 is damaged"));
    assert_eq!(bench.asked(), "LoadHome", "it may be gone");
    made(&mut bench, Ok("{}".into()));
    assert_eq!((paper(&bench).text.as_str(), paper(&bench).file.as_str()), ("{}", "contoso.json"));
    // What only steps have does nothing here.
    bench.keys("<tab>a").keys("c");
    assert_eq!(bench.asked(), "NoteExport CopyText");

    // To a file: its name is asked for, and Esc goes back to the text.
    bench.keys("s<esc>");
    assert_eq!(paper(&bench).text, "{}");
    bench.keys("s<c-u><enter>");
    assert_eq!((bench.asked(), title(&bench)), (String::new(), "Write it to which file?"));
    bench.paste(SECRET);
    let Some(Dialog::Name { input, .. }) = &bench.app.dialog else { panic!() };
    assert_eq!(input.value(), "", "a secret is no name for a file");
    bench.keys(SECRET).keys("<enter>");
    assert_eq!(bench.asked(), "");
    bench.keys("<c-u>a b.json<enter>");
    let written = |bench: &mut Bench, wanted: bool, result| {
        let effect = bench.take().pop();
        let Some(Effect::WriteFile { path, paper, over }) = effect else { panic!("{effect:?}") };
        assert_eq!((path.as_str(), paper.text.as_str(), over), ("a b.json", "{}", wanted));
        assert!(bench.app.dialog.is_none());
        bench.tell(Msg::FileWritten { path, paper, result });
    };
    // A file that is there is written over after a question only, whose first answer is no.
    written(&mut bench, false, Written::ThereAlready);
    assert_eq!(title(&bench), "There is a file of that name. Write over it?");
    bench.keys("<enter>");
    let Some(Dialog::Name { input, .. }) = &bench.app.dialog else { panic!() };
    assert_eq!(input.value(), "a b.json");
    bench.keys("<enter>");
    written(&mut bench, false, Written::ThereAlready);
    // Esc goes back to the name, and loses neither it nor the text.
    bench.keys("<esc>");
    let Some(Dialog::Name { input, .. }) = &bench.app.dialog else { panic!() };
    assert_eq!(input.value(), "a b.json");
    bench.keys("<enter>");
    written(&mut bench, false, Written::ThereAlready);
    bench.keys("<down><enter>");
    // What could not be written can be tried again: nothing typed is lost.
    written(&mut bench, true, Written::Failed(trouble("no space left")));
    let Some(Dialog::Name { input, problem: Some(problem), .. }) = &bench.app.dialog else { panic!() };
    assert_eq!((input.value(), problem.as_str()), ("a b.json", "no space left"));
    bench.keys("<enter>");
    written(&mut bench, false, Written::Done("/x/a b.json".into()));
    assert_eq!((title(&bench), toast(&bench)), ("", "written to /x/a b.json, for you alone"));

    // An export that comes late lies over no other screen.
    let mut bench = Bench::home(vec![row("contoso")]);
    bench.keys("xd");
    made(&mut bench, Ok("{}".into()));
    assert!(!matches!(bench.app.dialog, Some(Dialog::Paper(_))));
    let mut bench = with_drafts(vec![draft_row("half-done", "client-secret")]);
    bench.keys("x");
    assert!(toast(&bench).contains("not saved yet"));
}

#[test]
fn all_profiles_are_tested_at_once_and_their_answers_may_come_in_any_order() {
    let mut broken = row("c");
    broken.problem = Some("missing: tenant_id".into());
    let mut bench = Bench::home(vec![row("b"), row("a"), broken]);
    bench.take();
    bench.keys("T");
    assert_eq!(toast(&bench), "1 incomplete left out");
    let runs: Vec<(u64, String)> = bench
        .take()
        .into_iter()
        .map(|effect| match effect {
            Effect::StartSaved { run, name } => (run, name.to_string()),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(runs.iter().map(|(_, name)| name.as_str()).collect::<Vec<_>>(), ["a", "b"], "sorted by name");
    let (a, b) = (runs[0].0, runs[1].0);
    let started = |check| CheckEvent::Started { check, at: Duration::ZERO };
    bench.tell(Msg::Check { run: b, event: started(CheckId::Token) });
    bench.tell(Msg::Check { run: a, event: started(CheckId::Environment) });
    bench.tell(Msg::Tick);
    assert!(bench.app.moving());
    assert_eq!(bench.app.home.runs[0].fold.current(), Some(CheckId::Environment));
    bench.run_ends(b, Some(&failure(CheckId::Token, "AADSTS7000215: Invalid client secret provided.")));
    assert_eq!(bench.asked(), "NoteVerdict LoadHome");
    assert_eq!((bench.app.home.runs.len(), bench.app.home.round.ticks), (1, 1));
    bench.run_ends(a, None);
    assert_eq!(toast(&bench), "2 tested: 1 work, 1 did not pass");
    let verdicts: Vec<Status> =
        bench.app.home.profiles().iter().filter_map(|row| row.last.as_ref()).map(|last| last.verdict).collect();
    assert_eq!(verdicts, [Status::Passed, Status::Failed]);
    assert!(!bench.app.moving());
    // Esc ends all of them.
    bench.take();
    bench.keys("T<esc>");
    assert_eq!(bench.asked(), "StartSaved StartSaved CancelChecks CancelChecks");
    // One that cannot begin does not keep the others from being told.
    bench.keys("T");
    let run = bench.run();
    bench.tell(Msg::ChecksEnded { run, result: Err(trouble("its file is gone")) });
    assert_eq!(toast(&bench), "its file is gone");
    assert_eq!(bench.app.home.runs.len(), 1);
}

#[test]
fn without_a_keyring_the_other_places_are_offered() {
    let mut bench = filled();
    bench.tell(Msg::KeyringProbed(Err(trouble("no secret service runs"))));
    // The vault takes it, which is said. Whoever wants the keyring all the same is asked.
    let source = |bench: &Bench| bench.wizard().form.text(FieldKey::Source).to_owned();
    assert_eq!(source(&bench), "vault");
    let note = bench.wizard().form.notes(FieldKey::Source).remove(0).text;
    assert!(note.contains("vault keeps it") && note.contains("no secret service runs"), "{note}");
    bench.keys("<esc><esc>n");
    assert_eq!(source(&bench), "vault", "in the next set-up, too");
    let mut bench = filled();
    bench.tell(Msg::KeyringProbed(Err(trouble("no secret service runs"))));
    let Some(Screen::Wizard(wizard)) = bench.app.stack.last_mut() else { panic!("the wizard") };
    wizard.form.put(FieldKey::Source, "keyring");
    // What was typed can be tested all the same.
    bench.keys("t");
    let effects = bench.take();
    assert!(matches!(&effects[..], [Effect::StartChecks { secret: Some(_), .. }]), "{effects:?}");
    let Effect::StartChecks { run, .. } = effects[0] else { unreachable!("seen above") };
    bench.run_ends(run, None).keys("s");
    let Some(Dialog::Ask { title, lines, answers, .. }) = &bench.app.dialog else { panic!("a question") };
    assert_eq!(title, "Where is the secret to be read from?");
    assert!(lines[0].contains("no secret service runs"));
    assert_eq!(answers.len(), 5);
    bench.keys("<down><down><enter>");
    assert_eq!(bench.place(), ("client-secret", Some(FieldKey::Source)));
    assert_eq!(bench.wizard().form.text(FieldKey::Source), "env:");
    assert!(bench.wizard().form.typed_secret().is_some());
    bench.keys("D365_SECRET<c-s>");
    let effects = bench.take();
    let [Effect::Save { secret: SecretWish::Source(source), .. }] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(*source, SecretSource::Env { var: "D365_SECRET".into() }.into());
    // What is kept already stays where it is, and nobody is told to move it.
    let locked = CredentialSource::certificate("/run/c.pfx").with_secret(SecretSource::Keyring { entry: "1".into() });
    for (source, told) in [
        (
            SecretSource::Keyring { entry: "1".into() }.into(),
            "the saved one is in the keyring, which cannot be used now",
        ),
        (locked, "its password from the keyring"),
    ] {
        let mut bench = opened(OpenFor::Edit, ProfileDraft { source: Some(source), ..draft() });
        bench.tell(Msg::KeyringProbed(Err(trouble("none"))));
        let note = bench.app.form().unwrap().notes(FieldKey::Source).remove(0).text;
        assert!(note.contains(told), "{note}");
    }
    // A profile that reads from elsewhere never asks.
    let mut saved = draft();
    saved.source = Some(SecretSource::File { path: "/run/secrets/d365".into() }.into());
    let mut bench = opened(OpenFor::Edit, saved);
    bench.tell(Msg::KeyringProbed(Err(trouble("none"))));
    bench.keys("-x<c-s>");
    let effects = bench.take();
    assert!(matches!(&effects[..], [Effect::Save { secret: SecretWish::Source(_), .. }]), "{effects:?}");
}

#[test]
fn whether_a_credential_can_be_read_is_told_where_its_place_is_named() {
    let told = |bench: &Bench| bench.app.form().unwrap().notes(FieldKey::Source)[0].clone();
    let env: CredentialSource = SecretSource::Env { var: "D365_SECRET".into() }.into();
    let mut bench = opened(OpenFor::Edit, ProfileDraft { source: Some(env.clone()), ..draft() });
    assert_eq!(bench.trying.take(), Some(env.clone()));
    assert!(!told(&bench).text.contains("now"));
    bench.tell(Msg::SourceTried { source: env.clone(), result: Ok("it can be read now".into()) });
    assert!(told(&bench).text.ends_with("it can be read now"), "{:?}", told(&bench));
    bench.keys("<down>");
    assert_eq!(bench.trying, None);
    // Another place is looked at when the cursor leaves it, and not at every key.
    while bench.app.focused_field() != Some(FieldKey::Source) {
        bench.keys("<down>");
    }
    bench.keys("<c-u>file:/run/d365");
    assert_eq!(bench.trying, None);
    bench.keys("<down>");
    let file: CredentialSource = SecretSource::File { path: "/run/d365".into() }.into();
    assert_eq!(bench.trying.take(), Some(file.clone()));
    // What comes too late is dropped.
    bench.tell(Msg::SourceTried { source: env, result: Ok("it can be read now".into()) });
    assert!(!told(&bench).text.contains("now"));
    bench.tell(Msg::SourceTried { source: file, result: Err("no such file".into()) });
    assert_eq!(told(&bench).weight, Weight::Hint);
    assert!(told(&bench).text.ends_with("it cannot be read now: no such file"));
    // A program is not started by looking at a form.
    bench.keys("<up><c-u>command:op read it<down>");
    assert_eq!(bench.trying, None);
    for (vault, text) in [
        (Vault::Absent, "it cannot be read now: there is no vault"),
        (Vault::Locked, "the vault is locked now"),
        (Vault::Open, "the vault is open"),
    ] {
        let kept = Some(SecretSource::Vault { entry: "1".into() }.into());
        let mut bench = opened(OpenFor::Edit, ProfileDraft { source: kept, ..draft() });
        bench.tell(Msg::VaultSeen(vault));
        assert!(told(&bench).text.starts_with(text), "{:?}", told(&bench));
    }
    let mut bench = opened(OpenFor::Edit, draft());
    bench.tell(Msg::KeyringProbed(Ok(())));
    assert!(told(&bench).text.contains("can be used now"));
}

/// The passphrase that the app gave out to be tried.
#[track_caller]
fn tried(bench: &mut Bench) -> Arc<ClientSecret> {
    match bench.take().pop() {
        Some(Effect::OpenVault(passphrase)) => passphrase,
        other => panic!("no passphrase: {other:?}"),
    }
}

#[test]
fn a_new_vault_wants_its_passphrase_twice_when_the_secret_is_saved() {
    let mut bench = filled();
    bench.tell(Msg::KeyringProbed(Err(trouble("no secret service runs"))));
    bench.keys("<c-s>");
    assert_eq!(title(&bench), "New passphrase for the vault");
    // Going back saves nothing, and the form can be changed again.
    bench.keys("some<esc>");
    assert!(toast(&bench).contains("not saved"));
    assert_eq!((bench.asked().as_str(), title(&bench)), ("", ""));
    assert!(bench.app.form().unwrap().saving.is_none());
    bench.keys("<c-s><enter>");
    assert!(matches!(&bench.app.dialog, Some(Dialog::Passphrase(asked)) if asked.problem.is_some()));
    // A short one is not taken; eight characters are.
    bench.keys("seven 7<enter>");
    assert!(
        matches!(&bench.app.dialog, Some(Dialog::Passphrase(asked)) if asked.problem.is_some() && asked.typed.is_empty())
    );
    assert_eq!(title(&bench), "New passphrase for the vault");
    bench.keys("some words<enter>");
    assert_eq!(title(&bench), "The same passphrase again");
    bench.keys("other words<enter>");
    assert_eq!(title(&bench), "New passphrase for the vault");
    assert_eq!(bench.asked(), "");
    bench.keys("some ").paste("words").keys("<enter>some words<enter>");
    // It is nowhere to be seen, and waits until it is known to open the vault.
    assert!(!format!("{:?}", bench.app).contains("some words"));
    assert!(tried(&mut bench).is("some words"));
    bench.keys("xyz<enter>");
    assert_eq!(bench.asked(), "");
    bench.tell(Msg::VaultOpened(Ok(())));
    assert_eq!(title(&bench), "");
    let effects = bench.take();
    assert!(
        matches!(&effects[..], [Effect::Save { secret: SecretWish::InVault(value), .. }] if value.is(SECRET)),
        "{effects:?}"
    );
}

#[test]
fn the_passphrase_is_asked_for_once_and_only_when_it_is_needed() {
    let mut saved = draft();
    saved.source = Some(SecretSource::Vault { entry: "1".into() }.into());
    let in_vault = |name: &str| Row { in_vault: true, ..row(name) };
    let mut bench = Bench::home(vec![row("contoso"), in_vault("kept"), in_vault("other")]);
    bench.tell(Msg::VaultSeen(Vault::Locked));
    bench.take();
    // Of all that are tested, one does not wait.
    bench.keys("T");
    let effects = bench.take();
    assert!(matches!(&effects[..], [Effect::StartSaved { name, .. }] if name.as_str() == "contoso"), "{effects:?}");
    assert_eq!(title(&bench), "Passphrase of the vault");
    bench.keys("wrong<enter>");
    assert!(tried(&mut bench).is("wrong"));
    bench.tell(Msg::VaultOpened(Err(trouble("it does not open it"))));
    let Some(Dialog::Passphrase(asked)) = &bench.app.dialog else { panic!("asked again") };
    assert_eq!((asked.problem.as_deref(), asked.typed.is_empty()), (Some("it does not open it"), true));
    // Not given: those that waited end, and the other goes on.
    bench.keys("<esc>");
    assert_eq!(bench.app.home.runs.len(), 1);
    bench.keys("<esc>j");
    bench.take();
    // What needs no secret is done without.
    bench.keys("<enter>");
    assert_eq!(bench.asked(), "OpenProfile");
    let name = || "kept".parse().unwrap();
    bench.tell(Msg::ProfileOpened { name: name(), purpose: OpenFor::Look, result: Ok(saved) });
    assert_eq!(title(&bench), "");
    bench.keys("t");
    assert_eq!((bench.asked().as_str(), title(&bench)), ("", "Passphrase of the vault"));
    bench.keys("<esc>");
    assert!(matches!(checks(&bench).run, Run::Trouble(_)));
    bench.keys("tright<enter>");
    assert!(tried(&mut bench).is("right"));
    bench.tell(Msg::VaultOpened(Ok(())));
    let run = bench.run();
    bench.run_ends(run, None).take();
    bench.keys("t");
    assert_eq!((bench.asked().as_str(), title(&bench)), ("StartChecks", ""));
    // From a vault that is not there nothing can be read: that is told, and nobody is asked.
    let mut bench = Bench::home(vec![in_vault("kept")]);
    bench.take();
    bench.keys("T");
    assert_eq!((bench.asked().as_str(), title(&bench)), ("StartSaved", ""));
    // Removing takes the entry out as well.
    for (keys, done) in [("D<down><enter>", "Remove"), ("c-2<enter>", "Copy")] {
        let mut bench = Bench::home(vec![in_vault("kept")]);
        bench.tell(Msg::VaultSeen(Vault::Locked)).take();
        bench.keys(keys);
        assert_eq!((bench.asked().as_str(), title(&bench)), ("", "Passphrase of the vault"), "{keys}");
        bench.tell(Msg::VaultOpened(Ok(())));
        assert_eq!(bench.asked(), done);
    }
}

#[test]
fn who_stays_finds_what_was_typed_into_a_question() {
    let mut bench = filled();
    bench.app.stack.iter_mut().for_each(|screen| {
        if let Screen::Wizard(wizard) = screen {
            wizard.form.put(FieldKey::Source, "vault");
        }
    });
    bench.keys("<c-s>half<c-c>");
    assert_eq!(title(&bench), "Leave the program?");
    for stay in ["<enter>", "<c-c><esc>"] {
        if stay == "<c-c><esc>" {
            bench.keys("of it");
        }
        bench.keys(stay);
        assert_eq!(title(&bench), "New passphrase for the vault", "{stay}");
    }
    bench.keys("<enter>halfof it<enter>");
    assert!(tried(&mut bench).is("halfof it"));
    // A text to hand on, and the name of its file.
    let mut bench = filled();
    bench.keys("h");
    let text = paper(&bench).text.clone();
    bench.keys("<c-c><enter>");
    assert_eq!(paper(&bench).text, text);
    bench.keys("s<c-u>own.txt<c-c><esc>");
    assert!(matches!(&bench.app.dialog, Some(Dialog::Name { input, .. }) if input.value() == "own.txt"));
    bench.keys("<esc>");
    assert_eq!(paper(&bench).text, text);
    bench.keys("<esc>");
    assert_eq!(title(&bench), "");
}

#[test]
fn a_certificate_takes_the_place_of_the_secret() {
    let wish_of = |saved: CredentialSource, source: &str, secret: &str| {
        let mut bench = opened(OpenFor::Edit, ProfileDraft { source: Some(saved), ..draft() });
        let Some(Screen::Editor(editor)) = bench.app.stack.last_mut() else { panic!("the editor") };
        editor.form.put(FieldKey::Source, source);
        editor.form.put(FieldKey::Of(FieldId::Secret), secret);
        (editor.form.wish(), editor.form.draft().source)
    };
    let keyring = CredentialSource::from(SecretSource::Keyring { entry: "1".into() });
    let bare = CredentialSource::certificate("/run/c.pem");
    let (wish, source) = wish_of(keyring.clone(), "certificate:/run/c.pem", "");
    assert!(matches!(wish, Ok(SecretWish::Source(source)) if source == bare));
    assert_eq!(source, Some(bare.clone()));
    // What is typed beside it is the password of its key.
    let (wish, _) = wish_of(keyring.clone(), "certificate:/run/c.pem", "a password");
    assert!(
        matches!(wish, Ok(SecretWish::Certificate(path, password)) if path == "/run/c.pem" && password.is("a password"))
    );
    // A password that is kept already stays with its certificate, and with no other.
    let locked = bare.clone().with_secret(SecretSource::Keyring { entry: "2".into() });
    assert!(matches!(wish_of(locked.clone(), "certificate:/run/c.pem", "").0, Ok(SecretWish::Keep)));
    let (wish, _) = wish_of(locked, "certificate:/run/d.pem", "");
    assert!(matches!(wish, Ok(SecretWish::Source(source)) if source == CredentialSource::certificate("/run/d.pem")));
    let (wish, source) = wish_of(keyring.clone(), "make-certificate:/run/c.pem", "");
    assert!(matches!(wish, Ok(SecretWish::Make(path)) if path == "/run/c.pem"));
    assert_eq!(source, Some(bare));
    for wrong in ["certificate:", "make-certificate:"] {
        assert!(matches!(wish_of(keyring.clone(), wrong, "").0, Err((FieldKey::Source, _))), "{wrong}");
    }
    let (wish, _) = wish_of(keyring, "vault", "the value");
    assert!(matches!(wish, Ok(SecretWish::InVault(value)) if value.is("the value")));
}

/// A passphrase that was changed by another program is asked for again.
#[test]
fn a_passphrase_that_opens_the_vault_no_more_is_asked_for_again() {
    let mut bench = opened(
        OpenFor::Look,
        ProfileDraft { source: Some(SecretSource::Vault { entry: "1".into() }.into()), ..draft() },
    );
    bench.tell(Msg::VaultSeen(Vault::Open)).keys("t");
    let run = bench.run();
    bench.run_ends(run, Some(&failure(CheckId::Inputs, "")));
    assert!(bench.asked().ends_with("ProbeVault"));
    bench.tell(Msg::VaultSeen(Vault::Locked)).keys("r");
    assert_eq!((bench.asked().as_str(), title(&bench)), ("", "Passphrase of the vault"));
}

/// Without its passphrase a profile of the vault can be removed as well: what stays there is said before.
#[test]
fn a_profile_is_removed_without_opening_the_vault() {
    let mut bench = Bench::home(vec![Row { in_vault: true, ..row("kept") }]);
    bench.tell(Msg::VaultSeen(Vault::Locked)).take();
    bench.keys("D<down><enter><esc>");
    assert_eq!(title(&bench), "Remove 'kept' without opening the vault?");
    let Some(Dialog::Ask { lines, .. }) = &bench.app.dialog else { panic!("a question") };
    assert!(lines[0].contains("stays in the vault"), "{lines:?}");
    bench.keys("<enter>");
    assert_eq!((bench.asked().as_str(), title(&bench)), ("", ""));
    bench.keys("D<down><enter><esc><down><enter>");
    assert_eq!((bench.asked().as_str(), title(&bench)), ("RemoveLocked", ""));
}

/// A profile that somebody removed or renamed meanwhile is not saved by accident; whoever wants it makes it anew.
#[test]
fn a_profile_that_is_gone_is_made_anew_only_knowingly() {
    let gone = |bench: &mut Bench| {
        bench.keys("<c-s>").take();
        let (name, old) = ("contoso-x".parse().unwrap(), "contoso".parse().unwrap());
        bench.tell(Msg::SaveGone { name, old });
        assert_eq!(title(bench), "'contoso' is not there any more");
        assert_eq!(bench.asked(), "LoadHome");
        bench.tell(Msg::HomeLoaded(Ok(HomeData { rows: Vec::new(), drafts: Vec::new(), now: now(), trouble: None })));
    };
    let saved = |source: SecretSource| ProfileDraft { source: Some(source.into()), ..draft() };
    let mut bench = opened(OpenFor::Edit, saved(SecretSource::Env { var: "SECRET".into() }));
    bench.keys("-x");
    gone(&mut bench);
    bench.keys("<enter>");
    assert!(bench.app.form().unwrap().saving.is_none(), "it can be looked at and changed");
    gone(&mut bench);
    bench.keys("<down><enter>");
    let effects = bench.take();
    let news = |effect: &Effect| matches!(effect, Effect::Save { name, was: None, .. } if name.as_str() == "contoso-x");
    assert!(effects.iter().any(news), "{effects:?}");
    assert_eq!(bench.wizard().form.purpose, Purpose::New, "where a draft can be kept");
    // A secret that was kept for the other one is not shared with it.
    let mut bench = opened(OpenFor::Edit, draft());
    bench.keys("-x");
    gone(&mut bench);
    bench.keys("<down><enter>");
    assert_eq!((bench.asked().as_str(), bench.place().1), ("", Some(SECRET_FIELD)));
    assert!(toast(&bench).contains("missing"), "{}", toast(&bench));
}

/// What is typed beside a certificate is called by its name; one that does not work leads to where another is named.
#[test]
fn a_certificate_that_has_ended_is_mended_from_the_test() {
    let saved = |path: &str| ProfileDraft { source: Some(CredentialSource::certificate(path)), ..draft() };
    for (path, password) in [
        ("/run/c.pem", "Password of the key"),
        ("/run/c.PFX", "Password of the PFX file"),
        ("/run/c.p12", "Password of the PFX file"),
    ] {
        let bench = opened(OpenFor::Edit, saved(path));
        let form = bench.app.form().unwrap();
        let labels = [SECRET_FIELD, FieldKey::Source, FieldKey::Of(FieldId::Expires)].map(|key| form.label(key));
        assert_eq!(labels, [password, "Certificate", "Certificate expires"]);
        assert!(form.notes(SECRET_FIELD).is_empty(), "no password is kept");
        assert!(form.help(SECRET_FIELD).contains("leave it empty"));
    }
    let mut ended = Evidence::local(CheckId::Expiry, [Mark::EndDatePassed, Mark::Certificate]);
    ended.named.insert("expires".into(), "2026-11-18".into());
    let mut bench = opened(OpenFor::Test, saved("/run/c.pem")).rehearsing();
    let run = bench.run();
    bench.run_ends(run, Some(&ended)).keys("<enter>");
    assert_eq!(bench.place(), ("client-secret", Some(FieldKey::Source)));
    let note = bench.wizard().form.notes(FieldKey::Source).remove(0);
    assert!(note.weight == Weight::Hint && note.text.contains("make-certificate:PATH"), "{note:?}");
    // One that is made now is made on saving, and cannot be tested before.
    bench.keys("<c-u>make-certificate:/run/new.pem").take();
    bench.keys("<c-t>");
    assert!(toast(&bench).contains("no certificate yet"), "{}", toast(&bench));
    bench.keys("<c-s>");
    let effects = bench.take();
    let makes = |effect: &Effect| matches!(effect, Effect::Save { secret: SecretWish::Make(path), .. } if path == "/run/new.pem");
    assert!(effects.iter().any(makes), "{effects:?}");
    // In a rehearsal the administrator makes it.
    let mut bench = opened(OpenFor::Test, saved("/run/c.pem")).rehearsing();
    let run = bench.run();
    bench.run_ends(run, Some(&ended)).keys("<enter><c-d>").take();
    let offers = vec![Offered::Certificate("/run/certificate-2.pem".into())];
    bench.tell(Msg::CarriedOut { said: "A new certificate was made.".into(), offers });
    assert_eq!(bench.wizard().form.text(FieldKey::Source), "certificate:/run/certificate-2.pem");
    assert!(bench.wizard().fault_here().unwrap().mended);
    bench.keys("<c-t>");
    let effects = bench.take();
    let tests = |effect: &Effect| matches!(effect, Effect::StartChecks { draft, .. } if draft.given(FieldId::Expires).is_none() && draft.source == Some(CredentialSource::certificate("/run/certificate-2.pem")));
    assert!(effects.iter().any(tests), "{effects:?}");
}

#[test]
fn every_finding_leads_to_its_step_and_into_the_field_that_is_wrong() {
    let session = |text: &str| failure(CheckId::Registration, text);
    let table = [
        (
            failure(CheckId::Token, "AADSTS7000215: Invalid client secret provided."),
            "client-secret",
            Some(FieldId::Secret),
        ),
        (
            failure(CheckId::Token, "AADSTS7000222: The provided client secret keys are expired."),
            "client-secret",
            Some(FieldId::Secret),
        ),
        (
            failure(CheckId::Token, "AADSTS700016: Application was not found in the directory."),
            "register-app",
            Some(FieldId::ClientId),
        ),
        (failure(CheckId::Authority, "AADSTS90002: Tenant not found."), "values", Some(FieldId::TenantId)),
        (session(""), "register-in-d365", None),
    ];
    for (evidence, step, field) in table {
        let text = format!("{evidence:?}");
        // From a saved profile.
        let mut bench = opened(OpenFor::Test, draft());
        let run = bench.run();
        bench.run_ends(run, Some(&evidence));
        assert_eq!(bench.asked(), "NoteVerdict LoadHome", "{text}");
        bench.keys("<enter>");
        let named = |field: Option<FieldId>| field.map(FieldKey::Of);
        let (at, focus) = bench.place();
        assert_eq!(at, step, "{text}");
        assert_eq!(focus, named(field), "{text}");
        assert!(bench.wizard().fault.is_some());
        bench.keys("<c-t>");
        let effects = bench.take();
        assert!(matches!(&effects[..], [Effect::StartChecks { name: Some(_), .. }]), "{text}: {effects:?}");
        assert_eq!(bench.app.stack.len(), 2, "the old test has had its say");
        // From the wizard, with everything typed still there.
        let mut bench = filled();
        bench.keys("t");
        let run = bench.run();
        bench.run_ends(run, Some(&evidence)).keys("<enter>");
        assert_eq!(bench.place().1, named(field), "{text}");
        assert!(bench.wizard().form.typed_secret().is_some());
        // From the editor, with what was changed still changed.
        let mut bench = opened(OpenFor::Edit, draft());
        bench.keys("-new<c-t>");
        let run = bench.run();
        bench.run_ends(run, Some(&evidence)).keys("<enter>");
        assert_eq!(bench.place().1, named(field), "{text}");
        assert_eq!(bench.wizard().form.text(FieldKey::Name), "contoso-new");
        assert!(bench.wizard().form.changed(FieldKey::Name));
    }
}

#[test]
fn a_failed_test_can_be_saved_all_the_same_and_a_good_one_of_a_saved_profile_goes_home() {
    let mut bench = filled();
    bench.keys("t");
    let run = bench.run();
    bench.run_ends(run, Some(&failure(CheckId::Registration, ""))).keys("s");
    assert_eq!(bench.asked(), "Save");
    let mut bench = opened(OpenFor::Look, draft());
    assert_eq!(bench.asked(), "");
    bench.keys("<enter>");
    let run = bench.run();
    bench.run_ends(run, None).keys("<enter>");
    assert!(bench.app.stack.is_empty());
}

#[test]
fn a_step_is_ticked_only_where_what_it_wants_holds() {
    // What looks wrong, and what is wrong.
    for (field, value, standing) in [
        (FieldId::ResourceUrl, URL, Standing::Holds),
        (FieldId::ResourceUrl, "https://contoso.crm.dynamics.com", Standing::Doubtful),
        (FieldId::ResourceUrl, "ftp://contoso", Standing::Wrong),
        (FieldId::ResourceUrl, "", Standing::Open),
    ] {
        let mut bench = filled();
        let Some(Screen::Wizard(wizard)) = bench.app.stack.last_mut() else { panic!("no wizard") };
        wizard.form.put(FieldKey::Of(field), value);
        assert_eq!(wizard.standing(0), Standing::Open, "not gone through: {value}");
        bench.keys("<right>");
        assert_eq!(bench.wizard().standing(0), standing, "{value}");
        assert_eq!(bench.wizard().form.doubts().is_empty(), standing != Standing::Doubtful, "{value}");
    }
    // The test itself: only while what passed is what is there.
    let at = assets::guide(GUIDE).unwrap().position("test").unwrap();
    for (failure, holds) in [(Some(failure(CheckId::Registration, "")), false), (None, true)] {
        let mut bench = filled();
        bench.keys("<right><right><right><right><right><right><pgdn><pgdn><pgdn>");
        assert_eq!(bench.wizard().standing(at), Standing::Open, "not tested");
        bench.keys("t");
        let run = bench.run();
        bench.run_ends(run, failure.as_ref()).keys("<esc>");
        let standing = |bench: &Bench| bench.wizard().standing(at);
        assert_eq!(standing(&bench) == Standing::Holds, holds);
        bench.keys("<left><left><left><left><tab>");
        assert_eq!(bench.place().1, Some(SECRET_FIELD));
        assert_eq!(standing(&bench) == Standing::Holds, holds, "going through the steps changes nothing");
        bench.keys("x");
        assert_eq!(standing(&bench), Standing::Open);
    }
}

#[test]
fn opened_after_a_failed_test_it_tells_what_that_found_and_leads_to_its_step() {
    let last = |verdict, cause| Some(LastVerdict { verdict, when: now(), cause });
    let opened = |last| {
        let mut bench = Bench::home(vec![Row { last, ..row("contoso") }]);
        bench.keys("<enter>").take();
        let name = "contoso".parse().unwrap();
        bench.tell(Msg::ProfileOpened { name, purpose: OpenFor::Look, result: Ok(draft()) });
        bench
    };
    for (verdict, cause, step) in [
        (Status::Failed, Cause::D365NotRegistered, "register-in-d365"),
        (Status::Failed, Cause::SecretExpired, "client-secret"),
        (Status::Unknown, Cause::Dns, "test"),
    ] {
        let mut bench = opened(last(verdict, Some(cause)));
        assert!(matches!(checks(&bench).run, Run::Idle), "no test is made up");
        let finding = checks(&bench).finding().unwrap();
        assert_eq!((finding.cause, finding.fix.step.as_str()), (cause, step));
        assert!(!finding.title.contains(['{', '<']), "{}", finding.title);
        bench.keys("<enter>");
        assert_eq!(bench.place().0, step);
        assert!(bench.wizard().fault.is_some());
        // It can be tested anew at once, and then it is this test that is told.
        let mut bench = opened(last(verdict, Some(cause)));
        bench.keys("r");
        assert!(checks(&bench).finding().is_none());
        let run = bench.run();
        bench.run_ends(run, None);
        assert!(checks(&bench).finding().is_none());
    }
    for last in [
        None,
        last(Status::Passed, None),
        last(Status::Warning, Some(Cause::SecretExpired)),
        last(Status::Failed, None),
    ] {
        let mut bench = opened(last);
        assert!(checks(&bench).finding().is_none());
        bench.keys("<enter>");
        assert_eq!(bench.asked(), "StartChecks");
    }
    // What is handed over from here is of that cause.
    let mut bench = opened(last(Status::Failed, Some(Cause::D365NotRegistered)));
    bench.keys("h");
    assert!(matches!(&bench.app.dialog, Some(Dialog::Paper(paper)) if paper.title.contains("Dynamics 365")));
}

#[test]
fn an_incomplete_profile_opens_at_what_is_missing() {
    for purpose in [OpenFor::Look, OpenFor::Test] {
        let mut incomplete = draft();
        incomplete.set(FieldId::TenantId, "");
        let mut bench = opened(purpose, incomplete);
        assert_eq!(bench.place(), ("register-app", Some(FieldKey::Of(FieldId::TenantId))));
        assert!(toast(&bench).contains("missing"));
        bench.paste(TENANT);
        bench.take();
        bench.keys("<c-t>");
        assert_eq!(bench.asked(), "StartChecks");
    }
    let mut foreign = draft();
    foreign.guide = "business-central".into();
    let bench = opened(OpenFor::Test, foreign);
    assert!(bench.app.stack.is_empty());
    assert!(toast(&bench).contains("guide"));
}

#[test]
fn the_sandbox_carries_a_step_out_and_says_how_to_go_on() {
    let mut bench = opened(OpenFor::Test, draft()).rehearsing();
    let run = bench.run();
    bench
        .run_ends(run, Some(&failure(CheckId::Token, "AADSTS7000215: Invalid client secret provided.")))
        .keys("<enter>");
    assert_eq!(bench.place().1, Some(SECRET_FIELD));
    bench.take();
    bench.keys("<c-d>");
    let effects = bench.take();
    assert!(matches!(&effects[..], [Effect::CarryOut { step, .. }] if step == "client-secret"), "{effects:?}");
    let secret = || Arc::new(ClientSecret::new(Zeroizing::new(SECRET.to_owned())).unwrap());
    let offers = vec![Offered::Secret(secret(), "2027-05-20".into())];
    bench.tell(Msg::CarriedOut { said: "A new client secret was made.".into(), offers });
    assert_eq!(title(&bench), "The sandbox's portal shows");
    bench.keys("<enter>");
    assert_eq!(toast(&bench), "2 values taken; t tests again");
    assert!(bench.wizard().fault_here().unwrap().mended);
    assert!(bench.wizard().form.typed_secret().unwrap().is(SECRET));
    bench.keys("t");
    let effects = bench.take();
    assert!(matches!(&effects[..], [Effect::StartChecks { name: None, secret: Some(_), .. }]), "{effects:?}");

    // Where the portal shows nothing new, the answer says it all.
    let mut bench = opened(OpenFor::Test, draft()).rehearsing();
    let run = bench.run();
    bench.run_ends(run, Some(&failure(CheckId::Registration, ""))).keys("<enter>a");
    assert!(!bench.wizard().fault_here().unwrap().mended);
    bench.tell(Msg::CarriedOut { said: "The app is registered.".into(), offers: Vec::new() });
    assert_eq!(toast(&bench), "The app is registered. t tests again.");
    assert!(bench.wizard().fault_here().unwrap().mended);
    // An answer that comes when the wizard is gone asks nothing.
    bench.keys("<esc><esc>");
    let offers = vec![Offered::Secret(secret(), "2027-05-20".into())];
    bench.tell(Msg::CarriedOut { said: "Done.".into(), offers });
    assert!(bench.app.dialog.is_none());
    // Without a sandbox there is nobody to ask.
    let mut bench = filled();
    bench.keys("a");
    assert_eq!(bench.asked(), "");
}

#[test]
fn the_page_keys_read_a_step_before_they_turn_it() {
    let mut bench = Bench::home(Vec::new());
    bench.keys("n<tab>abc");
    bench.app.seen.max_scroll = 6;
    bench.app.seen.page = 5;
    let seen = |bench: &Bench| (bench.wizard().step, bench.wizard().scroll);
    for (key, at) in
        [("<pgdn>", (0, 4)), ("<pgdn>", (0, 6)), ("<pgup>", (0, 2)), ("<pgup>", (0, 0)), ("<pgup>", (0, 0))]
    {
        bench.keys(key);
        assert_eq!(seen(&bench), at, "{key}");
    }
    bench.keys("<pgdn><pgdn><pgdn>");
    assert_eq!(seen(&bench), (1, 0));
    bench.keys("<pgup>");
    assert_eq!(seen(&bench), (0, 0));
}

#[test]
fn a_secret_is_shown_for_a_moment_and_never_beyond_its_field() {
    let mut bench = filled();
    bench.keys("<right><right><tab>");
    bench.take();
    bench.keys("<c-r>");
    assert_eq!(bench.asked(), "HideSecretSoon");
    assert!(bench.wizard().form.revealed);
    bench.tell(Msg::HideSecret);
    assert!(!bench.wizard().form.revealed);
    for keys in ["<c-r><tab>", "<c-r><c-t><esc><esc>"] {
        let mut bench = filled();
        bench.keys("<right><right><tab>").keys(keys);
        assert!(!bench.wizard().form.revealed, "{keys}");
    }
}

#[test]
fn links_are_opened_and_copied() {
    let mut bench = filled();
    bench.keys("<right>");
    bench.take();
    bench.keys("o");
    let effects = bench.take();
    let [Effect::OpenLink(url)] = &effects[..] else { panic!("{effects:?}") };
    assert!(url.contains(CLIENT), "{url}");
    bench.keys("y");
    assert!(matches!(&bench.take()[..], [Effect::CopyText(copied)] if copied == url));
    // The details of a test hold what is needed for a ticket, and no secret.
    bench.keys("t");
    let run = bench.run();
    bench.run_ends(run, Some(&failure(CheckId::Token, "AADSTS7000215: Invalid client secret provided."))).keys("c");
    let effects = bench.take();
    let [Effect::CopyText(text)] = &effects[..] else { panic!("{effects:?}") };
    assert!(text.contains("secret-wrong") && !text.contains(SECRET), "{text}");
}

#[test]
fn an_error_text_is_explained_as_it_is_typed_and_leads_to_a_step() {
    let mut bench = Bench::home(Vec::new());
    bench.keys("d").paste("AADSTS700016: Application with identifier was not found");
    let Some(Screen::Diagnosis(diagnosis)) = bench.app.stack.last() else { panic!("diagnosis") };
    assert_eq!(diagnosis.findings[0].cause.as_str(), "client-not-found");
    bench.keys("<enter>");
    assert_eq!(bench.place().1, Some(FieldKey::Of(FieldId::ClientId)));
    bench.keys("<esc><tab><c-u>");
    let Some(Screen::Diagnosis(diagnosis)) = bench.app.stack.last() else { panic!("diagnosis") };
    assert!(diagnosis.findings.is_empty());
}

fn diagnosis(bench: &Bench) -> &Diagnosis {
    match bench.app.stack.last() {
        Some(Screen::Diagnosis(diagnosis)) => diagnosis,
        other => panic!("not the diagnosis: {other:?}"),
    }
}

#[test]
fn a_text_is_compared_with_the_profile_that_was_marked_or_is_chosen() {
    const OTHER: &str = "19072c09-bf6c-4c36-b128-b12280421700";
    let text = format!("AADSTS700016: Application with identifier '{OTHER}' was not found in the directory");
    let mut bench = opened(OpenFor::Diagnose, draft());
    bench.paste(&text);
    assert!(diagnosis(&bench).findings[0].explanation.contains("not this profile's"));
    let compared = diagnosis(&bench).findings.clone();
    // With none, and with it again.
    bench.keys("<tab><c-p><enter>");
    assert!(diagnosis(&bench).profile.is_none());
    assert_ne!(diagnosis(&bench).findings, compared);
    bench.keys("<tab>p<down><enter>");
    assert_eq!(bench.asked(), "OpenProfile");
    let name = "contoso".parse().unwrap();
    bench.tell(Msg::ProfileOpened { name, purpose: OpenFor::Diagnose, result: Ok(draft()) });
    assert_eq!(diagnosis(&bench).findings, compared);
    // Its steps are handed over.
    bench.take();
    bench.keys("h");
    assert!(matches!(&bench.take()[..], [Effect::OpenProfile { purpose: OpenFor::HandOver(Some(_)), .. }]));
    // It is mended there.
    bench.keys("<enter>");
    assert!(matches!(&bench.take()[..], [Effect::OpenProfile { purpose: OpenFor::Mend, .. }]));
}

/// The profile that was marked is not what a text is about that names none of its ids, before somebody says so.
#[test]
fn a_text_that_names_no_id_of_the_marked_profile_is_judged_by_itself() {
    let mut bench = opened(OpenFor::Diagnose, draft());
    bench.paste("AADSTS7000215: Invalid client secret provided.");
    let told = |bench: &Bench| format!("{:?}", diagnosis(bench).findings);
    assert!(diagnosis(&bench).is_loose);
    assert!([CLIENT, TENANT, URL].iter().all(|id| !told(&bench).contains(id)), "{}", told(&bench));
    bench.take();
    bench.keys("h");
    assert!(bench.take().is_empty() && toast(&bench).contains("with p"), "{}", toast(&bench));
    // Whose it is, is asked; the profile comes first.
    bench.keys("<enter>");
    assert!(title(&bench).contains("Which connection"));
    bench.keys("<enter>");
    assert!(matches!(&bench.take()[..], [Effect::OpenProfile { purpose: OpenFor::Mend, .. }]));
    // Said with p, it is the profile's.
    bench.keys("p<down><enter>");
    let name = "contoso".parse().unwrap();
    bench.tell(Msg::ProfileOpened { name, purpose: OpenFor::Diagnose, result: Ok(draft()) });
    assert!(!diagnosis(&bench).is_loose && told(&bench).contains(CLIENT), "{}", told(&bench));
    // So it is where the text says it.
    for text in [
        format!("AADSTS7000215: x {CLIENT}"),
        format!("AADSTS7000215: x {}", TENANT.to_uppercase()),
        format!("{URL}/data 401"),
    ] {
        let mut bench = opened(OpenFor::Diagnose, draft());
        bench.paste(&text);
        assert!(!diagnosis(&bench).is_loose, "{text}");
    }
}

#[test]
fn without_a_profile_the_guide_is_asked_for() {
    let mut bench = Bench::knowing(assets::guides(), Vec::new());
    bench.keys("d<c-p>");
    assert!(toast(&bench).contains("no profile"), "{}", toast(&bench));
    bench.paste("AADSTS7000222: The provided client secret keys are expired.").keys("<enter>");
    assert!(title(&bench).contains("connection"), "{}", title(&bench));
    bench.keys("<down><enter>");
    assert_eq!(bench.wizard().guide().id, assets::guides()[1].id);
    assert_eq!(bench.place().0, "client-secret");
}

/// A second paste goes on in a line of its own, and a key takes all of it away.
#[test]
fn a_second_paste_is_added_and_a_key_begins_anew() {
    let mut bench = Bench::home(Vec::new());
    bench.keys("d").paste("AADSTS50011: x");
    assert!(bench.app.toast.is_none());
    bench.paste("HTTP 401");
    assert_eq!(diagnosis(&bench).text.as_str(), "AADSTS50011: x\nHTTP 401");
    assert!(toast(&bench).contains("n takes all of it away"), "{}", toast(&bench));
    assert!(bench.app.bar(Seen::default()).iter().any(|(key, word, _)| (*key, *word) == (Key::Char('n'), "new text")));
    bench.keys("n");
    assert_eq!((diagnosis(&bench).part, diagnosis(&bench).text.as_str()), (Part::Text, ""));
}

/// The command that changes a credential is named where there is a saved profile that it can change.
#[test]
fn what_ends_names_the_command_that_changes_it() {
    const COMMAND: &str = "d365-connect rotate contoso ";
    let expired = Evidence { check: Some(CheckId::Token), ..read_text("AADSTS7000222: expired") };
    for is_saved in [true, false] {
        let mut bench = if is_saved { opened(OpenFor::Test, draft()) } else { filled() };
        if !is_saved {
            bench.keys("t");
        }
        let run = bench.run();
        bench.run_ends(run, Some(&expired));
        let fix = &checks(&bench).finding().unwrap().fix.text;
        assert_eq!(fix.contains(COMMAND), is_saved, "{fix}");
    }
    let book = assets::rules();
    let values = |name: &str| (name == "profile").then(|| "contoso".to_owned());
    let judge = Judge { book, guide: None, values: &values };
    for marks in [
        vec![Mark::EndDateNear],
        vec![Mark::EndDatePassed],
        vec![Mark::EndDateNear, Mark::Certificate],
        vec![Mark::EndDatePassed, Mark::Certificate],
    ] {
        let finding = judge.findings(&Evidence::local(CheckId::Expiry, marks.clone())).remove(0);
        assert!(finding.fix.text.contains(COMMAND), "{marks:?}: {}", finding.fix.text);
    }
}

/// An id that is none leads to no page, and one in braces is taken out of them.
#[test]
fn links_are_made_of_ids_that_are_some() {
    let mut bench = filled();
    bench.keys("<right><right>");
    assert!(bench.app.url().unwrap().contains(CLIENT));
    for (id, leads) in [("lorem ipsum dolor", false), ("11111111-2222-4333-8444-55555555555", false), (CLIENT, true)] {
        let Some(Screen::Wizard(wizard)) = bench.app.stack.last_mut() else { panic!("no wizard") };
        wizard.form.put(FieldKey::Of(FieldId::ClientId), id);
        let url = bench.app.url().unwrap();
        assert!(url.contains(CLIENT) == leads && !url.contains("lorem") && !url.contains("11111111"), "{url}");
    }
    for (typed, kept) in [(format!("{{{CLIENT}}}"), CLIENT), ("{lorem}".into(), "{lorem}")] {
        let mut draft = draft();
        draft.set(FieldId::ClientId, &typed);
        assert_eq!(draft.value(FieldId::ClientId), kept);
    }
}

#[test]
fn the_editor_is_left_with_what_was_changed_saved() {
    let mut bench = opened(OpenFor::Edit, draft());
    bench.keys("-2<esc><down><enter>");
    let effects = bench.take();
    assert!(matches!(&effects[..], [Effect::Save { name, .. }] if name.as_str() == "contoso-2"), "{effects:?}");
    let name: d365_connect::core::names::ProfileName = "contoso-2".parse().unwrap();
    bench.tell(Msg::Saved { name: name.clone(), result: Ok(("here".into(), draft())) });
    assert!(bench.app.stack.is_empty() && toast(&bench).starts_with("saved"), "home, without a test");
    assert!(!bench.asked().contains("StartChecks"));
    // What keeps it from being saved is shown, and the next save tests as ever.
    let mut bench = opened(OpenFor::Edit, draft());
    bench.keys("<c-u><esc><down><enter>");
    assert!(toast(&bench).contains("missing"), "{}", toast(&bench));
    bench.keys("contoso-2<c-s>");
    bench.tell(Msg::Saved { name, result: Ok(("here".into(), draft())) });
    assert!(bench.asked().contains("StartChecks"));
}

/// What cannot be used is shown as such before its step is left; whoever wants to go on all the same does.
#[test]
fn a_wrong_value_is_told_before_its_step_is_left() {
    for key in ["<enter>", "<pgdn>"] {
        for (date, is_held) in [("5.6.2027", true), ("soon", true), ("28.5.2027", false), ("", false)] {
            let mut bench = filled();
            bench.app.seen.page = 10;
            bench.keys("<right><right><tab><tab><tab><c-u>").keys(date);
            assert_eq!(bench.place(), ("client-secret", Some(FieldKey::Of(FieldId::Expires))));
            assert!(!bench.wizard().form.field(FieldKey::Of(FieldId::Expires)).unwrap().left);
            bench.keys(key);
            assert_eq!(bench.place().0 == "client-secret", is_held, "{date}");
            if is_held {
                assert!(bench.wizard().form.field(FieldKey::Of(FieldId::Expires)).unwrap().left, "{date}");
                bench.keys(key);
                assert_eq!(bench.place().0, "permissions", "{date}");
            }
        }
    }
}

/// What was pasted is read; what is typed by hand is typed on.
#[test]
fn a_paste_leads_to_the_findings_and_typing_stays_in_the_text() {
    let mut bench = Bench::home(Vec::new());
    bench.keys("d700016");
    assert_eq!((diagnosis(&bench).part, diagnosis(&bench).findings.len()), (Part::Text, 1));
    bench.keys("<c-u>").paste("   ");
    assert_eq!(diagnosis(&bench).part, Part::Text, "there is nothing to read");
    bench.keys("<c-u>").paste("AADSTS700016: Application with identifier was not found");
    assert_eq!(diagnosis(&bench).part, Part::Findings);
    bench.keys("<tab>x");
    assert!(diagnosis(&bench).text.ends_with('x'));
    // The next one takes its place.
    bench.keys("<tab><c-u>");
    assert!(diagnosis(&bench).part == Part::Text && diagnosis(&bench).text.is_empty());
}

/// The profile's value is right for the profile, but it is not what the text is about.
#[test]
fn a_value_that_is_not_the_texts_is_marked_where_it_is_mended() {
    const OTHER: &str = "19072c09-bf6c-4c36-b128-b12280421700";
    let mut bench = opened(OpenFor::Diagnose, draft());
    bench.paste(&format!("AADSTS700016: Application with identifier '{OTHER}' was not found in the directory"));
    bench.take();
    bench.keys("<enter>");
    let name = "contoso".parse().unwrap();
    bench.tell(Msg::ProfileOpened { name, purpose: OpenFor::Mend, result: Ok(draft()) });
    let field = FieldKey::Of(FieldId::ClientId);
    let notes = bench.wizard().form.notes(field);
    assert!(notes[0].weight == Weight::Hint && notes[0].text.contains(OTHER), "{notes:?}");
    assert!(
        bench.wizard().form.notes(FieldKey::Of(FieldId::TenantId)).iter().all(|note| !note.text.contains("differs"))
    );
    bench.keys("<c-u>").paste(OTHER);
    assert_ne!(bench.wizard().form.notes(field)[0].weight, Weight::Hint);
}

/// A text of another product leads into no step of the profile.
#[test]
fn a_text_of_another_product_is_not_mended_in_the_profile() {
    let mut bench = opened(OpenFor::Diagnose, draft());
    bench.paste("401 https://api.businesscentral.dynamics.com/v2.0 {\"error\":{\"code\":\"Authentication_InvalidCredentials\"}}");
    assert_eq!(diagnosis(&bench).other, Some("Business Central"));
    bench.take();
    bench.keys("h");
    assert!(toast(&bench).contains("another product"), "{}", toast(&bench));
    bench.keys("<enter>");
    assert!(!matches!(&bench.take()[..], [Effect::OpenProfile { .. }]));
}

/// All of a long text is shown, with what was recognised at its end; it is looked for when the text changes alone.
#[test]
fn a_long_text_is_marked_to_its_end() {
    let mut bench = Bench::home(Vec::new());
    bench.keys("d").paste(&format!("{} AADSTS7000215: Invalid\u{1b}[2J", "at Contoso.Sync.Run()\n".repeat(300)));
    let shown = diagnosis(&bench).shown.as_str();
    let place = diagnosis(&bench).places.last().unwrap();
    assert_eq!(&shown[place.from..place.to], "AADSTS7000215");
    assert!(place.from > 6000 && !shown.contains('\u{1b}'));
}

#[test]
fn a_finding_of_a_text_is_copied() {
    let mut bench = Bench::home(Vec::new());
    bench.keys("d").paste("AADSTS7000215: Invalid client secret provided.");
    bench.take();
    bench.keys("c");
    let effects = bench.take();
    assert!(matches!(&effects[..], [Effect::CopyText(text)] if text.contains("secret-wrong")), "{effects:?}");
}

/// A test of a saved profile that fails with that text, at the test screen.
fn fails(bench: &mut Bench, text: &str) {
    let run = bench.run();
    bench.run_ends(run, Some(&failure(CheckId::Token, text)));
}

const WRONG: &str = "AADSTS7000215: Invalid client secret provided.";

/// The test of a profile whose secret was just typed anew fails.
fn failed_with_a_new_secret() -> Bench {
    let mut bench = opened(OpenFor::Edit, draft());
    bench.keys("<c-t>");
    fails(&mut bench, WRONG);
    assert!(!bench.app.counting(), "nothing was changed");
    bench.keys("<enter>").paste(SECRET).keys("<c-t>");
    fails(&mut bench, WRONG);
    bench
}

#[test]
fn a_failure_after_a_change_is_tried_again_until_it_passes() {
    let mut bench = failed_with_a_new_secret();
    assert!(bench.app.counting() && !bench.app.moving());
    bench.take();
    (0..9).for_each(|_| {
        bench.tell(Msg::Second);
    });
    assert_eq!(bench.asked(), "", "the tenth second is not over");
    bench.tell(Msg::Second);
    let run = bench.run();
    assert!(!bench.app.counting() && bench.app.moving(), "a running test has its own ticks");
    bench.run_ends(run, None);
    assert!(!bench.app.counting());
    assert_eq!(checks(&bench).fold().unwrap().verdict(), Status::Passed);
}

#[test]
fn trying_again_ends_after_two_minutes_with_esc_and_with_another_failure() {
    let mut bench = failed_with_a_new_secret();
    let mut tries = 0;
    for _ in 0..200 {
        bench.take();
        bench.tell(Msg::Second);
        if matches!(checks(&bench).run, Run::Running { .. }) {
            tries += 1;
            fails(&mut bench, WRONG);
        }
    }
    assert_eq!(tries, 12);
    assert!(!bench.app.counting() && checks(&bench).gave_up);

    let mut bench = failed_with_a_new_secret();
    bench.keys("<esc>");
    assert!(!bench.app.counting() && toast(&bench).contains("stopped"));
    assert!(matches!(bench.app.stack.last(), Some(Screen::Checks(_))), "what was found stays in sight");

    let mut bench = failed_with_a_new_secret();
    (0..10).for_each(|_| {
        bench.tell(Msg::Second);
    });
    fails(&mut bench, "AADSTS7000222: The provided client secret keys are expired.");
    assert!(!bench.app.counting() && !checks(&bench).gave_up);
}

#[test]
fn what_never_passes_is_not_waited_for_and_what_may_is_with_a_key() {
    let mut bench = opened(OpenFor::Test, draft());
    fails(&mut bench, "AADSTS7000222: The provided client secret keys are expired.");
    bench.keys("w");
    assert!(toast(&bench).contains("waiting"), "{}", toast(&bench));
    bench.keys("r");
    fails(&mut bench, WRONG);
    assert!(!bench.app.counting());
    bench.keys("w");
    fails(&mut bench, WRONG);
    assert!(bench.app.counting());
    // A secret's ID is not its value, however long one waits.
    bench.keys("<esc>r");
    let run = bench.run();
    let mut evidence = failure(CheckId::Token, WRONG);
    evidence.marks.insert(Mark::SecretIsGuid);
    bench.run_ends(run, Some(&evidence)).keys("w");
    assert!(!bench.app.moving());
}

#[test]
fn what_was_changed_is_news_for_some_minutes() {
    let mut bench = opened(OpenFor::Test, draft()).rehearsing();
    fails(&mut bench, WRONG);
    bench.take();
    bench.keys("<enter><c-d>");
    assert_eq!(bench.asked(), "CarryOut");
    let id = bench.aging.unwrap();
    bench.tell(Msg::ChangesAged(id - 1));
    bench.keys("<esc>r");
    fails(&mut bench, WRONG);
    assert!(bench.app.counting(), "the sandbox made a new secret");
    bench.keys("<esc>");
    bench.tell(Msg::ChangesAged(id)).keys("r");
    fails(&mut bench, WRONG);
    assert!(!bench.app.counting());
}

#[test]
fn what_is_different_since_it_last_passed_stands_until_the_next_try() {
    let mut bench = opened(OpenFor::Test, draft());
    fails(&mut bench, WRONG);
    let mut was = draft();
    was.set(FieldId::TenantId, "old.example");
    let differences = Traits::of_profile(&was).differences(&Traits::of_profile(&draft()));
    let since = Since { passed: now(), differences };
    // Of another profile's test.
    bench.tell(Msg::SincePassed { name: "other".parse().unwrap(), since: since.clone() });
    assert_eq!(checks(&bench).since, None);
    bench.tell(Msg::SincePassed { name: "contoso".parse().unwrap(), since });
    bench.take();
    bench.keys("c");
    let effects = bench.take();
    assert!(matches!(&effects[..], [Effect::CopyText(text)] if text.contains("old.example")), "{effects:?}");
    bench.keys("r");
    assert_eq!(checks(&bench).since, None);
}

#[test]
fn the_details_of_every_check_are_looked_through() {
    let mut bench = opened(OpenFor::Test, draft());
    let evidence = failure(CheckId::Registration, "401 Unauthorized");
    let run = bench.run();
    bench.run_ends(run, Some(&evidence));
    assert_eq!(checks(&bench).detail, None);
    bench.keys("i");
    assert_eq!(checks(&bench).detail, Some(CheckId::Registration), "the check of the marked finding");
    bench.keys("<down><down><down>");
    assert_eq!(checks(&bench).detail, Some(CheckId::Expiry));
    bench.keys("<up><up><up><up><up><up><up><up>");
    assert_eq!(checks(&bench).detail, Some(CheckId::Inputs));
    bench.keys("<esc>");
    assert!(checks(&bench).detail.is_none() && checks(&bench).marked == 0);
    // Before there is anything to tell, there is nothing to show.
    let mut bench = opened(OpenFor::Look, draft());
    bench.keys("i");
    assert_eq!(checks(&bench).detail, None);
}

#[test]
fn two_profiles_stand_side_by_side() {
    let mut bench = Bench::home(vec![row("one")]);
    bench.keys("=");
    assert!(toast(&bench).contains("no second"), "{}", toast(&bench));
    let mut bench = Bench::home(vec![row("one"), row("two")]);
    bench.take();
    bench.keys("=");
    assert_eq!(bench.asked(), "OpenPair", "there is but one other");
    let mut bench = Bench::home(vec![row("one"), row("three"), row("two")]);
    bench.take();
    bench.keys("=<down><enter>");
    let effects = bench.take();
    let [Effect::OpenPair(names)] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(names.each_ref().map(|name| name.as_str()), ["one", "two"]);
    let mut other = draft();
    other.set(FieldId::TenantId, "contoso.example");
    other.set(FieldId::Company, "USMF");
    bench.tell(Msg::PairOpened { names: names.clone(), result: Ok([draft(), other]) });
    let Some(Screen::Pair(pair)) = bench.app.stack.last() else { panic!("the pair") };
    let values: Vec<[&str; 2]> = pair.differing.iter().map(|one| one.values.each_ref().map(|v| v.as_str())).collect();
    assert_eq!(values, [[TENANT, "contoso.example"], ["", "USMF"]]);
    assert_eq!(pair.same, 5);
    bench.keys("<esc>");
    assert!(bench.app.stack.is_empty());
    bench.tell(Msg::PairOpened { names: names.clone(), result: Err(trouble("line 3 is damaged")) });
    assert!(toast(&bench).contains("line 3"), "{}", toast(&bench));
}

#[test]
fn opened_with_what_the_command_line_gave() {
    let know = Knowledge {
        guides: assets::guides(),
        clouds: assets::clouds(),
        rules: assets::rules(),
        exports: assets::exports(),
        settings: Settings::default(),
    };
    let mut given = ProfileDraft::new(GUIDE);
    given.set(FieldId::ResourceUrl, URL);
    let (app, effects) =
        App::new(know, today(), None, Open::Wizard { name: "contoso".into(), draft: given, place: String::new() });
    let mut bench = Bench { app, effects, aging: None, trying: None };
    assert_eq!(bench.place(), ("before-you-start", None));
    // A place for the secret as well, and a certificate whose password is read from elsewhere.
    let place = |place: &str, source: Option<CredentialSource>| {
        let draft = ProfileDraft { source, ..ProfileDraft::new(GUIDE) };
        let (app, _) = App::new(know, today(), None, Open::Wizard { name: String::new(), draft, place: place.into() });
        let form = app.form().unwrap();
        (form.text(FieldKey::Source).to_owned(), form.wish())
    };
    assert_eq!(place("vault", None).0, "vault");
    assert_eq!(place("make-certificate:/run/c.pem", None).0, "make-certificate:/run/c.pem");
    let locked = CredentialSource::certificate("/run/c.pfx").with_secret(SecretSource::Env { var: "PW".into() });
    assert!(matches!(place("", Some(locked.clone())).1, Ok(SecretWish::Source(source)) if source == locked));
    // The list comes later, and the name turns out to be taken.
    bench.tell(Msg::HomeLoaded(Ok(HomeData {
        rows: vec![row("contoso")],
        drafts: Vec::new(),
        now: now(),
        trouble: None,
    })));
    assert!(bench.wizard().form.notes(FieldKey::Name)[0].weight == Weight::Problem);
    // What cannot be used is told at once, and in its field.
    let mut given = ProfileDraft::new(GUIDE);
    given.set(FieldId::TenantId, "zzz");
    given.set(FieldId::ClientId, CLIENT);
    let (app, effects) =
        App::new(know, today(), None, Open::Wizard { name: "contoso".into(), draft: given, place: String::new() });
    let bench = Bench { app, effects, aging: None, trying: None };
    let told = toast(&bench);
    assert!(told.starts_with("cannot be used as given: Directory (tenant) ID: ") && !told.contains(CLIENT), "{told}");
    assert!(bench.wizard().form.field(FieldKey::Of(FieldId::TenantId)).unwrap().left);
    let (_, effects) = App::new(know, today(), None, Open::Editor("contoso".parse().unwrap()));
    assert!(matches!(effects.last(), Some(Effect::OpenProfile { purpose: OpenFor::Edit, .. })));
}

#[test]
fn only_warnings_still_count_as_working() {
    let mut bench = opened(OpenFor::Test, draft());
    let run = bench.run();
    let evidence = vec![Evidence::local(CheckId::Expiry, [Mark::EndDateNear])];
    let result = CheckResult::Warning { summary: "9 days left".into(), details: Details::new(), evidence };
    bench.tell(Msg::Check { run, event: CheckEvent::Finished { check: CheckId::Expiry, at: Duration::ZERO, result } });
    bench.tell(Msg::ChecksEnded { run, result: Ok(()) });
    // The end that is near has a step of its own.
    bench.keys("<enter>");
    assert_eq!(bench.place().0, "client-secret");
}

#[test]
fn a_finding_stays_with_its_step_until_its_values_are_taken() {
    let mut bench = opened(OpenFor::Mend, draft());
    let fault = bench.wizard().fault_here().unwrap().clone();
    assert!(fault.title.contains("expired") && !fault.fix.is_empty(), "{fault:?}");
    assert_eq!((bench.place().0, bench.wizard().form.purpose != Purpose::New), ("client-secret", true));
    bench.paste(&everything()).keys("<enter>");
    assert!(bench.wizard().fault.is_none());
}

#[test]
fn what_just_failed_takes_no_saved_place_without_a_question() {
    for (keys, saved) in [("<enter>", false), ("<down><enter>", true)] {
        let mut bench = opened(OpenFor::Edit, draft());
        bench.keys("x<c-t>");
        let run = bench.run();
        bench.run_ends(run, Some(&failure(CheckId::Token, "AADSTS7000215: Invalid client secret provided.")));
        bench.take();
        bench.keys("s");
        assert_eq!(title(&bench), "This test failed. Save it all the same?");
        bench.keys(keys);
        assert_eq!(bench.asked() == "Save", saved, "{keys}");
    }
}

#[test]
fn a_pasted_source_takes_the_place_of_what_stands_there() {
    let mut bench = opened(OpenFor::Edit, draft());
    while bench.app.focused_field() != Some(FieldKey::Source) {
        bench.keys("<tab>");
    }
    bench.paste("env:OTHER_SECRET");
    assert_eq!(bench.app.form().unwrap().text(FieldKey::Source), "env:OTHER_SECRET");
    bench.keys("<c-u>");
    assert_eq!(bench.app.form().unwrap().text(FieldKey::Source), "");
}

/// With several guides a set-up begins with the choice of one; the first is the one for those who choose none.
#[test]
fn a_new_set_up_asks_what_to_connect_to() {
    for (keys, guide) in [("n<enter>", 0), ("n<down><down><enter>", 2)] {
        let mut bench = Bench::knowing(assets::guides(), Vec::new());
        bench.keys(keys);
        assert_eq!(bench.wizard().guide().id, assets::guides()[guide].id);
        assert_eq!(bench.place().0, "before-you-start");
    }
    let mut bench = Bench::knowing(assets::guides(), Vec::new());
    bench.keys("n<esc>");
    assert!(bench.app.dialog.is_none() && !matches!(bench.app.stack.last(), Some(Screen::Wizard(_))));
}

/// Three profiles of two tenants, and a draft without one.
fn many() -> Bench {
    let of = |name: &str, tenant: &str, target: &str, days: Option<i64>| {
        let mut row = row(name);
        (row.tenant, row.target, row.days_left) = (Some(tenant.into()), target.into(), days);
        row
    };
    let rows = vec![
        of("alpha", "fabrikam.example", "alpha.operations.dynamics.com", Some(90)),
        of("beta", TENANT, "beta.operations.dynamics.com", None),
        of("gamma", "Fabrikam.example", "Production · CRONUS", Some(5)),
    ];
    let mut bench = Bench::home(Vec::new());
    let drafts = vec![draft_row("half-done", "client-secret")];
    bench.tell(Msg::HomeLoaded(Ok(HomeData { rows, drafts, now: now(), trouble: None })));
    bench.take();
    bench
}

/// What is listed, from the top down; tenants in brackets, the mark before its entry.
fn listed(bench: &Bench) -> String {
    let home = &bench.app.home;
    let line = |line: &Shown| match line {
        Shown::Tenant(tenant, count) => format!("[{} {count}]", tenant.as_deref().unwrap_or("-")),
        Shown::Entry(at) => {
            let mark = if *at == home.marked { ">" } else { "" };
            match home.entry(*at) {
                Some(Entry::Profile(row)) => format!("{mark}{}", row.name),
                Some(Entry::Draft(row)) => format!("{mark}{}", row.name),
                None => panic!("no entry at {at}"),
            }
        }
    };
    home.shown.iter().map(line).collect::<Vec<_>>().join(" ")
}

#[test]
fn letters_narrow_the_list_and_esc_shows_all_again() {
    let mut bench = many();
    for (typed, shown) in [
        ("ALP", ">alpha"),
        ("fabrikam", ">alpha gamma"),
        ("cronus fabri", ">gamma"),
        ("client", "alpha beta >gamma"),
        ("draft", ">half-done"),
        (TENANT, ">beta"),
        ("nothing", ""),
    ] {
        bench.keys("/").keys(typed);
        assert_eq!(listed(&bench), shown, "{typed}");
        bench.keys("<esc>");
        assert_eq!(listed(&bench).replace('>', ""), "alpha beta gamma half-done");
        assert!(!bench.app.home.filtering);
    }
    // q is a letter there, and not the end of the program; the arrows move the mark.
    let mut bench = many();
    bench.keys("/quit<c-u>fabrikam<down>");
    assert_eq!((listed(&bench).as_str(), bench.app.quit), ("alpha >gamma", None));
    assert_eq!(bench.asked(), "");
    bench.keys("<enter>");
    let effects = bench.take();
    assert!(matches!(&effects[..], [Effect::OpenProfile { name, .. }] if name.as_str() == "gamma"), "{effects:?}");
    // The filter stays; the keys of the list work again.
    bench.keys("<up>T");
    assert_eq!((listed(&bench).as_str(), bench.asked().as_str()), (">alpha gamma", "StartSaved StartSaved"));
    // The first Esc stops the tests, the second shows all.
    bench.keys("<esc>");
    assert_eq!(listed(&bench), ">alpha gamma");
    bench.keys("<esc>");
    assert_eq!(listed(&bench), ">alpha beta gamma half-done");
}

#[test]
fn where_nothing_fits_nothing_is_done() {
    let mut bench = many();
    bench.keys("/nothing<tab>");
    for key in ["<enter>", "t", "e", "r", "c", "D", "x", "h", "="] {
        bench.keys(key);
        assert!(toast(&bench).contains("Esc shows all again"), "{key}: {}", toast(&bench));
        assert_eq!((bench.asked().as_str(), title(&bench)), ("", ""), "{key}");
    }
    bench.keys("/<back><back><back><back><back><back><back>");
    assert_eq!(listed(&bench), ">alpha beta gamma half-done");
}

#[test]
fn drafts_that_cannot_be_read_hide_no_profile() {
    let mut bench = many();
    let rows = vec![row("contoso")];
    let trouble = Some(trouble("drafts: not a folder"));
    bench.tell(Msg::HomeLoaded(Ok(HomeData { rows, drafts: Vec::new(), now: now(), trouble })));
    assert_eq!(listed(&bench), ">contoso");
    assert_eq!(bench.app.home.trouble.as_ref().map(|trouble| trouble.what.as_str()), Some("drafts: not a folder"));
}

#[test]
fn a_list_that_is_read_again_stays_as_it_was_looked_at() {
    let mut bench = many();
    bench.keys("/fabrikam<tab><down>");
    let data = |names: &[&str]| HomeData {
        rows: names
            .iter()
            .map(|name| {
                let mut row = row(name);
                row.tenant = Some("fabrikam.example".into());
                row
            })
            .collect(),
        drafts: Vec::new(),
        now: now(),
        trouble: None,
    };
    bench.tell(Msg::HomeLoaded(Ok(data(&["aaa", "alpha", "gamma"]))));
    assert_eq!(listed(&bench), "aaa alpha >gamma");
    bench.tell(Msg::HomeLoaded(Err(trouble("the folder cannot be read"))));
    assert_eq!(listed(&bench), "aaa alpha >gamma");
    // What was just renamed is to be seen, whatever the filter says.
    bench.keys("<esc>/gamma<tab>r<c-u>omega<enter>");
    bench.take();
    bench.tell(Msg::HomeLoaded(Ok(data(&["aaa", "alpha", "omega"]))));
    assert_eq!(listed(&bench), "aaa alpha >omega");
}

#[test]
fn a_secret_does_not_stay_in_the_filter() {
    for leave in ["<tab>", "<enter>"] {
        let mut bench = many();
        bench.keys("/").keys(SECRET).keys(leave);
        assert_eq!(bench.app.home.filter.value(), "", "{leave}");
        assert_eq!(bench.asked(), "", "{leave}");
        assert!(toast(&bench).contains("taken out"), "{}", toast(&bench));
    }
    let mut bench = many();
    bench.keys("/").paste(SECRET);
    assert_eq!(bench.app.home.filter.value(), "");
    bench.paste("  fabrikam\nsecond line\n");
    assert_eq!((bench.app.home.filter.value(), listed(&bench).as_str()), ("fabrikam", ">alpha gamma"));
}

#[test]
fn entries_stand_below_their_tenant_and_the_mark_stays_on_its_entry() {
    let mut bench = many();
    bench.keys("<down><down>g");
    assert_eq!(listed(&bench), format!("[{TENANT} 1] beta [fabrikam.example 2] alpha >gamma [- 1] half-done"));
    // The mark goes over the headings.
    bench.keys("<up><up>");
    assert_eq!(listed(&bench), format!("[{TENANT} 1] >beta [fabrikam.example 2] alpha gamma [- 1] half-done"));
    bench.keys("<up><pgdn><pgdn><pgdn><pgdn>");
    assert_eq!(bench.app.home.marked, 3);
    bench.keys("/a fabri");
    assert_eq!(listed(&bench), "[fabrikam.example 2] >alpha gamma");
    bench.keys("<esc>g<down><down>s");
    assert_eq!(listed(&bench), ">gamma alpha beta half-done");
    bench.keys("g");
    assert_eq!(listed(&bench), format!("[{TENANT} 1] beta [fabrikam.example 2] >gamma alpha [- 1] half-done"));
    bench.keys("gs");
    assert_eq!(listed(&bench), "alpha beta >gamma half-done");
}

#[test]
fn settings_are_what_a_set_up_begins_with() {
    let settled = |settings| {
        let mut bench = Bench::home(vec![row("contoso")]);
        bench.app.know.settings = settings;
        bench.keys("n");
        bench
    };
    let field = |bench: &Bench, key| bench.wizard().form.text(key).to_owned();
    let plain = settled(Settings::default());
    assert_eq!(field(&plain, FieldKey::Of(FieldId::Cloud)), "");
    assert_eq!(field(&plain, FieldKey::Source), "keyring");
    let own = Settings { cloud: CloudId::UsGov, default_store: DefaultStore::Vault, ..Settings::default() };
    let mut bench = settled(own);
    assert_eq!(field(&bench, FieldKey::Of(FieldId::Cloud)), "us-gov");
    assert_eq!(field(&bench, FieldKey::Source), "vault");
    // Nothing was typed, so there is nothing to ask about.
    bench.keys("<esc>");
    assert!(bench.app.stack.is_empty() && bench.app.dialog.is_none(), "{}", title(&bench));
    // A profile that is there keeps what it has.
    bench.take();
    bench.tell(Msg::ProfileOpened { name: "contoso".parse().unwrap(), purpose: OpenFor::Edit, result: Ok(draft()) });
    let form = bench.app.form().unwrap();
    assert_eq!((form.text(FieldKey::Of(FieldId::Cloud)), form.text(FieldKey::Source)), ("", "keyring"));
}

#[test]
fn attention_begins_where_the_settings_say() {
    let home = &many().app.home;
    assert_eq!([4, 5, 90].map(|days| home.need_attention(days)), [0, 1, 2]);
}
