//! Any file of a profile: it is read or refused, never changed, and what is read is written as it was.
#![no_main]

use d365_connect::core::names::ProfileName;
use d365_connect::store::paths::Home;
use d365_connect::store::profiles::{self, Save};
use libfuzzer_sys::fuzz_target;
use std::fs;

fuzz_target!(|bytes: &[u8]| {
    let root = std::env::temp_dir().join(format!("d365-connect-fuzz-{}", std::process::id()));
    let home = Home::at(&root);
    let name: ProfileName = "one".parse().expect("a name");
    fs::create_dir_all(home.profiles()).expect("a folder");
    fs::write(home.profile(&name), bytes).expect("a file");
    if let Ok(stored) = profiles::load(&home, &name) {
        assert_eq!(fs::read(home.profile(&name)).expect("the file"), bytes);
        if profiles::save(&home, &name, &stored.draft, Save::Change).is_ok() {
            assert_eq!(profiles::load(&home, &name).expect("what was written").draft, stored.draft);
        }
    }
});
