//! Who is let in.

use serve::net::TcpStream;
use serve::{BindError, Limits, Listener, Shutdown, Strategy, serve};

use crate::support::{Client, Lines, Server, roomy, within};

crate::every_strategy!(beyond_max_connections_one_is_told, beyond_the_share_of_an_address_one_is_told);

async fn beyond_max_connections_one_is_told(strategy: Strategy) {
    let server = Server::start(strategy, Limits { max_connections: 2, ..roomy() });
    let (first, mut second) = (server.served().await, server.served().await);
    let mut third = server.client().await;
    // Words sent before the refusal is read must not make it disappear.
    third.send("echo let me in\n").await;
    assert!(third.line().await.starts_with("refused: the server has 2 connections"));
    third.orderly_end().await;
    assert_eq!(second.ask("echo unharmed").await, "unharmed");
    drop(first);
    server.until(|snapshot| snapshot.active == 1).await;
    let _fourth = server.served().await;
    assert_eq!(server.counters.snapshot().refused_full, 1);
    server.drain().await;
}

async fn beyond_the_share_of_an_address_one_is_told(strategy: Strategy) {
    let server = Server::start(strategy, Limits { max_per_address: 1, ..roomy() });
    let first = server.served().await;
    let mut second = server.client().await;
    assert!(second.line().await.starts_with("refused: 1 connections are open from your address"));
    // Another loopback address, which only Linux has without being told.
    if cfg!(target_os = "linux") {
        let mut neighbour = from_elsewhere(&server);
        assert_eq!(neighbour.ask("echo hello").await, "hello");
    }
    drop(first);
    server.until(|snapshot| snapshot.active == 0).await;
    let _again = server.served().await;
    assert_eq!(server.counters.snapshot().refused_address, 1);
    server.drain().await;
}

fn from_elsewhere(server: &Server) -> Client {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    let elsewhere: std::net::SocketAddr = "127.0.0.2:0".parse().unwrap();
    socket.bind(&elsewhere.into()).unwrap();
    socket.connect(&server.address.into()).unwrap();
    socket.set_nonblocking(true).unwrap();
    Client::over(TcpStream::from_std(socket.into()).unwrap())
}

#[tokio::test]
async fn two_sockets_are_both_served_by_one_server() {
    let any = "127.0.0.1:0".parse().unwrap();
    let listener = Listener::bind(&[any, any], 16).unwrap();
    let addresses = listener.local_addrs().to_vec();
    let (trigger, shutdown) = Shutdown::channel();
    let task = tokio::spawn(serve(listener, Strategy::Spawn, roomy(), Lines { tells: true }, shutdown));
    for address in addresses {
        let mut client = Client::over(within(TcpStream::connect(address)).await.unwrap());
        assert_eq!(client.ask("echo hello").await, "hello", "{address}");
    }
    trigger.drain();
    assert_eq!(within(task).await.unwrap().snapshot.admitted, 2);
}

#[tokio::test]
async fn an_address_that_cannot_be_had_is_named_with_the_reason_and_the_way_out() {
    let taken = Listener::bind(&["127.0.0.1:0".parse().unwrap()], 16).unwrap();
    let address = taken.local_addrs()[0];
    let error = Listener::bind(&[address], 16).unwrap_err();
    assert!(matches!(error, BindError::Taken { .. }), "{error:?}");
    assert_eq!(
        error.to_string(),
        format!("cannot listen on {address}: the port is taken (choose another, or port 0 for a free one)")
    );
    let not_ours = Listener::bind(&["192.0.2.1:0".parse().unwrap()], 16).unwrap_err();
    assert!(matches!(not_ours, BindError::NotOurs { .. }), "{not_ours:?}");
    assert!(matches!(Listener::bind(&[], 16), Err(BindError::NoAddress)));
}

#[tokio::test]
async fn one_address_that_cannot_be_had_leaves_none_bound() {
    let taken = Listener::bind(&["127.0.0.1:0".parse().unwrap()], 16).unwrap();
    let probe = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let free = probe.local_addr().unwrap();
    drop(probe);
    assert!(Listener::bind(&[free, taken.local_addrs()[0]], 16).is_err());
    assert!(Listener::bind(&[free], 16).is_ok());
}
