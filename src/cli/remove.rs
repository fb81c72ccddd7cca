//! `remove`: remove a profile and its secret.

use crate::cli::failure::Failure;
use crate::cli::{Context, Done, OK, input, profile_name};
use crate::work;

/// Remove a profile and its secret.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Its history, draft and the secret that is kept for it in the keyring or the vault go too. Works offline \
    and with a damaged file. Nothing is changed in Entra or D365.\n\n\
    Example:\n  d365-connect remove contoso-uat --yes\n\n\
    Exit codes: 0, 2 there is no such profile or --yes is missing, 3 the file could not be removed"
)]
pub struct Args {
    /// The profile
    name: String,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

pub async fn run(args: &Args, context: &Context) -> Done {
    let name = profile_name(&args.name)?;
    let session = context.session().await?;
    if !args.yes {
        if !context.is_interactive() {
            return Err(Failure::usage(format!("removing '{name}' wants a yes"), "--yes"));
        }
        if !input::confirm(context, &format!("Remove profile '{name}' and its secret?")).await? {
            context.printer.say("nothing was changed");
            context.done("nothing", &name, None, None);
            return OK;
        }
    }
    // What is in the vault goes out of it. Without its passphrase the profile goes all the same, and what is left is told.
    if let Ok(opened) = work::open(&session, &name).await {
        context.unlock_if_possible(&session, &opened.stored.draft.source).await?;
    }
    let removed = work::remove(&session, &name).await?;
    context.printer.say(&format!("removed {name}"));
    context.done("removed", &name, None, removed.left.as_deref());
    if let Some(left) = removed.left {
        context.printer.note(&left);
    }
    OK
}
