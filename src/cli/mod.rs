//! Floor 3: the commands, one file each.
//!
//! Reads the command line, calls the use cases, prints. Never starts the screen: it returns what to open.

mod accessible;
mod args;
mod check;
mod completions;
mod copy;
mod diagnose;
mod edit;
mod export;
mod failure;
mod formats;
mod guides;
mod handoff;
mod import;
mod input;
mod list;
mod log;
mod man;
mod new;
mod print;
mod prompt;
mod remind;
mod remove;
mod rename;
mod report;
mod rotate;
mod rows;
mod sandbox;
mod show;
mod token;
mod utf16;
mod vault;

use crate::app::Open;
use crate::core::names::ProfileName;
use crate::core::profile::{CredentialSource, SecretSource};
use crate::core::report::{ChangeReport, SCHEMA};
use crate::core::untrusted::Untrusted;
use crate::sandbox::Scenario;
use crate::store::StoreError;
use crate::ui::theme::Theme;
use crate::work::{self, Options, Saved, Session, WorkError};
use args::{Cli, Command, Global, Output};
use clap::Parser;
use failure::{Failure, code};
use print::Printer;
use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OnceCell;

/// How a command line ends.
#[derive(Debug)]
pub enum Ended {
    /// With this exit code.
    Exit(u8),
    /// On the screen.
    Open(Box<Session>, Open, Theme),
}

/// A command line that was understood.
#[derive(Debug)]
pub struct Request(Cli);

/// Reads the command line.
///
/// # Errors
/// With the exit code, after help, version or a wrong use was told.
pub fn parse(line: impl IntoIterator<Item = OsString>) -> Result<Request, u8> {
    Cli::try_parse_from(line).map(Request).map_err(|error| {
        let wrong = error.use_stderr();
        // A closed pipe is no error here either.
        let _ = args::tell(error).print();
        if wrong { code::USAGE } else { code::OK }
    })
}

/// How often a passphrase is asked for.
const TRIES: u32 = 3;

/// Waits for a signal that ends the program: its exit code, as a shell would tell it. Under `nohup` a hang-up is none.
#[cfg(unix)]
async fn ended_by_signal() -> u8 {
    use tokio::signal::unix::{SignalKind, signal};
    let of = |kind: SignalKind| async move {
        match signal(kind) {
            Ok(mut signal) => signal.recv().await,
            Err(_) => std::future::pending().await, // then the system's own way of ending it stays
        }
    };
    tokio::select! {
        _ = of(SignalKind::interrupt()) => 130,
        _ = of(SignalKind::terminate()) => 143,
        _ = of(SignalKind::quit()) => 131,
        _ = of(SignalKind::hangup()), if !survives_hang_up() => 129,
    }
}

/// Whether hang-ups were ignored when the program began. Only Linux tells; elsewhere they are left to the system.
#[cfg(unix)]
fn survives_hang_up() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    // SIGHUP has the number 1, and with that the first bit.
    mask.is_none_or(|mask| mask & 1 == 1)
}

#[cfg(not(unix))]
async fn ended_by_signal() -> u8 {
    match tokio::signal::ctrl_c().await {
        Ok(()) => code::INTERRUPTED,
        Err(_) => std::future::pending().await,
    }
}

/// Carries the command line out. Signals end it in order, Ctrl-C with 130.
pub async fn run(request: Request) -> Ended {
    let Cli { global, command } = request.0;
    let mut printer = Printer::new(global.color, global.ascii);
    // A terminal that is called dumb moves no cursor.
    let accessible = global.accessible || std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    if accessible {
        printer.is_read_aloud();
    }
    let context = Context { printer, global, accessible, session: OnceCell::new() };
    let done = tokio::select! {
        // The handlers stand before the command begins.
        biased;
        code = ended_by_signal() => {
            context.printer.progress("");
            Err(Failure::stopped(code))
        }
        done = context.run(command) => done,
    };
    match done {
        Ok(Ended::Exit(code)) => Ended::Exit(context.printer.finish(code)),
        Ok(open @ Ended::Open(..)) => open,
        Err(failure) => {
            context.printer.failure(&failure);
            Ended::Exit(failure.code)
        }
    }
}

