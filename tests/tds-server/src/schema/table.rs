//! Tables and views as scripts declared them.

use super::quoted;

/// A column.
#[derive(Clone, Debug, Default)]
pub(crate) struct ColumnDefinition {
    pub(crate) name: String,
    /// Type in lower case without spaces, e.g. `nvarchar(40)`; that of an alias type is its name.
    pub(crate) type_text: String,
    /// What the type is made of; the same as `type_text` but for alias types.
    pub(crate) base_type: String,
    pub(crate) collation: Option<String>,
    pub(crate) nullable: bool,
    pub(crate) identity: bool,
    pub(crate) computed: Option<String>,
    /// Name and expression.
    pub(crate) default: Option<(String, String)>,
    pub(crate) comment: Option<String>,
}

/// A primary or unique key, or a unique index.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(crate) name: String,
    pub(crate) primary: bool,
    pub(crate) filtered: bool,
    pub(crate) columns: Vec<String>,
}

/// A foreign key.
#[derive(Clone, Debug)]
pub(crate) struct ForeignKey {
    pub(crate) name: String,
    pub(crate) columns: Vec<String>,
    pub(crate) target: (String, String),
    /// Empty for the primary key of the target.
    pub(crate) target_columns: Vec<String>,
}

/// A table or view.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    pub(crate) schema: String,
    pub(crate) name: String,
    pub(crate) is_view: bool,
    pub(crate) columns: Vec<ColumnDefinition>,
    pub(crate) keys: Vec<Key>,
    pub(crate) foreign_keys: Vec<ForeignKey>,
    /// Name and expression.
    pub(crate) checks: Vec<(String, String)>,
    pub(crate) rows: i64,
    pub(crate) comment: Option<String>,
}

impl ColumnDefinition {
    /// Whether its values are points in time, which are kept in one form.
    pub(crate) fn is_moment(&self) -> bool {
        ["date", "datetime", "datetime2", "smalldatetime"].contains(&self.kind())
    }

    fn kind(&self) -> &str {
        self.base_type.split('(').next().unwrap_or_default()
    }

    /// The declaration that SQLite keeps for us, word for word, and from which it takes its own idea of the type.
    pub(crate) fn declaration(&self) -> String {
        let mut declaration = self.base_type.clone();
        let digits = self
            .base_type
            .split(['(', ','])
            .nth(1)
            .and_then(|digits| digits.parse::<u32>().ok());
        let is_long = matches!(self.kind(), "decimal" | "numeric") && digits.is_some_and(|digits| digits > 15);
        if is_long || matches!(self.kind(), "sql_variant" | "uniqueidentifier") {
            // SQLite must not take the digits for a floating-point number.
            declaration += " exactblob";
        }
        if let Some(collation) = &self.collation {
            declaration += &format!(" collate {collation}");
        }
        if !self.nullable {
            declaration += " not null";
        }
        declaration
    }

    fn sqlite(&self) -> String {
        let mut column = format!("{} \"{}\"", quoted(&self.name), self.declaration());
        if ["char", "varchar", "nchar", "nvarchar", "text", "ntext"].contains(&self.kind()) {
            column += " COLLATE NOCASE";
        }
        if let Some(expression) = &self.computed {
            column += &format!(" GENERATED ALWAYS AS ({expression}) VIRTUAL");
        }
        column
    }
}

impl Table {
    pub(crate) fn is_named(&self, schema: &str, name: &str) -> bool {
        self.schema.eq_ignore_ascii_case(schema) && self.name.eq_ignore_ascii_case(name)
    }

    /// Its name for SQLite.
    pub(crate) fn quoted(&self) -> String {
        format!("{}.{}", quoted(&self.schema), quoted(&self.name))
    }

    pub(crate) fn primary_key(&self) -> &[String] {
        self.keys.iter().find(|key| key.primary).map_or(&[], |key| &key.columns)
    }

    /// Number of a column, from 1.
    pub(crate) fn column_number(&self, name: &str) -> Option<usize> {
        let found = self
            .columns
            .iter()
            .position(|column| column.name.eq_ignore_ascii_case(name));
        found.map(|at| at + 1)
    }

    /// CREATE TABLE for SQLite; what only the catalog needs is left out. `rewritten` are the expressions of computed columns.
    pub(crate) fn create(&self, rewritten: &[Option<String>]) -> String {
        let columns = self.columns.iter().zip(rewritten).map(|(column, computed)| {
            let column = ColumnDefinition {
                computed: computed.clone(),
                ..column.clone()
            };
            column.sqlite()
        });
        let mut parts: Vec<String> = columns.collect();
        if !self.primary_key().is_empty() {
            let names: Vec<String> = self.primary_key().iter().map(|name| quoted(name)).collect();
            parts.push(format!("PRIMARY KEY ({})", names.join(", ")));
        }
        format!("CREATE TABLE {} ({})", self.quoted(), parts.join(", "))
    }
}
