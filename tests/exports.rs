//! Exports read back by the readers they are for, and by this program's own import.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use d365_connect::assets;
use d365_connect::core::format::{Format, Reader};
use d365_connect::core::guide::Guide;
use d365_connect::core::intake::{self, Intake};
use d365_connect::core::names::ProfileName;
use d365_connect::core::profile::{CertificateSource, CredentialSource, ProfileDraft, SecretSource};
use d365_connect::core::question::FieldId;
use d365_connect::core::secret::ClientSecret;
use d365_connect::core::template::holes;
use d365_connect::export::{Handover, PLACEHOLDER, quote, render};
use proptest::prelude::*;
use serde_json::Value;
use std::collections::BTreeMap;
use yaml_rust2::{Yaml, YamlLoader};
use zeroize::Zeroizing;

const TENANT: &str = "11111111-2222-4333-8444-555555555555";
const CLIENT: &str = "66666666-7777-4888-9999-aaaaaaaaaaaa";
/// Signs that are special to a shell, YAML, JSON, PowerShell, Terraform, GitHub or Markdown.
const ODD: &str = "D'or & \"Söhne\" #1: $HOME `x` $(y) ${z} ${{ a }} %{b} %PATH% !c *d [e] {f}, |g; \\h ‘i’ <j> ~k? @l";
/// All printable ASCII, with a blank inside.
fn all_ascii() -> String {
    format!("x{}y", (' '..='~').collect::<String>())
}

fn secret(text: &str) -> ClientSecret {
    ClientSecret::new(Zeroizing::new(text.to_owned())).unwrap()
}

fn export(
    format: &Format,
    guide: &Guide,
    draft: &ProfileDraft,
    secret: Option<&ClientSecret>,
    options: &[(&str, &str)],
) -> String {
    let name: ProfileName = "contoso-uat".parse().unwrap();
    let options: BTreeMap<String, String> =
        options.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let handover = Handover { format, name: &name, draft, guide, clouds: assets::clouds(), secret, options: &options };
    render(&handover).to_string()
}

/// A profile of a guide with a value in every field it takes, `odd` in the free ones.
fn full(guide: &Guide, odd: &str) -> ProfileDraft {
    let mut draft = ProfileDraft::new(&guide.id);
    for field in FieldId::ALL.into_iter().filter(|field| guide.takes(*field)) {
        let value = match field {
            FieldId::Secret => continue,
            FieldId::Cloud => "us-gov",
            FieldId::TenantId => TENANT,
            FieldId::ClientId => CLIENT,
            FieldId::ResourceUrl => "https://contoso.operations.dynamics.com",
            FieldId::Expires => "2027-05-20",
            FieldId::SignIn => guide.sign_in[0].as_str(),
            FieldId::RedirectUri => "https://auth.example.com/oauth?a=1&b='2'",
            FieldId::AuthorityUrl => "https://login.example.com",
            FieldId::GraphUrl => "https://graph.example.com",
            FieldId::Permissions | FieldId::Entities => "First.Read, Second.Read-All",
            FieldId::Environment | FieldId::UserId | FieldId::Company | FieldId::CaCertificate => odd,
        };
        draft.set(field, value);
    }
    draft
}

fn minimal(guide: &Guide) -> ProfileDraft {
    let mut draft = ProfileDraft::new(&guide.id);
    for (field, value) in [
        (FieldId::TenantId, TENANT),
        (FieldId::ClientId, CLIENT),
        (FieldId::ResourceUrl, "https://contoso.operations.dynamics.com"),
        (FieldId::Environment, "Production"),
    ] {
        if guide.needs().contains(&field) {
            draft.set(field, value);
        }
    }
    draft
}

// ---- the assets -------------------------------------------------------------------------------------------------

#[test]
fn formats_are_those_of_the_contract() {
    let ids: Vec<&str> = assets::exports().iter().map(|format| format.id.as_str()).collect();
    assert_eq!(
        ids,
        [
            "env",
            "json",
            "appsettings",
            "powershell",
            "postman",
            "curl",
            "k8s-secret",
            "c1-env",
            "c1-k8s",
            "ipaas",
            "cloud-elements",
            "terraform",
            "github-actions"
        ]
    );
}

