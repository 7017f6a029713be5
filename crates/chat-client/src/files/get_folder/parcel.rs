//! Small files, fetched many at a time.

use std::sync::Arc;

use proto::message::{FetchMany, FileAnswer, FileRequest, PackedFile, Parcel};
use proto::{Code, Refusal, RoomId, Root};

use super::{GetFolder, Plan, Wanted};
use crate::error::{ClientError, Fault};
use crate::files::carry::Patience;
use crate::files::hands::{is_away, out_of_place};
use crate::files::local::blocking;

impl GetFolder {
    /// Fetches some small files at once, and again what did not come with the others.
    pub(super) async fn batch(&self, plan: &Plan, batch: Vec<Arc<Wanted>>) -> Result<(), ClientError> {
        let mut rest = self.without_those_here(plan, batch).await?;
        while !rest.is_empty() {
            let asked = rest.len();
            let parcel = {
                let _turn = self.hands.pack_turn().await?;
                match self.ask_parcel(&rest).await {
                    Ok(parcel) => parcel,
                    Err(ClientError::Refused(refusal)) => {
                        for wanted in rest {
                            self.tally.skip(wanted.from.as_str(), refusal.clone().into())?;
                            wanted.done();
                        }
                        return Ok(());
                    }
                    Err(error) => return Err(error),
                }
            };
            rest = self.take_parcel(plan, rest, parcel).await?;
            if rest.len() == asked {
                return Err(Fault::OutOfPlace { kind: "Parcel".to_owned() }.into());
            }
        }
        Ok(())
    }
}
