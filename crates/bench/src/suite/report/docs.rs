//! The generated parts of the documentation: figures, and the text between two markers.

use std::path::Path;
use std::{fs, io};

use super::markdown::{Image, answers, markdown};
use super::svg::{Picture, Section};
use crate::suite::record::TrialRecord;
use crate::suite::summary::Summary;

const BEGIN: &str = "<!-- bench:begin -->";
const END: &str = "<!-- bench:end -->";

/// The pages that have a generated part.
const PAGES: [&str; 2] = ["benchmarks.md", "concurrency.md"];

/// Whether [`write_docs`] will find its places: worth knowing before a run of minutes.
///
/// # Errors
/// As [`write_docs`].
pub fn check_docs(docs_dir: &Path) -> io::Result<()> {
    PAGES.iter().try_for_each(|page| parts(&docs_dir.join(page)).map(drop))
}

/// Writes `figures/*.svg` below `docs_dir`, and puts between the markers of its `benchmarks.md` the summary, and of its
/// `concurrency.md` each answer with its first figures.
///
/// # Errors
/// What the operating system says, and in words that the markers are missing.
pub fn write_docs(docs_dir: &Path, summary: &Summary, records: &[TrialRecord]) -> io::Result<()> {
    let pictures = super::charts::pictures(summary, records);
    let images = images(&pictures);
    let insides = [markdown(summary, &images), answers(summary, &images)];
    // All pages first, so that one without markers leaves nothing half written.
    let pages = PAGES.map(|page| docs_dir.join(page));
    let written: Vec<String> =
        pages.iter().zip(&insides).map(|(page, inside)| replaced(page, inside)).collect::<io::Result<_>>()?;
    write_figures(docs_dir, &pictures)?;
    pages.iter().zip(written).try_for_each(|(page, text)| fs::write(page, text))
}

/// The text of `page` with `inside` between its markers.
fn replaced(page: &Path, inside: &str) -> io::Result<String> {
    let (before, after) = parts(page)?;
    Ok(format!("{before}{BEGIN}\n{inside}{END}{after}"))
}

/// What stands before and behind the markers of `page`.
fn parts(page: &Path) -> io::Result<(String, String)> {
    let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", page.display()));
    let text = fs::read_to_string(page).map_err(named)?;
    let missing = || io::Error::other(format!("{} has no {BEGIN} with {END} behind it", page.display()));
    let (before, rest) = text.split_once(BEGIN).ok_or_else(missing)?;
    let (_, after) = rest.split_once(END).ok_or_else(missing)?;
    Ok((before.to_owned(), after.to_owned()))
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
