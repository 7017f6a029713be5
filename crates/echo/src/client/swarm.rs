//! The ten-client exercise: clients at once, each sends one message; every step on a line, a summary at the end.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::options::SwarmOptions;
use super::raw::RawLink;
use super::{connect, resolve};
use crate::failure::Failure;
use crate::shown::preview;

/// What of an answer a line shows, in characters.
const SHOWN_CHARS: usize = 64;

/// How one client fared.
#[derive(Debug)]
enum Fate {
    /// Answered, this long after it began.
    Answered(Duration),
    Refused,
    NotConnected,
    Failed,
}

pub(super) async fn run(options: SwarmOptions) -> Result<(), Failure> {
    serve::net::raise_open_files();
    let (timeout, bare) = (options.timeout(), options.bare);
    let server = resolve(&options.address).await?;
    let clients = options.clients as usize;
    let steps = Arc::new(Steps { began: Instant::now(), width: clients.to_string().len() });
    let mut swarm = JoinSet::new();
    for (number, message) in (1..=clients).zip(options.messages.iter().cycle()) {
        let client = Client { number, server, message: message.clone(), bare, timeout, steps: Arc::clone(&steps) };
        swarm.spawn(client.run());
    }
    let fates: Vec<Fate> = swarm.join_all().await;
    summary(&fates)
}

struct Client {
    number: usize,
    server: SocketAddr,
    message: String,
    bare: bool,
    timeout: Duration,
    steps: Arc<Steps>,
}

impl Client {
    async fn run(self) -> Fate {
        let began = Instant::now();
        self.step("connects", &self.server.to_string());
        let stream = match connect(self.server, self.timeout).await {
            Ok(stream) => stream,
            Err(failure) => {
                self.step("fails", &failure.to_string());
                return Fate::NotConnected;
            }
        };
        let from = stream.local_addr().map_or_else(|_| String::new(), |local| format!("from {local}"));
        self.step("connected", &from);
        let mut link = RawLink::new(stream, self.bare, self.timeout);
        self.step("sends", &preview(self.message.as_bytes(), SHOWN_CHARS));
        match link.exchange(self.message.as_bytes()).await {
            Ok(answer) => {
                let took = began.elapsed();
                self.step("answered", &preview(answer.trim_ascii_end(), SHOWN_CHARS));
                drop(link);
                self.step("closes", "");
                Fate::Answered(took)
            }
            Err(failure @ Failure::Refused { .. }) => {
                self.step("refused", &failure.to_string());
                Fate::Refused
            }
            Err(failure) => {
                self.step("fails", &failure.to_string());
                Fate::Failed
            }
        }
    }

    fn step(&self, step: &str, detail: &str) {
        self.steps.print(self.number, step, detail);
    }
}

/// Prints the steps: when, who, what. Free text stands last, so that wide characters move no column.
#[derive(Debug)]
struct Steps {
    began: Instant,
    /// Digits of the highest client number.
    width: usize,
}

impl Steps {
    fn print(&self, client: usize, step: &str, detail: &str) {
        let ms = self.began.elapsed().as_secs_f64() * 1e3;
        let line = format!("{ms:>9.1} ms  client {client:>width$}  {step:<9}  {detail}", width = self.width);
        // If stdout is gone, the exit code still tells.
        let _printed = writeln!(io::stdout(), "{}", line.trim_end());
    }
}

fn summary(fates: &[Fate]) -> Result<(), Failure> {
    let clients = fates.len();
    let count = |wanted: fn(&Fate) -> bool| fates.iter().filter(|fate| wanted(fate)).count();
    let refused = count(|fate| matches!(fate, Fate::Refused));
    let not_connected = count(|fate| matches!(fate, Fate::NotConnected));
    let failed = not_connected + count(|fate| matches!(fate, Fate::Failed));
    let mut times: Vec<f64> = fates
        .iter()
        .filter_map(|fate| if let Fate::Answered(took) = fate { Some(took.as_secs_f64() * 1e3) } else { None })
        .collect();
    times.sort_by(f64::total_cmp);
    let mut line = format!("{clients} clients: {} ok, {failed} failed, {refused} refused", times.len());
    if let (Some(least), Some(most), Some(median)) = (times.first(), times.last(), median(&times)) {
        line.push_str(&format!("; answered after min {least:.1} ms, median {median:.1} ms, max {most:.1} ms"));
    }
    writeln!(io::stdout(), "{line}").map_err(Failure::io("cannot write to stdout"))?;
    if failed > 0 {
        return Err(Failure::Swarm { failed, clients, none_connected: not_connected == clients });
    }
    if refused > 0 {
        return Err(Failure::Refused { words: format!("{refused} of {clients} clients were sent away") });
    }
    Ok(())
}

/// The middle of sorted values, or the mean of the two in the middle.
fn median(sorted: &[f64]) -> Option<f64> {
    let middle = sorted.len() / 2;
    let upper = *sorted.get(middle)?;
    if sorted.len() % 2 == 1 {
        return Some(upper);
    }
    sorted.get(middle.checked_sub(1)?).map(|lower| f64::midpoint(*lower, upper))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle() {
        let rows: &[(&[f64], Option<f64>)] =
            &[(&[], None), (&[1.0], Some(1.0)), (&[1.0, 3.0], Some(2.0)), (&[1.0, 2.0, 9.0], Some(2.0))];
        for (sorted, expected) in rows {
            assert_eq!(median(sorted), *expected);
        }
    }
}
