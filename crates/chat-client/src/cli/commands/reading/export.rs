//! `chat-client export`: all of a room, page by page.

use chat_client::{Range, Seq};

use super::{Lines, Reader, forwards, reader};
use crate::cli::args::{Args, Export};
use crate::cli::failure::Failure;
use crate::cli::stdout;

pub(crate) async fn run(args: &Args, export: &Export) -> Result<u8, Failure> {
    let Reader { connected, room } = reader(args, &export.talk).await?;
    let mut lines = Lines::new(export.json);
    connected
        .finish(async |client, events| {
            // Nobody reads what happens meanwhile.
            drop(events);
            let print = |page: &[_]| Ok(stdout::write(&lines.of(page))?);
            forwards(client, room.key, Range::After(Seq(0)), None, print).await
        })
        .await?;
    Ok(0)
}
