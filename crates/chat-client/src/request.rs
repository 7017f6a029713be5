//! What the handle asks of the driver's task.

use proto::message::{Join, MemberEntry, Range, RoomEntry, Said, Since};
use proto::{Seq, Text, Topic};
use tokio::sync::oneshot;

use crate::error::ClientError;
use crate::event::{Entered, RoomKey};
use crate::reading::{Found, Page, Question, UnreadRoom};

/// Where an answer goes. A caller that no longer waits has dropped the other end, and the answer is dropped too.
pub(crate) type Reply<T> = oneshot::Sender<Result<T, ClientError>>;

/// What the handle asks of the driver's task. Each is answered once.
#[derive(Debug)]
pub(crate) enum Request {
    Join { join: Join, reply: Reply<Entered> },
    OpenDirect { nick: String, since: Since, reply: Reply<Entered> },
    Leave { room: RoomKey, reply: Reply<()> },
    Say { room: RoomKey, text: Text, reply: Reply<Said> },
    SetTopic { room: RoomKey, topic: Topic, reply: Reply<()> },
    Rename { nick: String, reply: Reply<()> },
    Rooms { reply: Reply<Vec<RoomEntry>> },
    Members { room: Option<String>, reply: Reply<Vec<MemberEntry>> },
    History { room: RoomKey, range: Range, count: u16, reply: Reply<Page> },
    Search { question: Question, reply: Reply<Found> },
    Unread { reply: Reply<Vec<UnreadRoom>> },
    MarkRead { room: RoomKey, seq: Seq, reply: Reply<()> },
}
