//! The embedded knowledge, cross-checked: every file parses, every name exists, every example comes out as its rule says.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use d365_connect::assets;
use d365_connect::core::claims::Claims;
use d365_connect::core::cloud::{CloudId, HostKind};
use d365_connect::core::evidence::{Mark, read_text};
use d365_connect::core::guide::{Guide, Listing, Need, Product, Step};
use d365_connect::core::permissions::{self, Standing};
use d365_connect::core::profile::{ProfileDraft, SecretSource};
use d365_connect::core::question::{self, Context, FieldId, Note, Weight};
use d365_connect::core::rules::{Cause, Confidence, Finding, Judge, Rule, When};
use d365_connect::core::template;
use serde_json::json;
use std::collections::BTreeSet;

/// The steps that findings of every guide may lead to (contract, section 3).
const STEPS: [&str; 7] =
    ["before-you-start", "register-app", "client-secret", "permissions", "values", "register-in-d365", "test"];

/// Hosts that a link may lead to, besides the environment itself.
const LINK_HOSTS: &[&str] = &[
    "entra.microsoft.com",
    "portal.azure.us",
    "portal.azure.cn",
    "admin.powerplatform.microsoft.com",
    "businesscentral.dynamics.com",
    "contoso.test",
];

fn sample(name: &str) -> Option<String> {
    match name {
        "client_id" => Some("66666666-7777-4888-9999-aaaaaaaaaaaa".into()),
        "tenant_id" => Some("11111111-2222-4333-8444-555555555555".into()),
        "resource_url" => Some("https://contoso.test".into()),
        "user_id" => Some("svc-odata".into()),
        "environment" => Some("Production".into()),
        "portal" => Some("https://entra.microsoft.com".into()),
        _ => None,
    }
}

fn nothing(_: &str) -> Option<String> {
    None
}

fn findings(text: &str) -> Vec<Finding> {
    Judge { book: assets::rules(), guide: None, values: &nothing }.findings(&read_text(text))
}

#[test]
fn ids_are_unique() {
    let guides: Vec<&str> = assets::guides().iter().map(|guide| guide.id.as_str()).collect();
    assert_eq!(guides.len(), guides.iter().collect::<BTreeSet<_>>().len());
    for guide in assets::guides() {
        let steps: BTreeSet<&str> = guide.steps.iter().map(|step| step.id.as_str()).collect();
        assert_eq!(steps.len(), guide.steps.len(), "{}", guide.id);
        let missing: Vec<&&str> = STEPS.iter().filter(|step| !steps.contains(**step)).collect();
        assert!(missing.is_empty(), "{} lacks {missing:?}", guide.id);
        let reads: BTreeSet<&str> = guide.reads.iter().map(|entity| entity.name.as_str()).collect();
        assert!(!reads.is_empty() && reads.len() == guide.reads.len(), "{}", guide.id);
        for now in guide.renamed.values() {
            assert!(reads.contains(now.as_str()), "{}: {now} is read by no check", guide.id);
        }
    }
    let endings: BTreeSet<&str> = assets::clouds().hosts.iter().map(|rule| rule.ending.as_str()).collect();
    assert_eq!(endings.len(), assets::clouds().hosts.len());
}

/// Beside its value there is room for so much of it at 80 columns.
#[test]
fn labels_fit_beside_their_values() {
    for guide in assets::guides() {
        for field in FieldId::ALL.into_iter().filter(|field| guide.takes(*field)) {
            assert!(guide.label(field).chars().count() <= 24, "{}: {}", guide.id, guide.label(field));
        }
    }
}

#[test]
fn a_guide_collects_every_field_once() {
    for guide in assets::guides() {
        let collected: Vec<FieldId> = guide.steps.iter().flat_map(|step| step.collects.iter().copied()).collect();
        let once: BTreeSet<FieldId> = collected.iter().copied().collect();
        assert_eq!(collected.len(), once.len(), "{}: a field is collected twice", guide.id);
        for field in guide.needs() {
            assert!(once.contains(&field), "{}: {field} is collected by no step", guide.id);
        }
        for field in &collected {
            let known = guide.needs().contains(field) || guide.optional.contains(field);
            assert!(known, "{}: {field} is neither required nor optional", guide.id);
        }
    }
}

#[test]
fn guides_read_well() {
    for guide in assets::guides() {
        assert!(!guide.title.is_empty() && !guide.summary.is_empty() && guide.short.chars().count() <= 24);
        for step in &guide.steps {
            let Step { id, title, short, who, place, actions, watch, done, .. } = step;
            for text in [title, short, who, place, done] {
                assert!(!text.trim().is_empty(), "{id}");
            }
            assert!(short.chars().count() <= 18, "{id}: '{short}' is too wide for the list of steps");
            assert!(place.chars().count() <= 80, "{id}: {place}");
            assert!((1..=8).contains(&actions.len()), "{id}");
            for action in actions {
                assert!(action.chars().count() <= 150, "{id}: {action}");
            }
            for text in actions.iter().chain(watch).chain([who, place, done]) {
                assert!(template::holes(text).is_empty(), "{id}: no value is filled into '{text}'");
                assert!(!text.contains("  ") && text.trim() == text, "{id}: {text}");
            }
        }
        for permission in &guide.permissions {
            assert!(!permission.why.is_empty(), "{}", permission.name);
            assert_eq!(permission.need == Need::Retired, permission.now.is_some(), "{}", permission.name);
        }
        for (field, words) in &guide.words {
            assert!(guide.takes(*field), "{}: words for {field}, which it does not take", guide.id);
            let given = [&words.label, &words.help, &words.example];
            assert!(given.iter().any(|text| text.is_some()) && !given.into_iter().flatten().any(String::is_empty));
        }
        for text in texts(guide) {
            assert!(!text.contains("  ") && text.trim() == text, "{}: '{text}'", guide.id);
            assert!(!text.contains("[U]") && !text.contains("seed"), "{}: '{text}'", guide.id);
        }
    }
}

/// Every text of a guide that people read.
fn texts(guide: &Guide) -> Vec<&str> {
    let mut texts: Vec<&String> = vec![&guide.title, &guide.summary];
    for step in &guide.steps {
        texts.extend([&step.title, &step.who, &step.place, &step.done]);
        texts.extend(step.actions.iter().chain(&step.watch));
    }
    texts.extend(guide.permissions.iter().flat_map(|permission| [&permission.name, &permission.why]));
    if let Some(form) = &guide.form {
        texts.push(&form.title);
        texts.extend(form.fields.iter().flat_map(|field| [&field.name, &field.value, &field.about]));
    }
    texts.into_iter().map(String::as_str).collect()
}

