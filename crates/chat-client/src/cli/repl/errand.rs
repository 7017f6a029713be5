//! What the loop asks of the server, each as a future of its own, so that nothing waits for anything else.

use std::sync::Arc;

use chat_client::{
    Client, ClientError, Entered, Found, MemberEntry, Nick, Page, Question, Range, RoomEntry, RoomKey, Said, Seq,
    Since, Text, Topic, UnreadRoom, escape,
};
use futures::FutureExt as _;
use futures::future::BoxFuture;

use super::file_errand::{FileAnswer, FileErrand};
use crate::cli::model::{Model, Part, Shown};
use crate::cli::view::{member_list, room_table};

/// Messages that a search shows at most.
const HITS: u16 = 20;

/// A request, and what is needed to make sense of its answer.
#[derive(Debug)]
pub(super) enum Errand {
    Join {
        room: String,
        since: Since,
        ephemeral: bool,
    },
    Direct {
        nick: Nick,
        since: Since,
    },
    Leave {
        room: RoomKey,
    },
    Say {
        id: u64,
        room: RoomKey,
        text: Text,
        counted: bool,
    },
    Tell {
        id: u64,
        nick: Nick,
        text: Text,
    },
    SetTopic {
        room: RoomKey,
        topic: Topic,
    },
    Rename {
        nick: Nick,
    },
    Rooms,
    Members {
        room: String,
    },
    /// A part of a room.
    Part {
        room: RoomKey,
        part: Part,
        range: Range,
        count: u16,
    },
    Search {
        words: String,
    },
    Unread,
    Files(FileErrand),
    /// Word of how far a room was read.
    MarkRead {
        room: RoomKey,
        seq: Seq,
    },
    /// The members of a room, not to be shown but to be completed to.
    Learn {
        key: RoomKey,
        room: String,
    },
}

/// An errand under way.
pub(super) type Running = BoxFuture<'static, Outcome>;

/// How an errand ended.
#[derive(Debug)]
pub(super) struct Outcome {
    /// Whether the prompt waited for it.
    pub(super) held_prompt: bool,
    /// The message it carried.
    pub(super) pending: Option<u64>,
    /// What it was about, for a failure: `not sent: `.
    pub(super) what: &'static str,
    /// The file it was about, if it was.
    pub(super) file: Option<String>,
    pub(super) result: Result<Answer, ClientError>,
}

/// What the server answered.
#[derive(Debug)]
pub(super) enum Answer {
    Entered(Entered),
    Left(RoomKey),
    Said {
        said: Said,
        room: RoomKey,
        counted: bool,
    },
    Topic,
    Renamed(Nick),
    Rooms(Vec<RoomEntry>),
    Members(String, Vec<MemberEntry>),
    Part(RoomKey, Part, Page),
    Found(String, Found),
    Unread(Vec<UnreadRoom>),
    Files(FileAnswer),
    /// Whether the server could be told.
    MarkedRead(RoomKey, Seq, bool),
    Learnt(RoomKey, Vec<MemberEntry>),
}

impl Errand {
    /// Whether the next prompt, or the next line of a script, depends on it.
    pub(super) const fn holds_prompt(&self) -> bool {
        match self {
            Self::Say { .. } | Self::Learn { .. } | Self::MarkRead { .. } => false,
            Self::Files(errand) => errand.holds_prompt(),
            _ => true,
        }
    }

    /// Begins it.
    pub(super) fn run(self, client: Arc<Client>) -> Running {
        let held_prompt = self.holds_prompt();
        let (pending, what) = match &self {
            Self::Say { id, .. } | Self::Tell { id, .. } => (Some(*id), "not sent: "),
            _ => (None, ""),
        };
        let file = if let Self::Files(errand) = &self { errand.file() } else { None };
        let outcome = move |result| Outcome { held_prompt, pending, what, file, result };
        match self {
            // Said here and now, so that lines come into the room in the order they were typed.
            Self::Say { room, text, counted, .. } => {
                let said = client.say(room, text);
                said.map(move |said| outcome(said.map(|said| Answer::Said { said, room, counted }))).boxed()
            }
            other => async move { outcome(other.ask(&client).await) }.boxed(),
        }
    }

