//! What people might say: English by Zipf's law, Chinese, and sentences with names out of code. The same seed says the
//! same; every message is made by itself, from the seed, its room and its number in it.

mod words;

use crate::stats::SplitMix64;
use words::{CHARACTERS, CHINESE, ENDINGS, ENGLISH, ONSETS, PARTS, VOWELS};

/// Says which corpus this is: another number if the same seed says something else.
pub(super) const VERSION: u32 = 1;

/// Words of each kind that are drawn from.
const ENGLISH_WORDS: usize = 30_000;
const CHINESE_WORDS: usize = 4_000;
const NAMES: usize = 8_000;

/// The shortest and the longest message, about, in bytes.
const TEXT_BYTES: (usize, usize) = (60, 120);

/// Of a hundred messages so many are Chinese, and so many English with names out of code.
const CHINESE_SHARE: usize = 15;
const CODE_SHARE: usize = 15;

/// How often what is rare stands in the whole store.
const RARE_TIMES: u64 = 10;

/// Words that stand nowhere else.
pub(super) const RARE: &str = "quokkaberry";
pub(super) const RARE_CHINESE: &str = "貔貅";
pub(super) const NOWHERE: &str = "zzyzxqk";

/// Everything that may be said.
#[derive(Debug)]
pub(super) struct Corpus {
    english: Lexicon,
    chinese: Lexicon,
    names: Lexicon,
    seed: u64,
    rooms: u64,
    messages: u64,
}

/// Words, the frequent ones first.
#[derive(Debug)]
struct Lexicon {
    words: Vec<String>,
    /// Up to which of 2^32 a draw is the word of that place.
    bounds: Vec<u32>,
}

impl Corpus {
    /// What is said in a store of so many messages.
    pub(super) fn new(seed: u64, rooms: u64, messages: u64) -> Self {
        let mut random = SplitMix64::new(seed);
        let english = Lexicon::grown(ENGLISH, ENGLISH_WORDS, || english_word(&mut random));
        let chinese = Lexicon::grown(CHINESE, CHINESE_WORDS, || chinese_word(&mut random));
        let names = Lexicon::grown(&[], NAMES, || name(&mut random));
        Self { english, chinese, names, seed, rooms, messages }
    }

    /// How many messages are said in a room.
    pub(super) const fn share(&self, room: u64) -> u64 {
        self.messages / self.rooms + if room < self.messages % self.rooms { 1 } else { 0 }
    }

    /// How many messages have the rare words.
    pub(super) const fn rare_times(&self) -> u64 {
        self.messages.div_ceil(self.rare_step())
    }

    /// A word that stands in about one of some thousands of messages.
    pub(super) fn seldom(&self) -> &str {
        // A short one may stand there twice, and more often.
        let seldom = self.english.words.iter().skip(ENGLISH_WORDS / 3);
        seldom.max_by_key(|word| word.len()).map_or(RARE, String::as_str)
    }

    const fn rare_step(&self) -> u64 {
        self.messages.div_ceil(RARE_TIMES)
    }

    /// Appends message `number` of `room`; nothing if there is none.
    pub(super) fn write(&self, room: u64, number: u64, out: &mut Vec<u8>) {
        if number >= self.share(room) {
            return;
        }
        let mut random = SplitMix64::new(self.seed ^ (room << 48) ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let (least, most) = TEXT_BYTES;
        let end = out.len() + least + random.below(most - least);
        let kind = random.below(100);
        while out.len() < end {
            let is_name = random.below(4) == 0;
            match kind {
                kind if kind < CHINESE_SHARE => self.chinese.write(&mut random, out),
                kind if kind < CHINESE_SHARE + CODE_SHARE && is_name => self.names.write_spaced(&mut random, out, end),
                _ => self.english.write_spaced(&mut random, out, end),
            }
        }
        if (number * self.rooms + room).is_multiple_of(self.rare_step()) {
            out.extend_from_slice(format!(" {RARE} {RARE_CHINESE}").as_bytes());
        }
    }
}

impl Lexicon {
    /// `first`, and behind them others until there are `count`.
    fn grown(first: &[&str], count: usize, mut another: impl FnMut() -> String) -> Self {
        let mut words: Vec<String> = first.iter().map(|word| (*word).to_owned()).collect();
        words.extend((words.len()..count).map(|_| another()));
        // Zipf's law with Mandelbrot's correction: the first few are not as frequent as the bare law has them.
        let weights: Vec<f64> = (0..words.len()).map(|rank| 1.0 / (rank as f64 + 2.7)).collect();
        let total: f64 = weights.iter().sum();
        let mut sum = 0.0;
        let bound = |weight: &f64| {
            sum += weight;
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "between 0 and 2^32, saturating"
            )]
            let bound = (sum / total * f64::from(u32::MAX)) as u32;
            bound
        };
        let bounds = weights.iter().map(bound).collect();
        Self { words, bounds }
    }

    fn draw(&self, random: &mut SplitMix64) -> &str {
        let drawn = u32::try_from(random.next() >> 32).unwrap_or(u32::MAX);
        let place = self.bounds.partition_point(|bound| *bound < drawn);
        self.words.get(place).or_else(|| self.words.last()).map_or("", String::as_str)
    }

    fn write(&self, random: &mut SplitMix64, out: &mut Vec<u8>) {
        out.extend_from_slice(self.draw(random).as_bytes());
    }

    /// A word and, unless it is the last, the space behind it.
    fn write_spaced(&self, random: &mut SplitMix64, out: &mut Vec<u8>, end: usize) {
        self.write(random, out);
        if out.len() < end {
            out.push(b' ');
        }
    }
}

