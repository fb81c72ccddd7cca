//! The screens' states. Each knows its own keys and fields; what they lead to is decided by [`crate::app::App`].

pub mod checks;
pub mod diagnosis;
pub mod editor;
pub mod home;
pub mod pair;
pub mod wizard;
