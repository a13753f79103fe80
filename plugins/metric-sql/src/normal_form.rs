//! A normal form that needs no parser, for texts that are no statement of the dialect.

/// Lower case outside quotes, comments stripped, single spaces between words and none around marks, no final semicolon.
pub fn normal_form(sql: &str) -> String {
    let mut normal = String::with_capacity(sql.len());
    let mut rest = sql;
    let mut gap = false;
    while let Some(first) = rest.chars().next() {
        let length = if first.is_whitespace() {
            gap = true;
            first.len_utf8()
        } else if rest.starts_with("--") {
            gap = true;
            rest.find('\n').unwrap_or(rest.len())
        } else if let Some(inside) = rest.strip_prefix("/*") {
            gap = true;
            inside.find("*/").map_or(rest.len(), |end| end + 4)
        } else {
            let length = if matches!(first, '\'' | '"' | '`') {
                quoted(rest, first)
            } else {
                first.len_utf8()
            };
            let spaced = gap && normal.ends_with(is_word) && is_word(first);
            if spaced {
                normal.push(' ');
            }
            gap = false;
            if length == first.len_utf8() {
                normal.extend(first.to_lowercase());
            } else {
                normal.push_str(&rest[..length]);
            }
            length
        };
        rest = &rest[length..];
    }
    normal.trim_end_matches(';').to_owned()
}

/// Length of a quoted stretch; one without end runs to the end of the text.
fn quoted(text: &str, quote: char) -> usize {
    text[1..].find(quote).map_or(text.len(), |end| end + 2)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '\'' | '"' | '`')
}

#[cfg(test)]
mod tests {
    use super::normal_form;

    #[test]
    fn case_space_comments_and_the_semicolon_do_not_count() {
        assert_eq!(
            normal_form("SELECT  Name -- who\nFROM t /* all */ WHERE a = 'X  y' ;"),
            normal_form("select name from t where a='X  y'")
        );
    }

    #[test]
    fn values_count_as_written() {
        assert_ne!(normal_form("SELECT 'A'"), normal_form("SELECT 'a'"));
        assert_ne!(normal_form("SELECT a b"), normal_form("SELECT ab"));
    }
}
