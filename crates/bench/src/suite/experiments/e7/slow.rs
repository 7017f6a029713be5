//! Slow clients: each connects, begins a frame, and goes on with it a byte at a time, without end.

use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use bytes::BytesMut;
use proto::{Header, Kind};

use crate::error::BenchError;

/// The pause between two bytes.
const EVERY: Duration = Duration::from_millis(20);

/// The length of the frame that never ends: longer than any trial's bytes, and short enough for the server's bound.
const BODY_BYTES: u32 = 60_000;

/// Slow clients, until dropped.
#[derive(Debug)]
pub(super) struct Slow {
    /// Its end ends the thread.
    stop: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Slow {
    /// `count` clients, all connected and each with the first bytes of its frame sent.
    ///
    /// # Errors
    /// [`BenchError::CannotConnect`].
    pub(super) fn start(address: SocketAddr, count: usize) -> Result<Self, BenchError> {
        let cannot = |source| BenchError::CannotConnect { target: "echo-server".to_owned(), source };
        let mut head = BytesMut::new();
        Header { len: BODY_BYTES, kind: Kind::Echo.number(), flags: 0, slot: 0, id: 1 }.write(&mut head);
        let connect = || {
            let mut stream = TcpStream::connect(address)?;
            stream.set_nodelay(true)?;
            stream.write_all(&head)?;
            Ok(stream)
        };
        let mut streams = (0..count).map(|_| connect()).collect::<std::io::Result<Vec<TcpStream>>>().map_err(cannot)?;
        let (stop, stopped) = sync_channel(0);
        let dribble = move || {
            while stopped.recv_timeout(EVERY) == Err(RecvTimeoutError::Timeout) {
                // One that is cut off has become what the server wanted of it.
                streams.retain_mut(|stream| stream.write_all(b".").is_ok());
            }
        };
        let thread = std::thread::Builder::new().name("slow".to_owned()).spawn(dribble);
        let thread = thread.map_err(BenchError::io("cannot start a thread"))?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Slow {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            // It ends when told to; a panic in it has already been printed.
            let _ = thread.join();
        }
    }
}
