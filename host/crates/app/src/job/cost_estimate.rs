//! What the language model is expected to cost, before anything is asked.

use std::path::Path;

use nl2sql_catalog::{Card, Plan};
use nl2sql_llm::{Estimate, GenerationShape, Price, estimate_tokens};
use nl2sql_pipeline::{CardsArtifact, Event, Observer, Pipeline, Rerun, RoundRecord, RunFolder, Stage, artifact};
use nl2sql_profile::{BudgetCaps, Options, Profile};
use serde_json::{Value, json};

use super::JobContext;
use crate::{AppError, RunDependencies};

/// Share of a model's pairs that pass the validators.
const ACCEPTANCE: f64 = 0.8;
/// Tokens of one question with its SQL.
const PAIR_TOKENS: u64 = 75;
/// Tokens of a stage's instructions.
const INSTRUCTION_TOKENS: u64 = 350;
/// Tokens of a question in the list of those that exist.
const QUESTION_TOKENS: u64 = 14;
/// Tables of a topic, before topics are known.
const TOPIC_TABLES: usize = 3;

/// Estimates `stages`.
pub(super) fn estimate(context: &JobContext, stages: &[Stage]) -> Result<CostEstimate, AppError> {
    let session = &context.session;
    let profile = session.profile();
    let outlook = Outlook::new(profile, &session.place().folder, cards(context)?);
    let mut estimates = Vec::new();
    for stage in stages {
        let (kind, plugin) = match stage {
            Stage::Plan => ("planner", &profile.plan.planner),
            _ => ("generator", &profile.generate.generator),
        };
        if session.plugin_imports(kind, plugin, "llm")? {
            let estimate = match stage {
                Stage::Plan => outlook.planning(),
                _ => outlook.generation(),
            };
            estimates.push((*stage, estimate));
        }
    }
    let provider = profile.llm.chain().next();
    Ok(CostEstimate {
        provider: provider.map(|(name, provider)| (name.to_owned(), provider.model.clone())),
        unpriced: profile
            .llm
            .chain()
            .next()
            .is_some_and(|(_, provider)| provider.is_unpriced()),
        notes: notes(profile, &estimates),
        stages: estimates,
    })
}

/// The cards of the database as it is, made in a folder that goes away again.
fn cards(context: &JobContext) -> Result<Vec<Card>, AppError> {
    let session = &context.session;
    let folder = tempfile::tempdir().map_err(|error| AppError::Failed(format!("no temporary folder: {error}")))?;
    let dependencies = RunDependencies::new(session.clone(), context.cancel.clone());
    let (observer, rerun) = (Unwatched(context), Rerun::default());
    let name = &session.place().name;
    let pipeline = Pipeline::open(
        RunFolder::open(folder.path())?,
        name,
        session.profile(),
        &dependencies,
        &observer,
        rerun,
    )?;
    pipeline.run_stage(Stage::Extract, rerun)?;
    pipeline.run_stage(Stage::Cards, rerun)?;
    let cards: CardsArtifact = pipeline.folder().read_json(artifact::CARDS)?;
    Ok(cards.cards)
}

/// The stages before an estimate are nothing to show.
struct Unwatched<'a>(&'a JobContext);

impl Observer for Unwatched<'_> {
    fn event(&self, _: &Event<'_>) {}

    fn cancelled(&self) -> bool {
        self.0.cancel.is_cancelled()
    }
}

/// What is to be asked, as far as it is known before.
struct Outlook<'a> {
    profile: &'a Profile,
    price: Price,
    /// Tokens of each table's card.
    tables: Vec<(String, u64)>,
    plan: Option<Plan>,
    /// Pairs that the run has already.
    accepted: u64,
}

impl<'a> Outlook<'a> {
    fn new(profile: &'a Profile, folder: &Path, cards: Vec<Card>) -> Self {
        let price = profile.llm.chain().next().and_then(|(_, provider)| provider.price);
        let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap_or_default();
        let rounds = read(artifact::ROUNDS);
        Self {
            profile,
            price: price.unwrap_or_default(),
            tables: cards
                .into_iter()
                .map(|card| {
                    let tokens = estimate_tokens(&card.text) + estimate_tokens(&card.table) + 2;
                    (card.table, tokens)
                })
                .collect(),
            plan: serde_json::from_str(&read(artifact::PLAN)).ok(),
            accepted: rounds
                .lines()
                .filter_map(|line| serde_json::from_str::<RoundRecord>(line).ok())
                .map(|round| u64::from(round.accepted))
                .sum(),
        }
    }

    /// One request per page of cards.
    fn planning(&self) -> Estimate {
        let limit = number(&self.profile.plan.options, "page_tokens", 24_000);
        let mut pages: Vec<u64> = Vec::new();
        for (_, tokens) in &self.tables {
            match pages.last_mut() {
                Some(page) if *page + tokens <= limit => *page += tokens,
                _ => pages.push(*tokens),
            }
        }
        pages.iter_mut().for_each(|page| *page += INSTRUCTION_TOKENS);
        Estimate::of_planning(&pages, self.price)
    }

