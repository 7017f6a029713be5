//! Transfers of the one-shot commands: several at once, shown while they run, and the worst of them is the exit code.

mod bars;
mod report;

use std::io;
use std::path::Path;
use std::time::Duration;

use chat_client::{Client, ClientError, ConnectionState, Direction, Event, Events, Outcome, Transfer};
use futures::future::select_all;
use proto::Code;
use tokio::time::{Instant, MissedTickBehavior};

use crate::cli::failure::{Failure, complain};
use report::Report;

/// Transfers that run at once: enough that small files do not wait for each other's answers.
pub(super) const AT_ONCE: usize = 8;

/// How often the bars are drawn, or progress objects come.
const BARS_EVERY: Duration = Duration::from_millis(100);
const OBJECTS_EVERY: Duration = Duration::from_millis(250);

type Begin = Box<dyn FnOnce(&Client) -> Transfer>;

/// A transfer that is to be begun.
pub(super) struct Job {
    asked: String,
    direction: Direction,
    begin: Begin,
    /// How it begins instead if what was asked for turns out to be a folder.
    folder: Option<Begin>,
}

/// A transfer under way.
struct Running {
    asked: String,
    direction: Direction,
    transfer: Transfer,
    folder: Option<Begin>,
    started: Instant,
    /// What it is called in the report.
    number: usize,
}

impl Job {
    pub(super) fn new(asked: String, direction: Direction, begin: impl FnOnce(&Client) -> Transfer + 'static) -> Self {
        Self { asked, direction, begin: Box::new(begin), folder: None }
    }

    /// What to do if it is a folder.
    pub(super) fn or_folder(self, begin: impl FnOnce(&Client) -> Transfer + 'static) -> Self {
        Self { folder: Some(Box::new(begin)), ..self }
    }
}

/// Runs them, `at_once` at a time, and returns the exit code of the worst.
pub(super) async fn run(
    client: &Client,
    mut events: Events,
    jobs: Vec<Job>,
    at_once: usize,
    json: bool,
) -> Result<u8, Failure> {
    let mut report = Report::new(json);
    let every = if json { OBJECTS_EVERY } else { BARS_EVERY };
    // What has ended before the first is never shown under way.
    let mut tick = tokio::time::interval_at(Instant::now() + every, every);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut waiting = jobs.into_iter().enumerate();
    let mut running: Vec<Running> = Vec::new();
    let mut worst = 0;
    loop {
        while running.len() < at_once
            && let Some((number, job)) = waiting.next()
        {
            let transfer = (job.begin)(client);
            let (asked, direction, folder) = (job.asked, job.direction, job.folder);
            running.push(Running { asked, direction, transfer, folder, started: Instant::now(), number });
        }
        if running.is_empty() {
            return Ok(worst);
        }
        tokio::select! {
            (index, result) = next_ended(&mut running) => {
                let ended = running.swap_remove(index);
                match (result, ended) {
                    (Err(error), ended) if is_about_sort(&error) && ended.folder.is_some() => {
                        let Some(begin) = ended.folder else { continue };
                        running.push(Running { transfer: begin(client), folder: None, ..ended });
                    }
                    // Whoever reads the output has gone, and needs to be told nothing.
                    (Err(ClientError::Local { kind: io::ErrorKind::BrokenPipe, .. }), _) => {
                        return Err(Failure::NobodyReads);
                    }
                    (result, ended) => worst = worst.max(report.ended(&ended, &result)?),
                }
            }
            event = events.next() => match event {
                Some(Event::Closed(Some(error))) => return Err(error.into()),
                Some(Event::Closed(None)) | None => return Err(ClientError::Closed.into()),
                Some(Event::State(state)) => say_state(&mut report, &state),
                Some(_) => {}
            },
            _ = tick.tick() => {
                for one in &running {
                    report.progress(one)?;
                }
            }
        }
    }
}

/// Waits for the next that ends: its place in the list, and what came of it.
async fn next_ended(running: &mut [Running]) -> (usize, Result<Outcome, ClientError>) {
    let ends = running.iter_mut().map(|one| Box::pin(one.transfer.done()));
    let (result, index, _) = select_all(ends).await;
    (index, result)
}

/// After an interrupt it is said that nothing is lost, if nothing is.
pub(super) fn say_interrupt<T>(result: Result<T, Failure>, resumes: bool) -> Result<T, Failure> {
    if matches!(result, Err(Failure::Interrupted)) && resumes {
        complain("interrupted; the same command goes on where this one stopped");
    }
    result
}

/// Says that something cannot be read here, before there is a transfer of it. Returns the exit code.
pub(super) fn complain_of_local(
    asked: &str,
    direction: Direction,
    path: &Path,
    error: &io::Error,
    json: bool,
) -> Result<u8, Failure> {
    let (path, kind) = (path.to_owned(), error.kind());
    let why = match kind {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        _ => error.to_string(),
    };
    let error = ClientError::Local { doing: "read", path, kind, why };
    Report::new(json).failed(asked, direction, &error)
}

/// Whether a folder was taken for a file.
fn is_about_sort(error: &ClientError) -> bool {
    matches!(error, ClientError::Refused(refusal) if refusal.code == Code::WrongSort)
}

fn say_state(report: &mut Report, state: &ConnectionState) {
    match state {
        ConnectionState::Offline { why, .. } if report.is_online => {
            report.is_online = false;
            report.say(&format!("offline: {why}; trying again"));
        }
        ConnectionState::Online(_) => {
            report.is_online = true;
            report.say("online again");
        }
        ConnectionState::Queued { place, waiting } => report.say(&format!("waiting: place {place} of {waiting}")),
        _ => {}
    }
}
