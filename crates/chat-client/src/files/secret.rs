//! The secret of this machine's user, by which an upload is recognised as the same after a restart.

use std::fs::{self, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use etcetera::BaseStrategy as _;
use proto::TransferKey;

/// The file's name in the state folder.
const FILE: &str = "transfer-secret";

const BYTES: usize = 32;

/// Made when it is first needed; kept in a file that only its owner can read. Without such a file, uploads can be
/// resumed as long as the client lives.
#[derive(Debug)]
pub(crate) struct Secret {
    folder: Option<PathBuf>,
    bytes: OnceLock<[u8; BYTES]>,
}

impl Secret {
    pub(crate) fn new(folder: Option<&Path>) -> Self {
        Self { folder: folder.map(Path::to_owned).or_else(own_folder), bytes: OnceLock::new() }
    }

    /// The key of an upload of the file `source` to `path` in `room`. May read and write a file.
    pub(crate) fn key(&self, server: &str, room: &str, path: &str, source: &Path) -> TransferKey {
        let secret = self.bytes.get_or_init(|| {
            let random = random();
            self.folder.as_deref().and_then(|folder| kept(folder, random).ok()).unwrap_or(random)
        });
        let mut hasher = blake3::Hasher::new_keyed(secret);
        for part in [server.as_bytes(), room.as_bytes(), path.as_bytes(), source.as_os_str().as_encoded_bytes()] {
            hasher.update(&(part.len() as u64).to_be_bytes());
            hasher.update(part);
        }
        let mut key = [0; 16];
        hasher.finalize_xof().fill(&mut key);
        TransferKey(key)
    }
}

impl Secret {
    /// A key that no other upload has.
    pub(crate) fn other_key() -> TransferKey {
        let mut key = [0; 16];
        key.copy_from_slice(random().first_chunk::<16>().unwrap_or(&[0; 16]));
        TransferKey(key)
    }
}

/// The secret in the file; `random` if there was none, which then is in it.
fn kept(folder: &Path, random: [u8; BYTES]) -> io::Result<[u8; BYTES]> {
    fs::create_dir_all(folder)?;
    let path = folder.join(FILE);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(&path) {
        Ok(mut file) => {
            file.write_all(&random)?;
            Ok(random)
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let mut kept = [0; BYTES];
            fs::File::open(&path)?.read_exact(&mut kept)?;
            Ok(kept)
        }
        Err(error) => Err(error),
    }
}

/// The folder the system has for a program's own state.
pub(crate) fn own_folder() -> Option<PathBuf> {
    let folders = etcetera::choose_base_strategy().ok()?;
    Some(folders.state_dir().unwrap_or_else(|| folders.data_dir()).join("verbatim"))
}

fn random() -> [u8; BYTES] {
    let mut bytes = [0; BYTES];
    // A machine without randomness still tells its transfers apart, though others can guess their keys.
    if getrandom::fill(&mut bytes).is_err() {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |now| now.as_nanos());
        bytes = *blake3::hash(&now.to_be_bytes()).as_bytes();
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_outlives_the_client_and_depends_on_every_part() {
        let folder = tempfile::tempdir().unwrap();
        let key = |folder: &Path, [server, room, path, source]: [&str; 4]| {
            Secret::new(Some(folder)).key(server, room, path, Path::new(source))
        };
        let first = key(folder.path(), ["a:1", "lobby", "x", "/x"]);
        assert_eq!(first, key(folder.path(), ["a:1", "lobby", "x", "/x"]));
        let others = [["b:1", "lobby", "x", "/x"], ["a:1", "lobb", "yx", "/x"], ["a:1", "lobby", "x", "/y"]];
        for other in others {
            assert_ne!(first, key(folder.path(), other), "{other:?}");
        }
        let elsewhere = tempfile::tempdir().unwrap();
        assert_ne!(first, key(elsewhere.path(), ["a:1", "lobby", "x", "/x"]));
    }

    #[cfg(unix)]
    #[test]
    fn only_its_owner_can_read_the_secret() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        Secret::new(Some(folder.path())).key("a:1", "lobby", "x", Path::new("/x"));
        let mode = fs::metadata(folder.path().join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
