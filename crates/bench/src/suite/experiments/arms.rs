//! What is compared: the strategies asked for, with the reference a second time as the control.

use crate::suite::lab::Scale;
use crate::suite::spec::Arm;

/// Behind the reference's name, it names the control.
pub const CONTROL_SUFFIX: &str = " (control)";

/// The arms of an experiment that can use `fitting`: of these the strategies asked for, in that order. The first is
/// the reference; behind it stands the control, unless nothing else is compared. Empty if none was asked for.
pub fn arms(scale: &Scale, fitting: &[&str]) -> Vec<Arm> {
    let wanted = fitting.iter().filter(|strategy| scale.strategies.iter().any(|asked| asked == *strategy));
    let mut wanted = wanted.copied();
    let Some(reference) = wanted.next() else { return Vec::new() };
    let arm = |name: String, strategy: &str, judged_by: Option<&str>| Arm {
        is_control: name.ends_with(CONTROL_SUFFIX),
        name,
        strategy: strategy.to_owned(),
        judged_by: judged_by.map(str::to_owned),
        build: String::new(),
    };
    let mut arms = vec![
        arm(reference.to_owned(), reference, None),
        arm(format!("{reference}{CONTROL_SUFFIX}"), reference, Some(reference)),
    ];
    arms.extend(wanted.map(|strategy| arm(strategy.to_owned(), strategy, Some(reference))));
    if arms.len() == 2 {
        arms.truncate(1);
    }
    arms
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite::spec::Preset;

    #[test]
    fn the_first_strategy_is_the_reference_and_has_a_control() {
        let check = |asked: &[&str], fitting: &[&str], want: &[&str]| {
            let strategies = asked.iter().map(|name| (*name).to_owned()).collect();
            let scale = Scale { preset: Preset::Quick, is_named: false, strategies, blocks: None };
            let arms = arms(&scale, fitting);
            let found: Vec<String> = arms
                .iter()
                .map(|arm| {
                    let by = arm.judged_by.as_ref().map_or(String::new(), |by| format!("<{by}"));
                    format!("{}{by}{}", arm.name, if arm.is_control { "!" } else { "" })
                })
                .collect();
            assert_eq!(found, want, "{asked:?} {fitting:?}");
        };
        check(&["pool", "spawn"], &["spawn", "pool"], &["spawn", "spawn (control)<spawn!", "pool<spawn"]);
        check(&["pool", "thread"], &["spawn", "pool", "thread"], &["pool", "pool (control)<pool!", "thread<pool"]);
        check(&["spawn"], &["spawn", "pool"], &["spawn"]);
        check(&["thread"], &["spawn"], &[]);
    }
}
