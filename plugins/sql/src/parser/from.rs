//! Table references: names, functions, derived tables, aliases, hints and samples.

use super::{Parsed, Parser};
use crate::ast::{Alias, Body, Expr, List, Name, TableId, TableNode, TableRef};
use crate::keyword::Kw;
use crate::reserved;
use crate::token::Tok;

impl Parser<'_> {
    pub(super) fn table_node(&mut self, kind: TableRef, token: u32) -> TableId {
        self.ast.tables.push(TableNode { kind, token });
        self.ast.tables.len() as TableId - 1
    }

    /// The table or table-valued function after SQLite's `expr IN`.
    pub(super) fn in_table(&mut self) -> Parsed<TableId> {
        let token = self.here();
        let first = if self.kind() == Tok::Str {
            self.bump()
        } else {
            self.name_token(reserved::TABLE, "a table")?
        };
        let name = self.name_tail(first)?;
        let alias = Alias::default();
        if self.kind() == Tok::LParen {
            let call = self.call(name)?;
            let (calls, declared) = (self.one(call), List::default());
            let kind = TableRef::Function {
                calls,
                declared,
                ordinality: false,
                alias,
            };
            return Ok(self.table_node(kind, token));
        }
        Ok(self.table_node(TableRef::Table { name, alias }, token))
    }

    pub(super) fn plain_table(&mut self) -> Parsed<TableId> {
        let token = self.here();
        let name = self.qualified_name(reserved::TABLE, "a table")?;
        if self.postgres() {
            self.eat(Tok::Star);
        }
        Ok(self.table_node(
            TableRef::Table {
                name,
                alias: Alias::default(),
            },
            token,
        ))
    }

    /// One table reference without the joins after it.
    pub(super) fn table_factor(&mut self) -> Parsed<TableId> {
        let token = self.here();
        let lateral = (self.postgres() || self.mysql()) && self.kw() == Kw::LATERAL && {
            self.bump();
            true
        };
        let table = match self.kind() {
            Tok::LParen => self.parenthesised_table(token, lateral)?,
            Tok::LBrace if self.mysql() || self.tsql() => self.odbc_join()?,
            Tok::Param if self.tsql() => self.variable_table(token)?,
            _ if self.postgres() && self.kw() == Kw::ROWS && self.kw_at(1) == Kw::FROM => self.rows_from(token)?,
            _ if self.postgres() && self.kw() == Kw::ONLY => self.only_table(token)?,
            _ if self.is_special_function() => self.special_table_function(token)?,
            _ => self.named_table(token, lateral)?,
        };
        if self.tsql() && matches!(self.kw(), Kw::PIVOT | Kw::UNPIVOT) {
            self.pivots(table)
        } else {
            Ok(table)
        }
    }

    /// `( query ) alias`, `( a JOIN b )`, or PostgreSQL's unions of parenthesised queries.
    fn parenthesised_table(&mut self, token: u32, lateral: bool) -> Parsed<TableId> {
        self.open()?;
        self.enter()?;
        if self.starts_query() || (self.tsql() && self.kw() == Kw::VALUES) {
            let query = if self.kw() == Kw::VALUES && self.tsql() {
                self.values_query()?
            } else {
                self.query()?
            };
            self.close()?;
            self.leave();
            return self.derived(token, query, lateral);
        }
        let inner = if self.sqlite() || self.mysql() {
            self.table_list()?
        } else {
            self.joined_table()?
        };
        if let TableRef::Derived {
            query,
            alias: Alias { name: None, .. },
            ..
        } = self.ast.tables[inner as usize].kind
            && (self.continues_query() || self.kind() == Tok::RParen)
            && !self.sqlite()
        {
            let query = if self.kind() == Tok::RParen {
                query
            } else {
                self.query_after(query)?
            };
            self.close()?;
            self.leave();
            return self.derived(token, query, lateral);
        }
        self.close()?;
        self.leave();
        let is_join = matches!(
            self.ast.tables[inner as usize].kind,
            TableRef::Join { .. } | TableRef::Paren { .. }
        );
        if !is_join && (self.postgres() || self.tsql()) {
            return self.expected("a join inside the parentheses");
        }
        let alias = if self.mysql() {
            Alias::default()
        } else {
            self.table_alias()?
        };
        Ok(self.table_node(TableRef::Paren { inner, alias }, token))
    }

    /// `a, b` inside parentheses: a cross join.
    fn table_list(&mut self) -> Parsed<TableId> {
        let mut left = self.joined_table()?;
        while self.kind() == Tok::Comma {
            let token = self.bump();
            let right = self.joined_table()?;
            let kind = TableRef::Join {
                left,
                right,
                outer: false,
                on: crate::ast::JoinOn::Nothing,
            };
            left = self.table_node(kind, token);
        }
        Ok(left)
    }

    fn derived(&mut self, token: u32, query: u32, lateral: bool) -> Parsed<TableId> {
        let alias = self.table_alias()?;
        let body = self.ast.bodies[self.ast.queries[query as usize].body as usize];
        let nested = matches!(body, Body::Paren(_)) || self.kind() == Tok::RParen || self.continues_query();
        if alias.name.is_none() && (self.mysql() || self.tsql()) && !nested {
            return self.refuse("a derived table needs an alias");
        }
        Ok(self.table_node(TableRef::Derived { query, lateral, alias }, token))
    }

    fn named_table(&mut self, token: u32, lateral: bool) -> Parsed<TableId> {
        let called = self.kind_at(1) == Tok::LParen;
        let role = if called { reserved::FUNCTION } else { reserved::TABLE };
        let first = if self.sqlite() && self.kind() == Tok::Str {
            self.bump()
        } else {
            self.name_token(role, "a table")?
        };
        let name = self.name_tail(first)?;
        if self.has_too_many_parts(name, 2) {
            return self.refuse("the name has too many parts");
        }
        let parts = &self.tokens[name.first as usize..name.last as usize];
        if self.tsql() && parts.iter().filter(|token| token.kind == Tok::Dot).count() >= 3 {
            self.not_read_only("a name of four parts leads to another server");
        }
        if self.kind() == Tok::LParen && !self.is_legacy_hint() && !self.mysql() {
            return self.table_function(token, name);
        }
        if lateral {
            return self.expected("a subquery or function after LATERAL");
        }
        self.table_modifiers_before_alias()?;
        let alias = self.table_alias()?;
        if (self.mysql() || self.tsql()) && alias.columns.len > 0 {
            return self.refuse("the alias of a table takes no column list");
        }
        self.table_modifiers_after_alias()?;
        if let Some(alias) = self.late_alias(alias)? {
            return Ok(self.table_node(TableRef::Table { name, alias }, token));
        }
        Ok(self.table_node(TableRef::Table { name, alias }, token))
    }

    /// T-SQL allows the alias after a FOR SYSTEM_TIME or TABLESAMPLE clause.
    fn late_alias(&mut self, alias: Alias) -> Parsed<Option<Alias>> {
        if self.tsql() && alias.name.is_none() {
            return Ok(Some(self.table_alias()?));
        }
        Ok(None)
    }

    /// A function in FROM, its name read.
    fn table_function(&mut self, token: u32, name: Name) -> Parsed<TableId> {
        let call = self.call(name)?;
        if let Expr::Call(index) = self.ast.expr(call)
            && self.ast.calls[index as usize].over.is_some()
        {
            return self.refuse("a function in FROM has no OVER");
        }
        let calls = self.one(call);
        let declared = if self.tsql() && self.kw() == Kw::WITH && self.kind_at(1) == Tok::LParen {
            self.openjson_columns()?
        } else {
            List::default()
        };
        self.function_table(token, calls, declared)
    }

    fn function_table(&mut self, token: u32, calls: List, declared: List) -> Parsed<TableId> {
        let ordinality = self.postgres() && self.eat_all(&[Kw::WITH, Kw::ORDINALITY]);
        let alias = self.function_alias()?;
        Ok(self.table_node(
            TableRef::Function {
                calls,
                declared,
                ordinality,
                alias,
            },
            token,
        ))
    }

    fn only_table(&mut self, token: u32) -> Parsed<TableId> {
        self.bump();
        let parens = self.eat(Tok::LParen);
        let name = self.qualified_name(reserved::TABLE, "a table")?;
        if parens {
            self.close()?;
        }
        let alias = self.table_alias()?;
        Ok(self.table_node(TableRef::Table { name, alias }, token))
    }

    fn rows_from(&mut self, token: u32) -> Parsed<TableId> {
        self.at += 2;
        self.open()?;
        let mark = self.scratch.ids.len();
        loop {
            let call = self.primary()?;
            if !matches!(self.ast.expr(call), Expr::Call(_)) {
                return self.expected("a function");
            }
            self.scratch.ids.push(call);
            if self.eat_kw(Kw::AS) {
                let columns = self.scratch.ids.len();
                self.column_definitions()?;
                self.scratch.ids.truncate(columns);
            }
            if !self.eat(Tok::Comma) {
                break;
            }
        }
        self.close()?;
        let calls = self.list_from(mark);
        self.function_table(token, calls, List::default())
    }

    fn is_special_function(&self) -> bool {
        let called = self.kind_at(1) == Tok::LParen;
        let special = match self.kw() {
            Kw::XMLTABLE | Kw::SUBSTRING | Kw::TRIM | Kw::POSITION | Kw::OVERLAY | Kw::CAST | Kw::EXTRACT => {
                self.postgres()
            }
            Kw::JSON_TABLE => self.postgres() || self.mysql(),
            _ => false,
        };
        let value = self.postgres()
            && matches!(
                self.kw(),
                Kw::CURRENT_DATE
                    | Kw::CURRENT_TIMESTAMP
                    | Kw::CURRENT_TIME
                    | Kw::CURRENT_USER
                    | Kw::SESSION_USER
                    | Kw::USER
            );
        (called && special) || value
    }

    fn special_table_function(&mut self, token: u32) -> Parsed<TableId> {
        match self.kw() {
            Kw::JSON_TABLE | Kw::XMLTABLE => self.document_table(token),
            _ => {
                let call = self.primary()?;
                let calls = self.one(call);
                self.function_table(token, calls, List::default())
            }
        }
    }

    /// JSON_TABLE and XMLTABLE.
    fn document_table(&mut self, token: u32) -> Parsed<TableId> {
        let xml = self.kw() == Kw::XMLTABLE;
        let name = self.bump();
        self.open()?;
        let mark = self.scratch.ids.len();
        if xml {
            if self.eat_kw(Kw::XMLNAMESPACES) {
                self.open()?;
                while self.kind() != Tok::RParen {
                    self.eat_kw(Kw::DEFAULT);
                    self.expr()?;
                    if self.eat_kw(Kw::AS) {
                        self.name_token(reserved::ALIAS, "a name")?;
                    }
                    if !self.eat(Tok::Comma) {
                        break;
                    }
                }
                self.close()?;
                self.expect(Tok::Comma, "`,`")?;
            }
            let path = self.expr()?;
            self.scratch.ids.push(path);
            self.expect_kw(Kw::PASSING)?;
            self.xml_passing()?;
        } else {
            self.expr_list_onto()?;
            if self.eat_kw(Kw::AS) {
                self.name_token(reserved::ALIAS, "a name")?;
            }
            self.json_clauses()?;
        }
        let args = self.list_from(mark);
        self.expect_kw(Kw::COLUMNS)?;
        let columns = self.scratch.ids.len();
        if xml {
            self.xml_columns()?
        } else {
            self.json_columns()?
        };
        let declared = self.list_from(columns);
        self.json_clauses()?;
        self.close()?;
        let call = self.special_call(name, args)?;
        let calls = self.one(call);
        self.function_table(token, calls, declared)
    }

    fn xml_columns(&mut self) -> Parsed<()> {
        loop {
            let column = self.name_token(reserved::COLUMN, "a column name")?;
            self.scratch.ids.push(column);
            if !self.eat_all(&[Kw::FOR, Kw::ORDINALITY]) {
                self.type_name()?;
                loop {
                    if matches!(self.kw(), Kw::PATH | Kw::DEFAULT) {
                        self.bump();
                        self.expr_above(super::infix::IS_POWER)?;
                    } else if !self.eat_all(&[Kw::NOT, Kw::NULL]) && !self.eat_kw(Kw::NULL) {
                        break;
                    }
                }
            }
            if !self.eat(Tok::Comma) {
                return Ok(());
            }
        }
    }

    fn json_columns(&mut self) -> Parsed<()> {
        self.enter()?;
        self.open()?;
        loop {
            if self.kw() == Kw::NESTED {
                self.bump();
                self.eat_kw(Kw::PATH);
                self.expect(Tok::Str, "a path")?;
                if self.eat_kw(Kw::AS) {
                    self.name_token(reserved::ALIAS, "a name")?;
                }
                self.expect_kw(Kw::COLUMNS)?;
                self.json_columns()?;
            } else {
                self.json_column()?;
            }
            if !self.eat(Tok::Comma) {
                break;
            }
        }
        self.close()?;
        self.leave();
        Ok(())
    }

    fn json_column(&mut self) -> Parsed<()> {
        let column = self.name_token(reserved::COLUMN, "a column name")?;
        self.scratch.ids.push(column);
        if self.eat_all(&[Kw::FOR, Kw::ORDINALITY]) {
            return Ok(());
        }
        if self.mysql() {
            self.column_type()?
        } else {
            self.type_name()?
        };
        self.eat_all(&[Kw::FORMAT, Kw::JSON]);
        self.eat_kw(Kw::EXISTS);
        if self.eat_kw(Kw::PATH) {
            self.expect(Tok::Str, "a path")?;
        } else if self.mysql() {
            return self.expected("PATH");
        }
        self.json_clauses()
    }

    /// A column type of MySQL, which knows more than CAST does.
    fn column_type(&mut self) -> Parsed<()> {
        if self.kind() != Tok::Word {
            return self.expected("a type");
        }
        self.bump();
        if self.eat(Tok::LParen) {
            self.expr_list()?;
            self.close()?;
        }
        while self.eat_any(&[Kw::UNSIGNED, Kw::SIGNED, Kw::ZEROFILL]) {}
        if self.eat_all(&[Kw::CHARACTER, Kw::SET]) || self.eat_kw(Kw::CHARSET) {
            self.charset()?;
        }
        if self.eat_kw(Kw::COLLATE) {
            self.charset()?;
        }
        Ok(())
    }

    /// The alias of a function; PostgreSQL takes column definitions with types there, even without a name before them.
    fn function_alias(&mut self) -> Parsed<Alias> {
        if self.postgres() && self.kw() == Kw::AS && self.kind_at(1) == Tok::LParen {
            self.bump();
            let mark = self.scratch.ids.len();
            self.column_definitions()?;
            return Ok(Alias {
                name: None,
                columns: self.list_from(mark),
            });
        }
        self.alias(self.postgres())
    }

    /// `[AS] name [(columns)]`.
    pub(super) fn table_alias(&mut self) -> Parsed<Alias> {
        self.alias(false)
    }

    fn alias(&mut self, definitions_allowed: bool) -> Parsed<Alias> {
        let keyword = self.eat_kw(Kw::AS);
        let string = self.kind() == Tok::Str && self.sqlite();
        let role = if keyword && self.sqlite() {
            reserved::ALIAS
        } else {
            reserved::TABLE_ALIAS
        };
        if !string && !self.is_name(0, role) || (!keyword && self.is_clause_word()) {
            return if keyword {
                self.expected("an alias after AS")
            } else {
                Ok(Alias::default())
            };
        }
        let name = Some(self.bump());
        let takes_columns = !self.sqlite() && self.kind() == Tok::LParen && !self.is_legacy_hint();
        if !takes_columns {
            return Ok(Alias {
                name,
                columns: List::default(),
            });
        }
        let mark = self.scratch.ids.len();
        if definitions_allowed && !matches!(self.kind_at(2), Tok::Comma | Tok::RParen) {
            self.column_definitions()?;
            let columns = self.list_from(mark);
            return Ok(Alias { name, columns });
        }
        let columns = self.name_list()?;
        Ok(Alias { name, columns })
    }

    /// Words that are no keyword anywhere else, yet begin a clause after a table.
    fn is_clause_word(&self) -> bool {
        match self.kw() {
            Kw::APPLY => self.tsql(),
            Kw::USING => self.tsql() && self.kind_at(1) == Tok::LParen,
            Kw::WINDOW => !self.postgres() && self.kw_at(2) == Kw::AS && self.kind_at(3) == Tok::LParen,
            Kw::SET => self.postgres() && self.kind_at(2) == Tok::Eq,
            _ => false,
        }
    }

    /// `(name type [COLLATE c], ...)`; the names land on the id stack.
    fn column_definitions(&mut self) -> Parsed<()> {
        self.open()?;
        loop {
            let column = self.name_token(reserved::COLUMN, "a column name")?;
            self.scratch.ids.push(column);
            self.type_name()?;
            if self.eat_kw(Kw::COLLATE) {
                self.qualified_name(reserved::COLUMN, "a collation")?;
            }
            if !self.eat(Tok::Comma) {
                break;
            }
        }
        self.close()?;
        Ok(())
    }
}
