//! What a column is for, told from its type, its name and its values.

use nl2sql_sdk::types::Column as CatalogColumn;

/// What a column is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Identifies a row here or elsewhere.
    Key,
    /// Names a row.
    Name,
    /// One of few values that rows share.
    Category,
    /// A quantity that can be compared and summed.
    Measure,
    /// A place in an order, such as a rank or a floor: compared and sorted by, but no quantity.
    Ordinal,
    /// A year written as a number.
    Year,
    /// A date, or a date with a time, that date functions understand.
    Date,
    /// True or false.
    Flag,
    /// Digits that are not a quantity, such as a phone number.
    Code,
    /// Other text.
    Text,
    /// Nothing one asks about by value: bytes, documents, shapes.
    Opaque,
}

const CATEGORY_WORDS: &[&str] = &[
    "type",
    "status",
    "country",
    "city",
    "gender",
    "sex",
    "level",
    "category",
    "region",
    "state",
    "color",
    "colour",
    "nationality",
    "team",
    "position",
    "genre",
    "language",
    "class",
    "kind",
    "style",
    "group",
    "grade",
    "continent",
    "county",
    "province",
    "district",
    "department",
    "major",
    "brand",
    "industry",
    "theme",
    "party",
    "role",
    "job",
    "season",
    "result",
    "method",
    "mode",
    "format",
    "rank",
    "origin",
    "affiliation",
    "religion",
    "currency",
    "model",
    "maker",
    "hometown",
    "location",
    "venue",
    "species",
    "breed",
    "size",
    "stage",
    "channel",
    "platform",
    "denomination",
    "classification",
    "segment",
    "priority",
    "rating",
    "nation",
    "school",
    "college",
    "club",
    "company",
    "publisher",
    "label",
    "division",
    "race",
    "form",
    "unit",
    "carrier",
    "award",
    "manufacturer",
];

/// Words that are true or false of a row.
pub const FLAG_WORDS: &[&str] = &[
    "active",
    "archived",
    "cancelled",
    "deleted",
    "disabled",
    "discontinued",
    "enabled",
    "verified",
    "visible",
];

/// Words of categories that are often kept as numbers or digits.
const CODED_CATEGORIES: &[&str] = &["gender", "sex", "type", "status", "category"];

/// Last words of numbers that say where a row stands among others.
const ORDINAL_WORDS: &[&str] = &[
    "chapter", "episode", "floor", "place", "placing", "position", "rank", "ranking", "round", "sequence", "storey",
];

/// The same in Chinese.
const ORDINAL_CHINESE: &[&str] = &["名次", "排名", "序号", "顺序", "楼层"];

/// Words of names that hold a year when the values look like one.
const YEAR_WORDS: &[&str] = &[
    "built",
    "date",
    "elected",
    "established",
    "founded",
    "from",
    "introduced",
    "launch",
    "launched",
    "opened",
    "opening",
    "published",
    "released",
    "season",
    "since",
];

const CATEGORY_CHINESE: &[&str] = &[
    "类型", "类别", "状态", "国家", "城市", "性别", "等级", "级别", "大区", "地区", "区域", "省份", "颜色", "国籍",
    "职位", "方式", "学历", "部门", "品牌", "行业", "渠道", "科室", "单位", "阶段", "民族",
];

const CODE_WORDS: &[&str] = &[
    "code",
    "zip",
    "phone",
    "telephone",
    "fax",
    "isbn",
    "ssn",
    "postcode",
    "number",
    "mobile",
    "barcode",
    "line",
    "major",
    "classroom",
    "extension",
    "via",
];

const LONG_TEXT_WORDS: &[&str] = &[
    "description",
    "details",
    "detail",
    "comment",
    "comments",
    "note",
    "notes",
    "address",
    "url",
    "email",
    "text",
    "path",
    "password",
    "content",
    "summary",
    "abstract",
    "website",
    "image",
    "photo",
    "biography",
    "remark",
    "hash",
    "token",
];

/// Whether a display text is a truth value, and which.
pub fn truth(value: &str) -> Option<bool> {
    match value.to_lowercase().as_str() {
        "1" | "true" | "t" | "y" | "yes" => Some(true),
        "0" | "false" | "f" | "n" | "no" => Some(false),
        _ => None,
    }
}

