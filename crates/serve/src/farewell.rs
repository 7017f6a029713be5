//! Sending somebody away politely: the words, then the end of our side, then a moment of listening.
//!
//! A socket closed while bytes of the peer lie unread in it sends a reset, and a reset can overtake the words. So the
//! peer is read out for a moment. That takes a task, so the number of polite endings at a time is bounded; beyond it
//! the words are still sent, and nobody listens.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use socket2::SockRef;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;

use crate::net::TcpStream;

/// Polite endings at a time.
const ENDINGS_MAX: usize = 256;
/// The longest a polite ending lasts.
const ENDING_LONGEST: Duration = Duration::from_secs(1);
/// The most that is read out before the peer is given up, in bytes.
const READ_OUT_BYTES_MAX: usize = 256 * 1024;

/// The polite endings that go on.
#[derive(Debug)]
pub(crate) struct Farewells {
    tasks: Mutex<JoinSet<()>>,
    permits: Arc<Semaphore>,
}

impl Farewells {
    pub(crate) fn new() -> Self {
        Self { tasks: Mutex::default(), permits: Arc::new(Semaphore::new(ENDINGS_MAX)) }
    }

    /// Tells `stream` the `words` and closes it, in the background. Without words it is closed at once.
    pub(crate) fn say(&self, stream: TcpStream, words: Vec<u8>) {
        if words.is_empty() {
            return;
        }
        let mut tasks = self.tasks();
        while tasks.try_join_next().is_some() {}
        match Arc::clone(&self.permits).try_acquire_owned() {
            Ok(permit) => {
                tasks.spawn(part(stream, words, permit));
            }
            Err(_) => {
                let _sent = SockRef::from(&stream).send(&words);
            }
        }
    }

    /// Waits until all have ended; each is bounded in time. Cancel safe.
    pub(crate) async fn over(&self) {
        let mut tasks = std::mem::take(&mut *self.tasks());
        while tasks.join_next().await.is_some() {}
    }

    /// Ends all at once.
    pub(crate) async fn cut(&self) {
        let mut tasks = std::mem::take(&mut *self.tasks());
        tasks.shutdown().await;
    }

    fn tasks(&self) -> MutexGuard<'_, JoinSet<()>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn part(mut stream: TcpStream, words: Vec<u8>, _permit: OwnedSemaphorePermit) {
    let ending = async {
        stream.write_all(&words).await?;
        stream.shutdown().await?;
        read_out(&mut stream).await
    };
    // Whatever failed, the peer is gone or took too long, and nothing more can be said to it.
    let _ended = tokio::time::timeout(ENDING_LONGEST, ending).await;
}

async fn read_out(stream: &mut TcpStream) -> std::io::Result<()> {
    let mut scrap = [0; 1024];
    let mut read = 0;
    while read < READ_OUT_BYTES_MAX {
        match stream.read(&mut scrap).await? {
            0 => break,
            bytes => read += bytes,
        }
    }
    Ok(())
}
