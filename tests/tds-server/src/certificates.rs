//! A certificate authority that lives as long as the server, and the server's certificate from it.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// The authority and what it signed.
pub(crate) struct Certificates {
    /// The authority's certificate, for the client to trust.
    pub(crate) authority_pem: String,
    /// TLS as the server speaks it.
    pub(crate) config: Arc<ServerConfig>,
}

impl Certificates {
    /// A server certificate that is good for these host names.
    pub(crate) fn for_names(names: &[String]) -> Result<Self, String> {
        let failed = |error: rcgen::Error| format!("no test certificate: {error}");
        let mut authority = CertificateParams::new(Vec::new()).map_err(failed)?;
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority
            .distinguished_name
            .push(rcgen::DnType::CommonName, "nl2sql test authority");
        let issuer = CertifiedIssuer::self_signed(authority, KeyPair::generate().map_err(failed)?).map_err(failed)?;
        let key = KeyPair::generate().map_err(failed)?;
        let certificate = CertificateParams::new(names.to_vec())
            .and_then(|params| params.signed_by(&key, &issuer))
            .map_err(failed)?;
        // TDS before 8.0 was made for TLS 1.2: later versions send tickets after the handshake, when records no longer travel in packets.
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
            .with_protocol_versions(&[&rustls::version::TLS12])
            .and_then(|builder| {
                builder.with_no_client_auth().with_single_cert(
                    vec![certificate.der().clone()],
                    PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())),
                )
            })
            .map_err(|error| format!("no test certificate: {error}"))?;
        Ok(Self {
            authority_pem: issuer.pem(),
            config: Arc::new(config),
        })
    }
}
