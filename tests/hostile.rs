//! Servers that refuse, stall, lie, shout and lead astray, at every endpoint that is called (safety rules 7, 9 to 11, 13).
//!
//! The cases are a table: what a server does, where, and the cause that the built program must give. Whatever comes, nothing
//! is asked of another host, no control character of the server's reaches an output, and memory stays bounded.
#![cfg(unix)]
#![expect(clippy::unwrap_used, clippy::panic, reason = "test code")]
#![expect(clippy::print_stdout, reason = "the figures of the whole are told")]

#[expect(dead_code, reason = "other tests use more of it")]
#[path = "support/cmd.rs"]
mod cmd;
#[expect(dead_code, reason = "other tests use more of it")]
#[path = "support/server.rs"]
mod server;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cmd::Place;
use portable_pty::{PtySize, native_pty_system};
use serde_json::{Value, json};
use server::{Answer, Ca, Front, Seen, Server};
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::net::TcpSocket;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

const TENANT: &str = "11111111-2222-4333-8444-555555555555";
const CLIENT: &str = "66666666-7777-4888-9999-aaaaaaaaaaaa";
const SECRET: &str = "q1W8Q~canary.0123456789_abcdefghijklmnop";
/// The most memory that one run may take, in KiB.
const MOST_MEMORY: usize = 40 * 1024;
/// How many programs run at once.
const AT_ONCE: usize = 16;

/// An endpoint that is called.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum At {
    Token,
    DeviceCode,
    Environment,
    Session,
    Entity,
    Organization,
    Environments,
    Companies,
}
use At::{Companies, DeviceCode, Entity, Environment, Environments, Organization, Session, Token};

impl At {
    /// Whether that is on the side of Entra; else on that of the product.
    fn is_entra(self) -> bool {
        matches!(self, Token | DeviceCode)
    }

    /// Whether a request is one to it. What is asked without a token is answered well, where the endpoint wants one.
    fn is(self, seen: &Seen) -> bool {
        let path = seen.path.split('?').next().unwrap();
        let with_token = seen.header("authorization").is_some();
        match self {
            Token => path.ends_with("/oauth2/v2.0/token"),
            DeviceCode => path.ends_with("/devicecode"),
            Environment => path == "/",
            Session => path.ends_with("/GetUserSessionInfo"),
            Entity => path == "/data/CustomersV3",
            Organization => path == "/v1.0/organization",
            Environments => path == "/environments/v1.2" && with_token,
            Companies => path.ends_with("/companies") && with_token,
        }
    }

    /// The profile that comes by it.
    fn profile(self, entra: &str, product: &str, ca: Option<&str>) -> String {
        let (guide, more) = match self {
            DeviceCode => ("fno-delegated", "sign_in = \"device-code\"\n"),
            Organization => ("office365", ""),
            Environments | Companies => ("business-central", ""),
            _ => ("fno-client-credentials", ""),
        };
        let d365 = match self {
            Environments | Companies => "[d365]\nenvironment = \"Production\"\n",
            DeviceCode | Organization => "",
            _ => "[d365]\nentities = [\"LegalEntities\", \"CustomersV3\"]\n",
        };
        let ca = ca.map(|path| format!("ca_certificate = \"{path}\"\n")).unwrap_or_default();
        format!(
            "version = 1\nguide = \"{guide}\"\ncloud = \"custom\"\ntenant_id = \"{TENANT}\"\nclient_id = \"{CLIENT}\"\n\
             resource_url = \"{product}\"\n{more}\n[credential]\nkind = \"secret\"\nsource = \"env\"\nenv = \"HOSTILE\"\n\n\
             {d365}\n[network]\nauthority_url = \"{entra}\"\n{ca}"
        )
    }
}

