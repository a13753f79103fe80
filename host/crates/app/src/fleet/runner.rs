//! What a worker does with tasks: it opens the run that they belong to, in a folder of its own, and lets the run's plugins work.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use nl2sql_database::DriverRegistry;
use nl2sql_pipeline::Failure;
use nl2sql_profile::{Layers, Profile};
use nl2sql_worker::{
    Artifacts, CannotRunHere, ChatRelay, JobManifest, QueueError, Task, TaskFailure, TaskResult, TaskRunner, sha256,
};
use serde_json::value::{RawValue, to_raw_value};
use tempfile::TempDir;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use super::job_bundle::{ADAPTER, CATALOG, CONTEXT, EVALUATION, EvaluationPlace, PLUGIN, PROFILE};
use super::open_evaluation::OpenEvaluation;
use super::open_pairs::OpenPairs;
use super::plugin_report::{PluginReport, ReportedLog};
use crate::{RunDependencies, Session};

/// What a worker brings itself.
pub struct WorkerSettings {
    /// `section.key=value`: where this machine differs from the coordinator's, e.g. the path of the database.
    pub flags: Vec<String>,
    /// Folder of the SQLite files that examples are asked of, where it is another one than the coordinator's.
    pub databases: Option<PathBuf>,
    /// Makes the drivers that databases are reached by.
    pub drivers: Box<dyn Fn() -> DriverRegistry + Send + Sync>,
    /// Tells the user.
    pub tell: Box<dyn Fn(String) + Send + Sync>,
    /// Stops calls that wait.
    pub cancel: CancellationToken,
}

/// Opens runs and does their tasks.
pub struct FleetRunner {
    settings: WorkerSettings,
    open: Mutex<HashMap<String, Arc<OpenRun>>>,
}

impl FleetRunner {
    /// A runner without open runs.
    pub fn new(settings: WorkerSettings) -> Self {
        Self {
            settings,
            open: Mutex::default(),
        }
    }

    fn open_run(&self, manifest: &JobManifest, artifacts: &Artifacts, chats: ChatRelay) -> Result<OpenRun, QueueError> {
        let unusable = |reason: String| QueueError::OtherVersion {
            run: manifest.run.clone(),
            reason,
        };
        refuse_other_builds(manifest)?;
        let folder = TempDir::new().map_err(|error| unwritable(&std::env::temp_dir(), &error))?;
        let mut profile = self.profile(manifest, artifacts, &folder)?;
        for (name, digest) in &manifest.artifacts {
            if let Some(plugin) = name.strip_prefix(PLUGIN) {
                let path = folder.path().join(format!("{digest}.wasm"));
                write(&path, &fetch(artifacts, digest)?)?;
                let settings = profile.plugins.entry(plugin.to_owned()).or_default();
                settings.path = Some(path);
                settings.sha256 = Some(digest.clone());
            }
        }
        let session = Session::with_drivers(profile, Some(folder.path().join("run")), (self.settings.drivers)())
            .map_err(|error| unusable(error.to_string()))?;
        let has = |name: &str| manifest.artifacts.contains_key(name);
        let evaluation = match has(EVALUATION) {
            true => Some(self.evaluation(manifest, artifacts, &session, &folder)?),
            false => None,
        };
        let log = Arc::new(ReportedLog::default());
        let pairs = match has(CATALOG) {
            true => {
                let catalog = read(manifest, artifacts, CATALOG)?;
                let valued = has(CONTEXT).then(|| read(manifest, artifacts, CONTEXT)).transpose()?;
                let cancel = self.settings.cancel.child_token();
                let dependencies = RunDependencies::of_worker(session.clone(), cancel, chats, log.clone());
                Some(OpenPairs::new(dependencies, catalog, valued))
            }
            false => None,
        };
        Ok(OpenRun {
            pairs,
            evaluation,
            session,
            log,
            _folder: folder,
        })
    }

    fn of_job(&self, job: &str) -> Option<Arc<OpenRun>> {
        self.open
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(job)
            .cloned()
    }

    /// What predictions and scores need, with the databases where this machine has them.
    fn evaluation(
        &self,
        manifest: &JobManifest,
        artifacts: &Artifacts,
        session: &Arc<Session>,
        folder: &TempDir,
    ) -> Result<OpenEvaluation, QueueError> {
        let mut place: EvaluationPlace = read(manifest, artifacts, EVALUATION)?;
        if place.databases.is_some() && self.settings.databases.is_some() {
            place.databases.clone_from(&self.settings.databases);
        }
        let adapter = folder.path().join("adapter");
        let mut has_adapter = false;
        for (name, digest) in &manifest.artifacts {
            let Some(file) = name.strip_prefix(ADAPTER) else {
                continue;
            };
            let made = std::fs::create_dir_all(&adapter);
            made.map_err(|error| unwritable(&adapter, &error))?;
            write(&adapter.join(plain_name(name, file)?), &fetch(artifacts, digest)?)?;
            has_adapter = true;
        }
        let cancel = self.settings.cancel.child_token();
        let adapter = has_adapter.then_some(adapter);
        Ok(OpenEvaluation::new(session.clone(), place, adapter, cancel))
    }

