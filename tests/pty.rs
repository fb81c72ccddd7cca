//! The terminal is taken, used and given back, on real terminals.
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
                    terminal.resume().unwrap();
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
        let mut tui = start();
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
