//! Whatever happens to a save, what is there is the old or the new as a whole, the next save works, and nobody is told
//! "saved" who has nothing (safety rules 15 and 16).
//!
//! Every kind of file is written by the built program, which is ended at each of its file-changing calls, or has that call
//! fail, one after the other: `strace` does it from outside, so that nothing of it is in the program. Where there is no
//! `strace`, or no small file system can be mounted, the test says so and passes.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "test code")]
#![expect(clippy::print_stderr, reason = "tells what was tried and what was not")]

#[path = "support/cmd.rs"]
#[expect(dead_code, reason = "shared with other tests")]
mod cmd;

use cmd::Place;
use d365_connect::core::check::Status;
use d365_connect::core::profile::ProfileDraft;
use d365_connect::core::question::FieldId;
use d365_connect::core::secret::ClientSecret;
use d365_connect::store::drafts::{self, Draft};
use d365_connect::store::history::{self, Last};
use d365_connect::store::paths::Home;
use d365_connect::store::secrets::Vault;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use zeroize::Zeroizing;

const OLD: &str = "# ours\nversion = 1\nguide = \"office365\"\ncolor = \"blue\"\n\n[credential]\nkind = \"secret\"\nsource = \"env\"\nenv = \"D365\"\n\n[d365]\ncompany = \"USMF\"\n";
const SECRET: &str = "kAn8Q~ryNEVERshowTHIS.value_0123456789ab";
/// Calls that change files, and the one that takes the lock.
const CALLS: &str = "write,pwrite64,writev,fsync,fdatasync,ftruncate,rename,renameat,renameat2,unlink,unlinkat,link,linkat,mkdir,mkdirat,chmod,fchmod,fchmodat,flock";

const NEW: [&str; 10] = [
    "new",
    "a",
    "--guide",
    "office365",
    "--set",
    "tenant_id=contoso.com",
    "--set",
    "client_id=66666666-7777-4888-9999-aaaaaaaaaaaa",
    "--secret",
    "env:D365",
];

/// What a place looks like after a save, however it ended.
#[derive(Debug, PartialEq, Eq)]
enum State {
    Old,
    New,
    /// Neither: lost, half, or two that do not fit together.
    Broken(String),
}
use State::{Broken, New, Old};

/// A kind of file, and what writes it.
struct Scene {
    name: &'static str,
    prepare: fn(&Place),
    /// The command; none where only the screens write it: then a child of this test does.
    args: &'static [&'static str],
    /// The next save, where that is not the same once more.
    again: Option<&'static [&'static str]>,
    stdin: Option<&'static str>,
    state: fn(&Place) -> State,
    /// Whether the calls on the lock are tried as well. They are the same everywhere.
    with_lock: bool,
    /// Much is computed for it.
    is_slow: bool,
}

fn nothing(_: &Place) {}

fn with_profile(place: &Place) {
    place.put("a", OLD);
}

/// What stands there: nothing, one of the texts that it may be, or something else.
fn one_of(path: &Path, old: Option<&str>, new: Option<&str>) -> State {
    let there = fs::read_to_string(path).ok();
    if there.as_deref() == old {
        Old
    } else if there.as_deref() == new {
        New
    } else {
        Broken(format!("{}: {there:?}", path.display()))
    }
}

fn edited() -> String {
    OLD.replace("USMF", "DAT")
}

fn vault_of(place: &Place, passphrase: &str) -> Vault {
    let secret = |text: &str| Arc::new(ClientSecret::new(Zeroizing::new(text.to_owned())).unwrap());
    let vault = Vault::of(&Home::at(place.home()));
    vault.unlock(secret(passphrase));
    vault
}

/// How many secrets open with a passphrase; none where it does not open the vault.
fn opens(place: &Place, passphrase: &str) -> Option<usize> {
    vault_of(place, passphrase).count().ok()
}

fn with_vault(place: &Place) {
    with_profile(place);
    vault_of(place, "one").keep(&Arc::new(ClientSecret::new(Zeroizing::new(SECRET.to_owned())).unwrap())).unwrap();
}

