//! Which words go into which slot of a template.

use super::phrase::{Phraser, comparative, one_of};
use crate::random::Draw;
use crate::sql::Aggregate;

impl Phraser<'_> {
    /// The text of a slot.
    pub fn slot(&self, name: &str, draw: &mut Draw) -> String {
        let ask = self.ask;
        match name {
            "S" => self.noun(ask.subject),
            "O" => self.object(),
            "A" => self.attributes(&ask.shown[..ask.shown.len() - ask.theirs]),
            "OA" => self.attributes(&ask.shown[ask.shown.len() - ask.theirs..]),
            "A1" => self.attribute_at(0),
            "A2" => self.attribute_at(1),
            "Alone1" => self.alone(0),
            "Alone2" => self.alone(1),
            "B" => ask.by.map_or(String::new(), |by| self.grouping(by)),
            "M" => ask
                .aggregates
                .first()
                .map_or(String::new(), |(_, of)| self.attribute(*of)),
            "F" => self.restriction(&ask.filters, draw),
            "allF" => {
                let restriction = self.restriction(&ask.filters, draw);
                let all = !restriction.starts_with('有') && draw.chance(0.5);
                format!("{}{restriction}", if all { "所有" } else { "" })
            }
            "OF" => self.restriction(&ask.other_filters, draw),
            "R1" => self.inner_restriction(&ask.filters, draw),
            "R2" => self.inner_restriction(&ask.other_filters, draw),
            "andP" if ask.filters.is_empty() => String::new(),
            "andP" => format!(
                "{}{}",
                self.predicate(&ask.filters, draw),
                one_of(draw, &["且", "并且"])
            ),
            "P" => self.predicate(&ask.filters, draw),
            "OP" => self.predicate(&ask.other_filters, draw),
            "dP" => self.joined_predicate(&ask.filters, draw),
            "v" => self.looked_up(draw),
            "m" => self.measure_word(ask.subject, draw).to_owned(),
            "om" => ask
                .other
                .as_ref()
                .map_or("个", |other| self.measure_word(other.to, draw))
                .to_owned(),
            "cnt" => self.how_many(ask.subject, draw),
            "ocnt" => ask
                .other
                .as_ref()
                .map_or(String::new(), |other| self.how_many(other.to, draw)),
            "n" => self.number(ask.limit, draw),
            "bn" => ask.bound.as_ref().map_or(String::new(), |bound| bound.1.clone()),
            "bound" => self.bounded(self.measure_word(ask.subject, draw), draw),
            "boundo" => self.bounded(
                ask.other
                    .as_ref()
                    .map_or("个", |other| self.measure_word(other.to, draw)),
                draw,
            ),
            "boundn" => ask.bound.as_ref().map_or(String::new(), |(operator, number)| {
                format!("{}{number}", comparative(*operator, false, draw))
            }),
            "agg" => self.aggregates(draw),
            "what" => one_of(draw, self.what()).to_owned(),
            "much" => if self.asks_when() {
                "是什么时候"
            } else {
                "是多少"
            }
            .to_owned(),
            "which" if self.is_person(ask.subject) => "谁".to_owned(),
            "which" => "哪个".to_owned(),
            "junction" => self.junction(),
            "first_role" => self.role_across(0),
            "second_role" => self.role_across(1),
            "its_O" => self.related_noun(draw),
            "role" => self.object(),
            "dir" => self.direction(draw),
            _ => self.extreme_slot(name, draw),
        }
    }

    fn extreme_slot(&self, name: &str, draw: &mut Draw) -> String {
        let (up, by) = (self.ask.descending, self.ask.by);
        match name {
            "sup" | "supo" => by.map_or(String::new(), |by| {
                format!("{}{}的", self.attribute(by), self.extreme(by, draw))
            }),
            "supn" | "supq" => by.map_or(String::new(), |by| {
                format!("{}{}", self.attribute(by), self.extreme(by, draw))
            }),
            "ext" => {
                let of = self.ask.aggregates.first().map(|(_, of)| *of).or(by);
                of.map_or(String::new(), |of| self.extreme(of, draw))
            }
            "most_n" => if up { "最多" } else { "最少" }.to_owned(),
            "most_first" => {
                let words: &[&str] = if up {
                    &["从多到少", "从高到低", "降序"]
                } else {
                    &["从少到多", "从低到高", "升序"]
                };
                one_of(
                    draw,
                    if self.ask.aggregates.is_empty() {
                        words
                    } else {
                        &words[1..]
                    },
                )
                .to_owned()
            }
            "than" => one_of(
                draw,
                if up {
                    &["高于", "大于", "超过"]
                } else {
                    &["低于", "小于"]
                },
            )
            .to_owned(),
            "extreme" => match self.ask.aggregates.first() {
                Some((Aggregate::Maximum, _)) => one_of(draw, &["最大", "最高"]).to_owned(),
                _ => one_of(draw, &["最小", "最低"]).to_owned(),
            },
            "all" => {
                let all = self
                    .ask
                    .aggregates
                    .first()
                    .is_some_and(|(function, _)| up == (*function == Aggregate::Maximum));
                if all { "所有" } else { "至少一个" }.to_owned()
            }
            "longest" => if up { "最长" } else { "最短" }.to_owned(),
            _ => String::new(),
        }
    }
}
