//! Numbers, names and verdicts in words, for every output alike.

use crate::stats::median;
use crate::suite::spec::{Arm, Better, Metric, Spec};
use crate::suite::summary::{Comparison, ExperimentSummary, Row, Verdict};

/// Where a number is not known or not carried by the samples.
pub(super) const DASH: &str = "—";

/// Text as it stands in XML and HTML: no markup, and none of the characters that XML forbids.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\u{fffe}' | '\u{ffff}' => {}
            letter if letter.is_control() => out.push(' '),
            letter => out.push(letter),
        }
    }
    out
}

/// `p99 latency, ms`, for an axis.
pub(super) fn labelled(metric: &Metric) -> String {
    if metric.unit.is_empty() { metric.label.clone() } else { format!("{}, {}", metric.label, metric.unit) }
}

/// `less is better`.
pub(super) const fn better(metric: &Metric) -> &'static str {
    match metric.better {
        Better::Lower => "less is better",
        Better::Higher => "more is better",
    }
}

/// Three significant digits, without an exponent; whole numbers as they are.
pub(super) fn digits(value: f64) -> String {
    let size = value.abs();
    match () {
        () if size == 0.0 => "0".to_owned(),
        () if size >= 1e15 => format!("{value:.2e}"),
        () if size >= 99.95 || (value.fract() == 0.0) => format!("{value:.0}"),
        () if size >= 9.995 => format!("{value:.1}"),
        () if size >= 0.9995 => format!("{value:.2}"),
        () if size >= 0.000_5 => format!("{value:.3}"),
        () => format!("{value:.1e}"),
    }
}

/// A ratio always with its decimals, so that columns of them line up: `1.00`, `12.3`. Beyond a thousand either way it is
/// one to nothing, and how far says nothing more.
pub(super) fn ratio_digits(value: f64) -> String {
    match value.abs() {
        size if (0.005..9.995).contains(&size) => format!("{value:.2}"),
        size if size > 1_000.0 => ">1000".to_owned(),
        size if size < 0.001 => "<0.001".to_owned(),
        _ => digits(value),
    }
}

/// A unit that is longer stands in the metric's label alone.
const UNIT_MAX: usize = 5;

/// A value in the unit of a metric, the unit chosen to suit its size: `845 µs` of 0.845 "ms", `12.3 k/s` of 12300 "/s".
pub(super) fn amount(value: f64, unit: &str) -> String {
    if !value.is_finite() {
        return DASH.to_owned();
    }
    let size = value.abs();
    let (value, unit) = match unit {
        "ms" if size >= 1_000.0 => (value / 1_000.0, "s"),
        "ms" if size < 1.0 && size > 0.0 => (value * 1_000.0, "µs"),
        "/s" if size >= 1_000_000.0 => (value / 1_000_000.0, "M/s"),
        "/s" if size >= 10_000.0 => (value / 1_000.0, "k/s"),
        "KiB" if size >= 1_024.0 => (value / 1_024.0, "MiB"),
        unit => (value, unit),
    };
    // "1000 people" below "people who got in" would say it twice.
    if unit.is_empty() || unit.len() > UNIT_MAX { digits(value) } else { format!("{} {unit}", digits(value)) }
}

/// [`amount`], or a dash where there is none.
pub(super) fn amount_or_dash(value: Option<f64>, unit: &str) -> String {
    value.map_or_else(|| DASH.to_owned(), |value| amount(value, unit))
}

/// `[1.02 1.10 1.21]`: low, estimate, high.
pub(super) fn triple(one: &Comparison) -> String {
    format!("[{} {} {}]", ratio_digits(one.low), ratio_digits(one.estimate), ratio_digits(one.high))
}

/// What may be said, in a word or two: `worse`, `inconclusive, +12 blocks`.
pub(super) fn verdict(one: &Comparison) -> String {
    match one.verdict {
        _ if one.is_control => "control".to_owned(),
        Verdict::Better => "better".to_owned(),
        Verdict::Worse => "worse".to_owned(),
        Verdict::Equivalent => format!("equal ±{}", percent(one.metric.margin)),
        Verdict::Inconclusive { blocks_more } => format!("open, +{blocks_more} blocks"),
        Verdict::TooFew => "too few blocks".to_owned(),
    }
}

