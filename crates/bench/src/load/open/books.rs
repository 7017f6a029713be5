//! From the tickets to what the load came to. Pure.

use std::time::Duration;

use super::engine::Engine;
use super::ticket::{End, Stamps, Ticket};
use super::{Carrier, ClassCount, OpenCount};
use crate::load::clock::nanos;
use crate::stats::{Latencies, median};
use crate::suite::record::{Bin, Counts, Parts};

/// What the trial came to. The engine is closed.
pub(super) fn count(engine: Engine, cpu_seconds: Option<f64>) -> OpenCount {
    let measured_ns = engine.start_ns + nanos(engine.plan.warm_up);
    let over_ns = engine.over_ns();
    let measured: Vec<&Ticket> = engine.tickets.iter().filter(|ticket| ticket.intended_ns >= measured_ns).collect();
    let ok = || measured.iter().copied().filter(|ticket| ticket.end == End::Ok);
    let class = |class| {
        let of_class = || measured.iter().copied().filter(move |ticket| ticket.class == class);
        let answered = of_class().filter(|ticket| ticket.end == End::Ok);
        ClassCount { counts: counts(of_class()), intended: latencies(answered.map(intended_ns)) }
    };
    let turned = measured.iter().filter_map(|ticket| Some(ticket.turned_ns?.saturating_sub(ticket.intended_ns)));
    let is_in_time = |ticket: &&&Ticket| ticket.turned_ns.is_some_and(|turned_ns| turned_ns <= over_ns);
    let middle_ns = measured_ns.midpoint(over_ns);
    let half = |wanted| latencies(ok().filter(|one| (one.intended_ns < middle_ns) == wanted).map(intended_ns));
    OpenCount {
        counts: counts(measured.iter().copied()),
        intended: latencies(ok().map(intended_ns)),
        halves: [half(true), half(false)],
        sent: latencies(ok().map(|ticket| ticket.ended_ns.saturating_sub(ticket.sent_ns.unwrap_or(ticket.ended_ns)))),
        parts: parts(ok()),
        classes: (0..engine.plan.classes.len()).map(class).collect(),
        served: served(&engine, &measured),
        lateness: latencies(turned),
        begun_in_time: measured.iter().filter(is_in_time).count() as u64,
        tries: measured.iter().map(|ticket| u64::from(ticket.tries)).sum(),
        in_server: (engine.in_server.0, engine.in_server.1 as f64 / 1e9),
        timeline: engine.plan.bin.map_or_else(Vec::new, |bin| timeline(&engine, nanos(bin).max(1))),
        strip: engine.strip.rows(engine.start_ns),
        measured: engine.plan.schedule.length.saturating_sub(engine.plan.warm_up),
        deadline: engine.plan.deadline,
        cpu_seconds,
        complaint: engine.complaint,
        connects: latencies(engine.connects_ns.iter().copied()),
        connect_times: engine.connects_ns.iter().copied().map(Duration::from_nanos).collect(),
    }
}

fn intended_ns(ticket: &Ticket) -> u64 {
    ticket.ended_ns.saturating_sub(ticket.intended_ns)
}

fn latencies(nanos: impl Iterator<Item = u64>) -> Latencies {
    let mut latencies = Latencies::new();
    nanos.for_each(|nanos| latencies.record(Duration::from_nanos(nanos)));
    latencies
}

/// Each ticket has one end, so the ends add up to the tickets.
pub(super) fn counts<'a>(tickets: impl Iterator<Item = &'a Ticket>) -> Counts {
    let mut counts = Counts::default();
    for ticket in tickets {
        counts.offered += 1;
        counts.starved += u64::from(ticket.is_starved());
        let place = match ticket.end {
            End::InFlight => &mut counts.in_flight,
            End::Ok => &mut counts.ok,
            End::Shed => &mut counts.shed,
            End::Refused => &mut counts.refused,
            End::TimedOut => &mut counts.timed_out,
            End::Failed => &mut counts.failed,
        };
        *place += 1;
    }
    counts
}

