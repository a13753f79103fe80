//! Where plugins come from.

use std::path::PathBuf;

use nl2sql_pipeline::Failure;
use nl2sql_plugin_host::{Artifact, CallError, CodeCache, CompileNotice, Kind, LoadError, PluginHost};
use nl2sql_profile::Profile;

use crate::diagnostic::sentence;
use crate::plugin_supply::supply_of;

/// A host over the built-in plugins, the user's plugin folder and the profile's paths. `notice` is told of large plugins that are compiled.
///
/// # Errors
/// When the engine cannot start, or the lock of plugins cannot be read.
pub fn plugin_host(profile: &Profile, notice: CompileNotice) -> Result<PluginHost, Failure> {
    let mut builder = PluginHost::builder()
        .embedded(nl2sql_builtin_plugins::PLUGINS)
        .settings(profile.plugins.clone())
        .supply(supply_of(profile)?)
        .compile_notice(notice);
    if let Some(folder) = user_folder().filter(|folder| folder.is_dir()) {
        builder = builder.folder(folder);
    }
    // Without a cache plugins are compiled at every start, which is slower and equally correct.
    if let Ok(cache) = code_cache() {
        builder = builder.code_cache(cache);
    }
    builder.build().map_err(|error| load_failure("plugins", &error))
}

/// Compiled plugins, in the user's cache folder.
///
/// # Errors
/// In words: there is no such folder, or it cannot be this user's alone.
pub fn code_cache() -> Result<CodeCache, String> {
    let folder = dirs::cache_dir().ok_or("there is no cache folder; set HOME or XDG_CACHE_HOME")?;
    let folder = folder.join("nl2sql").join("code");
    CodeCache::open(&folder).map_err(|error| format!("{}: {error}", folder.display()))
}

/// `nl2sql/plugins` in the user's data folder.
fn user_folder() -> Option<PathBuf> {
    dirs::data_dir().map(|folder| folder.join("nl2sql").join("plugins"))
}

/// The plugin of this name, `sqlite` standing for `dialect-sqlite`.
///
/// # Errors
/// When there is none or its file is not usable.
pub fn inspect(host: &PluginHost, kind: &str, name: &str) -> Result<Artifact, Failure> {
    let library = host.library();
    let found = match Kind::from_name(kind) {
        Some(kind) => library.resolve(kind, name),
        None => library.inspect(name),
    };
    found.map_err(|error| load_failure(name, &error))
}

/// A plugin that cannot be loaded, in the pipeline's words.
pub fn load_failure(plugin: &str, error: &LoadError) -> Failure {
    let failure = Failure::new(plugin, error.failure_code(), error.to_string());
    advised(failure, error)
}

/// A call that failed, in the pipeline's words; the plugin's own code where it gave one, and the language model's where that was the cause.
pub fn call_failure(error: &CallError) -> Failure {
    match error.refusal() {
        Some(refusal) => Failure {
            part: error.plugin.clone(),
            code: refusal.code.strip_prefix("llm-").unwrap_or(&refusal.code).to_owned(),
            message: refusal.message.clone(),
            hint: refusal.hint.clone(),
        },
        None => advised(Failure::new(&error.plugin, "plugin-failed", error.to_string()), error),
    }
}

fn advised(failure: Failure, error: &impl miette::Diagnostic) -> Failure {
    match error.help() {
        Some(help) => failure.with_hint(sentence(&help.to_string())),
        None => failure,
    }
}
