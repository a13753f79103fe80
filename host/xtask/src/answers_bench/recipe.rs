//! The recipe as profiles: one that makes pairs, one that trains on those of all databases.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use toml::{Table, Value};

use super::arguments::AnswersArguments;

/// Seed of everything.
const SEED: i64 = 1;

/// Name of the runs and their data sets.
pub const NAME: &str = "answers";

/// Where the parts of the recipe lie.
pub struct Recipe {
    /// Profile of the runs.
    pub pairs: PathBuf,
    /// Profile of the training and of the questions.
    pub training: PathBuf,
    /// Folder of the pairs of all databases.
    pub joint: PathBuf,
}

/// Writes both profiles into the folder of the bench.
pub fn write_recipe(arguments: &AnswersArguments) -> Result<Recipe> {
    let out = fs::canonicalize(&arguments.out)?;
    let recipe = Recipe {
        pairs: out.join("pairs.toml"),
        training: out.join("training.toml"),
        joint: out.join("joint"),
    };
    let mut pairs = of_runs(&arguments.recipe);
    if let Some(part) = arguments.leave_out {
        merge(&mut pairs, part.settings());
    }
    for setting in &arguments.set {
        let given: Table = toml::from_str(setting).with_context(|| format!("{setting} is no setting"))?;
        merge(&mut pairs, given);
    }
    fs::write(&recipe.pairs, pairs.to_string())?;
    fs::write(&recipe.training, of_training(arguments, &recipe.joint)?.to_string())?;
    Ok(recipe)
}

/// Values may be seen, since the databases are public, and all pairs train: what tests is what people wrote.
fn of_runs(recipe: &str) -> Table {
    toml::toml! {
        extends = recipe
        [run]
        name = NAME
        seed = SEED
        [privacy]
        sample_values = true
        personal = "allow"
        [generate.languages]
        en = 0.85
        zh = 0.15
        [export.split]
        train = 1.0
        dev = 0.0
        test = 0.0
    }
}

/// Pairs that people wrote about other databases come first.
fn of_training(arguments: &AnswersArguments, joint: &Path) -> Result<Table> {
    let mut train = Table::new();
    train.insert("dataset_dir".into(), shown(joint));
    train.insert("dataset".into(), Value::Array(vec![format!("{NAME}_train").into()]));
    if let Some(pairs) = arguments.other_pairs() {
        let mut stage = Table::new();
        stage.insert("name".into(), "people".into());
        stage.insert("dataset".into(), shown(&fs::canonicalize(pairs)?));
        stage.insert("databases".into(), shown(&fs::canonicalize(arguments.databases())?));
        stage.insert("num_train_epochs".into(), arguments.people_epochs.into());
        stage.insert("lr_scheduler_type".into(), "constant_with_warmup".into());
        train.insert("stages".into(), Value::Array(vec![stage.into()]));
    }
    let mut profile = Table::new();
    profile.insert("extends".into(), shown(Path::new("pairs.toml")));
    profile.insert("train".into(), train.into());
    Ok(profile)
}

fn shown(path: &Path) -> Value {
    path.display().to_string().into()
}

/// Lays settings over others.
fn merge(below: &mut Table, above: Table) {
    for (key, value) in above {
        match (below.get_mut(&key), value) {
            (Some(Value::Table(inner)), Value::Table(value)) => merge(inner, value),
            (_, value) => {
                below.insert(key, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_laid_over_the_recipe() {
        let mut profile = of_runs("small_model");
        merge(&mut profile, toml::toml! { plan.total = 10 });
        merge(&mut profile, toml::toml! { generate.languages.zh = 0.0 });
        assert_eq!(profile["plan"]["total"].as_integer(), Some(10));
        assert_eq!(profile["generate"]["languages"]["zh"].as_float(), Some(0.0));
        assert_eq!(profile["generate"]["languages"]["en"].as_float(), Some(0.85));
        assert_eq!(profile["extends"].as_str(), Some("small_model"));
    }
}
