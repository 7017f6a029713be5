//! `chat-client history`: what happened in a room.

use chat_client::{Range, Seq};

use super::{Lines, Reader, backwards, forwards, reader};
use crate::cli::args::{Args, History};
use crate::cli::failure::Failure;
use crate::cli::stdout;

/// Events that are printed if nobody says how many.
const USUAL: u32 = 50;

pub(crate) async fn run(args: &Args, history: &History) -> Result<u8, Failure> {
    let Reader { connected, room } = reader(args, &history.talk).await?;
    let mut lines = Lines::new(history.json);
    connected
        .finish(async |client, events| {
            // Nobody reads what happens meanwhile.
            drop(events);
            if let Some(begin) = history.since {
                let print = |page: &[_]| Ok(stdout::write(&lines.of(page))?);
                return forwards(client, room.key, begin.range(), history.last, print).await;
            }
            let range = history.before.map_or(Range::Last, |before| Range::Before(Seq(before)));
            let found = backwards(client, room.key, range, history.last.unwrap_or(USUAL)).await?;
            Ok(stdout::write(&lines.of(&found))?)
        })
        .await?;
    Ok(0)
}
