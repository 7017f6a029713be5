//! How quiet the machine was over the whole run: a letter, and what it rests on.

use crate::machine::noise;
use crate::stats::median;
use crate::suite::record::TrialRecord;
use crate::suite::summary::ExperimentSummary;

/// The letters, with the most that others may have taken (CPU and steal together, median over trials, as a share of
/// our cores) and the largest share of blocks that may have been dropped.
const GRADES: [(&str, f64, f64); 3] = [("A", 0.01, 0.0), ("B", 0.03, 0.10), ("C", 0.08, 0.35)];

/// The letter and its sentence; "?" where no trial says anything of the machine.
pub(super) fn of(records: &[TrialRecord], experiments: &[ExperimentSummary]) -> (String, String) {
    let figures = |key: &str| -> Vec<f64> { records.iter().filter_map(|one| one.figures.get(key).copied()).collect() };
    let (others, stolen) = (median(&figures(noise::OTHERS)), median(&figures(noise::STEAL)));
    let dropped: usize = experiments.iter().map(|one| one.blocks_dropped).sum();
    let blocks: usize = experiments.iter().map(|one| one.blocks).sum::<usize>() + dropped;
    let (Some(others), Some(stolen)) = (others, stolen) else {
        return ("?".to_owned(), "this machine does not say how busy others are".to_owned());
    };
    let dropped_share = dropped as f64 / blocks.max(1) as f64;
    let fits = |(_, taken, dropped): &&(&str, f64, f64)| others + stolen <= *taken && dropped_share <= *dropped;
    let letter = GRADES.iter().find(fits).map_or("D", |(letter, ..)| letter);
    let percent = |share: f64| format!("{:.1} %", share * 100.0);
    let (others, stolen) = (percent(others), percent(stolen));
    let sentence = format!(
        "others took {others} of our cores and the host {stolen} (medians); {dropped} of {blocks} blocks dropped"
    );
    (letter.to_owned(), sentence)
}
