//! The plugin host: finds plugins, checks them and hands out what calls them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use nl2sql_catalog::DialectInfo;
use nl2sql_profile::PluginSettings;
use wasmtime::Engine;

use crate::code_cache::CodeCache;
use crate::compile_notice::CompileNotice;
use crate::contract::Version;
use crate::dialect::DialectPlugin;
use crate::engine::{self, Clock};
use crate::error::LoadError;
use crate::generator::GeneratorPlugin;
use crate::grants::Grants;
use crate::library::{Embedded, Found, Library};
use crate::limits::Limits;
use crate::loaded::Loaded;
use crate::metric::MetricPlugin;
use crate::planner::PlannerPlugin;
use crate::plugin_use::PluginRecord;
use crate::services::Services;
use crate::settings;
use crate::supply::Supply;
use crate::validator::ValidatorPlugin;
use crate::{Artifact, Kind};

/// A handle of one kind of plugins.
pub(crate) trait Kinded: Sized {
    /// The kind.
    const KIND: Kind;
    /// Binds a loaded plugin of this kind to its services.
    fn bind(plugin: Arc<Loaded>, services: Services) -> wasmtime::Result<Self>;
}

/// How a [`PluginHost`] is set up.
#[derive(Clone, Debug, Default)]
pub struct PluginHostBuilder {
    embedded: &'static [Embedded],
    folders: Vec<PathBuf>,
    settings: BTreeMap<String, PluginSettings>,
    supply: Option<Arc<dyn Supply>>,
    limits: Limits,
    cache: Option<CodeCache>,
    notice: CompileNotice,
}

impl PluginHostBuilder {
    /// Plugins compiled into the binary.
    pub fn embedded(mut self, plugins: &'static [Embedded]) -> Self {
        self.embedded = plugins;
        self
    }

    /// A folder of `*.wasm` files. Folders come before built-in plugins, earlier ones before later ones.
    pub fn folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folders.push(folder.into());
        self
    }

    /// What the profile says about plugins, by name.
    pub fn settings(mut self, settings: BTreeMap<String, PluginSettings>) -> Self {
        self.settings = settings;
        self
    }

    /// Who hands out the plugins whose settings name a source.
    pub fn supply(mut self, supply: Arc<dyn Supply>) -> Self {
        self.supply = Some(supply);
        self
    }

    /// Limits of plugins whose settings name none.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Keeps compiled code between runs.
    pub fn code_cache(mut self, cache: CodeCache) -> Self {
        self.cache = Some(cache);
        self
    }

    /// Tells of large plugins that are compiled.
    pub fn compile_notice(mut self, notice: CompileNotice) -> Self {
        self.notice = notice;
        self
    }

    /// Sets up the engine.
    pub fn build(self) -> Result<PluginHost, LoadError> {
        let (engine, clock) = engine::new().map_err(|error| LoadError::Engine {
            reason: format!("{error:#}"),
        })?;
        Ok(PluginHost {
            engine,
            clock,
            library: Library::new(self.embedded, self.folders, self.settings, self.supply),
            limits: self.limits,
            cache: self.cache,
            notice: self.notice,
            loaded: Mutex::default(),
        })
    }
}

/// Loads plugins; each is checked, compiled and linked once.
pub struct PluginHost {
    engine: Engine,
    clock: Arc<Clock>,
    library: Library,
    limits: Limits,
    cache: Option<CodeCache>,
    notice: CompileNotice,
    loaded: Mutex<BTreeMap<String, Arc<Loaded>>>,
}

impl PluginHost {
    /// A host to set up.
    pub fn builder() -> PluginHostBuilder {
        PluginHostBuilder::default()
    }

    /// Where this host finds plugins.
    pub fn library(&self) -> &Library {
        &self.library
    }

    /// The dialect of this name: the plugin's (`dialect-sqlite`), the plugin's without its kind (`sqlite`), or the one it gives itself.
    pub fn dialect(&self, name: &str) -> Result<DialectPlugin, LoadError> {
        match self.dialect_with(name, Services::none()) {
            Err(LoadError::NotFound { .. }) => self.dialect_with(&self.dialect_plugin(name)?, Services::none()),
            found => found,
        }
    }

    /// Name of the plugin that serves as the dialect of this name.
    pub fn dialect_plugin(&self, name: &str) -> Result<String, LoadError> {
        let missing = match self.library.resolve(Kind::Dialect, name) {
            Err(error @ LoadError::NotFound { .. }) => error,
            found => return Ok(found?.manifest.name),
        };
        let mut called_so = Vec::new();
        for entry in self.library.list()? {
            let Ok(plugin) = entry.plugin else { continue };
            if plugin.manifest.kind != Kind::Dialect {
                continue;
            }
            let dialect = self.dialect_with(&plugin.manifest.name, Services::none())?;
            if dialect.info().is_ok_and(|info| info.name == name) {
                called_so.push(plugin.manifest.name);
            }
        }
        match called_so.as_slice() {
            [] => Err(missing),
            [plugin] => Ok(plugin.clone()),
            several => Err(LoadError::AmbiguousDialect {
                name: name.to_owned(),
                plugins: several.join("`, `"),
            }),
        }
    }

