//! The wordings of each kind of question. `{F}` is what restricts the subject, ending in 的 where it is not empty.

use super::grouped_patterns::{
    ABOVE_AVERAGE_COUNT, AVERAGE_COUNT, BEYOND_OWN_GROUP, GROUP_AGGREGATE, GROUP_AGGREGATE_FILTERED,
    GROUP_AGGREGATE_HAVING, GROUP_COUNT, GROUP_COUNT_FILTERED, GROUP_COUNT_ORDERED, GROUP_HAVING, GROUP_HAVING_AVERAGE,
    GROUP_HAVING_RELATED, MODAL_VALUE, MODAL_VALUE_COUNT, MODAL_VALUE_RELATED, RANKED_WITHIN, TOP_WITHIN, YEAR_COUNT,
};
use super::related_patterns::{
    COUNT_RELATED_NONE, COUNT_RELATED_SOME, PAIRS, PAIRS_ORDERED, RELATED_AGGREGATE, RELATED_BOTH, RELATED_COUNT,
    RELATED_COUNT_ALL, RELATED_EXISTS, RELATED_HAVING, RELATED_NONE, RELATED_SOME, RELATED_TOP, RELATED_TOP_AGGREGATE,
    RELATED_TOP_ALL, RELATED_TOP_COUNT, RELATED_TOP_COUNTS,
};
use crate::grammar::{Ask, Filter, Pattern};
use nl2sql_schema::Schema;

/// The templates that suit `ask`.
pub fn templates(ask: &Ask, schema: &Schema) -> &'static [&'static str] {
    match ask.pattern {
        Pattern::List if shows_count(ask, schema) => LIST_EACH,
        Pattern::List if ask.filters.is_empty() => LIST,
        Pattern::List => LIST_FILTERED,
        Pattern::Lookup => LOOKUP,
        Pattern::Distinct => DISTINCT,
        Pattern::Count if goes_across(ask) => COUNT_ACROSS,
        Pattern::Count => COUNT,
        Pattern::CountDistinct => COUNT_DISTINCT,
        Pattern::Aggregate => AGGREGATE,
        Pattern::Ordered if shows_count(ask, schema) => ORDERED_EACH,
        Pattern::Ordered => ORDERED,
        Pattern::Top if ask.filters.is_empty() => TOP,
        Pattern::Top if goes_across(ask) => &TOP_FILTERED[1..],
        Pattern::Top => TOP_FILTERED,
        Pattern::TopMany if ask.filters.is_empty() => TOP_MANY,
        Pattern::TopMany => TOP_MANY_FILTERED,
        Pattern::Ties => TIES,
        Pattern::GroupCount if ask.filters.is_empty() => GROUP_COUNT,
        Pattern::GroupCount if goes_across(ask) => &GROUP_COUNT_FILTERED[1..],
        Pattern::GroupCount => GROUP_COUNT_FILTERED,
        Pattern::GroupCountOrdered => GROUP_COUNT_ORDERED,
        Pattern::GroupAggregate if ask.filters.is_empty() => GROUP_AGGREGATE,
        Pattern::GroupAggregate => GROUP_AGGREGATE_FILTERED,
        Pattern::GroupAggregateHaving => GROUP_AGGREGATE_HAVING,
        Pattern::RowsBoth => ROWS_BOTH,
        Pattern::RowsEither => ROWS_EITHER,
        Pattern::RowsExcept => ROWS_EXCEPT,
        Pattern::CountRowsBoth => COUNT_ROWS_BOTH,
        Pattern::CountRowsEither => COUNT_ROWS_EITHER,
        Pattern::CountRowsExcept => COUNT_ROWS_EXCEPT,
        Pattern::GroupHaving if ask.other.is_some() => GROUP_HAVING_RELATED,
        Pattern::GroupHaving => GROUP_HAVING,
        Pattern::GroupHavingAverage => GROUP_HAVING_AVERAGE,
        Pattern::ModalValue if ask.other.is_some() => MODAL_VALUE_RELATED,
        Pattern::ModalValue => MODAL_VALUE,
        Pattern::ModalValueCount => MODAL_VALUE_COUNT,
        Pattern::BeyondAverage => BEYOND_AVERAGE,
        Pattern::CountBeyondAverage => COUNT_BEYOND_AVERAGE,
        Pattern::BeyondGroup => BEYOND_GROUP,
        Pattern::BeyondOwnGroup => BEYOND_OWN_GROUP,
        Pattern::Pairs if ask.by.is_some() => PAIRS_ORDERED,
        Pattern::Pairs => PAIRS,
        Pattern::RelatedCount => RELATED_COUNT,
        Pattern::RelatedCountAll => RELATED_COUNT_ALL,
        Pattern::RelatedHaving => RELATED_HAVING,
        Pattern::RelatedTopCount if ask.limit > 1 => RELATED_TOP_COUNTS,
        Pattern::RelatedTopCount => RELATED_TOP_COUNT,
        Pattern::RelatedAggregate => RELATED_AGGREGATE,
        Pattern::RelatedTopAggregate => RELATED_TOP_AGGREGATE,
        Pattern::RelatedNone => RELATED_NONE,
        Pattern::CountRelatedNone => COUNT_RELATED_NONE,
        Pattern::RelatedSome => RELATED_SOME,
        Pattern::RelatedExists => RELATED_EXISTS,
        Pattern::CountRelatedSome => COUNT_RELATED_SOME,
        Pattern::RelatedTop if ask.limit == 0 => RELATED_TOP_ALL,
        Pattern::RelatedTop => RELATED_TOP,
        Pattern::Both => BOTH,
        Pattern::RelatedBoth => RELATED_BOTH,
        Pattern::Never => NEVER,
        Pattern::Together => TOGETHER,
        Pattern::Shared if ask.any => SHARED_EXCEPT,
        Pattern::Shared => SHARED,
        Pattern::MaxTextLength => MAX_TEXT_LENGTH,
        Pattern::TextLength => TEXT_LENGTH,
        Pattern::UpperCase => UPPER_CASE,
        Pattern::YearCount => YEAR_COUNT,
        Pattern::Ranked => RANKED,
        Pattern::RankedWithin => RANKED_WITHIN,
        Pattern::TopWithin => TOP_WITHIN,
        Pattern::AverageCount => AVERAGE_COUNT,
        Pattern::AboveAverageCount => ABOVE_AVERAGE_COUNT,
        Pattern::Classed => CLASSED,
        Pattern::Spread => SPREAD,
        Pattern::SelfPairs if ask.other.as_ref().is_some_and(|other| other.hops.len() > 1) => SELF_PAIRS_ACROSS,
        Pattern::SelfPairs => SELF_PAIRS,
        Pattern::SameValue => SAME_VALUE,
        Pattern::ProductSum => PRODUCT_SUM,
    }
}

