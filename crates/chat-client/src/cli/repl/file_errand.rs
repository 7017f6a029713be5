//! What the loop asks about files, of the server and of this machine.

use std::path::PathBuf;

use chat_client::{Checked, Client, ClientError, Listing, OnConflict, RelPath, RoomKey};

use crate::cli::input::Named;
use crate::cli::model::{Model, Shown};
use crate::cli::view::amount::count_words;
use crate::cli::view::check::check_words;
use crate::cli::view::files::name;
use crate::cli::view::listing::{Detail, listing, total_words, tree};
use crate::cli::{local, remote};

/// Lines of a list that are shown; the rest is counted.
const LINES_MAX: usize = 200;

/// A question about files.
#[derive(Debug)]
pub(super) enum FileErrand {
    /// What is there of the paths that were typed?
    Find {
        room: RoomKey,
        paths: Named,
    },
    List {
        room: RoomKey,
        path: Option<RelPath>,
    },
    ListLocal(Option<String>),
    Remove(RoomKey, RelPath),
    Move(RoomKey, RelPath, RelPath),
    MakeFolder(RoomKey, RelPath),
    Verify(RoomKey, RelPath),
}

/// What was answered.
#[derive(Debug)]
pub(super) enum FileAnswer {
    Found { room: RoomKey, sources: Vec<Result<Source, ClientError>> },
    Listed { room: RoomKey, path: Option<RelPath>, listing: Listing },
    ListedLocal { title: String, listing: Listing },
    Removed(RelPath),
    Placed { meant: RelPath, stands: String, verb: &'static str },
    Checked(RelPath, Checked),
}

/// Something here that can be sent.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) asked: String,
    pub(super) path: PathBuf,
    pub(super) is_folder: bool,
    pub(super) to: RelPath,
    /// What is to be said of its name.
    pub(super) words: Option<String>,
}

impl FileErrand {
    /// Whether the next prompt, or the next line of a script, depends on it.
    pub(super) const fn holds_prompt(&self) -> bool {
        !matches!(self, Self::Verify(..))
    }

    /// The file it is about, for a failure.
    pub(super) fn file(&self) -> Option<String> {
        match self {
            Self::Remove(_, path) | Self::Move(_, path, _) | Self::MakeFolder(_, path) | Self::Verify(_, path) => {
                Some(path.as_str().to_owned())
            }
            Self::Find { .. } | Self::List { .. } | Self::ListLocal(_) => None,
        }
    }

    pub(super) async fn ask(self, client: &Client) -> Result<FileAnswer, ClientError> {
        Ok(match self {
            Self::Find { room, paths } => FileAnswer::Found { room, sources: blocking(move || Ok(find(paths))).await? },
            Self::List { room, path } => {
                let listing = client.list(room, path.as_ref(), true).await?;
                FileAnswer::Listed { room, path, listing }
            }
            Self::ListLocal(typed) => {
                let typed = typed.unwrap_or_else(|| ".".to_owned());
                let path = local::path(&typed);
                blocking(move || {
                    let listing = local::list(&path, false).map_err(|error| unreadable(path.clone(), &error))?;
                    let title = path.canonicalize().unwrap_or(path).to_string_lossy().into_owned();
                    Ok(FileAnswer::ListedLocal { title, listing })
                })
                .await?
            }
            Self::Remove(room, path) => {
                client.remove(room, &path, false).await?;
                FileAnswer::Removed(path)
            }
            Self::Move(room, from, to) => {
                let stands = client.move_to(room, &from, &to, OnConflict::Fail).await?;
                FileAnswer::Placed { meant: from, stands, verb: "is now" }
            }
            Self::MakeFolder(room, path) => {
                let stands = client.make_folder(room, &path).await?;
                FileAnswer::Placed { meant: path, stands, verb: "is there, as" }
            }
            Self::Verify(room, path) => {
                let checked = client.verify(room, &path).await?;
                FileAnswer::Checked(path, checked)
            }
        })
    }
}

