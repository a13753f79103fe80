//! A server of a test's own, to be killed.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nl2sql_database::ConnectionSettings;

/// A running server; killed and removed with this value.
pub struct OwnServer {
    /// Settings of the administrator.
    pub admin: ConnectionSettings,
    folder: tempfile::TempDir,
    process: Option<Child>,
}

impl OwnServer {
    /// Makes a data folder and starts a server on it; a note that `test` is skipped where the programs are missing.
    pub fn start(driver: &str, test: &str) -> Option<Self> {
        let (installer, scheme) = match driver {
            "mysql" => ("mariadb-install-db", "mysql://root"),
            _ => ("initdb", "postgres://postgres"),
        };
        if find(installer).is_none() {
            eprintln!("skipped: {test} needs {installer}");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let mut server = Self {
            admin: format!("{scheme}@127.0.0.1:{port}/").parse().unwrap(),
            folder,
            process: None,
        };
        if is_root() {
            let owner = server.user();
            assert!(
                Command::new("chown")
                    .arg(owner)
                    .arg(server.folder.path())
                    .status()
                    .unwrap()
                    .success()
            );
        }
        let data = server.data();
        let install = match driver {
            "mysql" => vec![
                "--no-defaults".to_owned(),
                format!("--datadir={}", data.display()),
                "--auth-root-authentication-method=normal".into(),
                "--skip-test-db".into(),
            ],
            _ => [
                "-D",
                &data.display().to_string(),
                "-U",
                "postgres",
                "--auth",
                "trust",
                "--encoding",
                "UTF8",
                "--no-sync",
            ]
            .map(str::to_owned)
            .to_vec(),
        };
        let status = server
            .program(installer)
            .args(install)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        assert!(status.unwrap().success(), "{installer} failed");
        server.run();
        Some(server)
    }

    /// Starts the server again, on the same port and data.
    pub fn run(&mut self) {
        let (data, port) = (self.data().display().to_string(), self.admin.effective_port());
        let mut program = match self.admin.driver.as_str() {
            "mysql" => {
                let mut mariadbd = self.program("mariadbd");
                mariadbd
                    .arg("--no-defaults")
                    .arg(format!("--datadir={data}"))
                    .arg(format!("--port={port}"));
                mariadbd.args([
                    "--bind-address=127.0.0.1",
                    "--socket=own.sock",
                    "--pid-file=own.pid",
                    "--skip-log-bin",
                ]);
                mariadbd
            }
            _ => {
                let mut postgres = self.program("postgres");
                postgres.args(["-D", &data, "-p", &port.to_string(), "-c", "listen_addresses=127.0.0.1"]);
                postgres.args(["-c", "unix_socket_directories=", "-c", "fsync=off"]);
                postgres
            }
        };
        self.process = Some(program.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    }

    /// Waits until the server answers. One that was killed may have to be started twice: its last sessions still hold its memory.
    pub fn wait(&mut self) {
        let started = Instant::now();
        while !super::servers::answers(&self.admin) {
            assert!(
                started.elapsed() < Duration::from_secs(90),
                "the server does not come up"
            );
            std::thread::sleep(Duration::from_millis(100));
            if self
                .process
                .as_mut()
                .is_none_or(|process| process.try_wait().unwrap().is_some())
            {
                self.run();
            }
        }
    }

    /// Ends the server the way a power cut does.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    /// Where its data and its settings are.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn user(&self) -> &'static str {
        if self.admin.driver == "mysql" {
            "mysql"
        } else {
            "postgres"
        }
    }

    /// A program of the server, as a user it accepts.
    fn program(&self, name: &str) -> Command {
        let path = find(name).unwrap();
        let mut command = if is_root() {
            let mut lowered = Command::new("setpriv");
            lowered
                .args(["--reuid", self.user(), "--regid", self.user(), "--clear-groups", "--"])
                .arg(path);
            lowered
        } else {
            Command::new(path)
        };
        command.current_dir(self.folder.path());
        command
    }
}

impl Drop for OwnServer {
    fn drop(&mut self) {
        self.kill();
    }
}

fn is_root() -> bool {
    Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|output| output.stdout.starts_with(b"0\n"))
}

/// In the path, or where Debian keeps the programs that it leaves out of the path.
fn find(name: &str) -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = versions
        .map(|version| version.path().join("bin"))
        .chain(std::env::split_paths(&path))
        .chain([Path::new("/usr/sbin").to_owned()]);
    folders
        .map(|folder| folder.join(name))
        .find(|program| program.is_file())
}
