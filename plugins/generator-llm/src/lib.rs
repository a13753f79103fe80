//! Asks a language model for question/SQL pairs, topic by topic.
//!
//! A round asks for what is still wanted in several requests with different emphasis, feeds the last round's rejections back once with what
//! was found, and drops what repeats. Which pairs are good is the validators' business.

mod options;
mod pairs;
mod wording;

use std::collections::BTreeSet;

use nl2sql_sdk::generator::{Batch, Context, Generator, Request};
use nl2sql_sdk::llm::{self, Answer, LlmError, Message};
use nl2sql_sdk::types::{PluginError, Sample, Table};

use options::Options;
use wording::Schema;

/// The generator.
pub struct LlmGenerator {
    context: Context,
    options: Options,
}

impl Generator for LlmGenerator {
    fn open(context: Context) -> Result<Self, PluginError> {
        let options = nl2sql_sdk::options::parse(&context.options)?;
        Ok(Self { context, options })
    }

    fn generate(&self, request: Request) -> Result<Batch, PluginError> {
        let ddl = |table: &Table| nl2sql_sdk::sql::render_ddl(table);
        generate(&self.context, &self.options, &request, &ddl, &|requests| {
            llm::chat_all(requests)
        })
    }
}

nl2sql_sdk::register!(generator: LlmGenerator);

/// Least number of pairs asked for at once.
const LEAST_ASKED: u32 = 5;

/// Tag of a pair the model wrote to mend a rejected one; such a pair is not mended again.
const REPAIRED: &str = "repaired";

type Ask<'a> = &'a dyn Fn(&[llm::Request]) -> Vec<Result<Answer, LlmError>>;
type Ddl<'a> = &'a dyn Fn(&Table) -> String;

/// One conversation of a round, and what its samples are tagged with.
struct Errand {
    messages: Vec<Message>,
    repair: bool,
}

fn generate(context: &Context, options: &Options, request: &Request, ddl: Ddl, ask: Ask) -> Result<Batch, PluginError> {
    let schema = Schema::of(context, &request.topic, ddl);
    if schema.is_empty() {
        let message = format!("topic `{}` names no table of the database", request.topic.name);
        return Err(PluginError::new("unknown-tables", message).hint("correct the topic's tables in plan.json"));
    }
    let mut open = errands(context, options, request, &schema);
    let mut batch = Batch::default();
    let mut seen: BTreeSet<(String, String)> = request.accepted.iter().map(pairs::identity).collect();
    for attempt in 0..options.attempts {
        let requests: Vec<llm::Request> = open
            .iter()
            .map(|errand| llm_request(errand, options, request, attempt))
            .collect();
        let mut again = Vec::new();
        for (mut errand, answer) in open.into_iter().zip(ask(&requests)) {
            let content = match answer {
                Ok(answer) => answer.content,
                Err(error) if error.code == "budget" => {
                    batch.notes.push(error.message);
                    batch.exhausted = true;
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            let samples = pairs::read(&content, &request.topic.name, &default_language(request));
            if samples.is_empty() {
                errand
                    .messages
                    .extend([Message::assistant(content), Message::user(wording::WRONG_SHAPE)]);
                again.push(errand);
                continue;
            }
            keep_new(&mut batch.samples, &mut seen, samples, errand.repair);
        }
        open = again;
        if open.is_empty() || batch.exhausted {
            break;
        }
    }
    if !open.is_empty() && !batch.exhausted {
        batch.notes.push(format!(
            "{} of the model's answers held no pairs in {} attempts",
            open.len(),
            options.attempts
        ));
    }
    Ok(batch)
}

/// The round's conversations: fresh pairs in portions, and one that mends what was rejected for the first time.
fn errands(context: &Context, options: &Options, request: &Request, schema: &Schema) -> Vec<Errand> {
    let portion = options.pairs_per_request.max(1);
    // The last missing pairs are asked for generously: a model asked for one pair likes to repeat itself.
    let wanted = ((f64::from(request.want) * options.surplus).ceil() as u32).max(portion.min(LEAST_ASKED));
    let count = wanted.div_ceil(portion).clamp(1, options.requests_per_round.max(1));
    let mut errands: Vec<Errand> = (0..count)
        .map(|index| {
            let share = portion.min(wanted.saturating_sub(index * portion)).max(1);
            Errand {
                messages: wording::fresh(context, options, request, schema, share, index),
                repair: false,
            }
        })
        .collect();
    let broken: Vec<_> = request
        .rejected
        .iter()
        .filter(|rejection| !rejection.sample.tags.iter().any(|tag| tag == REPAIRED))
        .collect();
    if options.repair && !broken.is_empty() {
        let broken = &broken[..broken.len().min(portion as usize)];
        errands.push(Errand {
            messages: wording::repair(context, options, request, schema, broken),
            repair: true,
        });
    }
    errands
}

fn llm_request(errand: &Errand, options: &Options, request: &Request, attempt: u32) -> llm::Request {
    llm::Request {
        messages: errand.messages.clone(),
        schema: Some(wording::SCHEMA.to_owned()),
        temperature: options.temperature,
        max_tokens: options.max_tokens,
        purpose: request.topic.name.clone(),
        attempt: request.round * options.attempts + attempt,
    }
}

fn keep_new(kept: &mut Vec<Sample>, seen: &mut BTreeSet<(String, String)>, samples: Vec<Sample>, repair: bool) {
    for mut sample in samples {
        if seen.insert(pairs::identity(&sample)) {
            if repair {
                sample.tags.push(REPAIRED.to_owned());
            }
            kept.push(sample);
        }
    }
}

/// The language with the greatest weight.
fn default_language(request: &Request) -> String {
    let heaviest = request.languages.iter().max_by(|a, b| a.1.total_cmp(&b.1));
    heaviest.map_or_else(|| "en".to_owned(), |(language, _)| language.clone())
}

#[cfg(test)]
mod tests;
