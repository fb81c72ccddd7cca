//! Files and secrets from the outside: damage, rivals, crashes, and values that must arrive unharmed.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![expect(clippy::print_stdout, reason = "processes started by tests tell what they saw")]
#![expect(clippy::disallowed_methods, reason = "tests look inside to prove what is kept")]

use d365_connect::core::check::Status;
use d365_connect::core::names::ProfileName;
use d365_connect::core::profile::{CertificateSource, CredentialSource, ProfileDraft, SecretSource};
use d365_connect::core::question::FieldId;
use d365_connect::core::rules::Cause;
use d365_connect::core::secret::ClientSecret;
use d365_connect::core::since::Traits;
use d365_connect::store::drafts::{self, Draft};
use d365_connect::store::history::{self, Exported, Last};
use d365_connect::store::paths::Home;
use d365_connect::store::profiles::{self, Save};
use d365_connect::store::secrets::{Keyring, SecretTrouble, Stop};
use d365_connect::store::{StoreError, write_private};

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use tempfile::TempDir;
use zeroize::Zeroizing;

/// Stands in damaged files and in secrets; may turn up in no message.
const CANARY: &str = "canary-8Q~value";

/// Every printable character of ASCII, and some beyond.
const PRINTABLE: &str =
    " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~ äß漢😀 ";

const FULL: &str = r#"version = 1
guide = "fno-client-credentials"
cloud = "global"
tenant_id = "11111111-2222-4333-8444-555555555555"
client_id = "66666666-7777-4888-9999-aaaaaaaaaaaa"
resource_url = "https://contoso.operations.dynamics.com"

[credential]
kind = "secret"
source = "keyring"
entry = "5f0c"
expires = 2027-05-20

[d365]
user_id = "svc-odata"
company = "USMF"
entities = ["CustomersV3", "VendorsV2"]

[network]
authority_url = "https://login.microsoftonline.com"
graph_url = "https://graph.microsoft.com"
ca_certificate = '/etc/ssl/"own" ca.pem'
"#;

fn full() -> ProfileDraft {
    let mut draft = ProfileDraft::new("fno-client-credentials");
    for (field, value) in [
        (FieldId::Cloud, "global"),
        (FieldId::TenantId, "11111111-2222-4333-8444-555555555555"),
        (FieldId::ClientId, "66666666-7777-4888-9999-aaaaaaaaaaaa"),
        (FieldId::Expires, "2027-05-20"),
        (FieldId::ResourceUrl, "https://contoso.operations.dynamics.com"),
        (FieldId::UserId, "svc-odata"),
        (FieldId::Company, "USMF"),
        (FieldId::Entities, "CustomersV3, VendorsV2"),
        (FieldId::AuthorityUrl, "https://login.microsoftonline.com"),
        (FieldId::GraphUrl, "https://graph.microsoft.com"),
        (FieldId::CaCertificate, "/etc/ssl/\"own\" ca.pem"),
    ] {
        draft.set(field, value);
    }
    draft.source = Some(SecretSource::Keyring { entry: "5f0c".into() }.into());
    draft
}

fn name(text: &str) -> ProfileName {
    text.parse().unwrap()
}

/// A home that is not there yet.
fn home() -> (TempDir, Home) {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::at(folder.path().join("home"));
    (folder, home)
}

/// A home with one file in its profiles.
fn home_with(file: &str, text: impl AsRef<[u8]>) -> (TempDir, Home, PathBuf) {
    let (folder, home) = home();
    fs::create_dir_all(home.profiles()).unwrap();
    let path = home.profiles().join(file);
    fs::write(&path, text).unwrap();
    (folder, home, path)
}

/// Every file below a folder, by its path in it.
fn files_in(folder: &Path) -> Vec<String> {
    fn walk(folder: &Path, top: &Path, found: &mut Vec<String>) {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.is_symlink() {
                walk(&path, top, found);
            } else {
                found.push(path.strip_prefix(top).unwrap().to_str().unwrap().replace('\\', "/"));
            }
        }
    }
    let mut found = Vec::new();
    walk(folder, folder, &mut found);
    found.sort();
    found
}

/// This test binary once more, as another process, with one of the `child_` tests.
fn child(test: &str, home: &Home) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([test, "--exact", "--ignored", "--nocapture", "--test-threads=1"]).env("STORE_TEST_HOME", home.root());
    command
}

/// The home that a `child_` test works in; none when it was not started by another test.
fn given_home() -> Option<Home> {
    std::env::var_os("STORE_TEST_HOME").map(Home::at)
}

fn printed(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Sets when a file was last changed, in seconds since 1970.
fn stamp(path: &Path, seconds: u64) {
    let when = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(seconds);
    fs::File::options().write(true).open(path).unwrap().set_modified(when).unwrap();
}

// ---- profiles ----

#[test]
fn a_new_profile_reads_as_people_would_write_it() {
    let (_folder, home) = home();
    let path = profiles::save(&home, &name("Contoso"), &full(), Save::New).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), FULL);
    let stored = profiles::load(&home, &name("contoso")).unwrap();
    assert_eq!((stored.name.as_str(), &stored.draft, stored.newer), ("Contoso", &full(), false));
    assert_eq!(stored.path, path);

    let few = ProfileDraft::new("office365");
    let path = profiles::save(&home, &name("few"), &few, Save::New).unwrap();
    assert_eq!(fs::read_to_string(path).unwrap(), "version = 1\nguide = \"office365\"\n");
    assert_eq!(profiles::load(&home, &name("few")).unwrap().draft, few);
}

#[test]
fn every_source_is_kept_word_for_word() {
    let odd = r#"pass "show" 'd365' \ x"#.to_owned();
    let sources = [
        SecretSource::Keyring { entry: odd.clone() },
        SecretSource::Env { var: odd.clone() },
        SecretSource::File { path: odd.clone() },
        SecretSource::Command { words: odd.clone() },
    ];
    let certificate = |password| CredentialSource::Certificate(CertificateSource { path: odd.clone(), password });
    let certificates = sources.iter().cloned().map(Some).chain([None]).map(certificate);
    for source in sources.iter().cloned().map(CredentialSource::from).chain(certificates.collect::<Vec<_>>()) {
        let (_folder, home) = home();
        let draft = ProfileDraft { source: Some(source), ..ProfileDraft::new("office365") };
        profiles::save(&home, &name("a"), &draft, Save::New).unwrap();
        assert_eq!(profiles::load(&home, &name("a")).unwrap().draft, draft);
        // From one source to another, nothing of the old one stays.
        let file = SecretSource::File { path: "/run/s".into() };
        let certificate = CredentialSource::certificate("/run/c.pem");
        for next in [
            file.clone().into(),
            SecretSource::Env { var: "D365".into() }.into(),
            certificate.clone(),
            certificate.with_secret(file),
        ] {
            let draft = ProfileDraft { source: Some(next.clone()), ..draft.clone() };
            let path = profiles::save(&home, &name("a"), &draft, Save::Change).unwrap();
            assert_eq!(profiles::load(&home, &name("a")).unwrap().draft.source, Some(next));
            assert!(!fs::read_to_string(path).unwrap().contains("show"), "{draft:?}");
        }
        let draft = ProfileDraft { source: None, ..draft };
        let path = profiles::save(&home, &name("a"), &draft, Save::Change).unwrap();
        assert_eq!(fs::read_to_string(path).unwrap(), "version = 1\nguide = \"office365\"\n\n[credential]\n");
    }
}

