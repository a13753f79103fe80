//! What only the text of a CREATE statement tells: comments and check constraints.
//!
//! Convention for comments: the table's stands on the line of the opening parenthesis, a column's at the end of its line (or lines of their
//! own right before it), after `--` or inside `/* */`.

/// Comments and checks of one table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableText {
    /// Comment of the table.
    pub comment: Option<String>,
    /// Column name in lower case and its comment.
    pub columns: Vec<(String, String)>,
    /// Constraint name, if any, and the expression in its parentheses.
    pub checks: Vec<(Option<String>, String)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    /// A word or quoted name, unquoted, with where its text starts and ends.
    Name(String, usize, usize),
    /// A comment, and whether code stands before it on its line.
    Comment(String, bool),
    Open(usize),
    Close(usize),
    Comma,
}

/// Reads the text of a CREATE TABLE or CREATE VIEW statement; anything unexpected just yields less.
pub fn read(sql: &str) -> TableText {
    let pieces = pieces(sql);
    let mut text = TableText::default();
    let is_view = pieces
        .iter()
        .filter_map(name)
        .take(3)
        .any(|word| word.eq_ignore_ascii_case("view"));
    let open = pieces.iter().position(|piece| matches!(piece, Piece::Open(_)));
    let Some(open) = open.filter(|_| !is_view) else {
        text.comment = pieces.iter().find_map(comment).map(str::to_owned);
        return text;
    };
    let mut at = open + 1;
    let heading = pieces[..open].iter().rev().find_map(comment);
    text.comment = heading.map(str::to_owned);
    if let Some(Piece::Comment(words, true)) = pieces.get(at) {
        text.comment = Some(words.clone());
        at += 1;
    }
    while at < pieces.len() {
        at = read_definition(sql, &pieces, at, &mut text);
    }
    text
}

/// Reads one column or table constraint starting at piece `at`; returns where the next one starts.
fn read_definition(sql: &str, pieces: &[Piece], mut at: usize, text: &mut TableText) -> usize {
    let mut depth = 0;
    let mut column: Option<&str> = None;
    let mut words: Vec<&str> = Vec::new();
    let mut comments: Vec<&str> = Vec::new();
    while let Some(piece) = pieces.get(at) {
        at += 1;
        match piece {
            Piece::Name(word, start, _) => {
                if column.is_none() && words.is_empty() && !is_constraint(sql, word, *start) {
                    column = Some(word);
                }
                if depth == 0 {
                    words.push(word);
                }
            }
            Piece::Comment(words, _) => comments.push(words),
            Piece::Open(start) => {
                if depth == 0 && words.last().is_some_and(|word| word.eq_ignore_ascii_case("check")) {
                    add_check(sql, pieces, at, *start, &words, text);
                }
                depth += 1;
            }
            Piece::Close(_) if depth == 0 => {
                note_comments(column, &comments, text);
                return pieces.len();
            }
            Piece::Close(_) => depth -= 1,
            Piece::Comma if depth == 0 => {
                if let Some(Piece::Comment(words, true)) = pieces.get(at) {
                    comments.push(words);
                    at += 1;
                }
                break;
            }
            Piece::Comma => {}
        }
    }
    note_comments(column, &comments, text);
    at
}

fn note_comments(column: Option<&str>, comments: &[&str], text: &mut TableText) {
    if let (Some(column), false) = (column, comments.is_empty()) {
        text.columns.push((column.to_lowercase(), comments.join(" ")));
    }
}

fn add_check(sql: &str, pieces: &[Piece], from: usize, start: usize, words: &[&str], text: &mut TableText) {
    let mut depth = 1;
    for piece in &pieces[from..] {
        match piece {
            Piece::Open(_) => depth += 1,
            Piece::Close(end) => {
                depth -= 1;
                if depth == 0 {
                    let named = words.len() >= 3 && words[words.len() - 3].eq_ignore_ascii_case("constraint");
                    let name = named.then(|| words[words.len() - 2].to_owned());
                    text.checks.push((name, sql[start + 1..*end].trim().to_owned()));
                    return;
                }
            }
            _ => {}
        }
    }
}

/// Whether a definition that starts with this word is a table constraint; a quoted word is a column.
fn is_constraint(sql: &str, word: &str, start: usize) -> bool {
    let bare = sql[start..].starts_with(|c: char| c.is_alphabetic());
    bare && ["constraint", "primary", "unique", "check", "foreign"]
        .iter()
        .any(|key| word.eq_ignore_ascii_case(key))
}

