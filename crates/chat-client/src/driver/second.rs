//! A second connection that only carries files, so that large ones do not share a queue with the chat. It is opened when
//! it is first needed, with a ticket that the first connection gets, and closed when it has been idle. Whatever goes
//! wrong with it, the first connection carries what it did not.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use proto::limits::{MAGIC, VERSION_MAX};
use proto::message::{Attach, FileAnswer, WireLimits};
use proto::{ClientMessage, Frame, RequestId, ServerMessage};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::CONNECT_MAX;
use super::link::{Link, LinkError};
use super::slots::Slots;
use super::talk::{GREETING_MAX, Silence};
use crate::connect::Connector;
use crate::error::ClientError;
use crate::files::ask::{Answer, Ask, Begun};
use crate::files::lease::Lease;
use crate::request::Reply;

/// For how long it stays open when no transfer needs it.
const IDLE: Duration = Duration::from_secs(5);

/// Runs the second connection whenever something is asked of it, until the client is closed. Only `Begin` is asked here,
/// with the room's number filled in.
pub(crate) async fn run<C: Connector>(
    mut connector: C,
    mut asks: mpsc::Receiver<Ask>,
    first: mpsc::Sender<Ask>,
    close: CancellationToken,
) {
    let work = async {
        while let Some(ask) = asks.recv().await {
            match attach(&mut connector, &first).await {
                Ok((link, limits)) => carry(link, limits, ask, &mut asks).await,
                // Whoever asked goes by the first connection then.
                Err(_) => ask.fail(ClientError::Offline),
            }
        }
    };
    tokio::select! {
        () = close.cancelled() => {}
        () = work => {}
    }
}

/// Gets a ticket, connects, and shows it.
async fn attach<C: Connector>(
    connector: &mut C,
    first: &mpsc::Sender<Ask>,
) -> Result<(Link<C::Stream>, WireLimits), ClientError> {
    let (reply, ticket) = oneshot::channel();
    first.send(Ask::Ticket { reply }).await.map_err(|_| ClientError::Closed)?;
    let Answer::File(FileAnswer::Ticket(ticket)) = ticket.await.unwrap_or(Err(ClientError::Closed))? else {
        return Err(ClientError::Closed);
    };
    let late = ClientError::cannot_connect(connector.target(), &io::ErrorKind::TimedOut.into());
    let stream = tokio::time::timeout(CONNECT_MAX, connector.connect()).await.map_err(|_| late.clone())?;
    let stream = stream.map_err(|error| ClientError::cannot_connect(connector.target(), &error))?;
    let low_water = C::low_water(&stream);
    let mut link = Link::new(stream, low_water);
    let attach = Attach { magic: MAGIC, version: VERSION_MAX, ticket: ticket.ticket };
    link.writer.queue(std::iter::once(ClientMessage::Attach(attach).to_frame(RequestId(1))));
    let answer = tokio::time::timeout(GREETING_MAX, link.exchange()).await.map_err(|_| late)?;
    match answer {
        Ok((_, ServerMessage::File(FileAnswer::Attached(attached)))) => {
            link.reader.take_bulk(attached.limits.bulk_bytes as usize);
            Ok((link, attached.limits))
        }
        _ => Err(ClientError::Closed),
    }
}

/// What the second connection is in.
struct Files {
    slots: Slots,
    /// Invariant: has exactly the requests that were sent and not answered.
    asked: HashMap<RequestId, (Lease, Reply<Begun>)>,
    last: RequestId,
    frames: Vec<Frame>,
}

