//! How fast a file goes from a source to a sink that keeps nothing: in memory, and over a loopback connection.
//!
//! `cargo run --release -p transfer --example speed -- FILE [RUNS]`. The file should be in the page cache.

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::{Duration, Instant};

use bytes::{Buf, Bytes, BytesMut};
use proto::codec::Codec;
use proto::header::Header;
use proto::limits::{BULK_BYTES_MAX, HEADER_BYTES};
use proto::message::TransferMessage;
use proto::{ClientMessage, Root, Slot};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio_util::codec::Decoder;
use transfer::content::FileContent;
use transfer::credit::{WINDOW_BYTES_INITIAL, WINDOW_BYTES_MAX, Window};
use transfer::group::{GroupHash, RootBuilder, hash_all};
use transfer::lanes::{Bulk, Lanes};
use transfer::sink::{Nowhere, Sink, SinkSignal};
use transfer::source::{Hashing, Source, SourceOptions};

const SLOT: Slot = Slot(1);

/// A file, and what is known of it.
struct Sample {
    path: PathBuf,
    size: u64,
    hashes: Vec<GroupHash>,
    root: Root,
}

fn main() -> io::Result<()> {
    let mut args = std::env::args_os().skip(1);
    let usage = || io::Error::new(io::ErrorKind::InvalidInput, "speed FILE [RUNS]");
    let path = PathBuf::from(args.next().ok_or_else(usage)?);
    let runs = args.next().and_then(|runs| runs.to_str().and_then(|runs| runs.parse().ok())).unwrap_or(3);
    let size = File::open(&path)?.metadata()?.len();
    let mut hashes = Vec::new();
    let root = hash_all(File::open(&path)?, size, &mut hashes)?;
    let sample = Arc::new(Sample { path, size, hashes, root });
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    for _ in 0..runs {
        report("read alone", &sample, read_alone)?;
        report("read and hash alone", &sample, |sample| {
            hash_all(File::open(&sample.path)?, sample.size, &mut Vec::new()).map(drop)
        })?;
        report("connection alone", &sample, |sample| runtime.block_on(connection_alone(sample)))?;
        for stored in [false, true] {
            let name = if stored { "stored" } else { "computed" };
            let in_memory = |sample: &Arc<Sample>| runtime.block_on(in_memory(sample, stored));
            report(&format!("in memory, {name}"), &sample, in_memory)?;
            let over_tcp = |sample: &Arc<Sample>| runtime.block_on(over_tcp(sample, stored));
            report(&format!("connection, {name}"), &sample, over_tcp)?;
        }
    }
    Ok(())
}

fn report(name: &str, sample: &Arc<Sample>, run: impl FnOnce(&Arc<Sample>) -> io::Result<()>) -> io::Result<()> {
    let (began, ticks) = (Instant::now(), cpu_ticks());
    run(sample)?;
    let (took, ticks) = (began.elapsed(), cpu_ticks() - ticks);
    let gigabytes = sample.size as f64 / 1e9;
    let rate = gigabytes * 1e3 / took.as_secs_f64();
    println!("{name:24} {rate:7.0} MB/s, {:5.0} ms of processor a GB", ticks as f64 * 10.0 / gigabytes);
    Ok(())
}

/// Hundredths of a second that this process has used of processors, the kernel's work for it included; 0 if nobody
/// tells.
fn cpu_ticks() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // Behind the name, which may hold blanks: field 3 on. The 14th and 15th are wanted.
    let fields = stat.rsplit(") ").next().unwrap_or_default().split(' ').skip(11);
    fields.take(2).filter_map(|field| field.parse::<u64>().ok()).sum()
}

fn read_alone(sample: &Arc<Sample>) -> io::Result<()> {
    let (mut file, mut buffer) = (File::open(&sample.path)?, vec![0; 1 << 20]);
    while file.read(&mut buffer)? > 0 {}
    Ok(())
}