/// Ids, products, sign-ins and fields of every guide (contract, sections 2 and 3).
#[test]
fn guides_are_those_of_the_contract() {
    use FieldId::*;
    use Product::*;
    use d365_connect::core::guide::SignIn::{App, DeviceCode, Loopback};
    let network = [AuthorityUrl, GraphUrl, CaCertificate];
    let always = [Cloud, Expires, Entities];
    for (id, product, sign_in, required, optional) in [
        ("fno-client-credentials", FinanceOperations, &[App][..], &[ResourceUrl][..], &[UserId, Company][..]),
        (
            "fno-delegated",
            FinanceOperations,
            &[Loopback, DeviceCode],
            &[ResourceUrl],
            &[SignIn, RedirectUri, UserId, Company],
        ),
        ("office365", Graph, &[App], &[], &[ResourceUrl, Permissions]),
        (
            "business-central",
            BusinessCentral,
            &[App, Loopback, DeviceCode],
            &[Environment],
            &[SignIn, RedirectUri, ResourceUrl, Company, Permissions],
        ),
        ("c1-fno", FinanceOperations, &[App], &[ResourceUrl], &[UserId, Company]),
    ] {
        let guide = assets::guide(id).unwrap();
        assert_eq!((guide.product, guide.sign_in.as_slice(), guide.required.as_slice()), (product, sign_in, required));
        let taken: BTreeSet<FieldId> = guide.optional.iter().copied().collect();
        let wanted = optional.iter().chain(&always).chain(&network).copied();
        assert_eq!(taken, wanted.collect(), "{id}");
    }
    assert_eq!(assets::guides().len(), 5);
    let reads = |id: &str| assets::guide(id).unwrap().reads.iter().map(|read| read.name.as_str()).collect::<Vec<_>>();
    let fno = [
        "LegalEntities",
        "CustomersV3",
        "VendorsV2",
        "SalesOrderHeadersV2",
        "ReleasedProductsV2",
        "LedgerJournalHeaders",
    ];
    assert_eq!((reads("fno-client-credentials"), reads("fno-delegated")), (fno.to_vec(), fno.to_vec()));
    assert_eq!((reads("office365"), reads("business-central")), (vec!["organization"], vec!["companies"]));
    let c1 = &assets::guide("c1-fno").unwrap().reads;
    let either: Vec<_> = c1.iter().map(|read| (read.name.as_str(), read.either.is_some())).collect();
    let one_of = [("SecurityUserRoles", true), ("SecurityUserRoleAssociations", true)];
    assert_eq!(either, [&[("SystemUsers", false), ("SecurityRoles", false)], &one_of[..]].concat());
    assert_eq!(c1[2].either, c1[3].either);
}

/// What a guide has besides its steps is shown by exactly one of them, and the form has no hole that nothing fills.
#[test]
fn guides_show_their_permissions_and_their_form() {
    for guide in assets::guides() {
        let shown: Vec<(Listing, &str)> =
            guide.steps.iter().flat_map(|step| step.lists.iter().map(|list| (*list, step.id.as_str()))).collect();
        assert_eq!(shown.iter().filter(|(list, _)| *list == Listing::Form).count(), 1, "{}", guide.id);
        let permissions: Vec<_> = shown.iter().filter(|(list, _)| *list == Listing::Permissions).collect();
        assert_eq!(permissions, [&(Listing::Permissions, "permissions")], "{}", guide.id);
        assert!(!guide.permissions.is_empty());
        // The last step is the test: the screens end there.
        assert_eq!(guide.steps.last().unwrap().id, "test");
        let mut draft = ProfileDraft::new(&guide.id);
        for field in FieldId::ALL.into_iter().filter(|field| guide.takes(*field)) {
            draft.set(field, guide.example(field));
        }
        for field in &guide.form.as_ref().unwrap().fields {
            let value = |name: &str| draft.template_value(name, Some(guide), assets::clouds());
            let filled = template::fill(&field.value, &value);
            assert!(filled.is_some(), "{}: {} = {}", guide.id, field.name, field.value);
            assert!(!field.value.is_empty() || !field.about.is_empty(), "{}", field.name);
        }
    }
}

/// What the products call our values, and what their own pages say that is no longer so (facts, section 8): the guide
/// tells each, and what holds now.
#[test]
fn guides_name_the_values_and_correct_their_vendors() {
    for (id, phrases) in [
        (
            "fno-client-credentials",
            &[
                "Client ID",
                "Tenant ID",
                "Secret value",
                "Resource URL",
                "Microsoft Entra ID today",
                "/auth as redirect URI",
                "180 days",
                "Connector.FullAccess is disputed",
                "Admin or to yourself",
                "VendVendors",
                "LedgerJournalHeaders",
                "ODataIntegration",
                "Azure subscription",
            ][..],
        ),
        (
            "fno-delegated",
            &[
                "API key",
                "API secret",
                "https://auth.cloudelements.io/oauth",
                "The vendor's page says Never",
                "12/31/2299",
                "24 months",
                "AADSTS7000222",
                "Azure Active Directory: that is Microsoft Entra ID",
                "Azure Active Directory applications; since about 2023",
                "A trial of Finance & Operations has no API",
                "add http://localhost under Web",
                "AADSTS700025",
                "AADSTS53003",
                "'Allow public client flows' to Yes",
                "most likely that person's own account",
                "offline_access",
                "AX.FullAccess, CustomService.FullAccess and Odata.FullAccess",
                "made-up e-mail",
            ],
        ),
        (
            "office365",
            &[
                "API key",
                "API secret",
                "The vendor's page says Never",
                "12/31/2299",
                "24 months",
                "Azure Active Directory is called Microsoft Entra ID since",
                "eight permissions of Azure Active Directory Graph. That API is retired",
                "Directory.ReadWrite.All",
                "far fewer",
                "our inference",
                "Graph keeps no list of apps",
                "twenty permissions",
            ],
        ),
        (
            "business-central",
            &[
                "Versions",
                "Company Name",
                "Tenant ID",
                "Scope",
                "Client Secret",
                "Client ID",
                "Grant Type",
                "client_credentials",
                "Environment",
                "API URL",
                "Throttling",
                "pre-populated",
                "Dynamics365_Integration",
                "The vendor's page says Application.ReadWrite.All",
                "API.ReadWrite.All is meant",
                "The vendor's page leaves this card out",
                "State: set it to Enabled",
                "SUPER cannot be used",
                "https://businesscentral.dynamics.com/OAuthLanding.htm",
                "Operations in the admin center",
                "customer categories, locations and shipping methods",
                "signing up for a trial",
            ],
        ),
        (
            "c1-fno",
            &[
                "BATON_ENVIRONMENT_URL",
                "BATON_DYNAMICS_CLIENT_ID",
                "BATON_DYNAMICS_CLIENT_SECRET",
                "BATON_TENANT_ID",
                "BATON_CLIENT_ID",
                "BATON_CLIENT_SECRET",
                "BATON_PROVISIONING",
                "BATON_SYNC_ONLY_ENABLED_ROLE_ASSIGNMENTS",
                "BATON_HOST_ID",
                "public.ecr.aws/conductorone/baton-microsoft-dynamics-fo:latest",
                "once took the image from ghcr.io; since",
                "'Environment URL' is Dataverse",
                "Enterprise applications › All applications. The button is on the app's own page",
                "no effect on an app that signs in by itself",
                "C1's page says your own user id",
                "swapped easily",
                "disable_user and enable_user",
                "valid licence",
                "Connector Administrator or Super Administrator",
                "Syncing, then to Connected",
                "Entitlements and Accounts",
                "beta",
                "Dataverse API",
            ],
        ),
    ] {
        let all = texts(assets::guide(id).unwrap()).join("\n");
        let missing: Vec<&&str> = phrases.iter().filter(|phrase| !all.contains(**phrase)).collect();
        assert!(missing.is_empty(), "{id}: {missing:#?}");
    }
}

