//! The machine a figure belongs to: what it is, which core serves and which one loads, how many files may be open.

mod file_system;
pub mod noise;

pub use file_system::FileSystem;

use serde::Serialize;

/// What has to stand beside every figure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Environment {
    /// The processor's name.
    pub cpu: String,
    /// How many cores this program may use.
    pub cores: usize,
    /// Operating system and kernel.
    pub kernel: String,
    /// `release` or `debug`.
    pub profile: &'static str,
    /// This program's version.
    pub version: &'static str,
    /// Which cores serve and load.
    pub pinning: Pinning,
}

/// Which core the servers run on, and which one the load.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Pinning {
    /// The servers' core; `None` where nothing is pinned.
    pub server: Option<usize>,
    /// The load's core.
    pub load: Option<usize>,
}

impl Environment {
    /// Reads what the machine says of itself; `unknown` where it says nothing.
    pub fn read(pinning: Pinning) -> Self {
        let unknown = || "unknown".to_owned();
        Self {
            cpu: cpu_name().unwrap_or_else(unknown),
            cores: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            kernel: kernel_name().unwrap_or_else(|| std::env::consts::OS.to_owned()),
            profile: if cfg!(debug_assertions) { "debug" } else { "release" },
            version: env!("CARGO_PKG_VERSION"),
            pinning,
        }
    }

    /// One line for people.
    pub fn line(&self) -> String {
        let pinned = match (self.pinning.server, self.pinning.load) {
            (Some(server), Some(load)) => format!("server on core {server}, load on core {load}"),
            _ => "nothing pinned".to_owned(),
        };
        let Self { cpu, cores, kernel, profile, version, .. } = self;
        format!("{cpu}, {cores} cores, {kernel}; bench-client {version}, {profile}; {pinned}")
    }
}

impl Pinning {
    /// Nothing is pinned.
    pub const NONE: Self = Self { server: None, load: None };

    /// The first core for servers and the second for the load; nothing where there is only one, or no way to pin.
    pub fn apart() -> Self {
        match allowed_cores().as_slice() {
            [server, load, ..] => Self { server: Some(*server), load: Some(*load) },
            _ => Self::NONE,
        }
    }

    /// Runs `start` on the servers' core, so that a child it starts inherits that core before its first thread runs,
    /// and puts the calling thread back on the load's core.
    pub fn on_server_core<T>(&self, start: impl FnOnce() -> T) -> T {
        pin_this_thread(self.server);
        let started = start();
        pin_this_thread(self.load);
        started
    }

    /// Puts the calling thread on the load's core.
    pub fn enter_load_core(&self) {
        pin_this_thread(self.load);
    }
}

/// Raises the soft limit of open files to the hard one and returns it; `None` where there is no such limit.
#[cfg(unix)]
pub fn raise_open_files() -> Option<u64> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        // macOS refuses "no limit"; what stood before is then what there is.
        Err(_) => limit.current,
    }
}

/// Raises nothing: there is no such limit here.
#[cfg(not(unix))]
pub const fn raise_open_files() -> Option<u64> {
    None
}

#[cfg(target_os = "linux")]
fn allowed_cores() -> Vec<usize> {
    use rustix::thread::{CpuSet, sched_getaffinity};
    let Ok(set) = sched_getaffinity(None) else { return Vec::new() };
    (0..CpuSet::MAX_CPU).filter(|core| set.is_set(*core)).collect()
}

#[cfg(not(target_os = "linux"))]
const fn allowed_cores() -> Vec<usize> {
    Vec::new()
}

#[cfg(target_os = "linux")]
fn pin_this_thread(core: Option<usize>) {
    use rustix::thread::{CpuSet, sched_setaffinity};
    let Some(core) = core else { return };
    let mut set = CpuSet::new();
    set.set(core);
    // The core was allowed when the program began. If it no longer is, the trial runs where it may and the busy
    // shares beside it show that.
    let _ = sched_setaffinity(None, &set);
}

#[cfg(not(target_os = "linux"))]
const fn pin_this_thread(_core: Option<usize>) {}

fn cpu_name() -> Option<String> {
    let text = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn kernel_name() -> Option<String> {
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").ok()?;
    Some(format!("Linux {}", release.trim()))
}
