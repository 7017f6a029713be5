//! Another build beside this one: every arm a second time, served by that build, and each strategy judged by itself.

use crate::suite::spec::{Arm, Spec};
use crate::suite::summary::{Comparison, ExperimentSummary, Verdict};

/// The spec with the arms of the build called `other` among its own. The control stays as it is: it tells how much two
/// runs of one build differ by chance.
pub(super) fn doubled(mut spec: Spec, other: &str) -> Spec {
    let in_other = |name: &str| format!("{name} @ {other}");
    let twins: Vec<Arm> = spec
        .arms
        .iter()
        .filter(|arm| !arm.is_control)
        .map(|arm| Arm { name: in_other(&arm.name), judged_by: None, build: other.to_owned(), ..arm.clone() })
        .collect();
    for arm in spec.arms.iter_mut().filter(|arm| !arm.is_control) {
        arm.judged_by = Some(in_other(&arm.name));
    }
    spec.arms.extend(twins);
    spec
}

/// Says what differs between the builds, in the place of what differs between the strategies.
pub(super) fn conclude(found: &mut ExperimentSummary, other: &str) {
    let builds = || found.comparisons.iter().filter(|one| !one.is_control);
    let differs = |one: &&Comparison| {
        matches!(one.verdict, Verdict::Better | Verdict::Worse) && one.survives_holm && !one.is_grey
    };
    let findings: Vec<String> = builds().filter(differs).map(sentence).collect();
    let (total, open) = (builds().count(), builds().filter(|one| is_open(one.verdict)).count());
    let equivalent = builds().filter(|one| one.verdict == Verdict::Equivalent).count();
    found.verdict = match findings.len() {
        0 if total == 0 => format!("Nothing could be compared with {other}."),
        0 => format!(
            "No difference from {other} stands: of {total} comparisons {equivalent} are equivalent within their \
             margin, {open} are open."
        ),
        count => format!("{count} of {total} comparisons with {other} differ; {open} are open."),
    };
    found.findings = findings;
}

const fn is_open(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Inconclusive { .. } | Verdict::TooFew)
}

fn sentence(one: &Comparison) -> String {
    let Comparison { cell, arm, metric, estimate, low, high, verdict, .. } = one;
    let how = if *verdict == Verdict::Worse { "worse" } else { "better" };
    let label = &metric.label;
    format!("{cell}, {arm}: {label} is {estimate:.2} times what it was ({low:.2} to {high:.2}): {how}.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite::experiments::arms;
    use crate::suite::lab::{STRATEGIES, Scale};
    use crate::suite::spec::{Experiment, Preset};

    #[test]
    fn each_strategy_is_judged_by_itself_in_the_other_build() {
        let strategies = STRATEGIES.iter().map(|name| (*name).to_owned()).collect();
        let scale = Scale { preset: Preset::Quick, is_named: false, strategies, blocks: None };
        let spec = Spec {
            experiment: Experiment::E1,
            title: String::new(),
            question: String::new(),
            setting: String::new(),
            cells: Vec::new(),
            axis: String::new(),
            arms: arms(&scale, &["spawn", "pool"]),
            metrics: Vec::new(),
            blocks: 1,
        };
        let shown = |arm: &Arm| (arm.name.clone(), arm.judged_by.clone().unwrap_or_default(), arm.build.clone());
        let found: Vec<_> = doubled(spec, "v1").arms.iter().map(shown).collect();
        let want = [
            ("spawn", "spawn @ v1", ""),
            ("spawn (control)", "spawn", ""),
            ("pool", "pool @ v1", ""),
            ("spawn @ v1", "", "v1"),
            ("pool @ v1", "", "v1"),
        ];
        assert_eq!(found, want.map(|(arm, by, build)| (arm.to_owned(), by.to_owned(), build.to_owned())));
    }
}
