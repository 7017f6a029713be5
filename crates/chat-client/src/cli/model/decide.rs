//! What is meant → what is to be done about it.

use chat_client::{Nick, RoomKey, RoomName, Text, Topic};

use super::{Model, Room, Shown};
use crate::cli::input::{Control, Group, Input, Named, Stretch, VERBS};
use crate::cli::view::columns;

/// What a room that opens is wanted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wish {
    /// To talk there: it becomes the one at hand.
    Talk,
    /// To say one thing there.
    Tell,
}

/// What is to be done about a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Action {
    Show(Vec<Shown>),
    Say {
        room: RoomKey,
        text: Text,
        counted: bool,
    },
    Join {
        room: RoomName,
        ephemeral: bool,
    },
    Leave(RoomKey),
    SetTopic {
        room: RoomKey,
        topic: Topic,
    },
    Rooms,
    Members(String),
    Tell {
        nick: Nick,
        text: Text,
    },
    Direct(Nick),
    Rename(Nick),
    History {
        room: RoomKey,
        what: Stretch,
    },
    Search(String),
    Unread,
    /// Something about files.
    Files(FileAction),
    Quit,
}

/// What is to be done about files. A room stands for its tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FileAction {
    /// Whether the paths are there is for the file system to say.
    Put {
        room: RoomKey,
        paths: Named,
    },
    Get {
        room: RoomKey,
        names: Vec<String>,
    },
    List {
        room: RoomKey,
        path: Option<String>,
    },
    ListLocal(Option<String>),
    Transfers,
    Control(u32, Control),
    Remove {
        room: RoomKey,
        names: Vec<String>,
    },
    Move {
        room: RoomKey,
        from: String,
        to: String,
    },
    MakeFolder {
        room: RoomKey,
        names: Vec<String>,
    },
    Verify {
        room: RoomKey,
        names: Vec<String>,
    },
}

impl Model {
    /// What is to be done about a line.
    pub(crate) fn decide(&mut self, input: Input) -> Action {
        self.try_decide(input).unwrap_or_else(|words| Action::Show(vec![Shown::Warning(words)]))
    }

    fn try_decide(&mut self, input: Input) -> Result<Action, String> {
        self.wish = Wish::Talk;
        Ok(match input {
            Input::Nothing => Action::Show(Vec::new()),
            Input::Say(words) => self.say(&words, false)?,
            Input::SayCounted(words) => self.say(&words, true)?,
            Input::Help { files } => Action::Show(vec![Shown::Note(help(files))]),
            Input::Join(name) => self.join(&name, false)?,
            Input::JoinEphemeral(name) => self.join(&name, true)?,
            Input::Leave => Action::Leave(self.here()?),
            Input::Topic(None) => note(self.topic_words()?),
            Input::Topic(Some(topic)) => {
                let topic = topic.parse::<Topic>().map_err(|error| format!("that cannot be a topic: {error}"))?;
                Action::SetTopic { room: self.here()?, topic }
            }
            Input::Rooms => Action::Rooms,
            Input::Who(None) => self.who_is_here()?,
            Input::Who(Some(room)) => Action::Members(room_name(&room)?.as_str().to_owned()),
            Input::Tell { nick, text } => {
                let (nick, text) = (person(&nick)?, message(&text)?);
                match self.direct_with(&nick) {
                    Some(room) => Action::Say { room, text, counted: false },
                    None => {
                        self.wish = Wish::Tell;
                        Action::Tell { nick, text }
                    }
                }
            }
            Input::Direct(nick) => {
                let nick = person(nick.strip_prefix('→').unwrap_or(&nick))?;
                match self.direct_with(&nick) {
                    Some(key) => self.turn_to(key),
                    None => Action::Direct(nick),
                }
            }
            Input::Switch(name) => self.switch(&name)?,
            Input::Rename(nick) => Action::Rename(nick.parse().map_err(|error| not_a_name("nick", &nick, &error))?),
            Input::Quit => Action::Quit,
            Input::History { room, what } => {
                let (room, what) = self.stretch(room.as_deref(), what)?;
                Action::History { room, what }
            }
            Input::Search(words) => Action::Search(words),
            Input::Unread => Action::Unread,
            Input::Put(paths) => Action::Files(FileAction::Put { room: self.here()?, paths }),
            Input::Get(names) => self.about_files(names, |room, names| FileAction::Get { room, names })?,
            Input::List(path) => Action::Files(FileAction::List { room: self.here()?, path }),
            Input::ListLocal(path) => Action::Files(FileAction::ListLocal(path)),
            Input::Transfers => Action::Files(FileAction::Transfers),
            Input::Control(number, control) => Action::Files(FileAction::Control(number, control)),
            Input::Remove(names) => self.about_files(names, |room, names| FileAction::Remove { room, names })?,
            Input::Move { from, to } => Action::Files(FileAction::Move { room: self.here()?, from, to }),
            Input::MakeFolder(names) => {
                self.about_files(names, |room, names| FileAction::MakeFolder { room, names })?
            }
            Input::Verify(names) => self.about_files(names, |room, names| FileAction::Verify { room, names })?,
            Input::NotANumber(typed) => return Err(format!("{typed} is not a number of /transfers")),
            Input::Incomplete(verb) => return Err(format!("that lacks something; write: {}", verb.usage())),
            Input::Unknown { typed, nearest } => return Err(unknown_words(&typed, nearest.map(|verb| verb.name))),
        })
    }

