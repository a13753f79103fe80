//! The chain of validators: cheapest first, the first that finds an error rejects.

use std::sync::{Mutex, PoisonError};

use nl2sql_catalog::{Finding, Sample, Severity, Verdict};

use crate::{Failure, Judgement, ValidationExecutor, Validator, ValidatorRecord};

/// Samples that a validator may fail on before it has judged any; then it is taken for broken, and what is paid for is not spent on it.
const MAX_FAILURES: u64 = 8;

/// Code of the finding that stands for a call which failed.
const VALIDATOR_FAILED: &str = "validator-failed";

/// The validators of a stage, and how each has fared.
pub(crate) struct ValidatorChain {
    executor: Box<dyn ValidationExecutor>,
    records: Mutex<Vec<ValidatorRecord>>,
}

impl ValidatorChain {
    pub(crate) fn new(executor: Box<dyn ValidationExecutor>) -> Self {
        Self {
            executor,
            records: Mutex::default(),
        }
    }

    /// Verdicts in the order of the samples.
    ///
    /// # Errors
    /// When a validator cannot work, or has failed on every sample and on more than a few.
    pub(crate) fn verdicts(&self, samples: &[Sample]) -> Result<Vec<Verdict>, Failure> {
        let judged = Judgement::joined(self.executor.judge_all(samples)?);
        // All samples of the call count, so that it does not depend on threads whether a stage stops.
        self.count(judged.records)?;
        Ok(judged.verdicts)
    }

    /// Counts what validators did.
    ///
    /// # Errors
    /// When one has failed on every sample and on more than a few.
    pub(crate) fn count(&self, done: Vec<ValidatorRecord>) -> Result<(), Failure> {
        let mut records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        add_records(&mut records, done);
        match records.iter().find(|record| record.is_broken()) {
            Some(record) => Err(record.failure()),
            None => Ok(()),
        }
    }
}

/// Adds what validators did to what they did before.
pub(crate) fn add_records(sums: &mut Vec<ValidatorRecord>, records: Vec<ValidatorRecord>) {
    for (index, record) in records.into_iter().enumerate() {
        match sums.get_mut(index) {
            Some(sum) => sum.add(record),
            None => sums.push(record),
        }
    }
}

impl ValidatorRecord {
    fn add(&mut self, more: Self) {
        self.judged += more.judged;
        self.failed += more.failed;
        if more.failed > 0 {
            self.reason = more.reason;
        }
    }

    fn is_broken(&self) -> bool {
        self.judged == 0 && self.failed >= MAX_FAILURES
    }

    fn failure(&self) -> Failure {
        let message = format!("it failed on each of {} samples: {}", self.failed, self.reason);
        Failure::new(&self.validator, "unavailable", message)
            .with_hint("Correct its options or the plugin, or leave it out of validate.validators, and run again")
    }
}

/// Verdicts about samples outside of a stage, e.g. ones that somebody edited.
///
/// # Errors
/// When a validator cannot work.
pub fn judge_samples(validators: &[Box<dyn Validator>], samples: &[Sample]) -> Result<Vec<Verdict>, Failure> {
    judge(validators, samples).map(|judgement| judgement.verdicts)
}

/// Verdicts of all validators, and how each fared.
pub(crate) fn judge(validators: &[Box<dyn Validator>], samples: &[Sample]) -> Result<Judgement, Failure> {
    let mut verdicts: Vec<_> = samples
        .iter()
        .map(|sample| Verdict {
            sample: sample.id.clone(),
            accepted: true,
            ..Verdict::default()
        })
        .collect();
    let mut records: Vec<_> = validators
        .iter()
        .map(|validator| ValidatorRecord {
            validator: validator.name().to_owned(),
            ..ValidatorRecord::default()
        })
        .collect();
    for (validator, record) in validators.iter().zip(&mut records) {
        let standing: Vec<_> = (0..samples.len()).filter(|index| verdicts[*index].accepted).collect();
        if standing.is_empty() {
            break;
        }
        let asked: Vec<_> = standing.iter().map(|index| samples[*index].clone()).collect();
        for (index, findings) in standing.into_iter().zip(findings(validator.as_ref(), &asked)?) {
            let verdict = &mut verdicts[index];
            if let Some(error) = findings.iter().find(|finding| finding.severity == Severity::Error) {
                verdict.accepted = false;
                verdict.rejected_by = Some(error.layer.clone());
            }
            match findings.iter().find(|finding| finding.code == VALIDATOR_FAILED) {
                Some(failed) => {
                    record.failed += 1;
                    record.reason.clone_from(&failed.message);
                }
                None => record.judged += 1,
            }
            verdict.findings.extend(findings);
        }
    }
    Ok(Judgement { verdicts, records })
}

/// One call, or one per sample when the call fails, so that a sample that breaks a validator is rejected alone.
fn findings(validator: &dyn Validator, samples: &[Sample]) -> Result<Vec<Vec<Finding>>, Failure> {
    match validator.check(samples) {
        Ok(findings) if findings.len() == samples.len() => Ok(findings),
        Err(failure) if failure.stops_the_stage() => Err(failure),
        Ok(findings) if samples.len() == 1 => {
            let message = format!("it answered {} lists of findings for one sample", findings.len());
            Ok(vec![vec![broken(validator, &message)]])
        }
        Err(failure) if samples.len() == 1 => Ok(vec![vec![broken(validator, &failure.message)]]),
        _ => {
            let mut all = Vec::with_capacity(samples.len());
            for sample in samples {
                all.extend(findings(validator, std::slice::from_ref(sample))?);
            }
            Ok(all)
        }
    }
}

