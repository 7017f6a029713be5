//! The ten-client exercise.

use crate::support::{Server, run_client, strategies};

#[test]
fn ten_clients_are_answered_in_lower_case_under_every_strategy() {
    for strategy in strategies() {
        let server = Server::start(&format!("tcp --reply lower --once --strategy {strategy} --workers 3"));
        let output = run_client(&["swarm", &server.address.to_string()], "");
        let stdout = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(0), "{strategy}: {stdout}");
        let count = |text: &str| stdout.lines().filter(|line| line.ends_with(text)).count();
        assert_eq!(
            [count("  ydy"), count("  hello, world"), count("  23333"), count("  ....")],
            [3, 3, 4, 4],
            "{stdout}"
        );
        let last = stdout.lines().last().unwrap();
        assert!(last.starts_with("10 clients: 10 ok, 0 failed, 0 refused; answered after min "), "{last}");
    }
}

#[test]
fn the_refused_and_the_failed_are_counted_and_change_the_exit_code() {
    let server = Server::start("tcp --strategy pool --workers 1 --queue 0");
    let mut taken = server.connect();
    taken.send("x");
    taken.expect("x");
    let address = server.address.to_string();
    let output = run_client(&["swarm", &address, "--clients", "3"], "");
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(4), "{stdout}");
    assert!(stdout.ends_with("3 clients: 0 ok, 0 failed, 3 refused\n"), "{stdout}");
    drop((taken, server));
    let output = run_client(&["swarm", &address, "--clients", "3"], "");
    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8(output.stdout).unwrap().ends_with("3 clients: 0 ok, 3 failed, 0 refused\n"));
}

#[test]
fn the_columns_of_the_steps_line_up() {
    let server = Server::start("tcp");
    let output = run_client(&["swarm", &server.address.to_string(), "--clients", "12", "--message", "你好", "hi"], "");
    let stdout = String::from_utf8(output.stdout).unwrap();
    let steps: Vec<_> = stdout.lines().filter(|line| line.contains("  client ")).collect();
    assert_eq!(steps.len(), 12 * 5, "{stdout}");
    for line in steps {
        assert_eq!(line.find("  client "), Some(12), "{line}");
        let step = &line[25..];
        assert!(
            ["connects", "connected", "sends", "answered", "closes"].iter().any(|name| step.starts_with(name)),
            "{line}"
        );
    }
}
