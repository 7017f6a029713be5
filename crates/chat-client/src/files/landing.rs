//! Where what is fetched lands, over all the connections that bring it.
//!
//! A connection that broke may leave a thread behind that still writes; so each connection has its own key to the
//! landing, and an old key opens nothing.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use proto::message::{Fetching, FileAnswer, FileRequest, List, OnConflict, Sort};
use proto::{Code, FileVersion, Refusal, RelPath, RoomId, Root};
use transfer::group::{GroupHash, RootBuilder};
use transfer::sink::{Placement, Target};

use super::hands::{Hands, out_of_place};
use super::local::{blocking, prefix_of};
use super::outcome::Place;
use crate::error::ClientError;
use crate::event::RoomKey;

mod file;
mod writer;

pub(crate) use file::{FileGoal, Home};
pub(crate) use writer::WriterGoal;

/// Where what is fetched lands. Cloning shares it. Everything that is not `async` may block.
#[derive(Debug, Clone)]
pub(crate) struct Landing(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    goal: Goal,
    /// Which connection writes here.
    key: u64,
    /// Whether an earlier start of the program was asked for what it had.
    has_looked: bool,
    version: Option<FileVersion>,
    /// What is there and verified.
    verified: u64,
    hashes: RootBuilder,
    failed: Option<ClientError>,
    landed: Option<Landed>,
}

/// What becomes of the bytes.
#[derive(Debug)]
pub(crate) enum Goal {
    /// They become a file.
    File(Box<FileGoal>),
    /// They go through a writer.
    Writer(WriterGoal),
    /// Nothing.
    Nowhere,
}

/// Where it is now.
#[derive(Debug, Clone)]
pub(crate) struct Landed {
    pub(crate) place: Place,
    pub(crate) root: Root,
    pub(crate) size: u64,
    pub(crate) same: bool,
    pub(crate) renamed: bool,
}

/// Where a fetch begins.
#[derive(Debug)]
pub(crate) enum Start {
    From { version: Option<FileVersion>, from: u64, hashes: RootBuilder },
    Landed(Landed),
}

/// A part of a file that an earlier start of the program has left.
#[derive(Debug)]
pub(crate) struct Left {
    pub(crate) version: FileVersion,
    pub(crate) verified: u64,
    pub(crate) hashes: RootBuilder,
}

impl Landing {
    pub(crate) fn new(goal: Goal) -> Self {
        Self(Arc::new(Mutex::new(State {
            goal,
            key: 0,
            has_looked: false,
            version: None,
            verified: 0,
            hashes: RootBuilder::new(),
            failed: None,
            landed: None,
        })))
    }

    /// Where to begin on a new connection. From here on older ones write nothing more. `source` says which file of
    /// which server it is.
    pub(crate) fn start(&self, source: &[&str]) -> Result<Start, ClientError> {
        let mut state = self.state();
        state.key += 1;
        if let Some(landed) = &state.landed {
            return Ok(Start::Landed(landed.clone()));
        }
        if !state.has_looked {
            let left = match &mut state.goal {
                Goal::File(file) => file.left(source)?,
                Goal::Writer(_) | Goal::Nowhere => None,
            };
            state.has_looked = true;
            if let Some(left) = left {
                (state.version, state.verified, state.hashes) = (Some(left.version), left.verified, left.hashes);
            }
        }
        Ok(Start::From { version: state.version, from: state.verified, hashes: state.hashes.clone() })
    }

    /// Throws away what is there: the server has another content.
    pub(crate) fn discard(&self) -> Result<(), ClientError> {
        let mut state = self.state();
        state.key += 1;
        if let Goal::Writer(_) = &state.goal
            && state.verified > 0
        {
            let words = "it changed on the server, and what was written cannot be taken back";
            return Err(Refusal::new(Code::Changed, words).into());
        }
        if let Goal::File(file) = &mut state.goal {
            file.discard();
        }
        (state.version, state.verified, state.hashes) = (None, 0, RootBuilder::new());
        Ok(())
    }

    /// Where the bytes of this connection go.
    pub(crate) fn target(&self, fetching: &Fetching) -> Result<LandingTarget, ClientError> {
        let mut state = self.state();
        if state.version.is_none() {
            if let Goal::File(file) = &mut state.goal {
                file.begin(fetching)?;
            }
            state.version = Some(fetching.version);
        }
        Ok(LandingTarget { landing: self.clone(), key: state.key })
    }

