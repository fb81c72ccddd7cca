//! Texts as people paste them, one file each in `tests/samples`: what they mean is written above the text.
//!
//! A sample scores by cause and owner. A confident wrong cause is worse than a wrong one, and that worse than `unknown`.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use d365_connect::assets;
use d365_connect::core::evidence::{Evidence, compare, read_pasted};
use d365_connect::core::profile::ProfileDraft;
use d365_connect::core::question::FieldId;
use d365_connect::core::rules::{Cause, Confidence, Finding, Judge};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

/// What stands above a sample's text.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    /// The causes that may come first; the best one first.
    causes: Vec<Cause>,
    /// Causes that must be listed as well.
    #[serde(default)]
    also: Vec<Cause>,
    /// Causes that must not be certain: the text allows another reading, or sources disagree.
    #[serde(default)]
    never_certain: Vec<Cause>,
    /// The codes that are in the text, no more and no less.
    codes: Option<Vec<u32>>,
    /// Things that the text names.
    #[serde(default)]
    named: BTreeMap<String, String>,
    /// The profile that the text is compared with.
    profile: Option<BTreeMap<FieldId, String>>,
}

struct Sample {
    name: String,
    expected: Expected,
    text: String,
}

fn samples() -> Vec<Sample> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples");
    let mut all: Vec<Sample> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            let bytes = std::fs::read(&path).unwrap();
            let whole = String::from_utf8_lossy(&bytes).into_owned();
            let (front, text) = whole.split_once("---\n").unwrap_or_else(|| panic!("{name} has no '---'"));
            let expected = toml::from_str(front).unwrap_or_else(|error| panic!("{name}: {error}"));
            Sample { name, expected, text: text.to_owned() }
        })
        .collect();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    all
}

/// As `diagnose` does it.
fn diagnosed(text: &str, profile: Option<&BTreeMap<FieldId, String>>) -> (Evidence, Vec<Finding>) {
    let (mut evidence, _) = read_pasted(text, None, 1_795_428_000);
    let mut draft = ProfileDraft::new("fno-client-credentials");
    for (field, value) in profile.into_iter().flatten() {
        draft.set(*field, value);
    }
    if profile.is_some() {
        compare(&mut evidence, &draft);
    }
    let values = |name: &str| draft.template_value(name, None, assets::clouds());
    let findings = Judge { book: assets::rules(), guide: None, values: &values }.findings(&evidence);
    (evidence, findings)
}

/// What a right answer scores.
const RIGHT: i32 = 3;

fn score(expected: &Expected, found: &[Finding]) -> i32 {
    let top = &found[0];
    if expected.causes.contains(&top.cause) {
        return RIGHT;
    }
    match (top.cause, top.confidence) {
        (Cause::Unknown, _) => 0,
        (_, Confidence::Certain) => -3,
        _ if expected.causes.iter().any(|cause| cause.owner() == top.owner) => -1,
        _ => -2,
    }
}

#[test]
fn every_sample_is_read_right() {
    let samples = samples();
    assert!(samples.len() >= 340, "{} samples", samples.len());
    let mut total = 0;
    let mut wrong = Vec::new();
    for Sample { name, expected, text } in &samples {
        let (evidence, found) = diagnosed(text, expected.profile.as_ref());
        let points = score(expected, &found);
        total += points;
        let seen: Vec<_> = found.iter().map(|f| (f.cause.as_str(), f.confidence.as_str())).collect();
        let listed = |cause: &Cause| found.iter().any(|finding| finding.cause == *cause);
        let certain = |cause: &Cause| found.iter().any(|f| f.cause == *cause && f.confidence == Confidence::Certain);
        if points < RIGHT {
            wrong.push(format!("{name}: {points} points: {seen:?}"));
        }
        wrong.extend(expected.also.iter().filter(|c| !listed(c)).map(|c| format!("{name} lacks {}", c.as_str())));
        wrong.extend(
            expected.never_certain.iter().filter(|c| certain(c)).map(|c| format!("{name}: {} is certain", c.as_str())),
        );
        if expected.codes.as_ref().is_some_and(|codes| *codes != evidence.codes) {
            wrong.push(format!("{name} has codes {:?}", evidence.codes));
        }
        for (thing, value) in &expected.named {
            if evidence.named.get(thing) != Some(value) {
                wrong.push(format!("{name} names {thing} as {:?}", evidence.named.get(thing)));
            }
        }
    }
    let most = RIGHT * i32::try_from(samples.len()).unwrap();
    assert!(wrong.is_empty() && total == most, "{total} of {most} points\n{}", wrong.join("\n"));
}
