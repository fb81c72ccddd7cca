//! Asks for a hidden value at the terminal, which is left as it was found on every way out (safety rule 19).
//!
//! Does not know what is asked for.

use crate::cli::failure::Failure;
use crate::cli::input::beside;
use zeroize::Zeroizing;

/// Keeps the terminal from showing what is typed, also between two questions, until dropped. What was typed meanwhile is
/// thrown away then. Nothing, where there is no terminal.
#[cfg(unix)]
pub fn quiet() -> Option<impl Drop> {
    unix::Quiet::silent().ok()
}

/// The same; elsewhere only the questions themselves are quiet.
#[cfg(not(unix))]
pub fn quiet() {}

/// Asks for a line without showing it.
#[cfg(unix)]
pub async fn hidden(question: &'static str) -> Result<Zeroizing<String>, Failure> {
    use tokio::signal::unix::{SignalKind, signal};
    let no_terminal = |error: std::io::Error| {
        Failure::here(format!("the terminal cannot be used: {error}"), "pipe the value in and use --secret stdin")
    };
    // Handlers stand before the echo is switched off; the other signals are heard above.
    let mut hung_up = signal(SignalKind::hangup()).map_err(no_terminal)?;
    // Not to be stopped meanwhile: the shell would get a terminal without echo.
    let tstp = SignalKind::from_raw(rustix::process::Signal::TSTP.as_raw());
    let _not_stopped = signal(tstp).map_err(no_terminal)?;
    let quiet = unix::Quiet::begin(question).map_err(no_terminal)?;
    let reader = quiet.reader().map_err(no_terminal)?;
    let read = beside(move || {
        // A reader of our own: else the thread that reads would set the terminal's modes, too, whenever it comes to it.
        let config = rpassword::ConfigBuilder::new().input_reader(reader).output_discard().build();
        rpassword::read_password_with_config(config).map(Zeroizing::new)
    });
    tokio::select! {
        text = read => {
            quiet.end_line();
            text
        }
        _ = hung_up.recv() => Err(Failure::stopped(129)),
    }
}

/// Asks for a line without showing it.
#[cfg(not(unix))]
pub async fn hidden(question: &'static str) -> Result<Zeroizing<String>, Failure> {
    beside(move || rpassword::prompt_password(question).map(Zeroizing::new)).await
}

#[cfg(unix)]
mod unix {
    use rustix::termios::{
        LocalModes, OptionalActions, QueueSelector, SpecialCodeIndex, Termios, tcflush, tcgetattr, tcsetattr,
    };
    use std::fs::File;
    use std::io::{self, Read, Write};

    /// The terminal without echo, for a question one key at a time, until dropped.
    pub struct Quiet {
        tty: File,
        found: Termios,
    }

    impl Quiet {
        /// Without echo. Ctrl-C is heard as ever.
        pub fn silent() -> io::Result<Quiet> {
            let tty = File::options().read(true).write(true).open("/dev/tty")?;
            let quiet = Quiet { found: tcgetattr(&tty)?, tty };
            let mut modes = quiet.found.clone();
            modes.local_modes -= LocalModes::ECHO | LocalModes::ECHONL;
            tcsetattr(&quiet.tty, OptionalActions::Now, &modes)?;
            Ok(quiet)
        }

        pub fn begin(question: &str) -> io::Result<Quiet> {
            let mut quiet = Quiet::silent()?;
            let mut modes = quiet.found.clone();
            modes.local_modes -= LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ICANON | LocalModes::ISIG;
            modes.special_codes[SpecialCodeIndex::VMIN] = 1;
            modes.special_codes[SpecialCodeIndex::VTIME] = 0;
            tcsetattr(&quiet.tty, OptionalActions::Now, &modes)?;
            quiet.tty.write_all(question.as_bytes())?;
            Ok(quiet)
        }

        pub fn reader(&self) -> io::Result<Keys> {
            self.tty.try_clone().map(Keys)
        }

        /// What was typed did not move the cursor.
        pub fn end_line(&self) {
            let _ = (&self.tty).write_all(b"\n");
        }
    }

    impl Drop for Quiet {
        fn drop(&mut self) {
            // What was typed or pasted and not read does not go to the shell. The terminal may have gone.
            let _ = tcflush(&self.tty, QueueSelector::IFlush);
            let _ = tcsetattr(&self.tty, OptionalActions::Now, &self.found);
        }
    }

    /// What is typed. The end of it is an error: half a secret is none.
    pub struct Keys(File);

    impl Read for Keys {
        fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
            match self.0.read(bytes) {
                Ok(0) => Err(io::Error::other("the terminal has gone")),
                other => other,
            }
        }
    }
}
