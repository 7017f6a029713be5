//! Many small files at once: each is checked, written under a private name, and placed, but the disk is waited for only
//! twice, however many they are. A server stores a `Pack` so, a client a `Parcel`.

use std::fs::File;
use std::io::{self, Write};

use proto::limits::PACK_FILE_BYTES_MAX;
use proto::message::{OnConflict, PackOutcome, PackedFile};
use proto::{Code, FileVersion, Refusal, RelPath, Root};

use crate::partial::{PartialFolder, random_bytes};
use crate::tree::{Facts, Found, Going, Placed, Ready, ToSync, Tree, TreeError};

/// How small files are stored.
#[derive(Clone, Copy)]
pub struct Storing<'a> {
    /// What to do when a path is taken.
    pub on_conflict: OnConflict,
    /// Who sends them; for their receipts.
    pub by: &'a str,
    /// Whether a file that is there may be replaced.
    pub may_replace: &'a dyn Fn(&Found) -> bool,
}

impl std::fmt::Debug for Storing<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Storing").field("on_conflict", &self.on_conflict).field("by", &self.by).finish_non_exhaustive()
    }
}

/// A file on its way into the tree.
enum Step {
    /// What becomes of it is known.
    Over(PackOutcome),
    /// It is good, and not there as far as is known.
    Checked(RelPath),
    /// It is written, under a private name.
    Written(Going),
}

/// Stores small files; gives one outcome a file, in order. What is `Stored`, `Renamed` or `Same` is on disk when this
/// returns. `temporaries` has to be on the tree's file system.
pub fn store(tree: &Tree, temporaries: &PartialFolder, files: &[PackedFile], how: &Storing<'_>) -> Vec<PackOutcome> {
    let mut steps: Vec<Step> = files.iter().map(check).collect();
    skip_same(tree, files, &mut steps, how);
    if let Err(error) = write_all(temporaries, files, &mut steps, how.by) {
        let refused = || PackOutcome::Refused(TreeError::io("a pack of files", copy_of(&error)).refusal());
        steps.iter_mut().filter(|step| !matches!(step, Step::Over(_))).for_each(|step| *step = Step::Over(refused()));
    }
    place_all(tree, steps, how)
}

/// Whether a file is what its hash says, and its path one.
fn check(file: &PackedFile) -> Step {
    let refused = |refusal| Step::Over(PackOutcome::Refused(refusal));
    let path: RelPath = match file.path.parse() {
        Ok(path) => path,
        Err(error) => return refused(Refusal::bad_path(&file.path, &error)),
    };
    if let Some(code) = file.code {
        return refused(Refusal::new(code, format!("{path} did not come")));
    }
    if file.bytes.len() as u64 > PACK_FILE_BYTES_MAX {
        let words = format!("{path} is too large to travel with others");
        return refused(Refusal::new(Code::FileTooLarge, words).with_limit("pack_file_bytes", PACK_FILE_BYTES_MAX));
    }
    if Root(blake3::hash(&file.bytes).into()) != file.root {
        return refused(Refusal::new(Code::Damaged, format!("{path} is not what its hash says")));
    }
    Step::Checked(path)
}

/// Passes over files that are there, as far as is known without reading them.
fn skip_same(tree: &Tree, files: &[PackedFile], steps: &mut [Step], how: &Storing<'_>) {
    if how.on_conflict == OnConflict::Fail {
        return;
    }
    let asked = steps.iter().zip(files).map(|(step, file)| match step {
        Step::Checked(path) => Some((path, file.root)),
        _ => None,
    });
    let have = tree.have(asked);
    for (step, _) in steps.iter_mut().zip(have).filter(|(_, has)| *has) {
        *step = Step::Over(PackOutcome::Same);
    }
}

