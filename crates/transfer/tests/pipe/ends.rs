//! How transfers end that do not go well: senders that break the rules, files that change, disks that fail.

use std::fs::File;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use proto::{Code, Root};
use transfer::content::{Content, FileContent};
use transfer::credit::Window;
use transfer::group::{GroupHash, RootBuilder};
use transfer::sink::{Placement, Sink, SinkSignal, Target};
use transfer::source::Hashing;

use crate::memory::{GROUP, Memory, file, hashes_of, root_of};
use crate::pipe::{Bell, Ends, Outcome, Pipe};

/// What a sender does.
enum Does {
    Chunk(u64, usize),
    Hashes(u64, usize),
    Finish(u64),
}

#[tokio::test]
async fn a_sender_that_breaks_the_rules_is_told_so_and_ends_its_transfer() {
    use Does::{Chunk, Finish, Hashes};
    let group = GROUP as u64;
    let rows: &[(&str, &[Does])] = &[
        ("over the credit", &[Chunk(0, (1 << 20) + 1)]),
        ("over the credit later", &[Chunk(0, 1 << 20), Chunk(1 << 20, 1)]),
        ("not at the beginning", &[Chunk(1, 1)]),
        ("a hole", &[Chunk(0, 1), Chunk(2, 1)]),
        ("twice", &[Chunk(0, 1), Chunk(0, 1)]),
        ("nothing", &[Chunk(0, 0)]),
        ("beyond the numbers", &[Chunk(0, 1), Chunk(u64::MAX, 2)]),
        ("hashes before their bytes", &[Chunk(0, GROUP - 1), Hashes(0, 32)]),
        ("hashes of other groups", &[Chunk(0, 2 * GROUP), Hashes(1, 32)]),
        ("hashes of too many groups", &[Chunk(0, 2 * GROUP), Hashes(0, 96)]),
        ("half a hash", &[Chunk(0, GROUP), Hashes(0, 31)]),
        ("no hash", &[Chunk(0, GROUP), Hashes(0, 0)]),
        ("the end too early", &[Chunk(0, GROUP), Finish(5 * group)]),
        ("the end of a shorter file", &[Chunk(0, GROUP), Hashes(0, 32), Finish(group)]),
    ];
    for (name, does) in rows {
        let (target, bell) = (Memory::default(), Bell::default());
        target.gate.shut();
        let window = Window::new(1 << 20, 1 << 20, None);
        let sink = Sink::new(5 * group, 0, RootBuilder::new(), window, Box::new(target.clone()), bell.signal());
        let (last, before) = does.split_last().unwrap();
        before.iter().for_each(|does| act(&sink, does).unwrap());
        assert_eq!(act(&sink, last).unwrap_err().code, Code::Overrun, "{name}");
        assert!(sink.progress().is_closed && sink.progress().queued == 0);
        act(&sink, &Chunk(0, 1)).unwrap();
        act(&sink, &Finish(1)).unwrap();
        target.gate.open();
    }
}

fn act(sink: &Sink, does: &Does) -> Result<(), proto::Refusal> {
    match *does {
        Does::Chunk(offset, len) => sink.chunk(offset, file(len)),
        Does::Hashes(first, len) => sink.hashes(first, file(len)),
        Does::Finish(size) => sink.finish(size, Root([0; 32])),
    }
}

#[tokio::test]
async fn a_sender_whose_hashes_never_come_is_stopped() {
    let bell = Bell::default();
    let window = Window::new(16 << 20, 16 << 20, None);
    let sink = Sink::new(1 << 40, 0, RootBuilder::new(), window, Box::new(Memory::default()), bell.signal());
    let (mut offset, part) = (0, file(1 << 20));
    let refusal = loop {
        match sink.chunk(offset, part.clone()) {
            Ok(()) => offset += part.len() as u64,
            Err(refusal) => break refusal,
        }
    };
    assert_eq!((offset, refusal.code), (4 << 20, Code::Overrun));
}

#[tokio::test]
async fn a_wrong_root_is_damage() {
    let target = Memory::default();
    let mut pipe = Pipe::new(Ends::new(file(3 * GROUP), target.clone()));
    pipe.on_the_way = Box::new(|message| {
        if let proto::message::TransferMessage::Finish { root, .. } = message {
            root.0[31] ^= 1;
        }
    });
    assert_eq!(pipe.run().await.code(), Some(Code::Damaged));
    assert_eq!(target.seen.lock().unwrap().finished, None);
}

