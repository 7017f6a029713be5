//! Something that only so many requests can use at a time, and that suffers from a crowd.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};

use super::Scarcity;

#[derive(Debug)]
pub(super) struct Scarce {
    scarcity: Scarcity,
    slots: Semaphore,
    /// Requests that wait or hold a slot.
    inside: AtomicU32,
}

/// The right to use it, until dropped.
#[derive(Debug)]
pub(super) struct Slot<'a> {
    _permit: Option<SemaphorePermit<'a>>,
    time: Duration,
    _inside: Inside<'a>,
}

impl Scarce {
    pub(super) fn new(scarcity: Scarcity) -> Self {
        let slots = usize::try_from(scarcity.slots.get()).unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS);
        Self { scarcity, slots: Semaphore::new(slots), inside: AtomicU32::new(0) }
    }

    /// Waits for a slot: first come, first served. Cancel safe.
    pub(super) async fn enter(&self) -> Slot<'_> {
        self.inside.fetch_add(1, Ordering::Relaxed);
        let inside = Inside(self);
        // The semaphore is never closed.
        let permit = self.slots.acquire().await.ok();
        let crowd = self.inside.load(Ordering::Relaxed).saturating_sub(self.scarcity.slots.get());
        let time = self.scarcity.time.mul_f64(1.0 + self.scarcity.penalty * f64::from(crowd));
        Slot { _permit: permit, time, _inside: inside }
    }

    /// The same on a thread, in one line with the tasks.
    pub(super) fn enter_blocking(&self) -> Slot<'_> {
        block_on(self.enter())
    }
}

impl Slot<'_> {
    /// How long its use takes, in the crowd that was there when it began.
    pub(super) const fn time(&self) -> Duration {
        self.time
    }
}

/// One request inside.
#[derive(Debug)]
struct Inside<'a>(&'a Scarce);

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.0.inside.fetch_sub(1, Ordering::Relaxed);
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Waits on this thread. Not tokio's own, which wants to be on no runtime's thread.
fn block_on<T>(work: impl Future<Output = T>) -> T {
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut work = pin!(work);
    loop {
        match work.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(done) => return done,
            Poll::Pending => std::thread::park(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use futures::FutureExt;

    use super::*;

    #[tokio::test]
    async fn slots_go_in_order_and_the_crowd_makes_them_slower() {
        let scarcity = Scarcity { slots: NonZeroU32::new(2).unwrap(), time: Duration::from_millis(10), penalty: 0.5 };
        let scarce = Scarce::new(scarcity);
        let (first, second) = (scarce.enter().await, scarce.enter_blocking());
        assert_eq!([first.time(), second.time()], [Duration::from_millis(10); 2], "no crowd");
        let (mut third, mut fourth) = (Box::pin(scarce.enter()), Box::pin(scarce.enter()));
        assert!(third.as_mut().now_or_never().is_none() && fourth.as_mut().now_or_never().is_none());
        drop(first);
        assert!(fourth.as_mut().now_or_never().is_none(), "it came later");
        let third = third.now_or_never().unwrap();
        assert_eq!(third.time(), Duration::from_millis(15), "one waits beyond the two");
        drop(fourth);
        drop((second, third));
        assert_eq!(scarce.inside.load(Ordering::Relaxed), 0);
        assert_eq!(scarce.enter().await.time(), Duration::from_millis(10), "the crowd is gone");
    }

    #[test]
    fn a_thread_waits_for_its_slot() {
        let scarcity = Scarcity { slots: NonZeroU32::MIN, time: Duration::from_millis(1), penalty: 0.0 };
        let scarce = Scarce::new(scarcity);
        let holders = AtomicU32::new(0);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        let slot = scarce.enter_blocking();
                        assert_eq!(holders.fetch_add(1, Ordering::SeqCst), 0);
                        holders.fetch_sub(1, Ordering::SeqCst);
                        drop(slot);
                    }
                });
            }
        });
    }
}
