//! Frames out of content, in order and within the credit.
