//! So many at a time: places that are taken and given back.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Places, or bytes, of which only so many may be taken at a time.
#[derive(Debug, Default)]
pub(super) struct Places(Arc<AtomicUsize>);

/// A place that is taken; given back when it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    of: Arc<AtomicUsize>,
    count: usize,
}

impl Places {
    /// Takes one place, if fewer than `max` are taken.
    pub(super) fn enter(&self, max: usize) -> Option<Place> {
        self.take(1, max)
    }

    /// Takes `count` places, if no more than `max` are taken then.
    pub(super) fn take(&self, count: usize, max: usize) -> Option<Place> {
        let fits = |taken: usize| taken.checked_add(count).filter(|taken| *taken <= max);
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits).ok()?;
        Some(Place { of: Arc::clone(&self.0), count })
    }
}

impl Place {
    /// How many places it is.
    pub(super) const fn count(&self) -> usize {
        self.count
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.of.fetch_sub(self.count, Ordering::Relaxed);
    }
}
