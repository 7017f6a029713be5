//! Sends one file: offers it, goes on where the server's part of it ends, and begins anew when one side has another
//! content.

use std::path::PathBuf;
use std::sync::Arc;

use proto::message::{Accepted, Committed, FileAnswer, FileRequest, List, Offer, OnConflict, Sort};
use proto::{Code, Refusal, RoomId, Root, TransferKey};
use transfer::content::Content;
use transfer::group::{GroupHash, RootBuilder, groups_of};
use transfer::source::{Hashing, Source, SourceOptions};

use super::ask::{Begun, RoomStand};
use super::carry::{self, Again, CHANGES_MAX, Patience};
use super::hands::{Hands, is_away, out_of_place};
use super::lease::Lease;
use super::line::{Ended, Line};
use super::local::{Local, blocking, prefix_of};
use super::options::PutOptions;
use super::outcome::{Outcome, Place};
use super::progress::{Direction, Notice, State};
use super::report::{Job, Report};
use super::walk::Top;
use crate::error::ClientError;
use crate::event::RoomKey;

/// Sends one file.
#[derive(Debug)]
pub(crate) struct Put {
    hands: Hands,
    room: RoomKey,
    origin: Origin,
    options: PutOptions,
    /// The file and what is known of it, as long as it does not change.
    seen: Option<Seen>,
    changes: u32,
    patience: Patience,
    /// Whether all of it went over a connection that broke before the answer: then it may be there.
    may_be_there: bool,
    /// What went over earlier connections.
    moved: u64,
    resumed_from: Option<u64>,
}

/// Where the file is.
#[derive(Debug, Clone)]
pub(crate) enum Origin {
    /// At this path.
    Path(PathBuf),
    /// In this folder, by these names, through no link.
    In(Top, PathBuf),
}

impl Origin {
    fn path(&self) -> PathBuf {
        match self {
            Self::Path(path) => path.clone(),
            Self::In(top, names) => top.path_of(names),
        }
    }

    fn open(&self) -> Result<Local, ClientError> {
        match self {
            Self::Path(path) => Local::open(path),
            Self::In(top, names) => Local::of(&top.path_of(names), top.open_file(names)?),
        }
    }
}

#[derive(Debug, Clone)]
struct Seen {
    local: Local,
    /// The hashes of its first groups, as far as they had to be made.
    hashes: Arc<Vec<GroupHash>>,
    root: Option<Root>,
}

impl Job for Put {
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
                Again::Fresh => {
                    report.notice(Notice::StartedOver);
                    self.options.fresh = true;
                }
                Again::Changed => {
                    self.changes += 1;
                    if self.changes > CHANGES_MAX {
                        return Err(ClientError::KeepsChanging(self.origin.path()));
                    }
                    report.notice(Notice::SourceChanged);
                    self.seen = None;
                }
                Again::Later(refusal) => self.patience.wait(refusal).await?,
            }
        }
    }
}

impl Put {
    pub(crate) fn new(hands: Hands, room: RoomKey, origin: Origin, options: PutOptions) -> Self {
        let (seen, patience) = (None, Patience::default());
        Self {
            hands,
            room,
            origin,
            options,
            seen,
            changes: 0,
            patience,
            may_be_there: false,
            moved: 0,
            resumed_from: None,
        }
    }

