//! What a phrase looks like.

/// A part of a phrase.
#[derive(Debug)]
pub(super) enum Element<'p> {
    /// A word or marks; not captured.
    Literal(&'p str),
    /// One of several.
    Either(Vec<&'p str>),
    Number,
    Text,
    Word,
    /// A pair of parentheses and what is inside.
    Group,
    /// One or more tokens, as few as can be.
    List,
    /// One or more tokens up to a comma or the word of a clause.
    Item,
    /// One or more tokens up to the word of a clause.
    Tables,
    /// The rest of the brackets or of the statement.
    Rest,
    /// The beginning of the text; takes nothing.
    Start,
    /// The end of a query; takes nothing.
    End,
    /// None of several follows; takes nothing.
    Not(Vec<&'p str>),
    /// It may be missing.
    Optional(Box<Element<'p>>),
}

/// The parts of a pattern, which blanks divide.
pub(super) fn elements(pattern: &str) -> Vec<Element<'_>> {
    pattern.split_ascii_whitespace().map(element).collect()
}

fn element(part: &str) -> Element<'_> {
    if let Some(part) = part.strip_suffix('?').filter(|part| !part.is_empty()) {
        return Element::Optional(Box::new(element(part)));
    }
    match part {
        "<number>" => Element::Number,
        "<text>" => Element::Text,
        "<word>" => Element::Word,
        "<group>" => Element::Group,
        "<list>" => Element::List,
        "<item>" => Element::Item,
        "<tables>" => Element::Tables,
        "<start>" => Element::Start,
        "<rest>" => Element::Rest,
        "<end>" => Element::End,
        _ => match part.split_once(':').filter(|(kind, _)| !kind.is_empty()) {
            Some(("any", parts)) => Element::Either(parts.split('|').collect()),
            Some(("not", parts)) => Element::Not(parts.split('|').collect()),
            _ => Element::Literal(part),
        },
    }
}
