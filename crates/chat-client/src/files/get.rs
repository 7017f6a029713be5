//! Fetches one file: from where an earlier try ended, and anew when the server has another content by now.

use std::sync::Arc;

use proto::message::{Fetch, Fetching, FileAnswer, FileRequest, Stop, TransferMessage};
use proto::{Code, Refusal, RelPath, RoomId, Slot};
use transfer::credit::{WINDOW_BYTES_INITIAL, WINDOW_BYTES_MAX, Window};
use transfer::sink::{Sink, SinkSignal};

use super::ask::{Begun, RoomStand};
use super::carry::{self, Again, CHANGES_MAX, Patience};
use super::hands::{Hands, is_away, out_of_place};
use super::landing::{Landed, Landing, Start};
use super::lease::{Board, Lease, Note};
use super::line::{Ended, Line};
use super::local::blocking;
use super::outcome::Outcome;
use super::progress::{Direction, Notice, State};
use super::report::{Job, Report};
use crate::error::{ClientError, Fault};
use crate::event::RoomKey;

/// Fetches one file.
#[derive(Debug)]
pub(crate) struct Get {
    hands: Hands,
    room: RoomKey,
    path: RelPath,
    landing: Landing,
    changes: u32,
    patience: Patience,
    /// As far as it is known.
    size: Option<u64>,
    /// What came over earlier connections.
    moved: u64,
    resumed_from: Option<u64>,
}

impl Job for Get {
    async fn run(&mut self, report: &Report) -> Result<Outcome, ClientError> {
        report.state(State::Waiting);
        let hands = self.hands.clone();
        let _turn = hands.turn().await?;
        loop {
            let room = hands.ready_again(self.room, report).await?;
            report.state(State::Waiting);
            let again = match self.attempt(&room, report).await {
                Ok(Ok(outcome)) => return Ok(outcome),
                Ok(Err(again)) => again,
                Err(error) if is_away(&error) => Again::Away,
                Err(error) => return Err(error),
            };
            match again {
                Again::Away => {}
                Again::Fresh | Again::Changed => {
                    self.changes += 1;
                    if self.changes > CHANGES_MAX {
                        let words = format!("{} changes while it is fetched; try again when it is at rest", self.path);
                        return Err(Refusal::new(Code::Changed, words).into());
                    }
                    report.notice(Notice::StartedOver);
                    let landing = self.landing.clone();
                    blocking(move |_| landing.discard()).await?;
                }
                Again::Later(refusal) => self.patience.wait(refusal).await?,
            }
        }
    }
}

impl Get {
    pub(crate) fn new(hands: Hands, room: RoomKey, path: RelPath, size: Option<u64>, landing: Landing) -> Self {
        let patience = Patience::default();
        Self { hands, room, path, landing, changes: 0, patience, size, moved: 0, resumed_from: None }
    }