#[test]
fn examples_come_out_as_they_say() {
    for format in assets::exports() {
        let guide = assets::guide(&format.example.guide).unwrap();
        let mut draft = ProfileDraft::new(&guide.id);
        for (name, value) in &format.example.values {
            draft.set(FieldId::parse(name).unwrap(), value);
        }
        let text = export(format, guide, &draft, None, &[]);
        if std::env::var_os("EXPORTS_UPDATE").is_some() {
            let path = format!("{}/assets/exports/{}.toml", env!("CARGO_MANIFEST_DIR"), format.id);
            let old = std::fs::read_to_string(&path).unwrap();
            let (head, _) = old.split_once("output = '''").unwrap();
            std::fs::write(&path, format!("{head}output = '''\n{text}'''\n")).unwrap();
            continue;
        }
        assert_eq!(text, format.example.output, "{}", format.id);
    }
}

/// Every value has a place, every hole a meaning, and a secret is where a secret is expected.
#[test]
fn templates_are_whole() {
    let of_profile: Vec<&str> = FieldId::ALL.iter().map(|field| field.name().rsplit('.').next().unwrap()).collect();
    let derived = [
        "name",
        "slug",
        "guide",
        "rest",
        "as_user",
        "as_secret",
        "as_certificate",
        "as_password",
        "client_secret",
        "certificate_path",
        "certificate_password",
        "instance",
        "call_url",
        "scope",
        "authority",
        "token_url",
    ];
    for format in assets::exports() {
        let id = &format.id;
        let bare = |hole: &str| {
            ["sh_", "json_", "text_"]
                .iter()
                .find_map(|lead| hole.strip_prefix(lead).map(str::to_owned))
                .unwrap_or(hole.to_owned())
        };
        let names: Vec<String> = holes(&format.template).into_iter().map(bare).collect();
        for name in &names {
            let is_option = format.options.iter().any(|option| option.name == *name);
            assert!(
                is_option || of_profile.contains(&name.as_str()) || derived.contains(&name.as_str()),
                "{id}: {name}"
            );
            assert_ne!(name, "secret", "{id}");
        }
        for needed in ["rest", "tenant_id", "client_id"] {
            assert!(names.iter().any(|name| name == needed), "{id} has no {needed}");
        }
        // The secret has its place, or another way to the reader; never both.
        assert_ne!(names.iter().any(|name| name == "client_secret"), format.secret_by.is_some(), "{id}");
        let rest: Vec<String> = holes(&format.rest).into_iter().map(bare).collect();
        assert_eq!(rest, ["field", "value"], "{id}");
        for option in &format.options {
            assert!(names.contains(&option.name), "{id}: nothing is made of {}", option.name);
            let is_one = option.default.is_empty() || option.one_of.contains(&option.default);
            assert!(option.one_of.is_empty() || is_one, "{id}: {}", option.name);
        }
        assert_eq!(holes(&format.file).into_iter().filter(|hole| *hole != "name").count(), 0, "{id}");
        assert!(!format.about.is_empty() && format.about.len() <= 110, "{id}");
    }
}

/// The sheets name what the guides say that the products call their fields.
#[test]
fn sheets_have_the_fields_of_the_guides_forms() {
    for (format, guide) in
        [("ipaas", "business-central"), ("cloud-elements", "fno-delegated"), ("cloud-elements", "office365")]
    {
        let text = &assets::export(format).unwrap().template;
        let form = assets::guide(guide).unwrap().form.as_ref().unwrap();
        for field in form.fields.iter().filter(|field| !field.value.is_empty()) {
            assert!(text.contains(&format!("{}: ", field.name)), "{format} has no '{}'", field.name);
        }
    }
}

// ---- readers ----------------------------------------------------------------------------------------------------

