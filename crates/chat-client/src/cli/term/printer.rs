//! The printer's thread: output in the order it came, as much at a time as has come.

use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::sync::mpsc;

use super::gate::Gate;
use crate::cli::stdout;

/// Writes one piece of output, which ends with a line feed.
pub(super) type Print = Box<dyn FnMut(String) -> io::Result<()> + Send>;

/// Output that is gathered into one piece: each piece makes the line editor paint its line again.
const PIECE_BYTES: usize = 64 * 1024;

pub(super) fn to_stdout() -> Print {
    Box::new(|text| stdout::write(&text))
}

/// Starts the thread. It ends when `output` has ended, or when nobody reads.
pub(super) fn start(mut output: mpsc::Receiver<String>, gate: Arc<Gate>, mut print: Print) -> JoinHandle<()> {
    std::thread::spawn(move || {
        while let Some(mut piece) = output.blocking_recv() {
            let printed = gate.pass(|| {
                while piece.len() < PIECE_BYTES
                    && let Ok(more) = output.try_recv()
                {
                    piece.push_str(&more);
                }
                print(piece)
            });
            if printed.is_err() {
                return;
            }
        }
    })
}
