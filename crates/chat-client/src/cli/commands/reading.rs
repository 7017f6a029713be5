//! The commands that read back: where they read, and page after page of it.

pub(crate) mod export;
pub(crate) mod history;
pub(crate) mod search;
pub(crate) mod unread;

use chat_client::{Client, Heard, Options, Range, Reconnect, RoomKey, RoomRef, Seq, Since, TakenNick};
use jiff::tz::TimeZone;
use proto::limits::PAGE_EVENTS_MAX;

use super::{Connected, connect_beside, connect_with};
use crate::cli::args::{Args, Talk};
use crate::cli::default_nick;
use crate::cli::failure::{Failure, complain};
use crate::cli::view::{Look, Mark, View, Way, heard_json};

/// A room that can be read, and the connection that can.
struct Reader {
    connected: Connected,
    room: RoomRef,
}

/// Finds a way to read a room: beside whatever connection the person has, if it is a room of theirs; otherwise as a
/// guest, who comes in without a word.
async fn reader(args: &Args, talk: &Talk) -> Result<Reader, Failure> {
    if let Some(reader) = reader_of_own(args, talk).await? {
        return Ok(reader);
    }
    match &talk.with {
        Some(nick) => Err(no_conversation(args, nick.as_str())),
        None => guest(args, talk).await,
    }
}

async fn reader_of_own(args: &Args, talk: &Talk) -> Result<Option<Reader>, Failure> {
    let Some(connected) = connect_beside(args).await? else { return Ok(None) };
    let is_meant = |room: &RoomRef| match &talk.with {
        Some(nick) => room.direct && room.name.to_lowercase() == nick.as_str().to_lowercase(),
        None => !room.direct && *room.name == *args.room(talk.room.as_ref()),
    };
    let own = super::interruptible(async { Ok(connected.client.unread().await?) }).await?;
    match own.into_iter().map(|unread| unread.room).find(is_meant) {
        Some(room) => Ok(Some(Reader { connected, room })),
        None => {
            connected.client.close().await;
            Ok(None)
        }
    }
}

/// Comes into a room that is there, under whatever nick is free, to read and go.
async fn guest(args: &Args, talk: &Talk) -> Result<Reader, Failure> {
    let own = default_nick::options(args, Reconnect::Never);
    let connected = connect_with(args, Options { taken_nick: TakenNick::TakeOffer, ..own }).await?;
    let name = args.room(talk.room.as_ref());
    let entered = super::interruptible(async {
        // To come in would make the room.
        connected.client.members(Some(name)).await?;
        Ok(connected.client.join_quietly(name, Since::Now).await?)
    })
    .await;
    match entered {
        Ok(entered) => Ok(Reader { connected, room: entered.room }),
        Err(failure) => {
            connected.client.close().await;
            Err(failure)
        }
    }
}

fn no_conversation(args: &Args, nick: &str) -> Failure {
    let own = default_nick::options(args, Reconnect::Never);
    match own.has_kept_place(&args.server) {
        true => {
            Failure::here(format!("you have no conversation with {nick}; begin one with: send --to {nick} TEXT"), 5)
        }
        false => no_place(own.nick.as_str(), args),
    }
}

fn no_place(nick: &str, args: &Args) -> Failure {
    let (nick, server) = (nick.to_owned(), args.server.clone());
    Failure::Client(chat_client::ClientError::NoPlace { nick, server })
}

/// Events as lines.
struct Lines {
    view: View,
    as_json: bool,
}

impl Lines {
    fn new(as_json: bool) -> Self {
        Self { view: View::new(Look::here(), TimeZone::system()).with_whole_texts(), as_json }
    }

    fn of(&mut self, events: &[Heard]) -> String {
        let line = |heard: &Heard| match self.as_json {
            true => heard_json(heard),
            false => self.view.heard(heard, "", Mark::Others, Way::None),
        };
        events.iter().map(line).collect()
    }
}

/// Hands on all of a room from where `range` begins, a page at a time, at most `count` events.
async fn forwards(
    client: &Client,
    room: RoomKey,
    range: Range,
    count: Option<u32>,
    mut hand_on: impl FnMut(&[Heard]) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut range = range;
    let mut left = count.unwrap_or(u32::MAX);
    let mut gone = Gone::default();
    while left > 0 {
        let page = client.history(room, range, page_count(left)).await?;
        gone.say(page.gone_to);
        hand_on(&page.events)?;
        left = left.saturating_sub(events_in(&page.events));
        match page.events.last() {
            Some(last) if page.more => range = Range::After(last.seq),
            _ => break,
        }
    }
    Ok(())
}

/// The newest events of a room, or the newest of those before one, in their order.
async fn backwards(client: &Client, room: RoomKey, range: Range, count: u32) -> Result<Vec<Heard>, Failure> {
    let mut range = range;
    let mut pages = Vec::new();
    let mut left = count;
    let mut gone = Gone::default();
    while left > 0 {
        let page = client.history(room, range, page_count(left)).await?;
        gone.say(page.gone_to);
        left = left.saturating_sub(events_in(&page.events));
        let first = page.events.first().map(|first| first.seq).filter(|_| page.more);
        pages.push(page.events);
        match first {
            Some(first) => range = Range::Before(first),
            None => break,
        }
    }
    Ok(pages.into_iter().rev().flatten().collect())
}

/// How many to ask for when so many are wanted.
fn page_count(wanted: u32) -> u16 {
    u16::try_from(wanted).unwrap_or(u16::MAX).min(PAGE_EVENTS_MAX)
}

fn events_in(events: &[Heard]) -> u32 {
    u32::try_from(events.len()).unwrap_or(u32::MAX)
}

/// Says once that some of what was asked for is gone.
#[derive(Default)]
struct Gone {
    is_said: bool,
}

impl Gone {
    fn say(&mut self, gone_to: Option<Seq>) {
        if let Some(seq) = gone_to.filter(|_| !std::mem::replace(&mut self.is_said, true)) {
            complain(&gone_words(seq));
        }
    }
}

/// How it is said that a server keeps only so much.
pub(crate) fn gone_words(to: Seq) -> String {
    format!("events up to {to} are gone, by the server's rule of how much it keeps")
}
