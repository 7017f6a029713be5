//! The command line.

mod files;
mod man;
mod reading;

pub(crate) use files::{Get, Lls, Ls, Mkdir, Mv, Place, Put, Rm, Verify};
pub(crate) use reading::{Export, History, Search, Talk, Unread};

use clap::{CommandFactory as _, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use proto::limits::{DEFAULT_ROOM, JOIN_LAST_MAX};
use proto::{Nick, RoomName};

const EXAMPLES: &str = "\
Examples:
  chat-client                                  talk in the lobby of the server on this machine
  chat-client --server chat.example --room tea talk somewhere else
  chat-client send build is green              say one thing in the lobby
  make 2>&1 | chat-client send --to ann -      send what a command says to ann
  chat-client tail --json | jq -r .text        follow the lobby in a script
  chat-client unread                           what was said while you were away
  chat-client history --room ops --since 2h    what happened there in the last two hours
  chat-client search --from ann 'deploy*'      what ann said of it, in all your rooms
  printf '%s\\n' hello /who | chat-client       run lines and slash commands from a pipe
  chat-client put report.pdf                   send a file into the lobby
  chat-client get report.pdf                   fetch it; `ls` lists what is there

Exit codes: 0 ok, 1 other, 2 usage, 3 cannot connect, 4 refused or a limit, 5 not found, 6 damaged, 7 a name is taken,
130 interrupted.";

const TAIL_FIELDS: &str = "\
With --json each line is one object. Its fields keep their names:
  room  name of the room
  seq   place in the room, 1, 2, 3, … without holes (a number)
  at    when the server took it: RFC 3339, UTC, with milliseconds
  nick  who did it; empty for crowd
  type  message, joined, left, topic, renamed, crowd, file, folder, sending, unknown
message and topic also have text; renamed has to; crowd, which counts who comes and goes in a big room, has members,
joined and left (numbers). file and sending have path and size (bytes), file also blake3, its hash as b3sum prints it;
sending is a big file that begins to come, and can be fetched meanwhile. folder has path, files and size.
Events that are gone for good are an object of type missed with room, from and to.
Characters that would steer a terminal are written as \\uXXXX.

A broken connection is made again and nothing is lost by it; standard error says so.

Examples:
  chat-client tail --room ops --last 20
  chat-client tail --json --since 1234                from number 1235 on, and then what comes
  chat-client tail --json --count 1 | jq -r .text     wait for the next message";

/// Talk on a Verbatim chat server; without a command, in a conversation (/help there lists its commands)
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The server; without a port, 12101
    #[arg(long, global = true, env = "VERBATIM_SERVER", default_value = "127.0.0.1:12101", value_name = "HOST:PORT")]
    pub(crate) server: String,
    /// Your nick [default: your login name, or one like it if that is taken]
    #[arg(long, global = true, env = "VERBATIM_NICK")]
    pub(crate) nick: Option<Nick>,
    /// The room to begin in [default: lobby]
    #[arg(long)]
    pub(crate) room: Option<RoomName>,
    /// Print a completion script or the man page
    #[arg(long, hide = true, value_name = "WHAT")]
    pub(crate) generate: Option<Generate>,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// What to do instead of talking.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Say something and end; exits 0 only when the server has confirmed it
    Send(Send),
    /// Print what happens in a room as it happens
    #[command(after_long_help = TAIL_FIELDS)]
    Tail(Tail),
    /// Print what happened in a room
    History(History),
    /// Find messages by their words
    Search(Search),
    /// Say what you have not read
    Unread(Unread),
    /// Print all of a room
    Export(Export),
    /// List who is in a room, or on the server
    Who(Who),
    /// List the rooms
    Rooms(Rooms),
    /// Send files and folders into a room, or to somebody
    Put(Put),
    /// Fetch files and folders
    Get(Get),
    /// List the files of a room
    Ls(Ls),
    /// List the files of this machine
    Lls(Lls),
    /// Take files away
    Rm(Rm),
    /// Give a file or folder another name
    Mv(Mv),
    /// Make a folder
    Mkdir(Mkdir),
    /// Check that a stored file is what it was, and the same as the one here
    Verify(Verify),
}

/// Says something and ends.
#[derive(Debug, clap::Args)]
pub(crate) struct Send {
    /// The room to say it in [default: lobby]
    #[arg(long, conflicts_with = "to")]
    pub(crate) room: Option<RoomName>,
    /// Say it to this person alone
    #[arg(long, value_name = "NICK")]
    pub(crate) to: Option<Nick>,
    /// The words. A single - stands for stdin, which is sent as one message if it fits (16384 bytes), and
    /// otherwise as several, split at line ends; how many is said on stderr
    #[arg(required = true)]
    pub(crate) text: Vec<String>,
}

/// Prints what happens in a room.
#[derive(Debug, clap::Args)]
pub(crate) struct Tail {
    /// The room [default: lobby]
    #[arg(long)]
    pub(crate) room: Option<RoomName>,
    /// One JSON object a line; its fields stand below
    #[arg(long)]
    pub(crate) json: bool,
    /// End after N messages, files and folders
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) count: Option<u64>,
    /// Begin with up to N earlier events (at most 1000)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=i64::from(JOIN_LAST_MAX)))]
    pub(crate) last: Option<u16>,
    /// Begin behind event number SEQ; what is no longer in the server's memory comes from its disk
    #[arg(long, value_name = "SEQ", conflicts_with = "last")]
    pub(crate) since: Option<u64>,
}

/// Lists people.
#[derive(Debug, clap::Args)]
pub(crate) struct Who {
    /// Who is in this room [default: lobby]
    #[arg(long, conflicts_with = "all")]
    pub(crate) room: Option<RoomName>,
    /// Who is on the server, in whatever room
    #[arg(long)]
    pub(crate) all: bool,
    /// One JSON object a line, with nick and connected
    #[arg(long)]
    pub(crate) json: bool,
}

/// Lists the rooms.
#[derive(Debug, clap::Args)]
pub(crate) struct Rooms {
    /// One JSON object a line, with room, members and topic
    #[arg(long)]
    pub(crate) json: bool,
}

/// What `--generate` prints.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Generate {
    Bash,
    Zsh,
    Fish,
    Elvish,
    #[value(name = "powershell")]
    PowerShell,
    Man,
}

impl Args {
    /// The room a subcommand means: its own, or the one before it, or the lobby.
    pub(crate) fn room<'a>(&'a self, own: Option<&'a RoomName>) -> &'a str {
        own.or(self.room.as_ref()).map_or(DEFAULT_ROOM, RoomName::as_str)
    }
}

/// Prints a completion script or the man page to stdout.
pub(crate) fn generate(what: Generate) -> std::io::Result<u8> {
    let mut command = Args::command();
    let mut out = Vec::new();
    let shell = match what {
        Generate::Bash => Shell::Bash,
        Generate::Zsh => Shell::Zsh,
        Generate::Fish => Shell::Fish,
        Generate::Elvish => Shell::Elvish,
        Generate::PowerShell => Shell::PowerShell,
        Generate::Man => {
            super::stdout::write(&man::page(&command)?)?;
            return Ok(0);
        }
    };
    clap_complete::generate(shell, &mut command, "chat-client", &mut out);
    super::stdout::write(&String::from_utf8_lossy(&out))?;
    Ok(0)
}

#[cfg(test)]
mod tests;
