//! What the screens look like, as pictures to be reviewed, and what no picture may ever show.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "test code")]

#[path = "support/app.rs"]
mod support;

use base64::Engine;
use d365_connect::app::Screen;
use d365_connect::app::effect::{Effect, OpenFor};
use d365_connect::app::form::FieldKey;
use d365_connect::app::msg::{DraftRow, HomeData, LastVerdict, Msg, Offered, Row, Trouble, Vault, Written};
use d365_connect::app::screens::wizard::Focus;
use d365_connect::assets;
use d365_connect::core::check::{CheckEvent, CheckId, CheckResult, Details, SignInPrompt, Status};
use d365_connect::core::claims::Claims;
use d365_connect::core::evidence::{Evidence, Origin, read_text};
use d365_connect::core::guide::Listing;
use d365_connect::core::permissions;
use d365_connect::core::profile::ProfileDraft;
use d365_connect::core::question::FieldId;
use d365_connect::core::rules::Cause;
use d365_connect::core::secret::ClientSecret;
use d365_connect::core::since::{Since, Traits};
use d365_connect::ui::{self, theme::Theme};
use proptest::prelude::{any, prop};
use proptest::{prop_assert, proptest};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::style::Color;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use support::{Bench, CLIENT, GUIDE, SECRET, TENANT, URL, draft, now, row, today};
use zeroize::Zeroizing;

const PLAIN: Theme = Theme { color: true, ascii: false, light: false };
const ASCII: Theme = Theme { color: false, ascii: true, light: false };

fn draw(bench: &mut Bench, size: (u16, u16), theme: Theme) -> Terminal<TestBackend> {
    let mut terminal = Terminal::new(TestBackend::new(size.0, size.1)).unwrap();
    let mut seen = bench.app.seen;
    terminal.draw(|frame| seen = ui::draw(frame, &bench.app, theme)).unwrap();
    bench.app.seen = seen;
    terminal
}

/// Every cell of a screen, line by line.
fn text(terminal: &Terminal<TestBackend>) -> String {
    let buffer = terminal.backend().buffer();
    let width = usize::from(buffer.area.width).max(1);
    let lines = buffer.content.chunks(width).map(|cells| cells.iter().map(|cell| cell.symbol()).collect::<String>());
    lines.collect::<Vec<_>>().join("\n")
}

fn filled() -> Bench {
    let mut bench = Bench::home(Vec::new());
    let all =
        format!("TENANT_ID={TENANT}\nCLIENT_ID={CLIENT}\nCLIENT_SECRET={SECRET}\nD365_URL={URL}\nexpires=2027-05-20");
    bench.keys("n").paste(&all).keys("<enter>");
    bench
}

/// A profile with all kinds of neighbours.
fn full_home() -> Bench {
    let last = |verdict, cause, when: &str| Some(LastVerdict { verdict, when: when.parse().unwrap(), cause });
    let mut good = row("contoso-uat");
    good.last = last(Status::Passed, None, "2026-11-21T08:00:00Z");
    let mut soon = row("contoso-prod");
    (soon.days_left, soon.last) = (Some(9), last(Status::Warning, None, "2026-11-20T09:00:00Z"));
    let mut failed = row("fabrikam-finance-and-operations-test");
    (failed.days_left, failed.last) =
        (Some(-3), last(Status::Failed, Some(Cause::SecretExpired), "2026-11-21T09:59:30Z"));
    let mut unknown = row("northwind");
    (unknown.days_left, unknown.last) = (None, last(Status::Unknown, Some(Cause::Throttled), "2026-11-21T09:40:00Z"));
    let mut incomplete = row("tailspin");
    incomplete.problem = Some("missing: tenant_id, client_id".into());
    let mut bench = Bench::home(vec![good, soon, failed, unknown, incomplete, row("wingtip")]);
    let mut values = ProfileDraft::new(GUIDE);
    values.set(FieldId::ResourceUrl, URL);
    let drafts = vec![DraftRow { name: "half-done".parse().unwrap(), draft: values, step: "client-secret".into() }];
    let rows = bench.app.home.profiles().to_vec();
    bench.tell(Msg::HomeLoaded(Ok(HomeData { rows, drafts, now: now(), trouble: None })));
    bench
}

fn typed(mut bench: Bench, keys: &str) -> Bench {
    bench.keys(keys);
    bench
}

/// The same, of two tenants, and some of none.
fn of_three_tenants() -> Bench {
    let mut bench = full_home();
    let mut rows = bench.app.home.profiles().to_vec();
    rows[1].tenant = Some("contoso.onmicrosoft.com".into());
    rows[3].tenant = Some("contoso.onmicrosoft.com".into());
    rows[4].tenant = None;
    let drafts = bench.app.home.drafts.clone();
    bench.tell(Msg::HomeLoaded(Ok(HomeData { rows, drafts, now: now(), trouble: None })));
    bench
}

/// So many profiles that no window shows them all.
fn a_thousand() -> Bench {
    let name = |at: usize| format!("profile-{at:04}");
    Bench::home((0..1000).map(|at| row(&name(at))).collect())
}

fn opened(purpose: OpenFor) -> Bench {
    let mut bench = Bench::home(vec![row("contoso")]);
    bench.take();
    bench.tell(Msg::ProfileOpened { name: "contoso".parse().unwrap(), purpose, result: Ok(draft()) });
    bench
}

