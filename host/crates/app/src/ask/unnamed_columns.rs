//! Columns that a statement reads without naming them, in ways that analyses of dialects do not resolve.
//!
//! The policy of a key goes by the columns that were resolved. Where a statement reads a table with hidden columns, it must therefore name
//! what it reads.

use nl2sql_catalog::{Analysis, DialectInfo, TableSource, TableUse};
use nl2sql_sql_lexer::{Token, TokenKind, tokens};

/// Words that read columns which nobody names.
const WORDS: [(&str, &str); 5] = [
    ("natural", "compares columns that it does not name; use ON or USING"),
    ("table", "reads every column; use SELECT and name them"),
    ("pivot", "reads columns that it does not name; group by them instead"),
    ("unpivot", "reads columns that it does not name; select them instead"),
    ("match_recognize", "reads columns that it does not name"),
];

/// How a statement reads columns of a withheld table without naming them; nothing where it does not, or reads no such table.
pub(super) fn unnamed_columns(
    sql: &str,
    info: &DialectInfo,
    analysis: &Analysis,
    is_withheld: impl Fn(&TableUse) -> bool,
) -> Option<String> {
    let withheld = |table: &TableUse| table.source == TableSource::Catalog && is_withheld(table);
    if !analysis.tables.iter().any(&withheld) {
        return None;
    }
    let all = tokens(sql, &info.lexical);
    if all.iter().any(is_executable_comment) {
        return Some("comments that servers execute hide what they read".to_owned());
    }
    let statement = Statement {
        tokens: all.into_iter().filter(|token| !token.is_blank()).collect(),
        analysis,
    };
    (0..statement.tokens.len()).find_map(|at| {
        (statement.word(at))
            .or_else(|| statement.own_query(at, info))
            .or_else(|| statement.star(at, &withheld))
            .or_else(|| statement.renamed_columns(at, &withheld))
            .or_else(|| statement.named_join(at, info))
            .or_else(|| statement.whole_table(at, &withheld))
    })
}

/// MySQL and MariaDB read `/*! ... */` and `/*M! ... */`.
fn is_executable_comment(token: &Token<'_>) -> bool {
    token.kind == TokenKind::Comment && (token.text.starts_with("/*!") || token.text.starts_with("/*M!"))
}

/// What is written, and what the dialect resolved in it.
struct Statement<'s> {
    /// Without blanks and comments.
    tokens: Vec<Token<'s>>,
    analysis: &'s Analysis,
}

