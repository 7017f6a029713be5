//! Whatever happens, in whatever order: a few clients, one hub, and beside it the plainest reference there could be: a
//! list of events for each room, what each client was told, and a store of maps.
//!
//! Checked after each step: numbers have no holes; whoever follows a room gets each event once, in order, also across
//! connections and restarts; a resend has the place it had; nobody but its two reads a conversation; what was read
//! never goes back; what the store was told is what the hub knows; and a restart changes none of it.

mod world;

use proptest::prelude::*;
use proto::message::Hello;

use super::*;
use world::World;

/// One thing that happens. `who` is a client; where it has to be connected, or not, and is not so, nothing happens.
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
    Leave {
        who: usize,
        room: RoomId,
    },
    Say {
        who: usize,
        room: RoomId,
    },
    Resend {
        who: usize,
        back: usize,
    },
    Direct {
        who: usize,
        with: usize,
    },
    Topic {
        who: usize,
        room: RoomId,
        topic: u8,
    },
    Rename {
        who: usize,
        to: u8,
    },
    MarkRead {
        who: usize,
        room: RoomId,
        seq: Seq,
    },
    Read {
        who: usize,
        room: RoomId,
    },
    Post {
        who: usize,
        room: RoomId,
    },
    Gone {
        who: usize,
        departure: Departure,
    },
    Later {
        ms: u64,
    },
    /// The next batch cannot be stored.
    Fail,
    /// It can be stored again.
    Recover,
    /// The server is killed and starts again.
    Restart,
}

pub(super) const CLIENTS: usize = 5;

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let who = || 0..CLIENTS;
    let room = || (1..9_u32).prop_map(RoomId);
    let since = prop_oneof![
        Just(Since::Now),
        (0..5_u16).prop_map(Since::Last),
        (0..20_u64).prop_map(|seq| Since::After(Seq(seq)))
    ];
    let name = prop::sample::select(vec!["lobby", "lobby", "tea", "1ist", "list"]);
    let features = prop::sample::select(vec![0, Hello::KEEP, Hello::KEEP, Hello::KEEP | Hello::YIELD]);
    let departure = prop::sample::select(vec![Departure::Bye, Departure::Broken]);
    let later = prop::sample::select(vec![0, 1, 400, 1000, 5000]);
    let step = prop_oneof![
        6 => (who(), features, any::<bool>())
            .prop_map(|(who, features, with_cursors)| Step::Hello { who, features, with_cursors }),
        1 => who().prop_map(|who| Step::Beside { who }),
        1 => who().prop_map(|as_who| Step::Stranger { as_who }),
        6 => (who(), name, since, prop::bool::weighted(0.8), prop::bool::weighted(0.2)).prop_map(
            |(who, room, since, announce, ephemeral)| Step::Join { who, room, since, announce, ephemeral }
        ),
        2 => (who(), room()).prop_map(|(who, room)| Step::Leave { who, room }),
        8 => (who(), room()).prop_map(|(who, room)| Step::Say { who, room }),
        3 => (who(), 0..6_usize).prop_map(|(who, back)| Step::Resend { who, back }),
        4 => (who(), who()).prop_map(|(who, with)| Step::Direct { who, with }),
        1 => (who(), room(), any::<u8>()).prop_map(|(who, room, topic)| Step::Topic { who, room, topic }),
        1 => (who(), 0..3_u8).prop_map(|(who, to)| Step::Rename { who, to }),
        3 => (who(), room(), 0..20_u64).prop_map(|(who, room, seq)| Step::MarkRead { who, room, seq: Seq(seq) }),
        3 => (who(), room()).prop_map(|(who, room)| Step::Read { who, room }),
        1 => (who(), room()).prop_map(|(who, room)| Step::Post { who, room }),
        4 => (who(), departure).prop_map(|(who, departure)| Step::Gone { who, departure }),
        3 => later.prop_map(|ms| Step::Later { ms }),
        1 => Just(Step::Fail),
        2 => Just(Step::Recover),
        1 => Just(Step::Restart),
    ];
    prop::collection::vec(step, 1..120)
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
