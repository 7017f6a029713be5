//! The echo servers and clients of the exercise, as a library under two small programs.
//!
//! Reading order:
//! 1. [`conversation`]: what the raw servers answer, and where a message ends; [`lower`]: lower case of a stream.
//! 2. [`work`]: synthetic work per request.
//! 3. [`server`]: TCP on any strategy, and UDP; [`client`]: one connection, datagrams, a swarm.
//! 4. [`shown`], [`failure`], [`program`]: what people see.

pub mod client;
pub mod conversation;
pub mod failure;
pub mod lower;
pub mod program;
pub mod server;
pub mod shown;
pub mod work;
