//! One TCP connection: a message, its answer, the next.

use super::framed::FramedLink;
use super::input::Input;
use super::options::TcpOptions;
use super::raw::RawLink;
use super::{connect, print_answer, remark, resolve};
use crate::failure::Failure;
use crate::server::Wire;

pub(super) async fn run(options: TcpOptions) -> Result<(), Failure> {
    let (timeout, bare) = (options.timeout(), options.bare);
    let address = resolve(&options.address).await?;
    let stream = connect(address, timeout).await?;
    let mut input = Input::new(options.messages);
    match options.wire {
        Wire::Raw => {
            let mut link = RawLink::new(stream, bare, timeout);
            while let Some(message) = input.next().await? {
                let late = link.late()?;
                if !late.is_empty() {
                    print_answer(&late)?;
                }
                if message.is_empty() && bare {
                    remark("nothing to send: without a line end an empty message is no message");
                    continue;
                }
                print_answer(&link.exchange(&message).await?)?;
            }
        }
        Wire::Framed => {
            let mut link = FramedLink::new(stream, timeout);
            while let Some(message) = input.next().await? {
                print_answer(&link.exchange(message).await?)?;
            }
        }
    }
    Ok(())
}
