//! Waiting to some tens of microseconds, as a thread that sleeps does. Tokio's clock ticks in milliseconds: by it the
//! same work would take about one longer on a task than on a thread, and that would be taken for the strategy's doing.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

/// Wakes tasks when their time has come, from a thread of its own, which ends with it.
#[derive(Debug)]
pub(super) struct Alarm {
    clock: Arc<Clock>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Clock {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// The next is on top.
    waiting: BinaryHeap<Reverse<Waiting>>,
    /// Tells apart those of the same moment.
    last: u64,
    is_over: bool,
}

#[derive(Debug)]
struct Waiting {
    at: Instant,
    number: u64,
    wake: oneshot::Sender<()>,
}

impl Alarm {
    pub(super) fn new() -> io::Result<Self> {
        let clock = Arc::<Clock>::default();
        let ticks = Arc::clone(&clock);
        let thread = Builder::new().name("work-alarm".to_owned()).spawn(move || ticks.run())?;
        Ok(Self { clock, thread: Some(thread) })
    }

    /// Returns after `time`. Cancel safe.
    pub(super) async fn wait(&self, time: Duration) {
        let (wake, woken) = oneshot::channel();
        self.clock.set(Instant::now() + time, wake);
        // It fails only if the alarm was dropped, and then nobody is waiting here.
        let _woken = woken.await;
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        self.clock.state().is_over = true;
        self.clock.changed.notify_one();
        if let Some(thread) = self.thread.take() {
            // It cannot have panicked.
            let _joined = thread.join();
        }
    }
}

impl Clock {
    fn set(&self, at: Instant, wake: oneshot::Sender<()>) {
        let mut state = self.state();
        let is_next = state.waiting.peek().is_none_or(|next| at < next.0.at);
        state.last += 1;
        let number = state.last;
        state.waiting.push(Reverse(Waiting { at, number, wake }));
        drop(state);
        if is_next {
            self.changed.notify_one();
        }
    }

    fn run(&self) {
        let mut state = self.state();
        while !state.is_over {
            let now = Instant::now();
            state = match state.waiting.peek().map(|next| next.0.at) {
                None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(at) if at > now => {
                    let waited = self.changed.wait_timeout(state, at - now);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
                Some(_) => {
                    let due = state.waiting.pop();
                    drop(state);
                    if let Some(Reverse(due)) = due {
                        // Whoever gave up waiting does not mind.
                        let _sent = due.wake.send(());
                    }
                    self.state()
                }
            };
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Waiting {}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn everyone_is_woken_not_before_its_time_also_who_came_later_and_wants_less() {
        let alarm = Alarm::new().unwrap();
        let began = Instant::now();
        let wait = async |ms| {
            alarm.wait(Duration::from_millis(ms)).await;
            began.elapsed()
        };
        let (long, short, none, same) = tokio::join!(wait(20), wait(5), wait(0), wait(5));
        for (waited, ms) in [(long, 20), (short, 5), (none, 0), (same, 5)] {
            assert!(waited >= Duration::from_millis(ms), "{waited:?} instead of {ms} ms");
        }
        assert!(short <= long && none <= short);
    }

    #[tokio::test]
    async fn who_gives_up_is_forgotten_and_the_thread_ends() {
        let alarm = Alarm::new().unwrap();
        let gave_up = tokio::time::timeout(Duration::from_millis(1), alarm.wait(Duration::from_secs(60))).await;
        assert!(gave_up.is_err());
        alarm.wait(Duration::from_millis(1)).await;
        drop(alarm);
    }
}
