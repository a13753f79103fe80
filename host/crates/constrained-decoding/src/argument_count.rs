//! How many arguments functions take, where that is the same in every dialect that has them and reads SQL as SQLite does.

/// The least and the greatest number of arguments that are still to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ArgumentCount {
    min: u8,
    max: u8,
}

const ANY: u8 = u8::MAX;

/// Functions, and the least and greatest number of their arguments (<https://www.sqlite.org/lang_corefunc.html> and the pages beside it).
const COUNTS: &[(&str, u8, u8)] = &[
    ("cume_dist dense_rank percent_rank pi random rank row_number", 0, 0),
    (
        "abs acos asin atan ceil ceiling cos degrees exp first_value floor hex json json_group_array json_quote",
        1,
        1,
    ),
    (
        "last_value length ln log10 log2 lower median ntile octet_length radians sign sin sqrt tan trunc typeof unicode upper",
        1,
        1,
    ),
    (
        "atan2 ifnull instr json_group_object json_patch mod nth_value nullif percentile percentile_cont percentile_disc pow power string_agg timediff",
        2,
        2,
    ),
    ("replace", 3, 3),
    (
        "group_concat json_array_length json_type json_valid log ltrim round rtrim trim",
        1,
        2,
    ),
    ("substr substring", 2, 3),
    ("lag lead", 1, 3),
    ("concat", 1, ANY),
    ("coalesce concat_ws if iif", 2, ANY),
];

impl ArgumentCount {
    /// Any number of them.
    pub const ANY: Self = Self { min: 0, max: ANY };

    /// What a function takes.
    pub fn of(function: &[u8]) -> Self {
        let lists = |names: &str| names.split_ascii_whitespace().any(|name| name.as_bytes() == function);
        let found = COUNTS.iter().find(|(names, ..)| lists(names));
        found.map_or(Self::ANY, |&(_, min, max)| Self { min, max })
    }

    /// Whether none may come.
    pub fn may_be_none(self) -> bool {
        self.min == 0
    }

    /// Whether one may come.
    pub fn may_be_some(self) -> bool {
        self.max > 0
    }

    /// Whether the one that is written may be the last.
    pub fn may_be_last(self) -> bool {
        self.min <= 1
    }

    /// Whether another may follow the one that is written.
    pub fn may_go_on(self) -> bool {
        self.max > 1
    }

    /// What is to come behind the one that is written.
    pub fn behind_one(self) -> Self {
        Self {
            min: self.min.saturating_sub(1),
            max: if self.max == ANY {
                ANY
            } else {
                self.max.saturating_sub(1)
            },
        }
    }
}
