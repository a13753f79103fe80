//! Aggregates and extremes in words.

use super::phrase::{Phraser, listed, pick};
use super::scale::scale;
use crate::grammar::Attribute;
use crate::random::Draw;
use crate::sql::Aggregate;

impl Phraser<'_> {
    pub fn aggregates(&self, aggregates: &[(Aggregate, Attribute)], draw: &mut Draw) -> String {
        let same = aggregates.windows(2).all(|pair| pair[0].1 == pair[1].1);
        let words: Vec<String> = aggregates
            .iter()
            .map(|(function, of)| self.function(*function, *of, draw))
            .collect();
        match aggregates.first() {
            Some((Aggregate::Sum, of)) if aggregates.len() == 1 && self.is_total(*of) => {
                format!("sum of the {}", self.column(*of).noun.many)
            }
            Some((_, of)) if same => {
                let name = self.attribute_name(*of, draw);
                let doubled = ["average", "maximum", "minimum", "highest", "lowest"]
                    .iter()
                    .any(|word| name.starts_with(word))
                    || words.iter().any(|word| name.starts_with(word.as_str()))
                    || words.iter().any(|word| word == "sum of");
                let of = if doubled { "of the " } else { "" };
                let words = listed(&words, draw).replace("sum of", "sum");
                format!("{words} {of}{name}")
            }
            _ => {
                let each: Vec<String> = words
                    .iter()
                    .zip(aggregates)
                    .map(|(word, (_, of))| format!("{word} {}", self.attribute_name(*of, draw)))
                    .collect();
                listed(&each, draw)
            }
        }
    }

    /// The column is itself called a total, of which nobody asks the total.
    fn is_total(&self, of: Attribute) -> bool {
        self.column(of).noun.one.starts_with("total")
    }

    pub fn function(&self, function: Aggregate, of: Attribute, draw: &mut Draw) -> String {
        let scale = scale(self.column(of));
        match function {
            Aggregate::Average => pick(draw, &["average", "average", "average", "mean"]).to_owned(),
            Aggregate::Sum if self.is_total(of) => "sum of".to_owned(),
            Aggregate::Sum => "total".to_owned(),
            Aggregate::Maximum if draw.chance(0.6) && scale.how.is_some() => "maximum".to_owned(),
            Aggregate::Minimum if draw.chance(0.6) && scale.how.is_some() => "minimum".to_owned(),
            Aggregate::Maximum => pick(draw, scale.most).to_owned(),
            Aggregate::Minimum => pick(draw, scale.least).to_owned(),
            Aggregate::Count | Aggregate::CountDistinct => "number of".to_owned(),
        }
    }

    pub fn how(&self, draw: &mut Draw) -> String {
        let noun = &self.noun_of(self.ask.subject).many;
        let restriction = self.restriction(&self.ask.filters, 1, draw);
        match self.ask.aggregates.as_slice() {
            [(Aggregate::Average, of)] if scale(self.column(*of)).how.is_some() && self.is_only_such(*of) => {
                let how = scale(self.column(*of)).how.unwrap_or_default();
                let start = if draw.chance(0.5) { "On average, how" } else { "How" };
                let end = if start == "How" { " on average" } else { "" };
                format!("{start} {how} are the {noun} {restriction}{end}?").replace("  ", " ")
            }
            aggregates => format!(
                "What is the {} of {noun} {restriction}?",
                self.aggregates(aggregates, draw)
            ),
        }
    }

    pub fn extreme_aggregate(&self, draw: &mut Draw) -> String {
        let Some((function, of)) = self.ask.aggregates.first() else {
            return String::new();
        };
        let extreme = if self.ask.descending {
            pick(draw, &["highest", "largest", "greatest"])
        } else {
            pick(draw, &["lowest", "smallest"])
        };
        format!(
            "{extreme} {} {}",
            self.function(*function, *of, draw),
            self.attribute_name(*of, draw)
        )
    }

    /// "highest", "latest", "smallest"
    pub fn extreme(&self, of: Attribute, draw: &mut Draw) -> String {
        self.extreme_of(of, self.ask.descending, draw)
    }

    /// The same of the greatest value when `descending`.
    pub fn extreme_of(&self, of: Attribute, descending: bool, draw: &mut Draw) -> String {
        let scale = scale(self.column(of));
        pick(draw, if descending { scale.most } else { scale.least }).to_owned()
    }
}
