//! Who may write an arrival, and who may throw it away.

use std::collections::HashSet;
use std::time::Duration;

use chat::HubLimits;
use proto::message::WireLimits;
use transfer::partial::PartialNote;

use super::*;
use crate::files::FileLimits;
use crate::hub_owner::{HubOwner, LogLimits};

fn desk(path: &std::path::Path) -> Arc<Desk> {
    let hub_limits = HubLimits {
        rooms_max: 1,
        rooms_per_member_max: 1,
        grace_ms: 0,
        held_max: 0,
        named_presence_max: 1,
        crowd_interval_ms: 1,
        keep_ms: 0,
        kept_max: 0,
        is_durable: false,
        tickets_max: 0,
    };
    let log_limits = LogLimits { room_bytes: 1, total_bytes: 1, floor_bytes: 1 };
    let wire_limits = WireLimits { text_bytes: 1, bulk_bytes: 0, rooms: 1, idle_ms: 1, grace_ms: 1 };
    let limits = FileLimits {
        file_bytes: u64::MAX,
        min_free_bytes: 0,
        total_bytes: 0,
        room_bytes: 0,
        person_bytes: 0,
        upload_idle: Duration::from_secs(1),
        partial_age: Duration::from_secs(1),
    };
    let (_, hub) = HubOwner::new(hub_limits, log_limits, wire_limits);
    Desk::open(path, limits, &hub, &HashSet::new()).unwrap()
}

fn arrival(desk: &Arc<Desk>) -> Arc<Arrival> {
    let (id, version, size) = (PartialId([1; 16]), FileVersion([2; 16]), 10);
    let tree = TreeName::Room("lobby".parse().unwrap());
    let mut entry = desk.partials.enter(id, "ann").unwrap();
    let note = PartialNote { version, size, modified_ms: 5, place: "lobby/a".into(), by: "ann".into() };
    let partial = entry.folder().create(&id, &note, size, false).unwrap();
    entry.is_of(size, 5);
    let promise = desk.space.promise(("ann", &tree), (size, 0), Default::default).unwrap();
    let path = "a".parse().unwrap();
    let begun = Begun { id, tree, path, version, size, modified_ms: 5, by: "ann".into() };
    let arrival = Arrival::new(begun, 0, Behind { partial, entry, promise });
    desk.arrivals.add(&arrival);
    arrival
}

#[test]
fn only_whoever_took_the_right_last_writes_and_the_other_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let desk = desk(dir.path());
    let arrival = arrival(&desk);
    let (first, _) = arrival.lease(&desk).unwrap();
    first.write(0, b"first").unwrap();
    let told = Arc::new(Mutex::new(0));
    let tell = Arc::clone(&told);
    first.when_taken(move || *lock(&tell) += 1);
    let (second, _) = arrival.lease(&desk).unwrap();
    assert_eq!(*lock(&told), 1);
    assert!(first.write(0, b"again").is_err());
    assert!(first.verified(10, &[GroupHash([0; 32])]).is_err());
    assert!(first.take_behind().is_none());
    second.write(0, b"second").unwrap();
    // Whoever has no right any more cannot have it thrown away, either.
    first.keep_if(false);
    drop(first);
    assert!(arrival.take_behind_if_unwanted().is_none());
    assert!(arrival.take_behind_if_held_since(Instant::now()).is_none());
    assert!(second.take_behind().is_some());
    assert!(arrival.lease(&desk).is_none(), "it is over");
}

#[test]
fn what_nobody_wants_is_thrown_away_unless_somebody_goes_on_with_it() {
    for goes_on in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        let desk = desk(dir.path());
        let arrival = arrival(&desk);
        let (lease, _) = arrival.lease(&desk).unwrap();
        lease.keep_if(goes_on);
        drop(lease);
        assert_eq!(arrival.lease(&desk).is_some(), goes_on);
        assert_eq!(desk.arrivals.find(&arrival.id).is_some(), goes_on);
        assert_eq!(desk.partials.folder.list().unwrap().len(), usize::from(goes_on));
    }
}
