//! Columns and constraints of CREATE TABLE and ALTER TABLE.

use nl2sql_catalog::{Check, Column, ForeignKey, Key, Table, TypeClass};
use sqlparser::ast::{
    ColumnDef, ColumnOption, DataType, EnumMember, Expr, ForeignKeyConstraint, Ident, IndexColumn, SqlOption,
    TableConstraint, Value,
};
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer, Whitespace};

use crate::catalog::Builder;
use crate::flavor::{Flavor, TypeSpelling, TypeWords};
use crate::type_name;

/// The tokens of one statement, to find the types of its columns as they are written.
pub(crate) struct Written<'f> {
    flavor: &'f Flavor,
    tokens: Vec<TokenWithSpan>,
}

impl<'f> Written<'f> {
    pub(crate) fn new(flavor: &'f Flavor, text: &str) -> Self {
        let tokens = Tokenizer::new(flavor.parser.as_ref(), text).tokenize_with_location();
        Self {
            flavor,
            tokens: tokens.unwrap_or_default(),
        }
    }

    /// The type behind the name of a column, with single blanks and without quotes around its name.
    fn type_after(&self, name: &Ident, parsed: &DataType) -> String {
        if matches!(parsed, DataType::Unspecified) {
            return String::new();
        }
        let behind = self.tokens.iter().position(|token| token.span.start == name.span.start);
        let Some(rest) = behind.map(|at| &self.tokens[at + 1..]) else {
            return parsed.to_string();
        };
        if self.flavor.type_words == TypeWords::Any {
            return spelled(any_words(rest));
        }
        let mut parser = Parser::new(self.flavor.parser.as_ref()).with_tokens_with_locations(rest.to_vec());
        if parser.parse_data_type().is_err() {
            return parsed.to_string();
        }
        spelled(&rest[..parser.index()])
    }
}

/// Words that end a type in SQLite: a constraint of the column begins.
const CONSTRAINTS: [&str; 11] = [
    "constraint",
    "primary",
    "not",
    "null",
    "unique",
    "check",
    "default",
    "collate",
    "references",
    "generated",
    "as",
];

/// The words of a type and its arguments, up to a constraint, the next column or the end.
fn any_words(tokens: &[TokenWithSpan]) -> &[TokenWithSpan] {
    let mut depth = 0_usize;
    let end = tokens.iter().position(|token| match &token.token {
        Token::LParen => {
            depth += 1;
            false
        }
        Token::RParen if depth > 0 => {
            depth -= 1;
            false
        }
        Token::RParen | Token::EOF => true,
        Token::Comma => depth == 0,
        Token::Word(word) => depth == 0 && CONSTRAINTS.iter().any(|end| end.eq_ignore_ascii_case(&word.value)),
        Token::Whitespace(blank) => !matches!(blank, Whitespace::Space | Whitespace::Newline | Whitespace::Tab),
        _ => false,
    });
    &tokens[..end.unwrap_or(tokens.len())]
}

/// Tokens as text, each run of white space as one blank.
fn spelled(tokens: &[TokenWithSpan]) -> String {
    let mut text = String::new();
    for token in tokens {
        match &token.token {
            Token::Whitespace(_) if text.ends_with([' ', '(']) => {}
            Token::Whitespace(_) => text.push(' '),
            Token::Word(word) => text.push_str(&word.value),
            token => text.push_str(&token.to_string()),
        }
    }
    text.trim().replace(" (", "(").replace(" )", ")").replace(" ,", ",")
}

/// Adds a column to a table, with the constraints that stand at it.
pub(crate) fn add(table: &mut Table, def: &ColumnDef, written: &Written<'_>, builder: &Builder) {
    let name = builder.name(&def.name);
    let as_written = written.type_after(&def.name, &def.data_type);
    let mut column = typed(name, &as_written, &def.data_type, written.flavor, builder);
    for option in &def.options {
        let constraint = option.name.as_ref().map(|name| builder.name(name));
        apply(table, &mut column, constraint, &option.option, builder);
    }
    table.columns.retain(|known| known.name != column.name);
    table.columns.push(column);
}

