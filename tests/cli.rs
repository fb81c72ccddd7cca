//! Every command as scripts meet it: exit codes, streams, JSON shapes, and what must never be printed.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

#[path = "support/cmd.rs"]
mod cmd;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cmd::{Out, Place, Served};
use d365_connect::assets;
use d365_connect::core::question::FieldId;
use jiff::ToSpan;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::process::Stdio;

/// The guide of those who choose none, and the name of its ready profile in a rehearsal.
const GUIDE: &str = "fno-client-credentials";
const TENANT: &str = "11111111-2222-4333-8444-555555555555";
const CLIENT: &str = "66666666-7777-4888-9999-aaaaaaaaaaaa";
const URL: &str = "https://contoso.operations.dynamics.com";
/// Shaped like a real secret value; must turn up nowhere.
const CANARY: &str = "kAn8Q~ryNEVERshowTHIS.value_0123456789ab";

/// `new NAME` with all that is needed.
fn new<'a>(name: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut args = vec![
        "new",
        name,
        "--no-input",
        "--set",
        "tenant_id=11111111-2222-4333-8444-555555555555",
        "--set",
        "client_id=66666666-7777-4888-9999-aaaaaaaaaaaa",
        "--set",
        "resource_url=https://contoso.operations.dynamics.com",
    ];
    args.extend(more);
    args
}

/// A home with one complete profile whose secret is in a variable.
fn ready(name: &str) -> Place {
    let place = Place::new();
    place.run_with(&new(name, &["--secret", "env:D365_SECRET"]), &[("D365_SECRET", "abc8Q~def")], None).expect(0);
    place
}

