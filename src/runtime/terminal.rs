//! Takes the terminal for the screens, and gives it back as it was found, whatever happens (safety rule 19).
//!
//! Does not know what is drawn, nor when.

use crossterm::cursor::Show;
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::queue;
use crossterm::style::ResetColor;
use crossterm::terminal::{Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen};
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use ratatui::{Frame, TerminalOptions, Viewport};
use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;
use std::sync::{Mutex, PoisonError};
use system::{Lent, Tty};

/// What is to be given back; `None` while the terminal is not ours. For all threads, so that a panic anywhere gives it back.
static LENT: Mutex<Option<Lent>> = Mutex::new(None);

/// The terminal, while the program draws on it. Gives it back when dropped.
pub struct Terminal {
    tty: Tty,
    screen: ratatui::Terminal<CrosstermBackend<Output>>,
    output: Output,
    /// Written, and not taken yet by the terminal.
    pending: Vec<u8>,
    size: (u16, u16),
    /// What the terminal shows is not what `screen` believes.
    stale: bool,
    /// Given back by [`Terminal::suspend`], to be taken again.
    suspended: bool,
}

impl Terminal {
    /// Takes the terminal that the program was started on: raw mode, alternate screen, bracketed paste. Handlers for signals
    /// must stand before ([`crate::runtime::input::Inputs::start`]).
    ///
    /// # Errors
    /// When there is no terminal, or it has gone.
    pub fn enter() -> io::Result<Terminal> {
        let tty = Tty::of_process()?;
        let output = Output::default();
        let size = tty.size();
        let screen = blank(&output, size)?;
        let mut terminal = Terminal { tty, screen, output, pending: Vec::new(), size, stale: true, suspended: false };
        terminal.resume()?;
        Ok(terminal)
    }

    /// Draws a frame and writes what has changed, in one go. While the program is suspended, nothing happens. Never waits:
    /// while the terminal has not taken what was written before ([`Terminal::is_behind`]), the frame is left out.
    ///
    /// # Errors
    /// When the terminal has gone, or was given back after a panic. Treat it as
    /// [`crate::app::key::StopSignal::TerminalGone`].
    pub fn draw(&mut self, frame: impl FnOnce(&mut Frame)) -> io::Result<()> {
        if self.is_behind() {
            self.write_out()?;
        }
        if self.suspended || self.is_behind() {
            return Ok(());
        }
        let size = self.tty.size();
        if self.stale || self.size != size {
            self.screen = blank(&self.output, size)?;
            queue!(self.output, ResetColor, Clear(ClearType::All))?;
            (self.size, self.stale) = (size, false);
        }
        self.screen.draw(frame)?;
        self.write_out()
    }

    /// Writes a sequence that draws nothing, such as [`crate::runtime::desktop::osc52`] makes.
    ///
    /// # Errors
    /// As [`Terminal::draw`].
    pub fn write_raw(&mut self, sequence: &str) -> io::Result<()> {
        self.output.write_all(sequence.as_bytes())?;
        if self.suspended { Ok(()) } else { self.write_out() }
    }

    /// Gives the terminal back and stops the process, and with it the rest of its job (such as the `cargo run` it was started
    /// by). Comes back when the process is continued; then [`crate::app::key::Input::Continue`] is on its way, and
    /// [`Terminal::resume`] is to be called for it, not before: nothing is drawn until then.
    ///
    /// # Errors
    /// When the system refuses to stop the process.
    pub fn suspend(&mut self) -> io::Result<()> {
        self.suspended = true;
        self.pending.clear();
        restore_now();
        system::stop()
    }

    /// Takes the terminal (again) and has the next frame drawn in full. Also right after a stop from outside (SIGSTOP), which
    /// left no time to give it back.
    ///
    /// # Errors
    /// When the terminal has gone.
    pub fn resume(&mut self) -> io::Result<()> {
        if let Err(error) = self.tty.take() {
            restore_now();
            return Err(error);
        }
        self.suspended = false;
        self.repaint();
        queue!(self.output, EnterAlternateScreen, EnableBracketedPaste)?;
        self.write_out()
    }

