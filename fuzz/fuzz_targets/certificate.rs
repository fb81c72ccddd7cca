//! Any file of a certificate, PEM or PFX, with a password or without.
#![no_main]

use d365_connect::core::secret::ClientSecret;
use d365_connect::store::certificates;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let password = ClientSecret::new("password".to_owned().into()).ok();
    let _ = certificates::read(bytes, None);
    let _ = certificates::read(bytes, password.as_ref());
});
