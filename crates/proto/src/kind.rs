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

    /// Server: an event of a room's log; `id` is its sequence number.
    Event = 48,
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
        Self::Event,
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