fn name(piece: &Piece) -> Option<&str> {
    match piece {
        Piece::Name(word, ..) => Some(word),
        _ => None,
    }
}

fn comment(piece: &Piece) -> Option<&str> {
    match piece {
        Piece::Comment(words, _) => Some(words),
        _ => None,
    }
}

fn pieces(sql: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let (mut at, mut code_on_line) = (0, false);
    while let Some(c) = sql[at..].chars().next() {
        let rest = &sql[at..];
        let start = at;
        match c {
            '\n' => {
                code_on_line = false;
                at += 1;
            }
            '-' if rest.starts_with("--") => {
                at += rest.find('\n').unwrap_or(rest.len());
                push_comment(&mut pieces, &sql[start + 2..at], code_on_line);
            }
            '/' if rest.starts_with("/*") => {
                let body = rest[2..].find("*/").unwrap_or(rest.len() - 2);
                at += (body + 4).min(rest.len());
                push_comment(&mut pieces, &rest[2..2 + body], code_on_line);
            }
            '\'' | '"' | '`' | '[' => {
                at += quoted_length(rest, if c == '[' { ']' } else { c });
                if c != '\'' {
                    let close = if c == '[' { "]" } else { &rest[..1] };
                    let inner = sql[start + 1..at].strip_suffix(close).unwrap_or(&sql[start + 1..at]);
                    pieces.push(Piece::Name(inner.replace(&close.repeat(2), close), start, at));
                }
                code_on_line = true;
            }
            c if c.is_alphanumeric() || c == '_' => {
                at += rest
                    .find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$'))
                    .unwrap_or(rest.len());
                pieces.push(Piece::Name(sql[start..at].to_owned(), start, at));
                code_on_line = true;
            }
            c => {
                match c {
                    '(' => pieces.push(Piece::Open(at)),
                    ')' => pieces.push(Piece::Close(at)),
                    ',' => pieces.push(Piece::Comma),
                    _ => {}
                }
                code_on_line |= !c.is_whitespace();
                at += c.len_utf8();
            }
        }
    }
    pieces
}

fn push_comment(pieces: &mut Vec<Piece>, text: &str, code_on_line: bool) {
    let text = text.trim();
    if !text.is_empty() {
        pieces.push(Piece::Comment(text.to_owned(), code_on_line));
    }
}

/// Bytes of a quoted text at the start of `rest`, its quotes and doubled quotes included.
fn quoted_length(rest: &str, close: char) -> usize {
    let mut at = 1;
    while let Some(found) = rest[at..].find(close) {
        at += found + close.len_utf8();
        if !rest[at..].starts_with(close) {
            return at;
        }
        at += close.len_utf8();
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn comments_follow_the_table_and_its_columns() {
        let text = read(
            "CREATE TABLE \"order\" ( -- 订单\n  \"id\" INTEGER PRIMARY KEY, -- 编号\n  amount DECIMAL(12,2), /* 金额（元） */\n  \
             note TEXT DEFAULT 'a, -- b', -- 备注\n  -- 下一行\n  at DATE -- 日期\n)",
        );
        assert_eq!(text.comment.as_deref(), Some("订单"));
        let columns: Vec<_> = text
            .columns
            .iter()
            .map(|(name, words)| (name.as_str(), words.as_str()))
            .collect();
        assert_eq!(
            columns,
            [
                ("id", "编号"),
                ("amount", "金额（元）"),
                ("note", "备注"),
                ("at", "下一行 日期")
            ]
        );
    }

    #[test]
    fn checks_keep_their_names_and_expressions() {
        let text = read(
            "CREATE TABLE t (a INT CHECK (a > (0)), \"check\" TEXT, b INT, CONSTRAINT positive CHECK (b > 0 AND b IN (1, 2)), FOREIGN KEY (a) REFERENCES u(x))",
        );
        assert_eq!(
            text.checks,
            [
                (None, "a > (0)".into()),
                (Some("positive".into()), "b > 0 AND b IN (1, 2)".into())
            ]
        );
        assert_eq!(text.columns, []);
    }

    #[test]
    fn broken_text_yields_less_and_never_fails() {
        for sql in [
            "",
            "CREATE",
            "CREATE TABLE t (",
            "CREATE TABLE t (a CHECK (",
            "CREATE TABLE '",
            "/*",
            "CREATE TABLE t(a /* x",
        ] {
            read(sql);
        }
    }
}
