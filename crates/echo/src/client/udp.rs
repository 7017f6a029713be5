//! Datagrams: each message one, each answer printed with its sender.

use std::net::SocketAddr;
use std::time::Duration;

use serve::net::UdpSocket;
use tokio::time::{Instant, timeout_at};

use super::input::Input;
use super::options::UdpOptions;
use super::{print_answer, remark, resolve};
use crate::failure::Failure;

/// The most a datagram carries over IPv4, in bytes.
const DATAGRAM_BYTES_MAX: usize = 65_507;

pub(super) async fn run(options: UdpOptions) -> Result<(), Failure> {
    let timeout = options.timeout();
    let server = resolve(&options.address).await?;
    // Not connected to the server: an answer from elsewhere is shown with its sender, not hidden.
    let any: SocketAddr = if server.is_ipv4() { ([0, 0, 0, 0], 0).into() } else { ([0_u16; 8], 0).into() };
    let socket = UdpSocket::bind(any).await.map_err(Failure::io("cannot open a socket"))?;
    let mut input = Input::new(options.messages);
    let mut lost = None;
    while let Some(message) = input.next().await? {
        match exchange(&socket, server, &message, timeout).await {
            // Datagrams are lost, that is their nature: the next may arrive.
            Err(failure @ Failure::NoAnswer { .. }) => {
                if let Some(earlier) = lost.replace(failure) {
                    remark(&format!("echo-client: {earlier}"));
                }
            }
            other => other?,
        }
    }
    lost.map_or(Ok(()), Err)
}

async fn exchange(socket: &UdpSocket, server: SocketAddr, message: &[u8], timeout: Duration) -> Result<(), Failure> {
    if message.len() > DATAGRAM_BYTES_MAX {
        return Err(Failure::TooLong { what: "the message", max_bytes: DATAGRAM_BYTES_MAX });
    }
    let mut buffer = vec![0; DATAGRAM_BYTES_MAX + 1];
    while let Ok((bytes, from)) = socket.try_recv_from(&mut buffer) {
        print(buffer.get(..bytes).unwrap_or_default(), from, " (late)")?;
    }
    socket.send_to(message, server).await.map_err(Failure::io("cannot send"))?;
    let until = Instant::now() + timeout;
    loop {
        let Ok(received) = timeout_at(until, socket.recv_from(&mut buffer)).await else {
            let timeout_ms = u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX);
            let hint = "the datagram or its answer was lost, or nobody listens there; --timeout-ms waits longer";
            return Err(Failure::NoAnswer { timeout_ms, hint });
        };
        let (bytes, from) = received.map_err(Failure::io("cannot receive"))?;
        let expected = from == server || server.ip().is_unspecified();
        print(buffer.get(..bytes).unwrap_or_default(), from, if expected { "" } else { " (not the server asked)" })?;
        if expected {
            return Ok(());
        }
    }
}

fn print(answer: &[u8], from: SocketAddr, note: &str) -> Result<(), Failure> {
    let mut line = format!("{from}{note}: ").into_bytes();
    line.extend_from_slice(answer);
    print_answer(&line)
}
