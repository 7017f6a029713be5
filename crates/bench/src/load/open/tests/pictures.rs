//! What is drawn of a load: classes, timeline, strip; and where the time of a request went.

use super::*;
use crate::load::open::books::split;
use crate::load::open::ticket::Stamps;
use crate::suite::record::StripState;

#[test]
fn classes_and_timeline_add_up_to_what_was_offered() {
    let server = Server::start(|_, stream| {
        answering(stream, |number, body| if number % 4 == 0 { busy(number) } else { echo(number, body) })
    });
    let mixed = Lasts::Bimodal { short: MS, long: 2 * MS, long_share: 0.5 };
    for carrier in CARRIERS {
        let mut plan = plan(server.address, Schedule::fixed(400.0, 500 * MS).with_work(mixed, 1), carrier);
        (plan.bin, plan.warm_up) = (Some(50 * MS), 100 * MS);
        let count = run_plan(plan);
        assert_eq!(count.counts.offered, 160);
        let sum = |figure: fn(&Counts) -> u64| count.classes.iter().map(|class| figure(&class.counts)).sum::<u64>();
        assert_eq!((sum(|one| one.offered), sum(|one| one.ok), sum(|one| one.shed)), (160, count.counts.ok, 40));
        assert!(count.classes.iter().all(|class| class.intended.len() == class.counts.ok && class.counts.ok > 0));
        // The timeline begins with the trial, the warm-up included.
        let offered: Vec<u64> = count.timeline.iter().map(|bin| bin.offered).collect();
        assert_eq!(offered, [20; 10]);
        assert_eq!(count.timeline.iter().map(|bin| bin.turned_away).sum::<u64>(), 50);
        assert!(count.timeline.iter().map(|bin| bin.answered).sum::<u64>() <= 150);
        assert_eq!(count.served.iter().sum::<u64>(), count.counts.ok);
    }
}

#[test]
fn the_strip_shows_who_is_served_who_waits_and_who_is_turned_away() {
    let server = Server::start(|number, mut stream| match number {
        0 => answering(stream, echo),
        1 => drop(stream.read_to_end(&mut Vec::new())),
        _ => drop(stream.write_all(&goodbye(CloseCode::Refused))),
    });
    let mut plan = plan(server.address, Schedule::at_once(3), Carrier::Kept(3));
    plan.with_strip = true;
    let count = run_plan(plan);
    let last: Vec<_> = count.strip.iter().map(|row| row.spans.last().unwrap().state).collect();
    assert_eq!(last, [StripState::Served, StripState::Waiting, StripState::TurnedAway], "{:?}", count.strip);
    for row in &count.strip {
        assert!(row.spans.is_sorted_by(|one, next| one.from_ms <= next.from_ms && one.state != next.state), "{row:?}");
        assert_eq!(row.spans[0].state, StripState::Connecting);
    }
    assert_eq!((count.counts.ok, count.counts.in_flight, count.counts.starved, count.counts.refused), (1, 1, 1, 1));
    assert_eq!(count.served, [1, 0, 0]);
}

#[test]
fn parts_add_up_to_the_latency_whichever_stamps_come_first() {
    let stamps = |accepted_ns, served_ns, read_ns, begun_ns, done_ns| Stamps {
        accepted_ns,
        served_ns,
        read_ns,
        begun_ns,
        done_ns,
    };
    let rows = [
        ("fresh", stamps(120, 150, 160, 180, 280), [10, 10 + 10, 30 + 20, 100, 20]),
        ("kept: accepted long ago", stamps(5, 6, 160, 180, 280), [10, 50, 20, 100, 20]),
        ("kept: in the queue for a worker when it was sent", stamps(5, 150, 160, 180, 280), [10, 10, 40 + 20, 100, 20]),
        ("another machine's clock", stamps(1, 2, 3, 4, 5), [10, 0, 0, 0, 190]),
    ];
    for (name, stamps, want) in rows {
        let parts = split(100, 110, &stamps, 300);
        assert_eq!(parts, want, "{name}");
        assert_eq!(parts.iter().sum::<u64>(), 200, "{name}");
    }
}

#[test]
fn a_kept_connection_that_was_closed_is_opened_anew() {
    // Every connection answers once and closes.
    let server = Server::start(|_, mut stream| {
        let mut request = [0; HEADER_BYTES + 64];
        stream.read_exact(&mut request).unwrap();
        let number = Header::read(request.first_chunk().unwrap()).id;
        let _ = stream.write_all(&echo(number, &request[HEADER_BYTES..]));
    });
    let count = run_plan(plan(server.address, one_each(20), Carrier::Kept(2)));
    assert_eq!((count.counts.offered, count.counts.ok), (20, 20), "{:?} {:?}", count.counts, count.complaint);
    // Within a session it is a failure.
    let schedule = Schedule::fixed(20.0, 200 * MS).with_requests(2, Lasts::Fixed(20 * MS), 1);
    let count = run_plan(plan(server.address, schedule, Carrier::Fresh));
    assert_eq!((count.counts.ok, count.counts.failed), (4, 4), "{:?}", count.counts);
}
