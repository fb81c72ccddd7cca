//! What is left when a command is interrupted: the terminal as it was found, nothing saved, nothing running.
#![cfg(unix)]
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "test code")]

#[expect(dead_code, reason = "the screens' tests use more of it")]
#[path = "support/pty.rs"]
mod support;

use rustix::process::{Pid, Signal, kill_process};
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use support::{Start, Tui};
use tempfile::TempDir;

const PROFILE: &str = "version = 1
guide = \"fno-client-credentials\"
tenant_id = \"11111111-2222-4333-8444-555555555555\"
client_id = \"66666666-7777-4888-9999-aaaaaaaaaaaa\"
resource_url = \"https://contoso.operations.dynamics.com\"

[credential]
kind = \"secret\"
source = \"env\"
env = \"D365_SECRET\"
";

/// A home with one profile.
fn home_with(profile: &str) -> (TempDir, PathBuf) {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("profiles/one.toml");
    fs::create_dir(home.path().join("profiles")).unwrap();
    fs::write(&path, profile).unwrap();
    (home, path)
}

/// The program on a terminal.
fn on_a_terminal(home: &Path, args: &[&str]) -> Tui {
    Tui::start(&Start { args, env: &[("D365_CONNECT_HOME", home.to_str().unwrap())], ..Start::default() })
}

/// Asked for a secret, with a part of it typed and not to be seen.
fn asked(home: &Path) -> Tui {
    let mut tui = on_a_terminal(home, &["edit", "one", "--secret", "prompt"]);
    tui.until("hidden: ");
    tui.keys("canary");
    tui.until_raw("that it was read", |_| tui.unread() == 0);
    tui
}

#[test]
fn whatever_tests_a_profile_asks_for_the_passphrase_of_its_vault() {
    let profile = PROFILE.replace("source = \"env\"\nenv = \"D365_SECRET\"", "source = \"vault\"\nentry = \"one\"");
    let (home, _) = home_with(&profile);
    // That it does not open is enough: nothing is sent then.
    fs::write(home.path().join("vault.age"), "no vault").unwrap();
    for (args, code) in [(["check", "one"], 3), (["report", "one"], 0)] {
        let mut tui = on_a_terminal(home.path(), &args);
        tui.until("Passphrase of the vault, hidden: ");
        tui.keys("canary\r");
        assert_eq!(tui.wait_exit(), code, "{args:?}");
    }
}

#[test]
fn a_secret_is_asked_for_without_echo_and_kept() {
    let args = ["edit", "fno-client-credentials", "--secret", "prompt", "--sandbox"];
    let mut tui = Tui::start(&Start { args: &args, ..Start::default() });
    tui.until("hidden: ");
    tui.keys("canary no\x15canary of twenty letters 8Q~x\x7f\r");
    let screen = tui.until("the secret is in the keyring");
    assert!(screen.contains("hidden: \nsaved "), "{screen}");
    assert_eq!(tui.wait_exit(), 0);
    tui.assert_given_back();
    assert!(!String::from_utf8_lossy(&tui.raw()).contains("canary"));
}

