//! Requests to one registry: each with a login where one is asked for, and each answer held to its length and time.

use std::collections::BTreeMap;
use std::path::Path;

use nl2sql_profile::{ExposeSecret, RegistrySettings, SecretString, read_secret};
use reqwest::header::{ACCEPT, HeaderMap};
use reqwest::{Client, StatusCode};
use serde::Deserialize;
use tokio::sync::Mutex;
use tokio::time::timeout;
use url::Url;

use super::super::bounded_body::{self, BodyError};
use super::super::innermost;
use super::super::web_client::web_client;
use super::challenge::Challenge;
use super::document::Document;
use crate::SupplyError;
use crate::source::{is_allowed, is_local_registry};
use crate::strangers_text;

/// Most bytes of an answer that says what went wrong.
const MAX_ERROR_BYTES: usize = 64 << 10;

/// Manifests that are understood, with their older names.
const ACCEPTED: &str = "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, \
                        application/vnd.docker.distribution.manifest.v2+json, */*";

/// Connections to one registry.
pub(super) struct Session {
    client: Client,
    root: Url,
    /// Host and port.
    host: String,
    /// Names the source in errors.
    text: String,
    login: Option<Login>,
    /// What was given to be allowed something, by what it allows.
    passes: Mutex<BTreeMap<String, Pass>>,
}

/// A user of a registry.
struct Login {
    user: String,
    password: SecretString,
}

/// What goes with a request so that it is allowed.
#[derive(Clone)]
enum Pass {
    /// User and password.
    Login,
    /// A token.
    Token(SecretString),
}

/// An answer, whatever it says.
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Session {
    /// Nothing is sent yet. A registry of this machine is spoken to without encryption, unless its certificate authority is known.
    pub(super) fn of(host: &str, settings: Option<&RegistrySettings>, text: &str) -> Result<Self, SupplyError> {
        let ca = settings.and_then(|settings| settings.ca.as_deref());
        Ok(Self {
            client: client(ca, text)?,
            root: root(host, ca.is_some(), text)?,
            host: host.to_owned(),
            text: text.to_owned(),
            login: settings.map(Login::of).transpose()?.flatten(),
            passes: Mutex::default(),
        })
    }

    /// What lies at a path below `/v2/`; `scope` is what a token has to allow for it.
    pub(super) async fn get(
        &self,
        path: &str,
        query: &[(&str, &str)],
        scope: &str,
        document: Document,
    ) -> Result<Reply, SupplyError> {
        let mut url = self.root.clone();
        url.set_path(&format!("/v2/{path}"));
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let pass = self.passes.lock().await.get(scope).cloned();
        let reply = self.ask(&url, pass.as_ref(), document).await?;
        if reply.status != StatusCode::UNAUTHORIZED {
            return Ok(reply);
        }
        let Some(pass) = self.pass(&reply.headers, scope).await? else {
            return Ok(reply);
        };
        self.passes.lock().await.insert(scope.to_owned(), pass.clone());
        self.ask(&url, Some(&pass), document).await
    }

    /// What meets the challenge of an answer; `None` when nothing does.
    async fn pass(&self, headers: &HeaderMap, scope: &str) -> Result<Option<Pass>, SupplyError> {
        match Challenge::of(headers) {
            Some(Challenge::Bearer { realm, service }) => {
                let token = self.token(&realm, service.as_deref(), scope).await?;
                Ok(Some(Pass::Token(token)))
            }
            Some(Challenge::Basic) => Ok(self.login.as_ref().map(|_| Pass::Login)),
            None => Ok(None),
        }
    }

    /// A token that allows `scope`, from the address that the registry names.
    async fn token(&self, realm: &str, service: Option<&str>, scope: &str) -> Result<SecretString, SupplyError> {
        let url = Url::parse(realm).ok().filter(|url| self.may_hold_tokens(url));
        let mut url =
            url.ok_or_else(|| self.failed("it sends for tokens to an address without encryption".to_owned()))?;
        let service = service.map(|service| ("service", service));
        url.query_pairs_mut()
            .extend_pairs(service.into_iter().chain([("scope", scope)]));
        let pass = self.login.as_ref().map(|_| Pass::Login);
        let reply = self.ask(&url, pass.as_ref(), Document::TOKEN).await?;
        if !reply.status.is_success() {
            return Err(self.refused(&reply));
        }
        let answer = serde_json::from_slice::<TokenAnswer>(&reply.body).ok();
        let token = answer.and_then(|answer| answer.token.or(answer.access_token));
        let token = token.ok_or_else(|| self.failed("what it gave as a token is none".to_owned()))?;
        Ok(token.into())
    }

    /// Passwords leave this machine encrypted alone.
    fn may_hold_tokens(&self, url: &Url) -> bool {
        url.scheme() == "https" || (self.root.scheme() == "http" && is_allowed(url))
    }

    /// One request and its whole answer.
    async fn ask(&self, url: &Url, pass: Option<&Pass>, document: Document) -> Result<Reply, SupplyError> {
        match timeout(document.time, self.exchange(url, pass, document)).await {
            Ok(reply) => reply,
            Err(_) => Err(SupplyError::TooSlow {
                registry: self.host.clone(),
                document: document.name,
                seconds: document.time.as_secs(),
            }),
        }
    }

    async fn exchange(&self, url: &Url, pass: Option<&Pass>, document: Document) -> Result<Reply, SupplyError> {
        let request = self.client.get(url.clone()).header(ACCEPT, ACCEPTED);
        let request = match (pass, &self.login) {
            (Some(Pass::Token(token)), _) => request.bearer_auth(token.expose_secret()),
            (Some(Pass::Login), Some(login)) => request.basic_auth(&login.user, Some(login.password.expose_secret())),
            _ => request,
        };
        let answer = request.send().await.map_err(|error| self.failed(innermost(&error)))?;
        let status = answer.status();
        let headers = answer.headers().clone();
        let is_wanted = status.is_success();
        let most = if is_wanted { document.most } else { MAX_ERROR_BYTES };
        let body = match bounded_body::read(answer, most).await {
            Ok(body) => body,
            // The status says enough.
            Err(BodyError::TooLarge) if !is_wanted => Vec::new(),
            Err(BodyError::TooLarge) => {
                return Err(SupplyError::TooLarge {
                    registry: self.host.clone(),
                    document: document.name,
                    most,
                });
            }
            Err(BodyError::Broken(reason)) => return Err(self.failed(reason)),
        };
        Ok(Reply { status, headers, body })
    }

    /// The error of an answer that is no success.
    pub(super) fn refused(&self, reply: &Reply) -> SupplyError {
        let said = serde_json::from_slice::<Errors>(&reply.body).ok();
        let said = said.and_then(|said| said.errors.into_iter().next());
        let said = said.map(|error| format!(": {} {}", error.code, error.message));
        let said = strangers_text::on_one_line(&said.unwrap_or_default());
        self.failed(format!("the registry answered {}{said}", reply.status))
    }

    fn failed(&self, reason: String) -> SupplyError {
        unreachable(&self.text, reason)
    }
}

