//! `rotate` against Entra's slowness: a secret that is not known yet is tried again, one that never will be is not.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

#[path = "support/cmd.rs"]
#[expect(dead_code, reason = "shared with other tests")]
mod cmd;
#[path = "support/server.rs"]
#[expect(dead_code, reason = "shared with other tests")]
mod server;

use cmd::{Out, Place};
use serde_json::json;
use server::{Answer, Seen, Server};
use std::sync::atomic::{AtomicUsize, Ordering};

fn refusal(code: u32) -> Answer {
    let text = format!("AADSTS{code}: no. Trace ID: t Correlation ID: c Timestamp: 2026-11-21 10:00:00Z");
    Answer::json(401, &json!({ "error": "invalid_client", "error_description": text, "error_codes": [code] }))
}

/// Entra and D365 in one; the token endpoint refuses so often.
async fn service(refusals: usize, code: u32) -> Server {
    let asked = AtomicUsize::new(0);
    Server::plain(move |seen: &Seen| {
        if seen.path.ends_with("/oauth2/v2.0/token") {
            match asked.fetch_add(1, Ordering::SeqCst) {
                at if at < refusals => refusal(code),
                // Opaque: nothing can be said about its claims.
                _ => {
                    Answer::json(200, &json!({ "token_type": "Bearer", "expires_in": 3599, "access_token": "opaque" }))
                }
            }
        } else {
            Answer::json(200, &json!({ "UserId": "svc-odata", "IsSysAdmin": false, "Company": "USMF", "value": [] }))
        }
    })
    .await
}

/// Rotates a profile that reaches that service.
async fn rotate(service: &Server, more: &'static [&'static str]) -> Out {
    let origin = service.origin();
    tokio::task::spawn_blocking(move || {
        let place = Place::new();
        let (authority, resource) = (format!("network.authority_url={origin}"), format!("resource_url={origin}"));
        let mut new = vec!["new", "one", "--no-input", "--secret", "env:OLD"];
        let ids = ["tenant_id=11111111-2222-4333-8444-555555555555", "client_id=66666666-7777-4888-9999-aaaaaaaaaaaa"];
        for value in ids.into_iter().chain([authority.as_str(), resource.as_str()]) {
            new.extend(["--set", value]);
        }
        place.run(&new).expect(0);
        let args = [&["rotate", "one", "--secret", "env:NEW"], more].concat();
        let out = place.run_with(&args, &[("NEW", "abc8Q~a new secret of forty characters xyz")], None);
        let uses = std::fs::read_to_string(place.profile("one")).unwrap();
        assert_eq!(uses.contains("NEW"), out.code == 0, "{uses}");
        out
    })
    .await
    .unwrap()
}

#[tokio::test]
async fn what_is_not_known_yet_is_tried_again() {
    let service = service(1, 7_000_215).await;
    let out = rotate(&service, &[]).await.expect(0);
    assert!(out.err.contains("tried again for up to two minutes"), "{}", out.err);
    assert_eq!(service.asked("/token").len(), 2);
}

#[tokio::test]
async fn what_will_not_pass_is_not_tried_again() {
    for (code, more) in [(7_000_222, &[][..]), (7_000_215, &["--no-wait"])] {
        let service = service(9, code).await;
        let out = rotate(&service, more).await.expect(1);
        assert!(out.err.contains("nothing was changed"), "{}", out.err);
        assert_eq!(service.asked("/token").len(), 1, "{code}");
    }
}

/// The old one is no new one, wherever it comes from now: nothing is asked of the service, and nothing changes.
#[tokio::test]
async fn the_old_one_is_no_new_one() {
    let place = Place::new();
    let value = "abc8Q~the old secret of forty characters abc";
    let env = [("OLD", value), ("SAME", value)];
    let new = [
        &["new", "one", "--no-input", "--secret", "env:OLD"][..],
        &["--set", "tenant_id=11111111-2222-4333-8444-555555555555"],
        &["--set", "client_id=66666666-7777-4888-9999-aaaaaaaaaaaa"],
        &["--set", "resource_url=https://contoso.operations.dynamics.com"],
    ];
    place.run_with(&new.concat(), &env, None).expect(0);
    let before = std::fs::read(place.profile("one")).unwrap();
    std::fs::write(place.path().join("same"), format!("{value}\r\n")).unwrap();
    for source in ["env:OLD", "env:SAME", "file:same", "command:cat same", "stdin"] {
        let args = ["rotate", "one", "--no-input", "--secret", source, "--vault-passphrase", "env:OLD"];
        let out = place.run_with(&args, &[&env[..], &[("PATH", "/usr/bin:/bin")]].concat(), Some(value)).expect(2);
        assert!(out.err.contains("profile has already: nothing was changed"), "{source}: {}", out.err);
        assert_eq!(std::fs::read(place.profile("one")).unwrap(), before);
    }
}
