//! Answers that are JSON of a schema: every token that could not be part of one is forbidden, by llguidance's parser.

use std::sync::Arc;

use llguidance::api::TopLevelGrammar;
use llguidance::earley::SlicedBiasComputer;
use llguidance::toktrie::{ApproximateTokEnv, InferenceCapabilities, SimpleVob, TokEnv, TokRxInfo, TokTrie};
use llguidance::{JsonCompileOptions, Matcher, ParserFactory};
use nl2sql_model::tokenizer::TextTokenizer;
use serde_json::{Value, json};

use crate::error::{InferenceError, Result};
use crate::{LogitsMask, MaskNeeds};

/// Between two tokens of JSON: a space, or a line break with its indentation. More would let a model write spaces to the end of its answer.
const WHITESPACE: &str = r"\x20|\n\x20{0,32}";
/// States of one schema's lexer, some 2 KiB each.
const MAX_LEXER_STATES: usize = 20_000;
/// Symbols of one schema's grammar.
const MAX_GRAMMAR_SIZE: usize = 100_000;

/// Compiles schemas for one tokenizer.
pub struct JsonSchemas {
    factory: ParserFactory,
}

impl JsonSchemas {
    /// For models with this tokenizer, whose answers end with one of `stop_tokens`.
    ///
    /// # Errors
    /// When the vocabulary cannot be laid out as a tree.
    pub fn new(tokenizer: &TextTokenizer, stop_tokens: &[u32]) -> Result<Self> {
        let mut words = tokenizer.token_bytes();
        // Where nothing ends an answer it ends when nothing is allowed: with a token that no model can choose.
        let unreachable = words.len() as u32;
        words.push(Vec::new());
        let stops: Vec<u32> = stop_tokens.iter().copied().filter(|stop| *stop < unreachable).collect();
        let stops = if stops.is_empty() { vec![unreachable] } else { stops };
        let trie = TokTrie::from(&TokRxInfo::new(words.len() as u32, stops[0]), &words).with_eos_tokens(&stops);
        let tokens: TokEnv = Arc::new(ApproximateTokEnv::new(trie));
        let slices = SlicedBiasComputer::json_slices();
        let mut factory = ParserFactory::new(&tokens, InferenceCapabilities::default(), &slices)
            .map_err(|error| InferenceError::Constraint(error.to_string()))?;
        factory.quiet();
        let limits = factory.limits_mut();
        limits.max_lexer_states = MAX_LEXER_STATES;
        limits.max_grammar_size = MAX_GRAMMAR_SIZE;
        limits.verbose_errors = false;
        Ok(Self { factory })
    }

    /// A constraint to any JSON object.
    ///
    /// # Errors
    /// As [`JsonSchemas::constraint`].
    pub fn object(&self) -> Result<JsonConstraint> {
        self.constraint(json!({ "type": "object" }))
    }

    /// A constraint to values of a schema. Compiling a large one takes a while.
    ///
    /// # Errors
    /// When the schema has keywords that cannot be enforced while an answer is written, no value, or too much to keep track of.
    pub fn constraint(&self, mut schema: Value) -> Result<JsonConstraint> {
        let refuse = |reason: String| InferenceError::Schema { reason };
        if !schema.is_object() {
            return Err(refuse("a schema is a JSON object".into()));
        }
        let options = JsonCompileOptions {
            whitespace_pattern: Some(WHITESPACE.into()),
            ..JsonCompileOptions::default()
        };
        // Replaces options of this name that a schema brings with it.
        options.apply_to(&mut schema);
        let parser = self.factory.create_parser(TopLevelGrammar::from_json_schema(schema));
        let parser = parser.map_err(|error| refuse(first_line(&error.to_string())))?;
        Ok(JsonConstraint {
            matcher: Matcher::new(Ok(parser)),
            read: 0,
        })
    }
}

/// One answer under a schema.
#[derive(Clone)]
pub struct JsonConstraint {
    matcher: Matcher,
    /// Tokens of the answer that the parser has seen.
    read: usize,
}

impl JsonConstraint {
    /// Tokens that may follow the answer.
    fn allowed(&mut self, generated: &[u32]) -> Result<SimpleVob> {
        let failed = |error: &dyn std::fmt::Display| InferenceError::Constraint(first_line(&error.to_string()));
        let new = generated.get(self.read..).unwrap_or_default();
        self.matcher.consume_tokens(new).map_err(|error| failed(&error))?;
        self.read = generated.len();
        self.matcher.compute_mask_or_eos().map_err(|error| failed(&error))
    }
}

impl LogitsMask for JsonConstraint {
    fn apply(&mut self, generated: &[u32], logits: &mut [f32]) -> Result<()> {
        let allowed = self.allowed(generated)?;
        for (token, logit) in logits.iter_mut().enumerate() {
            if is_forbidden(&allowed, token) {
                *logit = f32::NEG_INFINITY;
            }
        }
        Ok(())
    }

    fn needs(&mut self, generated: &[u32], vocab: usize) -> Result<MaskNeeds> {
        let allowed = self.allowed(generated)?;
        Ok(MaskNeeds::Nothing {
            forbidden: (0..vocab).map(|token| is_forbidden(&allowed, token)).collect(),
        })
    }
}

fn is_forbidden(allowed: &SimpleVob, token: usize) -> bool {
    token >= allowed.len() || !allowed.is_allowed(token as u32)
}

/// The parser's reasons have its state in further lines.
fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}
