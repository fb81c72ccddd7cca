//! The canary test (safety rule 1): a secret is planted in every flow, and every sink is searched for it.
//!
//! | flow | planted by | sinks |
//! |---|---|---|
//! | wrong use of the command line | flags, names, subcommands, `--set`, `--secret` | streams, files, log |
//! | set-up by command | stdin, env, file, command | streams, files, log |
//! | live test, refused and echoed by both servers | env, file, command | streams, all output formats, files, log, history, requests |
//! | certificate: made, its key encrypted and not, live test echoed by both servers | make, file, env | streams, all output formats, files, log, history, requests |
//! | a command that fails and prints it | command | streams, files, log |
//! | a command beside other secrets | env | its environment and arguments, those of its parent |
//! | another credential, refused and switched to | env, stdin into the vault | streams, files, log, history, requests |
//! | a token for a script | env | standard error, files, log |
//! | support report of such a test | env, file, command | streams, the report, files, log |
//! | export of every format, without and with the secret; hand-off; reminders | env | streams, files, log, history |
//! | import of every notation, kept, refused and damaged | stdin, file | streams, files, log |
//! | import, confirmed and not | keys | terminal, files, log |
//! | diagnosis | words, file, stdin, paste | streams, files, log, clipboard |
//! | diagnosis of a log | file, stdin | streams, files, log |
//! | wizard: typed, tested, left with a draft | keys | terminal, clipboard, files, log, draft, requests |
//! | wizard: pasted, stopped by a signal | paste | terminal, files, log |
//! | wizard: shown and hidden, and stopped while shown | keys | terminal after it was masked, the shell's screen |
//! | wizard: in a wrong field | paste, burst of keys | terminal, files, log, draft |
//! | wizard: several values at once | paste | terminal, files, log |
//! | wizard: a save that fails, a keyring that is not there | keys | terminal, files, log |
//! | steps handed over from the wizard and from home; every export on the screen | keys, env, a profile with it in a wrong field | terminal, clipboard, files, log |
//! | a plain prompt | keys | terminal, files, log |
//!
//! Files are all those under the working folder, `HOME`, `TMPDIR` and the program's home. What is asked for by name is
//! kept elsewhere: the file of `file:`, that of `export --include-secret` and of `import`, what `command:` prints, the variable of `env:`. The secret may be in the body of the
//! request for a token, and the token in `Authorization` at the resource. Panics are searched in `tests/pty.rs`.
#![cfg(unix)]
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "test code")]

#[path = "support/cmd.rs"]
#[expect(dead_code, reason = "shared with other tests")]
mod cmd;
#[path = "support/pty.rs"]
#[expect(dead_code, reason = "shared with other tests")]
mod pty;
#[path = "support/server.rs"]
#[expect(dead_code, reason = "shared with other tests")]
mod server;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use cmd::{Out, Place};
use pty::{Start, Tui};
use rustix::process::Signal;
use serde_json::json;
use server::{Answer, Seen, Server};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// Differs in every form: base64, percent, form, JSON, HTML.
const ODD: &str = "cAn4ry/8Q~\"w+=&\\<é> %41'Zx.9k_Lm-q7Rt#";
/// Shaped as Entra makes them, so that it is known in a wrong field.
const SHAPED: &str = "kAn8Q~ryNEVERshowTHIS.value_0123456789ab";
/// What the sign-in host of these tests issues.
const TOKEN: &str = "tOk3n~aBcD+eFgH/iJkL==mNoPqRsTuVwXyZ.9876543210-opaque";

/// A token that can be known by its shape.
const JWT: &str = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJjYW5hcnkiOiJ2YWx1ZSJ9.c2lnbmF0dXJlLWNhbmFyeQ";

const TENANT: &str = "11111111-2222-4333-8444-555555555555";
const CLIENT: &str = "66666666-7777-4888-9999-aaaaaaaaaaaa";
const ENTER: &str = "\r";
const ESC: &str = "\x1b";
const DOWN: &str = "\x1b[B";
/// The answer that leaves nothing, in every question before something is lost.
const STAY: &str = "Stay here";
const UTF8: (&str, &str) = ("LC_ALL", "C.UTF-8");

// ---- the finder ---------------------------------------------------------------------------------------------------

/// So many bytes in a row of any form of a secret are a hit: a part of it is too much as well.
const WINDOW: usize = 12;

/// Finds secrets in any form.
struct Finder(HashMap<Vec<u8>, String>);

impl Finder {
    fn new(secrets: &[&str]) -> Finder {
        let mut windows = HashMap::new();
        for secret in secrets {
            for (name, form) in forms(secret) {
                assert!(form.len() >= WINDOW, "{name}");
                for window in form.windows(WINDOW) {
                    windows.entry(window.to_ascii_lowercase()).or_insert_with(|| name.to_owned());
                }
            }
        }
        Finder(windows)
    }

    /// The form of the first hit, and what stands there.
    fn find(&self, bytes: &[u8]) -> Option<String> {
        let bytes = bytes.to_ascii_lowercase();
        bytes.windows(WINDOW).enumerate().find_map(|(at, window)| {
            let name = self.0.get(window)?;
            let around = &bytes[at.saturating_sub(40)..bytes.len().min(at + 60)];
            Some(format!("{name} at byte {at}: {}", around.escape_ascii()))
        })
    }

    #[track_caller]
    fn nothing_in(&self, place: &str, bytes: &[u8]) {
        if let Some(hit) = self.find(bytes) {
            panic!("{place} holds a secret in the form {hit}");
        }
    }

    #[track_caller]
    fn nothing_in_files(&self, what: &str, folder: &Path) {
        let mut folders = vec![folder.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap().flatten() {
                let path = entry.path();
                self.nothing_in(
                    &format!("{what}: the name of {}", path.display()),
                    path.as_os_str().as_encoded_bytes(),
                );
                if path.is_dir() {
                    folders.push(path);
                } else {
                    self.nothing_in(&format!("{what}: {}", path.display()), &std::fs::read(&path).unwrap());
                }
            }
        }
    }

    /// Bytes that a terminal was sent, also without what only moves the cursor or paints.
    #[track_caller]
    fn nothing_in_terminal(&self, what: &str, raw: &[u8]) {
        self.nothing_in(&format!("{what}: the terminal"), raw);
        let text = String::from_utf8_lossy(raw);
        let mut bare = String::new();
        for (at, part) in text.split("\x1b[").enumerate() {
            let rest = part.trim_start_matches(|c: char| at > 0 && matches!(c, '\x20'..='\x3f'));
            bare.extend(rest.chars().skip(usize::from(at > 0)));
        }
        self.nothing_in(&format!("{what}: the terminal without sequences"), bare.as_bytes());
    }
}

