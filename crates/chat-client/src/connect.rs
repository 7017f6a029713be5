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
