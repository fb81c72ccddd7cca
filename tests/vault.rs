//! `vault.age`: what is kept in it comes back, nothing is lost, and the `age` tool opens it (where one is installed).
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]
#![expect(clippy::disallowed_methods, reason = "tests look inside to prove what is kept")]
#![expect(clippy::print_stderr, reason = "tells what was not tried")]

#[path = "support/cmd.rs"]
#[expect(dead_code, reason = "shared with other tests")]
mod cmd;

use cmd::{Place, Served};
use d365_connect::core::secret::ClientSecret;
use d365_connect::store::paths::Home;
use d365_connect::store::secrets::Vault;
use std::sync::Arc;
use zeroize::Zeroizing;

const CANARY: &str = "kAn8Q~ryNEVERshowTHIS.value_0123456789ab";

fn secret(text: &str) -> Arc<ClientSecret> {
    Arc::new(ClientSecret::new(Zeroizing::new(text.to_owned())).unwrap())
}

fn vault(home: &Home, passphrase: &str) -> Vault {
    let vault = Vault::of(home);
    vault.unlock(secret(passphrase));
    vault
}

#[test]
fn what_is_kept_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::at(folder.path().join("home"));
    let odd: String = (' '..='~').chain(['\u{e9}', '\u{6f22}']).collect();
    let locked = Vault::of(&home);
    assert!(locked.keep(&secret(CANARY)).unwrap_err().to_string().contains("no passphrase"));
    assert!(locked.read("one").unwrap_err().to_string().contains("there is no file"));
    assert!(!locked.exists());
    let ours = vault(&home, "one passphrase");
    let (first, second) = (ours.keep(&secret(CANARY)).unwrap(), ours.keep(&secret(&odd)).unwrap());
    assert_ne!(first, second);
    // Another run, with the same passphrase, with another one, and with none.
    let next = vault(&home, "one passphrase");
    assert_eq!((next.read(&first).unwrap().reveal(), next.read(&second).unwrap().reveal()), (CANARY, odd.as_str()));
    assert_eq!(next.count().unwrap(), 2);
    let told = next.read("no such entry").unwrap_err().to_string();
    assert!(told.contains("no secret for this profile"), "{told}");
    let bytes = std::fs::read(home.vault()).unwrap();
    for (wrong, why) in [(vault(&home, "another"), "passphrase does not open"), (Vault::of(&home), "locked")] {
        let told = format!("{:?}", wrong.read(&first).unwrap_err());
        assert!(told.contains(why) && !told.contains(CANARY), "{told}");
        wrong.keep(&secret("x")).unwrap_err();
        wrong.change_passphrase(secret("mine")).unwrap_err();
        assert_eq!(std::fs::read(home.vault()).unwrap(), bytes);
    }
    // Another passphrase; the one before opens nothing any more.
    ours.change_passphrase(secret("a new one")).unwrap();
    assert_eq!(ours.read(&first).unwrap().reveal(), CANARY);
    assert!(!ours.is_refused() && !next.is_refused());
    assert!(next.read(&first).is_err() && next.is_refused());
    assert!(next.try_unlock(secret("a new one")).unwrap() && !next.is_refused());
    assert!(vault(&home, "one passphrase").read(&first).is_err());
    ours.forget(&first).unwrap();
    ours.forget(&first).unwrap();
    assert!(ours.read(&first).is_err());
    assert_eq!(vault(&home, "a new one").read(&second).unwrap().reveal(), odd);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(home.vault()).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn what_others_write_meanwhile_is_not_lost() {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::at(folder.path());
    let kept: Vec<(String, String)> = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..3)
            .map(|number| {
                let home = &home;
                scope.spawn(move || {
                    let text = format!("secret number {number}");
                    (vault(home, "pass").keep(&secret(&text)).unwrap(), text)
                })
            })
            .collect();
        writers.into_iter().map(|writer| writer.join().unwrap()).collect()
    });
    let all = vault(&home, "pass");
    for (entry, text) in kept {
        assert_eq!(all.read(&entry).unwrap().reveal(), text);
    }
}

#[test]
fn a_damaged_vault_is_told_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::at(folder.path());
    vault(&home, "pass").keep(&secret(CANARY)).unwrap();
    let whole = std::fs::read(home.vault()).unwrap();
    let mut turned = whole.clone();
    *turned.last_mut().unwrap() ^= 1;
    for damaged in [&b""[..], b"age-encryption.org/v1\n", &whole[..whole.len() / 2], &turned, b"\xff\xfe"] {
        std::fs::write(home.vault(), damaged).unwrap();
        let vault = vault(&home, "pass");
        let told = format!("{:?}", vault.count().unwrap_err());
        assert!(!told.contains(CANARY), "{told}");
        vault.keep(&secret("x")).unwrap_err();
        assert_eq!(std::fs::read(home.vault()).unwrap(), damaged);
    }
    std::fs::write(home.vault(), &whole).unwrap();
    assert_eq!(vault(&home, "pass").count().unwrap(), 1);
}