    /// Has the next frame drawn in full: after every [`crate::app::key::Input::Resize`], because terminals lose what does not
    /// fit for a moment, and when the user asks for it.
    pub fn repaint(&mut self) {
        self.stale = true;
    }

    /// Whether the terminal has not taken everything yet: draw again in a while.
    pub fn is_behind(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Gives the terminal back. The same as dropping it, by its name.
    pub fn leave(self) {
        drop(self);
    }

    fn write_out(&mut self) -> io::Result<()> {
        self.pending.append(&mut self.output.0.borrow_mut());
        if LENT.lock().unwrap_or_else(PoisonError::into_inner).is_none() {
            return Err(io::Error::other("the terminal was given back"));
        }
        let taken = self.tty.write(&self.pending)?;
        self.pending.drain(..taken);
        Ok(())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        restore_now();
    }
}

/// A screen with nothing on it. Its size is fixed, because ratatui would ask `/dev/tty` for it at each frame.
fn blank(output: &Output, (columns, rows): (u16, u16)) -> io::Result<ratatui::Terminal<CrosstermBackend<Output>>> {
    let viewport = Viewport::Fixed(Rect::new(0, 0, columns, rows));
    ratatui::Terminal::with_options(CrosstermBackend::new(output.clone()), TerminalOptions { viewport })
}

/// Gives the terminal back as it was found, from any thread and any number of times. What was typed or pasted and not read
/// is thrown away, so that the tail of a paste does not run in the shell.
pub fn restore_now() {
    if let Some(lent) = LENT.lock().unwrap_or_else(PoisonError::into_inner).take() {
        let mut farewell = Vec::new();
        // The screen is cleared first, because some terminals keep it. Writing to memory does not fail.
        let _written =
            queue!(farewell, DisableBracketedPaste, ResetColor, Clear(ClearType::All), Show, LeaveAlternateScreen);
        lent.give_back(&farewell);
    }
}

/// From now on a panic gives the terminal back, then says where it happened. Never with which values: a secret may be in them.
pub fn install_panic_hook() {
    std::panic::set_hook(Box::new(|panic| {
        restore_now();
        let place = panic.location().map_or_else(String::new, |at| format!(" at {}:{}", at.file(), at.line()));
        let _nobody_reads = writeln!(io::stderr(), "internal error{place}; please report");
    }));
}

/// Collects what is written until a frame is complete: ratatui flushes several times a frame.
#[derive(Clone, Default)]
struct Output(Rc<RefCell<Vec<u8>>>);

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(unix)]
mod system {
    use super::LENT;
    use crate::runtime::input;
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::fs::{Mode, OFlags};
    use rustix::io::{Errno, retry_on_intr};
    use rustix::process::{Signal, getpid, kill_current_process_group, kill_process};
    use rustix::termios::{
        OptionalActions, QueueSelector, SpecialCodeIndex, Termios, isatty, tcflush, tcgetattr, tcsetattr, ttyname,
    };
    use std::io;
    use std::os::fd::{AsFd, OwnedFd};
    use std::sync::PoisonError;
    use std::time::{Duration, Instant};

    /// The two directions of a terminal.
    pub struct Tty {
        input: OwnedFd,
        output: OwnedFd,
    }

    /// A terminal in raw mode, and how it was found.
    pub struct Lent {
        tty: Tty,
        found: Termios,
    }

    impl Tty {
        pub fn of_process() -> io::Result<Tty> {
            let input = input::terminal()?;
            let stdout = io::stdout();
            let output = if isatty(&stdout) { stdout.as_fd().try_clone_to_owned()? } else { input.try_clone()? };
            // Opened anew, so that writing never waits, and no other program that shares the terminal is changed by that.
            let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
            let anew = ttyname(&output, Vec::new()).and_then(|path| rustix::fs::open(path, flags, Mode::empty()));
            Ok(Tty { input, output: anew.unwrap_or(output) })
        }

        pub fn size(&self) -> (u16, u16) {
            input::size(&self.output)
        }

