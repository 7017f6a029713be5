//! What happens on one connection: the greeting, the talk, the goodbye.

use std::sync::Arc;
use std::time::Duration;

use proto::message::{Goodbye, WireLimits};
use proto::{Code, Refusal, RequestId, ServerMessage};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;

use super::link::{Link, LinkError};
use super::slots::Slots;
use super::{Core, Ended, hand_on};
use crate::error::{ClientError, Fault};
use crate::event::{ConnectionState, Event};
use crate::options::TakenNick;

/// How long a welcome, or word of a place in the line, may take.
pub(super) const GREETING_MAX: Duration = Duration::from_secs(15);

/// Nicks that are tried on one connection.
const HELLOS_MAX: u32 = 4;

/// How long a goodbye may take.
const GOODBYE_MAX: Duration = Duration::from_secs(5);

/// Events that may wait for the caller while the socket is read on.
const WAITING_EVENTS_MAX: usize = 64;

/// The bounds of the silence after which a server is asked whether it is there.
const IDLE_MS: std::ops::RangeInclusive<u64> = 1_000..=600_000;

/// Says hello, waits in the line, takes another nick if it must, and returns with the welcome's limits.
pub(super) async fn greet<S: AsyncRead + AsyncWrite>(
    core: &mut Core,
    link: &mut Link<S>,
    target: &str,
) -> Result<WireLimits, Ended> {
    let mut hellos = 1;
    let mut in_line = false;
    core.session.hello();
    loop {
        link.writer.queue(core.session.frames.drain(..));
        // In the line a wait has no bound that this side could know.
        let longest = if in_line { Duration::MAX } else { GREETING_MAX };
        let next = core.offline_while(tokio::time::timeout(longest, link.exchange())).await;
        let message = match next.ok_or(Ended::Asked)? {
            Ok(message) => message.map_err(|error| not_greeted(error, target))?.1,
            Err(_) => return Err(not_greeted(LinkError::Broken("no welcome came in time".to_owned()), target)),
        };
        match message {
            ServerMessage::Queued(queued) => {
                in_line = true;
                let state = ConnectionState::Queued { place: queued.place, waiting: queued.waiting };
                core.session.events.push_back(Event::State(state));
            }
            ServerMessage::Welcome(welcome) => {
                let limits = welcome.limits;
                core.session.welcome(welcome);
                core.keep_place();
                link.reader.take_bulk(limits.bulk_bytes as usize);
                return Ok(limits);
            }
            ServerMessage::Refused(refusal) => {
                core.session.take_nick(other_nick(core, refusal, hellos)?);
                core.session.hello();
                hellos += 1;
                in_line = false;
            }
            ServerMessage::Goodbye(goodbye) => return Err(Ended::from_goodbye(goodbye, core.session.was_online())),
            other => {
                let fault = Fault::OutOfPlace { kind: format!("{:?}", other.kind()) };
                return Err(Ended::ForGood(fault.into()));
            }
        }
    }
}

/// The nick to try next, if that is what the caller wants.
fn other_nick(core: &Core, refusal: Refusal, hellos: u32) -> Result<String, Ended> {
    let may_take = core.taken_nick == TakenNick::TakeOffer || core.session.was_online();
    match &refusal.offer {
        Some(offer) if refusal.code == Code::NickTaken && may_take && hellos < HELLOS_MAX => Ok(offer.clone()),
        _ => Err(Ended::ForGood(refusal.into())),
    }
}

/// What it means that a connection ended before the welcome.
fn not_greeted(error: LinkError, target: &str) -> Ended {
    match error {
        LinkError::Broken(why) => Ended::Broken {
            error: ClientError::CannotConnect {
                server: target.to_owned(),
                kind: std::io::ErrorKind::ConnectionAborted,
                why,
            },
            retry_after_ms: None,
        },
        LinkError::Decode(error) => {
            Ended::ForGood(ClientError::NotAChatServer { server: target.to_owned(), why: error.to_string() })
        }
    }
}

/// What the talk waits for next.
enum Next {
    Message((RequestId, ServerMessage)),
    Silence,
    Close,
}

/// The silence of a server.
pub(super) struct Silence {
    /// How long it may last before the server is asked whether it is there; twice that ends the connection.
    idle: Duration,
    heard: Instant,
    pub(super) has_pinged: bool,
}

