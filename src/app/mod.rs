//! Floor 1: the state of the screens, and how messages change it.
//!
//! Knows what was typed and what is to happen next. Does not know terminals, networks, files or clocks.

pub mod key;
