//! Planners and generators: the plan of the run's cards, and the first pairs of its topics, written by both.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use nl2sql_catalog::{Batch, Plan, Sample, Topic};
use nl2sql_pipeline::{Dependencies, Failure, RunFolder, RunInputs, artifact};
use tokio_util::sync::CancellationToken;

use super::{Behaviour, BehaviourChange, Compared, of_plugin};
use crate::{RunDependencies, Session};

/// Most topics that pairs are written for.
const MAX_TOPICS: usize = 10;

/// What stands where one of the two has no such topic.
const NONE: &str = "no such topic";

/// The plans that both make of the run's cards.
pub(super) fn plans(folder: &RunFolder, before: &Arc<Session>, after: &Arc<Session>) -> Result<Behaviour, String> {
    let plan = |session: &Arc<Session>| {
        let inputs = RunInputs::read(folder, session.profile()).map_err(|error| error.to_string())?;
        let dependencies = RunDependencies::new(session.clone(), CancellationToken::new());
        let dialect = dependencies
            .dialect(inputs.catalog())
            .map_err(|failure| failure.to_string())?;
        let planner = dependencies.planner().map_err(|failure| failure.to_string())?;
        let plan = inputs.plan(planner.as_ref(), dialect.info());
        plan.map_err(|failure| failure.to_string())
    };
    let (first, second) = (of_plugin("locked", plan(before))?, of_plugin("new", plan(after))?);
    let (first, second) = (topics(&first), topics(&second));
    let names: BTreeSet<_> = first.keys().chain(second.keys()).copied().collect();
    let shown = |topics: &BTreeMap<&str, String>, name: &str| topics.get(name).cloned().unwrap_or(NONE.to_owned());
    let changes = names.iter().map(|name| BehaviourChange {
        subject: (*name).to_owned(),
        question: String::new(),
        sql: String::new(),
        before: shown(&first, name),
        after: shown(&second, name),
    });
    Ok(Behaviour {
        of: Compared::PlannedTopics,
        compared: names.len(),
        changes: changes.filter(|change| change.before != change.after).collect(),
        not_compared: None,
    })
}

fn topics(plan: &Plan) -> BTreeMap<&str, String> {
    let shown = |topic: &Topic| format!("{} pairs about {}", topic.budget, topic.tables.join(", "));
    let topics = plan.topics.iter();
    topics.map(|topic| (topic.name.as_str(), shown(topic))).collect()
}

/// The first pairs that both write for topics of the run's plan.
pub(super) fn pairs(folder: &RunFolder, before: &Arc<Session>, after: &Arc<Session>) -> Result<Behaviour, String> {
    let plan: Plan = folder.read_json(artifact::PLAN).map_err(|error| error.to_string())?;
    let topics = &plan.topics[..plan.topics.len().min(MAX_TOPICS)];
    let first = of_plugin("locked", batches(folder, before, topics))?;
    let second = of_plugin("new", batches(folder, after, topics))?;
    let written = topics.iter().zip(first.iter().zip(&second));
    let changed = written.filter(|(_, (before, after))| before != after);
    Ok(Behaviour {
        of: Compared::WrittenTopics,
        compared: topics.len(),
        changes: changed
            .map(|(topic, (before, after))| BehaviourChange {
                subject: topic.name.clone(),
                question: String::new(),
                sql: String::new(),
                before: shown(before, after),
                after: shown(after, before),
            })
            .collect(),
        not_compared: None,
    })
}

fn batches(folder: &RunFolder, session: &Arc<Session>, topics: &[Topic]) -> Result<Vec<Batch>, String> {
    let fail = |failure: Failure| failure.to_string();
    let inputs = RunInputs::read(folder, session.profile()).map_err(|error| error.to_string())?;
    let dependencies = RunDependencies::new(session.clone(), CancellationToken::new());
    let dialect = dependencies.dialect(inputs.catalog()).map_err(fail)?;
    let context = inputs.generator_context(dialect.info());
    let generator = dependencies.generator(inputs.catalog(), context).map_err(fail)?;
    let batches = topics.iter().map(|topic| inputs.first_batch(generator.as_ref(), topic));
    batches.collect::<Result<_, _>>().map_err(fail)
}

/// How many pairs a batch has, and the first of those that the other one lacks.
fn shown(batch: &Batch, other: &Batch) -> String {
    let is_new = |sample: &&Sample| {
        let same = |known: &Sample| known.question == sample.question && known.sql == sample.sql;
        !other.samples.iter().any(same)
    };
    let new: Vec<_> = batch.samples.iter().filter(is_new).collect();
    match new.first() {
        Some(sample) => format!(
            "{} pairs, {} of them of its own, e.g. {} {}",
            batch.samples.len(),
            new.len(),
            sample.question,
            sample.sql
        ),
        None => format!("{} pairs", batch.samples.len()),
    }
}