impl Silence {
    pub(super) fn new(limits: WireLimits) -> Self {
        let idle_ms = u64::from(limits.idle_ms).clamp(*IDLE_MS.start(), *IDLE_MS.end());
        Self { idle: Duration::from_millis(idle_ms), heard: Instant::now(), has_pinged: false }
    }

    /// Something was heard, or could not have been.
    pub(super) fn begin(&mut self) {
        (self.heard, self.has_pinged) = (Instant::now(), false);
    }

    pub(super) fn due(&self) -> Instant {
        self.heard + if self.has_pinged { self.idle * 2 } else { self.idle }
    }
}

/// Carries requests, answers, events and files until the connection is over.
pub(super) async fn talk<S: AsyncRead + AsyncWrite>(core: &mut Core, link: Link<S>, limits: WireLimits) -> Ended {
    let mut link = link;
    let mut silence = Silence::new(limits);
    let mut slots = Slots::new(limits.bulk_bytes);
    core.stand_anew();
    loop {
        let (id, message) = match next(core, &mut link, &mut slots, &mut silence).await {
            Ok(Next::Message(message)) => message,
            Ok(Next::Silence) if silence.has_pinged => {
                let seconds = (silence.idle * 2).as_secs();
                return Ended::from_link(LinkError::Broken(format!("the server has been silent for {seconds} s")));
            }
            Ok(Next::Silence) => {
                core.session.ping();
                silence.has_pinged = true;
                continue;
            }
            Ok(Next::Close) => return leave(core, link).await,
            Err(error) => return Ended::from_link(error),
        };
        silence.begin();
        let taken = match message {
            ServerMessage::Goodbye(goodbye) => return Ended::from_goodbye(goodbye, true),
            ServerMessage::Transfer(slot, message) => slots.take(slot, message),
            message => core.session.take(id, message),
        };
        if let Err(fault) = taken {
            core.session.events.push_back(Event::Fault(fault.clone()));
            return Ended::Broken { error: fault.into(), retry_after_ms: None };
        }
    }
}

/// Waits for the next message, while requests are taken and written, events are handed on and files are sent.
async fn next<S: AsyncRead + AsyncWrite>(
    core: &mut Core,
    link: &mut Link<S>,
    slots: &mut Slots,
    silence: &mut Silence,
) -> Result<Next, LinkError> {
    let Link { reader, writer, low_water } = link;
    let board = Arc::clone(&slots.board);
    loop {
        core.follow_nick();
        core.plan_again();
        core.say_stand();
        slots.say(writer);
        writer.queue(core.session.frames.drain(..));
        slots.fill(writer, low_water);
        // A caller that is behind leaves the rest in the socket, and the silence then is its own.
        let reads = core.session.events.len() < WAITING_EVENTS_MAX;
        if !reads {
            silence.begin();
        }
        tokio::select! {
            () = core.close.cancelled() => return Ok(Next::Close),
            message = reader.next(), if reads => return message.map(Next::Message),
            written = writer.write(), if writer.is_dirty() => {
                if let Some(wrote) = written? {
                    slots.wrote(wrote);
                }
            }
            request = core.requests.recv(), if core.session.can_ask() => match request {
                Some(request) => core.session.ask(request),
                None => return Ok(Next::Close),
            },
            Some(ask) = core.asks.recv(), if core.session.can_ask() => core.ask(ask, slots),
            () = board.changed() => {}
            () = hand_on(&mut core.session, &core.events), if !core.session.events.is_empty() => {
                if !reads {
                    silence.begin();
                }
            }
            () = tokio::time::sleep_until(silence.due()), if reads => return Ok(Next::Silence),
            () = again(core.again_at) => {
                core.again_at = None;
                core.session.say_again();
            }
        }
    }
}

/// Waits for a moment, if there is one to wait for.
async fn again(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// Says goodbye and waits for the server to close, so that whoever comes after finds the nick free.
async fn leave<S: AsyncRead + AsyncWrite>(core: &mut Core, link: Link<S>) -> Ended {
    let mut link = link;
    core.session.bye();
    let goodbye = async {
        link.writer.queue(core.session.frames.drain(..));
        let Link { reader, writer, .. } = &mut link;
        writer.finish().await?;
        loop {
            if let (_, ServerMessage::Goodbye(Goodbye { .. })) = reader.next().await? {
                return Ok::<(), LinkError>(());
            }
        }
    };
    // Whatever comes of it, this is the end.
    drop(tokio::time::timeout(GOODBYE_MAX, goodbye).await);
    Ended::Asked
}