/// By commands, without a terminal and without a keyring: the passphrase comes from where the flag says.
#[test]
fn a_profile_keeps_its_secret_in_the_vault() {
    let (place, served) = (Place::new(), Place::new());
    let served = Served::start(&served, "healthy");
    let secret = served.secret();
    let settings = served.settings();
    let settings: Vec<&str> = settings.iter().map(String::as_str).collect();
    let pass = ["--vault-passphrase", "env:PASS"];
    let env = [("PASS", "some words")];
    let new = |name: &'static str, source: &'static str| {
        [&["new", name, "--no-input", "--secret", source][..], &settings, &pass].concat()
    };
    let out = place.run_with(&new("named", "vault"), &env, Some(&secret)).expect(0);
    assert!(out.err.contains("vault.age"), "{}", out.err);
    // A secret that is piped in goes into the vault where there is no keyring.
    place.run_with(&new("piped", "stdin"), &env, Some(&secret)).expect(0);
    for name in ["named", "piped"] {
        let text = std::fs::read_to_string(place.profile(name)).unwrap();
        assert!(text.contains("source = \"vault\""), "{text}");
        place.run_with(&["check", name, "--vault-passphrase", "env:PASS"], &env, None).expect(0);
        assert_eq!(place.run(&["list", "-o", "json"]).expect(0).json()["profiles"][0]["credential"]["source"], "vault");
        // Locked, or with another passphrase: nothing is said about the secret.
        for out in [
            place.run(&["check", name]),
            place.run_with(&["check", name, "--vault-passphrase", "env:PASS"], &[("PASS", "other")], None),
        ] {
            let out = out.expect(3);
            assert!(out.out.contains("the vault") && !out.out.contains(&secret), "{}{}", out.out, out.err);
        }
    }
    // From a file into the vault, and what was in the file is used no more.
    std::fs::write(place.path().join("value"), &secret).unwrap();
    place.run(&[&["new", "moved", "--no-input", "--secret", "file:value"][..], &settings].concat()).expect(0);
    assert!(place.run(&["show", "moved"]).expect(0).out.contains("readable now"));
    place.run_with(&["edit", "moved", "--secret", "vault", "--vault-passphrase", "env:PASS"], &env, None).expect(0);
    std::fs::remove_file(place.path().join("value")).unwrap();
    place.run_with(&["check", "moved", "--vault-passphrase", "env:PASS"], &env, None).expect(0);
    let locked = place.run(&["show", "moved"]).expect(0).out;
    assert!(locked.contains("no: the vault: it is locked"), "{locked}");
    place.run_with(&["remove", "moved", "--yes", "--vault-passphrase", "env:PASS"], &env, None).expect(0);
    // Without passphrase and keyring nothing is saved.
    let out = place.run_with(&new("lost", "stdin")[..new("lost", "stdin").len() - 2], &[], Some(&secret)).expect(3);
    assert!(out.err.contains("--secret env:VAR") && out.err.contains("--vault-passphrase SOURCE"), "{}", out.err);
    assert!(!place.profile("lost").exists());
    // What is the value of another field is no secret, wherever it is to be kept.
    let client = settings.iter().find_map(|setting| setting.strip_prefix("client_id=")).unwrap();
    for source in ["vault", "stdin"] {
        place.run_with(&new("lost", source), &env, Some(client)).expect(2);
        assert!(!place.profile("lost").exists(), "{source}");
    }
    // Another passphrase, and everything is still there.
    let change = ["vault", "--vault-passphrase", "env:PASS", "--new-passphrase", "env:NEW"];
    place.run_with(&change, &[("PASS", "some words"), ("NEW", "other words")], None).expect(0);
    let now = [("PASS", "other words")];
    place.run_with(&["check", "--all", "--vault-passphrase", "env:PASS"], &now, None).expect(0);
    place.run_with(&["copy", "named", "copied", "--vault-passphrase", "env:PASS"], &now, None).expect(0);
    place.run_with(&["remove", "named", "--yes", "--vault-passphrase", "env:PASS"], &now, None).expect(0);
    let json = place.run_with(&["vault", "--vault-passphrase", "env:PASS", "-o", "json"], &now, None).expect(0).json();
    assert_eq!((&json["changed"], json["secrets"].is_u64()), (&false.into(), true), "{json}");
    let told = place.run_with(&["vault", "--vault-passphrase", "env:PASS"], &now, None).expect(0).err;
    assert!(told.contains("2 secrets"), "{told}");
    place.run_with(&["check", "copied", "--vault-passphrase", "env:PASS"], &now, None).expect(0);
    for (path, bytes) in place.files() {
        let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(!found, "{}", path.display());
    }
}

