//! Coming in: the connection, the server's line, one's own place, and a nick that is free.

use super::signals::Signals;
use chat_client::{Client, ClientError, Events, Online, Options, Reconnect, TakenNick, Tcp};
use proto::{Code, Nick, Refusal};

use crate::cli::args::Args;
use crate::cli::commands::{nick_words, say_place};
use crate::cli::default_nick;
use crate::cli::failure::{Failure, complain};
use crate::cli::model::Prompt;
use crate::cli::term::{Terminal, Typed};

/// What somebody answers whose nick is taken.
enum Other {
    /// Another nick.
    Nick(Nick),
    /// It is their own: this connection is to have it.
    TakeOver,
}

/// Connects. A nick that was asked for and is taken is asked for again, if somebody is there to answer.
///
/// A person's place is kept when they leave; a script takes up one that is there, and makes none.
pub(super) async fn connect(args: &Args, terminal: &mut Terminal) -> Result<(Client, Events, Online), Failure> {
    let mut options = default_nick::options(args, Reconnect::BackOff);
    let mut signals = Signals::new()?;
    options.yield_place = true;
    loop {
        let has_place = options.has_kept_place(&args.server);
        options.keep = terminal.is_editor() || has_place;
        if terminal.is_editor() && has_place {
            // Whoever is here already is asked, and not just given another nick.
            options.taken_nick = TakenNick::Fail;
        }
        match tokio::select! {
            connected = attempt(args, options.clone()) => connected,
            _ = signals.next() => return Err(Failure::Interrupted),
        } {
            Ok(connected) => {
                if connected.2.nick != options.nick.as_str() {
                    complain(&nick_words(options.nick.as_str(), &connected.2));
                }
                return Ok(connected);
            }
            Err(ClientError::Refused(refusal))
                if matches!(refusal.code, Code::NickTaken | Code::BadNick) && terminal.is_editor() =>
            {
                let may_take_over = refusal.code == Code::NickTaken && has_place && options.yield_place;
                match ask(&refusal, may_take_over, terminal).await {
                    Some(Other::TakeOver) => options.yield_place = false,
                    Some(Other::Nick(nick)) => (options.nick, options.yield_place) = (nick, true),
                    None => return Err(ClientError::Refused(refusal).into()),
                }
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

/// Asks for another nick until it is one; an empty line takes the place over, or the offer. `None` if the person
/// leaves instead.
async fn ask(refusal: &Refusal, may_take_over: bool, terminal: &mut Terminal) -> Option<Other> {
    let offer = refusal.offer.as_deref();
    let question = match (may_take_over, offer) {
        (true, _) => {
            complain(&format!("{}, maybe by yourself, in another window", refusal.words));
            "Enter takes over from there; or another nick: ".to_owned()
        }
        (false, Some(offer)) => {
            complain(&refusal.words);
            format!("another nick (Enter takes {offer}): ")
        }
        (false, None) => {
            complain(&refusal.words);
            "another nick: ".to_owned()
        }
    };
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
            ("", _) if may_take_over => return Some(Other::TakeOver),
            ("", Some(offer)) => offer,
            (nick, _) => nick,
        };
        match nick.parse() {
            Ok(nick) => return Some(Other::Nick(nick)),
            Err(error) => complain(&format!("{nick} cannot be a nick: {error}")),
        }
    }
}
