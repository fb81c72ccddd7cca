//! The terminal is taken, used and given back, and the program is walked through, on real terminals.
//!
//! Waits for names, titles and values, not for the words around them.
#![cfg(unix)]
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "test code")]

#[path = "support/pty.rs"]
mod support;

use d365_connect::app::key::{Input, Key, StopSignal};
use d365_connect::runtime::input::Inputs;
use d365_connect::runtime::terminal::{Terminal, install_panic_hook};
use ratatui::widgets::{Paragraph, Wrap};
use rustix::process::Signal;
use std::io::Write;
use std::path::{Path, PathBuf};
use support::{Start, Tui};

/// A small program on the same floor as the real one: shows what it was sent. The tests below start this file's own
/// executable with nothing but this in it.
#[test]
#[ignore = "is started by the other tests, on a terminal of its own"]
fn program() {
    if std::env::var_os("ON_A_TERMINAL").is_none() {
        return;
    }
    install_panic_hook();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let reason = runtime.block_on(show_inputs());
    writeln!(std::io::stdout(), "ended by {reason}").unwrap();
}

async fn show_inputs() -> String {
    let mut inputs = Inputs::start().unwrap();
    let mut terminal = Terminal::enter().unwrap();
    let mut log = "ready".to_owned();
    loop {
        let shown = Paragraph::new(log.as_str()).wrap(Wrap { trim: false });
        if let Err(error) = terminal.draw(|frame| frame.render_widget(shown, frame.area())) {
            std::fs::write("gone", "").unwrap();
            return error.to_string();
        }
        let mut next = Some(inputs.next().await);
        while let Some(input) = next {
            match input {
                Input::Key(Key::Char('q')) => return "the q key".to_owned(),
                Input::Key(Key::Char('!')) => panic!("canary {log}"),
                Input::Key(Key::Char('t')) => {
                    let thread = std::thread::spawn(|| panic!("canary"));
                    assert!(thread.join().is_err());
                }
                Input::Key(Key::Char('p')) => {
                    inputs.pause();
                    log.push_str(" deaf");
                }
                Input::Key(key) => log.push_str(&format!(" {}", key.label(true))),
                Input::Paste(paste) => log.push_str(&format!(" paste of {}", paste.text.len())),
                Input::Resize(columns, rows) => {
                    terminal.repaint();
                    log.push_str(&format!(" {columns}x{rows}"));
                }
                Input::Suspend => {
                    inputs.pause();
                    terminal.suspend().unwrap();
                }
                Input::Continue => {
                    // A closed window sends this as well, and it may come before the hang-up.
                    if let Err(error) = terminal.resume() {
                        std::fs::write("gone", "").unwrap();
                        return error.to_string();
                    }
                    inputs.resume().unwrap();
                    log.push_str(" again");
                }
                Input::Stop(StopSignal::TerminalGone) => {
                    drop(terminal);
                    std::fs::write("gone", "").unwrap();
                    return "nobody".to_owned();
                }
                Input::Stop(signal) => {
                    std::fs::write("stopped", "").unwrap();
                    return format!("{signal:?}");
                }
            }
            next = inputs.try_next();
        }
    }
}

const ARGS: [&str; 5] = ["--ignored", "--exact", "program", "--nocapture", "--test-threads=1"];

fn start() -> Tui {
    let this = std::env::current_exe().unwrap();
    let program = this.to_str().unwrap();
    let tui = Tui::start(&Start { program, args: &ARGS, env: &[("ON_A_TERMINAL", "1")], ..Start::default() });
    tui.until("ready");
    tui.assert_taken();
    tui
}

#[test]
fn shows_and_leaves() {
    let mut tui = start();
    tui.keys("ab\x1b[A");
    tui.until("ready a b up");
    tui.paste("one\ntwo");
    tui.until("paste of 7");
    tui.keys("\x1b");
    tui.until("esc");
    tui.keys("\x1a"); // there is no shell that could continue it
    tui.keys("c");
    tui.until("esc c");
    tui.resize(30, 10);
    tui.until("30x10");
    assert_eq!(tui.cell("ready").bgcolor(), vt100::Color::Default);
    tui.keys("q");
    assert_eq!(tui.wait_exit(), 0);
    tui.until("ended by the q key");
    tui.until_gone("ready");
    tui.assert_given_back();
    assert!(!tui.home().join("gone").exists());
}