fn lanes(sample: &Sample, stored: bool, wake: Arc<dyn Fn() + Send + Sync>) -> io::Result<Lanes> {
    let hashing = if stored {
        Hashing::Stored(Arc::new(sample.hashes.clone()))
    } else {
        Hashing::Compute { before: RootBuilder::new() }
    };
    let root = stored.then_some(sample.root);
    let options =
        SourceOptions { size: sample.size, from: 0, credit: WINDOW_BYTES_INITIAL, hashing, root, arriving: None };
    let content = FileContent::new(File::open(&sample.path)?)?;
    let mut lanes = Lanes::new(BULK_BYTES_MAX);
    lanes.add(SLOT, Source::new(Arc::new(content), options, wake));
    Ok(lanes)
}

/// A sink that keeps nothing, and what it says.
fn sink(sample: &Sample, rung: &Arc<Notify>) -> (Sink, Receiver<SinkSignal>) {
    let (says, signals) = sync_channel(1024);
    let rung = Arc::clone(rung);
    let signal = Box::new(move |signal| {
        let _ = says.try_send(signal);
        rung.notify_one();
    });
    let window = Window::new(WINDOW_BYTES_INITIAL, WINDOW_BYTES_MAX, None);
    (Sink::new(sample.size, 0, RootBuilder::new(), window, Box::new(Nowhere), signal), signals)
}

async fn in_memory(sample: &Arc<Sample>, stored: bool) -> io::Result<()> {
    let rung = Arc::new(Notify::new());
    let wakes = Arc::clone(&rung);
    let mut lanes = lanes(sample, stored, Arc::new(move || wakes.notify_one()))?;
    let (sink, signals) = sink(sample, &rung);
    loop {
        while let Ok(signal) = signals.try_recv() {
            match signal {
                SinkSignal::Credit(limit) => {
                    lanes.source(SLOT).into_iter().for_each(|source| source.credit(limit));
                }
                SinkSignal::Finished { .. } => return Ok(()),
                SinkSignal::Verified(_) => {}
                other => return Err(io::Error::other(format!("{other:?}"))),
            }
        }
        let Some(bulk) = lanes.next_bulk() else {
            rung.notified().await;
            continue;
        };
        lanes.wrote(bulk.wire_bytes(), Duration::from_micros(10), Instant::now());
        deliver(&sink, bulk)?;
    }
}

/// Hands a bulk frame over without a connection.
fn deliver(sink: &Sink, bulk: Bulk) -> io::Result<()> {
    let (mut head, mut body) = (bulk.head, Some(bulk.body));
    while let Some(header) = head.first_chunk::<HEADER_BYTES>().map(Header::read) {
        head.advance(HEADER_BYTES);
        let is_chunk = header.kind == proto::Kind::Chunk.number();
        let bytes = if is_chunk { body.take() } else { Some(head.split_to(header.len as usize)) };
        let frame = proto::Frame::new(header.kind, header.id, bytes.unwrap_or_default()).with_slot(header.slot);
        take(sink, &frame)?;
    }
    Ok(())
}

fn take(sink: &Sink, frame: &proto::Frame) -> io::Result<()> {
    let taken = match ClientMessage::from_frame(frame).map_err(io::Error::other)? {
        ClientMessage::Transfer(_, TransferMessage::Chunk { offset, bytes }) => sink.chunk(offset, bytes),
        ClientMessage::Transfer(_, TransferMessage::Hashes { first, hashes }) => sink.hashes(first, hashes),
        ClientMessage::Transfer(_, TransferMessage::Finish { size, root }) => sink.finish(size, root),
        other => return Err(io::Error::other(format!("{other:?}"))),
    };
    taken.map_err(io::Error::other)
}

async fn pair() -> io::Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let (near, far) = tokio::join!(TcpStream::connect(listener.local_addr()?), listener.accept());
    Ok((near?, far?.0))
}

