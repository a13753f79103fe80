//! The two directions of a connection: commands are gathered and written in one go, answers are read in their order
//! (<https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_command_phase.html>).
//!
//! A command need not wait for the answer to the one before it: the server takes them from its socket one after the other.

use std::io;

use bytes::{Buf, BytesMut};
use mysql_common::Value;
use mysql_common::constants::{CapabilityFlags, Command, StatusFlags};
use mysql_common::io::ParseBuf;
use mysql_common::packets::{Column, ComStmtExecuteRequestBuilder, CommonOkPacket, OkPacketDeserializer, StmtPacket};
use mysql_common::proto::codec::{ChunkDecoder, ChunkInfo, packet_to_chunks};
use mysql_common::proto::{MyDeserialize, MySerialize};
use tokio::io::AsyncWriteExt;

use super::server_errors::{MysqlError, ServerError};
use crate::ConnectionSettings;
use crate::stream::{self, Stream, encrypted, read_more};

/// Longest packet that is taken in, in bytes: the largest `max_allowed_packet` a server can have.
pub(super) const MAX_PACKET: u32 = 1 << 30;

/// First byte of a packet that reports an error.
const ERROR: u8 = 0xff;
/// First byte of a packet that ends columns or rows, and the length that tells it from a row.
const END: u8 = 0xfe;
const END_LENGTH: usize = 9;
/// First byte of an answer without rows.
const OK: u8 = 0;
/// First byte of a server's request for a file of the client.
const LOCAL_INFILE: u8 = 0xfb;

/// A connection.
pub(super) struct Wire {
    stream: Box<dyn Stream>,
    incoming: BytesMut,
    decoder: ChunkDecoder,
    packet: Vec<u8>,
    outgoing: BytesMut,
    /// Number of the next packet of an exchange; a command begins a new one.
    sequence: u8,
}

/// A statement that the server has taken in and not run.
pub(super) struct Prepared {
    pub(super) id: u32,
    /// Placeholders in its text.
    pub(super) parameters: u16,
    /// What its rows would have; none when it gives no rows.
    pub(super) columns: Vec<Column>,
}

impl Wire {
    pub(super) fn new(stream: Box<dyn Stream>) -> Self {
        Self {
            stream,
            incoming: BytesMut::new(),
            decoder: ChunkDecoder::default(),
            packet: Vec::new(),
            outgoing: BytesMut::new(),
            sequence: 0,
        }
    }

    /// Encrypts the connection. Nothing may have come that was not asked for: it would be taken for something said under encryption.
    pub(super) async fn encrypted(self, settings: &ConnectionSettings) -> Result<Self, MysqlError> {
        if !self.incoming.is_empty() {
            return Err(unexpected("something is sent ahead of the encryption").into());
        }
        Ok(Self {
            stream: encrypted(self.stream, settings).await?,
            ..self
        })
    }

    /// Adds the text of one command whose answer is to be read with [`Self::done`] or [`Self::texts`].
    pub(super) fn query(&mut self, text: &str) {
        self.command(Command::COM_QUERY, text.as_bytes());
    }

    /// Adds the text of one statement that the server is to take in, and not to run; answered by [`Self::prepared`].
    pub(super) fn prepare(&mut self, text: &str) {
        self.command(Command::COM_STMT_PREPARE, text.as_bytes());
    }

    /// Has a statement run that was taken in; answered by [`Self::columns`] and the rows, or [`Self::done`] when it gives none.
    pub(super) fn execute(&mut self, id: u32) {
        self.execute_with(id, &[]);
    }

    /// The same for a statement with placeholders.
    pub(super) fn execute_with(&mut self, id: u32, values: &[Value]) {
        let (request, _) = ComStmtExecuteRequestBuilder::new(id).build(values);
        self.sequence = 0;
        self.reply(&request);
    }

    /// Has the server forget a statement, which it does without an answer.
    pub(super) fn forget(&mut self, id: u32) {
        self.command(Command::COM_STMT_CLOSE, &id.to_le_bytes());
    }

