//! What the terminal sends, as keys and pastes, with the signals of the process in between.
//!
//! Does not know what a key means. On Unix it reads the terminal itself: crossterm's reader stalls on bursts of more than
//! 1,024 bytes, waits for ever in a paste without an end, and spins when the terminal has gone.

#[cfg(unix)]
pub use unix::Inputs;
#[cfg(unix)]
pub(super) use unix::{has_a_shell_behind, size, terminal};
#[cfg(windows)]
pub use windows::Inputs;

use crate::app::key::{Input, Key, Paste};
use std::time::Duration;
use zeroize::Zeroizing;

/// The longest text that is taken from a paste, in bytes (safety rule 21).
pub const MAX_PASTE: usize = 64 * 1024;

/// After this silence an ESC was the key, not the start of a sequence.
const ESC_WAIT: Duration = Duration::from_millis(30);
/// After this silence a sequence will not be finished any more.
const SEQUENCE_WAIT: Duration = Duration::from_millis(200);
/// After this silence a paste will not be finished any more.
const PASTE_WAIT: Duration = Duration::from_secs(1);

/// Turns the bytes of a terminal into keys and pastes. Has no clock: whoever reads the bytes tells it of silence.
#[derive(Default)]
pub struct Decoder {
    state: State,
    utf8: Utf8,
}

#[derive(Default)]
enum State {
    /// Between keys.
    #[default]
    Ground,
    /// After an ESC.
    Escape,
    /// Inside the character that was pressed together with Alt.
    AltChar,
    /// Inside `ESC [ …` or `ESC O …`.
    Sequence(Sequence),
    /// This many bytes belong to a sequence without meaning here.
    Skip(u8),
    /// Inside an answer of the terminal (`ESC ]`, `ESC P` …), up to its end mark.
    Answer,
    /// Inside a bracketed paste.
    Paste(Pasting),
}

impl Decoder {
    /// Takes the next bytes, split anywhere, and appends what they mean to `out`.
    pub fn feed(&mut self, bytes: &[u8], out: &mut Vec<Input>) {
        for byte in bytes {
            self.step(*byte, out);
        }
    }

    /// How long to wait for the next byte before [`Decoder::silence`] is to be called; `None`: as long as it takes.
    pub fn patience(&self) -> Option<Duration> {
        match self.state {
            State::Ground => None,
            State::Escape => Some(ESC_WAIT),
            State::AltChar | State::Sequence(_) | State::Skip(_) | State::Answer => Some(SEQUENCE_WAIT),
            State::Paste(_) => Some(PASTE_WAIT),
        }
    }

    /// Nothing came for as long as [`Decoder::patience`] said: what was begun ends here.
    pub fn silence(&mut self, out: &mut Vec<Input>) {
        match std::mem::take(&mut self.state) {
            State::Escape => out.push(Input::Key(Key::Esc)),
            State::Paste(pasting) => out.push(Input::Paste(pasting.paste)),
            State::Ground | State::AltChar | State::Sequence(_) | State::Skip(_) | State::Answer => {}
        }
    }

    fn step(&mut self, byte: u8, out: &mut Vec<Input>) {
        self.state = match std::mem::take(&mut self.state) {
            State::Ground => self.ground(byte, out),
            State::Escape => self.escape(byte, out),
            State::AltChar => match self.utf8.push(byte) {
                Utf8Step::More => State::AltChar,
                Utf8Step::Char(_) => State::Ground,
                Utf8Step::Broken { again } => self.ground_if(again, byte, out),
            },
            State::Sequence(mut sequence) => match byte {
                0x20..=0x3f => {
                    sequence.push(byte);
                    State::Sequence(sequence)
                }
                0x40..=0x7e => sequence.end(byte, out),
                _ => self.ground(byte, out), // broken off
            },
            State::Skip(1) => State::Ground,
            State::Skip(left) => State::Skip(left - 1),
            State::Answer => match byte {
                0x07 | 0x18 => State::Ground,
                0x00..0x20 => self.ground(byte, out), // ESC \ ends it; a control character breaks it off
                _ => State::Answer,
            },
            State::Paste(mut pasting) => {
                if pasting.push(byte) {
                    out.push(Input::Paste(pasting.paste));
                    State::Ground
                } else {
                    State::Paste(pasting)
                }
            }
        };
    }

    fn ground_if(&mut self, again: bool, byte: u8, out: &mut Vec<Input>) -> State {
        if again { self.ground(byte, out) } else { State::Ground }
    }

    fn ground(&mut self, byte: u8, out: &mut Vec<Input>) -> State {
        match self.utf8.push(byte) {
            Utf8Step::More => {}
            Utf8Step::Char('\x1b') => return State::Escape,
            Utf8Step::Char('\x1a') => out.push(Input::Suspend), // raw mode: no SIGTSTP is made of it
            Utf8Step::Char(c) => out.extend(key_of(c).map(Input::Key)),
            Utf8Step::Broken { again } => return self.ground_if(again, byte, out),
        }
        State::Ground
    }

