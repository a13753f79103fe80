//! What one statement of a script declares.

use nl2sql_catalog::{Key, Table, TableKind, TypeClass};
use nl2sql_sql_lexer::{Token, TokenKind, tokens};
use sqlparser::ast::{
    CommentObject, CreateIndex, CreateTable, CreateTableLikeKind, CreateTableOptions, CreateView, Expr, ObjectName,
    ObjectType, Set, SqliteTableOption, Statement as Parsed, Use, UserDefinedTypeRepresentation,
};
use sqlparser::dialect::{Dialect, GenericDialect};
use sqlparser::keywords::{ALL_KEYWORDS, Keyword};
use sqlparser::parser::{Parser, ParserError, ParserOptions};

use crate::alter_table::alter_table;
use crate::catalog::{Builder, NamedType};
use crate::column::{self, Written};
use crate::flavor::{ClientLines, Flavor};
use crate::script::Statement;
use crate::view_columns::ViewColumns;
use crate::{extended_property, table_text, type_name, unknown_words};

/// A declaration that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) line: usize,
    pub(crate) reason: String,
}

/// Objects whose CREATE statements a catalog is made of.
const DECLARED: [&str; 5] = ["table", "view", "type", "domain", "index"];
/// Other objects, so that a statement is not taken for a table's by a word further on.
const OTHERS: [&str; 10] = [
    "trigger",
    "procedure",
    "proc",
    "function",
    "event",
    "package",
    "schema",
    "database",
    "sequence",
    "extension",
];

/// Takes in what a statement declares; anything but declarations is passed over.
pub(crate) fn apply(statement: &Statement<'_>, flavor: &Flavor, builder: &mut Builder) -> Result<(), Fault> {
    let all = tokens(statement.text, &flavor.lexical);
    let code: Vec<&Token<'_>> = all
        .iter()
        .filter(|token| !matches!(token.kind, TokenKind::Space | TokenKind::Comment))
        .collect();
    let Some(first) = code.first() else { return Ok(()) };
    let text = &statement.text[first.start..];
    let line = statement.line + statement.text[..first.start].matches('\n').count();
    if extended_property::is_one(&code) {
        extended_property::apply(&code, builder);
        return Ok(());
    }
    if extended_property::add_default(&code, statement.text, builder) {
        return Ok(());
    }
    if !declares(&code) {
        return misspelt(&code).map_or(Ok(()), |reason| Err(Fault { line, reason }));
    }
    let fault = |error: ParserError| fault(&error, line);
    // COMMENT ON is the same everywhere, and not every dialect of the parser has it.
    let generic = GenericDialect {};
    let is_comment = first.is_word("comment");
    let dialect: &dyn Dialect = if is_comment { &generic } else { flavor.parser.as_ref() };
    let readable = unknown_words::without_unknown(text, flavor);
    // SQL Server takes a comma behind the last column.
    let options = ParserOptions::new().with_trailing_commas(flavor.client == ClientLines::Sqlcmd);
    let parser = Parser::new(dialect).with_options(options);
    let mut parser = parser.try_with_sql(&readable).map_err(fault)?;
    loop {
        let parsed = parser.parse_statement().map_err(fault)?;
        take(parsed, text, flavor, builder);
        if flavor.client == ClientLines::Sqlcmd && parser.parse_keyword(Keyword::ON) {
            // The filegroup that keeps what was declared.
            parser.parse_identifier().map_err(fault)?;
        }
        let next = parser.peek_token();
        let next = next.token.to_string();
        match next.to_ascii_lowercase().as_str() {
            "eof" => return Ok(()),
            // T-SQL needs no mark between statements; what follows may be anything.
            "create" | "alter" | "comment" | "exec" => {}
            "go" | "grant" | "insert" | "set" | "print" | "select" | "declare" | "if" => return Ok(()),
            _ => return Err(self::fault(&expected_end(&parser), line)),
        }
    }
}

fn expected_end(parser: &Parser<'_>) -> ParserError {
    let found = parser.peek_token();
    ParserError::ParserError(format!(
        "Expected: end of statement, found: {found}{}",
        found.span.start
    ))
}

