//! The file that a driver library is, and whether it is the one that was pinned.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::settings::AdbcSettings;
use crate::ConnectError;

/// A library that may be loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PinnedLibrary {
    pub(super) path: PathBuf,
    pub(super) entrypoint: Option<String>,
}

/// A driver manifest, as far as it matters here (<https://arrow.apache.org/adbc/current/format/driver_manifests.html>).
#[derive(Deserialize)]
struct Manifest {
    #[serde(default = "first_version")]
    manifest_version: i64,
    #[serde(rename = "Driver")]
    driver: ManifestDriver,
}

#[derive(Deserialize)]
struct ManifestDriver {
    entrypoint: Option<String>,
    shared: Shared,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Shared {
    Path(PathBuf),
    ByPlatform(std::collections::BTreeMap<String, PathBuf>),
}

fn first_version() -> i64 {
    1
}

/// Finds the library and holds it to its pin. Nothing of it is loaded.
pub(super) fn pinned(settings: &AdbcSettings) -> Result<PinnedLibrary, ConnectError> {
    let named = &settings.library;
    if named.as_os_str().is_empty() {
        return Err(ConnectError::Settings(
            "the driver `adbc` needs a driver library; set database.adbc.library to its path or to the name of its manifest"
                .into(),
        ));
    }
    let found = match manifest_of(named)? {
        Some(manifest) => read_manifest(&manifest)?,
        None => PinnedLibrary {
            path: named.clone(),
            entrypoint: None,
        },
    };
    let library = PinnedLibrary {
        entrypoint: settings.entrypoint.clone().or(found.entrypoint),
        path: std::path::absolute(&found.path).unwrap_or(found.path),
    };
    let bytes = std::fs::read(&library.path).map_err(|error| ConnectError::NoSuchFile {
        path: library.path.display().to_string(),
        detail: error.to_string(),
    })?;
    check_pin(&library.path, &bytes, &settings.sha256)?;
    check_entry_point(&library, &bytes)?;
    Ok(library)
}

/// Refuses an entry point whose name the file does not hold: the driver manager takes the usual one in its place without a word.
fn check_entry_point(library: &PinnedLibrary, bytes: &[u8]) -> Result<(), ConnectError> {
    let Some(name) = &library.entrypoint else {
        return Ok(());
    };
    let symbol = [name.as_bytes(), b"\0"].concat();
    if name.is_empty() || !bytes.windows(symbol.len()).any(|found| found == symbol) {
        return Err(ConnectError::Settings(format!(
            "{} has no entry point `{name}`; correct database.adbc.entrypoint or the driver's manifest, or leave it out for the usual one",
            library.path.display()
        )));
    }
    Ok(())
}

fn check_pin(path: &Path, bytes: &[u8], pin: &str) -> Result<(), ConnectError> {
    let digest = hex::encode(Sha256::digest(bytes));
    let place = path.display();
    match pin.trim().to_ascii_lowercase() {
        pin if pin == digest => Ok(()),
        pin if pin.is_empty() => Err(ConnectError::Settings(format!(
            "a driver library is native code that runs with all rights of this program, so it must be pinned: if you trust {place}, set \
             database.adbc.sha256 = \"{digest}\""
        ))),
        _ => Err(ConnectError::Settings(format!(
            "{place} is not the library that was pinned: its SHA-256 is {digest}, database.adbc.sha256 says another; nothing was loaded. \
             Find out who changed it, or pin the new one"
        ))),
    }
}

/// The manifest that is meant: one by path, or an installed one by its name; none where a library is named by its path.
fn manifest_of(named: &Path) -> Result<Option<PathBuf>, ConnectError> {
    if named.extension().is_some_and(|extension| extension == "toml") {
        return Ok(Some(named.to_owned()));
    }
    let is_name = named.components().count() == 1 && named.extension().is_none() && !named.exists();
    if !is_name {
        return Ok(None);
    }
    let folders = manifest_folders();
    let mut candidates = folders.iter().map(|folder| folder.join(named).with_extension("toml"));
    match candidates.find(|manifest| manifest.is_file()) {
        Some(manifest) => Ok(Some(manifest)),
        None => {
            let looked: Vec<String> = folders.iter().map(|folder| folder.display().to_string()).collect();
            Err(ConnectError::NoSuchFile {
                path: format!("{}.toml", named.display()),
                detail: format!("no driver manifest of this name is in {}", looked.join(", ")),
            })
        }
    }
}

/// Where ADBC looks for manifests, the strongest first.
fn manifest_folders() -> Vec<PathBuf> {
    let from_environment = std::env::var_os("ADBC_DRIVER_PATH");
    let mut folders: Vec<PathBuf> = from_environment.iter().flat_map(std::env::split_paths).collect();
    folders.extend(dirs::config_dir().map(|folder| folder.join("adbc").join("drivers")));
    folders.push(PathBuf::from("/etc/adbc/drivers"));
    folders
}

fn read_manifest(path: &Path) -> Result<PinnedLibrary, ConnectError> {
    let place = path.display().to_string();
    let unusable =
        |detail: String| ConnectError::Settings(format!("the driver manifest {place} cannot be used: {detail}"));
    let text = std::fs::read_to_string(path).map_err(|error| ConnectError::NoSuchFile {
        path: place.clone(),
        detail: error.to_string(),
    })?;
    let manifest: Manifest = toml::from_str(&text).map_err(|error| unusable(error.message().to_owned()))?;
    if manifest.manifest_version != 1 {
        return Err(unusable(format!(
            "its version is {}, version 1 is understood",
            manifest.manifest_version
        )));
    }
    let platform = platform();
    let shared = match manifest.driver.shared {
        Shared::Path(path) => path,
        Shared::ByPlatform(paths) => paths
            .get(&platform)
            .cloned()
            .ok_or_else(|| unusable(format!("it has no library for {platform}")))?,
    };
    // A relative path is relative to the manifest.
    let shared = path
        .parent()
        .map_or_else(|| shared.clone(), |folder| folder.join(&shared));
    Ok(PinnedLibrary {
        path: shared,
        entrypoint: manifest.driver.entrypoint,
    })
}

/// This platform as manifests name it.
fn platform() -> String {
    let arch = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    format!(
        "{}_{arch}{}",
        std::env::consts::OS,
        if cfg!(target_env = "musl") { "_musl" } else { "" }
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(library: PathBuf, sha256: &str) -> AdbcSettings {
        AdbcSettings {
            library,
            sha256: sha256.into(),
            ..AdbcSettings::default()
        }
    }

    #[test]
    fn libraries_are_held_to_their_pin() {
        let folder = tempfile::tempdir().unwrap();
        let library = folder.path().join("libdriver.so");
        std::fs::write(&library, b"abc").unwrap();
        let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(pinned(&settings(library.clone(), digest)).unwrap().path, library);
        for (pin, said) in [
            ("", digest),
            (&digest.replace('b', "c"), "not the library that was pinned"),
        ] {
            let error = pinned(&settings(library.clone(), pin)).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
    }

    #[test]
    fn entry_points_are_in_the_library() {
        let folder = tempfile::tempdir().unwrap();
        let library = folder.path().join("libdriver.so");
        let bytes = b"\x7fELF\0other_init\0tail";
        std::fs::write(&library, bytes).unwrap();
        let named = |name: &str| {
            let mut settings = settings(library.clone(), &hex::encode(Sha256::digest(bytes)));
            settings.entrypoint = Some(name.into());
            pinned(&settings).map_err(|error| error.to_string())
        };
        assert!(named("other_init").is_ok());
        for missing in ["my_init", "other_ini", "tail", ""] {
            let refused = named(missing).unwrap_err();
            assert!(
                refused.contains("no entry point") && refused.contains("database.adbc.entrypoint"),
                "{refused}"
            );
        }
    }

    #[test]
    fn manifests_lead_to_the_library_of_this_platform() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("lib.so"), b"abc").unwrap();
        let manifest = folder.path().join("shop.toml");
        let found = |text: &str| {
            std::fs::write(&manifest, text).unwrap();
            read_manifest(&manifest)
        };
        let both = found(&format!(
            "[Driver]\nentrypoint = \"Init\"\n[Driver.shared]\n{} = \"lib.so\"\n",
            platform()
        ))
        .unwrap();
        assert_eq!(
            (both.path, both.entrypoint.as_deref()),
            (folder.path().join("lib.so"), Some("Init"))
        );
        assert_eq!(
            found("[Driver]\nshared = \"/x/lib.so\"").unwrap().path,
            PathBuf::from("/x/lib.so")
        );
        for (text, said) in [
            ("manifest_version = 2\n[Driver]\nshared = \"x\"", "version is 2"),
            ("[Driver.shared]\nplan9_vax = \"x\"", "no library for"),
            ("name = \"x\"", "Driver"),
        ] {
            let error = found(text).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
    }

    #[test]
    fn manifests_that_are_not_installed_say_where_they_were_looked_for() {
        let error = pinned(&settings("no_such_driver".into(), "")).unwrap_err().to_string();
        assert!(error.contains("/etc/adbc/drivers"), "{error}");
    }
}
