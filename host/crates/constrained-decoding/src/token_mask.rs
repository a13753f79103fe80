//! Tokens that a model may write next.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::sync::Arc;

use crate::{DecodingState, SchemaConstraint};

/// How the next token is chosen from those that are left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selection {
    /// The likeliest is taken as the mask leaves it.
    Greedy,
    /// One is drawn, or likelihoods change after the mask.
    Sampled,
}

/// Likeliest tokens that are looked at where one is drawn.
const SAMPLED_FROM: usize = 64;

/// Leaves tokens after which the answer can still become a statement whose names are all there.
///
/// Tokens are looked at in order of falling likelihood, and no more of them than are needed: the first that fits where the likeliest
/// is taken, else those of the 64 likeliest that do. Where none of the whole vocabulary fits, all stay allowed: an answer that goes on wrong
/// is told from a right one when it is run, and one broken off says less.
#[derive(Clone, Debug)]
pub struct TokenMask {
    state: DecodingState,
    token_bytes: Arc<[Vec<u8>]>,
    /// Tokens of the answer that were read.
    read: usize,
    /// Tokens to look at, at least.
    looked_at: usize,
}

impl TokenMask {
    /// A mask for one answer. `token_bytes` has what each token of the vocabulary adds to the text; tokens that are no text have nothing.
    pub fn new(schema: Arc<SchemaConstraint>, token_bytes: Arc<[Vec<u8>]>, selection: Selection) -> Self {
        Self {
            state: DecodingState::new(schema),
            token_bytes,
            read: 0,
            looked_at: match selection {
                Selection::Greedy => 1,
                Selection::Sampled => SAMPLED_FROM,
            },
        }
    }

    /// Whether the likeliest token is all that a mask looks at: the choice is greedy, and it fits.
    pub fn accepts(&mut self, generated: &[u32], likeliest: u32) -> bool {
        self.read_answer(generated);
        self.looked_at == 1 && self.fits(likeliest as usize)
    }

    fn read_answer(&mut self, generated: &[u32]) {
        for token in &generated[self.read..] {
            self.state
                .push(self.token_bytes.get(*token as usize).map_or(&[], Vec::as_slice));
        }
        self.read = generated.len();
    }

    fn fits(&self, token: usize) -> bool {
        match self.token_bytes.get(token).map(Vec::as_slice) {
            None => false,
            // Special tokens are no text: they end the answer.
            Some([]) => self.state.may_end(),
            Some(bytes) => self.state.clone().push(bytes),
        }
    }

    /// Sets the logits of forbidden tokens to negative infinity. `generated` is the answer so far.
    pub fn apply(&mut self, generated: &[u32], logits: &mut [f32]) {
        self.read_answer(generated);
        let mut allowed = Vec::new();
        for (looked_at, Likely { token, logit }) in by_falling_likelihood(logits).enumerate() {
            if looked_at >= self.looked_at && !allowed.is_empty() {
                break;
            }
            if self.fits(token) {
                allowed.push((token, logit));
            }
        }
        if !allowed.is_empty() {
            logits.fill(f32::NEG_INFINITY);
            allowed.into_iter().for_each(|(token, logit)| logits[token] = logit);
        }
    }
}

/// A token and how likely it is; of equally likely ones the first is greater.
#[derive(Clone, Copy, Debug)]
struct Likely {
    token: usize,
    logit: f32,
}

impl Ord for Likely {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_logit = self.logit.total_cmp(&other.logit);
        by_logit.then(other.token.cmp(&self.token))
    }
}

impl PartialOrd for Likely {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Likely {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Likely {}

/// Tokens, likeliest first. The heap is built in linear time, and only what is taken is sorted.
fn by_falling_likelihood(logits: &[f32]) -> impl Iterator<Item = Likely> + use<> {
    let tokens = logits.iter().enumerate().filter(|(_, logit)| !logit.is_nan());
    let mut heap: BinaryHeap<Likely> = tokens.map(|(token, logit)| Likely { token, logit: *logit }).collect();
    std::iter::from_fn(move || heap.pop())
}

#[cfg(test)]
mod tests {
    use nl2sql_catalog::dialect_extra::Trait;
    use nl2sql_catalog::{Column, Database, DialectInfo, FunctionLists, Table};

    use super::*;
    use crate::DialectRules;

