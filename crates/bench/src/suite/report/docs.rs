//! The generated parts of the documentation: figures, and the text between two markers.

use std::path::Path;
use std::{fs, io};

use super::markdown::{Image, answers, markdown};
use super::svg::{Picture, Section};
use crate::suite::record::TrialRecord;
use crate::suite::summary::Summary;

const BEGIN: &str = "<!-- bench:begin -->";
const END: &str = "<!-- bench:end -->";

/// Writes `figures/*.svg` below `docs_dir`, and puts between the markers of its `benchmarks.md` the summary, and of its
/// `concurrency.md` each answer with its first figures.
///
/// # Errors
/// What the operating system says, and in words that the markers are missing.
pub fn write_docs(docs_dir: &Path, summary: &Summary, records: &[TrialRecord]) -> io::Result<()> {
    let pictures = super::charts::pictures(summary, records);
    let images = images(&pictures);
    let pages = [("benchmarks.md", markdown(summary, &images)), ("concurrency.md", answers(summary, &images))];
    // All pages first, so that one without markers leaves nothing half written.
    let written: Vec<_> =
        pages.iter().map(|(page, inside)| replaced(&docs_dir.join(page), inside)).collect::<Result<_, _>>()?;
    write_figures(docs_dir, &pictures)?;
    pages.iter().zip(written).try_for_each(|((page, _), text)| fs::write(docs_dir.join(page), text))
}

/// The text of `page` with `inside` between its markers.
fn replaced(page: &Path, inside: &str) -> io::Result<String> {
    let text = fs::read_to_string(page)?;
    let missing = || io::Error::other(format!("{} has no {BEGIN} with {END} behind it", page.display()));
    let (before, rest) = text.split_once(BEGIN).ok_or_else(missing)?;
    let (_, after) = rest.split_once(END).ok_or_else(missing)?;
    Ok(format!("{before}{BEGIN}\n{inside}{END}{after}"))
}

/// Writes each picture as a file of its own into `figures` below `dir`.
pub(super) fn write_figures(dir: &Path, pictures: &[Picture]) -> io::Result<()> {
    let folder = dir.join("figures");
    fs::create_dir_all(&folder)?;
    pictures.iter().try_for_each(|picture| fs::write(folder.join(format!("{}.svg", picture.key)), picture.file()))
}

/// The pictures as `summary.md` shows them: all but the forests, which are long.
pub(super) fn images(pictures: &[Picture]) -> Vec<Image> {
    let shown = pictures.iter().filter(|picture| picture.section != Section::Ratios);
    let image = |picture: &Picture| Image {
        experiment: picture.experiment,
        file: format!("{}.svg", picture.key),
        title: picture.title.clone(),
    };
    shown.map(image).collect()
}
