//! How windows grow, shrink and share.

use super::*;

const MIB: u64 = 1024 * 1024;

/// Consumes half a window at a time, `count` times, `pause` apart; the window's bytes after each.
fn halves(window: &mut Window, now: &mut Instant, count: usize, pause: Duration) -> Vec<u64> {
    let halves = (0..count).map(|_| {
        *now += pause;
        let upto = window.limit() - window.bytes() / 2;
        window.consumed(*now, upto);
        window.bytes()
    });
    halves.collect()
}

#[test]
fn credit_comes_when_half_of_it_is_consumed_and_never_goes_back() {
    let mut window = Window::new(MIB, MIB, None);
    let now = Instant::now();
    let rows = [
        (0, None),
        (MIB / 2 - 1, None),
        (MIB / 2, Some(3 * MIB / 2)),
        (MIB / 2 + 1, None),
        (10, None),
        (3 * MIB / 2, Some(5 * MIB / 2)),
    ];
    for (upto, expected) in rows {
        let before = window.limit();
        assert_eq!(window.consumed(now, upto), expected, "at {upto}");
        assert_eq!(window.limit(), expected.unwrap_or(before));
    }
}

#[test]
fn a_window_doubles_while_it_is_used_up_quickly_and_the_disk_keeps_up() {
    let quick = Duration::from_millis(100);
    let rows: [(&str, Duration, bool, [u64; 6]); 3] = [
        ("quick", quick, false, [1, 2, 4, 8, 16, 16]),
        ("slow", 2 * QUICK, false, [1; 6]),
        ("the disk is behind", quick, true, [1; 6]),
    ];
    for (name, pause, is_behind, expected) in rows {
        let mut window = Window::new(MIB, 16 * MIB, None);
        let mut now = Instant::now();
        let mut seen = Vec::new();
        for _ in 0..6 {
            if is_behind {
                window.queued(window.bytes());
            }
            seen.extend(halves(&mut window, &mut now, 1, pause));
        }
        assert_eq!(seen, expected.map(|mib| mib * MIB), "{name}");
    }
}

#[test]
fn beside_a_chat_a_window_grows_only_while_the_sender_runs_out_of_credit() {
    let moment = Duration::from_micros(200);
    // How long the sender is silent each time it has used up what it had; the window after 40 and 400 grants.
    let rows = [
        ("next door", moment, MIB, MIB),
        ("far away", Duration::from_millis(80), 16 * MIB, 8 * MIB),
        ("far beyond", Duration::from_millis(800), MIB, MIB),
    ];
    for (name, round_trip, after_40, at_least_after_400) in rows {
        let mut window = Window::new(MIB, 16 * MIB, None).beside_chat();
        let (mut now, mut seen) = (Instant::now(), 0);
        let mut sizes = Vec::new();
        while sizes.len() < 400 {
            let granted = window.limit();
            // What was granted comes at once, a quarter of a MiB at a time; then nothing for a round trip.
            while seen < granted {
                seen = granted.min(seen + MIB / 4);
                now += moment;
                if window.consumed(now, seen).is_some() {
                    sizes.push(window.bytes());
                }
            }
            now += round_trip;
        }
        assert_eq!(sizes.iter().take(40).max(), Some(&after_40), "{name}");
        assert!(sizes.iter().skip(390).any(|bytes| *bytes >= at_least_after_400), "{name}");
    }
}

#[test]
fn beside_a_chat_a_window_becomes_smaller_when_it_need_not_be_large() {
    let mut window = Window::new(16 * MIB, 16 * MIB, None).beside_chat();
    let mut now = Instant::now();
    let seen = halves(&mut window, &mut now, 400, Duration::from_millis(1));
    assert_eq!(seen.last(), Some(&MIB), "{seen:?}");
}

#[test]
fn a_window_begins_where_its_transfer_does_and_is_no_larger() {
    let window = Window::new(MIB, 16 * MIB, None).starting_at(5 * MIB);
    assert_eq!((window.limit(), window.bytes()), (6 * MIB, MIB));
    let window = window.starting_at(5 * MIB);
    assert_eq!(window.limit(), 6 * MIB);
    let budget = WindowBudget::new(48 * MIB);
    let small = Window::new(MIB, 16 * MIB, Some(Arc::clone(&budget))).for_at_most(100);
    assert_eq!((small.bytes(), budget.held()), (WINDOW_BYTES_FLOOR, 0));
    assert_eq!(Window::new(MIB, MIB, None).starting_at(u64::MAX).limit(), u64::MAX);
}

#[test]
fn windows_take_from_the_budget_and_give_back() {
    let budget = WindowBudget::new(20 * MIB);
    let mut now = Instant::now();
    let mut first = Window::new(MIB, 16 * MIB, Some(Arc::clone(&budget)));
    halves(&mut first, &mut now, 9, Duration::from_millis(1));
    assert_eq!(first.bytes(), 16 * MIB);
    let mut others: Vec<Window> = (0..9).map(|_| Window::new(MIB, 16 * MIB, Some(Arc::clone(&budget)))).collect();
    // There are ten now, whose share is 2 MiB.
    assert!(others.iter().all(|window| window.bytes() >= WINDOW_BYTES_FLOOR));
    assert!(budget.held() <= 20 * MIB);
    for _ in 0..40 {
        halves(&mut first, &mut now, 1, Duration::from_millis(1));
        for window in &mut others {
            halves(window, &mut now, 1, Duration::from_millis(1));
        }
        let all: u64 = others.iter().chain([&first]).map(Window::bytes).sum();
        assert!(budget.held() <= 20 * MIB && all <= budget.held() + 10 * WINDOW_BYTES_FLOOR);
    }
    // Up to what a newcomer would find, all are alike.
    let bytes: Vec<u64> = others.iter().chain([&first]).map(Window::bytes).collect();
    assert!(bytes.iter().all(|bytes| (MIB..=3 * MIB).contains(bytes)), "{bytes:?}");
    drop((first, others));
    assert_eq!(budget.held(), 0);
}

#[test]
fn what_a_shrinking_window_gives_back_is_not_granted_any_more() {
    let budget = WindowBudget::new(2 * MIB);
    let mut now = Instant::now();
    let mut window = Window::new(MIB, 16 * MIB, Some(Arc::clone(&budget)));
    halves(&mut window, &mut now, 5, Duration::from_millis(1));
    let _others: Vec<Window> = (0..7).map(|_| Window::new(MIB, MIB, Some(Arc::clone(&budget)))).collect();
    for _ in 0..9 {
        halves(&mut window, &mut now, 1, Duration::from_millis(1));
        assert!(window.limit() - window.consumed <= window.bytes());
    }
    assert!(window.bytes() <= MIB, "{window:?}");
}
