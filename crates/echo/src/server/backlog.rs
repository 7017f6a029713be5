//! How many connections stand in the kernel's queue and have not been accepted. Linux only.

use std::net::SocketAddr;

/// The length of the queue of the socket that listens at `address`; `None` where that cannot be read.
#[cfg(target_os = "linux")]
pub(super) fn length(address: SocketAddr) -> Option<u64> {
    use std::fs::File;
    use std::io::{BufRead, BufReader};

    let table = if address.is_ipv4() { "/proc/self/net/tcp" } else { "/proc/self/net/tcp6" };
    // Listening sockets come first, and the kernel writes no more of the table than is read of it.
    let lines = BufReader::with_capacity(4096, File::open(table).ok()?).lines().skip(1);
    let local = hexadecimal(address);
    for line in lines {
        match Row::read(&line.ok()?)? {
            Row::Listens { local: here, waiting } if here == local => return Some(waiting),
            Row::Listens { .. } => {}
            Row::Other => return None,
        }
    }
    None
}

/// There is no such table here.
#[cfg(not(target_os = "linux"))]
pub(super) const fn length(_: SocketAddr) -> Option<u64> {
    None
}

/// A line of the table.
#[cfg(target_os = "linux")]
#[derive(Debug, PartialEq, Eq)]
enum Row {
    Listens { local: String, waiting: u64 },
    Other,
}

#[cfg(target_os = "linux")]
impl Row {
    fn read(line: &str) -> Option<Self> {
        const LISTENS: &str = "0A";
        let mut fields = line.split_ascii_whitespace().skip(1);
        let (local, _remote, state) = (fields.next()?, fields.next()?, fields.next()?);
        if state != LISTENS {
            return Some(Self::Other);
        }
        // Of a listening socket the kernel shows its queue as what is to be received.
        let (_, waiting) = fields.next()?.split_once(':')?;
        Some(Self::Listens { local: local.to_owned(), waiting: u64::from_str_radix(waiting, 16).ok()? })
    }
}

/// An address as the table has it: the words of the address as they lie in memory, and the port.
#[cfg(target_os = "linux")]
fn hexadecimal(address: SocketAddr) -> String {
    let octets = match address {
        SocketAddr::V4(v4) => v4.ip().octets().to_vec(),
        SocketAddr::V6(v6) => v6.ip().octets().to_vec(),
    };
    let (words, _) = octets.as_chunks::<4>();
    let words: String = words.iter().map(|word| format!("{:08X}", u32::from_ne_bytes(*word))).collect();
    format!("{words}:{:04X}", address.port())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn who_is_connected_and_not_accepted_is_counted() {
        for address in ["127.0.0.1:0", "[::1]:0"] {
            let Ok(listener) = TcpListener::bind(address) else { continue };
            let address = listener.local_addr().unwrap();
            assert_eq!(length(address), Some(0), "{address}");
            let _clients: Vec<_> = (0..3).map(|_| TcpStream::connect(address).unwrap()).collect();
            assert_eq!(length(address), Some(3), "{address}");
            let _accepted = listener.accept().unwrap();
            assert_eq!(length(address), Some(2), "{address}");
            drop(listener);
            assert_eq!(length(address), None, "{address}");
        }
    }
}
