//! The places that servers keep for this user: for each server and nick the token that proves it is oneself, in a file
//! of its own that only its owner can read.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use proto::Token;

use crate::error::ClientError;
use crate::files::secret::own_folder;

/// The folder in the state folder.
const FOLDER: &str = "identities";

/// What stands before the token in a file.
const TOKEN_LINE: &str = "token ";

/// The places on one server.
#[derive(Debug)]
pub(crate) struct Places {
    /// `None` where the system has no folder for such things: then no place outlives the process.
    folder: Option<PathBuf>,
    server: String,
}

impl Places {
    pub(crate) fn new(server: &str, state_folder: Option<&Path>) -> Self {
        let folder = state_folder.map(Path::to_owned).or_else(own_folder).map(|folder| folder.join(FOLDER));
        Self { folder, server: server.to_lowercase() }
    }

    pub(crate) fn server(&self) -> &str {
        &self.server
    }

    /// The token of `nick`. A file that cannot be read, or is not right, is as good as none: the server then says who
    /// has the nick.
    pub(crate) fn load(&self, nick: &str) -> Option<Token> {
        let text = fs::read_to_string(self.path(nick)?).ok()?;
        let digits = text.lines().find_map(|line| line.strip_prefix(TOKEN_LINE))?;
        let mut token = [0; 16];
        if digits.len() != 2 * token.len() || !digits.is_ascii() {
            return None;
        }
        for (place, byte) in token.iter_mut().enumerate() {
            *byte = u8::from_str_radix(digits.get(2 * place..2 * place + 2)?, 16).ok()?;
        }
        Some(Token(token))
    }

    /// Keeps the token of `nick`: the whole file is there, or the one before it.
    pub(crate) fn save(&self, nick: &str, token: Token) -> Result<(), ClientError> {
        let no_folder = || ClientError::Local {
            doing: "write",
            path: PathBuf::from(FOLDER),
            kind: io::ErrorKind::NotFound,
            why: "this system has no folder for it".to_owned(),
        };
        let path = self.path(nick).ok_or_else(no_folder)?;
        let folder = path.parent().unwrap_or(&path);
        self.write(folder, &path, nick, token).map_err(|error| ClientError::local("write", &path, &error))
    }

    /// Forgets the token of `nick`. That there is none is well.
    pub(crate) fn remove(&self, nick: &str) {
        if let Some(path) = self.path(nick) {
            drop(fs::remove_file(path));
        }
    }

    fn write(&self, folder: &Path, path: &Path, nick: &str, token: Token) -> io::Result<()> {
        fs::create_dir_all(folder)?;
        // Such a file is its owner's alone from the first byte on.
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        let digits: String = token.0.iter().map(|byte| format!("{byte:02x}")).collect();
        write!(file, "server {}\nnick {nick}\n{TOKEN_LINE}{digits}\n", self.server)?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        Ok(())
    }

    /// The server takes two nicks that differ in case only for the same one.
    fn path(&self, nick: &str) -> Option<PathBuf> {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&(self.server.len() as u64).to_be_bytes());
        hasher.update(self.server.as_bytes());
        hasher.update(nick.to_lowercase().as_bytes());
        Some(self.folder.as_ref()?.join(&hasher.finalize().to_hex()[..32]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_found_again_by_its_server_and_nick() {
        let folder = tempfile::tempdir().unwrap();
        let places = |server| Places::new(server, Some(folder.path()));
        let token = Token(*b"sixteen bytes ..");
        assert_eq!(places("a:1").load("ann"), None);
        places("a:1").save("ann", token).unwrap();
        let rows = [("a:1", "ann", true), ("A:1", "Ann", true), ("a:2", "ann", false), ("a:1", "anna", false)];
        for (server, nick, is_there) in rows {
            assert_eq!(places(server).load(nick), is_there.then_some(token), "{nick} on {server}");
        }
        places("a:1").save("ANN", Token([2; 16])).unwrap();
        assert_eq!(places("a:1").load("ann"), Some(Token([2; 16])));
        assert_eq!(fs::read_dir(folder.path().join(FOLDER)).unwrap().count(), 1, "nothing half-written stays");
        places("a:1").remove("ann");
        assert_eq!(places("a:1").load("ann"), None);
    }

    #[test]
    fn a_file_that_is_not_right_is_as_good_as_none() {
        let folder = tempfile::tempdir().unwrap();
        let places = Places::new("a:1", Some(folder.path()));
        let path = places.path("ann").unwrap();
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let rows = ["", "token ", "token 00", "token 0g0000000000000000000000000000ff", "token \u{20ac}\u{20ac}", "00"];
        for text in rows {
            fs::write(&path, text).unwrap();
            assert_eq!(places.load("ann"), None, "{text:?}");
        }
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_said() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FOLDER), "a file stands in the way").unwrap();
        let error = Places::new("a:1", Some(folder.path())).save("ann", Token([1; 16])).unwrap_err();
        assert!(error.to_string().starts_with("cannot write "), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn only_its_owner_can_read_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let places = Places::new("a:1", Some(folder.path()));
        places.save("ann", Token([1; 16])).unwrap();
        let mode = fs::metadata(places.path("ann").unwrap()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
