//! The program `chat-client`, on top of the library.
//!
//! Reading order: [`args`] and [`default_nick`]: what was asked for; [`commands`]: the one-shots; [`repl`]: the
//! conversation, which is [`input`] (a line typed → what is meant), [`model`] (what is known), [`view`] (what happened
//! → what is shown), [`complete`] and [`term`] (the line editor and its printer). [`remote`] and [`local`] are names of
//! files there and here.

mod args;
mod commands;
mod complete;
mod default_nick;
mod failure;
mod input;
mod local;
mod model;
mod moment;
mod remote;
mod repl;
mod stdout;
mod term;
mod view;

use std::process::ExitCode;

use clap::Parser as _;

use args::{Args, Command};
use failure::Failure;

/// Runs the program as its arguments say.
pub(crate) fn run() -> ExitCode {
    let args = Args::parse();
    let outcome = match args.generate {
        Some(generate) => args::generate(generate).map_err(Failure::from),
        None => start(&args),
    };
    match outcome {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            failure.say();
            ExitCode::from(failure.exit_code())
        }
    }
}

fn start(args: &Args) -> Result<u8, Failure> {
    // One connection needs one thread. The line editor has its own, outside the runtime.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        match &args.command {
            None => repl::run(args).await,
            Some(Command::Send(send)) => commands::send::run(args, send).await,
            Some(Command::Tail(tail)) => commands::tail::run(args, tail).await,
            Some(Command::History(history)) => commands::reading::history::run(args, history).await,
            Some(Command::Search(search)) => commands::reading::search::run(args, search).await,
            Some(Command::Unread(unread)) => commands::reading::unread::run(args, unread).await,
            Some(Command::Export(export)) => commands::reading::export::run(args, export).await,
            Some(Command::Who(who)) => commands::who::run(args, who).await,
            Some(Command::Rooms(rooms)) => commands::rooms::run(args, rooms).await,
            Some(Command::Put(put)) => commands::put::run(args, put).await,
            Some(Command::Get(get)) => commands::get::run(args, get).await,
            Some(Command::Ls(ls)) => commands::ls::run(args, ls).await,
            Some(Command::Lls(lls)) => commands::ls::run_local(lls),
            Some(Command::Rm(rm)) => commands::tidy_up::rm(args, rm).await,
            Some(Command::Mv(mv)) => commands::tidy_up::mv(args, mv).await,
            Some(Command::Mkdir(mkdir)) => commands::tidy_up::mkdir(args, mkdir).await,
            Some(Command::Verify(verify)) => commands::verify::run(args, verify).await,
        }
    })
}
