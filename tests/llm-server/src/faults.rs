//! What goes wrong, and when.

use std::time::Duration;

/// One thing that goes wrong with one request.
#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    /// Nothing.
    None,
    /// The answer comes late.
    Slow(Duration),
    /// The connection closes in the middle of the body.
    HalfAnswer,
    /// HTTP 429 with `Retry-After`, in seconds.
    RateLimited(f32),
    /// HTTP 500.
    ServerError,
    /// The connection is reset before any answer.
    Reset,
    /// HTTP 200 with a body that is not JSON.
    MalformedJson,
    /// A good envelope around an answer of another shape than was asked for.
    WrongShape,
    /// The model declines.
    Refusal,
    /// The answer is cut off by the token limit.
    Truncated,
    /// Every sample of the answer is given twice.
    Duplicates,
    /// The answer is wrapped in prose and a code fence.
    Prose,
    /// The stream goes silent half way (a plain answer: the body does).
    Stall(Duration),
    /// HTTP 401 with the key echoed, as some providers do.
    Unauthorized,
    /// These very bytes in place of a response, head and all; then the connection closes.
    Verbatim(Vec<u8>),
}

impl Fault {
    /// A response with this status and body whose length the closing of the connection tells.
    pub fn response(status: u16, headers: &str, body: impl AsRef<[u8]>) -> Self {
        let head = format!("HTTP/1.1 {status} Scripted\r\n{headers}connection: close\r\n\r\n");
        Self::Verbatim([head.as_bytes(), body.as_ref()].concat())
    }

    /// The fault of this name, with a usual parameter.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "none" => Self::None,
            "slow" => Self::Slow(Duration::from_millis(300)),
            "half-answer" => Self::HalfAnswer,
            "rate-limited" => Self::RateLimited(0.2),
            "server-error" => Self::ServerError,
            "reset" => Self::Reset,
            "malformed-json" => Self::MalformedJson,
            "wrong-shape" => Self::WrongShape,
            "refusal" => Self::Refusal,
            "truncated" => Self::Truncated,
            "duplicates" => Self::Duplicates,
            "prose" => Self::Prose,
            "stall" => Self::Stall(Duration::from_secs(5)),
            "unauthorized" => Self::Unauthorized,
            _ => return None,
        })
    }
}

/// The faults of successive requests: a cycle.
#[derive(Clone, Debug)]
pub struct Script(Vec<Fault>);

impl Script {
    /// Nothing ever goes wrong.
    pub fn calm() -> Self {
        Self(vec![Fault::None])
    }

    /// These faults in turn, over and over. An empty list is calm.
    pub fn cycle(faults: Vec<Fault>) -> Self {
        if faults.is_empty() { Self::calm() } else { Self(faults) }
    }

    /// The fault of request number `index`, from 0.
    pub fn fault(&self, index: usize) -> &Fault {
        &self.0[index % self.0.len()]
    }
}
