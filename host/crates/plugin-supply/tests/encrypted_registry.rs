//! A real registry behind encryption, with a certificate authority of its own and a password.

use std::env;
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nl2sql_tests::author::validator;
use serde_json::json;

use crate::project::{Project, block_on, said};
use crate::publisher::{MANIFEST, Publisher};

/// `hunter2`, as a registry keeps it.
const PASSWORD: &str = "me:$2y$05$abcdefghijklmnopqrstuuoXuKqgZXLiJqzfmMXDDhSFPIvxV7t8.\n";

/// A registry that ends with the test.
struct Registry {
    process: Child,
    host: String,
    certificates: PathBuf,
    _folder: tempfile::TempDir,
}

impl Registry {
    /// With the certificates of the test services; `None` where there are none, or no program.
    fn start() -> Option<Self> {
        let certificates = PathBuf::from(env::var("NL2SQL_TEST_CERTIFICATES").ok()?);
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("passwords"), PASSWORD).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let settings = folder.path().join("registry.yml");
        fs::write(&settings, settings_of(folder.path(), port, &certificates)).unwrap();
        let mut program = Command::new("docker-registry");
        program
            .arg("serve")
            .arg(settings)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let registry = Self {
            process: program.spawn().ok()?,
            host: format!("localhost:{port}"),
            certificates,
            _folder: folder,
        };
        let is_up = || TcpStream::connect(("127.0.0.1", port)).is_ok();
        let came = (0..200).any(|_| {
            is_up() || {
                std::thread::sleep(Duration::from_millis(50));
                false
            }
        });
        assert!(came, "the registry does not start");
        Some(registry)
    }

    /// Pushes a plugin and gives its source.
    fn push(&self, name: &str, bytes: &[u8]) -> String {
        let authority = fs::read(self.certificates.join("authority.pem")).unwrap();
        let to = Publisher::with_login(&format!("https://{}", self.host), &authority, "me", "hunter2");
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": to.blob(name, "application/vnd.oci.empty.v1+json", b"{}"),
            "layers": [to.blob(name, "application/wasm", bytes)],
        });
        to.manifest(name, "1", &manifest);
        to.source(name, "1")
    }

    /// A project whose profile has these lines for the registry.
    fn project(&self, lines: &str) -> Project {
        let project = Project::new();
        for file in ["authority.pem", "stranger.pem"] {
            fs::copy(self.certificates.join(file), project.path().join(file)).unwrap();
        }
        fs::write(project.path().join("right"), "hunter2\n").unwrap();
        fs::write(project.path().join("wrong"), "hunter3\n").unwrap();
        let registry = format!("[trust.registries.\"{}\"]\n{lines}\n\n[trust.keys]", self.host);
        project.edit(&project.profile(), "[trust.keys]", &registry);
        project
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.process.kill().and_then(|()| self.process.wait());
    }
}

fn settings_of(folder: &Path, port: u16, certificates: &Path) -> String {
    format!(
        "version: 0.1\nlog:\n  level: error\nstorage:\n  filesystem:\n    rootdirectory: {}\nauth:\n  htpasswd:\n    realm: here\n    path: \
         {}\nhttp:\n  addr: 127.0.0.1:{port}\n  tls:\n    certificate: {}\n    key: {}\n",
        folder.join("data").display(),
        folder.join("passwords").display(),
        certificates.join("server.pem").display(),
        certificates.join("server.key").display(),
    )
}

#[test]
fn an_encrypted_registry_is_believed_by_the_authority_that_the_profile_names() {
    let Some(registry) = Registry::start() else {
        println!("skipped: it needs docker-registry and NL2SQL_TEST_CERTIFICATES");
        return;
    };
    let bytes = validator("rows", "1.0.0", &[]);
    let source = registry.push("acme/rows", &bytes);

    let project = registry.project("user = \"me\"\npassword_file = \"right\"\nca = \"authority.pem\"");
    let locked = project.add_unsigned(&source, &[]).unwrap();
    assert!(locked.resolved.is_some_and(|digest| digest.starts_with("sha256:")));
    fs::remove_dir_all(project.path().join("data")).unwrap();
    assert_eq!(block_on(project.installer().install()).unwrap().len(), 1);
    let offers = block_on(project.installer().search(&registry.host, "rows")).unwrap();
    assert_eq!(offers[0].source, source);

    for (lines, reason) in [
        (
            "user = \"me\"\npassword_file = \"right\"\nca = \"stranger.pem\"",
            "certificate",
        ),
        (
            "user = \"me\"\npassword_file = \"wrong\"\nca = \"authority.pem\"",
            "401 Unauthorized",
        ),
        ("ca = \"authority.pem\"", "401 Unauthorized"),
        ("ca = \"right\"", "holds no PEM certificate"),
        ("ca = \"nowhere.pem\"", "cannot be read"),
    ] {
        let refused = said(&registry.project(lines).add_unsigned(&source, &[]).unwrap_err());
        assert!(
            refused.contains(reason) && refused.contains("certificate authority (`ca`)"),
            "{lines}: {refused}"
        );
    }
}
