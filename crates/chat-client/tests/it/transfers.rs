//! The library's transfers against the real server.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chat_client::{
    Client, ClientError, Event, Events, GetOptions, GetTarget, OnConflict, Options, Outcome, Place, PutOptions,
    Reconnect, RelPath, RoomKey, Since, Sort, State, Transfer, What,
};

use crate::server::Server;

const MIB: usize = 1024 * 1024;

/// Somebody in the lobby, with a folder.
struct Person {
    client: Client,
    room: RoomKey,
    events: Events,
    folder: PathBuf,
}

impl Person {
    async fn come(server: &Server, nick: &str, folder: &Path) -> Self {
        let folder = folder.join(nick);
        fs::create_dir_all(&folder).unwrap();
        let options = Options {
            reconnect: Reconnect::BackOff,
            state_folder: Some(folder.join("state")),
            ..Options::new(nick.parse().unwrap())
        };
        let (client, events) = Client::connect(&server.address, options).await.unwrap();
        let room = client.join("lobby", Since::Now).await.unwrap().room.key;
        Self { client, room, events, folder }
    }

    fn make(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    async fn put(&self, name: &str, to: &str) -> Result<Outcome, ClientError> {
        done(self.client.put(self.room, self.folder.join(name), PutOptions::new(path(to)))).await
    }

    async fn get(&self, from: &str, name: &str) -> Result<Outcome, ClientError> {
        let target = GetTarget::File(self.folder.join(name));
        done(self.client.get(self.room, path(from), target, GetOptions::default())).await
    }

    async fn heard(&mut self) -> What {
        loop {
            let event = tokio::time::timeout(Duration::from_secs(30), self.events.next()).await.unwrap().unwrap();
            match event {
                Event::Heard(heard) if !matches!(heard.what, What::Joined) => return heard.what,
                _ => {}
            }
        }
    }
}

async fn done(mut transfer: Transfer) -> Result<Outcome, ClientError> {
    tokio::time::timeout(Duration::from_secs(60), transfer.done()).await.expect("it ends")
}

fn path(path: &str) -> RelPath {
    path.parse().unwrap()
}

/// Bytes that are not alike anywhere, other ones for each `seed`.
fn bytes(seed: u8, len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    blake3::Hasher::new().update(&[seed]).finalize_xof().fill(&mut bytes);
    bytes
}

#[tokio::test]
async fn what_was_put_is_fetched_byte_for_byte_and_the_room_hears_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start_with_files(&folder.path().join("server"));
    let ann = Person::come(&server, "ann", folder.path()).await;
    let mut bob = Person::come(&server, "bob", folder.path()).await;
    for (at, size) in [0, 1, 256 * 1024, 256 * 1024 + 1, 20 * MIB + 5].into_iter().enumerate() {
        let (name, to) = (format!("a{at}"), format!("x/a{at}"));
        let file = bytes(1, size);
        ann.make(&name, &file);
        let outcome = ann.put(&name, &to).await.unwrap();
        assert_eq!(outcome.place, Place::Room(to.clone()));
        assert_eq!((outcome.size, outcome.moved), (size as u64, size as u64));
        assert_eq!(outcome.root.unwrap().0, *blake3::hash(&file).as_bytes());
        if size > 8 * MIB {
            assert!(matches!(bob.heard().await, What::Sending { path, .. } if path == to));
        }
        assert!(matches!(bob.heard().await, What::File { path, .. } if path == to));
        let outcome = bob.get(&to, &name).await.unwrap();
        assert_eq!(outcome.place, Place::Here(bob.folder.join(&name)));
        assert!(fs::read(bob.folder.join(&name)).unwrap() == file);
    }
    let listing = bob.client.list(bob.room, None, true).await.unwrap();
    let listed: Vec<_> = listing.entries.iter().map(|entry| (entry.path.as_str(), entry.sort, entry.size)).collect();
    assert_eq!(listed[..2], [("x", Sort::Folder, 0), ("x/a0", Sort::File, 0)]);
    assert_eq!(listed.len(), 6);
    let checked = bob.client.verify(bob.room, &path("x/a4")).await.unwrap();
    assert_eq!((checked.damaged_at, Some(checked.root)), (None, checked.expected));
}