impl Statement<'_> {
    fn word(&self, at: usize) -> Option<String> {
        let (word, reason) = WORDS.iter().find(|(word, _)| self.tokens[at].is_word(word))?;
        Some(format!("{} {reason}", word.to_uppercase()))
    }

    /// A query that begins with a word of this dialect's own, such as DuckDB's FROM.
    fn own_query(&self, at: usize, info: &DialectInfo) -> Option<String> {
        let usual = ["select", "with", "values"];
        let token = &self.tokens[at];
        let mut own = info
            .guard
            .query_words
            .iter()
            .filter(|word| !usual.contains(&word.as_str()));
        let word = own.find(|word| token.is_word(word))?;
        let opens = |before: &Token<'_>| {
            let joined = ["union", "all", "except", "intersect", "by", "name"];
            before.is_mark("(") || joined.iter().any(|word| before.is_word(word))
        };
        let begins = at.checked_sub(1).is_none_or(|before| opens(&self.tokens[before]));
        begins.then(|| format!("a query that begins with {} names no columns", word.to_uppercase()))
    }

    /// `t.*` of a withheld table, or of nothing that is known.
    fn star(&self, at: usize, withheld: &impl Fn(&TableUse) -> bool) -> Option<String> {
        let is_star = self.tokens[at].is_mark("*") && at >= 2 && self.tokens[at - 1].is_mark(".");
        if !is_star {
            return None;
        }
        let owner = name_of(&self.tokens[at - 2])?;
        let mut meant = self.tables_called(&owner).peekable();
        let is_open = meant.peek().is_some()
            && meant
                .all(|table| !matches!(table.source, TableSource::Function | TableSource::Unknown) && !withheld(table));
        (!is_open).then(|| format!("`{owner}.*` reads every column; name them"))
    }

    /// `t AS q(a, b)`.
    fn renamed_columns(&self, at: usize, withheld: &impl Fn(&TableUse) -> bool) -> Option<String> {
        let name = name_of(&self.tokens[at])?;
        let opens = self.tokens.get(at + 1).is_some_and(|next| next.is_mark("("));
        (opens && self.tables_called(&name).any(withheld))
            .then(|| format!("`{name}(...)` gives columns other names; leave them as they are"))
    }

    /// `(t JOIN u ...) AS j`, `((t, u)) j` and `(t) AS j`, whose columns are read by the name that the parentheses get.
    fn named_join(&self, at: usize, info: &DialectInfo) -> Option<String> {
        if !self.tokens[at].is_mark(")") {
            return None;
        }
        let named = at + 1 + usize::from(self.tokens.get(at + 1).is_some_and(|next| next.is_word("as")));
        let name = name_of(self.tokens.get(named)?)?;
        self.tables_called(&name)
            .find(|table| table.source == TableSource::Derived)?;
        let depth = self.tokens[at].depth;
        let open = self.tokens[..at]
            .iter()
            .rposition(|token| token.is_mark("(") && token.depth == depth)?;
        let reason =
            || format!("the tables in parentheses are named `{name}`; leave the name out and name each of them");
        (!encloses_query(&self.tokens[open..=at], info)).then(reason)
    }

    /// `x IN t`, which is every column of `t`.
    fn whole_table(&self, at: usize, withheld: &impl Fn(&TableUse) -> bool) -> Option<String> {
        if !self.tokens[at].is_word("in") {
            return None;
        }
        let qualified = self.tokens.get(at + 2).is_some_and(|next| next.is_mark("."));
        let name = name_of(self.tokens.get(at + if qualified { 3 } else { 1 })?)?;
        self.tables_called(&name)
            .any(withheld)
            .then(|| format!("`IN {name}` compares every column; use IN (SELECT ...) and name them"))
    }

    /// Tables that a name may mean.
    fn tables_called(&self, name: &str) -> impl Iterator<Item = &TableUse> {
        let called = move |table: &&TableUse| {
            let own = table.alias.as_ref().unwrap_or(&table.name);
            own.eq_ignore_ascii_case(name)
        };
        self.analysis.tables.iter().filter(called)
    }
}

