//! The loopback redirect: a small listener to which the browser brings the answer of a sign-in (safety rule 14).
//!
//! Takes one answer, with the right state, on 127.0.0.1 alone, or on [::1] where the product's own address is there. Does not know what is done with a code.

use crate::core::cloud::is_loopback;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use url::{Url, form_urlencoded};
use zeroize::Zeroizing;

/// The longest head of a request that is read. A code has some 1,500 characters, a refusal's text some more.
const MAX_HEAD: usize = 32 * 1024;
/// How long a connection may take to say what it wants: browsers open some in advance.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the browser brought.
pub(super) enum Brought {
    /// The code.
    Code(Zeroizing<String>),
    /// The sign-in service's refusal, as query text.
    Refusal(String),
}

/// A listener with the address that the browser is sent back to.
pub(super) struct Listener {
    socket: TcpListener,
    uri: String,
    path: String,
    is_own: bool,
}

impl Listener {
    /// Listens on a free port of this machine alone; with the product's own path, and port, where its reply address is on this
    /// machine. Entra compares the path of `http://localhost`, and not the port (facts 1.8).
    pub async fn open(own: Option<&str>) -> io::Result<Listener> {
        let own = own.and_then(|own| Url::parse(own).ok());
        let own = own.filter(|url| url.scheme() == "http" && url.host_str().is_some_and(is_loopback));
        let wanted = own.as_ref().and_then(Url::port).unwrap_or(0);
        let host = own.as_ref().and_then(Url::host_str).unwrap_or("localhost");
        let here: IpAddr = if host == "[::1]" { Ipv6Addr::LOCALHOST.into() } else { Ipv4Addr::LOCALHOST.into() };
        let listen = |port| TcpListener::bind(SocketAddr::from((here, port)));
        let socket = match listen(wanted).await {
            // The product itself may have it.
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && host == "localhost" => listen(0).await?,
            socket => socket?,
        };
        let port = socket.local_addr()?.port();
        // A slash at the end counts for Entra, but for the one that every address has.
        let path = own.as_ref().map(Url::path).filter(|path| *path != "/").unwrap_or_default();
        let uri = format!("http://{host}:{port}{path}");
        Ok(Listener { socket, uri, path: path.trim_end_matches('/').to_owned(), is_own: own.is_some() })
    }

    /// Whether that is the product's own address, as the profile names it.
    pub fn is_own(&self) -> bool {
        self.is_own
    }

    /// The address for the authorization request.
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// Waits for the answer. Whatever else calls is told so, and ends nothing: any page in the browser can call here.
    pub async fn wait(self, state: &str) -> Brought {
        let mut calls: JoinSet<Option<Brought>> = JoinSet::new();
        loop {
            tokio::select! {
                accepted = self.socket.accept() => {
                    if let Ok((stream, _)) = accepted {
                        let (path, state) = (self.path.clone(), state.to_owned());
                        calls.spawn(async move {
                            tokio::time::timeout(PATIENCE, answer(stream, &path, &state)).await.ok().flatten()
                        });
                    }
                }
                Some(ended) = calls.join_next() => {
                    if let Ok(Some(brought)) = ended {
                        return brought;
                    }
                }
            }
        }
    }
}

/// Reads one request, and answers it for the person at the browser.
async fn answer(mut stream: TcpStream, path: &str, state: &str) -> Option<Brought> {
    let head = head(&mut stream).await?;
    let target = target(&head)?;
    let (asked, query) = target.split_once('?').unwrap_or((target, ""));
    let is_ours = asked.trim_end_matches('/') == path;
    let value = |name: &str| {
        form_urlencoded::parse(query.as_bytes()).find(|(had, _)| had == name).map(|(_, value)| value.into_owned())
    };
    let (code, error) = (value("code").map(Zeroizing::new), value("error"));
    let is_answer = is_ours && (code.is_some() || error.is_some());
    let brought = match (code, error) {
        _ if !is_answer || value("state").as_deref() != Some(state) => None,
        // A refusal beside a code is a refusal.
        (_, Some(_)) => Some(Brought::Refusal(refusal(query))),
        (code, None) => code.map(Brought::Code),
    };
    let (status, text) = match &brought {
        Some(Brought::Code(_)) => ("200 OK", "Signed in. You can close this window and go back to the terminal."),
        Some(Brought::Refusal(_)) => {
            ("200 OK", "The sign-in did not succeed. The terminal says why; this window can be closed.")
        }
        None if is_answer => (
            "400 Bad Request",
            "This answer does not belong to the sign-in that is waited for: use the page that the terminal shows now.",
        ),
        None => ("404 Not Found", "There is nothing here."),
    };
    let page = format!(
        "<!DOCTYPE html><html lang=\"en\"><meta charset=\"utf-8\"><title>d365-connect</title><p>{text}</p></html>"
    );
    let reply = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\nCache-Control: no-store\r\n\
         Referrer-Policy: no-referrer\r\nConnection: close\r\n\r\n{page}",
        page.len()
    );
    // The browser may have gone; the answer counts all the same.
    let _ = stream.write_all(reply.as_bytes()).await;
    let _ = stream.shutdown().await;
    brought
}

/// The head of a request.
async fn head(stream: &mut TcpStream) -> Option<Zeroizing<String>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_HEAD));
    while !bytes.windows(4).any(|end| end == b"\r\n\r\n") {
        let room = MAX_HEAD - bytes.len();
        if room == 0 || stream.take(room as u64).read_buf(&mut *bytes).await.ok()? == 0 {
            return None;
        }
    }
    String::from_utf8(bytes.to_vec()).ok().map(Zeroizing::new)
}

