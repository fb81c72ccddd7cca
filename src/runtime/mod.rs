//! Floor 3: the terminal, its input, and the desktop around it.
//!
//! Knows how to take a terminal and give it back. Does not know what is drawn or what a key means.

pub mod desktop;
pub mod harden;
pub mod input;
pub mod terminal;