    /// Says goodbye.
    pub(super) async fn close(mut self) -> io::Result<()> {
        self.command(Command::COM_QUIT, &[]);
        self.send().await?;
        self.stream.shutdown().await
    }

    fn command(&mut self, command: Command, argument: &[u8]) {
        self.sequence = 0;
        self.add(Buf::chain([command as u8].as_slice(), argument));
    }

    /// Adds the next packet of the exchange.
    pub(super) fn reply(&mut self, message: &impl MySerialize) {
        let mut payload = Vec::new();
        message.serialize(&mut payload);
        self.add(payload.as_slice());
    }

    /// The same for bytes that are a packet already.
    pub(super) fn reply_bytes(&mut self, payload: &[u8]) {
        self.add(payload);
    }

    fn add(&mut self, mut payload: impl Buf) {
        self.sequence = packet_to_chunks(self.sequence, &mut payload, &mut self.outgoing);
    }

    /// Sends what was gathered.
    pub(super) async fn send(&mut self) -> io::Result<()> {
        self.stream.write_all(&self.outgoing).await?;
        self.outgoing.clear();
        self.stream.flush().await
    }

    /// The next packet, whatever it is.
    pub(super) async fn receive(&mut self) -> io::Result<&[u8]> {
        self.packet.clear();
        loop {
            let decoded = self
                .decoder
                .decode(&mut self.incoming, &mut self.packet, MAX_PACKET as usize)
                .map_err(io::Error::other)?;
            match decoded {
                Some(ChunkInfo::Last(sequence)) => {
                    self.sequence = sequence.wrapping_add(1);
                    break;
                }
                Some(ChunkInfo::Middle(_)) => {}
                None => read_more(self.stream.as_mut(), &mut self.incoming).await?,
            }
        }
        Ok(&self.packet)
    }

    /// The next packet, unless it is an error.
    pub(super) async fn answer(&mut self) -> Result<&[u8], MysqlError> {
        let packet = self.receive().await?;
        match packet.first() {
            Some(&ERROR) => Err(MysqlError::Server(ServerError::of_packet(packet))),
            Some(_) => Ok(packet),
            None => Err(unexpected("an empty packet").into()),
        }
    }

    /// Reads the answer to a command that gives no rows: what the server says of the session.
    pub(super) async fn done(&mut self) -> Result<StatusFlags, MysqlError> {
        let packet = self.answer().await?;
        let answer: OkPacketDeserializer<'_, CommonOkPacket> = parsed(packet, CapabilityFlags::empty())?;
        let status = answer.into_inner().status_flags();
        if status.contains(StatusFlags::SERVER_MORE_RESULTS_EXISTS) {
            return Err(unexpected("more than one answer to a command").into());
        }
        Ok(status)
    }

    /// Reads the answer to [`Self::prepare`].
    pub(super) async fn prepared(&mut self) -> Result<Prepared, MysqlError> {
        let statement: StmtPacket = parsed(self.answer().await?, ())?;
        self.definitions(u64::from(statement.num_params())).await?;
        Ok(Prepared {
            id: statement.statement_id(),
            parameters: statement.num_params(),
            columns: self.definitions(u64::from(statement.num_columns())).await?,
        })
    }

    /// Reads the head of a result; an answer without rows has no columns and no rows to read.
    pub(super) async fn columns(&mut self) -> Result<Vec<Column>, MysqlError> {
        let packet = self.answer().await?;
        match packet[0] {
            OK => Ok(Vec::new()),
            LOCAL_INFILE => Err(unexpected("the server asks for a file of this machine").into()),
            _ => {
                let count = ParseBuf(packet).checked_eat_lenenc_int();
                let count = count.ok_or_else(|| unexpected("a result without a number of columns"))?;
                self.definitions(count).await
            }
        }
    }

    /// Reads so many definitions, and the packet that ends them.
    async fn definitions(&mut self, count: u64) -> Result<Vec<Column>, MysqlError> {
        let mut columns = Vec::new();
        if count == 0 {
            return Ok(columns);
        }
        for _ in 0..count {
            columns.push(parsed(self.answer().await?, ())?);
        }
        if self.answer().await?[0] != END {
            return Err(unexpected("definitions of columns have no end").into());
        }
        Ok(columns)
    }

