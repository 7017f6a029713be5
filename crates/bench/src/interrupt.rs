//! Ctrl-C (or a polite kill): the first asks the trial in hand to end and the children to die, the second ends at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use tokio::sync::Notify;

use crate::error::BenchError;

/// Asked by every load loop at least ten times a second.
#[derive(Debug, Clone, Default)]
pub struct Interrupt {
    asked: Arc<AtomicBool>,
}

impl Interrupt {
    /// Asks every load to end.
    pub fn ask(&self) {
        self.asked.store(true, Ordering::Relaxed);
    }

    /// Whether the person wants it to end.
    pub fn is_asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }

    /// # Errors
    /// [`BenchError::Interrupted`] if the person wants it to end.
    pub fn check(&self) -> Result<(), BenchError> {
        if self.is_asked() { Err(BenchError::Interrupted) } else { Ok(()) }
    }
}

/// Listens for Ctrl-C on a thread of its own until dropped.
#[derive(Debug)]
pub struct Listener {
    interrupt: Interrupt,
    end: Arc<Notify>,
    thread: Option<JoinHandle<()>>,
}

impl Listener {
    /// Starts listening.
    ///
    /// # Errors
    /// If the operating system gives no thread or no event queue.
    pub fn start() -> Result<Self, BenchError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .build()
            .map_err(BenchError::io("cannot listen for Ctrl-C"))?;
        let (interrupt, end) = (Interrupt::default(), Arc::new(Notify::new()));
        let (asked, ended) = (interrupt.clone(), Arc::clone(&end));
        let listen = async move {
            told_to_end().await;
            asked.ask();
            told_to_end().await;
            std::process::exit(130);
        };
        let either = async move {
            tokio::select! {
                () = listen => {}
                () = ended.notified() => {}
            }
        };
        let thread = std::thread::Builder::new()
            .name("interrupt".to_owned())
            .spawn(move || runtime.block_on(either))
            .map_err(BenchError::io("cannot listen for Ctrl-C"))?;
        Ok(Self { interrupt, end, thread: Some(thread) })
    }

    /// What load loops ask.
    pub fn interrupt(&self) -> Interrupt {
        self.interrupt.clone()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.end.notify_one();
        if let Some(thread) = self.thread.take() {
            // It ends when told to; a panic in it has already been printed.
            let _ = thread.join();
        }
    }
}

/// Ctrl-C, or on Unix a polite kill, which would otherwise leave the servers behind.
async fn told_to_end() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminated) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminated.recv() => {}
            }
            return;
        }
    }
    if tokio::signal::ctrl_c().await.is_err() {
        // Nothing can be heard of the person; then nothing is.
        std::future::pending::<()>().await;
    }
}
