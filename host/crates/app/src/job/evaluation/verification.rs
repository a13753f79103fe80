//! Whether a report comes out again from what its manifest names.

use std::path::{Path, PathBuf};

use nl2sql_evaluation::manifest::Manifest;
use serde_json::{Value, json};

use super::{EvaluateRequest, Evaluation};
use crate::AppError;
use crate::job::JobContext;
use crate::job::evaluation_context::EvaluationContext;
use crate::job::recorded_settings::as_recorded;

/// Whether a manifest's report comes out again.
#[derive(Clone, Debug)]
pub struct Verification {
    /// The manifest.
    pub manifest: PathBuf,
    /// In what it differs; nothing when it is reproduced.
    pub differences: Vec<String>,
}

impl Verification {
    /// The verification as data.
    pub fn as_json(&self) -> Value {
        json!({ "reproduced": self.differences.is_empty(), "differences": self.differences })
    }
}

/// Makes the report of a manifest again and says in what it differs.
pub(in crate::job) fn verify(
    job: &JobContext,
    path: &Path,
    request: &EvaluateRequest,
) -> Result<Verification, AppError> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| AppError::Usage(format!("{} cannot be read: {error}", path.display())))?;
    let mut recorded: Manifest = serde_json::from_str(text.trim_start_matches('\u{feff}'))
        .map_err(|error| AppError::Usage(format!("{} is not a manifest: {error}", path.display())))?;
    let recorded_path = |role: &str| recorded.paths.get(role).map(PathBuf::from);
    let mut again = request.clone();
    again.examples.dataset = again.examples.dataset.or_else(|| recorded_path("data"));
    again.examples.databases = again.examples.databases.or_else(|| recorded_path("databases"));
    again.examples.limit = again.examples.limit.or(recorded.limit);
    again.definition = Some(recorded.definition.clone());
    again.before = recorded_path("predictions-before");
    again.after = recorded_path("predictions-after");
    let session = as_recorded(&job.session, &recorded)?;
    let job = &job.within(session);
    let context = EvaluationContext::open(job, &again.examples)?;
    let output = again.output(&job.session);
    let report = Evaluation {
        context: &context,
        request: &again,
        output: &output,
    }
    .report()?;
    // Weights were digested when they predicted; the predictions themselves are what is scored again.
    recorded.digests.retain(|role, _| !role.starts_with("weights-"));
    let differences = recorded.differences(&report.manifest);
    Ok(Verification {
        manifest: path.to_owned(),
        differences: differences.iter().map(ToString::to_string).collect(),
    })
}
