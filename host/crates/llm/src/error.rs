//! What can go wrong, split into what one provider did and what the caller gets to see.

use std::path::PathBuf;
use std::time::Duration;

use miette::Diagnostic;
use thiserror::Error;

/// Why one exchange with one provider failed.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ProviderFault {
    /// Passing trouble: overload, rate limit, reset, timeout, half an answer. Worth another try, after the wait the server asked for.
    #[error("{message}")]
    Passing {
        /// What happened.
        message: String,
        /// `Retry-After`, when the server sent one.
        retry_after: Option<Duration>,
        /// Whether the server said it has too much to do (429, 503, 529), so that fewer requests should be in flight.
        overloaded: bool,
    },
    /// The provider will not answer this request, nor a repetition of it: bad key, unknown model, too long a prompt.
    #[error("{0}")]
    Final(String),
    /// The provider will answer no request of this run: the key is missing or refused, or the account has no credit.
    #[error("{0}")]
    Denied(String),
}

impl ProviderFault {
    /// Passing trouble without more to say about it.
    pub fn passing(message: impl Into<String>) -> Self {
        Self::Passing {
            message: message.into(),
            retry_after: None,
            overloaded: false,
        }
    }
}

/// Why a request has no answer.
#[derive(Debug, Error, Diagnostic)]
pub enum LlmError {
    /// A hard cap would be passed.
    #[error("the {scope} budget of {cap} is used up: {spent} spent, {wanted} more wanted for {purpose}")]
    #[diagnostic(
        code(llm::budget),
        help(
            "raise the cap under [llm.budget] in the profile; every answer so far is kept and the run continues from them"
        )
    )]
    Budget {
        /// `run` or the stage's name.
        scope: String,
        /// The cap, with its unit.
        cap: String,
        /// What has been spent or reserved, with its unit.
        spent: String,
        /// What this request may need, with its unit.
        wanted: String,
        /// What the request is for.
        purpose: String,
    },
    /// `--offline`, and the answer is not in the cache.
    #[error("offline, and the answer to request {digest} ({stage}: {purpose}) is not in the cache {cache}")]
    #[diagnostic(
        code(llm::offline_miss),
        help("run once without --offline, or point [llm] cache at the recording that holds this request")
    )]
    OfflineMiss {
        /// The request's digest.
        digest: String,
        /// Stage that asked.
        stage: String,
        /// What it was for.
        purpose: String,
        /// The cache looked in.
        cache: PathBuf,
    },
    /// Nobody to ask.
    #[error("the profile names no language model")]
    #[diagnostic(
        code(llm::no_provider),
        help(
            "set llm.provider to one of the sections [llm.providers.<name>], or extend a ready profile such as deepseek, qwen, openai, anthropic, ollama, vllm or local"
        )
    )]
    NoProvider,
    /// No provider of the chain could be had.
    #[error("no provider answered for {purpose}: {faults}")]
    #[diagnostic(
        code(llm::unavailable),
        help("run the same command again later: answered requests are kept and not asked for again")
    )]
    Unavailable {
        /// What the request is for.
        purpose: String,
        /// What each provider said.
        faults: String,
    },
    /// Every provider declined this very request.
    #[error("every provider rejected the request for {purpose}: {faults}")]
    #[diagnostic(
        code(llm::rejected),
        help("check the model's name, the key and the size of the prompt; `nl2sql doctor` asks each provider once")
    )]
    Rejected {
        /// What the request is for.
        purpose: String,
        /// What each provider said.
        faults: String,
    },
    /// The run was cancelled.
    #[error("cancelled before the request for {purpose} was answered")]
    #[diagnostic(code(llm::cancelled), help("run the same command again to continue"))]
    Cancelled {
        /// What the request is for.
        purpose: String,
    },
    /// A key is missing.
    #[error("provider `{provider}` needs a key, and {origin} does not hold one")]
    #[diagnostic(
        code(llm::key),
        help("set it, or change `key_env` or `key_file` of the provider in the profile")
    )]
    Key {
        /// Provider.
        provider: String,
        /// Where the key was looked for.
        origin: String,
    },
    /// A provider's settings cannot work.
    #[error("provider `{provider}`: {message}")]
    #[diagnostic(code(llm::settings), help("correct [llm.providers.{provider}] in the profile"))]
    Settings {
        /// Provider.
        provider: String,
        /// What is wrong.
        message: String,
    },
    /// The answer cache cannot be used.
    #[error("the answer cache {path} cannot be used: {message}")]
    #[diagnostic(
        code(llm::cache),
        help(
            "free disk space or permissions there, or set [llm] cache to another file; nothing was sent that could not be stored"
        )
    )]
    Cache {
        /// The cache file.
        path: PathBuf,
        /// What SQLite said.
        message: String,
    },
}

impl LlmError {
    /// The code that crosses the plugin boundary (`wit/`, interface `llm`).
    pub fn code(&self) -> &'static str {
        match self {
            Self::Budget { .. } => "budget",
            Self::OfflineMiss { .. } => "offline-miss",
            Self::Rejected { .. } => "rejected",
            Self::Cancelled { .. } => "cancelled",
            Self::NoProvider
            | Self::Unavailable { .. }
            | Self::Key { .. }
            | Self::Settings { .. }
            | Self::Cache { .. } => "unavailable",
        }
    }
}
