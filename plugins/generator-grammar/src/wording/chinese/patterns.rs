//! The wordings of each kind of question. `{F}` is what restricts the subject, ending in 的 where it is not empty.

use crate::grammar::{Ask, Pattern};

/// The templates that suit `ask`.
pub fn templates(ask: &Ask) -> &'static [&'static str] {
    match ask.pattern {
        Pattern::List if ask.filters.is_empty() => LIST,
        Pattern::List => LIST_FILTERED,
        Pattern::Lookup => LOOKUP,
        Pattern::Distinct => DISTINCT,
        Pattern::Count => COUNT,
        Pattern::CountDistinct => COUNT_DISTINCT,
        Pattern::Aggregate => AGGREGATE,
        Pattern::Ordered => ORDERED,
        Pattern::Top => TOP,
        Pattern::TopMany => TOP_MANY,
        Pattern::Ties => TIES,
        Pattern::GroupCount => GROUP_COUNT,
        Pattern::GroupCountOrdered => GROUP_COUNT_ORDERED,
        Pattern::GroupAggregate => GROUP_AGGREGATE,
        Pattern::GroupAggregateHaving => GROUP_AGGREGATE_HAVING,
        Pattern::RowsBoth => ROWS_BOTH,
        Pattern::RowsEither => ROWS_EITHER,
        Pattern::RowsExcept => ROWS_EXCEPT,
        Pattern::CountRowsBoth => COUNT_ROWS_BOTH,
        Pattern::CountRowsEither => COUNT_ROWS_EITHER,
        Pattern::CountRowsExcept => COUNT_ROWS_EXCEPT,
        Pattern::GroupHaving => GROUP_HAVING,
        Pattern::GroupHavingAverage => GROUP_HAVING_AVERAGE,
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

const LIST: &[&str] = &[
    "[列出|查询|显示|给出|查找]所有{S}的{A}。",
    "所有{S}的{A}[是什么|分别是什么|有哪些]？",
    "每{m}{S}的{A}是什么？",
    "[列出|显示]{S}的{A}",
];

const LIST_FILTERED: &[&str] = &[
    "[列出|查询|显示|给出|查找|找出]{F}{S}的{A}。",
    "[列出|查询|显示|给出|查找|找出][所有|]{F}{S}的{A}",
    "{F}{S}的{A}[是什么|有哪些|分别是什么]？",
    "{F}{S}有哪些？[给出|列出|显示][其|]{A}。",
    "哪些{S}{dP}？[列出|给出|显示]{A}。",
    "[请|帮我|请帮我][查一下|查询|列出]{F}{S}的{A}。",
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

const COUNT_DISTINCT: &[&str] = &[
    "{F}{S}[一共|]有多少[个|种]不同的{B}？",
    "[统计|查询]{F}{S}[中|]不同{B}的[数量|个数]。",
    "{F}{S}的{B}[一共|]有多少[个|种]不同的值？",
];

const AGGREGATE: &[&str] = &[
    "{F}{S}的{agg}{much}？",
    "{F}{S}的{agg}{much}？",
    "[计算|查询|统计|求]{F}{S}的{agg}。",
    "[所有|]{F}{S}的{agg}{much}？",
];

const ORDERED: &[&str] = &[
    "[列出|查询|显示|给出][所有|]{F}{S}的{A}，{dir}。",
    "{dir}，[列出|显示|给出][所有|]{F}{S}的{A}。",
    "[所有|]{F}{S}的{A}，{dir}",
];

const TOP: &[&str] = &[
    "{F}{sup}{S}的{A}是什么？",
    "{sup}{F}{S}的{A}是什么？",
    "[查询|给出|列出|显示|找出]{F}{sup}{S}的{A}。",
    "哪{m}{F}{S}的{supq}？[给出|列出|显示][其|]{A}。",
    "{F}{sup}{S}是{which}？[给出|列出][其|]{A}。",
];

const TOP_MANY: &[&str] = &[
    "[列出|查询|给出|显示]{F}{sup}[前|]{n}{m}{S}的{A}。",
    "{F}{sup}{n}{m}{S}的{A}是什么？",
    "{F}{S}中{sup}[前|]{n}{m}的{A}[是什么|有哪些]？",
];

const TIES: &[&str] = &[
    "[列出|查询]{B}等于{ext}{B}的所有{S}的{A}。",
    "[列出|给出]并列{sup}所有{S}的{A}。",
    "哪些{S}的{B}并列{ext}？[列出|给出]其{A}。",
];

const GROUP_COUNT: &[&str] = &[
    "每个{B}[分别|各|]有多少{m}{F}{S}？",
    "[统计|查询|列出][每个|各个|各]{B}的{F}{S}{cnt}。",
    "[各|各个]{B}的{F}{S}{cnt}[是多少|分别是多少]？",
    "[按|按照]{B}统计{F}{S}的{cnt}。",
    "[列出|显示]每个{B}以及对应的{F}{S}{cnt}。",
];

const GROUP_COUNT_ORDERED: &[&str] = &[
    "[统计|列出]每个{B}的{F}{S}{cnt}，[按|并按]{cnt}{most_first}排列。",
    "各{B}的{F}{S}{cnt}，按{cnt}{most_first}排列",
];

const GROUP_AGGREGATE: &[&str] = &[
    "每个{B}的{F}{S}的{agg}{much}？",
    "[各|各个]{B}的{F}{S}的{agg}{much}？",
    "[按|按照]{B}[统计|计算]{F}{S}的{agg}。",
    "[列出|查询|统计][每个|各]{B}以及对应{F}{S}的{agg}。",
];

const GROUP_AGGREGATE_HAVING: &[&str] = &[
    "哪些{B}{bound}{F}{S}？[列出|给出]{B}以及这些{S}的{agg}。",
    "[列出|查询]{bound}{F}{S}的{B}以及对应{S}的{agg}。",
];

const ROWS_BOTH: &[&str] = &[
    "[列出|查询|找出]既{P}又{OP}的{S}的{A}。",
    "哪些{S}既{P}又{OP}？[列出|给出]{A}。",
    "同时满足{P}和{OP}的{S}的{A}[是什么|有哪些]？",
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
    "既{P}又{OP}的{S}有多少{m}？",
    "[统计|查询]同时满足{P}和{OP}的{S}的{cnt}。",
];

const COUNT_ROWS_EITHER: &[&str] = &["{P}或者{OP}的{S}有多少{m}？", "[统计|查询]{P}或者{OP}的{S}的{cnt}。"];

const COUNT_ROWS_EXCEPT: &[&str] = &[
    "除了{OP}的{S}以外，{P}的{S}有多少{m}？",
    "[统计|查询]{P}的{S}的{cnt}，不包括{OP}的{S}。",
];

const GROUP_HAVING: &[&str] = &[
    "哪些{B}{bound}{F}{S}？",
    "[列出|查询|找出]{bound}{F}{S}的{B}。",
    "{F}{S}{cnt}{boundn}的{B}有哪些？",
];

const GROUP_HAVING_AVERAGE: &[&str] = &[
    "哪些{B}的{S}的平均{M}{boundn}？",
    "[列出|找出]{S}平均{M}{boundn}的{B}。",
];

const MODAL_VALUE: &[&str] = &[
    "{F}{S}{most_n}的{B}是[什么|哪个]？",
    "哪个{B}的{F}{S}{most_n}？",
    "[查询|给出|找出]{F}{S}{most_n}的{B}。",
    "{F}{S}中出现次数{most_n}的{B}是[什么|哪个]？",
];

const MODAL_VALUE_COUNT: &[&str] = &[
    "哪个{B}的{F}{S}{most_n}？[一共|]有多少{m}？",
    "[查询|给出]{F}{S}{most_n}的{B}以及[对应的|]{cnt}。",
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

const BEYOND_OWN_GROUP: &[&str] = &[
    "[列出|找出]{M}高于[同一|相同]{B}平均{M}的{S}的{A}。",
    "哪些{S}的{M}高于其所属{B}的平均值？[给出|列出]{A}。",
];

const PAIRS: &[&str] = &[
    "[列出|查询|显示|给出][所有|]{S}的{A}以及{its_O}的{OA}。",
    "每{m}{S}的{A}以及{its_O}的{OA}[是什么|分别是什么]？",
    "[显示|列出]{S}的{A}及{its_O}的{OA}",
];

const PAIRS_ORDERED: &[&str] = &["[列出|查询|显示]{S}的{A}以及{its_O}的{OA}，{dir}。"];

const RELATED_COUNT: &[&str] = &[
    "哪些{S}有{OF}{O}？[给出|列出]{A}和各自的{OF}{O}{ocnt}。",
    "[统计|查询|列出]每{m}有{OF}{O}的{S}的{A}以及{OF}{O}的{ocnt}。",
    "[列出|显示]有{OF}{O}的{S}的{A}及其{OF}{O}的{ocnt}。",
    "每{m}{S}各有多少{om}{OF}{O}？[列出|给出]{A}和{ocnt}，[不含没有的|没有的不用列出]。",
];

const RELATED_COUNT_ALL: &[&str] = &[
    "[统计|列出]每{m}{S}的{A}和{O}{ocnt}，包括没有{O}的{S}。",
    "每{m}{S}有多少{om}{O}？没有的[记为0|也要列出]，给出{A}和{ocnt}。",
];

const RELATED_HAVING: &[&str] = &[
    "哪些{S}{boundo}{OF}{O}？[给出|列出]{A}。",
    "[列出|查询|找出]{boundo}{OF}{O}的{S}的{A}。",
    "{OF}{O}{ocnt}{boundn}的{S}的{A}[是什么|有哪些]？",
];

const RELATED_TOP_COUNT: &[&str] = &[
    "哪{m}{S}的{OF}{O}{most_n}？[给出|列出]{A}。",
    "{OF}{O}{most_n}的{S}的{A}是什么？",
    "[查询|给出|找出|列出]{OF}{O}{ocnt}{most_n}的{S}的{A}。",
    "拥有{OF}{O}{most_n}的{S}的{A}是什么？",
];

const RELATED_TOP_COUNTS: &[&str] = &[
    "[列出|查询]{OF}{O}{most_n}的[前|]{n}{m}{S}的{A}。",
    "{OF}{O}{most_n}的{n}{m}{S}的{A}是什么？",
];

const RELATED_AGGREGATE: &[&str] = &[
    "每{m}{S}的{A}以及其{OF}{O}的{agg}{much}？",
    "[统计|列出|查询]每{m}{S}的{A}以及其{OF}{O}的{agg}。",
];

const RELATED_TOP_AGGREGATE: &[&str] = &[
    "哪{m}{S}的{OF}{O}的{agg}{ext}？[给出|列出]{A}。",
    "[查询|给出|找出]{OF}{O}{agg}{ext}的{S}的{A}。",
    "{OF}{O}的{agg}{ext}的{S}的{A}是什么？",
];

const RELATED_NONE: &[&str] = &[
    "[列出|查询|找出]没有[任何|]{OF}{O}的{F}{S}的{A}。",
    "哪些{F}{S}没有[任何|]{OF}{O}？[给出|列出]{A}。",
    "从未有过{OF}{O}的{F}{S}的{A}[是什么|有哪些]？",
    "没有{OF}{O}的{F}{S}[有哪些|的{A}有哪些]？",
];

const COUNT_RELATED_NONE: &[&str] = &[
    "有多少{m}{F}{S}没有[任何|]{OF}{O}？",
    "[统计|查询]没有{OF}{O}的{F}{S}的{cnt}。",
    "没有[任何|]{OF}{O}的{F}{S}有多少{m}？",
];

const RELATED_SOME: &[&str] = &[
    "[列出|查询|找出]至少有一{om}{OF}{O}的{S}的{A}。",
    "哪些{S}[至少|]有过{OF}{O}？[给出|列出]{A}。",
    "有{OF}{O}的{S}的{A}[是什么|有哪些]？",
];

const RELATED_EXISTS: &[&str] = &[
    "[列出|查询]存在{OF}{O}的{S}的{A}。",
    "哪些{S}存在{OF}{O}？[给出|列出]{A}。",
];

const COUNT_RELATED_SOME: &[&str] = &[
    "有多少{m}[不同的|]{S}有{OF}{O}？",
    "[统计|查询]有{OF}{O}的不同{S}的{cnt}。",
];

const RELATED_TOP: &[&str] = &[
    "{supo}{O}[所属|对应]的{S}的{A}是什么？",
    "[查询|给出|列出]{supo}{O}[所属|对应]的{S}的{A}。",
    "哪{m}{S}有{supo}{O}？[给出|列出]{A}。",
];

const BOTH: &[&str] = &[
    "哪些{B}既有{F}{S}又有{OF}{S}？",
    "[列出|查询|找出]同时有{F}{S}和{OF}{S}的{B}。",
    "{F}{S}和{OF}{S}[共同的|都有的]{B}[是什么|有哪些]？",
];

const RELATED_BOTH: &[&str] = &[
    "哪些{S}既有{R1}{O}又有{R2}{O}？[给出|列出]{A}。",
    "[列出|查询|找出]同时有{R1}{O}和{R2}{O}的{S}的{A}。",
    "既有{R1}{O}又有{R2}{O}的{S}的{A}[是什么|有哪些]？",
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
    "[列出|查询]同时有{OF}{O}的{F}{S}的{A}。",
    "哪些{F}{S}也有{OF}{O}？[给出|列出]{A}。",
];

const SHARED_EXCEPT: &[&str] = &[
    "[列出|查询]没有{OF}{O}记录的{F}{S}的{A}。",
    "哪些{F}{S}不在{OF}{O}之中？[给出|列出]{A}。",
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

const YEAR_COUNT: &[&str] = &[
    "[按|按照]{B}的年份统计{F}{S}的{cnt}。",
    "每年（按{B}）[分别|]有多少{m}{F}{S}？",
    "各{B}年份的{F}{S}{cnt}是多少？",
];

const RANKED: &[&str] = &[
    "按{M}{most_first}给[所有|]{F}{S}排名，列出{A}和名次。",
    "[列出|给出]{F}{S}的{A}以及按{M}{most_first}的排名。",
];

const RANKED_WITHIN: &[&str] = &[
    "在每个{B}内按{M}{most_first}给{F}{S}排名，列出{A}和名次。",
    "[列出|给出]{F}{S}的{A}以及在各自{B}内按{M}{most_first}的排名。",
];

const TOP_WITHIN: &[&str] = &[
    "每个{B}中{M}{ext}的{S}是哪个？列出{B}和{A}。",
    "[列出|查询]每个{B}中{M}{ext}的{S}的{A}。",
];

const AVERAGE_COUNT: &[&str] = &[
    "平均每个{B}有多少{m}{S}？",
    "每个{B}平均有多少{m}{S}？",
    "[计算|查询]每个{B}的平均{S}{cnt}。",
];

const ABOVE_AVERAGE_COUNT: &[&str] = &[
    "哪些{B}的{S}{cnt}高于平均[值|水平]？",
    "[列出|找出]{S}{cnt}超过平均值的{B}。",
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

const RELATED_TOP_ALL: &[&str] = &[
    "{supo}{O}[对应的|的]所有{S}的{A}[是什么|有哪些]？",
    "[查询|给出|列出]{supo}{O}[对应的|的]所有{S}的{A}。",
    "哪些{S}的{O}{supq}？[给出|列出][其|]{A}。",
];

const SAME_VALUE: &[&str] = &[
    "哪些{S}两两之间{B}相同？列出其{A}。",
    "[列出|找出]{B}相同的每一对{S}的{A}。",
];

const PRODUCT_SUM: &[&str] = &[
    "{F}{S}的{A1}乘以{A2}的总和是多少？",
    "[计算|查询]{F}{S}的总金额（{A1}×{A2}）。",
];