    fn escape(&mut self, byte: u8, out: &mut Vec<Input>) -> State {
        match byte {
            b'[' => State::Sequence(Sequence::new(true)),
            b'O' => State::Sequence(Sequence::new(false)),
            b']' | b'P' | b'^' | b'_' | b'X' => State::Answer,
            0x1b => {
                out.push(Input::Key(Key::Esc));
                State::Escape
            }
            0x03 | 0x1a => self.ground(byte, out), // ctrl-c and ctrl-z always count
            // Alt and another key: neither is taken, because half of it would be wrong.
            0x80.. => match self.utf8.push(byte) {
                Utf8Step::More => State::AltChar,
                Utf8Step::Char(_) | Utf8Step::Broken { .. } => State::Ground,
            },
            _ => State::Ground,
        }
    }
}

/// The key of a single character, if it has one.
fn key_of(c: char) -> Option<Key> {
    match c {
        '\r' | '\n' => Some(Key::Enter),
        '\t' => Some(Key::Tab),
        '\x08' | '\x7f' => Some(Key::Backspace),
        '\x01'..='\x1a' => char::from_u32(u32::from(c) + 0x60).map(Key::Ctrl),
        c if c.is_control() => None,
        c => Some(Key::Char(c)),
    }
}

/// A control sequence so far. Longer ones than any that means something here are swallowed all the same.
struct Sequence {
    /// `ESC [`, not `ESC O`.
    csi: bool,
    bytes: [u8; 8],
    len: usize,
}

impl Sequence {
    fn new(csi: bool) -> Self {
        Sequence { csi, bytes: [0; 8], len: 0 }
    }

    fn push(&mut self, byte: u8) {
        if let Some(slot) = self.bytes.get_mut(self.len) {
            *slot = byte;
        }
        self.len = self.len.saturating_add(1);
    }

    /// The sequence is complete. Modifiers are ignored: `ESC [ 1 ; 5 C` is the right arrow.
    fn end(self, last: u8, out: &mut Vec<Input>) -> State {
        let Some(parameters) = self.bytes.get(..self.len) else { return State::Ground };
        let number = match parameters {
            // The Linux console's function keys have one byte more, the old mouse report three.
            [] if self.csi && last == b'[' => return State::Skip(1),
            [] if self.csi && last == b'M' => return State::Skip(3),
            [] => 0,
            _ if parameters.iter().all(|b| b.is_ascii_digit() || *b == b';') => {
                let first = parameters.split(|b| *b == b';').next().unwrap_or_default();
                first.iter().fold(0u32, |n, digit| n.saturating_mul(10).saturating_add(u32::from(digit - b'0')))
            }
            _ => return State::Ground,
        };
        let key = match (last, number) {
            (b'~', 200) => return State::Paste(Pasting::new()),
            (b'A', _) => Key::Up,
            (b'B', _) => Key::Down,
            (b'C', _) => Key::Right,
            (b'D', _) => Key::Left,
            (b'H', _) | (b'~', 1 | 7) => Key::Home,
            (b'F', _) | (b'~', 4 | 8) => Key::End,
            (b'Z', _) => Key::BackTab,
            (b'M', _) if !self.csi => Key::Enter,
            (b'~', 3) => Key::Delete,
            (b'~', 5) => Key::PageUp,
            (b'~', 6) => Key::PageDown,
            _ => return State::Ground, // focus, answers, function keys, the end of a paste that never began
        };
        out.push(Input::Key(key));
        State::Ground
    }
}

/// A bracketed paste so far.
struct Pasting {
    paste: Paste,
    utf8: Utf8,
    /// How many bytes of [`Pasting::END`] were just seen.
    matched: usize,
    /// The last character was a carriage return, which a line feed may complete.
    after_return: bool,
}

impl Pasting {
    const END: &[u8] = b"\x1b[201~";

    fn new() -> Self {
        // Reserved at once, so that no copy is left behind by growing.
        let text = Zeroizing::new(String::with_capacity(MAX_PASTE));
        let paste = Paste { text, dropped_controls: false, cut: false };
        Pasting { paste, utf8: Utf8::default(), matched: 0, after_return: false }
    }

    /// Takes a byte; `true` when it was the last one of the end mark.
    fn push(&mut self, byte: u8) -> bool {
        if Self::END.get(self.matched) == Some(&byte) {
            self.matched += 1;
            return self.matched == Self::END.len();
        }
        // Not the end mark: what looked like it was text. ESC is only at its start, so nothing overlaps.
        for seen in &Self::END[..std::mem::take(&mut self.matched)] {
            self.take(*seen);
        }
        if byte == Self::END[0] {
            self.matched = 1;
        } else {
            self.take(byte);
        }
        false
    }

    fn take(&mut self, byte: u8) {
        match self.utf8.push(byte) {
            Utf8Step::More => {}
            Utf8Step::Char(c) => self.take_char(c),
            Utf8Step::Broken { again } => {
                self.paste.dropped_controls = true;
                if again {
                    self.take(byte);
                }
            }
        }
    }

