//! The command line of what is about files.

use std::path::PathBuf;

use chat_client::OnConflict;
use clap::ValueEnum;
use proto::{Nick, RoomName};

const PUT_HELP: &str = "\
With --json each line is one object. Its fields keep their names:
  type          progress (at most one each 250 ms and transfer), done, failed
  name          what was asked for
  direction     put
of progress, also:
  state         waiting, checking, running, finishing, paused, offline
  done, size    bytes that are there, and in all
  files_done, files  the same of files
  rate          bytes a second; left_s the seconds that are left: both only if they are known
  stalled_by    who is waited for, only if nothing moves
of done, also:
  path          where it is now; differs from what was asked for if renamed is true
  size, files   bytes and files
  blake3        its hash, as b3sum prints it; not of a folder
  same, renamed whether the same bytes were there already; whether its name was taken
  resumed_from  bytes that an earlier try had brought
  moved         bytes that went over the connection
  skipped       of a folder: what was not sent, as objects with path and error
  seconds       how long it took
of failed, also:
  error, exit_code

A transfer that breaks off goes on where it stopped when the same command is given again.
Exit codes: 0 all is there, 3 cannot connect, 4 refused or a limit, 5 not found, 6 damaged, 7 the name is taken,
130 interrupted, 1 other; of several files the worst.

Examples:
  chat-client put report.pdf                       into the lobby, where everybody is told
  chat-client put --room tea photos/ notes.txt     a folder and a file
  chat-client put --to ann report.pdf              to ann alone
  chat-client put report.pdf --as docs/2026.pdf    by another name
  tar c src | chat-client put - --as src.tar       what a command says";

const GET_HELP: &str = "\
With --json each line is one object, with the fields that put --help lists; direction is get, path is the local one.
What has come stands beside its place until it is whole and its hash is right; then it is moved there.
A transfer that breaks off goes on where it stopped when the same command is given again.

Examples:
  chat-client get report.pdf                   into this folder
  chat-client get report.pdf -o old.pdf        by another name
  chat-client get docs -o ~/Downloads          a folder into another
  chat-client get --to ann report.pdf          what ann sent to you, or you to ann
  chat-client get src.tar -o - | tar t         to stdout: only verified bytes, in order";

const LS_HELP: &str = "\
With --json each line is one object. Its fields keep their names:
  path      from the top of the room's files
  type      file, folder, arriving (a file that is still being sent; it can be fetched)
  size      bytes; not of a folder
  arrived   of an arriving file: bytes that are there
  modified  RFC 3339, UTC
  by        who sent it
  blake3    its hash, as b3sum prints it
What is not known is left out.

Examples:
  chat-client ls -R                        all of the lobby as a tree
  chat-client ls docs -l                   a folder with sizes, times, senders and hashes
  chat-client ls --json | jq -r .path";

const LLS_HELP: &str = "\
Examples:
  chat-client lls                          what could be sent from this folder
  chat-client lls -Rl ~/Documents          a folder with all that is in it, with sizes and times";

const RM_HELP: &str = "\
Only what one has sent oneself can be taken away.

Examples:
  chat-client rm report.pdf
  chat-client rm -r --room tea photos      a folder with all that is in it";

const MV_HELP: &str = "\
Only what one has sent oneself can be moved.

Examples:
  chat-client mv report.pdf old.pdf
  chat-client mv report.pdf docs           into a folder that is there";

const MKDIR_HELP: &str = "\
Examples:
  chat-client mkdir docs/2026              makes docs, too, if it is not there";

const VERIFY_HELP: &str = "\
The server reads the file anew and compares it with the hash it had when it came. If PATH is also a file here, its
hash is compared, too. Exit code 6 if anything differs.

Examples:
  chat-client verify report.pdf
  chat-client verify ~/Downloads/report.pdf --as docs/report.pdf";

/// Whose files.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Place {
    /// The room [default: lobby]
    #[arg(long, conflicts_with = "with")]
    pub(crate) room: Option<RoomName>,
    /// The conversation with this person alone
    #[arg(long = "to", visible_alias = "with", value_name = "NICK")]
    pub(crate) with: Option<Nick>,
}

/// Sends files.
#[derive(Debug, clap::Args)]
#[command(after_long_help = PUT_HELP)]
pub(crate) struct Put {
    /// Files and folders; a single - stands for stdin, and needs --as
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) place: Place,
    /// The name it gets; with / at the end, the folder it goes into
    #[arg(long = "as", value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// What to do when the name is taken
    #[arg(long, value_enum, default_value_t = Conflict::Rename)]
    pub(crate) on_conflict: Conflict,
    /// One JSON object a line; its fields stand below
    #[arg(long)]
    pub(crate) json: bool,
}

