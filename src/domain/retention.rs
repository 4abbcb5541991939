//! The rule of which old backups are kept.

use time::OffsetDateTime;

use super::Timestamp;
use super::timestamp::DAY_MILLIS;

/// The numbers of days, weeks and months of which the newest backup is kept. Days begin at midnight in UTC, weeks on
/// Monday. Only days, weeks and months with a backup count, so that a clock that jumps removes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// The number of days.
    pub daily: u32,
    /// The number of weeks.
    pub weekly: u32,
    /// The number of months.
    pub monthly: u32,
}

/// Returns the number of the period that a time is in.
type Period = fn(Timestamp) -> i64;

impl Retention {
    /// Returns the backups that are not kept, of those that were made at these times. The newest one is always kept.
    #[must_use]
    pub fn outdated(&self, made: &[Timestamp]) -> Vec<Timestamp> {
        let mut newest_first = made.to_vec();
        newest_first.sort_unstable_by(|one, other| other.cmp(one));
        newest_first.dedup();
        let rules: [(u32, Period); 3] = [(self.daily, day), (self.weekly, week), (self.monthly, month)];
        let mut kept = vec![false; newest_first.len()];
        if let Some(newest) = kept.first_mut() {
            *newest = true;
        }
        for (count, period) in rules {
            let (mut left, mut last) = (count, None);
            for (made, kept) in newest_first.iter().zip(&mut kept) {
                let period = period(*made);
                if left > 0 && last != Some(period) {
                    *kept = true;
                    last = Some(period);
                    left -= 1;
                }
            }
        }
        let outdated = newest_first.into_iter().zip(kept);
        outdated.filter(|(_, kept)| !kept).map(|(made, _)| made).collect()
    }
}

fn day(at: Timestamp) -> i64 {
    at.as_millis().div_euclid(DAY_MILLIS)
}

/// Returns the number of the week. The first day of 1970 was a Thursday.
fn week(at: Timestamp) -> i64 {
    (day(at) + 3).div_euclid(7)
}

fn month(at: Timestamp) -> i64 {
    let date = OffsetDateTime::from_unix_timestamp(at.as_millis().div_euclid(1000));
    date.map_or(i64::MAX, |date| {
        i64::from(date.year()) * 12 + i64::from(u8::from(date.month()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(&format!("{text}:00Z")).expect("a time")
    }

    fn left(keep: Retention, made: &[Timestamp]) -> Vec<String> {
        let outdated = keep.outdated(made);
        let left = made.iter().filter(|made| !outdated.contains(made));
        left.map(|made| made.to_string()[..16].to_owned()).collect()
    }

    #[test]
    fn the_newest_of_each_day_week_and_month_is_kept() {
        let made = [
            "2026-09-30T05:00",
            "2026-10-05T05:00",
            "2026-10-31T05:00",
            "2026-11-15T05:00",
            "2026-11-16T05:00",
            "2026-11-22T05:00",
            "2026-11-23T05:00",
            "2026-11-26T05:00",
            "2026-11-26T17:00",
            "2026-11-27T05:00",
        ]
        .map(at);
        let keep = |daily, weekly, monthly| {
            let keep = Retention { daily, weekly, monthly };
            left(keep, &made)
        };
        assert_eq!(keep(0, 0, 0), ["2026-11-27T05:00"]);
        assert_eq!(
            keep(3, 0, 0),
            ["2026-11-23T05:00", "2026-11-26T17:00", "2026-11-27T05:00"]
        );
        // 15 and 22 November 2026 are Sundays.
        assert_eq!(
            keep(0, 3, 0),
            ["2026-11-15T05:00", "2026-11-22T05:00", "2026-11-27T05:00"]
        );
        assert_eq!(
            keep(0, 0, 3),
            ["2026-09-30T05:00", "2026-10-31T05:00", "2026-11-27T05:00"]
        );
        assert_eq!(
            keep(2, 2, 2),
            [
                "2026-10-31T05:00",
                "2026-11-22T05:00",
                "2026-11-26T17:00",
                "2026-11-27T05:00"
            ]
        );
        assert_eq!(keep(100, 0, 0).len(), 9, "the older one of 26 November is not kept");
    }

    #[test]
    fn a_clock_that_jumps_removes_no_days() {
        let keep = Retention {
            daily: 3,
            weekly: 0,
            monthly: 0,
        };
        let made = ["2026-11-25T05:00", "2026-11-26T05:00", "2099-01-01T05:00"].map(at);
        assert_eq!(keep.outdated(&made), []);
        assert_eq!(keep.outdated(&[]), []);
    }
}
