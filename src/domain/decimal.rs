//! Exact numbers with up to three decimal places.

use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

/// The maximum number of decimal places of a [`Decimal`].
pub(crate) const DECIMAL_PLACES: usize = 3;

/// A number that is not negative, with up to [`DECIMAL_PLACES`] decimal places, stored in thousandths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Decimal(u32);

/// The error for a text that is not a [`Decimal`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a number of at least 0 with at most {DECIMAL_PLACES} decimal places")]
pub struct NotADecimal;

impl Decimal {
    /// Converts a number of thousandths.
    #[must_use]
    pub const fn from_thousandths(thousandths: u32) -> Self {
        Self(thousandths)
    }

    /// Returns the number in thousandths.
    #[must_use]
    pub const fn thousandths(self) -> u32 {
        self.0
    }

    /// Returns the number if it is a whole number.
    #[must_use]
    pub fn whole(self) -> Option<i64> {
        self.0.is_multiple_of(1000).then_some(i64::from(self.0 / 1000))
    }
}

impl FromStr for Decimal {
    type Err = NotADecimal;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (whole, places) = text.split_once('.').unwrap_or((text, "0"));
        let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !is_digits(whole) || !is_digits(places) || places.len() > DECIMAL_PLACES {
            return Err(NotADecimal);
        }
        let whole = whole.parse::<u32>().ok().and_then(|whole| whole.checked_mul(1000));
        let places = format!("{places:0<DECIMAL_PLACES$}").parse::<u32>().ok();
        let sum = whole.zip(places).and_then(|(whole, places)| whole.checked_add(places));
        sum.map(Self).ok_or(NotADecimal)
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{}.{:03}", self.0 / 1000, self.0 % 1000);
        out.write_str(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(f64::from(self.0) / 1000.0)
    }
}

impl JsonSchema for Decimal {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Decimal".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "number", "minimum": 0, "multipleOf": 0.001})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_and_written_exactly() {
        for (text, thousandths, written) in [
            ("0", 0, "0"),
            ("0.1", 100, "0.1"),
            ("0.050", 50, "0.05"),
            ("12.345", 12_345, "12.345"),
            ("1440", 1_440_000, "1440"),
            ("10.0", 10_000, "10"),
        ] {
            let decimal: Decimal = text.parse().expect("a number");
            assert_eq!(
                (decimal.thousandths(), decimal.to_string().as_str()),
                (thousandths, written)
            );
            let json = serde_json::to_string(&decimal).expect("JSON");
            assert_eq!(json.parse::<f64>(), written.parse::<f64>());
        }
        for text in ["", ".", ".5", "5.", "-1", "+1", "1e3", "0.0001", "1,5", "5000000", "x"] {
            assert_eq!(text.parse::<Decimal>(), Err(NotADecimal), "{text}");
        }
    }

    #[test]
    fn a_whole_number_has_no_places() {
        assert_eq!(Decimal::from_thousandths(5000).whole(), Some(5));
        assert_eq!(Decimal::from_thousandths(5001).whole(), None);
    }
}
