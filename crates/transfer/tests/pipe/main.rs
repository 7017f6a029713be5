//! Sources and sinks joined by the bytes of real frames.

mod damage;
mod ends;
mod live;
mod memory;
mod pipe;
mod whole;
