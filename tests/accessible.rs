//! The accessible mode on a real pty: every question is a line, and nothing is redrawn.
#![cfg(unix)]
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "test code")]
#![expect(clippy::print_stderr, reason = "tells what was not tried")]

#[expect(dead_code, reason = "the screens' tests use more of it")]
#[path = "support/pty.rs"]
mod support;

use support::{Start, Tui};

/// A talk with the program: what it says is waited for from where the last answer was given.
struct Talk {
    tui: Tui,
    heard: usize,
}

impl Talk {
    fn begin(args: &[&str], env: &[(&str, &str)]) -> Talk {
        Talk { tui: Tui::start(&Start { args, env, columns: 200, ..Start::default() }), heard: 0 }
    }

    /// What was said since the last answer, up to and with that text.
    fn hears(&mut self, wanted: &str) -> String {
        let heard = self.heard;
        let new = |raw: &[u8]| String::from_utf8_lossy(&raw[heard..]).into_owned();
        self.tui.until_raw(wanted, |raw| new(raw).contains(wanted));
        let raw = self.tui.raw();
        self.heard = raw.len();
        new(&raw)
    }

    fn answers(&mut self, question: &str, answer: &str) -> String {
        let said = self.hears(question);
        self.tui.keys(&format!("{answer}\r"));
        said
    }

    /// The number of the choice that begins so.
    fn number(said: &str, choice: &str) -> String {
        let line = said.lines().find(|line| line.contains(&format!(". {choice}")));
        line.unwrap_or_else(|| panic!("no choice {choice:?} in:\n{said}")).split('.').next().unwrap().trim().to_owned()
    }

    fn chooses(&mut self, choice: &str) -> String {
        let said = self.hears("Number, 1 to ");
        let number = Talk::number(&said, choice);
        self.tui.keys(&format!("{number}\r"));
        said
    }
}

#[test]
fn lines_break_at_blanks_and_a_wrong_number_is_told_the_range() {
    let start = Start { args: &["--sandbox", "--accessible"], columns: 40, ..Start::default() };
    let mut talk = Talk { tui: Tui::start(&start), heard: 0 };
    let said = talk.answers("Number, 1 to ", "99");
    assert!(said.lines().count() > 12, "{said}");
    let long: Vec<&str> = said.lines().filter(|line| line.trim().contains(' ') && line.chars().count() > 40).collect();
    assert!(long.is_empty(), "{long:?}");
    talk.hears("none of the numbers: type one");
}

#[test]
fn the_profiles_are_narrowed_and_a_given_value_that_cannot_be_is_told() {
    let mut talk = Talk::begin(&["--sandbox", "--accessible"], &[]);
    talk.chooses("Show only some profiles");
    talk.answers("Words that must be there:", "c1 connector");
    let said = talk.chooses("Show all profiles");
    assert!(said.contains("1 of 5 profiles are shown") && !said.contains("office365"), "{said}");
    assert!(talk.chooses("Leave").contains("There are 5 profiles"));

    let given =
        ["new", "plain", "--sandbox", "--accessible", "--guide", "fno-client-credentials", "--set", "tenant_id=zzz"];
    let mut talk = Talk::begin(&given, &[]);
    let said = talk.hears("Number, 1 to ");
    assert!(said.contains("as it was given:") && said.contains("Not taken: "), "{said}");
}

#[test]
fn from_nothing_to_saved_and_tested_again() {
    walk("healthy", "typed, hidden");
}

#[test]
fn a_certificate_that_the_administrator_makes_is_used() {
    walk("certificate-expired", "now certificate");
}

