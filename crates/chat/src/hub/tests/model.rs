//! Whatever happens, in whatever order: a few clients, one hub, and beside it the plainest reference there could be: a
//! list of events for each room, what each client was told, and a store of maps.
//!
//! Checked after each step: numbers have no holes; whoever follows a room gets each event once, in order, also across
//! connections and restarts; a resend has the place it had; nobody but its two reads a conversation; what was read
//! never goes back; what the store was told is what the hub knows; and a restart changes none of it.

mod client;
mod seen;
mod world;

use proptest::prelude::*;
use proto::message::Hello;

use super::*;
use world::World;

/// A room that a step is about.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place {
    /// One of those the client follows.
    Own(usize),
    /// One there may be, and the client may be in.
    Any(RoomId),
}

/// What somebody does in a room.
#[derive(Debug, Clone)]
pub(super) enum What {
    Leave,
    Say,
    Topic(u8),
    MarkRead(Seq),
    Read,
    Post,
}

/// One thing that happens. `who` is a client; where it has to be connected and is not, nothing happens.
#[derive(Debug, Clone)]
pub(super) enum Step {
    Hello {
        who: usize,
        features: u64,
        with_cursors: bool,
    },
    Beside {
        who: usize,
    },
    /// Somebody else would have the nick of a client.
    Stranger {
        as_who: usize,
    },
    Join {
        who: usize,
        room: &'static str,
        since: Since,
        announce: bool,
        ephemeral: bool,
    },
    At {
        who: usize,
        place: Place,
        what: What,
    },
    Resend {
        who: usize,
        back: usize,
    },
    Direct {
        who: usize,
        with: usize,
    },
    Rename {
        who: usize,
        to: u8,
    },
    Gone {
        who: usize,
        departure: Departure,
    },
    Later {
        ms: u64,
    },
    /// The next batch that writes cannot be stored.
    Fail,
    /// It can be stored again.
    Recover,
    /// The server is killed and starts again.
    Restart,
}

pub(super) const CLIENTS: usize = 5;

fn who() -> std::ops::Range<usize> {
    0..CLIENTS
}

fn joins() -> impl Strategy<Value = Step> {
    let since = prop_oneof![
        Just(Since::Now),
        (0..5_u16).prop_map(Since::Last),
        (0..20_u64).prop_map(|seq| Since::After(Seq(seq)))
    ];
    let name = prop::sample::select(vec!["lobby", "lobby", "tea", "1ist", "list"]);
    (who(), name, since, prop::bool::weighted(0.8), prop::bool::weighted(0.2))
        .prop_map(|(who, room, since, announce, ephemeral)| Step::Join { who, room, since, announce, ephemeral })
}

fn deeds() -> impl Strategy<Value = Step> {
    let place = prop_oneof![
        6 => (0..3_usize).prop_map(Place::Own),
        1 => (1..9_u32).prop_map(|room| Place::Any(RoomId(room)))
    ];
    let what = prop_oneof![
        3 => Just(What::Leave),
        12 => Just(What::Say),
        1 => any::<u8>().prop_map(What::Topic),
        3 => (0..10_u64).prop_map(|seq| What::MarkRead(Seq(seq))),
        3 => Just(What::Read),
        1 => Just(What::Post),
    ];
    (who(), place, what).prop_map(|(who, place, what)| Step::At { who, place, what })
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let features = prop::sample::select(vec![0, Hello::KEEP, Hello::KEEP, Hello::KEEP | Hello::YIELD]);
    let departure = prop::sample::select(vec![Departure::Bye, Departure::Broken]);
    let later = prop::sample::select(vec![0, 1, 400, 1000, 5000]);
    let step = prop_oneof![
        16 => (who(), features, any::<bool>())
            .prop_map(|(who, features, with_cursors)| Step::Hello { who, features, with_cursors }),
        2 => who().prop_map(|who| Step::Beside { who }),
        2 => who().prop_map(|as_who| Step::Stranger { as_who }),
        20 => joins(),
        60 => deeds(),
        10 => (who(), 0..6_usize).prop_map(|(who, back)| Step::Resend { who, back }),
        10 => (who(), who()).prop_map(|(who, with)| Step::Direct { who, with }),
        2 => (who(), 0..3_u8).prop_map(|(who, to)| Step::Rename { who, to }),
        8 => (who(), departure).prop_map(|(who, departure)| Step::Gone { who, departure }),
        5 => later.prop_map(|ms| Step::Later { ms }),
        2 => Just(Step::Fail),
        4 => Just(Step::Recover),
        1 => Just(Step::Restart),
    ];
    prop::collection::vec(step, 1..150)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..Default::default() })]

    #[test]
    fn whatever_happens_nothing_is_lost_doubled_or_overheard(steps in steps()) {
        let mut world = World::new();
        for step in steps {
            world.take(step);
            world.check();
        }
    }
}
