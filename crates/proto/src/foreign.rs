//! Callers who speak something else: a browser, a TLS client, a person with `nc`. They get words, not a silence.
//!
//! A chat connection begins with a `Hello` frame, whose body is within the control cap, so its first byte is 0.
//! Nothing that people point at a wrong port begins with a 0 byte.

/// Who calls, judged by the first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caller {
    /// A frame may follow.
    Native,
    /// An HTTP request.
    Http,
    /// A TLS client hello.
    Tls,
    /// Something else: words typed by a person, another protocol.
    Stranger,
}

impl Caller {
    /// Judges by the first byte, or a few more; `None` while nothing has come.
    pub fn of(first: &[u8]) -> Option<Self> {
        let &byte = first.first()?;
        Some(match byte {
            0 => Self::Native,
            0x16 => Self::Tls,
            _ if METHODS.iter().any(|method| agrees(first, method.as_bytes())) => Self::Http,
            _ => Self::Stranger,
        })
    }

    /// What to send before closing; nothing for a native caller.
    pub const fn answer(self) -> &'static str {
        match self {
            Self::Native => "",
            Self::Http => HTTP_ANSWER,
            Self::Tls => {
                "This port speaks the Verbatim chat protocol without TLS. \
                 Use chat-client --server HOST:PORT, not a TLS client.\n"
            }
            Self::Stranger => {
                "This port speaks the Verbatim chat protocol, and what came is something else. \
                 Use chat-client --server HOST:PORT.\n"
            }
        }
    }
}

const METHODS: [&str; 9] =
    ["GET ", "HEAD ", "POST ", "PUT ", "DELETE ", "OPTIONS ", "PATCH ", "CONNECT ", "PRI * HTTP/2"];

const HTTP_ANSWER: &str = "HTTP/1.1 400 Bad Request\r\n\
    Content-Type: text/plain; charset=utf-8\r\n\
    Content-Length: 101\r\n\
    Connection: close\r\n\
    \r\n\
    This port speaks the Verbatim chat protocol, not HTTP. Use chat-client --server HOST:PORT to come in.";

/// Whether as much as has come agrees with `method`.
fn agrees(first: &[u8], method: &[u8]) -> bool {
    first.iter().zip(method).all(|(one, other)| one == other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_is_known_by_its_first_bytes() {
        let rows: &[(&[u8], Option<Caller>)] = &[
            (b"", None),
            (b"\0", Some(Caller::Native)),
            (b"GET / HTTP/1.1\r\n", Some(Caller::Http)),
            (b"G", Some(Caller::Http)),
            (b"PRI * HTTP/2.0\r\n", Some(Caller::Http)),
            (b"\x16\x03\x01\x02\x00", Some(Caller::Tls)),
            (b"hello\r\n", Some(Caller::Stranger)),
            (b"NICK ann\r\n", Some(Caller::Stranger)),
            (b"SSH-2.0-x\r\n", Some(Caller::Stranger)),
        ];
        for (first, caller) in rows {
            assert_eq!(Caller::of(first), *caller, "{}", first.escape_ascii());
        }
    }

    #[test]
    fn the_http_answer_announces_its_own_length() {
        let (head, body) = HTTP_ANSWER.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("Content-Length: {}\r\n", body.len())), "the body has {} bytes", body.len());
    }
}