/// A filter tells of the one row of another table that each row has.
fn goes_across(ask: &Ask) -> bool {
    let single = |filter: &Filter| matches!(filter, Filter::Related(relation, _) | Filter::OfExtreme(relation, ..) if relation.is_single());
    ask.filters.iter().any(single)
}

/// The one attribute shown is called a number, so that the number of the rows could be meant.
fn shows_count(ask: &Ask, schema: &Schema) -> bool {
    match ask.shown.as_slice() {
        [shown] => schema.tables[shown.table].columns[shown.column]
            .chinese
            .ends_with("数量"),
        _ => false,
    }
}

const LIST: &[&str] = &[
    "[列出|查询|显示|给出|查找]所有{S}的{A}。",
    "所有{S}的{A}[是什么|分别是什么|有哪些]？",
    "每{m}{S}的{A}是什么？",
    "[列出|显示]{S}的{A}",
];

const LIST_FILTERED: &[&str] = &[
    "[列出|查询|显示|给出|查找|找出]{F}{S}的{A}。",
    "[列出|查询|显示|给出|查找|找出]{allF}{S}的{A}",
    "{F}{S}的{A}[是什么|有哪些|分别是什么]？",
    "{F}{S}有哪些？[给出|列出|显示][其|]{A}。",
    "哪些{S}{dP}？[列出|给出|显示]{A}。",
    "[请|帮我|请帮我][查一下|查询|列出]{F}{S}的{A}。",
];

const LIST_EACH: &[&str] = &[
    "[列出|查询|显示|给出]{F}每{m}{S}的{A}。",
    "{F}每{m}{S}的{A}[是多少|各是多少]？",
    "[请|帮我|请帮我][查一下|查询|列出]{F}每{m}{S}各自的{A}。",
];

const LOOKUP: &[&str] = &[
    "{v}的{A}{what}？",
    "{F}{S}的{A}{what}？",
    "[查询|给出|显示]{v}的{A}。",
    "[查询|给出|列出]{F}{S}的{A}。",
];

const DISTINCT: &[&str] = &[
    "{F}{S}[有哪些|都有哪些]不同的{A}？",
    "[列出|查询|显示|给出]{F}{S}的所有不同的{A}。",
    "{F}{S}的{A}都有哪几种？",
    "[列出|查询]{F}{S}的{A}，[去掉重复|不要重复]。",
];

