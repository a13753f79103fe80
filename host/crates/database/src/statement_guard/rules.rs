//! Words and functions that make a query more than a query, per database.

use super::lexer::Token;
use super::{GuardRules, RestrictedObjects};

/// Functions that only wait, in whichever database they are known.
const WAITING: &[(&str, &str)] = &[
    ("sleep", "it only waits"),
    ("pg_sleep*", "it only waits"),
    ("usleep", "it only waits"),
    ("benchmark", "it only burns time"),
    ("waitfor", "it only waits"),
    ("wait_for*", "it only waits"),
    ("dbms_lock*", "it only waits"),
    ("dbms_session*", "it only waits"),
];

/// Why a word of the statement makes it more than a query.
pub(super) fn forbidden_words(rules: &GuardRules, tokens: &[Token<'_>]) -> Option<String> {
    tokens.iter().enumerate().find_map(|(at, token)| {
        let Token::Word(word) = token else {
            return (rules.forbidden_mark)(tokens, at);
        };
        let previous = at.checked_sub(1).map(|at| &tokens[at]);
        forbidden_word(rules, word, token, previous, &tokens[at + 1..]).or_else(|| rules.declared_word(&tokens[at..]))
    })
}

fn forbidden_word(
    rules: &GuardRules,
    word: &str,
    token: &Token<'_>,
    previous: Option<&Token<'_>>,
    next: &[Token<'_>],
) -> Option<String> {
    let follows = |n: usize, words: &[&str]| next.get(n).is_some_and(|token| words.iter().any(|word| token.is(word)));
    if previous == Some(&Token::Mark('.')) || (rules.at_functions && previous == Some(&Token::Mark('@'))) {
        return None;
    }
    if token.is("into") {
        return Some("INTO stores the result; leave it out".into());
    }
    if token.is("for")
        && follows(0, &["update", "share", "no", "key"])
        && !matches!(next.get(1), Some(Token::Mark('(')))
    {
        return Some("FOR UPDATE and FOR SHARE lock rows".into());
    }
    if token.is("lock") && follows(0, &["in"]) && follows(1, &["share"]) {
        return Some("LOCK IN SHARE MODE locks rows".into());
    }
    if token.is("next") && follows(0, &["value"]) && follows(1, &["for"])
        || token.is("previous") && follows(0, &["value"]) && follows(1, &["for"])
    {
        return Some("a sequence would advance".into());
    }
    let starts = matches!(previous, None | Some(Token::Mark('(' | ')')));
    let called = next.first() == Some(&Token::Mark('('));
    let join_hint = follows(0, &["join", "union"]);
    if starts
        && !called
        && !join_hint
        && ["insert", "update", "delete", "merge", "replace"]
            .iter()
            .any(|dml| token.is(dml))
    {
        return Some(format!("{} changes data", word.to_uppercase()));
    }
    (rules.forbidden_word)(word, token, previous, next)
}

/// Why a function the statement calls may not be called.
pub(super) fn forbidden_functions(
    rules: &GuardRules,
    tokens: &[Token<'_>],
    restricted: &RestrictedObjects,
) -> Option<String> {
    tokens.iter().enumerate().find_map(|(at, token)| {
        let called = tokens.get(at + 1) == Some(&Token::Mark('('));
        // `row.function` calls a function of one argument in PostgreSQL.
        let of_row = rules.attribute_calls && at > 0 && tokens[at - 1] == Token::Mark('.');
        if !called && !of_row {
            return None;
        }
        let name = token.name()?;
        if called && let Some(reason) = rules.forbidden_function(&name) {
            return Some(format!("the function {name} may not be called: {reason}"));
        }
        let of_schema = called.then(|| rules.declared_function_of_schema(tokens, at, &name));
        if let Some(refusal) = of_schema.flatten() {
            return Some(refusal);
        }
        let calls = called.then(|| restricted.functions.get(&name)).flatten();
        let calls = calls.or_else(|| of_row.then(|| restricted.row_functions.get(&name)).flatten());
        if let Some(reason) = calls {
            return Some(format!("the function {name} may not be called: {reason}"));
        }
        (called && REPEATING.contains(&name.as_str()) && has_giant_number(&tokens[at + 1..]))
            .then(|| format!("{name} would build a text of more than {MAX_BUILT_TEXT} characters"))
    })
}

impl GuardRules {
    /// Why no statement may call the function of this name, in lower case.
    pub(crate) fn forbidden_function(&self, name: &str) -> Option<&str> {
        let own = self.functions.iter().chain(WAITING).copied();
        let declared = self.declared.functions.iter();
        own.chain(declared.map(|(pattern, reason)| (pattern.as_str(), reason.as_str())))
            .find(|(pattern, _)| matches_pattern(pattern, name))
            .map(|(_, reason)| reason)
    }
}

/// Functions that build a text as long as a number says; servers build it before any cap of ours can hold.
const REPEATING: &[&str] = &["repeat", "lpad", "rpad", "space", "zeroblob", "randomblob", "replicate"];
/// Longest text such a call may ask for.
const MAX_BUILT_TEXT: u64 = 1 << 24;

/// Whether the arguments in the parentheses that open here hold a number beyond [`MAX_BUILT_TEXT`].
fn has_giant_number(arguments: &[Token<'_>]) -> bool {
    let mut depth = 0;
    for token in arguments {
        match token {
            Token::Mark('(') => depth += 1,
            Token::Mark(')') => depth -= 1,
            Token::Word(word) => {
                let number = word.replace('_', "").parse::<f64>().unwrap_or(0.0);
                if number.is_finite() && number > MAX_BUILT_TEXT as f64 {
                    return true;
                }
            }
            _ => {}
        }
        if depth == 0 {
            return false;
        }
    }
    false
}

/// Whether a name is what a pattern, `*` for any text, stands for.
pub(super) fn matches_pattern(pattern: &str, name: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else {
        return pattern == name;
    };
    let Some(mut name) = name.strip_prefix(head) else {
        return false;
    };
    let (middle, tail) = rest.rsplit_once('*').unwrap_or(("", rest));
    for part in middle.split('*') {
        match name.find(part) {
            Some(at) => name = &name[at + part.len()..],
            None => return false,
        }
    }
    name.ends_with(tail)
}

#[cfg(test)]
mod tests {
    use super::super::{GuardRules, MYSQL, POSTGRES, RestrictedObjects, SQLITE, TSQL, check};
    use super::matches_pattern;

    fn allowed(rules: &GuardRules, sql: &str) {
        assert_eq!(check(rules, sql, &RestrictedObjects::default()), Ok(()), "{sql}");
    }

    fn refused(rules: &GuardRules, sql: &str, reason: &str) {
        let message = check(rules, sql, &RestrictedObjects::default())
            .expect_err(sql)
            .to_string();
        assert!(message.contains(reason), "{sql}: {message}");
    }

    #[test]
    fn patterns_match_whole_names() {
        for (pattern, name) in [
            ("a*", "a"),
            ("*_b", "a_b"),
            ("*/*", "a/b/c"),
            ("a*b*c", "a-b-b-c"),
            ("*", ""),
            ("a", "a"),
        ] {
            assert!(matches_pattern(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [
            ("a*", "ba"),
            ("*/*", "ab"),
            ("a*b*c", "a-c"),
            ("ab*ba", "aba"),
            ("a", "ab"),
        ] {
            assert!(!matches_pattern(pattern, name), "{pattern} {name}");
        }
    }

    #[test]
    fn queries_pass() {
        for rules in [&SQLITE, &POSTGRES, &MYSQL, &TSQL] {
            allowed(
                rules,
                "SELECT a, 'DROP; INTO' FROM t WHERE x IN (SELECT y FROM u) ORDER BY 1;",
            );
            allowed(rules, "WITH c AS (SELECT 1 AS n) SELECT n FROM c UNION ALL SELECT 2");
            allowed(rules, "((SELECT 1))");
            allowed(rules, "SELECT REPLACE(a, 'x', 'y'), t.update FROM t");
        }
        allowed(
            &MYSQL,
            "SELECT INSERT('abc', 1, 1, 'x'), @@version, @@SESSION.sql_mode, REPEAT('x', 100)",
        );
        allowed(
            &TSQL,
            "SELECT TOP 5 [into] FROM t INNER MERGE JOIN u ON t.a = u.a OPTION (MERGE JOIN)",
        );
        allowed(
            &TSQL,
            "SELECT x AS updlock, dbo.fn_total(x) FROM t WITH (NOLOCK) WHERE xlock = 1",
        );
        allowed(
            &TSQL,
            "SELECT @@VERSION, a.x FROM shop.dbo.t AS a JOIN shop..u AS b ON a.x = b.y, dbo.v",
        );
        allowed(&POSTGRES, "SELECT substring(a for 3), $$ into $$ FROM t");
        allowed(&POSTGRES, "TABLE account ORDER BY id LIMIT 3;");
        allowed(&POSTGRES, "(TABLE account) UNION ALL SELECT * FROM other");
        allowed(
            &TSQL,
            "SELECT t.name, c.name FROM sys.tables AS t JOIN sys.columns AS c ON c.object_id = t.object_id",
        );
    }

    #[test]
    fn everything_else_is_refused_with_its_reason() {
        refused(&SQLITE, "", "no statement");
        refused(&SQLITE, "PRAGMA user_version", "PRAGMA is not a query");
        refused(&SQLITE, "TABLE account", "TABLE is not a query");
        refused(&POSTGRES, "TABLE account; COMMIT", "more than one");
        refused(&POSTGRES, "TABLE account FOR UPDATE", "lock rows");
        refused(&POSTGRES, "SELECT 1; COMMIT", "more than one");
        refused(
            &POSTGRES,
            "WITH d AS (DELETE FROM t RETURNING *) SELECT * FROM d",
            "DELETE changes data",
        );
        refused(
            &POSTGRES,
            "WITH d AS (SELECT 1) INSERT INTO t SELECT * FROM d",
            "changes data",
        );
        refused(&POSTGRES, "SELECT * INTO x FROM t", "INTO");
        refused(&POSTGRES, "SELECT * FROM t FOR NO KEY UPDATE", "lock rows");
        refused(&POSTGRES, "SELECT \"pg_sleep\"(9)", "pg_sleep");
        refused(&MYSQL, "SELECT 1 INTO OUTFILE '/x'", "INTO");
        refused(&MYSQL, "SELECT @x := 1", "variable of the session");
        refused(&MYSQL, "SELECT id, @`total` FROM t", "variable of the session");
        refused(&MYSQL, "SELECT * FROM t PROCEDURE ANALYSE()", "PROCEDURE");
        refused(&SQLITE, "SELECT zeroblob(1000000000)", "more than");
        refused(&POSTGRES, "SELECT length(repeat('x', 1e9::int))", "more than");
        refused(&MYSQL, "SELECT NEXT VALUE FOR s", "sequence");
        refused(&MYSQL, "SELECT `sleep`(1)", "waits");
        refused(&TSQL, "SELECT * FROM sys.sql_logins", "sys.sql_logins");
        refused(&TSQL, "SELECT * FROM master . sys . [server_principals]", "master");
        refused(&TSQL, "SELECT name FROM dbo.syslogins", "syslogins");
        refused(&TSQL, "SELECT sleep(5)", "waits");
        refused(&MYSQL, "SELECT * FROM mysql.user", "mysql.user");
        refused(&POSTGRES, "SELECT rolpassword FROM pg_authid", "pg_authid");
        refused(&TSQL, "SELECT 1 DROP TABLE t", "DROP");
        refused(&TSQL, "SELECT 1 SELECT 2", "more than one");
        refused(&TSQL, "SELECT * FROM t WITH (ROWLOCK UPDLOCK)", "locks");
        refused(&TSQL, "SELECT * FROM t WITH (NOLOCK, XLOCK)", "locks");
        refused(
            &TSQL,
            "SELECT * FROM ::fn_virtualfilestats(1, NULL)",
            "machine of the server",
        );
        refused(&TSQL, "SELECT * FROM fn_my_permissions(NULL, 'SERVER')", "rights");
        refused(
            &TSQL,
            "SELECT AI_GENERATE_EMBEDDINGS(name USE MODEL m) FROM t",
            "USE is not part",
        );
        refused(&TSQL, "SELECT (NEXT VALUE FOR dbo.s)", "sequence");
        refused(&TSQL, "SELECT * FROM shop..syslogins", "syslogins");
        refused(&TSQL, "SELECT * FROM (DELETE FROM t OUTPUT deleted.a) AS d", "DELETE");
        refused(&TSQL, "SELECT @x = 1", "variable");
        refused(&TSQL, "SELECT * FROM linked.shop.dbo.t", "another server");
        refused(&TSQL, "SELECT * FROM a JOIN [l]...[t] ON 1 = 1", "another server");
        refused(&TSQL, "SELECT * FROM OPENROWSET('x', 'y', 'z')", "OPENROWSET");
    }

    #[test]
    fn functions_the_server_calls_volatile_are_refused() {
        let listed = std::collections::HashMap::from([("archive_orders".to_owned(), "it has side effects".to_owned())]);
        let volatile = RestrictedObjects {
            functions: listed.clone(),
            row_functions: listed,
            ..RestrictedObjects::default()
        };
        for sql in [
            "SELECT \"archive_orders\" (1)",
            "SELECT t.archive_orders FROM t",
            "SELECT (t).archive_orders FROM t",
        ] {
            let error = check(&POSTGRES, sql, &volatile).unwrap_err();
            assert!(error.to_string().contains("side effects"), "{error}");
        }
        allowed(&POSTGRES, "SELECT archive_orders FROM t");
    }
}
