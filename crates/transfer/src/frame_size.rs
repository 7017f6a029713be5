//! How large a bulk frame may be, so that what comes behind it waits about two milliseconds.
//!
//! No clock is read here: `now` is an argument.

use std::time::{Duration, Instant};

use proto::limits::BULK_BYTES_MAX;

/// The smallest frame that is ever aimed at, in bytes.
pub const FRAME_BYTES_MIN: usize = 16 * 1024;

/// The frame that a connection begins with, in bytes.
const FRAME_BYTES_INITIAL: usize = 64 * 1024;

/// How long a frame should take.
const AIM: Duration = Duration::from_millis(2);

/// A sample of the rate ends after this time of writing …
const SAMPLE_TIME: Duration = Duration::from_millis(5);

/// … or after this many bytes.
const SAMPLE_BYTES: usize = 4 * 1024 * 1024;

/// After this long without a write the sample in hand is thrown away.
const IDLE: Duration = Duration::from_secs(1);

/// The adaptive size: a power of two, so that frames divide what is read from the disk without rests.
#[derive(Debug)]
pub struct FrameSize {
    bytes: usize,
    max: usize,
    /// Bytes a second; 0 until the first sample is whole.
    rate: f64,
    sample_bytes: usize,
    sample_time: Duration,
    written_at: Option<Instant>,
}

impl FrameSize {
    /// A size that is never above `max` bytes; the two sides agreed on that.
    pub fn new(max: usize) -> Self {
        let max = max.clamp(1, BULK_BYTES_MAX);
        Self {
            bytes: FRAME_BYTES_INITIAL.min(max),
            max,
            rate: 0.0,
            sample_bytes: 0,
            sample_time: Duration::ZERO,
            written_at: None,
        }
    }

    /// The size that the next frame should have at most, in bytes.
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// `bytes` went to the socket, which took `took`, waiting for it included.
    pub fn wrote(&mut self, bytes: usize, took: Duration, now: Instant) {
        if self.written_at.is_some_and(|at| now.duration_since(at) > IDLE) {
            self.sample_bytes = 0;
            self.sample_time = Duration::ZERO;
        }
        self.written_at = Some(now);
        self.sample_bytes += bytes;
        self.sample_time += took;
        if self.sample_time < SAMPLE_TIME && self.sample_bytes < SAMPLE_BYTES {
            return;
        }
        let seconds = self.sample_time.as_secs_f64().max(1e-6);
        let sample = self.sample_bytes as f64 / seconds;
        self.sample_bytes = 0;
        self.sample_time = Duration::ZERO;
        // A line that became slow must be noticed at once: chat waits for it.
        let is_much_slower = sample < self.rate / 2.0;
        self.rate = if self.rate == 0.0 || is_much_slower { sample } else { self.rate.mul_add(0.75, sample * 0.25) };
        self.bytes = self.sized();
    }

    fn sized(&self) -> usize {
        let aim = self.rate * AIM.as_secs_f64();
        let mut bytes = FRAME_BYTES_MIN;
        while bytes * 2 <= self.max && (bytes * 2) as f64 <= aim {
            bytes *= 2;
        }
        bytes.min(self.max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIB: usize = 1024;

    /// Writes `count` frames at `rate` bytes a second; the size after them.
    fn at_rate(size: &mut FrameSize, now: &mut Instant, rate: f64, count: usize) -> usize {
        for _ in 0..count {
            let took = Duration::from_secs_f64(size.bytes() as f64 / rate);
            *now += took;
            size.wrote(size.bytes(), took, *now);
        }
        size.bytes()
    }

    #[test]
    fn a_frame_takes_one_to_two_milliseconds_at_every_rate() {
        let rows =
            [(100e3, 16), (12.5e6, 16), (20e6, 32), (50e6, 64), (125e6, 128), (300e6, 512), (1e9, 1024), (9e9, 1024)];
        for (rate, kib) in rows {
            let mut now = Instant::now();
            let mut size = FrameSize::new(BULK_BYTES_MAX);
            assert_eq!(at_rate(&mut size, &mut now, rate, 400), kib * KIB, "{rate}");
        }
    }

    #[test]
    fn a_line_that_becomes_slow_is_noticed_within_some_frames_and_one_that_becomes_fast_too() {
        let mut now = Instant::now();
        let mut size = FrameSize::new(BULK_BYTES_MAX);
        assert_eq!(at_rate(&mut size, &mut now, 2e9, 100), 1024 * KIB);
        assert_eq!(at_rate(&mut size, &mut now, 10e6, 5), 16 * KIB);
        assert_eq!(at_rate(&mut size, &mut now, 2e9, 3000), 1024 * KIB);
    }

    #[test]
    fn a_frame_is_never_longer_than_agreed() {
        for (max, expected) in [(0, 1), (1000, 1000), (100 * KIB, 64 * KIB), (usize::MAX, 1024 * KIB)] {
            let mut size = FrameSize::new(max);
            assert!(size.bytes() <= max.max(1));
            assert_eq!(at_rate(&mut size, &mut Instant::now(), 5e9, 9000), expected);
        }
    }
}
