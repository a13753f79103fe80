//! Where metrics score: here, or by workers.

use std::sync::Arc;

use nl2sql_catalog::Reading;
use nl2sql_evaluation::scoring::{LocalScorer, ScoringPlace};
use nl2sql_pipeline::Failure;

use crate::fleet::{EvaluationFleet, OfferedJob, RemoteScorer};
use crate::{BoundMetric, DatabaseRegistry};

/// The job of workers, where there are some and a metric that they score by.
pub(super) fn offered_to_workers(
    fleet: Option<&EvaluationFleet>,
    metrics: &[Arc<BoundMetric>],
) -> Result<Option<Arc<OfferedJob>>, Failure> {
    let theirs = metrics.iter().map(Arc::as_ref).filter(|metric| !metric.asks_model());
    let theirs: Vec<&BoundMetric> = theirs.collect();
    match fleet {
        Some(fleet) if !theirs.is_empty() => fleet.scoring(&theirs).map(Some),
        _ => Ok(None),
    }
}

/// All metrics here, or by workers but for those that ask a language model, whose budget is here.
pub(super) fn scoring_places(
    databases: &Arc<DatabaseRegistry>,
    metrics: &[Arc<BoundMetric>],
    workers: Option<&Arc<OfferedJob>>,
    reading: Reading,
) -> Vec<ScoringPlace<'static>> {
    let is_theirs = |at: &usize| workers.is_some() && !metrics[*at].asks_model();
    let (theirs, ours): (Vec<usize>, Vec<usize>) = (0..metrics.len()).partition(is_theirs);
    let here = |reading: Reading| ScoringPlace {
        scorer: Box::new(LocalScorer::new(
            Some(databases.clone()),
            reading,
            ours.iter().map(|at| metrics[*at].clone() as _).collect(),
        )),
        metrics: ours.clone(),
    };
    let Some(job) = workers else {
        return vec![here(reading)];
    };
    let asked: Vec<&BoundMetric> = theirs.iter().map(|at| &*metrics[*at]).collect();
    let mut places = vec![ScoringPlace {
        scorer: Box::new(RemoteScorer::new(job.clone(), &asked, reading)),
        metrics: theirs,
    }];
    if !ours.is_empty() {
        // Workers have read the answers by then.
        places.push(here(Reading::default()));
    }
    places
}
