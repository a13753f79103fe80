//! One request at a time: draws pairs until the batch is full, keeping shares, coverage and uniqueness.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use nl2sql_sdk::description::DialectInfo;
use nl2sql_sdk::generator::{Batch, Request};
use nl2sql_sdk::types::{Catalog, Difficulty, PluginError, Sample};

use crate::grammar::{Ask, Attribute, Chooser, FAMILIES, Filter, Pair, relations};
use crate::options::Options;
use crate::quota::Quota;
use crate::random::Draw;
use crate::sql::{Dialect, hardness, render};
use crate::wording::{Language, Used};
use nl2sql_schema::{Link, Schema};

/// Draws without a new pair after which a level, or the topic, counts as exhausted.
const PATIENCE: usize = 1500;

/// Share of the questions that say synonyms of the glossary.
const OTHER_WORDS: f32 = 0.35;

/// Shares of the levels when the request names none: those of human questions.
const USUAL_LEVELS: [f32; 4] = [0.25, 0.42, 0.18, 0.15];

/// The generator bound to a catalog.
pub struct Session {
    schema: Schema,
    /// The schema in other words, where the glossary has synonyms.
    other_words: Vec<Schema>,
    dialect: Dialect,
    options: Options,
    seed: u64,
    by_name: BTreeMap<String, usize>,
}

impl Session {
    /// Binds the generator; refuses options it does not know.
    pub fn open(catalog: &Catalog, dialect: &DialectInfo, options: &str, seed: u64) -> Result<Self, PluginError> {
        let schema = Schema::new(catalog, &dialect.extra);
        let mut by_name: BTreeMap<String, usize> = BTreeMap::new();
        for (index, table) in schema.tables.iter().enumerate() {
            by_name.insert(table.qualified.clone(), index);
            by_name.entry(table.name.clone()).or_insert(index);
        }
        Ok(Self {
            schema,
            other_words: Schema::in_other_words(catalog, &dialect.extra),
            options: Options::parse(options)?,
            dialect: Dialect::new(dialect)?,
            seed,
            by_name,
        })
    }

    /// The schema as the grammar sees it.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The schema in the words of one question: now and then in synonyms.
    fn spoken(&self, draw: &mut Draw) -> &Schema {
        let other = !self.other_words.is_empty() && draw.chance(OTHER_WORDS);
        let picked = if other { draw.pick(&self.other_words) } else { None };
        picked.unwrap_or(&self.schema)
    }

    /// Samples for one topic; depends on the session and the request alone.
    pub fn generate(&self, request: &Request) -> Result<Batch, PluginError> {
        let mut notes = Vec::new();
        let mut tables = Vec::new();
        for name in &request.topic.tables {
            match self.by_name.get(name) {
                Some(table) if !self.schema.tables[*table].columns.is_empty() => tables.push(*table),
                Some(_) => notes.push(format!("table `{name}` has no columns and is left out")),
                None => notes.push(format!("table `{name}` is not in the catalog and is left out")),
            }
        }
        if tables.is_empty() {
            return Err(PluginError::new(
                "no-tables",
                format!("topic `{}` has no table to ask about", request.topic.name),
            )
            .hint("name tables of the catalog in plan.json, as `schema.table` where there are schemas"));
        }
        let languages = languages(request, &mut notes)?;
        if languages.iter().any(|(_, language, _)| *language == Language::Chinese) {
            notes.extend(self.without_chinese(&tables));
        }
        Ok(Run::new(self, request, &tables, languages).fill(notes))
    }
}

impl Session {
    /// Says that questions will mix languages, where names have no Chinese.
    fn without_chinese(&self, tables: &[usize]) -> Option<String> {
        let columns = || tables.iter().flat_map(|table| &self.schema.tables[*table].columns);
        let unnamed = columns().filter(|column| column.chinese.is_empty()).count();
        let all = columns().count();
        (unnamed * 4 > all).then(|| {
            format!(
                "{unnamed} of {all} columns have no Chinese name, so that questions mix languages; name them in [glossary] of the profile or in comments of the database"
            )
        })
    }
}