    async fn ask(self, client: &Client) -> Result<Answer, ClientError> {
        Ok(match self {
            Self::Join { room, since, ephemeral: false } => Answer::Entered(client.join(&room, since).await?),
            Self::Join { room, since, ephemeral: true } => Answer::Entered(client.join_ephemeral(&room, since).await?),
            Self::Direct { nick, since } => Answer::Entered(client.open_direct(nick.as_str(), since).await?),
            Self::Leave { room } => {
                client.leave(room).await?;
                Answer::Left(room)
            }
            Self::Say { room, text, counted, .. } => {
                Answer::Said { said: client.say(room, text).await?, room, counted }
            }
            Self::Tell { nick, text, .. } => {
                let entered = client.open_direct(nick.as_str(), Since::Now).await?;
                let room = entered.room.key;
                Answer::Said { said: client.say(room, text).await?, room, counted: false }
            }
            Self::SetTopic { room, topic } => {
                client.set_topic(room, topic).await?;
                Answer::Topic
            }
            Self::Rename { nick } => {
                client.rename(&nick).await?;
                Answer::Renamed(nick)
            }
            Self::Rooms => Answer::Rooms(client.rooms().await?),
            Self::Members { room } => {
                let members = client.members(Some(&room)).await?;
                Answer::Members(room, members)
            }
            Self::Part { room, part, range, count } => {
                Answer::Part(room, part, client.history(room, range, count).await?)
            }
            Self::Search { words } => {
                let question = Question { words: words.clone(), count: HITS, ..Question::default() };
                Answer::Found(words, client.search(question).await?)
            }
            Self::Unread => Answer::Unread(client.unread().await?),
            Self::MarkRead { room, seq } => {
                let is_told = client.mark_read(room, seq).await.is_ok();
                Answer::MarkedRead(room, seq, is_told)
            }
            Self::Files(errand) => Answer::Files(errand.ask(client).await?),
            // Completion does without, if it must.
            Self::Learn { key, room } => Answer::Learnt(key, client.members(Some(&room)).await.unwrap_or_default()),
        })
    }
}

impl Answer {
    /// Takes note of it, and says what is to be shown.
    pub(super) fn into_shown(self, model: &mut Model) -> Vec<Shown> {
        match self {
            Self::Entered(entered) => model.entered(&entered),
            Self::Left(room) => {
                let words = format!("you left {}", model.title(room));
                model.left(room);
                vec![Shown::Note(words)]
            }
            Self::Said { counted: false, .. } | Self::Topic => Vec::new(),
            Self::Said { said, room, .. } => {
                let has_it = if model.is_stored(room) { "stored" } else { "the server has it" };
                vec![Shown::Note(format!("{has_it}: {} number {}", model.title(room), said.seq))]
            }
            Self::Renamed(nick) => {
                let words = format!("you are {nick} now");
                model.renamed(nick.as_str());
                vec![Shown::Note(words)]
            }
            Self::Rooms(rooms) => {
                let words = format!("rooms, with how many are there:\n{}", room_table(&rooms));
                vec![Shown::Note(words.trim_end().to_owned())]
            }
            Self::Members(room, members) => {
                let words = format!("{} in #{}: {}", members.len(), escape::line(&room), member_list(&members));
                vec![Shown::Note(words)]
            }
            Self::Part(room, part, page) => model.part(room, &part, page),
            Self::Found(words, found) => model.found(&words, found),
            Self::Unread(rooms) => model.unread(rooms),
            Self::MarkedRead(..) => Vec::new(),
            Self::Files(answer) => answer.into_shown(model),
            Self::Learnt(room, members) => {
                model.members(room, &members);
                Vec::new()
            }
        }
    }
}