    fn take_char(&mut self, c: char) {
        let completes_return = c == '\n' && self.after_return;
        self.after_return = c == '\r';
        let c = match c {
            '\n' if completes_return => return,
            '\r' | '\n' => '\n',
            c if c.is_control() && c != '\t' => {
                self.paste.dropped_controls = true;
                return;
            }
            c => c,
        };
        if self.paste.cut || self.paste.text.len() + c.len_utf8() > MAX_PASTE {
            self.paste.cut = true;
        } else {
            self.paste.text.push(c);
        }
    }
}

/// Puts the bytes of one character together.
#[derive(Default)]
struct Utf8 {
    bytes: [u8; 4],
    len: usize,
}

enum Utf8Step {
    /// The character is not complete.
    More,
    /// It is.
    Char(char),
    /// These bytes are no character. `again`: the last one was not part of it and is to be looked at anew.
    Broken { again: bool },
}

impl Utf8 {
    fn push(&mut self, byte: u8) -> Utf8Step {
        if self.len == 0 {
            match byte {
                0x00..0x80 => return Utf8Step::Char(char::from(byte)),
                0xc2..=0xf4 => {}
                _ => return Utf8Step::Broken { again: false },
            }
        } else if byte & 0xc0 != 0x80 {
            self.len = 0;
            return Utf8Step::Broken { again: true };
        }
        self.bytes[self.len] = byte;
        self.len += 1;
        let whole = match self.bytes[0] {
            ..0xe0 => 2,
            0xe0..0xf0 => 3,
            _ => 4,
        };
        if self.len < whole {
            return Utf8Step::More;
        }
        self.len = 0;
        match std::str::from_utf8(&self.bytes[..whole]).ok().and_then(|text| text.chars().next()) {
            Some(c) => Utf8Step::Char(c),
            None => Utf8Step::Broken { again: false },
        }
    }
}

#[cfg(unix)]
mod unix {
    use super::{Decoder, Input};
    use crate::app::key::StopSignal;
    use futures_util::FutureExt;
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::io::Errno;
    use rustix::termios::{isatty, tcgetwinsize};
    use std::io::{self, PipeReader, PipeWriter};
    use std::os::fd::{AsFd, OwnedFd};
    use std::time::Duration;
    use tokio::signal::unix::{Signal, SignalKind, signal};
    use tokio::sync::mpsc;
    use zeroize::Zeroizing;

    /// Everything that reaches the program through its terminal and by signals, in one row.
    pub struct Inputs {
        tty: OwnedFd,
        signals: Signals,
        sender: mpsc::Sender<Input>,
        receiver: mpsc::Receiver<Input>,
        reader: Option<Reader>,
    }

    impl Inputs {
        /// Installs the signal handlers and starts to read the terminal: standard input where it is one, else `/dev/tty`.
        /// To be called inside the runtime, and before raw mode.
        ///
        /// # Errors
        /// When there is no terminal, or the system refuses.
        pub fn start() -> io::Result<Inputs> {
            Inputs::on(terminal()?)
        }

        /// The same on a terminal that is open already.
        ///
        /// # Errors
        /// When the system refuses.
        pub fn on(tty: OwnedFd) -> io::Result<Inputs> {
            let signals = Signals::install()?;
            let (sender, receiver) = mpsc::channel(1024);
            let mut inputs = Inputs { tty, signals, sender, receiver, reader: None };
            inputs.resume()?;
            Ok(inputs)
        }

        /// The next input. Nothing is lost when the wait is given up.
        pub async fn next(&mut self) -> Input {
            tokio::select! {
                biased;
                input = self.signals.next(&self.tty) => input,
                Some(input) = self.receiver.recv() => input,
            }
        }

        /// An input that is there already: to be called until `None` before the next frame is drawn.
        pub fn try_next(&mut self) -> Option<Input> {
            tokio::task::unconstrained(self.next()).now_or_never()
        }

        /// Stops reading, so that another program may read the terminal. Signals are still received. When this returns,
        /// nothing reads any more.
        pub fn pause(&mut self) {
            self.reader = None;
        }

        /// Reads again after [`Inputs::pause`].
        ///
        /// # Errors
        /// When the system refuses another thread or pipe.
        pub fn resume(&mut self) -> io::Result<()> {
            if self.reader.is_none() {
                self.reader = Some(Reader::start(self.tty.try_clone()?, self.sender.clone())?);
            }
            Ok(())
        }
    }

    /// The terminal that the program was started on.
    pub(in crate::runtime) fn terminal() -> io::Result<OwnedFd> {
        let stdin = io::stdin();
        if isatty(&stdin) {
            return stdin.as_fd().try_clone_to_owned();
        }
        Ok(std::fs::File::options().read(true).write(true).open("/dev/tty")?.into())
    }

    /// The size of a terminal in columns and rows; 80 by 24 where it does not say.
    pub(in crate::runtime) fn size(tty: impl AsFd) -> (u16, u16) {
        match tcgetwinsize(tty) {
            Ok(size) if size.ws_col > 0 && size.ws_row > 0 => (size.ws_col, size.ws_row),
            _ => (80, 24),
        }
    }

    /// Whether somebody could let the program run again after ctrl-z. Not so when it is the terminal's only program
    /// (`xterm -e d365-connect`): stopped, it would hang there for ever.
    pub(in crate::runtime) fn has_a_shell_behind() -> bool {
        rustix::process::getsid(None).is_ok_and(|session| session != rustix::process::getpgrp())
    }

