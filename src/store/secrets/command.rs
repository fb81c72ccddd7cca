//! A secret that a command prints: a password manager's, run at each use without a shell.
//!
//! Does not know any particular password manager, beyond the variables that they need.

use super::{Place, SecretTrouble};
use crate::core::secret::ClientSecret;
use std::io::{ErrorKind, Read};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// How long a command may take.
const LIMIT: Duration = Duration::from_secs(20);
/// How long its output is read on when it has ended: a helper that it left behind, such as an agent, may hold it open.
const GRACE: Duration = Duration::from_millis(500);
/// The most that is read of what it prints, in bytes.
const MAX_OUTPUT: usize = 64 * 1024;

/// The variables that a command gets; all others stay here, since any of them may hold a secret (safety rules 1 and 4).
///
/// What programs need to run and to find their agent, their settings and the network. Compared without case.
const KEPT: [&str; 44] = [
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "LANG",
    "LANGUAGE",
    "TZ",
    "TERM",
    "TMPDIR",
    "TMP",
    "TEMP",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "XAUTHORITY",
    "SSH_AUTH_SOCK",
    "GNUPGHOME",
    "KUBECONFIG",
    "AZURE_CONFIG_DIR",
    "LD_LIBRARY_PATH",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "SYSTEMROOT",
    "SYSTEMDRIVE",
    "WINDIR",
    "COMSPEC",
    "PATHEXT",
    "USERPROFILE",
    "USERNAME",
    "USERDOMAIN",
    "APPDATA",
    "LOCALAPPDATA",
    "PROGRAMDATA",
    "PROGRAMFILES",
    "PROGRAMFILES(X86)",
    "PROGRAMW6432",
    "COMMONPROGRAMFILES",
    "HOMEDRIVE",
    "HOMEPATH",
    "COMPUTERNAME",
];
/// The beginnings of such variables: locale, desktop, GnuPG, pass, gopass, Bitwarden, 1Password, LastPass, Vault, AWS, Google Cloud.
const KEPT_PREFIXES: [&str; 13] = [
    "LC_",
    "XDG_",
    "DBUS_",
    "GPG_",
    "PASSWORD_STORE_",
    "GOPASS_",
    "BW_",
    "RBW_",
    "OP_",
    "LPASS_",
    "VAULT_",
    "AWS_",
    "CLOUDSDK_",
];

/// Ends a command from outside: at once, with its children, and also one that has not begun yet.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<Mutex<Running>>);

#[derive(Debug, Default)]
struct Running {
    stopped: bool,
    /// There until it is taken off the process table, so that no other process can have its number.
    child: Option<Child>,
}

impl Stop {
    /// Ends it now. Nothing is run under this any more.
    pub fn now(&self) {
        let mut running = self.running();
        running.stopped = true;
        running.kill();
    }

    fn running(&self) -> MutexGuard<'_, Running> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Running {
    /// Ends the command with all its children, and takes it off the process table. One that has ended already is no error.
    fn kill(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        #[cfg(unix)]
        let _ = rustix::process::kill_process_group(
            rustix::process::Pid::from_child(&child),
            rustix::process::Signal::KILL,
        );
        let _ = child.kill();
        let _ = child.wait();
    }
}

pub fn read(words: &str, stop: &Stop) -> Result<Arc<ClientSecret>, SecretTrouble> {
    read_within(words, LIMIT, stop)
}

fn read_within(words: &str, limit: Duration, stop: &Stop) -> Result<Arc<ClientSecret>, SecretTrouble> {
    let split = split(words);
    // Only the program is named: someone may have put a secret among the words.
    let program = split.as_ref().ok().and_then(|argv| argv.first().cloned()).unwrap_or_default();
    let place = Place::new(
        "command",
        &program,
        "try it in a terminal; it is run without a shell (pipes and $variables need: sh -c '…') and cannot ask anything",
    );
    let argv = split.map_err(|what| place.trouble(what))?;
    let output = run(&argv, limit, stop).map_err(|what| place.trouble(&what))?;
    let line = output.split_inclusive(|byte| *byte == b'\n').next().unwrap_or_default();
    if line.trim_ascii().is_empty() {
        return Err(place.trouble("its first line is empty"));
    }
    place.secret(&Zeroizing::new(line.to_vec()))
}

/// Runs a command to its end, and takes what it printed. What it says on standard error is not looked at.
fn run(argv: &[String], limit: Duration, stop: &Stop) -> Result<Zeroizing<Vec<u8>>, String> {
    let (program, arguments) = argv.split_first().ok_or("there is no command")?;
    let end = Instant::now() + limit;
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).env_clear();
    command.envs(std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(is_kept)));
    // A group of its own, so that its children can be ended with it.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let out = start(&mut command, stop)?;
    let result = finish(out, end, stop);
    if result.is_err() {
        stop.running().kill();
    }
    let (output, status) = result.map_err(|what| match what {
        Unfinished::Late => format!("not finished after {} s, and was ended", limit.as_secs()),
        Unfinished::Long => "it prints more than 64 KiB".to_owned(),
        Unfinished::Stopped => STOPPED.to_owned(),
        Unfinished::Broken(what) => what,
    })?;
    if !status.success() {
        return Err(format!("it failed: {status}"));
    }
    Ok(output)
}

