//! What follows a table in FROM (hints, samples, partitions), and clauses that T-SQL alone has.

use super::{Parsed, Parser};
use crate::ast::{IndexHint, List, Name, Select, TableId, TableRef, TokenId};
use crate::keyword::Kw;
use crate::reserved;
use crate::token::Tok;

/// Hints that take the locks of a change.
const LOCKING_HINTS: [&str; 3] = ["updlock", "xlock", "tablockx"];

impl Parser<'_> {
    /// TOP with its count; true when T-SQL's grammar may go without a select list after it.
    pub(super) fn top(&mut self, select: &mut Select) -> Parsed<bool> {
        if self.kw() != Kw::TOP {
            return Ok(false);
        }
        let start = self.bump();
        select.top = Some(match self.kind() {
            Tok::LParen | Tok::Number | Tok::Param => self.primary()?,
            _ => return self.expected("a row count after TOP"),
        });
        let percent = self.eat_kw(Kw::PERCENT);
        let ties = self.eat_all(&[Kw::WITH, Kw::TIES]);
        select.top_relative = percent || ties;
        select.top_tokens = Some((start, self.here()));
        Ok(percent && matches!(self.kind(), Tok::End | Tok::Semi))
    }

    /// What may stand between a table's name and its alias.
    pub(super) fn table_modifiers_before_alias(&mut self) -> Parsed<()> {
        if self.mysql() && self.kw() == Kw::PARTITION && self.kind_at(1) == Tok::LParen {
            self.bump();
            self.name_list()?;
        }
        if self.postgres() {
            self.eat(Tok::Star);
        }
        if self.tsql() || self.mysql() {
            self.system_time()?;
        }
        if self.tsql() && self.is_legacy_hint() {
            self.table_hints()?;
        }
        if self.tsql() {
            self.table_sample()?;
        }
        Ok(())
    }

    /// What may stand after a table's alias; `table` is its name where that is looked up.
    pub(super) fn table_modifiers_after_alias(&mut self, table: Option<Name>) -> Parsed<()> {
        match self.dialect {
            crate::dialect::Dialect::Sqlite => {
                if self.eat_all(&[Kw::INDEXED, Kw::BY]) {
                    let index = self.name_token(reserved::COLUMN, "an index")?;
                    self.note_index(table, index);
                } else {
                    self.eat_all(&[Kw::NOT, Kw::INDEXED]);
                }
            }
            crate::dialect::Dialect::Postgres => self.table_sample()?,
            crate::dialect::Dialect::Mysql => self.index_hints(table)?,
            crate::dialect::Dialect::Tsql => {
                self.table_sample()?;
                if self.kw() == Kw::WITH && self.kind_at(1) == Tok::LParen {
                    self.bump();
                    self.table_hints()?;
                } else if self.is_legacy_hint() {
                    self.table_hints()?;
                }
            }
        }
        Ok(())
    }

    /// `(nolock)` without WITH, as old T-SQL writes it.
    pub(super) fn is_legacy_hint(&self) -> bool {
        const HINTS: [&str; 14] = [
            "nolock",
            "readuncommitted",
            "updlock",
            "holdlock",
            "rowlock",
            "tablock",
            "tablockx",
            "paglock",
            "readpast",
            "xlock",
            "readcommitted",
            "repeatableread",
            "serializable",
            "nowait",
        ];
        self.tsql()
            && self.kind() == Tok::LParen
            && matches!(self.kind_at(2), Tok::RParen | Tok::Comma)
            && self.kind_at(1) == Tok::Word
            && HINTS
                .iter()
                .any(|hint| self.text(self.here() + 1).eq_ignore_ascii_case(hint))
    }

    /// `(hint, hint(argument), ...)`.
    fn table_hints(&mut self) -> Parsed<()> {
        self.open()?;
        loop {
            let known = matches!(self.kw(), Kw::INDEX | Kw::HOLDLOCK) || self.is_name(0, reserved::COLUMN);
            if self.kind() != Tok::Word || !known {
                return self.expected("a table hint");
            }
            let hint = self.text(self.here());
            if LOCKING_HINTS.iter().any(|locking| hint.eq_ignore_ascii_case(locking)) {
                let reason = format!("the hint {} locks what it reads", hint.to_uppercase());
                self.not_read_only(&reason);
            }
            self.bump();
            if self.eat(Tok::LParen) {
                self.expr_list()?;
                self.close()?;
            } else if self.eat(Tok::Eq) {
                self.expr()?;
            }
            if !self.eat(Tok::Comma) {
                break;
            }
        }
        self.close()?;
        Ok(())
    }

    fn table_sample(&mut self) -> Parsed<()> {
        if !self.eat_kw(Kw::TABLESAMPLE) {
            return Ok(());
        }
        if self.postgres() {
            self.qualified_name(reserved::FUNCTION, "a sampling method")?;
        } else {
            self.eat_kw(Kw::SYSTEM);
        }
        self.open()?;
        if self.tsql() && !matches!(self.kind(), Tok::Number | Tok::Param | Tok::LParen) {
            return self.expected("a sample size");
        }
        self.expr_list()?;
        if self.tsql() {
            self.eat_any(&[Kw::PERCENT, Kw::ROWS]);
        }
        self.close()?;
        if self.eat_kw(Kw::REPEATABLE) {
            self.open()?;
            self.expr()?;
            self.close()?;
        }
        Ok(())
    }

    /// FOR SYSTEM_TIME AS OF, FROM .. TO, BETWEEN, CONTAINED IN, ALL.
    fn system_time(&mut self) -> Parsed<()> {
        if !(self.kw() == Kw::FOR && self.kw_at(1) == Kw::SYSTEM_TIME) {
            return Ok(());
        }
        self.at += 2;
        if self.eat_kw(Kw::ALL) {
            return Ok(());
        }
        if self.eat_all(&[Kw::AS, Kw::OF]) {
            self.eat_kw(Kw::TIMESTAMP);
            self.instant()?;
        } else if self.eat_kw(Kw::FROM) {
            self.instant()?;
            self.expect_kw(Kw::TO)?;
            self.instant()?;
        } else if self.eat_kw(Kw::BETWEEN) {
            self.instant()?;
            self.expect_kw(Kw::AND)?;
            self.instant()?;
        } else if self.eat_all(&[Kw::CONTAINED, Kw::IN]) {
            self.open()?;
            self.expr_list()?;
            self.close()?;
        } else {
            return self.expected("a period after FOR SYSTEM_TIME");
        }
        Ok(())
    }

    fn instant(&mut self) -> Parsed<()> {
        self.expr_above(super::infix::COMPARE_POWER)?;
        Ok(())
    }

    fn note_index(&mut self, table: Option<Name>, index: TokenId) {
        let hint = table.map(|table| IndexHint {
            table: table.last,
            index,
        });
        self.ast.index_hints.extend(hint);
    }

    /// MySQL's USE, FORCE and IGNORE INDEX.
    fn index_hints(&mut self, table: Option<Name>) -> Parsed<()> {
        while matches!(self.kw(), Kw::USE | Kw::FORCE | Kw::IGNORE) && matches!(self.kw_at(1), Kw::INDEX | Kw::KEY) {
            let may_be_empty = self.kw() == Kw::USE;
            self.at += 2;
            if self.eat_kw(Kw::FOR) {
                let known =
                    self.eat_kw(Kw::JOIN) || self.eat_all(&[Kw::ORDER, Kw::BY]) || self.eat_all(&[Kw::GROUP, Kw::BY]);
                if !known {
                    return self.expected("JOIN, ORDER BY or GROUP BY");
                }
            }
            self.open()?;
            while self.kw() == Kw::PRIMARY || self.is_name(0, reserved::COLUMN) {
                let index = self.bump();
                self.note_index(table, index);
                if !self.eat(Tok::Comma) {
                    break;
                }
                if self.kind() == Tok::RParen {
                    return self.expected("an index");
                }
            }
            if !may_be_empty && self.kind_before() == Tok::LParen {
                return self.expected("an index");
            }
            self.close()?;
        }
        Ok(())
    }

    /// A table variable, or a method call on an XML variable.
    pub(super) fn variable_table(&mut self, token: u32) -> Parsed<TableId> {
        let call = self.primary()?;
        let calls = self.one(call);
        let alias = self.table_alias()?;
        self.table_modifiers_after_alias(None)?;
        let kind = TableRef::Function {
            calls,
            declared: List::default(),
            ordinality: false,
            lateral: false,
            alias,
        };
        Ok(self.table_node(kind, token))
    }

    /// WITH (name type ['path'] [AS JSON], ...) after OPENJSON: tokens of the names.
    pub(super) fn openjson_columns(&mut self) -> Parsed<List> {
        self.bump();
        self.open()?;
        let mark = self.scratch.ids.len();
        loop {
            let column = self.name_token(reserved::COLUMN, "a column name")?;
            self.scratch.ids.push(column);
            self.type_name()?;
            self.eat(Tok::Str);
            self.eat_all(&[Kw::AS, Kw::JSON]);
            if !self.eat(Tok::Comma) {
                break;
            }
        }
        self.close()?;
        Ok(self.list_from(mark))
    }

    /// PIVOT and UNPIVOT after a table.
    pub(super) fn pivots(&mut self, mut inner: TableId) -> Parsed<TableId> {
        while matches!(self.kw(), Kw::PIVOT | Kw::UNPIVOT) {
            let pivot = self.kw() == Kw::PIVOT;
            let token = self.bump();
            self.open()?;
            let mark = self.scratch.ids.len();
            let start = self.here();
            if pivot {
                self.expr_list()?;
                let end = self.here();
                self.scratch.ids.extend(start..end);
            } else {
                let value = self.name_token(reserved::COLUMN, "a column name")?;
                self.scratch.ids.push(value);
            }
            self.expect_kw(Kw::FOR)?;
            let column = self.qualified_name(reserved::COLUMN, "a column name")?.last;
            self.scratch.ids.push(column);
            let outer = self.list_from(mark);
            self.expect_kw(Kw::IN)?;
            let names = self.name_list()?;
            self.close()?;
            let alias = self.table_alias()?;
            let (removed, added) = if pivot { (outer, names) } else { (names, outer) };
            let kind = TableRef::Pivot {
                inner,
                removed,
                added,
                alias,
            };
            inner = self.table_node(kind, token);
        }
        Ok(inner)
    }

    /// FOR XML, FOR JSON, FOR BROWSE.
    pub(super) fn for_clause(&mut self) -> Parsed<()> {
        if self.kw() != Kw::FOR {
            return Ok(());
        }
        self.bump();
        if self.eat_kw(Kw::BROWSE) {
            return Ok(());
        }
        if !self.eat_any(&[Kw::XML, Kw::JSON]) {
            return self.expected("XML, JSON or BROWSE");
        }
        if !self.eat_any(&[Kw::RAW, Kw::AUTO, Kw::EXPLICIT, Kw::PATH]) {
            return self.expected("RAW, AUTO, EXPLICIT or PATH");
        }
        self.string_in_parens()?;
        while self.eat(Tok::Comma) {
            if self.kind() != Tok::Word {
                return self.expected("a directive");
            }
            let directive = self.kw();
            self.bump();
            match directive {
                Kw::BINARY => {
                    self.name_token(reserved::ALIAS, "BASE64")?;
                }
                Kw::ELEMENTS if self.kind() == Tok::Word && !matches!(self.kw(), Kw::OPTION) => {
                    self.bump();
                }
                _ => self.string_in_parens()?,
            }
        }
        Ok(())
    }

    fn string_in_parens(&mut self) -> Parsed<()> {
        if self.eat(Tok::LParen) {
            self.expect(Tok::Str, "a string")?;
            self.close()?;
        }
        Ok(())
    }

    /// OPTION (hint, ...).
    pub(super) fn option_clause(&mut self) -> Parsed<()> {
        if !(self.kw() == Kw::OPTION && self.kind_at(1) == Tok::LParen) {
            return Ok(());
        }
        self.at += 2;
        loop {
            self.query_hint()?;
            if !self.eat(Tok::Comma) {
                break;
            }
        }
        self.close()?;
        Ok(())
    }

    /// `MAXDOP 1`, `HASH JOIN`, `OPTIMIZE FOR (...)`, ...
    fn query_hint(&mut self) -> Parsed<()> {
        if self.kind() != Tok::Word {
            return self.expected("a query hint");
        }
        let start = self.here();
        let Some(hint) = HINTS.iter().find(|hint| self.begins_with(hint.words)) else {
            return self.expected("a query hint");
        };
        self.at = start as usize + hint.words.split(' ').count();
        match hint.value {
            Value::None => Ok(()),
            Value::Number => self.hint_value(&[Tok::Number, Tok::Param]),
            Value::Text => self.hint_value(&[Tok::Str]),
            Value::List if self.kind() == Tok::LParen => {
                self.bump();
                self.skip_balanced()?;
                self.close()?;
                Ok(())
            }
            Value::List => self.expected("`(`"),
        }
    }

    fn hint_value(&mut self, kinds: &[Tok]) -> Parsed<()> {
        self.eat(Tok::Eq);
        if !kinds.contains(&self.kind()) {
            return self.expected("a value");
        }
        self.bump();
        Ok(())
    }

    /// Whether the words here are these, case aside.
    fn begins_with(&self, words: &str) -> bool {
        words.split(' ').enumerate().all(|(ahead, word)| {
            let token = self.here() + ahead as u32;
            self.kind_at(ahead) == Tok::Word && self.text(token).eq_ignore_ascii_case(word)
        })
    }
}

