//! `chat-client send`: say something, and end well only when the server has confirmed all of it.

use chat_client::{Client, Events, Reconnect, RoomKey, Since, Text};
use futures::StreamExt as _;
use futures::stream::FuturesOrdered;

use super::stdin::Messages;
use super::{Connected, connect};
use crate::cli::args::{Args, Send};
use crate::cli::failure::{Failure, complain};

/// Messages that may be without an answer at a time.
const PIPELINE: usize = 32;

pub(crate) async fn run(args: &Args, send: &Send) -> Result<u8, Failure> {
    let is_stdin = send.text == ["-"];
    // What cannot be said is found before anybody is troubled with a connection.
    let words = if is_stdin { None } else { Some(send.text.join(" ").parse::<Text>().map_err(text_failure)?) };
    let connected: Connected = connect(args, Reconnect::Never).await?;
    connected.say_nick(args);
    connected.finish(async |client, events| say(args, send, words, client, events).await).await?;
    Ok(0)
}

async fn say(args: &Args, send: &Send, words: Option<Text>, client: &Client, events: Events) -> Result<(), Failure> {
    // Nobody reads what happens in the room.
    drop(events);
    let entered = match &send.to {
        Some(nick) => client.open_direct(nick.as_str(), Since::Now).await?,
        None => client.join_quietly(args.room(send.room.as_ref()), Since::Now).await?,
    };
    match words {
        Some(text) => {
            client.say(entered.room.key, text).await?;
            Ok(())
        }
        None => say_stdin(client, entered.room.key).await,
    }
}

async fn say_stdin(client: &Client, room: RoomKey) -> Result<(), Failure> {
    let mut messages = Messages::read_stdin();
    let mut unconfirmed = FuturesOrdered::new();
    let (mut sent, mut confirmed) = (0_u64, 0_u64);
    let mut is_open = true;
    let outcome = loop {
        tokio::select! {
            Some(said) = unconfirmed.next() => match said {
                Ok(_) => confirmed += 1,
                Err(error) => break Err(Failure::Client(error)),
            },
            message = messages.next(), if is_open && unconfirmed.len() < PIPELINE => match message {
                Some(Ok(text)) => {
                    sent += 1;
                    unconfirmed.push_back(client.say(room, text));
                }
                Some(Err(failure)) => break Err(failure),
                None => is_open = false,
            },
            else => break Ok(()),
        }
    };
    drop(unconfirmed);
    match (&outcome, confirmed) {
        (Ok(()), 0) => return Err(Failure::here("there is nothing on stdin to send", 4)),
        (Ok(()), 1) => {}
        (Ok(()), _) => complain(&format!("stdin was sent as {confirmed} messages, split at line ends")),
        (Err(_), 0) => {}
        (Err(_), _) => complain(&format!("{confirmed} of the first {sent} messages were confirmed before this")),
    }
    outcome
}

fn text_failure(error: proto::text::TextError) -> Failure {
    Failure::Client(error.into())
}
