//! Learning rate schedules, by transformers' formulas (`optimization.py`).

use serde::{Deserialize, Serialize};

/// Shape of the learning rate after warm-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScheduleKind {
    /// Decays to 0 along half a cosine.
    Cosine,
    /// Decays to 0 linearly.
    #[default]
    Linear,
    /// Constant (transformers' `constant` has no warm-up, `constant_with_warmup` has).
    Constant,
}

/// Length of the warm-up.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WarmUp {
    /// A share of all steps, rounded up.
    Ratio(f64),
    /// A number of steps.
    Steps(usize),
}

/// A schedule over a known number of steps.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Schedule {
    /// Shape after the warm-up.
    pub kind: ScheduleKind,
    /// Peak learning rate.
    pub peak: f64,
    /// Warm-up steps.
    pub warm_up: usize,
    /// Total number of steps.
    pub total: usize,
}

impl std::fmt::Display for Schedule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = match self.kind {
            ScheduleKind::Cosine => "cosine",
            ScheduleKind::Linear => "linear",
            ScheduleKind::Constant => "constant",
        };
        write!(
            f,
            "{kind}, peak {}, {} warm-up steps of {}",
            self.peak, self.warm_up, self.total
        )
    }
}

impl Schedule {
    /// A schedule over `total` steps.
    pub fn new(kind: ScheduleKind, peak: f64, warm_up: WarmUp, total: usize) -> Self {
        let warm_up = match warm_up {
            WarmUp::Ratio(share) => (total as f64 * share).ceil() as usize,
            WarmUp::Steps(steps) => steps,
        };
        Self {
            kind,
            peak,
            warm_up,
            total,
        }
    }

    /// Learning rate of a step, counted from 0.
    pub fn at(&self, step: usize) -> f64 {
        if step < self.warm_up {
            return self.peak * step as f64 / self.warm_up.max(1) as f64;
        }
        let span = self.total.saturating_sub(self.warm_up).max(1) as f64;
        let done = (step - self.warm_up) as f64 / span;
        let share = match self.kind {
            ScheduleKind::Constant => 1.0,
            ScheduleKind::Linear => 1.0 - done,
            ScheduleKind::Cosine => 0.5 * (1.0 + (std::f64::consts::PI * done).cos()),
        };
        self.peak * share.max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Printed by transformers' schedules at a peak of 1e-3 with 3 steps of warm-up among 10.
    #[test]
    fn matches_transformers_schedules() {
        let cosine = [
            0.0,
            0.0003333333333333333,
            0.0006666666666666666,
            0.001,
            0.0009504844339512095,
            0.0008117449009293668,
            0.0006112604669781572,
            0.00038873953302184284,
            0.00018825509907063325,
            4.9515566048790485e-05,
        ];
        let linear = [
            0.0,
            0.0003333333333333333,
            0.0006666666666666666,
            0.001,
            0.0008571428571428571,
            0.0007142857142857143,
            0.0005714285714285714,
            0.00042857142857142855,
            0.0002857142857142857,
            0.00014285714285714284,
        ];
        for (kind, expected) in [(ScheduleKind::Cosine, cosine), (ScheduleKind::Linear, linear)] {
            let schedule = Schedule::new(kind, 1e-3, WarmUp::Ratio(0.21), 10);
            assert_eq!(schedule.warm_up, 3);
            for (step, value) in expected.iter().enumerate() {
                assert!((schedule.at(step) - value).abs() < 1e-15, "{kind:?} {step}");
            }
        }
    }

    #[test]
    fn constant_does_not_decay_and_no_schedule_is_negative() {
        let constant = Schedule::new(ScheduleKind::Constant, 5e-5, WarmUp::Steps(0), 4);
        assert_eq!((constant.at(0), constant.at(9)), (5e-5, 5e-5));
        let linear = Schedule::new(ScheduleKind::Linear, 5e-5, WarmUp::Steps(2), 4);
        assert_eq!(linear.at(9), 0.0);
    }
}
