//! Server-sent events, as far as the chat protocols use them: `data:` lines, an empty line between events.

/// Splits a byte stream into the payloads of its events.
///
/// Lines end with LF, CRLF or CR. A payload may span several `data:` lines; one that is JSON, or the closing `[DONE]`, on a line of its own
/// counts at once, since some servers leave the empty line out. Payloads of the chat protocols are JSON objects; one that does not begin as such
/// keeps a connection alive (`data: : PROCESSING`, `data: ping`) and is dropped.
#[derive(Debug, Default)]
pub struct EventSplitter {
    buffer: Vec<u8>,
    pending: String,
}

impl EventSplitter {
    /// Adds bytes and returns the payloads that are complete by now.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<String> {
        self.buffer.extend_from_slice(bytes);
        let mut payloads = Vec::new();
        let mut start = 0;
        while let Some(length) = self.buffer[start..]
            .iter()
            .position(|byte| matches!(byte, b'\n' | b'\r'))
        {
            let line = String::from_utf8_lossy(&self.buffer[start..start + length]).into_owned();
            start += length + 1;
            payloads.extend(self.line(&line));
        }
        self.buffer.drain(..start);
        payloads
    }

    /// What is left when the stream has ended: a last line without its end, an event without its empty line.
    pub fn finish(mut self) -> Option<String> {
        let line = String::from_utf8_lossy(&std::mem::take(&mut self.buffer)).into_owned();
        self.line(&line).or_else(|| self.line(""))
    }

    fn line(&mut self, line: &str) -> Option<String> {
        if line.is_empty() {
            return Some(std::mem::take(&mut self.pending)).filter(|payload| !payload.is_empty());
        }
        let data = line.trim_start_matches('\u{feff}').strip_prefix("data:")?.trim();
        if data.starts_with(':') || (self.pending.is_empty() && !data.starts_with('{') && data != DONE) {
            return None;
        }
        if !self.pending.is_empty() {
            self.pending.push('\n');
        }
        self.pending.push_str(data);
        let whole = self.pending == DONE || serde_json::from_str::<serde::de::IgnoredAny>(&self.pending).is_ok();
        whole.then(|| std::mem::take(&mut self.pending))
    }
}

/// The payload that closes a stream of OpenAI's protocol.
pub const DONE: &str = "[DONE]";

/// Whether a body that does not say so is a stream of events.
pub fn looks_like_events(body: &[u8]) -> bool {
    let body = body.trim_ascii_start();
    ["data:", "event:", ":", "id:", "retry:"]
        .iter()
        .any(|field| body.starts_with(field.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::EventSplitter;

    fn payloads(text: &str, chunk: usize) -> Vec<String> {
        let mut splitter = EventSplitter::default();
        let mut payloads: Vec<String> = text
            .as_bytes()
            .chunks(chunk)
            .flat_map(|chunk| splitter.push(chunk))
            .collect();
        payloads.extend(splitter.finish());
        payloads
    }

    #[test]
    fn payloads_come_out_whole_however_the_bytes_arrive() {
        let text = "event: x\r\ndata: {\"a\":\"数据\"}\r\n\r\n: ping\ndata: [DONE]\n\n";
        for chunk in 1..text.len() {
            assert_eq!(payloads(text, chunk), ["{\"a\":\"数据\"}", "[DONE]"], "{chunk}");
        }
    }

    #[test]
    fn keep_alive_payloads_that_are_no_json_are_dropped() {
        let text = "data: : OPENROUTER PROCESSING\n\ndata: ping\ndata:\n\ndata: {\"a\":\ndata: : PROCESSING\ndata: 1}\n\n: ping\n\ndata: [DONE]\n\n";
        for chunk in 1..text.len() {
            assert_eq!(payloads(text, chunk), ["{\"a\":\n1}", "[DONE]"], "{chunk}");
        }
    }

    #[test]
    fn payloads_over_several_lines_and_events_without_empty_lines() {
        assert_eq!(
            payloads("data: {\"a\":\ndata: 1}\n\ndata:{}\ndata:{}\n", 4),
            ["{\"a\":\n1}", "{}", "{}"]
        );
        assert_eq!(
            payloads("data: {\"a\": \n\ndata: {\"b\":1}", 5),
            ["{\"a\":", "{\"b\":1}"]
        );
    }
}