    /// Requests of every topic until its budget is met.
    fn generation(&self) -> Estimate {
        let options = &self.profile.generate.options;
        let per_request = number(options, "pairs_per_request", 15);
        let max_schema = number(options, "schema_tokens", 12_000);
        let shown = number(options, "shown", 40);
        let topics = self.topics();
        let wanted: u64 = topics.iter().map(|(budget, _)| budget).sum();
        let open = wanted.saturating_sub(self.accepted) as f64 / wanted.max(1) as f64;
        let of_topic = |(budget, schema): &(u64, u64)| {
            let known = (budget / 2).min(shown) * QUESTION_TOKENS;
            let shape = GenerationShape {
                samples: (*budget as f64 * open).ceil() as u64,
                per_request,
                acceptance: ACCEPTANCE,
                prompt_tokens: INSTRUCTION_TOKENS + (*schema).min(max_schema) + known,
                sample_tokens: PAIR_TOKENS,
            };
            Estimate::of_generation(shape, self.price)
        };
        topics.iter().map(of_topic).sum()
    }

    /// Budget and tokens of the tables of each topic: the plan's, or about as many topics as a planner makes.
    fn topics(&self) -> Vec<(u64, u64)> {
        if let Some(plan) = &self.plan {
            let tokens_of = |name: &String| {
                let card = self.tables.iter().find(|(table, _)| table == name);
                card.map_or(0, |(_, tokens)| *tokens)
            };
            let of_topic =
                |topic: &nl2sql_catalog::Topic| (u64::from(topic.budget), topic.tables.iter().map(tokens_of).sum());
            return plan.topics.iter().map(of_topic).collect();
        }
        let total = u64::from(self.profile.plan.total);
        let most = (total / u64::from(self.profile.plan.minimum.max(1))).max(1);
        let count = (self.tables.len().div_ceil(2) as u64).clamp(1, most);
        let all: u64 = self.tables.iter().map(|(_, tokens)| tokens).sum();
        let tables = TOPIC_TABLES.min(self.tables.len()) as u64;
        let schema = all * tables / (self.tables.len() as u64).max(1);
        (0..count)
            .map(|index| (total / count + u64::from(index < total % count), schema))
            .collect()
    }
}

/// A number among a plugin's options.
fn number(options: &Options, name: &str, default: u64) -> u64 {
    options.get(name).and_then(Value::as_u64).unwrap_or(default).max(1)
}

/// What stages are expected to cost.
#[derive(Clone, Debug)]
pub struct CostEstimate {
    /// Provider and model that would be asked first.
    pub provider: Option<(String, String)>,
    /// Each stage that asks a language model.
    pub stages: Vec<(Stage, Estimate)>,
    /// Whether the provider has no price, so that nothing is known of the cost.
    pub unpriced: bool,
    /// What the user should know.
    pub notes: Vec<String>,
}

impl CostEstimate {
    /// All stages together.
    pub fn total(&self) -> Estimate {
        self.stages.iter().map(|(_, estimate)| *estimate).sum()
    }

    /// What an estimate comes to in money, where prices are known.
    pub fn known_cost(&self, estimate: &Estimate) -> Option<f64> {
        (!self.unpriced).then_some(estimate.cost)
    }

    /// The estimate as data.
    pub fn as_json(&self) -> Value {
        let amounts = |estimate: &Estimate| {
            json!({ "requests": estimate.requests, "input_tokens": estimate.input_tokens,
                    "output_tokens": estimate.output_tokens, "cost": self.known_cost(estimate) })
        };
        let stages: Vec<_> = self
            .stages
            .iter()
            .map(|(stage, estimate)| {
                let mut line = amounts(estimate);
                line["stage"] = json!(stage.name());
                line
            })
            .collect();
        let (provider, model) = self.provider.clone().unzip();
        json!({ "dry_run": true, "provider": provider, "model": model, "stages": stages,
                "total": amounts(&self.total()), "notes": self.notes })
    }
}

/// What the user should know about these estimates.
fn notes(profile: &Profile, estimates: &[(Stage, Estimate)]) -> Vec<String> {
    if estimates.is_empty() {
        return vec!["no stage asks a language model, so nothing is paid".to_owned()];
    }
    let mut notes = Vec::new();
    let llm = &profile.llm;
    match llm.chain().next() {
        None => notes.push("no language model is named; set llm.provider before the run".to_owned()),
        Some((name, provider)) if provider.is_unpriced() => notes.push(format!(
            "cost is unknown because [llm.providers.{name}.price] is not set (per million tokens)"
        )),
        Some(_) => {}
    }
    let total = estimates.iter().map(|(_, estimate)| *estimate).sum();
    notes.extend(over("the run", "llm.budget", &llm.budget, total));
    for (stage, estimate) in estimates {
        if let Some(caps) = llm.stage_budgets.get(stage.name()) {
            let key = format!("llm.stage_budgets.{}", stage.name());
            notes.extend(over(stage.name(), &key, caps, *estimate));
        }
    }
    notes
}

/// That a cap is expected to end a run or a stage short.
fn over(what: &str, key: &str, caps: &BudgetCaps, estimate: Estimate) -> Vec<String> {
    let tokens = caps.tokens.filter(|cap| estimate.tokens() > *cap).map(|cap| {
        format!(
            "{what} is expected to need {} tokens, and {key}.tokens ends it at {cap}",
            estimate.tokens()
        )
    });
    let money = caps.cost.filter(|cap| estimate.cost > *cap).map(|cap| {
        format!(
            "{what} is expected to cost {:.4}, and {key}.cost ends it at {cap:.4}",
            estimate.cost
        )
    });
    tokens.into_iter().chain(money).collect()
}
