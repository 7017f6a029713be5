//! Open loads against servers that do what they should, that do not, and that never do.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use proto::limits::HEADER_BYTES;
use proto::message::{Goodbye, Queued};
use proto::{CloseCode, Code, Frame, Header, Kind, Refusal, RequestId, ServerMessage};

use super::*;
use crate::load::clock::monotonic_ns;
use crate::load::schedule::Lasts;

mod pictures;

const MS: Duration = Duration::from_millis(1);

/// A server whose every connection has a thread.
struct Server {
    address: SocketAddr,
    ends: Arc<AtomicBool>,
}

impl Server {
    fn start(each: impl Fn(usize, TcpStream) + Clone + Send + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let ends = Arc::new(AtomicBool::new(false));
        let is_over = Arc::clone(&ends);
        std::thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                if is_over.load(Ordering::Relaxed) {
                    return;
                }
                let each = each.clone();
                std::thread::spawn(move || each(number, stream.unwrap()));
            }
        });
        Self { address, ends }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Relaxed);
        // Wakes the accept, which then sees that it is over.
        let _ = TcpStream::connect(self.address);
    }
}

/// Reads echo frames until the client closes, and answers each with what `answer` makes of its number and body.
fn answering(mut stream: TcpStream, answer: impl Fn(u64, &[u8]) -> Vec<u8>) {
    let mut head = [0; HEADER_BYTES];
    while stream.read_exact(&mut head).is_ok() {
        let header = Header::read(&head);
        assert_eq!(header.kind, Kind::Echo.number());
        let mut body = vec![0; header.len as usize];
        stream.read_exact(&mut body).unwrap();
        if stream.write_all(&answer(header.id, &body)).is_err() {
            return;
        }
    }
}

fn wire(frame: &Frame) -> Vec<u8> {
    let mut bytes = Vec::new();
    frame.write(&mut bytes);
    bytes
}

fn echo(number: u64, body: &[u8]) -> Vec<u8> {
    wire(&Frame::new(Kind::Echo.number(), number, bytes::Bytes::copy_from_slice(body)))
}

fn busy(number: u64) -> Vec<u8> {
    wire(&ServerMessage::Refused(Refusal::new(Code::Busy, "busy")).to_frame(RequestId(number)))
}

fn queued() -> Vec<u8> {
    wire(&ServerMessage::Queued(Queued { place: 1, waiting: 1 }).to_frame(RequestId(0)))
}

fn goodbye(code: CloseCode) -> Vec<u8> {
    wire(&ServerMessage::Goodbye(Goodbye { code, refusal: None }).to_frame(RequestId(0)))
}

fn plan(address: SocketAddr, schedule: Schedule, carrier: Carrier) -> OpenPlan {
    OpenPlan {
        address,
        target: "test".to_owned(),
        wire: Wire::Framed,
        schedule,
        warm_up: Duration::ZERO,
        carrier,
        deadline: None,
        retries: Retries { most: 0, pause: Duration::ZERO },
        body_bytes: 64,
        drain: 200 * MS,
        classes: vec!["all".to_owned(), "long".to_owned()],
        with_strip: false,
        bin: None,
        handicap: Duration::ZERO,
    }
}

fn run_plan(plan: OpenPlan) -> OpenCount {
    let count = run(plan, &Interrupt::default()).unwrap();
    let Counts { offered, ok, shed, refused, timed_out, failed, in_flight, starved } = count.counts;
    assert_eq!(offered, ok + shed + refused + timed_out + failed + in_flight, "{:?}", count.counts);
    assert!(starved <= timed_out + in_flight, "{:?}", count.counts);
    assert_eq!((count.intended.len(), count.sent.len()), (ok, ok));
    count
}

const CARRIERS: [Carrier; 2] = [Carrier::Fresh, Carrier::Kept(3)];

#[test]
fn every_request_of_a_good_server_is_ok() {
    let server = Server::start(|_, stream| answering(stream, echo));
    for carrier in CARRIERS {
        for sessions in [1, 3] {
            let schedule = Schedule::poisson(500.0, 300 * MS, 1).with_requests(sessions, Lasts::Fixed(MS), 1);
            let least = schedule.sessions.len() as u64;
            let count = run_plan(plan(server.address, schedule, carrier));
            // Sessions that begin near the end of the schedule may not come to their last request.
            assert!(count.counts.offered == count.counts.ok && count.counts.ok >= least, "{:?}", count.counts);
            assert!(count.complaint.is_none() && count.tries == count.counts.offered);
        }
    }
}

fn one_each(requests: u32) -> Schedule {
    Schedule::fixed(200.0, requests * 5 * MS)
}

