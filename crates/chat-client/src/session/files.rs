//! Questions about files, and their answers. A question is asked of a room that can be spoken in now; whoever asks for
//! a transfer asks again on the next connection.

use proto::message::{FileAnswer, FileRequest};
use proto::{ClientMessage, Code, Refusal, RequestId, ServerMessage, Slot};

use super::{Asked, Session, answer, out_of_place};
use crate::error::{ClientError, Fault};
use crate::event::RoomKey;
use crate::files::ask::{Answer, Begun, room_of};
use crate::files::lease::Lease;
use crate::request::Reply;

impl Session {
    /// Asks something that is answered once.
    pub(crate) fn ask_file(&mut self, room: RoomKey, request: FileRequest, reply: Reply<Answer>) {
        match self.for_room(room, request) {
            Ok(request) => {
                let id = self.send(&ClientMessage::File(Slot(0), request));
                self.asked.insert(id, Asked::File(reply));
            }
            Err(error) => answer(reply, Err(error)),
        }
    }

    /// Asks for a pack to be taken. Its frame is large, so it does not go with the others; the caller sends it.
    pub(crate) fn ask_pack(
        &mut self,
        room: RoomKey,
        request: FileRequest,
        reply: Reply<Answer>,
    ) -> Option<proto::Frame> {
        match self.for_room(room, request) {
            Ok(request) => {
                self.last_request += 1;
                let id = RequestId(self.last_request);
                self.asked.insert(id, Asked::File(reply));
                Some(ClientMessage::File(Slot(0), request).to_frame(id))
            }
            Err(error) => {
                answer(reply, Err(error));
                None
            }
        }
    }

    /// Asks for a ticket for another connection.
    pub(crate) fn ask_ticket(&mut self, reply: Reply<Answer>) {
        let id = self.send(&ClientMessage::AskTicket);
        self.asked.insert(id, Asked::File(reply));
    }

    /// Asks for a transfer in the slot of `lease`.
    pub(crate) fn begin(&mut self, room: RoomKey, request: FileRequest, lease: Lease, reply: Reply<Begun>) {
        match self.for_room(room, request) {
            Ok(request) => {
                let id = self.send(&ClientMessage::File(lease.slot(), request));
                self.asked.insert(id, Asked::Begin(lease, reply));
            }
            Err(error) => {
                lease.free();
                answer(reply, Err(error));
            }
        }
    }

    /// The request, about the room as the server numbers it.
    fn for_room(&self, room: RoomKey, mut request: FileRequest) -> Result<FileRequest, ClientError> {
        let id = self.rooms.id(room).ok_or(ClientError::NotInRoom)?;
        if self.bulk_bytes == 0 {
            return Err(Refusal::new(
                Code::NoFiles,
                "this server has no place for files; start it with: chat-server --data-dir DIR",
            )
            .into());
        }
        *room_of(&mut request) = id;
        Ok(request)
    }

    pub(super) fn file_answer(&mut self, id: RequestId, file: FileAnswer) -> Result<(), Fault> {
        match self.asked.remove(&id) {
            Some(Asked::File(reply)) => answer(reply, Ok(Answer::File(file))),
            // A caller that no longer waits drops the lease, and with it the transfer.
            Some(Asked::Begin(lease, reply)) => answer(reply, Ok(Begun { lease, answer: file })),
            _ => return Err(out_of_place(&ServerMessage::File(file))),
        }
        Ok(())
    }
}