/// What every command gets.
struct Context {
    printer: Printer,
    global: Global,
    /// Whether plain lines take the place of screens.
    accessible: bool,
    /// Opened when it is first wanted; in a rehearsal there is one tenant for all that is done.
    session: OnceCell<Arc<Session>>,
}

/// A command that has done its work.
type Done = Result<Ended, Failure>;

/// All right.
const OK: Done = Ok(Ended::Exit(code::OK));

impl Context {
    async fn run(&self, command: Option<Command>) -> Done {
        log::start(&self.global)?;
        let of_check = matches!(command, Some(Command::Check(_)));
        if matches!(self.global.output, Output::Junit | Output::Prometheus) && !of_check {
            return Err(Failure::usage("only 'check' writes junit and prometheus", "-o human or -o json"));
        }
        if self.is_json()
            && let Some((what, hint)) = command.as_ref().and_then(without_json)
        {
            return Err(Failure::usage(format!("{what}, not JSON"), hint));
        }
        let passphrase = self.global.vault_passphrase.as_deref();
        if passphrase == Some("stdin")
            && command.as_ref().is_some_and(|command| reads_stdin(command, self.is_interactive()))
        {
            return Err(Failure::usage(
                "standard input is wanted twice: for the passphrase of the vault, and for what the command reads",
                "let one of them come from elsewhere, for example --vault-passphrase env:D365_VAULT",
            ));
        }
        self.command(command).await
    }

    async fn command(&self, command: Option<Command>) -> Done {
        match command {
            None => self.home().await,
            Some(Command::New(args)) => new::run(args, self).await,
            Some(Command::Edit(args)) => edit::run(args, self).await,
            Some(Command::List(args)) => list::run(&args, self).await,
            Some(Command::Show(args)) => show::run(&args, self).await,
            Some(Command::Rename(args)) => rename::run(&args, self).await,
            Some(Command::Copy(args)) => copy::run(&args, self).await,
            Some(Command::Remove(args)) => remove::run(&args, self).await,
            Some(Command::Check(args)) => check::run(&args, self).await,
            Some(Command::Diagnose(args)) => diagnose::run(args, self).await,
            Some(Command::Rotate(args)) => rotate::run(&args, self).await,
            Some(Command::Token(args)) => token::run(&args, self).await,
            Some(Command::Report(args)) => report::run(&args, self).await,
            Some(Command::Export(args)) => export::run(&args, self).await,
            Some(Command::Import(args)) => import::run(args, self).await,
            Some(Command::Guides(args)) => guides::run(&args, self).await,
            Some(Command::Remind(args)) => remind::run(&args, self).await,
            Some(Command::Handoff(args)) => handoff::run(&args, self).await,
            Some(Command::Sandbox(args)) => sandbox::run(&args, self).await,
            Some(Command::Vault(args)) => vault::run(&args, self).await,
            Some(Command::Completions(args)) => completions::run(&args, self),
            Some(Command::Man(args)) => man::run(&args, self),
        }
    }

    async fn home(&self) -> Done {
        if !self.is_interactive() {
            return Err(Failure::usage(
                "the terminal app needs a terminal",
                "without one use a command: list, check --all, new NAME --set …; see d365-connect --help",
            ));
        }
        if self.accessible { accessible::home(self).await } else { self.screen(Open::Home).await }
    }

    /// The screen, with a session that waits as long as a person would.
    async fn screen(&self, open: Open) -> Done {
        let session = self.open(Duration::from_secs(30)).await?;
        // Said before the screen opens; what else is wrong with a profile is told on it.
        if let Open::Editor(name) = &open
            && let Err(error @ WorkError::Store(StoreError::NotFound { .. })) = work::open(&session, name).await
        {
            return Err(error.into());
        }
        let theme = self.printer.theme(session.settings().theme);
        Ok(Ended::Open(Box::new(session), open, theme))
    }