    /// One offer and what follows.
    async fn attempt(&mut self, room: &RoomStand, report: &Report) -> Result<Result<Outcome, Again>, ClientError> {
        let seen = self.look().await?;
        report.change(|progress| progress.bytes_total = seen.local.size);
        self.compare(&seen, report).await?;
        let key =
            self.hands.secret().key(self.hands.server(), &room.full_name(), self.options.to.as_str(), &seen.local.path);
        let key = self.hands.hold(key);
        let seen = self.seen.clone().unwrap_or(seen);
        let offer = self.offer(&seen, key.key());
        let line = Arc::new(Line::new(0));
        report.state(State::Waiting);
        let begun = match self.hands.begin(self.room, FileRequest::Offer(offer), &line, seen.local.size).await {
            Err(ClientError::Refused(refusal)) if refusal.retry_after_ms.is_some() => {
                return Ok(Err(Again::Later(refusal)));
            }
            begun => begun?,
        };
        let Begun { lease, answer: FileAnswer::Accepted(accepted) } = begun else {
            return Err(out_of_place(&begun.answer));
        };
        if accepted.restarted {
            report.notice(Notice::StartedOver);
        }
        let Some(before) = self.check(&accepted, report).await? else {
            lease.stop(Refusal::new(Code::Changed, "what the server has is of another content"), false);
            return Ok(Err(Again::Fresh));
        };
        // From here on the server's part is ours, also on another connection.
        self.options.fresh = false;
        let resumed_from = *self.resumed_from.get_or_insert(accepted.from);
        report.change(|progress| progress.resumed_from = resumed_from);
        line.reach(accepted.from);
        self.send(&lease, &accepted, before);
        let ended = carry::follow(report, &line, Direction::Put).await;
        self.moved += line.moved();
        self.after(lease, ended, &accepted, &line)
    }

    /// Opens the file and looks at it, unless that was done and it has not changed.
    async fn look(&mut self) -> Result<Seen, ClientError> {
        let (origin, seen) = (self.origin.clone(), self.seen.clone());
        let seen = blocking(move |_| {
            let local = origin.open()?;
            match seen {
                Some(seen) if (seen.local.size, seen.local.modified) == (local.size, local.modified) => Ok(seen),
                _ => Ok(Seen { local, hashes: Arc::default(), root: None }),
            }
        })
        .await?;
        self.seen = Some(seen.clone());
        Ok(seen)
    }

    /// If a file of the same size stands there, hashes ours, so that the server can tell whether it is the same.
    async fn compare(&mut self, seen: &Seen, report: &Report) -> Result<(), ClientError> {
        if seen.root.is_some() || self.on_conflict() == OnConflict::Fail || seen.local.size == 0 {
            return Ok(());
        }
        let path = self.options.to.as_str();
        let list = List { room: RoomId(0), path: path.to_owned(), recursive: false, after: String::new() };
        let entries = match self.hands.file_question(self.room, FileRequest::List(list)).await {
            Ok(FileAnswer::Entries(entries)) => entries.entries,
            Ok(other) => return Err(out_of_place(&other)),
            // Whatever is wrong there, the offer's answer says it.
            Err(ClientError::Refused(_)) => return Ok(()),
            Err(error) => return Err(error),
        };
        let is_like_ours =
            entries.iter().any(|entry| entry.path == path && entry.sort == Sort::File && entry.size == seen.local.size);
        if is_like_ours {
            report.state(State::Checking);
            let hashes = self.hash(seen.local.size).await?;
            if let Some(seen) = &mut self.seen {
                seen.root = Some(prefix_of(&hashes).0.finish());
            }
        }
        Ok(())
    }

    /// The hashes of the file's groups before `upto`.
    async fn hash(&mut self, upto: u64) -> Result<Arc<Vec<GroupHash>>, ClientError> {
        let Some(seen) = self.seen.clone() else { return Ok(Arc::default()) };
        if seen.hashes.len() as u64 >= groups_of(upto) {
            return Ok(seen.hashes);
        }
        let hashes = Arc::new(blocking(move |stop| seen.local.hashes(upto, stop)).await?);
        if let Some(seen) = &mut self.seen {
            seen.hashes = Arc::clone(&hashes);
        }
        Ok(hashes)
    }

    /// What is to be done if the path is taken. If by what went there before, that is what was wanted.
    fn on_conflict(&self) -> OnConflict {
        match self.options.on_conflict {
            OnConflict::Fail if self.may_be_there => OnConflict::Same,
            wanted => wanted,
        }
    }