/// Starts the command where [`Stop`] can reach it.
fn start(command: &mut Command, stop: &Stop) -> Result<ChildStdout, String> {
    let mut running = stop.running();
    if running.stopped {
        return Err(STOPPED.to_owned());
    }
    let mut child = command.spawn().map_err(|error| match error.kind() {
        ErrorKind::NotFound => "the command was not found".to_owned(),
        ErrorKind::PermissionDenied => "it may not be run (no permission)".to_owned(),
        _ => error.to_string(),
    })?;
    let out = child.stdout.take();
    running.child = Some(child);
    out.ok_or_else(|| "it has no output".to_owned())
}

/// Why there is no secret when the command was ended by [`Stop`].
const STOPPED: &str = "it was ended, because nobody waits for it any more";

enum Unfinished {
    Late,
    Long,
    Stopped,
    Broken(String),
}

fn finish(mut out: ChildStdout, end: Instant, stop: &Stop) -> Result<(Zeroizing<Vec<u8>>, ExitStatus), Unfinished> {
    let broken = |error: std::io::Error| Unfinished::Broken(error.to_string());
    let (send, receive) = channel();
    std::thread::Builder::new()
        .name("secret command".into())
        .spawn(move || {
            let mut left = MAX_OUTPUT + 1;
            loop {
                let mut part = Zeroizing::new(vec![0; left.min(4096)]);
                let read = out.read(&mut part).map(|count| {
                    part.truncate(count);
                    left -= count;
                    part
                });
                let is_last = left == 0 || read.as_ref().is_ok_and(|part| part.is_empty());
                let is_again = read.as_ref().is_err_and(|error| error.kind() == ErrorKind::Interrupted);
                let is_broken = read.is_err();
                // Nobody listens any more after the limit.
                if !is_again && (send.send(read).is_err() || is_last || is_broken) {
                    return;
                }
            }
        })
        .map_err(broken)?;
    // The capacity is reserved once, so that growing leaves no copies behind.
    let mut output = Zeroizing::new(Vec::with_capacity(MAX_OUTPUT + 1));
    let mut ended: Option<(ExitStatus, Instant)> = None;
    let mut is_whole = false;
    loop {
        match receive.recv_timeout(Duration::from_millis(2)) {
            Ok(part) => output.extend_from_slice(&part.map_err(broken)?),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => is_whole = true,
        }
        if output.len() > MAX_OUTPUT {
            return Err(Unfinished::Long);
        }
        if ended.is_none() {
            let mut running = stop.running();
            if let Some(status) = running.child.as_mut().ok_or(Unfinished::Stopped)?.try_wait().map_err(broken)? {
                running.child = None;
                ended = Some((status, Instant::now() + GRACE));
            }
        }
        match ended {
            Some((status, until)) if is_whole || Instant::now() >= until.min(end) => return Ok((output, status)),
            None if Instant::now() >= end => return Err(Unfinished::Late),
            _ if is_whole => std::thread::sleep(Duration::from_millis(2)),
            _ => {}
        }
    }
}