/// What each reader must find under which names.
fn wanted(format: &str, draft: &ProfileDraft, guide: &Guide, secret: &str) -> Vec<(&'static str, String)> {
    let value = |name: &str| draft.template_value(name, Some(guide), assets::clouds()).unwrap_or_default();
    let names: &[(&'static str, &str)] = match format {
        "env" | "k8s-secret" | "github-actions" => &[
            ("AZURE_TENANT_ID", "tenant_id"),
            ("AZURE_CLIENT_ID", "client_id"),
            ("AZURE_CLIENT_SECRET", "client_secret"),
            ("D365_URL", "resource_url"),
            ("D365_ENVIRONMENT", "environment"),
            ("D365_COMPANY", "company"),
            ("D365_USER_ID", "user_id"),
            ("D365_PERMISSIONS", "permissions"),
        ],
        "c1-env" | "c1-k8s" => &[
            ("BATON_TENANT_ID", "tenant_id"),
            ("BATON_DYNAMICS_CLIENT_ID", "client_id"),
            ("BATON_DYNAMICS_CLIENT_SECRET", "client_secret"),
            ("BATON_ENVIRONMENT_URL", "resource_url"),
        ],
        "terraform" => &[
            ("tenant_id", "tenant_id"),
            ("client_id", "client_id"),
            ("client_secret", "client_secret"),
            ("resource_url", "resource_url"),
            ("d365_environment", "environment"),
            ("d365_company", "company"),
            ("d365_user_id", "user_id"),
            ("d365_permissions", "permissions"),
        ],
        "json" | "postman" => &[
            ("tenant_id", "tenant_id"),
            ("client_id", "client_id"),
            ("client_secret", "client_secret"),
            ("resource_url", "resource_url"),
            ("scope", "scope"),
            ("token_url", "token_url"),
            ("d365.environment", "environment"),
            ("d365.company", "company"),
            ("d365.user_id", "user_id"),
            ("d365.permissions", "permissions"),
            ("redirect_uri", "redirect_uri"),
        ],
        "appsettings" => &[
            ("TenantId", "tenant_id"),
            ("ClientId", "client_id"),
            ("ClientSecret", "client_secret"),
            ("Url", "resource_url"),
            ("Scope", "scope"),
            ("d365.company", "company"),
        ],
        "powershell" => &[
            ("Tenant", "tenant_id"),
            ("ClientId", "client_id"),
            ("ClientSecret", "client_secret"),
            ("Url", "resource_url"),
        ],
        "curl" => &[
            ("TENANT_ID", "tenant_id"),
            ("CLIENT_ID", "client_id"),
            ("CLIENT_SECRET", "client_secret"),
            ("RESOURCE_URL", "resource_url"),
            ("TOKEN_URL", "token_url"),
        ],
        "ipaas" => &[
            ("Tenant ID", "tenant_id"),
            ("Client ID", "client_id"),
            ("Client Secret", "client_secret"),
            ("API URL", "resource_url"),
            ("Scope", "scope"),
            ("Company Name", "company"),
            ("Environment", "environment"),
        ],
        "cloud-elements" => &[
            ("Tenant ID", "tenant_id"),
            ("API key", "client_id"),
            ("API secret", "client_secret"),
            ("Environment URL", "resource_url"),
            ("Redirect URI", "redirect_uri"),
        ],
        other => panic!("no reader for {other}"),
    };
    names.iter().map(|(name, of)| (*name, if *of == "client_secret" { secret.to_owned() } else { value(of) })).collect()
}

/// Reads an export with a parser that knows nothing of this program.
fn read(format: &Format, text: &str) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    match format.id.as_str() {
        "env" | "c1-env" => {
            for pair in dotenvy::from_read_iter(text.as_bytes()) {
                let (name, value) = pair.unwrap();
                all.insert(name, value);
            }
            assert_eq!(sourced(text, &all), all, "sh and dotenv disagree");
        }
        "curl" => {
            let names = ["TENANT_ID", "CLIENT_ID", "CLIENT_SECRET", "RESOURCE_URL", "TOKEN_URL", "CALL_URL"];
            let wanted = names.iter().map(|name| ((*name).to_owned(), String::new())).collect();
            let head: String = text.split("\ntoken=").next().unwrap().to_owned();
            all = sourced(&head, &wanted);
        }
        "json" | "appsettings" => objects(&serde_json::from_str(text).unwrap(), &mut all),
        "postman" => {
            let json: Value = serde_json::from_str(text).unwrap();
            assert_eq!(json["_postman_variable_scope"], "environment");
            assert!(json["name"].is_string());
            for entry in json["values"].as_array().unwrap() {
                assert_eq!(entry["enabled"], true);
                let key = entry["key"].as_str().unwrap();
                assert_eq!(entry["type"], if key == "client_secret" { "secret" } else { "default" });
                all.insert(key.to_owned(), entry["value"].as_str().unwrap().to_owned());
            }
        }
        "k8s-secret" | "c1-k8s" => {
            let docs = YamlLoader::load_from_str(text).unwrap();
            assert_eq!(docs[0]["kind"].as_str(), Some("Secret"));
            strings(&docs[0]["stringData"], &mut all);
            if let Some(deployment) = docs.get(1) {
                assert_eq!(deployment["kind"].as_str(), Some("Deployment"));
                let labels = &deployment["spec"]["template"]["metadata"]["labels"];
                // Labels are texts, also those that look like something else.
                assert_eq!(labels["baton"].as_str(), Some("true"));
                assert_eq!(labels["app"], deployment["spec"]["selector"]["matchLabels"]["app"]);
                let container = &deployment["spec"]["template"]["spec"]["containers"][0];
                assert!(container["image"].as_str().unwrap().contains('/'));
                assert_eq!(container["envFrom"][0]["secretRef"]["name"], docs[0]["metadata"]["name"]);
                assert_eq!(docs[0]["metadata"]["namespace"], deployment["metadata"]["namespace"]);
            }
        }
        "github-actions" => {
            let docs = YamlLoader::load_from_str(text).unwrap();
            strings(&docs[0]["jobs"]["connect"]["env"], &mut all);
            // As GitHub evaluates what it finds in expressions.
            for value in all.values_mut() {
                *value = value.replace("${{ '${{' }}", "${{");
            }
            assert_eq!(all["AZURE_CLIENT_SECRET"], "${{ secrets.AZURE_CLIENT_SECRET }}");
            let by = format.secret_by.as_ref().unwrap();
            assert!(text.lines().any(|line| line.trim_start_matches(['#', ' ']) == by), "{text}");
        }
        "terraform" => {
            let body: hcl::Body = hcl::from_str(text).unwrap();
            for attribute in body.attributes() {
                let hcl::Expression::String(value) = attribute.expr() else {
                    panic!("not a plain text: {attribute:?}")
                };
                all.insert(attribute.key().to_owned(), value.clone());
            }
        }
        "powershell" => {
            let line = text.lines().find(|line| line.starts_with("Add-D365ODataConfig ")).unwrap();
            all = power_shell(line);
        }
        "ipaas" | "cloud-elements" => {
            for line in text.lines().filter(|line| !line.starts_with('#')) {
                if let Some((name, value)) = line.split_once(": ") {
                    all.insert(name.to_owned(), value.to_owned());
                }
            }
        }
        other => panic!("no reader for {other}"),
    }
    all
}