    /// The coordinator's profile, with what this machine has otherwise.
    fn profile(&self, manifest: &JobManifest, artifacts: &Artifacts, folder: &TempDir) -> Result<Profile, QueueError> {
        let path = folder.path().join("profile.toml");
        write(&path, &fetch(artifacts, digest_of(manifest, PROFILE)?)?)?;
        let layers = Layers {
            profile: Some(path.display().to_string()),
            flags: self.settings.flags.clone(),
            ..Layers::default()
        };
        let resolved = layers.resolve().map_err(|error| QueueError::OtherVersion {
            run: manifest.run.clone(),
            reason: error.to_string(),
        })?;
        Ok(resolved.profile)
    }
}

impl TaskRunner for FleetRunner {
    fn open(
        &self,
        job: &str,
        manifest: &JobManifest,
        artifacts: &Artifacts,
        chats: ChatRelay,
    ) -> Result<(), QueueError> {
        let run = Arc::new(self.open_run(manifest, artifacts, chats)?);
        self.open
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(job.to_owned(), run);
        self.tell(format!("working for run `{}`", manifest.run));
        Ok(())
    }

    fn run(&self, job: &str, task: Task<'_>) -> Result<TaskResult, CannotRunHere> {
        match self.of_job(job) {
            Some(run) => told(run.perform(task)),
            None => Err(CannotRunHere("the run has ended".into())),
        }
    }

    fn report(&self, job: &str) -> Option<serde_json::Value> {
        let run = self.of_job(job)?;
        let report = PluginReport::take(&run.session, &run.log)?;
        serde_json::to_value(report).ok()
    }

    fn close(&self, job: &str) {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).remove(job);
    }

    fn tell(&self, message: String) {
        (self.settings.tell)(message);
    }
}

/// A run that tasks are done for.
struct OpenRun {
    pairs: Option<OpenPairs>,
    evaluation: Option<OpenEvaluation>,
    session: Arc<Session>,
    /// What plugins logged since the last report.
    log: Arc<ReportedLog>,
    /// Removed with this.
    _folder: TempDir,
}

impl OpenRun {
    fn perform(&self, task: Task<'_>) -> Result<Box<RawValue>, Failure> {
        let missing = |what: &str| Failure::new("queue", "malformed", format!("the job came without its {what}"));
        let pairs = || self.pairs.as_ref().ok_or_else(|| missing("catalog"));
        let evaluation = || self.evaluation.as_ref().ok_or_else(|| missing("evaluation"));
        let answer = match task {
            Task::Generate(task) => to_raw_value(&pairs()?.generate(&task)?),
            Task::Validate(task) => to_raw_value(&pairs()?.validate(&task.samples)?),
            Task::Score(task) => to_raw_value(&evaluation()?.score(task)?),
            Task::Answer(task) => to_raw_value(&evaluation()?.answer(task.chats)?),
        };
        answer.map_err(|error| Failure::new("queue", "malformed", error.to_string()))
    }
}

/// An answer, or a failure that every machine would have; one that this machine may be alone with is none.
fn told(answer: Result<Box<RawValue>, Failure>) -> Result<TaskResult, CannotRunHere> {
    match answer {
        Ok(answer) => Ok(Ok(answer)),
        Err(failure) if matches!(failure.code.as_str(), "unavailable" | "cancelled") => {
            Err(CannotRunHere(failure.to_string()))
        }
        Err(failure) => Ok(Err(TaskFailure {
            part: failure.part,
            code: failure.code,
            message: failure.message,
            hint: failure.hint,
        })),
    }
}

/// Two builds of one version may have other built-in plugins, and would write other bytes.
fn refuse_other_builds(manifest: &JobManifest) -> Result<(), QueueError> {
    for (name, digest) in &manifest.built_in {
        let here = nl2sql_builtin_plugins::PLUGINS
            .iter()
            .find(|plugin| plugin.name == name);
        if here.is_none_or(|plugin| sha256(plugin.bytes) != *digest) {
            return Err(QueueError::OtherVersion {
                run: manifest.run.clone(),
                reason: format!("its built-in plugin `{name}` is of another build than this worker's"),
            });
        }
    }
    Ok(())
}

fn digest_of<'a>(manifest: &'a JobManifest, name: &str) -> Result<&'a str, QueueError> {
    manifest
        .artifacts
        .get(name)
        .map(String::as_str)
        .ok_or_else(|| QueueError::Artifact {
            name: name.to_owned(),
            reason: "is missing from the job".into(),
        })
}

fn read<T: serde::de::DeserializeOwned>(
    manifest: &JobManifest,
    artifacts: &Artifacts,
    name: &str,
) -> Result<T, QueueError> {
    let bytes = fetch(artifacts, digest_of(manifest, name)?)?;
    serde_json::from_slice(&bytes).map_err(|error| QueueError::Artifact {
        name: name.to_owned(),
        reason: format!("cannot be understood: {error}"),
    })
}

/// Fetches an artifact. Runs are opened on threads that may block.
fn fetch(artifacts: &Artifacts, digest: &str) -> Result<Vec<u8>, QueueError> {
    Handle::current().block_on(artifacts.get(digest))
}

/// The name of a file in an artifact's name, which leads to no other folder.
fn plain_name<'n>(artifact: &str, file: &'n str) -> Result<&'n str, QueueError> {
    match Path::new(file).file_name() {
        Some(name) if name == file => Ok(file),
        _ => Err(QueueError::Artifact {
            name: artifact.to_owned(),
            reason: "names no file".into(),
        }),
    }
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), QueueError> {
    std::fs::write(path, bytes).map_err(|error| unwritable(path, &error))
}

fn unwritable(path: &Path, error: &std::io::Error) -> QueueError {
    QueueError::File {
        path: path.to_owned(),
        reason: error.to_string(),
    }
}
