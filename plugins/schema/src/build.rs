//! From the catalog to the schema.

use std::collections::BTreeSet;

use nl2sql_sdk::types::{Catalog, Column as CatalogColumn, Table as CatalogTable};

use crate::inflect::singular;
use crate::link::{Link, links};
use crate::role::{are_numbers, role_of, truth};
use crate::words::words;
use crate::{Column, Noun, Role, Schema, Table};

/// Words at the end of a table's name that say nothing about its rows.
const EMPTY_WORDS: &[&str] = &[
    "table",
    "tbl",
    "data",
    "list",
    "info",
    "information",
    "master",
    "details",
    "records",
    "entity",
];

/// Words at the start of a table's name that say nothing about its rows.
const EMPTY_PREFIXES: &[&str] = &["tbl", "dim", "fact", "tb", "reference", "vw", "view"];

pub(crate) const PEOPLE: &[&str] = &[
    "person",
    "singer",
    "employee",
    "customer",
    "student",
    "teacher",
    "player",
    "actor",
    "author",
    "driver",
    "user",
    "member",
    "staff",
    "visitor",
    "owner",
    "professional",
    "manager",
    "director",
    "artist",
    "patient",
    "doctor",
    "client",
    "guest",
    "writer",
    "swimmer",
    "wrestler",
    "pilot",
    "captain",
    "scientist",
    "tourist",
    "architect",
    "editor",
    "physician",
    "nurse",
    "professor",
    "instructor",
    "advisor",
    "faculty",
    "highschooler",
    "sales rep",
    "agent",
    "passenger",
    "candidate",
    "representative",
    "journalist",
    "musician",
    "coach",
    "technician",
    "reviewer",
    "head",
    "victim",
    "soldier",
    "conductor",
    "participant",
    "voter",
    "contestant",
    "tutor",
    "worker",
    "supplier contact",
];

impl Schema {
    /// The schema of a catalog.
    pub fn new(catalog: &Catalog) -> Self {
        let nouns: Vec<String> = catalog.tables.iter().map(table_noun).collect();
        let links = links(catalog, &nouns);
        let mut tables: Vec<Table> = catalog
            .tables
            .iter()
            .enumerate()
            .map(|(index, table)| {
                let mut columns = BTreeSet::new();
                for link in links.iter().filter(|link| link.declared && link.child == index) {
                    columns.extend(link.columns.iter().map(|pair| pair.0));
                }
                build_table(catalog, table, &nouns[index], &columns)
            })
            .collect();
        for (index, table) in tables.iter_mut().enumerate() {
            table.junction = is_junction(index, table, &links);
            table.short = short_noun(&nouns[index], &nouns);
        }
        Self { tables, links }
    }
}

fn build_table(catalog: &Catalog, table: &CatalogTable, noun: &str, foreign: &BTreeSet<usize>) -> Table {
    let position = |name: &String| table.columns.iter().position(|column| column.name == *name);
    let key: Vec<usize> = table.primary_key.iter().filter_map(position).collect();
    let mut columns: Vec<Column> = table
        .columns
        .iter()
        .enumerate()
        .map(|(index, column)| {
            // A part of a composite key may well say something: the language of a country.
            let alone = key == [index];
            build_column(
                catalog,
                table,
                column,
                noun,
                alone || foreign.contains(&index),
                foreign.contains(&index),
            )
        })
        .collect();
    restore_clashing(&mut columns);
    let in_default = table.schema.is_none()
        || table.schema == catalog.default_schema
        || (catalog.default_schema.is_none() && table.schema.as_deref() == Some("main"));
    let label = label_of(&columns, noun);
    let unnamed = columns.iter().all(|column| column.noun.one != "name");
    if let [column] = label.as_slice()
        && unnamed
        && columns[*column].noun.one == noun
    {
        columns[*column].noun = Noun::new("name");
    }
    for column in &label {
        if columns[*column].role == Role::Text {
            columns[*column].role = Role::Name;
        }
    }
    Table {
        name: table.name.clone(),
        qualified: table
            .schema
            .as_ref()
            .map_or(table.name.clone(), |schema| format!("{schema}.{}", table.name)),
        qualifier: if in_default { None } else { table.schema.clone() },
        noun: Noun::new(noun),
        short: Noun::new(noun),
        chinese: chinese(table.comment.as_deref()).trim_end_matches('表').to_owned(),
        rows: table.row_estimate,
        person: is_person(noun, &columns),
        junction: false,
        columns,
        key,
        label,
    }
}

