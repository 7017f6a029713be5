//! Opening a connection and going through its greeting, with blocking calls: what comes before anything is measured.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use proto::limits::HEADER_BYTES;
use proto::{Frame, Header};
use socket2::{Domain, Socket, Type};

use crate::error::BenchError;

/// How long a server may take to answer a greeting. It bounds hangs and measures nothing.
const GREETING_TIMEOUT: Duration = Duration::from_secs(10);

/// The longest line of a text protocol's greeting.
const LINE_BYTES_MAX: usize = 16 * 1024;

/// Loopback addresses tried as sources when the ports of one are used up: 127.0.0.1 to 127.0.0.16.
const SOURCES: u8 = 16;

/// A connection in its greeting.
#[derive(Debug)]
pub struct Dialed {
    stream: TcpStream,
    target: String,
    /// What it is in, for errors.
    during: &'static str,
}

impl Dialed {
    /// Connects. `target` names the server in errors.
    ///
    /// # Errors
    /// [`BenchError::CannotConnect`].
    pub fn connect(address: SocketAddr, target: &str) -> Result<Self, BenchError> {
        let cannot = |source| BenchError::CannotConnect { target: target.to_owned(), source };
        Self::on(connect(address).map_err(cannot)?, target).map_err(cannot)
    }

    /// The same, and the kernel takes only about `receive_bytes` for this side that it has not read.
    ///
    /// # Errors
    /// As [`Dialed::connect`].
    pub fn connect_narrow(address: SocketAddr, target: &str, receive_bytes: usize) -> Result<Self, BenchError> {
        let cannot = |source| BenchError::CannotConnect { target: target.to_owned(), source };
        let narrow = || {
            let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
            // Before the handshake, which tells the other side how much it may send.
            socket.set_recv_buffer_size(receive_bytes)?;
            socket.connect(&address.into())?;
            Self::on(socket.into(), target)
        };
        narrow().map_err(cannot)
    }

    fn on(stream: TcpStream, target: &str) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(GREETING_TIMEOUT))?;
        stream.set_write_timeout(Some(GREETING_TIMEOUT))?;
        Ok(Self { stream, target: target.to_owned(), during: "in the greeting" })
    }

    /// The greeting is over, and what follows may take `patience` to be answered.
    ///
    /// # Errors
    /// If the operating system refuses.
    pub fn past_greeting(&mut self, patience: Duration) -> Result<(), BenchError> {
        self.during = "while it was asked";
        self.stream
            .set_read_timeout(Some(patience))
            .map_err(BenchError::io("cannot set how long to wait for an answer"))
    }

    /// The connection, for a readiness loop.
    ///
    /// # Errors
    /// If it cannot be made non-blocking.
    pub fn into_nonblocking(self) -> Result<mio::net::TcpStream, BenchError> {
        self.stream.set_nonblocking(true).map_err(BenchError::io("cannot make a connection non-blocking"))?;
        Ok(mio::net::TcpStream::from_std(self.stream))
    }

    /// Sends bytes.
    ///
    /// # Errors
    /// [`BenchError::Protocol`] if the server has gone.
    pub fn send(&mut self, bytes: &[u8]) -> Result<(), BenchError> {
        self.stream.write_all(bytes).map_err(|error| self.broke(&error))
    }

    /// Sends a frame.
    ///
    /// # Errors
    /// As [`Dialed::send`].
    pub fn send_frame(&mut self, frame: &Frame) -> Result<(), BenchError> {
        let mut bytes = BytesMut::with_capacity(frame.wire_bytes());
        frame.write(&mut bytes);
        self.send(&bytes)
    }

    /// Reads exactly one frame.
    ///
    /// # Errors
    /// [`BenchError::Protocol`] if the server has gone, is silent, or sends a frame over the control limit.
    pub fn read_frame(&mut self) -> Result<Frame, BenchError> {
        let mut head = [0; HEADER_BYTES];
        self.stream.read_exact(&mut head).map_err(|error| self.broke(&error))?;
        let header = Header::read(&head);
        if header.len as usize > header.body_bytes_max(0) {
            return Err(self.unexpected(&format!("a frame of {} bytes", header.len)));
        }
        let mut body = vec![0; header.len as usize];
        self.stream.read_exact(&mut body).map_err(|error| self.broke(&error))?;
        Ok(Frame::new(header.kind, header.id, Bytes::from(body)).with_flags(header.flags))
    }

    /// Reads one line, its end included, and not a byte beyond it.
    ///
    /// # Errors
    /// [`BenchError::Protocol`] if the server has gone, is silent, or the line is too long.
    pub fn read_line(&mut self) -> Result<String, BenchError> {
        let mut line = Vec::new();
        let mut byte = [0];
        while line.last() != Some(&b'\n') {
            if line.len() >= LINE_BYTES_MAX {
                return Err(self.unexpected("a line that does not end"));
            }
            self.stream.read_exact(&mut byte).map_err(|error| self.broke(&error))?;
            line.extend_from_slice(&byte);
        }
        Ok(String::from_utf8_lossy(&line).into_owned())
    }

    /// Reads exactly `wanted`.
    ///
    /// # Errors
    /// [`BenchError::Protocol`] if something else comes.
    pub fn expect(&mut self, wanted: &str) -> Result<(), BenchError> {
        let mut got = vec![0; wanted.len()];
        self.stream.read_exact(&mut got).map_err(|error| self.broke(&error))?;
        if got == wanted.as_bytes() {
            return Ok(());
        }
        Err(self.unexpected(&format!("`{}` instead of `{}`", got.escape_ascii(), wanted.escape_debug())))
    }

    /// The server, as errors name it.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// An error that says what came instead of the greeting.
    pub fn unexpected(&self, what: &str) -> BenchError {
        BenchError::protocol(&self.target, format!("it sent {what} {}", self.during))
    }

    fn broke(&self, error: &io::Error) -> BenchError {
        let during = self.during;
        let why = match error.kind() {
            ErrorKind::UnexpectedEof => format!("it closed the connection {during}"),
            ErrorKind::WouldBlock | ErrorKind::TimedOut => format!("it was silent for too long {during}"),
            _ => format!("the connection broke {during}: {error}"),
        };
        BenchError::protocol(&self.target, why)
    }
}

