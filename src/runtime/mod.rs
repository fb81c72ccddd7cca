//! Floor 3: the terminal, its input, the desktop around it, and the loop that joins them to the state machine.
//!
//! Knows how to take a terminal and give it back. Does not know what is drawn or what a key means.

pub mod desktop;
mod effects;
pub mod harden;
pub mod input;
pub mod terminal;

use crate::app::effect::Effect;
use crate::app::key::{Input, StopSignal};
use crate::app::msg::Msg;
use crate::app::{App, Knowledge, Open, Rehearsal};
use crate::assets;
use crate::sandbox;
use crate::ui;
use crate::ui::theme::Theme;
use crate::work::{Session, today};
use effects::Effects;
use input::Inputs;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use terminal::Terminal;
use tokio::sync::mpsc;

/// How often something that moves is drawn.
const TICK: Duration = Duration::from_millis(100);
/// How often a countdown is drawn.
const SECOND: Duration = Duration::from_secs(1);
/// How often a terminal that takes nothing is tried again.
const CATCH_UP: Duration = Duration::from_millis(20);
/// How many inputs are taken before a frame is drawn and answers are heard.
const BURST: usize = 1024;

/// Runs the screens until they are left. The exit code comes back; the terminal is as it was found.
///
/// # Errors
/// When there is no terminal to draw on.
pub async fn run(session: Session, open: Open, theme: Theme) -> io::Result<u8> {
    let session = Arc::new(session);
    let know = Knowledge {
        guides: assets::guides(),
        clouds: assets::clouds(),
        rules: assets::rules(),
        exports: assets::exports(),
        settings: session.settings(),
    };
    let rehearsal = session
        .sandbox
        .as_ref()
        .map(|sandbox| Rehearsal { scenario: sandbox.scenario().as_str(), preset: sandbox::preset });
    // The handlers for signals stand before raw mode does.
    let mut inputs = Inputs::start()?;
    let mut terminal = Terminal::enter()?;
    let (messages, answers) = mpsc::channel(256);
    let about_settings = session.about_settings();
    let mut effects = Effects::new(session, messages);
    let (mut app, mut first) = App::new(know, today(), rehearsal, open);
    if let Some(told) = about_settings {
        first.extend(app.update(Msg::Told(Err(told))));
    }
    let result = screens(&mut app, first, &mut terminal, &mut inputs, &mut effects, answers, theme).await;
    // The terminal is given back first; files that are being written are waited for after that.
    terminal.leave();
    effects.finish().await;
    result
}

async fn screens(
    app: &mut App,
    first: Vec<Effect>,
    terminal: &mut Terminal,
    inputs: &mut Inputs,
    effects: &mut Effects,
    mut answers: mpsc::Receiver<Msg>,
    theme: Theme,
) -> io::Result<u8> {
    let mut wanted = first;
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut second = tokio::time::interval(SECOND);
    second.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut counted = false;
    loop {
        for effect in std::mem::take(&mut wanted) {
            match effect {
                Effect::CopyText(text) => match desktop::osc52(&text) {
                    Some(sequence) => {
                        if terminal.write_raw(&sequence).is_err() {
                            return Ok(stopped(StopSignal::TerminalGone));
                        }
                        wanted.extend(app.update(Msg::Told(Ok("sent to the terminal's clipboard".into()))));
                    }
                    None => wanted.extend(app.update(Msg::Told(Err("too long for the terminal's clipboard".into())))),
                },
                Effect::Repaint => terminal.repaint(),
                // The reader stands still meanwhile: the shell's input is not ours. `Input::Continue` ends it, which never
                // comes where there is no such thing.
                Effect::Suspend if !cfg!(unix) => {}
                Effect::Suspend => {
                    inputs.pause();
                    terminal.suspend()?;
                }
                other => effects.perform(other),
            }
        }
        if !wanted.is_empty() {
            continue;
        }
        if let Some(code) = app.quit {
            return Ok(code);
        }
        app.judge_typed();
        let mut seen = app.seen;
        if terminal.draw(|frame| seen = ui::draw(frame, app, theme)).is_err() {
            return Ok(stopped(StopSignal::TerminalGone));
        }
        app.seen = seen;
        let (moving, counting) = (app.moving(), app.counting());
        // The first second of a countdown is a whole one.
        if counting && !counted {
            second.reset();
        }
        counted = counting;
        tokio::select! {
            biased;
            input = inputs.next() => {
                // Whatever has come meanwhile is taken before the next frame: a burst costs one frame, not one a key.
                let mut next = Some(input);
                for left in (0..BURST).rev() {
                    let Some(input) = next else { break };
                    match input {
                        Input::Suspend => wanted.push(Effect::Suspend),
                        Input::Key(key) => wanted.extend(app.update(Msg::Key(key))),
                        Input::Paste(paste) => wanted.extend(app.update(Msg::Paste(paste))),
                        Input::Resize(..) => wanted.push(Effect::Repaint),
                        Input::Continue => {
                            if terminal.resume().is_err() {
                                return Ok(stopped(StopSignal::TerminalGone));
                            }
                            inputs.resume()?;
                        }
                        Input::Stop(signal) => return Ok(stopped(signal)),
                    }
                    if app.quit.is_some() {
                        break;
                    }
                    next = if left > 0 { inputs.try_next() } else { None };
                }
            }
            Some(answer) = answers.recv() => {
                wanted.extend(app.update(answer));
                while let Ok(answer) = answers.try_recv() {
                    wanted.extend(app.update(answer));
                }
            }
            _ = tick.tick(), if moving => wanted.extend(app.update(Msg::Tick)),
            _ = second.tick(), if counting => wanted.extend(app.update(Msg::Second)),
            () = tokio::time::sleep(CATCH_UP), if terminal.is_behind() => {}
        }
    }
}

/// The exit code after a signal, as a shell would tell it.
fn stopped(signal: StopSignal) -> u8 {
    match signal {
        StopSignal::Interrupt => 130,
        StopSignal::Terminate => 143,
        StopSignal::HangUp | StopSignal::TerminalGone => 129,
        StopSignal::Quit => 131,
    }
}
