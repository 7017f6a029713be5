//! A client for the Verbatim chat, as a bot would use it. The binary `chat-client` is built on nothing else.
//!
//! ```no_run
//! # async fn example() -> Result<(), chat_client::ClientError> {
//! use chat_client::{Client, Event, Options, Since};
//!
//! let (client, mut events) = Client::connect("127.0.0.1:12101", Options::new("robot".parse().expect("a nick"))).await?;
//! let lobby = client.join("lobby", Since::Now).await?;
//! client.say(lobby.room.key, "hello".parse()?).await?;
//! while let Some(event) = events.next().await {
//!     if let Event::Heard(heard) = event {
//!         println!("{} {}", heard.seq, chat_client::escape::line(&heard.nick));
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Reading order:
//! 1. [`options`] and [`client`]: what a caller has in hand; [`event`]: what it hears; [`error`]: what can go wrong.
//! 2. [`connect`]: where the bytes come from: TCP, or anything else that reads and writes.
//! 3. [`files`]: transfers, and what is asked about files; [`reading`]: history, search and what is unread.
//! 4. `session`: what the protocol is in, as a pure state: rooms, unanswered requests, unsent messages.
//! 5. `driver`: the one task that moves bytes between a connection and the session, and comes back when it breaks.
//! 6. `places`: what outlives the process, so that the next one is the same person.
//! 7. [`escape`]: what makes a peer's words harmless to a terminal.

#![deny(clippy::indexing_slicing, clippy::print_stdout, clippy::print_stderr)]

pub mod client;
pub mod connect;
mod driver;
pub mod error;
pub mod escape;
pub mod event;
#[cfg(test)]
mod fake;
pub mod files;
pub mod options;
mod places;
pub mod reading;
mod request;
mod session;

pub use client::{Client, Events};
pub use connect::{Connector, Tcp};
pub use error::{ClientError, Fault};
pub use event::{ConnectionState, Entered, Event, Heard, How, Online, RoomKey, RoomRef};
pub use files::{
    Direction, GetOptions, GetTarget, Listing, Notice, Outcome, Place, Progress, PutOptions, RelPath, Skipped, Stall,
    State, Transfer,
};
pub use options::{Options, Reconnect, TakenNick};
pub use proto::message::{Checked, FileEntry, MemberEntry, OnConflict, Range, RoomEntry, Said, Since, Sort};
pub use proto::{Nick, Refusal, RoomName, Root, Seq, Text, Topic, What};
pub use reading::{Found, Page, Question, UnreadRoom};
