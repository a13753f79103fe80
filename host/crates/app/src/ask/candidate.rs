//! Statements for one question, and which of them is the answer: self-consistency after Wang et al. 2022
//! (<https://arxiv.org/abs/2203.11171>), over results instead of texts.

use nl2sql_evaluation::agreement::Agreement;

use super::answer::{Answer, AskFinding, Explanation, ResultTable, Unanswered};
use super::language::Wording;

/// A statement, and what became of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Candidate {
    pub(super) sql: String,
    /// Why it did not run.
    pub(super) findings: Vec<AskFinding>,
    pub(super) explanation: Explanation,
    /// It leaves out a value that the question says.
    pub(super) leaves_out: bool,
    /// What it returned.
    pub(super) result: Option<ResultTable>,
}

impl Candidate {
    /// A statement whose end the model was not given the tokens to write.
    pub(super) fn cut_off(sql: String) -> Self {
        let message = "the answer was cut off before the statement ended; raise evaluate.max_new_tokens";
        let finding = AskFinding {
            code: "cut-off".into(),
            message: message.into(),
        };
        Self {
            sql,
            findings: vec![finding],
            ..Self::default()
        }
    }
}

/// The result that most candidates have; of equally frequent ones the earliest candidate's, the likeliest being the first of all. A candidate that
/// leaves out a value of the question is chosen only where all that run do.
pub(super) fn vote(candidates: Vec<Candidate>, threshold: f32, explain: bool, wording: Wording) -> Answer {
    let votes = |table: &ResultTable| {
        let same = |other: &&Candidate| other.result.as_ref().is_some_and(|other| other.rows == table.rows);
        candidates.iter().filter(same).count()
    };
    let uses_all = |candidate: &Candidate| candidate.result.is_some() && !candidate.leaves_out;
    let some_use_all = candidates.iter().any(uses_all);
    let counts = candidates.iter().map(|candidate| match &candidate.result {
        Some(table) if !some_use_all || uses_all(candidate) => votes(table),
        _ => 0,
    });
    let counts: Vec<usize> = counts.collect();
    let agreed = counts.iter().copied().max().unwrap_or(0);
    let winner = counts.iter().position(|count| *count == agreed).unwrap_or(0);
    let agreement = Agreement {
        written: candidates.len() as u32,
        ran: candidates.iter().filter(|candidate| candidate.result.is_some()).count() as u32,
        agreed: agreed as u32,
    };
    let mut answer = Answer {
        agreement,
        confidence: agreement.confidence(),
        findings: candidates
            .first()
            .map(|first| first.findings.clone())
            .unwrap_or_default(),
        ..Answer::default()
    };
    answer.unanswered = unanswered(&answer, threshold, wording);
    if answer.unanswered.is_none()
        && let Some(chosen) = candidates.into_iter().nth(winner)
    {
        answer.sql = Some(chosen.sql);
        answer.table = chosen.result;
        answer.explanation = explain.then_some(chosen.explanation);
    }
    answer
}

fn unanswered(answer: &Answer, threshold: f32, wording: Wording) -> Option<Unanswered> {
    let Agreement { written, ran, agreed } = answer.agreement;
    let told = |reason: &str, message: String| {
        Some(Unanswered {
            reason: reason.to_owned(),
            message,
        })
    };
    if ran == 0 {
        let why = answer.findings.iter().map(|finding| finding.message.as_str());
        let why: Vec<&str> = why.collect();
        return told("nothing-ran", wording.nothing_ran(&why));
    }
    if answer.confidence.is_some_and(|share| share < f64::from(threshold)) {
        return told("not-sure", wording.not_sure(agreed, written));
    }
    None
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn candidate(sql: &str, rows: Option<i64>) -> Candidate {
        Candidate {
            sql: sql.into(),
            findings: rows
                .is_none()
                .then(|| AskFinding {
                    code: "unknown-column".into(),
                    message: "no column `x`".into(),
                })
                .into_iter()
                .collect(),
            result: rows.map(|value| ResultTable {
                rows: vec![vec![json!(value)]],
                ..ResultTable::default()
            }),
            ..Candidate::default()
        }
    }

    #[test]
    fn the_most_frequent_result_is_the_answer_and_its_share_the_confidence() {
        let candidates = [("a", Some(1)), ("b", Some(2)), ("c", Some(2)), ("d", None)];
        let candidates = candidates.map(|(sql, rows)| candidate(sql, rows)).to_vec();
        let answer = vote(candidates.clone(), 0.5, true, Wording::English);
        assert_eq!(answer.sql.as_deref(), Some("b"));
        assert_eq!(answer.confidence, Some(0.5));
        assert!(answer.explanation.is_some());
        let unsure = vote(candidates, 0.6, false, Wording::English);
        assert_eq!(
            (unsure.sql, unsure.unanswered.unwrap().reason.as_str()),
            (None, "not-sure")
        );
    }

    #[test]
    fn of_equal_results_the_likeliest_statement_is_taken() {
        let candidates = vec![candidate("first", Some(1)), candidate("second", Some(1))];
        assert_eq!(
            vote(candidates, 1.0, false, Wording::English).sql.as_deref(),
            Some("first")
        );
    }

    #[test]
    fn a_statement_that_leaves_out_a_value_is_chosen_only_where_all_do() {
        let without = |sql: &str, rows| Candidate {
            leaves_out: true,
            ..candidate(sql, Some(rows))
        };
        let chosen = |candidates| vote(candidates, 0.0, false, Wording::English).sql;
        let outvoted = vec![without("a", 1), without("b", 1), candidate("c", Some(2))];
        assert_eq!(chosen(outvoted).as_deref(), Some("c"));
        let failed = vec![without("a", 1), candidate("b", None)];
        assert_eq!(chosen(failed).as_deref(), Some("a"), "none that runs uses it");
    }

    #[test]
    fn a_corrected_answer_tells_what_was_wrong_with_the_likeliest() {
        let answer = vote(
            vec![candidate("wrong", None), candidate("right", Some(1))],
            0.5,
            false,
            Wording::English,
        );
        assert_eq!(answer.sql.as_deref(), Some("right"));
        assert_eq!(answer.findings[0].code, "unknown-column");
    }

    #[test]
    fn where_nothing_runs_nothing_is_answered() {
        let answer = vote(vec![candidate("wrong", None)], 0.0, false, Wording::English);
        let why = answer.unanswered.unwrap();
        assert_eq!(why.reason, "nothing-ran");
        assert!(why.message.contains("no column `x`"), "{}", why.message);
        assert_eq!((answer.sql, answer.confidence), (None, None));
    }
}
