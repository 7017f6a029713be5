//! Small files, fetched many at a time.

use std::sync::Arc;

use proto::message::{FetchMany, FileAnswer, FileRequest, PackOutcome, PackedFile, Parcel};
use proto::{Code, Refusal, RoomId};
use transfer::pack::{self, Storing};
use transfer::partial::PartialFolder;

use super::{Fetcher, Plan, Wanted};
use crate::error::{ClientError, Fault};
use crate::files::carry::Patience;
use crate::files::hands::{is_away, out_of_place};
use crate::files::local::blocking;

/// A file that comes damaged is asked for this often.
const TRIES_MAX: u32 = 3;

impl Fetcher {
    /// Fetches some small files at once, and again what did not come with the others.
    pub(super) async fn batch(self: Arc<Self>, plan: Arc<Plan>, batch: Vec<Arc<Wanted>>) -> Result<(), ClientError> {
        let mut rest = self.without_those_here(&plan, batch).await?;
        let mut tries = 0;
        while !rest.is_empty() {
            let asked = rest.len();
            let parcel = match self.ask_parcel(&rest).await {
                Ok(parcel) => parcel,
                Err(ClientError::Refused(refusal)) => return self.skip_all(rest, &refusal),
                Err(error) => return Err(error),
            };
            rest = Arc::clone(&self).take_parcel(&plan, rest, parcel).await?;
            tries = if rest.len() < asked { 0 } else { tries + 1 };
            if tries >= TRIES_MAX {
                let refusal = Refusal::new(Code::Damaged, "it came damaged again and again, or not at all");
                return self.skip_all(rest, &refusal);
            }
        }
        Ok(())
    }

    /// Those that are not here already, as far as that is known without reading them.
    async fn without_those_here(&self, plan: &Plan, batch: Vec<Arc<Wanted>>) -> Result<Vec<Arc<Wanted>>, ClientError> {
        if self.options.on_conflict == proto::message::OnConflict::Fail {
            return Ok(batch);
        }
        let tree = Arc::clone(&plan.tree);
        let (here, rest): (Vec<_>, Vec<_>) = blocking(move |_| {
            Ok(batch.into_iter().partition(|wanted| {
                let receipt = tree.look(&wanted.to).ok().flatten().and_then(|found| found.receipt);
                receipt.is_some_and(|receipt| Some(receipt.root) == wanted.root && receipt.size == wanted.size)
            }))
        })
        .await?;
        for wanted in here {
            self.tally.done(wanted.size, 0, true, false);
            wanted.done();
        }
        Ok(rest)
    }

    /// Asks until it is answered.
    async fn ask_parcel(&self, wanted: &[Arc<Wanted>]) -> Result<Parcel, ClientError> {
        let mut patience = Patience::default();
        let paths: Vec<_> = wanted.iter().map(|wanted| wanted.from.to_string()).collect();
        let _turn = self.hands.pack_turn().await?;
        loop {
            self.hands.ready(self.room).await?;
            let fetch = FetchMany { room: RoomId(0), paths: paths.clone() };
            match self.hands.file_question(self.room, FileRequest::FetchMany(fetch)).await {
                Ok(FileAnswer::Parcel(parcel)) => return Ok(parcel),
                Ok(other) => return Err(out_of_place(&other)),
                Err(error) if is_away(&error) => {}
                Err(ClientError::Refused(refusal)) if refusal.retry_after_ms.is_some() => {
                    patience.wait(refusal).await?;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Stores what came; gives back what has to be asked for again.
    async fn take_parcel(
        self: Arc<Self>,
        plan: &Arc<Plan>,
        asked: Vec<Arc<Wanted>>,
        parcel: Parcel,
    ) -> Result<Vec<Arc<Wanted>>, ClientError> {
        let as_asked = |(wanted, file): (&Arc<Wanted>, &PackedFile)| wanted.from.as_str() == file.path;
        if parcel.files.len() != asked.len() || !asked.iter().zip(&parcel.files).all(as_asked) {
            return Err(Fault::OutOfPlace { kind: "Parcel".to_owned() }.into());
        }
        let (mut rest, mut came, mut files) = (Vec::new(), Vec::new(), Vec::new());
        for (wanted, file) in asked.into_iter().zip(parcel.files) {
            match file.code {
                None => {
                    // From here on it is a file of the folder here.
                    files.push(PackedFile { path: wanted.to.to_string(), ..file });
                    came.push(wanted);
                }
                Some(Code::TooManyEntries) => rest.push(wanted),
                // It has grown since it was listed.
                Some(Code::FileTooLarge) => Arc::clone(&self).single(Arc::clone(plan), wanted).await?,
                Some(code) => {
                    let words = "the server could not send it";
                    self.tally.skip(wanted.from.as_str(), Refusal::new(code, words).into())?;
                    wanted.done();
                }
            }
        }
        let outcomes = self.store(plan, &files).await?;
        for ((wanted, file), outcome) in came.into_iter().zip(files).zip(outcomes) {
            let size = file.bytes.len() as u64;
            match outcome {
                PackOutcome::Stored => self.tally.done(size, size, false, false),
                PackOutcome::Renamed(_) => self.tally.done(size, size, false, true),
                PackOutcome::Same => self.tally.done(size, size, true, false),
                PackOutcome::Refused(refusal) if refusal.code == Code::Damaged => {
                    rest.push(wanted);
                    continue;
                }
                PackOutcome::Refused(refusal) if refusal.code == Code::PathTaken => {
                    let path = self.target.join(wanted.to.as_str());
                    self.tally.skip(wanted.from.as_str(), ClientError::TakenHere(path))?;
                }
                PackOutcome::Refused(refusal) => self.tally.skip(wanted.from.as_str(), refusal.into())?,
            }
            wanted.done();
        }
        Ok(rest)
    }

    async fn store(&self, plan: &Plan, files: &[PackedFile]) -> Result<Vec<PackOutcome>, ClientError> {
        if files.is_empty() {
            return Ok(Vec::new());
        }
        let (tree, files, on_conflict) = (Arc::clone(&plan.tree), files.to_vec(), self.options.on_conflict);
        let target = self.target.clone();
        blocking(move |_| {
            let folder = tree.folder(None).map_err(|error| {
                let error = std::io::Error::other(error.to_string());
                ClientError::local("use", &target, &error)
            })?;
            let how = Storing { on_conflict, by: "", may_replace: &|_| true };
            Ok(pack::store(&tree, &PartialFolder::of(folder), &files, &how))
        })
        .await
    }

    fn skip_all(&self, all: Vec<Arc<Wanted>>, refusal: &Refusal) -> Result<(), ClientError> {
        for wanted in all {
            self.tally.skip(wanted.from.as_str(), refusal.clone().into())?;
            wanted.done();
        }
        Ok(())
    }
}
