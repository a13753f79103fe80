//! Where plugins come from: the profile's paths, folders, the binary itself.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use nl2sql_profile::PluginSettings;

use crate::bounds;
use crate::error::{LoadError, SupplyRefusal};
use crate::limits::Limits;
use crate::settings;
use crate::supply::Supply;
use crate::{Artifact, Kind, PluginSummary, sha256_hex};

/// A plugin compiled into the binary.
#[derive(Clone, Copy, Debug)]
pub struct Embedded {
    /// Its name.
    pub name: &'static str,
    /// The component.
    pub bytes: &'static [u8],
}

/// Where a plugin was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Compiled into the binary.
    BuiltIn,
    /// A file.
    File(PathBuf),
    /// Added from elsewhere; what is locked lies in the program's own store.
    Source(String),
}

/// One plugin of a [`Library::list`].
#[derive(Debug)]
pub struct Entry {
    /// Name, or the file's name when the file is no plugin.
    pub name: String,
    /// Where it is.
    pub origin: Origin,
    /// The plugin, or why it cannot be used.
    pub plugin: Result<PluginSummary, LoadError>,
}

/// A plugin with all that decides how it is loaded.
pub(crate) struct Found {
    pub(crate) artifact: Artifact,
    pub(crate) built_in: bool,
    pub(crate) settings: PluginSettings,
}

/// The plugins a host can find, by name. A profile's `path` comes before built-in plugins, and they before folders: nothing takes the place of
/// a built-in plugin unless the profile says so.
#[derive(Clone, Debug)]
pub struct Library {
    embedded: &'static [Embedded],
    folders: Vec<PathBuf>,
    settings: BTreeMap<String, PluginSettings>,
    supply: Option<Arc<dyn Supply>>,
    /// What the profile names, once it was read: what was looked at is what runs.
    read: Arc<Mutex<BTreeMap<String, Artifact>>>,
    /// Digests of the files that were found in folders.
    seen: Arc<Mutex<BTreeMap<PathBuf, String>>>,
    /// Plugins of the binary that were read.
    built_in: Arc<Mutex<BTreeMap<&'static str, Artifact>>>,
}

