//! The queue of `pool` and `thread-pool`.

use serve::{CloseReason, Limits, Strategy};

use crate::support::{Lines, Server, roomy, workers};

macro_rules! both_pools {
    ($($scenario:ident),* $(,)?) => { $(
        mod $scenario {
            use serve::Strategy;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn pool() {
                super::$scenario(Strategy::Pool).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn thread_pool() {
                super::$scenario(Strategy::ThreadPool).await;
            }
        }
    )* };
}

both_pools!(
    who_waits_is_told_its_place_and_a_full_queue_says_so,
    who_leaves_the_queue_is_counted_as_starved_and_the_next_move_up,
    who_leaves_is_noticed_without_a_word,
    who_has_asked_and_closed_its_side_still_gets_its_answer,
    who_waits_too_long_is_told,
    who_waits_when_the_server_drains_is_told,
    without_a_queue_free_workers_still_take_connections,
);

fn narrow() -> Limits {
    Limits { workers: workers(1), queue: 2, ..roomy() }
}

async fn who_waits_is_told_its_place_and_a_full_queue_says_so(strategy: Strategy) {
    let server = Server::start(strategy, narrow());
    let first = server.served().await;
    let mut second = server.client().await;
    assert_eq!(second.line().await, "place 1 of 1");
    let mut third = server.client().await;
    assert_eq!(third.line().await, "place 2 of 2");
    let mut fourth = server.client().await;
    assert_eq!(fourth.line().await, "refused: all 1 workers are taken and 2 wait, as many as may (try again later)");
    fourth.end().await;
    assert_eq!(second.line().await, "place 1 of 2");
    drop(first);
    assert_eq!(second.ask("echo my turn").await, "my turn");
    assert_eq!(third.line().await, "place 1 of 1");
    let snapshot = server.until(|snapshot| snapshot.waiting == 1).await;
    assert_eq!((snapshot.active, snapshot.refused_queue, snapshot.starved), (1, 1, 0), "{snapshot}");
    server.drain().await;
}

async fn who_leaves_the_queue_is_counted_as_starved_and_the_next_move_up(strategy: Strategy) {
    let server = Server::start(strategy, narrow());
    let _first = server.served().await;
    let mut second = server.client().await;
    assert_eq!(second.line().await, "place 1 of 1");
    let mut third = server.client().await;
    assert_eq!(third.line().await, "place 2 of 2");
    drop(second);
    assert_eq!(third.line().await, "place 1 of 1");
    let snapshot = server.counters.snapshot();
    assert_eq!((snapshot.starved, snapshot.closed.of(CloseReason::LeftQueue)), (1, 1), "{snapshot}");
    server.drain().await;
}

async fn who_leaves_is_noticed_without_a_word(strategy: Strategy) {
    let server = Server::start_with(strategy, narrow(), Lines { tells: false });
    let _first = server.served().await;
    let (second, third) = (server.client().await, server.client().await);
    server.until(|snapshot| snapshot.waiting == 2).await;
    drop(second);
    server.until(|snapshot| snapshot.closed.of(CloseReason::LeftQueue) == 1).await;
    // Reset, as a program that was killed leaves.
    third.reset();
    let snapshot = server.until(|snapshot| snapshot.closed.of(CloseReason::LeftQueue) == 2).await;
    assert_eq!((snapshot.starved, snapshot.waiting), (2, 0), "{snapshot}");
    server.drain().await;
}

async fn who_has_asked_and_closed_its_side_still_gets_its_answer(strategy: Strategy) {
    let server = Server::start(strategy, narrow());
    let first = server.served().await;
    let mut second = server.client().await;
    second.send("echo patience\n").await;
    second.close_sending().await;
    assert_eq!(second.line().await, "place 1 of 1");
    // The keeper has looked after the line once it tells the second that a third has come.
    let mut third = server.client().await;
    assert_eq!(third.line().await, "place 2 of 2");
    assert_eq!(second.line().await, "place 1 of 2");
    drop(first);
    assert_eq!(second.line().await, "patience");
    server.drain().await;
}

async fn who_waits_too_long_is_told(strategy: Strategy) {
    let server = Server::start(strategy, Limits { queue_wait_ms: 100, ..narrow() });
    let mut first = server.served().await;
    let mut second = server.client().await;
    assert_eq!(second.line().await, "place 1 of 1");
    assert_eq!(second.line().await, "refused: no worker was free within 100 ms (try again later)");
    second.end().await;
    assert_eq!(first.ask("echo unharmed").await, "unharmed");
    let snapshot = server.counters.snapshot();
    assert_eq!((snapshot.starved, snapshot.closed.of(CloseReason::WaitedTooLong)), (1, 1), "{snapshot}");
    server.drain().await;
}

async fn who_waits_when_the_server_drains_is_told(strategy: Strategy) {
    let server = Server::start(strategy, narrow());
    let _first = server.served().await;
    let mut second = server.client().await;
    assert_eq!(second.line().await, "place 1 of 1");
    server.trigger.drain();
    assert_eq!(second.line().await, "refused: the server stops (try again when it is back)");
    let report = server.report().await;
    assert_eq!(report.snapshot.closed.of(CloseReason::Drained), 2, "{report}");
    assert_eq!(report.snapshot.starved, 1, "{report}");
}

async fn without_a_queue_free_workers_still_take_connections(strategy: Strategy) {
    let server = Server::start(strategy, Limits { workers: workers(2), queue: 0, ..roomy() });
    for _ in 0..20 {
        let (_first, _second) = (server.served().await, server.served().await);
        let mut third = server.client().await;
        assert!(third.line().await.starts_with("refused: all 2 workers are taken and 0 wait"));
        drop((_first, _second));
        server.until(|snapshot| snapshot.active == 0).await;
    }
    server.drain().await;
}
