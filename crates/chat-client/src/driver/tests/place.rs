//! A place that is kept from one process to the next.

use std::path::Path;

use proto::message::{Hello, Welcome, WireLimits};

use super::*;
use crate::options::{Options, TakenNick};
use crate::places::Places;

fn keeping(folder: &Path) -> Options {
    Options { keep: true, state_folder: Some(folder.to_owned()), ..options(Reconnect::Never) }
}

fn kept(folder: &Path, nick: &str) -> Option<Token> {
    Places::new("test:1", Some(folder)).load(nick)
}

fn welcome(nick: &str, token: u8, features: u64) -> ServerMessage {
    let limits = WireLimits { text_bytes: 16384, bulk_bytes: 0, rooms: 8, idle_ms: 10_000, grace_ms: 0 };
    let (agent, nick) = ("test".into(), nick.into());
    ServerMessage::Welcome(Welcome {
        version: 1,
        features,
        agent,
        nick,
        token: Token([token; 16]),
        resumed: false,
        limits,
    })
}

/// A client that comes, is told `answers` to its hellos and goes; what it said each time.
async fn visit(options: Options, answers: Vec<ServerMessage>) -> Vec<Hello> {
    let (_client, mut events, [mut server]) = start(options);
    let script = async {
        let mut hellos = Vec::new();
        for answer in answers {
            let (id, ClientMessage::Hello(hello)) = server.hears().await else { panic!("no hello") };
            hellos.push(hello);
            server.says(id, answer).await;
        }
        hellos
    };
    let (online, hellos) = tokio::join!(events.online(|_, _| {}), script);
    online.unwrap();
    hellos
}

fn token_of(hello: &Hello) -> Option<Token> {
    hello.resume.as_ref().map(|resume| resume.token)
}

#[tokio::test(start_paused = true)]
async fn the_next_process_takes_up_the_place_of_the_last() {
    let folder = tempfile::tempdir().unwrap();
    let options = keeping(folder.path());
    assert!(!Options { nick: "ann".parse().unwrap(), ..options.clone() }.has_kept_place("test:1"));
    let first = visit(options.clone(), vec![welcome("ann", 1, Welcome::KEPT)]).await;
    assert_eq!((first[0].features, token_of(&first[0])), (Hello::KEEP, None));
    assert!(options.has_kept_place("test:1") && !options.has_kept_place("test:2"));
    // The server has forgotten it by then, and gives a new one.
    let second = visit(options.clone(), vec![welcome("ann", 2, Welcome::KEPT)]).await;
    assert_eq!(token_of(&second[0]), Some(Token([1; 16])));
    // One that does not keep places leaves what there is.
    visit(options, vec![welcome("ann", 3, 0)]).await;
    assert_eq!(kept(folder.path(), "ann"), Some(Token([2; 16])));
}

#[tokio::test(start_paused = true)]
async fn a_place_that_is_in_use_is_neither_taken_nor_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { taken_nick: TakenNick::TakeOffer, yield_place: true, ..keeping(folder.path()) };
    let taken = || ServerMessage::Refused(Refusal::new(Code::NickTaken, "taken").with_offer("ann-2"));
    // Somebody else has the nick: the other one is ours from now on, and found by what was wished for.
    visit(options.clone(), vec![taken(), welcome("ann-2", 1, Welcome::KEPT)]).await;
    assert_eq!((kept(folder.path(), "ann"), kept(folder.path(), "ann-2")), (Some(Token([1; 16])), None));
    // We have it ourselves, in another window.
    let hellos = visit(options, vec![taken(), welcome("ann-3", 2, Welcome::KEPT)]).await;
    assert_eq!(hellos.iter().map(token_of).collect::<Vec<_>>(), [Some(Token([1; 16])), None]);
    assert_eq!(hellos[1].features, Hello::YIELD);
    assert_eq!(kept(folder.path(), "ann"), Some(Token([1; 16])));
}

#[tokio::test(start_paused = true)]
async fn a_place_follows_its_nick() {
    for (taken_nick, old) in [(TakenNick::Fail, None), (TakenNick::TakeOffer, Some(Token([1; 16])))] {
        let folder = tempfile::tempdir().unwrap();
        let options = Options { taken_nick, ..keeping(folder.path()) };
        let (client, mut events, [mut server]) = start(options);
        let script = async {
            let (id, _) = server.hears().await;
            server.says(id, welcome("ann", 1, Welcome::KEPT)).await;
            let (id, _) = server.hears().await;
            server.says(id, ServerMessage::Done).await;
            // The answer to this says that the one before has been carried through.
            let (id, _) = server.hears().await;
            server.says(id, ServerMessage::Unread(proto::message::Unread { rooms: Vec::new() })).await;
        };
        let anna = "anna".parse().unwrap();
        let renaming = async {
            events.online(|_, _| {}).await.unwrap();
            client.rename(&anna).await.unwrap();
            client.unread().await.unwrap();
        };
        tokio::join!(renaming, script);
        assert_eq!((kept(folder.path(), "anna"), kept(folder.path(), "ann")), (Some(Token([1; 16])), old));
    }
}

#[tokio::test(start_paused = true)]
async fn a_place_that_cannot_be_kept_here_is_said() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("identities"), "in the way").unwrap();
    let (_client, mut events, [mut server]) = start(keeping(folder.path()));
    let script = async {
        let (id, _) = server.hears().await;
        server.says(id, welcome("ann", 1, Welcome::KEPT)).await;
    };
    let not_kept = |event: &Event| if let Event::NotKept(error) = event { Some(error.to_string()) } else { None };
    let (words, ()) = tokio::join!(until(&mut events, not_kept), script);
    assert!(words.starts_with("cannot write "), "{words}");
}

#[tokio::test(start_paused = true)]
async fn without_a_place_nobody_comes_beside() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { beside: true, keep: false, ..keeping(folder.path()) };
    let (_client, mut events, []) = start(options);
    let error = events.online(|_, _| {}).await.unwrap_err();
    let words = "no place of ann on test:1 is kept here; talk there first, with: chat-client";
    assert_eq!((error.exit_code(), error.to_string().as_str()), (5, words));
}

#[tokio::test(start_paused = true)]
async fn messages_of_two_processes_have_different_numbers() {
    let mut last = 0;
    for _ in 0..2 {
        let (client, mut events, [mut server]) = start(options(Reconnect::Never));
        server.welcomes(false).await;
        events.online(|_, _| {}).await.unwrap();
        let lobby = join(&client, &mut server).await;
        let said = client.say(lobby, text("hi"));
        let (_, ClientMessage::Say(say)) = server.hears().await else { panic!("no message") };
        drop(said);
        assert!(say.message.0 > last && say.message.0 > 1_700_000_000_000_000, "{}", say.message);
        last = say.message.0;
    }
}
