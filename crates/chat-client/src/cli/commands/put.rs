//! `chat-client put`: send files and folders.

use std::path::{Path, PathBuf};

use chat_client::{Client, Direction, PutOptions, Reconnect, RelPath};

use super::connect;
use super::moves::{self, Job};
use super::place::{bad_name, enter, usage};
use super::spool::Spool;
use crate::cli::args::{Args, Put};
use crate::cli::failure::{Failure, complain};
use crate::cli::remote;

/// Something to be sent, and what it is to be called.
struct Piece {
    asked: String,
    source: PathBuf,
    to: RelPath,
}

pub(crate) async fn run(args: &Args, put: &Put) -> Result<u8, Failure> {
    let has_stdin = put.paths.iter().any(|path| path.as_os_str() == "-");
    if put.paths.len() > 1 && put.name.as_ref().is_some_and(|name| !name.ends_with('/')) {
        return Err(usage("--as names one file; to send several into a folder, end it with /"));
    }
    if has_stdin && put.name.as_ref().is_none_or(|name| name.ends_with('/')) {
        return Err(usage("stdin has no name; give it one with --as NAME"));
    }
    // What cannot be sent is found before anybody is troubled with a connection.
    let (pieces, missing) = pieces(put)?;
    if pieces.is_empty() {
        return Ok(missing);
    }
    let spool = if has_stdin { Some(super::interruptible(Spool::of_stdin()).await?) } else { None };
    let connected = connect(args, Reconnect::BackOff).await?;
    connected.say_nick(args);
    let sent = connected.finish(async |client, events| {
        let room = enter(args, &put.place, client).await?.room.key;
        let jobs = pieces.into_iter().map(|piece| {
            let source = spool.as_ref().map_or(piece.source, |spool| spool.path().to_owned());
            let options = PutOptions { on_conflict: put.on_conflict.into(), ..PutOptions::new(piece.to) };
            Job::new(piece.asked, Direction::Put, move |client: &Client| {
                if source.is_dir() {
                    client.put_folder(room, source, options)
                } else {
                    client.put(room, source, options)
                }
            })
        });
        moves::run(client, events, jobs.collect(), moves::AT_ONCE, put.json).await
    });
    Ok(moves::say_interrupt(sent.await, !has_stdin)?.max(missing))
}

/// What is to be sent, and the exit code of what is not there. That is said.
fn pieces(put: &Put) -> Result<(Vec<Piece>, u8), Failure> {
    let mut pieces = Vec::new();
    let mut worst = 0;
    for path in &put.paths {
        let asked = path.to_string_lossy().into_owned();
        if path.as_os_str() != "-"
            && let Err(error) = path.metadata()
        {
            worst = worst.max(moves::complain_of_local(&asked, Direction::Put, path, &error, put.json)?);
            continue;
        }
        let (to, words) = remote::name_of(path, put.name.as_deref()).map_err(bad_name)?;
        if let Some(words) = words {
            complain(&words);
        }
        pieces.push(Piece { asked, source: Path::to_owned(path), to });
    }
    Ok((pieces, worst))
}
