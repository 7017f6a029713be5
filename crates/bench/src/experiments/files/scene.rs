//! What the arms of a throughput trial do, each from its start to the moment it is done.

use std::path::{Path, PathBuf};
use std::time::Duration;

use chat_client::{ClientError, GetTarget, Outcome};
use proto::{Code, Root};

use super::MoveTrial;
use crate::error::BenchError;
use crate::experiments::Setting;
use crate::files::peers::{self, Iperf, Nginx, Rsync};
use crate::files::{Ground, Moved, Stage, Store, failed, fill};

/// The big file's name, wherever it stands.
const NAME: &str = "big.bin";

/// Of less than this iperf3 may count nothing at all.
const IPERF_BYTES_MIN: u64 = 256 * 1024 * 1024;

/// How often somebody asks for a file that is not there yet.
const ASK_AGAIN: Duration = Duration::from_millis(1);

/// What all trials of a run share: the file, and a server's folder that has it already.
#[derive(Debug)]
pub(super) struct Scene<'a> {
    ground: Ground,
    setting: &'a Setting,
    /// The folder the file stands in, and nothing else.
    root: PathBuf,
    bytes: u64,
    /// A server's data with the file in it, and the file's hash.
    stored: Option<(PathBuf, Option<Root>)>,
}

impl<'a> Scene<'a> {
    /// Makes the file.
    ///
    /// # Errors
    /// If there is no place for it.
    pub(super) fn new(ground: Ground, bytes: u64, setting: &'a Setting) -> Result<Self, BenchError> {
        let root = ground.fresh_on_disk("root")?;
        fill(&root.join(NAME), bytes, setting.seed)?;
        Ok(Self { ground, setting, root, bytes, stored: None })
    }

    /// Where the files of the run stand.
    pub(super) const fn ground(&self) -> &Ground {
        &self.ground
    }

    /// See [`Ground::settle`].
    pub(super) fn settle(&mut self) {
        self.ground.settle();
    }

    /// Sends the file to a server of ours, once for all trials that fetch it.
    ///
    /// # Errors
    /// If it does not get there.
    pub(super) fn store(&mut self) -> Result<(), BenchError> {
        let data = self.ground.fresh_on_disk("stored")?;
        let stage = Stage::open(Store(&data), self.setting)?;
        let person = stage.person("keeper")?;
        let outcome = stage.act(person.put(&self.source(), NAME))??;
        self.stored = Some((data, outcome.root));
        Ok(())
    }

    fn source(&self) -> PathBuf {
        self.root.join(NAME)
    }

    pub(super) fn iperf(&self) -> Result<MoveTrial, BenchError> {
        let bytes = self.bytes.max(IPERF_BYTES_MIN);
        let moved = Iperf::open(self.setting)?.send(bytes, self.setting)?;
        // Its sender tells its receiver that it is done while the last bytes are still on their way.
        let loss = (moved.bytes < bytes / 2).then(|| format!("iperf3 brought {} bytes only", moved.bytes));
        Ok(MoveTrial { moved, loss })
    }

    pub(super) fn nginx(&self) -> Result<MoveTrial, BenchError> {
        let own = self.ground.fresh_on_disk("nginx")?;
        self.checked(Nginx::open(&self.root, &own, self.setting)?.fetch(NAME, self.setting)?)
    }

    pub(super) fn download(&self) -> Result<MoveTrial, BenchError> {
        self.fetch(GetTarget::Nowhere)
    }

    pub(super) fn disk_download(&self) -> Result<MoveTrial, BenchError> {
        let to = self.ground.fresh_on_disk("fetched")?;
        let trial = self.fetch(GetTarget::File(to.join(NAME)))?;
        remove(&to)?;
        Ok(trial)
    }

    fn fetch(&self, target: GetTarget) -> Result<MoveTrial, BenchError> {
        let not_stored = || BenchError::Usage("the file to be fetched was not stored".to_owned());
        let (data, root) = self.stored.as_ref().ok_or_else(not_stored)?;
        let stage = Stage::open(Store(data), self.setting)?;
        let person = stage.person("taker")?;
        let moved = stage.timed(async {
            let outcome = person.fetch(NAME, target).await?;
            same_root(&outcome, *root)?;
            Ok((outcome.moved, 1))
        })?;
        self.checked(moved)
    }

