//! One that writes, some that read beside it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::*;

#[test]
fn readers_see_whole_batches_in_order_while_one_writes() {
    let scene = Scene::new();
    scene.commit(&[room(1)], &[]);
    let is_over = AtomicBool::new(false);
    let batches: u64 = 150;
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let (mut next, mut head) = (1, 0);
                while !is_over.load(Ordering::Acquire) || next <= batches * 7 {
                    let frames = scene.frames(1, next, 700);
                    let got = seqs(&frames.bytes);
                    assert_eq!(got, (next..next + got.len() as u64).collect::<Vec<_>>());
                    next += got.len() as u64;
                    let last = seqs(&[scene.history(1, Range::Last, 3, usize::MAX).frames]).last().copied();
                    let last = last.unwrap_or_default();
                    assert!(last >= head && last % 7 == 0, "{last} is in the middle of a batch, or behind {head}");
                    head = last;
                }
            });
        }
        for batch in 0..batches {
            scene.commit(&[], &[some(1, batch * 7 + 1, 7)]);
        }
        is_over.store(true, Ordering::Release);
    });
}

#[test]
fn what_is_asked_before_the_end_is_answered_and_what_is_asked_after_it_is_refused() {
    let scene = Scene::new();
    scene.commit(&[room(1)], &[some(1, 1, 3)]);
    let Scene { store, folder: _folder, .. } = scene;
    let reads = Arc::clone(&store.reads);
    store.close();
    assert_eq!(reads.push(Box::new(|_| {})), Err(NotTaken::Closed));
}

#[test]
fn a_reading_nobody_waits_for_any_more_is_not_done() {
    let queue = Queue::new(2);
    assert_eq!((queue.push(1), queue.push(2), queue.push(3)), (Ok(()), Ok(()), Err(NotTaken::Full)));
    assert_eq!((queue.pop(), queue.push(4)), (Some(1), Ok(())));
    queue.close();
    assert_eq!((queue.pop(), queue.pop(), queue.pop()), (Some(2), Some(4), None));
    assert_eq!(queue.push(5), Err(NotTaken::Closed));
}
