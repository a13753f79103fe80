//! Who we are to a registry: passwords and tokens, and whom they are told.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use nl2sql_plugin_host::sha256_hex;
use nl2sql_tests::author::validator;

use crate::project::{Project, said};

/// `me:hunter2`, as HTTP sends it.
const BASIC: &str = "Basic bWU6aHVudGVyMg==";

/// A registry that lets in who brings a token, and sends everybody else to where tokens are given.
struct Registry {
    address: String,
    /// Where tokens are given, and what is given there.
    realm: Option<String>,
    token: &'static str,
    component: Vec<u8>,
    /// Path and authorization of each request.
    asked: Mutex<Vec<(String, String)>>,
}

impl Registry {
    fn start(realm: Option<&str>, token: &'static str) -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let registry = Arc::new(Self {
            address: listener.local_addr().unwrap().to_string(),
            realm: realm.map(str::to_owned),
            token,
            component: validator("rows", "1.0.0", &[]),
            asked: Mutex::default(),
        });
        let serving = registry.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                serving.respond(&stream);
            }
        });
        registry
    }

    fn respond(&self, mut stream: &TcpStream) {
        let lines = BufReader::new(stream).lines().map_while(Result::ok);
        let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
        let path = head[0].split(' ').nth(1).unwrap_or_default().to_owned();
        let authorization = head.iter().find_map(|line| line.strip_prefix("authorization: "));
        let authorization = authorization.unwrap_or_default().to_owned();
        self.asked.lock().unwrap().push((path.clone(), authorization.clone()));
        let here = format!("http://{}/token", self.address);
        let realm = self.realm.as_deref().unwrap_or(&here);
        let (status, more, body) = if path.starts_with("/token?") {
            ("200 OK", String::new(), self.token.as_bytes().to_vec())
        } else if authorization != "Bearer open" {
            let challenge =
                format!("WWW-Authenticate: Bearer realm=\"{realm}\",service=\"here\",scope=\"repository:*:push\"\r\n");
            ("401 Unauthorized", challenge, Vec::new())
        } else if path.ends_with("/manifests/1") {
            ("200 OK", String::new(), self.manifest().into_bytes())
        } else if path.contains("/blobs/") {
            ("200 OK", String::new(), self.component.clone())
        } else {
            ("404 Not Found", String::new(), Vec::new())
        };
        let length = body.len();
        let head = format!("HTTP/1.1 {status}\r\nConnection: close\r\n{more}Content-Length: {length}\r\n\r\n");
        let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
    }

    fn manifest(&self) -> String {
        let (digest, size) = (sha256_hex(&self.component), self.component.len());
        let layer = format!(r#"{{"mediaType":"application/wasm","digest":"sha256:{digest}","size":{size}}}"#);
        format!(r#"{{"schemaVersion":2,"config":{layer},"layers":[{layer}]}}"#)
    }

    /// `nl2sql plugin add` of a user with a login.
    fn add(&self) -> Result<(), String> {
        let project = Project::new();
        fs::write(project.path().join("password"), "hunter2").unwrap();
        let login = format!(
            "[trust.registries.\"{}\"]\nuser = \"me\"\npassword_file = \"password\"\n\n[trust.keys]",
            self.address
        );
        project.edit(&project.profile(), "[trust.keys]", &login);
        let added = project.add_unsigned(&format!("oci://{}/acme/rows:1", self.address), &[]);
        added.map(drop).map_err(|error| said(&error))
    }
}

#[test]
fn a_token_is_asked_for_once_with_the_password_and_for_no_more_than_reading() {
    for token in [
        r#"{"token":"open"}"#,
        r#"{"token":"open","access_token":"open"}"#,
        r#"{"access_token":"open"}"#,
    ] {
        let registry = Registry::start(None, token);
        registry.add().unwrap();
        let asked = registry.asked.lock().unwrap();
        let tokens: Vec<_> = asked.iter().filter(|(path, _)| path.starts_with("/token?")).collect();
        let path = "/token?service=here&scope=repository%3Aacme%2Frows%3Apull".to_owned();
        assert_eq!(tokens, [&(path, BASIC.to_owned())]);
        let others = asked.iter().filter(|(path, _)| !path.starts_with("/token?"));
        assert!(
            others.into_iter().all(|(_, authorization)| authorization != BASIC),
            "{asked:?}"
        );
    }
}

#[test]
fn a_password_goes_to_no_address_without_encryption() {
    let registry = Registry::start(Some("http://192.0.2.1/token"), "{}");
    let refused = registry.add().unwrap_err();
    assert!(refused.contains("tokens to an address without encryption"), "{refused}");
}

#[test]
fn what_is_no_token_is_refused() {
    for token in ["{}", "not json", r#"{"token":7}"#, r#"{"token":"two\r\nlines"}"#] {
        let refused = Registry::start(None, token).add().unwrap_err();
        assert!(refused.contains("cannot be fetched"), "{token}: {refused}");
    }
    let refused = Registry::start(None, r#"{"token":"closed"}"#).add().unwrap_err();
    assert!(
        refused.contains("401 Unauthorized") && refused.contains("its login"),
        "{refused}"
    );
}