const COUNT: &[&str] = &[
    "[一共|总共|]有多少{m}{F}{S}？",
    "{F}{S}[一共|总共|]有多少{m}？",
    "{F}{S}的{cnt}是多少？",
    "[统计|查询|计算]{F}{S}的{cnt}。",
    "有多少{m}{S}{dP}？",
];

/// 有多少个客户为…… would ask for customers.
const COUNT_ACROSS: &[&str] = &[
    "{F}{S}[一共|总共|]有多少{m}？",
    "{F}{S}的{cnt}是多少？",
    "[统计|查询|计算]{F}{S}的{cnt}。",
    "有多少{m}{S}{dP}？",
];

const COUNT_DISTINCT: &[&str] = &[
    "{F}{S}[一共|]有多少[个|种]不同的{B}？",
    "[统计|查询]{F}{S}[中|]不同{B}的[数量|个数]。",
    "{F}{S}的{B}[一共|]有多少[个|种]不同的值？",
];

const AGGREGATE: &[&str] = &[
    "{F}{S}的{agg}{much}？",
    "{F}{S}的{agg}{much}？",
    "[计算|查询|统计|求]{F}{S}的{agg}。",
    "{allF}{S}的{agg}{much}？",
];

const ORDERED: &[&str] = &[
    "[列出|查询|显示|给出]{allF}{S}的{A}，{dir}。",
    "{dir}，[列出|显示|给出]{allF}{S}的{A}。",
    "{allF}{S}的{A}，{dir}",
];

const ORDERED_EACH: &[&str] = &[
    "[列出|查询|显示|给出]{F}每{m}{S}的{A}，{dir}。",
    "{dir}，[列出|显示|给出]{F}每{m}{S}的{A}。",
];

const TOP: &[&str] = &[
    "{sup}{S}的{A}是什么？",
    "[查询|给出|列出|显示|找出]{sup}{S}的{A}。",
    "哪{m}{S}的{supq}？[给出|列出|显示][其|]{A}。",
    "{sup}{S}是{which}？[给出|列出][其|]{A}。",
];

const TOP_FILTERED: &[&str] = &[
    "哪{m}{F}{S}的{supq}？[给出|列出|显示][其|]{A}。",
    "在{F}{S}中，{sup}是{which}？[给出|列出][其|]{A}。",
    "{F}{S}中，{sup}那{m}的{A}是什么？",
    "[查询|给出|列出|显示|找出]{F}{S}中{sup}那{m}的{A}。",
];

const TOP_MANY: &[&str] = &[
    "[列出|查询|给出|显示]{sup}[前|]{n}{m}{S}的{A}。",
    "{sup}{n}{m}{S}的{A}是什么？",
    "{S}中{sup}[前|]{n}{m}的{A}[是什么|有哪些]？",
];

const TOP_MANY_FILTERED: &[&str] = &[
    "[列出|查询|给出|显示]{F}{S}中{sup}[前|]{n}{m}的{A}。",
    "{F}{S}中，{sup}[前|]{n}{m}的{A}[是什么|有哪些]？",
];

const TIES: &[&str] = &[
    "[列出|查询]{B}等于{ext}{B}的所有{S}的{A}。",
    "[列出|给出]并列{sup}所有{S}的{A}。",
    "哪些{S}的{B}并列{ext}？[列出|给出]其{A}。",
];

const ROWS_BOTH: &[&str] = &[
    "[列出|查询|找出]{P}，[并且|同时]{OP}的{S}的{A}。",
    "哪些{S}{dP}，[并且|同时]{OP}？[列出|给出]{A}。",
    "同时满足{P}、{OP}这两个条件的{S}的{A}[是什么|有哪些]？",
];

const ROWS_EITHER: &[&str] = &[
    "[列出|查询|找出]{P}或者{OP}的{S}的{A}。",
    "{P}或者{OP}的{S}有哪些？[列出|给出]{A}。",
];

const ROWS_EXCEPT: &[&str] = &[
    "[列出|查询]{P}的{S}的{A}，但不包括{OP}的{S}。",
    "除了{OP}的{S}以外，{P}的{S}的{A}有哪些？",
];

const COUNT_ROWS_BOTH: &[&str] = &[
    "{P}，[并且|同时]{OP}的{S}有多少{m}？",
    "[统计|查询]同时满足{P}、{OP}这两个条件的{S}的{cnt}。",
];

