//! The floor of a change that all sockets receive: a server that writes the same frame to all its sockets, from one
//! thread for each core, and does nothing else for it.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;

use crate::socket_driver::{MARK, number};
use crate::{Outcome, print};

const ACCEPTED: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
const LOGGED_IN: &str = r#"{"msg":"result","id":"1"}"#;
const SUBSCRIBED: &str = r#"{"msg":"ready","subs":["2"]}"#;

/// The sockets that have subscribed.
type Subscribers = Arc<Mutex<Vec<Arc<TcpStream>>>>;

/// Serves for ever.
pub fn serve() -> Outcome {
    Runtime::new()?.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        print(&format!("listening on http://{}", listener.local_addr()?));
        let subscribers = Subscribers::default();
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            tokio::spawn(answer(stream, Arc::clone(&subscribers)));
        }
    })
}

/// Answers what the driver sends on one connection. Its frames have a mask of zero, and each of its messages comes in
/// one piece.
async fn answer(mut stream: TcpStream, subscribers: Subscribers) -> Outcome {
    let request = read(&stream).await?;
    if request.starts_with(b"GET /websocket ") {
        stream.write_all(ACCEPTED).await?;
        return subscribe(Arc::new(stream), &subscribers).await;
    }
    let mut request = request;
    loop {
        if let Some(number) = number(&request) {
            let told = Arc::clone(&subscribers);
            tokio::task::spawn_blocking(move || tell(&told, &change(number))).await??;
        }
        stream.write_all(ANSWER).await?;
        request = read(&stream).await?;
    }
}

async fn subscribe(stream: Arc<TcpStream>, subscribers: &Subscribers) -> Outcome {
    loop {
        let message = read(&stream).await?;
        let has = |part: &[u8]| message.windows(part.len()).any(|window| window == part);
        if has(br#""method":"login""#) {
            stream.try_write(&frame(LOGGED_IN)?)?;
        }
        if has(br#""msg":"sub""#) {
            stream.try_write(&frame(SUBSCRIBED)?)?;
            let mut subscribers = subscribers.lock().unwrap_or_else(PoisonError::into_inner);
            subscribers.push(Arc::clone(&stream));
        }
    }
}

async fn read(stream: &TcpStream) -> Outcome<Vec<u8>> {
    let mut bytes = Vec::with_capacity(1024);
    loop {
        stream.readable().await?;
        match stream.try_read_buf(&mut bytes) {
            Ok(0) => return Err("the driver ended the connection".into()),
            Ok(_) => return Ok(bytes),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Returns the message of a change, as long as that of the real server.
fn change(number: u64) -> String {
    let mark = char::from(MARK);
    format!(
        r#"{{"msg":"changed","collection":"stream-notify-logged","id":"id","fields":{{"eventName":"user-status","args":[["aSoTkHtjdtyKBAR8h","admin",3,"change {mark}{number}"]]}}}}"#
    )
}

/// Writes a message to all sockets.
fn tell(subscribers: &Subscribers, message: &str) -> Outcome {
    let frame = frame(message)?;
    let subscribers = subscribers.lock().unwrap_or_else(PoisonError::into_inner);
    let parts = thread::available_parallelism()?.get();
    thread::scope(|scope| {
        let part = subscribers.len().div_ceil(parts).max(1);
        let told = subscribers.chunks(part).map(|part| {
            let frame = &frame;
            scope.spawn(move || part.iter().try_for_each(|stream| stream.try_write(frame).map(drop)))
        });
        for told in told.collect::<Vec<_>>() {
            told.join().map_err(|_| "a thread of the broadcast panicked")??;
        }
        Ok(())
    })
}

/// Returns a message as a frame of a server, which has no mask.
fn frame(text: &str) -> Outcome<Vec<u8>> {
    const SHORT: usize = 126;
    let mut bytes = vec![0x81];
    match text.len() {
        length @ ..SHORT => bytes.push(u8::try_from(length)?),
        length => {
            bytes.push(126);
            bytes.extend(u16::try_from(length)?.to_be_bytes());
        }
    }
    bytes.extend_from_slice(text.as_bytes());
    Ok(bytes)
}
