//! The agenda as a person sees it: what runs next after what.

use super::*;
use crate::suite::spec::{Arm, Cell, Experiment};

fn spec(experiment: Experiment, cells: usize, arms: usize, blocks: usize) -> Spec {
    let cell = |n: usize| Cell { name: format!("cell {n}"), x: None };
    let arm = |n: usize| Arm {
        name: format!("arm {n}"),
        strategy: "spawn".to_owned(),
        is_control: false,
        judged_by: None,
        build: String::new(),
    };
    Spec {
        experiment,
        title: String::new(),
        question: String::new(),
        setting: String::new(),
        cells: (0..cells).map(cell).collect(),
        axis: String::new(),
        arms: (0..arms).map(arm).collect(),
        metrics: Vec::new(),
        blocks,
    }
}

/// Runs the agenda to its end, `disturbed` saying which blocks are; the blocks in order and the places of each.
fn run(specs: &[Spec], disturbed: impl Fn(Experiment, usize) -> bool) -> Vec<(Experiment, usize, usize)> {
    let agenda = Agenda::new(specs, 7);
    let mut records = Vec::new();
    let mut turns = Vec::new();
    while let Some(turn) = agenda.next(&records, &[]) {
        let spec = &specs[turn.spec];
        turns.push((spec.experiment, turn.block, turn.places.len()));
        for place in turn.places {
            let mut record = TrialRecord::new(spec, place, 0);
            if disturbed(spec.experiment, place.block) {
                record.disturbed = Some("noise".to_owned());
            }
            let ends_block = record.disturbed.is_some();
            records.push(record);
            if ends_block {
                break;
            }
        }
    }
    turns
}

#[test]
fn experiments_take_turns() {
    let specs = [spec(Experiment::E0, 1, 1, 1), spec(Experiment::E1, 2, 3, 2)];
    let want = [(Experiment::E0, 0, 1), (Experiment::E1, 0, 6), (Experiment::E1, 1, 6)];
    assert_eq!(run(&specs, |_, _| false), want);
}

#[test]
fn a_disturbed_block_is_replaced_but_not_for_ever() {
    let specs = [spec(Experiment::E1, 1, 2, 4)];
    let blocks = |turns: Vec<(Experiment, usize, usize)>| turns.into_iter().map(|turn| turn.1).collect::<Vec<_>>();
    assert_eq!(blocks(run(&specs, |_, block| block == 1)), [0, 1, 2, 3, 4]);
    assert_eq!(blocks(run(&specs, |_, _| true)), [0, 1, 2, 3, 4, 5]);
}

#[test]
fn a_torn_cell_runs_again_whole_and_in_the_same_order() {
    let specs = [spec(Experiment::E1, 2, 3, 1)];
    let agenda = Agenda::new(&specs, 7);
    let order = agenda.next(&[], &[]).unwrap().places;
    for done in 0..=order.len() {
        let records: Vec<_> = order.iter().take(done).map(|place| TrialRecord::new(&specs[0], *place, 0)).collect();
        let left = agenda.next(&records, &[]).map(|turn| turn.places).unwrap_or_default();
        assert_eq!(left, order[done / 3 * 3..], "{done} done");
        assert_eq!(agenda.trials_left(&records, &[]).iter().map(|left| left.1).sum::<usize>(), left.len());
    }
}

#[test]
fn blocks_and_experiments_have_seeds_of_their_own() {
    let specs = [spec(Experiment::E1, 1, 1, 2), spec(Experiment::E5, 1, 1, 2)];
    let agenda = Agenda::new(&specs, 7);
    let mut seeds = vec![
        agenda.block_seed(0, 0),
        agenda.block_seed(0, 1),
        agenda.block_seed(1, 0),
        Agenda::new(&specs, 8).block_seed(0, 0),
    ];
    assert_eq!(seeds[0], Agenda::new(&specs[..1], 7).block_seed(0, 0));
    seeds.sort_unstable();
    seeds.dedup();
    assert_eq!(seeds.len(), 4);
}
