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
use nl2sql_sdk::planner::{PlanRequest, Planner, TopicPlan};
use nl2sql_sdk::types::PluginError;

use options::Options;
use pages::Page;
use proposal::Proposal;

/// The planner.
pub struct LlmPlanner;

impl Planner for LlmPlanner {
    fn plan(request: PlanRequest) -> Result<TopicPlan, PluginError> {
        plan(&request, &|requests| nl2sql_sdk::llm::chat_all(requests))
    }
}

nl2sql_sdk::register!(planner: LlmPlanner);

/// Asks several things at once; answers come in the order of the requests.
type Ask<'a> = &'a dyn Fn(&[Request]) -> Vec<Result<Answer, LlmError>>;

fn plan(request: &PlanRequest, ask: Ask) -> Result<TopicPlan, PluginError> {
    let options: Options = nl2sql_sdk::options::parse(&request.options)?;
    let pages = pages::paginate(&request.cards, options.page_tokens);
    let mut notes = Vec::new();
    let proposals = propose(request, &options, &pages, ask, &mut notes)?;
    let topics = adjustment::adjust(request, &pages, proposals, &mut notes);
    Ok(TopicPlan { topics, notes })
}

/// One proposal per page; pages whose answer has the wrong shape are asked again, with what was wrong.
fn propose(
    request: &PlanRequest,
    options: &Options,
    pages: &[Page],
    ask: Ask,
    notes: &mut Vec<String>,
) -> Result<Vec<Proposal>, PluginError> {
    let mut proposals = vec![Proposal::default(); pages.len()];
    let mut open: Vec<(usize, Vec<Message>)> = pages
        .iter()
        .enumerate()
        .map(|(index, page)| (index, wording::prompt(request, options, page)))
        .collect();
    for attempt in 0..options.attempts {
        let requests: Vec<Request> = open
            .iter()
            .map(|(_, messages)| llm_request(messages, options, attempt))
            .collect();
        let mut again = Vec::new();
        for ((index, mut messages), answer) in open.into_iter().zip(ask(&requests)) {
            let content = answer?.content;
            let proposal = Proposal::read(&content, request, &pages[index]);
            if !proposal.topics.is_empty() {
                proposals[index] = proposal;
                continue;
            }
            messages.push(Message::assistant(nl2sql_answers::beginning(&content)));
            messages.push(Message::user(wording::wrong_shape(&request.language)));
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
    }
}

#[cfg(test)]
mod tests;