/// The eight permissions of the switched-off API are told as such, and what is on another API is not taken for ours.
#[test]
fn permissions_are_told_apart() {
    let of = |id: &str| &assets::guide(id).unwrap().permissions;
    let retired = of("office365").iter().filter(|permission| permission.need == Need::Retired);
    assert_eq!(retired.clone().count(), 8);
    assert!(retired.clone().all(|permission| permission.api == "Azure Active Directory Graph"));
    let notes = |id: &str, sign_in: &str, value: &str| -> Vec<String> {
        let notes = notes(id, FieldId::Permissions, value, &[(FieldId::SignIn, sign_in)]);
        notes.into_iter().map(|note| note.text).collect()
    };
    for (id, sign_in, value, told) in [
        // Its name in Microsoft Graph is the same, and so is not told again.
        ("office365", "", "Directory.ReadWrite.All", "is retired: add the one of Microsoft Graph$"),
        ("office365", "", "User.Read", "not for an app that signs in by itself"),
        ("office365", "", "user.read.all", "letter case"),
        ("business-central", "", "Application.ReadWrite.All", "belongs to Microsoft Graph"),
        ("business-central", "", "Financials.ReadWrite.All", "not for an app that signs in by itself"),
        ("business-central", "loopback", "API.ReadWrite.All", "not for a person who signs in"),
        ("business-central", "", "Nope.Read", "not a permission that this guide knows"),
    ] {
        let notes = notes(id, sign_in, value);
        assert!(notes.len() == 1 && format!("{}$", notes[0]).contains(told), "{id} {value}: {notes:?}");
    }
    for (id, sign_in, value) in [
        ("office365", "", "Organization.Read.All, Calendars.ReadWrite"),
        ("business-central", "app", "API.ReadWrite.All"),
        ("business-central", "device-code", "Financials.ReadWrite.All, user_impersonation"),
    ] {
        assert_eq!(notes(id, sign_in, value), [""; 0], "{id} {value}");
    }
}

/// What a guide tells of a value, beside the other values of its profile.
fn notes(id: &str, field: FieldId, value: &str, others: &[(FieldId, &str)]) -> Vec<Note> {
    let other = |field| others.iter().find(|(other, _)| *other == field).map(|(_, value)| (*value).to_owned());
    let other = |field| other(field).unwrap_or_default();
    let (guide, clouds, today) = (assets::guide(id).unwrap(), assets::clouds(), jiff::civil::date(2026, 11, 21));
    question::examine(field, value, &Context { guide, clouds, other: &other, today })
}

