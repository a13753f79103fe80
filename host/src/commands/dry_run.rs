//! `--dry-run`: what the language model is expected to cost, before anything is asked.

use std::path::Path;

use nl2sql_app::RunDependencies;
use nl2sql_catalog::{Card, Plan};
use nl2sql_llm::{Estimate, GenerationShape, Price, estimate_tokens};
use nl2sql_pipeline::{CardsArtifact, Pipeline, Rerun, RoundRecord, Stage, artifact};
use nl2sql_profile::{BudgetCaps, Options, Profile};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::open_session;
use crate::arguments::Global;
use crate::failure::{CommandError, Exit};
use crate::terminal::{Watcher, cost, say, say_json, table};

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

/// Estimates `stages` and says what comes out.
pub fn run(global: &Global, stages: &[Stage]) -> Result<Exit, CommandError> {
    let session = open_session(global)?;
    let (profile, place) = (session.profile(), session.place());
    let cancellation = CancellationToken::new();
    let dependencies = RunDependencies::new(session.clone(), cancellation.clone());
    let cards = cards(profile, &place.name, &dependencies, cancellation)?;
    let outlook = Outlook::new(profile, &place.folder, cards);
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
    let report = Report { profile, estimates };
    if global.json {
        say_json(&report.as_json());
    } else if !global.quiet {
        report.print();
    }
    Ok(Exit::Done)
}

/// The cards of the database as it is, made in a folder that goes away again.
fn cards(
    profile: &Profile,
    name: &str,
    dependencies: &RunDependencies,
    cancellation: CancellationToken,
) -> Result<Vec<Card>, CommandError> {
    let folder = tempfile::tempdir().map_err(|error| CommandError::Failed(format!("no temporary folder: {error}")))?;
    let watcher = Watcher::new(cancellation, true);
    let rerun = Rerun::default();
    let pipeline = Pipeline::open(folder.path(), name, profile, dependencies, &watcher, rerun)?;
    pipeline.run_stage(Stage::Extract, rerun)?;
    pipeline.run_stage(Stage::Cards, rerun)?;
    let cards: CardsArtifact = pipeline.folder().read_json(artifact::CARDS)?;
    Ok(cards.cards)
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
        let most_schema = number(options, "schema_tokens", 12_000);
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
                prompt_tokens: INSTRUCTION_TOKENS + (*schema).min(most_schema) + known,
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

/// The estimate, to be shown.
struct Report<'a> {
    profile: &'a Profile,
    estimates: Vec<(Stage, Estimate)>,
}

impl Report<'_> {
    fn total(&self) -> Estimate {
        self.estimates.iter().map(|(_, estimate)| *estimate).sum()
    }

    /// Provider and model that would be asked first.
    fn provider(&self) -> Option<(&str, &str)> {
        let (name, provider) = self.profile.llm.chain().next()?;
        Some((name, &provider.model))
    }

    /// What the user should know.
    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.estimates.is_empty() {
            notes.push("no stage asks a language model, so nothing is paid".to_owned());
            return notes;
        }
        let llm = &self.profile.llm;
        match llm.chain().next() {
            None => notes.push("no language model is named; set llm.provider before the run".to_owned()),
            Some((name, provider)) if provider.price.is_none() && provider.kind != nl2sql_profile::Protocol::Local => {
                notes.push(format!(
                    "cost is 0 because [llm.providers.{name}.price] is not set (per million tokens)"
                ))
            }
            Some(_) => {}
        }
        notes.extend(over("the run", "llm.budget", &llm.budget, self.total()));
        for (stage, estimate) in &self.estimates {
            if let Some(caps) = llm.stage_budgets.get(stage.name()) {
                let key = format!("llm.stage_budgets.{}", stage.name());
                notes.extend(over(stage.name(), &key, caps, *estimate));
            }
        }
        notes
    }

    fn print(&self) {
        if let Some((name, model)) = self.provider().filter(|_| !self.estimates.is_empty()) {
            say(format!("estimate for {name} {model}; nothing was asked"));
            let row = |name: &str, estimate: Estimate| {
                vec![
                    name.to_owned(),
                    estimate.requests.to_string(),
                    estimate.input_tokens.to_string(),
                    estimate.output_tokens.to_string(),
                    cost(estimate.cost),
                ]
            };
            let mut rows: Vec<_> = self
                .estimates
                .iter()
                .map(|(stage, estimate)| row(stage.name(), *estimate))
                .collect();
            rows.push(row("all", self.total()));
            say(table(&["stage", "requests", "tokens in", "tokens out", "cost"], rows));
        }
        self.notes().into_iter().for_each(say);
    }

    fn as_json(&self) -> Value {
        let amounts = |estimate: &Estimate| {
            json!({ "requests": estimate.requests, "input_tokens": estimate.input_tokens,
                    "output_tokens": estimate.output_tokens, "cost": estimate.cost })
        };
        let stages: Vec<_> = self
            .estimates
            .iter()
            .map(|(stage, estimate)| {
                let mut line = amounts(estimate);
                line["stage"] = json!(stage.name());
                line
            })
            .collect();
        let (provider, model) = self.provider().unzip();
        json!({ "dry_run": true, "provider": provider, "model": model, "stages": stages,
                "total": amounts(&self.total()), "notes": self.notes() })
    }
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
            "{what} is expected to cost {}, and {key}.cost ends it at {}",
            cost(estimate.cost),
            cost(cap)
        )
    });
    tokens.into_iter().chain(money).collect()
}
