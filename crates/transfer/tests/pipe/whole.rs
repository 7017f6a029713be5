//! Files of all lengths arrive whole.

use std::io::Write;
use std::sync::Arc;

use proptest::prelude::*;
use transfer::content::{Content, FileContent};
use transfer::credit::Window;
use transfer::sink::SinkSignal;
use transfer::source::Hashing;

use crate::memory::{GROUP, Memory, before, file, hashes_of, root_of};
use crate::pipe::{Ends, Outcome, Pipe};

/// How one run is made up.
#[derive(Debug, Clone)]
struct Run {
    size: usize,
    from_groups: usize,
    stored: bool,
    on_disk: bool,
    window: u64,
    frame_bytes: usize,
    pieces: Vec<usize>,
}

fn check(run: &Run) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(arrives_whole(run));
}

async fn arrives_whole(run: &Run) {
    let bytes = file(run.size);
    let from = (run.from_groups * GROUP).min(run.size);
    let target = Memory::starting_with(&bytes[..from]);
    let content: Arc<dyn Content> = if run.on_disk {
        let mut on_disk = tempfile::tempfile().unwrap();
        on_disk.write_all(&bytes).unwrap();
        Arc::new(FileContent::new(on_disk).unwrap())
    } else {
        Arc::new(bytes.clone())
    };
    let hashing = if run.stored {
        Hashing::Stored(Arc::new(hashes_of(&bytes)))
    } else {
        Hashing::Compute { before: before(&bytes, from) }
    };
    let mut pipe = Pipe::new(Ends {
        content,
        from: from as u64,
        hashing,
        before: before(&bytes, from),
        window: Window::new(run.window, 4 << 20, None),
        frame_bytes: run.frame_bytes,
        ..Ends::new(bytes.clone(), target.clone())
    });
    pipe.pieces.clone_from(&run.pieces);
    let outcome = pipe.run().await;
    let Outcome::Sink(SinkSignal::Finished { root, size, placement }) = outcome else {
        panic!("{run:?}: {outcome:?}");
    };
    assert_eq!((root, size, placement.path.as_str()), (root_of(&bytes), run.size as u64, "in memory"), "{run:?}");
    assert_eq!(pipe.sent, (run.size - from) as u64, "nothing is sent twice: {run:?}");
    let seen = target.seen.lock().unwrap();
    assert!(seen.bytes == bytes && seen.verified == run.size as u64 && seen.dropped, "{run:?}");
    assert_eq!(seen.hashes, hashes_of(&bytes)[from.div_ceil(GROUP)..], "{run:?}");
    assert_eq!(seen.finished, Some(root));
}

#[test]
fn every_length_around_a_group_arrives_whole() {
    for size in [0, 1, 1000, GROUP - 1, GROUP, GROUP + 1, 2 * GROUP, 5 * GROUP - 1, 5 * GROUP, 13 * GROUP + 77] {
        for (stored, on_disk) in [(false, false), (false, true), (true, false), (true, true)] {
            for from_groups in [0, 1, 4, 99] {
                let (window, frame_bytes) = (1 << 20, 1 << 20);
                check(&Run { size, from_groups, stored, on_disk, window, frame_bytes, pieces: vec![usize::MAX] });
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..Default::default() })]

    #[test]
    fn any_window_frame_and_split_brings_the_same_file(
        size in 0..12 * GROUP,
        from_groups in prop_oneof![Just(0), 0..14_usize],
        stored: bool,
        on_disk: bool,
        window in 1..3_000_000_u64,
        frame_bytes in 1000..1_100_000_usize,
        pieces in proptest::collection::vec(1..300_000_usize, 1..20),
    ) {
        check(&Run { size, from_groups, stored, on_disk, window, frame_bytes, pieces });
    }
}