    struct Signals {
        stops: [(Signal, StopSignal); 4],
        suspend: Signal,
        go_on: Signal,
        resized: Signal,
    }

    impl Signals {
        fn install() -> io::Result<Signals> {
            const SIGTSTP: i32 = rustix::process::Signal::TSTP.as_raw();
            const SIGCONT: i32 = rustix::process::Signal::CONT.as_raw();
            Ok(Signals {
                stops: [
                    (signal(SignalKind::terminate())?, StopSignal::Terminate),
                    (signal(SignalKind::hangup())?, StopSignal::HangUp),
                    (signal(SignalKind::interrupt())?, StopSignal::Interrupt),
                    (signal(SignalKind::quit())?, StopSignal::Quit),
                ],
                suspend: signal(SignalKind::from_raw(SIGTSTP))?,
                go_on: signal(SignalKind::from_raw(SIGCONT))?,
                resized: signal(SignalKind::window_change())?,
            })
        }

        async fn next(&mut self, tty: &OwnedFd) -> Input {
            let [terminate, hang_up, interrupt, quit] = &mut self.stops;
            tokio::select! {
                biased;
                _ = terminate.0.recv() => Input::Stop(terminate.1),
                _ = hang_up.0.recv() => Input::Stop(hang_up.1),
                _ = interrupt.0.recv() => Input::Stop(interrupt.1),
                _ = quit.0.recv() => Input::Stop(quit.1),
                _ = self.suspend.recv() => Input::Suspend,
                _ = self.go_on.recv() => Input::Continue,
                _ = self.resized.recv() => {
                    let (columns, rows) = size(tty);
                    Input::Resize(columns, rows)
                }
            }
        }
    }

    /// The thread that reads the terminal. It ends when this is dropped, or when the terminal has gone.
    ///
    /// A thread, because a terminal cannot be read without blocking unless every other program that shares it is made
    /// non-blocking, too.
    struct Reader {
        /// The thread ends when this is closed.
        leash: Option<PipeWriter>,
        /// Closed by the thread when it has ended.
        ended: std::sync::mpsc::Receiver<()>,
    }

    impl Reader {
        fn start(tty: OwnedFd, sender: mpsc::Sender<Input>) -> io::Result<Reader> {
            let (leash_end, leash) = io::pipe()?;
            let (running, ended) = std::sync::mpsc::channel();
            std::thread::Builder::new().name("input".to_owned()).spawn(move || {
                Reading { tty, leash: leash_end, sender }.run();
                drop(running);
            })?;
            Ok(Reader { leash: Some(leash), ended })
        }
    }

    impl Drop for Reader {
        fn drop(&mut self) {
            self.leash = None;
            // It ends at once, unless a line-mode read caught it; that must not keep the program from ending.
            let _ended = self.ended.recv_timeout(Duration::from_millis(200));
        }
    }

    /// What the thread holds.
    struct Reading {
        tty: OwnedFd,
        leash: PipeReader,
        sender: mpsc::Sender<Input>,
    }

    /// Why the thread ends.
    enum End {
        /// It was asked to.
        Asked,
        /// Nothing will come any more.
        Gone,
    }

    impl Reading {
        fn run(self) {
            if let Err(End::Gone) = self.read() {
                let _asked = self.deliver(Input::Stop(StopSignal::TerminalGone));
            }
        }

        fn read(&self) -> Result<(), End> {
            let mut decoder = Decoder::default();
            let mut bytes = Zeroizing::new([0u8; 4096]);
            let mut inputs = Vec::new();
            let mut empty_reads = 0;
            loop {
                match self.wait(decoder.patience())? {
                    None => decoder.silence(&mut inputs),
                    Some(events) => match rustix::io::read(&self.tty, &mut bytes[..]) {
                        // Somebody else may have been quicker: in raw mode a read never waits. An end comes again and again.
                        Ok(0) | Err(Errno::AGAIN)
                            if empty_reads < 3 && !events.intersects(PollFlags::HUP | PollFlags::ERR) =>
                        {
                            empty_reads += 1;
                        }
                        Ok(0) => return Err(End::Gone),
                        Ok(count) => {
                            empty_reads = 0;
                            decoder.feed(&bytes[..count], &mut inputs);
                        }
                        Err(Errno::INTR) => {}
                        Err(_gone) => return Err(End::Gone),
                    },
                }
                for input in inputs.drain(..) {
                    if input != Input::Suspend || has_a_shell_behind() {
                        self.deliver(input)?;
                    }
                }
            }
        }

        /// Waits for bytes; `None` when none came in time.
        fn wait(&self, patience: Option<Duration>) -> Result<Option<PollFlags>, End> {
            let timeout = patience.and_then(|patience| Timespec::try_from(patience).ok());
            loop {
                let mut fds = [PollFd::new(&self.tty, PollFlags::IN), PollFd::new(&self.leash, PollFlags::IN)];
                match poll(&mut fds, timeout.as_ref()) {
                    Ok(0) => return Ok(None),
                    Ok(_) if !fds[1].revents().is_empty() => return Err(End::Asked),
                    Ok(_) if fds[0].revents().contains(PollFlags::NVAL) => return Err(End::Gone),
                    Ok(_) => return Ok(Some(fds[0].revents())),
                    Err(Errno::INTR) => {}
                    Err(_) => return Err(End::Gone),
                }
            }
        }

