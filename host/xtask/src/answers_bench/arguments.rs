//! What the bench is told.

use std::path::PathBuf;

use clap::Parser;

use super::left_out::RecipePart;

/// How many questions of people a small model answers
#[derive(Parser)]
pub struct AnswersArguments {
    /// Folder in Spider's layout: `dev.jsonl` with the questions, `database/<id>/<id>.sqlite`, and `train.jsonl` where there is one
    #[arg(long, value_name = "FOLDER")]
    pub data: PathBuf,
    /// Folder of everything that is made; a bench that was stopped goes on there
    #[arg(long, value_name = "FOLDER")]
    pub out: PathBuf,
    /// Hugging Face folder of the model; SmolLM2-135M-Instruct by default
    #[arg(long, value_name = "FOLDER")]
    pub model: Option<PathBuf>,
    /// The program, where it is built
    #[arg(long, value_name = "FILE")]
    pub program: Option<PathBuf>,
    /// Profile of the recipe
    #[arg(long, value_name = "NAME", default_value = "small_model")]
    pub recipe: String,
    /// Further settings of the recipe
    #[arg(long, value_name = "SECTION.KEY=VALUE")]
    pub set: Vec<String>,
    /// Part of the recipe to leave out
    #[arg(long, value_enum, value_name = "PART")]
    pub leave_out: Option<RecipePart>,
    /// How often the pairs of `train.jsonl` are trained on before the generated ones
    #[arg(long, value_name = "EPOCHS", default_value_t = 2.0)]
    pub people_epochs: f64,
    /// Ways of writing answers: greedy, schema (names of the database only), keys (and joins along foreign keys), candidates (eight where the first does not run),
    /// second-look (of names of the database, six where the first does not run or finds nothing), keys-second-look, doubtful (also where it leaves out a
    /// value that the prompt names), vote (six more for every question)
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "greedy,schema,keys,candidates,second-look,keys-second-look,doubtful,vote"
    )]
    decodings: Vec<String>,
    /// Languages of the questions: en, and zh where there are translations
    #[arg(long, value_delimiter = ',', default_value = "en,zh")]
    languages: Vec<String>,
}

impl AnswersArguments {
    /// Whether answers are to be written so.
    pub fn decodes(&self, decoding: &str) -> bool {
        self.decodings.iter().any(|wanted| wanted == decoding)
    }

    /// Whether questions in this language are to be asked.
    pub fn asks_in(&self, language: &str) -> bool {
        self.languages.iter().any(|wanted| wanted == language)
    }

    /// The questions that people wrote.
    pub fn questions(&self) -> PathBuf {
        self.data.join("dev.jsonl")
    }

    /// Pairs that people wrote about other databases, if they are trained on.
    pub fn other_pairs(&self) -> Option<PathBuf> {
        if self.leave_out == Some(RecipePart::People) {
            return None;
        }
        Some(self.data.join("train.jsonl")).filter(|file| file.is_file())
    }

    /// The folder of the databases.
    pub fn databases(&self) -> PathBuf {
        self.data.join("database")
    }
}