#[test]
fn a_secret_among_the_values_is_not_written() {
    let (_folder, home) = home();
    let mut draft = full();
    draft.values.insert(FieldId::Secret, CANARY.into());
    let path = profiles::save(&home, &name("a"), &draft, Save::New).unwrap();
    assert!(!fs::read_to_string(&path).unwrap().contains(CANARY));
    draft.set(FieldId::Company, "DAT");
    profiles::save(&home, &name("a"), &draft, Save::Change).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains("DAT") && !text.contains(CANARY));
}

#[test]
fn comments_and_unknown_keys_survive() {
    let before = r#"# kept by the integration team

version = 1 # the format
guide = "fno-client-credentials"
owner = "jane"   # unknown to us
tenant_id = '11111111-2222-4333-8444-555555555555' # Contoso
client_id = "66666666-7777-4888-9999-aaaaaaaaaaaa"
resource_url = "https://Contoso.operations.dynamics.com/" # with capitals

# the secret
[credential]
kind = "secret"
source = "keyring"
# made in May
entry = "5f0c" # random
# env = "VAR"
expires = 2027-05-20 # ask Bob

[d365]
company = "USMF"
entities = [ # the read ones
    "CustomersV3", # not "V2"
    # and no more
] # few
color = "blue"
# the end
"#;
    let after = r#"# kept by the integration team

version = 1 # the format
guide = "fno-client-credentials"
owner = "jane"   # unknown to us
tenant_id = "contoso.com" # Contoso
client_id = "66666666-7777-4888-9999-aaaaaaaaaaaa"
resource_url = "https://Contoso.operations.dynamics.com/" # with capitals
cloud = "china"

# the secret
[credential]
kind = "secret"
source = "env"
env = "D365_SECRET"
# made in May
# random
# env = "VAR"
# ask Bob

[d365]
company = "DAT"
# the read ones
# not "V2"
# and no more
entities = ["VendorsV2", "CustomersV3"] # few
color = "blue"

[network]
graph_url = "https://graph.microsoft.com"
# the end
"#;
    let (_folder, home, path) = home_with("a.toml", before);
    let mut draft = profiles::load(&home, &name("a")).unwrap().draft;
    draft.set(FieldId::TenantId, "contoso.com");
    draft.set(FieldId::Cloud, "china");
    draft.set(FieldId::Expires, "");
    draft.set(FieldId::Company, "DAT");
    draft.set(FieldId::Entities, "VendorsV2, CustomersV3");
    draft.set(FieldId::GraphUrl, "https://graph.microsoft.com");
    draft.source = Some(SecretSource::Env { var: "D365_SECRET".into() }.into());
    profiles::save(&home, &name("a"), &draft, Save::Change).unwrap();
    assert_eq!(fs::read_to_string(path).unwrap(), after);
    assert_eq!(profiles::load(&home, &name("a")).unwrap().draft, draft);

    let (_folder, home, path) = home_with("a.toml", before);
    let mut draft = profiles::load(&home, &name("a")).unwrap().draft;
    draft.set(FieldId::Entities, "");
    profiles::save(&home, &name("a"), &draft, Save::Change).unwrap();
    let kept = "company = \"USMF\"\n# the read ones\n# not \"V2\"\n# and no more\n# few\ncolor";
    assert!(fs::read_to_string(path).unwrap().contains(kept));
}

#[test]
fn other_ways_to_write_the_same_are_read_and_changed() {
    let head = "version = 1\nguide = \"g\"\n";
    for (text, changed) in [
        ("d365 = { user_id = \"u\", company = \"USMF\", x = 1 } # c\n", "d365 = { company = \"DAT\", x = 1 } # c\n"),
        ("d365.user_id = \"u\" # c\nd365.company = \"USMF\"\n", "# c\nd365.company = \"DAT\"\n"),
        ("[d365]\r\nuser_id = \"u\"\r\ncompany = \"USMF\"\r\n", "[d365]\ncompany = \"DAT\"\n"),
        ("[d365]\n\"user_id\" = \"\"\"u\"\"\"\ncompany = 'USMF'", "[d365]\ncompany = \"DAT\"\n"),
        ("[d365]\nuser_id = \"u\"\ncompany = \"\"\"\nUSMF\"\"\"\n", "[d365]\ncompany = \"DAT\"\n"),
    ] {
        let (_folder, home, path) = home_with("a.toml", format!("{head}{text}"));
        let mut draft = profiles::load(&home, &name("a")).unwrap().draft;
        assert_eq!((draft.value(FieldId::UserId), draft.value(FieldId::Company)), ("u", "USMF"), "{text}");
        draft.set(FieldId::UserId, "");
        draft.set(FieldId::Company, "DAT");
        profiles::save(&home, &name("a"), &draft, Save::Change).unwrap();
        let now = fs::read_to_string(&path).unwrap();
        assert_eq!(now.replace("\r\n", "\n"), format!("{head}{changed}"));
        // Line ends stay as they were: all of one kind.
        assert_eq!(now.matches('\r').count(), if text.contains('\r') { now.lines().count() } else { 0 }, "{now:?}");
        assert_eq!(profiles::load(&home, &name("a")).unwrap().draft, draft);
    }
    for (text, field, value) in [
        ("[credential]\nexpires = \"2027-05-20\"", FieldId::Expires, "2027-05-20"),
        ("[credential]\nexpires = 2027-05-20T10:00:00Z", FieldId::Expires, "2027-05-20"),
        ("[d365]\nentities = \"A,B\"", FieldId::Entities, "A, B"),
        ("[d365]\nentities = [\n  \"A\", # one\n  \"B\",\n]", FieldId::Entities, "A, B"),
        ("resource_url = \"HTTPS://Contoso.dynamics.com/data/\"", FieldId::ResourceUrl, "https://contoso.dynamics.com"),
        ("client_id = \"\"", FieldId::ClientId, ""),
    ] {
        let (_folder, home, _) = home_with("a.toml", format!("{head}{text}\n"));
        assert_eq!(profiles::load(&home, &name("a")).unwrap().draft.value(field), value, "{text}");
    }
}

#[test]
fn credentials_of_other_kinds_are_kept() {
    for (text, told) in [
        ("kind = \"federated\"\nsource = \"file\"\nfile = \"a.jwt\"", "kind 'federated'"),
        ("kind = \"certificate\"\ncertificate = \"a.pem\"\npassword_source = \"tpm\"", "password_source 'tpm'"),
        ("source = \"moon\"", "source 'moon'"),
    ] {
        let before = format!("version = 1\nguide = \"g\"\n\n[credential]\n{text}\n");
        let (_folder, home, path) = home_with("a.toml", &before);
        let mut draft = profiles::load(&home, &name("a")).unwrap().draft;
        assert_eq!((draft.foreign_credential.as_deref(), &draft.source), (Some(told), &None));
        draft.set(FieldId::Company, "USMF");
        profiles::save(&home, &name("a"), &draft, Save::Change).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), format!("{before}\n[d365]\ncompany = \"USMF\"\n"));
        draft.source = Some(SecretSource::Env { var: "V".into() }.into());
        profiles::save(&home, &name("a"), &draft, Save::Change).unwrap();
        let stored = profiles::load(&home, &name("a")).unwrap().draft;
        assert_eq!((&stored.foreign_credential, &stored.source), (&None, &draft.source));
    }
}

