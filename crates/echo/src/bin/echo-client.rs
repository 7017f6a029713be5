//! `echo-client`: see `echo-client --help`.

use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use echo::client::{self, ClientOptions};
use echo::program;

fn main() -> ExitCode {
    let options = ClientOptions::parse();
    match (options.generate, options.command) {
        (Some(what), _) => program::end("echo-client", what.print::<ClientOptions>()),
        (None, Some(command)) => program::run("echo-client", client::run(command)),
        (None, None) => ClientOptions::command()
            .error(clap::error::ErrorKind::MissingSubcommand, "say tcp, udp or swarm (see --help)")
            .exit(),
    }
}
