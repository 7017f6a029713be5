//! One text, one query: found or not.

use proptest::prelude::*;

use super::*;
use crate::search::fold::fold;
use crate::search::words::{Line, Spans};

const LONG: &str = "donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft";

fn check(rows: &[(&str, &str, bool)]) {
    let place = place();
    let mut index = Index::open(&place.path).unwrap();
    let texts: Vec<&str> = rows.iter().map(|row| row.0).collect();
    add(&mut index, &texts);
    let finder = Finder::open(&place.path).unwrap();
    for (number, (text, words, is_found)) in (1..).zip(rows) {
        let numbers = finder.find(&query(words), 0, rows.len()).unwrap();
        assert_eq!(numbers.contains(&number), *is_found, "{words:?} in {text:?}: {:?}", query(words));
    }
}

#[test]
fn words_are_found_whole_and_in_any_order() {
    check(&[
        ("the quick brown fox", "fox", true),
        ("the quick brown fox", "fox quick", true),
        ("the quick brown fox", "fox slow", false),
        ("the quick brown fox", "qui", false),
        ("the quick brown fox", "qui*", true),
        ("the quick brown fox", "QUI* FO*", true),
        ("the quick brown fox", "fox*", true),
        ("the quick brown fox", "uick*", false),
        ("hello,world", "world,hello", true),
        ("I said (twice!)", "twice", true),
        ("don't panic", "dont", true),
        ("don't panic", "don't", true),
        ("don’t panic", "dont", true),
        ("well -- then", "wellthen", false),
        ("2024-05-17 at 12:30", "2024-05", true),
        ("2024-05-17 at 12:30", "12:30", true),
        ("2024-05-17 at 12:30", "17 30", true),
        ("it is 3.14159", "3.14159", true),
        ("it is 3.14159", "14159.3", false),
        ("", "fox", false),
    ]);
}

#[test]
fn case_accents_and_forms_do_not_matter() {
    check(&[
        ("Café", "cafe", true),
        ("cafe", "CAFÉ", true),
        ("Cafe\u{301}s", "café*", true),
        ("straße", "STRASSE", true),
        ("ΟΔΟΣ", "οδος", true),
        ("İstanbul", "istanbul", true),
        ("ﬁsh", "fish", true),
        ("Ｆｕｌｌｗｉｄｔｈ", "fullwidth", true),
        ("ёлка", "елка", true),
        ("שָׁלוֹם", "שלום", true),
        ("हिन्दी में", "हिन्दी", true),
        ("soft\u{ad}ware", "software", true),
        (LONG, LONG, true),
        (LONG, "donaudampf*", true),
    ]);
}

#[test]
fn chinese_japanese_and_korean_are_found_by_pairs() {
    check(&[
        ("我们今天去北京", "北京", true),
        ("我们今天去北京", "今天", true),
        ("我们今天去北京", "天今", false),
        ("我们今天去北京", "京", true),
        ("我们今天去北京", "我", true),
        ("我们今天去北京", "上", false),
        ("我们今天去北京", "今天去", true),
        ("我们今天去北京", "我们今天去北京", true),
        ("我们今天去北京", "我们北京", false),
        ("我们今天去北京", "我们 北京", true),
        ("我们，今天", "们今", false),
        ("今天天气", "今天气", false),
        ("今天*", "今天*", true),
        ("用Rust写的服务器2025年", "rust 服务", true),
        ("用Rust写的服务器2025年", "Rust写的", true),
        ("用Rust写的服务器2025年", "2025年", true),
        ("用Rust写的服务器2025年", "年", true),
        ("用Rust写的服务器2025年", "用", true),
        ("東京タワーへ", "タワー", true),
        ("東京タワーへ", "ﾀﾜｰ", true),
        ("がぎぐ", "かき", false),
        ("한국어를 배워요", "한국어", true),
        ("한국어를 배워요", "배워", true),
        ("𠮷野家", "𠮷野", true),
        ("สวัสดีครับ", "ครับ", true),
    ]);
}

#[test]
fn identifiers_are_found_by_part_and_joined() {
    let name = "let maxConnections_v2 = 4;";
    check(&[
        (name, "connections", true),
        (name, "maxconnections", true),
        (name, "max_connections", true),
        (name, "MAX_CONNECTIONS", true),
        (name, "MaxConnections", true),
        (name, "maxConnections_v2", true),
        (name, "maxconnectionsv2", true),
        (name, "maxConn*", true),
        (name, "max_conn*", true),
        (name, "maxco*", true),
        (name, "v2", true),
        (name, "connections_max", false),
        ("MAX_CONNECTIONS", "maxConnections", true),
        ("maxconnections", "max-connections", true),
        ("max connections", "max_connections", true),
        ("connections max", "max_connections", false),
        ("HTTPServer", "http", true),
        ("HTTPServer", "server", true),
        ("HTTPServer", "httpserver", true),
        ("HTTPServer", "HttpServer", true),
        ("parseURLs", "parseurls", true),
        ("std::collections::BTreeMap", "tree", true),
        ("std::collections::BTreeMap", "BTree", true),
        ("std::collections::BTreeMap", "btree*", true),
        ("std::collections::BTreeMap", "collections::BTreeMap", true),
        ("std::collections::BTreeMap", "collections::btreemap", false),
        ("std::collections::BTreeMap", "std::BTreeMap", true),
        ("std::collections::BTreeMap", "std::coll*", true),
        ("a-b", "ab", true),
        ("see https://example.com/a/b?x=1", "example.com", true),
        ("see https://example.com/a/b?x=1", "https://example.com/a/b", true),
        ("mail ann@example.org", "ann@example.org", true),
        ("version v2.0.1", "2.0", true),
        ("version v2.0.1", "v2", true),
        ("utf8", "utf-8", true),
        ("UTF-8", "utf8", true),
        ("__init__", "init", true),
        ("commit 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b", true),
        ("commit 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b", "9f86d08*", true),
        ("id 550e8400-e29b-41d4-a716-446655440000", "550e8400-e29b-41d4-a716-446655440000", true),
        ("id 550e8400-e29b-41d4-a716-446655440000", "41d4", true),
    ]);
}

