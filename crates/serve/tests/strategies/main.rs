//! Every scenario over every strategy it means something for.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod admission;
mod drain;
mod gate;
mod life;
mod line;
mod support;

/// A strategy was added? Stamp the scenarios over it too.
const _: () = assert!(serve::Strategy::ALL.len() == 6);

/// One test per strategy for each scenario: `scenario::spawn`, `scenario::pool`, …
macro_rules! every_strategy {
    ($($scenario:ident),* $(,)?) => { $(
        mod $scenario {
            use serve::Strategy;

            $crate::every_strategy!(@one $scenario spawn Spawn);
            $crate::every_strategy!(@one $scenario pool Pool);
            $crate::every_strategy!(@one $scenario pool_request PoolRequest);
            $crate::every_strategy!(@one $scenario pool_accept PoolAccept);
            $crate::every_strategy!(@one $scenario thread Thread);
            $crate::every_strategy!(@one $scenario thread_pool ThreadPool);
        }
    )* };
    (@one $scenario:ident $name:ident $strategy:ident) => {
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            super::$scenario(Strategy::$strategy).await;
        }
    };
}
pub(crate) use every_strategy;
