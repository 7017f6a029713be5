//! The strokes: text, lines, rectangles, markers, a legend.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr;

use super::{Look, WIDTH};
use crate::suite::report::grid::cut;
use crate::suite::report::words::escaped;

/// How wide a character is, about, in the size that text is drawn in.
const LETTER: f64 = 7.1;

/// Which end of a text stands at its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::suite::report) enum Anchor {
    /// Its beginning.
    Start,
    /// Its middle.
    Middle,
    /// Its end.
    End,
}

/// What has been drawn.
#[derive(Debug, Clone, Default)]
pub(in crate::suite::report) struct Canvas {
    body: String,
}

impl Canvas {
    /// Nothing yet.
    pub(in crate::suite::report) fn new() -> Self {
        Self::default()
    }

    /// What has been drawn.
    pub(in crate::suite::report) fn into_body(self) -> String {
        self.body
    }

    /// Adds what is SVG already. To write to a string cannot fail.
    fn add(&mut self, markup: std::fmt::Arguments<'_>) {
        let _ = writeln!(self.body, "{markup}");
    }

    /// Words at a place; `y` is their base line.
    pub(in crate::suite::report) fn text(&mut self, (x, y): (f64, f64), anchor: Anchor, class: &str, words: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let words = escaped(words);
        self.add(format_args!(
            "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{words}</text>"
        ));
    }

    /// A straight line.
    pub(in crate::suite::report) fn line(&mut self, class: &str, (x1, y1): (f64, f64), (x2, y2): (f64, f64)) {
        self.add(format_args!("<line class=\"{class}\" x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\"/>"));
    }

    /// A line through points.
    pub(in crate::suite::report) fn path(&mut self, class: &str, points: &[(f64, f64)]) {
        if points.len() > 1 {
            let d = through(points);
            self.add(format_args!("<path class=\"{class}\" d=\"{d}\"/>"));
        }
    }

    /// An area between two lines.
    pub(in crate::suite::report) fn area(&mut self, class: &str, above: &[(f64, f64)], below: &[(f64, f64)]) {
        if above.len() > 1 {
            let around: Vec<(f64, f64)> = above.iter().chain(below.iter().rev()).copied().collect();
            let d = through(&around);
            self.add(format_args!("<path class=\"{class}\" d=\"{d}Z\"/>"));
        }
    }

    /// A rectangle with a tooltip, if there is something to tip.
    pub(in crate::suite::report) fn rect(&mut self, class: &str, (x, y): (f64, f64), (w, h): (f64, f64), tip: &str) {
        let (w, h) = (w.max(0.0), h.max(0.0));
        let place = format!("class=\"{class}\" x=\"{x:.1}\" y=\"{y:.2}\" width=\"{w:.1}\" height=\"{h:.2}\"");
        if tip.is_empty() {
            self.add(format_args!("<rect {place}/>"));
        } else {
            self.add(format_args!("<rect {place}><title>{}</title></rect>", escaped(tip)));
        }
    }

    /// The marker of `look` at a place, with a tooltip.
    pub(in crate::suite::report) fn marker(&mut self, look: Look, class: &str, (x, y): (f64, f64), tip: &str) {
        let shape = match look.marker % 7 {
            0 => format!("<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"5\""),
            1 => format!("<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\""),
            2 => polygon(x, y, &[(-4.5, -4.5), (4.5, -4.5), (4.5, 4.5), (-4.5, 4.5)]),
            3 => polygon(x, y, &[(0.0, -6.5), (6.5, 0.0), (0.0, 6.5), (-6.5, 0.0)]),
            4 => polygon(x, y, &[(0.0, -6.0), (6.0, 5.0), (-6.0, 5.0)]),
            5 => polygon(x, y, &[(0.0, 6.0), (6.0, -5.0), (-6.0, -5.0)]),
            _ => polygon(
                x,
                y,
                &[
                    (-2.0, -6.0),
                    (2.0, -6.0),
                    (2.0, -2.0),
                    (6.0, -2.0),
                    (6.0, 2.0),
                    (2.0, 2.0),
                    (2.0, 6.0),
                    (-2.0, 6.0),
                    (-2.0, 2.0),
                    (-6.0, 2.0),
                    (-6.0, -2.0),
                    (-2.0, -2.0),
                ],
            ),
        };
        let (colour, tip) = (look.class, escaped(tip));
        self.add(format_args!("{shape} class=\"{class} {colour}\"><title>{tip}</title>{}", closing(&shape)));
    }

    /// Names with their markers, in as many lines as they need from `y` on; where they end.
    pub(in crate::suite::report) fn legend(&mut self, left: f64, y: f64, names: &[(Look, String)]) -> f64 {
        let (mut x, mut y) = (left, y);
        for (look, name) in names {
            let name = cut(name, 40);
            let width = 34.0 + text_width(&name) + 16.0;
            if x + width > WIDTH && x > left {
                x = left;
                y += 22.0;
            }
            let dashed = if look.is_dashed { "line dashed" } else { "line" };
            self.line(&format!("{dashed} {}", look.class), (x, y), (x + 28.0, y));
            self.marker(*look, if look.is_dashed { "hollow" } else { "mark" }, (x + 14.0, y), &name);
            self.text((x + 34.0, y + 4.5), Anchor::Start, "", &name);
            x += width;
        }
        y + 22.0
    }

    /// Names with a filled square each, likewise.
    pub(in crate::suite::report) fn squares(&mut self, left: f64, y: f64, names: &[(&str, &str)]) -> f64 {
        let (mut x, mut y) = (left, y);
        for (class, name) in names {
            let width = 20.0 + text_width(name) + 18.0;
            if x + width > WIDTH && x > left {
                x = left;
                y += 22.0;
            }
            self.rect(&format!("fill {class}"), (x, y - 7.0), (14.0, 14.0), "");
            self.text((x + 20.0, y + 4.5), Anchor::Start, "", name);
            x += width;
        }
        y + 22.0
    }
}

/// About how wide a text is drawn.
pub(in crate::suite::report) fn text_width(text: &str) -> f64 {
    text.width() as f64 * LETTER
}

/// `text` in at most so much width.
pub(in crate::suite::report) fn fitting(text: &str, width: f64) -> String {
    let letters = (1..200_u16).take_while(|letters| f64::from(*letters) * LETTER <= width).count();
    cut(text, letters.max(2))
}

fn through(points: &[(f64, f64)]) -> String {
    let mut d = String::new();
    for (at, (x, y)) in points.iter().enumerate() {
        let _ = write!(d, "{}{x:.1} {y:.1}", if at == 0 { 'M' } else { 'L' });
    }
    d
}

fn polygon(x: f64, y: f64, corners: &[(f64, f64)]) -> String {
    let corners: Vec<String> = corners.iter().map(|(dx, dy)| format!("{:.1},{:.1}", x + dx, y + dy)).collect();
    format!("<polygon points=\"{}\"", corners.join(" "))
}

fn closing(shape: &str) -> &'static str {
    if shape.starts_with("<circle") { "</circle>" } else { "</polygon>" }
}