/// What is typed into a field, and what is told of it: the worst first, and nothing else. `$` is the end of what is told.
#[test]
fn values_are_weighed() {
    use FieldId::{
        AuthorityUrl, Company, Entities, Environment, GraphUrl, RedirectUri, ResourceUrl, SignIn, TenantId, UserId,
    };
    use Weight::{Good, Hint, Odd, Problem, Told};
    let (bc, fno, person) = ("business-central", "fno-client-credentials", "fno-delegated");
    let (name, long) = ("e".repeat(64), "e".repeat(65));
    type Wanted<'a> = &'a [(Weight, &'a str)];
    let table: &[(&str, FieldId, &str, Wanted)] = &[
        (fno, TenantId, "contoso.onmicrosoft.com", &[(Good, "a domain")]),
        (fno, TenantId, "contoso.sandbox.test", &[(Good, "a domain")]),
        (fno, TenantId, "contoso.onmicrosoft.com/oauth2", &[(Problem, "this is a URL, not a tenant")]),
        (fno, TenantId, "login.microsoftonline.com", &[(Problem, "the host of a Microsoft service")]),
        (fno, ResourceUrl, "https://contoso.operations.dynamics.com", &[(Good, "a Finance & Operations host")]),
        (fno, ResourceUrl, "https://contoso.crm4.dynamics.com", &[(Hint, "Finance and Operations URL beside it")]),
        (bc, ResourceUrl, "https://contoso.crm4.dynamics.com", &[(Hint, "of Dataverse, not of Business Central")]),
        (
            bc,
            ResourceUrl,
            "https://businesscentral.dynamics.com",
            &[(Problem, "address in the browser, not that of its API")],
        ),
        (
            fno,
            ResourceUrl,
            "https://businesscentral.dynamics.com",
            &[(Hint, "of Business Central, not of Finance & Operations")],
        ),
        (fno, ResourceUrl, "https://fno.contoso.example", &[(Odd, "is it yours?")]),
        (fno, AuthorityUrl, "https://login.microsoftonline.us", &[(Good, "known")]),
        (fno, AuthorityUrl, "https://login.microsoftonline.us/", &[(Told, "the slash"), (Good, "known")]),
        (fno, AuthorityUrl, "https://login.sandbox.test", &[(Good, "known")]),
        (fno, AuthorityUrl, "http://localhost:8443", &[(Good, "known")]),
        (
            fno,
            AuthorityUrl,
            "https://graph.microsoft.com",
            &[(Odd, "graph.microsoft.com is not one of Microsoft's hosts for this")],
        ),
        (fno, AuthorityUrl, "http://login.contoso.example", &[(Problem, "use https")]),
        (fno, GraphUrl, "https://dod-graph.microsoft.us", &[(Good, "known")]),
        (fno, GraphUrl, "https://graph.contoso.example", &[(Odd, "is it yours?")]),
        (fno, UserId, "svc-odata", &[]),
        (fno, UserId, "kim@contoso.com", &[(Hint, "not the e-mail")]),
        (fno, UserId, "Admin", &[(Hint, "every right")]),
        (fno, Company, "USMF", &[]),
        (fno, Company, "DAT", &[]),
        (fno, Company, "Contoso", &[(Hint, "four characters at most")]),
        (bc, Company, "CRONUS USA, Inc.", &[]),
        (fno, SignIn, "app", &[(Good, "by itself")]),
        (person, SignIn, "device-code", &[(Good, "with a code")]),
        (fno, SignIn, "loopback", &[(Problem, "with this guide it is app$")]),
        (person, SignIn, "app", &[(Problem, "with this guide it is loopback or device-code")]),
        (person, SignIn, "browser", &[(Problem, "with this guide it is")]),
        (person, RedirectUri, "https://app.contoso.example/oauth", &[(Good, "letter by letter")]),
        (person, RedirectUri, "msal66666666://auth", &[(Good, "letter by letter")]),
        (person, RedirectUri, "http://localhost:8400/oauth", &[(Good, "this machine")]),
        (person, RedirectUri, "http://127.0.0.1:8400", &[(Hint, "in the manifest only")]),
        (person, RedirectUri, "http://[::1]:8400", &[(Hint, "does not support [::1]")]),
        (person, RedirectUri, "http://app.contoso.example/oauth", &[(Problem, "http is for this machine only")]),
        (person, RedirectUri, "app.contoso.example/oauth", &[(Problem, "a whole address")]),
        (person, RedirectUri, "urn:ietf:wg:oauth:2.0:oob", &[(Problem, "has a host")]),
        (person, RedirectUri, "com.contoso.app:/oauth", &[(Problem, "has a host")]),
        (person, RedirectUri, "https://app.contoso.example/#/oauth", &[(Problem, "neither '#' nor '*'")]),
        (person, RedirectUri, "https://app.contoso.example/*", &[(Problem, "neither '#' nor '*'")]),
        (person, RedirectUri, "https://kim@app.contoso.example/oauth", &[(Problem, "user name or password")]),
        (person, RedirectUri, "https://:pw@app.contoso.example/oauth", &[(Problem, "user name or password")]),
        (bc, Environment, "UAT 2.1", &[]),
        (bc, Environment, &name, &[]),
        (bc, Environment, &long, &[(Problem, "cannot be the name")]),
        (bc, Environment, "Pro\u{7}duction", &[(Problem, "cannot be the name")]),
        (bc, Environment, "Production/api/v2.0", &[(Problem, "not its address")]),
        (fno, Entities, "CustomersV3, My_Entity", &[]),
        (fno, Entities, "Customers V3", &[(Problem, "only letters, digits and '_'")]),
        (
            fno,
            Entities,
            "CustomersV3, Customers",
            &[(Hint, "'Customers' is a table's name; the entity is 'CustomersV3'")],
        ),
    ];
    for (id, field, value, wanted) in table {
        let told = notes(id, *field, value, &[]);
        let is_as_wanted = told.len() == wanted.len()
            && told
                .iter()
                .zip(*wanted)
                .all(|(note, (weight, words))| note.weight == *weight && format!("{}$", note.text).contains(words));
        assert!(is_as_wanted, "{id} {field} {value}: {told:?}");
    }
}

/// A host of another cloud than the profile's is told, but not where the profile says its hosts itself.
#[test]
fn the_cloud_of_a_host_is_compared() {
    let url = "https://contoso.operations.dynamics.com";
    for (cloud, told) in [
        ("", None),
        ("global", None),
        ("us-gov", Some("belongs to cloud 'global', the profile says 'us-gov'")),
        ("custom", None),
    ] {
        let notes = notes("fno-client-credentials", FieldId::ResourceUrl, url, &[(FieldId::Cloud, cloud)]);
        let hint = notes.iter().find(|note| note.weight == Weight::Hint).map(|note| note.text.as_str());
        assert!(
            hint.is_some() == told.is_some() && hint.unwrap_or_default().contains(told.unwrap_or_default()),
            "{cloud}: {notes:?}"
        );
    }
}

/// A link whose holes are known names and which, filled in, leads to a host on the list.
fn leads_somewhere(link: &str) {
    for hole in template::holes(link) {
        assert!(sample(hole).is_some(), "unknown hole {hole} in {link}");
    }
    let filled = template::fill(link, &sample).unwrap();
    let url = url::Url::parse(&filled).unwrap();
    assert_eq!(url.scheme(), "https", "{filled}");
    assert!(LINK_HOSTS.contains(&url.host_str().unwrap()), "{filled}");
    assert!(!filled.contains(['{', '}', '[', ']']), "{filled}");
}

#[test]
fn links_are_https_and_lead_where_they_should() {
    for guide in assets::guides() {
        for step in &guide.steps {
            step.links.iter().for_each(|link| leads_somewhere(link));
            // Before any id is known there is still a page to open, but for D365, whose address is the value itself.
            if !step.links.is_empty() && step.id != "register-in-d365" {
                let portal = |name: &str| sample(name).filter(|_| name == "portal");
                assert!(step.url(&portal).is_some(), "{}: no link without ids", step.id);
            }
        }
    }
    let book = assets::rules();
    let own = book.causes.iter().map(|cause| &cause.links).chain(book.rules.iter().map(|rule| &rule.links));
    own.flatten().for_each(|link| leads_somewhere(link));
    let guide = assets::guide("fno-client-credentials").unwrap();
    for (step, url) in [
        (
            "client-secret",
            "https://entra.microsoft.com/#view/Microsoft_AAD_RegisteredApps/ApplicationMenuBlade/~/Credentials/appId/66666666-7777-4888-9999-aaaaaaaaaaaa/isMSAApp~/false",
        ),
        ("register-in-d365", "https://contoso.test/?cmp=DAT&mi=SysAADClientTable"),
    ] {
        assert_eq!(guide.step(step).unwrap().url(&sample).as_deref(), Some(url));
    }
}

#[test]
fn every_cause_has_its_words() {
    let book = assets::rules();
    for cause in Cause::ALL {
        let texts: Vec<_> = book.causes.iter().filter(|text| text.id == *cause).collect();
        assert_eq!(texts.len(), 1, "{}", cause.as_str());
        let text = texts[0];
        assert!((5..=70).contains(&text.title.chars().count()), "{}", text.title);
        assert!(!text.explanation.is_empty() && !text.fix.is_empty(), "{}", cause.as_str());
    }
}

#[test]
fn steps_of_findings_exist() {
    let book = assets::rules();
    let steps =
        book.causes.iter().map(|cause| &cause.step).chain(book.rules.iter().filter_map(|rule| rule.step.as_ref()));
    for step in steps {
        assert!(STEPS.contains(&step.as_str()), "{step}");
    }
    for cause in &book.causes {
        use d365_connect::core::rules::Owner;
        let waits = matches!(cause.id.owner(), Owner::Network | Owner::Microsoft | Owner::None);
        assert!(!waits || cause.step == "test", "{} leads to {}", cause.id.as_str(), cause.step);
    }
}

#[test]
fn what_passes_by_itself_is_mended_in_steps_that_exist() {
    let mut seen = Vec::new();
    for wait in &assets::rules().waits {
        assert!(!wait.causes.is_empty() && !wait.source.is_empty() && wait.text.ends_with('.'), "{wait:?}");
        for step in &wait.steps {
            assert!(STEPS.contains(&step.as_str()), "{step}");
        }
        for cause in &wait.causes {
            assert!(!seen.contains(cause), "{} waits twice", cause.as_str());
            seen.push(*cause);
        }
    }
    for cause in [Cause::SecretWrong, Cause::ServicePrincipalMissing, Cause::ConsentMissing, Cause::FederationMismatch]
    {
        assert!(seen.contains(&cause), "{}", cause.as_str());
    }
    let judge = Judge { book: assets::rules(), guide: None, values: &|_| None };
    let passes = |text: &str, marks: &[Mark]| {
        let mut evidence = read_text(text);
        evidence.marks.extend(marks);
        assets::rules().wait(&judge.findings(&evidence)[0]).is_some()
    };
    assert!(passes("AADSTS7000215", &[]) && passes("AADSTS7000229", &[]) && passes("AADSTS70021", &[]));
    assert!(!passes("AADSTS7000215", &[Mark::SecretIsGuid]) && !passes("AADSTS7000222", &[]) && !passes("hello", &[]));
}

/// Names that a finding's text may ask for: from the evidence, or from the profile.
const HOLES: &[&str] = &[
    "resource",
    "tenant",
    "app",
    "entity",
    "host",
    "redirect_to",
    "redirect_uri",
    "remedy",
    "store",
    "product",
    "days_left",
    "profile",
    "tenant_found",
    "expires",
    "reason",
    "begins",
    "cloud",
    "scope",
    "missing",
    "environment",
    "company",
    "there_are",
    "parameter",
    "subject",
    "thumbprint",
    "audience",
    "status",
    "code",
    "retry_after",
    "answer",
    "client_id",
    "tenant_id",
    "resource_url",
    "user_id",
    "portal",
    "code_text",
    "other_app",
    "other_tenant",
    "other_resource",
    "resource_app",
    "issuer",
    "wanted",
    "own_redirect",
    "ended",
    "audience_product",
    "token_issuer",
    "suberror",
    "not_asked",
    "invisible",
];

#[test]
fn texts_of_findings_can_be_filled() {
    let book = assets::rules();
    let texts = book
        .causes
        .iter()
        .flat_map(|cause| [&cause.title, &cause.explanation, &cause.fix])
        .chain(book.rules.iter().flat_map(|rule| [&rule.title, &rule.explanation, &rule.fix]).flatten());
    for text in texts {
        for hole in template::holes(text) {
            assert!(HOLES.contains(&hole), "unknown hole {hole} in: {text}");
        }
        // Without a profile and with empty evidence nothing is left half filled.
        let bare = template::fill(text, &nothing).unwrap_or_else(|| panic!("a hole outside of [[…]]: {text}"));
        assert!(!bare.contains("[[") && !bare.contains("]]") && !bare.contains("  "), "{bare}");
        // Filled or not, it is made of sentences.
        for text in [
            bare,
            template::fill(text, &|name| {
                Some(match name {
                    "code_text" | "remedy" => "It is so.".to_owned(),
                    "not_asked" => "D365 was not asked".to_owned(),
                    name => name.to_owned(),
                })
            })
            .unwrap(),
        ] {
            assert!(!text.contains(" ,") && !text.contains(" ;") && text.trim() == text, "{text}");
            let starts = text.split(". ").map(|sentence| sentence.chars().next().unwrap_or('.'));
            assert!(!starts.into_iter().any(char::is_lowercase), "{text}");
        }
    }
}

#[test]
fn every_example_comes_out_as_its_rule_says() {
    let book = assets::rules();
    let judge = Judge { book, guide: assets::guide("fno-client-credentials"), values: &sample };
    for rule in &book.rules {
        let cause = rule.cause.as_str();
        assert!(!rule.examples.is_empty(), "a rule of {cause} has no example: {:?}", rule.when);
        for example in &rule.examples {
            let evidence = example.evidence();
            let findings = judge.findings(&evidence);
            let at = findings.iter().position(|finding| finding.cause == rule.cause);
            let seen: Vec<_> = findings.iter().map(|f| (f.cause.as_str(), f.confidence.as_str())).collect();
            assert_eq!(at.map(|at| at + 1), Some(example.rank.unwrap_or(1)), "{cause}: {example:?} gave {seen:?}");
            let finding = &findings[at.unwrap()];
            assert_eq!(finding.confidence, rule.confidence, "{cause}: {example:?} gave {seen:?}");
            assert!(finding.title.chars().count() <= 90, "{}", finding.title);
            assert_eq!(finding.fix.guide.as_deref(), Some("fno-client-credentials"));
            assert!(STEPS.contains(&finding.fix.step.as_str()));
        }
    }
}

/// What a rule looks for is searched for in small letters, and in what Microsoft writes on one line.
#[test]
fn phrases_can_be_found() {
    for rule in &assets::rules().rules {
        for phrase in rule.when.text.iter().chain(&rule.when.also_text).chain(&rule.when.no_text) {
            let plain = phrase.trim_end_matches('*');
            assert!(plain.len() >= 3 && *plain == plain.to_ascii_lowercase(), "{phrase}");
            assert!(plain.trim() == plain && !plain.contains("  ") && !plain.contains('\n'), "{phrase}");
        }
    }
}

/// Two rules that are both certain about one code contradict each other, unless something else tells them apart.
#[test]
fn no_code_is_certain_twice() {
    let book = assets::rules();
    let certain: Vec<&Rule> =
        book.rules.iter().filter(|r| r.confidence == Confidence::Certain && !r.fallback).collect();
    let more = |when: &When| {
        let mut when = when.clone();
        when.codes.clear();
        format!("{when:?}")
    };
    for (i, one) in certain.iter().enumerate() {
        for other in &certain[i + 1..] {
            let shared = one.when.codes.iter().any(|code| other.when.codes.contains(code));
            let same = one.cause == other.cause || more(&one.when) != more(&other.when);
            assert!(!shared || same, "{} and {}", one.cause.as_str(), other.cause.as_str());
        }
        let codes: BTreeSet<u32> = one.when.codes.iter().copied().collect();
        assert_eq!(codes.len(), one.when.codes.len(), "{}: a code twice in {codes:?}", one.cause.as_str());
    }
}

/// No status alone makes a finding about D365 certain: sources disagree at the edges (facts 4.6).
#[test]
fn disputed_edges_are_never_certain() {
    for rule in &assets::rules().rules {
        let by_status = rule.when.status.iter().any(|status| [401, 403, 404].contains(status));
        assert!(!by_status || rule.confidence < Confidence::Certain, "{}", rule.cause.as_str());
    }
}

#[test]
fn codes_of_entra() {
    for (codes, cause) in [
        (&[7000215][..], "secret-wrong"),
        (&[7000222], "secret-expired"),
        (&[7000218], "secret-missing"),
        (&[700016], "client-not-found"),
        (&[7000229], "service-principal-missing"),
        (&[7000112, 70001], "app-disabled"),
        (&[500014], "resource-disabled"),
        (&[90002, 900023, 9001023, 50194, 90019, 50059], "tenant-not-found"),
        (&[500011, 50001, 650052], "resource-not-found"),
        (&[650057, 65005], "permission-missing"),
        (&[65001, 90094, 90095], "consent-missing"),
        (&[70011, 1002012], "scope-malformed"),
        (&[901002, 900144, 900561], "request-malformed"),
        (&[700027], "certificate-mismatch"),
        (&[50027, 500133, 700024], "clock-skew"),
        (&[700025], "public-client-blocked"),
        (&[50105, 501051], "assignment-required"),
        (&[53003, 530032, 530035, 53000], "policy-blocked"),
        (&[50076, 50079, 50126, 50034, 65004], "user-sign-in"),
        (&[70021, 700213, 7002137, 7002138, 700229], "federation-mismatch"),
        (&[50049, 90038, 900382, 900432], "wrong-cloud"),
        (&[50011, 70004, 500117], "redirect-mismatch"),
        (&[700082, 70008, 70043, 50173], "sign-in-expired"),
        (&[50000, 50033, 90006, 90024, 90033, 70012], "service-unavailable"),
        (&[90055, 50196], "throttled"),
        (&[70016], "not-an-error"),
    ] {
        for code in codes {
            for text in [format!("AADSTS{code}"), code.to_string(), format!("{{\"error_codes\":[{code}]}}")] {
                let found = findings(&text);
                assert_eq!(found[0].cause.as_str(), cause, "{text}: {found:?}");
            }
        }
    }
}

#[test]
fn what_is_not_known_is_unknown() {
    for text in ["", "hello", "AADSTS99999999", "401", "{}", "11111111-2222-4333-8444-555555555555"] {
        let found = findings(text);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].cause, found[0].confidence), (Cause::Unknown, Confidence::Possible), "{text}");
        assert_eq!(found[0].fix.step, "test");
    }
}

