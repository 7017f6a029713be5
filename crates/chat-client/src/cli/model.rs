//! What is known: the rooms one is in, who is there, how the connection is. Pure: events and inputs in; what to show
//! and what to do out.

mod decide;
mod reading;
mod room;

pub(super) use decide::{Action, FileAction, Wish};
pub(super) use reading::Part;

use std::collections::BTreeMap;

use chat_client::{ConnectionState, Entered, Event, Heard, How, MemberEntry, Online, RoomKey, What};
use proto::message::{FileEntry, Sort};

use super::commands::tail::{behind_words, rejoined_words};
use super::complete::Names;
use super::view::{Mark, Way};
use room::{Room, Showing};

/// A wait this long is worth a word: the first tries come so fast that each would only be noise.
const LONG_WAIT_MS: u64 = 7_000;

/// Something to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shown {
    /// An event; where, unless it is here; and whose it is.
    Heard { heard: Heard, tag: String, mark: Mark, way: Way },
    /// A line between what came before and what comes now.
    Divider(String),
    /// A word from the program.
    Note(String),
    /// A word about what did not work.
    Warning(String),
}

/// The prompt with and without a connection. Both take the same columns, so that one can take the other's place
/// while a line is being typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Prompt {
    pub(super) online: String,
    pub(super) offline: String,
}

/// What is known.
#[derive(Debug)]
pub(super) struct Model {
    nick: String,
    rooms: BTreeMap<RoomKey, Room>,
    current: Option<RoomKey>,
    /// What the next room that opens is wanted for.
    wish: Wish,
    is_online: bool,
    /// Whether what the server has is on its disk.
    is_durable: bool,
    has_said_long_wait: bool,
}

impl Model {
    pub(super) const fn new(nick: String) -> Self {
        Self {
            nick,
            rooms: BTreeMap::new(),
            current: None,
            wish: Wish::Talk,
            is_online: true,
            is_durable: false,
            has_said_long_wait: false,
        }
    }

    pub(super) const fn is_online(&self) -> bool {
        self.is_online
    }

    /// The server says whether what it has is on its disk.
    pub(super) const fn set_durable(&mut self, is_durable: bool) {
        self.is_durable = is_durable;
    }

    /// Whether what is said in a room is on the server's disk once the server has it.
    pub(super) fn is_stored(&self, key: RoomKey) -> bool {
        self.is_durable && self.rooms.get(&key).is_none_or(|room| !room.ephemeral)
    }

    pub(super) fn nick(&self) -> &str {
        &self.nick
    }

    /// Takes an event.
    pub(super) fn apply(&mut self, event: Event) -> Vec<Shown> {
        match event {
            Event::State(state) => self.connection(state),
            Event::Entered(entered) => self.entered(&entered),
            Event::Heard(heard) => self.heard(heard),
            Event::Missed { room, from, to } => {
                let count = to.0 - from.0 + 1;
                vec![Shown::Warning(format!("{}: {count} events are gone ({from} to {to})", self.title(room.key)))]
            }
            Event::Behind { room, by } => vec![Shown::Note(format!("{}: {}", self.title(room.key), behind_words(by)))],
            Event::NotStored { room, refusal } => {
                let words = format!("{}: not stored: {refusal}; it is tried again until it is", self.title(room.key));
                vec![Shown::Warning(words)]
            }
            Event::NotKept(error) => {
                vec![Shown::Warning(format!("your place here will not be found again: {error}"))]
            }
            Event::NotLetIn { room, refusal } => {
                let words = format!("not let back into {}: {refusal}", self.title(room.key));
                self.left(room.key);
                vec![Shown::Warning(words)]
            }
            Event::Fault(fault) => vec![Shown::Warning(format!("the server broke the protocol: {fault}"))],
            _ => Vec::new(),
        }
    }