/// What a server does to each request, and how all of them then end.
type Row = (&'static str, fn(u64, &[u8]) -> Vec<u8>, fn(&Counts) -> u64);

#[test]
fn every_request_is_counted_once_however_it_ends() {
    let rows: &[Row] = &[
        ("ok", echo, |counts| counts.ok),
        ("queued first", |number, body| [queued(), echo(number, body)].concat(), |counts| counts.ok),
        ("shed", |number, _| busy(number), |counts| counts.shed),
        ("refused", |_, _| goodbye(CloseCode::Refused), |counts| counts.refused),
        ("draining", |_, _| goodbye(CloseCode::Draining), |counts| counts.refused),
        ("idle", |_, _| goodbye(CloseCode::Idle), |counts| counts.failed),
        ("another body", |number, body| echo(number, body.get(1..).unwrap()), |counts| counts.failed),
        ("another number", |number, body| echo(number + 1, body), |counts| counts.failed),
        ("no frame", |_, _| vec![255; 64], |counts| counts.failed),
    ];
    for &(name, answer, ended) in rows {
        let server = Server::start(move |_, stream| answering(stream, answer));
        for carrier in CARRIERS {
            let count = run_plan(plan(server.address, one_each(20), carrier));
            assert_eq!((count.counts.offered, ended(&count.counts)), (20, 20), "{name}: {:?}", count.counts);
            assert_eq!(count.complaint.is_some(), count.counts.failed > 0, "{name}: {:?}", count.complaint);
        }
    }
}

#[test]
fn silence_is_a_timeout_and_without_a_deadline_in_flight() {
    let server = Server::start(|_, mut stream| drop(stream.read_to_end(&mut Vec::new())));
    for carrier in CARRIERS {
        let mut with_deadline = plan(server.address, one_each(20), carrier);
        with_deadline.deadline = Some(20 * MS);
        let counts = run_plan(with_deadline).counts;
        assert_eq!((counts.timed_out, counts.starved), (20, 20), "{counts:?}");
        let counts = run_plan(plan(server.address, one_each(20), carrier)).counts;
        // With kept connections, those that wait for one have not been starved by the server.
        let starved = if carrier == Carrier::Fresh { 20 } else { 3 };
        assert_eq!((counts.in_flight, counts.starved), (20, starved), "{counts:?}");
    }
}

#[test]
fn nobody_there_is_refused() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    for carrier in CARRIERS {
        let counts = run_plan(plan(address, one_each(20), carrier)).counts;
        assert_eq!((counts.offered, counts.refused), (20, 20), "{counts:?}");
    }
}

#[test]
fn closed_without_a_word_is_refused() {
    let server = Server::start(|_, stream| drop(stream));
    for carrier in CARRIERS {
        let counts = run_plan(plan(server.address, one_each(20), carrier)).counts;
        assert_eq!((counts.offered, counts.refused), (20, 20), "{counts:?}");
    }
}

#[test]
fn tries_are_counted_and_a_request_that_is_served_at_last_is_ok() {
    // Two of three tries are turned away.
    let asked = Arc::new(AtomicU64::new(0));
    let server = Server::start(move |_, stream| {
        let asked = Arc::clone(&asked);
        answering(stream, move |number, body| match asked.fetch_add(1, Ordering::Relaxed) % 3 {
            2 => echo(number, body),
            _ => busy(number),
        });
    });
    for carrier in CARRIERS {
        // One session after the other, so that each meets the three in order.
        let mut plan = plan(server.address, Schedule::fixed(20.0, 250 * MS), carrier);
        plan.retries = Retries { most: 2, pause: MS };
        let count = run_plan(plan.clone());
        assert_eq!((count.counts.ok, count.tries), (5, 15), "{:?}", count.counts);
        plan.retries.most = 0;
        let count = run_plan(OpenPlan { schedule: Schedule::fixed(20.0, 300 * MS), ..plan });
        assert_eq!((count.counts.ok, count.counts.shed, count.tries), (2, 4, 6), "{:?}", count.counts);
    }
}

#[test]
fn a_late_sender_shows_in_the_intended_and_not_in_the_sent() {
    let server = Server::start(|_, stream| answering(stream, echo));
    let mut plan = plan(server.address, Schedule::fixed(1000.0, 600 * MS), Carrier::Fresh);
    // Twice as long as there is between two arrivals: in the end it is about as late as the schedule is long.
    (plan.handicap, plan.drain) = (2 * MS, Duration::from_secs(10));
    let count = run_plan(plan);
    let (lateness, intended, sent) =
        (count.lateness.percentiles(), count.intended.percentiles(), count.sent.percentiles());
    assert!(lateness.p99_us.unwrap() > 500_000.0, "{lateness:?}");
    assert!(intended.p99_us.unwrap() > 500_000.0 && sent.p50_us.unwrap() < 250_000.0, "{intended:?} {sent:?}");
    assert!(count.begun_in_time * 10 < count.counts.offered * 6, "{} of {:?}", count.begun_in_time, count.counts);
}

#[test]
fn stamps_say_where_the_time_went() {
    let stamped = |number: u64, body: &[u8]| {
        let (read, work) = (monotonic_ns(), 3 * MS);
        // tidy: pace: this is the work whose time the stamps have to show
        std::thread::sleep(work);
        let stamps = [read, read, read, read, monotonic_ns()].map(u64::to_le_bytes).concat();
        echo(number, &[body, &stamps].concat())
    };
    let server = Server::start(move |_, stream| answering(stream, stamped));
    for carrier in CARRIERS {
        let count = run_plan(plan(server.address, Schedule::fixed(50.0, 400 * MS), carrier));
        let parts = count.parts.unwrap();
        let sum = parts.schedule_us + parts.kernel_us + parts.queue_us + parts.service_us + parts.return_us;
        assert!(parts.service_us >= 3000.0 && sum >= parts.service_us, "{parts:?}");
        assert!(count.in_server.0 == 20 && count.in_server.1 >= 0.06, "{:?}", count.in_server);
    }
}

#[test]
fn an_answer_in_any_pieces_is_an_answer() {
    for piece in [1, 7, 16, 17, 79] {
        let server = Server::start(move |_, stream| {
            stream.set_nodelay(true).unwrap();
            let outlet = stream.try_clone().unwrap();
            answering(stream, move |number, body| {
                let answer = echo(number, body);
                answer.chunks(piece).for_each(|chunk| (&outlet).write_all(chunk).unwrap());
                Vec::new()
            });
        });
        let counts = run_plan(plan(server.address, one_each(10), Carrier::Kept(2))).counts;
        assert_eq!((counts.offered, counts.ok), (10, 10), "{piece}");
    }
}