/// Whether parentheses, of which these are all tokens, enclose a query, and not tables.
fn encloses_query(group: &[Token<'_>], info: &DialectInfo) -> bool {
    const JOINING: [&str; 4] = ["union", "except", "intersect", "minus"];
    let [open, inside @ .., _] = group else {
        return false;
    };
    let begins = inside.first().is_some_and(|first| {
        let words = info.guard.query_words.iter().map(String::as_str);
        words
            .chain(["select", "with", "values"])
            .any(|word| first.is_word(word))
    });
    let joins = inside
        .iter()
        .filter(|token| token.depth == open.depth + 1)
        .any(|token| JOINING.iter().any(|word| token.is_word(word)));
    let is_group = |group: &[Token<'_>]| {
        let [first, middle @ .., last] = group else {
            return false;
        };
        let ends = middle
            .iter()
            .any(|token| token.is_mark(")") && token.depth == first.depth);
        first.is_mark("(") && last.is_mark(")") && !ends
    };
    begins || joins || is_group(inside) && encloses_query(inside, info)
}

/// The name that a word, a quoted name or, where engines take one for a name, a string stands for.
fn name_of(token: &Token<'_>) -> Option<String> {
    match token.kind {
        TokenKind::Word => Some(token.text.to_owned()),
        TokenKind::Name | TokenKind::String => {
            let mut inside = token.text.chars();
            inside.next();
            let quote = inside.next_back()?;
            Some(inside.as_str().replace(&format!("{quote}{quote}"), &quote.to_string()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use nl2sql_sql_lexer::{BracketNames, LexicalRules};

    use super::*;

    fn table(name: &str, alias: Option<&str>, source: TableSource) -> TableUse {
        TableUse {
            name: name.to_owned(),
            alias: alias.map(str::to_owned),
            source,
            ..TableUse::default()
        }
    }

    fn found(sql: &str, tables: Vec<TableUse>) -> Option<String> {
        let analysis = Analysis {
            tables,
            ..Analysis::default()
        };
        let mut info = DialectInfo::default();
        info.guard.query_words.push("from".to_owned());
        info.lexical = LexicalRules {
            bracket_names: BracketNames::Doubled,
            ..info.lexical
        };
        unnamed_columns(sql, &info, &analysis, |table| table.name == "t")
    }

    #[test]
    fn columns_of_a_withheld_table_are_read_by_name_alone() {
        let plain = || {
            vec![
                table("t", None, TableSource::Catalog),
                table("u", None, TableSource::Catalog),
            ]
        };
        let renamed = || vec![table("t", Some("q"), TableSource::Catalog)];
        let joined = || [plain(), vec![table("j", Some("j"), TableSource::Derived)]].concat();
        for (sql, tables) in [
            ("SELECT id FROM t NATURAL JOIN u", plain()),
            ("TABLE t", plain()),
            ("SELECT 1 FROM u WHERE EXISTS (TABLE t)", plain()),
            ("SELECT concat(t.*) FROM t", plain()),
            ("SELECT (\"t\".*)::text FROM t", plain()),
            ("SELECT b FROM t AS q(a, b)", renamed()),
            ("SELECT b FROM t \"q\" (a, b)", renamed()),
            ("SELECT j.x FROM (t JOIN u ON true) AS j", joined()),
            ("SELECT j.x FROM ((SELECT 1) AS s JOIN t ON true) j(x)", joined()),
            ("SELECT j.x FROM ((t CROSS JOIN u)) j", joined()),
            ("SELECT j.x FROM (((t JOIN u ON true))) AS j(x)", joined()),
            ("SELECT j.x FROM (t, u) AS 'j'", joined()),
            ("SELECT j.x FROM ((t)) AS [j]", joined()),
            ("SELECT j.x FROM ((SELECT 1) AS s, t) j", joined()),
            ("SELECT id FROM u WHERE (1, 2) IN t", plain()),
            ("SELECT id FROM u WHERE (1, 2) NOT IN main.\"t\"", plain()),
            ("SELECT x FROM (FROM t)", plain()),
            ("FROM t", plain()),
            ("SELECT * FROM t PIVOT (count(id) FOR x IN (1))", plain()),
            ("SELECT 1 FROM t /*! NATURAL JOIN u */", plain()),
        ] {
            assert!(found(sql, tables).is_some(), "{sql}");
        }
        for (sql, tables) in [
            ("SELECT u.*, t.id FROM t JOIN u ON (u.id = t.id)", plain()),
            (
                "SELECT count(*) FROM (SELECT id FROM t JOIN u USING (id)) AS j",
                joined(),
            ),
            ("SELECT j.id FROM ((SELECT id FROM t) UNION (SELECT 1)) AS j", joined()),
            (
                "SELECT j.id FROM ((WITH s AS (SELECT id FROM t) SELECT id FROM s)) AS j",
                joined(),
            ),
            ("SELECT count(*) AS t FROM t WHERE id IN (1)", plain()),
            ("SELECT 'NATURAL', id AS \"table\" FROM t -- TABLE t", plain()),
            (
                "SELECT * FROM u NATURAL JOIN v",
                vec![table("u", None, TableSource::Catalog)],
            ),
            ("SELECT max(id) FROM t WHERE (id) IN (1)", plain()),
        ] {
            assert_eq!(found(sql, tables), None, "{sql}");
        }
    }
}
