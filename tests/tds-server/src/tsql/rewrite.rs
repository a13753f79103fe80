//! From T-SQL to SQLite. What has no equivalent is left as it is, and SQLite's refusal becomes SQL Server's.

use super::Token;
use super::structure::{
    arguments, branches, casts, depth_zero, inside, matching_open, syntax_error, type_text, without_top,
};
use crate::tokens::SqlError;

/// What a statement can see of its session.
#[derive(Clone, Debug, Default)]
pub(crate) struct Surroundings {
    pub(crate) database: String,
    pub(crate) version_text: String,
    pub(crate) open_transactions: u32,
    pub(crate) last_rows: u64,
    pub(crate) session: u16,
}

/// A query for SQLite, and the types that its outermost casts declare, by column.
#[derive(Debug, Default)]
pub(crate) struct Rewritten {
    pub(crate) sql: String,
    pub(crate) casts: Vec<Option<String>>,
}

/// Rewrites one statement.
pub(crate) fn to_sqlite(statement: &[Token], surroundings: &Surroundings) -> Result<Rewritten, SqlError> {
    let mut writer = Writer {
        surroundings,
        sql: String::new(),
    };
    writer.query(statement)?;
    Ok(Rewritten {
        sql: writer.sql,
        casts: casts(statement),
    })
}

/// Words that SQLite reserves and T-SQL does not.
const SQLITE_WORDS: &[&str] = &[
    "limit",
    "glob",
    "isnull",
    "notnull",
    "nothing",
    "returning",
    "natural",
    "using",
    "autoincrement",
    "regexp",
    "match",
    "indexed",
    "raise",
    "abort",
    "fail",
    "temp",
    "rows",
    "filter",
    "window",
    "conflict",
];

/// Functions whose name SQLite cannot take, or that differ.
const RENAMED: &[(&str, &str)] = &[
    ("isnull", "ifnull"),
    ("left", "tsql_left"),
    ("right", "tsql_right"),
    ("replace", "replace"),
    ("ceiling", "ceil"),
    ("count_big", "count"),
    ("round", "round"),
];

/// Functions whose first argument is a part of a date, written bare.
const DATE_PART_FIRST: &[&str] = &["datepart", "datename", "dateadd", "datediff", "datetrunc"];

/// Functions that give text.
const TEXT_FUNCTIONS: &[&str] = &[
    "concat",
    "left",
    "right",
    "upper",
    "lower",
    "ltrim",
    "rtrim",
    "trim",
    "substring",
    "replace",
    "char",
    "nchar",
    "str",
    "quotename",
    "datename",
    "replicate",
    "stuff",
    "reverse",
    "space",
    "format",
];

struct Writer<'a> {
    surroundings: &'a Surroundings,
    sql: String,
}

