//! The parser: recursive descent for clauses, operator precedence for expressions, one grammar with the dialects' own rules.

mod arity;
mod cast;
mod collation;
mod datetime;
mod document_table;
mod expr;
mod from;
mod full_text;
mod function;
mod infix;
mod join;
mod json;
mod list;
mod locking;
mod modification;
mod odbc;
mod parenthesised_table;
mod postfix;
mod primary;
mod query;
mod query_tail;
mod row_limit;
mod select;
mod sequence;
mod set_operation;
mod special;
mod statement;
mod string_function;
mod table_alias;
mod table_function;
mod tsql;
mod types;
mod values;
mod window;
mod with;

use crate::ast::{Ast, Expr, ExprId, List, Name, Objection, Servers, TokenId};
use crate::dialect::Dialect;
use crate::error::ParseError;
use crate::keyword::Kw;
use crate::reserved::{self, Role};
use crate::token::{Tok, Token};

/// How deep parentheses, subqueries and prefix operators may nest; well within a plugin's stack.
pub const MAX_NESTING: u32 = 100;

/// A failure at a token: what was expected there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fail {
    token: TokenId,
    what: What,
}

#[derive(Clone, Copy, Debug)]
enum What {
    Expected(&'static str),
    ExpectedKeyword(Kw),
    Message(&'static str),
}

pub(crate) type Parsed<T> = Result<T, Fail>;

/// What a parsed statement does beyond reading, as far as its text shows.
#[derive(Clone, Debug, Default)]
pub struct Effects {
    /// Why the statement is not read-only.
    pub reason: Option<String>,
}

pub(crate) struct Parser<'s> {
    dialect: Dialect,
    sql: &'s str,
    tokens: &'s [Token],
    at: usize,
    depth: u32,
    ast: &'s mut Ast,
    scratch: list::Scratch,
    reason: Option<String>,
}

/// Parses the tokens of `sql` into `ast`.
pub fn parse(dialect: Dialect, sql: &str, tokens: &[Token], ast: &mut Ast) -> Result<Effects, ParseError> {
    let mut parser = Parser {
        dialect,
        sql,
        tokens,
        at: 0,
        depth: 0,
        ast,
        scratch: list::Scratch::default(),
        reason: None,
    };
    match parser.statements() {
        Ok(()) => Ok(Effects { reason: parser.reason }),
        Err(fail) => Err(parser.explain(fail)),
    }
}

impl<'s> Parser<'s> {
    // Dialects.

    fn sqlite(&self) -> bool {
        self.dialect == Dialect::Sqlite
    }

    fn postgres(&self) -> bool {
        self.dialect == Dialect::Postgres
    }

    fn mysql(&self) -> bool {
        self.dialect == Dialect::Mysql
    }

    fn tsql(&self) -> bool {
        self.dialect == Dialect::Tsql
    }

    // Looking.

    fn token(&self, ahead: usize) -> Token {
        self.tokens[(self.at + ahead).min(self.tokens.len() - 1)]
    }

    fn kind(&self) -> Tok {
        self.tokens[self.at].kind
    }

    fn kind_at(&self, ahead: usize) -> Tok {
        self.token(ahead).kind
    }

    /// The kind of the token before.
    fn kind_before(&self) -> Tok {
        self.at.checked_sub(1).map_or(Tok::End, |at| self.tokens[at].kind)
    }

    fn kind_of(&self, token: TokenId) -> Tok {
        self.tokens[token as usize].kind
    }

    fn kw(&self) -> Kw {
        self.tokens[self.at].kw
    }

    fn kw_at(&self, ahead: usize) -> Kw {
        self.token(ahead).kw
    }

    fn here(&self) -> TokenId {
        self.at as TokenId
    }

    fn text(&self, token: TokenId) -> &'s str {
        let token = self.tokens[token as usize];
        &self.sql[token.start as usize..token.end as usize]
    }

    // Moving.

    fn bump(&mut self) -> TokenId {
        let token = self.at;
        if self.at + 1 < self.tokens.len() {
            self.at += 1;
        }
        token as TokenId
    }

    fn eat(&mut self, kind: Tok) -> bool {
        let found = self.kind() == kind;
        if found {
            self.bump();
        }
        found
    }

