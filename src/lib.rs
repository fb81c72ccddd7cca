//! Set up, test and repair API connections to Microsoft Dynamics 365.
//!
//! A terminal app built like an Elm program, and commands over the same floors. Imports go down only; siblings on a
//! floor do not know each other (`tests/architecture.rs`). In reading order:
//!
//! - floor 0, [`core`]: facts and judgement, without terminal, network, disk, clock or environment
//! - floor 1, [`app`] (state and `update`), [`assets`] (embedded knowledge), [`store`] (files and secrets),
//!   [`net`] (the live test), [`export`] (hand-over formats), [`sandbox`] (the simulated tenant): each uses `core` only
//! - floor 2, [`work`] (use cases that join the floors below), [`ui`] (from state to cells)
//! - floor 3, [`runtime`] (the loop and the terminal), [`cli`] (the commands)
//! - floor 4, `main`: picks the screen or a command, sets the exit code

pub mod core;

pub mod app;
pub mod assets;
pub mod export;
pub mod net;
pub mod sandbox;
pub mod store;

pub mod ui;
pub mod work;

pub mod cli;
pub mod runtime;