impl Login {
    fn of(settings: &RegistrySettings) -> Result<Option<Self>, SupplyError> {
        let password = read_secret(settings.password_env.as_deref(), settings.password_file.as_deref())?;
        Ok(password.map(|password| Self {
            user: settings.user.clone(),
            password,
        }))
    }
}

/// What the address of a realm answers: the token under one of two names, or under both.
#[derive(Deserialize)]
struct TokenAnswer {
    token: Option<String>,
    access_token: Option<String>,
}

/// What a registry says about a request that failed.
#[derive(Deserialize)]
struct Errors {
    errors: Vec<ErrorEntry>,
}

#[derive(Deserialize)]
struct ErrorEntry {
    code: String,
    #[serde(default)]
    message: String,
}

fn client(ca: Option<&Path>, text: &str) -> Result<Client, SupplyError> {
    web_client(ca).map_err(|reason| unreachable(text, reason))
}

fn root(host: &str, is_encrypted: bool, text: &str) -> Result<Url, SupplyError> {
    let scheme = if is_local_registry(host) && !is_encrypted {
        "http"
    } else {
        "https"
    };
    // Docker Hub is called otherwise in references than on the network.
    let address = if host == "docker.io" { "index.docker.io" } else { host };
    let url = Url::parse(&format!("{scheme}://{address}/")).ok();
    let is_host_alone = |url: &Url| url.path() == "/" && url.username().is_empty() && url.query().is_none();
    url.filter(is_host_alone).ok_or_else(|| SupplyError::BadSource {
        text: text.to_owned(),
        reason: "a registry is a host, with its port where it has one".to_owned(),
    })
}

fn unreachable(text: &str, reason: String) -> SupplyError {
    SupplyError::Unreachable {
        source_text: text.to_owned(),
        reason,
    }
}
