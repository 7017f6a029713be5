//! What Linux says in `/proc` and `/sys`. On another system nothing of it is there, and all of it is unknown.

use std::fs::{read_dir, read_to_string};

use serde_json::{Map, Value, json};

use super::known;

/// What decides queues, ports and lingering connections.
const SYSCTLS: [&str; 12] = [
    "net.core.somaxconn",
    "net.core.netdev_max_backlog",
    "net.ipv4.tcp_max_syn_backlog",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.tcp_abort_on_overflow",
    "net.ipv4.tcp_tw_reuse",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_wmem",
    "kernel.threads-max",
    "vm.overcommit_memory",
];

/// Limits of this program, which its servers inherit.
const LIMITS: [(&str, &str); 4] = [
    ("open_files", "Max open files"),
    ("processes", "Max processes"),
    ("stack_bytes", "Max stack size"),
    ("locked_bytes", "Max locked memory"),
];

const VULNERABILITIES: &str = "/sys/devices/system/cpu/vulnerabilities";

/// The processor: what, how many, how it is clocked, what slows it down.
pub(super) fn processor() -> Value {
    let status = read_to_string("/proc/self/status").unwrap_or_default();
    let description = read_to_string("/proc/cpuinfo").unwrap_or_default();
    json!({
        "model": known(field(&description, "model name")),
        "cores_allowed": known(std::thread::available_parallelism().ok().map(std::num::NonZero::get)),
        "affinity": known(field(&status, "Cpus_allowed_list")),
        "online": known(line("/sys/devices/system/cpu/online")),
        "threads_per_core": known(line("/sys/devices/system/cpu/smt/active").map(|active| active == "1").map(|smt| if smt { "several" } else { "one" })),
        "governor": known(line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")),
        "clock_source": known(line("/sys/devices/system/clocksource/clocksource0/current_clocksource")),
        "mitigations": mitigations(),
    })
}

/// Kernel, host, memory, and what a container may use.
pub(super) fn system() -> Value {
    let description = read_to_string("/proc/cpuinfo").unwrap_or_default();
    let memory = read_to_string("/proc/meminfo").unwrap_or_default();
    json!({
        "os": std::env::consts::OS,
        "kernel": known(line("/proc/sys/kernel/osrelease")),
        "kernel_build": known(line("/proc/sys/kernel/version")),
        "virtualisation": known(virtualisation(&description)),
        "memory": known(field(&memory, "MemTotal")),
        "cgroup_cpu": known(cgroup_cpu()),
        "pressure_is_measured": line("/proc/pressure/cpu").is_some(),
        "load_at_start": known(line("/proc/loadavg")),
    })
}

/// Soft and hard, as the kernel writes them.
pub(super) fn limits() -> Value {
    let text = read_to_string("/proc/self/limits").unwrap_or_default();
    let limit = |(name, title): &(&str, &str)| ((*name).to_owned(), known(limit_of(&text, title)));
    Value::Object(LIMITS.iter().map(limit).collect())
}

pub(super) fn sysctls() -> Value {
    let value = |name: &&str| {
        let path = format!("/proc/sys/{}", name.replace('.', "/"));
        ((*name).to_owned(), known(line(&path).map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "))))
    };
    Value::Object(SYSCTLS.iter().map(value).collect())
}

/// The first line of a file, if there is one and something stands on it.
fn line(path: &str) -> Option<String> {
    let text = read_to_string(path).ok()?;
    let line = text.lines().next()?.trim().to_owned();
    (!line.is_empty()).then_some(line)
}

/// What stands behind a name and a colon.
pub(super) fn field(text: &str, name: &str) -> Option<String> {
    let of_line = |line: &str| Some(line.strip_prefix(name)?.trim_start().strip_prefix(':')?.trim().to_owned());
    text.lines().find_map(of_line)
}

/// "1024 (at most 4096)" of a line of `/proc/self/limits`.
pub(super) fn limit_of(text: &str, title: &str) -> Option<String> {
    let mut values = text.lines().find_map(|line| line.strip_prefix(title))?.split_whitespace();
    let (soft, hard) = (values.next()?, values.next()?);
    Some(format!("{soft} (at most {hard})"))
}

/// Whether this is a virtual machine, and whose.
pub(super) fn virtualisation(cpuinfo: &str) -> Option<String> {
    let flags = field(cpuinfo, "flags")?;
    if !flags.split(' ').any(|flag| flag == "hypervisor") {
        return Some("none".to_owned());
    }
    let names = ["/sys/hypervisor/type", "/sys/class/dmi/id/sys_vendor", "/sys/class/dmi/id/product_name"];
    let names: Vec<String> = names.iter().filter_map(|path| line(path)).collect();
    Some(if names.is_empty() {
        "a virtual machine".to_owned()
    } else {
        format!("a virtual machine: {}", names.join(" "))
    })
}

/// What this program's control group may use: the second version's "max 100000", or the first one's quota and period.
fn cgroup_cpu() -> Option<String> {
    let groups = read_to_string("/proc/self/cgroup").unwrap_or_default();
    let unified = groups.lines().find_map(|line| line.strip_prefix("0::")).unwrap_or("/");
    let second = || {
        let own = format!("/sys/fs/cgroup{}/cpu.max", unified.trim_end_matches('/'));
        line(&own).or_else(|| line("/sys/fs/cgroup/cpu.max"))
    };
    let first = || {
        let quota = line("/sys/fs/cgroup/cpu/cpu.cfs_quota_us")?;
        Some(format!("{quota} {}", line("/sys/fs/cgroup/cpu/cpu.cfs_period_us")?))
    };
    second().or_else(first)
}

fn mitigations() -> Value {
    let Ok(entries) = read_dir(VULNERABILITIES) else { return known(None::<String>) };
    let one = |entry: std::fs::DirEntry| {
        let name = entry.file_name().into_string().ok()?;
        let state = line(&format!("{VULNERABILITIES}/{name}"))?;
        Some((name, Value::from(state)))
    };
    let all: Map<String, Value> =
        entries.flatten().filter_map(one).filter(|(_, state)| state != "Not affected").collect();
    Value::Object(all)
}
