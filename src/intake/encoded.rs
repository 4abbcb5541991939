//! Percent-encoded text of queries, forms and paths, decoded without loss.
//!
//! Bytes that are not UTF-8 are refused. Replaced by U+FFFD, two different passwords could become one.

use percent_encoding::percent_decode;

use crate::domain::RequestError;

/// The error for bytes that are not UTF-8.
pub(crate) const NOT_UTF8: &str = "must be text in UTF-8";

/// Returns the names and values of a query or a form (`application/x-www-form-urlencoded`), in their order.
///
/// # Errors
/// [`RequestError::InvalidParams`] for a name or a value that is not UTF-8.
pub(crate) fn pairs(encoded: &[u8]) -> Result<Vec<(String, String)>, RequestError> {
    let mut pairs = Vec::new();
    for pair in encoded.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
        let mut halves = pair.splitn(2, |byte| *byte == b'=');
        let (name, value) = (halves.next().unwrap_or_default(), halves.next().unwrap_or_default());
        let name = decoded(&with_spaces(name)).ok_or_else(|| RequestError::InvalidParams {
            reason: format!("the name of each field {NOT_UTF8}"),
            field: None,
        })?;
        let value = decoded(&with_spaces(value)).ok_or_else(|| RequestError::invalid(NOT_UTF8, &name))?;
        pairs.push((name, value));
    }
    Ok(pairs)
}

/// Decodes a part of a path. `name` is the endpoint's name for the part, used in the error.
///
/// # Errors
/// [`RequestError::InvalidParams`] for bytes that are not UTF-8.
pub(crate) fn part(encoded: &str, name: &str) -> Result<String, RequestError> {
    decoded(encoded.as_bytes()).ok_or_else(|| RequestError::invalid(NOT_UTF8, name))
}

/// Replaces `+` with a space, as queries and forms encode it.
fn with_spaces(encoded: &[u8]) -> Vec<u8> {
    let space = |byte: &u8| if *byte == b'+' { b' ' } else { *byte };
    encoded.iter().map(space).collect()
}

fn decoded(encoded: &[u8]) -> Option<String> {
    String::from_utf8(percent_decode(encoded).collect()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_decoded_in_their_order() {
        let decoded = pairs(b"a=1+2&b=%C3%A5%2B&&c&d=x=y&=z&e=100%").expect("pairs");
        let decoded: Vec<_> = decoded
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        assert_eq!(
            decoded,
            [
                ("a", "1 2"),
                ("b", "å+"),
                ("c", ""),
                ("d", "x=y"),
                ("", "z"),
                ("e", "100%")
            ]
        );
    }

    #[test]
    fn bytes_that_are_not_utf8_are_refused_and_the_field_named() {
        for encoded in [b"pass=%FF".as_slice(), b"pass=\xc3", b"pass=%ED%A0%80"] {
            assert_eq!(pairs(encoded), Err(RequestError::invalid(NOT_UTF8, "pass")));
        }
        assert!(matches!(
            pairs(b"%FF=a"),
            Err(RequestError::InvalidParams { field: None, .. })
        ));
        assert_eq!(part("a%FF", "method"), Err(RequestError::invalid(NOT_UTF8, "method")));
        assert_eq!(part("a+b%20c", "method"), Ok("a+b c".into()));
    }
}
