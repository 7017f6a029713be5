//! Bars of pieces, one above the other, with their names to the left.

use super::canvas::{Anchor, fitting};
use super::{Canvas, Scale, WIDTH};

/// A piece of a bar.
#[derive(Debug, Clone)]
pub(in crate::suite::report) struct Piece {
    /// The class of its colour.
    pub(in crate::suite::report) class: &'static str,
    /// How long it is.
    pub(in crate::suite::report) value: f64,
    /// What a tooltip says.
    pub(in crate::suite::report) tip: String,
}

/// A bar.
#[derive(Debug, Clone)]
pub(in crate::suite::report) struct Bar {
    /// To its left.
    pub(in crate::suite::report) name: String,
    /// From left to right.
    pub(in crate::suite::report) pieces: Vec<Piece>,
    /// Behind it.
    pub(in crate::suite::report) total: String,
}

const LEFT: f64 = 170.0;
const RIGHT: f64 = 90.0;
const STEP: f64 = 30.0;

/// Draws them over an axis called `label`; `names` says what the colours are. Also how high it is.
pub(in crate::suite::report) fn stacked(label: &str, names: &[(&str, &str)], bars: &[Bar]) -> (String, f64) {
    let mut canvas = Canvas::new();
    let top = canvas.squares(16.0, 18.0, names) + 4.0;
    let length = |bar: &Bar| bar.pieces.iter().map(|piece| piece.value.max(0.0)).sum::<f64>();
    let longest = bars.iter().map(length).fold(0.0, f64::max);
    let scale = Scale::linear(0.0, if longest > 0.0 { longest } else { 1.0 });
    let x = |value: f64| LEFT + scale.place(value) * (WIDTH - LEFT - RIGHT);
    let bottom = top + STEP * bars.len() as f64;
    for (value, tick) in scale.ticks() {
        canvas.line("rule", (x(*value), top), (x(*value), bottom));
        canvas.text((x(*value), bottom + 18.0), Anchor::Middle, "soft", tick);
    }
    for (at, bar) in bars.iter().enumerate() {
        let y = top + STEP * at as f64;
        canvas.text((LEFT - 10.0, y + STEP / 2.0 + 4.5), Anchor::End, "", &fitting(&bar.name, LEFT - 26.0));
        let mut from = 0.0;
        for piece in &bar.pieces {
            let to = from + piece.value.max(0.0);
            canvas.rect(
                &format!("fill {}", piece.class),
                (x(from), y + 5.0),
                (x(to) - x(from), STEP - 10.0),
                &piece.tip,
            );
            from = to;
        }
        canvas.text((x(from) + 8.0, y + STEP / 2.0 + 4.5), Anchor::Start, "soft", &bar.total);
    }
    canvas.line("axis", (LEFT, top), (LEFT, bottom));
    canvas.text((f64::midpoint(LEFT, WIDTH - RIGHT), bottom + 40.0), Anchor::Middle, "strong", label);
    (canvas.into_body(), bottom + 54.0)
}
