//! Each guide walked with the keyboard alone, on a real terminal: from an empty set-up to green and saved.
//!
//! Waits for titles and values, not for the words around them.
#![cfg(unix)]
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "test code")]
#![expect(dead_code, reason = "these tests need a part of what stands ready for all")]

#[path = "support/pty.rs"]
mod support;

use d365_connect::assets;
use d365_connect::core::guide::{Guide, Product, SignIn, Step};
use std::path::PathBuf;
use support::{Start, Tui};

const ENTER: &str = "\r";
const DOWN: &str = "\x1b[B";
/// Has the sandbox's administrator do the open step.
const CARRY_OUT: &str = "\x04";
/// What a green test says.
const WORKS: &str = "connection works";

fn run(args: &[&str]) -> Tui {
    Tui::start(&Start { args, env: &[("LC_ALL", "C.UTF-8")], ..Start::default() })
}

/// The folder in which a rehearsal keeps its files.
fn rehearsal_home(tui: &Tui) -> PathBuf {
    let entries = std::fs::read_dir(tui.home()).unwrap().flatten();
    let mut ours = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with("d365-connect-sandbox-"));
    ours.next().expect("the home of a rehearsal").path()
}

/// The steps of a guide one after the other, each carried out where the portal shows something.
fn fill(tui: &mut Tui, guide: &Guide) {
    let heading = |step: &Step| format!("┌ {}", step.title.chars().take(30).collect::<String>());
    tui.until(&heading(&guide.steps[0]));
    for step in &guide.steps {
        tui.page_to(&heading(step));
        // Graph has one address, which a rehearsal begins with.
        if step.id == "before-you-start" && guide.product == Product::Graph {
            continue;
        }
        if ["before-you-start", "register-app", "client-secret"].contains(&step.id.as_str()) {
            tui.keys(CARRY_OUT);
            tui.until("portal shows");
            tui.keys(ENTER);
            tui.until_gone("portal shows");
        }
    }
}

/// Signs in where the test asks for it, and saves what is green. What is saved is tested once more.
fn test_and_save(tui: &mut Tui, way: SignIn) {
    let home = rehearsal_home(tui);
    let count = |folder: &str| std::fs::read_dir(home.join(folder)).map_or(0, Iterator::count);
    let ready = count("profiles");
    let sign_in = |tui: &mut Tui| {
        if way.is_user() {
            let prompt = tui.until("Left  ");
            assert!(prompt.contains(" https://login.sandbox.test/"), "{prompt}");
            assert_eq!(prompt.contains("Code  "), way == SignIn::DeviceCode, "{prompt}");
            tui.keys("a");
        }
    };
    tui.keys("t");
    sign_in(tui);
    tui.until(WORKS);
    assert_eq!(count("profiles"), ready, "nothing is saved before it is asked for");
    tui.keys("s");
    tui.until_screen("the saved profile", |_| count("profiles") == ready + 1);
    sign_in(tui);
    tui.until_screen("the verdict of what was saved", |_| count("history") == 1);
    tui.until(WORKS);
    tui.keys("\x03");
    tui.wait_exit();
    tui.assert_given_back();
}

#[test]
fn every_guide_from_empty_to_green_and_saved() {
    for (at, guide) in assets::guides().iter().enumerate() {
        let mut tui = run(&["--sandbox"]);
        tui.until(&guide.id);
        tui.keys("n");
        tui.until("What do you want to connect to?");
        tui.keys(&format!("{}{ENTER}", DOWN.repeat(at)));
        fill(&mut tui, guide);
        test_and_save(&mut tui, guide.sign_in[0]);
    }
}

/// Where a guide offers more than one way to sign in, the others are walked, too.
#[test]
fn every_other_way_to_sign_in() {
    for guide in assets::guides() {
        for way in &guide.sign_in[1..] {
            let sign_in = format!("sign_in={way}");
            let mut tui = run(&["--sandbox", "new", "walked", "--guide", &guide.id, "--set", &sign_in]);
            fill(&mut tui, guide);
            test_and_save(&mut tui, *way);
        }
    }
}