    fn offer(&self, seen: &Seen, key: TransferKey) -> Offer {
        let PutOptions { to, announce, fresh, .. } = &self.options;
        Offer {
            room: RoomId(0),
            path: to.as_str().to_owned(),
            size: seen.local.size,
            modified_ms: seen.local.modified_ms(),
            key,
            fresh: *fresh,
            on_conflict: self.on_conflict(),
            root: seen.root,
            announce: *announce,
        }
    }

    /// Whether what the server has is the beginning of our file; if so, the hashes of that.
    async fn check(&mut self, accepted: &Accepted, report: &Report) -> Result<Option<RootBuilder>, ClientError> {
        let size = self.seen.as_ref().map_or(0, |seen| seen.local.size);
        let from = accepted.from;
        if from > size || (from != size && !from.is_multiple_of(proto::limits::GROUP_BYTES)) {
            let words = format!("the server wants a file of {size} bytes from byte {from} on");
            return Err(Refusal::new(Code::Overrun, words).into());
        }
        if from == 0 || (from == size && self.seen.as_ref().is_some_and(|seen| seen.root.is_some())) {
            // Nothing is there, or the root said already that it is the same.
            return Ok(Some(RootBuilder::new()));
        }
        report.state(State::Checking);
        let hashes = self.hash(from).await?;
        let groups = usize::try_from(groups_of(from)).unwrap_or(usize::MAX);
        let (before, prefix) = prefix_of(hashes.get(..groups).unwrap_or(&hashes));
        Ok((prefix == accepted.prefix).then_some(before))
    }

    /// Hands the file over to the connection, if anything of it is to go.
    fn send(&self, lease: &Lease, accepted: &Accepted, before: RootBuilder) {
        let Some(seen) = &self.seen else { return };
        // Then it is the server's to say that it is in its place.
        if accepted.from == seen.local.size {
            return;
        }
        let options = SourceOptions {
            size: seen.local.size,
            from: accepted.from,
            credit: accepted.credit,
            hashing: Hashing::Compute { before },
            root: None,
            arriving: None,
        };
        let board = Arc::clone(lease.board());
        let content: Arc<dyn Content> = seen.local.content.clone();
        lease.send(Source::new(content, options, Arc::new(move || board.wake())));
    }

    /// What it means that a transfer ended so.
    fn after(
        &mut self,
        lease: Lease,
        ended: Ended,
        accepted: &Accepted,
        line: &Line,
    ) -> Result<Result<Outcome, Again>, ClientError> {
        lease.free();
        match ended {
            Ended::Committed(committed) => Ok(Ok(self.outcome(committed))),
            Ended::Broken => {
                self.hands.broke(line);
                self.may_be_there |= self.seen.as_ref().is_some_and(|seen| line.reached() >= seen.local.size);
                Ok(Err(Again::Away))
            }
            Ended::Failed(refusal) if refusal.code == Code::Changed => Ok(Err(Again::Changed)),
            Ended::Failed(refusal) => Err(refusal.into()),
            // What has come is kept there.
            Ended::Stopped(refusal) if matches!(refusal.code, Code::TooSlow | Code::Stopped) => {
                self.patience.reached(accepted.from);
                Ok(Err(Again::Later(refusal)))
            }
            Ended::Stopped(refusal) => Err(refusal.into()),
            Ended::Finished { .. } => Err(ClientError::Closed),
        }
    }

    fn outcome(&self, committed: Committed) -> Outcome {
        let Committed { path, size, root, same, .. } = committed;
        Outcome {
            renamed: path != self.options.to.as_str(),
            place: Place::Room(path),
            size,
            root: Some(root),
            same,
            resumed_from: self.resumed_from.unwrap_or(0),
            moved: self.moved,
            files: 1,
            skipped: Vec::new(),
        }
    }
}
