//! Who listens on an address: nobody, a chat server, or something else.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

/// What a look at an address found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Port {
    /// Nobody listens.
    Free,
    /// A chat server.
    Chat,
    /// Someone who does not answer: a full server, or one that waits for another greeting.
    Silent,
    /// Someone else, and what they said.
    Other { said: String },
}

const PATIENCE: Duration = Duration::from_secs(2);
/// A question in words. A chat server tells a stranger what it is, and closes.
const QUESTION: &[u8] = b"Who listens here?\r\n";
/// A part of the answer, from proto's `foreign` module. Not in the question: an echo server would say it too.
const ANSWER: &str = "Verbatim chat protocol";
const ANSWER_BYTES_MAX: u64 = 4096;

/// Connects to `address` and asks. An error if the address is none or cannot be reached.
pub(super) fn look(address: &str) -> Result<Port> {
    let resolved = address.to_socket_addrs().with_context(|| format!("{address}: no address; write HOST:PORT"))?;
    let mut failure = None;
    for one in resolved {
        match TcpStream::connect_timeout(&one, PATIENCE) {
            Ok(stream) => return Ok(ask(stream)),
            Err(error) => failure = Some(error),
        }
    }
    match failure {
        Some(error) if error.kind() == ErrorKind::ConnectionRefused => Ok(Port::Free),
        Some(error) => bail!("{address}: cannot be reached: {error}"),
        None => bail!("{address}: the name stands for no address"),
    }
}

fn ask(mut stream: TcpStream) -> Port {
    let mut answer = Vec::new();
    // A failure here is an answer too: what has come by then is judged.
    let asked = stream
        .set_read_timeout(Some(PATIENCE))
        .and_then(|()| stream.set_write_timeout(Some(PATIENCE)))
        .and_then(|()| stream.write_all(QUESTION));
    let ended = asked.and_then(|()| stream.take(ANSWER_BYTES_MAX).read_to_end(&mut answer));
    let timed_out = ended.is_err_and(|error| matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut));
    judge(&answer, timed_out)
}

fn judge(answer: &[u8], timed_out: bool) -> Port {
    let text = String::from_utf8_lossy(answer);
    // Frames begin with a 0: the high byte of their length. A full server sends one and closes.
    if answer.first() == Some(&0) || text.contains(ANSWER) {
        return Port::Chat;
    }
    match text.lines().next() {
        None if timed_out => Port::Silent,
        None => Port::Other { said: "it hangs up without a word".to_owned() },
        Some(line) => {
            let line: String = line.chars().take(60).flat_map(char::escape_debug).collect();
            Port::Other { said: format!("it says \"{line}\"") }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chat_server_is_known_by_its_answer() {
        let other = |said: &str| Port::Other { said: said.to_owned() };
        let rows: [(&[u8], bool, Port); 6] = [
            (b"This port speaks the Verbatim chat protocol, and what came is something else.\n", false, Port::Chat),
            (b"\0\0\0\x05\x22", false, Port::Chat),
            (b"", true, Port::Silent),
            (b"", false, other("it hangs up without a word")),
            (QUESTION, true, other("it says \"Who listens here?\"")),
            (b"\x1b[2JSSH-2.0\r\nmore", false, other("it says \"\\u{1b}[2JSSH-2.0\"")),
        ];
        for (answer, timed_out, expected) in rows {
            assert_eq!(judge(answer, timed_out), expected, "{}", answer.escape_ascii());
        }
    }

    #[test]
    fn a_port_nobody_listens_on_is_free() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        drop(listener);
        assert_eq!(look(&address).unwrap(), Port::Free);
        assert!(look("no address").is_err());
    }
}
