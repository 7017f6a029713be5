//! Lines over an axis, with the interval as a ribbon and the model as dots.

use super::canvas::{Anchor, text_width};
use super::{Canvas, Look, Scale, WIDTH};

/// One of the two axes.
#[derive(Debug, Clone)]
pub(in crate::suite::report) struct Axis {
    /// What it is, with its unit.
    pub(in crate::suite::report) label: String,
    /// Its values.
    pub(in crate::suite::report) scale: Scale,
}

/// A place on a line.
#[derive(Debug, Clone)]
pub(in crate::suite::report) struct Point {
    /// Across.
    pub(in crate::suite::report) x: f64,
    /// Up.
    pub(in crate::suite::report) y: f64,
    /// The interval around [`Point::y`].
    pub(in crate::suite::report) range: Option<(f64, f64)>,
    /// What a tooltip says.
    pub(in crate::suite::report) tip: String,
}

/// A line.
#[derive(Debug, Clone)]
pub(in crate::suite::report) struct Series {
    /// Its name in the legend.
    pub(in crate::suite::report) name: String,
    /// How it looks.
    pub(in crate::suite::report) look: Look,
    /// What was measured.
    pub(in crate::suite::report) points: Vec<Point>,
    /// What a model says, dotted.
    pub(in crate::suite::report) model: Vec<(f64, f64)>,
    /// Whether points have markers; a curve of many has none.
    pub(in crate::suite::report) has_marks: bool,
}

/// Lines over an axis.
#[derive(Debug, Clone)]
pub(in crate::suite::report) struct LineChart {
    /// Across.
    pub(in crate::suite::report) x: Axis,
    /// Up.
    pub(in crate::suite::report) y: Axis,
    /// The lines.
    pub(in crate::suite::report) series: Vec<Series>,
    /// Below, in words: what could not be drawn.
    pub(in crate::suite::report) notes: Vec<String>,
}

const LEFT: f64 = 66.0;
const RIGHT: f64 = 20.0;
const PLOT: f64 = 300.0;

/// Where the plot stands.
#[derive(Debug, Clone, Copy)]
struct Frame {
    top: f64,
}

impl Frame {
    fn x(share: f64) -> f64 {
        LEFT + share * (WIDTH - LEFT - RIGHT)
    }

    fn y(self, share: f64) -> f64 {
        self.top + (1.0 - share) * PLOT
    }
}

impl LineChart {
    /// What is drawn, and how high it is.
    pub(in crate::suite::report) fn draw(&self) -> (String, f64) {
        let mut canvas = Canvas::new();
        let mut names: Vec<(Look, String)> =
            self.series.iter().filter(|one| !one.name.is_empty()).map(|one| (one.look, one.name.clone())).collect();
        names.dedup();
        let end = canvas.legend(16.0, 18.0, &names);
        let has_model = self.series.iter().any(|one| !one.model.is_empty());
        if has_model {
            canvas.path("model c-other", &[(16.0, end), (44.0, end)]);
            canvas.text((50.0, end + 4.5), Anchor::Start, "soft", "dotted: the model");
        }
        let ribbon = self.series.iter().flat_map(|one| &one.points).any(|point| point.range.is_some());
        if ribbon {
            let x = if has_model { 320.0 } else { 16.0 };
            canvas.text((x, end + 4.5), Anchor::Start, "soft", "shaded: 95 % interval of the median over blocks");
        }
        let frame = Frame { top: if has_model || ribbon { end + 40.0 } else { end + 18.0 } };
        self.axes(&mut canvas, frame);
        for one in &self.series {
            self.ribbon(&mut canvas, frame, one);
        }
        for one in &self.series {
            self.curve(&mut canvas, frame, one);
        }
        let mut below = frame.top + PLOT + 46.0;
        for note in &self.notes {
            for line in crate::suite::report::grid::wrapped(note, 102, 3, "") {
                below += 18.0;
                canvas.text((16.0, below), Anchor::Start, "soft", &line);
            }
        }
        (canvas.into_body(), below + 12.0)
    }

    fn axes(&self, canvas: &mut Canvas, frame: Frame) {
        let (left, right, bottom) = (Frame::x(0.0), Frame::x(1.0), frame.y(0.0));
        for (value, label) in self.y.scale.ticks() {
            let y = frame.y(self.y.scale.place(*value));
            canvas.line("rule", (left, y), (right, y));
            canvas.text((left - 8.0, y + 4.5), Anchor::End, "soft", label);
        }
        let mut free = f64::NEG_INFINITY;
        for (value, label) in self.x.scale.ticks() {
            let x = Frame::x(self.x.scale.place(*value));
            canvas.line("axis", (x, bottom), (x, bottom + 5.0));
            let half = text_width(label) / 2.0;
            if x - half > free {
                canvas.text((x, bottom + 20.0), Anchor::Middle, "soft", label);
                free = x + half + 8.0;
            }
        }
        canvas.line("axis", (left, bottom), (right, bottom));
        let log = |axis: &Axis| if axis.scale.is_log() { " (logarithmic)" } else { "" };
        canvas.text((16.0, frame.top - 12.0), Anchor::Start, "strong", &format!("{}{}", self.y.label, log(&self.y)));
        let middle = f64::midpoint(left, right);
        canvas.text((middle, bottom + 42.0), Anchor::Middle, "strong", &format!("{}{}", self.x.label, log(&self.x)));
    }

    fn at(&self, frame: Frame, x: f64, y: f64) -> (f64, f64) {
        (Frame::x(self.x.scale.place(x)), frame.y(self.y.scale.place(y)))
    }

    fn ribbon(&self, canvas: &mut Canvas, frame: Frame, one: &Series) {
        let edge = |of: fn((f64, f64)) -> f64| -> Vec<(f64, f64)> {
            one.points.iter().filter_map(|point| point.range.map(|range| self.at(frame, point.x, of(range)))).collect()
        };
        canvas.area(&format!("ribbon {}", one.look.class), &edge(|range| range.1), &edge(|range| range.0));
    }

    fn curve(&self, canvas: &mut Canvas, frame: Frame, one: &Series) {
        let class = one.look.class;
        let model: Vec<(f64, f64)> = one.model.iter().map(|(x, y)| self.at(frame, *x, *y)).collect();
        canvas.path(&format!("model {class}"), &model);
        let through: Vec<(f64, f64)> = one.points.iter().map(|point| self.at(frame, point.x, point.y)).collect();
        let dashed = if one.look.is_dashed { "line dashed" } else { "line" };
        canvas.path(&format!("{dashed} {class}"), &through);
        if one.has_marks {
            let class = if one.look.is_dashed { "hollow" } else { "mark" };
            for (place, point) in through.iter().zip(&one.points) {
                canvas.marker(one.look, class, *place, &point.tip);
            }
        }
    }
}
