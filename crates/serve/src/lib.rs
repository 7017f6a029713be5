//! Accepting and running connections: strategies, admission, limits, drain. Knows no protocol.
//!
//! The caller binds a [`Listener`], chooses a [`Strategy`] and [`Limits`], writes a [`Service`], and stops it all
//! through a [`ShutdownTrigger`]; [`serve()`] returns when nothing is left. `docs/concurrency.md` compares the strategies.
//!
//! Reading order:
//! 1. [`Strategy`] and [`Limits`]: what can be chosen.
//! 2. [`Service`], [`Connection`], [`RequestGate`]: what the protocol's side writes, and what it gets.
//! 3. [`Shutdown`], [`Phase`]: how a server ends; [`CloseReason`], [`Refusal`]: how a connection does.
//! 4. [`Counters`], [`Snapshot`], [`Report`]: what happened, in numbers that add up.
//! 5. `acceptor`: the one accept path; `crew`: who serves, by strategy; `line`: the queue of the pools.

mod acceptor;
mod close;
mod connection;
mod counters;
mod crew;
mod farewell;
mod gate;
mod limits;
mod line;
mod listener;
pub mod net;
mod phase;
mod refusal;
mod service;
mod shared;
mod snapshot;
mod strategy;
mod ticket;

pub use acceptor::serve;
pub use close::CloseReason;
pub use connection::{BlockingConnection, Connection, ConnectionId};
pub use counters::Counters;
pub use gate::{GateBusy, RequestGate, RequestPermit};
pub use limits::Limits;
pub use line::PLACE_TOLD_EVERY;
pub use listener::{BindError, Listener};
pub use phase::{Phase, PhaseWatch, Shutdown, ShutdownTrigger, Signals};
pub use refusal::Refusal;
pub use service::Service;
pub use snapshot::{Closed, DrainEnd, Report, Snapshot};
pub use strategy::{Strategy, UnknownStrategy};