/// A saved profile whose last test failed, opened from home.
fn failed_before() -> Bench {
    let mut bench = Bench::home(vec![row("contoso")]);
    let when = "2026-11-21T08:00:00Z".parse().unwrap();
    let last = Some(LastVerdict { verdict: Status::Failed, when, cause: Some(Cause::D365NotRegistered) });
    let rows = vec![Row { last, ..row("contoso") }];
    bench.tell(Msg::HomeLoaded(Ok(HomeData { rows, drafts: Vec::new(), now: now(), trouble: None })));
    bench.tell(Msg::ProfileOpened { name: "contoso".parse().unwrap(), purpose: OpenFor::Look, result: Ok(draft()) });
    bench
}

/// A test of a saved profile that fails because D365 does not know the app.
fn refused() -> Bench {
    let mut bench = opened(OpenFor::Test);
    let evidence = Evidence {
        check: Some(CheckId::Registration),
        origin: Some(Origin::FinanceOperations),
        http_status: Some(401),
        ..Evidence::default()
    };
    let run = bench.run();
    bench.run_ends(run, Some(&evidence));
    bench
}

/// A test that waits for the environment.
fn running() -> Bench {
    let mut bench = opened(OpenFor::Test);
    let run = bench.run();
    let at = Duration::from_millis(10);
    for check in [CheckId::Inputs, CheckId::Authority, CheckId::Token, CheckId::Environment] {
        bench.tell(Msg::Check { run, event: CheckEvent::Started { check, at } });
    }
    for check in [CheckId::Inputs, CheckId::Authority] {
        let result = CheckResult::Passed { summary: "all right".into(), details: Details::new() };
        bench.tell(Msg::Check { run, event: CheckEvent::Finished { check, at: Duration::from_millis(90), result } });
    }
    let wait = Duration::from_secs(7);
    let reason = "the service asks to slow down".to_owned();
    bench.tell(Msg::Check { run, event: CheckEvent::Waiting { check: CheckId::Token, reason, wait } });
    (0..23).for_each(|_| {
        bench.tell(Msg::Tick);
    });
    bench
}

fn green() -> Bench {
    let mut bench = filled();
    bench.take();
    bench.keys("t");
    let run = bench.run();
    bench.run_ends(run, None);
    bench
}

/// A set-up with values that look wrong.
fn doubtful() -> Bench {
    let mut bench = filled();
    if let Some(Screen::Wizard(wizard)) = bench.app.stack.last_mut() {
        wizard.form.put(FieldKey::Of(FieldId::ResourceUrl), "https://contoso.crm.dynamics.com");
        wizard.form.put(FieldKey::Of(FieldId::Secret), &format!("\"{SECRET}\""));
    }
    bench
}

/// A test that failed with a new secret and counts down to its next try.
fn counting() -> Bench {
    let mut bench = opened(OpenFor::Test);
    let wrong = Evidence {
        check: Some(CheckId::Token),
        origin: Some(Origin::Entra),
        ..read_text("AADSTS7000215: Invalid client secret provided.")
    };
    for keys in ["", "w"] {
        bench.keys(keys);
        let run = bench.run();
        bench.run_ends(run, Some(&wrong));
    }
    (0..3).for_each(|_| {
        bench.tell(Msg::Second);
    });
    bench
}

/// Two profiles, one of another tenant.
fn pair() -> Bench {
    let mut bench = full_home();
    let mut other = draft();
    other.set(FieldId::TenantId, "contoso.example");
    other.set(FieldId::ResourceUrl, "https://contoso-prod-with-a-long-name.sandbox.operations.eu.dynamics.com");
    other.set(FieldId::Company, "USMF");
    let names = ["contoso-uat", "contoso-prod"].map(|name| name.parse().unwrap());
    bench.tell(Msg::PairOpened { names, result: Ok([draft(), other]) });
    bench
}

/// A green test whose checks told much.
fn detailed(keys: &str) -> Bench {
    let mut bench = opened(OpenFor::Test);
    let run = bench.run();
    let line = |name: &str, standing: &str| json!({ "name": name, "kind": "application", "need": "needed", "chosen": false, "standing": standing });
    let told = |check| match check {
        CheckId::Token => json!({ "expires_in": 3599 }),
        CheckId::Claims => json!({
            "permissions": [line("Connector.FullAccess", "granted"), line("AX.FullAccess", "no-effect"), line("Odd.All", "more")],
            "aud": URL, "tid": TENANT, "appid": CLIENT, "exp": "2026-11-21T11:00:00Z", "roles": ["Connector.FullAccess"],
        }),
        CheckId::Registration => json!({ "http_status": 200, "user_id": "svc-odata", "company": "USMF" }),
        CheckId::Access => json!({ "entities": [
            { "name": "CustomersV3", "status": "passed", "http_status": 200, "rows": 1 },
            { "name": "VendorsV2", "status": "passed", "http_status": 200, "rows": 0 },
        ] }),
        _ => json!({}),
    };
    for check in CheckId::ALL {
        let serde_json::Value::Object(details) = told(check) else { panic!("details") };
        let result = CheckResult::Passed { summary: "all right".into(), details };
        bench.tell(Msg::Check { run, event: CheckEvent::Started { check, at: Duration::from_millis(10) } });
        bench.tell(Msg::Check { run, event: CheckEvent::Finished { check, at: Duration::from_millis(42), result } });
    }
    bench.tell(Msg::ChecksEnded { run, result: Ok(()) });
    bench.keys(keys);
    bench
}

/// A test that failed for another tenant than the one with which it last passed.
fn passed_before() -> Bench {
    let mut bench = refused();
    let mut was = draft();
    was.set(FieldId::TenantId, "19072c09-bf6c-4c36-b128-b12280421700");
    let differences = Traits::of_profile(&was).differences(&Traits::of_profile(&draft()));
    let since = Since { passed: now(), differences };
    bench.tell(Msg::SincePassed { name: "contoso".parse().unwrap(), since });
    bench
}

