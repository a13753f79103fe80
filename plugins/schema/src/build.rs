//! From the catalog to the schema.

use std::collections::{BTreeMap, BTreeSet};

use nl2sql_sdk::types::{Catalog, Column as CatalogColumn, Table as CatalogTable};

use crate::comment::{chinese_name, english, without_owner};
use crate::inflect::plural;
use crate::label::{Rows, label_of};
use crate::link::{Link, links};
use crate::people::is_person;
use crate::phrase::{column_phrase, says_degree};
use crate::prefix::shared_prefix;
use crate::role::{FLAG_WORDS, are_numbers, is_short_id, role_of, truth};
use crate::table_noun::{short_noun, table_nouns};
use crate::terms;
use crate::words::{is_word, words};
use crate::{Column, Noun, Role, Schema, Table};

/// Says in a description's `extra` that the database compares texts of digits with numbers.
const NUMERIC_TEXTS: &str = "numeric-texts";

impl Schema {
    /// The schema of a catalog. `extra` is that of its dialect's description.
    pub fn new(catalog: &Catalog, extra: &[(String, String)]) -> Self {
        let numeric_texts = extra
            .iter()
            .any(|(name, value)| name == NUMERIC_TEXTS && value == "yes");
        let names: Vec<&str> = catalog.tables.iter().map(|table| table.name.as_str()).collect();
        let prefix = shared_prefix(&names, "");
        let catalog = &with_types_of_views(catalog);
        let guessed = table_nouns(&catalog.tables, prefix);
        let nouns = with_terms(&catalog.tables, &guessed);
        let links = links(catalog, &guessed, &nouns);
        let mut tables: Vec<Table> = catalog
            .tables
            .iter()
            .enumerate()
            .map(|(index, table)| {
                let mut columns = BTreeSet::new();
                for link in links.iter().filter(|link| link.declared && link.child == index) {
                    columns.extend(link.columns.iter().map(|pair| pair.0));
                }
                build_table(catalog, table, &nouns[index], &columns, numeric_texts)
            })
            .collect();
        for (index, table) in tables.iter_mut().enumerate() {
            table.junction = is_junction(index, table, &links);
            let named = terms::noun(&catalog.tables[index].extra, "en").is_some();
            table.short = match named {
                true => table.noun.clone(),
                false => short_noun(&nouns[index], &nouns),
            };
            // The languages of country languages, rather than of languages.
            if table
                .columns
                .iter()
                .any(|column| !column.named && column.noun.one == table.short.one)
            {
                table.short = table.noun.clone();
            }
        }
        name_short_ids(&mut tables, &links, &nouns);
        count_values(catalog, &mut tables);
        Self { tables, links }
    }
}

/// What the glossary calls rows, else what was guessed.
fn with_terms(tables: &[CatalogTable], guessed: &[String]) -> Vec<String> {
    let noun = |(table, guessed): (&CatalogTable, &String)| {
        terms::noun(&table.extra, "en").map_or_else(|| guessed.clone(), str::to_owned)
    };
    tables.iter().zip(guessed).map(noun).collect()
}

/// The noun with the plural that the glossary gives.
fn noun_of(extra: &[(String, String)], one: &str) -> Noun {
    let many = terms::plural(extra, "en").map(str::to_owned);
    Noun {
        many: many.unwrap_or_else(|| plural(one)),
        one: one.to_owned(),
    }
}

/// Databases that declare no types for the columns of views, as SQLite does for what is computed: such a column has the type of the columns
/// of tables that are called like it, where these agree.
fn with_types_of_views(catalog: &Catalog) -> Catalog {
    let is_view = |table: &CatalogTable| matches!(table.kind.as_str(), "view" | "materialized-view");
    let mut catalog = catalog.clone();
    let mut known: BTreeMap<String, BTreeSet<(String, String)>> = BTreeMap::new();
    for column in catalog
        .tables
        .iter()
        .filter(|table| !is_view(table))
        .flat_map(|table| &table.columns)
    {
        let types = (column.type_class.clone(), column.type_name.clone());
        known.entry(column.name.to_lowercase()).or_default().insert(types);
    }
    let views = catalog.tables.iter_mut().filter(|table| is_view(table));
    for column in views.flat_map(|table| &mut table.columns) {
        let untyped = column.type_name.is_empty() && column.type_class == "other";
        let types = known
            .get(&column.name.to_lowercase())
            .filter(|types| untyped && types.len() == 1);
        if let Some((class, name)) = types.and_then(BTreeSet::first) {
            column.type_class.clone_from(class);
            column.type_name.clone_from(name);
        }
    }
    catalog
}

