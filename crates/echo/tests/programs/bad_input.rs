//! What people get wrong, and the sentence they meet.

use crate::support::{Server, check, run};

const SERVER: &str = env!("CARGO_BIN_EXE_echo-server");
const CLIENT: &str = env!("CARGO_BIN_EXE_echo-client");

#[test]
fn bad_arguments_are_named_and_end_with_2() {
    let rows: &[(&str, &str, &str)] = &[
        (SERVER, "", "error: say tcp or udp"),
        (SERVER, "tcp --strategy threads", "error: invalid value 'threads' for '--strategy"),
        (SERVER, "tcp --workers 0", "error: invalid value '0' for '--workers <N>': 0 is not in 1..=65536"),
        (SERVER, "tcp --workers -1", "error: "),
        (SERVER, "tcp --queue 99999999999", "error: invalid value '99999999999' for '--queue <N>'"),
        (
            SERVER,
            "tcp --queue 1000001",
            "error: invalid value '1000001' for '--queue <N>': 1000001 is not in 0..=1000000",
        ),
        (SERVER, "tcp --backlog 0", "error: invalid value '0' for '--backlog <N>'"),
        (SERVER, "tcp --work cpu:5", "error: invalid value 'cpu:5' for '--work <WORK>': \"5\" is no duration"),
        (SERVER, "tcp --work nap:5ms", "error: invalid value 'nap:5ms' for '--work <WORK>': \"nap:5ms\" is no work"),
        (SERVER, "tcp --work asked:sleep", "error: --work asked:sleep wants requests that say how long they take (add"),
        (
            SERVER,
            "tcp --work scarce:0:5ms:2%",
            "error: invalid value 'scarce:0:5ms:2%' for '--work <WORK>': \"0\" is no",
        ),
        (SERVER, "tcp --stats-every-ms 0", "error: invalid value '0' for '--stats-every-ms <MS>'"),
        (SERVER, "tcp --listen 12345", "error: invalid value '12345' for '--listen <HOST:PORT>': write HOST:PORT"),
        (SERVER, "tcp --reply shout", "error: invalid value 'shout' for '--reply <REPLY>'"),
        (SERVER, "tcp --ack-text=", "error: invalid value '' for '--ack-text <TEXT>': an empty text confirms nothing"),
        (SERVER, "http", "error: unrecognized subcommand 'http'"),
        (CLIENT, "", "error: say tcp, udp or swarm"),
        (CLIENT, "tcp", "error: the following required arguments"),
        (
            CLIENT,
            "swarm 127.0.0.1:1 --clients 0",
            "error: invalid value '0' for '--clients <N>': 0 is not in 1..=10000",
        ),
    ];
    for (program, line, words) in rows {
        let args: Vec<_> = line.split_whitespace().collect();
        check(&run(program, &args, ""), 2, "", words);
    }
}

#[test]
fn a_port_that_is_taken_and_an_address_that_is_not_ours_are_said() {
    let taken = Server::start("tcp");
    let address = taken.address.to_string();
    let words = format!(
        "echo-server: cannot listen on {address}: the port is taken (choose another, or port 0 for a free one)\n"
    );
    check(&run(SERVER, &["tcp", "--listen", &address], ""), 1, "", &words);
    let taken = Server::start("udp");
    let address = taken.address.to_string();
    let words = format!("echo-server: cannot listen on {address}: the port is taken");
    check(&run(SERVER, &["udp", "--listen", &address], ""), 1, "", &words);
    for transport in ["tcp", "udp"] {
        let words = "echo-server: cannot listen on 192.0.2.1:0: no network interface here has this address";
        check(&run(SERVER, &[transport, "--listen", "192.0.2.1:0"], ""), 1, "", words);
    }
}

#[test]
fn help_names_every_strategy_and_completions_are_made() {
    let help = String::from_utf8(run(SERVER, &["tcp", "--help"], "").stdout).unwrap();
    for strategy in serve::Strategy::ALL {
        assert!(help.contains(strategy.as_str()) && help.contains(strategy.description()), "{strategy}: {help}");
    }
    for program in [SERVER, CLIENT] {
        for what in ["bash", "zsh", "fish", "elvish", "powershell", "man"] {
            let output = run(program, &["--generate", what], "");
            assert_eq!(output.status.code(), Some(0));
            assert!(output.stdout.len() > 500, "{program} {what}");
        }
    }
}
