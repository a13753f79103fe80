//! What fills the slots of Chinese templates.

use super::condition::say;
use crate::grammar::{Ask, Attribute, Kinship, Pattern, Relation, Test};
use crate::random::Draw;
use crate::sql::{Aggregate, Compare};
use nl2sql_schema::{Column, Noun, Role, Schema};

/// The words for one question.
pub struct Phraser<'a> {
    /// What is asked.
    pub ask: &'a Ask,
    /// The schema it is asked of.
    pub schema: &'a Schema,
    /// Columns go without the noun of their table.
    pub short: bool,
}

impl Phraser<'_> {
    pub fn column(&self, attribute: Attribute) -> &Column {
        &self.schema.tables[attribute.table].columns[attribute.column]
    }

    /// What a column is called; English names stand between spaces.
    pub fn attribute(&self, attribute: Attribute) -> String {
        let column = self.column(attribute);
        named(
            if self.short {
                &column.chinese_short
            } else {
                &column.chinese
            },
            &column.noun.one,
        )
    }

    /// What rows are grouped or compared by; of what they belong to, with its noun: 客户所属大区.
    pub fn grouping(&self, by: Attribute) -> String {
        match &self.ask.other {
            Some(relation) if by.table != self.ask.subject => {
                run_together(&self.relation_noun(relation), &self.attribute(by))
            }
            _ => self.attribute(by),
        }
    }

    pub fn noun(&self, table: usize) -> String {
        let table = &self.schema.tables[table];
        named(&table.chinese, &table.noun.one)
    }

    /// What is asked of a looked-up row: a number, or something else.
    pub fn what(&self) -> &'static [&'static str] {
        let roles: Vec<Role> = self.ask.shown.iter().map(|shown| self.column(*shown).role).collect();
        match roles.as_slice() {
            [Role::Measure] => &["是多少"],
            [Role::Year | Role::Date] => &["是什么时候"],
            [_] => &["是什么"],
            _ => &["是什么", "分别是什么"],
        }
    }

    /// The aggregates are dates.
    pub fn asks_when(&self) -> bool {
        let temporal = |of: Attribute| matches!(self.column(of).role, Role::Year | Role::Date);
        !self.ask.aggregates.is_empty() && self.ask.aggregates.iter().all(|(_, of)| temporal(*of))
    }

    /// The table that connects a table to itself.
    pub fn junction(&self) -> String {
        let across = self.ask.other.as_ref().and_then(|relation| relation.hops.first());
        self.noun(across.map_or(self.ask.subject, |hop| hop.table))
    }

    /// What a row is to the row of the junction.
    pub fn role_across(&self, hop: usize) -> String {
        let across = self.ask.other.as_ref().and_then(|relation| relation.hops.get(hop));
        across.map_or(String::new(), |hop| self.role_of(hop.link))
    }

    /// Children that their noun alone would leave open: 作为主队的比赛, 下属.
    fn children(&self, link: usize, english: &Noun) -> String {
        let own = &self.schema.links[link];
        let table = &self.schema.tables[own.child];
        if table.chinese.is_empty() {
            return format!(" {} ", english.one);
        }
        if own.child == own.parent {
            return if english.one == "direct report" {
                "下属".to_owned()
            } else {
                format!("下级{}", table.chinese)
            };
        }
        format!("作为{}的{}", self.role_of(link), table.chinese)
    }

    /// What the parent is to the child, by the referencing column.
    fn role_of(&self, link: usize) -> String {
        let link = &self.schema.links[link];
        let column = link
            .columns
            .first()
            .map(|(child, _)| &self.schema.tables[link.child].columns[*child]);
        named(
            column.map_or("", |column| without_id(&column.chinese)),
            link.role.as_deref().unwrap_or_default(),
        )
    }

    pub fn attribute_at(&self, index: usize) -> String {
        self.ask
            .shown
            .get(index)
            .map_or(String::new(), |shown| self.attribute(*shown))
    }

    pub fn alone(&self, index: usize) -> String {
        let Some(shown) = self.ask.shown.get(index) else {
            return String::new();
        };
        format!(
            "{}{}",
            self.noun(shown.table),
            named(&self.column(*shown).chinese_short, &self.column(*shown).noun.one)
        )
    }

    pub fn attributes(&self, attributes: &[Attribute]) -> String {
        let names: Vec<String> = attributes.iter().map(|attribute| self.attribute(*attribute)).collect();
        match names.as_slice() {
            [before @ .., last] if !before.is_empty() => format!("{}和{last}", before.join("、")),
            names => names.concat(),
        }
    }

    pub fn object(&self) -> String {
        self.ask
            .other
            .as_ref()
            .map_or(String::new(), |relation| self.relation_noun(relation))
    }

    pub fn relation_noun(&self, relation: &Relation) -> String {
        if let (Kinship::Children | Kinship::Counterpart, [hop]) = (relation.kinship, relation.hops.as_slice())
            && let Some(children) = &self.schema.links[hop.link].children
        {
            return self.children(hop.link, children);
        }
        if relation.from == relation.to
            && relation.apart
            && relation.kinship == Kinship::Through
            && let Some(hop) = relation.hops.last()
        {
            return self.role_of(hop.link);
        }
        // A parent is called by its referencing column where that says more: 上级编号 is an 上级.
        if let [hop] = relation.hops.as_slice()
            && relation.kinship == Kinship::Parent
            && let [(column, _)] = hop.columns.as_slice()
        {
            let name = &self.schema.tables[relation.from].columns[*column].chinese;
            let role = without_id(name);
            let own = &self.schema.tables[relation.to].chinese;
            if !role.is_empty() && relation.from == relation.to && role != own {
                return role.to_owned();
            }
        }
        self.noun(relation.to)
    }

    pub fn related_noun(&self, draw: &mut Draw) -> String {
        let Some(relation) = &self.ask.other else {
            return String::new();
        };
        let noun = self.relation_noun(relation);
        let prefix = if relation.is_single() {
            one_of(
                draw,
                if contains_rows(&noun) {
                    &["所属", "其"]
                } else {
                    &["对应", "其"]
                },
            )
        } else {
            one_of(draw, &["其", "对应"])
        };
        format!("{prefix}{noun}")
    }

    /// Rows are people.
    pub fn is_person(&self, table: usize) -> bool {
        let table = &self.schema.tables[table];
        let ends = ["员", "师", "人", "手", "生", "者"];
        table.person || ends.iter().any(|end| table.chinese.ends_with(end))
    }

    pub fn measure_word(&self, table: usize, draw: &mut Draw) -> &'static str {
        let noun = self.schema.tables[table].chinese.as_str();
        if self.is_person(table) {
            one_of(draw, &["名", "位", "个"])
        } else if noun.contains("明细") || noun.contains("记录") {
            one_of(draw, &["条", "个"])
        } else if noun.contains("订单") || noun.contains("付款") || noun.contains("交易") {
            one_of(draw, &["个", "笔"])
        } else if ["公司", "店", "厂", "医院"].iter().any(|end| noun.ends_with(end)) {
            one_of(draw, &["家", "个"])
        } else {
            "个"
        }
    }

    /// What the number of a table's rows is called; where one of its columns is a 数量, that word would leave open which is meant.
    pub fn how_many(&self, table: usize, draw: &mut Draw) -> String {
        let columns = &self.schema.tables[table].columns;
        if columns.iter().any(|column| column.chinese.ends_with("数量")) {
            return match self.measure_word(table, draw) {
                "名" | "位" => "人数".to_owned(),
                word => format!("{word}数"),
            };
        }
        one_of(draw, &["数量", "数量", "个数"]).to_owned()
    }

    pub fn number(&self, number: u32, draw: &mut Draw) -> String {
        const WORDS: &[&str] = &["零", "一", "两", "三", "四", "五", "六", "七", "八", "九", "十"];
        match WORDS.get(number as usize) {
            Some(word) if draw.chance(0.3) => (*word).to_owned(),
            _ => number.to_string(),
        }
    }

    pub fn looked_up(&self, draw: &mut Draw) -> String {
        let Some((attribute, Test::Compare(_, literal))) = self
            .ask
            .filters
            .first()
            .and_then(|filter| filter.tests().into_iter().next())
        else {
            return String::new();
        };
        let value = say(literal, draw);
        if self.column(attribute).role == Role::Name {
            if draw.chance(0.4) {
                format!("{}{value}", self.noun(self.ask.subject))
            } else {
                value
            }
        } else {
            format!(
                "{}为{value}的{}",
                self.attribute(attribute),
                self.noun(self.ask.subject)
            )
        }
    }

    pub fn bounded(&self, measure_word: &str, draw: &mut Draw) -> String {
        self.ask
            .bound
            .as_ref()
            .map_or(String::new(), |bound| self.at_bound(bound, measure_word, draw))
    }

    /// 至少有2个
    pub fn at_bound(&self, (operator, number): &(Compare, String), measure_word: &str, draw: &mut Draw) -> String {
        let text = match operator {
            Compare::Greater => one_of(draw, &["有超过#", "有多于#"]),
            Compare::AtLeast => one_of(draw, &["至少有#", "有不少于#"]),
            Compare::Less => one_of(draw, &["有少于#", "有不到#"]),
            Compare::AtMost => "最多有#",
            Compare::Equal | Compare::NotEqual => one_of(draw, &["正好有#", "恰好有#", "只有#"]),
        };
        format!("{}{measure_word}", text.replace('#', number))
    }

    pub fn aggregates(&self, draw: &mut Draw) -> String {
        let aggregates = &self.ask.aggregates;
        let same = aggregates.windows(2).all(|pair| pair[0].1 == pair[1].1);
        // 总数量 would be the number of the rows.
        let summed = |(function, of): &(Aggregate, Attribute)| {
            *function == Aggregate::Sum && self.column(*of).chinese.ends_with("数量")
        };
        match aggregates.first() {
            Some((_, of)) if same && !aggregates.iter().any(summed) => {
                let words: Vec<&str> = aggregates
                    .iter()
                    .map(|(function, of)| self.function(*function, *of, draw))
                    .collect();
                format!("{}{}", join(&words), self.attribute(*of))
            }
            _ => {
                let each: Vec<String> = aggregates
                    .iter()
                    .map(|aggregate| match aggregate {
                        (_, of) if summed(aggregate) => format!("{}总和", self.attribute(*of)),
                        (function, of) => format!("{}{}", self.function(*function, *of, draw), self.attribute(*of)),
                    })
                    .collect();
                join(&each.iter().map(String::as_str).collect::<Vec<_>>())
            }
        }
    }

    fn function(&self, function: Aggregate, of: Attribute, draw: &mut Draw) -> &'static str {
        let temporal = matches!(self.column(of).role, Role::Year | Role::Date);
        match (function, temporal) {
            (Aggregate::Average, _) => "平均",
            (Aggregate::Sum, _) => "总",
            (Aggregate::Maximum, true) => one_of(draw, &["最晚的", "最近的"]),
            (Aggregate::Minimum, true) => "最早的",
            (Aggregate::Maximum, false) if has_height(&self.column(of).chinese) => "最高",
            (Aggregate::Minimum, false) if has_height(&self.column(of).chinese) => "最低",
            (Aggregate::Maximum, false) => "最大",
            (Aggregate::Minimum, false) => "最小",
            (Aggregate::Count | Aggregate::CountDistinct, _) => "数量",
        }
    }

    pub fn extreme(&self, of: Attribute, draw: &mut Draw) -> String {
        self.extreme_of(of, self.ask.descending, draw)
    }

    /// What the greatest value is when `descending`, else the least.
    pub fn extreme_of(&self, of: Attribute, descending: bool, draw: &mut Draw) -> String {
        let column = self.column(of);
        let words: &[&str] = match (column.role, descending) {
            (Role::Year | Role::Date, true) => &["最晚", "最近"],
            (Role::Year | Role::Date, false) => &["最早"],
            (_, true) if column.chinese.ends_with("数量") => &["最多", "最大"],
            (_, false) if column.chinese.ends_with("数量") => &["最少", "最小"],
            (_, true) if has_height(&column.chinese) => &["最高"],
            (_, false) if has_height(&column.chinese) => &["最低"],
            (_, true) => &["最大"],
            (_, false) => &["最小"],
        };
        one_of(draw, words).to_owned()
    }

    pub fn direction(&self, draw: &mut Draw) -> String {
        let Some(by) = self.ask.by else { return String::new() };
        let name = match self.clashes(by) {
            true => format!("{}的{}", self.noun(by.table), self.attribute(by)),
            false => self.attribute(by),
        };
        let role = self.column(by).role;
        let temporal = matches!(role, Role::Year | Role::Date);
        // An A is no higher or lower than a B, whatever the grades mean.
        if !temporal && role != Role::Measure {
            let words: &[&str] = if self.ask.descending {
                &["按#降序排列", "按#倒序排列"]
            } else {
                &["按#升序排列", "按#排序", "按照#升序排列"]
            };
            return one_of(draw, words).replace('#', &name);
        }
        let words: &[&str] = match (self.ask.descending, temporal) {
            (true, true) => &["按#从晚到早排列", "按#降序排列", "按照#从近到远排序"],
            (false, true) => &["按#从早到晚排列", "按#升序排列", "按照#先后顺序排序"],
            (true, false) => &["按#从高到低排列", "按#降序排列", "按照#由大到小排序", "按#倒序排列"],
            (false, false) => &["按#从低到高排列", "按#升序排列", "按照#由小到大排序", "按#排序"],
        };
        one_of(draw, words).replace('#', &name)
    }
}

