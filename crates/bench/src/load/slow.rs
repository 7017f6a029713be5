//! Slow clients: each connects and sends a frame that never ends, a byte at a time. Whoever keeps a worker for a
//! connection keeps one for them for ever.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use mio::net::TcpStream;
use proto::limits::CONTROL_BYTES_MAX;
use proto::{Header, Kind};

use crate::dial::Dialed;
use crate::error::BenchError;

/// The slow clients, on a thread of their own until dropped.
#[derive(Debug)]
pub struct Slow {
    ends: Arc<AtomicBool>,
    standing: Arc<AtomicUsize>,
    thread: Option<JoinHandle<()>>,
}

impl Slow {
    /// `count` clients connect, and each sends its first byte; then one more each `every`, until dropped or until the
    /// server closes.
    ///
    /// # Errors
    /// If the server cannot be reached, or the operating system gives no thread.
    pub fn start(address: SocketAddr, count: usize, every: Duration) -> Result<Self, BenchError> {
        let connect = |_| Dialed::connect(address, "slow clients")?.into_nonblocking();
        let mut streams = (0..count).map(connect).collect::<Result<Vec<_>, _>>()?;
        let frame = endless();
        dribble(&mut streams, &frame, 0);
        let (ends, standing) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(streams.len())));
        let (is_over, left) = (Arc::clone(&ends), Arc::clone(&standing));
        let work = move || {
            // The first byte is sent, and the frame is longer than any trial.
            for at in 1..frame.len() {
                std::thread::park_timeout(every);
                if is_over.load(Ordering::Relaxed) {
                    return;
                }
                dribble(&mut streams, &frame, at);
                left.store(streams.len(), Ordering::Relaxed);
            }
        };
        let thread = std::thread::Builder::new().name("slow-clients".to_owned()).spawn(work);
        let thread = thread.map_err(BenchError::io("no thread for the slow clients"))?;
        Ok(Self { ends, standing, thread: Some(thread) })
    }

    /// How many of them the server has not sent away, as of their last byte.
    pub fn standing(&self) -> usize {
        self.standing.load(Ordering::Relaxed)
    }
}

impl Drop for Slow {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // A panic in it has already been printed.
            let _ = thread.join();
        }
    }
}

/// An echo frame as long as one may be.
fn endless() -> Vec<u8> {
    let len = u32::try_from(CONTROL_BYTES_MAX).unwrap_or(u32::MAX);
    let mut frame = Vec::new();
    Header { len, kind: Kind::Echo.number(), flags: 0, slot: 0, id: 1 }.write(&mut frame);
    frame.resize(frame.len() + CONTROL_BYTES_MAX, b'.');
    frame
}

/// Sends everybody's next byte; whoever cannot be told it has been sent away.
fn dribble(streams: &mut Vec<TcpStream>, frame: &[u8], at: usize) {
    let byte = frame.get(at..=at).unwrap_or_default();
    streams.retain_mut(|stream| stream.write(byte).is_ok());
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn slow_clients_send_a_frame_byte_by_byte_and_stop_when_dropped() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let slow = Slow::start(listener.local_addr().unwrap(), 3, Duration::from_millis(1)).unwrap();
        let mut streams: Vec<_> = (0..3).map(|_| listener.accept().unwrap().0).collect();
        for stream in &mut streams {
            let mut got = [0; 40];
            stream.read_exact(&mut got).unwrap();
            assert_eq!(got, endless()[..40]);
        }
        assert_eq!(slow.standing(), 3);
        drop(slow);
        for mut stream in streams {
            assert!(stream.read_to_end(&mut Vec::new()).unwrap() < CONTROL_BYTES_MAX);
        }
    }
}
