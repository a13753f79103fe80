//! The `[train]` section of a profile, which has the names and meanings of a recipe.

use std::path::PathBuf;

use nl2sql_profile::TrainSettings as Section;
use serde_json::{Map, Value, json};

use super::read_settings;
use super::reader::Reader;
use crate::dataset::Description;
use crate::error::TrainError;
use crate::settings::TrainSettings;

/// What a section leaves to the rest of the profile and to the run.
#[derive(Debug)]
pub struct Surroundings {
    /// Folder of the base model.
    pub model: PathBuf,
    /// Folder of the adapter, unless the section names one.
    pub output: PathBuf,
    /// Chat template, or `auto`.
    pub template: String,
    /// Whether answers keep their thoughts, where the template has them.
    pub enable_thinking: Option<bool>,
    /// Whether frozen weights are held in bf16.
    pub bf16: bool,
    /// Data sets that are trained on.
    pub train: Vec<Description>,
    /// Data sets that are evaluated. Where there are none, nothing is evaluated and training does not stop early.
    pub evaluation: Vec<Description>,
    /// Seed, unless the section has one.
    pub seed: u64,
}

/// The settings that a section asks for.
///
/// # Errors
/// When a value cannot be honoured; all reasons are reported at once.
pub fn of_section(section: &Section, surroundings: Surroundings) -> Result<TrainSettings, TrainError> {
    let mut reader = Reader::new(as_recipe(section, &surroundings));
    let mut settings = TrainSettings::default();
    read_settings(&mut reader, &mut settings);
    reader.finish().map_err(TrainError::Section)?;
    settings.data.train = surroundings.train;
    settings.data.evaluation = surroundings.evaluation;
    settings.data.replay_share = section.replay;
    settings.optimization.seed = section.seed.unwrap_or(surroundings.seed);
    Ok(settings)
}

/// The section as the mapping that a recipe is, with what a recipe says in further keys.
fn as_recipe(section: &Section, surroundings: &Surroundings) -> Map<String, Value> {
    let Ok(Value::Object(mut recipe)) = serde_json::to_value(section) else {
        return Map::new();
    };
    // Data sets have been looked up, and a seed may have more bits than a recipe's.
    for key in ["dataset_dir", "dataset", "eval_dataset", "seed", "stages", "replay"] {
        recipe.remove(key);
    }
    let evaluates = !surroundings.evaluation.is_empty();
    if !evaluates {
        recipe.remove("eval_steps");
        recipe.remove("early_stopping_steps");
    }
    let strategy = |steps: bool| if steps { "steps" } else { "no" };
    let output = section.output_dir.as_ref().unwrap_or(&surroundings.output);
    let further = [
        ("model_name_or_path", json!(surroundings.model)),
        ("output_dir", json!(output)),
        ("template", json!(surroundings.template)),
        ("bf16", json!(surroundings.bf16)),
        ("save_strategy", json!(strategy(section.save_steps.is_some()))),
        (
            "eval_strategy",
            json!(strategy(evaluates && section.eval_steps.is_some())),
        ),
        (
            "load_best_model_at_end",
            json!(evaluates && section.early_stopping_steps.is_some()),
        ),
    ];
    recipe.extend(further.map(|(key, value)| (key.to_owned(), value)));
    if let Some(enabled) = surroundings.enable_thinking {
        recipe.insert("enable_thinking".to_owned(), json!(enabled));
    }
    recipe
}
