//! The experiments: which trials, in which order, and what is said about them.

mod blocks;
mod churn;
mod echo;
mod fanout;
mod files;
mod idle;
mod load;
mod self_check;
mod setting;
mod store;

pub use blocks::{Blocks, Trial, run_blocks};
pub use setting::Setting;
pub(crate) use setting::own_folder;

pub use churn::run as churn;
pub use echo::run as echo;
pub use fanout::run as fanout;
pub use files::{FileArm, run as files};
pub use idle::run as idle;
pub use load::run as load;
pub use self_check::run as self_check;
pub use store::run as store;
