//! taoyds/test-suite-sql-eval, `eval_exec_match` with `plug_value=False`, on one database a schema.

use nl2sql_catalog::{Outcome, ResultSet};

use super::{
    python_value::{PythonValue, key, sort_text},
    runs,
};
use crate::{
    execution::{Judge, Judgement, Keyed, Pair, same_rows},
    query_runner::QueryFailure,
    sql_text::{Token, TokenKind, tokens},
};

/// The verdict of the official evaluator; DISTINCT is stripped from both statements unless `keep_distinct`.
pub async fn judge(judge: &Judge, pair: &Pair, keep_distinct: bool) -> Judgement {
    let prepared = |sql: &str| {
        let sql = operators_joined(sql);
        let sql = if keep_distinct {
            sql
        } else {
            first_statement_without_distinct(&sql)
        };
        current_year_replaced(&sql)
    };
    let (gold_sql, predicted_sql) = (prepared(&pair.gold), prepared(&pair.predicted));
    let gold = match runs::gold(judge, &pair.database, &gold_sql).await {
        Ok(gold) => gold,
        Err(failure) => return Judgement::gold_failed(&failure),
    };
    let predicted = if predicted_sql.is_empty() {
        Err(QueryFailure::Failed("there is no statement".to_owned()))
    } else if predicted_sql == gold_sql {
        Ok(gold.clone())
    } else {
        runs::prediction(judge, &pair.database, &predicted_sql).await
    };
    match predicted {
        Err(failure) => Judgement::prediction_failed(&failure),
        Ok(predicted) if gold.rows.is_empty() && predicted.rows.is_empty() => Judgement::new(Outcome::EmptyMatch),
        Ok(predicted) => {
            let ordered = gold_sql.to_lowercase().contains("order by");
            compare(&gold, &predicted, ordered)
        }
    }
}

/// `result_eq` of the evaluator.
fn compare(gold: &ResultSet, predicted: &ResultSet, ordered: bool) -> Judgement {
    if gold.rows.len() != predicted.rows.len() || gold.columns.len() != predicted.columns.len() {
        return Judgement::because(Outcome::Mismatch, "another number of rows or columns");
    }
    if !survives_quick_rejection(gold, predicted, ordered) {
        return Judgement::because(Outcome::Mismatch, "other values");
    }
    let groups: Vec<u64> = (0..gold.rows.len() as u64)
        .map(|at| if ordered { at } else { 0 })
        .collect();
    match same_rows(&Keyed::new(gold, key), &groups, &Keyed::new(predicted, key), &groups) {
        Ok(true) => Judgement::new(Outcome::Match),
        Ok(false) => Judgement::because(Outcome::Mismatch, "other values or another order of rows"),
        Err(error) => Judgement::because(Outcome::Mismatch, error.to_string()),
    }
}

/// `quick_rej` compares rows with their cells sorted by text and type. It rejects results that are equal only where 1 and
/// 1.0 sort apart, so it is followed through only when whole floats are about.
fn survives_quick_rejection(gold: &ResultSet, predicted: &ResultSet, ordered: bool) -> bool {
    let whole_float = |result: &ResultSet| {
        result
            .rows
            .iter()
            .flatten()
            .any(|value| matches!(value, nl2sql_catalog::Value::Float(real) if real.fract() == 0.0))
    };
    if gold.columns.len() == 1 || !(whole_float(gold) || whole_float(predicted)) {
        return true;
    }
    let sorted_rows = |result: &ResultSet| -> Vec<Vec<PythonValue>> {
        let sorted = |row: &Vec<_>| {
            let mut cells: Vec<_> = row
                .iter()
                .map(|value| (sort_text(value), PythonValue::of(value)))
                .collect();
            cells.sort_by(|a, b| a.0.cmp(&b.0));
            cells.into_iter().map(|(_, value)| value).collect()
        };
        result.rows.iter().map(sorted).collect()
    };
    let (gold, predicted) = (sorted_rows(gold), sorted_rows(predicted));
    if ordered {
        return gold == predicted;
    }
    let set = |rows: Vec<Vec<PythonValue>>| rows.into_iter().collect::<std::collections::HashSet<_>>();
    set(gold) == set(predicted)
}

/// `> =` and the like, as models of old wrote them.
fn operators_joined(sql: &str) -> String {
    sql.replace("> =", ">=").replace("< =", "<=").replace("! =", "!=")
}

/// What sqlparse takes for the first statement, without its DISTINCT keywords.
fn first_statement_without_distinct(sql: &str) -> String {
    let mut statement = String::with_capacity(sql.len());
    for token in tokens(sql) {
        if !token.is_word("distinct") {
            statement.push_str(token.text);
        }
        if token.is_mark(";") && token.depth == 0 {
            break;
        }
    }
    statement
}

/// `YEAR(CURDATE())` is 2020 to the evaluator.
fn current_year_replaced(sql: &str) -> String {
    let words: Vec<Token> = tokens(sql)
        .into_iter()
        .filter(|token| token.kind != TokenKind::Space)
        .collect();
    let mut replaced = String::with_capacity(sql.len());
    let mut from = 0;
    for window in words.windows(7) {
        let [year, open, curdate, open_2, close_2, close, next] = window else {
            continue;
        };
        let marks = [(open, "("), (open_2, "("), (close_2, ")"), (close, ")")];
        if year.start >= from
            && year.is_word("year")
            && curdate.is_word("curdate")
            && marks.iter().all(|(token, mark)| token.is_mark(mark))
        {
            replaced.push_str(&sql[from..year.start]);
            replaced.push_str("2020");
            from = next.start;
        }
    }
    replaced.push_str(&sql[from..]);
    replaced
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distinct_goes_outside_quotes_and_only_the_first_statement_stays() {
        assert_eq!(
            first_statement_without_distinct("SELECT DISTINCT a, 'distinct' FROM t; DROP TABLE t"),
            "SELECT  a, 'distinct' FROM t;"
        );
    }

    #[test]
    fn the_current_year_is_2020() {
        assert_eq!(
            current_year_replaced("SELECT year( CURDATE() ) - age FROM t"),
            "SELECT 2020- age FROM t"
        );
    }
}
