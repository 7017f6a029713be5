//! How fast the index takes messages in, how large it is, and how fast it answers. Not a test; `DOCS` messages (200 000),
//! `BATCH` (2000) at a time:
//!
//! `DOCS=2000000 nice -n 19 cargo test --release -p room-log measure -- --ignored --nocapture`
//!
//! With `INDEX` the file stays there, and what is in it already is not added again.
#![expect(clippy::print_stdout, reason = "a measurement is read from the terminal")]
#![expect(clippy::cast_possible_truncation, reason = "ranks and counts are small")]

use std::path::Path;
use std::time::{Duration, Instant};

use super::*;

/// Rooms; half of what is said is said in the first seven.
const ROOMS: u64 = 50;
const WORDS: u64 = 200_000;

/// Made from its number alone, so that a run can go on with another's file.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Below `n`; 0 is twice as likely as 1, as words are.
    #[expect(clippy::cast_sign_loss, reason = "a rank is not negative")]
    fn rank(&mut self, n: u64) -> u64 {
        let unit = (self.next() >> 11) as f64 / (1_u64 << 53) as f64;
        ((n as f64 + 1.0).powf(unit) as u64 - 1).min(n - 1)
    }
}

/// Of syllables, so that prefixes are shared as in a language.
fn word(rank: u64) -> String {
    const FIRST: &[u8] = b"tsnrldmkpbhgvwfcjzxq";
    const SECOND: &[u8] = b"aeiou";
    let syllable = |n: u64| [FIRST[(n / 5 % 20) as usize], SECOND[(n % 5) as usize]].map(char::from);
    let syllables: u32 = if rank < 100 { 1 } else { rank.ilog(100) + 1 };
    (0..syllables).rev().flat_map(|place| syllable(rank / 100_u64.pow(place) % 100)).collect()
}

fn character(rank: u64) -> char {
    char::from_u32(0x4E00 + (rank * 7 % 20_000) as u32).unwrap()
}

fn text(random: &mut Random) -> String {
    let kind = random.next() % 100;
    let count = 2 + random.next() % 12;
    if kind < 15 {
        return (0..count * 2).map(|_| character(random.rank(3000))).collect();
    }
    let mut text = (0..count).map(|_| word(random.rank(WORDS))).collect::<Vec<_>>().join(" ");
    if kind < 25 {
        let [mut head, tail] = [word(random.rank(WORDS)), word(random.rank(WORDS))];
        head.extend(tail.chars().take(1).flat_map(char::to_uppercase).chain(tail.chars().skip(1)));
        text = format!("{text} {head}_{}", random.next() % 1000);
    }
    text
}

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |number| number.parse().unwrap())
}

/// What this thread has had of the processor, in hundredths of a second; a busy machine does not change it much.
fn ticks() -> f64 {
    let stat = std::fs::read_to_string("/proc/thread-self/stat").unwrap_or_default();
    let behind_name = stat.rsplit(") ").next().unwrap_or_default();
    behind_name.split(' ').skip(11).take(2).filter_map(|number| number.parse::<f64>().ok()).sum()
}

fn fill(index: &mut Index, docs: u64, batch: u64) {
    let (mut spent, mut busy) = (Duration::ZERO, 0.0);
    let mut longest = Duration::ZERO;
    let first = index.done_to().max(1);
    for start in (first..=docs).step_by(batch as usize) {
        let end = (start + batch).min(docs + 1);
        let made: Vec<_> = (start..end)
            .map(|number| {
                let mut random = Random(number << 20);
                (number, RoomId(random.rank(ROOMS) as u32), word(random.rank(300)), text(&mut random))
            })
            .collect();
        let docs: Vec<Doc<'_>> =
            made.iter().map(|(number, room, nick, text)| Doc { number: *number, room: *room, nick, text }).collect();
        let (began, had) = (Instant::now(), ticks());
        index.add(&docs, end).unwrap();
        let took = began.elapsed();
        busy += (ticks() - had) / 100.0;
        spent += took;
        longest = longest.max(took);
    }
    let added = (docs + 1).saturating_sub(first);
    let rate = added as f64 / spent.as_secs_f64();
    let rate_busy = added as f64 / busy;
    println!(
        "added {added} in {spent:.1?}: {rate:.0}/s; {rate_busy:.0}/s of processor time; the longest batch of {batch} took {longest:.1?}"
    );
}

