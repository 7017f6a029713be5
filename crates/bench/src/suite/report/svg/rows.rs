//! Intervals in rows: a forest plot of ratios, or values with their spread where there is no axis.

use super::canvas::{Anchor, fitting};
use super::{Canvas, Look, Scale, WIDTH};

/// A row; without a look it is a heading.
#[derive(Debug, Clone)]
pub(in crate::suite::report) struct Interval {
    /// To the left.
    pub(in crate::suite::report) name: String,
    /// How it looks.
    pub(in crate::suite::report) look: Option<Look>,
    /// Low, middle, high; nothing if there is nothing to draw.
    pub(in crate::suite::report) values: Option<(f64, f64, f64)>,
    /// To the right.
    pub(in crate::suite::report) said: String,
    /// The class of what is said: good, bad, grey or none.
    pub(in crate::suite::report) class: &'static str,
    /// What a tooltip says.
    pub(in crate::suite::report) tip: String,
}

const LEFT: f64 = 190.0;
const RIGHT: f64 = 262.0;
const STEP: f64 = 22.0;

/// Draws them over `scale`, with a line at `one` where a value means no difference. Also how high it is.
pub(in crate::suite::report) fn intervals(
    label: &str,
    scale: &Scale,
    one: Option<f64>,
    rows: &[Interval],
) -> (String, f64) {
    let mut canvas = Canvas::new();
    let top = 12.0;
    let bottom = top + STEP * rows.len() as f64;
    let x = |value: f64| LEFT + scale.place(value) * (WIDTH - LEFT - RIGHT);
    let mut free = f64::NEG_INFINITY;
    for (value, tick) in scale.ticks() {
        let place = x(*value);
        canvas.line("rule", (place, top), (place, bottom));
        let half = super::canvas::text_width(tick) / 2.0;
        if place - half > free {
            canvas.text((place, bottom + 18.0), Anchor::Middle, "soft", tick);
            free = place + half + 12.0;
        }
    }
    if let Some(one) = one {
        canvas.line("one", (x(one), top), (x(one), bottom));
    }
    for (at, row) in rows.iter().enumerate() {
        let y = top + STEP * (at as f64 + 0.5);
        let Some(look) = row.look else {
            // A heading covers the lines behind it.
            canvas.rect("ground-tone", (8.0, y - STEP / 2.0 + 1.0), (WIDTH - 16.0, STEP - 2.0), "");
            canvas.text((16.0, y + 4.5), Anchor::Start, "strong", &fitting(&row.name, WIDTH - 40.0));
            continue;
        };
        let class = if row.class == "grey" { "grey" } else { "" };
        canvas.text((LEFT - 12.0, y + 4.5), Anchor::End, class, &fitting(&row.name, LEFT - 30.0));
        if let Some((low, middle, high)) = row.values {
            canvas.line(&format!("whisker {}", look.class), (x(low), y), (x(high), y));
            canvas.marker(look, if look.is_dashed { "hollow" } else { "mark" }, (x(middle), y), &row.tip);
        }
        canvas.text((WIDTH - RIGHT + 14.0, y + 4.5), Anchor::Start, row.class, &fitting(&row.said, RIGHT - 20.0));
    }
    let log = if scale.is_log() { " (logarithmic)" } else { "" };
    canvas.text(
        (f64::midpoint(LEFT, WIDTH - RIGHT), bottom + 40.0),
        Anchor::Middle,
        "strong",
        &format!("{label}{log}"),
    );
    (canvas.into_body(), bottom + 54.0)
}