#[test]
fn what_looks_like_fts5_is_only_words() {
    check(&[
        ("near and or not", "NEAR(", true),
        ("near and or not", "and", true),
        ("near and or not", "OR AND NOT", true),
        ("near and or not", "\"near", true),
        ("near and or not", "near\" OR \"x", false),
        ("near and or not", "{words} : near", false),
        ("near and or not", "words:near", false),
        ("near and or not", "^near", true),
        ("near and or not", "-near", true),
        ("near and or not", "near + and", true),
        ("near and or not", "near\0and", true),
        ("near and or not", "(near)*", true),
        ("near and or not", "NEAR(near and, 5)", false),
        ("near and or not", "=r7", false),
        ("near and or not", "=n616e6e", false),
    ]);
}

#[test]
fn what_has_no_word_is_no_query() {
    for words in
        ["", " ", "*", "\"", "\"\"", "()", "***", "-", "_", "=", "?!", "😀", "👍🏽 🇨🇳", "🅰", "\0", "\u{301}", "。，"]
    {
        assert_eq!(Query::parse(words, Some("ann"), &[ROOM]), None, "{words:?}");
    }
}

#[test]
fn queries_are_bounded() {
    let place = place();
    let mut index = Index::open(&place.path).unwrap();
    let many: String = (0..1000).map(|n| format!("w{n}x ")).collect();
    let path = "a.".repeat(5000);
    let identifier = "aB".repeat(5000);
    let chinese = "中文".repeat(5000);
    let starred = "ab* ".repeat(200) + &(0..200).map(|n| format!("q{n}* ")).collect::<String>();
    let texts = [many.as_str(), &path, &identifier, &chinese];
    add(&mut index, &texts);
    let finder = Finder::open(&place.path).unwrap();
    for (number, text) in (1..).zip(texts) {
        assert_eq!(finder.find(&query(text), 0, 10).unwrap(), [number]);
        assert!(query(text).expression().len() < 3000);
    }
    assert_eq!(finder.find(&query(&starred), 0, 10).unwrap(), []);
}

#[test]
fn tokens_are_bounded() {
    for text in ["a b ".repeat(9000), "中".repeat(9000), "aB1".repeat(9000), "a-".repeat(9000), "\u{FDFA}".repeat(5000)]
    {
        let mut line = Line::default();
        let line = line.of("head", &text);
        assert!(line.split(' ').count() < 10_000, "{}", line.split(' ').count());
        assert!(line.split(' ').all(|token| token.len() <= 64));
    }
}

fn text() -> impl Strategy<Value = String> {
    let pieces = prop_oneof![
        "[a-zA-Z0-9]{1,9}",
        "[一-三甲-申]{1,5}",
        "[あ-お가-나]{1,4}",
        "[ _.:/*\"'(){}=+-]{1,2}",
        "[é-öÄ-Ü😀-😄\u{301}ß]{1,3}",
        any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(pieces, 1..30).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_word_is_in_a_text_finds_it(texts in prop::collection::vec(text(), 1..8)) {
        let place = place();
        let mut index = Index::open(&place.path).unwrap();
        let all: Vec<&str> = texts.iter().map(String::as_str).collect();
        add(&mut index, &all);
        let finder = Finder::open(&place.path).unwrap();
        for (number, text) in (1..).zip(&texts) {
            let folded = fold(text).into_owned();
            let spans = Spans::of(&folded).map(|span| span.text);
            for word in text.split_whitespace().chain(spans) {
                if let Some(query) = Query::parse(word, None, &[ROOM]) {
                    prop_assert!(finder.find(&query, 0, 100).unwrap().contains(&number), "{word:?} in {text:?}: {query:?}");
                }
            }
        }
    }

    #[test]
    fn no_query_is_an_error(words in any::<String>(), from in any::<String>()) {
        let place = place();
        Index::open(&place.path).unwrap().add(&[doc(1, &words)], 2).unwrap();
        let finder = Finder::open(&place.path).unwrap();
        if let Some(query) = Query::parse(&words, Some(&from), &[ROOM]) {
            prop_assert!(finder.find(&query, 0, 100).is_ok(), "{query:?}");
        }
    }
}