fn objects(json: &Value, all: &mut BTreeMap<String, String>) {
    for (name, value) in json.as_object().unwrap() {
        match value {
            Value::String(text) => drop(all.insert(name.clone(), text.clone())),
            Value::Array(inside) => inside.iter().for_each(|one| objects(one, all)),
            other => objects(other, all),
        }
    }
}

/// Only texts: Kubernetes takes nothing else in `stringData`.
fn strings(yaml: &Yaml, all: &mut BTreeMap<String, String>) {
    for (name, value) in yaml.as_hash().unwrap() {
        all.insert(name.as_str().unwrap().to_owned(), value.as_str().unwrap_or_else(|| panic!("{value:?}")).to_owned());
    }
}

/// What a shell holds after it has read the file, exported to what it starts.
fn sourced(text: &str, names: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, text).unwrap();
    let values: Vec<String> = names.keys().map(|name| format!("\"${name}\"")).collect();
    let line = format!("set -a; . \"$1\"; printf '%s\\0' {}", values.join(" "));
    let mut read: Vec<BTreeMap<String, String>> = Vec::new();
    for shell in ["sh", "bash"] {
        let Ok(out) = std::process::Command::new(shell).env_clear().args(["-c", &line, shell]).arg(&file).output()
        else {
            assert_eq!(shell, "bash", "there is no sh");
            continue;
        };
        assert!(out.status.success() && out.stderr.is_empty(), "{}", String::from_utf8_lossy(&out.stderr));
        let values = String::from_utf8(out.stdout).unwrap();
        read.push(names.keys().cloned().zip(values.split('\0').map(str::to_owned)).collect());
    }
    assert!(read.windows(2).all(|two| two[0] == two[1]), "sh and bash disagree: {read:?}");
    read.remove(0)
}

