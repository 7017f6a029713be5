//! Paths → the lines of a tree. The paths are a peer's: they may come in any order, without their folders, or be
//! absurdly deep, and the tree is still one line for each name.

use std::collections::HashMap;

use chat_client::escape;
use proto::message::FileEntry;

use super::{Line, label, within};

/// Levels that are drawn. What lies deeper is shown on the last one by the rest of its path.
const LEVELS_MAX: usize = 64;

/// A name on its level.
struct Node<'e> {
    name: &'e str,
    entry: Option<&'e FileEntry>,
    below: Vec<usize>,
}

/// The lines under the title.
pub(super) fn branches<'e>(entries: &'e [FileEntry], base: &str) -> Vec<Line<'e>> {
    let nodes = nodes(entries, base);
    let mut lines = Vec::new();
    // What is still to be drawn, the next on top: a node, what stands before it, and whether it is the last there.
    let mut open: Vec<(usize, String, bool)> = Vec::new();
    push_below(&mut open, &nodes, 0, "");
    while let Some((index, before, is_last)) = open.pop() {
        let Some(node) = nodes.get(index) else { continue };
        let (turn, deeper) = if is_last { ("└── ", "    ") } else { ("├── ", "│   ") };
        let shown = match node.entry {
            Some(entry) => label(node.name, entry),
            None => format!("{}/", escape::line(node.name)),
        };
        lines.push((node.entry, format!("{before}{turn}{shown}")));
        push_below(&mut open, &nodes, index, &format!("{before}{deeper}"));
    }
    lines
}

fn push_below(open: &mut Vec<(usize, String, bool)>, nodes: &[Node<'_>], index: usize, before: &str) {
    let below = nodes.get(index).map_or(&[][..], |node| &node.below);
    let entries = below.iter().enumerate().rev();
    open.extend(entries.map(|(place, child)| (*child, before.to_owned(), place + 1 == below.len())));
}

/// The nodes of the tree; the first is its top.
fn nodes<'e>(entries: &'e [FileEntry], base: &str) -> Vec<Node<'e>> {
    let mut nodes = vec![Node { name: "", entry: None, below: Vec::new() }];
    let mut known: HashMap<(usize, &str), usize> = HashMap::new();
    for entry in entries {
        let mut at = 0;
        for name in within(&entry.path, base).splitn(LEVELS_MAX, '/') {
            at = *known.entry((at, name)).or_insert_with(|| {
                let index = nodes.len();
                nodes.push(Node { name, entry: None, below: Vec::new() });
                if let Some(above) = nodes.get_mut(at) {
                    above.below.push(index);
                }
                index
            });
        }
        if let Some(node) = nodes.get_mut(at) {
            node.entry = Some(entry);
        }
    }
    nodes
}
