//! `bench-client` as people run it: exit codes, words, generated text, and what is left behind.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::process::{Command, Output};

fn bench_client(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bench-client")).args(arguments).output().expect("cargo has built bench-client")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn wrong_options_are_usage() {
    let check = |arguments: &[&str], want: &str| {
        let output = bench_client(arguments);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.contains(want), "{arguments:?}: {said}");
    };
    check(&[], "Usage");
    check(&["fly"], "fly");
    check(&["fanout", "--blocks", "0"], "1..=1000");
    check(&["fanout", "--seconds", "soon"], "a number of seconds");
    check(&["fanout", "--target", "http://127.0.0.1:1"], "http is not one of ours");
    check(&["fanout", "--target", "chat://127.0.0.1:1", "--servers", "redis"], "cannot be used with");
    check(&["fanout", "--size", "7"], "8..=16384");
    check(&["echo", "--json", "--markdown"], "cannot be used with");
    check(&["files"], "throughput");
    check(&["files", "throughput", "--only", "ftp"], "ftp");
    check(&["files", "throughput", "--size-mib", "0"], "1..=1048576");
    check(&["files", "small", "--size", "300000"], "0..=262144");
    check(&["store"], "commit");
    check(&["store", "commit", "--rooms", "0"], "1..=10000");
    check(&["store", "big", "--rooms", "65"], "1..=64");
    check(&["store", "return", "--members", "5"], "a slope needs two counts");
    check(&["fanout", "--stored", "--target", "chat://127.0.0.1:1"], "cannot be used with");
    check(&["load"], "TARGET");
    check(&["load", "redis://127.0.0.1:1"], "redis is nothing that can be loaded");
    check(&["load", "raw://127.0.0.1:1", "--fresh"], "--rate");
    check(&["load", "raw://127.0.0.1:1", "--think", "5"], "a time with its unit");
    check(&["load", "raw://127.0.0.1:1", "--rate", "1000000", "--duration", "600"], "can be planned");
    check(&["load", "chat://127.0.0.1:1", "--rate", "5", "--fresh", "--connections", "5"], "cannot be used with");
    check(&["idle", "--members", "5"], "a slope needs two counts");
    check(&["suite", "--fail-on", "regress"], "worse than what?");
    check(&["suite", "--baseline", "no-such-baseline"], "--save-baseline keeps one");
    check(&["suite", "--docs", "/no/such/folder"], "/no/such/folder/benchmarks.md");
}

#[test]
fn a_missing_server_is_named_with_the_way_out() {
    let folder = tempfile::tempdir().unwrap();
    let check = |arguments: &[&str], want: &[&str]| {
        let folder = folder.path().to_str().unwrap();
        let output = bench_client(&[arguments, &["--bin-dir", folder, "--no-pin"]].concat());
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(want.iter().all(|want| said.contains(want)), "{said}");
    };
    check(
        &["fanout", "--servers", "chat"],
        &["bench-client: chat-server: not found at", "cargo build --release -p chat-server"],
    );
    check(&["files", "memory"], &["chat-server: not found at", "cargo build --release -p chat-server"]);
    let store = ["store", "commit", "--seconds", "0.05", "--dir", env!("CARGO_TARGET_TMPDIR")];
    check(&store, &["chat-server: not found at", "cargo build --release -p chat-server"]);
    check(&["churn"], &["echo-server: not found at", "cargo build --release -p echo"]);
}

#[test]
#[cfg(target_os = "linux")]
fn a_store_in_memory_is_refused() {
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap();
    if !mounts.lines().any(|mount| mount.contains(" /dev/shm ") && mount.contains(" - tmpfs ")) {
        return;
    }
    let output = bench_client(&["store", "commit", "--dir", "/dev/shm", "--no-pin"]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("/dev/shm is tmpfs") && said.contains("say --dir"), "{said}");
}

#[test]
fn a_server_that_is_not_there_cannot_be_reached() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let url = format!("redis://{}", listener.local_addr().unwrap());
    drop(listener);
    for arguments in [&["fanout", "--target", &url, "--no-pin"][..], &["load", &url.replace("redis", "echo")]] {
        let output = bench_client(arguments);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("cannot connect") && said.contains("is it running"), "{said}");
    }
}

#[test]
fn a_server_that_speaks_something_else_makes_the_trial_invalid() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let url = format!("nats://{}", listener.local_addr().unwrap());
    let serving = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.write_all(b"220 mail.example.org ESMTP \x1b[31mred\n").unwrap();
        // Until the client has closed.
        drop(stream.read(&mut [0; 64]));
    });
    let output = bench_client(&["fanout", "--target", &url, "--no-pin", "--blocks", "1", "--json"]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let lines: Vec<serde_json::Value> =
        text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let types: Vec<_> = lines.iter().map(|line| line["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["environment", "trial", "summary"]);
    assert!(lines[1]["invalid"].as_str().unwrap().contains("something else than INFO"), "{}", lines[1]);
    assert_eq!(lines[2]["invalid_trials"], 1);
    serving.join().unwrap();
}

#[test]
fn plain_echo_says_where_it_listens_and_echoes_and_can_be_loaded() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_bench-client"))
        .arg("plain-echo")
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim().strip_prefix("listening on ").unwrap();
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    stream.write_all("grüß dich".as_bytes()).unwrap();
    let mut echo = vec![0; "grüß dich".len()];
    stream.read_exact(&mut echo).unwrap();
    assert_eq!(text(&echo), "grüß dich");
    let output = bench_client(&[
        "load",
        &format!("raw://{address}"),
        "--connections",
        "3",
        "--duration",
        "0.1",
        "--warm-up",
        "0.05",
        "--json",
    ]);
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{said}{}", text(&output.stderr));
    let load: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!((&load["type"], &load["arrivals"]), (&"load".into(), &"closed".into()));
    assert!(load["counts"]["ok"].as_u64().unwrap() > 0, "{said}");
    assert_eq!((&load["counts"]["failed"], &load["invalid"]), (&0.into(), &serde_json::json!([])), "{said}");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_copy_is_measured_without_any_server_of_ours_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let work = folder.path().to_str().unwrap();
    let arguments = ["files", "throughput", "--only", "cp", "--size-mib", "1", "--blocks", "2", "--json"];
    let output = bench_client(&[&arguments[..], &["--work-dir", work, "--memory-dir", work]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let lines: Vec<serde_json::Value> =
        text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let trials: Vec<_> = lines.iter().filter(|line| line["type"] == "trial").collect();
    assert_eq!(trials.len(), 2, "{lines:?}");
    assert!(trials.iter().all(|trial| trial["bytes"] == 1 << 20 && trial["seconds"].as_f64().unwrap() > 0.0));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn completions_and_man_page_are_printed() {
    for (what, want) in [("bash", "complete -F"), ("zsh", "#compdef bench-client"), ("man", ".TH bench-client")] {
        let output = bench_client(&["--generate", what]);
        assert_eq!(output.status.code(), Some(0), "{what}");
        assert!(text(&output.stdout).contains(want), "{what}");
    }
}

#[test]
fn help_gives_examples() {
    let output = bench_client(&["--help"]);
    let help = text(&output.stdout);
    assert!(help.contains("Examples:") && help.contains("bench-client fanout"), "{help}");
    assert!(!help.contains("plain-echo"), "{help}");
}

#[test]
fn self_check_passes_and_says_what_it_checked() {
    let output = bench_client(&["self-check"]);
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{said}{}", text(&output.stderr));
    assert!(said.contains("ok      a planted difference of 10 % is found"), "{said}");
    assert!(said.contains("ok      plain echo: every echo is what was sent"), "{said}");
}
