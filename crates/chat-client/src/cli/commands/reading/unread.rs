//! `chat-client unread`: what was said while one was away.

use chat_client::Reconnect;

use super::no_place;
use crate::cli::args::{Args, Unread};
use crate::cli::commands::connect_beside;
use crate::cli::default_nick;
use crate::cli::failure::{Failure, complain};
use crate::cli::stdout;
use crate::cli::view::reading::{unread_json, unread_table};

pub(crate) async fn run(args: &Args, unread: &Unread) -> Result<u8, Failure> {
    let Some(connected) = connect_beside(args).await? else {
        return Err(no_place(default_nick::options(args, Reconnect::Never).nick.as_str(), args));
    };
    let rooms = connected.finish(async |client, _| Ok(client.unread().await?)).await?;
    let rooms: Vec<_> = rooms.into_iter().filter(|room| unread.all || room.said > 0).collect();
    let shown = if unread.json { rooms.iter().map(unread_json).collect() } else { unread_table(&rooms) };
    if rooms.is_empty() {
        complain("nothing is unread");
    }
    stdout::write(&shown)?;
    Ok(0)
}