/// A set-up in which the sandbox's administrator does what is one's, and after which the credential stands so.
fn walk(scenario: &str, stands: &str) {
    let mut talk = Talk::begin(&[&format!("--sandbox={scenario}"), "--accessible"], &[]);
    talk.chooses("Set up a connection");
    talk.chooses("Finance & Operations with client credentials");
    talk.answers("Name of the profile", "office365");
    talk.answers("there is a profile of that name", "plain");
    let mut steps = 0;
    loop {
        // Each step is told, done by the sandbox's administrator where it is one's, and its questions are answered.
        let said = talk.hears(":\r\n");
        let last = said.lines().rev().find(|line| !line.trim().is_empty()).unwrap().trim().to_owned();
        if said.contains("Testing.") {
            assert!(said.contains("registration: registered, acts as user"), "{said}");
            let number = Talk::number(&said, "Save");
            talk.tui.keys(&format!("{number}\r"));
            break;
        }
        steps += 1;
        assert!(steps < 60, "{said}");
        let answer = if said.contains("Let the sandbox's administrator") {
            Talk::number(&said, "Let the sandbox's administrator")
        } else if said.contains("Where is the client secret?") {
            assert!(said.contains(stands), "{said}");
            Talk::number(&said, "Leave it")
        } else {
            assert!(!last.contains("none of the numbers"), "{said}");
            String::new()
        };
        talk.tui.keys(&format!("{answer}\r"));
    }
    let said = talk.chooses("Profile plain");
    assert!(said.contains("saved "), "{said}");
    talk.chooses("Test it");
    let said = talk.chooses("Leave");
    assert!(said.contains("6 of 6 entities can be read"), "{said}");
    assert_eq!(talk.tui.wait_exit(), 0);
    let raw = talk.tui.raw();
    let raw = String::from_utf8_lossy(&raw);
    assert!(!raw.contains("\x1b[?") && !raw.contains("\x1b[K"), "nothing is written over");
}

#[test]
fn ctrl_d_and_ctrl_c_save_nothing_and_say_so() {
    for key in ["\x04", "\x03"] {
        let mut talk = Talk::begin(&["--sandbox", "--accessible", "new"], &[]);
        talk.chooses("Business Central");
        talk.answers("Name of the profile", "plain");
        talk.hears("Before you");
        talk.tui.keys(key);
        talk.hears("Nothing was saved.");
        assert_eq!(talk.tui.wait_exit(), 130, "{key:?}");
    }
}

#[test]
fn back_and_enter_work_at_every_number() {
    let mut talk = Talk::begin(&["--sandbox", "--accessible"], &[]);
    // At home nothing is before, and nothing is taken by Enter: it is asked again.
    talk.answers(":\r\n", ":back");
    talk.answers(":\r\n", "");
    talk.chooses("Set up a connection");
    talk.answers("Enter for 1:\r\n", ":back");
    assert!(talk.chooses("Set up a connection").contains("Nothing was saved."));
    talk.answers("Enter for 1:\r\n", "");
    talk.answers("and '-':\r\n", ":back");
    talk.answers("Enter for 1:\r\n", "");
    talk.answers("and '-':\r\n", "plain");
    // In the steps: Enter goes on by hand, :back to the step before.
    for (asked, answer) in [
        ("[before-you-start]", ""),
        ("Finance & Operations URL", ""),
        ("[register-app]", ":back"),
        ("[before-you-start]", ""),
        ("Finance & Operations URL", ""),
        ("[register-app]", ""),
        ("Application (client) ID", ""),
        ("Directory (tenant) ID", ""),
        ("[client-secret]", ""),
        ("Where is the client secret?", "3"),
        ("Name of the variable:", ":back"),
        ("Where is the client secret?", ":back"),
        ("[register-app]", "\x04"),
    ] {
        let said = talk.answers(":\r\n", answer);
        assert!(said.contains(asked) && !said.contains("none of the numbers"), "{asked}: {said}");
    }
    talk.hears("Nothing was saved.");
}

#[test]
fn a_doubtful_address_is_asked_about() {
    let mut talk = Talk::begin(&["--sandbox", "--accessible", "edit", "fno-client-credentials"], &[]);
    talk.chooses("Finance & Operations URL");
    talk.answers("contoso.sandbox.test:", "https://contoso.crm4.dynamics.com");
    talk.answers("Keep it all the same? [y/N]", "n");
    talk.answers("contoso.sandbox.test:", "1");
    let said = talk.answers("contoso.sandbox.test:", "erp.example.org");
    assert!(said.contains("Not taken: a number is no host"), "{said}");
    talk.answers("is it yours? [y/N]", "n");
    talk.answers("contoso.sandbox.test:", "");
    talk.chooses("Leave without saving");
}

#[test]
fn a_half_done_set_up_goes_on() {
    let home = tempfile::tempdir().unwrap();
    let drafts = home.path().join("drafts");
    std::fs::create_dir(&drafts).unwrap();
    let draft = "version = 1\nguide = \"fno-client-credentials\"\ncloud = \"global\"\nstep = \"values\"\n\
        tenant_id = \"11111111-2222-4333-8444-555555555555\"\n";
    std::fs::write(drafts.join("half.toml"), draft).unwrap();
    let mut talk = Talk::begin(&["--home", home.path().to_str().unwrap(), "--accessible"], &[]);
    let said = talk.chooses("Draft half: ");
    assert!(!said.contains("Test every profile"), "there is none: {said}");
    let said = talk.hears("Cloud, now global");
    assert!(said.contains("Directory (tenant) ID, as it was given:") && said.contains("[values]"), "{said}");
    assert!(!said.contains("[register-app]"), "it goes on where it was left: {said}");
    talk.tui.keys("\x04");
    talk.hears("Nothing was saved.");
    assert_eq!(std::fs::read_to_string(drafts.join("half.toml")).unwrap(), draft);
}

