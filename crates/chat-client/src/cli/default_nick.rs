//! The nick of someone who asked for none: the login name, made into one.

use chat_client::{Options, Reconnect, TakenNick};
use proto::Nick;
use proto::limits::NICK_CHARS_MAX;

use super::args::{Args, Command};

/// What a nick is when even the login name gives none.
const LAST_RESORT: &str = "guest";

/// The options of a connection. A nick that was asked for is insisted on; one that was not may become another. So may
/// that of a transfer: whoever was killed in the middle of one, and says the same again, meets their own nick, which
/// the server still holds for them, and the transfer goes on all the same.
pub(crate) fn options(args: &Args, reconnect: Reconnect) -> Options {
    let (nick, taken_nick) = match &args.nick {
        Some(nick) if matches!(args.command, Some(Command::Put(_) | Command::Get(_))) => {
            (nick.clone(), TakenNick::TakeOffer)
        }
        Some(nick) => (nick.clone(), TakenNick::Fail),
        None => (from_login(), TakenNick::TakeOffer),
    };
    let options = Options { taken_nick, reconnect, ..Options::new(nick) };
    // A follower is not the person: what is said to them alone is not read by it. So it leaves their place to them.
    let gives_way = matches!(args.command, Some(Command::Tail(_))) && options.has_kept_place(&args.server);
    if gives_way { Options { taken_nick: TakenNick::TakeOffer, ..options } } else { options }
}

fn from_login() -> Nick {
    let login = ["USER", "LOGNAME", "USERNAME"].iter().find_map(|name| std::env::var(name).ok());
    from_name(&login.unwrap_or_default())
}

/// A nick that is as close to `name` as the rules allow.
fn from_name(name: &str) -> Nick {
    let spaced: String = name.trim().chars().map(|c| if c.is_whitespace() { '-' } else { c }).collect();
    // A character is kept if it could stand in a nick at all.
    let can_stand = |c: &char| [c.to_string(), format!("a{c}a")].iter().any(|nick| nick.parse::<Nick>().is_ok());
    let kept = spaced.chars().filter(can_stand);
    let short: String = kept.take(NICK_CHARS_MAX).collect();
    let trimmed = short.trim_matches(|c| matches!(c, '-' | '.'));
    trimmed.parse().unwrap_or_else(|_| {
        LAST_RESORT.parse().expect("proof: the last resort is five ASCII letters, which every rule allows")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_name_becomes_a_nick() {
        let rows = [
            ("ann", "ann"),
            ("Ann Lee", "Ann-Lee"),
            ("DOMAIN\\bob", "DOMAINbob"),
            ("王小明", "王小明"),
            ("иван", "иван"),
            ("-dash.", "dash"),
            ("a\u{202e}b", "ab"),
            ("", "guest"),
            ("...", "guest"),
            ("a\u{430}", "guest"),
            ("a.very.long.login.name.that.goes.on", "a.very.long.login.name.t"),
        ];
        for (login, nick) in rows {
            assert_eq!(from_name(login).as_str(), nick, "{login}");
        }
    }
}