impl Library {
    /// The plugins compiled into the binary.
    pub(crate) fn embedded(&self) -> &'static [Embedded] {
        self.embedded
    }

    pub(crate) fn new(
        embedded: &'static [Embedded],
        folders: Vec<PathBuf>,
        settings: BTreeMap<String, PluginSettings>,
        supply: Option<Arc<dyn Supply>>,
    ) -> Self {
        Self {
            embedded,
            folders,
            settings,
            supply,
            read: Arc::default(),
            seen: Arc::default(),
            built_in: Arc::default(),
        }
    }

    /// Every plugin there is, by name; a file that is no plugin is listed with what is wrong.
    pub fn list(&self) -> Result<Vec<Entry>, LoadError> {
        let mut entries: BTreeMap<String, Entry> = BTreeMap::new();
        let mut add = |name: String, origin: Origin, artifact: Result<Artifact, LoadError>| {
            let plugin = artifact.map(|artifact| artifact.summary());
            let name = plugin.as_ref().map_or(name, |plugin| plugin.manifest.name.clone());
            entries.entry(name.clone()).or_insert(Entry { name, origin, plugin });
        };
        for (name, settings) in &self.settings {
            let origin = match (&settings.path, &settings.source) {
                (Some(path), _) => Origin::File(path.clone()),
                (None, Some(source)) => Origin::Source(source.clone()),
                (None, None) => continue,
            };
            if let Some(artifact) = self.named_by_profile(name, settings).transpose() {
                add(
                    name.clone(),
                    origin,
                    artifact.and_then(|artifact| pinned(artifact, settings)),
                );
            }
        }
        for plugin in self.embedded {
            add(plugin.name.to_owned(), Origin::BuiltIn, self.built_in(plugin));
        }
        let mut unused = Vec::new();
        for folder in &self.folders {
            for path in wasm_files(folder)? {
                let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
                let artifact = self.read(&path);
                let name = artifact
                    .as_ref()
                    .map_or(stem, |artifact| artifact.manifest.name.clone());
                match self.built_in_like(&name) {
                    Some(taken) if !self.is_placed(&name) => unused.push(Entry {
                        plugin: Err(LoadError::TakesBuiltIn {
                            path: path.clone(),
                            name: name.clone(),
                            built_in: taken,
                        }),
                        name,
                        origin: Origin::File(path),
                    }),
                    _ => add(name, Origin::File(path), artifact),
                }
            }
        }
        Ok(entries.into_values().chain(unused).collect())
    }

    /// The built-in plugin that a plugin of this name would stand in for: `dialect-sqlite` for both `dialect-sqlite` and `sqlite`.
    fn built_in_like(&self, name: &str) -> Option<&'static str> {
        let stands_for = |plugin: &&Embedded| {
            plugin.name == name || Kind::ALL.iter().any(|kind| plugin.name == format!("{kind}-{name}"))
        };
        self.embedded.iter().find(stands_for).map(|plugin| plugin.name)
    }

    /// The limits of a plugin.
    pub(crate) fn limits(&self, name: &str, usual: Limits) -> Limits {
        let settings = self.settings.get(name);
        settings.map_or(usual, |settings| settings::limits_over(&settings.limits, usual))
    }

    /// Whether the profile says where the plugin of this name comes from.
    fn is_placed(&self, name: &str) -> bool {
        let placed = |settings: &PluginSettings| settings.path.is_some() || settings.source.is_some();
        self.settings.get(name).is_some_and(placed)
    }

    /// The plugin whose place stands in the profile. It is read once.
    fn named_by_profile(&self, name: &str, settings: &PluginSettings) -> Result<Option<Artifact>, LoadError> {
        let mut known = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(artifact) = known.get(name) {
            return Ok(Some(artifact.clone()));
        }
        let artifact = match (&settings.path, &settings.source) {
            (Some(path), _) => self.read(path)?,
            (None, Some(source)) => self.supplied(name, source)?,
            (None, None) => return Ok(None),
        };
        known.insert(name.to_owned(), artifact.clone());
        Ok(Some(artifact))
    }

    /// A plugin of the binary. It is read once.
    fn built_in(&self, plugin: &Embedded) -> Result<Artifact, LoadError> {
        let mut known = self.built_in.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(artifact) = known.get(plugin.name) {
            return Ok(artifact.clone());
        }
        let artifact = Artifact::read(plugin.bytes, &format!("the built-in plugin `{}`", plugin.name))?;
        known.insert(plugin.name, artifact.clone());
        Ok(artifact)
    }

    fn supplied(&self, name: &str, source: &str) -> Result<Artifact, LoadError> {
        match &self.supply {
            Some(supply) => supply.plugin(name),
            None => Err(LoadError::Supply(Box::new(SupplyRefusal {
                code: "supply-not-locked",
                message: format!("plugin `{name}` comes from {source}, and there is no lock here"),
                help: "give the plugin a `path`, or add it with `nl2sql plugin add`".to_owned(),
            }))),
        }
    }

    /// Reads a file, and makes sure that it is the one that was read before.
    fn read(&self, path: &Path) -> Result<Artifact, LoadError> {
        let bytes = read_bytes(path)?;
        let origin = path.display().to_string();
        let sha256 = sha256_hex(&bytes);
        if let Some(supply) = &self.supply {
            supply.refuse_known_bad(&origin, &sha256)?;
        }
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let before = seen.entry(path.to_owned()).or_insert_with(|| sha256.clone());
        if *before != sha256 {
            return Err(LoadError::Changed {
                path: path.to_owned(),
                before: before.clone(),
                now: sha256,
            });
        }
        drop(seen);
        Artifact::read(&bytes, &origin)
    }

    /// Reads one plugin by name, or by the path of its file.
    pub fn inspect(&self, name_or_path: &str) -> Result<Artifact, LoadError> {
        let path = Path::new(name_or_path);
        if path.extension().is_some_and(|extension| extension == "wasm") || path.is_file() {
            return self.read(path);
        }
        Ok(self
            .find_exact(name_or_path)?
            .ok_or_else(|| self.not_found(name_or_path))?
            .artifact)
    }

    /// As [`inspect`](Self::inspect), and held to the digest that the profile pins, a file too.
    pub fn inspect_pinned(&self, name_or_path: &str) -> Result<Artifact, LoadError> {
        let artifact = self.inspect(name_or_path)?;
        match self.settings.get(&artifact.manifest.name) {
            Some(settings) => pinned(artifact, settings),
            None => Ok(artifact),
        }
    }

    /// Reads the plugin of this name and kind as a host would load it; a dialect called `sqlite` may be the plugin `dialect-sqlite`.
    pub fn resolve(&self, kind: Kind, name: &str) -> Result<Artifact, LoadError> {
        Ok(self.find(kind, name)?.artifact)
    }

    pub(crate) fn find(&self, kind: Kind, name: &str) -> Result<Found, LoadError> {
        let long = format!("{kind}-{name}");
        let is_built_in = |name: &str| self.embedded.iter().any(|plugin| plugin.name == name);
        let long_first = !self.is_placed(name) && (self.is_placed(&long) || (is_built_in(&long) && !is_built_in(name)));
        let names = if long_first {
            [long.as_str(), name]
        } else {
            [name, long.as_str()]
        };
        for name in names {
            if let Some(found) = self.find_exact(name)? {
                return Ok(found);
            }
        }
        Err(self.not_found(name))
    }

    fn find_exact(&self, name: &str) -> Result<Option<Found>, LoadError> {
        let settings = self.settings.get(name).cloned().unwrap_or_default();
        let found = |artifact, built_in| {
            let artifact = pinned(artifact, &settings)?;
            let settings = settings.clone();
            Ok(Some(Found {
                artifact,
                built_in,
                settings,
            }))
        };
        if let Some(artifact) = self.named_by_profile(name, &settings)? {
            if artifact.manifest.name != name {
                let path = settings.path.as_ref().map(|path| path.display().to_string());
                return Err(LoadError::WrongName {
                    wanted: name.to_owned(),
                    origin: path.or(settings.source.clone()).unwrap_or_default(),
                    found: artifact.manifest.name,
                });
            }
            return found(artifact, false);
        }
        if let Some(plugin) = self.embedded.iter().find(|plugin| plugin.name == name) {
            return found(self.built_in(plugin)?, true);
        }
        for folder in &self.folders {
            if let Some(artifact) = self.find_in(folder, name)? {
                return found(artifact, false);
            }
        }
        Ok(None)
    }

    /// The plugin of this name in a folder: the file called after it (`-` may be `_`, as cargo writes it), else any file whose manifest says so.
    fn find_in(&self, folder: &Path, name: &str) -> Result<Option<Artifact>, LoadError> {
        let mut files = wasm_files(folder)?;
        let called_otherwise = |path: &PathBuf| {
            let stem = path.file_stem().unwrap_or_default().to_string_lossy().replace('_', "-");
            stem != name
        };
        files.sort_by_key(called_otherwise);
        let mut found: Option<(PathBuf, Artifact)> = None;
        for path in files {
            // A file that is called after the plugin decides; others only where there is none.
            if called_otherwise(&path) && found.as_ref().is_some_and(|(first, _)| !called_otherwise(first)) {
                break;
            }
            match (self.read(&path), &found) {
                (Ok(artifact), None) if artifact.manifest.name == name => found = Some((path, artifact)),
                (Ok(artifact), Some((first, _))) if artifact.manifest.name == name => {
                    return Err(LoadError::Ambiguous {
                        name: name.to_owned(),
                        first: first.clone(),
                        second: path,
                    });
                }
                (Err(error), _) if !called_otherwise(&path) => return Err(error),
                _ => {}
            }
        }
        Ok(found.map(|(_, artifact)| artifact))
    }

    fn not_found(&self, name: &str) -> LoadError {
        let mut known: Vec<String> = self.embedded.iter().map(|plugin| plugin.name.to_owned()).collect();
        known.extend(
            self.settings
                .iter()
                .filter(|(_, entry)| entry.path.is_some() || entry.source.is_some())
                .map(|(name, _)| name.clone()),
        );
        for path in self
            .folders
            .iter()
            .filter_map(|folder| wasm_files(folder).ok())
            .flatten()
        {
            known.extend(path.file_stem().map(|stem| stem.to_string_lossy().into_owned()));
        }
        known.sort();
        known.dedup();
        let likeness = |known: &String| strsim::jaro_winkler(known, name);
        let nearest = known.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
        LoadError::NotFound {
            name: name.to_owned(),
            nearest: nearest.filter(|nearest| likeness(nearest) > 0.7).cloned(),
            known: if known.is_empty() {
                "none".to_owned()
            } else {
                known.join(", ")
            },
        }
    }
}

