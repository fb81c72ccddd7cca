//! Any answer of a server: its status and body are read, and nothing that could act on a terminal comes out.
#![no_main]

use d365_connect::core::check::CheckId;
use d365_connect::core::evidence::{Origin, Reply};
use d365_connect::core::secret::Scrubber;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((head, body)) = bytes.split_at_checked(3) else { return };
    let text = || Some(String::from_utf8_lossy(&body[..body.len().min(200)]).into_owned());
    let reply = Reply {
        status: 100 + u16::from_le_bytes([head[0], head[1]]) % 500,
        content_type: if head[2] & 1 == 0 { "application/json" } else { "text/html" }.into(),
        location: text().filter(|_| head[2] & 2 != 0),
        retry_after: None,
        challenge: text().filter(|_| head[2] & 4 != 0),
        body: body.to_vec(),
    };
    let origins = [Origin::Entra, Origin::FinanceOperations, Origin::BusinessCentral, Origin::Graph];
    let evidence = reply.evidence(CheckId::Token, origins[usize::from(head[2] >> 3) % 4], &Scrubber::default());
    for text in [evidence.text.as_str()].into_iter().chain(evidence.named.values().map(String::as_str)) {
        assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
    }
});
