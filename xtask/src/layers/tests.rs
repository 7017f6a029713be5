//! Imports and code that keep the layers, and some that do not.

use serde_json::{Value, json};

use super::*;

/// A workspace with one package that has one dependency, beside the packages it may import.
fn check(name: &str, dependency: Value, expected: &[&str]) {
    let package = |name: &str, dependencies: Value| {
        let manifest = format!("/w/crates/{name}/Cargo.toml");
        json!({ "name": name, "manifest_path": manifest, "dependencies": dependencies, "targets": [] })
    };
    let mut packages = vec![package(name, json!([dependency]))];
    packages.extend(LAYERS.iter().filter(|layer| layer.name != name).map(|layer| package(layer.name, json!([]))));
    let metadata = json!({ "workspace_root": "/w", "target_directory": "/w/target", "packages": packages });
    let repo = Repo::from_metadata(&metadata).unwrap();
    assert_eq!(findings(&repo, &Tree::new(Vec::new())), expected, "{name} imports {dependency}");
}

fn normal(name: &str) -> Value {
    json!({ "name": name, "kind": null, "features": [] })
}

#[test]
fn imports_point_down_only() {
    check("chat", normal("proto"), &[]);
    check("chat", normal("serve"), &["chat must not import serve (crates/chat/Cargo.toml)"]);
    check(
        "chat",
        json!({ "name": "serve", "kind": "build" }),
        &["chat must not import serve (crates/chat/Cargo.toml)"],
    );
    check("chat", json!({ "name": "serve", "kind": "dev" }), &[]);
    check("proto", normal("chat"), &["proto must not import chat (crates/proto/Cargo.toml)"]);
    check("tests", normal("chat"), &[]);
    check(
        "xtask",
        json!({ "name": "proto", "kind": "dev" }),
        &["xtask must not import proto (crates/xtask/Cargo.toml)"],
    );
    check(
        "new",
        normal("proto"),
        &["new is in no layer (crates/new/Cargo.toml): give it a line in xtask/src/layers.rs"],
    );
}

#[test]
fn pure_crates_import_nothing_impure() {
    check("chat", normal("thiserror"), &[]);
    check("chat", normal("tokio"), &["chat is pure and must not import tokio (crates/chat/Cargo.toml)"]);
    check("chat", json!({ "name": "tokio", "kind": "dev" }), &[]);
    check("proto", normal("getrandom"), &["proto is pure and must not import getrandom (crates/proto/Cargo.toml)"]);
    check("serve", normal("tokio"), &[]);
    check("proto", json!({ "name": "tokio-util", "kind": null, "features": ["codec"] }), &[]);
    let like_this = "must not import tokio-util like this";
    let rule = "only proto imports it, with the feature `codec` and no other";
    let finding = |name: &str| format!("{name} {like_this} (crates/{name}/Cargo.toml): {rule}");
    check("proto", json!({ "name": "tokio-util", "kind": null, "features": ["codec", "net"] }), &[&finding("proto")]);
    check("chat", json!({ "name": "tokio-util", "kind": null, "features": ["codec"] }), &[&finding("chat")]);
}

#[test]
fn only_proto_knows_bincode() {
    check("proto", normal("bincode"), &[]);
    let finding = "bench must not import bincode (crates/bench/Cargo.toml): only crates/proto/src/wire.rs knows it";
    check("bench", json!({ "name": "bincode", "kind": "dev" }), &[finding]);
    let named = |path: &str, text: &str| format_findings(&File::new(path, text)).len();
    assert_eq!(named("crates/chat/src/hub.rs", "use bincode::config;"), 1);
    assert_eq!(named("crates/chat/src/hub.rs", "// bincode\nlet a = \"bincode\";"), 0);
}

#[test]
fn the_code_of_pure_crates_names_no_clock_socket_file_or_task() {
    let rows: [(&str, &[usize]); 12] = [
        ("use std::collections::BTreeMap;", &[]),
        ("use std::net::SocketAddr;", &[1]),
        ("fn a() {}\nlet now = std::time::Instant::now();", &[2]),
        ("use std::time::Duration;", &[]),
        ("use std::time::{Duration, SystemTime};", &[1]),
        ("use std::{collections::BTreeMap, net::IpAddr};", &[1]),
        ("use std::{fmt, mem};", &[]),
        ("tokio::spawn(x);", &[1]),
        ("use tokio_util::codec::Decoder;", &[]),
        ("// std::fs is not for us\nlet a = \"std::fs\";", &[]),
        ("fn a() {}\n#[cfg(test)]\nmod tests { use std::fs; }", &[]),
        ("struct InstantReply;", &[]),
    ];
    for (text, lines) in rows {
        let file = File::new("crates/chat/src/hub.rs", text);
        let found = purity_findings(&file);
        let expected: Vec<String> = lines.iter().map(|line| format!("{}:{line}:", file.path)).collect();
        assert_eq!(found.len(), expected.len(), "{text}: {found:?}");
        assert!(found.iter().zip(&expected).all(|(one, start)| one.starts_with(start)), "{text}: {found:?}");
    }
}
