//! What `suite` takes.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::count;
use crate::suite::lab::STRATEGIES;
use crate::suite::spec::{Experiment, Preset};

/// What makes a run end with 3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// Something is slower than in the baseline, or than the other build.
    Regress,
    /// A promise that holds on any machine is broken.
    Slo,
}

/// What `suite` takes.
#[derive(Debug, Clone, Args)]
#[command(after_help = SUITE_HELP)]
pub struct SuiteArguments {
    /// How much of everything
    #[arg(long, value_enum, default_value_t = Preset::Quick)]
    pub preset: Preset,
    /// Only these experiments, also those that the preset leaves out
    #[arg(long, value_delimiter = ',', value_enum, ignore_case = true, value_name = "E1,E5")]
    pub only: Vec<Experiment>,
    /// Only these strategies; the first of them in the order of the documentation is the reference
    #[arg(long, value_delimiter = ',', default_values = STRATEGIES, value_parser = STRATEGIES, hide_default_value = true)]
    pub strategies: Vec<String>,
    /// Decides arrivals, orders and resamples
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Where the results go; target/bench/YYYYMMDD-HHMMSS unless said
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Go on with the run in --out (target/bench/latest unless said) where it was interrupted
    #[arg(long)]
    pub resume: bool,
    /// How often everything runs; verdicts need at least 5
    #[arg(long, value_parser = count(1..=1000))]
    pub blocks: Option<usize>,
    /// Where echo-server and chat-server stand; this program's own folder unless said
    #[arg(long, value_name = "DIR")]
    pub bin_dir: Option<PathBuf>,
    /// Where the same programs of another build stand; each strategy is then judged by itself in that build
    #[arg(long, value_name = "DIR", requires = "against_name")]
    pub against_bin_dir: Option<PathBuf>,
    /// What the other build is called
    #[arg(long, value_name = "REF", requires = "against_bin_dir")]
    pub against_name: Option<String>,
    /// Keep the summary under this name, or at this path
    #[arg(long, value_name = "NAME")]
    pub save_baseline: Option<String>,
    /// Compare with the summary kept under this name, or at this path: weaker than another build beside this one
    #[arg(long, value_name = "NAME")]
    pub baseline: Option<String>,
    /// End with 3 if something got slower (regress), or if a promise is broken (slo)
    #[arg(long, value_delimiter = ',', value_enum)]
    pub fail_on: Vec<FailOn>,
    /// Write the generated parts of the documentation into this folder
    #[arg(long, value_name = "DIR")]
    pub docs: Option<PathBuf>,
    /// Keep blocks in which the machine was disturbed: to try things out where it is never quiet
    #[arg(long)]
    pub keep_disturbed: bool,
    /// Leave servers and load on whatever cores the system gives them
    #[arg(long)]
    pub no_pin: bool,
}

/// What `report` takes.
#[derive(Debug, Clone, Args)]
pub struct ReportArguments {
    /// The folder of the run
    #[arg(value_name = "DIR", default_value = "target/bench/latest")]
    pub dir: PathBuf,
    /// Write the generated parts of the documentation into this folder
    #[arg(long, value_name = "DIR")]
    pub docs: Option<PathBuf>,
}

const SUITE_HELP: &str = "\
Experiments:
  E0        is this machine able: the client's ceiling, timer jitter
  exercise  ten short clients, a thread each against a pool of ten
  E1        service that waits, at rising load, with the Erlang C curve
  E2        connections of one request                    (not in quick unless named)
  E3        idle connections: memory, who starves
  E4        long and short computing mixed                (not in quick unless named)
  E5        overload, with a deadline, retries off and on, the time to recover
  E6        everybody connects at once, backlog 128 and 4096
  E7        slow clients beside normal ones               (not in quick unless named)
  E8        a chat of 200 people on 64 workers
  E9        something scarce behind the server, over N    (not in quick unless named)
  E10       work that blocks its thread                   (not in quick unless named)

Results: DIR/report.html to read; results.ndjson (a trial a line), specs.json, summary.json, .csv and .md, env.json.
Ctrl-C ends it with a report of what there is; --resume goes on later.

Exit codes: 0 ok, 1 a trial was invalid or nothing could be started, 2 usage, 3 a regression or a broken promise
(with --fail-on), 130 interrupted.";

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::args::{Arguments, Command};

    fn parsed(line: &str) -> Result<SuiteArguments, String> {
        let words = ["bench-client", "suite"].into_iter().chain(line.split_whitespace());
        match Arguments::try_parse_from(words).map_err(|error| error.to_string())?.command {
            Some(Command::Suite(arguments)) => Ok(arguments),
            other => Err(format!("{other:?}")),
        }
    }

    #[test]
    fn what_is_not_said_is_quick_and_everything() {
        let arguments = parsed("").unwrap();
        assert_eq!((arguments.preset, arguments.only.len(), arguments.strategies.len()), (Preset::Quick, 0, 6));
        assert!(arguments.fail_on.is_empty() && !arguments.resume && arguments.out.is_none());
    }

    #[test]
    fn experiments_and_strategies_are_lists_of_known_names() {
        let arguments = parsed("--only e1,Exercise,E10 --strategies pool,spawn --fail-on slo,regress").unwrap();
        assert_eq!(arguments.only, [Experiment::E1, Experiment::Exercise, Experiment::E10]);
        assert_eq!(arguments.strategies, ["pool", "spawn"]);
        assert_eq!(arguments.fail_on, [FailOn::Slo, FailOn::Regress]);
        for (line, want) in [
            ("--only E11", "E11"),
            ("--strategies fork", "fork"),
            ("--preset slow", "slow"),
            ("--blocks 0", "1..=1000"),
            ("--against-bin-dir x", "--against-name"),
        ] {
            let said = parsed(line).unwrap_err();
            assert!(said.contains(want), "{line}: {said}");
        }
    }
}
