//! Private throw-away servers for tests: PostgreSQL, MariaDB, NATS with JetStream and an OCI registry on free ports, their data below the build folder.
//!
//! A server named by an environment variable is used instead. A server whose programs are missing is left out, and the tests that want it
//! are skipped by name; `cargo xtask bootstrap` installs them. The databases take encrypted connections, with a certificate of an authority
//! made for them.

use std::env;
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use crate::certificates::{CERTIFICATE, Certificates, KEY};
use crate::checkout;
use crate::process::{command, is_root, run};

/// Names the folder with the certificate of the authority that signed the private servers' own.
const CERTIFICATES: &str = "NL2SQL_TEST_CERTIFICATES";

/// How long a server may take until it answers.
const START_TIMEOUT: Duration = Duration::from_secs(90);

/// A kind of server.
struct Kind {
    name: &'static str,
    /// Names the URL that the tests use.
    variable: &'static str,
    /// Debian's package.
    package: &'static str,
    /// User of the operating system that runs it when we are root, which neither server accepts.
    user: &'static str,
    /// A program of the package, and where Debian keeps it when it is not in the path.
    program: &'static str,
    prepare: fn(&Server) -> Result<()>,
    start: fn(&Server) -> Result<Child>,
    url: fn(u16) -> String,
    /// Whether it shows the certificate that was made for tests.
    has_certificate: bool,
}

const KINDS: [Kind; 4] = [
    Kind {
        name: "postgres",
        variable: "NL2SQL_TEST_POSTGRES_URL",
        package: "postgresql",
        user: "postgres",
        program: "initdb",
        prepare: prepare_postgres,
        start: start_postgres,
        url: |port| format!("postgres://postgres@127.0.0.1:{port}/postgres"),
        has_certificate: true,
    },
    Kind {
        name: "mariadb",
        variable: "NL2SQL_TEST_MYSQL_URL",
        package: "mariadb-server",
        user: "mysql",
        program: "mariadbd",
        prepare: prepare_mariadb,
        start: start_mariadb,
        url: |port| format!("mysql://root@127.0.0.1:{port}/"),
        has_certificate: true,
    },
    Kind {
        name: "registry",
        variable: "NL2SQL_TEST_REGISTRY",
        package: "docker-registry",
        user: "docker-registry",
        program: "docker-registry",
        prepare: prepare_registry,
        start: start_registry,
        url: |port| format!("127.0.0.1:{port}"),
        has_certificate: false,
    },
    Kind {
        name: "nats",
        variable: "NL2SQL_TEST_NATS_URL",
        package: "nats-server",
        user: "nats",
        program: "nats-server",
        prepare: |_| Ok(()),
        start: start_nats,
        url: |port| format!("nats://127.0.0.1:{port}"),
        has_certificate: false,
    },
];

/// One server of ours.
struct Server {
    kind: &'static Kind,
    folder: PathBuf,
    port: u16,
}

/// Packages of the servers that would have to be started here and cannot be.
pub fn missing_packages() -> Vec<&'static str> {
    let is_given = |kind: &Kind| env::var(kind.variable).is_ok_and(|url| !url.is_empty());
    KINDS
        .iter()
        .filter(|kind| !is_given(kind) && find_program(kind.program).is_none())
        .map(|kind| kind.package)
        .collect()
}

/// Starts what does not run yet; gives the variables that tests read, with their URLs.
pub fn up() -> Result<Vec<(&'static str, String)>> {
    let services = services_folder();
    fs::create_dir_all(&services)?;
    // Two that start at once would take each other's servers for stale.
    let lock = fs::File::create(services.join("lock"))?;
    lock.lock()?;
    let certificates = Certificates::in_folder(&services.join("certificates"))?;
    let mut urls = Vec::new();
    let mut has_own = false;
    for kind in &KINDS {
        let given = env::var(kind.variable).ok().filter(|url| !url.is_empty());
        let url = match given {
            Some(url) => Some(url),
            None => start(kind, &certificates)
                .with_context(|| format!("{} does not start", kind.name))?
                .inspect(|_| has_own |= kind.has_certificate),
        };
        match url {
            Some(url) => urls.push((kind.variable, url)),
            None => eprintln!(
                "{}: not installed, its tests are skipped; `cargo xtask bootstrap` installs {}",
                kind.name, kind.package
            ),
        }
    }
    if has_own {
        urls.push((CERTIFICATES, certificates.folder().display().to_string()));
    }
    Ok(urls)
}

/// Starts the servers and says how to reach them.
pub fn print_up() -> Result<()> {
    for (variable, url) in up()? {
        println!("export {variable}={url}");
    }
    Ok(())
}

