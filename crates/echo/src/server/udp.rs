//! Datagrams: each is answered by one, to whoever sent it.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use serve::BindError;
use serve::net::UdpSocket;

use super::journal::PREVIEW_CHARS;
use super::options::UdpOptions;
use super::{announce, until_signalled};
use crate::conversation::Reply;
use crate::failure::Failure;
use crate::lower::Lower;
use crate::shown::preview;

/// More than the longest datagram that IPv4 and IPv6 carry, so that only a jumbogram is cut.
const DATAGRAM_BYTES: usize = 64 * 1024;
/// The pause after an error of the socket itself, so that one that stays does not keep a core busy.
const ERROR_PAUSE: Duration = Duration::from_millis(50);

/// What has been done so far.
#[derive(Debug, Default)]
struct Counts {
    received: u64,
    answered: u64,
    errors: u64,
}

pub(super) async fn run(options: UdpOptions) -> Result<(), Failure> {
    let in_words = |error| BindError::new(options.listen, error);
    let socket = UdpSocket::bind(options.listen).await.map_err(in_words)?;
    let (mut shutdown, _signals) = until_signalled()?;
    announce(socket.local_addr().map_err(in_words)?)?;
    let reply = options.answers.reply();
    let mut counts = Counts::default();
    let mut buffer = vec![0; DATAGRAM_BYTES];
    loop {
        let received = tokio::select! {
            received = socket.recv_from(&mut buffer) => received,
            () = shutdown.draining() => break,
        };
        match received {
            Ok((bytes, from)) => {
                let datagram = buffer.get(..bytes).unwrap_or_default();
                note(datagram, from, &mut counts);
                answer(&socket, &reply, datagram, from, &mut counts).await;
            }
            Err(error) => {
                counts.errors += 1;
                tracing::warn!(%error, "a datagram could not be received");
                // On Windows this tells of an earlier answer that found nobody; elsewhere it is rare.
                if error.kind() != io::ErrorKind::ConnectionReset {
                    tokio::time::sleep(ERROR_PAUSE).await;
                }
            }
        }
    }
    let Counts { received, answered, errors } = counts;
    tracing::info!("stopped: {received} datagrams received, {answered} answered, {errors} errors");
    Ok(())
}

fn note(datagram: &[u8], from: SocketAddr, counts: &mut Counts) {
    counts.received += 1;
    let (bytes, text) = (datagram.len(), preview(datagram, PREVIEW_CHARS));
    tracing::info!(%from, bytes, %text, "datagram");
    if bytes == DATAGRAM_BYTES {
        tracing::warn!(%from, "the datagram was longer than {DATAGRAM_BYTES} bytes; the rest is lost");
    }
}

async fn answer(socket: &UdpSocket, reply: &Reply, datagram: &[u8], to: SocketAddr, counts: &mut Counts) {
    let sent = match reply {
        Reply::Echo => socket.send_to(datagram, to).await,
        Reply::Ack(text) => socket.send_to(text.as_bytes(), to).await,
        Reply::Lower => socket.send_to(&Lower::whole(datagram), to).await,
    };
    match sent {
        Ok(_) => counts.answered += 1,
        Err(error) => {
            counts.errors += 1;
            tracing::warn!(%to, %error, "an answer could not be sent");
        }
    }
}
