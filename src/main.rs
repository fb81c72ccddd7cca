//! d365-connect.
fn main() {}
