//! Timestamps in milliseconds.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};
use time::format_description::well_known::Iso8601;
use time::{Date, OffsetDateTime};

/// The milliseconds of a day.
pub(crate) const DAY_MILLIS: i64 = 24 * 60 * 60 * 1000;

/// The number of 1970-01-01 in the count of days that [`Date::from_julian_day`] has.
const FIRST_DAY_OF_1970: i64 = 2_440_588;

/// A time, in milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// Returns the time `millis` milliseconds after the start of 1970.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Returns the milliseconds since the start of 1970.
    #[must_use]
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// Returns the whole seconds since the start of 1970, for the first four bytes of an `ObjectId`; 0 if out of range.
    #[must_use]
    pub fn object_id_seconds(self) -> u32 {
        u32::try_from(self.0.div_euclid(1000)).unwrap_or_default()
    }

    /// Returns the time in ISO 8601 in UTC with exactly three decimal places of a second (`api.md` §1.1); `None` outside the
    /// years 0 to 9999. The digits are written here because lists have many timestamps, and the formatting of `time` takes longer.
    fn iso(self) -> Option<[u8; 24]> {
        let day = FIRST_DAY_OF_1970 + self.0.div_euclid(DAY_MILLIS);
        let (year, month, day) = Date::from_julian_day(i32::try_from(day).ok()?).ok()?.to_calendar_date();
        let millis = u32::try_from(self.0.rem_euclid(DAY_MILLIS)).ok()?;
        let seconds = millis / 1000;
        let mut text = *b"0000-00-00T00:00:00.000Z";
        write_digits(&mut text[..4], u32::try_from(year).ok()?);
        write_digits(&mut text[5..7], u32::from(u8::from(month)));
        write_digits(&mut text[8..10], u32::from(day));
        write_digits(&mut text[11..13], seconds / 3600);
        write_digits(&mut text[14..16], seconds / 60 % 60);
        write_digits(&mut text[17..19], seconds % 60);
        write_digits(&mut text[20..23], millis % 1000);
        Some(text)
    }

    /// Returns whether the time is later than `now` by more than a day, so that it comes from a clock that was wrong. Smaller
    /// steps of a clock are usual.
    #[must_use]
    pub fn is_of_future(self, now: Self) -> bool {
        self > now.plus_days(1)
    }

    /// Returns the time for the name of a file, to the second, as `2026-11-27T13-00-00Z`.
    #[must_use]
    pub fn file_name(self) -> String {
        let text = self.to_string();
        let seconds = text.split('.').next().unwrap_or(&text);
        format!("{}Z", seconds.replace(':', "-"))
    }

    /// Parses the time in the name of a file.
    #[must_use]
    pub fn of_file_name(text: &str) -> Option<Self> {
        let (date, time) = text.split_once('T')?;
        let found = Self::parse(&format!("{date}T{}", time.replace('-', ":")))?;
        (found.file_name() == text).then_some(found)
    }

    /// Returns the time `days` later; stops at the latest possible time.
    #[must_use]
    pub const fn plus_days(self, days: u32) -> Self {
        Self(self.0.saturating_add(days as i64 * DAY_MILLIS))
    }

    /// Returns the time `days` earlier; stops at the earliest possible time.
    #[must_use]
    pub const fn minus_days(self, days: u32) -> Self {
        Self(self.0.saturating_sub(days as i64 * DAY_MILLIS))
    }

    /// Returns the time `millis` later; stops at the latest possible time.
    #[must_use]
    pub const fn plus_millis(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// Returns the time `minutes` later; stops at the latest possible time.
    #[must_use]
    pub const fn plus_minutes(self, minutes: u32) -> Self {
        self.plus_seconds(minutes as i64 * 60)
    }

    /// Returns the time `seconds` later; stops at the latest possible time.
    #[must_use]
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1000)))
    }

    /// The required format of a time, in words for people.
    pub const FORM: &'static str = "a date, a time and an offset in ISO 8601, as 2026-11-27T13:00:00Z";

    /// Parses a time in ISO 8601 with its offset from UTC; fractions of a millisecond are cut.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let moment = OffsetDateTime::parse(text, &Iso8601::PARSING).ok()?;
        let millis = moment.unix_timestamp_nanos().div_euclid(1_000_000);
        i64::try_from(millis).ok().map(Self)
    }
}

