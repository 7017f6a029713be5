//! How a connection ended. Every admitted connection ends with exactly one [`CloseReason`].

use std::fmt;

macro_rules! reasons {
    ($($(#[$doc:meta])* $reason:ident = $words:literal,)*) => {
        /// Why a connection ended. The service says which, unless the connection was cut or its code panicked.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum CloseReason {
            $($(#[$doc])* $reason,)*
        }

        impl CloseReason {
            /// Every reason, in the order of declaration; `ALL[reason.index()]` is the reason itself.
            pub const ALL: &'static [Self] = &[$(Self::$reason,)*];

            /// The name in logs and metrics: short, lower case, with hyphens.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$reason => $words,)* }
            }
        }
    };
}

reasons! {
    /// The service was done with it.
    Done = "done",
    /// The peer closed, in order.
    PeerClosed = "peer-closed",
    /// The peer was gone without a word: reset, timed out, unreachable.
    PeerVanished = "peer-vanished",
    /// The peer broke the protocol.
    PeerFault = "peer-fault",
    /// The peer did not say its first words in time.
    HandshakeTimeout = "handshake-timeout",
    /// Nothing came from the peer for too long.
    Idle = "idle",
    /// The peer took nothing for too long.
    Stalled = "stalled",
    /// The service refused the peer, after the connection had been admitted.
    Refused = "refused",
    /// Another connection of the same person took its place.
    Replaced = "replaced",
    /// The server stops, and the connection ended in order for it.
    Drained = "drained",
    /// The server stopped, and the connection did not end in time.
    Cut = "cut",
    /// The service's code panicked.
    Panicked = "panicked",
    /// The peer went away while it waited for a worker.
    LeftQueue = "left-queue",
    /// The peer waited for a worker as long as allowed.
    WaitedTooLong = "waited-too-long",
    /// The service cannot serve under this strategy; see [`crate::Service::serve_blocking`].
    Unsupported = "unsupported",
}

impl CloseReason {
    /// Its place in [`CloseReason::ALL`].
    pub const fn index(self) -> usize {
        self as usize
    }
}

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