/// Carries transfers until there are none, or the connection is over.
async fn carry<S: AsyncRead + AsyncWrite>(link: Link<S>, limits: WireLimits, ask: Ask, asks: &mut mpsc::Receiver<Ask>) {
    let mut link = link;
    let slots = Slots::new(limits.bulk_bytes);
    let mut files = Files { slots, asked: HashMap::new(), last: RequestId(1), frames: Vec::new() };
    files.ask(ask);
    let ended = files.carry(&mut link, limits, asks).await;
    let why = match ended {
        Ok(()) => {
            files.frames.push(ClientMessage::Bye.to_frame(RequestId(0)));
            link.writer.queue(files.frames.drain(..));
            // Nothing is lost if it does not get through.
            drop(tokio::time::timeout(Duration::from_secs(1), link.writer.finish()).await);
            "it was closed".to_owned()
        }
        Err(LinkError::Broken(why)) => why,
        Err(LinkError::Decode(error)) => error.to_string(),
    };
    for (_, (lease, reply)) in files.asked {
        lease.free();
        // A caller that no longer waits has no use for it.
        drop(reply.send(Err(ClientError::Lost(why.clone()))));
    }
}

impl Files {
    async fn carry<S: AsyncRead + AsyncWrite>(
        &mut self,
        link: &mut Link<S>,
        limits: WireLimits,
        asks: &mut mpsc::Receiver<Ask>,
    ) -> Result<(), LinkError> {
        let Link { reader, writer, low_water } = link;
        let board = Arc::clone(&self.slots.board);
        let mut silence = Silence::new(limits);
        let mut used = Instant::now();
        loop {
            self.slots.say(writer);
            writer.queue(self.frames.drain(..));
            self.slots.fill(writer, low_water);
            let is_idle = self.asked.is_empty() && self.slots.is_empty();
            if !is_idle {
                used = Instant::now();
            }
            tokio::select! {
                message = reader.next() => {
                    silence.begin();
                    let (id, message) = message?;
                    self.take(id, message)?;
                }
                written = writer.write(), if writer.is_dirty() => {
                    if let Some(wrote) = written? {
                        self.slots.wrote(wrote);
                    }
                }
                ask = asks.recv() => match ask {
                    Some(ask) => self.ask(ask),
                    None => return Ok(()),
                },
                () = board.changed() => {}
                () = tokio::time::sleep_until(used + IDLE), if is_idle => return Ok(()),
                () = tokio::time::sleep_until(silence.due()) => {
                    if silence.has_pinged {
                        return Err(LinkError::Broken("the server has been silent for too long".to_owned()));
                    }
                    silence.has_pinged = true;
                    self.send(&ClientMessage::Ping);
                }
            }
        }
    }

    fn ask(&mut self, ask: Ask) {
        match ask {
            Ask::Begin { request, line, reply, .. } => {
                let lease = self.slots.begin(line);
                let id = self.send(&ClientMessage::File(lease.slot(), request));
                self.asked.insert(id, (lease, reply));
            }
            other => other.fail(ClientError::Offline),
        }
    }

    fn take(&mut self, id: RequestId, message: ServerMessage) -> Result<(), LinkError> {
        let out_of_place = || LinkError::Broken("the server broke the protocol".to_owned());
        match message {
            ServerMessage::Transfer(slot, message) => self.slots.take(slot, message).map_err(|_| out_of_place())?,
            ServerMessage::File(answer) => {
                let (lease, reply) = self.asked.remove(&id).ok_or_else(out_of_place)?;
                // A caller that no longer waits drops the lease, and with it the transfer.
                drop(reply.send(Ok(Begun { lease, answer })));
            }
            ServerMessage::Refused(refusal) => {
                let (lease, reply) = self.asked.remove(&id).ok_or_else(out_of_place)?;
                lease.free();
                drop(reply.send(Err(refusal.into())));
            }
            ServerMessage::Ping => self.frames.push(ClientMessage::Pong.to_frame(id)),
            ServerMessage::Pong => {}
            ServerMessage::Goodbye(goodbye) => {
                return Err(LinkError::Broken(ClientError::Goodbye(goodbye).to_string()));
            }
            _ => return Err(out_of_place()),
        }
        Ok(())
    }

    fn send(&mut self, message: &ClientMessage) -> RequestId {
        self.last = RequestId(self.last.0 + 1);
        self.frames.push(message.to_frame(self.last));
        self.last
    }
}
