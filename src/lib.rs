//! Set up, test and repair API connections to Microsoft Dynamics 365.
pub mod app;
pub mod assets;
pub mod core;
pub mod net;
pub mod runtime;
pub mod sandbox;
pub mod store;
pub mod ui;