#[test]
fn damaged_files_are_refused_with_their_line_and_left_alone() {
    let head = format!("version = 1\nguide = \"{CANARY}\"\n");
    let table: &[(usize, String)] = &[
        (1, String::new()),
        (1, format!("{CANARY}\n")),
        (1, format!("# {CANARY}\n")),
        (1, format!("guide = \"{CANARY}\"\n")),
        (2, format!("guide = \"{CANARY}\"\nversion = \"1\"\n")),
        (2, format!("guide = \"{CANARY}\"\nversion = 0\n")),
        (1, format!("version = -1\nguide = \"{CANARY}\"\n")),
        (1, format!("version = 1.0\nguide = \"{CANARY}\"\n")),
        (1, format!("version = 99999999999999999999\nguide = \"{CANARY}\"\n")),
        (1, format!("version = 1\n# {CANARY}\n")),
        (2, format!("version = 1\nguide = 7 # {CANARY}\n")),
        (2, format!("version = 1\nguide = [\"{CANARY}\"]\n")),
        (3, format!("{head}tenant_id = \"{CANARY}\n")),
        (3, format!("{head}tenant_id = {CANARY}\n")),
        (3, format!("{head}{CANARY}\n")),
        (4, format!("{head}client_id = \"{CANARY}\"\nclient_id = \"{CANARY}\"\n")),
        (3, format!("{head}cloud = [ \"{CANARY}\"\n")),
        (3, format!("{head}tenant_id = 12 # {CANARY}\n")),
        (3, format!("{head}tenant_id = [\"{CANARY}\"]\n")),
        (3, format!("{head}d365 = \"{CANARY}\"\n")),
        (3, format!("{head}[[d365]]\ncompany = \"{CANARY}\"\n")),
        (4, format!("{head}[d365]\ncompany = 1234 # {CANARY}\n")),
        (4, format!("{head}[d365]\nentities = [\"{CANARY}\", 3]\n")),
        (4, format!("{head}[d365]\nuser_id = \"a\\u001b[31m{CANARY}\"\n")),
        (4, format!("{head}[d365]\nuser_id = \"\"\"a\n{CANARY}\"\"\"\n")),
        (3, format!("{head}[d365\ncompany = \"{CANARY}\"\n")),
        (5, format!("{head}[d365]\n[network]\n[d365]\ncompany = \"{CANARY}\"\n")),
        (4, format!("{head}[credential]\nexpires = 20 # {CANARY}\n")),
        (4, format!("{head}[credential]\nexpires = 2027-13-45 # {CANARY}\n")),
        (4, format!("{head}[credential]\nkind = 1 # {CANARY}\n")),
        (4, format!("{head}[credential]\nsource = \"keyring\"\nenv = \"{CANARY}\"\n")),
        (4, format!("{head}[credential]\nsource = \"env\"\nenv = \" \" # {CANARY}\n")),
        (5, format!("{head}[credential]\nsource = \"command\"\ncommand = [\"{CANARY}\"]\n")),
        // What is not used now would be written over by a change.
        (5, format!("{head}[credential]\nsource = \"vault\"\ncommand = [\"{CANARY}\"]\n")),
        (3, format!("{head}[credential.env]\na = \"{CANARY}\"\n")),
        (3, format!("{head}network = {{ graph_url = \"{CANARY}\"\n")),
        (3, format!("{head}a = {}1\n", "[".repeat(500))),
        (3, format!("{head}<<<<<<< {CANARY}\n")),
        (1, format!("\u{0}{head}")),
        (1, format!("{{\"version\": 1, \"guide\": \"{CANARY}\"}}\n")),
    ];
    let mut files: Vec<(usize, Vec<u8>)> =
        table.iter().map(|(line, text)| (*line, text.clone().into_bytes())).collect();
    files.push((3, [head.as_bytes(), b"cloud = \"\xff\"\n"].concat()));
    files.push((1, b"\xff\xfev\0e\0r\0s\0i\0o\0n\0".to_vec()));
    for (line, bytes) in files {
        let shown = String::from_utf8_lossy(&bytes).into_owned();
        let (_folder, home, path) = home_with("broken.toml", &bytes);
        fs::write(home.profiles().join("good.toml"), FULL).unwrap();
        let mut errors = vec![
            profiles::load(&home, &name("broken")).expect_err(&shown),
            profiles::save(&home, &name("broken"), &full(), Save::Change).expect_err(&shown),
        ];
        let listed = profiles::list(&home).unwrap();
        assert_eq!(listed.len(), 2);
        assert!(listed[1].profile.is_ok());
        errors.extend(listed.into_iter().filter_map(|entry| entry.profile.err()));
        assert_eq!(errors.len(), 3);
        for error in errors {
            let text = format!("{error} {error:?}");
            assert!(matches!(&error, StoreError::Damaged { path: named, .. } if *named == path), "{text}\n{shown}");
            assert!(text.contains(&format!("line {line}: ")), "{text}\n{shown}");
            assert!(!text.contains("canary"), "{text}");
            assert!(error.hint().is_some());
        }
        assert_eq!(fs::read(&path).unwrap(), bytes);
        // It can be moved and taken away all the same.
        profiles::rename(&home, &name("broken"), &name("still")).unwrap();
        profiles::remove(&home, &name("still")).unwrap();
        assert_eq!(files_in(home.root()), ["lock", "profiles/good.toml"]);
    }
}

#[test]
fn a_newer_version_is_read_and_not_written() {
    let text = FULL.replace("version = 1", "version = 2").replace("user_id = \"svc-odata\"", "user_id = { id = 1 }");
    let (_folder, home, path) = home_with("a.toml", &text);
    let stored = profiles::load(&home, &name("a")).unwrap();
    assert!(stored.newer);
    assert_eq!(stored.draft.value(FieldId::Company), "USMF");
    assert_eq!(stored.draft.value(FieldId::UserId), "");
    let error = profiles::save(&home, &name("a"), &full(), Save::Change).unwrap_err();
    assert!(matches!(error, StoreError::Newer { version: 2, .. }), "{error}");
    assert_eq!(fs::read_to_string(path).unwrap(), text);
}

#[test]
fn a_copy_has_everything_that_stands_in_the_file() {
    let text = "# mine\nversion = 1\nguide = \"g\"\nowner = \"jane\" # unknown to us\n\n[credential]\n\
        kind = \"secret\"\nsource = \"keyring\"\nentry = \"5f0c\" # random\n\n[other]\nkey = [1]\n";
    let (_folder, home, path) = home_with("a.toml", text);
    let other = |mut draft: ProfileDraft| {
        draft.source = Some(SecretSource::Keyring { entry: "a1b2".into() }.into());
        draft
    };
    let copied = profiles::copy(&home, &name("A"), &name("b"), other).unwrap();
    assert_eq!(copied, home.profile(&name("b")));
    assert_eq!(fs::read_to_string(&copied).unwrap(), text.replace("5f0c", "a1b2"));
    assert_eq!(fs::read_to_string(&path).unwrap(), text);

    let foreign = "version = 1\nguide = \"g\"\n[credential]\nkind = \"certificate\"\ncertificate = \"a.pem\"\n";
    fs::write(&path, foreign).unwrap();
    let copied = profiles::copy(&home, &name("a"), &name("c"), |draft| draft).unwrap();
    assert_eq!(fs::read_to_string(copied).unwrap(), foreign);

    let refused = |from: &str, to: &str| profiles::copy(&home, &name(from), &name(to), other).unwrap_err();
    assert!(matches!(refused("a", "B"), StoreError::Exists { .. }));
    assert!(matches!(refused("nope", "d"), StoreError::NotFound { .. }));
    fs::write(&path, text.replace("version = 1", "version = 2")).unwrap();
    assert!(matches!(refused("a", "d"), StoreError::Newer { version: 2, .. }));
    fs::write(&path, "version = ").unwrap();
    assert!(matches!(refused("a", "d"), StoreError::Damaged { .. }));
    assert_eq!(files_in(home.root()), ["lock", "profiles/a.toml", "profiles/b.toml", "profiles/c.toml"]);
}