/// The languages that have a grammar, with their weights and tags.
fn languages(request: &Request, notes: &mut Vec<String>) -> Result<Vec<(String, Language, f32)>, PluginError> {
    let mut found = Vec::new();
    for (tag, weight) in &request.languages {
        match Language::of_tag(tag) {
            Some(language) if *weight > 0.0 => found.push((tag.clone(), language, *weight)),
            Some(_) => {}
            None => notes.push(format!(
                "generator-grammar words questions in `en` and `zh`, not in `{tag}`"
            )),
        }
    }
    if request.languages.is_empty() {
        found.push(("en".to_owned(), Language::English, 1.0));
    }
    if found.is_empty() {
        return Err(
            PluginError::new("unsupported-language", "none of the wanted languages has a grammar")
                .hint("ask for `en` or `zh`, or use generator-llm for other languages"),
        );
    }
    Ok(found)
}

/// The state of one request.
struct Run<'a> {
    session: &'a Session,
    request: &'a Request,
    tables: Vec<usize>,
    languages: Vec<(String, Language, f32)>,
    levels: Quota,
    tongues: Quota,
    /// How many samples have each statement.
    seen_sql: HashMap<String, u32>,
    /// Most samples that may share a statement.
    wordings: u32,
    seen_questions: HashSet<String>,
    samples: Vec<Sample>,
    /// Draws of each family, and how many gave each level.
    yields: Vec<(f32, [f32; 4])>,
}

impl<'a> Run<'a> {
    fn new(
        session: &'a Session,
        request: &'a Request,
        tables: &[usize],
        languages: Vec<(String, Language, f32)>,
    ) -> Self {
        let want = request.want as usize;
        let mut weights = [0.0_f32; 4];
        for (level, weight) in &request.difficulties {
            weights[*level as usize] += weight.max(0.0);
        }
        if weights.iter().sum::<f32>() <= 0.0 {
            weights = USUAL_LEVELS;
        }
        let done = |is: &dyn Fn(&Sample) -> bool| request.accepted.iter().filter(|sample| is(sample)).count();
        let levels_done: Vec<usize> = Difficulty::ALL
            .iter()
            .map(|level| done(&|sample| sample.difficulty == *level))
            .collect();
        let tongues_done: Vec<usize> = languages
            .iter()
            .map(|(tag, ..)| done(&|sample| sample.language == *tag))
            .collect();
        let tongue_weights: Vec<f32> = languages.iter().map(|(_, _, weight)| *weight).collect();
        let past = || {
            request
                .accepted
                .iter()
                .chain(request.rejected.iter().map(|rejection| &rejection.sample))
        };
        let wordings = wordings(request);
        Self {
            levels: Quota::new(&weights, want, &levels_done),
            tongues: Quota::new(&tongue_weights, want, &tongues_done),
            seen_sql: seen_statements(request, wordings),
            wordings,
            seen_questions: past().map(|sample| sample.question.clone()).collect(),
            samples: Vec::with_capacity(want),
            yields: vec![(1.0, [0.25; 4]); FAMILIES.len()],
            session,
            request,
            tables: tables.to_vec(),
            languages,
        }
    }

    fn fill(mut self, mut notes: Vec<String>) -> Batch {
        let topic: BTreeSet<usize> = self.tables.iter().copied().collect();
        let relations = relations(&self.session.schema, &topic, self.session.options.max_joins);
        let (uncovered, unlinked) = self.uncovered();
        let tables = self.tables.clone();
        let mut chooser = Chooser {
            schema: &self.session.schema,
            dialect: &self.session.dialect,
            tables: &tables,
            relations: &relations,
            draw: Draw::new(self.session.seed, &self.request.topic.name, self.request.round),
            uncovered,
            turns: BTreeMap::new(),
            unlinked,
            max_joins: self.session.options.max_joins,
        };
        let want = self.request.want as usize;
        let mut exhausted = false;
        while self.samples.len() < want {
            let Some(level) = self.levels.draw(&mut chooser.draw) else {
                break;
            };
            if self.next(&mut chooser, level) {
                continue;
            }
            notes.push(format!(
                "no more `{}` questions can be asked about this topic",
                Difficulty::ALL[level].name()
            ));
            if !self.levels.close(level) {
                break;
            }
        }
        // Shares are rounded down, and the last open level may have nothing more: what is missing is filled with whatever comes.
        while !exhausted && self.samples.len() < want {
            exhausted = !self.next(&mut chooser, usize::MAX);
        }
        Batch {
            samples: self.samples,
            exhausted,
            notes,
        }
    }

