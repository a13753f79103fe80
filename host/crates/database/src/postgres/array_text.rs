//! PostgreSQL's text form of arrays: `{1,NULL,"a \"b\"",{2,3}}`
//! (<https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO>).

use nl2sql_catalog::Value;

/// Reads an array whose elements `delimiter` separates (`pg_type.typdelim`); `element` types the text of one. A text that is no array
/// comes back as [`Value::Other`].
pub(super) fn read(text: &str, delimiter: char, element: &dyn Fn(&str) -> Value) -> Value {
    // Bounds other than 1 are written in front: `[0:1]={1,2}`.
    let body = if text.starts_with('[') {
        text.find('=').map_or(text, |at| &text[at + 1..])
    } else {
        text
    };
    let mut reader = ArrayReader {
        rest: body,
        delimiter,
        element,
    };
    match reader.array() {
        Some(value) if reader.rest.is_empty() => value,
        _ => Value::Other(text.to_owned()),
    }
}

struct ArrayReader<'a> {
    rest: &'a str,
    delimiter: char,
    element: &'a dyn Fn(&str) -> Value,
}

impl ArrayReader<'_> {
    fn eat(&mut self, c: char) -> bool {
        match self.rest.strip_prefix(c) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn array(&mut self) -> Option<Value> {
        if !self.eat('{') {
            return None;
        }
        let mut values = Vec::new();
        if self.eat('}') {
            return Some(Value::Array(values));
        }
        loop {
            values.push(self.item()?);
            if self.eat('}') {
                return Some(Value::Array(values));
            }
            if !self.eat(self.delimiter) {
                return None;
            }
        }
    }

    fn item(&mut self) -> Option<Value> {
        if self.rest.starts_with('{') {
            return self.array();
        }
        if self.eat('"') {
            return self.quoted();
        }
        let end = self.rest.find([self.delimiter, '}'])?;
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        Some(if word.eq_ignore_ascii_case("null") {
            Value::Null
        } else {
            (self.element)(word)
        })
    }

    fn quoted(&mut self) -> Option<Value> {
        let mut text = String::new();
        let mut characters = self.rest.char_indices();
        while let Some((at, c)) = characters.next() {
            match c {
                '\\' => text.push(characters.next()?.1),
                '"' => {
                    self.rest = &self.rest[at + 1..];
                    return Some((self.element)(&text));
                }
                c => text.push(c),
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use nl2sql_catalog::Value;

    use super::read;

    fn texts(text: &str) -> Option<String> {
        read(text, ',', &|text| Value::Text(text.to_owned())).display_text()
    }

    #[test]
    fn nested_quoted_and_null_elements() {
        assert_eq!(
            texts(r#"{a,NULL,"NULL","x, \"y\"",{1,{2}}}"#).as_deref(),
            Some(r#"[a, NULL, NULL, x, "y", [1, [2]]]"#)
        );
        assert_eq!(texts("[0:1]={a,b}").as_deref(), Some("[a, b]"));
        assert_eq!(texts("{}").as_deref(), Some("[]"));
        assert_eq!(texts("{a;b,c}").as_deref(), Some("[a;b, c]"));
        assert_eq!(texts("{a").as_deref(), Some("{a"));
    }
}