fn read_bytes(path: &Path) -> Result<Vec<u8>, LoadError> {
    let unreadable = |source| LoadError::Unreadable {
        path: path.to_owned(),
        source,
    };
    // Asked before it is opened, for opening a pipe waits for its other end.
    let found = fs::metadata(path).map_err(unreadable)?;
    if !found.is_file() {
        return Err(unreadable(io::Error::other("it is not a file")));
    }
    let mut bytes = Vec::new();
    // One byte more than a plugin may have shows that it is too large, however much there is.
    let most = bounds::FILE as u64 + 1;
    fs::File::open(path)
        .and_then(|file| file.take(most).read_to_end(&mut bytes))
        .map_err(unreadable)?;
    Ok(bytes)
}

fn pinned(artifact: Artifact, settings: &PluginSettings) -> Result<Artifact, LoadError> {
    match &settings.sha256 {
        Some(pinned) if !pinned.eq_ignore_ascii_case(&artifact.sha256) => Err(LoadError::WrongDigest {
            plugin: artifact.manifest.name,
            found: artifact.sha256,
            pinned: pinned.clone(),
        }),
        _ => Ok(artifact),
    }
}

/// The `*.wasm` files of a folder, by name.
fn wasm_files(folder: &Path) -> Result<Vec<PathBuf>, LoadError> {
    let unreadable = |source| LoadError::Unreadable {
        path: folder.to_owned(),
        source,
    };
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|extension| extension == "wasm") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
