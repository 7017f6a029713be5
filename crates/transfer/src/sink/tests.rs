//! What a sink takes, refuses and repairs.