#[test]
fn clouds_have_their_addresses() {
    let clouds = assets::clouds();
    for id in CloudId::ALL {
        let cloud = clouds.get(id);
        assert_eq!(cloud.is_none(), id == CloudId::Custom);
        let Some(cloud) = cloud else { continue };
        for (address, kind) in
            [(&cloud.authority, HostKind::SignIn), (&cloud.graph, HostKind::Graph), (&cloud.portal, HostKind::Portal)]
        {
            let host = address.strip_prefix("https://").unwrap();
            assert!(!host.contains('/'), "{address}");
            assert_eq!(clouds.kind(host), kind, "{address}");
        }
        for alias in &cloud.authority_aliases {
            assert_eq!(clouds.kind(alias), HostKind::SignIn, "{alias}");
        }
    }
}

#[test]
fn hosts_are_told_apart() {
    use HostKind::*;
    let clouds = assets::clouds();
    for (host, kind, cloud) in [
        ("contoso.operations.dynamics.com", FinanceOperations, Some(CloudId::Global)),
        ("contoso.operations.eu.dynamics.com", FinanceOperations, Some(CloudId::Global)),
        ("contoso.operations.uae.dynamics.com", FinanceOperations, Some(CloudId::Global)),
        ("contoso-uat.sandbox.operations.dynamics.com", FinanceOperations, Some(CloudId::Global)),
        ("contoso-uat.sandbox.operations.fr.dynamics.com", FinanceOperations, Some(CloudId::Global)),
        ("contoso.operations.gov.microsoftdynamics.us", FinanceOperations, Some(CloudId::Global)),
        ("contoso.operations.high.microsoftdynamics.us", FinanceOperations, Some(CloudId::UsGov)),
        ("contosoaos.cloudax.dynamics.com", FinanceOperations, None),
        ("contosodevaos.axcloud.dynamics.com", FinanceOperations, None),
        ("usnconeboxax1aos.cloud.onebox.dynamics.com", FinanceOperations, None),
        ("contoso.crm.dynamics.com", Dataverse, Some(CloudId::Global)),
        ("contoso.crm4.dynamics.com", Dataverse, Some(CloudId::Global)),
        ("contoso.api.crm21.dynamics.com", Dataverse, Some(CloudId::Global)),
        ("contoso.crm9.dynamics.com", Dataverse, Some(CloudId::Global)),
        ("contoso.crm.microsoftdynamics.us", Dataverse, Some(CloudId::UsGov)),
        ("contoso.crm.appsplatform.us", Dataverse, Some(CloudId::UsDod)),
        ("contoso.crm.dynamics.cn", Dataverse, Some(CloudId::China)),
        ("api.businesscentral.dynamics.com", BusinessCentral, Some(CloudId::Global)),
        ("graph.microsoft.com", Graph, Some(CloudId::Global)),
        ("dod-graph.microsoft.us", Graph, Some(CloudId::UsDod)),
        ("graph.windows.net", RetiredGraph, Some(CloudId::Global)),
        ("login.microsoftonline.com", SignIn, Some(CloudId::Global)),
        ("login.microsoftonline.us", SignIn, None),
        ("login.partner.microsoftonline.cn", SignIn, Some(CloudId::China)),
        ("portal.azure.com", Portal, Some(CloudId::Global)),
        ("eu.lcs.dynamics.com", Portal, Some(CloudId::Global)),
        ("gov.lcs.microsoftdynamics.us", Portal, None),
        ("admin.powerplatform.microsoft.com", Portal, Some(CloudId::Global)),
        ("make.powerapps.com", Portal, Some(CloudId::Global)),
        ("contoso.sandbox.test", Sandbox, None),
        ("127.0.0.1", Loopback, None),
        ("contoso.operations.dynamics.com.evil.test", Odd, None),
        ("xoperations.dynamics.com", Odd, None),
        ("operations-dynamics.com", Odd, None),
        ("dynamics.com", Odd, None),
        ("sandbox.test.evil.test", Odd, None),
        ("contoso.operations.dynamics.cn", Odd, None),
    ] {
        assert_eq!(clouds.kind(host), kind, "{host}");
        assert_eq!(clouds.rule(host).and_then(|rule| rule.cloud), cloud, "{host}");
    }
    // The longest ending wins.
    assert!(clouds.rule("x.trial.operations.dynamics.com").unwrap().note.as_ref().unwrap().contains("trial"));
    assert!(clouds.rule("x.operations.gov.microsoftdynamics.us").unwrap().note.as_ref().unwrap().contains("worldwide"));
}

