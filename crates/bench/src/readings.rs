//! What Linux says of a process, of a core and of the network: CPU time, memory, threads, what listeners let fall.
//! Elsewhere there are no readings.

pub mod net;

use std::fs::read_to_string;

use serde::Serialize;

/// Ticks a second in `/proc`. It is 100 wherever Linux runs on processors of this century (`USER_HZ`).
const TICKS_PER_SECOND: f64 = 100.0;

/// What a process holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Memory {
    /// Resident, in bytes. Kernel socket memory is not in it.
    pub rss_bytes: u64,
    /// Of it, what is not a file: heap and stacks.
    pub anonymous_bytes: u64,
}

/// How long a core has been up, and how much of that it was busy, in ticks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CoreTicks {
    busy: u64,
    total: u64,
}

/// CPU time of a process since it began, user and system, in seconds; to 10 ms.
pub fn cpu_seconds(process: u32) -> Option<f64> {
    let text = read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The program's name stands in brackets and may hold anything, so what follows the last bracket is read.
    let mut fields = text.rsplit_once(')')?.1.split_ascii_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some((user + system) as f64 / TICKS_PER_SECOND)
}

/// What a process holds now.
pub fn memory(process: u32) -> Option<Memory> {
    let text = read_to_string(format!("/proc/{process}/status")).ok()?;
    Some(Memory { rss_bytes: kibibytes(&text, "VmRSS")?, anonymous_bytes: kibibytes(&text, "RssAnon")? })
}

/// The most a process has been resident at any time, in bytes.
pub fn peak_bytes(process: u32) -> Option<u64> {
    let text = read_to_string(format!("/proc/{process}/status")).ok()?;
    kibibytes(&text, "VmHWM")
}

/// Lets [`peak_bytes`] begin anew from what a process of ours holds now.
pub fn forget_peak(process: u32) {
    // Where the kernel refuses, the peak is that of the whole run, which is more and not less.
    let _ = std::fs::write(format!("/proc/{process}/clear_refs"), "5");
}

/// Resident, with what several processes share divided among them, in bytes.
pub fn proportional_bytes(process: u32) -> Option<u64> {
    kibibytes(&read_to_string(format!("/proc/{process}/smaps_rollup")).ok()?, "Pss")
}

/// How many threads a process has now.
pub fn threads(process: u32) -> Option<u64> {
    let text = read_to_string(format!("/proc/{process}/status")).ok()?;
    count(&text, "Threads:")
}

/// How often the threads of a process were taken off a core.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Switches {
    /// Because they waited for something.
    pub voluntary: u64,
    /// Because another was to run.
    pub involuntary: u64,
}

/// How often the threads of a process that live now were taken off a core since each began. Those of threads that have
/// ended are not in it, so that it says little of a thread per connection.
pub fn switches(process: u32) -> Option<Switches> {
    let mut sum = Switches::default();
    for thread in std::fs::read_dir(format!("/proc/{process}/task")).ok()? {
        // A thread may end meanwhile.
        let Ok(text) = read_to_string(thread.ok()?.path().join("status")) else { continue };
        sum.voluntary += count(&text, "voluntary_ctxt_switches:")?;
        sum.involuntary += count(&text, "nonvoluntary_ctxt_switches:")?;
    }
    Some(sum)
}

fn count(text: &str, name: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(name))?.trim().parse().ok()
}

fn kibibytes(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    let count: u64 = line.trim_start_matches(':').trim().strip_suffix(" kB")?.parse().ok()?;
    Some(count * 1024)
}

/// The ticks of `core` so far.
pub fn core_ticks(core: usize) -> Option<CoreTicks> {
    ticks(&format!("cpu{core} "))
}

/// The ticks of all cores together so far.
pub fn machine_ticks() -> Option<CoreTicks> {
    ticks("cpu  ")
}

fn ticks(name: &str) -> Option<CoreTicks> {
    let text = read_to_string("/proc/stat").ok()?;
    let fields: Vec<u64> = text
        .lines()
        .find_map(|line| line.strip_prefix(name))?
        .split(' ')
        .filter_map(|part| part.parse().ok())
        .collect();
    // user nice system idle iowait irq softirq steal; guest time is already in user.
    let total: u64 = fields.iter().take(8).sum();
    let idle: u64 = fields.iter().skip(3).take(2).sum();
    Some(CoreTicks { busy: total.checked_sub(idle)?, total })
}

impl CoreTicks {
    /// The share of the time since `before` in which the core was busy, with whatever.
    pub fn busy_since(&self, before: &Self) -> Option<f64> {
        let total = self.total.checked_sub(before.total).filter(|ticks| *ticks > 0)?;
        Some(self.busy.saturating_sub(before.busy) as f64 / total as f64)
    }
}

/// CPU time of the calling thread, in seconds.
#[cfg(unix)]
pub fn thread_cpu_seconds() -> Option<f64> {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Some(time.tv_sec as f64 + time.tv_nsec as f64 / 1e9)
}

/// There is no such clock here.
#[cfg(not(unix))]
pub const fn thread_cpu_seconds() -> Option<f64> {
    None
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_readings() {
        let own = std::process::id();
        assert!(cpu_seconds(own).is_some());
        let memory = memory(own).unwrap();
        assert!(memory.rss_bytes > 100_000 && memory.anonymous_bytes <= memory.rss_bytes, "{memory:?}");
        assert!(peak_bytes(own).is_some_and(|peak| peak >= memory.rss_bytes));
        assert!(proportional_bytes(own).is_some_and(|bytes| bytes > 0 && bytes <= memory.rss_bytes + (1 << 20)));
        assert!(threads(own).is_some_and(|threads| threads >= 1));
        assert!(switches(own).is_some_and(|switches| switches.voluntary > 0));
        assert!(core_ticks(0).is_some_and(|ticks| ticks.busy <= ticks.total && ticks.total > 0));
        assert!(machine_ticks().is_some_and(|ticks| ticks.total >= core_ticks(0).unwrap().total));
    }

    #[test]
    fn what_is_not_there_has_none() {
        assert_eq!((cpu_seconds(u32::MAX), memory(u32::MAX), core_ticks(100_000)), (None, None, None));
    }

    #[test]
    fn busy_share_is_of_the_time_between() {
        let ticks = |busy, total| CoreTicks { busy, total };
        assert_eq!(ticks(150, 300).busy_since(&ticks(100, 200)), Some(0.5));
        assert_eq!(ticks(100, 200).busy_since(&ticks(100, 200)), None);
    }
}