#[test]
fn names_are_compared_without_case() {
    let (_folder, home) = home();
    let there = |error: StoreError| matches!(error, StoreError::Exists { .. });
    let missing = |error: StoreError| matches!(error, StoreError::NotFound { .. });
    // A name that is not there makes no home.
    assert!(missing(profiles::load(&home, &name("a")).unwrap_err()));
    assert!(missing(profiles::save(&home, &name("a"), &full(), Save::Change).unwrap_err()));
    assert!(missing(profiles::rename(&home, &name("a"), &name("b")).unwrap_err()));
    assert!(missing(profiles::remove(&home, &name("a")).unwrap_err()));
    assert_eq!(profiles::list(&home).unwrap().len(), 0);
    drafts::remove(&home, &name("a")).unwrap();
    assert!(!home.root().exists());

    profiles::save(&home, &name("Contoso"), &full(), Save::New).unwrap();
    assert!(there(profiles::save(&home, &name("CONTOSO"), &full(), Save::New).unwrap_err()));
    profiles::save(&home, &name("b"), &full(), Save::New).unwrap();
    assert!(there(profiles::rename(&home, &name("B"), &name("contoso")).unwrap_err()));
    profiles::rename(&home, &name("contoso"), &name("conTOSO")).unwrap();
    let names = |home: &Home| -> Vec<String> {
        profiles::list(home).unwrap().iter().map(|entry| entry.name.to_string()).collect()
    };
    assert_eq!(names(&home), ["b", "conTOSO"]);
    // What is no profile's name is none of our business.
    for other in ["notes.txt", ".hidden.toml", "a b.toml", "con.toml", "b.toml.bak", "ä.toml", "toml"] {
        fs::write(home.profiles().join(other), "x").unwrap();
    }
    assert_eq!(names(&home), ["b", "conTOSO"]);
    profiles::remove(&home, &name("CONTOSO")).unwrap();
    assert_eq!(names(&home), ["b"]);
}

/// Two people changed the same profile: what only one of them changed is kept, what both changed is nobody's to decide here.
#[test]
fn what_others_changed_meanwhile_is_kept_or_asked_about() {
    let (_dir, home) = home();
    let edited = |edits: &[(FieldId, &str)]| {
        let mut draft = full();
        edits.iter().for_each(|(field, value)| draft.set(*field, value));
        draft
    };
    let (company, user) = (FieldId::Company, FieldId::UserId);
    for (theirs, ours, clash, after) in [
        (&[(company, "DEMF")][..], &[(user, "me")][..], &[][..], &[(company, "DEMF"), (user, "me")][..]),
        (&[(company, "DEMF")], &[(company, "DEMF")], &[], &[(company, "DEMF")]),
        (&[(company, "DEMF")], &[(company, "FRRT")], &[company], &[(company, "DEMF")]),
        (&[(company, "")], &[(company, "FRRT"), (user, "me")], &[company], &[(company, "")]),
        (&[], &[(company, "")], &[], &[(company, "")]),
    ] {
        let name = name("shared");
        let _ = profiles::remove(&home, &name);
        profiles::save(&home, &name, &full(), Save::New).unwrap();
        profiles::save(&home, &name, &edited(theirs), Save::Change).unwrap();
        let saved = profiles::save_changes(&home, &name, &name, &full(), &edited(ours));
        match saved {
            Ok(_) => assert!(clash.is_empty(), "{theirs:?} {ours:?}"),
            Err(StoreError::Changed { fields, .. }) => assert_eq!(fields, clash, "{theirs:?} {ours:?}"),
            Err(error) => panic!("{error}"),
        }
        assert_eq!(profiles::load(&home, &name).unwrap().draft.values, edited(after).values, "{theirs:?} {ours:?}");
    }
    // So it is with where the secret is.
    let source = |text: &str| ProfileDraft { source: Some(SecretSource::Env { var: text.into() }.into()), ..full() };
    profiles::save(&home, &name("shared"), &source("THEIRS"), Save::Change).unwrap();
    let saved = profiles::save_changes(&home, &name("shared"), &name("shared"), &full(), &source("OURS"));
    assert!(matches!(&saved, Err(StoreError::Changed { fields, .. }) if *fields == [FieldId::Secret]), "{saved:?}");
}

#[test]
fn what_says_the_same_is_not_written() {
    let odd = FULL.replace("\"global\"", "'''global'''").replace("tenant_id = ", "tenant_id   =   ");
    let (_folder, home, path) = home_with("a.toml", &odd);
    stamp(&path, 1_000_000_000);
    let before = fs::metadata(&path).unwrap().modified().unwrap();
    profiles::save(&home, &name("a"), &full(), Save::Change).unwrap();
    profiles::save_changes(&home, &name("a"), &name("a"), &full(), &full()).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().modified().unwrap(), before);
    assert_eq!(fs::read_to_string(&path).unwrap(), odd);
}

#[test]
fn what_could_not_be_read_again_is_not_written() {
    let (_folder, home, path) = home_with("a.toml", FULL);
    let mut draft = full();
    draft.values.insert(FieldId::Company, "US\nMF".into());
    assert!(profiles::save(&home, &name("a"), &draft, Save::Change).is_err());
    assert!(profiles::save(&home, &name("b"), &draft, Save::New).is_err());
    assert_eq!(fs::read_to_string(path).unwrap(), FULL);
    assert_eq!(files_in(&home.profiles()), ["a.toml"]);
}

// ---- files that are asked for by their path ----

#[test]
fn a_file_is_written_whole_and_never_over_another_unasked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out");
    write_private(&path, b"one", false).unwrap();
    let error = write_private(&path, b"two", false).unwrap_err();
    assert!(
        matches!(error, StoreError::FileExists { .. }) && error.hint().unwrap().contains("another path"),
        "{error}"
    );
    assert_eq!(fs::read(&path).unwrap(), b"one");
    write_private(&path, b"two", true).unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"two");
    // Told without the name of a temporary file, and a folder is no file to write over.
    let error = write_private(&folder.path().join("no/such"), b"x", false).unwrap_err().to_string();
    assert!(error.contains("No such file") && !error.contains("d365-connect"), "{error}");
    for over in [false, true] {
        let error = write_private(folder.path(), b"x", over).unwrap_err().to_string();
        assert!(error.ends_with("not a regular file"), "{error}");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        // A link gives way to the file; what it led to stays.
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert!(matches!(write_private(&link, b"three", false), Err(StoreError::FileExists { .. })));
        write_private(&link, b"three", true).unwrap();
        assert_eq!((fs::read(&path).unwrap(), fs::read(&link).unwrap()), (b"two".to_vec(), b"three".to_vec()));
        let pipe = folder.path().join("pipe");
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        assert!(write_private(&pipe, b"x", true).is_err());
        fs::remove_file(pipe).unwrap();
        fs::remove_file(link).unwrap();
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left behind");
}

// ---- history and drafts ----