const COUNT_ROWS_EITHER: &[&str] = &["{P}或者{OP}的{S}有多少{m}？", "[统计|查询]{P}或者{OP}的{S}的{cnt}。"];

const COUNT_ROWS_EXCEPT: &[&str] = &[
    "除了{OP}的{S}以外，{P}的{S}有多少{m}？",
    "[统计|查询]{P}的{S}的{cnt}，不包括{OP}的{S}。",
];

const BEYOND_AVERAGE: &[&str] = &[
    "[列出|查询|找出|给出]{B}{than}平均[值|水平|{B}]的{S}的{A}。",
    "{B}{than}平均[值|水平|{B}]的{S}有哪些？[给出|列出]{A}。",
    "哪些{S}的{B}{than}平均[值|水平|{B}]？[给出|列出]{A}。",
];

const COUNT_BEYOND_AVERAGE: &[&str] = &[
    "有多少{m}{S}的{B}{than}平均[值|水平|{B}]？",
    "[统计|查询]{B}{than}平均[值|水平|{B}]的{S}{cnt}。",
];

const BEYOND_GROUP: &[&str] = &[
    "哪些{S}的{B}{than}{OF}{S}的{extreme}{B}？[给出|列出][其|]{A}。",
    "哪些{S}的{B}{than}{all}{OF}{S}的{B}？[给出|列出][其|]{A}。",
];

const BOTH: &[&str] = &[
    "哪些{B}既有{F}{S}又有{OF}{S}？",
    "[列出|查询|找出]同时有{F}{S}和{OF}{S}的{B}。",
    "{F}{S}和{OF}{S}[共同的|都有的]{B}[是什么|有哪些]？",
];

const NEVER: &[&str] = &[
    "哪些{B}没有{F}{S}？",
    "[列出|查询|找出]没有[任何|]{F}{S}的{B}。",
    "没有{F}{S}的{B}有哪些？",
];

const TOGETHER: &[&str] = &[
    "[列出|给出]所有{Alone1}和{Alone2}，合并成一个列表。",
    "所有的{Alone1}和{Alone2}合在一起有哪些？",
];

const SHARED: &[&str] = &[
    "[列出|查询]{andP}有{OF}{O}的{S}的{A}。",
    "哪些{F}{S}也有{OF}{O}？[给出|列出]{A}。",
];

const SHARED_EXCEPT: &[&str] = &[
    "[列出|查询]{andP}没有{OF}{O}的{S}的{A}。",
    "哪些{F}{S}没有{OF}{O}？[给出|列出]{A}。",
];

const MAX_TEXT_LENGTH: &[&str] = &["{F}{S}中{longest}的{B}是什么？", "[查询|给出]{F}{S}{longest}的{B}。"];

const TEXT_LENGTH: &[&str] = &[
    "[列出|给出]{F}{S}的{B}及其字符数。",
    "{F}{S}的{B}各有多少个字符？列出{B}和字数。",
];

const UPPER_CASE: &[&str] = &[
    "[以|用]大写字母[列出|显示]{F}{S}的{B}。",
    "把{F}{S}的{B}[转换成|改成]大写显示。",
];

const RANKED: &[&str] = &[
    "按{M}{most_first}给{allF}{S}排名，列出{A}和名次。",
    "[列出|给出]{F}{S}的{A}以及按{M}{most_first}的排名。",
];

const CLASSED: &[&str] = &["[列出|给出]每{m}{F}{S}的{A}，{B}大于{bn}的标为high，否则标为low。"];

const SPREAD: &[&str] = &[
    "{F}{S}的{B}最大值和最小值相差多少？",
    "[计算|查询]{F}{S}的最大{B}与最小{B}之差。",
];

const SELF_PAIRS: &[&str] = &[
    "[列出|查询|显示]每{m}{S}的{A}以及其{role}的{A}。",
    "每{m}{S}的{A}以及其{role}的{A}[是什么|分别是什么]？",
];

const SELF_PAIRS_ACROSS: &[&str] = &[
    "[列出|查询|显示]每个{junction}的{first_role}的{A}以及{second_role}的{A}。",
    "每个{junction}的{first_role}和{second_role}的{A}分别是什么？",
];

const SAME_VALUE: &[&str] = &[
    "哪些{S}两两之间{B}相同？列出其{A}。",
    "[列出|找出]{B}相同的每一对{S}的{A}。",
];

const PRODUCT_SUM: &[&str] = &[
    "{F}{S}的{A1}乘以{A2}的总和是多少？",
    "[计算|查询]{F}{S}的总金额（{A1}×{A2}）。",
];
