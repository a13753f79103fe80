//! SQL cut as Spider's `process_sql.tokenize` cuts it: quoted values whole, the rest by nltk's word tokeniser.

/// Tokens in lower case, quoted values as written; `None` where quotes do not pair up.
pub(super) fn tokenize(sql: &str) -> Option<Vec<String>> {
    let sql = sql.replace('\'', "\"");
    let quotes: Vec<usize> = sql.match_indices('"').map(|(at, _)| at).collect();
    if !quotes.len().is_multiple_of(2) {
        return None;
    }
    let mut values = Vec::new();
    let mut text = String::with_capacity(sql.len());
    let mut from = 0;
    for pair in quotes.chunks(2) {
        text.push_str(&sql[from..pair[0]]);
        text.push_str(&format!("__val_{}__", values.len()));
        values.push(&sql[pair[0]..=pair[1]]);
        from = pair[1] + 1;
    }
    text.push_str(&sql[from..]);
    let words = padded(&text);
    let tokens = words.split_whitespace().map(|word| {
        let value = word
            .strip_prefix("__val_")
            .and_then(|rest| rest.strip_suffix("__"))
            .and_then(|number| number.parse::<usize>().ok())
            .and_then(|number| values.get(number));
        value.map_or_else(|| word.to_lowercase(), |value| (*value).to_owned())
    });
    Some(operators_joined(tokens.collect()))
}

/// Spaces put around what the Penn Treebank tokeniser takes for punctuation. `=` is not among it.
fn padded(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len() * 2);
    for (at, c) in chars.iter().enumerate() {
        let next = chars.get(at + 1);
        let alone = match c {
            ';' | '@' | '#' | '$' | '%' | '&' | '?' | '!' | '*' => true,
            '[' | ']' | '(' | ')' | '{' | '}' | '<' | '>' => true,
            ':' | ',' => next.is_none_or(|next| !next.is_numeric()),
            '.' => chars[at + 1..]
                .iter()
                .all(|rest| rest.is_whitespace() || matches!(rest, ')' | ']' | '}' | '>')),
            _ => false,
        };
        if alone {
            out.extend([' ', *c, ' ']);
        } else {
            out.push(*c);
        }
    }
    out.replace("--", " -- ")
}

/// `!`, `>` and `<` before `=` become one token with it.
fn operators_joined(tokens: Vec<String>) -> Vec<String> {
    let mut joined: Vec<String> = Vec::with_capacity(tokens.len());
    for token in tokens {
        match joined.last_mut() {
            Some(last) if token == "=" && matches!(last.as_str(), "!" | ">" | "<") => last.push('='),
            _ => joined.push(token),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::tokenize;

    #[test]
    fn values_stay_whole_and_operators_come_together() {
        let tokens = tokenize("SELECT T1.Name, count(*) FROM t AS T1 WHERE a >= 'It is' AND b!= 2").unwrap();
        assert_eq!(
            tokens,
            [
                "select",
                "t1.name",
                ",",
                "count",
                "(",
                "*",
                ")",
                "from",
                "t",
                "as",
                "t1",
                "where",
                "a",
                ">=",
                "\"It is\"",
                "and",
                "b",
                "!=",
                "2"
            ]
        );
    }

    #[test]
    fn an_equals_sign_sticks_to_its_neighbours() {
        assert_eq!(tokenize("a=1").unwrap(), ["a=1"]);
        assert_eq!(tokenize("say \"x"), None);
    }
}
