//! WebSocket (RFC 6455) with little overhead, as far as the bench's client needs it: one handshake, short text
//! frames, ping and close.

use crate::Outcome;

/// The handshake. Its key is the RFC's example, since there is no proxy between client and server.
pub const HANDSHAKE: &[u8] = b"GET /websocket HTTP/1.1\r\n\
    Host: bench\r\n\
    Upgrade: websocket\r\n\
    Connection: Upgrade\r\n\
    Sec-WebSocket-Version: 13\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// Maximum bytes of the head of the response to the handshake.
const HEAD_BYTES: usize = 4096;

/// The bit of a final frame, in the first byte.
const WHOLE: u8 = 0x80;

const TEXT: u8 = 0x1;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;
const PONG: u8 = 0xA;

/// The bit of a masked frame, in the second byte.
const MASKED: u8 = 0x80;

/// The length that means that two bytes with the length follow.
const SHORT: u8 = 126;

/// The length that means that eight bytes with the length follow.
const LONG: u8 = 127;

/// A frame sent by the server.
#[derive(Debug, Clone, Copy)]
pub enum Frame<'bytes> {
    Text(&'bytes [u8]),
    /// A ping, with the payload to send back.
    Ping(&'bytes [u8]),
    /// A close frame, with its code if it has one.
    Close(Option<u16>),
}

/// Returns the end of the response to the handshake; `None` while it is not complete.
///
/// # Errors
/// The first line of the response if it is not a WebSocket handshake.
pub fn accepted(bytes: &[u8]) -> Outcome<Option<usize>> {
    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
        if bytes.len() > HEAD_BYTES {
            return Err("an answer to a handshake without an end".into());
        }
        return Ok(None);
    };
    if !bytes.starts_with(b"HTTP/1.1 101 ") {
        let line = bytes.split(|byte| *byte == b'\r').next().unwrap_or_default();
        return Err(format!("a handshake is answered {}", String::from_utf8_lossy(line)).into());
    }
    Ok(Some(end + 4))
}

/// Returns the first frame in these bytes and its length; `None` while it is not complete.
///
/// # Errors
/// An error for a frame that Rollcall never sends.
pub fn first(bytes: &[u8]) -> Outcome<Option<(Frame<'_>, usize)>> {
    let [head, length, ..] = *bytes else {
        return Ok(None);
    };
    let (start, length) = match length {
        SHORT => match bytes.get(2..4).and_then(|two| two.try_into().ok()) {
            Some(two) => (4_usize, usize::from(u16::from_be_bytes(two))),
            None => return Ok(None),
        },
        LONG => match bytes.get(2..10).and_then(|eight| eight.try_into().ok()) {
            Some(eight) => (10, usize::try_from(u64::from_be_bytes(eight))?),
            None => return Ok(None),
        },
        length if length & MASKED == 0 => (2, usize::from(length)),
        _ => return Err("a masked frame of a server".into()),
    };
    let end = start.checked_add(length).ok_or("a frame without an end")?;
    let Some(payload) = bytes.get(start..end) else {
        return Ok(None);
    };
    let code = || payload.get(..2).and_then(|code| code.try_into().ok());
    let frame = match head ^ WHOLE {
        TEXT => Frame::Text(payload),
        PING => Frame::Ping(payload),
        CLOSE => Frame::Close(code().map(u16::from_be_bytes)),
        _ => return Err(format!("a frame that begins with {head:#x}").into()),
    };
    Ok(Some((frame, end)))
}

/// Adds a text message to the bytes to send.
pub fn put_text(bytes: &mut Vec<u8>, text: &str) -> Outcome {
    put(bytes, TEXT, text.as_bytes())
}

/// Returns the answer to a ping.
pub fn pong(payload: &[u8]) -> Outcome<Vec<u8>> {
    let mut bytes = Vec::new();
    put(&mut bytes, PONG, payload)?;
    Ok(bytes)
}

/// Returns the answer to a close frame.
pub fn close(code: Option<u16>) -> Outcome<Vec<u8>> {
    let mut bytes = Vec::new();
    let code = code.map(u16::to_be_bytes);
    put(&mut bytes, CLOSE, code.as_ref().map_or(&[], |code| &code[..]))?;
    Ok(bytes)
}

/// Adds a frame with a mask of zero, which needs no computation.
fn put(bytes: &mut Vec<u8>, kind: u8, payload: &[u8]) -> Outcome {
    bytes.push(WHOLE | kind);
    match u8::try_from(payload.len()) {
        Ok(length) if length < SHORT => bytes.push(MASKED | length),
        _ => {
            bytes.push(MASKED | SHORT);
            bytes.extend(u16::try_from(payload.len())?.to_be_bytes());
        }
    }
    bytes.extend([0; 4]);
    bytes.extend(payload);
    Ok(())
}