#[tokio::test]
async fn the_same_is_not_sent_again_and_another_gets_another_name() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start_with_files(&folder.path().join("server"));
    let ann = Person::come(&server, "ann", folder.path()).await;
    ann.make("a", &bytes(1, MIB));
    assert!(!ann.put("a", "a.txt").await.unwrap().same);
    let again = ann.put("a", "a.txt").await.unwrap();
    assert!(again.same && again.moved == 0 && !again.renamed, "{again:?}");
    ann.make("b", &bytes(2, MIB));
    let other = ann.put("b", "a.txt").await.unwrap();
    assert_eq!((other.place, other.renamed), (Place::Room("a (1).txt".to_owned()), true));
    let options = |on_conflict| PutOptions { on_conflict, ..PutOptions::new(path("a.txt")) };
    for (on_conflict, exit_code) in
        [(OnConflict::Fail, Some(7)), (OnConflict::Same, Some(7)), (OnConflict::Replace, None)]
    {
        let put = ann.client.put(ann.room, ann.folder.join("b"), options(on_conflict));
        let result = done(put).await;
        assert_eq!(result.as_ref().err().map(ClientError::exit_code), exit_code, "{on_conflict:?}: {result:?}");
    }
    let bob = Person::come(&server, "bob", folder.path()).await;
    bob.make("c", b"c");
    let put = bob.client.put(bob.room, bob.folder.join("c"), options(OnConflict::Replace));
    assert_eq!(done(put).await.unwrap_err().exit_code(), 4, "it is ann's");
    assert_eq!(bob.get("none", "none").await.unwrap_err().exit_code(), 5);
    let moved = ann.client.move_to(ann.room, &path("a.txt"), &path("b/c.txt"), OnConflict::Fail).await.unwrap();
    assert_eq!(moved, "b/c.txt");
    ann.client.remove(ann.room, &path("b"), true).await.unwrap();
    assert_eq!(ann.client.make_folder(ann.room, &path("d/e")).await.unwrap(), "d/e");
    let listing = ann.client.list(ann.room, None, true).await.unwrap();
    let listed: Vec<_> = listing.entries.iter().map(|entry| entry.path.as_str()).collect();
    assert_eq!(listed, ["a (1).txt", "d", "d/e"]);
}

#[cfg(unix)]
#[tokio::test]
async fn both_ways_go_on_after_the_server_was_killed() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start_with_files(&folder.path().join("server"));
    let ann = Person::come(&server, "ann", folder.path()).await;
    // A piece that is told from any other, and then holes: a file that takes seconds to send, and no time to make.
    ann.make("a", &bytes(1, 10 * MIB));
    fs::File::options().write(true).open(ann.folder.join("a")).unwrap().set_len(1024 * MIB as u64).unwrap();
    let root = blake3::Hasher::new().update_reader(fs::File::open(ann.folder.join("a")).unwrap()).unwrap().finalize();
    for way in ["put", "get"] {
        let mut transfer = match way {
            "put" => ann.client.put(ann.room, ann.folder.join("a"), PutOptions::new(path("a"))),
            _ => {
                let target = GetTarget::File(ann.folder.join("b"));
                ann.client.get(ann.room, path("a"), target, GetOptions::default())
            }
        };
        let mut progress = transfer.progress();
        for _ in 0..2 {
            let before = progress.borrow().bytes_done;
            let is_further = |progress: &chat_client::Progress| progress.bytes_done > before + 10 * MIB as u64;
            progress.wait_for(|progress| is_further(progress) || progress.is_over()).await.unwrap();
            assert!(!progress.borrow().is_over(), "{way}: over before it could be disturbed");
            server.kill();
            progress.wait_for(|progress| progress.state == State::Offline || progress.is_over()).await.unwrap();
            assert!(!progress.borrow().is_over(), "{way}: over without a server");
            server.start_again();
            progress.wait_for(|progress| progress.state != State::Offline).await.unwrap();
        }
        let outcome = tokio::time::timeout(Duration::from_secs(60), transfer.done()).await.unwrap().unwrap();
        assert_eq!(outcome.root.unwrap().0, *root.as_bytes());
        assert!(outcome.moved < outcome.size + 64 * MIB as u64 * 2, "{outcome:?}");
    }
    let came = blake3::Hasher::new().update_reader(fs::File::open(ann.folder.join("b")).unwrap()).unwrap().finalize();
    assert_eq!(came, root);
}

