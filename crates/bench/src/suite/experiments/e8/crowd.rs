//! Two hundred people on one thread: everything they do has its time in the scene, and is begun at that time whatever
//! the server does.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::{Events, Poll};

use super::books::Books;
use super::person::{Person, knock};
use super::scene::Scene;
use crate::error::BenchError;
use crate::interrupt::Interrupt;
use crate::suite::experiments::talker::{SCRATCH_BYTES, SLEEP_MARGIN, Talker, Turn, listen};
use crate::suite::record::StripState;

/// What the server is called in messages.
const TARGET: &str = "chat-server";

/// How long after the last message everybody may still be hearing it.
const DRAIN_MAX: Duration = Duration::from_secs(2);

/// The people of a trial.
#[derive(Debug)]
pub(super) struct Crowd<'a> {
    scene: &'a Scene,
    address: SocketAddr,
    began: Instant,
    poll: Poll,
    scratch: Vec<u8>,
    /// Those who have come; the connection is gone once it has ended.
    members: Vec<(Person, Option<Talker>)>,
    books: Books,
    /// How long it asked again and again and nothing came: CPU time that is no work.
    idle: Duration,
}

/// What came of it.
#[derive(Debug)]
pub(super) struct Outcome {
    /// The people, in the order they came.
    pub(super) people: Vec<Person>,
    /// The counts.
    pub(super) books: Books,
    /// How long the trial took.
    pub(super) took: Duration,
    /// Of it, how long the load asked for nothing.
    pub(super) idle: Duration,
}

impl<'a> Crowd<'a> {
    /// Nobody yet.
    ///
    /// # Errors
    /// If the operating system refuses.
    pub(super) fn new(scene: &'a Scene, address: SocketAddr) -> Result<Self, BenchError> {
        let poll = Poll::new().map_err(BenchError::io("cannot make a readiness queue"))?;
        let (scratch, books) = (vec![0; SCRATCH_BYTES], Books::default());
        Ok(Self {
            scene,
            address,
            began: Instant::now(),
            poll,
            scratch,
            members: Vec::new(),
            books,
            idle: Duration::ZERO,
        })
    }

    /// Plays the scene, and then until everybody has heard everything.
    ///
    /// # Errors
    /// If the operating system has no more files or ports, or the person interrupts.
    pub(super) fn play(mut self, interrupt: &Interrupt) -> Result<Outcome, BenchError> {
        let mut events = Events::with_capacity(1024);
        self.began = Instant::now();
        for at in &self.scene.comings {
            self.wait_until(*at, &mut events, interrupt)?;
            self.come(*at)?;
        }
        for saying in &self.scene.sayings {
            self.wait_until(saying.at, &mut events, interrupt)?;
            self.say(saying.at, saying.who);
        }
        self.wait_until(self.scene.end, &mut events, interrupt)?;
        let end = self.scene.end + DRAIN_MAX;
        while !self.is_over() && self.began.elapsed() < end {
            self.wait_until(self.began.elapsed() + SLEEP_MARGIN * 5, &mut events, interrupt)?;
        }
        self.account();
        let took = self.began.elapsed();
        let people = self.members.into_iter().map(|(person, _)| person).collect();
        Ok(Outcome { people, books: self.books, took, idle: self.idle })
    }

    /// Reads what comes until `at`.
    fn wait_until(&mut self, at: Duration, events: &mut Events, interrupt: &Interrupt) -> Result<(), BenchError> {
        loop {
            interrupt.check()?;
            let left = at.saturating_sub(self.began.elapsed());
            if left.is_zero() {
                return Ok(());
            }
            self.idle += listen(&mut self.poll, events, left)?;
            self.turn(events);
        }
    }

    /// The next person connects.
    fn come(&mut self, intended: Duration) -> Result<(), BenchError> {
        let number = self.members.len();
        let now = self.began.elapsed();
        self.books.lateness.record(now.saturating_sub(intended));
        let mut talker = Talker::connect(self.address, TARGET)?;
        talker.watch(&self.poll, number)?;
        let spoken = knock(number, &mut talker);
        self.members.push((Person::new(now), Some(talker)));
        if let Err(why) = spoken {
            self.lose(number, &why, now);
        }
        Ok(())
    }

    /// Somebody in the room speaks.
    fn say(&mut self, intended: Duration, who: u64) {
        let now = self.began.elapsed();
        self.books.lateness.record(now.saturating_sub(intended));
        let inside: Vec<usize> = self.inside().collect();
        let at = who.checked_rem(inside.len() as u64).and_then(|at| inside.get(usize::try_from(at).ok()?).copied());
        let Some(number) = at else {
            self.books.unsaid += 1;
            return;
        };
        let message = self.books.said();
        self.books.say(intended, now);
        if let Some((person, Some(talker))) = self.members.get_mut(number)
            && let Err(why) = person.say(message, talker)
        {
            self.lose(number, &why, now);
        }
    }

    /// The numbers of those who are in the room and connected.
    fn inside(&self) -> impl Iterator<Item = usize> + '_ {
        let there = |(person, talker): &(Person, Option<Talker>)| person.is_inside() && talker.is_some();
        self.members.iter().enumerate().filter(move |(_, member)| there(member)).map(|(number, _)| number)
    }

    fn turn(&mut self, events: &Events) {
        for event in events {
            let number = event.token().0;
            let at = self.began.elapsed();
            let Some((person, place)) = self.members.get_mut(number) else { continue };
            let Some(talker) = place else { continue };
            let books = &mut self.books;
            let turned = talker.turn(event, &mut self.scratch, |talker, frame| person.take(talker, &frame, at, books));
            if talker.is_connected() && !person.is_inside() && !person.is_turned_away() {
                person.turn_to(StripState::Waiting, at);
            }
            match turned {
                Ok(Turn::Open) => {}
                Ok(Turn::Closed) if person.is_turned_away() => *place = None,
                Ok(Turn::Closed) => self.lose(number, "it closed the connection", at),
                Err(why) => self.lose(number, &why, at),
            }
        }
    }

    /// A connection ended that was not to end.
    fn lose(&mut self, number: usize, why: &str, at: Duration) {
        if let Some((person, talker)) = self.members.get_mut(number) {
            *talker = None;
            person.turn_to(StripState::Gone, at);
        }
        self.books.object(format!("person {number}: {why}"));
    }

    /// Whether everything that was said has been heard by everybody who is to hear it.
    fn is_over(&self) -> bool {
        self.books.is_settled()
            && self.members.iter().all(|(person, _)| person.heard() == person.owed(self.books.places()))
    }

    /// What is missing at the end is an objection.
    fn account(&mut self) {
        if !self.books.is_settled() {
            self.books.object("it did not answer every message".to_owned());
        }
        let missing = |(number, person): (usize, &Person)| {
            let (heard, owed) = (person.heard(), person.owed(self.books.places()));
            (heard != owed).then(|| format!("person {number} was to hear {owed} messages and heard {heard}"))
        };
        let first = self.members.iter().map(|(person, _)| person).enumerate().find_map(missing);
        if let Some(why) = first {
            self.books.object(why);
        }
    }
}