    /// One fetch and what follows.
    async fn attempt(&mut self, room: &RoomStand, report: &Report) -> Result<Result<Outcome, Again>, ClientError> {
        report.state(State::Checking);
        let (landing, server, room, path) =
            (self.landing.clone(), self.hands.server().to_owned(), room.full_name(), self.path.clone());
        let start = match blocking(move |_| landing.start(&[&server, &room, path.as_str()])).await? {
            // It was put into its place while nobody looked.
            Start::Landed(landed) => return Ok(Ok(self.outcome(landed))),
            Start::From { version, from, hashes } => (version, from, hashes),
        };
        let (version, from, hashes) = start;
        if version.is_none()
            && let Some(landed) = self.landing.same(&self.hands, self.room, &self.path).await?
        {
            return Ok(Ok(self.outcome(landed)));
        }
        report.state(State::Waiting);
        let budget = Arc::clone(self.hands.budget());
        let window = Window::new(WINDOW_BYTES_INITIAL, WINDOW_BYTES_MAX, Some(budget)).starting_at(from);
        let path = self.path.as_str().to_owned();
        let left = self.size.map_or(0, |size| size.saturating_sub(from));
        let fetch = Fetch { room: RoomId(0), path, version, from, credit: window.limit() };
        let line = Arc::new(Line::new(from));
        let begun = match self.hands.begin(self.room, FileRequest::Fetch(fetch), &line, left).await {
            Err(ClientError::Refused(refusal)) if refusal.code == Code::Changed => return Ok(Err(Again::Fresh)),
            Err(ClientError::Refused(refusal)) if refusal.retry_after_ms.is_some() => {
                return Ok(Err(Again::Later(refusal)));
            }
            // It was still coming, and the server was started anew: its sender may be back in a moment.
            Err(ClientError::Refused(refusal)) if refusal.code == Code::NoSuchFile && self.resumed_from.is_some() => {
                return Ok(Err(Again::Later(refusal)));
            }
            begun => begun?,
        };
        let Begun { lease, answer: FileAnswer::Fetching(fetching) } = begun else {
            return Err(out_of_place(&begun.answer));
        };
        if version.is_some_and(|version| version != fetching.version) || from > fetching.size {
            return Err(Fault::OutOfPlace { kind: "Fetching".to_owned() }.into());
        }
        // Now that it is known to be large, it is asked for on the other connection.
        if self.size.replace(fetching.size).is_none() && self.hands.goes_second(fetching.size - from) {
            return Ok(Err(Again::Away));
        }
        let resumed_from = *self.resumed_from.get_or_insert(from);
        report.change(|progress| {
            progress.bytes_total = fetching.size;
            progress.resumed_from = resumed_from;
        });
        let (landing, arriving) = (self.landing.clone(), fetching.clone());
        let target = blocking(move |_| landing.target(&arriving)).await?;
        let signal = signal(Arc::clone(lease.board()), lease.slot(), Arc::clone(&line));
        let window = if line.is_second() { window } else { window.beside_chat() };
        lease.receive(Sink::new(fetching.size, from, hashes, window, Box::new(target), signal));
        let ended = carry::follow(report, &line, Direction::Get).await;
        self.moved += line.moved();
        self.after(lease, ended, &fetching, &line)
    }

    /// What it means that a transfer ended so.
    fn after(
        &mut self,
        lease: Lease,
        ended: Ended,
        fetching: &Fetching,
        line: &Line,
    ) -> Result<Result<Outcome, Again>, ClientError> {
        lease.free();
        match ended {
            Ended::Finished { root, size } => match self.landing.landed() {
                Some(landed) => Ok(Ok(self.outcome(Landed { root, size, ..landed }))),
                None => Err(ClientError::Closed),
            },
            Ended::Broken => {
                self.hands.broke(line);
                Ok(Err(Again::Away))
            }
            // The disk's own words say more than what the server was told.
            Ended::Failed(refusal) => Err(self.landing.failed().unwrap_or(ClientError::Refused(refusal))),
            Ended::Stopped(refusal) if refusal.code == Code::Changed => Ok(Err(Again::Changed)),
            Ended::Stopped(refusal) if matches!(refusal.code, Code::Stopped | Code::TooSlow) => {
                self.patience.reached(line.reached().min(fetching.size));
                Ok(Err(Again::Later(refusal)))
            }
            Ended::Stopped(refusal) => Err(refusal.into()),
            Ended::Committed(_) => Err(Fault::OutOfPlace { kind: "Committed".to_owned() }.into()),
        }
    }

    fn outcome(&self, landed: Landed) -> Outcome {
        let Landed { place, root, size, same, renamed } = landed;
        Outcome {
            place,
            size,
            root: Some(root),
            same,
            renamed,
            resumed_from: self.resumed_from.unwrap_or(0),
            moved: self.moved,
            files: 1,
            skipped: Vec::new(),
        }
    }
}

/// What a sink says goes to the server, and to whoever waits for the transfer.
fn signal(board: Arc<Board>, slot: Slot, line: Arc<Line>) -> Box<dyn Fn(SinkSignal) + Send + Sync> {
    let say = move |message| board.post(slot, Note::Say(message));
    Box::new(move |signal| match signal {
        SinkSignal::Credit(limit) => say(TransferMessage::Credit { limit }),
        SinkSignal::Repair(from) => {
            line.repaired(from);
            say(TransferMessage::Repair { from });
        }
        SinkSignal::Verified(upto) => line.reach(upto),
        SinkSignal::Finished { root, size, .. } => {
            say(TransferMessage::Taken);
            line.reach(size);
            line.end(Ended::Finished { root, size });
        }
        SinkSignal::Failed(refusal) => {
            say(TransferMessage::Stop(Stop { refusal: refusal.clone(), keep: false }));
            line.end(Ended::Failed(refusal));
        }
    })
}
