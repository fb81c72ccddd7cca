//! The thin binary: picks the screen or a command, and sets the exit code.
//!
//! Knows no command; `cli` does.

use d365_connect::cli::{self, Ended};
use std::process::ExitCode;

fn main() -> ExitCode {
    keep_memory_private();
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
            // THE SCREEN: `runtime::run(*session, open).await` goes here and gives the exit code.
            Ended::Open(session, open) => cli::no_screen(&session, &open),
        }
    });
    // A read that nobody waits for any more must not keep the process.
    runtime.shutdown_background();
    code.into()
}

/// No core dumps, and no other process of this user looks into the memory (safety rule 4). Where the system refuses,
/// the program still works.
fn keep_memory_private() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, setrlimit};
        let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    }
    #[cfg(target_os = "linux")]
    {
        let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
    }
}
