//! Filters in words, before the noun.

use super::phrase::{Phraser, comparative, contains_rows, one_of};
use crate::grammar::{Attribute, Filter, Match, Pattern, Relation, Test};
use crate::random::Draw;
use crate::sql::{Compare, Literal};
use nl2sql_schema::Role;

impl Phraser<'_> {
    /// The filters before the noun, ending in 的.
    pub fn restriction(&self, filters: &[Filter], draw: &mut Draw) -> String {
        if filters.is_empty() {
            return String::new();
        }
        format!("{}的", self.predicate(filters, draw))
    }

    /// The tests of related rows alone.
    pub fn inner_restriction(&self, filters: &[Filter], draw: &mut Draw) -> String {
        let tests = filters.first().map(Filter::tests).unwrap_or_default();
        let parts: Vec<String> = tests
            .iter()
            .map(|(attribute, test)| self.test(*attribute, test, draw))
            .collect();
        format!("{}的", parts.join("且"))
    }

    pub fn predicate(&self, filters: &[Filter], draw: &mut Draw) -> String {
        let parts: Vec<String> = filters.iter().map(|filter| self.filter(filter, draw)).collect();
        parts.join(if self.ask.any && self.ask.pattern != Pattern::Shared {
            one_of(draw, &["或", "或者"])
        } else {
            one_of(draw, &["且", "并且", "、"])
        })
    }

    fn filter(&self, filter: &Filter, draw: &mut Draw) -> String {
        match filter {
            Filter::Own(attribute, test) => self.test(*attribute, test, draw),
            Filter::Related(relation, tests) => self.related(relation, tests, draw),
        }
    }

    fn related(&self, relation: &Relation, tests: &[(Attribute, Test)], draw: &mut Draw) -> String {
        let noun = self.relation_noun(relation);
        let label = &self.schema.tables[relation.to].label;
        let by_name = match tests {
            [(attribute, Test::Compare(Compare::Equal, literal))] if label.as_slice() == [attribute.column] => {
                Some(literal)
            }
            _ => None,
        };
        if let Some(literal) = by_name {
            let value = say(literal, draw);
            return if relation.is_single() {
                let words: &[&str] = if contains_rows(&noun) {
                    &["#为?", "属于#?", "#是?"]
                } else {
                    &["#为?", "#是?"]
                };
                one_of(draw, words).replace('#', &noun).replace('?', &value)
            } else {
                one_of(draw, &["有#?", "包含#?", "与#?有关"])
                    .replace('#', &noun)
                    .replace('?', &value)
            };
        }
        let parts: Vec<String> = tests
            .iter()
            .map(|(attribute, test)| self.test(*attribute, test, draw))
            .collect();
        let inner = parts.join("且");
        if relation.is_single() {
            one_of(
                draw,
                if contains_rows(&noun) {
                    &["#的?", "所属#的?"]
                } else {
                    &["#的?", "对应#的?"]
                },
            )
            .replace('#', &noun)
            .replace('?', &inner)
        } else {
            one_of(draw, &["有?的#", "拥有?的#"])
                .replace('#', &noun)
                .replace('?', &inner)
        }
    }

    fn test(&self, attribute: Attribute, test: &Test, draw: &mut Draw) -> String {
        let name = self.attribute(attribute);
        let column = self.column(attribute);
        let temporal = matches!(column.role, Role::Year | Role::Date);
        match test {
            Test::Compare(Compare::Equal, literal) if column.role == Role::Flag => flag(&name, literal),
            Test::Compare(Compare::Equal, literal) => {
                let value = say(literal, draw);
                match (
                    name.ends_with("城市") || name.ends_with("国家") || name.ends_with("大区"),
                    draw.below(3),
                ) {
                    (true, 0) => format!("在{value}"),
                    (true, 1) => format!("位于{value}"),
                    _ if matches!(literal, Literal::Number(_)) => {
                        format!("{name}{}{value}", one_of(draw, &["为", "是", "等于"]))
                    }
                    _ => format!("{name}{}{value}", one_of(draw, &["为", "是"])),
                }
            }
            Test::Compare(Compare::NotEqual, literal) => {
                format!("{name}{}{}", one_of(draw, &["不是", "不为"]), say(literal, draw))
            }
            Test::Compare(operator, literal) => {
                let value = say(literal, draw);
                match (temporal, operator) {
                    (true, Compare::Greater) => {
                        format!("{name}{}", one_of(draw, &["在?之后", "晚于?"]).replace('?', &value))
                    }
                    (true, Compare::Less) => {
                        format!("{name}{}", one_of(draw, &["在?之前", "早于?"]).replace('?', &value))
                    }
                    (true, Compare::AtLeast) => format!("{name}不早于{value}"),
                    (true, Compare::AtMost) => format!("{name}不晚于{value}"),
                    _ => format!("{name}{}{value}", comparative(*operator, true, draw)),
                }
            }
            Test::Between(low, high) => format!(
                "{name}{}",
                one_of(draw, &["在#到?之间", "介于#和?之间", "在#和?之间"])
                    .replace('#', &say(low, draw))
                    .replace('?', &say(high, draw))
            ),
            Test::Either(first, second) => {
                let between = one_of(draw, &["或", "或者"]);
                format!(
                    "{name}{}{}{between}{}",
                    one_of(draw, &["为", "是"]),
                    say(first, draw),
                    say(second, draw)
                )
            }
            Test::Like(kind, text, negated) => {
                let not = if *negated { "不" } else { "" };
                let words: &[&str] = match kind {
                    Match::Contains => &["包含“?”", "含有“?”", "中包含?"],
                    Match::Starts => &["以“?”开头", "以?开头"],
                    Match::Ends => &["以“?”结尾", "以?结尾"],
                };
                format!("{name}{not}{}", one_of(draw, words).replace('?', text))
            }
            Test::Null(false) => format!("{name}{}", one_of(draw, &["为空", "缺失"])),
            Test::Null(true) => format!("{name}{}", one_of(draw, &["不为空", "有记录"])),
            Test::Year(Compare::Greater, year) => format!("{name}在{year}年之后"),
            Test::Year(_, year) => format!("{name}{}{year}年", one_of(draw, &["在", "为"])),
            Test::Month(month) => format!("{name}在{month}月"),
        }
    }
}

fn flag(name: &str, literal: &Literal) -> String {
    let yes = matches!(literal, Literal::Boolean(true)) || matches!(literal, Literal::Number(text) if text == "1");
    let quality = name.trim().trim_start_matches("是否");
    match (yes, quality.chars().next()) {
        (true, _) => quality.to_owned(),
        (false, Some('在')) => format!("不{quality}"),
        (false, _) => format!("没有{quality}"),
    }
}

/// A value as people write it.
pub fn say(literal: &Literal, draw: &mut Draw) -> String {
    match literal {
        Literal::Number(number) => number.clone(),
        Literal::Boolean(value) => value.to_string(),
        Literal::Text(text) => match draw.below(5) {
            0 => format!("“{text}”"),
            1 => format!("\"{text}\""),
            _ if text.is_ascii() && text.contains(' ') => format!("“{text}”"),
            _ => text.clone(),
        },
    }
}
