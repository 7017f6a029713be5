//! What is known of each request: filled in while the trial runs, read when it is over. A request has one ticket and a
//! ticket has one end, so that however a trial goes, the ends add up to what was offered.

/// How a request, or one try of it, ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// It has not.
    InFlight,
    /// Answered as it should be.
    Ok,
    /// Answered "busy".
    Shed,
    /// Its connection was turned away.
    Refused,
    /// Given up.
    TimedOut,
    /// Anything else.
    Failed,
}

/// One request. Times are nanoseconds of the monotonic clock.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ticket {
    /// Its class.
    pub(super) class: usize,
    /// The session it belongs to.
    pub(super) session: usize,
    /// When it should have begun.
    pub(super) intended_ns: u64,
    /// When the load turned to it; `None` if it never did.
    pub(super) turned_ns: Option<u64>,
    /// When its last try was sent or, on a new connection, when connecting began.
    pub(super) sent_ns: Option<u64>,
    /// When it ended.
    pub(super) ended_ns: u64,
    /// How.
    pub(super) end: End,
    /// How often it was tried.
    pub(super) tries: u32,
    /// Whether it waits to be tried again.
    pub(super) pauses: bool,
    /// The connection it was last tried on: a kept one's number, a fresh one's session.
    pub(super) row: Option<usize>,
    /// Whether that connection had got any service by then.
    pub(super) was_served: bool,
    /// Where the server says its time went.
    pub(super) stamps: Option<Stamps>,
}

impl Ticket {
    /// One that waits for its turn.
    pub(super) const fn new(session: usize, class: usize, intended_ns: u64) -> Self {
        Self {
            class,
            session,
            intended_ns,
            turned_ns: None,
            sent_ns: None,
            ended_ns: 0,
            end: End::InFlight,
            tries: 0,
            pauses: false,
            row: None,
            was_served: false,
            stamps: None,
        }
    }

    /// Whether it ended, or the trial did, without its connection ever having got any service.
    pub(super) const fn is_starved(&self) -> bool {
        matches!(self.end, End::TimedOut | End::InFlight) && self.row.is_some() && !self.was_served
    }
}

/// What a server stamps on an answer: nanoseconds of the monotonic clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamps {
    /// Taken from the kernel.
    pub(super) accepted_ns: u64,
    /// Somebody began with the connection.
    pub(super) served_ns: u64,
    /// The request was complete.
    pub(super) read_ns: u64,
    /// Work began.
    pub(super) begun_ns: u64,
    /// Work was over.
    pub(super) done_ns: u64,
}

/// How long the stamps are on the wire.
pub(super) const STAMPS_BYTES: usize = 40;

impl Stamps {
    /// Reads five little-endian numbers.
    pub(super) fn read(bytes: &[u8; STAMPS_BYTES]) -> Self {
        let mut numbers = bytes.chunks_exact(8).filter_map(|eight| Some(u64::from_le_bytes(*eight.first_chunk()?)));
        let mut next = || numbers.next().unwrap_or(0);
        Self { accepted_ns: next(), served_ns: next(), read_ns: next(), begun_ns: next(), done_ns: next() }
    }
}