/// Stops the servers that `up` started and removes their data.
pub fn down() -> Result<()> {
    for kind in &KINDS {
        let folder = folder(kind);
        if let Some(process) = running(&folder) {
            run(command("kill").args(["-9", &process.to_string()]))?;
            wait_until("the server has ended", || running(&folder).is_none())?;
        }
        if folder.join("data").exists() {
            fs::remove_dir_all(folder.join("data")).with_context(|| format!("cannot remove {}", folder.display()))?;
        }
    }
    Ok(())
}

fn start(kind: &'static Kind, certificates: &Certificates) -> Result<Option<String>> {
    let folder = folder(kind);
    let port_file = folder.join("port");
    if running(&folder).is_some() {
        let port = fs::read_to_string(&port_file)?
            .trim()
            .parse()
            .context("the port file is damaged; run `cargo xtask services down`")?;
        return Ok(Some((kind.url)(port)));
    }
    if find_program(kind.program).is_none() {
        return Ok(None);
    }
    fs::create_dir_all(&folder)?;
    let server = Server {
        kind,
        folder,
        port: free_port()?,
    };
    certificates.hand_to(&server.folder)?;
    server.own(&server.folder)?;
    if server.data().exists() {
        fs::remove_dir_all(server.data())?;
    }
    (kind.prepare)(&server)?;
    let mut process = (kind.start)(&server)?;
    fs::write(port_file, server.port.to_string())?;
    let mut ended = None;
    wait_until("the server answers", || {
        ended = process.try_wait().ok().flatten();
        ended.is_some() || TcpStream::connect(("127.0.0.1", server.port)).is_ok() && running(&server.folder).is_some()
    })
    .with_context(|| format!("see {}", server.log().display()))?;
    if let Some(status) = ended {
        bail!("the server ended with {status}; see {}", server.log().display());
    }
    Ok(Some((kind.url)(server.port)))
}

impl Server {
    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn log(&self) -> PathBuf {
        self.folder.join("log")
    }

    /// A program of this server, as the user that may run it.
    fn program(&self, name: &str) -> Result<Command> {
        let program =
            find_program(name).with_context(|| format!("{name} is missing; install {}", self.kind.package))?;
        if !is_root() {
            return Ok(command(program));
        }
        let mut lowered = command("setpriv");
        lowered
            .args([
                "--reuid",
                self.kind.user,
                "--regid",
                self.kind.user,
                "--clear-groups",
                "--",
            ])
            .arg(program);
        Ok(lowered)
    }

    /// Hands a folder to the user that runs the server.
    fn own(&self, folder: &Path) -> Result<()> {
        if is_root() {
            run(command("chown").arg("-R").arg(self.kind.user).arg(folder))
        } else {
            Ok(())
        }
    }

    /// Starts a program that stays.
    fn spawn(&self, program: &mut Command) -> Result<Child> {
        let log = fs::File::create(self.log())?;
        program
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        // A group of its own, so that an interrupt from the keyboard ends the tests and not the server.
        std::os::unix::process::CommandExt::process_group(program, 0);
        program.spawn().context("cannot start the server")
    }
}

fn prepare_postgres(server: &Server) -> Result<()> {
    let mut initdb = server.program("initdb")?;
    initdb.arg("--pgdata").arg(server.data());
    initdb.args([
        "--username",
        "postgres",
        "--auth",
        "trust",
        "--encoding",
        "UTF8",
        "--locale",
        "C.UTF-8",
        "--no-sync",
    ]);
    run(initdb.current_dir(&server.folder).stdout(Stdio::null()))
}

fn start_postgres(server: &Server) -> Result<Child> {
    let mut postgres = server.program("postgres")?;
    postgres
        .arg("-D")
        .arg(server.data())
        .args(["-p", &server.port.to_string()]);
    for setting in [
        "listen_addresses=127.0.0.1",
        "unix_socket_directories=",
        "max_connections=200",
        "shared_preload_libraries=pg_stat_statements",
        "fsync=off",
        "synchronous_commit=off",
        "full_page_writes=off",
        "ssl=on",
    ] {
        postgres.args(["-c", setting]);
    }
    postgres
        .arg("-c")
        .arg(format!("ssl_cert_file={}", server.folder.join(CERTIFICATE).display()));
    postgres
        .arg("-c")
        .arg(format!("ssl_key_file={}", server.folder.join(KEY).display()));
    server.spawn(&mut postgres)
}

/// Making a data folder takes seconds and is done once; copying it does not.
fn start_nats(server: &Server) -> Result<Child> {
    fs::create_dir_all(server.data())?;
    server.own(&server.data())?;
    let mut nats = server.program("nats-server")?;
    nats.args([
        "--addr",
        "127.0.0.1",
        "--port",
        &server.port.to_string(),
        "--jetstream",
        "--store_dir",
    ])
    .arg(server.data())
    .arg("--pid")
    .arg(server.folder.join("nats.pid"));
    server.spawn(&mut nats)
}