fn scenes() -> Vec<Scene> {
    let scene = |name, prepare, args, state| Scene {
        name,
        prepare,
        args,
        again: None,
        stdin: None,
        state,
        with_lock: false,
        is_slow: false,
    };
    let with_vault_at = |args, stdin, state| Scene { stdin, is_slow: true, ..scene("vault", with_vault, args, state) };
    vec![
        Scene {
            with_lock: true,
            ..scene("a new profile", nothing, &NEW, |place| {
                let text = fs::read_to_string(place.profile("a")).ok();
                match text {
                    None => Old,
                    Some(text) if text.starts_with("version = 1\n") && text.ends_with("env = \"D365\"\n") => New,
                    Some(text) => Broken(text),
                }
            })
        },
        scene("a changed profile", with_profile, &["edit", "a", "--set", "d365.company=DAT"], |place| {
            one_of(&place.profile("a"), Some(OLD), Some(&edited()))
        }),
        scene("a copy", with_profile, &["copy", "a", "b"], |place| {
            match one_of(&place.profile("a"), Some(OLD), None) {
                Old => one_of(&place.profile("b"), None, Some(OLD)),
                _ => Broken("the original has gone".into()),
            }
        }),
        scene("another name", with_history, &["rename", "a", "b"], |place| {
            let (old, new) = (place.profile("a").exists(), place.profile("b").exists());
            match (old, new) {
                (true, false) => one_of(&place.profile("a"), Some(OLD), None),
                (false, true) => one_of(&place.profile("b"), None, Some(OLD)),
                _ => Broken(format!("the old {old}, the new {new}")),
            }
        }),
        scene("a removal", with_history, &["remove", "a", "--yes"], |place| {
            one_of(&place.profile("a"), Some(OLD), None)
        }),
        scene("an import", with_values, &["import", "values.env", "--name", "a"], |place| {
            let whole = fs::read_to_string(place.profile("a")).ok();
            match whole {
                None => Old,
                Some(text) if text.contains("tenant_id") && text.contains("client_id") && text.ends_with('\n') => New,
                Some(text) => Broken(text),
            }
        }),
        scene("an export", with_profile, &["export", "a", "--to", "json", "--out", "out.json"], |place| {
            match fs::read_to_string(place.path().join("out.json")) {
                Err(_) => Old,
                Ok(text) if serde_json::from_str::<serde_json::Value>(&text).is_ok() => New,
                Ok(text) => Broken(text),
            }
        }),
        scene(
            "an export over another",
            with_export,
            &["export", "a", "--to", "env", "--out", "out.json", "--force"],
            |place| match fs::read_to_string(place.path().join("out.json")).unwrap_or_default() {
                text if text == "mine" => Old,
                text if text.contains("D365_URL") && text.contains("AZURE_CLIENT_SECRET") => New,
                text => Broken(text),
            },
        ),
        Scene {
            is_slow: true,
            again: Some(&["edit", "a", "--make-certificate", "b.pem"]),
            ..scene("a certificate", with_profile, &["edit", "a", "--make-certificate", "a.pem"], |place| {
                // One that was made before all of it was done stays, and is not written over.
                let profile = fs::read_to_string(place.profile("a")).unwrap_or_default();
                let named = profile.split("certificate = \"").nth(1).and_then(|rest| rest.split('"').next());
                let pem = named.map(|path| fs::read_to_string(place.path().join(path)).unwrap_or_default());
                let whole = |pem: &str| {
                    pem.contains("BEGIN PRIVATE KEY") && pem.trim_end().ends_with("-----END CERTIFICATE-----")
                };
                let half = |file: &str| fs::read_to_string(place.path().join(file)).is_ok_and(|pem| !whole(&pem));
                match pem {
                    None if profile == OLD && !half("a.pem") => Old,
                    Some(pem) if whole(&pem) => New,
                    _ => Broken(profile),
                }
            })
        },
        scene("a draft", with_draft, &[], |place| match drafts::list(&Home::at(place.home())).unwrap().as_slice() {
            [one] if one.step == "values" => Old,
            [one] if one.step == "test" => New,
            others => Broken(format!("{others:?}")),
        }),
        scene("a verdict", with_history, &[], |place| {
            match history::last(&Home::at(place.home()), &"a".parse().unwrap()).map(|last| last.verdict) {
                Some(Status::Passed) => Old,
                Some(Status::Failed) => New,
                other => Broken(format!("{other:?}")),
            }
        }),
        with_vault_at(
            &["edit", "a", "--secret", "stdin", "--vault-passphrase", "env:ONE"],
            Some("aBc8Q~d3f4hIjKlMnOpQrStUvWxYz.0123456789"),
            |place| {
                let vault = vault_of(place, "one");
                let secrets = vault.count().unwrap_or_default();
                let profile = fs::read_to_string(place.profile("a")).unwrap_or_default();
                // A secret that nobody names is no harm; a profile that names one which is not there is.
                match profile.split("entry = \"").nth(1).and_then(|rest| rest.split('"').next()) {
                    None if profile == OLD && secrets >= 1 => Old,
                    Some(entry) if vault.read(entry).is_ok() && secrets >= 2 => New,
                    _ => Broken(format!("{secrets} secrets, {profile}")),
                }
            },
        ),
        with_vault_at(
            &["vault", "--vault-passphrase", "env:ONE", "--new-passphrase", "env:TWO"],
            None,
            |place| match (opens(place, "one"), opens(place, "two")) {
                (Some(1), None) => Old,
                (None, Some(1)) => New,
                other => Broken(format!("{other:?}")),
            },
        ),
    ]
}

