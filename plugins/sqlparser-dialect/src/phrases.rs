//! Phrases of a dialect that sqlparser does not read, replaced by ones that it reads.

mod pattern;

use std::collections::BTreeMap;
use std::ops::Range;

use sqlparser::dialect::Dialect;
use sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer};

use crate::parsed::is_blank;
use pattern::{Element, elements};

/// Steps after which a text is left as it is, so that none takes longer than it takes to read.
const MAX_STEPS: usize = 1 << 20;

/// Words that end an item of a list.
const AFTER_ITEM: &str = "from where group having qualify window order limit offset union except intersect join on using left right inner full \
    cross natural semi anti if for in as into";

/// Words that begin the next clause of a query.
const AFTER_TABLES: &str = "select where group having qualify window order limit offset union except intersect";

/// Words that end a query of a set operation.
const AFTER_QUERY: &str = "order limit offset union except intersect";

/// The text with every phrase replaced, the first phrase first and what is nested before what is around it.
pub(crate) fn replaced(grammar: &dyn Dialect, phrases: &str, mut tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let mut steps = 0;
    let written = phrases.lines().filter(|line| !line.starts_with("--"));
    for (pattern, replacement) in written.filter_map(|line| line.split_once("becomes")) {
        let elements = elements(pattern);
        let mut at = tokens.len();
        while at > 0 && steps <= MAX_STEPS {
            at -= 1;
            let mut reader = Reader::new(&tokens, &mut steps);
            let Some(end) = reader.matches(&elements, at) else {
                continue;
            };
            let captures = reader.captures;
            let new = filled(grammar, replacement, &tokens, &captures, at);
            steps += tokens.len() - at;
            tokens.splice(at..end, new);
            // The rest of a list begins at the same token.
            at += 1;
        }
    }
    tokens
}

/// The replacement with the captured tokens in their places. What is new has the place of the token that the phrase begins with.
fn filled(
    grammar: &dyn Dialect,
    replacement: &str,
    tokens: &[TokenWithSpan],
    captures: &[Range<usize>],
    at: usize,
) -> Vec<TokenWithSpan> {
    let mut new = Vec::new();
    for piece in replacement.split_ascii_whitespace() {
        let number = piece.strip_prefix('<').and_then(|piece| piece.strip_suffix('>'));
        if let Some(captured) = number.and_then(|number| captures.get(number.parse::<usize>().ok()?.checked_sub(1)?)) {
            new.extend_from_slice(&tokens[captured.clone()]);
            continue;
        }
        let written = Tokenizer::new(grammar, piece).tokenize().unwrap_or_default();
        new.extend(
            written
                .into_iter()
                .map(|token| TokenWithSpan::new(token, tokens[at].span)),
        );
    }
    new
}

/// Holds a pattern against tokens.
struct Reader<'t> {
    tokens: &'t [TokenWithSpan],
    steps: &'t mut usize,
    captures: Vec<Range<usize>>,
    /// Ends of brackets that were looked for.
    closed: BTreeMap<usize, Option<usize>>,
}

impl<'t> Reader<'t> {
    fn new(tokens: &'t [TokenWithSpan], steps: &'t mut usize) -> Self {
        Self {
            tokens,
            steps,
            captures: Vec::new(),
            closed: BTreeMap::new(),
        }
    }

    /// Where the tokens end that begin at `at` and are what the elements say.
    fn matches(&mut self, elements: &[Element], at: usize) -> Option<usize> {
        *self.steps += 1;
        let Some((first, rest)) = elements.split_first() else {
            return Some(at);
        };
        let at = self.said(at);
        let kept = self.captures.len();
        let found = match first {
            Element::Optional(inner) => {
                if let Some(end) = self.one(inner, at) {
                    self.captures.push(at..end);
                    if let Some(found) = self.matches(rest, end) {
                        return Some(found);
                    }
                    self.captures.truncate(kept);
                }
                self.captures.push(at..at);
                self.matches(rest, at)
            }
            Element::List => self.list(rest, at),
            Element::End if self.ends_query(at) => self.matches(rest, at),
            Element::Not(words) if !words.iter().any(|word| self.literal(word, at).is_some()) => self.matches(rest, at),
            Element::Start if self.tokens[..at].iter().all(|token| is_blank(&token.token)) => self.matches(rest, at),
            Element::End | Element::Not(_) | Element::Start => None,
            one => self.one(one, at).and_then(|end| {
                if !matches!(one, Element::Literal(_)) {
                    self.captures.push(at..end);
                }
                self.matches(rest, end)
            }),
        };
        if found.is_none() {
            self.captures.truncate(kept);
        }
        found
    }

