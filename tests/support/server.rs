//! A hostile HTTP server on loopback for tests: says any bytes, waits, cuts, and notes what it was asked.
//!
//! Knows HTTP/1.1 requests and TLS. Does not know what Entra or Finance & Operations would answer.

use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

/// One request, as it came.
#[derive(Debug, Clone)]
pub struct Seen {
    pub method: String,
    /// With the query.
    pub path: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Seen {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(had, _)| had == name).map(|(_, value)| value.as_str())
    }
}

/// What to say to a request.
#[derive(Default)]
pub struct Answer {
    /// Waits for a permit of this gate first, which is not given back.
    pub gate: Option<Arc<Semaphore>>,
    pub bytes: Vec<u8>,
    /// Hangs up after the bytes, without having said so.
    pub cut: bool,
    /// Says this byte again and again after the bytes, slowly, for ever.
    pub drip: Option<u8>,
}

impl Answer {
    /// A whole answer with headers, each ending in a line end.
    pub fn with(status: u16, headers: &str, body: &str) -> Answer {
        let head = format!("HTTP/1.1 {status} X\r\n{headers}Content-Length: {}\r\n\r\n", body.len());
        Answer { bytes: [head.as_bytes(), body.as_bytes()].concat(), ..Answer::default() }
    }

    pub fn json(status: u16, body: &serde_json::Value) -> Answer {
        Answer::with(status, "Content-Type: application/json; charset=utf-8\r\n", &body.to_string())
    }

    pub fn html(status: u16, body: &str) -> Answer {
        Answer::with(status, "Content-Type: text/html\r\n", body)
    }

    /// These bytes, and no more.
    pub fn raw(bytes: &[u8]) -> Answer {
        Answer { bytes: bytes.to_vec(), cut: true, ..Answer::default() }
    }

    /// The same, when the gate lets it.
    pub fn behind(self, gate: &Arc<Semaphore>) -> Answer {
        Answer { gate: Some(gate.clone()), ..self }
    }
}

/// How connections begin.
#[derive(Clone)]
pub enum Front {
    Plain,
    Tls(TlsAcceptor),
    /// Says yes to a CONNECT, then speaks TLS itself: a proxy and the service behind it.
    Tunnel(TlsAcceptor),
    /// Resets every connection once the request is there.
    Reset,
    /// Says this to the first bytes, whatever they are, and hangs up.
    Says(&'static [u8]),
}

/// A running server; stops when dropped.
pub struct Server {
    pub port: u16,
    seen: Arc<Mutex<Vec<Seen>>>,
    connections: Arc<AtomicUsize>,
    hung_up: Arc<Semaphore>,
    task: JoinHandle<()>,
}

type Handler = Arc<dyn Fn(&Seen) -> Answer + Send + Sync>;

impl Server {
    pub async fn start(front: Front, handler: impl Fn(&Seen) -> Answer + Send + Sync + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (seen, connections) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicUsize::new(0)));
        let hung_up = Arc::new(Semaphore::new(0));
        let (notes, count, gone, handler) =
            (seen.clone(), connections.clone(), hung_up.clone(), Arc::new(handler) as Handler);
        let task = tokio::spawn(async move {
            let mut all = JoinSet::new(); // aborts its tasks when dropped
            while let Ok((stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                let (front, handler, notes, gone) = (front.clone(), handler.clone(), notes.clone(), gone.clone());
                all.spawn(async move { connection(stream, front, &handler, &notes, &gone).await });
            }
        });
        Server { port, seen, connections, hung_up, task }
    }

    pub async fn plain(handler: impl Fn(&Seen) -> Answer + Send + Sync + 'static) -> Server {
        Server::start(Front::Plain, handler).await
    }

    /// Its origin over plain http.
    pub fn origin(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// The requests whose path contains this.
    pub fn asked(&self, part: &str) -> Vec<Seen> {
        self.seen().into_iter().filter(|seen| seen.path.contains(part)).collect()
    }

    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// Waits until a client hung up while its answer was held back.
    pub async fn hung_up(&self) {
        self.hung_up.acquire().await.unwrap().forget();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn connection(
    mut stream: TcpStream,
    front: Front,
    handler: &Handler,
    notes: &Mutex<Vec<Seen>>,
    gone: &Semaphore,
) {
    match front {
        Front::Plain => serve(stream, handler, notes, gone).await,
        Front::Reset => {
            // Closing with unread bytes makes the kernel send a reset.
            let _ = stream.readable().await;
        }
        Front::Says(bytes) => {
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(bytes).await;
            let _ = stream.shutdown().await;
        }
        Front::Tls(acceptor) => {
            if let Ok(stream) = acceptor.accept(stream).await {
                serve(stream, handler, notes, gone).await;
            }
        }
        Front::Tunnel(acceptor) => {
            if let Some(connect) = read_request(&mut stream).await {
                notes.lock().unwrap().push(connect);
                stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await.unwrap();
                if let Ok(stream) = acceptor.accept(stream).await {
                    serve(stream, handler, notes, gone).await;
                }
            }
        }
    }
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    handler: &Handler,
    notes: &Mutex<Vec<Seen>>,
    gone: &Semaphore,
) {
    while let Some(seen) = read_request(&mut stream).await {
        notes.lock().unwrap().push(seen.clone());
        let answer = handler(&seen);
        if let Some(gate) = &answer.gate {
            let mut byte = [0];
            tokio::select! {
                permit = gate.acquire() => permit.unwrap().forget(),
                _ = stream.read(&mut byte) => {
                    gone.add_permits(1);
                    return;
                }
            }
        }
        if stream.write_all(&answer.bytes).await.is_err() || stream.flush().await.is_err() {
            return;
        }
        while let Some(byte) = answer.drip {
            if stream.write_all(&[byte]).await.is_err() || stream.flush().await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        if answer.cut {
            let _ = stream.shutdown().await;
            return;
        }
    }
}

async fn read_request<S: AsyncRead + Unpin>(stream: &mut S) -> Option<Seen> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let mut lines = head.lines();
    let mut first = lines.next()?.split(' ');
    let (method, path) = (first.next()?.to_owned(), first.next()?.to_owned());
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let mut seen = Seen { method, path, headers, body: String::new() };
    let length = seen.header("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = bytes.split_off(end + 4);
    while body.len() < length {
        if stream.read_buf(&mut body).await.ok()? == 0 {
            return None;
        }
    }
    seen.body = String::from_utf8(body).unwrap();
    Some(seen)
}

/// A certification authority that nobody trusts by itself.
pub struct Ca {
    params: rcgen::CertificateParams,
    key: rcgen::KeyPair,
    pub pem: String,
}

impl Ca {
    pub fn new() -> Ca {
        let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        params.distinguished_name.push(rcgen::DnType::CommonName, "test authority");
        let key = rcgen::KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Ca { params, key, pem }
    }

    /// A server's side of TLS with a certificate of this authority: for this name, until the end of this year.
    pub fn acceptor(&self, name: &str, last_year: i32) -> TlsAcceptor {
        self.acceptor_from(name, 2020, last_year)
    }

    /// The same, from the start of a year.
    pub fn acceptor_from(&self, name: &str, first_year: i32, last_year: i32) -> TlsAcceptor {
        let mut params = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.not_before = rcgen::date_time_ymd(first_year, 1, 1);
        params.not_after = rcgen::date_time_ymd(last_year, 12, 31);
        let key = rcgen::KeyPair::generate().unwrap();
        let issuer = rcgen::Issuer::from_params(&self.params, &self.key);
        let certificate = params.signed_by(&key, &issuer).unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        TlsAcceptor::from(Arc::new(config))
    }
}
