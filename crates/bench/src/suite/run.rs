//! Which trials run when, and what is kept of them.
//!
//! `agenda` says what runs next by what the journal holds, and knows nothing else: so a resumed run goes on as if it
//! had never stopped. The seed decides every order and every arrival.

mod again;
mod against;
mod agenda;
mod ending;
mod folder;
mod journal;
mod kept;
mod progress;

pub(super) use journal::{RESULTS, read_records};

use std::path::PathBuf;

use super::environment;
use super::experiments::{lab, specs};
use super::lab::{Ground, Lab, Prepared, Scale};
use super::record::TrialRecord;
use super::report;
use super::spec::{Arm, Preset, Spec};
use crate::args::SuiteArguments;
use crate::error::BenchError;
use crate::interrupt::Interrupt;
use crate::machine::noise::Gate;
use crate::machine::{Environment, Pinning};
use crate::plan::Place;
pub use again::again;
use agenda::{Agenda, Turn};
use ending::Ran;
use journal::Journal;
use progress::Progress;

/// Runs what the command line asks for.
///
/// # Errors
/// What made going on pointless; that a trial was invalid or the person interrupted is among it.
pub fn run(arguments: &SuiteArguments, interrupt: &Interrupt) -> Result<(), BenchError> {
    let specs = planned(arguments)?;
    let earlier = kept::earlier(arguments)?;
    if let Some(docs) = &arguments.docs {
        report::check_docs(docs).map_err(|error| BenchError::Usage(format!("--docs: {error}")))?;
    }
    let (folder, run) = folder::open(arguments, &specs)?;
    let (journal, records) = Journal::open(&folder)?;
    let pinning = if arguments.no_pin { Pinning::NONE } else { Pinning::apart() };
    // Read first: a pinned thread is told of one core.
    let machine = Environment::read(pinning).line();
    let environment = environment::read(pinning, run.seed);
    pinning.enter_load_core();
    crate::machine::raise_open_files();
    let builds = Builds::new(arguments)?;
    if arguments.preset == Preset::Ci {
        self_test(&builds, pinning, interrupt)?;
    }
    let mut session = Session {
        specs: &specs,
        agenda: Agenda::new(&specs, arguments.seed),
        preset: arguments.preset,
        builds,
        pinning,
        gate: (arguments.preset != Preset::Ci).then(|| Gate::new(pinning)),
        interrupt,
        journal,
        records,
        left_out: Vec::new(),
        progress: Progress::new(),
        keeps_disturbed: arguments.keep_disturbed,
        warnings: warnings(arguments),
    };
    let ended = session.run_all();
    session.progress.clear();
    let interrupted = match ended {
        Ok(()) => false,
        Err(BenchError::Interrupted) => true,
        Err(error) => return Err(error),
    };
    let ran = Ran {
        arguments,
        folder: &folder,
        run: &run,
        records: &session.records,
        machine,
        environment,
        warnings: session.warnings,
        earlier,
        interrupted,
    };
    ran.end()
}

/// What a reader has to know before anything has run.
fn warnings(arguments: &SuiteArguments) -> Vec<String> {
    let debug = "THIS IS A DEBUG BUILD: its figures say nothing; build with --release";
    let disturbed = "--keep-disturbed: blocks count in which the machine was disturbed";
    let warnings = [(cfg!(debug_assertions), debug), (arguments.keep_disturbed, disturbed)];
    warnings.into_iter().filter(|(holds, _)| *holds).map(|(_, words)| words.to_owned()).collect()
}

/// The suite's check of itself; a line for each.
fn self_test(builds: &Builds, pinning: Pinning, interrupt: &Interrupt) -> Result<(), BenchError> {
    let mut failed = 0;
    for (name, outcome) in super::self_test::run(&builds.ours, pinning, interrupt)? {
        match outcome {
            Ok(()) => println!("ok      {name}"),
            Err(why) => {
                failed += 1;
                println!("FAILED  {name}: {why}");
            }
        }
    }
    if failed > 0 { Err(BenchError::Invalid(format!("{failed} checks failed"))) } else { Ok(()) }
}

/// What the command line asks for, as specs.
fn planned(arguments: &SuiteArguments) -> Result<Vec<Spec>, BenchError> {
    let scale = Scale {
        preset: arguments.preset,
        is_named: false,
        strategies: arguments.strategies.clone(),
        blocks: arguments.blocks,
    };
    let mut specs = specs(&scale, &arguments.only);
    if let Some(other) = &arguments.against_name {
        specs = specs.into_iter().map(|spec| against::doubled(spec, other)).collect();
    }
    if specs.is_empty() {
        return Err(BenchError::Usage("no experiment is left to run with these --only and --strategies".to_owned()));
    }
    Ok(specs)
}

/// Where the servers of each build stand.
#[derive(Debug)]
struct Builds {
    ours: PathBuf,
    other: Option<PathBuf>,
}

