//! Somebody who writes and signs plugins.

use std::io::Cursor;
use std::path::{Path, PathBuf};

use minisign::KeyPair;
use nl2sql_plugin_host::{Kind, pack};

use crate::guest;

/// An author with a key.
pub struct Author(KeyPair);

impl Author {
    /// An author whose key was made just now.
    ///
    /// # Panics
    /// When the system has no random numbers.
    pub fn with_new_key() -> Self {
        Self(KeyPair::generate_unencrypted_keypair().unwrap())
    }

    /// What they tell their users.
    pub fn public_key(&self) -> String {
        self.0.pk.to_base64()
    }

    /// As `minisign -S` writes it.
    pub fn signature(&self, bytes: &[u8]) -> String {
        let signature = minisign::sign(Some(&self.0.pk), &self.0.sk, Cursor::new(bytes), Some("a test"), None);
        signature.unwrap().to_string()
    }

    /// Writes a plugin and its signature.
    pub fn publish(&self, folder: &Path, file: &str, bytes: &[u8]) -> PathBuf {
        let path = folder.join(file);
        std::fs::write(&path, bytes).unwrap();
        std::fs::write(folder.join(format!("{file}.minisig")), self.signature(bytes)).unwrap();
        path
    }
}

/// A validator of this version that imports these services.
pub fn validator(name: &str, version: &str, services: &[&str]) -> Vec<u8> {
    let component = guest::idle(name, Kind::Validator, services).unwrap();
    let asked: String = services
        .iter()
        .map(|service| format!("{service} = \"a test\"\n"))
        .collect();
    let manifest = format!(
        "name = \"{name}\"\nversion = \"{version}\"\nkind = \"validator\"\ndescription = \"A test.\"\n[imports]\n{asked}"
    );
    pack(&component, manifest.as_bytes(), name).unwrap()
}
