//! From running to stopped: who asks for it, and how those who serve learn of it.

use std::io;

use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Where a server stands between its start and its end. Only ever goes forward.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Connections are accepted and served.
    Running,
    /// Nothing is accepted any more; open connections should end in order, before the drain deadline.
    Draining,
    /// What is still open is cut.
    Closing,
    /// Nothing is left.
    Stopped,
}

/// How a connection sees the server's phase. Cheap to clone and to ask; one is in every [`crate::Connection`].
#[derive(Debug, Clone)]
pub struct PhaseWatch {
    /// Invariant: never waited on itself, only in clones, so that it has changed if `seen` is out of date.
    phase: watch::Receiver<Phase>,
    seen: Phase,
}

impl PhaseWatch {
    /// Watches the phase in `phase`: [`crate::serve()`]'s own, or a test's.
    pub fn new(mut phase: watch::Receiver<Phase>) -> Self {
        let seen = *phase.borrow_and_update();
        Self { phase, seen }
    }

    /// The phase now. While nothing has changed that is two loads, so that it may be asked at every request.
    pub fn current(&self) -> Phase {
        match self.phase.has_changed() {
            Ok(false) => self.seen,
            Ok(true) | Err(_) => *self.phase.borrow(),
        }
    }

    /// Returns once the server drains, at once if it already does. Cancel safe.
    pub async fn draining(&mut self) {
        self.reached(Phase::Draining).await;
    }

    /// Returns once the server closes, at once if it already does. Cancel safe.
    ///
    /// What runs inside `serve` or `serve_blocking` is cut at that moment; this is for tasks beside it.
    pub async fn closing(&mut self) {
        self.reached(Phase::Closing).await;
    }

    async fn reached(&self, wanted: Phase) {
        // An error means that the server itself is gone, which is later than any phase.
        let mut phase = self.phase.clone();
        let _gone = phase.wait_for(|phase| *phase >= wanted).await;
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Asked {
    Nothing,
    Drain,
    Close,
}

/// The receiving end of a request to stop: [`crate::serve()`] takes it. Clones see the same request.
#[derive(Debug, Clone)]
pub struct Shutdown(watch::Receiver<Asked>);

/// The asking end. Clones ask the same server. If all are dropped, the server runs on.
#[derive(Debug, Clone)]
pub struct ShutdownTrigger(watch::Sender<Asked>);

impl Shutdown {
    /// A trigger, and what it stops.
    pub fn channel() -> (ShutdownTrigger, Self) {
        let (trigger, shutdown) = watch::channel(Asked::Nothing);
        (ShutdownTrigger(trigger), Self(shutdown))
    }

    /// Returns once the server shall drain or close; never if all triggers are gone unused. Cancel safe.
    pub async fn draining(&mut self) {
        self.asked(Asked::Drain).await;
    }

    /// Returns once the server shall close at once; never if all triggers are gone unused. Cancel safe.
    pub async fn closing(&mut self) {
        self.asked(Asked::Close).await;
    }

    async fn asked(&mut self, wanted: Asked) {
        if self.0.wait_for(|asked| *asked >= wanted).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

impl ShutdownTrigger {
    /// Asks the server to accept nothing more and to end what is open, within `drain_ms`.
    pub fn drain(&self) {
        self.ask(Asked::Drain);
    }

    /// Asks the server to cut everything now.
    pub fn close(&self) {
        self.ask(Asked::Close);
    }

    /// Ties the trigger to SIGINT and SIGTERM (on Windows to Ctrl-C): the first drains, the second closes at once.
    ///
    /// The signals are caught from this call on, for as long as the returned [`Signals`] lives.
    ///
    /// # Errors
    /// The operating system's, when the signals cannot be caught.
    pub fn on_signals(self) -> io::Result<Signals> {
        let mut signals = Caught::new()?;
        let task = tokio::spawn(async move {
            signals.next().await;
            tracing::info!("stopping: no new connections, open ones may end in order (a second signal cuts them)");
            self.drain();
            signals.next().await;
            tracing::info!("stopping at once: open connections are cut");
            self.close();
        });
        Ok(Signals(task))
    }

    fn ask(&self, wanted: Asked) {
        self.0.send_if_modified(|asked| {
            let forward = *asked < wanted;
            *asked = (*asked).max(wanted);
            forward
        });
    }
}

/// Keeps the signals tied to a trigger. Dropping it lets go of the trigger; the signals stay caught and do nothing.
#[derive(Debug)]
#[must_use = "dropping it unties the signals"]
pub struct Signals(JoinHandle<()>);

impl Drop for Signals {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[cfg(unix)]
struct Caught {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Caught {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(windows)]
struct Caught(tokio::signal::windows::CtrlC);

#[cfg(windows)]
impl Caught {
    fn new() -> io::Result<Self> {
        tokio::signal::windows::ctrl_c().map(Self)
    }

    async fn next(&mut self) {
        self.0.recv().await;
    }
}
