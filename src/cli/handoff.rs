//! `handoff`: the steps that are still open for one person, as Markdown to send.
//!
//! What is open, and how it reads, is the business of `core::handoff`.

use crate::cli::failure::Failure;
use crate::cli::{Context, Done, OK, profile_name, shown};
use crate::core::guide::{Actor, Step};
use crate::core::handoff;
use crate::work;
use clap::ValueEnum;
use std::path::PathBuf;

/// Write the open steps of one person down.
#[derive(Debug, clap::Args)]
#[command(
    long_about = "Write the steps that are still open for one person down, as Markdown to send.\n\n\
        Links and ids are filled in; there is never a secret in it. What is open is told by the values that are there and \
        by the last test: after a passed one nothing is.",
    after_help = "Examples:\n  \
        d365-connect handoff contoso-uat --role d365-admin\n  \
        d365-connect handoff contoso-uat --role entra-admin --all --out for-entra.md\n\n\
        Exit codes: 0, 2 there is no such profile or a file already, 3 the file could not be written"
)]
pub struct Args {
    /// The profile
    name: String,
    /// Who is to do them
    #[arg(long, value_name = "ROLE")]
    role: Role,
    /// Every step of that role, done or not
    #[arg(long)]
    all: bool,
    /// Write to this file instead of standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Write over a file that is there
    #[arg(long, requires = "out")]
    force: bool,
}

/// Whom a text is for.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Role {
    /// An administrator of Microsoft Entra ID
    EntraAdmin,
    /// An administrator of Dynamics 365
    D365Admin,
}

pub async fn run(args: &Args, context: &Context) -> Done {
    let session = context.session().await?;
    let opened = work::open(&session, &profile_name(&args.name)?).await?;
    let role = match args.role {
        Role::EntraAdmin => Actor::EntraAdmin,
        Role::D365Admin => Actor::D365Admin,
    };
    let steps: Vec<&Step> = if args.all {
        opened.guide.steps.iter().filter(|step| step.actor == role).collect()
    } else {
        work::open_steps(&session, &opened, role)
    };
    let name = &opened.stored.name;
    let values = work::judge_values(&opened.stored.draft);
    let text = handoff::markdown(opened.guide, role, name.as_str(), &values, &steps);
    match &args.out {
        Some(path) => {
            work::write_out(&session, path, text.as_bytes(), args.force).await.map_err(Failure::not_written)?;
            context.printer.say(&format!("written to {}", shown(&path.display().to_string())));
        }
        None => context.printer.document(&text),
    }
    if steps.is_empty() {
        context.printer.note("nothing is open for this role; --all writes every step of it");
    }
    OK
}
