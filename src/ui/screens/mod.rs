//! The screens, one function each.

pub mod checks;
pub mod diagnosis;
pub mod editor;
pub mod home;
pub mod pair;
pub mod wizard;