/// The line of the script and what was expected there.
fn fault(error: &ParserError, first_line: usize) -> Fault {
    let text = error.to_string();
    let text = text.strip_prefix("sql parser error: ").unwrap_or(&text);
    let (reason, place) = text.rsplit_once(" at Line: ").unwrap_or((text, ""));
    let line = place.split(',').next().and_then(|line| line.parse::<usize>().ok());
    Fault {
        line: first_line + line.unwrap_or(1).max(1) - 1,
        reason: reason
            .replacen("Expected: ", "expected ", 1)
            .replacen("found: ", "found ", 1),
    }
}

/// Whether the words at the beginning are those of a declaration.
fn declares(code: &[&Token<'_>]) -> bool {
    let word = |at: usize, words: &[&str]| {
        code.get(at)
            .is_some_and(|token| words.iter().any(|word| token.is_word(word)))
    };
    if word(0, &["create"]) {
        let object = code.iter().find_map(|token| {
            let is = |word: &&&str| token.is_word(word);
            DECLARED.iter().chain(&OTHERS).find(is).copied()
        });
        let is_unique = || code.iter().take(4).any(|token| token.is_word("unique"));
        let temporary = code
            .iter()
            .take(4)
            .any(|token| token.is_word("temporary") || token.is_word("temp"));
        return match object {
            Some("index") => is_unique(),
            Some(object) => DECLARED.contains(&object) && !temporary,
            None => false,
        };
    }
    word(0, &["use"])
        || word(0, &["comment"]) && word(1, &["on", "if"])
        || word(0, &["alter"]) && word(1, &["table"]) && alters_declarations(code)
        || word(0, &["drop"]) && word(1, &["table", "view", "materialized"])
        || word(0, &["set"]) && word(1, &["search_path"])
}

/// What was expected of a statement that begins like none, so that it may be a declaration.
fn misspelt(code: &[&Token<'_>]) -> Option<String> {
    let [first, rest @ ..] = code else { return None };
    let is_known = |token: &Token<'_>| ALL_KEYWORDS.contains(&token.text.to_ascii_uppercase().as_str());
    let is_words = |token: &&&Token<'_>| token.kind == TokenKind::Word;
    if first.is_word("create") {
        let object = rest.iter().take_while(is_words).any(|token| is_known(token));
        let found = rest.first().filter(|_| !object)?;
        return Some(format!("expected an object type after CREATE, found {}", found.text));
    }
    // Clients have commands of their own, so that what follows has to look like a declaration.
    let declares = rest
        .first()
        .is_some_and(|token| DECLARED.iter().any(|object| token.is_word(object)));
    let odd = first.kind == TokenKind::Word && !is_known(first) && declares;
    odd.then(|| format!("expected a statement, found {}", first.text))
}

/// Whether ALTER TABLE changes what a table consists of: not its storage (MySQL's `ENGINE = ...`), and not whether constraints
/// are enforced (T-SQL's `NOCHECK CONSTRAINT`).
fn alters_declarations(code: &[&Token<'_>]) -> bool {
    let is = |token: &Token<'_>, words: &[&str]| words.iter().any(|word| token.is_word(word));
    let switches = code
        .windows(2)
        .any(|pair| is(pair[0], &["check", "nocheck"]) && pair[1].is_word("constraint"));
    let changes = [
        "add",
        "drop",
        "alter",
        "modify",
        "change",
        "rename",
        "column",
        "constraint",
        "comment",
    ];
    !switches && code.iter().skip(2).any(|token| is(token, &changes))
}

fn take(parsed: Parsed, text: &str, flavor: &Flavor, builder: &mut Builder) {
    match parsed {
        Parsed::CreateTable(create) => create_table(&create, text, flavor, builder),
        Parsed::CreateForeignTable(create) => {
            let mut table = named(&create.name, TableKind::Virtual, builder);
            let written = Written::new(flavor, text);
            for def in &create.columns {
                column::add(&mut table, def, &written, builder);
            }
            builder.add_table(table);
        }
        Parsed::CreateView(create) => create_view(&create, flavor, builder),
        Parsed::CreateVirtualTable { name, .. } => {
            let (_, name) = builder.qualified(&name);
            builder.note(format!(
                "{name} is left out: only its module knows the columns of a virtual table"
            ));
        }
        Parsed::CreateType { name, representation } => create_type(&name, representation.as_ref(), builder),
        Parsed::CreateDomain(domain) => {
            let base = type_name::spelled(&domain.data_type.to_string(), flavor.types);
            let declared = NamedType {
                class: TypeClass::of_type_name(&base),
                ..NamedType::default()
            };
            let (_, name) = builder.qualified(&domain.name);
            builder.add_type(&name, declared);
        }
        Parsed::CreateIndex(index) if index.unique && index.predicate.is_none() => unique_index(&index, builder),
        Parsed::AlterTable(alter) => {
            for operation in &alter.operations {
                alter_table(&alter.name, operation, text, flavor, builder);
            }
        }
        Parsed::Comment {
            object_type,
            object_name,
            comment,
            ..
        } => set_comment(&object_type, &object_name, comment, builder),
        Parsed::Drop {
            object_type: ObjectType::Table | ObjectType::View | ObjectType::MaterializedView,
            names,
            ..
        } => {
            for name in &names {
                builder.drop_table(name);
            }
        }
        Parsed::Use(Use::Object(name) | Use::Database(name)) => {
            let (_, name) = builder.qualified(&name);
            builder.use_database(name.clone());
            if flavor.default_schema.is_none() {
                builder.use_schema(name);
            }
        }
        Parsed::Use(Use::Schema(name)) => {
            let (_, name) = builder.qualified(&name);
            builder.use_schema(name);
        }
        Parsed::Set(Set::SingleAssignment { values, .. }) => search_path(&values, builder),
        _ => {}
    }
}

/// The first schema of a path that names one.
fn search_path(values: &[Expr], builder: &mut Builder) {
    if let Some(Expr::Identifier(first)) = values.first() {
        let name = builder.name(first);
        builder.use_schema(name);
    }
}

fn named(name: &ObjectName, kind: TableKind, builder: &Builder) -> Table {
    let (schema, name) = builder.qualified(name);
    Table {
        schema,
        name,
        kind,
        ..Table::default()
    }
}

fn create_table(create: &CreateTable, text: &str, flavor: &Flavor, builder: &mut Builder) {
    // What only inherits shows no more than its parent does.
    let is_part = create.partition_of.is_some() || create.inherits.is_some() && create.columns.is_empty();
    if create.temporary || is_part {
        return;
    }
    let mut table = named(&create.name, TableKind::Table, builder);
    for parent in create.inherits.iter().flatten() {
        table.columns.extend(
            builder
                .table(parent)
                .into_iter()
                .flat_map(|parent| parent.columns.clone()),
        );
    }
    if let Some(CreateTableLikeKind::Parenthesized(like) | CreateTableLikeKind::Plain(like)) = &create.like {
        table.columns.extend(
            builder
                .table(&like.name)
                .into_iter()
                .flat_map(|like| like.columns.clone()),
        );
    }
    let written = Written::new(flavor, text);
    for def in &create.columns {
        column::add(&mut table, def, &written, builder);
    }
    for constraint in &create.constraints {
        column::add_constraint(&mut table, constraint, builder);
    }
    if let Some(query) = create.query.as_ref().filter(|_| table.columns.is_empty()) {
        table.columns = ViewColumns { builder, flavor }.of_query(query).unwrap_or_default();
    }
    if let Some(key) = &create.primary_key {
        table.primary_key = key_expression(key, builder);
    }
    let options = match &create.table_options {
        CreateTableOptions::With(options)
        | CreateTableOptions::Options(options)
        | CreateTableOptions::Plain(options)
        | CreateTableOptions::TableProperties(options) => column::description(options),
        CreateTableOptions::None => None,
    };
    table.comment = create.comment.as_ref().map(ToString::to_string).or(options);
    close_keys(&mut table, flavor);
    let without_rowid = create
        .sqlite_table_options
        .options
        .contains(&SqliteTableOption::WithoutRowid);
    table.without_rowid = without_rowid;
    if flavor.integer_keys_are_identity && !without_rowid {
        number_rows(&mut table);
    }
    add_inline_comments(&mut table, text);
    if table.columns.is_empty() {
        builder.note(format!(
            "{} is left out: its columns are not declared",
            table.qualified_name()
        ));
        return;
    }
    builder.add_table(table);
}

/// ClickHouse's PRIMARY KEY behind the columns.
fn key_expression(key: &Expr, builder: &Builder) -> Vec<String> {
    match key {
        Expr::Identifier(name) => vec![builder.name(name)],
        Expr::Nested(inner) => key_expression(inner, builder),
        Expr::Tuple(parts) => parts.iter().flat_map(|part| key_expression(part, builder)).collect(),
        _ => Vec::new(),
    }
}

/// Columns of the primary key take no NULL, where the dialect says so.
pub(crate) fn close_keys(table: &mut Table, flavor: &Flavor) {
    let key = &table.primary_key;
    for column in table.columns.iter_mut().filter(|column| key.contains(&column.name)) {
        column.nullable &= !flavor.keys_are_not_null;
    }
}

/// SQLite's rows are numbered by the one key column of type INTEGER (<https://www.sqlite.org/lang_createtable.html#rowid>).
fn number_rows(table: &mut Table) {
    if let [key] = table.primary_key.as_slice()
        && let Some(column) = table.columns.iter_mut().find(|column| column.name == *key)
    {
        column.identity = column.type_name.eq_ignore_ascii_case("integer");
    }
}

/// Comments of the text, where the declaration has none.
fn add_inline_comments(table: &mut Table, text: &str) {
    let words = table_text::read(text);
    table.comment = table.comment.take().or(words.comment);
    for (name, comment) in words.columns {
        let column = table
            .columns
            .iter_mut()
            .find(|column| column.name.to_lowercase() == name);
        if let Some(column) = column {
            column.comment.get_or_insert(comment);
        }
    }
}

fn create_view(create: &CreateView, flavor: &Flavor, builder: &mut Builder) {
    let kind = if create.materialized {
        TableKind::MaterializedView
    } else {
        TableKind::View
    };
    let mut view = named(&create.name, kind, builder);
    if create.temporary {
        return;
    }
    let columns = ViewColumns { builder, flavor }.of_query(&create.query);
    let mut columns = columns.unwrap_or_default();
    if !create.columns.is_empty() {
        columns.resize_with(create.columns.len(), Default::default);
        for (column, declared) in columns.iter_mut().zip(&create.columns) {
            column.name = builder.name(&declared.name);
            column.nullable = true;
        }
    }
    if columns.is_empty() {
        builder.note(format!(
            "{} is left out: its columns cannot be told from its query",
            view.qualified_name()
        ));
        return;
    }
    view.columns = columns;
    view.comment.clone_from(&create.comment);
    builder.add_table(view);
}

fn create_type(name: &ObjectName, representation: Option<&UserDefinedTypeRepresentation>, builder: &mut Builder) {
    let declared = match representation {
        Some(UserDefinedTypeRepresentation::Enum { labels }) => NamedType {
            class: TypeClass::Enum,
            labels: labels.iter().map(|label| label.value.clone()).collect(),
            not_null: false,
        },
        _ => NamedType::default(),
    };
    let (_, name) = builder.qualified(name);
    builder.add_type(&name, declared);
}

fn unique_index(index: &CreateIndex, builder: &mut Builder) {
    let Some(table) = builder.table(&index.table_name) else {
        return;
    };
    let Some(columns) = column::plain_columns(&index.columns, table, builder) else {
        return;
    };
    let name = index.name.as_ref().map(|name| builder.qualified(name).1);
    if let Some(table) = builder.table_mut(&index.table_name) {
        table.unique_keys.push(Key { name, columns });
    }
}

fn set_comment(object: &CommentObject, name: &ObjectName, comment: Option<String>, builder: &mut Builder) {
    match object {
        CommentObject::Table | CommentObject::View | CommentObject::MaterializedView | CommentObject::ForeignTable => {
            if let Some(table) = builder.table_mut(name) {
                table.comment = comment;
            }
        }
        CommentObject::Column => {
            let Some((column, table)) = name.0.split_last() else {
                return;
            };
            let Some(column) = column.as_ident().map(|name| builder.name(name)) else {
                return;
            };
            let table = builder.table_mut(&ObjectName(table.to_vec()));
            let columns = table.into_iter().flat_map(|table| &mut table.columns);
            for known in columns.filter(|known| known.name.eq_ignore_ascii_case(&column)) {
                known.comment.clone_from(&comment);
            }
        }
        _ => {}
    }
}