/// A text that names another app than the profile it is compared with.
fn compared() -> Bench {
    let mut bench = Bench::home(vec![row("contoso")]);
    bench.keys("d");
    let (name, purpose) = ("contoso".parse().unwrap(), OpenFor::Diagnose);
    bench.tell(Msg::ProfileOpened { name, purpose, result: Ok(draft()) });
    bench.paste(
        "2026-11-21 10:00:00Z ERROR HTTP 400 from https://login.microsoftonline.com/: {\"error\":\"unauthorized_client\",\
         \"error_description\":\"AADSTS700016: Application with identifier '19072c09-bf6c-4c36-b128-b12280421700' was not \
         found in the directory 'Contoso'. Trace ID: 3f2b7c1e-4d5a-4b6c-8d7e-9f0a1b2c3d4e\"}",
    );
    bench
}

/// A text that does not say what it is about.
fn of_whom() -> Bench {
    let mut bench = Bench::home(vec![row("contoso")]);
    bench.keys("d");
    let (name, purpose) = ("contoso".parse().unwrap(), OpenFor::Diagnose);
    bench.tell(Msg::ProfileOpened { name, purpose, result: Ok(draft()) });
    bench.paste("AADSTS7000215: Invalid client secret provided.");
    bench
}

/// A text of another product than the profile's.
fn of_another_product() -> Bench {
    let mut bench = Bench::knowing(assets::guides(), vec![row("contoso")]);
    bench.keys("d");
    let (name, purpose) = ("contoso".parse().unwrap(), OpenFor::Diagnose);
    bench.tell(Msg::ProfileOpened { name, purpose, result: Ok(draft()) });
    bench.paste(
        "401 Unauthorized https://api.businesscentral.dynamics.com/v2.0/companies \
         {\"error\":{\"code\":\"Authentication_InvalidCredentials\",\"message\":\"The server has rejected the client credentials.\"}}",
    );
    bench
}

/// The step to which a text leads that names another app than the profile.
fn mended_from_a_text() -> Bench {
    let mut bench = compared();
    bench.keys("<enter>");
    let (name, purpose) = ("contoso".parse().unwrap(), OpenFor::Mend);
    bench.tell(Msg::ProfileOpened { name, purpose, result: Ok(draft()) });
    bench
}

/// A step that the sandbox has carried out since the test that led to it.
fn carried_out() -> Bench {
    let mut bench = refused().rehearsing();
    bench.keys("<enter>");
    bench.tell(Msg::CarriedOut { said: "The app is registered.".into(), offers: Vec::new() });
    bench
}

/// A long word to the operator, over a form.
fn warned() -> Bench {
    let mut bench = filled();
    bench.keys("<right><right><right><right>");
    bench.tell(Msg::Told(Err("the browser could not be opened: no program is there that opens an address, \
        so copy the link with y and open it on a machine that has one"
        .into())));
    bench
}

/// A token for another environment than the profile's.
fn pasted_token() -> Bench {
    let mut bench = Bench::home(vec![row("contoso")]);
    bench.keys("d");
    let (name, purpose) = ("contoso".parse().unwrap(), OpenFor::Diagnose);
    bench.tell(Msg::ProfileOpened { name, purpose, result: Ok(draft()) });
    let payload = format!(
        "{{\"aud\":\"https://fabrikam.operations.dynamics.com\",\"tid\":\"{TENANT}\",\"appid\":\"{CLIENT}\",\"oid\":\"o\",\
         \"nbf\":{0},\"exp\":{1}}}",
        now().as_second() - 60,
        now().as_second() + 3540
    );
    let part = |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
    bench.paste(&format!("Bearer {}.{}.c2lnbmF0dXJl", part("{\"alg\":\"RS256\"}"), part(&payload)));
    bench
}

/// A test that waits for a person.
fn signing_in(way: &str, prompt: SignInPrompt) -> Bench {
    let mut bench = Bench::knowing(assets::guides(), vec![row("contoso")]);
    let mut values = draft();
    values.guide = "fno-delegated".into();
    values.set(FieldId::SignIn, way);
    let (name, purpose) = ("contoso".parse().unwrap(), OpenFor::Test);
    bench.tell(Msg::ProfileOpened { name, purpose, result: Ok(values) });
    let run = bench.run();
    let at = Duration::from_millis(10);
    for check in [CheckId::Inputs, CheckId::Authority, CheckId::Token, CheckId::Environment] {
        bench.tell(Msg::Check { run, event: CheckEvent::Started { check, at } });
    }
    for check in [CheckId::Inputs, CheckId::Environment] {
        let result = CheckResult::Passed { summary: "all right".into(), details: Details::new() };
        bench.tell(Msg::Check { run, event: CheckEvent::Finished { check, at, result } });
    }
    bench.tell(Msg::Check { run, event: CheckEvent::SignIn { check: CheckId::Token, at, prompt } });
    (0..23).for_each(|_| {
        bench.tell(Msg::Tick);
    });
    bench
}

fn in_a_browser() -> Bench {
    let query = "client_id=7c9e6d21-58b4-4d0f-8e63-1a2b9c4d5e6f&response_type=code&state=qnRoJHXfM9Tk2wL5&code_challenge_method=S256";
    let url = format!("https://login.microsoftonline.com/{TENANT}/oauth2/v2.0/authorize?{query}");
    signing_in("loopback", SignInPrompt::Browser { url, lasts: Duration::from_secs(120) })
}

fn with_a_code() -> Bench {
    let (url, code) = ("https://microsoft.com/devicelogin".to_owned(), "BCQTXRFH7".to_owned());
    signing_in("device-code", SignInPrompt::DeviceCode { url, code, lasts: Duration::from_secs(900) })
}