impl JsonSchema for Timestamp {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Timestamp".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "format": "date-time"})
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.iso();
        match text.as_ref().and_then(|text| std::str::from_utf8(text).ok()) {
            Some(text) => out.write_str(text),
            None => write!(out, "{} ms after 1970", self.0),
        }
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = self.iso();
        match text.as_ref().and_then(|text| std::str::from_utf8(text).ok()) {
            Some(text) => serializer.serialize_str(text),
            None => serializer.collect_str(self),
        }
    }
}

/// Writes a number in decimal digits, with zeros before it.
fn write_digits(digits: &mut [u8], number: u32) {
    let mut rest = number;
    for digit in digits.iter_mut().rev() {
        *digit = b"0123456789"[(rest % 10) as usize];
        rest /= 10;
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU8;

    use proptest::prelude::*;
    use time::format_description::well_known::iso8601::{Config, EncodedConfig, TimePrecision};

    use super::*;

    /// The same form in the words of `time`.
    const MILLISECONDS: EncodedConfig = Config::DEFAULT
        .set_time_precision(TimePrecision::Second {
            decimal_digits: NonZeroU8::new(3),
        })
        .encode();

    fn formatted_by_time(millis: i64) -> Option<String> {
        let moment = OffsetDateTime::from_unix_timestamp_nanos(i128::from(millis) * 1_000_000).ok()?;
        moment.format(&Iso8601::<MILLISECONDS>).ok()
    }

    /// The milliseconds of 0000-01-01 and of the end of 9999-12-31.
    const YEARS: std::ops::Range<i64> = -62_167_219_200_000..253_402_300_800_000;

    proptest! {
        #[test]
        fn a_moment_prints_as_the_calendar_of_time_prints_it(millis in prop_oneof![
            YEARS,
            (YEARS.start / DAY_MILLIS..YEARS.end / DAY_MILLIS).prop_map(|day| day * DAY_MILLIS),
            (YEARS.start / DAY_MILLIS..YEARS.end / DAY_MILLIS).prop_map(|day| day * DAY_MILLIS - 1),
            any::<i64>(),
        ]) {
            let moment = Timestamp::from_millis(millis);
            let expected = formatted_by_time(millis).unwrap_or_else(|| format!("{millis} ms after 1970"));
            prop_assert_eq!(moment.to_string(), &*expected);
            prop_assert_eq!(serde_json::to_string(&moment).expect("JSON"), format!("\"{expected}\""));
        }
    }

    #[test]
    fn the_first_and_the_last_moment_of_the_calendar_print() {
        for millis in [YEARS.start - 1, YEARS.start, YEARS.end - 1, YEARS.end] {
            let expected = formatted_by_time(millis).unwrap_or_else(|| format!("{millis} ms after 1970"));
            assert_eq!(Timestamp::from_millis(millis).to_string(), expected);
        }
    }

    #[test]
    fn prints_utc_with_three_digits_of_a_second() {
        assert_eq!(
            Timestamp::from_millis(1_699_098_263_366).to_string(),
            "2023-11-04T11:44:23.366Z"
        );
        assert_eq!(Timestamp::from_millis(0).to_string(), "1970-01-01T00:00:00.000Z");
    }

    #[test]
    fn a_moment_has_a_date_a_time_and_an_offset() {
        for text in [
            "2026-11-27T13:00:00Z",
            "2026-11-27T13:00:00.5+02:00",
            "20261127T130000Z",
        ] {
            assert!(Timestamp::parse(text).is_some(), "{text}");
        }
        for text in [
            "2026-11-27",
            "2026-11-27T13:00:00",
            "13:00:00Z",
            "1790000000",
            "",
            "tomorrow",
        ] {
            assert_eq!(Timestamp::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_moment_beyond_the_calendar_still_prints() {
        assert!(Timestamp::from_millis(i64::MAX).to_string().ends_with("after 1970"));
    }
}
