//! The hub's bounds.

/// Bounds of one hub. No default: its owner chooses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HubLimits {
    /// Rooms on the server, direct conversations included. At the bound, the longest empty room makes place.
    pub rooms_max: usize,
    /// Rooms one person has come into, direct conversations that they opened included. Into twice as many others may
    /// call them.
    pub rooms_per_member_max: usize,
    /// Milliseconds for which the nick and rooms of a broken connection are held; 0 lets them go at once.
    pub grace_ms: u64,
    /// Broken connections that are held at a time; beyond it the one that would be let go first is.
    pub held_max: usize,
    /// Members up to which a room is told by name who comes and goes; beyond it, they are counted.
    pub named_presence_max: usize,
    /// Milliseconds after which a count that changed a little is told all the same.
    pub crowd_interval_ms: u64,
    /// Milliseconds for which the place of somebody who asked for it is kept after they left; 0 keeps none.
    pub keep_ms: u64,
    /// Places that are kept at a time; beyond it the one whose owner left first goes.
    pub kept_max: usize,
    /// Whether rooms outlive the server: then a room in which something was said does not make way for another.
    pub is_durable: bool,
    /// Tickets for second connections that are out at a time; 0 where there is no place for files.
    pub tickets_max: usize,
}

/// Milliseconds between two new nicks of one person: a new nick is told to every room they are in.
pub const RENAME_EVERY_MS: u64 = 1000;

/// Messages of one person that are remembered, so that a resend is known.
pub const RESENDS_KNOWN: usize = 256;

/// Milliseconds for which a ticket for a second connection is good.
pub const TICKET_MS: u64 = 30_000;

/// Tickets of one person that are out at a time; the oldest makes place for the newest.
pub const TICKETS_PER_MEMBER_MAX: usize = 4;

/// Connections that carry files for one person, beside the one that talks.
pub const SIDES_PER_MEMBER_MAX: usize = 4;
