//! `chat-client search`: messages by their words.

use chat_client::{Client, Heard, Question, RoomKey};
use jiff::tz::TimeZone;

use super::{Reader, connect_beside, guest, page_count, reader};
use crate::cli::args::{Args, Search};
use crate::cli::failure::{Failure, complain};
use crate::cli::stdout;
use crate::cli::view::heard_json;
use crate::cli::view::reading::{TEXT_COLUMNS, hit_table};

pub(crate) async fn run(args: &Args, search: &Search) -> Result<u8, Failure> {
    let words = search.words.join(" ");
    let (connected, rooms) = match search.talk.room.is_some() || search.talk.with.is_some() {
        true => {
            let Reader { connected, room } = reader(args, &search.talk).await?;
            (connected, vec![room.key])
        }
        false => match connect_beside(args).await? {
            Some(connected) => (connected, Vec::new()),
            None => {
                let Reader { connected, room } = guest(args, &search.talk).await?;
                complain(&format!("no place of yours is kept here, so only #{} is searched", room.name));
                (connected, vec![room.key])
            }
        },
    };
    let found = connected
        .finish(async |client, events| {
            // Nobody reads what happens meanwhile.
            drop(events);
            if rooms.is_empty() {
                // Whoever comes beside learns from this what the rooms are called.
                client.unread().await?;
            }
            find(client, search, &words, rooms).await
        })
        .await?;
    let shown = match search.json {
        true => found.iter().map(heard_json).collect(),
        false => hit_table(&found, &words, &TimeZone::system(), TEXT_COLUMNS),
    };
    stdout::write(&shown)?;
    if found.is_empty() {
        complain("nothing is found");
    }
    Ok(0)
}

/// The newest that fit, the newest of them last.
async fn find(client: &Client, search: &Search, words: &str, rooms: Vec<RoomKey>) -> Result<Vec<Heard>, Failure> {
    let mut found = Vec::new();
    let mut before = 0;
    let (mut left, mut is_late) = (search.count, false);
    let more = loop {
        let from = search.from.as_ref().map(|nick| nick.as_str().to_owned());
        let question =
            Question { rooms: rooms.clone(), words: words.to_owned(), from, before, count: page_count(left) };
        let page = client.search(question).await?;
        is_late |= page.unindexed;
        left = left.saturating_sub(super::events_in(&page.events));
        found.extend(page.events);
        match page.next {
            Some(next) if left > 0 => before = next,
            next => break next.is_some(),
        }
    };
    if more {
        complain(&format!("there is more that is older; --count {} shows more", search.count.saturating_mul(10)));
    }
    if is_late {
        complain("what was said in the last moments is not looked at yet");
    }
    found.reverse();
    Ok(found)
}