/// The secret of an imported text is what goes there.
#[test]
fn an_import_puts_the_secret_of_the_text_into_the_vault() {
    let place = Place::new();
    let text = format!(
        "AZURE_TENANT_ID=11111111-2222-4333-8444-555555555555\nAZURE_CLIENT_ID=66666666-7777-4888-9999-aaaaaaaaaaaa\n\
         AZURE_CLIENT_SECRET={CANARY}\nD365_URL=https://contoso.operations.dynamics.com\n"
    );
    place.put("values.env", "");
    let file = place.path().join("values.env");
    std::fs::write(&file, text).unwrap();
    let args =
        ["import", file.to_str().unwrap(), "--name", "taken", "--secret", "vault", "--vault-passphrase", "env:PASS"];
    let out = place.run_with(&args, &[("PASS", "some words")], Some("")).expect(0);
    assert!(out.err.contains("the secret is in the vault"), "{}", out.err);
    let export = ["export", "taken", "--to", "env", "--include-secret", "--vault-passphrase", "env:PASS"];
    let out = place.run_with(&export, &[("PASS", "some words")], None).expect(0).out;
    assert!(out.contains(CANARY), "{out}");
}

/// The age tool asks at a terminal for the passphrase.
#[cfg(unix)]
#[test]
fn the_age_tool_opens_it() {
    use portable_pty::{CommandBuilder, PtySize, native_pty_system};
    use std::io::{Read, Write};
    if std::process::Command::new("age").arg("--version").output().is_err() {
        eprintln!("not tried: no age is installed");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let home = Home::at(folder.path());
    let entry = vault(&home, "some words").keep(&secret(CANARY)).unwrap();
    let out = folder.path().join("out");
    let size = PtySize { rows: 24, cols: 80, pixel_width: 0, pixel_height: 0 };
    let pair = native_pty_system().openpty(size).unwrap();
    let mut command = CommandBuilder::new("age");
    command.args(["-d", "-o", out.to_str().unwrap(), home.vault().to_str().unwrap()]);
    let mut child = pair.slave.spawn_command(command).unwrap();
    drop(pair.slave);
    let (mut reader, mut writer) = (pair.master.try_clone_reader().unwrap(), pair.master.take_writer().unwrap());
    let mut said = Vec::new();
    let mut some = [0; 256];
    while !String::from_utf8_lossy(&said).contains("passphrase") {
        let length = reader.read(&mut some).unwrap();
        assert!(length > 0, "{}", String::from_utf8_lossy(&said));
        said.extend_from_slice(&some[..length]);
    }
    writer.write_all(b"some words\r").unwrap();
    // What it says is read, so that it does not wait for a reader.
    let rest = std::thread::spawn(move || {
        let mut rest = Vec::new();
        let _ = reader.read_to_end(&mut rest);
        rest
    });
    let status = child.wait().unwrap();
    drop((writer, pair.master));
    let rest = rest.join().unwrap();
    assert!(status.success(), "{}{}", String::from_utf8_lossy(&said), String::from_utf8_lossy(&rest));
    let opened: serde_json::Value = serde_json::from_slice(&std::fs::read(out).unwrap()).unwrap();
    assert_eq!((&opened["version"], opened["secrets"][&entry].as_str()), (&1.into(), Some(CANARY)));
}

/// Where the vault stays locked, what needs it says which flag opens it, and everything else is done all the same.
#[test]
fn a_locked_vault_names_its_flag_and_hinders_nothing_else() {
    let (place, folder) = (Place::new(), Place::new());
    let served = Served::start(&folder, "healthy");
    let secret = served.secret();
    let settings = served.settings();
    let env = [("PASS", "some words"), ("WRONG", "other words"), ("SECRET", secret.as_str())];
    let new = |name: &str, source: &str| {
        let mut args = vec!["new", name, "--no-input", "--secret", source, "--vault-passphrase", "env:PASS"];
        args.extend(settings.iter().map(String::as_str));
        place.run_with(&args, &env, Some(&secret)).expect(0);
    };
    new("kept", "vault");
    new("other", "env:SECRET");
    for (flag, why) in
        [(None, "it is locked"), (Some("env:WRONG"), "does not open it"), (Some("env:UNSET"), "it is locked")]
    {
        let mut args = vec!["check", "--all", "-o", "json"];
        args.extend(flag.iter().flat_map(|flag| ["--vault-passphrase", flag]));
        let out = place.run_with(&args, &env, None).expect(3);
        let report = out.json();
        let profile = |at: usize| &report["profiles"][at];
        assert_eq!((&profile(0)["verdict"], &profile(1)["verdict"]), (&"unknown".into(), &"passed".into()), "{report}");
        let finding = profile(0)["findings"][0].to_string();
        assert!(finding.contains(why) && finding.contains("--vault-passphrase SOURCE"), "{finding}");
        assert_eq!(out.err.contains("UNSET"), flag == Some("env:UNSET"), "{}", out.err);
        // What needs no secret is done, whatever the flag is worth.
        let mut list = vec!["list"];
        list.extend(&args[4..]);
        place.run_with(&list, &env, None).expect(0);
    }
    let out = place.run_with(&["vault", "--vault-passphrase", "env:WRONG"], &env, None).expect(3);
    assert!(out.err.starts_with("error: the vault: the passphrase does not open it"), "{}", out.err);
}

/// Standard input gives one value; where a second one would be wanted from it, nothing is begun.
#[test]
fn standard_input_is_not_read_twice() {
    let place = Place::new();
    for args in [
        &["new", "one", "--secret", "stdin"][..],
        &["new", "one", "--secret", "vault"],
        &["new", "one", "--secret", "keyring"],
        &["import", "values.env", "--secret", "vault"],
        &["edit", "one", "--certificate-password", "stdin"],
        &["rotate", "one", "--secret", "stdin"],
        &["import", "-"],
        &["diagnose", "-"],
        &["vault", "--new-passphrase", "stdin"],
    ] {
        let args = [args, &["--vault-passphrase", "stdin"]].concat();
        let out = place.run_with(&args, &[], Some("some words\nthe secret\n")).expect(2);
        assert!(out.err.contains("wanted twice") && out.err.contains("--vault-passphrase env:"), "{}", out.err);
    }
    assert!(place.files().is_empty());
}

/// The password of a certificate goes where the flag or the settings say, as a secret does.
#[test]
fn the_password_of_a_certificate_goes_into_the_vault() {
    let place = Place::new();
    let Ok(made) = std::process::Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-passout",
            "pass:the password",
            "-keyout",
            "key",
            "-out",
            "cert",
        ])
        .args(["-subj", "/CN=x"])
        .current_dir(place.path())
        .output()
    else {
        eprintln!("not tried: no openssl is installed");
        return;
    };
    assert!(made.status.success());
    let pem = ["key", "cert"].map(|name| std::fs::read_to_string(place.path().join(name)).unwrap()).concat();
    std::fs::write(place.path().join("both.pem"), pem).unwrap();
    let env = [("PASS", "some words")];
    let new = |name: &str, password: &str| {
        let args = [
            &["new", name, "--no-input", "--secret", "certificate:both.pem", "--certificate-password", password][..],
            &["--vault-passphrase", "env:PASS", "--set", "tenant_id=11111111-2222-4333-8444-555555555555"],
            &["--set", "client_id=66666666-7777-4888-9999-aaaaaaaaaaaa"],
            &["--set", "resource_url=https://contoso.operations.dynamics.com"],
        ];
        place.run_with(&args.concat(), &env, Some("the password\n")).expect(0);
        let file = std::fs::read_to_string(place.profile(name)).unwrap();
        assert!(file.contains("password_source"), "{file}");
        assert!(file.contains("vault"), "{file}");
    };
    new("by-flag", "vault");
    std::fs::write(place.home().join("settings.toml"), "default_store = \"vault\"").unwrap();
    new("by-settings", "stdin");
    assert_eq!(vault(&Home::at(place.home()), "some words").count().unwrap(), 2);
    // A copy has a password of its own, which the other's removal leaves alone.
    place.run_with(&["copy", "by-flag", "copied", "--vault-passphrase", "env:PASS"], &env, None).expect(0);
    place.run_with(&["remove", "by-flag", "--yes", "--vault-passphrase", "env:PASS"], &env, None).expect(0);
    assert_eq!(vault(&Home::at(place.home()), "some words").count().unwrap(), 2);
    let shown = place.run_with(&["show", "copied", "--vault-passphrase", "env:PASS"], &env, None).expect(0);
    assert!(shown.out.contains("yes, thumbprint"), "{}", shown.out);
    // Without the passphrase the copy has none, and the hint is about a certificate.
    let without = place.run(&["copy", "copied", "bare"]).expect(0);
    assert!(without.err.contains("password for its certificate"), "{}", without.err);
    assert!(without.err.contains("edit bare --certificate-password SOURCE"), "{}", without.err);
}
