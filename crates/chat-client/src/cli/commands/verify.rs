//! `chat-client verify`: is a stored file what it was, and is the one here the same?

use std::fs::File;
use std::path::{Path, PathBuf};

use chat_client::{Checked, Client, ClientError, Reconnect, RelPath, RoomKey, Root};
use proto::Code;

use super::connect;
use super::place::{bad_name, enter, usage};
use crate::cli::args::{Args, Verify};
use crate::cli::failure::{Failure, complain};
use crate::cli::view::check::{check_object, check_words, is_right};
use crate::cli::view::files::{about, name};
use crate::cli::view::json_line;
use crate::cli::{remote, stdout};

/// What is wrong with the bytes.
const DAMAGED: u8 = 6;

/// Something to be checked: what was typed, what it may be called in the room, and the local file of that name.
struct Piece {
    asked: String,
    names: Vec<RelPath>,
    here: Option<PathBuf>,
}

pub(crate) async fn run(args: &Args, verify: &Verify) -> Result<u8, Failure> {
    if verify.names.len() > 1 && verify.name.is_some() {
        return Err(usage("--as names one file"));
    }
    let pieces = verify.names.iter().map(|asked| piece(asked, verify.name.as_deref()));
    let pieces: Vec<_> = pieces.collect::<Result<_, _>>().map_err(bad_name)?;
    let connected = connect(args, Reconnect::Never).await?;
    connected
        .finish(async |client, events| {
            // Nobody reads what happens in the room.
            drop(events);
            let room = enter(args, &verify.place, client).await?.room.key;
            let mut worst = 0;
            for piece in &pieces {
                worst = worst.max(check(client, room, piece, verify.json).await?);
            }
            Ok(worst)
        })
        .await
}

/// A typed name is one of the room, by itself or by its last part; and maybe a file here.
fn piece(asked: &str, name: Option<&str>) -> Result<Piece, String> {
    let here = Some(PathBuf::from(asked)).filter(|path| path.is_file());
    let names = match (name, &here) {
        (Some(name), _) => vec![remote::path(name)?],
        (None, None) => vec![remote::path(asked)?],
        (None, Some(path)) => {
            let last = remote::name_of(path, None)?.0;
            remote::path(asked).into_iter().filter(|whole| *whole != last).chain([last.clone()]).collect()
        }
    };
    Ok(Piece { asked: asked.to_owned(), names, here })
}

async fn check(client: &Client, room: RoomKey, piece: &Piece, json: bool) -> Result<u8, Failure> {
    let (path, checked) = match find(client, room, &piece.names).await {
        Ok(found) => found,
        Err(error) => {
            complain(&about(&piece.asked, &error.to_string()));
            return Ok(error.exit_code());
        }
    };
    let local =
        match &piece.here {
            Some(here) => Some(hash(here).await.map_err(|error| {
                Failure::here(format!("cannot read {}: {error}", name(&here.to_string_lossy())), 1)
            })?),
            None => None,
        };
    let shown = match json {
        true => json_line(&check_object(&piece.asked, path.as_str(), &checked, local)),
        false => check_words(path.as_str(), &checked, local) + "\n",
    };
    stdout::write(&shown)?;
    Ok(if is_right(&checked, local) { 0 } else { DAMAGED })
}

/// The first of the names that is there.
async fn find<'n>(client: &Client, room: RoomKey, names: &'n [RelPath]) -> Result<(&'n RelPath, Checked), ClientError> {
    let mut outcome = Err(ClientError::Closed);
    for path in names {
        outcome = client.verify(room, path).await.map(|checked| (path, checked));
        if !matches!(&outcome, Err(ClientError::Refused(refusal)) if refusal.code == Code::NoSuchFile) {
            break;
        }
    }
    outcome
}

/// The hash of a local file.
async fn hash(path: &Path) -> std::io::Result<Root> {
    let path = path.to_owned();
    let hashed = tokio::task::spawn_blocking(move || {
        let mut hasher = blake3::Hasher::new();
        hasher.update_reader(File::open(path)?)?;
        Ok(Root(*hasher.finalize().as_bytes()))
    });
    hashed.await.unwrap_or_else(|error| Err(std::io::Error::other(error)))
}
