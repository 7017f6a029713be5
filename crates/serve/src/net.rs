//! The one place that names the network. A simulated one can take its place here, and nowhere else.

pub use tokio::net::{TcpListener, TcpStream, UdpSocket};

/// Raises how many files and sockets this program may open to what the operating system allows it at most.
///
/// Returns the number it may open from now on; `None` where there is no such limit or it cannot be read. A server of
/// many connections calls it once at its start: the usual soft limit of 1024 is meant for programs that use `select`.
pub fn raise_open_files() -> Option<u64> {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let limit = getrlimit(Resource::Nofile);
        if limit.current == limit.maximum {
            return limit.current;
        }
        match setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum }) {
            Ok(()) => limit.maximum,
            // macOS answers so when the maximum is "no limit"; the old limit stays.
            Err(_) => limit.current,
        }
    }
    #[cfg(not(unix))]
    None
}
