//! The two directions of a connection: requests are gathered and written in one go, answers are read in their order
//! (<https://www.postgresql.org/docs/current/protocol-flow.html>).
//!
//! Nothing waits for the answer to one request before it sends the next, so that a statement with all its guards takes one round trip.

use std::io;

use bytes::BytesMut;
use fallible_iterator::FallibleIterator;
use postgres_protocol::IsNull;
use postgres_protocol::message::backend::{CommandCompleteBody, DataRowBody, Message, RowDescriptionBody};
use postgres_protocol::message::frontend::{self, BindError};
use tokio::io::AsyncWriteExt;

use super::incoming_rows::cells;
use super::server_errors::{PostgresError, ServerError};
use crate::session_error::Refusal;
use crate::stream::{Stream, read_more};

/// A connection.
pub(super) struct Wire {
    stream: Box<dyn Stream>,
    incoming: BytesMut,
    outgoing: BytesMut,
    unanswered: usize,
}

/// What is worth knowing of an answer.
pub(super) enum Answer {
    Columns(RowDescriptionBody),
    Row(DataRowBody),
    /// A command is done.
    Done(CommandCompleteBody),
    /// So many rows were asked for, and there are more.
    More,
    Failure(ServerError),
    /// The answer to this request has ended.
    End,
}

impl Wire {
    pub(super) fn new(stream: Box<dyn Stream>) -> Self {
        Self {
            stream,
            incoming: BytesMut::new(),
            outgoing: BytesMut::new(),
            unanswered: 0,
        }
    }

    /// Requests whose answers have not been read.
    pub(super) fn unanswered(&self) -> usize {
        self.unanswered
    }

    /// Adds a request: a text of one or more commands, whose values come as text.
    pub(super) fn query(&mut self, text: &str) -> io::Result<()> {
        frontend::query(text, &mut self.outgoing)?;
        self.unanswered += 1;
        Ok(())
    }

    /// Adds a command to the request that [`Self::end_request`] ends. The server takes exactly one command here, and after a failure none
    /// of this request.
    pub(super) fn command(&mut self, text: &str) -> io::Result<()> {
        self.bound(text)?;
        frontend::execute("", 0, &mut self.outgoing)
    }

    /// The same for a command whose rows are wanted, as text.
    pub(super) fn command_with_rows(&mut self, text: &str) -> io::Result<()> {
        self.bound(text)?;
        frontend::describe(b'P', "", &mut self.outgoing)?;
        frontend::execute("", 0, &mut self.outgoing)
    }

    /// Adds a request for the next rows of a cursor, as text. SQL's cursors are the protocol's portals, and no text need be parsed for this.
    pub(super) fn rows_of(&mut self, cursor: &str, at_most: usize) -> io::Result<()> {
        let at_most = i32::try_from(at_most).map_err(io::Error::other)?;
        frontend::describe(b'P', cursor, &mut self.outgoing)?;
        frontend::execute(cursor, at_most, &mut self.outgoing)
    }

    fn bound(&mut self, text: &str) -> io::Result<()> {
        frontend::parse("", text, [], &mut self.outgoing)?;
        let no_value = |(): (), _: &mut BytesMut| Ok(IsNull::Yes);
        frontend::bind("", "", [], [], no_value, [], &mut self.outgoing).map_err(|error| match error {
            BindError::Conversion(error) => io::Error::other(error),
            BindError::Serialization(error) => error,
        })
    }

    /// Has the answers so far sent, and leaves the request open: more commands follow, and after a failure none of them is run either.
    pub(super) fn answer_now(&mut self) {
        frontend::flush(&mut self.outgoing);
    }

    /// Ends a request of commands.
    pub(super) fn end_request(&mut self) {
        frontend::sync(&mut self.outgoing);
        self.unanswered += 1;
    }

    /// Adds a message of the start-up, by its own writer.
    pub(super) fn message(&mut self, write: impl FnOnce(&mut BytesMut) -> io::Result<()>) -> io::Result<()> {
        write(&mut self.outgoing)
    }

    /// Sends what was gathered.
    pub(super) async fn send(&mut self) -> io::Result<()> {
        self.stream.write_all(&self.outgoing).await?;
        self.outgoing.clear();
        self.stream.flush().await
    }

    /// The next message, whatever it is.
    pub(super) async fn receive(&mut self) -> io::Result<Message> {
        loop {
            if let Some(message) = Message::parse(&mut self.incoming)? {
                return Ok(message);
            }
            read_more(self.stream.as_mut(), &mut self.incoming).await?;
        }
    }

    /// The next part of an answer.
    pub(super) async fn answer(&mut self) -> io::Result<Answer> {
        loop {
            match self.receive().await? {
                Message::RowDescription(columns) => return Ok(Answer::Columns(columns)),
                Message::DataRow(row) => return Ok(Answer::Row(row)),
                Message::CommandComplete(command) => return Ok(Answer::Done(command)),
                Message::PortalSuspended => return Ok(Answer::More),
                Message::ErrorResponse(error) => return Ok(Answer::Failure(ServerError::read(&error)?)),
                Message::ReadyForQuery(_) => {
                    self.unanswered = self.unanswered.saturating_sub(1);
                    return Ok(Answer::End);
                }
                _ => {}
            }
        }
    }

    /// Reads the answer to one request for its failure alone.
    pub(super) async fn outcome(&mut self) -> Result<(), PostgresError> {
        let mut failure = None;
        loop {
            match self.answer().await? {
                Answer::Failure(error) if error.ends_session() => return Err(PostgresError::Server(error)),
                Answer::Failure(error) => failure = Some(error),
                Answer::End => return failure.map_or(Ok(()), |error| Err(PostgresError::Server(error))),
                Answer::Columns(_) | Answer::Row(_) | Answer::Done(_) | Answer::More => {}
            }
        }
    }

    /// Reads the rows that one request gives, as texts; NULL is an empty one.
    pub(super) async fn texts(&mut self) -> Result<Vec<Vec<String>>, PostgresError> {
        let (mut rows, mut failure) = (Vec::new(), None);
        loop {
            match self.answer().await? {
                Answer::Row(row) => {
                    let text = |cell: Option<&[u8]>| Ok(String::from_utf8_lossy(cell.unwrap_or_default()).into_owned());
                    rows.push(cells(&row).map(text).collect()?);
                }
                Answer::Failure(error) if error.ends_session() => return Err(PostgresError::Server(error)),
                Answer::Failure(error) => failure = Some(error),
                Answer::End => return failure.map_or(Ok(rows), |error| Err(PostgresError::Server(error))),
                Answer::Columns(_) | Answer::Done(_) | Answer::More => {}
            }
        }
    }

    /// Says goodbye.
    pub(super) async fn close(mut self) -> io::Result<()> {
        frontend::terminate(&mut self.outgoing);
        self.send().await?;
        self.stream.shutdown().await
    }
}
