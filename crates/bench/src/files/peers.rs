//! The programs of others that move files, each as it comes, with the least that makes it do the same work.

mod copy;
mod iperf;
mod nginx;
mod rsync;

pub(crate) use copy::{copy, copy_synced};
pub(crate) use iperf::Iperf;
pub(crate) use nginx::Nginx;
pub(crate) use rsync::Rsync;

use std::io::Read;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::error::BenchError;
use crate::interrupt::Interrupt;
use crate::targets::installed;

/// How long a program may take for one move. It bounds hangs and measures nothing.
const STUCK: Duration = Duration::from_secs(600);

/// How often it is looked whether a program has ended.
const LOOK: Duration = Duration::from_micros(200);

/// What a program said, and how long it ran.
#[derive(Debug)]
pub(crate) struct Ended {
    /// Its standard output.
    pub(crate) said: String,
    /// From its start to its end.
    pub(crate) seconds: f64,
}

/// Where `program` stands.
///
/// # Errors
/// [`BenchError::NoProgram`] if it is not installed.
pub(crate) fn find(program: &'static str, way_out: &'static str) -> Result<PathBuf, BenchError> {
    let missing = || BenchError::NoProgram { program: program.to_owned(), path: PathBuf::from(program), way_out };
    installed(program).ok_or_else(missing)
}

/// Runs a program to its end. What it prints has to fit a pipe.
///
/// # Errors
/// If it does not start, fails, or does not end; [`BenchError::Interrupted`].
pub(crate) fn run(mut command: Command, interrupt: &Interrupt) -> Result<Ended, BenchError> {
    let name = command.get_program().to_string_lossy().into_owned();
    let failed = |why: String| BenchError::protocol(&name, why);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let began = Instant::now();
    let mut child = command.spawn().map_err(|error| failed(error.to_string()))?;
    let status = loop {
        if let Some(status) = child.try_wait().map_err(|error| failed(error.to_string()))? {
            break status;
        }
        let over = if interrupt.is_asked() {
            Some(BenchError::Interrupted)
        } else {
            (began.elapsed() > STUCK).then(|| failed(format!("it does not end after {} seconds", STUCK.as_secs())))
        };
        if let Some(error) = over {
            // It may have ended by itself meanwhile, which is as well.
            let _ = child.kill();
            let _ = child.wait();
            return Err(error);
        }
        std::thread::sleep(LOOK);
    };
    let seconds = began.elapsed().as_secs_f64();
    let (mut said, mut complained) = (String::new(), String::new());
    if let Some(mut stdout) = child.stdout.take() {
        stdout.read_to_string(&mut said).map_err(|error| failed(error.to_string()))?;
    }
    if let Some(mut stderr) = child.stderr.take() {
        // Bytes that are no text are no reason to lose the status.
        let _ = stderr.read_to_string(&mut complained);
    }
    if status.success() {
        return Ok(Ended { said, seconds });
    }
    let words = format!("{said}{complained}");
    Err(failed(format!("{status}: {}", words.trim().escape_debug())))
}
