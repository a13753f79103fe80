//! Who pushes to a registry, as its protocol has it.

use nl2sql_plugin_host::sha256_hex;
use reqwest::{Certificate, Client, ClientBuilder, Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use url::Url;

use crate::project::block_on;

/// Type of a manifest.
pub const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// A user of a registry who may write.
pub struct Publisher {
    client: Client,
    root: Url,
    login: Option<(String, String)>,
}

impl Publisher {
    /// To a registry that lets everybody write.
    pub fn of(root: &str) -> Self {
        Self::with(root, Client::builder(), None)
    }

    /// To a registry with a certificate authority of its own.
    pub fn with_login(root: &str, authority_pem: &[u8], user: &str, password: &str) -> Self {
        let authority = Certificate::from_pem(authority_pem).unwrap();
        let login = Some((user.to_owned(), password.to_owned()));
        Self::with(root, Client::builder().tls_certs_only([authority]), login)
    }

    fn with(root: &str, client: ClientBuilder, login: Option<(String, String)>) -> Self {
        // The program may have installed it; either serves.
        drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
        Self {
            client: client.build().unwrap(),
            root: root.parse().unwrap(),
            login,
        }
    }

    /// Host and port.
    pub fn host(&self) -> &str {
        self.root.authority()
    }

    /// What `nl2sql plugin add` takes.
    pub fn source(&self, repository: &str, tag: &str) -> String {
        format!("oci://{}/{repository}:{tag}", self.host())
    }

    /// Pushes a layer or a configuration; gives its descriptor.
    pub fn blob(&self, repository: &str, media_type: &str, bytes: &[u8]) -> Value {
        let digest = format!("sha256:{}", sha256_hex(bytes));
        let uploads = self.root.join(&format!("v2/{repository}/blobs/uploads/")).unwrap();
        block_on(async {
            let begun = self.request(Method::POST, uploads.clone()).send().await.unwrap();
            assert_eq!(begun.status(), StatusCode::ACCEPTED);
            let place = begun.headers()["location"].to_str().unwrap();
            let mut place = uploads.join(place).unwrap();
            place.query_pairs_mut().append_pair("digest", &digest);
            let put = self
                .request(Method::PUT, place)
                .body(bytes.to_vec())
                .send()
                .await
                .unwrap();
            assert_eq!(put.status(), StatusCode::CREATED);
        });
        json!({ "mediaType": media_type, "digest": digest, "size": bytes.len() })
    }

    /// Pushes a manifest under a tag; gives its descriptor.
    pub fn manifest(&self, repository: &str, tag: &str, manifest: &Value) -> Value {
        let place = self.root.join(&format!("v2/{repository}/manifests/{tag}")).unwrap();
        let media_type = manifest["mediaType"].as_str().unwrap();
        let bytes = serde_json::to_vec(manifest).unwrap();
        let descriptor = json!({
            "mediaType": media_type,
            "digest": format!("sha256:{}", sha256_hex(&bytes)),
            "size": bytes.len(),
        });
        block_on(async {
            let put = self.request(Method::PUT, place).header("Content-Type", media_type);
            let put = put.body(bytes).send().await.unwrap();
            assert_eq!(put.status(), StatusCode::CREATED);
        });
        descriptor
    }

    fn request(&self, method: Method, url: Url) -> RequestBuilder {
        let request = self.client.request(method, url);
        match &self.login {
            Some((user, password)) => request.basic_auth(user, Some(password)),
            None => request,
        }
    }
}
