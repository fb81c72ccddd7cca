//! Floor 1: the live test over real sockets.
//!
//! Knows how to ask Entra and D365, within limits, and what they answered. Judges nothing beyond "this is the shape of
//! a pass": a failure becomes evidence for the rules.

mod assertion;
mod authority;
mod business_central;
mod client;
mod environment;
mod finance_operations;
mod graph;
mod interactive;
mod local;
mod progress;
mod redirect;
mod run;
mod session;
mod tls;
mod token;

pub use client::{Client, ClientError, NetOptions, Proxy};
pub use run::{Left, RunRequest, run};
