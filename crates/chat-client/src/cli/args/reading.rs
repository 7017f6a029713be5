//! The command line of what reads back.

use clap::value_parser;
use proto::{Nick, RoomName};

use crate::cli::moment::Begin;

/// Events that `history` prints at most. Who wants all of them exports the room.
pub(crate) const LAST_MAX: u32 = 100_000;

const HISTORY_HELP: &str = "\
Lines are as tail prints them, oldest first; with --json, its objects. If the server keeps only so much of a room, and
some of what was asked for is gone, standard error says up to which number.

Your own rooms are read beside whatever else you have open, if you have talked on this server before and the place is
kept; any other room is come into for a moment, without a word, under whatever nick is free.

What is kept on no disk, as in an ephemeral room, is had as far as the server's memory reaches.

Exit codes: 5 no such room or conversation.

Examples:
  chat-client history --room ops                   its last 50 events
  chat-client history --with ann --last 500        the conversation with ann
  chat-client history --room ops --since 2h        what happened in the last two hours
  chat-client history --since 2026-11-24           since a day began; also 2026-11-24T10:15:00+01:00, 3d, yesterday
  chat-client history --before 1234 --last 10      what led to number 1234
  chat-client history --since 1230 --last 10 --json | jq -r .text";

const SEARCH_HELP: &str = "\
All words must be in a message, in whatever order, upper or lower case. A word that ends with * is the beginning of
one; two Chinese characters side by side are found within longer text; user finds getUserName and user_name.
Files and folders are found by their names.

What is found is printed with the newest last: room, number, time, nick, and a line of the text around the first hit.
With --json, the objects of tail, whole, in the same order. `history --before NUMBER` shows what led to a hit.

All rooms and conversations of yours are searched, if you have talked on this server before and the place is kept;
otherwise the room, which is come into for a moment, without a word, under whatever nick is free.

Exit codes: 0 also if nothing is found; 5 no such room, 4 nothing to look for, or no messages on disk.

Examples:
  chat-client search deploy failed                 both words, anywhere
  chat-client search --room ops 'roll*' --from ann
  chat-client search 图片 --json | jq -r .text";

const UNREAD_HELP: &str = "\
Each line is a room, or →NICK for a conversation: how much is unread, and the number of the first of it. Your own
messages do not count, nor does who comes and goes.

With --json each line is one object. Its fields keep their names:
  room    name of the room, or the other's nick
  direct  whether it is a conversation
  unread  messages, files and folders that are unread (a number); more is true if there are more than were counted
  read    number of the last event that was read
  head    number of the newest

What was shown in the conversation (chat-client without a command) is read. Exit code 5 if no place of yours is kept.

Examples:
  chat-client unread
  chat-client unread --json | jq -r 'select(.direct).room'     who waits for an answer";

const EXPORT_HELP: &str = "\
All events of the room, oldest first, as tail prints them; with --json, its objects. What the server no longer keeps is
said on standard error.

Examples:
  chat-client export --room ops --json > ops.jsonl
  chat-client export --with ann > ann.txt";

/// Which room is read.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Talk {
    /// The room [default: lobby]
    #[arg(long, conflicts_with = "with")]
    pub(crate) room: Option<RoomName>,
    /// The conversation with this person alone
    #[arg(long, visible_alias = "to", value_name = "NICK")]
    pub(crate) with: Option<Nick>,
}

/// Prints what happened.
#[derive(Debug, clap::Args)]
#[command(after_long_help = HISTORY_HELP)]
pub(crate) struct History {
    #[command(flatten)]
    pub(crate) talk: Talk,
    /// At most N events: the newest, or those next to where --before or --since points [default: 50; all with --since]
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(1..=i64::from(LAST_MAX)))]
    pub(crate) last: Option<u32>,
    /// Those before event number SEQ
    #[arg(long, value_name = "SEQ", conflicts_with = "since", value_parser = value_parser!(u64).range(1..))]
    pub(crate) before: Option<u64>,
    /// Those behind event number SEQ, or from TIME on: RFC 3339, a date, or a while ago such as 2h or 3d
    #[arg(long, value_name = "SEQ|TIME")]
    pub(crate) since: Option<Begin>,
    /// One JSON object a line, with the fields of tail
    #[arg(long)]
    pub(crate) json: bool,
}

/// Finds messages by their words.
#[derive(Debug, clap::Args)]
#[command(after_long_help = SEARCH_HELP)]
pub(crate) struct Search {
    /// What to look for
    #[arg(required = true, value_name = "WORDS")]
    pub(crate) words: Vec<String>,
    #[command(flatten)]
    pub(crate) talk: Talk,
    /// Only what was said under this nick
    #[arg(long, value_name = "NICK")]
    pub(crate) from: Option<Nick>,
    /// At most N, the newest
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = value_parser!(u32).range(1..=i64::from(LAST_MAX)))]
    pub(crate) count: u32,
    /// One JSON object a line, with the fields of tail
    #[arg(long)]
    pub(crate) json: bool,
}

/// Says what is unread.
#[derive(Debug, clap::Args)]
#[command(after_long_help = UNREAD_HELP)]
pub(crate) struct Unread {
    /// Also the rooms in which nothing is
    #[arg(long)]
    pub(crate) all: bool,
    /// One JSON object a line; its fields stand below
    #[arg(long)]
    pub(crate) json: bool,
}

/// Prints all of a room.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXPORT_HELP)]
pub(crate) struct Export {
    #[command(flatten)]
    pub(crate) talk: Talk,
    /// One JSON object a line, with the fields of tail
    #[arg(long)]
    pub(crate) json: bool,
}
