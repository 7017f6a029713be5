//! The client's own place on the server, and what the next process needs to take it up.

use proto::Token;
use proto::message::Hello;

use crate::error::ClientError;
use crate::options::{Options, TakenNick};
use crate::places::Places;

/// The place that the client has, or would have.
#[derive(Debug)]
pub(super) struct Place {
    places: Places,
    /// The nick under which it is found again.
    nick: String,
    /// Whether that nick was asked for, and not just the first to be tried.
    insists: bool,
    keep: bool,
    beside: bool,
    /// Whether the server keeps it.
    is_kept: bool,
}

impl Place {
    pub(super) fn new(options: &Options, places: Places) -> Self {
        Self {
            places,
            nick: options.nick.as_str().to_owned(),
            insists: options.taken_nick == TakenNick::Fail,
            keep: options.keep,
            beside: options.beside,
            is_kept: false,
        }
    }

    /// What proves that it is ours, if an earlier process has had it. Reads a file.
    pub(super) fn token(&self) -> Option<Token> {
        if self.keep || self.beside { self.places.load(&self.nick) } else { None }
    }

    /// What is wrong if the client can only read beside another, and there is no place.
    pub(super) fn lack(&self, token: Option<Token>) -> Option<ClientError> {
        let lacks = self.beside && token.is_none();
        lacks.then(|| ClientError::NoPlace { nick: self.nick.clone(), server: self.places.server().to_owned() })
    }

    /// The server has said whether it keeps the place. Writes a file.
    pub(super) fn welcomed(&mut self, token: Option<Token>, is_kept: bool) -> Result<(), ClientError> {
        self.is_kept = is_kept && self.keep;
        match token {
            Some(token) if self.is_kept => self.places.save(&self.nick, token),
            _ => Ok(()),
        }
    }

    /// The person is called otherwise now. The place is found by the new nick from here on, and also by the old one if
    /// that only was the first to be tried: whoever comes without a nick meets theirs again. Writes a file.
    pub(super) fn renamed(&mut self, nick: &str, token: Option<Token>) -> Result<(), ClientError> {
        let Some(token) = token.filter(|_| self.is_kept) else { return Ok(()) };
        self.places.save(nick, token)?;
        if self.insists && nick.to_lowercase() != self.nick.to_lowercase() {
            self.places.remove(&self.nick);
            nick.clone_into(&mut self.nick);
        }
        Ok(())
    }
}

/// How a client comes, as bits of its hello.
pub(super) const fn features(options: &Options) -> u64 {
    (if options.keep { Hello::KEEP } else { 0 })
        | (if options.beside { Hello::BESIDE } else { 0 })
        | (if options.yield_place { Hello::YIELD } else { 0 })
}