impl Phraser<'_> {
    /// What the rows are asked for together with has a column that is called alike.
    fn clashes(&self, by: Attribute) -> bool {
        let other = self.ask.other.as_ref().filter(|_| self.ask.pattern == Pattern::Pairs);
        other.is_some_and(|relation| {
            let theirs = &self.schema.tables[relation.to].columns;
            theirs
                .iter()
                .any(|column| column.chinese_short == self.column(by).chinese_short)
        })
    }
}

/// Prices, amounts, pay, marks and rates are high or low rather than large or small.
fn has_height(name: &str) -> bool {
    [
        "价", "价格", "额", "薪", "工资", "分", "分数", "成绩", "率", "薪水", "费", "费用", "成本", "高", "高度",
        "温度", "海拔",
    ]
    .iter()
    .any(|end| name.ends_with(end))
}

/// The noun before the name, without saying twice where the one ends and the other begins: 销售订单状态 of 销售订单 and 订单状态.
fn run_together(noun: &str, name: &str) -> String {
    let starts = noun.char_indices().map(|(at, _)| &noun[at..]);
    let shared = starts
        .filter(|end| end.chars().count() > 1)
        .find(|end| name.starts_with(end));
    format!("{noun}{}", &name[shared.map_or(0, str::len)..])
}