    /// The room at hand.
    pub(super) fn here(&self) -> Result<RoomKey, String> {
        self.current.ok_or_else(|| "you are in no room; come into one with: /join ROOM".to_owned())
    }

    /// Something about files of this room; a name with spaces is known by the last list of them.
    fn about_files(
        &self,
        names: Named,
        make: impl FnOnce(RoomKey, Vec<String>) -> FileAction,
    ) -> Result<Action, String> {
        let room = self.here()?;
        Ok(Action::Files(make(room, names.resolve(|name| self.is_listed(room, name)))))
    }

    fn say(&self, words: &str, counted: bool) -> Result<Action, String> {
        Ok(Action::Say { room: self.here()?, text: message(words)?, counted })
    }

    fn join(&mut self, name: &str, ephemeral: bool) -> Result<Action, String> {
        let name = room_name(name)?;
        Ok(match self.find(|room| !room.direct && *room.name == *name.as_str()) {
            Some(key) => self.turn_to(key),
            None => Action::Join { room: name, ephemeral },
        })
    }

    fn switch(&mut self, name: &str) -> Result<Action, String> {
        match self.open_room(name) {
            Some(key) => Ok(self.turn_to(key)),
            None => Err(self.not_open(name)),
        }
    }

    /// A room that is open, by its name as it is typed: with or without its sign.
    pub(super) fn open_room(&self, name: &str) -> Option<RoomKey> {
        let bare = name.trim_start_matches(['#', '→']);
        let matches = |room: &Room| {
            let kind_fits = if name.starts_with('#') { !room.direct } else { !name.starts_with('→') || room.direct };
            kind_fits && room.name.to_lowercase() == bare.to_lowercase()
        };
        self.find(matches)
    }

    pub(super) fn not_open(&self, name: &str) -> String {
        let bare = name.trim_start_matches(['#', '→']);
        let open: Vec<_> = self.rooms.keys().map(|key| self.title(*key)).collect();
        let words = format!("{name} is not open; open are: {}", open.join(", "));
        format!("{words}. To open it: /join {bare} for a room, /dm {bare} for a person")
    }

    fn turn_to(&mut self, key: RoomKey) -> Action {
        self.current = Some(key);
        note(format!("you talk in {} now", self.title(key)))
    }

    fn direct_with(&self, nick: &Nick) -> Option<RoomKey> {
        self.find(|room| room.direct && *room.name == *nick.as_str())
    }

    fn find(&self, fits: impl Fn(&Room) -> bool) -> Option<RoomKey> {
        self.rooms.iter().find(|(_, room)| fits(room)).map(|(key, _)| *key)
    }

    fn who_is_here(&self) -> Result<Action, String> {
        let here = self.here()?;
        Ok(match self.rooms.get(&here) {
            Some(room) if room.direct => note(format!("only you and {} are here", room.name)),
            Some(room) => Action::Members(room.name.to_string()),
            None => return Err("you are in no room".to_owned()),
        })
    }

    fn topic_words(&self) -> Result<String, String> {
        let here = self.here()?;
        let topic = self.rooms.get(&here).map_or("", |room| &room.topic);
        Ok(match topic {
            "" => format!("{} has no topic; set one with: /topic TEXT", self.title(here)),
            topic => format!("the topic of {}: {topic}", self.title(here)),
        })
    }
}

fn note(words: String) -> Action {
    Action::Show(vec![Shown::Note(words)])
}

fn person(nick: &str) -> Result<Nick, String> {
    nick.parse().map_err(|error| not_a_name("nick", nick, &error))
}

fn room_name(name: &str) -> Result<RoomName, String> {
    name.parse().map_err(|error| not_a_name("room", name, &error))
}

fn not_a_name(what: &str, typed: &str, error: &proto::name::NameError) -> String {
    format!("{typed} cannot be a {what}: {error}")
}

/// A message, or why it cannot be one. The line is in the history of the editor, so it is not lost.
fn message(words: &str) -> Result<Text, String> {
    words.parse().map_err(|error| format!("not sent: {error} (the Up key brings it back)"))
}

fn unknown_words(typed: &str, nearest: Option<&str>) -> String {
    let meant = nearest.map_or_else(String::new, |name| format!("; did you mean /{name}?"));
    format!("there is no command /{typed}{meant} (/help lists them; a message that begins with / is written with //)")
}

fn help(files: bool) -> String {
    let row = |verb: &crate::cli::input::Verb| {
        let others: Vec<_> = verb.aliases.iter().map(|alias| format!("/{alias}")).collect();
        [verb.usage(), others.join(" "), verb.about.to_owned()]
    };
    let group = if files { Group::Files } else { Group::Talk };
    let table = columns(VERBS.iter().filter(|verb| verb.group == group).map(row));
    if files {
        return format!("commands about files, and their short forms:\n{}", table.trim_end());
    }
    format!(
        "commands, and their short forms; /help files lists those about files:\n{table}\
         //TEXT sends a message that begins with /. Pasted lines become one message.\n\
         /join --ephemeral ROOM makes a room of which nothing is kept.\n\
         Your own lines: … waits, > the server has it, ✓ it is on the server's disk.\n\
         Tab completes, Up and Ctrl-R bring lines back, Ctrl-C clears the line."
    )
}
