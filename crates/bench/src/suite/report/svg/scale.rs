//! From values to places, and where the ticks stand.

use crate::suite::report::words::digits;

/// The values of an axis.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::suite::report) struct Scale {
    low: f64,
    high: f64,
    is_log: bool,
    /// Where something is written, and what.
    ticks: Vec<(f64, String)>,
}

/// So many times as much from end to end, and a logarithm shows more.
const LOG_FROM: f64 = 12.0;

impl Scale {
    /// A scale that holds all `values`: from zero, or in powers of ten where they are far apart.
    pub(in crate::suite::report) fn holding(values: impl IntoIterator<Item = f64>) -> Self {
        let values: Vec<f64> = values.into_iter().filter(|value| value.is_finite()).collect();
        let low = values.iter().copied().fold(f64::INFINITY, f64::min);
        let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        match () {
            () if values.is_empty() => Self::linear(0.0, 1.0),
            () if low > 0.0 && high / low >= LOG_FROM => Self::log(low, high),
            () if low >= 0.0 => Self::linear(0.0, if high > 0.0 { high } else { 1.0 }),
            () => Self::linear(low, high),
        }
    }

    /// From `low` to the tick at or above `high`.
    pub(in crate::suite::report) fn linear(low: f64, high: f64) -> Self {
        let step = nice_step((high - low).max(f64::MIN_POSITIVE) / 5.0);
        let (first, last) = ((low / step).floor(), (high / step - 1e-9).ceil());
        let mut ticks = Vec::new();
        let mut at = first;
        while at <= last + 0.5 && ticks.len() < 20 {
            ticks.push((at * step, tidy(at * step, step)));
            at += 1.0;
        }
        Self { low: first * step, high: last.max(first + 1.0) * step, is_log: false, ticks }
    }

    /// In powers of ten, with 2 and 5 between where there is room.
    pub(in crate::suite::report) fn log(low: f64, high: f64) -> Self {
        let wide = (high / low).log10() > 2.6;
        let factors: &[f64] = if wide { &[1.0] } else { &[1.0, 2.0, 5.0] };
        let all = (-12_i32..=15).flat_map(|power| factors.iter().map(move |factor| factor * 10.0_f64.powi(power)));
        let all: Vec<f64> = all.collect();
        let low = all.iter().copied().rfind(|tick| *tick <= low * 1.001).unwrap_or(low);
        let high = all.iter().copied().find(|tick| *tick >= high * 0.999).unwrap_or(high);
        let high = if high > low { high } else { low * 10.0 };
        let inside = all.iter().filter(|tick| (low * 0.999..=high * 1.001).contains(*tick));
        Self { low, high, is_log: true, ticks: inside.map(|tick| (*tick, short(*tick))).collect() }
    }

    /// From zero, whatever the values: for shares.
    pub(in crate::suite::report) fn from_zero(values: impl IntoIterator<Item = f64>) -> Self {
        let high = values.into_iter().filter(|value| value.is_finite()).fold(0.0, f64::max);
        Self::linear(0.0, if high > 0.0 { high } else { 1.0 })
    }

    /// From zero to exactly `high`: for time.
    pub(in crate::suite::report) fn until(high: f64) -> Self {
        let mut scale = Self::linear(0.0, high.max(1e-3));
        scale.high = high.max(1e-3);
        scale.ticks.retain(|tick| tick.0 <= scale.high * 1.001);
        scale
    }

    /// With these ticks alone and a little room beyond the outer ones; logarithmic if they are far apart.
    pub(in crate::suite::report) fn at(ticks: Vec<(f64, String)>) -> Self {
        let low = ticks.iter().map(|tick| tick.0).fold(f64::INFINITY, f64::min);
        let high = ticks.iter().map(|tick| tick.0).fold(f64::NEG_INFINITY, f64::max);
        let is_log = low > 0.0 && high / low > LOG_FROM;
        let (low, high) = match () {
            () if ticks.is_empty() => (0.0, 1.0),
            () if is_log => (low / (high / low).powf(0.04), high * (high / low).powf(0.04)),
            () => (low - (high - low).max(1e-9) * 0.05, high + (high - low).max(1e-9) * 0.05),
        };
        Self { low, high, is_log, ticks }
    }

    /// Logarithmic between exactly these two, with these ticks.
    pub(in crate::suite::report) const fn log_between(low: f64, high: f64, ticks: Vec<(f64, String)>) -> Self {
        Self { low, high, is_log: true, ticks }
    }

    /// Where `value` stands: 0 at the beginning, 1 at the end, and never beyond.
    pub(in crate::suite::report) fn place(&self, value: f64) -> f64 {
        let share = if self.is_log {
            (value.max(f64::MIN_POSITIVE) / self.low).ln() / (self.high / self.low).ln()
        } else {
            (value - self.low) / (self.high - self.low)
        };
        if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 }
    }

    /// Values and what is written at them.
    pub(in crate::suite::report) fn ticks(&self) -> &[(f64, String)] {
        &self.ticks
    }

    /// Whether it is logarithmic, which the axis says.
    pub(in crate::suite::report) const fn is_log(&self) -> bool {
        self.is_log
    }
}

/// [`digits`] without zeros at the end of a fraction: `0.5`.
pub(in crate::suite::report) fn short(value: f64) -> String {
    let text = digits(value);
    if text.contains('.') && !text.contains('e') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

/// 1, 2 or 5 times a power of ten, at or above `step`.
fn nice_step(step: f64) -> f64 {
    let power = 10.0_f64.powf(step.log10().floor());
    let factor = [1.0, 2.0, 5.0, 10.0].into_iter().find(|factor| factor * power >= step * 0.999);
    factor.unwrap_or(10.0) * power
}

/// A tick in as many decimals as its step has.
fn tidy(value: f64, step: f64) -> String {
    let decimals = (0..9_usize).find(|places| (step * 10.0_f64.powf(*places as f64)).fract() < 1e-6).unwrap_or(2);
    let value = if value == 0.0 { 0.0 } else { value };
    if value.abs() >= 10_000.0 { format!("{} k", digits(value / 1_000.0)) } else { format!("{value:.decimals$}") }
}
