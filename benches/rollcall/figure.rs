//! A figure: the text that is printed, and the number that the JSON has.

use std::fmt;
use std::time::Duration;

use serde_json::{Value, json};

/// A cell of a table.
#[derive(Debug, Clone)]
pub struct Figure {
    text: String,
    /// The unit and the number, for the JSON; `None` for text.
    number: Option<(&'static str, f64)>,
}

impl Figure {
    /// Returns a number with its unit and the text that is printed.
    pub const fn new(text: String, unit: &'static str, number: f64) -> Self {
        Self {
            text,
            number: Some((unit, number)),
        }
    }

    /// Returns an empty cell.
    pub const fn none() -> Self {
        Self {
            text: String::new(),
            number: None,
        }
    }

    /// Returns the number; `None` for text.
    pub fn number(&self) -> Option<f64> {
        self.number.map(|(_, number)| number)
    }

    pub fn json(&self) -> Value {
        match self.number {
            Some((unit, number)) => json!({ unit: number }),
            None => Value::from(self.text.as_str()),
        }
    }
}

impl From<String> for Figure {
    fn from(text: String) -> Self {
        Self { text, number: None }
    }
}

impl From<&str> for Figure {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

/// Returns a time, with at most three digits.
pub fn time(time: Duration) -> Figure {
    let micros = time.as_secs_f64() * 1e6;
    let text = match micros {
        ..100.0 => format!("{micros:.1} µs"),
        ..1000.0 => format!("{micros:.0} µs"),
        ..10_000.0 => format!("{:.2} ms", micros / 1e3),
        ..100_000.0 => format!("{:.1} ms", micros / 1e3),
        ..10_000_000.0 => format!("{:.0} ms", micros / 1e3),
        _ => format!("{:.1} s", micros / 1e6),
    };
    Figure::new(text, "microseconds", micros)
}

/// Returns bytes, printed in units of 1,000,000.
#[allow(clippy::cast_precision_loss)]
pub fn megabytes(bytes: u64) -> Figure {
    Figure::new(format!("{:.1} MB", bytes as f64 / 1e6), "bytes", bytes as f64)
}

/// Returns bytes, printed in units of 1024.
#[allow(clippy::cast_precision_loss)]
pub fn kibibytes(bytes: u64) -> Figure {
    Figure::new(format!("{:.1} KiB", bytes as f64 / 1024.0), "bytes", bytes as f64)
}

/// Returns a count, printed with separated thousands.
#[allow(clippy::cast_precision_loss)]
pub fn count(number: u64) -> Figure {
    grouped(number as f64)
}

/// Returns a whole number, printed with separated thousands.
pub fn grouped(number: f64) -> Figure {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    Figure::new(text, "count", number)
}

/// Returns how many times one number is another one.
pub fn times(ratio: f64) -> Figure {
    Figure::new(format!("{ratio:.2} ×"), "ratio", ratio)
}

/// Returns a share, printed in hundredths.
pub fn share(share: f64) -> Figure {
    Figure::new(format!("{:.0} %", share * 100.0), "ratio", share)
}
