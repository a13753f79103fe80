//! Wordings of questions about groups of rows.

/// Group count.
pub const GROUP_COUNT: &[&str] = &[
    "每个{B}[分别|各|]有多少{m}{F}{S}？",
    "[统计|查询|列出][每个|各个|各]{B}的{F}{S}{cnt}。",
    "[各|各个]{B}的{F}{S}{cnt}[是多少|分别是多少]？",
    "[按|按照]{B}统计{F}{S}的{cnt}。",
    "[列出|显示]每个{B}以及对应的{F}{S}{cnt}。",
];

/// Group count filtered.
pub const GROUP_COUNT_FILTERED: &[&str] = &[
    "每个{B}[分别|各|]有多少{m}{F}{S}？",
    "[按|按照]{B}统计{F}{S}的{cnt}。",
    "[统计|查询][每个|各个]{B}中{F}{S}的{cnt}。",
    "[列出|显示]每个{B}以及其中{F}{S}的{cnt}。",
];

/// Group count ordered.
pub const GROUP_COUNT_ORDERED: &[&str] = &[
    "[统计|列出]每个{B}的{F}{S}{cnt}，[按|并按]{cnt}{most_first}排列。",
    "各{B}的{F}{S}{cnt}，按{cnt}{most_first}排列",
];

/// Group aggregate.
pub const GROUP_AGGREGATE: &[&str] = &[
    "每个{B}的{F}{S}的{agg}{much}？",
    "[各|各个]{B}的{F}{S}的{agg}{much}？",
    "[按|按照]{B}[统计|计算]{F}{S}的{agg}。",
    "[列出|查询|统计][每个|各]{B}以及对应{F}{S}的{agg}。",
];

/// Group aggregate filtered.
pub const GROUP_AGGREGATE_FILTERED: &[&str] = &[
    "每个{B}中，{F}{S}的{agg}{much}？",
    "[按|按照]{B}[统计|计算]{F}{S}的{agg}。",
    "[列出|查询|统计][每个|各]{B}以及其中{F}{S}的{agg}。",
];

/// Group aggregate having.
pub const GROUP_AGGREGATE_HAVING: &[&str] = &[
    "哪些{B}{bound}{F}{S}？[列出|给出]{B}以及这些{S}的{agg}。",
    "[列出|查询]{F}{S}{cnt}{boundn}的每个{B}，以及其中{S}的{agg}。",
];

/// Group having.
pub const GROUP_HAVING: &[&str] = &[
    "哪些{B}{bound}{F}{S}？",
    "[列出|查询|找出]{bound}{F}{S}的{B}。",
    "{F}{S}{cnt}{boundn}的{B}有哪些？",
];

/// 有两个订单的客户所属大区 would be where customers with two orders are.
pub const GROUP_HAVING_RELATED: &[&str] = &["哪些{B}{bound}{F}{S}？", "按{B}统计，{F}{S}{cnt}{boundn}的有哪些？"];

/// Group having average.
pub const GROUP_HAVING_AVERAGE: &[&str] = &[
    "哪些{B}的{S}的平均{M}{boundn}？",
    "[列出|找出]{S}平均{M}{boundn}的{B}。",
];

/// Modal value.
pub const MODAL_VALUE: &[&str] = &[
    "{F}{S}{most_n}的{B}是[什么|哪个]？",
    "哪个{B}的{F}{S}{most_n}？",
    "[查询|给出|找出]{F}{S}{most_n}的{B}。",
    "{F}{S}中出现次数{most_n}的{B}是[什么|哪个]？",
];

/// 订单最多的客户所属大区 would be where the customer with the most orders is.
pub const MODAL_VALUE_RELATED: &[&str] = &[
    "哪个{B}的{F}{S}{most_n}？",
    "按{B}统计，{F}{S}{most_n}的是哪个？",
    "{F}{S}中出现次数{most_n}的{B}是[什么|哪个]？",
];

/// Modal value count.
pub const MODAL_VALUE_COUNT: &[&str] = &[
    "哪个{B}的{F}{S}{most_n}？[一共|]有多少{m}？",
    "[查询|给出]{F}{S}{most_n}的{B}以及[对应的|]{cnt}。",
];

/// Beyond own group.
pub const BEYOND_OWN_GROUP: &[&str] = &[
    "[列出|找出]{M}高于[同一|相同]{B}平均{M}的{S}的{A}。",
    "哪些{S}的{M}高于其所属{B}的平均值？[给出|列出]{A}。",
];

/// Year count.
pub const YEAR_COUNT: &[&str] = &[
    "[按|按照]{B}的年份统计{F}{S}的{cnt}。",
    "每年（按{B}）[分别|]有多少{m}{F}{S}？",
    "各年（按{B}）的{F}{S}{cnt}是多少？",
];

/// Ranked within.
pub const RANKED_WITHIN: &[&str] = &[
    "在每个{B}内按{M}{most_first}给{F}{S}排名，列出{A}和名次。",
    "[列出|给出]{F}{S}的{A}以及在各自{B}内按{M}{most_first}的排名。",
];

/// Top within.
pub const TOP_WITHIN: &[&str] = &[
    "每个{B}中{M}{ext}的{S}是哪个？列出{B}和{A}。",
    "[列出|查询]每个{B}中{M}{ext}的{S}的{A}。",
];

/// Average count.
pub const AVERAGE_COUNT: &[&str] = &[
    "平均每个{B}有多少{m}{S}？",
    "每个{B}平均有多少{m}{S}？",
    "[计算|查询]每个{B}的平均{S}{cnt}。",
];

/// Above average count.
pub const ABOVE_AVERAGE_COUNT: &[&str] = &[
    "哪些{B}的{S}{cnt}高于平均[值|水平]？",
    "[列出|找出]{S}{cnt}超过平均值的{B}。",
];