/// Everything healthy, for every product.
fn healthy(seen: &Seen) -> Answer {
    let path = seen.path.split('?').next().unwrap();
    let with_token = seen.header("authorization").is_some();
    match path {
        _ if path.ends_with("/oauth2/v2.0/token") => {
            let scope = url::form_urlencoded::parse(seen.body.as_bytes()).find(|(name, _)| name == "scope").unwrap().1;
            let claims = json!({
                "aud": scope.trim_end_matches("/.default"), "tid": TENANT, "oid": "o", "appid": CLIENT,
                "exp": 4_000_000_000_i64, "roles": ["API.ReadWrite.All", "Organization.Read.All"],
            });
            let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
            let token = format!("{}.{}.c2ln", part(&json!({ "alg": "RS256" })), part(&claims));
            Answer::json(200, &json!({ "token_type": "Bearer", "access_token": token }))
        }
        _ if path.ends_with("/.well-known/openid-configuration") => Answer::json(
            200,
            &json!({ "token_endpoint": "https://login.test/t", "authorization_endpoint": "https://login.test/a",
                     "issuer": "https://login.test/i" }),
        ),
        _ if path.ends_with("/GetUserSessionInfo") => Answer::json(
            200,
            &json!({ "UserId": "svc", "IsSysAdmin": false, "Company": "USMF", "AXLanguage": "en-us" }),
        ),
        "/environments/v1.2" | "/v1.0/" if !with_token => Answer::with(401, "", ""),
        "/environments/v1.2" => Answer::json(200, &json!({ "value": [{ "name": "Production" }] })),
        "/v1.0/organization" => Answer::json(200, &json!({ "value": [{ "id": TENANT, "displayName": "Contoso" }] })),
        _ if path.ends_with("/companies") => {
            Answer::json(200, &json!({ "value": [{ "id": "0f5e2d1c-7b6a-4c3d-9e8f-a1b2c3d4e5f6", "name": "CRONUS" }] }))
        }
        _ if path.starts_with("/data/") => Answer::json(200, &json!({ "value": [{}] })),
        _ => Answer::with(302, "Location: https://login.microsoftonline.com/x/wsfed?wtrealm=spn\r\n", ""),
    }
}

