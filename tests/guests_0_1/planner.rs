//! A planner that asks the language model for the name of each table's topic.

use nl2sql_sdk::llm::{self, Message};
use nl2sql_sdk::planner::{PlanRequest, Planner, TopicPlan};
use nl2sql_sdk::types::{PluginError, Topic};

struct Plugin;

impl Planner for Plugin {
    fn plan(request: PlanRequest) -> Result<TopicPlan, PluginError> {
        if request.options.contains("refuse") {
            return Err(PluginError::new("bad-options", "it was told to refuse").hint("tell it something else"));
        }
        let mut topics = Vec::new();
        for card in &request.cards {
            let answer = llm::chat(&llm::Request {
                messages: vec![Message::system("Name a topic."), Message::user(card.text.clone())],
                purpose: "topics".into(),
                ..llm::Request::default()
            })?;
            topics.push(Topic {
                name: answer.content,
                reason: request.language.clone(),
                tables: vec![card.table.clone()],
                budget: request.total / request.cards.len() as u32,
            });
        }
        Ok(TopicPlan { topics, notes: vec![format!("seed {}", request.seed)] })
    }
}

nl2sql_sdk::register!(planner: Plugin);