        /// Hands an input over, and waits while the program does not keep up.
        fn deliver(&self, mut input: Input) -> Result<(), End> {
            const A_MOMENT: Timespec = Timespec { tv_sec: 0, tv_nsec: 5_000_000 };
            loop {
                input = match self.sender.try_send(input) {
                    Ok(()) => return Ok(()),
                    Err(mpsc::error::TrySendError::Full(input)) => input,
                    Err(mpsc::error::TrySendError::Closed(_)) => return Err(End::Asked),
                };
                let mut asked = [PollFd::new(&self.leash, PollFlags::IN)];
                if poll(&mut asked, Some(&A_MOMENT)).is_ok_and(|events| events > 0) {
                    return Err(End::Asked);
                }
            }
        }
    }

    #[cfg(test)]
    mod tests {
        use super::{Input, Inputs, OwnedFd, StopSignal};
        use crate::app::key::Key;
        use portable_pty::{MasterPty, PtySize, native_pty_system};
        use rustix::process::{Signal, getpid, kill_process};
        use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
        use std::io::Write;
        use std::time::Duration;

        /// Signals reach every reader of the process, so these tests run one by one.
        static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

        /// Both ends of a terminal in raw mode.
        fn pty() -> (Box<dyn MasterPty + Send>, OwnedFd) {
            let size = PtySize { rows: 24, cols: 80, pixel_width: 0, pixel_height: 0 };
            let master = native_pty_system().openpty(size).unwrap().master;
            let flags = rustix::fs::OFlags::RDWR | rustix::fs::OFlags::NOCTTY | rustix::fs::OFlags::CLOEXEC;
            let slave = rustix::fs::open(master.tty_name().unwrap(), flags, rustix::fs::Mode::empty()).unwrap();
            let mut raw = tcgetattr(&slave).unwrap();
            raw.make_raw();
            tcsetattr(&slave, OptionalActions::Now, &raw).unwrap();
            (master, slave)
        }

        async fn next(inputs: &mut Inputs) -> Input {
            tokio::time::timeout(Duration::from_secs(10), inputs.next()).await.unwrap()
        }

        fn key(c: char) -> Input {
            Input::Key(Key::Char(c))
        }

        #[tokio::test(flavor = "current_thread")]
        async fn keys_come_without_a_further_one() {
            let _alone = ALONE.lock().await;
            let (master, slave) = pty();
            let mut inputs = Inputs::on(slave).unwrap();
            assert_eq!(inputs.try_next(), None);
            let mut keyboard = master.take_writer().unwrap();
            keyboard.write_all(b"a\x1b[A\x1b").unwrap();
            for wanted in [key('a'), Input::Key(Key::Up), Input::Key(Key::Esc)] {
                assert_eq!(next(&mut inputs).await, wanted);
            }
            // More than crossterm's reader takes in one go, more than the channel holds.
            let burst = std::thread::spawn(move || {
                keyboard.write_all("x".repeat(5_000).as_bytes()).unwrap();
                keyboard.write_all(b"Q").unwrap();
                keyboard
            });
            for _ in 0..5_000 {
                assert!(next(&mut inputs).await == key('x'));
            }
            assert!(next(&mut inputs).await == key('Q'));
            let mut keyboard = burst.join().unwrap();
            keyboard.write_all(b"\x1b[200~open paste").unwrap();
            let Input::Paste(paste) = next(&mut inputs).await else { panic!("no paste") };
            assert_eq!(*paste.text, "open paste");
        }

        #[tokio::test(flavor = "current_thread")]
        async fn a_terminal_that_has_gone_is_told_and_the_thread_ends() {
            let _alone = ALONE.lock().await;
            let (master, slave) = pty();
            let mut inputs = Inputs::on(slave).unwrap();
            drop(master);
            assert_eq!(next(&mut inputs).await, Input::Stop(StopSignal::TerminalGone));
            let ended = inputs.reader.as_ref().unwrap().ended.recv_timeout(Duration::from_secs(10));
            assert_eq!(ended, Err(std::sync::mpsc::RecvTimeoutError::Disconnected));
            assert_eq!(inputs.try_next(), None, "told once");
        }

        #[tokio::test(flavor = "current_thread")]
        async fn while_paused_nothing_is_taken() {
            let _alone = ALONE.lock().await;
            let (master, slave) = pty();
            let shell = slave.try_clone().unwrap();
            let mut inputs = Inputs::on(slave).unwrap();
            let mut keyboard = master.take_writer().unwrap();
            inputs.pause();
            keyboard.write_all(b"ls\r").unwrap();
            let mut line = Vec::new();
            while line.len() < 3 {
                let mut bytes = [0; 8];
                let count = rustix::io::read(&shell, &mut bytes).unwrap();
                line.extend_from_slice(&bytes[..count]);
            }
            assert_eq!(line, b"ls\r");
            inputs.resume().unwrap();
            keyboard.write_all(b"y").unwrap();
            assert_eq!(next(&mut inputs).await, key('y'));
            // A pause does not wait for inputs that nobody takes.
            keyboard.write_all("x".repeat(3_000).as_bytes()).unwrap();
            while inputs.receiver.len() < 1024 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            inputs.pause();
        }