/// What a `GET` asks for.
fn target(head: &str) -> Option<&str> {
    let mut words = head.lines().next()?.split(' ');
    match (words.next()?, words.next()?, words.next()?) {
        ("GET", target, version) if version.starts_with("HTTP/1.") && target.starts_with('/') => Some(target),
        _ => None,
    }
}

/// The refusal as text, without state or code.
fn refusal(query: &str) -> String {
    let told = ["error", "error_subcode", "error_description", "error_uri"];
    let pairs = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| told.contains(&name.as_ref()));
    pairs.map(|(name, value)| format!("{name}={value}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn get(uri: &str, rest: &str) -> String {
        let authority = uri.trim_start_matches("http://localhost:").split('/').next().unwrap();
        let mut stream = TcpStream::connect(format!("127.0.0.1:{authority}")).await.unwrap();
        let path = uri.splitn(4, '/').nth(3).map(|path| format!("/{path}")).unwrap_or_default();
        let slash = if path.is_empty() { "/" } else { "" };
        stream
            .write_all(format!("GET {path}{slash}{rest} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes())
            .await
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    #[tokio::test]
    async fn only_the_answer_with_the_right_state_counts() {
        for (own, rests, wanted) in [
            (None, vec!["favicon.ico", "", "?code=abc&state=right"], "code abc"),
            (
                None,
                vec!["?error=access_denied&error_description=AADSTS65004%3A+x&state=right"],
                "refusal error=access_denied\nerror_description=AADSTS65004: x\n",
            ),
            (None, vec!["?code=old&state=wrong", "?code=abc&state=right"], "code abc"),
            (None, vec!["?error=x&state=wrong", "?error=x", "?code=old", "?code=abc&state=right"], "code abc"),
            (None, vec!["?code=abc&error=x&state=right"], "refusal error=x\n"),
            (Some("http://localhost/signin"), vec!["/other?code=a&state=right", "?code=abc&state=right"], "code abc"),
            (Some("https://example.com/oauth"), vec!["?code=abc&state=right"], "code abc"),
        ] {
            let listener = Listener::open(own).await.unwrap();
            let uri = listener.uri().to_owned();
            assert!(uri.starts_with("http://localhost:"), "{uri}");
            let browse = async {
                for rest in &rests {
                    get(&uri, rest).await;
                }
            };
            let (brought, ()) = tokio::join!(listener.wait("right"), browse);
            let told = match brought {
                Brought::Code(code) => format!("code {}", *code),
                Brought::Refusal(text) => format!("refusal {text}"),
            };
            assert_eq!(told, wanted, "{own:?}");
        }
    }

    #[tokio::test]
    async fn an_address_of_the_other_protocol_is_listened_on_or_refused_at_once() {
        match Listener::open(Some("http://[::1]/signin")).await {
            Ok(listener) => {
                assert!(listener.uri().starts_with("http://[::1]:"), "{}", listener.uri());
                assert!(listener.socket.local_addr().unwrap().is_ipv6());
            }
            // Where this machine has no such address.
            Err(error) => assert_ne!(error.kind(), io::ErrorKind::AddrInUse, "{error}"),
        }
    }

    #[tokio::test]
    async fn the_products_own_address_is_used_as_it_stands() {
        for (own, uri) in [
            ("http://localhost/signin", "/signin"),
            ("http://localhost/signin/", "/signin/"),
            ("http://localhost/", ""),
            ("http://localhost", ""),
        ] {
            let listener = Listener::open(Some(own)).await.unwrap();
            assert_eq!(listener.uri().splitn(4, '/').nth(3).map(|path| format!("/{path}")).unwrap_or_default(), uri);
            assert!(listener.is_own());
            let (uri, wait) = (listener.uri().to_owned(), listener.wait("s"));
            let (brought, _page) = tokio::join!(wait, get(&uri, "?code=abc&state=s"));
            assert!(matches!(brought, Brought::Code(code) if *code == "abc"), "{own}");
        }
        // Entra does not compare the port: a taken one is no reason to give up.
        let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = taken.local_addr().unwrap().port();
        let listener = Listener::open(Some(&format!("http://localhost:{port}/signin"))).await.unwrap();
        assert!(!listener.uri().contains(&format!(":{port}/")) && listener.uri().ends_with("/signin"));
        let refused = Listener::open(Some(&format!("http://127.0.0.1:{port}/signin"))).await;
        assert_eq!(refused.err().map(|error| error.kind()), Some(io::ErrorKind::AddrInUse));
        assert!(!Listener::open(None).await.unwrap().is_own());
    }

    #[tokio::test]
    async fn a_connection_that_says_nothing_or_too_much_is_in_nobodys_way() {
        let listener = Listener::open(None).await.unwrap();
        let uri = listener.uri().to_owned();
        let port = uri.rsplit(':').next().unwrap().to_owned();
        let browse = async {
            let _silent = TcpStream::connect(format!("127.0.0.1:{port}")).await.unwrap();
            let mut flood = TcpStream::connect(format!("127.0.0.1:{port}")).await.unwrap();
            let _ = flood.write_all(&vec![b'a'; MAX_HEAD + 1]).await;
            get(&uri, "?code=abc&state=s").await
        };
        let (brought, page) = tokio::join!(listener.wait("s"), browse);
        assert!(matches!(brought, Brought::Code(code) if *code == "abc"));
        assert!(page.starts_with("HTTP/1.1 200") && !page.contains("abc"), "{page}");
    }
}