    /// Takes word that a room is open: as an event, or as the answer to a command, whichever comes first.
    pub(super) fn entered(&mut self, entered: &Entered) -> Vec<Shown> {
        let key = entered.room.key;
        let before = self.rooms.remove(&key);
        let is_new = before.is_none();
        let room = Room::entered(entered, before);
        let earlier = room.earlier(entered);
        // A conversation that was opened from both sides at once has one key less than it had.
        self.rooms.retain(|_, held| !(held.direct && room.direct && held.name == room.name));
        self.rooms.insert(key, room);
        if is_new && entered.how == How::Asked && self.wish == Wish::Talk || self.current.is_none() {
            self.current = Some(key);
        }
        let title = self.title(key);
        match entered.how {
            How::Asked | How::Opened if !is_new => Vec::new(),
            How::Asked if self.wish == Wish::Tell => Vec::new(),
            How::Resumed if is_new && entered.ephemeral => {
                vec![Shown::Note(format!("{title}: nothing said here is kept"))]
            }
            How::Resumed if is_new && earlier > 0 => {
                let room = if self.current == Some(key) { String::new() } else { format!(" {title}") };
                vec![Shown::Note(format!("{title}: {earlier} earlier unread: /history{room}"))]
            }
            How::Asked if entered.room.direct => {
                vec![Shown::Note(format!("you can talk with {} alone", &entered.room.name))]
            }
            How::Asked => vec![Shown::Note(room_words(&title, entered))],
            How::Opened => vec![Shown::Note(format!(
                "{} talks to you alone; answer with: /msg {} TEXT",
                entered.room.name, entered.room.name
            ))],
            How::Resumed => Vec::new(),
            How::Rejoined { may_have_missed } => {
                vec![Shown::Note(format!("{title}: {}", rejoined_words(may_have_missed)))]
            }
        }
    }

    /// Takes word that a room has been left; turns to another.
    pub(super) fn left(&mut self, key: RoomKey) {
        self.rooms.remove(&key);
        if self.current == Some(key) {
            let first_room = self.rooms.iter().find(|(_, room)| !room.direct).or_else(|| self.rooms.iter().next());
            self.current = first_room.map(|(key, _)| *key);
        }
    }

    /// Takes the answer to a question who is in a room, for completion.
    pub(super) fn members(&mut self, key: RoomKey, members: &[MemberEntry]) {
        if let Some(room) = self.rooms.get_mut(&key) {
            room.set_nicks(members.iter().map(|member| member.nick.clone()));
        }
    }

    /// Takes a list of a room's files, for completion. `all` if it is of everything that is there.
    pub(super) fn listed(&mut self, key: RoomKey, entries: &[FileEntry], all: bool) {
        let Some(room) = self.rooms.get_mut(&key) else { return };
        if all {
            room.files.clear();
        }
        for entry in entries {
            let sign = if entry.sort == Sort::Folder { "/" } else { "" };
            room.note_file(format!("{}{sign}", entry.path));
        }
    }

    /// Whether something of that name is known to be in the room.
    pub(super) fn is_listed(&self, key: RoomKey, name: &str) -> bool {
        let bare = name.trim_end_matches('/');
        self.rooms
            .get(&key)
            .is_some_and(|room| [bare.to_owned(), format!("{bare}/")].iter().any(|name| room.files.contains(name)))
    }

    pub(super) fn renamed(&mut self, nick: &str) {
        nick.clone_into(&mut self.nick);
    }

    /// What can be completed to.
    pub(super) fn names(&self) -> Names {
        let mut names = Names::default();
        for room in self.rooms.values() {
            if room.direct {
                names.nicks.insert(room.name.to_string());
            } else {
                names.rooms.insert(room.name.to_string());
            }
            names.nicks.extend(room.nicks.iter().cloned());
        }
        names.nicks.remove(&self.nick);
        names.files =
            self.current.and_then(|key| self.rooms.get(&key)).map(|room| room.files.clone()).unwrap_or_default();
        names
    }

    /// `lobby> `, and without a connection `lobby! ` if it broke under a line, `lobby (offline)> ` from the next on.
    pub(super) fn prompt(&self) -> Prompt {
        let place = match self.current.and_then(|key| self.rooms.get(&key)) {
            Some(room) if room.direct => format!("→{}", room.name),
            Some(room) => room.name.to_string(),
            None => "(no room)".to_owned(),
        };
        match self.is_online {
            true => Prompt { online: format!("{place}> "), offline: format!("{place}! ") },
            false => Prompt { online: format!("{place} (online) > "), offline: format!("{place} (offline)> ") },
        }
    }

    /// How a room is called here: nothing if it is the one at hand, `#room`, or `→nick`.
    pub(super) fn tag(&self, key: RoomKey) -> String {
        match self.rooms.get(&key) {
            Some(room) if room.direct => format!("→{}", room.name),
            Some(room) if self.current != Some(key) => format!("#{}", room.name),
            _ => String::new(),
        }
    }