/// Texts as people paste them: what wraps the answer must not change the reading.
#[test]
fn pasted_texts() {
    for (text, cause) in [
        (
            "Microsoft.Identity.Client.MsalServiceException: A configuration issue is preventing authentication - check the error message \
             from the server for details. See https://aka.ms/msal-net-invalid-client for details.  Original exception: AADSTS7000215: Invalid \
             client secret provided.\n   at Microsoft.Identity.Client.OAuth2.OAuth2Client.ThrowServerException(HttpResponse response)",
            "secret-wrong",
        ),
        (
            "Invoke-RestMethod : {\"error\":\"unauthorized_client\",\"error_description\":\"AADSTS700016: Application with identifier 'x' was \
             not found in the directory 'Contoso'.\\r\\nTrace ID: 19072c09-bf6c-4c36-b128-b12280421700\"}\nAt line:1 char:1",
            "client-not-found",
        ),
        (
            "level=error msg=\"token\" err=\"{\\\"error\\\":\\\"invalid_client\\\",\\\"error_codes\\\":[7000222]}\"",
            "secret-expired",
        ),
        ("error=invalid_request&error_description=AADSTS90002%3A+Tenant+%27nope%27+not+found.", "tenant-not-found"),
        ("https://login.microsoftonline.com/error?code=50011", "redirect-mismatch"),
        (
            "System.Net.WebException: The remote server returned an error: (401) Unauthorized.\n   GET https://contoso.operations.dynamics.com/data/CustomersV3",
            "d365-not-registered",
        ),
        (
            "curl -i https://contoso.operations.dynamics.com/data/CustomersV3\nHTTP/2 403\ncontent-length: 0",
            "d365-privilege-missing",
        ),
        (
            "POST https://contoso.operations.dynamics.com/api/services/UserSessionService/AifUserSessionService/GetUserSessionInfo 403 Forbidden",
            "d365-user-unusable",
        ),
        ("HTTP/1.1 429 Too Many Requests\nRetry-After: 30\nhttps://contoso.operations.dynamics.com", "throttled"),
        ("HTTP/1.1 502 Bad Gateway", "service-unavailable"),
        (
            "HTTP/1.1 302 Found\nLocation: https://login.microsoftonline.com/contoso/wsfed?wtrealm=spn%3a00000015-0000-0000-c000-000000000000",
            "not-the-service",
        ),
        ("Error: getaddrinfo ENOTFOUND contoso.operations.dynamics.com", "dns"),
        (
            "requests.exceptions.SSLError: certificate verify failed: self signed certificate in certificate chain",
            "tls-untrusted",
        ),
        ("java.net.SocketTimeoutException: Read timed out", "timeout"),
        (
            "{\"token_type\":\"Bearer\",\"expires_in\":\"3599\",\"access_token\":\"eyJ0eXAiOiJKV1Qi.eyJhdWQiOiJodHRwczovL2Nvbn.c2ln\"}",
            "not-an-error",
        ),
        ("HTTP/1.1 200 OK\n{\"value\":[]}", "not-an-error"),
        ("HTTP/1.1 200 OK\n<html><title>Sign in to your account</title></html>", "not-the-service"),
        ("an unexpected error occurred, please contact your administrator", "unknown"),
    ] {
        let found = findings(text);
        assert_eq!(found[0].cause.as_str(), cause, "{text}: {found:#?}");
    }
}

