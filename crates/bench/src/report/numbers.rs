//! Numbers as people read them: three significant digits and a unit.

use crate::stats::Ratio;

/// `23.1 M/s`, `845 /s`.
pub fn rate_text(per_second: f64) -> String {
    match per_second {
        rate if rate >= 1e6 => format!("{} M/s", digits(rate / 1e6)),
        rate if rate >= 1e3 => format!("{} k/s", digits(rate / 1e3)),
        rate => format!("{} /s", digits(rate)),
    }
}

/// `845 µs`, `1.25 ms`, `2.31 s`.
pub fn micros_text(micros: f64) -> String {
    match micros {
        time if time >= 1e6 => format!("{} s", digits(time / 1e6)),
        time if time >= 1e3 => format!("{} ms", digits(time / 1e3)),
        time => format!("{} µs", digits(time)),
    }
}

/// `2.13 KiB`, `845 B`.
pub fn bytes_text(bytes: f64) -> String {
    match bytes {
        size if size.abs() >= 1024.0 * 1024.0 => format!("{} MiB", digits(size / 1024.0 / 1024.0)),
        size if size.abs() >= 1024.0 => format!("{} KiB", digits(size / 1024.0)),
        size => format!("{} B", digits(size)),
    }
}

/// `3.41 GiB/s`, `845 MiB/s`.
pub fn throughput_text(bytes_per_second: f64) -> String {
    const GIB: f64 = 1024.0 * 1024.0 * 1024.0;
    match bytes_per_second {
        rate if rate >= GIB => format!("{} GiB/s", digits(rate / GIB)),
        rate => format!("{}/s", bytes_text(rate)),
    }
}

/// `97 %`, `2.5 %`.
pub fn percent_text(share: f64) -> String {
    let percent = share * 100.0;
    if percent < 9.95 && percent.fract() > 0.049 { format!("{percent:.1} %") } else { format!("{percent:.0} %") }
}

/// `0.977 [0.961 0.990]`: the estimate and its 95 % interval.
pub fn interval_text(ratio: &Ratio) -> String {
    let Ratio { estimate, low, high, .. } = ratio;
    format!("{} [{} {}]", digits(*estimate), digits(*low), digits(*high))
}

/// A whole number.
pub fn count_text(count: u64) -> String {
    count.to_string()
}

/// What `text` makes of a value, or a dash where there is none.
pub fn optional(value: Option<f64>, text: impl Fn(f64) -> String) -> String {
    value.map_or_else(|| "—".to_owned(), text)
}

/// Three significant digits, and never an exponent.
fn digits(value: f64) -> String {
    match value.abs() {
        size if size >= 99.95 => format!("{value:.0}"),
        size if size >= 9.995 => format!("{value:.1}"),
        size if size >= 0.9995 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}
