//! Who sends next, and how much.
