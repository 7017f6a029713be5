//! Which fields the messages of files have, written down a second time from `docs/protocol.md`.

use bytes::Bytes;
use proto::file::{FileVersion, Root, Slot, TransferKey};
use proto::message::{
    Accepted, Announce, Attach, Attached, Checked, Committed, Entries, Fetch, FetchMany, Fetching, FileAnswer,
    FileEntry, FileRequest, List, MakeFolder, Move, Offer, OnConflict, Pack, PackOutcome, Packed, PackedFile, Parcel,
    Placed, Remove, Sort, StalledBy, Stop, Ticket, TransferMessage, Verify,
};
use proto::{ClientMessage, Code, Header, RoomId, ServerMessage, Token};

use crate::reader::{Reader, Unreadable};
use crate::schema::{fixed_u32, refusal, room, wire_limits};

type Read<T> = Result<T, Unreadable>;

/// What a client says about files, in a frame with this header; `None` if no client sends the kind.
pub(crate) fn client(header: &Header, r: &mut Reader<'_>) -> Option<Read<ClientMessage>> {
    use FileRequest as R;
    let request = match header.kind {
        64 => offer(r).map(R::Offer),
        65 => fetch(r).map(R::Fetch),
        66 => fetch_many(r).map(R::FetchMany),
        67 => list(r).map(R::List),
        68 => remove(r).map(R::Remove),
        69 => moves(r).map(R::Move),
        70 => make_folder(r).map(R::MakeFolder),
        71 => verify(r).map(R::Verify),
        72 => announce(r).map(R::Announce),
        73 => return Some(Ok(ClientMessage::AskTicket)),
        74 => return Some(attach(r).map(ClientMessage::Attach)),
        96..=100 | 102 | 128 => return Some(within(header, r)?.map(|m| ClientMessage::Transfer(Slot(header.slot), m))),
        129 => pack(r).map(R::Pack),
        _ => return None,
    };
    Some(request.map(|request| ClientMessage::File(Slot(header.slot), request)))
}

/// What a server says about files, in a frame with this header; `None` if no server sends the kind.
pub(crate) fn server(header: &Header, r: &mut Reader<'_>) -> Option<Read<ServerMessage>> {
    use FileAnswer as A;
    let answer = match header.kind {
        80 => accepted(r).map(A::Accepted),
        81 => fetching(r).map(A::Fetching),
        82 => entries(r).map(A::Entries),
        83 => r.string("path").map(|path| A::Placed(Placed { path })),
        84 => checked(r).map(A::Checked),
        85 => ticket(r).map(A::Ticket),
        86 => r.list("outcomes", outcome).map(|outcomes| A::Packed(Packed { outcomes })),
        87 => wire_limits(r).map(|limits| A::Attached(Attached { limits })),
        96..=101 | 103 | 128 => return Some(within(header, r)?.map(|m| ServerMessage::Transfer(Slot(header.slot), m))),
        130 => files(r).map(|files| A::Parcel(Parcel { files })),
        _ => return None,
    };
    Some(answer.map(ServerMessage::File))
}

fn within(header: &Header, r: &mut Reader<'_>) -> Option<Read<TransferMessage>> {
    use TransferMessage as M;
    let id = header.id;
    Some(match header.kind {
        96 => Ok(M::Credit { limit: id }),
        97 => hashes(r).map(|hashes| M::Hashes { first: id, hashes }),
        98 => root("root", r).map(|root| M::Finish { size: id, root }),
        99 => Ok(M::Repair { from: id }),
        100 => stop(r).map(M::Stop),
        101 => committed(r).map(M::Committed),
        102 => Ok(M::Taken),
        103 => r.variant("by", &["Sender", "ServerDisk"]).map(|by| match by {
            0 => M::Stalled(StalledBy::Sender),
            _ => M::Stalled(StalledBy::ServerDisk),
        }),
        128 if r.left() == 0 => Err(Unreadable("a chunk is empty")),
        128 => r.rest("bytes").map(|bytes| M::Chunk { offset: id, bytes: Bytes::copy_from_slice(bytes) }),
        _ => return None,
    })
}

