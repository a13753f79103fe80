//! Wordings of questions about rows and what they are related to.

/// Pairs.
pub const PAIRS: &[&str] = &[
    "[列出|查询|显示|给出][所有|]{S}的{A}以及{its_O}的{OA}。",
    "每{m}{S}的{A}以及{its_O}的{OA}[是什么|分别是什么]？",
    "[显示|列出]{S}的{A}及{its_O}的{OA}",
];

/// Pairs ordered.
pub const PAIRS_ORDERED: &[&str] = &["[列出|查询|显示]{S}的{A}以及{its_O}的{OA}，{dir}。"];

/// Related count.
pub const RELATED_COUNT: &[&str] = &[
    "哪些{S}有{OF}{O}？[给出|列出]{A}以及各自的{OF}{O}{ocnt}。",
    "[统计|查询|列出]每{m}有{OF}{O}的{S}的{A}以及{OF}{O}的{ocnt}。",
    "[列出|显示]有{OF}{O}的{S}的{A}及其{OF}{O}的{ocnt}。",
    "每{m}{S}各有多少{om}{OF}{O}？[列出|给出]{A}以及{ocnt}，[不含没有的|没有的不用列出]。",
];

/// Related count all.
pub const RELATED_COUNT_ALL: &[&str] = &[
    "[统计|列出]每{m}{S}的{A}以及{O}{ocnt}，包括没有{O}的{S}。",
    "每{m}{S}有多少{om}{O}？没有的[记为0|也要列出]，给出{A}以及{ocnt}。",
];

/// Related having.
pub const RELATED_HAVING: &[&str] = &[
    "哪些{S}{boundo}{OF}{O}？[给出|列出]{A}。",
    "[列出|查询|找出]{boundo}{OF}{O}的{S}的{A}。",
    "{OF}{O}{ocnt}{boundn}的{S}的{A}[是什么|有哪些]？",
];

/// Related top count.
pub const RELATED_TOP_COUNT: &[&str] = &[
    "哪{m}{S}的{OF}{O}{most_n}？[给出|列出]{A}。",
    "{OF}{O}{most_n}的{S}的{A}是什么？",
    "[查询|给出|找出|列出]{OF}{O}{ocnt}{most_n}的{S}的{A}。",
    "拥有{OF}{O}{most_n}的{S}的{A}是什么？",
];

/// Related top counts.
pub const RELATED_TOP_COUNTS: &[&str] = &[
    "[列出|查询]{OF}{O}{most_n}的[前|]{n}{m}{S}的{A}。",
    "{OF}{O}{most_n}的{n}{m}{S}的{A}是什么？",
];

/// Related aggregate.
pub const RELATED_AGGREGATE: &[&str] = &[
    "每{m}{S}的{A}以及其{OF}{O}的{agg}{much}？",
    "[统计|列出|查询]每{m}{S}的{A}以及其{OF}{O}的{agg}。",
];

/// Related top aggregate.
pub const RELATED_TOP_AGGREGATE: &[&str] = &[
    "哪{m}{S}的{OF}{O}的{agg}{ext}？[给出|列出]{A}。",
    "[查询|给出|找出]{OF}{O}{agg}{ext}的{S}的{A}。",
    "{OF}{O}的{agg}{ext}的{S}的{A}是什么？",
];

/// Related none.
pub const RELATED_NONE: &[&str] = &[
    "[列出|查询|找出]{andP}没有[任何|]{OF}{O}的{S}的{A}。",
    "哪些{F}{S}没有[任何|]{OF}{O}？[给出|列出]{A}。",
    "{andP}从未有过{OF}{O}的{S}的{A}[是什么|有哪些]？",
    "{andP}没有{OF}{O}的{S}的{A}有哪些？",
];

/// Count related none.
pub const COUNT_RELATED_NONE: &[&str] = &[
    "有多少{m}{F}{S}没有[任何|]{OF}{O}？",
    "[统计|查询]{andP}没有{OF}{O}的{S}的{cnt}。",
    "{andP}没有[任何|]{OF}{O}的{S}有多少{m}？",
];

/// Related some.
pub const RELATED_SOME: &[&str] = &[
    "[列出|查询|找出]至少有一{om}{OF}{O}的{S}的{A}。",
    "哪些{S}[至少|]有过{OF}{O}？[给出|列出]{A}。",
    "有{OF}{O}的{S}的{A}[是什么|有哪些]？",
];

/// Related exists.
pub const RELATED_EXISTS: &[&str] = &[
    "[列出|查询]存在{OF}{O}的{S}的{A}。",
    "哪些{S}存在{OF}{O}？[给出|列出]{A}。",
];

/// Count related some.
pub const COUNT_RELATED_SOME: &[&str] = &[
    "有多少{m}[不同的|]{S}有{OF}{O}？",
    "[统计|查询]有{OF}{O}的不同{S}的{cnt}。",
];

/// Related top.
pub const RELATED_TOP: &[&str] = &[
    "[有|拥有]{supo}{O}的{S}的{A}是什么？",
    "[查询|给出|列出][有|拥有]{supo}{O}的{S}的{A}。",
    "哪{m}{S}有{supo}{O}？[给出|列出]{A}。",
];

/// Related both.
pub const RELATED_BOTH: &[&str] = &[
    "哪些{S}既有{R1}{O}又有{R2}{O}？[给出|列出]{A}。",
    "[列出|查询|找出]同时有{R1}{O}和{R2}{O}的{S}的{A}。",
    "既有{R1}{O}又有{R2}{O}的{S}的{A}[是什么|有哪些]？",
];

/// Related top all.
pub const RELATED_TOP_ALL: &[&str] = &[
    "{supo}{O}[对应的|的]所有{S}的{A}[是什么|有哪些]？",
    "[查询|给出|列出]{supo}{O}[对应的|的]所有{S}的{A}。",
    "哪些{S}的{O}{supq}？[给出|列出][其|]{A}。",
];
