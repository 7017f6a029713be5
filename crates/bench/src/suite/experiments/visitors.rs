//! Visitors of an echo server: each comes at its time, asks so often, and leaves. All on one thread, paced by absolute
//! times; latency counts from when a request was to begin.
//!
//! The special experiments use it: everybody at once (E6), beside slow ones (E7), over and over (E9), one by one (E10).

mod books;
mod visitor;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::{Events, Poll};

use books::Books;
use visitor::{Manner, Visitor};

use super::begun::jain;
use super::talker::{SCRATCH_BYTES, Talker, listen};
use crate::error::BenchError;
use crate::interrupt::Interrupt;
use crate::readings;
use crate::stats::SplitMix64;
use crate::suite::record::TrialRecord;

/// What the server is called in messages.
const TARGET: &str = "echo-server";

/// From this share of its core on, the load itself may be what is measured.
const LOAD_MAX: f64 = 0.7;

/// Who comes when, and what they do.
#[derive(Debug, Clone)]
pub(super) struct Visits {
    /// When each comes, in order, from the start of the trial.
    pub(super) comings: Vec<Duration>,
    /// How often each asks before it leaves.
    pub(super) requests: u64,
    /// The pause between an answer and the next request.
    pub(super) think: Duration,
    /// What is to begin before this is not counted.
    pub(super) warm_up: Duration,
    /// From here on nothing new begins.
    pub(super) length: Duration,
    /// How long behind that the trial ends at the latest; what has no answer then is in flight.
    pub(super) drain: Duration,
}

/// What came of it.
#[derive(Debug)]
pub(super) struct Visited {
    books: Books,
    visitors: Vec<Visitor>,
    measured: Duration,
    load_share: Option<f64>,
}

/// A trial under way.
struct House<'a> {
    address: SocketAddr,
    visits: &'a Visits,
    began: Instant,
    poll: Poll,
    scratch: Vec<u8>,
    visitors: Vec<Visitor>,
    /// When whom is to ask again.
    agenda: BinaryHeap<Reverse<(Duration, usize)>>,
    books: Books,
    open: usize,
    /// How long it asked again and again and nothing came: CPU time that is no work.
    idle: Duration,
}

/// Poisson arrivals, `rate_per_s` on average, over `length`.
pub(super) fn poisson(rate_per_s: f64, length: Duration, seed: u64) -> Vec<Duration> {
    crate::load::open::Schedule::poisson(rate_per_s, length, seed).sessions.iter().map(|session| session.at).collect()
}

/// So many arrivals within `span`, in order.
pub(super) fn within(count: usize, span: Duration, seed: u64) -> Vec<Duration> {
    let mut random = SplitMix64::new(seed);
    let nanos = usize::try_from(span.as_nanos()).unwrap_or(usize::MAX);
    let mut times: Vec<Duration> = (0..count).map(|_| Duration::from_nanos(random.below(nanos) as u64)).collect();
    times.sort_unstable();
    times
}

/// Runs a trial.
///
/// # Errors
/// If the operating system has no more files or ports, or the person interrupts.
pub(super) fn visit(address: SocketAddr, visits: &Visits, interrupt: &Interrupt) -> Result<Visited, BenchError> {
    let poll = Poll::new().map_err(BenchError::io("cannot make a readiness queue"))?;
    let books = Books { warm_up: visits.warm_up, length: visits.length, ..Books::default() };
    let (began, scratch) = (Instant::now(), vec![0; SCRATCH_BYTES]);
    let (visitors, agenda) = (Vec::with_capacity(visits.comings.len()), BinaryHeap::new());
    let house = House { address, visits, began, poll, scratch, visitors, agenda, books, open: 0, idle: Duration::ZERO };
    house.run(interrupt)
}