        #[tokio::test(flavor = "current_thread")]
        async fn signals_are_inputs() {
            let _alone = ALONE.lock().await;
            let (master, slave) = pty();
            let mut inputs = Inputs::on(slave).unwrap();
            master.resize(PtySize { rows: 30, cols: 100, pixel_width: 0, pixel_height: 0 }).unwrap();
            for (signal, wanted) in [
                (Signal::TERM, Input::Stop(StopSignal::Terminate)),
                (Signal::HUP, Input::Stop(StopSignal::HangUp)),
                (Signal::INT, Input::Stop(StopSignal::Interrupt)),
                (Signal::QUIT, Input::Stop(StopSignal::Quit)),
                (Signal::TSTP, Input::Suspend),
                (Signal::CONT, Input::Continue),
                (Signal::WINCH, Input::Resize(100, 30)),
            ] {
                inputs.pause(); // signals come all the same
                kill_process(getpid(), signal).unwrap();
                assert_eq!(next(&mut inputs).await, wanted);
                inputs.resume().unwrap();
            }
            master.resize(PtySize { rows: 0, cols: 0, pixel_width: 0, pixel_height: 0 }).unwrap();
            kill_process(getpid(), Signal::WINCH).unwrap();
            assert_eq!(next(&mut inputs).await, Input::Resize(80, 24));
        }
    }
}

