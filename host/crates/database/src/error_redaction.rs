//! Redacts error messages of engines: what they say about a statement, without what they say about the data.
//!
//! Engines quote the value they stumbled over: a conversion that fails would carry a value of the database into verdicts and on to a language
//! model. Where the data is at fault, their words count up to the first quotation mark.

/// `message` up to its first quotation mark, with a word on what was left out.
pub(crate) fn without_values(message: &str) -> String {
    match message.find(['"', '\'', '`', '“', '«', '‘']) {
        Some(quote) => {
            let kept = message[..quote].trim_end_matches([' ', ':', '(', ',']);
            format!("{kept} (the value is not shown)")
        }
        None => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::without_values;

    #[test]
    fn quoted_values_are_cut_off_with_all_that_follows() {
        assert_eq!(
            without_values("invalid input syntax for type integer: \"can\"ary\"x\""),
            "invalid input syntax for type integer (the value is not shown)"
        );
        assert_eq!(
            without_values("Incorrect DATE value: 'canary'"),
            "Incorrect DATE value (the value is not shown)"
        );
        assert_eq!(without_values("division by zero"), "division by zero");
    }
}
