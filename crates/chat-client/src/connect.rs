//! Where the bytes come from. The driver runs over anything that reads and writes: TCP now, TLS and a simulated
//! network later.

use std::future::Future;
use std::io;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

/// Makes connections: one at the start, and one more each time the last broke.
pub trait Connector: Send + 'static {
    /// What it makes.
    type Stream: AsyncRead + AsyncWrite + Send + 'static;

    /// Where it connects to, for messages: `127.0.0.1:12101`.
    fn target(&self) -> &str;

    /// A new connection. The driver gives it 10 s.
    ///
    /// # Errors
    /// Whatever the network says.
    fn connect(&mut self) -> impl Future<Output = io::Result<Self::Stream>> + Send;

    /// Makes connections to the same place, for files; `None` if one connection is all there is.
    fn second(&self) -> Option<Self>
    where
        Self: Sized,
    {
        None
    }

    /// A hold on the socket by which little is left standing unsent in it, if there is one. What stands there, a chat
    /// message waits behind.
    fn low_water(stream: &Self::Stream) -> Option<LowWater> {
        let _ = stream;
        None
    }
}

/// A hold on a socket's bound for bytes that stand unsent in it.
#[derive(Debug)]
pub struct LowWater {
    #[cfg(target_os = "linux")]
    socket: std::os::fd::OwnedFd,
    bytes: u32,
}

impl LowWater {
    /// A hold on the socket of `stream`; `None` where the system has no such bound.
    #[cfg(target_os = "linux")]
    pub fn of(stream: &impl std::os::fd::AsFd) -> Option<Self> {
        let socket = stream.as_fd().try_clone_to_owned().ok()?;
        Some(Self { socket, bytes: u32::MAX })
    }

    /// A hold on the socket of `stream`; `None` where the system has no such bound.
    #[cfg(not(target_os = "linux"))]
    pub fn of<S>(stream: &S) -> Option<Self> {
        let _ = stream;
        None
    }

    /// At most about `bytes` bytes are to stand unsent. A system that refuses leaves only speed behind.
    pub(crate) fn set(&mut self, bytes: u32) {
        // Each change is a system call, so small ones are not made.
        if bytes.abs_diff(self.bytes) > self.bytes / 4 {
            self.bytes = bytes;
            #[cfg(target_os = "linux")]
            drop(socket2::SockRef::from(&self.socket).set_tcp_notsent_lowat(bytes));
        }
    }
}

/// Plain TCP.
#[derive(Debug, Clone)]
pub struct Tcp {
    server: String,
}

impl Tcp {
    /// The port a server listens on unless told otherwise: the exercise's own.
    pub const DEFAULT_PORT: u16 = 12101;

    /// `server` is `HOST:PORT`, `HOST` (then the port is [`Self::DEFAULT_PORT`]) or `[IPV6]:PORT`.
    pub fn new(server: &str) -> Self {
        Self { server: with_port(server) }
    }
}

impl Connector for Tcp {
    type Stream = TcpStream;

    fn target(&self) -> &str {
        &self.server
    }

    async fn connect(&mut self) -> io::Result<TcpStream> {
        let stream = TcpStream::connect(&self.server).await?;
        // A chat message is one small write; waiting for more to send with it only makes it late.
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    fn second(&self) -> Option<Self> {
        Some(self.clone())
    }

    fn low_water(stream: &TcpStream) -> Option<LowWater> {
        LowWater::of(stream)
    }
}

fn with_port(server: &str) -> String {
    let port = Tcp::DEFAULT_PORT;
    let is_bare_v6 = server.parse::<std::net::Ipv6Addr>().is_ok();
    match server.rsplit_once(':') {
        _ if is_bare_v6 => format!("[{server}]:{port}"),
        Some((_, after)) if !after.ends_with(']') => server.to_owned(),
        _ => format!("{server}:{port}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_without_a_port_gets_the_usual_one() {
        let rows = [
            ("127.0.0.1:7", "127.0.0.1:7"),
            ("127.0.0.1", "127.0.0.1:12101"),
            ("chat.example", "chat.example:12101"),
            ("::1", "[::1]:12101"),
            ("[::1]", "[::1]:12101"),
            ("[::1]:7", "[::1]:7"),
        ];
        for (typed, target) in rows {
            assert_eq!(Tcp::new(typed).target(), target, "{typed}");
        }
    }
}
