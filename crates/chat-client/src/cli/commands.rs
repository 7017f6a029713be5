//! The one-shot commands: connect, do one thing, say goodbye.

pub(super) mod get;
pub(super) mod ls;
mod moves;
mod place;
pub(super) mod put;
pub(super) mod rooms;
pub(super) mod send;
mod spool;
pub(super) mod stdin;
pub(super) mod tail;
pub(super) mod tidy_up;
pub(super) mod verify;
pub(super) mod who;

use std::future::Future;

use chat_client::{Client, Events, Online, Reconnect, Tcp};

use super::args::Args;
use super::default_nick;
use super::failure::{Failure, complain};

/// A client that is online.
struct Connected {
    client: Client,
    events: Events,
    online: Online,
}

/// Connects as the arguments say. The place in the server's line goes to stderr.
async fn connect(args: &Args, reconnect: Reconnect) -> Result<Connected, Failure> {
    let options = default_nick::options(args, reconnect);
    let (client, mut events) = Client::start(Tcp::new(&args.server), options);
    let online = interruptible(async { Ok(events.online(say_place).await?) }).await?;
    Ok(Connected { client, events, online })
}

impl Connected {
    /// Does `work`, and says goodbye whatever comes of it, SIGINT included.
    async fn finish<T>(self, work: impl AsyncFnOnce(&Client, Events) -> Result<T, Failure>) -> Result<T, Failure> {
        let Self { client, events, .. } = self;
        let outcome = interruptible(work(&client, events)).await;
        client.close().await;
        outcome
    }

    /// Says which nick it is when it is not the one that was wished for, for commands where others see it.
    fn say_nick(&self, args: &Args) {
        let wished = default_nick::options(args, Reconnect::Never).nick;
        if wished.as_str() != self.online.nick {
            complain(&format!("the nick {wished} is taken, so you are {}", self.online.nick));
        }
    }
}

/// Ends `work` at SIGINT.
async fn interruptible<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::select! {
        outcome = work => outcome,
        signal = tokio::signal::ctrl_c() => {
            signal?;
            Err(Failure::Interrupted)
        }
    }
}

/// Tells whoever waits in the server's line.
pub(super) fn say_place(place: u32, waiting: u32) {
    complain(&format!("waiting: place {place} of {waiting}"));
}
