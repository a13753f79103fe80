//! What a worker does with tasks: it opens the run that they belong to, in a folder of its own, and lets the run's plugins work.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use nl2sql_catalog::{Database, GeneratorContext};
use nl2sql_database::DriverRegistry;
use nl2sql_pipeline::{Dependencies, Failure, GenerationExecutor, ValidationExecutor};
use nl2sql_profile::{Layers, Profile};
use nl2sql_worker::{
    Artifacts, CannotRunHere, ChatRelay, GenerateTask, JobManifest, QueueError, Task, TaskFailure, TaskResult,
    TaskRunner, sha256,
};
use tempfile::TempDir;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use super::job_bundle::{CATALOG, CONTEXT, PLUGIN, PROFILE, ValuedCatalog};
use crate::{RunDependencies, Session};

/// What a worker brings itself.
pub struct WorkerSettings {
    /// `section.key=value`: where this machine differs from the coordinator's, e.g. the path of the database.
    pub flags: Vec<String>,
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
        let folder = TempDir::new().map_err(|error| QueueError::File {
            path: std::env::temp_dir(),
            reason: error.to_string(),
        })?;
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
        let catalog: Database = read(manifest, artifacts, CATALOG)?;
        let valued = if manifest.artifacts.contains_key(CONTEXT) {
            Some(read::<ValuedCatalog>(manifest, artifacts, CONTEXT)?)
        } else {
            None
        };
        let session = Session::with_drivers(profile, Some(folder.path().join("run")), (self.settings.drivers)())
            .map_err(|error| unusable(error.to_string()))?;
        let dependencies = RunDependencies::of_worker(session.clone(), self.settings.cancel.child_token(), chats);
        Ok(OpenRun {
            dependencies,
            session,
            catalog: Arc::new(catalog),
            valued,
            generation: Mutex::default(),
            validation: Mutex::default(),
            _folder: folder,
        })
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

    fn run(&self, job: &str, task: Task) -> Result<TaskResult, CannotRunHere> {
        let run = self
            .open
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(job)
            .cloned();
        match run {
            Some(run) => told(run.perform(task)),
            None => Err(CannotRunHere("the run has ended".into())),
        }
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
    dependencies: RunDependencies,
    session: Arc<Session>,
    catalog: Arc<Database>,
    valued: Option<ValuedCatalog>,
    generation: Mutex<Option<Arc<dyn GenerationExecutor>>>,
    validation: Mutex<Option<Arc<dyn ValidationExecutor>>>,
    /// Removed with this.
    _folder: TempDir,
}

impl OpenRun {
    fn perform(&self, task: Task) -> Result<serde_json::Value, Failure> {
        let answer = match task {
            Task::Generate(topics) => {
                let requests: Vec<_> = topics.iter().map(GenerateTask::request).collect();
                let batches = self.generation()?.generate_all(&requests);
                let batches: Result<Vec<_>, Failure> = batches.into_iter().collect();
                serde_json::to_value(batches?)
            }
            Task::Validate(task) => serde_json::to_value(self.validation()?.judge_all(&task.samples)?),
        };
        answer.map_err(|error| Failure::new("queue", "malformed", error.to_string()))
    }

    /// Opened by the first task that generates: a worker without generator can still validate.
    fn generation(&self) -> Result<Arc<dyn GenerationExecutor>, Failure> {
        let mut slot = self.generation.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(executor) = &*slot {
            return Ok(executor.clone());
        }
        let Some(valued) = &self.valued else {
            return Err(Failure::new(
                "queue",
                "malformed",
                "the job came without what its generator is bound to",
            ));
        };
        let profile = self.session.profile();
        let context = GeneratorContext {
            catalog: Arc::new(valued.catalog.clone()),
            cards: valued.cards.clone(),
            dialect: self.dependencies.dialect(&self.catalog)?.info().clone(),
            options: serde_json::to_string(&profile.generate.options).unwrap_or_else(|_| "{}".into()),
            seed: profile.run.seed,
        };
        let executor: Arc<dyn GenerationExecutor> = self.dependencies.generation(&self.catalog, context)?.into();
        Ok(slot.insert(executor).clone())
    }

    /// Opened by the first task that validates: only validators may need the database.
    fn validation(&self) -> Result<Arc<dyn ValidationExecutor>, Failure> {
        let mut slot = self.validation.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(executor) = &*slot {
            return Ok(executor.clone());
        }
        let executor: Arc<dyn ValidationExecutor> = self.dependencies.validation(&self.catalog)?.into();
        Ok(slot.insert(executor).clone())
    }
}

/// An answer, or a failure that every machine would have; one that this machine may be alone with is none.
fn told(answer: Result<serde_json::Value, Failure>) -> Result<TaskResult, CannotRunHere> {
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

fn write(path: &PathBuf, bytes: &[u8]) -> Result<(), QueueError> {
    std::fs::write(path, bytes).map_err(|error| QueueError::File {
        path: path.clone(),
        reason: error.to_string(),
    })
}