    pub(super) fn upload(&self) -> Result<MoveTrial, BenchError> {
        self.put(&self.ground.fresh_in_memory("upload")?)
    }

    pub(super) fn disk_upload(&self) -> Result<MoveTrial, BenchError> {
        self.put(&self.ground.fresh_on_disk("upload")?)
    }

    fn put(&self, data: &Path) -> Result<MoveTrial, BenchError> {
        let stage = Stage::open(Store(data), self.setting)?;
        let person = stage.person("sender")?;
        let source = self.source();
        let moved = stage.timed(async {
            let outcome = person.put(&source, NAME).await?;
            Ok((outcome.moved, 1))
        })?;
        drop((person, stage));
        remove(data)?;
        self.checked(moved)
    }

    /// One sends, and another fetches while it comes; done when the other has all of it.
    pub(super) fn relay(&self) -> Result<MoveTrial, BenchError> {
        let data = self.ground.fresh_in_memory("relay")?;
        let stage = Stage::open(Store(&data), self.setting)?;
        let (sender, taker) = (stage.person("sender")?, stage.person("taker")?);
        let source = self.source();
        let moved = stage.timed(async {
            let fetched = async {
                loop {
                    match taker.try_fetch(NAME, GetTarget::Nowhere).await? {
                        Err(ClientError::Refused(refusal)) if refusal.code == Code::NoSuchFile => {
                            tokio::time::sleep(ASK_AGAIN).await;
                        }
                        other => return other.map_err(failed),
                    }
                }
            };
            let (sent, fetched) = tokio::try_join!(sender.put(&source, NAME), fetched)?;
            same_root(&fetched, sent.root)?;
            Ok((fetched.moved, 1))
        })?;
        drop((sender, taker, stage));
        remove(&data)?;
        self.checked(moved)
    }

    pub(super) fn copy(&self) -> Result<MoveTrial, BenchError> {
        self.copied(peers::copy)
    }

    pub(super) fn copy_synced(&self) -> Result<MoveTrial, BenchError> {
        self.copied(peers::copy_synced)
    }

    fn copied(
        &self,
        copy: fn(&Path, &Path, &crate::interrupt::Interrupt) -> Result<Moved, BenchError>,
    ) -> Result<MoveTrial, BenchError> {
        let to = self.ground.fresh_on_disk("copied")?;
        let moved = copy(&self.source(), &to.join(NAME), &self.setting.interrupt)?;
        remove(&to)?;
        self.checked(moved)
    }

    pub(super) fn rsync_upload(&self) -> Result<MoveTrial, BenchError> {
        let (to, own) = (self.ground.fresh_on_disk("rsync-module")?, self.ground.fresh_on_disk("rsync")?);
        let moved = Rsync::open(&to, &own, self.setting)?.send(&self.source(), (self.bytes, 1), self.setting)?;
        self.arrived(moved, &to)
    }

    pub(super) fn rsync_download(&self) -> Result<MoveTrial, BenchError> {
        let (to, own) = (self.ground.fresh_on_disk("rsync-fetched")?, self.ground.fresh_on_disk("rsync")?);
        let rsync = Rsync::open(&self.root, &own, self.setting)?;
        let moved = rsync.fetch(NAME, &to, (self.bytes, 1), self.setting)?;
        self.arrived(moved, &to)
    }

    /// A move of a program that does not say how much it moved: the file in `folder` does.
    fn arrived(&self, moved: Moved, folder: &Path) -> Result<MoveTrial, BenchError> {
        let bytes = std::fs::metadata(folder.join(NAME)).map_or(0, |found| found.len());
        remove(folder)?;
        self.checked(Moved { bytes, ..moved })
    }

    #[expect(clippy::unnecessary_wraps, reason = "ends every arm alike")]
    fn checked(&self, moved: Moved) -> Result<MoveTrial, BenchError> {
        Ok(MoveTrial::of(moved, self.bytes))
    }
}

fn same_root(outcome: &Outcome, root: Option<Root>) -> Result<(), BenchError> {
    if outcome.root == root {
        return Ok(());
    }
    Err(BenchError::protocol("chat-server", "what came is not what was sent"))
}

fn remove(folder: &Path) -> Result<(), BenchError> {
    std::fs::remove_dir_all(folder).map_err(BenchError::io("cannot take a trial's files away"))
}