/// A status in a pasted text does not prove what only a live test proves.
#[test]
fn a_paste_claims_no_more_than_it_shows() {
    let pasted = findings("401 Unauthorized https://contoso.operations.dynamics.com/data/CustomersV3");
    assert!(pasted.len() > 1 && pasted.iter().all(|finding| finding.confidence < Confidence::Certain));
    assert!(!pasted[0].explanation.contains("Entra issued a token"), "{}", pasted[0].explanation);
}

/// A finding speaks of the product that answered, and puts the cursor on the value that is wrong there.
#[test]
fn findings_fit_the_product() {
    use d365_connect::core::check::CheckId::{self, Access, Claims, Environment, Registration, Token};
    use d365_connect::core::evidence::{Evidence, Origin};
    let judge = |guide: &str, check: CheckId, origin: Origin, status: u16, marks: &[Mark]| -> Finding {
        let evidence = Evidence {
            check: Some(check),
            origin: Some(origin),
            http_status: (status > 0).then_some(status),
            marks: marks.iter().copied().collect(),
            ..Evidence::default()
        };
        let judge = Judge { book: assets::rules(), guide: assets::guide(guide), values: &nothing };
        judge.findings(&evidence).into_iter().next().unwrap()
    };
    let user = Mark::UserSignIn;
    for (guide, check, origin, status, marks, cause, step) in [
        (
            "business-central",
            Registration,
            Origin::BusinessCentral,
            401,
            &[][..],
            "bc-app-not-enabled",
            "register-in-d365",
        ),
        (
            "business-central",
            Registration,
            Origin::BusinessCentral,
            401,
            &[user],
            "d365-user-unusable",
            "register-in-d365",
        ),
        (
            "business-central",
            Registration,
            Origin::BusinessCentral,
            401,
            &[Mark::RolesMissing],
            "permission-missing",
            "permissions",
        ),
        (
            "business-central",
            Access,
            Origin::BusinessCentral,
            403,
            &[],
            "bc-permission-set-missing",
            "register-in-d365",
        ),
        ("business-central", Environment, Origin::BusinessCentral, 404, &[], "environment-not-found", "values"),
        (
            "business-central",
            Environment,
            Origin::BusinessCentral,
            0,
            &[Mark::EnvironmentAbsent],
            "environment-not-found",
            "values",
        ),
        ("business-central", Access, Origin::BusinessCentral, 0, &[Mark::CompanyAbsent], "company-not-found", "values"),
        ("office365", Registration, Origin::Graph, 401, &[], "token-audience", "values"),
        ("office365", Registration, Origin::Graph, 403, &[], "permission-missing", "permissions"),
        ("office365", Claims, Origin::Local, 0, &[Mark::RolesMissing], "permission-missing", "permissions"),
        ("office365", Claims, Origin::Local, 0, &[Mark::RoleMissing], "permission-missing", "permissions"),
        (
            "fno-delegated",
            Registration,
            Origin::FinanceOperations,
            401,
            &[user],
            "d365-user-unusable",
            "register-in-d365",
        ),
        (
            "fno-delegated",
            Registration,
            Origin::FinanceOperations,
            403,
            &[user],
            "d365-user-unusable",
            "register-in-d365",
        ),
        (
            "fno-delegated",
            Access,
            Origin::FinanceOperations,
            403,
            &[user],
            "d365-privilege-missing",
            "register-in-d365",
        ),
        ("fno-delegated", Token, Origin::Local, 0, &[user, Mark::NobodySignedIn], "unknown", "test"),
    ] {
        let found = judge(guide, check, origin, status, marks);
        let text = format!("{} {} {}", found.title, found.explanation, found.fix.text);
        assert_eq!(
            (found.cause.as_str(), found.fix.step.as_str()),
            (cause, step),
            "{guide} {status} {marks:?}: {text}"
        );
        if origin == Origin::Graph || origin == Origin::BusinessCentral {
            assert!(!text.contains("mapped user") && !text.contains("OData"), "{guide}: {text}");
        }
        let wants_field = match cause {
            "environment-not-found" => Some(FieldId::Environment),
            "company-not-found" => Some(FieldId::Company),
            _ => found.field,
        };
        assert_eq!(found.field, wants_field, "{guide}: {cause}");
    }
    // Of a person's sign-in.
    for (text, marks, cause) in [
        ("AADSTS50011", &[user][..], "redirect-mismatch"),
        ("AADSTS65001", &[user], "consent-missing"),
        ("AADSTS65004", &[user], "user-sign-in"),
        ("error=access_denied", &[user], "user-sign-in"),
        ("AADSTS50076", &[user], "user-sign-in"),
        ("AADSTS700025", &[user], "public-client-blocked"),
        ("AADSTS7000218", &[user, Mark::DeviceCode], "public-client-blocked"),
        ("AADSTS53003", &[user, Mark::DeviceCode], "policy-blocked"),
        ("AADSTS700082", &[user], "sign-in-expired"),
        ("{\"error\":\"expired_token\"}", &[user, Mark::DeviceCode], "sign-in-expired"),
        ("{\"error\":\"authorization_declined\"}", &[user, Mark::DeviceCode], "user-sign-in"),
    ] {
        let mut evidence = read_text(text);
        (evidence.check, evidence.origin) = (Some(Token), Some(Origin::Entra));
        evidence.marks.extend(marks);
        let judge = Judge { book: assets::rules(), guide: assets::guide("fno-delegated"), values: &nothing };
        assert_eq!(judge.findings(&evidence)[0].cause.as_str(), cause, "{text}");
    }
}

