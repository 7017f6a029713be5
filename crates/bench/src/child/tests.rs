//! A server that is a few lines of shell: what it says of itself is kept, and it ends as it is told.

#![cfg(unix)]

use super::*;

/// As the server writes it.
fn line(requests: u64, is_final: bool) -> String {
    format!(
        "{{\"at_ns\":13155139201622,\"accepted\":3,\"refused\":1,\"active\":2,\"waiting\":0,\"starved\":0,\
         \"requests\":{requests},\"requests_waiting\":0,\"requests_refused\":0,\"backlog\":null,\"in_system\":1,\
         \"in_system_seconds\":0.104051143,\"service_requests\":20,\"service_mean_us\":5197.294,\
         \"service_variation\":0.008688,\"final\":{is_final}}}"
    )
}

/// Says two lines of itself and something else, and on SIGTERM does `at_end`.
fn server(at_end: &str) -> RunningServer {
    // One command says all of it: a signal that comes as soon as it listens is acted on behind that.
    let script = format!(
        "trap \"{at_end}\" TERM; printf '%s\\n' 'listening on 127.0.0.1:1' '{}' 'a word' '{}'; \
         while :; do sleep 0.01; done",
        line(1, false),
        line(2, false)
    );
    let command = ServerCommand {
        name: "shell".to_owned(),
        program: PathBuf::from("/bin/sh"),
        arguments: vec!["-c".to_owned(), script],
        ready: Ready::Line,
        way_out: "",
    };
    RunningServer::start(&command, Pinning::NONE).unwrap()
}

#[test]
fn the_last_line_of_a_server_that_ends_in_order_is_handed_back() {
    let last = line(7, true).replace('"', "\\\"");
    let mut server = server(&format!("echo '{last}'; exit 0"));
    let last = server.stop(START_TIMEOUT).unwrap().unwrap();
    assert!(last.is_final && last.backlog.is_none());
    assert_eq!((last.requests, last.in_system, last.service_mean_us), (7, 1, 5197.294));
    assert_eq!(server.stats().iter().map(|stats| stats.requests).collect::<Vec<_>>(), [1, 2, 7]);
}

#[test]
fn a_server_that_fails_or_is_gone_is_said() {
    let mut server = server("exit 3");
    let failed = server.stop(START_TIMEOUT).unwrap_err().to_string();
    assert!(failed.contains("exit status: 3"), "{failed}");
    assert!(server.stop(START_TIMEOUT).is_err());
}

#[test]
fn a_server_that_says_nothing_at_its_end_has_no_last_line() {
    assert_eq!(server("exit 0").stop(START_TIMEOUT).unwrap(), None);
}

#[cfg(target_os = "linux")]
#[test]
fn a_paused_server_stands_still_until_it_is_resumed() {
    let mut server = server("exit 0");
    let is_stopped = |server: &RunningServer| {
        let text = std::fs::read_to_string(format!("/proc/{}/stat", server.child.id())).unwrap();
        text.rsplit_once(") ").unwrap().1.starts_with('T')
    };
    for wanted in [true, false] {
        if wanted {
            server.pause()
        } else {
            server.resume()
        }
        let began = Instant::now();
        while is_stopped(&server) != wanted {
            assert!(began.elapsed() < START_TIMEOUT);
            std::thread::yield_now();
        }
    }
    assert_eq!(server.stop(START_TIMEOUT).unwrap(), None);
}
