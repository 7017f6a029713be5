//! How fast the index takes messages in, how large it is, and how fast it answers. Not a test:
//!
//! `DOCS=2000000 nice -n 19 cargo test --release -p room-log measure -- --ignored --nocapture`