#[cfg(windows)]
mod windows {
    use super::{Input, Key, Pasting};
    use crate::app::key::StopSignal;
    use crossterm::event::{Event, EventStream, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
    use futures_util::{FutureExt, StreamExt};
    use std::io;
    use zeroize::Zeroize;

    /// Everything that reaches the program through its console.
    pub struct Inputs {
        events: Option<EventStream>,
    }

    impl Inputs {
        /// Starts to read the console.
        ///
        /// # Errors
        /// Never on this system.
        pub fn start() -> io::Result<Inputs> {
            Ok(Inputs { events: Some(EventStream::new()) })
        }

        /// The next input. Nothing is lost when the wait is given up.
        pub async fn next(&mut self) -> Input {
            let Some(events) = &mut self.events else { return std::future::pending().await };
            loop {
                match events.next().await {
                    Some(Ok(event)) => {
                        if let Some(input) = input_of(event) {
                            return input;
                        }
                    }
                    Some(Err(_)) | None => return Input::Stop(StopSignal::TerminalGone),
                }
            }
        }

        /// An input that is there already: to be called until `None` before the next frame is drawn.
        pub fn try_next(&mut self) -> Option<Input> {
            self.next().now_or_never()
        }

        /// Stops reading, so that another program may read the console.
        pub fn pause(&mut self) {
            self.events = None;
        }

        /// Reads again after [`Inputs::pause`].
        ///
        /// # Errors
        /// Never on this system.
        pub fn resume(&mut self) -> io::Result<()> {
            self.events.get_or_insert_with(EventStream::new);
            Ok(())
        }
    }

    fn input_of(event: Event) -> Option<Input> {
        match event {
            Event::Key(key) if key.kind != KeyEventKind::Release => key_of(key).map(Input::Key),
            Event::Resize(columns, rows) => Some(Input::Resize(columns, rows)),
            Event::Paste(mut raw) => {
                let mut pasting = Pasting::new();
                raw.bytes().for_each(|byte| pasting.take(byte));
                raw.zeroize();
                Some(Input::Paste(pasting.paste))
            }
            _ => None,
        }
    }

    fn key_of(key: KeyEvent) -> Option<Key> {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        let alt = key.modifiers.contains(KeyModifiers::ALT);
        Some(match key.code {
            // AltGr arrives as Ctrl and Alt, with the character that it makes.
            KeyCode::Char(c) if control == alt => Key::Char(c),
            KeyCode::Char(c) if control => Key::Ctrl(c.to_ascii_lowercase()),
            KeyCode::Enter => Key::Enter,
            KeyCode::Tab => Key::Tab,
            KeyCode::BackTab => Key::BackTab,
            KeyCode::Esc => Key::Esc,
            KeyCode::Backspace => Key::Backspace,
            KeyCode::Delete => Key::Delete,
            KeyCode::Left => Key::Left,
            KeyCode::Right => Key::Right,
            KeyCode::Up => Key::Up,
            KeyCode::Down => Key::Down,
            KeyCode::Home => Key::Home,
            KeyCode::End => Key::End,
            KeyCode::PageUp => Key::PageUp,
            KeyCode::PageDown => Key::PageDown,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::strategy::Strategy;

    /// What the bytes mean, followed by silence for as long as anything is open.
    fn decode(bytes: &[u8]) -> Vec<Input> {
        let (mut decoder, mut out) = (Decoder::default(), Vec::new());
        decoder.feed(bytes, &mut out);
        finish(decoder, out)
    }

    fn finish(mut decoder: Decoder, mut out: Vec<Input>) -> Vec<Input> {
        if decoder.patience().is_some() {
            decoder.silence(&mut out);
        }
        assert_eq!(decoder.patience(), None, "nothing stays open for ever");
        out
    }

    fn pasted(text: &str, dropped_controls: bool, cut: bool) -> Input {
        Input::Paste(Paste { text: Zeroizing::new(text.to_owned()), dropped_controls, cut })
    }

    #[track_caller]
    fn assert_keys(bytes: &[u8], keys: &[Key]) {
        let read: Vec<String> = decode(bytes).iter().map(tell).collect();
        let wanted: Vec<String> = keys.iter().map(|key| tell(&Input::Key(*key))).collect();
        assert_eq!(read, wanted, "{}", bytes.escape_ascii());
    }

    /// In tests characters are shown.
    fn tell(input: &Input) -> String {
        match input {
            Input::Key(key) => key.label(true).into_owned(),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn keys() {
        use Key::{
            BackTab, Backspace, Char, Ctrl, Delete, Down, End, Enter, Esc, Home, Left, PageDown, PageUp, Right, Tab, Up,
        };
        let table: &[(&[u8], &[Key])] = &[
            (b"a", &[Char('a')]),
            ("ä漢😀".as_bytes(), &[Char('ä'), Char('漢'), Char('😀')]),
            (b"\r\n\t\x7f\x08", &[Enter, Enter, Tab, Backspace, Backspace]),
            (b"\x01\x03\x13\x19", &[Ctrl('a'), Ctrl('c'), Ctrl('s'), Ctrl('y')]),
            (b"\x00\x1c\x1d\x1e\x1fz", &[Char('z')]),
            (b"\x1b[A\x1b[B\x1b[C\x1b[D", &[Up, Down, Right, Left]),
            (b"\x1bOA\x1bOB\x1bOC\x1bOD\x1bOM", &[Up, Down, Right, Left, Enter]),
            (b"\x1b[H\x1bOH\x1b[1~\x1b[7~", &[Home, Home, Home, Home]),
            (b"\x1b[F\x1bOF\x1b[4~\x1b[8~", &[End, End, End, End]),
            (b"\x1b[3~\x1b[5~\x1b[6~\x1b[Z", &[Delete, PageUp, PageDown, BackTab]),
            (b"\x1b[1;5C\x1b[1;2A\x1b[3;5~\x1b[5;3~", &[Right, Up, Delete, PageUp]),
            // swallowed whole: Insert, function keys, focus, kitty, cursor report, device attributes, linux console, mouse
            (b"\x1b[2~\x1b[15~\x1bOP\x1b[I\x1b[O\x1b[97;5u\x1b[27;5;13~.", &[Char('.')]),
            (b"\x1b[12;40R\x1b[?62;1;6c\x1b[>0;276;0c\x1b[1:3A\x1b[[A.", &[Char('.')]),
            (b"\x1b[M !!.\x1b[<0;10;10M.", &[Char('.'), Char('.')]),
            (b"\x1b[1;2;3;4;5;6;7;8;9A.", &[Char('.')]),
            (b"\x1b[99999999999~.", &[Char('.')]),
            // answers of the terminal
            (b"\x1b]11;rgb:0000/0000/0000\x07.\x1b]11;rgb:ffff\x1b\\.", &[Char('.'), Char('.')]),
            (b"\x1bP>|tmux 3.5\x1b\\.\x1b_Gi=1;OK\x1b\\.", &[Char('.'), Char('.')]),
            (b"\x1b]11;\x03", &[Ctrl('c')]),
            // Esc, alone or before something
            (b"\x1b", &[Esc]),
            (b"\x1b\x1b", &[Esc, Esc]),
            (b"\x1b\x1b[A", &[Esc, Up]),
            (b"\x1b\x03", &[Ctrl('c')]),
            // Alt with a key: neither
            (b"\x1bx.", &[Char('.')]),
            ("\x1bä.".as_bytes(), &[Char('.')]),
            (b"\x1b\r.\x1b\x7f.", &[Char('.'), Char('.')]),
            // begun and never finished, or broken off
            (b"\x1b[", &[]),
            (b"\x1b[1;", &[]),
            (b"\x1b[1;\x1b[A", &[Up]),
            (b"\x1b[3\x03", &[Ctrl('c')]),
            (b"\x1b[201~.", &[Char('.')]),
            // no UTF-8: dropped, and what follows is not
            (b"\xff\xc3a\xe6\xbcb\xc0\x80c\xed\xa0\x80d", &[Char('a'), Char('b'), Char('c'), Char('d')]),
            ("\u{9b}A\u{85}".as_bytes(), &[Char('A')]),
        ];
        for (bytes, keys) in table {
            assert_keys(bytes, keys);
        }
    }

    #[test]
    fn ctrl_z_is_no_key() {
        assert_eq!(decode(b"\x1a"), [Input::Suspend]);
        assert_eq!(decode(b"\x1b\x1a"), [Input::Suspend]);
    }

    #[test]
    fn an_escape_is_decided_by_silence() {
        let (mut decoder, mut out) = (Decoder::default(), Vec::new());
        decoder.feed(b"\x1b", &mut out);
        assert_eq!((decoder.patience(), out.len()), (Some(ESC_WAIT), 0));
        decoder.feed(b"[", &mut out);
        assert_eq!((decoder.patience(), out.len()), (Some(SEQUENCE_WAIT), 0));
        decoder.feed(b"A", &mut out);
        assert_eq!((decoder.patience(), &out[..]), (None, &[Input::Key(Key::Up)][..]));
        decoder.feed(b"\x1b", &mut out);
        decoder.silence(&mut out);
        decoder.feed(b"[", &mut out);
        assert_eq!(out[1..], [Input::Key(Key::Esc), Input::Key(Key::Char('['))]);
    }

    #[test]
    fn pastes() {
        let table: &[(&[u8], Input)] = &[
            (b"abc", pasted("abc", false, false)),
            (b"", pasted("", false, false)),
            ("ä漢".as_bytes(), pasted("ä漢", false, false)),
            (b"one\rtwo\r\nthree\nfour\r\r\n", pasted("one\ntwo\nthree\nfour\n\n", false, false)),
            (b"tenant\tvalue", pasted("tenant\tvalue", false, false)),
            (b"a\x03b\x00c\x7fd", pasted("abcd", true, false)),
            ("a\u{9b}b".as_bytes(), pasted("ab", true, false)),
            (b"a\xffb\xc3c", pasted("abc", true, false)),
            (b"a\x1b[31mb", pasted("a[31mb", true, false)),
            (b"a\x1b[20", pasted("a[20", true, false)),
            (b"a\x1b\x1b", pasted("a", true, false)),
        ];
        for (bytes, wanted) in table {
            let whole = [b"\x1b[200~", *bytes, b"\x1b[201~x"].concat();
            let read = decode(&whole);
            assert!(read.len() == 2 && read[1] == Input::Key(Key::Char('x')), "{}: {read:?}", bytes.escape_ascii());
            assert!(read[0] == *wanted, "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn a_paste_ends_by_itself() {
        let (mut decoder, mut out) = (Decoder::default(), Vec::new());
        decoder.feed(b"\x1b[200~abc\r", &mut out);
        assert_eq!((decoder.patience(), out.len()), (Some(PASTE_WAIT), 0));
        decoder.silence(&mut out);
        decoder.feed(b"\x1b[201~y", &mut out);
        assert_eq!(out, [pasted("abc\n", false, false), Input::Key(Key::Char('y'))]);
    }

    #[test]
    fn a_long_paste_is_cut_and_takes_no_more_memory() {
        let (mut decoder, mut out) = (Decoder::default(), Vec::new());
        decoder.feed(b"\x1b[200~", &mut out);
        for _ in 0..100 {
            decoder.feed("ä".repeat(4096).as_bytes(), &mut out);
        }
        decoder.feed(b"b\x1b[201~", &mut out);
        let [Input::Paste(paste)] = &out[..] else { panic!("{out:?}") };
        assert!(paste.cut && !paste.dropped_controls);
        assert_eq!(*paste.text, "ä".repeat(MAX_PASTE / 2));
        assert_eq!(paste.text.capacity(), MAX_PASTE);
        let exactly = [b"\x1b[200~", &[b'a'; MAX_PASTE][..], b"\x1b[201~"].concat();
        assert!(decode(&exactly) == [pasted(&"a".repeat(MAX_PASTE), false, false)]);
    }

    proptest::proptest! {
        /// Pieces that make up real input, and noise.
        #[test]
        fn any_split_gives_the_same(
            pieces in proptest::collection::vec(
                proptest::prop_oneof![
                    proptest::sample::select(vec![
                        &b"\x1b"[..], b"[", b"\x1b[200~", b"\x1b[201~", b"\x1b[A", b"\x1bO", b"1;5C", b"\x1b]", b"\x1b\\",
                        b"\r", b"\n", b"\x03", b"\xe6\xbc", b"\xa2", b"M", b"200~", b"canary",
                    ]).prop_map(<[u8]>::to_vec),
                    proptest::collection::vec(proptest::arbitrary::any::<u8>(), 0..8),
                ],
                0..30,
            ),
            cuts in proptest::collection::vec(0usize..200, 0..20),
        ) {
            use proptest::prop_assert;
            let bytes = pieces.concat();
            let (mut decoder, mut out) = (Decoder::default(), Vec::new());
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            cuts.sort_unstable();
            let mut from = 0;
            for cut in cuts.into_iter().chain([bytes.len()]) {
                decoder.feed(&bytes[from..cut], &mut out);
                from = cut;
            }
            let split = finish(decoder, out);
            prop_assert!(split == decode(&bytes));
            prop_assert!(split.len() <= bytes.len());
            for input in &split {
                match input {
                    Input::Key(Key::Char(c)) => prop_assert!(!c.is_control()),
                    Input::Key(Key::Ctrl(c)) => prop_assert!(c.is_ascii_lowercase()),
                    Input::Paste(paste) => prop_assert!(paste.text.chars().all(|c| matches!(c, '\n' | '\t') || !c.is_control())),
                    _ => {}
                }
            }
        }
    }
}