#[test]
fn exports_are_noted_once_a_place_and_not_without_end() {
    let (_folder, home) = home();
    let noted = |path: Option<&str>, with_secret| Exported {
        format: "env".into(),
        path: path.map(str::to_owned),
        with_secret,
        when: "2026-11-21T10:00:00Z".parse().unwrap(),
    };
    history::note_export(&home, &name("gone"), noted(None, false)).unwrap();
    assert_eq!(history::exports(&home, &name("gone")), []);
    profiles::save(&home, &name("a"), &ProfileDraft::new("g"), Save::New).unwrap();
    history::note(&home, &name("a"), &verdict(Status::Failed), None).unwrap();
    history::note_export(&home, &name("a"), noted(None, false)).unwrap();
    history::note_export(&home, &name("a"), noted(Some("/x"), false)).unwrap();
    history::note_export(&home, &name("A"), noted(None, true)).unwrap();
    // What went out with the secret stays noted as such, also when it goes out without it later; a file is written over.
    history::note_export(&home, &name("a"), noted(None, false)).unwrap();
    assert_eq!(history::exports(&home, &name("a")), [noted(Some("/x"), false), noted(None, true)]);
    assert_eq!(history::last(&home, &name("a")), Some(verdict(Status::Failed)), "what else is noted stays");
    for number in 0..60 {
        history::note_export(&home, &name("a"), noted(Some(&number.to_string()), false)).unwrap();
    }
    let all = history::exports(&home, &name("a"));
    assert_eq!((all.len(), all[49].path.as_deref()), (50, Some("59")));
}

#[test]
fn what_a_profile_was_like_when_it_passed_outlives_failures_and_older_files() {
    let (_folder, home) = home();
    let a = name("a");
    profiles::save(&home, &a, &full(), Save::New).unwrap();
    // As the first version wrote it.
    fs::create_dir_all(home.histories()).unwrap();
    let old =
        "{\"version\": 1, \"last\": {\"verdict\": \"passed\", \"when\": \"2026-11-20T10:00:00Z\", \"cause\": null}}";
    fs::write(home.history(&a), old).unwrap();
    assert_eq!(history::last(&home, &a).map(|last| last.verdict), Some(Status::Passed));
    assert_eq!(history::passed(&home, &a), None);
    let traits = Traits::of_profile(&full());
    history::note(&home, &a, &verdict(Status::Passed), Some(traits.clone())).unwrap();
    history::note(&home, &a, &verdict(Status::Failed), None).unwrap();
    assert_eq!(history::passed(&home, &a).map(|passed| passed.traits), Some(traits));
    // A newer version may know more of it.
    fs::write(home.history(&a), "{\"passed\": {\"when\": \"2026-11-20T10:00:00Z\", \"traits\": {\"moon\": \"full\"}}}")
        .unwrap();
    assert_eq!(history::passed(&home, &a), None);
}

fn verdict(verdict: Status) -> Last {
    Last { verdict, when: "2026-11-21T10:00:00Z".parse().unwrap(), cause: Some(Cause::SecretExpired) }
}

#[test]
fn history_follows_its_profile() {
    let (_folder, home) = home();
    history::note(&home, &name("gone"), &verdict(Status::Failed), None).unwrap();
    assert!(!home.root().exists(), "a profile that is not there has no history");

    profiles::save(&home, &name("a"), &full(), Save::New).unwrap();
    assert_eq!(history::last(&home, &name("a")), None);
    fs::create_dir_all(home.histories()).unwrap();
    fs::write(home.history(&name("a")), "{\"exported\": [1]}").unwrap();
    history::note(&home, &name("A"), &verdict(Status::Failed), None).unwrap();
    assert_eq!(history::last(&home, &name("a")), Some(verdict(Status::Failed)));
    let text = fs::read_to_string(home.history(&name("a"))).unwrap();
    assert!(text.contains("exported") && text.contains("\"secret-expired\""), "{text}");

    // A stale history of the new name does not come back to life.
    fs::write(home.history(&name("B")), "{}").unwrap();
    profiles::rename(&home, &name("a"), &name("b")).unwrap();
    assert_eq!(history::last(&home, &name("b")), Some(verdict(Status::Failed)));
    profiles::rename(&home, &name("b"), &name("B")).unwrap();
    assert_eq!(files_in(home.root()), ["history/B.json", "lock", "profiles/B.toml"]);

    fs::write(home.history(&name("B")), "{\"last\": 3").unwrap();
    assert_eq!(history::last(&home, &name("b")), None);
    history::note(&home, &name("b"), &verdict(Status::Passed), None).unwrap();
    assert_eq!(history::last(&home, &name("b")), Some(verdict(Status::Passed)));

    drafts::save(&home, &Draft { name: name("b"), values: full(), step: "values".into() }).unwrap();
    profiles::remove(&home, &name("b")).unwrap();
    assert_eq!(files_in(home.root()), ["lock"]);
}

#[test]
fn drafts_come_back_without_secrets() {
    let (_folder, home) = home();
    let mut values = ProfileDraft::new("fno-client-credentials");
    values.set(FieldId::TenantId, "not a tenant yet");
    values.set(FieldId::Expires, "soon");
    values.source = Some(SecretSource::Env { var: "V".into() }.into());
    let first = Draft { name: name("first"), values: values.clone(), step: "client-secret".into() };
    drafts::save(&home, &first).unwrap();
    assert_eq!(drafts::list(&home).unwrap(), std::slice::from_ref(&first));

    // A secret in the wrong field, or one whose entry is not final, is not kept.
    let mut leaky = values;
    leaky.values.insert(FieldId::Secret, CANARY.into());
    leaky.values.insert(FieldId::UserId, "aBc8Q~d3f4hIjKlMnOpQrStUvWxYz.0123456789".into());
    leaky.source = Some(SecretSource::Keyring { entry: "5f0c".into() }.into());
    drafts::save(&home, &Draft { name: name("First"), values: leaky, step: "values".into() }).unwrap();
    let kept = drafts::list(&home).unwrap();
    assert_eq!((kept.len(), kept[0].step.as_str(), &kept[0].values.source), (1, "values", &None));
    let text = fs::read_to_string(home.drafts().join("First.toml")).unwrap();
    assert!(!text.contains("8Q~") && text.contains("not a tenant yet"), "{text}");
    assert_eq!(files_in(&home.drafts()), ["First.toml"]);

    fs::write(home.drafts().join("broken.toml"), "version = ").unwrap();
    drafts::save(&home, &Draft { name: name("second"), ..first }).unwrap();
    stamp(&home.drafts().join("First.toml"), 2_000_000_000);
    stamp(&home.drafts().join("second.toml"), 1_000_000_000);
    let names: Vec<String> = drafts::list(&home).unwrap().iter().map(|draft| draft.name.to_string()).collect();
    assert_eq!(names, ["First", "second"]);
    drafts::remove(&home, &name("FIRST")).unwrap();
    drafts::remove(&home, &name("FIRST")).unwrap();
    assert_eq!(drafts::list(&home).unwrap().len(), 1);
}

// ---- files that are not plain files, and writing that fails ----