#[test]
fn a_screen_of_one_cell() {
    let mut tui = start();
    let before = tui.raw().len();
    tui.resize(1, 1);
    tui.until_raw("a frame of one cell", |raw| raw[before..].ends_with(b"\x1b[?25l"));
    assert_eq!(tui.screen(), "r");
    tui.resize(80, 24);
    tui.until("ready 1x1 80x24");
}

#[test]
fn signals_end_it_in_order() {
    for (signal, told) in [
        (Signal::TERM, "ended by Terminate"),
        (Signal::INT, "ended by Interrupt"),
        (Signal::HUP, "ended by HangUp"),
        (Signal::QUIT, "ended by Quit"),
    ] {
        let tui = start();
        tui.signal(signal);
        assert_eq!(tui.wait_exit(), 0);
        tui.until(told);
        tui.assert_given_back();
    }
}

#[test]
fn a_panic_gives_the_terminal_back_and_tells_no_values() {
    for key in ["!", "t"] {
        let mut tui = start();
        tui.keys(key);
        tui.wait_exit();
        let screen = tui.until("please report");
        assert!(screen.contains("internal error at tests/pty.rs:"), "{screen}");
        tui.assert_given_back();
        let raw = String::from_utf8_lossy(&tui.raw()).into_owned();
        assert!(!raw.contains("canary"), "{raw}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn stopped_and_continued() {
    let mut tui = start();
    for times in 1..=2 {
        tui.signal(Signal::TSTP);
        tui.until_state('T');
        tui.assert_given_back();
        tui.signal(Signal::CONT);
        tui.until(&" again".repeat(times));
        tui.assert_taken();
    }
    // Without a chance to give anything back; the shell has set its own modes and drawn on the screen since.
    tui.signal(Signal::STOP);
    tui.until_state('T');
    tui.signal(Signal::CONT);
    tui.until(&" again".repeat(3));
    tui.keys("q");
    assert_eq!(tui.wait_exit(), 0);
    tui.assert_given_back();
}

/// A script of a shell with job control, in which `"$@"` is the program.
fn start_in_shell(script: &str) -> Tui {
    let this = std::env::current_exe().unwrap();
    let mut args = vec!["-c", script, "sh", this.to_str().unwrap()];
    args.extend(ARGS);
    let tui = Tui::start(&Start { program: "sh", args: &args, env: &[("ON_A_TERMINAL", "1")], ..Start::default() });
    tui.until("ready");
    tui.assert_taken();
    tui
}

#[test]
fn ctrl_z_stops_the_whole_job() {
    // The program is not the job's leader, as with `cargo run`.
    let mut tui = start_in_shell(
        "set -m; sh -c '\"$@\"; exit $?' sh \"$@\"; echo shell; read line; echo got $line; fg; echo left with $?",
    );
    tui.keys("a\x1a");
    tui.until("shell");
    tui.assert_given_back();
    tui.keys("this is mine\r");
    tui.until("ready a again"); // continued by `fg`, and drawn in full
    tui.assert_taken();
    tui.keys("q");
    assert_eq!(tui.wait_exit(), 0);
    let screen = tui.until("left with 0");
    assert!(screen.contains("got this is mine"), "{screen}");
    tui.assert_given_back();
}

#[test]
fn the_tail_of_a_paste_does_not_run_in_the_shell() {
    let mut tui = start();
    tui.keys("p");
    tui.until("deaf");
    tui.keys(&"touch canary\r".repeat(200));
    tui.until_raw("a tail that waits to be read", |_| tui.unread() > 0);
    tui.signal(Signal::TERM);
    tui.wait_exit();
    assert_eq!(tui.unread(), 0);
    tui.assert_given_back();
}

#[test]
fn a_closed_window_ends_it() {
    let mut tui = start();
    tui.hang_up();
    tui.wait_exit();
    let (gone, stopped) = (tui.home().join("gone"), tui.home().join("stopped"));
    assert!(gone.exists() || stopped.exists(), "neither the hang-up nor the end of input was seen");
}

// ---- the program itself -------------------------------------------------------------------------------------------

/// The profile of a rehearsal.
const READY: &str = "fno-client-credentials";
/// What a rehearsal is made of.
const ENVIRONMENT: &str = "https://contoso.sandbox.test";
const TENANT: &str = "b1d6c3a2-4f0e-4c57-9a8b-2e7d5f6a1c34";
/// Titles of steps.
const FIRST_STEP: &str = "Before you start";
const REGISTER_APP: &str = "Register the app in Microsoft Entra ID";
const CLIENT_SECRET: &str = "Create a client secret";
/// The answer that leaves nothing, in every question before something is lost.
const STAY: &str = "Stay here";
/// What a green test says.
const WORKS: &str = "connection works";

const ENTER: &str = "\r";
const ESC: &str = "\x1b";
const UTF8: (&str, &str) = ("LC_ALL", "C.UTF-8");

fn run(args: &[&str]) -> Tui {
    Tui::start(&Start { args, env: &[UTF8], ..Start::default() })
}

/// A rehearsal at home.
fn rehearse(scenario: &str) -> Tui {
    let mut tui = run(&[&format!("--sandbox={scenario}")]);
    tui.until(READY);
    // To the profile of the first guide.
    tui.keys("jj");
    tui
}

/// A new set-up, by the first guide.
#[track_caller]
fn set_up(tui: &mut Tui) {
    tui.keys("n");
    tui.until("What do you want to connect to?");
    tui.keys(ENTER);
    tui.until(FIRST_STEP);
}

/// The folder in which a rehearsal keeps its files.
fn rehearsal_home(tui: &Tui) -> PathBuf {
    let entries = std::fs::read_dir(tui.home()).unwrap().flatten();
    let mut ours = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with("d365-connect-sandbox-"));
    ours.next().expect("the home of a rehearsal").path()
}

/// Leaves with the exit code, the terminal as it was, and nothing left in the folder for temporary files.
#[track_caller]
fn ends(tui: &Tui, code: u32) {
    assert_eq!(tui.wait_exit(), code, "{}", tui.screen());
    tui.assert_given_back();
    let left: Vec<PathBuf> = std::fs::read_dir(tui.home()).unwrap().flatten().map(|entry| entry.path()).collect();
    assert_eq!(left, Vec::<PathBuf>::new(), "left behind");
}

fn lines(screen: &str) -> usize {
    screen.lines().filter(|line| !line.trim().is_empty()).count()
}

#[test]
fn the_first_frame_at_any_size() {
    for (columns, rows, shows, most_lines) in [
        (80, 24, READY, 24),
        (40, 10, "fno-client", 10),
        (20, 5, "needs 40x10", 2),
        (1, 1, "…", 1),
        (200, 60, READY, 60),
    ] {
        let args = &["--sandbox"];
        let mut tui = Tui::start(&Start { args, env: &[UTF8], columns, rows, ..Start::default() });
        let screen = tui.until(shows);
        assert!(lines(&screen) <= most_lines, "{columns}x{rows}:\n{screen}");
        tui.assert_taken();
        tui.keys("q");
        ends(&tui, 0);
    }
}

#[test]
fn the_first_frame_is_short() {
    let tui = run(&["--sandbox"]);
    tui.until(READY);
    let bytes = tui.raw().len();
    assert!(bytes < 2_500, "{bytes} bytes for the first frames at 80x24");
}

#[cfg(target_os = "linux")]
#[test]
fn an_idle_program_sleeps() {
    let mut tui = rehearse("healthy");
    tui.keys("t");
    tui.until(WORKS);
    // Quiet for five ticks in a row: something that wakes again and again never is. Measured apart from the waiting's own
    // deadline, because nothing on the screen tells of it.
    let quiet = (0..20).any(|_| {
        let before = (tui.sleeps(), tui.raw().len());
        std::thread::sleep(std::time::Duration::from_millis(500));
        before == (tui.sleeps(), tui.raw().len())
    });
    assert!(quiet, "it wakes or writes all the time");
    tui.keys("\x03");
    ends(&tui, 130);
}

#[test]
fn the_size_changes_again_and_again() {
    let mut tui = rehearse("healthy");
    for (columns, rows, shows) in [
        (40, 10, "fno-client"),
        (20, 5, "needs 40x10"),
        (1, 1, "…"),
        (300, 3, "too small"),
        (120, 40, READY),
        (80, 24, READY),
    ] {
        tui.resize(columns, rows);
        tui.until(shows);
    }
    tui.keys("q");
    ends(&tui, 0);
}

/// Has the sandbox's administrator do the open step, and takes what the portal shows once `shown` is there.
fn carried_out(tui: &mut Tui, shown: &str) {
    tui.keys("\x04");
    tui.until(shown);
    tui.keys(ENTER);
    tui.until_gone("Esc");
}

#[test]
fn from_empty_to_green_and_saved() {
    let mut tui = rehearse("healthy");
    set_up(&mut tui);
    carried_out(&mut tui, ENVIRONMENT);
    tui.keys(ENTER);
    tui.until(REGISTER_APP);
    carried_out(&mut tui, TENANT);
    tui.keys(ENTER);
    tui.until(CLIENT_SECRET);
    carried_out(&mut tui, "●●●");
    for title in ["Permissions:", "Your four values ─", "Register the app in D365", "Test the connection"] {
        tui.page_to(title);
    }
    tui.keys("t");
    let screen = tui.until(WORKS);
    assert!(screen.contains("registration"), "{screen}");
    let home = rehearsal_home(&tui);
    assert!(!home.join("profiles/contoso.toml").exists(), "nothing is saved before it is asked for");
    tui.keys("s");
    // Tested as saved: only then the verdict has a name to be noted under.
    until_file(&tui, &home.join("history/contoso.json"));
    assert!(std::fs::read_to_string(home.join("profiles/contoso.toml")).unwrap().contains(TENANT));
    tui.until(WORKS);
    tui.keys(ESC);
    tui.until_screen("both profiles at home", |screen| {
        let text = screen.contents();
        text.contains(READY) && text.contains("contoso ")
    });
    tui.keys("q");
    ends(&tui, 0);
}

/// Waits for a file.
#[track_caller]
fn until_file(tui: &Tui, path: &Path) {
    tui.until_screen(&format!("the file {}", path.display()), |_| path.exists());
}

#[test]
fn from_red_to_green_by_the_step_that_mends_it() {
    let mut tui = rehearse("not-registered");
    tui.keys("t");
    tui.until("D365 does not know this app");
    tui.keys(ENTER);
    tui.until("Register the app in D365");
    tui.keys("a");
    tui.until("svc-odata");
    tui.keys(ENTER);
    tui.keys("t");
    tui.until(WORKS);
    tui.keys("\x03");
    tui.wait_exit();
    tui.assert_given_back();
}

#[test]
fn esc_stops_a_slow_test_and_the_program_stays() {
    let mut tui = rehearse("slow");
    tui.keys("t");
    tui.until("waiting");
    tui.keys(ESC);
    tui.until("stopped");
    // Whatever still comes from the stopped test is dropped.
    tui.keys(ESC);
    tui.until_gone("stopped");
    set_up(&mut tui);
    tui.keys("\x03");
    ends(&tui, 130);
}

#[test]
fn pastes() {
    let mut tui = rehearse("healthy");
    tui.keys("d");
    tui.paste("AADSTS7000215: Invalid client secret provided.");
    tui.until("The client secret is not accepted");
    tui.keys("\x15");
    tui.until_gone("The client secret is not accepted");
    // Without its end mark it ends by itself.
    tui.keys("\x1b[200~AADSTS700016 is what it said");
    tui.until("is what it said");
    tui.keys(ESC);
    tui.until_gone("is what it said");
    tui.until(READY);
    // Several values at once, into the set-up: shown, and taken only then.
    set_up(&mut tui);
    let values = "tenant_id=11111111-2222-4333-8444-555555555555\r\nclient_id=66666666-7777-4888-9999-aaaaaaaaaaaa\r\n";
    tui.paste(values);
    tui.until("11111111-2222-4333-8444-555555555555");
    tui.keys(ENTER);
    tui.until_gone("11111111-2222-4333-8444-555555555555");
    tui.page_to(REGISTER_APP);
    tui.until("11111111");
    // More than is kept: said, and the program lives.
    tui.keys("\t");
    let before = tui.raw().len();
    tui.paste(&"x".repeat(100_000));
    tui.until_raw("an answer to a long paste", |raw| raw.len() > before);
    tui.until("64 KiB");
    tui.keys("\x03");
    tui.until(STAY);
    tui.keys(&format!("\x1b[B{ENTER}"));
    ends(&tui, 130);
}

#[test]
fn a_burst_without_paste_marks_arrives_whole() {
    let kept = tempfile::tempdir().unwrap();
    let home = kept.path().to_str().unwrap();
    let mut tui = run(&["--sandbox", "--home", home, "new", "burst"]);
    tui.until(FIRST_STEP);
    let text = format!("begin{}end", "x".repeat(5_000));
    tui.keys(&text);
    tui.page_to(REGISTER_APP); // keeps a draft
    let draft = kept.path().join("drafts/burst.toml");
    until_file(&tui, &draft);
    assert!(std::fs::read_to_string(draft).unwrap().contains(&text));
    tui.signal(Signal::TERM);
    ends(&tui, 143);
}

#[test]
fn stop_signals_give_the_terminal_back_wherever_they_come() {
    type Walk = fn(&mut Tui);
    let at_home: Walk = |_| {};
    let with_typed_values: Walk = |tui| {
        set_up(tui);
        tui.keys("https://contoso.operations.dynamics.com");
        tui.page_to(REGISTER_APP);
        tui.page_to(CLIENT_SECRET);
        tui.keys("aBc8Q~typed");
        tui.until("●●●");
    };
    let in_a_test: Walk = |tui| {
        tui.keys("t");
        tui.until("waiting");
    };
    for (place, walk) in [("home", at_home), ("wizard", with_typed_values), ("test", in_a_test)] {
        for (signal, code) in [(Signal::TERM, 143), (Signal::HUP, 129), (Signal::INT, 130), (Signal::QUIT, 131)] {
            let mut tui = rehearse("slow");
            walk(&mut tui);
            tui.signal(signal);
            assert_eq!(tui.wait_exit(), code, "{place}, {signal:?}");
            ends(&tui, code);
        }
    }
}

/// A script of a shell in which `"$0"` is the program.
fn in_shell(script: &str) -> Tui {
    let program = Start::default().program;
    Tui::start(&Start { program: "sh", args: &["-c", script, program], env: &[UTF8], ..Start::default() })
}

#[test]
fn ctrl_z_and_back() {
    let mut tui = in_shell("set -m; \"$0\" --sandbox; echo shell; read line; echo got $line; fg; echo left with $?");
    tui.until(READY);
    set_up(&mut tui);
    tui.keys("typed\x1a");
    tui.until("shell");
    tui.assert_given_back();
    tui.keys("mine\r");
    tui.until(FIRST_STEP);
    tui.until("typed");
    tui.assert_taken();
    tui.keys("\x03");
    tui.until(STAY);
    tui.keys(&format!("\x1b[B{ENTER}"));
    assert_eq!(tui.wait_exit(), 0);
    let screen = tui.until("left with 130");
    assert!(screen.contains("got mine"), "{screen}");
    tui.assert_given_back();
}

#[test]
fn a_terminal_that_has_gone_ends_it() {
    // As its leader; where hang-ups are ignored; and where the hang-up never comes, because it is in another session.
    for script in [
        "exec \"$0\" --sandbox",
        "trap '' HUP; exec \"$0\" --sandbox",
        "trap '' HUP; exec setsid --wait \"$0\" --sandbox",
    ] {
        let mut tui = in_shell(script);
        tui.until(READY);
        tui.hang_up();
        assert_eq!(tui.wait_exit(), 129, "{script}");
        assert_eq!(std::fs::read_dir(tui.home()).unwrap().count(), 0, "{script}: left behind");
    }
}

#[test]
fn a_terminal_that_takes_nothing_does_not_hold_it() {
    let mut tui = rehearse("healthy");
    tui.look_away();
    // Far more than any terminal keeps for later.
    for _ in 0..300 {
        tui.keys("\x0c");
        tui.until_screen("a key that was read", |_| tui.unread() == 0);
    }
    tui.signal(Signal::TERM);
    assert_eq!(tui.wait_exit(), 143);
    tui.assert_modes();
}

/// The program at a home that another process has locked, with a copy that waits for the lock.
fn waiting_for_a_lock() -> (Tui, tempfile::TempDir, std::fs::File) {
    let kept = tempfile::tempdir().unwrap();
    std::fs::create_dir(kept.path().join("profiles")).unwrap();
    std::fs::write(kept.path().join("profiles/one.toml"), "version = 1\nguide = \"fno-client-credentials\"\n").unwrap();
    let lock = std::fs::File::create(kept.path().join("lock")).unwrap();
    lock.lock().unwrap();
    let mut tui = run(&["--home", kept.path().to_str().unwrap()]);
    tui.until("one");
    tui.keys("c");
    tui.until("one-copy");
    tui.keys(ENTER);
    tui.until_gone("one-copy");
    (tui, kept, lock)
}

#[test]
fn a_file_that_has_to_wait_does_not_hold_the_screen() {
    let (mut tui, kept, lock) = waiting_for_a_lock();
    tui.keys("d");
    tui.paste("AADSTS7000215");
    tui.until("The client secret is not accepted");
    // Held until here: a loop that waits for it would have seen it fail.
    drop(lock);
    until_file(&tui, &kept.path().join("profiles/one-copy.toml"));
    tui.keys(ESC);
    tui.until_gone("AADSTS7000215");
    tui.until("one-copy");
    tui.keys("q");
    ends(&tui, 0);
}

#[test]
fn a_test_that_may_pass_counts_down_and_is_tried_again() {
    let mut tui = rehearse("client-not-found");
    tui.keys("jjt");
    tui.until("Entra does not find this app");
    tui.keys("w");
    tui.until("again in 9 s");
    tui.until("again in 8 s");
    tui.keys(ESC);
    tui.until_gone("again in");
    tui.until("stopped trying");
    tui.keys("i");
    tui.until("Details of token");
    tui.keys(ESC);
    tui.until("Entra does not find this app");
    tui.keys(ESC);
    tui.until(READY);
    tui.keys("q");
    ends(&tui, 0);
}

#[test]
fn what_is_being_saved_is_saved_before_the_end() {
    let (tui, kept, lock) = waiting_for_a_lock();
    tui.signal(Signal::TERM);
    tui.assert_given_back(); // the terminal first
    assert!(!kept.path().join("profiles/one-copy.toml").exists());
    drop(lock);
    assert_eq!(tui.wait_exit(), 143);
    assert!(kept.path().join("profiles/one-copy.toml").exists());
}

#[test]
fn without_a_terminal_it_says_which_commands_do_the_job() {
    let tui = in_shell("\"$0\" </dev/null; echo ended with $?; \"$0\" >out; echo ended with $?");
    assert_eq!(tui.wait_exit(), 0);
    let screen = tui.until_screen("both ends", |screen| screen.contents().matches("ended with 2").count() == 2);
    assert_eq!(screen.matches("--set").count(), 2, "{screen}");
    assert_eq!(std::fs::read(tui.home().join("out")).unwrap(), b"");
}

/// The editor of no profile is not opened.
#[test]
fn what_is_not_there_is_not_edited() {
    let tui = in_shell("\"$0\" edit nope; echo ended with $?");
    assert_eq!(tui.wait_exit(), 0);
    let screen = tui.until("ended with 2");
    assert!(screen.contains("there is no profile 'nope'") && !screen.contains("removed or renamed"), "{screen}");
}

#[test]
fn poor_terminals() {
    let start = |env: &[(&str, &str)], without: &[&str]| {
        let mut tui = Tui::start(&Start { args: &["--sandbox"], env, without, ..Start::default() });
        tui.until(READY);
        set_up(&mut tui);
        tui.keys("\x1b");
        tui.until(READY);
        tui.keys("jjt");
        tui.until(WORKS);
        tui.keys("?");
        tui.keys("\x1b\x1b");
        tui.until("180 days");
        tui.keys("q");
        let raw = tui.raw();
        ends(&tui, 0);
        raw
    };
    assert!(!start(&[UTF8], &[]).is_ascii());
    assert!(start(&[("LC_ALL", "C")], &[]).is_ascii(), "in the C locale everything is ASCII");
    start(&[("TERM", "unknown")], &[]);
    start(&[], &["TERM"]);
    start(&[], &["HOME"]);
    let colors = |raw: &[u8]| String::from_utf8_lossy(raw).contains("\x1b[38;5;");
    assert!(colors(&start(&[], &[])));
    assert!(!colors(&start(&[("NO_COLOR", "1")], &[])));
}

/// The program at a home with these settings and one profile.
fn settled(settings: &str, args: &[&str], env: &[(&str, &str)]) -> (Tui, tempfile::TempDir) {
    let kept = tempfile::tempdir().unwrap();
    std::fs::create_dir(kept.path().join("profiles")).unwrap();
    std::fs::write(kept.path().join("profiles/one.toml"), "version = 1\nguide = \"fno-client-credentials\"\n").unwrap();
    std::fs::write(kept.path().join("settings.toml"), settings).unwrap();
    let args = [&["--home", kept.path().to_str().unwrap()], args].concat();
    let tui = Tui::start(&Start { args: &args, env: &[&[UTF8], env].concat(), ..Start::default() });
    tui.until("incomplete");
    (tui, kept)
}

#[test]
fn settings_that_cannot_be_used_are_told_at_home_and_left_alone() {
    for (text, says) in
        [("theme = 5\n", "line 1: 'theme' must"), ("warning_days = 5\nother = 1\n", "line 2: there is no setting")]
    {
        let (mut tui, kept) = settled(text, &[], &[]);
        tui.until("settings.toml");
        // A line end may stand between its words.
        let told = tui.screen().split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(told.contains(says), "{told}");
        tui.keys("j");
        tui.until_gone("settings.toml");
        tui.keys("q");
        ends(&tui, 0);
        assert_eq!(std::fs::read_to_string(kept.path().join("settings.toml")).unwrap(), text);
    }
}

#[test]
fn the_settings_choose_the_colours() {
    const CYAN: &str = "\x1b[38;5;6;";
    const BLUE: &str = "\x1b[38;5;4;";
    let colors = |settings: &str, args: &[&str], env: &[(&str, &str)]| {
        let (mut tui, _kept) = settled(settings, args, env);
        tui.keys("q");
        ends(&tui, 0);
        let raw = String::from_utf8_lossy(&tui.raw()).into_owned();
        (raw.contains(CYAN), raw.contains(BLUE))
    };
    assert_eq!(colors("", &[], &[]), (true, false));
    assert_eq!(colors("", &[], &[("COLORFGBG", "0;15")]), (false, true));
    assert_eq!(colors("theme = \"dark\"", &[], &[("COLORFGBG", "0;15")]), (true, false));
    assert_eq!(colors("theme = \"light\"", &[], &[]), (false, true));
    assert_eq!(colors("theme = \"none\"", &[], &[]), (false, false));
    // What is said by a flag or the environment is more than a setting.
    assert_eq!(colors("theme = \"none\"", &["--color", "always"], &[]), (true, false));
    assert_eq!(colors("theme = \"light\"", &[], &[("NO_COLOR", "1")]), (false, false));
}

#[test]
fn any_bytes_do_no_harm() {
    let mut tui = rehearse("healthy");
    // Noise from a fixed seed, without the keys that leave the program or stop it.
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut noise = Vec::new();
    for _ in 0..20_000 {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let byte = state.to_be_bytes()[0];
        if !matches!(byte, 0x03 | 0x1a | b'q') {
            noise.push(byte);
        }
    }
    tui.bytes(&noise);
    tui.signal(Signal::TERM);
    assert_eq!(tui.wait_exit(), 143);
    tui.assert_given_back();
}

#[test]
fn leaving_a_prompt_changes_nothing() {
    for (command, asks) in [(&["edit", READY, "--secret", "prompt"][..], "secret"), (&["remove", READY], READY)] {
        let ends: [(&str, Option<Signal>, u32); 4] = [
            ("\x03", None, 130),
            ("\x04", None, 130),
            ("part", Some(Signal::TERM), 143),
            ("part", Some(Signal::QUIT), 131),
        ];
        for (keys, signal, code) in ends {
            let kept = tempfile::tempdir().unwrap();
            std::fs::create_dir(kept.path().join("profiles")).unwrap();
            let file = kept.path().join(format!("profiles/{READY}.toml"));
            let text = "version = 1\nguide = \"fno-client-credentials\"\n";
            std::fs::write(&file, text).unwrap();
            let mut args = vec!["--home", kept.path().to_str().unwrap()];
            args.extend(command);
            let mut tui = run(&args);
            tui.until(asks);
            tui.keys(keys);
            if let Some(signal) = signal {
                tui.signal(signal);
            }
            assert_eq!(tui.wait_exit(), code, "{command:?} {keys:?} {signal:?}: {}", tui.screen());
            tui.assert_given_back();
            assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
        }
    }
}
