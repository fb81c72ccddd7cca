//! Pastes of every shape, good and damaged, as `tests/pastes/*.toml`: what is recognised in each, and what is left alone.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use d365_connect::assets;
use d365_connect::core::intake;
use d365_connect::core::question::FieldId;
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Paste {
    about: String,
    text: String,
    guide: Option<String>,
    secret: Option<String>,
    #[serde(default)]
    left: Vec<String>,
    found: BTreeMap<String, String>,
}

const VALUES: [(&str, &str); 4] = [
    ("TENANT", "11111111-2222-4333-8444-555555555555"),
    ("CLIENT", "66666666-7777-4888-9999-aaaaaaaaaaaa"),
    ("URL", "https://contoso.operations.dynamics.com"),
    ("SECRET", "aBc8Q~d3f4hIjKlMnOpQrStUvWxYz.0123456789"),
];

/// `@CLIENT@` is the client id, `@CLIENT64@` its base64, `@SECRETURL@` the secret with percent signs.
fn filled(text: &str) -> String {
    VALUES.iter().fold(text.to_owned(), |text, (name, value)| {
        let percent = value.replace('~', "%7E").replace('.', "%2E");
        text.replace(&format!("@{name}@"), value)
            .replace(&format!("@{name}64@"), &STANDARD.encode(value))
            .replace(&format!("@{name}URL@"), &percent)
    })
}

fn pastes() -> Vec<(String, Paste)> {
    let folder = format!("{}/tests/pastes", env!("CARGO_MANIFEST_DIR"));
    let mut all: Vec<(String, Paste)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (name, toml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap())
        })
        .collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

#[test]
fn every_paste_is_read_as_it_should_be() {
    let all = pastes();
    assert!(all.len() >= 30, "{}", all.len());
    let mut wrong = Vec::new();
    for (name, paste) in &all {
        let intake = intake::read(&filled(&paste.text), assets::clouds());
        let found: BTreeMap<String, String> =
            intake.found.iter().map(|found| (found.field.name().to_owned(), found.value.clone())).collect();
        let wanted: BTreeMap<String, String> =
            paste.found.iter().map(|(field, value)| (field.clone(), filled(value))).collect();
        let secret = intake.secret.as_ref().map(|secret| secret.to_string());
        // Each is told, and nothing else is.
        let wanted_left: Vec<String> = paste.left.iter().map(|left| filled(left)).collect();
        let left = wanted_left.iter().all(|left| intake.left.iter().any(|told| told.contains(left)))
            && intake.left.iter().all(|told| wanted_left.iter().any(|left| told.contains(left)));
        if (&found, &secret, &intake.guide) != (&wanted, &paste.secret.as_deref().map(filled), &paste.guide) || !left {
            wrong.push(format!(
                "{name} ({}):\n  found {found:?}\n  wanted {wanted:?}\n  secret {secret:?}\n  guide {:?}\n  left {:?}",
                paste.about, intake.guide, intake.left
            ));
        }
        // What is told of a paste never holds its secret.
        let told = format!("{:?}{:?}{}{intake:?}", intake.found, intake.left, intake.secret_by);
        assert!(!told.contains("aBc8Q~d3f4"), "{name}: {told}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A guide takes the values that it asks for; what its product has of its own accord is no value of the profile.
#[test]
fn values_become_a_profile_of_a_guide() {
    let own = "https://api.businesscentral.dynamics.com";
    let text =
        |url: &str| format!("Tenant ID: {}\nResource URL: {url}\nUser ID: svc-odata\nEnvironment: UAT", VALUES[0].1);
    for (id, url, fields, unused) in [
        ("business-central", own, "tenant_id d365.environment", "d365.user_id"),
        ("business-central", "https://bc.contoso.example", "tenant_id resource_url d365.environment", "d365.user_id"),
        ("fno-client-credentials", VALUES[2].1, "tenant_id resource_url d365.user_id", "d365.environment"),
    ] {
        let guide = assets::guide(id).unwrap();
        let (draft, left) = intake::read(&text(url), assets::clouds()).draft(guide, assets::clouds());
        let names = |fields: &[FieldId]| fields.iter().map(|field| field.name()).collect::<Vec<_>>().join(" ");
        let set: Vec<FieldId> = draft.values.keys().copied().collect();
        assert_eq!((draft.guide.as_str(), names(&set).as_str(), names(&left).as_str()), (id, fields, unused), "{url}");
    }
}

/// However a paste is cut off, reading it neither breaks nor makes a value up.
#[test]
fn any_part_of_a_paste_can_be_read() {
    for (name, paste) in pastes() {
        let text = filled(&paste.text);
        for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)).step_by(7) {
            for part in [&text[..end], &text[end..]] {
                for found in intake::read(part, assets::clouds()).found {
                    assert!(!found.value.is_empty(), "{name}");
                }
            }
        }
    }
}

/// The largest texts that are read, made to be slow or deep.
#[test]
fn large_texts_are_read_to_their_end() {
    for part in [
        "$clientId='x'; ",
        "data:\n",
        "kind: Secret\ndata:\n a: b\n---\n",
        "client_id=",
        "a=b&",
        "| x ",
        "x \\\n",
        "https://",
        "'",
        "\"",
        "[",
        "{\"a\":",
    ] {
        let text = part.repeat(1024 * 1024 / part.len());
        assert!(intake::read(&text, assets::clouds()).len() <= 1, "{part}");
    }
}