#[cfg(unix)]
#[test]
fn what_is_not_a_small_regular_file_is_refused_without_waiting() {
    use std::os::unix::fs::symlink;
    let (_folder, home, big) = home_with("big.toml", FULL.repeat(4000));
    let at = |file: &str| home.profiles().join(file);
    assert!(fs::metadata(&big).unwrap().len() > 2 * 1024 * 1024);
    assert!(Command::new("mkfifo").arg(at("pipe.toml")).status().unwrap().success());
    fs::create_dir(at("folder.toml")).unwrap();
    symlink("/dev/zero", at("device.toml")).unwrap();
    symlink("/dev/tty", at("terminal.toml")).unwrap();
    symlink("nowhere.toml", at("dangling.toml")).unwrap();
    symlink("circle.toml", at("circle.toml")).unwrap();
    symlink("pipe.toml", at("to-pipe.toml")).unwrap();
    fs::write(at("good.toml"), FULL).unwrap();
    let before = files_in(home.root());
    for entry in profiles::list(&home).unwrap() {
        if entry.name == name("good") {
            entry.profile.unwrap();
            continue;
        }
        let error = entry.profile.unwrap_err();
        assert!(error.to_string().contains(entry.name.as_str()), "{error}");
        assert!(profiles::load(&home, &entry.name).is_err(), "{}", entry.name);
        assert!(profiles::save(&home, &entry.name, &full(), Save::Change).is_err(), "{}", entry.name);
        let error = profiles::save(&home, &entry.name, &full(), Save::New).unwrap_err();
        assert!(matches!(error, StoreError::Exists { .. }), "{error}");
    }
    assert_eq!(files_in(home.root()), [vec!["lock".to_owned()], before].concat());
    for gone in ["pipe", "device", "dangling", "big", "circle"] {
        profiles::remove(&home, &name(gone)).unwrap();
    }
}

#[cfg(unix)]
#[test]
fn a_link_is_followed_and_its_target_replaced() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
    let (folder, home) = home();
    let dotfiles = folder.path().join("dotfiles");
    fs::create_dir(&dotfiles).unwrap();
    fs::create_dir_all(home.profiles()).unwrap();
    let target = dotfiles.join("work.toml");
    fs::write(&target, FULL).unwrap();
    fs::set_permissions(&target, fs::Permissions::from_mode(0o644)).unwrap();
    symlink("../../dotfiles/work.toml", home.profile(&name("a"))).unwrap();
    let old = fs::metadata(&target).unwrap().ino();
    // What a killed writer left beside the target goes too.
    fs::write(dotfiles.join(".d365-connect-old.tmp"), "half").unwrap();

    let mut draft = profiles::load(&home, &name("a")).unwrap().draft;
    draft.set(FieldId::Company, "DAT");
    profiles::save(&home, &name("a"), &draft, Save::Change).unwrap();
    assert!(fs::symlink_metadata(home.profile(&name("a"))).unwrap().is_symlink());
    assert_ne!(fs::metadata(&target).unwrap().ino(), old);
    assert_eq!(fs::metadata(&target).unwrap().mode() & 0o777, 0o600);
    assert!(fs::read_to_string(&target).unwrap().contains("\"DAT\""));
    assert_eq!(files_in(&dotfiles), ["work.toml"]);
    // Removing takes the link, not what it leads to.
    profiles::remove(&home, &name("a")).unwrap();
    assert!(target.exists());
}

#[cfg(unix)]
#[test]
fn a_link_to_another_users_file_is_refused() {
    use std::os::unix::fs::{MetadataExt, chown, symlink};
    let (folder, home) = home();
    fs::create_dir_all(home.profiles()).unwrap();
    let target = folder.path().join("theirs.toml");
    fs::write(&target, FULL).unwrap();
    let me = fs::metadata(&target).unwrap().uid();
    // Only root can give a file away; others have this one, which is root's.
    let given = chown(&target, Some(me + 1), None).is_ok();
    symlink(if given { target.as_path() } else { Path::new("/etc/passwd") }, home.profile(&name("a"))).unwrap();
    let error = profiles::load(&home, &name("a")).unwrap_err();
    assert!(error.to_string().contains("another user"), "{error}");
    assert!(profiles::save(&home, &name("a"), &full(), Save::Change).is_err());
}

#[cfg(unix)]
#[test]
fn what_is_made_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let home = Home::at(folder.path().join("deep/er/home"));
    profiles::save(&home, &name("a"), &full(), Save::New).unwrap();
    history::note(&home, &name("a"), &verdict(Status::Passed), None).unwrap();
    drafts::save(&home, &Draft { name: name("a"), values: full(), step: String::new() }).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    for file in files_in(home.root()) {
        assert_eq!(mode(&home.root().join(&file)), 0o600, "{file}");
    }
    for made in ["deep", "deep/er", "deep/er/home", "deep/er/home/profiles", "deep/er/home/history"] {
        assert_eq!(mode(&folder.path().join(made)), 0o700, "{made}");
    }
    assert_eq!(files_in(home.root()), ["drafts/a.toml", "history/a.json", "lock", "profiles/a.toml"]);
}

#[test]
fn a_save_that_fails_says_where_and_leaves_nothing() {
    // A file where a folder is needed fails for root, too.
    let (_folder, in_the_way) = home();
    fs::write(in_the_way.root(), "x").unwrap();
    let error = profiles::save(&in_the_way, &name("a"), &full(), Save::New).unwrap_err();
    assert!(matches!(error, StoreError::Io { .. }) && error.to_string().contains("home"), "{error}");
    assert_eq!(fs::read_to_string(in_the_way.root()).unwrap(), "x");

    let (_folder, home) = home();
    fs::create_dir(home.root()).unwrap();
    fs::write(home.profiles(), "x").unwrap();
    let error = profiles::save(&home, &name("a"), &full(), Save::New).unwrap_err();
    assert!(matches!(error, StoreError::Io { .. }) && error.to_string().contains("profiles"), "{error}");
    assert!(profiles::list(&home).is_err());
    assert_eq!(files_in(home.root()), ["lock", "profiles"]);
    fs::remove_file(home.profiles()).unwrap();
    profiles::save(&home, &name("a"), &full(), Save::New).unwrap();
}

/// A limit on the size of files, in blocks, stands for a full disk: with one the lock can be written, a profile cannot.
#[cfg(unix)]
fn without_room(child: &Command, blocks: u8) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"")]);
    command.arg(child.get_program()).args(child.get_args());
    command.envs(child.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command
}

#[cfg(unix)]
#[test]
fn a_full_disk_is_told_and_the_old_file_is_whole() {
    let (_folder, home, path) = home_with("a.toml", FULL);
    let told = printed(&without_room(&child("child_saves_much", &home), 1).output().unwrap());
    assert!(told.contains("refused: ") && told.contains("a.toml"), "{told}");
    assert_eq!(fs::read_to_string(path).unwrap(), FULL);
    assert_eq!(files_in(home.root()), ["lock", "profiles/a.toml"]);
}

/// Where nothing can be written at all, not even the number of the process that holds the lock.
#[cfg(unix)]
#[test]
fn a_full_disk_hinders_neither_renaming_nor_removing() {
    let (_folder, home, _) = home_with("a.toml", FULL);
    fs::write(home.profiles().join("b.toml"), FULL).unwrap();
    let told = printed(&without_room(&child("child_renames_and_removes", &home), 0).output().unwrap());
    assert!(told.contains("renamed and removed"), "{told}");
    assert_eq!(files_in(home.root()), ["lock", "profiles/c.toml"]);
}

#[test]
#[ignore = "run by other tests, as a process of its own"]
fn child_renames_and_removes() {
    let Some(home) = given_home() else { return };
    profiles::rename(&home, &name("a"), &name("c")).unwrap();
    profiles::remove(&home, &name("b")).unwrap();
    println!("renamed and removed");
}

