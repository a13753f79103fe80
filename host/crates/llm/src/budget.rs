//! Hard caps on tokens and money, checked before each request.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use crate::LlmError;

/// Caps of a run or a stage; `None` is no cap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct BudgetCaps {
    /// Input and output tokens together.
    pub tokens: Option<u64>,
    /// Money, in the currency of the profile's prices.
    pub cost: Option<f64>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Amount {
    tokens: u64,
    cost: f64,
}

impl Amount {
    fn add(&mut self, tokens: u64, cost: f64) {
        self.tokens += tokens;
        self.cost += cost;
    }

    fn take(&mut self, reservation: &Reservation) {
        self.tokens = self.tokens.saturating_sub(reservation.tokens);
        self.cost = (self.cost - reservation.cost).max(0.0);
    }
}

/// What one request may need, set aside until it is settled.
#[derive(Debug)]
pub struct Reservation {
    stage: String,
    tokens: u64,
    cost: f64,
}

/// The caps of a run and of its stages, with what is spent and reserved.
#[derive(Debug, Default)]
pub struct Budget {
    run: BudgetCaps,
    stages: BTreeMap<String, BudgetCaps>,
    used: Mutex<BTreeMap<String, Amount>>,
}

impl Budget {
    /// Caps of the run, and of single stages.
    pub fn new(run: BudgetCaps, stages: BTreeMap<String, BudgetCaps>) -> Self {
        Self {
            run,
            stages,
            used: Mutex::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Amount>> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts what an earlier process of the same run had spent.
    pub fn restore(&self, stage: &str, tokens: u64, cost: f64) {
        self.lock().entry(stage.to_owned()).or_default().add(tokens, cost);
    }

    /// Sets aside what a request may need at most.
    ///
    /// # Errors
    /// [`LlmError::Budget`] when that would pass a cap of the run or of the stage.
    pub fn reserve(&self, stage: &str, purpose: &str, tokens: u64, cost: f64) -> Result<Reservation, LlmError> {
        let mut used = self.lock();
        let of_stage = used.get(stage).copied().unwrap_or_default();
        let of_run = used.values().fold(Amount::default(), |mut sum, amount| {
            sum.add(amount.tokens, amount.cost);
            sum
        });
        let stage_caps = self.stages.get(stage).copied().unwrap_or_default();
        for (scope, caps, spent) in [("run", self.run, of_run), (stage, stage_caps, of_stage)] {
            if let Some(cap) = caps.tokens.filter(|cap| spent.tokens + tokens > *cap) {
                return Err(over(
                    scope,
                    purpose,
                    format!("{cap} tokens"),
                    format!("{} tokens", spent.tokens),
                    format!("{tokens}"),
                ));
            }
            if let Some(cap) = caps.cost.filter(|cap| spent.cost + cost > *cap) {
                return Err(over(
                    scope,
                    purpose,
                    format!("{cap:.4}"),
                    format!("{:.4}", spent.cost),
                    format!("{cost:.4}"),
                ));
            }
        }
        used.entry(stage.to_owned()).or_default().add(tokens, cost);
        Ok(Reservation {
            stage: stage.to_owned(),
            tokens,
            cost,
        })
    }

    /// Replaces a reservation by what was really spent; zero when there was no answer.
    pub fn settle(&self, reservation: Reservation, tokens: u64, cost: f64) {
        let mut used = self.lock();
        let amount = used.entry(reservation.stage.clone()).or_default();
        amount.take(&reservation);
        amount.add(tokens, cost);
    }
}

fn over(scope: &str, purpose: &str, cap: String, spent: String, wanted: String) -> LlmError {
    LlmError::Budget {
        scope: scope.to_owned(),
        cap,
        spent,
        wanted,
        purpose: purpose.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reservations_count_until_they_are_settled() {
        let budget = Budget::new(
            BudgetCaps {
                tokens: Some(100),
                cost: None,
            },
            BTreeMap::new(),
        );
        let first = budget.reserve("plan", "topics", 80, 0.0).unwrap();
        assert!(matches!(
            budget.reserve("generate", "sales", 30, 0.0),
            Err(LlmError::Budget { .. })
        ));
        budget.settle(first, 20, 0.0);
        assert!(budget.reserve("generate", "sales", 80, 0.0).is_ok());
    }

    #[test]
    fn a_stage_has_caps_of_its_own_and_earlier_spending_counts() {
        let stages = BTreeMap::from([(
            "generate".to_owned(),
            BudgetCaps {
                tokens: None,
                cost: Some(1.0),
            },
        )]);
        let budget = Budget::new(BudgetCaps::default(), stages);
        budget.restore("generate", 10, 0.9);
        let error = budget.reserve("generate", "sales", 1, 0.2).unwrap_err().to_string();
        assert!(error.contains("generate budget of 1.0000"), "{error}");
        assert!(budget.reserve("plan", "topics", 1, 5.0).is_ok());
    }
}
