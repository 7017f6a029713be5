//! `docs/concurrency.md` is held to the strategies there are.

use std::path::Path;

use serve::Strategy;

#[test]
fn the_documentation_has_a_heading_and_a_row_for_each_strategy_and_no_other() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/concurrency.md");
    let page = std::fs::read_to_string(page).unwrap();
    let named = |prefix: &str| -> Vec<String> {
        let rest = page.lines().filter_map(|line| line.strip_prefix(prefix));
        rest.filter_map(|rest| rest.split('`').next()).map(str::to_owned).collect()
    };
    let names: Vec<_> = Strategy::ALL.iter().map(ToString::to_string).collect();
    assert_eq!(named("## `"), names, "headings");
    assert_eq!(named("| `"), names, "rows of the table");
}
