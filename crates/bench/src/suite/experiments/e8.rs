//! E8, a chat of 200 people on 64 workers: the question of the whole comparison in the program it is about.
//!
//! Counts are of people: offered is who came, ok who got into the room, starved who never did. Latencies are of
//! messages: from when somebody was to say it until somebody heard it, over all who were in the room.

mod books;
mod crowd;
mod person;
mod scene;
mod words;

use std::path::Path;
use std::time::Duration;

use crowd::{Crowd, Outcome};
use person::Person;
use scene::{Cast, Scene};

use super::arms;
use super::begun::{at, blocks, is_in, jain, metric, only_cell, record};
use crate::child::{Ready, RunningServer, ServerCommand};
use crate::error::BenchError;
use crate::plan::Place;
use crate::readings;
use crate::suite::lab::{Ground, Lab, Scale};
use crate::suite::record::{Counts, TrialRecord};
use crate::suite::spec::{Better, Experiment, Preset, Spec};
use crate::suite::summary::ExperimentSummary;
use crate::targets::program_file;

/// Workers of the pools.
const WORKERS: usize = 64;

/// People who come: about three for each worker.
const PEOPLE: usize = 200;

/// Those of the strategies that the chat server has.
const FITTING: [&str; 3] = ["spawn", "pool-request", "pool"];

/// The lab.
#[derive(Debug)]
pub(super) struct E8;

impl Lab for E8 {
    fn experiment(&self) -> Experiment {
        Experiment::E8
    }

    fn spec(&self, scale: &Scale) -> Option<Spec> {
        let arms = arms(scale, &FITTING);
        if arms.is_empty() || !is_in(scale, &[Preset::Quick, Preset::Full]) {
            return None;
        }
        let Cast { people, coming, talk, messages_per_second, .. } = cast(scale.preset);
        Some(Spec {
            experiment: Experiment::E8,
            title: format!("A chat of {people} people on {WORKERS} workers"),
            question: "Who gets into the room, and how long does a message take to those who are in it?".to_owned(),
            setting: format!(
                "chat-server with {WORKERS} workers where it has workers; {people} people connect and join one room \
                 within {} ms and stay; then {messages_per_second} messages a second in all for {} ms, by people in \
                 the room, at times fixed beforehand. Counts are of people, latencies of messages from when they were \
                 to be sent until somebody in the room had them.",
                coming.as_millis(),
                talk.as_millis(),
            ),
            cells: only_cell(format!("{people} people")),
            axis: String::new(),
            arms,
            metrics: vec![
                metric("served", "people who got in", "people", Better::Higher, 0.05),
                metric("delivery_p99_ms", "p99 of a message's way", "ms", Better::Lower, 0.1),
            ],
            blocks: blocks(scale),
        })
    }

    fn trial(&self, ground: &Ground<'_>, spec: &Spec, place: Place) -> Result<TrialRecord, BenchError> {
        let mut record = record(ground, spec, place)?;
        let (_, arm) = at(spec, place)?;
        let scene = Scene::new(&cast(ground.preset), ground.seed);
        let server = RunningServer::start(&command(&ground.bin_dir, &arm.strategy), ground.pinning)?;
        let began = readings::thread_cpu_seconds();
        let outcome = Crowd::new(&scene, server.address())?.play(ground.interrupt)?;
        let ended = readings::thread_cpu_seconds();
        fill(&mut record, &outcome);
        let seconds = outcome.took.as_secs_f64();
        let load_share = began.zip(ended).map(|(began, ended)| {
            let busy = ended - began - outcome.idle.as_secs_f64();
            busy.max(0.0) / seconds
        });
        let server_share = server.cpu_seconds().map(|spent| spent / seconds);
        let more = [("load_share", load_share), ("server_share", server_share)];
        record.figures.extend(more.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))));
        Ok(record)
    }

    fn conclude(&self, found: &mut ExperimentSummary) {
        words::conclude(found);
    }
}

/// The sizes. The quick one is as long as five blocks of it may be.
const fn cast(preset: Preset) -> Cast {
    let quick = Cast {
        people: PEOPLE,
        coming: Duration::from_millis(400),
        pause: Duration::from_millis(50),
        talk: Duration::from_millis(700),
        messages_per_second: 30,
    };
    match preset {
        Preset::Quick | Preset::Ci => quick,
        Preset::Full => {
            let (coming, talk) = (Duration::from_secs(1), Duration::from_secs(10));
            Cast { coming, talk, messages_per_second: 10, ..quick }
        }
    }
}

/// The daemon as people run it, but for its bound on requests a second and on connections from one address.
fn command(bin_dir: &Path, strategy: &str) -> ServerCommand {
    let options = format!(
        "--listen 127.0.0.1:0 --strategy {strategy} --workers {WORKERS} --queue 1024 --rate 0 --max-per-address 0"
    );
    ServerCommand {
        name: "chat-server".to_owned(),
        program: bin_dir.join(program_file("chat-server")),
        arguments: options.split(' ').map(str::to_owned).collect(),
        ready: Ready::Line,
        way_out: "build it: cargo build --release -p chat-server, or say --bin-dir",
    }
}

/// Writes down what a trial came to.
fn fill(record: &mut TrialRecord, outcome: &Outcome) {
    let Outcome { people, books, took, .. } = outcome;
    let count = |is: fn(&Person) -> bool| people.iter().filter(|person| is(person)).count() as u64;
    let (offered, ok) = (people.len() as u64, count(Person::is_inside));
    let refused = count(Person::is_turned_away);
    let failed = count(Person::is_lost);
    let in_flight = offered.saturating_sub(ok + refused + failed);
    record.counts = Counts { offered, ok, refused, failed, in_flight, starved: in_flight, ..Counts::default() };
    record.seconds = took.as_secs_f64();
    record.invalid.clone_from(&books.objections);
    record.intended = Some(books.intended.encoded());
    record.sent = Some(books.sent.encoded());
    record.strip = people.iter().map(Person::row).collect();
    let heard: Vec<u64> = people.iter().map(Person::heard).collect();
    let figures = [
        ("served", Some(ok as f64)),
        ("starved", Some(in_flight as f64)),
        ("delivery_p50_ms", books.intended.value_at(0.5)),
        ("delivery_p99_ms", books.intended.value_at(0.99)),
        ("entering_p50_ms", books.entering.value_at(0.5)),
        ("entering_max_ms", books.entering.max_ms()),
        ("lateness_max_ms", books.lateness.max_ms()),
        ("messages", Some(books.said() as f64)),
        ("unsaid", Some(books.unsaid as f64)),
        ("deliveries", Some(heard.iter().sum::<u64>() as f64)),
        ("jain", jain(&heard)),
        ("last_place", (books.last_place > 0).then_some(f64::from(books.last_place))),
    ];
    record.figures.extend(figures.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))));
}
