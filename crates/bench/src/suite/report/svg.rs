//! Charts as SVG text: axes, lines with ribbons, bars, intervals in rows, coloured strips.
//!
//! No script and nothing from elsewhere. Colours are variables that follow light and dark; what a colour says, a
//! marker, a dash or a label says too. Every mark has its numbers as a tooltip, every picture a title, a description
//! and a table.

mod bars;
mod canvas;
mod lines;
mod panels;
mod rows;
mod scale;

use super::grid::Grid;
use super::words::escaped;
use crate::suite::spec::{Arm, Experiment};

pub(super) use bars::{Bar, Piece, stacked};
pub(super) use canvas::Canvas;
pub(super) use lines::{Axis, LineChart, Point, Series};
pub(super) use panels::{Curve, StripPanel, TimePanel, strips, timelines};
pub(super) use rows::{Interval, intervals};
pub(super) use scale::{Scale, short};

/// How wide every picture is.
pub(super) const WIDTH: f64 = 760.0;

/// Colours and classes, for the page and for every file of its own.
pub(super) const STYLE: &str = include_str!("svg/chart.css");

/// Where in the report a picture belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Section {
    /// Latency against load.
    Load,
    /// Goodput against load.
    Goodput,
    /// The percentile spectrum.
    Spectrum,
    /// Where the time went.
    Parts,
    /// The overload pulse.
    Pulse,
    /// A row per connection.
    Starving,
    /// Memory against connections.
    Memory,
    /// Against N.
    Limit,
    /// What has no section of its own.
    Other,
    /// All ratios.
    Ratios,
}

/// A chart with everything that goes with it.
#[derive(Debug, Clone)]
pub(super) struct Picture {
    /// Its file's name without the end.
    pub(super) key: String,
    /// Of which experiment.
    pub(super) experiment: Experiment,
    /// Where it belongs.
    pub(super) section: Section,
    /// What it shows.
    pub(super) title: String,
    /// The same at length, for who cannot see it.
    pub(super) about: String,
    /// Its height; the width is [`WIDTH`].
    pub(super) height: f64,
    /// What is drawn.
    pub(super) body: String,
    /// The numbers.
    pub(super) table: Grid,
}

impl Picture {
    /// The element, to stand in a page that has [`STYLE`].
    pub(super) fn element(&self) -> String {
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height:.0}\" role=\"img\" \
             aria-labelledby=\"{key}-title {key}-about\">\n<title id=\"{key}-title\">{title}</title>\n\
             <desc id=\"{key}-about\">{about}</desc>\n{body}</svg>\n",
            height = self.height,
            key = self.key,
            title = escaped(&self.title),
            about = escaped(&self.about),
            body = self.body,
        )
    }

    /// A file of its own, with its title drawn and a ground of its own: a page around it may be dark where the
    /// system is light.
    pub(super) fn file(&self) -> String {
        const TITLE: f64 = 34.0;
        let height = self.height + TITLE;
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height:.0}\" width=\"{WIDTH}\" \
             height=\"{height:.0}\" role=\"img\" aria-labelledby=\"title about\">\n<title id=\"title\">{title}</title>\n\
             <desc id=\"about\">{about}</desc>\n<style>\n{STYLE}</style>\n\
             <rect class=\"ground\" width=\"{WIDTH}\" height=\"{height:.0}\" rx=\"6\"/>\n\
             <text class=\"title\" x=\"16\" y=\"25\">{title}</text>\n<g transform=\"translate(0 {TITLE})\">\n{body}</g>\n</svg>\n",
            title = escaped(&self.title),
            about = escaped(&self.about),
            body = self.body,
        )
    }
}

/// How an arm looks: its strategy's colour, and a marker by its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Look {
    /// The class of its colour.
    pub(super) class: &'static str,
    /// Which marker.
    pub(super) marker: usize,
    /// Whether lines are broken: the control, and another build.
    pub(super) is_dashed: bool,
}

impl Look {
    /// Of the arm that stands at `place`.
    pub(super) fn of(arm: &Arm, place: usize) -> Self {
        let class = match arm.strategy.as_str() {
            "spawn" => "c-spawn",
            "pool" => "c-pool",
            "pool-request" => "c-request",
            "pool-accept" => "c-accept",
            "thread" => "c-thread",
            "thread-pool" => "c-threads",
            _ => "c-other",
        };
        Self { class, marker: place, is_dashed: arm.is_control || !arm.build.is_empty() }
    }
}
