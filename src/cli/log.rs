//! The log file, when one is asked for.
//!
//! Takes events of this program only, never those of libraries: nobody promised that theirs hold no values.

use crate::cli::args::{Global, Level};
use crate::cli::failure::Failure;
use std::fs::OpenOptions;
use std::sync::Mutex;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Starts logging; does nothing when no file was named.
pub fn start(global: &Global) -> Result<(), Failure> {
    let Some(path) = &global.log else { return Ok(()) };
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path).map_err(|error| {
        Failure::here(format!("the log file cannot be written: {error}"), "name another file with --log FILE")
    })?;
    let level = match global.log_level {
        Level::Error => LevelFilter::ERROR,
        Level::Warn => LevelFilter::WARN,
        Level::Info => LevelFilter::INFO,
        Level::Debug => LevelFilter::DEBUG,
        Level::Trace => LevelFilter::TRACE,
    };
    let lines = fmt::layer().with_ansi(false).with_writer(Mutex::new(file));
    let _ =
        tracing_subscriber::registry().with(Targets::new().with_target("d365_connect", level)).with(lines).try_init();
    tracing::info!(version = env!("CARGO_PKG_VERSION"), sandbox = global.sandbox.is_some(), "started");
    Ok(())
}
