//! `vault`: the file of secrets that a passphrase opens; whether it can be opened, and another passphrase for it.
//!
//! The secrets themselves are told nowhere: `age -d` shows them to whoever knows the passphrase.

use crate::cli::failure::Failure;
use crate::cli::{Context, Done, OK, input, prompt, shown};
use crate::core::report::{SCHEMA, VaultReport};
use crate::work;

/// Look at the vault, or change its passphrase.
#[derive(Debug, clap::Args)]
#[command(
    long_about = "Look at the vault, or change its passphrase.\n\n\
        The vault keeps secrets where there is no keyring: vault.age in the home, encrypted in the age format. The \
        passphrase is asked for once a run, or comes from --vault-passphrase SOURCE. 'age -d' opens the file too.",
    after_help = "Examples:\n  \
        d365-connect vault\n  \
        d365-connect vault --change-passphrase\n  \
        d365-connect vault --vault-passphrase env:OLD --new-passphrase env:NEW\n\n\
        Exit codes: 0, 2 there is no vault or nobody can be asked, 3 it could not be opened or written"
)]
pub struct Args {
    /// Ask for another passphrase
    #[arg(long)]
    change_passphrase: bool,
    /// Where another passphrase comes from: env:VAR, file:PATH, command:WORDS or stdin
    #[arg(long, value_name = "SOURCE", conflicts_with = "change_passphrase")]
    pub new_passphrase: Option<String>,
}

pub async fn run(args: &Args, context: &Context) -> Done {
    let session = context.session().await?;
    let path = shown(&session.vault.path().display().to_string());
    if !session.vault.exists() {
        return Err(Failure::usage(
            format!("there is no vault yet: {path}"),
            "d365-connect new NAME --secret vault makes it, and so does a secret where there is no keyring",
        ));
    }
    // Asked for twice also where the source says so.
    let asks = args.change_passphrase || args.new_passphrase.as_deref() == Some("prompt");
    // What is typed while it is opened and encrypted anew is not shown.
    let _quiet = (asks && context.is_interactive()).then(prompt::quiet);
    context.unlock(&session).await?;
    let count = work::vault_count(&session).await?;
    let secrets = if count == 1 { "1 secret".to_owned() } else { format!("{count} secrets") };
    context.printer.say(&format!("{path}: open, {secrets}"));
    let new = match &args.new_passphrase {
        _ if asks && context.is_interactive() => Some(input::new_passphrase(context).await?),
        _ if asks => return Err(Failure::usage("a prompt needs a terminal", "--new-passphrase env:NEW")),
        Some(source) => input::passphrase(context, &session, Some(source)).await?,
        None => None,
    };
    let changed = new.is_some();
    if let Some(new) = new {
        work::change_passphrase(&session, new).await?;
        context.printer.say("it has another passphrase now; copies of the file keep the old one");
    }
    if context.is_json() {
        let path = session.vault.path().display().to_string();
        context.printer.json(&VaultReport { schema: SCHEMA, path, secrets: count, changed });
    }
    OK
}