    const TOKENS: [&str; 14] = [
        "", "SELECT", " na", "me", "mes", " FROM", " sing", "er", "ers", " city", " WHERE", " name", "; DROP", " year",
    ];

    fn mask(selection: Selection) -> TokenMask {
        let table = |name: &str, column: &str| Table {
            name: name.into(),
            columns: vec![Column {
                name: column.into(),
                ..Column::default()
            }],
            ..Table::default()
        };
        let catalog = Database {
            tables: vec![table("singer", "name"), table("town", "city")],
            ..Database::default()
        };
        let of_files = DialectInfo {
            functions: FunctionLists {
                scalar: vec!["abs".into()],
                ..FunctionLists::default()
            },
            extra: vec![(Trait::ServerWords.name().into(), "no".into())],
            ..DialectInfo::default()
        };
        let schema = SchemaConstraint::new(&catalog, DialectRules::of(&of_files));
        let token_bytes = TOKENS.iter().map(|token| token.as_bytes().to_vec()).collect();
        TokenMask::new(Arc::new(schema), token_bytes, selection)
    }

    /// What greedy decoding writes, up to the end token, where tokens are the likelier the earlier they stand in `preferred`.
    fn greedy(preferred: &[&str], mask: &mut TokenMask) -> (String, bool) {
        let mut written: Vec<u32> = Vec::new();
        for from in 0..preferred.len().max(8) {
            let likelihood = |token: &&str| {
                let place = preferred.iter().skip(from).position(|other| other == token);
                place.map_or(-100.0, |place| -(place as f32))
            };
            let mut logits: Vec<f32> = TOKENS.iter().map(likelihood).collect();
            mask.apply(&written, &mut logits);
            let next = (0..TOKENS.len())
                .rev()
                .max_by(|a, b| logits[*a].total_cmp(&logits[*b]))
                .unwrap();
            if next == 0 {
                return (text(&written), true);
            }
            written.push(next as u32);
        }
        (text(&written), false)
    }

    fn text(tokens: &[u32]) -> String {
        tokens.iter().map(|token| TOKENS[*token as usize]).collect()
    }

    #[test]
    fn tokens_that_make_no_name_are_passed_over() {
        let preferred = ["SELECT", " na", "mes", "me", " FROM", " sing", "ers", "er", ""];
        let (text, ended) = greedy(&preferred, &mut mask(Selection::Greedy));
        assert!(text.starts_with("SELECT name FROM singer"), "{text}");
        assert!(ended);
    }

    #[test]
    fn an_answer_does_not_end_before_its_names_are_there() {
        let preferred = ["SELECT", " city", "", " FROM", " sing", "er", ""];
        let (text, _) = greedy(&preferred, &mut mask(Selection::Greedy));
        assert!(text.starts_with("SELECT city FROM"), "{text}");
    }

    #[test]
    fn sampled_tokens_fit_too() {
        let mut logits = [1.0; TOKENS.len()];
        mask(Selection::Sampled).apply(&[1], &mut logits);
        let allowed = TOKENS.iter().zip(logits).filter(|(_, logit)| *logit == 1.0);
        assert_eq!(
            allowed.map(|(token, _)| *token).collect::<Vec<_>>(),
            [" na", " sing", " city", " name"]
        );
    }

    #[test]
    fn what_is_accepted_is_what_the_mask_would_leave() {
        for answer in [&[][..], &[1], &[1, 2], &[1, 11, 5]] {
            for likeliest in 0..TOKENS.len() {
                let mut logits = [0.0; TOKENS.len()];
                logits[likeliest] = 1.0;
                mask(Selection::Greedy).apply(answer, &mut logits);
                let accepted = mask(Selection::Greedy).accepts(answer, likeliest as u32);
                assert_eq!(accepted, logits[likeliest] == 1.0, "{answer:?} {likeliest}");
                assert!(!mask(Selection::Sampled).accepts(answer, likeliest as u32));
            }
        }
    }

    #[test]
    fn where_nothing_fits_everything_stays_allowed() {
        let mut logits = [0.0; TOKENS.len()];
        // `SELECT singer` needs a dot, and this vocabulary has none.
        mask(Selection::Greedy).apply(&[1, 6, 7], &mut logits);
        assert_eq!(logits, [0.0; TOKENS.len()]);
    }
}