fn root(name: &str, r: &mut Reader<'_>) -> Read<Root> {
    r.array(name).map(Root)
}

fn root_if_known(name: &str, r: &mut Reader<'_>) -> Read<Option<Root>> {
    Ok(if r.option(name)? { Some(root(name, r)?) } else { None })
}

fn version(r: &mut Reader<'_>) -> Read<FileVersion> {
    r.array("version").map(FileVersion)
}

fn path(r: &mut Reader<'_>) -> Read<String> {
    r.string("path")
}

fn conflict_of(number: usize) -> Read<OnConflict> {
    let all = [OnConflict::Rename, OnConflict::Fail, OnConflict::Replace, OnConflict::Same];
    all.get(number).copied().ok_or(Unreadable("a variant is unknown"))
}

fn on_conflict(r: &mut Reader<'_>) -> Read<OnConflict> {
    conflict_of(r.variant("on_conflict", &["Rename", "Fail", "Replace", "Same"])?)
}

fn offer(r: &mut Reader<'_>) -> Read<Offer> {
    Ok(Offer {
        room: room(r)?,
        path: path(r)?,
        size: r.u64("size")?,
        modified_ms: r.u64("modified_ms")?,
        key: TransferKey(r.array("key")?),
        fresh: r.bool("fresh")?,
        on_conflict: on_conflict(r)?,
        root: root_if_known("root", r)?,
        announce: r.bool("announce")?,
    })
}

fn fetch(r: &mut Reader<'_>) -> Read<Fetch> {
    Ok(Fetch {
        room: room(r)?,
        path: path(r)?,
        version: if r.option("version")? { Some(version(r)?) } else { None },
        from: r.u64("from")?,
        credit: r.u64("credit")?,
    })
}

fn fetch_many(r: &mut Reader<'_>) -> Read<FetchMany> {
    let fetch = FetchMany { room: room(r)?, paths: r.list("paths", path)? };
    match fetch.paths.iter().map(String::len).sum::<usize>() > 16_384 {
        true => Err(Unreadable("the paths are too long together")),
        false => Ok(fetch),
    }
}

fn list(r: &mut Reader<'_>) -> Read<List> {
    Ok(List { room: room(r)?, path: path(r)?, recursive: r.bool("recursive")?, after: r.string("after")? })
}

fn remove(r: &mut Reader<'_>) -> Read<Remove> {
    Ok(Remove { room: room(r)?, path: path(r)?, recursive: r.bool("recursive")? })
}

fn moves(r: &mut Reader<'_>) -> Read<Move> {
    Ok(Move { room: room(r)?, from: r.string("from")?, to: r.string("to")?, on_conflict: on_conflict(r)? })
}

fn make_folder(r: &mut Reader<'_>) -> Read<MakeFolder> {
    Ok(MakeFolder { room: room(r)?, path: path(r)? })
}

fn verify(r: &mut Reader<'_>) -> Read<Verify> {
    Ok(Verify { room: room(r)?, path: path(r)? })
}

fn announce(r: &mut Reader<'_>) -> Read<Announce> {
    Ok(Announce { room: room(r)?, path: path(r)?, files: r.u32("files")?, bytes: r.u64("bytes")? })
}

fn attach(r: &mut Reader<'_>) -> Read<Attach> {
    Ok(Attach { magic: r.array("magic")?, version: r.u16("version")?, ticket: Token(r.array("ticket")?) })
}

fn accepted(r: &mut Reader<'_>) -> Read<Accepted> {
    Ok(Accepted {
        version: version(r)?,
        from: r.u64("from")?,
        prefix: root("prefix", r)?,
        restarted: r.bool("restarted")?,
        credit: r.u64("credit")?,
    })
}

fn fetching(r: &mut Reader<'_>) -> Read<Fetching> {
    Ok(Fetching {
        version: version(r)?,
        size: r.u64("size")?,
        modified_ms: r.u64("modified_ms")?,
        root: root_if_known("root", r)?,
        arriving: r.bool("arriving")?,
    })
}