    /// If the same bytes stand at the goal already, that; the server is asked what it has.
    ///
    /// # Errors
    /// If something else stands there and the caller wants nothing else.
    pub(crate) async fn same(
        &self,
        hands: &Hands,
        room: RoomKey,
        path: &RelPath,
    ) -> Result<Option<Landed>, ClientError> {
        let landing = self.clone();
        let taken = blocking(move |_| match &landing.state().goal {
            Goal::File(file) => file.taken(),
            Goal::Writer(_) | Goal::Nowhere => Ok(None),
        });
        let Some(taken) = taken.await? else { return Ok(None) };
        if taken.on_conflict == OnConflict::Fail {
            return Err(ClientError::TakenHere(taken.path));
        }
        let list = List { room: RoomId(0), path: path.as_str().to_owned(), recursive: false, after: String::new() };
        let entries = match hands.file_question(room, FileRequest::List(list)).await {
            Ok(FileAnswer::Entries(entries)) => entries.entries,
            Ok(other) => return Err(out_of_place(&other)),
            // Whatever is wrong there, the answer to the fetch says it.
            Err(ClientError::Refused(_)) => return Ok(None),
            Err(error) => return Err(error),
        };
        let entry = entries.into_iter().find(|entry| entry.path == path.as_str() && entry.sort == Sort::File);
        let Some((root, size)) = entry.and_then(|entry| Some((entry.root?, entry.size))) else { return Ok(None) };
        let is_same = match taken.file {
            Some(local) if local.size == size => {
                let hashes = blocking(move |stop| local.hashes(size, stop)).await?;
                prefix_of(&hashes).0.finish() == root
            }
            _ => false,
        };
        match is_same {
            true => Ok(Some(Landed { place: Place::Here(taken.path), root, size, same: true, renamed: false })),
            false if taken.on_conflict == OnConflict::Same => Err(ClientError::TakenHere(taken.path)),
            false => Ok(None),
        }
    }

    pub(crate) fn landed(&self) -> Option<Landed> {
        self.state().landed.clone()
    }

    /// Why it could not land, if it failed here.
    pub(crate) fn failed(&self) -> Option<ClientError> {
        self.state().failed.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One connection's way to a landing.
#[derive(Debug)]
pub(crate) struct LandingTarget {
    landing: Landing,
    key: u64,
}

impl LandingTarget {
    /// The landing, if this is the way to it still.
    fn open(&self) -> io::Result<MutexGuard<'_, State>> {
        let state = self.landing.state();
        match state.key == self.key {
            true => Ok(state),
            false => Err(io::Error::other("another connection writes here by now")),
        }
    }
}

impl State {
    fn note<T>(&mut self, doing: &'static str, result: io::Result<T>) -> io::Result<T> {
        if let Err(error) = &result {
            let path = match &self.goal {
                Goal::File(file) => file.path(),
                Goal::Writer(_) | Goal::Nowhere => "the output".into(),
            };
            self.failed = Some(ClientError::local(doing, &path, error));
        }
        result
    }
}

impl Target for LandingTarget {
    fn write(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.open()?;
        let written = match &mut state.goal {
            Goal::File(file) => file.write(offset, bytes),
            Goal::Writer(writer) => writer.write(offset, bytes),
            Goal::Nowhere => Ok(()),
        };
        state.note("write", written)
    }

    fn verified(&mut self, upto: u64, hashes: &[GroupHash]) -> io::Result<()> {
        let mut state = self.open()?;
        let verified = match &mut state.goal {
            Goal::File(file) => file.verified(upto, hashes),
            Goal::Writer(writer) => writer.verified(upto),
            Goal::Nowhere => Ok(()),
        };
        state.note("write", verified)?;
        state.verified = upto;
        state.hashes.extend(hashes.iter().copied());
        Ok(())
    }

    fn finish(&mut self, root: Root) -> Result<Placement, Refusal> {
        let mut state = self.open().map_err(|error| Refusal::new(Code::Stopped, error.to_string()))?;
        let size = state.verified;
        let version = state.version.unwrap_or(FileVersion([0; 16]));
        let landed = match &mut state.goal {
            Goal::File(file) => file.place(root),
            Goal::Writer(writer) => writer.finish().map(|()| (Place::Through, false, false)),
            Goal::Nowhere => Ok((Place::Through, false, false)),
        };
        match landed {
            Ok((place, same, renamed)) => {
                state.landed = Some(Landed { place, root, size, same, renamed });
                Ok(Placement { path: String::new(), same, version })
            }
            Err(error) => {
                let refusal = Refusal::new(Code::StorageFailed, "the file could not be put into its place");
                state.failed = Some(error);
                Err(refusal)
            }
        }
    }
}
