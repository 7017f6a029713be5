//! Panels over time, one below the other: curves of a timeline, or a row per connection.

use super::canvas::{Anchor, fitting};
use super::{Canvas, Scale, WIDTH};

/// A curve of a panel.
#[derive(Debug, Clone)]
pub(in crate::suite::report) struct Curve {
    /// The class of its colour.
    pub(in crate::suite::report) class: &'static str,
    /// Whether it is dashed.
    pub(in crate::suite::report) is_dashed: bool,
    /// Its values, one a bin.
    pub(in crate::suite::report) values: Vec<f64>,
}

/// What happened to one arm.
#[derive(Debug, Clone)]
pub(in crate::suite::report) struct TimePanel {
    /// Above it.
    pub(in crate::suite::report) name: String,
    /// Where the bins begin, in seconds.
    pub(in crate::suite::report) at_s: Vec<f64>,
    /// The curves.
    pub(in crate::suite::report) curves: Vec<Curve>,
}

/// A piece of a connection's row: the class, from and to in seconds.
pub(in crate::suite::report) type Span = (&'static str, f64, f64);

/// All connections of one arm.
#[derive(Debug, Clone)]
pub(in crate::suite::report) struct StripPanel {
    /// Above it.
    pub(in crate::suite::report) name: String,
    /// A row each.
    pub(in crate::suite::report) rows: Vec<Vec<Span>>,
}

const LEFT: f64 = 66.0;
const RIGHT: f64 = 20.0;
const PLOT: f64 = 110.0;
const GAP: f64 = 34.0;
/// How high all rows of a strip are together: a person more makes the others thinner.
const STRIP: f64 = 190.0;

fn across(scale: &Scale, seconds: f64) -> f64 {
    LEFT + scale.place(seconds) * (WIDTH - LEFT - RIGHT)
}

fn time_axis(canvas: &mut Canvas, scale: &Scale, bottom: f64) -> f64 {
    for (value, label) in scale.ticks() {
        let x = across(scale, *value);
        canvas.line("axis", (x, bottom), (x, bottom + 5.0));
        canvas.text((x, bottom + 20.0), Anchor::Middle, "soft", label);
    }
    canvas.text(
        (f64::midpoint(LEFT, WIDTH - RIGHT), bottom + 42.0),
        Anchor::Middle,
        "strong",
        "seconds from the start",
    );
    bottom + 54.0
}

/// Curves over time; the panels share both axes. Also how high it is.
pub(in crate::suite::report) fn timelines(label: &str, names: &[(&str, &str)], panels: &[TimePanel]) -> (String, f64) {
    let mut canvas = Canvas::new();
    let mut top = canvas.squares(16.0, 18.0, names) + 6.0;
    let values = || panels.iter().flat_map(|panel| &panel.curves).flat_map(|curve| curve.values.iter().copied());
    let scale = Scale::linear(0.0, values().fold(1.0, f64::max));
    let last = panels.iter().flat_map(|panel| panel.at_s.iter().copied()).fold(0.1, f64::max);
    let time = Scale::until(last);
    canvas.text((16.0, top + 4.0), Anchor::Start, "strong", label);
    top += 14.0;
    for panel in panels {
        top += GAP;
        canvas.text((LEFT, top - 10.0), Anchor::Start, "strong", &fitting(&panel.name, WIDTH - LEFT - 30.0));
        let up = |value: f64| top + (1.0 - scale.place(value)) * PLOT;
        for (value, label) in scale.ticks().iter().step_by(2) {
            canvas.line("rule", (LEFT, up(*value)), (WIDTH - RIGHT, up(*value)));
            canvas.text((LEFT - 8.0, up(*value) + 4.5), Anchor::End, "soft", label);
        }
        for curve in &panel.curves {
            let through: Vec<(f64, f64)> =
                panel.at_s.iter().zip(&curve.values).map(|(at, value)| (across(&time, *at), up(*value))).collect();
            let dashed = if curve.is_dashed { "line dashed" } else { "line" };
            canvas.path(&format!("{dashed} {}", curve.class), &through);
        }
        top += PLOT;
        canvas.line("axis", (LEFT, top), (WIDTH - RIGHT, top));
    }
    let height = time_axis(&mut canvas, &time, top);
    (canvas.into_body(), height)
}

/// A row per connection; the panels share the time. Also how high it is.
pub(in crate::suite::report) fn strips(seconds: f64, names: &[(&str, &str)], panels: &[StripPanel]) -> (String, f64) {
    let mut canvas = Canvas::new();
    let mut top = canvas.squares(16.0, 18.0, names) - 6.0;
    let time = Scale::until(seconds);
    for panel in panels {
        top += GAP;
        canvas.text((LEFT, top - 10.0), Anchor::Start, "strong", &fitting(&panel.name, WIDTH - LEFT - 30.0));
        canvas.text((LEFT - 8.0, top + 10.0), Anchor::End, "soft", "1");
        canvas.text((LEFT - 8.0, top + STRIP), Anchor::End, "soft", &panel.rows.len().to_string());
        canvas.rect("ground-tone", (LEFT, top), (WIDTH - LEFT - RIGHT, STRIP), "");
        let each = STRIP / panel.rows.len().max(1) as f64;
        let mut spans: Vec<(f64, &Span)> = Vec::new();
        for (at, row) in panel.rows.iter().enumerate() {
            spans.extend(row.iter().map(|span| (top + each * at as f64, span)));
        }
        for (y, (class, from, to)) in spans {
            let (from, to) = (across(&time, *from), across(&time, *to));
            canvas.rect(&format!("fill strip {class}"), (from, y), ((to - from).max(0.4), each), "");
        }
        top += STRIP;
    }
    let height = time_axis(&mut canvas, &time, top + 4.0);
    (canvas.into_body(), height)
}
