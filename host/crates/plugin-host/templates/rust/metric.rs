//! Scores whether the predicted SQL is the gold SQL, letter for letter.

use nl2sql_sdk::metric::{Context, Direction, Metric, MetricInfo, Row, RowScore};
use nl2sql_sdk::types::PluginError;

struct Plugin;

impl Metric for Plugin {
    fn describe() -> Vec<MetricInfo> {
        vec![MetricInfo {
            name: "same-text".into(),
            direction: Direction::HigherIsBetter,
            unit: "ratio".into(),
            ..MetricInfo::default()
        }]
    }

    fn open(_: Context) -> Result<Self, PluginError> {
        Ok(Self)
    }

    fn score(&self, rows: Vec<Row>) -> Result<Vec<RowScore>, PluginError> {
        let score = |row: &Row| RowScore {
            values: vec![Some(f64::from(row.predicted_sql == row.gold))],
            labels: Vec::new(),
        };
        Ok(rows.iter().map(score).collect())
    }
}

nl2sql_sdk::register!(metric: Plugin);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_text_scores_one() {
        let row = |predicted: &str| Row { predicted_sql: predicted.into(), gold: "SELECT 1".into(), ..Row::default() };
        let scores = Plugin.score(vec![row("SELECT 1"), row("SELECT 2")]).unwrap();
        assert_eq!(Plugin.aggregate(&scores).unwrap(), [Some(0.5)]);
    }
}
