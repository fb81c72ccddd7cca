//! `token`: the access token of a profile, for scripts.
//!
//! Runs the part of the live test that gets one. Prints it where it was asked for, and nowhere else.

use crate::cli::failure::{Failure, Trouble, code};
use crate::cli::{Context, Done, OK, check, profile_name};
use crate::core::check::{CheckId, Status};
use crate::work;
use std::io::IsTerminal;
use zeroize::Zeroizing;

/// Print an access token, for scripts.
#[derive(Debug, clap::Args)]
#[command(
    long_about = "Print an access token of a profile on standard output, for scripts.\n\n\
        Whoever has it can use the API as this connection until it runs out, mostly within the hour. It is not printed on \
        a terminal without --force, and is kept nowhere.",
    after_help = "Example:\n  \
        curl -H \"Authorization: Bearer $(d365-connect token contoso-uat)\" \\\n    \
        'https://contoso.operations.dynamics.com/data/LegalEntities?$top=1'\n\n\
        Exit codes: 0 printed, 1 it was refused, 2 an unknown or incomplete profile, or a terminal without --force, \
        3 it could not be asked for"
)]
pub struct Args {
    /// The profile
    name: String,
    /// Print it on a terminal too
    #[arg(long)]
    force: bool,
}

pub async fn run(args: &Args, context: &Context) -> Done {
    if context.is_json() {
        return Err(Failure::usage("a token is printed as it is", "leave -o json out"));
    }
    if std::io::stdout().is_terminal() && !args.force {
        return Err(Failure::usage(
            "a token is a credential and is not printed on a terminal",
            "use it in a script, as --help shows; --force prints it all the same",
        ));
    }
    let session = context.session().await?;
    let opened = work::open(&session, &profile_name(&args.name)?).await?;
    let draft = opened.stored.draft;
    let profile = opened.profile.map_err(|problems| check::incomplete(&opened.stored.name, problems, opened.guide))?;
    context.unlock_for(&session, &draft.source).await?;
    let watch = check::asking(context, &profile.name);
    let attendance = check::attendance(context, &session);
    let (run, left) = check::one(&session, &profile, &draft, None, &[CheckId::Token], attendance, watch).await;
    let Some(token) = left.token else {
        let code = if run.verdict() == Status::Failed { code::FAULT } else { code::HERE };
        let troubles = run.findings.into_iter().take(1).map(|finding| Trouble {
            error: format!("no token came: {}", finding.title),
            cause: Some(finding.explanation).filter(|text| !text.is_empty()),
            hint: Some(finding.fix.text).filter(|text| !text.is_empty()),
        });
        return Err(Failure { code, troubles: troubles.collect() });
    };
    #[expect(clippy::disallowed_methods, reason = "printed where it was asked for by name")]
    let line = Zeroizing::new(format!("{}\n", token.reveal()));
    context.printer.bytes(line.as_bytes());
    OK
}
