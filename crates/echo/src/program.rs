//! What both programs do around their own work: logs, completions, the runtime, the exit code.

use std::future::Future;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use clap::{CommandFactory, ValueEnum};
use tracing_subscriber::EnvFilter;

use crate::failure::Failure;

/// What `--generate` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Generate {
    /// Completions for bash.
    Bash,
    /// Completions for zsh.
    Zsh,
    /// Completions for fish.
    Fish,
    /// Completions for elvish.
    Elvish,
    /// Completions for `PowerShell`.
    Powershell,
    /// The man page.
    Man,
}

impl Generate {
    /// Prints it for the program `P` to stdout.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub fn print<P: CommandFactory>(self) -> Result<(), Failure> {
        use clap_complete::Shell;
        let mut command = P::command();
        let name = command.get_name().to_owned();
        let mut page = Vec::new();
        let shell = match self {
            Self::Bash => Some(Shell::Bash),
            Self::Zsh => Some(Shell::Zsh),
            Self::Fish => Some(Shell::Fish),
            Self::Elvish => Some(Shell::Elvish),
            Self::Powershell => Some(Shell::PowerShell),
            Self::Man => None,
        };
        let made = match shell {
            Some(shell) => {
                clap_complete::generate(shell, &mut command, name, &mut page);
                Ok(())
            }
            None => clap_mangen::Man::new(command).render(&mut page),
        };
        made.and_then(|()| io::stdout().write_all(&page)).map_err(Failure::io("cannot write to stdout"))
    }
}

/// Logs to stderr: `info` and above, or as `RUST_LOG` says; colour on a terminal only, and never with `NO_COLOR`.
pub fn log_to_stderr() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let colour = io::stderr().is_terminal() && !no_color;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(colour)
        .with_target(false)
        .init();
}

/// Runs `work` on a runtime of its own; an error is printed as `program: …`, and its exit code returned.
pub fn run(program: &str, work: impl Future<Output = Result<(), Failure>>) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return end(program, Err(Failure::Io { doing: "cannot start", error })),
    };
    let done = runtime.block_on(work);
    // Somebody may still be reading the terminal on a thread that cannot be stopped.
    runtime.shutdown_background();
    end(program, done)
}

/// The exit code of what was done; an error is printed first.
pub fn end(program: &str, done: Result<(), Failure>) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // If stderr is gone too, nobody is there to be told.
            let _told = writeln!(io::stderr(), "{program}: {failure}");
            failure.exit_code()
        }
    }
}
