//! What ends a wait for a peer: silence, and a server that drains. Asked rarely, so that a busy connection costs what
//! a plain loop of reads and writes costs.
//!
//! Timer and drain know the task's waker from the first time they were asked. After that a wait looks whether they
//! have anything to say, which is two loads, and asks them only then.

use std::fmt;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use serve::{CloseReason, Phase, PhaseWatch};
use tokio::time::{Instant, Sleep, sleep};

/// How many ticks make the idle time. Silence is noticed after the idle time and at most a tick more.
const TICKS: u32 = 4;
/// "Never", as far as a timer goes.
const NEVER: Duration = Duration::from_secs(10 * 365 * 24 * 3600);
/// A peer that never pauses has its say this often after the server began to drain.
const READS_WHILE_DRAINING: u32 = 64;

/// What may end a wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EndedBy {
    /// Nothing moved for the idle time, or the server drains: for reads.
    SilenceOrDrain,
    /// Only that nothing moved: for writes, which are finished while the server drains.
    Silence,
}

/// The interrupts of one connection.
pub(super) struct Interrupts {
    tick: Duration,
    sleep: Pin<Box<Sleep>>,
    heard: bool,
    silent_ticks: u32,
    phase: PhaseWatch,
    draining: Pin<Box<dyn Future<Output = ()> + Send + Sync>>,
    /// Whom timer and drain wake; `None` until both have been asked.
    known: Option<Waker>,
    /// Waits in a row that ended at once.
    unbroken: u32,
}

impl Interrupts {
    /// For an idle time of `idle_ms` milliseconds; 0 for none.
    pub(super) fn new(idle_ms: u64, phase: PhaseWatch) -> Self {
        let tick = if idle_ms == 0 { NEVER } else { Duration::from_millis(idle_ms.div_ceil(u64::from(TICKS))) };
        let mut drains = phase.clone();
        Self {
            tick,
            sleep: Box::pin(sleep(tick)),
            heard: false,
            silent_ticks: 0,
            phase,
            draining: Box::pin(async move { drains.draining().await }),
            known: None,
            unbroken: 0,
        }
    }

    /// Something came from the peer.
    pub(super) const fn heard(&mut self) {
        self.heard = true;
    }

    /// Waits for `work`, unless something ends the wait: [`CloseReason::Idle`], or [`CloseReason::Drained`].
    pub(super) async fn wait<T>(&mut self, by: EndedBy, work: impl Future<Output = T>) -> Result<T, CloseReason> {
        let mut work = pin!(work);
        self.unbroken = self.unbroken.saturating_add(1);
        if self.unbroken > READS_WHILE_DRAINING && self.drains(by) {
            return Err(CloseReason::Drained);
        }
        poll_fn(|cx| {
            if let Poll::Ready(done) = work.as_mut().poll(cx) {
                return Poll::Ready(Ok(done));
            }
            self.unbroken = 0;
            if self.drains(by) {
                return Poll::Ready(Err(CloseReason::Drained));
            }
            let is_known = self.known.as_ref().is_some_and(|waker| waker.will_wake(cx.waker()));
            if is_known && !self.sleep.is_elapsed() {
                return Poll::Pending;
            }
            self.ask(cx).map(Err)
        })
        .await
    }

    fn drains(&self, by: EndedBy) -> bool {
        by == EndedBy::SilenceOrDrain && self.phase.current() != Phase::Running
    }

    fn ask(&mut self, cx: &mut Context<'_>) -> Poll<CloseReason> {
        if self.poll_silence(cx).is_ready() {
            return Poll::Ready(CloseReason::Idle);
        }
        // Asked for its waking only, and not again once it has woken: what it says is read from the phase.
        if self.phase.current() == Phase::Running && self.draining.as_mut().poll(cx).is_ready() {
            cx.waker().wake_by_ref();
        }
        self.known = Some(cx.waker().clone());
        Poll::Pending
    }

    fn poll_silence(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while self.silent_ticks < TICKS {
            ready!(self.sleep.as_mut().poll(cx));
            self.silent_ticks = if std::mem::take(&mut self.heard) { 0 } else { self.silent_ticks + 1 };
            self.sleep.as_mut().reset(Instant::now() + self.tick);
        }
        Poll::Ready(())
    }
}

impl fmt::Debug for Interrupts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interrupts").field("tick", &self.tick).field("silent_ticks", &self.silent_ticks).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;

    /// A server that stays in `phase`.
    fn still(phase: Phase) -> PhaseWatch {
        let (server, watch) = tokio::sync::watch::channel(phase);
        // A server that is gone counts as draining.
        std::mem::forget(server);
        PhaseWatch::new(watch)
    }

    #[tokio::test(start_paused = true)]
    async fn silence_is_noticed_after_the_idle_time_and_not_while_something_moves() {
        let mut interrupts = Interrupts::new(1000, still(Phase::Running));
        let began = Instant::now();
        for _ in 0..20 {
            let moved = interrupts.wait(EndedBy::SilenceOrDrain, sleep(Duration::from_millis(700))).await;
            assert_eq!(moved, Ok(()));
            interrupts.heard();
        }
        assert_eq!(interrupts.wait(EndedBy::Silence, pending::<()>()).await, Err(CloseReason::Idle));
        let silent = began.elapsed() - Duration::from_millis(20 * 700);
        assert!((Duration::from_millis(1000)..=Duration::from_millis(1260)).contains(&silent), "{silent:?}");
    }

    #[tokio::test]
    async fn a_drain_ends_reads_and_not_writes_and_an_unbroken_peer_after_a_while() {
        let mut interrupts = Interrupts::new(0, still(Phase::Draining));
        assert_eq!(interrupts.wait(EndedBy::SilenceOrDrain, pending::<()>()).await, Err(CloseReason::Drained));
        let slow = async {
            tokio::task::yield_now().await;
            "written"
        };
        assert_eq!(interrupts.wait(EndedBy::Silence, slow).await, Ok("written"));
        let mut reads = 0;
        while interrupts.wait(EndedBy::SilenceOrDrain, async {}).await.is_ok() {
            reads += 1;
        }
        assert_eq!(reads, READS_WHILE_DRAINING);
    }
}
