//! Which columns hold what a question says: a model that is told need not guess that `Angola` is a name and no code.

use std::collections::{BTreeSet, HashMap};

use nl2sql_catalog::{Database, Table};

use crate::SearchedValues;

/// Columns named for one value; a value of more is told little by them.
const MAX_COLUMNS: usize = 3;

/// Values named for one question.
const MAX_VALUES: usize = 6;

/// Characters from which on upper and lower case are one: `us` is no country, and `in` no state.
const MIN_FOLDED: usize = 4;

/// The values of a database by their words.
#[derive(Debug, Default)]
pub struct ValueSearch {
    places: HashMap<String, Vec<Place>>,
    /// Words of the longest value.
    longest: usize,
    /// Words of the names of tables and columns: a question that says one of them means the name.
    names: BTreeSet<String>,
}

/// A value that a question says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mention {
    /// `table.column = 'value'` for each column that holds it.
    pub columns: Vec<String>,
    /// The value as these columns write it.
    pub spellings: Vec<String>,
}

impl Mention {
    /// What prompts show of mentions.
    pub fn text(mentions: &[Self]) -> String {
        let columns: Vec<&str> = mentions
            .iter()
            .flat_map(|mention| mention.columns.iter().map(String::as_str))
            .collect();
        columns.join(", ")
    }
}

/// Where a value stands.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    table: String,
    column: String,
    value: String,
}

impl ValueSearch {
    /// Prepares the search.
    pub fn new(catalog: &Database, values: &SearchedValues) -> Self {
        let mut search = Self::default();
        for table in &catalog.tables {
            search.names.extend(name_words(table));
            let Some(of_table) = values.get(&table.qualified_name()) else {
                continue;
            };
            for column in &table.columns {
                for value in of_table.get(&column.name).into_iter().flatten() {
                    search.add(table, &column.name, value);
                }
            }
        }
        search
    }

    fn add(&mut self, table: &Table, column: &str, value: &str) {
        let words = words(value);
        if words.is_empty() {
            return;
        }
        self.longest = self.longest.max(words.len());
        self.places.entry(key(&words)).or_default().push(Place {
            table: table.qualified_name(),
            column: column.to_owned(),
            value: value.to_owned(),
        });
    }

    /// The values that the question says, in its order, each longest one once; `is_allowed` (table, column) says which columns may be named.
    pub fn mentions(&self, question: &str, is_allowed: &dyn Fn(&str, &str) -> bool) -> Vec<Mention> {
        let words = words(question);
        let mut told: Vec<Mention> = Vec::new();
        let mut at = 0;
        while at < words.len() && told.len() < MAX_VALUES {
            let longest = self.longest.min(words.len() - at);
            let found = (1..=longest)
                .rev()
                .find_map(|count| Some((count, self.places_of(&words[at..at + count], is_allowed)?)));
            let Some((count, places)) = found else {
                at += 1;
                continue;
            };
            let is_told = |place: &&Place| told.iter().any(|mention| mention.columns.contains(&place.text()));
            let new: Vec<&Place> = places.into_iter().filter(|place| !is_told(place)).collect();
            if !new.is_empty() {
                told.push(Mention {
                    columns: new.iter().map(|place| place.text()).collect(),
                    spellings: new.iter().map(|place| place.value.clone()).collect(),
                });
            }
            at += count;
        }
        told
    }

    /// Columns that hold these words as a value, if that is what they are likely to mean.
    fn places_of(&self, said: &[Word<'_>], is_allowed: &dyn Fn(&str, &str) -> bool) -> Option<Vec<&Place>> {
        if let [word] = said
            && self.names.contains(singular(&word.folded))
            && !word.text.starts_with(char::is_uppercase)
        {
            return None;
        }
        let places = self
            .places
            .get(&key(said))
            .or_else(|| self.places.get(&singular_key(said)))?;
        let meant = |place: &&Place| is_meant(said, &place.value) && is_allowed(&place.table, &place.column);
        let places: Vec<&Place> = places.iter().filter(meant).take(MAX_COLUMNS).collect();
        (!places.is_empty()).then_some(places)
    }
}

impl Place {
    fn text(&self) -> String {
        format!("{}.{} = '{}'", self.table, self.column, self.value.replace('\'', "''"))
    }
}

/// A word of a text: letters and digits, or one character of a script without spaces.
struct Word<'t> {
    text: &'t str,
    folded: String,
}

/// Whether these words are likely to mean the value. A short word must be written as the value is, and be neither a number nor one of the
/// little words of every sentence (`no`, `in`, `A`).
fn is_meant(said: &[Word<'_>], value: &str) -> bool {
    let length: usize = said.iter().map(|word| word.text.chars().count()).sum();
    if said.iter().any(|word| word.text.chars().all(has_no_spaces)) {
        return length > 1;
    }
    let [word] = said else { return true };
    let is_number = word.text.chars().all(|c| c.is_ascii_digit());
    let is_little = length < 3 && word.text == word.folded || matches!(word.text, "A" | "I");
    let as_written = [word.text, singular(word.text)].contains(&value.trim());
    length >= MIN_FOLDED || as_written && !is_number && !is_little
}

fn words(text: &str) -> Vec<Word<'_>> {
    let mut words = Vec::new();
    let mut begin: Option<usize> = None;
    let mut push = |from: usize, to: usize| {
        words.push(Word {
            text: &text[from..to],
            folded: text[from..to].to_lowercase(),
        });
    };
    for (at, c) in text.char_indices() {
        let alone = has_no_spaces(c);
        if let Some(from) = begin
            && (alone || !c.is_alphanumeric())
        {
            push(from, at);
            begin = None;
        }
        if alone {
            push(at, at + c.len_utf8());
        } else if c.is_alphanumeric() {
            begin.get_or_insert(at);
        }
    }
    if let Some(from) = begin {
        push(from, text.len());
    }
    words
}

