//! A real browser goes through the sign-in over the loopback redirect: from the sandbox's page, by its buttons, back to the
//! listener. Skipped, and said so, where no browser is installed.
#![cfg(unix)]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]
#![expect(clippy::print_stderr, reason = "says when it is skipped")]

use d365_connect::assets;
use d365_connect::core::check::{CheckEvent, CheckId, CheckRun, Status};
use d365_connect::core::profile::{ProfileDraft, SecretSource};
use d365_connect::core::question::FieldId;
use d365_connect::core::rules::{Cause, Judge};
use d365_connect::sandbox::{self, Offer, Sandbox, Scenario};
use d365_connect::work::{self, Attendance, Options, Session};
use serde_json::{Value, json};
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tokio::sync::{mpsc, watch};

/// The names under which Chromium and its like are installed.
const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// A browser without a window, told what to do over two pipes (Chrome DevTools protocol). Ends when dropped.
struct Browser {
    child: Child,
    says: File,
    hears: BufReader<File>,
    sent: u64,
    _folder: tempfile::TempDir,
}

impl Browser {
    fn start(program: &PathBuf) -> Browser {
        let folder = tempfile::tempdir().unwrap();
        let (to, from) = (folder.path().join("to"), folder.path().join("from"));
        assert!(Command::new("mkfifo").args([&to, &from]).status().unwrap().success());
        // It listens on descriptor 3 and speaks on 4. Nothing but this machine is ever resolved.
        let script = "to=$1 from=$2; shift 2; exec \"$@\" 3<\"$to\" 4>\"$from\"";
        let child = Command::new("sh")
            .args(["-c", script, "sh"])
            .args([&to, &from])
            .arg(program)
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"])
            .args([
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--no-proxy-server",
            ])
            .arg("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1")
            .arg(format!("--user-data-dir={}", folder.path().join("profile").display()))
            .arg("--remote-debugging-pipe")
            .env("HOME", folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let says = File::options().write(true).open(to).unwrap();
        let hears = BufReader::new(File::open(from).unwrap());
        Browser { child, says, hears, sent: 0, _folder: folder }
    }

    /// Has it do something, and returns what came of it.
    fn call(&mut self, session: Option<&str>, method: &str, params: &Value) -> Value {
        self.sent += 1;
        let mut message = json!({ "id": self.sent, "method": method, "params": params });
        if let Some(session) = session {
            message["sessionId"] = session.into();
        }
        self.says.write_all(format!("{message}\0").as_bytes()).unwrap();
        loop {
            let mut bytes = Vec::new();
            assert!(self.hears.read_until(0, &mut bytes).unwrap() > 0, "the browser has gone, asked to {method}");
            bytes.pop();
            let said: Value = serde_json::from_slice(&bytes).unwrap();
            if said["id"] == self.sent {
                assert!(said["error"].is_null(), "{method}: {said}");
                return said["result"].clone();
            }
        }
    }

    /// Runs a script on the page until it gives a text that is not empty.
    fn until(&mut self, session: &str, script: &str) -> String {
        for _ in 0..300 {
            let params = json!({ "expression": script, "returnByValue": true });
            let result = self.call(Some(session), "Runtime.evaluate", &params);
            if let Some(text) = result["result"]["value"].as_str().filter(|text| !text.is_empty()) {
                return text.to_owned();
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("nothing came of {script}")
    }

    /// Opens the page, presses one of its buttons, and returns what the browser shows in the end.
    fn sign_in(&mut self, url: &str, button: &str) -> String {
        let tab = self.call(None, "Target.createTarget", &json!({ "url": url }));
        let attached =
            self.call(None, "Target.attachToTarget", &json!({ "targetId": tab["targetId"], "flatten": true }));
        let session = attached["sessionId"].as_str().unwrap().to_owned();
        let press = format!(
            "(() => {{ let found = document.readyState == 'complete' && document.querySelector('button[value={button}]');
                       if (!found) return ''; found.click(); return 'pressed'; }})()"
        );
        self.until(&session, &press);
        let shown =
            "document.title == 'd365-connect' && document.readyState == 'complete' ? document.body.innerText : ''";
        self.until(&session, shown)
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Asked to, it takes its own children with it.
        let _ = self.says.write_all(b"{\"id\":0,\"method\":\"Browser.close\"}\0");
        for _ in 0..100 {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn browser() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let all = BROWSERS.iter().flat_map(|name| std::env::split_paths(&path).map(move |folder| folder.join(name)));
    all.into_iter().find(|program| program.is_file())
}

#[tokio::test]
async fn a_browser_signs_in_over_the_loopback_redirect() {
    let Some(program) = browser() else {
        eprintln!("skipped: no browser is installed ({})", BROWSERS.join(", "));
        return;
    };
    let mut browser = tokio::task::spawn_blocking(move || Browser::start(&program)).await.unwrap();
    let guide = assets::guide("fno-delegated").unwrap();
    let simulated = Sandbox::start(Scenario::Healthy, 0).await.unwrap();
    let mut draft = ProfileDraft::new(&guide.id);
    let mut secret = None;
    // As another process would have them: the browser cannot know the sandbox's own names.
    for offer in simulated.noted(guide) {
        match offer {
            Offer::Value(field, value) => draft.set(field, &sandbox::for_others(&value, simulated.address().port())),
            Offer::Secret(value, _) => secret = Some(value),
            Offer::Certificate(_) => {}
        }
    }
    draft.set(FieldId::SignIn, "loopback");
    draft.source = Some(SecretSource::Env { var: "D365_SECRET".into() }.into());
    let profile = draft.check(&"one".parse().unwrap(), guide, assets::clouds()).unwrap();
    let home = tempfile::tempdir().unwrap();
    let options = Options {
        home: Some(home.path().to_owned()),
        sandbox: None,
        exchange: Duration::from_secs(20),
        waiting: Duration::ZERO,
    };
    let session = Session::open(options).await.unwrap();

    for (button, verdict, says) in
        [("approve", Status::Passed, "Signed in."), ("deny", Status::Failed, "The sign-in did not succeed.")]
    {
        let (sender, mut events) = mpsc::channel(4);
        // Nothing is pasted by hand.
        let (_pastes, page) = watch::channel(String::new());
        let person = async {
            let mut run = CheckRun::default();
            let values = work::judge_values(&draft);
            let mut shown = None;
            while let Some(event) = events.recv().await {
                if let CheckEvent::SignIn { prompt, .. } = &event {
                    let (mut at_work, url) = (browser, prompt.url().to_owned());
                    let signing = move || {
                        let page = at_work.sign_in(&url, button);
                        (at_work, page)
                    };
                    shown = Some(tokio::task::spawn_blocking(signing));
                    break;
                }
                run.apply(event, &Judge { book: assets::rules(), guide: Some(guide), values: &values });
            }
            while let Some(event) = events.recv().await {
                run.apply(event, &Judge { book: assets::rules(), guide: Some(guide), values: &values });
            }
            (run, shown.unwrap().await.unwrap())
        };
        let check = work::check(&session, &profile, secret.clone(), &CheckId::ALL, Attendance::Person(page), sender);
        let (told, (run, (back, page))) = tokio::join!(check, person);
        told.unwrap();
        browser = back;
        assert!(page.starts_with(says), "{button}: {page}");
        assert_eq!(run.verdict(), verdict, "{button}: {:?}", run.findings);
        let cause = run.findings.first().map(|finding| finding.cause);
        assert_eq!(cause, (button == "deny").then_some(Cause::UserSignIn));
    }
}
