//! The vault's passphrase at a terminal: asked for when it is needed, by the commands and by the screens.
#![cfg(unix)]
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

#[path = "support/cmd.rs"]
#[expect(dead_code, reason = "shared with other tests")]
mod cmd;
#[path = "support/pty.rs"]
#[expect(dead_code, reason = "shared with other tests")]
mod pty;

use cmd::{Place, Served};
use d365_connect::core::secret::ClientSecret;
use d365_connect::store::paths::Home;
use d365_connect::store::secrets::Vault;
use pty::{Start, Tui};
use std::sync::Arc;
use zeroize::Zeroizing;

const CANARY: &str = "kAn8Q~ryNEVERshowTHIS.value_0123456789ab";

fn secret(text: &str) -> Arc<ClientSecret> {
    Arc::new(ClientSecret::new(Zeroizing::new(text.to_owned())).unwrap())
}

fn vault(home: &Home, passphrase: &str) -> Vault {
    let vault = Vault::of(home);
    vault.unlock(secret(passphrase));
    vault
}

/// At a terminal: a passphrase may be wrong twice; who removes a profile is asked for it; a vault that is not there is
/// told, and nobody is asked for a new passphrase.
#[test]
fn at_the_command_line_the_passphrase_is_asked_for_up_to_three_times() {
    let place = Place::new();
    let home = place.path().join("own");
    let own = ("D365_CONNECT_HOME", home.to_str().unwrap());
    let env = [("PASS", "some words"), own];
    let new = [
        "new",
        "one",
        "--no-input",
        "--secret",
        "vault",
        "--vault-passphrase",
        "env:PASS",
        "--set",
        "tenant_id=11111111-2222-4333-8444-555555555555",
        "--set",
        "client_id=66666666-7777-4888-9999-aaaaaaaaaaaa",
        "--set",
        "resource_url=https://contoso.operations.dynamics.com",
    ];
    place.run_with(&new, &env, Some(CANARY)).expect(0);
    let count = || vault(&Home::at(&home), "some words").count().unwrap();
    assert_eq!(count(), 1);
    let begin = |args: &[&str]| {
        Tui::start(&Start { args, env: &[("LC_ALL", "C.UTF-8"), own], columns: 200, ..Start::default() })
    };
    let answer = |tui: &mut Tui, passphrases: &[&str]| {
        for (at, passphrase) in passphrases.iter().enumerate() {
            let asked = |screen: &vt100::Screen| screen.contents().matches("Passphrase of the vault").count() == at + 1;
            tui.until_screen("a question", asked);
            tui.keys(&format!("{passphrase}\r"));
        }
    };
    let mut tui = begin(&["copy", "one", "two"]);
    answer(&mut tui, &["a", "b", "some words"]);
    assert_eq!((tui.wait_exit(), count()), (0, 2), "{}", tui.screen());
    let mut tui = begin(&["copy", "one", "three"]);
    answer(&mut tui, &["a", "b", "c"]);
    assert_eq!((tui.wait_exit(), count()), (3, 2), "{}", tui.screen());
    assert!(tui.screen().contains("does not open it"), "{}", tui.screen());
    let mut tui = begin(&["remove", "two", "--yes"]);
    answer(&mut tui, &["some words"]);
    assert_eq!((tui.wait_exit(), count()), (0, 1), "{}", tui.screen());
    // A new one is typed twice, until the two are the same.
    let mut tui = begin(&["vault", "--change-passphrase"]);
    answer(&mut tui, &["some words"]);
    for (at, pair) in [("new words", "nev words"), ("some words", "some words")].iter().enumerate() {
        for (question, passphrase) in [("New passphrase", pair.0), ("The same again", pair.1)] {
            tui.until_screen(question, |screen| screen.contents().matches(question).count() == at + 1);
            tui.keys(&format!("{passphrase}\r"));
        }
    }
    assert_eq!((tui.wait_exit(), count()), (0, 1), "{}", tui.screen());
    // Another credential takes the place of the one in the vault.
    place.run_with(&[&["new", "other"][..], &new[2..]].concat(), &env, Some(CANARY)).expect(0);
    let mut tui = begin(&["edit", "other", "--secret", "env:PASS"]);
    answer(&mut tui, &["some words"]);
    assert_eq!((tui.wait_exit(), count()), (0, 1), "{}", tui.screen());
    // Where it is not given, the profile goes, and what is left is told.
    let mut tui = begin(&["remove", "one", "--yes"]);
    answer(&mut tui, &["a", "b", "c"]);
    assert_eq!((tui.wait_exit(), count()), (0, 1), "{}", tui.screen());
    assert!(tui.screen().contains("entry is left"), "{}", tui.screen());
    place.run_with(&[&["new", "gone"][..], &new[2..]].concat(), &env, Some(CANARY)).expect(0);
    std::fs::remove_file(home.join("vault.age")).unwrap();
    let tui = begin(&["check", "gone"]);
    let said = tui.until("there is no file");
    assert!(!said.contains("assphrase of"), "{said}");
    assert_eq!(tui.wait_exit(), 3);
    assert!(!home.join("vault.age").exists());
}