        /// Enters raw mode. How the terminal was found is remembered before anything is changed.
        pub fn take(&self) -> io::Result<()> {
            let mut lent = LENT.lock().unwrap_or_else(PoisonError::into_inner);
            if lent.is_none() {
                let tty = Tty { input: self.input.try_clone()?, output: self.output.try_clone()? };
                *lent = Some(Lent { found: tcgetattr(&self.input)?, tty });
            }
            let Some(lent) = lent.as_ref() else { return Ok(()) };
            let mut raw = lent.found.clone();
            raw.make_raw();
            // A read never waits: the reader polls, and what it polled for may have been thrown away since.
            raw.special_codes[SpecialCodeIndex::VMIN] = 0;
            raw.special_codes[SpecialCodeIndex::VTIME] = 0;
            Ok(retry_on_intr(|| tcsetattr(&self.input, OptionalActions::Now, &raw))?)
        }

        /// Writes as much as the terminal takes now: how many bytes.
        pub fn write(&self, bytes: &[u8]) -> io::Result<usize> {
            let mut taken = 0;
            while taken < bytes.len() {
                match rustix::io::write(&self.output, &bytes[taken..]) {
                    Ok(count) => taken += count,
                    Err(Errno::INTR) => {}
                    Err(Errno::AGAIN) => break,
                    Err(error) => return Err(error.into()),
                }
            }
            Ok(taken)
        }
    }

    impl Lent {
        /// Best effort at each step: the terminal may have gone.
        pub fn give_back(self, farewell: &[u8]) {
            let Lent { tty, found } = self;
            // A terminal that takes nothing any more (a hung emulator) must not keep the program from ending.
            let mut left = farewell;
            while !left.is_empty() && is_ready(&tty.output, PollFlags::OUT, Duration::from_millis(200)) {
                let Ok(taken @ 1..) = tty.write(left) else { break };
                left = &left[taken..];
            }
            // A paste may still be under way: until it is quiet for a moment, but not for ever.
            let begun = Instant::now();
            let _gone = tcflush(&tty.input, QueueSelector::IFlush);
            while begun.elapsed() < Duration::from_millis(500)
                && is_ready(&tty.input, PollFlags::IN, Duration::from_millis(50))
            {
                let _gone = tcflush(&tty.input, QueueSelector::IFlush);
            }
            let _gone = retry_on_intr(|| tcsetattr(&tty.input, OptionalActions::Now, &found));
        }
    }

    fn is_ready(fd: &OwnedFd, what: PollFlags, patience: Duration) -> bool {
        let mut fds = [PollFd::new(fd, what)];
        let timeout = Timespec::try_from(patience).ok();
        poll(&mut fds, timeout.as_ref()).is_ok() && fds[0].revents() == what
    }

    /// Stops the whole job as the terminal's own ctrl-z would, or this process alone where it is not a shell's job.
    pub fn stop() -> io::Result<()> {
        Ok(if input::has_a_shell_behind() {
            kill_current_process_group(Signal::STOP)
        } else {
            kill_process(getpid(), Signal::STOP)
        }?)
    }
}

#[cfg(windows)]
mod system {
    use super::LENT;
    use crossterm::terminal;
    use std::io::{self, Write};
    use std::sync::PoisonError;

    /// The console.
    pub struct Tty;

    /// The console in raw mode; crossterm remembers how it was found.
    pub struct Lent;

    impl Tty {
        pub fn of_process() -> io::Result<Tty> {
            Ok(Tty)
        }

        pub fn size(&self) -> (u16, u16) {
            terminal::size().unwrap_or((80, 24))
        }

        pub fn take(&self) -> io::Result<()> {
            terminal::enable_raw_mode()?;
            *LENT.lock().unwrap_or_else(PoisonError::into_inner) = Some(Lent);
            Ok(())
        }

        pub fn write(&self, bytes: &[u8]) -> io::Result<usize> {
            let mut stdout = io::stdout().lock();
            stdout.write_all(bytes)?;
            stdout.flush()?;
            Ok(bytes.len())
        }
    }

    impl Lent {
        pub fn give_back(self, farewell: &[u8]) {
            let _gone = Tty.write(farewell);
            let _gone = terminal::disable_raw_mode();
        }
    }

    /// There is no such thing here.
    pub fn stop() -> io::Result<()> {
        Ok(())
    }
}
