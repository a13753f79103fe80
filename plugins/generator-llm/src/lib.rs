//! Asks a language model for question/SQL pairs, topic by topic.
//!
//! A round asks for what is still wanted in several requests with different emphasis, feeds the last round's rejections back once with what
//! was found, and drops what repeats. Which pairs are good is the validators' business.
//!
//! A spent budget ends the run short once a round has nothing from it; what was paid for in the round is kept.

mod options;
mod pairs;
mod schema;
mod wording;

use std::collections::BTreeSet;

use nl2sql_sdk::generator::{Batch, Context, Generator, Request};
use nl2sql_sdk::llm::{self, Answer, LlmError, Message};
use nl2sql_sdk::types::{PluginError, Sample, Table};

use options::Options;
use pairs::Languages;
use schema::Schema;
use wording::Wording;

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

/// Rounds without any pair after which a topic is given up.
const BARREN_ROUNDS: u32 = 3;

/// Tag of a pair the model wrote to repair a rejected one; such a pair is not repaired again.
const REPAIRED: &str = "repaired";

type Ask<'a> = &'a dyn Fn(&[llm::Request]) -> Vec<Result<Answer, LlmError>>;
type Ddl<'a> = &'a dyn Fn(&Table) -> String;

/// One conversation of a round, and what its samples are tagged with.
struct GenerationJob {
    messages: Vec<Message>,
    /// Pairs asked for.
    count: u32,
    repair: bool,
}

fn generate(context: &Context, options: &Options, request: &Request, ddl: Ddl, ask: Ask) -> Result<Batch, PluginError> {
    let schema = Schema::of(context, &request.topic, options.schema_tokens, ddl);
    if schema.is_empty() {
        let message = format!("topic `{}` names no table of the database", request.topic.name);
        return Err(PluginError::new("unknown-tables", message).hint("correct the topic's tables in plan.json"));
    }
    let languages = Languages::new(&request.languages);
    let wording = Wording::in_language(options.language.as_deref().unwrap_or_else(|| languages.heaviest()));
    let mut round = Round::new(request);
    let mut open = jobs(context, options, request, &schema, wording);
    for attempt in 0..options.attempts.max(1) {
        let requests: Vec<llm::Request> = open
            .iter()
            .map(|job| llm_request(job, options, request, attempt))
            .collect();
        let mut again = Vec::new();
        for (mut job, answer) in open.into_iter().zip(ask(&requests)) {
            let answer = match answer {
                Ok(answer) => answer,
                Err(error) if error.code == "budget" => {
                    round.spent = Some(error);
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            let samples = pairs::read(&answer.content, &request.topic.name, &languages);
            if samples.is_empty() {
                job.messages.extend([
                    Message::assistant(nl2sql_answers::beginning(&answer.content)),
                    wording.retry_message(answer.finish_reason == "length", job.count),
                ]);
                again.push(job);
                continue;
            }
            round.keep_new(samples, job.repair);
        }
        open = again;
        if open.is_empty() || round.spent.is_some() {
            break;
        }
    }
    round.finish(open.len(), options, request)
}

/// What a round has gathered.
struct Round {
    samples: Vec<Sample>,
    seen: BTreeSet<(String, String)>,
    spent: Option<LlmError>,
}

impl Round {
    fn new(request: &Request) -> Self {
        Self {
            samples: Vec::new(),
            seen: request.accepted.iter().map(pairs::identity).collect(),
            spent: None,
        }
    }

    fn keep_new(&mut self, samples: Vec<Sample>, repair: bool) {
        for mut sample in samples {
            if self.seen.insert(pairs::identity(&sample)) {
                if repair {
                    sample.tags.push(REPAIRED.to_owned());
                }
                self.samples.push(sample);
            }
        }
    }

    /// The round's batch. A model that has given nothing in all of its first rounds is given up; `unanswered` conversations ended without pairs.
    fn finish(self, unanswered: usize, options: &Options, request: &Request) -> Result<Batch, PluginError> {
        let mut batch = Batch {
            samples: self.samples,
            ..Batch::default()
        };
        match self.spent {
            Some(error) if batch.samples.is_empty() => return Err(error.into()),
            Some(error) => batch.notes.push(error.message),
            None if unanswered > 0 => batch.notes.push(format!(
                "{unanswered} of the model's answers held no pairs in {} attempts",
                options.attempts
            )),
            None => {}
        }
        let barren = batch.samples.is_empty() && request.accepted.is_empty() && request.rejected.is_empty();
        if barren && request.round + 1 >= BARREN_ROUNDS {
            batch.exhausted = true;
            batch.notes.push(format!(
                "the model has given no pair in {BARREN_ROUNDS} rounds of {} attempts; choose a more capable one",
                options.attempts
            ));
        }
        Ok(batch)
    }
}

/// The round's conversations: fresh pairs in portions, and those that repair what was rejected for the first time.
fn jobs(
    context: &Context,
    options: &Options,
    request: &Request,
    schema: &Schema,
    wording: &Wording,
) -> Vec<GenerationJob> {
    let portion = options.pairs_per_request.max(1);
    // The last missing pairs are asked for generously: a model asked for one pair likes to repeat itself.
    let wanted = ((f64::from(request.want) * options.surplus).ceil() as u32).max(portion.min(LEAST_ASKED));
    let count = wanted.div_ceil(portion).clamp(1, options.requests_per_round.max(1));
    let mut jobs: Vec<GenerationJob> = (0..count)
        .map(|place| {
            let share = portion.min(wanted.saturating_sub(place * portion)).max(1);
            let page = schema.page((request.round * count + place) as usize);
            GenerationJob {
                messages: wording.fresh(context, options, request, page, share, place),
                count: share,
                repair: false,
            }
        })
        .collect();
    let broken: Vec<_> = request
        .rejected
        .iter()
        .filter(|rejection| options.repair && !rejection.sample.tags.iter().any(|tag| tag == REPAIRED))
        .collect();
    jobs.extend(broken.chunks(portion as usize).map(|broken| {
        let page = schema.page_about(&broken[0].sample.sql);
        GenerationJob {
            messages: wording.repair(context, options, request, page, broken),
            count: broken.len() as u32,
            repair: true,
        }
    }));
    jobs
}

fn llm_request(job: &GenerationJob, options: &Options, request: &Request, attempt: u32) -> llm::Request {
    llm::Request {
        messages: job.messages.clone(),
        schema: Some(wording::SCHEMA.to_owned()),
        temperature: options.temperature,
        max_tokens: options.max_tokens,
        purpose: request.topic.name.clone(),
        attempt: request.round * options.attempts.max(1) + attempt,
        extra: Vec::new(),
    }
}

#[cfg(test)]
mod tests;
