//! Amounts as a person reads them: bytes, bytes a second, time, percent. Pure, and never wider than its kind needs.

use std::time::Duration;

const UNITS: [&str; 7] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

/// As in `999 B`, `1.2 MiB`, `256 KiB`: two digits at least, so that it says enough, and four at most.
pub(crate) fn size_words(bytes: u64) -> String {
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut unit = 1_u128;
    for name in UNITS {
        let tenths = rounded(u128::from(bytes) * 10, unit);
        let whole = rounded(u128::from(bytes), unit);
        if unit > 1 && tenths < 100 {
            return format!("{}.{} {name}", tenths / 10, tenths % 10);
        }
        if unit > 1 && whole < 1024 {
            return format!("{whole} {name}");
        }
        unit *= 1024;
    }
    format!("{bytes} B")
}

/// As in `1.2 MiB/s`.
pub(crate) fn rate_words(bytes_a_second: u64) -> String {
    format!("{}/s", size_words(bytes_a_second))
}

/// As in `8 s`, `2 min 05 s`, `3 h 20 min`, `4 days`.
pub(crate) fn time_words(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        3600..172_800 => format!("{} h {:02} min", seconds / 3600, seconds / 60 % 60),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// How many hundredths of `all` are `done`, rounded down: 100 is said only of what is whole.
pub(crate) fn percent(done: u64, all: u64) -> u8 {
    if done >= all {
        return 100;
    }
    // Below 100, as `done` is less than `all`.
    u8::try_from(u128::from(done) * 100 / u128::from(all)).unwrap_or(99)
}

/// As in `1 file`, `2 files`.
pub(crate) fn count_words(count: u64, one: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {one}{plural}")
}

const fn rounded(amount: u128, unit: u128) -> u128 {
    (amount + unit / 2) / unit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_at_a_glance() {
        let rows: &[(u64, &str)] = &[
            (0, "0 B"),
            (1, "1 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (1_258_291, "1.2 MiB"),
            (10_188, "9.9 KiB"),
            (10_230, "10 KiB"),
            (256 * 1024, "256 KiB"),
            (1024 * 1024 - 1, "1.0 MiB"),
            (1023 * 1024, "1023 KiB"),
            (10 << 30, "10 GiB"),
            (u64::MAX, "16 EiB"),
        ];
        for (bytes, words) in rows {
            assert_eq!(&size_words(*bytes), words, "{bytes}");
        }
        assert_eq!(rate_words(2 << 20), "2.0 MiB/s");
    }

    #[test]
    fn times_and_shares_are_rounded_down() {
        let rows: &[(u64, &str)] = &[
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min 00 s"),
            (125, "2 min 05 s"),
            (12_000, "3 h 20 min"),
            (400_000, "4 days"),
        ];
        for (seconds, words) in rows {
            assert_eq!(&time_words(Duration::from_secs(*seconds)), words);
        }
        let shares = [(0, 0, 100), (0, 1, 0), (999, 1000, 99), (1, 3, 33), (u64::MAX - 1, u64::MAX, 99), (5, 4, 100)];
        for (done, all, expected) in shares {
            assert_eq!(percent(done, all), expected, "{done} of {all}");
        }
        assert_eq!((count_words(1, "file"), count_words(0, "file")), ("1 file".into(), "0 files".into()));
    }
}
