//! Hard caps on tokens and money, checked before each request.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::{BudgetCaps, LlmError};

/// Tokens and money.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Amount {
    /// Input and output tokens together.
    pub tokens: u64,
    /// Money.
    pub cost: f64,
}

impl Amount {
    fn plus(self, other: Self) -> Self {
        Self {
            tokens: self.tokens.saturating_add(other.tokens),
            cost: self.cost + other.cost,
        }
    }

    fn minus(self, other: Self) -> Self {
        Self {
            tokens: self.tokens.saturating_sub(other.tokens),
            cost: (self.cost - other.cost).max(0.0),
        }
    }
}

/// What is spent, and what requests on their way may still need.
#[derive(Clone, Copy, Debug, Default)]
struct Account {
    spent: Amount,
    reserved: Amount,
}

/// What one request may need, set aside until it is settled. Dropped unsettled, it is given back.
#[derive(Debug)]
pub struct Reservation<'a> {
    budget: &'a Budget,
    stage: String,
    amount: Amount,
}

impl Reservation<'_> {
    /// Replaces the reservation by what was really spent.
    pub fn settle(self, spent: Amount) {
        let mut accounts = self.budget.lock();
        let account = accounts.entry(self.stage.clone()).or_default();
        account.spent = account.spent.plus(spent);
    }
}

impl Drop for Reservation<'_> {
    fn drop(&mut self) {
        let mut accounts = self.budget.lock();
        let account = accounts.entry(std::mem::take(&mut self.stage)).or_default();
        account.reserved = account.reserved.minus(self.amount);
        drop(accounts);
        self.budget.given_back.notify_waiters();
    }
}

/// Whether a request fits.
enum Fit {
    Now,
    /// When requests on their way turn out smaller than was set aside for them.
    Perhaps,
    Never(LlmError),
}

/// The caps of a run and of its stages, with what is spent and reserved.
#[derive(Debug, Default)]
pub struct Budget {
    run: BudgetCaps,
    stages: BTreeMap<String, BudgetCaps>,
    accounts: Mutex<BTreeMap<String, Account>>,
    given_back: Notify,
}

