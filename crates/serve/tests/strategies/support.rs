//! A server with a small line protocol, and clients for it.
//!
//! `echo TEXT` is answered by `TEXT`; `panic` panics; `flood` writes for ever; `work` enters the gate, answers
//! `working`, and holds its permit until the next line; a busy gate is answered by `busy`.

use std::io::{BufRead, BufReader as BlockingReader, Write};
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use serve::net::TcpStream;
use serve::{
    BlockingConnection, CloseReason, Connection, Counters, Limits, Listener, Phase, PhaseWatch, Refusal, Report,
    Service, Shutdown, ShutdownTrigger, Snapshot, Strategy, serve,
};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

/// Bounds a hang, on a loaded machine.
const LONGEST: Duration = Duration::from_secs(30);

/// Room for everybody, and no timeout that a test could meet by chance.
pub(crate) fn roomy() -> Limits {
    Limits {
        max_connections: 0,
        max_per_address: 0,
        workers: workers(8),
        queue: 1000,
        queue_wait_ms: 0,
        handshake_ms: 0,
        idle_ms: 0,
        drain_ms: 3_600_000,
    }
}

pub(crate) fn workers(count: usize) -> NonZeroUsize {
    NonZeroUsize::new(count).unwrap()
}

#[derive(Debug)]
pub(crate) struct Lines {
    /// Whether it has words for those who wait.
    pub(crate) tells: bool,
}

impl Service for Lines {
    async fn serve(&self, connection: Connection) -> CloseReason {
        let Connection { stream, gate, mut phase, .. } = connection;
        let (reading, mut writing) = stream.into_split();
        let mut lines = BufReader::new(reading).lines();
        let mut permit = None;
        loop {
            let line = tokio::select! {
                line = lines.next_line() => line,
                () = phase.draining() => return CloseReason::Drained,
            };
            permit.take();
            let line = match line {
                Ok(Some(line)) => line,
                Ok(None) => return CloseReason::PeerClosed,
                Err(_) => return CloseReason::PeerVanished,
            };
            let answer = match line.as_str() {
                "panic" => panic!("as asked"),
                "flood" => loop {
                    if writing.write_all(&[b'x'; 4096]).await.is_err() {
                        return CloseReason::PeerVanished;
                    }
                },
                "work" => match gate.enter().await {
                    Ok(entered) => {
                        permit = Some(entered);
                        "working\n".to_owned()
                    }
                    Err(busy) => format!("busy: {busy}\n"),
                },
                echo => format!("{}\n", echo.strip_prefix("echo ").unwrap_or("what?")),
            };
            if writing.write_all(answer.as_bytes()).await.is_err() {
                return CloseReason::PeerVanished;
            }
        }
    }

    fn serve_blocking(&self, connection: BlockingConnection) -> CloseReason {
        let mut writing = connection.stream.try_clone().unwrap();
        let lines = BlockingReader::new(connection.stream).lines();
        for line in lines {
            let Ok(line) = line else { return CloseReason::PeerVanished };
            let answer = match line.as_str() {
                "panic" => panic!("as asked"),
                "flood" => loop {
                    if writing.write_all(&[b'x'; 4096]).is_err() {
                        return CloseReason::PeerVanished;
                    }
                },
                echo => format!("{}\n", echo.strip_prefix("echo ").unwrap_or("what?")),
            };
            if writing.write_all(answer.as_bytes()).is_err() {
                return CloseReason::PeerVanished;
            }
        }
        at_the_end(&connection.phase)
    }

    fn refusal(&self, refusal: &Refusal) -> Vec<u8> {
        format!("refused: {refusal}\n").into_bytes()
    }

    fn waiting(&self, place: usize, waiting: usize) -> Vec<u8> {
        if self.tells { format!("place {place} of {waiting}\n").into_bytes() } else { Vec::new() }
    }
}

fn at_the_end(phase: &PhaseWatch) -> CloseReason {
    if phase.current() == Phase::Running { CloseReason::PeerClosed } else { CloseReason::Drained }
}

/// A running server.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) counters: Arc<Counters>,
    pub(crate) trigger: ShutdownTrigger,
    pub(crate) task: JoinHandle<Report>,
}

impl Server {
    pub(crate) fn start(strategy: Strategy, limits: Limits) -> Self {
        Self::start_with(strategy, limits, Lines { tells: true })
    }