/// A test of Office 365 whose token carries other permissions than the guide's.
fn permissions_told() -> Bench {
    let guide = assets::guide("office365").unwrap();
    let mut bench = Bench::knowing(assets::guides(), vec![row("contoso")]);
    let mut values = draft();
    values.guide = "office365".into();
    values.set(FieldId::ResourceUrl, "");
    let profile = values.check(&"contoso".parse().unwrap(), guide, assets::clouds()).unwrap();
    let roles = ["User.Read.All", "Mail.Read"].map(str::to_owned).to_vec();
    let table = permissions::table(guide, &profile, &Claims { roles, ..Claims::default() });
    let (name, purpose) = ("contoso".parse().unwrap(), OpenFor::Test);
    bench.tell(Msg::ProfileOpened { name, purpose, result: Ok(values) });
    let run = bench.run();
    let at = Duration::from_millis(40);
    for check in CheckId::ALL {
        let mut details = Details::new();
        if check == CheckId::Claims {
            details.insert("permissions".into(), serde_json::to_value(&table).unwrap());
        }
        let result = CheckResult::Passed { summary: "all right".into(), details };
        bench.tell(Msg::Check { run, event: CheckEvent::Started { check, at: Duration::from_millis(10) } });
        bench.tell(Msg::Check { run, event: CheckEvent::Finished { check, at, result } });
    }
    bench.tell(Msg::ChecksEnded { run, result: Ok(()) });
    // How far a page is, is known after the first frame.
    draw(&mut bench, (80, 24), PLAIN);
    bench.keys("<pgdn>");
    bench
}

/// The step in which the values go into the product's own form.
fn form_step() -> Bench {
    let guide = assets::guides().iter().find(|guide| guide.id == "business-central").unwrap();
    let mut bench = Bench::knowing(std::slice::from_ref(guide), Vec::new());
    bench.keys("n").paste(&format!("TENANT_ID={TENANT}\nCLIENT_ID={CLIENT}\nCLIENT_SECRET={SECRET}")).keys("<enter>");
    let at = guide.steps.iter().position(|step| step.lists.contains(&Listing::Form)).unwrap();
    let Some(Screen::Wizard(wizard)) = bench.app.stack.last_mut() else { panic!("not the wizard") };
    (wizard.step, wizard.focus) = (at, Focus::Body);
    draw(&mut bench, (80, 24), PLAIN);
    bench.keys("<pgdn>");
    bench
}

