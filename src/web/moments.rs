//! Times as people write them: "13:00", "tomorrow, 9:00", "Monday, 9:00", "3 December".

use time::{Date, OffsetDateTime, UtcOffset};
use warp::http::HeaderMap;

use super::cookies;
use super::words::Words;
use crate::domain::{Timestamp, User};

/// The cookie with the offset of the device's clock from UTC, in minutes. A script of the pages sets it.
const OFFSET_COOKIE: &str = "rollcall-offset";

/// Maximum minutes of an offset: no clock is further from UTC.
const MAX_OFFSET_MINUTES: i32 = 14 * 60;

const WEEKDAYS: [&str; 7] = [
    "weekday-monday",
    "weekday-tuesday",
    "weekday-wednesday",
    "weekday-thursday",
    "weekday-friday",
    "weekday-saturday",
    "weekday-sunday",
];

const MONTHS: [&str; 12] = [
    "month-january",
    "month-february",
    "month-march",
    "month-april",
    "month-may",
    "month-june",
    "month-july",
    "month-august",
    "month-september",
    "month-october",
    "month-november",
    "month-december",
];

/// The reader of a page: the language, the clock and the present moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader {
    words: Words,
    offset: UtcOffset,
    now: OffsetDateTime,
}

impl Reader {
    /// Returns the reader of a request. The clock is that of the cookie, else that of the user's preferences, else UTC.
    pub(super) fn of(words: Words, user: Option<&User>, headers: &HeaderMap, now: Timestamp) -> Self {
        let device = cookies::value(headers, OFFSET_COOKIE).and_then(|minutes| minutes.parse().ok());
        let device = device.filter(|minutes: &i32| minutes.abs() <= MAX_OFFSET_MINUTES);
        let chosen = || user.map(|user| user.preferences.utc_offset().minutes());
        Self::at(words, device.or_else(chosen).unwrap_or_default(), now)
    }

    /// Returns the reader of a display whose clock has this offset from UTC.
    pub(super) fn at(words: Words, offset_minutes: i32, now: Timestamp) -> Self {
        let offset = UtcOffset::from_whole_seconds(offset_minutes * 60).unwrap_or(UtcOffset::UTC);
        Self {
            words,
            offset,
            now: moment(now, offset),
        }
    }

    /// Returns the present time of day.
    pub(super) fn time(&self) -> String {
        time_of(self.now)
    }

    /// Returns a moment with seconds: the time if the moment is today, else the date and the time.
    pub(super) fn exact(&self, of: Timestamp) -> String {
        let local = self.local(of);
        let time = format!("{}:{:02}", time_of(local), local.second());
        if local.date() == self.now.date() {
            return time;
        }
        let day = self.date_of(local.date());
        self.words
            .say("moment-day-time", &[("day", day.into()), ("time", time.into())])
    }

    /// Returns a moment on the reader's clock.
    pub(super) fn local(&self, moment_: Timestamp) -> OffsetDateTime {
        moment(moment_, self.offset)
    }

    /// Returns the present moment on the reader's clock.
    pub(super) const fn now(&self) -> OffsetDateTime {
        self.now
    }

    /// Returns the moment of a date and a time on the reader's clock.
    pub(super) fn moment_of(&self, local: time::PrimitiveDateTime) -> Timestamp {
        timestamp(local.assume_offset(self.offset))
    }

    /// Returns the time of day on another clock.
    pub(super) fn time_at(&self, clock: crate::domain::UtcOffset) -> String {
        let offset = UtcOffset::from_whole_seconds(clock.minutes() * 60).unwrap_or(UtcOffset::UTC);
        time_of(self.now.checked_to_offset(offset).unwrap_or(self.now))
    }

    /// Returns a date, such as "3 December", with its year if it is another one.
    fn date_of(&self, date: Date) -> String {
        let month = self.words.t(MONTHS[usize::from(u8::from(date.month())) - 1]);
        let (day, month) = (i64::from(date.day()), month.as_ref());
        if date.year() == self.now.year() {
            self.words
                .say("moment-date", &[("day", day.into()), ("month", month.into())])
        } else {
            let year = date.year().to_string();
            let values = [("day", day.into()), ("month", month.into()), ("year", year.into())];
            self.words.say("moment-date-year", &values)
        }
    }

    fn weekday_of(&self, date: Date) -> String {
        let day = usize::from(date.weekday().number_days_from_monday());
        self.words.t(WEEKDAYS[day]).into_owned()
    }

    /// Returns the present moment at the head of a page, such as "Thursday 26 November, 11:42".
    pub(super) fn today(&self) -> String {
        let (weekday, date) = (self.weekday_of(self.now.date()), self.date_of(self.now.date()));
        let values = [
            ("weekday", weekday.into()),
            ("date", date.into()),
            ("time", time_of(self.now).into()),
        ];
        self.words.say("moment-today", &values)
    }

