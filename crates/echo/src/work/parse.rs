//! `--work` as people type it.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

use super::{LONGEST, Manner, Scarcity, Times, Work};

/// The most slots that something scarce has.
const SLOTS_MAX: u32 = 65_536;

/// Why a `--work` cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadWork {
    /// No such work, or it lacks or has too many parts.
    #[error(
        "{0:?} is no work (there are: none, sleep:fix:5ms, sleep:exp:5ms, sleep:bimodal:1ms:100ms:1%, cpu:1ms, cpu-yield:1ms, block:10ms, offload:10ms, asked:sleep, asked:cpu, asked:cpu-yield, asked:block, asked:offload, scarce:8:5ms:2%)"
    )]
    Unknown(String),
    /// Not a duration.
    #[error("{0:?} is no duration from 1us to 60s (write it like 200us, 5ms, 1.5s)")]
    Duration(String),
    /// Not a share.
    #[error("{0:?} is no share from 0% to 100% (write it like 1% or 0.1%)")]
    Share(String),
    /// Not a number of slots.
    #[error("{0:?} is no number of slots from 1 to {SLOTS_MAX}")]
    Slots(String),
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
            ["asked", manner] => Self::Asked(Manner::named(manner).ok_or_else(|| BadWork::Unknown(typed.to_owned()))?),
            ["scarce", count, time, percent] => {
                Self::Scarce(Scarcity { slots: slots(count)?, time: duration(time)?, penalty: share(percent)? })
            }
            [manner, time] => match Manner::named(manner) {
                Some(manner) if manner != Manner::Sleep => Self::Fixed(manner, duration(time)?),
                _ => return Err(BadWork::Unknown(typed.to_owned())),
            },
            _ => return Err(BadWork::Unknown(typed.to_owned())),
        })
    }
}

impl Manner {
    const ALL: [Self; 5] = [Self::Sleep, Self::Cpu, Self::CpuYield, Self::Block, Self::Offload];

    const fn name(self) -> &'static str {
        match self {
            Self::Sleep => "sleep",
            Self::Cpu => "cpu",
            Self::CpuYield => "cpu-yield",
            Self::Block => "block",
            Self::Offload => "offload",
        }
    }

    fn named(typed: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|manner| manner.name() == typed)
    }
}

fn slots(typed: &str) -> Result<NonZeroU32, BadWork> {
    let slots = typed.parse().ok().filter(|slots: &NonZeroU32| slots.get() <= SLOTS_MAX);
    slots.ok_or_else(|| BadWork::Slots(typed.to_owned()))
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
            Self::Fixed(manner, time) => write!(f, "{}:{time:?}", manner.name()),
            Self::Asked(manner) => write!(f, "asked:{}", manner.name()),
            Self::Scarce(Scarcity { slots, time, penalty }) => {
                write!(f, "scarce:{slots}:{time:?}:{}%", penalty * 100.0)
            }
        }
    }
}

#[cfg(test)]
mod tests;
