//! The profile's prompt layout, filled for one question.

use nl2sql_profile::ExportSettings;

/// What a layout can show of one question.
#[derive(Clone, Copy, Debug, Default)]
pub struct PromptFacts<'a> {
    /// The question.
    pub question: &'a str,
    /// Schema text.
    pub schema: &'a str,
    /// Name of the dialect.
    pub dialect: &'a str,
    /// Name of the database.
    pub database: &'a str,
    /// Topic; empty for a question of nobody's topic.
    pub topic: &'a str,
    /// The dialect's notes for a model.
    pub notes: &'a str,
    /// Knowledge that comes with the question, as BIRD's `evidence`; mostly empty.
    pub evidence: &'a str,
    /// Which columns hold what the question says; mostly empty.
    pub values: &'a str,
}

impl PromptFacts<'_> {
    /// A layout with its placeholders filled; what is filled in is not searched again, and unknown placeholders stay. A line with
    /// `{evidence}` or `{values}` and no other placeholder is left out for a question without any.
    pub fn fill(&self, layout: &str) -> String {
        let mut layout = layout.to_owned();
        for (placeholder, text) in [("{evidence}", self.evidence), ("{values}", self.values)] {
            if text.is_empty() {
                layout = without_lines_of(placeholder, &layout);
            }
        }
        let mut out = String::with_capacity(layout.len() + self.schema.len() + 256);
        let mut rest = layout.as_str();
        while let Some(open) = rest.find('{') {
            out.push_str(&rest[..open]);
            let tail = &rest[open + 1..];
            match tail
                .find('}')
                .and_then(|close| Some((close, self.value(&tail[..close])?)))
            {
                Some((close, text)) => {
                    out.push_str(text);
                    rest = &tail[close + 1..];
                }
                None => {
                    out.push('{');
                    rest = tail;
                }
            }
        }
        out.push_str(rest);
        out
    }

    /// The user message a model is trained on and asked with: instruction, line break, input, as LLaMA-Factory joins them.
    pub fn user_message(&self, settings: &ExportSettings) -> String {
        let (instruction, input) = (self.fill(&settings.instruction), self.fill(&settings.prompt));
        if input.is_empty() {
            instruction
        } else {
            format!("{instruction}\n{input}")
        }
    }

    fn value(&self, name: &str) -> Option<&str> {
        Some(match name {
            "question" => self.question,
            "schema" => self.schema,
            "dialect" => self.dialect,
            "database" => self.database,
            "topic" => self.topic,
            "notes" => self.notes,
            "evidence" => self.evidence,
            "values" => self.values,
            _ => return None,
        })
    }
}

/// A layout without the lines that show this placeholder and nothing else of a question.
fn without_lines_of(placeholder: &str, layout: &str) -> String {
    let shows_it_alone = |line: &str| line.contains(placeholder) && !line.replace(placeholder, "").contains('{');
    let lines = layout.split('\n').filter(|line| !shows_it_alone(line));
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::PromptFacts;

    #[test]
    fn lines_without_anything_to_show_are_left_out() {
        let layout = "{question}\nHint: {evidence}\nValues: {values}\n\n{schema}";
        let bare = PromptFacts {
            question: "How many?",
            schema: "t(a)",
            ..PromptFacts::default()
        };
        assert_eq!(bare.fill(layout), "How many?\n\nt(a)");
        assert_eq!(bare.fill("{question}\n{evidence}"), "How many?");
        assert_eq!(bare.fill("{question} ({evidence})"), "How many? ()");
        let knowing = PromptFacts {
            evidence: "a is {question}",
            ..bare
        };
        assert_eq!(knowing.fill(layout), "How many?\nHint: a is {question}\n\nt(a)");
        let naming = PromptFacts {
            values: "t.a = 'x'",
            ..bare
        };
        assert_eq!(naming.fill(layout), "How many?\nValues: t.a = 'x'\n\nt(a)");
    }

    #[test]
    fn placeholders_in_filled_values_are_not_expanded() {
        let facts = PromptFacts {
            question: "what is {schema}?",
            schema: "t(a)",
            ..PromptFacts::default()
        };
        assert_eq!(
            facts.fill("{question} | {schema} {unknown} {"),
            "what is {schema}? | t(a) {unknown} {"
        );
    }
}
