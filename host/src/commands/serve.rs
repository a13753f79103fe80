//! `nl2sql serve`

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use nl2sql_app::ask::{Answerer, Assistant};
use nl2sql_app::diagnostic::Exit;
use nl2sql_app::runs::RunLibrary;
use nl2sql_app::{AppError, FleetWatch, ModelChoice, Session, profile_of_run};
use nl2sql_profile::{Profile, read_secret};
use nl2sql_serving::{Backend, OpenAiEndpoint, OpenAiEndpointSettings, Server};
use serde_json::json;

use super::{resolve, session as open_session};
use crate::arguments::Global;
use crate::interrupt::cancel_on_ctrl_c;
use crate::terminal::{say, say_json};

/// Which model answers.
#[derive(Clone, Debug, Args)]
pub struct AnswererArguments {
    /// Hugging Face folder of the model; model.path of the profile by default
    #[arg(long, value_name = "FOLDER")]
    pub model: Option<PathBuf>,
    /// PEFT folder of an adapter; train/ of the run by default
    #[arg(long, value_name = "FOLDER")]
    pub adapter: Option<PathBuf>,
    /// Folder of a run: model, adapter, database and prompt layout are the run's
    #[arg(long, value_name = "FOLDER", conflicts_with = "profile")]
    pub run: Option<PathBuf>,
    /// Ask the profile's language model provider instead of a model on this machine
    #[arg(long, conflicts_with_all = ["model", "adapter"])]
    pub endpoint: bool,
}

/// `nl2sql serve`
#[derive(Clone, Debug, Args)]
pub struct ServeArguments {
    #[command(flatten)]
    pub answerer: AnswererArguments,
    /// Address to listen at; serve.address by default
    #[arg(long)]
    pub address: Option<IpAddr>,
    /// Port to listen at; serve.port by default
    #[arg(long)]
    pub port: Option<u16>,
}

pub fn run(global: &Global, arguments: &ServeArguments) -> Result<Exit, AppError> {
    let session = arguments.answerer.session(global, arguments.settings())?;
    let (backend, answerer) = arguments.answerer.open(&session)?;
    let named = session.profile().database.is_named();
    let assistant = named.then(|| Assistant::open(&session, answerer)).transpose()?;
    let server = Server::bind(&session.profile().serve, backend, assistant.map(Arc::new)).map_err(failed)?;
    server.show_runs(Arc::new(RunLibrary::of(&session)));
    if let Some(workers) = FleetWatch::of(&session) {
        server.show_workers(Arc::new(workers));
    }
    let url = server.url();
    if global.json {
        say_json(&json!({ "url": url }));
    } else {
        say(format!("serving at {url}"));
    }
    let stop = session.cancellation().clone();
    cancel_on_ctrl_c(session.runtime(), stop.clone(), || {});
    session.runtime().block_on(|| server.serve(stop)).map_err(failed)?;
    Ok(Exit::Done)
}

/// A server that cannot be started.
pub fn failed(error: nl2sql_serving::ServeError) -> AppError {
    AppError::Usage(error.to_string())
}

impl ServeArguments {
    /// The flags as settings, which are checked like any others.
    fn settings(&self) -> Vec<String> {
        let address = self.address.map(|address| format!("serve.address=\"{address}\""));
        let port = self.port.map(|port| format!("serve.port={port}"));
        address.into_iter().chain(port).collect()
    }
}

impl AnswererArguments {
    /// A session of the profile, or of the run's.
    pub fn session(&self, global: &Global, settings: Vec<String>) -> Result<Arc<Session>, AppError> {
        let mut global = global.clone();
        global.set.extend(settings);
        let profile = resolve(&global)?.profile;
        match &self.run {
            Some(folder) => {
                global.run_dir = Some(folder.clone());
                open_session(profile_of_run(folder, &profile)?, &global)
            }
            None => open_session(profile, &global),
        }
    }

    /// What answers, and what writes statements.
    pub fn open(&self, session: &Session) -> Result<(Backend, Answerer), AppError> {
        if self.endpoint {
            let backend = Backend::Endpoint(endpoint(session.profile())?);
            return Ok((backend, session.endpoint_answerer()?));
        }
        let choice = ModelChoice {
            model: self.model.clone(),
            adapter: self.adapter.clone(),
        };
        let chosen = session.load_model(&choice)?;
        let answerer = chosen.answerer(session);
        Ok((Backend::Local(chosen.model), answerer))
    }
}

/// The first provider of the profile.
fn endpoint(profile: &Profile) -> Result<OpenAiEndpoint, AppError> {
    let Some((name, provider)) = profile.llm.chain().next() else {
        return Err(AppError::Usage(
            "the profile names no language model: set llm.provider, or leave --endpoint out".into(),
        ));
    };
    let settings = OpenAiEndpointSettings {
        base_url: provider.base_url.clone(),
        key: read_secret(provider.key_env.as_deref(), provider.key_file.as_deref())?,
        model: provider.model.clone(),
        others: profile.serve.endpoint_models.clone(),
        timeout: Duration::from_secs(u64::from(profile.serve.request_timeout_s)),
    };
    OpenAiEndpoint::new(settings).map_err(|error| AppError::Usage(format!("llm.providers.{name}: {error}")))
}