/// In the wizard, where there is no keyring: the vault is offered, made with a passphrase that is typed twice, and asked
/// for once in the next run, when it is needed.
#[test]
fn the_wizard_keeps_a_secret_in_the_vault() {
    let (place, served) = (Place::new(), Place::new());
    let served = Served::start(&served, "healthy");
    let (secret, settings) = (served.secret(), served.settings());
    let home = place.path().join("own");
    let env = [("LC_ALL", "C.UTF-8"), ("D365_CONNECT_HOME", home.to_str().unwrap())];
    let mut args = vec!["new", "contoso"];
    args.extend(settings.iter().map(String::as_str));
    let mut tui = Tui::start(&Start { args: &args, env: &env, ..Start::default() });
    for title in ["Before you start", "Register the app in Microsoft Entra ID", "Create a client secret"] {
        tui.page_to(title);
    }
    tui.keys(&secret);
    tui.until("●●●");
    tui.keys("\x13");
    tui.until("New passphrase for the vault");
    tui.keys("some words\r");
    tui.until("The same passphrase again");
    tui.keys("some words\r");
    // Saved, and tested as it was saved.
    tui.until("connection works");
    assert!(std::fs::read_to_string(home.join("profiles/contoso.toml")).unwrap().contains("source = \"vault\""));
    tui.keys("\x1b");
    tui.until("Profiles");
    tui.keys("q");
    assert_eq!(tui.wait_exit(), 0);
    let mut again = Tui::start(&Start { env: &env, ..Start::default() });
    again.until("contoso");
    assert!(!again.screen().contains("assphrase"), "{}", again.screen());
    again.keys("t");
    again.until("Passphrase of the vault");
    again.keys("other words\r");
    again.until("does not open it");
    again.keys("some words\r");
    again.until("connection works");
    again.keys("\x03");
    assert_eq!(again.wait_exit(), 130);
    for raw in [tui.raw(), again.raw()] {
        let seen = String::from_utf8_lossy(&raw).into_owned();
        assert!(!seen.contains("some words") && !seen.contains(&secret), "{seen}");
    }
}

/// While the vault is being opened, what is typed is neither shown nor left for the shell.
#[test]
fn nothing_that_is_typed_is_shown_until_the_vault_is_open() {
    let place = Place::new();
    let home = place.path().join("own");
    let own = ("D365_CONNECT_HOME", home.to_str().unwrap());
    vault(&Home::at(&home), "some words").keep(&secret(CANARY)).unwrap();
    let mut tui = Tui::start(&Start { args: &["vault"], env: &[("LC_ALL", "C.UTF-8"), own], ..Start::default() });
    tui.until("Passphrase of the vault, hidden: ");
    tui.keys("wrong words\r");
    // The line has ended: from here on it is opened.
    tui.until_screen("the next line", |screen| screen.cursor_position().1 == 0);
    tui.keys("typed meanwhile");
    tui.until("try again");
    tui.until_screen("the question again", |screen| screen.contents().matches("Passphrase of").count() == 2);
    // Where this test was slow it was typed at the question, and is taken away there. What follows the line in one go
    // comes while it is opened, or is not read at all.
    tui.keys("\x15some words\rtyped meanwhile");
    assert_eq!(tui.wait_exit(), 0, "{}", tui.screen());
    assert!(tui.screen().contains("1 secret") && !tui.screen().contains("meanwhile"), "{}", tui.screen());
    tui.assert_given_back();
}
