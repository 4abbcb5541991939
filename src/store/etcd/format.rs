//! The stored number of the format, and the check of a process that joins.
//!
//! All processes write the format of the store, also those that know a newer one. It is raised by a command, when no process
//! of an older version is left.

use etcd_client::{Compare, CompareOp, Txn, TxnOp, TxnOpResponse};

use super::cluster::Cluster;
use super::failure::ClusterFailure;
use crate::store::format::Format;

/// The reason why a process cannot join.
#[derive(Debug, thiserror::Error)]
pub(super) enum JoinError {
    #[error(transparent)]
    ClusterFailure(#[from] ClusterFailure),
    /// A newer version of Rollcall wrote the store.
    #[error("its store has format {0}, and this rollcall knows none after {newest}: run a newer version", newest = Format::NEWEST.number())]
    Newer(String),
    /// The store was last raised by a version that is too old.
    #[error("its store has format {0}, and this rollcall writes none before {oldest}: run the version between, and `rollcall upgrade` with it", oldest = Format::OLDEST.number())]
    TooOld(u32),
    /// The format was raised while the process joined.
    #[error("its format has just been raised: try again")]
    Raised,
    /// A store or backup is being copied into it.
    #[error("a copy into it is not finished: run the same `rollcall migrate` or `rollcall restore` again")]
    Unfinished,
    #[error("the system gave no random number: {0}")]
    Random(getrandom::Error),
}

/// Returns the stored form of a format.
pub(super) fn stored(format: Format) -> String {
    format.number().to_string()
}

/// Returns the format with this stored form.
///
/// # Errors
/// [`JoinError::Newer`] and [`JoinError::TooOld`].
pub(super) fn parse(stored: &[u8]) -> Result<Format, JoinError> {
    let number = std::str::from_utf8(stored).ok().and_then(|text| text.parse().ok());
    match number {
        Some(number) if number < Format::OLDEST.number() => Err(JoinError::TooOld(number)),
        number => {
            let known = number.and_then(Format::from_repr);
            known.ok_or_else(|| JoinError::Newer(String::from_utf8_lossy(stored).into_owned()))
        }
    }
}

/// Returns the format of the store, which a new one gets.
pub(super) async fn check(cluster: &Cluster) -> Result<Format, JoinError> {
    let (key, copying) = (cluster.keys.format(), cluster.keys.copying());
    let absent = [&key, &copying].map(|key| Compare::create_revision(key.clone(), CompareOp::Equal, 0));
    let put = TxnOp::put(key.clone(), stored(Format::NEWEST), None);
    let begin = Txn::new().when(absent).and_then([put]).or_else([TxnOp::get(key, None)]);
    let answer = cluster.repeat(begin).await?;
    match answer.op_responses().into_iter().next() {
        Some(TxnOpResponse::Get(found)) => match found.kvs().first() {
            Some(found) => parse(found.value()),
            None => Err(JoinError::Unfinished),
        },
        _ => Ok(Format::NEWEST),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_formats_that_this_version_writes_are_accepted() {
        for format in [Format::One, Format::Two] {
            assert_eq!(parse(stored(format).as_bytes()).ok(), Some(format));
        }
        for (stored, words) in [
            ("0", "run the version between"),
            ("3", "run a newer version"),
            ("", "run a newer version"),
            ("-1", "run a newer version"),
            ("4294967296", "run a newer version"),
        ] {
            let refusal = parse(stored.as_bytes()).expect_err("no format").to_string();
            assert!(refusal.contains(words), "{stored}: {refusal}");
        }
    }
}