/// A column of this type of which nothing else is said.
fn typed(name: String, written: &str, parsed: &DataType, flavor: &Flavor, builder: &Builder) -> Column {
    let named = builder.named_type(written);
    let type_name = type_name::spelled(written, flavor.types);
    let lower = written.to_lowercase();
    let serial = flavor.types == TypeSpelling::Postgres && lower.contains("serial");
    let labels = match (named, parsed) {
        (Some(named), _) => named.labels.clone(),
        (None, DataType::Enum(members, _)) => members.iter().map(label).collect(),
        (None, DataType::Set(labels)) => labels.clone(),
        _ => Vec::new(),
    };
    Column {
        type_class: match named {
            Some(named) => named.class,
            None if !labels.is_empty() => TypeClass::Enum,
            None => TypeClass::of_type_name(&type_name),
        },
        nullable: (flavor.nullable || lower.contains("nullable("))
            && !serial
            && !named.is_some_and(|named| named.not_null),
        identity: serial,
        name,
        type_name,
        labels,
        ..Column::default()
    }
}

fn label(member: &EnumMember) -> String {
    match member {
        EnumMember::Name(label) | EnumMember::NamedValue(label, _) => label.clone(),
    }
}

/// Puts the definition of a column in place of another's (MODIFY, CHANGE, ALTER ... TYPE).
pub(crate) fn redefine(
    table: &mut Table,
    old: &str,
    new: &Ident,
    data_type: &DataType,
    options: &[ColumnOption],
    flavor: &Flavor,
    builder: &Builder,
) {
    let name = builder.name(new);
    let mut column = typed(name.clone(), &data_type.to_string(), data_type, flavor, builder);
    for option in options {
        apply(table, &mut column, None, option, builder);
    }
    rename(table, old, &name);
    if let Some(known) = table.columns.iter_mut().find(|known| known.name == name) {
        *known = column;
    }
}

/// Renames a column, also in the constraints of its table.
pub(crate) fn rename(table: &mut Table, old: &str, new: &str) {
    let keys = table.unique_keys.iter_mut().flat_map(|key| &mut key.columns);
    let foreign = table.foreign_keys.iter_mut().flat_map(|key| &mut key.columns);
    let columns = table.columns.iter_mut().map(|column| &mut column.name);
    for name in columns.chain(&mut table.primary_key).chain(keys).chain(foreign) {
        if name.eq_ignore_ascii_case(old) {
            new.clone_into(name);
        }
    }
}

fn apply(table: &mut Table, column: &mut Column, constraint: Option<String>, option: &ColumnOption, builder: &Builder) {
    match option {
        ColumnOption::Null => column.nullable = true,
        ColumnOption::NotNull => column.nullable = false,
        ColumnOption::Default(value) => set_default(column, value),
        ColumnOption::PrimaryKey(_) => table.primary_key = vec![column.name.clone()],
        ColumnOption::Unique(_) => table.unique_keys.push(Key {
            name: constraint,
            columns: vec![column.name.clone()],
        }),
        ColumnOption::ForeignKey(key) => {
            let key = foreign_key(key, constraint, vec![column.name.clone()], builder);
            table.foreign_keys.push(key);
        }
        ColumnOption::Check(check) => table.checks.push(Check {
            name: constraint.or_else(|| check.name.as_ref().map(|name| builder.name(name))),
            expression: check.expr.to_string(),
        }),
        ColumnOption::DialectSpecific(tokens) => {
            let words = tokens.iter().map(|token| token.to_string().to_ascii_uppercase());
            column.identity |= words.into_iter().any(|word| word.starts_with("AUTO"));
        }
        ColumnOption::Comment(comment) => column.comment = Some(comment.clone()),
        ColumnOption::Generated { generation_expr, .. } => match generation_expr {
            Some(_) => column.generated = true,
            None => (column.identity, column.nullable) = (true, false),
        },
        ColumnOption::Identity(_) => (column.identity, column.nullable) = (true, false),
        ColumnOption::Materialized(_) | ColumnOption::Alias(_) => column.generated = true,
        ColumnOption::Options(options) => column.comment = description(options).or(column.comment.take()),
        _ => {}
    }
}

