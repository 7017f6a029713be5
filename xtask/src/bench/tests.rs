//! What is typed, and what bench-client gets of it.

use clap::Parser;

use super::*;

#[derive(Debug, Parser)]
struct Cli {
    #[command(flatten)]
    options: Options,
}

fn parsed(line: &str) -> Result<Options, String> {
    let words = std::iter::once("bench").chain(line.split_whitespace());
    Cli::try_parse_from(words).map(|cli| cli.options).map_err(|error| error.to_string())
}

#[test]
fn what_is_typed_is_handed_on() {
    let here = |path: &str| std::path::absolute(path).unwrap().display().to_string();
    let check = |typed: &str, want: &str| {
        let handed: Vec<String> = parsed(typed)
            .unwrap()
            .suite
            .arguments()
            .unwrap()
            .iter()
            .map(|word| word.to_string_lossy().into())
            .collect();
        assert_eq!(handed.join(" "), want, "{typed}");
    };
    check("", "suite");
    check("--preset ci --no-pin", "suite --preset ci --no-pin");
    check("--only e1,Exercise --strategies pool,spawn", "suite --only e1,Exercise --strategies pool,spawn");
    check("--only E1 --only E10 --seed 7 --blocks 20 --resume", "suite --only E1,E10 --seed 7 --blocks 20 --resume");
    check("--fail-on slo,regress --against main", "suite --fail-on slo,regress");
    check("--save-baseline a --baseline b", "suite --save-baseline a --baseline b");
    check("--out x/y --docs docs", &format!("suite --out {} --docs {}", here("x/y"), here("docs")));
    check("--baseline ./b", &format!("suite --baseline {}", here("./b")));
}

#[test]
fn another_command_is_passed_on_untouched_and_alone() {
    let options = parsed("-- fanout --mode single --help").unwrap();
    assert_eq!(options.args, ["fanout", "--mode", "single", "--help"]);
    for (line, want) in [
        ("--seed 1 -- echo", "cannot be used with"),
        ("--against main -- echo", "cannot be used with"),
        ("fanout", "fanout"),
        ("--only E11", "E11"),
        ("--preset slow", "slow"),
        ("--strategies fork", "fork"),
        ("--blocks 0", "1..=1000"),
        ("--fail-on never", "never"),
    ] {
        let said = parsed(line).unwrap_err();
        assert!(said.contains(want), "{line}: {said}");
    }
}
