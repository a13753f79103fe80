//! Continuous batching: between two steps rows join, leave, and give way to each other.

use std::collections::{BTreeMap, VecDeque};

use nl2sql_model::tokenizer::TextTokenizer;

use crate::error::{InferenceError, Result};
use crate::sequence::{Extension, NextToken, Sequence};
use crate::{Advance, Advanced, Completion, Engine, GenerationRequest, TokenLogprobs, Wanted};

/// Tokens of a common beginning for which a prompt waits until the other one is read: fewer are computed again in less time than a step of their
/// own takes.
const WORTH_WAITING: usize = 32;

/// Limits of a batch.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BatchLimits {
    /// Sequences advanced together.
    pub(crate) rows: usize,
    /// Tokens of prompts read between two steps of the running answers, so that a long prompt does not stall them.
    pub(crate) prefill: usize,
}

/// What happened to a request in a step.
#[derive(Debug)]
pub(crate) enum Change {
    /// Its answer grew by a token.
    Token {
        token: u32,
        /// Text that became certain, which may belong to earlier tokens too.
        text: String,
        logprobs: Option<TokenLogprobs>,
    },
    /// Text that had been kept back became certain as the answer ended.
    Text(String),
    /// Its answer is complete.
    Finished(Completion),
    /// It failed; others go on.
    Failed(InferenceError),
}

/// Requests under way on one engine, each known by its caller's key.
pub(crate) struct Batch<Row> {
    limits: BatchLimits,
    waiting: VecDeque<(u64, Sequence)>,
    /// In the order in which they were admitted.
    running: Vec<Running<Row>>,
    /// Nobody is admitted between an eviction and the next row that leaves; else the evicted would push others out.
    crowded: bool,
    /// Rows that had to give their memory to others.
    evictions: u64,
}

/// A request with a row of the engine.
struct Running<Row> {
    key: u64,
    sequence: Sequence,
    row: Row,
    /// What was there when the row was opened: the prompt, and the answer of a row that had to give way.
    prompt: Vec<u32>,
    /// How much of it the row has read.
    read: usize,
    /// Tokens that the next step feeds.
    piece: usize,
    /// What that step should give.
    wanted: Wanted,
}

impl<Row> Running<Row> {
    fn unread(&self) -> usize {
        self.prompt.len() - self.read
    }

    /// Whether its answer grows in the next step.
    fn is_extended(&self) -> bool {
        self.piece > 0 && self.piece >= self.unread()
    }

    /// What it is fed in the next step.
    fn advance(&mut self) -> Advance<'_, Row> {
        let tokens = match self.unread() {
            0 => &self.sequence.generated[self.sequence.generated.len() - 1..],
            _ => &self.prompt[self.read..self.read + self.piece],
        };
        Advance {
            row: &mut self.row,
            tokens,
            wanted: std::mem::replace(&mut self.wanted, Wanted::Nothing),
        }
    }
}

impl<Row> Batch<Row> {
    pub(crate) fn new(limits: BatchLimits) -> Self {
        let limits = BatchLimits {
            rows: limits.rows.max(1),
            prefill: limits.prefill.max(1),
        };
        Self {
            limits,
            waiting: VecDeque::new(),
            running: Vec::new(),
            crowded: false,
            evictions: 0,
        }
    }

    pub(crate) fn add(&mut self, key: u64, request: GenerationRequest) {
        self.waiting.push_back((key, Sequence::new(request)));
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.running.is_empty()
    }

    pub(crate) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    pub(crate) fn running(&self) -> usize {
        self.running.len()
    }

    pub(crate) fn evictions(&self) -> u64 {
        self.evictions
    }

    /// Drops the requests whose keys are not `wanted` any more.
    pub(crate) fn retain(&mut self, wanted: impl Fn(u64) -> bool) {
        let before = self.running();
        self.waiting.retain(|(key, _)| wanted(*key));
        self.running.retain(|row| wanted(row.key));
        self.crowded &= self.running() == before;
    }

    /// Reads some of the waiting prompts, and extends every answer by a token.
    ///
    /// # Errors
    /// When the engine fails; every request is lost then.
    pub(crate) fn step<E: Engine<Row = Row>>(
        &mut self,
        engine: &mut E,
        tokenizer: Option<&TextTokenizer>,
        told: &mut dyn FnMut(u64, Change),
    ) -> Result<()> {
        let mut budget = self.limits.prefill;
        let mut read_some = false;
        self.make_room(engine);
        loop {
            if budget > 0 && engine.shares_prompts() && self.next_begins_like_one_being_read() {
                self.advance(engine, tokenizer, told)?;
                read_some = true;
            }
            if !self.plan_prompt(engine, &mut budget) {
                break;
            }
        }
        if self.running.iter().any(|row| row.piece > 0) {
            self.advance(engine, tokenizer, told)
        } else if read_some {
            Ok(())
        } else {
            self.give_way()
        }
    }

