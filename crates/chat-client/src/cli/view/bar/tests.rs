//! Bars, of friendly and of hostile names.

use super::*;

fn gauge(name: &str, done: u64, total: u64) -> Gauge {
    Gauge { name: name.to_owned(), done, total, ..Gauge::default() }
}

#[test]
fn a_bar_says_name_share_bytes_rate_and_time() {
    let mib = 1024 * 1024;
    let moving = Gauge { rate: Some(4 * mib), ..gauge("report.pdf", 25 * mib, 100 * mib) };
    let waiting = Gauge { word: Some("waits for their disk".to_owned()), ..moving.clone() };
    let folder = Gauge { files: Some((3, 12)), rate: Some(mib), ..gauge("docs", 5 * mib, 10 * mib) };
    let rows: &[(&Gauge, usize, &str)] = &[
        (&moving, 80, "report.pdf  [####--------------]   25 %  25 MiB of 100 MiB  4.0 MiB/s  19 s left"),
        (&moving, 68, "report.pdf  [#-----]   25 %  25 MiB of 100 MiB  4.0 MiB/s  19 s left"),
        (&moving, 60, "report.pdf   25 %  25 MiB of 100 MiB  4.0 MiB/s  19 s left"),
        (&moving, 40, "report.pdf   25 %  25 MiB of 100 MiB  4."),
        (&waiting, 80, "report.pdf  [####--------------]   25 %  25 MiB of 100 MiB  waits for their disk"),
        (&folder, 80, "docs  [##########----------]   50 %  3 of 12 files  5.0 MiB  1.0 MiB/s  5 s left"),
        (&gauge("empty", 0, 0), 60, "empty  [##############################]  100 %  0 B of 0 B"),
        (&gauge("你好世界.txt", 1, 3), 60, "你好世界.txt  [########-----------------]   33 %  1 B of 3 B"),
    ];
    for (gauge, columns, expected) in rows {
        let bar = gauge.bar(*columns);
        assert!(bar.width() <= *columns, "{} columns: {bar}", bar.width());
        assert_eq!(&bar, expected);
    }
}

#[test]
fn no_name_makes_a_bar_wider_or_reaches_the_terminal_raw() {
    let names =
        ["\x1b[2J\x07", "a\nb", &"宽".repeat(400), &"👨‍👩‍👧".repeat(40), "\u{202e}fdp.exe", &"e\u{301}".repeat(300)];
    for name in names {
        for columns in [0, 1, 10, 40, 80, 200] {
            let bar = gauge(name, 1, 2).bar(columns);
            assert!(bar.width() <= columns, "{name:?} in {columns}: {bar}");
            assert!(!bar.chars().any(escape::is_dangerous), "{bar:?}");
        }
    }
}

#[test]
fn a_name_is_cut_in_its_middle() {
    let rows = [
        ("report.pdf", 24, "report.pdf"),
        ("a-very-long-name-of-a-file.pdf", 12, "a-very…e.pdf"),
        ("你好世界你好世界.txt", 12, "你好世….txt"),
        ("abcdef", 1, "…"),
        ("abcdef", 0, "…"),
    ];
    for (name, columns, expected) in rows {
        assert_eq!(shortened(name, columns), expected, "{name}");
    }
}

#[test]
fn time_left_is_said_only_where_it_means_something() {
    let of = |rate, word: Option<&str>| {
        let word = word.map(str::to_owned);
        Gauge { rate, word, ..gauge("x", 100, 1100) }.left().map(|left| left.as_secs())
    };
    assert_eq!(of(None, None), None);
    assert_eq!(of(Some(0), None), None);
    assert_eq!(of(Some(100), None), Some(10));
    assert_eq!(of(Some(300), None), Some(4));
    assert_eq!(of(Some(100), Some("paused")), None);
    assert_eq!(Gauge { rate: Some(1), ..gauge("x", 0, u64::MAX) }.left(), None);
}
