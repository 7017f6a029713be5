//! Messages at a steady pace, however long each takes: a wait is counted from when a message was due.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chat_client::{ClientError, Event, What};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use crate::error::BenchError;
use crate::files::{Person, failed};
use crate::stats::{Latencies, Percentiles};

/// How long the last messages may be on their way. It bounds hangs and measures nothing.
const STUCK: Duration = Duration::from_secs(10);

/// The one clock of a trial.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock(Instant);

impl Clock {
    pub(super) fn start() -> Self {
        Self(Instant::now())
    }

    fn nanos(self, at: Instant) -> u64 {
        u64::try_from(at.duration_since(self.0).as_nanos()).unwrap_or(u64::MAX)
    }
}

/// How much is said.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    pub(super) a_second: usize,
    pub(super) span: Duration,
    pub(super) clock: Clock,
}

/// What was said.
#[derive(Debug)]
pub(super) struct Mouth {
    pub(super) sent: u64,
    /// Until the server had confirmed each.
    pub(super) confirmed: Latencies,
}

/// What one of the two has heard of the other.
#[derive(Debug, Clone, Default)]
pub(super) struct Ear {
    latencies: Arc<Mutex<Latencies>>,
}

impl Ear {
    /// For a client to call with each event: books the messages of `nick`, which say when they were due.
    pub(super) fn hearing(&self, nick: &'static str, clock: Clock) -> impl FnMut(Event) + Send + use<> {
        let latencies = Arc::clone(&self.latencies);
        move |event| {
            let Event::Heard(heard) = event else { return };
            let What::Said(text) = &heard.what else { return };
            let due = text.parse::<u64>().ok().filter(|_| heard.nick == nick);
            if let Some(due) = due {
                let waited = clock.nanos(Instant::now()).saturating_sub(due);
                latencies.lock().unwrap_or_else(PoisonError::into_inner).record(Duration::from_nanos(waited));
            }
        }
    }

    /// How many messages it has heard.
    pub(super) fn heard(&self) -> u64 {
        self.latencies.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Waits until it has heard `count`, or nothing more can be hoped for.
    pub(super) async fn await_heard(&self, count: u64) {
        let began = Instant::now();
        while self.heard() < count && began.elapsed() < STUCK {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    pub(super) fn percentiles(&self) -> Percentiles {
        self.latencies.lock().unwrap_or_else(PoisonError::into_inner).percentiles()
    }
}

/// Says when each message was due, at its pace, whether or not the ones before have been confirmed. On a thread of its
/// own, as a runtime's timers count whole milliseconds.
pub(super) async fn talk(person: Arc<Person>, pace: Pace) -> Result<Mouth, BenchError> {
    let runtime = Handle::current();
    let talking = tokio::task::spawn_blocking(move || say_all(&person, pace, &runtime));
    let answers = talking.await.map_err(broken)??;
    let mut mouth = Mouth { sent: answers.len() as u64, confirmed: Latencies::new() };
    for answer in answers {
        mouth.confirmed.record(answer.await.map_err(broken)?.map_err(failed)?);
    }
    Ok(mouth)
}

/// A message on its way; how long its confirmation took.
type Answer = JoinHandle<Result<Duration, ClientError>>;

fn say_all(person: &Person, pace: Pace, runtime: &Handle) -> Result<Vec<Answer>, BenchError> {
    let gap = Duration::from_secs_f64(1.0 / pace.a_second as f64);
    let (mut due, mut answers) = (Instant::now(), Vec::new());
    let end = due + pace.span;
    while due < end {
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        let text = pace.clock.nanos(due).to_string().parse().map_err(|error| failed_text(&error))?;
        let (answer, was_due) = (person.client().say(person.room(), text), due);
        answers.push(runtime.spawn(async move { answer.await.map(|_| was_due.elapsed()) }));
        due += gap;
    }
    Ok(answers)
}

fn broken(error: tokio::task::JoinError) -> BenchError {
    BenchError::protocol("chat-client", error.to_string())
}

fn failed_text(error: &proto::text::TextError) -> BenchError {
    BenchError::Usage(format!("a message cannot be said: {error}"))
}
