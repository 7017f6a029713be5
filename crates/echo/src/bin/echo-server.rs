//! `echo-server`: see `echo-server --help`.

use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use echo::program;
use echo::server::{self, ServerOptions};

fn main() -> ExitCode {
    let options = ServerOptions::parse();
    if let Some(server::Command::Tcp(tcp)) = &options.command
        && let Some(words) = tcp.contradiction()
    {
        ServerOptions::command().error(clap::error::ErrorKind::ArgumentConflict, words).exit();
    }
    match (options.generate, options.command) {
        (Some(what), _) => program::end("echo-server", what.print::<ServerOptions>()),
        (None, Some(command)) => {
            program::log_to_stderr();
            program::run("echo-server", server::run(command))
        }
        (None, None) => ServerOptions::command()
            .error(clap::error::ErrorKind::MissingSubcommand, "say tcp or udp (see --help)")
            .exit(),
    }
}