/// A secret as it might turn up.
fn forms(secret: &str) -> Vec<(&'static str, Vec<u8>)> {
    let percent = |kept: &dyn Fn(u8) -> bool| -> Vec<u8> {
        let one = |b: u8| if kept(b) { vec![b] } else { format!("%{b:02X}").into_bytes() };
        secret.bytes().flat_map(one).collect()
    };
    let escaped = |escape: &dyn Fn(char) -> String| secret.chars().map(escape).collect::<String>().into_bytes();
    let json = serde_json::to_string(secret).unwrap();
    let mut all = vec![
        ("clear", secret.as_bytes().to_vec()),
        ("clear, without blanks", secret.replace(' ', "").into_bytes()),
        ("form", url::form_urlencoded::byte_serialize(secret.as_bytes()).collect::<String>().into_bytes()),
        ("percent", percent(&|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b))),
        ("percent of JavaScript", percent(&|b| b.is_ascii_alphanumeric() || b"-._~!*'()".contains(&b))),
        ("percent, everything", percent(&|_| false)),
        ("JSON", json.trim_matches('"').as_bytes().to_vec()),
        ("JSON with /", json.trim_matches('"').replace('/', "\\/").into_bytes()),
        (
            "JSON with \\u",
            escaped(&|c| if c.is_ascii_alphanumeric() { c.into() } else { format!("\\u{:04X}", u32::from(c)) }),
        ),
        ("Debug", format!("{secret:?}").into_bytes()),
        ("bytes", format!("{:?}", secret.as_bytes()).into_bytes()),
        ("hex", secret.bytes().map(|b| format!("{b:02x}")).collect::<String>().into_bytes()),
        ("HTML", html(secret).into_bytes()),
        (
            "HTML with numbers",
            escaped(&|c| if c.is_ascii_alphanumeric() { c.into() } else { format!("&#{};", u32::from(c)) }),
        ),
    ];
    for lead in 0..3 {
        // Only what the secret alone decides: the first and last signs hold bits of what stands around it.
        let framed = [&b"xx"[..lead], secret.as_bytes()].concat();
        let (from, to) = ((8 * lead).div_ceil(6), 8 * framed.len() / 6);
        all.push(("base64", STANDARD.encode(&framed).as_bytes()[from..to].to_vec()));
        all.push(("base64 for URLs", URL_SAFE_NO_PAD.encode(&framed).as_bytes()[from..to].to_vec()));
    }
    all
}

