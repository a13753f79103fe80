//! The connection pool of one provider: timeouts, proxy, certificate authorities.

use std::sync::Once;
use std::time::Duration;

use reqwest::Url;
use reqwest::redirect::Policy;

use crate::ProviderSettings;

/// The client of a provider. Redirects are not followed by it, since it would turn a POST into a GET.
pub fn build_client(settings: &ProviderSettings) -> Result<reqwest::Client, String> {
    static TLS: Once = Once::new();
    // A second provider of cryptography may be installed by another part of the program; either serves.
    TLS.call_once(|| drop(rustls::crypto::aws_lc_rs::default_provider().install_default()));
    let mut builder = reqwest::Client::builder()
        .connect_timeout(Duration::from_millis(settings.connect_timeout_ms))
        .timeout(Duration::from_millis(settings.request_timeout_ms))
        .redirect(Policy::none())
        .user_agent(concat!("nl2sql/", env!("CARGO_PKG_VERSION")));
    match settings.proxy.as_deref() {
        None => {}
        Some("" | "none") => builder = builder.no_proxy(),
        Some(proxy) => builder = builder.proxy(read_proxy(proxy)?),
    }
    if let Some(path) = &settings.ca {
        let pem =
            std::fs::read(path).map_err(|error| format!("the CA file {} cannot be read: {error}", path.display()))?;
        let certificates = reqwest::Certificate::from_pem_bundle(&pem)
            .ok()
            .filter(|certificates| !certificates.is_empty())
            .ok_or_else(|| format!("the CA file {} holds no PEM certificate", path.display()))?;
        for certificate in certificates {
            builder = builder.add_root_certificate(certificate);
        }
    }
    builder.build().map_err(|error| innermost(&error))
}

fn read_proxy(proxy: &str) -> Result<reqwest::Proxy, String> {
    let known = ["http", "https", "socks4", "socks4a", "socks5", "socks5h"];
    match Url::parse(proxy) {
        Ok(url) if known.contains(&url.scheme()) => {
            reqwest::Proxy::all(proxy).map_err(|error| format!("the proxy URL cannot be used: {}", innermost(&error)))
        }
        _ => Err(format!(
            "proxy takes a URL with one of the schemes {}",
            known.join(", ")
        )),
    }
}

/// A base URL without credentials, to be shown.
pub fn shown_url(url: &str) -> String {
    match Url::parse(url) {
        Ok(mut url) => {
            // Neither fails on a URL that has a host.
            let _ = url.set_username("");
            let _ = url.set_password(None);
            url.set_query(None);
            url.to_string()
        }
        Err(_) => "its base_url".to_owned(),
    }
}

/// The last cause of an error, which is where the transport says what happened.
pub fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