    /// A session for a command.
    async fn session(&self) -> Result<Arc<Session>, Failure> {
        let open = async || {
            let session = self.open(Duration::from_secs(5)).await?;
            match &session.settings {
                Ok(found) => found.aside.iter().for_each(|line| self.printer.note(&shown(line))),
                Err(error) => return Err(Failure::from(WorkError::from(error.clone()))),
            }
            Ok(Arc::new(session))
        };
        self.session.get_or_try_init(open).await.cloned()
    }

    async fn open(&self, waiting: Duration) -> Result<Session, Failure> {
        let sandbox = self.global.sandbox.as_deref().map(scenario).transpose()?;
        let exchange = Duration::from_secs(self.global.timeout);
        // An empty variable counts as none.
        let home = self.global.home.clone().filter(|home| !home.is_empty()).map(PathBuf::from);
        let session = Session::open(Options { home, sandbox, exchange, waiting }).await?;
        // A flag is obeyed at once; nobody is asked before it is needed. Where its source cannot be read, whoever needs the
        // vault tries again and is told.
        if let Some(flag) = self.global.vault_passphrase.as_deref() {
            match self.unlock(&session).await {
                Err(failure) if failure.code != code::HERE || flag == "prompt" => return Err(failure),
                _ => {}
            }
        }
        Ok(session)
    }

    /// Whether somebody can be asked.
    fn is_interactive(&self) -> bool {
        !self.global.no_input && std::io::stdin().is_terminal() && std::io::stdout().is_terminal()
    }

    /// Whether a flag says where the passphrase of the vault comes from.
    fn names_passphrase(&self) -> bool {
        self.global.vault_passphrase.is_some()
    }

    fn is_json(&self) -> bool {
        self.global.output == Output::Json
    }
}

/// Whether a command itself reads standard input. `asks`: somebody can be asked.
fn reads_stdin(command: &Command, asks: bool) -> bool {
    match command {
        Command::New(args) => args.credential.read_stdin(asks),
        Command::Edit(args) => args.credential.read_stdin(asks),
        Command::Rotate(args) => args.credential.read_stdin(asks),
        Command::Import(args) => args.reads_stdin(asks),
        Command::Diagnose(args) => args.reads_stdin(),
        Command::Vault(args) => args.new_passphrase.as_deref() == Some("stdin"),
        _ => false,
    }
}

/// What is written as it is wanted elsewhere has no form in JSON: what it is, and what is nearest.
fn without_json(command: &Command) -> Option<(&'static str, &'static str)> {
    match command {
        Command::Report(_) => Some(("a report is Markdown", "d365-connect check NAME -o json tells the same as JSON")),
        Command::Handoff(_) => Some((
            "the steps for a person are Markdown",
            "d365-connect guides ID --profile NAME -o json has every step with its links and ids filled in",
        )),
        Command::Export(_) => Some(("an export has the form that --to names", "leave -o out; --to json writes JSON")),
        Command::Remind(_) => {
            Some(("reminders are a calendar file", "d365-connect list -o json has the end date of every credential"))
        }
        Command::Completions(_) => Some(("completions are for a shell", "leave -o out")),
        Command::Man(_) => Some(("a man page is for man", "leave -o out")),
        _ => None,
    }
}

/// The scenario of that id.
fn scenario(id: &str) -> Result<Scenario, Failure> {
    Scenario::parse(id).ok_or_else(|| {
        let known: Vec<&str> = Scenario::ALL.iter().map(|scenario| scenario.as_str()).collect();
        Failure::usage("there is no such sandbox scenario", format!("the scenarios are {}", known.join(", ")))
    })
}

/// A profile's name from the command line.
fn profile_name(text: &str) -> Result<ProfileName, Failure> {
    Ok(text.parse::<ProfileName>()?)
}

/// A value from a file as it may be shown.
fn shown(value: &str) -> String {
    Untrusted::plain(value).one_line(200)
}

