//! Every screen against everything that can happen to a terminal: signals, job control, sizes, keys that go everywhere, a
//! window that is closed (safety rules 19, 20 and 22). A table of screens, a table of happenings, and each with each.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "test code")]
#![expect(clippy::print_stderr, reason = "a measurement tells its figures")]
#![expect(dead_code, reason = "these tests need a part of what stands ready for all")]

#[path = "support/pty.rs"]
mod support;

use rustix::process::Signal;
use std::path::PathBuf;
use support::{Start, Tui};

/// The profile of a rehearsal.
const READY: &str = "fno-client-credentials";
const UTF8: (&str, &str) = ("LC_ALL", "C.UTF-8");
const FIRST_STEP: &str = "Before you start";
const CLIENT_SECRET: &str = "Create a client secret";
/// The answer that leaves nothing, in every question before something is lost.
const STAY: &str = "Stay here";
/// What is typed as a secret; may turn up nowhere.
const TYPED: &str = "aBc8Q~typedCanary";

/// A screen: its name, the scenario that is played, how it is reached, and what it shows.
type Screen = (&'static str, &'static str, fn(&mut Tui), &'static str);

const SCREENS: [Screen; 10] = [
    ("home", "healthy", |_| {}, READY),
    ("the choice of a guide", "healthy", |tui| tui.keys("n"), "What do you want to connect to?"),
    ("the wizard", "healthy", set_up, FIRST_STEP),
    ("a secret being typed", "healthy", type_a_secret, "●●●"),
    ("the editor", "healthy", |tui| tui.keys("e"), "nothing changed"),
    ("a test that runs", "slow", |tui| tui.keys("t"), "waiting"),
    ("a test that is done", "healthy", |tui| tui.keys("t"), "connection works"),
    ("an error that is explained", "healthy", explain, "The client secret is not accepted"),
    ("the help", "healthy", |tui| tui.keys("?"), "set up a new connection"),
    ("the question before something is lost", "healthy", about_to_lose, STAY),
];

fn set_up(tui: &mut Tui) {
    tui.keys("n");
    tui.until("What do you want to connect to?");
    tui.keys("\r");
    tui.until(FIRST_STEP);
}

fn type_a_secret(tui: &mut Tui) {
    set_up(tui);
    tui.page_to(CLIENT_SECRET);
    tui.keys(TYPED);
}

fn explain(tui: &mut Tui) {
    tui.keys("d");
    tui.paste("AADSTS7000215: Invalid client secret provided.");
}

fn about_to_lose(tui: &mut Tui) {
    set_up(tui);
    tui.keys("typed");
    tui.until("typed");
    tui.keys("\x03");
}

/// What happens, and the exit code that the program must end with; none where it goes on.
type Happening = (&'static str, fn(&mut Tui), Option<u32>);

const HAPPENINGS: [Happening; 10] = [
    ("TERM", |tui| tui.signal(Signal::TERM), Some(143)),
    ("HUP", |tui| tui.signal(Signal::HUP), Some(129)),
    ("INT", |tui| tui.signal(Signal::INT), Some(130)),
    ("QUIT", |tui| tui.signal(Signal::QUIT), Some(131)),
    ("a closed window", Tui::hang_up, Some(129)),
    ("TSTP and CONT", stop_in_order, None),
    ("STOP and CONT", stop_without_a_word, None),
    ("one cell and back", |tui| change_size(tui, 1, 1), None),
    ("too small and back", |tui| change_size(tui, 30, 6), None),
    ("Ctrl-L", draw_again, None),
];

fn stop_in_order(tui: &mut Tui) {
    tui.signal(Signal::TSTP);
    tui.until_state('T');
    tui.assert_given_back();
    tui.signal(Signal::CONT);
    tui.assert_taken();
}

fn stop_without_a_word(tui: &mut Tui) {
    tui.signal(Signal::STOP);
    tui.until_state('T');
    let before = tui.raw().len();
    tui.signal(Signal::CONT);
    tui.until_raw("that it is drawn again", |raw| raw.len() > before);
}

fn change_size(tui: &mut Tui, columns: u16, rows: u16) {
    let before = tui.raw().len();
    tui.resize(columns, rows);
    tui.until_raw("that the size was seen", |raw| raw.len() > before);
    tui.resize(80, 24);
}

fn draw_again(tui: &mut Tui) {
    let before = tui.raw().len();
    tui.keys("\x0c");
    // All of it, not what has changed.
    tui.until_raw("that it is drawn again", |raw| raw.len() > before + 200);
}

/// What the program has left in its home.
fn left(tui: &Tui) -> Vec<PathBuf> {
    std::fs::read_dir(tui.home()).unwrap().flatten().map(|entry| entry.path()).collect()
}

/// The program on a screen of the table.
fn on(screen: &Screen) -> Tui {
    let (_, scenario, reach, shows) = screen;
    let args = &[&*format!("--sandbox={scenario}")];
    let mut tui = Tui::start(&Start { args, env: &[UTF8], ..Start::default() });
    tui.until(READY);
    tui.keys("jj"); // to the profile of the first guide
    reach(&mut tui);
    tui.until(shows);
    tui
}

fn each_with_each(screens: &[Screen]) {
    for screen in screens {
        let (name, _, _, shows) = screen;
        for (happening, happen, code) in HAPPENINGS {
            let what = format!("{name}: {happening}");
            let mut tui = on(screen);
            happen(&mut tui);
            let code = code.unwrap_or_else(|| {
                tui.until(shows);
                tui.assert_taken();
                tui.signal(Signal::TERM);
                143
            });
            assert_eq!(tui.wait_exit(), code, "{what}: {}", tui.screen());
            if happening != "a closed window" {
                tui.assert_given_back();
            }
            assert_eq!(left(&tui), Vec::<PathBuf>::new(), "{what}: left behind");
            assert!(!String::from_utf8_lossy(&tui.raw()).contains(TYPED), "{what}");
        }
    }
}

#[test]
fn what_happens_at_home_and_in_a_set_up() {
    each_with_each(&SCREENS[..5]);
}

#[test]
fn what_happens_in_tests_diagnosis_and_questions() {
    each_with_each(&SCREENS[5..]);
}

#[test]
fn ctrl_c_leaves_every_screen_or_asks_first() {
    for screen in &SCREENS {
        let mut tui = on(screen);
        tui.keys("\x03");
        // The question itself is left by asking for it once more.
        let asks = screen.3 != STAY;
        let asked = |text: &str| asks && text.contains(STAY);
        let shown = tui
            .until_screen("the end, or a question", |screen| !screen.alternate_screen() || asked(&screen.contents()));
        if asked(&shown) {
            tui.signal(Signal::TERM);
            assert_eq!(tui.wait_exit(), 143, "{}", screen.0);
        } else {
            assert_eq!(tui.wait_exit(), 130, "{}", screen.0);
        }
        tui.assert_given_back();
        assert_eq!(left(&tui), Vec::<PathBuf>::new(), "{}: left behind", screen.0);
    }
}

#[test]
fn ctrl_z_stops_on_every_screen_and_fg_comes_back_to_it() {
    for (_, scenario, reach, shows) in SCREENS {
        let script = format!("set -m; \"$0\" --sandbox={scenario}; echo shell; read line; fg; echo left with $?");
        let args = &["-c", script.as_str(), Start::default().program];
        let mut tui = Tui::start(&Start { program: "sh", args, env: &[UTF8], ..Start::default() });
        tui.until(READY);
        tui.keys("jj");
        reach(&mut tui);
        tui.until(shows);
        tui.keys("\x1a");
        tui.until("shell");
        tui.assert_given_back();
        tui.keys("mine\r");
        tui.until(shows);
        tui.assert_taken();
        drop(tui); // closes the window
    }
}

/// Not asserted, as it depends on the machine: `cargo test --release --test terminal -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement"]
fn how_soon_the_terminal_is_given_back() {
    let mut times: Vec<_> = (0..100)
        .map(|turn| {
            let tui = on(&SCREENS[turn % SCREENS.len()]);
            let begun = std::time::Instant::now();
            tui.signal(Signal::TERM);
            tui.assert_given_back();
            begun.elapsed().as_millis()
        })
        .collect();
    times.sort_unstable();
    let soon = times.iter().filter(|time| **time <= 200).count();
    eprintln!("{soon} of 100 within 200 ms; median {} ms, slowest {} ms", times[50], times[99]);
}
