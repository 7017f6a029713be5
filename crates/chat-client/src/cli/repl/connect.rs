//! Coming in: the connection, the server's line, and a nick that is free.

use super::signals::Signals;
use chat_client::{Client, ClientError, Events, Online, Options, Reconnect, Tcp};
use proto::{Code, Nick};

use crate::cli::args::Args;
use crate::cli::commands::say_place;
use crate::cli::default_nick;
use crate::cli::failure::{Failure, complain};
use crate::cli::model::Prompt;
use crate::cli::term::{Terminal, Typed};

/// Connects. A nick that was asked for and is taken is asked for again, if somebody is there to answer.
pub(super) async fn connect(args: &Args, terminal: &mut Terminal) -> Result<(Client, Events, Online), Failure> {
    let mut options = default_nick::options(args, Reconnect::BackOff);
    let mut signals = Signals::new()?;
    loop {
        match tokio::select! {
            connected = attempt(args, options.clone()) => connected,
            _ = signals.next() => return Err(Failure::Interrupted),
        } {
            Ok(connected) => {
                if connected.2.nick != options.nick.as_str() {
                    complain(&format!("the nick {} is taken, so you are {}", options.nick, connected.2.nick));
                }
                return Ok(connected);
            }
            Err(ClientError::Refused(refusal))
                if matches!(refusal.code, Code::NickTaken | Code::BadNick) && terminal.is_editor() =>
            {
                complain(&refusal.words);
                options.nick = match ask_nick(refusal.offer.as_deref(), terminal).await {
                    Some(nick) => nick,
                    None => return Err(ClientError::Refused(refusal).into()),
                };
            }
            Err(error) => return Err(error.into()),
        }
    }
}

async fn attempt(args: &Args, options: Options) -> Result<(Client, Events, Online), ClientError> {
    let (client, mut events) = Client::start(Tcp::new(&args.server), options);
    let online = events.online(say_place).await?;
    Ok((client, events, online))
}

/// Asks for another nick until it is one; an empty line takes the offer. `None` if the person leaves instead.
async fn ask_nick(offer: Option<&str>, terminal: &mut Terminal) -> Option<Nick> {
    let question =
        offer.map_or_else(|| "another nick: ".to_owned(), |offer| format!("another nick (Enter takes {offer}): "));
    loop {
        terminal.read(Prompt { online: question.clone(), offline: question.clone() });
        let typed = match terminal.typed().await? {
            Typed::Line(line) => line,
            Typed::Trouble(words) | Typed::Bad(words) => {
                complain(&words);
                continue;
            }
            Typed::Interrupted { .. } | Typed::Ended => return None,
        };
        let nick = match (typed.trim(), offer) {
            ("", Some(offer)) => offer,
            (nick, _) => nick,
        };
        match nick.parse() {
            Ok(nick) => return Some(nick),
            Err(error) => complain(&format!("{nick} cannot be a nick: {error}")),
        }
    }
}