    fn eat_kw(&mut self, kw: Kw) -> bool {
        let found = self.kw() == kw;
        if found {
            self.bump();
        }
        found
    }

    fn eat_any(&mut self, keywords: &[Kw]) -> bool {
        let found = keywords.contains(&self.kw());
        if found {
            self.bump();
        }
        found
    }

    /// Takes a run of keywords if all of them are there.
    fn eat_all(&mut self, keywords: &[Kw]) -> bool {
        let found = keywords.iter().enumerate().all(|(ahead, kw)| self.kw_at(ahead) == *kw);
        if found {
            self.at += keywords.len();
        }
        found
    }

    fn expect(&mut self, kind: Tok, name: &'static str) -> Parsed<TokenId> {
        if self.kind() == kind {
            Ok(self.bump())
        } else {
            self.expected(name)
        }
    }

    fn open(&mut self) -> Parsed<TokenId> {
        self.expect(Tok::LParen, "`(`")
    }

    fn close(&mut self) -> Parsed<TokenId> {
        self.expect(Tok::RParen, "`)`")
    }

    fn expect_kw(&mut self, kw: Kw) -> Parsed<TokenId> {
        if self.kw() == kw {
            Ok(self.bump())
        } else {
            Err(Fail {
                token: self.here(),
                what: What::ExpectedKeyword(kw),
            })
        }
    }

    fn expected<T>(&self, what: &'static str) -> Parsed<T> {
        Err(Fail {
            token: self.here(),
            what: What::Expected(what),
        })
    }

    fn refuse<T>(&self, message: &'static str) -> Parsed<T> {
        Err(Fail {
            token: self.here(),
            what: What::Message(message),
        })
    }

    /// Notes what the engine refuses at the token here although it can be read; name resolution reports it.
    fn object(&mut self, message: &'static str) {
        self.object_at(self.here(), Servers::All, message);
    }

    /// Notes what some servers of the dialect refuse.
    fn object_at(&mut self, token: TokenId, servers: Servers, message: &'static str) {
        self.ast.objections.push(Objection {
            token,
            message,
            servers,
        });
    }

    /// Notes why the statement is not read-only; the first reason stays.
    fn not_read_only(&mut self, reason: &str) {
        if self.reason.is_none() {
            self.reason = Some(reason.to_owned());
        }
    }

    /// One level deeper: call before recursing, and [`leave`](Self::leave) after.
    fn enter(&mut self) -> Parsed<()> {
        self.depth += 1;
        if self.depth > MAX_NESTING {
            self.refuse("the statement nests too deeply")
        } else {
            Ok(())
        }
    }

    fn leave(&mut self) {
        self.depth -= 1;
    }

    // Names.

    /// Whether the token `ahead` can be a name in this role.
    fn is_name(&self, ahead: usize, role: Role) -> bool {
        let token = self.token(ahead);
        match token.kind {
            Tok::Quoted => true,
            Tok::Word => {
                token.kw == Kw::NONE
                    || reserved::allows(self.dialect, token.kw, role)
                    || self.is_qualifier(ahead)
                    || (self.kind_at(ahead + 1) == Tok::Dot && self.is_object_word(ahead))
            }
            _ => false,
        }
    }

    fn name_token(&mut self, role: Role, what: &'static str) -> Parsed<TokenId> {
        if self.is_name(0, role) {
            Ok(self.bump())
        } else {
            self.expected(what)
        }
    }

    /// Whether the token `ahead` can be a part of a name after a dot, where reserved words do less harm.
    fn is_field(&self, ahead: usize) -> bool {
        match self.kind_at(ahead) {
            Tok::Quoted => true,
            Tok::Word if self.sqlite() => self.is_name(ahead, reserved::ALIAS),
            Tok::Word if self.tsql() => self.is_name(ahead, reserved::ALIAS) || self.is_object_word(ahead),
            // MySQL reads any word that touches the dot as a name.
            Tok::Word if self.mysql() && !self.touches(ahead) => self.is_name(ahead, reserved::COLUMN),
            Tok::Word => true,
            Tok::Str => self.sqlite(),
            // MySQL reads digits and letters that touch the dot as a name, also `1e5`.
            Tok::Number => {
                let text = self.text((self.at + ahead) as TokenId);
                self.mysql()
                    && self.touches(ahead)
                    && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
                    && text.bytes().any(|byte| byte.is_ascii_alphabetic())
            }
            _ => false,
        }
    }

