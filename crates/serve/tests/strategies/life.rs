//! Serving, and what a panic does.

use serve::{CloseReason, DrainEnd, Strategy};

use crate::support::{Server, roomy, workers};

crate::every_strategy!(everyone_is_answered_and_counted, a_panic_hurts_one_connection_and_shrinks_no_pool);

async fn everyone_is_answered_and_counted(strategy: Strategy) {
    const CLIENTS: u64 = 60;
    let server = Server::start(strategy, serve::Limits { workers: workers(4), ..roomy() });
    let mut clients = tokio::task::JoinSet::new();
    for number in 0..CLIENTS {
        let client = server.client().await;
        clients.spawn(async move {
            let mut client = client;
            // Under the pools of 4 the others wait, and are told their place before their answer.
            client.send(&format!("echo {number}\n")).await;
            let mut answer = client.line().await;
            while answer.starts_with("place ") {
                answer = client.line().await;
            }
            assert_eq!(answer, number.to_string());
            for round in 0..10 {
                assert_eq!(client.ask(&format!("echo {round}")).await, round.to_string());
            }
        });
    }
    clients.join_all().await;
    server.until(|snapshot| snapshot.closed.total() == CLIENTS).await;
    let report = server.drain().await;
    assert_eq!(report.end, DrainEnd::InOrder);
    assert_eq!(report.snapshot.admitted, CLIENTS);
    assert_eq!(report.snapshot.closed.of(CloseReason::PeerClosed), CLIENTS, "{report}");
}

async fn a_panic_hurts_one_connection_and_shrinks_no_pool(strategy: Strategy) {
    let server = Server::start(strategy, serve::Limits { workers: workers(2), ..roomy() });
    let mut bystander = server.served().await;
    for _ in 0..6 {
        let mut client = server.served().await;
        client.send("panic\n").await;
        client.end().await;
    }
    // Both workers must be there: two are served side by side.
    let mut other = server.served().await;
    assert_eq!(bystander.ask("echo still here").await, "still here");
    assert_eq!(other.ask("echo me too").await, "me too");
    drop((bystander, other));
    let snapshot = server.until(|snapshot| snapshot.closed.total() == 8).await;
    assert_eq!(snapshot.closed.of(CloseReason::Panicked), 6, "{snapshot}");
    assert_eq!(snapshot.closed.of(CloseReason::PeerClosed), 2, "{snapshot}");
    server.drain().await;
}
