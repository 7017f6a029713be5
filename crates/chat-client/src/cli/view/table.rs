//! Lists of rooms and people.

use chat_client::{MemberEntry, RoomEntry, escape};
use unicode_width::UnicodeWidthStr as _;

/// Rooms, one a line: name, how many are in it, topic.
pub(crate) fn room_table(rooms: &[RoomEntry]) -> String {
    let row = |room: &RoomEntry| {
        [format!("#{}", escape::line(&room.name)), room.members.to_string(), escape::line(&room.topic).into_owned()]
    };
    columns(rooms.iter().map(row))
}

/// People on one line, as in `ann, bob (away)`.
pub(crate) fn member_list(members: &[MemberEntry]) -> String {
    let name = |member: &MemberEntry| {
        let nick = escape::line(&member.nick);
        if member.connected { nick.into_owned() } else { format!("{nick} (away)") }
    };
    members.iter().map(name).collect::<Vec<_>>().join(", ")
}

/// Rows whose columns line up by what they take on a screen. One that is empty in every row is left out.
pub(crate) fn columns<const N: usize>(rows: impl Iterator<Item = [String; N]>) -> String {
    let rows: Vec<_> = rows.collect();
    let mut widths = [0; N];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.width().max(*width);
        }
    }
    let mut out = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths).filter(|(_, width)| *width > 0) {
            line.push_str(cell);
            line.extend(std::iter::repeat_n(' ', width - cell.width() + 2));
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}
