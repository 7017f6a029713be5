//! Many small files at once: each is checked, written under a private name, and placed, but the disk is waited for only
//! twice, however many they are. A server stores a `Pack` so, a client a `Parcel`.

use std::fs::File;
use std::io::{self, Write};

use proto::limits::PACK_FILE_BYTES_MAX;
use proto::message::{OnConflict, PackOutcome, PackedFile};
use proto::{Code, FileVersion, Refusal, RelPath, Root};

use crate::partial::{PartialFolder, random_bytes};
use crate::tree::{Facts, Found, Placed, Ready, ToSync, Tree, TreeError};

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
    /// It is written, under a private name.
    Written { path: RelPath, ready: Ready, file: Option<File> },
    /// It has its place, but that is not on disk yet.
    Placed(PackOutcome),
}

/// Stores small files; gives one outcome a file, in order. What is `Stored`, `Renamed` or `Same` is on disk when this
/// returns. `temporaries` has to be on the tree's file system.
pub fn store(tree: &Tree, temporaries: &PartialFolder, files: &[PackedFile], how: &Storing<'_>) -> Vec<PackOutcome> {
    let mut steps: Vec<Step> = files.iter().map(|file| write(tree, temporaries, file, how)).collect();
    if let Err(error) = sync_written(&mut steps) {
        let refused = || Step::Over(PackOutcome::Refused(TreeError::io("a pack of files", copy_of(&error)).refusal()));
        steps.iter_mut().filter(|step| matches!(step, Step::Written { .. })).for_each(|step| *step = refused());
    }
    let mut sync = ToSync::default();
    let mut steps: Vec<Step> = steps.into_iter().map(|step| place(tree, step, how, &mut sync)).collect();
    if let Err(error) = tree.sync(sync) {
        let refused = || Step::Over(PackOutcome::Refused(error.refusal()));
        steps.iter_mut().filter(|step| matches!(step, Step::Placed(_))).for_each(|step| *step = refused());
    }
    steps.into_iter().filter_map(Step::outcome).collect()
}

impl Step {
    fn outcome(self) -> Option<PackOutcome> {
        match self {
            Self::Over(outcome) | Self::Placed(outcome) => Some(outcome),
            Self::Written { .. } => None,
        }
    }
}

/// Writes a file under a private name, if it is what its hash says and is not there already.
fn write(tree: &Tree, temporaries: &PartialFolder, file: &PackedFile, how: &Storing<'_>) -> Step {
    let refused = |refusal| Step::Over(PackOutcome::Refused(refusal));
    let path: RelPath = match file.path.parse() {
        Ok(path) => path,
        Err(error) => return refused(Refusal::bad_path(&file.path, &error)),
    };
    if let Err(refusal) = check(file, &path) {
        return refused(refusal);
    }
    match tree.look(&path) {
        Ok(Some(found)) if is_same(&found, file, how) => return Step::Over(PackOutcome::Same),
        Ok(_) => {}
        Err(error) => return refused(error.refusal()),
    }
    match write_temporary(temporaries, file, how.by) {
        Ok((ready, file)) => Step::Written { path, ready, file: Some(file) },
        Err(error) => refused(TreeError::io(path.as_str(), error).refusal()),
    }
}

fn check(file: &PackedFile, path: &RelPath) -> Result<(), Refusal> {
    if let Some(code) = file.code {
        return Err(Refusal::new(code, format!("{path} did not come")));
    }
    if file.bytes.len() as u64 > PACK_FILE_BYTES_MAX {
        let words = format!("{path} is too large to travel with others");
        return Err(Refusal::new(Code::FileTooLarge, words).with_limit("pack_file_bytes", PACK_FILE_BYTES_MAX));
    }
    if Root(blake3::hash(&file.bytes).into()) != file.root {
        return Err(Refusal::new(Code::Damaged, format!("{path} is not what its hash says")));
    }
    Ok(())
}

/// Whether a file need not be written, as is known without reading what is there.
fn is_same(found: &Found, file: &PackedFile, how: &Storing<'_>) -> bool {
    let root = found.receipt.as_ref().map(|receipt| receipt.root);
    how.on_conflict != OnConflict::Fail && root == Some(file.root) && found.size == file.bytes.len() as u64
}

fn write_temporary(temporaries: &PartialFolder, file: &PackedFile, by: &str) -> io::Result<(Ready, File)> {
    let (name, mut handle) = temporaries.temporary()?;
    let facts = Facts {
        size: file.bytes.len() as u64,
        root: file.root,
        version: FileVersion(random_bytes()?),
        modified_ms: file.modified_ms,
        by,
    };
    // Made before it is written, so that what cannot be written is removed.
    let ready = Ready::new(temporaries.folder().clone(), name, &facts);
    handle.write_all(&file.bytes)?;
    ready.seal(&handle, &facts)?;
    Ok((ready, handle))
}

/// Puts on disk what was written.
fn sync_written(steps: &mut [Step]) -> io::Result<()> {
    let mut files: Vec<File> = steps
        .iter_mut()
        .filter_map(|step| match step {
            Step::Written { file, .. } => file.take(),
            _ => None,
        })
        .collect();
    // One wait for all of them, instead of one for each.
    #[cfg(target_os = "linux")]
    if let (Some(first), true) = (files.first(), files.len() > 1) {
        rustix::fs::syncfs(first)?;
        files.clear();
    }
    files.iter().try_for_each(File::sync_all)
}

fn place(tree: &Tree, step: Step, how: &Storing<'_>, sync: &mut ToSync) -> Step {
    let Step::Written { path, ready, .. } = step else { return step };
    match tree.place_unsynced(ready, &path, how.on_conflict, how.may_replace, sync) {
        Ok(Placed { same: true, .. }) => Step::Over(PackOutcome::Same),
        Ok(placed) if placed.path == path => Step::Placed(PackOutcome::Stored),
        Ok(placed) => Step::Placed(PackOutcome::Renamed(placed.path.to_string())),
        Err(error) => Step::Over(PackOutcome::Refused(error.refusal())),
    }
}

fn copy_of(error: &io::Error) -> io::Error {
    error.raw_os_error().map_or_else(|| error.kind().into(), io::Error::from_raw_os_error)
}
