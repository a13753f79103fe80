//! Shares that a batch has to keep.

use crate::random::Draw;

/// How many of each kind are still wanted.
#[derive(Clone, Debug)]
pub struct Quota {
    rest: Vec<f32>,
}

impl Quota {
    /// `total` split by `weights`, less what is `done` already.
    pub fn new(weights: &[f32], total: usize, done: &[usize]) -> Self {
        let sum: f32 = weights.iter().sum();
        let all = (total + done.iter().sum::<usize>()) as f32;
        let share = |weight: &f32| if sum > 0.0 { weight / sum * all } else { 0.0 };
        let rest = weights
            .iter()
            .zip(done)
            .map(|(weight, done)| (share(weight) - *done as f32).max(0.0))
            .collect();
        Self { rest }
    }

    /// A kind, likelier the more of it is wanted; `None` when nothing is.
    pub fn draw(&self, draw: &mut Draw) -> Option<usize> {
        draw.weighted(&self.rest)
    }

    /// Whether any of this kind is wanted.
    pub fn wants(&self, kind: usize) -> bool {
        self.rest[kind] > 0.0
    }

    /// One of this kind is done.
    pub fn take(&mut self, kind: usize) {
        self.rest[kind] = (self.rest[kind] - 1.0).max(0.0);
    }

    /// No more of this kind can be had: the others take its share, in proportion. `false` when no other is open.
    pub fn close(&mut self, kind: usize) -> bool {
        let share = std::mem::take(&mut self.rest[kind]);
        let open: f32 = self.rest.iter().sum();
        if open <= 0.0 {
            return false;
        }
        for rest in &mut self.rest {
            *rest += share * *rest / open;
        }
        true
    }
}
