//! The experiments of the suite, each in a file of its own, and what they share.

mod arms;
mod begun;
pub(super) mod bout;
mod ceiling;
mod e0;
mod e1;
mod e10;
mod e2;
mod e3;
mod e4;
mod e5;
mod e6;
mod e7;
mod e8;
mod e9;
mod exercise;
mod ideal;
pub(super) mod said;
mod talker;
mod visitors;

pub use arms::{CONTROL_SUFFIX, arms};

use super::lab::{Lab, Scale};
use super::spec::{Experiment, Spec};

/// All of them, in the order they run and are shown.
pub const LABS: &[&dyn Lab] = &[
    &e0::E0,
    &exercise::Exercise,
    &e1::E1,
    &e2::E2,
    &e3::E3,
    &e4::E4,
    &e5::E5,
    &e6::E6,
    &e7::E7,
    &e8::E8,
    &e9::E9,
    &e10::E10,
];

/// The lab of an experiment; `None` if there is none yet.
pub fn lab(experiment: Experiment) -> Option<&'static dyn Lab> {
    LABS.iter().copied().find(|lab| lab.experiment() == experiment)
}

/// What runs: of each experiment in `only`, or of all if that is empty, what `scale` makes of it.
pub fn specs(scale: &Scale, only: &[Experiment]) -> Vec<Spec> {
    let scale = Scale { is_named: !only.is_empty(), ..scale.clone() };
    let wanted = |lab: &&dyn Lab| only.is_empty() || only.contains(&lab.experiment());
    LABS.iter().copied().filter(wanted).filter_map(|lab| lab.spec(&scale)).collect()
}
