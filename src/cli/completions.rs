//! `completions`: what a shell needs to complete this command line.

use crate::cli::args::Cli;
use crate::cli::{Context, Done, OK};
use clap::CommandFactory;
use clap_complete::Shell;

/// Print shell completions.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  d365-connect completions bash > ~/.local/share/bash-completion/completions/d365-connect\n\n\
    Exit codes: 0, 2 unknown shell"
)]
pub struct Args {
    /// The shell
    shell: Shell,
}

pub fn run(args: &Args, context: &Context) -> Done {
    let mut bytes = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "d365-connect", &mut bytes);
    context.printer.bytes(&bytes);
    OK
}
