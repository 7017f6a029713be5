//! What fills the connection: files both ways, or one to a slow receiver, again and again.

use std::convert::Infallible;
use std::future::Future;
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chat_client::GetTarget;

use crate::error::BenchError;
use crate::files::Person;
use crate::stats::{Latencies, Percentiles};

/// The names of the files that are sent.
pub(super) const BIG: &str = "big.bin";
pub(super) const SMALL: &str = "small.bin";

/// What is fetched, by its name in the room's tree.
const STORED: &str = "stored.bin";

/// Between two small files.
const PAUSE: Duration = Duration::from_millis(50);

/// Moves files until it is dropped, and counts.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    put_bytes: AtomicU64,
    fetched_bytes: Arc<AtomicU64>,
    small: Mutex<Latencies>,
    marks: Mutex<Marks>,
}

/// The counts when the measured time began and ended.
#[derive(Debug, Default)]
struct Marks {
    begun: Option<(Instant, u64, u64)>,
    ended: Option<(Instant, u64, u64)>,
}

/// What it moved in the measured time.
#[derive(Debug)]
pub(super) struct Counted {
    pub(super) put_rate: f64,
    pub(super) fetch_rate: f64,
    pub(super) small: Option<Percentiles>,
}

impl Traffic {
    /// Puts what is fetched later.
    pub(super) async fn prepare(&self, person: &Person, sources: &Path) -> Result<(), BenchError> {
        person.put(&sources.join(BIG), STORED).await.map(drop)
    }

    /// The measured time begins.
    pub(super) fn begin(&self) {
        *self.small.lock().unwrap_or_else(PoisonError::into_inner) = Latencies::new();
        self.marks.lock().unwrap_or_else(PoisonError::into_inner).begun = Some(self.mark());
    }

    /// The measured time ends.
    pub(super) fn end(&self) {
        self.marks.lock().unwrap_or_else(PoisonError::into_inner).ended = Some(self.mark());
    }

    pub(super) fn counted(&self, has_small: bool) -> Counted {
        let marks = self.marks.lock().unwrap_or_else(PoisonError::into_inner);
        let rates = marks.begun.zip(marks.ended).map(|((began, put, fetched), (ended, put_then, fetched_then))| {
            let seconds = ended.duration_since(began).as_secs_f64();
            ((put_then - put) as f64 / seconds, (fetched_then - fetched) as f64 / seconds)
        });
        let (put_rate, fetch_rate) = rates.unwrap_or_default();
        let small = has_small.then(|| self.small.lock().unwrap_or_else(PoisonError::into_inner).percentiles());
        Counted { put_rate, fetch_rate, small }
    }

    /// Runs `measured` to its end while `moving` goes on, which ends only by an error.
    pub(super) async fn beside<T>(
        &self,
        moving: impl Future<Output = Result<Infallible, BenchError>>,
        measured: impl Future<Output = Result<T, BenchError>>,
    ) -> Result<T, BenchError> {
        tokio::select! {
            measured = measured => measured,
            moving = moving => match moving? {},
        }
    }

    /// Two files each way at any time, so that no gap between two files leaves a direction empty.
    pub(super) async fn full(&self, person: &Person, sources: &Path) -> Result<Infallible, BenchError> {
        let (first, second) = (self.puts(person, sources, "a"), self.puts(person, sources, "b"));
        let moved = tokio::try_join!(first, second, self.fetches(person), self.fetches(person));
        moved.map(|(never, ..)| never)
    }

    /// One file to somebody who takes so many MB a second.
    pub(super) async fn slow(&self, person: &Person, mb_a_second: usize) -> Result<Infallible, BenchError> {
        loop {
            let slow = Slow { bytes_a_second: mb_a_second as f64 * 1e6, taken: Arc::clone(&self.fetched_bytes) };
            person.fetch(STORED, GetTarget::Writer(Box::new(slow))).await?;
        }
    }

    /// Big files to the server, and a small one now and then.
    pub(super) async fn small_among_big(&self, person: &Person, sources: &Path) -> Result<Infallible, BenchError> {
        let (first, second) = (self.puts(person, sources, "a"), self.puts(person, sources, "b"));
        tokio::try_join!(first, second, self.smalls(person, sources)).map(|(never, ..)| never)
    }

    async fn puts(&self, person: &Person, sources: &Path, prefix: &str) -> Result<Infallible, BenchError> {
        for number in 0_u64.. {
            let name = format!("{prefix}-{number}.bin");
            let outcome = person.put(&sources.join(BIG), &name).await?;
            self.put_bytes.fetch_add(outcome.moved, Ordering::Relaxed);
            person.remove(&name).await?;
        }
        Err(BenchError::Interrupted)
    }

    async fn fetches(&self, person: &Person) -> Result<Infallible, BenchError> {
        loop {
            let outcome = person.fetch(STORED, GetTarget::Nowhere).await?;
            self.fetched_bytes.fetch_add(outcome.moved, Ordering::Relaxed);
        }
    }

    async fn smalls(&self, person: &Person, sources: &Path) -> Result<Infallible, BenchError> {
        for number in 0_u64.. {
            let began = Instant::now();
            person.put(&sources.join(SMALL), &format!("small-{number}.bin")).await?;
            self.small.lock().unwrap_or_else(PoisonError::into_inner).record(began.elapsed());
            tokio::time::sleep(PAUSE).await;
        }
        Err(BenchError::Interrupted)
    }

    fn mark(&self) -> (Instant, u64, u64) {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        (Instant::now(), count(&self.put_bytes), count(&self.fetched_bytes))
    }
}

/// Takes bytes at a steady rate and throws them away. It blocks, as a slow disk does.
#[derive(Debug)]
struct Slow {
    bytes_a_second: f64,
    taken: Arc<AtomicU64>,
}

impl Write for Slow {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        std::thread::sleep(Duration::from_secs_f64(bytes.len() as f64 / self.bytes_a_second));
        self.taken.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