#[test]
fn a_prompt_that_is_left_gives_the_terminal_back_and_saves_nothing() {
    type Way = (&'static str, fn(&mut Tui), u32);
    let ways: [Way; 7] = [
        ("ctrl-c", |tui| tui.keys("\x03"), 130),
        ("ctrl-d", |tui| tui.keys("\x15\x04"), 130),
        ("INT", |tui| tui.signal(Signal::INT), 130),
        ("TERM", |tui| tui.signal(Signal::TERM), 143),
        ("HUP", |tui| tui.signal(Signal::HUP), 129),
        ("QUIT", |tui| tui.signal(Signal::QUIT), 131),
        // It is not stopped, and goes on to read.
        (
            "TSTP",
            |tui| {
                tui.signal(Signal::TSTP);
                tui.keys("\x1a\x1c\x03");
            },
            130,
        ),
    ];
    for (way, leave, code) in ways {
        let (home, path) = home_with(PROFILE);
        let mut tui = asked(home.path());
        leave(&mut tui);
        assert_eq!(tui.wait_exit(), code, "{way}: {}", tui.screen());
        tui.assert_given_back();
        assert_eq!(fs::read_to_string(&path).unwrap(), PROFILE, "{way}");
        assert!(!String::from_utf8_lossy(&tui.raw()).contains("canary"), "{way}");
    }
}

#[test]
fn half_a_secret_is_none() {
    let (home, path) = home_with(PROFILE);
    let mut tui = asked(home.path());
    tui.hang_up();
    tui.wait_exit();
    assert_eq!(fs::read_to_string(path).unwrap(), PROFILE);
}

#[test]
fn a_question_that_is_left_changes_nothing() {
    for (keys, code) in [("\x03", 130), ("\x04", 130), ("n\r", 0), ("\r", 0)] {
        let (home, path) = home_with(PROFILE);
        let mut tui = on_a_terminal(home.path(), &["remove", "one"]);
        tui.until("[y/N]");
        tui.keys(keys);
        assert_eq!(tui.wait_exit(), code, "{keys:?}: {}", tui.screen());
        tui.assert_given_back();
        assert!(path.exists(), "{keys:?}");
    }
    let (home, path) = home_with(PROFILE);
    let mut tui = on_a_terminal(home.path(), &["remove", "one"]);
    tui.until("[y/N]");
    tui.keys("y\r");
    assert_eq!(tui.wait_exit(), 0);
    assert!(!path.exists());
}

#[test]
fn a_secret_command_ends_with_the_program() {
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)] {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let words = format!("sh -c '(echo begun; sleep 5; echo alive) > {} & wait'", pipe.display());
        let words = words.replace('"', "\\\"");
        let profile = PROFILE.replace("source = \"env\"\nenv = \"D365_SECRET\"", "source = \"command\"");
        let (home, _) = home_with(&format!("{profile}command = \"{words}\"\n"));
        let mut program = Command::new(env!("CARGO_BIN_EXE_d365-connect"));
        program.args(["check", "one"]).env("D365_CONNECT_HOME", home.path()).stdin(Stdio::null());
        let mut program = program.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let mut told = BufReader::new(File::open(&pipe).unwrap());
        let mut text = String::new();
        told.read_line(&mut text).unwrap();
        kill_process(Pid::from_child(&program), signal).unwrap();
        assert_eq!(program.wait().unwrap().code(), Some(code));
        // The pipe ends when its last writer does.
        told.read_to_string(&mut text).unwrap();
        assert_eq!(text, "begun\n");
    }
}

#[test]
fn a_token_is_not_printed_on_a_terminal() {
    let args = ["token", "fno-client-credentials", "--sandbox"];
    let tui = Tui::start(&Start { args: &args, ..Start::default() });
    let screen = tui.until("--force");
    assert!(screen.contains("is not printed on a terminal") && !screen.contains("eyJ"), "{screen}");
    assert_eq!(tui.wait_exit(), 2);
    let forced = ["token", "fno-client-credentials", "--sandbox", "--force"];
    let tui = Tui::start(&Start { args: &forced, ..Start::default() });
    tui.until("eyJ");
    assert_eq!(tui.wait_exit(), 0);
}

/// A certificate is renewed by a question or two: it is made, and uploaded, before it is tested.
#[test]
fn a_new_certificate_is_offered_to_a_profile_that_has_one() {
    let certificate = "kind = \"certificate\"\nsource = \"file\"\ncertificate = \"/no/such.pem\"\n";
    let profile = PROFILE.replace("kind = \"secret\"\nsource = \"env\"\nenv = \"D365_SECRET\"\n", certificate);
    // Nothing answers there.
    let profile = format!("{profile}\n[network]\nauthority_url = \"http://127.0.0.1:1\"\n");
    let (home, path) = home_with(&profile.replace("https://contoso.operations.dynamics.com", "http://127.0.0.1:1"));
    let before = fs::read(&path).unwrap();
    let new = home.path().join("new.pem");
    let mut tui = on_a_terminal(home.path(), &["rotate", "one", "--no-wait"]);
    tui.until("beside the old one");
    tui.until("In which file");
    tui.keys(&format!("{}\r", new.display()));
    tui.until("Enter when it is uploaded");
    assert!(new.exists() && new.with_extension("cer").exists());
    tui.keys("\r");
    tui.until("nothing was changed");
    tui.until("--secret 'certificate:");
    assert_eq!((tui.wait_exit(), fs::read(&path).unwrap()), (3, before));
    // One that is there already.
    let mut tui = on_a_terminal(home.path(), &["rotate", "one", "--no-wait"]);
    tui.until("In which file");
    tui.keys("\r");
    tui.until("The file of the new certificate");
    tui.keys(&format!("{}\r", new.display()));
    tui.until("its last day is");
    assert_eq!(tui.wait_exit(), 3);
}