/// Checks output against its schema.
#[track_caller]
fn fits(schema: &str, value: &Value) {
    let read = |name: &str| -> Value {
        let path = format!("{}/tests/schemas/{name}.json", env!("CARGO_MANIFEST_DIR"));
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    };
    let registry = jsonschema::Registry::new()
        .add("https://d365-connect.invalid/schemas/common.json", read("common"))
        .unwrap()
        .prepare()
        .unwrap();
    let validator = jsonschema::options().with_registry(&registry).build(&read(schema)).unwrap();
    let errors: Vec<String> =
        validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{schema}: {errors:#?}\n{value:#}");
}

#[track_caller]
fn clean(what: &str, out: &Out) {
    let head = &CANARY[..12];
    assert!(!out.out.contains(head), "{what}, stdout: {}", out.out);
    assert!(!out.err.contains(head), "{what}, stderr: {}", out.err);
}

#[test]
fn help_and_version() {
    let place = Place::new();
    assert!(place.run(&["--version"]).expect(0).out.starts_with("d365-connect "));
    let help = place.run(&["--help"]).expect(0).out;
    let commands = [
        "new",
        "edit",
        "list",
        "show",
        "rename",
        "copy",
        "remove",
        "check",
        "diagnose",
        "rotate",
        "token",
        "report",
        "export",
        "import",
        "guides",
        "handoff",
        "remind",
        "sandbox",
        "vault",
        "completions",
        "man",
    ];
    for command in commands {
        assert!(help.contains(&format!("\n  {command} ")), "{command}");
        let own = place.run(&[command, "--help"]).expect(0).out;
        assert!(own.contains("Exit codes:") && own.contains("Example"), "{command}: {own}");
    }
    // The long help is the command's own, not the line of the list.
    for (command, words) in
        [("check", "whose prerequisite failed"), ("token", "Whoever has it"), ("rotate", "beside the old")]
    {
        assert!(place.run(&[command, "--help"]).expect(0).out.contains(words), "{command}");
    }
    // Set by hand to one width, text breaks badly at another: only lists and examples have lines of their own.
    for command in [""].iter().chain(&commands) {
        let args: Vec<&str> = [*command, "--help"].into_iter().filter(|word| !word.is_empty()).collect();
        let own = place.run_with(&args, &[("COLUMNS", "1000")], None).expect(0).out;
        let lines: Vec<&str> = own.lines().collect();
        for two in lines.windows(2) {
            let goes_on = |line: &str| !line.is_empty() && !line.starts_with(' ');
            assert!(!goes_on(two[0]) || !goes_on(two[1]), "{command}: {two:?}");
        }
        let wide = lines.iter().find(|line| line.starts_with("  ") && !line.starts_with("   ") && line.len() > 80);
        assert!(wide.is_none() || *command == "completions", "{command}: {wide:?}");
    }
    let new_help = place.run_with(&["new", "--help"], &[("COLUMNS", "1000")], None).expect(0).out;
    let fields = new_help.lines().find_map(|line| line.strip_prefix("Fields: ")).unwrap();
    for field in FieldId::ALL.into_iter().filter(|field| *field != FieldId::Secret) {
        assert!(fields.split(", ").any(|name| name == field.name()), "{}", field.name());
    }
    for source in ["stdin", "prompt", "keyring", "vault", "env:VAR", "file:PATH", "command:WORDS", "certificate:PATH"] {
        let sources = new_help.split("Sources of a secret").nth(1).unwrap();
        assert!(sources.contains(source), "{source}");
    }
    assert!(new_help.contains("In a terminal the wizard opens"), "the long text is hidden");
    assert!(place.run(&["completions", "bash"]).expect(0).out.contains("d365-connect"));
    assert!(place.run(&["man"]).expect(0).out.contains(".TH d365-connect"));
    assert!(place.run(&["man", "check"]).expect(0).out.contains("strict"));
    assert_eq!(place.files(), []);
}

#[test]
fn wrong_use_ends_with_2_and_says_what_to_do() {
    let place = ready("one");
    let before = place.files();
    for (args, says) in [
        (&["nonsense"][..], "unrecognized subcommand"),
        (&["check", "--nonsense"], "--nonsense"),
        (&[], "list"),
        (&["new", "--no-input"], "d365-connect new NAME"),
        (&["new", "a/b"], "letters, digits"),
        (&["new", "con"], "Windows"),
        (&["new", "one"], "already"),
        (&["new", "ONE"], "already"),
        (&["new", "two", "--guide", "nope"], "fno-client-credentials"),
        (&["new", "two", "--set", "tenant_id"], "FIELD=VALUE"),
        (&["new", "two", "--set", "nope=1"], "d365.user_id"),
        (&["new", "two", "--set", "secret=1"], "--secret SOURCE"),
        (&["new", "two", "--secret", "plain"], "env:VAR"),
        (&["new", "two", "--secret", "keyring"], "pipe the value in"),
        (&["new", "two", "--secret", "prompt"], "stdin"),
        (&["edit", "one"], "--set FIELD=VALUE"),
        (&["edit", "nope", "--set", "cloud=global"], "no profile"),
        (&["edit", "one", "--unset", "nope"], "d365.user_id"),
        (&["edit", "one", "--unset", "tenant_id"], "tenant_id is missing"),
        (&["edit", "one", "--set", "cloud=mars"], "us-gov"),
        (&["show", "nope"], "no profile"),
        (&["rename", "nope", "two"], "no profile"),
        (&["copy", "nope", "two"], "no profile"),
        (&["copy", "one", "ONE"], "already"),
        (&["remove", "nope", "--yes"], "no profile"),
        (&["remove", "one"], "--yes"),
        (&["check", "nope"], "no profile"),
        (&["check", "one", "--all"], "--all"),
        (&["check", "one", "--only", "nope"], "registration"),
        (&["diagnose"], "no text"),
        (&["diagnose", "x", "--profile", "nope"], "no profile"),
        (&["report"], "<NAME>"),
        (&["report", "nope"], "no profile"),
        (&["report", "one", "-o", "json"], "check NAME -o json"),
        (&["report", "one", "--force"], "--out"),
        (&["report", "one", "--out", "home"], "--force"),
        (&["export", "one"], "k8s-secret"),
        (&["export", "one", "--to", "nope"], "github-actions"),
        (&["export", "nope", "--to", "env"], "no profile"),
        (&["export", "one", "--to", "env", "--set", "image=x"], "asks nothing"),
        (&["export", "one", "--to", "c1-k8s", "--set", "nope=x"], "image"),
        (&["export", "one", "--to", "c1-k8s", "--set", "provisioning=maybe"], "true or false"),
        (&["export", "one", "--to", "c1-k8s", "--set", "image="], "image"),
        (&["export", "one", "--to", "env", "--force"], "--out"),
        (&["handoff", "one"], "--role"),
        (&["handoff", "one", "--role", "nope"], "entra-admin"),
        (&["handoff", "nope", "--role", "d365-admin"], "no profile"),
        (&["import", "--secret", "stdin"], "standard input"),
        (&["import", "-"], "nothing was recognised"),
        (&["import", "-", "--name", "ONE"], "already"),
        (&["import", "-", "--guide", "nope"], "no guide"),
        (&["import", "."], "regular file"),
        (&["guides", "nope"], "no guide"),
        (&["list", "-o", "junit"], "check"),
        (&["list", "--sandbox=nope"], "healthy"),
        (&["sandbox", "--scenario", "nope"], "healthy"),
        (&["list", "--timeout", "0"], "1..=600"),
        (&["completions", "nope"], "bash"),
        (&["man", "nope"], "--help"),
    ] {
        let out = place.run(args);
        assert_eq!(out.code, 2, "{args:?}: {}{}", out.out, out.err);
        assert!(out.err.contains(says), "{args:?} does not say {says}: {}", out.err);
        assert!(out.err.contains("error: "), "{args:?}: {}", out.err);
        assert_eq!(out.out, "", "{args:?}");
    }
    assert_eq!(place.files(), before, "nothing was changed");
}

#[test]
fn every_missing_value_names_its_flag() {
    let all = [
        ("tenant_id", vec!["--set".to_owned(), format!("tenant_id={TENANT}")], "--set tenant_id="),
        ("client_id", vec!["--set".to_owned(), format!("client_id={CLIENT}")], "--set client_id="),
        ("resource_url", vec!["--set".to_owned(), format!("resource_url={URL}")], "--set resource_url="),
        ("secret", vec!["--secret".to_owned(), "env:D365_SECRET".to_owned()], "--secret SOURCE"),
    ];
    let place = Place::new();
    for left_out in 0..all.len() {
        let mut args = vec!["new", "one"];
        for (at, (_, flags, _)) in all.iter().enumerate() {
            if at != left_out {
                args.extend(flags.iter().map(String::as_str));
            }
        }
        let out = place.run(&args).expect(2);
        let (field, _, flag) = &all[left_out];
        assert!(out.err.contains(&format!("error: {field} is missing\nhint: {flag}")), "{}", out.err);
        assert_eq!(out.err.matches("error:").count(), 1, "{}", out.err);
    }
    // All at once when all are missing.
    let out = place.run(&["new", "one"]).expect(2);
    for (field, _, flag) in &all {
        assert!(out.err.contains(&format!("{field} is missing")) && out.err.contains(flag), "{}", out.err);
    }
    assert_eq!(place.files(), []);
}

#[test]
fn wrong_values_are_refused_with_an_example_and_odd_ones_are_told() {
    let place = Place::new();
    for (set, says) in [
        ("tenant_id=common", "exactly one"),
        ("tenant_id=https://login.microsoftonline.com/x", "URL"),
        ("tenant_id=66666666-7777-4888-9999-aaaaaaaaaaaa", "same as the client id"),
        ("client_id=contoso", "GUID"),
        ("client_id=<client id>", "placeholder"),
        ("resource_url=http://contoso.operations.dynamics.com", "https"),
        ("resource_url=https://user@contoso.operations.dynamics.com", "user name"),
        ("credential.expires=soon", "2027-05-20"),
        ("cloud=mars", "us-gov"),
        ("cloud=custom", "network.authority_url"),
        ("d365.entities=a b", "comma"),
        ("network.authority_url=ftp://x.y", "https"),
    ] {
        let out = place.run(&new("one", &["--secret", "env:D365_SECRET", "--set", set])).expect(2);
        assert!(out.err.contains(says), "{set} does not say {says}: {}", out.err);
        assert!(out.err.contains("hint: --set"), "{set}: {}", out.err);
        assert_eq!(place.files(), [], "{set}");
    }
    // In the words of the guide.
    for (guide, set, says) in [
        ("business-central", "resource_url=https://businesscentral.dynamics.com/x/Sandbox", "in the browser"),
        (
            "business-central",
            "resource_url=https://businesscentral.dynamics.com",
            "https://api.businesscentral.dynamics.com\n",
        ),
        ("office365", "sign_in=foo", "for example app"),
        ("fno-delegated", "sign_in=device-code", "the product needs it"),
    ] {
        let out = place.run(&["new", "one", "--no-input", "--guide", guide, "--set", set]).expect(2);
        assert!(out.err.contains(says), "{set} does not say {says}: {}", out.err);
        assert_eq!(place.files(), [], "{set}");
    }
    for (set, says) in [
        (
            "resource_url=https://Contoso.operations.dynamics.com/data/?x=1",
            "note: resource_url: the path was taken off",
        ),
        ("resource_url=https://fabrikam.example.org", "fabrikam.example.org"),
        ("resource_url=https://contoso.crm4.dynamics.com", "hint: resource_url:"),
        ("credential.expires=2020-01-01", "hint: credential.expires:"),
        ("d365.user_id=Admin", "hint: d365.user_id:"),
    ] {
        let out = place
            .run_with(&new("one", &["--secret", "env:D365_SECRET", "--set", set]), &[("D365_SECRET", "x")], None)
            .expect(0);
        assert!(out.err.contains(says), "{set} does not say {says}: {}", out.err);
        assert_eq!(out.out, "");
        place.run(&["remove", "one", "--yes"]).expect(0);
    }
    let loopback = place.run(&new("one", &["--secret", "env:D365_SECRET", "--set", "resource_url=http://127.0.0.1:1"]));
    assert!(!loopback.expect(0).err.contains("is it yours"), "loopback is not odd");
}

#[test]
fn a_profile_lives() {
    let place = ready("one");
    let text = std::fs::read_to_string(place.profile("one")).unwrap();
    assert!(text.contains("env = \"D365_SECRET\"") && !text.contains("abc8Q~def"), "{text}");

    let list = place.run(&["list", "-o", "json"]).expect(0).json();
    fits("list", &list);
    assert_eq!(list["profiles"][0]["name"], "one");
    assert_eq!(list["profiles"][0]["credential"]["source"], "env");
    assert_eq!(list["profiles"][0]["problem"], Value::Null);
    assert!(place.run(&["list"]).expect(0).out.contains("contoso.operations.dynamics.com"));

    // Comments and unknown keys survive; what is unset goes.
    std::fs::write(place.profile("one"), format!("# mine\n{text}\n[other]\nkey = 1\n")).unwrap();
    let edit = ["edit", "one", "--set", "d365.user_id=svc", "--set", "credential.expires=2099-01-31"];
    place.run(&edit).expect(0);
    let show = place.run(&["show", "one", "-o", "json"]).expect(0).json();
    fits("show", &show);
    assert_eq!(show["d365"]["user_id"], "svc");
    assert_eq!(show["credential"]["expires"], "2099-01-31");
    assert_eq!(show["reads"], "D365_SECRET");
    let text = std::fs::read_to_string(place.profile("one")).unwrap();
    assert!(text.starts_with("# mine") && text.contains("key = 1"), "{text}");
    place.run(&["edit", "one", "--unset", "d365.user_id", "--secret", "file:secret.txt"]).expect(0);
    let human = place.run(&["show", "one"]).expect(0).out;
    assert!(human.contains("/secret.txt") && !human.contains("svc"), "{human}");

    place.run(&["copy", "one", "two"]).expect(0);
    place.run(&["rename", "two", "three"]).expect(0);
    place.run(&["rename", "three", "THREE"]).expect(0);
    let names = |place: &Place| -> Vec<String> {
        let list = place.run(&["list", "-o", "json"]).expect(0).json();
        let all = list["profiles"].as_array().unwrap().clone();
        all.iter().map(|profile| profile["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&place), ["one", "THREE"]);
    place.run(&["remove", "one", "--yes"]).expect(0);
    place.run(&["remove", "three", "--yes"]).expect(0);
    assert!(names(&place).is_empty());
}

#[test]
fn edits_at_the_same_time_all_stay() {
    let place = ready("one");
    let sets = ["d365.user_id=svc", "d365.company=USMF", "credential.expires=2099-01-31", "cloud=us-gov"];
    std::thread::scope(|scope| {
        for set in sets {
            let place = &place;
            scope.spawn(move || place.run(&["edit", "one", "--set", set]).expect(0));
        }
    });
    let show = place.run(&["show", "one", "-o", "json"]).expect(0).json();
    assert_eq!(
        (&show["d365"]["user_id"], &show["d365"]["company"], &show["credential"]["expires"], &show["cloud"]),
        (&"svc".into(), &"USMF".into(), &"2099-01-31".into(), &"us-gov".into())
    );
}

#[test]
fn damaged_incomplete_and_newer_profiles() {
    let place = ready("good");
    place.put("broken", &format!("version = 1\nguide = \"fno-client-credentials\"\nclient_secret = {CANARY}\n"));
    place.put("half", "version = 1\nguide = \"fno-client-credentials\"\ntenant_id = \"contoso.onmicrosoft.com\"\n");
    place.put("newer", &std::fs::read_to_string(place.profile("good")).unwrap().replace("version = 1", "version = 99"));
    place.put("other", "version = 1\nguide = \"from-the-future\"\n");

    let out = place.run(&["list", "-o", "json"]).expect(0);
    clean("list", &out);
    let list = out.json();
    fits("list", &list);
    let problem = |name: &str| {
        let all = list["profiles"].as_array().unwrap();
        all.iter().find(|profile| profile["name"] == name).unwrap()["problem"].clone()
    };
    assert!(problem("broken").as_str().unwrap().contains("broken.toml: line 3"), "{list:#}");
    assert!(problem("half").as_str().unwrap().starts_with("missing: client_id, secret, resource_url"), "{list:#}");
    assert!(problem("other").as_str().unwrap().contains("from-the-future"));
    assert_eq!(problem("good"), Value::Null);

    let out = place.run(&["show", "broken"]).expect(3);
    assert!(out.err.contains("line 3"), "{}", out.err);
    clean("show", &out);
    let half = place.run(&["show", "half", "-o", "json"]).expect(0).json();
    fits("show", &half);
    assert!(place.run(&["show", "half"]).expect(0).err.contains("client_id"));
    assert!(place.run(&["show", "newer"]).expect(0).err.contains("newer version"));
    fits("show", &place.run(&["show", "other", "-o", "json"]).expect(0).json());

    let before = place.files();
    let out = place.run(&["check", "half"]).expect(2);
    assert!(
        out.err.contains("client_id") && out.err.contains("d365-connect edit half --set client_id="),
        "{}",
        out.err
    );
    place.run(&["check", "broken"]).expect(3);
    place.run(&["check", "other"]).expect(3);
    place.run(&["edit", "broken", "--set", "cloud=global"]).expect(3);
    place.run(&["edit", "newer", "--set", "cloud=global"]).expect(3);
    // Several profiles: nothing runs unless all can.
    assert_eq!(place.run(&["check", "good", "half", "-o", "json"]).expect(2).out, "");
    assert_eq!(place.files(), before);

    // An incomplete profile is mended step by step.
    let out = place.run(&["edit", "half", "--set", &format!("client_id={CLIENT}")]).expect(0);
    assert!(out.err.contains("still to mend: resource_url"), "{}", out.err);
    // Broken files can be moved out of the way.
    place.run(&["rename", "broken", "old"]).expect(0);
    place.run(&["remove", "old", "--yes"]).expect(0);
    assert!(!place.profile("old").exists());
}

#[test]
fn without_a_keyring_nothing_is_saved_and_the_other_sources_are_named() {
    let place = Place::new();
    let out = place.run_with(&new("one", &["--secret", "stdin"]), &[], Some(CANARY)).expect(3);
    assert!(out.err.contains("env:VAR") && out.err.contains("file:PATH"), "{}", out.err);
    clean("stdin", &out);
    assert!(!place.profile("one").exists());
    for (path, bytes) in place.files() {
        assert!(!String::from_utf8_lossy(&bytes).contains(CANARY), "{}", path.display());
    }
    for (text, says) in [("", "holds no value"), ("a\nb", "one line"), (CLIENT, "Application (client) ID")] {
        let out = place.run_with(&new("one", &["--secret", "stdin"]), &[], Some(text)).expect(2);
        assert!(out.err.contains(says), "{text:?}: {}", out.err);
    }
}

#[test]
fn a_secret_goes_into_the_keyring_of_a_rehearsal() {
    let place = Place::new();
    let mut args = new("one", &["--secret", "stdin", "--sandbox"]);
    let out = place.rehearse(&args, Some(CANARY)).expect(0);
    assert!(out.err.contains("the secret is in the keyring") && out.err.contains("rehearsal"), "{}", out.err);
    clean("stdin", &out);
    // The Secret ID instead of the value: told, never refused.
    args.push("--ascii");
    let out = place.rehearse(&args, Some("3f2b7c1e-4d5a-4b6c-8d7e-9f0a1b2c3d4e\n")).expect(0);
    assert!(out.err.contains("hint: secret: this is shaped like the secret's ID"), "{}", out.err);
    let copied = place.rehearse(&["copy", "fno-client-credentials", "two", "--sandbox"], None).expect(0);
    assert!(!copied.err.contains("no secret"), "{}", copied.err);
    place.rehearse(&["remove", "fno-client-credentials", "--yes", "--sandbox"], None).expect(0);
    // An empty variable is none.
    place.run_with(&["check", GUIDE, "--sandbox"], &[("D365_CONNECT_HOME", "")], None).expect(0);
    // A home that is given is used as it is.
    assert!(place.run(&["check", "--sandbox"]).expect(2).err.contains("--home"));
    assert_eq!(place.files(), [], "a rehearsal leaves nothing behind");
}

#[test]
fn a_source_that_cannot_be_read_is_told_and_saved() {
    let place = Place::new();
    for source in ["env:NOT_SET", "file:not-there", "command:false"] {
        let out = place.run(&new("one", &["--secret", source])).expect(0);
        assert!(out.err.contains("cannot be read at the moment"), "{source}: {}", out.err);
        assert!(place.profile("one").exists());
        let out = place.run(&["check", "one", "--sandbox", "-o", "json"]).expect(3);
        let report = out.json();
        fits("check", &report);
        assert_eq!(report["profiles"][0]["verdict"], "unknown", "{source}: {report:#}");
        place.run(&["remove", "one", "--yes"]).expect(0);
    }
}

#[test]
fn a_failure_says_what_is_different_since_it_last_passed() {
    let place = ready("one");
    let check = |more: &[&str]| {
        let history = place.profile("one").parent().unwrap().parent().unwrap().join("history");
        std::fs::create_dir_all(&history).unwrap();
        let passed = "{\"passed\": {\"when\": \"2026-11-20T09:00:00Z\", \"traits\": {\"tenant\": \"old.example\"}}}";
        std::fs::write(history.join("one.json"), passed).unwrap();
        place.run(&["edit", "one", "--set", "network.authority_url=https://login.sandbox.test"]).expect(0);
        let args: Vec<&str> = ["check", "one", "--sandbox"].iter().chain(more).copied().collect();
        place.run_with(&args, &[("D365_SECRET", CANARY)], None).expect(1)
    };
    let out = check(&[]).out;
    assert!(out.contains("2026-11-20") && out.contains("old.example"), "{out}");
    let report = check(&["-o", "json"]).json();
    fits("check", &report);
    let told: Vec<&Value> = report["profiles"][0]["checks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| &line["details"]["changed_since"])
        .collect();
    let [one] = &told.iter().filter_map(|told| told.as_array()).collect::<Vec<_>>()[..] else { panic!("{report:#}") };
    assert_eq!((&one[0]["what"], &one[0]["was"]), (&"tenant".into(), &"old.example".into()), "{report:#}");
}

#[test]
fn what_is_set_up_from_flags_in_a_rehearsal_is_green_in_the_next_one() {
    for guide in ["fno-client-credentials", "office365", "business-central", "c1-fno"] {
        let place = Place::new();
        let out = place.rehearse(&["export", guide, "--sandbox", "--to", "json", "--include-secret"], None);
        assert_eq!(out.code, 0, "{}", out.err);
        let values: Value = serde_json::from_str(&out.out).unwrap();
        let value = |name: &str| format!("{name}={}", values[name].as_str().unwrap());
        let (tenant, client) = (value("tenant_id"), value("client_id"));
        let home = place.path().join("kept");
        let home = ["--sandbox", "--home", home.to_str().unwrap()];
        let mut args = vec!["new", "x", "--guide", guide, "--set", &tenant, "--set", &client, "--secret", "env:S"];
        args.extend(home);
        match guide {
            "fno-client-credentials" | "c1-fno" => args.extend(["--set", "resource_url=https://contoso.sandbox.test"]),
            "business-central" => args.extend(["--set", "d365.environment=Production"]),
            _ => {}
        }
        let secret = values["client_secret"].as_str().unwrap();
        let out = place.run_with(&args, &[("S", secret)], None);
        assert_eq!(out.code, 0, "{guide}: {}", out.err);
        let out = place.run_with(&[&["check", "x"], &home[..]].concat(), &[("S", secret)], None);
        assert_eq!(out.code, 0, "{guide}: {}", out.out);
        // Another value is as wrong as ever.
        let out = place.run_with(&[&["check", "x"], &home[..]].concat(), &[("S", &secret[1..])], None);
        assert_eq!(out.code, 1, "{guide}: {}", out.out);
    }
}

#[test]
fn a_certificate_that_was_made_for_a_save_that_failed_is_not_in_the_way_of_the_next() {
    let place = Place::new();
    let lock = place.home().join("lock");
    std::fs::create_dir_all(&lock).unwrap();
    let key = place.path().join("made.pem");
    let (tenant, client, url) =
        (format!("tenant_id={TENANT}"), format!("client_id={CLIENT}"), format!("resource_url={URL}"));
    let made = ["--make-certificate", key.to_str().unwrap()];
    let args = [&["new", "one", "--set", &tenant, "--set", &client, "--set", &url], &made[..]].concat();
    let out = place.run(&args);
    assert_eq!((out.code, key.exists(), key.with_extension("cer").exists()), (3, false, false), "{}", out.err);
    std::fs::remove_dir(&lock).unwrap();
    let out = place.run(&args);
    assert_eq!((out.code, key.exists(), key.with_extension("cer").exists()), (0, true, true), "{}", out.err);
    assert!(place.run(&["show", "one"]).expect(0).out.contains("\ncertificate "));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(&key) & 0o777, 0o600);
        // It is handed on, and no secret; the umask may forbid more.
        assert_eq!(mode(&key.with_extension("cer")) & !0o044 & 0o777, 0o600);
        assert_eq!(mode(&key.with_extension("cer")) & 0o111, 0);
    }
}

#[test]
fn an_end_that_has_passed_is_told_by_rotate() {
    let place = Place::new();
    let args = ["rotate", "fno-client-credentials", "--sandbox", "--no-wait", "--expires", "2020-01-01"];
    let out = place.rehearse(&args, None);
    assert!(out.err.contains("has passed"), "{}", out.err);
}

#[test]
fn deceptive_characters_of_a_profile_are_seen_in_every_text() {
    let place = ready("one");
    let text = std::fs::read_to_string(place.profile("one"))
        .unwrap()
        .replace("[credential]", "[d365]\ncompany = \"CRO\u{202e}NUS\"\nuser_id = \"svc\u{200b}-odata\"\n[credential]");
    std::fs::write(place.profile("one"), text).unwrap();
    for args in [
        &["guides", "--profile", "one"][..],
        &["handoff", "one", "--role", "d365-admin", "--all"],
        &["handoff", "one", "--role", "entra-admin", "--all"],
        &["show", "one"],
        &["list"],
        &["diagnose", "--profile", "one", "401 Unauthorized from https://contoso.operations.dynamics.com/data"],
    ] {
        let out = place.run(args);
        let said = out.out + &out.err;
        assert!(!said.contains(['\u{202e}', '\u{200b}']), "{args:?}: {said}");
    }
    assert!(place.run(&["show", "one"]).out.contains("svc<U+200B>-odata"));
}

#[test]
fn without_a_profile_the_guide_is_the_one_that_the_text_fits() {
    let not_found = "AADSTS500011: The resource principal named https://HOST was not found in the tenant named x.";
    let of_host = |host: &str| not_found.replace("HOST", host);
    for (text, guide) in [
        (of_host("contoso.operations.dynamics.com"), Some("fno-client-credentials")),
        (of_host("api.businesscentral.dynamics.com"), Some("business-central")),
        (of_host("graph.microsoft.com"), Some("office365")),
        (of_host("api.contoso.example"), None),
        ("{\"error\":{\"code\":\"Authentication_InvalidCredentials\",\"message\":\"The server has rejected the client credentials.\"}}".into(), Some("business-central")),
        ("AADSTS7000215: Invalid client secret provided.".into(), None),
    ] {
        let out = Place::new().run(&["diagnose", "-o", "json", &text]).expect(1);
        let told: Value = serde_json::from_str(&out.out).unwrap();
        assert_eq!(told["findings"][0]["fix"]["guide"].as_str(), guide, "{text}: {told:#}");
    }
}

#[test]
fn another_secret_has_another_end() {
    let place = ready("one");
    place.run(&["edit", "one", "--set", "credential.expires=2027-05-20"]);
    let out = place.run(&["edit", "one", "--secret", "env:OTHER"]);
    assert!(out.code == 0 && out.err.contains("the recorded end, 2027-05-20, is that of the old"), "{}", out.err);
    let out = place.run(&["edit", "one", "--secret", "env:NEXT", "--set", "credential.expires=2028-05-20"]);
    assert!(out.code == 0 && !out.err.contains("recorded end"), "{}", out.err);
}

#[test]
fn secrets_are_never_echoed() {
    let place = ready("one");
    let set = format!("client_id={CANARY}");
    let named = format!("{CANARY}=x");
    let sandbox = format!("--sandbox={CANARY}");
    let flag = format!("--client-secret={CANARY}");
    let output = format!("-o{CANARY}");
    for args in [
        &["new", "two", "--set", &set][..],
        &["new", "two", "--set", CANARY],
        &["new", "two", "--set", &named],
        &["new", "two", "--secret", CANARY],
        &["new", "two", "--guide", CANARY],
        &["new", "two", CANARY],
        &["new", CANARY],
        &["new", "two", &flag],
        &["new", "two", "--client-secret", CANARY],
        &["edit", "one", "--set", &set],
        &["edit", "one", "--unset", CANARY],
        &["edit", CANARY],
        &["show", CANARY],
        &["check", CANARY],
        &["check", "one", "--only", CANARY],
        &["rename", "one", CANARY],
        &["guides", CANARY],
        &["list", &sandbox],
        &["list", &output],
        &["list", "--color", CANARY],
        &["list", "--timeout", CANARY],
        &["sandbox", "--scenario", CANARY],
        &["sandbox", "--port", CANARY],
        &["completions", CANARY],
        &["man", CANARY],
        &[CANARY],
    ] {
        let out = place.run(args);
        assert_eq!(out.code, 2, "{args:?}: {}", out.err);
        clean(&format!("{args:?}"), &out);
    }
    // A real use: the secret is in the environment and in a file, the log at its highest level.
    let log = place.path().join("log.txt");
    let log_flags = ["--log", log.to_str().unwrap(), "--log-level", "trace"];
    for args in [
        &["edit", "one", "--set", "d365.company=USMF"][..],
        &["show", "one"],
        &["show", "one", "-o", "json"],
        &["list"],
        &["check", "one", "--sandbox", "-o", "json"],
        &["check", "one", "--sandbox"],
        &["copy", "one", "two"],
    ] {
        let args: Vec<&str> = args.iter().chain(&log_flags).copied().collect();
        clean(&format!("{args:?}"), &place.run_with(&args, &[("D365_SECRET", CANARY)], None));
    }
    assert!(std::fs::read_to_string(&log).unwrap().contains("started"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&log).unwrap().permissions().mode() & 0o777, 0o600);
    }
    for (path, bytes) in place.files() {
        assert!(!String::from_utf8_lossy(&bytes).contains(&CANARY[..12]), "{}", path.display());
    }
}

/// Of the first finding: cause, check, owner, step.
type First = Option<(&'static str, &'static str, &'static str, &'static str)>;

/// Scenario, exit code, verdict, first finding.
const SCENARIOS: &[(&str, i32, &str, First)] = &[
    ("healthy", 0, "passed", None),
    ("secret-id-pasted", 1, "failed", Some(("secret-wrong", "token", "entra-admin", "client-secret"))),
    ("secret-expired", 1, "failed", Some(("secret-expired", "token", "entra-admin", "client-secret"))),
    ("secret-expiring", 0, "warning", Some(("secret-expired", "expiry", "entra-admin", "client-secret"))),
    ("client-not-found", 1, "failed", Some(("client-not-found", "token", "entra-admin", "register-app"))),
    ("tenant-not-found", 1, "failed", Some(("tenant-not-found", "authority", "operator", "values"))),
    ("resource-not-found", 1, "failed", Some(("resource-not-found", "token", "entra-admin", "values"))),
    (
        "service-principal-missing",
        1,
        "failed",
        Some(("service-principal-missing", "token", "entra-admin", "register-app")),
    ),
    ("policy-blocked", 1, "failed", Some(("policy-blocked", "token", "entra-admin", "permissions"))),
    ("app-disabled", 1, "failed", Some(("app-disabled", "token", "entra-admin", "register-app"))),
    ("not-registered", 1, "failed", Some(("d365-not-registered", "registration", "d365-admin", "register-in-d365"))),
    ("user-disabled", 1, "failed", Some(("d365-user-unusable", "registration", "d365-admin", "register-in-d365"))),
    ("no-privilege", 1, "failed", Some(("d365-privilege-missing", "access", "d365-admin", "register-in-d365"))),
    ("wrong-audience", 1, "failed", Some(("token-audience", "claims", "operator", "values"))),
    ("throttled", 3, "unknown", Some(("throttled", "registration", "microsoft", "test"))),
    ("maintenance", 3, "unknown", Some(("d365-maintenance", "environment", "d365-admin", "test"))),
    ("login-page", 3, "unknown", Some(("not-the-service", "registration", "network", "test"))),
    ("slow", 0, "passed", None),
    ("offline", 3, "unknown", Some(("dns", "authority", "network", "test"))),
    // Of other set-ups: they leave this one healthy.
    ("roles-missing", 0, "passed", None),
    ("graph-permission-missing", 0, "passed", None),
    ("app-card-missing", 0, "passed", None),
    ("app-card-disabled", 0, "passed", None),
    ("permission-set-missing", 0, "passed", None),
    ("wrong-environment", 0, "passed", None),
    ("wrong-company", 0, "passed", None),
    ("consent-missing", 0, "passed", None),
    ("redirect-mismatch", 0, "passed", None),
    ("sign-in-denied", 0, "passed", None),
    ("code-expired", 0, "passed", None),
    ("device-code-blocked", 0, "passed", None),
    ("public-client-blocked", 0, "passed", None),
    ("refresh-refused", 0, "passed", None),
    ("user-not-in-environment", 0, "passed", None),
    (
        "certificate-not-registered",
        1,
        "failed",
        Some(("certificate-mismatch", "token", "entra-admin", "client-secret")),
    ),
    ("certificate-expired", 1, "failed", Some(("certificate-expired", "expiry", "entra-admin", "client-secret"))),
];

#[test]
fn each_scenario_leads_to_its_cause_and_its_step() {
    let place = Place::new();
    let listed = place.run(&["sandbox", "--list", "-o", "json"]).expect(0).json();
    let ids: Vec<&str> = listed["scenarios"].as_array().unwrap().iter().map(|s| s["id"].as_str().unwrap()).collect();
    assert_eq!(ids, SCENARIOS.iter().map(|row| row.0).collect::<Vec<_>>());
    let mut wrong = Vec::new();
    for (id, code, verdict, finding) in SCENARIOS {
        let out = place.rehearse(&["check", GUIDE, &format!("--sandbox={id}"), "-o", "json"], None);
        let report = out.json();
        fits("check", &report);
        let profile = &report["profiles"][0];
        let first = &profile["findings"][0];
        let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
        let had = (
            out.code,
            text(&profile["verdict"]),
            [&first["cause"], &first["check"], &first["owner"], &first["fix"]["step"]].map(text),
        );
        let wanted = finding.map_or(["-"; 4], |(a, b, c, d)| [a, b, c, d]).map(str::to_owned);
        if had != (*code, (*verdict).to_owned(), wanted.clone()) {
            wrong.push(format!("{id}: wanted {:?}, had {had:?}", (code, verdict, wanted)));
        }
        let names_rotate = text(&first["fix"]["text"]).contains(&format!("d365-connect rotate {GUIDE} "));
        assert_eq!(names_rotate, had.2[0].ends_with("-expired"), "{id}: {first}");
        let leads_to_test = ["network", "microsoft"].contains(&had.2[2].as_str()) || had.2[0] == "unknown";
        assert!(!leads_to_test || had.2[3] == "test", "{id}: {had:?}");
        // Only the cause is red: what depends on it is skipped, and says why.
        for check in profile["checks"].as_array().unwrap() {
            assert!(!check["summary"].as_str().unwrap().is_empty(), "{id}: {check}");
        }
        assert_eq!(profile["checks"].as_array().unwrap().len(), 8, "{id}");
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_token_is_for_scripts() {
    let place = Place::new();
    for guide in ["fno-client-credentials", "fno-delegated", "office365", "business-central"] {
        let out = place.rehearse(&["token", guide, "--sandbox"], None).expect(0);
        let claims = out.out.trim_end().split('.').nth(1).unwrap();
        let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
        assert!(claims["aud"].is_string() && out.out.lines().count() == 1, "{claims}");
    }
    for (args, code, told) in [
        (&["token", GUIDE, "--sandbox=secret-expired"][..], 1, "no token came"),
        (&["token", GUIDE, "--sandbox=offline"], 3, "no token came"),
        (&["token", GUIDE, "--sandbox", "-o", "json"], 2, "as it is"),
        (&["token", "nope", "--sandbox"], 2, "no profile"),
    ] {
        let out = place.rehearse(args, None).expect(code);
        assert!(out.out.is_empty() && out.err.contains(told), "{args:?}: {} {}", out.out, out.err);
    }
}

#[test]
fn checks_in_words_and_in_the_formats_of_other_tools() {
    let place = Place::new();
    let human = place.rehearse(&["check", GUIDE, "--sandbox=not-registered"], None).expect(1).out;
    for word in ["Entra: passed", "D365: failed", "✘ failed  registration", "○ skipped  access", "d365-not-registered"]
    {
        assert!(human.contains(word), "{word}: {human}");
    }
    assert!(!human.contains('\x1b'), "no colours in a pipe");
    assert!(
        place.rehearse(&["check", GUIDE, "--sandbox", "--color", "always"], None).expect(0).out.contains("\x1b[32m")
    );
    for args in [
        &["check", GUIDE][..],
        &["list"],
        &["report", GUIDE],
        &["handoff", GUIDE, "--role", "d365-admin", "--all"],
        &["guides", GUIDE],
        &["import", "--help"],
        &["show", "n\u{f6}"],
        &["diagnose", "Der Schl\u{fc}ssel \u{2013} x"],
    ] {
        let said = place.rehearse(&[args, &["--sandbox", "--ascii"]].concat(), None);
        let all = said.out + &said.err;
        assert!(all.is_ascii() && !all.is_empty(), "{args:?}: {all}");
    }
    let junit = place.rehearse(&["check", GUIDE, "--sandbox=not-registered", "-o", "junit"], None).expect(1).out;
    assert!(junit.contains("<failure type=\"d365-not-registered\""), "{junit}");
    assert!(junit.contains("tests=\"8\" failures=\"1\""), "{junit}");
    let gauges = place.rehearse(&["check", GUIDE, "--sandbox=not-registered", "-o", "prometheus"], None).expect(1).out;
    for line in [
        "d365_connect_verdict{profile=\"fno-client-credentials\",verdict=\"failed\"} 1",
        "d365_connect_check_ok{profile=\"fno-client-credentials\",check=\"token\"} 1",
        "d365_connect_check_ok{profile=\"fno-client-credentials\",check=\"registration\"} 0",
    ] {
        assert!(gauges.lines().any(|had| had == line), "{line}: {gauges}");
    }
    place.rehearse(&["check", GUIDE, "--sandbox=secret-expiring", "--strict"], None).expect(1);
}

#[test]
fn only_lists_and_judges_what_was_asked() {
    let place = Place::new();
    let ids = |args: &[&str], code: i32| -> Vec<String> {
        let report = place.rehearse(args, None).expect(code).json();
        fits("check", &report);
        let checks = report["profiles"][0]["checks"].as_array().unwrap().clone();
        checks.iter().map(|check| check["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids(&["check", GUIDE, "--sandbox", "--only", "token", "-o", "json"], 0), ["token"]);
    assert_eq!(ids(&["check", GUIDE, "--sandbox", "--only", "token,claims", "-o", "json"], 0), ["token", "claims"]);
    let both = ["check", GUIDE, "--sandbox", "--only", "expiry", "--only", "claims", "-o", "json"];
    assert_eq!(ids(&both, 0), ["claims", "expiry"]);
    assert_eq!(ids(&["check", GUIDE, "--sandbox=not-registered", "--only", "token", "-o", "json"], 0), ["token"]);
    let kept = ["check", GUIDE, "--sandbox=app-disabled", "--only", "registration", "-o", "json"];
    // What kept it from running is listed and judged with it.
    assert_eq!(ids(&kept, 1), ["token", "registration"]);
}

#[test]
fn a_served_sandbox_is_reached_from_another_process() {
    let place = Place::new();
    let served = Served::start(&place, "healthy");
    let settings = served.settings();
    let mut args = vec!["new", "local", "--no-input", "--secret", "env:S"];
    args.extend(settings.iter().map(String::as_str));
    let secret = served.secret();
    let env = [("S", secret.as_str())];
    let out = place.run_with(&args, &env, None).expect(0);
    assert!(!out.err.contains("is it yours"), "loopback is not odd: {}", out.err);
    let report = place.run_with(&["check", "local", "-o", "json"], &env, None).expect(0).json();
    fits("check", &report);
    assert_eq!(report["profiles"][0]["verdict"], "passed", "{report:#}");
    let wrong = place.run_with(&["check", "-o", "json"], &[("S", CANARY)], None).expect(1);
    clean("wrong secret", &wrong);
    assert_eq!(wrong.json()["profiles"][0]["findings"][0]["cause"], "secret-wrong");
    // The verdict is remembered, follows a rename, and is in the list.
    place.run(&["rename", "local", "moved"]).expect(0);
    let list = place.run(&["list", "-o", "json"]).expect(0).json();
    fits("list", &list);
    assert_eq!(list["profiles"][0]["last"]["verdict"], "failed");
    // Several: all at once, in order, and the incomplete one is named.
    place.run(&["copy", "moved", "second"]).expect(0);
    let both = place.run_with(&["check", "--all", "-o", "json"], &env, None).expect(0).json();
    assert_eq!(both["profiles"].as_array().unwrap().len(), 2);
    assert!(place.run_with(&["check"], &env, None).expect(2).err.contains("--all"));
    place.put("half", "version = 1\nguide = \"fno-client-credentials\"\n");
    let out = place.run_with(&["check", "--all", "-o", "json"], &env, None).expect(2);
    assert_eq!(out.json()["profiles"].as_array().unwrap().len(), 2);
    assert!(out.err.contains("'half' is not complete"), "{}", out.err);
}

/// The old secret stands until the new one is proved, and nothing is changed by one that is refused.
#[test]
fn a_new_secret_is_tested_before_it_is_switched_to() {
    let place = Place::new();
    let served = Served::start(&place, "healthy");
    let (settings, secret) = (served.settings(), served.secret());
    let env = [("OLD", "old8Q~neither.the.new.one.nor.right"), ("BAD", CANARY), ("NEW", secret.as_str())];
    let mut args = vec!["new", "one", "--no-input", "--secret", "env:OLD", "--set", "credential.expires=2099-01-01"];
    args.extend(settings.iter().map(String::as_str));
    place.run_with(&args, &env, None).expect(0);
    let export = place.path().join("handed over.env");
    let export = export.to_str().unwrap();
    place.run_with(&["export", "one", "--to", "env", "--include-secret", "--out", export], &env, None).expect(0);
    let before = std::fs::read_to_string(place.profile("one")).unwrap();
    for (args, code, told) in [
        (&["rotate", "one"][..], 2, "comes from is missing"),
        (&["rotate", "two", "--secret", "env:NEW"], 2, "'two'"),
        (&["rotate", "one", "--secret", "env:OLD"], 2, "has already"),
        (&["rotate", "one", "--secret", "env:NEW", "--expires", "soon"], 2, "--expires 2027-05-20"),
        (&["rotate", "one", "--make-certificate", "new.pem"], 2, "--secret certificate:PATH"),
        (&["rotate", "one", "--secret", "env:BAD", "--no-wait"], 1, "nothing was changed"),
        (&["rotate", "one", "--secret", "env:UNSET", "--no-wait"], 3, "nothing was changed"),
        (&["rotate", "one", "--secret", "file:missing", "--no-wait"], 3, "nothing was changed"),
    ] {
        let out = place.run_with(args, &env, None).expect(code);
        clean("rotate", &out);
        assert!(out.err.contains(told), "{args:?}: {}", out.err);
        assert_eq!(std::fs::read_to_string(place.profile("one")).unwrap(), before, "{args:?}");
    }
    assert!(!place.path().join("new.pem").exists());
    let refused = ["rotate", "one", "--secret", "env:BAD", "--no-wait", "-o", "json"];
    let refused = place.run_with(&refused, &env, None).expect(1).json();
    fits("rotate", &refused);
    assert_eq!(
        (&refused["switched"], &refused["test"]["findings"][0]["cause"]),
        (&false.into(), &"secret-wrong".into())
    );

    let out =
        place.run_with(&["rotate", "one", "--secret", "env:NEW", "--expires", "2098-01-01"], &env, None).expect(0);
    assert!(!out.out.contains(&secret) && !out.err.contains(&secret), "{}{}", out.out, out.err);
    assert!(out.out.contains(export) && out.out.contains("remove the old one in Entra"), "{}", out.out);
    let shown = place.run(&["show", "one", "-o", "json"]).expect(0).json();
    assert_eq!(shown["reads"], "NEW");
    assert_eq!(shown["credential"]["expires"], "2098-01-01");
    assert_eq!(shown["last"]["verdict"], "passed");
    // The old end date is not the new one's.
    let back = place.run_with(&["rotate", "one", "--secret", "command:printenv NEW2", "-o", "json"], &env, None);
    assert_eq!(back.expect(3).json()["switched"], false);
    // The same from elsewhere is no new one.
    std::fs::write(place.path().join("new"), &secret).unwrap();
    let same = place.run_with(&["rotate", "one", "--secret", "file:new"], &env, None).expect(2);
    assert!(same.err.contains("has already"), "{}", same.err);
    place.run_with(&["edit", "one", "--secret", "env:OLD"], &env, None).expect(0);
    let same = place.run_with(&["rotate", "one", "--secret", "file:new", "-o", "json"], &env, None).expect(0);
    let report = same.json();
    fits("rotate", &report);
    assert_eq!((&report["expires"], &report["exports"][0]["path"]), (&Value::Null, &export.into()));
    assert!(same.err.contains("not recorded"), "{}", same.err);
}

/// In a rehearsal the simulated administrator makes the new secret.
#[test]
fn a_rotation_can_be_rehearsed() {
    let place = Place::new();
    for guide in assets::guides() {
        let out = place.rehearse(&["--sandbox", "rotate", &guide.id, "-o", "json"], None).expect(0).json();
        fits("rotate", &out);
        assert_eq!((&out["switched"], &out["test"]["verdict"]), (&true.into(), &"passed".into()), "{}", guide.id);
    }
    // What is wrong beside the credential keeps no new one away.
    let out = place.rehearse(&["--sandbox=not-registered", "rotate", GUIDE], None).expect(0);
    assert!(out.err.contains("not its fault") && out.out.contains("d365-not-registered"), "{}{}", out.out, out.err);
    let out = place.rehearse(&["--sandbox=secret-expired", "rotate", GUIDE], None).expect(0);
    assert!(out.out.contains("passed  token"), "{}", out.out);
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_with_130() {
    use rustix::process::{Pid, Signal, kill_process};
    let place = Place::new();
    let mut served = Served::start(&place, "healthy");
    let pid = Pid::from_raw(i32::try_from(served.child.id()).unwrap()).unwrap();
    kill_process(pid, Signal::INT).unwrap();
    assert_eq!(served.child.wait().unwrap().code(), Some(130));
}

#[test]
fn diagnoses() {
    let place = ready("one");
    for (args, stdin, code, cause) in [
        (&["diagnose", "AADSTS7000215"][..], None, 1, "secret-wrong"),
        (&["diagnose"], Some("AADSTS7000222: The provided client secret keys are expired."), 1, "secret-expired"),
        (&["diagnose", "-"], Some("AADSTS700016"), 1, "client-not-found"),
        (&["diagnose", "AADSTS90002", "--profile", "one"], None, 1, "tenant-not-found"),
        (&["diagnose", "nothing", "to", "see"], None, 3, "unknown"),
    ] {
        let args: Vec<&str> = args.iter().copied().chain(["-o", "json"]).collect();
        let report = place.run_with(&args, &[], stdin).expect(code).json();
        fits("diagnose", &report);
        assert_eq!(report["findings"][0]["cause"], cause, "{args:?}: {report:#}");
    }
    let report = place.run(&["diagnose", "AADSTS7000215", "-o", "json"]).expect(1).json();
    assert_eq!(report["evidence"]["codes"], json!([7_000_215]));
    assert_eq!(report["findings"][0]["fix"]["guide"], Value::Null);
    // Without a profile the guide is that of the product that answered.
    for (text, guide) in [
        ("GET https://contoso.operations.dynamics.com/data/CustomersV3 -> 403 Forbidden", "fno-client-credentials"),
        (
            "GET https://api.businesscentral.dynamics.com/v2.0/Production/api/v2.0/companies -> 403 Forbidden",
            "business-central",
        ),
        ("GET https://graph.microsoft.com/v1.0/organization -> 403 Forbidden", "office365"),
    ] {
        let report = place.run(&["diagnose", text, "-o", "json"]).expect(1).json();
        assert_eq!(report["findings"][0]["fix"]["guide"], guide, "{text}");
    }
    let with = place.run(&["diagnose", "AADSTS7000215", "--profile", "one", "-o", "json"]).expect(1).json();
    assert_eq!(with["findings"][0]["fix"]["guide"], "fno-client-credentials");
    assert!(with["findings"][0]["fix"]["url"].as_str().unwrap().contains(CLIENT), "{with:#}");
    let file = place.path().join("error.txt");
    std::fs::write(&file, b"\xff\xfe AADSTS53003 \x1b[2J").unwrap();
    let human = place.run(&["diagnose", "--file", file.to_str().unwrap()]).expect(1).out;
    assert!(human.contains("policy-blocked") && !human.contains('\x1b'), "{human}");
    let said =
        format!("AADSTS700016: Application with identifier '{CLIENT}' was not found in the directory 'Contoso Ltd'.");
    let human = place.run(&["diagnose", &said]).expect(1).out;
    for says in
        ["AADSTS700016: No app with this client id is in the tenant.", &format!("app: {CLIENT}"), "tenant: Contoso Ltd"]
    {
        assert!(human.contains(says), "{says}: {human}");
    }
    place.run(&["diagnose", "--file", "not-there"]).expect(3);
    place.run(&["diagnose", "--file", "."]).expect(3);
}

#[test]
fn a_token_is_told_beside_the_profile() {
    let place = ready("one");
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let claims = json!({"aud": "https://other.operations.dynamics.com", "tid": TENANT, "oid": "o", "appid": CLIENT, "exp": 4_000_000_000_i64});
    let token = format!("{}.{}.{CANARY}", part(json!({"typ": "JWT"})), part(claims));
    let out = place.run_with(&["diagnose", "--profile", "one"], &[], Some(&token)).expect(1);
    clean("a token", &out);
    let lines = [
        "beside what profile 'one' needs",
        "aud    DIFFERS  https://other.operations.dynamics.com",
        "tid    fits",
        "token-audience",
    ];
    for says in lines {
        assert!(out.out.contains(says), "{says}: {}", out.out);
    }
    let report = place.run_with(&["diagnose", "--profile", "one", "-o", "json"], &[], Some(&token)).expect(1);
    fits("diagnose", &report.json());
    let alone = place.run_with(&["diagnose"], &[], Some(&token)).expect(0);
    clean("a token", &alone);
    assert!(alone.out.contains("The token's claims\n") && !alone.out.contains("needed: https"), "{}", alone.out);
}

/// A text of another product than the profile's is judged without the profile, and that is said.
#[test]
fn a_text_of_another_product_is_told() {
    let place = ready("one");
    let text = r#"401 Unauthorized https://api.businesscentral.dynamics.com/v2.0 {"error":{"code":"Authentication_InvalidCredentials"}}"#;
    let out = place.run(&["diagnose", text, "--profile", "one"]).expect(1);
    assert!(out.err.contains("the text is of Business Central, and profile 'one' is not"), "{}", out.err);
    assert!(!out.out.contains(CLIENT) && !out.out.contains("contoso"), "{}", out.out);
    let own = place.run(&["diagnose", "AADSTS7000215", "--profile", "one"]).expect(1);
    assert!(!own.err.contains("is not"), "{}", own.err);
    let log = format!("2026-11-21 10:00:00 ERROR {text}\n").repeat(5);
    let out = place.run_with(&["diagnose", "--profile", "one"], &[], Some(&log)).expect(1);
    assert!(out.err.contains("errors of other products"), "{}", out.err);
}

/// A sign-in log as the portal saves it: its successes are no errors.
#[test]
fn sign_in_logs_of_the_portal_are_counted() {
    let place = ready("one");
    let row = |day: u8, status: &str, code: u32| {
        format!("2026-11-{day}T10:00:00Z,abc,{CLIENT},\"Zurich, CH\",{status},{code},\"No, it is not.\"\r\n")
    };
    let mut log =
        "\u{feff}Date (UTC),Request ID,Application ID,Location,Status,Sign-in error code,Failure reason\r\n".to_owned();
    log += &row(20, "Success", 0);
    for day in 21..25 {
        log += &row(day, "Failure", 53003);
    }
    log += &row(25, "Failure", 7_000_222);
    let report = place.run_with(&["diagnose", "-o", "json"], &[], Some(&log)).expect(1).json();
    fits("diagnose", &report);
    let groups: Vec<_> = report["groups"].as_array().unwrap().iter().map(|it| (&it["cause"], &it["count"])).collect();
    let wanted: [(Value, Value); 2] = [("policy-blocked".into(), 4.into()), ("secret-expired".into(), 1.into())];
    assert_eq!(groups, [(&wanted[0].0, &wanted[0].1), (&wanted[1].0, &wanted[1].1)], "{report:#}");
    assert_eq!(
        (&report["groups"][0]["app"], &report["groups"][0]["first"]),
        (&CLIENT.into(), &"2026-11-21T10:00:00Z".into())
    );
}

#[test]
fn logs_are_counted() {
    let place = ready("one");
    let app = "99999999-7777-4888-9999-aaaaaaaaaaaa";
    let line = |time: &str, error: &str| format!("2026-11-21T{time}Z ERROR {error}\n");
    let expired = format!("AADSTS7000222: The provided client secret keys for app '{app}' are expired.");
    let refused = format!("AADSTS7000215: Invalid client secret provided. password={CANARY} \x1b[2J");
    let mut log = line("10:00:00", &refused);
    for number in 0..5 {
        log += &line(&format!("10:0{number}:30"), &expired);
        log += &"2026-11-21T10:09:00Z INFO 12 rows\n".repeat(100);
    }
    log += &line("11:00:00", "authorization_pending");
    let report = place.run_with(&["diagnose", "-o", "json"], &[], Some(&log)).expect(1).json();
    fits("diagnose", &report);
    let group = &report["groups"][0];
    assert_eq!((&group["cause"], &group["count"]), (&"secret-expired".into(), &5.into()), "{report:#}");
    assert_eq!((&group["app"], &group["tenant"]), (&app.into(), &Value::Null));
    assert_eq!((&group["first"], &group["last"]), (&"2026-11-21T10:00:30Z".into(), &"2026-11-21T10:04:30Z".into()));
    assert_eq!(group["sample"], expired.as_str());
    assert_eq!(report["groups"][1]["codes"], json!([7_000_215]));
    assert_eq!(report["groups"].as_array().unwrap().len(), 2, "{report:#}");
    // What stands above is of the first group.
    assert_eq!(report["findings"][0]["cause"], "secret-expired");
    assert_eq!(report["evidence"]["codes"], json!([7_000_222]));
    // From a file of more than one buffer, for people, with a profile.
    let path = place.path().join("huge.log");
    let big = log.repeat(40);
    std::fs::write(&path, &big).unwrap();
    let out = place.run(&["diagnose", "--file", path.to_str().unwrap(), "--profile", "one"]).expect(1);
    clean("a log", &out);
    for says in ["1. 200 × ", "2. 40 × ", "2026-11-21T10:00:30Z to 2026-11-21T10:04:30Z", &format!("appId/{app}")] {
        assert!(out.out.contains(says), "{says}: {}", out.out);
    }
    assert!(out.out.chars().all(|c| c == '\n' || !c.is_control()), "{}", out.out);
    assert_eq!(out.err, format!("240 errors in {} kB\n", big.len().div_ceil(1000)));
}

#[test]
fn a_short_text_with_several_errors_is_one_text() {
    let place = Place::new();
    for text in [
        "POST /token\nHTTP/1.1 401 Unauthorized\n\n{\"error\":\"invalid_client\",\"error_description\":\"AADSTS7000215: Invalid\"}\n{\"error\":\"invalid_client\"}",
        "2026-11-21 10:00:00 AADSTS70002: Error.\n2026-11-21 10:00:01 AADSTS7000215: Invalid client secret provided.\n",
        &format!("AADSTS7000215: Invalid\n{}", "and so on\n".repeat(20_000)),
    ] {
        let report = place.run_with(&["diagnose", "-o", "json"], &[], Some(text)).expect(1).json();
        fits("diagnose", &report);
        assert_eq!(report.get("groups"), None, "{text:.300}");
        assert_eq!(report["findings"][0]["cause"], "secret-wrong", "{text:.300}");
    }
    // A longer one is a log, also with a single error; without one its beginning is read as a text.
    let long = "and so on\n".repeat(30_000);
    let report =
        place.run_with(&["diagnose", "-o", "json"], &[], Some(&format!("{long}AADSTS7000215"))).expect(1).json();
    fits("diagnose", &report);
    assert_eq!((&report["groups"][0]["count"], &report["groups"][0]["first"]), (&1.into(), &Value::Null));
    let report = place
        .run_with(&["diagnose", "-o", "json"], &[], Some(&format!("getaddrinfo ENOTFOUND\n{long}")))
        .expect(1)
        .json();
    fits("diagnose", &report);
    assert_eq!(report["findings"][0]["cause"], "dns");
}

/// PowerShell's `>` writes UTF-16.
#[test]
fn a_log_in_utf_16_is_read() {
    let place = Place::new();
    let log = "2026-11-21T10:00:00Z ERROR AADSTS7000222: The keys are expired.\r\n".repeat(6000);
    let path = place.path().join("wide.log");
    for one in [u16::to_le_bytes, u16::to_be_bytes] {
        let bytes: Vec<u8> = "\u{feff}".encode_utf16().chain(log.encode_utf16()).flat_map(one).collect();
        std::fs::write(&path, bytes).unwrap();
        let report = place.run(&["diagnose", "--file", path.to_str().unwrap(), "-o", "json"]).expect(1).json();
        fits("diagnose", &report);
        assert_eq!(
            (&report["groups"][0]["cause"], &report["groups"][0]["count"]),
            (&"secret-expired".into(), &6000.into())
        );
    }
}

#[test]
fn hostile_logs() {
    let place = Place::new();
    let mut noise: Vec<u8> = (0..1_000_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    noise[..2].copy_from_slice(&[0x1f, 0x8b]);
    let signs = b"AADSTS7000215 \x1b]0;x\x07\xff\xc3 {\x9b2J invalid_client ".repeat(20_000);
    for (bytes, code) in [(vec![b'a'; 8_000_000], 3), (noise, 3), (signs, 1), (vec![0; 1_000_000], 3)] {
        let mut command = place.command();
        command.args(["diagnose", "-"]).stdin(Stdio::piped());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(&bytes).unwrap();
        let out = child.wait_with_output().unwrap();
        let text = String::from_utf8([out.stdout, out.stderr].concat()).unwrap();
        assert_eq!(out.status.code(), Some(code), "{text:.2000}");
        assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:.2000}");
    }
}

/// The most memory that a process held, in kB.
#[cfg(target_os = "linux")]
fn peak(pid: u32) -> u64 {
    try_peak(pid).unwrap()
}

/// None of a process that has ended.
#[cfg(target_os = "linux")]
fn try_peak(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

/// A line without end, JSON without end, bytes that are no text: none takes memory by its length, and nothing of it acts
/// on a terminal.
#[cfg(target_os = "linux")]
#[test]
fn hostile_input_is_read_in_constant_memory() {
    use std::io::Write;
    let place = Place::new();
    let run = |part: &[u8], bytes: usize| -> (u64, Option<i32>, String) {
        let mut command = place.command();
        command.args(["diagnose", "-"]).stdin(Stdio::piped());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut pipe = child.stdin.take().unwrap();
        let block = part.repeat(1 + (64 * 1024) / part.len());
        for _ in 0..bytes / block.len() {
            pipe.write_all(&block).unwrap();
        }
        let mut most = peak(child.id());
        drop(pipe);
        // What it takes to read the text comes after its end.
        while child.try_wait().unwrap().is_none() {
            most = most.max(try_peak(child.id()).unwrap_or(0));
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        let out = child.wait_with_output().unwrap();
        (most, out.status.code(), String::from_utf8([out.stdout, out.stderr].concat()).unwrap())
    };
    for (part, megabytes, code) in [
        (&b"a"[..], 100, 3),
        (b"\"error\":[{", 20, 3),
        (b"\\\"\\u0041%2522&amp;quot;", 20, 3),
        (b"AADSTS7000215: Invalid client secret provided. ", 4, 1),
        (b"\x1b]0;AADSTS7000215\x07\x1b[2J\xc2\x9b31m\xe2\x80\xae", 4, 1),
        (b"\xff\xfe\xc3\x28\xed\xa0\x80 \x00", 20, 3),
    ] {
        let (small, ..) = run(part, 400_000);
        let (large, ended, text) = run(part, megabytes * 1_000_000);
        let what = part.escape_ascii();
        assert_eq!(ended, Some(code), "{what}: {text:.2000}");
        assert!(large < small + 4_000, "{what}: {large} kB for {megabytes} MB, {small} kB for 0.4 MB");
        assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{what}: {text:.2000}");
        assert!(text.len() < 20_000, "{what}: {} bytes are said", text.len());
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_pipe_without_end_is_read_in_constant_memory_until_ctrl_c() {
    use rustix::process::{Pid, Signal, kill_process};
    let place = Place::new();
    let mut command = place.command();
    command.args(["diagnose", "-"]).stdin(Stdio::piped());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut pipe = child.stdin.take().unwrap();
    let lines = "2026-11-21T10:09:00Z INFO 12 rows\n".repeat(2000) + "2026-11-21T10:09:00Z AADSTS7000215: Invalid\n";
    let mut feed = |megabytes: usize| {
        for _ in 0..megabytes * 1_000_000 / lines.len() {
            pipe.write_all(lines.as_bytes()).unwrap();
        }
    };
    feed(4);
    let before = peak(child.id());
    feed(60);
    let grown = peak(child.id()) - before;
    assert!(grown < 2_000, "{grown} kB more than before");
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let out = child.wait_with_output().unwrap();
    assert_eq!(out.status.code(), Some(130));
    assert_eq!((out.stdout, out.stderr), (Vec::new(), Vec::new()), "half a count is none");
}

#[test]
fn reports_are_fit_for_a_ticket() {
    let place = Place::new();
    let report = |scenario: &str, more: &[&str]| {
        let sandbox = format!("--sandbox={scenario}");
        let args: Vec<&str> = ["report", "fno-client-credentials", &sandbox].iter().chain(more).copied().collect();
        place.rehearse(&args, None)
    };
    // Written is 0, whatever it says.
    let healthy = report("healthy", &[]).expect(0).out;
    for says in ["# Connection test", "| Result | passed |", "simulated", "| registration | passed |", "None."] {
        assert!(healthy.contains(says), "{says}: {healthy}");
    }
    let expired = report("secret-expired", &[]).expect(0);
    for says in [
        "| Result | failed |",
        "AADSTS7000222",
        "(secret-expired)",
        "client-secret",
        "| Program | d365-connect 0.",
        "con….sandbox.test",
    ] {
        assert!(expired.out.contains(says), "{says}: {}", expired.out);
    }
    assert_eq!(expired.err, "");
    let guids = |text: &str| {
        text.split(|c: char| !c.is_ascii_hexdigit() && c != '-')
            .filter(|word| uuid::Uuid::try_parse(word).is_ok())
            .count()
    };
    assert_eq!(guids(&expired.out), 2, "the trace and the correlation id: {}", expired.out);
    let full = report("secret-expired", &["--full-ids"]).expect(0).out;
    assert!(guids(&full) > 4 && full.contains("contoso.sandbox.test") && full.contains("- Link: <https://"), "{full}");
    assert!(!expired.out.contains("contoso."), "{}", expired.out);

    let file = place.path().join("report.md");
    let out = report("not-registered", &["--out", "report.md"]).expect(0);
    assert_eq!((out.out.as_str(), out.err.as_str()), ("", "wrote report.md\n"));
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains("d365-not-registered"), "{text}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert!(report("healthy", &["--out", "report.md"]).expect(2).err.contains("--force"));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text, "nothing was changed");
    report("healthy", &["--out", "report.md", "--force"]).expect(0);
    assert!(std::fs::read_to_string(&file).unwrap().contains("| Result | passed |"));
    report("healthy", &["--out", "not-there/report.md"]).expect(3);
    report("healthy", &["--out", "..", "--force"]).expect(3);
    assert_eq!(place.files().len(), 1, "nothing else is left");
}

#[test]
fn a_report_with_the_secret_in_it_is_not_written() {
    let place = ready("one");
    place.put("half", "version = 1\nguide = \"fno-client-credentials\"\n");
    assert!(place.run(&["report", "half"]).expect(2).err.contains("'half' is not complete"));
    place.run(&["rename", "one", "the.secret"]).expect(0);
    for args in
        [&["report", "the.secret", "--sandbox"][..], &["report", "the.secret", "--sandbox", "--out", "report.md"]]
    {
        let out = place.run_with(args, &[("D365_SECRET", "the.secret")], None).expect(3);
        assert_eq!(out.out, "");
        assert!(out.err.contains("not written"), "{}", out.err);
        assert!(!place.path().join("report.md").exists());
    }
    place.run_with(&["report", "the.secret", "--sandbox"], &[("D365_SECRET", "another.secret")], None).expect(0);
}

#[test]
fn guides_are_readable_and_filled_in() {
    let place = ready("one");
    let list = place.run(&["guides", "-o", "json"]).expect(0).json();
    fits("guides", &list);
    assert_eq!(list["guides"][0]["id"], "fno-client-credentials");
    for guide in list["guides"].as_array().unwrap() {
        let id = guide["id"].as_str().unwrap();
        let whole = place.run(&["guides", id, "-o", "json"]).expect(0).json();
        fits("guides", &whole);
        let whole = &whole["guides"][0];
        let printed = place.run(&["guides", id]).expect(0).out;
        for line in printed.lines() {
            let address = line.contains("https://") || line.contains("public.ecr.aws/");
            assert!(line.chars().count() <= 80 || address, "{id}: {line}");
        }
        assert!(!printed.contains(['{', '}']), "{id}: {printed}");
        for field in whole["form"]["fields"].as_array().unwrap() {
            assert!(printed.contains(&format!("- {}", field["name"].as_str().unwrap())), "{id}: {field}");
        }
        let one_line = printed.split_whitespace().collect::<Vec<_>>().join(" ");
        for permission in whole["permissions"].as_array().unwrap() {
            let (name, why) = (permission["name"].as_str().unwrap(), permission["why"].as_str().unwrap());
            assert!(one_line.contains(name) && one_line.contains(why), "{id}: {permission}");
            let now = permission["now"].as_str().unwrap_or_default();
            assert!(now.is_empty() || one_line.contains(&format!("now {now}")), "{id}: {permission}");
        }
    }
    let filled = place.run(&["guides", "fno-client-credentials", "--profile", "one"]).expect(0).out;
    assert!(filled.contains(&format!("- Client ID: {CLIENT}")), "{filled}");
    assert!(filled.contains("- Secret value: <the client secret>"), "{filled}");
    for line in filled.lines().filter(|line| !line.contains("https://")) {
        assert!(line.chars().count() <= 80, "{line}");
    }
    for step in
        ["before-you-start", "register-app", "client-secret", "permissions", "values", "register-in-d365", "test"]
    {
        assert!(filled.contains(&format!("[{step}]")), "{step}");
    }
}

#[test]
fn every_command_writes_json_or_says_that_it_does_not() {
    let place = ready("one");
    let env = [("D365_SECRET", CANARY)];
    let json = |args: &[&str]| {
        let args: Vec<&str> = args.iter().copied().chain(["-o", "json"]).collect();
        let value = place.run_with(&args, &env, None).expect(0).json();
        fits("change", &value);
        (
            value["done"].as_str().unwrap().to_owned(),
            value["profile"].as_str().unwrap().to_owned(),
            value["from"].clone(),
        )
    };
    let done = |done: &str, profile: &str, from: Value| (done.to_owned(), profile.to_owned(), from);
    assert_eq!(json(&["edit", "one", "--set", "d365.company=USMF"]), done("saved", "one", Value::Null));
    assert_eq!(json(&["copy", "one", "two"]), done("copied", "two", "one".into()));
    assert_eq!(json(&["rename", "two", "three"]), done("renamed", "three", "two".into()));
    let given = new("four", &["--secret", "env:D365_SECRET"]);
    assert_eq!(json(&given), done("saved", "four", Value::Null));
    assert_eq!(json(&["remove", "four", "--yes"]), done("removed", "four", Value::Null));
    std::fs::write(place.path().join("in.env"), format!("AZURE_TENANT_ID={TENANT}\n")).unwrap();
    assert_eq!(json(&["import", "in.env", "--name", "five"]), done("saved", "five", Value::Null));
    let before = place.files();
    for (args, hint) in [
        (&["handoff", "one", "--role", "entra-admin"][..], "guides ID --profile NAME -o json"),
        (&["export", "one", "--to", "env"], "--to json"),
        (&["report", "one"], "check NAME -o json"),
        (&["completions", "bash"], "leave -o out"),
        (&["man"], "leave -o out"),
    ] {
        let args: Vec<&str> = args.iter().copied().chain(["-o", "json"]).collect();
        let out = place.run_with(&args, &env, None).expect(2);
        assert!(out.out.is_empty() && out.err.contains("hint: ") && out.err.contains(hint), "{args:?}: {}", out.err);
    }
    assert_eq!(place.files(), before, "what is refused changes nothing");
}

#[test]
fn exports_go_where_they_are_asked_to() {
    let place = ready("one");
    let help = place.run(&["export", "--help"]).expect(0).out;
    for format in assets::exports() {
        assert!(help.contains(&format!("\n  {} ", format.id)), "{} is not in the help", format.id);
        for option in &format.options {
            assert!(help.contains(&option.name), "{}: {}", format.id, option.name);
        }
        let out = place.run(&["export", "one", "--to", &format.id]).expect(0);
        let stands_in =
            if format.secret_by.is_some() { "secrets.AZURE_CLIENT_SECRET" } else { "REPLACE_WITH_CLIENT_SECRET" };
        assert!(out.out.contains(stands_in) && out.out.contains(CLIENT), "{}", out.out);
        assert_eq!(out.err, "", "{}", format.id);
        // Where the reader keeps the secret apart, it is never in the file: the way there is told instead.
        if let Some(command) = &format.secret_by {
            let with = ["export", "one", "--to", &format.id, "--include-secret", "--out", "no.file"];
            let out = place.run_with(&with, &[("D365_SECRET", CANARY)], None).expect(2);
            assert!(
                out.out.is_empty()
                    && out.err.contains(&format!("hint: leave --include-secret out, and run: {command}")),
                "{}",
                out.err
            );
            assert!(!place.path().join("no.file").exists());
        }
    }
    let with = |args: &[&str]| {
        let args: Vec<&str> = ["export", "one", "--to", "env"].iter().chain(args).copied().collect();
        place.run_with(&args, &[("D365_SECRET", CANARY)], None)
    };
    let out = with(&["--include-secret"]).expect(0);
    assert!(out.out.contains(&format!("AZURE_CLIENT_SECRET='{CANARY}'\n")), "{}", out.out);
    assert!(out.err.contains("in clear"), "{}", out.err);
    // The secret cannot be read: nothing is written.
    place.run(&["export", "one", "--to", "env", "--include-secret", "--out", "x.env"]).expect(3);
    assert!(!place.path().join("x.env").exists());
    // A file is for its owner alone, and is not written over.
    let file = place.path().join("one.env");
    assert_eq!(with(&["--out", "one.env"]).expect(0).out, "");
    let first = std::fs::read_to_string(&file).unwrap();
    assert!(first.contains("REPLACE_WITH_CLIENT_SECRET"));
    let out = with(&["--out", "one.env", "--include-secret"]).expect(2);
    assert!(out.err.contains("--force"), "{}", out.err);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), first);
    let out = with(&["--out", "one.env", "--include-secret", "--force"]).expect(0);
    clean("export to a file", &out);
    assert!(std::fs::read_to_string(&file).unwrap().contains(CANARY));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    for out in ["no/such/folder/one.env", "one.env/x", "."] {
        let out = with(&["--out", out]).expect(3);
        assert!(out.out.is_empty() && out.err.contains("hint: name another file with --out"), "{}", out.err);
    }
    let out = place.run(&["handoff", "one", "--role", "entra-admin", "--out", "no/such/file"]).expect(3);
    assert!(out.err.contains("hint: name another file with --out"), "{}", out.err);
    let out = place.run(&["list", "--home", file.to_str().unwrap()]).expect(3);
    assert!(out.err.contains("hint: ") && out.err.contains("--home DIR"), "{}", out.err);
    // Where it went is noted, and goes along with the name.
    place.run(&["rename", "one", "two"]).expect(0);
    let noted = std::fs::read_to_string(place.home().join("history/two.json")).unwrap();
    assert!(!noted.contains(&CANARY[..12]), "{noted}");
    let noted: Value = serde_json::from_str(&noted).unwrap();
    let of_env: Vec<&Value> =
        noted["exports"].as_array().unwrap().iter().filter(|export| export["format"] == "env").collect();
    assert_eq!(of_env.len(), 2, "one for each place: {noted:#}");
    assert_eq!(of_env[0]["path"], Value::Null);
    assert_eq!(of_env[1]["path"], file.display().to_string());
    assert_eq!(of_env[1]["with_secret"], true);
    assert!(of_env[1]["when"].is_string());
    // A profile without a secret, or half-filled.
    place.put("half", "version = 1\nguide = \"business-central\"\n");
    let out = place.run(&["export", "half", "--to", "env", "--include-secret"]).expect(2);
    assert!(out.err.contains("--secret SOURCE"), "{}", out.err);
    place.run(&["export", "half", "--to", "ipaas"]).expect(0);
    // Of a certificate the path goes along at most, and each reader's way is told.
    let with_certificate = format!(
        "version = 1\nguide = \"fno-client-credentials\"\ntenant_id = \"{TENANT}\"\nclient_id = \"{CLIENT}\"\nresource_url = \"{URL}\"\n\
         [credential]\nkind = \"certificate\"\nsource = \"file\"\ncertificate = \"/etc/d365/one.pem\"\n"
    );
    place.put("signs", &with_certificate);
    for format in assets::exports() {
        let out = place.run(&["export", "signs", "--to", &format.id]).expect(0);
        assert!(!out.out.contains("REPLACE_WITH_CLIENT_SECRET"), "{}", out.out);
        let (told, there) = if format.takes_certificates() { ("path", true) } else { ("a secret only", false) };
        assert!(out.err.contains(told), "{}: {}", format.id, out.err);
        assert_eq!(out.out.contains("/etc/d365/one.pem"), there, "{}", format.id);
    }
    place.run(&["export", "signs", "--to", "env", "--include-secret"]).expect(2);
}

#[test]
fn a_certificate_that_is_none_is_refused_and_a_right_one_brings_its_end() {
    let place = Place::new();
    let place_of = |name: &str| place.path().join(name).to_str().unwrap().to_owned();
    let values = [format!("tenant_id={TENANT}"), format!("client_id={CLIENT}"), format!("resource_url={URL}")];
    let settings: Vec<&str> = values.iter().flat_map(|value| ["--set", value]).collect();
    let new = ["new", "made", "--no-input", "--make-certificate", "own.pem"];
    place.run(&[&new[..], &settings].concat()).expect(0);
    let new = ["new", "one", "--no-input", "--secret", "env:S", "--set", "credential.expires=2027-01-02"];
    place.run(&[&new[..], &settings].concat()).expect(0);
    let before = std::fs::read_to_string(place.profile("one")).unwrap();
    std::fs::write(place.path().join("none.pem"), "no certificate").unwrap();
    for (wrong, why) in [("none.pem", "neither PEM nor PFX"), ("own.cer", "no private key")] {
        let out = place.run(&["edit", "one", "--secret", &format!("certificate:{}", place_of(wrong))]).expect(2);
        assert!(out.err.contains(why) && out.err.contains("hint:"), "{}", out.err);
        assert_eq!(std::fs::read_to_string(place.profile("one")).unwrap(), before, "{wrong}");
    }
    // As any source that cannot be read now.
    let later = place.run(&["edit", "one", "--secret", &format!("certificate:{}", place_of("nowhere.pem"))]).expect(0);
    assert!(later.err.contains("cannot be read at the moment"), "{}", later.err);
    place.run(&["edit", "one", "--secret", &format!("certificate:{}", place_of("own.pem"))]).expect(0);
    let end = |name: &str| {
        let text = std::fs::read_to_string(place.profile(name)).unwrap();
        text.lines().find(|line| line.starts_with("expires")).map(str::to_owned)
    };
    assert!(end("one").is_some());
    assert_eq!(end("one"), end("made"));
}

#[test]
fn imports_show_what_they_take_and_from_where() {
    let place = Place::new();
    let text = format!(
        "AZURE_TENANT_ID={TENANT}\nAZURE_CLIENT_ID={CLIENT}\nAZURE_CLIENT_SECRET='{CANARY}'\nD365_URL={URL}/data\nAZURE_SUBSCRIPTION_ID=x\n"
    );
    // No keyring here: the secret is dropped, and the rest is kept.
    let out = place.run_with(&["import"], &[], Some(&text)).expect(0);
    clean("import", &out);
    for told in [
        TENANT,
        "from AZURE_TENANT_ID, line 1",
        "a secret, 40 characters",
        "from AZURE_CLIENT_SECRET, line 3",
        "left alone: Subscription ID",
        "guide: fno-client-credentials",
        "secret was dropped",
        "--secret SOURCE",
        "the path was taken off",
    ] {
        assert!(out.err.contains(told), "does not say {told}: {}", out.err);
    }
    assert_eq!(out.out, "");
    let shown = place.run(&["show", "contoso", "-o", "json"]).expect(0).json();
    assert_eq!((&shown["tenant_id"], &shown["resource_url"]), (&TENANT.into(), &URL.into()), "{shown:#}");
    assert_eq!(shown["problem"], "missing: secret");
    place.run(&["check", "contoso"]).expect(2);
    // The next one of the same environment gets a number; --secret takes the place of the pasted one.
    place.run_with(&["import", "--secret", "env:D365_SECRET"], &[("D365_SECRET", "abc8Q~def")], Some(&text)).expect(0);
    let second = place.run(&["show", "contoso-2", "-o", "json"]).expect(0).json();
    assert_eq!((&second["problem"], &second["credential"]["source"]), (&Value::Null, &"env".into()), "{second:#}");
    // From a file, as PowerShell 5 writes it.
    let utf16: Vec<u8> = std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    std::fs::write(place.path().join("wide.env"), utf16).unwrap();
    let out = place.run(&["import", "wide.env", "--name", "wide", "--guide", "c1-fno"]).expect(0);
    assert!(out.err.contains("guide: c1-fno"), "{}", out.err);
    // Without its mark, and as older Windows programs write.
    let other = format!("tenant_id: {TENANT}\r\nd365.company: Söhne – “X” €\r\n");
    let wide: Vec<u8> = other.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let sign = |c: char| match c {
        '–' => 0x96,
        '“' => 0x93,
        '”' => 0x94,
        '€' => 0x80,
        c => u8::try_from(u32::from(c)).unwrap(),
    };
    for (name, bytes) in
        [("bare-wide", wide), ("windows", other.chars().map(sign).collect()), ("utf8", other.clone().into())]
    {
        std::fs::write(place.path().join("text"), bytes).unwrap();
        place.run(&["import", "text", "--name", name, "--guide", "business-central"]).expect(0);
        let shown = place.run(&["show", name, "-o", "json"]).expect(0).json();
        assert_eq!(
            (&shown["tenant_id"], &shown["d365"]["company"]),
            (&TENANT.into(), &"Söhne – “X” €".into()),
            "{shown:#}"
        );
    }
    // In a rehearsal the secret is kept.
    let out = place.rehearse(&["import", "-", "--sandbox"], Some(&text)).expect(0);
    assert!(out.err.contains("the secret is in the keyring") && !out.err.contains("still missing"), "{}", out.err);
    let before = place.files();
    for (text, code, says) in [
        ("", 2, "Kubernetes"),
        ("Object ID: 3f2b7c1e-4d5a-4b6c-8d7e-9f0a1b2c3d4e", 2, "left alone: Object ID"),
        ("{\"appId\": ", 2, "nothing was recognised"),
        (&format!("tenant_id: {CLIENT}\nclient_id: {CLIENT}\n"), 2, "same as the client id"),
        (&format!("client_id: {CLIENT}\n{}", " ".repeat(1024 * 1024)), 2, "1 MiB"),
    ] {
        let out = place.run_with(&["import", "-"], &[], Some(text)).expect(code);
        assert!(out.err.contains(says), "does not say {says}: {}", out.err);
    }
    place.run(&["import", "not-there"]).expect(3);
    #[cfg(unix)]
    {
        let pipe = place.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        place.run(&["import", "pipe"]).expect(2);
        std::fs::remove_file(pipe).unwrap();
    }
    assert_eq!(place.files(), before, "nothing was changed");
}

/// What an export says of a profile makes that profile.
#[test]
fn an_export_can_be_imported() {
    let place = Place::new();
    place.put(
        "bc",
        &format!(
            "version = 1\nguide = \"business-central\"\ncloud = \"global\"\ntenant_id = \"{TENANT}\"\nclient_id = \"{CLIENT}\"\n\n[d365]\nenvironment = \"Production\"\ncompany = \"D'or #1\"\n"
        ),
    );
    let read = |name: &str| std::fs::read_to_string(place.profile(name)).unwrap();
    for format in assets::exports() {
        let out = place.run(&["export", "bc", "--to", &format.id]).expect(0).out;
        let name = format!("from-{}", format.id);
        place.run_with(&["import", "-", "--name", &name], &[], Some(&out)).expect(0);
        assert_eq!(read(&name), read("bc"), "{}", format.id);
    }
}

#[test]
fn an_export_says_which_value_cannot_be_right() {
    let place = Place::new();
    let profile =
        "version = 1\nguide = \"business-central\"\nresource_url = \"https://businesscentral.dynamics.com\"\n";
    place.put("old", profile);
    let out = place.run(&["export", "old", "--to", "ipaas"]).expect(0);
    assert!(out.err.contains("note: resource_url: this is Business Central's address in the browser"), "{}", out.err);
}

#[test]
fn hand_offs_name_what_is_open() {
    let place = ready("one");
    let handoff = |role: &str, more: &[&str]| {
        let args: Vec<&str> = ["handoff", "one", "--role", role].iter().chain(more).copied().collect();
        place.run(&args).expect(0)
    };
    let text = handoff("d365-admin", &[]).out;
    assert!(text.starts_with("# one: for a Dynamics 365 administrator\n"), "{text}");
    for says in [CLIENT, "mi=SysAADClientTable", "System administrator", "1. ", "Done when:", "What to send back"] {
        assert!(text.contains(says), "no {says}: {text}");
    }
    // The values show what was done in Entra; permissions are not needed there.
    assert!(handoff("entra-admin", &[]).out.contains("Nothing is open"));
    let all = handoff("entra-admin", &["--all"]).out;
    assert!(all.contains("Register the app in Microsoft Entra ID") && all.contains("password manager"), "{all}");
    // After a test: nothing where it passed, the cause's step where it failed.
    let history = |verdict: &str, cause: &str| {
        let last =
            format!("{{\"last\":{{\"verdict\":\"{verdict}\",\"when\":\"2026-11-21T10:00:00Z\",\"cause\":{cause}}}}}");
        std::fs::create_dir_all(place.home().join("history")).unwrap();
        std::fs::write(place.home().join("history/one.json"), last).unwrap();
    };
    history("passed", "null");
    let out = handoff("d365-admin", &[]);
    assert!(out.out.contains("Nothing is open") && out.err.contains("--all"), "{}{}", out.out, out.err);
    history("failed", "\"d365-not-registered\"");
    assert!(handoff("entra-admin", &[]).out.contains("Nothing is open"));
    assert!(handoff("d365-admin", &[]).out.contains("Register the app in D365"));
    history("failed", "\"secret-expired\"");
    assert!(handoff("entra-admin", &[]).out.contains("## 1. Create a client secret"));
    place.run(&["handoff", "one", "--role", "d365-admin", "--out", "for-kim.md"]).expect(0);
    place.run(&["handoff", "one", "--role", "d365-admin", "--out", "for-kim.md"]).expect(2);
    assert!(std::fs::read_to_string(place.path().join("for-kim.md")).unwrap().contains(CLIENT));
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let place = Place::new();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let status = place.command().args(["completions", "bash"]).stdout(writer).status().unwrap();
    assert_eq!(status.code(), Some(0));
    if let Ok(full) = std::fs::OpenOptions::new().write(true).open("/dev/full") {
        let status = place.command().arg("guides").stdout(full).stderr(Stdio::null()).status().unwrap();
        assert_eq!(status.code(), Some(3));
    }
}

#[cfg(unix)]
/// What a browser would get from a page of the served sandbox; where that leads back to the app, it is gone there.
fn browse(url: &str) {
    let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let port = host.rsplit_once(':').unwrap().1;
    let mut stream = std::net::TcpStream::connect(format!("127.0.0.1:{port}")).unwrap();
    write!(stream, "GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let location = answer.lines().find_map(|line| line.strip_prefix("location: "));
    match location {
        Some(back) => browse(back),
        None => assert!(answer.starts_with("HTTP/1.1 200"), "{answer}"),
    }
}

/// Runs a test in which a person signs in: does as the words on standard error say.
#[cfg(unix)]
fn check_as_a_person(place: &Place, name: &str, secret: &str) -> Value {
    // A terminal for what is told, without which nobody is there to read it.
    let pair = portable_pty::native_pty_system().openpty(portable_pty::PtySize::default()).unwrap();
    let terminal = std::fs::OpenOptions::new().write(true).open(pair.master.tty_name().unwrap()).unwrap();
    let mut command = place.command();
    command.env("D365_CONNECT_HOME", place.home()).env("S", secret).args(["check", name, "-o", "json"]);
    let child = command.stdout(Stdio::piped()).stderr(terminal).spawn().unwrap();
    drop((command, pair.slave));
    let mut told = BufReader::new(pair.master.try_clone_reader().unwrap()).lines().map_while(Result::ok);
    let page = told.find_map(|line| line.find("http://").map(|at| line[at..].trim_end().to_owned()));
    let page = page.unwrap();
    match page.split_once("   code: ") {
        Some((page, code)) => browse(&format!("{page}?user_code={code}&sandbox=approve")),
        None => browse(&format!("{page}&sandbox=approve")),
    }
    told.for_each(drop);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[cfg(unix)]
#[test]
fn every_guide_headless_from_new_to_green() {
    for guide in assets::guides() {
        let place = Place::new();
        let served = Served::start_for(&place, "healthy", &guide.id);
        let (settings, secret) = (served.settings(), served.secret());
        for way in &guide.sign_in {
            let (name, sign_in) = (way.as_str(), format!("sign_in={way}"));
            let mut args = vec!["new", name, "--no-input", "--guide", &guide.id, "--secret", "env:S"];
            args.extend(settings.iter().map(String::as_str));
            // Where there is one way only, it is no question.
            if guide.takes(FieldId::SignIn) {
                args.extend(["--set", &sign_in]);
            }
            let env = [("S", secret.as_str())];
            place.run_with(&args, &env, None).expect(0);
            let report = match way.is_user() {
                true => {
                    // Without anybody there it says so, and nothing about the values.
                    for args in [&["check", name, "-o", "json"][..], &["check", name, "--no-input", "-o", "json"]] {
                        let alone = place.run_with(args, &env, None).expect(3).json();
                        fits("check", &alone);
                        assert_eq!(alone["profiles"][0]["findings"][0]["title"], "Nobody signed in", "{alone:#}");
                    }
                    check_as_a_person(&place, name, &secret)
                }
                false => place.run_with(&["check", name, "-o", "json"], &env, None).expect(0).json(),
            };
            fits("check", &report);
            let profile = &report["profiles"][0];
            assert_eq!((&profile["verdict"], &profile["guide"]), (&json!("passed"), &json!(guide.id)), "{report:#}");
            let all = profile["checks"].as_array().unwrap();
            assert!(
                all.len() == 8 && all.iter().all(|check| check["status"] == "passed"),
                "{} {way}: {report:#}",
                guide.id
            );
        }
        // The ready profile of a rehearsal, where the simulated user signs in.
        let report = place.rehearse(&["check", &guide.id, "-o", "json", "--sandbox"], None).expect(0).json();
        assert_eq!(report["profiles"][0]["verdict"], "passed", "{report:#}");
    }
}

/// A complete profile with an end date so many days from now.
fn ending(place: &Place, name: &str, days: i64) {
    let end = format!("credential.expires={}", jiff::Zoned::now().date().checked_add(days.days()).unwrap());
    place.run_with(&new(name, &["--secret", "env:S", "--set", &end]), &[("S", "abc8Q~def")], None).expect(0);
}

#[test]
fn settings_hold_for_every_profile() {
    let place = Place::new();
    ending(&place, "soon", 20);
    ending(&place, "later", 50);
    let lines = |place: &Place| place.run(&["list"]).expect(0).out;
    let near =
        |place: &Place, name: &str| lines(place).lines().any(|line| line.starts_with(name) && line.contains('!'));
    assert_eq!((near(&place, "soon"), near(&place, "later")), (true, false), "{}", lines(&place));
    let settings = place.home().join("settings.toml");
    let text = "# mine\nwarning_days = 60\ncloud = \"us-gov\"\nfrom_tomorrow = true\n";
    std::fs::write(&settings, text).unwrap();
    assert_eq!((near(&place, "soon"), near(&place, "later")), (true, true), "{}", lines(&place));
    // What is not known is told with its line; the rest holds.
    let told = place.run(&["list"]).expect(0).err;
    assert!(told.contains("settings.toml: line 4: there is no setting 'from_tomorrow'"), "{told}");
    let check = |place: &Place| {
        let out = place.run_with(&["check", "later", "--only", "expiry", "-o", "json"], &[("S", "abc8Q~def")], None);
        out.json()["profiles"][0]["checks"][0]["status"].clone()
    };
    assert_eq!(check(&place), "warning");
    // The cloud is that of new profiles, and is written into them; those that are there keep theirs.
    place.run_with(&new("gov", &["--secret", "env:S"]), &[("S", "abc8Q~def")], None).expect(0);
    place
        .run_with(&new("world", &["--secret", "env:S", "--set", "cloud=global"]), &[("S", "abc8Q~def")], None)
        .expect(0);
    let cloud = |name: &str| place.run(&["show", name, "-o", "json"]).expect(0).json()["cloud"].clone();
    assert_eq!((cloud("gov"), cloud("world"), cloud("soon")), (json!("us-gov"), json!("global"), json!("global")));
    assert!(std::fs::read_to_string(place.profile("gov")).unwrap().contains("cloud = \"us-gov\""));
    assert_eq!(std::fs::read_to_string(&settings).unwrap(), text, "reading wrote it");
    std::fs::write(&settings, "").unwrap();
    assert_eq!(check(&place), "passed");
}

#[test]
fn damaged_settings_are_refused_with_their_line_and_left_alone() {
    let place = ready("one");
    let settings = place.home().join("settings.toml");
    for (text, says) in [
        (&b"theme = \"dark\"\nwarning_days = \"soon\"\n"[..], "settings.toml: line 2: 'warning_days' must be a number"),
        (b"theme =", "settings.toml: line 1: not TOML"),
        (b"theme = \"\xff\"", "settings.toml: line 1: not UTF-8"),
        (&vec![b'#'; 2_000_000], "settings.toml: larger than 1 MiB"),
    ] {
        std::fs::write(&settings, text).unwrap();
        let before = place.files();
        for args in [&["list"][..], &["show", "one"], &["check", "--all"], &["rename", "one", "two"]] {
            let told = place.run(args).expect(3).err;
            assert!(told.contains(says) && told.contains("hint: mend the file"), "{args:?}: {told}");
        }
        // What needs no home does not look at it.
        place.run(&["guides"]).expect(0);
        place.run(&["completions", "bash"]).expect(0);
        assert_eq!(place.files(), before);
    }
    #[cfg(unix)]
    {
        std::fs::remove_file(&settings).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(&settings).status().unwrap().success());
        let told = place.run(&["list"]).expect(3).err;
        assert!(told.contains("settings.toml: not a regular file"), "{told}");
    }
}

#[test]
fn a_secret_goes_where_the_settings_say() {
    let place = Place::new();
    std::fs::create_dir_all(place.home()).unwrap();
    std::fs::write(place.home().join("settings.toml"), "default_store = \"vault\"").unwrap();
    let vault = [("V", "a passphrase for this test")];
    let flags = ["--vault-passphrase", "env:V", "--secret", "stdin"];
    let told = place.run_with(&new("one", &flags), &vault, Some(CANARY)).expect(0);
    clean("new", &told);
    assert!(told.err.contains("the secret is in the vault"), "{}", told.err);
    let text = format!("{TENANT}\nTENANT_ID={TENANT}\nCLIENT_ID={CLIENT}\nCLIENT_SECRET={CANARY}\nD365_URL={URL}\n");
    let args = ["import", "-", "--name", "two", "--no-input", "--vault-passphrase", "env:V"];
    let told = place.run_with(&args, &vault, Some(&text)).expect(0);
    assert!(told.err.contains("the secret is in the vault"), "{}", told.err);
    for name in ["one", "two"] {
        assert!(std::fs::read_to_string(place.profile(name)).unwrap().contains("source = \"vault\""), "{name}");
    }
    // Never a silent fall back: without the passphrase nothing is saved.
    let told = place.run_with(&new("three", &["--secret", "stdin"]), &[], Some(CANARY)).expect(3);
    clean("without the passphrase", &told);
    assert!(!place.profile("three").exists());
}

#[test]
fn a_list_is_narrowed_and_sorted() {
    let place = Place::new();
    for (name, days) in [("alpha", 200), ("beta", 3), ("gamma", -2)] {
        ending(&place, name, days);
    }
    place.run(&["edit", "beta", "--set", "tenant_id=fabrikam.example"]).expect(0);
    place.run_with(&new("delta", &["--secret", "env:S"]), &[("S", "abc8Q~def")], None).expect(0);
    let names = |args: &[&str]| -> Vec<String> {
        let told = place.run(&[&["list", "-o", "json"], args].concat()).expect(0).json();
        fits("list", &told);
        told["profiles"].as_array().unwrap().iter().map(|p| p["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&[]), ["alpha", "beta", "delta", "gamma"]);
    assert_eq!(names(&["--sort", "expires"]), ["gamma", "beta", "alpha", "delta"]);
    assert_eq!(names(&["--filter", "FABRIKAM"]), ["beta"]);
    assert_eq!(names(&["--filter", "f&o ta", "--sort", "expires"]), ["beta", "delta"]);
    assert_eq!(names(&["--filter", "nobody"]), [""; 0]);
    let told = place.run(&["list", "--filter", "nobody"]).expect(0);
    assert_eq!((told.out.as_str(), told.err.trim()), ("", "no profile fits the filter"));
}

/// An independent reading of a calendar file by the rules of RFC 5545: its content lines, unfolded.
fn calendar_lines(text: &str) -> Vec<String> {
    assert!(text.ends_with("\r\n"));
    assert_eq!(text.matches('\n').count(), text.matches("\r\n").count(), "a line end without CR");
    assert!(text.split("\r\n").all(|line| line.len() <= 75), "a line is too long: {text}");
    assert!(text.chars().all(|c| !c.is_control() || c == '\r' || c == '\n'));
    let mut lines: Vec<String> = Vec::new();
    for line in text.split_terminator("\r\n") {
        match line.strip_prefix(' ') {
            Some(rest) => lines.last_mut().unwrap().push_str(rest),
            None => lines.push(line.to_owned()),
        }
    }
    // Every component ends where it should, and every property has a name.
    let mut open = Vec::new();
    for line in &lines {
        let (name, value) = line.split_once(':').unwrap();
        let name = name.split(';').next().unwrap();
        assert!(!name.is_empty() && name.bytes().all(|b| b.is_ascii_uppercase() || b == b'-'), "{line}");
        match name {
            "BEGIN" => open.push(value),
            "END" => assert_eq!(open.pop(), Some(value)),
            _ => assert!(!open.is_empty(), "{line}"),
        }
    }
    assert!(open.is_empty());
    lines
}

#[test]
fn ends_are_written_for_a_calendar() {
    let place = Place::new();
    place
        .run_with(&new("one", &["--secret", "env:S", "--set", "credential.expires=2027-05-20"]), &[("S", CANARY)], None)
        .expect(0);
    place
        .run_with(&new("two", &["--secret", "env:S", "--set", "credential.expires=2028-02-29"]), &[("S", CANARY)], None)
        .expect(0);
    place.run_with(&new("without", &["--secret", "env:S"]), &[("S", CANARY)], None).expect(0);
    let told = place.run_with(&["remind", "--all"], &[("S", CANARY)], None).expect(0);
    clean("remind", &told);
    assert!(told.err.contains("without: no end date is recorded"), "{}", told.err);
    let lines = calendar_lines(&told.out);
    assert_eq!((lines[0].as_str(), lines[1].as_str()), ("BEGIN:VCALENDAR", "VERSION:2.0"));
    let of = |name: &str| -> Vec<&str> {
        lines
            .iter()
            .filter_map(|line| line.split_once(':'))
            .filter(|(n, _)| n.split(';').next() == Some(name))
            .map(|(_, v)| v)
            .collect()
    };
    assert_eq!(of("DTSTART"), ["20270520", "20280229"]);
    assert!(lines.contains(&"DTSTART;VALUE=DATE:20270520".to_owned()));
    assert_eq!(of("UID"), [format!("{CLIENT}.one.expires@d365-connect"), format!("{CLIENT}.two.expires@d365-connect")]);
    assert_eq!(of("TRIGGER"), ["-P30D", "-P7D", "-P1D", "-P30D", "-P7D", "-P1D"]);
    assert_eq!(of("SUMMARY"), ["The client secret of 'one' ends", "The client secret of 'two' ends"]);
    assert!(of("DTSTAMP").iter().all(|at| at.len() == 16 && at.ends_with('Z')), "{lines:?}");
    let about = of("DESCRIPTION")[0];
    for part in ["rotate one\\n", "contoso.operations.dynamics.com\\n", CLIENT, TENANT, "F&O\\, client"] {
        assert!(about.contains(part), "{part}: {about}");
    }
    // To a file, once; other days; the event keeps its name when the end moves.
    let file = place.path().join("ends.ics");
    let path = file.to_str().unwrap();
    place.run(&["remind", "one", "--days", "1,60,60", "--out", path]).expect(0);
    let text = std::fs::read_to_string(&file).unwrap();
    let written = calendar_lines(&text);
    assert_eq!(
        written.iter().filter(|line| line.starts_with("TRIGGER:")).collect::<Vec<_>>(),
        ["TRIGGER:-P60D", "TRIGGER:-P1D"]
    );
    assert!(place.run(&["remind", "one", "--out", path]).expect(2).err.contains("--force"));
    place.run(&["edit", "one", "--set", "credential.expires=2027-11-20"]).expect(0);
    place.run(&["remind", "ONE", "--out", path, "--force"]).expect(0);
    let moved = calendar_lines(&std::fs::read_to_string(&file).unwrap());
    let uid = |lines: &[String]| lines.iter().find(|line| line.starts_with("UID:")).cloned();
    assert_eq!(uid(&written), uid(&moved));
    assert!(moved.contains(&"DTSTART;VALUE=DATE:20271120".to_owned()));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    for (args, says) in [
        (&["remind"][..], "which profile?"),
        (&["remind", "nobody"], "there is no profile 'nobody'"),
        (&["remind", "without"], "credential.expires=2027-05-20"),
        (&["remind", "one", "--days", "soon"], "--days"),
        (&["remind", "one", "--all"], "cannot be used with"),
    ] {
        let told = place.run(args).expect(2).err;
        assert!(told.contains(says), "{args:?}: {told}");
    }
}

#[test]
fn what_stands_in_a_wrong_field_is_not_written_into_a_calendar() {
    let place = Place::new();
    let text = format!(
        "version = 1\nguide = \"fno-client-credentials\"\ntenant_id = \"{CANARY}\"\nclient_id = \"{CANARY}\"\n\
         resource_url = \"{CANARY}\"\n[credential]\nexpires = 2027-05-20\n"
    );
    place.put("odd", &text);
    clean("remind", &place.run(&["remind", "odd"]).expect(0));
}

/// A certificate that has ended is renewed by the sandbox's administrator, by one that is made now, or by one from a file.
#[test]
fn an_ended_certificate_is_rotated() {
    let place = Place::new();
    let made = place.path().join("made.pem");
    for more in [&[][..], &["--make-certificate", made.to_str().unwrap()]] {
        let args =
            [&["rotate", "--sandbox=certificate-expired", "fno-client-credentials", "-o", "json"], more].concat();
        let out = place.rehearse(&args, None).expect(0);
        assert_eq!(out.json()["switched"], true, "{}", out.err);
    }
}

#[test]
fn an_end_date_can_be_taken_out() {
    let place = Place::new();
    let ids = ["--set", "tenant_id=11111111-2222-4333-8444-555555555555", "--secret", "env:NONE"];
    let more = ["--set", "client_id=66666666-7777-4888-9999-aaaaaaaaaaaa", "--set", "credential.expires=2027-05-20"];
    let url = ["--set", "resource_url=https://contoso.operations.dynamics.com"];
    place.run(&[&["new", "one", "--no-input"][..], &ids, &more, &url].concat()).expect(0);
    let expires = || place.run(&["show", "one", "-o", "json"]).expect(0).json()["credential"]["expires"].clone();
    assert_eq!(expires(), "2027-05-20");
    let out = place.run(&["edit", "one", "--set", "credential.expires=None"]).expect(0);
    assert!(out.err.contains("no end date is recorded"), "{}", out.err);
    assert!(expires().is_null());
}

/// No shell expands what stands after `file:`, so this program does; the next command may run in another folder.
#[test]
fn paths_hold_in_every_folder() {
    let place = Place::new();
    std::fs::write(place.path().join("secret"), "abc8Q~not.a.secret.but.as.long.as.one.is").unwrap();
    let ids = ["--set", "tenant_id=11111111-2222-4333-8444-555555555555", "--set"];
    let more = [
        "client_id=66666666-7777-4888-9999-aaaaaaaaaaaa",
        "--set",
        "resource_url=https://contoso.operations.dynamics.com",
    ];
    for (name, source) in [("one", "file:~/secret"), ("two", "file:secret"), ("three", "file:./secret")] {
        place.run(&[&["new", name, "--no-input", "--secret", source][..], &ids, &more].concat()).expect(0);
        let reads = place.run(&["show", name, "-o", "json"]).expect(0).json()["reads"].clone();
        assert_eq!(reads, place.path().join("secret").to_str().unwrap(), "{source}");
    }
}
