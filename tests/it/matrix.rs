//! Stamps a scenario over every chat strategy.

/// What every chat strategy is started with: room for all the peers of a scenario.
pub(crate) const STRATEGIES: [(&str, &[&str]); 3] = [
    ("spawn", &["--strategy", "spawn"]),
    ("pool", &["--strategy", "pool", "--workers", "128"]),
    ("pool-request", &["--strategy", "pool-request", "--workers", "4"]),
];

/// `over_strategies! { fact_one, fact_two }` makes of each `fn fact_one(arguments: &[&str])` a test per strategy.
macro_rules! over_strategies {
    ($($fact:ident),+ $(,)?) => {
        mod spawn { $(#[test] fn $fact() { super::$fact(crate::matrix::STRATEGIES[0].1); })+ }
        mod pool { $(#[test] fn $fact() { super::$fact(crate::matrix::STRATEGIES[1].1); })+ }
        mod pool_request { $(#[test] fn $fact() { super::$fact(crate::matrix::STRATEGIES[2].1); })+ }
    };
}

pub(crate) use over_strategies;

#[test]
fn the_matrix_has_every_strategy_the_server_offers() {
    let help = crate::server::run_to_end(&["--strategy", "none-such"]);
    let offered = help.stderr.split("possible values: ").nth(1).and_then(|rest| rest.split(']').next());
    let stamped = STRATEGIES.map(|(name, _)| name).join(", ");
    assert_eq!(offered, Some(stamped.as_str()), "{}", help.stderr);
}
