//! What each `reject` block of the document must be answered with.

use proto::DecodeError;
use proto::limits::{BULK_BYTES_MAX, CONTROL_BYTES_MAX, CURSORS_MAX, HASHES_MAX, LIST_ENTRIES_MAX, PACK_FILES_MAX};

/// Which side reads the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// A server reads what a client sent.
    Server,
    /// A client reads what a server sent.
    Client,
}

/// A block's label, who reads it, and the error that has to come.
pub(crate) struct Reject {
    pub(crate) label: &'static str,
    pub(crate) reader: Side,
    pub(crate) error: DecodeError,
    /// The longest bulk body that the reader takes.
    pub(crate) bulk_bytes_max: usize,
}

/// Every block of bytes that must be refused. The first word of a label is the error's name.
pub(crate) fn all() -> Vec<Reject> {
    let mut rejects = of_chat();
    rejects.extend(of_reading());
    rejects.extend(of_transfers());
    rejects.extend(of_files());
    rejects
}

fn of_chat() -> Vec<Reject> {
    use DecodeError as E;
    let too_long = |kind, len, max| E::BodyTooLong { kind, len, max };
    let ends_early = |kind| bad(kind, "it ends too early");
    vec![
        at_server("BodyTooLong control", too_long(16, 65_537, CONTROL_BYTES_MAX)),
        at_server("BodyTooLong huge", too_long(18, u32::MAX, CONTROL_BYTES_MAX)),
        Reject { bulk_bytes_max: 0, ..at_server("BodyTooLong bulk", too_long(128, 1, 0)) },
        at_server("BodyTooLong bulk-cap", too_long(128, 1_048_577, BULK_BYTES_MAX)),
        at_server("BodyTooLong http", too_long(b'/', 0x4745_5420, CONTROL_BYTES_MAX)),
        at_server("CutShort header", E::CutShort { had: 15, want: 16 }),
        at_server("CutShort body", E::CutShort { had: 16 + 8, want: 16 + 9 }),
        at_server("UnknownKind", E::UnknownKind(63)),
        at_server("UnknownKind of-servers", E::UnknownKind(32)),
        at_client("UnknownKind of-clients", E::UnknownKind(16)),
        at_server("BadMagic", E::BadMagic),
        at_server("BadMagic short", E::BadMagic),
        at_server("TooManyEntries", E::TooManyEntries { kind: "Hello", count: CURSORS_MAX + 1, max: CURSORS_MAX }),
        at_server("TrailingBytes join", E::TrailingBytes { kind: "Join", extra: 1 }),
        at_server("TrailingBytes ping", E::TrailingBytes { kind: "Ping", extra: 3 }),
        at_client("TrailingBytes event", E::TrailingBytes { kind: "Event", extra: 2 }),
        at_server("BadBody truncated", ends_early("Join")),
        at_server("BadBody empty", ends_early("Leave")),
        at_server("BadBody lying-string", ends_early("Rename")),
        at_server("BadBody length-bomb", bad("Rename", "a length in it is beyond the limit")),
        at_server("BadBody list-bomb", ends_early("Hello")),
        at_client("BadBody list-bomb-at-client", ends_early("MemberList")),
        at_server("BadBody number-254", bad("Leave", "a number in it does not fit its field")),
        at_server("BadBody number-too-wide", bad("Leave", "a number in it does not fit its field")),
        at_server("BadBody variant", bad("Join", "a field in it has no such value")),
        at_server("BadBody option", bad("ListMembers", "a tag in it is unknown")),
        at_server("BadBody bool", bad("Join", "a flag in it is neither 0 nor 1")),
        at_server("BadBody utf8", bad("Rename", "a string in it is not UTF-8")),
        at_server("BadBody say", ends_early("Say")),
        at_client("BadBody event", ends_early("Event")),
        at_client("BadBody event-nick", ends_early("Event")),
        at_client("BadBody event-long-nick", bad("Event", "the nick in it is too long")),
        at_client("BadBody event-utf8", bad("Event", "a string in it is not UTF-8")),
        at_client("BadBody crowd", ends_early("Event")),
    ]
}

