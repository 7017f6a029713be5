//! The numbers of the frame kinds, all in one place. 0 to 63 control, 64 to 127 transfer control, 128 up bulk.

/// What a frame's body is. The number is the header's `kind` byte; gaps are free.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Kind {
    /// Client: who I am. The first frame of every chat connection.
    Hello = 1,
    /// Either side: are you there? Answered by `Pong` with the same id.
    Ping = 2,
    /// Either side: the answer to `Ping`.
    Pong = 3,
    /// Client: I leave on purpose; do not hold my nick.
    Bye = 4,
    /// Either way, on the framed echo servers only: bytes, and their answer.
    Echo = 8,

    /// Client: let me into a room, made if it is not there.
    Join = 16,
    /// Client: I leave a room.
    Leave = 17,
    /// Client: a message to a room.
    Say = 18,
    /// Client: set a room's topic.
    SetTopic = 19,
    /// Client: which rooms are there?
    ListRooms = 20,
    /// Client: who is in a room, or on the server?
    ListMembers = 21,
    /// Client: open a direct conversation with somebody.
    OpenDirect = 22,
    /// Client: take another nick.
    Rename = 23,
    /// Client: earlier events of a room.
    History = 24,
    /// Client: which messages hold these words?
    Search = 25,
    /// Client: what have I not read?
    AskUnread = 26,
    /// Client: I have read a room up to here.
    MarkRead = 27,

    /// Server: the answer to a good `Hello`.
    Welcome = 32,
    /// Server: a request was refused; the connection lives.
    Refused = 33,
    /// Server: the connection ends, and why. Always the last frame.
    Goodbye = 34,
    /// Server: done, nothing more to say.
    Done = 35,
    /// Server: you are in a room, and where its events begin for you.
    Joined = 36,
    /// Server: your message has its place in the room's log.
    Said = 37,
    /// Server: a page of rooms.
    RoomList = 38,
    /// Server: a page of members.
    MemberList = 39,
    /// Server: you wait for a worker, and your place in the line.
    Queued = 40,
    /// Server: events of a room that you can no longer get.
    Missed = 41,
    /// Server: you are behind in a room; what follows comes from disk.
    Behind = 42,
    /// Server: events that were asked for.
    Page = 43,
    /// Server: your rooms, and what you have not read there.
    Unread = 44,

    /// Server: an event of a room's log; `id` is its sequence number.
    Event = 48,

    /// Client: a file I would send into a room. The slot is the client's number for the transfer.
    Offer = 64,
    /// Client: a file I would have. The slot is the client's number for the transfer.
    Fetch = 65,
    /// Client: several small files I would have at once.
    FetchMany = 66,
    /// Client: which files are there?
    List = 67,
    /// Client: take a file or folder away.
    Remove = 68,
    /// Client: give a file or folder another path.
    Move = 69,
    /// Client: make a folder.
    MakeFolder = 70,
    /// Client: is a stored file still what it was?
    Verify = 71,
    /// Client: tell the room of a folder I have sent.
    Announce = 72,
    /// Client: let me open another connection for files.
    AskTicket = 73,
    /// Client: the first frame of such a connection.
    Attach = 74,

    /// Server: the answer to `Offer`.
    Accepted = 80,
    /// Server: the answer to `Fetch`.
    Fetching = 81,
    /// Server: a page of files and folders.
    Entries = 82,
    /// Server: where something stands now.
    Placed = 83,
    /// Server: the answer to `Verify`.
    Checked = 84,
    /// Server: the answer to `AskTicket`.
    Ticket = 85,
    /// Server: the answer to `Pack`.
    Packed = 86,
    /// Server: the answer to `Attach`.
    Attached = 87,

    /// The receiver of a transfer: you may send up to this offset. `id` is the offset.
    Credit = 96,
    /// The sender: the hashes of groups. `id` is the first group's number.
    Hashes = 97,
    /// The sender: that was all. `id` is the size.
    Finish = 98,
    /// The receiver: damaged; send again from this offset. `id` is the offset.
    Repair = 99,
    /// Either side: this transfer ends here.
    Stop = 100,
    /// Server: the file you sent is in its place, on disk.
    Committed = 101,
    /// Client: the file I fetched is whole; the slot is free.
    Taken = 102,
    /// Server: why nothing comes. Sent skippable.
    Stalled = 103,

    /// The sender of a transfer: bytes of the file. `id` is their offset.
    Chunk = 128,
    /// Client: several small files at once.
    Pack = 129,
    /// Server: the answer to `FetchMany`: the files.
    Parcel = 130,
}

impl Kind {
    /// Every kind, in the order of the numbers.
    pub const ALL: &'static [Self] = &[
        Self::Hello,
        Self::Ping,
        Self::Pong,
        Self::Bye,
        Self::Echo,
        Self::Join,
        Self::Leave,
        Self::Say,
        Self::SetTopic,
        Self::ListRooms,
        Self::ListMembers,
        Self::OpenDirect,
        Self::Rename,
        Self::History,
        Self::Search,
        Self::AskUnread,
        Self::MarkRead,
        Self::Welcome,
        Self::Refused,
        Self::Goodbye,
        Self::Done,
        Self::Joined,
        Self::Said,
        Self::RoomList,
        Self::MemberList,
        Self::Queued,
        Self::Missed,
        Self::Behind,
        Self::Page,
        Self::Unread,
        Self::Event,
        Self::Offer,
        Self::Fetch,
        Self::FetchMany,
        Self::List,
        Self::Remove,
        Self::Move,
        Self::MakeFolder,
        Self::Verify,
        Self::Announce,
        Self::AskTicket,
        Self::Attach,
        Self::Accepted,
        Self::Fetching,
        Self::Entries,
        Self::Placed,
        Self::Checked,
        Self::Ticket,
        Self::Packed,
        Self::Attached,
        Self::Credit,
        Self::Hashes,
        Self::Finish,
        Self::Repair,
        Self::Stop,
        Self::Committed,
        Self::Taken,
        Self::Stalled,
        Self::Chunk,
        Self::Pack,
        Self::Parcel,
    ];

    /// The kind with this number, if it is known.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.number() == number)
    }

    /// The header's `kind` byte.
    pub const fn number(self) -> u8 {
        self as u8
    }
}