impl Writer<'_> {
    fn put(&mut self, text: &str) {
        self.sql.push_str(text);
        self.sql.push(' ');
    }

    /// A query: branches between set operators, each with its TOP.
    fn query(&mut self, tokens: &[Token]) -> Result<(), SqlError> {
        let branches = branches(tokens);
        let alone = branches.len() == 1;
        for branch in branches {
            let (operator, body) = branch;
            for word in operator {
                self.put(word.name().unwrap_or_default());
            }
            let (body, top) = without_top(body)?;
            if top.is_some() && !alone {
                self.put("SELECT * FROM (");
            }
            self.clauses(&body)?;
            if let Some(top) = top {
                self.put("LIMIT");
                self.expression(&top)?;
                if !alone {
                    self.put(")");
                }
            }
        }
        Ok(())
    }

    /// A SELECT without its TOP, OFFSET and FETCH.
    fn clauses(&mut self, tokens: &[Token]) -> Result<(), SqlError> {
        let offset = depth_zero(tokens).find(|at| {
            tokens[*at].is("offset") && tokens[*at + 1..].iter().any(|token| token.is_one_of(&["row", "rows"]))
        });
        let Some(offset) = offset else {
            return self.expression(tokens);
        };
        self.expression(&tokens[..offset])?;
        let tail = &tokens[offset + 1..];
        let rows = tail
            .iter()
            .position(|token| token.is_one_of(&["row", "rows"]))
            .unwrap_or(tail.len());
        let fetch = tail.iter().position(|token| token.is("fetch"));
        self.put("LIMIT");
        match fetch {
            Some(fetch) => {
                let count = tail.get(fetch + 2..).unwrap_or_default();
                let end = count
                    .iter()
                    .position(|token| token.is_one_of(&["row", "rows"]))
                    .unwrap_or(count.len());
                self.expression(&count[..end])?;
            }
            None => self.put("-1"),
        }
        self.put("OFFSET");
        self.expression(&tail[..rows])
    }

    fn expression(&mut self, tokens: &[Token]) -> Result<(), SqlError> {
        let mut at = 0;
        while at < tokens.len() {
            at += self.piece(tokens, at)?;
        }
        Ok(())
    }

    /// Writes what stands at `at`; gives the number of tokens it took.
    fn piece(&mut self, tokens: &[Token], at: usize) -> Result<usize, SqlError> {
        let next = tokens.get(at + 1);
        match &tokens[at] {
            Token::Mark("(") => {
                let inside = inside(tokens, at)?;
                self.bracketed(inside)?;
                return Ok(inside.len() + 2);
            }
            Token::Mark("+") if is_textual(tokens, at) => self.put("||"),
            Token::Mark("!<") => self.put(">="),
            Token::Mark("!>") => self.put("<="),
            // Qualified names stay together.
            Token::Mark(".") => {
                self.sql.truncate(self.sql.trim_end().len());
                self.sql.push('.');
            }
            Token::Mark(mark) => self.put(mark),
            Token::Stray(c) => return Err(syntax_error(&c.to_string())),
            Token::Text(text) => self.put(&format!("'{}'", text.replace('\'', "''"))),
            Token::Number(number) => self.put(number),
            Token::Hex(digits) => {
                let padding = if digits.len() % 2 == 1 { "0" } else { "" };
                self.put(&format!("X'{padding}{digits}'"));
            }
            Token::Variable(name) => self.variable(name)?,
            word if word.is("with") && at > 0 && next == Some(&Token::Mark("(")) => {
                return Ok(inside(tokens, at + 1)?.len() + 3);
            }
            word if word.is("option") && next == Some(&Token::Mark("(")) => {
                return Ok(inside(tokens, at + 1)?.len() + 3);
            }
            word if word.is("collate") => return Ok(2),
            Token::Word(name) | Token::Name(name) => {
                if let Some(skipped) = self.database_prefix(tokens, at) {
                    return Ok(skipped);
                }
                if next == Some(&Token::Mark("(")) {
                    return self.call(tokens, at, &name.to_lowercase());
                }
                let is_member =
                    tokens.get(at.wrapping_sub(1)) == Some(&Token::Mark(".")) || next == Some(&Token::Mark("."));
                let is_bare = matches!(tokens[at], Token::Word(_)) && !is_member;
                if is_bare && !SQLITE_WORDS.iter().any(|word| name.eq_ignore_ascii_case(word)) {
                    self.put(name);
                } else {
                    self.put(&format!("`{}`", name.replace('`', "``")));
                }
            }
        }
        Ok(1)
    }

    fn bracketed(&mut self, inside: &[Token]) -> Result<(), SqlError> {
        self.put("(");
        if inside.first().is_some_and(|first| first.is_one_of(&["select", "with"])) {
            self.query(inside)?;
        } else {
            self.expression(inside)?;
        }
        self.put(")");
        Ok(())
    }

    /// `shop.dbo.customer` and `shop..customer` in the database `shop`: the tokens to skip.
    fn database_prefix(&self, tokens: &[Token], at: usize) -> Option<usize> {
        let name = tokens[at].name()?;
        let dot = Token::Mark(".");
        let is_first = at == 0 || tokens[at - 1] != dot;
        let here = name.eq_ignore_ascii_case(&self.surroundings.database);
        if !is_first || !here || tokens.get(at + 1) != Some(&dot) {
            return None;
        }
        if tokens.get(at + 2) == Some(&dot) {
            return Some(3);
        }
        (tokens.get(at + 3) == Some(&dot)).then_some(2)
    }

    fn variable(&mut self, name: &str) -> Result<(), SqlError> {
        let value = match name.to_lowercase().as_str() {
            "@@trancount" => self.surroundings.open_transactions.to_string(),
            "@@rowcount" => self.surroundings.last_rows.to_string(),
            "@@spid" => self.surroundings.session.to_string(),
            "@@version" => format!("'{}'", self.surroundings.version_text),
            "@@servername" => "'TESTSERVER'".into(),
            "@@language" => "'us_english'".into(),
            name if name.starts_with("@@") => {
                return Err(SqlError::new(
                    137,
                    15,
                    format!("Must declare the scalar variable \"{name}\"."),
                ));
            }
            _ => name.to_owned(),
        };
        self.put(&value);
        Ok(())
    }

    /// A function call; gives the number of tokens it took.
    fn call(&mut self, tokens: &[Token], at: usize, name: &str) -> Result<usize, SqlError> {
        let inside = inside(tokens, at + 1)?;
        let taken = inside.len() + 3;
        let arguments = arguments(inside);
        match name {
            "cast" | "try_cast" => {
                let of = depth_zero(inside).rfind(|at| inside[*at].is("as"));
                let of = of.ok_or_else(|| syntax_error("CAST"))?;
                self.cast(&inside[..of], &inside[of + 1..], &[])?;
            }
            "convert" | "try_convert" if arguments.len() >= 2 => {
                self.cast(
                    arguments[1],
                    arguments[0],
                    arguments.get(2).copied().unwrap_or_default(),
                )?;
            }
            "fn_my_permissions" => {
                // Its schema has been written already.
                self.sql = self.sql.trim_end_matches("`sys`.").to_owned();
                self.put("(SELECT permission_name, entity_class FROM main.my_permissions WHERE entity_class =");
                self.expression(arguments.get(1).copied().unwrap_or_default())?;
                self.put(")");
            }
            _ if DATE_PART_FIRST.contains(&name) && !arguments.is_empty() => {
                let part = arguments[0].first().and_then(Token::name).unwrap_or_default();
                self.put(&format!("{name} ('{part}',"));
                for (index, argument) in arguments[1..].iter().enumerate() {
                    if index > 0 {
                        self.put(",");
                    }
                    self.expression(argument)?;
                }
                self.put(")");
            }
            _ => {
                let is_member = at > 0 && tokens[at - 1] == Token::Mark(".");
                let renamed = RENAMED.iter().find(|(from, _)| *from == name && !is_member);
                match (renamed, &tokens[at]) {
                    (Some((_, to)), _) => self.put(to),
                    (None, Token::Word(word)) => self.put(word),
                    (None, _) => self.put(&format!("`{}`", name.replace('`', "``"))),
                }
                self.bracketed(inside)?;
            }
        }
        Ok(taken)
    }

    fn cast(&mut self, value: &[Token], ty: &[Token], style: &[Token]) -> Result<(), SqlError> {
        self.put("tsql_cast (");
        self.expression(value)?;
        self.put(&format!(", '{}'", type_text(ty)));
        if !style.is_empty() {
            self.put(",");
            self.expression(style)?;
        }
        self.put(")");
        Ok(())
    }
}

