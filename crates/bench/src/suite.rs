//! The comparison of the strategies: experiments E0 to E10 and the exercise's own run, as `bench-client suite` (behind
//! `cargo xtask bench`) runs them.
//!
//! Everything goes by the records: a trial becomes a line of `results.ndjson`, and whatever is said later (verdicts,
//! tables, `report.html`) is made from those lines alone, so that an interrupted run can go on and an old one can be
//! shown again.
//!
//! Reading order:
//! 1. [`spec`]: what an experiment is: its cells, its arms, its figures and what it asks.
//! 2. [`record`]: what one trial came to.
//!    [`validity`]: whether it proves anything.
//! 3. [`lab`]: how an experiment runs a trial and draws its conclusion. [`experiments`]: all of them.
//! 4. [`run`](fn@run): which trials run when, and what is kept of them.
//! 5. [`self_test`]: whether it can be caught lying.
//! 6. [`summary`]: what all of them come to; [`summarise`](fn@summarise): how that is made of the records.
//! 7. [`report`]: how that is told; [`environment`]: where all of it holds. [`baseline`]: how it is kept, and a later run
//!    compared with it.

pub mod baseline;
pub mod environment;
pub mod experiments;
pub mod lab;
pub mod record;
pub mod report;
mod run;
pub mod self_test;
pub mod spec;
pub mod summarise;
pub mod summary;
pub mod validity;

pub use run::{again, run};
pub use summarise::summarise;
