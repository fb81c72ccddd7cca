//! A real program on a real terminal: a pseudo terminal with a screen behind it.
//!
//! Does not know the program. Every wait has a deadline, and what is waited for is always something to be seen.

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};
use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tempfile::TempDir;

const DEADLINE: Duration = Duration::from_secs(10);

/// What leads the session, stays when the program has ended, and notes its exit code: when a session's leader ends, Linux
/// itself puts the terminal's modes back, and nothing could be said about the program. `$0` is a folder for notes.
const LEADER: &str = r#"
trap : INT QUIT HUP TERM
begin=$1
shift
sh -c "$begin" "$0" "$@"
echo $? >"$0/code.tmp"
mv "$0/code.tmp" "$0/code"
read line
"#;
/// Notes the process, and becomes the program.
const BEGIN: &str = r#"
echo $$ >"$0/pid.tmp"
mv "$0/pid.tmp" "$0/pid"
exec "$@"
"#;

/// What is to be started. The default: the program itself at 80 by 24.
pub struct Start<'a> {
    pub program: &'a str,
    pub args: &'a [&'a str],
    /// Besides `TERM`, `HOME` and `TMPDIR` (both the same empty folder) and `PATH`, which are all that it sees.
    pub env: &'a [(&'a str, &'a str)],
    /// What it does not see either.
    pub without: &'a [&'a str],
    pub columns: u16,
    pub rows: u16,
}

impl Default for Start<'_> {
    fn default() -> Self {
        Start { program: env!("CARGO_BIN_EXE_d365-connect"), args: &[], env: &[], without: &[], columns: 80, rows: 24 }
    }
}

/// A program on its terminal. Killed when dropped.
pub struct Tui {
    seen: Arc<Mutex<Seen>>,
    child: Box<dyn Child + Send + Sync>,
    /// The terminal as the program has it, kept open to look at its modes.
    tty: File,
    modes_before: String,
    /// The other end; `None` after [`Tui::hang_up`].
    user: Option<User>,
    home: TempDir,
    notes: TempDir,
}

/// Who sits at the terminal.
struct User {
    keyboard: Box<dyn Write + Send>,
    master: Box<dyn MasterPty + Send>,
    /// `None` after [`Tui::look_away`].
    eyes: Option<JoinHandle<()>>,
}

struct Seen {
    parser: vt100::Parser,
    raw: Vec<u8>,
    looking: bool,
}

