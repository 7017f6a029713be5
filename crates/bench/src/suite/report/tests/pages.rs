//! Every picture and the page: well-formed, complete in themselves, with nothing that runs.

use super::fixture;
use super::xml;
use crate::suite::report::{charts, check_docs, html, write_all, write_docs};
use crate::suite::spec::Experiment;

#[test]
fn every_picture_is_well_formed_alone_and_has_words_for_those_who_cannot_see_it() {
    let pictures = charts::pictures(&fixture::summary(), &fixture::records());
    assert!(pictures.len() > 20, "{}", pictures.len());
    for picture in &pictures {
        for text in [picture.element(), picture.file()] {
            if let Err(what) = xml::check(&text) {
                panic!("{}: {what}", picture.key);
            }
            for part in ["role=\"img\"", "<title", "<desc", "viewBox"] {
                assert!(text.contains(part), "{}: no {part}", picture.key);
            }
        }
        assert!(!picture.table.rows.is_empty(), "{} has no table", picture.key);
    }
    let mut keys: Vec<&str> = pictures.iter().map(|picture| picture.key.as_str()).collect();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), pictures.len(), "two pictures share a name");
}

#[test]
fn the_page_is_well_formed_and_whole_and_runs_nothing() {
    let hostile = fixture::hostile_specs();
    for (summary, records) in [
        (fixture::summary(), fixture::records()),
        (fixture::hostile(), fixture::records_of(&hostile)),
        (fixture::empty(), Vec::new()),
    ] {
        let environment = serde_json::json!({ "cpu": { "model": "<b>x</b>" }, "cores": 2, "governor": null });
        let page = html::html(&summary, &charts::pictures(&summary, &records), &environment);
        if let Err(what) = xml::check(page.trim_start_matches("<!DOCTYPE html>\n")) {
            panic!("{what}");
        }
        // Only what is markup: a hostile name may say anything in a text.
        let tags: String =
            page.split('<').filter_map(|rest| rest.split_once('>')).map(|(tag, _)| format!("<{tag}>")).collect();
        let style = page.split_once("</style>").map_or("", |(before, _)| before);
        let tags = format!("{style}{}", tags.replace("http://www.w3.org/2000/svg", ""));
        for reference in
            ["<script", "<link", "<img", "<iframe", " src=", " href=\"http", "url(", "@import", " onerror=\""]
        {
            assert!(!tags.contains(reference), "the page has {reference}");
        }
    }
}

#[test]
fn all_that_the_report_owes_is_there() {
    let summary = fixture::summary();
    let page = html::html(&summary, &charts::pictures(&summary, &fixture::records()), &serde_json::Value::Null);
    let owed = [
        "verdicts", "noise", "load", "goodput", "spectrum", "parts", "pulse", "starving", "memory", "limit", "ratios",
        "threats", "again", "tables",
    ];
    for section in owed {
        assert!(page.contains(&format!("<section id=\"{section}\">")), "no section {section}");
    }
    for said in ["within chance", "No valid trial", "136", "starved", "achieved 0.91", "steal 7.1 %"] {
        assert!(page.contains(said), "nothing says: {said}");
    }
}

#[test]
fn the_documentation_gets_its_block_and_its_figures_and_keeps_the_rest() {
    let dir = tempfile::tempdir().expect("a folder");
    let (mut summary, records) = (fixture::summary(), fixture::records());
    let pages = ["benchmarks.md", "concurrency.md"].map(|name| dir.path().join(name));
    let read = || pages.each_ref().map(|page| std::fs::read_to_string(page).expect("it was written"));
    std::fs::write(&pages[0], "before\n<!-- bench:begin -->\nold\n<!-- bench:end -->\nafter\n")
        .expect("it is writable");
    std::fs::write(&pages[1], "before\n").expect("it is writable");
    let before = read();
    assert!(check_docs(dir.path()).is_err(), "and that is known before a run");
    let refused = write_docs(dir.path(), &summary, &records).expect_err("one has no markers");
    assert!(refused.to_string().contains("bench:begin"), "{refused}");
    assert_eq!(read(), before, "then neither is touched");
    std::fs::write(&pages[1], &before[0]).expect("it is writable");
    write_docs(dir.path(), &summary, &records).expect("there are markers");
    let once = read();
    for text in &once {
        assert!(text.starts_with("before\n<!-- bench:begin -->\n") && text.ends_with("<!-- bench:end -->\nafter\n"));
        assert!(!text.contains("\nold\n"));
        for link in text.split("](").skip(1).filter_map(|rest| rest.split_once(')')) {
            assert!(dir.path().join(link.0).exists(), "{} is not there", link.0);
        }
    }
    summary.experiments.retain(|found| found.spec.experiment == Experiment::E1);
    write_docs(dir.path(), &summary, &records).expect("there are markers");
    for (again, once) in read().iter().zip(&once) {
        assert!(again.len() < once.len() && again.ends_with("after\n"));
    }
}

#[test]
fn the_pages_of_this_project_have_their_places() {
    check_docs(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs")).unwrap();
}

#[test]
#[ignore = "writes the fixture's report to look at it: REPORT_DIR=/tmp/report cargo test -p bench -- --ignored"]
fn the_report_of_the_fixture_to_look_at() {
    let dir = std::env::var("REPORT_DIR").expect("REPORT_DIR says where");
    let environment = serde_json::json!({ "cpu": "AMD EPYC", "cores": 2 });
    write_all(dir.as_ref(), &fixture::summary(), &fixture::records(), &environment).expect("it is writable");
}