/// Every screen and every state worth a look.
fn scenes() -> Vec<(&'static str, Bench)> {
    let keys = |mut bench: Bench, keys: &str| {
        bench.keys(keys);
        bench
    };
    let mut offered = filled().rehearsing();
    let secret = Arc::new(ClientSecret::new(Zeroizing::new(SECRET.to_owned())).unwrap());
    let offers = vec![
        Offered::Value(FieldId::ClientId, "0fec1d5e-0d5c-4f4b-9a55-0a1b2c3d4e5f".into()),
        Offered::Secret(secret, "2028-01-01".into()),
    ];
    offered.tell(Msg::CarriedOut { said: "A new client secret was made.".into(), offers });
    let mut diagnosis = keys(Bench::home(Vec::new()), "d");
    diagnosis.paste("AADSTS7000215: Invalid client secret provided. Trace ID: 3f2b7c1e-4d5a-4b6c-8d7e-9f0a1b2c3d4e");
    diagnosis.keys("<tab>");
    let mut odd = keys(Bench::home(Vec::new()), "n");
    odd.paste(&format!(
        "TENANT_ID={TENANT}\nCLIENT_ID={CLIENT}\nCLIENT_SECRET={SECRET}\nD365_URL=https://d365.contoso.example"
    ));
    odd.keys("<enter>t");
    let mut no_keyring = filled();
    no_keyring.tell(Msg::KeyringProbed(Err(Trouble { what: "no secret service runs".into(), hint: None })));
    // Wanted all the same.
    if let Some(Screen::Wizard(wizard)) = no_keyring.app.stack.last_mut() {
        wizard.form.put(FieldKey::Source, "keyring");
    }
    let mut passphrase_new = filled();
    passphrase_new.tell(Msg::KeyringProbed(Err(Trouble { what: "no secret service runs".into(), hint: None })));
    passphrase_new.keys("<c-s>some words");
    let mut passphrase_wrong = Bench::home(vec![Row { in_vault: true, ..row("contoso") }]);
    passphrase_wrong.tell(Msg::VaultSeen(Vault::Locked)).keys("Twrong<enter>");
    let what = "this passphrase does not open it: try again".to_owned();
    passphrase_wrong.tell(Msg::VaultOpened(Err(Trouble { what, hint: None })));
    let mut hint = filled();
    hint.keys("<right><right><tab><c-u>").paste("3f2b7c1e-4d5a-4b6c-8d7e-9f0a1b2c3d4e");
    let mut exported = keys(full_home(), "x<down><down><enter>");
    let name = || "contoso-prod".parse().unwrap();
    let text = assets::exports()[6].example.output.clone();
    exported.tell(Msg::ExportMade { name: name(), format: "k8s-secret".into(), result: Ok(text) });
    let mut there = keys(full_home(), "x<enter>");
    there.tell(Msg::ExportMade { name: name(), format: "env".into(), result: Ok("A=b".into()) }).keys("s");
    let mut file = keys(full_home(), "x<enter>");
    file.tell(Msg::ExportMade { name: name(), format: "env".into(), result: Ok("A=b".into()) }).keys("s<enter>");
    let Some(Effect::WriteFile { path, paper, .. }) = file.take().pop() else { panic!("a file") };
    file.tell(Msg::FileWritten { path, paper, result: Written::ThereAlready });
    let mut pasted = filled();
    pasted.paste(&format!("Application (client) ID\n{CLIENT}\nDirectory (tenant) ID\n11111111-2222-4333-8444-555555555555\nObject ID\n3f2b7c1e-4d5a-4b6c-8d7e-9f0a1b2c3d4e\nclient_secret = {SECRET}"));
    let mut testing_all = full_home();
    testing_all.take();
    testing_all.keys("T");
    let Some(Effect::StartSaved { run, .. }) = testing_all.take().pop() else { panic!("a test") };
    testing_all
        .tell(Msg::Check { run, event: CheckEvent::Started { check: CheckId::Token, at: Duration::ZERO } })
        .tell(Msg::Tick);
    vec![
        ("home-empty", Bench::home(Vec::new())),
        ("home-full", full_home()),
        ("home-filter", keys(full_home(), "/nor")),
        ("home-filtered", keys(full_home(), "/con<tab>")),
        ("home-filter-nothing", keys(full_home(), "/nobody")),
        ("home-tenants", keys(of_three_tenants(), "g<down><down>")),
        ("home-draft", keys(full_home(), "<down><down><down><down><down><down>")),
        ("home-testing-all", testing_all),
        ("step-1-before-you-start", keys(Bench::home(Vec::new()), "n")),
        ("step-2-register-app", keys(filled(), "<right>")),
        ("step-3-client-secret", keys(filled(), "<right><right><tab>")),
        ("step-4-permissions", keys(filled(), "<right><right><right>")),
        ("step-5-values", keys(filled(), "<right><right><right><right>")),
        ("step-5-values-field", keys(filled(), "<right><right><right><right><tab><tab><tab><tab><tab>")),
        ("step-6-register-in-d365", keys(filled(), "<right><right><right><right><right>")),
        ("step-7-test", keys(filled(), "<right><right><right><right><right><right>")),
        (
            "step-7-still-open",
            keys(
                Bench::home(Vec::new()),
                "n<backtab><right><backtab><right><backtab><right><right><backtab><right><right>",
            ),
        ),
        ("step-6-tested", keys(green(), "<esc><right><right><right><right><right><right><left>")),
        ("step-7-doubts", keys(doubtful(), "<right><right><right><right><right><right>")),
        ("field-problem", keys(Bench::home(Vec::new()), "nftp://contoso<enter><backtab>")),
        ("field-hint", hint),
        ("values-found", offered),
        ("question-leave", keys(filled(), "<esc>")),
        ("question-host", odd),
        ("question-keyring", keys(no_keyring, "<c-s>")),
        ("passphrase-new", passphrase_new),
        ("passphrase-wrong", passphrase_wrong),
        ("values-pasted", pasted),
        ("hand-over-step", keys(filled(), "<right><right><right><right><right>h")),
        ("hand-over-finding", keys(refused(), "h")),
        ("export-format", keys(full_home(), "x")),
        ("export", exported),
        ("export-file", there),
        ("export-over", file),
        ("name-taken", keys(full_home(), "c<c-u>northwind<enter>")),
        ("editor-changed", keys(opened(OpenFor::Edit), "-2<down>x<down><down>")),
        ("guides", keys(Bench::knowing(assets::guides(), Vec::new()), "n<down>")),
        ("test-idle", opened(OpenFor::Look)),
        ("test-idle-failed", failed_before()),
        ("test-running", running()),
        ("test-failed", refused()),
        ("test-green", green()),
        ("pair", pair()),
        ("test-green-permissions", detailed("")),
        ("test-details-claims", detailed("i<down><down><down>")),
        ("test-details-access", detailed("i<down><down><down><down><down><down>")),
        ("test-counting", counting()),
        ("test-passed-before", passed_before()),
        ("test-may-pass", keys(counting(), "<esc><down>")),
        ("mend", keys(refused(), "<enter>")),
        ("sign-in-browser", in_a_browser()),
        ("sign-in-device-code", with_a_code()),
        ("test-permissions", permissions_told()),
        ("step-form", form_step()),
        ("diagnosis", diagnosis),
        ("diagnosis-findings", compared()),
        ("diagnosis-token", pasted_token()),
        ("diagnosis-loose", of_whom()),
        ("diagnosis-other", of_another_product()),
        ("diagnosis-mend", mended_from_a_text()),
        ("mended", carried_out()),
        ("form-warned", warned()),
        ("diagnosis-choose-profile", keys(compared(), "<c-p>")),
        ("help", keys(filled(), "?")),
    ]
}

/// Scenes that are also pictured large, and in ASCII.
const LARGE: [&str; 11] = [
    "pair",
    "home-full",
    "home-filter",
    "home-tenants",
    "step-3-client-secret",
    "test-failed",
    "editor-changed",
    "diagnosis",
    "diagnosis-findings",
    "diagnosis-token",
    "sign-in-browser",
];

#[test]
fn pictures() {
    for (name, mut bench) in scenes() {
        let mut picture = |size: (u16, u16), theme: Theme, suffix: &str| {
            // As after the first frame: sizes are known.
            draw(&mut bench, size, theme);
            let terminal = draw(&mut bench, size, theme);
            insta::assert_snapshot!(format!("{name}-{}x{}{suffix}", size.0, size.1), terminal.backend());
        };
        picture((80, 24), PLAIN, "");
        if !name.starts_with("step-") || name.contains("values") || name.contains("step-1") {
            picture((40, 10), PLAIN, "");
        }
        if LARGE.contains(&name) {
            picture((120, 40), PLAIN, "");
            picture((80, 24), ASCII, "-ascii");
        }
    }
    let mut bench = filled();
    let terminal = draw(&mut bench, (39, 10), PLAIN);
    insta::assert_snapshot!("too-small-39x10", terminal.backend());
    for (size, says) in [((26, 9), "too small: 40x10 is needed"), ((20, 5), "needs 40x10"), ((8, 3), "40x10")] {
        let shown = text(&draw(&mut Bench::home(Vec::new()), size, PLAIN));
        assert!(shown.contains(says) && !shown.contains('…'), "{shown}");
    }
}