/// Why a comparison is not to be leant on; empty if nothing speaks against it.
pub(super) fn doubt(one: &Comparison) -> String {
    let mut doubts = Vec::new();
    if one.is_grey && !one.is_control {
        doubts.push("within what the control differs from the reference by chance");
    }
    let claims = matches!(one.verdict, Verdict::Better | Verdict::Worse);
    if claims && !one.is_control && !one.survives_holm {
        doubts.push("does not stand after Holm's correction over the whole run");
    }
    doubts.join("; ")
}

/// `5 %`, `2.5 %`.
pub(super) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent.fract().abs() > 0.05 && percent.abs() < 10.0 {
        format!("{percent:.1} %")
    } else {
        format!("{percent:.0} %")
    }
}

/// `4 min 52 s`.
pub(super) fn duration(seconds: f64) -> String {
    match seconds.round() {
        whole if whole >= 3_600.0 => {
            format!("{:.0} h {:.0} min", (whole / 3_600.0).floor(), (whole % 3_600.0 / 60.0).floor())
        }
        whole if whole >= 60.0 => format!("{:.0} min {:.0} s", (whole / 60.0).floor(), whole % 60.0),
        _ => format!("{seconds:.1} s"),
    }
}

/// `1 trial`, `3 trials`.
pub(super) fn counted(count: usize, one: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") }
}

/// The figures that a spread holds already, by their keys: they need no column of their own.
pub(super) const SPREAD_KEYS: [&str; 6] = ["mean_ms", "p50_ms", "p90_ms", "p99_ms", "p999_ms", "max_ms"];

/// What is compared and not shown as part of the latency.
pub(super) fn own_metrics(spec: &Spec) -> impl Iterator<Item = &Metric> {
    spec.metrics.iter().filter(|metric| !SPREAD_KEYS.contains(&metric.key.as_str()))
}

/// The arm of a name.
pub(super) fn arm<'a>(spec: &'a Spec, name: &str) -> Option<&'a Arm> {
    spec.arms.iter().find(|arm| arm.name == name)
}

/// Whether a row has nothing to show: all its trials were invalid.
pub(super) const fn is_void(row: &Row) -> bool {
    row.trials == 0
}

/// The cell in which an experiment says most: where the first metric of any arm is furthest from the reference, and
/// the last cell if nothing differs.
pub(super) fn telling_cell(found: &ExperimentSummary) -> Option<&str> {
    let first = &found.spec.metrics.first()?.key;
    let told = found
        .comparisons
        .iter()
        .filter(|one| one.metric.key == *first && !one.is_control && !one.is_grey && one.survives_holm)
        .filter(|one| one.estimate > 0.0 && one.estimate.is_finite())
        .max_by(|a, b| a.estimate.ln().abs().total_cmp(&b.estimate.ln().abs()))
        .map(|one| one.cell.as_str());
    told.or_else(|| found.spec.cells.last().map(|cell| cell.name.as_str()))
}

/// How far apart chance alone put the control and the reference, over the first metrics of all experiments: the median
/// half-width of their intervals, as a share. `None` without a control.
pub(super) fn noise_floor(experiments: &[ExperimentSummary]) -> Option<f64> {
    let first = |found: &ExperimentSummary| found.spec.metrics.first().map(|metric| metric.key.clone());
    let widths: Vec<f64> = experiments
        .iter()
        .filter_map(|found| first(found).map(|key| (found, key)))
        .flat_map(|(found, key)| found.comparisons.iter().filter(move |one| one.is_control && one.metric.key == key))
        // One block has no spread, which is not to say that there is none.
        .filter(|one| one.blocks > 1)
        .map(|one| ((one.high - one.low) / 2.0).abs())
        .filter(|width| width.is_finite())
        .collect();
    median(&widths)
}
