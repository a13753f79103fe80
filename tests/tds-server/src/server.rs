//! The server itself.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

use crate::account::Account;
use crate::certificates::Certificates;
use crate::engine::Engine;
use crate::faults::{self, Fault, Planned};
use crate::login::Login;
use crate::prelogin::Encryption;
use crate::schema::Database;
use crate::session;
use crate::tokens::SqlError;
use crate::transport::Transport;

/// Something that came in over a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received {
    /// A batch, or the text of a procedure that runs one.
    Statement(String),
    /// A call of a procedure that this server does not have.
    Call(String),
    /// A request to stop what runs.
    Attention,
}

/// What a server is to be like.
pub struct Setup {
    databases: Vec<Database>,
    accounts: Vec<Account>,
    encryption: Encryption,
    names: Vec<String>,
    version: String,
    edition: i64,
    largest_packet: u32,
}

impl Default for Setup {
    fn default() -> Self {
        Self::new()
    }
}

impl Setup {
    /// SQL Server 2022 with encryption on offer, a certificate for `localhost`, no databases and no logins.
    pub fn new() -> Self {
        Self {
            databases: Vec::new(),
            accounts: Vec::new(),
            encryption: Encryption::Off,
            names: vec!["localhost".into()],
            version: "16.0.1000.6".into(),
            edition: 3,
            largest_packet: 4096,
        }
    }

    /// Adds a database; the first is where logins begin that name none.
    pub fn database(mut self, database: Database) -> Self {
        self.databases.push(database);
        self
    }

    /// Adds a login.
    pub fn account(mut self, account: Account) -> Self {
        self.accounts.push(account);
        self
    }

    /// How it stands to encryption.
    pub fn encryption(mut self, encryption: Encryption) -> Self {
        self.encryption = encryption;
        self
    }

    /// Host names and addresses that its certificate is good for.
    pub fn names(mut self, names: &[&str]) -> Self {
        self.names = names.iter().map(|name| (*name).to_owned()).collect();
        self
    }

    /// Its version, such as `10.50.1600.1`.
    pub fn version(mut self, version: &str) -> Self {
        version.clone_into(&mut self.version);
        self
    }

    /// Its engine edition: 3 is a server of one's own, 5 Azure SQL Database.
    pub fn edition(mut self, edition: i64) -> Self {
        self.edition = edition;
        self
    }

    /// Largest packet it agrees to, from 512 bytes up; small ones cut rows and values in pieces.
    pub fn largest_packet(mut self, bytes: u32) -> Self {
        self.largest_packet = bytes.max(512);
        self
    }

    /// Listens on a port of the loopback interface; 0 takes a free one.
    ///
    /// # Errors
    /// When the port is taken, or no certificate can be made.
    pub async fn start(self, port: u16) -> io::Result<TdsServer> {
        let certificates = Certificates::for_names(&self.names).map_err(io::Error::other)?;
        let listener = TcpListener::bind(("127.0.0.1", port)).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            databases: self.databases,
            accounts: self.accounts,
            encryption: self.encryption,
            certificates,
            version: self.version,
            edition: self.edition,
            largest_packet: self.largest_packet,
            plan: Mutex::default(),
            received: Mutex::default(),
            logins: Mutex::default(),
            running: AtomicUsize::new(0),
            open: AtomicUsize::new(0),
        });
        let task = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Ok(TdsServer { address, shared, task })
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let numbers = AtomicU16::new(50);
    // Sessions end with the server.
    let mut sessions = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let _ = stream.set_nodelay(true);
        let (shared, session) = (Arc::clone(&shared), numbers.fetch_add(1, Ordering::Relaxed));
        sessions.spawn(async move {
            shared.open.fetch_add(1, Ordering::SeqCst);
            let counted = Arc::clone(&shared);
            // A client that goes away is no failure of the server.
            let _ = session::serve(Transport::new(stream), shared, session).await;
            counted.open.fetch_sub(1, Ordering::SeqCst);
        });
    }
}