fn build_column(
    catalog: &Catalog,
    table: &CatalogTable,
    column: &CatalogColumn,
    noun: &str,
    is_key: bool,
    foreign: bool,
) -> Column {
    let name_parts = words(&column.name);
    let identifies = |parts: &[String]| {
        parts
            .last()
            .is_some_and(|last| matches!(last.as_str(), "id" | "code" | "number"))
    };
    let parts = match english(column.comment.as_deref()) {
        // A key whose comment names what it refers to is still called by its own name: "stadium id", not "stadium".
        Some(comment) if !(is_key && identifies(&name_parts)) => comment.split(' ').map(str::to_owned).collect(),
        _ => name_parts.clone(),
    };
    let comment = chinese(column.comment.as_deref());
    let numeric_text = catalog.dialect == "sqlite";
    let role = role_of(column, &name_parts, &comment, is_key, numeric_text, table.row_estimate);
    let is = |first: &str| parts.first().is_some_and(|part| part == first) && parts.len() > 1;
    let status = (role == Role::Flag && is("is")).then(|| format!("{} status", parts[1..].join(" ")));
    let full = if let Some(status) = status {
        status
    } else if parts.is_empty() {
        column.name.clone()
    } else {
        parts.join(" ")
    };
    let short = strip_noun(&full, noun);
    let numbers: Vec<f64> = column.samples.iter().filter_map(|value| value.parse().ok()).collect();
    let range = are_numbers(&column.samples).then(|| {
        numbers
            .iter()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
                (low.min(*value), high.max(*value))
            })
    });
    let textual = !matches!(column.type_class.as_str(), "integer" | "decimal" | "float" | "boolean")
        && !(range.is_some() && (column.type_class == "other" || role == Role::Measure));
    Column {
        name: column.name.clone(),
        noun: Noun::new(&short),
        full: Noun::new(&full),
        chinese_short: short_chinese(&comment, &chinese(table.comment.as_deref())),
        chinese: comment,
        role,
        textual,
        boolean: column.type_class == "boolean" && column.samples.iter().all(|value| truth(value).is_some()),
        nullable: column.nullable,
        foreign,
        values: values_of(column),
        range,
        whole: numbers.iter().all(|value| value.fract() == 0.0),
    }
}

fn values_of(column: &CatalogColumn) -> Vec<String> {
    let source = if column.samples.is_empty() {
        &column.labels
    } else {
        &column.samples
    };
    let usable = |value: &&String| {
        !value.trim().is_empty() && value.chars().count() <= 80 && !value.chars().any(char::is_control)
    };
    source.iter().filter(usable).cloned().collect()
}

/// `客户名称` of a 客户 is its 名称.
fn short_chinese(name: &str, noun: &str) -> String {
    let noun = noun.trim_end_matches('表');
    match name.strip_prefix(noun) {
        Some(rest) if !noun.is_empty() && rest.chars().count() >= 2 => rest.to_owned(),
        _ => name.to_owned(),
    }
}

/// `customer name` of a customer is its `name`.
fn strip_noun(full: &str, noun: &str) -> String {
    let last = noun.rsplit(' ').next().unwrap_or(noun);
    for prefix in [noun, last] {
        if let Some(rest) = full.strip_prefix(prefix).and_then(|rest| rest.strip_prefix(' '))
            && !rest.is_empty()
        {
            return rest.to_owned();
        }
    }
    full.to_owned()
}

/// Two columns of a table must not be called the same.
fn restore_clashing(columns: &mut [Column]) {
    for index in 0..columns.len() {
        let short = columns[index].noun.one.clone();
        let clashes = columns
            .iter()
            .enumerate()
            .any(|(other, column)| other != index && column.noun.one == short);
        if clashes {
            columns[index].noun = columns[index].full.clone();
        }
    }
    for index in 0..columns.len() {
        let clashes = columns[..index]
            .iter()
            .any(|column| column.noun.one == columns[index].noun.one);
        if clashes {
            let spelled = columns[index].name.replace(['_', '-', '.'], " ");
            columns[index].noun = Noun::new(&spelled);
            columns[index].full = Noun::new(&spelled);
        }
    }
}

/// What one row of the table is called.
fn table_noun(table: &CatalogTable) -> String {
    if let Some(comment) = english(table.comment.as_deref()) {
        return singular(&comment);
    }
    let mut parts = words(&table.name);
    while parts.len() > 1 && EMPTY_WORDS.contains(&parts[parts.len() - 1].as_str()) {
        parts.pop();
    }
    while parts.len() > 1 && EMPTY_PREFIXES.contains(&parts[0].as_str()) {
        parts.remove(0);
    }
    while parts.len() > 1
        && parts[parts.len() - 1]
            .chars()
            .all(|character| character.is_ascii_digit())
    {
        parts.pop();
    }
    if parts.is_empty() {
        table.name.clone()
    } else {
        singular(&parts.join(" "))
    }
}