/// Begins to connect and does not wait for the handshake; from other loopback addresses as `connect` does.
///
/// # Errors
/// What the operating system says at once; what it says later is the stream's `take_error`.
pub(crate) fn begin(address: SocketAddr) -> io::Result<mio::net::TcpStream> {
    let first = mio::net::TcpStream::connect(address);
    let exhausted =
        |result: &io::Result<_>| matches!(result, Err(error) if error.kind() == ErrorKind::AddrNotAvailable);
    let stream = if exhausted(&first) && address.ip().is_loopback() && address.is_ipv4() {
        (2..=SOURCES).map(|last| begin_from(last, address)).find(|result| !exhausted(result)).unwrap_or(first)
    } else {
        first
    }?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

fn begin_from(last: u8, address: SocketAddr) -> io::Result<mio::net::TcpStream> {
    let socket = bound(last)?;
    socket.set_nonblocking(true)?;
    match socket.connect(&address.into()) {
        Err(error) if is_under_way(&error) => {}
        other => other?,
    }
    Ok(mio::net::TcpStream::from_std(socket.into()))
}

/// Whether a connect that does not wait has only begun.
fn is_under_way(error: &io::Error) -> bool {
    #[cfg(unix)]
    if rustix::io::Errno::from_io_error(error) == Some(rustix::io::Errno::INPROGRESS) {
        return true;
    }
    error.kind() == ErrorKind::WouldBlock
}

/// Connects from the address the system chooses, and from other loopback addresses once that one's ports are used up.
fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let first = TcpStream::connect(address);
    let exhausted =
        |result: &io::Result<TcpStream>| matches!(result, Err(error) if error.kind() == ErrorKind::AddrNotAvailable);
    if !exhausted(&first) || !address.ip().is_loopback() || !address.is_ipv4() {
        return first;
    }
    (2..=SOURCES).map(|last| connect_from(last, address)).find(|result| !exhausted(result)).unwrap_or(first)
}

fn connect_from(last: u8, address: SocketAddr) -> io::Result<TcpStream> {
    let socket = bound(last)?;
    socket.connect(&address.into())?;
    Ok(socket.into())
}

/// A socket at 127.0.0.`last`.
fn bound(last: u8) -> io::Result<Socket> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    let source = SocketAddr::from((Ipv4Addr::new(127, 0, 0, last), 0));
    socket.bind(&source.into())?;
    Ok(socket)
}
