//! What a caller decides before it connects.

use std::path::PathBuf;

use proto::Nick;

/// What to do when the nick is taken at the first hello. On a later hello, after a break, the offer is always taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TakenNick {
    /// Fail with the server's refusal, which holds its offer.
    #[default]
    Fail,
    /// Take the free nick that the server offers; [`crate::Online::nick`] says which.
    TakeOffer,
}

/// What to do when a connection that was once online breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reconnect {
    /// Give up, with the reason.
    #[default]
    Never,
    /// Try again, first after 200 ms, then twice as long each time up to 15 s, until it works or the client is closed.
    BackOff,
}

/// What a caller decides before it connects.
#[derive(Debug, Clone)]
pub struct Options {
    /// The nick to ask for.
    pub nick: Nick,
    /// What the program is, for the server's log.
    pub agent: String,
    /// See [`TakenNick`].
    pub taken_nick: TakenNick,
    /// See [`Reconnect`].
    pub reconnect: Reconnect,
    /// Where the client keeps the secret by which an upload can be resumed after a restart; `None` for the folder the
    /// system has for such things.
    pub state_folder: Option<PathBuf>,
}

impl Options {
    /// Options for `nick`: a taken nick is an error, and so is a broken connection.
    pub fn new(nick: Nick) -> Self {
        Self {
            nick,
            agent: concat!("chat-client ", env!("CARGO_PKG_VERSION")).to_owned(),
            taken_nick: TakenNick::default(),
            reconnect: Reconnect::default(),
            state_folder: None,
        }
    }
}
