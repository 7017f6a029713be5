//! The one-shot commands: connect, do one thing, say goodbye.

pub(super) mod get;
pub(super) mod ls;
mod moves;
mod place;
pub(super) mod put;
pub(super) mod reading;
pub(super) mod rooms;
pub(super) mod send;
mod spool;
pub(super) mod stdin;
pub(super) mod tail;
pub(super) mod tidy_up;
pub(super) mod verify;
pub(super) mod who;

use std::future::Future;

use chat_client::{Client, ClientError, Events, Online, Options, Reconnect, RoomKey, Tcp};

use super::args::Args;
use super::default_nick;
use super::failure::{Failure, complain};

/// A client that is online.
struct Connected {
    client: Client,
    events: Events,
    online: Online,
    /// Where the person was already, if a place of theirs was taken up that stays when the command is done.
    home: Option<Vec<RoomKey>>,
}

/// Connects as the arguments say. The place in the server's line goes to stderr.
///
/// Whoever has a place on the server acts from it, unless it is in use, and leaves it as it was.
async fn connect(args: &Args, reconnect: Reconnect) -> Result<Connected, Failure> {
    let options = default_nick::options(args, reconnect);
    let has_place = options.has_kept_place(&args.server);
    connect_with(args, Options { keep: has_place, yield_place: has_place, ..options }).await
}

/// Connects to look only: beside whatever connection there is, if a place is kept, so that nobody is told of it.
async fn connect_to_look(args: &Args) -> Result<Connected, Failure> {
    match connect_beside(args).await? {
        Some(connected) => Ok(connected),
        None => connect(args, Reconnect::Never).await,
    }
}

/// The same; `None` if no place is kept here, or the server knows of none.
async fn connect_beside(args: &Args) -> Result<Option<Connected>, Failure> {
    let options = Options { beside: true, ..default_nick::options(args, Reconnect::Never) };
    if !options.has_kept_place(&args.server) {
        return Ok(None);
    }
    match connect_with(args, options).await {
        Ok(connected) => Ok(Some(connected)),
        // It has forgotten the place, or as many look already as may.
        Err(Failure::Client(ClientError::Refused(_))) => Ok(None),
        Err(failure) => Err(failure),
    }
}

async fn connect_with(args: &Args, options: Options) -> Result<Connected, Failure> {
    let (client, mut events) = Client::start(Tcp::new(&args.server), options);
    let (online, home) = interruptible(async {
        let online = events.online(say_place).await?;
        let home = if online.kept { Some(rooms_of(&client).await?) } else { None };
        Ok((online, home))
    })
    .await?;
    Ok(Connected { client, events, online, home })
}

/// The rooms, but not the conversations, that the person has a place in.
pub(super) async fn rooms_of(client: &Client) -> Result<Vec<RoomKey>, ClientError> {
    let rooms = client.unread().await?.into_iter().map(|unread| unread.room);
    Ok(rooms.filter(|room| !room.direct).map(|room| room.key).collect())
}

impl Connected {
    /// Does `work`, and says goodbye whatever comes of it, SIGINT included.
    async fn finish<T>(self, work: impl AsyncFnOnce(&Client, Events) -> Result<T, Failure>) -> Result<T, Failure> {
        let Self { client, events, home, .. } = self;
        let outcome = interruptible(work(&client, events)).await;
        if let Some(home) = home {
            // A connection that is gone leaves nothing to be tidied up.
            drop(interruptible(leave_but(&client, &home)).await);
        }
        client.close().await;
        outcome
    }

    /// Says which nick it is when it is not the one that was wished for, for commands where others see it.
    fn say_nick(&self, args: &Args) {
        let wished = default_nick::options(args, Reconnect::Never).nick;
        if wished.as_str() != self.online.nick {
            complain(&nick_words(wished.as_str(), &self.online));
        }
    }
}

/// Why somebody is not called what they wished.
pub(super) fn nick_words(wished: &str, online: &Online) -> String {
    match online.resumed {
        true => format!("you are {} still, as when you left", online.nick),
        false => format!("the nick {wished} is taken, so you are {}", online.nick),
    }
}

/// Leaves the rooms that were only visited: a place that is kept would stay in them.
pub(super) async fn leave_but(client: &Client, home: &[RoomKey]) -> Result<(), Failure> {
    for room in rooms_of(client).await?.into_iter().filter(|room| !home.contains(room)) {
        client.leave(room).await?;
    }
    Ok(())
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
