//! Runs of any size, in any batches, trimmed or not, read from any place: the same as of a list.

use proptest::prelude::*;

use super::*;

/// What a room holds, in the simplest way.
type List = Vec<(u64, String)>;

fn of(frames: &[bytes::Bytes]) -> List {
    let text = |event: RoomEvent| match event.what {
        proto::What::Said(text) => (event.seq.0, text),
        other => panic!("{other:?}"),
    };
    events(frames).into_iter().map(text).collect()
}

/// The length of a message's frame.
const fn frame_bytes(text: &str) -> usize {
    16 + 14 + 3 + text.len()
}

/// The first, and as many more as `count` and `bytes_max` allow.
fn page<'a>(list: impl Iterator<Item = &'a (u64, String)>, count: u16, bytes_max: usize) -> List {
    let mut bytes = 0;
    let fits = |(at, (_, text)): &(usize, &(u64, String))| {
        bytes += frame_bytes(text);
        *at < usize::from(count) && (*at == 0 || bytes <= bytes_max)
    };
    list.enumerate().take_while(fits).map(|(_, event)| event.clone()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_store_reads_as_a_list(
        batches in prop::collection::vec(prop::collection::vec((0_usize..2, 1_usize..9, 0_usize..9000), 1..4), 1..10),
        asks in prop::collection::vec((0_usize..2, 0_u64..60, 1_u16..20, 0_usize..60_000), 1..30),
        kept in prop::option::of(1_usize..40),
    ) {
        let events = kept.map(|kept| kept as u64);
        let mut scene = Scene::with(StoreOptions { retention: Retention { events, ..Retention::default() }, ..PLAIN });
        let mut lists: [List; 2] = [Vec::new(), Vec::new()];
        scene.commit(&[room(0), room(1)], &[]);
        for (nth, batch) in batches.iter().enumerate() {
            let mut runs = Vec::new();
            for &(room, count, length) in batch {
                let first = lists[room].last().map_or(1, |(seq, _)| seq + 1);
                let texts: Vec<_> = (0..count).map(|at| "z".repeat(length / (at + 1))).collect();
                let borrowed: Vec<_> = texts.iter().map(String::as_str).collect();
                runs.push(said(u32::try_from(room).unwrap(), first, &borrowed));
                lists[room].extend((first..).zip(texts));
            }
            scene.commit(&[], &runs);
            if nth == batches.len() / 2 {
                scene = scene.reopened();
            }
        }
        scene.trim();
        for list in &mut lists {
            list.drain(..list.len().saturating_sub(kept.unwrap_or(usize::MAX)));
        }
        for (at, seq, count, bytes_max) in asks {
            let (list, id) = (&lists[at], u32::try_from(at).unwrap());
            let behind = || list.iter().filter(|(event, _)| *event > seq);
            let before = || list.iter().rev().filter(|(event, _)| *event < seq);
            prop_assert_eq!(of(&scene.frames(id, seq + 1, bytes_max).bytes), page(behind(), u16::MAX, bytes_max));
            let found = scene.history(id, Range::After(Seq(seq)), count, bytes_max);
            let expected = page(behind(), count, bytes_max);
            prop_assert_eq!(found.more, expected.len() < behind().count());
            prop_assert_eq!(of(&[found.frames]), expected);
            let found = scene.history(id, Range::Since((seq + 1) * 1000), count, bytes_max);
            prop_assert_eq!(of(&[found.frames]), page(behind(), count, bytes_max));
            let found = scene.history(id, Range::Before(Seq(seq)), count, bytes_max);
            let mut expected = page(before(), count, bytes_max);
            prop_assert_eq!(found.more, expected.len() < before().count());
            expected.reverse();
            prop_assert_eq!(of(&[found.frames]), expected);
            let unread = behind().count();
            prop_assert_eq!(scene.unread(&[(id, seq, 1000)], ""), [(u32::try_from(unread).unwrap(), false)]);
        }
    }
}