/// PowerShell itself reads the lines, with a command of that name that tells what it was given. Where it is not installed
/// the test says so; what it would read is then told by [`power_shell`] alone.
#[test]
fn power_shell_itself_reads_the_lines() {
    let ascii = all_ascii();
    let guide = assets::guide("fno-client-credentials").unwrap();
    let text = export(assets::export("powershell").unwrap(), guide, &full(guide, ODD), Some(&secret(&ascii)), &[]);
    let told = "function Add-D365ODataConfig($Name, $Tenant, $Url, $ClientId, $ClientSecret, [switch]$Force) { \
                [Console]::Out.Write(($PSBoundParameters | ConvertTo-Json)) }; function Set-D365ActiveODataConfig($Name) { }\n";
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lines.ps1");
    // With its mark, so that every version takes it for UTF-8.
    std::fs::write(&file, format!("\u{feff}{told}{text}")).unwrap();
    let run = std::process::Command::new("pwsh").args(["-NoProfile", "-NonInteractive", "-File"]).arg(&file).output();
    let Ok(out) = run else {
        #[expect(clippy::print_stderr, reason = "what a test leaves out is told")]
        {
            eprintln!("skipped: pwsh is not installed");
        }
        return;
    };
    let found: Value = serde_json::from_slice(&out.stdout).unwrap();
    for (name, value) in wanted("powershell", &full(guide, ODD), guide, &ascii) {
        assert_eq!(found[name], value, "{name}");
    }
}

/// The parameters of a call whose values are all in single quotes.
fn power_shell(line: &str) -> BTreeMap<String, String> {
    let is_quote = |c: char| "'‘’‚‛".contains(c);
    let mut all = BTreeMap::new();
    let mut signs = line.chars().peekable();
    let mut name = String::new();
    while let Some(c) = signs.next() {
        if is_quote(c) {
            let mut value = String::new();
            loop {
                let c = signs.next().unwrap();
                if is_quote(c) && signs.next_if(|next| is_quote(*next)).is_none() {
                    break;
                }
                value.push(c);
            }
            all.insert(std::mem::take(&mut name).trim().trim_start_matches('-').to_owned(), value);
        } else if c == '-' {
            name.clear();
        } else {
            name.push(c);
        }
    }
    all
}

#[cfg(unix)]
#[test]
fn every_export_is_what_its_reader_reads() {
    let ascii = all_ascii();
    for guide in assets::guides() {
        for draft in [full(guide, ODD), full(guide, "plain"), minimal(guide), ProfileDraft::new(&guide.id)] {
            for format in assets::exports() {
                let what = format!("{} of {}", format.id, guide.id);
                for given in [None, Some("abc8Q~def"), Some(ascii.as_str())] {
                    let known = given.map(secret);
                    let text = export(format, guide, &draft, known.as_ref(), &[]);
                    let found = read(format, &text);
                    let apart = "${{ secrets.AZURE_CLIENT_SECRET }}";
                    let there = if format.secret_by.is_some() { apart } else { given.unwrap_or(PLACEHOLDER) };
                    for (name, value) in wanted(&format.id, &draft, guide, there) {
                        // What the profile does not have is empty or not there.
                        assert_eq!(found.get(name).map_or("", String::as_str), value, "{what}: {name}\n{text}");
                    }
                }
            }
        }
    }
}

