//! Reads an answer off the line, whole or streamed.

use std::time::Duration;

use futures::{Stream, StreamExt};
use reqwest::Response;

use super::json_of;
use crate::api_error::ApiError;
use crate::sse::{DONE, EventSplitter, looks_like_events};
use crate::wire::{self, PartialAnswer, Wire};
use crate::{ChatAnswer, ProviderFault};

/// Largest response body that is read, in bytes; more is no chat answer.
const BODY_CAP: usize = 16 << 20;
/// How much of an answer that is not understood is quoted, in characters.
const SHOWN: usize = 80;

/// Why an answer could not be read.
pub enum Broken {
    Transport(reqwest::Error),
    Fault(ProviderFault),
}

impl From<reqwest::Error> for Broken {
    fn from(error: reqwest::Error) -> Self {
        Self::Transport(error)
    }
}

impl From<ProviderFault> for Broken {
    fn from(fault: ProviderFault) -> Self {
        Self::Fault(fault)
    }
}

/// Reads bodies of one protocol.
pub struct Body<'a> {
    pub wire: &'a dyn Wire,
    /// Longest silence within a body.
    pub idle_timeout: Duration,
}

impl Body<'_> {
    /// Reads a body. Whether it is one JSON document or a stream of events is told by how it begins, and only else by what its head says, since
    /// servers answer either way whatever they were asked for.
    pub async fn read(&self, response: Response, of_events: bool) -> Result<ChatAnswer, Broken> {
        let mut chunks = response.bytes_stream();
        let mut start = Vec::new();
        while start.trim_ascii().is_empty()
            && let Some(chunk) = self.within(chunks.next()).await?
        {
            start.extend_from_slice(&chunk?);
        }
        let of_json = start.trim_ascii_start().starts_with(b"{");
        if !of_json && (of_events || looks_like_events(&start)) {
            self.streamed(start, chunks).await
        } else {
            self.whole(start, chunks).await
        }
    }

    /// An answer that is one JSON document.
    async fn whole<B: AsRef<[u8]>>(
        &self,
        mut body: Vec<u8>,
        mut chunks: impl Stream<Item = reqwest::Result<B>> + Unpin,
    ) -> Result<ChatAnswer, Broken> {
        while let Some(chunk) = self.within(chunks.next()).await? {
            body.extend_from_slice(chunk?.as_ref());
            if body.len() > BODY_CAP {
                return Err(too_large().into());
            }
        }
        if let Some(json) = json_of(&body) {
            return Ok(wire::answer(self.wire, &json)?);
        }
        let start: String = String::from_utf8_lossy(&body).trim().chars().take(SHOWN).collect();
        let what = if start.is_empty() {
            "the answer is empty".to_owned()
        } else {
            format!("the answer is not JSON; it begins with `{start}`")
        };
        Err(ProviderFault::passing(what).into())
    }

    /// A streamed answer. Once the model has said why it stopped, a stream that falls silent or breaks has given all there was.
    async fn streamed<B: AsRef<[u8]>>(
        &self,
        start: Vec<u8>,
        mut chunks: impl Stream<Item = reqwest::Result<B>> + Unpin,
    ) -> Result<ChatAnswer, Broken> {
        let mut events = Events::new(self.wire);
        let mut complete = events.push(&start)?;
        while !complete {
            let broken = match self.within(chunks.next()).await {
                Ok(Some(Ok(chunk))) => {
                    complete = events.push(chunk.as_ref())?;
                    if events.partial.len() > BODY_CAP {
                        return Err(too_large().into());
                    }
                    continue;
                }
                Ok(None) => break,
                Ok(Some(Err(error))) => error.into(),
                Err(silence) => silence,
            };
            if !events.model_stopped() {
                return Err(broken);
            }
            break;
        }
        Ok(events.finish()?)
    }

    async fn within<T>(&self, next: impl Future<Output = T>) -> Result<T, Broken> {
        tokio::time::timeout(self.idle_timeout, next)
            .await
            .map_err(|_| ProviderFault::passing("the answer stalled half way (idle_timeout_ms)").into())
    }
}

fn too_large() -> ProviderFault {
    ProviderFault::Final(format!("the answer is larger than {BODY_CAP} bytes"))
}

/// Events on their way to an answer.
struct Events<'a> {
    wire: &'a dyn Wire,
    splitter: EventSplitter,
    partial: PartialAnswer,
}

impl<'a> Events<'a> {
    fn new(wire: &'a dyn Wire) -> Self {
        Self {
            wire,
            splitter: EventSplitter::default(),
            partial: PartialAnswer::default(),
        }
    }

    fn model_stopped(&self) -> bool {
        self.partial.finish_reason.is_some()
    }

    /// Takes bytes in; `true` when the stream has said that it is complete.
    fn push(&mut self, bytes: &[u8]) -> Result<bool, ProviderFault> {
        for payload in self.splitter.push(bytes) {
            self.take(&payload)?;
        }
        Ok(self.partial.closed)
    }

    fn take(&mut self, payload: &str) -> Result<(), ProviderFault> {
        if payload == DONE {
            self.partial.closed = true;
            return Ok(());
        }
        let event: serde_json::Value = serde_json::from_str(payload)
            .map_err(|error| ProviderFault::passing(format!("the stream is garbled: {error}")))?;
        match ApiError::read(&event) {
            Some(api_error) => Err(api_error.into_fault()),
            None => {
                self.wire.fold(&mut self.partial, &event);
                Ok(())
            }
        }
    }

    fn finish(mut self) -> Result<ChatAnswer, ProviderFault> {
        if let Some(payload) = std::mem::take(&mut self.splitter).finish() {
            // Half an event at the end of a stream is half an answer, unless the model had stopped before.
            match self.take(&payload) {
                Err(fault) if !self.model_stopped() => return Err(fault),
                _ => {}
            }
        }
        self.partial.finish()
    }
}
