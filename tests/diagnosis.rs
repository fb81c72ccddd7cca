//! Diagnosis: tokens beside a profile, every known code, and input that means harm.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use d365_connect::assets;
use d365_connect::core::check::{CheckId, Status};
use d365_connect::core::claims::Claims;
use d365_connect::core::evidence::{Evidence, Mark, Origin, read_pasted, read_text};
use d365_connect::core::log::{Group, LogScan, groups};
use d365_connect::core::pasted::{Beside, Known};
use d365_connect::core::profile::{Profile, ProfileDraft, SecretSource};
use d365_connect::core::question::FieldId;
use d365_connect::core::rules::{Cause, Confidence, Finding, Judge, Rule};
use proptest::{prop_assert, prop_assert_eq, proptest};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const TENANT: &str = "11111111-2222-4333-8444-555555555555";
const CLIENT: &str = "66666666-7777-4888-9999-aaaaaaaaaaaa";
const OTHER: &str = "99999999-7777-4888-9999-aaaaaaaaaaaa";
const URL: &str = "https://contoso.operations.dynamics.com";
/// 2026-11-21T10:00:00Z
const NOW: i64 = 1_795_255_200;

fn profile(guide: &str, more: &[(FieldId, &str)]) -> Profile {
    let mut draft = ProfileDraft::new(guide);
    draft.source = Some(SecretSource::Env { var: "SECRET".into() }.into());
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
    judge(&read_pasted(text, Some(profile), NOW).0)
}

