//! Files in the conversation, as somebody at a terminal meets them who has only seen the exercise.

use std::fs;

use crate::desk::{Desk, noise};
use crate::person::{Person, text};
use crate::server::Server;

#[test]
fn the_exercises_commands_work_as_a_first_time_user_types_them() {
    let server = Server::with_files();
    let ann = Person::sits_down(&server, "ann");
    let bob = Person::sits_down(&server, "bob");
    fs::write(ann.folder().join("report.pdf"), noise(1_258_291, 1)).unwrap();
    fs::create_dir(ann.folder().join("docs")).unwrap();
    ann.says("/u");
    ann.sees("that lacks something; write: /put PATH…");
    ann.says("/ls");
    ann.sees("#lobby has no files yet; /put PATH sends one");
    ann.says("/ls-l");
    ann.sees("1.2 MiB");
    ann.sees("docs/");
    ann.says("/u report.pdf");
    ann.sees("#1 report.pdf is sent: 1.2 MiB in");
    bob.sees("ann sent report.pdf (1.2 MiB); /get report.pdf");
    ann.says("/u report.pdf");
    ann.sees("report.pdf is there already, with the same bytes");
    fs::write(ann.folder().join("report.pdf"), "changed").unwrap();
    ann.says("/u report.pdf");
    ann.sees("report.pdf is taken, so it is sent as \"report (1).pdf\"");
    bob.sees("ann sent \"report (1).pdf\" (7 B); /get \"report (1).pdf\"");
    bob.says("/d report.pdf");
    bob.sees("#1 report.pdf is here");
    assert_eq!(fs::read(bob.folder().join("report.pdf")).unwrap(), noise(1_258_291, 1));
    bob.says("/d report (1).pdf");
    bob.sees("#2 \"report (1).pdf\" is here");
    bob.says("/d nothing.txt");
    bob.sees("! #3 there is no nothing.txt");
    bob.says("/u nothing.txt");
    bob.sees("there is no such file here");
    bob.says("/ls");
    bob.sees("* #lobby");
    bob.sees("├── report (1).pdf");
    bob.sees("└── report.pdf");
    bob.sees("2 files, 1.2 MiB");
    bob.sees_at_the_bottom("lobby>");
}

#[test]
fn tab_completes_files_here_and_there() {
    let server = Server::with_files();
    let ann = Person::sits_down(&server, "ann");
    fs::write(ann.folder().join("my report.pdf"), "x").unwrap();
    ann.types("/put my\t");
    ann.sees_at_the_bottom("lobby> /put \"my report.pdf\"");
    ann.presses("\r");
    ann.sees("\"my report.pdf\" is sent");
    fs::write(ann.folder().join("my report.pdf"), "another").unwrap();
    ann.retries("/get my\t", "lobby> /get \"my report.pdf\"");
    ann.presses("\r");
    ann.sees("the name is taken here, so \"my report.pdf\" is \"my report (1).pdf\"");
}

#[test]
fn transfers_run_behind_the_prompt_and_obey() {
    let server = Server::with_files();
    let ann = Person::sits_down(&server, "ann");
    let bob = Person::sits_down(&server, "bob");
    fs::File::create(ann.folder().join("big.bin")).unwrap().set_len(400_000_000).unwrap();
    ann.says("/transfers");
    ann.sees("nothing is under way");
    ann.says("/put big.bin");
    bob.sees("ann is sending big.bin (381 MiB), which can be fetched already");
    ann.says("/pause 1");
    ann.sees("#1 big.bin: paused; /resume 1 lets it go on");
    ann.types("half a line");
    bob.says("are you there?");
    ann.sees("bob     are you there?");
    ann.sees_at_the_bottom("lobby> half a line");
    ann.presses("\x15/transfers\r");
    ann.waits_for("a bar", |screen| text(screen).contains("#1 put big.bin  [") && text(screen).contains("paused"));
    bob.says("/d big.bin");
    bob.sees("#1 fetches big.bin (381 MiB)");
    bob.sees("MiB, waits for the sender");
    bob.says("/ls");
    bob.waits_for("the share that is there", |screen| text(screen).contains("└── big.bin  (arriving, "));
    ann.says("/pause 7");
    ann.sees("there is no transfer #7; /transfers shows those there are");
    ann.says("/q");
    ann.sees("1 transfer under way");
    ann.says("/resume 1");
    ann.sees("#1 big.bin: goes on");
    ann.sees("#1 big.bin is sent: 381 MiB in");
    bob.sees("#1 big.bin is here: 381 MiB in");
    bob.sees("ann sent big.bin (381 MiB); /get big.bin");
    ann.presses("/d big.bin\r/cancel 2\r");
    ann.sees("#2 big.bin: cancelled");
    ann.presses("/q\r");
    assert_eq!(ann.ends(), 0);
}