#[test]
fn in_ascii_mode_every_cell_is_ascii() {
    let mut scenes = scenes();
    // Also what was typed or came from outside.
    let mut foreign = filled();
    foreign.keys("<right><right><right><right><tab><tab><tab><tab><tab><tab><tab>Größe漢字–‘x’");
    scenes.push(("typed", foreign));
    let mut foreign = Bench::home(vec![row("contoso")]);
    foreign.keys("c漢字");
    scenes.push(("named", foreign));
    let mut foreign = Bench::home(Vec::new());
    foreign.tell(Msg::Told(Err("Datei „a“ fehlt – ✘".into())));
    scenes.push(("told", foreign));
    let mut foreign = Bench::home(Vec::new());
    foreign.keys("d").paste("Fehler: „ungültig“ 漢字 AADSTS700016");
    scenes.push(("diagnosed", foreign));
    for (name, mut bench) in scenes {
        for size in [(120, 40), (80, 24), (40, 10), (30, 5)] {
            let terminal = draw(&mut bench, size, ASCII);
            for cell in &terminal.backend().buffer().content {
                assert!(cell.symbol().is_ascii(), "{name} at {size:?} shows {:?}", cell.symbol());
            }
        }
    }
}

#[test]
fn without_colour_there_is_none() {
    let theme = Theme { color: false, ascii: false, light: false };
    for (name, mut bench) in scenes() {
        let terminal = draw(&mut bench, (80, 24), theme);
        for cell in &terminal.backend().buffer().content {
            assert_eq!((cell.fg, cell.bg), (Color::Reset, Color::Reset), "{name}");
        }
    }
}

#[test]
fn a_typed_secret_is_in_no_cell_unless_it_is_revealed() {
    let canary = &SECRET[..20];
    for size in [(200, 60), (80, 24), (40, 10)] {
        for (name, mut bench) in scenes() {
            assert!(!text(&draw(&mut bench, size, PLAIN)).contains(canary), "{name} at {size:?}");
        }
        // In the wrong fields, typed letter by letter.
        for keys in ["n", "n<tab>", "n<enter><enter>", "n<enter><enter><tab>", "e", "c"] {
            let mut bench = Bench::home(vec![row("contoso")]);
            bench.keys(keys);
            if keys == "e" {
                bench.tell(Msg::ProfileOpened {
                    name: "contoso".parse().unwrap(),
                    purpose: OpenFor::Edit,
                    result: Ok(ProfileDraft::new(GUIDE)),
                });
            }
            bench.keys("<c-u>").keys(SECRET);
            for _ in 0..3 {
                assert!(!text(&draw(&mut bench, size, PLAIN)).contains(canary), "{keys} at {size:?}");
                bench.keys("<tab>");
            }
        }
        for keys in ["d", "nx<c-g>"] {
            let mut bench = Bench::home(Vec::new());
            bench.keys(keys).paste(&format!("client_secret={SECRET}&grant_type=client_credentials"));
            assert!(!text(&draw(&mut bench, size, PLAIN)).contains(canary), "{keys} at {size:?}");
        }
        let mut bench = filled();
        bench.keys("<right><right><tab>");
        bench.take();
        bench.keys("<c-r>");
        assert!(text(&draw(&mut bench, size, PLAIN)).contains(canary), "revealed at {size:?}");
        bench.tell(Msg::HideSecret);
        assert!(!text(&draw(&mut bench, size, PLAIN)).contains(canary), "hidden again at {size:?}");
    }
}

#[test]
fn the_cursor_is_on_the_active_field_and_nowhere_else() {
    for size in [(120, 40), (80, 24), (80, 14), (40, 10)] {
        for (name, mut bench) in scenes() {
            let active = bench.app.focused_field().is_some() && bench.app.dialog.is_none()
                || matches!(
                    name,
                    "name-taken"
                        | "diagnosis"
                        | "export-file"
                        | "home-filter"
                        | "home-filter-nothing"
                        | "passphrase-new"
                        | "passphrase-wrong"
                );
            let terminal = draw(&mut bench, size, PLAIN);
            assert_eq!(terminal.backend().cursor_visible(), active, "{name} at {size:?}");
        }
        // It stands behind what was typed, in every field of every step and of the editor.
        let mut wizard = Bench::home(Vec::new());
        wizard.keys("n");
        let mut editor = Bench::home(vec![row("contoso")]);
        let (name, purpose) = ("contoso".parse().unwrap(), OpenFor::Edit);
        editor.tell(Msg::ProfileOpened { name, purpose, result: Ok(ProfileDraft::new(GUIDE)) });
        for (mut bench, turns) in [(wizard, 20), (editor, 12)] {
            for _ in 0..turns {
                let secret = bench.app.focused_field() == Some(FieldKey::Of(FieldId::Secret));
                if bench.app.focused_field().is_some() {
                    bench.keys("<c-u>qqq");
                    let terminal = draw(&mut bench, size, PLAIN);
                    assert!(terminal.backend().cursor_visible());
                    let at = terminal.backend().cursor_position();
                    let before = &terminal.backend().buffer()[(at.x - 1, at.y)];
                    assert_eq!(before.symbol(), if secret { "●" } else { "q" }, "{:?}", bench.app.focused_field());
                    bench.keys("<c-u>");
                }
                bench.keys("<enter>");
                bench.app.dialog = None;
                if matches!(bench.app.stack.last(), Some(Screen::Checks(_))) {
                    break;
                }
            }
        }
    }
}

