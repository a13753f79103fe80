//! taoyds/spider's `eval_exec_match`: results compared column by column, columns told by the parsed select items.
//!
//! Its script `evaluation.py` folds the select items before it calls that function: columns that foreign keys make one
//! become one, and DISTINCT inside an aggregate goes. Both uses have a name here.

use std::collections::{BTreeMap, BTreeSet};

use nl2sql_catalog::{Outcome, ResultSet};

use super::{
    python_value::PythonValue,
    runs,
    spider_parser::{ColumnUnit, Parsed, SelectItem, parse},
};
use crate::{
    execution::{Judge, Judgement, Pair},
    query_runner::SchemaOutline,
};

/// The verdict of Spider's own evaluator. A gold its parser cannot read, or with fewer result columns than select items,
/// is a gold error: there the evaluator stops.
pub async fn judge(judge: &Judge, pair: &Pair, folded: bool) -> Judgement {
    let outline = match judge.runner().outline(&pair.database).await {
        Ok(outline) => outline,
        Err(failure) => return Judgement::gold_failed(&failure),
    };
    let Some(gold_parsed) = parse(&pair.gold, &outline) else {
        return Judgement::because(Outcome::GoldError, "Spider's parser cannot read the gold statement");
    };
    let (predicted, gold) = runs::in_turn(judge, &pair.database, &pair.predicted, &pair.gold).await;
    let predicted = match predicted {
        Ok(predicted) => predicted,
        Err(failure) => return Judgement::prediction_failed(&failure),
    };
    let gold = match gold {
        Ok(gold) => gold,
        Err(failure) => return Judgement::gold_failed(&failure),
    };
    let keys = folded.then(|| KeyColumns::of(&outline));
    let predicted_parsed = parse(&pair.predicted, &outline).unwrap_or_default();
    let columns = |result, parsed| columns_by_item(result, parsed, keys.as_ref());
    match (columns(&gold, &gold_parsed), columns(&predicted, &predicted_parsed)) {
        (None, _) => Judgement::because(Outcome::GoldError, "fewer columns than select items in the gold"),
        (_, None) => Judgement::because(Outcome::PredictionError, "fewer columns than select items"),
        (Some(left), Some(right)) if left != right => {
            Judgement::because(Outcome::Mismatch, "other columns, values or order of rows")
        }
        _ if gold.rows.is_empty() => Judgement::new(Outcome::EmptyMatch),
        _ => Judgement::new(Outcome::Match),
    }
}

/// Values of each select item in row order (`res_map`); a later item replaces an equal earlier one.
fn columns_by_item(
    result: &ResultSet,
    parsed: &Parsed,
    keys: Option<&KeyColumns>,
) -> Option<BTreeMap<SelectItem, Vec<PythonValue>>> {
    let mut columns = BTreeMap::new();
    for (at, item) in parsed.items.iter().enumerate() {
        let values = result
            .rows
            .iter()
            .map(|row| row.get(at).map(PythonValue::of))
            .collect::<Option<Vec<_>>>()?;
        columns.insert(
            keys.map_or_else(|| item.clone(), |keys| keys.folded(item, &parsed.tables)),
            values,
        );
    }
    Some(columns)
}

/// Columns that foreign keys make one, each with the column that stands for it (`build_foreign_key_map`).
struct KeyColumns(BTreeMap<String, String>);

impl KeyColumns {
    fn of(outline: &SchemaOutline) -> Self {
        let name = |(table, column): &(String, String)| format!("{}.{}", table.to_lowercase(), column.to_lowercase());
        let mut sets: Vec<BTreeSet<String>> = Vec::new();
        for pair in &outline.foreign_keys {
            let pair = [name(&pair[0]), name(&pair[1])];
            match sets
                .iter_mut()
                .find(|set| pair.iter().any(|column| set.contains(column)))
            {
                Some(set) => set.extend(pair),
                None => sets.push(pair.into()),
            }
        }
        let mut stand_ins = BTreeMap::new();
        for set in &sets {
            let first = outline
                .tables
                .iter()
                .flat_map(|(table, columns)| columns.iter().map(move |column| name(&(table.clone(), column.clone()))));
            if let Some(first) = first.into_iter().find(|column| set.contains(column)) {
                stand_ins.extend(set.iter().map(|column| (column.clone(), first.clone())));
            }
        }
        Self(stand_ins)
    }

    /// The item without DISTINCT, its columns replaced by those that stand for them where their table is in FROM.
    fn folded(&self, item: &SelectItem, tables: &BTreeSet<String>) -> SelectItem {
        let replaced = |unit: &ColumnUnit| {
            let mut unit = ColumnUnit {
                distinct: false,
                ..unit.clone()
            };
            let known = unit
                .column
                .split_once('.')
                .is_some_and(|(table, _)| tables.contains(table));
            if let Some(first) = self.0.get(&unit.column).filter(|_| known) {
                unit.column.clone_from(first);
            }
            unit
        };
        match item {
            SelectItem::Column(unit) => SelectItem::Column(replaced(unit)),
            SelectItem::Operation(operator, left, right) => {
                SelectItem::Operation(*operator, replaced(left), replaced(right))
            }
        }
    }
}
