//! `--since`: the number of an event, or a time. Pure but for the clock, which is asked when the command line is read.

use chat_client::{Range, Seq};
use jiff::civil::DateTime;
use jiff::{Span, SpanRelativeTo, Timestamp, ToSpan as _, Zoned};

/// Where a stretch of a room begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Begin {
    /// Behind this event.
    Behind(Seq),
    /// With what happened at this time, or later: milliseconds since 1970.
    At(u64),
}

impl Begin {
    /// Understands `1234`, `2026-11-24T10:15:00Z`, `2026-11-24`, `2h`, `3d`, `yesterday`. What has no zone is in that of
    /// `now`.
    fn parse(typed: &str, now: &Zoned) -> Result<Self, String> {
        let typed = typed.trim();
        if let Ok(seq) = typed.parse() {
            return Ok(Self::Behind(Seq(seq)));
        }
        let at = moment(typed, now).ok_or_else(|| {
            format!("{typed} is neither a number nor a time; write 1234, 2h, 3d, 2026-11-24 or 2026-11-24T10:15:00Z")
        })?;
        Ok(Self::At(u64::try_from(at.as_millisecond()).unwrap_or(0)))
    }

    /// What to ask a server for.
    pub(crate) const fn range(self) -> Range {
        match self {
            Self::Behind(seq) => Range::After(seq),
            Self::At(at_ms) => Range::Since(at_ms),
        }
    }
}

impl std::str::FromStr for Begin {
    type Err = String;

    fn from_str(typed: &str) -> Result<Self, String> {
        Self::parse(typed, &Zoned::now())
    }
}

fn moment(typed: &str, now: &Zoned) -> Option<Timestamp> {
    let day = match typed {
        "today" => Some(now.date()),
        "yesterday" => now.date().yesterday().ok(),
        _ => None,
    };
    if let Some(day) = day {
        return Some(day.to_zoned(now.time_zone().clone()).ok()?.timestamp());
    }
    if let Ok(at) = typed.parse::<Timestamp>() {
        return Some(at);
    }
    if let Ok(at) = typed.parse::<DateTime>() {
        return Some(at.to_zoned(now.time_zone().clone()).ok()?.timestamp());
    }
    let back = typed.parse::<Span>().ok()?.abs();
    // A span of nothing is a slip.
    let is_some = back.compare((0.seconds(), SpanRelativeTo::days_are_24_hours())).is_ok_and(std::cmp::Ordering::is_gt);
    if is_some { Some(now.checked_sub(back).ok()?.timestamp()) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_a_number_or_a_time() {
        let now: Zoned = "2026-11-24T10:15:30+02:00[+02:00]".parse().unwrap();
        let at = |time: &str| Some(Begin::At(time.parse::<Timestamp>().unwrap().as_millisecond().try_into().unwrap()));
        let rows = [
            ("0", Some(Begin::Behind(Seq(0)))),
            (" 1234 ", Some(Begin::Behind(Seq(1234)))),
            ("2026", Some(Begin::Behind(Seq(2026)))),
            ("2h", at("2026-11-24T06:15:30Z")),
            ("90min", at("2026-11-24T06:45:30Z")),
            ("2h30m", at("2026-11-24T05:45:30Z")),
            ("3d", at("2026-11-21T08:15:30Z")),
            ("1w", at("2026-11-17T08:15:30Z")),
            ("2h ago", at("2026-11-24T06:15:30Z")),
            ("today", at("2026-11-23T22:00:00Z")),
            ("yesterday", at("2026-11-22T22:00:00Z")),
            ("2026-11-01", at("2026-10-31T22:00:00Z")),
            ("2026-11-01 07:30", at("2026-11-01T05:30:00Z")),
            ("2026-11-01T07:30:00Z", at("2026-11-01T07:30:00Z")),
            ("2026-11-01T07:30:00-05:00", at("2026-11-01T12:30:00Z")),
            ("1960-01-01", Some(Begin::At(0))),
            ("", None),
            ("0s", None),
            ("-5", None),
            ("soon", None),
            ("2026-13-01", None),
            ("99999999999999999999", None),
        ];
        for (typed, expected) in rows {
            assert_eq!(Begin::parse(typed, &now).ok(), expected, "{typed:?}");
        }
    }
}
