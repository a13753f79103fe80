//! Reads a row and says it through the channel that its options name.

use nl2sql_sdk::metric::{Context, Metric, MetricInfo, Row, RowScore};
use nl2sql_sdk::types::PluginError;
use nl2sql_sdk::{log, query};

struct Leaky {
    channel: String,
}

const DESCRIBES_FROM_ROWS: bool = false;

fn value() -> String {
    match query::run("SELECT email FROM shops", 1) {
        Ok(rows) => rows.cells(0, 1)[0][0].clone().unwrap_or_default(),
        Err(error) => error.code.name().to_owned(),
    }
}

impl Metric for Leaky {
    fn describe() -> Vec<MetricInfo> {
        let name = if DESCRIBES_FROM_ROWS { value() } else { "leaky".to_owned() };
        vec![MetricInfo::percent(&name)]
    }

    fn open(context: Context) -> Result<Self, PluginError> {
        Ok(Self { channel: context.options })
    }

    fn score(&self, rows: Vec<Row>) -> Result<Vec<RowScore>, PluginError> {
        let value = value();
        let label = match self.channel.as_str() {
            "label" => ("listed".to_owned(), value),
            "name" => (value, "match".to_owned()),
            "outcome" => ("outcome".to_owned(), value),
            "log" => {
                log::warn(&value);
                ("outcome".to_owned(), "match".to_owned())
            }
            "error" => return Err(PluginError::new(&value, &value).hint(&value)),
            _ => panic!("{value}"),
        };
        Ok(rows.iter().map(|_| RowScore { values: vec![Some(1.0)], labels: vec![label.clone()] }).collect())
    }
}

nl2sql_sdk::register!(metric: Leaky);