    /// MySQL reads any word that touches a dot and a word after it as a name.
    fn is_qualifier(&self, ahead: usize) -> bool {
        self.mysql()
            && self.kind_at(ahead + 1) == Tok::Dot
            && self.kind_at(ahead + 2) == Tok::Word
            && self.touches(ahead + 1)
            && self.touches(ahead + 2)
    }

    /// MySQL: whether a dot stands before the first part of a name; after a word it would belong to that.
    fn is_leading_dot(&self) -> bool {
        let after_word = self.touches(0) && matches!(self.kind_before(), Tok::Word | Tok::Quoted);
        self.mysql() && self.kind() == Tok::Dot && !after_word
    }

    /// T-SQL: whether the word is a reserved one that names a kind of object, as examples like to call one: `schema.table`.
    fn is_object_word(&self, ahead: usize) -> bool {
        const WORDS: [Kw; 8] = [
            Kw::COLUMN,
            Kw::DATABASE,
            Kw::FUNCTION,
            Kw::INDEX,
            Kw::SCHEMA,
            Kw::TABLE,
            Kw::USER,
            Kw::VIEW,
        ];
        self.tsql() && WORDS.contains(&self.kw_at(ahead))
    }

    /// Whether no blank parts the token `ahead` from the one before it.
    fn touches(&self, ahead: usize) -> bool {
        let at = (self.at + ahead).min(self.tokens.len() - 1);
        at > 0 && self.tokens[at - 1].end == self.tokens[at].start
    }

    /// `.part` repeated, after a first part.
    fn name_tail(&mut self, first: TokenId) -> Parsed<Name> {
        let mut name = Name { first, last: first };
        while self.kind() == Tok::Dot {
            if self.kind_at(1) == Tok::Dot && self.tsql() && self.touches(1) {
                self.bump();
            }
            if !self.is_field(1) {
                if self.kind_at(1) == Tok::Star {
                    break;
                }
                self.bump();
                return self.expected("a name after the dot");
            }
            self.bump();
            name.last = self.bump();
        }
        Ok(name)
    }

    /// Whether a name of SQLite or MySQL has more than `most` parts, the most its grammar knows.
    fn has_too_many_parts(&self, name: Name, most: u32) -> bool {
        (self.sqlite() || self.mysql()) && name.last - name.first > 2 * (most - 1)
    }

    fn qualified_name(&mut self, role: Role, what: &'static str) -> Parsed<Name> {
        let first = self.name_token(role, what)?;
        self.name_tail(first)
    }

    /// `(a, b, c)` of plain names.
    fn name_list(&mut self) -> Parsed<List> {
        self.open()?;
        let mark = self.scratch.ids.len();
        let role = if self.postgres() {
            reserved::COLUMN
        } else {
            reserved::ALIAS
        };
        loop {
            let token = self.name_token(role, "a column name")?;
            self.scratch.ids.push(token);
            if !self.eat(Tok::Comma) {
                break;
            }
        }
        self.close()?;
        Ok(self.list_from(mark))
    }

    // Nodes.

    fn push(&mut self, kind: Expr, token: TokenId) -> ExprId {
        self.ast.exprs.push(crate::ast::ExprNode {
            kind,
            token,
            end: self.here(),
        });
        self.ast.exprs.len() as ExprId - 1
    }

    /// A failure in words.
    fn explain(&self, fail: Fail) -> ParseError {
        let token = self.tokens[fail.token as usize];
        let found = match token.kind {
            Tok::End => "the end of the text".to_owned(),
            _ => format!("`{}`", shorten(self.text(fail.token))),
        };
        let message = match fail.what {
            What::Expected(what) => format!("expected {what}, found {found}"),
            What::ExpectedKeyword(kw) => format!("expected {}, found {found}", kw.name()),
            What::Message(message) => format!("{message}, at {found}"),
        };
        ParseError {
            message,
            offset: token.start,
        }
    }
}

/// The first 40 characters of a token.
fn shorten(text: &str) -> String {
    if text.chars().count() <= 40 {
        text.to_owned()
    } else {
        text.chars().take(40).chain(['…']).collect()
    }
}