fn prepare_mariadb(server: &Server) -> Result<()> {
    let template = server.folder.join("template");
    if !template.join("mysql").is_dir() {
        let mut install = server.program("mariadb-install-db")?;
        install
            .arg("--no-defaults")
            .arg(format!("--datadir={}", template.display()));
        install.args(["--auth-root-authentication-method=normal", "--skip-test-db"]);
        run(install.current_dir(&server.folder).stdout(Stdio::null()))?;
    }
    run(command("cp").arg("-r").arg(&template).arg(server.data()))?;
    fs::create_dir_all(temporary_tables(server))?;
    server.own(&temporary_tables(server))?;
    server.own(&server.data())
}

/// A folder of its own: where several servers share one, each removes what it takes for its own leftovers.
fn temporary_tables(server: &Server) -> PathBuf {
    server.folder.join("temporary")
}

fn start_mariadb(server: &Server) -> Result<Child> {
    let mut mariadbd = server.program("mariadbd")?;
    mariadbd
        .arg("--no-defaults")
        .arg(format!("--datadir={}", server.data().display()))
        .arg(format!("--tmpdir={}", temporary_tables(server).display()))
        .arg(format!("--port={}", server.port));
    mariadbd.args([
        "--bind-address=127.0.0.1",
        "--socket=mariadb.sock",
        "--pid-file=mariadb.pid",
        "--skip-log-bin",
    ]);
    mariadbd.args([
        "--innodb-flush-log-at-trx-commit=0",
        "--innodb-buffer-pool-size=64M",
        "--skip-innodb-doublewrite",
    ]);
    mariadbd.arg(format!("--ssl-cert={}", server.folder.join(CERTIFICATE).display()));
    mariadbd.arg(format!("--ssl-key={}", server.folder.join(KEY).display()));
    server.spawn(&mut mariadbd)
}

fn prepare_registry(server: &Server) -> Result<()> {
    fs::create_dir_all(server.data())?;
    let settings = format!(
        "version: 0.1\nlog:\n  level: error\nstorage:\n  filesystem:\n    rootdirectory: {}\nhttp:\n  addr: 127.0.0.1:{}\n",
        server.data().join("registry").display(),
        server.port
    );
    fs::write(server.data().join("registry.yml"), settings)?;
    server.own(&server.data())
}

fn start_registry(server: &Server) -> Result<Child> {
    let mut registry = server.program("docker-registry")?;
    registry.arg("serve").arg(server.data().join("registry.yml"));
    let process = server.spawn(&mut registry)?;
    fs::write(server.data().join("registry.pid"), process.id().to_string())?;
    Ok(process)
}

fn folder(kind: &Kind) -> PathBuf {
    services_folder().join(kind.name)
}

/// Below the build folder, unless that lies where the servers' own users may not enter, such as root's home.
fn services_folder() -> PathBuf {
    let target = checkout::target();
    if !is_root() || everyone_may_enter(&target) {
        return target.join("services");
    }
    let digest = hex::encode(Sha256::digest(target.as_os_str().as_bytes()));
    env::temp_dir().join(format!("nl2sql-services-{}", &digest[..12]))
}

fn everyone_may_enter(folder: &Path) -> bool {
    let enterable = |folder: &Path| fs::metadata(folder).map_or(true, |found| found.permissions().mode() & 0o001 != 0);
    folder.ancestors().all(enterable)
}

/// The process that the server's own file names, when it is alive and is that server: the number may have gone to another since.
fn running(folder: &Path) -> Option<u32> {
    let files = [
        "data/postmaster.pid",
        "data/mariadb.pid",
        "data/registry.pid",
        "nats.pid",
    ];
    let text = files
        .iter()
        .find_map(|file| fs::read_to_string(folder.join(file)).ok())?;
    let process = text.lines().next()?.trim().parse().ok()?;
    let command_line = fs::read(Path::new("/proc").join(u32::to_string(&process)).join("cmdline")).ok()?;
    let data = folder.join("data");
    String::from_utf8_lossy(&command_line)
        .contains(&*data.to_string_lossy())
        .then_some(process)
}

/// In the path, or where Debian keeps the programs that it leaves out of the path.
pub fn find_program(name: &str) -> Option<PathBuf> {
    let debian = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|version| version.path().join("bin"));
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = debian
        .chain(env::split_paths(&path))
        .chain([PathBuf::from("/usr/sbin")]);
    folders
        .map(|folder| folder.join(name))
        .find(|program| program.is_file())
}

/// A port that nobody listens at.
pub fn free_port() -> Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

fn wait_until(what: &str, mut done: impl FnMut() -> bool) -> Result<()> {
    let started = Instant::now();
    while !done() {
        if started.elapsed() > START_TIMEOUT {
            bail!("gave up waiting until {what}");
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}
