//! Bound sockets: made with an explicit backlog, accepted fairly, and clear words when they cannot be had.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::Poll;

use socket2::{Domain, Protocol, Socket, Type};

use crate::counters::Counters;
use crate::net::{TcpListener, TcpStream};

/// One or more bound sockets that are accepted fairly: none waits while another is served twice.
#[derive(Debug)]
pub struct Listener {
    sockets: Vec<TcpListener>,
    addresses: Vec<SocketAddr>,
    counters: Arc<Counters>,
    /// Which socket is asked first next time.
    first: usize,
}

impl Listener {
    /// Binds every address; port 0 gives a free one. `backlog` is how many connections the kernel holds ready before
    /// they are accepted; the kernel may have a lower cap of its own (Linux: `net.core.somaxconn`).
    ///
    /// # Errors
    /// [`BindError`] says which address and why. Then none stays bound.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn bind(addresses: &[SocketAddr], backlog: u32) -> Result<Self, BindError> {
        if addresses.is_empty() {
            return Err(BindError::NoAddress);
        }
        let bound = addresses.iter().map(|&address| {
            let in_words = |error| BindError::new(address, error);
            let socket = bind_one(address, backlog).map_err(in_words)?;
            let local = socket.local_addr().map_err(in_words)?;
            Ok((socket, local))
        });
        let (sockets, addresses) = bound.collect::<Result<Vec<_>, BindError>>()?.into_iter().unzip();
        Ok(Self { sockets, addresses, counters: Arc::default(), first: 0 })
    }

    /// The addresses as bound, with their real ports, in the order they were asked for.
    pub fn local_addrs(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// What is counted while [`crate::serve()`] runs on this listener. Take it before.
    pub fn counters(&self) -> Arc<Counters> {
        Arc::clone(&self.counters)
    }

    /// The next connection on any socket. Cancel safe.
    pub(crate) async fn accept(&mut self) -> io::Result<(TcpStream, SocketAddr)> {
        poll_fn(|cx| {
            for step in 0..self.sockets.len() {
                let at = (self.first + step) % self.sockets.len();
                let Some(socket) = self.sockets.get(at) else { continue };
                if let Poll::Ready(accepted) = socket.poll_accept(cx) {
                    self.first = at + 1;
                    return Poll::Ready(accepted);
                }
            }
            Poll::Pending
        })
        .await
    }
}

fn bind_one(address: SocketAddr, backlog: u32) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // On Unix this lets a restarted server have its port back at once; on Windows it would let it take another's.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    if address.is_ipv6() {
        // So that [::] and 0.0.0.0 can be asked for side by side, and mean the same on every system.
        socket.set_only_v6(true)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(i32::try_from(backlog).unwrap_or(i32::MAX))?;
    TcpListener::from_std(socket.into())
}

/// Why an address cannot be listened on, and what to do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BindError {
    /// No address was given.
    #[error("there is no address to listen on (give at least one)")]
    NoAddress,
    /// Another socket has the port.
    #[error("cannot listen on {address}: the port is taken (choose another, or port 0 for a free one)")]
    Taken {
        /// The address.
        address: SocketAddr,
    },
    /// The address belongs to no interface of this machine.
    #[error(
        "cannot listen on {address}: no network interface here has this address (127.0.0.1 is this machine, 0.0.0.0 all of its interfaces)"
    )]
    NotOurs {
        /// The address.
        address: SocketAddr,
    },
    /// The system does not let this user have the port.
    #[error("cannot listen on {address}: permission denied (ports below 1024 need rights; choose a higher one)")]
    Denied {
        /// The address.
        address: SocketAddr,
    },
    /// Anything else.
    #[error("cannot listen on {address}: {error}")]
    Other {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        error: io::Error,
    },
}

impl BindError {
    /// What `error`, met while binding `address`, means. Public for servers that bind other sockets, such as UDP.
    pub fn new(address: SocketAddr, error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::AddrInUse => Self::Taken { address },
            io::ErrorKind::AddrNotAvailable => Self::NotOurs { address },
            io::ErrorKind::PermissionDenied => Self::Denied { address },
            _ => Self::Other { address, error },
        }
    }
}