#[tokio::test]
async fn a_file_that_changes_while_it_is_read_is_not_finished() {
    type Change = fn(&mut File);
    let changes: [(&str, Change); 4] = [
        ("shrunk", |file| file.set_len(9 * GROUP as u64).unwrap()),
        ("emptied", |file| file.set_len(0).unwrap()),
        ("grown", |file| file.write_all(b"!").unwrap()),
        ("touched", |file| file.set_modified(SystemTime::now() + Duration::from_secs(9)).unwrap()),
    ];
    for (name, change) in changes {
        for stored in [false, true] {
            let bytes = file(10 * GROUP);
            let mut on_disk = tempfile::tempfile().unwrap();
            on_disk.write_all(&bytes).unwrap();
            let target = Memory::default();
            let mut ends = Ends::new(bytes.clone(), target.clone());
            ends.content = Arc::new(FileContent::new(on_disk.try_clone().unwrap()).unwrap());
            if stored {
                ends.hashing = Hashing::Stored(Arc::new(hashes_of(&bytes)));
            }
            let mut pipe = Pipe::new(ends);
            let mut once = Some(on_disk);
            pipe.on_the_way = Box::new(move |_| {
                if let Some(mut file) = once.take() {
                    change(&mut file);
                }
            });
            let outcome = pipe.run().await;
            assert!(matches!(outcome, Outcome::Source(_)), "{name}: {outcome:?}");
            assert_eq!(outcome.code(), Some(Code::Changed), "{name}");
            assert_eq!(target.seen.lock().unwrap().finished, None);
        }
    }
}

#[tokio::test]
async fn a_disk_that_fails_ends_the_transfer_and_says_how() {
    let rows = [
        (io::ErrorKind::StorageFull, Code::NoSpace),
        (io::ErrorKind::QuotaExceeded, Code::NoSpace),
        (io::ErrorKind::FileTooLarge, Code::NoSpace),
        (io::ErrorKind::PermissionDenied, Code::StorageFailed),
        (io::ErrorKind::Other, Code::StorageFailed),
    ];
    for (kind, code) in rows {
        let target = Memory::failing_at(3 * GROUP as u64, kind);
        let mut pipe = Pipe::new(Ends::new(file(20 * GROUP), target.clone()));
        let outcome = pipe.run().await;
        assert_eq!(outcome.code(), Some(code), "{kind:?}: {outcome:?}");
        let seen = target.seen.lock().unwrap();
        assert!(seen.dropped && seen.finished.is_none(), "{kind:?}");
    }
}

#[tokio::test]
async fn a_slow_disk_stops_the_credit_and_memory_stays_within_the_window() {
    let bytes = file(40 * GROUP);
    let target = Memory::default();
    target.gate.shut();
    let mut ends = Ends::new(bytes.clone(), target.clone());
    ends.window = Window::new(1 << 20, 4 << 20, None);
    let mut pipe = Pipe::new(ends);
    while pipe.sent < 1 << 20 {
        assert_eq!(pipe.step(), None);
        pipe.bell.rung().await;
    }
    assert_eq!(pipe.step(), None);
    assert_eq!(pipe.lanes.source(crate::pipe::SLOT).unwrap().waits_for(), Some(transfer::source::Wait::Credit));
    let progress = pipe.sink.progress();
    assert_eq!((progress.queued, progress.credit_left, progress.waits_for_disk), (1 << 20, 0, true));
    target.gate.open();
    assert_eq!(pipe.run().await.code(), None);
    assert!(pipe.queued_max <= 4 << 20);
    assert!(target.seen.lock().unwrap().bytes == bytes);
}

#[tokio::test]
async fn a_sink_that_is_closed_drops_its_target_and_says_nothing_more() {
    for with_bytes in [false, true] {
        let (target, bell) = (Memory::default(), Bell::default());
        let window = Window::new(1 << 20, 1 << 20, None);
        let sink = Sink::new(9, 0, RootBuilder::new(), window, Box::new(target.clone()), bell.signal());
        if with_bytes {
            target.gate.shut();
            sink.chunk(0, Bytes::from_static(b"some")).unwrap();
        }
        sink.close();
        target.gate.open();
        while !target.seen.lock().unwrap().dropped {
            tokio::task::yield_now().await;
        }
        assert_eq!(bell.take(), None);
    }
}

#[tokio::test]
async fn the_last_signal_comes_when_the_target_is_gone() {
    let target = Memory::default();
    let mut pipe = Pipe::new(Ends::new(file(10), target.clone()));
    let outcome = pipe.run().await;
    assert!(target.seen.lock().unwrap().dropped);
    let Outcome::Sink(SinkSignal::Finished { root, .. }) = outcome else { panic!("{outcome:?}") };
    assert_eq!(root, root_of(&file(10)));
}

/// Panics when it is read or written.
struct Bad;

impl Content for Bad {
    fn read_at(&self, _: u64, _: &mut [u8]) -> io::Result<usize> {
        panic!("as the test wants it")
    }
}

impl Target for Bad {
    fn write(&mut self, _: u64, _: &[u8]) -> io::Result<()> {
        panic!("as the test wants it")
    }

    fn verified(&mut self, _: u64, _: &[GroupHash]) -> io::Result<()> {
        Ok(())
    }

    fn finish(&mut self, _: Root) -> Result<Placement, proto::Refusal> {
        panic!("as the test wants it")
    }
}

#[tokio::test]
async fn a_panic_ends_its_transfer_only_and_is_heard_of() {
    let good = file(100);
    let reads = Ends { content: Arc::new(Bad), ..Ends::new(good.clone(), Memory::default()) };
    let writes = Ends::new(good, Bad);
    let finishes = Ends::new(file(0), Bad);
    for ends in [reads, writes, finishes] {
        assert_eq!(Pipe::new(ends).run().await.code(), Some(Code::StorageFailed));
    }
}
