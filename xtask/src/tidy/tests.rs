//! Every rule with text that breaks it and text that keeps it.

use super::*;

/// The lines of `file` that the rule of this name finds fault with.
fn lines(rule: &str, path: &str, text: &str) -> Vec<usize> {
    let rule = FILE_RULES.iter().find(|known| known.name == rule).unwrap_or_else(|| panic!("no rule {rule}"));
    let mut lines: Vec<usize> = (rule.check)(&File::new(path, text)).iter().map(|finding| finding.line).collect();
    lines.sort_unstable();
    lines
}

const SOME: &str = "crates/x/src/some.rs";
const TEST: &str = "crates/x/tests/some.rs";
const MEMBER: &str = "crates/x/Cargo.toml";

/// A rule, a path, a text, and the lines found fault with.
type Row = (&'static str, &'static str, &'static str, &'static [usize]);

fn check(rows: &[Row]) {
    for (rule, path, text, expected) in rows {
        assert_eq!(lines(rule, path, text), *expected, "{rule} in {path}:\n{text}");
    }
}

#[test]
fn a_file_has_a_shape() {
    check(&[
        ("white-space", SOME, "//! A.\nfn a() {}\n", &[]),
        ("white-space", SOME, "//! A. \n\tfn a() {}\n", &[1, 2]),
        ("white-space", "README.md", "a\t\n\n", &[1, 2]),
        ("white-space", "README.md", "\ta", &[1]),
        ("white-space", "README.md", "a\r\n", &[1]),
        ("white-space", "README.md", "", &[]),
        ("module-docs", SOME, "//! What it is for.\n", &[]),
        ("module-docs", SOME, "use x;\n//! Late.\n", &[1]),
        ("module-docs", TEST, "//!\n", &[1]),
        ("module-docs", "README.md", "# A\n", &[]),
        (
            "map",
            "crates/x/src/lib.rs",
            "//! D.\n#![deny(x)]\nmod a;\n#[cfg(test)]\nmod tests;\npub use a::{B, C};\n",
            &[],
        ),
        ("map", "crates/x/src/lib.rs", "//! D.\npub(crate) mod a;\npub const N: [u8; 2] = [1, 2];\nuse x;\n", &[3]),
        ("map", "crates/x/src/lib.rs", "//! D.\nmod a {\n use x;\n}\n\n#[x]\npub fn f() {\n a;\n}\n", &[2, 7]),
        ("map", SOME, "fn f() {}\n", &[]),
        ("no-mod-rs", "crates/x/src/a/mod.rs", "", &[1]),
        ("no-mod-rs", SOME, "", &[]),
        ("tests-last", SOME, "fn a() {}\n#[cfg(test)]\nmod tests { }\n", &[]),
        ("tests-last", SOME, "#[cfg(test)]\nmod tests;\nfn a() {}\n", &[]),
        ("tests-last", SOME, "#[cfg(test)]\nuse x;\nfn a() {}\n", &[]),
        ("tests-last", SOME, "#[cfg(test)]\nmod tests { }\nfn a() {}\n", &[1]),
    ]);
}

#[test]
fn some_words_do_not_belong_in_the_code() {
    check(&[
        ("unfinished", SOME, "// todo!()\nlet a = \"dbg!(\";\n", &[]),
        ("unfinished", SOME, "todo!();\nunimplemented!();\ndbg!(a);\n", &[1, 2, 3]),
        ("allow", SOME, "#[expect(dead_code, reason = \"why\")]\nfn allow() {}\n", &[]),
        ("allow", SOME, "#![allow(x)]\n#[allow(dead_code, reason = \"why\")]\n", &[1, 2]),
        ("unbounded", SOME, "mpsc::channel(8);\nsync_channel(1);\n", &[]),
        (
            "unbounded",
            SOME,
            "mpsc::unbounded_channel();\nmpsc::channel();\nfutures::channel::mpsc::unbounded();\n",
            &[1, 2, 3],
        ),
        ("pace", SOME, "thread::sleep(x);\n", &[]),
        ("pace", SOME, "sleep(x);\n#[cfg(test)]\nmod tests {\n tokio::time::sleep(x).await;\n}\n", &[4]),
        ("pace", TEST, "thread::sleep(x);\nsleep_until(x);\nfn sleep() {}\nlet a = \"sleep(\";\n", &[1, 2]),
        ("pace", TEST, "// tidy: pace: a byte a second is the point.\nthread::sleep(x);\n", &[]),
        ("pace", TEST, "thread::sleep(x); // tidy: pace: one byte a second.\n", &[]),
        (
            "pace",
            TEST,
            "#[tokio::test(start_paused = true)]\nfn a() { sleep(x); }\n#[test]\nfn b() { sleep(x); }\n",
            &[4],
        ),
        ("pace", TEST, "#[tokio::test(start_paused = true)]\nfn a() { thread::sleep(x); }\n", &[2]),
        ("pace", TEST, "thread::sleep(x); // tidy: pace\n", &[1]),
        ("type-name", SOME, "struct Session;\nenum Metadata {}\nfn handler() {}\n", &[]),
        ("type-name", SOME, "impl Tr for A {\n    type Data = u8;\n}\n", &[]),
        ("type-name", SOME, "pub struct RoomManager<T>(T);\n\nenum FrameData {}\n", &[1, 3]),
        ("type-name", SOME, "trait Handler {}\n", &[1]),
        ("type-name", SOME, "type ConnContext = u8;\n", &[1]),
        ("file-name", "crates/x/src/utils.rs", "", &[1]),
        ("file-name", "crates/x/src/process.rs", "", &[]),
        ("get", SOME, "fn get_name() {}\nfn getter() {}\nfn get_mut() {}\nx.get(1);\n", &[1]),
    ]);
}

