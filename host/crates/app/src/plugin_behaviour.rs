//! What an update changes in what a plugin does: the locked plugin and the new one do the same work of the run.

mod judging;
mod writing;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use nl2sql_pipeline::RunFolder;
use nl2sql_plugin_host::Kind;
use nl2sql_plugin_supply::UpdateReview;
use nl2sql_profile::{PluginSettings, Profile};
use serde::Serialize;

use crate::Session;

/// What the plugin that is locked and the new one make of the same things.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Behaviour {
    /// What both were given.
    pub of: Compared,
    /// How many of them.
    pub compared: usize,
    /// Those of which the new one makes something else.
    pub changes: Vec<BehaviourChange>,
    /// Why nothing was compared.
    pub not_compared: Option<String>,
}

/// What plugins of a kind are given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Compared {
    /// Samples of the run, to judge, read or score.
    #[default]
    Samples,
    /// The catalog and its cards, to plan topics.
    PlannedTopics,
    /// Topics of the run's plan, to write pairs for.
    WrittenTopics,
}

/// What an update makes otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BehaviourChange {
    /// Id of the sample, or name of the topic.
    pub subject: String,
    /// Question of the sample; empty for a topic.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub question: String,
    /// Statement of the sample; empty for a topic.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub sql: String,
    /// What the locked plugin makes of it.
    pub before: String,
    /// What the new one does.
    pub after: String,
}

/// Has both do the same work of the run. `file` holds the new plugin. What stands in the way is told and does not stop the review.
pub(crate) fn compare(profile: &Profile, run_folder: Option<PathBuf>, review: &UpdateReview, file: &Path) -> Behaviour {
    compared(profile, run_folder, review, file).unwrap_or_else(|reason| Behaviour {
        not_compared: Some(reason),
        ..Behaviour::default()
    })
}

fn compared(
    profile: &Profile,
    run_folder: Option<PathBuf>,
    review: &UpdateReview,
    file: &Path,
) -> Result<Behaviour, String> {
    if let Some((service, _)) = review.ungranted.first() {
        return Err(format!("it asks for `{service}`, which nobody granted"));
    }
    if review.before.imports.contains("llm") || review.after.imports.contains("llm") {
        return Err("it asks a language model, whose answers differ and cost".to_owned());
    }
    let kind = review.before.kind;
    if kind != review.after.kind {
        return Err(format!("it is a {} by now", review.after.kind));
    }
    let name = &review.name;
    let before = session(profile.clone(), run_folder.clone(), name, kind)?;
    let mut updated = profile.clone();
    let settings = updated.plugins.entry(name.clone()).or_default();
    *settings = PluginSettings {
        path: Some(file.to_owned()),
        source: None,
        sha256: Some(review.after.sha256.clone()),
        grant: Some(review.after.grants.iter().cloned().collect()),
        ..settings.clone()
    };
    let after = session(updated, run_folder, name, kind)?;
    let folder = RunFolder::look_at(&before.place().folder);
    match kind {
        Kind::Planner => writing::plans(&folder, &before, &after),
        Kind::Generator => writing::pairs(&folder, &before, &after),
        Kind::Validator | Kind::Dialect | Kind::Metric => judging::samples(&folder, kind, name, &before, &after),
    }
}

/// A session in which the plugin has the job of its kind; a validator alone.
fn session(mut profile: Profile, run_folder: Option<PathBuf>, name: &str, kind: Kind) -> Result<Arc<Session>, String> {
    match kind {
        Kind::Validator => profile.validate.validators = vec![name.to_owned()],
        Kind::Dialect => profile.database.dialect = name.to_owned(),
        Kind::Planner => profile.plan.planner = name.to_owned(),
        Kind::Generator => profile.generate.generator = name.to_owned(),
        Kind::Metric => {}
    }
    Session::new(profile, run_folder).map_err(|error| error.to_string())
}

/// What one plugin could not do, and which of the two it was.
fn of_plugin<T>(which: &str, made: Result<T, impl std::fmt::Display>) -> Result<T, String> {
    made.map_err(|failure| format!("the {which} plugin: {failure}"))
}
