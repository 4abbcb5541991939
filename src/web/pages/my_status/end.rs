//! When a status ends, as its form offers it.

use time::{Date, Duration, Month, PrimitiveDateTime, Time};

use crate::domain::{RequestError, Timestamp};
use crate::web::visit::Visit;
use crate::web::words::Words;

/// When a status ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::VariantArray, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub(super) enum StatusEnd {
    Never,
    #[strum(serialize = "30m")]
    HalfHour,
    #[strum(serialize = "1h")]
    Hour,
    Today,
    Week,
    /// At a date and a time that the user names.
    Exact,
}

impl StatusEnd {
    pub(super) const ALL: &'static [Self] = <Self as strum::VariantArray>::VARIANTS;

    /// Returns what a form sends.
    pub(super) fn name(self) -> &'static str {
        self.into()
    }

    /// Returns what a person reads.
    pub(super) fn words(self, words: Words) -> String {
        let text = match self {
            Self::Never => words.t("no-end"),
            Self::HalfHour => return words.say("lasts-minutes", &[("count", 30.into())]),
            Self::Hour => return words.say("lasts-hours", &[("count", 1.into())]),
            Self::Today => words.t("ends-today"),
            Self::Week => words.t("ends-week"),
            Self::Exact => words.t("ends-exact"),
        };
        text.into_owned()
    }

    /// Returns the end that a form asks for, on the clock of its user.
    ///
    /// # Errors
    /// [`RequestError::StatusEndInvalid`].
    pub(super) fn of(visit: &Visit) -> Result<Option<Timestamp>, RequestError> {
        let (reader, now) = (visit.reader(), visit.app.clock.now());
        let text = visit.form.text("ends");
        let end = text.parse().ok();
        let midnight_in = |days: i64| {
            let day = reader.now().date().checked_add(Duration::days(days));
            let midnight = day.map(|day| PrimitiveDateTime::new(day, Time::MIDNIGHT));
            midnight
                .map(|midnight| reader.moment_of(midnight))
                .ok_or(RequestError::StatusEndInvalid)
        };
        match end {
            None | Some(Self::Never) => Ok(None),
            Some(Self::HalfHour) => Ok(Some(now.plus_minutes(30))),
            Some(Self::Hour) => Ok(Some(now.plus_minutes(60))),
            Some(Self::Today) => midnight_in(1).map(Some),
            Some(Self::Week) => {
                let gone = i64::from(reader.now().weekday().number_days_from_monday());
                midnight_in(7 - gone).map(Some)
            }
            Some(Self::Exact) => exact(visit.form.text("date"), visit.form.text("time"))
                .map(|local| Some(reader.moment_of(local)))
                .ok_or(RequestError::StatusEndInvalid),
        }
    }
}

/// Takes a date and a time as browsers send them: `2026-11-26` and `13:00`, maybe with seconds.
fn exact(date: &str, time: &str) -> Option<PrimitiveDateTime> {
    let mut date = date.splitn(3, '-');
    let year = date.next()?.parse().ok()?;
    let month = Month::try_from(date.next()?.parse::<u8>().ok()?).ok()?;
    let day = date.next()?.parse().ok()?;
    let mut time = time.split(':');
    let (hour, minute) = (time.next()?.parse().ok()?, time.next()?.parse().ok()?);
    let date = Date::from_calendar_date(year, month, day).ok()?;
    Some(PrimitiveDateTime::new(date, Time::from_hms(hour, minute, 0).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_and_a_time_are_taken_as_browsers_send_them() {
        let taken = exact("2026-11-26", "13:05").expect("a moment");
        assert_eq!(
            (taken.date().to_string(), taken.time().hour()),
            ("2026-11-26".into(), 13)
        );
        assert!(exact("2026-11-26", "13:05:30").is_some());
        for (date, time) in [
            ("2026-02-30", "13:00"),
            ("", "13:00"),
            ("2026-11-26", ""),
            ("x", "y"),
            ("2026-11-26", "24:00"),
        ] {
            assert_eq!(exact(date, time), None, "{date} {time}");
        }
    }
}
