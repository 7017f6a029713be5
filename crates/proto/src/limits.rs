//! Every bound that the wire itself sets. What an operator may change stands in the servers' own limits.

/// Bytes before every body; see [`crate::header`].
pub const HEADER_BYTES: usize = 16;

/// The longest body of a control frame (kinds 0 to 127), in bytes.
pub const CONTROL_BYTES_MAX: usize = 64 * 1024;

/// The longest body of a bulk frame (kinds 128 to 255), in bytes. The two sides may agree on less.
pub const BULK_BYTES_MAX: usize = 1024 * 1024;

/// The first bytes of every `Hello` body.
pub const MAGIC: [u8; 4] = *b"VBTM";

/// The protocol versions this crate speaks, oldest and newest.
pub const VERSION_MIN: u16 = 1;
/// See [`VERSION_MIN`].
pub const VERSION_MAX: u16 = 1;

/// A nick is at most this many characters and, as UTF-8, this many bytes.
pub const NICK_CHARS_MAX: usize = 24;
/// See [`NICK_CHARS_MAX`].
pub const NICK_BYTES_MAX: usize = 72;

/// A room name is at most this many characters and, as UTF-8, this many bytes.
pub const ROOM_CHARS_MAX: usize = 32;
/// See [`ROOM_CHARS_MAX`].
pub const ROOM_BYTES_MAX: usize = 96;

/// A chat message is at most this many bytes of UTF-8.
pub const TEXT_BYTES_MAX: usize = 16 * 1024;

/// A room's topic is at most this many bytes of UTF-8.
pub const TOPIC_BYTES_MAX: usize = 512;

/// A `Join` may ask for at most this many earlier events.
pub const JOIN_LAST_MAX: u16 = 1000;

/// A `History` or a `Search` may ask for at most this many events; a page may bring fewer, as its frame has a cap.
pub const PAGE_EVENTS_MAX: u16 = 500;

/// The words of a `Search` are at most this many bytes of UTF-8.
pub const SEARCH_BYTES_MAX: usize = 512;

/// A list reply carries at most this many entries; the asker pages on.
pub const LIST_ENTRIES_MAX: usize = 500;

/// A `Hello` may carry at most this many cursors.
pub const CURSORS_MAX: usize = 256;

/// A file's bytes are verified in groups of this many; a hash stands for each. 0.012 % of the bytes are hashes.
pub const GROUP_BYTES: u64 = 256 * 1024;

/// A path in a room's tree is at most this many bytes of UTF-8.
pub const PATH_BYTES_MAX: usize = 1024;

/// One name of a path is at most this many bytes of UTF-8, as most file systems have it.
pub const PATH_NAME_BYTES_MAX: usize = 255;

/// A path has at most this many names.
pub const PATH_NAMES_MAX: usize = 32;

/// A folder of a room's tree holds at most this many files and folders; what is put into it beyond is refused.
pub const FOLDER_NAMES_MAX: usize = 100_000;

/// A `Hashes` frame carries at most this many hashes.
pub const HASHES_MAX: usize = 1024;

/// A `Pack`, a `Parcel` and a `FetchMany` are of at most this many files.
pub const PACK_FILES_MAX: usize = 512;

/// The paths of a `Pack`, a `Parcel` or a `FetchMany` are at most this many bytes together.
pub const PACK_PATHS_BYTES_MAX: usize = 16 * 1024;

/// A file in a `Pack` or a `Parcel` is at most this many bytes: one group.
pub const PACK_FILE_BYTES_MAX: u64 = GROUP_BYTES;

/// The room everybody finds when they name none.
pub const DEFAULT_ROOM: &str = "lobby";
