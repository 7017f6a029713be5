//! Workloads, statistics and reports behind `bench-client`. The servers it measures are separate processes.
//!
//! Reading order:
//! 1. [`args`]: the command line. [`error`]: what goes wrong and the exit code it ends with.
//! 2. [`experiments`]: which trials run, in which order ([`plan`]), and what is said about them.
//! 3. [`load`]: the load side of one trial; [`targets`]: the protocols it speaks; [`dial`]: how a connection begins.
//!    `files`: files moved by ours and by others.
//! 4. [`child`]: servers as child processes; [`machine`] and [`readings`]: cores, limits, `/proc`.
//! 5. [`stats`]: ratios with intervals, verdicts, percentiles, regression. Pure.
//! 6. [`report`]: tables, sentences, JSON lines, Markdown of the single commands.
//! 7. [`suite`]: the comparison of the strategies, with its own records and report. [`server_stats`]: what the servers
//!    say of themselves meanwhile.

pub mod args;
pub mod child;
pub mod dial;
pub mod error;
pub mod experiments;
mod files;
mod generate;
pub mod interrupt;
pub mod load;
pub mod machine;
pub mod plain_echo;
pub mod plan;
pub mod readings;
pub mod report;
mod run;
pub mod server_stats;
pub mod stats;
pub mod suite;
pub mod targets;

pub use run::run;