/// Sampling stops at some number of values; a column with fewer, or with one for each row, has shown all it has.
fn count_values(catalog: &Catalog, tables: &mut [Table]) {
    let samples = |table: usize, column: usize| catalog.tables[table].columns[column].samples.len();
    let most = catalog
        .tables
        .iter()
        .flat_map(|table| &table.columns)
        .map(|column| column.samples.len())
        .max()
        .unwrap_or(0);
    for (index, table) in tables.iter_mut().enumerate() {
        for (at, column) in table.columns.iter_mut().enumerate() {
            let seen = samples(index, at);
            // Values too long to be shown are missing, so that a few below the limit are not all there are.
            let all = seen > 0 && (seen * 10 < most * 9 || table.rows == Some(seen as u64));
            column.distinct = all.then_some(seen);
        }
    }
}

/// Identifiers named by a letter are called by the table they identify a row of.
fn name_short_ids(tables: &mut [Table], links: &[Link], nouns: &[String]) {
    for (index, table) in tables.iter_mut().enumerate() {
        let key = table.key.clone();
        for (at, column) in table.columns.iter_mut().enumerate() {
            if column.named || column.role != Role::Key || !is_short_id(&words(&column.name)) {
                continue;
            }
            let link = links
                .iter()
                .find(|link| link.child == index && link.columns.iter().any(|pair| pair.0 == at));
            let (short, full) = match link {
                Some(link) => {
                    let owner = link
                        .role
                        .as_deref()
                        .filter(|role| role.len() > 3)
                        .unwrap_or(&nouns[link.parent]);
                    (format!("{owner} id"), format!("{owner} id"))
                }
                None if key == [at] => ("id".to_owned(), format!("{} id", nouns[index])),
                None => continue,
            };
            column.noun = Noun::new(&short);
            column.full = Noun::new(&full);
        }
        restore_clashing(&mut table.columns);
    }
}

