//! A server with a store, its sessions over streams in memory: what outlives it, what is caught up from disk, and what
//! happens when the disk takes nothing.

#![expect(clippy::unwrap_used, reason = "in a test, a panic is the report")]

mod client;
mod reading;
mod restart;
mod slow_lane;
mod trouble;
mod world;