    /// How a room is called in a sentence.
    pub(super) fn title(&self, key: RoomKey) -> String {
        match self.rooms.get(&key) {
            Some(room) if room.direct => format!("→{}", room.name),
            Some(room) => format!("#{}", room.name),
            None => "the room".to_owned(),
        }
    }

    /// What one's own events, and those of others, are marked with.
    fn mark(&self, key: RoomKey, own: bool) -> Mark {
        match own {
            false => Mark::Others,
            true if self.is_stored(key) => Mark::Stored,
            true => Mark::Own,
        }
    }

    fn way(&self, key: RoomKey) -> Way {
        if self.current == Some(key) { Way::Here } else { Way::Elsewhere }
    }

    fn heard(&mut self, heard: Heard) -> Vec<Shown> {
        let (key, own) = (heard.room.key, heard.nick == self.nick);
        let tag = self.tag(key);
        let mut showing = Showing::Event;
        if let Some(room) = self.rooms.get_mut(&key) {
            match &heard.what {
                What::File { path, .. } | What::Sending { path, .. } => room.note_file(path.clone()),
                What::Folder { path, .. } => room.note_file(format!("{path}/")),
                _ if heard.history => {}
                _ => room.note(&heard),
            }
            showing = room.show(&heard, own);
        }
        if let (What::Renamed(to), true, false) = (&heard.what, own, heard.history) {
            self.nick.clone_from(to);
        }
        let line = (showing == Showing::LineAndEvent).then(|| {
            let place = if tag.is_empty() { String::new() } else { format!("{tag}: ") };
            Shown::Divider(format!("{place}new since you left"))
        });
        let (mark, way) = (self.mark(key, own), if own { Way::None } else { self.way(key) });
        let event = (showing != Showing::Nothing).then_some(Shown::Heard { heard, tag, mark, way });
        line.into_iter().chain(event).collect()
    }

    fn connection(&mut self, state: ConnectionState) -> Vec<Shown> {
        match state {
            ConnectionState::Connecting => Vec::new(),
            ConnectionState::Queued { place, waiting } => {
                vec![Shown::Note(format!("waiting in the server's line: place {place} of {waiting}"))]
            }
            ConnectionState::Offline { retry_in_ms, why } => {
                let was_online = std::mem::replace(&mut self.is_online, false);
                let is_long = retry_in_ms >= LONG_WAIT_MS && !self.has_said_long_wait;
                let seconds = retry_in_ms.div_ceil(1000);
                if was_online {
                    let words = format!("offline: {why}; trying again, and what you type is kept");
                    vec![Shown::Warning(words)]
                } else if is_long {
                    self.has_said_long_wait = true;
                    vec![Shown::Warning(format!("still offline: {why}; the next try is in {seconds} s"))]
                } else {
                    Vec::new()
                }
            }
            ConnectionState::Online(online) => self.online(&online),
        }
    }

    fn online(&mut self, online: &Online) -> Vec<Shown> {
        (self.is_online, self.has_said_long_wait, self.is_durable) = (true, false, online.durable);
        let mut words = match online.resumed {
            true => "online again; nothing was missed".to_owned(),
            false => "online again".to_owned(),
        };
        match online.unsent {
            0 => {}
            1 => words.push_str("; 1 message is sent now"),
            count => words.push_str(&format!("; {count} messages are sent now")),
        }
        let mut shown = vec![Shown::Note(words)];
        if online.nick != self.nick {
            shown.push(Shown::Warning(format!("the nick {} is taken, so you are {} now", self.nick, online.nick)));
            self.nick.clone_from(&online.nick);
        }
        shown
    }
}

fn room_words(title: &str, entered: &Entered) -> String {
    let people = match entered.members {
        0 | 1 => "nobody else is here".to_owned(),
        members => format!("{members} people are here"),
    };
    let kept = if entered.ephemeral { " (nothing said here is kept)" } else { "" };
    match entered.topic.as_str() {
        "" => format!("you are in {title}; {people}{kept}"),
        topic => format!("you are in {title}; {people}{kept}; topic: {topic}"),
    }
}

#[cfg(test)]
mod tests;