/// A profile that signs in with a certificate has no secret: no format has a placeholder for one.
#[test]
fn a_certificate_is_handed_over_as_one_or_the_reader_is_told_to_take_secrets_only() {
    let guide = assets::guide("fno-client-credentials").unwrap();
    let path = "/etc/d365/it's \"mine\".pfx";
    for password in [None, Some(SecretSource::Env { var: "OPENS_IT".into() })] {
        let mut draft = full(guide, ODD);
        let with_password = password.is_some();
        draft.source = Some(CredentialSource::Certificate(CertificateSource { path: path.into(), password }));
        for format in assets::exports() {
            let id = format.id.as_str();
            let text = export(format, guide, &draft, None, &[]);
            assert!(!text.contains(PLACEHOLDER) && !text.contains("OPENS_IT"), "{text}");
            assert!(!text.contains("secrets.AZURE_CLIENT_SECRET"), "{text}");
            let name = match id {
                "env" | "k8s-secret" | "github-actions" => "AZURE_CLIENT_CERTIFICATE_PATH",
                "json" | "terraform" => "client_certificate_path",
                "appsettings" => "CertificateDiskPath",
                _ => {
                    assert!(!format.takes_certificates(), "{id}");
                    // JSON has no comments: there it is told on the terminal alone.
                    assert!(id == "postman" || text.contains("client secret only"), "{text}");
                    let told = intake::read(&text, assets::clouds());
                    assert!(told.secret.is_none() && told.value(FieldId::ClientId) == Some(CLIENT), "{text}");
                    continue;
                }
            };
            assert!(format.takes_certificates(), "{id}");
            let found = read_any(format, &text);
            assert_eq!(found.get(name).map(String::as_str), Some(path), "{text}");
            let has_password = found.keys().any(|name| name.to_ascii_lowercase().contains("certificate_password"));
            assert_eq!(has_password, with_password && id != "appsettings", "{text}");
        }
    }
}

/// As [`read`], without what holds for secrets alone.
fn read_any(format: &Format, text: &str) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    match format.id.as_str() {
        "github-actions" => {
            let docs = YamlLoader::load_from_str(text).unwrap();
            strings(&docs[0]["jobs"]["connect"]["env"], &mut all);
            all
        }
        _ => read(format, text),
    }
}

/// What is optional for C1 is left out until it is asked for, as the guide says.
#[test]
fn the_connector_only_reads_until_it_is_told_otherwise() {
    let guide = assets::guide("c1-fno").unwrap();
    for id in ["c1-env", "c1-k8s"] {
        let format = assets::export(id).unwrap();
        let text = export(format, guide, &minimal(guide), None, &[]);
        assert!(!text.contains("BATON_PROVISIONING") && !text.contains("BATON_SYNC_ONLY"), "{text}");
        let text = export(format, guide, &minimal(guide), None, &[("provisioning", "true")]);
        assert!(text.contains("BATON_PROVISIONING"), "{text}");
    }
}

/// A sheet names no field that the profile has nothing for.
#[test]
fn sheets_have_no_empty_lines_to_fill() {
    for guide in assets::guides() {
        for draft in [minimal(guide), ProfileDraft::new(&guide.id)] {
            for id in ["ipaas", "cloud-elements"] {
                let text = export(assets::export(id).unwrap(), guide, &draft, None, &[]);
                let bare = text.lines().find(|line| line.ends_with(": "));
                assert_eq!(bare, None, "{id} of {}\n{text}", guide.id);
            }
        }
    }
}