fn with_export(place: &Place) {
    with_profile(place);
    fs::write(place.path().join("out.json"), "mine").unwrap();
}

fn with_values(place: &Place) {
    let text =
        "AZURE_TENANT_ID=11111111-2222-4333-8444-555555555555\nAZURE_CLIENT_ID=66666666-7777-4888-9999-aaaaaaaaaaaa\n";
    fs::write(place.path().join("values.env"), text).unwrap();
}

fn verdict(verdict: Status) -> Last {
    Last { verdict, when: "2026-11-21T10:00:00Z".parse().unwrap(), cause: None }
}

fn with_history(place: &Place) {
    with_profile(place);
    history::note(&Home::at(place.home()), &"a".parse().unwrap(), &verdict(Status::Passed), None).unwrap();
}

fn draft(step: &str) -> Draft {
    let mut values = ProfileDraft::new("office365");
    values.set(FieldId::Company, "USMF");
    Draft { name: "a".parse().unwrap(), values, step: step.into() }
}

fn with_draft(place: &Place) {
    drafts::save(&Home::at(place.home()), &draft("values")).unwrap();
}

/// What only the screens write, as they do it.
#[test]
#[ignore = "run by other tests, as a process of its own"]
fn child_writes() {
    let Some(home) = std::env::var_os("D365_CONNECT_HOME").map(Home::at) else { return };
    let done = match std::env::var("WRITES").unwrap().as_str() {
        "a draft" => drafts::save(&home, &draft("test")),
        _ => history::note(&home, &"a".parse().unwrap(), &verdict(Status::Failed), None),
    };
    done.unwrap();
}

