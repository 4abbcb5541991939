//! Request bodies: read up to a limit and a deadline, then parsed once.

use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use futures_util::{Stream, StreamExt};
use serde_json::{Map, Value};
use warp::http::HeaderMap;
use warp::http::header::CONTENT_TYPE;

use super::fields::Fields;
use super::limits::Limits;
use crate::domain::Fault;

/// How often the limit is read and thrown away, so that a client which sends first and reads after
/// gets its answer instead of a broken connection.
const DISCARDED: usize = 16;

/// A body that has arrived whole.
pub(super) struct Body {
    bytes: Bytes,
    content_type: Option<String>,
}

impl Body {
    /// Reads a body to its end.
    pub async fn read<S, B>(stream: S, headers: &HeaderMap, limits: &Limits) -> Result<Self, Fault>
    where
        S: Stream<Item = Result<B, warp::Error>>,
        B: Buf,
    {
        let slow = |_| Fault::BodyTooSlow {
            seconds: limits.body_time.as_secs(),
        };
        let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        Ok(Self {
            bytes: within(limits.body_time, collect(stream, limits.body_bytes))
                .await
                .map_err(slow)??,
            content_type: content_type.map(str::to_owned),
        })
    }

    /// Its bytes.
    pub const fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// What it says that it is.
    pub fn content_type(&self) -> &str {
        self.content_type.as_deref().unwrap_or("application/json")
    }

    /// The fields of a JSON object or of a form; none where the body is empty.
    pub fn fields(&self) -> Result<Fields, Fault> {
        if self.bytes.iter().all(u8::is_ascii_whitespace) {
            return Ok(Fields::default());
        }
        let essence = self.content_type().split(';').next().unwrap_or_default().trim();
        match essence.to_ascii_lowercase().as_str() {
            "application/json" => self.object().map(Fields::new),
            "application/x-www-form-urlencoded" => Ok(Fields::of_pairs(&self.bytes)),
            _ => Err(malformed(format!(
                "the body must be application/json or application/x-www-form-urlencoded, not {essence}"
            ))),
        }
    }

    fn object(&self) -> Result<Map<String, Value>, Fault> {
        match serde_json::from_slice(&self.bytes) {
            Ok(Value::Object(fields)) => Ok(fields),
            Ok(_) => Err(malformed("the body must be a JSON object".into())),
            Err(error) => Err(malformed(format!("the body is not valid JSON: {error}"))),
        }
    }
}

fn malformed(reason: String) -> Fault {
    Fault::InvalidParams { reason, field: None }
}

async fn within<T>(time: Duration, work: impl Future<Output = T>) -> Result<T, tokio::time::error::Elapsed> {
    tokio::time::timeout(time, work).await
}

async fn collect<S, B>(stream: S, limit: usize) -> Result<Bytes, Fault>
where
    S: Stream<Item = Result<B, warp::Error>>,
    B: Buf,
{
    let mut stream = std::pin::pin!(stream);
    let mut bytes = BytesMut::new();
    let mut length = 0;
    while let Some(part) = stream.next().await {
        let part = part.map_err(|_| Fault::BodyBroken)?;
        length += part.remaining();
        if length > limit.saturating_mul(DISCARDED) {
            break;
        }
        if length <= limit {
            let mut part = part;
            while part.has_remaining() {
                let chunk = part.chunk();
                bytes.extend_from_slice(chunk);
                let taken = chunk.len();
                part.advance(taken);
            }
        }
    }
    if length > limit {
        return Err(Fault::BodyTooLarge { limit });
    }
    Ok(bytes.freeze())
}
