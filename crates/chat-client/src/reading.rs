//! Reading back: history, search, and what is unread. Each is one request and one answer, in whatever room the client
//! is in; one that came beside another ([`crate::Options::beside`]) learns the rooms from [`Client::unread`].

use proto::Seq;
use proto::message::Range;

use crate::client::Client;
use crate::error::ClientError;
use crate::event::{Heard, RoomKey, RoomRef};
use crate::request::Request;

/// Earlier events of a room, in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The events; [`Heard::history`] is true of each.
    pub events: Vec<Heard>,
    /// Whether there are more beyond, in the direction that was asked for. Never if there is none here.
    pub more: bool,
    /// Events up to this one are gone, by the server's rule of how much it keeps, and some of them were asked for.
    pub gone_to: Option<Seq>,
}

/// Messages that a search found, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The messages.
    pub events: Vec<Heard>,
    /// The [`Question::before`] of the next page; `None` if this is the last.
    pub next: Option<u64>,
    /// Whether the newest messages were not looked at yet, as their words are still being taken up.
    pub unindexed: bool,
}

/// What is searched for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Question {
    /// In these rooms; in all one is in if there is none.
    pub rooms: Vec<RoomKey>,
    /// All of these words must be there. One that ends with `*` is the beginning of a word.
    pub words: String,
    /// Said by whoever had this nick then.
    pub from: Option<String>,
    /// Only what stands before this; 0 for the newest, otherwise [`Found::next`].
    pub before: u64,
    /// How many at most; the server gives no more than 500 at a time, and may give fewer.
    pub count: u16,
}

/// A room one is in, and what is unread there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadRoom {
    /// The room. Its key is good for [`Client::history`], [`Question::rooms`] and [`Client::mark_read`].
    pub room: RoomRef,
    /// The last event that was read.
    pub read: Seq,
    /// The newest event there is.
    pub head: Seq,
    /// Messages and files among the events between, without one's own.
    pub said: u32,
    /// Whether there are more than were counted.
    pub more: bool,
}

impl Client {
    /// Earlier events of a room, at most `count` of them; the server gives no more than 500 at a time, and may give
    /// fewer.
    ///
    /// What has no messages on a disk, be it an ephemeral room or all of a server, is had as far as its memory reaches.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn history(&self, room: RoomKey, range: Range, count: u16) -> Result<Page, ClientError> {
        self.ask(|reply| Request::History { room, range, count, reply }).await
    }

    /// Messages with these words, newest first.
    ///
    /// # Errors
    /// Refused with `BadSearch` if there is nothing to look for in the words, with `NoStore` by a server that has no
    /// messages on disk.
    pub async fn search(&self, question: Question) -> Result<Found, ClientError> {
        self.ask(|reply| Request::Search { question, reply }).await
    }

    /// The rooms one is in, in the order one came into them, and what is unread there.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn unread(&self) -> Result<Vec<UnreadRoom>, ClientError> {
        self.ask(|reply| Request::Unread { reply }).await
    }

    /// Says that a room has been read up to `seq`. It never goes back.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn mark_read(&self, room: RoomKey, seq: Seq) -> Result<(), ClientError> {
        self.ask(|reply| Request::MarkRead { room, seq, reply }).await
    }
}
