//! Set up, test and repair API connections to Microsoft Dynamics 365.
pub mod assets;
pub mod cli;
pub mod core;
pub mod net;
pub mod sandbox;
pub mod store;
pub mod work;