    /// Whether the next request can begin with more of a prompt that this step reads than is known by now.
    fn next_begins_like_one_being_read(&self) -> bool {
        let Some((_, next)) = self.waiting.front().filter(|_| self.admits()) else {
            return false;
        };
        let being_read = |row: &&Running<Row>| {
            row.piece > 0 && row.unread() > 0 && row.sequence.request.adapter == next.request.adapter
        };
        self.running.iter().filter(being_read).any(|row| {
            let both = row.prompt.iter().zip(&next.request.prompt);
            both.take_while(|(one, other)| one == other).count() >= row.read + WORTH_WAITING
        })
    }

    /// Plans a piece of the next unread prompt, as far as there are tokens and memory left for it.
    fn plan_prompt<E: Engine<Row = Row>>(&mut self, engine: &mut E, budget: &mut usize) -> bool {
        if *budget == 0 {
            return false;
        }
        let unplanned = |row: &Running<Row>| row.piece == 0 && row.unread() > 0;
        let place = match self.running.iter().position(unplanned) {
            Some(place) => place,
            None => match self.admit(engine) {
                Some(admitted) => {
                    self.running.push(admitted);
                    self.running.len() - 1
                }
                None => return false,
            },
        };
        let row = &mut self.running[place];
        let piece = row.unread().min(*budget);
        // Running answers will leave room when they end.
        if !engine.reserve(&mut row.row, piece) {
            return false;
        }
        *budget -= piece;
        row.piece = piece;
        true
    }

    /// Whether there is a row for another request.
    fn admits(&self) -> bool {
        !self.crowded && self.running() < self.limits.rows
    }

    /// The next waiting request, opened.
    fn admit<E: Engine<Row = Row>>(&mut self, engine: &mut E) -> Option<Running<Row>> {
        if !self.admits() {
            return None;
        }
        let (key, mut sequence) = self.waiting.pop_front()?;
        let prompt = sequence.tokens();
        let (row, read) = engine.open(&prompt, sequence.request.adapter);
        sequence.reused.get_or_insert(read);
        Some(Running {
            key,
            sequence,
            row,
            prompt,
            read,
            piece: 0,
            wanted: Wanted::Nothing,
        })
    }

    /// Makes sure that every answer has room for its next token; where there is none, those that came last wait again, and their answers
    /// continue later as if nothing had happened.
    fn make_room<E: Engine<Row = Row>>(&mut self, engine: &mut E) {
        let mut place = 0;
        while let Some(row) = self.running.get_mut(place) {
            if row.unread() > 0 {
                place += 1;
            } else if engine.reserve(&mut row.row, 1) {
                row.piece = 1;
                place += 1;
            } else {
                // The first answer always has room: requests that do not fit alone are refused.
                self.evict_last();
            }
        }
    }

    fn evict_last(&mut self) {
        if let Some(row) = self.running.pop() {
            self.waiting.push_front((row.key, row.sequence));
            self.evictions += 1;
            self.crowded = !self.running.is_empty();
        }
    }

    /// No row can go on: prompts that are read in part hold each other's memory.
    fn give_way(&mut self) -> Result<()> {
        match self.running() {
            0 => {}
            1 => return Err(InferenceError::OutOfMemory),
            _ => self.evict_last(),
        }
        Ok(())
    }

    /// Feeds the planned pieces to the engine, and extends the answers of rows that have read all there was.
    fn advance<E: Engine<Row = Row>>(
        &mut self,
        engine: &mut E,
        tokenizer: Option<&TextTokenizer>,
        told: &mut dyn FnMut(u64, Change),
    ) -> Result<()> {
        let before = self.running();
        self.ask_rows(engine, told);
        let (mut advanced, fed) = self.feed(engine)?;
        let (refused, mut recalled) = self.recall(engine, &advanced, &fed)?;
        let vocab = engine.vocab_size();
        let mut next = next_tokens(&mut advanced, fed, vocab);
        let recalled = recalled.chunks_mut(vocab).map(NextToken::Logits);
        next.extend(refused.into_iter().zip(recalled));
        for (place, mut row) in std::mem::take(&mut self.running).into_iter().enumerate() {
            row.read += row.piece.min(row.unread());
            row.piece = 0;
            let Some(next) = next.remove(&place) else {
                self.running.push(row);
                continue;
            };
            if row.sequence.generated.is_empty() {
                engine.remember(&row.sequence.request.prompt, &mut row.row);
            }
            self.running.extend(extended(row, next, tokenizer, told));
        }
        self.crowded &= self.running() == before;
        Ok(())
    }