/// Han, Hiragana and Katakana, whose words are not set apart.
fn has_no_spaces(c: char) -> bool {
    matches!(c, '\u{3041}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{20000}'..='\u{323af}')
}

fn key(words: &[Word<'_>]) -> String {
    let folded: Vec<&str> = words.iter().map(|word| word.folded.as_str()).collect();
    folded.join(" ")
}

/// The key with its last word in the singular: `dogs` asks for `dog`.
fn singular_key(words: &[Word<'_>]) -> String {
    let key = key(words);
    singular(&key).to_owned()
}

fn singular(word: &str) -> &str {
    word.strip_suffix('s').unwrap_or(word)
}

/// The words that a table's and its columns' names are made of, in the singular.
fn name_words(table: &Table) -> Vec<String> {
    let names = std::iter::once(&table.name).chain(table.columns.iter().map(|column| &column.name));
    names
        .flat_map(|name| {
            let parts = name.split(|c: char| !c.is_alphanumeric());
            parts
                .map(|part| singular(&part.to_lowercase()).to_owned())
                .collect::<Vec<_>>()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use nl2sql_catalog::Column;

    use super::*;

    fn search() -> ValueSearch {
        let table = |name: &str, columns: &[&str]| Table {
            name: name.into(),
            columns: columns
                .iter()
                .map(|name| Column {
                    name: (*name).into(),
                    ..Column::default()
                })
                .collect(),
            ..Table::default()
        };
        let catalog = Database {
            tables: vec![
                table("country", &["Code", "Name", "Form"]),
                table("city", &["Name", "District"]),
                table("pet", &["type", "sex", "weight"]),
            ],
            ..Database::default()
        };
        let column = |name: &str, values: &[&str]| {
            let values = values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>();
            (name.to_owned(), values)
        };
        let values = SearchedValues::from([
            (
                "country".to_owned(),
                BTreeMap::from([
                    column("Code", &["US", "IN"]),
                    column("Name", &["Angola", "Côte d'Ivoire", "United States", "中国"]),
                    column("Form", &["Republic", "Federal Republic", "Name"]),
                ]),
            ),
            (
                "city".to_owned(),
                BTreeMap::from([column("Name", &["Angola", "Kabul"])]),
            ),
            (
                "pet".to_owned(),
                BTreeMap::from([
                    column("type", &["dog", "cat"]),
                    column("sex", &["F", "A"]),
                    column("weight", &["12", "2014", "no"]),
                ]),
            ),
        ]);
        ValueSearch::new(&catalog, &values)
    }

    fn found(question: &str) -> String {
        Mention::text(&search().mentions(question, &|_, _| true))
    }

    #[test]
    fn every_column_that_holds_a_value_is_named() {
        assert_eq!(
            found("How many people live in angola?"),
            "country.Name = 'Angola', city.Name = 'Angola'"
        );
        assert_eq!(found("Where is Kabul, and where kabul?"), "city.Name = 'Kabul'");
        assert_eq!(found("How many?"), "");
    }

    #[test]
    fn the_longest_value_counts() {
        assert_eq!(
            found("Which is a federal republic?"),
            "country.Form = 'Federal Republic'"
        );
        assert_eq!(found("people of the United States'"), "country.Name = 'United States'");
        assert_eq!(found("Côte d'Ivoire"), "country.Name = 'Côte d''Ivoire'");
        assert_eq!(found("中国有多少城市"), "country.Name = '中国'");
    }

    #[test]
    fn short_words_are_values_only_as_they_are_written() {
        assert_eq!(found("tell us of those in the US"), "country.Code = 'US'");
        assert_eq!(found("A list of females (F) of no more than 12"), "pet.sex = 'F'");
        assert_eq!(
            found("weights of dogs in 2014"),
            "pet.type = 'dog', pet.weight = '2014'"
        );
    }

    #[test]
    fn a_mention_tells_how_the_value_is_written() {
        let mentions = search().mentions("republics beside ANGOLA, and angola", &|_, _| true);
        let spellings: Vec<_> = mentions.into_iter().map(|mention| mention.spellings).collect();
        assert_eq!(spellings, [vec!["Republic"], vec!["Angola", "Angola"]]);
    }

    #[test]
    fn a_word_that_names_a_column_is_no_value() {
        assert_eq!(found("the name of each"), "");
        assert_eq!(found("the form called Name"), "country.Form = 'Name'");
    }

    #[test]
    fn columns_that_may_not_be_named_are_not() {
        let question = "Angola";
        let of_cities = search().mentions(question, &|table, _| table == "city");
        assert_eq!(Mention::text(&of_cities), "city.Name = 'Angola'");
        assert_eq!(search().mentions(question, &|_, _| false), []);
    }
}
