//! `chat-client rm`, `mv` and `mkdir`.

use chat_client::{Client, ClientError, Reconnect, RelPath, RoomKey};

use super::connect;
use super::place::{bad_name, enter};
use crate::cli::args::{Args, Mkdir, Mv, Place, Rm};
use crate::cli::failure::{Failure, complain};
use crate::cli::remote;
use crate::cli::view::files::{about, name};

pub(crate) async fn rm(args: &Args, rm: &Rm) -> Result<u8, Failure> {
    each(args, &rm.place, &rm.names, async |client, room, path| client.remove(room, path, rm.recursive).await).await
}

pub(crate) async fn mkdir(args: &Args, mkdir: &Mkdir) -> Result<u8, Failure> {
    let make = async |client: &Client, room, path: &RelPath| {
        let stands = client.make_folder(room, path).await?;
        say_place(path.as_str(), &stands);
        Ok(())
    };
    each(args, &mkdir.place, &mkdir.names, make).await
}

pub(crate) async fn mv(args: &Args, mv: &Mv) -> Result<u8, Failure> {
    let (from, to) = (remote::path(&mv.from).map_err(bad_name)?, remote::path(&mv.to).map_err(bad_name)?);
    let connected = connect(args, Reconnect::Never).await?;
    connected.say_nick(args);
    let moved = connected.finish(async |client, events| {
        drop(events);
        let room = enter(args, &mv.place, client).await?.room.key;
        Ok(client.move_to(room, &from, &to, mv.on_conflict.into()).await?)
    });
    say_place(to.as_str(), &moved.await?);
    Ok(0)
}

/// Does something with each name; what fails is said, and the worst is the exit code.
async fn each(
    args: &Args,
    place: &Place,
    names: &[String],
    act: impl AsyncFn(&Client, RoomKey, &RelPath) -> Result<(), ClientError>,
) -> Result<u8, Failure> {
    let paths: Vec<_> = names.iter().map(|name| remote::path(name)).collect::<Result<_, _>>().map_err(bad_name)?;
    let connected = connect(args, Reconnect::Never).await?;
    connected.say_nick(args);
    connected
        .finish(async |client, events| {
            // Nobody reads what happens in the room.
            drop(events);
            let room = enter(args, place, client).await?.room.key;
            let mut worst = 0;
            for path in &paths {
                if let Err(error) = act(client, room, path).await {
                    complain(&about(path.as_str(), &error.to_string()));
                    worst = worst.max(error.exit_code());
                }
            }
            Ok(worst)
        })
        .await
}

/// Says where something stands, if that is not where it was meant to.
fn say_place(meant: &str, stands: &str) {
    if meant != stands {
        complain(&format!("{} is {}", name(meant), name(stands)));
    }
}
