//! Whatever bytes a client sends after the handshake: the server answers or closes, and never panics.
//!
//! A session of the real code runs over a pair of sockets on this machine. The first byte of the input chooses how the rest
//! is sent: as raw bytes, or as text frames that end at zero bytes, plain or in SockJS's wrapping, after a
//! login or without one.
#![no_main]

use std::net::SocketAddr;
use std::sync::{Arc, LazyLock};

use libfuzzer_sys::fuzz_target;
use rollcall::app::Overrides;
use rollcall::realtime::{SocketServer, Timing, run, serve};
use rollcall_fuzz::{RUNTIME, app, session};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

struct Fixture {
    socket_server: Arc<SocketServer>,
    /// The message that logs a user in.
    login: String,
    /// Where the client's end of each pair connects to.
    listener: TcpListener,
    address: SocketAddr,
}

static FIXTURE: LazyLock<Fixture> = LazyLock::new(|| {
    let app = app(Overrides::default());
    RUNTIME.block_on(async {
        let token = session(&app, "ada").await;
        let socket_server = SocketServer::new(app, Timing::default());
        let running = Arc::clone(&socket_server);
        tokio::spawn(async move { run(&running).await });
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        Fixture {
            socket_server,
            address: listener.local_addr().expect("an address"),
            listener,
            login: format!(r#"{{"msg":"method","id":"l","method":"login","params":[{{"resume":"{token}"}}]}}"#),
        }
    })
});

const CONNECT: &str = r#"{"msg":"connect","version":"1","support":["1"]}"#;

fuzz_target!(|input: &[u8]| {
    let Some((how, rest)) = input.split_first() else {
        return;
    };
    let (raw, wrapped, logged_in) = (how & 1 == 0, how & 2 == 0, how & 4 == 0);
    let mut sent = Vec::new();
    if logged_in {
        let before = [CONNECT, &FIXTURE.login];
        let before = before.map(|text| {
            if wrapped {
                format!("[{text:?}]")
            } else {
                text.to_owned()
            }
        });
        sent = frames(&[&before[0], &before[1]]);
    }
    if raw {
        sent.extend_from_slice(rest);
    } else {
        let texts: Vec<_> = rest.split(|byte| *byte == 0).map(String::from_utf8_lossy).collect();
        let texts: Vec<&str> = texts.iter().map(AsRef::as_ref).collect();
        sent.extend(frames(&texts));
    }
    sent.extend(CLOSE);
    RUNTIME.block_on(exchange(&FIXTURE.socket_server, &sent, wrapped));
});

/// The frame in which a client says that it goes.
const CLOSE: [u8; 6] = [0x88, 0x80, 0, 0, 0, 0];

/// Text frames as a client sends them, under a mask that changes nothing.
fn frames(texts: &[&str]) -> Vec<u8> {
    let mut frames = Vec::new();
    for text in texts {
        frames.push(0x81);
        match u16::try_from(text.len()) {
            Ok(length @ 0..126) => frames.push(0x80 | length.to_be_bytes()[1]),
            Ok(length) => {
                frames.push(0x80 | 126);
                frames.extend(length.to_be_bytes());
            }
            Err(_) => {
                frames.push(0x80 | 127);
                frames.extend((text.len() as u64).to_be_bytes());
            }
        }
        frames.extend([0; 4]);
        frames.extend(text.as_bytes());
    }
    frames
}

/// Sends all of this, and hears what is answered until the server has ended.
async fn exchange(socket_server: &Arc<SocketServer>, sent: &[u8], wrapped: bool) {
    let client = TcpStream::connect(FIXTURE.address).await.expect("a connection");
    let (server, _) = FIXTURE.listener.accept().await.expect("the other end of it");
    let (mut from_server, mut to_server) = client.into_split();
    let socket_server = Arc::clone(socket_server);
    let session = tokio::spawn(async move { serve(&socket_server, server, wrapped).await });
    let mut answer = Vec::new();
    let write = async {
        // The server may close before it has read all of it.
        let _ = to_server.write_all(sent).await;
        let _ = to_server.shutdown().await;
    };
    let read = async {
        let _ = from_server.read_to_end(&mut answer).await;
    };
    tokio::join!(write, read);
    // No port is to wait for what may still be on its way.
    let _ = to_server.as_ref().set_zero_linger();
    session.await.expect("a session never panics");
}