/// A file in `history/` and the name go with the values, or everything stays.
#[cfg(unix)]
#[test]
fn a_save_under_another_name_is_done_as_a_whole_or_not_at_all() {
    let (_folder, home, path) = home_with("a.toml", FULL);
    history::note(&home, &name("a"), &verdict(Status::Passed), None).unwrap();
    let told = printed(&without_room(&child("child_saves_much_elsewhere", &home), 1).output().unwrap());
    assert!(told.contains("refused: "), "{told}");
    assert_eq!(fs::read_to_string(path).unwrap(), FULL);
    assert_eq!(files_in(home.root()), ["history/a.json", "lock", "profiles/a.toml"]);

    // The name is another's, or there is no such profile.
    fs::write(home.profiles().join("taken.toml"), FULL).unwrap();
    let mut draft = full();
    draft.set(FieldId::Company, "DAT");
    let save = |was: &str, to: &str| profiles::save_changes(&home, &name(was), &name(to), &full(), &draft);
    assert!(matches!(save("a", "TAKEN"), Err(StoreError::Exists { .. })));
    assert!(matches!(save("nope", "new"), Err(StoreError::NotFound { .. })));
    assert_eq!(fs::read_to_string(home.profile(&name("a"))).unwrap(), FULL);
    assert_eq!(fs::read_to_string(home.profile(&name("taken"))).unwrap(), FULL);

    assert_eq!(save("a", "A").unwrap(), home.profiles().join("A.toml"));
    assert_eq!(save("A", "b").unwrap(), home.profile(&name("b")));
    assert_eq!(files_in(home.root()), ["history/b.json", "lock", "profiles/b.toml", "profiles/taken.toml"]);
    assert_eq!(profiles::load(&home, &name("b")).unwrap().draft, draft);
}

#[test]
#[ignore = "run by other tests, as a process of its own"]
fn child_saves_much_elsewhere() {
    let Some(home) = given_home() else { return };
    let mut draft = full();
    draft.set(FieldId::CaCertificate, &"long/".repeat(1000));
    match profiles::save_changes(&home, &name("a"), &name("b"), &full(), &draft) {
        Ok(_) => println!("saved"),
        Err(error) => println!("refused: {error}"),
    }
}

#[test]
#[ignore = "run by other tests, as a process of its own"]
fn child_saves_much() {
    let Some(home) = given_home() else { return };
    let mut draft = full();
    draft.set(FieldId::CaCertificate, &"long/".repeat(1000));
    match profiles::save(&home, &name("a"), &draft, Save::Change) {
        Ok(_) => println!("saved"),
        Err(error) => println!("refused: {error}"),
    }
}

// ---- rivals and crashes ----

const RIVALS: [FieldId; 9] = [
    FieldId::Cloud,
    FieldId::TenantId,
    FieldId::ClientId,
    FieldId::Expires,
    FieldId::UserId,
    FieldId::Company,
    FieldId::Entities,
    FieldId::GraphUrl,
    FieldId::CaCertificate,
];

/// Sets its own field of the shared profile, a few times over, and saves a profile of its own.
fn rival(home: &Home, number: usize) {
    let field = RIVALS[number];
    for _ in 0..3 {
        let before = profiles::load(home, &name("shared")).unwrap().draft;
        let mut without = before.clone();
        without.set(field, "");
        profiles::save_changes(home, &name("shared"), &name("shared"), &before, &without).unwrap();
        let mut with = without.clone();
        with.set(field, full().value(field));
        profiles::save_changes(home, &name("shared"), &name("shared"), &without, &with).unwrap();
    }
    profiles::save(home, &name(&format!("own-{number}")), &full(), Save::New).unwrap();
}

#[test]
#[ignore = "run by other tests, as a process of its own"]
fn child_rival() {
    let Some(home) = given_home() else { return };
    rival(&home, std::env::var("STORE_TEST_NUMBER").unwrap().parse().unwrap());
}

#[test]
fn rivals_lose_nothing_of_each_other() {
    let (_folder, home) = home();
    let bare = ProfileDraft { source: full().source, ..ProfileDraft::new("fno-client-credentials") };
    profiles::save(&home, &name("shared"), &bare, Save::New).unwrap();
    // Each field has one writer among the processes and threads, so its last word is known.
    let processes: Vec<_> = (0..4)
        .map(|number| {
            child("child_rival", &home)
                .env("STORE_TEST_NUMBER", number.to_string())
                .stdout(Stdio::null())
                .spawn()
                .unwrap()
        })
        .collect();
    std::thread::scope(|scope| {
        for number in 4..9 {
            let home = &home;
            scope.spawn(move || rival(home, number));
        }
        // Several want the same new name: exactly one gets it.
        let wanting: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| profiles::save(&home, &name("wanted"), &full(), Save::New).is_ok()))
            .collect();
        let got: Vec<bool> = wanting.into_iter().map(|thread| thread.join().unwrap()).collect();
        assert_eq!(got.iter().filter(|got| **got).count(), 1);
    });
    for mut process in processes {
        assert!(process.wait().unwrap().success());
    }
    let shared = profiles::load(&home, &name("shared")).unwrap().draft;
    for field in RIVALS {
        assert_eq!(shared.value(field), full().value(field), "{field}");
    }
    // Nine own ones, the shared and the wanted one, and no temporary file.
    assert_eq!(profiles::list(&home).unwrap().len(), 11);
    assert_eq!(files_in(&home.profiles()).len(), 11);
}

#[test]
#[ignore = "run by other tests, as a process of its own"]
fn child_saves_for_ever() {
    let Some(home) = given_home() else { return };
    let mut draft = full();
    println!("saving");
    for turn in 0.. {
        draft.set(FieldId::Company, &format!("{turn}{}", "x".repeat(50_000)));
        profiles::save(&home, &name("a"), &draft, Save::Change).unwrap();
    }
}

#[test]
fn a_killed_save_leaves_the_old_or_the_new() {
    use std::io::{BufRead, BufReader};
    let (_folder, home, path) = home_with("a.toml", FULL);
    for turn in 0..15 {
        let mut process = child("child_saves_for_ever", &home).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap().contains("saving")));
        std::thread::sleep(std::time::Duration::from_micros(turn * 700));
        process.kill().unwrap();
        process.wait().unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.ends_with("ca.pem'\n"), "half a file: {} bytes", text.len());
        profiles::load(&home, &name("a")).unwrap();
    }
    // As a writer that was killed between creating and renaming leaves it.
    fs::write(home.profiles().join(".d365-connect-left.tmp"), "version = 1").unwrap();
    profiles::save(&home, &name("a"), &full(), Save::Change).unwrap();
    assert_eq!(profiles::load(&home, &name("a")).unwrap().draft, full());
    assert_eq!(files_in(home.root()), ["lock", "profiles/a.toml"]);
}

// ---- secrets ----

fn secret(text: &str) -> Arc<ClientSecret> {
    Arc::new(ClientSecret::new(Zeroizing::new(text.to_owned())).unwrap())
}

fn read_with(keyring: &Keyring, source: &SecretSource) -> Result<Arc<ClientSecret>, SecretTrouble> {
    keyring.read(source, &Stop::default())
}

