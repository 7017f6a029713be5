//! `cargo xtask chat`: from a clone to a conversation with one command. Starts a server if none listens and opens the
//! client on it.

use std::net::{SocketAddr, ToSocketAddrs as _};
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result, bail};
use clap::Args;

use crate::program;
use crate::repo::Repo;

mod background;
mod port;

use background::{Background, Start};
use port::Port;

/// Chat: start a server if none listens and open the client on it; a second terminal joins.
///
/// The server stays in the background when the client leaves, so that nobody else is cut off; `--stop` ends it.
/// In this version rooms live in its memory: what was said is gone when it stops.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    cargo xtask chat --nick ann                  one terminal\n  \
    cargo xtask chat --nick bob                  a second terminal: ann and bob talk\n  \
    cargo xtask chat --server 127.0.0.1:9999     on another port\n  \
    cargo xtask chat --stop                      end the server")]
pub(crate) struct Options {
    /// Who you are; without it your login name.
    #[arg(long)]
    nick: Option<String>,
    /// The room to enter; without it the lobby.
    #[arg(long)]
    room: Option<String>,
    /// Where the server listens or shall listen.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:12101")]
    server: String,
    /// End the server that this command started on that address.
    #[arg(long, conflicts_with_all = ["nick", "room", "status"])]
    stop: bool,
    /// Say whether a server listens on that address, and where its log is.
    #[arg(long, conflicts_with_all = ["nick", "room"])]
    status: bool,
}

/// Runs the command. Its exit code is the client's.
pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let repo = Repo::read()?;
    let server = Background::of(&repo, &options.server);
    if options.stop {
        return stop(&server, options);
    }
    if options.status {
        return status(&server, options);
    }
    build(&repo)?;
    ensure_server(&server, &repo, options)?;
    let mut client = Command::new(repo.built("debug", "chat-client"));
    client.args(["--server", &options.server]);
    for (name, value) in [("--nick", &options.nick), ("--room", &options.room)] {
        if let Some(value) = value {
            client.args([name, value]);
        }
    }
    become_program(client)
}

/// The dev profile: it builds in a fraction of the time, and for a chat between people it is as good.
fn build(repo: &Repo) -> Result<()> {
    if !repo.built("debug", "chat-client").exists() {
        eprintln!("building chat-server and chat-client: about a minute the first time, a moment later on");
    }
    program::run(&mut repo.cargo(&["build", "--locked", "-p", "chat-server", "-p", "chat-client", "--bins"]))
}

/// Sees to it that a chat server listens.
fn ensure_server(server: &Background, repo: &Repo, options: &Options) -> Result<()> {
    if join(options)? {
        return Ok(());
    }
    let address = &options.server;
    let listen = loopback(address)?;
    match server.start(&repo.built("debug", "chat-server"), listen)? {
        Start::Listening { pid } => {
            eprintln!("started a chat server on {address} (pid {pid}); its log: {}", server.log().display());
            eprintln!("it goes on when you leave; to end it: cargo xtask chat --stop{}", server_option(address));
            Ok(())
        }
        // Someone in another terminal may have been quicker.
        Start::Ended { why } => match join(options)? {
            true => Ok(()),
            false => bail!("the chat server did not start on {address}: {why}"),
        },
    }
}

/// Whether a chat server listens already; an error if something else does.
fn join(options: &Options) -> Result<bool> {
    let address = &options.server;
    match port::look(address)? {
        Port::Free => Ok(false),
        Port::Chat => {
            eprintln!("joining the chat server on {address}");
            Ok(true)
        }
        Port::Silent => {
            eprintln!("something listens on {address} and says nothing; trying it as a chat server");
            Ok(true)
        }
        Port::Other { said } => {
            bail!(
                "{address}: held by something that is no chat server ({said}); choose another port: --server 127.0.0.1:12102"
            )
        }
    }
}

fn stop(server: &Background, options: &Options) -> Result<ExitCode> {
    let address = &options.server;
    let Some(pid) = server.running() else {
        match port::look(address)? {
            Port::Free => println!("no chat server runs on {address}"),
            _ => {
                bail!("{address}: what listens there was not started by cargo xtask chat; end it where it was started")
            }
        }
        return Ok(ExitCode::SUCCESS);
    };
    server.stop(pid)?;
    println!("ended the chat server on {address} (pid {pid})");
    Ok(ExitCode::SUCCESS)
}

fn status(server: &Background, options: &Options) -> Result<ExitCode> {
    let address = &options.server;
    if let Some(pid) = server.running() {
        println!("a chat server runs on {address} (pid {pid}); its log: {}", server.log().display());
        println!("to end it: cargo xtask chat --stop{}", server_option(address));
        return Ok(ExitCode::SUCCESS);
    }
    Ok(match port::look(address)? {
        Port::Chat => {
            println!("a chat server that cargo xtask chat did not start listens on {address}");
            ExitCode::SUCCESS
        }
        Port::Free => {
            println!("no chat server runs on {address}; to start one: cargo xtask chat{}", server_option(address));
            ExitCode::FAILURE
        }
        Port::Silent | Port::Other { .. } => {
            println!("{address} is held by something that is no chat server");
            ExitCode::FAILURE
        }
    })
}

/// What to add to a command line for `address`: nothing for the usual one.
fn server_option(address: &str) -> String {
    if address == "127.0.0.1:12101" { String::new() } else { format!(" --server {address}") }
}

/// Where a server may be started for `address`: on this machine, not seen from others, on a port with a number.
fn loopback(address: &str) -> Result<SocketAddr> {
    let resolved: Vec<SocketAddr> =
        address.to_socket_addrs().with_context(|| format!("{address}: no address"))?.collect();
    let one = resolved.iter().find(|one| one.is_ipv4()).or_else(|| resolved.first());
    match one {
        Some(one) if one.port() == 0 => bail!("{address}: choose a port, so that others can join"),
        Some(one) if one.ip().is_loopback() => Ok(*one),
        _ => bail!(
            "{address}: nothing listens there, and a server is started for you on this machine only (leave --server out)"
        ),
    }
}

/// Puts the client in our place, so that the terminal, its signals and the exit code are the client's alone.
#[cfg(unix)]
fn become_program(mut client: Command) -> Result<ExitCode> {
    let error = std::os::unix::process::CommandExt::exec(&mut client);
    Err(error).with_context(|| format!("`{}` did not start", program::shown(&client)))
}

/// Runs the client to its end.
#[cfg(not(unix))]
fn become_program(mut client: Command) -> Result<ExitCode> {
    let status = client.status().with_context(|| format!("`{}` did not start", program::shown(&client)))?;
    Ok(program::exit_code(status))
}
