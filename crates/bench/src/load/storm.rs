//! A storm: everybody connects at once and asks one thing. What the kernel cannot queue it drops, and the client's
//! kernel tries again after 1, 3 and 7 seconds: such steps in the connect times show that the queue was the kernel's.

use std::net::SocketAddr;
use std::time::Duration;

use super::open::{self, Carrier, OpenPlan, Retries, Schedule, Wire};
use super::schedule::Lasts;
use crate::error::BenchError;
use crate::interrupt::Interrupt;
use crate::stats::Latencies;
use crate::suite::record::Counts;

/// When a dropped handshake is tried again, in seconds from the first try. Half a second before it is near enough.
const SYN_STEPS: [f64; 3] = [1.0, 3.0, 7.0];

/// The load of one trial.
#[derive(Debug, Clone)]
pub struct Storm {
    /// The server: framed echo.
    pub address: SocketAddr,
    /// What it is called in messages.
    pub target: String,
    /// How many connect at once.
    pub count: usize,
    /// How long each asks the server to work.
    pub work: Duration,
    /// How long the trial waits for the last answer.
    pub patience: Duration,
}

/// What it came to.
#[derive(Debug)]
pub struct StormCount {
    /// How the requests ended, one a connection.
    pub counts: Counts,
    /// From the start of the connect until the handshake was over, of those that came so far.
    pub connects: Latencies,
    /// From the same until the answer.
    pub answers: Latencies,
    /// Handshakes that were over after the first, second and third time the kernel tries again.
    pub syn_steps: [u64; 3],
    /// What the first request that failed died of.
    pub complaint: Option<String>,
}

/// Runs a storm, on the core the caller is on, if it is pinned to one.
///
/// # Errors
/// As [`open::run`].
pub fn run(storm: &Storm, interrupt: &Interrupt) -> Result<StormCount, BenchError> {
    let plan = OpenPlan {
        address: storm.address,
        target: storm.target.clone(),
        wire: Wire::Framed,
        schedule: Schedule::at_once(storm.count).with_work(Lasts::Fixed(storm.work), 0),
        warm_up: Duration::ZERO,
        carrier: Carrier::Fresh,
        deadline: None,
        retries: Retries { most: 0, pause: Duration::ZERO },
        body_bytes: 16,
        drain: storm.patience,
        classes: vec!["all".to_owned()],
        with_strip: false,
        bin: None,
        handicap: Duration::ZERO,
    };
    let count = open::run(plan, interrupt)?;
    let mut syn_steps = [0; 3];
    for time in &count.connect_times {
        let passed = SYN_STEPS.iter().filter(|step| time.as_secs_f64() > **step - 0.5).count();
        if let Some(step) = passed.checked_sub(1).and_then(|last| syn_steps.get_mut(last)) {
            *step += 1;
        }
    }
    Ok(StormCount {
        counts: count.counts,
        connects: count.connects,
        answers: count.sent,
        syn_steps,
        complaint: count.complaint,
    })
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn everybody_is_counted_and_who_is_dropped_comes_a_second_later() {
        // Nobody is accepted until all that fit the kernel's queue wait there; the rest has been dropped by then.
        let listener = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
        listener.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
        listener.listen(8).unwrap();
        let listener = TcpListener::from(listener);
        let address = listener.local_addr().unwrap();
        let server = std::thread::spawn(move || {
            // tidy: pace: the storm has to be over before the first is accepted, and the next round is a second off
            std::thread::sleep(Duration::from_millis(300));
            for _ in 0..20 {
                let (mut stream, _) = listener.accept().unwrap();
                let mut request = [0; 32];
                stream.read_exact(&mut request).unwrap();
                stream.write_all(&request).unwrap();
            }
        });
        let storm = Storm {
            address,
            target: "test".to_owned(),
            count: 20,
            work: Duration::ZERO,
            patience: Duration::from_secs(20),
        };
        let count = run(&storm, &Interrupt::default()).unwrap();
        server.join().unwrap();
        assert_eq!((count.counts.offered, count.counts.ok), (20, 20), "{count:?}");
        if cfg!(target_os = "linux") {
            assert!(count.syn_steps[0] > 0, "{:?} {:?}", count.syn_steps, count.connects.percentiles());
        }
    }
}
