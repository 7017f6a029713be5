//! A client that speaks the wire by hand: what it sends is what the test says, and it sees every frame.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};

use bytes::{Bytes, BytesMut};
use proto::limits::{MAGIC, VERSION_MAX, VERSION_MIN};
use proto::message::{Goodbye, Hello, Join, Joined, OpenDirect, Resume, Say, Since, Welcome};
use proto::{ClientMessage, Codec, Frame, MessageId, RequestId, RoomEvent, RoomId, Seq, ServerMessage};
use tokio_util::codec::Decoder;

use crate::server::PATIENCE;

pub(crate) struct Peer {
    stream: TcpStream,
    codec: Codec,
    buffer: BytesMut,
    asked: u64,
    /// Frames that came while something else was waited for.
    kept: Vec<Frame>,
}

impl Peer {
    /// Connects, and says nothing.
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, codec: Codec::control(), buffer: BytesMut::new(), asked: 0, kept: Vec::new() }
    }

    /// Connects and says hello as `nick`.
    pub(crate) fn hello(address: SocketAddr, nick: &str) -> (Self, Welcome) {
        let mut peer = Self::connect(address);
        match peer.ask(&hello(nick, None)) {
            ServerMessage::Welcome(welcome) => (peer, welcome),
            other => panic!("{nick}: {other:?}"),
        }
    }

    /// Connects, says hello as `nick` and joins `room`.
    pub(crate) fn in_room(address: SocketAddr, nick: &str, room: &str) -> (Self, Joined) {
        let (mut peer, _) = Self::hello(address, nick);
        let joined = peer.join(room);
        (peer, joined)
    }

    pub(crate) fn join(&mut self, room: &str) -> Joined {
        let join = Join { room: room.into(), since: Since::Last(1000), announce: false, ephemeral: false };
        self.joined(&ClientMessage::Join(join))
    }

    pub(crate) fn direct(&mut self, nick: &str) -> Joined {
        self.joined(&ClientMessage::OpenDirect(OpenDirect { nick: nick.into(), since: Since::Now }))
    }

    /// Says `text` and gives the place it got.
    pub(crate) fn say(&mut self, room: RoomId, message: u64, text: &str) -> Seq {
        match self.ask(&say(room, message, text)) {
            ServerMessage::Said(said) => said.seq,
            other => panic!("{text}: {other:?}"),
        }
    }

    /// Sends `message` and waits for its answer; everything else is kept.
    pub(crate) fn ask(&mut self, message: &ClientMessage) -> ServerMessage {
        let id = self.send(message);
        self.wait_for(|frame| frame.header().id == id.0 && frame.header().kind != 48)
    }

    /// Sends `message` and does not wait.
    pub(crate) fn send(&mut self, message: &ClientMessage) -> RequestId {
        self.asked += 1;
        self.send_frame(&message.to_frame(RequestId(self.asked)));
        RequestId(self.asked)
    }

    pub(crate) fn send_frame(&mut self, frame: &Frame) {
        let mut bytes = Vec::new();
        frame.write(&mut bytes);
        self.send_bytes(&bytes).unwrap();
    }

    pub(crate) fn send_bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// The next event of `room`.
    pub(crate) fn event(&mut self, room: RoomId) -> (RoomEvent, Bytes) {
        let mut bytes = Bytes::new();
        let message = self.wait_for(|frame| {
            bytes = frame.body().clone();
            matches!(ServerMessage::from_frame(frame), Ok(ServerMessage::Event(event)) if event.room == room)
        });
        match message {
            ServerMessage::Event(event) => (event, bytes),
            other => panic!("{other:?}"),
        }
    }

    /// The goodbye, which must be the last frame.
    pub(crate) fn goodbye(mut self) -> Goodbye {
        let goodbye = match self.wait_for(|frame| frame.header().kind == proto::Kind::Goodbye.number()) {
            ServerMessage::Goodbye(goodbye) => goodbye,
            other => panic!("{other:?}"),
        };
        assert_eq!(self.next_frame(), None, "the goodbye is the last frame");
        goodbye
    }

    /// Waits for a message of which `wanted` is true; what comes before is kept for later.
    pub(crate) fn wait_for(&mut self, mut wanted: impl FnMut(&Frame) -> bool) -> ServerMessage {
        let frame = match self.kept.iter().position(&mut wanted) {
            Some(at) => self.kept.remove(at),
            None => loop {
                let frame = self.next_frame().unwrap_or_else(|| panic!("the server closed; kept: {:?}", self.kept));
                if wanted(&frame) {
                    break frame;
                }
                self.kept.push(frame);
            },
        };
        ServerMessage::from_frame(&frame).unwrap()
    }

    /// The next frame; `None` at the end of the connection.
    pub(crate) fn next_frame(&mut self) -> Option<Frame> {
        loop {
            if let Some(frame) = self.codec.decode(&mut self.buffer).unwrap() {
                return Some(frame);
            }
            let mut scratch = [0; 16 * 1024];
            match self.stream.read(&mut scratch) {
                Ok(0) => return None,
                Ok(count) => self.buffer.extend_from_slice(&scratch[..count]),
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return None,
                Err(error) => panic!("nothing came within {PATIENCE:?}: {error}; kept: {:?}", self.kept),
            }
        }
    }

    /// Everything that comes until the server closes, as bytes.
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        match self.stream.read_to_end(&mut rest) {
            Ok(_) => rest,
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => rest,
            Err(error) => panic!("the server did not close within {PATIENCE:?}: {error}"),
        }
    }

    /// Sends nothing more.
    pub(crate) fn finish_writing(&self) {
        self.stream.shutdown(Shutdown::Write).unwrap();
    }

    fn joined(&mut self, message: &ClientMessage) -> Joined {
        match self.ask(message) {
            ServerMessage::Joined(joined) => joined,
            other => panic!("{other:?}"),
        }
    }
}

pub(crate) fn hello(nick: &str, resume: Option<Resume>) -> ClientMessage {
    ClientMessage::Hello(Hello {
        magic: MAGIC,
        version_min: VERSION_MIN,
        version_max: VERSION_MAX,
        features: 0,
        nick: nick.into(),
        agent: "tests".into(),
        resume,
    })
}

pub(crate) fn say(room: RoomId, message: u64, text: &str) -> ClientMessage {
    ClientMessage::Say(Say { room, message: MessageId(message), text: Bytes::copy_from_slice(text.as_bytes()) })
}
