//! Who comes when, and when somebody speaks: made from the block's seed alone, so that every strategy gets the same.

use std::time::Duration;

use crate::stats::SplitMix64;

/// The numbers of the scene.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cast {
    /// How many people come.
    pub(super) people: usize,
    /// Within how long they all come.
    pub(super) coming: Duration,
    /// The pause between the last coming and the first speaking.
    pub(super) pause: Duration,
    /// For how long they talk.
    pub(super) talk: Duration,
    /// How many messages a second there are in all.
    pub(super) messages_per_second: u32,
}

/// What happens when, from the start of the trial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Scene {
    /// When each person connects, in order.
    pub(super) comings: Vec<Duration>,
    /// When something is said, in order.
    pub(super) sayings: Vec<Saying>,
    /// When it is over.
    pub(super) end: Duration,
}

/// A message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Saying {
    /// When it is to be said.
    pub(super) at: Duration,
    /// Who says it: this number, taken over those who are in the room then.
    pub(super) who: u64,
}

impl Scene {
    /// The scene of a block. Times are uniform in their span, which is what a Poisson process of a known count is.
    pub(super) fn new(cast: &Cast, seed: u64) -> Self {
        let mut random = SplitMix64::new(seed);
        let comings = times(cast.people, Duration::ZERO, cast.coming, &mut random);
        let begin = cast.coming + cast.pause;
        let messages = (cast.talk * cast.messages_per_second).as_secs();
        let spoken = times(usize::try_from(messages).unwrap_or(usize::MAX), begin, cast.talk, &mut random);
        let sayings = spoken.into_iter().map(|at| Saying { at, who: random.next() }).collect();
        Self { comings, sayings, end: begin + cast.talk }
    }
}

/// So many times between `from` and `from + span`, in order.
fn times(count: usize, from: Duration, span: Duration, random: &mut SplitMix64) -> Vec<Duration> {
    let nanos = usize::try_from(span.as_nanos()).unwrap_or(usize::MAX);
    let mut times: Vec<Duration> =
        (0..count).map(|_| from + Duration::from_nanos(random.below(nanos) as u64)).collect();
    times.sort_unstable();
    times
}

#[cfg(test)]
mod tests {
    use super::*;

    const CAST: Cast = Cast {
        people: 200,
        coming: Duration::from_millis(400),
        pause: Duration::from_millis(50),
        talk: Duration::from_millis(700),
        messages_per_second: 30,
    };

    #[test]
    fn the_seed_decides_and_everything_is_in_its_span() {
        let scene = Scene::new(&CAST, 7);
        assert_eq!(scene, Scene::new(&CAST, 7));
        assert_ne!(scene, Scene::new(&CAST, 8));
        assert_eq!((scene.comings.len(), scene.sayings.len()), (200, 21));
        assert!(scene.comings.is_sorted() && scene.comings.iter().all(|at| *at < CAST.coming));
        let begin = CAST.coming + CAST.pause;
        assert!(scene.sayings.is_sorted_by_key(|saying| saying.at));
        assert!(scene.sayings.iter().all(|saying| (begin..scene.end).contains(&saying.at)));
    }
}
