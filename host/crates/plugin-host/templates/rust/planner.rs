//! Makes one topic of every table and shares the samples evenly.

use nl2sql_sdk::planner::{Context, PlanRequest, Planner, TopicPlan};
use nl2sql_sdk::types::{Card, PluginError, Topic};

struct Plugin {
    cards: Vec<Card>,
}

impl Planner for Plugin {
    fn open(context: Context) -> Result<Self, PluginError> {
        Ok(Self { cards: context.cards })
    }

    fn plan(&self, request: PlanRequest) -> Result<TopicPlan, PluginError> {
        let cards = &self.cards;
        let count = u32::try_from(cards.len()).unwrap_or(u32::MAX);
        if count == 0 {
            return Err(PluginError::new("no-tables", "there is no table to plan for"));
        }
        let (share, rest) = (request.total / count, request.total % count);
        let topic = |(number, card): (u32, &Card)| Topic {
            name: card.table.clone(),
            reason: "a table of its own".into(),
            tables: vec![card.table.clone()],
            budget: share + u32::from(number < rest),
        };
        let topics = (0..).zip(cards).map(topic).filter(|topic| topic.budget > 0).collect();
        Ok(TopicPlan { topics, notes: Vec::new() })
    }
}

nl2sql_sdk::register!(planner: Plugin);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn budgets_sum_to_the_total() {
        let cards = vec![Card::default(); 3];
        let planner = Plugin::open(Context { cards, ..Context::default() }).unwrap();
        let plan = planner.plan(PlanRequest { total: 10, ..PlanRequest::default() }).unwrap();
        assert_eq!(plan.topics.iter().map(|topic| topic.budget).sum::<u32>(), 10);
    }
}