impl Scene {
    /// The program or the child, with these words before it.
    fn run(&self, args: &[&str], place: &Place, before: &[&str]) -> Output {
        let this = std::env::current_exe().unwrap();
        let program = match args {
            [] => this.as_path(),
            _ => Path::new(assert_cmd::cargo::cargo_bin!("d365-connect")),
        };
        let child = ["child_writes", "--exact", "--ignored", "--nocapture", "--test-threads=1"];
        let words = before.iter().map(Path::new).chain([program]);
        let args = if args.is_empty() { &child[..] } else { args };
        let mut all = words.chain(args.iter().map(Path::new));
        let mut command = Command::new(all.next().unwrap());
        command.args(all).env_clear().env("HOME", place.path()).env("D365_CONNECT_HOME", place.home());
        command.envs([("LANG", "C.UTF-8"), ("ONE", "one"), ("TWO", "two"), ("D365", SECRET), ("WRITES", self.name)]);
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).current_dir(place.path());
        let stdin = place.path().join("stdin");
        fs::write(&stdin, self.stdin.unwrap_or_default()).unwrap();
        command.stdin(fs::File::open(stdin).unwrap()).output().unwrap()
    }

    fn prepared(&self) -> Place {
        let place = Place::new();
        (self.prepare)(&place);
        place
    }

    /// What a place is like after a run that ended in this way, unless that must not be.
    fn judge(&self, place: &Place, succeeded: bool, told: &str) -> Result<State, String> {
        match (self.state)(place) {
            Broken(what) => Err(format!("neither old nor new: {what}")),
            Old if succeeded || told.contains("saved ") => Err(format!("said to be done, and is not: {told}")),
            _ if told.contains("internal error") => Err(told.to_owned()),
            state => Ok(state),
        }
    }

    /// The same after the next save, with nothing in its way.
    fn judge_again(&self, place: &Place, told: &str) -> Result<(), String> {
        match (self.state)(place) {
            New => {}
            other => return Err(format!("{other:?} after the next save: {told}")),
        }
        // It takes away what one that was killed has left.
        match temporary(&place.home()).as_slice() {
            [] => Ok(()),
            left => Err(format!("left behind: {left:?}")),
        }
    }

    /// What there was after a run with a fault in it; then the same again without.
    fn survives(&self, inject: &str) -> Result<State, String> {
        let place = self.prepared();
        let strace = ["strace", "-f", "--seccomp-bpf", "-o", "/dev/null", "-e", inject];
        let ended = self.run(self.args, &place, &strace);
        if self.judge(&place, ended.status.success(), &String::from_utf8_lossy(&ended.stderr))? == New {
            return Ok(New);
        }
        let again = self.run(self.again.unwrap_or(self.args), &place, &[]);
        self.judge_again(&place, &String::from_utf8_lossy(&again.stderr)).map(|()| Old)
    }

    /// A run on a disk of this size, and the same again once there is room. `None` where the disk has no room for what
    /// is there before.
    fn survives_on(&self, disk: &str) -> Option<Result<State, String>> {
        let before = self.prepared();
        let (after, again) = (Place::new(), Place::new());
        let small = before.path().join("small");
        fs::create_dir(&small).unwrap();
        let script = r#"
            small=$1 disk=$2 before=$3 after=$4 again=$5
            shift 5
            mount -t tmpfs -o "$disk" none "$small" || exit 77
            for there in "$before"/*; do
                [ "$there" = "$small" ] || cp -a "$there" "$small" 2>/dev/null || exit 77
            done
            cd "$small"
            export D365_CONNECT_HOME="$small/home"
            "$@" 2>"$after.told"
            code=$?
            cp -a . "$after"
            mount -o remount,size=1m,nr_inodes=1000 "$small"
            "$@" 2>"$again.told"
            cp -a . "$again"
            exit $code
        "#;
        let [small, before_path, after_path, again_path] =
            [&small, before.path(), after.path(), again.path()].map(|path| path.to_str().unwrap().to_owned());
        let words =
            ["unshare", "--mount", "sh", "-c", script, "sh", &small, disk, &before_path, &after_path, &again_path];
        let ended = self.run(self.args, &before, &words);
        if ended.status.code() == Some(77) {
            return None;
        }
        let told = |path: &str| {
            let told = fs::read_to_string(format!("{path}.told")).unwrap_or_default();
            let _ = fs::remove_file(format!("{path}.told"));
            told
        };
        let (first, second) = (told(&after_path), told(&again_path));
        Some(match self.judge(&after, ended.status.success(), &first) {
            Ok(Old) => self.judge_again(&again, &second).map(|()| Old),
            other => other,
        })
    }
}

/// Temporary files of ours below a folder.
fn temporary(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let (folders, files): (Vec<PathBuf>, Vec<PathBuf>) = entries.partition(|path| path.is_dir());
    let ours = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().starts_with(".d365-connect-");
    let below = folders.iter().flat_map(|folder| temporary(folder));
    files.into_iter().filter(ours).chain(below).collect()
}

/// Whether processes can be traced here.
fn can_trace() -> bool {
    let tried = Command::new("strace").args(["-f", "--seccomp-bpf", "-o", "/dev/null", "true"]).output();
    tried.is_ok_and(|ended| ended.status.success())
}

/// The file-changing calls of a run in a place: the call, and the how-manieth of its thread it was.
fn calls(scene: &Scene) -> BTreeSet<(String, usize)> {
    let place = scene.prepared();
    assert_eq!((scene.state)(&place), Old, "{}", scene.name);
    let log = tempfile::NamedTempFile::new().unwrap();
    let log = log.path().to_str().unwrap();
    let trace = format!("trace={CALLS}");
    let ended = scene.run(scene.args, &place, &["strace", "-f", "-y", "--seccomp-bpf", "-o", log, "-e", &trace]);
    let told = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert_eq!((scene.state)(&place), New, "{}: {told}", scene.name);
    let (mut found, mut counts) = (BTreeSet::new(), std::collections::BTreeMap::new());
    for line in fs::read_to_string(log).unwrap().lines() {
        let Some((thread, call)) = line.split_once(' ') else { continue };
        let Some((name, args)) = call.trim_start().split_once('(') else { continue };
        let count: &mut usize = counts.entry((thread.to_owned(), name.to_owned())).or_default();
        *count += 1;
        let is_lock = args.contains("/home/lock");
        if args.contains(place.path().to_str().unwrap()) && (scene.with_lock || !is_lock) {
            found.insert((name.to_owned(), *count));
        }
    }
    assert!(found.len() >= 2, "{}: {found:?}", scene.name);
    found
}

/// Tries every scene, several at once, and tells what went wrong.
fn try_all(scenes: Vec<Scene>, faults: impl Fn(&Scene) -> Vec<(String, Result<State, String>)> + Sync) {
    let told: Vec<(&str, String, Result<State, String>)> = std::thread::scope(|scope| {
        let faults = &faults;
        let of = |scene: Scene| move || faults(&scene).into_iter().map(|(what, how)| (scene.name, what, how)).collect();
        let workers: Vec<_> = scenes.into_iter().map(|scene| scope.spawn(of(scene))).collect();
        workers.into_iter().flat_map(|worker| -> Vec<_> { worker.join().unwrap() }).collect()
    });
    let stopped = told.iter().filter(|(.., how)| *how == Ok(Old)).count();
    eprintln!("{} faults, of which {stopped} stopped the save", told.len());
    let wrong: Vec<String> = told
        .into_iter()
        .filter_map(|(scene, what, how)| how.err().map(|wrong| format!("{scene}, {what}: {wrong}")))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(stopped > 10, "{stopped}");
}

#[test]
fn ended_or_failing_at_every_call() {
    if !can_trace() {
        eprintln!("skipped: strace is not installed, or may not trace here");
        return;
    }
    try_all(scenes(), |scene| {
        let mut all = Vec::new();
        for (call, count) in calls(scene) {
            // What is slow is ended only where a file gets its name: between two of those nothing is to be told apart.
            let is_tried = !scene.is_slow || call.starts_with("rename");
            all.extend(is_tried.then(|| format!("inject={call}:signal=KILL:when={count}")));
            // A write that fails is what the small disk is for: here it would hit the loop's own, too.
            if !scene.is_slow && !call.starts_with("write") {
                all.push(format!("inject={call}:error=EIO:when={count}"));
                // One error stands for all where the way is the same.
                all.extend(scene.with_lock.then(|| format!("inject={call}:error=ENOSPC:when={count}")));
            }
        }
        all.into_iter().map(|inject| (inject.clone(), scene.survives(&inject))).collect()
    });
}

#[test]
fn on_a_full_disk() {
    let tried = Command::new("unshare").args(["--mount", "mount", "-t", "tmpfs", "none", "/mnt"]).output();
    if !tried.is_ok_and(|ended| ended.status.success()) {
        eprintln!(
            "skipped: no file system can be mounted here (tests/store.rs has a limit on the size of files instead)"
        );
        return;
    }
    let scenes = scenes().into_iter().filter(|scene| !scene.is_slow).collect();
    try_all(scenes, |scene| {
        let pages = (1..=7).map(|pages| format!("size={}k", 4 * pages));
        let files = (2..=10).map(|files| format!("nr_inodes={files}"));
        let disks: Vec<String> = pages.chain(files).collect();
        let tried = disks.into_iter().filter_map(|disk| scene.survives_on(&disk).map(|how| (disk, how)));
        let tried: Vec<_> = tried.collect();
        assert!(tried.len() >= 5, "{}: {} disks", scene.name, tried.len());
        tried
    });
}

#[test]
fn sixteen_programs_at_once_lose_nothing_of_each_other() {
    let settings = [
        "cloud=us-gov",
        "tenant_id=contoso.com",
        "client_id=66666666-7777-4888-9999-aaaaaaaaaaaa",
        "resource_url=https://contoso.operations.dynamics.com",
        "sign_in=app",
        "redirect_uri=http://localhost:8400",
        "credential.expires=2027-05-20",
        "d365.user_id=svc-odata",
        "d365.environment=Production",
        "d365.company=DAT",
        "d365.permissions=Organization.Read.All",
        "d365.entities=CustomersV3",
        "network.authority_url=https://login.example.test",
        "network.graph_url=https://graph.example.test",
        "network.ca_certificate=/tmp/ca.pem",
    ];
    let place = Place::new();
    with_profile(&place);
    let mut runs: Vec<Vec<&str>> = settings.iter().map(|setting| vec!["edit", "a", "--set", *setting]).collect();
    runs.push(vec!["edit", "a", "--secret", "env:OTHER"]);
    assert_eq!(runs.len(), 16);
    let ended: Vec<(String, cmd::Out)> = std::thread::scope(|scope| {
        let place = &place;
        let all: Vec<_> = runs.iter().map(|args| scope.spawn(move || (args.join(" "), place.run(args)))).collect();
        all.into_iter().map(|run| run.join().unwrap()).collect()
    });
    let text = fs::read_to_string(place.profile("a")).unwrap();
    let mut done = 0;
    for (run, out) in ended {
        let value = run.rsplit(['=', ':']).next().unwrap();
        match out.code {
            0 => {
                done += 1;
                assert!(text.contains(value), "{run} is lost:\n{text}");
            }
            // On a busy machine one may wait for longer than the 5 s that it may.
            _ => assert!(out.code == 3 && out.err.contains("another d365-connect is writing"), "{run}: {}", out.err),
        }
    }
    assert!(done > 1 && text.starts_with("# ours\n") && text.contains("color = \"blue\""), "{text}");
    assert_eq!(temporary(&place.home()), Vec::<PathBuf>::new());
}

#[test]
fn links_lead_to_own_files_or_are_refused_for_every_kind_of_file() {
    use std::os::unix::fs::{MetadataExt, chown, symlink};
    type Write = fn(&Place) -> bool;
    let kinds: [(&str, Write); 4] = [
        ("profiles/a.toml", |place| place.run(&["edit", "a", "--set", "d365.company=DAT"]).code == 0),
        ("history/a.json", |place| {
            history::note(&Home::at(place.home()), &"a".parse().unwrap(), &verdict(Status::Failed), None).is_ok()
        }),
        ("drafts/a.toml", |place| drafts::save(&Home::at(place.home()), &draft("test")).is_ok()),
        ("vault.age", |place| {
            let secret = ClientSecret::new(Zeroizing::new(SECRET.to_owned())).unwrap();
            vault_of(place, "one").keep(&Arc::new(secret)).is_ok()
        }),
    ];
    for (file, write) in kinds {
        for leads_to in ["own", "another's", "pipe", "device", "folder", "nothing"] {
            let place = Place::new();
            with_history(&place);
            with_draft(&place);
            let (path, target) = (place.home().join(file), place.path().join("target"));
            match leads_to {
                "own" if path.exists() => fs::rename(&path, &target).unwrap(),
                "own" => with_vault(&place),
                "another's" => {
                    fs::write(&target, OLD).unwrap();
                    let me = fs::metadata(&target).unwrap().uid();
                    if chown(&target, Some(me + 1), None).is_err() {
                        continue; // only root can give a file away
                    }
                }
                "pipe" => assert!(Command::new("mkfifo").arg(&target).status().unwrap().success()),
                "device" => symlink("/dev/zero", &target).unwrap(),
                "folder" => fs::create_dir(&target).unwrap(),
                _ => {}
            }
            if leads_to == "own" && path.exists() {
                fs::rename(&path, &target).unwrap();
            }
            let _ = fs::remove_file(&path);
            symlink(&target, &path).unwrap();
            let (before, is_own) = (fs::metadata(&target).ok().map(|meta| (meta.ino(), meta.len())), leads_to == "own");
            assert_eq!(write(&place), is_own, "{file} to {leads_to}");
            assert!(fs::symlink_metadata(&path).unwrap().is_symlink(), "{file} to {leads_to}");
            let after = fs::metadata(&target).ok().map(|meta| (meta.ino(), meta.len()));
            assert_eq!(before != after, is_own, "{file} to {leads_to}: {before:?}, {after:?}");
        }
    }
    // The lock is written over, so it is followed nowhere.
    let place = Place::new();
    with_profile(&place);
    let target = place.path().join("mine");
    fs::write(&target, "mine").unwrap();
    symlink(&target, place.home().join("lock")).unwrap();
    let out = place.run(&["edit", "a", "--set", "d365.company=DAT"]).expect(3);
    assert!(out.err.contains("lock"), "{}", out.err);
    assert_eq!(fs::read_to_string(target).unwrap(), "mine");
}
