//! `chat-client tail`: what happens in a room, as it happens.

use chat_client::{Client, ConnectionState, Event, Events, How, Reconnect, RoomKey, Seq, Since, What};

use super::connect_with;
use crate::cli::args::{Args, Tail};
use crate::cli::default_nick;
use crate::cli::failure::{Failure, complain};
use crate::cli::stdout;
use crate::cli::view::{Look, Mark, View, Way, heard_json, missed_json};

pub(crate) async fn run(args: &Args, tail: &Tail) -> Result<u8, Failure> {
    // Not from the place that is kept: see `default_nick::options`.
    let connected = connect_with(args, default_nick::options(args, Reconnect::BackOff)).await?;
    connected.say_nick(args);
    connected.finish(async |client, events| follow(args, tail, client, events).await).await
}

async fn follow(args: &Args, tail: &Tail, client: &Client, mut events: Events) -> Result<u8, Failure> {
    let since = match (tail.since, tail.last) {
        (Some(seq), _) => Since::After(Seq(seq)),
        (None, last) => last.map_or(Since::Now, Since::Last),
    };
    let entered = client.join_quietly(args.room(tail.room.as_ref()), since).await?;
    let room = entered.room.key;
    if entered.ephemeral {
        complain(&format!("nothing that is said in #{} is kept", entered.room.name));
    }
    let mut view = View::new(Look::here(), jiff::tz::TimeZone::system());
    let mut messages = 0;
    let mut last_state = None;
    while let Some(event) = events.next().await {
        if let Event::State(state) = &event {
            say_state(&mut last_state, state);
        }
        // Somebody may talk to this nick alone meanwhile, which is no event of the room.
        if room_of(&event).is_some_and(|of| of != room) {
            continue;
        }
        stdout::write(&shown(&event, tail.json, &mut view))?;
        match event {
            Event::Heard(heard) if is_counted(&heard.what) => messages += 1,
            Event::NotLetIn { refusal, .. } => return Err(Failure::Client(refusal.into())),
            Event::Closed(Some(error)) => return Err(error.into()),
            _ => {}
        }
        if tail.count.is_some_and(|count| messages >= count) {
            break;
        }
    }
    Ok(0)
}

const fn room_of(event: &Event) -> Option<RoomKey> {
    match event {
        Event::Heard(heard) => Some(heard.room.key),
        Event::Entered(entered) => Some(entered.room.key),
        Event::Missed { room, .. } | Event::Behind { room, .. } | Event::NotLetIn { room, .. } => Some(room.key),
        _ => None,
    }
}

/// Whether it is something that somebody meant for others, and not a coming or going.
const fn is_counted(what: &What) -> bool {
    matches!(what, What::Said(_) | What::File { .. } | What::Folder { .. })
}

/// What stdout gets of an event; empty for what is no event of the room.
fn shown(event: &Event, as_json: bool, view: &mut View) -> String {
    match (event, as_json) {
        (Event::Heard(heard), true) => heard_json(heard),
        (Event::Heard(heard), false) => view.heard(heard, "", Mark::Others, Way::None),
        (Event::Missed { room, from, to }, true) => missed_json(&room.name, from.0, to.0),
        (Event::Missed { from, to, .. }, false) => view.note(&format!("events {from} to {to} are gone")),
        (Event::Entered(entered), _) => {
            if let How::Rejoined { may_have_missed } = entered.how {
                complain(&rejoined_words(may_have_missed));
            }
            String::new()
        }
        (Event::Behind { by, .. }, _) => {
            complain(&behind_words(*by));
            String::new()
        }
        (Event::Fault(fault), _) => {
            complain(&format!("the server broke the protocol: {fault}"));
            String::new()
        }
        _ => String::new(),
    }
}

/// How it is said that there is much to catch up on.
pub(crate) fn behind_words(by: u64) -> String {
    format!("behind by {by}, catching up")
}

/// How it is said that a room had to be joined again.
pub(crate) fn rejoined_words(may_have_missed: Option<u64>) -> String {
    match may_have_missed {
        Some(0) => "back in the room; nothing was missed".to_owned(),
        Some(1) => "back in the room; 1 event was missed".to_owned(),
        Some(count) => format!("back in the room; {count} events were missed"),
        None => "back in the room; the server began anew, so what was said meanwhile is unknown".to_owned(),
    }
}

/// Says on stderr when the connection goes and comes back, once for each.
fn say_state(last_online: &mut Option<bool>, state: &ConnectionState) {
    match state {
        ConnectionState::Offline { why, .. } if *last_online != Some(false) => {
            complain(&format!("offline: {why}; trying again"));
            *last_online = Some(false);
        }
        ConnectionState::Online(_) => {
            complain("online again");
            *last_online = Some(true);
        }
        ConnectionState::Queued { place, waiting } => super::say_place(*place, *waiting),
        _ => {}
    }
}
