//! What time does: uploads that bring too little are set aside, receivers are told who holds them up, uploads whose
//! sender does not come back are let go, and old parts are swept away.

use std::sync::Arc;
use std::time::Duration;

use proto::message::{StalledBy, TransferMessage};
use proto::{Code, Refusal};
use tokio::time::Instant;
use transfer::source::Wait;

use super::desk::Desk;
use super::limits::{HELD, STALLED_AFTER, UPLOAD_BYTES_MIN};
use super::lock;
use super::session::SessionFiles;
use super::slots::{Stall, Transfer, Upload};

/// How often transfers are looked at.
const TICK: Duration = Duration::from_millis(250);

/// How often old parts are looked for.
const SWEEP: Duration = Duration::from_secs(600);

/// How often somebody who waits is told so again.
const TOLD_AGAIN_AFTER: Duration = Duration::from_secs(10);

impl Desk {
    /// Watches until it is dropped. One task for all.
    pub async fn watch_over(self: Arc<Self>) {
        let mut swept: Option<Instant> = None;
        loop {
            if swept.is_none_or(|at| at.elapsed() >= SWEEP) {
                swept = Some(Instant::now());
                let (partials, age) = (Arc::clone(&self.partials), self.limits.partial_age);
                match tokio::task::spawn_blocking(move || partials.sweep(age)).await {
                    Ok(0) => {}
                    swept => tracing::info!(?swept, "removed parts of files that nobody went on with"),
                }
            }
            let now = Instant::now();
            let sessions = self.live_sessions();
            sessions.iter().for_each(|files| files.tick(now, self.limits.upload_idle));
            self.let_go(now).await;
            let is_quiet = sessions.is_empty() && self.arrivals.all().is_empty();
            drop(sessions);
            if is_quiet {
                // Nothing to do until somebody comes, or it is time to sweep.
                let _came: Result<(), _> = tokio::time::timeout(SWEEP, self.came.notified()).await;
            } else {
                tokio::time::sleep(TICK).await;
            }
        }
    }

    /// The sessions that still stand. Those that are gone are forgotten.
    fn live_sessions(&self) -> Vec<Arc<SessionFiles>> {
        let mut live = Vec::new();
        lock(&self.sessions).retain(|files| match files.upgrade() {
            Some(files) if !files.is_closed() => {
                live.push(files);
                true
            }
            _ => false,
        });
        live.retain(|files| files.has_transfers());
        live
    }

    /// Lets go of uploads whose sender has not come back.
    async fn let_go(self: &Arc<Self>, now: Instant) {
        let Some(then) = now.checked_sub(HELD) else { return };
        for arrival in self.arrivals.all() {
            let Some(behind) = arrival.take_behind_if_held_since(then) else { continue };
            tracing::debug!(?arrival, "nobody went on with it in time");
            self.arrivals.remove(&arrival);
            let set_aside = tokio::task::spawn_blocking(|| behind.set_aside()).await;
            tracing::trace!(?set_aside);
            // Told last: whoever hears of it finds what is kept.
            arrival.progress.broken();
        }
    }
}

impl SessionFiles {
    fn has_transfers(&self) -> bool {
        self.with_slots(|slots, _| !slots.is_empty())
    }

    /// Looks at every transfer. `upload_idle` is how long one may bring too little.
    fn tick(&self, now: Instant, upload_idle: Duration) {
        let (slow, has_said) = self.with_slots(|slots, lanes| {
            let mut slow = Vec::new();
            let mut has_said = false;
            for (slot, transfer) in slots.iter_mut() {
                let waits = match transfer {
                    Transfer::Upload(upload) => {
                        if upload.is_too_slow(now, upload_idle) {
                            slow.push((slot, upload.turn));
                        }
                        let stall = upload.sink.progress().waits_for_disk.then_some(StalledBy::ServerDisk);
                        Some((&mut upload.stall, upload.sink.progress().verified, stall))
                    }
                    Transfer::Download(download) => lanes.source(slot).map(|source| {
                        let stall = match source.waits_for() {
                            Some(Wait::Sender) => Some(StalledBy::Sender),
                            Some(Wait::Disk) => Some(StalledBy::ServerDisk),
                            _ => None,
                        };
                        (&mut download.stall, source.position(), stall)
                    }),
                    _ => None,
                };
                if let Some((stall, progress, by)) = waits
                    && let Some(by) = stall.look(now, progress, by)
                {
                    lanes.control(TransferMessage::Stalled(by).to_frame(slot));
                    has_said = true;
                }
            }
            (slow, has_said)
        });
        if has_said {
            self.wake();
        }
        for (slot, turn) in slow {
            self.stop_upload(slot, turn, too_slow(upload_idle));
        }
    }
}

impl Upload {
    /// Whether it has brought less than it must for too long, although it could.
    fn is_too_slow(&mut self, now: Instant, upload_idle: Duration) -> bool {
        let progress = self.sink.progress();
        let has_brought = progress.brought.saturating_sub(self.mark.0) >= UPLOAD_BYTES_MIN;
        // All bytes have come, but not the word that this was all: nobody but the sender can go on.
        let owes_end = progress.received == self.lease.arrival.size && !progress.is_finished;
        let could = progress.credit_left > 0 || owes_end;
        if has_brought || !could || progress.waits_for_disk {
            self.mark = (progress.brought, now);
            return false;
        }
        now.duration_since(self.mark.1) >= upload_idle
    }
}

impl Stall {
    /// Who is to be said to hold it up, if nothing has moved for long enough.
    fn look(&mut self, now: Instant, progress: u64, by: Option<StalledBy>) -> Option<StalledBy> {
        let Some(by) = by.filter(|_| self.progress == progress) else {
            *self = Self { progress, since: None, told: None };
            return None;
        };
        let since = *self.since.get_or_insert(now);
        let is_due = now.duration_since(since) >= STALLED_AFTER
            && self.told.is_none_or(|told| now.duration_since(told) >= TOLD_AGAIN_AFTER);
        if is_due {
            self.told = Some(now);
        }
        is_due.then_some(by)
    }
}

fn too_slow(upload_idle: Duration) -> Refusal {
    let idle_ms = u64::try_from(upload_idle.as_millis()).unwrap_or(u64::MAX);
    let words =
        format!("less than {UPLOAD_BYTES_MIN} bytes came in {idle_ms} ms; what has come is kept, offer it again");
    Refusal::new(Code::TooSlow, words).with_limit("upload_idle_ms", idle_ms)
}
