//! A straight line through points, by least squares: bytes against members.

use serde::Serialize;

/// A point.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Point {
    /// What was set: members.
    pub x: f64,
    /// What was read: bytes.
    pub y: f64,
}

/// The line `y = intercept + slope · x`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Line {
    /// What one more member costs.
    pub slope: f64,
    /// What the server holds without members.
    pub intercept: f64,
    /// The share of the variation that the line explains, 0 to 1. Far below 1, the slope is not to be quoted.
    pub r_squared: f64,
}

impl Line {
    /// The line through `points`. `None` if they have fewer than two different x.
    pub fn through(points: &[Point]) -> Option<Self> {
        let count = points.len() as f64;
        let mean_x = points.iter().map(|point| point.x).sum::<f64>() / count;
        let mean_y = points.iter().map(|point| point.y).sum::<f64>() / count;
        let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
        for point in points {
            let (dx, dy) = (point.x - mean_x, point.y - mean_y);
            xx += dx * dx;
            xy += dx * dy;
            yy += dy * dy;
        }
        if points.len() < 2 || xx <= 0.0 {
            return None;
        }
        let slope = xy / xx;
        // Points of one height lie on their line exactly.
        let r_squared = if yy > 0.0 { (xy * xy) / (xx * yy) } else { 1.0 };
        Some(Self { slope, intercept: mean_y - slope * mean_x, r_squared })
    }
}
