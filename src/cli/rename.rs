//! `rename`: give a profile another name.

use crate::cli::{Context, Done, OK, profile_name};
use crate::work;

/// Give a profile another name.
#[derive(Debug, clap::Args)]
#[command(after_help = "Its history and its keyring entry stay its own. Works offline and with a damaged file.\n\n\
    Example:\n  d365-connect rename contoso-uat contoso-test\n\n\
    Exit codes: 0, 2 there is no such profile or one of the new name, 3 the file could not be renamed")]
pub struct Args {
    /// Its name
    old: String,
    /// Its new name
    new: String,
}

pub async fn run(args: &Args, context: &Context) -> Done {
    let (old, new) = (profile_name(&args.old)?, profile_name(&args.new)?);
    let session = context.session().await?;
    work::rename(&session, &old, &new).await?;
    context.printer.say(&format!("renamed to {new}"));
    context.done("renamed", &new, Some(&old), None);
    OK
}
