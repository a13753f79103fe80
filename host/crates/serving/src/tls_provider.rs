//! The cryptography that TLS uses in this process.

use std::sync::Once;

static INSTALLED: Once = Once::new();

/// Chooses it, unless something else in the process has; libraries built without a choice need one before they begin.
pub(crate) fn install() {
    INSTALLED.call_once(|| drop(rustls::crypto::aws_lc_rs::default_provider().install_default()));
}
