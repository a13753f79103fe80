//! Server-sent events, as far as the chat protocols use them: `data:` lines, an empty line between events.

/// Splits a byte stream into the payloads of its `data:` lines.
#[derive(Debug, Default)]
pub struct EventSplitter {
    buffer: Vec<u8>,
}

impl EventSplitter {
    /// Adds bytes and returns the payloads that are complete by now. A payload never spans lines in the chat protocols.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<String> {
        self.buffer.extend_from_slice(bytes);
        let mut payloads = Vec::new();
        while let Some(end) = self.buffer.iter().position(|&byte| byte == b'\n') {
            let line: Vec<u8> = self.buffer.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line);
            if let Some(payload) = line.strip_prefix("data:") {
                payloads.push(payload.trim().to_owned());
            }
        }
        payloads
    }
}

#[cfg(test)]
mod tests {
    use super::EventSplitter;

    #[test]
    fn payloads_come_out_whole_however_the_bytes_arrive() {
        let text = "event: x\r\ndata: {\"a\":\"数据\"}\r\n\r\n: ping\ndata: [DONE]\n\n";
        let mut splitter = EventSplitter::default();
        let payloads: Vec<String> = text
            .as_bytes()
            .chunks(3)
            .flat_map(|chunk| splitter.push(chunk))
            .collect();
        assert_eq!(payloads, ["{\"a\":\"数据\"}", "[DONE]"]);
    }
}