/// The role of a column with these words in its name.
///
/// `numeric_text` says that the database compares texts of digits with numbers, as SQLite does.
pub fn role_of(
    column: &CatalogColumn,
    words: &[String],
    chinese: &str,
    is_key: bool,
    numeric_text: bool,
    rows: Option<u64>,
) -> Role {
    let last = words.last().map_or("", String::as_str);
    let class = column.type_class.as_str();
    if matches!(class, "binary" | "array" | "geometry" | "json" | "interval") {
        return Role::Opaque;
    }
    if is_key || class == "uuid" || matches!(last, "id" | "ids" | "uuid" | "guid") || is_short_id(words) {
        return Role::Key;
    }
    let has = |word: &str| words.iter().any(|known| known == word);
    let values = &column.samples;
    let numbers = are_numbers(values) && (class != "text" || numeric_text);
    match class {
        "boolean" => return Role::Flag,
        "date" | "datetime" if values.iter().all(|value| is_iso_date(value)) => return Role::Date,
        "time" => return Role::Text,
        _ => {}
    }
    let numeric = matches!(class, "integer" | "decimal" | "float") || numbers;
    if last.ends_with("year") || (has("year") && (numbers || class == "integer") && !has("years") && !has("old")) {
        // A few may lie long before, or be missing in some way.
        let years = values
            .iter()
            .filter(|value| value.parse::<f64>().is_ok_and(|year| (1000.0..2200.0).contains(&year)))
            .count();
        let plausible = years * 10 >= values.len() * 8;
        if plausible && (numeric || class == "text") {
            return Role::Year;
        }
    }
    if numeric && YEAR_WORDS.contains(&last) && are_recent_years(values) {
        return Role::Year;
    }
    if !values.is_empty() && values.iter().all(|value| is_iso_date(value)) {
        return Role::Date;
    }
    if (CODED_CATEGORIES.contains(&last) || has("gender") || has("sex")) && matches!(class, "integer" | "text") {
        return Role::Category;
    }
    if class == "text" && LONG_TEXT_WORDS.contains(&last) {
        return Role::Text;
    }
    let truth = values.len() <= 2 && values.iter().all(|value| truth(value).is_some());
    let asks = matches!(words.first().map(String::as_str), Some("is" | "has")) && (numeric || !values.is_empty());
    let states = FLAG_WORDS.contains(&last) && numeric;
    if truth && (asks || states) {
        return Role::Flag;
    }
    // What is true or false may be spelled in any way where no value is known.
    if FLAG_WORDS.contains(&last) && values.is_empty() && class == "text" {
        return Role::Flag;
    }
    if numeric {
        let counted = has("of") || chinese.ends_with("数");
        let code = CODE_WORDS.contains(&last)
            || (class == "text" && values.iter().all(|value| value.len() >= 9))
            || (matches!(class, "integer" | "other") && crate::people::PEOPLE.contains(&last))
            || chinese.ends_with("号")
            || chinese.ends_with("电话");
        let ordinal = ORDINAL_WORDS.contains(&last) && !has("per") && !has("average")
            || ORDINAL_CHINESE.iter().any(|end| chinese.ends_with(end));
        return match (code, ordinal) {
            _ if counted => Role::Measure,
            (true, _) => Role::Code,
            (false, true) => Role::Ordinal,
            (false, false) => Role::Measure,
        };
    }
    text_role(column, words, chinese, rows)
}

/// `pid`, `m id`: an identifier named by the first letters of its table.
pub fn is_short_id(words: &[String]) -> bool {
    const WORDS: &[&str] = &["avid", "bid", "acid", "grid", "paid", "said", "void"];
    match words {
        [word] => word.len() <= 4 && word.len() > 2 && word.ends_with("id") && !WORDS.contains(&word.as_str()),
        [letters, id] => id == "id" && letters.len() <= 2,
        _ => false,
    }
}

/// All but a few odd values (`null`, `n/a`) are numbers.
pub fn are_numbers(values: &[String]) -> bool {
    let numbers = values.iter().filter(|value| value.parse::<f64>().is_ok()).count();
    !values.is_empty() && numbers * 10 >= values.len() * 8
}

fn text_role(column: &CatalogColumn, words: &[String], chinese: &str, rows: Option<u64>) -> Role {
    let last = words.last().map_or("", String::as_str);
    let values = &column.samples;
    let longest = values.iter().map(|value| value.chars().count()).max().unwrap_or(0);
    if matches!(last, "name" | "title")
        || ["名称", "姓名", "名字", "标题"]
            .iter()
            .any(|end| chinese.ends_with(end))
    {
        return Role::Name;
    }
    if LONG_TEXT_WORDS.contains(&last) || longest > 60 {
        return Role::Text;
    }
    if !column.labels.is_empty()
        || CATEGORY_WORDS.contains(&last)
        || CATEGORY_CHINESE.iter().any(|end| chinese.ends_with(end))
        || (!values.is_empty() && values.iter().all(|value| truth(value).is_some()))
    {
        return Role::Category;
    }
    if CODE_WORDS.contains(&last) {
        return Role::Code;
    }
    let repeats = rows.is_some_and(|rows| rows as usize >= 2 * values.len()) && values.len() <= 15;
    if !values.is_empty() && repeats {
        Role::Category
    } else {
        Role::Text
    }
}

fn are_recent_years(values: &[String]) -> bool {
    let year = |value: &String| {
        value
            .parse::<f64>()
            .is_ok_and(|year| year.fract() == 0.0 && (1500.0..2100.0).contains(&year))
    };
    !values.is_empty() && values.iter().all(year)
}

/// `2020-01-31`, with or without a time after it.
pub fn is_iso_date(value: &str) -> bool {
    let bytes = value.as_bytes();
    bytes.len() >= 10
        && bytes[..10].iter().enumerate().all(|(index, byte)| match index {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        })
        && (bytes.len() == 10 || matches!(bytes[10], b' ' | b'T'))
}