    /// The dialect of this name, with a log of the caller's.
    pub fn dialect_with(&self, name: &str, services: Services) -> Result<DialectPlugin, LoadError> {
        let dialect: DialectPlugin = self.handle(name, services)?;
        if dialect.describes_itself() {
            return Ok(dialect);
        }
        let inherited = self.inherited_description(&dialect);
        Ok(dialect.inheriting(inherited))
    }

    /// The planner of this name.
    pub fn planner(&self, name: &str, services: Services) -> Result<PlannerPlugin, LoadError> {
        self.handle(name, services)
    }

    /// The generator of this name.
    pub fn generator(&self, name: &str, services: Services) -> Result<GeneratorPlugin, LoadError> {
        self.handle(name, services)
    }

    /// The validator of this name.
    pub fn validator(&self, name: &str, services: Services) -> Result<ValidatorPlugin, LoadError> {
        self.handle(name, services)
    }

    /// The metric plugin of this name.
    pub fn metric(&self, name: &str, services: Services) -> Result<MetricPlugin, LoadError> {
        self.handle(name, services)
    }

    /// SHA-256 of every plugin loaded so far, by name: what a run folder records.
    pub fn digests(&self) -> BTreeMap<String, String> {
        let loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        loaded
            .values()
            .map(|plugin| (plugin.name().to_owned(), plugin.sha256.clone()))
            .collect()
    }

    /// What every plugin that was loaded was granted, and has used since this was asked last.
    pub fn take_records(&self) -> Vec<PluginRecord> {
        let loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        loaded.values().map(|plugin| plugin.take_record()).collect()
    }

    fn handle<H: Kinded>(&self, name: &str, services: Services) -> Result<H, LoadError> {
        let plugin = self.load(H::KIND, name)?;
        plugin.require(|service| services.has(service))?;
        let rejected = |error: wasmtime::Error| LoadError::Compile {
            plugin: plugin.name().to_owned(),
            reason: format!("{error:#}"),
        };
        H::bind(plugin.clone(), services).map_err(rejected)
    }

    /// The description of the built-in dialect over the same driver, for a dialect built for a contract without descriptions.
    fn inherited_description(&self, dialect: &DialectPlugin) -> Option<DialectInfo> {
        let driver = dialect.info().ok()?.driver;
        self.library.embedded().iter().find_map(|plugin| {
            let artifact = Artifact::read(plugin.bytes, plugin.name).ok()?;
            if artifact.manifest.kind != Kind::Dialect || artifact.version == Version::V0_1 {
                return None;
            }
            let loaded = Arc::new(self.load_artifact(&artifact, &Grants::none()).ok()?);
            let info = DialectPlugin::bind(loaded, Services::none()).ok()?.info().ok()?;
            (info.driver == driver).then_some(info)
        })
    }

    pub(crate) fn load(&self, kind: Kind, name: &str) -> Result<Arc<Loaded>, LoadError> {
        let key = format!("{kind} {name}");
        // Held while compiling, so that threads that want the same plugin at once compile it once.
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(plugin) = loaded.get(&key) {
            return Ok(plugin.clone());
        }
        let plugin = Arc::new(self.load_found(kind, self.library.find(kind, name)?)?);
        loaded.insert(key, plugin.clone());
        Ok(plugin)
    }

    /// Checks, compiles and links an artifact under the limits of its name.
    pub(crate) fn load_artifact(&self, artifact: &Artifact, grants: &Grants) -> Result<Loaded, LoadError> {
        let cache = self.cache.as_ref();
        let limits = self.library.limits(&artifact.manifest.name, self.limits);
        Loaded::new(artifact, grants, limits, &self.engine, &self.clock, cache, &self.notice)
    }

    fn load_found(&self, kind: Kind, found: Found) -> Result<Loaded, LoadError> {
        let Found {
            artifact,
            built_in,
            settings,
        } = found;
        check_kind(&artifact, kind)?;
        let loaded = Loaded::new(
            &artifact,
            &settings::grants(&settings, &artifact, built_in),
            settings::limits_over(&settings.limits, self.limits),
            &self.engine,
            &self.clock,
            self.cache.as_ref(),
            &self.notice,
        )?;
        Ok(loaded.of_the_program(built_in))
    }
}

fn check_kind(artifact: &Artifact, wanted: Kind) -> Result<(), LoadError> {
    if artifact.manifest.kind == wanted {
        return Ok(());
    }
    Err(LoadError::WrongKind {
        plugin: artifact.manifest.name.clone(),
        found: artifact.manifest.kind,
        wanted,
    })
}
