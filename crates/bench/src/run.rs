//! From the command line to an experiment and its exit code.

use crate::args::{Arguments, Command};
use crate::error::BenchError;
use crate::interrupt::{Interrupt, Listener};
use crate::report::Report;
use crate::{experiments, generate, plain_echo, suite};

/// Does what the command line asks for.
///
/// # Errors
/// What went wrong, with its exit code; that a trial was invalid or the person interrupted is among it.
pub fn run(arguments: &Arguments) -> Result<(), BenchError> {
    if let Some(what) = arguments.generate {
        return generate::print(what);
    }
    match &arguments.command {
        None => Err(BenchError::Usage("say what to measure; --help tells what there is".to_owned())),
        // It is killed by who started it.
        Some(Command::PlainEcho) => plain_echo::run(),
        Some(Command::Suite(arguments)) => {
            let listener = Listener::start()?;
            suite::run(arguments, &listener.interrupt())
        }
        Some(Command::Report(arguments)) => suite::again(arguments),
        Some(Command::Load(arguments)) => {
            let listener = Listener::start()?;
            experiments::load(arguments, &listener.interrupt())
        }
        Some(Command::Echo(arguments)) => measured(|interrupt| experiments::echo(arguments, interrupt)),
        Some(Command::Churn(arguments)) => measured(|interrupt| experiments::churn(arguments, interrupt)),
        Some(Command::Fanout(arguments)) => measured(|interrupt| experiments::fanout(arguments, interrupt)),
        Some(Command::Idle(arguments)) => measured(|interrupt| experiments::idle(arguments, interrupt)),
        Some(Command::Files(command)) => measured(|interrupt| experiments::files(command, interrupt)),
        Some(Command::Store(command)) => measured(|interrupt| experiments::store(command, interrupt)),
        Some(Command::SelfCheck(arguments)) => {
            let listener = Listener::start()?;
            experiments::self_check(arguments, listener.interrupt())
        }
    }
}

fn measured(experiment: impl FnOnce(Interrupt) -> Result<Report, BenchError>) -> Result<(), BenchError> {
    let listener = Listener::start()?;
    let report = experiment(listener.interrupt())?;
    if report.interrupted {
        return Err(BenchError::Interrupted);
    }
    match report.invalid_trials {
        0 => Ok(()),
        1 => Err(BenchError::Invalid("one trial was invalid".to_owned())),
        count => Err(BenchError::Invalid(format!("{count} trials were invalid"))),
    }
}
