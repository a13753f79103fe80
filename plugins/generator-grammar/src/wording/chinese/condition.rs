//! Filters in words, before the noun.

use super::phrase::{Phraser, comparative, contains_rows, one_of};
use crate::grammar::{Attribute, Filter, Match, Pattern, Relation, Test};
use crate::random::Draw;
use crate::sql::{Compare, Literal};
use nl2sql_schema::{Column, Role};

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
            Filter::Related(relation, inner) => self.related(relation, inner, draw),
            Filter::Without(relation, inner) => {
                let inner = self.restriction(inner, draw);
                format!(
                    "没有{}{inner}{}",
                    one_of(draw, &["", "任何"]),
                    self.relation_noun(relation)
                )
            }
            Filter::Counted(relation, bound) => {
                let word = self.measure_word(relation.to, draw);
                format!("{}{}", self.at_bound(bound, word, draw), self.relation_noun(relation))
            }
            Filter::OfExtreme(relation, by, descending) => {
                let noun = self.relation_noun(relation);
                let belongs = if contains_rows(&noun) { "所属" } else { "" };
                let extreme = self.extreme_of(*by, *descending, draw);
                format!("{belongs}{noun}{}{extreme}", self.attribute(*by))
            }
        }
    }

    fn related(&self, relation: &Relation, inner: &[Filter], draw: &mut Draw) -> String {
        let noun = self.relation_noun(relation);
        let label = &self.schema.tables[relation.to].label;
        let by_name = match inner {
            [Filter::Own(attribute, Test::Compare(Compare::Equal, literal))]
                if label.as_slice() == [attribute.column] =>
            {
                Some(literal)
            }
            _ => None,
        };
        if let Some(literal) = by_name {
            let value = say(literal, draw);
            let words: &[&str] = match (relation.is_single(), contains_rows(&noun)) {
                (true, true) => &["#为?", "属于#?", "#是?"],
                (true, false) => &["#为?", "#是?"],
                (false, _) if holds_parts(&self.noun(relation.from)) => &["有#?", "包含#?"],
                (false, _) => &["有#?"],
            };
            return one_of(draw, words).replace('#', &noun).replace('?', &value);
        }
        let parts: Vec<String> = inner.iter().map(|filter| self.filter(filter, draw)).collect();
        let inner = parts.join("且");
        let words: &[&str] = match (relation.is_single(), is_place(&inner)) {
            // 上级位于华东, and no 上级的位于华东.
            (true, true) => &["#?"],
            (true, false) if contains_rows(&noun) => &["#的?", "所属#的?"],
            (true, false) => &["#的?", "对应#的?"],
            // 其销售订单有……的订单明细, and no 有有……的订单明细的销售订单.
            (false, _) if inner.starts_with(['有', '拥']) => &["其#?"],
            (false, _) => &["有?的#", "拥有?的#"],
        };
        one_of(draw, words).replace('#', &noun).replace('?', &inner)
    }

    /// The first filter, joined to the subject before it: 的数量高于8, but 位于华东.
    pub fn joined_predicate(&self, filters: &[Filter], draw: &mut Draw) -> String {
        let predicate = self.predicate(filters, draw);
        let states = match filters.first() {
            None => true,
            Some(Filter::Own(attribute, Test::Compare(..))) => self.column(*attribute).role == Role::Flag,
            Some(Filter::Own(..)) => false,
            Some(Filter::Related(relation, _)) => !relation.is_single() || predicate.starts_with("属于"),
            Some(Filter::OfExtreme(..)) => false,
            Some(_) => true,
        };
        if states || is_place(&predicate) {
            predicate
        } else {
            format!("的{predicate}")
        }
    }

    fn test(&self, attribute: Attribute, test: &Test, draw: &mut Draw) -> String {
        let name = self.attribute(attribute);
        let column = self.column(attribute);
        let temporal = matches!(column.role, Role::Year | Role::Date);
        match test {
            Test::Compare(Compare::Equal, literal) if column.role == Role::Flag => flag(&name, literal),
            Test::Compare(Compare::Equal, literal) => {
                let value = say_of(column, literal, draw);
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
                format!(
                    "{name}{}{}",
                    one_of(draw, &["不是", "不为"]),
                    say_of(column, literal, draw)
                )
            }
            Test::Compare(operator, literal) => {
                let value = say_of(column, literal, draw);
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
                    .replace('?', &say_of(column, high, draw))
            ),
            Test::Either(first, second) => {
                let between = one_of(draw, &["或", "或者"]);
                format!(
                    "{name}{}{}{between}{}",
                    one_of(draw, &["为", "是"]),
                    say(first, draw),
                    say_of(column, second, draw)
                )
            }
            Test::Like(kind, text, negated) => {
                let not = if *negated { "不" } else { "" };
                let words: &[&str] = match kind {
                    Match::Contains => &["包含“?”", "含有“?”", "中包含“?”"],
                    Match::Starts => &["以“?”开头"],
                    Match::Ends => &["以“?”结尾"],
                };
                format!("{name}{not}{}", one_of(draw, words).replace('?', text))
            }
            Test::Null(false) => format!("{name}{}", one_of(draw, &["为空", "缺失"])),
            Test::Null(true) => format!("{name}{}", one_of(draw, &["不为空", "有记录"])),
            Test::Year(Compare::Greater, year) => format!("{name}在{year}年之后"),
            Test::Year(_, year) => format!("{name}在{year}年"),
            Test::Modal(most) => {
                let common = if *most { "最常见" } else { "最少见" };
                format!("{name}为{common}的{name}")
            }
            Test::Than(operator, named, literal) => {
                let row = Attribute {
                    column: *named,
                    ..attribute
                };
                let than = if *operator == Compare::Greater {
                    "高于"
                } else {
                    "低于"
                };
                format!(
                    "{name}{than}{}为{}的{}",
                    self.attribute(row),
                    say(literal, draw),
                    self.noun(attribute.table)
                )
            }
            Test::Average(operator) => format!(
                "{name}{}平均{}",
                if *operator == Compare::Greater {
                    "高于"
                } else {
                    "低于"
                },
                one_of(draw, &["值", "水平"])
            ),
            Test::Column(operator, other) => {
                let other = self.attribute(Attribute {
                    column: *other,
                    ..attribute
                });
                let than = match (temporal, operator) {
                    (true, Compare::Greater) => "晚于",
                    (true, _) => "早于",
                    (false, Compare::Greater) => "大于",
                    (false, _) => "小于",
                };
                format!("{name}{than}{other}")
            }
            Test::Month(month) => format!("{name}在{month}月"),
        }
    }
}

/// The text says where something is, without the name of a column before it.
fn is_place(text: &str) -> bool {
    text.starts_with('在') || text.starts_with("位于")
}

/// Rows that contain others.
fn holds_parts(noun: &str) -> bool {
    ["单", "列表", "专辑", "套餐", "组合", "篮", "车"]
        .iter()
        .any(|end| noun.ends_with(end))
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

/// The value of a column: a number with what it counts, where the glossary says that.
fn say_of(column: &Column, literal: &Literal, draw: &mut Draw) -> String {
    let value = say(literal, draw);
    match literal {
        Literal::Number(_) => value + &column.unit[1],
        _ => value,
    }
}
