//! The plainest tokio echo: read a buffer, write it back. What `echo` measures ours by, so nothing may be taken away
//! from it or added to it without the same being true of `echo-server`'s raw path.

use std::io::Write;
use std::net::Ipv4Addr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::error::BenchError;

/// As large as `echo-server`'s.
const BUFFER_BYTES: usize = 16 * 1024;

/// Serves on a free loopback port until killed; prints `listening on HOST:PORT` first.
///
/// # Errors
/// If there is no port or no runtime.
pub fn run() -> Result<(), BenchError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(BenchError::io("plain-echo: no runtime"))?;
    runtime.block_on(async {
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(BenchError::io("plain-echo: no port"))?;
        let address = listener.local_addr().map_err(BenchError::io("plain-echo: no port"))?;
        println!("listening on {address}");
        let _ = std::io::stdout().flush();
        // Spawned and not awaited here: tasks started from `block_on` take the long way into the scheduler.
        let accepting = tokio::spawn(accept(listener));
        match accepting.await {
            Ok(()) => Ok(()),
            Err(error) => Err(BenchError::CannotStart { program: "plain-echo".to_owned(), why: error.to_string() }),
        }
    })
}

async fn accept(listener: TcpListener) {
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        if let Ok((stream, _)) = listener.accept().await
            && stream.set_nodelay(true).is_ok()
        {
            connections.spawn(echo(stream));
        }
    }
}

async fn echo(mut stream: TcpStream) {
    let mut buffer = vec![0; BUFFER_BYTES];
    while let Ok(count @ 1..) = stream.read(&mut buffer).await {
        let read = buffer.get(..count).unwrap_or_default();
        if stream.write_all(read).await.is_err() {
            return;
        }
    }
}
