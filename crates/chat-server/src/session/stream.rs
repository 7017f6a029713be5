//! What a session runs over: any stream with two directions. What only a socket can do is asked for, and done without.

use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadHalf, WriteHalf};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

/// A connection's stream.
pub trait Stream: Send + 'static {
    /// What is read.
    type Reading: AsyncRead + Send + Unpin;
    /// What is written.
    type Writing: AsyncWrite + Send + Unpin;

    /// The two directions.
    fn halves(self) -> (Self::Reading, Self::Writing);

    /// Asks the system to take bytes to send only while fewer than `bytes` of those before are unsent, so that what
    /// is urgent does not stand behind them. Nothing happens where there is no such thing.
    fn bound_unsent(writing: &Self::Writing, bytes: u32) {
        let _ = (writing, bytes);
    }
}

impl Stream for TcpStream {
    type Reading = OwnedReadHalf;
    type Writing = OwnedWriteHalf;

    fn halves(self) -> (OwnedReadHalf, OwnedWriteHalf) {
        self.into_split()
    }

    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn bound_unsent(writing: &OwnedWriteHalf, bytes: u32) {
        let set = socket2::SockRef::from(writing.as_ref()).set_tcp_notsent_lowat(bytes);
        tracing::trace!(bytes, ?set, "bounded what is unsent");
    }
}

/// A stream in memory, for tests.
impl Stream for DuplexStream {
    type Reading = ReadHalf<Self>;
    type Writing = WriteHalf<Self>;

    fn halves(self) -> (Self::Reading, Self::Writing) {
        tokio::io::split(self)
    }
}