/// A token is for one API, so the table leaves out what is another's; but for what is switched off, which is told.
#[test]
fn the_permission_table_is_of_one_api() {
    for guide in assets::guides() {
        for way in &guide.sign_in {
            let mut draft = ProfileDraft::new(&guide.id);
            guide.needs().into_iter().for_each(|field| draft.set(field, guide.example(field)));
            draft.set(FieldId::SignIn, way.as_str());
            draft.source = Some(SecretSource::Env { var: "D365_SECRET".into() }.into());
            let profile = draft.check(&"one".parse().unwrap(), guide, assets::clouds()).unwrap();
            for line in permissions::table(guide, &profile, &Claims::default()) {
                let known = guide.permissions.iter().find(|known| known.name == line.name && known.kind == line.kind);
                let api = known.map(|known| known.api.as_str());
                assert!(
                    line.standing == Standing::Retired || api == Some(guide.product.api()),
                    "{}: {line:?}",
                    guide.id
                );
            }
        }
    }
}

/// Each permission of the guide and of the token, with what the token makes of it.
#[test]
fn permissions_of_a_token_stand_beside_those_of_the_guide() {
    for (guide, chosen, granted, lines) in [
        (
            "office365",
            "",
            json!({"roles": ["organization.read.all", "Calendars.ReadWrite", "Sites.Read.All"]}),
            &[
                "Organization.Read.All (application): granted, needed",
                "Calendars.ReadWrite (application): granted, and more than is needed, asked for by vendors",
                "Calendars.ReadWrite (delegated): no effect here",
                "User.Read.All (application): not granted, asked for by vendors",
                "User.Read (delegated): no effect here",
                "Sites.Read.All (application): granted, and more than is needed",
            ][..],
        ),
        ("office365", "", json!({"roles": []}), &["Organization.Read.All (application): missing, needed"]),
        // What was chosen takes the place of what the guide thinks of.
        (
            "office365",
            "User.Read.All, calendars.readwrite, Mail.Read, Device.ReadWrite.All",
            json!({"roles": ["User.Read.All", "Device.ReadWrite.All"]}),
            &[
                "Organization.Read.All (application): not granted, needed",
                "Calendars.ReadWrite (application): missing, chosen",
                "Calendars.ReadWrite (delegated): no effect here",
                "User.Read.All (application): granted, chosen",
                "Device.ReadWrite.All (application): retired",
                "Mail.Read (application): missing, chosen",
                "Device.ReadWrite.All (application): granted, chosen",
            ],
        ),
        (
            "fno-delegated",
            "",
            json!({"scp": "AX.FullAccess openid profile"}),
            &["AX.FullAccess (delegated): granted, needed", "Odata.FullAccess (delegated): missing, needed"],
        ),
    ] {
        let guide = assets::guide(guide).unwrap();
        let mut draft = ProfileDraft::new(&guide.id);
        guide.needs().into_iter().for_each(|field| draft.set(field, guide.example(field)));
        draft.set(FieldId::Permissions, chosen);
        draft.source = Some(SecretSource::Env { var: "D365_SECRET".into() }.into());
        let profile = draft.check(&"one".parse().unwrap(), guide, assets::clouds()).unwrap();
        let claims = Claims::of(granted.as_object().unwrap());
        let told: Vec<String> = permissions::table(guide, &profile, &claims).iter().map(|line| line.text()).collect();
        let places: Vec<_> = lines.iter().map(|line| told.iter().position(|told| told == line)).collect();
        assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{lines:#?} in {told:#?}");
        assert!(!told.iter().any(|line| line.contains("openid")), "{told:#?}");
    }
}

#[test]
fn an_address_of_another_product_is_called_by_its_name() {
    for (guide, url, product) in [
        ("office365", "https://contoso.operations.dynamics.com", "Finance & Operations, not of Microsoft Graph"),
        ("fno-delegated", "https://api.businesscentral.dynamics.com", "Business Central, not of Finance & Operations"),
        ("fno-delegated", "https://graph.microsoft.com", "Microsoft Graph, not of Finance & Operations"),
        ("business-central", "https://contoso.crm4.dynamics.com", "Dataverse, not of Business Central"),
    ] {
        let guide = assets::guide(guide).unwrap();
        let mut draft = ProfileDraft::new(&guide.id);
        draft.set(FieldId::ResourceUrl, url);
        let notes = draft.notes(FieldId::ResourceUrl, guide, assets::clouds(), jiff::civil::date(2026, 11, 21));
        let told = format!("this is an address of {product}");
        assert!(notes.iter().any(|note| note.text == told), "{notes:?}");
    }
}

/// Whoever signs in with a certificate reads the same texts: none that holds for both speaks of a secret.
#[test]
fn what_holds_for_every_credential_speaks_of_none() {
    let words = [
        "secret was not looked at",
        "secret were not looked at",
        "new secret changes nothing",
        "and secret are right",
        "secret is not the reason",
        "secret was not refused",
    ];
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/rules");
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        for word in words {
            assert!(!text.contains(word), "{}: {word}", path.display());
        }
    }
}
