//! Any request: it is answered below 500 or the connection is closed, and no code panics.
//!
//! The first byte of an input chooses the form of the rest: 0 the bytes of a connection, and otherwise the place of an
//! endpoint in the table. The second byte chooses the type of the body and the caller; the query ends at a zero byte, and
//! the body follows.
#![no_main]

use std::future::pending;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex};
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use rollcall::admin_socket::{self, Command};
use rollcall::app::{Clock, Overrides};
use rollcall::auth::password::Passwords;
use rollcall::domain::{SettingId, SettingValue};
use rollcall::http::{Limits, routes};
use rollcall::observe::LogMeter;
use rollcall::realtime::Timing;
use rollcall::server::{Options, Server};
use rollcall_fuzz::{PASSWORD, RUNTIME, folder};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

static SERVER: LazyLock<Started> = LazyLock::new(|| RUNTIME.block_on(start()));

struct Started {
    address: SocketAddr,
    data_dir: PathBuf,
}

/// The headers of a logged-in caller.
static CALLER: Mutex<Option<String>> = Mutex::new(None);

/// The time for the answer to a whole request. The fuzzer reports a longer one.
const ANSWER_TIME: Duration = Duration::from_secs(60);

/// The time for the answer to bytes that may be no whole request.
const REST: Duration = Duration::from_millis(20);

const MEDIA_TYPES: [&str; 4] = [
    "application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=b",
    "text/plain",
];

fuzz_target!(|input: &[u8]| {
    // It is started here, because it cannot be started within the runtime.
    LazyLock::force(&SERVER);
    let (answer, has_token) = match input {
        [0, bytes @ ..] => (RUNTIME.block_on(exchange(bytes, REST)), false),
        [endpoint, choice, rest @ ..] => call(*endpoint, *choice, rest),
        _ => return,
    };
    let Some(status) = answer
        .strip_prefix(b"HTTP/1.1 ")
        .and_then(|rest| rest.first_chunk::<3>())
    else {
        return;
    };
    assert!(
        status[0] < b'5' || status == b"503",
        "{}",
        String::from_utf8_lossy(&answer)
    );
    if has_token && status == b"401" {
        // The token was removed by an earlier input.
        *CALLER.lock().expect("one thread runs the inputs") = None;
    }
});

fn call(endpoint: u8, choice: u8, rest: &[u8]) -> (Vec<u8>, bool) {
    let all = routes::all();
    let route = &all[usize::from(endpoint - 1) % all.len()];
    let end = rest.iter().position(|byte| *byte == 0).unwrap_or(rest.len());
    let (query, body) = rest.split_at(end);
    let body = body.get(1..).unwrap_or_default();
    let query: String = query.iter().map(|byte| format!("%{byte:02x}")).collect();
    let query = query.replace("%3d", "=").replace("%26", "&");
    let has_token = choice & 4 == 0;
    let caller = if has_token { caller() } else { String::new() };
    let head = format!(
        "{} /api/v1/{}?{query} HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-type: {}\r\ncontent-length: {}\r\n{caller}\r\n",
        route.method,
        route.endpoint,
        MEDIA_TYPES[usize::from(choice & 3)],
        body.len(),
    );
    (
        RUNTIME.block_on(exchange(&[head.as_bytes(), body].concat(), ANSWER_TIME)),
        has_token,
    )
}

/// Returns the headers of a logged-in caller. Logs in first if there is no valid token.
fn caller() -> String {
    let mut caller = CALLER.lock().expect("one thread runs the inputs");
    caller.get_or_insert_with(|| RUNTIME.block_on(log_in())).clone()
}

async fn start() -> Started {
    let data_dir = folder().keep().join("data");
    let mut fixed = Overrides::default();
    let unlimited = (SettingValue::Flag(false), "the fuzzer".into());
    fixed.settings.insert(SettingId::RateLimiterEnabled, unlimited);
    let options = Options {
        listen: vec!["127.0.0.1:0".parse().expect("an address")],
        inherited: Vec::new(),
        metrics_listen: Vec::new(),
        log: LogMeter::default(),
        tls: None,
        redirect: Vec::new(),
        data_dir: data_dir.clone(),
        fixed,
        limits: Limits::default(),
        timing: Timing::default(),
        passwords: Passwords::default(),
        administrator: None,
        clock: Clock::system(),
    };
    let server = Server::start(options).await.expect("the server starts");
    let mut addresses = server.addresses().into_iter();
    let address = addresses.find_map(|(address, _)| address.tcp()).expect("an address");
    tokio::spawn(server.run(pending()));
    Started { address, data_dir }
}

/// Creates an administrator, logs in, and returns the headers of its token. The one before may be deleted or renamed.
async fn log_in() -> String {
    static CREATED: AtomicUsize = AtomicUsize::new(0);
    let username = format!("administrator{}", CREATED.fetch_add(1, Ordering::Relaxed));
    let create = Command::CreateUser {
        username: username.clone(),
        email: None,
        name: None,
        password: PASSWORD.into(),
        roles: vec!["admin".into()],
    };
    let created = admin_socket::run(&SERVER.data_dir, Overrides::default(), create).await;
    created.expect("the administrator is created");
    let body = json!({"user": username, "password": PASSWORD}).to_string();
    let head = format!(
        "POST /api/v1/login HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len(),
    );
    let answer = exchange(&[head, body].concat().into_bytes(), ANSWER_TIME).await;
    let json = answer.split(|byte| *byte == b'\n').next_back().unwrap_or_default();
    let json: Value = serde_json::from_slice(json).expect("an answer in JSON");
    let text = |name: &str| json["data"][name].as_str().expect("the login succeeds").to_owned();
    format!(
        "x-auth-token: {}\r\nx-user-id: {}\r\n",
        text("authToken"),
        text("userId")
    )
}

/// Sends these bytes, and returns what is answered before the server closes the connection, or within this time. The
/// sending side stays open: a server ends a request whose client has closed it.
async fn exchange(bytes: &[u8], time: Duration) -> Vec<u8> {
    let mut stream = TcpStream::connect(SERVER.address).await.expect("a connection");
    let (mut reading, mut writing) = stream.split();
    let mut answer = Vec::new();
    let write = async {
        // The server may close before it has read all of it.
        let _ = writing.write_all(bytes).await;
    };
    let read = async {
        let _ = timeout(time, reading.read_to_end(&mut answer)).await;
    };
    tokio::join!(write, read);
    // No port is to wait for what may still be on its way.
    let _ = stream.set_zero_linger();
    answer
}
