//! Any paste of values: what is recognised stands in it, and each field comes once.
#![no_main]

use d365_connect::assets;
use d365_connect::core::intake;
use libfuzzer_sys::fuzz_target;
use std::collections::BTreeSet;

fuzz_target!(|bytes: &[u8]| {
    let intake = intake::read(&String::from_utf8_lossy(bytes), assets::clouds());
    let fields: BTreeSet<_> = intake.found.iter().map(|found| found.field).collect();
    assert_eq!(fields.len(), intake.found.len());
});
