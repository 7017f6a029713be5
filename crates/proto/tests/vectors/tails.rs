//! Which examples end with something that no length announces, so that a shorter or longer body is another message.

use proto::message::TransferMessage;
use proto::{ClientMessage, ServerMessage, What};

use crate::rows::{Row, Spoken};

/// Where in its body that end may be cut, at the earliest; `None` if the message has a fixed end.
pub(crate) fn begins(row: &Row) -> Option<usize> {
    match &row.spoken {
        Spoken::Client(ClientMessage::Say(_)) => Some(12),
        Spoken::Echo(_) => Some(0),
        Spoken::Client(ClientMessage::Transfer(_, message)) | Spoken::Server(ServerMessage::Transfer(_, message)) => {
            match message {
                TransferMessage::Chunk { .. } => Some(1),
                TransferMessage::Hashes { .. } => Some(32),
                _ => None,
            }
        }
        Spoken::Server(ServerMessage::Event(event)) => {
            let fixed = match event.what {
                What::Said(_) | What::Topic(_) | What::Renamed(_) | What::Unknown(_) => 0,
                What::File { .. } => 40,
                What::Folder { .. } => 12,
                What::Sending { .. } => 8,
                _ => return None,
            };
            Some(14 + event.nick.len() + fixed)
        }
        Spoken::Server(ServerMessage::Page(_)) => Some(17),
        _ => None,
    }
}

/// Whether a byte more makes it another message; hashes end where a hash ends, and a page where an event does.
pub(crate) fn takes_a_byte_more(row: &Row) -> bool {
    let ends_with_pieces = ["Hashes", "Page"].iter().any(|kind| row.label.starts_with(kind));
    begins(row).is_some() && !ends_with_pieces
}

/// Whether it is an event of which only the header is read.
pub(crate) fn is_unknown(row: &Row) -> bool {
    matches!(&row.spoken, Spoken::Server(ServerMessage::Event(event)) if matches!(event.what, What::Unknown(_)))
}

/// Whether a cut there parts a character of a `Say`, whose text this crate checks only when it becomes a `Text`.
pub(crate) fn cuts_a_character(row: &Row, cut: usize) -> bool {
    match &row.spoken {
        Spoken::Client(ClientMessage::Say(say)) => std::str::from_utf8(&say.text[..cut.saturating_sub(12)]).is_err(),
        _ => false,
    }
}