fn html(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[test]
fn the_finder_finds() {
    let finder = Finder::new(&[ODD]);
    for (name, form) in forms(ODD) {
        let planted = [b"before ", &form[..], b" after"].concat();
        assert!(finder.find(&planted).is_some(), "{name}");
        assert!(finder.find(&planted.to_ascii_uppercase()).is_some(), "{name}, in capitals");
        assert!(finder.find(&form[..WINDOW]).is_some() && finder.find(&form[1..=WINDOW]).is_some(), "{name}, a part");
        assert!(finder.find(&form[..WINDOW - 1]).is_none(), "{name}, hardly anything");
    }
    // Inside a longer text that was encoded as a whole, wherever it stands in it.
    for lead in ["", "a", "ab", "abc", "abcd"] {
        let whole = format!("{lead}{ODD}&scope=x");
        assert!(finder.find(STANDARD.encode(&whole).as_bytes()).is_some(), "{lead}");
        assert!(finder.find(URL_SAFE_NO_PAD.encode(&whole).as_bytes()).is_some(), "{lead}");
    }
    assert_eq!(finder.find(include_bytes!("secrets.rs").split_at(0).1.get(..2_000).unwrap()), None);
    // In a file, in its name, on a terminal between sequences.
    let folder = tempfile::tempdir().unwrap();
    let found = |what: &dyn Fn()| std::panic::catch_unwind(std::panic::AssertUnwindSafe(what)).is_err();
    assert!(!found(&|| finder.nothing_in_files("", folder.path())));
    std::fs::create_dir(folder.path().join("deep")).unwrap();
    std::fs::write(folder.path().join("deep/file"), ODD).unwrap();
    assert!(found(&|| finder.nothing_in_files("", folder.path())));
    let split: String = ODD.chars().map(|c| format!("{c}\x1b[3;4H\x1b[38;5;8m")).collect();
    assert!(finder.find(split.as_bytes()).is_none());
    assert!(found(&|| finder.nothing_in_terminal("", split.as_bytes())));
    let requests = |path: &str, header: &str, body: &str| Seen {
        method: "POST".into(),
        path: path.into(),
        headers: vec![("x".into(), header.into())],
        body: body.into(),
    };
    let form = "client_secret=cAn4ry%2F8Q%7E%22w%2B%3D";
    let token = format!("/{TENANT}/oauth2/v2.0/token");
    assert!(!found(&|| nothing_in_requests(&finder, "", &[requests(&token, "", form)], true)));
    assert!(found(&|| nothing_in_requests(&finder, "", &[requests(&token, "", form)], false)));
    assert!(found(&|| nothing_in_requests(&finder, "", &[requests("/other", "", form)], true)));
    assert!(found(&|| nothing_in_requests(&finder, "", &[requests(&format!("{token}?{form}"), "", "")], true)));
    assert!(found(&|| nothing_in_requests(&finder, "", &[requests(&token, form, "")], true)));
}

/// Requests without the secret, but for the body of the one for a token at the sign-in host.
#[track_caller]
fn nothing_in_requests(finder: &Finder, what: &str, requests: &[Seen], sign_in_host: bool) {
    for seen in requests {
        finder.nothing_in(&format!("{what}: a path"), seen.path.as_bytes());
        for (name, value) in &seen.headers {
            if sign_in_host || name != "authorization" {
                finder.nothing_in(&format!("{what}: header {name}"), value.as_bytes());
            }
        }
        if !(sign_in_host && seen.method == "POST" && seen.path == format!("/{TENANT}/oauth2/v2.0/token")) {
            finder.nothing_in(&format!("{what}: the body of {}", seen.path), seen.body.as_bytes());
        }
    }
}

// ---- a place to search ------------------------------------------------------------------------------------------

/// Everything that was ever secret here.
fn finder() -> Finder {
    Finder::new(&[ODD, SHAPED, TOKEN, JWT])
}

/// Runs a command with the log at its highest level, and searches the streams.
#[track_caller]
fn run(place: &Place, finder: &Finder, args: &[&str], env: &[(&str, &str)], stdin: Option<&str>) -> Out {
    let with_log: Vec<&str> = args.iter().copied().chain(["--log", "log", "--log-level", "trace"]).collect();
    let out = place.run_with(&with_log, env, stdin);
    finder.nothing_in(&format!("{args:?}: standard output"), out.out.as_bytes());
    finder.nothing_in(&format!("{args:?}: standard error"), out.err.as_bytes());
    out
}

/// `new NAME` by flags, with everything but the secret.
fn new_at(name: &str, authority: &str, resource: &str, secret: &str) -> Vec<String> {
    let values = [
        format!("tenant_id={TENANT}"),
        format!("client_id={CLIENT}"),
        format!("resource_url={resource}"),
        format!("network.authority_url={authority}"),
    ];
    let sets = values.into_iter().flat_map(|value| ["--set".to_owned(), value]);
    ["new", name, "--no-input", "--secret", secret].map(str::to_owned).into_iter().chain(sets).collect()
}

fn words(owned: &[String]) -> Vec<&str> {
    owned.iter().map(String::as_str).collect()
}

// ---- the command line -------------------------------------------------------------------------------------------

#[test]
fn wrong_use_of_the_command_line() {
    let (place, finder) = (Place::new(), finder());
    let nowhere = "http://127.0.0.1:9";
    run(&place, &finder, &words(&new_at("one", nowhere, nowhere, "env:S")), &[("S", ODD)], None).expect(0);
    for secret in [ODD, SHAPED] {
        let joined = |lead: &str| format!("{lead}{secret}");
        let fields = [
            "tenant_id",
            "client_id",
            "resource_url",
            "cloud",
            "credential.expires",
            "d365.user_id",
            "d365.company",
            "d365.entities",
            "network.authority_url",
            "network.graph_url",
            "network.ca_certificate",
        ];
        let sets: Vec<String> = fields.iter().map(|field| format!("{field}={secret}")).collect();
        let (named, env, flag) = (format!("{secret}=x"), joined("env:"), joined("--client-secret="));
        let dashed = joined("--");
        let (sandbox, output, url) = (joined("--sandbox="), joined("-o"), joined("resource_url=https://x.test/?s="));
        let mut lines: Vec<Vec<&str>> = vec![
            vec![secret],
            vec![secret, "new"],
            vec!["new", secret],
            vec!["new", "two", secret],
            vec!["new", "two", "--guide", secret],
            vec!["new", "two", "--set", secret],
            vec!["new", "two", "--set", &named],
            vec!["new", "two", "--set", &url],
            vec!["new", "two", "--secret", secret],
            vec!["new", "two", "--secret", &env],
            vec!["new", "two", &flag],
            vec!["new", "two", &dashed],
            vec!["new", "two", "--client-secret", secret],
            vec!["edit", secret],
            vec!["edit", "one", "--unset", secret],
            vec!["edit", "one", "--secret", secret],
            vec!["edit", "one", "--secret", &env],
            vec!["show", secret],
            vec!["check", secret],
            vec!["check", "one", "--only", secret],
            vec!["rename", "one", secret],
            vec!["rename", secret, "two"],
            vec!["copy", "one", secret],
            vec!["remove", secret, "--yes"],
            vec!["guides", secret],
            vec!["diagnose", "AADSTS7000215", "--profile", secret],
            vec!["list", &sandbox],
            vec!["list", &output],
            vec!["list", "--color", secret],
            vec!["list", "--timeout", secret],
            vec!["sandbox", "--port", secret],
            vec!["sandbox", "--scenario", secret],
            vec!["export", secret, "--to", "env"],
            vec!["export", "one", "--to", secret],
            vec!["export", "one", "--to", "c1-k8s", "--set", secret],
            vec!["export", "one", "--to", "c1-k8s", "--set", &named],
            vec!["import", secret],
            vec!["import", "-", "--name", secret],
            vec!["import", "-", "--guide", secret],
            vec!["import", "-", "--secret", secret],
            vec!["handoff", secret, "--role", "d365-admin"],
            vec!["handoff", "one", "--role", secret],
            vec!["remind", secret],
            vec!["remind", "one", "--days", secret],
            vec!["list", "--sort", secret],
            vec!["completions", secret],
            vec!["man", secret],
        ];
        lines.extend(sets.iter().map(|set| vec!["edit", "one", "--set", set]));
        for line in lines {
            let out = run(&place, &finder, &line, &[("S", ODD)], None);
            // What is shaped like a secret is never kept as another value.
            assert!(secret != SHAPED || out.code != 0, "{line:?}");
        }
        let kept = std::fs::read(place.profile("one")).unwrap();
        if secret == SHAPED {
            finder.nothing_in("the profile", &kept);
        }
        // A value without the shape of a secret is what was asked for; the rest of the search does without it.
        place.put("one", "version = 1\nguide = \"fno-client-credentials\"\n");
        finder.nothing_in_files("wrong use", place.path());
    }
}

#[test]
fn values_that_are_taken_in() {
    let (place, finder) = (Place::new(), finder());
    let nowhere = "http://127.0.0.1:9";
    // There is no keyring here: nothing is saved. In a rehearsal it goes into memory.
    run(&place, &finder, &words(&new_at("one", nowhere, nowhere, "stdin")), &[], Some(ODD)).expect(3);
    let mut line = new_at("two", nowhere, nowhere, "stdin");
    line.push("--sandbox".into());
    let out = place.rehearse(&words(&line), Some(ODD)).expect(0);
    finder.nothing_in("a rehearsal", format!("{}{}", out.out, out.err).as_bytes());
    for wrong in [format!("{ODD}\nsecond line"), format!("{ODD}\u{1}"), ODD.repeat(200)] {
        run(&place, &finder, &words(&new_at("one", nowhere, nowhere, "stdin")), &[], Some(&wrong)).expect(2);
    }
    // A home that cannot be written to, and a profile that holds one.
    std::fs::write(place.path().join("file"), "").unwrap();
    let mut line = new_at("one", nowhere, nowhere, "env:S");
    line.extend(["--home".into(), "file".into()]);
    run(&place, &finder, &words(&line), &[("S", ODD)], None).expect(3);
    finder.nothing_in_files("taking in", place.path());
    for text in [format!("client_secret = \"{SHAPED}\"\n"), format!("client_secret = {ODD}\n"), format!("[{SHAPED}]\n")]
    {
        place.put("odd", &format!("version = 1\nguide = \"fno-client-credentials\"\n{text}"));
        for line in [
            &["list"][..],
            &["list", "-o", "json"],
            &["show", "odd"],
            &["show", "odd", "-o", "json"],
            &["check", "odd"],
        ] {
            run(&place, &finder, line, &[], None);
        }
    }
    std::fs::remove_file(place.profile("odd")).unwrap();
    finder.nothing_in_files("taking in", place.path());
}

#[test]
fn handed_over() {
    let (place, finder) = (Place::new(), finder());
    let elsewhere = tempfile::tempdir().unwrap();
    let nowhere = "http://127.0.0.1:9";
    run(&place, &finder, &words(&new_at("one", nowhere, nowhere, "env:S")), &[("S", ODD)], None).expect(0);
    for format in d365_connect::assets::exports() {
        let to = ["export", "one", "--to", &format.id];
        run(&place, &finder, &to, &[("S", ODD)], None).expect(0);
        let file = elsewhere.path().join(&format.id);
        let into: Vec<&str> = to.into_iter().chain(["--include-secret", "--out", file.to_str().unwrap()]).collect();
        if format.secret_by.is_some() {
            run(&place, &finder, &into, &[("S", ODD)], None).expect(2);
            continue;
        }
        run(&place, &finder, &into, &[("S", ODD)], None).expect(0);
        // There, and only there, it was asked for by name.
        assert!(finder.find(&std::fs::read(&file).unwrap()).is_some(), "{}", format.id);
        run(&place, &finder, &into, &[("S", ODD)], None).expect(2);
        let inside = place.path().join(&format.id);
        run(
            &place,
            &finder,
            &["export", "one", "--to", &format.id, "--out", inside.to_str().unwrap()],
            &[("S", ODD)],
            None,
        )
        .expect(0);
        // And back again, where there is no keyring to keep it in.
        run(&place, &finder, &["import", file.to_str().unwrap(), "--name", &format.id], &[], None).expect(0);
    }
    for role in ["entra-admin", "d365-admin"] {
        run(&place, &finder, &["handoff", "one", "--role", role, "--all"], &[("S", ODD)], None).expect(0);
    }
    run(&place, &finder, &["edit", "one", "--set", "credential.expires=2027-05-20"], &[("S", ODD)], None).expect(0);
    let ends = place.path().join("ends.ics");
    run(&place, &finder, &["remind", "one", "--out", ends.to_str().unwrap()], &[("S", ODD)], None).expect(0);
    finder.nothing_in_files("handing over", place.path());
}

#[test]
fn taken_in_from_a_paste() {
    let (place, finder) = (Place::new(), finder());
    let elsewhere = tempfile::tempdir().unwrap();
    let file = elsewhere.path().join("text");
    let json = serde_json::to_string(ODD).unwrap();
    for text in [
        format!("AZURE_TENANT_ID={TENANT}\nAZURE_CLIENT_SECRET={SHAPED}\n"),
        format!("client_id: {CLIENT}\nclient secret: {ODD}\n"),
        format!("{{\"appId\":\"{CLIENT}\",\"password\":{json}}}"),
        format!(
            "kind: Secret\napiVersion: v1\ndata:\n  CLIENT_ID: {}\n  CLIENT_SECRET: {}\n",
            STANDARD.encode(CLIENT),
            STANDARD.encode(ODD)
        ),
        format!("client_id: {CLIENT}\nBATON_CLIENT_SECRET: {SHAPED}\naccess_token: {JWT}\n"),
        format!("client_id: {CLIENT}\nclient_secret: {SHAPED}\nAZURE_CLIENT_SECRET: {ODD}\n"),
        // In wrong fields, and with what no secret has.
        format!(
            "client_id: {CLIENT}\ntenant_id: {SHAPED}\nresource_url: {ODD}\nd365_company: {SHAPED}\nexpires: {ODD}\n"
        ),
        format!(
            "client_id: {CLIENT}\ncloud: {ODD}\nredirect_uri: {ODD}\npermissions: {ODD}\nscope: {ODD}\ntoken_url: {ODD}\n"
        ),
        format!("client_id: {CLIENT}\nclient_secret: \"{SHAPED}\\u0001\"\n"),
        format!("client_id: {CLIENT}\nclient_secret: {}\n", SHAPED.repeat(200)),
        format!("{{\"clientSecret\": \"{SHAPED}\", "),
        SHAPED.to_owned(),
        // Nothing that is known.
        format!("see {ODD} and {TOKEN}\n"),
        format!("object id: {SHAPED}\n"),
    ] {
        std::fs::write(&file, &text).unwrap();
        run(&place, &finder, &["import"], &[], Some(&text));
        run(&place, &finder, &["import", file.to_str().unwrap(), "--secret", "env:S"], &[("S", ODD)], None);
        run(&place, &finder, &["import", "--name", "same"], &[], Some(&text));
    }
    finder.nothing_in_files("taking in", place.path());
}

#[test]
fn confirmed_and_not() {
    // There is no keyring here: the vault is offered.
    let offer = "Keep the secret in the vault";
    let passphrase = "a passphrase for the canary\r";
    let into_vault = [(offer, "y\r"), ("New passphrase", passphrase), ("The same again", passphrase)];
    for (answer, more, says) in [
        ("n\r", &[][..], "nothing was kept"),
        ("y\r", &[(offer, "n\r")][..], "secret was dropped"),
        ("y\r", &into_vault[..], "the secret is in the vault"),
    ] {
        let elsewhere = tempfile::tempdir().unwrap();
        let file = elsewhere.path().join("text");
        std::fs::write(&file, format!("client_id: {CLIENT}\nclient_secret: {SHAPED}\n")).unwrap();
        let args = ["import", file.to_str().unwrap(), "--log", "log", "--log-level", "trace"];
        let mut tui =
            Tui::start(&Start { args: &args, env: &[UTF8, ("D365_CONNECT_HOME", "home")], ..Start::default() });
        tui.until("Keep this as profile");
        tui.keys(answer);
        for (question, answer) in more {
            tui.until(question);
            tui.keys(answer);
        }
        tui.until(says);
        assert_eq!(tui.wait_exit(), 0);
        nothing_left("an import", &tui);
    }
}

#[test]
fn diagnosis() {
    let (place, finder) = (Place::new(), finder());
    let elsewhere = tempfile::tempdir().unwrap();
    let file = elsewhere.path().join("text");
    for text in [
        format!("AADSTS7000215: Invalid client secret provided. client_secret={ODD}&scope=x"),
        format!("POST /token\nclient_id={CLIENT}&client_secret={SHAPED}\n401 invalid_client"),
        format!("Authorization: Bearer {TOKEN}\nHTTP/1.1 401 Unauthorized"),
        format!("Authorization: Bearer {TOKEN}"),
        format!("curl -H 'authorization: bearer {TOKEN}' said nothing that is known"),
        format!("{{\"access_token\":\"{TOKEN}\",\"client_secret\":\"{SHAPED}\"}}"),
        format!("password={SHAPED}&assertion={JWT} said nothing that is known"),
        format!(
            "{{\"error\":\"{SHAPED}\",\"error_description\":\"{SHAPED}\",\"trace_id\":\"{SHAPED}\",\"correlation_id\":\"{SHAPED}\"}}"
        ),
        format!("error={SHAPED} Trace ID: {SHAPED} Correlation ID: {SHAPED} Timestamp: {SHAPED}"),
        JWT.to_owned(),
        SHAPED.to_owned(),
    ] {
        std::fs::write(&file, &text).unwrap();
        for format in ["human", "json"] {
            run(&place, &finder, &["diagnose", "-o", format, &text], &[], None);
            run(&place, &finder, &["diagnose", "-o", format, "--file", file.to_str().unwrap()], &[], None);
            run(&place, &finder, &["diagnose", "-o", format], &[], Some(&text));
        }
        // In a log: records of their own, on one line without end, and cut in the middle of it.
        let record = format!("2026-11-21T10:00:00Z AADSTS7000215: {text}\n");
        let line = format!("AADSTS7000215 {text} ").repeat(400_000 / text.len());
        let cut = format!("AADSTS7000215 {}{text} ", "x ".repeat(4 * 1024 - 20 - text.len() / 4)).repeat(40);
        for log in [record.repeat(5), line, cut] {
            for format in ["human", "json"] {
                let out = run(&place, &finder, &["diagnose", "-o", format], &[], Some(&log)).expect(1);
                assert!(out.err.contains(" errors in "), "{}", out.err);
            }
        }
    }
    finder.nothing_in_files("diagnosis", place.path());
}

// ---- servers that echo ------------------------------------------------------------------------------------------

/// A text in every form in which a server might give it back.
fn echoes(secret: &str) -> String {
    let all: Vec<String> = forms(secret)
        .into_iter()
        .filter(|(name, _)| !["Debug", "bytes", "hex", "clear, without blanks"].contains(name))
        .map(|(name, form)| format!("{name}: {}", String::from_utf8(form).unwrap()))
        .collect();
    all.join("\n")
}

/// What the sign-in host says, one way after the other; it has seen the secret.
fn refusals(seen: &Seen, way: usize) -> Answer {
    let body = &seen.body;
    let fields: HashMap<String, String> = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let secret = fields.get("client_secret").cloned().unwrap_or_default();
    let echo = format!("{body}\n{}\n{}\n{}", echoes(&secret), STANDARD.encode(body), URL_SAFE_NO_PAD.encode(body));
    let header = format!("WWW-Authenticate: Bearer error=\"{body}\", authorization_uri=\"https://x.test/{body}\"\r\n");
    let json = "Content-Type: application/json\r\n";
    match way {
        0 => {
            let description = format!("AADSTS7000215: Invalid client secret provided. {echo}");
            let all = json!({ "error": "invalid_client", "error_description": description, "error_codes": [7_000_215],
                "timestamp": secret, "trace_id": secret, "correlation_id": secret, "error_uri": secret, "claims": secret });
            Answer::with(401, &format!("{json}{header}"), &all.to_string())
        }
        1 => Answer::json(400, &json!({ "error": secret, "error_description": secret, "suberror": body })),
        2 => Answer::json(
            400,
            &json!({ "error": { "code": secret, "message": echo, "innererror": { "message": body } } }),
        ),
        3 => Answer::html(400, &format!("<html><title>{0}</title><h1>{0}</h1><pre>{echo}</pre></html>", html(&secret))),
        4 => Answer::html(200, &format!("<html><title>{secret}</title>{}</html>", html(body))),
        5 => Answer::with(302, &format!("Location: http://127.0.0.1:9/?{body}\r\n{header}"), ""),
        6 => Answer::json(200, &json!({ &secret: 1, "access_token": "with\u{1}control", body: 2 })),
        7 => Answer::with(401, json, &format!("{{\"error\": \"invalid_client\", \"error_description\": \"{echo}")),
        8 => Answer::with(401, &format!("Content-Type: text/{body}\r\nRetry-After: {body}\r\n"), &echo),
        9 => Answer::with(429, &format!("Retry-After: 999\r\n{json}"), &json!({ "error": body }).to_string()),
        10 => Answer::raw(format!("HTTP/1.1 {secret}\r\n\r\n{echo}").as_bytes()),
        _ => Answer::raw(format!("HTTP/1.1 400 X\r\nContent-Length: 999999\r\n\r\n{echo}").as_bytes()),
    }
}
const REFUSALS: usize = 12;

/// What the resource says to a token.
fn rejections(seen: &Seen, way: usize) -> Answer {
    let Some(bearer) = seen.header("authorization") else {
        return Answer::with(302, "Location: /login\r\n", "");
    };
    let token = bearer.trim_start_matches("Bearer ");
    let echo = echoes(token);
    let header =
        format!("WWW-Authenticate: Bearer error=\"{token}\", authorization_uri=\"https://x.test/{token}\"\r\n");
    match way {
        0 => Answer::with(401, &header, &echo),
        1 => Answer::json(
            401,
            &json!({ "error": { "code": token, "message": echo, "innererror": { "message": token } } }),
        ),
        2 => Answer::html(200, &format!("<html><title>{token}</title><pre>{}</pre></html>", html(&echo))),
        3 => Answer::with(302, &format!("Location: http://127.0.0.1:9/{token}\r\n"), ""),
        4 => Answer::json(
            200,
            &json!({ "UserId": token, "Company": echo, "value": [{ token: token }], "@odata.context": echo }),
        ),
        5 => Answer::json(403, &json!({ "Message": echo, "ExceptionMessage": token, "ExceptionType": token })),
        _ => Answer::raw(format!("HTTP/1.1 {token}\r\n\r\n").as_bytes()),
    }
}
const REJECTIONS: usize = 7;

/// Both servers; the way in which they answer now is counted outside.
async fn servers(way: &Arc<AtomicUsize>) -> (Server, Server) {
    let last = Arc::new(Mutex::new(String::new()));
    let now = Arc::clone(way);
    let authority = Server::plain(move |seen| {
        let way = now.load(Ordering::SeqCst);
        if seen.body.is_empty() {
            // Asked without a credential, it tells what it was told before.
            let told = last.lock().unwrap().clone();
            return Answer::json(400, &json!({ "error": told, "error_description": told, "issuer": told }));
        }
        last.lock().unwrap().clone_from(&seen.body);
        match way.checked_sub(REFUSALS) {
            None => refusals(seen, way),
            Some(_) => Answer::json(200, &json!({ "access_token": TOKEN, "token_type": "Bearer", "expires_in": 3599 })),
        }
    });
    let now = Arc::clone(way);
    let resource = Server::plain(move |seen| rejections(seen, now.load(Ordering::SeqCst).saturating_sub(REFUSALS)));
    (authority.await, resource.await)
}

#[tokio::test(flavor = "current_thread")]
async fn servers_that_echo_what_they_are_sent() {
    let way = Arc::new(AtomicUsize::new(0));
    let (authority, resource) = servers(&way).await;
    let (at, to) = (authority.origin(), resource.origin());
    let elsewhere = tempfile::tempdir().unwrap();
    let file = elsewhere.path().join("secret");
    std::fs::write(&file, ODD).unwrap();
    let sources = ["env:S".to_owned(), format!("file:{}", file.display()), format!("command:cat {}", file.display())];
    let counter = Arc::clone(&way);
    // The servers answer on this thread, the program is waited for on another one.
    let done = tokio::task::spawn_blocking(move || {
        let (place, finder) = (Place::new(), finder());
        for (number, source) in sources.iter().enumerate() {
            run(&place, &finder, &words(&new_at(&format!("p{number}"), &at, &to, source)), &[("S", ODD)], None)
                .expect(0);
        }
        for way in 0..REFUSALS + REJECTIONS {
            counter.store(way, Ordering::SeqCst);
            for (number, format) in ["human", "json", "junit", "prometheus"].iter().enumerate() {
                let name = format!("p{}", number % sources.len());
                let out = run(&place, &finder, &["check", &name, "-o", format], &[("S", ODD)], None);
                assert!(matches!(out.code, 0 | 1 | 3), "{way}: {}{}", out.out, out.err);
            }
            let name = format!("p{}", way % sources.len());
            for more in [&[][..], &["--full-ids"], &["--out", "report.md", "--force"]] {
                let args: Vec<&str> = ["report", &name].iter().chain(more).copied().collect();
                run(&place, &finder, &args, &[("S", ODD)], None).expect(0);
            }
            finder.nothing_in("the report", &std::fs::read(place.path().join("report.md")).unwrap());
            // Another credential, into another variable and into the vault; refused, or switched to.
            let env = [("S", ODD), ("T", SHAPED), ("P", "some words")];
            let into = [["--secret", "env:T"], ["--secret", "vault"]];
            for (name, into) in ["p0", "p1"].iter().zip(into) {
                for format in ["human", "json"] {
                    let mut args = vec!["rotate", name, "--no-wait", "--vault-passphrase", "env:P", "-o", format];
                    args.extend(into);
                    let out = run(&place, &finder, &args, &env, Some(SHAPED));
                    assert!(matches!(out.code, 0..=3), "{way}: {}{}", out.out, out.err);
                }
            }
            // The token goes to whoever asked for it by name, and nowhere else.
            let log = ["--log", "token.log", "--log-level", "trace"];
            let out = place.run_with(&[&["token", "p2"][..], &log].concat(), &env, None);
            finder.nothing_in("what is said beside a token", out.err.as_bytes());
            assert_eq!(out.out.contains(TOKEN), way >= REFUSALS, "{way}: {}", out.err);
        }
        finder.nothing_in_files("the live test", place.path());
        assert!(place.home().join("history/p0.json").exists());
    });
    done.await.unwrap();
    nothing_in_requests(&finder(), "sign-in host", &authority.seen(), true);
    nothing_in_requests(&Finder::new(&[ODD]), "resource", &resource.seen(), false);
    nothing_in_requests(&finder(), "resource", &resource.seen(), false);
    let bearer = format!("Bearer {TOKEN}");
    assert!(resource.seen().iter().any(|seen| seen.header("authorization") == Some(&bearer)));
    let headers = resource.seen().into_iter().flat_map(|seen| seen.headers);
    for (name, value) in headers.filter(|(name, _)| name == "authorization") {
        assert_eq!(value, bearer, "{name}");
    }
    assert!(authority.seen().iter().any(|seen| Finder::new(&[ODD]).find(seen.body.as_bytes()).is_some()));
}

/// The private half of a key as PEM has it: what comes after the modulus, which is public.
fn private_half(pem: &str) -> String {
    let body = pem.split("-----").nth(2).unwrap();
    body.split_whitespace().collect::<String>().split_off(600)
}

#[tokio::test(flavor = "current_thread")]
async fn certificates_and_their_keys() {
    let way = Arc::new(AtomicUsize::new(0));
    let (authority, resource) = servers(&way).await;
    let (at, to) = (authority.origin(), resource.origin());
    let elsewhere = tempfile::tempdir().unwrap();
    let counter = Arc::clone(&way);
    let key = elsewhere.path().join("made.pem");
    let done = tokio::task::spawn_blocking(move || {
        let (place, key) = (Place::new(), key.to_str().unwrap());
        let given = |name: &str, flags: &[&str]| {
            let mut all = new_at(name, &at, &to, "x");
            all.retain(|word| !["--secret", "x"].contains(&word.as_str()));
            all.extend(flags.iter().map(|&word| word.to_owned()));
            all
        };
        let mut told = String::new();
        let out = run(&place, &finder(), &words(&given("made", &["--make-certificate", key])), &[], None).expect(0);
        let finder = Finder::new(&[&private_half(&std::fs::read_to_string(key).unwrap()), ODD, TOKEN]);
        finder.nothing_in("what was said of it", format!("{}{}", out.out, out.err).as_bytes());
        let source = format!("certificate:{key}");
        let locked = ["--secret", &source, "--certificate-password", "env:S"];
        run(&place, &finder, &words(&given("locked", &locked)), &[("S", ODD)], None).expect(0);
        // A certificate that was made already is not made again.
        run(&place, &finder, &words(&given("again", &["--make-certificate", key])), &[], None).expect(2);
        for way in 0..REFUSALS + REJECTIONS {
            counter.store(way, Ordering::SeqCst);
            for (number, format) in ["human", "json", "junit", "prometheus"].iter().enumerate() {
                let name = ["made", "locked"][number % 2];
                let out = run(&place, &finder, &["check", name, "-o", format], &[("S", ODD)], None);
                assert!(matches!(out.code, 0 | 1 | 3), "{way}: {}{}", out.out, out.err);
                told.push_str(&out.out);
                told.push_str(&out.err);
            }
        }
        run(&place, &finder, &["export", "made", "--to", "env", "--include-secret"], &[], None).expect(2);
        finder.nothing_in_files("certificates", place.path());
        (place, told)
    });
    let (place, told) = done.await.unwrap();
    let sent: Vec<String> = authority
        .seen()
        .iter()
        .flat_map(|seen| url::form_urlencoded::parse(seen.body.as_bytes()).into_owned().collect::<Vec<_>>())
        .filter(|(name, _)| name == "client_assertion")
        .map(|(_, statement)| statement.rsplit_once('.').unwrap().1.to_owned())
        .collect();
    assert!(!sent.is_empty());
    let signatures: Vec<&str> = sent.iter().map(String::as_str).collect();
    let finder = Finder::new(&signatures);
    finder.nothing_in("what was said of a test", told.as_bytes());
    finder.nothing_in_files("certificates", place.path());
    nothing_in_requests(&finder, "sign-in host", &authority.seen(), true);
    nothing_in_requests(&finder, "resource", &resource.seen(), false);
    let pem = std::fs::read_to_string(elsewhere.path().join("made.pem")).unwrap();
    let key = Finder::new(&[&private_half(&pem), ODD]);
    for seen in authority.seen().iter().chain(&resource.seen()) {
        key.nothing_in("a request", format!("{seen:?}").as_bytes());
    }
    key.nothing_in("what is uploaded", &std::fs::read(elsewhere.path().join("made.cer")).unwrap());
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &std::fs::metadata(elsewhere.path().join("made.pem")).unwrap().permissions(),
    );
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn commands_that_print_secrets() {
    let (place, finder) = (Place::new(), finder());
    let elsewhere = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = elsewhere.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let secret = write("secret", ODD);
    let seen = elsewhere.path().join("seen");
    let look = format!(
        "{{ env; tr '\\0' '\\n' </proc/$$/cmdline; tr '\\0' '\\n' </proc/$PPID/cmdline; }} >>{}\n",
        seen.display()
    );
    let good = write("good", &format!("{look}cat {secret}\n"));
    let bad = write("bad", &format!("{look}cat {secret}; cat {secret} >&2; exit 3\n"));
    let nowhere = "http://127.0.0.1:9";
    for (name, source) in
        [("good", format!("command:sh {good}")), ("bad", format!("command:sh {bad}")), ("env", "env:S".into())]
    {
        run(&place, &finder, &words(&new_at(name, nowhere, nowhere, &source)), &[("S", SHAPED)], None).expect(0);
    }
    let path = std::env::var("PATH").unwrap();
    let env = [("S", SHAPED), ("CLIENT_SECRET", ODD), ("D365_TOKEN", TOKEN), ("PATH", &path)];
    for format in ["human", "json"] {
        run(&place, &finder, &["check", "--all", "-o", format], &env, None);
    }
    let told = std::fs::read_to_string(&seen).unwrap();
    assert!(told.contains("PATH=") && told.contains("check") && told.contains("d365-connect"), "{told}");
    finder.nothing_in("environment and arguments of a command", told.as_bytes());
    finder.nothing_in_files("commands", place.path());
}

// ---- the terminal -----------------------------------------------------------------------------------------------

/// The program on a terminal, with the log at its highest level; its home is in its working folder.
fn screen(args: &[&str]) -> Tui {
    let mut all = vec!["--log", "log", "--log-level", "trace"];
    all.extend(args);
    Tui::start(&Start { args: &all, env: &[UTF8], ..Start::default() })
}

/// The set-up, with the cursor in the field of the secret.
fn at_secret(args: &[&str]) -> Tui {
    let mut tui = screen(args);
    for title in ["Before you start", "Register the app in Microsoft Entra ID", "Create a client secret"] {
        tui.page_to(title);
    }
    tui
}

/// The set-up of a profile at these addresses, with a secret typed that no place was named for.
fn with_secret_typed(authority: &str, resource: &str) -> Tui {
    let mut line = new_at("canary", authority, resource, "env:S");
    line.retain(|word| !["--no-input", "--secret", "env:S"].contains(&word.as_str()));
    let mut args = vec!["--home", "home"];
    args.extend(words(&line));
    let mut tui = at_secret(&args);
    tui.keys(ODD);
    tui.until("●●●");
    tui
}

/// Nothing was ever seen on the terminal, nothing is in a file, nothing is left on the shell's screen.
#[track_caller]
fn nothing_left(what: &str, tui: &Tui) {
    finder().nothing_in_terminal(what, &tui.raw());
    nothing_behind(what, tui);
}

/// The same, where it was seen for a while.
#[track_caller]
fn nothing_behind(what: &str, tui: &Tui) {
    tui.assert_given_back();
    finder().nothing_in(&format!("{what}: the shell's screen"), tui.screen().as_bytes());
    assert!(tui.home().join("log").exists(), "there is a log to search");
    finder().nothing_in_files(what, tui.home());
}

/// Leaves a changed set-up and the program, without a draft.
fn leave(tui: &mut Tui) {
    tui.keys("\x03");
    tui.until(STAY);
    tui.keys(&format!("{DOWN}{ENTER}"));
    assert_eq!(tui.wait_exit(), 130);
}

#[tokio::test(flavor = "current_thread")]
async fn typed_tested_and_kept_as_a_draft() {
    let way = Arc::new(AtomicUsize::new(0));
    let (authority, resource) = servers(&way).await;
    let (at, to) = (authority.origin(), resource.origin());
    let walk = tokio::task::spawn_blocking(move || {
        // There is no keyring here: what is typed can be tested all the same.
        let mut tui = with_secret_typed(&at, &to);
        tui.keys("\x14");
        tui.until("The client secret is not accepted");
        let before = tui.raw().len();
        tui.keys("c"); // the details, to the clipboard
        tui.until_raw("the clipboard's sequence", |raw| raw[before..].windows(5).any(|five| five == b"\x1b]52;"));
        tui.keys(ESC); // a new secret is tried again for a while
        tui.until("stopped");
        tui.keys(ESC);
        tui.until_gone("The client secret is not accepted");
        tui.keys(ESC);
        tui.until("draft");
        tui.keys(&format!("{DOWN}{ENTER}"));
        let draft = tui.home().join("home/drafts/canary.toml");
        tui.until_screen("a draft", |_| draft.exists());
        // It is there since the first step: the key is for home.
        tui.until("half done");
        tui.keys("q");
        assert_eq!(tui.wait_exit(), 0);
        nothing_left("typed and tested", &tui);
    });
    walk.await.unwrap();
    assert!(authority.seen().iter().any(|seen| Finder::new(&[ODD]).find(seen.body.as_bytes()).is_some()));
    nothing_in_requests(&finder(), "sign-in host", &authority.seen(), true);
    nothing_in_requests(&finder(), "resource", &resource.seen(), false);
}

#[test]
fn pasted_and_stopped() {
    for secret in [ODD, SHAPED] {
        for signal in [Signal::TERM, Signal::HUP, Signal::INT, Signal::QUIT] {
            let mut tui = at_secret(&["--home", "home", "new"]);
            tui.paste(&format!("{secret}\n"));
            tui.until("●●●");
            tui.signal(signal);
            assert!(tui.wait_exit() > 128);
            nothing_left("pasted and stopped", &tui);
        }
    }
}

#[test]
fn shown_for_a_moment() {
    let mut tui = at_secret(&["--home", "home", "new"]);
    tui.keys(ODD);
    tui.until("●●●");
    finder().nothing_in_terminal("typed", &tui.raw());
    tui.keys("\x12");
    tui.until(ODD);
    tui.keys("\x12");
    tui.until("●●●");
    let masked = tui.raw().len();
    tui.page_to("Permissions:");
    leave(&mut tui);
    finder().nothing_in_terminal("hidden again", &tui.raw()[masked..]);
    nothing_behind("hidden again", &tui);
    // Stopped while it is seen; and left to itself, it is hidden after a while.
    for wait in [false, true] {
        let mut tui = at_secret(&["--home", "home", "new"]);
        tui.keys(ODD);
        tui.keys("\x12");
        tui.until(ODD);
        if wait {
            tui.until("●●●");
        }
        tui.signal(Signal::TERM);
        assert_eq!(tui.wait_exit(), 143);
        nothing_behind("stopped while it was seen", &tui);
    }
}

#[test]
fn in_a_wrong_field() {
    // Into the fields of the first step, into where the secret is kept, and into the name of a profile.
    let mut tui = screen(&["--home", "home", "new"]);
    tui.until("Before you start");
    for _ in 0..2 {
        tui.paste(SHAPED);
        tui.keys("\t");
    }
    tui.page_to("Create a client secret");
    tui.keys("\t"); // where it is kept
    tui.keys("\x15");
    tui.paste(SHAPED);
    tui.page_to("Permissions:");
    tui.signal(Signal::TERM);
    assert_eq!(tui.wait_exit(), 143);
    nothing_left("pasted into a wrong field", &tui);

    let mut tui = screen(&["--sandbox"]);
    tui.until("fno-client-credentials");
    tui.keys("r");
    tui.until_screen("a question with a cursor", |screen| !screen.hide_cursor());
    tui.keys("\x15");
    tui.paste(SHAPED);
    tui.keys(ENTER);
    tui.keys(ESC);
    tui.until_screen("no question", |screen| screen.hide_cursor());
    tui.keys("q");
    assert_eq!(tui.wait_exit(), 0);
    nothing_left("pasted as a name", &tui);

    // From a terminal that does not mark pastes it is typed, and seen until it has a secret's shape. It is not kept.
    let mut tui = screen(&["--home", "home", "new", "burst"]);
    tui.until("Before you start");
    tui.keys(SHAPED);
    tui.until("looks like a secret");
    tui.page_to("Register the app in Microsoft Entra ID");
    let draft = tui.home().join("home/drafts/burst.toml");
    tui.until_screen("a draft", |_| draft.exists());
    tui.signal(Signal::TERM);
    assert_eq!(tui.wait_exit(), 143);
    nothing_behind("typed into a wrong field", &tui);
}

#[test]
fn several_values_at_once() {
    for secret in [ODD, SHAPED] {
        let mut tui = screen(&["--home", "home", "new"]);
        tui.until("Before you start");
        tui.paste(&format!("AZURE_TENANT_ID={TENANT}\nAZURE_CLIENT_ID={CLIENT}\nAZURE_CLIENT_SECRET='{secret}'\n"));
        tui.until(TENANT);
        tui.keys(ENTER);
        tui.until_gone(TENANT);
        tui.page_to("Register the app in Microsoft Entra ID");
        tui.keys(ESC);
        tui.until(STAY);
        tui.keys(&format!("{DOWN}{ENTER}"));
        let drafts = tui.home().join("home/drafts");
        tui.until_screen("a draft", |_| drafts.read_dir().is_ok_and(|mut all| all.next().is_some()));
        // A draft is there since the first step: the key is for home.
        tui.until("half done");
        tui.keys("q");
        assert_eq!(tui.wait_exit(), 0);
        nothing_left("several values", &tui);
    }
}

/// The texts that are handed on: on the screen, on the clipboard and in files.
#[test]
fn handed_over_on_the_screen() {
    // What was typed and pasted, the secret also where it does not belong, and the steps made of it.
    let line = ["--home", "home", "new", "canary", "--set", "d365.company=CRONUS"];
    let mut tui = at_secret(&line);
    tui.keys(ODD);
    tui.until("●●●");
    for key in ["\x10", "a", "\t", "c"] {
        tui.keys(key);
        tui.until("Hand over to a");
    }
    tui.keys("s");
    tui.until("Write it to which file?");
    tui.keys(ENTER);
    tui.until("written to");
    assert!(tui.home().join("canary-d365-admin.md").exists());
    leave(&mut tui);
    nothing_left("the steps handed over", &tui);

    // A profile whose secret can be read, with another one in a field that is not for it: in every format.
    let place = Place::new();
    let nowhere = "http://127.0.0.1:9";
    run(&place, &finder(), &words(&new_at("one", nowhere, nowhere, "env:S")), &[("S", ODD)], None).expect(0);
    let (home, file) = (place.home(), place.profile("one"));
    let values = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("{values}\n[d365]\nuser_id = \"{SHAPED}\"\n")).unwrap();
    let args = ["--log", "log", "--log-level", "trace", "--home", home.to_str().unwrap()];
    let mut tui = Tui::start(&Start { args: &args, env: &[UTF8, ("S", ODD)], ..Start::default() });
    tui.until("one");
    tui.keys("h");
    tui.until("Hand over to a");
    tui.keys("ac\tac");
    tui.keys(ESC);
    tui.until_gone("Hand over to a");
    for (at, format) in d365_connect::assets::exports().iter().enumerate() {
        tui.keys("x");
        tui.until("as what?");
        tui.keys(&format!("{}{ENTER}", DOWN.repeat(at)));
        tui.until("Without the secret");
        tui.keys("cs");
        tui.until("Write it to which file?");
        // Its own name, in a folder where nothing else lies.
        tui.keys(&format!("\x15{}.out{ENTER}", format.id));
        tui.until("written to");
        let text = std::fs::read_to_string(tui.home().join(format!("{}.out", format.id))).unwrap();
        let stands_in =
            if format.secret_by.is_some() { "secrets.AZURE_CLIENT_SECRET" } else { d365_connect::export::PLACEHOLDER };
        assert!(text.contains(stands_in), "{text}");
    }
    let raw = tui.raw();
    for copied in raw.split(|byte| *byte == 7) {
        if let Some(at) = copied.windows(7).position(|seven| seven == b"\x1b]52;c;") {
            let text = STANDARD.decode(&copied[at + 7..]).unwrap();
            finder().nothing_in("the clipboard", &text);
        }
    }
    tui.keys("q");
    assert_eq!(tui.wait_exit(), 0);
    nothing_left("exports on the screen", &tui);
}

