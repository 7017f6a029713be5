//! `chat-client rooms`: the rooms there are.

use chat_client::RoomEntry;
use serde_json::json;

use super::connect_to_look;
use crate::cli::args::{Args, Rooms};
use crate::cli::failure::Failure;
use crate::cli::stdout;
use crate::cli::view::{json_line, room_table};

pub(crate) async fn run(args: &Args, rooms: &Rooms) -> Result<u8, Failure> {
    let connected = connect_to_look(args).await?;
    let list = connected.finish(async |client, _| Ok(client.rooms().await?)).await?;
    let shown = if rooms.json { list.iter().map(object).collect() } else { room_table(&list) };
    stdout::write(&shown)?;
    Ok(0)
}

fn object(room: &RoomEntry) -> String {
    json_line(&json!({ "room": room.name, "members": room.members, "topic": room.topic }))
}
