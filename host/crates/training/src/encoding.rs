//! Encodes conversations as token samples and reports truncation.

pub use nl2sql_profile::OnTruncation;

use nl2sql_model::templates::{ChatMessage, ChatTemplate, EncodedSample, Role, Thinking, share_of_cutoff};
use nl2sql_model::tokenizer::TextTokenizer;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::batch::Sample;
use crate::dataset::{Conversation, Dataset};
use crate::error::TrainError;

/// How samples are encoded.
#[derive(Debug, Clone, Copy)]
pub struct Encoding<'a> {
    /// Chat template.
    pub template: &'static ChatTemplate,
    /// Tokenizer.
    pub tokenizer: &'a TextTokenizer,
    /// System text of conversations without one; empty for the template's own.
    pub default_system: &'a str,
    /// Maximum sample length in tokens.
    pub cutoff: usize,
    /// Whether a reasoning template enables thinking.
    pub thinking: Thinking,
    /// What to do with samples longer than the cutoff.
    pub on_truncation: OnTruncation,
}

impl<'a> Encoding<'a> {
    fn system_of(&self, conversation: &'a Conversation) -> &'a str {
        match conversation.system.is_empty() {
            true => self.default_system,
            false => &conversation.system,
        }
    }
}

/// Number of samples truncated at the cutoff, by what they lose; one sample may count several times.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TruncationReport {
    /// Number of samples.
    pub samples: usize,
    /// Length of the longest sample before truncation, in tokens.
    pub longest: usize,
    /// Truncated samples.
    pub truncated: usize,
    /// Samples that lose words of the question.
    pub question: usize,
    /// Samples that lose a part of the schema.
    pub schema: usize,
    /// Samples that lose the end of an answer.
    pub answer: usize,
    /// Samples that lose later turns.
    pub turns: usize,
    /// Dropped samples.
    pub dropped: usize,
    /// Samples dropped because no token is scored.
    pub unscored: usize,
}

impl std::fmt::Display for TruncationReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} samples, the longest {} tokens", self.samples, self.longest)?;
        let losses = [
            (self.question, "lose words of the question"),
            (self.schema, "lose part of the schema"),
            (self.answer, "lose the end of the answer"),
            (self.turns, "lose later turns"),
        ];
        match self.truncated {
            0 => write!(f, "; none truncated")?,
            truncated => {
                let losses = losses.iter().filter(|(count, _)| *count > 0);
                let losses: Vec<String> = losses.map(|(count, what)| format!("{count} {what}")).collect();
                write!(f, "; {truncated} truncated ({})", losses.join(", "))?;
            }
        }
        if self.dropped > 0 {
            write!(f, "; {} dropped", self.dropped)?;
        }
        if self.unscored > 0 {
            write!(f, "; {} dropped because no token is scored", self.unscored)?;
        }
        Ok(())
    }
}

/// Encodes a data set. Returns samples with their row numbers, counted from 0.
///
/// # Errors
/// When a conversation cannot be encoded, the cutoff is shorter than the template, `on_truncation` is `Error` and
/// a sample is truncated, or no token of any sample is scored.
pub fn encode(dataset: &Dataset, encoding: &Encoding) -> Result<(Vec<(usize, Sample)>, TruncationReport), TrainError> {
    check_cutoff(encoding)?;
    let mut report = TruncationReport {
        samples: dataset.conversations.len(),
        ..TruncationReport::default()
    };
    let mut samples = Vec::with_capacity(dataset.conversations.len());
    for conversation in &dataset.conversations {
        let encoded = encode_one(conversation, encoding, encoding.cutoff)?;
        report.add(conversation, &encoded, encoding)?;
        let cut = encoded.truncation.is_lossy();
        let sample = Sample {
            input_ids: encoded.input_ids,
            labels: encoded.labels,
        };
        if cut && encoding.on_truncation == OnTruncation::Drop {
            report.dropped += 1;
        } else if sample.scored() == 0 {
            report.unscored += 1;
        } else {
            samples.push((conversation.row, sample));
        }
    }
    let refuse = |reason: String| Err(TrainError::dataset(&dataset.path, reason));
    if report.truncated > 0 && encoding.on_truncation == OnTruncation::Error {
        return refuse(format!(
            "{report}; raise cutoff_len above {}, or allow truncation with keep or drop",
            encoding.cutoff
        ));
    }
    if samples.is_empty() {
        return refuse(format!(
            "no sample has a scored token ({report}); raise cutoff_len above {}",
            encoding.cutoff
        ));
    }
    Ok((samples, report))
}

fn encode_one(conversation: &Conversation, encoding: &Encoding, cutoff: usize) -> Result<EncodedSample, TrainError> {
    let Encoding {
        template,
        tokenizer,
        thinking,
        ..
    } = encoding;
    Ok(template.encode_sample(
        tokenizer,
        encoding.system_of(conversation),
        &conversation.messages,
        cutoff,
        *thinking,
    )?)
}