impl House<'_> {
    fn run(mut self, interrupt: &Interrupt) -> Result<Visited, BenchError> {
        let mut events = Events::with_capacity(1024);
        let cpu = readings::thread_cpu_seconds();
        self.began = Instant::now();
        let end = self.visits.length + self.visits.drain;
        loop {
            interrupt.check()?;
            let now = self.began.elapsed();
            self.begin_what_is_due(now)?;
            let is_over = self.open == 0 && self.visitors.len() == self.visits.comings.len();
            if is_over || now >= end {
                break;
            }
            let left = self.next_time().unwrap_or(end).min(end).saturating_sub(self.began.elapsed());
            self.idle += listen(&mut self.poll, &mut events, left)?;
            self.turn(&events);
        }
        Ok(self.close(cpu))
    }

    fn begin_what_is_due(&mut self, now: Duration) -> Result<(), BenchError> {
        while let Some(at) = self.visits.comings.get(self.visitors.len()).copied().filter(|at| *at <= now) {
            self.come(at)?;
        }
        while self.agenda.peek().is_some_and(|Reverse((at, _))| *at <= now) {
            let Some(Reverse((_, number))) = self.agenda.pop() else { break };
            self.with(number, |visitor, books| visitor.ask(now, books));
        }
        Ok(())
    }

    fn next_time(&self) -> Option<Duration> {
        let coming = self.visits.comings.get(self.visitors.len()).copied();
        let asking = self.agenda.peek().map(|Reverse((at, _))| *at);
        coming.into_iter().chain(asking).min()
    }

    fn come(&mut self, intended: Duration) -> Result<(), BenchError> {
        let number = self.visitors.len();
        let now = self.began.elapsed();
        let mut talker = Talker::connect(self.address, TARGET)?;
        talker.watch(&self.poll, number)?;
        self.visitors.push(Visitor::new(talker, intended, now));
        self.open += 1;
        self.with(number, |visitor, books| visitor.ask(now, books));
        Ok(())
    }

    fn turn(&mut self, events: &Events) {
        let manner = Manner { requests: self.visits.requests, think: self.visits.think, length: self.visits.length };
        for event in events {
            let now = self.began.elapsed();
            let number = event.token().0;
            let mut scratch = std::mem::take(&mut self.scratch);
            self.with(number, |visitor, books| {
                visitor.turn(event, &mut scratch, now, manner, books);
                visitor.ask(now, books);
            });
            self.scratch = scratch;
            if let Some(at) = self.visitors.get(number).and_then(Visitor::next) {
                self.agenda.push(Reverse((at, number)));
            }
        }
    }

    /// Lets a visitor do something, and notices if it has left with that.
    fn with(&mut self, number: usize, act: impl FnOnce(&mut Visitor, &mut Books)) {
        let Some(visitor) = self.visitors.get_mut(number) else { return };
        let was_done = visitor.is_done();
        act(visitor, &mut self.books);
        self.open -= usize::from(!was_done && visitor.is_done());
    }

    fn close(mut self, cpu: Option<f64>) -> Visited {
        let took = self.began.elapsed();
        let spent = readings::thread_cpu_seconds().zip(cpu).map(|(now, before)| now - before);
        // Who still tries counts with the time it has taken so far: without them the worst would look best.
        for since in self.visitors.iter().filter_map(Visitor::connecting_since) {
            self.books.connects.record(took.saturating_sub(since));
        }
        for visitor in &self.visitors {
            if let Some(asked) = visitor.open() {
                self.books.in_flight(asked, visitor.answered() == 0);
            }
        }
        Visited {
            books: self.books,
            visitors: self.visitors,
            measured: self.visits.length.min(took).saturating_sub(self.visits.warm_up),
            load_share: spent.map(|spent| (spent - self.idle.as_secs_f64()).max(0.0) / took.as_secs_f64()),
        }
    }
}

impl Visited {
    /// How long each took to connect, as far as it did.
    pub(super) fn connect_times(&self) -> impl Iterator<Item = Duration> + '_ {
        self.visitors.iter().filter_map(Visitor::connected_after)
    }

    /// Answers a second, counted when they came, between the warm-up and `length`.
    pub(super) fn answers_per_second(&self) -> Option<f64> {
        rate(self.books.answers, self.measured)
    }

    /// Writes down what came of it: counts, latencies, the figures that all of these experiments have, and with
    /// `with_strip` the rows.
    pub(super) fn fill(&self, record: &mut TrialRecord, with_strip: bool) {
        let books = &self.books;
        record.counts = books.counts;
        record.seconds = self.measured.as_secs_f64();
        record.intended = Some(books.intended.encoded());
        record.sent = Some(books.sent.encoded());
        if with_strip {
            record.strip = self.visitors.iter().map(Visitor::row).collect();
        }
        if let Some(why) = &books.complaint {
            record.invalid.push(format!("{} requests failed; the first: {why}", books.counts.failed));
        }
        if let Some(share) = self.load_share.filter(|share| *share > LOAD_MAX) {
            record.invalid.push(format!("the load was {:.0} % busy: it may be what was measured", share * 100.0));
        }
        let answered: Vec<u64> = self.visitors.iter().map(Visitor::answered).collect();
        let served = answered.iter().filter(|count| **count > 0).count();
        let figures = [
            ("served", Some(served as f64)),
            ("starved", Some((answered.len() - served) as f64)),
            ("jain", jain(&answered)),
            ("p50_ms", books.intended.value_at(0.5)),
            ("p99_ms", books.intended.value_at(0.99)),
            ("first_answer_max_ms", books.first_answers.max_ms()),
            ("connect_p50_ms", books.connects.value_at(0.5)),
            ("connect_p99_ms", books.connects.value_at(0.99)),
            ("connect_max_ms", books.connects.max_ms()),
            ("lateness_p99_ms", books.lateness.value_at(0.99)),
            ("lateness_max_ms", books.lateness.max_ms()),
            ("load_share", self.load_share),
            ("offered_per_s", rate(books.counts.offered, self.measured)),
        ];
        record.figures.extend(figures.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))));
    }
}

fn rate(count: u64, over: Duration) -> Option<f64> {
    (!over.is_zero()).then(|| count as f64 / over.as_secs_f64())
}
