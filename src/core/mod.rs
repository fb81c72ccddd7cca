//! Floor 0: facts and judgement. No terminal, network, disk, clock or environment.
//!
//! In reading order: what a connection is made of, how its values are asked for, what a test of it tells, and what
//! that means.

pub mod calendar;
pub mod check;
pub mod claims;
pub mod cloud;
pub mod credential;
pub mod details;
pub mod evidence;
pub mod expiry;
pub mod filter;
pub mod format;
pub mod guide;
pub mod handoff;
pub mod intake;
pub mod log;
pub mod names;
pub mod pasted;
pub mod permissions;
pub mod profile;
pub mod question;
pub mod report;
pub mod resource;
pub mod rules;
#[cfg(doctest)]
mod sealed;
pub mod secret;
pub mod settings;
pub mod since;
pub mod template;
pub mod ticket;
pub mod untrusted;