#[test]
fn memory_keeps_and_forgets() {
    let keyring = Keyring::in_memory();
    keyring.usable().unwrap();
    let (one, two) = (keyring.keep(&secret(PRINTABLE)).unwrap(), keyring.keep(&secret(CANARY)).unwrap());
    assert_ne!(one, two);
    assert!(one.len() == 32 && one.bytes().all(|b| b.is_ascii_hexdigit()), "{one}");
    let source = SecretSource::Keyring { entry: one.clone() };
    assert_eq!(read_with(&keyring, &source).unwrap().reveal(), PRINTABLE);
    assert!(!format!("{keyring:?}").contains("canary"));
    keyring.forget(&one).unwrap();
    keyring.forget(&one).unwrap();
    let error = read_with(&keyring, &source).unwrap_err();
    assert!(error.to_string().contains("no secret") && error.hint.contains("edit"), "{error}");
}

#[test]
fn files_give_their_secret_and_nothing_of_it_in_errors() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret");
    let source = SecretSource::File { path: path.to_str().unwrap().to_owned() };
    let read = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        read_with(&Keyring::System, &source)
    };
    for end in ["", "\n", "\r\n"] {
        assert_eq!(read(format!("{PRINTABLE}{end}").as_bytes()).unwrap().reveal(), PRINTABLE);
    }
    assert_eq!(read(format!("\u{feff}{CANARY}\r\n").as_bytes()).unwrap().reveal(), CANARY);
    for (bytes, told) in [
        (&b""[..], "empty"),
        (b"\n", "empty"),
        (b"canary\ncanary", "one line"),
        (b"canary\n\n", "one line"),
        (b"canary\xff", "UTF-8"),
        (&b"canary".repeat(1000), "longer"),
        (&b"canary".repeat(300_000), "1 MiB"),
    ] {
        let error = read(bytes).unwrap_err();
        let text = format!("{error} {error:?}");
        assert!(text.contains(told) && !text.contains("canary") && text.contains("secret"), "{text}");
        assert!(!error.hint.is_empty());
    }
    fs::remove_file(&path).unwrap();
    assert!(read_with(&Keyring::System, &source).unwrap_err().to_string().contains("file "));
    #[cfg(unix)]
    {
        let folder = SecretSource::File { path: folder.path().to_str().unwrap().to_owned() };
        assert!(read_with(&Keyring::System, &folder).unwrap_err().to_string().contains("regular file"));
    }
}

#[cfg(unix)]
#[test]
fn a_secret_file_may_be_a_link_but_not_a_pipe() {
    let folder = tempfile::tempdir().unwrap();
    let at = |file: &str| folder.path().join(file).to_str().unwrap().to_owned();
    fs::write(at("real"), CANARY).unwrap();
    std::os::unix::fs::symlink("real", at("link")).unwrap();
    assert_eq!(read_with(&Keyring::System, &SecretSource::File { path: at("link") }).unwrap().reveal(), CANARY);
    assert!(Command::new("mkfifo").arg(at("pipe")).status().unwrap().success());
    for path in [at("pipe"), "/dev/zero".into(), "/dev/tty".into()] {
        assert!(read_with(&Keyring::System, &SecretSource::File { path }).is_err());
    }
}

/// What the sources say in a process with chosen variables.
#[test]
#[ignore = "run by other tests, as a process of its own"]
fn child_reads() {
    let Ok(source) = std::env::var("STORE_TEST_SOURCE") else { return };
    let (kind, rest) = source.split_once(':').unwrap();
    let rest = rest.to_owned();
    let result = match kind {
        "env" => read_with(&Keyring::System, &SecretSource::Env { var: rest }),
        "file" => read_with(&Keyring::System, &SecretSource::File { path: rest }),
        "command" => read_with(&Keyring::System, &SecretSource::Command { words: rest }),
        "entry" => read_with(&Keyring::System, &SecretSource::Keyring { entry: rest }),
        _ => Keyring::System.usable().map(|()| secret("usable")),
    };
    match result {
        Ok(secret) => println!("<{}>", secret.reveal()),
        Err(error) => println!("refused {error} ({}) {error:?}", error.hint),
    }
}

fn child_reading(source: &str, variables: &[(&str, &str)]) -> String {
    let (_folder, home) = home();
    let mut command = child("child_reads", &home);
    command.env_remove("DBUS_SESSION_BUS_ADDRESS").env_remove("XDG_RUNTIME_DIR");
    command.env("STORE_TEST_SOURCE", source).envs(variables.iter().copied());
    printed(&command.output().unwrap())
}

#[test]
fn variables_give_their_secret() {
    let told = child_reading("env:STORE_X", &[("STORE_X", PRINTABLE)]);
    assert!(told.contains(&format!("<{PRINTABLE}>")), "{told}");
    assert!(child_reading("env:STORE_X", &[]).contains("refused environment variable STORE_X: it is not set"));
    assert!(child_reading("env:STORE_X", &[("STORE_X", "")]).contains("it is set, but empty"));
    let told = child_reading("env:STORE_X", &[("STORE_X", "canary\u{1}")]);
    assert!(told.contains("control characters") && !told.contains("canary"), "{told}");
}

#[cfg(unix)]
#[test]
fn the_home_directory_is_expanded() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("s"), CANARY).unwrap();
    let told = child_reading("file:~/s", &[("HOME", folder.path().to_str().unwrap())]);
    assert!(told.contains(&format!("<{CANARY}>")), "{told}");
}

#[cfg(unix)]
#[test]
fn commands_get_a_clean_environment() {
    let kept = [("BW_SESSION", "kept-bw"), ("OP_ACCOUNT", "kept-op"), ("LC_ALL", "kept-lc"), ("GPG_TTY", "kept-tty")];
    let gone =
        [("D365_VALUE", "canary1"), ("CLIENT_SECRET", "canary2"), ("my_token", "canary3"), ("PGPASSWORD", "canary4")];
    let told = child_reading("command:sh -c 'env | sort | tr \"\\n\" \" \"'", &[&kept[..], &gone[..]].concat());
    for (_, value) in kept {
        assert!(told.contains(value), "{told}");
    }
    assert!(told.contains("PATH=") && told.contains("HOME=") && !told.contains("canary"), "{told}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_keyring_that_cannot_be_reached_is_told_apart() {
    for source in ["usable:", "entry:5f0c"] {
        let told = child_reading(source, &[]);
        assert!(told.contains("refused the keyring: there is no session bus"), "{told}");
        assert!(told.contains("env:VAR, file:PATH or command:WORDS"), "{told}");
    }
    let told = child_reading("usable:", &[("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere/bus")]);
    assert!(told.contains("no keyring service runs here"), "{told}");
    // A bus that takes the call and never answers.
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("bus");
    let _silent = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    let address = format!("unix:path={}", socket.display());
    let told = child_reading("entry:5f0c", &[("DBUS_SESSION_BUS_ADDRESS", &address)]);
    assert!(told.contains("no answer within 3 s"), "{told}");
}

#[test]
#[ignore = "needs this system's keyring, unlocked; leaves nothing in it"]
fn the_systems_keyring_keeps_and_forgets() {
    let keyring = Keyring::System;
    keyring.usable().unwrap();
    let entry = keyring.keep(&secret(PRINTABLE)).unwrap();
    let source = SecretSource::Keyring { entry: entry.clone() };
    assert_eq!(read_with(&keyring, &source).unwrap().reveal(), PRINTABLE);
    keyring.forget(&entry).unwrap();
    keyring.forget(&entry).unwrap();
    assert!(read_with(&keyring, &source).unwrap_err().to_string().contains("no secret"));
}