/// Fetches files.
#[derive(Debug, clap::Args)]
#[command(after_long_help = GET_HELP)]
pub(crate) struct Get {
    /// Files and folders of the room
    #[arg(required = true, value_name = "NAME")]
    pub(crate) names: Vec<String>,
    #[command(flatten)]
    pub(crate) place: Place,
    /// Where it goes: a folder that is there, or a new name; - for stdout
    #[arg(short, long, value_name = "PATH")]
    pub(crate) output: Option<PathBuf>,
    /// What to do when the name is taken
    #[arg(long, value_enum, default_value_t = Conflict::Rename)]
    pub(crate) on_conflict: Conflict,
    /// One JSON object a line; see put --help
    #[arg(long)]
    pub(crate) json: bool,
}

/// Lists files.
#[derive(Debug, clap::Args)]
#[command(after_long_help = LS_HELP)]
pub(crate) struct Ls {
    /// A folder, or a file
    pub(crate) path: Option<String>,
    #[command(flatten)]
    pub(crate) place: Place,
    /// All that is below it, as a tree
    #[arg(short = 'R', long)]
    pub(crate) recursive: bool,
    /// Size, time, who and the beginning of the hash, too
    #[arg(short, long)]
    pub(crate) long: bool,
    /// One JSON object a line; its fields stand below
    #[arg(long)]
    pub(crate) json: bool,
}

/// Lists local files.
#[derive(Debug, clap::Args)]
#[command(after_long_help = LLS_HELP)]
pub(crate) struct Lls {
    /// A folder, or a file [default: this folder]
    pub(crate) path: Option<PathBuf>,
    /// All that is below it, as a tree
    #[arg(short = 'R', long)]
    pub(crate) recursive: bool,
    /// Size and time, too
    #[arg(short, long)]
    pub(crate) long: bool,
}

/// Takes files away.
#[derive(Debug, clap::Args)]
#[command(after_long_help = RM_HELP)]
pub(crate) struct Rm {
    /// Files and folders
    #[arg(required = true, value_name = "NAME")]
    pub(crate) names: Vec<String>,
    #[command(flatten)]
    pub(crate) place: Place,
    /// Folders with all that is in them
    #[arg(short, long)]
    pub(crate) recursive: bool,
}

/// Gives files another name.
#[derive(Debug, clap::Args)]
#[command(after_long_help = MV_HELP)]
pub(crate) struct Mv {
    /// What it is called
    #[arg(value_name = "NAME")]
    pub(crate) from: String,
    /// What it is to be called; a folder that is there takes it in
    #[arg(value_name = "NEW_NAME")]
    pub(crate) to: String,
    #[command(flatten)]
    pub(crate) place: Place,
    /// What to do when the new name is taken
    #[arg(long, value_enum, default_value_t = Conflict::Fail)]
    pub(crate) on_conflict: Conflict,
}

/// Makes folders.
#[derive(Debug, clap::Args)]
#[command(after_long_help = MKDIR_HELP)]
pub(crate) struct Mkdir {
    /// The folders; those above them are made, too
    #[arg(required = true, value_name = "NAME")]
    pub(crate) names: Vec<String>,
    #[command(flatten)]
    pub(crate) place: Place,
}

/// Checks files.
#[derive(Debug, clap::Args)]
#[command(after_long_help = VERIFY_HELP)]
pub(crate) struct Verify {
    /// Files of the room, or local ones that are there by the same name
    #[arg(required = true, value_name = "NAME|PATH")]
    pub(crate) names: Vec<String>,
    #[command(flatten)]
    pub(crate) place: Place,
    /// What the one file is called in the room, if that is not the name here
    #[arg(long = "as", value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// One JSON object a line, with name, path, ok, size, blake3, expected, damaged_at and local
    #[arg(long)]
    pub(crate) json: bool,
}

/// What to do when a name is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Conflict {
    /// Take `name (1)`, or the next number that is free; the same bytes stay as they are
    Rename,
    /// Refuse
    Fail,
    /// Take its place; in a room only of one's own
    Replace,
    /// If the same bytes are there, well; otherwise refuse
    Same,
}

impl From<Conflict> for OnConflict {
    fn from(conflict: Conflict) -> Self {
        match conflict {
            Conflict::Rename => Self::Rename,
            Conflict::Fail => Self::Fail,
            Conflict::Replace => Self::Replace,
            Conflict::Same => Self::Same,
        }
    }
}