/// What is done to who asks.
#[derive(Clone, Copy)]
enum Does {
    /// Nobody listens.
    Nobody,
    /// The connection begins in this way, for whatever is asked on that side.
    Begins(fn() -> Front),
    /// TLS with a certificate: for this name, from the start of one year to the end of another, of an authority that the
    /// profile names.
    Tls(&'static str, i32, i32, bool),
    /// The endpoint answers so.
    Answers(fn() -> Answer),
    /// The endpoint sends to a third server, at which nothing may arrive.
    SendsAway(u16, &'static str),
    /// The endpoint answers so to the first request, and is well then.
    AnswersOnce(fn() -> Answer),
}
use Does::{Answers, AnswersOnce, Begins, Nobody, SendsAway, Tls};

/// What a server does, the cause that it must have, and where. An empty cause: the test passes all the same.
struct Case {
    group: &'static str,
    name: &'static str,
    does: Does,
    cause: &'static str,
    at: &'static [At],
}

const fn case(group: &'static str, name: &'static str, does: Does, cause: &'static str, at: &'static [At]) -> Case {
    Case { group, name, does, cause, at }
}

fn raw(text: &str) -> Answer {
    Answer::raw(text.as_bytes())
}

/// A start, and then a byte again and again.
fn endless(start: &str, byte: u8) -> Answer {
    Answer { bytes: start.into(), drip: Some(byte), ..Answer::default() }
}

/// Much at once, and then more of it: what is cut off by its size.
fn flood(start: &str, unit: &str) -> Answer {
    Answer {
        bytes: [start, &unit.repeat((3 << 20) / unit.len())].concat().into_bytes(),
        drip: Some(b'x'),
        ..Answer::default()
    }
}

fn never() -> Answer {
    Answer { gate: Some(Arc::new(Semaphore::new(0))), ..Answer::default() }
}

fn json_text(text: &str) -> Answer {
    Answer::with(200, "Content-Type: application/json\r\n", text)
}

/// Characters that move the cursor, clear the screen, set the title, ring, turn the direction of text, or are not seen.
const CONTROLS: &str = "\u{1b}[2J\u{1b}]0;pwned\u{7}\u{9b}31m\u{202e}dlrow\u{2066}\u{200b}\u{2028}\u{85}\u{7f}\r\n";

fn error_of_entra(text: &str) -> Answer {
    let body = json!({ "error": "invalid_client", "error_description": format!("AADSTS7000215: {text}"), "error_codes": [7_000_215] });
    Answer::json(401, &body)
}

fn endless_body() -> Answer {
    flood("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n", "[1,2],")
}

fn two_lengths() -> Answer {
    raw("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 7\r\n\r\n{}")
}

fn wait_long() -> Answer {
    Answer::with(429, "Retry-After: 3600\r\n", "")
}

fn refusal() -> Answer {
    Answer::json(403, &json!({ "error": { "code": CONTROLS, "message": CONTROLS } }))
}

fn cases() -> Vec<Case> {
    const HTML: &str = "<!doctype html><html><title>Hotel</title>Welcome. Accept the terms to go online.</html>";
    vec![
        // ---- link
        case("link", "refused", Nobody, "connect", &[Token, Environment, Organization, Companies, DeviceCode]),
        case(
            "link",
            "reset when asked",
            Begins(|| Front::Reset),
            "connect",
            &[Token, Environment, Companies, DeviceCode],
        ),
        case(
            "link",
            "hangs up when asked",
            Answers(|| raw("")),
            "connect",
            &[Token, Session, Organization, DeviceCode],
        ),
        case(
            "link",
            "never answers",
            Answers(never),
            "timeout",
            &[Token, Session, Organization, Companies, DeviceCode],
        ),
        case(
            "link",
            "slow without end",
            Answers(|| {
                endless("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n{", b' ')
            }),
            "timeout",
            &[Token, Entity, Companies],
        ),
        // ---- TLS
        case(
            "tls",
            "of an authority that nobody trusts",
            Tls("localhost", 2020, 2090, false),
            "tls-untrusted",
            &[Token, Environment],
        ),
        case("tls", "for another name", Tls("other.test", 2020, 2090, true), "tls-hostname", &[Token, Environment]),
        case("tls", "expired", Tls("localhost", 2020, 2021, true), "tls-expired", &[Token, Organization]),
        case("tls", "not yet valid", Tls("localhost", 2080, 2090, true), "tls-expired", &[Token, Companies]),
        case(
            "tls",
            "no version in common",
            Begins(|| Front::Says(b"\x15\x03\x01\x00\x02\x02\x46")),
            "tls-protocol",
            &[Token, Environment],
        ),
        case(
            "tls",
            "plain http",
            Begins(|| Front::Says(b"HTTP/1.1 400 Bad Request\r\n\r\n")),
            "tls-protocol",
            &[Token, Environment],
        ),
        case("tls", "hangs up in the handshake", Begins(|| Front::Says(b"")), "tls-protocol", &[Token, Environment]),
        // ---- framing
        case(
            "framing",
            "another protocol",
            Answers(|| raw("SSH-2.0-OpenSSH_9.2\r\n")),
            "not-the-service",
            &[Token, Session, Companies],
        ),
        case(
            "framing",
            "a status that is none",
            Answers(|| raw("HTTP/1.1 99999 \u{1b}[2J\r\n\r\n")),
            "not-the-service",
            &[Token, Organization],
        ),
        case(
            "framing",
            "shorter than it says",
            Answers(|| raw("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{")),
            "not-the-service",
            &[Token, Entity, DeviceCode],
        ),
        case("framing", "two lengths", Answers(two_lengths), "not-the-service", &[Token]),
        case(
            "framing",
            "a length below nothing",
            Answers(|| raw("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n{}")),
            "not-the-service",
            &[Session],
        ),
        case(
            "framing",
            "a chunk of no size",
            Answers(|| raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n")),
            "not-the-service",
            &[Token, Organization],
        ),
        case(
            "framing",
            "a chunk beyond all sizes",
            Answers(|| raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n")),
            "not-the-service",
            &[Session],
        ),
        case(
            "framing",
            "breaks off in a chunk",
            Answers(|| raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1000\r\n{\"a\"")),
            "not-the-service",
            &[Token, Companies],
        ),
        case(
            "framing",
            "headers without end",
            Answers(|| flood("HTTP/1.1 200 OK\r\n", "X-Filler: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n")),
            "not-the-service",
            &[Token, Environment, Companies],
        ),
        case(
            "framing",
            "one header without end",
            Answers(|| flood("HTTP/1.1 200 OK\r\nX: ", "a")),
            "not-the-service",
            &[Session],
        ),
        case(
            "framing",
            "a header with a bare line end and a NUL",
            Answers(|| raw("HTTP/1.1 200 OK\r\nX: a\0\nb\r\n\r\n")),
            "not-the-service",
            &[Token],
        ),
        // ---- size
        case(
            "size",
            "two MiB",
            Answers(|| json_text(&"a".repeat(2 << 20))),
            "not-the-service",
            &[Token, Session, Organization, Companies, DeviceCode],
        ),
        case("size", "a body without end", Answers(endless_body), "not-the-service", &[Token, Entity]),
        // Nothing packed is asked for, so what comes is not unpacked, however small.
        case(
            "size",
            "packed",
            Answers(|| {
                Answer {
            bytes: [&b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: 12\r\n\r\n"[..], b"\x1f\x8b\x08\0\0\0\0\0\0\x03\xec\xc1"].concat(),
            ..Answer::default()
        }
            }),
            "not-the-service",
            &[Token, Organization],
        ),
        // ---- body
        case(
            "body",
            "no JSON",
            Answers(|| json_text("{\"access_token\": ")),
            "not-the-service",
            &[Token, Session, Companies, DeviceCode],
        ),
        case(
            "body",
            "nested in 65 levels",
            Answers(|| json_text(&format!("{}1{}", "[".repeat(65), "]".repeat(65)))),
            "not-the-service",
            &[Token, Organization],
        ),
        case("body", "nested without end", Answers(|| json_text(&"[".repeat(1 << 20))), "not-the-service", &[Session]),
        case(
            "body",
            "other types",
            Answers(|| json_text("{\"access_token\": [1], \"value\": 7, \"UserId\": {}, \"device_code\": 1}")),
            "not-the-service",
            &[Token, Session, Organization, Companies, DeviceCode],
        ),
        case(
            "body",
            "a page with status 200",
            Answers(|| Answer::html(200, HTML)),
            "not-the-service",
            &[Token, Environment, Session, Organization, Companies, DeviceCode],
        ),
        case(
            "body",
            "a token with control characters",
            Answers(|| Answer::json(200, &json!({ "token_type": "Bearer", "access_token": format!("a{CONTROLS}") }))),
            "not-the-service",
            &[Token],
        ),
        case(
            "body",
            "a token without end",
            Answers(|| Answer::json(200, &json!({ "token_type": "Bearer", "access_token": "a".repeat(70_000) }))),
            "not-the-service",
            &[Token],
        ),
        case(
            "body",
            "an error full of control characters",
            Answers(|| error_of_entra(CONTROLS)),
            "secret-wrong",
            &[Token],
        ),
        case(
            "body",
            "an error that repeats the secret",
            Answers(|| error_of_entra(&format!("not {SECRET}"))),
            "secret-wrong",
            &[Token],
        ),
        case("body", "a refusal full of control characters", Answers(refusal), "d365-user-unusable", &[Session]),
        case("body", "a refusal full of control characters", Answers(refusal), "d365-privilege-missing", &[Entity]),
        case("body", "a refusal full of control characters", Answers(refusal), "permission-missing", &[Organization]),
        case(
            "body",
            "a refusal full of control characters",
            Answers(refusal),
            "bc-permission-set-missing",
            &[Companies],
        ),
        case(
            "body",
            "a name full of control characters",
            Answers(|| {
                Answer::json(
                    200,
                    &json!({ "UserId": CONTROLS, "value": [{ "id": TENANT, "displayName": CONTROLS, "name": CONTROLS }] }),
                )
            }),
            "",
            &[Session, Organization, Companies],
        ),
        case(
            "body",
            "a code that is none to be typed",
            Answers(|| {
                Answer::json(
                    200,
                    &json!({ "user_code": CONTROLS, "device_code": "d", "verification_uri": "https://microsoft.com/devicelogin" }),
                )
            }),
            "not-the-service",
            &[DeviceCode],
        ),
        case(
            "body",
            "a page to sign in at that is not Microsoft's",
            Answers(|| {
                Answer::json(
                    200,
                    &json!({ "user_code": "ABC", "device_code": "d", "verification_uri": "https://microsoft.com.evil.test/devicelogin" }),
                )
            }),
            "not-the-service",
            &[DeviceCode],
        ),
        // ---- throttling
        case(
            "throttling",
            "wait a second",
            AnswersOnce(|| Answer::with(429, "Retry-After: 1\r\n", "")),
            "",
            &[Token, Session, Organization, Companies],
        ),
        case(
            "throttling",
            "wait until a day that has passed",
            AnswersOnce(|| Answer::with(503, "Retry-After: Sat, 21 Nov 2020 10:00:00 GMT\r\n", "")),
            "",
            &[Token, Entity],
        ),
        case(
            "throttling",
            "wait for ever",
            Answers(|| Answer::with(429, "Retry-After: 99999999999999999999\r\n", "")),
            "throttled",
            &[Token, Companies],
        ),
        case("throttling", "wait long", Answers(wait_long), "throttled", &[Token, Session, Organization, DeviceCode]),
        case(
            "throttling",
            "wait less than nothing",
            Answers(|| Answer::with(503, "Retry-After: -5\r\n", "")),
            "service-unavailable",
            &[Token, Session],
        ),
        case(
            "throttling",
            "wait until a far day",
            Answers(|| Answer::with(503, "Retry-After: Sat, 21 Nov 2096 10:00:00 GMT\r\n", "")),
            "service-unavailable",
            &[Organization, Companies],
        ),
        // ---- Business Central's list of environments, which often may not be read: what the companies answer counts
        case("list", "a body without end", Answers(endless_body), "", &[Environments]),
        case("list", "two lengths", Answers(two_lengths), "", &[Environments]),
        case("list", "wait long", Answers(wait_long), "", &[Environments]),
        case("list", "to another host", SendsAway(302, ""), "", &[Environments]),
        case("list", "never answers", Answers(never), "", &[Environments]),
        case(
            "list",
            "other names, full of control characters",
            Answers(|| Answer::json(200, &json!({ "value": [{ "name": CONTROLS }] }))),
            "environment-not-found",
            &[Environments],
        ),
        // ---- redirect
        case(
            "redirect",
            "to another host",
            SendsAway(302, ""),
            "not-the-service",
            &[Token, Environment, Session, Organization, DeviceCode],
        ),
        case(
            "redirect",
            "to another host, with the body",
            SendsAway(307, ""),
            "not-the-service",
            &[Token, Entity, Companies],
        ),
        case("redirect", "for ever", SendsAway(308, "/again"), "not-the-service", &[Token]),
        case("redirect", "with names and passwords", SendsAway(302, "@"), "not-the-service", &[Session]),
    ]
}

/// How a run came out.
struct Ran {
    cause: String,
    code: Option<i32>,
    /// Everything that was said, by its place.
    said: Vec<(&'static str, Vec<u8>)>,
    /// The most memory that was seen, in KiB.
    memory: usize,
    /// How often the third server was called.
    elsewhere: usize,
}

/// The most memory that a process has had so far, in KiB.
#[cfg(target_os = "linux")]
fn memory_of(process: u32) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse().unwrap_or_default()
}

#[cfg(not(target_os = "linux"))]
fn memory_of(_process: u32) -> usize {
    0
}

/// A terminal to write on, and who reads it to the end: without what the program itself writes to stay on one line.
fn a_terminal() -> (File, JoinHandle<Vec<u8>>) {
    let pair = native_pty_system().openpty(PtySize::default()).unwrap();
    let mut options = File::options();
    options.read(true).write(true).custom_flags(rustix::fs::OFlags::NOCTTY.bits().cast_signed());
    let terminal = options.open(pair.master.tty_name().unwrap()).unwrap();
    let reads = std::thread::spawn(move || {
        let (mut all, mut bytes) = (Vec::new(), [0; 4096]);
        let mut reader = pair.master.try_clone_reader().unwrap();
        drop(pair.slave);
        while let Ok(count @ 1..) = reader.read(&mut bytes) {
            all.extend_from_slice(&bytes[..count]);
        }
        String::from_utf8_lossy(&all).replace("\x1b[K", "").replace('\r', "").into_bytes()
    });
    (terminal, reads)
}

/// The side that misbehaves, with the origin under which it is reached.
async fn misbehaving(does: Does, at: At, away: &Server, ca: &Ca) -> (Option<Server>, Option<TcpSocket>, String) {
    let asked = AtomicUsize::new(0);
    let to = format!("127.0.0.1:{}", away.port);
    let answer = move |seen: &Seen| {
        let first = at.is(seen) && asked.fetch_add(1, Ordering::SeqCst) == 0;
        match does {
            Answers(answer) if at.is(seen) => answer(),
            AnswersOnce(answer) if first => answer(),
            SendsAway(status, how) if at.is(seen) => {
                let to = match how {
                    "@" => format!("http://contoso.operations.dynamics.com:443@{to}/"),
                    path => format!("http://{to}{path}"),
                };
                Answer::with(status, &format!("Location: {to}\r\n"), "")
            }
            _ => healthy(seen),
        }
    };
    match does {
        Nobody => {
            // Bound, so that no other takes the port, and not listening.
            let socket = TcpSocket::new_v4().unwrap();
            socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
            let origin = format!("http://{}", socket.local_addr().unwrap());
            (None, Some(socket), origin)
        }
        Begins(front) => {
            let front = front();
            let scheme = if matches!(front, Front::Reset) { "http" } else { "https" };
            let server = Server::start(front, answer).await;
            let origin = format!("{scheme}://localhost:{}", server.port);
            (Some(server), None, origin)
        }
        Tls(name, first, last, _) => {
            let server = Server::start(Front::Tls(ca.acceptor_from(name, first, last)), answer).await;
            let origin = format!("https://localhost:{}", server.port);
            (Some(server), None, origin)
        }
        _ => {
            let server = Server::plain(answer).await;
            let origin = server.origin();
            (Some(server), None, origin)
        }
    }
}

async fn run(does: Does, at: At, output: &'static str) -> Ran {
    let (away, well, ca) = (Server::plain(healthy).await, Server::plain(healthy).await, Ca::new());
    let (hostile, _held, origin) = misbehaving(does, at, &away, &ca).await;
    let place = Place::new();
    let (ca_file, log) = (place.path().join("ca.pem"), place.path().join("log"));
    std::fs::write(&ca_file, &ca.pem).unwrap();
    let trusted = matches!(does, Tls(.., true)).then(|| ca_file.to_str().unwrap());
    let (entra, product) = if at.is_entra() { (origin, well.origin()) } else { (well.origin(), origin) };
    place.put("p", &at.profile(&entra, &product, trusted));

    let mut command = tokio::process::Command::from(place.command());
    command.env("D365_CONNECT_HOME", place.home()).env("HOSTILE", SECRET).args(["check", "p", "--timeout", "2"]);
    command.args(["-o", output, "--log-level", "trace", "--log"]).arg(&log);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    // A person is asked to sign in only where they can read it.
    let reads = (at == DeviceCode).then(|| {
        let (terminal, reads) = a_terminal();
        command.stderr(Stdio::from(terminal)).args(["--color", "never"]);
        reads
    });
    let child = command.spawn().unwrap();
    drop(command); // and with it this side's hold of the terminal
    let process = child.id().unwrap();
    let mut memory = 0;
    let mut ends = std::pin::pin!(child.wait_with_output());
    let ended = loop {
        tokio::select! {
            ended = &mut ends => break ended.unwrap(),
            () = tokio::time::sleep(Duration::from_millis(5)) => memory = memory.max(memory_of(process)),
        }
    };
    let stderr = match reads {
        None => ended.stderr,
        Some(reads) => tokio::task::spawn_blocking(|| reads.join().unwrap()).await.unwrap(),
    };
    let found: Value = serde_json::from_slice(&ended.stdout).unwrap_or_default();
    let causes = found["profiles"][0]["findings"].as_array().into_iter().flatten();
    let causes: Vec<&str> = causes.map(|finding| finding["cause"].as_str().unwrap()).collect();
    let mut said = vec![("stdout", ended.stdout.clone()), ("stderr", stderr), ("log", std::fs::read(&log).unwrap())];
    // JSON hides them behind escapes.
    said.extend(texts(&found).into_iter().map(|text| ("a text in JSON", text.into_bytes())));
    if let Some(hostile) = &hostile
        && matches!(does, Tls(..))
    {
        assert_eq!(hostile.seen().len(), 0, "nothing is sent before trust");
    }
    Ran {
        cause: causes.first().copied().unwrap_or_default().to_owned(),
        code: ended.status.code(),
        said,
        memory,
        elsewhere: away.connections(),
    }
}

/// Every text in a value.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(all) => all.iter().flat_map(texts).collect(),
        Value::Object(all) => {
            all.iter().flat_map(|(name, value)| [vec![name.clone()], texts(value)].concat()).collect()
        }
        _ => Vec::new(),
    }
}

/// What no output may hold: any control character but a line end, and what turns or hides text.
fn harmful(text: &str) -> Option<char> {
    text.chars().find(|c| {
        (c.is_control() && *c != '\n')
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    })
}

#[tokio::test]
async fn hostile_servers() {
    let begun = Instant::now();
    let slots = Arc::new(Semaphore::new(AT_ONCE));
    let mut runs = JoinSet::new();
    for case in cases() {
        for at in case.at {
            let outputs: &[&str] = if case.group == "body" { &["json", "human"] } else { &["json"] };
            for output in outputs {
                let (slots, group, name, does, cause) = (slots.clone(), case.group, case.name, case.does, case.cause);
                runs.spawn(async move {
                    let _slot = slots.acquire().await.unwrap();
                    (format!("{group}: {name}, at {at:?}"), cause, *output, run(does, *at, output).await)
                });
            }
        }
    }
    let (mut wrong, mut peak, mut count) = (Vec::new(), 0, 0);
    while let Some(ran) = runs.join_next().await {
        let (what, cause, output, ran) = ran.unwrap();
        peak = peak.max(ran.memory);
        let mut complain = |complaint: String| wrong.push(format!("{what}: {complaint}"));
        if output == "json" {
            count += 1;
            if ran.cause != cause {
                complain(format!("{:?}, not {cause:?}", ran.cause));
            }
        }
        let codes: &[i32] = if cause.is_empty() { &[0] } else { &[1, 3] };
        if !ran.code.is_some_and(|code| codes.contains(&code)) {
            complain(format!("ended with {:?}", ran.code));
        }
        if ran.elsewhere > 0 {
            complain(format!("{} connections elsewhere", ran.elsewhere));
        }
        if ran.memory > MOST_MEMORY {
            complain(format!("took {} KiB", ran.memory));
        }
        for (place, said) in ran.said {
            let text = String::from_utf8_lossy(&said);
            if let Some(c) = harmful(&text) {
                complain(format!("{c:?} in {place}"));
            }
            if text.contains("canary") {
                complain(format!("the secret in {place}"));
            }
        }
    }
    wrong.sort();
    println!("{count} cases, at most {peak} KiB, {} ms", begun.elapsed().as_millis());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count >= 80 && (peak > 0 || !cfg!(target_os = "linux")), "{count} cases, {peak} KiB");
}
