//! Statements with one or two tokens deleted, doubled, swapped, replaced or added.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};

/// A source of mutants that a seed decides.
pub struct Mutants {
    seed: u64,
}

impl Mutants {
    /// A new seed, or the one that `NL2SQL_TEST_SEED` names; it is printed.
    pub fn fresh(engine: &str) -> Self {
        let given = std::env::var("NL2SQL_TEST_SEED").ok();
        let seed = match given {
            Some(seed) => seed.parse().expect("NL2SQL_TEST_SEED is a number"),
            None => RandomState::new().build_hasher().finish() | 1,
        };
        println!("{engine}: NL2SQL_TEST_SEED={seed}");
        Self { seed }
    }

    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Mutants of statements whose tokens have blanks between them, without end.
    pub fn of(&self, seeds: &[&str]) -> impl Iterator<Item = String> {
        let statements: Vec<Vec<String>> = seeds.iter().map(|sql| tokens(sql)).collect();
        let pool: Vec<String> = statements.iter().flatten().cloned().collect();
        let mut random = Random(self.seed);
        std::iter::repeat_with(move || {
            let mut statement = statements[random.below(statements.len())].clone();
            for _ in 0..1 + usize::from(random.below(4) == 0) {
                mutate(&mut statement, &pool, &mut random);
            }
            text(&statement)
        })
        .filter(|sql| !sql.is_empty())
    }
}

/// Words, strings and signs; `count(*)` and `t.id` are taken apart.
fn tokens(sql: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut rest = sql.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '\'' | '`' => rest[1..].find(first).map_or(rest.len(), |end| end + 2),
            c if c.is_alphanumeric() || c == '_' => rest
                .find(|c: char| !c.is_alphanumeric() && c != '_')
                .unwrap_or(rest.len()),
            ':' | '<' if rest[1..].starts_with(['>', ':']) => 2,
            c => c.len_utf8(),
        };
        out.push(rest[..length].to_owned());
        rest = rest[length..].trim_start();
    }
    out
}

fn mutate(statement: &mut Vec<String>, pool: &[String], random: &mut Random) {
    if statement.is_empty() {
        return;
    }
    let at = random.below(statement.len());
    let other = pool[random.below(pool.len())].clone();
    match random.below(5) {
        0 => {
            statement.remove(at);
        }
        1 => statement.insert(at, statement[at].clone()),
        2 if at + 1 < statement.len() => statement.swap(at, at + 1),
        3 => statement[at] = other,
        _ => statement.insert(at, other),
    }
}

/// The tokens as people write them: no blanks around dots and before the parenthesis of a call.
fn text(tokens: &[String]) -> String {
    let mut out = String::new();
    let is_word = |token: &str| token.chars().all(|c| c.is_alphanumeric() || c == '_');
    for (index, token) in tokens.iter().enumerate() {
        let before = index.checked_sub(1).map(|before| tokens[before].as_str());
        let joined = match before {
            None => true,
            Some(".") => true,
            Some(word) if token == "(" => is_word(word),
            Some(_) => token == ".",
        };
        if !joined {
            out.push(' ');
        }
        out.push_str(token);
    }
    out
}

/// Numbers that a seed decides (xorshift64*, Vigna 2016).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % limit
    }
}