#[test]
fn a_thousand_profiles_are_walked_and_the_mark_stays_in_sight() {
    for size in [(40, 10), (80, 24), (200, 60)] {
        let mut bench = a_thousand();
        for (keys, marked) in [
            ("", "profile-0000"),
            ("<down><down><down>", "profile-0003"),
            ("/99<down><down>", "profile-0299"),
            ("<tab><up>", "profile-0199"),
            ("g", "profile-0199"),
            ("<esc>g", "profile-0199"),
        ] {
            bench.keys(keys);
            draw(&mut bench, size, PLAIN);
            let shown = text(&draw(&mut bench, size, PLAIN));
            assert!(shown.contains(&format!("▸ {marked}")), "{keys} at {size:?}:\n{shown}");
        }
        let page = usize::from(bench.app.seen.page) - 1;
        bench.keys("<pgdn>");
        let shown = text(&draw(&mut bench, size, PLAIN));
        assert!(shown.contains(&format!("▸ profile-{:04}", 199 + page)), "at {size:?}:\n{shown}");
        (0..300).for_each(|_| {
            bench.keys("<pgdn>");
        });
        let shown = text(&draw(&mut bench, size, PLAIN));
        assert!(shown.contains("▸ profile-0999") && !shown.contains("more ↓"), "at {size:?}:\n{shown}");
    }
}

#[test]
fn a_secret_in_the_filter_is_masked() {
    let mut bench = full_home();
    bench.keys("/").keys(SECRET);
    let shown = text(&draw(&mut bench, (120, 40), PLAIN));
    assert!(shown.contains("●●●") && !shown.contains(&SECRET[..6]), "{shown}");
}

#[test]
fn colours_for_a_light_background_are_those_that_can_be_read_there() {
    let light = Theme { light: true, ..PLAIN };
    for (name, mut bench) in scenes() {
        let terminal = draw(&mut bench, (80, 24), light);
        for cell in &terminal.backend().buffer().content {
            assert!(!matches!(cell.fg, Color::Cyan | Color::Yellow), "{name}: {cell:?}");
        }
    }
}

#[test]
fn the_keys_offered_are_those_that_work() {
    let table = [
        (Bench::home(Vec::new()), "n new   d diagnose   ? help   q quit"),
        (full_home(), "T test all"),
        (refused(), "go to the step"),
        (green(), "save"),
        (opened(OpenFor::Look), "start the test"),
        (running(), "esc stop"),
        (typed(full_home(), "/nor"), "⏎ open   tab to the list   ↓ move   ctrl-g help   esc show all"),
        (typed(full_home(), "/nor<tab>"), "esc show all"),
    ];
    for (mut bench, offered) in table {
        let shown = text(&draw(&mut bench, (120, 40), PLAIN));
        assert!(shown.contains(offered), "{offered}:\n{shown}");
    }
    let never = [
        (Bench::home(Vec::new()), vec!["t test", "⏎ open", "T test all"]),
        (filled(), vec!["back a step", "sandbox does it"]),
        (green(), vec!["go to the step", "copy link"]),
        (full_home(), vec!["esc"]),
        (typed(full_home(), "/nobody"), vec!["⏎ open"]),
        (opened(OpenFor::Edit), vec!["ctrl-s save", "undo field"]),
    ];
    for (mut bench, hidden) in never {
        let shown = text(&draw(&mut bench, (120, 40), PLAIN));
        for word in hidden {
            assert!(!shown.contains(word), "{word}:\n{shown}");
        }
    }
}

/// What a small window has no room for in its key bar is named elsewhere, and works.
#[test]
fn small_windows_name_the_keys_that_read_on() {
    let mut bench = Bench::home(vec![row("contoso")]);
    bench.keys("n");
    assert!(bench.app.focused_field().is_some());
    assert!(text(&draw(&mut bench, (40, 10), PLAIN)).contains("pgdn text"));
    bench.keys("<pgdn>");
    assert!(bench.app.focused_field().is_none());
    assert!(text(&draw(&mut bench, (40, 10), PLAIN)).contains("pgdn more"));
    let shown = text(&draw(&mut compared(), (40, 10), PLAIN));
    assert!(shown.contains("contoso (p)") && shown.contains("certain"), "{shown}");
}

#[test]
fn a_profile_that_was_tested_tells_its_last_test() {
    let mut tested = row("contoso");
    tested.last =
        Some(LastVerdict { verdict: Status::Passed, when: now() - jiff::SignedDuration::from_hours(2), cause: None });
    let mut bench = Bench::home(vec![tested]);
    bench.keys("<enter>");
    bench.tell(Msg::ProfileOpened { name: "contoso".parse().unwrap(), purpose: OpenFor::Look, result: Ok(draft()) });
    let shown = text(&draw(&mut bench, (80, 24), PLAIN));
    assert!(shown.contains("passed 2 h ago"), "{shown}");
}

#[test]
fn what_is_not_known_is_told_once() {
    let mut tested = row("contoso");
    tested.last = Some(LastVerdict { verdict: Status::Unknown, when: now(), cause: Some(Cause::Unknown) });
    let shown = text(&draw(&mut Bench::home(vec![tested]), (80, 24), PLAIN));
    assert!(shown.contains("unknown, just now") && !shown.contains("unknown, unknown"), "{shown}");
}

#[test]
fn today_is_the_day_of_the_pictures() {
    let mut bench = filled();
    bench.keys("<right><right>");
    let left = today().until(jiff::civil::Date::constant(2027, 5, 20)).unwrap().get_days();
    bench.keys("<tab><tab><tab>");
    assert!(text(&draw(&mut bench, (120, 40), PLAIN)).contains(&format!("{left} days")));
}

