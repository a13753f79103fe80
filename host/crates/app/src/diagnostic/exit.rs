//! How the program ends.

/// The exit codes of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// A stage failed.
    Failed = 1,
    /// The arguments or the profile are wrong.
    Usage = 2,
    /// The run folder needs a decision.
    Decision = 3,
    /// The database, a plugin or the language model is not available.
    Unavailable = 4,
    /// Stopped by Ctrl-C.
    Interrupted = 130,
}

/// Every exit code with its meaning, for `--help` and the reference.
pub fn exit_codes() -> &'static [(u8, &'static str)] {
    &[
        (0, "done"),
        (1, "a stage failed; what was made before is kept"),
        (2, "the arguments or the profile are wrong"),
        (
            3,
            "the run folder needs a decision: edited artifact, work that would be set aside, another process",
        ),
        (4, "the database, a plugin or the language model is not available"),
        (130, "stopped by Ctrl-C; the run can be continued"),
    ]
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
