//! Coming back to a place that was kept: which rooms there are, which one to turn to, and what had been read there.

use std::collections::VecDeque;
use std::future::Future;
use std::time::Duration;

use chat_client::{Client, ClientError, Event, Events, Page, Range, RoomKey, RoomRef, UnreadRoom};
use proto::RoomName;
use proto::limits::DEFAULT_ROOM;

use super::{HISTORY, Repl};
use crate::cli::args::Args;
use crate::cli::model::{Model, Part, Shown};

/// How long to wait for the answers. What comes later is not needed any more.
const ANSWER_MAX: Duration = Duration::from_secs(3);

/// Events that had been read and are shown above new ones, at least.
const CONTEXT_MIN: u64 = 5;

impl Repl {
    /// Shows somebody who has been here before where they are, and what is new.
    pub(super) async fn come_back(&mut self, args: &Args, events: &mut Events) {
        let wished = args.room.as_ref().map(RoomName::as_str);
        let Comeback { rooms, at_hand, context, heard } = comeback(&self.client, events, wished).await;
        if !rooms.is_empty() {
            self.show(vec![Shown::Note(Model::back_words(&rooms))]);
        }
        match at_hand {
            Some(room) => self.model.turn_to_soon(room),
            None => self.go_in(args),
        }
        let mut context = context.zip(at_hand);
        for event in heard {
            let room = if let Event::Entered(entered) = &event { Some(entered.room.key) } else { None };
            self.hear(event);
            if let Some((page, key)) = context.take_if(|(_, key)| room == Some(*key)) {
                let shown = self.model.part(key, &Part::Context, page);
                self.show(shown);
            }
        }
    }
}

/// What somebody finds who comes back.
#[derive(Debug, Default)]
struct Comeback {
    /// Their rooms, in the order they came into them.
    rooms: Vec<RoomRef>,
    /// The room to turn to; `None` if it is yet to be come into.
    at_hand: Option<RoomKey>,
    /// What had been read there.
    context: Option<Page>,
    /// What was heard meanwhile.
    heard: VecDeque<Event>,
}

/// Asks for it. `wished` is the room that was named, if one was.
async fn comeback(client: &Client, events: &mut Events, wished: Option<&str>) -> Comeback {
    let mut comeback = Comeback::default();
    let Some(rooms) = while_hearing(client.unread(), events, &mut comeback.heard).await else { return comeback };
    let at_hand = room_at_hand(&rooms, wished);
    if let Some(room) = at_hand {
        let (key, range) = (room.room.key, Range::Before(room.read.next()));
        // What is new is shown whole; above it so much that the screen begins as it always does.
        let new = room.head.0.saturating_sub(room.read.0);
        let count = u64::from(HISTORY).saturating_sub(new).max(CONTEXT_MIN);
        let history = client.history(key, range, u16::try_from(count).unwrap_or(HISTORY));
        comeback.context = while_hearing(history, events, &mut comeback.heard).await;
        comeback.at_hand = Some(key);
    }
    comeback.rooms = rooms.into_iter().map(|room| room.room).collect();
    comeback
}

/// The room that was named; otherwise the lobby, any other room, any conversation.
fn room_at_hand<'r>(rooms: &'r [UnreadRoom], wished: Option<&str>) -> Option<&'r UnreadRoom> {
    let named = |name: &str| rooms.iter().find(|room| !room.room.direct && *room.room.name == *name);
    match wished {
        Some(name) => named(name),
        None => named(DEFAULT_ROOM).or_else(|| rooms.iter().find(|room| !room.room.direct)).or_else(|| rooms.first()),
    }
}

/// The answer, if one comes, while events are taken: behind too many of them it would not be read.
async fn while_hearing<T>(
    answer: impl Future<Output = Result<T, ClientError>>,
    events: &mut Events,
    heard: &mut VecDeque<Event>,
) -> Option<T> {
    let waiting = tokio::time::timeout(ANSWER_MAX, answer);
    tokio::pin!(waiting);
    loop {
        tokio::select! {
            answer = &mut waiting => return answer.ok()?.ok(),
            event = events.next() => match event {
                Some(event) => heard.push_back(event),
                None => return None,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use chat_client::Seq;

    use super::*;

    #[test]
    fn somebody_turns_to_the_room_they_named_or_to_one_they_are_in() {
        let room = |(key, name): (u32, &&str)| {
            let direct = name.starts_with('→');
            let room = RoomRef { key: RoomKey(key), name: Arc::from(name.trim_start_matches('→')), direct };
            UnreadRoom { room, read: Seq(0), head: Seq(0), said: 0, more: false }
        };
        let rows: &[(&[&str], Option<&str>, Option<&str>)] = &[
            (&["tea", "lobby"], None, Some("lobby")),
            (&["→bob", "tea"], None, Some("tea")),
            (&["→bob"], None, Some("bob")),
            (&[], None, None),
            (&["lobby", "tea"], Some("tea"), Some("tea")),
            (&["lobby", "→tea"], Some("tea"), None),
        ];
        for (names, wished, expected) in rows {
            let rooms: Vec<_> = (1..).zip(*names).map(room).collect();
            let found = room_at_hand(&rooms, *wished).map(|room| &*room.room.name);
            assert_eq!(found, *expected, "{names:?} {wished:?}");
        }
    }
}
