//! What the clients see of a batch that is stored, each step of it checked against what they know.

use proto::message::{Joined, Said};

use super::super::*;
use super::client::Client;
use super::world::World;
use crate::effect::ReadWhat;

impl World {
    pub(super) fn carry_out(&mut self, effects: &Effects) {
        self.shelf.keep(effects);
        for effect in effects {
            match effect {
                Effect::Append(record) => self.append(record),
                Effect::Enter { to, request, joined, reach } => self.enter(*to, *request, joined, *reach),
                Effect::Admit { to, nick, token, resumed, .. } => {
                    let Some(client) = self.clients.iter_mut().find(|client| client.session == Some(*to)) else {
                        continue;
                    };
                    if !resumed {
                        *client = Client { session: client.session, ..Client::default() };
                    }
                    client.nick = nick.as_str().to_owned();
                    client.token = Some(*token);
                }
                Effect::Reply { to, reply: ServerMessage::Said(said), .. } => self.said(*to, *said),
                Effect::Exit { session, room } => {
                    let Some(client) = self.clients.iter_mut().find(|client| client.session == Some(*session)) else {
                        continue;
                    };
                    client.follows.remove(room);
                    client.reads.remove(room);
                    client.cursors.remove(room);
                }
                Effect::Forget(room) => drop(self.logs.remove(room)),
                Effect::Close { session, code, .. } => {
                    let is_current = self.clients.iter().any(|client| client.session == Some(*session));
                    assert!(!is_current, "{session:?} is closed: {code:?}");
                }
                Effect::Read(ask) => {
                    if let ReadWhat::Unread(rooms, _) = &ask.reading {
                        rooms.iter().for_each(|room| self.has_read(ask.to, room.room, room.read));
                    }
                }
                _ => {}
            }
        }
    }

    /// An event is there, and everybody who follows the room gets it.
    fn append(&mut self, record: &Record) {
        let log = self.logs.entry(record.room).or_default();
        assert_eq!(record.seq.0, log.len() as u64 + 1, "{record:?}");
        log.push(record.clone());
        for client in &mut self.clients {
            client.get(record.room, record.seq);
        }
    }

    fn enter(&mut self, to: SessionId, request: RequestId, joined: &Joined, reach: Reach) {
        let Some(who) = self.clients.iter().position(|client| client.session == Some(to)) else { return };
        assert!(self.may_know(who, joined.room), "client {who} enters the conversation {}", joined.room);
        let title = self.hub.rooms.get(joined.room).map(|room| room.title.clone());
        if let (None, Some(title)) = (&self.unstored, title) {
            let before = self.titles.entry(joined.room).or_insert_with(|| title.clone());
            assert_eq!(*before, title, "the number {} is given again", joined.room);
        }
        let held = Seq(self.logs.get(&joined.room).map_or(0, |log| log.len() as u64));
        assert!(joined.head <= held || self.unstored.is_some(), "{joined:?}");
        assert!(joined.first <= joined.head.next() && joined.read <= joined.head, "{joined:?}");
        // Nobody follows what is not stored yet, so they begin before it.
        let first = joined.first.min(held.next());
        let client = &mut self.clients[who];
        match client.resumes_behind.remove(&joined.room) {
            _ if request != RequestId(0) => {}
            Some(cursor) => assert_eq!((first, reach), (cursor.next(), Reach::SayGap), "{joined:?}"),
            None => assert_eq!(joined.first, joined.read.next(), "{joined:?}"),
        }
        client.follows.insert(joined.room, first);
        for seq in first.0..=held.0 {
            client.get(joined.room, Seq(seq));
        }
        self.has_read(to, joined.room, joined.read);
    }

    fn said(&mut self, to: SessionId, said: Said) {
        let Some(client) = self.clients.iter_mut().find(|client| client.session == Some(to)) else { return };
        // A resend is known also where its room is gone meanwhile.
        let message = match self.logs.get(&said.room).map(|log| &log[usize::try_from(said.seq.0).unwrap() - 1]) {
            Some(record) => record.sent.unwrap().1,
            None => client.messages.iter().find(|known| known.2 == Some(said.seq)).unwrap().0,
        };
        let known = client.messages.iter_mut().find(|known| known.0 == message).unwrap();
        assert!(known.1 == said.room && known.2.is_none_or(|seq| seq == said.seq), "{known:?} is now at {said:?}");
        known.2 = Some(said.seq);
    }

    fn has_read(&mut self, to: SessionId, room: RoomId, read: Seq) {
        let Some(client) = self.clients.iter_mut().find(|client| client.session == Some(to)) else { return };
        let before = client.reads.insert(room, read);
        assert!(before.is_none_or(|before| before <= read), "{room} was read up to {before:?}, and now up to {read}");
    }
}
