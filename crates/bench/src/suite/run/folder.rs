//! The folder of a run: where it is, and which run it belongs to.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::journal::RESULTS;
use crate::args::SuiteArguments;
use crate::error::BenchError;
use crate::suite::record::SCHEMA;
use crate::suite::spec::{Preset, Spec};

/// Where runs go unless told otherwise.
pub(super) const HOME: &str = "target/bench";

/// The link to the last of them.
const LATEST: &str = "latest";

/// What a run is; a resumed one has to be the same.
const SPECS: &str = "specs.json";

/// `specs.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Run {
    /// The version of the records.
    pub(super) schema: u32,
    /// When it began, in milliseconds since 1970.
    pub(super) started_unix_ms: u64,
    /// The preset.
    pub(super) preset: Preset,
    /// Decides everything random.
    pub(super) seed: u64,
    /// The experiments.
    pub(super) specs: Vec<Spec>,
}

/// Now, in milliseconds since 1970.
pub(super) fn unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Opens the folder that `arguments` ask for, for this run or for going on with it; hands back where it is and when
/// the run began.
///
/// # Errors
/// If there is another run in it, or nothing to go on with, or it cannot be written.
pub(super) fn open(arguments: &SuiteArguments, specs: &[Spec]) -> Result<(PathBuf, Run), BenchError> {
    let run = Run {
        schema: SCHEMA,
        started_unix_ms: unix_ms(),
        preset: arguments.preset,
        seed: arguments.seed,
        specs: specs.to_vec(),
    };
    if arguments.resume {
        let folder = arguments.out.clone().unwrap_or_else(|| Path::new(HOME).join(LATEST));
        let earlier = read(&folder)?;
        refuse_another(&folder, &earlier, &run)?;
        return Ok((folder, earlier));
    }
    let folder = match &arguments.out {
        Some(folder) => folder.clone(),
        None => Path::new(HOME).join(name(run.started_unix_ms)),
    };
    if folder.join(RESULTS).exists() {
        let folder = folder.display();
        return Err(BenchError::Usage(format!(
            "{folder} holds the results of a run already: say --resume to go on with it, or another --out"
        )));
    }
    std::fs::create_dir_all(&folder).map_err(BenchError::io("the results' folder cannot be made"))?;
    if arguments.out.is_none() {
        point_latest(&folder);
    }
    let text = serde_json::to_vec_pretty(&run).map_err(std::io::Error::from);
    text.and_then(|text| std::fs::write(folder.join(SPECS), text))
        .map_err(BenchError::io("specs.json cannot be written"))?;
    Ok((folder, run))
}

pub(super) fn read(folder: &Path) -> Result<Run, BenchError> {
    let path = folder.join(SPECS);
    let nothing = |why: String| BenchError::Usage(format!("no run to go on with: {}: {why}", path.display()));
    let text = std::fs::read(&path).map_err(|error| nothing(error.to_string()))?;
    serde_json::from_slice(&text).map_err(|error| nothing(error.to_string()))
}

fn refuse_another(folder: &Path, earlier: &Run, run: &Run) -> Result<(), BenchError> {
    let differs = match () {
        () if earlier.schema != run.schema => "was written by another version of bench-client",
        () if earlier.seed != run.seed => "has another --seed",
        () if earlier.preset != run.preset => "has another --preset",
        () if earlier.specs != run.specs => "has other experiments (--only, --strategies, --blocks, --against)",
        () => return Ok(()),
    };
    let folder = folder.display();
    Err(BenchError::Usage(format!("the run in {folder} {differs}: resume it with the options it was begun with")))
}

/// Points `latest` at the folder, where the system has links.
fn point_latest(folder: &Path) {
    #[cfg(unix)]
    {
        let link = Path::new(HOME).join(LATEST);
        // A convenience only: without it the folder's name is printed all the same.
        let _ = std::fs::remove_file(&link);
        if let Some(name) = folder.file_name() {
            let _ = std::os::unix::fs::symlink(name, &link);
        }
    }
    #[cfg(not(unix))]
    let _ = folder;
}

/// `YYYYMMDD-HHMMSS`, in UTC.
fn name(unix_ms: u64) -> String {
    told(unix_ms, "%Y%m%d-%H%M%S")
}

/// ISO 8601 in UTC, to the second.
pub(super) fn iso(unix_ms: u64) -> String {
    told(unix_ms, "%Y-%m-%dT%H:%M:%SZ")
}

fn told(unix_ms: u64, form: &str) -> String {
    let time = i64::try_from(unix_ms).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    // Beyond the year 9999 a clock is wrong in any case.
    time.unwrap_or(jiff::Timestamp::UNIX_EPOCH).strftime(form).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_date() {
        // As `date -u -d @N +%FT%TZ` prints them.
        for (seconds, want) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_795_539_661, "2026-11-24T17:01:01Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(iso(seconds * 1000 + 999), want);
        }
        assert_eq!(name(1_795_539_661_000), "20261124-170101");
    }
}
