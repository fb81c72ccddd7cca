//! Certificates as credential: made by `openssl` in every shape in which people have them, read, and accepted by the
//! simulated tenant; and each fault with its cause.
//!
//! Where no `openssl` is installed this says so and proves nothing.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![expect(clippy::print_stderr, reason = "tells what was not tried")]

#[expect(dead_code, reason = "the walks over scenarios use more of it")]
#[path = "support/rehearsal.rs"]
mod rehearsal;

use d365_connect::core::check::{CheckId, CheckRun, Status};
use d365_connect::core::credential::{self, Certificate, CertificateFault, KeySize};
use d365_connect::core::names::ProfileName;
use d365_connect::core::profile::{CertificateSource, CredentialSource, ProfileDraft, SecretSource};
use d365_connect::core::question::FieldId;
use d365_connect::core::secret::ClientSecret;
use d365_connect::sandbox::Scenario;
use d365_connect::store::certificates;
use d365_connect::work::{self, Session};
use jiff::ToSpan;
use rehearsal::{session, test};
use std::path::{Path, PathBuf};
use std::process::Command;
use zeroize::Zeroizing;

const PASSWORD: &str = "pass word \u{e9}";

/// A folder of keys and certificates; none without `openssl`.
struct Kit(tempfile::TempDir);

