//! `report.html`: one file, no script, nothing from elsewhere, light and dark, to be printed and read aloud.

mod sections;

use super::grid::Grid;
use super::svg::{Picture, STYLE, Section};
use super::words::{self, escaped};
use crate::suite::summary::Summary;

const PAGE: &str = include_str!("html/page.css");

/// What stands above each group of pictures, and a sentence on how to read them.
const GROUPS: [(Section, &str, &str); 10] = [
    (
        Section::Load,
        "Latency against load",
        "Dotted is what queueing theory says from the measured service time. A line that leaves its dots is either a strategy that does something else, or a bench that is wrong.",
    ),
    (
        Section::Goodput,
        "Goodput against load",
        "Goodput is what was answered within its deadline. Below capacity all are alike; beyond it, whoever queues without a bound works only on what nobody waits for any more.",
    ),
    (
        Section::Spectrum,
        "All latencies",
        "From the median to the rarest requests. The dashed line counts from the actual send: the gap to the solid one is what a measurement that waits for its own load would hide.",
    ),
    (
        Section::Parts,
        "Where the time went",
        "Of a request that was answered, on average, from the moment at which it should have begun.",
    ),
    (
        Section::Pulse,
        "The overload pulse over time",
        "The load doubles for a while and falls back. Who recovers answers all of it again soon after.",
    ),
    (
        Section::Starving,
        "Who starved",
        "A row per connection. A client that gets no service has no latency, so no latency chart shows it.",
    ),
    (Section::Memory, "Memory against connections", "The slope is what one more idle connection costs."),
    (Section::Limit, "Against N", "N is how many may be worked on at a time."),
    (Section::Other, "The other figures", "The median over blocks; the bar is its 95 % interval."),
    (
        Section::Ratios,
        "Every ratio",
        "Arm by reference, paired within blocks. A grey row is no finding: the control differs as much by chance, or it does not stand after Holm's correction over the whole run.",
    ),
];

/// The page.
pub(super) fn html(summary: &Summary, pictures: &[Picture], environment: &serde_json::Value) -> String {
    let mut body = sections::head(summary);
    body.push_str(&sections::cards(summary));
    body.push_str(&sections::surroundings(summary, environment));
    for (section, title, reading) in GROUPS {
        let own: Vec<String> = pictures.iter().filter(|picture| picture.section == section).map(figure).collect();
        if !own.is_empty() {
            let id = format!("{section:?}").to_lowercase();
            body.push_str(&format!(
                "<section id=\"{id}\">\n<h2>{title}</h2>\n<p>{reading}</p>\n{}</section>\n",
                own.concat()
            ));
        }
    }
    body.push_str(&sections::threats(summary));
    body.push_str(&sections::command(summary));
    body.push_str(&sections::raw(summary));
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
         <meta name=\"color-scheme\" content=\"light dark\"/>\n<title>Task or pool: {}, seed {}</title>\n\
         <style>\n{STYLE}{PAGE}</style>\n</head>\n<body>\n<main>\n{body}</main>\n</body>\n</html>\n",
        escaped(&summary.preset),
        summary.seed
    )
}

fn figure(picture: &Picture) -> String {
    format!(
        "<figure id=\"{}\">\n<figcaption>{}</figcaption>\n<div class=\"wide\" tabindex=\"0\">{}</div>\n\
         <details><summary>The numbers</summary>{}</details>\n</figure>\n",
        picture.key,
        escaped(&picture.title),
        picture.element(),
        table(&picture.table)
    )
}

/// A grid as a table that scrolls on its own where there is no room.
fn table(grid: &Grid) -> String {
    let head: String = grid.head.iter().map(|cell| format!("<th scope=\"col\">{}</th>", escaped(cell))).collect();
    let row = |cells: &Vec<String>| {
        let cells: String = cells
            .iter()
            .enumerate()
            .map(|(at, cell)| match (at, escaped(cell)) {
                (0, cell) => format!("<th scope=\"row\">{cell}</th>"),
                (_, cell) if cell == words::DASH => "<td class=\"none\">—</td>".to_owned(),
                (_, cell) => format!("<td>{cell}</td>"),
            })
            .collect();
        format!("<tr>{cells}</tr>\n")
    };
    let rows: String = grid.rows.iter().map(row).collect();
    format!(
        "<div class=\"wide\" tabindex=\"0\"><table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table></div>\n"
    )
}
