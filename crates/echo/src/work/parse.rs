//! `--work` as people type it.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::{Times, Work};

/// The longest a request may be asked to take.
const LONGEST: Duration = Duration::from_secs(60);

/// Why a `--work` cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadWork {
    /// No such work, or it lacks or has too many parts.
    #[error(
        "{0:?} is no work (there are: none, sleep:fix:5ms, sleep:exp:5ms, sleep:bimodal:1ms:100ms:1%, cpu:1ms, cpu-yield:1ms, block:10ms)"
    )]
    Unknown(String),
    /// Not a duration.
    #[error("{0:?} is no duration from 1us to 60s (write it like 200us, 5ms, 1.5s)")]
    Duration(String),
    /// Not a share.
    #[error("{0:?} is no share from 0% to 100% (write it like 1% or 0.1%)")]
    Share(String),
}

impl FromStr for Work {
    type Err = BadWork;

    fn from_str(typed: &str) -> Result<Self, BadWork> {
        let parts: Vec<&str> = typed.split(':').collect();
        Ok(match parts.as_slice() {
            ["none"] => Self::None,
            ["sleep", "fix", time] => Self::Sleep(Times::Fixed(duration(time)?)),
            ["sleep", "exp", mean] => Self::Sleep(Times::Exponential(duration(mean)?)),
            ["sleep", "bimodal", usual, rare, percent] => {
                Self::Sleep(Times::Bimodal { usual: duration(usual)?, rare: duration(rare)?, share: share(percent)? })
            }
            ["cpu", time] => Self::Cpu(duration(time)?),
            ["cpu-yield", time] => Self::CpuYield(duration(time)?),
            ["block", time] => Self::Block(duration(time)?),
            _ => return Err(BadWork::Unknown(typed.to_owned())),
        })
    }
}

fn duration(typed: &str) -> Result<Duration, BadWork> {
    let bad = || BadWork::Duration(typed.to_owned());
    let unit_at = typed.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(bad)?;
    let (number, unit) = typed.split_at(unit_at);
    let seconds = match unit {
        "s" => 1.0,
        "ms" => 1e-3,
        "us" | "µs" => 1e-6,
        _ => return Err(bad()),
    };
    let number: f64 = number.parse().map_err(|_| bad())?;
    let time = Duration::try_from_secs_f64(number * seconds).map_err(|_| bad())?;
    if (Duration::from_micros(1)..=LONGEST).contains(&time) { Ok(time) } else { Err(bad()) }
}

fn share(typed: &str) -> Result<f64, BadWork> {
    let percent = typed.strip_suffix('%').and_then(|number| number.parse::<f64>().ok());
    let percent = percent.filter(|percent| (0.0..=100.0).contains(percent));
    percent.map(|percent| percent / 100.0).ok_or_else(|| BadWork::Share(typed.to_owned()))
}

impl fmt::Display for Work {
    /// As `--work` takes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Sleep(Times::Fixed(time)) => write!(f, "sleep:fix:{time:?}"),
            Self::Sleep(Times::Exponential(mean)) => write!(f, "sleep:exp:{mean:?}"),
            Self::Sleep(Times::Bimodal { usual, rare, share }) => {
                write!(f, "sleep:bimodal:{usual:?}:{rare:?}:{}%", share * 100.0)
            }
            Self::Cpu(time) => write!(f, "cpu:{time:?}"),
            Self::CpuYield(time) => write!(f, "cpu-yield:{time:?}"),
            Self::Block(time) => write!(f, "block:{time:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_read_as_typed() {
        let ms = Duration::from_millis;
        let rows = [
            ("none", Work::None),
            ("sleep:fix:5ms", Work::Sleep(Times::Fixed(ms(5)))),
            ("sleep:exp:1.5s", Work::Sleep(Times::Exponential(ms(1500)))),
            ("sleep:bimodal:1ms:100ms:1%", Work::Sleep(Times::Bimodal { usual: ms(1), rare: ms(100), share: 0.01 })),
            ("cpu:200us", Work::Cpu(Duration::from_micros(200))),
            ("cpu-yield:1ms", Work::CpuYield(ms(1))),
            ("block:10ms", Work::Block(ms(10))),
        ];
        for (typed, work) in rows {
            assert_eq!(typed.parse(), Ok(work), "{typed}");
            assert_eq!(work.to_string().parse(), Ok(work), "{work} as printed");
        }
    }

    #[test]
    fn bad_work_is_named() {
        let unknown = |typed: &str| BadWork::Unknown(typed.to_owned());
        let bad_duration = |typed: &str| BadWork::Duration(typed.to_owned());
        let bad_share = |typed: &str| BadWork::Share(typed.to_owned());
        let rows = [
            ("", unknown("")),
            ("sleep", unknown("sleep")),
            ("sleep:5ms", unknown("sleep:5ms")),
            ("nap:5ms", unknown("nap:5ms")),
            ("cpu:1ms:2ms", unknown("cpu:1ms:2ms")),
            ("cpu:5", bad_duration("5")),
            ("cpu:ms", bad_duration("ms")),
            ("cpu:0ms", bad_duration("0ms")),
            ("cpu:-1ms", bad_duration("-1ms")),
            ("cpu:1..5ms", bad_duration("1..5ms")),
            ("cpu:61s", bad_duration("61s")),
            ("cpu:1h", bad_duration("1h")),
            ("sleep:bimodal:1ms:2ms:1", bad_share("1")),
            ("sleep:bimodal:1ms:2ms:101%", bad_share("101%")),
            ("sleep:bimodal:1ms:2ms:NaN%", bad_share("NaN%")),
        ];
        for (typed, error) in rows {
            assert_eq!(typed.parse::<Work>(), Err(error), "{typed}");
        }
    }
}
