//! Diagnosis: tokens beside a profile, every known code, and input that means harm.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use d365_connect::assets;
use d365_connect::core::claims::Claims;
use d365_connect::core::evidence::read_pasted;
use d365_connect::core::profile::{Profile, ProfileDraft, SecretSource};
use d365_connect::core::question::FieldId;
use d365_connect::core::rules::{Finding, Judge};
use serde_json::{Value, json};

const TENANT: &str = "11111111-2222-4333-8444-555555555555";
const CLIENT: &str = "66666666-7777-4888-9999-aaaaaaaaaaaa";
const OTHER: &str = "99999999-7777-4888-9999-aaaaaaaaaaaa";
const URL: &str = "https://contoso.operations.dynamics.com";
/// 2026-11-21T10:00:00Z
const NOW: i64 = 1_795_255_200;

fn profile(guide: &str, more: &[(FieldId, &str)]) -> Profile {
    let mut draft = ProfileDraft::new(guide);
    draft.source = Some(SecretSource::Env { var: "SECRET".into() });
    let usual = [(FieldId::TenantId, TENANT), (FieldId::ClientId, CLIENT)];
    for (field, value) in usual.iter().chain(more) {
        draft.set(*field, value);
    }
    draft.check(&"one".parse().unwrap(), assets::guide(guide).unwrap(), assets::clouds()).unwrap()
}

fn fno() -> Profile {
    profile("fno-client-credentials", &[(FieldId::ResourceUrl, URL)])
}

/// A token with these claims besides those that fit.
fn token(other: &Value) -> String {
    let mut claims = json!({
        "aud": URL, "tid": TENANT, "oid": OTHER, "appid": CLIENT, "appidacr": "1", "nbf": NOW - 60, "exp": NOW + 3600
    });
    for (name, value) in other.as_object().unwrap() {
        claims[name] = value.clone();
    }
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.c2lnbmF0dXJl", part(&json!({"typ": "JWT", "alg": "RS256"})), part(&claims))
}

/// The rows that do not fit.
fn misfits(token: &str, profile: &Profile) -> Vec<&'static str> {
    let rows = Claims::read(token).unwrap().rows(Some(profile), NOW);
    rows.iter().filter(|row| row.fits == Some(false)).map(|row| row.claim).collect()
}

fn findings(text: &str, profile: &Profile) -> Vec<Finding> {
    let values = |_: &str| None;
    let (evidence, _) = read_pasted(text, Some(profile), NOW);
    Judge { book: assets::rules(), guide: None, values: &values }.findings(&evidence)
}

#[test]
fn a_token_stands_beside_what_its_target_needs() {
    let (fno, graph) = (fno(), profile("office365", &[]));
    let chosen = profile("office365", &[(FieldId::Permissions, "User.Read.All, Organization.Read.All")]);
    let person = profile("fno-delegated", &[(FieldId::ResourceUrl, URL)]);
    let of_graph = |roles: Value| json!({"aud": "https://graph.microsoft.com", "roles": roles});
    for (profile, claims, misfit, cause) in [
        (&fno, json!({}), &[][..], "not-an-error"),
        (&fno, json!({"aud": format!("{URL}/")}), &["aud"], "token-audience"),
        (&fno, json!({"aud": "00000015-0000-0000-c000-000000000000"}), &["aud"], "token-audience"),
        (&fno, json!({"aud": null}), &["aud"], "not-an-error"),
        (&fno, json!({"tid": OTHER}), &["tid"], "token-tenant"),
        (&fno, json!({"oid": null}), &["oid"], "service-principal-missing"),
        // Whether the API admits another app is not known from here.
        (&fno, json!({"appid": OTHER}), &["appid"], "not-an-error"),
        (&fno, json!({"appid": null, "azp": CLIENT}), &[], "not-an-error"),
        // It was right when it was used.
        (&fno, json!({"exp": NOW - 3600}), &["exp"], "not-an-error"),
        (&fno, json!({"nbf": NOW + 3600, "exp": NOW + 7200}), &["nbf"], "clock-skew"),
        (&fno, json!({"nbf": "1795255140", "exp": "1795258800"}), &[], "not-an-error"),
        (&fno, json!({"scp": "AX.FullAccess", "upn": "a@contoso.test"}), &["upn"], "not-an-error"),
        (&person, json!({"scp": "AX.FullAccess", "upn": "a@contoso.test"}), &[], "not-an-error"),
        (&person, json!({}), &["upn"], "not-an-error"),
        (&graph, of_graph(json!(["User.Read.All"])), &[], "not-an-error"),
        (&graph, json!({"aud": "00000003-0000-0000-c000-000000000000", "roles": ["X"]}), &[], "not-an-error"),
        (&graph, of_graph(json!([])), &["roles"], "permission-missing"),
        (&chosen, of_graph(json!(["User.Read.All"])), &["roles"], "permission-missing"),
        (&chosen, of_graph(json!(["user.read.all", "Organization.Read.All"])), &[], "not-an-error"),
    ] {
        let token = token(&claims);
        assert_eq!(misfits(&token, profile), misfit, "{claims}");
        for text in
            [token.clone(), format!("Authorization: Bearer {token}"), format!("{{\"access_token\":\"{token}\"}}")]
        {
            let found = findings(&text, profile);
            assert_eq!(found[0].cause.as_str(), cause, "{claims}: {found:#?}");
        }
    }
}

#[test]
fn without_a_profile_the_claims_are_told_and_nothing_is_needed() {
    let rows = Claims::read(&token(&json!({"roles": ["A\u{1b}[2J", "B"], "exp": NOW - 3600}))).unwrap().rows(None, NOW);
    let told: Vec<_> = rows.iter().map(|row| (row.claim, row.found.as_str(), row.fits)).collect();
    assert_eq!(
        told,
        [
            ("aud", URL, None),
            ("tid", TENANT, None),
            ("appid", CLIENT, None),
            ("oid", OTHER, None),
            ("roles", "A␛[2J, B", None),
            ("appidacr", "1: a secret", None),
            ("nbf", "2026-11-21T09:59:00Z", Some(true)),
            ("exp", "2026-11-21T09:00:00Z", Some(false)),
        ]
    );
    assert!(rows.iter().take(6).all(|row| row.needed.is_empty()));
}

/// What refused the call counts, not that a token is shown with it.
#[test]
fn a_token_beside_an_error_is_no_success() {
    let text =
        format!("GET {URL}/data/CustomersV3\nAuthorization: Bearer {}\n\nHTTP/1.1 401 Unauthorized", token(&json!({})));
    let found = findings(&text, &fno());
    assert_eq!(found[0].cause.as_str(), "d365-not-registered", "{found:#?}");
    assert!(found.iter().all(|finding| finding.cause.as_str() != "not-an-error"), "{found:#?}");
}