impl Context {
    /// Gets the passphrase of the vault, once a run. One that is typed may be wrong twice.
    async fn unlock(&self, session: &Session) -> Result<(), Failure> {
        let flag = self.global.vault_passphrase.as_deref();
        let typed = flag.is_none_or(|flag| flag == "prompt") && session.vault.exists();
        for tries in 1.. {
            if session.vault.has_passphrase() {
                break;
            }
            // Opening takes a second on purpose: what is typed meanwhile is not shown either.
            let _quiet = (typed && self.is_interactive()).then(prompt::quiet);
            let Some(passphrase) = input::passphrase(self, session, flag).await? else { break };
            match work::open_vault(session, Arc::clone(&passphrase)).await {
                Ok(false) if typed && tries == TRIES => {
                    return Err(Failure::here(
                        "the vault: the passphrase does not open it",
                        "nothing was changed; try again",
                    ));
                }
                Ok(false) if typed => self.printer.note("the passphrase does not open the vault; try again"),
                Ok(true) => {}
                // What is wrong is told where the vault is used.
                Ok(false) | Err(_) => session.vault.unlock(passphrase),
            }
        }
        Ok(())
    }

    /// The same, where one of these credentials is in it. One that is not there is not asked for.
    async fn unlock_for<'a>(
        &self,
        session: &Session,
        sources: impl IntoIterator<Item = &'a CredentialSource>,
    ) -> Result<(), Failure> {
        let wanted = session.vault.exists() && sources.into_iter().any(CredentialSource::in_vault);
        if wanted { self.unlock(session).await } else { Ok(()) }
    }

    /// The same for what is done without the passphrase all the same: why it does not open is told.
    async fn unlock_if_possible<'a>(
        &self,
        session: &Session,
        sources: impl IntoIterator<Item = &'a CredentialSource>,
    ) -> Result<(), Failure> {
        match self.unlock_for(session, sources).await {
            Err(failure) if failure.code == code::HERE => {
                self.printer.failure(&failure);
                Ok(())
            }
            done => done,
        }
    }

    /// Tells programs what was done.
    fn done(&self, done: &'static str, profile: &ProfileName, from: Option<&ProfileName>, note: Option<&str>) {
        if self.is_json() {
            let from = from.map(ProfileName::as_str);
            self.printer.json(&ChangeReport { schema: SCHEMA, done, profile: profile.as_str(), from, note });
        }
    }

    /// Tells what was saved where, programs too.
    fn saved(&self, session: &Session, name: &ProfileName, saved: &Saved) {
        let told = [saved.left.clone(), saved.merged()].into_iter().flatten().collect::<Vec<_>>().join("; ");
        self.done("saved", name, None, Some(told.as_str()).filter(|told| !told.is_empty()));
        self.told(session, saved);
    }

    /// Says what was saved where.
    fn told(&self, session: &Session, saved: &Saved) {
        self.printer.say(&format!("saved {}", shown(&saved.path.display().to_string())));
        match &saved.draft.source {
            Some(CredentialSource::Secret(SecretSource::Keyring { .. })) => {
                self.printer.say("the secret is in the keyring");
            }
            Some(CredentialSource::Secret(SecretSource::Vault { .. })) => {
                self.printer.say(&format!(
                    "the secret is in the vault, {}",
                    shown(&session.vault.path().display().to_string())
                ));
            }
            Some(CredentialSource::Certificate(_)) => {
                self.printer.say(&format!("read at each use: {}", shown(&saved.place)));
            }
            Some(_) => self.printer.say(&format!("the secret is read at each use from {}", shown(&saved.place))),
            None => {}
        }
        for told in saved.left.iter().chain(&saved.merged()) {
            self.printer.note(told);
        }
        if session.is_rehearsal() {
            self.printer.note("this was a rehearsal: its home is gone now; --home DIR keeps it");
        }
    }
}

/// Tells that the process could not be set up.
pub fn no_runtime(error: &std::io::Error) -> u8 {
    let printer = Printer::new(args::Color::Auto, false);
    printer.failure(&Failure::here(format!("the program cannot start: {error}"), "are there too many open files?"));
    code::HERE
}

/// Tells that the screen could not be opened.
pub fn no_screen(error: &std::io::Error) -> u8 {
    let printer = Printer::new(args::Color::Auto, false);
    printer.failure(&Failure::here(
        format!("the terminal cannot be used: {error}"),
        "without one use a command: list, check --all, new NAME --set …; see d365-connect --help",
    ));
    code::HERE
}
