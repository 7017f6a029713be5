//! `chat-client get`: fetch files and folders.

use std::io;
use std::path::{Path, PathBuf};

use chat_client::{Client, Direction, GetOptions, GetTarget, Reconnect, RelPath, RoomKey};

use super::connect;
use super::moves::{self, Job};
use super::place::{bad_name, enter, usage};
use crate::cli::args::{Args, Get};
use crate::cli::failure::Failure;
use crate::cli::remote;

/// Where what is fetched goes.
#[derive(Debug, Clone)]
enum Goal {
    /// Into this folder, by its own name.
    Into(PathBuf),
    /// By this name.
    Named(PathBuf),
    Stdout,
}

pub(crate) async fn run(args: &Args, get: &Get) -> Result<u8, Failure> {
    let goal = goal(get)?;
    let names = get.names.iter().map(|typed| Ok((typed.clone(), remote::path_or_top(Some(typed))?)));
    let names: Vec<_> = names.collect::<Result<_, String>>().map_err(bad_name)?;
    let is_stdout = matches!(goal, Goal::Stdout);
    if is_stdout && names.iter().any(|(_, path)| path.is_none()) {
        return Err(usage("a folder cannot go to stdout"));
    }
    let connected = connect(args, Reconnect::BackOff).await?;
    let fetched = connected.finish(async |client, events| {
        let room = enter(args, &get.place, client).await?.room.key;
        let options = GetOptions { on_conflict: get.on_conflict.into(), fresh: false };
        let jobs: Vec<_> = names.into_iter().map(|(asked, path)| job(asked, path, room, &goal, options)).collect();
        let at_once = if is_stdout { 1 } else { moves::AT_ONCE };
        moves::run(client, events, jobs, at_once, get.json).await
    });
    moves::say_interrupt(fetched.await, !is_stdout)
}

fn goal(get: &Get) -> Result<Goal, Failure> {
    let Some(output) = &get.output else { return Ok(Goal::Into(PathBuf::from("."))) };
    if output.as_os_str() == "-" {
        return if get.json { Err(usage("--json and -o - both want stdout")) } else { Ok(Goal::Stdout) };
    }
    let is_folder = output.is_dir() || output.to_string_lossy().ends_with(std::path::is_separator);
    if is_folder {
        return Ok(Goal::Into(output.clone()));
    }
    if get.names.len() > 1 {
        return Err(usage(format!("{} is no folder, so only one name can go there", output.display())));
    }
    Ok(Goal::Named(output.clone()))
}

/// Fetches a file, or a folder if it turns out to be one.
fn job(asked: String, path: Option<RelPath>, room: RoomKey, goal: &Goal, options: GetOptions) -> Job {
    let folder = folder_goal(goal, path.as_ref());
    let Some(path) = path else {
        return Job::new(asked, Direction::Get, move |client: &Client| {
            client.fetch_folder(room, None, folder, options)
        });
    };
    let target = match goal {
        Goal::Into(folder) => GetTarget::Folder(folder.clone()),
        Goal::Named(path) => GetTarget::File(path.clone()),
        Goal::Stdout => GetTarget::Writer(Box::new(io::stdout())),
    };
    let again = path.clone();
    let job = Job::new(asked, Direction::Get, move |client: &Client| client.get(room, path, target, options));
    match goal {
        Goal::Stdout => job,
        _ => job.or_folder(move |client: &Client| client.fetch_folder(room, Some(again), folder, options)),
    }
}

/// Where a folder goes.
fn folder_goal(goal: &Goal, path: Option<&RelPath>) -> PathBuf {
    match goal {
        Goal::Into(folder) => path.map_or_else(|| folder.clone(), |path| folder.join(Path::new(path.name()))),
        Goal::Named(path) => path.clone(),
        Goal::Stdout => PathBuf::from("."),
    }
}
