//! The chain of validators: cheapest first, the first that finds an error rejects.

use nl2sql_catalog::{Finding, Sample, Severity, Verdict};
use rayon::prelude::*;

use crate::{Failure, Validator};

/// Samples handed to a validator in one call.
const CHUNK: usize = 32;

/// Verdicts in the order of the samples.
pub(crate) fn verdicts(validators: &[Box<dyn Validator>], samples: &[Sample]) -> Result<Vec<Verdict>, Failure> {
    let chunks: Result<Vec<_>, _> = samples
        .par_chunks(CHUNK)
        .map(|chunk| judge(validators, chunk))
        .collect();
    Ok(chunks?.into_iter().flatten().collect())
}

fn judge(validators: &[Box<dyn Validator>], samples: &[Sample]) -> Result<Vec<Verdict>, Failure> {
    let mut verdicts: Vec<_> = samples
        .iter()
        .map(|sample| Verdict {
            sample: sample.id.clone(),
            accepted: true,
            ..Verdict::default()
        })
        .collect();
    for validator in validators {
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
            verdict.findings.extend(findings);
        }
    }
    Ok(verdicts)
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
        code: "validator-failed".into(),
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

/// Whether the statement ran and returned no row.
pub(crate) fn is_empty_result(verdict: &Verdict) -> bool {
    verdict.findings.iter().any(|finding| finding.code == "empty-result")
}

#[cfg(test)]
mod tests {
    use nl2sql_catalog::{Finding, Sample, Severity};

    use super::{reason, verdicts};
    use crate::{Failure, Validator};

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
        let chain: Vec<Box<dyn Validator>> = vec![Box::new(Word("one")), Box::new(Word("two"))];
        let verdicts = verdicts(&chain, &samples(&["good", "two one", "crash", "two"])).unwrap();
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
        let chain: Vec<Box<dyn Validator>> = vec![Box::new(Word("one"))];
        assert!(verdicts(&chain, &samples(&["good", "gone"])).is_err());
    }
}