/// Refuses a cutoff that the template's own tokens fill.
fn check_cutoff(encoding: &Encoding) -> Result<(), TrainError> {
    let bare = Conversation {
        row: 0,
        system: String::new(),
        messages: vec![ChatMessage::user(""), ChatMessage::assistant("")],
    };
    let markers = encode_one(&bare, encoding, usize::MAX >> 12)?.input_ids.len();
    if encoding.cutoff <= markers {
        return Err(TrainError::setting(
            "cutoff_len",
            format!(
                "{} is not longer than template `{}` itself ({markers} tokens)",
                encoding.cutoff, encoding.template.name
            ),
            "2048 is usual",
        ));
    }
    Ok(())
}

impl TruncationReport {
    fn add(
        &mut self,
        conversation: &Conversation,
        encoded: &EncodedSample,
        encoding: &Encoding,
    ) -> Result<(), TrainError> {
        let lost = encoded.truncation.prompt_tokens + encoded.truncation.answer_tokens;
        self.longest = self.longest.max(encoded.input_ids.len() + lost);
        if !encoded.truncation.is_lossy() {
            return Ok(());
        }
        self.truncated += 1;
        self.answer += usize::from(encoded.truncation.answer_tokens > 0);
        self.turns += usize::from(encoded.truncation.turns > 0);
        if encoded.truncation.prompt_tokens > 0 {
            let (question, schema) = lost_of_prompt(conversation, encoding)?;
            self.question += usize::from(question);
            self.schema += usize::from(schema);
        }
        Ok(())
    }
}

/// Whether a truncated prompt loses words outside the schema, and lines of the schema.
fn lost_of_prompt(conversation: &Conversation, encoding: &Encoding) -> Result<(bool, bool), TrainError> {
    let Encoding {
        template,
        tokenizer,
        cutoff,
        thinking,
        ..
    } = encoding;
    let turns = template.encode_turns(
        tokenizer,
        encoding.system_of(conversation),
        &conversation.messages,
        *thinking,
    )?;
    let asked = conversation
        .messages
        .iter()
        .filter(|message| message.role == Role::User);
    let (mut used, mut lost) = (0, (false, false));
    for (turn, message) in turns.iter().zip(asked) {
        if used >= *cutoff {
            break;
        }
        let (prompt, answer) = share_of_cutoff(turn.prompt.len(), turn.answer.len(), cutoff - used);
        used += prompt + answer;
        let whole = tokenizer.decode(&turn.prompt, false)?;
        let kept = tokenizer.decode(&turn.prompt[..prompt], false)?.len();
        let begin = whole.rfind(&message.content).unwrap_or(0);
        let (question, schema) = lines_beyond(&message.content, kept.saturating_sub(begin));
        lost = (lost.0 | question, lost.1 | schema);
    }
    Ok(lost)
}

/// Whether words outside the schema, and schema lines, extend beyond the first `kept` bytes of a message. The schema consists of
/// `CREATE TABLE` statements and lines of table cards (`# table(...)`).
fn lines_beyond(message: &str, kept: usize) -> (bool, bool) {
    let (mut question, mut schema, mut in_table, mut at) = (false, false, false, 0);
    for line in message.split_inclusive('\n') {
        let text = line.trim();
        let begins = text.len() >= 12 && text.as_bytes()[..12].eq_ignore_ascii_case(b"CREATE TABLE");
        let of_schema = in_table || begins || text.starts_with('#');
        in_table = (in_table || begins) && !text.ends_with(';') && text != ")";
        let end = at + line.trim_end().len();
        if !text.is_empty() && end > kept {
            question |= !of_schema;
            schema |= of_schema;
        }
        at += line.len();
    }
    (question, schema)
}

#[cfg(test)]
mod tests {
    use super::{TruncationReport, lines_beyond};

    #[test]
    fn report_names_only_what_was_lost() {
        let mut report = TruncationReport {
            samples: 9,
            longest: 40,
            ..TruncationReport::default()
        };
        assert_eq!(report.to_string(), "9 samples, the longest 40 tokens; none truncated");
        (report.truncated, report.schema, report.answer, report.dropped) = (3, 2, 1, 3);
        assert_eq!(
            report.to_string(),
            "9 samples, the longest 40 tokens; 3 truncated (2 lose part of the schema, 1 lose the end of the answer); 3 dropped"
        );
    }

    #[test]
    fn distinguishes_question_from_schema() {
        let message = "Convert to SQL.\nCREATE TABLE a (\n  id INT\n);\nHow many?";
        assert_eq!(lines_beyond(message, message.len()), (false, false));
        assert_eq!(lines_beyond(message, message.len() - 3), (true, false));
        assert_eq!(lines_beyond(message, 30), (true, true));
        let schema_last = "How many?\nCREATE TABLE a (\n  id INT\n);";
        assert_eq!(lines_beyond(schema_last, 20), (false, true));
    }
}