    /// As few tokens as let the rest match, brackets whole.
    fn list(&mut self, rest: &[Element], at: usize) -> Option<usize> {
        let kept = self.captures.len();
        let mut end = at;
        while *self.steps <= MAX_STEPS {
            end = self.after(end)?;
            self.captures.push(at..end);
            if let Some(found) = self.matches(rest, end) {
                return Some(found);
            }
            self.captures.truncate(kept);
            end = self.said(end);
        }
        None
    }

    /// Where the one thing ends that begins at `at`.
    fn one(&mut self, element: &Element, at: usize) -> Option<usize> {
        let token = &self.tokens.get(at)?.token;
        match element {
            Element::Literal(literal) => self.literal(literal, at),
            Element::Either(literals) => literals.iter().find_map(|literal| self.literal(literal, at)),
            Element::Number => matches!(token, Token::Number(..)).then_some(at + 1),
            Element::Text => matches!(token, Token::SingleQuotedString(_)).then_some(at + 1),
            Element::Word => matches!(token, Token::Word(_)).then_some(at + 1),
            Element::Group if *token == Token::LParen => self.after(at),
            Element::Item => self.while_inside(at, |reader, at| {
                reader.literal(",", at).is_some() || reader.is_word_of(AFTER_ITEM, at)
            }),
            Element::Tables => self.while_inside(at, |reader, at| reader.is_word_of(AFTER_TABLES, at)),
            Element::Rest => self.while_inside(at, |_, _| false),
            _ => None,
        }
    }

    /// Where tokens end that go on until one stops them, or their bracket or the statement ends.
    fn while_inside(&mut self, at: usize, stops: impl Fn(&Self, usize) -> bool) -> Option<usize> {
        let (mut end, mut last) = (at, at);
        while !stops(self, end) {
            let Some(next) = self.after(end) else { break };
            last = next;
            end = self.said(next);
        }
        (last > at).then_some(last)
    }

    /// A word in any case, or marks that touch each other.
    fn literal(&self, literal: &str, at: usize) -> Option<usize> {
        let (mut rest, mut end) = (literal, at);
        while !rest.is_empty() {
            match &self.tokens.get(end)?.token {
                Token::Word(word) => {
                    return (end == at && word.quote_style.is_none() && word.value.eq_ignore_ascii_case(literal))
                        .then_some(at + 1);
                }
                token if is_mark(token) => rest = rest.strip_prefix(token.to_string().as_str())?,
                _ => return None,
            }
            end += 1;
        }
        Some(end)
    }

    fn is_word_of(&self, words: &str, at: usize) -> bool {
        words
            .split_ascii_whitespace()
            .any(|word| self.literal(word, at).is_some())
    }

    fn ends_query(&mut self, at: usize) -> bool {
        self.after(at).is_none() || self.is_word_of(AFTER_QUERY, at)
    }

    /// The next place that is not blank.
    fn said(&self, at: usize) -> usize {
        let blank = self.tokens[at.min(self.tokens.len())..]
            .iter()
            .take_while(|token| is_blank(&token.token));
        at + blank.count()
    }

    /// Where a token ends, or the bracket that it opens; nothing where its surroundings end.
    fn after(&mut self, at: usize) -> Option<usize> {
        match self.tokens.get(at)?.token {
            Token::EOF | Token::SemiColon | Token::RParen | Token::RBracket | Token::RBrace => None,
            Token::LParen | Token::LBracket | Token::LBrace => {
                if let Some(known) = self.closed.get(&at) {
                    return *known;
                }
                let end = self.closing(at);
                self.closed.insert(at, end);
                end
            }
            _ => Some(at + 1),
        }
    }

    fn closing(&mut self, at: usize) -> Option<usize> {
        let mut depth = 0_usize;
        for (place, token) in self.tokens.iter().enumerate().skip(at) {
            *self.steps += 1;
            match token.token {
                Token::LParen | Token::LBracket | Token::LBrace => depth += 1,
                Token::RParen | Token::RBracket | Token::RBrace => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return Some(place + 1);
            }
        }
        None
    }
}

/// Whether a token is neither a word nor a literal, so that its text is what it is.
fn is_mark(token: &Token) -> bool {
    !is_blank(token)
        && !matches!(token, Token::EOF | Token::Number(..) | Token::Placeholder(_))
        && !crate::normal_form::is_literal(token)
}