fn of_reading() -> Vec<Reject> {
    use DecodeError as E;
    let too_many = |kind, count, max| E::TooManyEntries { kind, count, max };
    vec![
        at_server("BadBody history", bad("History", "a field in it has no such value")),
        at_server("TooManyEntries search", too_many("Search", CURSORS_MAX + 1, CURSORS_MAX)),
        at_client("BadBody page", bad("Page", "it ends too early")),
        at_client("BadBody page-flag", bad("Page", "a flag in it is not known")),
        at_client("BadBody page-frame", bad("Page", "a frame in it is no event")),
        at_client("BadBody page-cut", bad("Page", "an event in it is not whole")),
        at_client("BadBody page-event", bad("Event", "it ends too early")),
    ]
}

fn of_transfers() -> Vec<Reject> {
    use DecodeError as E;
    let no_hashes = || bad("Hashes", "it is not a whole number of hashes");
    vec![
        at_server("BadBody chunk-empty", bad("Chunk", "it is empty")),
        at_server("BadBody hashes-none", no_hashes()),
        at_server("BadBody hashes-cut", no_hashes()),
        at_server("TooManyEntries hashes", E::TooManyEntries { kind: "Hashes", count: 1025, max: HASHES_MAX }),
        at_server("TrailingBytes credit", E::TrailingBytes { kind: "Credit", extra: 8 }),
        at_server("BadBody finish", bad("Finish", "it ends too early")),
        at_server("TrailingBytes finish", E::TrailingBytes { kind: "Finish", extra: 1 }),
        at_client("BadBody stalled", bad("Stalled", "a field in it has no such value")),
        at_server("UnknownKind committed", E::UnknownKind(101)),
        at_client("UnknownKind taken", E::UnknownKind(102)),
        at_client("BadBody event-file", bad("Event", "it ends too early")),
    ]
}

fn of_files() -> Vec<Reject> {
    use DecodeError as E;
    let too_many = |kind, count, max| E::TooManyEntries { kind, count, max };
    let long_together = |kind| bad(kind, "its paths are too long together");
    let beyond = || bad("Pack", "a length in it is beyond the limit");
    vec![
        at_server("BadMagic attach", E::BadMagic),
        at_server("BadBody offer-conflict", bad("Offer", "a field in it has no such value")),
        at_server("TooManyEntries fetch-many", too_many("FetchMany", 513, PACK_FILES_MAX)),
        at_server("BadBody fetch-many-paths", long_together("FetchMany")),
        at_client("TooManyEntries entries", too_many("Entries", 501, LIST_ENTRIES_MAX)),
        at_client("TooManyEntries packed", too_many("Packed", 513, PACK_FILES_MAX)),
        at_client("BadBody sort", bad("Entries", "a field in it has no such value")),
        at_server("BadBody pack-conflict", bad("Pack", "a tag in it is unknown")),
        at_server("BadBody pack-size-lies", bad("Pack", "it ends too early")),
        at_server("BadBody pack-count-lies", bad("Pack", "it ends too early")),
        at_server("BadBody pack-long-path", beyond()),
        at_server("BadBody pack-big-file", beyond()),
        at_server("BadBody pack-utf8", bad("Pack", "a string in it is not UTF-8")),
        at_server("BadBody pack-paths", long_together("Pack")),
        at_server("TooManyEntries pack", too_many("Pack", 513, PACK_FILES_MAX)),
        at_server("TrailingBytes pack", E::TrailingBytes { kind: "Pack", extra: 1 }),
        at_client("BadBody parcel", bad("Parcel", "it ends too early")),
    ]
}

fn at_server(label: &'static str, error: DecodeError) -> Reject {
    Reject { label, reader: Side::Server, error, bulk_bytes_max: BULK_BYTES_MAX }
}

fn at_client(label: &'static str, error: DecodeError) -> Reject {
    Reject { label, reader: Side::Client, error, bulk_bytes_max: BULK_BYTES_MAX }
}

fn bad(kind: &'static str, why: &'static str) -> DecodeError {
    DecodeError::BadBody { kind, why }
}