    /// Finds out what rows want of the step. Those whose masks cannot say fail.
    fn ask_rows<E: Engine<Row = Row>>(&mut self, engine: &E, told: &mut dyn FnMut(u64, Change)) {
        let (chooses, vocab) = (engine.chooses(), engine.vocab_size());
        self.running.retain_mut(|row| {
            if !row.is_extended() {
                return true;
            }
            match row.sequence.wanted(chooses, vocab) {
                Ok(wanted) => {
                    row.wanted = wanted;
                    true
                }
                Err(error) => {
                    told(row.key, Change::Failed(error));
                    false
                }
            }
        });
    }

    /// What the engine gives, and for each row that was fed its place and what it wanted.
    fn feed<E: Engine<Row = Row>>(&mut self, engine: &mut E) -> Result<(Advanced, Vec<(usize, Wanted)>)> {
        let rows = self.running.iter_mut().enumerate();
        let mut rows: Vec<(usize, &mut Running<Row>)> = rows.filter(|(_, row)| row.piece > 0).collect();
        // Rows of one adapter lie side by side, so that its factors are read once.
        rows.sort_by_key(|(_, row)| row.sequence.request.adapter);
        let (places, mut batch): (Vec<usize>, Vec<Advance<'_, Row>>) =
            rows.into_iter().map(|(place, row)| (place, row.advance())).unzip();
        let advanced = match batch.is_empty() {
            true => Advanced::default(),
            false => engine.advance(&mut batch)?,
        };
        let wanted = batch.into_iter().map(|entry| entry.wanted);
        Ok((advanced, places.into_iter().zip(wanted).collect()))
    }

    /// Places of rows whose masks refuse the likeliest token, and the logits that these have to see.
    fn recall<E: Engine<Row = Row>>(
        &mut self,
        engine: &mut E,
        advanced: &Advanced,
        fed: &[(usize, Wanted)],
    ) -> Result<(Vec<usize>, Vec<f32>)> {
        let mut likeliest = advanced.likeliest.iter();
        let mut refused = Vec::new();
        for (number, (place, wanted)) in fed.iter().enumerate() {
            let Wanted::Likeliest { forbidden } = wanted else {
                continue;
            };
            let Some(token) = likeliest.next() else { break };
            if forbidden.is_none() && !self.running[*place].sequence.accepts(*token) {
                refused.push(number);
            }
        }
        if refused.is_empty() {
            return Ok((Vec::new(), Vec::new()));
        }
        let logits = engine.recall(&refused)?;
        Ok((refused.into_iter().map(|number| fed[number].0).collect(), logits))
    }
}

/// What the engine gave, by the place of the row that wanted it.
fn next_tokens(advanced: &mut Advanced, fed: Vec<(usize, Wanted)>, vocab: usize) -> BTreeMap<usize, NextToken<'_>> {
    let mut logits = advanced.logits.chunks_mut(vocab);
    let mut likeliest = advanced.likeliest.iter();
    let given = fed.into_iter().filter_map(|(place, wanted)| {
        let next = match wanted {
            Wanted::Nothing => None,
            Wanted::Logits => logits.next().map(NextToken::Logits),
            Wanted::Likeliest { .. } => likeliest.next().map(|token| NextToken::Chosen(*token)),
        };
        next.map(|next| (place, next))
    });
    given.collect()
}

/// The row with its next token, unless its answer is complete.
fn extended<Row>(
    mut row: Running<Row>,
    next: NextToken<'_>,
    tokenizer: Option<&TextTokenizer>,
    told: &mut dyn FnMut(u64, Change),
) -> Option<Running<Row>> {
    let Extension {
        token,
        text,
        logprobs,
        finish,
    } = match row.sequence.extend(next, tokenizer) {
        Ok(extension) => extension,
        Err(error) => {
            told(row.key, Change::Failed(error));
            return None;
        }
    };
    match token {
        Some(token) => told(row.key, Change::Token { token, text, logprobs }),
        None if !text.is_empty() => told(row.key, Change::Text(text)),
        None => {}
    }
    let Some(finish) = finish else {
        return Some(row);
    };
    told(row.key, Change::Finished(row.sequence.complete(finish)));
    None
}