    pub(crate) fn start_with(strategy: Strategy, limits: Limits, service: Lines) -> Self {
        let listener = Listener::bind(&["127.0.0.1:0".parse().unwrap()], 1024).unwrap();
        let address = listener.local_addrs()[0];
        let counters = listener.counters();
        let (trigger, shutdown) = Shutdown::channel();
        let task = tokio::spawn(serve(listener, strategy, limits, service, shutdown));
        Self { address, counters, trigger, task }
    }

    pub(crate) async fn client(&self) -> Client {
        Client::over(within(TcpStream::connect(self.address)).await.unwrap())
    }

    /// A client that is surely being served.
    pub(crate) async fn served(&self) -> Client {
        let mut client = self.client().await;
        client.send("echo in\n").await;
        let mut line = client.line().await;
        // A worker is free a moment after the peer it served has seen the end.
        while line.starts_with("place ") {
            line = client.line().await;
        }
        assert_eq!(line, "in");
        client
    }

    /// Waits until the counters are as wanted; they must add up all the while.
    pub(crate) async fn until(&self, wanted: impl Fn(&Snapshot) -> bool) -> Snapshot {
        let reached = async {
            loop {
                let snapshot = self.counters.snapshot();
                adds_up(&snapshot);
                if wanted(&snapshot) {
                    return snapshot;
                }
                // tidy: pace: counters are looked at until they are as wanted.
                sleep(Duration::from_millis(5)).await;
            }
        };
        let reached = timeout(LONGEST, reached).await;
        reached.unwrap_or_else(|_| panic!("never came to be: {}", self.counters.snapshot()))
    }

    /// The report, which must come, and in which nothing may be left open.
    pub(crate) async fn report(self) -> Report {
        let report = within(self.task).await.unwrap();
        adds_up(&report.snapshot);
        assert_eq!((report.snapshot.active, report.snapshot.waiting), (0, 0), "{report}");
        report
    }

    /// Drains it, once all clients are gone, and takes the report.
    pub(crate) async fn drain(self) -> Report {
        self.trigger.drain();
        self.report().await
    }
}

fn adds_up(snapshot: &Snapshot) {
    assert_eq!(snapshot.accepted, snapshot.admitted + snapshot.refused(), "{snapshot}");
    assert_eq!(snapshot.admitted, snapshot.active + snapshot.waiting + snapshot.closed.total(), "{snapshot}");
}

pub(crate) async fn within<T>(what: impl Future<Output = T>) -> T {
    timeout(LONGEST, what).await.expect("it takes far too long")
}

/// The other end of a connection.
pub(crate) struct Client(BufReader<TcpStream>);

impl Client {
    pub(crate) fn over(stream: TcpStream) -> Self {
        Self(BufReader::new(stream))
    }

    pub(crate) async fn send(&mut self, bytes: &str) {
        within(self.0.get_mut().write_all(bytes.as_bytes())).await.unwrap();
    }

    /// The next line; empty at the end of the connection.
    pub(crate) async fn line(&mut self) -> String {
        let mut line = String::new();
        within(self.0.read_line(&mut line)).await.unwrap();
        line.trim_end().to_owned()
    }

    pub(crate) async fn ask(&mut self, line: &str) -> String {
        self.send(&format!("{line}\n")).await;
        self.line().await
    }

    /// The end of the connection must come next, in order or by reset.
    pub(crate) async fn end(&mut self) {
        let mut line = String::new();
        let read = within(self.0.read_line(&mut line)).await;
        assert!(matches!(read, Ok(0) | Err(_)), "more came: {line:?}");
    }

    /// The end of the connection must come next, in order.
    pub(crate) async fn orderly_end(&mut self) {
        let mut line = String::new();
        assert_eq!(within(self.0.read_line(&mut line)).await.unwrap(), 0, "more came: {line:?}");
    }

    /// Leaves without a word.
    pub(crate) fn reset(self) {
        socket2::SockRef::from(self.0.get_ref()).set_linger(Some(Duration::ZERO)).unwrap();
    }

    pub(crate) async fn close_sending(&mut self) {
        within(self.0.get_mut().shutdown()).await.unwrap();
    }
}

impl Client {
    /// Whether anything comes at all.
    pub(crate) async fn line_begins(&mut self) -> bool {
        !within(self.0.fill_buf()).await.unwrap().is_empty()
    }

    /// An answer may still come, then the end.
    pub(crate) async fn end_or_answer(&mut self) {
        let mut rest = String::new();
        let _read = within(tokio::io::AsyncReadExt::read_to_string(&mut self.0, &mut rest)).await;
    }
}