    /// Adds one pair of this level (any level when out of range); `false` when patience runs out.
    fn next(&mut self, chooser: &mut Chooser, level: usize) -> bool {
        for _ in 0..PATIENCE {
            let Some(family) = self.family(chooser, level) else {
                return false;
            };
            let Some(pair) = (FAMILIES[family].draw)(chooser) else {
                self.yields[family].0 += 1.0;
                continue;
            };
            if !self.session.dialect.can_say(&pair.statement) {
                self.yields[family].0 += 1.0;
                continue;
            }
            let difficulty = hardness(&pair.statement);
            let drawn = difficulty as usize;
            self.yields[family].0 += 1.0;
            self.yields[family].1[drawn] += 1.0;
            if drawn != level && level < Difficulty::ALL.len() && !self.levels.wants(drawn) {
                continue;
            }
            if self.accept(chooser, &pair, FAMILIES[family].name, difficulty) {
                self.levels.take(drawn);
                return true;
            }
        }
        false
    }

    /// A family, likelier the heavier it is and the more often it gave this level.
    fn family(&self, chooser: &mut Chooser, level: usize) -> Option<usize> {
        let weights: Vec<f32> = FAMILIES
            .iter()
            .zip(&self.yields)
            .map(|(family, (draws, levels))| {
                let factor = self.session.options.families.get(family.name).copied().unwrap_or(1.0);
                let share = levels.get(level).map_or(1.0, |found| found / draws);
                family.weight * factor * share
            })
            .collect();
        chooser.draw.weighted(&weights)
    }

    /// Words the pair, in as many ways as its SQL has room for, and keeps the questions that were not there before.
    fn accept(&mut self, chooser: &mut Chooser, pair: &Pair, family: &str, difficulty: Difficulty) -> bool {
        let schema = &self.session.schema;
        let sql = render(&pair.statement, schema, &self.session.dialect);
        let known = self.seen_sql.get(&sql).copied().unwrap_or(0);
        let room = self.wordings.saturating_sub(known) as usize;
        // New SQL first: what is there already is asked in another way where little else is left.
        if room == 0 || (known > 0 && !chooser.draw.chance(0.05)) {
            return false;
        }
        // While nothing is asked about some table, another SQL is worth more than another question.
        let ways = if self.untouched(chooser) {
            1
        } else {
            chooser.draw.weighted(&[0.6, 0.25, 0.15]).unwrap_or(0) + 1
        };
        let wanted = if known > 0 { 1 } else { ways.min(room) };
        let want = self.request.want as usize;
        let mut kept = 0;
        let mut used = Used::default();
        for _ in 0..wanted * 3 {
            if kept == wanted || self.samples.len() == want {
                break;
            }
            let Some(tongue) = self.tongues.draw(&mut chooser.draw).or(Some(0)) else {
                break;
            };
            let (tag, language, _) = &self.languages[tongue];
            let spoken = self.session.spoken(&mut chooser.draw);
            let question = language.word(&pair.ask, spoken, &mut used, &mut chooser.draw);
            if question.is_empty() || self.seen_questions.contains(&question) {
                continue;
            }
            self.tongues.take(tongue);
            self.seen_questions.insert(question.clone());
            self.samples.push(Sample {
                id: String::new(),
                topic: self.request.topic.name.clone(),
                question,
                sql: sql.clone(),
                language: tag.clone(),
                difficulty,
                tags: vec![family.to_owned()],
            });
            kept += 1;
        }
        if kept > 0 {
            *self.seen_sql.entry(sql).or_default() += kept as u32;
            cover(chooser, &pair.ask);
        }
        kept > 0
    }

    /// No pair uses any column of some table of the topic.
    fn untouched(&self, chooser: &Chooser) -> bool {
        let waits = |table: &usize, column: usize| chooser.uncovered.contains(&Attribute { table: *table, column });
        self.tables
            .iter()
            .any(|table| (0..self.session.schema.tables[*table].columns.len()).all(|column| waits(table, column)))
    }

