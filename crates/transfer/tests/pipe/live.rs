//! Files that are read while they are still coming.

use std::fs::File;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use proto::Code;
use transfer::arriving::Arriving;
use transfer::content::FileContent;
use transfer::credit::Window;
use transfer::group::{GroupHash, HashList};
use transfer::sink::SinkSignal;
use transfer::source::{Hashing, Wait};

use crate::memory::{GROUP, Memory, file, hashes_of, root_of};
use crate::pipe::{Ends, Outcome, Pipe, SLOT};

/// A file that is still coming: its bytes on disk, its hashes in a journal.
struct Coming {
    whole: Bytes,
    at: usize,
    on_disk: File,
    journal: Arc<Journal>,
    arriving: Arc<Arriving>,
}

#[derive(Default)]
struct Journal(Mutex<Vec<GroupHash>>);

impl HashList for Journal {
    fn read(&self, first: u64, max: usize, out: &mut Vec<GroupHash>) -> io::Result<()> {
        self.0.lock().unwrap().read(first, max, out)
    }
}

impl Coming {
    fn new(size: usize) -> Self {
        let on_disk = tempfile::tempfile().unwrap();
        Self { whole: file(size), at: 0, on_disk, journal: Arc::default(), arriving: Arriving::new(0) }
    }

    /// So many more groups have come.
    fn comes(&mut self, groups: usize) {
        let end = (self.at + groups * GROUP).min(self.whole.len());
        self.on_disk.write_all(&self.whole[self.at..end]).unwrap();
        let all = hashes_of(&self.whole);
        *self.journal.0.lock().unwrap() = all[..end.div_ceil(GROUP)].to_vec();
        self.at = end;
        self.arriving.advance(end as u64);
    }

    /// Somebody reads it from group `from` on.
    fn read(&self, from: usize, window: u64, target: Memory) -> Pipe {
        let from = from * GROUP;
        let journal: Arc<dyn HashList> = Arc::clone(&self.journal) as Arc<dyn HashList>;
        Pipe::new(Ends {
            content: Arc::new(FileContent::growing(self.on_disk.try_clone().unwrap())),
            from: from as u64,
            hashing: Hashing::Stored(journal),
            before: crate::memory::before(&self.whole, from),
            window: Window::new(window, window, None),
            arriving: Some(Arc::clone(&self.arriving)),
            ..Ends::new(self.whole.clone(), target)
        })
    }
}

/// Does what can be done until nothing more can come.
async fn catch_up(pipe: &mut Pipe, upto: u64) {
    while pipe.sink.progress().verified < upto {
        assert_eq!(pipe.step(), None);
        if pipe.sink.progress().verified < upto {
            pipe.bell.rung().await;
        }
    }
}

#[tokio::test]
async fn readers_keep_up_with_a_writer_each_at_its_own_pace() {
    for size in [GROUP, 30 * GROUP, 30 * GROUP + 1000] {
        let mut coming = Coming::new(size);
        let targets: Vec<Memory> = (0..3).map(|_| Memory::default()).collect();
        let mut pipes: Vec<Pipe> = targets
            .iter()
            .zip([64 << 10, 1 << 20, 16 << 20])
            .map(|(to, window)| coming.read(0, window, to.clone()))
            .collect();
        let mut step = 0;
        while coming.at < size {
            step += 1;
            coming.comes(step % 5);
            let upto = coming.at as u64;
            catch_up(&mut pipes[step % 3], upto).await;
        }
        // The last one comes when all of it is there.
        let late = Memory::starting_with(&coming.whole[..GROUP.min(size)]);
        pipes.push(coming.read(1, 1 << 20, late.clone()));
        coming.arriving.done(root_of(&coming.whole));
        for (pipe, target) in pipes.iter_mut().zip(targets.iter().chain([&late])) {
            let outcome = pipe.run().await;
            assert!(matches!(outcome, Outcome::Sink(SinkSignal::Finished { .. })), "{outcome:?}");
            assert!(target.seen.lock().unwrap().bytes == coming.whole);
        }
        assert_eq!(coming.arriving.readers(), 4);
        drop(pipes);
        assert_eq!(coming.arriving.readers(), 0);
    }
}

#[tokio::test]
async fn a_reader_waits_for_the_sender_and_only_for_as_much_as_there_is() {
    let mut coming = Coming::new(3 * GROUP);
    let target = Memory::default();
    let mut pipe = coming.read(0, 1 << 20, target.clone());
    for groups in 0..=3 {
        catch_up(&mut pipe, groups * GROUP as u64).await;
        assert_eq!(pipe.step(), None);
        assert_eq!(pipe.lanes.source(SLOT).unwrap().waits_for(), Some(Wait::Sender), "after {groups}");
        coming.comes(1);
    }
    coming.arriving.done(root_of(&coming.whole));
    assert_eq!(pipe.run().await.code(), None);
}

#[tokio::test]
async fn when_the_sender_is_gone_readers_get_what_is_there_and_are_told() {
    for (came, total) in [(0, 5), (4, 5), (5, 5)] {
        let mut coming = Coming::new(total * GROUP);
        let target = Memory::default();
        let mut pipe = coming.read(0, 1 << 20, target.clone());
        coming.comes(came);
        coming.arriving.broken();
        let outcome = pipe.run().await;
        assert!(matches!(outcome, Outcome::Source(_)));
        assert_eq!(outcome.code(), Some(Code::Stopped), "{came}");
        while pipe.sink.progress().verified < (came * GROUP) as u64 {
            pipe.bell.rung().await;
        }
        assert_eq!(target.seen.lock().unwrap().finished, None);
    }
}

#[tokio::test]
async fn readers_that_sleep_are_woken_by_what_comes_and_by_the_end() {
    for is_whole in [true, false] {
        let mut coming = Coming::new(4 * GROUP + 3);
        let targets: Vec<Memory> = (0..3).map(|_| Memory::default()).collect();
        let reading: Vec<_> = targets
            .iter()
            .map(|target| {
                let mut pipe = coming.read(0, 1 << 20, target.clone());
                tokio::spawn(async move { pipe.run().await.code() })
            })
            .collect();
        while coming.at < coming.whole.len() {
            coming.comes(1);
            let have_it = async {
                while targets.iter().any(|target| target.seen.lock().unwrap().verified < coming.at as u64) {
                    tokio::task::yield_now().await;
                }
            };
            tokio::time::timeout(Duration::from_secs(20), have_it).await.expect("every reader is woken");
        }
        if is_whole {
            coming.arriving.done(root_of(&coming.whole));
        } else {
            coming.arriving.broken();
        }
        for read in reading {
            assert_eq!(read.await.unwrap(), (!is_whole).then_some(Code::Stopped));
        }
    }
}
