//! What is said of a transfer, and when.

use chat_client::Notice;

use super::*;

fn progress(percent: u64) -> Progress {
    Progress {
        name: "a".to_owned(),
        direction: Direction::Put,
        state: State::Running,
        bytes_done: percent << 20,
        bytes_total: 100 << 20,
        resumed_from: 0,
        files_done: 0,
        files_total: 1,
        rate_bytes_s: None,
        stalled_by: None,
        notices: Vec::new(),
    }
}

/// What is said at these moments, in milliseconds, joined.
fn told(moments: impl IntoIterator<Item = (u64, Progress)>) -> Vec<(u64, String)> {
    let start = Instant::now();
    let mut teller = Teller::new(start);
    let mut tell = |ms, progress| {
        let lines = teller.tell(start + Duration::from_millis(ms), &progress);
        lines.into_iter().map(move |line| (ms, line))
    };
    moments.into_iter().flat_map(|(ms, progress)| tell(ms, progress).collect::<Vec<_>>()).collect()
}

#[test]
fn what_is_quick_is_not_talked_about() {
    assert_eq!(told((0..390).map(|ms| (ms, progress(ms / 4)))), []);
    let big = Progress { resumed_from: 40 << 20, files_total: 3, ..progress(40) };
    let words = "sends a (3 files, 100 MiB); 40 MiB are there from an earlier try";
    assert_eq!(told([(0, big.clone()), (400, big.clone()), (500, big)]), [(400, words.to_owned())]);
}

#[test]
fn each_quarter_is_said_and_long_ones_less_and_less_often() {
    let quarters = told((0..=100).map(|second| (second * 100, progress(second))));
    let at: Vec<_> = quarters.iter().map(|(ms, _)| *ms).collect();
    assert_eq!(at, [400, 2500, 5000, 7500], "{quarters:?}");
    let long = told((0..400).map(|second| (second * 1000, progress(1))));
    let at: Vec<_> = long.iter().map(|(ms, _)| ms / 1000).collect();
    assert_eq!(at, [1, 6, 16, 36, 76, 156, 236, 316, 396]);
}

#[test]
fn a_standstill_is_said_once_with_who_it_is() {
    let stalled = |by| Progress { stalled_by: Some(by), ..progress(30) };
    let moments = (0..40).map(|tick| {
        let progress = match tick {
            0..4 => progress(30),
            4..16 => stalled(Stall::Server),
            16..18 => progress(30),
            _ => stalled(Stall::Uplink),
        };
        (tick * 250, progress)
    });
    let said: Vec<_> = told(moments).into_iter().map(|(_, line)| line).filter(|line| line.contains("waits")).collect();
    let words = |who: &str| format!("a: 30 %, 30 MiB of 100 MiB, waits for {who}");
    assert_eq!(said, [words("the server"), words("your uplink")]);
}

#[test]
fn what_has_to_be_known_is_said_at_once() {
    let changed = Progress { notices: vec![Notice::StartedOver], ..progress(1) };
    assert_eq!(told([(0, changed.clone()), (1, changed)]), [(0, "a: changed since; started over".to_owned())]);
    let waiting = Progress { state: State::Waiting, bytes_total: 0, ..progress(0) };
    let said = told((0..10).map(|second| (second * 1000, waiting.clone())));
    assert_eq!(said, [(3000, "a: waits for its turn".to_owned())]);
}
