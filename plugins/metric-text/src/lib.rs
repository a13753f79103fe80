//! BLEU-4 over characters and ROUGE-1/2/L over words, as LLaMA-Factory's `scripts/eval_bleu_rouge.py` computes them.
//!
//! Values are percentages, rounded to four digits per row; a run's figure is the plain mean of its rows. The parts
//! mirror the script's: [`bleu`] (nltk), [`words`] (jieba), [`sentences`] and [`rouge`] (rouge-chinese).

use nl2sql_sdk::{
    metric::{Context, Metric, MetricInfo, Row, RowScore},
    options,
    types::PluginError,
};

pub mod bleu;
pub mod python;
pub mod rouge;
pub mod score;
pub mod sentences;
pub mod words;

struct TextMetrics;

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Options {}

impl Metric for TextMetrics {
    fn describe() -> Vec<MetricInfo> {
        score::NAMES.into_iter().map(MetricInfo::percent).collect()
    }

    fn open(context: Context) -> Result<Self, PluginError> {
        let Options {} = options::parse(&context.options)?;
        Ok(Self)
    }

    /// Scores what the model wrote against the reference answer, both unchanged.
    fn score(&self, rows: Vec<Row>) -> Result<Vec<RowScore>, PluginError> {
        let score = |row: &Row| RowScore {
            values: score::score(&row.prediction, &row.gold).map(Some).to_vec(),
            labels: Vec::new(),
        };
        Ok(rows.iter().map(score).collect())
    }

    fn aggregate(&self, scores: &[RowScore]) -> Result<Vec<Option<f64>>, PluginError> {
        let mean = |at: usize| score::mean(scores.iter().map(|score| score.values.get(at).copied().flatten()));
        Ok((0..score::NAMES.len()).map(mean).collect())
    }
}

nl2sql_sdk::register!(metric: TextMetrics);