fn entries(r: &mut Reader<'_>) -> Read<Entries> {
    Ok(Entries { entries: r.list("entries", entry)?, more: r.bool("more")?, unnamed: r.u32("unnamed")? })
}

fn entry(r: &mut Reader<'_>) -> Read<FileEntry> {
    Ok(FileEntry {
        path: path(r)?,
        sort: match r.variant("sort", &["File", "Folder", "Arriving"])? {
            0 => Sort::File,
            1 => Sort::Folder,
            _ => Sort::Arriving(r.u64("verified")?),
        },
        size: r.u64("size")?,
        modified_ms: r.u64("modified_ms")?,
        root: root_if_known("root", r)?,
        by: r.string("by")?,
    })
}

fn checked(r: &mut Reader<'_>) -> Read<Checked> {
    Ok(Checked {
        size: r.u64("size")?,
        root: root("root", r)?,
        expected: root_if_known("expected", r)?,
        damaged_at: if r.option("damaged_at")? { Some(r.u64("damaged_at")?) } else { None },
    })
}

fn ticket(r: &mut Reader<'_>) -> Read<Ticket> {
    Ok(Ticket { ticket: Token(r.array("ticket")?), good_ms: r.u32("good_ms")? })
}

fn outcome(r: &mut Reader<'_>) -> Read<PackOutcome> {
    Ok(match r.variant("outcome", &["Stored", "Renamed", "Same", "Refused"])? {
        0 => PackOutcome::Stored,
        1 => PackOutcome::Renamed(path(r)?),
        2 => PackOutcome::Same,
        _ => PackOutcome::Refused(refusal(r)?),
    })
}

fn hashes(r: &mut Reader<'_>) -> Read<Bytes> {
    let mut hashes = Vec::new();
    loop {
        hashes.extend(r.raw("hash of a group", 32)?);
        if r.left() == 0 {
            return Ok(Bytes::from(hashes));
        }
    }
}

fn stop(r: &mut Reader<'_>) -> Read<Stop> {
    Ok(Stop { refusal: refusal(r)?, keep: r.bool("keep")? })
}

fn committed(r: &mut Reader<'_>) -> Read<Committed> {
    Ok(Committed {
        path: path(r)?,
        size: r.u64("size")?,
        root: root("root", r)?,
        version: version(r)?,
        same: r.bool("same")?,
    })
}

fn pack(r: &mut Reader<'_>) -> Read<Pack> {
    let room = RoomId(fixed_u32("room", r)?);
    let on_conflict = conflict_of(usize::try_from(r.fixed("on_conflict", 1)?).unwrap_or(usize::MAX))?;
    Ok(Pack { room, on_conflict, files: files(r)? })
}

fn files(r: &mut Reader<'_>) -> Read<Vec<PackedFile>> {
    let count = r.fixed("count", 2)?;
    let files: Vec<PackedFile> = (0..count).map(|_| packed_file(r)).collect::<Read<_>>()?;
    match files.iter().map(|file| file.path.len()).sum::<usize>() > 16_384 {
        true => Err(Unreadable("the paths are too long together")),
        false => Ok(files),
    }
}

fn packed_file(r: &mut Reader<'_>) -> Read<PackedFile> {
    let code = u16::try_from(r.fixed("code", 2)?).map_err(|_| Unreadable("a number is too big"))?;
    let (path_len, size) = (r.fixed("path_len", 2)?, r.fixed("size", 4)?);
    let modified_ms = r.fixed("modified_ms", 8)?;
    let root = root("root", r)?;
    if path_len > 1024 || size > 262_144 {
        return Err(Unreadable("a length is beyond its limit"));
    }
    let path = r.plain_text("path", usize::try_from(path_len).ok())?;
    let bytes = r.raw("bytes", usize::try_from(size).unwrap_or(usize::MAX))?;
    let code = (code != 0).then(|| Code::from_number(code));
    Ok(PackedFile { code, path, modified_ms, root, bytes: Bytes::copy_from_slice(bytes) })
}