fn is_kept(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    KEPT.contains(&name.as_str()) || KEPT_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// Splits words as a POSIX shell does: blanks, quotes, backslashes. Nothing is expanded.
fn split(text: &str) -> Result<Vec<String>, &'static str> {
    let mut words = Vec::new();
    // Empty quotes make a word too, so "no word yet" is not "empty".
    let mut word: Option<String> = None;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            ' ' | '\t' | '\n' => words.extend(word.take()),
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next().ok_or("a quote in it has no end")? {
                        '\'' => break,
                        c => word.push(c),
                    }
                }
            }
            '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next().ok_or("a quote in it has no end")? {
                        '"' => break,
                        '\\' => match chars.next().ok_or("a quote in it has no end")? {
                            '\n' => {}
                            c @ ('"' | '\\' | '$' | '`') => word.push(c),
                            c => word.extend(['\\', c]),
                        },
                        c => word.push(c),
                    }
                }
            }
            '\\' => match chars.next().ok_or("it ends with a backslash")? {
                '\n' => {}
                c => word.get_or_insert_default().push(c),
            },
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words() {
        for (text, words) in [
            ("", &[][..]),
            ("  \t\n ", &[]),
            ("pass show d365/contoso", &["pass", "show", "d365/contoso"]),
            ("  op  read\t'op://a b/c' ", &["op", "read", "op://a b/c"]),
            (r#"a "b c" d"#, &["a", "b c", "d"]),
            (r#"a"b c"'d e'f"#, &["ab cd ef"]),
            (r#"'' "" x"#, &["", "", "x"]),
            (r"a\ b \'c \\", &["a b", "'c", r"\"]),
            (r#""a\"b\\c\$d\e""#, &[r#"a"b\c$d\e"#]),
            (r"'a\b'", &[r"a\b"]),
            ("a\\\nb \"c\\\nd\"", &["ab", "cd"]),
            ("$HOME `id` * | ; > ~ #x", &["$HOME", "`id`", "*", "|", ";", ">", "~", "#x"]),
            ("ä 漢", &["ä", "漢"]),
        ] {
            assert_eq!(split(text).unwrap(), words, "{text}");
        }
        for open in ["'a", "\"a", "a \\", "\"a\\", "'", "a'b'\""] {
            assert!(split(open).is_err(), "{open}");
        }
    }

    #[cfg(unix)]
    mod run {
        use super::*;

        /// Stands in output and words; may turn up in no message.
        const CANARY: &str = "canary";

        fn refused(words: &str) -> String {
            let error = read_within(words, Duration::from_millis(300), &Stop::default()).unwrap_err();
            format!("{error} {error:?}")
        }

        #[test]
        #[expect(clippy::disallowed_methods, reason = "the value proves what was read")]
        fn the_first_line_is_the_secret() {
            let odd: String = (' '..='~').collect();
            let quoted = odd.replace('\'', r"'\''");
            for (end, what) in
                [("", "nothing"), ("\n", "line end"), ("\r\n", "Windows line end"), ("\nuser: x\n", "more")]
            {
                let words = format!("printf '%s{end}' '{quoted}'");
                assert_eq!(read(&words, &Stop::default()).unwrap().reveal(), odd, "{what}");
            }
        }

        #[test]
        fn failures_are_told_apart_and_tell_no_secret() {
            for (words, told) in [
                ("", "there is no command"),
                ("'open canary", "a quote in it has no end"),
                ("d365-no-such-command canary", "was not found"),
                ("/etc/passwd canary", "no permission"),
                ("sh -c 'echo canary; echo canary >&2; exit 3'", "exit status: 3"),
                ("sh -c 'echo canary; kill -9 $$'", "signal: 9"),
                ("true canary", "first line is empty"),
                ("printf '\\ncanary'", "first line is empty"),
                ("printf 'canary\\001'", "control characters"),
                ("printf 'canary\\377'", "UTF-8"),
                ("sh -c 'yes canary'", "more than 64 KiB"),
                ("sh -c 'read line && echo $line'", "exit status: 1"),
            ] {
                let text = refused(words);
                assert!(text.contains(told) && !text.contains(CANARY), "{words}: {text}");
            }
        }

        #[test]
        fn a_helper_that_a_command_leaves_behind_is_not_waited_for() {
            let folder = tempfile::tempdir().unwrap();
            let pipe = folder.path().join("pipe");
            assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
            // It holds the output open until somebody reads from the pipe, and was not ended with the command.
            let words = format!("sh -c 'echo canary; echo alive > {} &'", pipe.display());
            // Open for both, so that nobody waits for ever for a helper that was ended.
            let mut told = std::fs::File::options().read(true).write(true).open(&pipe).unwrap();
            assert!(read(&words, &Stop::default()).is_ok());
            // What an ended one would not have said comes behind it.
            std::io::Write::write_all(&mut told, b"ended\n").unwrap();
            let mut line = String::new();
            std::io::BufRead::read_line(&mut std::io::BufReader::new(told), &mut line).unwrap();
            assert_eq!(line, "alive\n");
        }

        #[test]
        fn a_hanging_command_is_ended_with_its_children() {
            let folder = tempfile::tempdir().unwrap();
            let pipe = folder.path().join("pipe");
            assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
            // With its output open, and with its output closed.
            for start in ["", "exec >&-;"] {
                let path = pipe.clone();
                let reader = std::thread::spawn(move || std::fs::read_to_string(path).unwrap());
                let error = refused(&format!("sh -c '{start} (sleep 5; echo alive) > {} & wait'", pipe.display()));
                assert!(error.contains("was ended"), "{error}");
                // Should it have been ended before it opened the pipe, the reader waits for this one.
                drop(std::fs::File::options().read(true).write(true).open(&pipe).unwrap());
                // The pipe ends when the last writer does; one that lived on would have written first.
                assert_eq!(reader.join().unwrap(), "");
            }
        }

        #[test]
        fn a_command_is_ended_from_outside_with_its_children() {
            let folder = tempfile::tempdir().unwrap();
            let pipe = folder.path().join("pipe");
            assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
            let stop = Stop::default();
            let words = format!("sh -c '(echo begun; sleep 5; echo alive) > {} & wait'", pipe.display());
            let reader = {
                let (stop, words) = (stop.clone(), words.clone());
                std::thread::spawn(move || read(&words, &stop).unwrap_err().to_string())
            };
            let mut told = std::io::BufReader::new(std::fs::File::open(&pipe).unwrap());
            let mut line = String::new();
            std::io::BufRead::read_line(&mut told, &mut line).unwrap();
            stop.now();
            // The pipe ends when its last writer does.
            told.read_to_string(&mut line).unwrap();
            assert_eq!(line, "begun\n");
            assert!(reader.join().unwrap().contains("it was ended"));
            // Nothing begins after that.
            std::fs::remove_file(&pipe).unwrap();
            assert!(read(&words, &stop).unwrap_err().to_string().contains("it was ended"));
            assert!(!pipe.exists());
        }
    }
}
