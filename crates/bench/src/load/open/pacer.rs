//! The pacer: a thread that does what is due when it is due. It sleeps to shortly before that, and spins the rest.

use std::sync::Mutex;
use std::time::Duration;

use mio::Waker;

use super::engine::Engine;
use super::receiver::{CpuSpan, locked};
use crate::interrupt::Interrupt;
use crate::load::clock::monotonic_ns;

/// How long before its time the pacer wakes: about what a sleep overshoots by on a virtual machine.
const SPIN_NS: u64 = 60_000;

/// The last of it is spun without letting anybody else run.
const HARD_SPIN_NS: u64 = 5_000;

/// The longest sleep, so that an interrupt is noticed.
const SLEEP_NS: u64 = 50_000_000;

/// Paces until the trial is over; says the thread's CPU time within the span.
pub(super) fn run(engine: &Mutex<Engine>, waker: &Waker, mut cpu: CpuSpan, interrupt: &Interrupt) -> Option<f64> {
    sleep_exactly();
    let handicap = locked(engine).plan.handicap;
    while !interrupt.is_asked() {
        let now_ns = monotonic_ns();
        cpu.look(now_ns);
        let mut shared = locked(engine);
        if shared.is_over(now_ns) {
            break;
        }
        let (due_ns, is_send) = shared.due();
        if due_ns > now_ns {
            shared.pacer_sleeps(due_ns);
            drop(shared);
            wait(due_ns);
        } else if is_send && !handicap.is_zero() {
            drop(shared);
            std::thread::sleep(handicap);
            locked(engine).act();
        } else {
            shared.act();
        }
    }
    // The receiver looks by itself soon; this only saves it the wait.
    let _ = waker.wake();
    cpu.end()
}

/// Waits until `due_ns`, or somewhat less: until woken, or for as long as an interrupt may go unnoticed.
fn wait(due_ns: u64) {
    let left_ns = due_ns.saturating_sub(monotonic_ns());
    if left_ns > SPIN_NS {
        std::thread::park_timeout(Duration::from_nanos((left_ns - SPIN_NS).min(SLEEP_NS)));
        return;
    }
    loop {
        match due_ns.saturating_sub(monotonic_ns()) {
            0 => return,
            // The receiver may share this core and have something to hear.
            left_ns if left_ns > HARD_SPIN_NS => std::thread::yield_now(),
            _ => std::hint::spin_loop(),
        }
    }
}

/// Asks that this thread's sleeps end on time, and not within the usual 50 microseconds behind it.
#[cfg(target_os = "linux")]
fn sleep_exactly() {
    // Where it is refused, sends are later, and the lateness shows it.
    let _ = rustix::thread::set_current_timer_slack(std::num::NonZeroU64::new(1));
}

#[cfg(not(target_os = "linux"))]
const fn sleep_exactly() {}