fn one_of<'a>(random: &mut SplitMix64, words: &[&'a str]) -> &'a str {
    words.get(random.below(words.len().max(1))).copied().unwrap_or_default()
}

/// A word that sounds like one.
fn english_word(random: &mut SplitMix64) -> String {
    let mut word = String::new();
    for _ in 0..1 + random.below(2) {
        word.push_str(one_of(random, ONSETS));
        word.push_str(one_of(random, VOWELS));
    }
    word.push_str(one_of(random, ENDINGS));
    word
}

/// Two characters, seldom three.
fn chinese_word(random: &mut SplitMix64) -> String {
    let count = if random.below(5) == 0 { 3 } else { 2 };
    (0..count).map(|_| one_of(random, CHARACTERS)).collect()
}

/// A name out of code: `parse_frame_header`, `maxRingBytes`, `RoomCursor`, `READ_LIMIT`, sometimes with a number.
fn name(random: &mut SplitMix64) -> String {
    let parts: Vec<&str> = (0..2 + random.below(2)).map(|_| one_of(random, PARTS)).collect();
    let capital = |part: &str| part.get(..1).unwrap_or_default().to_uppercase() + part.get(1..).unwrap_or_default();
    let mut name = match random.below(4) {
        0 => parts.join("_"),
        1 => parts.join("_").to_uppercase(),
        2 => parts.iter().map(|part| capital(part)).collect(),
        _ => {
            let (first, rest) = parts.split_at(1);
            first.iter().map(|part| (*part).to_owned()).chain(rest.iter().map(|part| capital(part))).collect()
        }
    };
    if random.below(6) == 0 {
        name.push_str(&random.below(100).to_string());
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(corpus: &Corpus, room: u64, number: u64) -> String {
        let mut out = Vec::new();
        corpus.write(room, number, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_same_seed_says_the_same_in_whichever_order() {
        let (first, again, other) = (Corpus::new(1, 3, 1000), Corpus::new(1, 3, 1000), Corpus::new(2, 3, 1000));
        let all: Vec<String> = (0..100).map(|number| said(&first, 1, number)).collect();
        let reversed: Vec<String> = (0..100).rev().map(|number| said(&again, 1, number)).collect();
        assert!(all.iter().eq(reversed.iter().rev()));
        assert_ne!(all.first(), Some(&said(&other, 1, 0)));
        assert_ne!(all.first(), Some(&said(&first, 2, 0)));
    }

    #[test]
    fn shares_add_up_and_what_is_rare_is_counted() {
        for messages in [1000, 1003, 20_011] {
            let corpus = Corpus::new(7, 20, messages);
            let texts: Vec<String> = (0..20)
                .flat_map(|room| (0..corpus.share(room)).map(move |number| (room, number)))
                .map(|(room, number)| said(&corpus, room, number))
                .collect();
            assert_eq!(texts.len() as u64, messages);
            let holding = |word: &str| texts.iter().filter(|text| text.contains(word)).count() as u64;
            assert_eq!((holding(RARE), holding(RARE_CHINESE)), (corpus.rare_times(), corpus.rare_times()));
            assert_eq!(holding(NOWHERE), 0);
            assert!(said(&corpus, 0, corpus.share(0)).is_empty());
        }
    }

    #[test]
    fn texts_are_of_all_kinds_and_of_their_length() {
        let corpus = Corpus::new(1, 1, 10_000);
        let texts: Vec<String> = (1..2000).map(|number| said(&corpus, 0, number)).collect();
        let share = |is: &dyn Fn(&String) -> bool| texts.iter().filter(|text| is(text)).count() as f64 / 1999.0;
        let chinese = share(&|text| text.chars().next().is_some_and(|first| first > '\u{3000}'));
        let code = share(&|text| text.split(' ').any(|word| word.contains('_')));
        assert!((0.10..0.20).contains(&chinese) && (0.05..0.20).contains(&code), "{chinese} {code}");
        assert!(share(&|text| text.contains("the")) > 0.3);
        let (least, most) = TEXT_BYTES;
        assert!(texts.iter().all(|text| (least..most + 40).contains(&text.len())));
    }
}