/// What every session knows.
pub(crate) struct Shared {
    databases: Vec<Database>,
    accounts: Vec<Account>,
    pub(crate) encryption: Encryption,
    pub(crate) certificates: Certificates,
    version: String,
    edition: i64,
    pub(crate) largest_packet: u32,
    plan: Mutex<Vec<Planned>>,
    received: Mutex<Vec<(u16, Received)>>,
    logins: Mutex<Vec<Login>>,
    pub(crate) running: AtomicUsize,
    open: AtomicUsize,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    pub(crate) fn fault(&self, text: &str) -> Option<Fault> {
        faults::take(&mut locked(&self.plan), text)
    }

    pub(crate) fn note(&self, session: u16, received: Received) {
        locked(&self.received).push((session, received));
    }

    pub(crate) fn note_login(&self, login: &Login) {
        locked(&self.logins).push(login.clone());
    }

    /// Major, minor and build.
    pub(crate) fn version_bytes(&self) -> [u8; 4] {
        let numbers: Vec<u16> = self
            .version
            .split('.')
            .map(|number| number.parse().unwrap_or(0))
            .collect();
        let [major, minor, build] = [0, 1, 2].map(|at| numbers.get(at).copied().unwrap_or(0));
        let [high, low] = build.to_be_bytes();
        [major as u8, minor as u8, high, low]
    }

    /// An engine for a login, or what the server says to it.
    pub(crate) fn admit(&self, login: &Login, session: u16) -> Result<Engine, Vec<SqlError>> {
        let failed = || SqlError::new(18456, 14, format!("Login failed for user '{}'.", login.user));
        let account = self
            .accounts
            .iter()
            .find(|account| account.name.eq_ignore_ascii_case(&login.user) && account.password == login.password);
        let account = account.ok_or_else(|| vec![failed()])?;
        let wanted =
            |database: &&Database| login.database.is_empty() || database.name.eq_ignore_ascii_case(&login.database);
        let database = self
            .databases
            .iter()
            .find(wanted)
            .filter(|database| !account.locked_out.contains(&database.name));
        let Some(database) = database else {
            let message = format!(
                "Cannot open database \"{}\" requested by the login. The login failed.",
                login.database
            );
            return Err(vec![SqlError::new(4060, 11, message), failed()]);
        };
        Engine::open(database, account, &self.version, self.edition, session).map_err(|error| vec![error])
    }
}

/// A running server; dropping it ends it and every session.
pub struct TdsServer {
    address: SocketAddr,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

impl Drop for TdsServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl TdsServer {
    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The certificate of the authority that signed the server's own, as PEM.
    pub fn authority_pem(&self) -> &str {
        &self.shared.certificates.authority_pem
    }

    /// Lets `fault` befall the next `times` requests whose text holds `when`, or [`PRELOGIN`](crate::PRELOGIN) or [`LOGIN`](crate::LOGIN).
    pub fn plan(&self, fault: Fault, when: &str, times: usize) {
        locked(&self.shared.plan).push(Planned {
            fault,
            when: when.to_owned(),
            times,
        });
    }

    /// Everything that came in, with the number of its session.
    pub fn received(&self) -> Vec<(u16, Received)> {
        locked(&self.shared.received).clone()
    }

    /// The statements that came in.
    pub fn statements(&self) -> Vec<String> {
        let texts = self.received().into_iter().filter_map(|(_, received)| match received {
            Received::Statement(text) => Some(text),
            _ => None,
        });
        texts.collect()
    }

    /// The logins that were tried.
    pub fn logins(&self) -> Vec<Login> {
        locked(&self.shared.logins).clone()
    }

    /// Statements that run now.
    pub fn running(&self) -> usize {
        self.shared.running.load(Ordering::SeqCst)
    }

    /// Connections that are open now.
    pub fn open_connections(&self) -> usize {
        self.shared.open.load(Ordering::SeqCst)
    }
}