impl Tui {
    pub fn start(start: &Start) -> Tui {
        let pair = native_pty_system().openpty(size(start.columns, start.rows)).unwrap();
        let flags = rustix::fs::OFlags::RDWR | rustix::fs::OFlags::NOCTTY | rustix::fs::OFlags::CLOEXEC;
        let path = pair.master.tty_name().unwrap();
        let tty = File::from(rustix::fs::open(path, flags, rustix::fs::Mode::empty()).unwrap());
        let home = tempfile::tempdir().unwrap();
        let notes = tempfile::tempdir().unwrap();
        let mut command = CommandBuilder::new("sh");
        command.args(["-c", LEADER, notes.path().to_str().unwrap(), BEGIN, start.program]);
        command.args(start.args);
        command.env_clear();
        command.env("TERM", "xterm-256color");
        command.env("HOME", home.path());
        command.env("TMPDIR", home.path());
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        for (name, value) in start.env {
            command.env(name, value);
        }
        for name in start.without {
            command.env_remove(name);
        }
        command.cwd(home.path());
        let modes_before = modes(&tty);
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let (columns, rows) = (start.columns.try_into().unwrap(), start.rows.try_into().unwrap());
        let parser = vt100::Parser::new(rows, columns, 0);
        let seen = Arc::new(Mutex::new(Seen { parser, raw: Vec::new(), looking: true }));
        let mut reader = pair.master.try_clone_reader().unwrap();
        let sees = Arc::clone(&seen);
        let eyes = std::thread::spawn(move || {
            let mut bytes = [0; 8192];
            while let Ok(count @ 1..) = reader.read(&mut bytes) {
                let mut seen = sees.lock().unwrap();
                if !seen.looking {
                    break;
                }
                seen.parser.process(&bytes[..count]);
                seen.raw.extend_from_slice(&bytes[..count]);
            }
        });
        let user = Some(User { keyboard: pair.master.take_writer().unwrap(), master: pair.master, eyes: Some(eyes) });
        Tui { seen, child, tty, modes_before, user, home, notes }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn user(&mut self) -> &mut User {
        self.user.as_mut().expect("somebody at the terminal")
    }

    /// Its `HOME`.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Types, as bytes of a terminal.
    pub fn keys(&mut self, keys: &str) {
        self.bytes(keys.as_bytes());
    }

    /// Turns pages until a step is seen: a page of text comes before the next step.
    #[track_caller]
    pub fn page_to(&mut self, title: &str) {
        for _ in 0..20 {
            if self.screen().contains(title) {
                return;
            }
            let before = self.raw().len();
            self.keys("\x1b[6~");
            self.until_raw("an answer to a page key", |raw| raw.len() > before);
            self.calm();
        }
        self.until(title);
    }

    /// Waits until nothing more is drawn.
    fn calm(&self) {
        let mut len = self.raw().len();
        loop {
            std::thread::sleep(Duration::from_millis(60));
            let now = self.raw().len();
            if now == len {
                return;
            }
            len = now;
        }
    }

    /// The same with any bytes.
    pub fn bytes(&mut self, bytes: &[u8]) {
        let keyboard = &mut self.user().keyboard;
        keyboard.write_all(bytes).unwrap();
        keyboard.flush().unwrap();
    }

    /// Pastes, with the marks around it.
    pub fn paste(&mut self, text: &str) {
        self.keys(&format!("\x1b[200~{text}\x1b[201~"));
    }

    /// What is on the screen.
    pub fn screen(&self) -> String {
        self.seen().parser.screen().contents()
    }

    /// Every byte that was ever written, to search for what must not be there.
    pub fn raw(&self) -> Vec<u8> {
        self.seen().raw.clone()
    }

    /// Waits until the screen fits, and returns its text.
    #[track_caller]
    pub fn until_screen(&self, what: &str, fits: impl Fn(&vt100::Screen) -> bool) -> String {
        self.until_seen(what, |seen| fits(seen.parser.screen()))
    }

    /// Waits until the bytes that were written so far fit.
    #[track_caller]
    pub fn until_raw(&self, what: &str, fits: impl Fn(&[u8]) -> bool) {
        self.until_seen(what, |seen| fits(&seen.raw));
    }

    #[track_caller]
    fn until_seen(&self, what: &str, fits: impl Fn(&Seen) -> bool) -> String {
        let begun = Instant::now();
        loop {
            let seen = self.seen();
            let screen = seen.parser.screen().contents();
            if fits(&seen) {
                return screen;
            }
            let raw = seen.raw[seen.raw.len().saturating_sub(500)..].escape_ascii().to_string();
            drop(seen);
            assert!(begun.elapsed() < DEADLINE, "never saw {what} in:\n{screen}\n{raw}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits for a text, and returns the screen that has it.
    #[track_caller]
    pub fn until(&self, text: &str) -> String {
        self.until_screen(&format!("{text:?}"), |screen| screen.contents().contains(text))
    }

    /// Waits until a text is there no more.
    #[track_caller]
    pub fn until_gone(&self, text: &str) -> String {
        self.until_screen(&format!("the end of {text:?}"), |screen| !screen.contents().contains(text))
    }

    /// The first cell of a text on the screen, for its colours.
    #[track_caller]
    pub fn cell(&self, text: &str) -> vt100::Cell {
        let seen = self.seen();
        let screen = seen.parser.screen();
        let columns = screen.size().1.get();
        for (row, line) in (0u16..).zip(screen.rows(0, columns)) {
            if line.contains(text) {
                let starts = |column: &u16| {
                    let rest = screen.rows(*column, columns - column).nth(row.into());
                    rest.is_some_and(|rest| rest.starts_with(text))
                };
                let column = (0..columns).find(starts).unwrap();
                return screen.cell(row, column).unwrap().clone();
            }
        }
        panic!("{text:?} is not in:\n{}", screen.contents());
    }

    pub fn resize(&mut self, columns: u16, rows: u16) {
        self.seen().parser.set_size(rows.try_into().unwrap(), columns.try_into().unwrap());
        self.user().master.resize(size(columns, rows)).unwrap();
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(self.noted("pid")).unwrap()
    }

    /// Waits for a number that the leader of the session notes.
    #[track_caller]
    fn noted<T: std::str::FromStr>(&self, what: &str) -> T {
        let begun = Instant::now();
        loop {
            let text = std::fs::read_to_string(self.notes.path().join(what)).unwrap_or_default();
            if let Ok(number) = text.trim().parse() {
                return number;
            }
            assert!(begun.elapsed() < DEADLINE, "no {what}:\n{}", self.screen());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until the process is in this state of `/proc` (`T`: stopped).
    #[cfg(target_os = "linux")]
    #[track_caller]
    pub fn until_state(&self, wanted: char) {
        let stat = format!("/proc/{}/stat", self.pid().as_raw_nonzero());
        let begun = Instant::now();
        loop {
            let text = std::fs::read_to_string(&stat).unwrap();
            let state = text.rsplit(") ").next().and_then(|rest| rest.chars().next());
            if state == Some(wanted) {
                return;
            }
            assert!(begun.elapsed() < DEADLINE, "state {state:?}, not {wanted}:\n{}", self.screen());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// How often the program's threads went to sleep so far: each time something had woken them.
    #[cfg(target_os = "linux")]
    pub fn sleeps(&self) -> u64 {
        let threads = std::fs::read_dir(format!("/proc/{}/task", self.pid().as_raw_nonzero())).unwrap().flatten();
        let of_thread = |path: std::path::PathBuf| -> u64 {
            let status = std::fs::read_to_string(path.join("status")).unwrap_or_default();
            let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
            line.map_or(0, |count| count.trim().parse().unwrap())
        };
        threads.map(|thread| of_thread(thread.path())).sum()
    }

    /// How many bytes were typed that nobody has read.
    pub fn unread(&self) -> u64 {
        rustix::io::ioctl_fionread(&self.tty).unwrap()
    }

    /// From now on the terminal takes nothing, as when a connection hangs.
    pub fn look_away(&mut self) {
        self.seen().looking = false;
        self.tty.write_all(b"\0").unwrap(); // wakes the eyes, so that they close
        if let Some(eyes) = self.user().eyes.take() {
            eyes.join().unwrap();
        }
    }

    /// Closes the terminal's window.
    pub fn hang_up(&mut self) {
        self.look_away();
        self.user = None;
    }

    /// Waits for the end of the program: its exit code.
    #[track_caller]
    pub fn wait_exit(&self) -> u32 {
        self.noted("code")
    }

    /// Whether the terminal is in the modes in which the program found it, and shows what it showed before.
    #[track_caller]
    pub fn assert_given_back(&self) {
        self.until_screen("the screen from before", |screen| {
            !screen.alternate_screen() && !screen.bracketed_paste() && !screen.hide_cursor()
        });
        self.assert_modes();
    }

    /// The same of the modes alone, which come last.
    #[track_caller]
    pub fn assert_modes(&self) {
        self.until_screen("the modes from before", |_| modes(&self.tty) == self.modes_before);
    }

    /// Whether the program has the terminal.
    #[track_caller]
    pub fn assert_taken(&self) {
        self.until_screen("the program's screen", |screen| screen.alternate_screen() && screen.bracketed_paste());
        assert_ne!(modes(&self.tty), self.modes_before);
    }
}

impl Drop for Tui {
    fn drop(&mut self) {
        let _has_ended = self.child.kill();
    }
}

fn size(columns: u16, rows: u16) -> PtySize {
    PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 }
}

/// Everything that `stty` could show.
fn modes(tty: &File) -> String {
    format!("{:?}", rustix::termios::tcgetattr(tty).unwrap())
}
