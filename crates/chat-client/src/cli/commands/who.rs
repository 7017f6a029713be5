//! `chat-client who`: who is in a room, or on the server.

use std::fmt::Write as _;

use chat_client::{MemberEntry, escape};
use serde_json::json;

use super::connect_to_look;
use crate::cli::args::{Args, Who};
use crate::cli::failure::Failure;
use crate::cli::stdout;
use crate::cli::view::json_line;

pub(crate) async fn run(args: &Args, who: &Who) -> Result<u8, Failure> {
    let room = if who.all { None } else { Some(args.room(who.room.as_ref())) };
    let connected = connect_to_look(args).await?;
    let members = connected.finish(async |client, _| Ok(client.members(room).await?)).await?;
    let list: String = members.iter().map(|member| entry(member, who.json)).collect();
    stdout::write(&list)?;
    Ok(0)
}

fn entry(member: &MemberEntry, as_json: bool) -> String {
    if as_json {
        return json_line(&json!({ "nick": member.nick, "connected": member.connected }));
    }
    let mut line = escape::line(&member.nick).into_owned();
    if !member.connected {
        // Writing to a string cannot fail.
        let _ = write!(line, " (away: the connection broke)");
    }
    line + "\n"
}
