//! A line that can be bad: it stands between client and server, and turns a bit or breaks off.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

/// Bytes of a frame before its body; the fifth is its kind.
const HEADER: usize = 16;

/// The kind of frames that carry a file's bytes.
const CHUNK: u8 = 128;

/// Which way bytes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    ToServer,
    ToClient,
}

/// What the line does to what passes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fault {
    /// Turns a bit of the chunk that this many came before, counted over all connections; once.
    TurnBit { way: Way, chunk: u64 },
    /// Turns a bit of every chunk.
    TurnBits { way: Way },
    /// Breaks the connection each time this many bytes of files have passed, counted over all connections.
    CutEvery { way: Way, bytes: u64 },
    /// Lets nothing more of the connection pass once this many bytes of files have, though it stands. Later ones pass.
    Hold { way: Way, bytes: u64 },
}

/// Starts a line to `server`; where to connect. It lives as long as the test's process.
pub(crate) fn start(server: SocketAddr, fault: Fault) -> SocketAddr {
    start_counting(server, fault, Arc::new(AtomicU64::new(0)))
}

/// The same; `passed` is what the fault has counted.
pub(crate) fn start_counting(server: SocketAddr, fault: Fault, passed: Arc<AtomicU64>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        while let Ok((client, _)) = listener.accept() {
            let Ok(server) = TcpStream::connect(server) else { continue };
            for (from, to, way) in [(&client, &server, Way::ToServer), (&server, &client, Way::ToClient)] {
                let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                let passed = Arc::clone(&passed);
                thread::spawn(move || {
                    // However it ends, both ends see it.
                    drop(carry(&from, &to, way, fault, &passed));
                    drop((from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both)));
                });
            }
        }
    });
    address
}

/// Carries frames one way until the line ends or breaks.
fn carry(mut from: &TcpStream, mut to: &TcpStream, way: Way, fault: Fault, passed: &AtomicU64) -> io::Result<()> {
    let mut header = [0; HEADER];
    let mut body = Vec::new();
    loop {
        from.read_exact(&mut header)?;
        let len = u32::from_be_bytes([header[0], header[1], header[2], header[3]]);
        body.resize(len as usize, 0);
        from.read_exact(&mut body)?;
        if header[4] == CHUNK {
            match fault {
                Fault::TurnBit { way: bad, chunk } if bad == way && passed.fetch_add(1, Ordering::SeqCst) == chunk => {
                    body[len as usize / 2] ^= 4;
                }
                Fault::TurnBits { way: bad } if bad == way => body[len as usize / 2] ^= 4,
                Fault::CutEvery { way: bad, bytes } if bad == way => {
                    let before = passed.fetch_add(u64::from(len), Ordering::SeqCst);
                    if before / bytes != (before + u64::from(len)) / bytes {
                        return Ok(());
                    }
                }
                Fault::Hold { way: bad, bytes } if bad == way => {
                    let before = passed.fetch_add(u64::from(len), Ordering::SeqCst);
                    if (before..before + u64::from(len)).contains(&bytes) {
                        return io::copy(&mut from, &mut io::sink()).map(drop);
                    }
                }
                _ => {}
            }
        }
        to.write_all(&header)?;
        to.write_all(&body)?;
    }
}