#[test]
fn whoever_leaves_in_the_middle_is_told_and_leaves_the_second_time() {
    let server = Server::with_files();
    let ann = Person::sits_down(&server, "ann");
    fs::File::create(ann.folder().join("big.bin")).unwrap().set_len(400_000_000).unwrap();
    ann.presses("/put big.bin\r/pause 1\r");
    ann.sees("paused");
    ann.says("/q");
    ann.sees("given again another time, they go on where they stopped");
    ann.sees_at_the_bottom("lobby>");
    ann.says("/q");
    assert_eq!(ann.ends(), 0);
}

#[test]
fn a_command_at_a_terminal_draws_bars_and_leaves_words() {
    let server = Server::with_files();
    let home = tempfile::tempdir().unwrap();
    let name = "大文件.bin";
    fs::File::create(home.path().join(name)).unwrap().set_len(300_000_000).unwrap();
    let ann = Person::arrives_in(home, &server.address, &["--nick", "ann", "put", name]);
    ann.waits_for("a bar", |screen| {
        text(screen).contains(&format!("{name}  [")) && text(screen).contains(" of 286 MiB")
    });
    ann.sees(&format!("chat-client: {name} is sent: 286 MiB in"));
    assert!(!ann.screen().contains("  ["), "the bar is gone: {}", ann.screen());
    assert_eq!(ann.ends(), 0);
}

#[test]
fn a_file_for_one_person_goes_to_that_person() {
    let server = Server::with_files();
    let ann = Person::sits_down(&server, "ann");
    let bob = Person::sits_down(&server, "bob");
    fs::write(ann.folder().join("secret.txt"), "for bob").unwrap();
    ann.says("/dm bob");
    ann.sees_at_the_bottom("→bob>");
    ann.says("/u secret.txt");
    ann.sees("#1 secret.txt is sent: 7 B in");
    bob.sees("→ann * ann sent secret.txt (7 B); /room ann and /get secret.txt");
    bob.says("/d secret.txt");
    bob.sees("! #1 there is no secret.txt");
    bob.says("/room ann");
    bob.sees_at_the_bottom("→ann>");
    bob.says("/d secret.txt");
    bob.sees("#2 secret.txt is here: 7 B in");
    assert_eq!(fs::read(bob.folder().join("secret.txt")).unwrap(), b"for bob");
}

#[test]
fn a_file_from_a_script_can_be_fetched_when_the_script_has_gone() {
    let server = Server::with_files();
    let bob = Person::sits_down(&server, "bob");
    let ann = Desk::of("ann", &server);
    ann.write("secret.txt", "for bob");
    ann.does(&["put", "--to", "bob", "secret.txt"]);
    bob.sees("→ann * ann sent secret.txt (7 B); /room ann and /get secret.txt");
    bob.says("/room ann");
    bob.sees_at_the_bottom("→ann>");
    bob.says("/d secret.txt");
    bob.sees("#1 secret.txt is here: 7 B in");
}

#[test]
fn a_transfer_outlives_the_server() {
    let mut server = Server::with_files();
    let ann = Person::sits_down(&server, "ann");
    fs::File::create(ann.folder().join("big.bin")).unwrap().set_len(1_000_000_000).unwrap();
    ann.says("/put big.bin");
    ann.sees("#1 sends big.bin (954 MiB)");
    server.kill();
    ann.sees("! offline:");
    ann.says("/transfers");
    ann.waits_for("a bar that says so", |screen| text(screen).contains(" of 954 MiB  offline"));
    server.start_again();
    ann.sees("online again");
    ann.sees("#1 big.bin is sent: 954 MiB in");
}
