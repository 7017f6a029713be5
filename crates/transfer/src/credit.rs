//! How far ahead a sender may be: a window that grows while the disk keeps up, out of a budget for all.
//!
//! No clock is read here: `now` is an argument.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

#[cfg(test)]
mod tests;

/// The smallest window, in bytes: given even when the budget is used up, so that nobody stands still.
pub const WINDOW_BYTES_FLOOR: u64 = 64 * 1024;

/// The window that a transfer begins with, in bytes, if nobody says otherwise.
pub const WINDOW_BYTES_INITIAL: u64 = 1024 * 1024;

/// The largest window, in bytes, if nobody says otherwise.
pub const WINDOW_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Half a window consumed sooner than this after the last grant: a larger window may bring more. As long as the
/// longest round trip to be expected.
const QUICK: Duration = Duration::from_millis(500);

/// A sender that has used up its credit, and sends on only so long after it got more, was held up by the credit.
/// Longer than a busy machine takes to let a program run, shorter than most round trips that a larger window is for.
const DRY: Duration = Duration::from_millis(5);

/// Grants without such a wait after which a window beside a chat becomes smaller again.
const CALM_GRANTS: u32 = 64;

/// Bytes that all windows together may hold.
///
/// Invariant: the sum of the windows is at most the budget and [`WINDOW_BYTES_FLOOR`] for each window.
#[derive(Debug)]
pub struct WindowBudget {
    bytes: u64,
    held: AtomicU64,
    windows: AtomicU64,
}

impl WindowBudget {
    /// A budget of `bytes`.
    pub fn new(bytes: u64) -> Arc<Self> {
        Arc::new(Self { bytes, held: AtomicU64::new(0), windows: AtomicU64::new(0) })
    }

    /// Bytes that windows hold now.
    pub fn held(&self) -> u64 {
        self.held.load(Relaxed)
    }

    /// What each of the windows would hold if all were alike, in bytes.
    fn share(&self) -> u64 {
        self.bytes / self.windows.load(Relaxed).max(1)
    }

    /// How large a window that has `bytes` now may become: larger than its share only by what nobody misses.
    fn fair(&self, bytes: u64) -> u64 {
        let spare = self.bytes.saturating_sub(self.held()).saturating_sub(WINDOW_BYTES_INITIAL);
        self.share().max(bytes.saturating_add(spare))
    }

    /// Takes as much of `wanted` as is left, and says how much that was.
    fn take(&self, wanted: u64) -> u64 {
        let held =
            self.held.fetch_update(Relaxed, Relaxed, |held| Some(held + wanted.min(self.bytes.saturating_sub(held))));
        let held = held.unwrap_or_else(|held| held);
        wanted.min(self.bytes.saturating_sub(held))
    }

    fn put_back(&self, bytes: u64) {
        self.held.fetch_sub(bytes, Relaxed);
    }

    /// Whether a newcomer would find less than it should begin with.
    fn is_short(&self) -> bool {
        self.bytes.saturating_sub(self.held()) < WINDOW_BYTES_INITIAL.min(self.share())
    }
}

/// The credit of one transfer, as its receiver grants it.
///
/// Invariant: [`Self::limit`] never becomes less.
#[derive(Debug)]
pub struct Window {
    bytes: u64,
    max: u64,
    limit: u64,
    consumed: u64,
    granted_at: Option<Instant>,
    /// Whether bytes stood in line for the disk since the last grant.
    is_behind: bool,
    /// What of `bytes` is taken from the budget.
    held: u64,
    budget: Option<Arc<WindowBudget>>,
    beside_chat: Option<Beside>,
}

/// What a window beside a chat keeps in mind: bytes that are on their way stand before every message, so it grows
/// only when the sender would stand still without.
#[derive(Debug, Default)]
struct Beside {
    /// The limits before the last grants: a sender without credit stops exactly at one of them.
    limits_before: [u64; 4],
    consumed_at: Option<Instant>,
    ran_dry: bool,
    calm_grants: u32,
}

impl Beside {
    /// Whether the window shall grow (`Some(true)`), become smaller (`Some(false)`) or stay, at a grant.
    fn look(&mut self, limit: u64) -> Option<bool> {
        self.limits_before.rotate_right(1);
        self.limits_before[0] = limit;
        self.calm_grants = if self.ran_dry { 0 } else { self.calm_grants + 1 };
        let is_calm = self.calm_grants >= CALM_GRANTS;
        if is_calm {
            self.calm_grants = 0;
        }
        std::mem::take(&mut self.ran_dry).then_some(true).or_else(|| is_calm.then_some(false))
    }
}

