//! A script cut into statements.

use std::borrow::Cow;

use nl2sql_sql_lexer::{Token, TokenKind, tokens};

use crate::flavor::{ClientLines, Flavor};

/// One statement of a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Statement<'s> {
    /// Its text, without what ends it.
    pub(crate) text: &'s str,
    /// The line that it begins on, counted from 1.
    pub(crate) line: usize,
}

/// The script with the lines of its client blanked out; places stay as they are.
pub(crate) fn without_client_lines<'s>(script: &'s str, flavor: &Flavor) -> Cow<'s, str> {
    match flavor.client {
        ClientLines::Psql => Cow::Owned(without_copied_rows(script)),
        ClientLines::Mysql if script.contains("/*!") || script.contains("/*M!") => {
            Cow::Owned(with_executed_comments(script))
        }
        _ => Cow::Borrowed(script),
    }
}

/// Blanks out the rows behind `COPY ... FROM stdin;` up to `\.`, and psql's own commands.
fn without_copied_rows(script: &str) -> String {
    let mut kept = String::with_capacity(script.len());
    let mut copying = false;
    for line in script.split_inclusive('\n') {
        let words = line.trim_end().to_ascii_lowercase();
        if copying || line.starts_with('\\') {
            copying &= words != "\\.";
            kept.push_str(if line.ends_with('\n') { "\n" } else { "" });
            continue;
        }
        copying = words.starts_with("copy ") && words.ends_with("from stdin;");
        kept.push_str(line);
    }
    kept
}

/// Blanks out the marks around `/*!40101 ... */`: the server runs what stands between them.
fn with_executed_comments(script: &str) -> String {
    let mut kept = String::with_capacity(script.len());
    let mut rest = script;
    while let Some(start) = rest.find("/*!").into_iter().chain(rest.find("/*M!")).min() {
        kept.push_str(&rest[..start]);
        let mark = rest[start..].find('!').unwrap_or(0) + 1;
        let version = rest[start + mark..].chars().take_while(char::is_ascii_digit).count();
        let begins = start + mark + version;
        kept.push_str(&" ".repeat(mark + version));
        let ends = rest[begins..].find("*/").map_or(rest.len(), |length| begins + length);
        kept.push_str(&rest[begins..ends]);
        rest = rest.get(ends + 2..).unwrap_or_default();
        kept.push_str("  ");
    }
    kept.push_str(rest);
    kept
}

/// The statements of a script. Bodies of routines stay in one piece where the client or BEGIN and END hold them together.
pub(crate) fn statements<'s>(script: &'s str, flavor: &Flavor) -> Vec<Statement<'s>> {
    let tokens = tokens(script, &flavor.lexical);
    let mut cut = Cut {
        script,
        start: 0,
        line: 1,
        found: Vec::new(),
    };
    let mut delimiter = ";".to_owned();
    let mut body = Body::default();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        at += 1;
        if token.end() <= cut.start {
            continue;
        }
        let blank = matches!(token.kind, TokenKind::Space | TokenKind::Comment);
        if flavor.client == ClientLines::Mysql && cut.is_blank(token.start) && token.is_word("delimiter") {
            let line = line_from(script, token.end());
            line.trim().clone_into(&mut delimiter);
            cut.skip(token.end() + line.len());
        } else if ends_batch(script, token, flavor.client) {
            cut.end(token.start, token.end());
            body = Body::default();
        } else if let Some(end) = delimiter_at(script, token, &delimiter).filter(|_| delimiter != ";" || body.may_end())
        {
            cut.end(end, end + delimiter.len());
            body = Body::default();
        } else if !blank {
            body.see(token);
        }
    }
    cut.end(script.len(), script.len());
    cut.found
}

/// Where the next statement begins, and those found.
struct Cut<'s> {
    script: &'s str,
    start: usize,
    line: usize,
    found: Vec<Statement<'s>>,
}

impl Cut<'_> {
    /// Whether nothing stands between the begin of the statement and `end`.
    fn is_blank(&self, end: usize) -> bool {
        self.script[self.start..end].trim().is_empty()
    }

    /// Ends a statement at `end`; the next begins at `next`.
    fn end(&mut self, end: usize, next: usize) {
        let text = &self.script[self.start..end];
        let lead = text.len() - text.trim_start().len();
        if !text.trim().is_empty() {
            self.found.push(Statement {
                text: text.trim(),
                line: self.line + lines(&text[..lead]),
            });
        }
        self.skip(next);
    }

    /// Moves on without a statement.
    fn skip(&mut self, to: usize) {
        self.line += lines(&self.script[self.start..to]);
        self.start = to;
    }
}

fn lines(text: &str) -> usize {
    text.bytes().filter(|byte| *byte == b'\n').count()
}

/// The rest of the line from `start` on.
fn line_from(script: &str, start: usize) -> &str {
    let rest = &script[start..];
    rest.split('\n').next().unwrap_or(rest)
}

/// Whether the token is a line of its own that ends a batch.
fn ends_batch(script: &str, token: &Token<'_>, client: ClientLines) -> bool {
    let is_mark = match client {
        ClientLines::Sqlcmd => token.is_word("go"),
        ClientLines::SqlPlus => token.is_mark("/"),
        _ => false,
    };
    let before = || script[..token.start].rsplit('\n').next().unwrap_or_default().trim();
    is_mark && before().is_empty() && line_from(script, token.end()).trim().is_empty()
}