/// What follows the words of a query hint.
enum Value {
    None,
    Number,
    Text,
    /// Something in parentheses.
    List,
}

struct Hint {
    words: &'static str,
    value: Value,
}

const fn hint(words: &'static str, value: Value) -> Hint {
    Hint { words, value }
}

/// The query hints that are documented for SQL Server, Azure Synapse and Fabric.
const HINTS: [Hint; 41] = [
    hint("hash group", Value::None),
    hint("order group", Value::None),
    hint("concat union", Value::None),
    hint("hash union", Value::None),
    hint("merge union", Value::None),
    hint("loop join", Value::None),
    hint("merge join", Value::None),
    hint("hash join", Value::None),
    hint("disable_optimized_plan_forcing", Value::None),
    hint("expand views", Value::None),
    hint("fast", Value::Number),
    hint("force order", Value::None),
    hint("force externalpushdown", Value::None),
    hint("disable externalpushdown", Value::None),
    hint("force scaleoutexecution", Value::None),
    hint("disable scaleoutexecution", Value::None),
    hint("force single node plan", Value::None),
    hint("force distributed plan", Value::None),
    hint("force timeout", Value::Number),
    hint("ignore_nonclustered_columnstore_index", Value::None),
    hint("keep plan", Value::None),
    hint("keepfixed plan", Value::None),
    hint("keep union", Value::None),
    hint("label", Value::Text),
    hint("max_grant_percent", Value::Number),
    hint("min_grant_percent", Value::Number),
    hint("maxdop", Value::Number),
    hint("maxrecursion", Value::Number),
    hint("no_performance_spool", Value::None),
    hint("optimize for unknown", Value::None),
    hint("optimize for", Value::List),
    hint("parameterization simple", Value::None),
    hint("parameterization forced", Value::None),
    hint("querytraceon", Value::Number),
    hint("recompile", Value::None),
    hint("robust plan", Value::None),
    hint("use hint", Value::List),
    hint("use plan", Value::Text),
    hint("table hint", Value::List),
    hint("for timestamp as of", Value::Text),
    hint("bypass optimizer_queue", Value::None),
];