    /// Returns a moment near the present one: its time today, else with its day, else its date.
    pub(super) fn near(&self, of: Timestamp) -> String {
        let local = self.local(of);
        let days = (local.date() - self.now.date()).whole_days();
        let time = time_of(local);
        let day = match days {
            0 => return time,
            1 => self.words.t("moment-tomorrow").into_owned(),
            -1 => self.words.t("moment-yesterday").into_owned(),
            -6..=6 => self.weekday_of(local.date()),
            _ => return self.date_of(local.date()),
        };
        self.words
            .say("moment-day-time", &[("day", day.into()), ("time", time.into())])
    }

    /// Returns the end of a status in words. An end at midnight is named by the day before, without a time.
    pub(super) fn end(&self, of: Timestamp) -> String {
        let local = self.local(of);
        if local.time() != time::Time::MIDNIGHT {
            return self.near(of);
        }
        match (local.date() - self.now.date()).whole_days() {
            1 => self.words.t("moment-midnight").into_owned(),
            2..=7 => self.weekday_of(local.date()),
            _ => self.date_of(local.date()),
        }
    }
}

/// Returns in words how long a status lasts. `None` means that it has no end.
pub(super) fn lasts(words: Words, minutes: Option<u32>) -> String {
    let (key, count) = match minutes {
        None => return words.t("no-end").into_owned(),
        Some(minutes) if minutes % (24 * 60) == 0 => ("lasts-days", minutes / (24 * 60)),
        Some(minutes) if minutes % 60 == 0 => ("lasts-hours", minutes / 60),
        Some(minutes) => ("lasts-minutes", minutes),
    };
    words.say(key, &[("count", i64::from(count).into())])
}

fn time_of(local: OffsetDateTime) -> String {
    format!("{}:{:02}", local.hour(), local.minute())
}

fn moment(of: Timestamp, offset: UtcOffset) -> OffsetDateTime {
    let nanos = i128::from(of.as_millis()) * 1_000_000;
    let moment = OffsetDateTime::from_unix_timestamp_nanos(nanos).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    moment.checked_to_offset(offset).unwrap_or(moment)
}

fn timestamp(of: OffsetDateTime) -> Timestamp {
    let millis = of.unix_timestamp_nanos().div_euclid(1_000_000);
    Timestamp::from_millis(i64::try_from(millis).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use warp::http::HeaderValue;
    use warp::http::header::COOKIE;

    use super::super::words::Language;
    use super::*;

    fn reader(cookie: &'static str, language: Language) -> Reader {
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, HeaderValue::from_static(cookie));
        Reader::of(Words::of(language), None, &headers, at("2026-11-26T11:42:00Z"))
    }

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).expect("a moment")
    }

    #[test]
    fn moments_are_said_as_people_say_them() {
        let (english, german) = (reader("", Language::English), reader("", Language::German));
        for (moment, in_english, in_german) in [
            ("2026-11-26T09:05:00Z", "9:05", "9:05"),
            ("2026-11-25T17:42:00Z", "yesterday, 17:42", "gestern, 17:42"),
            ("2026-11-27T09:00:00Z", "tomorrow, 9:00", "morgen, 9:00"),
            ("2026-11-30T09:00:00Z", "Monday, 9:00", "Montag, 9:00"),
            ("2026-12-13T09:00:00Z", "13 December", "13. Dezember"),
            ("2027-01-01T09:00:00Z", "1 January 2027", "1. Januar 2027"),
        ] {
            assert_eq!(english.near(at(moment)), in_english);
            assert_eq!(german.near(at(moment)), in_german);
        }
        for (moment, words) in [
            ("2026-11-27T00:00:00Z", "midnight"),
            ("2026-11-30T00:00:00Z", "Monday"),
            ("2026-12-03T00:00:00Z", "Thursday"),
            ("2026-12-04T00:00:00Z", "4 December"),
        ] {
            assert_eq!(english.end(at(moment)), words);
        }
        assert_eq!(english.today(), "Thursday 26 November, 11:42");
        assert_eq!(german.today(), "Donnerstag, 26. November, 11:42");
    }

    #[test]
    fn the_clock_is_that_of_the_device() {
        for (cookie, time) in [
            ("rollcall-offset=60", "10:05"),
            ("a=b; rollcall-offset=-540", "0:05"),
            ("rollcall-offset=9000", "9:05"),
            ("rollcall-offset=x", "9:05"),
        ] {
            let time_of = reader(cookie, Language::English).near(at("2026-11-26T09:05:00Z"));
            assert_eq!(time_of, time, "{cookie}");
        }
    }
}
