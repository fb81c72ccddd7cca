//! Runs the built program in a clean environment with a home of its own, and looks at what it left behind.

use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A folder that is the user's whole world.
pub struct Place {
    dir: tempfile::TempDir,
}

/// How a command came out.
pub struct Out {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Out {
    #[track_caller]
    pub fn expect(self, code: i32) -> Out {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.out, self.err);
        self
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}\n{}\n{}", self.out, self.err))
    }
}

impl Place {
    pub fn new() -> Place {
        Place { dir: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    pub fn home(&self) -> PathBuf {
        self.dir.path().join("home")
    }

    pub fn profile(&self, name: &str) -> PathBuf {
        self.home().join("profiles").join(format!("{name}.toml"))
    }

    /// Puts a profile file there as it is.
    pub fn put(&self, name: &str, text: &str) {
        std::fs::create_dir_all(self.home().join("profiles")).unwrap();
        std::fs::write(self.profile(name), text).unwrap();
    }

    /// The program, with nothing of the tester's environment.
    pub fn command(&self) -> Command {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("d365-connect"));
        command.env_clear().env("HOME", self.dir.path()).env("LANG", "C.UTF-8").current_dir(self.dir.path());
        command.stdin(Stdio::null());
        command
    }

    /// Runs it on this place's home.
    #[track_caller]
    pub fn run(&self, args: &[&str]) -> Out {
        self.run_with(args, &[], None)
    }

    /// The same with variables and standard input.
    #[track_caller]
    pub fn run_with(&self, args: &[&str], env: &[(&str, &str)], stdin: Option<&str>) -> Out {
        let mut command = self.command();
        command.env("D365_CONNECT_HOME", self.home()).args(args).envs(env.iter().copied());
        finish(command, stdin)
    }

    /// Runs it in a rehearsal, with no home given.
    #[track_caller]
    pub fn rehearse(&self, args: &[&str], stdin: Option<&str>) -> Out {
        let mut command = self.command();
        command.args(args);
        finish(command, stdin)
    }

    /// Every file below this place, with its content; but for the lock, which names its last holder.
    pub fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        fn walk(dir: &Path, all: &mut Vec<(PathBuf, Vec<u8>)>) {
            for entry in std::fs::read_dir(dir).unwrap().flatten() {
                let path = entry.path();
                if path.is_dir() {
                    walk(&path, all);
                } else if path.is_file() && entry.file_name() != "lock" {
                    all.push((path.clone(), std::fs::read(&path).unwrap()));
                }
            }
        }
        let mut all = Vec::new();
        walk(self.dir.path(), &mut all);
        all.sort();
        all
    }
}

#[track_caller]
fn finish(mut command: Command, stdin: Option<&str>) -> Out {
    if stdin.is_some() {
        command.stdin(Stdio::piped());
    }
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    if let Some(text) = stdin {
        // The program may end without reading it.
        let _ = child.stdin.take().unwrap().write_all(text.as_bytes());
    }
    let output = child.wait_with_output().unwrap();
    Out {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A served sandbox; ends when dropped.
pub struct Served {
    pub child: Child,
    pub told: Value,
}

impl Served {
    /// Serves a scenario and reads what it tells.
    pub fn start(place: &Place, scenario: &str) -> Served {
        Served::start_for(place, scenario, "fno-client-credentials")
    }

    /// The same, with the values of that guide.
    pub fn start_for(place: &Place, scenario: &str, guide: &str) -> Served {
        let mut command = place.command();
        command.args(["sandbox", "--scenario", scenario, "--guide", guide, "-o", "json"]);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut served = Served { child, told: Value::Null };
        let mut text = String::new();
        for line in BufReader::new(served.child.stdout.take().unwrap()).lines() {
            text.push_str(&line.unwrap());
            if let Ok(told) = serde_json::from_str(&text) {
                served.told = told;
                return served;
            }
        }
        panic!("the sandbox ended: {text}");
    }

    /// The `--set` flags of a profile for it.
    pub fn settings(&self) -> Vec<String> {
        let values = self.told["values"].as_object().unwrap();
        values.iter().flat_map(|(k, v)| ["--set".to_owned(), format!("{k}={}", v.as_str().unwrap())]).collect()
    }

    pub fn secret(&self) -> String {
        self.told["secret"].as_str().unwrap().to_owned()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
