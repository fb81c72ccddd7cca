//! Any bytes of a terminal, split anywhere, with silence in between: the same keys come out, and no paste is endless.
#![no_main]

use d365_connect::app::key::Input;
use d365_connect::runtime::input::Decoder;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((size, bytes)) = bytes.split_first() else { return };
    let (mut whole, mut parts) = (Vec::new(), Vec::new());
    let (mut one, mut other) = (Decoder::default(), Decoder::default());
    one.feed(bytes, &mut whole);
    one.silence(&mut whole);
    for part in bytes.chunks(usize::from(*size).max(1)) {
        other.feed(part, &mut parts);
    }
    other.silence(&mut parts);
    assert_eq!(whole.len(), parts.len());
    for input in &whole {
        if let Input::Paste(paste) = input {
            assert!(paste.text.len() <= 64 * 1024 && !paste.text.chars().any(|c| c.is_control() && c != '\n' && c != '\t'));
        }
    }
});