#[test]
fn saves_that_fail() {
    // No keyring here, and no passphrase for the vault: the value cannot be kept.
    let nowhere = "http://127.0.0.1:9";
    let mut tui = with_secret_typed(nowhere, nowhere);
    tui.keys("\x13");
    tui.until("New passphrase for the vault");
    tui.keys("\x1b");
    tui.until("not saved");
    assert!(!tui.home().join("home/profiles").exists());
    leave(&mut tui);
    nothing_left("no keyring", &tui);

    // A file where the folder of profiles should be.
    let mut tui = at_secret(&[
        "--sandbox",
        "new",
        "canary",
        "--set",
        &format!("tenant_id={TENANT}"),
        "--set",
        &format!("client_id={CLIENT}"),
        "--set",
        "resource_url=https://contoso.sandbox.test",
    ]);
    tui.keys(ODD);
    tui.until("●●●");
    let home = std::fs::read_dir(tui.home()).unwrap().flatten().map(|entry| entry.path()).find(|path| path.is_dir());
    let profiles: PathBuf = home.unwrap().join("profiles");
    std::fs::remove_dir_all(&profiles).unwrap();
    std::fs::write(&profiles, "").unwrap();
    tui.keys("\x13");
    tui.until("profiles");
    finder().nothing_in_files("a save that failed", tui.home());
    leave(&mut tui);
    nothing_left("a save that failed", &tui);
}