fn build_table(
    catalog: &Catalog,
    table: &CatalogTable,
    noun: &str,
    foreign: &BTreeSet<usize>,
    numeric_texts: bool,
) -> Table {
    let position = |name: &String| table.columns.iter().position(|column| column.name == *name);
    let key: Vec<usize> = table.primary_key.iter().filter_map(position).collect();
    let names: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
    let prefix = shared_prefix(&names, &table.name);
    let about = About {
        table,
        noun,
        prefix,
        numeric_texts,
    };
    let mut columns: Vec<Column> = table
        .columns
        .iter()
        .enumerate()
        .map(|(index, column)| {
            // A part of a composite key may well say something: the language of a country.
            let alone = key == [index];
            let mut built = build_column(
                &about,
                column,
                alone || foreign.contains(&index),
                foreign.contains(&index),
            );
            if built.role == Role::Measure && key.contains(&index) {
                built.role = Role::Code;
            }
            built
        })
        .collect();
    restore_clashing(&mut columns);
    let in_default = table.schema.is_none()
        || table.schema == catalog.default_schema
        || (catalog.default_schema.is_none() && table.schema.as_deref() == Some("main"));
    let unique = |column: usize| {
        let name = &table.columns[column].name;
        table.unique_keys.iter().any(|key| key.columns == [name.clone()])
    };
    let display =
        terms::display(&table.extra).and_then(|display| table.columns.iter().position(|column| column.name == display));
    let label = display.map_or_else(
        || {
            label_of(&Rows {
                columns: &columns,
                noun,
                refers: !foreign.is_empty(),
                count: table.row_estimate,
                unique: &unique,
            })
        },
        |column| vec![column],
    );
    name_after_rows(&mut columns, noun);
    for column in &label {
        if matches!(columns[*column].role, Role::Text | Role::Category) {
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
        noun: noun_of(&table.extra, noun),
        short: noun_of(&table.extra, noun),
        chinese: match terms::noun(&table.extra, "zh") {
            Some(said) => said.to_owned(),
            None => chinese_name(table.comment.as_deref(), &table.name)
                .trim_end_matches('表')
                .to_owned(),
        },
        rows: table.row_estimate,
        person: is_person(noun, &columns),
        view: matches!(table.kind.as_str(), "view" | "materialized-view"),
        junction: false,
        columns,
        key,
        label,
    }
}

/// A column that is called like the rows is what these are by it: the state of a state is its name, and so is the language of a country
/// language.
fn name_after_rows(columns: &mut [Column], noun: &str) {
    let last = noun.rsplit(' ').next().unwrap_or(noun);
    for index in 0..columns.len() {
        let column = &columns[index];
        let text = matches!(column.role, Role::Name | Role::Category | Role::Text) && column.textual;
        let called = column.noun.one.clone();
        let called_so = called == noun || (called == last && text);
        if column.named || !called_so || noun == "address" {
            continue;
        }
        let said = match column.role {
            Role::Key | Role::Code if reads_as_name(column) => "name",
            Role::Key | Role::Code => "code",
            Role::Measure | Role::Ordinal => "value",
            Role::Year | Role::Date | Role::Flag | Role::Opaque => continue,
            Role::Name | Role::Category | Role::Text if text => "name",
            Role::Name | Role::Category | Role::Text => "value",
        };
        if columns.iter().all(|column| column.noun.one != said) {
            columns[index].noun = Noun::new(said);
            columns[index].full = Noun::new(&format!("{called} {said}"));
        }
    }
}

/// The values are spelled as words, and not as codes are.
fn reads_as_name(column: &Column) -> bool {
    column.textual && column.values.iter().any(|value| value.chars().any(char::is_lowercase))
}

/// Places of which a number under `capital` is no amount of money.
const PLACES_WITH_CAPITALS: &[&str] = &["country", "county", "province", "region", "state"];

/// What the columns of a table have in common.
struct About<'a> {
    table: &'a CatalogTable,
    noun: &'a str,
    /// Length of the meaningless prefix of their names.
    prefix: usize,
    /// The database compares texts of digits with numbers.
    numeric_texts: bool,
}

