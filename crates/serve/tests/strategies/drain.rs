//! How a server ends.

use std::time::Duration;

use serve::{CloseReason, DrainEnd, Limits, Listener, Shutdown, Strategy, serve};

use crate::support::{Client, Lines, Server, roomy, within};

crate::every_strategy!(
    draining_ends_who_can_and_cuts_the_rest_at_the_deadline,
    a_second_signal_cuts_at_once,
    without_anyone_it_stops_at_once,
    dropping_the_future_cuts_everything,
);

async fn draining_ends_who_can_and_cuts_the_rest_at_the_deadline(strategy: Strategy) {
    let server = Server::start(strategy, Limits { drain_ms: 300, ..roomy() });
    let mut idle = server.served().await;
    let mut half_written = server.served().await;
    half_written.send("echo half a li").await;
    let mut stalled = server.served().await;
    stalled.send("flood\n").await;
    assert!(stalled.line_begins().await);
    server.trigger.drain();
    idle.end().await;
    half_written.end_or_answer().await;
    let report = server.report().await;
    assert_eq!(report.end, DrainEnd::Deadline);
    assert_eq!(report.snapshot.closed.of(CloseReason::Drained), 2, "{report}");
    assert_eq!(report.snapshot.closed.of(CloseReason::Cut), 1, "{report}");
    assert!(report.drain_ms >= 300, "{report}");
}

async fn a_second_signal_cuts_at_once(strategy: Strategy) {
    let server = Server::start(strategy, roomy());
    let mut stalled = server.served().await;
    stalled.send("flood\n").await;
    assert!(stalled.line_begins().await);
    let mut idle = server.served().await;
    server.trigger.drain();
    // That the idle one has ended shows that draining has begun.
    idle.end().await;
    server.trigger.close();
    let report = server.report().await;
    assert_eq!(report.end, DrainEnd::AskedToClose);
    assert_eq!(report.snapshot.closed.of(CloseReason::Cut), 1, "{report}");
}

async fn without_anyone_it_stops_at_once(strategy: Strategy) {
    let server = Server::start(strategy, roomy());
    let address = server.address;
    let report = server.drain().await;
    assert_eq!(report.end, DrainEnd::InOrder);
    assert!(serve::net::TcpStream::connect(address).await.is_err(), "the port is still open");
}

async fn dropping_the_future_cuts_everything(strategy: Strategy) {
    let listener = Listener::bind(&["127.0.0.1:0".parse().unwrap()], 16).unwrap();
    let (address, counters) = (listener.local_addrs()[0], listener.counters());
    let (_trigger, shutdown) = Shutdown::channel();
    let mut client = {
        let mut server = std::pin::pin!(serve(listener, strategy, roomy(), Lines { tells: true }, shutdown));
        tokio::select! {
            _ = &mut server => panic!("it stopped by itself"),
            client = async {
                let mut client = Client::over(within(serve::net::TcpStream::connect(address)).await.unwrap());
                assert_eq!(client.ask("echo hello").await, "hello");
                client
            } => client,
        }
    };
    client.end().await;
    let counted_out = async {
        while counters.snapshot().active > 0 {
            // tidy: pace: counters are looked at until they are as wanted.
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    within(counted_out).await;
}