impl Builds {
    fn new(arguments: &SuiteArguments) -> Result<Self, BenchError> {
        // Servers start in another folder, so a path that begins here would lead nowhere.
        let absolute = |path: &PathBuf| std::path::absolute(path).map_err(BenchError::io("--bin-dir"));
        let ours = match &arguments.bin_dir {
            Some(folder) => absolute(folder)?,
            None => crate::experiments::own_folder()?,
        };
        Ok(Self { ours, other: arguments.against_bin_dir.as_ref().map(absolute).transpose()? })
    }

    fn of(&self, arm: Option<&Arm>) -> PathBuf {
        let is_ours = arm.is_none_or(|arm| arm.build.is_empty());
        self.other.as_ref().filter(|_| !is_ours).unwrap_or(&self.ours).clone()
    }
}

/// A run under way.
#[derive(Debug)]
struct Session<'a> {
    specs: &'a [Spec],
    agenda: Agenda<'a>,
    preset: Preset,
    builds: Builds,
    pinning: Pinning,
    /// None where nothing is said about speed.
    gate: Option<Gate>,
    interrupt: &'a Interrupt,
    journal: Journal,
    records: Vec<TrialRecord>,
    keeps_disturbed: bool,
    /// Experiments whose programs are not there.
    left_out: Vec<usize>,
    progress: Progress,
    warnings: Vec<String>,
}

impl<'a> Session<'a> {
    fn run_all(&mut self) -> Result<(), BenchError> {
        while let Some(turn) = self.agenda.next(&self.records, &self.left_out) {
            match self.block(&turn) {
                Err(BenchError::NoProgram { program, path, way_out }) => {
                    let error = BenchError::NoProgram { program, path, way_out };
                    let title = self.specs.get(turn.spec).map_or("", |spec| &spec.title);
                    self.warnings.push(format!("{title} was left out: {error}"));
                    self.left_out.push(turn.spec);
                }
                other => other?,
            }
        }
        Ok(())
    }

    /// Runs a block, or ends it where the machine turns out to be disturbed.
    fn block(&mut self, turn: &Turn) -> Result<(), BenchError> {
        let Some(spec) = self.specs.get(turn.spec) else { return Ok(()) };
        let Some(lab) = lab(spec.experiment) else { return Ok(()) };
        let mut ground = self.ground(turn);
        ground.prepared = lab.prepare(&ground, spec)?;
        for place in &turn.places {
            self.interrupt.check()?;
            let arm = spec.arms.get(place.arm);
            let cell = spec.cells.get(place.cell).map_or("", |cell| &cell.name);
            let what = format!("{}, {cell}, {}", spec.title, arm.map_or("", |arm| &arm.name));
            self.progress.begin(turn.spec, &what, &self.agenda.trials_left(&self.records, &self.left_out));
            ground.bin_dir = self.builds.of(arm);
            let record = self.gated(|| trial(lab, &ground, spec, *place))?;
            self.journal.append(&record)?;
            let is_disturbed = record.disturbed.is_some();
            self.records.push(record);
            if is_disturbed {
                break;
            }
        }
        self.progress.end();
        Ok(())
    }

    /// A trial between two looks at the machine.
    fn gated(&mut self, trial: impl FnOnce() -> Result<TrialRecord, BenchError>) -> Result<TrialRecord, BenchError> {
        let Some(gate) = &mut self.gate else { return trial() };
        let before = gate.before(self.interrupt)?;
        let mut record = trial()?;
        let noise = gate.after(&before);
        record.disturbed = noise.disturbed().filter(|_| !self.keeps_disturbed);
        record.figures.extend(noise.figures());
        Ok(record)
    }

    fn ground(&self, turn: &Turn) -> Ground<'a> {
        Ground {
            preset: self.preset,
            pinning: self.pinning,
            bin_dir: self.builds.of(None),
            interrupt: self.interrupt,
            seed: self.agenda.block_seed(turn.spec, turn.block),
            prepared: Prepared::new(),
        }
    }
}

/// Runs one trial; what its server did wrong makes it invalid and nothing else.
fn trial(lab: &dyn Lab, ground: &Ground<'_>, spec: &Spec, place: Place) -> Result<TrialRecord, BenchError> {
    let started_unix_ms = folder::unix_ms();
    let mut record = match lab.trial(ground, spec, place) {
        Err(error) if spoils_one_trial(&error) => {
            TrialRecord { invalid: vec![error.to_string()], ..TrialRecord::new(spec, place, ground.seed) }
        }
        other => other?,
    };
    record.started_unix_ms = started_unix_ms;
    Ok(record)
}

const fn spoils_one_trial(error: &BenchError) -> bool {
    matches!(error, BenchError::CannotStart { .. } | BenchError::CannotConnect { .. }) || error.spoils_one_trial()
}