#[test]
fn a_value_that_cannot_be_one_is_not_taken_and_an_error_text_is_explained() {
    let mut talk = Talk::begin(&["--sandbox", "edit", "fno-client-credentials"], &[("TERM", "dumb")]);
    talk.chooses("Application (client) ID");
    talk.answers("Application (client) ID", "not an id");
    talk.answers("Not taken: ", ":help");
    talk.answers("For example", ":back");
    talk.chooses("Leave without saving");
    talk.hears("Nothing was saved.");
    assert_eq!(talk.tui.wait_exit(), 0);

    let mut talk = Talk::begin(&["--sandbox"], &[("ACCESSIBLE", "1")]);
    talk.chooses("Explain an error text");
    talk.answers("single dot ends it", "AADSTS7000222: The provided client secret keys are expired.\r.");
    let said = talk.chooses("Profile fno-client-credentials");
    assert!(said.contains("secret-expired"), "{said}");
    talk.chooses("Explain an error text beside its values");
    let other = "19072c09-bf6c-4c36-b128-b12280421700";
    talk.answers(
        "single dot ends it",
        &format!("AADSTS700016: Application with identifier '{other}' was not found\r."),
    );
    let said = talk.chooses("Leave");
    assert!(said.contains("not this profile's"), "{said}");
    assert_eq!(talk.tui.wait_exit(), 0);
}

/// The credential of a profile, where the question for it is asked.
fn at_credential(talk: &mut Talk, choice: &str) {
    talk.chooses("Client secret");
    talk.chooses(choice);
}

#[test]
fn a_certificate_is_made_here() {
    let mut talk = Talk::begin(&["--sandbox", "--accessible", "edit", "fno-client-credentials"], &[]);
    at_credential(&mut talk, "A certificate that is made now");
    talk.answers("File to make", "contoso.pem");
    let said = talk.chooses("Test and save");
    assert!(said.contains("upload ") && said.contains("thumbprint"), "{said}");
    let said = talk.chooses("Save");
    assert!(said.contains("registration: registered"), "{said}");
    talk.hears("saved ");
    assert_eq!(talk.tui.wait_exit(), 0);
    assert!(talk.tui.home().join("contoso.cer").exists());
}

#[test]
fn an_encrypted_certificate_is_asked_its_password_and_what_is_none_is_refused() {
    let kit = tempfile::tempdir().unwrap();
    let made = std::process::Command::new("openssl")
        .args(["req", "-x509", "-newkey", "rsa:2048", "-subj", "/CN=x", "-days", "30"])
        .args(["-passout", "pass:some words", "-keyout", "key.pem", "-out", "cert.pem"])
        .current_dir(kit.path())
        .output();
    if made.is_err() {
        eprintln!("skipped: openssl is not installed");
        return;
    }
    let read = |name: &str| std::fs::read_to_string(kit.path().join(name)).unwrap();
    let both = kit.path().join("both.pem");
    std::fs::write(&both, read("key.pem") + &read("cert.pem")).unwrap();
    let (both, none) = (both.to_str().unwrap(), kit.path().join("none.pem"));
    std::fs::write(&none, "no certificate").unwrap();
    let mut talk = Talk::begin(&["--sandbox", "--accessible", "edit", "fno-client-credentials"], &[]);
    at_credential(&mut talk, "A certificate with its key instead");
    talk.answers("Path of the certificate:", none.to_str().unwrap());
    for (before, password) in [("nothing was saved", "other words"), ("password does not open it", "some words")] {
        let said = talk.chooses("A certificate with its key instead");
        assert!(said.contains(before), "{said}");
        talk.answers("Path of the certificate:", both);
        talk.answers("Password of the certificate's key, hidden:", password);
    }
    talk.chooses("Test and save");
    let said = talk.chooses("Save");
    assert!(said.contains("registration: registered"), "{said}");
    talk.hears("saved ");
    assert_eq!(talk.tui.wait_exit(), 0);
    assert!(!String::from_utf8_lossy(&talk.tui.raw()).contains("some words"));
}
