//! The transfers that a conversation has under way, by number.

use std::collections::BTreeMap;
use std::future::pending;
use std::time::Duration;

use chat_client::{Client, ClientError, Direction, GetOptions, Outcome, RelPath, RoomKey, State, Transfer};
use futures::future::select_all;
use proto::Code;
use tokio::time::Instant;

use super::teller::Teller;
use crate::cli::input::Control;
use crate::cli::view::bar::Gauge;
use crate::cli::view::files::name;

/// How often they are looked at.
const EVERY: Duration = Duration::from_millis(250);

/// Columns of a bar in a list, behind its number and its direction.
const BAR_COLUMNS: usize = 68;

/// The transfers.
#[derive(Debug, Default)]
pub(super) struct Transfers {
    under_way: BTreeMap<u32, Entry>,
    last: u32,
    /// When they were last looked at.
    told_at: Option<Instant>,
}

#[derive(Debug)]
struct Entry {
    asked: String,
    direction: Direction,
    transfer: Transfer,
    /// Where it is fetched from, if it may yet turn out to be a folder.
    from: Option<(RoomKey, RelPath)>,
    teller: Teller,
    started: Instant,
}

/// How one ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) number: u32,
    pub(super) asked: String,
    pub(super) direction: Direction,
    pub(super) took: Duration,
    pub(super) result: Result<Outcome, ClientError>,
    /// What had to be known and was not said before.
    pub(super) notices: Vec<String>,
}

impl Transfers {
    pub(super) fn is_empty(&self) -> bool {
        self.under_way.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.under_way.len()
    }

    /// Takes one that has begun.
    pub(super) fn add(&mut self, asked: String, direction: Direction, transfer: Transfer) {
        self.insert(asked, direction, transfer, None);
    }

    /// Takes one that fetches a file, which may turn out to be a folder.
    pub(super) fn add_fetch(&mut self, asked: String, transfer: Transfer, room: RoomKey, path: RelPath) {
        self.insert(asked, Direction::Get, transfer, Some((room, path)));
    }

    /// Waits for the next end; for ever, if nothing is under way. Safe to be dropped while it waits.
    pub(super) async fn next_ended(&mut self, client: &Client) -> Ended {
        loop {
            let (number, result) = self.first_end().await;
            let Some(mut entry) = self.under_way.remove(&number) else { continue };
            if let (Err(ClientError::Refused(refusal)), Some((room, path))) = (&result, entry.from.take())
                && refusal.code == Code::WrongSort
            {
                let goal = path.name().to_owned();
                entry.transfer = client.fetch_folder(room, Some(path), goal, GetOptions::default());
                self.under_way.insert(number, entry);
                continue;
            }
            let notices = entry.teller.notices(&entry.transfer.progress().borrow());
            let (asked, direction, took) = (entry.asked, entry.direction, entry.started.elapsed());
            return Ended { number, asked, direction, took, result, notices };
        }
    }

    /// When something may be to be said of them.
    pub(super) fn due(&self) -> Option<Instant> {
        let told_at = self.told_at.filter(|_| !self.is_empty())?;
        Some(told_at + EVERY)
    }

    /// What is to be said of them now.
    pub(super) fn tell(&mut self, now: Instant) -> Vec<String> {
        if self.due().is_none_or(|due| now < due) {
            return Vec::new();
        }
        self.told_at = Some(now);
        let mut lines = Vec::new();
        for (number, entry) in &mut self.under_way {
            let progress = entry.transfer.progress().borrow().clone();
            lines.extend(entry.teller.tell(now, &progress).into_iter().map(|line| format!("#{number} {line}")));
        }
        lines
    }

    /// A bar for each; nothing if there are none. Without a connection none moves, whatever it was told last: the
    /// conversation hears of its end before the transfers do.
    pub(super) fn bars(&self, is_online: bool) -> Vec<String> {
        let bar = |(number, entry): (&u32, &Entry)| {
            let sign = match entry.direction {
                Direction::Put => "put",
                Direction::Get => "get",
            };
            let mut progress = entry.transfer.progress().borrow().clone();
            if !is_online && matches!(progress.state, State::Waiting | State::Running) {
                progress.state = State::Offline;
            }
            format!("#{number} {sign} {}", Gauge::from(&progress).bar(BAR_COLUMNS))
        };
        self.under_way.iter().map(bar).collect()
    }

    /// Pauses one, lets it go on, or ends it. Returns what to say.
    ///
    /// # Errors
    /// Words, if there is none of that number.
    pub(super) fn control(&self, number: u32, control: Control) -> Result<Option<String>, String> {
        let Some(entry) = self.under_way.get(&number) else {
            return Err(match self.under_way.keys().next() {
                Some(_) => format!("there is no transfer #{number}; /transfers shows those there are"),
                None => "nothing is under way".to_owned(),
            });
        };
        let asked = name(&entry.asked);
        Ok(match control {
            Control::Pause => {
                entry.transfer.pause();
                Some(format!("#{number} {asked}: paused; /resume {number} lets it go on"))
            }
            Control::Resume => {
                entry.transfer.resume();
                Some(format!("#{number} {asked}: goes on"))
            }
            // Its end says that it was cancelled.
            Control::Cancel => {
                entry.transfer.cancel();
                None
            }
        })
    }

    async fn first_end(&mut self) -> (u32, Result<Outcome, ClientError>) {
        if self.is_empty() {
            return pending().await;
        }
        let ends = self.under_way.iter_mut();
        let ends = ends.map(|(number, entry)| Box::pin(async { (*number, entry.transfer.done().await) }));
        select_all(ends).await.0
    }

    fn insert(&mut self, asked: String, direction: Direction, transfer: Transfer, from: Option<(RoomKey, RelPath)>) {
        self.last += 1;
        let started = Instant::now();
        let entry = Entry { asked, direction, transfer, from, teller: Teller::new(started), started };
        self.under_way.insert(self.last, entry);
        self.told_at.get_or_insert(started);
    }
}