    /// The next row of a result, as it came; none after the last.
    pub(super) async fn row(&mut self) -> Result<Option<&[u8]>, MysqlError> {
        let packet = self.answer().await?;
        Ok((packet[0] != END || packet.len() >= END_LENGTH).then_some(packet))
    }

    /// Reads the rows that a [`Self::query`] gives, as texts; NULL is none.
    pub(super) async fn texts(&mut self) -> Result<Vec<Vec<Option<String>>>, MysqlError> {
        let columns = self.columns().await?.len();
        let mut rows = Vec::new();
        if columns == 0 {
            return Ok(rows);
        }
        while let Some(row) = self.row().await? {
            let mut cells = ParseBuf(row);
            let row: io::Result<Vec<_>> = (0..columns).map(|_| text(&mut cells)).collect();
            rows.push(row?);
        }
        Ok(rows)
    }
}

/// A cell in the text format.
fn text(cells: &mut ParseBuf<'_>) -> io::Result<Option<String>> {
    const NULL: u8 = 0xfb;
    if cells.0.first() == Some(&NULL) {
        cells.skip(1);
        return Ok(None);
    }
    let content = cells.checked_eat_lenenc_str();
    let content = content.ok_or_else(|| unexpected("a row is cut short"))?;
    Ok(Some(String::from_utf8_lossy(content).into_owned()))
}

/// What a packet says, read in the way its type knows.
pub(super) fn parsed<'a, T: MyDeserialize<'a>>(packet: &'a [u8], context: T::Ctx) -> io::Result<T> {
    ParseBuf(packet).parse(context)
}

/// The other end says what this protocol does not have.
pub(super) fn unexpected(what: &str) -> io::Error {
    stream::unexpected("MySQL", what)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `read` makes of the packets a server sends.
    async fn reading<T>(packets: &[&[u8]], read: impl AsyncFnOnce(&mut Wire) -> T) -> T {
        let mut sent = BytesMut::new();
        for packet in packets {
            packet_to_chunks(1, &mut &**packet, &mut sent);
        }
        let (client, mut server) = tokio::io::duplex(sent.len().max(1));
        server.write_all(&sent).await.unwrap();
        drop(server);
        read(&mut Wire::new(Box::new(client))).await
    }

    #[tokio::test]
    async fn rows_of_any_length_come_whole() {
        for length in [1, 0xff_fffe, 0xff_ffff, 0x100_0000, 2 * 0xff_ffff] {
            let row = vec![b'x'; length];
            let came = reading(&[&row, &[END, 0, 0, 2, 0]], async |wire| {
                let came = wire.row().await.unwrap().map(<[u8]>::len);
                (came, wire.row().await.unwrap().is_none())
            })
            .await;
            assert_eq!(came, (Some(length), true));
        }
    }

    #[tokio::test]
    async fn files_of_this_machine_are_not_given() {
        let answer = reading(&[b"\xfb/etc/passwd"], async |wire| wire.columns().await.unwrap_err()).await;
        assert!(answer.to_string().contains("asks for a file"));
    }

    #[tokio::test]
    async fn what_is_no_answer_is_an_error_and_no_panic() {
        for packets in [
            &[][..],
            &[&b""[..]],
            &[b"\x00"],
            &[b"\x02"],
            &[b"\xfc\x01"],
            &[b"\x01", b"\x03def"],
            &[b"\x01", &[END, 0, 0, 2, 0], &[END, 0, 0, 2, 0]],
        ] {
            assert!(reading(packets, async |wire| wire.done().await).await.is_err());
            assert!(reading(packets, async |wire| wire.prepared().await).await.is_err());
            let texts = reading(packets, async |wire| wire.texts().await).await;
            assert!(texts.is_err() || packets == [b"\x00"], "{packets:?}");
        }
    }
}
