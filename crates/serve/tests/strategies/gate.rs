//! The gate of `pool-request`, and the kernel's queue of `pool-accept`.

use serve::{Limits, Strategy};

use crate::support::{Server, roomy, workers};

#[tokio::test]
async fn requests_wait_for_a_permit_and_beyond_the_queue_are_answered_busy() {
    let server = Server::start(Strategy::PoolRequest, Limits { workers: workers(1), queue: 1, ..roomy() });
    let (mut first, mut second, mut third) = (server.served().await, server.served().await, server.served().await);
    assert_eq!(first.ask("work").await, "working");
    second.send("work\n").await;
    server.until(|snapshot| snapshot.requests_waiting == 1).await;
    assert_eq!(third.ask("work").await, "busy: 1 requests are worked on and 1 wait, as many as may (try again later)");
    assert_eq!(third.ask("echo I live").await, "I live");
    first.send("echo done\n").await;
    assert_eq!(second.line().await, "working");
    let snapshot = server.counters.snapshot();
    assert_eq!((snapshot.requests, snapshot.requests_refused, snapshot.requests_waiting), (2, 1, 0));
    server.drain().await;
}

#[tokio::test]
async fn a_request_that_waits_too_long_is_answered_busy() {
    let server =
        Server::start(Strategy::PoolRequest, Limits { workers: workers(1), queue: 1, queue_wait_ms: 50, ..roomy() });
    let (mut first, mut second) = (server.served().await, server.served().await);
    assert_eq!(first.ask("work").await, "working");
    assert!(second.ask("work").await.starts_with("busy: no worker was free for the request within 50 ms"));
    server.drain().await;
}

#[tokio::test]
async fn a_client_that_leaves_while_its_request_waits_gives_up_its_place() {
    let server = Server::start(Strategy::PoolRequest, Limits { workers: workers(1), queue: 1, ..roomy() });
    let (mut first, mut second) = (server.served().await, server.served().await);
    assert_eq!(first.ask("work").await, "working");
    second.send("work\n").await;
    server.until(|snapshot| snapshot.requests_waiting == 1).await;
    server.trigger.close();
    let report = server.report().await;
    assert_eq!(report.snapshot.requests_waiting, 0, "{report}");
}

#[tokio::test]
async fn under_spawn_the_gate_is_open() {
    let server = Server::start(Strategy::Spawn, Limits { workers: workers(1), queue: 0, ..roomy() });
    let (mut first, mut second) = (server.served().await, server.served().await);
    assert_eq!(first.ask("work").await, "working");
    assert_eq!(second.ask("work").await, "working");
    assert_eq!(server.counters.snapshot().requests, 2);
    server.drain().await;
}

#[tokio::test]
async fn under_pool_accept_the_others_wait_in_the_kernel() {
    let server = Server::start(Strategy::PoolAccept, Limits { workers: workers(1), queue: 0, ..roomy() });
    let first = server.served().await;
    let mut second = server.client().await;
    second.send("echo at last\n").await;
    assert_eq!(server.counters.snapshot().accepted, 1);
    drop(first);
    assert_eq!(second.line().await, "at last");
    server.drain().await;
}
