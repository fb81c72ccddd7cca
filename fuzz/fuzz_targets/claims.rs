//! Any payload of a token: its claims are read and told.
#![no_main]

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use d365_connect::core::claims::Claims;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = Claims::read(&String::from_utf8_lossy(bytes));
    if let Some(claims) = Claims::read(&format!("e30.{}.x", URL_SAFE_NO_PAD.encode(bytes))) {
        for row in claims.rows(None, 0) {
            assert!(!row.found.chars().any(char::is_control), "{row:?}");
        }
    }
});
