//! What a guest writes to standard output and standard error: lines for its log.

/// Most bytes of a line that are kept; the rest of the line is cut.
const MAX_LINE: usize = 4 * 1024;

/// Bytes at the end of standard error that an error of the call quotes.
const MAX_TAIL: usize = 2 * 1024;

/// An output of a guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Output {
    Stdout,
    Stderr,
}

impl Output {
    /// What stands behind the handle of this output.
    pub(crate) fn handle(self) -> u32 {
        match self {
            Self::Stdout => 1,
            Self::Stderr => 2,
        }
    }

    /// The output behind a handle.
    pub(crate) fn of(handle: u32) -> Option<Self> {
        [Self::Stdout, Self::Stderr]
            .into_iter()
            .find(|output| output.handle() == handle)
    }
}

/// The line that is being written to each output, and the end of what went to standard error.
#[derive(Debug, Default)]
pub(crate) struct GuestOutput {
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    tail: String,
}

impl GuestOutput {
    /// Takes bytes and gives the lines that they complete.
    pub(crate) fn write(&mut self, output: Output, bytes: impl Iterator<Item = u8>) -> Vec<String> {
        let mut lines = Vec::new();
        let line = match output {
            Output::Stdout => &mut self.stdout,
            Output::Stderr => &mut self.stderr,
        };
        for byte in bytes {
            match byte {
                b'\n' => lines.push(text(&std::mem::take(line))),
                _ if line.len() < MAX_LINE => line.push(byte),
                _ => {}
            }
        }
        if output == Output::Stderr {
            lines.iter().for_each(|line| self.remember(line));
        }
        lines
    }

    /// The unfinished line of an output; it is a line of its own from here on.
    pub(crate) fn end(&mut self, output: Output) -> Option<String> {
        let line = match output {
            Output::Stdout => std::mem::take(&mut self.stdout),
            Output::Stderr => std::mem::take(&mut self.stderr),
        };
        let line = Some(text(&line)).filter(|line| !line.is_empty())?;
        if output == Output::Stderr {
            self.remember(&line);
        }
        Some(line)
    }

    /// The end of what was written to standard error since this was asked last.
    pub(crate) fn take_tail(&mut self) -> Option<String> {
        Some(std::mem::take(&mut self.tail)).filter(|tail| !tail.is_empty())
    }

    fn remember(&mut self, line: &str) {
        if !self.tail.is_empty() {
            self.tail.push('\n');
        }
        self.tail.push_str(line);
        let excess = self.tail.len().saturating_sub(MAX_TAIL);
        self.tail.drain(..self.tail.ceil_char_boundary(excess));
    }
}

fn text(line: &[u8]) -> String {
    String::from_utf8_lossy(line).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_become_lines_and_long_lines_are_cut() {
        let mut output = GuestOutput::default();
        assert_eq!(output.write(Output::Stdout, "one\ntw".bytes()), ["one"]);
        assert_eq!(output.write(Output::Stderr, "err\n".bytes()), ["err"]);
        assert_eq!(output.write(Output::Stdout, "o\n".bytes()), ["two"]);
        let long = output.write(Output::Stdout, "x".repeat(MAX_LINE * 2).bytes().chain([b'\n']));
        assert_eq!(long[0].len(), MAX_LINE);
        assert_eq!(output.end(Output::Stdout), None);
        assert_eq!(output.take_tail().as_deref(), Some("err"));
        assert_eq!(output.take_tail(), None);
    }

    #[test]
    fn the_tail_keeps_the_last_of_standard_error() {
        let mut output = GuestOutput::default();
        for _ in 0..100 {
            output.write(Output::Stderr, "é".repeat(30).bytes().chain([b'\n']));
        }
        output.write(Output::Stderr, "ValueError: no".bytes());
        assert_eq!(output.end(Output::Stderr).as_deref(), Some("ValueError: no"));
        let tail = output.take_tail().unwrap();
        assert!(tail.len() <= MAX_TAIL && tail.ends_with("ValueError: no"), "{tail}");
    }
}
