//! The catalog as people talk about it: nouns, roles of columns, and links between tables.

mod abbreviations;
mod bridge;
mod build;
mod comment;
pub mod inflect;
mod label;
mod link;
mod people;
mod phrase;
mod prefix;
mod role;
mod table_noun;
mod terms;
mod vocabulary;
pub mod words;

use nl2sql_sdk::types::Catalog;

pub use bridge::is_relative;
pub use link::Link;
pub use role::{Role, truth};

/// A noun phrase in both numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Noun {
    /// Singular.
    pub one: String,
    /// Plural.
    pub many: String,
}

impl Noun {
    /// The noun phrase with this singular.
    pub fn new(one: &str) -> Self {
        Self {
            one: one.to_owned(),
            many: inflect::plural(one),
        }
    }
}

/// A database with its links.
#[derive(Clone, Debug, Default)]
pub struct Schema {
    /// Tables and views, in catalog order.
    pub tables: Vec<Table>,
    /// Foreign keys that resolve, and joins that names imply.
    pub links: Vec<Link>,
}

/// A table or view.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// Name in the catalog.
    pub name: String,
    /// `schema.name`, or the bare name where there is no schema: how topics name tables.
    pub qualified: String,
    /// Schema to write before the name, where unqualified names do not find the table.
    pub qualifier: Option<String>,
    /// What one row is called in English.
    pub noun: Noun,
    /// The same without the noun of another table before it, where that leaves something: `language` of `country language`.
    pub short: Noun,
    /// What one row is called in Chinese; empty when no comment says so.
    pub chinese: String,
    /// Rows are people.
    pub person: bool,
    /// It shows what other tables hold.
    pub view: bool,
    /// The table only connects others.
    pub junction: bool,
    /// About how many rows it has, where the catalog says so.
    pub rows: Option<u64>,
    /// Columns in ordinal order.
    pub columns: Vec<Column>,
    /// Primary key.
    pub key: Vec<usize>,
    /// The columns that name a row, e.g. its name or first and last name; empty when nothing does.
    pub label: Vec<usize>,
}

/// A column.
#[derive(Clone, Debug)]
pub struct Column {
    /// Name in the catalog.
    pub name: String,
    /// What it is called in English beside its table's noun: `name` of a customer.
    pub noun: Noun,
    /// What it is called in English on its own: `customer name`.
    pub full: Noun,
    /// What it is called in Chinese; empty when no comment says so.
    pub chinese: String,
    /// The same without the table's noun before it: 姓名 of 员工姓名.
    pub chinese_short: String,
    /// What it is for.
    pub role: Role,
    /// Constants are written as strings.
    pub textual: bool,
    /// Constants are truth values.
    pub boolean: bool,
    /// Part of a declared foreign key.
    pub foreign: bool,
    /// A date by its type, and not a text that reads like one.
    pub dated: bool,
    /// A date with a time of day.
    pub timed: bool,
    /// NULL may be stored.
    pub nullable: bool,
    /// Values as display text, most frequent first; empty when the profile lets none out.
    pub values: Vec<String>,
    /// How many different values there are, where all of them are known.
    pub distinct: Option<usize>,
    /// What its numbers count, as the glossary says: in English and in Chinese.
    pub unit: [String; 2],
    /// The glossary names it.
    pub named: bool,
    /// Least and greatest of the values, as numbers.
    pub range: Option<(f64, f64)>,
    /// All values are whole numbers.
    pub whole: bool,
    /// It is a quantity whose name says a degree itself: "highest value", "average attendance".
    pub degree: bool,
}

impl Schema {
    /// The schema in other words, where the glossary has synonyms: tables, columns and links are the same and in the same order. `extra` as
    /// for [`Schema::new`].
    pub fn in_other_words(catalog: &Catalog, extra: &[(String, String)]) -> Vec<Self> {
        let catalogs = terms::in_other_words(catalog);
        catalogs.iter().map(|catalog| Self::new(catalog, extra)).collect()
    }

    /// The links that touch `table`, as (link, whether `table` is the child).
    pub fn links_of(&self, table: usize) -> impl Iterator<Item = (&Link, bool)> {
        self.links
            .iter()
            .filter(move |link| link.child == table || link.parent == table)
            .map(move |link| (link, link.child == table))
    }
}

impl Column {
    /// Sums of it mean something: an amount is summed, an age or a rank is not.
    pub fn sums(&self) -> bool {
        const LEVELS: &[&str] = &[
            "acceleration",
            "age",
            "altitude",
            "average",
            "capacity",
            "density",
            "depth",
            "displacement",
            "elevation",
            "expectancy",
            "grade",
            "height",
            "horsepower",
            "interest",
            "latitude",
            "length",
            "level",
            "longitude",
            "maximum",
            "minimum",
            "mpg",
            "percent",
            "percentage",
            "position",
            "price",
            "rank",
            "rate",
            "rating",
            "ratio",
            "score",
            "speed",
            "temperature",
            "velocity",
            "width",
            "year",
        ];
        self.role == Role::Measure && !self.noun.one.split(' ').any(|word| LEVELS.contains(&word))
    }
}

impl Table {
    /// About how many rows share a value of this column; `None` when values or row count are not known.
    pub fn rows_per_value(&self, column: usize) -> Option<f64> {
        let values = self.columns[column].distinct.filter(|values| *values > 0)?;
        self.rows.map(|rows| rows as f64 / values as f64)
    }

    /// No two rows are known to share a value of this column.
    pub fn is_unique(&self, column: usize) -> bool {
        self.key == [column] || self.rows_per_value(column).is_none_or(|rows| rows < 1.2)
    }

    /// A row may have no value in this column.
    pub fn may_lack(&self, column: usize) -> bool {
        let all_differ = self.rows_per_value(column).is_some_and(|rows| rows <= 1.0);
        self.columns[column].nullable && !self.key.contains(&column) && !all_differ
    }

    /// Columns of one of these roles.
    pub fn with_role(&self, roles: &[Role]) -> Vec<usize> {
        (0..self.columns.len())
            .filter(|column| roles.contains(&self.columns[*column].role))
            .collect()
    }

    /// The column that stands for a row in a list: its name, else its key.
    pub fn display(&self) -> Vec<usize> {
        match (self.label.is_empty(), self.key.as_slice()) {
            (false, _) => self.label.clone(),
            (true, [key]) => vec![*key],
            (true, _) => (0..self.columns.len()).take(1).collect(),
        }
    }
}
