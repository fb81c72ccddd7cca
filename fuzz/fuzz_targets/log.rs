//! Any log, in pieces of any size: the first byte says how large they are. All errors are counted.
#![no_main]

use d365_connect::core::log::LogScan;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((size, mut log)) = bytes.split_first() else { return };
    let mut scan = LogScan::default();
    while !log.is_empty() {
        let space = scan.space();
        let count = (usize::from(*size) * 17 + 1).min(space.len()).min(log.len());
        space[..count].copy_from_slice(&log[..count]);
        scan.filled(count);
        log = &log[count..];
    }
    let found = scan.finish();
    assert_eq!(found.bytes, bytes.len() as u64 - 1);
    assert_eq!(found.kinds.iter().map(|kind| kind.count).sum::<u64>() + found.left_out, found.errors);
});
