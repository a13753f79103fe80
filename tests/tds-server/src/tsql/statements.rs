//! Where one statement ends and the next begins: T-SQL needs no semicolons.

use super::Token;

/// Words that begin a statement wherever they stand, outside brackets and the exceptions below.
const STARTERS: &[&str] = &[
    "set",
    "begin",
    "commit",
    "rollback",
    "save",
    "if",
    "exec",
    "execute",
    "insert",
    "update",
    "delete",
    "drop",
    "create",
    "alter",
    "use",
    "declare",
    "print",
    "waitfor",
    "truncate",
    "merge",
    "select",
    "with",
    "grant",
    "revoke",
    "deny",
    "raiserror",
    "throw",
    "backup",
    "restore",
    "dbcc",
    "kill",
    "shutdown",
];

/// Objects whose definition goes to the end of the batch.
const WITH_BODY: &[&str] = &["view", "procedure", "proc", "function", "trigger"];

/// The statements of a batch, without semicolons.
pub(crate) fn split(tokens: &[Token]) -> Vec<&[Token]> {
    let (mut statements, mut start, mut depth) = (Vec::new(), 0, 0u32);
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::Mark("(") => depth += 1,
            Token::Mark(")") => depth = depth.saturating_sub(1),
            _ => {}
        }
        let statement = &tokens[start..at];
        if depth > 0 || has_body(statement) {
            continue;
        }
        if *token == Token::Mark(";") {
            statements.push(statement);
            start = at + 1;
        } else if !statement.is_empty() && token.is_one_of(STARTERS) && begins(statement, token) {
            statements.push(statement);
            start = at;
        }
    }
    statements.push(&tokens[start..]);
    statements.retain(|statement| !statement.is_empty());
    statements
}

fn has_body(statement: &[Token]) -> bool {
    match statement {
        [first, second, rest @ ..] if first.is("create") => {
            let after_or_alter = second.is("or") && rest.get(1).is_some_and(|token| token.is_one_of(WITH_BODY));
            second.is_one_of(WITH_BODY) || after_or_alter
        }
        _ => false,
    }
}

/// Whether a starting word after `statement` really starts the next one.
fn begins(statement: &[Token], token: &Token) -> bool {
    let (first, last) = (&statement[0], &statement[statement.len() - 1]);
    if first.is("if") || first.is_one_of(&["grant", "revoke", "deny"]) {
        return false;
    }
    if first.is("with") && *last == Token::Mark(")") {
        // What the common table expressions are for.
        return false;
    }
    let continues = [
        "union",
        "all",
        "except",
        "intersect",
        "on",
        "for",
        "as",
        "transaction",
        "tran",
        "distinct",
    ];
    if last.is_one_of(&continues) || last.is_one_of(&["exists", "in", "any"]) {
        return false;
    }
    match token {
        token if token.is("select") => {
            let feeds_insert =
                first.is("insert") && !statement.iter().any(|token| token.is_one_of(&["select", "values"]));
            !feeds_insert && !first.is("begin") && ![Token::Mark("("), Token::Mark(",")].contains(last)
        }
        token if token.is("set") => !first.is_one_of(&["update", "merge", "alter", "insert"]),
        // Hints, options and constraints: `WITH (NOLOCK)`, `WITH CHECK`.
        token if token.is("with") => false,
        token if token.is_one_of(&["drop", "alter", "insert", "update", "delete"]) => {
            !first.is_one_of(&["alter", "merge", "create"])
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{split, tokens};

    fn count(sql: &str) -> usize {
        split(&tokens(sql).unwrap()).len()
    }

    #[test]
    fn statements_need_no_semicolons() {
        assert_eq!(count("SELECT 1 SELECT 2"), 2);
        assert_eq!(count("SELECT 1 DROP TABLE t;;"), 2);
        assert_eq!(count("WITH c AS (SELECT 1) SELECT * FROM c UNION ALL SELECT 2"), 1);
        assert_eq!(count("INSERT INTO t SELECT 1 DELETE FROM t"), 2);
        assert_eq!(count("UPDATE t SET a = (SELECT 1) WHERE b = 2 BEGIN TRANSACTION"), 2);
        assert_eq!(count("CREATE TABLE a (x int) CREATE TABLE b (y int)"), 2);
        assert_eq!(count("CREATE VIEW v AS SELECT 1 UNION SELECT 2"), 1);
        assert_eq!(count("SELECT @@TRANCOUNT; IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION"), 2);
        assert_eq!(
            count("ALTER TABLE a WITH CHECK ADD FOREIGN KEY (x) REFERENCES b (y) ON DELETE CASCADE"),
            1
        );
    }
}
