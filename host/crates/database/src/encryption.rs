//! TLS of the connections whose protocol is spoken here.

use std::path::Path;
use std::sync::Arc;

use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

use crate::{ConnectError, ConnectionSettings, TlsMode};

/// What a client must see before it trusts the server: with [`TlsMode::VerifyCa`] a certificate of a known authority that names the host,
/// else nothing.
pub(crate) fn client_config(settings: &ConnectionSettings) -> Result<Arc<ClientConfig>, ConnectError> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| failed(&error))?;
    let builder = if settings.tls == TlsMode::VerifyCa {
        builder.with_root_certificates(authorities(settings.ca_file.as_deref())?)
    } else {
        builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(AnyCertificate { provider }))
    };
    Ok(Arc::new(builder.with_no_client_auth()))
}

/// The name the server's certificate must be made out to.
pub(crate) fn server_name(settings: &ConnectionSettings) -> Result<ServerName<'static>, ConnectError> {
    let is_socket = settings.host.starts_with('/');
    let host = if is_socket { "localhost" } else { &settings.host };
    ServerName::try_from(host.to_owned()).map_err(|error| failed(&error))
}

/// The usual authorities, and those of a file.
fn authorities(file: Option<&Path>) -> Result<RootCertStore, ConnectError> {
    let mut authorities = RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    if let Some(file) = file {
        let unusable = |error: &dyn std::fmt::Display| ConnectError::Tls {
            detail: format!("the CA file {} cannot be used: {error}", file.display()),
        };
        for certificate in CertificateDer::pem_file_iter(file).map_err(|error| unusable(&error))? {
            let certificate = certificate.map_err(|error| unusable(&error))?;
            authorities.add(certificate).map_err(|error| unusable(&error))?;
        }
    }
    Ok(authorities)
}

fn failed(error: &dyn std::fmt::Display) -> ConnectError {
    ConnectError::Tls {
        detail: error.to_string(),
    }
}

/// Takes whatever certificate the server shows, if it holds the key to it.
#[derive(Debug)]
struct AnyCertificate {
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
