//! The keyring for real: gnome-keyring on a message bus of its own, unlocked, locked and absent. Skipped, and says so, where
//! it is not installed.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]
#![expect(clippy::print_stderr, reason = "tells what was not tried")]

#[path = "support/cmd.rs"]
#[expect(dead_code, reason = "shared with other tests")]
mod cmd;

use cmd::{Out, Place, Served};
use std::path::Path;
use std::process::{Command, Stdio};

/// Runs the program on a bus of its own. `$1` is what is said to the keyring before; standard input is for the program.
const SESSION: &str = r#"
case $1 in
  unlocked) printf 'a password' | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1 ;;
  locked) gnome-keyring-daemon --start --components=secrets </dev/null >/dev/null 2>&1 ;;
esac
shift
exec "$@"
"#;

fn is_installed(program: &str) -> bool {
    std::env::var_os("PATH").is_some_and(|path| std::env::split_paths(&path).any(|dir| dir.join(program).is_file()))
}

/// Runs the program with the keyring in that state; `home` is where the keyring's own files are.
fn with_keyring(place: &Place, state: &str, args: &[&str], env: &[(&str, &str)], stdin: &str) -> Out {
    let input = place.path().join("stdin");
    std::fs::write(&input, stdin).unwrap();
    let mut command = Command::new("dbus-run-session");
    command.args([
        "--",
        "sh",
        "-c",
        SESSION,
        "sh",
        state,
        assert_cmd::cargo::cargo_bin!("d365-connect").to_str().unwrap(),
    ]);
    command.args(args).env_clear().current_dir(place.path()).envs(env.iter().copied());
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.env("HOME", place.path()).env("XDG_RUNTIME_DIR", runtime(place.path()));
    command.env("D365_CONNECT_HOME", place.home()).env("LANG", "C.UTF-8");
    let output = command.stdin(Stdio::from(std::fs::File::open(input).unwrap())).output().unwrap();
    Out {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// The folder of sockets, for its owner alone.
fn runtime(place: &Path) -> std::path::PathBuf {
    use std::os::unix::fs::DirBuilderExt;
    let folder = place.join("run");
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder).unwrap();
    folder
}

#[test]
fn a_real_secret_service_keeps_reads_and_forgets() {
    if !["dbus-run-session", "gnome-keyring-daemon"].into_iter().all(is_installed) {
        eprintln!("skipped: dbus-run-session or gnome-keyring-daemon is not installed");
        return;
    }
    let (place, other) = (Place::new(), Place::new());
    let served = Served::start(&other, "healthy");
    let (secret, settings) = (served.secret(), served.settings());
    let mut new = vec!["new", "one", "--secret", "stdin"];
    new.extend(settings.iter().map(String::as_str));
    let run = |state: &str, args: &[&str], stdin: &str| {
        let out = with_keyring(&place, state, args, &[("PASS", "some words"), ("NEXT", &secret)], stdin);
        assert!(!out.out.contains(&secret) && !out.err.contains(&secret), "{args:?}: {}{}", out.out, out.err);
        out
    };
    let told = run("unlocked", &new, &secret).expect(0).err;
    assert!(told.contains("in the keyring"), "{told}");
    // Each command has a bus and a keyring process of its own: what is kept is kept on disk, and not in clear.
    run("unlocked", &["check", "one"], "").expect(0);
    for (path, bytes) in place.files().into_iter().filter(|(path, _)| !path.ends_with("stdin")) {
        assert!(!bytes.windows(secret.len()).any(|part| part == secret.as_bytes()), "{}", path.display());
    }
    // A copy has an entry of its own, which outlives the first profile.
    run("unlocked", &["copy", "one", "two"], "").expect(0);
    run("unlocked", &["remove", "one", "--yes"], "").expect(0);
    run("unlocked", &["check", "two"], "").expect(0);
    // Locked, or with nobody there: nothing is said about the secret, and nothing is lost.
    for state in ["locked", "absent"] {
        let out = run(state, &["check", "two", "-o", "json"], "").expect(3);
        let report = out.json();
        assert_eq!(report["profiles"][0]["verdict"], "unknown", "{state}: {report:#}");
        let shown = run(state, &["show", "two"], "").expect(0).out;
        assert!(shown.contains("no: the keyring: "), "{state}: {shown}");
        let lost = [&["new", "lost", "--secret", "stdin"][..], &new[4..]].concat();
        let out = run(state, &lost, &secret).expect(3);
        assert!(out.err.contains("--vault-passphrase"), "{state}: {}", out.err);
        assert!(!place.profile("lost").exists(), "{state}");
    }
    run("unlocked", &["check", "two"], "").expect(0);
    // Moved out of it and back again.
    let vault = ["--vault-passphrase", "env:PASS"];
    run("unlocked", &[&["edit", "two", "--secret", "vault"][..], &vault].concat(), "").expect(0);
    run("absent", &[&["check", "two"][..], &vault].concat(), "").expect(0);
    run("unlocked", &[&["edit", "two", "--secret", "keyring"][..], &vault].concat(), "").expect(0);
    run("unlocked", &["check", "two"], "").expect(0);
    run("unlocked", &["remove", "two", "--yes"], "").expect(0);
}