/// Writes files under private names, and waits until they are on disk.
fn write_all(temporaries: &PartialFolder, files: &[PackedFile], steps: &mut [Step], by: &str) -> io::Result<()> {
    let mut temporary = Temporary { folder: temporaries, by, random: random_bytes()?, count: 0 };
    let mut written = Vec::new();
    for (step, file) in steps.iter_mut().zip(files) {
        let Step::Checked(path) = step else { continue };
        *step = match temporary.write(file) {
            Ok((ready, handle)) => {
                // Open files cost; where one sync does for all, one handle is enough.
                if written.is_empty() || !SYNCS_AT_ONCE {
                    written.push(handle);
                }
                Step::Written(Going { ready, path: path.clone() })
            }
            Err(error) => Step::Over(PackOutcome::Refused(TreeError::io(path.as_str(), error).refusal())),
        };
    }
    #[cfg(target_os = "linux")]
    if let (Some(first), true) = (written.first(), temporary.count > 1) {
        return Ok(rustix::fs::syncfs(first)?);
    }
    written.iter().try_for_each(File::sync_all)
}

/// Whether the system can put on disk all that was written to a file system, at once.
const SYNCS_AT_ONCE: bool = cfg!(target_os = "linux");

/// Makes the private files of a pack.
struct Temporary<'a> {
    folder: &'a PartialFolder,
    by: &'a str,
    random: [u8; 16],
    count: u32,
}

impl Temporary<'_> {
    fn write(&mut self, file: &PackedFile) -> io::Result<(Ready, File)> {
        self.count += 1;
        let mut hasher = blake3::Hasher::new_keyed(blake3::hash(&self.random).as_bytes());
        hasher.update(&self.count.to_be_bytes());
        let mut version = FileVersion([0; 16]);
        hasher.finalize_xof().fill(&mut version.0);
        let facts = Facts {
            size: file.bytes.len() as u64,
            root: file.root,
            version,
            modified_ms: file.modified_ms,
            by: self.by,
        };
        let (name, mut handle) = self.folder.temporary(&version.0)?;
        // Made before it is written, so that what cannot be written is removed.
        let ready = Ready::new(self.folder.folder().clone(), name, &facts);
        handle.write_all(&file.bytes)?;
        ready.seal(&handle, &facts)?;
        Ok((ready, handle))
    }
}

/// Gives what was written its place, and waits until that is on disk.
fn place_all(tree: &Tree, steps: Vec<Step>, how: &Storing<'_>) -> Vec<PackOutcome> {
    let mut sync = ToSync::default();
    let (mut going, mut paths) = (Vec::new(), Vec::new());
    let steps: Vec<Option<PackOutcome>> = steps
        .into_iter()
        .map(|step| match step {
            Step::Written(file) => {
                paths.push(file.path.clone());
                going.push(file);
                None
            }
            Step::Over(outcome) => Some(outcome),
            Step::Checked(path) => Some(PackOutcome::Refused(TreeError::NotFound(path.to_string()).refusal())),
        })
        .collect();
    let placed = tree.place_all(going, how.on_conflict, how.may_replace, &mut sync);
    let synced = tree.sync(sync);
    let mut placed = placed.into_iter().zip(paths).map(|(placed, path)| outcome(placed, &path, &synced));
    steps.into_iter().filter_map(|step| step.or_else(|| placed.next())).collect()
}

fn outcome(placed: Result<Placed, TreeError>, path: &RelPath, synced: &Result<(), TreeError>) -> PackOutcome {
    match (placed, synced) {
        (Err(error), _) => PackOutcome::Refused(error.refusal()),
        (Ok(Placed { same: true, .. }), _) => PackOutcome::Same,
        (Ok(_), Err(error)) => PackOutcome::Refused(error.refusal()),
        (Ok(placed), Ok(())) if placed.path == *path => PackOutcome::Stored,
        (Ok(placed), Ok(())) => PackOutcome::Renamed(placed.path.to_string()),
    }
}

fn copy_of(error: &io::Error) -> io::Error {
    error.raw_os_error().map_or_else(|| error.kind().into(), io::Error::from_raw_os_error)
}
