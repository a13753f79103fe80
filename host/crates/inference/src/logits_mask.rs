//! A hook that forbids tokens at each step.

/// Constrains what may come next; one value per request.
pub trait LogitsMask: Send {
    /// Lowers forbidden tokens to negative infinity. `generated` holds the answer's tokens so far.
    fn apply(&mut self, generated: &[u32], logits: &mut [f32]);
}
