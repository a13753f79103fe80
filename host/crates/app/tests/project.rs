//! A project in a folder of its own: a small SQLite database, a profile, and a model of random weights.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use nl2sql_app::job::{Job, Outcome, import_model};
use nl2sql_app::{AppError, Event, Session};
use nl2sql_model::weights::Dtype;
use nl2sql_profile::Layers;

const TABLES: &str = "
    CREATE TABLE customers (id INTEGER PRIMARY KEY, city TEXT NOT NULL, points INTEGER);
    CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customers(id), amount REAL);
    INSERT INTO customers VALUES (1,'Oslo',10),(2,'Bergen',25),(3,'Oslo',7),(4,'Narvik',99);
    INSERT INTO orders VALUES (1,1,12.5),(2,1,80),(3,2,7.25),(4,4,31),(5,3,64);
";

/// A project.
pub struct Project {
    folder: tempfile::TempDir,
}

impl Project {
    /// A project of this name whose plan asks for `total` pairs.
    pub fn new(name: &str, total: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        let database = rusqlite::Connection::open(path.join("data.sqlite")).unwrap();
        database.execute_batch(TABLES).unwrap();
        model(&path.join("model"));
        let profile = format!(
            r#"
[database]
path = "data.sqlite"
[run]
name = "{name}"
[plan]
total = {total}
[generate]
batch = 10
[export]
instruction = "{{database}}"
prompt = "{{question}}"
[model]
path = "model"
template = "default"
[train]
max_steps = 4
per_device_train_batch_size = 2
gradient_accumulation_steps = 1
[evaluate]
max_new_tokens = 4
"#
        );
        fs::write(path.join("nl2sql.toml"), profile).unwrap();
        Self { folder }
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A session of its profile.
    pub fn session(&self) -> Arc<Session> {
        let layers = Layers {
            profile: Some(self.folder().join("nl2sql.toml").display().to_string()),
            ..Layers::default()
        };
        let mut profile = layers.resolve().unwrap().profile;
        // Relative to the working directory by default, which is not this project's.
        profile.run.dir = self.folder().join("runs");
        Session::new(profile, None).unwrap()
    }
}

/// The tiny llama of the model crate, with a context that prompts fit into.
fn model(folder: &Path) {
    let gguf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../model/tests/fixtures/llama-tiny.gguf");
    import_model(&gguf, folder, Dtype::F32).unwrap();
    let path = folder.join("config.json");
    let mut config: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    config["max_position_embeddings"] = 4_096.into();
    fs::write(&path, config.to_string()).unwrap();
}

/// Does a job to its good end.
pub fn done(session: &Arc<Session>, job: Job) -> Outcome {
    session.start(job).join().unwrap()
}

/// The events of a job, and its end.
pub fn events_of(session: &Arc<Session>, job: Job) -> (Vec<Event>, Result<Outcome, AppError>) {
    let mut handle = session.start(job);
    let mut events = Vec::new();
    while let Some(event) = handle.events.blocking_recv() {
        events.push(event);
    }
    (events, handle.join())
}

/// What the stages of a project's run wrote, by path.
pub fn artifacts(project: &Project) -> BTreeMap<PathBuf, Vec<u8>> {
    let run = fs::read_dir(project.folder().join("runs"))
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let export = fs::read_dir(run.join("export"))
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let stages = [
        "metadata.json",
        "cards.json",
        "plan.json",
        "samples.jsonl",
        "verdicts.jsonl",
    ]
    .map(|name| run.join(name));
    export
        .chain(stages)
        .map(|path| (path.strip_prefix(&run).unwrap().to_owned(), fs::read(&path).unwrap()))
        .collect()
}
