//! Any text that is pasted: it is read and judged, and nothing that could act on a terminal comes out.
#![no_main]

use d365_connect::assets;
use d365_connect::core::evidence::read_pasted;
use d365_connect::core::rules::Judge;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let (evidence, claims) = read_pasted(&String::from_utf8_lossy(bytes), None, 0);
    let findings = Judge { book: assets::rules(), guide: None, values: &|_| None }.findings(&evidence);
    let rows = claims.map(|claims| claims.rows(None, 0)).unwrap_or_default();
    assert!(!findings.is_empty());
    let shown = [evidence.text.as_str()]
        .into_iter()
        .chain(evidence.named.values().map(String::as_str))
        .chain(findings.iter().flat_map(|finding| [&*finding.title, &finding.explanation, &finding.fix.text]))
        .chain(rows.iter().flat_map(|row| [&*row.found, &row.needed]));
    for text in shown {
        assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
    }
});