/// Median and worst of 11, after one that warms.
fn ask(finder: &Finder, name: &str, words: &str, from: Option<&str>, rooms: &[RoomId]) {
    let query = Query::parse(words, from, rooms).unwrap();
    let began = Instant::now();
    let found = finder.find(&query, 0, 20).unwrap().len();
    let cold = began.elapsed();
    let mut times: Vec<Duration> = (0..11)
        .map(|_| {
            let began = Instant::now();
            finder.find(&query, 0, 20).unwrap();
            began.elapsed()
        })
        .collect();
    times.sort_unstable();
    println!(
        "{name:28} {words:18} rooms {:3}: {found:3} found, {:9.2?} (worst {:9.2?}, first {cold:9.2?})",
        rooms.len(),
        times[5],
        times[10]
    );
}

fn file_bytes(path: &Path) -> u64 {
    ["", "-wal"]
        .iter()
        .filter_map(|end| std::fs::metadata(format!("{}{end}", path.display())).ok())
        .map(|file| file.len())
        .sum()
}

#[test]
#[ignore = "a measurement"]
fn measure() {
    let docs = number("DOCS", 200_000);
    let place = place();
    let path = std::env::var_os("INDEX").map_or(place.path, PathBuf::from);
    let mut index = Index::open(&path).unwrap();
    fill(&mut index, docs, number("BATCH", 2000));
    let bytes = file_bytes(&path);
    println!("{:.1} MB, {} bytes a message", bytes as f64 / 1e6, bytes / docs);
    let began = Instant::now();
    drop(index);
    let index = Index::open(&path).unwrap();
    let finder = Finder::open(&path).unwrap();
    println!("opened in {:.1?}", began.elapsed());
    drop(index);
    let run = |ranks: &[u64]| ranks.iter().map(|&rank| character(rank)).collect::<String>();
    let rows = [
        ("commonest", word(0)),
        ("common", word(30)),
        ("middling", word(3000)),
        ("rare", word(180_001)),
        ("none", "absent".into()),
        ("two common", [word(0), word(1)].join(" ")),
        ("four common", [word(5), word(6), word(7), word(8)].join(" ")),
        ("common and rare", [word(0), word(180_001)].join(" ")),
        ("prefix of 1", "k*".into()),
        ("prefix of 2", "ka*".into()),
        ("prefix of 2, rare", "qu*".into()),
        ("prefix of 3", "kan*".into()),
        ("prefix of 4", "kano*".into()),
        ("prefix and rare", format!("ka* {}", word(180_001))),
        ("prefix, 2 rare", "qu* xo*".into()),
        ("Chinese, 1", run(&[0])),
        ("Chinese, 1 rare", run(&[2900])),
        ("Chinese, 2 common", run(&[0, 1])),
        ("Chinese, 2 rare", run(&[2000, 2100])),
        ("Chinese, 4", run(&[0, 1, 2, 0])),
        ("identifier", format!("{}_{}", word(30), word(31))),
    ];
    for rooms in [vec![0], vec![45], (0..20).collect(), (20..40).collect()] {
        let rooms: Vec<RoomId> = rooms.into_iter().map(RoomId).collect();
        for (name, words) in &rows {
            ask(&finder, name, words, None, &rooms);
        }
        ask(&finder, "common, a nick", &word(0), Some(&word(100)), &rooms);
        ask(&finder, "prefix, a nick", "ka*", Some(&word(299)), &rooms);
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status
        .lines()
        .filter(|line| line.starts_with("VmHWM") || line.starts_with("VmRSS"))
        .for_each(|line| println!("{line}"));
}
