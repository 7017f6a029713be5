//! Whose files a command is about.

use chat_client::{Client, Entered, Since};

use crate::cli::args::{Args, Place};
use crate::cli::failure::Failure;

/// Comes into the room, or the conversation, without a word: its tree is open to those who are in it.
pub(super) async fn enter(args: &Args, place: &Place, client: &Client) -> Result<Entered, Failure> {
    Ok(match &place.with {
        Some(nick) => client.open_direct(nick.as_str(), Since::Now).await?,
        None => client.join_quietly(args.room(place.room.as_ref()), Since::Now).await?,
    })
}

/// What is typed wrongly, though each part of it is right.
pub(super) fn usage(words: impl Into<String>) -> Failure {
    Failure::here(words, 2)
}

/// A name that cannot be one.
pub(super) fn bad_name(words: String) -> Failure {
    Failure::here(words, 4)
}
