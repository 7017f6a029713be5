//! The receiver: the thread that sets a load up, starts the pacer, and hears what comes until the trial is over.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::Thread;
use std::time::Duration;

use mio::{Events, Poll, Token, Waker};

use super::engine::Engine;
use super::{Glimpse, OpenCount, OpenPlan, books, pacer};
use crate::error::BenchError;
use crate::interrupt::Interrupt;
use crate::load::TURN;
use crate::load::clock::{monotonic_ns, nanos};
use crate::readings;

/// How often a watcher is told.
const GLIMPSE: Duration = Duration::from_millis(250);

/// How long kept connections may take for their handshakes before the schedule begins without them.
const HANDSHAKES: Duration = Duration::from_secs(1);

/// Between setting up and the schedule's start.
const LEAD: Duration = Duration::from_millis(5);

/// The waker's token; connections count from 0.
const WOKEN: Token = Token(usize::MAX);

/// Runs the load.
pub(super) fn conduct(
    plan: OpenPlan,
    interrupt: &Interrupt,
    watcher: Option<&mut dyn FnMut(Glimpse)>,
) -> Result<OpenCount, BenchError> {
    plan.check()?;
    let poll = Poll::new().map_err(BenchError::io("cannot make a readiness queue"))?;
    let registry = poll.registry().try_clone().map_err(BenchError::io("cannot make a readiness queue"))?;
    let waker = Waker::new(&registry, WOKEN).map_err(BenchError::io("cannot make a readiness queue"))?;
    let engine = Mutex::new(Engine::new(plan, registry, watcher.is_some()));
    let mut receiver = Receiver { poll, events: Events::with_capacity(1024), engine: &engine, interrupt };
    receiver.settle()?;
    let cpu = {
        let mut shared = locked(&engine);
        shared.start_ns = monotonic_ns() + nanos(LEAD);
        CpuSpan::new(shared.start_ns + nanos(shared.plan.warm_up), shared.over_ns())
    };
    let cpu_seconds = std::thread::scope(|scope| {
        let pace = || pacer::run(&engine, &waker, cpu, interrupt);
        let pacer = std::thread::Builder::new().name("pacer".to_owned()).spawn_scoped(scope, pace);
        let pacer = pacer.map_err(BenchError::io("no thread for the pacer"))?;
        let heard = receiver.hear(cpu, pacer.thread(), watcher);
        pacer.thread().unpark();
        let paced = pacer.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        let heard = heard?;
        interrupt.check()?;
        Ok(heard.zip(paced).map(|(heard, paced)| heard + paced))
    })?;
    drop(receiver);
    let mut engine = engine.into_inner().unwrap_or_else(PoisonError::into_inner);
    engine.close();
    Ok(books::count(engine, cpu_seconds))
}

/// The thread that hears.
struct Receiver<'a> {
    poll: Poll,
    events: Events,
    engine: &'a Mutex<Engine>,
    interrupt: &'a Interrupt,
}

impl Receiver<'_> {
    /// Opens the kept connections and waits for their handshakes, for a while.
    fn settle(&mut self) -> Result<(), BenchError> {
        let until_ns = monotonic_ns() + nanos(HANDSHAKES);
        locked(self.engine).open_kept()?;
        while locked(self.engine).is_connecting() && monotonic_ns() < until_ns {
            self.turn(None)?;
        }
        Ok(())
    }

    /// Hears until the trial is over; says the thread's CPU time within the span.
    fn hear(
        &mut self,
        mut cpu: CpuSpan,
        pacer: &Thread,
        mut watcher: Option<&mut dyn FnMut(Glimpse)>,
    ) -> Result<Option<f64>, BenchError> {
        let mut told_ns = 0;
        loop {
            let now_ns = monotonic_ns();
            cpu.look(now_ns);
            if locked(self.engine).is_over(now_ns) {
                return Ok(cpu.end());
            }
            if let Some(watcher) = watcher.as_mut().filter(|_| now_ns >= told_ns) {
                told_ns = now_ns + nanos(GLIMPSE);
                let glimpse = locked(self.engine).glimpse(now_ns);
                glimpse.into_iter().for_each(watcher);
            }
            self.turn(Some(pacer))?;
        }
    }

    /// Waits for readiness once, and hears what there is.
    fn turn(&mut self, pacer: Option<&Thread>) -> Result<(), BenchError> {
        self.interrupt.check()?;
        match self.poll.poll(&mut self.events, Some(TURN)) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => self.events.clear(),
            other => other.map_err(BenchError::io("cannot wait for connections"))?,
        }
        for event in self.events.iter().filter(|event| event.token() != WOKEN) {
            let mut shared = locked(self.engine);
            shared.hear(event);
            let wants_pacer = pacer.is_some() && shared.wants_pacer();
            drop(shared);
            if let Some(pacer) = pacer.filter(|_| wants_pacer) {
                pacer.unpark();
            }
        }
        Ok(())
    }
}

/// The shared state, in this thread's hands.
pub(super) fn locked(engine: &Mutex<Engine>) -> MutexGuard<'_, Engine> {
    engine.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The calling thread's CPU time between two moments, read when the thread comes by.
#[derive(Debug, Clone, Copy)]
pub(super) struct CpuSpan {
    from_ns: u64,
    to_ns: u64,
    first: Option<f64>,
    last: Option<f64>,
}

impl CpuSpan {
    const fn new(from_ns: u64, to_ns: u64) -> Self {
        Self { from_ns, to_ns, first: None, last: None }
    }

    /// The thread comes by.
    pub(super) fn look(&mut self, now_ns: u64) {
        if self.first.is_none() && now_ns >= self.from_ns {
            self.first = readings::thread_cpu_seconds();
        }
        if self.last.is_none() && now_ns >= self.to_ns {
            self.last = readings::thread_cpu_seconds();
        }
    }

    /// The time within, if it has begun; a thread that ends early has used none behind that.
    pub(super) fn end(&self) -> Option<f64> {
        Some(self.last.or_else(readings::thread_cpu_seconds)? - self.first?)
    }
}
