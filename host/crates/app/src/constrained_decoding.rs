//! Holds a model to the names of a database while it writes.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::sync::Arc;

use nl2sql_evaluation::schema_names::{AnswerReader, SchemaNames};
use nl2sql_inference::{LogitsMask, Sampling};

/// Likeliest tokens that are looked at where one is drawn.
const DRAWN_FROM: usize = 64;

/// Leaves tokens after which the answer can still become a statement whose names are all there.
///
/// Tokens are looked at in order of falling likelihood, and no more of them than are needed: the first that fits where the likeliest
/// is taken, else the [`DRAWN_FROM`] likeliest. Where none of the whole vocabulary fits, all stay allowed: an answer that goes on wrong
/// is told from a right one when it is run, and one broken off says less.
pub struct SchemaMask {
    reader: AnswerReader,
    token_bytes: Arc<[Vec<u8>]>,
    /// Tokens of the answer that were read.
    read: usize,
    /// Tokens to look at, at least.
    looked_at: usize,
}

impl SchemaMask {
    /// A mask for one answer.
    pub fn new(names: Arc<SchemaNames>, token_bytes: Arc<[Vec<u8>]>, sampling: Sampling) -> Self {
        // A penalty is applied after the mask and may change the order.
        let takes_likeliest = sampling.temperature <= 0.0 && sampling.repetition_penalty == 1.0;
        Self {
            reader: AnswerReader::new(names),
            token_bytes,
            read: 0,
            looked_at: if takes_likeliest { 1 } else { DRAWN_FROM },
        }
    }

    fn fits(&self, token: usize) -> bool {
        match self.token_bytes.get(token).map(Vec::as_slice) {
            None => false,
            // Special tokens are no text: they end the answer.
            Some([]) => self.reader.may_end(),
            Some(bytes) => self.reader.clone().read(bytes),
        }
    }
}

impl LogitsMask for SchemaMask {
    fn apply(&mut self, generated: &[u32], logits: &mut [f32]) {
        for token in &generated[self.read..] {
            self.reader
                .read(self.token_bytes.get(*token as usize).map_or(&[], Vec::as_slice));
        }
        self.read = generated.len();
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
    use nl2sql_catalog::{Column, Database, Table};
    use nl2sql_inference::{AdapterId, Advance, Engine, Finish, GenerationRequest, Generator};

    use super::*;

    const TOKENS: [&str; 14] = [
        "", "SELECT", " na", "me", "mes", " FROM", " sing", "er", "ers", " city", " WHERE", " name", "; DROP", " year",
    ];

    fn token_bytes() -> Arc<[Vec<u8>]> {
        TOKENS.iter().map(|token| token.as_bytes().to_vec()).collect()
    }

    fn names() -> Arc<SchemaNames> {
        let table = |name: &str, column: &str| Table {
            name: name.into(),
            columns: vec![Column {
                name: column.into(),
                ..Column::default()
            }],
            ..Table::default()
        };
        Arc::new(SchemaNames::of(&Database {
            dialect: "sqlite".into(),
            tables: vec![table("singer", "name"), table("town", "city")],
            ..Database::default()
        }))
    }

    /// Wants the tokens in the order of a list, whatever was generated, and each the likelier the earlier it stands.
    struct Stubborn(&'static [&'static str]);

    impl Engine for Stubborn {
        type Row = usize;

        fn vocab_size(&self) -> usize {
            TOKENS.len()
        }

        fn open(&mut self, _prompt: &[u32], _adapter: Option<AdapterId>) -> (usize, usize) {
            (0, 0)
        }

        fn advance(&mut self, batch: &mut [Advance<'_, usize>]) -> nl2sql_inference::Result<Vec<f32>> {
            let list = self.0;
            let logits = batch.iter_mut().flat_map(|entry| {
                let from = *entry.row;
                *entry.row += 1;
                TOKENS.iter().map(move |token| {
                    let place = list.iter().skip(from).position(|wanted| wanted == token);
                    place.map_or(-100.0, |place| -(place as f32))
                })
            });
            Ok(logits.collect())
        }

        fn remember(&mut self, _prompt: &[u32], _row: &mut usize) {}
    }

    fn written(wanted: &'static [&'static str], mask: bool, sampling: Sampling) -> (String, Finish) {
        let mut request = GenerationRequest::greedy(vec![1], 8, vec![0]);
        request.sampling = sampling;
        request.mask = mask.then(|| Box::new(SchemaMask::new(names(), token_bytes(), sampling)) as Box<dyn LogitsMask>);
        let answers = Generator::new(Stubborn(wanted), None, 1)
            .generate(vec![request])
            .unwrap();
        let text = answers[0].tokens.iter().map(|token| TOKENS[*token as usize]).collect();
        (text, answers[0].finish)
    }

    #[test]
    fn tokens_that_make_no_name_are_passed_over() {
        let wanted = &["SELECT", " na", "mes", "me", " FROM", " sing", "ers", "er", ""];
        assert_eq!(
            written(wanted, false, Sampling::GREEDY).0,
            "SELECT namesme FROM singerser"
        );
        let (text, finish) = written(wanted, true, Sampling::GREEDY);
        assert!(text.starts_with("SELECT name FROM singer"), "{text}");
        assert_eq!(finish, Finish::StopToken);
    }

    #[test]
    fn an_answer_does_not_end_before_its_names_are_there() {
        let wanted = &["SELECT", " city", "", " FROM", " sing", "er", ""];
        let (text, _) = written(wanted, true, Sampling::GREEDY);
        assert!(text.starts_with("SELECT city FROM"), "{text}");
    }

    #[test]
    fn what_is_drawn_from_fits_too() {
        let warm = Sampling {
            temperature: 0.7,
            ..Sampling::GREEDY
        };
        let mut mask = SchemaMask::new(names(), token_bytes(), warm);
        let mut logits = [1.0; TOKENS.len()];
        mask.apply(&[1], &mut logits);
        let allowed = TOKENS.iter().zip(logits).filter(|(_, logit)| *logit == 1.0);
        assert_eq!(
            allowed.map(|(token, _)| *token).collect::<Vec<_>>(),
            [" na", " sing", " city", " name"]
        );
    }

    #[test]
    fn where_nothing_fits_everything_stays_allowed() {
        let mut mask = SchemaMask::new(names(), token_bytes(), Sampling::GREEDY);
        let mut logits = [0.0; TOKENS.len()];
        // `SELECT singer` needs a dot, and this vocabulary has none.
        mask.apply(&[1, 6, 7], &mut logits);
        assert_eq!(logits, [0.0; TOKENS.len()]);
    }
}
