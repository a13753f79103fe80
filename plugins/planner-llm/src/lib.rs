//! Asks a language model for business topics over the table cards, then holds its answer to the catalog and the budget.
//!
//! Cards that outgrow the model's context are planned in pages of related tables and merged. Whatever the model gets wrong is repaired
//! and said in the plan's notes: names are matched to the nearest table, counts rescaled to the exact total, tables left out given a topic.

mod adjustment;
mod options;
mod pages;
mod proposal;
mod wording;

use nl2sql_sdk::llm::{Answer, LlmError, Message, Request};
use nl2sql_sdk::planner::{Context, PlanRequest, Planner, TopicPlan};
use nl2sql_sdk::types::PluginError;

use options::Options;
use pages::Page;
use proposal::Proposal;

/// The planner.
pub struct LlmPlanner {
    context: Context,
    options: Options,
}

impl Planner for LlmPlanner {
    fn open(context: Context) -> Result<Self, PluginError> {
        let options = nl2sql_sdk::options::parse(&context.options)?;
        Ok(Self { context, options })
    }

    fn plan(&self, request: PlanRequest) -> Result<TopicPlan, PluginError> {
        self.plan_asking(&request, &|requests| nl2sql_sdk::llm::chat_all(requests))
    }
}

nl2sql_sdk::register!(planner: LlmPlanner);

/// Asks several things at once; answers come in the order of the requests.
type Ask<'a> = &'a dyn Fn(&[Request]) -> Vec<Result<Answer, LlmError>>;

/// What is planned: the catalog's cards and the budget to share among their topics.
struct Planning<'a> {
    context: &'a Context,
    request: &'a PlanRequest,
}

impl LlmPlanner {
    fn plan_asking(&self, request: &PlanRequest, ask: Ask) -> Result<TopicPlan, PluginError> {
        let planning = Planning {
            context: &self.context,
            request,
        };
        let pages = pages::paginate(&self.context.cards, self.options.page_tokens);
        let mut notes = Vec::new();
        let proposals = propose(&planning, &self.options, &pages, ask, &mut notes)?;
        let topics = adjustment::adjust(&planning, &pages, proposals, &mut notes);
        Ok(TopicPlan { topics, notes })
    }
}

/// One proposal per page; pages whose answer has the wrong shape are asked again, with what was wrong.
fn propose(
    planning: &Planning,
    options: &Options,
    pages: &[Page],
    ask: Ask,
    notes: &mut Vec<String>,
) -> Result<Vec<Proposal>, PluginError> {
    let mut proposals = vec![Proposal::default(); pages.len()];
    let mut open: Vec<(usize, Vec<Message>)> = pages
        .iter()
        .enumerate()
        .map(|(index, page)| (index, wording::prompt(planning, options, page)))
        .collect();
    for attempt in 0..options.attempts {
        let requests: Vec<Request> = open
            .iter()
            .map(|(_, messages)| llm_request(messages, options, attempt))
            .collect();
        let mut again = Vec::new();
        for ((index, mut messages), answer) in open.into_iter().zip(ask(&requests)) {
            let content = answer?.content;
            let proposal = Proposal::read(&content, planning, &pages[index]);
            if !proposal.topics.is_empty() {
                proposals[index] = proposal;
                continue;
            }
            messages.push(Message::assistant(nl2sql_answers::beginning(&content)));
            messages.push(Message::user(wording::wrong_shape(&planning.context.language)));
            again.push((index, messages));
        }
        open = again;
        if open.is_empty() {
            break;
        }
    }
    for (index, _) in open {
        let tables = pages[index].cards.len();
        notes.push(format!(
            "the model gave no usable topics for {tables} tables in {} attempts",
            options.attempts
        ));
    }
    Ok(proposals)
}

fn llm_request(messages: &[Message], options: &Options, attempt: u32) -> Request {
    Request {
        messages: messages.to_vec(),
        schema: Some(wording::SCHEMA.to_owned()),
        temperature: options.temperature,
        max_tokens: options.max_tokens,
        purpose: "topics".to_owned(),
        attempt,
        extra: Vec::new(),
    }
}

#[cfg(test)]
mod tests;
