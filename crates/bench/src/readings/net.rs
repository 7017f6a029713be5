//! What the kernel counts of connections that it had no room for. The counts are of the whole machine (of this network
//! namespace), since it started: two readings have to be compared.

use std::fs::read_to_string;

/// Connections a listener's queue had no room for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Fallen {
    /// A handshake's last step came while the accept queue was full: `ListenOverflows`.
    pub overflows: u64,
    /// The same and everything else a listener dropped, a SYN to a full queue above all: `ListenDrops`.
    pub drops: u64,
}

impl Fallen {
    /// The counts so far; `None` where they cannot be read.
    pub fn read() -> Option<Self> {
        parse(&read_to_string("/proc/net/netstat").ok()?)
    }

    /// What fell since `before`.
    #[must_use]
    pub const fn since(self, before: Self) -> Self {
        Self {
            overflows: self.overflows.saturating_sub(before.overflows),
            drops: self.drops.saturating_sub(before.drops),
        }
    }
}

/// The lines come in pairs: names, then values in the same order.
fn parse(text: &str) -> Option<Fallen> {
    let mut lines = text.lines().filter_map(|line| line.strip_prefix("TcpExt: "));
    let (names, values) = (lines.next()?, lines.next()?);
    let value = |wanted: &str| {
        let at = names.split(' ').position(|name| name == wanted)?;
        values.split(' ').nth(at)?.parse().ok()
    };
    Some(Fallen { overflows: value("ListenOverflows")?, drops: value("ListenDrops")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_below_their_names() {
        let check = |text: &str, want: Option<(u64, u64)>| {
            assert_eq!(parse(text).map(|fallen| (fallen.overflows, fallen.drops)), want, "{text}");
        };
        check("TcpExt: A ListenOverflows ListenDrops B\nTcpExt: 1 2 3 4\nIpExt: A\nIpExt: 9\n", Some((2, 3)));
        check("TcpExt: A B\nTcpExt: 1 2\n", None);
        check("", None);
    }
}