/// A default; that of a sequence means that the server assigns the value, and NULL is none.
pub(crate) fn set_default(column: &mut Column, value: &Expr) {
    let text = value.to_string();
    column.identity |= text.to_lowercase().starts_with("nextval(");
    column.default = (!text.eq_ignore_ascii_case("null")).then_some(text);
}

/// The text of `description = '...'` or `comment = '...'`.
pub(crate) fn description(options: &[SqlOption]) -> Option<String> {
    options.iter().find_map(|option| match option {
        SqlOption::Comment(comment) => Some(comment.to_string()),
        SqlOption::KeyValue { key, value } => {
            let key = key.to_string().to_lowercase();
            match value {
                Expr::Value(value) if ["description", "comment"].contains(&key.as_str()) => text_of(&value.value),
                _ => None,
            }
        }
        _ => None,
    })
}

fn text_of(value: &Value) -> Option<String> {
    value.clone().into_string()
}

/// Adds a constraint of a table; indexes that are not unique say nothing.
pub(crate) fn add_constraint(table: &mut Table, constraint: &TableConstraint, builder: &Builder) {
    let named = |name: &Option<Ident>| name.as_ref().map(|name| builder.name(name));
    match constraint {
        TableConstraint::PrimaryKey(key) => {
            if let Some(columns) = plain_columns(&key.columns, table, builder) {
                table.primary_key = columns;
            }
        }
        TableConstraint::Unique(key) => {
            if let Some(columns) = plain_columns(&key.columns, table, builder) {
                let name = named(&key.name).or_else(|| named(&key.index_name));
                table.unique_keys.push(Key { name, columns });
            }
        }
        TableConstraint::ForeignKey(key) => {
            let columns = key
                .columns
                .iter()
                .map(|column| own_name(table, &builder.name(column)))
                .collect();
            table
                .foreign_keys
                .push(foreign_key(key, named(&key.name), columns, builder));
        }
        TableConstraint::Check(check) => table.checks.push(Check {
            name: named(&check.name),
            expression: check.expr.to_string(),
        }),
        _ => {}
    }
}

fn foreign_key(
    key: &ForeignKeyConstraint,
    name: Option<String>,
    columns: Vec<String>,
    builder: &Builder,
) -> ForeignKey {
    let (ref_schema, ref_table) = builder.qualified(&key.foreign_table);
    ForeignKey {
        name,
        columns,
        ref_schema,
        ref_table,
        ref_columns: key.referred_columns.iter().map(|column| builder.name(column)).collect(),
    }
}

/// The columns of a key; nothing where one is an expression.
pub(crate) fn plain_columns(columns: &[IndexColumn], table: &Table, builder: &Builder) -> Option<Vec<String>> {
    let plain = |column: &IndexColumn| match &column.column.expr {
        Expr::Identifier(name) => Some(own_name(table, &builder.name(name))),
        Expr::Function(prefix) => prefix
            .name
            .0
            .last()?
            .as_ident()
            .map(|name| own_name(table, &builder.name(name))),
        _ => None,
    };
    columns.iter().map(plain).collect()
}

/// The name as the table spells it.
fn own_name(table: &Table, name: &str) -> String {
    let known = table.columns.iter().map(|column| &column.name);
    known
        .into_iter()
        .find(|known| known.eq_ignore_ascii_case(name))
        .map_or_else(|| name.to_owned(), String::clone)
}
