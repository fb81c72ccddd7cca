//! `copy`: copy a profile, with a secret of its own.

use crate::cli::failure::Failure;
use crate::cli::{Context, Done, OK, profile_name};
use crate::core::profile::CredentialSource;
use crate::work;

/// Copy a profile.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "A secret in the keyring or the vault gets an entry of its own; where it cannot be read, the copy is made \
    without.\n\n\
    Example:\n  d365-connect copy contoso-uat contoso-prod\n\n\
    Exit codes: 0, 2 there is no such profile or one of the new name, 3 the file could not be written"
)]
pub struct Args {
    /// The profile to copy
    name: String,
    /// The copy's name
    new: String,
}

pub async fn run(args: &Args, context: &Context) -> Done {
    let (name, new) = (profile_name(&args.name)?, profile_name(&args.new)?);
    if name == new {
        return Err(Failure::usage("the profile has this name already", "choose another name for the copy"));
    }
    let session = context.session().await?;
    let opened = work::open(&session, &name).await;
    if let Ok(opened) = &opened {
        context.unlock_for(&session, &opened.stored.draft.source).await?;
    }
    let without = work::copy(&session, &name, &new).await?;
    context.printer.say(&format!("copied to {new}"));
    let of_certificate =
        opened.is_ok_and(|opened| matches!(opened.stored.draft.source, Some(CredentialSource::Certificate(_))));
    let (what, flag) = if of_certificate {
        ("password for its certificate", "--certificate-password")
    } else {
        ("secret", "--secret")
    };
    let without = without.map(|why| format!("the copy has no {what}: {why}"));
    context.done("copied", &new, Some(&name), without.as_deref());
    if let Some(without) = without {
        context.printer.note(&without);
        context.printer.hint(&format!("d365-connect edit {new} {flag} SOURCE"));
    }
    OK
}