#[test]
fn a_manifest_leaves_lints_and_versions_to_the_root() {
    check(&[
        ("lints", MEMBER, "[package]\nname = \"x\"\n\n[lints]\nworkspace = true\n", &[]),
        ("lints", MEMBER, "[package]\nname = \"x\"\n", &[1]),
        ("lints", "Cargo.toml", "[workspace]\n", &[]),
        ("lints", "tests/fuzz/Cargo.toml", "[package]\nname = \"x\"\n\n[workspace]\n", &[]),
        (
            "pinned-here",
            MEMBER,
            "[dependencies]\na.workspace = true\nb = { workspace = true, features = [\n \"c=d\"] }\n",
            &[],
        ),
        (
            "pinned-here",
            MEMBER,
            "[package]\nname = \"x\"\n[dependencies]\nb = \"1\"\n[dev-dependencies]\nc = { path = \"c\" }\n",
            &[4, 6],
        ),
    ]);
}

#[test]
fn files_have_a_length_cap_by_their_name() {
    let rows = [("lib.rs", 120), ("main.rs", 60), ("a.rs", 400)];
    for (name, max) in rows {
        let path = format!("crates/x/src/{name}");
        assert_eq!(lines("length", &path, &"//\n".repeat(max)), [0; 0], "{name}");
        assert_eq!(lines("length", &path, &"//\n".repeat(max + 1)), [max + 1], "{name}");
    }
    assert_eq!(lines("length", "docs/long.md", &"a\n".repeat(999)), [0; 0]);
}

#[test]
fn long_tests_have_a_file_of_their_own() {
    let tests = |lines: usize| format!("fn a() {{}}\n#[cfg(test)]\nmod tests {{\n{}}}\n", "    // A.\n".repeat(lines));
    assert_eq!(lines("tests-last", SOME, &tests(57)), [0; 0]);
    assert_eq!(lines("tests-last", SOME, &tests(58)), [2]);
}

/// What the rule of this name finds in a tree of `files`.
fn across(rule: &str, files: &[(&str, &str)]) -> Vec<String> {
    let rule = TREE_RULES.iter().find(|known| known.name == rule).unwrap_or_else(|| panic!("no rule {rule}"));
    let tree = Tree::new(files.iter().map(|(path, text)| File::new(path, text)).collect());
    (rule.check)(&tree).into_iter().map(|Finding { path, line, what }| format!("{path}:{line}: {what}")).collect()
}

#[test]
fn every_strategy_has_a_heading() {
    let code = "//! A.\npub enum Strategy {\n    /// One.\n    Spawn,\n    #[x]\n    PoolRequest,\n}\n";
    let check =
        |docs: &str| across("strategy-docs", &[("crates/serve/src/strategy.rs", code), ("docs/concurrency.md", docs)]);
    assert_eq!(check("## `spawn`: a task each\n\n## pool-request\n"), [""; 0]);
    let missing = "docs/concurrency.md:1: no heading for the strategy `pool-request` of crates/serve/src/strategy.rs";
    assert_eq!(check("## spawn\n\n```\n# pool-request\n```\nAnd `pool-request`.\n"), [missing]);
    assert_eq!(across("strategy-docs", &[]).len(), 1);
}

#[test]
fn every_kind_has_a_row() {
    let code = "//! A.\n#[repr(u8)]\npub enum Kind {\n    /// Client: hello.\n    Hello = 1,\n\n    Event = 48,\n}\n";
    let check = |docs: &str| across("kind-docs", &[("crates/proto/src/kind.rs", code), ("docs/protocol.md", docs)]);
    assert_eq!(check("| 1 | `Hello` | client |\n| **Event** | 0x30 |\n"), [""; 0]);
    let missing = "docs/protocol.md:1: no table row with the kind `Event` and its number 48 (crates/proto/src/kind.rs)";
    assert_eq!(check("| 1 | `Hello` | client |\n| `Event` | 47 |\nEvent 48\n"), [missing]);
}

#[test]
fn links_lead_to_files_of_the_tree() {
    let docs = "[a](../README.md) [b](protocol.md#limits) [c](https://x.y/z) [d](#here)\n[e](no.md) `[f](no.md)`\n\
        ```\n[g](no.md)\n```\n[h](../../out.md) [i](decisions/)\n[j]: gone.md\n";
    let files = [
        ("README.md", "[x](docs/a.md)\n"),
        ("docs/a.md", docs),
        ("docs/protocol.md", ""),
        ("docs/decisions/0001.md", ""),
    ];
    let expected = [
        "docs/a.md:2: the link `no.md` leads nowhere",
        "docs/a.md:6: the link `../../out.md` leads nowhere",
        "docs/a.md:7: the link `gone.md` leads nowhere",
    ];
    assert_eq!(across("links", &files), expected);
}

#[test]
fn commands_in_the_docs_exist() {
    let docs = "Run `cargo xtask ci`, `cargo xtask chat --nick ann`, `cargo xtask`.\nThen cargo xtask fly.\n";
    assert_eq!(across("commands", &[("docs/a.md", docs)]), ["docs/a.md:2: `cargo xtask fly` is no command"]);
}

#[test]
fn every_pin_is_used() {
    let root = "[workspace]\nmembers = []\n\n[workspace.dependencies]\n# Why.\na = \"1\"\nb = { version = \"2\" }\nc = \"3\"\nours = { path = \"x\" }\n";
    let member = "[dependencies]\na.workspace = true\n[target.'cfg(unix)'.dependencies]\nc = { workspace = true }\n";
    let expected = ["Cargo.toml:7: `b` is used by no package: take the line out"];
    assert_eq!(across("unused-pin", &[("Cargo.toml", root), ("crates/x/Cargo.toml", member)]), expected);
}
