//! Folders, and what becomes of their small files.

use proto::message::{FileEntry, PackOutcome, Packed, PackedFile, Parcel, Sort};

use super::*;

fn entry(path: &str, size: usize) -> FileEntry {
    let (size, by) = (size as u64, String::new());
    FileEntry { path: path.to_owned(), sort: Sort::File, size, modified_ms: 0, root: None, by }
}

fn packed(path: &str, bytes: &'static [u8]) -> PackedFile {
    PackedFile { code: None, path: path.to_owned(), modified_ms: 0, root: root(bytes), bytes: bytes.into() }
}

/// Answers the list of a folder, then each question for its files by `answer`.
async fn serves_folder(
    server: &mut Server,
    entries: Vec<FileEntry>,
    mut answer: impl FnMut(&[String]) -> Option<Vec<PackedFile>>,
) {
    let (id, ClientMessage::File(_, FileRequest::List(list))) = server.hears().await else { panic!("no list") };
    assert!(list.recursive);
    server.answers(id, FileAnswer::Entries(Entries { entries, more: false, unnamed: 0 })).await;
    loop {
        let (id, ClientMessage::File(_, FileRequest::FetchMany(fetch))) = server.hears().await else {
            panic!("no question")
        };
        let Some(files) = answer(&fetch.paths) else { return };
        server.answers(id, FileAnswer::Parcel(Parcel { files })).await;
    }
}

#[tokio::test]
async fn only_names_that_were_asked_for_are_written_and_only_within_the_folder() {
    let Stage { folder, client, room, servers: [mut server], .. } = stage().await;
    let inside = folder.path().join("in");
    let mut get = client.fetch_folder(room, Some(path("f")), &inside, GetOptions::default());
    let bad = ["f/../../x", "/etc/x", "g/x", "f/.verbatim-x", "f/nul", "f/a\u{1b}[2J"];
    let entries = bad.iter().map(|bad| entry(bad, 1)).chain([entry("f/good", 4)]).collect();
    let script = serves_folder(&mut server, entries, |paths| {
        assert_eq!(paths, ["f/good"]);
        Some(vec![packed("f/good", b"good")])
    });
    tokio::select! {
        outcome = get.done() => {
            let outcome = outcome.unwrap();
            let skipped: Vec<_> = outcome.skipped.iter().map(|skipped| skipped.path.as_str()).collect();
            assert_eq!((skipped.as_slice(), outcome.files), (&bad[..], 1));
        }
        () = script => panic!("it goes on asking"),
    }
    assert_eq!(names(&inside), ["good"]);
    assert_eq!(names(folder.path()), ["in"]);
}

#[tokio::test]
async fn what_comes_damaged_is_asked_for_again_and_what_does_not_fit_in_the_next_parcel() {
    let Stage { folder, client, room, servers: [mut server], .. } = stage().await;
    let mut get = client.fetch_folder(room, Some(path("f")), folder.path().join("in"), GetOptions::default());
    let mut asked = Vec::new();
    let entries = ["f/a", "f/b", "f/c"].map(|path| entry(path, 1)).into();
    let script = serves_folder(&mut server, entries, |paths| {
        asked.push(paths.len());
        let file = |(at, path): (usize, &String)| {
            let code = (at == 2).then_some(Code::TooManyEntries);
            let bytes: &[u8] = if at == 1 && paths.len() == 3 { b"y" } else { b"x" };
            PackedFile { code, bytes: bytes.to_vec().into(), ..packed(path, b"x") }
        };
        Some(paths.iter().enumerate().map(file).collect())
    });
    tokio::select! {
        outcome = get.done() => assert_eq!(outcome.unwrap().files, 3),
        () = script => panic!("it goes on asking"),
    }
    assert_eq!(names(&folder.path().join("in")), ["a", "b", "c"]);
    assert_eq!(asked, [3, 2]);
}

#[tokio::test]
async fn each_file_of_a_pack_has_an_outcome_and_a_lost_pack_is_sent_again() {
    let Stage { folder, client, room, servers: [mut first, mut second], .. } = stage().await;
    let source = folder.path().join("out");
    fs::create_dir(&source).unwrap();
    for name in ["a", "b", "c", "d"] {
        fs::write(source.join(name), name).unwrap();
    }
    let mut put = client.put_folder(room, &source, PutOptions::new(path("f")));
    let script = async {
        let (_, ClientMessage::File(_, FileRequest::Pack(lost))) = first.hears().await else { panic!("no pack") };
        drop(first);
        second.welcomes(true).await;
        second.joins(proto::RequestId(0), 1).await;
        let (id, ClientMessage::File(_, FileRequest::Pack(pack))) = second.hears().await else { panic!("no pack") };
        assert_eq!(lost, pack);
        let outcomes = vec![
            PackOutcome::Stored,
            PackOutcome::Renamed("f/b (1)".to_owned()),
            PackOutcome::Same,
            PackOutcome::Refused(Refusal::new(Code::NotPermitted, "not yours")),
        ];
        second.answers(id, FileAnswer::Packed(Packed { outcomes })).await;
        let (id, ClientMessage::File(_, FileRequest::Announce(announce))) = second.hears().await else {
            panic!("nothing is announced")
        };
        assert_eq!((announce.path.as_str(), announce.files, announce.bytes), ("f", 3, 3));
        second.says(id, ServerMessage::Done).await;
        second
    };
    let (outcome, _second) = tokio::join!(put.done(), script);
    let outcome = outcome.unwrap();
    assert_eq!((outcome.files, outcome.renamed, outcome.same), (3, true, false));
    let skipped: Vec<_> =
        outcome.skipped.iter().map(|skipped| (skipped.path.as_str(), skipped.why.exit_code())).collect();
    assert_eq!(skipped, [("f/d", 4)]);
}