#[tokio::test]
async fn a_folder_goes_and_comes_whole() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start_with_files(&folder.path().join("server"));
    let ann = Person::come(&server, "ann", folder.path()).await;
    let mut bob = Person::come(&server, "bob", folder.path()).await;
    for at in 0..700 {
        ann.make(&format!("f/{}/{at}.txt", at % 7), format!("file {at}").as_bytes());
    }
    for at in 0..3 {
        ann.make(&format!("f/large/{at}"), &bytes(at, MIB));
    }
    fs::create_dir_all(ann.folder.join("f/empty/er")).unwrap();
    ann.make("f/bad: name?", b"bad");
    #[cfg(unix)]
    std::os::unix::fs::symlink("/etc/passwd", ann.folder.join("f/link")).unwrap();
    let mut put = ann.client.put_folder(ann.room, ann.folder.join("f"), PutOptions::new(path("up/f")));
    let outcome = tokio::time::timeout(Duration::from_secs(60), put.done()).await.unwrap().unwrap();
    let skipped: Vec<_> = outcome.skipped.iter().map(|skipped| skipped.path.as_str()).collect();
    assert_eq!(skipped, if cfg!(unix) { vec!["link"] } else { vec![] }, "{outcome:?}");
    assert_eq!((outcome.files, outcome.place), (704, Place::Room("up/f".to_owned())));
    let size = outcome.size;
    assert!(matches!(bob.heard().await, What::Folder { path, files: 704, bytes } if path == "up/f" && bytes == size));
    let again = done(ann.client.put_folder(ann.room, ann.folder.join("f"), PutOptions::new(path("up/f")))).await;
    assert!(again.unwrap().same);
    let get = || bob.client.fetch_folder(bob.room, Some(path("up/f")), bob.folder.join("g"), GetOptions::default());
    let outcome = done(get()).await.unwrap();
    assert_eq!((outcome.files, outcome.size, outcome.skipped), (704, size, Vec::new()));
    for name in ["0/0.txt", "6/699.txt", "large/2"] {
        let read = |who: &Path, top: &str| fs::read(who.join(top).join(name)).unwrap();
        assert!(read(&bob.folder, "g") == read(&ann.folder, "f"), "{name}");
    }
    assert!(bob.folder.join("g/empty/er").is_dir());
    assert_eq!(fs::read(bob.folder.join("g/bad_ name_")).unwrap(), b"bad");
    let again = done(get()).await.unwrap();
    assert!(again.same && again.moved == 0, "{again:?}");
}

#[tokio::test]
async fn a_file_is_fetched_while_it_still_comes() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start_with_files(&folder.path().join("server"));
    let ann = Person::come(&server, "ann", folder.path()).await;
    let mut bob = Person::come(&server, "bob", folder.path()).await;
    // A piece that is told from any other, and then holes: a file that takes a while to send, and none to make.
    ann.make("a", &bytes(3, 10 * MIB));
    fs::File::options().write(true).open(ann.folder.join("a")).unwrap().set_len(600 * MIB as u64).unwrap();
    let mut put = ann.client.put(ann.room, ann.folder.join("a"), PutOptions::new(path("a")));
    assert!(matches!(bob.heard().await, What::Sending { path, .. } if path == "a"));
    put.pause();
    let mut get = bob.client.get(bob.room, path("a"), GetTarget::File(bob.folder.join("a")), GetOptions::default());
    get.progress().wait_for(|progress| progress.bytes_total > 0 || progress.is_over()).await.unwrap();
    assert!(!put.progress().borrow().is_over() && !get.progress().borrow().is_over(), "it had all come before");
    put.resume();
    let (put, get) = tokio::join!(put.done(), get.done());
    assert_eq!(put.unwrap().root, get.unwrap().root);
    assert!(fs::read(bob.folder.join("a")).unwrap() == fs::read(ann.folder.join("a")).unwrap());
}
