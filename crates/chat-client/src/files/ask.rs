//! What transfers and callers ask of the driver's task about files.

use std::collections::BTreeMap;
use std::sync::Arc;

use proto::RoomId;
use proto::message::{FileAnswer, FileRequest};

use super::lease::Lease;
use super::line::Line;
use crate::error::ClientError;
use crate::event::RoomKey;
use crate::request::Reply;

/// Questions that may wait for the driver to take them.
pub(crate) const ASKS_MAX: usize = 64;

/// What is asked. Each is answered once; the room's number in the request is filled in by the session.
#[derive(Debug)]
pub(crate) enum Ask {
    /// Something that has one answer.
    Question { room: RoomKey, request: FileRequest, reply: Reply<Answer> },
    /// An `Offer` or a `Fetch`: gets a slot.
    Begin { room: RoomKey, request: FileRequest, line: Arc<Line>, reply: Reply<Begun> },
    /// A ticket for another connection.
    Ticket { reply: Reply<Answer> },
    /// Nothing: the answer means that what happened before has been told to everybody.
    Look { reply: Reply<()> },
}

impl Ask {
    pub(crate) fn fail(self, error: ClientError) {
        // A caller that no longer waits has no use for it.
        match self {
            Self::Question { reply, .. } => drop(reply.send(Err(error))),
            Self::Begin { reply, .. } => drop(reply.send(Err(error))),
            Self::Ticket { reply } => drop(reply.send(Err(error))),
            Self::Look { reply } => drop(reply.send(Err(error))),
        }
    }
}

/// The answer to a question.
#[derive(Debug)]
pub(crate) enum Answer {
    Done,
    File(FileAnswer),
}

/// A transfer that the server has agreed to.
#[derive(Debug)]
pub(crate) struct Begun {
    pub(crate) lease: Lease,
    pub(crate) answer: FileAnswer,
}

/// How the client stands with the server, as far as transfers need to know.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stand {
    /// Which connection; 0 before the first.
    pub(crate) connection: u64,
    /// The rooms the client is in: their names, and whether this connection has been let into them.
    pub(crate) rooms: BTreeMap<RoomKey, RoomStand>,
    /// Why there will be no connection any more.
    pub(crate) over: Option<ClientError>,
}

/// A room the client is in.
#[derive(Debug, Clone)]
pub(crate) struct RoomStand {
    /// As the server numbers it.
    pub(crate) id: RoomId,
    pub(crate) name: Arc<str>,
    pub(crate) direct: bool,
    /// Whether it can be spoken in now.
    pub(crate) ready: bool,
}

impl RoomStand {
    /// Its name, told apart from those of the other sort.
    pub(crate) fn full_name(&self) -> String {
        if self.direct { format!("@{}", self.name) } else { self.name.to_string() }
    }
}

/// The room's number in a request.
pub(crate) const fn room_of(request: &mut FileRequest) -> &mut RoomId {
    match request {
        FileRequest::Offer(offer) => &mut offer.room,
        FileRequest::Fetch(fetch) => &mut fetch.room,
        FileRequest::FetchMany(fetch) => &mut fetch.room,
        FileRequest::Pack(pack) => &mut pack.room,
        FileRequest::List(list) => &mut list.room,
        FileRequest::Remove(remove) => &mut remove.room,
        FileRequest::Move(moves) => &mut moves.room,
        FileRequest::MakeFolder(make) => &mut make.room,
        FileRequest::Verify(verify) => &mut verify.room,
        FileRequest::Announce(announce) => &mut announce.room,
    }
}
