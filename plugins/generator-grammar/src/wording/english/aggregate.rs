//! Aggregates and extremes in words.

use super::phrase::{Phraser, listed, pick};
use super::scale::scale;
use crate::grammar::Attribute;
use crate::random::Draw;
use crate::sql::Aggregate;

impl Phraser<'_> {
    pub fn aggregates(&self, aggregates: &[(Aggregate, Attribute)], draw: &mut Draw) -> String {
        if let Some((_, of)) = aggregates.first()
            && aggregates.iter().all(|(_, other)| other == of)
        {
            let functions: Vec<Aggregate> = aggregates.iter().map(|(function, _)| *function).collect();
            return self.aggregates_of(&functions, *of, draw);
        }
        let each: Vec<String> = aggregates
            .iter()
            .map(|(function, of)| self.aggregates_of(&[*function], *of, draw))
            .collect();
        listed(&each, draw)
    }

    /// "average and maximum age"; "sum of the totals" and "average of the highest values", where the name would go on with the function. The
    /// total number of pages would be a number of rows.
    fn aggregates_of(&self, functions: &[Aggregate], of: Attribute, draw: &mut Draw) -> String {
        let column = self.column(of);
        let counts = ["total", "number of "]
            .iter()
            .any(|start| column.noun.one.starts_with(start));
        let summed = functions.contains(&Aggregate::Sum) && counts;
        let apart = summed || column.degree;
        let words: Vec<String> = functions
            .iter()
            .map(|function| match function {
                Aggregate::Sum if apart => "sum".to_owned(),
                function => self.function(*function, of, draw),
            })
            .collect();
        let words = listed(&words, draw);
        if apart {
            format!("{words} of the {}", column.noun.many)
        } else {
            format!("{words} {}", self.attribute_name(of, draw))
        }
    }

    fn function(&self, function: Aggregate, of: Attribute, draw: &mut Draw) -> String {
        let scale = scale(self.column(of));
        match function {
            Aggregate::Average => pick(draw, &["average", "average", "average", "mean"]).to_owned(),
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
                // Behind what restricts the rows, "on average" would be a part of that.
                if restriction.is_empty() && draw.chance(0.5) {
                    format!("How {how} are the {noun} on average?")
                } else {
                    format!("On average, how {how} are the {noun} {restriction}?")
                }
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
        format!("{extreme} {}", self.aggregates_of(&[*function], *of, draw))
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
