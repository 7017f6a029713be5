//! `cargo xtask`: one file a command; it imports no crate of ours, but starts cargo and the built programs.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod bench;
mod chat;
mod ci;
mod crash;
mod dist;
mod kill;
mod layers;
mod peers;
mod program;
mod repo;
mod source;
mod tidy;
mod vectors;

/// The repository's own commands.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    Chat(chat::Options),
    Ci(ci::Options),
    Crash(crash::Options),
    Tidy(tidy::Options),
    Layers(layers::Options),
    Vectors(vectors::Options),
    Bench(bench::Options),
    Dist(dist::Options),
    Kill(kill::Options),
    Peers(peers::Options),
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().task {
        Task::Chat(options) => chat::run(&options),
        Task::Ci(options) => ci::run(&options),
        Task::Crash(options) => crash::run(&options),
        Task::Tidy(options) => tidy::run(&options),
        Task::Layers(options) => layers::run(&options),
        Task::Vectors(options) => vectors::run(&options),
        Task::Bench(options) => bench::run(&options),
        Task::Dist(options) => dist::run(&options),
        Task::Kill(options) => kill::run(&options),
        Task::Peers(options) => peers::run(&options),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("xtask: {error:#}");
        ExitCode::FAILURE
    })
}
