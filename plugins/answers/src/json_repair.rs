//! Repairs the slips models make in JSON: trailing commas, comments, other quotes, bare keys, Python's literals, raw line breaks, odd escapes.

/// `text` with its slips repaired; what is no slip stays as it is.
pub fn repaired(text: &str) -> String {
    let mut repair = Repair {
        rest: text,
        out: String::with_capacity(text.len()),
    };
    while let Some(c) = repair.rest.chars().next() {
        repair.step(c);
    }
    repair.out
}

struct Repair<'a> {
    rest: &'a str,
    out: String,
}

impl Repair<'_> {
    fn step(&mut self, c: char) {
        match c {
            '"' => self.string('"'),
            '\'' => self.string('\''),
            '“' | '”' => self.string('”'),
            '/' if self.rest.starts_with("//") => self.skip_to("\n"),
            '/' if self.rest.starts_with("/*") => self.skip_to("*/"),
            '}' | ']' => {
                self.drop_comma();
                self.keep(c);
            }
            _ if c.is_alphabetic() || c == '_' => self.word(),
            _ => self.keep(c),
        }
    }

    fn keep(&mut self, c: char) {
        self.out.push(c);
        self.rest = &self.rest[c.len_utf8()..];
    }

    fn skip_to(&mut self, end: &str) {
        self.rest = self.rest.find(end).map_or("", |at| &self.rest[at + end.len()..]);
    }

    /// Takes back a comma that nothing follows.
    fn drop_comma(&mut self) {
        let kept = self.out.trim_end();
        if let Some(before) = kept.strip_suffix(',') {
            self.out.truncate(before.len());
        }
    }

    /// A literal, a number's exponent, or a key without quotes.
    fn word(&mut self) {
        let length = self
            .rest
            .find(|c: char| !(c.is_alphanumeric() || c == '_'))
            .unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(length);
        self.rest = rest;
        let after_digit = self.out.ends_with(|c: char| c.is_ascii_digit());
        match word {
            "true" | "True" => self.out.push_str("true"),
            "false" | "False" => self.out.push_str("false"),
            "null" | "None" | "undefined" | "NaN" => self.out.push_str("null"),
            _ if !after_digit && self.rest.trim_start().starts_with(':') => {
                self.out.push('"');
                self.out.push_str(word);
                self.out.push('"');
            }
            _ => self.out.push_str(word),
        }
    }

    /// A string up to its closing quote; a single or curly quote inside a word, as in `don't`, closes nothing.
    fn string(&mut self, close: char) {
        let mut characters = self.rest.char_indices().peekable();
        characters.next();
        self.out.push('"');
        let mut end = self.rest.len();
        while let Some((at, c)) = characters.next() {
            match c {
                '\\' => match characters.next() {
                    Some((_, escaped)) if "\"\\/bfnrtu".contains(escaped) => self.out.extend(['\\', escaped]),
                    Some((_, '"')) | None => {}
                    Some((_, other)) => self.out.push(other),
                },
                _ if c == close && (close == '"' || closes(&self.rest[at + c.len_utf8()..])) => {
                    end = at + c.len_utf8();
                    break;
                }
                '"' => self.out.push_str("\\\""),
                '\n' => self.out.push_str("\\n"),
                '\r' => self.out.push_str("\\r"),
                '\t' => self.out.push_str("\\t"),
                _ => self.out.push(c),
            }
        }
        self.out.push('"');
        self.rest = &self.rest[end..];
    }
}

/// Whether what follows a quote shows that it ends the string.
fn closes(rest: &str) -> bool {
    matches!(rest.trim_start().chars().next(), None | Some(',' | ':' | '}' | ']'))
}

#[cfg(test)]
mod tests {
    use super::repaired;

    #[test]
    fn good_json_stays_as_it_is() {
        let good = r#"{"a": [1, -2.5e3, true, null, "b's \" \\ \u00e4 // no comment"], "c": {}}"#;
        assert_eq!(repaired(good), good);
    }

    #[test]
    fn quotes_within_words_close_nothing() {
        assert_eq!(repaired("{'a': 'don't'}"), r#"{"a": "don't"}"#);
        assert_eq!(repaired("{'a': 'say \"hi\"'}"), r#"{"a": "say \"hi\""}"#);
    }
}