fn judge(evidence: &Evidence) -> Vec<Finding> {
    Judge { book: assets::rules(), guide: None, values: &|_| None }.findings(evidence)
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
        (&fno, json!({"exp": NOW - 3600}), &["exp"], "sign-in-expired"),
        // Clocks may differ by five minutes.
        (&fno, json!({"exp": NOW - 300}), &[], "not-an-error"),
        (&fno, json!({"exp": NOW - 301}), &["exp"], "sign-in-expired"),
        (&fno, json!({"nbf": NOW + 300}), &[], "not-an-error"),
        (&fno, json!({"nbf": NOW + 301}), &["nbf"], "clock-skew"),
        (&fno, json!({"iss": format!("https://sts.windows.net/{TENANT}/")}), &[], "not-an-error"),
        (&fno, json!({"iss": format!("https://sts.windows.net/{OTHER}/")}), &["iss"], "token-tenant"),
        // Of another product: that comes first, and what else does not fit is no news.
        (&fno, json!({"aud": "https://api.businesscentral.dynamics.com"}), &["aud"], "token-audience"),
        (&graph, json!({}), &["aud", "roles"], "token-audience"),
        (&graph, json!({"aud": "996def3d-b36c-4153-8607-a6fd3c01b89f"}), &["aud", "roles"], "token-audience"),
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

/// Those of an app and those of a person stand in different claims.
#[test]
fn permissions_stand_beside_those_that_are_wanted() {
    let (fno, graph) = (fno(), profile("office365", &[]));
    let chosen = profile("office365", &[(FieldId::Permissions, "User.Read.All, Organization.Read.All")]);
    let person = profile("fno-delegated", &[(FieldId::ResourceUrl, URL)]);
    let of_person = json!({"scp": "AX.FullAccess Odata.FullAccess", "upn": "a@contoso.test", "roles": ["X"]});
    let some = "at least one permission";
    for (profile, claims, claim, found, needed, fits) in [
        (&fno, json!({"roles": ["X"]}), "roles", "X", "", None),
        (&fno, of_person.clone(), "scp", "AX.FullAccess, Odata.FullAccess", "", None),
        (&person, of_person, "scp", "AX.FullAccess, Odata.FullAccess", "", None),
        (&person, json!({"roles": ["X"]}), "scp", "none", "", None),
        (&graph, json!({"roles": ["User.Read.All"]}), "roles", "User.Read.All", some, Some(true)),
        (&graph, json!({}), "roles", "none", some, Some(false)),
        (
            &chosen,
            json!({"roles": ["User.Read.All"]}),
            "roles",
            "User.Read.All",
            "User.Read.All, Organization.Read.All",
            Some(false),
        ),
    ] {
        let rows = Claims::read(&token(&claims)).unwrap().rows(Some(profile), NOW);
        let row = rows.iter().find(|row| ["scp", "roles"].contains(&row.claim)).unwrap();
        assert_eq!(
            (row.claim, row.found.as_str(), row.needed.as_str(), row.fits),
            (claim, found, needed, fits),
            "{claims}"
        );
    }
}

/// What a token of another product, or of a person in place of an app, lacks besides is what it never has.
#[test]
fn what_a_token_of_another_kind_lacks_is_no_finding() {
    let (fno, graph) = (fno(), profile("office365", &[]));
    let chosen = profile("office365", &[(FieldId::Permissions, "User.Read.All")]);
    let of_person = json!({"aud": "https://graph.microsoft.com", "scp": "User.Read", "upn": "a@contoso.test"});
    for (profile, claims, first) in [
        (&fno, json!({"aud": "https://api.businesscentral.dynamics.com", "oid": null}), "token-audience"),
        (&graph, json!({}), "token-audience"),
        (&chosen, json!({}), "token-audience"),
        (&chosen, json!({"roles": ["X"]}), "token-audience"),
        (&graph, of_person.clone(), "not-an-error"),
        (&chosen, of_person, "not-an-error"),
    ] {
        let found = findings(&token(&claims), profile);
        assert_eq!(found[0].cause.as_str(), first, "{claims}: {found:#?}");
        let lacks = [Cause::ServicePrincipalMissing, Cause::PermissionMissing];
        assert!(found.iter().all(|finding| !lacks.contains(&finding.cause)), "{claims}: {found:#?}");
    }
}

/// Without a profile the call beside a token tells what it should be for.
#[test]
fn a_token_is_compared_with_the_call_that_was_refused() {
    let (graph, central) = ("https://graph.microsoft.com", "https://api.businesscentral.dynamics.com");
    let call = |url: &str, status: &str| format!("GET {url}\nAuthorization: Bearer TOKEN\n\nHTTP/1.1 {status}\n");
    let (own, other) = (format!("{URL}/data/CustomersV3"), "https://fabrikam.operations.dynamics.com/data/CustomersV3");
    let refused = "401 Unauthorized";
    let decoded = json!({"aud": URL, "iss": format!("https://sts.windows.net/{TENANT}/"), "tid": TENANT, "oid": OTHER});
    for (claims, text, mark) in [
        (json!({}), call(&own, refused), None),
        (json!({}), call(other, refused), Some(Mark::AudienceDiffers)),
        (json!({}), call(other, "200 OK"), None),
        (json!({"aud": graph}), call(&own, refused), Some(Mark::AudienceElsewhere)),
        (json!({"aud": graph}), call(&format!("{graph}/v1.0/users"), "403 Forbidden"), None),
        (json!({"aud": central}), call(&format!("{central}/v2.0/production/api"), refused), None),
        (json!({"aud": "996def3d-b36c-4153-8607-a6fd3c01b89f"}), call(&format!("{central}/v2.0/x/api"), refused), None),
        // Told apart as the product's id, which some environments take.
        (json!({"aud": "00000015-0000-0000-c000-000000000000"}), call(&own, refused), None),
        // Some tool has decoded it.
        (json!({}), call(&own, refused).replace("Bearer TOKEN", &decoded.to_string()), None),
    ] {
        let evidence = read_pasted(&text.replace("TOKEN", &token(&claims)), None, NOW).0;
        let differs = [Mark::AudienceDiffers, Mark::AudienceElsewhere];
        let told: Vec<Mark> = differs.into_iter().filter(|mark| evidence.marks.contains(mark)).collect();
        assert_eq!(told, Vec::from_iter(mark), "{claims}: {text}");
    }
}

/// What a token's own claims say about whether it can work, where nobody says what it is for.
/// Of another environment of the same product it says all that does not fit; of another product only that.
#[test]
fn what_does_not_fit_of_a_token_for_elsewhere() {
    for (aud, causes) in [
        ("https://other.operations.dynamics.com", &["token-audience", "service-principal-missing"][..]),
        ("https://api.businesscentral.dynamics.com", &["token-audience"]),
    ] {
        let found = judge(&read_pasted(&token(&json!({"aud": aud, "oid": null})), Some(&fno()), NOW).0);
        assert_eq!(found.iter().map(|one| one.cause.as_str()).collect::<Vec<_>>(), causes, "{found:#?}");
    }
}

#[test]
fn a_token_alone_that_cannot_work_is_told() {
    const ERP: &str = "00000015-0000-0000-c000-000000000000";
    let graph = "https://graph.microsoft.com";
    let central = "996def3d-b36c-4153-8607-a6fd3c01b89f";
    for (claims, cause, sure) in [
        (json!({}), "not-an-error", Confidence::Likely),
        (json!({"aud": format!("{URL}/")}), "token-audience", Confidence::Certain),
        (json!({"aud": "https://Contoso.operations.dynamics.com"}), "token-audience", Confidence::Certain),
        (json!({"aud": format!("{URL}/data")}), "token-audience", Confidence::Certain),
        // An environment of one's own machines takes it.
        (json!({"aud": ERP}), "token-audience", Confidence::Likely),
        (json!({"oid": null}), "service-principal-missing", Confidence::Certain),
        (json!({"aud": graph, "oid": null, "roles": ["User.Read.All"]}), "not-an-error", Confidence::Likely),
        (json!({"aud": graph}), "permission-missing", Confidence::Certain),
        (json!({"aud": central, "roles": []}), "permission-missing", Confidence::Certain),
        (json!({"aud": format!("{graph}/"), "roles": ["User.Read.All"]}), "not-an-error", Confidence::Likely),
        (json!({"aud": graph, "scp": "User.Read"}), "not-an-error", Confidence::Likely),
        (json!({"aud": "api://somebody"}), "not-an-error", Confidence::Likely),
        (json!({"exp": NOW - 3600}), "sign-in-expired", Confidence::Likely),
        (json!({"nbf": NOW + 3600, "exp": NOW + 7200}), "clock-skew", Confidence::Likely),
        (json!({"iss": format!("https://login.microsoftonline.com/{OTHER}/v2.0")}), "token-tenant", Confidence::Likely),
        (
            json!({"iss": format!("https://login.microsoftonline.com/{TENANT}/v2.0")}),
            "not-an-error",
            Confidence::Likely,
        ),
    ] {
        let (evidence, told) = read_pasted(&token(&claims), None, NOW);
        let found = judge(&evidence);
        assert_eq!((found[0].cause.as_str(), found[0].confidence), (cause, sure), "{claims}: {found:#?}");
        assert!(told.is_some());
        if cause != "not-an-error" {
            assert!(found.iter().all(|finding| finding.cause != Cause::NotAnError), "{found:#?}");
        }
    }
    // The service's own answer counts more than that the token has run out since.
    let text = format!("{}\nHTTP/1.1 403 Forbidden", token(&json!({"exp": NOW - 3600})));
    let found = judge(&read_pasted(&text, None, NOW).0);
    assert_ne!(found[0].cause.as_str(), "sign-in-expired", "{found:#?}");
}

/// No word of another product, no link of it and no id that only the profile has.
#[test]
fn a_text_of_another_product_is_judged_by_itself() {
    let central = r#"401 Unauthorized https://api.businesscentral.dynamics.com/v2.0/x/api {"error":{"code":"Authentication_InvalidCredentials","message":"The server has rejected the client credentials."}}"#;
    let odata = "GET https://fabrikam.operations.dynamics.com/data/CustomersV3 failed: 401 Unauthorized";
    let named = "AADSTS500011: The resource principal named https://fabrikam.operations.dynamics.com was not found in the tenant named Contoso.";
    let dataverse = r#"https://org.crm4.dynamics.com {"error":{"code":"0x80072560","message":"The user is not a member of the organization."}}"#;
    let wrong_scope = "GET https://fabrikam.operations.dynamics.com/data/CustomersV3: no token: AADSTS500011: The resource principal named https://api.businesscentral.dynamics.com was not found in the tenant named Contoso.";
    let no_host = "AADSTS65001: The user or administrator has not consented to use the application. Resource: '00000015-0000-0000-c000-000000000000'. Page: https://fabrikam.operations.dynamics.com/";
    let known = Known { book: assets::rules(), guides: assets::guides(), clouds: assets::clouds() };
    for (guide, text, other) in [
        ("fno-client-credentials", central, Some("Business Central")),
        ("fno-client-credentials", odata, None),
        ("fno-client-credentials", dataverse, Some("Dataverse")),
        ("fno-client-credentials", named, None),
        ("fno-client-credentials", "AADSTS7000215", None),
        ("business-central", odata, Some("Finance & Operations")),
        ("business-central", central, None),
        ("business-central", named, Some("Finance & Operations")),
        ("office365", central, Some("Business Central")),
        // Entra speaks of the resource that it was asked for, whatever is called besides.
        ("fno-client-credentials", wrong_scope, Some("Business Central")),
        ("business-central", no_host, None),
    ] {
        let url = [(FieldId::ResourceUrl, URL)];
        let more = if guide.starts_with("fno") { &url[..] } else { &[] };
        let mut draft = ProfileDraft::new(guide);
        for (field, value) in [(FieldId::TenantId, TENANT), (FieldId::ClientId, CLIENT)].iter().chain(more) {
            draft.set(*field, value);
        }
        let reading = known.read(text, Some(Beside { draft: &draft, profile: None }), None, NOW);
        let alone = known.read(text, None, None, NOW);
        assert_eq!(reading.other, other, "{text}");
        assert_eq!(reading.findings == alone.findings, other.is_some(), "{text}");
        if other.is_some() {
            let told = format!("{:?}", reading.findings);
            assert!(!told.contains(CLIENT) && !told.contains("contoso"), "{told}");
        }
    }
    // What this program says by itself is of no other product.
    let draft = ProfileDraft::new("business-central");
    let local =
        Evidence::local(CheckId::Inputs, [Mark::OtherProduct]).naming("host", "fabrikam.operations.dynamics.com");
    assert_eq!(known.other_product(&local, Beside { draft: &draft, profile: None }), None);
    // Its own host, whatever name it has.
    let mut own = ProfileDraft::new("fno-client-credentials");
    own.set(FieldId::ResourceUrl, "https://org.crm4.dynamics.com");
    assert_eq!(known.read(dataverse, Some(Beside { draft: &own, profile: None }), None, NOW).other, None);
}

/// A page is that of the app and environment that the text names, with a profile and without.
#[test]
fn links_lead_to_what_the_text_names() {
    let known = Known { book: assets::rules(), guides: assets::guides(), clouds: assets::clouds() };
    let secret = format!("AADSTS7000215: Invalid client secret provided for a secret added to app '{OTHER}'.");
    let gov = format!("POST https://login.microsoftonline.us/x/oauth2/v2.0/token {secret}");
    let odata = "GET https://fabrikam.operations.dynamics.com/data/CustomersV3 failed: 401 Unauthorized";
    let mut draft = ProfileDraft::new("fno-client-credentials");
    for (field, value) in [(FieldId::TenantId, TENANT), (FieldId::ClientId, CLIENT), (FieldId::ResourceUrl, URL)] {
        draft.set(field, value);
    }
    for (text, start, part) in [
        (secret.as_str(), "https://entra.microsoft.com/", OTHER),
        (odata, "https://fabrikam.operations.dynamics.com/", "SysAADClientTable"),
    ] {
        for beside in [None, Some(Beside { draft: &draft, profile: None })] {
            let finding = known.read(text, beside, None, NOW).findings.remove(0);
            let url = finding.fix.url.unwrap();
            assert!(url.starts_with(start) && url.contains(part), "{url}");
            let told = finding.explanation.matches("not this profile's").count();
            assert_eq!(told, usize::from(beside.is_some() && text.contains(OTHER)), "{}", finding.explanation);
        }
    }
    let url = known.read(&gov, None, None, NOW).findings.remove(0).fix.url.unwrap();
    assert!(url.starts_with("https://portal.azure.us/"), "{url}");
    assert_eq!(known.read("AADSTS7000215", None, None, NOW).findings.remove(0).fix.url, None);
}

/// A sentence stands for its code, and is less sure than the code itself.
#[test]
fn sentences_stand_for_their_codes() {
    for sentence in &assets::rules().sentences {
        let code = judge(&read_text(&format!("AADSTS{}: {}", sentence.code, sentence.text[0]))).remove(0);
        for text in &sentence.text {
            let found = judge(&read_text(text));
            assert_eq!(found[0].cause, code.cause, "{text}: {found:#?}");
            assert!(found.iter().all(|finding| finding.confidence < Confidence::Certain), "{text}: {found:#?}");
            assert!(*text == text.to_ascii_lowercase() && known_codes().contains(&sentence.code), "{text}");
        }
        let past = judge(&read_text(&format!("Last week we had: {}", sentence.text[0])));
        assert_eq!(past[0].confidence, Confidence::Possible, "{past:#?}");
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

/// The codes that Microsoft documents, and eight that are met in the wild.
fn known_codes() -> BTreeSet<u32> {
    include_str!("codes.txt").lines().map(|line| line.parse().unwrap()).collect()
}

/// Each in the forms in which it is met.
fn worded(code: u32) -> [String; 5] {
    [
        format!("AADSTS{code}"),
        code.to_string(),
        format!("System.Exception: AADSTS{code}: words that nobody knows\n   at Foo.Bar()"),
        format!("{{\"error\":\"invalid_request\",\"error_codes\":[{code}]}}"),
        format!("https://login.microsoftonline.com/error?code={code}"),
    ]
}

#[test]
fn every_known_code_is_explained() {
    let book = assets::rules();
    let known = known_codes();
    assert_eq!(known.len(), 358);
    assert_eq!(book.codes.iter().map(|code| code.id).collect::<BTreeSet<_>>(), known);
    assert_eq!(book.codes.len(), 358, "a code has two meanings");
    assert_eq!(book.meaning(7_000_222), Some("The client secret has expired."));
    for code in known {
        let meaning = book.meaning(code).unwrap();
        assert!((15..=140).contains(&meaning.chars().count()) && meaning.ends_with('.'), "{code}: {meaning}");
        for text in worded(code) {
            let evidence = read_text(&text);
            assert_eq!(evidence.codes, [code], "{text}");
            assert_eq!(evidence.origin, Some(Origin::Entra), "{text}");
            // It is the code that speaks, and not what stands for whole classes of answers.
            let speaks = |rule: &Rule| !rule.fallback && rule.when.codes.contains(&code);
            assert!(book.rules.iter().any(speaks), "no rule speaks of {code}");
            let found = judge(&evidence);
            let top = &found[0];
            let cause = book.causes.iter().find(|cause| cause.id == top.cause).unwrap();
            assert_eq!(top.owner, top.cause.owner());
            assert!(top.confidence >= Confidence::Likely, "{text}: {found:#?}");
            // What is not known is an honest class with words of its own, and says what the code means.
            if top.cause == Cause::Unknown {
                assert!(top.title != cause.title && top.explanation.contains(meaning), "{text}: {found:#?}");
            }
            // A cause that many codes lead to tells what this one means.
            let shared = book.rules.iter().filter(|rule| rule.cause == top.cause && speaks(rule));
            if shared.map(|rule| rule.when.codes.len()).max().unwrap() > 6 {
                assert!(top.explanation.contains(meaning), "{text}: {found:#?}");
            }
        }
    }
}

/// Whose turn it is, and how sure that is.
#[test]
fn findings_say_for_whom_they_are() {
    let here = Evidence::local(CheckId::Token, [Mark::SecretUnreadable]);
    for (evidence, whom) in [
        (read_text("AADSTS7000222"), "for the Entra administrator"),
        (read_text(&format!("GET {URL}/data/CustomersV3 -> 401 Unauthorized")), "for the D365 administrator"),
        (read_text("AADSTS90002: Tenant 'nope.test' not found."), "for you: a value to correct"),
        (read_text("getaddrinfo ENOTFOUND x.test"), "for whoever runs the network"),
        (read_text("HTTP/1.1 503 Service Unavailable"), "Microsoft's side: wait and try again"),
        (read_text("It is broken"), "for nobody yet"),
        (here, "for you: something on this side"),
    ] {
        let found = judge(&evidence).remove(0);
        assert_eq!(found.for_whom(), whom, "{found:#?}");
    }
    for sure in [Confidence::Possible, Confidence::Likely, Confidence::Certain] {
        assert_eq!(json!(sure), sure.as_str());
    }
}

/// What a finding tells of the answer is what stands in it.
#[test]
fn findings_tell_of_the_answer() {
    for (text, says) in [
        ("HTTP/1.1 500 Internal Server Error", Some("(HTTP 500)")),
        ("HTTP/1.1 429 Too Many Requests\nRetry-After: 30", Some("Wait 30 seconds")),
        ("It is broken", Some("It said: It is broken")),
        ("AADSTS50011: The redirect URI 'https://app.test/back' does not match", Some("It was https://app.test/back.")),
        // Which one was sent is not known then, whatever the profile has.
        ("AADSTS50011: The redirect URI specified in the request does not match", None),
    ] {
        let values = |name: &str| (name == "redirect_uri").then(|| "https://app.test/other".to_owned());
        let found = Judge { book: assets::rules(), guide: None, values: &values }.findings(&read_text(text)).remove(0);
        let told = format!("{} {}", found.explanation, found.fix.text);
        assert!(says.is_none_or(|says| told.contains(says)) && !told.contains("app.test/other"), "{text}: {told}");
    }
}

/// Maintenance passes by itself: it says nothing about what was set up.
#[test]
fn maintenance_is_no_failure_of_a_set_up() {
    for (text, cause, status) in [
        (format!("GET {URL}/data/CustomersV3 503: down for maintenance"), "d365-maintenance", Status::Unknown),
        (format!("GET {URL}/data/CustomersV3 -> 401 Unauthorized"), "d365-not-registered", Status::Failed),
        ("AADSTS7000222".to_owned(), "secret-expired", Status::Failed),
        ("getaddrinfo ENOTFOUND x.test".to_owned(), "dns", Status::Unknown),
    ] {
        let judged = Judge { book: assets::rules(), guide: None, values: &|_| None }.judge(&read_text(&text));
        assert_eq!((judged.1[0].cause.as_str(), judged.0), (cause, status), "{text}");
    }
}

/// A connection that broke behind an answer is what is wrong; one that broke before it is over.
#[test]
fn a_break_counts_by_its_place_among_the_answers() {
    for (text, is_over) in [
        ("POST /oauth2/v2.0/token HTTP/1.1 200 OK, then: read ECONNRESET", false),
        ("read ECONNRESET, tried again: HTTP/1.1 200 OK", true),
    ] {
        let found = judge(&read_text(text));
        let connect = found.iter().find(|finding| finding.cause == Cause::Connect).unwrap();
        assert_eq!(connect.confidence == Confidence::Possible, is_over, "{text}: {found:#?}");
    }
}

/// A cause that only one product has leads to that product's guide, whoever the text says has answered.
#[test]
fn a_cause_of_one_product_has_its_guide() {
    let known = Known { book: assets::rules(), guides: assets::guides(), clouds: assets::clouds() };
    let text = r#"{"error":{"code":"Authentication_InvalidCredentials","message":"The server has rejected the client credentials."}}"#;
    let found = known.read(text, None, None, NOW).findings.remove(0);
    assert_eq!((found.cause.as_str(), found.fix.guide.as_deref()), ("bc-app-not-enabled", Some("business-central")));
    assert_eq!(known.read("AADSTS7000222", None, None, NOW).findings.remove(0).fix.guide, None);
}

/// Codes of Microsoft come and go: what stands around one that is not known judges, and the code is told.
#[test]
fn a_code_that_is_not_known_leaves_the_rest_to_judge() {
    let known = known_codes();
    for code in [50_999, 70_999, 700_999, 7_009_999, 90_000_001] {
        assert!(!known.contains(&code));
        for (rest, cause) in [
            ("", "unknown"),
            (r#"{"error":"invalid_client"}"#, "secret-wrong"),
            (r#"{"error":"invalid_resource"}"#, "resource-not-found"),
            (r#"{"error":"invalid_scope"}"#, "scope-malformed"),
            (r#"{"error":"temporarily_unavailable"}"#, "service-unavailable"),
            ("HTTP/1.1 429 Too Many Requests", "throttled"),
            ("HTTP/1.1 503 Service Unavailable", "service-unavailable"),
        ] {
            let evidence = read_text(&format!("{rest} AADSTS{code}: words that nobody knows"));
            assert_eq!((evidence.codes.as_slice(), evidence.origin), (&[code][..], Some(Origin::Entra)));
            let found = judge(&evidence);
            assert_eq!(found[0].cause.as_str(), cause, "{rest} {code}: {found:#?}");
            let sure = evidence.http_status == Some(429);
            assert!(sure || found.iter().all(|finding| finding.confidence < Confidence::Certain), "{found:#?}");
            if rest.is_empty() {
                assert!(found[0].explanation.contains(&format!("error?code={code}")), "{}", found[0].explanation);
            }
        }
    }
}

/// Half of a connection is often fine: whoever reads a finding is told which, so that nobody renews a secret that Entra
/// has just accepted.
#[test]
fn findings_tell_what_is_right_and_what_was_not_reached() {
    const TELLS: [&str; 24] = [
        "is right",
        "are right",
        "be right",
        "found",
        "exist",
        "issued",
        "looked at",
        "judged",
        "asked",
        "says nothing",
        "not refused",
        "changes nothing",
        "was sent",
        "works",
        "known",
        "not the reason",
        "was reached",
        "lets the person in",
        "signed in",
        "would have refused",
        "a success",
        "did not see",
        "admits",
        "knows the app",
    ];
    let told = |text: &str| TELLS.iter().any(|part| text.contains(part));
    let silent = assets::rules().causes.iter().filter(|cause| cause.id != Cause::Unknown && !told(&cause.explanation));
    let silent: Vec<_> = silent.map(|cause| (cause.id.as_str(), &cause.explanation)).collect();
    assert!(silent.is_empty(), "{silent:#?}");
    let judged = |text: &str| judge(&read_text(text)).remove(0).explanation;
    for (text, says) in [
        ("AADSTS7000222", "Client id and tenant are right"),
        ("AADSTS700016", "The tenant exists"),
        ("AADSTS90002", "Client id and credential were not looked at"),
        ("AADSTS500011", "D365 was not asked"),
        ("AADSTS501051", "A new credential changes nothing"),
        ("AADSTS53003", "A new credential changes nothing"),
        ("GET https://contoso.operations.dynamics.com/data/X -> 403 Forbidden", "A new credential changes nothing"),
        (r#"{"error":{"code":"0x80072560","message":"x"}}"#, "Entra issued a token"),
        ("getaddrinfo ENOTFOUND x.test", "The credentials were not judged"),
    ] {
        assert!(judged(text).contains(says), "{text}: {}", judged(text));
    }
}

/// Two answers in one text are two findings, and neither says that the other was not reached.
#[test]
fn a_second_answer_is_heard() {
    let call = "GET https://contoso.operations.dynamics.com/data/CustomersV3 403 Forbidden";
    for code in [7_000_215, 7_000_222, 700_016, 500_011, 53_003] {
        let entra = format!("AADSTS{code}: It did not work.");
        let alone = judge(&read_text(&entra));
        let both = judge(&read_text(&format!("{entra}\n{call}")));
        assert_eq!(both[0].cause, alone[0].cause);
        for cause in [Cause::D365PrivilegeMissing, Cause::D365UserUnusable] {
            assert!(both.iter().any(|finding| finding.cause == cause), "{both:#?}");
            assert!(alone.iter().all(|finding| finding.cause != cause), "{alone:#?}");
        }
        assert!(both.iter().all(|finding| !finding.explanation.contains("not asked")), "{both:#?}");
    }
}

/// What a text only speaks of is not certain, and the finding says why.
#[test]
fn what_is_only_spoken_of_is_possible_at_most() {
    for (text, says) in [
        ("Resolved: AADSTS7000222", "something past"),
        ("If it returns AADSTS7000222, renew the secret", "that may happen"),
        ("There was no AADSTS7000222", "did not come"),
        ("AADSTS7000222: Expired.\ntoken acquired", "a call succeeds"),
    ] {
        let found = judge(&read_text(text));
        assert_eq!((found[0].cause, found[0].confidence), (Cause::SecretExpired, Confidence::Possible), "{text}");
        assert!(found[0].explanation.contains(says), "{text}: {}", found[0].explanation);
    }
    // A test that passed is no failure at all.
    let found = judge(&read_text("test tokens::AADSTS7000222 ... ok"));
    let seen: Vec<_> = found.iter().map(|finding| (finding.cause, finding.confidence)).collect();
    assert_eq!(seen, [(Cause::NotAnError, Confidence::Likely), (Cause::SecretExpired, Confidence::Possible)]);
    assert!(found[1].explanation.contains("a test that passed"), "{found:#?}");
    // Another code in the same text is an answer of its own.
    let found =
        judge(&read_text("Resolved: AADSTS7000222\nAADSTS700016: Application with identifier 'abc' was not found"));
    let seen: Vec<_> = found.iter().map(|finding| (finding.cause, finding.confidence)).collect();
    let expected = [(Cause::ClientNotFound, Confidence::Certain), (Cause::SecretExpired, Confidence::Possible)];
    assert_eq!(seen, expected);
}

/// A code behind a sign that is several bytes long is no row of a list, and the text is read all the same.
#[test]
fn signs_before_a_code_may_be_of_any_width() {
    for sign in ["é", "ௐ", "𞤀ௐ", "🙂", "•", "\u{301}"] {
        let evidence = read_text(&format!("{sign}AADSTS\r\n50126"));
        assert_eq!(evidence.codes, [50126], "{sign}");
        assert_eq!(judge(&evidence)[0].cause.as_str(), "user-sign-in", "{sign}");
    }
}

/// Words that look like others: what a report says plainly is read as it is meant.
#[test]
fn plain_reports_are_read_as_they_are_meant() {
    const CALL: &str = "GET https://contoso.operations.dynamics.com/data/CustomersV3";
    let registered = Some("d365-not-registered");
    for (text, status, first) in [
        ("The remote server returned an unexpected response: (401) Unauthorized.".to_owned(), Some(401), registered),
        (format!("{CALL}: unexpected response status 401"), Some(401), registered),
        (format!("An unexpected error occurred: 403 Forbidden {CALL}"), Some(403), Some("d365-privilege-missing")),
        (format!("expected 200 but got 401 from {CALL}"), Some(401), registered),
        (format!("When I call {CALL} I get HTTP 401"), Some(401), registered),
        (format!("the connector documentation was followed, {CALL} returns HTTP 401"), Some(401), registered),
        (format!("Call: {CALL}<br>HTTP 401 Unauthorized"), Some(401), registered),
        (format!("{CALL}</td><td>401 Unauthorized"), Some(401), registered),
        (format!("headers = {{\"Authorization\": token_type + token}} {CALL} HTTP 401"), Some(401), registered),
        ("Since the update nothing works now.".into(), None, Some("unknown")),
        ("The flow stops: no token received.".into(), None, Some("unknown")),
        ("The token received is for the wrong API, the call is refused".into(), None, Some("unknown")),
        ("Everything is fine except the connector shows nothing".into(), None, Some("unknown")),
        ("The client secret expires in 300 days. The connector says: unauthorized".into(), None, Some("unknown")),
        ("company has configured the application wrongly".into(), None, Some("unknown")),
        ("Case 12345: AADSTS7000215: Invalid client secret provided.".into(), None, Some("secret-wrong")),
        ("Let me know what this is: AADSTS7000215: Invalid client secret provided.".into(), None, Some("secret-wrong")),
        ("- AADSTS7000215: Invalid client secret provided.\n".repeat(3), None, Some("secret-wrong")),
        (
            "HTTP/1.1 407 Proxy Authentication Required\n<html><body>squid</body></html>".into(),
            Some(407),
            Some("proxy"),
        ),
        (
            "GET /v2.0/6f1c0000-0000-4000-8000-000000000001/Production/ODataV4/Company('X')/Customers 401 Unauthorized"
                .into(),
            Some(401),
            registered,
        ),
    ] {
        let evidence = read_text(&text);
        let found = judge(&evidence);
        assert_eq!(
            (evidence.http_status, found.first().map(|first| first.cause.as_str())),
            (status, first),
            "{text}: {found:?}"
        );
    }
}

/// The errors of a log, judged and put together.
fn groups_of(log: &str) -> Vec<Group> {
    let mut scan = LogScan::default();
    for part in log.as_bytes().chunks(4096) {
        scan.space()[..part.len()].copy_from_slice(part);
        scan.filled(part.len());
    }
    groups(scan.finish().kinds, judge)
}

/// One group for each cause, app and tenant: faults first, then what no rule knows, then what is no error.
#[test]
fn errors_of_a_log_are_put_together() {
    let of_app = |app: &str| {
        format!(
            "AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '{app}'."
        )
    };
    let (own, other) = (of_app(CLIENT), of_app(OTHER));
    let policy = |code: u32| format!("AADSTS{code}: Access has been blocked by Conditional Access policies.");
    let log = [
        ("09:00", "AADSTS70016: OAuth 2.0 device flow error. Authorization is pending. Continue polling."),
        ("09:01", "AADSTS70016: OAuth 2.0 device flow error. Authorization is pending. Continue polling."),
        ("09:02", "AADSTS70016: OAuth 2.0 device flow error. Authorization is pending. Continue polling."),
        ("09:03", "AADSTS70016: OAuth 2.0 device flow error. Authorization is pending. Continue polling."),
        ("09:04", "AADSTS99999999: Something new."),
        ("09:05", "AADSTS99999999: Something new."),
        ("10:00", &other),
        ("10:01", &own),
        ("10:02", &own),
        ("10:03", &own),
        ("10:04", &policy(53003)),
        ("10:05", &policy(53000)),
        ("10:06", &policy(53003)),
        ("10:07", &policy(53003)),
        ("10:08", &policy(53000)),
    ];
    let log: String = log.iter().map(|(time, text)| format!("2026-11-21 {time}:00Z ERROR {text}\n")).collect();
    let found = groups_of(&log);
    let seen: Vec<_> = found
        .iter()
        .map(|group| {
            let times = group.times.map(|(first, last)| format!("{first} {last}")).unwrap();
            (
                group.cause().as_str(),
                group.codes.as_slice(),
                group.named("app"),
                group.count,
                times.replace("2026-11-21T", ""),
            )
        })
        .collect();
    let expected = [
        ("policy-blocked", &[53003, 53000][..], None, 5, "10:04:00Z 10:08:00Z".to_owned()),
        ("secret-wrong", &[7_000_215], Some(CLIENT), 3, "10:01:00Z 10:03:00Z".into()),
        ("secret-wrong", &[7_000_215], Some(OTHER), 1, "10:00:00Z 10:00:00Z".into()),
        ("unknown", &[99_999_999], None, 2, "09:04:00Z 09:05:00Z".into()),
        ("not-an-error", &[70016], None, 4, "09:00:00Z 09:03:00Z".into()),
    ];
    assert_eq!(seen, expected);
}

/// What programs put around an answer of Entra on its way into a log, a page or an address.
fn wrapped(text: &str, how: u8) -> String {
    match how {
        0 => serde_json::to_string(text).unwrap(),
        1 => json!({"level": "error", "message": text, "statusText": "see message"}).to_string(),
        2 => url::form_urlencoded::byte_serialize(text.as_bytes()).collect(),
        3 => text.replace('&', "&amp;").replace('"', "&quot;").replace('\'', "&#39;").replace('<', "&lt;"),
        4 => format!("2026-11-21T10:00:00.123Z [worker-12] ERROR c.c.Sync - no token: {text} (attempt 3 of 3)"),
        5 => format!(
            "System.Exception: token failed ---> {text}\n   at Contoso.Token.Get() in C:\\src\\Token.cs:line 401"
        ),
        6 => format!("\u{1b}[31m{text}\u{1b}[0m"),
        _ => text.lines().map(|line| format!("> {line}\r\n")).collect(),
    }
}

proptest! {
    /// However often an answer was wrapped: the same codes, the same error, the same findings.
    #[test]
    fn wrapping_changes_no_finding(hows in proptest::collection::vec(0_u8..8, 0..4), code in proptest::sample::select(vec![7000215_u32, 700016, 90002, 500011, 50011])) {
        let answer = json!({
            "error": "invalid_request",
            "error_description": format!("AADSTS{code}: It did not work for '{CLIENT}'. Trace ID: {OTHER} Correlation ID: {OTHER} Timestamp: 2026-11-21 10:00:00Z"),
            "error_codes": [code], "trace_id": OTHER, "correlation_id": OTHER
        }).to_string();
        let text = hows.iter().fold(answer.clone(), |text, how| wrapped(&text, *how));
        let (bare, evidence) = (read_text(&answer), read_text(&text));
        prop_assert_eq!(&evidence.codes, &[code], "{}", text);
        prop_assert_eq!(evidence.oauth_error.as_deref(), Some("invalid_request"), "{}", text);
        prop_assert_eq!(evidence.trace_id.as_deref(), Some(OTHER), "{}", text);
        prop_assert_eq!(evidence.http_status, None, "{}", text);
        prop_assert_eq!(judge(&evidence)[0].cause, judge(&bare)[0].cause, "{}", text);
    }

    /// Whatever is pasted, nothing that acts on a terminal comes out, and nothing of a token.
    #[test]
    fn any_paste_is_judged(text in "(\\PC|[\\x00-\\x{ffff}]|AADSTS|\"error\":|\\\\u00|%2|error_codes|Location: |'|401|\u{1b}\\[|<html|&#|\r\n){0,60}") {
        let text = format!("{text} Bearer {} {text}", token(&json!({"tid": text.clone()})));
        let (evidence, claims) = read_pasted(&text, Some(&fno()), NOW);
        let rows = claims.map(|claims| claims.rows(None, NOW)).unwrap_or_default();
        let found = judge(&evidence);
        prop_assert!(!found.is_empty());
        let shown = [evidence.text.as_str()].into_iter().chain(evidence.named.values().map(String::as_str));
        let shown = shown.chain(found.iter().flat_map(|one| [&*one.title, &one.explanation, &one.fix.text]));
        for text in shown.chain(rows.iter().map(|row| row.found.as_str())) {
            prop_assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{:?}", text);
            prop_assert!(!text.contains("c2lnbmF0"), "{}", text);
        }
    }
}

/// What is as deep or as long as can be is read to a bound, and once more says no more.
#[test]
fn depth_and_length_end() {
    for part in ["[", "\"error\":{", "%25", "\u{202e}"] {
        let text = part.repeat(300_000 / part.len());
        let evidence = read_text(&text);
        assert!(evidence.text.as_str().chars().count() <= 2_001, "{part}");
        assert!(evidence.named.values().all(|value| value.chars().count() <= 200), "{part}");
        assert!(!judge(&evidence).is_empty());
    }
    // A token whose claims are nested without end is opaque.
    let deep = format!("{}1{}", "[".repeat(20_000), "]".repeat(20_000));
    let deep = format!("e30.{}.x", URL_SAFE_NO_PAD.encode(format!("{{\"aud\":{deep}}}")));
    assert_eq!(Claims::read(&deep), None);
}
