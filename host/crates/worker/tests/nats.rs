//! A NATS server with JetStream of a test's own, which can be stopped and started again.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// The server.
pub struct Nats {
    program: PathBuf,
    folder: TempDir,
    port: u16,
    more: Vec<String>,
    process: Option<Child>,
}

impl Nats {
    /// Starts a server with these further arguments, or says that `test` is skipped.
    pub fn start(test: &str, more: &[&str]) -> Option<Self> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
        let Some(program) = folders
            .map(|folder| folder.join("nats-server"))
            .find(|program| program.is_file())
        else {
            eprintln!("skipped: {test} needs nats-server");
            return None;
        };
        let mut nats = Self {
            program,
            folder: tempfile::tempdir().unwrap(),
            port: TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port(),
            more: more.iter().map(ToString::to_string).collect(),
            process: None,
        };
        nats.resume();
        Some(nats)
    }

    /// Starts it with what it kept.
    pub fn resume(&mut self) {
        let mut command = Command::new(&self.program);
        command
            .args([
                "--addr",
                "127.0.0.1",
                "--port",
                &self.port.to_string(),
                "--jetstream",
                "--store_dir",
            ])
            .arg(self.folder.path())
            .args(&self.more)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        self.process = Some(command.spawn().unwrap());
        let deadline = Instant::now() + Duration::from_secs(30);
        while TcpStream::connect(self.address()).is_err() {
            assert!(Instant::now() < deadline, "nats-server does not answer");
            sleep(Duration::from_millis(20));
        }
    }

    /// Kills it.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    /// Its URL.
    pub fn url(&self) -> String {
        format!("nats://{}", self.address())
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        self.kill();
    }
}