/// Where the time went, over those answered at the first try and with stamps.
fn parts<'a>(tickets: impl Iterator<Item = &'a Ticket>) -> Option<Parts> {
    let (mut count, mut sums) = (0_u64, [0_u64; 5]);
    for ticket in tickets.filter(|ticket| ticket.tries == 1) {
        let (Some(stamps), Some(sent_ns)) = (ticket.stamps, ticket.sent_ns) else { continue };
        let parts = split(ticket.intended_ns, sent_ns, &stamps, ticket.ended_ns);
        sums.iter_mut().zip(parts).for_each(|(sum, part)| *sum += part);
        count += 1;
    }
    let mean_us = |sum: u64| sum as f64 / count as f64 / 1000.0;
    let [schedule, kernel, queue, service, back] = sums.map(mean_us);
    let parts =
        Parts { schedule_us: schedule, kernel_us: kernel, queue_us: queue, service_us: service, return_us: back };
    (count > 0).then_some(parts)
}

/// Late, kernel, queue, service, return. Each stamp counts from the one before at the earliest (a kept connection was
/// accepted long before the request), so that the parts add up to the latency from the intended start.
pub(super) fn split(intended_ns: u64, sent_ns: u64, stamps: &Stamps, ended_ns: u64) -> [u64; 5] {
    let sent = sent_ns.max(intended_ns);
    let accepted = stamps.accepted_ns.max(sent);
    let served = stamps.served_ns.max(accepted);
    let read = stamps.read_ns.max(served);
    let begun = stamps.begun_ns.max(read);
    let done = stamps.done_ns.max(begun);
    [
        sent - intended_ns,
        (accepted - sent) + (read - served),
        (served - accepted) + (begun - read),
        done - begun,
        ended_ns.saturating_sub(done),
    ]
}

/// Answered requests of each connection, or with fresh ones of each session that had a request measured.
fn served(engine: &Engine, measured: &[&Ticket]) -> Vec<u64> {
    let rows = match engine.plan.carrier {
        Carrier::Fresh => engine.plan.schedule.sessions.len(),
        Carrier::Kept(count) => count,
    };
    let (mut served, mut was_asked) = (vec![0; rows], vec![engine.plan.carrier != Carrier::Fresh; rows]);
    for ticket in measured {
        let row = if engine.plan.carrier == Carrier::Fresh { Some(ticket.session) } else { ticket.row };
        let Some(row) = row.filter(|row| *row < rows) else { continue };
        was_asked[row] = true;
        served[row] += u64::from(ticket.end == End::Ok);
    }
    served.into_iter().zip(was_asked).filter_map(|(count, was_asked)| was_asked.then_some(count)).collect()
}

fn timeline(engine: &Engine, bin_ns: u64) -> Vec<Bin> {
    let count = nanos(engine.plan.schedule.length).div_ceil(bin_ns);
    let at_ms = |number: u64| (number * bin_ns) as f64 / 1e6;
    let mut bins: Vec<Bin> = (0..count).map(|number| Bin { at_ms: at_ms(number), ..Bin::default() }).collect();
    let mut times: Vec<Vec<f64>> = vec![Vec::new(); bins.len()];
    let place = |at_ns: u64| usize::try_from(at_ns.saturating_sub(engine.start_ns) / bin_ns).unwrap_or(usize::MAX);
    for ticket in &engine.tickets {
        let begun = place(ticket.intended_ns);
        if let Some(bin) = bins.get_mut(begun) {
            bin.offered += 1;
            bin.turned_away += u64::from(matches!(ticket.end, End::Shed | End::Refused));
            bin.timed_out += u64::from(ticket.end == End::TimedOut);
        }
        if ticket.end == End::Ok {
            if let Some(times) = times.get_mut(begun) {
                times.push(intended_ns(ticket) as f64 / 1e6);
            }
            if let Some(bin) = bins.get_mut(place(ticket.ended_ns)) {
                bin.answered += 1;
            }
        }
    }
    for (bin, times) in bins.iter_mut().zip(&times) {
        bin.p50_ms = median(times);
        bin.max_ms = times.iter().copied().reduce(f64::max);
    }
    bins
}