impl FileAnswer {
    /// Takes note of it, and says what is to be shown. What was found is for others to send.
    pub(super) fn into_shown(self, model: &mut Model) -> Vec<Shown> {
        let note = |words: String| vec![Shown::Note(words)];
        match self {
            Self::Found { .. } => Vec::new(),
            Self::Listed { room, path, listing } => {
                model.listed(room, &listing.entries, path.is_none());
                note(tree_words(&model.title(room), path.as_ref(), &listing))
            }
            Self::ListedLocal { title, listing: found } => {
                let list = listing(&found.entries, "", &Detail::Long(jiff::tz::TimeZone::system()));
                note(cut(&format!("{}\n{list}", chat_client::escape::line(&title)), "chat-client lls"))
            }
            Self::Removed(path) => note(format!("{} is gone", name(path.as_str()))),
            Self::Placed { meant, stands, .. } if meant.as_str() == stands => {
                note(format!("{} is there", name(&stands)))
            }
            Self::Placed { meant, stands, verb } => note(format!("{} {verb} {}", name(meant.as_str()), name(&stands))),
            Self::Checked(path, checked) => note(check_words(path.as_str(), &checked, None)),
        }
    }
}

fn tree_words(room: &str, path: Option<&RelPath>, listing: &Listing) -> String {
    if listing.entries.is_empty() && listing.unnamed == 0 {
        return match path {
            None => format!("{room} has no files yet; /put PATH sends one"),
            Some(path) => format!("{} is empty", name(path.as_str())),
        };
    }
    let base = path.map_or("", RelPath::as_str);
    let title = if base.is_empty() { room.to_owned() } else { format!("{room}/{base}") };
    let mut words = cut(&tree(&listing.entries, base, &title, &Detail::Names), "chat-client ls -R");
    words.push('\n');
    words.push_str(&total_words(&listing.entries));
    if listing.unnamed > 0 {
        let unnamed = count_words(u64::from(listing.unnamed), "more");
        words.push_str(&format!(", and {unnamed} with names that are not allowed here"));
    }
    words
}

/// The first lines, and how many more there are.
fn cut(lines: &str, all: &str) -> String {
    let count = lines.lines().count();
    let mut shown: Vec<_> = lines.lines().take(LINES_MAX).map(str::to_owned).collect();
    if count > LINES_MAX {
        shown.push(format!("… {} more lines ({all} shows all)", count - LINES_MAX));
    }
    shown.join("\n")
}

/// Looks for what was typed; each that is there has a name to be sent by.
fn find(paths: Named) -> Vec<Result<Source, ClientError>> {
    let names = paths.resolve(|whole| local::path(whole).exists());
    names.into_iter().map(source).collect()
}

fn source(asked: String) -> Result<Source, ClientError> {
    let path = local::path(&asked);
    let metadata = path.metadata().map_err(|error| unreadable(path.clone(), &error))?;
    let unnamed =
        |why| ClientError::Local { doing: "send", path: path.clone(), kind: std::io::ErrorKind::InvalidInput, why };
    let (to, words) = remote::name_of(&path, None).map_err(unnamed)?;
    Ok(Source { asked, is_folder: metadata.is_dir(), path, to, words })
}

fn unreadable(path: PathBuf, error: &std::io::Error) -> ClientError {
    let kind = error.kind();
    let why = match kind {
        std::io::ErrorKind::NotFound => "there is no such file here".to_owned(),
        _ => error.to_string(),
    };
    ClientError::Local { doing: "read", path, kind, why }
}

/// Looks at the disk where that holds up nobody.
async fn blocking<T: Send + 'static>(
    look: impl FnOnce() -> Result<T, ClientError> + Send + 'static,
) -> Result<T, ClientError> {
    // It does not panic, and is not called off while the program lives.
    tokio::task::spawn_blocking(look).await.unwrap_or(Err(ClientError::Closed))
}