impl Window {
    /// A window of `initial` bytes that may grow to `max`, both taken from `budget` as far as that has them.
    pub fn new(initial: u64, max: u64, budget: Option<Arc<WindowBudget>>) -> Self {
        let mut window = Self {
            bytes: WINDOW_BYTES_FLOOR,
            max: max.max(WINDOW_BYTES_FLOOR),
            limit: 0,
            consumed: 0,
            granted_at: None,
            is_behind: false,
            held: 0,
            budget,
            beside_chat: None,
        };
        if let Some(budget) = &window.budget {
            budget.windows.fetch_add(1, Relaxed);
        }
        window.grow_to(initial);
        window.limit = window.bytes;
        window
    }

    /// The same for a transfer that begins at `from`. To be called before anything is consumed.
    #[must_use]
    pub fn starting_at(mut self, from: u64) -> Self {
        self.consumed = from;
        self.limit = self.limit.max(from.saturating_add(self.bytes));
        self
    }

    /// The same for a transfer that shares its connection with a chat: it grows only while the sender runs out of
    /// credit for longer than a moment, and becomes smaller again.
    #[must_use]
    pub fn beside_chat(mut self) -> Self {
        self.beside_chat = Some(Beside::default());
        self
    }

    /// The same for a transfer in which only `bytes` will come: more is not held.
    #[must_use]
    pub fn for_at_most(mut self, bytes: u64) -> Self {
        self.max = self.max.min(bytes).max(WINDOW_BYTES_FLOOR);
        if self.bytes > self.max {
            self.shrink_to(self.max);
        }
        self
    }

    /// Bytes before this offset may be sent.
    pub const fn limit(&self) -> u64 {
        self.limit
    }

    /// How large the window is now, in bytes.
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// More came while `bytes` stood in line for the disk.
    pub const fn queued(&mut self, bytes: u64) {
        self.is_behind |= bytes > self.bytes / 4;
    }

    /// Everything before `upto` has been written. The new limit, if half the window has been consumed.
    pub fn consumed(&mut self, now: Instant, upto: u64) -> Option<u64> {
        if let Some(beside) = &mut self.beside_chat
            && upto > self.consumed
        {
            let waited = beside.consumed_at.replace(now).map_or(Duration::ZERO, |at| now.duration_since(at));
            beside.ran_dry |= waited >= DRY && beside.limits_before.contains(&self.consumed);
        }
        self.consumed = self.consumed.max(upto);
        let left = self.limit.saturating_sub(self.consumed);
        if left > self.bytes / 2 {
            return None;
        }
        self.tune(now, left);
        self.is_behind = false;
        self.granted_at = Some(now);
        let limit = self.consumed.saturating_add(self.bytes);
        (limit > self.limit).then(|| {
            self.limit = limit;
            limit
        })
    }

    /// Makes the window larger or smaller, as what has been seen since the last grant says. `left` is what is granted
    /// and not consumed.
    fn tune(&mut self, now: Instant, left: u64) {
        let limit = self.limit;
        let beside = self.beside_chat.as_mut().map(|beside| beside.look(limit));
        let is_quick = self.granted_at.is_some_and(|at| now.duration_since(at) < QUICK);
        if self.budget.as_ref().is_some_and(|budget| budget.is_short() && self.bytes > budget.share()) {
            // What is still granted fits into half the window, so the other half is free for others.
            self.shrink_to((self.bytes / 2).max(left));
        } else if beside == Some(Some(false)) && self.bytes > WINDOW_BYTES_INITIAL {
            self.shrink_to((self.bytes / 2).max(left).max(WINDOW_BYTES_INITIAL));
        } else if !self.is_behind && is_quick && beside.is_none_or(|asked| asked == Some(true)) {
            self.grow_to(self.bytes.saturating_mul(2));
        }
    }

    fn grow_to(&mut self, wanted: u64) {
        let share = self.budget.as_ref().map_or(u64::MAX, |budget| budget.fair(self.bytes));
        let more = wanted.min(self.max).min(share).saturating_sub(self.bytes);
        let taken = self.budget.as_ref().map_or(more, |budget| budget.take(more));
        self.held += taken;
        self.bytes += taken;
    }

    fn shrink_to(&mut self, wanted: u64) {
        let wanted = wanted.max(WINDOW_BYTES_FLOOR);
        let less = self.bytes.saturating_sub(wanted).min(self.held);
        if let Some(budget) = &self.budget {
            budget.put_back(less);
        }
        self.held -= less;
        self.bytes -= less;
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        if let Some(budget) = &self.budget {
            budget.put_back(self.held);
            budget.windows.fetch_sub(1, Relaxed);
        }
    }
}