/// The same bytes from one buffer, read with the codec and thrown away.
async fn connection_alone(sample: &Arc<Sample>) -> io::Result<()> {
    let (mut near, mut far) = pair().await?;
    let frames = sample.size / BULK_BYTES_MAX as u64;
    let sender = tokio::spawn(async move {
        let body = Bytes::from(vec![0; BULK_BYTES_MAX]);
        for offset in 0..frames {
            let frame = TransferMessage::Chunk { offset, bytes: body.clone() }.to_frame(SLOT);
            let mut out = Vec::with_capacity(HEADER_BYTES);
            frame.header().write(&mut out);
            write_both(&mut near, out.into(), frame.body().clone()).await?;
        }
        io::Result::Ok(())
    });
    let mut left = frames;
    let (mut codec, mut line) = (Codec::new(BULK_BYTES_MAX), BytesMut::new());
    while left > 0 {
        while codec.decode(&mut line).map_err(io::Error::other)?.is_some() {
            left -= 1;
        }
        if left > 0 && far.read_buf(&mut line).await? == 0 {
            break;
        }
    }
    sender.await?
}

async fn over_tcp(sample: &Arc<Sample>, stored: bool) -> io::Result<()> {
    let (near, far) = pair().await?;
    let sender = tokio::spawn(send(Arc::clone(sample), stored, near));
    receive(sample, far).await?;
    sender.await?
}

async fn send(sample: Arc<Sample>, stored: bool, near: TcpStream) -> io::Result<()> {
    let rung = Arc::new(Notify::new());
    let wakes = Arc::clone(&rung);
    let mut lanes = lanes(&sample, stored, Arc::new(move || wakes.notify_one()))?;
    let (mut hears, mut says) = near.into_split();
    let mut line = BytesMut::new();
    let mut codec = Codec::control();
    loop {
        while let Some(frame) = codec.decode(&mut line).map_err(io::Error::other)? {
            match ClientMessage::from_frame(&frame).map_err(io::Error::other)? {
                ClientMessage::Transfer(_, TransferMessage::Credit { limit }) => {
                    lanes.source(SLOT).into_iter().for_each(|source| source.credit(limit));
                }
                ClientMessage::Transfer(_, TransferMessage::Taken) => return Ok(()),
                other => return Err(io::Error::other(format!("{other:?}"))),
            }
        }
        let Some(bulk) = lanes.next_bulk() else {
            tokio::select! {
                () = rung.notified() => {}
                read = hears.read_buf(&mut line) => { read?; }
            }
            continue;
        };
        let (bytes, began) = (bulk.wire_bytes(), Instant::now());
        write_both(&mut says, bulk.head, bulk.body).await?;
        lanes.wrote(bytes, began.elapsed(), Instant::now());
        if let Some(read) = futures::FutureExt::now_or_never(hears.read_buf(&mut line)) {
            read?;
        }
    }
}

async fn write_both(to: &mut (impl AsyncWriteExt + Unpin), head: Bytes, body: Bytes) -> io::Result<()> {
    let mut both = head.chain(body);
    to.write_all_buf(&mut both).await
}

async fn receive(sample: &Sample, far: TcpStream) -> io::Result<()> {
    let rung = Arc::new(Notify::new());
    let (sink, signals) = sink(sample, &rung);
    let (mut hears, mut says) = far.into_split();
    let (mut codec, mut line) = (Codec::new(BULK_BYTES_MAX), BytesMut::new());
    loop {
        tokio::select! {
            () = rung.notified() => {}
            read = hears.read_buf(&mut line) => { read?; }
        }
        while let Some(frame) = codec.decode(&mut line).map_err(io::Error::other)? {
            take(&sink, &frame)?;
        }
        while let Ok(signal) = signals.try_recv() {
            let message = match signal {
                SinkSignal::Credit(limit) => TransferMessage::Credit { limit },
                SinkSignal::Finished { .. } => TransferMessage::Taken,
                SinkSignal::Verified(_) => continue,
                other => return Err(io::Error::other(format!("{other:?}"))),
            };
            let mut out = Vec::new();
            message.to_frame(SLOT).write(&mut out);
            says.write_all(&out).await?;
            if message == TransferMessage::Taken {
                return Ok(());
            }
        }
    }
}
