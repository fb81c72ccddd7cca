//! The thin binary: picks the screen or a command, and sets the exit code.
//!
//! Knows no command and no screen; `cli` and `runtime` do.

use d365_connect::cli::{self, Ended};
use d365_connect::runtime::{self, harden, terminal};
use std::process::ExitCode;

fn main() -> ExitCode {
    harden::harden();
    terminal::install_panic_hook();
    let request = match cli::parse(std::env::args_os()) {
        Ok(request) => request,
        Err(code) => return code.into(),
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return cli::no_runtime(&error).into(),
    };
    let code = runtime.block_on(async {
        match cli::run(request).await {
            Ended::Exit(code) => code,
            Ended::Open(session, open, theme) => {
                runtime::run(*session, open, theme).await.unwrap_or_else(|error| cli::no_screen(&error))
            }
        }
    });
    // A read that nobody waits for any more must not keep the process.
    runtime.shutdown_background();
    code.into()
}