fn build_column(about: &About, column: &CatalogColumn, is_key: bool, foreign: bool) -> Column {
    let About {
        table,
        noun,
        prefix,
        numeric_texts,
    } = *about;
    let name_parts = without_initial(words(&column.name[prefix..]), noun);
    let identifies = |parts: &[String]| {
        parts
            .last()
            .is_some_and(|last| matches!(last.as_str(), "id" | "code" | "number"))
    };
    let parts = match english(column.comment.as_deref()) {
        // A key whose comment names what it refers to is still called by its own name: "stadium id", not "stadium".
        Some(comment) if !(is_key && identifies(&name_parts)) => {
            without_owner(&comment, noun).split(' ').map(str::to_owned).collect()
        }
        _ => name_parts.clone(),
    };
    let comment = chinese_name(column.comment.as_deref(), &column.name);
    let role = role_of(column, &name_parts, &comment, is_key, numeric_texts, table.row_estimate);
    // What a country's capital is told by is a city.
    let capital = column.type_class == "integer" && parts == ["capital"] && PLACES_WITH_CAPITALS.contains(&noun);
    let role = if capital { Role::Code } else { role };
    let is = |first: &str| parts.first().is_some_and(|part| part == first) && parts.len() > 1;
    let states = parts.last().is_some_and(|last| FLAG_WORDS.contains(&last.as_str()));
    let status = match role {
        Role::Flag if is("is") => Some(format!("{} status", parts[1..].join(" "))),
        Role::Flag if states => Some(format!("{} status", parts.join(" "))),
        _ => None,
    };
    let full = if let Some(status) = status {
        status
    } else if parts.is_empty() {
        column.name.clone()
    } else {
        column_phrase(&parts, role, counts(column))
    };
    let short = match strip_noun(&full, noun).as_str() {
        // The id of a playlist's track is the track's own: of what refers elsewhere the name says where.
        "id" | "code" | "number" if foreign => full.clone(),
        "from date" => "start date".to_owned(),
        "to date" => "end date".to_owned(),
        short => short.to_owned(),
    };
    let numbers: Vec<f64> = column.samples.iter().filter_map(|value| value.parse().ok()).collect();
    let range = are_numbers(&column.samples).then(|| {
        numbers
            .iter()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
                (low.min(*value), high.max(*value))
            })
    });
    let textual = !matches!(column.type_class.as_str(), "integer" | "decimal" | "float" | "boolean")
        && !(range.is_some() && (column.type_class == "other" || matches!(role, Role::Measure | Role::Ordinal)));
    let named = terms::noun(&column.extra, "en");
    let (noun, full) = match named {
        Some(said) => (noun_of(&column.extra, said), noun_of(&column.extra, said)),
        None => (Noun::new(&short), Noun::new(&full)),
    };
    let (chinese, chinese_short) = match terms::noun(&column.extra, "zh") {
        Some(said) => (said.to_owned(), said.to_owned()),
        None => {
            let short = short_chinese(&comment, &chinese_name(table.comment.as_deref(), &table.name));
            (comment, short)
        }
    };
    Column {
        name: column.name.clone(),
        degree: role == Role::Measure && says_degree(&noun.one),
        noun,
        full,
        chinese_short,
        chinese,
        unit: ["en", "zh"].map(|language| terms::unit(&column.extra, language)),
        named: named.is_some(),
        role,
        textual,
        boolean: column.type_class == "boolean" && column.samples.iter().all(|value| truth(value).is_some()),
        dated: matches!(column.type_class.as_str(), "date" | "datetime"),
        timed: column.type_class == "datetime"
            && (column.samples.is_empty() || column.samples.iter().any(|value| value.len() != 10)),
        nullable: column.nullable,
        foreign,
        values: values_of(column),
        distinct: None,
        range,
        whole: numbers.iter().all(|value| value.fract() == 0.0),
    }
}

/// The values are whole, so that a plural name may count things.
fn counts(column: &CatalogColumn) -> bool {
    let whole = |value: &String| value.parse::<f64>().is_ok_and(|number| number.fract() == 0.0);
    let known = !column.samples.is_empty() && column.samples.iter().all(whole);
    column.type_class == "integer" || (known && column.type_class != "decimal")
}

/// `bname` and `b_name` of a bank are its name.
fn without_initial(mut parts: Vec<String>, noun: &str) -> Vec<String> {
    let Some(initial) = noun.chars().next().filter(char::is_ascii) else {
        return parts;
    };
    match parts.as_slice() {
        [first, _, ..] if first.chars().eq([initial]) && parts[1] != "id" => {
            parts.remove(0);
        }
        [only] if !is_word(only) => {
            if let Some(rest) = only.strip_prefix(initial).filter(|rest| is_word(rest)) {
                parts = vec![rest.to_owned()];
            }
        }
        _ => {}
    }
    parts
}

fn values_of(column: &CatalogColumn) -> Vec<String> {
    let source = if column.samples.is_empty() {
        &column.labels
    } else {
        &column.samples
    };
    let usable = |value: &&String| {
        let spaced_out = value.trim() != value.as_str() || value.contains("  ");
        !value.is_empty() && !spaced_out && value.chars().count() <= 80 && !value.chars().any(char::is_control)
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
        if clashes && !columns[index].named {
            columns[index].noun = columns[index].full.clone();
        }
    }
    for index in 0..columns.len() {
        let clashes = columns[..index]
            .iter()
            .any(|column| column.noun.one == columns[index].noun.one);
        if clashes && !columns[index].named {
            let spelled = columns[index].name.replace(['_', '-', '.'], " ");
            columns[index].noun = Noun::new(&spelled);
            columns[index].full = Noun::new(&spelled);
        }
    }
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
