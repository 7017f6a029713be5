//! Moving files: offer, credit, verified ranges, resume, commit; both ends will use it.
//!
//! Empty until the files come. It stands here so that the house keeps its walls: what may import it, and what it may
//! import, is settled in `docs/architecture.md` and checked by `cargo xtask layers`.