/// Whether the `+` at `at` joins texts: the operand behind it, or one before it in the same sum, is a string or a call that gives one.
fn is_textual(tokens: &[Token], at: usize) -> bool {
    let follows = match tokens.get(at + 1) {
        Some(Token::Text(_)) => true,
        Some(_) if tokens.get(at + 2) == Some(&Token::Mark("(")) => gives_text(tokens, at + 1),
        _ => false,
    };
    let mut end = at;
    while let Some(last) = end.checked_sub(1) {
        match &tokens[last] {
            Token::Text(_) => return true,
            Token::Mark(")") => {
                let Some(open) = matching_open(tokens, last) else { break };
                if open > 0 && gives_text(tokens, open - 1) {
                    return true;
                }
                end = open;
            }
            Token::Mark("+" | ".") => end = last,
            token if token.name().is_some() && !token.is_one_of(SUM_BEGINS_AFTER) => end = last,
            _ => break,
        }
    }
    follows
}

/// Words that stand before a sum, not in it.
const SUM_BEGINS_AFTER: &[&str] = &[
    "select", "distinct", "where", "and", "or", "not", "on", "by", "having", "case", "when", "then", "else", "end",
    "in", "as", "like",
];

/// Whether the call at `name` gives text.
fn gives_text(tokens: &[Token], name: usize) -> bool {
    if tokens[name].is_one_of(&["cast", "convert", "try_cast", "try_convert"]) {
        let inside = inside(tokens, name + 1).unwrap_or_default();
        return inside
            .iter()
            .any(|token| token.name().is_some_and(|word| word.to_lowercase().contains("char")));
    }
    tokens[name].is_one_of(TEXT_FUNCTIONS)
}

#[cfg(test)]
mod tests {
    use super::super::tokens;
    use super::{Surroundings, to_sqlite};

    fn rewritten(sql: &str) -> String {
        let here = Surroundings {
            database: "shop".into(),
            open_transactions: 1,
            ..Surroundings::default()
        };
        to_sqlite(&tokens(sql).unwrap(), &here).unwrap().sql.trim().to_owned()
    }

    #[test]
    fn tsql_is_rewritten_for_sqlite() {
        for (tsql, sqlite) in [
            ("SELECT TOP 3 a FROM t ORDER BY a", "SELECT a FROM t ORDER BY a LIMIT 3"),
            (
                "SELECT DISTINCT TOP (2) a FROM t UNION ALL SELECT b FROM u",
                "SELECT * FROM ( SELECT DISTINCT a FROM t LIMIT 2 ) UNION ALL SELECT b FROM u",
            ),
            (
                "SELECT a FROM t ORDER BY a OFFSET 5 ROWS FETCH NEXT 2 ROWS ONLY",
                "SELECT a FROM t ORDER BY a LIMIT 2 OFFSET 5",
            ),
            (
                "SELECT [a b] + N'x' FROM shop.dbo.t WITH (NOLOCK)",
                "SELECT `a b` || 'x' FROM `dbo`.`t`",
            ),
            (
                "SELECT 'on ' + MIN(a) + CASE b WHEN 1 THEN '' END",
                "SELECT 'on ' || MIN ( a ) || CASE b WHEN 1 THEN '' END",
            ),
            (
                "SELECT a + b, ISNULL(a, 0), @@TRANCOUNT",
                "SELECT a + b , ifnull ( a , 0 ) , 1",
            ),
            ("SELECT DATEPART(year, d), 0xF", "SELECT datepart ('year', d ) , X'0F'"),
            (
                "SELECT CAST(a AS decimal(10, 2)) FROM sys.fn_my_permissions(NULL, 'SERVER') AS p",
                "SELECT tsql_cast ( a , 'decimal(10,2)' ) FROM (SELECT permission_name, entity_class FROM main.my_permissions WHERE entity_class = 'SERVER' ) AS p",
            ),
        ] {
            assert_eq!(rewritten(tsql), sqlite);
        }
    }
}