impl Kit {
    fn new() -> Option<Kit> {
        if Command::new("openssl").arg("version").output().is_err() {
            eprintln!("not tried: no openssl is installed");
            return None;
        }
        let kit = Kit(tempfile::tempdir().unwrap());
        std::fs::write(kit.path("password"), PASSWORD).unwrap();
        std::fs::write(kit.path("empty"), "").unwrap();
        kit.run("req -x509 -newkey rsa:2048 -nodes -keyout key -out cert -subj /CN=contoso-odata -days 90");
        kit.run("req -x509 -newkey rsa:2048 -nodes -keyout key2 -out cert2 -subj /CN=another -days 90");
        Some(kit)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn try_run(&self, words: &str) -> bool {
        let out = Command::new("openssl").args(words.split(' ')).current_dir(self.0.path()).output().unwrap();
        out.status.success()
    }

    #[track_caller]
    fn run(&self, words: &str) {
        assert!(self.try_run(words), "openssl {words}");
    }

    fn bytes(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap()
    }

    fn join(&self, to: &str, parts: &[&str]) {
        let all: Vec<u8> = parts.iter().flat_map(|part| self.bytes(part)).collect();
        std::fs::write(self.path(to), all).unwrap();
    }

    fn read(&self, name: &str, password: Option<&str>) -> Result<Certificate, CertificateFault> {
        let password = password.map(|text| ClientSecret::new(Zeroizing::new(text.to_owned())).unwrap());
        certificates::read(&self.bytes(name), password.as_ref())
    }

    /// What `openssl` says is the thumbprint.
    fn fingerprint(&self, certificate: &str, kind: &str) -> String {
        let words = format!("x509 -noout -fingerprint -{kind} -in {certificate}");
        let out = Command::new("openssl").args(words.split(' ')).current_dir(self.0.path()).output().unwrap();
        let text = String::from_utf8(out.stdout).unwrap();
        text.trim().rsplit_once('=').unwrap().1.replace(':', "")
    }
}

/// Name of the file, and whether it has a password: every shape of the same key and certificate.
fn shapes(kit: &Kit) -> Vec<(&'static str, bool)> {
    kit.join("pkcs8.pem", &["key", "cert"]);
    kit.join("certificate-first.pem", &["cert", "key"]);
    kit.join("chain.pem", &["cert2", "cert", "key"]);
    kit.run("rsa -in key -traditional -out key1");
    kit.join("pkcs1.pem", &["key1", "cert"]);
    let mut shapes =
        vec![("pkcs8.pem", false), ("certificate-first.pem", false), ("chain.pem", false), ("pkcs1.pem", false)];
    let windows = String::from_utf8(kit.bytes("pkcs8.pem")).unwrap().replace('\n', "\r\n");
    std::fs::write(kit.path("windows.pem"), windows).unwrap();
    shapes.push(("windows.pem", false));
    std::fs::write(kit.path("marked.pem"), [b"\xef\xbb\xbf".to_vec(), kit.bytes("pkcs8.pem")].concat()).unwrap();
    shapes.push(("marked.pem", false));
    for (name, how) in [
        ("pkcs8-aes256", "pkcs8 -topk8 -v2 aes-256-cbc"),
        ("pkcs8-aes128-sha1", "pkcs8 -topk8 -v2 aes-128-cbc -v2prf hmacWithSHA1"),
        ("pkcs8-3des", "pkcs8 -topk8 -v2 des3"),
        ("pkcs8-scrypt", "pkcs8 -topk8 -scrypt"),
        ("pkcs1-aes256", "rsa -traditional -aes256"),
        ("pkcs1-aes128", "rsa -traditional -aes128"),
    ] {
        kit.run(&format!("{how} -in key -passout file:password -out {name}"));
        kit.join(&format!("{name}.pem"), &[name, "cert"]);
    }
    for name in [
        "pkcs8-aes256.pem",
        "pkcs8-aes128-sha1.pem",
        "pkcs8-3des.pem",
        "pkcs8-scrypt.pem",
        "pkcs1-aes256.pem",
        "pkcs1-aes128.pem",
    ] {
        shapes.push((name, true));
    }
    kit.run("pkcs12 -export -inkey key -in cert -certfile cert2 -passout file:password -out today.pfx");
    kit.run("pkcs12 -export -inkey key -in cert -passout file:password -keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-3DES -macalg sha1 -out windows.pfx");
    kit.run("pkcs12 -export -inkey key -in cert -passout pass: -out open.pfx");
    shapes.extend([("today.pfx", true), ("windows.pfx", true), ("open.pfx", false)]);
    if kit.try_run("pkcs12 -export -legacy -inkey key -in cert -passout file:password -out legacy.pfx") {
        shapes.push(("legacy.pfx", true));
    } else {
        eprintln!("not tried: this openssl makes no legacy PFX");
    }
    // With its bag attributes in front, as people keep it.
    kit.run("pkcs12 -in today.pfx -passin file:password -nodes -out attributes.pem");
    shapes.push(("attributes.pem", false));
    shapes
}

/// Tests a guide's ready profile with another credential.
async fn check(session: &Session, guide: &str, source: CredentialSource) -> CheckRun {
    let name: ProfileName = guide.parse().unwrap();
    let opened = work::open(session, &name).await.unwrap();
    let draft = ProfileDraft { source: Some(source), ..opened.stored.draft };
    test(session, &draft, None).await
}

fn source(path: &Path, password: Option<&Path>) -> CredentialSource {
    let file = |path: &Path| path.to_str().unwrap().to_owned();
    let password = password.map(|path| SecretSource::File { path: file(path) });
    CredentialSource::Certificate(CertificateSource { path: file(path), password })
}

#[tokio::test]
async fn every_shape_is_read_and_accepted() {
    let Some(kit) = Kit::new() else { return };
    let session = session(Scenario::Healthy).await;
    let (sha1, sha256) = (kit.fingerprint("cert", "sha1"), kit.fingerprint("cert", "sha256"));
    for (name, locked) in shapes(&kit) {
        let read = kit.read(name, locked.then_some(PASSWORD)).unwrap_or_else(|fault| panic!("{name}: {fault}"));
        assert_eq!((read.thumbprint(), read.thumbprint_sha256()), (sha1.clone(), sha256.clone()), "{name}");
        let file = source(&kit.path(name), locked.then_some(kit.path("password")).as_deref());
        let run = check(&session, "fno-client-credentials", file).await;
        assert_eq!(run.verdict(), Status::Passed, "{name}: {:?}", run.findings);
    }
    // A user's sign-in takes it as well: for the code, and for the token after it.
    for guide in ["fno-delegated", "business-central", "office365", "c1-fno"] {
        let run = check(&session, guide, source(&kit.path("pkcs8.pem"), None)).await;
        assert_eq!(run.verdict(), Status::Passed, "{guide}: {:?}", run.findings);
    }
}

#[test]
fn faults_of_the_file_are_told_apart() {
    let Some(kit) = Kit::new() else { return };
    shapes(&kit);
    for (name, locked) in shapes(&kit).into_iter().filter(|(_, locked)| *locked) {
        assert!(locked);
        assert_eq!(kit.read(name, None).unwrap_err(), CertificateFault::PasswordMissing, "{name}");
        assert_eq!(kit.read(name, Some("wrong")).unwrap_err(), CertificateFault::PasswordWrong, "{name}");
    }
    kit.join("mixed.pem", &["key", "cert2"]);
    kit.join("mixed1.pem", &["key1", "cert2"]);
    kit.run("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout ec -out ec-cert -subj /CN=x");
    kit.run("ec -in ec -out ec1");
    kit.join("ec.pem", &["ec", "ec-cert"]);
    kit.join("ec1.pem", &["ec1", "ec-cert"]);
    kit.run("pkcs12 -export -inkey ec -in ec-cert -passout pass: -out ec.pfx");
    kit.run("req -x509 -newkey rsa:1024 -nodes -keyout short -out short-cert -subj /CN=x");
    kit.run("rsa -in short -traditional -out short1");
    kit.join("short.pem", &["short", "short-cert"]);
    kit.join("short1.pem", &["short1", "short-cert"]);
    kit.run("x509 -in cert -outform der -out cert.cer");
    kit.run("rsa -traditional -des3 -in key -passout file:password -out old");
    kit.run("dsaparam -genkey -noout -out dsa 2048");
    kit.run("req -x509 -new -key dsa -out dsa-cert -subj /CN=x");
    kit.join("dsa.pem", &["dsa", "dsa-cert"]);
    kit.run("pkcs12 -export -nokeys -in cert -passout pass: -out keyless.pfx");
    kit.run("pkcs12 -export -nocerts -inkey key -passout pass: -out bare.pfx");
    kit.join("old.pem", &["old", "cert"]);
    let pem = String::from_utf8(kit.bytes("pkcs8.pem")).unwrap();
    std::fs::write(kit.path("cut.pem"), &pem[..pem.len() / 3]).unwrap();
    std::fs::write(kit.path("rubbish"), [0x30, 0x82, 1, 2, 3]).unwrap();
    for (name, fault) in [
        ("mixed.pem", CertificateFault::Mismatch),
        ("mixed1.pem", CertificateFault::Mismatch),
        ("ec.pem", CertificateFault::NotRsa),
        ("ec1.pem", CertificateFault::NotRsa),
        ("ec.pfx", CertificateFault::NotRsa),
        ("short.pem", CertificateFault::TooShort),
        ("short1.pem", CertificateFault::TooShort),
        ("cert", CertificateFault::NoKey),
        ("cert.cer", CertificateFault::NoKey),
        ("key", CertificateFault::NoCertificate),
        ("dsa.pem", CertificateFault::NotRsa),
        ("keyless.pfx", CertificateFault::NoKey),
        ("bare.pfx", CertificateFault::NoCertificate),
    ] {
        assert_eq!(kit.read(name, None).unwrap_err(), fault, "{name}");
    }
    for name in ["old.pem", "cut.pem", "rubbish", "empty"] {
        let fault = kit.read(name, Some(PASSWORD)).unwrap_err();
        assert!(matches!(fault, CertificateFault::Damaged(_)), "{name}: {fault}");
    }
}

/// A certificate that was renewed with the same key stands beside the one before: the one that lasts longer is used.
#[test]
fn of_several_certificates_of_a_key_the_one_that_ends_last_is_taken() {
    let Some(kit) = Kit::new() else { return };
    for (name, days) in [("soon", 9), ("late", 300), ("middle", 60)] {
        kit.run(&format!("req -x509 -key key -out {name} -subj /CN=contoso-odata -days {days}"));
    }
    kit.join("renewed.pem", &["key", "soon", "cert2", "late", "middle"]);
    assert_eq!(kit.read("renewed.pem", None).unwrap().thumbprint(), kit.fingerprint("late", "sha1"));
}

/// The first finding's cause and confidence, its check, and the verdict.
fn told(run: &CheckRun) -> (String, String, Option<CheckId>, Status) {
    let finding = run.findings.first().unwrap();
    (finding.cause.as_str().to_owned(), format!("{:?}", finding.confidence), finding.check, run.verdict())
}

#[tokio::test]
async fn every_fault_has_its_cause() {
    let Some(kit) = Kit::new() else { return };
    shapes(&kit);
    kit.join("mixed.pem", &["key", "cert2"]);
    kit.run("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout ec -out ec-cert -subj /CN=x");
    kit.join("ec.pem", &["ec", "ec-cert"]);
    kit.run("req -x509 -newkey rsa:1024 -nodes -keyout short -out short-cert -subj /CN=x");
    kit.join("short.pem", &["short", "short-cert"]);
    std::fs::write(kit.path("wrong"), "not the password").unwrap();
    let today = work::today();
    for (name, begins, ends) in [("expired.pem", -30, -3), ("early.pem", 3, 30), ("near.pem", -30, 9)] {
        let day = |days: i64| today.saturating_add(days.days());
        let made = credential::make("x", KeySize::Bits2048, day(begins), day(ends)).unwrap();
        std::fs::write(kit.path(name), made.pem.as_bytes()).unwrap();
    }
    let (inputs, token, expiry) = (Some(CheckId::Inputs), Some(CheckId::Token), Some(CheckId::Expiry));
    for (scenario, name, password, cause, check_id, verdict) in [
        (Scenario::Healthy, "mixed.pem", None, "certificate-mismatch", inputs, Status::Failed),
        (Scenario::Healthy, "ec.pem", None, "credential-too-weak", inputs, Status::Failed),
        (Scenario::Healthy, "short.pem", None, "credential-too-weak", inputs, Status::Failed),
        (Scenario::Healthy, "today.pfx", Some("wrong"), "unknown", inputs, Status::Unknown),
        (Scenario::Healthy, "today.pfx", None, "unknown", inputs, Status::Unknown),
        (Scenario::Healthy, "today.pfx", Some("nowhere"), "unknown", inputs, Status::Unknown),
        (Scenario::Healthy, "nowhere.pem", None, "unknown", inputs, Status::Unknown),
        (Scenario::Healthy, "cert", None, "unknown", inputs, Status::Unknown),
        (Scenario::CertificateNotRegistered, "pkcs8.pem", None, "certificate-mismatch", token, Status::Failed),
        (Scenario::Healthy, "expired.pem", None, "certificate-expired", expiry, Status::Failed),
        (Scenario::Healthy, "early.pem", None, "clock-skew", expiry, Status::Failed),
        (Scenario::Healthy, "near.pem", None, "certificate-expired", expiry, Status::Warning),
    ] {
        let session = session(scenario).await;
        let password = password.map(|name| kit.path(name));
        let run = check(&session, "fno-client-credentials", source(&kit.path(name), password.as_deref())).await;
        let found = told(&run);
        assert_eq!((found.0.as_str(), found.2, found.3), (cause, check_id, verdict), "{name}: {:?}", run.findings);
    }
}

#[tokio::test]
async fn the_certificate_in_use_is_named_by_its_thumbprint() {
    let Some(kit) = Kit::new() else { return };
    kit.join("c.pem", &["key", "cert"]);
    let session = session(Scenario::CertificateNotRegistered).await;
    let run = check(&session, "fno-client-credentials", source(&kit.path("c.pem"), None)).await;
    let explained = &run.findings[0].explanation;
    assert!(explained.contains(&kit.fingerprint("cert", "sha1")), "{explained}");
}

#[tokio::test]
async fn a_saved_certificate_tells_its_own_end() {
    let Some(kit) = Kit::new() else { return };
    kit.join("c.pem", &["key", "cert"]);
    let session = session(Scenario::Healthy).await;
    let name: ProfileName = "fno-client-credentials".parse().unwrap();
    let stored = work::open(&session, &name).await.unwrap().stored;
    let request = work::SaveRequest {
        was: Some((name.clone(), stored.draft.clone())),
        name,
        draft: stored.draft,
        secret: work::SecretChoice::Source(source(&kit.path("c.pem"), None)),
    };
    // What is none is refused, whoever saves it, and everything stays as it is.
    std::fs::write(kit.path("none.pem"), "no certificate").unwrap();
    for wrong in ["none.pem", "cert"] {
        let secret = work::SecretChoice::Source(source(&kit.path(wrong), None));
        let refused = work::save(&session, work::SaveRequest { secret, ..request.clone() }).await.unwrap_err();
        assert!(refused.to_string().contains("nothing was saved") && refused.hint().is_some(), "{refused}");
        assert_eq!(work::open(&session, &request.name).await.unwrap().stored.draft, request.draft);
    }
    // One that cannot be read now is as good as any other source of that kind: it is read at each use.
    let secret = work::SecretChoice::Source(source(&kit.path("nowhere.pem"), None));
    let later = work::save(&session, work::SaveRequest { secret, ..request.clone() }).await.unwrap().draft;
    let request = work::SaveRequest { was: Some((request.name.clone(), later)), ..request };
    let saved = work::save(&session, request.clone()).await.unwrap();
    let end = kit.read("c.pem", None).unwrap().end_date().to_string();
    assert_eq!(saved.draft.value(FieldId::Expires), end);
    assert!(std::fs::read_to_string(&saved.path).unwrap().contains("kind = \"certificate\""));
    // Also where another day is typed, or none.
    for typed in ["2099-01-01", ""] {
        let mut draft = saved.draft.clone();
        draft.set(FieldId::Expires, typed);
        let was = Some((request.name.clone(), saved.draft.clone()));
        let name = request.name.clone();
        let again = work::save(&session, work::SaveRequest { name, was, draft, secret: work::SecretChoice::Keep })
            .await
            .unwrap();
        assert_eq!(again.draft.value(FieldId::Expires), end);
    }
    // A file that was renewed in its place: the test tells both, and how to record the new one.
    kit.run("req -x509 -key key -out cert -subj /CN=contoso-odata -days 300");
    kit.join("c.pem", &["key", "cert"]);
    let run = test(&session, &saved.draft, None).await;
    let told = format!("{:?}", run.done(CheckId::Expiry).unwrap());
    assert!(told.contains(&format!("{end} is recorded")) && told.contains("--set credential.expires="), "{told}");
    let was = Some((request.name.clone(), saved.draft.clone()));
    let renewed = work::SaveRequest { was, draft: saved.draft.clone(), ..request };
    let renewed = work::save(&session, renewed).await.unwrap().draft;
    assert_eq!(renewed.value(FieldId::Expires), kit.read("c.pem", None).unwrap().end_date().to_string());
}