/// 上级编号 identifies an 上级.
fn without_id(name: &str) -> &str {
    name.trim_end_matches("编号")
        .trim_end_matches("号")
        .trim_end_matches("ID")
        .trim_end_matches("代码")
}

/// Rows belong to what the noun names, rather than being connected with it.
pub fn contains_rows(noun: &str) -> bool {
    const WHOLES: &[&str] = &[
        "部门", "公司", "类别", "分类", "大区", "地区", "城市", "国家", "省份", "学校", "班级", "团队", "店", "仓库",
        "科室", "医院", "学院", "专业", "组", "机构", "品牌", "系列",
    ];
    WHOLES.iter().any(|end| noun.ends_with(end))
}

fn named(chinese: &str, english: &str) -> String {
    if chinese.is_empty() {
        format!(" {english} ")
    } else {
        chinese.to_owned()
    }
}

fn join(words: &[&str]) -> String {
    match words {
        [before @ .., last] if !before.is_empty() => format!("{}和{last}", before.join("、")),
        words => words.concat(),
    }
}

/// One of the words, each as likely.
pub fn one_of(draw: &mut Draw, words: &[&'static str]) -> &'static str {
    draw.pick(words).copied().unwrap_or_default()
}

/// The comparison before a number.
pub fn comparative(operator: Compare, quantity: bool, draw: &mut Draw) -> &'static str {
    let words: &[&str] = match operator {
        Compare::Greater if quantity => &["大于", "超过", "高于", "大于"],
        Compare::Greater => &["超过", "大于", "多于"],
        Compare::AtLeast => &["不低于", "大于等于", "至少为", "不少于"],
        Compare::Less if quantity => &["小于", "低于", "不到"],
        Compare::Less => &["少于", "小于"],
        Compare::AtMost => &["不超过", "小于等于", "至多为"],
        Compare::Equal => &["等于", "为"],
        Compare::NotEqual => &["不等于"],
    };
    one_of(draw, words)
}
