//! `chat-client ls`: the files of a room; `chat-client lls`: those of this machine.

use std::path::Path;

use chat_client::{Listing, Reconnect, escape};
use jiff::tz::TimeZone;

use super::connect;
use super::place::{bad_name, enter};
use crate::cli::args::{Args, Lls, Ls};
use crate::cli::failure::{Failure, complain};
use crate::cli::view::amount::count_words;
use crate::cli::view::json_line;
use crate::cli::view::listing::{Detail, entry_object, listing, tree};
use crate::cli::{local, remote, stdout};

pub(crate) async fn run(args: &Args, ls: &Ls) -> Result<u8, Failure> {
    let path = remote::path_or_top(ls.path.as_deref()).map_err(bad_name)?;
    let connected = connect(args, Reconnect::Never).await?;
    let (place, found) = connected
        .finish(async |client, events| {
            // Nobody reads what happens in the room.
            drop(events);
            let room = enter(args, &ls.place, client).await?.room;
            let place = format!("{}{}", if room.direct { "→" } else { "#" }, room.name);
            Ok((place, client.list(room.key, path.as_ref(), ls.recursive).await?))
        })
        .await?;
    let base = path.as_ref().map_or("", |path| path.as_str());
    let shown = match (ls.json, ls.recursive) {
        (true, _) => found.entries.iter().map(|entry| json_line(&entry_object(entry))).collect(),
        (false, true) => {
            let title = if base.is_empty() { place } else { format!("{place}/{base}") };
            tree(&found.entries, base, &title, &detail(ls.long))
        }
        (false, false) => listing(&found.entries, base, &detail(ls.long)),
    };
    stdout::write(&shown)?;
    say_rest(&found);
    Ok(0)
}

pub(crate) fn run_local(lls: &Lls) -> Result<u8, Failure> {
    let path = lls.path.as_deref().unwrap_or_else(|| Path::new("."));
    let found = local::list(path, lls.recursive).map_err(|error| local_failure(path, &error))?;
    let shown = match lls.recursive {
        true => tree(&found.entries, "", &path.to_string_lossy(), &detail(lls.long)),
        false => listing(&found.entries, "", &detail(lls.long)),
    };
    stdout::write(&shown)?;
    say_rest(&found);
    Ok(0)
}

fn detail(long: bool) -> Detail {
    if long { Detail::Long(TimeZone::system()) } else { Detail::Names }
}

/// Says on stderr what is not in the list.
fn say_rest(found: &Listing) {
    if found.more {
        complain(&format!("there is more than these {}", found.entries.len()));
    }
    if found.unnamed > 0 {
        let files = count_words(u64::from(found.unnamed), "file");
        complain(&format!("{files} more, with names that are not allowed here, are not listed"));
    }
}

fn local_failure(path: &Path, error: &std::io::Error) -> Failure {
    let shown = path.to_string_lossy();
    match error.kind() {
        std::io::ErrorKind::NotFound => Failure::here(format!("there is no {}", escape::line(&shown)), 5),
        _ => Failure::here(format!("cannot read {shown}: {error}"), 1),
    }
}