    /// Columns and links of the topic that no accepted SQL uses.
    fn uncovered(&self) -> (BTreeSet<Attribute>, BTreeSet<usize>) {
        let schema = &self.session.schema;
        let columns_of = |table: &usize| {
            let table = *table;
            (0..schema.tables[table].columns.len()).map(move |column| Attribute { table, column })
        };
        let mut columns: BTreeSet<Attribute> = self.tables.iter().flat_map(columns_of).collect();
        let inside = |link: &&Link| self.tables.contains(&link.child) && self.tables.contains(&link.parent);
        let mut links: BTreeSet<usize> = schema
            .links
            .iter()
            .enumerate()
            .filter(|(_, link)| inside(link))
            .map(|(index, _)| index)
            .collect();
        for sample in &self.request.accepted {
            if columns.is_empty() && links.is_empty() {
                break;
            }
            let used = Names::of(&sample.sql, schema);
            columns.retain(|attribute| !used.column(*attribute));
            links.retain(|link| !used.link(&schema.links[*link]));
        }
        (columns, links)
    }
}

/// How many samples may share a statement, as the host says.
fn wordings(request: &Request) -> u32 {
    request
        .extra
        .iter()
        .find(|(name, _)| name == "wordings")
        .and_then(|(_, number)| number.parse().ok())
        .unwrap_or(1)
}

/// How many samples have each statement; one that was rejected has no room for more.
fn seen_statements(request: &Request, wordings: u32) -> HashMap<String, u32> {
    let mut seen = HashMap::new();
    for sample in &request.accepted {
        *seen.entry(sample.sql.clone()).or_default() += 1;
    }
    for rejection in &request.rejected {
        seen.insert(rejection.sample.sql.clone(), wordings);
    }
    seen
}

/// The names in a statement.
struct Names<'a> {
    schema: &'a Schema,
    sql: &'a str,
    words: HashSet<&'a str>,
}

impl<'a> Names<'a> {
    fn of(sql: &'a str, schema: &'a Schema) -> Self {
        let words = sql.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
        Self { schema, sql, words }
    }

    fn has(&self, name: &str) -> bool {
        let plain = name
            .chars()
            .all(|character| character.is_alphanumeric() || character == '_');
        if plain {
            self.words.contains(name)
        } else {
            self.sql.contains(name)
        }
    }

    fn column(&self, attribute: Attribute) -> bool {
        let table = &self.schema.tables[attribute.table];
        self.has(&table.name) && self.has(&table.columns[attribute.column].name)
    }

    /// Both ends are named; a table linked to itself stands there twice.
    fn link(&self, link: &Link) -> bool {
        let end = |table: usize, column: usize| self.column(Attribute { table, column });
        let twice = link.child != link.parent || self.sql.matches(&self.schema.tables[link.child].name).count() > 1;
        twice
            && link
                .columns
                .iter()
                .all(|(from, to)| end(link.child, *from) && end(link.parent, *to))
    }
}

/// Marks what a pair uses as covered.
fn cover(chooser: &mut Chooser, ask: &Ask) {
    let tests = ask
        .filters
        .iter()
        .chain(&ask.other_filters)
        .flat_map(Filter::tests)
        .map(|(attribute, _)| attribute);
    let attributes = ask
        .shown
        .iter()
        .copied()
        .chain(ask.by)
        .chain(ask.aggregates.iter().map(|(_, of)| *of))
        .chain(tests);
    for attribute in attributes.collect::<Vec<_>>() {
        chooser.uncovered.remove(&attribute);
    }
    let related = ask.filters.iter().chain(&ask.other_filters).flat_map(Filter::relations);
    for relation in related.chain(&ask.other).collect::<Vec<_>>() {
        let mut before = relation.from;
        for hop in &relation.hops {
            chooser.unlinked.remove(&hop.link);
            for (from, to) in &hop.columns {
                chooser.uncovered.remove(&Attribute {
                    table: before,
                    column: *from,
                });
                chooser.uncovered.remove(&Attribute {
                    table: hop.table,
                    column: *to,
                });
            }
            before = hop.table;
        }
    }
}
