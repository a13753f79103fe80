//! Where a plugin is fetched from.

use std::path::{Path, PathBuf};

use oci_spec::distribution::Reference;
use url::{Host, Url};

use crate::SupplyError;

/// A place that holds a plugin.
#[derive(Clone, Debug)]
pub enum Source {
    /// A file.
    File(PathBuf),
    /// A web server.
    Web(Url),
    /// An OCI registry.
    Registry(Reference),
}

impl Source {
    /// The place that a text names; a file's path begins at `folder`.
    ///
    /// # Errors
    /// When it names none that is supported, or would be reached without encryption.
    pub fn parse(text: &str, folder: &Path) -> Result<Self, SupplyError> {
        let bad = |reason: &str| SupplyError::BadSource {
            text: text.to_owned(),
            reason: reason.to_owned(),
        };
        if let Some(reference) = text.strip_prefix("oci://") {
            return registry(reference).map(Self::Registry).map_err(|reason| bad(&reason));
        }
        match text.split_once("://") {
            None if text.is_empty() => Err(bad("it is empty")),
            None => Ok(Self::File(folder.join(text))),
            Some(("https" | "http", _)) => {
                let url = Url::parse(text).map_err(|error| bad(&error.to_string()))?;
                if !url.username().is_empty() || url.password().is_some() {
                    return Err(bad(
                        "a login does not belong into it; it would stand in profile and lock",
                    ));
                }
                if is_allowed(&url) {
                    Ok(Self::Web(url))
                } else {
                    Err(bad("plain HTTP is spoken to this machine alone"))
                }
            }
            Some((scheme, _)) => Err(bad(&format!("`{scheme}` is not supported"))),
        }
    }
}

/// Whether a web address is encrypted, or of this machine.
pub(crate) fn is_allowed(url: &Url) -> bool {
    let is_here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    url.scheme() == "https" || (url.scheme() == "http" && is_here)
}

/// Whether a registry is spoken to without encryption: on this machine alone, as Docker does it.
pub(crate) fn is_local_registry(registry: &str) -> bool {
    Url::parse(&format!("http://{registry}")).is_ok_and(|url| is_allowed(&url))
}

fn registry(text: &str) -> Result<Reference, String> {
    let host = text.split('/').next().unwrap_or_default();
    if !(host.contains(['.', ':']) || host == "localhost") {
        return Err("the registry's host is missing".to_owned());
    }
    let reference: Reference = text.parse().map_err(|error| format!("{error}"))?;
    // What is meant by no tag changes without notice.
    let name = text.rsplit('/').next().unwrap_or_default();
    if !name.contains([':', '@']) {
        return Err("it names neither a tag nor a digest".to_owned());
    }
    Ok(reference)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_files_encrypted_addresses_and_registries() {
        let parse = |text| Source::parse(text, Path::new("/project"));
        assert!(matches!(parse("a/b.wasm"), Ok(Source::File(path)) if path == Path::new("/project/a/b.wasm")));
        assert!(matches!(parse("https://example.com/a.wasm"), Ok(Source::Web(_))));
        assert!(matches!(parse("http://127.0.0.1:8000/a.wasm"), Ok(Source::Web(_))));
        let Ok(Source::Registry(reference)) = parse("oci://127.0.0.1:5000/acme/check:1.2") else {
            panic!("a registry");
        };
        assert_eq!((reference.registry(), reference.tag()), ("127.0.0.1:5000", Some("1.2")));
        for (text, reason) in [
            ("http://example.com/a.wasm", "plain HTTP"),
            ("https://me:secret@example.com/a.wasm", "login"),
            ("ftp://example.com/a.wasm", "`ftp`"),
            ("oci://acme/check:1.2", "host is missing"),
            ("oci://registry.example.com/acme/check", "neither a tag"),
            ("oci://registry.example.com/../../etc/passwd:1", ""),
            ("", "empty"),
        ] {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.contains(reason), "{text}: {error}");
        }
        assert!(is_local_registry("127.0.0.1:5000") && is_local_registry("localhost:5000"));
        assert!(!is_local_registry("registry.example.com") && !is_local_registry("10.0.0.1:5000"));
    }
}
