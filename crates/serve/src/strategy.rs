//! The strategies by name. `--help`, tests, bench and `docs/concurrency.md` all read [`Strategy::ALL`].

use std::fmt;
use std::str::FromStr;

/// Who serves a connection, and where the queue stands. `docs/concurrency.md` compares them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Strategy {
    /// A task per connection.
    Spawn,
    /// N worker tasks, each takes a whole connection; the others wait in our own queue.
    Pool,
    /// A task per connection, and a permit per request while it is worked on.
    PoolRequest,
    /// A permit before `accept`: the others wait in the kernel's backlog.
    PoolAccept,
    /// A thread per connection.
    Thread,
    /// N threads, each takes a whole connection; the others wait in our own queue.
    ThreadPool,
}

impl Strategy {
    /// Every strategy, in the order of the documentation.
    pub const ALL: &'static [Self] =
        &[Self::Spawn, Self::Pool, Self::PoolRequest, Self::PoolAccept, Self::Thread, Self::ThreadPool];

    /// The name people type.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Spawn => "spawn",
            Self::Pool => "pool",
            Self::PoolRequest => "pool-request",
            Self::PoolAccept => "pool-accept",
            Self::Thread => "thread",
            Self::ThreadPool => "thread-pool",
        }
    }

    /// One line for `--help`: who serves, and where the others wait.
    pub const fn description(self) -> &'static str {
        match self {
            Self::Spawn => "a task per connection; nobody waits",
            Self::Pool => {
                "N worker tasks, each takes a whole connection; the others wait in our queue and see their place"
            }
            Self::PoolRequest => {
                "a task per connection, at most N requests worked on at a time; requests wait, not people"
            }
            Self::PoolAccept => "at most N connections are accepted; the others wait unseen in the kernel's backlog",
            Self::Thread => "a thread per connection; the operating system sets the limit",
            Self::ThreadPool => "N threads, each takes a whole connection; the others wait in our queue",
        }
    }

    /// Whether it serves with blocking threads, through [`crate::Service::serve_blocking`].
    pub const fn is_blocking(self) -> bool {
        matches!(self, Self::Thread | Self::ThreadPool)
    }

    /// Whether it has N workers, so that [`crate::Limits::workers`] means something.
    pub const fn has_workers(self) -> bool {
        !matches!(self, Self::Spawn | Self::Thread)
    }
}

impl fmt::Display for Strategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// No strategy has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no strategy is called {typed:?} (there are: {})", names())]
pub struct UnknownStrategy {
    /// What was typed.
    pub typed: String,
}

impl FromStr for Strategy {
    type Err = UnknownStrategy;

    fn from_str(typed: &str) -> Result<Self, UnknownStrategy> {
        let found = Self::ALL.iter().copied().find(|strategy| strategy.as_str() == typed);
        found.ok_or_else(|| UnknownStrategy { typed: typed.to_owned() })
    }
}

fn names() -> String {
    Strategy::ALL.iter().map(|strategy| strategy.as_str()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_read_back_and_an_unknown_one_is_answered_with_the_list() {
        for strategy in Strategy::ALL {
            assert_eq!(strategy.to_string().parse(), Ok(*strategy));
        }
        let words = "Spawn".parse::<Strategy>().unwrap_err().to_string();
        for strategy in Strategy::ALL {
            assert!(words.contains(strategy.as_str()), "{words:?} lacks {strategy}");
        }
    }
}
