//! `man`: the man page, of the whole or of one command.

use crate::cli::args::Cli;
use crate::cli::failure::Failure;
use crate::cli::{Context, Done, OK};
use clap::CommandFactory;

/// Print the man page.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  d365-connect man > d365-connect.1\n  d365-connect man check | man -l -\n\n\
    Exit codes: 0, 2 there is no such command")]
pub struct Args {
    /// The page of this command
    command: Option<String>,
}

pub fn run(args: &Args, context: &Context) -> Done {
    let mut whole = Cli::command();
    whole.build();
    let page = match &args.command {
        None => Some(whole),
        Some(name) => whole.find_subcommand(name).cloned(),
    };
    let page = page.ok_or_else(|| Failure::usage("there is no such command", "d365-connect --help lists them"))?;
    let mut bytes = Vec::new();
    clap_mangen::Man::new(page)
        .render(&mut bytes)
        .map_err(|error| Failure::here(format!("the page cannot be made: {error}"), "try again"))?;
    context.printer.bytes(&bytes);
    OK
}