#[test]
fn pasted_into_the_diagnosis() {
    let mut tui = screen(&["--sandbox"]);
    tui.until("fno-client-credentials");
    tui.keys("d");
    tui.paste(&format!("AADSTS7000215 client_secret={SHAPED} Authorization: Bearer {TOKEN}"));
    tui.until("The client secret is not accepted");
    let shown = tui.raw().len();
    tui.keys("c");
    tui.until_raw("the clipboard's sequence", |raw| raw[shown..].windows(5).any(|five| five == b"\x1b]52;"));
    let raw = tui.raw();
    let copied = raw.windows(5).position(|five| five == b"\x1b]52;").unwrap();
    finder().nothing_in("the clipboard", raw[copied..].split(|byte| *byte == 7).next().unwrap());
    tui.keys(ESC);
    tui.until("180 days");
    tui.keys("q");
    assert_eq!(tui.wait_exit(), 0);
    nothing_behind("diagnosis", &tui);
}

#[test]
fn typed_at_a_prompt() {
    let mut tui = Tui::start(&Start {
        program: "sh",
        args: &[
            "-c",
            "\"$0\" new one --no-input --secret env:S --set tenant_id=$1 --set client_id=$2 --set resource_url=http://127.0.0.1:9 \
             && \"$0\" edit one --secret prompt --log log --log-level trace; echo ended with $?",
            Start::default().program,
            TENANT,
            CLIENT,
        ],
        env: &[UTF8, ("D365_CONNECT_HOME", "home")],
        ..Start::default()
    });
    tui.until("hidden");
    tui.keys(&format!("{ODD}\r"));
    // There is no keyring, so it goes into the vault.
    for question in ["New passphrase", "The same again"] {
        tui.until(question);
        tui.keys("a passphrase for the canary\r");
    }
    tui.until("ended with 0");
    tui.wait_exit();
    nothing_left("a prompt", &tui);
}
