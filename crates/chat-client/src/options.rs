//! What a caller decides before it connects.

use std::path::PathBuf;

use proto::Nick;

use crate::connect::{Connector as _, Tcp};
use crate::places::Places;

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
    /// Where the client keeps what it needs after a restart: the secret by which an upload can be resumed, and the
    /// places that are kept. `None` for the folder the system has for such things.
    pub state_folder: Option<PathBuf>,
    /// Keep the place when the client is closed: the nick stays, and direct conversations go on. Where the server does
    /// so ([`crate::Online::kept`]), what proves it is oneself is written to the state folder, one file for each server
    /// and nick, and the next client of that nick takes the place up again, in whatever process.
    pub keep: bool,
    /// Only read, beside whatever connection stands: history, search, unread. Needs a place that was kept; nothing can
    /// be said, and no event comes.
    pub beside: bool,
    /// Do not take one's own place from a connection that stands: the nick is taken then, as for anybody else.
    pub yield_place: bool,
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
            keep: false,
            beside: false,
            yield_place: false,
        }
    }

    /// Whether a place of this nick on `server`, as [`crate::Client::connect`] takes it, was kept by this user.
    /// Whether the server still knows it, the server says.
    pub fn has_kept_place(&self, server: &str) -> bool {
        Places::new(Tcp::new(server).target(), self.state_folder.as_deref()).load(self.nick.as_str()).is_some()
    }
}