impl Budget {
    /// Caps of the run, and of single stages.
    pub fn new(run: BudgetCaps, stages: BTreeMap<String, BudgetCaps>) -> Self {
        Self {
            run,
            stages,
            ..Self::default()
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Account>> {
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts what an earlier process of the same run had spent.
    pub fn restore(&self, stage: &str, spent: Amount) {
        let mut accounts = self.lock();
        let account = accounts.entry(stage.to_owned()).or_default();
        account.spent = account.spent.plus(spent);
    }

    /// Sets aside what a request may need at most. While only requests on their way stand against it, it waits for them.
    ///
    /// # Errors
    /// [`LlmError::Budget`] when that would pass a cap of the run or of the stage.
    pub async fn reserve(&self, stage: &str, purpose: &str, amount: Amount) -> Result<Reservation<'_>, LlmError> {
        loop {
            let given_back = self.given_back.notified();
            tokio::pin!(given_back);
            given_back.as_mut().enable();
            match self.try_reserve(stage, purpose, amount) {
                Fit::Now => {
                    return Ok(Reservation {
                        budget: self,
                        stage: stage.to_owned(),
                        amount,
                    });
                }
                Fit::Perhaps => given_back.await,
                Fit::Never(error) => return Err(error),
            }
        }
    }

    fn try_reserve(&self, stage: &str, purpose: &str, amount: Amount) -> Fit {
        let mut accounts = self.lock();
        let of_stage = accounts.get(stage).copied().unwrap_or_default();
        let of_run = accounts.values().fold(Account::default(), |sum, account| Account {
            spent: sum.spent.plus(account.spent),
            reserved: sum.reserved.plus(account.reserved),
        });
        let stage_caps = self.stages.get(stage).copied().unwrap_or_default();
        let mut fit = Fit::Now;
        for (scope, caps, account) in [("run", self.run, of_run), (stage, stage_caps, of_stage)] {
            if let Some(error) = over(scope, purpose, caps, account.spent, amount) {
                return Fit::Never(error);
            }
            if over(scope, purpose, caps, account.spent.plus(account.reserved), amount).is_some() {
                fit = Fit::Perhaps;
            }
        }
        if matches!(fit, Fit::Now) {
            let account = accounts.entry(stage.to_owned()).or_default();
            account.reserved = account.reserved.plus(amount);
        }
        fit
    }
}

/// The error when `wanted` on top of `used` passes one of the caps.
fn over(scope: &str, purpose: &str, caps: BudgetCaps, used: Amount, wanted: Amount) -> Option<LlmError> {
    let error = |cap: String, spent: String, wanted: String| LlmError::Budget {
        scope: scope.to_owned(),
        cap,
        spent,
        wanted,
        purpose: purpose.to_owned(),
    };
    if let Some(cap) = caps
        .tokens
        .filter(|cap| used.tokens.saturating_add(wanted.tokens) > *cap)
    {
        return Some(error(
            format!("{cap} tokens"),
            format!("{} tokens", used.tokens),
            format!("{}", wanted.tokens),
        ));
    }
    // Sums of prices are not exact; a cap met to the last digit is not passed.
    let cap = caps.cost.filter(|cap| used.cost + wanted.cost > *cap * (1.0 + 1e-9))?;
    Some(error(
        format!("{cap:.4}"),
        format!("{:.4}", used.cost),
        format!("{:.4}", wanted.cost),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(tokens: u64) -> Amount {
        Amount { tokens, cost: 0.0 }
    }

    fn capped(tokens: u64) -> Budget {
        let caps = BudgetCaps {
            tokens: Some(tokens),
            cost: None,
        };
        Budget::new(caps, BTreeMap::new())
    }

    #[tokio::test]
    async fn a_request_waits_for_those_on_their_way_and_gives_up_on_what_is_spent() {
        let budget = capped(100);
        let first = budget.reserve("plan", "topics", tokens(80)).await.unwrap();
        let second = budget.reserve("generate", "sales", tokens(80));
        tokio::pin!(second);
        assert!(futures::poll!(second.as_mut()).is_pending());
        first.settle(tokens(20));
        second.await.unwrap().settle(tokens(60));
        let error = budget.reserve("generate", "sales", tokens(21)).await.unwrap_err();
        assert!(error.to_string().contains("80 tokens spent"), "{error}");
        drop(budget.reserve("generate", "sales", tokens(20)).await.unwrap());
        assert!(
            budget.reserve("generate", "sales", tokens(20)).await.is_ok(),
            "a failed request costs nothing"
        );
    }

    #[tokio::test]
    async fn many_at_once_never_pass_the_cap_together() {
        let budget = capped(1_000);
        let asks = (0..100).map(|_| async {
            let reservation = budget.reserve("generate", "sales", tokens(90)).await?;
            assert!(budget.lock()["generate"].reserved.tokens <= 1_000);
            tokio::task::yield_now().await;
            reservation.settle(tokens(30));
            Ok::<_, LlmError>(())
        });
        let served = futures::future::join_all(asks)
            .await
            .iter()
            .filter(|ask| ask.is_ok())
            .count();
        assert_eq!(budget.lock()["generate"].spent.tokens, 30 * served as u64);
        assert_eq!(
            served, 31,
            "as many as fit when each is asked for with 90 tokens in hand"
        );
    }

    #[tokio::test]
    async fn a_stage_has_caps_of_its_own_and_earlier_spending_counts() {
        let caps = BudgetCaps {
            tokens: None,
            cost: Some(1.0),
        };
        let budget = Budget::new(BudgetCaps::default(), BTreeMap::from([("generate".to_owned(), caps)]));
        let cost = |cost: f64| Amount { tokens: 1, cost };
        budget.restore("generate", cost(0.9));
        let error = budget
            .reserve("generate", "sales", cost(0.2))
            .await
            .unwrap_err()
            .to_string();
        assert!(error.contains("generate budget of 1.0000"), "{error}");
        assert!(budget.reserve("plan", "topics", cost(5.0)).await.is_ok());
    }
}
