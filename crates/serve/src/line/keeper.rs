//! Looks after those who wait: who left, who waited too long, whose place changed.

use std::io;
use std::mem::MaybeUninit;
use std::sync::Arc;
use std::time::Duration;

use socket2::SockRef;
use tokio::time::{Instant, sleep};

use super::{Line, Told, Waiting};
use crate::close::CloseReason;
use crate::net::TcpStream;
use crate::refusal::Refusal;
use crate::service::Service;

/// How often those who wait are looked after, and told their place at most.
pub const PLACE_TOLD_EVERY: Duration = Duration::from_millis(250);

/// Keeps the line for as long as the server runs; never returns.
pub(crate) async fn keep<S: Service>(line: Arc<Line<S>>) {
    loop {
        if line.state().waiting.is_empty() {
            line.joined.notified().await;
        }
        sleep(PLACE_TOLD_EVERY).await;
        line.look_after();
    }
}

impl<S: Service> Line<S> {
    fn look_after(&self) {
        let longest = self.shared.limits.queue_wait();
        let now = Instant::now();
        self.remove(|one| {
            if is_gone(&one.stream) {
                Some(CloseReason::LeftQueue)
            } else if longest.is_some_and(|longest| now - one.since >= longest) {
                Some(CloseReason::WaitedTooLong)
            } else {
                None
            }
        });
        self.tell_all();
    }

    fn tell_all(&self) {
        let mut state = self.state();
        let mut at = 0;
        while at < state.waiting.len() {
            let reason = match self.tell(&mut state, at) {
                Told::Yes | Told::NotNow => {
                    at += 1;
                    continue;
                }
                Told::Stalled => CloseReason::Stalled,
                Told::Gone => CloseReason::LeftQueue,
            };
            if let Some(one) = state.waiting.remove(at) {
                one.ticket.end(reason);
            }
        }
    }

    /// Removes those for whom `why` finds a reason.
    fn remove(&self, mut why: impl FnMut(&Waiting) -> Option<CloseReason>) {
        let mut leaving = Vec::new();
        let mut state = self.state();
        let mut at = 0;
        while let Some(one) = state.waiting.get(at) {
            match why(one) {
                None => at += 1,
                Some(reason) => leaving.extend(state.waiting.remove(at).map(|one| (one, reason))),
            }
        }
        drop(state);
        for (one, reason) in leaving {
            if reason == CloseReason::WaitedTooLong {
                let queue_wait_ms = self.shared.limits.queue_wait_ms;
                self.shared.send_away(one.stream, &Refusal::WaitedTooLong { queue_wait_ms });
            }
            one.ticket.end(reason);
        }
    }
}

/// Sends a few bytes without waiting. Not through tokio, which does not yet know a fresh socket as writable.
pub(super) fn tell(stream: &TcpStream, words: &[u8]) -> Told {
    if words.is_empty() {
        return Told::Yes;
    }
    match SockRef::from(stream).send(words) {
        Ok(sent) if sent == words.len() => Told::Yes,
        Ok(_) => Told::Stalled,
        Err(error) if is_passing(&error) => Told::NotNow,
        Err(_) => Told::Gone,
    }
}

/// Whether the peer has closed without having asked anything, or was reset. One that has sent its request and closed
/// only its own side still waits for the answer, and stays.
fn is_gone(stream: &TcpStream) -> bool {
    let socket = SockRef::from(stream);
    if !matches!(socket.take_error(), Ok(None)) {
        return true;
    }
    match socket.peek(&mut [MaybeUninit::uninit(); 1]) {
        Ok(bytes) => bytes == 0,
        Err(error) => !is_passing(&error),
    }
}

fn is_passing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}