fn broken(validator: &dyn Validator, message: &str) -> Finding {
    Finding {
        layer: validator.name().to_owned(),
        severity: Severity::Error,
        code: VALIDATOR_FAILED.into(),
        message: format!("{} could not judge this sample: {message}", validator.name()),
        ..Finding::default()
    }
}

/// The reason a verdict counts under: layer and code of the finding that rejected.
pub(crate) fn reason(verdict: &Verdict) -> String {
    match verdict
        .findings
        .iter()
        .find(|finding| finding.severity == Severity::Error)
    {
        Some(finding) => format!("{}: {}", finding.layer, finding.code),
        None => verdict.rejected_by.clone().unwrap_or_default(),
    }
}

/// Whether the statement ran and returned no row, or one that says nothing: a count of 0, a sum of NULL.
pub(crate) fn is_empty_result(verdict: &Verdict) -> bool {
    verdict
        .findings
        .iter()
        .any(|finding| matches!(finding.code.as_str(), "empty-result" | "empty-value"))
}

#[cfg(test)]
mod tests {
    use nl2sql_catalog::{Finding, Sample, Severity};

    use super::{MAX_FAILURES, ValidatorChain, reason};
    use crate::{Failure, LocalValidation, Validator};

    /// Rejects what contains its word; fails on the whole call when any sample contains `crash`.
    struct Word(&'static str);

    impl Validator for Word {
        fn name(&self) -> &str {
            self.0
        }

        fn check(&self, samples: &[Sample]) -> Result<Vec<Vec<Finding>>, Failure> {
            if samples.iter().any(|sample| sample.sql.contains("crash")) {
                return Err(Failure::new(self.0, "trap", "wasm trap: unreachable"));
            }
            if samples.iter().any(|sample| sample.sql.contains("gone")) {
                return Err(Failure::new(self.0, "unavailable", "the database is gone"));
            }
            let finding = Finding {
                layer: self.0.into(),
                severity: Severity::Error,
                code: "word".into(),
                ..Finding::default()
            };
            Ok(samples
                .iter()
                .map(|s| {
                    if s.sql.contains(self.0) {
                        vec![finding.clone()]
                    } else {
                        vec![]
                    }
                })
                .collect())
        }
    }

    fn chain(validators: Vec<Box<dyn Validator>>) -> ValidatorChain {
        ValidatorChain::new(Box::new(LocalValidation::new(validators)))
    }

    fn samples(texts: &[&str]) -> Vec<Sample> {
        texts
            .iter()
            .map(|sql| Sample {
                id: (*sql).into(),
                sql: (*sql).into(),
                ..Sample::default()
            })
            .collect()
    }

    #[test]
    fn the_first_layer_rejects_and_a_crash_costs_one_sample() {
        let chain = chain(vec![Box::new(Word("one")), Box::new(Word("two"))]);
        let verdicts = chain.verdicts(&samples(&["good", "two one", "crash", "two"])).unwrap();
        assert_eq!(
            verdicts.iter().map(|v| v.accepted).collect::<Vec<_>>(),
            [true, false, false, false]
        );
        assert_eq!(verdicts[1].rejected_by.as_deref(), Some("one"));
        assert_eq!(verdicts[1].findings.len(), 1);
        assert_eq!(reason(&verdicts[2]), "one: validator-failed");
        assert_eq!(verdicts[3].rejected_by.as_deref(), Some("two"));
    }

    #[test]
    fn an_unavailable_database_rejects_no_samples() {
        let chain = chain(vec![Box::new(Word("one"))]);
        assert!(chain.verdicts(&samples(&["good", "gone"])).is_err());
    }

    #[test]
    fn a_validator_that_fails_on_every_sample_stops_after_a_bounded_number() {
        let chain = chain(vec![Box::new(Word("one"))]);
        for _ in 1..MAX_FAILURES {
            assert!(!chain.verdicts(&samples(&["crash"])).unwrap()[0].accepted);
        }
        let broken = chain.verdicts(&samples(&["crash"])).unwrap_err();
        assert!(broken.message.contains("failed on each of 8 samples"), "{broken}");
        assert!(broken.message.contains("unreachable"), "the reason is said: {broken}");
    }

    #[test]
    fn a_validator_that_judges_some_samples_goes_on() {
        let chain = chain(vec![Box::new(Word("one"))]);
        chain.verdicts(&samples(&["good"])).unwrap();
        let many = vec!["crash"; 100];
        assert!(chain.verdicts(&samples(&many)).is_ok());
    }

    #[test]
    fn a_validator_that_later_ones_hide_behind_is_counted_alone() {
        let chain = chain(vec![Box::new(Word("crash")), Box::new(Word("two"))]);
        assert!(chain.verdicts(&samples(&["crash"; 50])).is_err());
    }
}
