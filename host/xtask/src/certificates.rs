//! Certificates for the test servers: one authority that signed them, and a stranger.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};

/// The name the servers' certificate is made out to; their address is not in it, so that a wrong name can be tried.
const HOST: &str = "localhost";

/// The servers' certificate, and its private key.
pub const CERTIFICATE: &str = "server.pem";
pub const KEY: &str = "server.key";

/// Where the files are.
pub struct Certificates {
    folder: PathBuf,
}

impl Certificates {
    /// Makes what is not there yet.
    pub fn in_folder(folder: &Path) -> Result<Self> {
        let files = Self {
            folder: folder.to_owned(),
        };
        if !folder.join(CERTIFICATE).exists() {
            fs::create_dir_all(folder)?;
            files.make().context("cannot make certificates")?;
        }
        Ok(files)
    }

    /// The folder: `authority.pem` signed the servers' certificate, `stranger.pem` signed nothing.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Copies the servers' certificate and its private key into a server's own folder, for its owner alone to read.
    pub fn hand_to(&self, folder: &Path) -> Result<()> {
        for file in [CERTIFICATE, KEY] {
            let copy = folder.join(file);
            fs::copy(self.folder.join(file), &copy)?;
            fs::set_permissions(&copy, fs::Permissions::from_mode(0o600))?;
        }
        Ok(())
    }

    fn make(&self) -> Result<()> {
        let (authority, issuer) = authority("nl2sql test authority")?;
        let (stranger, _) = self::authority("nl2sql test stranger")?;
        let key = KeyPair::generate()?;
        let mut server = CertificateParams::new(vec![HOST.to_owned()])?;
        server.distinguished_name.push(DnType::CommonName, HOST);
        server.use_authority_key_identifier_extension = true;
        let server = server.signed_by(&key, &issuer)?;
        for (file, text) in [
            ("authority.pem", authority),
            ("stranger.pem", stranger),
            (KEY, key.serialize_pem()),
            (CERTIFICATE, server.pem()),
        ] {
            fs::write(self.folder.join(file), text)?;
        }
        Ok(())
    }
}

fn authority(name: &str) -> Result<(String, Issuer<'static, KeyPair>)> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(Vec::new())?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, name);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let certificate = params.self_signed(&key)?;
    Ok((certificate.pem(), Issuer::new(params, key)))
}