/// The noun without the noun of another table before it: the languages of countries are kept in `countrylanguage`.
fn short_noun(noun: &str, nouns: &[String]) -> Noun {
    const EMPTY: &[&str] = &[
        "name", "type", "detail", "status", "record", "history", "code", "number", "line", "data", "item",
    ];
    let rest = nouns
        .iter()
        .filter(|other| *other != noun)
        .find_map(|other| noun.strip_prefix(other.as_str())?.strip_prefix(' '));
    match rest {
        Some(rest) if !EMPTY.contains(&rest) && !nouns.iter().any(|other| other == rest) => Noun::new(rest),
        _ => Noun::new(noun),
    }
}

/// A comment that can stand as an English noun phrase, in lower case.
fn english(comment: Option<&str>) -> Option<String> {
    let text = comment?.trim().trim_end_matches('.');
    let is_phrase = !text.is_empty()
        && text.is_ascii()
        && text.split_whitespace().count() <= 4
        && text
            .chars()
            .all(|character| character.is_ascii_alphanumeric() || " -".contains(character));
    is_phrase.then(|| {
        text.split_whitespace()
            .map(lower_unless_acronym)
            .collect::<Vec<_>>()
            .join(" ")
    })
}

fn lower_unless_acronym(word: &str) -> String {
    let acronym = word.len() > 1 && word.chars().all(|character| character.is_ascii_uppercase());
    if acronym && word != "ID" {
        word.to_owned()
    } else {
        word.to_ascii_lowercase()
    }
}

/// The noun at the head of a Chinese comment, without unit, list of values or explanation.
fn chinese(comment: Option<&str>) -> String {
    let text = comment.unwrap_or_default();
    let is_chinese = text
        .chars()
        .any(|character| ('\u{4e00}'..='\u{9fff}').contains(&character));
    if !is_chinese {
        return String::new();
    }
    let end = text
        .find(['：', ':', '（', '(', '，', ',', '；', ';', '。', '/', '['])
        .unwrap_or(text.len());
    text[..end].trim().to_owned()
}

fn is_person(noun: &str, columns: &[Column]) -> bool {
    let last = noun.rsplit(' ').next().unwrap_or(noun);
    let personal = [
        "gender",
        "sex",
        "birth date",
        "date of birth",
        "nationality",
        "age",
        "last name",
        "first name",
        "birthday",
    ];
    PEOPLE.contains(&last)
        || (["er", "or", "ist", "ian", "ee"].iter().any(|end| last.ends_with(end))
            && columns
                .iter()
                .any(|column| personal.contains(&column.noun.one.as_str())))
}

fn label_of(columns: &[Column], noun: &str) -> Vec<usize> {
    let find = |wanted: &str| {
        columns
            .iter()
            .position(|column| column.noun.one == wanted || column.full.one == wanted)
    };
    if let Some(name) = find("name")
        .or_else(|| find(noun))
        .or_else(|| find("full name"))
        .or_else(|| find("title"))
    {
        return vec![name];
    }
    if let (Some(first), Some(last)) = (find("first name"), find("last name")) {
        return vec![first, last];
    }
    let suits = |role: Role| columns.iter().position(|column| column.role == role && column.textual);
    let distinct = |column: &usize| !are_numbers(&columns[*column].values);
    suits(Role::Name)
        .or_else(|| suits(Role::Text).filter(distinct))
        .into_iter()
        .collect()
}

/// A table of two or more foreign keys and little of its own connects others.
fn is_junction(index: usize, table: &Table, links: &[Link]) -> bool {
    let parents: Vec<&Link> = links
        .iter()
        .filter(|link| link.child == index && link.declared)
        .collect();
    let foreign: BTreeSet<usize> = parents
        .iter()
        .flat_map(|link| link.columns.iter().map(|pair| pair.0))
        .collect();
    let own = (0..table.columns.len())
        .filter(|column| !foreign.contains(column) && !table.key.contains(column))
        .filter(|column| !matches!(table.columns[*column].role, Role::Key))
        .count();
    let named = table.columns.iter().any(|column| column.role == Role::Name);
    let referenced = links.iter().any(|link| link.parent == index);
    let keyed_by_parents = !table.key.is_empty() && table.key.iter().all(|column| foreign.contains(column));
    parents.len() >= 2 && !named && !referenced && (own == 0 || (own <= 2 && keyed_by_parents))
}
