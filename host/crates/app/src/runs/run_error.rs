//! Why a run cannot be shown or reviewed.

/// Why a run cannot be shown or reviewed. What it says names no place of this machine.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RunError {
    /// There is no such run, or it has no such part yet.
    #[error("{0}")]
    NotFound(String),
    /// It cannot be done as it was asked.
    #[error("{0}")]
    Refused(String),
    /// Somebody else decided meanwhile.
    #[error("somebody else has decided about this pair meanwhile; look at it again")]
    Outdated,
    /// An artifact cannot be read, or something that is needed does not answer.
    #[error("{0}")]
    Unavailable(String),
}

impl RunError {
    /// There is no run of this name.
    pub(super) fn no_run(name: &str) -> Self {
        Self::NotFound(format!("there is no run `{name}`"))
    }

    /// Something does not work, in words that name no place.
    pub(super) fn unavailable(error: impl std::fmt::Display) -> Self {
        Self::Unavailable(super::plain_text::without_places(&error.to_string()))
    }
}