/// Keys that a hand may press anywhere.
const KEYS: [&str; 46] = [
    "n",
    "a",
    "t",
    "T",
    "e",
    "d",
    "h",
    "x",
    "<c-p>",
    "D",
    "r",
    "c",
    "s",
    "o",
    "y",
    "w",
    "i",
    "=",
    "?",
    "q",
    "<enter>",
    "<enter>",
    "<tab>",
    "<tab>",
    "<backtab>",
    "<esc>",
    "<up>",
    "<down>",
    "<left>",
    "<right>",
    "<pgup>",
    "<pgdn>",
    "<c-s>",
    "<c-r>",
    "<c-x>",
    "<c-c>",
    "/",
    "漢字",
    "e\u{301}",
    "🙂İ",
    " ",
    "<back>",
    "<back>",
    "<delete>",
    "<home>",
    "<end>",
];

/// What may be pasted anywhere.
const PASTES: [&str; 5] = [
    "AADSTS7000215: Ungültiger Schlüssel 漢字 👩\u{200d}👩\u{200d}👧 for app '66666666-7777-4888-9999-aaaaaaaaaaaa'.\n\tüber\u{202e}",
    "Mandant: 11111111-2222-4333-8444-555555555555\nAnwendungs-ID: 66666666-7777-4888-9999-aaaaaaaaaaaa\nWert: q1W8Q~漢",
    "漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字",
    "q1W8Q~canary.0123456789_abcdefghijklmnop",
    "e\u{301}\u{301}\u{200b}\u{feff}İ\u{fe0f}",
];

proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 48, failure_persistence: None, ..Default::default() })]

    #[test]
    fn no_walk_and_no_size_panics(
        walk in prop::collection::vec((0..KEYS.len() + PASTES.len(), 1_u16..=200, 1_u16..=60), 1..40),
        color in any::<bool>(),
        ascii in any::<bool>(),
    ) {
        let theme = Theme { color, ascii, light: false };
        let mut bench = full_home().rehearsing();
        for (key, width, height) in walk {
            match KEYS.get(key) {
                Some(keys) => bench.keys(keys),
                None => bench.paste(PASTES[key - KEYS.len()]),
            };
            // What was asked for is answered, so that every screen is reached.
            for effect in bench.take() {
                match effect {
                    Effect::OpenProfile { name, purpose } => {
                        bench.tell(Msg::ProfileOpened { name, purpose, result: Ok(draft()) });
                    }
                    Effect::OpenPair(names) => {
                        bench.tell(Msg::PairOpened { names, result: Ok([draft(), ProfileDraft::new(GUIDE)]) });
                    }
                    Effect::MakeExport { name, format } => {
                        bench.tell(Msg::ExportMade { name, format, result: Ok("A: b\n  c: d\n".repeat(20)) });
                    }
                    Effect::WriteFile { path, paper, over } => {
                        let result = if over { Written::Done(path.clone()) } else { Written::ThereAlready };
                        bench.tell(Msg::FileWritten { path, paper, result });
                    }
                    Effect::StartChecks { run, .. } => {
                        let failure = (width % 2 == 0).then(|| Evidence {
                            check: Some(CheckId::Token),
                            ..read_text("AADSTS7000215: Invalid client secret provided.")
                        });
                        bench.run_ends(run, failure.as_ref());
                    }
                    _ => {}
                }
            }
            let terminal = draw(&mut bench, (width, height), theme);
            prop_assert!(!ascii || text(&terminal).is_ascii());
        }
    }

    #[test]
    fn every_scene_at_every_size(width in 1_u16..=200, height in 1_u16..=60) {
        for (_, mut bench) in scenes() {
            draw(&mut bench, (width, height), PLAIN);
        }
    }
}

/// Whatever a step says can be read at 80x24, by scrolling, and no word of it is broken but addresses.
#[test]
fn every_step_of_every_guide_can_be_read() {
    for guide in assets::guides() {
        let mut bench = Bench::knowing(std::slice::from_ref(guide), Vec::new());
        bench.keys("n");
        for (at, step) in guide.steps.iter().enumerate() {
            let mut seen = String::new();
            for scroll in 0..200 {
                let Some(Screen::Wizard(wizard)) = bench.app.stack.last_mut() else { panic!("not the wizard") };
                (wizard.step, wizard.scroll) = (at, scroll);
                wizard.focus = Focus::Body;
                let shown = text(&draw(&mut bench, (80, 24), PLAIN));
                // The right pane, without its frame.
                let pane = shown.lines().map(|line| line.chars().skip(26).take(53).collect::<String>());
                let pane = pane.collect::<Vec<_>>().join("\n");
                if seen.ends_with(&pane) {
                    break;
                }
                seen.push_str(&pane);
            }
            let mut texts: Vec<&String> = [&step.who, &step.place, &step.done].into();
            texts.extend(step.actions.iter().chain(&step.watch));
            for list in &step.lists {
                match list {
                    Listing::Permissions => texts.extend(guide.permissions.iter().flat_map(|p| [&p.name, &p.why])),
                    Listing::Form => {
                        let form = guide.form.as_ref().unwrap();
                        texts.push(&form.title);
                        texts.extend(form.fields.iter().flat_map(|field| [&field.name, &field.about]));
                    }
                }
            }
            for word in texts.iter().flat_map(|text| text.split_whitespace()) {
                let is_address = word.contains('/') && word.chars().count() > 44;
                assert!(is_address || seen.contains(word), "{} {}: '{word}' cannot be read", guide.id, step.id);
            }
        }
    }
}
