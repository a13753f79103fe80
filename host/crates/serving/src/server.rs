//! The listening server: keys, certificate, address.

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;

use nl2sql_app::FleetWatch;
use nl2sql_app::ask::{AccessPolicy, Assistant};
use nl2sql_app::runs::RunLibrary;
use nl2sql_profile::{ProfileError, ServeSettings};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use crate::authentication::Keys;
use crate::backend::Backend;
use crate::certificate::read_certificate;
use crate::connections::Connections;
use crate::router::router;
use crate::state::ServerState;
use crate::tls_provider;

/// Why a server did not start, or ended.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// A key cannot be read.
    #[error(transparent)]
    Keys(#[from] ProfileError),
    /// A key's policy names what the database does not have.
    #[error(
        "serve.keys.{key} names the {what}, which the database does not have; correct the name, or extract the database again"
    )]
    Policy {
        /// Name of the key.
        key: String,
        /// The table or column.
        what: String,
    },
    /// The address cannot be listened at.
    #[error("cannot listen at {address}: {source}; choose another serve.address or serve.port")]
    Address {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// Certificate or private key cannot be used.
    #[error("{} cannot be used: {reason}; serve.certificate and serve.private_key name PEM files that belong together", .path.display())]
    Certificate {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The figures cannot be kept.
    #[error("the figures of /metrics cannot be kept: {0}")]
    Metrics(#[from] prometheus::Error),
    /// A client does not speak the Model Context Protocol.
    #[error("the client does not speak the Model Context Protocol: {0}")]
    Protocol(String),
    /// The listener failed.
    #[error("the server ended: {0}")]
    Ended(std::io::Error),
}

/// A server that listens.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    tls: Option<TlsAcceptor>,
    state: Arc<ServerState>,
}

impl Server {
    /// Reads keys and certificate, and listens.
    ///
    /// # Errors
    /// When a key is missing, the certificate cannot be used, or the address is taken.
    pub fn bind(
        settings: &ServeSettings,
        backend: Backend,
        assistant: Option<Arc<Assistant>>,
    ) -> Result<Self, ServeError> {
        tls_provider::install();
        let keys = Keys::read(&settings.keys)?;
        if let Some(assistant) = &assistant {
            check_policies(settings, assistant)?;
        }
        let tls = match (&settings.certificate, &settings.private_key) {
            (Some(certificate), Some(key)) => Some(read_certificate(certificate, key)?),
            _ => None,
        };
        let wanted = SocketAddr::new(settings.address, settings.port);
        let refused = |source| ServeError::Address {
            address: wanted,
            source,
        };
        let listener = TcpListener::bind(wanted).map_err(refused)?;
        listener.set_nonblocking(true).map_err(refused)?;
        Ok(Self {
            address: listener.local_addr().map_err(refused)?,
            listener,
            tls,
            state: Arc::new(ServerState::new(settings.clone(), backend, assistant, keys)?),
        })
    }

    /// Shows these runs, for keys that may see them.
    pub fn show_runs(&self, runs: Arc<RunLibrary>) {
        self.state.runs.show(runs);
    }

    /// Shows the workers at a queue, for keys that may see runs.
    pub fn show_workers(&self, workers: Arc<FleetWatch>) {
        self.state.runs.watch(workers);
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// URL of the server.
    pub fn url(&self) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// Serves until `stop` is cancelled; answers under way may then take as long as the settings say.
    ///
    /// # Errors
    /// When the listener fails.
    pub async fn serve(self, stop: CancellationToken) -> Result<(), ServeError> {
        self.state.runs.close_with(&stop);
        let connections = Connections::new(&self.state.settings, self.tls, router(self.state.clone(), &stop));
        let listener = tokio::net::TcpListener::from_std(self.listener).map_err(ServeError::Ended)?;
        connections.serve(&listener, &stop).await;
        Ok(())
    }
}

/// Refuses keys that withhold, or allow, what is not there.
fn check_policies(settings: &ServeSettings, assistant: &Assistant) -> Result<(), ServeError> {
    for (key, policy) in &settings.keys {
        if let Some(what) = AccessPolicy::of_key(policy).unknown_name(assistant.catalog()) {
            let key = key.clone();
            return Err(ServeError::Policy { key, what });
        }
    }
    Ok(())
}