#[test]
fn formats_own_values_are_quoted_too() {
    let guide = assets::guide("c1-fno").unwrap();
    let draft = minimal(guide);
    let odd = "a\"b: #c";
    let text =
        export(assets::export("c1-k8s").unwrap(), guide, &draft, None, &[("image", odd), ("provisioning", "true")]);
    let docs = YamlLoader::load_from_str(&text).unwrap();
    assert_eq!(docs[1]["spec"]["template"]["spec"]["containers"][0]["image"].as_str(), Some(odd));
    assert_eq!(docs[0]["stringData"]["BATON_PROVISIONING"].as_str(), Some("true"));
    assert!(docs[0]["stringData"]["BATON_CLIENT_ID"].as_str().unwrap().starts_with("REPLACE_WITH_C1_"));
    let text = export(assets::export("k8s-secret").unwrap(), guide, &draft, None, &[("namespace", "c1")]);
    let docs = YamlLoader::load_from_str(&text).unwrap();
    assert_eq!(docs[0]["metadata"]["namespace"].as_str(), Some("c1"));
    assert_eq!(docs[0]["metadata"]["name"].as_str(), Some("contoso-uat"));
}

/// Secret and token are never arguments of a program: they come over standard input.
#[cfg(unix)]
#[test]
fn the_script_gives_curl_no_secret_as_argument() {
    use std::os::unix::fs::PermissionsExt;
    let guide = assets::guide("fno-client-credentials").unwrap();
    let ascii = all_ascii();
    let text = export(assets::export("curl").unwrap(), guide, &minimal(guide), Some(&secret(&ascii)), &[]);
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let stand_in = format!(
        "#!/bin/sh\nprintf '%s\\n' \"$@\" >>'{0}.args'\ncat >>'{0}.stdin'\nprintf '{{\"token_type\":\"Bearer\",\"access_token\":\"tOkEn-1\"}}'\n",
        log.display()
    );
    let curl = folder.path().join("curl");
    std::fs::write(&curl, stand_in).unwrap();
    std::fs::set_permissions(&curl, std::fs::Permissions::from_mode(0o700)).unwrap();
    let script = folder.path().join("script");
    std::fs::write(&script, text).unwrap();
    let path = format!("{}:/usr/bin:/bin", folder.path().display());
    let out = std::process::Command::new("sh").arg(&script).env_clear().env("PATH", path).output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let args = std::fs::read_to_string(log.with_extension("args")).unwrap();
    let stdin = std::fs::read_to_string(log.with_extension("stdin")).unwrap();
    assert!(!args.contains(&ascii[..12]) && !args.contains("tOkEn-1"), "{args}");
    assert!(args.contains("client_secret@-") && args.contains(&format!("client_id={CLIENT}")), "{args}");
    assert!(args.contains("scope=https://contoso.operations.dynamics.com/.default"), "{args}");
    assert!(args.contains("https://contoso.operations.dynamics.com/data/"), "{args}");
    assert_eq!(stdin, format!("{ascii}header = \"Authorization: Bearer tOkEn-1\"\n"));
}

// ---- and back -----------------------------------------------------------------------------------------------------

/// The guide that an import takes.
fn drafted(intake: &Intake) -> (ProfileDraft, Vec<FieldId>) {
    let guide = assets::guide(intake.guide.as_deref().unwrap_or("fno-client-credentials")).unwrap();
    intake.draft(guide, assets::clouds())
}

#[track_caller]
fn comes_back(format: &Format, guide: &Guide, draft: &ProfileDraft, given: Option<&str>) {
    let known = given.map(secret);
    let text = export(format, guide, draft, known.as_ref(), &[]);
    let intake = intake::read(&text, assets::clouds());
    let (back, unused) = drafted(&intake);
    assert_eq!(back, *draft, "{} of {}\n{text}", format.id, guide.id);
    assert_eq!(unused, [], "{} of {}", format.id, guide.id);
    // A sheet for people has no quotes: what stands around a value is not part of it, and words are none.
    let fits = |given: &str| {
        let as_it_is = d365_connect::core::question::clean(given).0 == given && !given.contains(' ');
        format.reader != Reader::Text || as_it_is
    };
    if format.secret_by.is_some() {
        assert!(intake.secret.is_none(), "{}", format.id);
    } else if given.is_none_or(fits) {
        assert_eq!(
            intake.secret.as_ref().map(|secret| secret.as_str()),
            given,
            "{} of {}\n{text}",
            format.id,
            guide.id
        );
    }
}