/// Where the delimiter begins, if the token holds or begins one.
fn delimiter_at(script: &str, token: &Token<'_>, delimiter: &str) -> Option<usize> {
    match token.kind {
        TokenKind::Mark => script[token.start..].starts_with(delimiter).then_some(token.start),
        TokenKind::Word => token.text.find(delimiter).map(|at| token.start + at),
        _ => None,
    }
}

/// What a statement that may hold others has shown of its body.
#[derive(Default)]
struct Body {
    /// Whether it makes a routine, once that is known.
    is_routine: Option<bool>,
    seen_any: bool,
    open: usize,
    last_end: bool,
}

/// What a CREATE statement can make that holds statements.
const ROUTINES: [&str; 6] = ["trigger", "procedure", "proc", "function", "event", "package"];
/// What it can make that holds none.
const PLAIN: [&str; 8] = [
    "table", "view", "type", "domain", "index", "schema", "database", "sequence",
];

impl Body {
    /// Whether a `;` ends the statement here.
    fn may_end(&self) -> bool {
        self.open == 0
    }

    fn see(&mut self, token: &Token<'_>) {
        let is = |words: &[&str]| words.iter().any(|word| token.is_word(word));
        if !self.seen_any {
            self.seen_any = true;
            self.is_routine = (!is(&["create"])).then_some(false);
        }
        if self.is_routine.is_none() {
            let (routine, plain) = (is(&ROUTINES), is(&PLAIN));
            self.is_routine = (routine || plain).then_some(routine);
        }
        if self.is_routine != Some(true) {
            return;
        }
        let ended = std::mem::replace(&mut self.last_end, is(&["end"]));
        if is(&["end"]) {
            self.open = self.open.saturating_sub(1);
        } else if ended && is(&["if", "loop", "while", "repeat", "for"]) {
            // `END IF` closes what was not counted.
            self.open += 1;
        } else if is(&["begin", "case"]) && !ended {
            self.open += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ScriptRules;
    use nl2sql_catalog::IdentifierCase;
    use nl2sql_sql_lexer::LexicalRules;

    fn cut(grammar: &str, script: &str) -> Vec<(usize, String)> {
        let lexical = match grammar {
            "postgres" => LexicalRules::POSTGRES,
            "mysql" => LexicalRules::MYSQL,
            "tsql" => LexicalRules::TSQL,
            _ => LexicalRules::SQLITE,
        };
        let rules = ScriptRules {
            dialect: grammar.into(),
            grammar: Some(grammar.into()),
            lexical,
            case: IdentifierCase::Ignored,
        };
        let flavor = rules.flavor().unwrap();
        let script = without_client_lines(script, &flavor);
        let found = statements(&script, &flavor);
        found.into_iter().map(|one| (one.line, one.text.to_owned())).collect()
    }

    fn texts(dialect: &str, script: &str) -> Vec<String> {
        cut(dialect, script).into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn semicolons_end_statements_outside_of_quotes() {
        assert_eq!(
            cut("postgres", "SELECT ';';\n\n-- a; b\nSELECT $$;$$"),
            [(1, "SELECT ';'".to_owned()), (3, "-- a; b\nSELECT $$;$$".to_owned())]
        );
    }

    #[test]
    fn rows_behind_copy_are_no_statements() {
        assert_eq!(
            cut(
                "postgres",
                "COPY t FROM stdin;\n1\tit's; x\n\\.\n\\connect x\nSELECT 1;"
            ),
            [(1, "COPY t FROM stdin".to_owned()), (5, "SELECT 1".to_owned())]
        );
    }

    #[test]
    fn delimiters_and_executed_comments_are_mysqls() {
        let script = "DELIMITER $$\nCREATE PROCEDURE p() BEGIN SELECT 1; END$$\nDELIMITER ;\n/*!50001 CREATE VIEW v AS SELECT 1*/;";
        let found = texts("mysql", script);
        assert_eq!(found[0], "CREATE PROCEDURE p() BEGIN SELECT 1; END");
        assert_eq!(found[1], "CREATE VIEW v AS SELECT 1");
    }

    #[test]
    fn batches_end_with_go_on_a_line_of_its_own() {
        assert_eq!(
            texts("tsql", "CREATE TABLE a (go INT)\ngo\nCREATE TABLE b (x INT)\n  GO  \n"),
            ["CREATE TABLE a (go INT)", "CREATE TABLE b (x INT)"]
        );
    }

    #[test]
    fn tables_that_are_named_like_routines_hold_no_body() {
        let table = "CREATE TABLE event (begin INT, function INT)";
        assert_eq!(texts("mysql", &format!("{table};\nSELECT 2;")), [table, "SELECT 2"]);
    }

    #[test]
    fn bodies_of_triggers_stay_in_one_piece() {
        let trigger = "CREATE TRIGGER x AFTER INSERT ON t BEGIN UPDATE t SET a = CASE WHEN 1 THEN 2 END; SELECT 1; END";
        assert_eq!(
            texts("sqlite", &format!("{trigger};\nSELECT 2;")),
            [trigger, "SELECT 2"]
        );
    }
}
