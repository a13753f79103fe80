//! What layers of a step write into, one after the other.

/// Values that layers hand on within themselves. They are kept from step to step: fresh memory costs more than many of the sums that go into it.
#[derive(Debug, Default)]
pub(super) struct StepBuffers {
    /// The residual stream, normed.
    pub(super) normed: Vec<f32>,
    pub(super) queries: Vec<f32>,
    pub(super) keys: Vec<f32>,
    pub(super) values: Vec<f32>,
    /// What attention mixes.
    pub(super) context: Vec<f32>,
    pub(super) gate: Vec<f32>,
    pub(super) up: Vec<f32>,
    /// What a part of a layer adds to the stream.
    pub(super) given: Vec<f32>,
}