#[test]
fn every_export_comes_back() {
    let ascii = all_ascii();
    for guide in assets::guides() {
        for draft in [full(guide, ODD), full(guide, "plain"), minimal(guide), ProfileDraft::new(&guide.id)] {
            for format in assets::exports() {
                for given in [None, Some("abc8Q~def"), Some(ascii.as_str())] {
                    comes_back(format, guide, &draft, given);
                }
            }
        }
    }
}

/// What a secret in quotes ends in is part of it, also where it would be a placeholder without.
#[test]
fn secrets_that_look_like_a_placeholder_in_quotes_come_back() {
    let guide = assets::guide("business-central").unwrap();
    let mut draft = minimal(guide);
    draft.set(FieldId::Company, "CRONUS \"DE\"");
    assert_eq!(draft.value(FieldId::Company), "CRONUS \"DE\"");
    for format in assets::exports() {
        for given in ["<A>\"", "'<A>", "${x}'"] {
            comes_back(format, guide, &draft, Some(given));
        }
        let left = intake::read(&export(format, guide, &draft, None, &[]), assets::clouds()).left;
        assert!(left.iter().all(|left| !left.contains("token")), "{}: {left:?}", format.id);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_value_comes_back(
        odd in "([!-~äß‘’“”€İ漢🙂\u{301}\u{a0}\u{2028}\u{fffd} ]|%\\{|\\\\'|\\\\\"| #){1,40}",
        given in "[!-~]{1,60}",
        which in 0..1000usize,
    ) {
        let guides = assets::guides();
        let guide = &guides[which % guides.len()];
        let (odd, _) = d365_connect::core::question::clean(&odd);
        let usable = !odd.is_empty()
            && !d365_connect::core::secret::is_placeholder(&odd)
            && !d365_connect::core::secret::looks_like_secret(&odd)
            && !odd.contains("://");
        prop_assume!(usable && !d365_connect::core::secret::is_placeholder(&given));
        prop_assume!(d365_connect::core::names::parse_guid(&given).is_none());
        for format in assets::exports() {
            // Where a person's eyes are the reader, only what needs no quotes is sure to come back.
            let plain = format.reader == Reader::Text;
            let value = if plain { "Contoso Ltd." } else { odd.as_str() };
            let given = if plain { "abc8Q~def" } else { given.as_str() };
            comes_back(format, guide, &full(guide, value), Some(given));
        }
    }

    #[test]
    fn any_text_of_one_line_is_quoted(text in "\\PC{0,60}") {
        let json: String = serde_json::from_str(&quote(Reader::Json, &text)).unwrap();
        prop_assert_eq!(&json, &text);
        let yaml = YamlLoader::load_from_str(&format!("x: {}", *quote(Reader::Yaml, &text))).unwrap();
        prop_assert_eq!(yaml[0]["x"].as_str(), Some(text.as_str()));
        let body: hcl::Body = hcl::from_str(&format!("x = {}\n", *quote(Reader::Hcl, &text))).unwrap();
        let value = body.attributes().next().unwrap().expr().clone();
        prop_assert_eq!(value, hcl::Expression::String(text.clone()));
        let line = format!("-x {}", *quote(Reader::PowerShell, &text));
        prop_assert_eq!(&power_shell(&line)["x"], &text);
        let env = format!("X={}\n", *quote(Reader::Sh, &text));
        let pair = dotenvy::from_read_iter(env.as_bytes()).next().unwrap().unwrap();
        prop_assert_eq!(&pair.1, &text);
    }
}
